"""How wide a table's columns are, how small its text, how tall its rows, and where it is cut.

The idea. Widths are decided before anything is set, from the advances of the font's own glyphs, in
em: one measure serves every size of text. A column of numbers never wraps, so that digits stay
under each other; it asks for its longest cell. A column of words asks for its longest line and
settles for its longest word. Text gets smaller until all columns fit at their least; if they fit at
no size the table is cut into parts, and each repeats the columns that name its rows. What is left
over goes to the columns of words, in proportion to what they ask for.

Lines are counted too, never fewer than setting will need, so that a page knows how tall a table is.

>>> names = Measure(line=14, word=8, head=4, wraps=True, weight=0, names_rows=True)
>>> year = Measure(line=5, word=5, head=4, wraps=False, weight=0, names_rows=False)
>>> fit([names, *[year] * 4], points=290).size
8.0
>>> fit([names, *[year] * 4], points=200).parts
((0, 1, 2), (0, 3, 4))
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from jcurve.figures import fonts
from jcurve.figures.exhibit import TableExhibit
from jcurve.figures.plaintext import UNKNOWN, breakable, visible
from jcurve.figures.style import FULL

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

NARROW = 12  # Letters of a word that every column holds; a longer one may be broken

SIZES = (8.5, 8.0, 7.5, 7.2)
"""Sizes of a table's text, in points; the first at which it fits is taken."""

PAD = 8.0  # Left and right of a cell, in points

WEIGHT = 6.0  # Em that one unit of a column's weight asks for

_POINTS = FULL / 25.4 * 72
_DENSE = (7.5, 7.2)
_STEP = 8.0  # points that each level moves a row in
_STUB = 92.0  # what names the rows needs at least this much, in points
_TEXT = 56.0  # and any other column that may wrap this much
_SPARE = 60.0  # points that stay for the columns that wrap when heads get room
_AIR = 20.0  # points more than its numbers need, where what names the rows leaves room
_LONG = 26.0  # a text column that would be wider, in em, may wrap
_DRAWABLE = fonts.Drawable()
_BREAK = "\N{ZERO WIDTH SPACE}"
_WORD = re.compile(rf"[\s{_BREAK}]+")
_SOLID = re.compile(r"\S+")
_PIECE = re.compile(rf"([^ {_BREAK}]*)([ {_BREAK}]*)")
_UNSURE = re.compile(
    "[\n\t\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}\N{SOFT HYPHEN}\N{NO-BREAK SPACE}]"
)
_CLOSING, _OPENING = frozenset("!?/)]},;:.%…»”’—–"), frozenset("([{«“‘—/")
_KERNING = 1.001  # what kerning may add to a line, as a factor
_UNKNOWN = 0.6021  # em of a character that the font lacks: the mono font's width


@dataclass(frozen=True)
class Fit:
    """The size of the text, the columns of each part, and their widths in points."""

    size: float
    parts: tuple[tuple[int, ...], ...]
    widths: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Layout(Fit):
    """A table's measures: text and mark of each row's cells, fit to be set, and the lines that each
    row takes at most in each part; 0 where only setting tells."""

    cells: tuple[tuple[tuple[str, str], ...], ...]
    lines: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Measure:
    """One column, in em: on one line, with every word on a line, with its head on two; and
    whether it may wrap."""

    line: float
    word: float
    head: float
    wraps: bool
    weight: float
    names_rows: bool

    def least(self, size: float) -> float:
        """Points below which it cannot be read."""
        if not self.wraps:
            return self.line * size + PAD
        room = _STUB if self.names_rows else _TEXT
        return min(max(self.word * size + PAD, room), self.line * size + PAD)

    def whole(self, size: float) -> float:
        """Points for each of its cells on one line, at the deepest indent of what names rows."""
        return self.line * size + PAD + 2 * _STEP * self.names_rows

    def wanted(self) -> float:
        """Em it asks for when there is room."""
        return self.weight * WEIGHT if self.weight else min(self.line, _LONG)


