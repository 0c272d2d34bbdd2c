"""A reduced model that every contender computes: capex, its depreciation, what it earns, tax
with losses carried forward, cash flow, NPV. Here as lines of the engine."""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from jcurve.engine.build import build
from jcurve.engine.evaluate import system_rows
from jcurve.engine.line import flow, line, lines, lines_of, rate, result, stock
from jcurve.engine.model import Input, Model
from jcurve.engine.primitives import Row, lag, running_sum, sum_to_date
from jcurve.engine.scan import scan
from jcurve.ground.quarters import Timeline
from jcurve.ground.units import QUARTERS, SHARE, USD_M, Quantity

__all__ = ["LIFE", "PLACED_AFTER", "TIMELINE", "Array", "draw", "reduced_model", "system"]

Array = np.ndarray[Any, np.dtype[np.float64]]

TIMELINE = Timeline("2026Q1", "2040Q4")
PLACED_AFTER, LIFE = 2, 22
"""Quarters from spending to service, and in service."""

_PLACED_AFTER = Quantity(float(PLACED_AFTER), QUARTERS)
_LIFE = Quantity(float(LIFE), QUARTERS)
_LIFE_COUNT = float(LIFE)
_QUARTER = Quantity(1.0, QUARTERS)
_HALF = Quantity(0.5, QUARTERS)
_YEAR = Quantity(4.0, QUARTERS)


@line(USD_M, flow)
def capex(capex_start: Row, capex_growth: Row, quarter_index: Row) -> Row:
    """Spending, growing every quarter."""
    return capex_start * (1 + capex_growth) ** (quarter_index / _QUARTER)


@line(USD_M, flow)
def base_revenue(revenue_start: Row, revenue_growth: Row, quarter_index: Row) -> Row:
    """Revenue without any uplift."""
    return revenue_start * (1 + revenue_growth) ** (quarter_index / _QUARTER)


@line(USD_M, flow)
def programme(capex: Row, intensity: Row, base_revenue: Row) -> Row:
    """Spending beyond what the base business needs."""
    return np.maximum(capex - intensity * base_revenue, 0)


@line(USD_M, stock)
def placed(programme: Row) -> Row:
    """All that has been placed in service."""
    return running_sum(lag(programme, _PLACED_AFTER))


@line(USD_M, flow)
def depreciation(placed: Row) -> Row:
    """Straight line over the life."""
    return (placed - lag(placed, _LIFE)) / _LIFE_COUNT


@line(SHARE, stock)
def uplift(placed: Row, compute_start: Row, gain: Row, ceiling: Row) -> Row:
    """Gain per doubling of compute, saturating."""
    doublings = np.log((compute_start + placed) / compute_start) / np.log(2.0)
    return ceiling * (1 - np.exp(-(gain * doublings / ceiling)))


@line(USD_M, flow)
def earned(base_revenue: Row, uplift: Row, pass_through: Row) -> Row:
    """What the uplift adds to revenue."""
    return base_revenue * uplift * pass_through


@line(USD_M, flow)
def running_cost(placed: Row, cost_share: Row) -> Row:
    """Energy and operations."""
    return placed * cost_share


@line(USD_M, flow)
def operating_income(earned: Row, running_cost: Row, depreciation: Row) -> Row:
    """Before tax."""
    return earned - running_cost - depreciation


def _step(state: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
    (losses,), (income, tax_rate) = state, now
    return np.maximum(losses - income, 0), tax_rate * np.maximum(income - losses, 0)


@lines(
    losses=(USD_M, stock, "Losses not yet set against income."),
    tax=(USD_M, flow, "Tax on what losses leave."),
)
def tax_with_losses(operating_income: Row, tax_rate: Row) -> tuple[Row, ...]:
    """Losses carried forward and tax on what is left."""
    return scan(_step, (Quantity(0.0, USD_M),), (operating_income, tax_rate))


@line(USD_M, flow)
def cash_flow(earned: Row, running_cost: Row, tax: Row, programme: Row) -> Row:
    """After tax."""
    return earned - running_cost - tax - programme


@line(SHARE, rate, annual="mean")
def discount_factor(wacc: Row, quarter_index: Row) -> Row:
    """Of the middle of the quarter."""
    return (1 + wacc) ** (-(quarter_index + _HALF) / _YEAR)


@line(USD_M, result)
def npv(cash_flow: Row, discount_factor: Row) -> Row:
    """Net present value."""
    return sum_to_date(cash_flow * discount_factor)


_RANGES: dict[str, tuple[Any, float, float]] = {
    "capex_start": (USD_M, 15_000.0, 25_000.0),
    "capex_growth": (SHARE, 0.0, 0.02),
    "revenue_start": (USD_M, 50_000.0, 60_000.0),
    "revenue_growth": (SHARE, 0.01, 0.02),
    "intensity": (SHARE, 0.05, 0.15),
    "compute_start": (USD_M, 50_000.0, 80_000.0),
    "gain": (SHARE, 0.1, 0.3),
    "ceiling": (SHARE, 0.4, 1.0),
    "pass_through": (SHARE, 0.4, 0.9),
    "cost_share": (SHARE, 0.005, 0.02),
    "tax_rate": (SHARE, 0.15, 0.25),
    "wacc": (SHARE, 0.08, 0.12),
}


def reduced_model() -> Model:
    """The lines, built."""
    here = types.SimpleNamespace(**globals())
    given = {name: Input(name, unit, name) for name, (unit, _, _) in _RANGES.items()}
    return build(lines_of(here), {}, given)


def draw(scenarios: int, seed: int = 7) -> dict[str, Array]:
    """Inputs by name, each (scenarios,)."""
    random = np.random.default_rng(seed)
    return {name: random.uniform(low, high, scenarios) for name, (_, low, high) in _RANGES.items()}


def system() -> dict[str, Array]:
    """The calendar's rows."""
    return system_rows(TIMELINE, "2026Q1")
