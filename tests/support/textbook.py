"""Textbook functions that no line of the model uses, on plain numbers.

They let published examples be checked without touching the model. Rates are decimals per
period. The rates of return stand on the engine's own search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.roots import Lanes, crossings
from jcurve.engine.intrinsics import real_roots
from jcurve.ground.errors import UsageError

Array = NDArray[np.float64]

_DAYS_IN_YEAR = 365.0
_LOG_RATES = np.linspace(math.log(1e-12), math.log(1e9), 6_001)
"""Where present values are looked at first, in log(1 + rate)."""


def positive(what: str, value: float) -> None:
    """Refuse what is not a number above 0."""
    if not value > 0.0 or not math.isfinite(value):
        raise UsageError(f"{what} must be above 0", received=value)


def valid_rate(value: float) -> None:
    """Refuse a rate at which nothing is left."""
    if not value > -1.0 or not math.isfinite(value):
        raise UsageError("a rate must be above -100 %", received=value, allowed="above -1")


def finite(what: str, values: Sequence[float]) -> Array:
    """Numbers as an array; anything else is refused."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or found.size == 0 or not np.isfinite(found).all():
        raise UsageError(f"{what} must be finite numbers", received=list(values)[:8])
    return found


def npv(rate: float, flows: Sequence[float], first_flow_at: int = 0) -> float:
    """Present value of flows one period apart; the first falls at period ``first_flow_at``.

    Excel's NPV has its first flow at 1, most textbooks and the model at 0.
    """
    valid_rate(rate)
    found = finite("flows", flows)
    return math.fsum(
        flow / (1.0 + rate) ** (first_flow_at + period)
        for period, flow in enumerate(found.tolist())
    )


def capital_recovery(rate: float, periods: float) -> float:
    """What a level payment over ``periods`` must be to repay one unit at ``rate``; at a rate of
    0, one over the periods."""
    valid_rate(rate)
    positive("the number of periods", periods)
    if rate == 0.0:
        return 1.0 / periods
    grown = periods * math.log1p(rate)
    if rate < 0.0:  # written so that no power overflows
        return rate * math.exp(grown) / math.expm1(grown)
    return rate / -math.expm1(-grown)


def xnpv(rate: float, flows: Sequence[float], days: Sequence[date]) -> float:
    """Present value of dated flows at the first of ``days``, a year being 365 days."""
    valid_rate(rate)
    found, years = _dated(flows, days)
    return math.fsum(flow / (1.0 + rate) ** year for flow, year in zip(found, years, strict=True))


def _dated(flows: Sequence[float], days: Sequence[date]) -> tuple[Array, Array]:
    found = finite("flows", flows)
    if len(days) != len(found):
        raise UsageError(
            "each flow needs a date", received=f"{len(found)} flows, {len(days)} dates"
        )
    return found, np.array([(day - days[0]).days / _DAYS_IN_YEAR for day in days])


@dataclass(frozen=True, slots=True)
class RateOfReturn:
    """Rates at which a present value is zero.

    Attributes:
        value: the smallest above 0, else the largest; None where there is none.
        roots: all of them, ascending.
        reason: why there is no value, or that there are several; empty otherwise.
    """

    value: float | None
    roots: tuple[float, ...]
    reason: str


def irr(flows: Sequence[float]) -> RateOfReturn:
    """Internal rates of return of flows one period apart, by the model's own search.

    Periods without a flow before the first do not matter. A rate at which the present value
    touches zero without crossing it is none.
    """
    found = finite("flows", flows)
    return _chosen(found, real_roots(found))


def xirr(flows: Sequence[float], days: Sequence[date]) -> RateOfReturn:
    """Internal rates of return a year of dated flows, in any order; a year is 365 days."""
    found, years = _dated(flows, days)
    size = float(np.abs(found).max())
    if size == 0.0:
        return _chosen(found, [])
    scaled, early, late = found / size, years.min(), years.max()

    def present(log_rates: Array, lanes: Lanes) -> Array:
        del lanes
        # Seen from the first date at rates above 0 and from the last below: no power overflows.
        since = np.where(log_rates[:, None] >= 0.0, years - early, years - late)
        made: Array = (scaled * np.exp(-log_rates[:, None] * since)).sum(axis=1)
        return made

    at, _ = crossings(present, _LOG_RATES)
    return _chosen(found, [math.expm1(each.at) for each in at])


