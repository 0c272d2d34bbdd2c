"""Results that need a search: crossings, troughs, and internal rates of return.

Each takes rows of shape (quarter, scenario) and returns (1, scenario), without a loop over
scenarios. Given symbolic rows each is one named node, for which a workbook has a form of
its own. Where there is no answer the value is NaN and a companion code says why.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.primitives import Row
from jcurve.engine.rates import RATE_GRID, Brackets, brackets, roots
from jcurve.engine.symbol import Symbol
from jcurve.ground.units import DIMENSIONLESS, QUARTERS, Unit

__all__ = [
    "ANSWERED",
    "NEVER",
    "NONE",
    "NOT_POSITIVE",
    "NO_OUTLAY",
    "RATE_GRID",
    "SEVERAL",
    "count_roots",
    "first_lasting",
    "internal_rate",
    "last_upward_crossing",
    "lowest",
    "lowest_at",
    "never_below",
    "present_value",
    "real_roots",
]

Array = NDArray[np.float64]

ANSWERED, NEVER, NO_OUTLAY, NONE, SEVERAL, NOT_POSITIVE = 0.0, 1.0, 2.0, 3.0, 4.0, 5.0
"""Codes of a ``_status`` row: an answer, or why there is none."""


def _node(name: str, args: tuple[object, ...], unit: Unit) -> Symbol:
    return Symbol(name, args, unit, {"intrinsic": name})


def _full(row: Any) -> Array:
    return np.asarray(row, dtype=np.float64)


def last_upward_crossing(cumulative: Row, start: Row) -> Row:
    """Quarters from ``start`` to the last time ``cumulative`` rises through zero.

    The value of a quarter stands at its end, and inside a quarter it moves in a straight
    line. NaN where it ends below zero or was never below.

    Args:
        cumulative: a balance, (quarter, scenario).
        start: quarter index whose beginning counts as 0, (1, scenario).
    """
    if isinstance(cumulative, Symbol):
        return _node("last_upward_crossing", (cumulative, start), QUARTERS)
    balance = _full(cumulative)
    before = np.vstack([np.zeros((1, balance.shape[1])), balance[:-1]])
    rises = (before < 0.0) & (balance >= 0.0)
    height = balance.shape[0]
    at = height - 1 - np.argmax(rises[::-1], axis=0)
    column = np.arange(balance.shape[1])
    low, high = before[at, column], balance[at, column]
    step = high - low
    inside = np.divide(-low, step, out=np.zeros_like(low), where=step != 0.0)
    found = rises.any(axis=0) & (balance[-1] >= 0.0)
    return np.where(found, at + inside - _full(start), np.nan)


def never_below(cumulative: Row) -> Row:
    """1 where ``cumulative`` never falls below zero, else 0."""
    if isinstance(cumulative, Symbol):
        return _node("never_below", (cumulative,), DIMENSIONLESS)
    return (_full(cumulative) >= 0.0).all(axis=0, keepdims=True).astype(np.float64)


def lowest(row: Row) -> Row:
    """The least value of a row over the timeline."""
    if isinstance(row, Symbol):
        return _node("lowest", (row,), row.unit)
    return _full(row).min(axis=0, keepdims=True)


def lowest_at(row: Row) -> Row:
    """The index of the first quarter in which a row is at its least."""
    if isinstance(row, Symbol):
        return _node("lowest_at", (row,), QUARTERS)
    return _full(row).argmin(axis=0)[None, :].astype(np.float64)


def first_lasting(row: Row, start: Row) -> Row:
    """The index of the first quarter, from ``start`` on, from which a row stays above zero to
    the end of the timeline; NaN where it does not end above zero."""
    if isinstance(row, Symbol):
        return _node("first_lasting", (row, start), QUARTERS)
    values = _full(row)
    height = values.shape[0]
    last_not = height - np.argmax((values <= 0.0)[::-1], axis=0)
    last_not = np.where((values > 0.0).all(axis=0), 0, last_not)
    first = np.maximum(last_not[None, :].astype(np.float64), _full(start))
    return np.where(values[-1:] > 0.0, first, np.nan)


def present_value(flows: Array, log_rates: Array) -> Array:
    """Sign-true present values of ``flows`` at several rates, at a scale that never overflows.

    Args:
        flows: (period, scenario).
        log_rates: log(1 + rate), (rate, scenario or 1).

    Returns:
        (rate, scenario): the sum of flow / (1 + rate)^period for rates of 0 and more; below
        that the same times (1 + rate)^last, which has the same sign and roots.
    """
    width = max(flows.shape[1], log_rates.shape[1])
    above = log_rates >= 0.0
    values = np.empty((log_rates.shape[0], width))
    if above.any():
        factor = np.exp(-np.maximum(log_rates, 0.0))
        ahead = np.zeros_like(values)
        for late in flows[::-1]:
            ahead *= factor
            ahead += late
        np.copyto(values, ahead, where=above)
    if not above.all():
        factor = np.exp(np.minimum(log_rates, 0.0))
        behind = np.zeros_like(values)
        for early in flows:
            behind *= factor
            behind += early
        np.copyto(values, behind, where=~above)
    return values


def _scaled(flows: Array) -> Array:
    """Flows over their largest size, so that no scale matters."""
    size = np.abs(flows).max(axis=0, keepdims=True)
    scaled: Array = np.divide(flows, size, out=np.zeros_like(flows), where=size > 0.0)
    return scaled


def count_roots(flows: Row) -> Row:
    """At how many rates the present value of ``flows`` changes sign."""
    if isinstance(flows, Symbol):
        return _node("count_roots", (flows,), DIMENSIONLESS)
    scaled = _scaled(_full(flows))
    found = brackets(scaled).scenario
    return np.bincount(found, minlength=scaled.shape[1])[None, :].astype(np.float64)


def internal_rate(flows: Row) -> Row:
    """The rate a quarter at which the present value of ``flows`` is zero, where it is the only
    one; NaN where there is none, or more than one."""
    if isinstance(flows, Symbol):
        return _node("internal_rate", (flows,), DIMENSIONLESS)
    scaled = _scaled(_full(flows))
    found = brackets(scaled)
    only = np.bincount(found.scenario, minlength=scaled.shape[1])[found.scenario] == 1
    out = np.full((1, scaled.shape[1]), np.nan)
    lone = Brackets(*(each[only] for each in found))
    out[0, lone.scenario] = roots(scaled, lone)
    return out


def real_roots(flows: Array) -> list[float]:
    """Every rate a period at which one series of flows changes the sign of its present value,
    ascending."""
    scaled = _scaled(np.asarray(flows, dtype=np.float64)[:, None])
    return sorted(float(rate) for rate in roots(scaled, brackets(scaled)))
