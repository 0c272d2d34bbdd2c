"""How wide a table's columns are, how small its text, and where it must be cut in two."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jcurve.figures import fonts
from jcurve.figures.plaintext import breakable, visible
from jcurve.figures.style import FULL
from jcurve.figures.table import Row, TableExhibit

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

__all__ = ["NARROW", "Layout", "layout"]

NARROW = 12
"""Letters of a word that every column holds; a longer one may be broken."""

_POINTS = FULL / 25.4 * 72
_SIZES = (8.5, 8.0, 7.5, 7.2)
_DENSE = (7.5, 7.2)
_PAD = 8.0  # left and right of a cell, in points
_STUB = 92.0  # what names the rows needs at least this much, in points
_TEXT = 56.0  # and any other column that may wrap this much
_LONG = 26.0  # a text column that would be wider, in em, may wrap
_WEIGHT = 6.0  # em that one unit of a column's weight asks for
_BREAK = "\N{ZERO WIDTH SPACE}"
_PIECE = re.compile(rf"[\s{_BREAK}]+")
_RAGGED = 1.05  # how much longer text gets by breaking at words
_UNKNOWN = 0.6  # em of a character that the font lacks; as wide as a figure


@dataclass(frozen=True)
class Layout:
    """A table's measures.

    Attributes:
        size: of its text, in points.
        parts: column numbers, one sequence for each part the table is cut into.
        widths: of these columns in each part, in points.
        lines: about how many lines of text its rows take, wrapped to these widths.
    """

    size: float
    parts: tuple[tuple[int, ...], ...]
    widths: tuple[tuple[float, ...], ...]
    lines: int


@dataclass(frozen=True)
class _Measure:
    """One column, in em: on one line, with every word on a line; and whether it may wrap."""

    line: float
    word: float
    wraps: bool
    weight: float
    names_rows: bool

    def least(self, size: float) -> float:
        """Points below which it cannot be read."""
        if not self.wraps:
            return self.line * size + _PAD
        room = _STUB if self.names_rows else _TEXT
        return min(max(self.word * size + _PAD, room), self.line * size + _PAD)

    def wanted(self) -> float:
        """Em it asks for when there is room."""
        return self.weight * _WEIGHT if self.weight else min(self.line, _LONG)


def layout(exhibit: TableExhibit) -> Layout:
    """Measure ``exhibit`` against the text column."""
    measures = [_measure(exhibit, index) for index in range(len(exhibit.columns))]
    sizes = _DENSE if exhibit.dense else _SIZES
    size = next(
        (size for size in sizes if sum(it.least(size) for it in measures) <= _POINTS), sizes[-1]
    )
    parts = tuple(_parts(measures, size))
    widths = tuple(_widths([measures[index] for index in part], size) for part in parts)
    room = {
        index: width - _PAD
        for part, wide in zip(parts, widths, strict=True)
        for index, width in zip(part, wide, strict=True)
        if measures[index].wraps
    }
    return Layout(
        size, parts, widths, sum(_lines(exhibit, row, room, size) for row in exhibit.rows)
    )


def _lines(exhibit: TableExhibit, row: Row, room: dict[int, float], size: float) -> int:
    """Lines of the row's tallest cell, a little generous: words do not fill a line.

    Args:
        room: points across, of the columns that may wrap.
    """
    cells = (
        math.ceil(_em(_shown("".join(exhibit.text(row, index)))) * size * _RAGGED / across)
        for index, across in room.items()
        if index < len(row.cells)
    )
    return max((1, *cells))


def _parts(measures: list[_Measure], size: float) -> Iterable[tuple[int, ...]]:
    """Columns that fit beside the first one, which every part repeats."""
    part, used = [0], measures[0].least(size)
    for index in range(1, len(measures)):
        least = measures[index].least(size)
        if len(part) > 1 and used + least > _POINTS:
            yield tuple(part)
            part, used = [0], measures[0].least(size)
        part.append(index)
        used += least
    yield tuple(part)


def _widths(measures: list[_Measure], size: float) -> tuple[float, ...]:
    """Columns that cannot wrap get their line; the others share the rest as they ask."""
    widths = {index: it.least(size) for index, it in enumerate(measures) if not it.wraps}
    open_ = [index for index, it in enumerate(measures) if it.wraps]
    while open_:
        room = _POINTS - sum(widths.values())
        asked = sum(measures[index].wanted() for index in open_)
        shares = {index: room * measures[index].wanted() / asked for index in open_}
        tight = [index for index in open_ if shares[index] < measures[index].least(size)]
        if not tight:
            widths |= shares
            break
        widths |= {index: measures[index].least(size) for index in tight}
        open_ = [index for index in open_ if index not in tight]
    over = sum(widths.values()) / _POINTS
    # One column alone may be too wide for the page; it is then cut to it.
    return tuple(widths[index] / max(over, 1.0) for index in range(len(measures)))


def _measure(exhibit: TableExhibit, index: int) -> _Measure:
    column = exhibit.columns[index]
    heads = [_shown(column.label), _shown(column.unit)]
    cells = [
        _shown("".join(exhibit.text(row, index)))
        for row in exhibit.rows
        if row.role != "heading" and index < len(row.cells)
    ]
    words = [word for text in [*heads, *cells] for word in _PIECE.split(text)]
    text = index == 0 or column.style == "text"
    # A head wraps at its words; a cell of numbers never does.
    line = max(
        (_em(part) for part in [*cells, *(word for head in heads for word in head.split())]),
        default=1.0,
    )
    return _Measure(
        line=line,
        word=max((_em(word) for word in words), default=1.0),
        wraps=index == 0 or column.weight > 0 or (text and line > _LONG),
        weight=column.weight,
        names_rows=index == 0,
    )


def _shown(text: str) -> str:
    return breakable(visible(text), NARROW)


def _em(text: str) -> float:
    return sum(_advance(character) for character in text if character != _BREAK)


@cache
def _face() -> FT2Font:
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(fonts.folder() / "JCurveSans-SemiBold.ttf"))


@cache
def _advance(character: str) -> float:
    from matplotlib.ft2font import LoadFlags

    face = _face()
    if not face.get_char_index(ord(character)):
        return _UNKNOWN
    glyph = face.load_char(ord(character), LoadFlags.NO_SCALE)
    return glyph.horiAdvance / face.units_per_EM
