"""A step of the schedule as a function of intermediate code, with the operations on whole rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from jcurve.engine.emit import ELEMENTWISE
from jcurve.engine.schedule import SHORT
from jcurve.engine.steps import Layout, StepWriter
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR


def _running_sum(w: StepWriter, node: int, x: int) -> str:
    before, becomes = w.carried(w.constant(0.0))
    now = w.two("fadd", before, w.value(x))
    becomes(now)
    return now


def _year_to_date(w: StepWriter, node: int, x: int) -> str:
    before, becomes = w.carried(w.constant(0.0))
    now = w.two("fadd", before, w.value(x))
    quarter = w.line(f"and i64 %t, {QUARTERS_IN_YEAR - 1}")
    first = w.line(f"icmp eq i64 {quarter}, 0")
    now = w.line(f"select i1 {first}, {w.number} {w.value(x)}, {w.number} {now}")
    becomes(now)
    return now


def _year_sum(w: StepWriter, node: int, x: int) -> str:
    first = w.line(f"and i64 %t, {-QUARTERS_IN_YEAR}")
    total = w.read(x, first)
    for quarter in range(1, QUARTERS_IN_YEAR):
        total = w.two("fadd", total, w.read(x, w.line(f"add i64 {first}, {quarter}")))
    return total


def _reverse(w: StepWriter, node: int, x: int) -> str:
    return w.read(x, w.line(f"sub i64 {w.layout.quarters - 1}, %t"))


def _grow(w: StepWriter, node: int, reported: int, growth: int) -> str:
    before = w.read(node, "%t", QUARTERS_IN_YEAR)
    factor = w.two("fadd", w.constant(1.0), w.value(growth))
    return ELEMENTWISE["splice"](w, w.value(reported), w.two("fmul", before, factor))


def _lag(w: StepWriter, node: int, x: int, quarters: int) -> str:
    constant = w.graph.value(quarters)
    if constant is not None and constant in SHORT:
        return w.read(x, "%t", int(constant))
    return _mixed(w, x, quarters)


def _mixed(w: StepWriter, x: int, quarters: int) -> str:
    """A value each scenario's own delay ago, in a straight line between two quarters."""
    near = _delayed(w, x, quarters)
    far, becomes = w.carried(w.constant(0.0))
    becomes(near)
    part = w.before(("part", quarters), lambda: _part(w, quarters))
    rest = w.before(("rest", quarters), lambda: w.two("fsub", w.constant(1.0), part))
    return w.two("fadd", w.two("fmul", rest, near), w.two("fmul", part, far))


def _delayed(w: StepWriter, x: int, quarters: int) -> str:
    """Each scenario's value its own whole number of quarters ago.

    Every scenario has an address that does not move against the quarter, and the eight values
    are put together one by one: on some processors four times as fast as their own gather.
    """
    lanes = w.lanes if w.plan.wide[x] else 1
    apart = w.lanes if w.plan.wide[quarters] else 1

    def address(lane: int) -> str:
        whole = w.before(("whole", quarters), lambda: _whole(w, quarters))
        if w.lanes > 1:
            whole = w.line(f"extractelement {w.whole} {whole}, i64 {lane}")
        back = w.line(f"mul i64 {whole}, {-lanes}")
        back = w.line(f"add i64 {back}, {lane if lanes > 1 else 0}")
        return w.line(f"getelementptr double, ptr {w.base(x)}, i64 {back}")

    quarter = w.line(f"mul i64 %t, {lanes}")
    values: list[str] = []
    for lane in range(apart):
        start = w.before(("lagged", x, quarters, lane), lambda lane=lane: address(lane))  # type: ignore[misc]
        where = w.line(f"getelementptr double, ptr {start}, i64 {quarter}")
        kind = w.number if apart == 1 and lanes > 1 else "double"
        values.append(w.line(f"load {kind}, ptr {where}, align 8"))
    if apart == 1:
        return values[0] if lanes > 1 else w.splat(values[0])
    found = "poison"
    for lane, value in enumerate(values):
        found = w.line(f"insertelement {w.number} {found}, double {value}, i64 {lane}")
    return found


def _delay(w: StepWriter, quarters: int) -> str:
    """The delay, at most the timeline; refused where it is negative."""
    delay = w.value(quarters)
    w.refuse(w.compare("ult", delay, w.constant(0.0)))
    return w.least_of(delay, w.constant(w.layout.quarters))


def _whole(w: StepWriter, quarters: int) -> str:
    floor = w.call("llvm.floor", w.before(("delay", quarters), lambda: _delay(w, quarters)))
    return w.line(f"fptosi {w.number} {floor} to {w.whole}")


def _part(w: StepWriter, quarters: int) -> str:
    delay = w.before(("delay", quarters), lambda: _delay(w, quarters))
    return w.two("fsub", delay, w.call("llvm.floor", delay))


def _recall(w: StepWriter, node: int, quarters: int) -> str:
    balance = w.graph.recalled(node)
    if balance not in w.plan.place:
        raise ModelError("a balance that does not change is looked back at", allowed="lag")
    delay = w.before(("delay", quarters), lambda: _delay(w, quarters))
    w.before(("recall", quarters), lambda: _at_least_one(w, delay))
    return _mixed(w, balance, quarters)


def _at_least_one(w: StepWriter, delay: str) -> str:
    w.refuse(w.compare("ult", delay, w.constant(1.0)))
    return delay


def _value_at(w: StepWriter, node: int, x: int, when: int) -> str:
    last = float(w.layout.quarters - 1)
    at = w.least_of(w.most_of(w.value(when), w.constant(0.0)), w.constant(last))
    return w.gather(x, w.line(f"fptosi {w.number} {at} to {w.whole}"))