def _chosen(flows: Array, roots: list[float]) -> RateOfReturn:
    if not (flows.min() < 0.0 < flows.max()):
        return RateOfReturn(None, (), "no rate: the flows do not change sign")
    if not roots:
        return RateOfReturn(None, (), "no rate makes the present value zero")
    above = [root for root in roots if root > 0.0]
    reason = "" if len(roots) == 1 else f"{len(roots)} rates make the present value zero"
    return RateOfReturn(above[0] if above else roots[-1], tuple(roots), reason)


def mirr(flows: Sequence[float], finance_rate: float, reinvest_rate: float) -> float:
    """Modified internal rate of return: outlays discounted at one rate, income compounded at
    another to the last period."""
    valid_rate(finance_rate)
    valid_rate(reinvest_rate)
    found = finite("flows", flows)
    last = len(found) - 1
    outlay = npv(finance_rate, np.minimum(found, 0.0).tolist())
    income = npv(reinvest_rate, np.maximum(found, 0.0).tolist()) * (1.0 + reinvest_rate) ** last
    if last < 1 or outlay == 0.0 or income == 0.0:
        raise UsageError("a modified rate needs an outlay and an income", received=list(flows)[:8])
    return float((income / -outlay) ** (1.0 / last) - 1.0)


def cumulative_interest(rate: float, periods: int, borrowed: float, first: int, last: int) -> float:
    """Interest paid from period ``first`` to ``last`` of a level-payment loan; an outlay, so
    below 0 (Excel's CUMIPMT, payments at period ends)."""
    valid_rate(rate)
    if not 1 <= first <= last <= periods:
        raise UsageError("periods out of order", received=f"{first} to {last} of {periods}")
    payment = borrowed * capital_recovery(rate, periods)
    paid = payment * (last - first + 1)
    return -(
        paid - (_owed(rate, borrowed, payment, first - 1) - _owed(rate, borrowed, payment, last))
    )


def _owed(rate: float, borrowed: float, payment: float, after: int) -> float:
    if rate == 0.0:
        return borrowed - payment * after
    growth = (1.0 + rate) ** after
    return borrowed * growth - payment * (growth - 1.0) / rate


def straight_line(cost: float, salvage: float, life: float) -> float:
    """Depreciation a period."""
    positive("the life", life)
    return (cost - salvage) / life


def straight_line_revised(
    cost: float,
    salvage: float,
    life: float,
    elapsed: float,
    remaining: float,
    new_salvage: float | None = None,
) -> float:
    """Depreciation a period after a change of estimate: what is left on the books, less what is
    expected in the end, over the periods that remain (ASC 250-10-45-17, prospectively)."""
    positive("the remaining life", remaining)
    if not 0.0 <= elapsed <= life:
        raise UsageError(
            "elapsed periods outside the life", received=elapsed, allowed=f"0 to {life}"
        )
    book = cost - straight_line(cost, salvage, life) * elapsed
    return (book - (salvage if new_salvage is None else new_salvage)) / remaining


def sum_of_years(cost: float, salvage: float, life: int, period: int) -> float:
    """Sum-of-the-years'-digits depreciation of one period, counted from 1."""
    if not 1 <= period <= life:
        raise UsageError("period outside the life", received=period, allowed=f"1 to {life}")
    return (cost - salvage) * (life - period + 1) * 2.0 / (life * (life + 1))


def declining_balance(
    cost: float, salvage: float, life: float, start: float, end: float, factor: float = 2.0
) -> float:
    """Declining balance that turns to straight line once that is more, from ``start`` to
    ``end`` (Excel's VDB, SAS's DACCDBSL). A part of a period takes its share of it."""
    positive("the life", life)
    positive("the factor", factor)
    if not 0.0 <= start <= end <= life:
        raise UsageError(
            "periods out of order", received=f"{start} to {end}", allowed=f"0 to {life}"
        )
    book, charged = cost, 0.0
    for period in range(math.ceil(end)):
        level = (book - salvage) / max(life - period, 1.0)
        charge = max(min(book * factor / life, book - salvage), level, 0.0)
        part = max(min(period + 1.0, end) - max(float(period), start), 0.0)
        charged += charge * part
        book -= charge
    return charged


