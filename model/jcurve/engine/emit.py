"""Operations of the graph as LLVM's intermediate code, on one scenario or eight at a time.

A value is a ``double``, or a vector of eight, one a scenario; the same code is written for
both, so that a scenario's bits do not depend on its company. No operation may be contracted or
reordered; ``exp`` and ``log`` are written out here with explicit fused multiply-adds, so that
they are the same on every processor.

Arithmetic that has no answer sets a flag of the processor, as it does in NumPy; the flags are
looked at once after all scenarios, and NumPy then names the row.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence

_PREDICATES: Mapping[str, str] = {
    "less": "olt", "less_equal": "ole", "greater": "ogt", "greater_equal": "oge",
    "equal": "oeq", "not_equal": "une",
}  # fmt: skip


def literal(value: float) -> str:
    """A double, exactly."""
    return f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"


class Writer:
    """A function in the making: lines of code, each giving a fresh name.

    Attributes:
        lanes: 1, or how many scenarios a value holds.
        lines: of the block at hand.
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.lines: list[str] = []
        self._count = 0
        self.number = self.vector("double")
        self.whole = self.vector("i64")
        self.truth = self.vector("i1")
        self.suffix = f"v{lanes}" if lanes > 1 else ""

    def vector(self, kind: str) -> str:
        """The type of so many lanes of a kind."""
        return kind if self.lanes == 1 else f"<{self.lanes} x {kind}>"

    def name(self) -> str:
        """A fresh name."""
        self._count += 1
        return f"%v{self._count}"

    def line(self, code: str) -> str:
        """Write ``name = code``; returns the name."""
        name = self.name()
        self.lines.append(f"  {name} = {code}")
        return name

    def constant(self, value: float) -> str:
        """The same number in every lane."""
        word = literal(value)
        return word if self.lanes == 1 else f"splat (double {word})"

    def integer(self, value: int) -> str:
        """The same whole number in every lane."""
        return str(value) if self.lanes == 1 else f"splat (i64 {value})"

    def fixed(self, truth: bool) -> str:
        """The same truth value in every lane."""
        word = "true" if truth else "false"
        return word if self.lanes == 1 else f"splat (i1 {word})"

    def flip(self, truth: str) -> str:
        """The opposite."""
        return self.logic("xor", truth, self.fixed(True))

    def splat(self, scalar: str, kind: str = "double") -> str:
        """One scalar in every lane."""
        if self.lanes == 1:
            return scalar
        one = self.line(f"insertelement {self.vector(kind)} poison, {kind} {scalar}, i64 0")
        return self.line(
            f"shufflevector {self.vector(kind)} {one}, {self.vector(kind)} poison, "
            f"<{self.lanes} x i32> zeroinitializer"
        )

    def two(self, code: str, a: str, b: str) -> str:
        """``fadd``, ``fsub``, ``fmul``, ``fdiv`` or a comparison of numbers."""
        return self.line(f"{code} {self.number} {a}, {b}")

    def compare(self, predicate: str, a: str, b: str) -> str:
        """A comparison of numbers."""
        return self.two(f"fcmp {predicate}", a, b)

    def logic(self, code: str, a: str, b: str) -> str:
        """``and``, ``or`` or ``xor`` of truth values."""
        return self.line(f"{code} {self.truth} {a}, {b}")

    def choose(self, condition: str, a: str, b: str) -> str:
        """``a`` where the condition holds, else ``b``."""
        return self.line(f"select {self.truth} {condition}, {self.number} {a}, {self.number} {b}")

    def call(self, name: str, *args: str) -> str:
        """A function of numbers: our own, or the compiler's (``llvm.floor``)."""
        if name.startswith("llvm."):
            name += ".f64" if self.lanes == 1 else f".v{self.lanes}f64"
        else:
            name += self.suffix
        given = ", ".join(f"{self.number} {arg}" for arg in args)
        return self.line(f"call {self.number} @{name}({given})")

    def any(self, truth: str) -> str:
        """Whether it holds in a lane."""
        if self.lanes == 1:
            return truth
        return self.line(f"call i1 @llvm.vector.reduce.or.v{self.lanes}i1({self.truth} {truth})")

    def least_of(self, a: str, b: str) -> str:
        """The lesser; one instruction, which flags what is no number."""
        return self.choose(self.compare("olt", a, b), a, b)

    def most_of(self, a: str, b: str) -> str:
        """The greater."""
        return self.choose(self.compare("ogt", a, b), a, b)

    def refuse(self, wrong: str) -> None:
        """Raise the processor's flag of an invalid operation where ``wrong`` holds."""
        self.lines.append(f"  call void @refuse{self.suffix}({self.truth} {wrong})")


