"""Charts, tables and what-if panels with everything a reader needs around them: a takeaway
for a title, units, a source, an alt text, and sentences that read the numbers.

``chart`` and ``table`` make them; a chart's reading must be given, for one that nobody reads out
is a picture.
"""

from __future__ import annotations

import itertools
import math
import re
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import model_validator

from jcurve.figures import svg as drawing
from jcurve.figures.display import Displayed, Frozen, Paragraph, Part, paragraph, words
from jcurve.figures.narrowing import drawings
from jcurve.figures.style import Width
from jcurve.ground import markdown
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import NumberStyle, written

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_NOTHING = "–"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Value = str | int | float | None
"""A cell's content; None is shown as a dash: there is no such number."""


def _required(name: str, what: str, **texts: str) -> None:
    """Refuse an id that is none, and texts that say nothing."""
    if not _IDENTIFIER.fullmatch(name):
        raise UsageError(
            f"{what} with an id that is none",
            received=name,
            allowed="a small letter, then small letters, digits, - or _; at most 64",
        )
    for label, text in texts.items():
        if not text.strip():
            lacking = label.replace("_", " ")
            raise UsageError(f"exhibit {name} has no {lacking}", allowed=f"a non-empty {lacking}")


class _Exhibit(Displayed):
    """What charts and tables have in common."""

    id: str  # names it in cross-references, in ``results.json`` and in errors
    title: str  # the takeaway, in words
    subtitle: str = ""  # what is shown, and the unit
    source: str  # where the numbers come from
    notes: tuple[str, ...] = ()  # what must be known beyond that
    reading: Paragraph = ()  # sentences that read the exhibit, generated from its numbers

    def lettered(self) -> tuple[tuple[str, str], ...]:
        """Each note with its letter, or an empty one where no cell calls it."""
        return tuple(("", note) for note in self.notes)

    @abstractmethod
    def cells_as_markdown(self) -> str:
        """What is shown: a table's cells, or a chart in words."""

    def markdown(self) -> str:
        """The exhibit with its texts as Markdown, for a page of ``docs/``."""
        notes = (f"{letter}: {note}" if letter else note for letter, note in self.lettered())
        body, reading = self.cells_as_markdown(), words(self.reading)
        return markdown.exhibit(self.title, self.subtitle, body, (*notes, reading), self.source)


class Exhibit(_Exhibit):
    """A chart."""

    kind: Literal["chart"] = "chart"
    svg: str  # the drawing; one unit of its view box is a point on paper
    narrow: str = ""  # the same for a phone; empty where the drawing is narrow enough
    alt: str  # what the drawing shows, for who cannot see it; never empty
    # ``full`` column, ``half`` or ``third``: two or three in a row stand side by side
    width: Width = "full"

    @model_validator(mode="after")
    def _complete(self) -> Exhibit:
        _required(self.id, "a chart", title=self.title, alt_text=self.alt, source=self.source)
        for svg in filter(None, (self.svg, self.narrow)):
            drawing.check(svg, self.id)
            drawing.size(svg)
        return self

    def mark(self) -> dict[str, str]:
        """The exhibit's id and alt text for the output's metadata."""
        return {"exhibit": self.id, "alt": self.alt}

    def record(self) -> dict[str, str]:
        """What ``results.json`` says of it."""
        return {"id": self.id, "kind": "chart", "title": self.title, "alt": self.alt}

    def plain(self) -> str:
        """Title, alt text, reading and source as plain text."""
        lines = (self.title, self.subtitle, self.alt, words(self.reading), f"Source: {self.source}")
        return "\n".join(line for line in lines if line)

    def cells_as_markdown(self) -> str:
        """What the chart shows, in words."""
        return f"{self.alt}\n"


def chart(
    figure: Figure,
    *,
    id: str,
    title: str,
    source: str | Sequence[str],
    alt: str,
    reading: Part | Iterable[Part],
    subtitle: str = "",
    notes: Sequence[str] = (),
    width: Width = "full",
) -> Exhibit:
    """Make an exhibit of a matplotlib figure drawn in the house style.

    The drawing is the same, byte by byte, for the same figure. What would stick out of
    the figure's edge pulls the axes in.

    Args:
        figure: from a recipe, or from ``style.plot`` or ``style.panels``.
        source: one text, or several to be joined.

    Raises:
        UsageError: a text that must be there is missing; the message names the exhibit.
    """
    _required(id, "a chart", title=title, alt_text=alt)
    svg, narrow = drawings(figure, id, width)
    return Exhibit(
        id=id,
        title=title,
        subtitle=subtitle,
        svg=svg,
        narrow=narrow,
        source=source if isinstance(source, str) else "; ".join(source),
        alt=alt,
        reading=paragraph(reading),
        notes=tuple(notes),
        width=width,
    )


