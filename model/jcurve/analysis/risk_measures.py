"""What a finished simulation says: quantiles, losses, payback by year, cash, fans.

Every figure is the mean of its value in each scramble, and its error the half width of the
95 % interval from their scatter (Student's t). Draws that break a rule are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from jcurve.analysis.draw_stores import Store, by_scramble
from jcurve.analysis.question import Array
from jcurve.analysis.sampling import Plan
from jcurve.engine.intrinsics import NO_OUTLAY
from jcurve.evaluation.naming import DEFAULT_VIEW
from jcurve.ground.quarters import QUARTERS_IN_YEAR

RESULTS = ("npv", "npv.go_forward", "net_cash:lowest")
"""Outputs that a simulation keeps of every draw, whichever view it is about."""
_OF_VIEW = ("irr", "payback", "payback_status", "view_start", "trough_amount")
_LINES = ("free_cash_flow:year", "net_cash:year")
QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
_CONFIDENCE = 0.95
_UNSEEN = ("payback_status", "view_start", "valid")
_BINS = 40
_Valid = Callable[[str], list[Array]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and half the width of its 95 % interval; None with one scramble."""

    value: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of one output."""

    output: str
    answered: Estimate  # share of draws in which it has a value; the rest is of those
    mean: Estimate  # mean, sd: estimates
    sd: Estimate
    quantiles: tuple[Estimate, ...]  # by probability, as in :data:`QUANTILES`
    below_zero: Estimate  # share of draws below zero
    edges: Array  # of even bins over all values, counted from zero; empty without any
    shares: Array  # of draws in each bin


@dataclass(frozen=True, slots=True)
class Losses:
    """Losses of an NPV at a confidence level: a loss is what NPV lacks to zero."""

    output: str
    confidence: float  # such as 0.95
    # the loss that is not exceeded with that confidence; below 0 it is a gain
    value_at_risk: Estimate
    expected_shortfall: Estimate  # the mean of the losses beyond it (CVaR)


@dataclass(frozen=True, slots=True)
class CashRisk:
    """Net cash at its lowest after the valuation date, against a limit of net debt."""

    limit: float  # net debt, USD m
    passed: Estimate  # share of draws in which net debt passes it
    shortfall: Estimate  # expected amount beyond it, nothing where it is kept
    worst: Estimate  # expected amount beyond it in the worst draws, at the confidence of the losses


@dataclass(frozen=True, slots=True)
class Fan:
    """Quantiles of a line by year: (quantiles, years), and its mean."""

    line: str
    years: tuple[int, ...]
    probabilities: tuple[float, ...]
    quantiles: Array
    mean: Array


@dataclass(frozen=True, slots=True)
class Risk:
    """A simulation in figures."""

    draws: int  # draws, left_out: how many, and the share that breaks a rule
    left_out: float
    spreads: tuple[Spread, ...]
    losses: tuple[Losses, ...]  # of each NPV
    payback_by: Mapping[int, Estimate]  # share of draws paid back by the end of each year
    cash: CashRisk | None  # against the limit of net debt, None without net cash or a limit
    fans: tuple[Fan, ...]  # of the lines by year


def risk(
    store: Store,
    plan: Plan,
    *,
    confidence: float = _CONFIDENCE,
    net_debt_limit: float | None = None,
) -> Risk:
    """Figures of a finished simulation, column by column, so that few are in memory.

    Args:
        store: holds its draws.
        plan: as it ended.
        confidence: of the losses.
        net_debt_limit: USD m.
    """
    kept = by_scramble(store, plan, "valid")

    def valid(name: str) -> list[Array]:
        """A column of the draws that keep the rules, by scramble."""
        parts = by_scramble(store, plan, name)
        return [part[own > 0.0] for part, own in zip(parts, kept, strict=True)]

    single = [
        name
        for name in plan.question.outputs
        if not name.endswith(":year") and name.partition(".")[0] not in _UNSEEN
    ]
    paid = next((name for name in single if name.partition(".")[0] == "payback"), None)
    lowest = [name for name in single if name.partition(":")[0] == "net_cash"]
    return Risk(
        draws=plan.draws,
        left_out=1.0 - float(np.mean([np.mean(part) for part in kept])),
        spreads=tuple(_spread(name, valid(name)) for name in single),
        losses=tuple(
            _losses(name, valid(name), confidence)
            for name in single
            if name.partition(".")[0] == "npv"
        ),
        payback_by={} if paid is None else _payback_by(valid, plan, paid),
        cash=_cash(valid(lowest[0]), net_debt_limit, confidence)
        if lowest and net_debt_limit is not None
        else None,
        fans=tuple(
            _fan(output.rpartition(":")[0], valid, plan.question.kept_years)
            for output in plan.question.outputs
            if output.endswith(":year")
        ),
    )


def kept_outputs(view: str = DEFAULT_VIEW) -> tuple[str, ...]:
    """What a simulation keeps of every draw: both NPVs, the view's other results, and lines by
    year for fan charts."""
    tail = "" if view == DEFAULT_VIEW else f".{view}"
    own = tuple(f"{name}{tail}" for name in _OF_VIEW)
    return (*RESULTS, *own, f"cumulative_free_cash_flow{tail}:year", *_LINES)


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of the scrambles' values, and half the width of its 95 % interval."""
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Estimate(mean, None)
    from scipy.special import stdtrit

    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    reach = float(stdtrit(count - 1, 0.5 + _CONFIDENCE / 2.0))
    return Estimate(mean, reach * sd / math.sqrt(count))


