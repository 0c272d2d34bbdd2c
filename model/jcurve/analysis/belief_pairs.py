"""The map of beliefs: what the plan is worth, and which size is best, over the two things that
nobody can measure yet: how advertising responds to compute, and what AI products will earn.

Demand is one factor on all AI products, read as their revenue of one year in dollars, at the
plan's compute.

    found = belief_map(jcurve.scenario("base"))
    found.value[0, 0]          # go-forward NPV, USD m, at the lowest response and demand
    found.right_size           # revenue at which the plan is the right size, by response
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.question import Array, Draws, Question
from jcurve.analysis.roots import Lanes
from jcurve.analysis.sensitivity import GO_FORWARD
from jcurve.assumptions import Scenario
from jcurve.facts.registers import ELASTICITY, BeliefReading, belief_readings
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import money, span
from jcurve.ground.project import Project, find_project

DEMANDS = ("demand.agents", "demand.assistant", "demand.other")
"""Demand for AI products against the case's, by product: what one factor moves together."""
YEAR = 2030  # The year whose product revenue stands for demand

_SCALE = "programme.scale"
_COLUMNS, _ROWS = 13, 13
_STEP = 0.02
_PRECISION = 1e-9
_BN = 1000.0


@dataclass(frozen=True, slots=True)
class Belief:
    """A labelled reading, drawn as a mark or a band."""

    axis: str  # ``elasticity`` or ``revenue``
    label: str  # who says it
    value: float  # value, low, high: on that axis; revenue in USD m of the map's year
    low: float
    high: float
    kind: str  # ``evidence``, ``judgement`` or ``case``
    says: str  # how it was read, for a note
    evidence: tuple[str, ...]  # keys of what it rests on


@dataclass(frozen=True, slots=True)
class BeliefMap:
    """The plan over two beliefs."""

    scenario: str  # which case holds all else
    year: int  # of the product revenue, 2030
    elasticities: Array  # (columns,), response of advertising to ranking compute
    factors: Array  # (rows,), on the scenario's demand for every AI product
    revenues: Array  # (rows,), product revenue of the year that a factor means, USD m
    value: Array  # (rows, columns), go-forward NPV of the plan against stopping, USD m
    # (columns,), product revenue at which the best size passes the plan, USD m: value neither
    # rises nor falls about it; NaN where no demand that was looked at does it
    right_size: Array
    # (columns,), product revenue at which the plan is worth as much as stopping, USD m; NaN
    # likewise
    break_even: Array
    # elasticity_range, revenue_range: low and high of the evidence
    elasticity_range: tuple[float, float]
    revenue_range: tuple[float, float]
    case: tuple[float, float]  # where the scenario stands: elasticity and product revenue
    readings: tuple[Belief, ...]  # labelled readings on both axes


def belief_map(scenario: Scenario, *, project: Project | None = None) -> BeliefMap:
    """The plan's value over the two beliefs, in a few batches.

    The response goes from a little below the least reading to a little above the greatest, demand
    from below the low of its range to the greatest reading of it.

    Args:
        scenario: holds all else, and the ranges.

    Raises:
        UsageError: there is no demand to move.
    """
    project = project or find_project()
    question = Question.of(scenario, GO_FORWARD, project)
    item, most = scenario[ELASTICITY], most_demand(scenario)
    low, high = float(item.book.lows()[0]), float(item.book.highs()[0])
    demand = Demand.of(scenario, project)
    readings = tuple(map(demand.reading, belief_readings(project)))
    across = np.array([low / 2, *np.linspace(low, high * 1.125, _COLUMNS - 1)])
    stated = [each.high for each in readings if each.axis == "revenue"]
    top = min(most, max([demand.high, *stated]) / demand.revenue)
    down = np.geomspace(demand.low / demand.revenue / 2, top, _ROWS)

    def over(scale: Array, response: Array, factor: Array) -> Array:
        draws = {_SCALE: scale, ELASTICITY: response, **demand_draws(scenario, factor)}
        return question(draws)[GO_FORWARD]

    def rising(factor: Array, lane: Lanes) -> Array:
        """How value rises about the plan's own size, by column; then the value itself."""
        sloping, column = lane < across.size, across[lane % across.size]
        steps = np.where(sloping, _STEP, 0.0)
        at = np.concatenate([1.0 + steps, 1.0 - steps[sloping]])
        found = over(
            at, np.concatenate([column, column[sloping]]), np.concatenate([factor, factor[sloping]])
        )
        risen = found[: lane.size].copy()
        risen[sloping] -= found[lane.size :]
        return risen

    response, factor = np.tile(across, down.size), np.repeat(down, across.size)
    right_size, break_even = np.split(demand_where(rising, 2 * across.size, most), 2)
    return BeliefMap(
        scenario=scenario.name,
        year=YEAR,
        elasticities=across,
        factors=down,
        revenues=down * demand.revenue,
        value=over(np.ones(response.size), response, factor).reshape(down.size, across.size),
        right_size=right_size * demand.revenue,
        break_even=break_even * demand.revenue,
        elasticity_range=(low, high),
        revenue_range=(demand.low, demand.high),
        case=(float(item.row()[0]), demand.revenue),
        readings=readings,
    )


