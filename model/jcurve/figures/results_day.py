"""The evening of a quarter's results: the actual figures against the forecast that stood, what that
does to the answer, what to watch next."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from jcurve.analysis.earlier import taken_back
from jcurve.analysis.forecasts import LINES, Miss, Standing, clause_of, forecast, rank, standing
from jcurve.analysis.revisions import Revision, revision
from jcurve.case import Case
from jcurve.facts.calendar import next_results_day, releases
from jcurve.figures import answer, guided, revised
from jcurve.figures.display import Cover, KeyFigure, Part, paragraph, strong
from jcurve.figures.exhibit import Cell, Row, TableExhibit, figures, saying, table
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import MILLIONS, joined, lowered, money, percent, points, spelt, written
from jcurve.ground.quarters import Quarter

_LED = ("revenue", "operating_income", "capex", "free_cash_flow")
_WATCHED = ("revenue", "advertising", "impressions_growth", "price_growth", "total_costs",
            "depreciation", "capex", "free_cash_flow")  # fmt: skip
_INDENTED = ("advertising", "total_costs")
_LEFT_OUT = ("share_based_compensation",)  # Not on the two pages: part of the lines above it
_MOVED = 0.05  # What counts as a moved value in a title, USD bn


@dataclass(frozen=True)
class ResultsDay:
    """A quarter's results in a case that knows them."""

    lens: Lens  # the case, in a view
    # misses of other quarters, against which one is ranked; the forecasts of the time
    past: tuple[Miss, ...] = ()
    # the state before, with the figures that were printed of it; None: the same scenario taken
    # back a quarter
    before: tuple[Case, Mapping[str, Mapping[str, Mapping[str, object]]]] | None = None

    @property
    def quarter(self) -> Quarter:
        """The quarter whose results came."""
        return Quarter(self.lens.case.data_through)

    @cached_property
    def back(self) -> Case:
        """The scenario taken back to the quarter before."""
        scenario, project = self.lens.case.scenario, self.lens.project
        return taken_back(self.quarter.plus(-1), scenario, project=project)

    @cached_property
    def stood(self) -> Standing:
        """Forecast beside actual, line by line."""
        return standing(self.quarter, self.lens.case.scenario, project=self.lens.project)

    @property
    def misses(self) -> tuple[Miss, ...]:
        """Line by line."""
        return self.stood.misses

    @cached_property
    def revision(self) -> Revision:
        """What moved the headline figures since."""
        if self.before is None:
            return revision(self.back, self.lens.case)
        before, printed = self.before
        return revision(before, self.lens.case, printed_before=printed)

    def miss(self, name: str) -> Miss:
        """The miss of one line."""
        return next(each for each in self.misses if each.line.name == name)


def cover(day: ResultsDay, *, today: datetime.date | None = None) -> Cover:
    """Five numbers, and the evening in words."""
    lens, case = day.lens, day.lens.case
    head = answer.cover(lens, "Results note", today=today)
    change = day.revision.change("npv", lens.view)
    led = [_figure(day.miss(name)) for name in _LED]
    moved = money(0.0 if change is None else change.amount / MILLIONS, sign=True)
    since = Quarter(day.revision.start).words
    led.append(
        KeyFigure(label="Net present value", value=money(lens.npv), note=f"{moved} since {since}")
    )
    told = revised.sentence(change) if change else ""
    summary: list[list[Part]] = [
        [strong("Results. "), _results(day)],
        [strong("The answer. "), f"{told} {answer.headline(lens)}."],
        [strong("Guidance. "), guided.moved(lens, day.quarter)],
    ]
    reported = releases(case.assembly.company.name, lens.project).of(day.quarter)
    return head.model_copy(
        update={
            "title": f"Results of {day.quarter.words}: {_surprise(day)}; {_moved(day)}",
            "running": f"Results of {day.quarter.words}: {_moved(day)}",
            "subtitle": f"Reported on {reported.day} {reported:%B %Y} · {lens.title}",
            "figures": tuple(led),
            "summary": tuple(paragraph(parts) for parts in summary),
        }
    )


