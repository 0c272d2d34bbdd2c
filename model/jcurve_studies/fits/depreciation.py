"""Parameters of depreciation fitted to filings: bounded least squares, the same every time.

A few constants and one straight path of the mix, each inside the range that evidence allows
it, are fitted to what the company reported: depreciation of property by year, that of
servers, construction in progress, and the disclosed effects of changes of useful life. There
is no multiplier per year. Fitted through an earlier year, the same parameters forecast the
years after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import BASE, Path, Scenario, scenario
from jcurve.assumptions.rows import Window, stacked
from jcurve.case import Case
from jcurve.company import DEFAULT_COMPANY, Assembly, model
from jcurve.engine.evaluate import evaluate
from jcurve.engine.model import SHARED, RowKey
from jcurve.facts import reported
from jcurve.ground.project import Project, find_project
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve_studies.fits.least_squares import nearest_within
from jcurve_studies.fits.lives import changes_of, disclosed_effects, effect, in_service_at
from jcurve_studies.records.calibration import Calibrated, calibrated

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "LATEST_YEAR",
    "Calibration",
    "Target",
    "fit",
    "measure",
    "overrides",
    "values_of",
]

Array = NDArray[np.float64]

FIRST_YEAR, LAST_YEAR = 2021, 2025
"""Years of the fit: the first with depreciation of servers on file, the last whole one."""

LATEST_YEAR = LAST_YEAR + 1
"""The year under way: its reported quarters are one more target."""

_SERVERS = ("accelerators", "servers", "network")


@dataclass(frozen=True, slots=True)
class _Weight:
    """How near the model should come, as a share of the reported figure."""

    depreciation: float = 0.01
    quarters_under_way: float = 0.02
    servers: float = 0.03
    construction: float = 0.10
    life_change: float = 0.02
    part_of_year: float = 0.05


_WEIGHT = _Weight()
_PROPERTY, _SERVERS_ROW, _CONSTRUCTION = "property", "servers", "construction"
_EFFECT = "Effect of changes of life"
_METRICS = (
    ("Depreciation of property", "depreciation_expense_ppe", _PROPERTY, _WEIGHT.depreciation),
    (
        "of servers and network",
        "depreciation_expense_servers_network",
        _SERVERS_ROW,
        _WEIGHT.servers,
    ),
    (
        "Construction in progress",
        "ppe_construction_in_progress",
        _CONSTRUCTION,
        _WEIGHT.construction,
    ),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A reported figure beside the model's.

    Attributes:
        what: in words.
        period: a fiscal year, or quarters.
        year: the last year that it needs.
        reported, modelled: USD m.
        weight: how near the fit wants it, as a share of the reported figure.
        source_id: of the reported figure.
    """

    what: str
    period: str
    year: int
    reported: float
    modelled: float
    weight: float
    source_id: str

    @property
    def error(self) -> float:
        """Modelled over reported, less 1."""
        return self.modelled / self.reported - 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fit.

    Attributes:
        through: the last year whose figures it saw.
        parameters: what was fitted.
        values: the fitted values, rounded as the parameters say.
        targets: every target, those after ``through`` included: their errors are forecasts.
    """

    through: int
    parameters: tuple[Calibrated, ...]
    values: tuple[float, ...]
    targets: tuple[Target, ...]

    def target(self, what: str, period: str) -> Target:
        """The target of that name and period."""
        return next(each for each in self.targets if (each.what, each.period) == (what, period))


def values_of(chosen: Scenario, parameters: tuple[Calibrated, ...]) -> tuple[float, ...]:
    """The value of each parameter as a scenario holds it, from its first key and year.

    Raises:
        KeyError: a parameter names an assumption that the scenario does not hold.
    """
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
    figures = _figures(case.assembly, project)
    return _targets(figures, _modelled(figures, case.assembly, values, case.scenario)[:, 0])


def fit(
    through: int = LATEST_YEAR,
    company: str = DEFAULT_COMPANY,
    project: Project | str | FilePath | None = None,
) -> Calibration:
    """Fit the parameters of a company to its figures of ``FIRST_YEAR`` to ``through``.

    A point of a path that lies after ``through`` is not fitted: no change is known then, so it
    takes the value of the point before it.

    Starts from the middle of each range, so that the base scenario's own values cannot steer
    the answer. Done once in a process until the data change.
    """
    where = project if isinstance(project, Project) else find_project(project)
    return _fitted(through, model(company, where), where)


@lru_cache(maxsize=8)
def _fitted(through: int, assembly: Assembly, project: Project) -> Calibration:
    chosen = scenario(BASE, project=project)
    parameters = calibrated(assembly.company.name, project)
    trial = _trial(chosen, assembly, parameters, through)
    figures = _figures(assembly, project)
    seen = tuple(each for each in figures if each.year <= through)
    free = np.array([not each.years or min(each.years) <= through for each in parameters])
    ranges = np.array([(each.low, each.high) for each in parameters])
    low, high = ranges[free].T

    def whole(points: Array) -> Array:
        """Free parameters with those that are not fitted, which stand for no value."""
        filled = np.repeat(ranges.mean(axis=1)[:, None], points.shape[1], axis=1)
        filled[free] = points
        return filled

    def misses(free_points: Array) -> Array:
        """(target, point): how far off, in units of what is wanted."""
        points = whole(free_points)
        modelled = _modelled(seen, assembly, trial(points), chosen)
        reported_, weight = (
            np.array([getattr(each, name) for each in seen])[:, None]
            for name in ("reported", "weight")
        )
        return np.asarray((modelled / reported_ - 1.0) / weight)

    found = nearest_within(misses, low, high)
    given = overrides(
        parameters,
        tuple(
            round(float(value), each.digits)
            for value, each in zip(whole(found[:, None])[:, 0], parameters, strict=True)
        ),
        chosen,
        through,
    )
    rounded = values_of(chosen.with_overrides(given), parameters)
    values = trial(np.array(rounded)[:, None])
    modelled = _modelled(figures, assembly, values, chosen)[:, 0]
    return Calibration(through, parameters, rounded, _targets(figures, modelled))


def overrides(
    parameters: tuple[Calibrated, ...],
    values: tuple[float, ...],
    chosen: Scenario,
    through: int = LATEST_YEAR,
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
            points = paths.setdefault(key, _points(chosen, key))
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


def _points(chosen: Scenario, key: str) -> dict[int, float]:
    value = chosen[key].value
    return dict(value.points) if isinstance(value, Path) else {}


def _trial(
    chosen: Scenario, assembly: Assembly, parameters: tuple[Calibrated, ...], through: int
) -> Callable[[Array], dict[RowKey, Array]]:
    """Evaluates only what depreciation needs, at (parameter, point) values: a batch of points."""
    timeline = assembly.timeline
    window = Window(timeline.first, timeline.last)
    classes = assembly.company.sets["asset_class"]
    lines = ("placed_in_service", "book_depreciation", "construction_in_progress")
    wanted = [("property_depreciation", "with")]
    wanted += [(f"{line}.{member}", "with") for line in lines for member in classes]

    def run(points: Array) -> dict[RowKey, Array]:
        batch = [
            chosen.with_overrides(
                overrides(parameters, tuple(map(float, point)), chosen, through)
            ).items
            for point in points.T
        ]
        inputs = assembly.inputs(stacked(batch, window))
        made = evaluate(assembly.model, inputs, timeline, wanted)
        return {**{(name, SHARED): row for name, row in inputs.items()}, **made}

    return run


@dataclass(frozen=True, slots=True)
class _Figure:
    """A reported figure, and where in the model its like is found."""

    what: str
    period: str
    year: int
    reported: float
    weight: float
    source_id: str
    row: str
    first: int
    last: int


def _figures(
    assembly: Assembly, project: Project | str | FilePath | None = None
) -> tuple[_Figure, ...]:
    """Everything on file that the model's depreciation can be held against."""
    timeline, company = assembly.timeline, assembly.company
    facts = reported(company.name, project)
    found = []
    for what, metric, row, weight in _METRICS:
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            fact = facts.get(metric, str(year))
            if fact is not None:
                last = timeline.index(f"{year}Q4")
                first = last if row == _CONSTRUCTION else timeline.index(f"{year}Q1")
                found.append(
                    _Figure(
                        what,
                        str(year),
                        year,
                        fact.value,
                        weight,
                        fact.source.source_id,
                        row,
                        first,
                        last,
                    )
                )
    found += _under_way(assembly)
    for each in disclosed_effects(company.name, project):
        found.append(
            _Figure(
                f"{_EFFECT}, expected" if each.expected else _EFFECT,
                each.window,
                # What is said in advance stands in the filing of the year before.
                Quarter(each.quarters[-1]).year - each.expected,
                each.amount,
                _WEIGHT.life_change
                if len(each.quarters) == QUARTERS_IN_YEAR
                else _WEIGHT.part_of_year,
                each.change.source.source_id,
                f"{_EFFECT} {each.year}",
                timeline.index(each.quarters[0]),
                timeline.index(each.quarters[-1]),
            )
        )
    return tuple(found)


