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
from jcurve.engine.timeline import QUARTERS_IN_YEAR

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
        gaps: those that are not a number in quarters without a fact.
        scans: the nodes of each scan among them, by the last.
    """

    own: Sequence[int]
    nodes: Sequence[int]
    wanted: frozenset[int]
    gaps: frozenset[int]
    scans: Mapping[int, Sequence[int]]
    carried: frozenset[int]


def _way(graph: Graph, node: int, free: frozenset[str], gaps: frozenset[str]) -> _Way:
    own = graph.rests_on([node])
    reached = graph.reached(free)
    nodes = [n for n in own if reached[n]]
    missing: set[int] = set()
    for n in own:
        op = graph.op[n]
        args = graph.args[n][1:] if op in ("splice", "grow") else graph.args[n]
        if (op == "input" and graph.attr[n] in gaps) or not missing.isdisjoint(args):
            missing.add(n)
    members: dict[int, list[int]] = {}
    group = graph.groups()
    for n in nodes:
        if n in group:
            members.setdefault(group[n], []).append(n)
    return _Way(
        own,
        nodes,
        frozenset(nodes),
        frozenset(missing),
        {mine[-1]: mine for mine in members.values()},
        frozenset(n for mine in members.values() for n in mine),
    )


class _Back:
    """The way back through a graph."""

    def __init__(self, graph: Graph, known: Mapping[int, Any], way: _Way, quarters: int) -> None:
        self.graph, self.known, self.way, self.quarters = graph, known, way, quarters
        self.adjoint: dict[int, Array] = {}
        self.stepped: set[int] = set()
        self._filled: dict[int, Array] = {}
        for node in way.gaps:
            missing = np.isnan(known[node])
            if missing.any():
                self._filled[node] = np.where(missing, 0.0, known[node])

    def give(self, node: int, part: Array) -> None:
        """Add to a node's derivative."""
        if node not in self.way.wanted:
            return
        if not self.graph.high[node] and part.shape[0] > 1:
            part = part.sum(axis=0, keepdims=True)
        sofar = self.adjoint.get(node)
        self.adjoint[node] = part if sofar is None else sofar + part

    def run(self) -> None:
        """From the last node to the first."""
        for node in reversed(self.way.nodes):
            if node in self.way.scans:
                self._scan(self.way.scans[node])
            elif node not in self.way.carried and node in self.adjoint:
                self._pass_on(node, self.adjoint[node], self.give)

    def _pass_on(self, node: int, slope: Array, give: Callable[[int, Array], None]) -> None:
        """What a node's derivative means for what it reads."""
        op, args = self.graph.op[node], self.graph.args[node]
        if op == "input":
            return
        if not any(arg in self.way.wanted for arg in args):
            return
        read = [self._over_time(arg, op in ("splice", "grow")) for arg in args]
        parts = DERIVATIVES[op](slope, self._over_time(node), *read)
        for arg, part in zip(args, parts, strict=True):
            if part is None:
                if arg in self.way.wanted:
                    self.stepped.add(arg)
            else:
                give(arg, part)

    def _over_time(self, node: int, with_gaps: bool = False) -> Any:
        """A node's value; quarters without a fact are 0 to all that do not look for them, since
        nothing that counts comes from there."""
        value = self.known[node] if with_gaps else self._filled.get(node, self.known[node])
        if self.graph.high[node] and len(value) == 1:
            value = np.broadcast_to(value, (self.quarters, 1))
        return value

    def _scan(self, mine: Sequence[int]) -> None:
        """Back through the quarters of a scan."""
        scan = self.graph.scans[self.graph.attr[mine[0]][0]]
        inside = frozenset(mine)
        zero = np.zeros((self.quarters, 1))
        balances = range(len(scan.states))
        recalls = [node for node in scan.recalls if node in inside]

        def swept(seeds: Mapping[int, Array], give: Callable[[int, Array], None]) -> list[Array]:
            """Derivatives carried back inside a quarter, to the balances before it."""
            found = dict(seeds)

            def take(node: int, part: Array) -> None:
                if node in inside:
                    found[node] = found[node] + part if node in found else part
                else:
                    give(node, part)

            for node in reversed(mine):
                if node in found and self.graph.op[node] not in ("state", "recall"):
                    self._pass_on(node, found[node], take)
            return [found.get(node, zero) for node in (*scan.states, *recalls)]

        own = {node: self.adjoint[node] for node in mine if node in self.adjoint}
        direct = swept(own, lambda node, part: None)
        one = np.ones((self.quarters, 1))
        local = [
            swept({scan.nexts[n]: one}, lambda node, part: None)
            if scan.nexts[n] in inside
            else [zero] * (len(scan.states) + len(recalls))
            for n in balances
        ]
        matrix = [[np.ravel(row).tolist() for row in rows] for rows in local]
        given = [np.ravel(row).tolist() for row in direct]
        delays = [float(self.known[self.graph.args[node][0]][0, 0]) for node in recalls]
        places = [self.graph.attr[node][1] for node in recalls]
        after = np.zeros((len(scan.states), self.quarters, 1))
        later = [0.0] * len(scan.states)
        looked = np.zeros((len(recalls), self.quarters, 1))
        for quarter in reversed(range(self.quarters)):
            after[:, quarter, 0] += later
            total = after[:, quarter, 0].tolist()
            before = [
                given[i][quarter] + sum(total[n] * matrix[n][i][quarter] for n in balances)
                for i in range(len(given))
            ]
            later = before[: len(scan.states)]
            for r, (place, delay) in enumerate(zip(places, delays, strict=True)):
                looked[r, quarter] = part = before[len(scan.states) + r]
                back = quarter - int(delay)
                if back >= 0:
                    after[place, back] += (1.0 - delay % 1.0) * part
                if back >= 1:
                    after[place, back - 1] += delay % 1.0 * part
        for n, node in enumerate(scan.nexts):
            own[node] = own.get(node, zero) + after[n]
        outside = {node: part for node, part in own.items() if node not in inside}
        swept({node: part for node, part in own.items() if node in inside}, self.give)
        for node, part in outside.items():
            self.give(node, part)
        for state, start in zip(scan.states, later, strict=True):
            self.give(self.graph.args[state][0], np.array([[start]]))
        for node, delay, part in zip(recalls, delays, looked, strict=True):
            balance = self._over_time(self.graph.recalled(node))
            slope = _lag(part, balance, balance, np.array([[delay]]))[1]
            self.give(self.graph.args[node][0], np.asarray(slope))


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
    height = len(slope)
    held = min(float(np.ravel(delay)[0]), float(height))
    whole = int(held)
    given = (1.0 - held + whole) * _earlier(slope, whole)
    if held > whole:
        given = given + (held - whole) * _earlier(slope, whole + 1)
    near = np.zeros((height + 1, 1))
    near[whole + 1 :] = x[: height - whole]
    return given, slope * (near[:-1] - near[1:])


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
