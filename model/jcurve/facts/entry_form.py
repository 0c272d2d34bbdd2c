"""The one file that an analyst fills on the evening of results: written, and read back.

Each row is one value: what it is, as the release prints it, where to find it, and what it was a
quarter and a year before. What is left empty is not on file; ``if_empty`` says what then stands in
its place. Parts of the file: days of ``release`` and of the ``next`` results, each ``source``,
``figure`` of the quarter, ``year`` figures of a fiscal year that it ends, ``guidance``, and a
``second`` source of a figure. Rows may be added, in any order: any metric of ``metrics.csv``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from jcurve.facts.calendar import expected, releases
from jcurve.facts.companies import Company
from jcurve.facts.disclosures import capex_guidance
from jcurve.facts.history import NEEDED, Standing
from jcurve.facts.identities import second_sources
from jcurve.facts.reported import Fact, Facts
from jcurve.facts.sources import sources
from jcurve.facts.tables import Column, Row, Text, by_key, records
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

GUIDED: Mapping[str, str] = {"capex": "Capital expenditures", "total_expenses": "Total expenses"}
SOURCE_FIELDS = ("title", "publisher", "url", "date", "accession", "how_verified", "grade")
_READ = "read by hand; identities re-checked"
_OUTLOOK = "CFO outlook in the release"
_UNREAD = "nothing: the model does not read it"
_WORKED_OUT = "worked out from other figures"
_LOOKED_BACK = 4  # quarters in which a metric that the model does not read was still on file


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the file."""

    part: Literal["release", "next", "source", "figure", "year", "guidance", "second"]
    item: str
    label: Text = ""
    unit: Text = ""
    where: Text = ""
    if_empty: Text = ""
    year_before: Text = ""
    quarter_before: Text = ""
    value: Text = ""
    source: Text = ""
    kind: Text = ""
    sure: Text = ""
    note: Text = ""
    row: Annotated[Row | None, Column("value", read=lambda row, _: row)] = None

    @property
    def at(self) -> str:
        """File and line, for a message."""
        return self.row.at("value") if self.row else ""

    def number(self) -> float:
        """The value as a number."""
        return self.row.number("value") if self.row else float(self.value)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A figure that the form is filled with before anybody opens it; ``about`` is its source, in
    the order of :data:`SOURCE_FIELDS`."""

    value: str
    source: str
    kind: str
    note: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Label:
    metric: str
    label: str
    where: str


def read_form(file: Path) -> list[Entry]:
    """The rows of a filled file that hold a value."""
    file = file.absolute()
    return [each for each in records(file.parent, str(file), Entry) if each.value]


def written_form(
    facts: Facts,
    quarter: Quarter,
    standing: Mapping[str, Standing],
    project: Project,
    fetched: Mapping[tuple[str, str], Fetched],
) -> str:
    """The file to fill for a quarter, as text.

    Args:
        facts: what is on file.
        quarter: the one after the last on file.
        standing: by metric, what the model makes of a quarter without it.
        project: where the tables are.
        fetched: figures by metric and period that are known already.
    """
    columns = [field.name for field in fields(Entry)][:-1]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    made = _Form(facts, quarter, standing, project, fetched)
    table.writerows([getattr(each, name) for name in columns] for each in made.entries())
    return text.getvalue()


@dataclass(frozen=True)
class _Form:
    facts: Facts
    quarter: Quarter
    standing: Mapping[str, Standing]
    project: Project
    fetched: Mapping[tuple[str, str], Fetched]

    @property
    def owner(self) -> Company:
        return self.facts.company

    @property
    def source(self) -> str:
        """The release, which most figures are read from."""
        return f"{self.owner.name}_er_{self.quarter}".lower()

    @cached_property
    def labels(self) -> Mapping[str, _Label]:
        """What the company calls its figures, where a table says."""
        file = f"companies/{self.owner.folder}/release_labels.csv"
        there = (self.project.data / file).is_file()
        known = {"metric": self.facts.metrics}
        return by_key(self.project.data, file, _Label, known) if there else {}

    def entries(self) -> Iterator[Entry]:
        """Every row, in the order of the file."""
        owner, quarter = self.owner, self.quarter
        listed = releases(owner.name, self.project).days
        days = {period: day.isoformat() for period, day in listed.items()}
        before = days.get(quarter.plus(-4), ""), days.get(quarter.plus(-1), "")
        yield Entry("release", quarter, "Day of the results", "day", "head of the release", NEEDED,
                    *before, source=self.source)  # fmt: skip
        ended = owner.year_ended(quarter)
        if ended:
            last = days.get(str(int(ended) - 1), "")
            yield Entry("release", ended, "Day of the annual report", "day", "the 10-K",
                        "known with the last quarter", last)  # fmt: skip
        coming = quarter.plus(1)
        day = expected(owner.name, self.project).get(coming)
        yield Entry("next", coming, "Day of the next results", "day", "investor relations",
                    "unknown", days.get(coming.plus(-4), ""), value=day.isoformat() if day else "",
                    kind="expected" if day else "announced")  # fmt: skip
        yield from self.sources()
        yield from self.figures("figure", quarter)
        if ended:
            yield from self.figures("year", ended)
        yield from self.guidance()
        yield from self.seconds()

    def sources(self) -> Iterator[Entry]:
        """What the figures are read from."""
        name, when = self.owner.display_name, self.quarter.words
        filing = self.source.replace("_er_", "_filing_")
        known: dict[str, tuple[str, ...]] = {
            self.source: (f"{name}, results of {when}", name, "", "", "", _READ, "release"),
            filing: (f"{name}, report filed for {when}", name, "", "", "", _READ, "filing"),
        }
        known |= {each.source: each.about for each in self.fetched.values()}
        for source, about in known.items():
            for field, value in zip(SOURCE_FIELDS, about, strict=True):
                empty = "the day of the results" if field == "date" else "not cited"
                yield Entry("source", f"{source} {field}", if_empty=empty, value=value)

    def figures(self, part: Literal["figure", "year"], period: str) -> Iterator[Entry]:
        """Figures that the model reads, and what else has been on file of late."""
        year = part == "year"
        series = {
            name: self.facts.series(name, "year" if year else "quarter")
            for name in self.facts.names()
        }
        back = str(int(period) - 1) if year else str(Quarter(period).plus(-4))
        last = back if year else str(Quarter(period).plus(-1))
        oldest = back if year else str(Quarter(period).plus(-_LOOKED_BACK))
        read = {n for n, each in self.standing.items() if (each.yearly if year else each.quarterly)}
        wanted = read | {name for name, found in series.items() if max(found, default="") >= oldest}
        wanted |= {metric for metric, when in self.fetched if when == period}
        order = {name: place for place, name in enumerate(self.labels)}
        for name in sorted(wanted, key=lambda each: (order.get(each, len(order)), each)):
            label = self.labels.get(name)
            metric, found = self.facts.metrics[name], series.get(name, {})
            stands = self.standing.get(name)
            empty = "" if year else _UNREAD
            if stands and name in read and not year:
                empty = stands.words or _WORKED_OUT
            empty_row = Fetched("", self.source, self._kind(found), "")
            given = self.fetched.get((name, period), empty_row)
            yield Entry(part, name, label.label if label else metric.definition, metric.unit,
                        label.where if label else "quarterly or annual report", empty,
                        _shown(found.get(back)), "" if year else _shown(found.get(last)),
                        given.value, given.source, given.kind, note=given.note)  # fmt: skip

    def _kind(self, found: Mapping[str, Fact]) -> str:
        latest = found[max(found)].kind if found else "reported"
        return latest if latest in ("derived", "rounded") else "reported"

    def guidance(self) -> Iterator[Entry]:
        """Ranges for the fiscal year of the coming quarter and the year after."""
        given = capex_guidance(self.owner.name, self.project)
        of = int(self.owner.fiscal_year(self.quarter))
        for year in (of, of + 1):
            for metric, label in GUIDED.items():
                own = [each for each in given if each.metric == metric]
                unit = own[-1].unit if own else "USD bn"
                ranges = [each for each in own if each.fiscal_year == str(year)]
                for side in ("low", "high"):
                    was = f"{getattr(ranges[-1], side):g}" if ranges else ""
                    yield Entry("guidance", f"{metric} {year} {side}", f"{label}, {side} end", unit,
                                _OUTLOOK, "what was guided before stands", "", was,
                                source=self.source)  # fmt: skip

    def seconds(self) -> Iterator[Entry]:
        """Figures that had a second source of late."""
        known, since = sources(self.project), self.quarter.plus(-_LOOKED_BACK)
        for name in second_sources(self.project.data, self.facts, known, since):
            yield Entry("second", f"{name} {self.quarter}", "The same, as another source prints it",
                        self.facts.metrics[name].unit, if_empty="no second source")  # fmt: skip


def _shown(fact: Fact | None) -> str:
    return "" if fact is None else f"{fact.value:.10g}"
