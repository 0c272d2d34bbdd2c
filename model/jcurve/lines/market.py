"""What a results day implies: the share move that news has meant, and what an exposure loses.

Arithmetic on past moves, not advice and not part of any value.
"""

from __future__ import annotations

from jcurve.engine.line import line, result
from jcurve.engine.primitives import Row, value_at
from jcurve.engine.units import SHARE, USD_M
from jcurve.lines.constants import BILLION_IN_MILLIONS

__all__: list[str] = []


@line(SHARE, result)
def market_reaction(
    market_capex_surprise: Row,
    market_reaction_to_capex: Row,
    market_revenue_surprise: Row,
    market_reaction_to_revenue: Row,
) -> Row:
    """Move of the share on a results day: surprise in capex and in revenue guidance, each in
    billions of dollars, times the move that a billion has meant."""
    capex = market_capex_surprise / BILLION_IN_MILLIONS * market_reaction_to_capex
    return capex + market_revenue_surprise / BILLION_IN_MILLIONS * market_reaction_to_revenue


@line(USD_M, result, refer={"shares": "diluted_shares@with"})
def market_value_change(
    market_reaction: Row, shares_reference_price: Row, shares: Row, last_reported: Row
) -> Row:
    """Change in market value that the move means, at the reference price."""
    return market_reaction * shares_reference_price * value_at(shares, last_reported)


@line(USD_M, result)
def position_loss(market_exposure: Row, market_event_move: Row) -> Row:
    """Loss of a given exposure in a given one-day move; a gain is negative."""
    return -market_exposure * market_event_move
