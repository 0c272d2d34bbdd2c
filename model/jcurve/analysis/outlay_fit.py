"""Mix, lags and lives of a company seen through its outlays alone, fitted to its filings.

Bounded least squares, the same every time. Targets and how near each is wanted are a table of the
company's folder (``outlay_targets.csv``), parameters and the range that evidence allows each
another (``calibration.csv``); ``outlay.csv`` holds what the fit gives. There is no multiplier
per year. A company reports five or six years of depreciation and little else, so the middle of
each range counts as one more, weak target: where filings cannot tell two parameters apart, both
stay near it. Fitted through an earlier year, the same parameters forecast the years after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.calibrate import Calibration, Target
from jcurve.analysis.fitting import nearest_within
from jcurve.analysis.lives import charged, disclosed_effects
from jcurve.analysis.peers import Peer, about_servers, changes, peer, row_of
from jcurve.engine.evaluate import evaluate
from jcurve.engine.model import SHARED, RowKey
from jcurve.errors import FactsError
from jcurve.facts import reported
from jcurve.facts.calibration import (
    EFFECT,
    EFFECT_IN_SERVICE,
    Calibrated,
    OutlayTarget,
    calibrated,
    outlay_targets,
)
from jcurve.facts.outlays import OutlayAssumption, at, with_rests
from jcurve.facts.tables import quarter_after
from jcurve.project import Project, find_project

__all__ = ["FORECAST_AFTER", "MIDDLE_WEIGHT", "fit_outlays", "held_outlays"]

Array = NDArray[np.float64]

MIDDLE_WEIGHT = 1.0
"""Judgement: a parameter at the end of its range is as unwelcome as one target missed by its
whole weight."""

FORECAST_AFTER = "2023"
"""The last fiscal year that the fit for a forecast sees: two or three reported years are left."""

_STOCKS: Mapping[str, str] = MappingProxyType(
    {"ppe_construction_in_progress": "construction_in_progress"}
)
_FLOWS: Mapping[str, str] = MappingProxyType({"depreciation_expense_ppe": "book_depreciation"})
"""Reported metrics to the family of lines whose sum is the model's like."""
_EFFECTS = (EFFECT, EFFECT_IN_SERVICE)
_DATE, _LIFE = "life.changes.date.", "life.changes.life."


@dataclass(frozen=True, slots=True)
class _Figure:
    """A reported figure, and where in the model its like is found.

    Attributes:
        line: a family of lines, or the quarter of the change that a disclosed effect is of.
        in_service: of a disclosed effect: the last quarter of placements that count.
        first, last: quarters by their place on the timeline; a stock has one.
    """

    what: str
    year: str
    reported: float
    weight: float
    source_id: str
    line: str
    in_service: str | None
    first: int
    last: int


def held_outlays(name: str, project: Project | str | Path | None = None) -> tuple[float, ...]:
    """The value of each fitted parameter as ``outlay.csv`` holds it, from its first key."""
    where = project if isinstance(project, Project) else find_project(project)
    found = peer(name, where)
    return _held(found.assumptions, calibrated(name, where))


def fit_outlays(
    name: str, through: str | None = None, project: Project | str | Path | None = None
) -> Calibration:
    """Fit the parameters of a company's outlays to its figures of fiscal years ``through`` one.

    A point of a path that lies after ``through`` is not fitted: no change is known then, so it
    takes the value of the point before it. A disclosed effect of a later year is not a target
    either; the change itself, announced by then or not, is in the model.

    Args:
        name: the company.
        through: the last fiscal year whose figures count; None for all on file.
        project: where its data are.

    Raises:
        FactsError: a table is missing or malformed, or names what the model has no like of.
    """
    where = project if isinstance(project, Project) else find_project(project)
    return _fitted(peer(name, where), through or "9999")


