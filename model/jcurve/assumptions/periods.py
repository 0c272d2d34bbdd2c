"""Years and quarters of the horizon, as labels and as numbers."""

from __future__ import annotations

import re

__all__ = [
    "FIRST_QUARTER",
    "FIRST_YEAR",
    "HORIZON",
    "LAST_QUARTER",
    "LAST_YEAR",
    "QUARTERS_IN_YEAR",
    "QUARTER_COUNT",
    "quarter_index",
    "quarter_label",
]

QUARTERS_IN_YEAR = 4
FIRST_YEAR, LAST_YEAR = 2012, 2040
FIRST_QUARTER, LAST_QUARTER = f"{FIRST_YEAR}Q1", f"{LAST_YEAR}Q4"
HORIZON = f"{FIRST_QUARTER} to {LAST_QUARTER}"
QUARTER_COUNT = (LAST_YEAR - FIRST_YEAR + 1) * QUARTERS_IN_YEAR
_LABEL = re.compile(r"([0-9]{4})Q([1-4])", re.ASCII)


def quarter_index(label: str) -> int:
    """Quarters from 2012Q1, below 0 before it.

    Raises:
        ValueError: the label is not of the form ``2026Q3``.
    """
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ValueError(f"not a quarter: {label}")
    return (int(match[1]) - FIRST_YEAR) * QUARTERS_IN_YEAR + int(match[2]) - 1


def quarter_label(index: float) -> str:
    """The label of the quarter nearest to ``index``, the inverse of :func:`quarter_index`."""
    year, quarter = divmod(round(index), QUARTERS_IN_YEAR)
    return f"{FIRST_YEAR + year}Q{quarter + 1}"