def _under_way(assembly: Assembly) -> list[_Figure]:
    """Depreciation of the reported quarters of the year under way, as one figure.

    Part of it is derived (total depreciation and amortisation less other amortisation), and a
    part of a year is noisier than a whole one, so it weighs less.
    """
    history = assembly.history["reported_property_depreciation"]
    first = assembly.timeline.index(f"{LATEST_YEAR}Q1")
    places = [place for place, status in enumerate(history.status) if status and place >= first]
    if not places:
        return []
    quarters = [history.quarters[place] for place in places]
    ids = (part.strip() for place in places for part in history.source_id[place].split(";"))
    return [
        _Figure(
            "Depreciation of property",
            f"{quarters[0]} to {quarters[-1]}",
            LATEST_YEAR,
            float(history.values[places].sum()),
            _WEIGHT.quarters_under_way,
            "; ".join(dict.fromkeys(ids)),
            _PROPERTY,
            places[0],
            places[-1],
        )
    ]


def _modelled(
    figures: tuple[_Figure, ...],
    assembly: Assembly,
    values: Mapping[RowKey, Array],
    chosen: Scenario,
) -> Array:
    """The model's figures, (figure, point)."""
    rows = {
        _PROPERTY: values["property_depreciation", "with"],
        _SERVERS_ROW: _sum(values, "book_depreciation", _SERVERS),
        _CONSTRUCTION: _sum(
            values, "construction_in_progress", assembly.company.sets["asset_class"]
        ),
    }
    changes = changes_of(chosen)
    found = []
    for each in figures:
        if each.row not in rows:
            year = each.row.rpartition(" ")[2]
            rows[each.row] = effect(assembly, values, changes, year, in_service_at(changes, year))
        found.append(rows[each.row][each.first : each.last + 1].sum(axis=0))
    return np.stack(np.broadcast_arrays(*found))


def _targets(figures: tuple[_Figure, ...], modelled: Array) -> tuple[Target, ...]:
    return tuple(
        Target(
            each.what,
            each.period,
            each.year,
            each.reported,
            float(value),
            each.weight,
            each.source_id,
        )
        for each, value in zip(figures, modelled, strict=True)
    )


def _sum(values: Mapping[RowKey, Array], line: str, members: tuple[str, ...]) -> Array:
    rows = [values[f"{line}.{each}", "with"] for each in members]
    total: Array = np.sum(np.broadcast_arrays(*rows), axis=0)
    return total
