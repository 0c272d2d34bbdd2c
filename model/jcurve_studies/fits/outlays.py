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
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.evaluate import evaluate
from jcurve.engine.model import SHARED
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, find_project
from jcurve_studies.fits.companies import Peer, changes, peer, row_of
from jcurve_studies.fits.depreciation import Calibration, Target, fit
from jcurve_studies.fits.least_squares import nearest_within
from jcurve_studies.fits.outlay_figures import Figure, figures_of, modelled, rows_wanted
from jcurve_studies.records.calibration import Calibrated, calibrated, has_outlay_targets
from jcurve_studies.records.outlays import OutlayAssumption, at, with_rests

__all__ = [
    "DEPRECIATION",
    "FORECAST_AFTER",
    "MIDDLE_WEIGHT",
    "early_errors",
    "fit_outlays",
    "held_outlays",
]

Array = NDArray[np.float64]

MIDDLE_WEIGHT = 1.0
"""Judgement: a parameter at the end of its range is as unwelcome as one target missed by its
whole weight."""

DEPRECIATION = "Depreciation of property"
"""The figure that a fit is for, as tables of targets call it."""

FORECAST_AFTER = "2023"
"""The last fiscal year that the fit for a forecast sees: two or three reported years are left."""


def early_errors(found: Peer) -> Mapping[str, float]:
    """Errors of depreciation by whole fiscal year with parameters fitted through
    :data:`FORECAST_AFTER`: those of later years tell how such a fit forecasts.

    A company with a full model is judged by that; one whose outlays are not fitted has none.
    """
    name = found.assembly.company.name
    if found.has_whole_model:
        early = fit(int(FORECAST_AFTER), name, found.project)
    elif has_outlay_targets(name, found.project):
        early = fit_outlays(name, FORECAST_AFTER, found.project)
    else:
        return MappingProxyType({})
    whole = (each for each in early.targets if each.what == DEPRECIATION and each.period.isdigit())
    return MappingProxyType({each.period: each.error for each in whole})


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
        FactsError: a table is missing or malformed, names what the model has no like of, or has
            no figure by then.
    """
    where = project if isinstance(project, Project) else find_project(project)
    return _fitted(peer(name, where), through or "9999")


@lru_cache(maxsize=16)
def _fitted(found: Peer, through: str) -> Calibration:
    name, project = found.assembly.company.name, found.project
    parameters = calibrated(name, project)
    figures = figures_of(found)
    seen = tuple(each for each in figures if each.year <= through)
    if not seen:
        raise FactsError("no figure to fit to", where=name, received=f"through {through}")
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
        likes = run(whole(points), seen)
        middle = (points - (low + high)[:, None] / 2) / ((high - low)[:, None] / 2)
        return np.vstack([(likes / wanted - 1.0) / weight, middle * MIDDLE_WEIGHT])

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
    likes = run(np.array(values)[:, None], figures)[:, 0]
    targets = tuple(
        Target(each.what, each.year, int(each.year), each.reported, float(value), each.weight,
               each.source_id)
        for each, value in zip(figures, likes, strict=True)
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


def _trial(
    found: Peer, parameters: tuple[Calibrated, ...], last: int
) -> Callable[[Array, tuple[Figure, ...]], Array]:
    """The model's figures, (figure, point), at values of the parameters, (parameter, point)."""
    assembly, timeline = found.assembly, found.assembly.timeline
    wanted = rows_wanted(found)

    def rows(point: Array) -> dict[str, Array]:
        given = _assigned(found.assumptions, parameters, tuple(map(float, point)), last)
        moved = {
            key: row_of(each, timeline)
            for key, each in given.items()
            if each is not found.assumptions[key]
        }
        return {**found.rows, **moved, **changes(found.disclosed, timeline, given)}

    def run(points: Array, figures: tuple[Figure, ...]) -> Array:
        batch = [rows(point) for point in points.T]
        stacked = {key: _stacked([each[key] for each in batch]) for key in batch[0]}
        inputs = assembly.inputs(stacked)
        made = evaluate(assembly.model, inputs, timeline, wanted)
        values = {**{(key, SHARED): row for key, row in inputs.items()}, **made}
        likes = modelled(found, figures, values, stacked)
        return np.broadcast_to(likes, (len(figures), points.shape[1]))

    return run


def _stacked(rows: list[Array]) -> Array:
    first = rows[0]
    if all(row is first or np.array_equal(row, first) for row in rows[1:]):
        return first
    return np.hstack(rows)
