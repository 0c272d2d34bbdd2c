"""Write a workbook: a case through XlsxWriter, whole or not at all.

XlsxWriter, because it only writes: values beside formulas, native charts, data validation and
print set-up in one pass, and the same bytes for the same content. Reading back is our own.
"""

from __future__ import annotations

import base64
import datetime
import io
import math
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from jcurve.assumptions.house_style import HouseStyle, read_house_style
from jcurve.case import Case
from jcurve.ground.errors import UsageError
from jcurve.ground.files import write_file
from jcurve.ground.project import Where, find_project
from jcurve.workbook.cell_styles import WRAPPED, Formats, Item, Line, Page, Sheet, width_of
from jcurve.workbook.fingerprints import Marker, RowMarks, mark_cells, mark_facts, record_lines
from jcurve.workbook.front_sheets import (
    add_charts,
    changes_page,
    front_page,
    named_cells,
    names_page,
)
from jcurve.workbook.grid import HEADER_ROW, OPENING, SHEETS, TABLES, At, Row, Tab, column
from jcurve.workbook.input_sheets import input_pages, validations
from jcurve.workbook.model_sheets import Book
from jcurve.workbook.reader_sheets import checks_page, reader_pages
from jcurve.workbook.return_search import WIDTH
from jcurve.workbook.step_names import plain

_LONGEST = 32_000
_A4, _A3 = 9, 8
_TALLEST = 72  # rows that still fit on one page
_WIDEST, _WIDE = 270, 150  # characters on A4 or Letter: at most, and where a sheet takes several
_TITLE_HEIGHT, _LINE_HEIGHT, _LINE_LENGTH = 24, 13.5, 150
_LOGO_HEIGHT, _LOGO_COLUMN = 40, 6  # dots; right of the headline figures
_FOOTER = 150
_LAST_SUMMARY_ROW = 59  # under the charts
_CHARACTERS = 1.15  # Characters of running text per unit of column width, which is that of a digit

_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""The date of making that every file bears, so that equal content gives equal bytes."""


def write(
    case: Case, path: str | FilePath, *, today: datetime.date | None = None, project: Where = None
) -> FilePath:
    """Write ``case`` as an Excel workbook with live formulas.

    Args:
        case: an evaluated scenario.
        path: the file, replaced if it is there.
        today: the date to print on *About*; without it the same case gives the same bytes on
            any day.
        project: where the sources are.

    Returns:
        The file.

    Raises:
        UsageError: the name does not end in ``.xlsx``.
        ModelError: a line has no Excel form.
        WriteError: the file cannot be written; it is then unchanged.
    """
    target = FilePath(path)
    if target.suffix.lower() != ".xlsx":
        raise UsageError("not the name of a workbook", received=str(path), allowed="FILE.xlsx")
    write_file(target, content(case, today=today, project=project))
    return target


def content(case: Case, *, today: datetime.date | None = None, project: Where = None) -> bytes:
    """The bytes of the workbook; see :func:`write`."""
    return laid_out(Book(case, project), today, project)


def laid_out(book: Book, today: datetime.date | None = None, project: Where = None) -> bytes:
    """The bytes of the workbook whose rows are known already."""
    stream = io.BytesIO()
    _Writer(book, stream).write(today, project)
    return stream.getvalue()


def add_masthead(workbook: Any, summary: Any, house: HouseStyle) -> None:
    """Company and logo beside the summary's title. Excel takes no SVG: such a logo is left out."""
    if house.company:
        form = workbook.add_format({"bold": True, "font_color": house.colour, "align": "right"})
        summary.write_string(0, _LOGO_COLUMN, house.company, form)
    if house.logo is None or house.logo.mime == "image/svg+xml":
        return
    from PIL import Image

    raw = io.BytesIO(base64.b64decode(house.logo.data))
    with Image.open(raw) as picture:
        scale = _LOGO_HEIGHT / picture.height
    options = {"image_data": raw, "x_scale": scale, "y_scale": scale}
    about = {"description": house.company or "Logo"}
    summary.insert_image(2, _LOGO_COLUMN, house.logo.path.name, options | about)


def add_footers(sheets: Mapping[str, Any], house: HouseStyle) -> None:
    """Name, company and page at the foot of every sheet."""
    centre = " · ".join(filter(None, (house.company, house.footer))) or "J-Curve"
    shown = centre[:_FOOTER].replace("&", "&&")  # one of them begins a code
    for name, sheet in sheets.items():
        sheet.set_footer(f"&L&8{name}&C&8{shown}&R&8&P of &N")