def fixed_declining_balance(
    cost: float,
    salvage: float,
    life: int,
    period: int,
    months_first_year: int = 12,
    rate_digits: int = 3,
) -> float:
    """Declining balance at the fixed rate that leaves the salvage value (Excel's DB, which
    rounds the rate to three digits). A short first year adds a last, short one."""
    positive("the cost", cost)
    if not 1 <= months_first_year <= 12 or not 1 <= period <= life + (months_first_year < 12):
        raise UsageError("period or months outside the life", received=(period, months_first_year))
    rate = round(1.0 - float((salvage / cost) ** (1.0 / life)), rate_digits)
    charged, charge = 0.0, cost * rate * months_first_year / 12.0
    for number in range(2, period + 1):
        charged += charge
        share = (12.0 - months_first_year) / 12.0 if number > life else 1.0
        charge = (cost - charged) * rate * share
    return charge


def macrs_formula(
    recovery_years: int, factor: float = 2.0, first_year: float = 0.5
) -> tuple[float, ...]:
    """Tax depreciation by year as shares of cost, by the rule behind the printed tables.

    The tables of Publication 946, which the model uses, round it to a hundredth of a per cent.

    Args:
        recovery_years: of the class.
        factor: of declining balance.
        first_year: share of the first year (0.5 half-year; 0.875 to 0.125 mid-quarter).
    """
    positive("the recovery period", recovery_years)
    if not 0.0 < first_year <= 1.0:
        raise UsageError("share of the first year outside 0 to 1", received=first_year)
    left = 1.0
    shares: list[float] = []
    remaining = float(recovery_years)
    while left > 1e-15:
        span = first_year if not shares else 1.0
        level = left / max(remaining, span)
        shares.append(min(left, max(left * factor / recovery_years, level) * span))
        left -= shares[-1]
        remaining -= span
    return tuple(shares)


def bass_adoption(innovation: float, imitation: float, time: float) -> float:
    """Share of a market that has adopted by ``time`` (Bass 1969): innovation ``p``, imitation
    ``q``."""
    positive("innovation", innovation)
    decay = math.exp(-(innovation + imitation) * time)
    return (1.0 - decay) / (1.0 + imitation / innovation * decay)


def bass_peak(innovation: float, imitation: float) -> float:
    """When adoption is fastest: ln(q / p) / (p + q), at once where q is not above p."""
    positive("innovation", innovation)
    if imitation <= innovation:
        return 0.0
    return math.log(imitation / innovation) / (innovation + imitation)


def logistic_width(steepness: float) -> float:
    """Time in which a logistic goes from 10 to 90 %: ln(81) over its steepness."""
    positive("the steepness", steepness)
    return math.log(81.0) / steepness


class Moments(NamedTuple):
    """Mean, standard deviation of a sample, and autocorrelation at lag 1."""

    mean: float
    deviation: float
    lag_1: float


def describe(values: Sequence[float]) -> Moments:
    """Moments of a series, summed without loss of digits. NaN where they do not exist."""
    found = finite("values", values).tolist()
    mean = math.fsum(found) / len(found)
    mean += math.fsum(value - mean for value in found) / len(found)
    away = [value - mean for value in found]
    squares = math.fsum(each * each for each in away)
    pairs = math.fsum(one * other for one, other in zip(away[1:], away[:-1], strict=True))
    count = len(found) - 1
    return Moments(
        mean,
        math.sqrt(squares / count) if count else math.nan,
        pairs / squares if squares else math.nan,
    )


class Ishigami(NamedTuple):
    """Variance of a test function, and its first-order and total Sobol indices."""

    variance: float
    first: tuple[float, float, float]
    total: tuple[float, float, float]


def ishigami(a: float = 7.0, b: float = 0.1) -> Ishigami:
    """Closed form for sin x1 + a sin(x2)^2 + b x3^4 sin x1, each x uniform from -pi to pi
    (Ishigami and Homma 1990): what an estimator of Sobol indices is held against."""
    alone = 0.5 * (1.0 + b * math.pi**4 / 5.0) ** 2
    second = a**2 / 8.0
    together = 8.0 * b**2 * math.pi**8 / 225.0
    variance = alone + second + together
    return Ishigami(
        variance,
        (alone / variance, second / variance, 0.0),
        ((alone + together) / variance, second / variance, together / variance),
    )
