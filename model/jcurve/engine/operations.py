"""Every operation of a graph, each stated once: on arrays, on plain floats, and its derivative.

What takes a formula apart reads this table: a graph folds constants, a scan of one scenario is
carried through the quarters on plain floats, a gradient goes back through the derivatives. Machine
code has tables of its own (``emit``, ``timed``), and a workbook its forms.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import numpy as np

from jcurve.engine import intrinsics, primitives
from jcurve.engine.symbol import nodes_of
from jcurve.ground.quarters import QUARTERS_IN_YEAR

Term: TypeAlias = Any
"""A node of a graph that arithmetic extends (:mod:`jcurve.engine.derivative`); what it has for each
quarter stands there from the last quarter to the first, as the way back meets it."""

Parts: TypeAlias = Sequence[Term | None]
"""For each argument what a change of it does; None where it acts by steps."""


class Reads(Enum):
    """What an operation reads of its arguments, and what it gives."""

    QUARTER = "each quarter for itself"
    ROW = "other quarters too; a value for each quarter"
    ONCE = "a row once, quarter after quarter; one value"
    SEARCH = "a row where, and as often as, it needs; one value"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation."""

    numpy: Callable[..., Any]  # on arrays
    # from the result's derivative, the result and the arguments, as terms, to what a change of each
    # argument does
    slope: Callable[..., Parts]
    # on plain floats the same IEEE numbers in a tenth of the time, where the step of a scan may
    # hold it: NumPy takes about a microsecond an operation
    floats: Callable[..., Any] | None = None
    reads: Reads = Reads.QUARTER  # see :class:`Reads`


_ROUNDING = 1e-9


def _by_steps(slope: Term, out: Term, *args: Term) -> Parts:
    return (None,) * len(args)


def _same(op: str) -> Callable[..., Parts]:
    """Of a sum over quarters, or a turn of them: the same on the way back."""
    return lambda slope, out, x: (slope.of(op),)


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _chosen(slope: Term, first: Term) -> Parts:
    return np.where(first, slope, 0.0), np.where(first, 0.0, slope)


def _slack(value: Term) -> Term:
    """Within which a comparison at a kink is rounding alone."""
    return _ROUNDING + _ROUNDING * np.absolute(value)


def _divided(slope: Term, out: Term, a: Term, b: Term) -> Parts:
    part = np.where(b == 0.0, 0.0, slope / np.where(b == 0.0, 1.0, b))
    return part, -part * out


def _power(slope: Term, out: Term, a: Term, b: Term) -> Parts:
    base = np.where(a > 0.0, a, 1.0)
    by_base = np.where(a > 0.0, slope * b * out / base, np.where(b == 1.0, slope, 0.0))
    return by_base, np.where(a > 0.0, slope * out * np.log(base), 0.0)


def lag_slope(slope: Term, x: Term, delay: Term) -> Term:
    """What a longer delay does: each quarter then sees more of the one before."""
    whole = np.floor(delay)
    return slope * (x.ahead.of("lag", whole + 1.0) - x.ahead.of("lag", whole)).of("reverse")


def _value_at(slope: Term, out: Term, x: Term, when: Term) -> Parts:
    at = np.floor(np.minimum(np.maximum(when, 0.0), x.quarters - 1.0))
    return np.where(x.quarter == at, slope, 0.0), None


def _grow(slope: Term, out: Term, reported: Term, growth: Term) -> Parts:
    missing = reported != reported
    total = slope.grown(np.where(missing, 1.0 + growth, 0.0))
    before = out.ahead.of("lag", float(QUARTERS_IN_YEAR)).of("reverse")
    return np.where(missing, 0.0, total), np.where(missing, total * before, 0.0)


def _crossing(slope: Term, out: Term, balance: Term, start: Term) -> Parts:
    since = out + start
    given = np.where(since == since, slope, 0.0)
    at = np.ceil(np.where(since == since, since, 0.0)) - 1.0
    after = balance.ahead.of("value_at", at)
    before = np.where(at > 0.0, balance.ahead.of("value_at", at - 1.0), 0.0)
    square = (after - before) ** 2.0
    each = given / np.where(square == 0.0, 1.0, square)
    earlier = np.where(balance.quarter == at - 1.0, -each * after, 0.0)
    return np.where(balance.quarter == at, each * before, earlier), -given


def _lowest(slope: Term, out: Term, row: Term) -> Parts:
    return (np.where(row.quarter == row.ahead.of("lowest_at"), slope, 0.0),)


