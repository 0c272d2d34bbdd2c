"""Scenarios with their weights: what is to be expected, and how likely payback is, if they are
the worlds that can come and their weights are believed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jcurve.analysis.stress import Expectation, expectation, stresses
from jcurve.assumptions import Scenario
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

__all__ = ["Weighed", "weighed"]

_EXPECTED = ("npv", "npv.go_forward", "trough_amount")
_PAYBACK = "payback"


@dataclass(frozen=True, slots=True)
class Weighed:
    """Scenarios by weight.

    Attributes:
        weights: by scenario, summing to 1.
        expectations: mean and spread of each output that has an answer everywhere.
        paid_back: weight of the scenarios that pay back within the horizon.
        payback: years to payback by scenario, NaN for never.
    """

    weights: Mapping[str, float]
    expectations: tuple[Expectation, ...]
    paid_back: float
    payback: Mapping[str, float]


def weighed(
    scenarios: Sequence[Scenario],
    weights: Mapping[str, float],
    *,
    project: Project | None = None,
) -> Weighed:
    """The expectation over scenarios, all evaluated in one batch.

    Args:
        scenarios: of one base scenario.
        weights: by name; 0 or more, summing to 1.
        project: where the model's data are.

    Raises:
        UsageError: no scenario, one twice, or weights that are none.
        AnswerError: see :func:`jcurve.analysis.stress.expectation`.
    """
    names = [each.name for each in scenarios]
    if not names or len(set(names)) < len(names):
        raise UsageError("scenarios are weighed once each", received=", ".join(names) or "none")
    found = stresses(scenarios[0], scenarios, (*_EXPECTED, _PAYBACK), project=project)
    values = {
        output: {each.name: each.values[output] for each in found}
        for output in (*_EXPECTED, _PAYBACK)
    }
    expected = tuple(expectation(output, values[output], weights) for output in _EXPECTED)
    payback = values[_PAYBACK]
    return Weighed(
        dict(weights),
        expected,
        math.fsum(weight for name, weight in weights.items() if not math.isnan(payback[name])),
        payback,
    )
