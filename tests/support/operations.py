"""A model of one line for every operation that a line may come to."""

from __future__ import annotations

import types
from collections.abc import Callable

import numpy as np

from jcurve.engine import emit, intrinsics, primitives, timed
from jcurve.engine.build import build
from jcurve.engine.evaluate import system_rows
from jcurve.engine.line import flow, line, lines_of, result
from jcurve.engine.model import Input, Model
from jcurve.engine.operations import COMPARED, Reads, reading
from jcurve.engine.primitives import Row, grow, lag, ratio, splice, value_at
from jcurve.engine.scan import scan
from jcurve.ground.quarters import Timeline
from jcurve.ground.units import DIMENSIONLESS, QUARTERS, Quantity

__all__ = ["OPERATIONS", "T", "model_of", "rows_for"]

ONE = Quantity(1.0, QUARTERS)
YEAR = Quantity(4.0, QUARTERS)


def one_line(function: Callable[..., Row], kind: object = flow) -> Model:
    """A model of one line of two rows and two numbers, of no unit."""
    function.__doc__ = "For a test."
    here = types.SimpleNamespace(__name__=__name__)
    here.tried = line(DIMENSIONLESS, kind)(function)  # type: ignore[arg-type]
    made = {n: Input(n, DIMENSIONLESS, n) for n in ("x", "y", "a", "b")}
    made["q"] = Input("q", QUARTERS, "q")
    return build(lines_of(here), {}, made)


def unary(op: str) -> Callable[..., Row]:
    def tried(x: Row, y: Row, a: Row, b: Row, q: Row) -> Row:
        return getattr(np, op)(x)

    return tried


def binary(op: str) -> Callable[..., Row]:
    def tried(x: Row, y: Row, a: Row, b: Row, q: Row) -> Row:
        made = getattr(np, op)(x, y)
        return np.where(made, x, y) if op in COMPARED else made

    return tried


def timed_line(op: str) -> Callable[..., Row]:
    def tried(x: Row, y: Row, a: Row, b: Row, q: Row) -> Row:
        row = x - y
        return {
            "lag": lambda: lag(row, q) + lag(row, ONE) - lag(row, YEAR) + lag(row, 9 * ONE),
            "recall": lambda: scan(
                lambda before, now: (before[0] / 2 + now[1] * now[0], now[0] + now[2]),
                (a, b),
                (x,),
                ((0, q + ONE), (1, 2 * ONE)),
            )[0],
            "running_sum": lambda: primitives.running_sum(row),
            "year_sum": lambda: primitives.year_sum(row),
            "year_to_date": lambda: primitives.year_to_date(row),
            "sum_to_date": lambda: primitives.sum_to_date(row),
            "grow": lambda: grow(np.where(x > 0, x, y), y * a),
            "value_at": lambda: value_at(row, q),
            "ratio": lambda: ratio(x, np.where(y > 1, 0, y)),
            "splice": lambda: splice(x, y),
            "where": lambda: np.where(x > y, x, b),
            "logical_and": lambda: np.where(np.logical_and(x > 1, y > 1), x, y),
            "logical_or": lambda: np.where(np.logical_or(x > 1, y > 1), x, y),
            "number": lambda: (x > y) * a,
            "spread": lambda: lag(x, q) + lag(y, ONE),
            "negative": lambda: -x,
            "state": lambda: scan(
                lambda before, now: (before[0] * now[2] + now[0],), (a,), (x, y, np.minimum(b, 1))
            )[0],
            "last_upward_crossing": lambda: intrinsics.last_upward_crossing(row - a, q) / ONE,
            "never_below": lambda: intrinsics.never_below(row) + a,
            "lowest": lambda: intrinsics.lowest(row),
            "lowest_at": lambda: intrinsics.lowest_at(row) / ONE,
            "first_lasting": lambda: intrinsics.first_lasting(row, q) / ONE,
            "count_roots": lambda: intrinsics.count_roots(row),
            "internal_rate": lambda: intrinsics.internal_rate(row),
        }[op]()

    return tried


UNARY = ("absolute", "floor", "ceil", "exp", "log", "negative")
BINARY = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "maximum",
    "minimum",
    "power",
    *COMPARED,
)
OTHERS = sorted(set(emit.ELEMENTWISE) - set(UNARY) - set(BINARY) | set(timed.TIMED) - {"reverse"})
"""Every operation that has machine code, however a line comes to it; only a way back reverses."""

T = Timeline("2020Q1", "2023Q4")

OPERATIONS = (*UNARY, *BINARY, *OTHERS)


def model_of(op: str) -> Model:
    """A model whose only line, ``tried``, comes to the operation."""
    shape = unary(op) if op in UNARY else binary(op) if op in BINARY else timed_line(op)
    single = reading(Reads.ONCE, Reads.SEARCH)
    return one_line(shape, result if op in single else flow)


def rows_for(op: str, width: int) -> dict[str, np.ndarray]:
    """Inputs over three powers of ten, for which it has an answer."""
    random = np.random.default_rng(sum(map(ord, op)))
    height = len(T)
    rows = {
        "x": random.lognormal(0.0, 1.2, (height, width)),
        "y": random.lognormal(0.0, 1.0, (height, width)),
        "a": random.uniform(0.1, 1.0, (1, width)),
        "b": random.uniform(0.1, 3.0, (1, width)),
        "q": random.uniform(0.0, 20.0, (1, width)),
    }
    if op in ("count_roots", "internal_rate"):
        rows["x"] = random.lognormal(0.5, 0.3, (height, width))
        rows["y"] = np.concatenate([rows["x"][:3] * 3.0, random.lognormal(0.0, 0.8, (13, width))])
    if op == "splice":
        rows["x"][height // 2 :] = np.nan
    return {**system_rows(T, "2021Q2"), **rows}
