"""What the last 10 bn of a year's plan return, beside the average, and what the fleet does.

The year's AI capex is moved in the world with the programme alone: the plan, what rivals build and
what demand presumes stay as they are, and so does spending of every other year. So a year's
figure covers machines over their life and the shell that outlives them, whose book value at the
horizon comes back then. It does not cover a fleet that is kept larger ever after: that is the
return of the whole plan, on the flows that NPV adds up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.question import Array, Question
from jcurve.assumptions import Scenario
from jcurve.case import Case
from jcurve.engine.intrinsics import NONE, SEVERAL, real_roots
from jcurve.ground.errors import AnswerError
from jcurve.ground.numbers import money
from jcurve.ground.project import Project
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.lines.returns import REASONS


@dataclass(frozen=True, slots=True)
class Return:
    """What an amount of the plan returns."""

    amount: float  # capex moved, USD m
    # internal rate of return a year, the greatest where several answer; NaN where none does, or
    # where it would say the opposite of NPV
    rate: float
    npv: float  # of the same flows at the WACC, USD m, so that the two never disagree
    # NPV per dollar of the present value of the capex moved: 0 earns the WACC, -1 loses it all
    npv_per_dollar: float
    reason: str  # why there is no rate; empty where there is one


@dataclass(frozen=True, slots=True)
class YearOfPlan:
    """A year of the plan: its last 10 bn USD (``last``), and all of it beyond maintenance and
    commitments (``average``)."""

    year: int
    last: Return
    average: Return


@dataclass(frozen=True, slots=True)
class Marginal:
    """Returns by year of the plan."""

    scenario: str
    wacc: float  # what a dollar must earn, a year
    # from the first whole year after the valuation date to the last whose machines retire within
    # the horizon
    years: tuple[YearOfPlan, ...]
    whole: Return  # the plan beyond maintenance and commitments, from now on
    covers: str  # what the rates of return cover, a sentence or two


@dataclass(frozen=True, slots=True)
class FleetUse:
    """What the fleet costs and does in a year."""

    year: int  # the year
    # what advertising earns at the margin of ranking compute, times all of it: elasticity x
    # contribution x advertising, USD m a year
    ranking_pays: float
    fleet_costs: float  # owner's cost of a unit x compute in service, USD m a year
    # training, ranking, products, leased_out: shares of compute in service; they sum to 1
    training: float
    ranking: float
    products: float
    leased_out: float
    # both sums beside each other, and the shares; says why where more than a fifth is leased out
    sentence: str


_SCALE, _TALENT, _CLOUD = "programme.scale", "programme.scales_talent", "cloud.commitment"
_LIFE = "life.physical.accelerators"
_FLOWS, _VALUED = "incremental_free_cash_flow.go_forward", "valued_free_cash_flow.go_forward"
_CAPEX, _PROPERTY = "capex@with", "property_net@with"
_ROWS = tuple(f"{name}:quarter" for name in (_FLOWS, _VALUED, _CAPEX, _PROPERTY))
_AMOUNT = 10_000.0  # USD m of a year that are left out; of a year with less, all of it
_LEAST = 1.0  # USD m: a year that leaves less open has nothing to move
_FIFTH = 0.2
_FEW_YEARS = (2026, 2028, 2030, 2035, 2040)

COVERS = (
    "A year's figure moves that year's AI capex alone: people, rented cloud, other years' spending "
    "and the stopped company stay as they are. It covers cash and tax to the horizon, by when the "
    "machines have retired, and the book value of what then stands. It does not cover a fleet kept "
    "larger for ever; the whole plan's figure does, on the flows that NPV adds up."
)


def marginal_returns(scenario: Scenario, *, project: Project | None = None) -> Marginal:
    """What the last 10 bn of each year of the plan returns, and the average beside it.

    Args:
        scenario: the plan is its own, at a scale of 1.

    Raises:
        AnswerError: nothing is spent on the programme after the valuation date.
    """
    question = Question.of(scenario, _ROWS, project)
    case = question.case
    quarters, at = len(case.assembly.timeline), question.valued_at
    of_year = np.array([int(label[:4]) for label in case.assembly.timeline.labels])
    ahead = np.where(np.arange(quarters) > at, 1.0, 0.0)
    open_capex = ahead * (
        np.maximum(case.row("planned_ai_capex") - case.row("maintenance_capex"), 0)
        - case.row("committed_capex")
    )
    years = [year for year in _years(case, at) if (open_capex * (of_year == year)).sum() > _LEAST]
    masks = [np.where(of_year == year, 1.0, 0.0) for year in years]
    parts = [min(1.0, _AMOUNT / float((open_capex * mask).sum())) for mask in masks]
    # A column each: the plan, a year's last part, all of a year; then the plan and none of it.
    last = [mask * part for mask, part in zip(masks, parts, strict=True)]
    left_out = np.column_stack([0.0 * ahead, *last, *masks, 0.0 * ahead, ahead])
    rows = question.rows({_SCALE: np.ones(left_out.shape[1]), _TALENT: np.zeros(1)})
    # A contract follows the scale when it was signed. For a year's columns, contracts so old
    # that all date from before the decision: rented cloud then stays as planned.
    signed = np.full((1, left_out.shape[1]), (quarters - 1 - at) / QUARTERS_IN_YEAR)
    signed[:, -2:] = rows[_CLOUD]
    found = question.answers({**rows, _SCALE: 1.0 - left_out, _CLOUD: signed})
    flows, valued, capex, left = (found[name] for name in _ROWS)
    if not np.ptp(capex, axis=1).any():
        raise AnswerError(
            "nothing of the plan can be moved",
            where=scenario.name,
            allowed="a scenario whose programme spends after the valuation date",
        )
    flows = flows.copy()
    flows[-1] += left[-1]
    discount, wacc = case.row("discount_factor"), float(scenario["returns.wacc"].row()[0])
    by_year = _returns(flows[:, :1] - flows[:, 1:-2], capex[:, :1] - capex[:, 1:-2], discount, wacc)
    (whole,) = _returns(
        valued[:, -2:-1] - valued[:, -1:], capex[:, -2:-1] - capex[:, -1:], discount, wacc
    )
    halves = by_year[: len(years)], by_year[len(years) :]
    found_years = tuple(YearOfPlan(*each) for each in zip(years, *halves, strict=True))
    return Marginal(scenario.name, wacc, found_years, whole, COVERS)


def _years(case: Case, at: int) -> range:
    """Whole years after the valuation date whose machines are placed and retire by the horizon."""
    years = case.assembly.timeline.years
    life = float(case.scenario[_LIFE].row()[-1])
    # Machines retire over the year about their life, and take a quarter or two to be placed.
    return range(years[0] + -(-(at + 1) // QUARTERS_IN_YEAR), years[-1] - math.ceil(life + 1) + 1)


def _returns(flows: Array, capex: Array, discount: Array, wacc: float) -> list[Return]:
    """Returns on moves, (quarter, moves): flows and capex with the move less those without."""
    npv, invested = (row.T @ discount for row in (flows, capex))
    made = []
    for move in range(flows.shape[1]):
        rate, reason = _rate(flows[:, move], float(npv[move]), wacc)
        per_dollar = float(npv[move] / invested[move])
        amount = float(capex[:, move].sum())
        made.append(Return(amount, rate, float(npv[move]), per_dollar, reason))
    return made


def _rate(flows: Array, npv: float, wacc: float) -> tuple[float, str]:
    """The rate a year that makes the flows' present value zero, or why there is none.

    The greatest where several do: outlays come first, and a last small payment that is negative
    adds a rate far below. None where it would say the opposite of NPV.
    """
    found = [(1 + rate) ** QUARTERS_IN_YEAR - 1 for rate in real_roots(flows)]
    if not found:
        return math.nan, REASONS[int(NONE)]
    rate = max(found)
    if len(found) > 1 and (rate > wacc) != (npv > 0):
        return math.nan, REASONS[int(SEVERAL)]
    return rate, ""


def fleet_use(case: Case, years: Sequence[int] = _FEW_YEARS) -> tuple[FleetUse, ...]:
    """What ranking alone pays for in a year beside what the fleet costs, and what it does.

    Args:
        case: an evaluated scenario.
        years: which, of the case's timeline.

    Raises:
        UsageError: a year outside the timeline.
    """
    return tuple(_use(case, case.assembly.timeline.year_index(str(year)), year) for year in years)


def _use(case: Case, at: int, year: int) -> FleetUse:
    def of(name: str, world: str | None = "with") -> float:
        return float(case.year(name, world)[at])

    elasticity, contribution = (
        float(case.scenario[f"advertising.{name}"].row()[0])
        for name in ("compute_elasticity", "contribution")
    )
    pays = elasticity * contribution * of("advertising")
    costs = of("owners_cost", None) * of("compute_in_service") / 1e6
    training, ranking, products, leased = (
        of(name)
        for name in ("training_share", "share_on_ranking", "share_on_products", "share_leased_out")
    )
    said = (
        f"In {year} ranking alone pays {money(pays / 1000)} (response × contribution "
        f"× advertising) of a fleet that costs {money(costs / 1000)} a year: {training:.0%} "
        f"of it trains, {ranking:.0%} ranks, {products:.0%} serves AI products, {leased:.0%} is "
        "let to others."
    )
    if leased > _FIFTH:
        said += (
            " More than a fifth is let because neither ranking nor products would earn the rent "
            "on it: to that extent the plan is a leasing business, at a price that its own offer "
            "lowers."
        )
    return FleetUse(year, pays, costs, training, ranking, products, leased, said)
