"""What a case says of a quarter still to come, line by line, beside what was then reported.

Each line is a sum of model lines, its report the same sum of rows of history. A report that rests
on an estimate is no report: there is nothing to miss.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jcurve.analysis.earlier import taken_back
from jcurve.assumptions import BASE, Scenario
from jcurve.case import Case
from jcurve.company import Assembly, model
from jcurve.engine.model import Model
from jcurve.evaluation.naming import clause
from jcurve.facts.forecast_records import Record, append_forecast, stood
from jcurve.facts.tables import AnyWords, Text, by_key
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import MILLIONS, joined, lowered, money, percent, points, written_date
from jcurve.ground.project import Where
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter

_WORLD = "with"
_VOLUME, _PRICE = "impressions_growth", "price_growth"
_LARGE_PART = 0.25  # Of a miss: a part at least so large is named as what explains it
_FIRST = Quarter("2023Q2")
"""Of which a forecast can be put together: the valuation date of a case is 2023 or later."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is forecast and reported, from ``forecast_lines.csv``.

    ``model`` and ``history`` name the lines and rows that are summed, with a minus where they are
    taken off; of no line of the model nothing is forecast. An estimate counts as a report only
    where ``estimates`` says so. A miss of a line that may be near zero or of either sign is told
    as a share of revenue (``over_revenue``). ``parts`` are the lines that it is the sum of, whose
    misses explain its own. ``says`` is what it is, where that is not what one line of the model
    is.
    """

    name: str
    label: str
    group: str
    unit: str
    model: AnyWords
    history: AnyWords
    estimates: bool
    over_revenue: bool
    parts: AnyWords
    says: Text


LINES: Mapping[str, Line] = by_key(Path(__file__).parent, "forecast_lines.csv", Line)


def clause_of(line: Line, lines: Model) -> str:
    """What a line is, in a clause: its own, or that of its line of the model."""
    return line.says or clause(lines, line.model[0])


_REGIONS = [each.lstrip("-") for each in LINES["advertising"].parts]


def forecast(case: Case, quarter: str) -> dict[str, float]:
    """Every line of a quarter, as a case has it."""
    at = case.assembly.timeline.index(quarter)
    found: dict[str, float] = {}
    for name, line in LINES.items():
        if line.unit != "share":
            found[name] = _sum(line.model, lambda each: float(case.row(each, _WORLD)[at]))
    volume = _ads_shown(case, at)
    if np.isfinite(volume):  # nothing is known of ads shown before 2022
        sold = case.row("advertising", _WORLD)
        grown = float(sold[at] / sold[at - QUARTERS_IN_YEAR])
        found[_VOLUME], found[_PRICE] = volume, grown / (1.0 + volume) - 1.0
    return found


def _ads_shown(case: Case, at: int) -> float:
    """Growth on the year of all ads shown: the mean of regions, weighted by their advertising,
    and what the company's own figure last differed from it; NaN where regions are not known."""
    reported = case.assembly.history["reported_impressions_growth"].values
    last = min(at, case.assembly.timeline.index(case.data_through))

    def mean(place: int) -> float:
        before = place - QUARTERS_IN_YEAR
        sold = [case.row(LINES[r].model[0], _WORLD)[before] for r in _REGIONS]
        shown = [case.row(r.replace("advertising", "impressions"), _WORLD) for r in _REGIONS]
        with np.errstate(divide="ignore", invalid="ignore"):
            grown = [
                weight * row[place] / row[before] for weight, row in zip(sold, shown, strict=True)
            ]
        return float(sum(grown) / sum(sold) - 1.0)

    return mean(at) + float(reported[last]) - mean(last)


def keep(case: Case, made: datetime.date, project: Where = None) -> Record:
    """Put on file what a case says of its coming quarter; what is on file already stays.

    Raises:
        ProjectError: the project is read-only.
        FactsError: the file of forecasts is not as it was written.
        WriteError: it cannot be written.
    """
    quarter, end = Quarter(case.data_through).plus(1), case.data_through
    said = forecast(case, quarter)
    about = Record(quarter, made.isoformat(), end, case.scenario.short_hash, said)
    units = {name: line.unit for name, line in LINES.items()}
    return append_forecast(about, units, case.assembly.company.name, project)


def came(assembly: Assembly, quarter: str) -> dict[str, float]:
    """Every line of a quarter that was reported, on the facts of ``assembly``."""
    at = assembly.timeline.index(quarter)
    found: dict[str, float] = {}
    for name, line in LINES.items():
        rows = [assembly.history.get(each.lstrip("-")) for each in line.history]
        cells = [None if row is None else row.cells[at] for row in rows]
        if all(c is not None and (line.estimates or c.status != "estimate") for c in cells):
            found[name] = _sum(line.history, lambda each: assembly.history[each].values[at])
    return found


