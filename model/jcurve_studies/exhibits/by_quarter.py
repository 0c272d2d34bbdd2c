"""Forecasts by quarter beside actual figures: made by rule on what was known, and kept ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jcurve.analysis.forecasts import LINES, Line, Miss, clause_of
from jcurve.company import model
from jcurve.engine.model import Model
from jcurve.figures.exhibit import Column, Row, TableExhibit, figures, heading, saying, table
from jcurve.ground.numbers import (
    MILLIONS,
    lowered,
    percent,
    points,
    quarter,
    spelt,
    written,
    written_date,
)
from jcurve.ground.project import Where
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve_studies.backtesting.quarterly import Kept, Quarterly, sizes

_SHOWN = ("revenue", "advertising", "total_costs", "depreciation", "operating_income", "capex",
          "free_cash_flow")  # fmt: skip
_SOURCE = "filings, guidance up to each forecast and days of releases"
_SHARE = "as a share of actual, of growth in points; lines near zero as a share of revenue"


def _size(line: Line, share: float, *, sign: bool = False) -> str:
    return points(share, sign=sign) if line.unit == "share" else percent(share, sign=sign)


def by_line(found: Quarterly) -> TableExhibit:
    """How far next-quarter and next-year forecasts of each line were off."""
    lines = found.runs[0].case.assembly.model
    rows: list[Row] = []
    group = ""
    errors = {}
    for name, line in LINES.items():
        own = found.of(name)
        if not own:
            continue
        if line.group != group:
            rows.append(heading(group := line.group))
        near = sizes(own)
        far = sizes(found.of(name, QUARTERS_IN_YEAR))
        worst = max(own, key=lambda each: abs(each.miss.share or 0.0))
        largest = worst.miss.share or 0.0
        errors[name] = float(np.abs(near).mean())
        rows.append(
            saying(
                clause_of(line, lines),
                line.label,
                len(own),
                _size(line, errors[name]),
                _size(line, float(near.mean()), sign=True),
                _size(line, float(np.abs(far).mean())) if len(far) else "–",
                f"{_size(line, largest, sign=True)} in {quarter(worst.quarter)}",
                indent=1,
            )
        )
    first, last = found.misses[0].quarter, found.misses[-1].quarter
    return table(
        [
            ("", 1.6),
            Column(label="Quarters"),
            *figures("Mean size", "Mean", group="Next quarter"),
            *figures("Mean size", group="Four quarters on"),
            *figures("Largest, next quarter"),
        ],
        rows,
        id="quarters-by-line",
        title=f"A quarter ahead, forecasts missed revenue by "
        f"{percent(errors['revenue'])}, costs by {percent(errors['total_costs'])} and depreciation "
        f"by {percent(errors['depreciation'])} on average",
        subtitle=f"{quarter(first)} to {quarter(last)}: actual less forecast, {_SHARE}",
        source=_SOURCE,
        reading="Positive: more than was forecast. Forecasts by rule have no judgement, so these "
        "are the errors that a forecast with judgement must beat.",
        dense=True,
    )


def by_quarter(found: Quarterly) -> TableExhibit:
    """The miss of the main lines in each quarter, forecast a quarter before."""
    quarters = dict.fromkeys(each.quarter for each in found.misses)
    by = {
        (each.miss.line.name, each.quarter): each.miss.share
        for name in _SHOWN
        for each in found.of(name)
    }
    mean = {name: float(np.abs(sizes(found.of(name))).mean()) for name in _SHOWN}
    best = min(mean, key=mean.__getitem__)
    return table(
        [
            "Quarter",
            *(
                Column(label=LINES[name].label, style="percent", decimals=1, sign=True)
                for name in _SHOWN
            ),
        ],
        [
            *(Row.of(quarter(at), *(by.get((name, at)) for name in _SHOWN)) for at in quarters),
            Row.of("Mean size", *(mean[name] for name in _SHOWN), role="total"),
        ],
        id="quarters-by-quarter",
        title=f"A quarter ahead {lowered(LINES[best].label)} is forecast best, "
        f"{percent(mean[best])} off on average",
        subtitle="Actual less what was forecast after the results of the quarter before; free cash "
        "flow as a share of revenue",
        source=_SOURCE,
        reading="No later information is used: a test changes every later figure on file and finds "
        "every forecast unchanged.",
        dense=True,
    )


def kept(found: Sequence[Kept], project: Where = None) -> TableExhibit:
    """Every forecast that was kept before a quarter's results, beside the actual figures."""
    lines = model(project=project).model
    rows = [] if found else [heading("No forecast has been kept yet")]
    for each in found:
        record = each.record
        rows.append(
            heading(
                f"{Quarter(record.quarter).words}, kept on {written_date(record.made)}, data "
                f"through {quarter(record.data_through)}, base case {record.scenario}"
                + (": after the results were out, without them" if each.late else "")
            )
        )
        by = {miss.line.name: miss for miss in each.misses}
        for name, value in record.values.items():
            line = LINES.get(name)
            if line is not None:
                rows.append(_kept(line, lines, value, by.get(name)))
    known = sum(bool(each.misses) for each in found)
    return table(
        [
            ("", 1.6),
            *figures("Forecast", "Actual", "Actual less forecast"),
        ],
        rows,
        id="kept",
        title=f"{spelt(len(found)).capitalize()} forecast{'s' if len(found) != 1 else ''} kept, "
        f"{spelt(known) if known else 'none'} with results since",
        subtitle="USD bn, growth on the year, million shares",
        source="register of kept forecasts",
        reading="A kept forecast is never changed: each row carries a seal over itself and all "
        "before it. Of a quarter the last one before its results counts.",
        dense=True,
    )


def _kept(line: Line, lines: Model, value: float, miss: Miss | None) -> Row:
    def told(number: float | None) -> str | None:
        if number is None:
            return None
        if line.unit == "share":
            return percent(number)
        if line.unit == "USD m":
            return written(number / MILLIONS, decimals=2)
        return written(number)

    share = None if miss is None or miss.share is None else _size(line, miss.share, sign=True)
    actual = told(None if miss is None else miss.came)
    return saying(clause_of(line, lines), line.label, told(value), actual, share, indent=1)