def _surprise(day: ResultsDay) -> str:
    revenue, costs = day.miss("revenue"), day.miss("total_costs")
    sides = [_above_or_below(revenue), _above_or_below(costs)]
    first = _size(revenue) if sides[0] == sides[1] else f"{_size(revenue)} {sides[0]}"
    return f"revenue {first} and costs {_size(costs)} {sides[1]} forecast"


def _moved(day: ResultsDay) -> str:
    change = day.revision.change("npv", day.lens.view)
    amount = 0.0 if change is None else change.amount / MILLIONS
    if abs(amount) < _MOVED:
        return f"NPV as it was, {money(day.lens.npv)}"
    return f"NPV {'up' if amount > 0 else 'down'} {money(abs(amount))} to {money(day.lens.npv)}"


def _above_or_below(miss: Miss) -> str:
    return "above" if (miss.share or 0.0) >= 0 else "below"


def _size(miss: Miss) -> str:
    """How large a miss is, without its sign."""
    return miss.size.lstrip("+−")


def _figure(miss: Miss) -> KeyFigure:
    value = "not on file" if miss.came is None else money(miss.came / MILLIONS)
    if miss.amount is None:
        note = f"forecast {money(miss.forecast / MILLIONS)}"
    elif miss.line.over_revenue:
        note = f"{money(miss.amount / MILLIONS, sign=True)} vs forecast"
    else:
        note = f"{miss.size} vs forecast"
    return KeyFigure(label=miss.line.label, value=value, note=note)


def _results(day: ResultsDay) -> str:
    told = []
    for name in ("revenue", "total_costs", "capex"):
        miss = day.miss(name)
        if miss.came is None or miss.amount is None:
            continue
        because = f" ({miss.explained})" if miss.explained else ""
        place = rank(miss, day.past)
        placed = f", the {_ordinal(place[0])} of {place[1]} misses" if place else ""
        told.append(
            f"{miss.line.label}: {money(miss.came / MILLIONS)}, {_size(miss)} "
            f"{_above_or_below(miss)} forecast{because}{placed}"
        )
    return f"{'. '.join(told)}."


def _ordinal(place: int) -> str:
    """A place by size: largest, 2nd largest."""
    if place == 1:
        return "largest"
    end = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{end} largest"


def missed(day: ResultsDay) -> TableExhibit:
    """Every line: forecast, actual, the miss, its place among past ones, what explains it."""
    rows = [_row(miss, day) for miss in _lines_shown(day)]
    notes = ["As a share of the quarter's revenue: the line may be near zero or of either sign."]
    absent = dict.fromkeys(
        "advertising by region" if line.name.startswith("advertising.") else lowered(line.label)
        for line in (each.line for each in day.misses if each.came is None)
    )
    if absent:
        notes.append(f"Not on file, or an estimate, which counts as none: {joined(absent)}.")
    ranked = "; place 1: the largest miss of the line on record" if day.past else ""
    return table(
        [
            ("", 1.8),
            *figures("Forecast", "Actual", "Miss", "Miss, %", "Place"),
            ("Main parts of the miss", 2),
        ],
        rows,
        id="missed",
        title=_usual_title(day),
        subtitle=f"{day.quarter.words}: actual less forecast, USD bn{ranked}",
        source=[f"{day.quarter.words} filings and release", day.stood.how],
        notes=notes,
        dense=True,
    )


def _lines_shown(day: ResultsDay) -> list[Miss]:
    """The lines of the table: those that are on file and more than nothing."""
    known = (miss for miss in day.misses if miss.line.name not in _LEFT_OUT)
    return [miss for miss in known if miss.came is not None and not miss.empty]