Emitter = Callable[..., str]


def _binary(code: str) -> Emitter:
    return lambda w, a, b: w.two(code, a, b)


def _call(name: str) -> Emitter:
    return lambda w, *args: w.call(name, *args)


def _ratio(w: Writer, a: str, b: str) -> str:
    """0 / 1 where ``b`` is 0: the sum keeps the compiler from choosing after dividing by 0."""
    zero = w.constant(0.0)
    none = w.compare("oeq", b, zero)
    safe = w.two("fadd", b, w.choose(none, w.constant(1.0), zero))
    return w.two("fdiv", w.choose(none, zero, a), safe)


def _splice(w: Writer, reported: str, computed: str) -> str:
    return w.choose(w.compare("uno", reported, reported), computed, reported)


def _negative(w: Writer, a: str) -> str:
    return w.line(f"fneg {w.number} {a}")


ELEMENTWISE: Mapping[str, Emitter] = {
    "add": _binary("fadd"),
    "subtract": _binary("fsub"),
    "multiply": _binary("fmul"),
    "divide": _binary("fdiv"),
    "ratio": _ratio,
    "splice": _splice,
    "maximum": Writer.most_of,
    "minimum": Writer.least_of,
    "negative": _negative,
    "absolute": _call("llvm.fabs"),
    "floor": _call("llvm.floor"),
    "ceil": _call("llvm.ceil"),
    **{op: _call(op) for op in ("exp", "log", "power")},
    "where": Writer.choose,
    "logical_and": lambda w, a, b: w.logic("and", a, b),
    "logical_or": lambda w, a, b: w.logic("or", a, b),
    "number": lambda w, a: w.choose(a, w.constant(1.0), w.constant(0.0)),
    "spread": lambda w, a: a,
    **{op: _binary(f"fcmp {code}") for op, code in _PREDICATES.items()},
}
"""By operation: from a writer and the names of its operands to the name of the result."""


def functions(lanes: int) -> str:
    """The code of ``exp``, ``log``, ``power`` and what is made of them."""
    made: list[str] = []
    for name, body in BODIES.items():
        w = Writer(lanes)
        given = ["%a", "%b"] if name == "power" else ["%a"]
        result, refused = body(w, *given)
        takes = ", ".join(f"{w.number} {each}" for each in given)
        made.append(f"define internal {w.number} @{name}{w.suffix}({takes}) noinline #0 {{")
        made += [*w.lines, *_refusing(w, refused, f"  ret {w.number} {result}"), "}"]
    w = Writer(lanes)
    made.append(f"define internal void @refuse{w.suffix}({w.truth} %wrong) noinline #0 {{")
    made += [*_refusing(w, "%wrong", "  ret void"), "}"]
    kind = "f64" if lanes == 1 else f"v{lanes}f64"
    for name in ("fabs", "floor", "ceil"):
        made.append(f"declare {w.number} @llvm.{name}.{kind}({w.number})")
    made.append(f"declare {w.number} @llvm.fma.{kind}({w.number}, {w.number}, {w.number})")
    if lanes > 1:
        made.append(f"declare i1 @llvm.vector.reduce.or.v{lanes}i1({w.truth})")
    return "\n".join(made) + "\n"


def _refusing(w: Writer, wrong: str, end: str) -> list[str]:
    """The end of a function that raises the flag of an invalid operation in some lanes."""
    if not wrong:
        return [end]
    start = len(w.lines)
    any_lane = w.any(wrong)
    return [
        *w.lines[start:],
        f"  br i1 {any_lane}, label %raise, label %done",
        "raise:",
        f"  %ignored = call i32 @feraiseexcept(i32 {_INVALID})",
        "  br label %done",
        "done:",
        end,
    ]


_INVALID = 1  # fenv.h's FE_INVALID, the same on x86 and ARM

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LOG = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
    1.479819860511658591e-01,
)  # fmt: skip
"""fdlibm's constants for log."""

_ROOT_HALF = 0x3FE6A09E667F3BCD
_TERMS = 13
_LARGEST, _SMALLEST = 709.78, -708.0
_TINY = -50.0  # exp of it is lost beside 1
_MAGIC = 1.5 * 2.0**52  # Added to a number, it leaves the nearest whole number in the last bits

