"""The drivers: the few assumptions that decide the answer, and what each end of a range moves.

A driver that moves no cash, such as an accounting life, moves earnings: both are given.

    from jcurve.analysis.drivers import drivers

    for driver in drivers(jcurve.scenario("base")):
        print(driver.short_name, driver.effect_at_low, driver.effect_at_high)
"""

from __future__ import annotations

from dataclasses import dataclass

from jcurve.analysis.question import Question
from jcurve.analysis.sensitivity import tornado
from jcurve.assumptions import Assumption, Scenario
from jcurve.ground.project import Project

__all__ = ["EARNINGS_YEAR", "Driver", "driver_items", "drivers"]

GO_FORWARD = "npv.go_forward"
EARNINGS_YEAR = 2028
"""The year whose earnings per share stand beside NPV: the first whole one after the next change
of useful life."""

_DIGITS = 6
"""Of an effect in USD m: what is less is the error of the arithmetic."""

_EARNINGS = f"earnings_per_share@with:{EARNINGS_YEAR}"


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver and what the ends of its range do to go-forward NPV, all others as they are.

    Attributes:
        key, short_name, unit: the assumption; a path by year moves as one, and of a list of
            changes the next one.
        group: drivers of one group count as one; its own name where it stands alone.
        value, low, high: for a reader, such as ``0.08`` or ``2027: 188000; …``.
        kind: what the range rests on.
        value_number, low_number, high_number: the same as numbers; of a path by year those of
            its last year.
        npv_at_low, npv_at_high: go-forward NPV there, USD m; NaN where the end breaks a rule
            between assumptions.
        effect_at_low, effect_at_high: less the scenario's own, USD m.
        earnings_at_low, earnings_at_high: change of diluted earnings per share of
            ``EARNINGS_YEAR``, USD.
    """

    key: str
    short_name: str
    unit: str
    group: str
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
    earnings_at_low: float
    earnings_at_high: float

    @property
    def swing(self) -> float:
        """The larger of the two effects in size, USD m."""
        sizes = [abs(x) for x in (self.effect_at_low, self.effect_at_high) if x == x]
        return max(sizes, default=0.0)


def driver_items(scenario: Scenario) -> tuple[Assumption, ...]:
    """The drivers of a scenario that have a range, in the order of its base."""
    return tuple(item for item in scenario.items if item.level == "driver" and item.has_range)


def drivers(scenario: Scenario, *, project: Project | None = None) -> tuple[Driver, ...]:
    """Every driver at its low and its high, largest effect on go-forward NPV first.

    Args:
        scenario: the values that are not moved.
        project: where the model's data are, None to find it.
    """
    question = Question.of(scenario, (GO_FORWARD, _EARNINGS), project)
    items = driver_items(scenario)
    swings = tornado(question, items, question.valid)
    made = []
    for item, swing in zip(items, swings, strict=True):
        at_low, at_high = swing.at_low, swing.at_high
        own, earned = swing.base[GO_FORWARD], swing.base[_EARNINGS]
        made.append(
            Driver(
                key=item.key,
                short_name=item.name,
                unit=item.unit,
                group=item.group or item.name,
                value=item.text(),
                low=swing.low,
                high=swing.high,
                kind=item.kind,
                value_number=float(item.row()[-1]),
                low_number=float(item.lows()[-1]),
                high_number=float(item.highs()[-1]),
                npv_at_low=at_low[GO_FORWARD],
                npv_at_high=at_high[GO_FORWARD],
                effect_at_low=round(at_low[GO_FORWARD] - own, _DIGITS),
                effect_at_high=round(at_high[GO_FORWARD] - own, _DIGITS),
                earnings_at_low=at_low[_EARNINGS] - earned,
                earnings_at_high=at_high[_EARNINGS] - earned,
            )
        )
    return tuple(sorted(made, key=lambda each: -each.swing))
