"""Bad input: one clear line with file, line, key, value received, what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcurve.assumptions import load, parse_override, scenario
from jcurve.ground.errors import ScenarioError
from tests.contract.fixtures.scenario_files import HEAD, child, project_in, small_base

_X4 = "data/scenarios/x.yml:4"

REFUSED_ENTRIES = [
    pytest.param(
        "  capex.totl: {value: 1, why: a}\n",
        f"{_X4}: unknown assumption; received 'capex.totl'; did you mean 'capex.total'?",
        id="misspelt key",
    ),
    pytest.param(
        "  lever.ceiling: {value: 0.2, why: a}\n",
        f"{_X4}: a family, not an assumption; received 'lever.ceiling'; "
        "allowed: lever.ceiling.engagement, lever.ceiling.targeting",
        id="family instead of member",
    ),
    pytest.param(
        "  __import__('os').system('x'): {value: 1, why: a}\n",
        f"{_X4}: unknown assumption; received \"__import__('os').system('x')\"",
        id="key containing code",
    ),
    pytest.param(
        "  returns.wacc: {value: 300 USD m, why: a}\n",
        f"{_X4}, returns.wacc: wrong unit; received '300 USD m'; "
        "allowed: per year, percent, percent per year, basis points",
        id="wrong unit",
    ),
    pytest.param(
        "  capex.total.2027: {value: 200 USD bln, why: a}\n",
        f"{_X4}, capex.total.2027: unknown unit; received '200 USD bln'; "
        "allowed: USD m, USD, USD bn; did you mean 'USD bn'?",
        id="unknown unit",
    ),
    pytest.param(
        "  returns.wacc: {value: 0.5, why: a}\n",
        f"{_X4}, returns.wacc: out of bounds; received '0.5'; allowed: 0.01 to 0.4 per year",
        id="out of bounds",
    ),
    pytest.param(
        "  returns.wacc: {value: 9, why: a}\n",
        f"{_X4}, returns.wacc: out of bounds; received '9'; allowed: 0.01 to 0.4 per year; "
        "did you mean '9 percent'?",
        id="percent given as a decimal",
    ),
    pytest.param(
        "  capex.total.2027: {value: 188, why: a}\n",
        f"{_X4}, capex.total.2027: a bare number 1,000 times too small for USD m; "
        "received '188'; allowed: about 188000; if it is meant, write '188 USD m'; "
        "did you mean '188000'?",
        id="1,000 times too small, inside the bounds",
    ),
    pytest.param(
        "  capex.total.2027: {value: 188_000_000, why: a}\n",
        f"{_X4}, capex.total.2027: out of bounds, 1,000 times too large; "
        "received '188_000_000'; allowed: 0 to 600000 USD m; did you mean '188000'?",
        id="1,000 times too large",
    ),
    pytest.param(
        "  returns.wacc: {value: 0.1, why: a}\n  returns.wacc: {value: 0.1, why: a}\n",
        "data/scenarios/x.yml:5: a key is given twice; received 'returns.wacc'; "
        "allowed: once; first given on line 4",
        id="duplicate key",
    ),
    pytest.param(
        "  capex.total: {value: {2026: 1, 2030: 1, 2026: 2}, why: a}\n",
        f"{_X4}: a key is given twice; received '2026'; allowed: once; first given on line 4",
        id="duplicate year",
    ),
    pytest.param(
        "  returns.wacc: {value: .nan, why: a}\n",
        f"{_X4}, returns.wacc: not a finite number; received '.nan'; "
        "allowed: a number (per year), or with its unit such as '1.5 percent'",
        id="not a number",
    ),
    pytest.param(
        "  capex.total.2027: {value: 1e999, why: a}\n",
        f"{_X4}, capex.total.2027: not a finite number; received '1e999'; "
        "allowed: a number (USD m), or with its unit such as '1.5 USD bn'",
        id="overflow",
    ),
    pytest.param(
        "  capex.total.2027: {value: '188,00', why: a}\n",
        f"{_X4}, capex.total.2027: a comma in a number is ambiguous; received '188,00'; "
        "allowed: a number (USD m), or with its unit such as '1.5 USD bn'",
        id="comma",
    ),
    pytest.param(
        "  returns.wacc: {value: 1:30, why: a}\n",
        f"{_X4}, returns.wacc: not a number; received '1:30'; "
        "allowed: a number (per year), or with its unit such as '1.5 percent'",
        id="YAML's base-60 numbers",
    ),
    pytest.param(
        "  returns.wacc: {value: on, why: a}\n",
        f"{_X4}, returns.wacc: not a number; received 'on'; "
        "allowed: a number (per year), or with its unit such as '1.5 percent'",
        id="YAML's booleans",
    ),
    pytest.param(
        "  capex.total.2041: {value: 200000, why: a}\n",
        f"{_X4}, capex.total.2041: year outside the horizon; received '2041'; "
        "allowed: 2012 to 2040",
        id="year outside the horizon",
    ),
    pytest.param(
        "  programme.start: {value: 2041Q1, why: a}\n",
        f"{_X4}, programme.start: quarter outside the horizon; received '2041Q1'; "
        "allowed: 2012Q1 to 2040Q4",
        id="quarter outside the horizon",
    ),
    pytest.param(
        "  returns.wacc: {value: 0.03, why: a}\n",
        f"{_X4}, returns.wacc: the WACC is not above terminal growth, so a perpetuity has no "
        "value; received 'returns.wacc 3% a year, returns.terminal_growth 3% a year'; "
        "allowed: returns.wacc above returns.terminal_growth",
        id="WACC at terminal growth",
    ),
    pytest.param(
        "  returns.terminal_growth: {value: 0.12, why: a}\n",
        f"{_X4}, returns.terminal_growth: the WACC is not above terminal growth, so a "
        "perpetuity has no value; "
        "received 'returns.wacc 9.5% a year, returns.terminal_growth 12% a year'; "
        "allowed: returns.wacc above returns.terminal_growth",
        id="terminal growth above the WACC",
    ),
    pytest.param(
        "  programme.start: {value: 2026Q3, why: a}\n",
        f"{_X4}, programme.start: the programme starts after the valuation date; "
        "received 'programme.start 2026 Q3, valuation.date 2026 Q2'; "
        "allowed: programme.start at valuation.date or before",
        id="dates out of order",
    ),
    pytest.param(
        "  life.change: {value: [{date: 2022Q4, life: 5}], why: a}\n",
        f"{_X4}, life.change: changes of a life are a table of dates and lives; "
        "allowed: {2022Q4: 5, 2025Q1: 5.5}, or life.change.2027Q1 for one more",
        id="life changes as a list",
    ),
    pytest.param(
        "  life.change.2027: {value: 5, why: a}\n",
        f"{_X4}, life.change.2027: not a quarter; received '2027'; allowed: such as 2027Q1",
        id="a life change in a year",
    ),
    pytest.param(
        "  life.change.2027Q1: {value: 50, why: a}\n",
        f"{_X4}, life.change.2027Q1: out of bounds; received '50'; allowed: 2 to 10 years",
        id="a life out of bounds",
    ),
    pytest.param(
        "  capex.mix.buildings: {value: 0.1, why: a}\n",
        f"{_X4}, capex.mix.buildings: the remainder of a mix is computed, never set; "
        "allowed: capex.mix.accelerators, capex.mix.servers",
        id="remainder set",
    ),
    pytest.param(
        "  capex.mix.servers: {value: 0.7, why: a}\n",
        f"{_X4}, capex.mix.servers: the members of capex.mix beside its remainder sum to more "
        "than 1 in 2024; received 1.04; allowed: 1 at most",
        id="mix above 1",
    ),
    pytest.param(
        "  returns.wacc: {value: 0.1, low: 0.105, high: 0.12, why: a}\n",
        f"{_X4}, returns.wacc: low is above the value; received '0.105'; allowed: at most 0.1",
        id="low above value",
    ),
    pytest.param(
        "  capex.total: {value: {2026: 137500, 2030: 150000}, high: {factor: 0.9}, why: a}\n",
        f"{_X4}, capex.total: high is below the value in 2026; received '123,750'; "
        "allowed: at least 137,500",
        id="high below value",
    ),
    pytest.param(
        "  returns.wacc: {low: 0.001, why: a}\n",
        f"{_X4}, returns.wacc: out of bounds; received '0.001'; allowed: 0.01 to 0.4 per year",
        id="low out of bounds",
    ),
    pytest.param(
        "  capex.total: {value: {2026: 137500, 2030: 300000}, high: {factor: 3}, why: a}\n",
        f"{_X4}, capex.total: high is out of bounds in 2030; received '900,000'; "
        "allowed: 0 to 600000",
        id="factor out of bounds",
    ),
    pytest.param(
        "  capex.total: {value: {2027: 150000}, why: a}\n",
        f"{_X4}, capex.total: a table by date replaces the whole path; "
        "received '2027: 150,000'; "
        "allowed: values from 2026 to 2030 at least, or capex.total.2030 for one year",
        id="part of a path",
    ),
    pytest.param(
        "  capex.total: {value: 150000, why: a}\n",
        f"{_X4}, capex.total: one number for a value by date; "
        "allowed: a table such as {2026: …}, or capex.total.2030 for one year",
        id="one number for a path",
    ),
    pytest.param(
        "  advertising.shock: {value: {2027: 0.1, 2028: 0}, why: a}\n",
        f"{_X4}, advertising.shock: a value by date needs a rule for the time between; "
        "allowed: between: linear, geometric or hold",
        id="no rule between dates",
    ),
    pytest.param(
        "  advertising.shock: {value: {2027: 0.1, 2028: 0}, between: hold, why: a}\n",
        f"{_X4}, advertising.shock: the first value would hold for all time before it; "
        "received '2027: 0.1; 2028: 0'; allowed: begin with 0, which it replaces, or in 2012",
        id="a shock that would hold for all history",
    ),
    pytest.param(
        "  advertising.shock.2027: {value: 0.1, why: a}\n",
        f"{_X4}, advertising.shock.2027: this assumption has one value for all dates; "
        "received '2027'; allowed: advertising.shock",
        id="a year of one value",
    ),
    pytest.param(
        "  returns.wacc: {value: 0.1}\n",
        f"{_X4}, returns.wacc: why is missing; allowed: the reason for the change, in words",
        id="no reason",
    ),
    pytest.param(
        "  returns.wacc: {why: a}\n",
        f"{_X4}, returns.wacc: nothing is changed; "
        "allowed: one of value, low, high, distribution, outcomes",
        id="no change",
    ),
    pytest.param(
        "  returns.wacc: {value: 0.1, why: a, wy: b}\n",
        f"{_X4}, returns.wacc: unknown field; received 'wy'; allowed: value, low, high, "
        "between, distribution, outcomes, kind, source, as_of, why; did you mean 'why'?",
        id="unknown field",
    ),
    pytest.param(
        "  returns.wacc: {value: 0.1, kind: reported, why: a}\n",
        f"{_X4}, returns.wacc: kind reported needs a source; "
        "allowed: source: [KEY], or kind: estimate or judgement",
        id="a fact without source",
    ),
    pytest.param(
        "  returns.terminal_treatment: {value: runoff, why: a}\n",
        f"{_X4}, returns.terminal_treatment: not one of the choices; received 'runoff'; "
        "allowed: none, run_off, perpetuity; did you mean 'run_off'?",
        id="unknown choice",
    ),
    pytest.param(
        "  returns.wacc: {value: &x 0.1, why: a}\n  returns.terminal_growth: {value: *x, why: a}\n",
        f"{_X4}: anchors and aliases are not used in scenario files; allowed: the value itself",
        id="alias",
    ),
    pytest.param(
        "  returns.wacc: {value: !!python/name:os.system 0, why: a}\n",
        f"{_X4}: tags are not used in scenario files; "
        "received 'tag:yaml.org,2002:python/name:os.system'; "
        "allowed: plain texts, tables and lists",
        id="tag",
    ),
    pytest.param("  ? [a, b]\n  : 1\n", f"{_X4}: a key is not a word", id="a list as key"),
]


@pytest.mark.parametrize(("entries", "message"), REFUSED_ENTRIES)
def test_an_entry_of_a_scenario_file_is_refused(tmp_path: Path, entries: str, message: str) -> None:
    """Exactly one line, which tells where to look and what would be right."""
    with pytest.raises(ScenarioError) as caught:
        child(tmp_path, entries)
    assert str(caught.value) == message
    assert caught.value.exit_status == 3


REFUSED_FILES = [
    pytest.param(
        {"bear": HEAD},
        "beer",
        "unknown scenario; received 'beer'; allowed: base, bear; did you mean 'bear'?",
        id="unknown scenario",
    ),
    pytest.param(
        {},
        "../../etc/passwd",
        "unknown scenario; received '../../etc/passwd'; allowed: base",
        id="a path as name",
    ),
    pytest.param(
        {"x": "extends: x\nstory: A loop.\nassumptions:\n"},
        "x",
        "data/scenarios/x.yml:1: a scenario that extends itself; received 'x > x'; "
        "allowed: another parent",
        id="extends itself",
    ),
    pytest.param(
        {
            "x": "extends: y\nstory: A loop.\nassumptions:\n",
            "y": "story: A loop.\nextends: z\nassumptions:\n",
            "z": "extends: y\nstory: A loop.\nassumptions:\n",
        },
        "x",
        "data/scenarios/z.yml:1: a scenario that extends itself; received 'y > z > y'; "
        "allowed: another parent",
        id="extends itself through another",
    ),
    pytest.param(
        {"x": "story: An orphan.\nextends: bass\nassumptions:\n"},
        "x",
        "data/scenarios/x.yml:2: the parent is missing; received 'bass'; allowed: base, x; "
        "did you mean 'base'?",
        id="parent missing",
    ),
    pytest.param(
        {"x": "story: Alone.\nassumptions:\n"},
        "x",
        "data/scenarios/x.yml:1: extends is missing; allowed: extends: base; "
        "only base stands alone",
        id="no parent",
    ),
    pytest.param(
        {"x": "name: y\n" + HEAD},
        "x",
        "data/scenarios/x.yml:1: the name is not the file's; received 'y'; allowed: x",
        id="another name",
    ),
    pytest.param(
        {"x": HEAD + "storey: a\n"},
        "x",
        "data/scenarios/x.yml:4: unknown field; received 'storey'; allowed: schema, name, title, "
        "story, extends, as_of, assumptions; did you mean 'story'?",
        id="unknown field of the file",
    ),
    pytest.param(
        {"x": HEAD + f"title: {'t' * 160}\n"},
        "x",
        "data/scenarios/x.yml:4: too long; received '160 letters'; allowed: at most 80; "
        "the story tells more",
        id="a title that no column holds",
    ),
    pytest.param(
        {"x": "- a\n- b\n"},
        "x",
        "data/scenarios/x.yml:1: a scenario file is a table; allowed: lines such as 'name: base'",
        id="a list",
    ),
    pytest.param(
        {"x": ""},
        "x",
        "data/scenarios/x.yml:1: a scenario file is a table; allowed: lines such as 'name: base'",
        id="empty",
    ),
]


@pytest.mark.parametrize(("files", "name", "message"), REFUSED_FILES)
def test_a_scenario_file_is_refused(
    tmp_path: Path, files: dict[str, str], name: str, message: str
) -> None:
    """A file that cannot be part of a chain of scenarios says so in one line."""
    with pytest.raises(ScenarioError) as caught:
        load(name, project_in(tmp_path, **files))
    assert str(caught.value) == message


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    """A spreadsheet's export in another encoding is told from a broken file."""
    project = project_in(tmp_path)
    (project.scenarios / "x.yml").write_bytes(b"extends: base\nstory: caf\xe9\n")
    with pytest.raises(ScenarioError) as caught:
        load("x", project)
    assert str(caught.value) == "data/scenarios/x.yml:2: not UTF-8 text"


