"""The search for internal rates as intermediate code: what :mod:`jcurve.engine.intrinsics` does."""

from __future__ import annotations

import math

import numpy as np

from jcurve.engine.emit import Writer, literal
from jcurve.engine.intrinsics import CLOSE, MOST_STEPS, POINTS

_TOGETHER = 4  # Points of the grid looked at side by side, to keep a core busy

_LOGS = tuple(
    [float(each) for each in (*points, *points[-1:].repeat(-len(points) % _TOGETHER))]
    for _, points in POINTS
)
"""Logarithms of the factors, each way round to a full group: a point seen twice adds nothing."""

_End = tuple[str, str, str]  # A point: logarithm of the factor, value, slope


def tables() -> str:
    """The grid, as constants."""
    logs = [each for way in _LOGS for each in way]
    made = ""
    for name, values in (("logs", logs), ("factors", [float(np.exp(each)) for each in logs])):
        words = ", ".join(f"double {literal(each)}" for each in values)
        made += f"@{name} = private constant [{len(values)} x double] [{words}]\n"
    return made


def rates_code(lanes: int, quarters: int) -> str:
    """The function that counts the rates of a row and finds the only one."""
    parts = (_present, _turn, _close, _rates)
    return "\n".join(part(_Function(lanes, quarters)) for part in parts)


