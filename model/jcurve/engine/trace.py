"""Walk from a number to what it rests on, down to assumptions and reported facts; as text and data.

A node is a row in a quarter, a year or over the whole timeline, with its value, unit,
definition, formula and precedents. A row that several others read is opened once, where it
is nearest to the root. What is known of an input (range, source, kind) comes from a function
passed in, so that nothing here knows a file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from jcurve.engine.evaluate import annual
from jcurve.engine.line import Kind
from jcurve.engine.model import SYSTEM_INPUTS, Model, RowKey, spell
from jcurve.engine.operations import timed
from jcurve.engine.primitives import Array
from jcurve.engine.symbol import Symbol, formula_text
from jcurve.ground.quarters import Timeline


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is known of a value that no line makes."""

    key: str  # as its own file spells it
    label: str  # in words
    kind: str  # reported, guided, evidence, estimate, judgement; of a fact, its status
    source: str  # where it comes from
    as_of: str = ""  # date of the source, ISO
    low: float | None = None  # its own range at the traced date, None where it has none
    high: float | None = None
    rationale: str = ""  # why this value


Describe = Callable[[str, str | None], Leaf | None]
"""From an input's name and the traced quarter or year to what is known of it."""


@dataclass(frozen=True, slots=True)
class Node:
    """One number of a trace."""

    row: str  # the row and its tag
    kind: str  # flow, stock, rate, result; input, calendar, world for what no line makes
    unit: str  # its unit
    at: str  # quarter, year, or what stands for the whole timeline; empty for a constant
    value: float | None  # None where the row has none (a fact not reported yet)
    definition: str = ""  # what the number means
    formula: str = ""  # how it follows from its precedents
    # functions of time on the way: the number also rests on other quarters
    through: tuple[str, ...] = ()
    leaf: Leaf | None = None  # what is known of an input
    children: tuple[Node, ...] = ()  # precedents, in the order of the formula's arguments
    omitted: int = 0  # precedents not shown, because of a limit
    elsewhere: bool = False  # opened at another place of the same trace

    def walk(self) -> list[Node]:
        """This node and all below it, in the order of the text."""
        return [self, *(node for child in self.children for node in child.walk())]


def trace(
    model: Model,
    values: Mapping[RowKey, Array],
    timeline: Timeline,
    key: RowKey,
    at: str | None = None,
    *,
    describe: Describe,
    depth: int | None = None,
    size: int | None = None,
) -> Node:
    """The tree of a number.

    Args:
        model: the lines.
        values: every row that ``key`` rests on, and every input, of one scenario.
        timeline: of the values.
        key: the row to start from.
        at: a quarter or a year; None means a result, or a row's whole timeline.
        describe: what is known of an input.
        depth: levels below the root, None for all.
        size: about how many nodes to show, None for all; the nearest come first.

    Raises:
        UsageError: ``at`` is no quarter or year of the timeline.
    """
    return _Tracer(model, values, timeline, at, describe, depth, size).tree(key)


