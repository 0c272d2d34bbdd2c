"""Diluted shares, and what a share earns and is worth at the price assumed."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import line, rate
from jcurve.engine.primitives import Row, ratio, scan, splice, value_at
from jcurve.ground.units import MILLION_SHARES, USD_PER_SHARE
from jcurve.lines.constants import ONE_YEAR, QUARTERS_IN_YEAR

__all__: list[str] = []


@line(USD_PER_SHARE, rate, annual="mean")
def share_price(shares_reference_price, shares_price_growth, quarter_index, last_reported) -> Row:
    """Price at which shares are bought back: the reference price, grown."""
    years = np.maximum(quarter_index - last_reported, 0) / ONE_YEAR
    return shares_reference_price * (1 + shares_price_growth) ** years


@line(MILLION_SHARES, rate, annual="mean")
def diluted_shares(
    reported_diluted_shares, shares_net_issuance, repurchases, share_price, last_reported, history
) -> Row:
    """Weighted diluted shares: as reported, then grown by net issuance to employees and
    reduced by repurchases at the share price: by the part of the company's value at that price
    that is bought, at most half of it in a quarter, so that some are always left."""
    issued = 1 + shares_net_issuance / QUARTERS_IN_YEAR
    known = value_at(reported_diluted_shares, last_reported)

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        (shares,) = before
        growth, bought, on = now
        left = shares / (shares + np.minimum(bought, shares))
        return (np.where(on > 0, shares * growth * left, shares),)

    (shares,) = scan(step, (known,), (issued, repurchases / share_price, 1 - history))
    return splice(reported_diluted_shares, shares)


@line(USD_PER_SHARE, rate)
def earnings_per_share(net_income, diluted_shares) -> Row:
    """Net income per diluted share."""
    return ratio(net_income, diluted_shares)


@line(USD_PER_SHARE, rate)
def free_cash_flow_per_share(free_cash_flow, diluted_shares) -> Row:
    """Free cash flow per diluted share."""
    return ratio(free_cash_flow, diluted_shares)
