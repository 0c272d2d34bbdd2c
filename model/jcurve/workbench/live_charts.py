"""The live pictures: the J-curve and lines of the statements, each with the base behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jcurve.case import Case
from jcurve.engine.evaluate import needs
from jcurve.engine.model import SHARED, VIEWS, WORLDS, Model, RowKey
from jcurve.figures.style import INK, SERIES, Series
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import NOTHING, compact, money, written
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve.workbench.line_chart import Chart, Curve, Mark, draw

__all__ = ["PICTURES", "VIEW_TITLES", "Picture", "drawn_from", "picture", "view_of"]

_MILLIONS = 1000.0

VIEW_TITLES: Mapping[str, str] = {
    "programme": "With AI against without AI",
    "go_forward": "Continuing against stopping",
    "with": "Company with AI",
    "without": "Company without AI",
    "stopped": "Company if it stopped now",
}
"""Views and worlds, in words."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Something to draw.

    Attributes:
        title: in words.
        line: of the model.
        what: the unit in words, under the title.
        scale: what a value is divided by to be drawn.
        percent: a share.
    """

    title: str
    line: str
    what: str = "USD bn a year"
    scale: float = _MILLIONS
    percent: bool = False

    @property
    def cumulative(self) -> bool:
        """Whether it is a balance by quarter rather than a value by year."""
        return self.line.startswith("cumulative")


PICTURES: Mapping[str, Picture] = {
    "jcurve": Picture("J-curve", "cumulative_free_cash_flow", "cumulative, USD bn"),
    "present": Picture(
        "J-curve, discounted",
        "cumulative_discounted_free_cash_flow",
        "cumulative, USD bn at the valuation date",
    ),
    "flow": Picture("Cash flow before financing", "unlevered_free_cash_flow"),
    "capex": Picture("Capital expenditure", "capex"),
    "revenue": Picture("Revenue", "revenue"),
    "advertising": Picture("Advertising revenue", "advertising"),
    "products": Picture("Revenue of AI products", "new_product_revenue"),
    "leasing": Picture("Revenue of compute leased out", "leasing_revenue"),
    "depreciation": Picture("Depreciation of property", "property_depreciation"),
    "income": Picture("Operating income", "operating_income"),
    "reported_flow": Picture("Free cash flow as reported", "free_cash_flow"),
    "earnings": Picture("Earnings per share", "earnings_per_share", "USD a share", 1.0),
    "net_cash": Picture("Net cash", "net_cash", "USD bn at the year's end"),
    "compute": Picture("Compute in service", "compute_in_service", "million H100 equivalents", 1e6),
    "fleet": Picture(
        "Fleet over the frontier's", "fleet_over_frontier", "share, year's end", 1.0, True
    ),
    "roic": Picture(
        "Return on invested capital", "return_on_invested_capital", "a year", 1.0, True
    ),
}
"""What can be drawn live, in the order of the choice."""

_BASE = Series("#7b8794", (0, (4.0, 1.6)))
_NOW = {**dict.fromkeys(VIEWS, SERIES["programme"]), "with": SERIES["with"]} | {
    "without": Series("#0f7b6c", width=1.9),
    "stopped": Series("#8a4b00", width=1.9),
}
_PINS = (
    Series("#2f7fb8", (0, (6.0, 1.4, 1.2, 1.4))),
    Series("#5f8f4e", (0, (1.4, 1.4))),
    Series("#7a5195", (0, (9.0, 2.0))),
)


def view_of(side: str) -> str:
    """The view that headlines take when ``side`` is shown."""
    return side if side in VIEWS else "programme"


def picture(
    name: str, side: str, case: Case, base: Case, pins: Sequence[tuple[str, Case]] = ()
) -> dict[str, Any]:
    """A picture of a case with the base and the pinned cases behind it.

    Args:
        name: of :data:`PICTURES`.
        side: a view or a world; lines that only a view has are drawn in the side's view.
        case, base: the present state and the base scenario.
        pins: (name, case) of what was put aside.

    Returns:
        ``svg``, ``title``, ``what``, ``side`` as drawn, and ``table``: what is drawn, by year.

    Raises:
        UsageError: there is no such picture or side.
    """
    if name not in PICTURES:
        raise UsageError.not_among("unknown picture", name, PICTURES, allowed="")
    if side not in VIEW_TITLES:
        raise UsageError.not_among("unknown view or world", side, VIEW_TITLES, allowed="")
    what = PICTURES[name]
    drawn = view_of(side) if what.line in case.assembly.model.viewed else side
    changed = case is not base and case.scenario.hash != base.scenario.hash
    others = [("Base", base)] if changed else []
    rows = {label: _row(what, drawn, each) for label, each in (*others, *pins)}
    own = _row(what, drawn, case)
    present = "Present state" if changed else "Base"
    looks = (_BASE, *_PINS) if changed else _PINS
    curves = [
        Curve(x, y, look, label, behind=True)
        for (label, (x, y)), look in zip(rows.items(), looks, strict=False)
    ]
    first, last = _span(case, drawn, what.cumulative)
    chart = Chart(
        title=f"{what.title}, {VIEW_TITLES[drawn]}, {what.what}",
        alt=_alt(what, {present: own, **rows}),
        curves=(*curves, Curve(*own, _NOW[drawn], present)),
        first=first,
        last=last,
        today=Quarter(case.data_through).end,
        percent=what.percent,
        marks=_marks(case, drawn, own) if name == "jcurve" else (),
    )
    table = _table(what, drawn, {**rows, present: own}, first)
    subtitle = f"{VIEW_TITLES[drawn]} · {what.what}"
    texts = {"title": what.title, "what": subtitle, "side": drawn}
    return {"svg": draw(chart), **texts, "table": table}


def drawn_from(name: str, side: str, model: Model) -> list[RowKey]:
    """The rows that a picture is read from."""
    what = PICTURES[name]
    drawn = view_of(side) if what.line in model.viewed else side
    key = (what.line, SHARED if model.tags(what.line) == (SHARED,) else drawn)
    views = [("view_start", view) for view in VIEWS]
    return [*views, *([key] if what.cumulative else sorted(needs(model, key)))]


Row = tuple[list[float], list[float | None]]


def _row(what: Picture, side: str, case: Case) -> Row:
    """Points of a line: a quarter's end for a J-curve, the middle of a year for the rest."""
    if what.cumulative:
        start = int(case.row("view_start", side)[0])
        values = case.row(what.line, side)[start:] / what.scale
        years = case.assembly.timeline.years[0]
        x = [years + (start + at) / QUARTERS_IN_YEAR for at in range(len(values) + 1)]
        return x, [0.0, *values.tolist()]
    tag = None if case.assembly.model.tags(what.line) == (SHARED,) else side
    values = case.year(what.line, tag) / what.scale
    first, _ = _span(case, side, cumulative=False)
    shown = [
        (year + 0.5, None if np.isnan(value) else float(value))
        for year, value in zip(case.assembly.timeline.years, values, strict=True)
        if year >= first
    ]
    return [x for x, _ in shown], [y for _, y in shown]