@lru_cache(maxsize=16)
def _fitted(found: Peer, through: str) -> Calibration:
    name, project = found.assembly.company.name, found.project
    parameters = calibrated(name, project)
    figures = _figures(found)
    seen = tuple(each for each in figures if each.year <= through)
    last = int(max(each.year for each in seen))
    free = np.array([not each.years or min(each.years) <= last for each in parameters])
    ranges = np.array([(each.low, each.high) for each in parameters])
    low, high = ranges[free].T
    run = _trial(found, parameters, last)

    def whole(points: Array) -> Array:
        filled = np.repeat(ranges.mean(axis=1)[:, None], points.shape[1], axis=1)
        filled[free] = points
        return filled

    wanted = np.array([each.reported for each in seen])[:, None]
    weight = np.array([each.weight for each in seen])[:, None]

    def misses(points: Array) -> Array:
        modelled = run(whole(points), seen)
        middle = (points - (low + high)[:, None] / 2) / ((high - low)[:, None] / 2)
        return np.vstack([(modelled / wanted - 1.0) / weight, middle * MIDDLE_WEIGHT])

    fitted = whole(nearest_within(misses, low, high)[:, None])[:, 0]
    given = _assigned(
        found.assumptions,
        parameters,
        tuple(
            round(float(value), each.digits) for value, each in zip(fitted, parameters, strict=True)
        ),
        last,
    )
    values = _held(given, parameters)
    modelled = run(np.array(values)[:, None], figures)[:, 0]
    targets = tuple(
        Target(each.what, each.year, int(each.year), each.reported, float(value), each.weight,
               each.source_id)
        for each, value in zip(figures, modelled, strict=True)
    )  # fmt: skip
    return Calibration(last, parameters, values, targets)


def _held(
    given: Mapping[str, OutlayAssumption], parameters: tuple[Calibrated, ...]
) -> tuple[float, ...]:
    found = []
    for each in parameters:
        points = given[each.keys[0]].points
        if points is None:
            raise FactsError("a fitted assumption without a value", received=each.keys[0])
        found.append(at(points, min(each.years, default=0)))
    return tuple(found)


def _assigned(
    given: Mapping[str, OutlayAssumption],
    parameters: tuple[Calibrated, ...],
    values: tuple[float, ...],
    last: int,
) -> dict[str, OutlayAssumption]:
    """The assumptions with values of the parameters, as known in fiscal year ``last``: a point
    of any path after it takes the value of the point before."""
    found = dict(given)
    for parameter, value in zip(parameters, values, strict=True):
        for key in parameter.keys:
            points = dict(found[key].points or {})
            # A constant takes the value of a path's first points.
            years = [0] if set(points) == {0} else parameter.years
            points |= dict.fromkeys(years, value)
            known = {year: each for year, each in points.items() if year <= last}
            points |= {year: at(known, year) for year in points if year > last}
            found[key] = replace(found[key], points=MappingProxyType(points))
    fitted = {key.rpartition(".")[0] for each in parameters if each.years for key in each.keys}
    for key, each in found.items():
        if each.points is None or each.rest or key.rpartition(".")[0] not in fitted:
            continue
        # The rest of a mix stands still with it.
        points = {year: at(each.points, min(year, last)) for year in {*each.points, last}}
        if set(each.points) != {0} and max(each.points) > last:
            found[key] = replace(each, points=MappingProxyType(points))
    return with_rests(found)


def _figures(found: Peer) -> tuple[_Figure, ...]:
    """Every reported figure that the company's table of targets names."""
    name, project = found.assembly.company.name, found.project
    figures: list[_Figure] = []
    for each in outlay_targets(name, project):
        made = _effects(found, each) if each.metric in _EFFECTS else _reported(found, each)
        if not made:
            raise FactsError(
                "a target without a figure on file",
                where=f"data/companies/{found.assembly.company.folder}/outlay_targets.csv",
                received=f"{each.metric} {each.first}",
            )
        figures += made
    return tuple(figures)


def _reported(found: Peer, target: OutlayTarget) -> list[_Figure]:
    line = _FLOWS.get(target.metric) or _STOCKS.get(target.metric)
    if line is None:
        raise FactsError(
            "the model has no like of this metric",
            received=target.metric,
            allowed=", ".join((*_FLOWS, *_STOCKS, *_EFFECTS)),
        )
    timeline, owner = found.assembly.timeline, found.assembly.company
    figures = []
    series = reported(owner.name, found.project).series(target.metric, "year")
    for year, fact in series.items():
        if target.covers(year):
            quarters = owner.quarters(year)
            last = timeline.index(quarters[-1])
            first = last if target.metric in _STOCKS else timeline.index(quarters[0])
            figures.append(
                _Figure(target.figure, year, fact.value, target.weight, fact.source.source_id,
                        line, None, first, last)
            )  # fmt: skip
    return figures


