"""Revenue, operating cost and operating income of each world.

Costs that the programme moves are modelled; the rest is the core: on history whatever
reported cost the modelled parts leave, so that reported totals tie, then grown.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, stock
from jcurve.engine.primitives import Family, Row, grow, lag, ratio, splice, total
from jcurve.ground.units import USD_M
from jcurve.lines.constants import ONE_YEAR, QUARTERS_IN_YEAR


@line(USD_M, flow)
def new_product_revenue(channel_revenue: Family) -> Row:
    """Revenue of all new products."""
    return total(channel_revenue)


@line(USD_M, flow)
def revenue(advertising, base_other_revenue, new_product_revenue, leasing_revenue) -> Row:
    """Total revenue of this world."""
    return advertising + base_other_revenue + new_product_revenue + leasing_revenue


@line(USD_M, flow)
def talent_cost(
    talent_yearly_cost, programme_spends, spending_scale, programme_scales_talent
) -> Row:
    """The programme's own people, cash and shares, as long as this world spends on it; in
    proportion to the spending that is decided only where the switch says so."""
    scale = 1 + programme_scales_talent * (spending_scale - 1)
    return talent_yearly_cost / QUARTERS_IN_YEAR * programme_spends * scale


@line(USD_M, flow)
def uplift_cost(advertising, base_advertising: Family, advertising_contribution) -> Row:
    """Variable cost of the advertising that compute adds: partner payments, payment fees, sales
    commissions."""
    return (advertising - total(base_advertising)) * (1 - advertising_contribution)


@line(USD_M, flow)
def new_product_cost(channel_cost: Family) -> Row:
    """Variable cost of all new products."""
    return total(channel_cost)


@line(USD_M, flow)
def other_amortisation(reported_other_amortisation, costs_amortisation_growth) -> Row:
    """Amortisation of intangibles and other depreciation outside property, in every world."""
    return grow(reported_other_amortisation, costs_amortisation_growth)


@line(USD_M, flow)
def programme_cost(
    energy_cost, operations_cost, cloud_spending, lease_cost, talent_cost, uplift_cost,
    new_product_cost, sublet_income,
) -> Row:  # fmt: skip
    """Operating costs that depend on the world, before depreciation and savings."""
    running = energy_cost + operations_cost + cloud_spending + lease_cost
    return running + talent_cost + uplift_cost + new_product_cost - sublet_income


@line(USD_M, flow)
def reality_labs_cost(
    reported_reality_labs_revenue, reported_reality_labs_operating_income, reality_labs_cost_growth
) -> Row:
    """Costs of Reality Labs: as reported (revenue less operating income), then grown; a
    decline is negative growth."""
    return grow(
        reported_reality_labs_revenue - reported_reality_labs_operating_income,
        reality_labs_cost_growth,
    )


@line(USD_M, flow, refer={"modelled_cost": "programme_cost@with", "saved": "saving_effect@with"})
def core_cost(
    reported_total_costs, reported_unusual_costs, reality_labs_cost, modelled_cost,
    reported_depreciation, saved: Family, costs_core_growth, costs_guided_through,
    costs_core_elasticity, revenue_keeping_pace, quarter_index,
) -> Row:  # fmt: skip
    """Cost that no world changes: on history what reported cost leaves after the modelled
    parts and unusual items, before the programme's savings; then grown as guided, and after
    that with the revenue of a company that keeps pace."""
    on_year = ratio(revenue_keeping_pace, lag(revenue_keeping_pace, ONE_YEAR)) - 1
    with_revenue = costs_core_elasticity * on_year
    growth = np.where(quarter_index > costs_guided_through, with_revenue, costs_core_growth)
    left = reported_total_costs - reported_unusual_costs - reality_labs_cost - modelled_cost
    return grow((left - reported_depreciation) / (1 - total(saved)), growth)


@line(USD_M, flow)
def unusual_costs(reported_unusual_costs, costs_legal) -> Row:
    """Legal charges, fines and severance: as reported, then as assumed per year."""
    return splice(reported_unusual_costs, costs_legal / QUARTERS_IN_YEAR)


@line(USD_M, flow)
def cost_savings(core_cost, saving_effect: Family) -> Row:
    """What the programme saves of core cost."""
    return core_cost * total(saving_effect)


@line(USD_M, flow)
def total_costs(
    core_cost, reality_labs_cost, unusual_costs, programme_cost, cost_savings,
    depreciation_and_amortisation,
) -> Row:  # fmt: skip
    """Total costs and expenses."""
    before_savings = core_cost + reality_labs_cost + unusual_costs + programme_cost
    return before_savings - cost_savings + depreciation_and_amortisation


@line(USD_M, flow)
def operating_income(revenue, total_costs) -> Row:
    """Revenue less total costs and expenses."""
    return revenue - total_costs


@line(USD_M, flow)
def ebitda(operating_income, depreciation_and_amortisation) -> Row:
    """Operating income before depreciation and amortisation."""
    return operating_income + depreciation_and_amortisation


@line(USD_M, stock)
def working_capital(revenue, costs_working_capital) -> Row:
    """Receivables less payables of the business, as a share of the quarter's revenue."""
    return revenue * costs_working_capital
