"""Tables with proper typography: units in the header, sub-totals, notes, a source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from jcurve.figures.display import Displayed, identifier, required
from jcurve.figures.numbers import NumberStyle, written
from jcurve.figures.prose import Paragraph, Part, paragraph, words
from jcurve.ground import markdown
from jcurve.ground.errors import UsageError

__all__ = ["Cell", "Column", "Row", "TableExhibit", "Value", "table"]

Value = str | int | float | None
"""A cell's content; None is shown as a dash: there is no such number."""

Role = Literal["normal", "heading", "subtotal", "total"]
"""``heading`` spans the table; ``subtotal`` and ``total`` have a rule above."""

_NOTHING = "–"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(_Part):
    """A value that carries a footnote: ``note`` counts from 0 in the table's notes."""

    value: Value
    note: int


class Column(_Part):
    """A column.

    Attributes:
        label: its head.
        unit: in the head, under the label.
        group: neighbours with the same group share a head above theirs.
        style: ``text``, or how numbers are written.
        decimals: digits after the point.
        sign: whether positive numbers show their plus.
        forecast: tinted, to tell forecast from history.
        figures: a text column that mostly holds numbers, and keeps right as they do.
        weight: share of the width that a text column may take when it must wrap.
    """

    label: str
    unit: str = ""
    group: str = ""
    style: Literal["text"] | NumberStyle = "number"
    decimals: int = 0
    sign: bool = False
    forecast: bool = False
    figures: bool = False
    weight: float = 0.0

    @property
    def keeps_left(self) -> bool:
        """Whether its cells begin at the left, as words do."""
        return self.style == "text" and not self.figures


class Row(_Part):
    """A row.

    Attributes:
        cells: one value a column; for a heading the first is enough.
        role: what it is among the rows.
        indent: how deep under the row above, from 0 to 3.
        style: how this row's numbers are written, if not as their columns say.
        decimals: the same for digits.
    """

    cells: tuple[Value | Cell, ...]
    role: Role = "normal"
    indent: int = 0
    style: NumberStyle | None = None
    decimals: int | None = None


class TableExhibit(Displayed):
    """A table.

    Attributes:
        id: names it in cross-references, in ``results.json`` and in errors.
        title: the takeaway, in words.
        subtitle: what is listed, and the unit if one holds for all.
        columns: the first one names the rows.
        notes: footnotes a, b, c …, called from cells; one that none calls stands for the
            whole table and has no letter.
        source: where the numbers come from.
        reading: sentences that read the table.
        dense: smaller text, for long tables of reference.
    """

    kind: Literal["table", "whatif"] = "table"
    id: str
    title: str
    subtitle: str = ""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    source: str
    notes: tuple[str, ...] = ()
    reading: Paragraph = ()
    dense: bool = False

    @model_validator(mode="after")
    def _complete(self) -> TableExhibit:
        identifier(self.id, "a table")
        required(self.title, "title", self.id)
        required(self.source, "source", self.id)
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

    def mark(self) -> dict[str, str]:
        """The exhibit's id and, as its alt text, what the table is."""
        return {"exhibit": self.id, "alt": self.alt}

    def record(self) -> dict[str, str]:
        """What ``results.json`` says of it."""
        return {"id": self.id, "kind": "table", "title": self.title, "alt": self.alt}

    @property
    def alt(self) -> str:
        """A table is read cell by cell; this only says what it is."""
        return f"Table: {self.title}"

    def text(self, row: Row, index: int) -> tuple[str, str]:
        """Text of one cell and the letter of its note, or an empty one."""
        cell, column = row.cells[index], self.columns[index]
        mark = _LETTERS[cell.note] if isinstance(cell, Cell) else ""
        value = cell.value if isinstance(cell, Cell) else cell
        if value is None:
            return _NOTHING, mark
        if isinstance(value, str):
            return value, mark
        if column.style == "text" and row.style is None:
            return str(value), mark
        style = row.style or ("number" if column.style == "text" else column.style)
        decimals = column.decimals if row.decimals is None else row.decimals
        return written(value, style, decimals, sign=column.sign), mark

    def lettered(self) -> tuple[tuple[str, str], ...]:
        """Each note with its letter, or an empty one where no cell calls it."""
        called = {cell.note for row in self.rows for cell in row.cells if isinstance(cell, Cell)}
        return tuple(
            (_LETTERS[number] if number in called else "", note)
            for number, note in enumerate(self.notes)
        )

    def plain(self) -> str:
        """The table in aligned columns."""
        head = [f"{column.label} ({column.unit})" if column.unit else column.label
                for column in self.columns]  # fmt: skip
        body = [[self.text(row, index)[0] for index in range(len(row.cells))] for row in self.rows]
        widths = [
            max(len(line[index]) for line in [head, *body] if index < len(line))
            for index in range(len(head))
        ]
        lines = [
            "  ".join(
                text.ljust(width) if index == 0 else text.rjust(width)
                for index, (text, width) in enumerate(zip(line, widths, strict=False))
            ).rstrip()
            for line in [head, *body]
        ]
        tail = [words(self.reading)] if self.reading else []
        return "\n".join([self.title, *lines, *tail, f"Source: {self.source}"])

    def cells_as_markdown(self) -> str:
        """The cells alone as a Markdown table; a heading row is bold."""
        heads = [
            ": ".join(filter(None, (column.group, column.label)))
            + (f" ({column.unit})" if column.unit else "")
            for column in self.columns
        ]
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

    def markdown(self) -> str:
        """The table with its texts as Markdown, for a page of ``docs/``."""
        notes = (f"{letter}: {note}" if letter else note for letter, note in self.lettered())
        return markdown.exhibit(
            self.title, self.subtitle, self.cells_as_markdown(),
            (*notes, words(self.reading)), self.source,
        )  # fmt: skip

    def markup(self) -> str:
        """The table with its texts as HTML."""
        from jcurve.figures.markup import table_html

        return table_html(self)


def table(
    columns: Sequence[Column | str],
    rows: Sequence[Row | Sequence[Value | Cell]],
    *,
    id: str,
    title: str,
    source: str | Sequence[str],
    subtitle: str = "",
    notes: Sequence[str] = (),
    reading: Part | Sequence[Part] = (),
    dense: bool = False,
) -> TableExhibit:
    """Make a table; a bare string is a text column, a bare sequence a normal row.

    Raises:
        UsageError: a text is missing, a row has the wrong length, a number is not finite.
    """
    return TableExhibit(
        id=id,
        title=title,
        subtitle=subtitle,
        columns=tuple(
            column if isinstance(column, Column) else Column(label=column, style="text")
            for column in columns
        ),
        rows=tuple(row if isinstance(row, Row) else Row(cells=tuple(row)) for row in rows),
        source=source if isinstance(source, str) else "; ".join(source),
        notes=tuple(notes),
        reading=paragraph(reading),
        dense=dense,
    )
