"""A small company whose lines use everything the engine offers, for its tests."""

from __future__ import annotations

import types
from collections.abc import Mapping

import numpy as np

from jcurve.engine.build import build
from jcurve.engine.evaluate import system_rows
from jcurve.engine.line import Kind, Set, flow, line, lines, lines_of, rate, result, stock
from jcurve.engine.model import Input, Model
from jcurve.engine.primitives import (
    Family,
    Row,
    grow,
    lag,
    ratio,
    running_sum,
    splice,
    sum_to_date,
    total,
)
from jcurve.engine.scan import scan
from jcurve.ground.quarters import Timeline
from jcurve.ground.units import QUARTERS, SHARE, SWITCH, USD_M, Quantity

__all__ = ["TIMELINE", "batch", "inputs", "small_model"]

TIMELINE = Timeline("2024Q1", "2027Q4")
_KIND = Set("kind")
_QUARTER = Quantity(1.0, QUARTERS)
_DATA_THROUGH = "2025Q2"


@line(USD_M, flow)
def revenue(reported_revenue: Row, growth: Row) -> Row:
    """Revenue as reported, then grown."""
    return grow(reported_revenue, growth)


@line(USD_M, flow, over=_KIND)
def spending(plan: Row, mix: Row, has_programme: Row, keeps_spending: Row, history: Row) -> Row:
    """Spending of this world by kind."""
    return plan * mix * has_programme * np.maximum(history, keeps_spending)


@line(USD_M, flow, over=_KIND)
def charge(spending: Row, delay: Row) -> Row:
    """Spending, charged after a delay."""
    return lag(spending, delay)


@line(USD_M, stock)
def book_value(spending: Family, charge: Family) -> Row:
    """Spent and not yet charged."""
    return running_sum(total(spending) - total(charge))


@line(USD_M, flow)
def income(revenue: Row, charge: Family) -> Row:
    """Revenue less charges."""
    return revenue - total(charge)


@line(SHARE, rate)
def margin(income: Row, revenue: Row) -> Row:
    """Income per dollar of revenue."""
    return ratio(income, revenue)


@line(SHARE, rate, annual="mean")
def late_margin(income: Row, revenue: Row) -> Row:
    """Income per dollar of the revenue of a quarter before."""
    return ratio(income, lag(revenue, _QUARTER))


@line(SHARE, rate, refer={"other": "margin@without"})
def margin_lost(margin: Row, other: Row) -> Row:
    """Margin of the company without its programme, less this world's."""
    return other - margin


@line(SHARE, rate)
def reported_share(reported_revenue: Row, revenue: Row) -> Row:
    """Share of revenue that is reported."""
    return ratio(splice(reported_revenue, 0), revenue)


@line(SWITCH, rate, annual="last")
def forecast(history: Row) -> Row:
    """1 where nothing is reported yet."""
    return 1 - history


@lines(cash=(USD_M, stock, "Cash at the quarter's end."), drawn=(USD_M, flow, "Debt drawn."))
def financing(income: Row, spending: Family, opening_cash: Row) -> tuple[Row, Row]:
    """Cash never falls below zero: debt is drawn instead."""

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        (balance,), (earned, spent) = before, now
        drawn = np.maximum(spent - earned - balance, 0)
        return balance + earned - spent + drawn, drawn

    cash, drawn = scan(step, (opening_cash,), (income, total(spending)))
    return cash, drawn


@line(USD_M, flow, view=True)
def incremental_income(income: Row) -> Row:
    """Income of the view."""
    return income


@line(USD_M, result, view=True)
def income_to_date(incremental_income: Row) -> Row:
    """All incremental income."""
    return sum_to_date(incremental_income)


@line(USD_M, result, view=True, refer={"base": "income@base"})
def base_income_to_date(base: Row, is_go_forward: Row) -> Row:
    """All income of the world that the view subtracts."""
    return sum_to_date(base) + 0 * is_go_forward * sum_to_date(base)


@line(USD_M, flow)
def check_book_value(book_value: Row, spending: Family, charge: Family) -> Row:
    """Book value less the running sum of its parts: zero."""
    return book_value - running_sum(total(spending)) + running_sum(total(charge))


_UNITS = {
    "reported_revenue": USD_M, "growth": SHARE, "plan": USD_M, "mix.big": SHARE,
    "mix.small": SHARE, "delay": QUARTERS, "opening_cash": USD_M,
}  # fmt: skip


def small_model() -> Model:
    """The model of the small company."""
    here = types.SimpleNamespace(**globals())
    kinds: Mapping[str, Kind] = {"reported_revenue": flow}
    given = {n: Input(n, unit, n, kinds.get(n)) for n, unit in _UNITS.items()}
    return build(lines_of(here), {"kind": ("big", "small")}, given)


def inputs(width: int = 1, seed: int = 1, varied: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Rows for the model's inputs; those ``varied`` are ``width`` scenarios wide."""
    random = np.random.default_rng(seed)
    height = len(TIMELINE)
    known = TIMELINE.index(_DATA_THROUGH) + 1
    reported = np.full((height, 1), np.nan)
    reported[:known, 0] = 100.0 + np.arange(known)
    share = random.uniform(0.2, 0.8, (1, width))
    rows = {
        "reported_revenue": reported,
        "growth": random.uniform(-0.1, 0.3, (height, width)),
        "plan": random.uniform(10.0, 90.0, (height, width)),
        "mix.big": share,
        "mix.small": 1.0 - share,
        "delay": random.uniform(0.0, 6.0, (1, width)),
        "opening_cash": random.uniform(0.0, 50.0, (1, width)),
    }
    given = {n: row if n in varied else row[:, :1] for n, row in rows.items()}
    return {**system_rows(TIMELINE, _DATA_THROUGH), **given}


def batch(width: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Inputs of which every assumption varies."""
    return inputs(width, seed, tuple(n for n in _UNITS if n != "reported_revenue"))
