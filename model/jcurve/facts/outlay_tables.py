"""Assumptions of a company that is seen through its outlays alone: one table in its folder.

A company with a full scenario (Meta) gives ``base`` for what its base scenario holds. In a mix
one class may be ``rest``: what the others leave of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Literal

from jcurve.facts.companies import Company, company
from jcurve.facts.sources import Cited, sources
from jcurve.facts.tables import Column, Row, by_key, home_of
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where

__all__ = ["OutlayAssumption", "at", "outlay_assumptions", "with_rests"]

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
        if any(each is None or each.points is None for each in members):
            continue
        years = sorted({year for each in members if each and each.points for year in each.points})
        for year in years:
            low = min(at(each.points, year) for each in members if each and each.points)
            if low < -1e-9:
                raise FactsError(
                    f"a share of {family} is below 0 in {year}",
                    where=f"data/companies/{owner.folder}/outlay.csv",
                    received=f"{low:g}",
                )
            total = sum(at(each.points, year) for each in members if each and each.points)
            if abs(total - 1.0) > 1e-9:
                raise FactsError(
                    f"shares of {family} do not sum to 1 in {year}",
                    where=f"data/companies/{owner.folder}/outlay.csv",
                    received=f"{total:g}",
                )


def at(points: Mapping[int, float], year: int) -> float:
    """The value in a year, on the straight line between points and level outside them."""
    years = sorted(points)
    before = [each for each in years if each <= year]
    after = [each for each in years if each > year]
    if not before or not after:
        return points[before[-1] if before else years[0]]
    low, high = before[-1], after[0]
    return points[low] + (points[high] - points[low]) * (year - low) / (high - low)
