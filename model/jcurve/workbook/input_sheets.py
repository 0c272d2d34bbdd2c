"""The sheets of inputs: every assumption with what is known of it, and what may be typed.

Beside them the shipped scenarios, from which the cells *in use* take their numbers while one of
them is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jcurve.engine.model import SHARED
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.workbook.cell_styles import Page, number_format
from jcurve.workbook.given_rows import FIRST_YEAR
from jcurve.workbook.grid import (
    HEADER_ROW,
    NEVER,
    OPENING,
    TABLES,
    At,
    Cell,
    Grid,
    Name,
    Piece,
    Range,
    Ref,
    Row,
    Tab,
    column,
    prefixed,
)
from jcurve.workbook.input_cells import CHOSEN, USED_COLUMN, VALUE_COLUMN, WHY_COLUMN, Dated, Entry
from jcurve.workbook.model_sheets import Book

_WIDE = 8  # How many columns of sheets of inputs are printed
_BASE, _LOW, _LEAST, _MOST, _DISTRIBUTION, _SOURCES = 6, 8, 10, 11, 12, 14
CHANGED_COLUMN, OUTSIDE_COLUMN, SO_FAR = 7, 17, 18
"""Columns of *Drivers* and *Inputs* that are 1 where a value is not the base scenario's, and
where it is outside its accepted range; and how many are changed down to it."""

CHOICE_CELL = Cell(Row(Tab.DRIVERS, 2), VALUE_COLUMN)
"""Where the scenario in use is chosen; its number stands beside."""

THIS = "this workbook"  # The choice of the values that stand in the workbook's own cells


def input_pages(book: Book) -> Iterator[Page]:
    """Every sheet of inputs, and of the scenarios to choose from."""
    yield _inputs_page(book, Tab.DRIVERS)
    yield _inputs_page(book, Tab.INPUTS)
    yield _dated_page(book)
    yield scenarios_page(book)
    yield by_year_page(book)


def _inputs_page(book: Book, sheet: str) -> Page:
    """Assumptions with their value cells and all that is known of them."""
    heads, widths = zip(*TABLES["inputs"]["columns"], strict=True)
    page = Page(sheet, [], widths, _WIDE, (HEADER_ROW + 1, 2))
    page.text(0, 0, "Drivers" if sheet == Tab.DRIVERS else "All other inputs", "title")
    page.text(1, 0, "Change what is blue. Values are in the unit beside them; shares and rates are "
                    "decimals shown as percentages.")  # fmt: skip
    if sheet == Tab.DRIVERS:
        at = CHOICE_CELL.row
        page.text(at, 0, "Scenario in use, and its number", "strong")
        page.text(at, VALUE_COLUMN, THIS, "input:right")
        where = CHOICE_CELL.seen_from(sheet)
        page.formula(at, USED_COLUMN, f"=MATCH({where},{_scenarios(book)},0)", 1.0, "plain")
    page.texts(HEADER_ROW, heads, "head")
    for own, row, heading in book.layout.headings:
        if own == sheet:
            page.text(row, 0, heading, "section")
    base, changed = book.base_values, book.changed
    before, so_far = "0", 0
    if sheet == Tab.INPUTS:
        drivers = book.layout.on(Tab.DRIVERS)
        last = max((entry.row for entry in drivers), default=HEADER_ROW)
        before = f"{Tab.DRIVERS}!{column(SO_FAR)}{last + 1}"
        so_far = sum(entry.key in changed for entry in drivers)
    for entry in book.layout.on(sheet):
        item, row = entry.item, entry.row
        so_far += entry.key in changed
        unit = item.unit if entry.form != "date" else "quarter"
        page.texts(row, ((entry.label, "wrap"), (entry.key, "name"), unit))
        _value(page, book, entry)
        page.text(row, WHY_COLUMN, "", "input:text")
        _base_value(page, book, entry, base.get(entry.key))
        form = _changed(book, entry)
        page.formula(row, CHANGED_COLUMN, form, float(entry.key in changed), "plain")
        low, high = item.range_text()
        note = item.why or item.rationale
        if entry.form == "dated" and low:
            note = f"{note} Low {low}. High {high}."
            low = high = "by year"
        page.texts(row, (low, high), first=_LOW)
        _bounds(page, book, entry)
        page.texts(row, (item.distribution, item.kind), first=_DISTRIBUTION)
        source = ", ".join(item.source) or "judgement"
        page.texts(row, (source, item.as_of.isoformat(), note), "clip", _SOURCES)
        page.formula(row, OUTSIDE_COLUMN, _outside(book, entry), 0.0, "plain")
        count = f"={before}+{column(CHANGED_COLUMN)}{row + 1}"
        page.formula(row, SO_FAR, count, float(so_far), "plain")
        before = f"{column(SO_FAR)}{row + 1}"
    return page


def _value(page: Page, book: Book, entry: Entry) -> None:
    row, value = entry.row, entry.value
    style = number_format(entry.item.unit, [entry.used])
    if entry.form == "dated":
        dated = book.layout.dated[entry.key]
        page.text(row, VALUE_COLUMN, f"row {dated.row + 1}", "right")
        page.text(row, USED_COLUMN, str(value), "unit")
        return
    own = f"{column(VALUE_COLUMN)}{row + 1}"
    if isinstance(value, str):
        page.text(row, VALUE_COLUMN, value, "input:right")
        own, style = f"MATCH({own},{_listed(book, entry)},0)-1", "plain"
    elif entry.form == "computed":
        page.formula(row, VALUE_COLUMN, entry.formula, value, style)
    else:
        page.text(row, VALUE_COLUMN, value, f"input:{_input_style(style, value)}")
    if entry.key in book.layout.dated:
        page.text(row, USED_COLUMN, "by year", "unit")
        return
    formula = _in_use(book, own, scenario_cells(book, entry.key))
    page.formula(row, USED_COLUMN, formula, entry.used, style)


def _in_use(book: Book, own: str, others: str) -> str:
    """The own value, or that of the scenario that is chosen."""
    if not book.layout.others:
        return f"={own}"
    return f"=IF({CHOSEN}=1,{own},INDEX({others},{CHOSEN}-1))"


def _input_style(style: str, value: float) -> str:
    """A format that does not hide digits of what was typed."""
    if style == "percent" and round(value, 3) != value:
        return "fine_percent"
    if style == "whole" and value != round(value):
        return "two"
    return "four" if style == "two" and round(value, 2) != value else style


def choices(book: Book) -> list[tuple[str, str]]:
    """Every (key, name) that a choice may pick, in the order of the hidden list."""
    return [
        (entry.key, name)
        for entry in book.layout.entries
        if entry.form == "choice"
        for name in entry.item.choices
    ]


def _scenarios(book: Book) -> str:
    """The cells of the hidden list with the names of scenarios."""
    return f"{Tab.LISTS}!$E$2:$E${len(book.layout.others) + 2}"


def _listed(book: Book, entry: Entry, first: int = 0, last: int | None = None) -> str:
    """The cells of the hidden list with an entry's choices, or with quarters of the timeline."""
    letters, last = "A", book.grid.quarters if last is None else last
    if entry.form == "choice":
        letters = "B"
        rows = [at for at, (owner, _) in enumerate(choices(book)) if owner == entry.key]
        first, last = rows[0], rows[-1]
    return f"{Tab.LISTS}!${letters}${first + 2}:${letters}${last + 2}"


