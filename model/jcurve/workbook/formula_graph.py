"""Formulas as a graph in which one meaning is one node, with its values.

The model's lines, called with symbolic rows, give expressions that share parts without
saying so. Here equal parts are one node, so that a part needed twice has one row on a sheet.
A scan becomes plain expressions of the quarter and of the balances one quarter before.

The engine has a graph of its own, made to be fast: it folds what is multiplied by zero, takes
powers apart and knows rows only where they are read. A reader of a workbook wants the line as it
is written, so formulas here are left as they are. Values come from the engine's own functions:
they are the numbers that a viewer shows before anything is recalculated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jcurve.engine.model import RowKey
from jcurve.engine.operations import COMPARED, OPERATIONS, Reads, reading
from jcurve.engine.primitives import Array, lag
from jcurve.engine.scan import Step, scan
from jcurve.engine.symbol import Symbol
from jcurve.ground.errors import ModelError
from jcurve.ground.units import UNITS, Quantity, Unit

TIMED = reading(Reads.ROW) | {
    "previous", "recalled", "balance", "opened", "crossing", "not_above", "along"
}  # fmt: skip
"""Operations whose result has a value of its own in each quarter, whatever they read."""

ANSWERS = reading(Reads.ONCE, Reads.SEARCH) | {"constant"}
"""Operations that read a whole row and give one value."""

_MEASURED: Mapping[str, str] = {
    "crossing": "quarters", "not_above": "quarters", "whole": "quarters", "part": "share",
    "near": "number", "far": "number", "place": "number",
}  # fmt: skip
"""The unit of an operation that no line names."""

HORIZON = "the last quarter"
"""What a number stands for that is beyond every quarter, here and in lines."""

_MAY_LACK = frozenset({"last_upward_crossing", "first_lasting", "internal_rate"})


@dataclass(eq=False, slots=True)
class Node:
    """One part of a formula, the same object for the same meaning: its number in the graph,
    operation and operands (none of a row and a number, whose key or value is the data); whether it
    is one value for all quarters, and whether that may be missing; by how many nodes it is read;
    its unit, which a row has elsewhere; and what the line's source calls it, or what a number
    stands for."""

    id: int
    op: str
    args: tuple[Node, ...]
    data: Any
    scalar: bool = False
    lacks: bool = False
    uses: int = 0
    unit: str = ""
    title: str = ""

    @property
    def is_truth(self) -> bool:
        """Whether it is a condition rather than a number."""
        return self.op in COMPARED or self.op.startswith("logical_")


@dataclass(eq=False, slots=True)
class Group:
    """One scan: what it starts from, the rows that it reads, balance and delay of what it looks up
    in earlier quarters, its step and formulas of a quarter, and the balances at each
    quarter's end, once they are asked for."""

    start: tuple[Node, ...]
    rows: tuple[Node, ...]
    recalls: tuple[tuple[int, Node], ...]
    step: Step
    outputs: tuple[Node, ...] = ()
    values: tuple[Array, ...] = ()


