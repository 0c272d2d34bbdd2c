"""Parameters of depreciation fitted to filings: bounded least squares, the same every time.

A few constants and one straight path of the mix, each inside the range that evidence allows
it, are fitted to what the company reported: depreciation of property by year, that of
servers, construction in progress, and the disclosed effects of changes of useful life. There
is no multiplier per year. Fitted through an earlier year, the same parameters forecast the
years after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path as FilePath

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import BASE, Path, Scenario, scenario
from jcurve.assumptions.rows import stacked
from jcurve.case import Case
from jcurve.company import DEFAULT_COMPANY, Assembly, model
from jcurve.engine.evaluate import evaluate
from jcurve.engine.model import SHARED, RowKey
from jcurve.facts import reported
from jcurve.facts.outlay_tables import Calibrated, calibrated
from jcurve.ground.project import Project, find_project
from jcurve.ground.quarters import LAST_YEAR, QUARTERS_IN_YEAR, Quarter
from jcurve_studies.fits.fitting import Calibration, Target, fit_within
from jcurve_studies.fits.lives import changes_of, disclosed_effects, effect, in_service_at

Array = NDArray[np.float64]

FIRST_YEAR = 2021
"""The first year of the fit: depreciation of servers is on file from it on."""

_SERVERS = ("accelerators", "servers", "network")
_PROPERTY, _SERVERS_ROW, _CONSTRUCTION = "property", "servers", "construction"
_EFFECT = "Effect of changes of life"

# How near the model should come, as a share of the reported figure: judgement, since what the
# model is for comes first and a part of a year is noisier than a whole one.
_METRICS = (
    ("Depreciation of property", "depreciation_expense_ppe", _PROPERTY, 0.01),
    ("of servers and network", "depreciation_expense_servers_network", _SERVERS_ROW, 0.03),
    ("Construction in progress", "ppe_construction_in_progress", _CONSTRUCTION, 0.10),
)
_QUARTERS_UNDER_WAY = 0.02
_LIFE_CHANGE, _PART_OF_YEAR = 0.02, 0.05


def values_of(chosen: Scenario, parameters: tuple[Calibrated, ...]) -> tuple[float, ...]:
    """The value of each parameter as a scenario holds it, from its first key and year."""
    return tuple(_value(chosen, each, each.keys[0]) for each in parameters)


def _value(chosen: Scenario, parameter: Calibrated, key: str) -> float:
    value = chosen[key].value
    if isinstance(value, Path):
        return value.at(parameter.years[0])
    if isinstance(value, tuple):
        raise TypeError(f"{key} is a list of changes")
    return value


def measure(case: Case, project: Project | str | FilePath | None = None) -> tuple[Target, ...]:
    """Every figure that depreciation can be held against, beside the case's."""
    values = {**{(name, SHARED): row for name, row in case.inputs.items()}, **case.values}
    targets = _targets(case.assembly, project)
    modelled = _modelled(targets, case.assembly, values, case.scenario)[:, 0]
    made = zip(targets, modelled, strict=True)
    return tuple(replace(each, modelled=float(value)) for each, value in made)


def fit(
    through: int | None = None,
    company: str = DEFAULT_COMPANY,
    project: Project | str | FilePath | None = None,
) -> Calibration:
    """Fit the parameters of a company to its figures of ``FIRST_YEAR`` to ``through``, by default
    to all on file: the reported quarters of the year under way are one more target.

    A point of a path that lies after ``through`` is not fitted: no change is known then, so it
    takes the value of the point before it.

    Starts from the middle of each range, so that the base scenario's own values cannot steer
    the answer. Done once in a process until the data change.
    """
    where = find_project(project)
    assembly = model(company, where)
    return _fitted(through or Quarter(assembly.data_through).year, assembly, where)


@lru_cache(maxsize=8)
def _fitted(through: int, assembly: Assembly, project: Project) -> Calibration:
    chosen = scenario(BASE, project=project)
    parameters = calibrated(assembly.company.name, project)
    timeline = assembly.timeline
    classes = assembly.company.sets["asset_class"]
    lines = ("placed_in_service", "book_depreciation", "construction_in_progress")
    # Only what depreciation needs is evaluated, all points in one batch.
    wanted = [("property_depreciation", "with")]
    wanted += [(f"{line}.{member}", "with") for line in lines for member in classes]

    def likes(points: Array, targets: Sequence[Target]) -> Array:
        batch = [
            chosen.with_overrides(
                overrides(parameters, tuple(map(float, point)), chosen, through)
            ).items
            for point in points.T
        ]
        inputs = assembly.inputs(stacked(batch, timeline))
        made = evaluate(assembly.model, inputs, timeline, wanted)
        values = {**{(name, SHARED): row for name, row in inputs.items()}, **made}
        return _modelled(targets, assembly, values, chosen)

    def known(values: tuple[float, ...]) -> tuple[float, ...]:
        given = overrides(parameters, values, chosen, through)
        return values_of(chosen.with_overrides(given), parameters)

    return fit_within(parameters, _targets(assembly, project), through, likes, known)


