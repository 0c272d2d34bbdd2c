"""The sheets of inputs: every assumption with what is known of it, and what may be typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jcurve.engine.model import SHARED
from jcurve.workbook.cell_styles import Page, number_format
from jcurve.workbook.grid import (
    DEFINITION,
    HEADER_ROW,
    NAME,
    NEVER,
    OPENING,
    SOURCE,
    UNIT,
    VALUE,
    Name,
    Range,
    Ref,
    Tab,
    column,
    prefixed,
)
from jcurve.workbook.input_cells import USED_COLUMN, VALUE_COLUMN, WHY_COLUMN, Entry
from jcurve.workbook.model_sheets import Book
from jcurve.workbook.named_numbers import FIRST_YEAR

__all__ = ["OUTSIDE_COLUMN", "choices", "dated_page", "inputs_page", "validations"]

_COLUMNS = (
    ("Assumption", 52), ("Key", 38), ("Unit", 15), ("Value", 14), ("As computed", 12),
    ("Your reason", 24), ("Base scenario", 16), ("Low", 12), ("High", 12), ("Least accepted", 13),
    ("Most accepted", 13), ("Distribution", 11), ("Kind", 11), ("Sources", 26), ("As of", 11),
    ("Note", 60), ("Outside", 8),
)  # fmt: skip
OUTSIDE_COLUMN = 16
"""The column of *Inputs* that is 1 where a value is outside its accepted range."""


def inputs_page(book: Book) -> Page:
    """Every assumption with its value cell and all that is known of it."""
    heads, widths = zip(*_COLUMNS, strict=True)
    page = Page(Tab.INPUTS, [], widths, len(widths), (HEADER_ROW + 1, 2))
    page.text(0, 0, "Inputs", "title")
    page.text(1, 0, "Change what is blue. Values are in the unit beside them; shares and rates are "
                    "decimals shown as percentages.")  # fmt: skip
    page.texts(HEADER_ROW, heads, "head")
    for row, heading in book.layout.headings:
        page.text(row, 0, heading, "section")
    base = (book.case.scenario.base or book.case.scenario).assumptions
    for entry in book.layout.entries:
        item, own = entry.item, base.get(entry.item.key)
        row = entry.row
        page.text(row, 0, _label(entry))
        page.text(row, 1, entry.key, "name")
        page.text(row, 2, item.unit if entry.form != "date" else "quarter")
        _value(page, book, entry)
        page.text(row, WHY_COLUMN, "", "input:text")
        note = item.why or item.rationale
        low, high = item.range_text()
        if entry.form == "dated" and low:
            note = f"{note} Low {low}. High {high}."
            low = high = "by year"
        before = "" if own is None or own.value == item.value else own.text()
        texts = (
            before, low, high, *_bounds(book, entry), item.distribution, item.kind,
        )  # fmt: skip
        page.texts(row, texts, first=WHY_COLUMN + 1)
        page.texts(
            row, (", ".join(item.source), item.as_of.isoformat(), note), "clip", OUTSIDE_COLUMN - 3
        )
        page.formula(row, OUTSIDE_COLUMN, _outside(book, entry), 0.0, "plain")
    return page


def _label(entry: Entry) -> str:
    if entry.item.shape != "changes":
        return entry.item.label
    change = entry.key.rpartition(".")[2]
    what = "first quarter" if ".date." in entry.key else "new life"
    return f"{entry.item.label}: change {change}, {what}"


def _value(page: Page, book: Book, entry: Entry) -> None:
    row, value = entry.row, entry.value
    if entry.form == "dated":
        dated = book.layout.dated[entry.key]
        page.text(row, VALUE_COLUMN, f"row {dated.row + 1}", "right")
        page.text(row, USED_COLUMN, str(value), "unit")
        return
    if isinstance(value, str):
        page.text(row, VALUE_COLUMN, value, "input:right")
        date = entry.form == "date"
        span = _listed(book, entry, 0, book.grid.quarters) if date else _listed(book, entry)
        formula = f"=MATCH({column(VALUE_COLUMN)}{row + 1},{span},0)-1"
        page.formula(row, USED_COLUMN, formula, entry.used, "plain")
        return
    style = number_format(entry.item.unit, [value])
    if entry.form == "computed":
        page.formula(row, VALUE_COLUMN, entry.formula, value, style)
    else:
        page.number(row, VALUE_COLUMN, value, f"input:{_input_style(style, value)}")


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


def _listed(book: Book, entry: Entry, first: int | None = None, last: int = 0) -> str:
    """The cells of the hidden list with an entry's choices, or with quarters of the timeline."""
    letters = "A"
    if first is None:
        letters = "B"
        rows = [at for at, (owner, _) in enumerate(choices(book)) if owner == entry.key]
        first, last = rows[0], rows[-1]
    return f"{Tab.LISTS}!${letters}${first + 2}:${letters}${last + 2}"


