"""The values of all operations of one scenario, by NumPy: for derivatives, and to see what is idle.

Rows come from :mod:`jcurve.engine.evaluate`, the definition of right; these are the values on the
way to them, those inside a scan among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from jcurve.engine.graph import Graph
from jcurve.engine.model import RowKey
from jcurve.engine.operations import OPERATIONS
from jcurve.engine.primitives import Array
from jcurve.ground.errors import ModelError

_Plan: TypeAlias = list[tuple[Callable[..., Any] | None, int, Sequence[int]]]


def _followed(
    graph: Graph, inputs: Mapping[str, Array], plan: _Plan, quarters: int
) -> dict[int, Any]:
    """The value of each node of a plan."""
    tall = quarters, 1
    found: dict[int, Any] = {}
    for function, node, args in plan:
        if function is not None:
            found[node] = function(*[found[arg] for arg in args])
        elif graph.op[node] == "input":
            row = inputs[str(graph.attr[node])]
            found[node] = np.broadcast_to(row, tall) if graph.high[node] else row
        elif graph.op[node] == "constant":
            found[node] = np.full((1, 1), graph.attr[node])
        elif graph.op[node] == "spread":
            found[node] = np.broadcast_to(found[args[0]], tall)
        else:
            _carry(graph, args, found, quarters)
    return found


def _plan(graph: Graph, nodes: Iterable[int]) -> _Plan:
    """What is computed from what, in order: by a function of arrays, or by itself; all of a scan
    at its last node."""
    group = graph.groups()
    members: dict[int, list[int]] = {}
    plan: _Plan = []
    for node in sorted(nodes):
        op = graph.op[node]
        if node in group:
            members.setdefault(group[node], []).append(node)
        else:
            itself = op in ("input", "constant", "spread")
            plan.append((None if itself else OPERATIONS[op].numpy, node, graph.args[node]))
    plan += [(None, mine[-1], mine) for mine in members.values()]
    return sorted(plan, key=lambda each: each[1])


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
    for node, row in _followed(graph, inputs, _plan(graph, narrow), quarters).items():
        first = float(row[0, 0])
        if graph.op[node] != "state" and first in (0.0, 1.0) and (row == row[:1]).all():
            found[node] = first
    return found


def _quarter(
    graph: Graph, mine: Sequence[int], place: Mapping[int, int]
) -> Callable[[list[Any]], list[Any]]:
    """One quarter of a scan as a function of its own, from the values of all places to the same:
    a loop over operations takes three times as long."""
    names = ", ".join(f"v{at}" for at in place.values())
    steps = [
        f"v{place[node]} = {graph.op[node]}({', '.join(f'v{place[n]}' for n in graph.args[node])})"
        for node in mine
        if graph.op[node] not in ("state", "recall")
    ]
    code = ["def quarter(now):", f"{names}, = now", *steps, f"return [{names}]"]
    ops = {graph.op[node] for node in mine} & OPERATIONS.keys()
    scope: dict[str, Any] = {op: OPERATIONS[op].floats or OPERATIONS[op].numpy for op in ops}
    exec("\n    ".join(code), scope)
    made: Callable[[list[Any]], list[Any]] = scope["quarter"]
    return made


def _carry(graph: Graph, mine: Sequence[int], found: dict[int, Any], quarters: int) -> None:
    """A scan on plain floats, as for one scenario everywhere."""
    place = {node: at for at, node in enumerate(mine)}
    scan = graph.scans[graph.attr[min(mine)][0]]
    read = {arg for node in mine for arg in graph.args[node]}
    read |= set(scan.nexts)
    outside = sorted(read - place.keys())
    for node in outside:
        place[node] = len(place)
    columns = [np.broadcast_to(found[n], (quarters, 1)) for n in outside]
    table = np.concatenate(columns, axis=1).tolist() if columns else [[]] * quarters
    recalls = []
    for node in (each for each in scan.recalls if each in place):
        delay = float(found[graph.args[node][0]][0, 0])
        if not delay >= 1.0:
            raise ModelError("a recall is too short", received=delay, allowed=">= 1")
        whole = int(delay)
        recalls.append((place[node], place[graph.recalled(node)], whole, delay - whole))
    key = "quarter", *mine
    if key not in graph.memo:
        graph.memo[key] = _quarter(graph, mine, place)
    quarter_of: Callable[[list[Any]], list[Any]] = graph.memo[key]
    used = [(n, after) for n, after in zip(scan.states, scan.nexts, strict=True) if n in place]
    balances = [(place[node], place[after]) for node, after in used]
    carried = [(place[node], float(found[graph.args[node][0]][0, 0])) for node, _ in used]
    history: list[list[Any]] = []
    for quarter in range(quarters):
        now: list[Any] = [0.0] * len(mine) + table[quarter]
        for at, value in carried:
            now[at] = value
        for out, balance, whole, part in recalls:
            back = quarter - whole
            near = history[back][balance] if back >= 0 else 0.0
            far = history[back - 1][balance] if back >= 1 else 0.0
            now[out] = (1.0 - part) * near + part * far if part else near
        now = quarter_of(now)
        history.append(now)
        carried = [(at, now[balance]) for at, balance in balances]
    rows = np.array(history)
    for node in mine:
        row = rows[:, place[node] : place[node] + 1]
        found[node] = row != 0.0 if graph.truth[node] else row


def rows_by_numpy(graph: Graph, inputs: Mapping[str, Array], quarters: int) -> dict[RowKey, Array]:
    """Every row of a graph."""
    if "plan" not in graph.memo:
        graph.memo["plan"] = _plan(graph, graph.rests_on(graph.rows.values()))
    with np.errstate(all="ignore"):
        found = _followed(graph, inputs, graph.memo["plan"], quarters)
    return {key: found[node] for key, node in graph.rows.items()}