def value_at_risk(values: Array, confidence: float) -> float:
    """The loss (what a value lacks to zero) that is not exceeded with a confidence."""
    return -float(np.quantile(values, 1.0 - confidence))


def expected_shortfall(values: Array, confidence: float) -> float:
    """The mean loss in the worst share ``1 - confidence``; a draw on its edge counts in part."""
    tail = (1.0 - confidence) * len(values)
    whole = math.floor(tail)
    worst = np.partition(values, min(whole, len(values) - 1))[: whole + 1]
    worst = np.sort(worst)
    total = math.fsum(worst[:whole]) + (tail - whole) * float(worst[min(whole, len(worst) - 1)])
    return -total / tail


def _each(parts: Sequence[Array], figure: Callable[[Array], Any]) -> Estimate:
    """An estimate over the scrambles that have any value at all."""
    values = [float(figure(part)) for part in parts if len(part)]
    return estimate(values) if values else Estimate(float("nan"), None)


def _spread(name: str, parts: Sequence[Array]) -> Spread:
    known = [part[~np.isnan(part)] for part in parts]
    edges, shares = _histogram(known)
    return Spread(
        output=name,
        answered=_each(parts, lambda part: np.mean(~np.isnan(part))),
        mean=_each(known, np.mean),
        sd=_each(known, np.std),
        quantiles=tuple(_each(known, partial(np.quantile, q=p)) for p in QUANTILES),
        below_zero=_each(parts, lambda part: np.mean(part < 0.0)),
        edges=edges,
        shares=shares,
    )


def _histogram(known: Sequence[Array]) -> tuple[Array, Array]:
    count = sum(map(len, known))
    if count == 0:
        return np.zeros(0), np.zeros(0)
    low = min(float(part.min()) for part in known if len(part))
    high = max(float(part.max()) for part in known if len(part))
    width = (high - low) / _BINS or 1.0
    # Bins are counted from zero, so that none holds values of both signs.
    first, last = (int(np.floor(end / width)) for end in (low, high))
    places = np.concatenate([np.floor(part / width).astype(int) - first for part in known])
    found = np.bincount(places, minlength=last - first + 1)
    return width * np.arange(first, last + 2, dtype=float), found / count


def _losses(name: str, parts: Sequence[Array], confidence: float) -> Losses:
    return Losses(
        name,
        confidence,
        _each(parts, partial(value_at_risk, confidence=confidence)),
        _each(parts, partial(expected_shortfall, confidence=confidence)),
    )


def _payback_by(valid: _Valid, plan: Plan, paid: str) -> dict[int, Estimate]:
    """Share of draws whose J-curve has been recovered by each year's end; one that never
    falls below zero needs no recovery."""
    tail = paid.removeprefix("payback")
    payback, start = valid(paid), valid(f"view_start{tail}")
    status = valid(f"payback_status{tail}")
    first_year = plan.question.years[0]
    found: dict[int, Estimate] = {}
    for year in plan.question.years:
        end = (year + 1 - first_year) * QUARTERS_IN_YEAR
        shares = [
            np.where(code == NO_OUTLAY, 1.0, (begun + years * QUARTERS_IN_YEAR <= end))
            for years, begun, code in zip(payback, start, status, strict=True)
        ]
        if any(begun.min() < end for begun in start if len(begun)):
            found[year] = _each(shares, np.mean)
    return found


def _cash(parts: Sequence[Array], limit: float, confidence: float) -> CashRisk:
    beyond = [np.maximum(-limit - part, 0.0) for part in parts]
    return CashRisk(
        limit,
        _each(beyond, lambda part: np.mean(part > 0.0)),
        _each(beyond, np.mean),
        _each(beyond, lambda part: expected_shortfall(-part, confidence)),
    )


def _fan(line: str, valid: _Valid, years: tuple[int, ...]) -> Fan:
    quantiles = np.empty((len(QUANTILES), len(years)))
    mean = np.empty(len(years))
    for at, year in enumerate(years):
        parts = valid(f"{line}:{year}")
        quantiles[:, at] = np.mean([np.quantile(part, QUANTILES) for part in parts], axis=0)
        mean[at] = np.mean([np.mean(part) for part in parts])
    return Fan(line, years, QUANTILES, quantiles, mean)
