"""How an assumption varies: distributions by their quantiles.

What low and high mean depends on the distribution. They are its ends for ``pert`` (of the
usual weight 4 on the mode), ``triangular`` and ``uniform``, with the value as mode. They are
the 5th and 95th percentiles for ``normal`` and ``lognormal``, which are cut at the bounds.
``discrete`` and ``empirical`` take their outcomes and weights; ``empirical`` moves evenly
between outcomes, ``discrete`` only to them.

A list of changes varies in the life that its next one brings. A path varies as one: its draw is
a position (see :mod:`jcurve.assumptions.batch`), and the distribution is that of the path's mean
distance from its value, so that a path whose range is a factor has exactly the distribution of
that factor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from jcurve.analysis.question import Array
from jcurve.assumptions import Assumption, Path
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.ground.errors import ScenarioError
from jcurve.ground.quarters import FIRST_YEAR, QUARTERS_IN_YEAR

_PERT_WEIGHT = 4.0
_CELLS = 400
_Z95 = 1.6448536269514722
_WHOLE = (DATE, SWITCH, CHOICE)


Distribution: TypeAlias = Callable[[Array], Array]
"""Its quantiles: values at probabilities inside 0 and 1, in the shape of these."""


def beta_quantile(a: float, b: float, u: Array) -> Array:
    """Quantiles of a beta distribution with shapes of 1 to 5, to about 1e-11.

    Near 0 a quantile goes with ``u ** (1 / a)``, near 1 with ``(1 - u) ** (1 / b)``. As a
    function of that power either half is smooth, so a cubic through a few hundred exact
    points gives it a dozen times faster than a search for each draw.
    """
    low, high, split = _halves(a, b)
    below = u < split
    w = np.where(below, u, 1.0 - u) ** np.where(below, 1.0 / a, 1.0 / b)
    place = np.minimum(w * np.where(below, _CELLS / low.top, _CELLS / high.top), _CELLS)
    cell = np.minimum(place.astype(np.intp), _CELLS - 1)
    t = place - cell
    cell += np.where(below, 0, _CELLS + 1)
    values = np.concatenate([low.values, high.values])
    slopes = np.concatenate([low.slopes, high.slopes])
    one, at_one, at_two = values[cell], slopes[cell], slopes[cell + 1]
    step = values[cell + 1] - one
    found = one + t * (
        at_one + t * ((3.0 * step - 2.0 * at_one - at_two) + t * (at_one + at_two - 2.0 * step))
    )
    return np.asarray(np.where(below, found, 1.0 - found))


@dataclass(frozen=True, eq=False)
class _Half:
    """Between even points from 0 to ``top``: values and slopes times the step."""

    top: float
    values: Array
    slopes: Array


@lru_cache(maxsize=1024)
def _halves(a: float, b: float) -> tuple[_Half, _Half, float]:
    """Both halves of a beta distribution and the probability at which they meet: its mean's."""
    from scipy.special import betainc

    split = float(betainc(a, b, a / (a + b)))
    return _half(a, b, split), _half(b, a, 1.0 - split), split


def _half(a: float, b: float, split: float) -> _Half:
    """The quantile as a function of w = u ** (1 / a), up to the probability ``split``."""
    from scipy.special import beta, betaincinv

    top = split ** (1.0 / a)
    w = np.linspace(0.0, top, _CELLS + 1)
    x = betaincinv(a, b, w**a)
    # du/dw = a w^(a-1) over du/dx = x^(a-1) (1-x)^(b-1) / B; at 0 their limit.
    start = (a * beta(a, b)) ** (1.0 / a)
    ratio = np.divide(w, x, out=np.full_like(w, 1.0 / start), where=x > 0.0)
    slopes = a * beta(a, b) * ratio ** (a - 1.0) * (1.0 - x) ** (1.0 - b)
    return _Half(top, x, slopes * (top / _CELLS))


def pert_shapes(low: float, mode: float, high: float) -> tuple[float, float]:
    """Alpha and beta of :func:`pert`."""
    width = high - low
    return 1.0 + _PERT_WEIGHT * (mode - low) / width, 1.0 + _PERT_WEIGHT * (high - mode) / width


def pert(low: float, mode: float, high: float) -> Distribution:
    """A beta distribution over low and high with its mode in between."""
    shapes = pert_shapes(low, mode, high)
    return lambda u: low + (high - low) * beta_quantile(*shapes, u)


def triangular(low: float, mode: float, high: float) -> Distribution:
    """Straight up to the mode and straight down."""
    width = high - low
    split = (mode - low) / width

    def quantile(u: Array) -> Array:
        up = low + np.sqrt(u * width * (mode - low))
        down = high - np.sqrt((1.0 - u) * width * (high - mode))
        return np.asarray(np.where(u < split, up, down))

    return quantile


def uniform(low: float, high: float) -> Distribution:
    """Even between low and high."""
    return lambda u: np.asarray(low + (high - low) * u)


def normal(mean: float, sd: float, floor: float = -np.inf, ceiling: float = np.inf) -> Distribution:
    """Normal, cut at floor and ceiling without a heap at either."""

    def quantile(u: Array) -> Array:
        from scipy.special import ndtr, ndtri

        low, high = ndtr((floor - mean) / sd), ndtr((ceiling - mean) / sd)
        return np.asarray(np.clip(mean + sd * ndtri(low + (high - low) * u), floor, ceiling))

    return quantile


