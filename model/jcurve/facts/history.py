"""Complete rows of history: what the model's lines take as arguments.

``history.csv`` lists the rows of a company, ``history_rules.csv`` how each is filled, in
order: what is on file first, then rules for the rest. A row has no gap from its first to its last
quarter, NaN outside. What a rule fills beyond arithmetic is an *estimate*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

from jcurve.facts.companies import company
from jcurve.facts.history_rules import RULES, Cell, Cells, View, check_inputs
from jcurve.facts.reported import NATURES, Fact, Facts, reported
from jcurve.facts.tables import QUARTER, AnyWords, Column, Row, Text, by_key, home_of, with_rows
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.project import Project, Where
from jcurve.ground.quarters import FIRST_QUARTER, LAST_QUARTER, QUARTERS_IN_YEAR, Quarter
from jcurve.ground.units import FACT_UNITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEEDED = "needed"  # What a row makes of a quarter for which it has neither figure nor rule

_NAME = re.compile(r"reported_[a-z0-9_]+(?:\.[a-z][a-z0-9_]*)?")
_GRID_START = FIRST_QUARTER.plus(-4)  # for opening balances
_ON_FILE = "on file"
_BY_YEAR = frozenset({"year_split", "year_ends", "at"})
_NOT_KNOWN_THEN = "not known then; a flow as a year before, anything else as last known"


def _name(row: Row, key: str) -> str:
    name = row.text(key)
    if not _NAME.fullmatch(name):
        raise row.error(
            key,
            "not the name of a row of history",
            name,
            "reported_ and lower case, optionally .member",
        )
    return name


def _quarter(row: Row, key: str) -> str:
    return row.period(key, QUARTER) if row.cells[key] else ""


def _last(row: Row, key: str) -> str:
    return _ON_FILE if row.cells[key] == _ON_FILE else _quarter(row, key)


@dataclass(frozen=True, slots=True)
class _Step:
    """One rule of a row: which cells it may fill, and from what."""

    row: Annotated[str, Column(what="row of history")]
    rule: str
    inputs: AnyWords
    start: Annotated[str, Column("from", read=_quarter)]
    stop: Annotated[str, Column("to", read=_quarter)]
    why: Text
    where: Annotated[str, Column("rule", read=Row.at)]


@dataclass(frozen=True)
class _Plan:
    """What a row of history is; ``last`` is empty where it ends with the data."""

    name: Annotated[str, Column("row", read=_name)]
    unit: str
    nature: str
    first: Quarter
    last: Annotated[str, Column(read=_last)]
    definition: str
    where: Annotated[str, Column("row", read=Row.at)]


@dataclass(frozen=True, eq=False)
class HistoryRow(_Plan):
    """A row of history on the model's timeline: a cell each quarter, none outside ``first`` to
    ``last``."""

    quarters: tuple[str, ...]
    cells: tuple[Cell | None, ...]

    @property
    def prefix(self) -> str:
        """The family's name; the row's own where it is in none."""
        return self.name.partition(".")[0]

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """The value of each quarter, NaN where there is none."""
        import numpy as np

        values = np.array([np.nan if c is None else c.value for c in self.cells], dtype=np.float64)
        values.setflags(write=False)
        return values

    def at(self, quarter: str) -> float:
        """The value of a quarter on the timeline."""
        try:
            return float(self.values[self.quarters.index(quarter)])
        except ValueError:
            raise UsageError(
                "quarter outside the timeline",
                received=quarter,
                allowed=f"{self.quarters[0]} to {self.quarters[-1]}",
            ) from None

    def filled(self) -> tuple[tuple[str, Cell], ...]:
        """The quarters that have a value, with their cells."""
        pairs = zip(self.quarters, self.cells, strict=True)
        return tuple((quarter, cell) for quarter, cell in pairs if cell is not None)

    def estimates(self) -> Mapping[str, list[str]]:
        """The quarters that a rule filled, by the rule."""
        found: dict[str, list[str]] = {}
        for quarter, cell in self.filled():
            if cell.status == "estimate":
                found.setdefault(cell.why, []).append(quarter)
        return found


class _Builder:
    """Fills rows on demand, each once, in whatever order their rules ask for one another.

    A rule that reads another row has that row filled first. What is asked for while it is itself
    being filled is a circle, and an error that names it.
    """

    def __init__(self, facts: Facts, project: Project) -> None:
        self.facts = facts
        self.project = project
        self.early = facts.company.data_through < company(facts.company.name, project).data_through
        self.plans, self.steps = _plans(facts, project)
        self.quarters = _GRID_START.through(facts.company.data_through)
        self.index: dict[str, int] = {each: i for i, each in enumerate(self.quarters)}
        self.years = tuple(map(facts.company.fiscal_year, self.quarters))
        self.done: dict[str, Cells] = {}
        self.open: list[str] = []
        self.gaps: dict[str, tuple[str, ...]] = {}
        self.follows: set[str] = set()  # rows that read one with a gap

    def view(self, plan: _Plan, step: _Step, own: Cells) -> View:
        """What one rule of one row may look at, in the row's unit."""

        def cell(found: Fact | None) -> Cell | None:
            if found is None:
                return None
            scale = 0.01 if (found.unit, plan.unit) == ("percent", "share") else 1.0
            status = "derived" if found.kind == "derived" else "reported"
            return Cell(found.value * scale, status, found.source.source_id)

        def fact(metric: str, period: str) -> Cell | None:
            if metric not in self.facts.metrics:
                raise FactsError.not_among(
                    "no such metric", metric, self.facts.metrics, where=step.where, allowed=""
                )
            return cell(self.facts.get(metric, period))

        def cells(name: str) -> Cells:
            if name in self.plans:
                row = self.row(name)
                if name in self.gaps and self.open:
                    self.follows.add(self.open[-1])
                return row
            if name not in self.facts.metrics:
                known = [*self.plans, *self.facts.metrics]
                raise FactsError.not_among(
                    "no such row or metric", name, known, where=step.where, allowed=""
                )
            return [cell(self.facts.get(name, quarter)) for quarter in self.quarters]

        def peer(company: str, metric: str) -> Cells:
            try:
                facts = reported(company, self.project)
            except FactsError as problem:
                raise problem.at(step.where) from None
            if metric not in facts.names():
                raise FactsError.not_among(
                    f"no such metric for {company}",
                    metric,
                    facts.names(),
                    where=step.where,
                    allowed="",
                )
            return [cell(facts.get(metric, quarter)) for quarter in self.quarters]

        first = self.index[plan.first]
        return View(self.quarters, self.years, first, step.why, own, cells, fact, peer)

    def row(self, name: str) -> Cells:
        """The cells of a row, filled."""
        if name in self.done:
            return self.done[name]
        if name in self.open:
            raise FactsError(
                "rows of history that need one another",
                where=self.plans[name].where,
                received=" > ".join([*self.open[self.open.index(name) :], name]),
            )
        plan = self.plans[name]
        if plan.first > self.quarters[-1]:
            return (None,) * len(self.quarters)
        self.open.append(name)
        own: list[Cell | None] = [None] * len(self.quarters)
        for step in self.steps[name]:
            if step.start > self.quarters[-1]:
                continue  # not yet, where facts end early
            apply, _ = RULES[step.rule]
            # What is on file is kept outside the row's range too: a balance before the first
            # quarter is the neighbour of a gap at it.
            on_file = step.rule in ("quarters", "year_ends")
            low = self.index.get(step.start, 0 if on_file else self.index[plan.first])
            high = self.index.get(step.stop, self.index.get(plan.last, len(own) - 1))
            view = self.view(plan, step, tuple(own))
            for i, cell in apply(view, *step.inputs):
                if low <= i <= high and own[i] is None:
                    own[i] = cell
        if plan.last == _ON_FILE:
            filled = [i for i in range(self.index[plan.first], len(own)) if own[i] is not None]
            plan = replace(plan, last=self.quarters[filled[-1]] if filled else plan.first.plus(-1))
            self.plans[name] = plan
        inside = range(self.index[plan.first], self.index.get(plan.last, -1) + 1)
        if self.early:
            _stand_in(own, inside, plan.nature)
        if gaps := tuple(self.quarters[i] for i in inside if own[i] is None):
            self.gaps[name] = gaps
        self.open.pop()
        self.done[name] = tuple(own)
        return self.done[name]

    def refuse_gaps(self) -> None:
        """Name every row with a gap of its own: all that a new quarter leaves empty, at once.

        Rows that only read such a row are left out: their gap goes with its.
        """
        roots = [name for name in self.gaps if name not in self.follows]
        if not roots:
            return
        first, *others = roots
        more = f"; so have {len(others)} other rows: {', '.join(others)}" if others else ""
        raise FactsError(
            f"{first} has no value and no rule for {len(self.gaps[first])} quarters{more}",
            where=self.plans[first].where,
            received=", ".join(self.gaps[first]),
            allowed="a reported value, or a rule that fills it",
        )


