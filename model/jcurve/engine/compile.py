"""A model as machine code: the intermediate code of every step, compiled and loaded.

Needs llvmlite (the extra ``jcurve[fast]``). What is compiled is a plain value, bytes and a
description, so that whoever may touch the disk can keep it there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from jcurve.engine.emit import functions
from jcurve.engine.graph import Graph
from jcurve.engine.kernel import LANES, Code, target
from jcurve.engine.model import Model, RowKey
from jcurve.engine.numerics import settled
from jcurve.engine.primitives import Array
from jcurve.engine.schedule import DEEP, ROW, schedule
from jcurve.engine.search import rates_code, tables
from jcurve.engine.steps import Layout
from jcurve.engine.timed import step_code

_DRIVER = f"""
declare i32 @feclearexcept(i32)
declare i32 @fetestexcept(i32)
declare i32 @feraiseexcept(i32)

; Every block of scenarios through every step. A step of %program is its function, how many rows
; are copied out after it, and for each where it stands in %w, where it goes, how many quarters it
; has, and how many doubles lie between two quarters there.
define i32 @run(ptr %s, ptr %w, ptr %in, i64 %from, i64 %to,
                 ptr %program, i64 %steps, i32 %flags) {{
entry:
  %ignored = call i32 @feclearexcept(i32 %flags)
  br label %blocks
blocks:
  %b = phi i64 [ %from, %entry ], [ %b1, %blocks.next ]
  %some = icmp ult i64 %b, %to
  br i1 %some, label %steps.loop, label %exit
steps.loop:
  %k = phi i64 [ 0, %blocks ], [ %k1, %steps.next ]
  %p = phi ptr [ %program, %blocks ], [ %c, %steps.next ]
  %left = icmp ult i64 %k, %steps
  br i1 %left, label %step, label %blocks.next
step:
  %f = load ptr, ptr %p
  call void %f(ptr %s, ptr %w, ptr %in, i64 %b)
  %p1 = getelementptr i64, ptr %p, i64 1
  %n = load i64, ptr %p1
  %p2 = getelementptr i64, ptr %p, i64 2
  br label %copies
copies:
  %j = phi i64 [ 0, %step ], [ %j1, %copied ]
  %c = phi ptr [ %p2, %step ], [ %c1, %copied ]
  %rows = icmp ult i64 %j, %n
  br i1 %rows, label %copy, label %steps.next
copy:
  %at = load i64, ptr %c
  %from.p = getelementptr double, ptr %w, i64 %at
  %q1 = getelementptr i64, ptr %c, i64 1
  %out = load ptr, ptr %q1
  %q2 = getelementptr i64, ptr %c, i64 2
  %height = load i64, ptr %q2
  %q3 = getelementptr i64, ptr %c, i64 3
  %wide = load i64, ptr %q3
  %shift = mul i64 %b, {LANES}
  %out.p = getelementptr double, ptr %out, i64 %shift
  br label %quarters
quarters:
  %t = phi i64 [ 0, %copy ], [ %t1, %quarters ]
  %src = getelementptr <{LANES} x double>, ptr %from.p, i64 %t
  %value = load <{LANES} x double>, ptr %src, align 8
  %step.out = mul i64 %t, %wide
  %dst = getelementptr double, ptr %out.p, i64 %step.out
  store <{LANES} x double> %value, ptr %dst, align 8
  %t1 = add i64 %t, 1
  %more = icmp ult i64 %t1, %height
  br i1 %more, label %quarters, label %copied
copied:
  %j1 = add i64 %j, 1
  %c1 = getelementptr i64, ptr %c, i64 4
  br label %copies
steps.next:
  %k1 = add i64 %k, 1
  br label %steps.loop
blocks.next:
  %b1 = add i64 %b, 1
  br label %blocks
exit:
  %raised = call i32 @fetestexcept(i32 %flags)
  ret i32 %raised
}}