class _Function(Writer):
    """A function of several blocks, of rows of so many quarters."""

    def __init__(self, lanes: int, quarters: int) -> None:
        super().__init__(lanes)
        self.quarters = quarters
        self.pair = f"{{ {self.number}, {self.number} }}"

    def text(self, head: str, end: str) -> str:
        return "\n".join([f"define internal {head} noinline #0 {{", *self.lines, end, "}", ""])

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    def jump(self, to: str) -> None:
        self.lines.append(f"  br label %{to}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        self.lines.append(f"  br i1 {condition}, label %{yes}, label %{no}")

    def phis(self, before: str, back: str, **starts: tuple[str, str]) -> list[str]:
        """Values carried round a loop: their types and starts; :meth:`carry` says what follows."""
        for name, (kind, start) in starts.items():
            ways = f"[ {start}, %{before} ], [ %{name}.on, %{back} ]"
            self.lines.append(f"  %{name} = phi {kind} {ways}")
        return [f"%{name}" for name in starts]

    def carry(self, name: str, code: str) -> str:
        """The next value of a carried one."""
        self.lines.append(f"  %{name}.on = {code}")
        return f"%{name}.on"

    def carry_chosen(self, name: str, condition: str, a: str, b: str) -> str:
        kind = self.number
        return self.carry(name, f"select {self.truth} {condition}, {kind} {a}, {kind} {b}")

    def count(self, name: str, stop: int) -> str:
        """One more round; whether there is another."""
        self.carry(name, f"add i64 %{name}, 1")
        return self.line(f"icmp ult i64 %{name}.on, {stop}")

    def pick(self, condition: str, a: str, b: str) -> str:
        """One or the other for all lanes."""
        return self.line(f"select i1 {condition}, {self.number} {a}, {self.number} {b}")

    def below(self, a: str, b: str) -> str:
        """Whether the product of the two is below zero."""
        return self.compare("olt", self.two("fmul", a, b), self.constant(0.0))

    def load(self, row: str, index: str) -> str:
        address = self.line(f"getelementptr {self.number}, ptr {row}, i64 {index}")
        return self.line(f"load {self.number}, ptr {address}, align 8")

    def both(self, one: str, other: str) -> str:
        first = self.line(f"insertvalue {self.pair} poison, {self.number} {one}, 0")
        return self.line(f"insertvalue {self.pair} {first}, {self.number} {other}, 1")

    def present(self, turned: str, log: str) -> tuple[str, str]:
        """Value and slope at a factor's logarithm."""
        factor = self.call("exp", log)
        given = f"ptr %x, {self.truth} {turned}, {self.number} {factor}"
        made = self.line(f"call {self.pair} @present{self.suffix}({given})")
        value = self.line(f"extractvalue {self.pair} {made}, 0")
        return value, self.line(f"extractvalue {self.pair} {made}, 1")


def _horner(w: _Function, name: str, factor: str, flow: str) -> None:
    """A period more of a value and its slope."""
    steeper = w.two("fmul", f"%slope{name}", factor)
    w.carry(f"slope{name}", f"fadd {w.number} {steeper}, %value{name}")
    w.carry(f"value{name}", f"fadd {w.number} {w.two('fmul', f'%value{name}', factor)}, {flow}")


def _present(w: _Function) -> str:
    zero = (w.number, w.constant(0.0))
    w.label("entry")
    w.jump("loop")
    w.label("loop")
    w.phis("entry", "loop", at=("i64", "0"), value=zero, slope=zero)
    late = w.line(f"sub i64 {w.quarters - 1}, %at")
    flow = w.choose("%turned", w.load("%x", "%at"), w.load("%x", late))
    _horner(w, "", "%factor", flow)
    w.branch(w.count("at", w.quarters), "loop", "exit")
    w.label("exit")
    both = w.both("%value.on", w.two("fmul", "%slope.on", "%factor"))
    head = f"{w.pair} @present{w.suffix}(ptr %x, {w.truth} %turned, {w.number} %factor)"
    return w.text(head, f"  ret {w.pair} {both}")


def _may_touch(w: _Function, low: _End, high: _End) -> str:
    turns = w.compare("ogt", w.two("fmul", low[1], high[1]), w.constant(0.0))
    rising = w.compare("ogt", w.two("fmul", high[1], high[2]), w.constant(0.0))
    turns = w.logic("and", w.logic("and", turns, w.below(low[1], low[2])), rising)
    bend = w.choose(turns, w.two("fsub", low[2], high[2]), w.constant(1.0))
    meet = w.two("fadd", w.two("fsub", high[1], low[1]), w.two("fmul", low[2], low[0]))
    meet = w.two("fdiv", w.two("fsub", meet, w.two("fmul", high[2], high[0])), bend)
    tangent = w.two("fadd", low[1], w.two("fmul", low[2], w.two("fsub", meet, low[0])))
    return w.logic("and", turns, w.below(tangent, low[1]))


_PARTS = ("low_log", "low_value", "low_slope", "high_log", "high_value", "high_slope")


def _turn(w: _Function) -> str:
    """2 where a turning point between two ends has the other sign, else 0."""
    starts = {name: (w.number, f"%{name}.0") for name in _PARTS}
    w.label("entry")
    w.jump("loop")
    w.label("loop")
    ends = w.phis("entry", "loop", **starts)
    w.phis(
        "entry",
        "loop",
        crossed=(w.truth, w.fixed(False)),
        looking=(w.truth, "%mask"),
        step=("i64", "0"),
    )
    log = w.two("fmul", w.two("fadd", ends[0], ends[3]), w.constant(0.5))
    middle = (log, *w.present("%turned", log))
    other = w.logic("and", "%looking", w.below(middle[1], "%low_value.0"))
    w.carry("crossed", f"or {w.truth} %crossed, {other}")
    falls = w.below(middle[2], "%low_value.0")
    sides = [falls] * 3 + [w.flip(falls)] * 3
    now = [
        w.carry_chosen(name, side, new, old)
        for name, side, new, old in zip(_PARTS, sides, middle * 2, ends, strict=True)
    ]
    left = w.logic("and", "%looking", w.flip("%crossed.on"))
    touch = _may_touch(w, (now[0], now[1], now[2]), (now[3], now[4], now[5]))
    w.carry("looking", f"and {w.truth} {left}, {touch}")
    again = w.count("step", MOST_STEPS)
    w.branch(w.line(f"and i1 {again}, {w.any('%looking.on')}"), "loop", "exit")
    w.label("exit")
    two = w.choose("%crossed.on", w.constant(2.0), w.constant(0.0))
    given = ", ".join(f"{w.number} %{name}.0" for name in _PARTS)
    head = f"{w.number} @turn{w.suffix}(ptr %x, {w.truth} %turned, {w.truth} %mask, {given})"
    return w.text(head, f"  ret {w.number} {two}")


def _close(w: _Function) -> str:
    """The rate in a bracket; lanes without one are done at once."""
    zero = w.constant(0.0)
    w.label("entry")
    at_low, _ = w.present("%turned", "%low")
    rising = w.compare("olt", at_low, zero)
    below, above = w.choose(rising, "%low", "%high"), w.choose(rising, "%high", "%low")
    middle = w.two("fmul", w.two("fadd", below, above), w.constant(0.5))
    size = w.call("llvm.fabs", w.two("fsub", above, below))
    first = w.present("%turned", middle)
    w.jump("loop")
    w.label("loop")
    starts = {"now": middle, "step": size, "last": size, "below": below, "above": above}
    starts |= {"value": first[0], "slope": first[1]}
    w.phis("entry", "again", **{name: (w.number, start) for name, start in starts.items()})
    w.phis("entry", "again", done=(w.truth, "%none"), round=("i64", "0"))
    ends = [
        w.two("fsub", w.two("fmul", w.two("fsub", "%now", end), "%slope"), "%value")
        for end in ("%above", "%below")
    ]
    beyond = w.compare("ogt", w.two("fmul", *ends), zero)
    twice = w.call("llvm.fabs", w.two("fmul", w.constant(2.0), "%value"))
    slow = w.compare("ogt", twice, w.call("llvm.fabs", w.two("fmul", "%last", "%slope")))
    halve = w.logic("or", w.logic("or", beyond, slow), w.compare("oeq", "%slope", zero))
    newton = w.two("fdiv", "%value", w.choose(halve, w.constant(1.0), "%slope"))
    half = w.two("fmul", w.two("fsub", "%above", "%below"), w.constant(0.5))
    move = w.choose(halve, half, newton)
    moved = w.choose(halve, w.two("fadd", "%below", half), w.two("fsub", "%now", newton))
    x = w.carry_chosen("now", "%done", "%now", moved)
    step = w.carry_chosen("step", "%done", "%step", move)
    w.carry_chosen("last", "%done", "%last", "%step")
    least = w.two("fmul", w.constant(CLOSE), w.most_of(w.call("llvm.fabs", x), w.constant(1.0)))
    close = w.compare("ole", w.call("llvm.fabs", step), least)
    w.carry("done", f"or {w.truth} %done, {close}")
    more = w.count("round", MOST_STEPS)
    w.branch(w.line(f"and i1 {more}, {w.any(w.flip('%done.on'))}"), "again", "exit")
    w.label("again")
    value, slope = w.present("%turned", x)
    under = w.compare("olt", value, zero)
    w.carry_chosen("below", under, x, "%below")
    w.carry_chosen("above", under, "%above", x)
    w.carry_chosen("value", under, value, value)
    w.carry_chosen("slope", under, slope, slope)
    w.jump("loop")
    w.label("exit")
    rate = w.call("expm1", w.choose("%turned", x, w.line(f"fneg {w.number} {x}")))
    given = f"{w.truth} %turned, {w.truth} %none, {w.number} %low, {w.number} %high"
    return w.text(f"{w.number} @close{w.suffix}(ptr %x, {given})", f"  ret {w.number} {rate}")


_STATE = ("sign", "rates", "low", "high", "way", "last_log", "last_value", "last_slope")


def _rates(w: _Function) -> str:
    first = len(_LOGS[0]) // _TOGETHER
    zero, one, nan = w.constant(0.0), w.constant(1.0), w.constant(math.nan)
    w.label("entry")
    w.lines.append(f"  %x = alloca [{w.quarters} x {w.number}], align 64")
    _scale(w)
    w.label("group")
    w.phis("scale", "looked", at=("i64", "0"), **dict.fromkeys(_STATE, (w.number, zero)))
    turned = w.line(f"icmp ult i64 %at, {first}")
    begins = w.line(f"icmp eq i64 %at, {first}")
    start = w.line(f"select i1 {turned}, i64 0, i64 {w.quarters - 1}")
    stride = w.line(f"select i1 {turned}, i64 1, i64 -1")
    base = w.line(f"mul i64 %at, {_TOGETHER}")
    points = [
        [_point(w, table, base, n) for table in ("logs", "factors")] for n in range(_TOGETHER)
    ]
    lanes_turned = w.splat(turned, "i1")
    w.jump("horner")
    w.label("horner")
    sums = {f"{kind}{n}": (w.number, zero) for n in range(_TOGETHER) for kind in ("value", "slope")}
    w.phis("group", "horner", quarter=("i64", "0"), **sums)
    at = w.line(f"mul i64 %quarter, {stride}")
    flow = w.load("%x", w.line(f"add i64 {start}, {at}"))
    for n, (_, factor) in enumerate(points):
        _horner(w, str(n), factor, flow)
    w.branch(w.count("quarter", w.quarters), "horner", "look0")

    sign, rates, low, high, way, *last = (f"%{name}" for name in _STATE)
    for n, (log, factor) in enumerate(points):
        w.label(f"look{n}")
        here = (log, f"%value{n}.on", w.two("fmul", f"%slope{n}.on", factor))
        now = w.choose(w.compare("ogt", here[1], zero), one, w.constant(-1.0))
        now = w.choose(w.compare("oeq", here[1], zero), sign, now)
        if n == 0:  # the second way round begins at a rate of 0, where the first ended
            now, last[1] = w.pick(begins, sign, now), w.pick(begins, zero, last[1])
        flips = w.below(now, sign)
        counted = w.choose(flips, w.two("fadd", rates, one), rates)
        low, high = w.choose(flips, last[0], low), w.choose(flips, log, high)
        way = w.choose(flips, w.pick(turned, one, zero), way)
        left = [w.pick(turned, a, b) for a, b in zip(last, here, strict=True)]
        right = [w.pick(turned, b, a) for a, b in zip(last, here, strict=True)]
        touch = _may_touch(w, (left[0], left[1], left[2]), (right[0], right[1], right[2]))
        w.branch(w.any(touch), f"turn{n}", f"on{n}")
        w.label(f"turn{n}")
        given = ", ".join(f"{w.number} {each}" for each in (*left, *right))
        masks = f"{w.truth} {lanes_turned}, {w.truth} {touch}"
        pairs = w.line(f"call {w.number} @turn{w.suffix}(ptr %x, {masks}, {given})")
        more = w.two("fadd", counted, pairs)
        w.jump(f"on{n}")
        w.label(f"on{n}")
        rates = w.line(f"phi {w.number} [ {counted}, %look{n} ], [ {more}, %turn{n} ]")
        sign, last = now, list(here)
        w.jump(f"look{n + 1}" if n + 1 < _TOGETHER else "looked")
    w.label("looked")
    for name, value in zip(_STATE, (sign, rates, low, high, way, *last), strict=True):
        w.carry_chosen(name, w.fixed(True), value, value)
    groups = sum(map(len, _LOGS)) // _TOGETHER
    w.branch(w.count("at", groups), "group", "counted")
    w.label("counted")
    only = w.compare("oeq", rates, one)
    w.branch(w.any(only), "found", "done")
    w.label("found")
    masks = f"{w.truth} {w.compare('oeq', way, one)}, {w.truth} {w.flip(only)}"
    ends = f"{w.number} {low}, {w.number} {high}"
    rate = w.line(f"call {w.number} @close{w.suffix}(ptr %x, {masks}, {ends})")
    rate = w.choose(only, rate, nan)
    w.jump("done")
    w.label("done")
    answer = w.line(f"phi {w.number} [ {nan}, %counted ], [ {rate}, %found ]")
    head = f"{w.pair} @rates{w.suffix}(ptr %flows)"
    return w.text(head, f"  ret {w.pair} {w.both(rates, answer)}")


def _scale(w: _Function) -> None:
    """Flows over their largest size, in ``%x``."""
    zero = w.constant(0.0)
    w.jump("size")
    w.label("size")
    w.phis("entry", "size", q=("i64", "0"), largest=(w.number, zero))
    size = w.call("llvm.fabs", w.load("%flows", "%q"))
    w.carry_chosen("largest", w.compare("ogt", size, "%largest"), size, "%largest")
    w.branch(w.count("q", w.quarters), "size", "sized")
    w.label("sized")
    whole = w.choose(w.compare("oeq", "%largest.on", zero), w.constant(1.0), "%largest.on")
    w.jump("scale")
    w.label("scale")
    w.phis("sized", "scale", r=("i64", "0"))
    flow = w.two("fdiv", w.load("%flows", "%r"), whole)
    target = w.line(f"getelementptr {w.number}, ptr %x, i64 %r")
    w.lines.append(f"  store {w.number} {flow}, ptr {target}, align 8")
    w.branch(w.count("r", w.quarters), "scale", "group")


def _point(w: _Function, table: str, base: str, n: int) -> str:
    index = w.line(f"add i64 {base}, {n}")
    where = w.line(f"getelementptr double, ptr @{table}, i64 {index}")
    return w.splat(w.line(f"load double, ptr {where}"))
