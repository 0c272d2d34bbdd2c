"""Tables of a company's folder that only studies read: what is fitted, to what, and the
assumptions of a company that is seen through its outlays alone.

A company with a full scenario (Meta) gives ``base`` for what its base scenario holds. In a mix
one class may be ``rest``: what the others leave of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from jcurve.facts import Company, Source, company, metrics, sources
from jcurve.facts.tables import YEAR, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = [
    "EFFECT",
    "EFFECT_IN_SERVICE",
    "Calibrated",
    "OutlayAssumption",
    "OutlayTarget",
    "at",
    "calibrated",
    "has_outlay_targets",
    "outlay_assumptions",
    "outlay_targets",
    "with_rests",
]

_CALIBRATION = ("parameter", "keys", "years", "low", "high", "digits", "source_id", "basis")
_TARGETS = ("figure", "metric", "first", "last", "weight", "basis")
_OUTLAY = ("key", "unit", "value", "kind", "source_id", "basis")
_TARGETS_FILE = "outlay_targets.csv"
_KINDS = ("reported", "guided", "evidence", "estimate", "judgement")
_BASE, _REST = "base", "rest"
_MIXES = ("capex.mix", "capex.opening_mix", "lease.finance_mix")

EFFECT, EFFECT_IN_SERVICE = "life_change_effect", "life_change_effect_in_service"
"""Metrics of a target that are disclosed effects of changes of useful life: of all assets, or of
those in service when the change was made."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A fitted parameter: one number, in one assumption or alike in several.

    Attributes:
        name: in words.
        keys: the assumptions that take it.
        years: the points of their paths that take it; empty where they are constant.
        low, high: what evidence allows, in the assumption's unit.
        digits: after the point, to which the fitted value is rounded.
        source: of the range.
        basis: how the range follows from it.
    """

    name: str
    keys: tuple[str, ...]
    years: tuple[int, ...]
    low: float
    high: float
    digits: int
    source: Source
    basis: str


def calibrated(
    name: str = "META", project: Project | str | Path | None = None
) -> tuple[Calibrated, ...]:
    """The fitted parameters of a company, in the order of its table.

    Raises:
        FactsError: the table is missing or malformed, or a range is empty.
    """
    data = data_folder(project)
    owner = company(name, Project(data.parent))
    known = sources(Project(data.parent))
    found = []
    for row in read_table(data, f"companies/{owner.folder}/calibration.csv", _CALIBRATION):
        low, high = row.number("low"), row.number("high")
        if not low < high:
            raise FactsError("an empty range", where=row.at("low"), received=f"{low} to {high}")
        found.append(
            Calibrated(
                name=row.text("parameter"),
                keys=tuple(row.text("keys").split()),
                years=tuple(int(year) for year in row.optional("years").split()),
                low=low,
                high=high,
                digits=int(row.number("digits")),
                source=known[row.choice("source_id", known, "source")],
                basis=row.text("basis"),
            )
        )
    return tuple(found)


def has_outlay_targets(name: str, project: Project | str | Path | None = None) -> bool:
    """Whether the outlays of a company are fitted: its folder says to what."""
    data = data_folder(project)
    folder = company(name, Project(data.parent)).folder
    return (data / "companies" / folder / _TARGETS_FILE).is_file()


@dataclass(frozen=True, slots=True)
class OutlayTarget:
    """Reported figures that the fit of a company's outlays is held against.

    Attributes:
        figure: in words.
        metric: a reported metric, :data:`EFFECT` or :data:`EFFECT_IN_SERVICE`.
        first, last: fiscal years; an empty last is the last on file.
        weight: how near the model should come, as a share of the reported figure.
        basis: why so near.
    """

    figure: str
    metric: str
    first: str
    last: str
    weight: float
    basis: str

    def covers(self, year: str) -> bool:
        """Whether a fiscal year is one of them."""
        return self.first <= year and (not self.last or year <= self.last)


def outlay_targets(
    name: str, project: Project | str | Path | None = None
) -> tuple[OutlayTarget, ...]:
    """What the outlays of a company are fitted to, in the order of its table.

    Raises:
        FactsError: the table is missing or malformed, a metric is unknown, or a weight is not
            above 0.
    """
    data = data_folder(project)
    home = Project(data.parent)
    folder = company(name, home).folder
    known = {*metrics(home), EFFECT, EFFECT_IN_SERVICE}
    found = []
    for row in read_table(data, f"companies/{folder}/{_TARGETS_FILE}", _TARGETS):
        weight = row.number("weight")
        if weight <= 0.0:
            raise FactsError("a weight not above 0", where=row.at("weight"), received=weight)
        found.append(
            OutlayTarget(
                figure=row.text("figure"),
                metric=row.choice("metric", known, "metric"),
                first=row.period("first", YEAR),
                last=row.period("last", YEAR) if row.optional("last") else "",
                weight=weight,
                basis=row.text("basis"),
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class OutlayAssumption:
    """One assumption.

    Attributes:
        key: dotted; a last ``*`` stands for every asset class without a row of its own.
        unit: as assumptions state it.
        points: value by year, linear between; one point under 0 is a constant. None: as the
            base scenario holds it.
        kind, source, basis: what it rests on.
        rest: whether it is what the other members of its mix leave.
    """

    key: str
    unit: str
    points: Mapping[int, float] | None
    kind: str
    source: Source
    basis: str
    rest: bool = False


def outlay_assumptions(
    name: str, project: Project | str | Path | None = None
) -> Mapping[str, OutlayAssumption]:
    """The assumptions of a company by key, families spelt out over its asset classes.

    Raises:
        FactsError: the table is missing or malformed, a key has two rows, a family has a
            member that is no asset class, mixes do not sum to 1, or a share is below 0.
    """
    data = data_folder(project)
    owner = company(name, Project(data.parent))
    known = sources(Project(data.parent))
    found: dict[str, OutlayAssumption] = {}
    families: dict[str, OutlayAssumption] = {}
    for row in read_table(data, f"companies/{owner.folder}/outlay.csv", _OUTLAY):
        key = row.text("key")
        where = families if key.endswith(".*") else found
        if key in where:
            raise FactsError("assumption listed twice", where=row.at("key"), received=key)
        text = row.text("value")
        where[key] = OutlayAssumption(
            key=key,
            unit=row.text("unit"),
            points=None if text in (_BASE, _REST) else _points(text, row.at("value")),
            kind=row.choice("kind", _KINDS, "kind"),
            source=known[row.choice("source_id", known, "source")],
            basis=row.text("basis"),
            rest=text == _REST,
        )
    for pattern, each in families.items():
        for member in owner.sets["asset_class"]:
            found.setdefault(f"{pattern[:-1]}{member}", each)
    found = with_rests(found)
    _check_mixes(found, owner)
    return MappingProxyType(found)


def with_rests(given: Mapping[str, OutlayAssumption]) -> dict[str, OutlayAssumption]:
    """The same assumptions, each ``rest`` worked out from the others of its mix.

    Raises:
        FactsError: two of a mix are the rest, or one outside a mix is, or another of the mix
            has no value of its own.
    """
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


def _points(text: str, where: str) -> Mapping[int, float]:
    """``0.4``, or ``2015 0.6; 2024 0.4``."""
    try:
        parts = [part.split() for part in text.split(";")]
        if len(parts) == 1 and len(parts[0]) == 1:
            return MappingProxyType({0: float(parts[0][0])})
        return MappingProxyType({int(year): float(value) for year, value in parts})
    except ValueError:
        raise FactsError(
            "not a value", where=where, received=text, allowed="0.4, or 2015 0.6; 2024 0.4"
        ) from None


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