attributes #0 = {{ nounwind "min-legal-vector-width"="512" "prefer-vector-width"="512" }}
"""


def compile_model(
    model: Model,
    quarters: int,
    high_inputs: Collection[str],
    wide_inputs: Collection[str],
    together: Iterable[Collection[RowKey]] = (),
    inputs: Mapping[str, Array] | None = None,
    rows: Collection[RowKey] | None = None,
) -> Code:
    """Compile the rows of a model.

    Args:
        model: the lines.
        quarters: of the timeline, full years.
        high_inputs: names of the inputs that have a value for each quarter.
        wide_inputs: names of those that may differ between scenarios.
        together: see :func:`jcurve.engine.schedule.schedule`.
        inputs: all that do not differ, (quarter or 1, 1), if only they will ever be asked for:
            what they leave at 0 or 1 is then not computed at all.
        rows: those that will be asked for; every row when None.

    Raises:
        ModelError: a formula does what has no code.
    """
    graph = Graph.of(model, high_inputs)
    if rows is not None:
        graph.rows = {row: graph.rows[row] for row in rows}
    if inputs is not None:
        wide = graph.reached(wide_inputs)
        graph = graph.folded(settled(graph, inputs, wide, quarters))
    return compile_graph(graph, quarters, wide_inputs, together)


def compile_graph(
    graph: Graph,
    quarters: int,
    wide_inputs: Collection[str] = (),
    together: Iterable[Collection[RowKey]] = (),
) -> Code:
    """Compile the rows of a graph; see :func:`compile_model`."""
    layout = _layout(graph, quarters, wide_inputs, together)
    return Code(_machine(_text(layout)), _about(layout))


def _layout(
    graph: Graph, quarters: int, wide: Collection[str], together: Iterable[Collection[RowKey]]
) -> Layout:
    plan = schedule(graph, wide, together)
    inputs: dict[int, int] = {}
    shared, count = 0, 0
    for node, op in enumerate(graph.op):
        if op != "input":
            continue
        if plan.wide[node]:
            inputs[node], count = count, count + 1
        else:
            inputs[node] = shared
            shared += quarters if graph.high[node] else 1
    return Layout(graph, plan, quarters, LANES, inputs, shared)


def _text(layout: Layout) -> str:
    steps = [step_code(layout, at, f"step{at}") for at in range(len(layout.plan.steps))]
    parts = [_DRIVER]
    several = any(step.wide for step in layout.plan.steps)
    searches = any("@rates" in step for step in steps)
    for lanes in (1, LANES) if several else (1,):
        parts.append(functions(lanes))
        if searches:
            parts.append(rates_code(lanes, layout.quarters))
    if searches:
        parts.append(tables())
    return "\n".join([*parts, *steps])


def _about(layout: Layout) -> dict[str, Any]:
    """What a kernel must know, as plain data."""
    graph, plan = layout.graph, layout.plan
    rows: list[list[Any]] = []
    for (name, tag), node in graph.rows.items():
        if graph.op[node] in ("constant", "input"):
            rows.append([name, tag, 0, 0, graph.attr[node], -1])
        else:
            where = [int(plan.wide[node]), int(graph.high[node]), layout.offset(node)]
            rows.append([name, tag, *where, plan.step_of[node]])
    return {
        "quarters": layout.quarters,
        "rows": rows,
        "inputs": [
            [graph.attr[node], int(plan.wide[node]), int(graph.high[node])]
            for node in layout.inputs
        ],
        "sizes": [layout.size(False), layout.size(True)],
        "zeros": [[*layout.region(False, sort), layout.zeros(sort)] for sort in (ROW, DEEP)],
        "after": [sorted(step.after) for step in plan.steps],
        "wide": [int(step.wide) for step in plan.steps],
    }


def _machine(text: str) -> bytes:
    from llvmlite import binding

    module = binding.parse_assembly(text)
    module.verify()
    machine = target(binding)
    return bytes(machine.emit_object(module))
