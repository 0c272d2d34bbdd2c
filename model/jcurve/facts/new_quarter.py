"""A reported quarter comes in as one change, or not at all.

The filled form (:mod:`jcurve.facts.entry_form`) is held against everything first: what the rows of
history need, the size and sign of each figure against the year before, guidance, days, sources.
Then figures, sources, guidance, second sources, calendar, dates of the company and of the shipped
scenarios are changed on a copy, every identity is re-checked there, and the files are replaced
together (:mod:`jcurve.facts.table_edits`). All complaints are told at once.

A scenario is text here, changed line by line, so that its comments and its order stay; what a
quarter leaves to judgement is told by name.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from jcurve.facts.companies import Company
from jcurve.facts.disclosures import Guidance
from jcurve.facts.entry_form import Fetched, read_form, written_form
from jcurve.facts.history import standings
from jcurve.facts.quarter_change import QuarterChange
from jcurve.facts.registers import evidence
from jcurve.facts.reported import Facts, reported
from jcurve.facts.tables import home_of
from jcurve.facts.verify import verify
from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.project import Project, Where
from jcurve.ground.quarters import Quarter


@dataclass(frozen=True, slots=True)
class NewQuarter:
    """What a form would do, or did."""

    company: str  # whose, and which
    quarter: str
    problems: tuple[str, ...]  # why nothing is written; empty where nothing speaks against it
    notes: tuple[str, ...]  # what somebody should look at
    diff: str  # of every file that changes
    files: tuple[str, ...]  # their names
    written: bool  # whether they were replaced

    def lines(self) -> list[str]:
        """For a reader."""
        if self.problems:
            count = len(self.problems)
            what = f"{count} thing{'s' if count > 1 else ''} to put right; nothing is written"
            return [*self.problems, f"{self.company} {self.quarter}: {what}"]
        state = "written" if self.written else "not written"
        told = [f"note: {each}" for each in self.notes]
        return [*told, f"{self.company} {self.quarter}: {len(self.files)} files {state}"]


def quarter_form(
    quarter: str,
    name: str = "META",
    project: Where = None,
    fetched: Mapping[tuple[str, str], Fetched] = MappingProxyType({}),
) -> str:
    """The file to fill for the quarter after the last on file, as text; see
    :func:`~jcurve.facts.entry_form.written_form`.
    """
    home = Project(home_of(project).data.parent)
    facts = reported(name, home)
    coming = _coming(facts, quarter)
    later = Facts(replace(facts.company, data_through=coming), facts.metrics, facts.by_period)
    return written_form(facts, coming, standings(later, home), home, fetched)


def bring_forward(
    form: str | Path,
    quarter: str,
    name: str = "META",
    project: Where = None,
    *,
    scenarios: Iterable[str] = (),
    check: Callable[[Project], None] = lambda project: None,
    write: bool = True,
) -> NewQuarter:
    """Take a filled form into the data, all of it or nothing.

    Args:
        form: the file.
        quarter: the one after the last on file.
        name: whose.
        project: where the data are.
        scenarios: those whose dates move with the data.
        check: raises an error where the changed copy does not hold, of what rooms above know.
        write: whether to replace the files.

    Raises:
        UsageError: another quarter.
        FactsError: the form is no such table, or a file has changed meanwhile.
        WriteError: a file cannot be replaced.
    """
    home = home_of(project)
    if write:
        home.own()
    facts = reported(name, home)
    change = QuarterChange(home, facts, _coming(facts, quarter), read_form(Path(form)))
    change.make()
    _move_scenarios(change, frozenset(scenarios))
    problems, notes = change.problems, change.notes
    if not problems:
        with change.edits.copy() as copy:
            try:
                report = verify(project=copy)
                problems += [each.message for each in report.failures]
                check(copy)
            except JCurveError as problem:
                problems.append(re.sub(r"^data/", "", str(problem)))
            else:
                reasons: dict[str, list[str]] = {}
                for each in report.filled:
                    if (each.company, each.last) == (name, quarter):
                        reasons.setdefault(each.why, []).append(each.row)
                notes += [f"estimate of {', '.join(rows)}: {why}" for why, rows in reasons.items()]
    written = write and not problems
    if written:
        change.edits.replace()
    files = tuple(sorted(change.edits.changed()))
    diff = change.edits.diff()
    return NewQuarter(name, quarter, tuple(problems), tuple(notes), diff, files, written)


def _coming(facts: Facts, quarter: str) -> Quarter:
    last = facts.company.data_through
    coming = Quarter(last).plus(1)
    if quarter != coming:
        raise UsageError(
            f"the data of {facts.company.name} end with {last}",
            received=quarter,
            allowed=f"{coming}; for figures of quarters on file: jcurve facts refresh",
        )
    return coming


def _move_scenarios(change: QuarterChange, scenarios: frozenset[str]) -> None:
    """Dates of shipped scenarios that stand at the last reported quarter move on, and so does a
    planned outlay that is the middle of the guided range."""
    old, new = change.owner.data_through, change.quarter
    for path in sorted((change.edits.data / "scenarios").glob("*.yml")) if scenarios else ():
        file, name = f"scenarios/{path.name}", path.stem
        text = change.edits.text(file)
        made = moved_dates(text, old, new, change.released)
        for before, guided in change.outlays:
            made = moved_range(made, before, guided) if before else made
        if name not in scenarios:
            if made != text:
                change.notes.append(f"{name}, a scenario of your own, keeps its plan and dates")
            continue
        change.edits.set(file, made)
        for _, guided in change.outlays:
            low, high = guided.in_millions.low, guided.in_millions.high
            plan = plan_of(made, guided.fiscal_year)
            if plan is not None and not low <= plan <= high:
                what = f"your judgement: {name} has capex.total.{guided.fiscal_year} {plan:,.0f}"
                change.notes.append(f"{what}, guided {low:,.0f} to {high:,.0f} USD m")
        if name == BASE:
            change.notes += waiting(made, change.owner, new, change.project)


# ---- what moves in scenario files -----------------------------------------------------------


_FOLLOWING: Mapping[str, int] = {
    "valuation.date": 0, "programme.last_spending": 0, "programme.start": 0,
    "returns.run_off_from": 1,
}  # fmt: skip
"""Assumptions whose dates, of value or bounds, move with the last reported quarter, and how many
quarters after it they stand."""
BASE, _PLAN = "base", "capex.total"
_SET_BY_FIGURES = ("guided", "reported", "estimate")


def moved_dates(text: str, old: str, new: Quarter, released: str) -> str:
    """A scenario file whose dates at the last reported quarter stand at another one."""

    def moved(key: str, line: str) -> str:
        if key == "valuation.date" and line.startswith("    as_of: "):
            return f"    as_of: {released}\n"
        if key not in _FOLLOWING or not re.match(r"    (value|bounds): ", line):
            return line
        after = _FOLLOWING[key]
        return line.replace(Quarter(old).plus(after), new.plus(after))

    return "".join(moved(key, line) for key, line in _lines(text))


def moved_range(text: str, old: Guidance, new: Guidance) -> str:
    """A scenario file whose planned outlay of a guided year, where it is the middle of the range
    that was guided, is that of another one; its range, source and reason move with it."""
    year = new.fiscal_year

    def amount(which: str, guided: Guidance) -> str:
        plain = guided.in_millions
        level = {"value": plain.middle, "low": plain.low, "high": plain.high}[which]
        return f"{year}: {level:.15g}"

    wording = [(f"{each.low:g}-{each.high:g} bn", each.as_of) for each in (old, new)]

    def moved(key: str, line: str) -> str:
        name = line.strip().partition(":")[0]
        if key != _PLAN:
            return line
        if name in ("value", "low", "high"):
            return re.sub(rf"\b{re.escape(amount(name, old))}\b", amount(name, new), line)
        (words, day), (new_words, new_day) = wording
        was, now = {
            "source": (old.source.source_id, new.source.source_id),
            "as_of": (day, new_day),
            "rationale": (words, new_words),
        }.get(name, ("", ""))
        return re.sub(rf"\b{re.escape(was)}\b", now, line) if was else line

    if plan_of(text, year) != old.in_millions.middle:
        return text
    return "".join(moved(key, line) for key, line in _lines(text))


def plan_of(text: str, year: str) -> float | None:
    """The planned outlay of a year as a scenario file has it, USD m; None where it has none."""
    found = (
        re.search(rf"\b{year}: (\d+)", line)
        for key, line in _lines(text)
        if key == _PLAN and line.startswith("    value:")
    )
    return next((float(each[1]) for each in found if each), None)


def waiting(text: str, owner: Company, quarter: Quarter, project: Project) -> Iterator[str]:
    """Assumptions of the base scenario that the figures of a quarter may move, in sentences.

    They are those that hold a value of its fiscal year or rest on what was known with the quarter
    before, and dates at which nothing was reported yet.
    """
    import yaml

    given: Mapping[str, Mapping[str, object]] = yaml.safe_load(text)["assumptions"]
    year, last = int(owner.fiscal_year(quarter)), owner.last_results or ""
    cited = evidence(project)
    then = _known_with(quarter.plus(-1), last)
    old, at = [], []
    for key, each in given.items():
        value, source = each.get("value"), each.get("source")
        names = source if isinstance(source, list) else []
        own = [str(cited[name].as_of) for name in names if name in cited]
        fixed = isinstance(value, Mapping) and year in value and str(each["as_of"]) >= last
        if key in _FOLLOWING or (key == _PLAN and str(each["as_of"]) > last):
            continue  # moved with the quarter
        if value == str(quarter):
            at.append(key)
        elif (fixed and each["kind"] in _SET_BY_FIGURES) or any(day in then for day in own):
            old.append(key)
    if old:
        yield f"your judgement: base keeps what rests on figures before {quarter}: {', '.join(old)}"
    if at:
        yield f"your judgement: base has these begin in {quarter}, reported now: {', '.join(at)}"


def _known_with(quarter: Quarter, day: str) -> frozenset[str]:
    """How evidence dates what became known with a quarter."""
    number, year = quarter[-1], quarter[:4]
    dates = [quarter.last_day, *([datetime.date.fromisoformat(day)] if day else [])]
    written = {f"{each.day} {each:%b %Y}" for each in dates} | {f"{each:%b %Y}" for each in dates}
    return frozenset(
        written | {quarter, f"Q{number} {year}", f"Q{number}_{year[2:]}", f"Q{number} {year} call"}
    )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the assumption that it is of."""
    key = ""
    for line in text.splitlines(keepends=True):
        entry = re.match(r"  (\S+):\s*(?:#.*)?$", line)
        key = entry[1] if entry else key
        yield key, line
