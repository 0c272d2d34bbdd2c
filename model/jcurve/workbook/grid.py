"""Where things stand: the sheets, one scheme of columns for all of them, and references to cells.

Label columns, one cell for a single value, the years, the quarters. A period stands in the
same column of each sheet, so that a formula reads straight across, and the formula of one
quarter is that of the next moved by a column.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any, TypeAlias

from jcurve.engine.model import VIEWS, WORLDS
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Timeline

TABLES: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("tables.toml").read_text(encoding="utf-8")
)
"""What the workbook says and how it looks."""


class Tab:
    """The sheets by name."""

    FRONT, SUMMARY, CHANGES, NAMES = "Front", "Summary", "Changes", "Names"
    HISTORY = "History"
    DRIVERS, INPUTS, DATED = "Drivers", "Inputs", "Inputs by year"
    SCENARIOS, BY_YEAR = "Scenarios", "Scenarios by year"
    SHARED_ROWS, DIFFERENCES, CONSTANTS = "Shared", "Differences", "Constants"
    STATEMENTS, RETURNS, RATES, CHECKS = "Statements", "Returns", "Rates", "Checks"
    SOURCES, LISTS, MARKS = "Sources", "Lists", "Marks"


class At:
    """The columns of labels and of single values, counted from 0."""

    NAME, UNIT, DEFINITION, SOURCE, VALUE = range(5)


WORLD_SHEETS: Mapping[str, str] = {world: world.capitalize() for world in WORLDS}
SHEETS = (
    Tab.FRONT, Tab.SUMMARY, Tab.DRIVERS, Tab.INPUTS, Tab.DATED, Tab.CHANGES, Tab.STATEMENTS,
    Tab.RETURNS, Tab.CHECKS, *WORLD_SHEETS.values(), Tab.DIFFERENCES, Tab.SHARED_ROWS, Tab.HISTORY,
    Tab.CONSTANTS, Tab.RATES, Tab.SCENARIOS, Tab.BY_YEAR, Tab.NAMES, Tab.SOURCES, Tab.LISTS,
    Tab.MARKS,
)  # fmt: skip
"""All sheets in the order of their tabs; the last two are hidden."""

TAG_TITLES: Mapping[str, str] = {
    "with": "with the programme",
    "without": "without the programme",
    "stopped": "stopped at the valuation date",
    "programme": "programme (with less without)",
    "go_forward": "go-forward (with less stopped)",
    "": "same in every world",
}
"""What each world and view is called for a reader."""

TAG_HEADS: Mapping[str, str] = {
    tag: tag.replace("_", "-").capitalize() or "All worlds" for tag in TAG_TITLES
}
"""The same as heads of columns."""

NEVER = "never"  # What a cell for a quarter holds when the quarter is after the horizon

HEADER_ROW = 3  # The row of column heads, counted from 0

OPENING = 9
"""Columns ahead of the first quarter: blank, so that a look back so far is one formula along a
row; the last holds the value with which a balance opens."""

FIRST_ROW = HEADER_ROW + 1
_LOOKS_LIKE_A_CELL = re.compile(r"[a-z]{1,3}[0-9]+|r[0-9]*c?[0-9]*|c[0-9]*", re.IGNORECASE)

if set(TAG_TITLES) - {""} != {*WORLDS, *VIEWS}:
    raise ModelError("a world or view has no title")


def input_names(keys: Iterable[str]) -> dict[str, str]:
    """The defined name of each assumption: its key with ``_`` for every dot.

    >>> input_names(["returns.wacc", "rc"])
    {'returns.wacc': 'returns_wacc', 'rc': 'rc_'}
    """
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for key in keys:
        name = key.replace(".", "_")
        if _LOOKS_LIKE_A_CELL.fullmatch(name):
            name += "_"
        if name in taken:
            raise ModelError("two inputs share a name", received=f"{taken[name]} and {key}")
        taken[name] = key
        found[key] = name
    return found


@lru_cache(maxsize=1024)
def column(at: int) -> str:
    """The letters of a column counted from 0."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@lru_cache(maxsize=1024)
def column_at(letters: str) -> int:
    """The column of some letters, counted from 0."""
    found = 0
    for letter in letters.upper():
        found = found * 26 + ord(letter) - 64
    return found - 1


def prefixed(sheet: str, host: str) -> str:
    """What stands before a reference to ``sheet`` in a formula on ``host``."""
    if sheet == host:
        return ""
    return f"{sheet}!" if sheet.isidentifier() else f"'{sheet}'!"


@dataclass(eq=False, slots=True)
class Row:
    """A row of cells on a sheet; ``row`` counts from 0, and is known once all rows are placed."""

    sheet: str
    row: int = -1


@dataclass(frozen=True, slots=True)
class Ref:
    """The cell of ``place`` in the formula's own period, or ``offset`` quarters from it."""

    place: Row
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Range:
    """Several quarters of ``place``: ``all``, ``opened`` (all, with the cell ahead of the first),
    ``before`` (that cell and the quarters ahead of the formula's own), the period's ``year``, or
    its ``last`` quarter; ``years`` is all years."""

    place: Row
    span: str = "all"


