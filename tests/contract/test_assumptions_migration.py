"""Files and overrides of the earlier schema: refused by name, or converted exactly."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jcurve.assumptions import load, migrate, scenario, start
from jcurve.assumptions.migration import convert, convert_overrides
from jcurve.assumptions.retired import RETIRED, retired
from jcurve.commands import main
from jcurve.ground.errors import JCurveError, ScenarioError, UsageError
from jcurve.ground.project import Project
from jcurve_runs.schedule.schedules import read_schedules

HOME = Path(__file__).resolve().parents[2]

OLD = """\
# A case of an earlier year.
schema: 1
name: mine
extends: base
story: "Partner payments fall."
assumptions:
  # Of each dollar.
  advertising.variable_cost:
    value: 0.05
    low: 0.03
    high: 0.09
    source: [AD_PASSTHROUGH]
    why: "Fewer partners: \\"direct\\" sales"

  life.changes:
    value: [{date: 2022Q2, life: 4.5}, {date: 2022Q4, life: 5}, {date: 2025Q1, life: 5.5}, {date: 2027Q1, life: 6}]
    why: Longer   # as told
  capex.steady_state_intensity: {value: 0.3, why: More.}
  compute.list_price:
    value: {2012Q2: 250000, 2026Q2: 16000, 2040Q4: 640}
    why: Cheaper.
  costs.core_growth: {value: {2026: 0.17, 2030: 0.07, 2040: 0.04}, why: All years.}
  advertising.volume_growth.europe.2027: {value: 0.02, why: Less.}
  returns.wacc: {value: 0.1, why: Dearer.}
"""  # noqa: E501
NEW = """\
# A case of an earlier year.
schema: 2
name: mine
extends: base
story: "Partner payments fall."
assumptions:
  # Of each dollar.
  advertising.contribution:
    value: 0.95
    high: 0.97
    low: 0.91
    source: [AD_PASSTHROUGH]
    why: "Fewer partners: \\"direct\\" sales"

  life.change.2027Q1:
    value: 6
    why: Longer
  # gone: after the plan spending keeps up a fleet, and its share of revenue is a result; see fleet.share
  # capex.steady_state_intensity: {value: 0.3, why: More.}
  compute.list_price:
    value: {2012Q2: 250000, 2026Q2: 16000, 2040Q4: 640}
    why: Cheaper.
    between: linear
  costs.guided_through: {value: 2040Q4, why: "Growth of core cost is stated for every year."}
  costs.core_growth: {value: {2026: 0.17, 2030: 0.07, 2040: 0.04}, why: All years.}
  # only differences between regions count now; the total follows market.growth
  advertising.volume_growth.europe.2027: {value: 0.02, why: Less.}
  returns.wacc: {value: 0.1, why: Dearer.}
"""  # noqa: E501


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The shipped scenarios, beside which others may be written."""
    shutil.copytree(HOME / "data", tmp_path / "data")
    (tmp_path / "reports").mkdir()
    return Project(tmp_path)


def _refused(key: str, value: object = 1) -> str:
    with pytest.raises(ScenarioError) as caught:
        scenario("base", {key: value}, origin="--set")
    return str(caught.value)


def test_every_key_that_is_gone_names_what_became_of_it() -> None:
    """None of them is a key of the base scenario, and every successor is one or a file."""
    base = load("base")
    for each in RETIRED:
        key = each.key.replace("*", "xyz")
        assert key not in base
        assert "a key that is gone" in _refused(key), key
        for name in filter(None, each.successor.split(", ")):
            if name.startswith("data/"):
                assert (HOME / name).is_file(), name
            elif " " not in name:
                family = name.removesuffix("*")
                assert any(item.key.startswith(family) for item in base.items), name


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("advertising.variable_cost", 0.05, "allowed: advertising.contribution=0.95"),
        ("advertising.variable_cost", "5 percent", "advertising.contribution=95 percent"),
        ("advertising.variable_cost", "half", "allowed: advertising.contribution"),
        ("compute.ads_share.2027", 0.4, "a result; received 'compute.ads_share.2027'"),
        ("life.changes", [{"date": "2027Q1", "life": 6}], "life.change={2027Q1: 6}"),
        ("lever.ceiling.targeting", 1, "allowed: advertising.compute_elasticity"),
        ("inference.efficiency", 0.3, "allowed: products.compute_cost_fall"),
        ("supply.of_servers.memory", 0.3, "allowed: data/companies/meta/supply.csv"),
        ("ecosystem.yearly_grants", 1, "nothing in its place"),
    ],
)
def test_an_override_of_a_key_that_is_gone_is_refused_with_its_successor(
    key: str, value: object, told: str
) -> None:
    assert told in _refused(key, value)


def test_a_key_that_never_was_names_the_nearest() -> None:
    assert retired("advertising.contributoin") is None
    assert "did you mean 'advertising.contribution'?" in _refused("advertising.contributoin")


