"""Bounded least squares as every calibration uses it: the same answer every time.

A calibration has parameters, each with the range that evidence allows it, and targets: reported
figures, each with how near the model should come. The search starts from the middle of each range,
so that no value held elsewhere can steer the answer. Fitted through an earlier year, the same
parameters forecast the targets after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jcurve.facts.outlay_tables import Calibrated
from jcurve.ground.errors import FactsError

Array = NDArray[np.float64]

_STEP, _CLOSE, _TRIALS = 1e-3, 1e-6, 60


@dataclass(frozen=True, slots=True)
class Target:
    """A reported figure, where in the model its like is found, and the model's."""

    what: str  # in words
    period: str  # a fiscal year, or quarters
    year: int  # the last year that it needs
    reported: float  # USD m
    weight: float  # how near the fit wants it, as a share of the reported figure
    row: str  # names the model's row
    first: int  # quarters that are summed, by their place on the timeline; a stock has one
    last: int
    # of a disclosed effect: the last quarter of placements that count
    in_service: str | None = None
    modelled: float = math.nan  # USD m; NaN until the model was asked

    @property
    def error(self) -> float:
        """Modelled over reported, less 1."""
        return self.modelled / self.reported - 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fit."""

    through: int  # the last year whose figures it saw
    parameters: tuple[Calibrated, ...]  # what was fitted
    values: tuple[float, ...]  # the fitted values, rounded as the parameters say
    # every target, those after ``through`` included: their errors are forecasts
    targets: tuple[Target, ...]

    def lines(self) -> list[str]:
        """Each value with its range, and which end of it the fit has run into."""
        pairs = zip(self.parameters, self.values, strict=True)
        return [
            f"{each.name}: {value:g}, {each.low:g} to {each.high:g}"
            + (": AN END, filings ask for more" if value in (each.low, each.high) else "")
            for each, value in pairs
        ]


def fit_within(
    parameters: tuple[Calibrated, ...],
    targets: Sequence[Target],
    through: int,
    likes: Callable[[Array, Sequence[Target]], Array],
    known: Callable[[tuple[float, ...]], tuple[float, ...]],
    middle: float = 0.0,
) -> Calibration:
    """Fit the parameters to the targets of years ``through`` one.

    A parameter whose every point lies after ``through`` is not fitted: no change is known then.

    Args:
        likes: the model's like of some targets, (target, point), at (parameter, point) values.
        known: values as held once rounded, those after ``through`` as the point before them.
        middle: how unwelcome an end of a range is, in targets missed by their whole weight.

    Raises:
        FactsError: a target is zero, of which nothing can be a share.
    """
    seen = [each for each in targets if each.year <= through]
    for each in seen:
        if not each.reported:
            raise FactsError("a figure of zero cannot be fitted to", where=each.what,
                             received=each.period)  # fmt: skip
    wanted, weight = (
        np.array([getattr(each, name) for each in seen])[:, None] for name in ("reported", "weight")
    )
    free = np.array([not each.years or min(each.years) <= through for each in parameters])
    ranges = np.array([(each.low, each.high) for each in parameters])
    low, high = ranges[free].T

    def whole(points: Array) -> Array:
        """Free parameters with those that are not fitted, which stand for no value."""
        filled = np.repeat(ranges.mean(axis=1)[:, None], points.shape[1], axis=1)
        filled[free] = points
        return filled

    def misses(points: Array) -> Array:
        """(target, point): how far off, in units of what is wanted."""
        off = (likes(whole(points), seen) / wanted - 1.0) / weight
        if not middle:
            return np.asarray(off)
        from_middle = (points - (low + high)[:, None] / 2) / ((high - low)[:, None] / 2)
        return np.vstack([off, from_middle * middle])

    found = whole(_nearest_within(misses, low, high)[:, None])[:, 0]
    values = known(
        tuple(
            round(float(value), each.digits) for value, each in zip(found, parameters, strict=True)
        )
    )
    modelled = likes(np.array(values)[:, None], targets)[:, 0]
    made = zip(targets, modelled, strict=True)
    return Calibration(
        through,
        parameters,
        values,
        tuple(replace(each, modelled=float(value)) for each, value in made),
    )


def _nearest_within(misses: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """The parameters inside their ranges with the least sum of squared misses."""
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
