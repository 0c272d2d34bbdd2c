"""A report as a tree of blocks: what the PDF and the HTML have in common."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from jcurve.assumptions.house_style import HouseStyle
from jcurve.figures.display import Cover, Formula, Paragraph, Prose
from jcurve.figures.exhibit import Exhibit, TableExhibit


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
class Note:
    """What the writer sets apart from the rest: a warning, a hint."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Verbatim:
    """Text as a terminal shows it; of ``folded`` lines, first to the one after the last, a page
    says the number alone."""

    text: str
    folded: tuple[int, int] | None = None


@dataclass(frozen=True)
class Maths:
    """A formula on a line of its own."""

    formula: Formula


@dataclass(frozen=True)
class Rule:
    """A thematic break."""


@dataclass(frozen=True)
class Picture:
    """A picture that is not one of our exhibits: base64 or an SVG's text; sizes are CSS pixels."""

    mime: Literal["image/png", "image/jpeg", "image/svg+xml"]
    data: str
    alt: str
    size: tuple[float, float]
    where: str = ""


Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Cell:
    """A cell of a table that is not one of our exhibits; its shade is ``#rrggbb``, or nothing."""

    runs: Paragraph = ()
    across: int = 1
    down: int = 1
    head: bool = False
    shade: str = ""


@dataclass(frozen=True)
class Grid:
    """A table that is not one of our exhibits; ``stub`` columns at its left name the rows.

    Rows hold the cells that begin in them, as HTML writes them; ``placed`` says where.
    """

    head: tuple[tuple[Cell, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]
    aligns: tuple[Align, ...]
    stub: int = 0
    caption: Paragraph = ()


def placed(rows: Sequence[Sequence[Cell]]) -> list[list[tuple[int, Cell]]]:
    """The cells that begin in each row, each with the column that it begins in.

    A cell of several rows takes its columns in the rows below, as in HTML::

        >>> rows = [[Cell(down=2), Cell()], [Cell()]]
        >>> [[at for at, _ in row] for row in placed(rows)]
        [[0, 1], [1]]
    """
    taken: dict[int, int] = {}  # column: rows that it is taken for, this one included
    found = []
    for row in rows:
        line, at = [], 0
        for cell in row:
            while taken.get(at):
                at += 1
            line.append((at, cell))
            taken |= dict.fromkeys(range(at, at + cell.across), cell.down)
            at += cell.across
        taken = {column: left - 1 for column, left in taken.items() if left > 1}
        found.append(line)
    return found


@dataclass(frozen=True)
class Shown:
    """One of our display objects; the cover is not among the blocks."""

    item: Exhibit | TableExhibit | Prose


@dataclass(frozen=True)
class Beside:
    """Charts of one width side by side."""

    charts: tuple[Exhibit, ...]


Block = (
    Heading
    | Para
    | Items
    | Quote
    | Note
    | Verbatim
    | Maths
    | Rule
    | Picture
    | Grid
    | Shown
    | Beside
)


def within(blocks: Iterable[Block]) -> Iterator[Block]:
    """All of ``blocks``, and the ones that stand in others."""
    for block in blocks:
        yield block
        if isinstance(block, Quote | Note):
            yield from within(block.blocks)
        elif isinstance(block, Items):
            for item in block.items:
                yield from within(item)


@dataclass(frozen=True)
class Code:
    """A code cell's source, hidden but available."""

    number: int
    source: str


@dataclass(frozen=True, order=True)
class Loss:
    """Something of a notebook that its briefing does not show as the notebook does."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Document:
    """A report, ready to be typeset.

    Its date comes from its content, never from a clock; ``failed`` says what ended the notebook's
    run, ``losses`` what of it is not shown.
    """

    title: str
    blocks: tuple[Block, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)
    cover: Cover | None = None
    code: tuple[Code, ...] = ()
    language: str = "en-GB"
    author: str = ""
    date: datetime.date | None = None
    failed: str = ""
    losses: tuple[Loss, ...] = ()


def printed(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without tables that stand on the page alone, and without the sections of which
    these are all that is shown."""
    kept: list[Block] = []
    section: list[Block] = []
    for block in (*blocks, None):
        if block is None or (isinstance(block, Heading) and block.level == 1):
            left = [each for each in section if not _on_the_page_alone(each)]
            shows = any(not isinstance(each, Heading | Para) for each in left)
            kept += left if shows or len(left) == len(section) else []
            section = []
        if block is not None:
            section.append(block)
    return kept


def _on_the_page_alone(block: Block) -> bool:
    item = block.item if isinstance(block, Shown) else None
    return isinstance(item, TableExhibit) and item.place != "both"


def signed(document: Document, house: HouseStyle) -> Document:
    """``document`` with the date, the author and the contact that the house style states; its
    own where that states none."""
    cover, date = document.cover, house.date or document.date
    # A notebook of its own names its authors; a report of ours is the company's.
    stated = house.author or (house.company if cover is not None else "")
    if cover is not None:
        day = f"{date.day} {date:%B %Y}" if date else ""
        signs = ", ".join(filter(None, (stated, house.contact)))
        byline = " · ".join(filter(None, (day, cover.byline, signs)))
        cover = cover.model_copy(update={"byline": byline})
    return replace(document, cover=cover, author=stated or document.author, date=date)
