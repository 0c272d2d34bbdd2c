"""Values that move with time: points by year or by quarter, and a rule for what lies between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.ground.quarters import FIRST_YEAR, LAST_YEAR, QUARTER_COUNT, QUARTERS_IN_YEAR, Quarter

Array: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Between: TypeAlias = Literal["linear", "geometric", "hold"]
Period: TypeAlias = Literal["year", "quarter"]

BETWEEN: tuple[Between, ...] = ("linear", "geometric", "hold")
"""The rules for what lies between the points of a dated value."""

DATE, SWITCH, CHOICE = "date", "switch", "choice"
"""Units of what is no plain number: a quarter, 0 or 1, one of the names that are listed."""

_FIRST: dict[str, int] = {"year": FIRST_YEAR, "quarter": 0}
_LAST: dict[str, int] = {"year": LAST_YEAR, "quarter": QUARTER_COUNT - 1}


@dataclass(frozen=True, slots=True)
class Path:
    """A dated value.

    The first and the last point hold outside them. Between points ``linear`` moves evenly
    from one period to the next, ``geometric`` at an even rate of growth,
    ``hold`` keeps the earlier point until the next one.
    """

    by: Period  # what the periods are: calendar years, or quarters counted from 2012Q1
    between: Between  # the rule
    points: tuple[tuple[int, float], ...]  # (period, value), periods rising, at least one

    @property
    def first(self) -> int:
        """The first period of the horizon."""
        return _FIRST[self.by]

    @property
    def last(self) -> int:
        """The last period of the horizon."""
        return _LAST[self.by]

    @property
    def periods(self) -> tuple[int, ...]:
        """The periods of the points."""
        return tuple(period for period, _ in self.points)

    def label(self, period: int) -> str:
        """``2027`` or ``2027Q1``."""
        return str(period) if self.by == "year" else Quarter.at(period)

    def over(self, periods: Iterable[int] | None = None) -> Array:
        """The value in each of ``periods``, by default all of the horizon."""
        wanted = np.arange(self.first, self.last + 1) if periods is None else np.array([*periods])
        at, values = np.array(self.points, dtype=np.float64).T
        if self.between == "linear":
            return np.asarray(np.interp(wanted, at, values))
        if self.between == "geometric":
            return np.asarray(np.exp(np.interp(wanted, at, np.log(values))))
        return np.asarray(values[np.maximum(np.searchsorted(at, wanted, side="right") - 1, 0)])

    def at(self, period: int) -> float:
        """The value in one period."""
        return float(self.over([period])[0])

    def quarters(self) -> Array:
        """The value in every quarter of the horizon; a year's value in each of its quarters."""
        own = self.over()
        return own if self.by == "quarter" else np.repeat(own, QUARTERS_IN_YEAR)

    def with_point(self, period: int, value: float) -> Path:
        """The path with another value in one period and every other period as it was."""
        points = dict(self.points)
        for neighbour in (period - 1, period + 1):
            if self.first <= neighbour <= self.last:
                points.setdefault(neighbour, self.at(neighbour))
        points[period] = value
        return replace(self, points=tuple(sorted(points.items())))

    def each(self, change: Callable[[float], float]) -> Path:
        """The path with ``change`` applied to every point."""
        return replace(self, points=tuple((period, change(value)) for period, value in self.points))


@dataclass(frozen=True, slots=True)
class Change:
    """From the quarter with this index (0 is 2012Q1) the life is this many years."""

    date: int
    life: float


def changes_text(changes: tuple[Change, ...]) -> str:
    """Changes of a life as a scenario file has them: ``{2022Q4: 5, 2025Q1: 5.5}``."""
    each = (f"{Quarter.at(change.date)}: {change.life:.12g}" for change in changes)
    return f"{{{', '.join(each)}}}"


Value: TypeAlias = float | Path | tuple[Change, ...]


def combine(
    change: Callable[[float, float], float], one: float | Path, other: float | Path
) -> float | Path:
    """``change`` of two values, a dated one at the points of both; periods must be alike."""
    if isinstance(one, Path):
        if not isinstance(other, Path):
            return one.each(lambda value: change(value, other))
        periods = sorted({*one.periods, *other.periods})
        pairs = zip(periods, one.over(periods), other.over(periods), strict=True)
        return replace(one, points=tuple((p, change(float(a), float(b))) for p, a, b in pairs))
    if isinstance(other, Path):
        return other.each(lambda value: change(one, value))
    return change(one, other)
