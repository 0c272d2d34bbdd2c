"""A report as a tree of blocks: what the PDF and the HTML have in common."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jcurve.figures.cover import Cover
from jcurve.figures.exhibit import Exhibit
from jcurve.figures.prose import Paragraph, Prose
from jcurve.figures.table import TableExhibit

__all__ = [
    "Block",
    "Code",
    "Document",
    "Grid",
    "Heading",
    "Items",
    "Pair",
    "Para",
    "Picture",
    "Quote",
    "Rule",
    "Shown",
    "Verbatim",
]


@dataclass(frozen=True)
class Heading:
    """A heading; levels start at 1 and never skip one on the way down."""

    level: int
    runs: Paragraph
    anchor: str


@dataclass(frozen=True)
class Para:
    """A paragraph."""

    runs: Paragraph


@dataclass(frozen=True)
class Items:
    """A list; each item is a sequence of blocks."""

    items: tuple[tuple[Block, ...], ...]
    ordered: bool = False
    start: int = 1


@dataclass(frozen=True)
class Quote:
    """A quotation."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Verbatim:
    """Text as a terminal shows it."""

    text: str


@dataclass(frozen=True)
class Rule:
    """A thematic break."""


@dataclass(frozen=True)
class Picture:
    """A picture that is not one of our exhibits.

    Attributes:
        mime: ``image/png``, ``image/jpeg`` or ``image/svg+xml``.
        data: base64, or the SVG's text.
        alt: what it shows.
        size: width and height in CSS pixels.
    """

    mime: Literal["image/png", "image/jpeg", "image/svg+xml"]
    data: str
    alt: str
    size: tuple[float, float]


@dataclass(frozen=True)
class Grid:
    """A table that is not one of our exhibits.

    Attributes:
        head: header rows.
        rows: body rows.
        aligns: of each column.
        stub: how many columns at the left name the rows.
    """

    head: tuple[tuple[Paragraph, ...], ...]
    rows: tuple[tuple[Paragraph, ...], ...]
    aligns: tuple[Literal["left", "center", "right"], ...]
    stub: int = 0


@dataclass(frozen=True)
class Shown:
    """One of our display objects; the cover is not among the blocks."""

    item: Exhibit | TableExhibit | Prose


@dataclass(frozen=True)
class Pair:
    """Two half-width charts side by side."""

    left: Exhibit
    right: Exhibit


Block = Heading | Para | Items | Quote | Verbatim | Rule | Picture | Grid | Shown | Pair


@dataclass(frozen=True)
class Code:
    """A code cell's source, hidden but available."""

    number: int
    source: str


@dataclass(frozen=True)
class Document:
    """A report, ready to be typeset.

    Attributes:
        title: of the report.
        blocks: its content without the cover.
        numbers: the exhibits' ids and numbers, in order.
        cover: the cover block, if it has one.
        code: the code cells.
        language: BCP 47 tag.
        author: who signs.
        date: its date, from its content and never from a clock.
    """

    title: str
    blocks: tuple[Block, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)
    cover: Cover | None = None
    code: tuple[Code, ...] = ()
    language: str = "en-GB"
    author: str = ""
    date: datetime.date | None = None
