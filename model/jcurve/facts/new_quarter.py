"""A reported quarter comes in as one change, or not at all.

The filled form (:mod:`jcurve.facts.entry_form`) is held against everything first: what the rows of
history need, the size and sign of each figure against the year before, guidance, days, sources.
Then figures, sources, guidance, second sources, calendar, dates of the company and of the shipped
scenarios are changed on a copy, every identity is re-checked there, and the files are replaced
together (:mod:`jcurve.facts.table_edits`). All complaints are told at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from jcurve.facts.entry_form import Fetched, read_form, written_form
from jcurve.facts.history import standings
from jcurve.facts.quarter_change import QuarterChange
from jcurve.facts.quarter_plan import BASE, moved_dates, moved_range, plan_of, waiting
from jcurve.facts.reported import Facts, reported
from jcurve.facts.tables import home_of
from jcurve.facts.verify import verify
from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.project import Project, Where
from jcurve.ground.quarters import Quarter

__all__ = ["NewQuarter", "bring_forward", "quarter_form"]


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