def _usual_title(day: ResultsDay) -> str:
    """How many lines missed by more than such forecasts do, and which by most of that."""
    times: dict[str, float] = {}
    for miss in _lines_shown(day):
        usual = _usual_miss(day, miss.line.name)
        if miss.share is not None and usual is not None:
            # What never missed before and does now is beyond any multiple of its usual miss.
            times[miss.line.label] = abs(miss.share) / usual if usual else math.inf
    if not times:
        return "Actual figures beside the forecast, line by line"
    over = sum(each > 1 for each in times.values())
    furthest = max(times, key=times.__getitem__)
    if not over:
        return "Every line was closer to its forecast than usual"
    most = lowered(furthest)
    return f"Of {len(times)} lines, {spelt(over)} missed by more than usual, {most} by the most"


def _usual_miss(day: ResultsDay, name: str) -> float | None:
    """The mean size of the past misses of a line; None where there are none."""
    own = [abs(m.share) for m in day.past if m.line.name == name and m.share is not None]
    return math.fsum(own) / len(own) if own else None


def _row(miss: Miss, day: ResultsDay) -> Row:
    growth, shares = miss.line.unit == "share", miss.line.unit == "million shares"

    def told(value: float | None, sign: bool = False) -> str:
        if value is None:
            return "–"
        if growth:
            return percent(value, sign=sign)
        return written(
            value if shares else value / MILLIONS, decimals=0 if shares else 2, sign=sign
        )

    place = rank(miss, day.past)
    size: str | Cell | None = miss.size or None
    if miss.size and miss.line.over_revenue:
        size = Cell(value=miss.size, note=0)
    indent = 1 if any(miss.line.name in LINES[whole].parts for whole in _INDENTED) else 0
    return saying(
        clause_of(miss.line, day.lens.case.assembly.model),
        miss.line.label,
        told(miss.forecast),
        told(miss.came),
        "–" if growth or miss.amount is None else told(miss.amount, sign=True),
        size,
        f"{place[0]} of {place[1]}" if place else None,
        miss.explained,
        indent=indent,
    )


def watch(day: ResultsDay) -> TableExhibit:
    """What the case says of the next quarter, how far such forecasts were off, and what a miss of
    that size moves."""
    case, coming = day.lens.case, day.quarter.plus(1)
    said, last = forecast(case, coming), forecast(case, coming.plus(-4))
    owner = case.assembly.company
    rows = []
    for name in _WATCHED:
        line = LINES[name]
        growth = line.unit == "share"
        value, before = said[name], last.get(name)
        row = saying(
            clause_of(line, day.lens.case.assembly.model),
            line.label,
            percent(value) if growth else money(value / MILLIONS),
            "–" if before is None else percent(before) if growth else money(before / MILLIONS),
            "–" if growth or not before or min(before, value) < 0 else _grown(value, before),
            _usual(_usual_miss(day, name), growth, line.over_revenue),
        )
        rows.append(row)
    results = next_results_day(owner)
    advertising, capex = (_grown(said[name], last[name]) for name in ("advertising", "capex"))
    return table(
        [
            ("", 1.6),
            *figures(f"Forecast for {day.lens.quarter(coming)}"),
            *figures(day.lens.quarter(coming.plus(-4)), "Change on the year", "Usual miss"),
        ],
        rows,
        id="watch",
        title=f"To watch in {coming.words}: advertising {advertising} and capital expenditure "
        f"{capex} on the year",
        subtitle=f"Results are {owner.next_results_status} on {results.day} {results:%B %Y}",
        source=day.lens.modelled(),
        reading="The usual miss is the mean size of past misses one quarter ahead."
        if day.past
        else "No past forecasts were held against these.",
    )


def _usual(share: float | None, growth: bool, over_revenue: bool) -> str:
    if share is None:
        return "–"
    if growth:
        return points(share)
    return f"{percent(share)}{' of revenue' if over_revenue else ''}"


def _grown(value: float, before: float) -> str:
    return percent(value / before - 1.0, sign=True)
