"""One and two at a time: the tornado, the drivers and the two-way grid, each in one batch.

Drivers are the few assumptions that decide the answer. One that moves no cash, such as an
accounting life, moves earnings: both are given.

    for driver in drivers(jcurve.scenario("base")):
        print(driver.short_name, driver.effect_at_low, driver.effect_at_high)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.question import Array, Ask, Draws, Mask, Question
from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

GO_FORWARD = "npv.go_forward"
EARNINGS_YEAR = 2028
"""The year whose earnings per share stand beside NPV: the first whole one after the next change
of useful life."""
_EARNINGS = f"earnings_per_share@with:{EARNINGS_YEAR}"
_DIGITS = 6  # Of an effect in USD m: what is less is the error of the arithmetic

Valid = Callable[[Draws], Mask]


@dataclass(frozen=True, slots=True)
class Swing:
    """What one assumption's own range does to the outputs, all others as they are."""

    key: str  # key, label, unit: the assumption
    label: str
    unit: str
    low: str  # low, high: its range for a reader
    high: str
    kind: str  # what the range rests on
    # at_low, at_high: each output there, by name; NaN where it has no answer, or where the end
    # breaks a rule between assumptions
    at_low: dict[str, float]
    at_high: dict[str, float]
    base: dict[str, float]  # each output with nothing changed
    broken: tuple[str, ...] = ()  # the ends that break a rule: ``low``, ``high`` or both

    def spread(self, output: str) -> float:
        """The largest less the smallest of the output at low, base and high: NaN where fewer
        than two of them have an answer."""
        values = (self.at_low[output], self.base[output], self.at_high[output])
        known = [value for value in values if not np.isnan(value)]
        return max(known) - min(known) if len(known) > 1 else float("nan")

    def decides(self, output: str) -> bool:
        """Whether the range decides if the output has an answer at all."""
        missing = {
            bool(np.isnan(value))
            for name, value in (
                ("low", self.at_low[output]),
                ("", self.base[output]),
                ("high", self.at_high[output]),
            )
            if name not in self.broken
        }
        return len(missing) > 1


def ranged(scenario: Scenario) -> tuple[Assumption, ...]:
    """Every assumption with a range, in the order of the scenario; no remainder of a mix."""
    return tuple(item for item in scenario.items if item.has_range and not item.derived)


def at_value(item: Assumption) -> float:
    """The draw that leaves an assumption as it is: its value, or position 0 of a path."""
    return 0.0 if isinstance(item.value, Path) else float(item.row()[0])


def ends(item: Assumption) -> tuple[float, float]:
    """The draws at low and high: values, or positions -1 and 1 of a path."""
    if isinstance(item.value, Path):
        return -1.0, 1.0
    return float(item.lows()[0]), float(item.highs()[0])


def through(item: Assumption, steps: int) -> Array:
    """Draws from low over the assumption's own value to high, ``steps`` on either side of it; fewer
    where they coincide."""
    value, (low, high) = at_value(item), ends(item)
    sides = np.linspace(low, value, steps + 1), np.linspace(value, high, steps + 1)
    return np.unique(np.concatenate(sides))


def tornado(ask: Ask, items: Sequence[Assumption], valid: Valid) -> tuple[Swing, ...]:
    """Every assumption at its own low and high, in one batch of ``2 n + 1`` scenarios.

    Args:
        ask: the question; its outputs are single values, not whole lines.
        items: assumptions with a range.
        valid: which draws keep the rules between assumptions.

    Returns:
        One swing an assumption, in the order given; see :func:`ranked`.
    """
    width = 2 * len(items) + 1
    draws = {item.key: np.full(width, at_value(item)) for item in items}
    for at, item in enumerate(items):
        draws[item.key][2 * at : 2 * at + 2] = ends(item)
    answers = ask(draws)
    kept = np.broadcast_to(valid(draws), (width,))
    values = {name: np.where(kept, row, np.nan) for name, row in answers.items()}

    def column(at: int) -> dict[str, float]:
        return {name: float(row[at]) for name, row in values.items()}

    base = {name: float(row[-1]) for name, row in answers.items()}
    return tuple(
        Swing(
            key=item.key,
            label=item.label,
            unit=item.unit,
            low=item.text(item.low),
            high=item.text(item.high),
            kind=item.kind,
            at_low=column(2 * at),
            at_high=column(2 * at + 1),
            base=base,
            broken=tuple(
                end for end, place in (("low", 2 * at), ("high", 2 * at + 1)) if not kept[place]
            ),
        )
        for at, item in enumerate(items)
    )


def ranked(swings: Sequence[Swing], output: str) -> tuple[Swing, ...]:
    """Swings that matter most to an output first.

    Ranges that decide whether there is an answer at all come before the rest; those that
    move nothing come last, in the order given.
    """

    def rank(swing: Swing) -> tuple[bool, float]:
        spread = swing.spread(output)
        return not swing.decides(output), -(0.0 if np.isnan(spread) else spread)

    if swings and output not in swings[0].base:
        raise UsageError("not asked for", received=output, allowed=", ".join(swings[0].base))
    return tuple(sorted(swings, key=rank))


@dataclass(frozen=True, slots=True)
class Grid:
    """Outputs over two assumptions at once."""

    across: str  # across, down: keys
    down: str
    xs: Array  # xs, ys: draws, (columns,) and (rows,): values, or positions of a path
    ys: Array
    values: dict[str, Array]  # (rows, columns) by output; NaN where there is no answer
    # (rows, columns), false where a rule between assumptions breaks; such cells have no answer
    valid: Mask


def grid(ask: Ask, across: tuple[str, Array], down: tuple[str, Array], valid: Valid) -> Grid:
    """Two assumptions over a grid, in one batch.

    Args:
        ask: the question.
        across, down: key and draws of each.
        valid: see :func:`tornado`.

    Raises:
        UsageError: one assumption given twice.
    """
    (x_key, xs), (y_key, ys) = across, down
    if x_key == y_key:
        raise UsageError("a grid is over two assumptions", received=x_key)
    draws = {x_key: np.tile(xs, ys.size), y_key: np.repeat(ys, xs.size)}
    shape = (ys.size, xs.size)
    kept = np.broadcast_to(valid(draws), (xs.size * ys.size,)).reshape(shape)
    values = {
        name: np.where(kept, np.broadcast_to(row, (xs.size * ys.size,)).reshape(shape), np.nan)
        for name, row in ask(draws).items()
    }
    return Grid(x_key, y_key, xs, ys, values, kept)


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver and what the ends of its range do to go-forward NPV, all others as they are."""

    # key, short_name, unit: the assumption; a path by year moves as one, and of a list of changes
    # the next one
    key: str
    short_name: str
    unit: str
    group: str  # drivers of one group count as one; its own name where it stands alone
    value: str  # value, low, high: for a reader, such as ``0.08`` or ``2027: 188000; …``
    low: str
    high: str
    kind: str  # what the range rests on
    # value_number, low_number, high_number: the same as numbers; of a path by year those of its
    # last year
    value_number: float
    low_number: float
    high_number: float
    # npv_at_low, npv_at_high: go-forward NPV there, USD m; NaN where the end breaks a rule between
    # assumptions
    npv_at_low: float
    npv_at_high: float
    effect_at_low: float  # effect_at_low, effect_at_high: less the scenario's own, USD m
    effect_at_high: float
    # earnings_at_low, earnings_at_high: change of diluted earnings per share of ``EARNINGS_YEAR``,
    # USD
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
