"""Calendar quarters as indices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import FIRST_QUARTER, LAST_QUARTER, QUARTERS_IN_YEAR, Quarter


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