def _bounds(book: Book, entry: Entry) -> tuple[str, str]:
    if entry.form == "choice":
        return "", ""
    if entry.form == "date":
        labels = (*book.grid.labels, NEVER)
        return labels[int(entry.first)], labels[int(entry.last)]
    return _bound(entry.first), _bound(entry.last)


def _bound(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def _outside(book: Book, entry: Entry) -> str:
    """1 where an input is outside its accepted range, else 0."""
    dated = book.layout.dated.get(entry.key)
    low, high = f"{entry.first!r}", f"{entry.last!r}"
    if dated is not None:
        span = f"{prefixed(Tab.DATED, Tab.INPUTS)}{dated.cells}"
        return (
            f"=IF(AND(COUNT({span})={len(dated.values)},MIN({span})>={low},"
            f"MAX({span})<={high}),0,1)"
        )
    at = entry.cell.seen_from(Tab.INPUTS)
    return f"=IF(COUNT({at})=0,1,IF(AND({at}>={low},{at}<={high}),0,1))"


def dated_page(book: Book) -> Page:
    """Assumptions by year or quarter: stated periods are inputs, the others follow."""
    grid = book.grid
    periods = (*([10] * grid.years), *([0.6] * OPENING), *([10] * grid.quarters))
    widths = (58, 17, 40, 10, 26, *periods)
    page = Page(Tab.DATED, [], widths, grid.first_year + grid.years, (HEADER_ROW + 1, 2))
    page.text(0, 0, "Inputs by year", "title")
    page.text(1, 0, "Blue periods are stated; black ones follow from them. A number typed over a "
                    "black one holds for that period alone.")  # fmt: skip
    page.texts(HEADER_ROW, ("Assumption", "Unit", "Key", "Between", "Sources"), "head")
    page.texts(HEADER_ROW, grid.year_labels, "head:right", grid.first_year)
    page.texts(HEADER_ROW, grid.labels, "head:right", grid.first_quarter)
    index = Ref(book.rows["calendar_year", SHARED])
    for dated in book.layout.dated.values():
        item, row = dated.item, dated.row
        page.text(row, NAME, item.label)
        page.text(row, UNIT, item.unit)
        page.text(row, DEFINITION, item.key, "name")
        page.text(row, SOURCE, "remainder" if item.derived else dated.path.between)
        page.text(row, VALUE, ", ".join(item.source) or "calculated", "clip")
        style = number_format(item.unit, dated.values)
        stated = enumerate(zip(dated.formulas, dated.values, strict=True), dated.first)
        for at, (text, value) in stated:
            if text is None:
                page.number(row, at, value, f"input:{style}")
            else:
                page.formula(row, at, text, value, style)
        # What is stated by year is shown by quarter too, and the other way round.
        place, values = dated.place, dated.values
        if dated.path.by == "year":
            pieces = ("INDEX(", Range(place, "years"), ",", index, "-", Name(FIRST_YEAR), "+1)")
            formulas = grid.formulas(pieces, Tab.DATED)
            for at, formula in enumerate(formulas):
                page.formula(row, grid.quarter(at), formula, values[at // 4], style)
        else:
            formulas = grid.formulas(
                ("AVERAGE(", Range(place, "year"), ")"), Tab.DATED, annual=True
            )
            for at, formula in enumerate(formulas):
                mean = sum(values[4 * at : 4 * at + 4]) / 4
                page.formula(row, grid.year(at), formula, mean, style)
    return page


def validations(book: Book) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(sheet, cells, XlsxWriter's options) of every input."""
    for entry in book.layout.entries:
        sheet, cells = Tab.INPUTS, f"{column(VALUE_COLUMN)}{entry.row + 1}"
        form, item = entry.form, entry.item
        if form == "computed" or (form == "dated" and item.derived):
            continue
        if form in ("date", "choice"):
            date = form == "date"
            allowed = "a quarter of the list" if date else ", ".join(item.choices)[:200]
            first = (int(entry.first), int(entry.last)) if date else ()
            options: dict[str, Any] = {
                "validate": "list",
                "source": f"={_listed(book, entry, *first)}",
                "error_title": "Not in the list",
            }
        else:
            least, most = _bounds(book, entry)
            allowed = f"{least} to {most} {item.unit}" if form != "switch" else "0 or 1"
            limits = (entry.first, entry.last) if form != "switch" else (0.0, 1.0)
            options = {
                "validate": "integer" if form == "switch" else "decimal",
                "criteria": "between",
                "minimum": limits[0],
                "maximum": limits[1],
                "error_title": "Out of bounds",
            }
        if form == "dated":
            sheet, cells = Tab.DATED, book.layout.dated[entry.key].cells
        message = f"Accepted: {allowed}"[:250]
        yield sheet, cells, options | {"error_message": message, "ignore_blank": False}
