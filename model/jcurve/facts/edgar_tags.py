"""Which tag of EDGAR means which metric, and where a report has left a tag for another."""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jcurve.facts.companies import Company, companies, company
from jcurve.facts.edgar import Filed
from jcurve.facts.reported import Fact, Facts, Metric, metrics
from jcurve.facts.tables import Text, records
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

__all__ = ["NewestReport", "Tag", "edgar_tags"]

_NEAR = 3.0  # times the figure of the year before: what another tag may be
_LIKELY = 3
_WEEK = datetime.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Tag:
    """Which tag means a metric, in the periods that end within ``first`` to ``last``."""

    company: str
    metric: Metric
    taxonomy: str
    tag: str
    unit: str
    scale: float
    first: Quarter | None
    last: Quarter | None
    note: Text

    def means(self, end: Quarter) -> bool:
        """Whether the tag means the metric in a period that ends with this quarter."""
        return (self.first is None or end >= self.first) and (self.last is None or end <= self.last)


def edgar_tags(owner: Company, project: Project) -> list[Tag]:
    """The tags of a company, in the order of the table."""
    names = tuple(company(folder, project).name for folder in companies(project))
    known = {"company": names, "metric": metrics(project)}
    every = records(project.data, "companies/edgar_tags.csv", Tag, known)
    return [tag for tag in every if tag.company == owner.name]


class NewestReport:
    """What the newest report gives under each tag, from the companyfacts of its company."""

    def __init__(self, facts: Mapping[str, Any], accession: str) -> None:
        self._figures: list[tuple[str, str, str, Mapping[str, Any]]] = []
        for taxonomy, concepts in facts.items():
            for tag, concept in concepts.items():
                units = concept.get("units") if isinstance(concept, dict) else None
                for unit, entries in units.items() if isinstance(units, dict) else ():
                    for entry in entries if isinstance(entries, list) else ():
                        if _is_figure(entry) and entry["accn"] == accession:
                            self._figures.append((taxonomy, tag, unit, entry))
        self._end = max((str(each.get("end", "")) for *_, each in self._figures), default="")

    def quarter(self, owner: Company) -> Quarter | None:
        """The quarter that it is of; None where it has no figure or no quarter of months."""
        return owner.quarter_ended(datetime.date.fromisoformat(self._end)) if self._end else None

    def has_left(self, tag: Tag, prints: Iterable[Filed], facts: Facts, quarter: Quarter) -> bool:
        """Whether a tag that gave a metric in the quarter before gives nothing in this one."""
        if not tag.means(quarter) or facts.get(tag.metric.name, quarter):
            return False
        if any(tag.tag == name for _, name, *_ in self._figures):
            return False
        before = facts.company.last_day(quarter.plus(-1))
        return any(abs(each.end - before) <= _WEEK for each in prints)

    def likely(self, tag: Tag, listed: Collection[str], then: Fact | None) -> list[str]:
        """Tags that could mean the metric now: of a size with the year before, alike in name."""
        found: dict[str, float] = {}
        for taxonomy, name, unit, entry in self._figures:
            stock = not entry.get("start")
            if name in listed or (taxonomy, unit) != (tag.taxonomy, tag.unit):
                continue
            if stock != (tag.metric.nature == "stock") or entry.get("end") != self._end:
                continue
            size = 1.0
            if then and then.value:
                size = float(entry.get("val", 0.0)) * tag.scale / then.value
            if 1 / _NEAR < size < _NEAR:
                alike = difflib.SequenceMatcher(None, name, tag.tag).ratio()
                found[name] = max(found.get(name, -math.inf), alike - abs(math.log(size)))
        return sorted(found, key=lambda name: -found[name])[:_LIKELY]


def _is_figure(entry: object) -> bool:
    """Whether EDGAR gives a figure and its end: where a tag that is read lacks them, an error
    says so elsewhere; of the other tags it does not matter."""
    if not isinstance(entry, dict) or not isinstance(entry.get("val"), int | float):
        return False
    try:
        end = datetime.date.fromisoformat(str(entry.get("end")))
        return end < datetime.date.max and math.isfinite(entry["val"]) and "accn" in entry
    except (ValueError, OverflowError):
        return False
