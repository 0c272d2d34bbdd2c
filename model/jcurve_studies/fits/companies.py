"""Other companies in the same lines: what they buy, how it is depreciated, what it must earn.

A company is a folder of data: reported figures, changes of useful life, and one table of
assumptions (``outlay.csv``). Nothing here knows a company by name; fiscal years become
calendar quarters by the month in ``company.yml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import BASE, rows_of, scenario
from jcurve.company import Assembly, Stamp, assemble, data_stamp
from jcurve.engine.evaluate import evaluate
from jcurve.engine.line import Line, lines_of
from jcurve.engine.model import SHARED, RowKey
from jcurve.facts import Company, LifeChange, constants, history, life_changes, reported
from jcurve.facts import company as company_facts
from jcurve.facts.outlay_tables import OutlayAssumption, at, outlay_assumptions
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, Where, find_project
from jcurve.ground.quarters import LAST_QUARTER, QUARTERS_IN_YEAR, Quarter, Timeline
from jcurve.ground.units import ASSUMPTION_UNITS, UNITS, Unit

Array = NDArray[np.float64]

_ASSETS = (
    "opening_placements", "placed_in_service", "construction_in_progress", "depreciation_charge",
    "salvage", "book_depreciation", "property_depreciation",
)  # fmt: skip
"""Lines of the whole model's assets that need nothing but additions and lives."""

SUBSET_SHARE = "life.subset_share"
"""Assumption: the share of servers and network that a change concerns which a company says is one
of a *subset*."""

_SERVERS = ("server", "network")
_SUBSET, _MIX = "subset", "capex.mix."
_ROWS = ("reported_revenue", "reported_capex", "reported_finance_lease_additions",
         "reported_opening_property_net", "reported_unpaid_capex")  # fmt: skip
_WORLD = "with"


@dataclass(frozen=True, slots=True)
class Backcast:
    """Depreciation of a fiscal year as rebuilt, beside what was reported."""

    year: str
    reported: float
    modelled: float

    @property
    def error(self) -> float:
        """Modelled over reported, less 1."""
        return self.modelled / self.reported - 1.0


@dataclass(frozen=True, eq=False)
class Peer:
    """A company's outlays, evaluated."""

    assembly: Assembly  # its model: outlays and assets alone
    assumptions: Mapping[str, OutlayAssumption]  # what it rests on, by key
    disclosed: tuple[LifeChange, ...]  # its changes of useful life
    rows: Mapping[str, Array]  # of the assumptions
    values: Mapping[RowKey, Array]  # every row
    project: Project

    @property
    def name(self) -> str:
        """The company, in words."""
        return self.assembly.company.display_name

    @property
    def has_whole_model(self) -> bool:
        """Whether it is a company with a full scenario, whose mix and lags these are."""
        mix = (each for key, each in self.assumptions.items() if key.startswith(_MIX))
        return all(each.points is None for each in mix)

    def row(self, line: str) -> Array:
        """A line by calendar quarter."""
        found = self.values.get((line, _WORLD), self.values.get((line, SHARED)))
        if found is None:
            raise FactsError("no such line for a company without advertising", received=line)
        return np.broadcast_to(found[:, 0], (len(self.assembly.timeline),))

    def year(self, line: str, fiscal_year: str) -> float:
        """A flow summed over the quarters of a fiscal year."""
        timeline = self.assembly.timeline
        quarters = self.assembly.company.quarters(fiscal_year)
        return float(sum(self.row(line)[timeline.index(quarter)] for quarter in quarters))

    def twelve_months(self, line: str, through: str) -> float:
        """A flow summed over the four quarters that end with ``through``: the same for all."""
        last = self.assembly.timeline.index(through) + 1
        return float(self.row(line)[last - QUARTERS_IN_YEAR : last].sum())

    def backcast(self, first: str = "2021") -> tuple[Backcast, ...]:
        """Depreciation of every reported fiscal year from ``first`` on that is on the timeline."""
        facts = reported(self.assembly.company.name, self.project)
        return tuple(
            Backcast(year, fact.value, self.year("property_depreciation", year))
            for year, fact in facts.series("depreciation_expense_ppe", "year").items()
            if year >= first and self.has_year(year)
        )

    def has_year(self, fiscal_year: str) -> bool:
        """Whether every quarter of a fiscal year is on the timeline."""
        quarters = self.assembly.company.quarters(fiscal_year)
        return self.assembly.timeline.first <= quarters[0]

    def with_life(self, years: float, fiscal_year: str) -> float:
        """What depreciation of a fiscal year would add (USD m) had every life of servers been
        so many years longer (shorter below 0)."""
        moved = {
            key: row + years
            for key, row in self.rows.items()
            if key.startswith("life.change.life.")
            or (key.startswith("life.book.") and self._changes_life(key))
        }
        values = _values(self.assembly, {**self.rows, **moved})
        other = replace(self, values=values)
        line = "property_depreciation"
        return other.year(line, fiscal_year) - self.year(line, fiscal_year)

    def _changes_life(self, key: str) -> bool:
        member = key.rpartition(".")[2]
        return bool(self.assembly.given[f"asset_changes_life.{member}"][0, 0] > 0.0)

    def on_the_books(self, fiscal_years: int = 6) -> dict[str, float]:
        """Depreciation of the calendar years after the last report by what is bought already:
        the wave that no decision stops, USD m a year."""
        timeline = self.assembly.timeline
        row = self.row("property_depreciation").reshape(-1, 4).sum(axis=1)
        first = Quarter(self.assembly.data_through).year
        years = range(first, first + fiscal_years)
        return {str(year): float(row[timeline.years.index(year)]) for year in years}