class Cell(Frozen):
    """A value that carries a footnote: ``note`` counts from 0 in the table's notes."""

    value: Value
    note: int


class Column(Frozen):
    """A column."""

    label: str  # its head
    unit: str = ""  # in the head, under the label
    group: str = ""  # neighbours with the same group share a head above theirs
    style: Literal["text"] | NumberStyle = "number"  # ``text``, or how numbers are written
    decimals: int = 0  # digits after the point
    sign: bool = False  # whether positive numbers show their plus
    forecast: bool = False  # tinted, to tell forecast from history
    figures: bool = False  # a text column that mostly holds numbers, and keeps right as they do
    weight: float = 0.0  # share of the width that a text column may take when it must wrap

    @property
    def said(self) -> str:
        """Its heads and unit in one line."""
        return ", ".join(filter(None, (self.group, self.label, self.unit)))

    @property
    def keeps_left(self) -> bool:
        """Whether its cells begin at the left, as words do."""
        return self.style == "text" and not self.figures


def figures(*labels: str, group: str = "", weight: float = 0.0) -> list[Column]:
    """Columns of figures that are written in their own units: texts that keep right."""
    about = {"style": "text", "figures": True, "group": group, "weight": weight}
    return [Column.model_validate({"label": label, **about}) for label in labels]


class Row(Frozen):
    """A row."""

    cells: tuple[Value | Cell, ...]  # one value a column; for a heading the first is enough
    # ``heading`` spans the table; ``subtotal`` and ``total`` have a rule above
    role: Literal["normal", "heading", "subtotal", "total"] = "normal"
    indent: int = 0  # how deep under the row above, from 0 to 3
    # how this row's numbers are written, if not as their columns say
    style: NumberStyle | None = None
    decimals: int | None = None  # the same for digits
    says: str = ""  # what its name means, in a clause: in HTML, where a reader points

    @classmethod
    def of(cls, *cells: Value | Cell, **look: Any) -> Row:
        """A row of these cells."""
        return cls(cells=cells, **look)


def heading(text: str) -> Row:
    """A row that spans the table and names what follows."""
    return Row.of(text, role="heading")


def saying(says: str, *cells: Value | Cell, **more: Any) -> Row:
    """A row whose name means what ``says`` says."""
    return Row.of(*cells, says=says, **more)


