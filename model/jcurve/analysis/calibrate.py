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
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.lives import changes_of, disclosed_effects, effect, in_service_at
from jcurve.assumptions import BASE, Path, Scenario, scenario
from jcurve.case import Case
from jcurve.company import DEFAULT_COMPANY, Assembly, model, rows_of
from jcurve.engine.evaluate import evaluate
from jcurve.engine.model import SHARED, RowKey
from jcurve.facts import reported
from jcurve.facts.calibration import Calibrated, calibrated

if TYPE_CHECKING:
    from jcurve.project import Project

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
_QUARTERS = 4
_STEP = 1e-3


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
    return _targets(_figures(case.assembly, project), case.assembly, values, case.scenario)


def fit(
    through: int = LATEST_YEAR,
    company: str = DEFAULT_COMPANY,
    project: Project | str | FilePath | None = None,
) -> Calibration:
    """Fit the parameters of a company to its figures of ``FIRST_YEAR`` to ``through``.

    Starts from the middle of each range, so that the base scenario's own values cannot steer
    the answer.
    """
    from scipy.optimize import least_squares

    chosen = scenario(BASE, project=project)
    assembly = model(company, project)
    parameters = calibrated(company, project)
    trial = _trial(chosen, assembly, parameters)
    figures = _figures(assembly, project)

    def misses(values: Array) -> Array:
        return np.array(
            [
                each.error / each.weight
                for each in _targets(figures, assembly, trial(values), chosen)
                if each.year <= through
            ]
        )

    low = np.array([each.low for each in parameters])
    high = np.array([each.high for each in parameters])
    found = least_squares(
        misses, (low + high) / 2, bounds=(low, high), x_scale=high - low, diff_step=_STEP
    )
    rounded = tuple(
        round(float(value), each.digits) for value, each in zip(found.x, parameters, strict=True)
    )
    targets = _targets(figures, assembly, trial(np.array(rounded)), chosen)
    return Calibration(through, parameters, rounded, targets)


def overrides(
    parameters: tuple[Calibrated, ...], values: tuple[float, ...], chosen: Scenario
) -> dict[str, object]:
    """Values of parameters as overrides of a scenario."""
    given: dict[str, object] = {}
    for parameter, value in zip(parameters, values, strict=True):
        for key in parameter.keys:
            if not parameter.years:
                given[key] = value
                continue
            path = given.get(key)
            points = dict(path) if isinstance(path, dict) else _points(chosen, key)
            given[key] = points | dict.fromkeys(parameter.years, value)
    return given


def _points(chosen: Scenario, key: str) -> dict[int, float]:
    value = chosen[key].value
    return dict(value.points) if isinstance(value, Path) else {}


def _trial(
    chosen: Scenario, assembly: Assembly, parameters: tuple[Calibrated, ...]
) -> Callable[[Array], dict[RowKey, Array]]:
    """Evaluates only what depreciation needs, at values of the parameters."""
    timeline = assembly.timeline
    classes = assembly.company.sets["asset_class"]
    lines = ("placed_in_service", "book_depreciation", "construction_in_progress")
    wanted = [("property_depreciation", "with")]
    wanted += [(f"{line}.{member}", "with") for line in lines for member in classes]

    def run(values: Array) -> dict[RowKey, Array]:
        given = overrides(parameters, tuple(map(float, values)), chosen)
        rows = rows_of(chosen.with_overrides(given), timeline)
        inputs = assembly.inputs(rows)
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
                int(each.quarters[-1][:4]) - each.expected,
                each.amount,
                _WEIGHT.life_change if len(each.quarters) == _QUARTERS else _WEIGHT.part_of_year,
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


def _targets(
    figures: tuple[_Figure, ...],
    assembly: Assembly,
    values: Mapping[RowKey, Array],
    chosen: Scenario,
) -> tuple[Target, ...]:
    rows = {
        _PROPERTY: values["property_depreciation", "with"][:, 0],
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
        modelled = float(rows[each.row][each.first : each.last + 1].sum())
        found.append(
            Target(
                each.what,
                each.period,
                each.year,
                each.reported,
                modelled,
                each.weight,
                each.source_id,
            )
        )
    return tuple(found)


def _sum(values: Mapping[RowKey, Array], line: str, members: tuple[str, ...]) -> Array:
    total: Array = np.sum([values[f"{line}.{each}", "with"][:, 0] for each in members], axis=0)
    return total
