"""What new facts did to the answer: each headline figure from one state to a later one, exactly.

A state is a case: facts, dates and assumptions as they stood. Time passes first, with every line
of the new quarters as it was forecast; what came then takes the place of the forecast, line by
line, together with moved guidance and changed assumptions. Each of these gets its Shapley value,
its mean step over all orders, so no order is chosen and the parts sum to the whole. Where figures
were printed at the time, what today's model makes of the same inputs is set apart as its own part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from jcurve.analysis import shapley
from jcurve.analysis.bridging import EXACT
from jcurve.analysis.earlier import CAPEX, CORE_GROWTH, DATED
from jcurve.analysis.question import CHUNK, Array
from jcurve.case import Case
from jcurve.company import Assembly
from jcurve.engine.model import RowKey
from jcurve.evaluation.evaluator import evaluate as evaluate_rows
from jcurve.evaluation.naming import headline_text
from jcurve.facts.tables import Text, by_key
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import QUARTERS_IN_YEAR

Kind = Literal["time", "facts", "guidance", "assumptions", "model"]
Figures: TypeAlias = Mapping[str, Mapping[str, Mapping[str, object]]]
"""Headline figures by view and name, each ``{value, unit}`` or ``{value: None, reason}``."""

_WORLD = "with"
_ROUNDING = 1e-9
"""Of a figure: what a printed one may differ by before another model is said to have made it."""
_QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class _Fact:
    """A row of history, the line under which a reader looks for it, and the model's line of the
    same meaning; one without is taken from those around it."""

    row: str
    group: str
    line: Text


_FACTS: Mapping[str, _Fact] = by_key(Path(__file__).parent, "revised_rows.csv", _Fact)
_OTHER_FACTS = "Other reported figures"
_PASSES = "Passage of time, all as forecast"
_MODEL = "Changed model and corrected figures"
_GUIDED = {CAPEX: "Guidance of capital expenditure", CORE_GROWTH: "Guidance of total expenses"}


@dataclass(frozen=True, slots=True)
class Part:
    """What one thing added to a figure."""

    kind: Kind
    name: str
    amount: float


@dataclass(frozen=True, slots=True)
class Change:
    """A headline figure before and after."""

    view: str  # view, name: which
    name: str
    unit: str  # of its amounts; ``quarters`` for a date
    before: float  # before, after: the figures
    after: float
    parts: tuple[Part, ...]  # they sum to after less before
    reason: str = ""  # why there are none

    @property
    def amount(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def moved(self) -> bool:
        """Whether it differs by more than rounding."""
        return abs(self.amount) > _ROUNDING * max(abs(self.before), abs(self.after))

    def of(self, kind: Kind) -> float:
        """What all parts of a kind added."""
        return math.fsum(part.amount for part in self.parts if part.kind == kind)


@dataclass(frozen=True, slots=True)
class Revision:
    """Every headline figure that has a value in both states."""

    start: str  # the last reported quarter of each
    end: str
    changes: tuple[Change, ...]  # in the order of the figures, the first view first

    def change(self, name: str, view: str = "programme") -> Change | None:
        """One figure's change; None where it has no value on a side."""
        return next((c for c in self.changes if (c.name, c.view) == (name, view)), None)

    def lines(self, name: str = "npv") -> list[str]:
        """For a reader at a terminal: what moved one figure in each view, part by part."""
        said = []
        for change in self.changes:
            if change.name != name or not change.moved:
                continue
            said += ["", f"what moved {change.view}.{name}"]
            said += [f"  {part.name}: {_signed(part.amount, change.unit)}" for part in change.parts]
            said.append(f"  in all: {_signed(change.amount, change.unit)} {change.reason}".rstrip())
        return said


def _signed(amount: float, unit: str) -> str:
    return f"{'+' if amount > 0 else ''}{headline_text({'value': amount, 'unit': unit})}"


