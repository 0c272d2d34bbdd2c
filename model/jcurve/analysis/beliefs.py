"""The map of beliefs: what the plan is worth, and which size is best, over the two things that
nobody can measure yet: how advertising responds to compute, and what AI products will earn.

Demand is one factor on all AI products, read as their revenue of one year in dollars, at the
plan's compute.

    found = belief_map(jcurve.scenario("base"))
    found.value[0, 0]          # go-forward NPV, USD m, at the lowest response and demand
    found.right_size           # revenue at which the plan is the right size, by response
"""

from __future__ import annotations

from dataclasses import dataclass

from jcurve.analysis.question import Array

__all__ = ["BeliefMap", "Belief", "belief_map"]


@dataclass(frozen=True, slots=True)
class Belief:
    """A labelled reading, drawn as a mark or a band.

    Attributes:
        axis: ``elasticity`` or ``revenue``.
        label: who says it.
        value, low, high: on that axis; revenue in USD m of the map's year.
        kind: ``evidence``, ``judgement`` or ``case``.
        says: how it was read, for a note.
        evidence: keys of what it rests on.
    """

    axis: str
    label: str
    value: float
    low: float
    high: float
    kind: str
    says: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BeliefMap:
    """The plan over two beliefs.

    Attributes:
        scenario: which case holds all else.
        year: of the product revenue, 2030.
        elasticities: (columns,), response of advertising to ranking compute.
        factors: (rows,), on the scenario's demand for every AI product.
        revenues: (rows,), product revenue of the year that a factor means, USD m.
        value: (rows, columns), go-forward NPV of the plan against stopping, USD m.
        best: (rows, columns), best size, 0 to ``most`` times the plan.
        most: the largest size looked at; what is best there may lie beyond.
        right_size: (columns,), product revenue at which the plan is the right size, USD m; NaN
            where no demand that was looked at makes it so.
        break_even: (columns,), product revenue at which the plan is worth as much as stopping,
            USD m; NaN likewise.
        elasticity_range, revenue_range: low and high of the evidence.
        case: where the scenario stands: elasticity and product revenue.
        readings: labelled readings on both axes.
    """

    scenario: str
    year: int
    elasticities: Array
    factors: Array
    revenues: Array
    value: Array
    best: Array
    most: float
    right_size: Array
    break_even: Array
    elasticity_range: tuple[float, float]
    revenue_range: tuple[float, float]
    case: tuple[float, float]
    readings: tuple[Belief, ...]
