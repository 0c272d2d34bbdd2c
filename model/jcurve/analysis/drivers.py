"""The drivers: the few assumptions that decide the answer, and what each end of a range moves.

import jcurve

for driver in jcurve.analysis.drivers(jcurve.scenario("base")):
    print(driver.short_name, driver.effect_at_low, driver.effect_at_high)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jcurve.analysis.question import Question
from jcurve.analysis.sensitivity import tornado
from jcurve.assumptions import Assumption, Scenario
from jcurve.project import Project

__all__ = ["Driver", "driver_items", "drivers"]

GO_FORWARD = "npv.go_forward"

_DRIVERS: Mapping[str, str] = MappingProxyType(
    {
        "capex.total": "Capex of the planned years",
        "fleet.share": "Fleet over the frontier's",
        "fleet.years": "Years to that fleet",
        "capex.servers_share": "Servers in AI capex",
        "capex.machine_servers_share": "Servers in machines",
        "compute.list_price": "Price of compute",
        "life.physical.accelerators": "Physical life",
        "capex.property_per_revenue": "Property per revenue",
        "capex.property_depreciation": "Depreciation of property",
        "capex.maintenance": "Maintenance AI capex",
        "advertising.compute_elasticity": "Advertising response",
        "advertising.excess_kept": "Excess growth kept",
        "advertising.excess_years": "Years of excess growth",
        "market.growth": "Market growth, near",
        "market.growth_far": "Market growth, far",
        "advertising.contribution": "Contribution of advertising",
        "compute.training_share": "Training share",
        "demand.agents": "Demand for agents",
        "demand.assistant": "Demand for the assistant",
        "demand.other": "Demand for other products",
        "demand.growth_far": "Growth of demand, far",
        "products.compute_cost": "Compute cost of products",
        "products.compute_cost_fall": "Fall of that cost",
        "products.compute_cost_floor": "Floor of that cost",
        "products.training_elasticity": "Demand from training",
        "rent.over_cost": "Rent over cost",
        "leasing.depth_share": "Depth of leasing",
        "talent.yearly_cost": "Talent",
        "programme.committed_share": "Committed hardware",
        "sector.spending_growth": "Growth of rivals' spending",
        "returns.wacc": "WACC",
        "returns.terminal_growth": "Terminal growth",
    }
)


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver and what the ends of its range do to go-forward NPV, all others as they are.

    Attributes:
        key, short_name, unit: the assumption; a path by year moves as one.
        value, low, high: for a reader, such as ``0.08`` or ``2027: 188000; …``.
        kind: what the range rests on.
        value_number, low_number, high_number: the same as numbers; of a path by year those of
            its last year.
        npv_at_low, npv_at_high: go-forward NPV there, USD m; NaN where the end breaks a rule
            between assumptions.
        effect_at_low, effect_at_high: less the scenario's own, USD m.
    """

    key: str
    short_name: str
    unit: str
    value: str
    low: str
    high: str
    kind: str
    value_number: float
    low_number: float
    high_number: float
    npv_at_low: float
    npv_at_high: float
    effect_at_low: float
    effect_at_high: float

    @property
    def swing(self) -> float:
        """The larger of the two effects in size, USD m."""
        sizes = [abs(x) for x in (self.effect_at_low, self.effect_at_high) if x == x]
        return max(sizes, default=0.0)


def driver_items(scenario: Scenario) -> tuple[Assumption, ...]:
    """The drivers of a scenario that have a range, in the order of the list."""
    found = (scenario.assumptions.get(key) for key in _DRIVERS)
    return tuple(item for item in found if item is not None and item.has_range and not item.derived)


def drivers(scenario: Scenario, *, project: Project | None = None) -> tuple[Driver, ...]:
    """Every driver at its low and its high, largest effect on go-forward NPV first.

    Args:
        scenario: the values that are not moved.
        project: where the model's data are, None to find it.
    """
    question = Question.of(scenario, GO_FORWARD, project)
    items = driver_items(scenario)
    swings = tornado(question, items, question.valid)
    made = []
    for item, swing in zip(items, swings, strict=True):
        own, at_low, at_high = (
            values[GO_FORWARD] for values in (swing.base, swing.at_low, swing.at_high)
        )
        made.append(
            Driver(
                key=item.key,
                short_name=_DRIVERS[item.key],
                unit=item.unit,
                value=item.text(item.value),
                low=swing.low,
                high=swing.high,
                kind=item.kind,
                value_number=float(item.row()[-1]),
                low_number=float(item.lows()[-1]),
                high_number=float(item.highs()[-1]),
                npv_at_low=at_low,
                npv_at_high=at_high,
                effect_at_low=at_low - own,
                effect_at_high=at_high - own,
            )
        )
    return tuple(sorted(made, key=lambda each: -each.swing))