def revision(
    before: Case,
    after: Case,
    *,
    printed_before: Figures | None = None,
    printed_after: Figures | None = None,
) -> Revision:
    """Attribute the change of every headline figure from one state to a later one.

    Args:
        before, after: the two states, of one company and under today's model.
        printed_before, printed_after: the figures as they were printed, where another model or
            other figures made them; what differs from the case is the part of the model.
    """
    if after.data_through < before.data_through:
        raise UsageError("the later state knows less", received=after.data_through,
                         allowed=f"data to {before.data_through} or later")  # fmt: skip
    assembly, start, passed, end = _states(before, after)
    groups = _groups(after, passed, end)
    keys = [(name, view) for view, figures in after.headlines().items() for name in figures]
    first, second = (_read(assembly, state, keys, 1)[0] for state in (start, passed))
    values = _of_all(assembly, passed, end, list(groups.values()), keys)
    changes = []
    for at, (name, view) in enumerate(keys):
        own, states = (first[at], second[at]), values[:, at]
        was = _as_printed(before, view, name, printed_before, own[0])
        now = _as_printed(after, view, name, printed_after, states[-1])
        if was is None or now is None:
            continue
        unit = str(after.headline(name, view).get("unit", ""))
        unit = "quarters" if unit == _QUARTER else unit
        if not np.isfinite([*own, *states]).all():
            reason = "no value in a state between"
            changes.append(Change(view, name, unit, was, now, (), reason))
            continue
        amounts = shapley.exact(states, len(groups)).tolist() if groups else []
        parts = [Part("time", _PASSES, float(own[1] - own[0]))]
        parts += [Part(*each, amount) for each, amount in zip(groups, amounts, strict=True)]
        rest = float((own[0] - was) + (now - states[-1]))
        if abs(rest) > _ROUNDING * max(abs(was), abs(now)):
            parts.append(Part("model", _MODEL, rest))
        else:
            most = max(range(len(parts)), key=lambda place: abs(parts[place].amount))
            parts[most] = replace(parts[most], amount=parts[most].amount + rest)
        changes.append(Change(view, name, unit, was, now, tuple(p for p in parts if p.amount)))
    return Revision(before.data_through, after.data_through, tuple(changes))


def _as_printed(
    case: Case, view: str, name: str, printed: Figures | None, value: float
) -> float | None:
    """A figure as it was printed, a date as its distance on the timeline; as evaluated where
    nothing was printed, None where there is no figure."""
    if printed is None:
        return None if np.isnan(value) else float(value)
    found = printed.get(view, {}).get(name, {}).get("value")
    if isinstance(found, str):
        return float(case.assembly.timeline.index(found))
    return float(found) if isinstance(found, int | float) else None


def _states(
    before: Case, after: Case
) -> tuple[Assembly, dict[str, Array], dict[str, Array], dict[str, Array]]:
    """A model that holds both, and the inputs at the start, after time has passed, at the end."""
    assembly = max((before.assembly, after.assembly), key=lambda each: len(each.names))
    # Slots of a list of changes that one state does not use are in its rows all the same.
    start, end = (
        {**assembly.inputs(c.assumption_rows), **c.assembly.given} for c in (before, after)
    )
    passed = dict(start)
    dated = [assembly.names[key] for key in DATED if key in assembly.names]
    for name in ("quarter_index", "quarter_of_year", "calendar_year", "history", *dated):
        passed[name] = end[name]
    timeline = assembly.timeline
    new = range(timeline.index(before.data_through) + 1, timeline.index(after.data_through) + 1)
    if new:
        lines = {row: each.line for row, each in _FACTS.items()}
        for name in after.assembly.history:
            if name in start:
                passed[name] = _as_forecast(before, name, lines, start[name], end[name], new)
    return assembly, start, passed, end


