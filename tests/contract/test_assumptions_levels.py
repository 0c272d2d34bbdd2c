"""Two levels: a few drivers that carry the answer, and details that do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import jcurve
from jcurve.analysis.question import Question
from jcurve.analysis.sensitivity import Swing, ranged, tornado
from jcurve.assumptions import Scenario, load
from jcurve.ground.errors import ScenarioError
from tests.contract.fixtures.scenario_files import project_in
from tests.support.quarters_back import LAST

MOST_DRIVERS, LONGEST_NAME = 30, 4
LEAST_MOVE = 5_000.0
"""USD m of go-forward NPV between the ends of a range."""
LEAST_EPS = 0.25
NPV = "npv.go_forward"
LIFE = "life.change"
EPS = tuple(f"earnings_per_share@with:{year}" for year in range(2027, 2033))


@pytest.fixture(scope="module")
def base() -> Scenario:
    return load("base")


@pytest.fixture(scope="module")
def swings(base: Scenario) -> dict[str, Swing]:
    """Every range of the base case at both ends, in one batch."""
    question = Question.of(base, (NPV, *EPS))
    return {each.key: each for each in tornado(question, ranged(base), question.valid)}


def test_drivers_are_few_and_their_names_short(base: Scenario) -> None:
    every = [each for each in base.drivers if each.level == "driver"]
    assert len({each.group or each.name for each in every}) <= MOST_DRIVERS
    names = [each.name for each in base.drivers]
    assert len(set(names)) == len(names)
    assert all(0 < len(name.split()) <= LONGEST_NAME for name in names)
    assert [each.key for each in base.drivers][:2] == [
        "programme.scale",
        "programme.scales_talent",
    ]


def test_a_driver_is_told_with_value_and_range(base: Scenario) -> None:
    found = {each.key: each for each in base.drivers}
    assert (found["returns.wacc"].book.low, found["returns.wacc"].book.high) == (0.085, 0.11)
    assert found["returns.wacc"].value == base["returns.wacc"].value
    assert found["demand.agents"].group == found["demand.other"].group == "product demand"
    assert all(each.book.low is not None for each in found.values() if each.level == "driver")


def test_every_driver_moves_the_answer(base: Scenario, swings: dict[str, Swing]) -> None:
    for each in base.drivers:
        if each.level == "driver" and each.key != LIFE:
            assert swings[each.key].spread(NPV) >= LEAST_MOVE, each.key
    assert max(swings[LIFE].spread(name) for name in EPS) >= LEAST_EPS
    assert swings[LIFE].spread(NPV) == pytest.approx(0.0, abs=1e-3)


def test_a_detail_has_a_range_only_where_it_moves_the_answer(
    base: Scenario, swings: dict[str, Swing]
) -> None:
    details = [item for item in ranged(base) if item.level == "detail"]
    idle = {item.key: swings[item.key].spread(NPV) for item in details}
    least = LEAST_MOVE if LAST >= "2025Q4" else 0.9 * LEAST_MOVE  # judged on figures since
    assert {key: move for key, move in idle.items() if move < least} == {}
    demand = ("channel.addressable.", "channel.value.", "channel.probability.")
    assert not [item.key for item in ranged(base) if item.key.startswith(demand)]


def test_a_detail_that_moves_more_than_a_driver_says_why_it_is_none(
    base: Scenario, swings: dict[str, Swing]
) -> None:
    least = min(
        swings[each.key].spread(NPV)
        for each in base.drivers
        if each.level == "driver" and each.key != LIFE
    )
    large = [
        item
        for item in ranged(base)
        if item.level == "detail" and swings[item.key].spread(NPV) > least
    ]
    assert [item.key for item in large if not item.why_detail] == []


def test_a_range_that_was_set_since_never_moves_what_the_book_says() -> None:
    """A value outside its range is drawn with it, and its evidence stays what it was."""
    moved = jcurve.scenario("base", {"advertising.compute_elasticity": 0.5})
    item = moved["advertising.compute_elasticity"]
    assert item.high == 0.5
    assert (item.book.value, item.book.low, item.book.high) == (0.08, 0.02, 0.16)
    found = {each.key: each for each in moved.drivers}["advertising.compute_elasticity"]
    assert (found.value, found.book.high) == (0.5, 0.16)


def test_the_next_change_of_life_is_drawn(base: Scenario) -> None:
    """A draw at the present life changes nothing; where a change comes later, it is drawn."""
    question = Question.of(base, EPS)
    answers = question({LIFE: np.array([5.5, 4.0])})
    own = jcurve.evaluate(base)
    cut = jcurve.evaluate(jcurve.scenario("base", {f"{LIFE}.2027Q1": 4}))
    for name in EPS:
        line, year = name.split(":")
        at = own.assembly.timeline.years.index(int(year))
        assert answers[name] == pytest.approx([own.year(line)[at], cut.year(line)[at]]), name
    later = jcurve.scenario("base", {f"{LIFE}.2028Q1": 5})
    drawn = jcurve.assumptions.batch(later, {LIFE: np.array([4.0])})
    assert drawn[f"{LIFE}.date.4"].tolist() == [[64]]
    assert drawn[f"{LIFE}.life.4"].tolist() == [[4.0]]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ("level: driver", "a driver has a name of at most 4 words"),
        ("level: driver\n    name: One two three four five", "a driver has a name of at most 4"),
        ("level: lever", "unknown level; received 'lever'"),
        ("level: driver\n    name: Rate\n    why_detail: no", "why_detail of a driver"),
        ("next: 2027Q1", "next and a range of lives go together"),
    ],
)
def test_a_level_and_its_fields_go_together(tmp_path: Path, fields: str, what: str) -> None:
    project = project_in(tmp_path)
    path = project.scenarios / "base.yml"
    text = path.read_text(encoding="utf-8")
    label = "    label: Weighted average cost of capital\n"
    path.write_text(text.replace(label, f"{label}    {fields}\n"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load("base", project)
    assert what in str(caught.value)