def _stand_in(own: list[Cell | None], inside: range, nature: str) -> None:
    """What no rule fills at the end of facts that end early: the rules speak of today's end.

    A flow is as in the same quarter of the year before, anything else as last known.
    """
    back = QUARTERS_IN_YEAR if nature == "flow" else 1
    for i in inside:
        if own[i] is None and i >= back and (known := own[i - back]) is not None:
            own[i] = Cell(known.value, "estimate", known.source, _NOT_KNOWN_THEN)


def history(
    company: str,
    first: str = FIRST_QUARTER,
    last: str = LAST_QUARTER,
    project: Where = None,
    facts: Facts | None = None,
) -> dict[str, HistoryRow]:
    """Every row of history of a company, on the quarters from ``first`` to ``last``.

    ``facts`` are what the rows rest on, by default all that is on file; with fewer, a row that
    had not begun is empty, and what no rule fills at their end is an estimate.

    Raises:
        FactsError: a malformed table, rows that need one another, or a gap without a rule.
    """
    home = Project(home_of(project).data.parent)
    builder = _Builder(reported(company, home) if facts is None else facts, home)
    wanted = Quarter(first).through(last)
    filled = {name: builder.row(name) for name in builder.plans}
    builder.refuse_gaps()
    rows: dict[str, HistoryRow] = {}
    for name, plan in builder.plans.items():
        cells = filled[name]
        picked = (cells[builder.index[q]] if plan.first <= q <= plan.last else None for q in wanted)
        rows[name] = HistoryRow(**vars(plan), quarters=wanted, cells=tuple(picked))
    return rows


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rows of history make of a metric in the last quarter."""

    # :data:`NEEDED` where a row has a gap without it, what stands in for it otherwise; empty where
    # it is on file
    words: str = ""
    quarterly: bool = False  # whether its quarters, and its years, are read
    yearly: bool = False


def standings(facts: Facts, project: Where = None) -> dict[str, Standing]:
    """Each metric that the rows of a company read now, and what they make of its last quarter."""
    builder = _Builder(facts, Project(home_of(project).data.parent))
    found: dict[str, Standing] = {}
    for name in builder.plans:
        steps = builder.steps[name]
        cell = builder.row(name)[-1]
        whys = (step.why for step in steps if step.rule != "quarters" and not step.stop)
        words = cell.why if cell is not None else next(filter(None, whys), NEEDED)
        if builder.plans[name].last < builder.quarters[-1]:
            words = "the row ends with what is on file"
        elif cell is None and name not in builder.follows:
            words = NEEDED
        for step in steps:
            if step.stop and step.stop < builder.quarters[-1]:
                continue
            by_year = step.rule in _BY_YEAR
            for metric in (each for each in step.inputs if each in facts.metrics):
                old = found.get(metric, Standing())
                asked = words if step.rule == "quarters" and old.words != NEEDED else old.words
                read = replace(old, yearly=True) if by_year else replace(old, quarterly=True)
                found[metric] = replace(read, words=asked)
    return found


def _plans(facts: Facts, project: Project) -> tuple[dict[str, _Plan], Mapping[str, list[_Step]]]:
    """What the two tables say of each row: what it is, and the rules that fill it in order."""
    data, folder = project.data, f"companies/{facts.company.folder}"
    through = facts.company.data_through
    on_file = max(through, company(facts.company.name, project).data_through)
    file = f"{folder}/history.csv"
    known = {"unit": FACT_UNITS, "nature": NATURES}
    for plan, row in with_rows(data, file, _Plan, known):
        last = on_file if plan.last in ("", _ON_FILE) else plan.last
        if not _GRID_START <= plan.first <= last <= on_file:
            raise row.error(
                "first",
                "a row of history ends before it starts, or outside the data",
                f"{plan.first} to {last}",
                f"quarters from {_GRID_START} to {through}",
            )
    plans = by_key(data, file, _Plan, known)
    steps: dict[str, list[_Step]] = {name: [] for name in plans}
    table = f"{folder}/history_rules.csv"
    for step, row in with_rows(data, table, _Step, {"row": plans, "rule": RULES}):
        _check_rule(step, row)
        steps[step.row].append(step)
    short = {
        name: replace(plan, last=min(plan.last or on_file, through))
        if plan.last != _ON_FILE
        else plan
        for name, plan in plans.items()
    }
    return short, MappingProxyType(steps)


def _check_rule(step: _Step, row: Row) -> None:
    """A rule has its inputs, and says why where it is more than looking up."""
    check_inputs(step.rule, step.inputs, row.at("inputs"))
    if step.rule == "constant":
        row.number("inputs")
    if step.rule != "quarters" and not (step.rule == "year_ends" and not step.start):
        row.text("why")
