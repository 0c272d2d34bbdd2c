"""What the market implies: a share price pairs of beliefs, a move on a results day one assumption.

A price implies a line and never a number. Values are stated at the valuation date, a price of a
later day is compared as it is. Half a point of the WACC is worth as much as everything that a
price is asked to say, so that the line is drawn with its band. A move's change in market value is
equated with a change in net present value, and one assumption is solved for it. It is arithmetic
on prices, and no advice.

    for line in price_implied(jcurve.scenario("base")):
        print(line.date, line.price, line.revenues)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.belief_pairs import YEAR, Demand, demand_draws, demand_where, most_demand
from jcurve.analysis.question import Array, Question
from jcurve.analysis.roots import Lanes
from jcurve.analysis.solving import Solution, solve
from jcurve.assumptions import Scenario
from jcurve.facts import evidence
from jcurve.facts.registers import ELASTICITY
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import money, written_date
from jcurve.ground.project import Project, find_project

HALF_A_POINT = 0.005
_PRICE, _WACC, _VALUE = "shares.reference_price", "returns.wacc", "value_per_share@with"
_PRICES = "PX_"
_PAIRS = 15
_BN = 1000.0
_NONE_NEEDED = "a share is worth more than the price without any AI product"
_NOT_ENOUGH = "no demand shown for AI products is enough"


@dataclass(frozen=True, slots=True)
class Price:
    """A share price, USD, with its date and source; both empty for one that was given."""

    price: float
    date: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PriceLine:
    """Pairs of response and demand at which a share is worth its price."""

    price: float  # USD per share
    date: str  # of the price, empty for one that was given
    source: str  # of the price, empty likewise
    year: int  # of the product revenue
    elasticities: Array  # (pairs,), response of advertising to ranking compute
    factors: Array  # (pairs,), on the scenario's demand for every AI product
    # (pairs,), the product revenue of the year that a factor means, USD m; NaN where no demand
    # that was looked at does it
    revenues: Array
    # at_lower_wacc, at_higher_wacc: (pairs,), the same half a point below and above
    at_lower_wacc: Array
    at_higher_wacc: Array
    # (pairs,), why there is no pair: worth more than the price without any AI product, or no
    # demand that was looked at is enough; empty where there is one
    notes: tuple[str, ...]
    value_per_share: float  # in the scenario, USD
    wacc: float  # the scenario's
    # what half a point of the WACC is worth, USD per share: lower, higher
    half_a_point: tuple[float, float]
    sentence: str  # the ends of the line in words, and why it rises where it does


def prices_on_file(scenario: Scenario, project: Project | None = None) -> tuple[Price, ...]:
    """The scenario's reference price, and the last price on file before it that is no weak copy:
    the day of the last results.

    Args:
        scenario: holds the reference price.
        project: where the evidence is, None to find it.
    """
    item = scenario[_PRICE]
    now = Price(float(item.row()[0]), item.as_of.isoformat(), ", ".join(item.source))
    known = [
        Price(row.value, row.as_of, row.key)
        for row in evidence(project).values()
        if row.key.startswith(_PRICES) and row.confidence == "high" and row.value is not None
    ]
    earlier = [each for each in known if each.date < now.date]
    return (now, *sorted(earlier, key=lambda each: each.date)[-1:])


def price_implied(
    scenario: Scenario,
    prices: Sequence[Price] | None = None,
    *,
    project: Project | None = None,
) -> tuple[PriceLine, ...]:
    """Pairs of response and demand at which a share of the company with its plan is worth a
    price, one line a price, over the range of the evidence for the response.

    Args:
        scenario: holds all else; its own scale is the plan.
        prices: None for the two on file (:func:`prices_on_file`).

    Raises:
        UsageError: a price that is not above 0.
    """
    project = project or find_project()
    wanted = prices_on_file(scenario, project) if prices is None else tuple(prices)
    for each in wanted:
        if not 0 < each.price < np.inf:
            raise UsageError("not a share price", received=each.price, allowed="USD above 0")
    question = Question.of(scenario, _VALUE, project)
    item, wacc = scenario[ELASTICITY], float(scenario[_WACC].row()[0])
    across = np.linspace(item.book.lows()[0], item.book.highs()[0], _PAIRS)
    most, demand = most_demand(scenario), Demand.of(scenario, project)
    rates = (wacc, wacc - HALF_A_POINT, wacc + HALF_A_POINT)
    own, cheaper, dearer = question({_WACC: np.array(rates)})[_VALUE]

    price = np.array([each.price for each in wanted])
    # A place for each price, rate and elasticity, in that order.
    of_price, of_rate, of_response = (
        row.ravel() for row in np.meshgrid(price, rates, across, indexing="ij")
    )

    def over_price(factor: Array, lane: Lanes) -> Array:
        demand = demand_draws(scenario, factor)
        draws = {_WACC: of_rate[lane], ELASTICITY: of_response[lane], **demand}
        over: Array = question(draws)[_VALUE] - of_price[lane]
        return over

    shape = (len(wanted), len(rates), across.size)
    factors = demand_where(over_price, of_price.size, most).reshape(shape)
    enough = over_price(np.zeros(of_price.size), np.arange(of_price.size)).reshape(shape) > 0
    return tuple(
        PriceLine(
            price=each.price,
            date=each.date,
            source=each.source,
            year=YEAR,
            elasticities=across,
            factors=factor[0],
            revenues=factor[0] * demand.revenue,
            at_lower_wacc=factor[1] * demand.revenue,
            at_higher_wacc=factor[2] * demand.revenue,
            notes=tuple(
                "" if found == found else _NONE_NEEDED if more else _NOT_ENOUGH
                for found, more in zip(factor[0], without[0], strict=True)
            ),
            value_per_share=float(own),
            wacc=wacc,
            half_a_point=(float(cheaper - own), float(dearer - own)),
            sentence=_sentence(each, across, factor[0] * demand.revenue),
        )
        for each, factor, without in zip(wanted, factors, enough, strict=True)
    )


def _sentence(price: Price, response: Array, revenue: Array) -> str:
    there = np.flatnonzero(np.isfinite(revenue))
    dated = f"${price.price:,.2f}{f' of {written_date(price.date)}' if price.date else ''}"
    if not there.size:
        return f"No pair shown makes a share worth {dated}."
    first, last = there[0], there[-1]
    said = (
        f"A share is worth {dated} with a response of {response[first]:.2f} and AI products of "
        f"{money(revenue[first] / _BN)} in {YEAR}, as with {response[last]:.2f} and "
        f"{money(revenue[last] / _BN)}."
    )
    if revenue[last] > revenue[first]:
        said += (
            " A higher response needs more: it leaves less of past growth to continue unaided, and "
            "costs more wherever the fleet grows less than the frontier's."
        )
    return said


@dataclass(frozen=True, slots=True)
class Implied:
    """What a move implies."""

    move: float  # of the share in a day, a decimal share
    market_value: float  # of the company before it, USD m, at the reference price
    change: float  # in market value, USD m
    output: str  # the net present value that is equated with it
    before: float  # before, after: that value in the scenario, and what it would have to be, USD m
    after: float
    solution: Solution  # what the assumption would have to be


def market_value(scenario: Scenario, project: Project | None = None) -> float:
    """Diluted shares of the last reported quarter at the reference price, USD m."""
    case = Question.of(scenario, (), project).case
    shares = case["diluted_shares@with"][case.data_through]
    return float(shares) * float(scenario["shares.reference_price"].row()[0])


def implied(
    scenario: Scenario, key: str, move: float, *, project: Project | None = None
) -> Implied:
    """What an assumption must be for the NPV to change by what a move did to market value.

    Args:
        scenario: as it stood, all else.
        key: the assumption.
        move: of the share, a decimal share such as -0.113.

    Raises:
        UsageError: the move is no share of a price, or see :func:`jcurve.analysis.solving.solve`.
    """
    if not -1.0 < move < 10.0:
        raise UsageError(
            "not the move of a share price", received=move, allowed="a share such as -0.113"
        )
    output = "npv"
    question = Question.of(scenario, output, project)
    before = float(question({})[output][0])
    worth = market_value(scenario, project)
    after = before + move * worth
    solution = solve(scenario, key, f"{output}={after!r}", project=project)
    return Implied(move, worth, move * worth, output, before, after, solution)
