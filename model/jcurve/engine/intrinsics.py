"""Results that need a search: crossings, troughs, and internal rates of return.

Each takes rows of shape (quarter, scenario) and returns (1, scenario), without a loop over
scenarios. Given symbolic rows each is one named node, for which a workbook has a form of
its own. Where there is no answer the value is NaN and a status says why.

A present value is a polynomial in the discount factor. Rates of 0 and more are looked at with
the flows as they come and factors up to 1; rates below with the flows turned round, so that no
power overflows. Over a grid of rates every change of sign is a rate. Between two neighbours of
one sign there may be a pair of rates: where the value comes nearer to zero from both sides, its
turning point is looked for, and the sign there decides.

Sources: W. Press et al., "Numerical Recipes" (2007), 9.4: Newton's steps, halved where they would
leave the bracket or are slow.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.primitives import Array, Row
from jcurve.engine.symbol import Symbol
from jcurve.ground.units import DIMENSIONLESS, QUARTERS

ANSWERED, NEVER, NO_OUTLAY, NONE, SEVERAL, NOT_POSITIVE = 0.0, 1.0, 2.0, 3.0, 4.0, 5.0
"""Codes of a result's status: an answer, or why there is none."""


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
        return Symbol("last_upward_crossing", (cumulative, start), QUARTERS)
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
        return Symbol("never_below", (cumulative,), DIMENSIONLESS)
    return (_full(cumulative) >= 0.0).all(axis=0, keepdims=True).astype(np.float64)


def lowest(row: Row) -> Row:
    """The least value of a row over the timeline."""
    if isinstance(row, Symbol):
        return Symbol("lowest", (row,), row.unit)
    return _full(row).min(axis=0, keepdims=True)


def lowest_at(row: Row) -> Row:
    """The index of the first quarter in which a row is at its least."""
    if isinstance(row, Symbol):
        return Symbol("lowest_at", (row,), QUARTERS)
    return _full(row).argmin(axis=0)[None, :].astype(np.float64)


def first_lasting(row: Row, start: Row) -> Row:
    """The index of the first quarter, from ``start`` on, from which a row stays above zero to
    the end of the timeline; NaN where it does not end above zero."""
    if isinstance(row, Symbol):
        return Symbol("first_lasting", (row, start), QUARTERS)
    values = _full(row)
    height = values.shape[0]
    last_not = height - np.argmax((values <= 0.0)[::-1], axis=0)
    last_not = np.where((values > 0.0).all(axis=0), 0, last_not)
    first = np.maximum(last_not[None, :].astype(np.float64), _full(start))
    return np.where(values[-1:] > 0.0, first, np.nan)


def _scaled(flows: Array) -> Array:
    """Flows over their largest size, so that no scale matters."""
    size = np.abs(flows).max(axis=0, keepdims=True)
    scaled: Array = np.divide(flows, size, out=np.zeros_like(flows), where=size > 0.0)
    return scaled


def count_roots(flows: Row) -> Row:
    """At how many rates the present value of ``flows`` changes sign."""
    if isinstance(flows, Symbol):
        return Symbol("count_roots", (flows,), DIMENSIONLESS)
    scaled = _scaled(_full(flows))
    found = brackets(scaled).scenario
    return np.bincount(found, minlength=scaled.shape[1])[None, :].astype(np.float64)


def internal_rate(flows: Row) -> Row:
    """The rate a quarter at which the present value of ``flows`` is zero, where it is the only
    one; NaN where there is none, or more than one."""
    if isinstance(flows, Symbol):
        return Symbol("internal_rate", (flows,), DIMENSIONLESS)
    return rates(flows)[1]


def rates(flows: Row) -> tuple[Row, Row]:
    """:func:`count_roots` and :func:`internal_rate`, from one search."""
    if isinstance(flows, Symbol):
        return count_roots(flows), internal_rate(flows)
    scaled = _scaled(_full(flows))
    found = brackets(scaled)
    count = np.bincount(found.scenario, minlength=scaled.shape[1])
    lone = Brackets(*(each[count[found.scenario] == 1] for each in found))
    out = np.full((1, scaled.shape[1]), np.nan)
    out[0, lone.scenario] = roots(scaled, lone)
    return count[None, :].astype(np.float64), out


def real_roots(flows: Array) -> list[float]:
    """Every rate a period at which one series of flows changes the sign of its present value,
    ascending."""
    scaled = _scaled(np.asarray(flows, dtype=np.float64)[:, None])
    return sorted(float(rate) for rate in roots(scaled, brackets(scaled)))


# Rates at which a present value is zero


RATE_GRID = np.concatenate(
    [
        np.log(np.array([1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.3])),
        np.linspace(np.log(0.4), np.log(4.0), 73),
        np.log(np.array([5.0, 7.0, 10.0, 20.0, 50.0, 100.0, 1e3, 1e4, 1e6])),
    ]
)
"""Where NPV is looked at first, in log(1 + rate): densest from -60 % to +300 % a period."""

POINTS: tuple[tuple[bool, Array], ...] = (
    (True, np.concatenate([RATE_GRID[RATE_GRID < 0.0], [0.0]])),
    (False, -np.concatenate([[0.0], RATE_GRID[RATE_GRID > 0.0]])),
)
"""Whether the flows are turned round, and the logarithms of the factor, as rates rise."""

CLOSE = 2.0 * np.finfo(np.float64).eps
"""How close in log(1 + rate), below 1 absolutely, a rate is looked for."""

MOST_STEPS = 60  # Of a search; halving alone takes about fifty


_End: TypeAlias = tuple[Array, Array, Array]  # Points: logarithm of the factor, value, slope