def test_broken_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    """The parser's words differ between its versions; file and line do not."""
    with pytest.raises(ScenarioError, match=r"^data/scenarios/x\.yml:4: not valid YAML \("):
        child(tmp_path, "\tcapex.total: 1\n")


REFUSED_OVERRIDES = [
    ({"capex.total.2027": 188}, "--set capex.total.2027: a bare number 1,000 times too small for "
     "USD m; received '188'; allowed: about 188000; if it is meant, write '188 USD m'; "
     "did you mean '188000'?"),
    ({"capex.totl": 1},
     "--set: unknown assumption; received 'capex.totl'; did you mean 'capex.total'?"),
    ({"x = __import__('os')": 1},
     "--set: unknown assumption; received \"x = __import__('os')\""),
    ({"returns.wacc": float("nan")}, "--set returns.wacc: not a finite number; received 'nan'; "
     "allowed: a number (per year), or with its unit such as '1.5 percent'"),
    ({"returns.wacc": True}, "--set returns.wacc: not a number; received 'true'; "
     "allowed: a number (per year), or with its unit such as '1.5 percent'"),
    ({"returns.wacc": None}, "--set returns.wacc: no value; "
     "allowed: a number (per year), or with its unit such as '1.5 percent'"),
    ({"returns.wacc": object}, "--set returns.wacc: not a value of an assumption; "
     "received 'type'; allowed: a number, text, a table by year or a list"),
    ({"capex.total.2011": 100000}, "--set capex.total.2011: year outside the horizon; "
     "received '2011'; allowed: 2012 to 2040"),
    ({"capex.total": "{2026: 1"}, "--set capex.total: not a table or list; "
     "received '{2026: 1'; allowed: such as {2026: 137500, 2027: 188000}"),
    ({"capex.mix.buildings": 0.1}, "--set capex.mix.buildings: the remainder of a mix is "
     "computed, never set; allowed: capex.mix.accelerators, capex.mix.servers"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "message"), REFUSED_OVERRIDES)
def test_an_override_is_refused(overrides: dict[str, object], message: str) -> None:
    """The same refusals as in a file, with what was typed in place of the line."""
    with pytest.raises(ScenarioError) as caught:
        small_base().with_overrides(overrides, origin="--set")
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["capex.total", "=1", "capex.total=", " = "])
def test_an_override_is_a_key_and_a_value(text: str) -> None:
    """Half of a pair is not guessed at."""
    with pytest.raises(ScenarioError) as caught:
        parse_override(text)
    assert str(caught.value) == (f"--set: not an override; received {text!r}; allowed: KEY=VALUE")


def test_values_that_disagree_across_overrides_are_refused_together(tmp_path: Path) -> None:
    """Each value alone is inside its bounds; the pair is not a world."""
    with pytest.raises(ScenarioError, match="the WACC is not above terminal growth"):
        scenario(
            "base",
            {"returns.wacc": 0.05, "returns.terminal_growth": 0.06},
            project=project_in(tmp_path),
        )