def fiscal_years(found: Peer, first: str = "2021") -> tuple[str, ...]:
    """Fiscal years from ``first`` on whose every quarter is reported."""
    owner = found.assembly.company
    years = map(str, range(int(first), owner.last_year + 1))
    whole = tuple(year for year in years if found.has_year(year))
    if not whole:
        span = f"{found.assembly.timeline.first} to {owner.data_through}"
        raise FactsError("no whole fiscal year is on file", where=owner.name, received=span)
    return whole


def peer(name: str, project: Where = None) -> Peer:
    """A company by its outlays, put together once in a process until the data change on disk."""
    where = find_project(project)
    return _peer(name, where, data_stamp(where))


@lru_cache(maxsize=8)
def _peer(name: str, project: Project, stamp: Stamp) -> Peer:
    del stamp  # part of the cache's key only
    owner = company_facts(name, project)
    timeline = Timeline(owner.first_quarter, LAST_QUARTER)
    given = outlay_assumptions(name, project)
    rows, units = _rows(name, given, timeline, project)
    disclosed = tuple(life_changes(name, project))
    changed = changes(disclosed, timeline, given, owner)
    rows |= changed
    date, years = UNITS["date"], UNITS["years"]
    for key in changed:
        units[key] = date if ".date." in key else years
    filed = history(name, owner.first_quarter, LAST_QUARTER, project)
    none = replace(filed[_ROWS[0]], cells=(None,) * len(timeline))
    wanted = {row: filed.get(row, replace(none, name=row)) for row in _ROWS}
    assembly = assemble(_lines(), owner, wanted, constants(owner, project), units)
    return Peer(
        assembly,
        given,
        disclosed,
        MappingProxyType(rows),
        MappingProxyType(_values(assembly, rows)),
        project,
    )


def _lines() -> list[Line]:
    from jcurve.lines import OUTLAYS_ALONE, assets

    own = [line for module in OUTLAYS_ALONE for line in lines_of(module)]
    return [*own, *(line for line in lines_of(assets) if line.name in _ASSETS)]


def _values(assembly: Assembly, rows: Mapping[str, Array]) -> dict[RowKey, Array]:
    inputs = assembly.inputs(rows)
    made = evaluate(assembly.model, inputs, assembly.timeline)
    return {**{(name, SHARED): row for name, row in inputs.items()}, **made}


def _rows(
    name: str, given: Mapping[str, OutlayAssumption], timeline: Timeline, project: Project
) -> tuple[dict[str, Array], dict[str, Unit]]:
    rows: dict[str, Array] = {}
    units: dict[str, Unit] = {}
    base: Mapping[str, Array] | None = None
    for key, each in given.items():
        if each.unit not in ASSUMPTION_UNITS:
            raise FactsError("unknown unit", where=f"{name}, {key}", received=each.unit)
        units[key] = UNITS[each.unit]
        if each.points is None:
            base = base or rows_of(scenario(BASE, project=project), timeline)
            if key not in base:
                raise FactsError("the base scenario holds no such assumption", received=key)
            rows[key] = base[key]
        else:
            rows[key] = row_of(each, timeline)
    return rows, units


def row_of(each: OutlayAssumption, timeline: Timeline) -> Array:
    """An assumption that has a value of its own, by quarter: (1, 1) when constant."""
    if each.points is None:
        raise FactsError("an assumption of the base scenario has no points", received=each.key)
    if set(each.points) == {0}:
        return np.array([[each.points[0]]])
    by_year = np.array([at(each.points, year) for year in timeline.years])
    return np.repeat(by_year, len(timeline) // len(timeline.years))[:, None]


def about_servers(change: LifeChange) -> bool:
    """Whether a change of useful life concerns servers or network."""
    return any(word in change.asset_class for word in _SERVERS)


def changes(
    disclosed: Iterable[LifeChange],
    timeline: Timeline,
    given: Mapping[str, OutlayAssumption],
    owner: Company,
) -> dict[str, Array]:
    """Rows of the changes of the life of servers, as the company disclosed them.

    Where a day has several changes, that of servers stands for network too. One that concerns a
    subset moves the life of the whole fleet by the subset's share of it: some assets with the
    old life and some with the new are charged nearly like all of them with the mean.
    """
    part = given.get(SUBSET_SHARE)
    share = 1.0 if part is None or part.points is None else at(part.points, 0)
    found: dict[str, float] = {}
    for each in disclosed:
        if each.type != "change" or each.new_life is None or not about_servers(each):
            continue
        life = each.new_life[1]
        if each.asset_class.startswith(_SUBSET):
            if each.old_life is None:
                raise FactsError(
                    "a change of a subset without its old life", received=each.asset_class
                )
            life = each.old_life[1] + share * (life - each.old_life[1])
        found.setdefault(owner.quarter_on(each.effective_date), life)
    rows: dict[str, Array] = {}
    later = sorted((quarter, life) for quarter, life in found.items() if quarter > timeline.first)
    for slot, (quarter, life) in enumerate(later or [("", 1.0)], start=1):
        at_quarter = float(timeline.index(quarter)) if quarter else float(len(timeline))
        rows[f"life.change.date.{slot}"] = np.array([[at_quarter]])
        rows[f"life.change.life.{slot}"] = np.array([[life]])
    return rows