@dataclass(frozen=True, slots=True)
class Demand:
    """Product revenue of ``YEAR`` at the plan, in USD m: as the scenario has it, and with every
    product at the low and at the high of its range; ``by_year`` that of other years."""

    revenue: float
    low: float
    high: float
    by_year: Mapping[int, float]

    @classmethod
    def of(cls, scenario: Scenario, project: Project) -> Demand:
        """The demand of a scenario."""
        rows = [(scenario[key], key) for key in DEMANDS]
        draws = {
            key: np.array([item.row()[0], item.book.lows()[0], item.book.highs()[0]])
            for item, key in rows
        }
        own, low, high = map(float, product_revenue(scenario, YEAR, draws, project))
        years = {each.year for each in belief_readings(project) if each.year is not None}
        by_year = {year: float(product_revenue(scenario, year, {}, project)[0]) for year in years}
        return cls(own, low, high, by_year)

    def reading(self, each: BeliefReading) -> Belief:
        """A reading on the map's axes. Revenue of another year is read as what it means for
        ``YEAR`` at the scenario's own growth of demand between them."""
        evidence = tuple(row.key for row in each.evidence)
        numbers = (each.value, each.low, each.high)
        if each.year is None:
            return Belief("elasticity", each.label, *numbers, each.kind, each.why, evidence)
        moved = self.revenue / self.by_year[each.year]
        says = (
            f"{span(money(each.low / _BN), money(each.high / _BN))} in {each.year}, carried at "
            f"this scenario's growth from {YEAR}. {each.why}"
        )
        value, low, high = (number * moved for number in numbers)
        return Belief("revenue", each.label, value, low, high, each.kind, says, evidence)


def demand_draws(scenario: Scenario, factor: Array) -> Draws:
    """Draws that move demand for every AI product by one factor, (scenarios,)."""
    return {key: float(scenario[key].row()[0]) * factor for key in DEMANDS}


def most_demand(scenario: Scenario) -> float:
    """The greatest factor on demand that keeps every product inside its bounds."""
    items = [scenario[key] for key in DEMANDS]
    return min(
        item.bounds[1] / float(item.row()[0])
        for item in items
        if item.bounds is not None and item.row()[0] > 0
    )


def product_revenue(
    scenario: Scenario, year: int, draws: Draws, project: Project | None = None
) -> Array:
    """Revenue of a year, in USD m, that demand for AI products would bring at the plan's scale.

    Args:
        scenario: holds what is not drawn.
        year: of the timeline.
        draws: as of :class:`Question`; one revenue for each.
    """
    members = Question.of(scenario, (), project).case.assembly.model.families["channel_demand"]
    asked = Question.of(scenario, [f"{name}@with:{year}" for name in members.values()], project)
    found = np.atleast_1d(sum(asked({_SCALE: np.ones(1), **draws}).values()))
    if not (found > 0).all():
        raise UsageError(
            "no demand for AI products to move",
            where=scenario.name,
            allowed="a scenario with the programme and its products",
        )
    return found


def demand_where(rising: Callable[[Array, Lanes], Array], lanes: int, most: float) -> Array:
    """The factors on demand at which functions that rise with demand are zero, (lanes,); NaN
    where no factor from 0 to ``most`` makes one zero.

    Args:
        rising: factors and their lanes to values.
        lanes: how many functions.
        most: the greatest factor.
    """
    from scipy.optimize.elementwise import find_root

    ends = np.zeros(lanes), np.full(lanes, most)
    found = find_root(rising, ends, args=(np.arange(lanes),), tolerances={"xrtol": _PRECISION})
    return np.where(found.success, found.x, np.nan)
