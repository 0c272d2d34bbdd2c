"""Puts a book on sheets through XlsxWriter.

XlsxWriter, because it only writes: values beside formulas, native charts, data validation and
print set-up in one pass, and the same bytes for the same content. Reading back is openpyxl's.
"""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import Any

from jcurve.ground.project import Project
from jcurve.workbook.book import Book, Line, Sheet
from jcurve.workbook.cells import Item, Page
from jcurve.workbook.charts import add_charts
from jcurve.workbook.formats import WRAPPED, Formats
from jcurve.workbook.grid import DEFINITION, HEADER_ROW, NAME, UNIT, VALUE
from jcurve.workbook.input_sheets import dated_page, inputs_page, validations
from jcurve.workbook.marks import Marker, RowMarks, mark_facts
from jcurve.workbook.masthead import add_footers, add_masthead, house_of
from jcurve.workbook.names import (
    ABOUT,
    CHECKS,
    DATED,
    DIFFERENCES,
    HISTORY,
    INPUTS,
    LISTS,
    MARKS,
    RATES,
    RETURNS,
    SHARED_ROWS,
    SHEETS,
    SOURCES,
    STATEMENTS,
    SUMMARY,
    WORKINGS,
    WORLD_SHEETS,
)
from jcurve.workbook.pages import (
    about_page,
    checks_page,
    lists_page,
    returns_page,
    sources_page,
    statements_page,
    summary_page,
)
from jcurve.workbook.record import record_lines
from jcurve.workbook.style import width_of

__all__ = ["Pen"]

_LONGEST = 32_000
_A4, _A3 = 9, 8
_TITLE_HEIGHT, _LINE_HEIGHT, _LINE_LENGTH = 24, 13.5, 150
_TABS = {
    SUMMARY: "#0B5D8F", INPUTS: "#C9B458", DATED: "#C9B458", STATEMENTS: "#0B5D8F",
    RETURNS: "#0B5D8F", CHECKS: "#0B5D8F", HISTORY: "#1E6B37", WORKINGS: "#9AA5B1",
    RATES: "#9AA5B1", SHARED_ROWS: "#5B6573", DIFFERENCES: "#5B6573",
    **dict.fromkeys(WORLD_SHEETS.values(), "#5B6573"),
}  # fmt: skip
_CHARACTERS = 1.15
"""Characters of running text per unit of column width, which is that of a digit."""

