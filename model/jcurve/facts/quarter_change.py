"""What a filled form changes, part by part, and what speaks against it, row by row."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from jcurve.facts.calendar import EXPECTED, RELEASED
from jcurve.facts.disclosures import Guidance, capex_guidance
from jcurve.facts.entry_form import GUIDED, SOURCE_FIELDS, Entry
from jcurve.facts.history import NEEDED, standings
from jcurve.facts.identities import SIZE, doubt, left_over, out_of_size
from jcurve.facts.reported import KINDS, Fact, Facts
from jcurve.facts.sources import GRADES, Source, sources
from jcurve.facts.table_edits import Edits
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

_OVER = 1.05  # by which a year may pass its guided range without a word
_GUIDED_JUMP = 3.0
_DAY = re.compile(r"20\d\d-\d\d-\d\d")
_SURE = "another figure, or the reason in the column sure"
_READ_ELSEWHERE = Source("", "", "", "", "", "", "", "")


class QuarterChange:
    """The change in the making.

    Attributes:
        owner, quarter: whose, and which.
        year: the fiscal year that the quarter ends; empty where it ends none.
        released: the day of the results.
        edits: the new files.
        problems, notes: what speaks against them, and what somebody should look at.
        outlays: each guided range of capital expenditures, with the one before for that year.
    """

    def __init__(
        self, project: Project, facts: Facts, quarter: Quarter, entries: Iterable[Entry]
    ) -> None:
        self.project, self.facts, self.quarter = project, facts, quarter
        self.entries = tuple(entries)
        self.owner = facts.company
        self.folder = f"companies/{self.owner.folder}"
        self.fiscal, self.year = self.owner.fiscal_year(quarter), self.owner.year_ended(quarter)
        self.edits = Edits(project.data)
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.known = sources(project)
        self.given: dict[str, dict[str, str]] = {}
        self.cited: set[str] = set()
        days = [each.value for each in self.part("release") if each.item == quarter]
        self.released = (days or [""])[0]
        self.found = dict(facts.by_period)
        self.sure: dict[tuple[str, str], str] = {}
        self.ranges: dict[tuple[str, str], dict[str, Entry]] = {}
        self.outlays: list[tuple[Guidance | None, Guidance]] = []

    def make(self) -> None:
        """Every part, in the order in which one needs the other."""
        if not self.released:
            self.problems.append(f"release {self.quarter}: the day of the results is needed")
        self.each("source", self._source)
        self.each("figure", self._figure)
        self.each("year", self._figure)
        self._rows()
        self.each("release", self._release)
        self._calendar()
        self.each("guidance", self._range)
        self._guidance()
        self.each("second", self._second)
        self._sources()

    def part(self, name: str) -> list[Entry]:
        """The filled rows of a part."""
        return [each for each in self.entries if each.part == name]

    def each(self, part: str, take: Callable[[Entry], None]) -> None:
        """Take every row of a part; what is wrong with one is a problem told with the others."""
        for entry in self.part(part):
            try:
                take(entry)
            except FactsError as problem:
                self.problems.append(f"{part} {entry.item}: {problem.at(entry.at)}")

    def source(self, entry: Entry) -> str:
        """The source of a row, which is on file or told in the form."""
        if entry.source not in self.known and "title" not in self.given.get(entry.source, {}):
            names = ", ".join(self.given) or "one of rows: source, ID title"
            raise FactsError(
                "no such source", received=entry.source, allowed=f"on file, or {names}"
            )
        self.cited.add(entry.source)
        return entry.source

    def day(self, entry: Entry, after: datetime.date) -> str:
        """The day of a row, which comes after another."""
        try:
            good = _DAY.fullmatch(entry.value) and datetime.date.fromisoformat(entry.value) > after
        except ValueError:
            good = False
        if not good:
            raise FactsError(
                "not a day, or too early",
                received=entry.value,
                allowed=f"a day after {after}, written in this way",
            )
        return entry.value

    # ---- sources and figures -----------------------------------------------------------------

    def _source(self, entry: Entry) -> None:
        source, _, column = entry.item.partition(" ")
        if column not in SOURCE_FIELDS:
            raise FactsError.not_among("no such field of a source", column, SOURCE_FIELDS)
        self.given.setdefault(source, {})[column] = entry.value

    def _sources(self) -> None:
        """What something cites and is not on file."""
        for source in sorted(self.cited - set(self.known)):
            told = self.given[source]
            if told.get("grade") not in GRADES or "how_verified" not in told:
                grades = ", ".join(GRADES)
                self.problems.append(f"source {source}: needs how_verified, and a grade: {grades}")
            if told.get("grade") != "derived":
                told.setdefault("date", self.released)
            self.edits.insert_source([source, *(told.get(each, "") for each in SOURCE_FIELDS)])

    def _figure(self, entry: Entry) -> None:
        period = str(self.quarter) if entry.part == "figure" else self.year
        if not period:
            raise FactsError("the quarter ends no fiscal year", received=entry.item)
        if entry.item not in self.facts.metrics:
            raise FactsError.not_among("no such metric", entry.item, self.facts.metrics, allowed="")
        metric, kind = self.facts.metrics[entry.item], entry.kind or "reported"
        value = entry.number()
        if (entry.unit or metric.unit) != metric.unit:
            raise FactsError("another unit", received=entry.unit, allowed=metric.unit)
        if kind not in KINDS:
            raise FactsError.not_among("unknown kind", kind, KINDS)
        if (entry.item, period) in self.found:
            raise FactsError(f"a second value for {period}", received=entry.value)
        self.sure[entry.item, period] = entry.sure
        about = (self.owner.name, period, entry.item)
        fact = Fact(*about, value, metric.unit, _READ_ELSEWHERE, kind, entry.note)
        self.found[entry.item, period] = fact
        speaks = doubt(self.facts, entry.item, period, value)
        if speaks and not entry.sure:
            raise FactsError(f"hard to believe: {speaks}", received=entry.value, allowed=_SURE)
        row = (*about, entry.value, metric.unit, self.source(entry), kind, entry.note)
        self.edits.insert_figure(self.owner.folder, row)

    def _rows(self) -> None:
        """What the rows of history lack; what is out of size and sure enters with its reason."""
        later = replace(self.owner, data_through=self.quarter)
        self.new = Facts(later, self.facts.metrics, MappingProxyType(self.found))
        stands = standings(self.new, self.project)
        if lacking := sorted(metric for metric, each in stands.items() if each.words == NEEDED):
            self.problems.append(f"figures needed and left empty: {', '.join(lacking)}")
        file = "companies/tolerances.csv"
        listed = {tuple(row[:4]) for row in self.edits.table(file)}
        for each in out_of_size(self.new, left_over(self.project.data, self.facts.metrics)):
            key = (self.owner.name, SIZE, each.metric, each.period)
            reason = self.sure.get((each.metric, each.period))
            if each.difference and reason and key not in listed:
                self.edits.insert(file, (*key, f"{abs(each.difference):.0f}", reason))

    # ---- days --------------------------------------------------------------------------------

    def _release(self, entry: Entry) -> None:
        if entry.item not in (self.quarter, self.year):
            raise FactsError("another period", received=entry.item, allowed=self.quarter)
        day = self.day(entry, self.owner.last_day(self.quarter))
        row = (self.owner.name, entry.item, day, self.source(entry))
        self.edits.insert(RELEASED, row, lambda each: (each[0], "Q" not in each[1], each[1]))

    def _next(self, entry: Entry) -> None:
        if entry.kind not in ("announced", "expected"):
            raise FactsError.not_among("unknown kind", entry.kind, ("announced", "expected"))
        day = self.day(entry, self.owner.last_day(self.quarter.plus(1)))
        file = f"{self.folder}/company.yml"
        self.edits.set_value(file, "next_results", f'"{day}"')
        self.edits.set_value(file, "next_results_status", entry.kind)

    def _calendar(self) -> None:
        file = f"{self.folder}/company.yml"
        values = {"data_through": self.quarter, "last_results": f'"{self.released}"',
                  "next_results": "null", "next_results_status": "unknown"}  # fmt: skip
        for key, value in values.items():
            self.edits.set_value(file, key, value)
        self.each("next", self._next)
        if (self.edits.data / EXPECTED).is_file():
            past = re.compile(rf"(?m)^{self.owner.name},(\d{{4}}Q\d),.*\n")
            text = self.edits.text(EXPECTED)
            made = past.sub(lambda row: "" if row[1] <= self.quarter else row[0], text)
            self.edits.set(EXPECTED, made)

    # ---- guidance and second sources -----------------------------------------------------------

    def _range(self, entry: Entry) -> None:
        metric, year, side = (*entry.item.split(), "", "", "")[:3]
        if metric not in GUIDED or not year.isdecimal() or side not in ("low", "high"):
            allowed = "capex 2026 low, total_expenses 2026 high"
            raise FactsError("not the end of a guided range", received=entry.item, allowed=allowed)
        entry.number()
        self.ranges.setdefault((year, metric), {})[side] = entry

    def _guidance(self) -> None:
        """Ranges with both ends, beside what was guided before, and what was spent."""
        before = capex_guidance(self.owner.name, self.project)
        for (year, metric), ends in sorted(self.ranges.items()):
            was = [each for each in before if each.metric == metric]
            try:
                self._guided(metric, year, ends, was)
            except FactsError as problem:
                entry = next(iter(ends.values()))
                self.problems.append(f"guidance {metric} {year}: {problem.at(entry.at)}")
        ranges = [
            *(each for each in before if each.metric == "capex"),
            *(new for _, new in self.outlays),
        ]
        told = [each for each in ranges if each.fiscal_year == self.fiscal]
        if not told:
            return
        top = told[-1].in_millions.high
        metrics = ["purchases_of_ppe"]
        if told[-1].includes_finance_lease_principal is not False:
            metrics.append("finance_lease_principal_payments")
        quarters = self.owner.quarters(self.fiscal)
        parts = [self.new.get(metric, quarter) for metric in metrics for quarter in quarters]
        spent = sum(each.value for each in parts if each is not None)
        if spent > top * _OVER:
            what = f"capital expenditures of {self.fiscal} so far, {spent:,.0f} USD m"
            self.notes.append(f"{what}, pass the guided {top:,.0f}")

    def _guided(
        self, metric: str, year: str, ends: Mapping[str, Entry], was: list[Guidance]
    ) -> None:
        if len(ends) < 2:
            raise FactsError("a range has two ends", received=next(iter(ends)), allowed="low, high")
        low, high = ends["low"], ends["high"]
        if low.number() > high.number():
            raise FactsError(
                "the low end is above the high", received=low.value, allowed=high.value
            )
        last = was[-1] if was else None
        if last and not low.sure and not 1 / _GUIDED_JUMP < low.number() / last.low < _GUIDED_JUMP:
            words = f"hard to believe: the last low end was {last.low:g} {last.unit}"
            raise FactsError(words, received=low.value, allowed=_SURE)
        told = [each.includes_finance_lease_principal for each in was]
        principal = next((each for each in reversed(told) if each is not None), None)
        as_of = low.kind if _DAY.fullmatch(low.kind) else self.released
        unit = low.unit or (last.unit if last else "USD bn")
        word = {True: "yes", False: "no", None: ""}[principal]
        row = (self.owner.name, as_of, year, metric, low.value, high.value, unit, word,
               self.source(low), low.note)  # fmt: skip
        self.edits.insert(f"{self.folder}/capex_guidance.csv", row, lambda each: tuple(each[1:4]))
        same = next((each for each in reversed(was) if each.fiscal_year == year), None)
        if same is None or (low.number(), high.number()) != (same.low, same.high):
            old = f", before {same.low:g} to {same.high:g}" if same else ""
            self.notes.append(f"guided {metric} {year}: {low.value} to {high.value} {unit}{old}")
        if metric == "capex":
            source = replace(_READ_ELSEWHERE, source_id=low.source)
            new = Guidance(self.owner.name, as_of, year, "capex", low.number(), high.number(),
                           unit, principal, source, low.note)  # fmt: skip
            self.outlays.append((same, new))

    def _second(self, entry: Entry) -> None:
        metric, _, period = entry.item.partition(" ")
        part = {str(self.quarter): "figure", self.year or None: "year"}.get(period)
        main = [each for each in self.part(part or "") if each.item == metric]
        if not main:
            allowed = f"METRIC {self.quarter}, a figure of this form"
            raise FactsError("a second source of nothing", received=entry.item, allowed=allowed)
        entry.number()
        freq = "year" if part == "year" else "quarter"
        row = (freq, period, metric, main[0].value, main[0].source, entry.value, self.source(entry))
        self.edits.insert(f"{self.folder}/crosscheck.csv", row, lambda each: (each[2], each[1]))
