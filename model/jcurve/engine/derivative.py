"""Every derivative of one number at once: reverse mode over the graph of the model.

The number's own derivative, 1, is carried back from each operation to what it reads: twice the
work of one evaluation, whatever the number of inputs. At a kink (a maximum of equals, a lag of
whole quarters) it is that of one side. Truth values, dates and whole numbers have none: what acts
through them alone comes back as a step.

Inside a scan a quarter's balances depend on the last quarter's. Their local derivatives are found
for all quarters together, and only those few numbers are carried from quarter to quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.floats import COMPARED
from jcurve.engine.forward import values
from jcurve.engine.graph import Graph
from jcurve.engine.primitives import year_sum
from jcurve.ground.quarters import QUARTERS_IN_YEAR

__all__ = ["DERIVATIVES", "Gradient", "gradient"]

Array: TypeAlias = NDArray[np.float64]
Parts: TypeAlias = Sequence[Array | None]
"""For each argument what a change of it does; None where it acts by steps."""

_LN2, _LN10 = float(np.log(2.0)), float(np.log(10.0))


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
        if op in DERIVATIVES and any(reached[arg] for arg in args):
            rules[n] = DERIVATIVES[op], args, op in _WITH_GAPS
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
                self.give(graph.args[node][0], _lag_slope(part, balance, np.array([[delay]])))


def _ignored(node: int, part: Array) -> None:
    """What leaves a scan does not matter yet."""


def _chosen(slope: Array, first: Any) -> Parts:
    return np.where(first, slope, 0.0), np.where(first, 0.0, slope)


def _divided(slope: Array, out: Array, a: Array, b: Array) -> Parts:
    safe = np.where(b == 0.0, 1.0, b)
    part = np.where(b == 0.0, 0.0, slope / safe)
    return part, -part * out


def _power(slope: Array, out: Array, a: Array, b: Array) -> Parts:
    base = np.where(a > 0.0, a, 1.0)
    by_base = np.where(a > 0.0, slope * b * out / base, np.where(b == 1.0, slope, 0.0))
    return by_base, np.where(a > 0.0, slope * out * np.log(base), 0.0)


def _earlier(slope: Array, quarters: int) -> Array:
    """What a lag of so many quarters carries back."""
    made = np.zeros_like(slope)
    if quarters < len(slope):
        made[: len(slope) - quarters] = slope[quarters:]
    return made


def _lag(slope: Array, out: Array, x: Array, delay: Array) -> Parts:
    held = min(float(np.ravel(delay)[0]), float(len(slope)))
    whole = int(held)
    given = (1.0 - held + whole) * _earlier(slope, whole)
    if held > whole:
        given = given + (held - whole) * _earlier(slope, whole + 1)
    return given, _lag_slope(slope, x, delay)


def _lag_slope(slope: Array, x: Array, delay: Array) -> Array:
    """What a longer delay does: each quarter then sees more of the one before."""
    whole = int(min(float(np.ravel(delay)[0]), float(len(x))))
    near = np.zeros((len(x) + 1, 1))
    near[whole + 1 :] = x[: len(x) - whole]
    return slope * (near[:-1] - near[1:])


def _year_to_date(slope: Array, out: Array, x: Array) -> Parts:
    years = slope.reshape(-1, QUARTERS_IN_YEAR)
    return (np.cumsum(years[:, ::-1], axis=1)[:, ::-1].reshape(-1, 1),)


def _value_at(slope: Array, out: Array, x: Array, when: Array) -> Parts:
    made = np.zeros_like(x)
    made[int(np.clip(np.ravel(when)[0], 0, len(x) - 1))] = slope[0]
    return made, None


def _grow(slope: Array, out: Array, reported: Array, growth: Array) -> Parts:
    missing = np.isnan(np.broadcast_to(reported, out.shape))
    factor = 1.0 + np.broadcast_to(growth, out.shape)
    total = slope.copy()
    for quarter in reversed(range(QUARTERS_IN_YEAR, len(out))):
        if missing[quarter, 0]:
            total[quarter - QUARTERS_IN_YEAR] += total[quarter] * factor[quarter]
    before = np.vstack([np.zeros((QUARTERS_IN_YEAR, 1)), out[:-QUARTERS_IN_YEAR]])
    return np.where(missing, 0.0, total), np.where(missing, total * before, 0.0)


def _crossing(slope: Array, out: Array, balance: Array, start: Array) -> Parts:
    made = np.zeros_like(balance)
    since = float(np.ravel(out)[0] + np.ravel(start)[0])
    if np.isfinite(since):
        at = int(np.ceil(since)) - 1 if since % 1.0 == 0.0 else int(since)
        after = float(balance[at, 0])
        before = float(balance[at - 1, 0]) if at else 0.0
        square = (after - before) ** 2
        made[at] = slope[0] * before / square
        if at:
            made[at - 1] = -slope[0] * after / square
    return made, -slope


def _lowest(slope: Array, out: Array, row: Array) -> Parts:
    made = np.zeros_like(row)
    made[int(np.argmin(row))] = slope[0]
    return (made,)


def _rate(slope: Array, out: Array, flows: Array) -> Parts:
    """The rate keeps the present value at zero."""
    periods = np.arange(len(flows), dtype=np.float64)[:, None]
    with np.errstate(all="ignore"):
        factors = (1.0 + out) ** -periods
        steep = (periods * flows * factors).sum() / (1.0 + out)
        return (np.nan_to_num(slope * factors / steep),)


def _none(count: int) -> Callable[..., Parts]:
    return lambda slope, out, *args: (None,) * count


DERIVATIVES: Mapping[str, Callable[..., Parts]] = MappingProxyType(
    {
        "add": lambda s, o, a, b: (s, s),
        "subtract": lambda s, o, a, b: (s, -s),
        "multiply": lambda s, o, a, b: (s * b, s * a),
        "divide": _divided,
        "ratio": _divided,
        "negative": lambda s, o, a: (-s,),
        "absolute": lambda s, o, a: (s * np.sign(a),),
        "maximum": lambda s, o, a, b: _chosen(s, a >= b),
        "minimum": lambda s, o, a, b: _chosen(s, a <= b),
        "where": lambda s, o, c, a, b: (None, *_chosen(s, c)),
        "splice": lambda s, o, a, b: _chosen(s, ~np.isnan(a)),
        "exp": lambda s, o, a: (s * o,),
        "exp2": lambda s, o, a: (s * o * _LN2,),
        "expm1": lambda s, o, a: (s * (o + 1.0),),
        "log": lambda s, o, a: (s / a,),
        "log2": lambda s, o, a: (s / (a * _LN2),),
        "log10": lambda s, o, a: (s / (a * _LN10),),
        "log1p": lambda s, o, a: (s / (1.0 + a),),
        "power": _power,
        "hypot": lambda s, o, a, b: (s * a / np.where(o, o, 1.0), s * b / np.where(o, o, 1.0)),
        "spread": lambda s, o, a: (s,),
        "lag": _lag,
        "running_sum": lambda s, o, a: (np.cumsum(s[::-1], axis=0)[::-1],),
        "year_sum": lambda s, o, a: (year_sum(s),),
        "year_to_date": _year_to_date,
        "sum_to_date": lambda s, o, a: (np.broadcast_to(s, a.shape),),
        "value_at": _value_at,
        "grow": _grow,
        "lowest": _lowest,
        "last_upward_crossing": _crossing,
        "internal_rate": _rate,
        "first_lasting": lambda s, o, a, start: (None, np.where(o == start, s, 0.0)),
        **{op: _none(2) for op in (*COMPARED, "logical_and", "logical_or")},
        **{
            op: _none(1)
            for op in (
                "floor", "ceil", "rint", "logical_not", "number", "never_below", "lowest_at",
                "count_roots",
            )
        },
    }
)  # fmt: skip
"""By operation: from the result's derivative, the result and the arguments to what a change of
each argument does."""
