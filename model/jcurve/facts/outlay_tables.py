"""What a company that is seen through its outlays rests on: assumptions, which of them are fitted
to filings, to what, and the range that evidence allows each.

A company with a full scenario (Meta) gives ``base`` for what its base scenario holds. In a mix
one class may be ``rest``: what the others leave of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Literal

from jcurve.facts.companies import Company, company
from jcurve.facts.reported import metrics
from jcurve.facts.sources import Cited, sources
from jcurve.facts.tables import YEAR, Column, Row, Words, by_key, home_of, with_rows
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where

_BASE, _REST = "base", "rest"
_MIXES = ("capex.mix", "capex.opening_mix", "lease.finance_mix")


def _points(row: Row, key: str) -> Mapping[int, float] | None:
    """``0.4``, or ``2015 0.6; 2024 0.4``, or what stands for another value."""
    text = row.text(key)
    if text in (_BASE, _REST):
        return None
    try:
        parts = [part.split() for part in text.split(";")]
        if len(parts) == 1 and len(parts[0]) == 1:
            return MappingProxyType({0: float(parts[0][0])})
        return MappingProxyType({int(year): float(value) for year, value in parts})
    except ValueError:
        raise row.error(key, "not a value", text, "0.4, or 2015 0.6; 2024 0.4") from None


def _is_rest(row: Row, key: str) -> bool:
    return row.text(key) == _REST


@dataclass(frozen=True, slots=True)
class OutlayAssumption:
    """One assumption."""

    key: str  # dotted; a last ``*`` stands for every asset class without a row of its own
    unit: str  # as assumptions state it
    # value by year, linear between; one point under 0 is a constant. None: as the base scenario
    # holds it
    points: Annotated[Mapping[int, float] | None, Column("value", read=_points)]
    kind: Literal["reported", "guided", "evidence", "estimate", "judgement"]  # what it rests on
    source: Cited
    basis: str
    # whether it is what the other members of its mix leave
    rest: Annotated[bool, Column("value", read=_is_rest)] = False


def outlay_assumptions(name: str, project: Where = None) -> Mapping[str, OutlayAssumption]:
    """The assumptions of a company by key, families spelt out over its asset classes."""
    home = home_of(project)
    owner = company(name, home)
    known = {"source": sources(home)}
    given = by_key(home.data, f"companies/{owner.folder}/outlay.csv", OutlayAssumption, known)
    families = {key: each for key, each in given.items() if key.endswith(".*")}
    found = {key: each for key, each in given.items() if key not in families}
    for pattern, each in families.items():
        for member in owner.sets["asset_class"]:
            found.setdefault(f"{pattern[:-1]}{member}", each)
    found = with_rests(found)
    _check_mixes(found, owner)
    return MappingProxyType(found)


def with_rests(given: Mapping[str, OutlayAssumption]) -> dict[str, OutlayAssumption]:
    """The same assumptions, each ``rest`` worked out from the others of its mix."""
    found = dict(given)
    seen: set[str] = set()
    for key, each in given.items():
        if not each.rest:
            continue
        family = key.rpartition(".")[0]
        others = [
            other.points
            for name, other in given.items()
            if name.rpartition(".")[0] == family and name != key
        ]
        if family not in _MIXES or family in seen or None in others:
            raise FactsError(
                "only one class of a mix, whose others have values, can be its rest",
                received=key,
                allowed=", ".join(_MIXES),
            )
        seen.add(family)
        known = [points for points in others if points is not None]
        years = sorted({year for points in known for year in points} - {0}) or [0]
        left = {year: 1.0 - sum(at(points, year) for points in known) for year in years}
        found[key] = replace(each, points=MappingProxyType(left))
    return found


def _check_mixes(found: Mapping[str, OutlayAssumption], owner: Company) -> None:
    for family in _MIXES:
        members = [found.get(f"{family}.{member}") for member in owner.sets["asset_class"]]
        paths = [each.points for each in members if each and each.points]
        if len(paths) < len(members):
            continue
        for year in sorted({year for points in paths for year in points}):
            shares = [at(points, year) for points in paths]
            for what, value, wrong in (
                (f"a share of {family} is below 0", min(shares), min(shares) < -1e-9),
                (f"shares of {family} do not sum to 1", sum(shares), abs(sum(shares) - 1) > 1e-9),
            ):
                if wrong:
                    raise FactsError(
                        f"{what} in {year}",
                        where=f"data/companies/{owner.folder}/outlay.csv",
                        received=f"{value:g}",
                    )


def at(points: Mapping[int, float], year: int) -> float:
    """The value in a year, on the straight line between points and level outside them."""
    import numpy as np

    years = sorted(points)
    return float(np.interp(year, years, [points[each] for each in years]))


# ---- what is fitted, and to what ------------------------------------------------------------


_TARGETS_FILE = "outlay_targets.csv"

EFFECT, EFFECT_IN_SERVICE = "life_change_effect", "life_change_effect_in_service"
"""Metrics of a target that are disclosed effects of changes of useful life: of all assets, or of
those in service when the change was made."""


def _years(row: Row, key: str) -> tuple[int, ...]:
    return tuple(int(year) for year in row.optional(key).split())


def _fiscal_year(row: Row, key: str) -> str:
    return row.period(key, YEAR) if row.cells[key] or key == "first" else ""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A fitted parameter: one number, in one assumption or alike in several."""

    name: Annotated[str, Column("parameter")]  # in words
    keys: Words  # the assumptions that take it
    # the points of their paths that take it; empty where they are constant
    years: Annotated[tuple[int, ...], Column(read=_years)]
    low: float  # what evidence allows, in the assumption's unit
    high: float
    digits: int  # after the point, to which the fitted value is rounded
    source: Cited  # of the range
    basis: str  # how the range follows from it