def lognormal(
    mean_log: float, sd_log: float, floor: float = 0.0, ceiling: float = np.inf
) -> Distribution:
    """A number whose logarithm is normal, cut at floor and ceiling."""
    with np.errstate(divide="ignore"):
        inner = normal(mean_log, sd_log, np.log(max(floor, 0.0)), np.log(ceiling))
    return lambda u: np.asarray(np.exp(inner(u)))


def outcomes(pairs: Sequence[tuple[float, float]], *, between: bool) -> Distribution:
    """Values with weights that sum to 1, ascending.

    Args:
        between: whether values between two outcomes occur, evenly from the middle of the weight
            of one to that of the next.
    """
    values, weights = np.array(pairs).T
    to = np.cumsum(weights)

    def quantile(u: Array) -> Array:
        if between:
            return np.asarray(np.interp(u, to - weights / 2.0, values))
        at = np.searchsorted(to, u, side="right")
        return np.asarray(values[np.minimum(at, len(values) - 1)])

    return quantile


def distribution_of(item: Assumption) -> Distribution:
    """How an assumption varies: its values, or the positions of a path."""
    if isinstance(item.value, Path):
        return _of_path(item)
    if isinstance(item.value, tuple) and not item.has_range:
        raise _degenerate(item, "a list of changes without a range for the next one")
    low, value, high = (float(row[0]) for row in (item.lows(), item.row(), item.highs()))
    found = _scalar(item, low, value, high)
    # Dates and switches are whole numbers.
    return (lambda u: np.rint(found(u))) if item.unit in _WHOLE else found


def year_distribution(item: Assumption, year: int) -> Distribution | None:
    """How one year of a path varies by itself; None where that year has no range."""
    _check_varies(item)
    low, value, high = (
        in_year(limit, year) if isinstance(limit, Path) else float("nan")
        for limit in (item.low, item.value, item.high)
    )
    return _scalar(item, low, value, high) if high > low else None


def in_year(path: Path, year: int) -> float:
    """A path's value in a calendar year of its horizon, of one by quarter the mean."""
    start = (year - FIRST_YEAR) * QUARTERS_IN_YEAR
    return float(path.quarters()[start : start + QUARTERS_IN_YEAR].mean())


def _check_varies(item: Assumption) -> None:
    if item.derived:
        raise _degenerate(item, "the remainder of a mix follows from the others")
    if item.distribution == "fixed":
        raise _degenerate(item, "its distribution is fixed")


def _scalar(item: Assumption, low: float, value: float, high: float) -> Distribution:
    _check_varies(item)
    floor, ceiling = item.bounds or (-np.inf, np.inf)
    if item.distribution in ("discrete", "empirical"):
        return _stated_outcomes(item)
    if not low < high:
        raise _degenerate(item, "low and high are equal")
    if item.distribution in ("pert", "triangular"):
        return (pert if item.distribution == "pert" else triangular)(low, value, high)
    if item.distribution == "uniform":
        return uniform(low, high)
    if item.distribution == "normal":
        return normal((low + high) / 2.0, (high - low) / (2.0 * _Z95), floor, ceiling)
    return _lognormal(item, low, high, floor, ceiling)


def _lognormal(
    item: Assumption, low: float, high: float, floor: float, ceiling: float
) -> Distribution:
    if low <= 0.0 or ceiling <= 0.0:
        raise _degenerate(item, "a log-normal number lies above 0", f"low {low:g}")
    one, other = np.log(low), np.log(high)
    return lognormal((one + other) / 2.0, (other - one) / (2.0 * _Z95), max(floor, 0.0), ceiling)


def _stated_outcomes(item: Assumption) -> Distribution:
    pairs = [(value, weight) for value, weight in sorted(item.outcomes) if weight > 0.0]
    if len({value for value, _ in pairs}) < 2:
        raise _degenerate(item, "one outcome has all the weight")
    return outcomes(pairs, between=item.distribution == "empirical")


def _of_path(item: Assumption) -> Distribution:
    _check_varies(item)
    if item.distribution in ("discrete", "empirical"):
        raise _degenerate(item, "outcomes are values, and a path has one for each date")
    if not item.has_range:
        raise _degenerate(item, "low and high are equal")
    value, low, high = item.row(), item.lows(), item.highs()
    down, up = float(np.mean(value - low)), float(np.mean(high - value))
    if item.distribution == "normal":
        # Either side of the value has its own scale: half of a normal below, half above.
        return normal(0.0, 1.0 / _Z95)
    if item.distribution == "lognormal":
        if item.low_factor is None or item.high_factor is None:
            raise _degenerate(item, "a log-normal path needs low and high as factors of its value")
        below, above = item.low_factor, item.high_factor
        if not 0.0 < below < 1.0 < above:
            raise _degenerate(
                item,
                "a log-normal path lies between factors below and above 1",
                f"{below:g}, {above:g}",
            )
        factor = _lognormal(item, below, above, 0.0, np.inf)
        return _positions(lambda u: factor(u) - 1.0, 1.0 - below, above - 1.0)
    return _positions(_scalar(item, -down, 0.0, up), down, up)


def _positions(away: Distribution, down: float, up: float) -> Distribution:
    """Distances from a path's value, or from 1 as its factor, in steps to its low and its high."""

    def quantile(u: Array) -> Array:
        found = away(u)
        return np.asarray(found / np.where(found < 0.0, down or 1.0, up or 1.0))

    return quantile


def _degenerate(item: Assumption, why: str, received: str | None = None) -> ScenarioError:
    return ScenarioError(
        f"nothing to draw from: {why}",
        where=f"{item.where}, {item.key}" if item.where else item.key,
        received=received,
        allowed="an assumption with low below high and a distribution other than fixed",
    )
