"""A scenario at the edge of what validates has an answer too, and its statements tie."""

from __future__ import annotations

import numpy as np

import jcurve
from jcurve.assumptions import Path
from jcurve.ground.errors import ScenarioError
from tests.counts import count

_MOVED = 6
"""Assumptions at a bound in each scenario."""


def _at_a_bound(generator: np.random.Generator) -> dict[str, object]:
    """Some assumptions at their lowest or highest allowed value, dated ones throughout."""
    items = [
        item
        for item in jcurve.scenario("base").items
        if not item.derived and item.bounds is not None and item.unit not in ("date", "choice")
        and item.shape != "changes"
    ]  # fmt: skip
    chosen: dict[str, object] = {}
    for at in generator.choice(len(items), _MOVED, replace=False):
        item = items[at]
        value = f"{item.bounds[int(generator.integers(2))]!r} {item.unit}"  # type: ignore[index]
        if isinstance(item.value, Path):
            chosen[item.key] = {str(point): value for point in item.value.points}
        else:
            chosen[item.key] = value
    return chosen


def test_scenarios_at_their_bounds_have_answers_that_tie() -> None:
    """Six at a time; a scenario that a rule between assumptions refuses does not count."""
    generator = np.random.default_rng(17)
    tried = answered = 0
    while answered < count("property_examples") and tried < 20 * count("property_examples"):
        tried += 1
        chosen = _at_a_bound(generator)
        try:
            scenario = jcurve.scenario("base", chosen)
        except ScenarioError:
            continue
        case = jcurve.evaluate(scenario)
        assert not [check.row for check in case.checks() if not check.holds], chosen
        assert not [key for key, row in case.values.items() if np.isinf(row).any()], chosen
        answered += 1
    assert answered == count("property_examples")