class Graph:
    """All formulas of a workbook, given the values of every row by quarter and by year, and the
    rows that hold one value for all quarters; lines are added to these as they come."""

    def __init__(
        self,
        quarterly: Callable[[RowKey], Array],
        annual: Callable[[RowKey], Array],
        scalars: set[RowKey],
    ) -> None:
        self._quarterly, self._annual = quarterly, annual
        self.scalars = scalars
        self.lacking: set[RowKey] = set()
        self._nodes: dict[tuple[object, ...], Node] = {}
        self._groups: dict[tuple[object, ...], Group] = {}
        self._values: dict[tuple[int, bool], Any] = {}
        self._concrete: dict[tuple[int, int], Node] = {}
        self._titles: Mapping[int, str] = {}

    def number(self, value: float, title: str = "", unit: str = "") -> Node:
        """A constant; one of another title is another, though it be of the same size."""
        node = self._intern("number", (), (repr(float(value)), title), float(value))
        node.title, node.unit = title, unit or node.unit
        return node

    @property
    def horizon(self) -> Node:
        """The number of quarters; a date of so many never comes."""
        return self.number(self._quarterly(("quarter_index", "")).shape[0], HORIZON, "quarters")

    def row(self, key: RowKey) -> Node:
        """A reference to a row."""
        return self._intern("row", (), key, key)

    def make(self, op: str, *args: Node) -> Node:
        """An operation."""
        node = self._intern(op, args, None, None)
        node.unit = node.unit or _MEASURED.get(op) or (args[0].unit if args else "")
        return node

    def roots(self, formulas: Iterable[Symbol | float], titles: Mapping[int, str]) -> list[Node]:
        """The nodes of a line's formulas; ``titles`` are what its source calls their parts, by
        the identity of their symbols."""
        self._titles = titles
        return [self._of(formula, {}) for formula in formulas]

    def _intern(self, op: str, args: tuple[Node, ...], label: object, data: Any) -> Node:
        key = (op, *(arg.id for arg in args), label)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = Node(len(self._nodes), op, args, data)
            found.scalar = self._is_scalar(found)
            found.lacks = self._lacks(found)
            for arg in args:
                arg.uses += 1
        return found

    def _is_scalar(self, node: Node) -> bool:
        if node.op == "row":
            return node.data in self.scalars
        if node.op in TIMED or node.op == "current":
            return False
        return node.op in ANSWERS or all(arg.scalar for arg in node.args)

    def _lacks(self, node: Node) -> bool:
        if node.op == "number":
            return bool(np.isnan(node.data))
        if node.op == "row":
            return node.data in self.lacking
        if node.op in ("previous", "current", "recalled", "balance", "opened"):
            return False
        if node.op in _MAY_LACK:
            return True
        if node.op in ("splice", "grow") or node.is_truth:
            return False
        return any(arg.lacks for arg in node.args)

    def _of(self, formula: object, done: dict[int, Node]) -> Node:
        if not isinstance(formula, Symbol):
            unit = unit_text(formula.unit) if isinstance(formula, Quantity) else ""
            return self.number(float(formula), getattr(formula, "label", ""), unit)  # type: ignore[arg-type]
        found = done.get(id(formula))
        if found is None:
            found = done[id(formula)] = self._symbol(formula, done)
            if found.op != "row":
                found.title = found.title or self._titles.get(id(formula), "")
                found.unit = found.unit or unit_text(formula.unit)
        return found

    def _symbol(self, formula: Symbol, done: dict[int, Node]) -> Node:
        if formula.op == "row":
            name, _, tag = str(formula.args[0]).partition("@")
            return self.row((name, tag))
        if formula.op in ("previous", "current", "recalled"):
            return self._intern(formula.op, (), formula.args[0], formula.args[0])
        args = tuple(self._of(arg, done) for arg in formula.args)
        if formula.op != "scan":
            return self._intern(formula.op, args, None, None)
        group, place = self._group(formula.attrs, args, done), int(formula.attrs["index"])
        is_balance = place < len(group.start)
        return self.balance(group, place) if is_balance else group.outputs[place]

    def balance(self, group: Group, place: int) -> Node:
        """The balance at the end of a quarter."""
        node = self._intern("balance", (), (id(group), place), (group, place))
        node.unit = node.unit or group.outputs[place].unit
        node.title = node.title or group.outputs[place].title
        return node

    def _group(
        self, attrs: Mapping[str, Any], args: tuple[Node, ...], done: dict[int, Node]
    ) -> Group:
        # A step's formulas are first nodes that name what they read only by its place, so that
        # two scans are one where they start, read and compute alike.
        formulas = tuple(self._of(each, done) for each in attrs["formulas"])
        stop = int(attrs["balances"]), int(attrs["balances"]) + int(attrs["rows"])
        start, rows, delays = args[: stop[0]], args[slice(*stop)], args[stop[1] :]
        read = (start, rows, delays, formulas)
        key = (attrs["recalls"], *(tuple(node.id for node in part) for part in read))
        group = self._groups.get(key)
        if group is None:
            recalls = tuple(zip(attrs["recalls"], delays, strict=True))
            group = self._groups[key] = Group(start, rows, recalls, attrs["step"], formulas)
            group.outputs = tuple(self._bind(node, group) for node in formulas)
        return group

    def _bind(self, node: Node, group: Group) -> Node:
        """A formula of a scan's step with what the step reads put in its place."""
        if node.op == "current":
            return group.rows[int(node.data)]
        if node.op == "previous":
            bound = self._intern("previous", (), (id(group), node.data), (group, node.data))
            bound.unit = bound.unit or node.unit
            return bound
        if node.op == "recalled":
            place, delay = group.recalls[int(node.data)]
            return self.make("recalled", self.balance(group, place), delay)
        if not node.args:
            return node
        key = (node.id, id(group))
        found = self._concrete.get(key)
        if found is None:
            args = tuple(self._bind(arg, group) for arg in node.args)
            found = self._concrete[key] = self._intern(node.op, args, None, None)
            found.unit, found.title = found.unit or node.unit, found.title or node.title
        return found

    def value(self, node: Node, annual: bool = False) -> Array:
        """What a node is worth: (quarter, 1), or (year, 1), or (1, 1) for a single value."""
        return np.atleast_2d(np.asarray(self._value(node, annual), dtype=np.float64))

    def _value(self, node: Node, annual: bool) -> Any:
        key = (node.id, annual)
        if key not in self._values:
            self._values[key] = self._compute(node, annual)
        return self._values[key]

    def _compute(self, node: Node, annual: bool) -> Any:
        if node.op == "number":
            return np.array([[node.data]])
        if node.op == "row":
            if annual and not node.scalar:
                return self._annual(node.data)
            row = self._quarterly(node.data)
            return row[:1] if node.scalar else row
        if node.op in ("balance", "opened"):
            group, place = node.data if node.op == "balance" else node.args[0].data
            return self._balances(group)[place]
        if node.op == "previous":
            group, place = node.data
            row = self._balances(group)[place]
            return np.vstack([np.atleast_2d(self._value(group.start[place], False)), row[:-1]])
        args = [self._value(arg, annual) for arg in node.args]
        if annual and node.op in TIMED:
            raise ModelError("an annual formula carries time inside", received=node.op)
        if node.op in TIMED or node.op in ANSWERS:
            # A row of one value has a cell in each quarter once an operation looks along it.
            height = self._quarterly(("quarter_index", "")).shape[0]
            args[0] = np.broadcast_to(args[0], (height, 1)).copy()
        function = _OWN.get(node.op) or (node.op in OPERATIONS and OPERATIONS[node.op].numpy)
        if not function:
            raise ModelError("an operation has no value here", received=node.op)
        with np.errstate(all="ignore"):
            return function(*args)

    def _balances(self, group: Group) -> tuple[Array, ...]:
        if not group.values:
            start = [self._value(node, False) for node in group.start]
            rows = [self._value(node, False) for node in group.rows]
            back = [(place, self._value(delay, False)) for place, delay in group.recalls]
            group.values = scan(group.step, start, rows, back)
        return group.values


