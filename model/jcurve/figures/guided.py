"""What a company guides, what a quarter's results moved in it, and where a case stands in it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from jcurve.analysis.earlier import guided
from jcurve.facts import Guidance, capex_guidance
from jcurve.facts.calendar import releases
from jcurve.figures.display import Prose
from jcurve.figures.exhibit import TableExhibit, figures, saying, table
from jcurve.figures.lens import Lens, nothing_to_show
from jcurve.ground.numbers import MILLIONS, money, spelt, written
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter

_METRICS = {"capex": "capital expenditure", "total_expenses": "total expenses"}
_LINES = {"capex": "capex", "total_expenses": "total_costs"}


def moved(lens: Lens, quarter: Quarter) -> str:
    """What the results of a quarter moved in the guided ranges, in a sentence."""
    told = []
    for metric, year, then, now in _ranges(lens, quarter):
        if not _same(then, now):
            was = f", previously {_range(then)}" if then else ", for the first time"
            told.append(f"{_METRICS[metric]} of {year} {_range(now)}{was}")
    return f"Now guided: {'; '.join(told)}." if told else "No guided range has moved."


def _same(then: Guidance | None, now: Guidance) -> bool:
    return then is not None and (then.low, then.high) == (now.low, now.high)


def _ranges(lens: Lens, quarter: Quarter) -> Iterator[tuple[str, int, Guidance | None, Guidance]]:
    """What was guided of each metric for the year and the next: before the day of a quarter's
    results, and until the next; none of a year that is not guided."""
    owner = lens.case.assembly.company.name
    days, said = releases(owner, lens.home), capex_guidance(owner, lens.home)
    until = [days.of(each) - datetime.timedelta(days=1) for each in (quarter, quarter.plus(1))]
    for metric in _METRICS:
        for year in (quarter.year, quarter.year + 1):
            then, now = (guided(said, metric, year, day) for day in until)
            if now is not None:
                yield metric, year, then, now


def _range(found: Guidance | None) -> str:
    if found is None:
        return "none"
    low, high = (written(each / MILLIONS) for each in (found.low, found.high))
    return f"${low}bn" if low == high else f"${low}bn to ${high}bn"


def guidance(lens: Lens, quarter: Quarter) -> TableExhibit | Prose:
    """What the company guides now and before, and where the case stands in it."""
    case, rows, count = lens.case, [], 0
    timeline, known = case.assembly.timeline, case.row("history")
    for metric, year, then, now in _ranges(lens, quarter):
        count += not _same(then, now)
        first = timeline.index(f"{year}Q1")
        row = case.row(_LINES[metric], "with")[first : first + QUARTERS_IN_YEAR]
        come = known[first : first + QUARTERS_IN_YEAR] > 0
        spent, whole, rest = float(row[come].sum()), float(row.sum()), int((~come).sum())
        ends = (now.low, now.high) if rest else ()
        left = [money((end - spent) / MILLIONS / rest) for end in ends]
        name = f"{_METRICS[metric].capitalize()} {year}"
        so_far = money(spent / MILLIONS) if come.any() else "–"
        where = "below" if whole < now.low else "above" if whole > now.high else "inside"
        cells = (
            name,
            _range(then),
            _range(now),
            so_far,
            " to ".join(left) or "–",
            f"{money(whole / MILLIONS)}, {where}",
        )
        rows.append(saying(lens.clause(_LINES[metric]), *cells))
    if not rows:
        return nothing_to_show("Nothing is guided.")
    return table(
        [
            ("", 1.4),
            *figures("Before", "Now", "Reported so far", "Left for each quarter to come"),
            *figures("This case"),
        ],
        rows,
        id="guided",
        title=f"{spelt(count).capitalize()} guided range{'s are' if count != 1 else ' is'} new or "
        "moved with the results",
        source="the company's releases and calls, as the register of guidance cites them",
    )
