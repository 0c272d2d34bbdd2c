"""What a reader would complain about in a PDF, found in its text boxes and its tags.

``complaints`` gathers everything; the other functions are its parts. They hold for any
briefing, not only for one.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pdfplumber
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from jcurve.assumptions.house_style import HouseStyle
from jcurve.briefing.document import Document
from jcurve.briefing.payload import Paper
from jcurve.briefing.typeset import typeset

__all__ = [
    "Element",
    "TableCell",
    "alts",
    "clipped",
    "complaints",
    "fullness",
    "headings",
    "misplaced",
    "overlapping",
    "page_texts",
    "pdf",
    "smallest",
    "structure",
    "tables",
    "tags",
]

LEAST_SIZE = 7.0
LEAST_FULL = 1 / 3
_MM = 72 / 25.4
_COLUMN = 170 * _MM
_MARGINS = {"a4": (24 * _MM, 22 * _MM), "letter": (19 * _MM, 18 * _MM)}
_LETTER_HEIGHT = 792.0
_SLACK = 1.5
_MATHS = "NewCM"  # whose signs stand above and below each other, and small, by design


def pdf(
    document: Document, *, paper: Paper | None = None, house: HouseStyle | None = None
) -> bytes:
    """A document typeset, whatever could not be set in it."""
    house = house or HouseStyle()
    return typeset(document, replace(house, paper=paper or house.paper)).pdf


def complaints(pdf: bytes) -> list[str]:
    """Everything wrong with how the pages look; empty when nothing is."""
    size, word = smallest(pdf)
    found = []
    if size < LEAST_SIZE - 0.05:
        found.append(f"text of {size:.2f} pt: {word!r}")
    found += [
        f"page {page}: clipped or outside the column: {text!r}" for page, text in clipped(pdf)
    ]
    found += [
        f"page {page}: {one!r} and {other!r} overlap" for page, one, other in overlapping(pdf)
    ]
    found += [
        f"page {number} is {share:.0%} full"
        for number, share in enumerate(fullness(pdf)[:-1], start=1)
        if share < LEAST_FULL
    ]
    return found + misplaced(pdf)


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


@dataclass(frozen=True)
class _Word:
    text: str
    maths: bool
    size: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class _Page:
    number: int
    width: float
    height: float
    words: tuple[_Word, ...]
    bottoms: tuple[float, ...]
    letters: Mapping[int, Sequence[tuple[str, float, float]]]
    """Text, left and right of each letter, by the mark of what it belongs to."""


@lru_cache(maxsize=4)
def _pages(pdf: bytes) -> tuple[_Page, ...]:
    # Reading the boxes is what costs; every check of the same file shares them.
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        return tuple(_page(number, page) for number, page in enumerate(opened.pages, start=1))


def _page(number: int, page: Any) -> _Page:
    words = page.extract_words(use_text_flow=True, extra_attrs=["size", "upright", "fontname"])
    drawn = [
        float(item["bottom"])
        for kind in ("lines", "rects", "curves", "images")
        for item in getattr(page, kind)
    ]
    letters: dict[int, list[tuple[str, float, float]]] = {}
    for letter in page.chars:
        if letter.get("mcid") is not None:
            box = (str(letter["text"]), float(letter["x0"]), float(letter["x1"]))
            letters.setdefault(int(letter["mcid"]), []).append(box)
    return _Page(
        letters=letters,
        number=number,
        width=float(page.width),
        height=float(page.height),
        words=tuple(
            _Word(
                text=str(word["text"]),
                maths=_MATHS in str(word["fontname"]),
                # A turned letter's box stands on its side.
                size=float(word["size"] if word["upright"] else word["x1"] - word["x0"]),
                left=float(word["x0"]),
                top=float(word["top"]),
                right=float(word["x1"]),
                bottom=float(word["bottom"]),
            )
            for word in words
        ),
        bottoms=tuple(drawn + [float(word["bottom"]) for word in words]),
    )


def smallest(pdf: bytes) -> tuple[float, str]:
    """The smallest text's size in points, and a word of it."""
    words = [word for page in _pages(pdf) for word in page.words if not word.maths]
    least = min(words, key=lambda word: word.size)
    return least.size, least.text


