"""Cells before they are written, and how they look: a role (input, fact, head, …) and a format.

A number has one format for each unit, with as many digits as its size deserves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np

from jcurve.workbook.grid import FIRST_ROW, TABLES, Piece, Row

Value: TypeAlias = "float | str"
Pieces: TypeAlias = "tuple[Piece, ...]"

FONT = "Calibri"

WRAPPED = frozenset({"definition", "wrap"})  # Styles of text whose row is as high as the text needs


@dataclass(frozen=True, slots=True)
class Item:
    """One cell, counted from 0: a formula, or nothing for a text or a fixed number; what it shows;
    and the name of a format, with ``role:`` before it where it is no plain calculation."""

    row: int
    column: int
    formula: str
    value: float | str
    style: str = "text"


@dataclass(slots=True)
class Page:
    """A sheet that is not made of rows over time: its cells, the widths of its columns in
    characters, how many are printed, the rows and columns that stay in view, and the first column
    and the number of those in a closed group."""

    name: str
    items: list[Item]
    widths: tuple[float, ...]
    print_columns: int
    freeze: tuple[int, int] = (0, 0)
    closed: tuple[int, int] = (0, 0)
    landscape: bool = True

    def text(self, row: int, column: int, text: float | str, style: str = "text") -> None:
        """Add a fixed number, or a text, which never becomes a formula."""
        self.items.append(Item(row, column, "", text, style))

    def texts(
        self, row: int, texts: Iterable[str | tuple[str, str]], style: str = "text", first: int = 0
    ) -> None:
        """Add texts side by side, some of them with styles of their own."""
        for at, each in enumerate(texts, first):
            text, own = each if isinstance(each, tuple) else (each, style)
            self.text(row, at, text, own)

    def formula(
        self, row: int, column: int, formula: str, value: float | str, style: str = "text"
    ) -> None:
        """Add a formula with the value that it has now."""
        self.items.append(Item(row, column, formula, value, style))


@dataclass(slots=True)
class Line:
    """One row of a sheet: the model's name of it (empty for a step), what a reader is told, and the
    formulas and values of its cells. The single value may be a fixed number and quarters may be
    facts: then they have no formula. ``opening`` is the cell ahead of the first quarter."""

    where: Row
    name: str
    label: str
    unit: str
    definition: str
    source: str
    style: str
    single: Pieces | None = None
    single_value: Value | None = None
    opening: Pieces | None = None
    opening_value: Value = 0.0
    quarters: Pieces | None = None
    quarter_values: Sequence[Value] = ()
    years: Pieces | None = None
    year_values: Sequence[Value] = ()


@dataclass(slots=True)
class Sheet:
    """Rows of one sheet in order: headings and lines, above each line its steps with their rank;
    and the rows of headings, once all are numbered."""

    name: str
    title: str
    lines: list[Line] = field(default_factory=list)
    order: list[Row | str] = field(default_factory=list)
    steps: dict[Row | str, list[tuple[int, Row]]] = field(default_factory=dict)
    headings: list[tuple[int, str]] = field(default_factory=list)

    def heading(self, text: str) -> None:
        """Begin a section, unless it is the one that is open."""
        last = next((item for item in reversed(self.order) if isinstance(item, str)), None)
        if text != last:
            self.order.append(text)

    def take(self) -> Row:
        """A row for a line."""
        self.order.append(row := Row(self.name))
        return row

    def step(self, served: Row | str, rank: int) -> Row:
        """A row for a step of a line on this sheet, or under a heading at its end; what a step
        reads has a lower rank."""
        if isinstance(served, str) and served not in self.steps:
            self.order.append(served)
        row = Row(self.name)
        self.steps.setdefault(served, []).append((rank, row))
        return row


def number_rows(*sheets: Sheet) -> None:
    """Give every row its number. Sheets that are given together have the same lines: a line is in
    the same row of each, though it has fewer steps on one."""
    at = FIRST_ROW
    for items in zip_longest(*(sheet.order for sheet in sheets)):
        mine = [
            (sheet, item, sorted(sheet.steps.get(item, ()), key=itemgetter(0)))
            for sheet, item in zip(sheets, items, strict=True)
            if item is not None
        ]
        room = max(len(steps) for _, _, steps in mine)
        for sheet, item, steps in mine:
            if isinstance(item, str):
                sheet.headings.append((at, item))
            else:
                item.row = at + room
            for n, (_, row) in enumerate(steps, at + isinstance(item, str) + room - len(steps)):
                row.row = n
        at += room + 1


def number_format(unit: str, values: Iterable[float]) -> str:
    """The name of the format for values of a unit.

    >>> number_format("USD m", [137500.0])
    'whole'
    >>> number_format("share", [0.0812])
    'percent'

    A result without an answer has no size yet; an edited input may give it one:

    >>> number_format("years", [])
    'one'
    """
    sizes = np.abs(np.asarray(list(values), dtype=np.float64))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    largest = float(sizes.max()) if sizes.size else 0.0
    if unit in ("share", "per year"):
        return "percent" if largest >= 0.01 or largest == 0.0 else "fine_percent"
    if unit in ("switch", "date", "choice"):
        return "plain"
    if largest == 0.0 and unit in ("years", "x"):
        return "one" if unit == "years" else "two"
    if largest == 0.0 or largest >= 1000 or unit == "USD m":
        return "whole" if largest >= 10 or largest == 0.0 else "two"
    if largest >= 10:
        return "one"
    if largest >= 0.1:
        return "two"
    return "four" if largest >= 0.001 else "tiny"


def width_of(style: str, values: Iterable[float | str | None]) -> int:
    """The characters that the longest of some values takes in a format; texts do not count."""
    sizes = [value for value in values if isinstance(value, float)]
    least, most = min(sizes, default=0.0), max(sizes, default=0.0)
    longest, sign = max(most, -least), least < 0
    if style == "tiny":
        return 8 + sign
    decimals = TABLES["formats"][style][1]
    if style.endswith("percent"):
        return len(f"{longest * 100:.{decimals}f}%") + sign
    return len(f"{longest:,.{decimals}f}") + sign


_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class Formats:
    """Formats of one workbook, each made once."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._made: dict[tuple[str, bool], Any] = {}

    def of(self, style: str, text: str = "") -> Any:
        """The format of a style; a text that looks like a formula is marked as text."""
        guarded = text.startswith(_DANGEROUS)
        key = (style, guarded)
        if key not in self._made:
            self._made[key] = self._workbook.add_format(self._properties(style, guarded))
        return self._made[key]

    @staticmethod
    def _properties(style: str, guarded: bool) -> dict[str, Any]:
        role, _, last = style.rpartition(":")
        if role == "head":
            role, last = "", "head_right"
        properties: dict[str, Any] = {"font_name": FONT, "font_size": 10, "valign": "top"}
        properties |= TABLES["texts"].get(last, {}) | TABLES["roles"].get(role, {})
        if last in TABLES["formats"]:
            properties |= {"num_format": TABLES["formats"][last][0], "align": "right"}
        return properties | ({"quote_prefix": True} if guarded else {})