def calibrated(name: str = "META", project: Where = None) -> tuple[Calibrated, ...]:
    """The fitted parameters of a company, in the order of its table."""
    home = home_of(project)
    folder = company(name, home).folder
    table = f"companies/{folder}/calibration.csv"
    found = with_rows(home.data, table, Calibrated, {"source": sources(home)})
    for each, row in found:
        if not each.low < each.high:
            raise row.error("low", "an empty range", f"{each.low} to {each.high}")
    return tuple(each for each, _ in found)


def has_outlay_targets(name: str, project: Where = None) -> bool:
    """Whether the outlays of a company are fitted: its folder says to what."""
    home = home_of(project)
    folder = company(name, home).folder
    return (home.data / "companies" / folder / _TARGETS_FILE).is_file()


@dataclass(frozen=True, slots=True)
class OutlayTarget:
    """Reported figures that the fit of a company's outlays is held against."""

    figure: str  # in words
    metric: str  # a reported metric, :data:`EFFECT` or :data:`EFFECT_IN_SERVICE`
    # fiscal years; an empty last is the last on file
    first: Annotated[str, Column(read=_fiscal_year)]
    last: Annotated[str, Column(read=_fiscal_year)]
    weight: float  # how near the model should come, as a share of the reported figure
    basis: str  # why so near

    def covers(self, year: str) -> bool:
        """Whether a fiscal year is one of them."""
        return self.first <= year and (not self.last or year <= self.last)


def outlay_targets(name: str, project: Where = None) -> tuple[OutlayTarget, ...]:
    """What the outlays of a company are fitted to, in the order of its table."""
    home = home_of(project)
    folder = company(name, home).folder
    known = {"metric": {*metrics(home), EFFECT, EFFECT_IN_SERVICE}}
    table = f"companies/{folder}/{_TARGETS_FILE}"
    found = with_rows(home.data, table, OutlayTarget, known)
    for each, row in found:
        if each.weight <= 0.0:
            raise row.error("weight", "a weight not above 0", each.weight)
    return tuple(each for each, _ in found)
