"""What the last 10 bn of a year's plan return, beside the average, and what the fleet does.

The year's capex is moved in the world with the programme alone: the plan, what rivals build and
what demand presumes stay as they are, and so does spending of every other year. So a year's
figure covers machines over their life, the shell that outlives them, and the rented cloud that
is signed in the year in the same proportion. It does not cover a fleet that is kept larger ever
after: that is the whole plan's return.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FleetUse", "Marginal", "Return", "YearOfPlan", "fleet_use", "marginal_returns"]


@dataclass(frozen=True, slots=True)
class Return:
    """What an amount of the plan returns.

    Attributes:
        amount: capex moved, USD m.
        rate: internal rate of return a year on the flows that NPV adds up; NaN where no rate,
            or more than one, answers.
        npv: of the move, USD m.
        npv_per_dollar: NPV per dollar of the present value of the capex moved: 0 earns the
            WACC, -1 loses it all.
        reason: why there is no rate; empty where there is one.
    """

    amount: float
    rate: float
    npv: float
    npv_per_dollar: float
    reason: str


@dataclass(frozen=True, slots=True)
class YearOfPlan:
    """A year of the plan: its last 10 bn USD (``last``), and all of it beyond maintenance and
    commitments (``average``)."""

    year: int
    last: Return
    average: Return


@dataclass(frozen=True, slots=True)
class Marginal:
    """Returns by year of the plan.

    Attributes:
        scenario: which case.
        wacc: what a dollar must earn, a year.
        years: from the first whole year after the valuation date to the last whose machines
            retire within the horizon.
        whole: the plan beyond maintenance and commitments, from now on.
        covers: what the rates of return cover, a sentence or two.
    """

    scenario: str
    wacc: float
    years: tuple[YearOfPlan, ...]
    whole: Return
    covers: str


@dataclass(frozen=True, slots=True)
class FleetUse:
    """What the fleet costs and does in a year.

    Attributes:
        year: the year.
        ranking_pays: what advertising earns at the margin of ranking compute, times all of it:
            elasticity x contribution x advertising, USD m a year.
        fleet_costs: owner's cost of a unit x compute in service, USD m a year.
        training, ranking, products, leased_out: shares of compute in service; they sum to 1.
        sentence: both sums beside each other, and the shares; says why where more than a fifth
            is leased out.
    """

    year: int
    ranking_pays: float
    fleet_costs: float
    training: float
    ranking: float
    products: float
    leased_out: float
    sentence: str