def _base_value(page: Page, book: Book, entry: Entry, found: tuple[float, ...] | None) -> None:
    """The base scenario's own value, in the form of the cell."""
    if entry.key in book.layout.dated or found is None:
        page.text(entry.row, _BASE, "by year" if found else "")
    elif entry.form in ("date", "choice"):
        names = entry.item.choices or (*book.grid.labels, NEVER)
        page.text(entry.row, _BASE, names[round(found[0])], "right")
    else:
        style = _input_style(number_format(entry.item.unit, found), found[0])
        page.text(entry.row, _BASE, found[0], style)


def _changed(book: Book, entry: Entry) -> str:
    """1 where what is typed is not the base scenario's."""
    layout, row = book.layout, entry.row + 1
    own, base = f"{column(VALUE_COLUMN)}{row}", f"{column(_BASE)}{row}"
    if entry.form == "dated" and layout.others:
        dated = layout.dated[entry.key]
        mine = f"{prefixed(Tab.DATED, entry.sheet)}{dated.cells}"
        last = dated.first + len(dated.values) - 1
        theirs = by_year_cells(book, entry.key, dated.first, last, 1)
        return f"=IF(SUMPRODUCT((ABS({mine}-{theirs})>smallest_change)*1)>0,1,0)"
    return "=0" if entry.key in layout.dated else f"=IF({own}={base},0,1)"