def _sum(names: Iterable[str], value: Callable[[str], float]) -> float:
    return float(sum(-value(n[1:]) if n.startswith("-") else value(n) for n in names))


@dataclass(frozen=True, slots=True)
class Miss:
    """A forecast beside the actual figure."""

    line: Line  # which
    forecast: float  # in its unit; ``came`` is None where nothing is on file
    came: float | None
    scale: float | None = None  # of what ``share`` is a share; None where that is not known
    # by line, what its miss adds to this one; they sum to it where all came
    parts: tuple[tuple[str, float], ...] = ()

    @property
    def amount(self) -> float | None:
        """What came less the forecast."""
        return None if self.came is None else self.came - self.forecast

    @property
    def share(self) -> float | None:
        """The same over the actual figure, or over the quarter's revenue where the line says so; of
        a growth rate, in its own points."""
        return self.amount / self.scale if self.amount is not None and self.scale else None

    @property
    def size(self) -> str:
        """The share with its sign, in words; empty where there is none."""
        if self.share is None:
            return ""
        growth = self.line.unit == "share"
        return points(self.share, sign=True) if growth else percent(self.share, sign=True)

    @property
    def explained(self) -> str:
        """What makes up most of a miss, in its direction, where the parts are reported."""
        if not self.amount:
            return ""
        same = [part for part in self.parts if part[1] / self.amount >= _LARGE_PART]
        same.sort(key=lambda part: -abs(part[1]))
        told = [f"{lowered(LINES[n].label)} {money(abs(own) / MILLIONS)}" for n, own in same]
        return joined(told)

    @property
    def empty(self) -> bool:
        """Whether nothing was forecast and nothing came."""
        return not self.forecast and self.came == 0.0


def misses(said: Mapping[str, float], reported: Mapping[str, float]) -> tuple[Miss, ...]:
    """Forecasts beside actual figures, in the order of :data:`LINES`, with what makes them up."""
    gap = {name: reported[name] - said[name] for name in said if name in reported}
    found = []
    for name, line in LINES.items():
        if name not in said:
            continue
        parts = []
        for part in line.parts:
            own = gap.get(part.lstrip("-"))
            if own is not None:
                parts.append((part.lstrip("-"), -own if part.startswith("-") else own))
        whole = len(parts) == len(line.parts)
        own = reported.get(name)
        over = reported.get("revenue") if line.over_revenue else own
        scale = 1.0 if line.unit == "share" else None if over is None else abs(over)
        found.append(Miss(line, said[name], own, scale, tuple(parts) if whole else ()))
    return tuple(found)


def scored(record: Record, today: Assembly) -> tuple[Miss, ...]:
    """A kept forecast beside the actual figure."""
    values = {line: value for line, value in record.values.items() if line in LINES}
    return misses(values, came(today, record.quarter))


def rank(miss: Miss, past: Iterable[Miss]) -> tuple[int, int] | None:
    """The place of a miss by size among it and past ones of its line, 1 the largest, and of how
    many; None where it or all of the past have none."""
    if miss.share is None:
        return None
    own = [abs(m.share) for m in past if m.line.name == miss.line.name and m.share is not None]
    return (1 + sum(each > abs(miss.share) for each in own), len(own) + 1) if own else None


@dataclass(frozen=True, slots=True)
class Standing:
    """The forecast of a quarter that stood, beside the actual figures."""

    quarter: str  # which
    kept: str  # the day on which it was kept; empty where it was put together since
    how: str  # how it came about
    misses: tuple[Miss, ...]  # line by line


def standing(quarter: str, scenario: Scenario | str = BASE, *, project: Where = None) -> Standing:
    """The forecast of a quarter: of the base case as it was kept, where it was; otherwise of the
    scenario taken back to the quarter before.

    Raises:
        UsageError: the quarter is not reported.
    """
    name = scenario if isinstance(scenario, str) else scenario.name
    own = not isinstance(scenario, str) and scenario.overrides
    today = model(project=project)
    kept = name == BASE and not own
    record = stood(quarter, today.company.name, project) if kept else None
    if quarter > today.data_through or (record is None and Quarter(quarter) < _FIRST):
        raise UsageError("no forecast of that quarter can be held against its results",
                         received=quarter, allowed=f"{_FIRST} to {today.data_through}")  # fmt: skip
    if record is not None:
        known = Quarter(record.data_through).words
        how = f"forecast kept on {written_date(record.made)}, on data through {known}"
        return Standing(quarter, record.made, how, scored(record, today))
    before = Quarter(quarter).plus(-1)
    case = taken_back(before, scenario, project=project)
    how = (
        f"forecast of today's {case.scenario.title.lower()} taken back to {before.words}: facts "
        "and guidance of that day, today's judgement; none was kept at the time"
    )
    return Standing(quarter, "", how, misses(forecast(case, quarter), came(today, quarter)))