class _Writer:
    """Puts a book on sheets, and counts and marks the formulas on the way."""

    def __init__(self, book: Book, stream: io.BytesIO) -> None:
        import xlsxwriter

        from jcurve.workbook.quick_sheet import QuickSheet

        self.book, grid = book, book.grid
        texts = dict.fromkeys(
            ("strings_to_urls", "strings_to_formulas", "strings_to_numbers"), False
        )
        self.workbook = xlsxwriter.Workbook(stream, texts)
        scenario = book.case.scenario
        self.workbook.set_properties(
            {
                "title": _safe(scenario.title)[:250],
                "subject": f"scenario {scenario.name}",
                "author": "J-Curve",
                "created": _EPOCH,
            }
        )
        self.formats = Formats(self.workbook)
        self.sheets = {name: self.workbook.add_worksheet(name, QuickSheet) for name in SHEETS}
        self.marker = Marker(grid.first_year, grid.years, grid.first_quarter, grid.quarters)
        self.marks: dict[tuple[str, int], RowMarks] = {}
        self.formulas = 0

    def write(self, today: datetime.date | None, project: Where) -> None:
        """Write every sheet and close the file."""
        book, sheets = self.book, self.sheets
        for name, cells, _, _ in named_cells(book):
            self.workbook.define_name(name, f"={cells}")
        for sheet in book.sheets.values():
            self._rows(sheet)
        widths = (30, *([16] * (WIDTH - 1))) * len(book.blocks)
        rates = Page(Tab.RATES, [], widths, WIDTH, (3, 0))
        rates.text(0, 0, "Internal rates of return", "title")
        rates.items += [item for block in book.blocks.values() for item in block.cells()]
        inputs = list(input_pages(book))
        changes, changed = changes_page(book, inputs[:2])
        checks, verdict = checks_page(book)
        readers = reader_pages(book, project, checks, verdict)
        for page in (*inputs, changes, *readers, rates, names_page(book)):
            self._page(page)
        for name, cells, options in validations(book):
            sheets[name].data_validation(cells, options)
        add_charts(self.workbook, sheets[Tab.SUMMARY], book)
        house = read_house_style(find_project(project).reports)
        add_masthead(self.workbook, sheets[Tab.SUMMARY], house)
        add_footers(sheets, house)
        self._page(front_page(book, today, self.formulas, verdict, changed))
        company = book.case.assembly.company.name
        for at, line in enumerate(record_lines(book.layout, company, self.marks)):
            sheets[Tab.MARKS].write_string(at, 0, line)
        for name, out in sheets.items():
            out.hide_gridlines(2)
            if name in TABLES["tabs"]:
                out.set_tab_color(TABLES["tabs"][name])
        sheets[Tab.LISTS].hide()
        sheets[Tab.MARKS].very_hidden()
        sheets[Tab.FRONT].activate()
        sheets[Tab.FRONT].set_portrait()
        sheets[Tab.SOURCES].set_landscape()
        self.workbook.close()

    # Sheets of rows

    def _rows(self, sheet: Sheet) -> None:
        grid, out = self.book.grid, self.sheets[sheet.name]
        over_time = sheet.name != Tab.CONSTANTS
        out.set_row(0, _TITLE_HEIGHT)
        story = f"Scenario {self.book.case.scenario.name}: years, then quarters. Steps of a line " \
                "are folded above it."  # fmt: skip
        texts = [(0, 0, sheet.title, "title"), (1, 0, story if over_time else "", "text")]
        labels, opened = ("Line", "Unit", "Definition", "Source"), grid.first_quarter - 1
        texts += [(HEADER_ROW, at, head, "head") for at, head in enumerate(labels)]
        right = {At.VALUE: "One value"}
        if over_time:
            right |= dict(enumerate(grid.year_labels, grid.first_year))
            right |= dict(enumerate(("Opening", *grid.labels), opened))
        texts += [(HEADER_ROW, at, head, "head:right") for at, head in right.items()]
        texts += [(row, 0, heading, "section") for row, heading in sheet.headings]
        for row, at, text, style in texts:
            out.write_string(row, at, text, self.formats.of(style))
        year = quarter = single = 8
        for line in sheet.lines:
            self._line(out, line)
            year = max(year, width_of(line.style, line.year_values))
            quarter = max(quarter, width_of(line.style, line.quarter_values))
            single = max(single, width_of(line.style, [line.single_value]))
        self._fold(out, sheet)
        for at, width in enumerate((44, 13, 46, 30, single + 2)):
            out.set_column(at, at, width)
        if over_time:
            out.set_column(grid.first_year, opened - OPENING, year + 2)
            out.set_column(opened - OPENING + 1, opened - 1, 0.6)
            out.set_column(opened, grid.last_column, quarter + 2)
        out.freeze_panes(HEADER_ROW + 1, At.UNIT + 1)
        last = max((line.where.row for line in sheet.lines), default=HEADER_ROW)
        edge, paper = (opened - OPENING, _A3) if over_time else (At.VALUE, _A4)
        self._print(out, last, edge, HEADER_ROW, paper)
        whole = f"A1:{column(grid.last_column)}{last + 1}"
        out.ignore_errors({"formula_differs": whole, "formula_range": whole})

    @staticmethod
    def _fold(out: Any, sheet: Sheet) -> None:
        """Steps in closed groups, with the sign that opens them at the line that they serve."""
        out.outline_settings(symbols_below=True)
        for served, steps in sheet.steps.items():
            for _, row in steps:
                out.set_row(row.row, None, None, {"level": 1, "hidden": True})
            after = served.row if isinstance(served, Row) else max(r.row for _, r in steps) + 1
            out.set_row(after, None, None, {"collapsed": True})

    def _line(self, out: Any, line: Line) -> None:
        grid, name, row = self.book.grid, line.where.sheet, line.where.row
        number = self.formats.of(line.style)
        out.write_string(row, At.NAME, line.label, self.formats.of("name" if line.name else "step"))
        for at, text in enumerate((line.unit, line.definition, line.source), At.UNIT):
            self._text(out, row, at, plain(text), "clip" if at > At.UNIT else "text")
        marks: RowMarks = {}
        form, opened = number._get_xf_index(), grid.first_quarter - 1
        quarters: list[str] = []
        if line.quarters is not None:
            first = grid.formula(line.quarters, name)
            quarters = grid.formulas(line.quarters, name) if "!" in first else [first]
        years = grid.formulas(line.years, name, annual=True) if line.years is not None else []
        single, opening = (
            [] if pieces is None else [grid.formula(pieces, name)]
            for pieces in (line.single, line.opening)
        )
        for mark, at, formulas, values in (
            (f"c{At.VALUE}", At.VALUE, single, [line.single_value or 0.0]),
            ("y", grid.first_year, years, line.year_values),
            (f"c{opened}", opened, opening, [line.opening_value]),
            ("q", grid.first_quarter, quarters, line.quarter_values),
        ):
            if formulas:
                out.along(row, at, formulas, values, form)
                marks[mark] = self.marker.mark(formulas[0], name, at)
                self.formulas += len(values)
        if not single and line.single_value is not None:
            marks["s"] = mark_facts([line.single_value])
            fixed = self.formats.of(f"fact:{line.style}")
            out.write_number(row, At.VALUE, line.single_value, fixed)
        if not quarters and line.quarter_values:
            self._facts(out, line)
            marks["f"] = mark_facts(line.quarter_values)
        if marks:
            self.marks[name, row] = marks

    def _facts(self, out: Any, line: Line) -> None:
        fact, row = self.book.case.assembly.history[line.name], line.where.row
        for at, value in enumerate(line.quarter_values):
            if isinstance(value, float):
                cell = fact.cells[at]
                role = "estimate" if cell is not None and cell.status == "estimate" else "fact"
                style = self.formats.of(f"{role}:{line.style}")
                out.write_number(row, self.book.grid.quarter(at), value, style)

    def _print(
        self,
        out: Any,
        last_row: int,
        last_column: int,
        head: int,
        paper: int,
        landscape: bool = True,
        pages: tuple[int, int] = (1, 0),
    ) -> None:
        out.set_paper(paper)
        if landscape:
            out.set_landscape()
        out.fit_to_pages(*pages)
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
        formulas: dict[int, dict[int, str]] = {}
        for item in page.items:
            self._item(out, item)
            if item.formula:
                formulas.setdefault(item.row, {})[item.column] = item.formula
            if item.style in WRAPPED and isinstance(item.value, str):
                room = _CHARACTERS * page.widths[item.column]
                lines = max(1, math.ceil(len(item.value) / room))
                heights[item.row] = max(heights.get(item.row, 1), lines)
        self.marks |= {(page.name, row): mark_cells(own) for row, own in formulas.items()}
        # Stated, because not every program fits the height of a row when it opens a file.
        for row, lines in heights.items():
            if lines > 1:
                out.set_row(row, _LINE_HEIGHT * lines)
        if page.freeze != (0, 0):
            out.freeze_panes(*page.freeze)
        last, summary = max(item.row for item in page.items), page.name == Tab.SUMMARY
        if summary:
            last = max(last, _LAST_SUMMARY_ROW)
            story = " ".join(self.book.case.scenario.story.split())
            out.merge_range(1, 0, 1, page.print_columns - 1, "")
            self._text(out, 1, 0, story, "note")
            out.set_row(1, _LINE_HEIGHT * (1 + len(story) // _LINE_LENGTH))
        seen = [*page.widths[:first], *page.widths[first + closed : page.print_columns]]
        head, across = max(page.freeze[0] - 1, 0), 1
        if sum(seen) > _WIDEST:
            across = math.ceil(sum(seen) / _WIDE)
            out.repeat_columns(0, page.freeze[1] - 1)
        edge = page.print_columns - 1
        self._print(out, last, edge, head, _A4, page.landscape, (across, int(last < _TALLEST)))

    def _item(self, out: Any, item: Item) -> None:
        row, at = item.row, item.column
        if item.formula:
            form = self.formats.of(item.style)._get_xf_index()
            out.along(row, at, [item.formula], [item.value], form)
            self.formulas += 1
        elif isinstance(item.value, str):
            self._text(out, row, at, item.value, item.style)
        else:
            out.write_number(row, at, item.value, self.formats.of(item.style))

    def _text(self, out: Any, row: int, at: int, text: str, style: str) -> None:
        safe = _safe(text)
        out.write_string(row, at, safe, self.formats.of(style, safe))


def _safe(text: str) -> str:
    """What a cell can hold of a text."""
    return text.encode("utf-8", "replace").decode("utf-8")[:_LONGEST]
