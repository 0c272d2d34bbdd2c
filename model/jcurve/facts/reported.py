"""A company's reported figures by metric and period, each with its unit and source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from jcurve.facts.company import Company, company
from jcurve.facts.sources import Source, sources
from jcurve.facts.tables import QUARTER, YEAR, Row, data_folder, read_table
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.project import Project
from jcurve.ground.units import FACT_UNITS

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COLUMNS",
    "KINDS",
    "NATURES",
    "Fact",
    "Facts",
    "Freq",
    "Metric",
    "metrics",
    "read_fact",
    "refuse_second",
    "reported",
]

Freq = Literal["quarter", "year"]

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "reported": "as printed in the source",
        "derived": "arithmetic on reported figures; can differ by 1 from a printed one",
        "rounded": "printed rounded, mostly to $10m",
        "secondary": "from a copy or report that was not checked against the filing",
    }
)
NATURES: Mapping[str, str] = MappingProxyType(
    {
        "flow": "happens during a period; quarters sum to the year",
        "stock": "stands at a period's end; the year's value is its last quarter's",
        "rate": "a ratio or growth; nothing adds",
        "average": "an average over a period",
        "trailing": "a sum over the last four quarters",
        "event": "a single disclosure; no identity binds it",
    }
)
COLUMNS = ("entity", "period", "metric", "value", "unit", "source_id", "kind", "note")
_METRIC_COLUMNS = ("metric", "unit", "nature", "definition")
_FILES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("quarterly.csv", QUARTER),
    ("annual.csv", YEAR),
)


@dataclass(frozen=True, slots=True)
class Metric:
    """What a series measures."""

    name: str
    unit: str
    nature: str
    definition: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One reported value."""

    value: float
    unit: str
    period: str
    metric: str
    source: Source
    kind: str
    note: str = ""


@dataclass(frozen=True, eq=False)
class Facts:
    """All facts of one company, read once and never changed."""

    company: Company
    metrics: Mapping[str, Metric]
    _facts: Mapping[tuple[str, str], Fact]

    def __len__(self) -> int:
        """How many facts there are."""
        return len(self._facts)

    def __iter__(self) -> Iterator[Fact]:
        """Every fact, in the order of the tables."""
        return iter(self._facts.values())

    def names(self) -> tuple[str, ...]:
        """Metrics that have a value, in the order of the tables."""
        return tuple(dict.fromkeys(metric for metric, _ in self._facts))

    def value(self, metric: str, period: str) -> Fact:
        """The fact of a metric in a quarter (``2026Q2``) or fiscal year (``2025``).

        Raises:
            FactsError: the metric is unknown, or has no value in that period.
        """
        found = self._facts.get((metric, period))
        if found is not None:
            return found
        known = sorted(p for m, p in self._facts if m == metric)
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
        return self._facts.get((metric, period))

    def series(self, metric: str, freq: Freq = "quarter") -> dict[str, Fact]:
        """The facts of a metric by period, in order; empty when none is on file.

        Raises:
            FactsError: the metric is unknown.
            UsageError: ``freq`` is neither ``quarter`` nor ``year``.
        """
        if freq not in ("quarter", "year"):
            raise UsageError("unknown frequency", received=freq, allowed="quarter, year")
        if metric not in self.metrics:
            raise FactsError.not_among("no such metric", metric, self.metrics, allowed="")
        form = QUARTER if freq == "quarter" else YEAR
        periods = sorted(p for m, p in self._facts if m == metric and form.fullmatch(p))
        return {period: self._facts[metric, period] for period in periods}

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


def metrics(project: Project | str | Path | None = None) -> Mapping[str, Metric]:
    """The catalogue of metrics, one name for one thing over all companies."""
    found: dict[str, Metric] = {}
    for row in read_table(data_folder(project), "companies/metrics.csv", _METRIC_COLUMNS):
        name = row.text("metric")
        if name in found:
            raise FactsError("metric listed twice", where=row.at("metric"), received=name)
        found[name] = Metric(
            name=name,
            unit=row.choice("unit", FACT_UNITS, "unit"),
            nature=row.choice("nature", NATURES, "nature"),
            definition=row.text("definition"),
        )
    return MappingProxyType(found)


def reported(name: str, project: Project | str | Path | None = None) -> Facts:
    """The reported facts of a company (``META``), quarterly and annual.

    Raises:
        FactsError: a duplicate, an unknown unit, metric, source or kind, a malformed value
            or period, or another company's row; the message names file and line.
    """
    data = data_folder(project)
    owner = company(name, Project(data.parent))
    catalogue = metrics(Project(data.parent))
    known = sources(Project(data.parent))
    facts: dict[tuple[str, str], Fact] = {}
    for file, form in _FILES:
        for row in read_table(data, f"companies/{owner.folder}/{file}", COLUMNS):
            row.choice("entity", (owner.name,), "entity for this folder")
            fact = read_fact(row, form, catalogue, known)
            refuse_second(row, facts.get((fact.metric, fact.period)))
            facts[fact.metric, fact.period] = fact
    return Facts(owner, catalogue, MappingProxyType(facts))


def read_fact(
    row: Row, form: re.Pattern[str], catalogue: Mapping[str, Metric], known: Mapping[str, Source]
) -> Fact:
    """The fact of one line of a table of facts; the line's entity is the caller's to check."""
    metric = catalogue[row.choice("metric", catalogue, "metric")]
    unit = row.choice("unit", FACT_UNITS, "unit")
    if unit != metric.unit:
        raise FactsError(
            f"wrong unit for {metric.name}",
            where=row.at("unit"),
            received=unit,
            allowed=metric.unit,
        )
    return Fact(
        period=row.period("period", form),
        value=row.number("value"),
        unit=unit,
        metric=metric.name,
        source=known[row.choice("source_id", known, "source")],
        kind=row.choice("kind", KINDS, "kind"),
        note=row.optional("note"),
    )


def refuse_second(row: Row, first: Fact | None) -> None:
    """A figure is given once."""
    if first is not None:
        raise FactsError(
            f"{first.metric} has a second value for {first.period}",
            where=row.at("value"),
            received=row.optional("value"),
            allowed=f"one value; the first is {first.value:g}",
        )
