"""Mix, lags and lives of a company seen through its outlays alone, fitted to its filings.

Bounded least squares, the same every time. Targets and how near each is wanted are a table of the
company's folder (``outlay_targets.csv``), parameters and the range that evidence allows each
another (``calibration.csv``); ``outlay.csv`` holds what the fit gives. There is no multiplier
per year. A company reports five or six years of depreciation and little else, so the middle of
each range counts as one more, weak target: where filings cannot tell two parameters apart, both
stay near it. Fitted through an earlier year, the same parameters forecast the years after it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.evaluate import evaluate
from jcurve.engine.model import SHARED, RowKey
from jcurve.facts import reported
from jcurve.facts.outlay_tables import (
    EFFECT,
    EFFECT_IN_SERVICE,
    Calibrated,
    OutlayAssumption,
    OutlayTarget,
    at,
    calibrated,
    has_outlay_targets,
    outlay_targets,
    with_rests,
)
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where, find_project
from jcurve_studies.fits.companies import Peer, about_servers, changes, peer, row_of
from jcurve_studies.fits.depreciation import fit
from jcurve_studies.fits.fitting import Calibration, Target, fit_within
from jcurve_studies.fits.lives import charged, disclosed_effects

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


def held_outlays(name: str, project: Where = None) -> tuple[float, ...]:
    """The value of each fitted parameter as ``outlay.csv`` holds it, from its first key."""
    where = find_project(project)
    found = peer(name, where)
    return _held(found.assumptions, calibrated(name, where))


def fit_outlays(name: str, through: str | None = None, project: Where = None) -> Calibration:
    """Fit the parameters of a company's outlays to its figures of fiscal years ``through`` one.

    A point of a path that lies after ``through`` is not fitted: no change is known then, so it
    takes the value of the point before it. A disclosed effect of a later year is not a target
    either; the change itself, announced by then or not, is in the model.

    Args:
        name: the company.
        through: the last fiscal year whose figures count; None for all on file.
        project: where its data are.
    """
    where = find_project(project)
    return _fitted(peer(name, where), through or "9999")


@lru_cache(maxsize=16)
def _fitted(found: Peer, through: str) -> Calibration:
    assembly, timeline = found.assembly, found.assembly.timeline
    parameters = calibrated(assembly.company.name, found.project)
    targets = _targets(found)
    seen = [each.year for each in targets if each.period <= through]
    if not seen:
        raise FactsError(
            "no figure to fit to", where=assembly.company.name, received=f"through {through}"
        )
    last = max(seen)
    members = assembly.company.sets["asset_class"]
    wanted = [(f"{line}.{each}", SHARED) for line in _EVALUATED for each in members]

    def rows(point: Array) -> dict[str, Array]:
        given = _assigned(found.assumptions, parameters, tuple(map(float, point)), last)
        moved = {
            key: row_of(each, timeline)
            for key, each in given.items()
            if each is not found.assumptions[key]
        }
        return {
            **found.rows,
            **moved,
            **changes(found.disclosed, timeline, given, assembly.company),
        }

    def likes(points: Array, chosen: Sequence[Target]) -> Array:
        batch = [rows(point) for point in points.T]
        stacked = {key: _stacked([each[key] for each in batch]) for key in batch[0]}
        inputs = assembly.inputs(stacked)
        made = evaluate(assembly.model, inputs, timeline, wanted)
        values = {**{(key, SHARED): row for key, row in inputs.items()}, **made}
        modelled = [_modelled(found, each, values, stacked) for each in chosen]
        return np.broadcast_to(
            np.stack(np.broadcast_arrays(*modelled)), (len(chosen), points.shape[1])
        )

    def known(values: tuple[float, ...]) -> tuple[float, ...]:
        return _held(_assigned(found.assumptions, parameters, values, last), parameters)

    return fit_within(parameters, targets, last, likes, known, MIDDLE_WEIGHT)


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
    return with_rests(_inside(found, parameters))


def _inside(
    given: Mapping[str, OutlayAssumption], parameters: tuple[Calibrated, ...]
) -> dict[str, OutlayAssumption]:
    """The same, fitted shares scaled back where their mix would leave its rest below 0."""
    digits = {key: each.digits for each in parameters for key in each.keys}
    found = dict(given)
    for rest in (key for key, each in given.items() if each.rest):
        family = rest.rpartition(".")[0]
        names = [key for key in given if key.rpartition(".")[0] == family and key != rest]
        others = {key: dict(given[key].points or {}) for key in names}
        for year in sorted({year for points in others.values() for year in points}):
            shares = {key: at(points, year) for key, points in others.items() if points}
            fitted = {key: share for key, share in shares.items() if key in digits}
            over = sum(shares.values()) - 1.0
            for key, share in fitted.items() if over > 0.0 else ():
                unit = 10.0 ** digits[key]
                place = year if year in others[key] else 0
                less = share * (1.0 - over / sum(fitted.values()))
                others[key][place] = math.floor(less * unit) / unit
                found[key] = replace(found[key], points=MappingProxyType(others[key]))
    return found


def _stacked(rows: list[Array]) -> Array:
    first = rows[0]
    if all(row is first or np.array_equal(row, first) for row in rows[1:]):
        return first
    return np.hstack(rows)


# ---- targets and the model's like of each ------------------------------------------------------

_STOCK, _FLOW = "construction_in_progress", "book_depreciation"
_ROWS = {"ppe_construction_in_progress": _STOCK, "depreciation_expense_ppe": _FLOW}
"""Reported metrics to the family of lines whose sum is the model's like."""
_EVALUATED = (_FLOW, _STOCK, "placed_in_service")
_DATE, _LIFE = "life.change.date.", "life.change.life."


