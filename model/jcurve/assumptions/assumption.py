"""One assumption: a value with its unit, range, source, date and reason."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from jcurve.assumptions.fields import number_text
from jcurve.assumptions.paths import Array, Path, Value
from jcurve.ground.numbers import readable, span
from jcurve.ground.quarters import Quarter
from jcurve.ground.units import UNITS, Unit

Shape: TypeAlias = Literal["scalar", "by_year", "by_quarter", "changes"]
Distribution: TypeAlias = Literal[
    "pert", "triangular", "normal", "lognormal", "uniform", "discrete", "empirical", "fixed"
]
Level: TypeAlias = Literal["decision", "driver", "detail"]
Kind: TypeAlias = Literal["reported", "guided", "evidence", "estimate", "judgement"]

SHAPES: tuple[Shape, ...] = get_args(Shape)
DISTRIBUTIONS: tuple[Distribution, ...] = get_args(Distribution)
LEVELS: tuple[Level, ...] = get_args(Level)
KINDS: tuple[Kind, ...] = get_args(Kind)

_SLACK = 1e-12


@dataclass(frozen=True)
class Assumption:
    """An assumption as it stands in a scenario."""

    key: str  # dotted name; a family's member is the last segment
    unit: str  # of value, low, high and bounds
    # a number (a quarter's index for ``date``, a position for ``choice``), a
    # :class:`~jcurve.assumptions.paths.Path`, or changes
    value: Value
    distribution: Distribution  # how the value varies between low and high
    label: str  # in words
    kind: Kind  # what the value rests on
    as_of: datetime.date  # of that knowledge
    rationale: str  # why this value and this range

    # low, high: the range of honest doubt, both or neither; a path for a path; of a list of changes
    # the life that a next one could bring
    low: float | Path | None = None
    high: float | Path | None = None
    next: int | None = None  # the quarter's index from which the range of a list of changes holds
    bounds: tuple[float, float] | None = None  # what is accepted at all; None for a choice
    outcomes: tuple[tuple[float, float], ...] = ()  # (value, weight), discrete or empirical
    choices: tuple[str, ...] = ()  # the names a ``choice`` picks from
    derived: bool = False  # computed as the remainder of a mix, never set

    # ``decision`` (what management chooses), ``driver`` (what the answer turns on) or ``detail``
    level: Level = "detail"
    name: str = ""  # of at most four words, for a decision or driver
    group: str = ""  # drivers of one group count as one; empty for a driver of its own
    why_detail: str = ""  # why it is no driver, for a detail that moves more than some driver does
    low_factor: float | None = None  # the factor on the value that low was given as, and high
    high_factor: float | None = None
    source: tuple[str, ...] = ()  # keys of sources and evidence
    why: str = ""  # why it differs from the base scenario; empty where it does not
    set_by: str = ""  # name of the scenario that set the value last, or ``override``
    where: str = ""  # file and line of that
    stated: Assumption | None = None  # see :attr:`book`

    def holding(self) -> Assumption:
        """This assumption, whose numbers are finite and in order at all times.

        Raises:
            ValueError: they are not.
        """
        if self.value == ():
            return self
        spread = [row for row in (self._row(self.low), self._row(self.high)) if row is not None]
        rows = [*spread[:1], self.row(), *spread[1:]]
        if not all(np.isfinite(row).all() for row in rows):
            raise ValueError("a value is not finite")
        if self.bounds is not None:
            floor, ceiling = self.bounds
            rows = [np.array([floor]), *rows, np.array([ceiling])]
        in_order = itertools.pairwise(rows)
        if any((b < a - _SLACK * np.maximum(1, abs(a))).any() for a, b in in_order):
            raise ValueError("not in order: bound, low, value, high, bound")
        return self

    @property
    def shape(self) -> Shape:
        """Of the value."""
        return shape_of(self.value)

    @property
    def measure(self) -> Unit:
        """The unit as an object."""
        return UNITS[self.unit]

    @property
    def book(self) -> Assumption:
        """This assumption as the file that last stated its range has it.

        A value set later widens the range in which it varies, so that it can be drawn. What the
        evidence says does not move with it: verdicts on a value come from here.
        """
        return self.stated or self

    @property
    def has_range(self) -> bool:
        """Whether low and high are given and differ somewhere."""
        low, high = self._row(self.low), self._row(self.high)
        return low is not None and high is not None and bool((high > low).any())

    def row(self) -> Array:
        """The value in each period of the horizon: (1,), (years,) or (quarters,); of a list of
        changes the life after the last of them.

        Raises:
            TypeError: the value is a list of changes without any.
        """
        if isinstance(self.value, tuple):
            if not self.value:
                raise TypeError(f"{self.key} is a list of no changes")
            return np.array([self.value[-1].life])
        found = self._row(self.value)
        assert found is not None
        return found

    def lows(self) -> Array:
        """``low`` in the shape of :meth:`row`; the value itself where there is no range."""
        found = self._row(self.low)
        return self.row() if found is None else found

    def highs(self) -> Array:
        """``high`` in the shape of :meth:`row`; the value itself where there is no range."""
        found = self._row(self.high)
        return self.row() if found is None else found

    def text(self, value: Value | None = None) -> str:
        """A value of this assumption for a reader, by default its own; no unit.

        Special cases: a path lists its points, changes their dates and lives.
        """
        shown = self.value if value is None else value
        if isinstance(shown, Path):
            points = (f"{shown.label(p)}: {self._number(v)}" for p, v in shown.points)
            return "; ".join(points)
        if isinstance(shown, tuple):
            changes = (f"{number_text(c.date, 'date')}: {number_text(c.life)}" for c in shown)
            return "; ".join(changes) or "none"
        return self._number(shown)

    @property
    def called(self) -> str:
        """The short name, the label where it has none."""
        return self.name or self.label

    def shown(self, value: Value | None = None) -> str:
        """A value for a reader with its unit, by default its own."""
        return readable(self.text(value), self.unit)

    @property
    def evidence(self) -> str:
        """The range of the evidence for a reader: factors where it was given so, of a path its
        first and last date; empty where there is none."""
        book = self.book
        low, high = book.low, book.high
        if low is None or high is None or book.derived:
            return ""
        if book.low_factor is not None and book.high_factor is not None:
            return f"{book.low_factor:g} to {book.high_factor:g} times"
        if not isinstance(low, Path) or not isinstance(high, Path):
            return span(book.shown(low), book.shown(high))
        return "; ".join(
            f"{low.label(at)}: {span(book.shown(low.at(at)), book.shown(high.at(at)))}"
            for at in dict.fromkeys((low.periods[0], low.periods[-1]))
        )

    def range_text(self) -> tuple[str, str]:
        """Low and high of the evidence for a reader, empty where there are none; of a list of
        changes with the date of the next one."""
        book = self.book
        at = "" if book.next is None else f" from {Quarter.at(book.next)}"
        low, high = (
            "" if limit is None else book.text(limit) + at for limit in (book.low, book.high)
        )
        return low, high

    def _number(self, value: float) -> str:
        return number_text(value, self.unit, self.choices)

    def _row(self, value: float | Path | None) -> Array | None:
        if value is None:
            return None
        return value.over() if isinstance(value, Path) else np.array([value])


def shape_of(value: Value) -> Shape:
    """One value, a path by year or by quarter, or a list of life changes."""
    if isinstance(value, Path):
        return "by_year" if value.by == "year" else "by_quarter"
    return "changes" if isinstance(value, tuple) else "scalar"