def test_a_scenario_file_of_the_earlier_schema_is_refused_with_the_command(
    project: Project,
) -> None:
    (project.scenarios / "mine.yml").write_text(OLD, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load("mine", project)
    assert str(caught.value) == (
        "data/scenarios/mine.yml:2: a scenario file of an older version; received '1'; "
        "allowed: 2; 'jcurve migrate mine' converts it"
    )


def test_a_file_of_the_present_schema_with_an_old_key_names_file_line_and_successor(
    project: Project,
) -> None:
    text = NEW.replace("advertising.contribution", "advertising.variable_cost")
    (project.scenarios / "mine.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load("mine", project)
    assert str(caught.value) == (
        "data/scenarios/mine.yml:8: a key that is gone: it is stated as what is left of a dollar; "
        "received 'advertising.variable_cost'; allowed: advertising.contribution=0.05"
    )


def test_a_file_is_converted_as_a_person_would(project: Project) -> None:
    """Exact where it can be, a comment with the reason where not, all else as it was written."""
    path = project.scenarios / "mine.yml"
    path.write_text(OLD, encoding="utf-8")
    tried = migrate("mine", project, dry_run=True)
    assert not tried.written
    assert path.read_text(encoding="utf-8") == OLD
    found = migrate("mine", project)
    assert found.written
    assert path.read_text(encoding="utf-8") == NEW == found.conversion.text
    assert found.diff == tried.diff
    assert "-  advertising.variable_cost:\n" in found.diff
    assert "+  advertising.contribution:\n" in found.diff
    assert [key for key, _ in found.conversion.dropped] == ["capex.steady_state_intensity"]
    assert [key for key, _ in found.conversion.noted] == ["advertising.volume_growth.europe.2027"]
    made = load("mine", project)
    contribution = made["advertising.contribution"]
    assert (contribution.low, contribution.value, contribution.high) == (0.91, 0.95, 0.97)
    assert made["life.change"].text() == "2022Q2: 4.5; 2022Q4: 5; 2025Q1: 5.5; 2027Q1: 6"
    assert not migrate(str(path), project).diff


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_lines_may_end_either_way(project: Project, ends: str) -> None:
    path = project.scenarios / "mine.yml"
    path.write_bytes(OLD.replace("\n", ends).encode("utf-8-sig"))
    migrate("mine", project)
    assert path.read_text(encoding="utf-8") == NEW


def test_another_history_of_lives_stays_another_one() -> None:
    """A list that left a change out left it out on purpose."""
    head = "schema: 1\nextends: base\nassumptions:\n"
    listed = "  life.changes: {value: [{date: 2022Q4, life: 5}], why: a}\n"
    assert "  life.change:\n    value: {2022Q4: 5}\n" in convert(head + listed, "x").text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (OLD.replace("schema: 1", "schema: 7"), "unknown schema; received '7'; allowed: 1 or 2"),
        (OLD.replace("extends: base\n", ""), "a base scenario is not converted"),
        ("extends: base\nassumptions: {a: {value: 1}, b: {value: 2}}\n", "two entries on one line"),
    ],
)
def test_what_cannot_be_converted_is_refused(text: str, what: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        convert(text, "x.yml")
    assert what in str(caught.value)


def test_nothing_is_written_that_would_not_validate(project: Project) -> None:
    path = project.scenarios / "mine.yml"
    old = OLD.replace("value: 0.05", "value: 1.5").replace("    low: 0.03\n    high: 0.09\n", "")
    path.write_text(old, encoding="utf-8")
    with pytest.raises(ScenarioError, match="out of bounds"):
        migrate("mine", project)
    assert path.read_text(encoding="utf-8") == old


SCHEDULE = """\
schedules:
  weekly:
    report: scenario_report
    scenarios: [base]
    cron: "0 7 * * mon"
    zone: America/New_York
    overrides: {"advertising.variable_cost": 0.05, returns.wacc: 0.1}
  monthly:
    report: scenario_report
    scenarios: all
    cron: "0 7 1 * *"
    zone: America/New_York
    overrides:
      advertising.variable_cost: 6 percent   # of revenue
"""


def test_a_file_that_has_just_been_started_needs_nothing(project: Project) -> None:
    start("mine_now", project=project)
    assert migrate("mine_now", project, dry_run=True).diff == ""


def test_a_schedule_is_converted_where_it_is_exact(project: Project) -> None:
    path = project.reports / "schedule.yml"
    path.write_text(SCHEDULE, encoding="utf-8")
    found = migrate(str(path), project)
    assert found.written
    assert [dict(each.request.overrides) for each in read_schedules(project).sound] == [
        {"advertising.contribution": "0.95", "returns.wacc": "0.1"},
        {"advertising.contribution": "94 percent"},
    ]
    assert "# of revenue" in path.read_text(encoding="utf-8")


def test_a_schedule_that_would_run_as_another_is_refused_by_name() -> None:
    text = SCHEDULE.replace("advertising.variable_cost: 6", "capex.fade_years: 6")
    with pytest.raises(ScenarioError) as caught:
        convert_overrides(text, "reports/schedule.yml")
    assert str(caught.value) == (
        "reports/schedule.yml:14: a key that is gone: after the plan spending keeps up a fleet, "
        "and its share of revenue is a result; received 'capex.fade_years'; allowed: fleet.years"
    )


def test_other_files_are_refused_with_what_to_do(project: Project, tmp_path: Path) -> None:
    for name, told in (("beer", "did you mean 'bear'"), ("x.xlsx", "jcurve adopt"), (".", "diff")):
        with pytest.raises(UsageError) as caught:
            migrate(str(tmp_path) if name == "." else name, project)
        assert told in str(caught.value)
    with pytest.raises(JCurveError, match="base scenario is not converted"):
        migrate("base", project)


def test_the_command_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (project.scenarios / "mine.yml").write_text(OLD, encoding="utf-8")
    home = ["--project", str(project.root)]
    assert main([*home, "check", "mine"]) == 3
    assert main([*home, "migrate", "mine", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "+  life.change.2027Q1:" in out
    assert "now a comment: capex.steady_state_intensity" in out
    assert main([*home, "migrate", "mine"]) == 0
    assert main([*home, "check", "mine"]) == 0
    assert main([*home, "migrate", "mine"]) == 0
    assert "nothing to convert" in capsys.readouterr().out