def _effects(found: Peer, target: OutlayTarget) -> list[_Figure]:
    timeline, owner = found.assembly.timeline, found.assembly.company
    dated = {timeline.labels[int(row[0, 0])] for row in _slots(found.rows).values()}
    figures = []
    for each in disclosed_effects(owner.name, found.project, owner.fiscal_year_ends_in_month):
        day = each.change.effective_date
        quarter = f"{day[:4]}Q{(int(day[5:7]) + 2) // 3}"
        counts = about_servers(each.change) and not each.expected
        if not counts or quarter not in dated or not target.covers(each.year):
            continue
        then = quarter_after(quarter, -1) if target.metric == EFFECT_IN_SERVICE else None
        figures.append(
            _Figure(target.figure, each.year, each.amount, target.weight,
                    each.change.source.source_id, quarter, then,
                    timeline.index(each.quarters[0]), timeline.index(each.quarters[-1]))
        )  # fmt: skip
    return figures


def _slots(rows: Mapping[str, Array]) -> dict[str, Array]:
    """Dates of the changes of life by slot."""
    return {key.removeprefix(_DATE): row for key, row in rows.items() if key.startswith(_DATE)}


def _trial(
    found: Peer, parameters: tuple[Calibrated, ...], last: int
) -> Callable[[Array, tuple[_Figure, ...]], Array]:
    """The model's figures, (figure, point), at values of the parameters, (parameter, point)."""
    assembly, timeline = found.assembly, found.assembly.timeline
    name, project = assembly.company.name, found.project
    members = assembly.company.sets["asset_class"]
    families = (*_FLOWS.values(), *_STOCKS.values(), "placed_in_service")
    wanted: list[RowKey] = [(f"{line}.{each}", SHARED) for line in families for each in members]

    def rows(point: Array) -> dict[str, Array]:
        given = _assigned(found.assumptions, parameters, tuple(map(float, point)), last)
        moved = {
            key: row_of(each, timeline)
            for key, each in given.items()
            if each is not found.assumptions[key]
        }
        return {**found.rows, **moved, **changes(name, timeline, given, project)}

    def run(points: Array, figures: tuple[_Figure, ...]) -> Array:
        batch = [rows(point) for point in points.T]
        stacked = {key: _stacked([each[key] for each in batch]) for key in batch[0]}
        inputs = assembly.inputs(stacked)
        made = evaluate(assembly.model, inputs, timeline, wanted)
        values = {**{(key, SHARED): row for key, row in inputs.items()}, **made}
        out = []
        for each in figures:
            if each.line in families:
                parts = [values[f"{each.line}.{member}", SHARED] for member in members]
                row = np.sum(np.broadcast_arrays(*parts), axis=0)
            else:
                row = _effect(found, values, stacked, each)
            out.append(row[each.first : each.last + 1].sum(axis=0))
        return np.stack(np.broadcast_arrays(*out, points[0]))[:-1]

    return run


def _stacked(rows: list[Array]) -> Array:
    first = rows[0]
    if all(row is first or np.array_equal(row, first) for row in rows[1:]):
        return first
    return np.hstack(rows)


def _effect(
    found: Peer, values: Mapping[RowKey, Array], rows: Mapping[str, Array], figure: _Figure
) -> Array:
    """What the changes of one quarter moved in depreciation: (quarter, point)."""
    slots = _slots(rows)
    day = float(found.assembly.timeline.index(figure.line))
    kept = [slot for slot, date in slots.items() if float(date[0, 0]) != day]
    parts = []
    for chosen in (list(slots), kept):
        dates = {str(slot): slots[each] for slot, each in enumerate(chosen, start=1)}
        lives = {str(slot): rows[f"{_LIFE}{each}"] for slot, each in enumerate(chosen, start=1)}
        if not chosen:  # one that never comes
            dates, lives = (
                {"1": np.full((1, 1), float(len(found.assembly.timeline)))},
                {"1": np.ones((1, 1))},
            )
        parts.append(charged(found.assembly, values, dates, lives, figure.in_service))
    return np.asarray(parts[0] - parts[1])
