"""What an elasticity of advertising to ranking compute says of reported growth.

Papers, the company's stated gains and history read the elasticity differently, and none measures
it (``docs/response.md``). Each value splits reported growth of advertising into its market's,
what compute earns relative to the frontier's, and a rest that nothing explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.question import Question
from jcurve.case import Case
from jcurve.ground.project import Project

ELASTICITY = "advertising.compute_elasticity"
ELASTICITIES = (0.02, 0.04, 0.06, 0.08, 0.16)
"""Papers at .02 to .04, stated gains at .06, the base case at .08, the most that history allows."""
_FACTOR = "attributed_factor:quarter"
_FRONTIER = "arrived_frontier:quarter"
_EXCESS = "excess_growth_lately"
_YEAR = 4


@dataclass(frozen=True, slots=True)
class Believed:
    """An elasticity and what it says of history."""

    elasticity: float  # of advertising to ranking compute
    # growth of advertising that the company's own compute brought, in logarithms over the last four
    # reported quarters
    own: float
    relative: float  # the same less what the frontier's growing compute took
    # growth a year beyond the market and relative compute, mean of the last eight reported quarters
    unexplained: float


def believed(
    case: Case, elasticities: Sequence[float] = ELASTICITIES, project: Project | None = None
) -> tuple[Believed, ...]:
    """What each elasticity says of history.

    Args:
        case: of a company with advertising.
        elasticities: above 0.
        project: where the model's data are, None to find it.
    """
    question = Question.of(case.scenario, (_FACTOR, _FRONTIER, _EXCESS), project)
    values = np.array(elasticities)
    answers = question({ELASTICITY: values})
    last = case.assembly.timeline.index(case.data_through)
    earned, frontier = (
        np.log(answers[row][last] / answers[row][last - _YEAR]) for row in (_FACTOR, _FRONTIER)
    )
    rows = (values, earned, earned - values * frontier, answers[_EXCESS])
    return tuple(Believed(*map(float, each)) for each in np.array(rows).T)
