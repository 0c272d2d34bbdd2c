"""Complete rows of history: what the model's lines take as arguments.

``history.csv`` lists the rows of a company, ``history_rules.csv`` how each is filled, in
order: what is on file first, then rules for the rest. A row has no gap from its first to its
last quarter; outside them it is NaN. What a rule fills beyond arithmetic is an *estimate*.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from jcurve.facts.cells import Cell, Cells
from jcurve.facts.company import company
from jcurve.facts.reported import NATURES, Fact, Facts, reported
from jcurve.facts.rules import RULES, check_inputs
from jcurve.facts.tables import QUARTER, Row, data_folder, read_table
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.project import Project
from jcurve.ground.quarters import FIRST_QUARTER, LAST_QUARTER, Quarter
from jcurve.ground.units import FACT_UNITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["STATUSES", "HistoryRow", "history"]

STATUSES = ("reported", "derived", "estimate", "")
_ROW_COLUMNS = ("row", "unit", "nature", "first", "last", "definition")
_RULE_COLUMNS = ("row", "rule", "inputs", "from", "to", "why")
_NAME = re.compile(r"reported_[a-z0-9_]+(?:\.[a-z][a-z0-9_]*)?")
_GRID_START = FIRST_QUARTER.plus(-4)  # for opening balances
_PER_CENT = 0.01


@dataclass(frozen=True, eq=False)
class HistoryRow:
    """A row of history on the model's timeline.

    ``values`` holds NaN, and the other three empty text, outside ``first`` to ``last``.
    ``status`` is reported, derived or estimate; ``source_id`` may name several, joined by
    ``;``; ``why`` is the rule that filled the quarter, empty where the figure is on file.
    """

    name: str
    unit: str
    nature: str
    definition: str
    first: str
    last: str
    quarters: tuple[str, ...]
    values: NDArray[np.float64]
    status: tuple[str, ...]
    source_id: tuple[str, ...]
    why: tuple[str, ...]

    @property
    def prefix(self) -> str:
        """The family's name; the row's own where it is in none."""
        return self.name.partition(".")[0]

    @property
    def member(self) -> str | None:
        """The member of the family, or None."""
        return self.name.partition(".")[2] or None

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

    def estimates(self) -> tuple[str, ...]:
        """The quarters that a rule filled."""
        return tuple(q for q, s in zip(self.quarters, self.status, strict=True) if s == "estimate")


@dataclass(frozen=True, slots=True)
class _Step:
    rule: str
    inputs: tuple[str, ...]
    start: str
    stop: str
    why: str
    where: str


@dataclass(frozen=True, slots=True)
class _Plan:
    name: str
    unit: str
    nature: str
    first: str
    last: str
    definition: str
    where: str
    steps: tuple[_Step, ...]


class _Builder:
    """Fills rows on demand, each once, in whatever order their rules ask for one another."""

    def __init__(
        self, facts: Facts, plans: Mapping[str, _Plan], last: str, project: Project
    ) -> None:
        self.facts = facts
        self.plans = plans
        self.project = project
        self.others: dict[str, Facts] = {}
        self.quarters = _GRID_START.through(last)
        self.index: dict[str, int] = {each: i for i, each in enumerate(self.quarters)}
        shift = facts.company.fiscal_year_ends_in_month // 3
        self.years = tuple(str(q.year + (q.number > shift)) for q in self.quarters)
        self.done: dict[str, Cells] = {}
        self.open: list[str] = []
        self.gaps: dict[str, tuple[str, ...]] = {}
        self.follows: set[str] = set()  # rows that read one with a gap

    def fact(self, metric: str, period: str, unit: str) -> Cell | None:
        return self._cell(self.facts.get(metric, period), unit)

    @staticmethod
    def _cell(found: Fact | None, unit: str) -> Cell | None:
        if found is None:
            return None
        scale = _PER_CENT if (found.unit, unit) == ("percent", "share") else 1.0
        status = "derived" if found.kind == "derived" else "reported"
        return Cell(found.value * scale, status, found.source.source_id)

    def peer(self, company: str, metric: str, unit: str, where: str) -> Cells:
        """Another company's quarters, up to where this one's facts end."""
        if company not in self.others:
            try:
                self.others[company] = reported(company, self.project)
            except FactsError as problem:
                raise FactsError(
                    problem.what,
                    where=problem.where or where,
                    received=problem.received,
                    allowed=problem.allowed,
                    suggestion=problem.suggestion,
                ) from None
        facts = self.others[company]
        if metric not in facts.names():
            raise FactsError.not_among(
                f"no such metric for {company}", metric, facts.names(), where=where, allowed=""
            )
        return [self._cell(facts.get(metric, quarter), unit) for quarter in self.quarters]

    def cells(self, name: str, unit: str, where: str) -> Cells:
        if name in self.plans:
            cells = self.row(name)
            if name in self.gaps and self.open:
                self.follows.add(self.open[-1])
            return cells
        if name not in self.facts.metrics:
            known = [*self.plans, *self.facts.metrics]
            raise FactsError.not_among(
                "no such row or metric", name, known, where=where, allowed=""
            )
        return [self.fact(name, quarter, unit) for quarter in self.quarters]

    def row(self, name: str) -> Cells:
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
        for step in plan.steps:
            if step.start > self.quarters[-1]:
                continue  # not yet, where facts end early
            view = _StepView(self, plan, step)
            apply, _ = RULES[step.rule]
            proposed = apply(view, step.inputs, tuple(own))
            # What is on file is kept outside the row's range too: a balance before the first
            # quarter is the neighbour of a gap at it.
            on_file = step.rule in ("quarters", "year_ends")
            low = self.index.get(step.start, 0 if on_file else self.index[plan.first])
            high = self.index.get(step.stop, self.index[plan.last])
            for i in range(low, high + 1):
                if own[i] is None:
                    own[i] = proposed[i]
        self._note_gaps(plan, own)
        self.open.pop()
        self.done[name] = tuple(own)
        return self.done[name]

    def _note_gaps(self, plan: _Plan, own: Cells) -> None:
        inside = range(self.index[plan.first], self.index[plan.last] + 1)
        gaps = tuple(self.quarters[i] for i in inside if own[i] is None)
        if gaps:
            self.gaps[plan.name] = gaps

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


class _StepView:
    """What one step of one row may look at."""

    def __init__(self, builder: _Builder, plan: _Plan, step: _Step) -> None:
        self._builder = builder
        self._unit = plan.unit
        self.quarters: tuple[str, ...] = builder.quarters
        self.first = builder.index[plan.first]
        self.why = step.why
        self.where = step.where

    def cells(self, name: str) -> Cells:
        return self._builder.cells(name, self._unit, self.where)

    def fact(self, metric: str, period: str) -> Cell | None:
        if metric not in self._builder.facts.metrics:
            raise FactsError.not_among(
                "no such metric", metric, self._builder.facts.metrics, where=self.where, allowed=""
            )
        return self._builder.fact(metric, period, self._unit)

    def peer(self, company: str, metric: str) -> Cells:
        return self._builder.peer(company, metric, self._unit, self.where)

    def year_of(self, index: int) -> str:
        return self._builder.years[index]


def history(
    company: str,
    first: str = FIRST_QUARTER,
    last: str = LAST_QUARTER,
    project: Project | str | Path | None = None,
    facts: Facts | None = None,
) -> dict[str, HistoryRow]:
    """Every row of history of a company, on the quarters from ``first`` to ``last``.

    ``facts`` are what the rows rest on, by default all that is on file; with fewer, a row that
    had not begun is empty.

    Raises:
        FactsError: a malformed table, rows that need one another, or a gap without a rule.
    """
    import numpy as np

    data = data_folder(project)
    if facts is None:
        facts = reported(company, Project(data.parent))
    through = facts.company.data_through
    plans = _plans(data, facts)
    builder = _Builder(facts, plans, through, Project(data.parent))
    wanted = Quarter(first).through(last)
    filled = {name: builder.row(name) for name in plans}
    builder.refuse_gaps()
    rows: dict[str, HistoryRow] = {}
    for name, plan in plans.items():
        cells = filled[name]
        picked = [cells[builder.index[q]] if plan.first <= q <= plan.last else None for q in wanted]
        values = np.array([np.nan if c is None else c.value for c in picked], dtype=np.float64)
        values.setflags(write=False)
        rows[name] = HistoryRow(
            name=name,
            unit=plan.unit,
            nature=plan.nature,
            definition=plan.definition,
            first=plan.first,
            last=plan.last,
            quarters=wanted,
            values=values,
            status=tuple("" if c is None else c.status for c in picked),
            source_id=tuple("" if c is None else c.source for c in picked),
            why=tuple("" if c is None else c.why for c in picked),
        )
    return rows


def _plans(data: Path, facts: Facts) -> Mapping[str, _Plan]:
    folder = f"companies/{facts.company.folder}"
    through = facts.company.data_through
    on_file = company(facts.company.name, Project(data.parent)).data_through
    heads: dict[str, Row] = {}
    for row in read_table(data, f"{folder}/history.csv", _ROW_COLUMNS):
        name = row.text("row")
        if not _NAME.fullmatch(name):
            raise FactsError(
                "not the name of a row of history",
                where=row.at("row"),
                received=name,
                allowed="reported_ and lower case, optionally .member",
            )
        if name in heads:
            raise FactsError("row listed twice", where=row.at("row"), received=name)
        heads[name] = row
    steps: dict[str, list[_Step]] = {name: [] for name in heads}
    for row in read_table(data, f"{folder}/history_rules.csv", _RULE_COLUMNS):
        steps[row.choice("row", heads, "row of history")].append(_step(row))
    plans: dict[str, _Plan] = {}
    for name, row in heads.items():
        plan = _Plan(
            name=name,
            unit=row.choice("unit", FACT_UNITS, "unit"),
            nature=row.choice("nature", NATURES, "nature"),
            first=row.period("first", QUARTER),
            last=row.period("last", QUARTER) if row.optional("last") else on_file,
            definition=row.text("definition"),
            where=row.at("row"),
            steps=tuple(steps[name]),
        )
        if not _GRID_START <= plan.first <= plan.last <= on_file:
            raise FactsError(
                "a row of history ends before it starts, or outside the data",
                where=row.at("first"),
                received=f"{plan.first} to {plan.last}",
                allowed=f"quarters from {_GRID_START} to {through}",
            )
        plans[name] = replace(plan, last=min(plan.last, through))
    return MappingProxyType(plans)


def _step(row: Row) -> _Step:
    rule = row.choice("rule", RULES, "rule")
    inputs = tuple(row.optional("inputs").split())
    check_inputs(rule, inputs, row.at("inputs"))
    if rule == "constant":
        row.number("inputs")
    if rule != "quarters" and not (rule == "year_ends" and not row.optional("from")):
        row.text("why")
    return _Step(
        rule=rule,
        inputs=inputs,
        start=row.period("from", QUARTER) if row.optional("from") else "",
        stop=row.period("to", QUARTER) if row.optional("to") else "",
        why=row.optional("why"),
        where=row.at("rule"),
    )