def _span(case: Case, side: str, cumulative: bool) -> tuple[float, float]:
    """First and last year; of yearly values those of the programme, of a world one more."""
    years = case.assembly.timeline.years
    start = int(case.row("view_start", view_of(side) if cumulative else "programme")[0])
    before = not cumulative and side in WORLDS
    return years[0] + start // QUARTERS_IN_YEAR - before, years[-1] + 1


def _marks(case: Case, view: str, row: Row) -> tuple[Mark, ...]:
    """The trough and where the curve comes back."""
    x, values = row[0], [value or 0.0 for value in row[1]]
    lowest = min(range(len(values)), key=values.__getitem__)
    if values[lowest] > -NOTHING:
        return ()
    orange = SERIES["programme"].colour
    words = f"Trough {money(values[lowest])}, {_calendar(x[lowest] - 0.01)}"
    made = [Mark(x[lowest], values[lowest], words, orange, above=False)]
    payback = case[f"payback.{view}"]
    if payback is not None:
        at = x[0] + payback
        made.append(Mark(at, 0.0, f"Payback {_calendar(at)}", INK))
    elif values[-1] < -NOTHING:
        words = f"Not recovered: {money(values[-1])}"
        made.append(Mark(x[-1], values[-1], words, orange, above=values[-1] > values[lowest]))
    return tuple(made)


def _calendar(at: float) -> str:
    return Quarter.in_time(at).replace("Q", " Q")


def _alt(what: Picture, rows: Mapping[str, Row]) -> str:
    """What the lines do, in words."""
    made = []
    for label, row in rows.items():
        known = [(x, y) for x, y in zip(*row, strict=True) if y is not None]
        values = [y for _, y in known]
        if not known:
            made.append(f"{label}: no values")
            continue
        ends = (values[0], values[-1], min(values), max(values))
        first, last, low, high = (_short(value, what) for value in ends)
        year = int(known[-1][0] - 0.01)
        made.append(f"{label}: from {first} to {last} in {year}, lowest {low}, highest {high}")
    return "; ".join(made) + "."


def _short(value: float, what: Picture) -> str:
    return written(value, "percent", 1) if what.percent else compact(value)


def _table(what: Picture, side: str, rows: Mapping[str, Row], first: float) -> dict[str, Any]:
    """What is drawn, by year: of a J-curve the balance at each year's end."""
    years: list[int] = []
    cells: dict[str, list[str]] = {}
    for label, (x, y) in rows.items():
        points = {
            round(at - 1 if what.cumulative else at - 0.5): "" if v is None else _short(v, what)
            for at, v in zip(x, y, strict=True)
            if at > first and (at == int(at) or not what.cumulative)
        }
        years = years or sorted(points)
        cells[label] = [points.get(year, "") for year in years]
    return {"line": what.line, "side": side, "years": years, "rows": cells}
