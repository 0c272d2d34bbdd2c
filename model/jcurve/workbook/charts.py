"""Native charts of the summary sheet, drawn from the rows of the model."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from jcurve.engine.model import VIEWS, RowKey
from jcurve.workbook.grid import HEADER_ROW, TABLES, TAG_TITLES
from jcurve.workbook.model_sheets import Book
from jcurve.workbook.step_names import words

_BLUE, _ORANGE = "#0B5D8F", "#C25B12"
_COLUMNS = ("title", "rows", "by_year", "numbers")
_FIRST_YEAR = "2020"
_TOP, _APART = 19, 520
_ROWS = 13
_BN, _SHARE = "#,##0,", "0%"


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
