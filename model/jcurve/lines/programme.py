"""When the programme spends, in which world, and the base that all worlds share."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import Row, grow, splice, total
from jcurve.engine.units import SHARE, SWITCH, USD_M

__all__: list[str] = []


@line(SWITCH, rate, annual="last")
def in_programme(quarter_index: Row, programme_start: Row) -> Row:
    """1 from the quarter in which the programme starts."""
    return np.where(quarter_index >= programme_start, 1, 0)


@line(SWITCH, rate, annual="last")
def programme_spends(
    in_programme: Row,
    programme_enabled: Row,
    has_programme: Row,
    keeps_spending: Row,
    quarter_index: Row,
    valuation_date: Row,
    programme_last_spending: Row,
) -> Row:
    """1 while this world spends on the programme: from its start, through its last quarter
    of spending; in the stopped world through the valuation date at most."""
    bought = in_programme * programme_enabled * has_programme
    after = np.where(quarter_index > valuation_date, keeps_spending, 1)
    return bought * after * np.where(quarter_index > programme_last_spending, 0, 1)


@line(USD_M, flow)
def base_other_revenue(
    reported_other_revenue: Row,
    reported_reality_labs_revenue: Row,
    base_other_revenue_growth: Row,
) -> Row:
    """Revenue outside advertising that exists in every world: other Family of Apps revenue
    and Reality Labs hardware as reported, then grown without new AI products."""
    return grow(
        reported_other_revenue + reported_reality_labs_revenue,
        base_other_revenue_growth,
    )


@line(USD_M, flow)
def base_revenue(base_advertising: Row, base_other_revenue: Row) -> Row:
    """Revenue that every world shares: advertising without any uplift since the programme's
    start, and other revenue without new AI products. Capital intensity rests on it, so that
    nothing loops."""
    return total(base_advertising) + base_other_revenue


@line(SHARE, rate, annual="last")
def forecast(history: Row) -> Row:
    """1 in quarters that are not reported yet."""
    return 1 - history


@line(USD_M, stock)
def cash_and_securities_reported(reported_cash_and_securities: Row) -> Row:
    """Cash and marketable securities as reported, 0 where there is no report."""
    return splice(reported_cash_and_securities, 0)