def _rate(slope: Term, out: Term, flows: Term) -> Parts:
    """The rate keeps the present value at zero."""
    growth = np.where(out == out, 1.0 + out, 1.0)
    factors = growth**-flows.quarter
    steep = (flows.quarter * flows * factors).of("sum_to_date") / growth
    part = slope * factors / np.where(steep == 0.0, 1.0, steep)
    return (np.where(out == out, part, 0.0),)


COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
}

OPERATIONS: Mapping[str, Operation] = {
    "add": Operation(np.add, lambda s, o, a, b: (s, s), operator.add),
    "subtract": Operation(np.subtract, lambda s, o, a, b: (s, -s), operator.sub),
    "multiply": Operation(np.multiply, lambda s, o, a, b: (s * b, s * a), operator.mul),
    "divide": Operation(np.divide, _divided, operator.truediv),
    "ratio": Operation(primitives.ratio, _divided, lambda a, b: a / b if b != 0.0 else 0.0),
    "negative": Operation(np.negative, lambda s, o, a: (-s,), operator.neg),
    "absolute": Operation(
        np.absolute, lambda s, o, a: (np.where(a < 0.0, -s, np.where(a > 0.0, s, 0.0)),), abs
    ),
    "maximum": Operation(np.maximum, lambda s, o, a, b: _chosen(s, a >= b - _slack(b)), _maximum),
    "minimum": Operation(np.minimum, lambda s, o, a, b: _chosen(s, a <= b + _slack(b)), _minimum),
    "where": Operation(
        np.where, lambda s, o, c, a, b: (None, *_chosen(s, c)), lambda c, a, b: a if c else b
    ),
    "splice": Operation(primitives.splice, lambda s, o, a, b: _chosen(s, a == a)),
    **{op: Operation(getattr(np, op), _by_steps, on) for op, on in COMPARED.items()},
    "logical_and": Operation(np.logical_and, _by_steps, lambda a, b: bool(a) and bool(b)),
    "logical_or": Operation(np.logical_or, _by_steps, lambda a, b: bool(a) or bool(b)),
    "number": Operation(lambda truth: np.asarray(truth, np.float64), _by_steps, float),
    **{op: Operation(getattr(np, op), _by_steps) for op in ("floor", "ceil")},
    "exp": Operation(np.exp, lambda s, o, a: (s * o,)),
    "log": Operation(np.log, lambda s, o, a: (s / a,)),
    "power": Operation(np.power, _power),
    "spread": Operation(lambda row: row, lambda s, o, a: (s,), reads=Reads.ROW),
    "lag": Operation(
        primitives.lag,
        lambda s, o, x, delay: (s.of("lag", delay), lag_slope(s, x, delay)),
        reads=Reads.ROW,
    ),
    "reverse": Operation(lambda row: row[::-1], _same("reverse"), reads=Reads.ROW),
    **{
        op: Operation(getattr(primitives, op), _same(op), reads=Reads.ROW)
        for op in ("running_sum", "year_sum", "year_to_date")
    },
    "grow": Operation(primitives.grow, _grow, reads=Reads.ROW),
    "sum_to_date": Operation(primitives.sum_to_date, lambda s, o, a: (s,), reads=Reads.ONCE),
    "last_upward_crossing": Operation(intrinsics.last_upward_crossing, _crossing, reads=Reads.ONCE),
    "never_below": Operation(intrinsics.never_below, _by_steps, reads=Reads.ONCE),
    "lowest": Operation(intrinsics.lowest, _lowest, reads=Reads.ONCE),
    "lowest_at": Operation(intrinsics.lowest_at, _by_steps, reads=Reads.ONCE),
    "first_lasting": Operation(
        intrinsics.first_lasting,
        lambda s, o, a, start: (None, np.where(o == start, s, 0.0)),
        reads=Reads.ONCE,
    ),
    "value_at": Operation(primitives.value_at, _value_at, reads=Reads.SEARCH),
    "count_roots": Operation(intrinsics.count_roots, _by_steps, reads=Reads.SEARCH),
    "internal_rate": Operation(intrinsics.internal_rate, _rate, reads=Reads.SEARCH),
}


def reading(*reads: Reads) -> frozenset[str]:
    """The operations that read in one of these ways."""
    return frozenset(name for name, each in OPERATIONS.items() if each.reads in reads)


def timed(formula: object) -> list[str]:
    """The operations of a formula that read other quarters than the one that they write."""
    over_time = reading(Reads.ROW, Reads.ONCE, Reads.SEARCH) | {"scan"}
    return sorted({node.op for node in nodes_of((formula,))} & over_time)