_Body = tuple[str, str]  # The result, and where it is refused; nowhere if empty


def _horner(w: Writer, x: str, coefficients: Sequence[float]) -> str:
    """A polynomial, lowest power first, in two chains that run side by side."""
    square = w.two("fmul", x, x)
    chains = []
    for own in (coefficients[::2], coefficients[1::2]):
        value = w.constant(own[-1])
        for each in own[-2::-1]:
            value = w.call("llvm.fma", value, square, w.constant(each))
        chains.append(value)
    return w.call("llvm.fma", chains[1], x, chains[0])


def _exp(w: Writer, a: str) -> _Body:
    """2^n times the Taylor series of what is left, at most ln 2 / 2."""
    beyond = w.compare("ugt", a, w.constant(_LARGEST))
    a = w.most_of(a, w.constant(_SMALLEST))
    turns = w.call("llvm.fma", a, w.constant(1.0 / math.log(2.0)), w.constant(_MAGIC))
    n = w.two("fsub", turns, w.constant(_MAGIC))
    down = _negative(w, n)
    left = w.call("llvm.fma", down, w.constant(_LN2_HIGH), a)
    left = w.call("llvm.fma", down, w.constant(_LN2_LOW), left)
    series = _horner(w, left, [1.0 / math.factorial(k) for k in range(_TERMS + 1)])
    bits = w.line(f"bitcast {w.number} {turns} to {w.whole}")
    power = w.line(f"shl {w.whole} {bits}, {w.integer(52)}")
    bits = w.line(f"bitcast {w.number} {series} to {w.whole}")
    scaled = w.line(f"add {w.whole} {bits}, {power}")
    return w.line(f"bitcast {w.whole} {scaled} to {w.number}"), beyond


def _log(w: Writer, a: str) -> _Body:
    """A power of two's, and that of the rest near 1 with its correction."""
    bits = w.line(f"bitcast {w.number} {a} to {w.whole}")
    above = w.line(f"sub {w.whole} {bits}, {w.integer(_ROOT_HALF)}")
    power = w.line(f"ashr {w.whole} {above}, {w.integer(52)}")
    shifted = w.line(f"shl {w.whole} {power}, {w.integer(52)}")
    near = w.line(f"sub {w.whole} {bits}, {shifted}")
    near = w.line(f"bitcast {w.whole} {near} to {w.number}")
    f = w.two("fsub", near, w.constant(1.0))
    s = w.two("fdiv", f, w.two("fadd", f, w.constant(2.0)))
    z = w.two("fmul", s, s)
    series = w.two("fmul", z, _horner(w, z, _LOG))
    half = w.two("fmul", w.two("fmul", f, f), w.constant(0.5))
    # log(1 + f) = f - (half - s (half + series))
    beside = w.two("fsub", half, w.two("fmul", s, w.two("fadd", half, series)))
    power = w.line(f"sitofp {w.whole} {power} to {w.number}")
    low = w.two("fsub", beside, w.two("fmul", power, w.constant(_LN2_LOW)))
    high = w.two("fmul", power, w.constant(_LN2_HIGH))
    return w.two("fsub", high, w.two("fsub", low, f)), w.compare("ule", a, w.constant(0.0))


def _power(w: Writer, a: str, b: str) -> _Body:
    """exp(b log a); of 0, 0 for a power above 0, 1 for a power of 0, else refused."""
    zero, one = w.constant(0.0), w.constant(1.0)
    none = w.compare("oeq", a, zero)
    value = w.call("exp", w.two("fmul", b, w.call("log", w.choose(none, one, a))))
    at_zero = w.choose(w.compare("oeq", b, zero), one, zero)
    return w.choose(none, at_zero, value), w.logic("and", none, w.compare("olt", b, zero))


def _expm1(w: Writer, a: str) -> _Body:
    """Kahan's: (u - 1) a / log u with u = exp a; a itself where u is 1."""
    u, one = w.call("exp", w.most_of(a, w.constant(_TINY))), w.constant(1.0)
    same = w.compare("oeq", u, one)
    top = w.two("fmul", w.two("fsub", u, one), w.most_of(a, w.constant(_TINY)))
    found = w.two("fdiv", top, w.call("log", w.choose(same, w.constant(2.0), u)))
    return w.choose(same, a, found), ""


BODIES: Mapping[str, Callable[..., _Body]] = {
    "exp": _exp,
    "log": _log,
    "power": _power,
    "expm1": _expm1,
}
