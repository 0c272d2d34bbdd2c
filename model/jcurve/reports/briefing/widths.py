"""How wide a table's columns are, how small its text, and where it must be cut in two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jcurve.figures import fonts
from jcurve.figures.style import FULL
from jcurve.figures.table import TableExhibit

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

__all__ = ["Layout", "layout"]

_POINTS = FULL / 25.4 * 72
_SIZES = (8.5, 8.0, 7.5, 7.2)
_DENSE = (7.5, 7.2)
_PAD = 8.0  # left and right of a cell, in points
_STUB = 92.0  # what names the rows needs at least this much, in points
_LONG = 26.0  # a text column that would be wider, in em, may wrap


@dataclass(frozen=True)
class Layout:
    """A table's measures.

    Attributes:
        size: of its text, in points.
        widths: of each column: a share of the free width if negative, else points.
        parts: column numbers, one sequence for each part the table is cut into.
    """

    size: float
    widths: tuple[float, ...]
    parts: tuple[tuple[int, ...], ...]


def layout(exhibit: TableExhibit) -> Layout:
    """Measure ``exhibit`` against the text column."""
    ems = [_column(exhibit, index) for index in range(len(exhibit.columns))]
    flexible = [
        index == 0 or column.weight > 0 or (column.style == "text" and ems[index] > _LONG)
        for index, column in enumerate(exhibit.columns)
    ]
    sizes = _DENSE if exhibit.dense else _SIZES
    for size in sizes:
        if _needed(range(len(ems)), ems, flexible, size) <= _POINTS:
            break
    widths = tuple(
        -(exhibit.columns[index].weight or min(ems[index], _LONG))
        if flexible[index]
        else ems[index] * size + _PAD
        for index in range(len(ems))
    )
    return Layout(size, widths, tuple(_parts(ems, flexible, size)))


def _parts(ems: list[float], flexible: list[bool], size: float) -> Iterable[tuple[int, ...]]:
    """Columns that fit beside the first one, which every part repeats."""
    part = [0]
    for index in range(1, len(ems)):
        if len(part) > 1 and _needed([*part, index], ems, flexible, size) > _POINTS:
            yield tuple(part)
            part = [0]
        part.append(index)
    yield tuple(part)


def _needed(part: Iterable[int], ems: list[float], flexible: list[bool], size: float) -> float:
    return sum(
        min(_STUB, ems[index] * size + _PAD) if flexible[index] else ems[index] * size + _PAD
        for index in part
    )


def _column(exhibit: TableExhibit, index: int) -> float:
    column = exhibit.columns[index]
    heads = [max(column.label.split(), key=len, default=""), column.unit]
    cells = [
        "".join(exhibit.text(row, index))
        for row in exhibit.rows
        if row.role != "heading" and index < len(row.cells)
    ]
    return max(_em(text) for text in [*heads, *cells])


def _em(text: str) -> float:
    return sum(_advance(character) for character in text)


@cache
def _face() -> FT2Font:
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(fonts.folder() / "JCurveSans-SemiBold.ttf"))


@cache
def _advance(character: str) -> float:
    from matplotlib.ft2font import LoadFlags

    face = _face()
    glyph = face.load_char(ord(character), LoadFlags.NO_SCALE)
    return glyph.horiAdvance / face.units_per_EM
