"""Native charts of the summary sheet, drawn from the rows of the model."""

from __future__ import annotations

from typing import Any

from jcurve.engine.model import VIEWS, RowKey
from jcurve.workbook.cell_styles import FONT
from jcurve.workbook.grid import HEADER_ROW, TAG_TITLES, Row
from jcurve.workbook.model_sheets import Book

__all__ = ["add_charts"]

_BLUE, _ORANGE, _GREEN, _GREY = "#0B5D8F", "#C25B12", "#1E7A4C", "#5B6573"
_FIRST_YEAR = "2020"
_TOP, _WIDE, _TALL, _APART = 19, 505, 300, 520
_LINES = (
    ("J-curve: cumulative free cash flow, USD bn", "cumulative_free_cash_flow"),
    ("J-curve in present values, USD bn", "cumulative_discounted_free_cash_flow"),
)


def add_charts(workbook: Any, sheet: Any, book: Book) -> None:
    """Four charts under the headlines; one whose rows are missing is left out."""
    place = 0
    for title, name in _LINES:
        keys = [(name, view) for view in VIEWS if (name, view) in book.rows]
        if keys:
            _insert(workbook, sheet, book, title, keys, place, "line", quarterly=True)
            place += 1
    flows = [("incremental_free_cash_flow", view) for view in VIEWS]
    if all(key in book.rows for key in flows):
        title = "Incremental free cash flow by year, USD bn"
        _insert(workbook, sheet, book, title, flows, place, "column")
        place += 1
    capex = [("capex", world) for world in ("with", "without")]
    if all(key in book.rows for key in capex):
        _insert(workbook, sheet, book, "Capex by year, USD bn", capex, place, "column")


def _insert(
    workbook: Any,
    sheet: Any,
    book: Book,
    title: str,
    keys: list[RowKey],
    place: int,
    kind: str,
    *,
    quarterly: bool = False,
) -> None:
    chart = workbook.add_chart({"type": kind})
    for key, colour in zip(keys, (_BLUE, _ORANGE, _GREEN, _GREY), strict=False):
        chart.add_series(_series(book, key, colour, kind, quarterly))
    font = {"name": FONT, "size": 9, "color": _GREY}
    chart.set_title({"name": title, "name_font": {"name": FONT, "size": 12, "bold": True}})
    chart.set_x_axis(
        {
            "num_font": font,
            "label_position": "low",
            "interval_unit": 8 if quarterly else 2,
            "interval_tick": 4 if quarterly else 1,
            "line": {"color": _GREY},
        }
    )
    chart.set_y_axis(
        {
            "num_font": font,
            "num_format": "#,##0,",
            "major_gridlines": {"visible": True, "line": {"color": "#E3E6EA"}},
            "line": {"none": True},
        }
    )
    chart.set_legend({"position": "bottom", "font": font})
    chart.set_size({"width": _WIDE, "height": _TALL})
    row, left = divmod(place, 2)
    words = {"description": f"{title}, scenario in the cells above"}
    sheet.insert_chart(_TOP + 16 * row, 0, chart, {"x_offset": 2 + _APART * left, **words})


def _series(book: Book, key: RowKey, colour: str, kind: str, quarterly: bool) -> dict[str, Any]:
    grid = book.grid
    place: Row = book.rows[key]
    if quarterly:
        first, last = grid.quarter(_start(book)), grid.last_column
    else:
        skip = grid.year_labels.index(_FIRST_YEAR) if _FIRST_YEAR in grid.year_labels else 0
        first, last = grid.year(skip), grid.first_quarter - 1
    series: dict[str, Any] = {
        "name": TAG_TITLES[key[1]],
        "categories": [place.sheet, HEADER_ROW, first, HEADER_ROW, last],
        "values": [place.sheet, place.row, first, place.row, last],
    }
    if kind == "line":
        series["line"] = {"color": colour, "width": 2.25}
    else:
        series |= {"fill": {"color": colour}, "gap": 60}
    return series


def _start(book: Book) -> int:
    """The first quarter drawn: a year before the earliest start of a view."""
    begins = [
        float(book.case.values["view_start", view][0, 0])
        for view in VIEWS
        if ("view_start", view) in book.case.values
    ]
    return max(int(min(begins, default=0.0)) - 4, 0)
