"""Calendar quarters as indices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jcurve.ground.errors import UsageError

__all__ = ["QUARTERS_IN_YEAR", "Timeline", "quarter_label", "quarter_number"]

QUARTERS_IN_YEAR = 4
_LABEL = re.compile(r"(\d{4})Q([1-4])\Z")


def quarter_number(label: str) -> int:
    """Quarters since year 0: ``2026Q3`` gives 4 x 2026 + 2.

    Raises:
        UsageError: ``label`` is not of the form ``2026Q3``.
    """
    match = _LABEL.match(label)
    if match is None:
        raise UsageError("not a quarter", received=label, allowed="a label such as 2026Q3")
    return int(match[1]) * QUARTERS_IN_YEAR + int(match[2]) - 1


def quarter_label(number: int) -> str:
    """The label of a quarter number, the inverse of :func:`quarter_number`."""
    return f"{number // QUARTERS_IN_YEAR}Q{number % QUARTERS_IN_YEAR + 1}"


@dataclass(frozen=True)
class Timeline:
    """The quarters of a model from ``first`` to ``last``; both full calendar years.

    Quarter indices count from 0 at ``first``; dates among the assumptions are such indices.
    """

    first: str = "2012Q1"
    last: str = "2040Q4"

    def __post_init__(self) -> None:
        if quarter_number(self.first) % QUARTERS_IN_YEAR or self.last[-1] != "4":
            raise UsageError(
                "a timeline starts with a year and ends with one",
                received=f"{self.first} to {self.last}",
                allowed="first quarter Q1, last quarter Q4",
            )

    def __len__(self) -> int:
        return quarter_number(self.last) - quarter_number(self.first) + 1

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Quarter labels in order."""
        start = quarter_number(self.first)
        return tuple(quarter_label(start + i) for i in range(len(self)))

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Calendar years in order."""
        return tuple(range(int(self.first[:4]), int(self.last[:4]) + 1))

    def index(self, label: str) -> int:
        """The index of a quarter.

        Raises:
            UsageError: the quarter is malformed or outside the timeline.
        """
        at = quarter_number(label) - quarter_number(self.first)
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

    def by_year(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """A view of (quarter, scenario) rows as (year, quarter of year, scenario)."""
        return rows.reshape(len(self.years), QUARTERS_IN_YEAR, rows.shape[1])