def _as_forecast(
    case: Case, name: str, lines: Mapping[str, str], row: Array, later: Array, new: Sequence[int]
) -> Array:
    """A row of history with its new quarters as forecast; where no line of the model has its
    meaning a flow is as a year before and a stock as it was."""
    found = np.array(row, dtype=np.float64)
    family, _, member = name.partition(".")
    line = lines.get(family, "")
    if line and member:
        line = f"{line}.{member}"
    back = QUARTERS_IN_YEAR if case.assembly.history[name].nature == "flow" else 1
    for at in new:
        if np.isnan(later[at, 0]):
            continue  # not reported then either
        if family in _OF_REVENUE:
            found[at] = _of_revenue(case, family, at)
        else:
            found[at] = case.row(line, _WORLD)[at] if line else found[at - back]
    return found


_OF_REVENUE = (
    "reported_other_revenue", "reported_reality_labs_revenue",
    "reported_reality_labs_operating_income",
)  # fmt: skip


def _of_revenue(case: Case, row: str, at: int) -> float:
    """Rows that share one forecast: revenue of Reality Labs, which no line forecasts by itself, is
    as a year before; the rest of what is not advertising is other revenue."""
    sold, last = case.assembly.history[_OF_REVENUE[1]].values, case.data_through
    then = at
    while then > case.assembly.timeline.index(last):
        then -= QUARTERS_IN_YEAR
    own = float(sold[then])
    if row == _OF_REVENUE[0]:
        return float(case.row("revenue", _WORLD)[at] - case.row("advertising", _WORLD)[at] - own)
    cost = float(case.row("reality_labs_cost", _WORLD)[at])
    return own - cost if row == _OF_REVENUE[2] else own


def _groups(
    after: Case, passed: Mapping[str, Array], end: Mapping[str, Array]
) -> dict[tuple[Kind, str], list[str]]:
    """Inputs that differ once time has passed, by what a reader calls them: facts in the order of
    their table, then guidance, then assumptions, together where they are too many."""
    found: dict[tuple[Kind, str], list[str]] = {
        ("facts", group): [] for group in (*(each.group for each in _FACTS.values()), _OTHER_FACTS)
    }
    assumed: dict[tuple[Kind, str], list[str]] = {}
    for name, row in end.items():
        both = np.broadcast_arrays(row, passed[name])
        if np.array_equal(both[0], both[1], equal_nan=True):
            continue
        key = after.assembly.keys.get(name, name)
        if name in after.assembly.history:
            fact = _FACTS.get(name.partition(".")[0])
            found["facts", fact.group if fact else _OTHER_FACTS].append(name)
        elif guided := _GUIDED.get(key):
            found.setdefault(("guidance", guided), []).append(name)
        else:
            assumed.setdefault(("assumptions", _called(after, key)), []).append(name)
    found = {each: names for each, names in found.items() if names}
    if len(found) + len(assumed) > EXACT:
        assumed = {("assumptions", "Changed assumptions"): [*chain(*assumed.values())]}
    return found | assumed


def _called(case: Case, key: str) -> str:
    """An assumption in words; the members of a mix together."""
    for mix in case.scenario.mixes:
        if key in mix.others or key == mix.remainder:
            return f"Assumption: {mix.name}"
    item = case.scenario.assumptions.get(key)
    return f"Assumption: {(item.name or item.label) if item else key}"


def _of_all(
    assembly: Assembly,
    passed: Mapping[str, Array],
    end: Mapping[str, Array],
    groups: Sequence[Sequence[str]],
    keys: Sequence[RowKey],
) -> Array:
    """The figures in every subset of groups that are as at the end, (subsets, figures)."""
    masks, found = shapley.subsets(len(groups)), []
    for at in range(0, len(masks), CHUNK):
        part, rows = masks[at : at + CHUNK], dict(passed)
        for place, names in enumerate(groups):
            for name in names:
                rows[name] = np.where(part[:, place], end[name], passed[name])
        found.append(_read(assembly, rows, keys, len(part)))
    return np.concatenate(found)


def _read(
    assembly: Assembly, rows: Mapping[str, Array], keys: Sequence[RowKey], width: int
) -> Array:
    found = evaluate_rows(assembly, rows, list(keys))
    return np.stack([np.broadcast_to(found[key][0], (width,)) for key in keys], axis=1)
