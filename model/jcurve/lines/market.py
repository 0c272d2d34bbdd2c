"""Beside the market: what the whole company is worth in the model, and what a results day implies.

The value of the company is a check on the model, beside the share price; the rest is
arithmetic on past moves. None of it is advice or part of any return.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import line, result
from jcurve.engine.primitives import Row, ratio, sum_to_date, value_at
from jcurve.ground.units import SHARE, TIMES, USD_M, USD_PER_SHARE
from jcurve.lines.constants import BILLION_IN_MILLIONS

__all__: list[str] = []


@line(USD_M, result)
def enterprise_value(
    unlevered_free_cash_flow, discount_factor, value_beyond_horizon, quarter_index, valuation_date
) -> Row:
    """Present value of this world's unlevered free cash flow after the valuation date, its
    steady state beyond the horizon included."""
    ahead = np.where(quarter_index > valuation_date, unlevered_free_cash_flow, 0)
    return sum_to_date(ahead * discount_factor) + value_beyond_horizon


@line(USD_PER_SHARE, result)
def value_per_share(enterprise_value, net_cash, diluted_shares, valuation_date) -> Row:
    """Enterprise value and net cash per diluted share at the valuation date, to be held beside
    the share price."""
    net = value_at(net_cash, valuation_date)
    return (enterprise_value + net) / value_at(diluted_shares, valuation_date)


@line(TIMES, result)
def price_over_value(shares_reference_price, value_per_share) -> Row:
    """Share price over the model's value of a share: above 1 the market expects more than the
    scenario gives. What would have to be true for 1 is a question to solve."""
    return ratio(shares_reference_price, value_per_share)


@line(SHARE, result)
def market_reaction(
    market_capex_surprise, market_reaction_to_capex, market_revenue_surprise,
    market_reaction_to_revenue,
) -> Row:  # fmt: skip
    """Move of the share on a results day: surprise in capex and in revenue guidance, each in
    billions of dollars, times the move that a billion has meant."""
    capex = market_capex_surprise / BILLION_IN_MILLIONS * market_reaction_to_capex
    return capex + market_revenue_surprise / BILLION_IN_MILLIONS * market_reaction_to_revenue


@line(USD_M, result, refer={"shares": "diluted_shares@with"})
def market_value_change(market_reaction, shares_reference_price, shares, last_reported) -> Row:
    """Change in market value that the move means, at the reference price."""
    return market_reaction * shares_reference_price * value_at(shares, last_reported)


@line(USD_M, result)
def position_loss(market_exposure, market_event_move) -> Row:
    """Loss of a given exposure in a given one-day move; a gain is negative."""
    return -market_exposure * market_event_move
