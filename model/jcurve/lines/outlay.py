"""A company seen through its outlays alone: no advertising, no worlds of a programme.

What it buys by class, how intensely, and what the outlay must earn. The lines of assets and
of tax deductions are those of the whole model; these stand in for the ones that need more
than cash paid for property, revenue, and lives.
"""

from __future__ import annotations

from jcurve.engine.line import flow, line, rate
from jcurve.engine.primitives import Family, Row, lag, ratio, splice, total
from jcurve.ground.units import SHARE, USD_M
from jcurve.lines.constants import ASSET_CLASS, ONE_QUARTER, ONE_YEAR, QUARTERS_PER_YEAR


@line(USD_M, flow, over=ASSET_CLASS)
def leased_additions(reported_finance_lease_additions, lease_finance_mix) -> Row:
    """Assets acquired under finance leases, by class."""
    return splice(reported_finance_lease_additions, 0) * lease_finance_mix


@line(USD_M, flow, over=ASSET_CLASS)
def outlay_by_class(reported_capex, capex_mix, leased_additions) -> Row:
    """Purchases of property as they are paid for, and assets acquired under finance leases, by
    class; nothing after the last report."""
    return splice(reported_capex, 0) * capex_mix + leased_additions


@line(USD_M, flow)
def outlay(outlay_by_class: Family) -> Row:
    """Property paid for or acquired under finance leases, in all classes."""
    return total(outlay_by_class)


@line(USD_M, flow, over=ASSET_CLASS)
def bought_additions(reported_capex, reported_unpaid_capex, capex_mix) -> Row:
    """Property bought, by class: paid for in the quarter, plus the change in what is unpaid
    where that is on file."""
    unpaid = reported_unpaid_capex - lag(reported_unpaid_capex, ONE_QUARTER)
    return (splice(reported_capex, 0) + splice(unpaid, 0)) * capex_mix


@line(USD_M, flow, over=ASSET_CLASS)
def additions(bought_additions, leased_additions) -> Row:
    """Property acquired."""
    return bought_additions + leased_additions


@line(SHARE, rate)
def outlay_intensity(outlay, reported_revenue) -> Row:
    """Outlay per dollar of revenue."""
    return ratio(outlay, splice(reported_revenue, 0))


@line(SHARE, rate, over=ASSET_CLASS, annual="last")
def tax_shield(outlay_bonus_share, outlay_tax_life, returns_wacc, tax_rate) -> Row:
    """Present value of the tax that a dollar of the class saves: a share deducted at once, the
    rest evenly over its recovery period."""
    life = outlay_tax_life * QUARTERS_PER_YEAR / ONE_YEAR
    evenly = (1 - (1 + returns_wacc) ** (-life)) / (returns_wacc * life)
    return tax_rate * (outlay_bonus_share + (1 - outlay_bonus_share) * evenly)


@line(SHARE, rate, over=ASSET_CLASS, annual="last")
def required_cash_share(tax_shield, life_physical, returns_wacc, tax_rate) -> Row:
    """Cash a year before tax that a dollar of the class must bring over its physical life to
    earn the cost of capital: its capital recovery, net of the tax it saves, before the tax on
    what it brings."""
    life = life_physical * QUARTERS_PER_YEAR / ONE_YEAR
    recovery = returns_wacc / (1 - (1 + returns_wacc) ** (-life))
    return recovery * (1 - tax_shield) / (1 - tax_rate)


@line(USD_M, flow, over=ASSET_CLASS)
def required_cash_by_class(outlay_by_class, required_cash_share) -> Row:
    """Cash a year that the quarter's outlay on the class must bring."""
    return outlay_by_class * required_cash_share


@line(USD_M, flow)
def required_cash(required_cash_by_class: Family) -> Row:
    """Cash a year, after operating cost and before tax, that the period's outlay must bring."""
    return total(required_cash_by_class)


@line(USD_M, flow)
def required_revenue(required_cash, outlay_cash_margin) -> Row:
    """Revenue a year at which the period's outlay earns the cost of capital, given what is left
    of revenue after operating cost."""
    return required_cash / outlay_cash_margin


@line(SHARE, rate)
def required_revenue_share(required_revenue, reported_revenue) -> Row:
    """Revenue that the period's outlay must bring a year, per dollar of revenue of the period."""
    return ratio(required_revenue, splice(reported_revenue, 0))
