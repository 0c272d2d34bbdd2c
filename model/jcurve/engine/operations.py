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
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.engine import intrinsics, primitives
from jcurve.ground.quarters import QUARTERS_IN_YEAR

Array: TypeAlias = NDArray[np.float64]
Parts: TypeAlias = Sequence[Array | None]
"""For each argument what a change of it does; None where it acts by steps."""


class Reads(Enum):
    """What an operation reads of its arguments, and what it gives."""

    QUARTER = "each quarter for itself"
    ROW = "other quarters too; a value for each quarter"
    ONCE = "a row once, quarter after quarter; one value"
    SEARCH = "a row where, and as often as, it needs; one value"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation.

    Attributes:
        numpy: on arrays.
        slope: from the result's derivative, the result and the arguments to what a change of each
            argument does.
        floats: on plain floats the same IEEE numbers in a tenth of the time, where the step of a
            scan may hold it: NumPy takes about a microsecond an operation.
        reads: see :class:`Reads`.
    """

    numpy: Callable[..., Any]
    slope: Callable[..., Parts]
    floats: Callable[..., Any] | None = None
    reads: Reads = Reads.QUARTER


def _by_steps(slope: Array, out: Array, *args: Array) -> Parts:
    return (None,) * len(args)


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


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
    return given, lag_slope(slope, x, delay)


def lag_slope(slope: Array, x: Array, delay: Array) -> Array:
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


def _hypot(slope: Array, out: Array, a: Array, b: Array) -> Parts:
    size = np.where(out, out, 1.0)
    return slope * a / size, slope * b / size


def _rate(slope: Array, out: Array, flows: Array) -> Parts:
    """The rate keeps the present value at zero."""
    periods = np.arange(len(flows), dtype=np.float64)[:, None]
    with np.errstate(all="ignore"):
        factors = (1.0 + out) ** -periods
        steep = (periods * flows * factors).sum() / (1.0 + out)
        return (np.nan_to_num(slope * factors / steep),)


COMPARED: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "less": operator.lt,
        "less_equal": operator.le,
        "greater": operator.gt,
        "greater_equal": operator.ge,
        "equal": operator.eq,
        "not_equal": operator.ne,
    }
)
_LN2, _LN10 = float(np.log(2.0)), float(np.log(10.0))

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "add": Operation(np.add, lambda s, o, a, b: (s, s), operator.add),
        "subtract": Operation(np.subtract, lambda s, o, a, b: (s, -s), operator.sub),
        "multiply": Operation(np.multiply, lambda s, o, a, b: (s * b, s * a), operator.mul),
        "divide": Operation(np.divide, _divided, operator.truediv),
        "ratio": Operation(primitives.ratio, _divided, lambda a, b: a / b if b != 0.0 else 0.0),
        "negative": Operation(np.negative, lambda s, o, a: (-s,), operator.neg),
        "absolute": Operation(np.absolute, lambda s, o, a: (s * np.sign(a),), abs),
        "maximum": Operation(np.maximum, lambda s, o, a, b: _chosen(s, a >= b), _maximum),
        "minimum": Operation(np.minimum, lambda s, o, a, b: _chosen(s, a <= b), _minimum),
        "where": Operation(
            np.where, lambda s, o, c, a, b: (None, *_chosen(s, c)), lambda c, a, b: a if c else b
        ),
        "splice": Operation(primitives.splice, lambda s, o, a, b: _chosen(s, ~np.isnan(a))),
        **{op: Operation(getattr(np, op), _by_steps, on) for op, on in COMPARED.items()},
        "logical_and": Operation(np.logical_and, _by_steps, lambda a, b: bool(a) and bool(b)),
        "logical_or": Operation(np.logical_or, _by_steps, lambda a, b: bool(a) or bool(b)),
        "logical_not": Operation(np.logical_not, _by_steps, operator.not_),
        "number": Operation(lambda truth: np.asarray(truth, np.float64), _by_steps, float),
        **{op: Operation(getattr(np, op), _by_steps) for op in ("floor", "ceil", "rint")},
        "exp": Operation(np.exp, lambda s, o, a: (s * o,)),
        "exp2": Operation(np.exp2, lambda s, o, a: (s * o * _LN2,)),
        "expm1": Operation(np.expm1, lambda s, o, a: (s * (o + 1.0),)),
        "log": Operation(np.log, lambda s, o, a: (s / a,)),
        "log2": Operation(np.log2, lambda s, o, a: (s / (a * _LN2),)),
        "log10": Operation(np.log10, lambda s, o, a: (s / (a * _LN10),)),
        "log1p": Operation(np.log1p, lambda s, o, a: (s / (1.0 + a),)),
        "power": Operation(np.power, _power),
        "hypot": Operation(np.hypot, _hypot),
        "spread": Operation(lambda row: row, lambda s, o, a: (s,), reads=Reads.ROW),
        "lag": Operation(primitives.lag, _lag, reads=Reads.ROW),
        "running_sum": Operation(
            primitives.running_sum,
            lambda s, o, a: (np.cumsum(s[::-1], axis=0)[::-1],),
            reads=Reads.ROW,
        ),
        "year_sum": Operation(
            primitives.year_sum, lambda s, o, a: (primitives.year_sum(s),), reads=Reads.ROW
        ),
        "year_to_date": Operation(primitives.year_to_date, _year_to_date, reads=Reads.ROW),
        "grow": Operation(primitives.grow, _grow, reads=Reads.ROW),
        "sum_to_date": Operation(
            primitives.sum_to_date, lambda s, o, a: (np.broadcast_to(s, a.shape),), reads=Reads.ONCE
        ),
        "last_upward_crossing": Operation(
            intrinsics.last_upward_crossing, _crossing, reads=Reads.ONCE
        ),
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
)


def reading(*reads: Reads) -> frozenset[str]:
    """The operations that read in one of these ways."""
    return frozenset(name for name, each in OPERATIONS.items() if each.reads in reads)
