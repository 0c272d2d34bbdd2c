"""The project's own scenarios: each validates, and every source that one names is known."""

from __future__ import annotations

from jcurve.assumptions import load, rows_of, shipped
from jcurve.facts import evidence, external, sources
from tests.support.scenario_checks import check


def test_every_scenario_validates_and_names_known_sources() -> None:
    """No error and no entry that changes nothing."""
    known = {*sources(), *evidence(), *external()}
    assert check(shipped(), known_sources=known) == ()


def test_every_scenario_tells_its_story_and_differs_from_base() -> None:
    """A title, a paragraph, a reason for each difference; no two are the same world."""
    found = [load(name) for name in shipped()]
    assert len({scenario.hash for scenario in found}) == len(found)
    for scenario in found[1:]:
        assert scenario.title
        assert scenario.story
        assert all(difference.why for difference in scenario.differences)


def test_scenarios_of_the_project_fit_side_by_side() -> None:
    """One batch of all of them, every row as wide as it needs to be."""
    names = shipped()
    made = rows_of([load(name) for name in names])
    assert {row.shape[1] for row in made.values()} == {1, len(names)}