@dataclass(frozen=True, slots=True)
class Cell:
    """One fixed cell of a row."""

    place: Row
    column: int = At.VALUE

    @property
    def sheet(self) -> str:
        """The sheet."""
        return self.place.sheet

    @property
    def row(self) -> int:
        """The row, counted from 0."""
        return self.place.row

    def seen_from(self, host: str) -> str:
        """The cell in a formula on the sheet ``host``, without dollars."""
        return f"{prefixed(self.sheet, host)}{column(self.column)}{self.row + 1}"


@dataclass(frozen=True, slots=True)
class Name:
    """A defined name."""

    text: str


Piece: TypeAlias = "str | Ref | Range | Cell | Name"
"""A part of a formula: text, or what it refers to."""


_MOVING = re.compile(r"(?<![A-Za-z0-9_.$])([A-Z]{1,3})(?=\$?[0-9]+(?![A-Za-z0-9_(.]))")
_COLUMNS = [column(at) for at in range(1000)]


class Columns:
    """The columns of the periods, counted from 0, the same on every sheet."""

    def __init__(self, first_year: int, years: int, first_quarter: int, quarters: int) -> None:
        self.first_year, self.years = first_year, years
        self.first_quarter, self.quarters = first_quarter, quarters

    def place(self, at: int) -> tuple[str, int]:
        """Whether a column is of a quarter or a year, and of which; ``""`` for any other."""
        if -OPENING <= at - self.first_quarter < self.quarters:
            return "Q", at - self.first_quarter
        if 0 <= at - self.first_year < self.years:
            return "Y", at - self.first_year
        return "", at

    def along(self, formula: str, origin: int, columns: range) -> list[str]:
        """A formula as it is in each of some columns of its row."""
        kind, _ = self.place(origin)
        parts: list[str] = _MOVING.split(formula)
        moved: list[Iterable[str]] = []
        for at, part in enumerate(parts):
            if at % 2 == 0:
                moved.append(repeat(part))
                continue
            number = column_at(part)
            to, _ = self.place(number)
            by_year = QUARTERS_IN_YEAR if kind == "Y" and to == "Q" else 1
            step = by_year if to and (to == "Q" or kind == "Y") else 0
            first = number + step * (columns.start - origin)
            moved.append(_COLUMNS[first::step] if step else repeat(part))
        moved.append(repeat("", len(columns)))
        return ["".join(each) for each in zip(*moved, strict=False)]


class Grid(Columns):
    """The columns of a timeline, and formulas in them."""

    def __init__(self, timeline: Timeline) -> None:
        self.labels, self.year_labels = timeline.labels, tuple(map(str, timeline.years))
        years, first_year = len(self.year_labels), At.VALUE + 1
        super().__init__(first_year, years, first_year + years + OPENING, len(self.labels))
        self.last_column = self.first_quarter + self.quarters - 1

    def quarter(self, at: int) -> int:
        """The column of a quarter."""
        return self.first_quarter + at

    def year(self, at: int) -> int:
        """The column of a year."""
        return self.first_year + at

    def formulas(self, pieces: tuple[Piece, ...], host: str, annual: bool = False) -> list[str]:
        """The formula in every quarter, or in every year, of a row on the sheet ``host``: the
        first one, moved along."""
        first, count = self.first_quarter, self.quarters
        if annual:
            first, count = self.first_year, self.years
        formula = self.formula(pieces, host, annual)
        return self.along(formula, first, range(first, first + count))

    def formula(self, pieces: tuple[Piece, ...], host: str, annual: bool = False) -> str:
        """The formula of one cell, or of the first quarter or year of a row, on the sheet
        ``host``."""
        return "=" + "".join(self.spelled(piece, host, annual) for piece in pieces)

    def whole(self, place: Row, host: str = "") -> str:
        """All quarters of a row, in a formula on the sheet ``host``."""
        return self.spelled(Range(place), host)

    def spelled(self, piece: Piece, host: str = "", annual: bool = False) -> str:
        """A piece in a formula of the first quarter, or year, on the sheet ``host``."""
        if isinstance(piece, str):
            return piece
        if isinstance(piece, Name):
            return piece.text
        if isinstance(piece, Cell):
            return f"{prefixed(piece.sheet, host)}${column(piece.column)}${piece.row + 1}"
        prefix, number = prefixed(piece.place.sheet, host), piece.place.row + 1
        if isinstance(piece, Range):
            return prefix + self._span(piece.span, number, annual)
        if annual:
            return f"{prefix}{column(self.first_year)}{number}"
        return f"{prefix}{column(self.quarter(piece.offset))}{number}"

    def _span(self, span: str, number: int, annual: bool) -> str:
        first, last = self.first_quarter, self.last_column
        fixed = {
            "years": (self.first_year, self.first_year + self.years - 1),
            "all": (first, last),
            "opened": (first - 1, last),
        }
        if span in fixed:
            start, end = map(column, fixed[span])
            return f"${start}${number}:${end}${number}"
        if span == "before":
            return f"${column(first - 1)}{number}:{column(first - 1)}{number}"
        if not annual:
            raise ModelError("a formula of a quarter reads its year", received=span)
        end = column(first + QUARTERS_IN_YEAR - 1)
        return f"{end}{number}" if span == "last" else f"{column(first)}{number}:{end}{number}"
