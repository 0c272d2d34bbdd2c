"""Every derivative of one number at once: the way back through the graph of the model.

The number's own derivative, 1, is carried back from each operation to what it reads: twice the
work of one evaluation, whatever the number of inputs. What is carried is a graph of further
operations, made once a number by the rules in :mod:`jcurve.engine.operations`, which NumPy and
machine code evaluate like any other. A value for each quarter stands there from the last quarter
to the first: the way back through a lag is then a lag, through a sum a sum, through a scan a scan.

At a kink (a maximum of equals, a lag of whole quarters) a derivative is that of one side. Truth
values, dates and whole numbers have none: what acts through them alone comes back as a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jcurve.engine.graph import Graph, Scan
from jcurve.engine.model import RowKey
from jcurve.engine.operations import OPERATIONS, lag_slope
from jcurve.engine.primitives import Array
from jcurve.ground.quarters import QUARTERS_IN_YEAR

VALUE: RowKey = "", "value"
SLOPE, STEP = "slope", "step"
"""Rows of a way back: the number, its slope by each input, what acts by steps."""

_WITH_GAPS = ("splice", "grow")


@dataclass(frozen=True, slots=True)
class Gradient:
    """The derivatives of one number."""

    value: float  # the number
    # by input name, (quarter or 1, 1); inputs that do not reach it are left out, all of them where
    # it is not finite
    slopes: Mapping[str, Array]
    steps: frozenset[str]  # inputs that reach a comparison, a date or a whole number


@dataclass(frozen=True, slots=True)
class WayBack:
    """How one number is carried back to inputs, whatever their values."""

    # the model's, with the derivatives as further operations; its rows are the number, its slopes,
    # and how much is carried to what acts by steps
    graph: Graph
    inputs: Mapping[str, int]  # those that reach the number, by name
    # by row, the inputs that reach what it says acts by steps
    stepped: Mapping[RowKey, frozenset[str]]

    @classmethod
    def of(
        cls,
        graph: Graph,
        node: int,
        free: frozenset[str],
        gaps: frozenset[str],
        quarters: int,
        at: int = 0,
    ) -> WayBack:
        """The way back from a node's value.

        Args:
            graph: of the model.
            node: whose value.
            free: names of the inputs whose derivatives are wanted.
            gaps: names of those that are no number in some quarters.
            quarters: of the timeline.
            at: the quarter, of a row.
        """
        back = _Back(graph, node, free, gaps, quarters)
        made, rows = back.made, back.made.rows
        rows[VALUE] = node
        start = made.constant(1.0)
        if graph.high[node]:
            rows[VALUE] = made.make("value_at", (node, made.constant(at)))
            here = back.term(start).quarter == float(at)
            start = here.of("where", 1.0, 0.0).node
        back.give(node, start)
        back.run()
        inputs = {str(graph.attr[n]): n for n in back.nodes if graph.op[n] == "input"}
        for name, n in inputs.items():
            if n in back.adjoint:
                rows[name, SLOPE] = back.term(back.adjoint[n], graph.high[n]).of("reverse").node
        stepped: dict[RowKey, frozenset[str]] = {}
        known = graph.reaching(inputs)
        for slope, nodes in back.stepped.items():
            size = back.term(slope).of("absolute")
            key = str(slope), STEP
            rows[key] = made.make("sum_to_date", (size.node,)) if made.high[slope] else size.node
            stepped[key] = frozenset().union(*(known[n] for n in nodes))
        return cls(made, inputs, stepped)

    def gradient(self, found: Mapping[RowKey, Array], quarters: int) -> Gradient:
        """The derivatives, from the rows of this way."""
        value = float(found[VALUE][0, 0])
        if not np.isfinite(value):
            return Gradient(value, {}, frozenset())
        high = self.graph.high
        slopes = {
            name: found.get((name, SLOPE), np.zeros((quarters if high[node] else 1, 1)))
            for name, node in self.inputs.items()
        }
        active = (names for key, names in self.stepped.items() if found[key].any())
        return Gradient(value, slopes, frozenset().union(*active))


def without_facts(inputs: Mapping[str, Array]) -> frozenset[str]:
    """The inputs that are no number in some quarters."""
    return frozenset(name for name, row in inputs.items() if np.isnan(row).any())


class Term(np.lib.mixins.NDArrayOperatorsMixin):
    """A node of a graph, to which arithmetic adds further ones."""

    def __init__(self, graph: Graph, node: int, quarters: int, ahead: Term | None = None) -> None:
        self.graph, self.node, self.quarters = graph, node, quarters
        self.ahead = ahead or self
        """The same from the first quarter to the last."""

    def of(self, op: str, *args: Term | float) -> Term:
        """An operation on this and other terms."""
        if op == "reverse" and not self.graph.high[self.node]:
            return self
        nodes = [
            arg.node if isinstance(arg, Term) else self.graph.constant(float(arg))
            for arg in (self, *args)
        ]
        return Term(self.graph, self.graph.make(op, nodes), self.quarters)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **given: Any) -> Term:
        terms = [
            arg if isinstance(arg, Term) else self._like(self.graph.constant(float(arg)))
            for arg in args
        ]
        return terms[0].of(ufunc.__name__, *terms[1:])

    def __array_function__(self, function: Any, types: Any, args: Any, given: Any) -> Term:
        assert function is np.where
        condition: Term = args[0]
        return condition.of("where", *args[1:])

    def _like(self, node: int) -> Term:
        return Term(self.graph, node, self.quarters)

    @property
    def quarter(self) -> Term:
        """The quarter's index, from the last to the first."""
        one = self._like(self.graph.make("spread", (self.graph.constant(1.0),)))
        left: Term = float(self.quarters) - one.of("running_sum")
        return left

    def grown(self, factor: Term) -> Term:
        """This, and what it was a year before by a factor of then."""
        made, number = self.graph, len(self.graph.scans)
        made.scans.append(Scan((), ()))
        state = made.state(made.constant(0.0), number, 0)
        past = made.recall(made.constant(float(QUARTERS_IN_YEAR)), number, 0)
        total: Term = self + self._like(past)
        made.scans[number] = Scan((state,), ((total * factor).node,), (past,))
        return total