_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""The date of making that every file bears, so that equal content gives equal bytes."""


class Pen:
    """Writes one workbook.

    Args:
        book: its content.
        stream: receives the bytes.
        today: printed on *About* when given.
        project: where the sources are.
    """

    def __init__(
        self,
        book: Book,
        stream: io.BytesIO,
        today: datetime.date | None,
        project: Project | str | FilePath | None,
    ) -> None:
        import xlsxwriter

        from jcurve.workbook.worksheet import PlainWorksheet

        self.book, self.today, self.project = book, today, project
        self.workbook = xlsxwriter.Workbook(
            stream,
            {"strings_to_urls": False, "strings_to_formulas": False, "strings_to_numbers": False},
        )
        self.workbook.set_properties(
            {
                "title": _safe(book.case.scenario.title)[:250],
                "subject": f"scenario {book.case.scenario.name}",
                "author": "J-Curve",
                "created": _EPOCH,
            }
        )
        self.formats = Formats(self.workbook)
        self.sheets = {name: self.workbook.add_worksheet(name, PlainWorksheet) for name in SHEETS}
        grid = book.grid
        self.marker = Marker(grid.first_year, grid.years, grid.first_quarter, grid.quarters)
        self.marks: dict[tuple[str, int], RowMarks] = {}
        self.formulas = 0

    def write(self) -> None:
        """Write every sheet and close the file."""
        book = self.book
        for name, entry in ((book.layout.names[e.key], e) for e in book.layout.entries
                            if e.form != "dated"):  # fmt: skip
            cell = book.layout.cell_of_name(entry)
            self.workbook.define_name(name, f"={book.grid.single((cell,), '')[1:]}")
        for sheet in book.sheets.values():
            self._rows(sheet)
        checks, master = checks_page(book)
        for page in (
            inputs_page(book), dated_page(book), checks, returns_page(book), statements_page(book),
            summary_page(book, master), sources_page(book, self.project), lists_page(book),
            self._rates(),
        ):  # fmt: skip
            self._page(page)
        for name, cell_range, options in validations(book):
            self.sheets[name].data_validation(cell_range, options)
        add_charts(self.workbook, self.sheets[SUMMARY], book)
        house = house_of(self.project)
        add_masthead(self.workbook, self.sheets[SUMMARY], house)
        add_footers(self.sheets, house)
        self._page(about_page(book, self.today, self.formulas))
        for at, line in enumerate(record_lines(book, self.marks)):
            self.sheets[MARKS].write_string(at, 0, line)
        self._finish()
        self.workbook.close()

    def _finish(self) -> None:
        for name, sheet in self.sheets.items():
            sheet.hide_gridlines(2)
            if name in _TABS:
                sheet.set_tab_color(_TABS[name])
        self.sheets[LISTS].hide()
        self.sheets[MARKS].very_hidden()
        self.sheets[SUMMARY].activate()
        self.sheets[ABOUT].set_portrait()
        self.sheets[SOURCES].set_landscape()

    # Sheets of rows

    def _rows(self, sheet: Sheet) -> None:
        grid, out, formats = self.book.grid, self.sheets[sheet.name], self.formats
        out.set_row(0, _TITLE_HEIGHT)
        out.write_string(0, 0, sheet.title, formats.of("title"))
        out.write_string(
            1, 0, f"Scenario {self.book.case.scenario.name}: years, then quarters.",
            formats.of("text"),
        )  # fmt: skip
        for at, head in ((NAME, "Line"), (UNIT, "Unit"), (DEFINITION, "Definition")):
            out.write_string(HEADER_ROW, at, head, formats.of("head"))
        out.write_string(HEADER_ROW, VALUE, "One value", formats.of("head:right"))
        for at, label in enumerate(grid.year_labels):
            out.write_string(HEADER_ROW, grid.year(at), label, formats.of("head:right"))
        for at, label in enumerate(grid.labels):
            out.write_string(HEADER_ROW, grid.quarter(at), label, formats.of("head:right"))
        for row, heading in sheet.headings:
            out.write_string(row, 0, heading, formats.of("section"))
        for line in sheet.lines:
            self._line(sheet.name, out, line)
        self._row_setup(sheet, out)

    def _line(self, name: str, out: Any, line: Line) -> None:
        grid, row, formats = self.book.grid, line.where.row, self.formats
        out.write_string(row, NAME, line.name, formats.of("name"))
        out.write_string(row, UNIT, line.unit, formats.of("text"))
        definition = " ".join(line.definition.split())
        self._text(out, row, DEFINITION, definition, "clip")
        number = formats.of(line.style)
        if line.single is not None:
            out.write_formula(row, VALUE, line.single, number, _clean(line.single_value))
            self._mark(name, row, VALUE, line.single)
        elif line.single_value is not None:
            self.marks.setdefault((name, row), {})["s"] = mark_facts([float(line.single_value)])
            out.write_number(row, VALUE, float(line.single_value), formats.of(f"fact:{line.style}"))
        first = grid.first_quarter
        if line.quarters is not None:
            for at, (formula, value) in enumerate(
                zip(line.quarters, line.quarter_values, strict=True), first
            ):
                out.write_formula(row, at, formula, number, _clean(value))
            self.formulas += len(line.quarters)
        elif line.quarter_values:
            self._facts(out, line)
        if line.years is not None:
            for at, (formula, value) in enumerate(
                zip(line.years, line.year_values, strict=True), grid.first_year
            ):
                out.write_formula(row, at, formula, number, _clean(value))
            self.formulas += len(line.years)
        marks = self.marker.row(name, line.quarters, line.years, line.lead)
        if marks:
            self.marks.setdefault((name, row), {}).update(marks)

    def _facts(self, out: Any, line: Line) -> None:
        fact = self.book.case.assembly.history[line.name]
        row = line.where.row
        for at, value in enumerate(line.quarter_values):
            if isinstance(value, float):
                role = "estimate" if fact.status[at] == "estimate" else "fact"
                style = self.formats.of(f"{role}:{line.style}")
                out.write_number(row, self.book.grid.quarter(at), value, style)
        self.marks.setdefault((HISTORY, row), {})["f"] = mark_facts(line.quarter_values)
        keys = dict.fromkeys(
            part.strip() for text in fact.source_id for part in text.split(";") if part.strip()
        )
        source = f"{' '.join(line.definition.split())} Sources: {', '.join(keys)}"
        self._text(out, row, DEFINITION, source, "clip")

    def _row_setup(self, sheet: Sheet, out: Any) -> None:
        grid = self.book.grid
        year = quarter = single = 8
        for line in sheet.lines:
            year = max(year, width_of(line.style, _numbers(line.year_values)))
            quarter = max(quarter, width_of(line.style, _numbers(line.quarter_values)))
            if line.single_value is not None:
                single = max(single, width_of(line.style, _numbers([line.single_value])))
        out.set_column(NAME, NAME, 40)
        out.set_column(UNIT, UNIT, 13)
        out.set_column(DEFINITION, DEFINITION, 46)
        out.set_column(VALUE, VALUE, single + 2)
        out.set_column(grid.first_year, grid.first_quarter - 1, year + 2)
        out.set_column(grid.first_quarter, grid.last_column, quarter + 2)
        out.freeze_panes(HEADER_ROW + 1, UNIT + 1)
        last = max((line.where.row for line in sheet.lines), default=HEADER_ROW)
        self._print(out, last, grid.first_quarter - 1, HEADER_ROW, landscape=True, paper=_A3)
        whole = f"A1:{_letters(grid.last_column)}{last + 1}"
        out.ignore_errors({"formula_differs": whole, "formula_range": whole})

    def _print(
        self,
        out: Any,
        last_row: int,
        last_column: int,
        head: int,
        *,
        landscape: bool,
        paper: int,
        one_page: bool = False,
    ) -> None:
        out.set_paper(paper)
        if landscape:
            out.set_landscape()
        out.fit_to_pages(1, int(one_page))
        out.print_area(0, 0, last_row, last_column)
        out.repeat_rows(head)
        out.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)

    # Other sheets

    def _page(self, page: Page) -> None:
        out = self.sheets[page.name]
        out.set_row(0, _TITLE_HEIGHT)
        first, closed = page.closed
        for at, width in enumerate(page.widths):
            grouped = {"level": 1, "hidden": True} if first <= at < first + closed else {}
            if closed and at == first + closed:
                grouped = {"collapsed": True}
            out.set_column(at, at, width, None, grouped)
        heights: dict[int, int] = {}
        for item in page.items:
            self._item(page.name, out, item)
            if item.style in WRAPPED and isinstance(item.value, str):
                room = _CHARACTERS * page.widths[item.column]
                lines = max(1, math.ceil(len(item.value) / room))
                heights[item.row] = max(heights.get(item.row, 1), lines)
        # Stated, because not every program fits the height of a row when it opens a file.
        for row, lines in heights.items():
            if lines > 1:
                out.set_row(row, _LINE_HEIGHT * lines)
        if page.freeze != (0, 0):
            out.freeze_panes(*page.freeze)
        last = max((item.row for item in page.items), default=0)
        if page.name == SUMMARY:
            last = max(last, 19 + 32)
            story = " ".join(self.book.case.scenario.story.split())
            out.merge_range(1, 0, 1, page.print_columns - 1, "")
            self._text(out, 1, 0, story, "note")
            out.set_row(1, _LINE_HEIGHT * (1 + len(story) // _LINE_LENGTH))
        paper = _A3 if page.print_columns > 12 else _A4
        head = max(page.freeze[0] - 1, 0)
        self._print(
            out,
            last,
            page.print_columns - 1,
            head,
            landscape=page.landscape,
            paper=paper,
            one_page=page.name == SUMMARY,
        )

    def _item(self, name: str, out: Any, item: Item) -> None:
        if item.formula:
            style = self.formats.of(item.style)
            out.write_formula(item.row, item.column, item.formula, style, _clean(item.value))
            self._mark(name, item.row, item.column, item.formula)
        elif isinstance(item.value, str):
            self._text(out, item.row, item.column, item.value, item.style)
        else:
            out.write_number(item.row, item.column, item.value, self.formats.of(item.style))

    def _text(self, out: Any, row: int, at: int, text: str, style: str) -> None:
        safe = _safe(text)
        out.write_string(row, at, safe, self.formats.of(style, safe))

    def _mark(self, name: str, row: int, at: int, formula: str) -> None:
        self.formulas += 1
        marks = self.marks.setdefault((name, row), {})
        marks[f"c{at}"] = self.marker.mark(formula, name, at)

    def _rates(self) -> Page:
        page = Page(RATES, [], (30, *([16] * 9), 30, *([16] * 9)), 14, freeze=(3, 0))
        page.text(0, 0, "Internal rates of return", "title")
        for block in self.book.blocks.values():
            page.items.extend(block.cells())
        return page


def _numbers(values: Iterable[float | str]) -> list[float]:
    return [value for value in values if isinstance(value, float)]


def _clean(value: float | str | None) -> float | str:
    """A cached value: no minus before a zero."""
    if isinstance(value, str):
        return value
    return (value or 0.0) + 0.0


def _safe(text: str) -> str:
    """What a cell can hold of a text."""
    return text.encode("utf-8", "replace").decode("utf-8")[:_LONGEST]


def _letters(at: int) -> str:
    from jcurve.workbook.grid import column

    return column(at)
