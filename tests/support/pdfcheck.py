"""What a reader would complain about in a PDF, found in its text boxes and its tags.

``complaints`` gathers everything; the other functions are its parts. They hold for any
briefing, not only for one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pdfplumber
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

__all__ = [
    "Element",
    "alts",
    "clipped",
    "complaints",
    "fullness",
    "headings",
    "overlapping",
    "page_texts",
    "smallest",
    "structure",
    "tags",
]

LEAST_SIZE = 7.0
LEAST_FULL = 1 / 3
_MM = 72 / 25.4
_COLUMN = 170 * _MM
_MARGINS = {"a4": (24 * _MM, 22 * _MM), "letter": (19 * _MM, 18 * _MM)}
_LETTER_HEIGHT = 792.0
_SLACK = 1.5


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
    return found


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


@dataclass(frozen=True)
class _Word:
    text: str
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


@lru_cache(maxsize=4)
def _pages(pdf: bytes) -> tuple[_Page, ...]:
    # Reading the boxes is what costs; every check of the same file shares them.
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        return tuple(_page(number, page) for number, page in enumerate(opened.pages, start=1))


def _page(number: int, page: Any) -> _Page:
    words = page.extract_words(use_text_flow=True, extra_attrs=["size", "upright"])
    drawn = [
        float(item["bottom"])
        for kind in ("lines", "rects", "curves", "images")
        for item in getattr(page, kind)
    ]
    return _Page(
        number=number,
        width=float(page.width),
        height=float(page.height),
        words=tuple(
            _Word(
                text=str(word["text"]),
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
    words = [word for page in _pages(pdf) for word in page.words]
    least = min(words, key=lambda word: word.size)
    return least.size, least.text


def clipped(pdf: bytes) -> list[tuple[int, str]]:
    """Words that stick out of the text column, or of the page."""
    found = []
    for page in _pages(pdf):
        side = (page.width - _COLUMN) / 2 - _SLACK
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