class _Back:
    """The way back through a graph, in the making."""

    def __init__(
        self, graph: Graph, node: int, free: frozenset[str], gaps: frozenset[str], quarters: int
    ) -> None:
        self.graph, self.made, self.quarters = graph, graph.extended(), quarters
        self.adjoint: dict[int, int] = {}
        self._rows: dict[int, int] = {}  # of single values, what is still to be summed
        self.stepped: dict[int, list[int]] = {}
        own, reached, group = graph.rests_on([node]), graph.reached(free), graph.groups()
        self.nodes = [n for n in own if reached[n]]
        self._wanted = frozenset(self.nodes)
        self._missing: set[int] = set()
        self._read: dict[tuple[int, bool], Term] = {}
        members: dict[int, list[int]] = {}
        for n in own:
            op, args = graph.op[n], graph.args[n]
            read = args[1:] if op in _WITH_GAPS else args
            if (op == "input" and graph.attr[n] in gaps) or not self._missing.isdisjoint(read):
                self._missing.add(n)
            if reached[n] and n in group:
                members.setdefault(group[n], []).append(n)
        self._scans = {n: mine for mine in members.values() for n in mine}

    def term(self, node: int, high: bool = False) -> Term:
        """A node as a term, with a value for each quarter if need be."""
        if high and not self.made.high[node]:
            node = self.made.make("spread", (node,))
        return Term(self.made, node, self.quarters)

    def _reading(self, node: int, raw: bool) -> Term:
        """A node's values from the last quarter to the first. Nothing that counts comes from a
        quarter without a fact: to most it is 0 there."""
        if (node, raw) not in self._read:
            filled = node in self._missing and not raw and not self.graph.truth[node]
            ahead = self.term(node)
            ahead = ahead.of("equal", ahead).of("where", ahead, 0.0) if filled else ahead
            turned = ahead.of("reverse").node
            self._read[node, raw] = Term(self.made, turned, self.quarters, ahead)
        return self._read[node, raw]

    def give(self, node: int, part: int) -> None:
        """Add to a node's derivative."""
        mine = self._rows if self.made.high[part] and not self.graph.high[node] else self.adjoint
        mine[node] = self.made.make("add", (mine[node], part)) if node in mine else part

    def _given(self, node: int) -> int | None:
        """A node's derivative, after the last was added; None for none."""
        if node in self._rows:
            self.give(node, self.made.make("sum_to_date", (self._rows.pop(node),)))
        return self.adjoint.get(node)

    def run(self) -> None:
        """From the last node to the first."""
        for node in reversed(self.nodes):
            mine = self._scans.get(node)
            if mine is None:
                slope = self._given(node)
                if slope is not None:
                    self._pass_on(node, slope, self.give)
            elif node == mine[-1]:
                self._scan(mine)

    def _pass_on(self, node: int, slope: int, give: Callable[[int, int], None]) -> None:
        """What a node's derivative means for what it reads."""
        op, args = self.graph.op[node], self.graph.args[node]
        if op not in OPERATIONS or self._wanted.isdisjoint(args):
            return
        raw = op in _WITH_GAPS
        read = [self._reading(arg, raw) for arg in args]
        own = self.term(slope, self.graph.high[node])
        parts = OPERATIONS[op].slope(own, self._reading(node, False), *read)
        for arg, part in zip(args, parts, strict=True):
            if arg not in self._wanted:
                continue
            if part is None:
                self.stepped.setdefault(slope, []).append(arg)
            elif self.made.value(part.node) != 0.0:
                give(arg, part.node)

    def _scan(self, mine: Sequence[int]) -> None:
        """Back through the quarters of a scan: a scan from the last to the first, whose balances
        are the derivatives of the balances, and of what is looked back at."""
        graph, made, inside = self.graph, self.made, frozenset(mine)
        scan, number = graph.scans[graph.attr[mine[0]][0]], len(made.scans)
        recalls = [node for node in scan.recalls if node in inside]
        zero = made.constant(0.0)
        made.scans.append(Scan((), ()))
        carried = [*scan.states, *recalls]
        states = [made.state(zero, number, at) for at in range(len(carried))]
        looked = [
            made.recall(graph.args[node][0], number, len(scan.states) + at)
            for at, node in enumerate(recalls)
        ]
        found = {node: self.adjoint[node] for node in mine if node in self.adjoint}
        left: list[tuple[int, int]] = []

        def take(node: int, part: int) -> None:
            if node not in inside:
                left.append((node, part))
            else:
                found[node] = made.make("add", (found[node], part)) if node in found else part

        for after, state in zip(scan.nexts, states[: len(scan.nexts)], strict=True):
            take(after, state)
        for node, part in zip(recalls, looked, strict=True):
            take(graph.recalled(node), part)
        for node in reversed(mine):
            if node in found:
                self._pass_on(node, found[node], take)
        nexts = tuple(found.get(node, zero) for node in carried)
        made.scans[number] = Scan(tuple(states), nexts, tuple(looked))
        last = made.constant(self.quarters - 1)
        for state, after in zip(scan.states, nexts[: len(scan.states)], strict=True):
            if state in inside and graph.args[state][0] in self._wanted:
                left.append((graph.args[state][0], made.make("value_at", (after, last))))
        for node, after in zip(recalls, nexts[len(scan.states) :], strict=True):
            delay, balance = graph.args[node][0], graph.recalled(node)
            if delay in self._wanted:
                read = self._reading(balance, False), self._reading(delay, False)
                left.append((delay, lag_slope(self.term(after), *read).node))
        for node, part in left:
            if node in self._wanted:
                self.give(node, part)