def clipped(pdf: bytes) -> list[tuple[int, str]]:
    """Words that stick out of the text column, or of the page."""
    found = []
    for page in _pages(pdf):
        turned = page.width > page.height
        side = (20 * _MM if turned else (page.width - _COLUMN) / 2) - _SLACK
        for word in page.words:
            inside = word.left >= side and word.right <= page.width - side
            if not inside or word.top < 0 or word.bottom > page.height:
                found.append((page.number, word.text))
    return found


def overlapping(pdf: bytes) -> list[tuple[int, str, str]]:
    """Pairs of words whose letters lie on each other."""
    found = []
    for page in _pages(pdf):
        # A font's box is taller than its letters; only its middle counts.
        boxes = sorted(
            (
                word.top + (word.bottom - word.top) * 0.28,
                word.bottom - (word.bottom - word.top) * 0.28,
                word.left + 0.4,
                word.right - 0.4,
                word.text,
            )
            for word in page.words
            if not word.maths
        )
        for index, (_, low, left, right, text) in enumerate(boxes):
            for top, _, other_left, other_right, other in boxes[index + 1 :]:
                if top >= low:
                    break
                if other_left < right and left < other_right:
                    found.append((page.number, text, other))
    return found


def fullness(pdf: bytes) -> list[float]:
    """How far down each page's content reaches, as a share of the text area's height."""
    shares = []
    for page in _pages(pdf):
        is_letter = abs(page.height - _LETTER_HEIGHT) < 1
        is_letter |= abs(page.width - _LETTER_HEIGHT) < 1
        top, bottom = _MARGINS["letter" if is_letter else "a4"]
        end = page.height - bottom
        lowest = max((at for at in page.bottoms if at <= end + _SLACK), default=top)
        shares.append((lowest - top) / (end - top))
    return shares


@dataclass(frozen=True)
class Element:
    """An element of the structure tree: its tag, its alt text and where it is."""

    tag: str
    alt: str
    depth: int
    scope: str = ""


def structure(pdf: bytes) -> list[Element]:
    """All elements of the structure tree in reading order."""
    root = PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    return list(_walk(_resolved(root["/StructTreeRoot"]), 0))


def _walk(node: DictionaryObject, depth: int) -> Iterator[Element]:
    if "/S" in node:
        yield Element(
            tag=str(node["/S"]).removeprefix("/"),
            alt=str(_resolved(node["/Alt"])) if "/Alt" in node else "",
            depth=depth,
            scope=_scope(node),
        )
    kids = _resolved(node.get("/K"))
    for kid in kids if isinstance(kids, ArrayObject) else [kids]:
        child = _resolved(kid)
        if isinstance(child, DictionaryObject):
            yield from _walk(child, depth + 1)


def _scope(node: DictionaryObject) -> str:
    attributes = _resolved(node.get("/A"))
    for part in attributes if isinstance(attributes, ArrayObject) else [attributes]:
        found = _resolved(part)
        if isinstance(found, DictionaryObject) and "/Scope" in found:
            return str(found["/Scope"]).removeprefix("/")
    return ""


def _resolved(value: Any) -> Any:
    return value.get_object() if isinstance(value, IndirectObject) else value


@dataclass(frozen=True)
class TableCell:
    """A cell as the structure tree has it, and where its letters are."""

    text: str
    tag: str
    scope: str
    row: int
    column: int
    across: int
    down: int
    page: int
    left: float
    right: float


def tables(pdf: bytes) -> list[list[TableCell]]:
    """The cells of each table, put together from the structure tree and the letters' boxes."""
    reader = PdfReader(io.BytesIO(pdf))
    root = _resolved(reader.trailer["/Root"]["/StructTreeRoot"])
    numbers = {page.indirect_reference.idnum: at for at, page in enumerate(reader.pages)}
    return [_cells(table, _pages(pdf), numbers) for table in _found(root, "/Table")]


def _found(node: DictionaryObject, tag: str) -> Iterator[DictionaryObject]:
    for kid in _kids(node):
        if kid.get("/S") == tag:
            yield kid
        else:
            yield from _found(kid, tag)


def _kids(node: DictionaryObject) -> list[DictionaryObject]:
    kids = _resolved(node.get("/K"))
    listed = kids if isinstance(kids, ArrayObject) else [kids]
    return [kid for one in listed if isinstance(kid := _resolved(one), DictionaryObject)]


