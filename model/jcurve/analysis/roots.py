"""Every place where a measure changes sign, for many lanes at once, by looking ever closer.

The model answers thousands of scenarios in one batch, so a whole interval is scanned where
a root finder would feel its way: no starting value, no derivative, several roots found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.question import Array

Lanes: TypeAlias = NDArray[np.intp]
Function: TypeAlias = Callable[[Array, Lanes], Array]
"""Points and their lanes, both (points,), to measures, (points,)."""

_WIDE, _CLOSE = 65, 48
_INSIDE = 9
_RELATIVE, _ABSOLUTE = 1e-14, 1e-16
_JUMP = 1e-6
_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Crossing:
    """A change of sign."""

    lane: int  # of which lane
    # the end of the bracket, which is as narrow as numbers allow, with the measure at 0 or above
    at: float
    measure: float  # there
    rises: bool  # the measure is below zero before and above it after
    jumps: bool  # the measure leaps over zero instead of passing through it


def scan_points(low: float, high: float, near: tuple[float, float] | None = None) -> Array:
    """Points to scan: even over the interval, and closer around the part that matters.

    Args:
        low, high: the interval.
        near: the part in which more points lie, widened by its own width to both sides.
    """
    points = np.linspace(low, high, _WIDE)
    if near is not None:
        width = near[1] - near[0]
        close = np.linspace(near[0] - width, near[1] + width, _CLOSE + 1)
        points = np.concatenate([points, close[(close >= low) & (close <= high)], near])
    return np.unique(np.clip(points, low, high))


def crossings(
    function: Function, points: Array, lanes: int = 1, *, whole: bool = False
) -> tuple[list[Crossing], Array]:
    """Every change of sign between neighbouring points.

    A measure of exactly zero counts as above it. Between a number and NaN nothing changes.

    Args:
        function: evaluated at many points of many lanes at once.
        points: ascending, the same for each lane.
        lanes: how many.
        whole: only the points themselves are possible, so none is looked for between.

    Returns:
        The crossings by lane and place, and the measures, (points, lanes).
    """
    at = np.tile(points[:, None], (1, lanes))
    lane = np.tile(np.arange(lanes), (len(points), 1))
    values = function(at.ravel(), lane.ravel()).reshape(at.shape)
    known = ~np.isnan(values)
    above = values >= 0.0
    flips = known[1:] & known[:-1] & (above[1:] != above[:-1])
    where, which = np.nonzero(flips.T)[::-1]
    low, high = points[where], points[where + 1]
    low_value, high_value = values[where, which], values[where + 1, which]
    scale = float(points[-1] - points[0]) or 1.0
    rounds = 0 if whole or len(where) == 0 else _ROUNDS
    for _ in range(rounds):
        if (high - low <= _RELATIVE * np.abs(high) + _ABSOLUTE * scale).all():
            break
        parts = np.linspace(0.0, 1.0, _INSIDE + 2)[1:-1, None]
        inner = low + (high - low) * parts
        found = function(inner.ravel(), np.tile(which, (_INSIDE, 1)).ravel()).reshape(inner.shape)
        ladder = np.vstack([low, inner, high])
        heights = np.vstack([low_value, found, high_value])
        low, high, low_value, high_value = _narrowed(ladder, heights)
    size = np.nanmax(np.abs(np.where(np.isfinite(values), values, np.nan)), initial=0.0)
    made = [
        _crossing(int(which[i]), low[i], high[i], low_value[i], high_value[i], float(size))
        for i in range(len(where))
    ]
    return made, values


def _narrowed(ladder: Array, heights: Array) -> tuple[Array, Array, Array, Array]:
    """The first part of each bracket across which the sign changes.

    A gap without an answer inside a bracket splits it: the part before the first change among
    the answers is kept.
    """
    column = np.arange(ladder.shape[1])
    known = ~np.isnan(heights)
    last = np.zeros(ladder.shape, dtype=np.intp)
    for row in range(1, len(ladder)):
        last[row] = np.where(known[row - 1], row - 1, last[row - 1])
    above = heights >= 0.0
    flips = known & (above != np.take_along_axis(above, last, axis=0))
    flips[0] = False
    stop = np.argmax(flips, axis=0)
    start = last[stop, column]
    return (
        ladder[start, column],
        ladder[stop, column],
        heights[start, column],
        heights[stop, column],
    )


def _crossing(
    lane: int, low: float, high: float, low_value: float, high_value: float, size: float
) -> Crossing:
    rises = high_value >= 0.0
    at, value = (high, high_value) if rises else (low, low_value)
    jumps = min(abs(low_value), abs(high_value)) > _JUMP * size
    return Crossing(lane, float(at), float(value), bool(rises), bool(jumps))
