"""What history says of the elasticity of advertising to ranking compute, with its placebos.

The company's growth of advertising on the year, less that of its market, on the growth of its
ranking compute, both in logarithms. Few quarters, which overlap, and two series that both rise:
so each fit stands beside what the same arithmetic gives where there can be no response, and no
standard error is shown without that. It is a calculation of its own: it reads reported
advertising and takes the compute as an argument, and nothing of it goes into the model.

    study = response(case.row("ranking_compute@with"), case.assembly.timeline.labels)
    study.readings[0].constant.slope

Papers and the company's stated gains read the elasticity differently again, and nothing measures
it (``docs/response.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.question import Array
from jcurve.company import DEFAULT_COMPANY
from jcurve.facts import history
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

ARRIVAL = 2  # Quarters from compute in service to its effect on advertising
FIRST = "2024Q1"
"""The first growth on the year that is fitted: earlier ones hold the recovery from 2022."""
ELASTICITIES = (0.02, 0.04, 0.06, 0.08, 0.16)
"""Papers at .02 to .04, stated gains at .06, the base case at .08, the most that history allows."""
_DRAWS = 10_000  # Random paths of compute
_SEED = 20_260_630
_YEAR = 4
_OVERLAP = _YEAR - 1
_LATEST_LAG = 4
_MEMORY = 8 * _YEAR
_START = "2023Q1"
"""The quarter in which compute begins to count where its growth before is left out."""
_POINTS = 100.0
_MARKET = ("reported_market_advertising", "reported_amazon_advertising")


@dataclass(frozen=True, slots=True)
class Fit:
    """A least-squares fit."""

    slope: float  # gain of ln advertising for each unit of ln compute
    error: float  # its plain standard error, which takes the quarters for independent
    # the same for overlapping quarters (Newey and West: heteroscedasticity and autocorrelation),
    # Bartlett weights over three quarters, scaled for few quarters
    hac: float
    # growth on the year that does not come with compute, in points; None where the line runs
    # through the origin
    constant: float | None = None
    constant_error: float | None = None  # its plain standard error, in points
    control: float | None = None  # the coefficient of another series and its plain standard error
    control_error: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One series on one path of compute, through the origin and with a constant."""

    label: str  # which, in words
    origin: Fit
    constant: Fit | None  # None where the path of compute is a straight line, as a constant is
    says: str  # what it means beside the others; a standard error is never shown without it


@dataclass(frozen=True, slots=True)
class Study:
    """Readings of the elasticity from history, and the placebos that they must be held against."""

    quarters: tuple[str, ...]  # those of the growth on the year
    compute: Array  # growth of compute that has arrived, one for each quarter
    readings: tuple[Line, ...]  # the company against each market
    placebos: tuple[Line, ...]  # the same arithmetic where there is nothing to find
    # mean and standard deviation of the slope through the origin over random paths with the mean
    # growth of the compute
    random_origin: tuple[float, float]
    # share of the random paths that are at least as steep, with a constant, as the first reading
    steeper: float


def fit(
    growth: Array, compute: Array, *, constant: bool = True, control: Array | None = None
) -> Fit:
    """Growth on growth of compute, by least squares.

    Args:
        growth, compute: (quarter,), yearly differences of logarithms.
        constant: whether growth may come without compute.
        control: another series that may explain the growth; only with a constant.
    """
    ones = [np.ones(len(growth))] if constant else []
    extra = [] if control is None else [control]
    x = np.column_stack([compute, *ones, *extra])
    count, width = x.shape
    inverse = np.linalg.inv(x.T @ x)
    found = inverse @ (x.T @ growth)
    left = growth - x @ found
    plain = np.sqrt(np.diag(inverse) * (left @ left) / (count - width))
    scores = x * left[:, None]
    spread = scores.T @ scores
    for lag in range(1, _OVERLAP + 1):
        paired = scores[lag:].T @ scores[:-lag]
        spread += (1 - lag / (_OVERLAP + 1)) * (paired + paired.T)
    robust = np.sqrt(np.diag(inverse @ spread @ inverse) * count / (count - width))
    given = [float(value) for value in np.concatenate([found, plain])]
    made = Fit(given[0], given[width], float(robust[0]))
    if not constant:
        return made
    points = (given[1] * _POINTS, given[width + 1] * _POINTS)
    beside = (None, None) if control is None else (given[2], given[width + 2])
    return Fit(made.slope, made.error, made.hac, *points, *beside)