def _state(w: StepWriter, node: int, start: int) -> str:
    scan, balance = w.graph.attr[node]
    opening = w.before(("opening", node), lambda: w.value(start))
    name, becomes = w.carried(opening)
    w.closing.append((becomes, w.graph.scans[scan].nexts[balance]))
    return name


def _accumulated(
    w: StepWriter,
    node: int,
    start: float,
    step: Callable[[str], str],
    end: Callable[[str], str] | None = None,
) -> str:
    """A value that each quarter changes; after the last it is put in its place."""
    before, becomes = w.carried(w.constant(start))
    now = step(before)
    becomes(now)
    w.after(lambda: w.store(node, now if end is None else end(now)))
    return now


def _sum_to_date(w: StepWriter, node: int, x: int) -> str:
    return _accumulated(w, node, 0.0, lambda sofar: w.two("fadd", sofar, w.value(x)))


def _never_below(w: StepWriter, node: int, x: int) -> str:
    zero = w.constant(0.0)
    inside = w.compare("oge", w.value(x), zero)
    return _accumulated(w, node, 1.0, lambda sofar: w.choose(inside, sofar, zero))


def _lowest(w: StepWriter, node: int, x: int) -> str:
    return _accumulated(w, node, math.inf, lambda sofar: w.least_of(w.value(x), sofar))


def _lowest_at(w: StepWriter, node: int, x: int) -> str:
    least, becomes = w.carried(w.constant(math.inf))
    lower = w.compare("olt", w.value(x), least)
    becomes(w.choose(lower, w.value(x), least))
    return _accumulated(w, node, 0.0, lambda sofar: w.choose(lower, w.quarter(), sofar))


def _first_lasting(w: StepWriter, node: int, x: int, start: int) -> str:
    zero = w.constant(0.0)
    fails = w.compare("ole", w.value(x), zero)
    after = w.two("fadd", w.quarter(), w.constant(1.0))

    def end(last: str) -> str:
        first = w.most_of(last, w.value(start))
        return w.choose(w.compare("ogt", w.value(x), zero), first, w.constant(math.nan))

    w.value(start)
    return _accumulated(w, node, 0.0, lambda sofar: w.choose(fails, after, sofar), end)


def _last_upward_crossing(w: StepWriter, node: int, x: int, start: int) -> str:
    zero = w.constant(0.0)
    before, becomes = w.carried(zero)
    now = w.value(x)
    becomes(now)
    rises = w.logic("and", w.compare("olt", before, zero), w.compare("oge", now, zero))
    left = ELEMENTWISE["negative"](w, before)
    inside = ELEMENTWISE["ratio"](w, left, w.choose(rises, w.two("fsub", now, before), zero))
    at = w.two("fadd", w.quarter(), inside)

    def end(last: str) -> str:
        since = w.two("fsub", last, w.value(start))
        return w.choose(w.compare("oge", now, zero), since, w.constant(math.nan))

    w.value(start)
    return _accumulated(w, node, math.nan, lambda sofar: w.choose(rises, at, sofar), end)


def _search(field: int) -> Callable[..., str]:
    def emit(w: StepWriter, node: int, x: int) -> str:
        pair = f"{{ {w.number}, {w.number} }}"
        found = w.before(
            ("rates", x), lambda: w.line(f"call {pair} @rates{w.suffix}(ptr {w.base(x)})")
        )
        return w.line(f"extractvalue {pair} {found}, {field}")

    return emit


TIMED: Mapping[str, Callable[..., str]] = {
    "running_sum": _running_sum,
    "year_to_date": _year_to_date,
    "year_sum": _year_sum,
    "reverse": _reverse,
    "grow": _grow,
    "lag": _lag,
    "value_at": _value_at,
    "state": _state,
    "recall": _recall,
    "sum_to_date": _sum_to_date,
    "never_below": _never_below,
    "lowest": _lowest,
    "lowest_at": _lowest_at,
    "first_lasting": _first_lasting,
    "last_upward_crossing": _last_upward_crossing,
    "count_roots": _search(0),
    "internal_rate": _search(1),
}
"""By operation on whole rows: from a step's writer, the node and its arguments to the name of the
result."""


def step_code(layout: Layout, at: int, name: str) -> str:
    """The function of a step: single values, or one loop.

    Raises:
        ModelError: an operation has no machine code.
    """
    w = StepWriter(layout, at)
    for node in w.step.nodes:
        op, args = w.graph.op[node], w.graph.args[node]
        if op in ELEMENTWISE:
            w.name_of(node, ELEMENTWISE[op](w, *(w.value(arg) for arg in args)))
        elif op in TIMED:
            w.name_of(node, TIMED[op](w, node, *args))
        else:
            raise ModelError("an operation has no machine code", received=op)
    for becomes, node in w.closing:
        becomes(w.value(node))
    w.refuse_at_end()
    head = f"define void @{name}(ptr noalias %s, ptr noalias %w, ptr noalias %in, i64 %b) #0 {{"
    if not w.step.loops:
        return "\n".join([head, *w.lines, "  ret void", "}", ""])
    turn = [
        "  %next = add nuw nsw i64 %t, 1",
        f"  %more = icmp ult i64 %next, {layout.quarters}",
        "  br i1 %more, label %loop, label %exit",
    ]
    first = "  %t = phi i64 [ 0, %entry ], [ %next, %loop ]"
    return "\n".join(
        [head, "entry:", *w.entry, "  br label %loop", "loop:", first, *w.phis, *w.lines, *turn,
         "exit:", *w.exit, "  ret void", "}", ""]
    )  # fmt: skip
