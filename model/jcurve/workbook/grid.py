"""Where things stand: one scheme of columns for every sheet of rows.

Label columns, one cell for a single value, the years, the quarters. A period stands in the
same column of each sheet, so that a formula reads straight across, and the formula of one
quarter is that of the next moved by a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from jcurve.engine.timeline import Timeline
from jcurve.ground.quarters import QUARTERS_IN_YEAR

__all__ = [
    "FIRST_ROW",
    "HEADER_ROW",
    "VALUE",
    "Cell",
    "Grid",
    "Name",
    "Piece",
    "Range",
    "Ref",
    "Row",
    "column",
    "quoted",
]

NAME, UNIT, DEFINITION, VALUE = 0, 1, 2, 3
_FIRST_YEAR = VALUE + 1
HEADER_ROW = 3
"""The row of column heads, counted from 0."""

FIRST_ROW = HEADER_ROW + 1


@lru_cache(maxsize=1024)
def column(at: int) -> str:
    """The letters of a column counted from 0."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def quoted(sheet: str) -> str:
    """A sheet's name as formulas spell it."""
    return f"'{sheet}'" if not sheet.isidentifier() else sheet


@dataclass(frozen=True, slots=True)
class Row:
    """A row of cells on a sheet; ``row`` counts from 0."""

    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class Ref:
    """The cell of ``place`` in the formula's own period, or ``offset`` quarters from it;
    ``before`` stands for it ahead of the first quarter."""

    place: Row
    offset: int = 0
    before: Piece = "0"


@dataclass(frozen=True, slots=True)
class Range:
    """Several quarters of ``place``: ``all``, the period's ``year``, or the year ``to_date``.
    ``before`` is every quarter ahead of the formula's own, its label cells in the first;
    ``one_year`` is the one cell of the period's year, ``last`` the year's last quarter."""

    place: Row
    span: str = "all"


@dataclass(frozen=True, slots=True)
class Cell:
    """One fixed cell."""

    sheet: str
    row: int
    column: int = VALUE


@dataclass(frozen=True, slots=True)
class Name:
    """A defined name."""

    text: str


Piece: TypeAlias = "str | Ref | Range | Cell | Name"
"""A part of a formula: text, or what it refers to."""


class Grid:
    """The columns of a timeline.

    Attributes:
        years, quarters: how many.
        first_year, first_quarter: their first columns, counted from 0.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.labels = timeline.labels
        self.year_labels = tuple(map(str, timeline.years))
        self.years, self.quarters = len(self.year_labels), len(self.labels)
        self.first_year = _FIRST_YEAR
        self.first_quarter = self.first_year + self.years
        self._spelled: dict[tuple[Piece, str, bool], tuple[str, ...]] = {}

    def quarter(self, at: int) -> int:
        """The column of a quarter."""
        return self.first_quarter + at

    def year(self, at: int) -> int:
        """The column of a year."""
        return self.first_year + at

    @property
    def last_column(self) -> int:
        """The column of the last quarter."""
        return self.first_quarter + self.quarters - 1

    def formulas(self, pieces: tuple[Piece, ...], host: str) -> list[str]:
        """The formula in every quarter of a row on the sheet ``host``."""
        return self._over(pieces, host, False)

    def annual_formulas(self, pieces: tuple[Piece, ...], host: str) -> list[str]:
        """The formula in every year of a row on the sheet ``host``."""
        return self._over(pieces, host, True)

    @staticmethod
    def lead(pieces: tuple[Piece, ...]) -> int:
        """For how many first quarters a formula reaches before the timeline."""
        back = [-piece.offset for piece in pieces if isinstance(piece, Ref)]
        back += [1 for piece in pieces if isinstance(piece, Range) and piece.span == "before"]
        return max(back, default=0)

    def single(self, pieces: tuple[Piece, ...], host: str) -> str:
        """The formula of one cell, whose pieces follow no period."""
        return "=" + "".join(
            piece if isinstance(piece, str) else self._spell(piece, host, 0, False)
            for piece in pieces
        )

    def _over(self, pieces: tuple[Piece, ...], host: str, annual: bool) -> list[str]:
        count = self.years if annual else self.quarters
        columns = [
            (piece,) * count if isinstance(piece, str) else self._all(piece, host, annual)
            for piece in pieces
        ]
        return ["=" + "".join(parts) for parts in zip(*columns, strict=True)]

    def _all(self, piece: Piece, host: str, annual: bool) -> tuple[str, ...]:
        key = (piece, host, annual)
        found = self._spelled.get(key)
        if found is None:
            count = self.years if annual else self.quarters
            found = tuple(self._spell(piece, host, at, annual) for at in range(count))
            self._spelled[key] = found
        return found

    def _spell(self, piece: Piece, host: str, at: int, annual: bool) -> str:
        if isinstance(piece, str):
            return piece
        if isinstance(piece, Name):
            return piece.text
        if isinstance(piece, Cell):
            prefix = "" if piece.sheet == host else f"{quoted(piece.sheet)}!"
            return f"{prefix}${column(piece.column)}${piece.row + 1}"
        place = piece.place
        prefix = "" if place.sheet == host else f"{quoted(place.sheet)}!"
        number = place.row + 1
        if isinstance(piece, Range):
            if piece.span == "all":
                first, last = column(self.quarter(0)), column(self.last_column)
                return f"{prefix}${first}${number}:${last}${number}"
            if piece.span == "before":
                last = column(self.quarter(max(at - 1, 0)) - (at == 0))
                first = column(self.quarter(0) - (at == 0))
                return f"{prefix}${first}{number}:{last}{number}"
            year = at if annual else at // QUARTERS_IN_YEAR
            start = self.quarter(year * QUARTERS_IN_YEAR)
            if piece.span == "one_year":
                return f"{prefix}{column(self.year(year))}{number}"
            if piece.span == "last":
                return f"{prefix}{column(start + QUARTERS_IN_YEAR - 1)}{number}"
            stop = start + QUARTERS_IN_YEAR - 1 if piece.span == "year" else self.quarter(at)
            return f"{prefix}{column(start)}{number}:{column(stop)}{number}"
        if annual:
            return f"{prefix}{column(self.year(at))}{number}"
        moved = at + piece.offset
        if moved < 0:
            return self._spell(piece.before, host, at, annual)
        return f"{prefix}{column(self.quarter(moved))}{number}"