def response(compute: Array, quarters: Sequence[str], *, project: Project | None = None) -> Study:
    """The fit and its placebos for one path of ranking compute.

    Args:
        compute: (quarter,), the stock that ranks advertising, H100e or any unit.
        quarters: its quarters, ``2012Q1`` and on.
    """
    rows = history(DEFAULT_COMPANY, quarters[0], quarters[-1], project)
    own = rows["reported_advertising"]
    last = min(own.last, rows[_MARKET[0]].last, quarters[-1])
    span = Quarter(FIRST).through(last)

    def logs(at: NDArray[np.intp]) -> Array:
        return np.asarray(np.log(compute[at]))

    def grown(at: NDArray[np.intp], since: int = 0) -> Array:
        """Growth on the year of what has arrived; ``since`` is a quarter before which it stood."""
        now, then = at - ARRIVAL, at - ARRIVAL - _YEAR
        return logs(np.maximum(now, since)) - logs(np.maximum(then, since))

    at = np.array([quarters.index(quarter) for quarter in span])
    google, amazon = (rows[name].values for name in _MARKET)
    company_growth, market = _growth(own.values, at), _growth(google, at)
    both, sold = _growth(google + amazon, at), _growth(amazon, at)
    arrived = grown(at)
    gap = company_growth - market
    steps = np.diff(logs(np.arange(at[-1] - _MEMORY, at[-1] + 1) - ARRIVAL))
    real = fit(gap, arrived)
    random, steeper, caution = _chance(gap, arrived, steps)
    *_, wider = _chance(company_growth - both, arrived, steps)
    through = fit(gap, np.full(len(at), arrived.mean()), constant=False)
    started = grown(at, since=quarters.index(_START) - 1)

    def line(label: str, growth: Array, x: Array, says: str) -> Line:
        return Line(label, fit(growth, x, constant=False), fit(growth, x), says)

    readings = (
        line("Against Google", gap, arrived, caution),
        line("Against Google and Amazon", company_growth - both, arrived, wider),
        line(
            "Against Google, no growth of compute before 2023", gap, started,
            "Leaving one quarter's growth out moves it from response to constant",
        ),
        line(
            "Against Google and Amazon, no growth of compute before 2023", company_growth - both,
            started, "The same: one quarter decides",
        ),
    )  # fmt: skip
    placebos = [
        Line(
            f"Compute that grows by a constant {arrived.mean():.2f} a year", through, None,
            "Compute that says nothing gives the same slope through the origin: it is the mean "
            "gap over the mean growth of compute",
        ),
        *(
            line(_shifted(shift), gap, grown(at - shift),
                 "A true response would stand out at its own date")
            for shift in range(-ARRIVAL, _LATEST_LAG + 1) if shift
        ),
        line("Amazon less Google, on this company's compute", sold - market, arrived, ""),
        line("Google itself, on this company's compute", market, arrived, ""),
        Line("This company, Google entered freely", fit(company_growth, arrived, constant=False),
             fit(company_growth, arrived, control=market), ""),
    ]  # fmt: skip
    placebos[-3:] = [replace(each, says=_verdict(each, real)) for each in placebos[-3:]]
    return Study(
        tuple(quarters[k] for k in at), arrived, readings, tuple(placebos), random, steeper
    )


def _chance(gap: Array, compute: Array, steps: Array) -> tuple[tuple[float, float], float, str]:
    """What random paths give through the origin, how many are as steep, and both in words."""
    origin, slopes = _random_slopes(gap, compute, steps)
    steeper = float(np.mean(slopes >= fit(gap, compute).slope))
    words = (
        f"Through the origin random paths of that mean growth give {origin.mean():.3f}; with a "
        f"constant {steeper:.0%} of them are as steep"
    )
    return (float(origin.mean()), float(origin.std())), steeper, words


def _verdict(line: Line, real: Fit) -> str:
    """What a placebo with its own growth says, as it came out."""
    found = line.constant
    assert found is not None
    nothing = found.slope < found.error
    if found.control is not None:
        left = "nothing" if nothing else "something"
        return f"Given Google's growth {left} is left for compute"
    what = (
        "nothing is explained"
        if nothing
        else "it is explained better than the company's lead"
        if found.slope > real.slope
        else "it is explained too"
    )
    return f"It did not earn from this company's compute: with a constant {what}"


def _shifted(shift: int) -> str:
    count = f"{abs(shift)} quarter{'s' if abs(shift) > 1 else ''}"
    return f"Compute {count} {'later than it arrives' if shift > 0 else 'before it arrives'}"


def _growth(values: Array, at: NDArray[np.intp]) -> Array:
    return np.asarray(np.log(values[at] / values[at - _YEAR]))


def _random_slopes(gap: Array, compute: Array, steps: Array) -> tuple[Array, Array]:
    """Slopes on random paths of the same persistence, through the origin and with a constant.

    Quarterly growth follows itself as the compute's has (a first-order autoregression with its
    persistence and spread over eight years); each path is then moved to the mean yearly growth
    of the compute, which leaves the slope with a constant as it is.
    """
    off = steps - steps.mean()
    persistence = float(np.clip(off[1:] @ off[:-1] / (off[:-1] @ off[:-1]), 0.0, 0.95))
    noise = np.std(off[1:] - persistence * off[:-1])
    count = len(gap) + _OVERLAP
    random = noise * np.random.default_rng(_SEED).standard_normal((_DRAWS, count))
    random[:, 0] /= np.sqrt(1 - persistence**2)
    for k in range(1, count):
        random[:, k] += persistence * random[:, k - 1]
    x = np.lib.stride_tricks.sliding_window_view(random, _YEAR, axis=1).sum(axis=2)
    off_x = x - x.mean(axis=1, keepdims=True)
    moved = off_x + compute.mean()
    return moved @ gap / (moved**2).sum(axis=1), off_x @ gap / (off_x**2).sum(axis=1)
