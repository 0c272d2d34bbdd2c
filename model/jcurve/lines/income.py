"""Income statement of each world, from revenue by kind to diluted earnings per share.

On history the world with the programme shows what was reported; another world differs from
it by its modelled operations alone.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate
from jcurve.engine.primitives import Family, Row, ratio, splice, total, value_at
from jcurve.engine.scan import scan
from jcurve.ground.units import MILLION_SHARES, SHARE, USD_M, USD_PER_SHARE
from jcurve.lines.constants import ONE_YEAR, QUARTERS_IN_YEAR


@line(USD_M, flow)
def infrastructure_cost(
    energy_cost, operations_cost, cloud_spending, lease_cost, sublet_income
) -> Row:
    """Running compute before depreciation: energy, data-centre operations, third-party cloud
    and operating leases, less what is sublet."""
    return energy_cost + operations_cost + cloud_spending + lease_cost - sublet_income


@line(USD_M, flow)
def product_cost(uplift_cost, new_product_cost) -> Row:
    """Variable cost of the revenue that the programme adds."""
    return uplift_cost + new_product_cost


@line(USD_M, flow)
def core_cost_after_savings(core_cost, cost_savings) -> Row:
    """Cost of the business outside infrastructure and the programme, after what it saves."""
    return core_cost - cost_savings


@line(USD_M, flow)
def other_income(
    reported_interest_and_other, reported_interest_income, reported_interest_expense, stake_gains
) -> Row:
    """Other income, net: what reported interest and other leave, then gains on stakes."""
    earned = splice(reported_interest_income, 0) - splice(reported_interest_expense, 0)
    return splice(reported_interest_and_other - earned, stake_gains)


@line(USD_M, flow)
def interest_and_other(
    interest_income, interest_expense, finance_lease_interest, other_income
) -> Row:
    """Interest and other income, net: as reported, then interest earned less charged, on debt
    and on finance leases, and gains on stakes."""
    return interest_income - interest_expense - finance_lease_interest + other_income


@line(USD_M, flow)
def pretax_income(operating_income, interest_and_other) -> Row:
    """Income before tax."""
    return operating_income + interest_and_other


@line(USD_M, flow, refer={"book_tax_with": "operating_book_tax@with"})
def tax_provision(
    reported_tax_provision, operating_book_tax, book_tax_with, pretax_income, tax_rate
) -> Row:
    """Provision for income taxes: as reported (with this world's difference in operating
    income), then pre-tax income at the tax rate."""
    return splice(
        reported_tax_provision + operating_book_tax - book_tax_with, pretax_income * tax_rate
    )


@line(USD_M, flow)
def net_income(pretax_income, tax_provision) -> Row:
    """Pre-tax income less the tax provision."""
    return pretax_income - tax_provision


@line(SHARE, rate)
def operating_margin(operating_income, revenue) -> Row:
    """Operating income per dollar of revenue."""
    return ratio(operating_income, revenue)


@line(SHARE, rate)
def effective_tax_rate(tax_provision, pretax_income) -> Row:
    """Provision per dollar of pre-tax income, where there is income."""
    return ratio(tax_provision, np.maximum(pretax_income, 0))


@line(USD_M, flow)
def check_revenue(
    revenue, advertising_by_region: Family, base_other_revenue, channel_revenue: Family,
    leasing_revenue,
) -> Row:  # fmt: skip
    """Revenue less advertising of every region, other revenue, every AI product and leasing: 0."""
    named = total(advertising_by_region) + total(channel_revenue)
    return revenue - named - base_other_revenue - leasing_revenue


@line(USD_M, flow)
def check_costs(
    total_costs, core_cost_after_savings, infrastructure_cost, talent_cost, product_cost,
    reality_labs_cost, unusual_costs, depreciation_and_amortisation,
) -> Row:  # fmt: skip
    """Total costs less their groups: 0."""
    groups = core_cost_after_savings + infrastructure_cost + talent_cost + product_cost
    rest = reality_labs_cost + unusual_costs + depreciation_and_amortisation
    return total_costs - groups - rest


# Per share


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
