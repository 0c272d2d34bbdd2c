"""The sheets with the shipped scenarios, from which cells *in use* take what is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from jcurve.workbook.cell_styles import Page, number_format
from jcurve.workbook.grid import (
    DEFINITION,
    HEADER_ROW,
    NAME,
    OPENING,
    SOURCE,
    UNIT,
    VALUE,
    Grid,
    Tab,
    column,
)
from jcurve.workbook.model_sheets import Book

WIDE = 8  # How many columns of sheets of inputs are printed


def scenario_cells(book: Book, key: str) -> str:
    """The cells with the value of each scenario of an assumption with one value."""
    row = book.scenario_rows.get(key, 0) + 1
    first, last = column(VALUE), column(VALUE + len(book.layout.others) - 1)
    return f"{Tab.SCENARIOS}!${first}{row}:${last}{row}"


def by_year_cells(book: Book, key: str, first: int, last: int, scenarios: int) -> str:
    """The cells of some columns of an assumption that moves, of the first scenarios."""
    row = book.scenario_rows[key] + 1
    return f"'{Tab.BY_YEAR}'!{column(first)}${row}:{column(last)}${row + scenarios - 1}"


def scenarios_page(book: Book) -> Page:
    """The values of each scenario, one column each; of those by year on the next sheet."""
    others = book.layout.others
    widths = (62, 13, 30, 14, *(max(14, len(each.name) + 2) for each in others))
    page = Page(Tab.SCENARIOS, [], widths, min(len(widths), WIDE), (HEADER_ROW + 1, 2))
    page.text(0, 0, "Scenarios to choose from", "title")
    page.text(1, 0, "Values as the scenario files had them when this was written. Nothing is typed "
                    "here.")  # fmt: skip
    page.texts(HEADER_ROW, ("Assumption", "Unit", "Key", "Source"), "head")
    page.texts(HEADER_ROW, [each.name for each in others], "head:right", VALUE)
    for key, rows in book.scenario_values.items():
        entry = book.entry(key)
        if key in book.layout.dated:
            continue
        row = book.scenario_rows[key]
        page.text(row, NAME, entry.label)
        page.text(row, UNIT, entry.item.unit)
        page.text(row, DEFINITION, key, "name")
        page.text(row, SOURCE, "scenario files", "clip")
        style = number_format(entry.item.unit, [each[0] for each in rows])
        style = "plain" if entry.form == "date" else style
        for at, each in enumerate(rows):
            page.text(row, VALUE + at, each[0], f"fact:{style}")
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
            page.text(row, NAME, dated.item.label)
            page.texts(row, (dated.item.unit, key, "scenario files", scenario.name), first=UNIT)
            for n, value in enumerate(values):
                page.text(row, dated.first + n, value, f"fact:{style}")
    return page
