"""Runs on what was known after each quarter's results, beside the actual figures of the next four.

Rules are those of a frozen run, growth that of the quarters just reported. A forecast that the
house kept at the time (:mod:`jcurve.facts.forecast_records`) stands apart: it had judgement, these
have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jcurve.analysis.forecasts import Miss, came, forecast, misses, scored
from jcurve.company import model
from jcurve.facts.calendar import releases
from jcurve.facts.forecast_records import Record, forecast_records
from jcurve.ground.project import Project, Where, find_project
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve_studies.backtesting.as_known import Frozen, frozen

FIRST = "2022Q4"  # The first quarter after which a forecast is made: fits need figures to 2022


@dataclass(frozen=True, slots=True)
class QuarterMiss:
    """One line forecast after the results of ``origin`` for a quarter ``ahead`` quarters later."""

    origin: str
    quarter: str
    ahead: int
    miss: Miss


@dataclass(frozen=True, eq=False)
class Quarterly:
    """Every run after a quarter, and every miss of the four quarters after it."""

    runs: tuple[Frozen, ...]
    misses: tuple[QuarterMiss, ...]

    def of(self, line: str, ahead: int = 1) -> tuple[QuarterMiss, ...]:
        """The misses of a line so many quarters ahead that have a size, by quarter."""
        return tuple(
            each
            for each in self.misses
            if (each.miss.line.name, each.ahead) == (line, ahead) and each.miss.share is not None
        )

    def before(self, quarter: str) -> tuple[Miss, ...]:
        """The next-quarter misses of all quarters before one."""
        return tuple(
            each.miss for each in self.misses if each.ahead == 1 and each.quarter < quarter
        )


def sizes(misses: Iterable[QuarterMiss]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What came less the forecast, as a share, one a miss."""
    return np.array([each.miss.share for each in misses], dtype=np.float64)


def quarterly(project: Where = None) -> Quarterly:
    """Every line from every quarter. Computed once for a project in a process."""
    where = find_project(project)
    return _quarterly(where)


@lru_cache(maxsize=1)
def _quarterly(project: Project) -> Quarterly:
    today = model(project=project)
    last = Quarter(today.data_through)
    runs, found = [], []
    for origin in Quarter(FIRST).through(last.plus(-1)):
        run = frozen(str(origin), project=project)
        runs.append(run)
        for quarter in origin.plus(1).through(min(origin.plus(QUARTERS_IN_YEAR), last)):
            said = forecast(run.case, quarter)
            found += [
                QuarterMiss(origin, quarter, quarter - origin, miss)
                for miss in misses(said, came(today, quarter))
            ]
    return Quarterly(tuple(runs), tuple(found))


@dataclass(frozen=True, slots=True)
class Kept:
    """A forecast that was kept, beside the actual figure."""

    record: Record  # the forecast
    misses: tuple[Miss, ...]  # none before the results are on file
    late: bool  # kept after the day of the results, on data without them


def kept(project: Where = None) -> tuple[Kept, ...]:
    """Every forecast on file beside the actual figure; of one quarter the last, by quarter."""
    where = find_project(project)
    today = model(project=where)
    last = {each.quarter: each for each in forecast_records(today.company.name, where)}
    calendar = releases(today.company.name, where)
    found = []
    for quarter in sorted(last):
        record, known = last[quarter], quarter <= today.data_through
        late = record.made >= calendar.of(quarter).isoformat()
        found.append(Kept(record, scored(record, today) if known else (), late))
    return tuple(found)
