"""Readings of the elasticity of advertising to ranking compute, and what each leaves unexplained.

Papers, the company's stated gains and history read it differently, and none measures it. Each
reading splits reported growth of advertising into its market's, what compute earns relative to
the frontier's, and a rest that nothing explains. What a scenario believes stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jcurve.analysis.question import Question

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.facts import ElasticityReading
    from jcurve.project import Project

__all__ = ["ELASTICITY", "Believed", "believed"]

ELASTICITY = "advertising.compute_elasticity"
_FACTOR = "attributed_factor:quarter"
_FRONTIER = "arrived_frontier:quarter"
_EXCESS = "excess_growth_lately"
_YEAR = 4


@dataclass(frozen=True, slots=True)
class Believed:
    """An elasticity and what it says of history.

    Attributes:
        elasticity: of advertising to ranking compute.
        own: growth of advertising that the company's own compute brought, in logarithms over the
            last four reported quarters.
        relative: the same less what the frontier's growing compute took.
        unexplained: growth a year beyond the market and relative compute, mean of the last eight
            reported quarters.
    """

    elasticity: float
    own: float
    relative: float
    unexplained: float


def believed(
    case: Case,
    readings: Mapping[str, ElasticityReading],
    project: Project | None = None,
) -> tuple[Mapping[str, Believed], Believed]:
    """What each reading says of history, by its key, and what the case's own elasticity does.

    Args:
        case: of a company with advertising.
        readings: from :func:`jcurve.facts.elasticity_readings`.
        project: where the model's data are, None to find it.
    """
    question = Question.of(case.scenario, (_FACTOR, _FRONTIER, _EXCESS), project)
    own = float(case.scenario[ELASTICITY].row()[0])
    values = np.array([*(each.value for each in readings.values()), own])
    answers = question({ELASTICITY: values})
    last = case.assembly.timeline.index(case.data_through)
    earned, frontier = (
        np.log(answers[row][last] / answers[row][last - _YEAR]) for row in (_FACTOR, _FRONTIER)
    )
    found = [
        Believed(float(value), float(gross), float(gross - value * taken), float(left))
        for value, gross, taken, left in zip(
            values, earned, np.broadcast_to(frontier, values.shape), answers[_EXCESS], strict=True
        )
    ]
    return dict(zip(readings, found, strict=False)), found[-1]
