"""What a line may do with time: lags, running sums, growth, splices and scans.

Rows are float64 arrays of shape (quarter, scenario); parameters that do not move with
time have shape (1, scenario); either may have width 1 and broadcasts. Every function here
returns a new array, and given :class:`~jcurve.engine.symbol.Symbol` rows returns a symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.symbol import Symbol, operand_unit
from jcurve.engine.timeline import QUARTERS_IN_YEAR
from jcurve.engine.units import DIMENSIONLESS, QUARTERS, Quantity, Unit
from jcurve.errors import ModelError

__all__ = [
    "Family",
    "Row",
    "grow",
    "lag",
    "ratio",
    "running_sum",
    "scan",
    "splice",
    "sum_to_date",
    "total",
    "value_at",
    "year_sum",
    "year_to_date",
]

Row: TypeAlias = Any
"""An array of shape (quarter or 1, scenario or 1), or the symbol that stands for one."""

Family: TypeAlias = Mapping[str, Row]
"""The rows of a family by member, in the set's order."""

Array: TypeAlias = NDArray[np.float64]


def _is_symbolic(values: Sequence[object]) -> bool:
    return any(isinstance(value, Symbol) for value in values)


def _unit(value: object) -> Unit:
    return operand_unit(value) or DIMENSIONLESS


def _shift(x: Array, whole: int) -> Array:
    """``x`` delayed by a whole number of quarters, zero before its start."""
    if whole == 0:
        return x
    out = np.zeros_like(x)
    if whole < x.shape[0]:
        out[whole:] = x[:-whole]
    return out


def lag(x: Row, quarters: Row) -> Row:
    """``x`` delayed by ``quarters`` >= 0, zero before its start.

    Args:
        x: (quarter, scenario).
        quarters: a constant or (1, scenario), whole or not; in between two quarters the
            value is interpolated linearly.
    """
    if _is_symbolic((x, quarters)):
        unit = operand_unit(quarters)
        if unit is not None and not unit.agrees(QUARTERS):
            raise ModelError(
                "a lag is not in quarters", received=unit.name, allowed="quarters"
            )
        return Symbol("lag", (x, quarters), _unit(x))
    delay = np.atleast_2d(np.asarray(quarters, dtype=np.float64))
    if delay.shape[1] == 1:
        amount = float(delay[0, 0])
        whole = int(amount)
        part = amount - whole
        near = _shift(x, whole)
        return (
            near if part == 0.0 else (1.0 - part) * near + part * _shift(x, whole + 1)
        )
    height = x.shape[0]
    whole_rows = np.floor(delay)
    part_rows = delay - whole_rows
    at = np.arange(height)[:, None] - whole_rows.astype(np.intp)
    wide = np.broadcast_to(x, (height, delay.shape[1]))
    near = np.take_along_axis(wide, np.maximum(at, 0), axis=0) * (at >= 0)
    far = np.take_along_axis(wide, np.maximum(at - 1, 0), axis=0) * (at >= 1)
    return (1.0 - part_rows) * near + part_rows * far


def running_sum(x: Row) -> Row:
    """The sum of ``x`` from the first quarter through each quarter."""
    if isinstance(x, Symbol):
        return Symbol("running_sum", (x,), x.unit)
    return np.cumsum(x, axis=0)


def sum_to_date(x: Row) -> Row:
    """The sum of ``x`` over the whole timeline, of shape (1, scenario)."""
    if isinstance(x, Symbol):
        return Symbol("sum_to_date", (x,), x.unit)
    return x.sum(axis=0, keepdims=True)


def year_sum(x: Row) -> Row:
    """The calendar year's total of ``x``, repeated in each quarter of the year."""
    if isinstance(x, Symbol):
        return Symbol("year_sum", (x,), x.unit)
    years = x.reshape(-1, QUARTERS_IN_YEAR, x.shape[1]).sum(axis=1)
    return np.repeat(years, QUARTERS_IN_YEAR, axis=0)


def year_to_date(x: Row) -> Row:
    """The total of ``x`` from the calendar year's first quarter through each quarter."""
    if isinstance(x, Symbol):
        return Symbol("year_to_date", (x,), x.unit)
    return x.reshape(-1, QUARTERS_IN_YEAR, x.shape[1]).cumsum(axis=1).reshape(x.shape)


def splice(reported: Row, computed: Row) -> Row:
    """A reported fact where there is one (not NaN), else the computed value."""
    if _is_symbolic((reported, computed)):
        if operand_unit(computed) is not None and not _unit(reported).agrees(
            _unit(computed)
        ):
            raise ModelError(
                "unit clash in splice",
                received=f"{_unit(reported).name} with {_unit(computed).name}",
                allowed="one unit",
            )
        return Symbol("splice", (reported, computed), _unit(reported))
    return np.where(np.isnan(reported), computed, reported)