class TableExhibit(_Exhibit):
    """A table.

    Attributes:
        columns: the first one names the rows.
        notes: footnotes a, b, c …, called from cells; one that none calls stands for the
            whole table and has no letter.
        dense: smaller text, for long tables of reference.
        place: ``both``; on the ``page`` alone and not in print; or there behind a ``fold``.
    """

    kind: Literal["table", "whatif"] = "table"
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    dense: bool = False
    place: Literal["both", "page", "fold"] = "both"

    @model_validator(mode="after")
    def _complete(self) -> TableExhibit:
        _required(self.id, "a table", title=self.title, source=self.source)
        if not self.columns or not self.rows:
            raise UsageError(f"exhibit {self.id} has no columns or no rows")
        if len(self.notes) > len(_LETTERS):
            raise UsageError(f"exhibit {self.id} has too many notes", allowed="at most 26")
        for number, row in enumerate(self.rows, start=1):
            self._check(number, row)
        return self

    def _check(self, number: int, row: Row) -> None:
        where = f"exhibit {self.id}, row {number}"
        wanted = len(self.columns)
        if row.role == "heading":
            if len(row.cells) != 1:
                raise UsageError("a heading row of more than one cell", where=where)
        elif len(row.cells) != wanted:
            raise UsageError(
                "a row of the wrong length",
                where=where,
                received=len(row.cells),
                allowed=f"{wanted} cells, one a column",
            )
        for cell, column in zip(row.cells, self.columns, strict=False):
            value = cell.value if isinstance(cell, Cell) else cell
            if isinstance(value, float) and not math.isfinite(value):
                raise UsageError(
                    "a number that is none",
                    where=f"{where}, column {column.label!r}",
                    received=value,
                    allowed="a finite number, or None where there is none",
                )
            if isinstance(cell, Cell) and not 0 <= cell.note < len(self.notes):
                raise UsageError(
                    "a note that does not exist",
                    where=f"{where}, column {column.label!r}",
                    received=cell.note,
                    allowed=f"0 to {len(self.notes) - 1}",
                )

    @property
    def stacks(self) -> bool:
        """Whether a phone shows its columns under one another: where some of them hold words, or
        none a year."""
        held = self.columns[1:]
        return any(each.style == "text" for each in held) or not any(
            each.label[:1].isdigit() for each in held
        )

    @property
    def alt(self) -> str:
        """A table is read cell by cell; this only says what it is."""
        return f"Table: {self.title}"

    def mark(self) -> dict[str, str]:
        """The exhibit's id and, as its alt text, what the table is."""
        return {"exhibit": self.id, "alt": self.alt}

    def record(self) -> dict[str, str]:
        """What ``results.json`` says of it."""
        return {"id": self.id, "kind": "table", "title": self.title, "alt": self.alt}

    def text(self, row: Row, index: int) -> tuple[str, str]:
        """Text of one cell and the letter of its note, or an empty one."""
        cell, column = row.cells[index], self.columns[index]
        letter = _LETTERS[cell.note] if isinstance(cell, Cell) else ""
        value = cell.value if isinstance(cell, Cell) else cell
        if value is None:
            return _NOTHING, letter
        if isinstance(value, str):
            return value, letter
        if column.style == "text" and row.style is None:
            return str(value), letter
        style = row.style or ("number" if column.style == "text" else column.style)
        decimals = column.decimals if row.decimals is None else row.decimals
        return written(value, style, decimals, sign=column.sign), letter

    def column_groups(self) -> list[tuple[str, int]]:
        """The heads above the heads, each with how many columns it spans."""
        groups = itertools.groupby(self.columns, key=lambda column: column.group)
        return [(group, len(list(columns))) for group, columns in groups]

    def lettered(self) -> tuple[tuple[str, str], ...]:
        """Each note with its letter, or an empty one where no cell calls it."""
        called = {cell.note for row in self.rows for cell in row.cells if isinstance(cell, Cell)}
        return tuple(
            (_LETTERS[number] if number in called else "", note)
            for number, note in enumerate(self.notes)
        )

    def cells_as_markdown(self) -> str:
        """The cells alone as a Markdown table; a heading row is bold."""
        heads = []
        for each in self.columns:
            unit = f" ({each.unit})" if each.unit else ""
            heads.append(": ".join(filter(None, (each.group, each.label))) + unit)
        rows = []
        for row in self.rows:
            cells = [
                text + (f" <sup>{letter}</sup>" if letter else "")
                for text, letter in (self.text(row, index) for index in range(len(row.cells)))
            ]
            if row.role == "heading":
                cells = [f"**{cells[0]}**", *[""] * (len(heads) - 1)]
            rows.append(cells)
        return markdown.table(heads, rows)

    def plain(self) -> str:
        """The table in Markdown with its title, reading and source."""
        texts = (self.title, self.cells_as_markdown(), words(self.reading))
        return "\n".join([*filter(None, texts), f"Source: {self.source}"])


def table(
    columns: Sequence[Column | str | tuple[str, float]],
    rows: Sequence[Row | Sequence[Value | Cell]],
    *,
    id: str,
    title: str,
    source: str | Sequence[str],
    reading: Part | Sequence[Part] = (),
    subtitle: str = "",
    notes: Sequence[str] = (),
    dense: bool = False,
) -> TableExhibit:
    """A table; a bare string is a text column, with a number one of that weight, a bare sequence a
    normal row.

    Raises:
        UsageError: a text is missing, a row has the wrong length, a number is not finite.
    """
    return TableExhibit(
        id=id,
        title=title,
        subtitle=subtitle,
        columns=tuple(_column(column) for column in columns),
        rows=tuple(row if isinstance(row, Row) else Row(cells=tuple(row)) for row in rows),
        source=source if isinstance(source, str) else "; ".join(source),
        notes=tuple(notes),
        reading=paragraph(reading),
        dense=dense,
    )


def _column(column: Column | str | tuple[str, float]) -> Column:
    if isinstance(column, Column):
        return column
    label, weight = (column, 0.0) if isinstance(column, str) else column
    return Column(label=label, style="text", weight=weight)
