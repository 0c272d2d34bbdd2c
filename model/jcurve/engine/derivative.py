"""Every derivative of one number at once: reverse mode over the graph of the model.

The number's own derivative, 1, is carried back from each operation to what it reads: twice the
work of one evaluation, whatever the number of inputs. At a kink (a maximum of equals, a lag of
whole quarters) it is that of one side. Truth values, dates and whole numbers have none: what acts
through them alone comes back as a step.

Inside a scan a quarter's balances depend on the last quarter's. Their local derivatives are found
for all quarters together, and only those few numbers are carried from quarter to quarter.

The values of all nodes of one scenario come first, those inside a scan among them; a graph is
folded with them too. Rows come from :mod:`jcurve.engine.evaluate`, the definition of right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jcurve.engine.graph import Graph
from jcurve.engine.operations import OPERATIONS, Array, Parts, lag_slope
from jcurve.ground.errors import ModelError


def values(
    graph: Graph, inputs: Mapping[str, Array], nodes: Iterable[int], quarters: int
) -> dict[int, Any]:
    """The values of some nodes, each after those that it reads.

    Args:
        graph: of a model.
        inputs: by name, (quarter or 1, 1).
        nodes: in order, with all that they rest on.
        quarters: of the timeline.
    """
    own = sorted(nodes)
    group = graph.groups()
    members: dict[int, list[int]] = {}
    for node in own:
        if node in group:
            members.setdefault(group[node], []).append(node)
    ends = {mine[-1]: mine for mine in members.values()}
    ops, args, tall = graph.op, graph.args, (quarters, 1)
    found: dict[int, Any] = {}
    for node in own:
        op = ops[node]
        if node in group:
            if node in ends:
                _carry(graph, ends[node], found, quarters)
        elif op == "input":
            row = inputs[str(graph.attr[node])]
            found[node] = np.broadcast_to(row, tall) if graph.high[node] else row
        elif op == "constant":
            found[node] = np.full((1, 1), graph.attr[node])
        elif op == "spread":
            found[node] = np.broadcast_to(found[args[node][0]], tall)
        else:
            found[node] = OPERATIONS[op].numpy(*[found[arg] for arg in args[node]])
    return found


def settled(
    graph: Graph, inputs: Mapping[str, Array], wide: Sequence[bool], quarters: int
) -> dict[int, float]:
    """The nodes that are 0, or 1, in every quarter of every scenario: what is multiplied by them
    need not be computed.

    Args:
        wide: for each node, whether a varied input reaches it.
    """
    narrow = [node for node in range(len(graph)) if not wide[node]]
    found: dict[int, float] = {}
    for node, row in values(graph, inputs, narrow, quarters).items():
        first = float(row[0, 0])
        if graph.op[node] != "state" and first in (0.0, 1.0) and (row == row[:1]).all():
            found[node] = first
    return found


def _on_floats(op: str) -> Callable[..., Any]:
    return OPERATIONS[op].floats or OPERATIONS[op].numpy


def _carry(graph: Graph, mine: Sequence[int], found: dict[int, Any], quarters: int) -> None:
    """A scan on plain floats, as for one scenario everywhere."""
    place = {node: at for at, node in enumerate(mine)}
    scan = graph.scans[graph.attr[min(mine)][0]]
    read = {arg for node in mine for arg in graph.args[node]}
    read |= set(scan.nexts)
    outside = sorted(read - place.keys())
    for node in outside:
        place[node] = len(place)
    table = [np.broadcast_to(found[n], (quarters, 1))[:, 0].tolist() for n in outside]
    steps = [
        (_on_floats(graph.op[node]), place[node], [place[arg] for arg in graph.args[node]])
        for node in mine
        if graph.op[node] not in ("state", "recall")
    ]
    recalls = []
    for node in (each for each in scan.recalls if each in place):
        delay = float(found[graph.args[node][0]][0, 0])
        if not delay >= 1.0:
            raise ModelError("a recall is too short", received=delay, allowed=">= 1")
        whole = int(delay)
        recalls.append((place[node], place[graph.recalled(node)], whole, delay - whole))
    now: list[Any] = [0.0] * len(place)
    used = [(n, after) for n, after in zip(scan.states, scan.nexts, strict=True) if n in place]
    balances = [(place[node], place[after]) for node, after in used]
    carried = [(place[node], float(found[graph.args[node][0]][0, 0])) for node, _ in used]
    history: list[list[Any]] = []
    first = len(mine)
    for quarter in range(quarters):
        for at, row in enumerate(table):
            now[first + at] = row[quarter]
        for at, value in carried:
            now[at] = value
        for out, balance, whole, part in recalls:
            back = quarter - whole
            near = history[back][balance] if back >= 0 else 0.0
            far = history[back - 1][balance] if back >= 1 else 0.0
            now[out] = (1.0 - part) * near + part * far if part else near
        for operation, out, given in steps:
            now[out] = operation(*[now[at] for at in given])
        history.append(now[:])
        carried = [(at, now[balance]) for at, balance in balances]
    rows = np.array(history)
    for node in mine:
        row = rows[:, place[node] : place[node] + 1]
        found[node] = row != 0.0 if graph.truth[node] else row


@dataclass(frozen=True, slots=True)
class Gradient:
    """The derivatives of one number.

    Attributes:
        value: the number.
        slopes: by input name, (quarter or 1, 1); inputs that do not reach it are left out, all
            of them where it is not finite.
        steps: inputs that reach a comparison, a date or a whole number.
    """

    value: float
    slopes: Mapping[str, Array]
    steps: frozenset[str]


def gradient(
    graph: Graph,
    inputs: Mapping[str, Array],
    free: frozenset[str],
    node: int,
    quarters: int,
    at: int = 0,
) -> Gradient:
    """The derivatives of a node's value to every value of some inputs.

    Args:
        graph: of the model.
        inputs: of one scenario, by name; (quarter or 1, 1).
        free: names of the inputs whose derivatives are wanted.
        node: whose value.
        quarters: of the timeline.
        at: the quarter, of a row.
    """
    gaps = frozenset(name for name, row in inputs.items() if np.isnan(row).any())
    way = graph.memo.get((node, free, gaps))
    if way is None:
        way = graph.memo[node, free, gaps] = _way(graph, node, free, gaps)
    known = values(graph, inputs, way.own, quarters)
    value = float(np.ravel(known[node])[at])
    if not np.isfinite(value):
        return Gradient(value, {}, frozenset())
    back = _Back(graph, known, way, quarters)
    start = np.zeros((quarters if graph.high[node] else 1, 1))
    start[at] = 1.0
    back.give(node, start)
    back.run()
    ends = {str(graph.attr[n]): n for n in way.nodes if graph.op[n] == "input"}
    slopes = {
        name: back.adjoint.get(n, np.zeros((quarters if graph.high[n] else 1, 1)))
        for name, n in ends.items()
    }
    stepped = frozenset(graph.rests_on(back.stepped))
    steps = frozenset(name for name, n in ends.items() if n in stepped)
    return Gradient(value, slopes, steps)


@dataclass(frozen=True, slots=True)
class _Way:
    """What a way back goes through, whatever the values.

    Attributes:
        own: the node and all that it rests on.
        nodes: those of them that an input of interest reaches.
        rules: of those that read one of them: the rule, what is read, and whether quarters
            without a fact matter to it.
        gaps: those of ``own`` that are no number in quarters without a fact.
        scans: the nodes of each scan, by each of them.
    """

    own: Sequence[int]
    nodes: Sequence[int]
    rules: Mapping[int, tuple[Callable[..., Parts], tuple[int, ...], bool]]
    gaps: Sequence[int]
    scans: Mapping[int, Sequence[int]]


_WITH_GAPS = ("splice", "grow")


def _way(graph: Graph, node: int, free: frozenset[str], gaps: frozenset[str]) -> _Way:
    own, reached, group = graph.rests_on([node]), graph.reached(free), graph.groups()
    nodes = [n for n in own if reached[n]]
    missing: set[int] = set()
    rules = {}
    members: dict[int, list[int]] = {}
    for n in own:
        op, args = graph.op[n], graph.args[n]
        read = args[1:] if op in _WITH_GAPS else args
        if (op == "input" and graph.attr[n] in gaps) or not missing.isdisjoint(read):
            missing.add(n)
        if op in OPERATIONS and any(reached[arg] for arg in args):
            rules[n] = OPERATIONS[op].slope, args, op in _WITH_GAPS
        if reached[n] and n in group:
            members.setdefault(group[n], []).append(n)
    scans = {n: mine for mine in members.values() for n in mine}
    return _Way(own, nodes, rules, sorted(missing), scans)


class _Back:
    """The way back through a graph."""

    def __init__(self, graph: Graph, known: dict[int, Any], way: _Way, quarters: int) -> None:
        self.graph, self.way, self.quarters = graph, way, quarters
        self.adjoint: dict[int, Array] = {}
        self.stepped: set[int] = set()
        self._wanted = frozenset(way.nodes)
        # Nothing that counts comes from a quarter without a fact: to most it is 0 there.
        self._known, self._filled = known, dict(known)
        for node in way.gaps:
            missing = np.isnan(known[node])
            if missing.any():
                self._filled[node] = np.where(missing, 0.0, known[node])

    def give(self, node: int, part: Array) -> None:
        """Add to a node's derivative."""
        if not self.graph.high[node] and len(part) > 1:
            part = part.sum(axis=0, keepdims=True)
        sofar = self.adjoint.get(node)
        self.adjoint[node] = part if sofar is None else sofar + part

    def run(self) -> None:
        """From the last node to the first."""
        scans = self.way.scans
        for node in reversed(self.way.nodes):
            if node not in scans:
                slope = self.adjoint.get(node)
                if slope is not None and slope.any():  # half of the model is idle in a scenario
                    self._pass_on(node, slope, self.give)
            elif node == scans[node][-1]:
                self._scan(scans[node])

    def _pass_on(self, node: int, slope: Array, give: Callable[[int, Array], None]) -> None:
        """What a node's derivative means for what it reads."""
        if node not in self.way.rules:
            return
        rule, args, with_gaps = self.way.rules[node]
        read = self._known if with_gaps else self._filled
        parts = rule(slope, self._filled[node], *[read[arg] for arg in args])
        for arg, part in zip(args, parts, strict=True):
            if arg in self._wanted:
                if part is None:
                    self.stepped.add(arg)
                else:
                    give(arg, part)

    def _scan(self, mine: Sequence[int]) -> None:
        """Back through the quarters of a scan."""
        graph, inside = self.graph, frozenset(mine)
        scan = graph.scans[graph.attr[mine[0]][0]]
        states, nexts = scan.states, scan.nexts
        recalls = [node for node in scan.recalls if node in inside]

        def swept(seeds: Mapping[int, Array], give: Callable[[int, Array], None]) -> list[Array]:
            """Derivatives carried back inside a quarter, to what comes from earlier ones."""
            found = {node: part for node, part in seeds.items() if node in inside}

            def take(node: int, part: Array) -> None:
                if node not in inside:
                    give(node, part)
                else:
                    found[node] = found[node] + part if node in found else part

            for node in reversed(mine):
                if node in found:
                    self._pass_on(node, found[node], take)
            zero = np.zeros((self.quarters, 1))
            return [found.get(node, zero) for node in (*states, *recalls)]

        # All at once, a column each: what is wanted of this scan, and each balance after it.
        own = {node: self.adjoint[node] for node in mine if node in self.adjoint}
        shape = (self.quarters, len(nexts) + 1)
        seeds = {node: np.pad(part, ((0, 0), (0, len(nexts)))) for node, part in own.items()}
        for column, node in enumerate(nexts, start=1):
            seeds.setdefault(node, np.zeros(shape))[:, column] += 1.0
        columns = [np.broadcast_to(row, shape) for row in swept(seeds, _ignored)]
        local = np.stack(columns, axis=2)  # quarter, seed, what comes from earlier quarters
        delays = [float(self._known[graph.args[node][0]][0, 0]) for node in recalls]
        after = np.zeros((len(nexts), self.quarters, 1))
        looked = np.zeros((len(recalls), self.quarters, 1))
        later = np.zeros(len(states))
        for quarter in reversed(range(self.quarters)):
            after[:, quarter, 0] += later
            before = local[quarter, 0] + after[:, quarter, 0] @ local[quarter, 1:]
            later = before[: len(states)]
            for at, (node, delay) in enumerate(zip(recalls, delays, strict=True)):
                looked[at, quarter] = part = before[len(states) + at]
                place, back = graph.attr[node][1], quarter - int(delay)
                if back >= 0:
                    after[place, back] += (1.0 - delay % 1.0) * part
                if back >= 1:
                    after[place, back - 1] += delay % 1.0 * part
        for node, part in zip(nexts, after, strict=True):
            own[node] = own[node] + part if node in own else part
            if node not in inside and node in self._wanted:
                self.give(node, part)
        swept(own, self.give)
        for state, opening in zip(states, later, strict=True):
            if graph.args[state][0] in self._wanted:
                self.give(graph.args[state][0], np.array([[opening]]))
        for node, delay, part in zip(recalls, delays, looked, strict=True):
            balance = self._filled[graph.recalled(node)]
            if graph.args[node][0] in self._wanted:
                self.give(graph.args[node][0], lag_slope(part, balance, np.array([[delay]])))


def _ignored(node: int, part: Array) -> None:
    """What leaves a scan does not matter yet."""