def _targets(found: Peer) -> tuple[Target, ...]:
    """Every reported figure that the company's table of targets names; the row of a disclosed
    effect is the quarter of its change."""
    owner = found.assembly.company
    targets: list[Target] = []
    for each in outlay_targets(owner.name, found.project):
        is_effect = each.metric in (EFFECT, EFFECT_IN_SERVICE)
        made = _effects(found, each) if is_effect else _reported(found, each)
        if not made:
            raise FactsError(
                "a target without a figure on file",
                where=f"data/companies/{owner.folder}/outlay_targets.csv",
                received=f"{each.metric} {each.first}",
            )
        targets += made
    return tuple(targets)


def _reported(found: Peer, target: OutlayTarget) -> list[Target]:
    line = _ROWS.get(target.metric)
    if line is None:
        raise FactsError.not_among(
            "no line of the model stands for this metric",
            target.metric,
            (*_ROWS, EFFECT, EFFECT_IN_SERVICE),
        )
    timeline, owner = found.assembly.timeline, found.assembly.company
    made = []
    series = reported(owner.name, found.project).series(target.metric, "year")
    for year, fact in series.items():
        if target.covers(year):
            quarters = owner.quarters(year)
            last = timeline.index(quarters[-1])
            first = last if line == _STOCK else timeline.index(quarters[0])
            made.append(
                Target(target.figure, year, int(year), fact.value, target.weight,
                       line, first, last)
            )  # fmt: skip
    return made


def _effects(found: Peer, target: OutlayTarget) -> list[Target]:
    timeline, owner = found.assembly.timeline, found.assembly.company
    dated = {timeline.labels[int(row[0, 0])] for row, _ in _changes(found.rows)}
    made = []
    for each in disclosed_effects(owner.name, found.project, owner.fiscal_year_ends_in_month):
        quarter = owner.quarter_on(each.change.effective_date)
        counts = about_servers(each.change) and not each.expected
        if counts and quarter in dated and target.covers(each.year):
            then = quarter.plus(-1) if target.metric == EFFECT_IN_SERVICE else None
            made.append(
                Target(target.figure, each.year, int(each.year), each.amount, target.weight,
                       quarter, timeline.index(each.quarters[0]),
                       timeline.index(each.quarters[-1]), then)
            )  # fmt: skip
    return made


def _changes(rows: Mapping[str, Array]) -> list[tuple[Array, Array]]:
    """Date and life of each change of life."""
    dates = {key: row for key, row in rows.items() if key.startswith(_DATE)}
    return [(date, rows[key.replace(_DATE, _LIFE)]) for key, date in dates.items()]


def _modelled(
    found: Peer, target: Target, values: Mapping[RowKey, Array], rows: Mapping[str, Array]
) -> Array:
    """The model's like of a target by point, from evaluated ``values`` and the assumptions'
    ``rows`` that gave them."""
    if target.row in _ROWS.values():
        members = found.assembly.company.sets["asset_class"]
        parts = [values[f"{target.row}.{member}", SHARED] for member in members]
        row = np.sum(np.broadcast_arrays(*parts), axis=0)
    else:
        day = float(found.assembly.timeline.index(target.row))
        every = _changes(rows)
        others = [each for each in every if float(each[0][0, 0]) != day]
        whole, without = (
            charged(found.assembly, values, each, target.in_service) for each in (every, others)
        )
        row = whole - without
    return np.asarray(row[target.first : target.last + 1].sum(axis=0))
