"""What a reviewer reads first: the front with its map, inputs that were changed, all names, and
the native charts of the summary."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import jcurve
from jcurve.engine.model import VIEWS, RowKey
from jcurve.workbook.cell_styles import Page
from jcurve.workbook.grid import HEADER_ROW, TABLES, TAG_TITLES, Tab, column
from jcurve.workbook.input_cells import CHOSEN, USED_COLUMN, VALUE_COLUMN, WHY_COLUMN
from jcurve.workbook.input_sheets import CHOICE_CELL, SO_FAR
from jcurve.workbook.model_sheets import Book
from jcurve.workbook.reader_sheets import Verdict
from jcurve.workbook.step_names import words

ALL_HOLD, CHANGED = "all_checks_hold", "inputs_changed"
"""Names of the cell that is 1 where every check holds, and of the number of changed inputs."""

_LISTED = 40  # How many changed inputs are listed; more are counted


def front_page(
    book: Book, today: datetime.date | None, formulas: int, verdict: Verdict, changed: float
) -> Page:
    """What this is, whether it holds, a map, the colours, and how to read it."""
    case, front = book.case, TABLES["front"]
    page = Page(Tab.FRONT, [], (30, 76, 30), 3, landscape=False)
    page.text(0, 0, "J-Curve: a model of the value of AI capital spending", "title")
    facts = [
        ("Scenario", f"{case.scenario.name}: {case.scenario.title}"),
        ("Company", case.assembly.company.name),
        ("Hash of the scenario", case.scenario.hash),
        ("Written by", f"J-Curve {jcurve.__version__}"),
        ("Data through", case.data_through),
        ("Values stated at the end of", case.valuation_date),
        ("Formulas", f"{formulas:,}"),
    ]
    if today is not None:
        facts.append(("Written on", today.isoformat()))
    if case.scenario.overrides:
        facts.append(("Overrides", "; ".join(f"{k} = {v}" for k, v in case.scenario.overrides)))
    row = _named_texts(page, 2, facts)
    where = verdict[0].seen_from(Tab.FRONT)
    shown = CHOICE_CELL.seen_from(Tab.FRONT)
    for name, formula, value in (
        ("Scenario in use", f"={shown}", "this workbook"),
        ("Checks", f"={where}", verdict[1]),
        ("Inputs changed from base", f"={CHANGED}", changed),
    ):
        page.text(row, 0, name, "strong")
        page.formula(row, 1, formula, value)
        row += 1
    page.texts(row + 1, ("Map of sheets", "", "Reads"), "section")
    row = _named_texts(page, row + 2, front["map"])
    page.texts(row + 1, ("Colours", "", ""), "section")
    row += 2
    for style, *told in front["colours"]:
        row = _named_texts(page, row, [told], style)
    page.texts(row + 1, ("How to read it", "", ""), "section")
    _named_texts(page, row + 2, front["how"])
    return page


def _named_texts(page: Page, row: int, rows: Iterable[Sequence[str]], style: str = "strong") -> int:
    """Names with what is said of each; returns the row after them."""
    for at, (name, *texts) in enumerate(rows, row):
        page.text(at, 0, name, style)
        page.texts(at, texts, "wrap", 1)
    return at + 1


def changes_page(book: Book, inputs: Sequence[Page]) -> tuple[Page, float]:
    """Inputs that differ from the base scenario, live, and as this was written with reasons; and
    how many there are."""
    page = Page(Tab.CHANGES, [], (8, 52, 32, 16, 16, 60), 6, (4, 0))
    page.text(0, 0, "Changes", "title")
    page.text(1, 0, "Inputs that are not the base scenario's now; the first "
                    f"{_LISTED} are listed, all are counted.")  # fmt: skip
    page.texts(3, ("Number", "Input", "Key", "Value", "Base", "Your reason"), "head")
    cells = {(each.name, i.row, i.column): i.value for each in inputs for i in each.items}
    changed = [entry for entry in book.layout.entries if entry.key in book.changed]
    areas = {
        sheet: (rows[0] + 1, rows[-1] + 1)
        for sheet in (Tab.DRIVERS, Tab.INPUTS)
        if (rows := [entry.row for entry in book.layout.on(sheet)])
    }
    counts = column(SO_FAR)
    of_drivers = f"{Tab.DRIVERS}!${counts}${areas[Tab.DRIVERS][1]}"
    for at in range(_LISTED):
        row, n = 4 + at, 5 + at
        page.text(row, 0, float(at + 1), "plain")
        for to, source in enumerate((0, 1, VALUE_COLUMN, WHY_COLUMN + 1, WHY_COLUMN), 1):
            found = []
            for sheet, (first, last) in areas.items():
                area = f"{sheet}!${column(source)}${first}:${column(source)}${last}"
                counted = f"{sheet}!${counts}${first}:${counts}${last}"
                found.append(f"INDEX({area},MATCH($A{n},{counted},0))")
            blank = '&""' if source == WHY_COLUMN else ""
            text = f"IF($A{n}<={of_drivers},{found[0]},{found[1]}){blank}"
            value: float | str = ""
            if at < len(changed):
                value = cells.get((changed[at].sheet, changed[at].row, source), "")
            page.formula(row, to, f'=IF($A{n}>{CHANGED},"",{text})', value)
    row = 5 + _LISTED
    page.texts(row, ("Log", "As this was written", "Key", "Value", "Base", "Why"), "head")
    for difference in book.case.differences:
        row += 1
        told = (difference.label, difference.key, difference.after, difference.before)
        page.texts(row, ("", *told, difference.why), "definition")
    return page, float(len(changed))


def named_cells(book: Book) -> list[tuple[str, str, str, str]]:
    """Every named cell and range: name, where, unit, and what it holds."""
    spelled, found = book.grid.spelled, []
    for key, name in book.layout.names.items():
        entry = book.entry(key)
        found.append((name, spelled(entry.cell), entry.item.unit, f"In use: {entry.item.label}"))
    for name, cell, unit, text in book.numbers.named():
        found.append((name, spelled(cell), unit, text))
    for name, cells in book.search_names().items():
        found.append((name, cells, "", "A row that the search for rates reads"))
    last = max(entry.row for entry in book.layout.on(Tab.INPUTS))
    for name, where, text in (
        (CHOSEN, f"{Tab.DRIVERS}!${column(USED_COLUMN)}${CHOICE_CELL.row + 1}",
         "Number of the scenario in use; 1 is this workbook's own"),
        (CHANGED, f"{Tab.INPUTS}!${column(SO_FAR)}${last + 1}",
         "How many inputs are not the base scenario's"),
        (ALL_HOLD, f"{Tab.CHECKS}!$F$4", "1 where every check holds, else 0"),
    ):  # fmt: skip
        found.append((name, where, "", text))
    return sorted(found)


def names_page(book: Book) -> Page:
    """Every named cell and range with what it holds."""
    page = Page(Tab.NAMES, [], (40, 44, 16, 84), 4, (4, 1))
    page.text(0, 0, "Named cells and ranges", "title")
    page.texts(3, ("Name", "Where", "Unit", "What it holds"), "head")
    for row, each in enumerate(named_cells(book), 4):
        page.texts(row, each)
    return page


# Charts

_BLUE, _ORANGE = "#0B5D8F", "#C25B12"
_COLUMNS = ("title", "rows", "by_year", "numbers")
_FIRST_YEAR = "2020"
_TOP, _APART = 19, 520
_ROWS = 13


def add_charts(workbook: Any, sheet: Any, book: Book) -> None:
    """Charts under the headlines, drawn from live rows; one whose rows are missing is left out."""
    place = 0
    for title, wanted, by_year, numbers in map(itemgetter(*_COLUMNS), TABLES["charts"]):
        keys = [(name, tag) for name, tag in wanted if (name, tag) in book.rows]
        if keys and (not by_year or len(keys) == len(wanted)):
            chart = _chart(workbook, book, title, keys, by_year, numbers)
            row, left = divmod(place, 2)
            options = {
                "x_offset": 2 + _APART * left,
                "description": f"{title}, scenario in the cells above",
            }
            sheet.insert_chart(_TOP + _ROWS * row, 0, chart, options)
            place += 1


def _chart(
    workbook: Any, book: Book, title: str, keys: list[RowKey], by_year: bool, numbers: str
) -> Any:
    chart = workbook.add_chart({"type": "column" if by_year else "line"})
    for key, colour in zip(keys, (_BLUE, _ORANGE), strict=False):
        alike = len({name for name, _ in keys}) == 1
        label = TAG_TITLES[key[1]] if alike else words(key[0])
        chart.add_series({"name": label, **_series(book, key, colour, by_year)})
    look = TABLES["chart_look"]
    chart.set_title({"name": title, "name_font": look["title_font"]})
    spaced = {"interval_unit": 2, "interval_tick": 1} if by_year else {"interval_unit": 8}
    chart.set_x_axis(look["x_axis"] | spaced)
    chart.set_y_axis(look["y_axis"] | {"num_format": numbers})
    chart.set_legend(look["legend"])
    chart.set_size(look["size"])
    return chart


def _series(book: Book, key: RowKey, colour: str, by_year: bool) -> dict[str, Any]:
    grid, place = book.grid, book.rows[key]
    first, last = grid.quarter(_start(book)), grid.last_column
    look: dict[str, Any] = {"line": {"color": colour, "width": 2.25}}
    if by_year:
        skip = grid.year_labels.index(_FIRST_YEAR) if _FIRST_YEAR in grid.year_labels else 0
        first, last = grid.year(skip), grid.year(grid.years - 1)
        look = {"fill": {"color": colour}, "gap": 60}
    return {
        "categories": [place.sheet, HEADER_ROW, first, HEADER_ROW, last],
        "values": [place.sheet, place.row, first, place.row, last],
        **look,
    }


def _start(book: Book) -> int:
    """The first quarter drawn: a year before the earliest start of a view."""
    starts = [("view_start", view) for view in VIEWS]
    begins = [float(book.case.values[k][0, 0]) for k in starts if k in book.case.values]
    return max(int(min(begins, default=0.0)) - 4, 0)