def layout(exhibit: TableExhibit) -> Layout:
    """Measure ``exhibit`` against the text column."""
    cells = tuple(
        tuple(
            (_shown(text), mark)
            for text, mark in (exhibit.text(row, at) for at in range(len(row.cells)))
        )
        for row in exhibit.rows
    )
    measures = [_measure(exhibit, cells, index) for index in range(len(exhibit.columns))]
    found = fit(measures, _DENSE if exhibit.dense else SIZES)
    widths = {
        index: (width - PAD) / found.size
        for part, wide in zip(found.parts, found.widths, strict=True)
        for index, width in zip(part, wide, strict=True)
    }
    cells = tuple(
        line
        if row.role == "heading"
        else tuple((whole(text, widths[at]), mark) for at, (text, mark) in enumerate(line))
        for row, line in zip(exhibit.rows, cells, strict=True)
    )
    return Layout(
        size=found.size,
        parts=found.parts,
        widths=found.widths,
        cells=cells,
        lines=tuple(
            tuple(_lines(exhibit, cells, part, wide, found.size))
            for part, wide in zip(found.parts, found.widths, strict=True)
        ),
    )


def whole(text: str, across: float) -> str:
    """``text`` without places to break the words that fit into ``across`` em: an id that stands
    on two lines is found by no search."""
    if _BREAK not in text:
        return text
    return _SOLID.sub(
        lambda found: (
            joined
            if _BREAK in found[0]
            and em(joined := found[0].replace(_BREAK, ""), bold=True) <= across
            else found[0]
        ),
        text,
    )


def fit(
    measures: Sequence[Measure],
    sizes: Sequence[float] = SIZES,
    points: float = _POINTS,
    stub: int = 1,
) -> Fit:
    """Fit columns into ``points``: smaller text first, then parts that each repeat the stub."""
    size = next(
        (size for size in sizes if sum(it.least(size) for it in measures) <= points), sizes[-1]
    )
    parts = tuple(_parts(measures, size, points, stub))
    widths = tuple(_widths([measures[index] for index in part], size, points) for part in parts)
    return Fit(size, parts, widths)


def _lines(
    exhibit: TableExhibit,
    cells: Sequence[Sequence[tuple[str, str]]],
    part: Sequence[int],
    widths: Sequence[float],
    size: float,
) -> Iterable[int]:
    """Lines of each row's tallest cell."""
    for row, texts in zip(exhibit.rows, cells, strict=True):
        bold = row.role != "normal"
        if row.role == "heading":
            places = [(*texts[0], sum(widths) - PAD)]
        else:
            places = [
                (*texts[index], width - PAD) for index, width in zip(part, widths, strict=True)
            ]
            text, mark, across = places[0]
            places[0] = (text, mark, across - _STEP * min(row.indent, 3))
        if any(mark or _UNSURE.search(text) for text, mark, _ in places):
            yield 0
        else:
            yield max(wrapped(text, across / size, bold=bold) for text, _, across in places)


def wrapped(text: str, across: float, *, bold: bool) -> int:
    """Lines of ``text`` where ``across`` em are free, never fewer than setting it needs.

    It breaks where every rule of line breaking allows it, and takes no line for narrower
    than it may be.
    """
    across /= _KERNING
    if em(text, bold=bold) <= across:
        return 1
    count, used, gap = 1, 0.0, 0.0
    for word, blank in _unbreakable(text):
        wide = em(word, bold=bold)
        if used and used + gap + wide > across:
            count, used = count + 1, wide
        else:
            used += gap + wide
        gap = em(blank, bold=bold)
    return count


def _unbreakable(text: str) -> Iterable[tuple[str, str]]:
    """Pieces that stay on a line, each with the blank after it."""
    held = ""
    pieces: list[tuple[str, str]] = [(match[1], match[2]) for match in _PIECE.finditer(text)]
    for (word, blank), (following, _) in zip(pieces, [*pieces[1:], ("", "")], strict=True):
        held += word
        stays = (held[-1:] in _OPENING or following[:1] in _CLOSING) and following
        if stays and _BREAK not in blank:
            held += blank
        elif held or blank:
            yield held, blank
            held = ""


def _parts(
    measures: Sequence[Measure], size: float, points: float, stub: int
) -> Iterable[tuple[int, ...]]:
    """Columns that fit beside the ones that name the rows, which every part repeats."""
    first = list(range(min(stub, len(measures))))
    taken = sum(measures[index].least(size) for index in first)
    part, used = list(first), taken
    for index in range(len(first), len(measures)):
        least = measures[index].least(size)
        if len(part) > len(first) and used + least > points:
            yield tuple(part)
            part, used = list(first), taken
        part.append(index)
        used += least
    yield tuple(part)