def unit_text(unit: Unit) -> str:
    """A unit by the name that files know it by, where it has one."""
    if unit.name == "1" or (unit.is_plain and unit.name not in UNITS):
        return "number"
    return unit.name if unit.name in UNITS else _NAMED.get((unit.dims, unit.scale), unit.name)


_NAMED = {(each.dims, each.scale): each.name for each in reversed([*UNITS.values()])}


def _crossing(cumulative: Array) -> Array:
    before = np.vstack([np.zeros((1, 1)), cumulative[:-1]])
    rises = (before < 0) & (cumulative >= 0)
    index = np.arange(len(cumulative), dtype=np.float64)[:, None]
    step = np.where(rises, cumulative - before, 1.0)
    return np.where(rises, index - before / step, -1.0)


_OWN: Mapping[str, Callable[..., Any]] = {
    "crossing": _crossing,
    "not_above": lambda row: np.where(row <= 0, np.arange(1.0, len(row) + 1.0)[:, None], 0.0),
    "constant": lambda row: row[:1],
    "along": lambda row: row,
    "positive": lambda row: row,
    "recalled": lag,
    "whole": np.floor,
    "part": lambda delay, whole: delay - whole,
    "near": lambda index, whole: np.maximum(index - whole, -1.0) + 2.0,
    "far": lambda index, whole: np.maximum(index - whole, 0.0) + 1.0,
    "place": lambda date, last: np.minimum(np.maximum(np.floor(date) + 1.0, 1.0), last),
}
