"""The values of a graph's nodes for one scenario, in NumPy.

What a gradient and the folding of a graph start from: every node's value, those inside a scan
among them. Rows come from :mod:`jcurve.engine.evaluate`, which is the definition of right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jcurve.engine import intrinsics, primitives
from jcurve.engine.floats import COMPARED, COMPUTED, float_ratio
from jcurve.engine.graph import Graph
from jcurve.ground.errors import ModelError

__all__ = ["NUMPY", "settled", "values"]

Array = NDArray[np.float64]


def _truth(row: Any) -> Any:
    return np.asarray(row, dtype=np.float64)


NUMPY: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **{op: getattr(np, op) for op in (*COMPUTED, *COMPARED)},
        **{
            op: getattr(np, op)
            for op in (
                "floor", "ceil", "rint", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p",
                "power", "hypot", "where", "logical_and", "logical_or", "logical_not",
            )
        },
        **{
            op: getattr(primitives, op)
            for op in (
                "ratio", "splice", "lag", "running_sum", "year_sum", "year_to_date", "grow",
                "value_at", "sum_to_date",
            )
        },
        **{
            op: getattr(intrinsics, op)
            for op in (
                "last_upward_crossing", "never_below", "lowest", "lowest_at", "first_lasting",
                "count_roots", "internal_rate",
            )
        },
        "number": _truth,
        "spread": lambda row: row,
    }
)  # fmt: skip
"""Every operation of a graph but a scan's, on arrays."""

_ON_FLOATS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **COMPUTED,
        **COMPARED,
        "ratio": float_ratio,
        "where": lambda condition, a, b: a if condition else b,
        "logical_and": lambda a, b: bool(a) and bool(b),
        "logical_or": lambda a, b: bool(a) or bool(b),
        "logical_not": lambda a: not a,
        "number": float,
    }
)


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
            found[node] = NUMPY[op](*[found[arg] for arg in args[node]])
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
        (_ON_FLOATS[graph.op[node]], place[node], [place[arg] for arg in graph.args[node]])
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
