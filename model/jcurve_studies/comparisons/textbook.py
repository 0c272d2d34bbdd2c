"""Textbook functions on plain numbers, with which other people's models are rebuilt.

Rates are decimals per period. What the model itself computes lives in the engine and the lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jcurve.ground.errors import UsageError

__all__ = ["FirmValue", "capital_recovery", "finite", "firm_value", "npv", "positive", "valid_rate"]

Array = NDArray[np.float64]


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


class FirmValue(NamedTuple):
    """Value of the operating assets, and of the equity in them with cash and less debt."""

    operating_assets: float
    equity: float


def firm_value(
    flows: Sequence[float], terminal_value: float, wacc: float, cash: float, debt: float
) -> FirmValue:
    """Discounted free cash flow to the firm, at year ends, with a terminal value at the last."""
    whole = [*flows[:-1], flows[-1] + terminal_value]
    assets = npv(wacc, whole, first_flow_at=1)
    return FirmValue(assets, assets + cash - debt)
