"""In which order a graph is computed: a few hundred small loops over the quarters.

Nodes that no varied input reaches are *shared*: computed once for all scenarios. The rest is
*wide*. In each of the two, nodes go in phases: what needs a whole row (a value at a date, a sum
to date) comes a phase after the row. A phase's single values are computed first, then its rows
in loops of some thirty nodes each, small enough for the registers of a core and for a compiler
whose time grows faster than a function. What one loop hands to another goes through memory, a
*place*, which is given to another node after its last use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from jcurve.engine.graph import ACCUMULATED, IN_MEMORY, READS_LATER, Graph
from jcurve.engine.model import RowKey
from jcurve.ground.quarters import QUARTERS_IN_YEAR

SINGLE, ROW, DEEP = range(3)
"""Sorts of memory: one value; a row, before which a year is zero; one before which as many
quarters are zero as the timeline has, so that any lag may read it."""

_LOOP = 30  # Nodes in a loop
_SINGLE = 120  # Single values in a step

SHORT = tuple(map(float, range(1, QUARTERS_IN_YEAR + 1)))  # Lags that read the zeros before any row


@dataclass(slots=True)
class Step:
    """One function: single values, or a loop over the quarters."""

    wide: bool  # whether it is computed for each scenario
    loops: bool  # whether it is a loop
    nodes: list[int]  # in order
    after: frozenset[int] = frozenset()  # the steps on which it rests, itself among them


@dataclass(slots=True)
class Plan:
    """A schedule.

    Attributes:
        steps: shared ones first.
        wide: for each node, whether it is computed for each scenario.
        place: the memory of each node that has one: its sort, and its number among those of
            its sort, wide and shared ones apart.
        places: how many of each, by (wide, sort).
        step_of: the step that makes a node.
    """

    steps: list[Step]
    wide: list[bool]
    place: dict[int, tuple[int, int]] = field(default_factory=dict)
    places: dict[tuple[bool, int], int] = field(default_factory=dict)
    step_of: dict[int, int] = field(default_factory=dict)


def schedule(
    graph: Graph, wide_inputs: Collection[str], together: Iterable[Collection[RowKey]] = ()
) -> Plan:
    """The steps that compute every row of a graph.

    Args:
        graph: of a model.
        wide_inputs: names of the inputs that may differ between scenarios.
        together: rows that are asked for without the others: what each of these sets rests on
            shares no loop with what it can do without.
    """
    live = _computed(graph, graph.rows.values())
    sets = [
        frozenset(_computed(graph, (graph.rows[key] for key in keys if key in graph.rows)))
        for keys in together
    ]
    wide = graph.reached(wide_inputs)
    group = graph.groups()
    steps: list[Step] = []
    for stage in (False, True):
        mine = [node for node in live if wide[node] is stage]
        steps += _steps(graph, mine, group, sets, stage)
    plan = Plan(steps, wide)
    for at, step in enumerate(steps):
        plan.step_of.update(dict.fromkeys(step.nodes, at))
    _place(graph, plan)
    return plan


def _computed(graph: Graph, nodes: Iterable[int]) -> list[int]:
    """``nodes`` and what they rest on, as far as it is computed, in order."""
    return [n for n in graph.rests_on(nodes) if graph.op[n] not in ("constant", "input")]


def _phases(graph: Graph, nodes: list[int], group: dict[int, int]) -> dict[int, int]:
    """The phase of each node: of a single value, the one before whose loops it is computed."""
    phase = dict.fromkeys(nodes, 0)
    of_group: dict[int, int] = {}
    changed = True
    while changed:
        changed = False
        for node in nodes:
            least = phase[node]
            for at, arg in enumerate(graph.args[node]):
                before = phase.get(arg, 0)
                later = arg in phase and (
                    (graph.high[arg] and at == 0 and graph.op[node] in READS_LATER)
                    or graph.op[arg] in ACCUMULATED
                )
                least = max(least, before + later)
            number = group.get(node)
            if number is not None:
                least = of_group[number] = max(least, of_group.get(number, 0))
            if least > phase[node]:
                phase[node], changed = least, True
    return phase


def _steps(
    graph: Graph, nodes: list[int], group: dict[int, int], sets: list[frozenset[int]], wide: bool
) -> list[Step]:
    phase = _phases(graph, nodes, group)
    units: dict[tuple[int, bool, tuple[bool, ...]], dict[int, list[int]]] = {}
    for node in nodes:
        loops = graph.high[node] or graph.op[node] in ACCUMULATED
        spared = tuple(node not in needed for needed in sets)
        mine = units.setdefault((phase[node], loops, spared), {})
        number = group.get(node)
        mine.setdefault(node if number is None else -1 - number, []).append(node)
    steps: list[Step] = []
    for (_, loops, _), mine in sorted(units.items()):
        own: list[int] = []
        steps.append(Step(wide, loops, own))
        for unit in sorted(mine.values(), key=lambda each: each[-1]):
            if len(own) >= (_LOOP if loops else _SINGLE):
                own = []
                steps.append(Step(wide, loops, own))
            own += unit
    for step in steps:
        step.nodes.sort()
    return steps


def _place(graph: Graph, plan: Plan) -> None:
    """Give memory to what leaves its step, is read in other quarters, or is a row."""
    last: dict[int, int] = {}
    stay = set(graph.rows.values())
    above: list[frozenset[int]] = []
    for at, step in enumerate(plan.steps):
        before = {at}
        for node in step.nodes:
            for arg in graph.args[node]:
                made = plan.step_of.get(arg)
                if made is None:
                    continue
                if made != at:
                    before |= above[made]
                if made != at or graph.op[node] in IN_MEMORY:
                    last[arg] = at
            if graph.op[node] in ("grow", *ACCUMULATED):
                last.setdefault(node, at)
            if graph.op[node] == "recall":
                last.setdefault(graph.recalled(node), at)
            if node in stay:
                last.setdefault(node, at)
        step.after = frozenset(before)
        above.append(step.after)
    ends: dict[int, list[int]] = {}
    for node, at in last.items():
        ends.setdefault(at, []).append(node)
    deep = {
        args[0]
        for op, args in zip(graph.op, graph.args, strict=True)
        if op == "lag" and graph.value(args[1]) not in SHORT
    } | {graph.recalled(node) for scan in graph.scans for node in scan.recalls}
    free: dict[tuple[bool, int], list[int]] = {}
    for at, step in enumerate(plan.steps):
        for node in step.nodes:
            if node in last:
                sort = (DEEP if node in deep else ROW) if graph.high[node] else SINGLE
                kind = (step.wide, sort)
                spare = free.setdefault(kind, [])
                if not spare:
                    spare.append(plan.places.get(kind, 0))
                    plan.places[kind] = spare[0] + 1
                plan.place[node] = (sort, spare.pop())
        for node in ends.get(at, ()):
            if plan.wide[node]:  # what is shared stays for every scenario
                sort, number = plan.place[node]
                free.setdefault((True, sort), []).append(number)