def grow(reported: Row, growth: Row) -> Row:
    """Reported facts, then the same quarter a year earlier times ``1 + growth``.

    The season of the last reported year is kept, and there is no step at the join.

    Args:
        reported: (quarter, scenario), NaN from the first forecast quarter on; at least
            four reported quarters. Zero before its first reported quarter.
        growth: per year, decimal, for each quarter against the same quarter a year before.
    """
    if _is_symbolic((reported, growth)):
        return Symbol("grow", (reported, growth), _unit(reported))
    missing = np.isnan(reported)
    known = np.flatnonzero(~missing[:, 0])
    if known.size < QUARTERS_IN_YEAR:
        raise ModelError(
            "growth needs four reported quarters", received=int(known.size)
        )
    start = int(known[-1]) + 1
    height = reported.shape[0]
    growth = np.broadcast_to(growth, (height, growth.shape[1]))
    width = max(reported.shape[1], growth.shape[1])
    factor = np.ones((height, width))
    factor[start:] += growth[start:]
    last_year = reported[start - QUARTERS_IN_YEAR : start]
    phase = start % QUARTERS_IN_YEAR
    base = np.roll(last_year, phase, axis=0)
    path = factor.reshape(-1, QUARTERS_IN_YEAR, width).cumprod(axis=0) * base
    out = np.where(missing, 0.0, reported) + np.zeros((1, width))
    out[start:] = path.reshape(height, width)[start:]
    return out


def ratio(numerator: Row, denominator: Row) -> Row:
    """``numerator / denominator``, and 0 where the denominator is 0."""
    if _is_symbolic((numerator, denominator)):
        return Symbol(
            "ratio",
            (numerator, denominator),
            _unit(numerator).times(_unit(denominator), -1),
        )
    numerator, denominator = np.asarray(numerator), np.asarray(denominator)
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.divide(
        numerator, denominator, out=np.zeros(shape), where=denominator != 0.0
    )


def value_at(x: Row, when: Row) -> Row:
    """The value of ``x`` in the quarter whose index is ``when``, of shape (1, scenario).

    ``when`` is a date: a constant or (1, scenario); outside the timeline the nearest end.
    """
    if _is_symbolic((x, when)):
        unit = operand_unit(when)
        if unit is not None and not unit.agrees(QUARTERS):
            raise ModelError(
                "not a date", received=unit.name, allowed="a quarter index"
            )
        return Symbol("value_at", (x, when), _unit(x))
    at = np.clip(np.atleast_2d(np.asarray(when)), 0, x.shape[0] - 1).astype(np.intp)
    if at.shape[1] == 1:
        return x[int(at[0, 0])][None, :].copy()
    wide = np.broadcast_to(x, (x.shape[0], at.shape[1]))
    return np.take_along_axis(wide, at, axis=0)


def total(members: Family) -> Row:
    """The sum over a family's members."""
    rows = list(members.values())
    out = rows[0]
    for row in rows[1:]:
        out = out + row
    return out


Step: TypeAlias = Callable[[tuple[Row, ...], tuple[Row, ...]], tuple[Row, ...]]


def scan(step: Step, start: Sequence[Row], rows: Sequence[Row]) -> tuple[Row, ...]:
    """Carry balances from quarter to quarter.

    Args:
        step: from (balances before the quarter, the quarter's values of ``rows``) to the
            quarter's outputs, of which the first ``len(start)`` are the new balances. It is
            called with one quarter's values of shape (scenario,), or with symbols.
        start: balances before the first quarter, each a constant or (1, scenario).
        rows: what the step reads in each quarter.

    Returns:
        One row per output of ``step``.
    """
    if _is_symbolic((*start, *rows)):
        return _scan_symbol(step, start, rows)
    arrays = [np.atleast_2d(np.asarray(row, dtype=np.float64)) for row in rows]
    opening = [np.atleast_2d(np.asarray(value, dtype=np.float64)) for value in start]
    height = max(array.shape[0] for array in arrays)
    width = max(array.shape[1] for array in (*arrays, *opening))
    state = tuple(value[0] for value in opening)
    columns = [
        array if array.shape[0] == height else np.repeat(array, height, 0)
        for array in arrays
    ]
    outputs: list[Array] = []
    for now in range(height):
        values = step(state, tuple(column[now] for column in columns))
        if not outputs:
            outputs = [np.empty((height, width)) for _ in values]
        for output, value in zip(outputs, values, strict=True):
            output[now] = value
        state = values[: len(state)]
    return tuple(outputs)


def _scan_symbol(
    step: Step, start: Sequence[Row], rows: Sequence[Row]
) -> tuple[Symbol, ...]:
    before = tuple(
        Symbol("previous", (index,), _unit(value)) for index, value in enumerate(start)
    )
    now = tuple(
        Symbol("current", (index,), _unit(value)) for index, value in enumerate(rows)
    )
    formulas = step(before, now)
    for index, (value, formula) in enumerate(zip(start, formulas, strict=False)):
        if operand_unit(value) is not None and not _unit(value).agrees(_unit(formula)):
            raise ModelError(
                f"unit clash in scan balance {index}",
                received=f"{_unit(value).name} becomes {_unit(formula).name}",
                allowed="one unit",
            )
    return tuple(
        Symbol(
            "scan",
            (*start, *rows),
            _unit(formula),
            {"index": index, "formulas": formulas, "balances": len(start)},
        )
        for index, formula in enumerate(formulas)
    )


QUARTER = Quantity(1.0, QUARTERS, "one quarter")