def _bounds(page: Page, book: Book, entry: Entry) -> None:
    """The least and the most that is accepted, as numbers; of dates as quarters."""
    if entry.form == "choice":
        page.texts(entry.row, ("a word of", "the list"), first=_LEAST)
        return
    for at, bound in ((_LEAST, entry.first), (_MOST, entry.last)):
        if entry.form == "date":
            page.text(entry.row, at, (*book.grid.labels, NEVER)[int(bound)], "right")
        else:
            page.text(entry.row, at, bound, "whole" if bound == round(bound) else "four")


def _bound(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def _outside(book: Book, entry: Entry) -> str:
    """1 where an input is outside its accepted range, else 0."""
    row = entry.row + 1
    own, low, high = (f"{column(at)}{row}" for at in (VALUE_COLUMN, _LEAST, _MOST))
    if entry.form == "dated":
        span = f"{prefixed(Tab.DATED, entry.sheet)}{book.layout.dated[entry.key].cells}"
        held = f"COUNT({span})=COLUMNS({span}),MIN({span})>={low},MAX({span})<={high}"
        return f"=IF(AND({held}),0,1)"
    if entry.form in ("date", "choice"):
        listed = _listed(book, entry, int(entry.first), int(entry.last))
        return f"=IF(COUNTIF({listed},{own})=1,0,1)"
    return f"=IF(ISNUMBER({own}),IF(AND({own}>={low},{own}<={high}),0,1),1)"


# Dated inputs


def _dated_page(book: Book) -> Page:
    """Assumptions by year or quarter: stated periods are inputs, the others follow; under each
    row what is in use."""
    grid = book.grid
    heads = {"Assumption": 58, "Unit": 15, "Key": 30, "Between": 10, "Sources": 22}
    page = page_over_time(Tab.DATED, heads, grid)
    page.text(1, 0, "Blue periods are stated; black ones follow from them. A number typed over a "
                    "black one holds for that period alone.")  # fmt: skip
    page.text(2, 0, "Number of the period")
    for at, year in enumerate(grid.year_labels):
        page.text(2, grid.year(at), float(year), "plain")
    for at in range(grid.quarters):
        page.text(2, grid.quarter(at), float(at), "plain")
    for key, dated in book.layout.dated.items():
        item, row = dated.item, dated.row
        between = "remainder" if item.derived else dated.path.between if dated.path else "one value"
        name, sources = key if dated.path else "", ", ".join(item.source) or "judgement"
        page.texts(row, (item.label, item.unit, (name, "name"), between, (sources, "clip")))
        style = number_format(item.unit, dated.values)
        for at, (text, value) in enumerate(zip(dated.formulas, dated.values, strict=True)):
            if text is None:
                page.text(row, dated.first + at, value, f"input:{style}")
            else:
                page.formula(row, dated.first + at, text, value, style)
        _used_row(page, book, dated, style)
    return page


def _used_row(page: Page, book: Book, dated: Dated, style: str) -> None:
    """What is in use: by its own period, and by the other from it."""
    grid, place, values, row = book.grid, dated.place, dated.values, dated.place.row
    label = f"{dated.item.label}: in use"
    page.texts(row, ((label, "step"), dated.item.unit, "", "in use", "calculated"))
    for at, value in enumerate(values):
        here, key, many = dated.first + at, dated.item.key, len(book.layout.others)
        others = by_year_cells(book, key, here, here, many) if many else ""
        formula = _in_use(book, f"{column(here)}{dated.row + 1}", others)
        page.formula(row, dated.first + at, formula, value, style)
    pieces: tuple[Piece, ...]
    if dated.by == "year":
        year = Ref(book.rows["calendar_year", SHARED])
        pieces = ("INDEX(", Range(place, "years"), ",", year, "-", Name(FIRST_YEAR), "+1)")
        for at, formula in enumerate(grid.formulas(pieces, Tab.DATED)):
            page.formula(row, grid.quarter(at), formula, values[at // QUARTERS_IN_YEAR], style)
    else:
        pieces = ("AVERAGE(", Range(place, "year"), ")")
        for at, formula in enumerate(grid.formulas(pieces, Tab.DATED, annual=True)):
            four = values[QUARTERS_IN_YEAR * at : QUARTERS_IN_YEAR * (at + 1)]
            page.formula(row, grid.year(at), formula, sum(four) / QUARTERS_IN_YEAR, style)


def validations(book: Book) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(sheet, cells, XlsxWriter's options) of every input."""
    of_list = {"validate": "list", "error_title": "Not in the list"}
    own = {"source": f"={_scenarios(book)}"}
    yield Tab.DRIVERS, CHOICE_CELL.seen_from(Tab.DRIVERS), of_list | own
    for entry in book.layout.entries:
        sheet, cells = entry.sheet, f"{column(VALUE_COLUMN)}{entry.row + 1}"
        form, item = entry.form, entry.item
        if form == "computed" or (form == "dated" and item.derived):
            continue
        if form in ("date", "choice"):
            allowed = "a quarter of the list" if form == "date" else ", ".join(item.choices)[:200]
            listed = _listed(book, entry, int(entry.first), int(entry.last))
            options: dict[str, Any] = of_list | {"source": f"={listed}"}
        else:
            least, most = _bound(entry.first), _bound(entry.last)
            allowed = f"{least} to {most} {item.unit}" if form != "switch" else "0 or 1"
            options = {
                "validate": "integer" if form == "switch" else "decimal",
                "criteria": "between",
                "minimum": entry.first,
                "maximum": entry.last,
                "error_title": "Out of bounds",
            }
        if form == "dated":
            sheet, cells = Tab.DATED, book.layout.dated[entry.key].cells
        message = f"Accepted: {allowed}"[:250]
        yield sheet, cells, options | {"error_message": message, "ignore_blank": False}


# Scenarios to choose from


def scenario_cells(book: Book, key: str) -> str:
    """The cells with the value of each scenario of an assumption with one value."""
    row = book.scenario_rows.get(key, 0) + 1
    first, last = column(At.VALUE), column(At.VALUE + len(book.layout.others) - 1)
    return f"{Tab.SCENARIOS}!${first}{row}:${last}{row}"


def by_year_cells(book: Book, key: str, first: int, last: int, scenarios: int) -> str:
    """The cells of some columns of an assumption that moves, of the first scenarios."""
    row = book.scenario_rows[key] + 1
    return f"'{Tab.BY_YEAR}'!{column(first)}${row}:{column(last)}${row + scenarios - 1}"


def scenarios_page(book: Book) -> Page:
    """The values of each scenario, one column each; of those by year on the next sheet."""
    others = book.layout.others
    widths = (62, 13, 30, 14, *(max(14, len(each.name) + 2) for each in others))
    page = Page(Tab.SCENARIOS, [], widths, min(len(widths), _WIDE), (HEADER_ROW + 1, 2))
    page.text(0, 0, "Scenarios to choose from", "title")
    page.text(1, 0, "Values as the scenario files had them when this was written. Nothing is typed "
                    "here.")  # fmt: skip
    page.texts(HEADER_ROW, ("Assumption", "Unit", "Key", "Source"), "head")
    page.texts(HEADER_ROW, [each.name for each in others], "head:right", At.VALUE)
    for key, rows in book.scenario_values.items():
        entry = book.entry(key)
        if key in book.layout.dated:
            continue
        row = book.scenario_rows[key]
        told = (entry.label, entry.item.unit, (key, "name"), ("scenario files", "clip"))
        page.texts(row, told)
        style = number_format(entry.item.unit, [each[0] for each in rows])
        style = "plain" if entry.form == "date" else style
        for at, each in enumerate(rows):
            page.text(row, At.VALUE + at, each[0], f"fact:{style}")
    return page


def page_over_time(name: str, heads: Mapping[str, float], grid: Grid) -> Page:
    """A sheet with the years and quarters of all sheets right of columns of its own."""
    periods = (*([10] * grid.years), *([0.6] * OPENING), *([10] * grid.quarters))
    page = Page(
        name, [], (*heads.values(), *periods), grid.first_year + grid.years, (HEADER_ROW + 1, 2)
    )
    page.text(0, 0, name, "title")
    page.texts(HEADER_ROW, heads, "head")
    page.texts(HEADER_ROW, grid.year_labels, "head:right", grid.first_year)
    page.texts(HEADER_ROW, grid.labels, "head:right", grid.first_quarter)
    return page


def by_year_page(book: Book) -> Page:
    """The same for assumptions that move: one row a scenario."""
    heads = {"Assumption": 58, "Unit": 15, "Key": 30, "Source": 14, "Scenario": 30}
    page = page_over_time(Tab.BY_YEAR, heads, book.grid)
    for key, dated in book.layout.dated.items():
        rows = book.scenario_values.get(key, ())
        style = number_format(dated.item.unit, [v for each in rows for v in each])
        for at, (scenario, values) in enumerate(zip(book.layout.others, rows, strict=False)):
            row = book.scenario_rows[key] + at
            item = dated.item
            page.texts(row, (item.label, item.unit, key, "scenario files", scenario.name))
            for n, value in enumerate(values):
                page.text(row, dated.first + n, value, f"fact:{style}")
    return page
