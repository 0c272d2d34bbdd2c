"""The whole model as one graph of operations, each different one once.

Every line is called with symbols, as the build and the workbook call it, and the formulas are
joined where one row reads another. What is left is a list of nodes, precedents first: a node
is an operation on earlier nodes. A node is *high* when it has a value for each quarter, else it
has one for all quarters. A row is a node too; rows of equal formulas share one.

graph.op[graph.rows["npv", "programme"]]  # 'add'
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from jcurve.engine.model import CONSTANTS, SHARED, SYSTEM_INPUTS, Model, RowKey, spell
from jcurve.engine.operations import COMPARED, OPERATIONS, Reads, reading
from jcurve.engine.symbol import Symbol
from jcurve.ground.errors import ModelError

LOGICAL = frozenset({"logical_and", "logical_or"})
MADE_HIGH = reading(Reads.ROW) | {"state", "recall"}
"""Operations whose result has a value for each quarter whatever they read."""

ACCUMULATED, SEARCHED = reading(Reads.ONCE), reading(Reads.SEARCH)
_FOLDED = frozenset(
    {"add", "subtract", "multiply", "maximum", "minimum", "negative", "absolute", *COMPARED}
)
"""Operations on constants that are worked out at once; a division may have no answer."""

_SMALL_POWERS = frozenset({2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0})
"""Whole powers that are products, right for numbers below zero too."""

READS_LATER = SEARCHED | {"year_sum", "reverse"}
"""Operations that read quarters of their first argument that are still to come."""

IN_MEMORY = READS_LATER | {"lag"}
"""Operations that read other quarters of their first argument, where it lies."""

_ZERO_OF_ZERO = reading(Reads.ROW) - {"grow"} | {"sum_to_date", "value_at"}


@dataclass(frozen=True, slots=True)
class Scan:
    """Balances carried from quarter to quarter."""

    # nodes of the balances before the quarter; the argument of each is its start
    states: tuple[int, ...]
    nexts: tuple[int, ...]  # nodes of the balances after it
    # nodes of balances of earlier quarters; the argument of each is how far back
    recalls: tuple[int, ...] = ()

    @property
    def carried(self) -> tuple[int, ...]:
        """The nodes that come from earlier quarters."""
        return self.states + self.recalls


@dataclass(slots=True)
class Graph:
    """Nodes by number, each after those that it reads."""

    # the operation, the nodes that it reads, and whether it has a value for each quarter
    op: list[str] = field(default_factory=list)
    args: list[tuple[int, ...]] = field(default_factory=list)
    # a constant's value, an input's name, (scan, balance) of a state and of a recall
    attr: list[Any] = field(default_factory=list)
    high: list[bool] = field(default_factory=list)
    # whether it is a truth value, which only ``where`` and logic read
    truth: list[bool] = field(default_factory=list)
    # the node of each row of a model and of each of its inputs
    rows: dict[RowKey, int] = field(default_factory=dict)
    scans: list[Scan] = field(default_factory=list)  # by number
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What follows from a finished graph alone, kept by whoever works it out."""
    _known: dict[object, int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, model: Model, high_inputs: Collection[str]) -> Graph:
        """The graph of every row of a model, some of whose inputs have a value for each quarter.

        Raises:
            ModelError: a formula does what the graph has no place for.
        """
        made = cls()
        for key, value in CONSTANTS.items():
            made.rows[key] = made.constant(value)
        for name in (*model.inputs, *SYSTEM_INPUTS):
            made.rows[name, SHARED] = made._add("input", (), name, name in high_inputs, False)
        reader = _Reader(made)
        for key in model.order:
            if key not in made.rows:
                instance = model.maker[key[0]]
                formulas = reader.read(model.symbols(*key))
                for row, node in zip(instance.rows, formulas, strict=True):
                    reader.name((row, key[1]), node)
        return made

    def extended(self) -> Graph:
        """A graph of the same nodes, to which more can be added, with rows of its own."""
        made = Graph(*map(list, (self.op, self.args, self.attr, self.high, self.truth)))  # type: ignore[arg-type]
        made.scans, made._known = list(self.scans), dict(self._known)
        return made

    def recalled(self, node: int) -> int:
        """The balance after the quarter that a recall looks back at."""
        scan, balance = self.attr[node]
        return int(self.scans[scan].nexts[balance])

    def rests_on(self, nodes: Iterable[int]) -> list[int]:
        """``nodes`` and all that they rest on, in order."""
        seen: set[int] = set()
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(self.args[node])
                if self.op[node] in ("state", "recall"):
                    stack.extend(self.scans[self.attr[node][0]].nexts)
        return sorted(seen)

    def groups(self) -> dict[int, int]:
        """The scan of each node that rests on one of its balances and feeds it: such nodes are
        computed quarter by quarter, together."""
        found: dict[int, int] = self.memo.setdefault("groups", {})
        if found:
            return found
        for number, scan in enumerate(self.scans):
            carried = frozenset(scan.carried)
            for node in range(min(carried), max(*scan.nexts, *carried) + 1):
                if node in carried or any(found.get(arg) == number for arg in self.args[node]):
                    found[node] = number
        return found

    def reached(self, inputs: Collection[str]) -> list[bool]:
        """For each node whether one of some inputs reaches it."""
        return list(map(bool, self._marked(dict.fromkeys(inputs, 1))))

    def reaching(self, inputs: Collection[str]) -> list[frozenset[str]]:
        """For each node which of some inputs reach it."""
        bit = {name: 1 << at for at, name in enumerate(inputs)}
        marks, known = self._marked(bit), {}
        for each in set(marks):
            known[each] = frozenset(name for name, one in bit.items() if each & one)
        return [known[each] for each in marks]

    def _marked(self, bit: Mapping[str, int]) -> list[int]:
        """For each node the bits of all inputs that reach it."""
        found = [
            bit.get(attr, 0) if op == "input" else 0
            for op, attr in zip(self.op, self.attr, strict=True)
        ]
        before: list[int] = []
        while found != before:
            before = list(found)
            for node, args in enumerate(self.args):
                for arg in args:
                    found[node] |= found[arg]
            for scan in self.scans:
                reaching = reduce(or_, (found[node] for node in (*scan.carried, *scan.nexts)), 0)
                for node in scan.carried:
                    found[node] |= reaching
        return found

    def folded(self, values: Mapping[int, float]) -> Graph:
        """The graph in which some nodes are constants, given by node."""
        made = Graph()
        to: list[int] = []
        for node, (op, args) in enumerate(zip(self.op, self.args, strict=True)):
            own = [to[arg] for arg in args]
            if op == "constant" or node in values:
                value = values[node] if node in values else self.value(node)
                to.append(made.constant(value, self.truth[node]))  # type: ignore[arg-type]
            elif op in ("input", "state", "recall", "number"):
                to.append(made._add(op, tuple(own), self.attr[node], self.high[node], False))
            else:
                to.append(made.make(op, own))
        made.scans = [
            Scan(*(tuple(to[n] for n in part) for part in (scan.states, scan.nexts, scan.recalls)))
            for scan in self.scans
        ]
        made.rows = {key: to[node] for key, node in self.rows.items()}
        return made

    def __len__(self) -> int:
        return len(self.op)

    def constant(self, value: float, truth: bool = False) -> int:
        """The node of a constant."""
        return self._add("constant", (), float(value), False, truth)

    def value(self, node: int) -> float | None:
        """The value of a constant, None for any other node."""
        return float(self.attr[node]) if self.op[node] == "constant" else None

    def make(self, op: str, args: Sequence[int]) -> int:
        """The node of an operation, in its simplest form.

        Products with 0 and 1, sums with 0 and choices on constants fold away: half of a world
        without a programme is products with 0.
        """
        operands = self._operands(op, args)
        known = [self.value(each) for each in operands]
        on_floats = OPERATIONS[op].floats if op in _FOLDED else None
        if on_floats is not None and None not in known:
            return self.constant(float(on_floats(*known)), truth=op in COMPARED)
        if op == "power" and known[1] in _SMALL_POWERS:
            half = self.make("power", (operands[0], self.constant(known[1] // 2)))
            square = self.make("multiply", (half, half))
            return square if known[1] % 2 == 0 else self.make("multiply", (square, operands[0]))
        if op == "power" and self.high[operands[1]] and not self.high[operands[0]]:
            # The logarithm of a rate of growth is taken once, not in each quarter.
            return self.make(
                "exp", [self.make("multiply", (operands[1], self.make("log", operands[:1])))]
            )
        simple = self._simplified(op, operands, known)
        if simple is not None:
            return simple
        high = op in MADE_HIGH or (
            op not in ACCUMULATED
            and op not in SEARCHED
            and any(map(self.high.__getitem__, operands))
        )
        return self._add(op, operands, None, high, op in COMPARED or op in LOGICAL)

    def state(self, start: int, scan: int, balance: int) -> int:
        """The node of a balance before the quarter."""
        return self._add("state", (start,), (scan, balance), True, False)

    def recall(self, quarters: int, scan: int, balance: int) -> int:
        """The node of a balance so many quarters ago."""
        return self._add("recall", (quarters,), (scan, balance), True, False)

    def _operands(self, op: str, args: Sequence[int]) -> tuple[int, ...]:
        """Arguments of the right sort: truth values where logic reads them, else numbers."""
        if op == "add" and all(self.truth[each] for each in args):
            raise ModelError(
                "a sum of truth values has no formula", allowed="where(condition, 1, 0)"
            )
        wants = [op in LOGICAL or (op == "where" and at == 0) for at in range(len(args))]
        found = [
            self._as_truth(each) if want else self._as_number(each)
            for each, want in zip(args, wants, strict=True)
        ]
        if op in IN_MEMORY and self.op[found[0]] in ("input", "constant"):
            found[0] = self.make("spread", found[:1])
        return tuple(found)

    def _as_truth(self, node: int) -> int:
        return node if self.truth[node] else self.make("not_equal", (node, self.constant(0.0)))

    def _as_number(self, node: int) -> int:
        if not self.truth[node]:
            return node
        known = self.value(node)
        if known is not None:
            return self.constant(known)
        return self._add("number", (node,), None, self.high[node], False)

    def _simplified(
        self, op: str, args: tuple[int, ...], known: Sequence[float | None]
    ) -> int | None:
        first, second = args[0], args[1] if len(args) > 1 else -1
        zero = [value == 0.0 for value in known]
        one = [value == 1.0 for value in known]
        if op in ("multiply", "divide", "ratio") and (zero[0] or (op == "multiply" and zero[1])):
            return self.constant(0.0)
        if op == "add" and (zero[0] or zero[1]):
            return second if zero[0] else first
        if op == "subtract" and first == second:
            return self.constant(0.0)
        if op in ("add", "subtract") and self.op[second] == "negative":
            opposite = "subtract" if op == "add" else "add"
            return self.make(opposite, (first, self.args[second][0]))
        if op == "add" and self.op[first] == "negative":
            return self.make("subtract", (second, self.args[first][0]))
        if op == "subtract" and zero[0]:
            return self.make("negative", (second,))
        if (op == "subtract" and zero[1]) or (op in ("divide", "ratio", "power") and one[1]):
            return first
        if op == "multiply" and (one[0] or one[1]):
            return second if one[0] else first
        if op == "ratio" and known[1]:
            return self.make("divide", args)
        if op in ("maximum", "minimum") and first == second:
            return first
        if op == "where":
            if known[0] is not None:
                return args[1] if known[0] else args[2]
            return second if second == args[2] else None
        if op in ("logical_and", "logical_or") and not (known[0] is None is known[1]):
            sure, other = (known[0], second) if known[0] is not None else (known[1], first)
            decided = bool(sure) is (op == "logical_or")
            return self.constant(float(bool(sure)), truth=True) if decided else other
        if op in _ZERO_OF_ZERO and zero[0]:
            return self.constant(0.0)
        if (op == "lag" and zero[1]) or op == "positive":
            return first
        if op == "value_at" and self.op[first] == "spread" and not self.high[self.args[first][0]]:
            return self.args[first][0]
        if op == "negative" and self.op[first] == "negative":
            return self.args[first][0]
        return None

    def _add(self, op: str, args: tuple[int, ...], attr: object, high: bool, truth: bool) -> int:
        bits = struct.pack("d", attr) if isinstance(attr, float) else attr
        key = (op, args, bits, truth)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.op)
            self.op.append(op)
            self.args.append(args)
            self.attr.append(attr)
            self.high.append(high)
            self.truth.append(truth)
        return found


class _Reader:
    """Formulas into nodes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.named = {spell(key): node for key, node in graph.rows.items()}

    def name(self, key: RowKey, node: int) -> None:
        self.graph.rows[key] = self.named[spell(key)] = node

    def read(self, formulas: Sequence[object], **step_nodes: Sequence[int]) -> list[int]:
        """The nodes of formulas; of a scan's step, given those of what it reads."""
        done: dict[int, int] = {}
        scans: dict[int, list[int]] = {}

        def visit(formula: object) -> int:
            if not isinstance(formula, Symbol):
                return self.graph.constant(float(formula))  # type: ignore[arg-type]
            known = done.get(id(formula))
            if known is None:
                known = done[id(formula)] = node_of(formula)
            return known

        def node_of(formula: Symbol) -> int:
            if formula.op == "row":
                return self.named[str(formula.args[0])]
            if formula.op in step_nodes:
                return step_nodes[formula.op][int(formula.args[0])]  # type: ignore[call-overload]
            args = [visit(each) for each in formula.args]
            if formula.op != "scan":
                return self.graph.make(formula.op, args)
            step = formula.attrs["formulas"]
            if id(step) not in scans:
                scans[id(step)] = self._scan(step, args, formula.attrs)
            return scans[id(step)][int(formula.attrs["index"])]

        return [visit(each) for each in formulas]

    def _scan(
        self, step: Sequence[object], args: Sequence[int], attrs: Mapping[str, Any]
    ) -> list[int]:
        graph, number = self.graph, len(self.graph.scans)
        graph.scans.append(Scan((), ()))
        balances, places = int(attrs["balances"]), attrs.get("recalls", ())
        stop = len(args) - len(places)
        states = [graph.state(start, number, at) for at, start in enumerate(args[:balances])]
        recalls = [
            graph.recall(quarters, number, place)
            for quarters, place in zip(args[stop:], places, strict=True)
        ]
        made = self.read(step, previous=states, current=args[balances:stop], recalled=recalls)
        nexts = [graph._as_number(node) for node in made[:balances]]
        graph.scans[number] = Scan(tuple(states), tuple(nexts), tuple(recalls))
        return made
