"""Bounded least squares as every calibration uses it: the same answer every time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest_within"]

Array = NDArray[np.float64]

_STEP, _CLOSE, _TRIALS = 1e-3, 1e-6, 60


def nearest_within(misses: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """The parameters inside their ranges with the least sum of squared misses.

    Starts from the middle of each range, so that no value held elsewhere can steer the answer.

    Args:
        misses: (target, point) for points (parameter, point): how far off each target is, in
            units of what is wanted.
        low, high: (parameter,), each low below its high.
    """
    from scipy.optimize import least_squares

    def slopes(point: Array) -> Array:
        """All differences in one batch; a step goes into the range, never out of it."""
        steps = np.where(point + _STEP * (high - low) <= high, 1.0, -1.0) * _STEP * (high - low)
        found = misses(point[:, None] + np.hstack([np.zeros((len(point), 1)), np.diag(steps)]))
        return np.asarray((found[:, 1:] - found[:, :1]) / steps)

    found = least_squares(
        lambda point: misses(point[:, None])[:, 0],
        (low + high) / 2,
        jac=slopes,
        bounds=(low, high),
        x_scale=high - low,
        xtol=_CLOSE,
        ftol=_CLOSE,
        max_nfev=_TRIALS,
    )
    return np.asarray(found.x)
