"""What a move of the share on a results day implies, if the market knew the model.

The change in market value is equated with a change in net present value; then one
assumption is solved for it. It is arithmetic on a past move, and no advice.
"""

from __future__ import annotations

from dataclasses import dataclass

from jcurve.analysis.question import Question
from jcurve.analysis.solving import Solution, solve
from jcurve.assumptions import Scenario
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

__all__ = ["Implied", "implied", "market_value"]


@dataclass(frozen=True, slots=True)
class Implied:
    """What a move implies.

    Attributes:
        move: of the share in a day, a decimal share.
        market_value: of the company before it, USD m, at the reference price.
        change: in market value, USD m.
        output: the net present value that is equated with it.
        before, after: that value in the scenario, and what it would have to be, USD m.
        solution: what the assumption would have to be.
    """

    move: float
    market_value: float
    change: float
    output: str
    before: float
    after: float
    solution: Solution


def market_value(scenario: Scenario, project: Project | None = None) -> float:
    """Diluted shares of the last reported quarter at the reference price, USD m."""
    case = Question.of(scenario, (), project).case
    shares = case["diluted_shares@with"][case.data_through]
    return float(shares) * float(scenario["shares.reference_price"].row()[0])


def implied(
    scenario: Scenario,
    key: str,
    move: float,
    *,
    output: str = "npv",
    project: Project | None = None,
) -> Implied:
    """What an assumption must be for the NPV to change by what a move did to market value.

    Args:
        scenario: as it stood, all else.
        key: the assumption.
        move: of the share, a decimal share such as -0.113.
        output: the NPV that moves.
        project: where the model's data are, None to find it.

    Raises:
        UsageError: the move is no share of a price, or see :func:`jcurve.analysis.solving.solve`.
    """
    if not -1.0 < move < 10.0:
        raise UsageError(
            "not the move of a share price", received=move, allowed="a share such as -0.113"
        )
    question = Question.of(scenario, output, project)
    before = float(question({})[output][0])
    worth = market_value(scenario, project)
    after = before + move * worth
    solution = solve(scenario, key, f"{output}={after!r}", project=project)
    return Implied(move, worth, move * worth, output, before, after, solution)