def _widths(measures: Sequence[Measure], size: float, points: float) -> tuple[float, ...]:
    """Columns that cannot wrap get their line; the others share the rest as they ask."""
    widths = {index: it.least(size) for index, it in enumerate(measures) if not it.wraps}
    least = sum(it.least(size) for it in measures)
    for index, it in enumerate(measures):
        more = it.head * size + PAD - widths.get(index, math.inf)
        if 0 < more <= points - least - _SPARE:
            widths[index], least = widths[index] + more, least + more
    open_ = [index for index, it in enumerate(measures) if it.wraps]
    # Numbers get some air, but only where the names of the rows keep a line each.
    left = points - sum(widths.values()) - sum(measures[at].whole(size) for at in open_)
    air = min(_AIR, max(left - _SPARE, 0.0) / max(len(widths), 1))
    widths = {index: width + air for index, width in widths.items()}
    # Who would get less than his least gets that, which leaves less for the rest: share it anew.
    while open_:
        room = points - sum(widths.values())
        asked = sum(measures[index].wanted() for index in open_)
        shares = {index: room * measures[index].wanted() / asked for index in open_}
        tight = [index for index in open_ if shares[index] < measures[index].least(size)]
        if not tight:
            widths |= shares
            break
        widths |= {index: measures[index].least(size) for index in tight}
        open_ = [index for index in open_ if index not in tight]
    over = sum(widths.values()) / points
    # One column alone may be too wide for the page; it is then cut to it.
    return tuple(widths[index] / max(over, 1.0) for index in range(len(measures)))


def _measure(
    exhibit: TableExhibit, shown: Sequence[Sequence[tuple[str, str]]], index: int
) -> Measure:
    column = exhibit.columns[index]
    heads = [_shown(column.label), _shown(column.unit)]
    cells = [
        "".join(texts[index])
        for row, texts in zip(exhibit.rows, shown, strict=True)
        if row.role != "heading" and index < len(texts)
    ]
    words = {word for text in [*heads, *cells] for word in _WORD.split(text)}
    text = index == 0 or column.style == "text"
    # A head wraps at its words; a cell of numbers never does.
    line = max(
        (em(part) for part in [*cells, *(word for head in heads for word in head.split())]),
        default=1.0,
    )
    return Measure(
        line=line,
        head=max(_two_lines(heads[0]), em(heads[1])),
        word=max((em(word) for word in words), default=1.0),
        wraps=index == 0 or column.weight > 0 or (text and line > _LONG),
        weight=column.weight,
        names_rows=index == 0,
    )


def _two_lines(text: str) -> float:
    """Em that a head needs to stand on two lines."""
    words = text.split()
    return min(
        (
            max(em(" ".join(words[:at])), em(" ".join(words[at:])))
            for at in range(1, len(words) + 1)
        ),
        default=0.0,
    )


@lru_cache(maxsize=1 << 14)
def _shown(text: str) -> str:
    return breakable(visible(text, _DRAWABLE, UNKNOWN), NARROW)


@lru_cache(maxsize=1 << 15)
def em(text: str, *, bold: bool = True) -> float:
    advances = _advances(bold=bold)
    return sum(advances[character] for character in text)


class _Advances(dict[str, float]):
    """Em that each character takes, learnt from the font as they come."""

    def __init__(self, face: FT2Font) -> None:
        super().__init__({_BREAK: 0.0})
        self._face = face

    def __missing__(self, character: str) -> float:
        from matplotlib.ft2font import LoadFlags

        face: FT2Font | None = self._face
        if not self._face.get_char_index(ord(character)):
            other = None if ord(character) in fonts.charset() else fonts.fallback(ord(character))
            face = other.font if other is not None else None
        if face is not None:
            glyph = face.load_char(ord(character), LoadFlags.NO_SCALE)
            advance = glyph.horiAdvance / face.units_per_EM
        else:
            advance = _UNKNOWN
        self[character] = advance
        return advance


@cache
def _advances(*, bold: bool) -> _Advances:
    from matplotlib.ft2font import FT2Font

    style = "SemiBold" if bold else "Regular"
    return _Advances(FT2Font(str(fonts.folder() / f"JCurveSans-{style}.ttf")))
