"""The sheets of inputs as cells, with what may be typed into each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jcurve.workbook.book import Book
from jcurve.workbook.cells import Page
from jcurve.workbook.grid import DEFINITION, HEADER_ROW, NAME, UNIT, Range, Row, column
from jcurve.workbook.inputs import USED_COLUMN, VALUE_COLUMN, WHY_COLUMN, Entry
from jcurve.workbook.names import DATED, INPUTS, LISTS, NEVER
from jcurve.workbook.pages import OUTSIDE_COLUMN, choices, outside_formula
from jcurve.workbook.style import number_format

__all__ = ["dated_page", "inputs_page", "validations"]

_HEADS = (
    "Assumption", "Key", "Unit", "Value", "As computed", "Your reason", "Base scenario", "Low",
    "High", "Least accepted", "Most accepted", "Distribution", "Kind", "Sources", "As of", "Note",
    "Outside",
)  # fmt: skip
_WIDTHS = (52, 38, 15, 14, 12, 24, 16, 12, 12, 13, 13, 11, 11, 26, 11, 60, 8)


def inputs_page(book: Book) -> Page:
    """Every assumption with its value cell and all that is known of it."""
    page = Page(INPUTS, [], _WIDTHS, len(_WIDTHS), freeze=(HEADER_ROW + 1, 2))
    page.text(0, 0, "Inputs", "title")
    page.text(1, 0, "Change what is blue. Values are in the unit beside them; shares and rates are "
                    "decimals shown as percentages.")  # fmt: skip
    for at, head in enumerate(_HEADS):
        page.text(HEADER_ROW, at, head, "head")
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
        least, most = _bounds(book, entry)
        note = item.why or item.rationale
        low, high = item.range_text()
        if entry.form == "dated" and low:
            note = f"{note} Low {low}. High {high}."
            low = high = "by year"
        before = "" if own is None or own.value == item.value else own.text()
        texts = (
            before, low, high, least, most, item.distribution, item.kind,
            ", ".join(item.source), item.as_of.isoformat(), note,
        )  # fmt: skip
        for at, text in enumerate(texts, WHY_COLUMN + 1):
            page.text(row, at, text, "clip" if at >= OUTSIDE_COLUMN - 3 else "text")
        page.formula(row, OUTSIDE_COLUMN, outside_formula(book, entry), 0.0, "plain")
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
        places = (
            (0, book.grid.quarters + 1) if entry.form == "date" else _choice_rows(book, entry.key)
        )
        span = f"{LISTS}!${'A' if entry.form == 'date' else 'B'}${places[0] + 2}"
        end = f"${'A' if entry.form == 'date' else 'B'}${places[1] + 1}"
        formula = f"=MATCH({column(VALUE_COLUMN)}{row + 1},{span}:{end},0)-1"
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


def _choice_rows(book: Book, key: str) -> tuple[int, int]:
    rows = [at for at, (owner, _) in enumerate(choices(book)) if owner == key]
    return rows[0], rows[-1] + 1


def _bounds(book: Book, entry: Entry) -> tuple[str, str]:
    if entry.form == "choice":
        return "", ""
    if entry.form == "date":
        labels = (*book.grid.labels, NEVER)
        return labels[int(entry.first)], labels[int(entry.last)]
    return _bound(entry.first), _bound(entry.last)


def _bound(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def dated_page(book: Book) -> Page:
    """Assumptions by year or quarter: stated periods are inputs, the others follow."""
    grid = book.grid
    widths = (58, 17, 40, 10, *([10] * grid.years), *([10] * grid.quarters))
    page = Page(DATED, [], widths, grid.first_quarter, freeze=(HEADER_ROW + 1, 2))
    page.text(0, 0, "Inputs by year", "title")
    page.text(1, 0, "Blue periods are stated; black ones follow from them. A number typed over a "
                    "black one holds for that period alone.")  # fmt: skip
    for at, head in ((NAME, "Assumption"), (UNIT, "Unit"), (DEFINITION, "Key"), (3, "Between")):
        page.text(HEADER_ROW, at, head, "head")
    for at, label in enumerate(grid.year_labels):
        page.text(HEADER_ROW, grid.year(at), label, "head:right")
    for at, label in enumerate(grid.labels):
        page.text(HEADER_ROW, grid.quarter(at), label, "head:right")
    for dated in book.layout.dated.values():
        item, row = dated.item, dated.row
        page.text(row, NAME, item.label)
        page.text(row, UNIT, item.unit)
        page.text(row, DEFINITION, item.key, "name")
        page.text(row, 3, "remainder" if item.derived else dated.path.between)
        style = number_format(item.unit, dated.values)
        by_year = dated.path.by == "year"
        first = grid.first_year if by_year else grid.first_quarter
        for at, (text, value) in enumerate(zip(dated.formulas, dated.values, strict=True), first):
            if text is None:
                page.number(row, at, value, f"input:{style}")
            else:
                page.formula(row, at, text, value, style)
        _other(page, book, row, by_year, dated.values, style)
    return page


def _other(
    page: Page, book: Book, row: int, by_year: bool, values: tuple[float, ...], style: str
) -> None:
    """The quarters of a row by year, or the years of one by quarter."""
    grid, place = book.grid, Row(DATED, row)
    if by_year:
        formulas = grid.formulas((Range(place, "one_year"),), DATED)
        for at, formula in enumerate(formulas):
            page.formula(row, grid.quarter(at), formula, values[at // 4], style)
        return
    formulas = grid.annual_formulas(("AVERAGE(", Range(place, "year"), ")"), DATED)
    for at, formula in enumerate(formulas):
        page.formula(row, grid.year(at), formula, sum(values[4 * at : 4 * at + 4]) / 4, style)


def validations(book: Book) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(sheet, cells, XlsxWriter's options) of every input."""
    value = column(VALUE_COLUMN)
    for entry in book.layout.entries:
        at = f"{value}{entry.row + 1}"
        if entry.form == "date":
            span = f"={LISTS}!$A${int(entry.first) + 2}:$A${int(entry.last) + 2}"
            yield INPUTS, at, _listed(span, "a quarter of the list")
        elif entry.form == "choice":
            first, last = _choice_rows(book, entry.key)
            span = f"={LISTS}!$B${first + 2}:$B${last + 1}"
            yield INPUTS, at, _listed(span, ", ".join(entry.item.choices)[:200])
        elif entry.form == "switch":
            yield INPUTS, at, _between("integer", 0.0, 1.0, "0 or 1")
        elif entry.form == "number":
            least, most = _bounds(book, entry)
            allowed = f"{least} to {most} {entry.item.unit}"
            yield INPUTS, at, _between("decimal", entry.first, entry.last, allowed)
        elif entry.form == "dated" and not entry.item.derived:
            dated = book.layout.dated[entry.key]
            by_year = dated.path.by == "year"
            start = book.grid.first_year if by_year else book.grid.first_quarter
            end = start + len(dated.values) - 1
            cells = f"{column(start)}{dated.row + 1}:{column(end)}{dated.row + 1}"
            least, most = _bounds(book, entry)
            allowed = f"{least} to {most} {entry.item.unit}"
            yield DATED, cells, _between("decimal", entry.first, entry.last, allowed)


def _between(kind: str, low: float, high: float, allowed: str) -> dict[str, Any]:
    return {
        "validate": kind,
        "criteria": "between",
        "minimum": low,
        "maximum": high,
        "error_title": "Out of bounds",
        "error_message": f"Accepted: {allowed}"[:250],
        "ignore_blank": False,
    }


def _listed(span: str, allowed: str) -> dict[str, Any]:
    return {
        "validate": "list",
        "source": span,
        "error_title": "Not in the list",
        "error_message": f"Accepted: {allowed}"[:250],
        "ignore_blank": False,
    }