def overrides(
    parameters: tuple[Calibrated, ...],
    values: tuple[float, ...],
    chosen: Scenario,
    through: int = LAST_YEAR,
) -> dict[str, object]:
    """Values of parameters as overrides of a scenario, as known ``through`` a year (see
    :func:`fit`)."""
    given: dict[str, object] = {}
    paths: dict[str, dict[int, float]] = {}
    later: list[tuple[str, int]] = []
    for parameter, value in zip(parameters, values, strict=True):
        for key in parameter.keys:
            if not parameter.years:
                given[key] = value
                continue
            own = chosen[key].value
            points = paths.setdefault(key, dict(own.points) if isinstance(own, Path) else {})
            for year in parameter.years:
                points[year] = value
                if year > through:
                    later.append((key, year))
    for key, year in sorted(later):
        points = paths[key]
        points[year] = points[max(each for each in points if each < year)]
    families = {key.rpartition(".")[0] for key, _ in later}
    for item in chosen.items:
        path = item.value
        if (
            item.key.rpartition(".")[0] in families
            and item.key not in paths
            and isinstance(path, Path)
            and not item.derived
        ):
            # The rest of a mix stands still with it.
            paths[item.key] = {
                each: path.at(min(each, through)) for each in {*path.periods, through}
            }
    return given | paths


def _targets(
    assembly: Assembly, project: Project | str | FilePath | None = None
) -> tuple[Target, ...]:
    """Everything on file that the model's depreciation can be held against."""
    timeline, company = assembly.timeline, assembly.company
    facts = reported(company.name, project)
    found = []
    for what, metric, row, weight in _METRICS:
        for year in range(FIRST_YEAR, company.last_year + 1):
            fact = facts.get(metric, str(year))
            if fact is not None:
                last = timeline.index(f"{year}Q4")
                first = last if row == _CONSTRUCTION else timeline.index(f"{year}Q1")
                found.append(Target(what, str(year), year, fact.value, weight, row, first, last))
    found += _under_way(assembly)
    for each in disclosed_effects(company.name, project):
        whole = len(each.quarters) == QUARTERS_IN_YEAR
        found.append(
            Target(
                f"{_EFFECT}, expected" if each.expected else _EFFECT,
                each.window,
                # What is said in advance stands in the filing of the year before.
                Quarter(each.quarters[-1]).year - each.expected,
                each.amount,
                _LIFE_CHANGE if whole else _PART_OF_YEAR,
                each.year,
                timeline.index(each.quarters[0]),
                timeline.index(each.quarters[-1]),
            )
        )
    return tuple(found)


def _under_way(assembly: Assembly) -> list[Target]:
    """Depreciation of the reported quarters of the year under way, as one figure; part of it is
    derived (total depreciation and amortisation less other amortisation)."""
    history = assembly.history["reported_property_depreciation"]
    year = assembly.company.last_year + 1
    first = assembly.timeline.index(f"{year}Q1")
    filled = [each for each in history.filled() if assembly.timeline.index(each[0]) >= first]
    if not filled:
        return []
    quarters = [quarter for quarter, _ in filled]
    return [
        Target(
            "Depreciation of property",
            f"{quarters[0]} to {quarters[-1]}",
            year,
            sum(cell.value for _, cell in filled),
            _QUARTERS_UNDER_WAY,
            _PROPERTY,
            assembly.timeline.index(quarters[0]),
            assembly.timeline.index(quarters[-1]),
        )
    ]


def _modelled(
    targets: Sequence[Target],
    assembly: Assembly,
    values: Mapping[RowKey, Array],
    chosen: Scenario,
) -> Array:
    """The model's figures, (target, point)."""

    def total(line: str, members: Sequence[str]) -> Array:
        rows = [values[f"{line}.{each}", "with"] for each in members]
        return np.asarray(np.sum(np.broadcast_arrays(*rows), axis=0))

    rows = {
        _PROPERTY: values["property_depreciation", "with"],
        _SERVERS_ROW: total("book_depreciation", _SERVERS),
        _CONSTRUCTION: total("construction_in_progress", assembly.company.sets["asset_class"]),
    }
    changes = changes_of(chosen)
    found = []
    for each in targets:
        year = each.row
        if year not in rows:  # what the changes of a year moved
            rows[year] = effect(assembly, values, changes, year, in_service_at(changes, year))
        found.append(rows[each.row][each.first : each.last + 1].sum(axis=0))
    return np.stack(np.broadcast_arrays(*found))