@dataclass
class _Tracer:
    model: Model
    values: Mapping[RowKey, Array]
    timeline: Timeline
    at: str | None
    describe: Describe
    depth: int | None
    size: int | None
    year: int | None = None
    quarter: int | None = None
    annual: dict[RowKey, Array] = field(default_factory=dict)
    opened: dict[RowKey, list[RowKey]] = field(default_factory=dict)
    opener: dict[RowKey, RowKey | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at is not None and self.at.isdecimal():
            self.year = self.timeline.year_index(self.at)
        elif self.at is not None:
            self.quarter = self.timeline.index(self.at)

    def tree(self, root: RowKey) -> Node:
        """Open the nearest rows first, each under the first that reads it."""
        self.opener[root] = None
        waiting = deque([(root, 0)])
        count = 1
        while waiting:
            key, level = waiting.popleft()
            children = self._children(key)
            if self.depth is not None and level >= self.depth:
                continue
            if self.size is not None and count + len(children) > self.size:
                continue
            self.opened[key] = children
            count += len(children)
            for child in children:
                if child not in self.opener:
                    self.opener[child] = key
                    waiting.append((child, level + 1))
        return self._node(root, None)

    def _children(self, key: RowKey) -> list[RowKey]:
        return list(dict.fromkeys(self.model.sources(key)))

    def _node(self, key: RowKey, reader: RowKey | None) -> Node:
        name, tag = key
        value, at = self._value(key)
        sources = self._children(key)
        here = self.opener.get(key) == reader
        children: tuple[Node, ...] = ()
        if here and key in self.opened:
            children = tuple(self._node(child, key) for child in self.opened[key])
        output = self.model.outputs.get(name)
        given = self.model.inputs.get(name)
        formula: Symbol | float | None = None
        leaf = None
        if self.model.parts(key) is not None:
            plus, minus = map(spell, sources)
            text = f"{plus} - {minus}"
        else:
            if output is not None:
                formula = self.model.formula(name, tag)
            text = "" if formula is None else formula_text(formula)
            if given is not None:
                leaf = self.describe(name, self.at)
        outside = "input" if given else "calendar" if name in SYSTEM_INPUTS else "world"
        return Node(
            row=spell(key),
            kind=output.kind.value if output else outside,
            unit=self.model.unit(name).name,
            at=at,
            value=value,
            definition=output.definition if output else (leaf.label if leaf else ""),
            formula=text,
            through=tuple(timed(formula)),
            leaf=leaf,
            children=children,
            omitted=len(sources) if here and key not in self.opened else 0,
            elsewhere=bool(sources) and not here,
        )

    def _value(self, key: RowKey) -> tuple[float | None, str]:
        row = self._row(key)
        if row.shape[0] == 1:
            return _number(row[0, 0]), ""
        if self.year is not None:
            return _number(row[self.year, 0]), self.at or ""
        if self.quarter is not None:
            return _number(row[self.quarter, 0]), self.at or ""
        column = row[:, 0]
        known = np.flatnonzero(~np.isnan(column))
        if known.size == 0:
            return None, ""
        first, last = (self.timeline.labels[int(known[end])] for end in (0, -1))
        output, given = self.model.outputs.get(key[0]), self.model.inputs.get(key[0])
        kind = output.kind if output else given.kind if given else None
        if kind is Kind.FLOW:
            return float(column[known].sum()), f"sum {first} to {last}"
        return float(column[known[-1]]), last

    def _row(self, key: RowKey) -> Array:
        if self.year is not None:
            return annual(self.model, self.values, key, self.annual)
        parts = self.model.parts(key)
        if parts is not None:
            return self.values[parts[0]] - self.values[parts[1]]
        return self.values[key]


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


# As text and as data, numbers with at most four significant digits


_DIGITS = 4
_SMALLEST, _LARGEST = 1e-4, 1e15
_NAME_WIDTH = 64
_ALWAYS = ("row", "kind", "unit", "value")
_IF_ANY = ("at", "definition", "formula", "through", "omitted", "elsewhere")


def short_number(value: float | None, unit: str = "", timeline: Timeline | None = None) -> str:
    """A number with four significant digits, or a date's quarter.

    >>> short_number(137512.3)
    '137,500'
    >>> short_number(0.08461)
    '0.08461'
    >>> short_number(None)
    '-'
    """
    if value is None:
        return "-"
    if unit == "date" and timeline is not None:
        at = round(value)
        if 0 <= at < len(timeline):
            return timeline.labels[at]
        return "after the horizon" if at > 0 else "before the timeline"
    size = abs(value)
    if value == 0.0:
        return "0"
    if not _SMALLEST <= size < _LARGEST:
        return f"{value:.{_DIGITS - 1}e}"
    rounded = float(f"{value:.{_DIGITS}g}")
    exponent = int(f"{rounded:e}".partition("e")[2])
    text = f"{rounded:,.{max(0, _DIGITS - 1 - exponent)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_text(node: Node, timeline: Timeline | None = None) -> str:
    """The tree, one number a line: indented name, value, unit, date, then what it is."""
    lines: list[tuple[str, str, str, str, str]] = []
    shown: set[str] = set()

    def add(each: Node, level: int) -> None:
        value = short_number(each.value, each.unit, timeline)
        unit = "" if each.unit in ("1", "date") else each.unit
        remark = _remark(each, timeline, shown)
        lines.append(("  " * level + each.row, value, unit, each.at, remark))
        for child in each.children:
            add(child, level + 1)

    add(node, 0)
    name = min(max(len(line[0]) for line in lines), _NAME_WIDTH)
    value = max(len(line[1]) for line in lines)
    unit = max(len(line[2]) for line in lines)
    date = max(len(line[3]) for line in lines)
    return "\n".join(
        f"{a:<{name}}  {b:>{value}} {c:<{unit}}  {d:<{date}}  {e}".rstrip()
        for a, b, c, d, e in lines
    )


def _remark(node: Node, timeline: Timeline | None, shown: set[str]) -> str:
    if node.leaf is not None:
        if node.row in shown:  # range and source once are enough
            return node.leaf.label
        shown.add(node.row)
        return _leaf_text(node.leaf, node.unit, timeline)
    if node.elsewhere:
        return "(opened elsewhere)"
    parts = [node.definition.replace("\n", " ")] if node.definition else []
    if node.through:
        parts.append(f"[through {', '.join(node.through)}]")
    if node.omitted:
        parts.append(f"({node.omitted} precedents not shown)")
    return " ".join(parts)


def _leaf_text(leaf: Leaf, unit: str, timeline: Timeline | None) -> str:
    parts = [leaf.label] if leaf.label else []
    if leaf.low is not None and leaf.high is not None:
        low, high = (short_number(v, unit, timeline) for v in (leaf.low, leaf.high))
        parts.append(f"range {low} to {high}")
    parts.append(leaf.kind)
    if leaf.source:
        parts.append(leaf.source)
    if leaf.as_of:
        parts.append(f"as of {leaf.as_of}")
    return "; ".join(parts).replace("\n", " ")


def as_data(node: Node) -> dict[str, object]:
    """The tree as plain data for JSON, with full precision; empty parts left out."""
    data: dict[str, object] = {key: getattr(node, key) for key in _ALWAYS}
    data |= {key: value for key in _IF_ANY if (value := getattr(node, key))}
    if node.through:
        data["through"] = list(node.through)
    if node.leaf is not None:
        known = asdict(node.leaf)
        data["leaf"] = {key: value for key, value in known.items() if value not in ("", None)}
    if node.children:
        data["precedents"] = [as_data(child) for child in node.children]
    return data