def _cells(
    table: DictionaryObject,
    pages: Sequence[_Page],
    numbers: dict[int, int],
) -> list[TableCell]:
    found = []
    taken: set[tuple[int, int]] = set()
    rows = [
        row for part in _kids(table) for row in ([part] if part["/S"] == "/TR" else _kids(part))
    ]
    for number, row in enumerate(rows):
        column = 0
        for cell in _kids(row):
            while (number, column) in taken:
                column += 1
            across, down = _spans(cell)
            taken |= {(number + i, column + j) for i in range(down) for j in range(across)}
            places = list(_contents(cell, None, numbers))
            boxes = [box for at, mark in places for box in pages[at].letters.get(mark, ())]
            found.append(
                TableCell(
                    text="".join(text for text, _, _ in boxes).strip(),
                    tag=str(cell["/S"]).removeprefix("/"),
                    scope=_scope(cell),
                    row=number,
                    column=column,
                    across=across,
                    down=down,
                    page=min((at for at, _ in places), default=0),
                    left=min((left for _, left, _ in boxes), default=0.0),
                    right=max((right for _, _, right in boxes), default=0.0),
                )
            )
            column += across
    return found


def _spans(cell: DictionaryObject) -> tuple[int, int]:
    spans = {"/ColSpan": 1, "/RowSpan": 1}
    attributes = _resolved(cell.get("/A"))
    for part in attributes if isinstance(attributes, ArrayObject) else [attributes]:
        inner = _resolved(part)
        if isinstance(inner, DictionaryObject):
            spans |= {name: int(inner[name]) for name in spans if name in inner}
    return spans["/ColSpan"], spans["/RowSpan"]


def _contents(
    node: DictionaryObject, page: int | None, numbers: dict[int, int]
) -> Iterator[tuple[int, int]]:
    """Page and number of each marked piece of content in an element."""
    if "/Pg" in node:
        page = numbers[node.raw_get("/Pg").idnum]
    kids = _resolved(node.get("/K"))
    for one in kids if isinstance(kids, ArrayObject) else [kids]:
        kid = _resolved(one)
        if isinstance(kid, int) and page is not None:
            yield page, int(kid)
        elif isinstance(kid, DictionaryObject):
            if "/MCID" in kid:
                where = numbers[kid.raw_get("/Pg").idnum] if "/Pg" in kid else page
                if where is not None:
                    yield where, int(kid["/MCID"])
            else:
                yield from _contents(kid, page, numbers)


def misplaced(pdf: bytes) -> list[str]:
    """Cells of tables that do not stand under their heads, or reach into a neighbour's place."""
    found = []
    for number, cells in enumerate(tables(pdf), start=1):
        heads = {
            cell.column: cell
            for cell in cells
            if cell.tag == "TH" and cell.scope == "Column" and cell.across == 1 and cell.text
        }
        rows: dict[int, list[TableCell]] = {}
        for cell in cells:
            if cell.text:
                rows.setdefault(cell.row, []).append(cell)
            head = heads.get(cell.column)
            if head is None or not cell.text or cell.across > 1 or cell.tag == "TH":
                continue
            under = cell.left < head.right and head.left < cell.right
            level = min(abs(cell.right - head.right), abs(cell.left - head.left)) < _SLACK
            if not under and not level:
                found.append(f"table {number}: {cell.text!r} is not under {head.text!r}")
        for row in rows.values():
            row.sort(key=lambda cell: cell.column)
            found += [
                f"table {number}: {one.text!r} reaches {other.text!r}"
                for one, other in itertools.pairwise(row)
                if one.page == other.page and one.right > other.left
            ]
    return found


def tags(pdf: bytes) -> list[str]:
    """The tags of the structure tree in reading order."""
    return [element.tag for element in structure(pdf)]


def alts(pdf: bytes) -> list[str]:
    """The alt text of every figure, empty where there is none."""
    return [element.alt for element in structure(pdf) if element.tag == "Figure"]


def headings(pdf: bytes) -> list[int]:
    """The levels of the headings in reading order."""
    return [
        int(tag[1:]) for tag in tags(pdf) if len(tag) == 2 and tag[0] == "H" and tag[1].isdigit()
    ]