class Brackets(NamedTuple):
    """Where rates are: each between two logarithms of the factor, in one scenario."""

    scenario: NDArray[np.intp]
    turned: NDArray[np.bool_]
    low: Array
    high: Array


def brackets(flows: Array) -> Brackets:
    """Every rate of every scenario, a bracket each.

    Args:
        flows: (period, scenario).
    """
    found: list[tuple[NDArray[np.intp], bool, Array, Array]] = []
    sign = np.zeros(flows.shape[1])
    for turned, logs in POINTS:
        ordered = flows[::-1] if turned else flows
        value, slope = _at(ordered, np.exp(logs)[:, None])
        for at in range(len(logs)):
            now = np.sign(value[at])
            now[now == 0.0] = sign[now == 0.0]
            if at or turned:  # both ways round begin at a rate of 0: the first sign counts
                (flips,) = np.nonzero(now * sign < 0.0)
                low, high = logs[at - 1], logs[at]
                found.append((flips, turned, np.full(len(flips), low), np.full(len(flips), high)))
                sign = now
        found += [
            (where, turned, low, high) for where, low, high in _pairs(ordered, logs, value, slope)
        ]
    return Brackets(
        np.concatenate([each[0] for each in found]),
        np.concatenate([np.full(len(each[0]), each[1]) for each in found]),
        np.concatenate([each[2] for each in found]),
        np.concatenate([each[3] for each in found]),
    )


def roots(flows: Array, found: Brackets) -> Array:
    """The rate of each bracket, (bracket,)."""
    own = flows[:, found.scenario]
    own = np.where(found.turned, own[::-1], own)
    at_low, _ = _at(own, np.exp(found.low))
    rising = at_low < 0.0
    below, above = np.where(rising, found.low, found.high), np.where(rising, found.high, found.low)
    x = (below + above) / 2.0
    last = step = np.abs(above - below)
    value, slope = _at(own, np.exp(x))
    done = np.zeros(x.shape, dtype=bool)
    for _ in range(MOST_STEPS):
        beyond = ((x - above) * slope - value) * ((x - below) * slope - value) > 0.0
        halve = beyond | (np.abs(2.0 * value) > np.abs(last * slope)) | (slope == 0.0)
        newton = value / np.where(halve, 1.0, slope)
        middle = (above - below) / 2.0
        move, last = np.where(halve, middle, newton), step
        x = np.where(done, x, np.where(halve, below + middle, x - newton))
        step = np.where(done, step, move)
        done |= np.abs(step) <= CLOSE * np.maximum(np.abs(x), 1.0)
        if done.all():
            break
        value, slope = _at(own, np.exp(x))
        below, above = np.where(value < 0.0, x, below), np.where(value < 0.0, above, x)
    return np.asarray(np.expm1(np.where(found.turned, x, -x)))


def _at(flows: Array, factor: Array) -> tuple[Array, Array]:
    """The sum of flow times factor^period, and its slope in the logarithm of the factor."""
    shape = np.broadcast_shapes(flows[0].shape, factor.shape)
    value, slope = np.zeros(shape), np.zeros(shape)
    for flow in flows[::-1]:
        slope *= factor
        slope += value
        value *= factor
        value += flow
    return value, slope * factor


def _pairs(
    flows: Array, logs: Array, value: Array, slope: Array
) -> list[tuple[NDArray[np.intp], Array, Array]]:
    """Brackets of rates that lie between two neighbouring points of one sign."""
    rises = bool(logs[-1] > logs[0])
    low, high = (slice(None, -1), slice(1, None)) if rises else (slice(1, None), slice(None, -1))
    cell, where = np.nonzero(_may_touch(logs[low, None], value[low], slope[low],
                                        logs[high, None], value[high], slope[high]))  # fmt: skip
    if cell.size == 0:
        return []
    own, start, stop = flows[:, where], logs[low][cell], logs[high][cell]
    left = start, value[low][cell, where], slope[low][cell, where]
    right = stop, value[high][cell, where], slope[high][cell, where]
    side = np.sign(left[1])
    turn, crossed = (start + stop) / 2.0, np.zeros(cell.shape, dtype=bool)
    looking = ~crossed
    for _ in range(MOST_STEPS):
        turn = np.where(crossed, turn, (left[0] + right[0]) / 2.0)
        middle = turn, *_at(own, np.exp(turn))
        crossed |= looking & (middle[1] * side < 0.0)
        falls = middle[2] * side < 0.0
        left = _chosen(falls, middle, left)
        right = _chosen(falls, right, middle)
        looking = looking & ~crossed & _may_touch(*left, *right)
        if not looking.any():
            break
    start, turn, stop = start[crossed], turn[crossed], stop[crossed]
    return [(where[crossed], start, turn), (where[crossed], turn, stop)]


def _chosen(condition: NDArray[np.bool_], one: _End, other: _End) -> _End:
    parts = zip(one, other, strict=True)
    first, second, third = (np.where(condition, a, b) for a, b in parts)
    return first, second, third


def _may_touch(
    low: Array, value: Array, slope: Array, high: Array, end_value: Array, end_slope: Array
) -> NDArray[np.bool_]:
    """Whether a value of one sign at both ends turns between them, and its tangents meet on the
    other side of zero."""
    turns = (value * end_value > 0.0) & (value * slope < 0.0) & (end_value * end_slope > 0.0)
    bend = np.where(turns, slope - end_slope, 1.0)
    meet = (end_value - value + slope * low - end_slope * high) / bend
    found: NDArray[np.bool_] = turns & ((value + slope * (meet - low)) * value < 0.0)
    return found
