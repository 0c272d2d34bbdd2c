"""Laws of scenarios: one hash for one meaning, and no way to break the reader of files."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jcurve.assumptions import Path as Dated
from jcurve.assumptions import batch, load, rows_of, scenario
from jcurve.assumptions.nodes import read
from jcurve.ground.errors import ScenarioError
from tests.contract.fixtures.scenario_files import BASE_FILE, HEAD, project_in, small_base
from tests.counts import count
from tests.support.draws import sample_uniform

_EXAMPLES = count("property_examples")
_FOLDER = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_PURE = settings(max_examples=_EXAMPLES, deadline=None)

_YEARS = st.integers(2012, 2040)
_PATHS = st.builds(
    lambda points, between: Dated("year", between, tuple(sorted(points.items()))),
    st.dictionaries(_YEARS, st.floats(-1e6, 1e6), min_size=1, max_size=8),
    st.sampled_from(["linear", "hold"]),
)


@_PURE
@given(path=_PATHS)
def test_a_path_stays_between_its_points(path: Dated) -> None:
    """No overshoot, exact at the points, flat beyond the ends."""
    values = [value for _, value in path.points]
    row = path.over()
    slack = 1e-9 * max(1.0, *map(abs, values))
    assert min(values) - slack <= row.min()
    assert row.max() <= max(values) + slack
    assert all(path.at(year) == pytest.approx(value) for year, value in path.points)
    assert path.at(2012) == pytest.approx(values[0])
    assert path.at(2040) == pytest.approx(values[-1])


@_PURE
@given(path=_PATHS, year=_YEARS, value=st.floats(-1e6, 1e6))
def test_one_year_changes_alone(path: Dated, year: int, value: float) -> None:
    """Every other year is as it was."""
    after = path.with_point(year, value)
    assert after.at(year) == value
    others = [other for other in range(2012, 2041) if other != year]
    assert np.allclose(after.over(others), path.over(others), rtol=1e-12, atol=1e-9)


@_FOLDER
@given(seed=st.integers(0, 2**32))
def test_the_order_of_a_file_does_not_matter(tmp_path: Path, seed: int) -> None:
    """Shuffled assumptions and fields: the same canonical text and hash."""
    content = yaml.safe_load(BASE_FILE.read_text())
    shuffle = random.Random(seed).shuffle

    def shuffled(table: dict[str, object]) -> dict[str, object]:
        items = list(table.items())
        shuffle(items)
        return dict(items)

    content["assumptions"] = {
        key: shuffled(entry) for key, entry in shuffled(content["assumptions"]).items()
    }
    project = project_in(tmp_path)
    (project.scenarios / "base.yml").write_text(yaml.safe_dump(content, sort_keys=False))
    assert load("base", project).canonical == small_base().canonical


_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "returns.wacc": st.floats(0.05, 0.4),
        "returns.terminal_growth": st.floats(-0.05, 0.049),
        "lever.ceiling.targeting": st.floats(0, 1),
        "capex.total.2027": st.floats(60_000, 600_000),
        "capex.total.2033": st.floats(60_000, 600_000),
        "capex.mix.servers": st.floats(0, 0.5),
        "programme.start": st.sampled_from(["2022Q1", "2024Q3", "2026Q2"]),
        "returns.terminal_treatment": st.sampled_from(["none", "run_off"]),
        "returns.sbc_is_cost": st.sampled_from([0, 1]),
    },
)


@_FOLDER
@given(values=_VALUES, seed=st.integers(0, 2**32))
def test_an_override_is_the_value_of_a_file(
    tmp_path: Path, values: dict[str, object], seed: int
) -> None:
    """From Python in any order, from the command line as text, or in a file: one scenario."""
    entries = "".join(f"  {key}: {{value: {value!r}, why: a}}\n" for key, value in values.items())
    project = project_in(tmp_path, x=HEAD + entries.replace("'", ""))
    keys = list(values)
    random.Random(seed).shuffle(keys)
    from_file = load("x", project)
    from_python = scenario("base", {key: values[key] for key in keys}, project=project)
    from_text = scenario("base", {key: str(values[key]) for key in keys}, project=project)
    assert from_file.canonical == from_python.canonical == from_text.canonical
    assert from_file.hash == from_python.hash
    one, other = rows_of(from_file), rows_of(from_python)
    assert all(np.array_equal(one[key], other[key]) for key in one)


@_PURE
@given(values=_VALUES)
def test_a_hash_changes_with_the_meaning_only(values: dict[str, object]) -> None:
    """The same values give the same hash twice; other values another."""
    base = small_base()
    one, other = base.with_overrides(values), base.with_overrides(values)
    assert one.hash == other.hash
    assert (one.hash == base.hash) == (not one.differences)


@_PURE
@given(
    seed=st.integers(0, 2**32),
    at=st.floats(-1, 1),
)
def test_a_drawn_scenario_stays_in_its_range(seed: int, at: float) -> None:
    """Low, value and high in order in every quarter, wherever the draw lies."""
    base = small_base()
    drawn = sample_uniform(base, 4, np.random.default_rng(seed))
    made = batch(base, {**drawn, "capex.total": np.full(4, at)})
    low, high = base["capex.total"].lows(), base["capex.total"].highs()
    years = made["capex.total"][::4]
    assert (years >= low[:, None] - 1e-6).all()
    assert (years <= high[:, None] + 1e-6).all()


_WORDS = st.sampled_from(
    ["capex.total", "returns.wacc", "value", "why", "low", "high", "factor", "between", "linear",
     "2026", "2026Q1", "extends", "base", "story", "assumptions", "date", "life", "life.change",
     "0.1", "200 USD bn", ".nan", "on", "1:30", "&a", "*a", "!!str", "<<", "~", "mixes", "%"]
)  # fmt: skip
_TREES = st.recursive(
    st.one_of(_WORDS, st.text(max_size=8), st.integers(), st.floats(), st.none(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_WORDS, inner, max_size=4)
    ),
    max_leaves=12,
)
_PUNCTUATION = st.text(alphabet=" \n\t:-{}[],&*!?|>'\"#%@`~.0aQ\u0000\ufeff\ud7ff", max_size=40)


def _refusal(attempt: Callable[[], object]) -> str:
    """The message of a refusal, empty where there is none; any other error is a failure."""
    try:
        attempt()
    except ScenarioError as error:
        return str(error)
    return ""


def _never_breaks(folder: Path, content: bytes) -> None:
    project = project_in(folder)
    (project.scenarios / "x.yml").write_bytes(content)
    refusal = _refusal(lambda: load("x", project))
    assert "\n" not in refusal


@_FOLDER
@given(tree=_TREES)
def test_any_tree_loads_or_is_refused(tmp_path: Path, tree: object) -> None:
    """As a whole file, as the assumptions, and as one entry."""
    _never_breaks(tmp_path, yaml.safe_dump(tree, allow_unicode=True).encode())
    whole = {"extends": "base", "story": "a", "assumptions": tree}
    _never_breaks(tmp_path, yaml.safe_dump(whole, allow_unicode=True).encode())
    for key in ("capex.total", "life.change", "returns.wacc", "returns.terminal_treatment"):
        entry = {"value": tree, "why": "a", "between": "hold"}
        whole["assumptions"] = {key: entry}
        _never_breaks(tmp_path, yaml.safe_dump(whole, allow_unicode=True).encode())


@_FOLDER
@given(text=st.one_of(st.text(max_size=60), _PUNCTUATION))
def test_any_text_loads_or_is_refused(tmp_path: Path, text: str) -> None:
    """YAML or not."""
    _never_breaks(tmp_path, text.encode())
    _never_breaks(tmp_path, (HEAD + text).encode())
    _never_breaks(tmp_path, (HEAD + "  capex.total: " + text).encode())


@_FOLDER
@given(content=st.binary(max_size=60))
def test_any_bytes_load_or_are_refused(tmp_path: Path, content: bytes) -> None:
    """Text or not."""
    _never_breaks(tmp_path, content)


@_PURE
@given(tree=_TREES, key=_WORDS)
def test_any_override_is_taken_or_refused(tree: object, key: str) -> None:
    """Whatever Python or the command line passes on."""
    for value in (tree, str(tree)):
        overrides = {key: value, "capex.total.2027": value}
        refusal = _refusal(lambda given=overrides: small_base().with_overrides(given))
        assert "\n" not in refusal


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused(opening: str) -> None:
    """Neither the stack nor the machine gives way."""
    with pytest.raises(ScenarioError):
        read((opening * 5000).encode(), "x.yml")
