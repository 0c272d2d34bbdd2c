"""AI products beside advertising, and cost savings: rows of data with one shared shape."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import Row, lag, ratio
from jcurve.ground.units import H100E, SHARE, TIMES, USD_M
from jcurve.lines.constants import (
    CHANNEL,
    MILLION,
    ONE_QUARTER,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
    SAVING,
    TEN_TO_NINETY,
)


def logistic_adoption(quarter_index, start, ramp) -> Row:
    """Adoption from 0 at ``start``: a logistic whose middle comes one ramp (the time from
    10 to 90 %) after the start, rescaled to begin at exactly zero."""
    steepness = TEN_TO_NINETY / (ramp * QUARTERS_PER_YEAR)
    reached = 1 / (1 + np.exp(-steepness * (quarter_index - start - ramp * QUARTERS_PER_YEAR)))
    at_start = 1 / (1 + np.exp(TEN_TO_NINETY))
    return np.maximum(ratio(reached - at_start, 1 - at_start), 0)


@line(SHARE, rate, over=CHANNEL, annual="last")
def channel_reach(channel_start, channel_ramp, quarter_index) -> Row:
    """Share of the addressable units that use the product where nothing stops it."""
    return logistic_adoption(quarter_index, channel_start, channel_ramp)


@line(TIMES, rate, over=CHANNEL, annual="last")
def channel_demand_factor(
    channel_is_agents, channel_is_assistant, demand_agents, demand_assistant, demand_other
) -> Row:
    """Demand against the case's: of agents, of the assistant, or of all other AI products."""
    others = (1 - channel_is_agents - channel_is_assistant) * demand_other
    return channel_is_agents * demand_agents + channel_is_assistant * demand_assistant + others


@line(USD_M, flow, over=CHANNEL)
def channel_potential(
    channel_addressable, channel_value, channel_value_growth, channel_start, channel_probability,
    channel_cannibalised, channel_demand_factor, demand_growth_far, demand_near_through,
    quarter_index,
) -> Row:  # fmt: skip
    """Revenue if every addressable unit used the product: units x value per unit and year x
    probability that the product succeeds, less what it takes from advertising. Value per unit
    grows from the start on, after the near years at the rate of the long run."""
    near = np.minimum(quarter_index, demand_near_through) - channel_start
    far = quarter_index - np.maximum(demand_near_through, channel_start)
    kept = channel_probability * (1 - channel_cannibalised) * channel_demand_factor
    first = channel_addressable * channel_value * kept / QUARTERS_IN_YEAR
    grown = (1 + channel_value_growth) ** (np.maximum(near, 0) / ONE_YEAR)
    return first * grown * (1 + demand_growth_far) ** (np.maximum(far, 0) / ONE_YEAR)


@line(SHARE, rate, annual="last")
def products_from_training(training_over_plan, products_training_elasticity, history) -> Row:
    """Demand for AI products over that of the plan, two quarters after the training compute
    that their quality rests on."""
    earlier = np.where(history > 0, 1, training_over_plan)
    return lag(earlier, 2 * ONE_QUARTER) ** products_training_elasticity


@line(USD_M, flow, over=CHANNEL)
def channel_demand(
    channel_potential, channel_reach, products_from_training, without_programme, programme_enabled
) -> Row:
    """Revenue that users would bring: potential as far as it is adopted, with this world's
    training; none without the programme."""
    offered = programme_enabled * (1 - without_programme)
    return channel_potential * channel_reach * products_from_training * offered


@line(USD_M, flow, over=CHANNEL)
def attributed_channel_revenue(channel_potential, channel_reach, programme_enabled, history) -> Row:
    """What reported other revenue owes to AI products: on history their demand, by the formula
    that also projects it, so that nothing reported is counted twice."""
    return channel_potential * channel_reach * (programme_enabled * history)


@line(SHARE, rate, annual="mean")
def compute_cost_share(
    products_compute_cost, products_compute_cost_floor, products_compute_cost_fall, quarter_index,
    last_reported,
) -> Row:  # fmt: skip
    """Compute, at its rent, that a dollar of a typical AI product's revenue takes: falls from
    the last report on towards a floor, since users ask for more of what becomes cheaper."""
    years = np.maximum(quarter_index - last_reported, 0) / ONE_YEAR
    above = products_compute_cost - products_compute_cost_floor
    return products_compute_cost_floor + above * (1 - products_compute_cost_fall) ** years


def _need(revenue, cost_share, compute_use, rent) -> Row:
    """Compute that a quarter's revenue takes."""
    return revenue * QUARTERS_IN_YEAR * cost_share * compute_use / (rent * MILLION)


@line(H100E, stock, over=CHANNEL)
def attributed_channel_need(
    attributed_channel_revenue, compute_cost_share, channel_compute_use, rent
) -> Row:
    """Compute that served reported revenue of AI products."""
    return _need(attributed_channel_revenue, compute_cost_share, channel_compute_use, rent)


@line(H100E, stock, over=CHANNEL)
def channel_compute_need(channel_demand, compute_cost_share, channel_compute_use, rent) -> Row:
    """Compute that serving the demand takes: compute cost per dollar of revenue, over the rent;
    a product that uses less compute than a typical one takes less."""
    return _need(channel_demand, compute_cost_share, channel_compute_use, rent)


@line(SHARE, rate, annual="last")
def channel_service_level(product_compute, product_compute_need, history) -> Row:
    """Share of demand that is served; what was reported was served."""
    short = np.logical_and(product_compute_need > 0, history < 1)
    return np.where(short, ratio(product_compute, product_compute_need), 1)


@line(USD_M, flow, over=CHANNEL)
def channel_revenue(channel_demand, channel_service_level) -> Row:
    """Revenue of an AI product, as far as compute serves its demand."""
    return channel_demand * channel_service_level


@line(USD_M, flow, over=CHANNEL)
def channel_cost(channel_revenue, channel_margin) -> Row:
    """Variable cost of a new product before infrastructure, which capex, energy and cloud
    already charge."""
    return channel_revenue * (1 - channel_margin)


@line(USD_M, flow, over=CHANNEL)
def channel_compute_cost(channel_revenue, compute_cost_share, channel_compute_use) -> Row:
    """Memo: the compute that serves a product, at its market rent. Capex, energy and cloud
    already charge it, so that it enters no total."""
    return channel_revenue * compute_cost_share * channel_compute_use


@line(USD_M, flow, over=CHANNEL)
def channel_contribution(channel_revenue, channel_cost, channel_compute_cost) -> Row:
    """Memo: what an AI product leaves after variable cost and compute at market rent."""
    return channel_revenue - channel_cost - channel_compute_cost


@line(SHARE, rate, over=SAVING, annual="last")
def saving_reach(saving_base_share, saving_rate, saving_start, saving_ramp, quarter_index) -> Row:
    """Share of core cost saved where nothing stops it: part addressed x saving x adoption."""
    adopted = logistic_adoption(quarter_index, saving_start, saving_ramp)
    return saving_base_share * saving_rate * adopted


@line(SHARE, rate, over=SAVING, annual="last")
def saving_effect(saving_reach, without_programme, programme_enabled) -> Row:
    """Share of core cost that the programme saves; none without it."""
    return saving_reach * programme_enabled * (1 - without_programme)
