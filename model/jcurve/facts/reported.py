"""A company's reported figures by metric and period, each with its unit and source."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from jcurve.facts.companies import Company, company
from jcurve.facts.sources import Cited, sources
from jcurve.facts.tables import QUARTER, YEAR, Column, Row, Text, by_key, home_of, with_rows
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.project import Project, Where
from jcurve.ground.units import FACT_UNITS

if TYPE_CHECKING:
    import pandas as pd

Freq = Literal["quarter", "year"]

KINDS: Mapping[str, str] = {
    "reported": "as printed in the source",
    "derived": "arithmetic on reported figures; can differ by 1 from a printed one",
    "rounded": "printed rounded, mostly to $10m",
    "secondary": "from a copy or report that was not checked against the filing",
}
NATURES: Mapping[str, str] = {
    "flow": "happens during a period; quarters sum to the year",
    "stock": "stands at a period's end; the year's value is its last quarter's",
    "rate": "a ratio or growth; nothing adds",
    "average": "an average over a period",
    "trailing": "a sum over the last four quarters",
    "event": "a single disclosure; no identity binds it",
}
_PERIODS: Mapping[str, re.Pattern[str]] = {"quarterly.csv": QUARTER, "annual.csv": YEAR}
_EITHER = re.compile(f"{QUARTER.pattern}|{YEAR.pattern}")


@dataclass(frozen=True, slots=True)
class Metric:
    """What a series measures."""

    name: Annotated[str, Column("metric")]
    unit: str
    nature: str
    definition: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One reported value of a company in a quarter (``2026Q2``) or fiscal year (``2025``)."""

    entity: Annotated[str, Column(what="entity for this folder")]
    period: str
    metric: str
    value: float
    unit: str
    source: Cited
    kind: str
    note: Text


@dataclass(frozen=True, eq=False)
class Facts:
    """All facts of one company, read once and never changed."""

    company: Company
    metrics: Mapping[str, Metric]
    by_period: Mapping[tuple[str, str], Fact]  # by metric and period

    def __len__(self) -> int:
        """How many facts there are."""
        return len(self.by_period)

    def __iter__(self) -> Iterator[Fact]:
        """Every fact, in the order of the tables."""
        return iter(self.by_period.values())

    def names(self) -> tuple[str, ...]:
        """Metrics that have a value, in the order of the tables."""
        return tuple(dict.fromkeys(metric for metric, _ in self.by_period))

    def value(self, metric: str, period: str) -> Fact:
        """The fact of a metric in a quarter (``2026Q2``) or fiscal year (``2025``).

        Raises:
            FactsError: the metric is unknown, or has no value in that period.
        """
        found = self.by_period.get((metric, period))
        if found is not None:
            return found
        known = sorted(p for m, p in self.by_period if m == metric)
        if not known:
            raise FactsError.not_among(
                f"no such metric for {self.company.name}", metric, self.names(), allowed=""
            )
        same = [p for p in known if len(p) == len(period)] or known
        raise FactsError(
            f"{metric} has no value in that period",
            received=period,
            allowed=f"{len(same)} periods from {same[0]} to {same[-1]}",
        )

    def get(self, metric: str, period: str) -> Fact | None:
        """The fact, or None where nothing is on file."""
        return self.by_period.get((metric, period))

    def series(self, metric: str, freq: Freq = "quarter") -> dict[str, Fact]:
        """The facts of a metric by period, in order; empty when none is on file."""
        if freq not in ("quarter", "year"):
            raise UsageError("unknown frequency", received=freq, allowed="quarter, year")
        if metric not in self.metrics:
            raise FactsError.not_among("no such metric", metric, self.metrics, allowed="")
        form = QUARTER if freq == "quarter" else YEAR
        periods = sorted(p for m, p in self.by_period if m == metric and form.fullmatch(p))
        return {period: self.by_period[metric, period] for period in periods}

    def frame(self, names: Iterable[str] | None = None, freq: Freq = "quarter") -> pd.DataFrame:
        """Values as a table: periods down, metrics across; NaN where nothing is on file."""
        import pandas as pd

        chosen = tuple(names) if names is not None else self.names()
        columns = {
            name: {p: fact.value for p, fact in self.series(name, freq).items()} for name in chosen
        }
        frame = pd.DataFrame(columns, dtype=float).sort_index()
        frame.index.name = freq
        return frame


def metrics(project: Where = None) -> Mapping[str, Metric]:
    """The catalogue of metrics, one name for one thing over all companies."""
    known = {"unit": FACT_UNITS, "nature": NATURES}
    return by_key(home_of(project).data, "companies/metrics.csv", Metric, known)


def reported(name: str, project: Where = None) -> Facts:
    """The reported facts of a company (``META``), quarterly and annual."""
    home = home_of(project)
    owner = company(name, home)
    catalogue = metrics(home)
    known = {**_known(home.data, catalogue), "entity": (owner.name,)}
    found: dict[tuple[str, str], Fact] = {}
    for file, form in _PERIODS.items():
        table = f"companies/{owner.folder}/{file}"
        for fact, row in with_rows(home.data, table, Fact, known):
            _add(fact, row, form, catalogue, found)
    return Facts(owner, catalogue, MappingProxyType(found))


def others(project: Where = None) -> Mapping[str, Mapping[tuple[str, str], Fact]]:
    """Facts of companies without a folder: by company, then by metric and period.

    They have no model of their own, only a few figures in ``companies/others.csv``: sellers of
    advertising, and companies without a programme.
    """
    home = home_of(project)
    catalogue = metrics(home)
    found: dict[str, dict[tuple[str, str], Fact]] = {}
    known, table = _known(home.data, catalogue), "companies/others.csv"
    for fact, row in with_rows(home.data, table, Fact, known):
        _add(fact, row, _EITHER, catalogue, found.setdefault(fact.entity, {}))
    return MappingProxyType({name: MappingProxyType(own) for name, own in found.items()})


def _known(data: Path, catalogue: Mapping[str, Metric]) -> dict[str, Collection[str]]:
    return {
        "metric": catalogue,
        "unit": FACT_UNITS,
        "source": sources(Project(data.parent)),
        "kind": KINDS,
    }


def _add(
    fact: Fact,
    row: Row,
    form: re.Pattern[str],
    catalogue: Mapping[str, Metric],
    found: dict[tuple[str, str], Fact],
) -> None:
    """A fact's period is of its table, its unit that of the metric, and it is given once."""
    row.period("period", form)
    unit = catalogue[fact.metric].unit
    if fact.unit != unit:
        raise row.error("unit", f"wrong unit for {fact.metric}", fact.unit, unit)
    first = found.setdefault((fact.metric, fact.period), fact)
    if first is not fact:
        raise row.error(
            "value",
            f"{fact.metric} has a second value for {fact.period}",
            row.optional("value"),
            f"one value; the first is {first.value:g}",
        )
