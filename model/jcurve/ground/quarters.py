"""Calendar quarters: their labels, their order, their days, and the horizon of the model.

A quarter is its label, so that it stands in tables, files and keys as it is; and it knows the
calendar, so that nobody else cuts a label into pieces. Rows of quarters are arrays: a quarter's
place in one is its distance from the first.

    >>> coming = Quarter("2026Q2").plus(1)
    >>> coming, coming.year, coming.number, coming.words
    ('2026Q3', 2026, 3, '2026 Q3')
    >>> coming - FIRST_QUARTER
    58
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from jcurve.ground.errors import UsageError

QUARTERS_IN_YEAR = 4
_MONTHS_IN_QUARTER = 3
_LABEL = re.compile(r"[0-9]{4}Q[1-4]", re.ASCII)


class Quarter(str):
    """A calendar quarter such as ``2026Q3``; later ones sort after earlier ones.

    Raises:
        UsageError: the label is of another form.
    """

    __slots__ = ()

    def __new__(cls, label: str) -> Self:
        if _LABEL.fullmatch(label) is None:
            raise UsageError("not a quarter", received=label, allowed="a label such as 2026Q3")
        return super().__new__(cls, label)

    @classmethod
    def of(cls, year: int, number: int) -> Self:
        """A quarter of a year; number 0 is the last of the year before, 5 the first after."""
        later, rest = divmod(number - 1, QUARTERS_IN_YEAR)
        return cls(f"{year + later:04d}Q{rest + 1}")

    @classmethod
    def at(cls, index: float) -> Self:
        """The quarter nearest to a distance from the first quarter of the horizon."""
        return cls.of(FIRST_YEAR, round(index) + 1)

    @classmethod
    def on(cls, day: str) -> Self:
        """The quarter in which a day (``2026-07-29``) or month (``2026-07``) falls."""
        return cls.of(int(day[:4]), (int(day[5:7]) - 1) // _MONTHS_IN_QUARTER + 1)

    @classmethod
    def in_time(cls, at: float) -> Self:
        """The quarter in which a decimal year such as 2026.6 falls."""
        return cls.of(int(at), int((at - int(at)) * QUARTERS_IN_YEAR) + 1)

    @classmethod
    def of_fiscal_year(cls, year: str, ends_in_month: int = 12) -> tuple[Self, ...]:
        """The four quarters of a fiscal year that is named for the year in which it ends.

        One that ends within a calendar quarter is taken for the calendar quarters that end
        nearest, a month before or after.
        """
        last = (ends_in_month + 1) // _MONTHS_IN_QUARTER
        return tuple(cls.of(int(year), last + step) for step in (-3, -2, -1, 0))

    @property
    def year(self) -> int:
        """The calendar year."""
        return int(self[:4])

    @property
    def number(self) -> int:
        """Which of the year, from 1."""
        return int(self[5])

    @property
    def end(self) -> float:
        """Its end as a decimal year: 2026.5 for ``2026Q2``."""
        return self.year + self.number / QUARTERS_IN_YEAR

    @property
    def last_day(self) -> datetime.date:
        """Its last day."""
        after = self.plus(1)
        first = datetime.date(after.year, (after.number - 1) * _MONTHS_IN_QUARTER + 1, 1)
        return first - datetime.timedelta(days=1)

    @property
    def words(self) -> str:
        """``2026 Q3``, as a reader has it."""
        return f"{self[:4]} Q{self[5]}"

    def plus(self, steps: int) -> Self:
        """The quarter so many later, earlier when negative."""
        return self.of(self.year, self.number + steps)

    def __sub__(self, other: str) -> int:
        """How many quarters later than another."""
        then = Quarter(other)
        return (self.year - then.year) * QUARTERS_IN_YEAR + self.number - then.number

    def through(self, last: str) -> tuple[Self, ...]:
        """The quarters up to ``last``, both included; none when it is earlier."""
        return tuple(self.plus(step) for step in range(Quarter(last) - self + 1))


FIRST_YEAR, LAST_YEAR = 2012, 2040
FIRST_QUARTER, LAST_QUARTER = Quarter.of(FIRST_YEAR, 1), Quarter.of(LAST_YEAR, 4)
HORIZON = f"{FIRST_QUARTER} to {LAST_QUARTER}"
QUARTER_COUNT = LAST_QUARTER - FIRST_QUARTER + 1


@dataclass(frozen=True)
class Timeline:
    """The quarters of a model from ``first`` to ``last``; both full calendar years.

    Quarter indices count from 0 at ``first``; dates among the assumptions are such indices.
    """

    first: str = FIRST_QUARTER
    last: str = LAST_QUARTER

    def __post_init__(self) -> None:
        if (Quarter(self.first).number, Quarter(self.last).number) != (1, QUARTERS_IN_YEAR):
            raise UsageError(
                "a timeline starts with a year and ends with one",
                received=f"{self.first} to {self.last}",
                allowed="first quarter Q1, last quarter Q4",
            )

    def __len__(self) -> int:
        return Quarter(self.last) - self.first + 1

    @cached_property
    def labels(self) -> tuple[Quarter, ...]:
        """The quarters in order."""
        return Quarter(self.first).through(self.last)

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Calendar years in order."""
        return tuple(range(Quarter(self.first).year, Quarter(self.last).year + 1))

    @cached_property
    def span(self) -> slice:
        """Where its quarters stand in a row over the horizon.

        Raises:
            UsageError: it leaves the horizon.
        """
        start = Quarter(self.first) - FIRST_QUARTER
        if not 0 <= start < start + len(self) <= QUARTER_COUNT:
            given = f"{self.first} to {self.last}"
            raise UsageError("a timeline inside the horizon", received=given, allowed=HORIZON)
        return slice(start, start + len(self))

    def index(self, label: str) -> int:
        """The index of a quarter.

        Raises:
            UsageError: the quarter is malformed or outside the timeline.
        """
        at = Quarter(label) - self.first
        if not 0 <= at < len(self):
            raise UsageError(
                "quarter outside the horizon",
                received=label,
                allowed=f"{self.first} to {self.last}",
            )
        return at

    def year_index(self, label: str) -> int:
        """The position of a calendar year such as ``2026``.

        Raises:
            UsageError: the year is outside the timeline.
        """
        at = int(label) - self.years[0] if label.isdecimal() else -1
        if not 0 <= at < len(self.years):
            raise UsageError(
                "year outside the horizon",
                received=label,
                allowed=f"{self.years[0]} to {self.years[-1]}",
            )
        return at
