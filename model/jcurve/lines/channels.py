"""New products beside advertising, and cost savings: rows of data with one shared shape."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate
from jcurve.engine.primitives import Family, Row, ratio, total, value_at
from jcurve.engine.units import H100E, SHARE, USD_M, unit_named
from jcurve.lines.constants import (
    HOURS_IN_QUARTER,
    MILLION,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
    TEN_TO_NINETY,
)
from jcurve.lines.sets import CHANNEL, SAVING

__all__: list[str] = []

H100E_PER_USD_M = unit_named("H100e per USD m")


def logistic_adoption(quarter_index: Row, start: Row, ramp: Row) -> Row:
    """Adoption from 0 at ``start``: a logistic whose middle comes one ramp (the time from
    10 to 90 %) after the start, rescaled to begin at exactly zero."""
    steepness = TEN_TO_NINETY / (ramp * QUARTERS_PER_YEAR)
    reached = 1 / (1 + np.exp(-steepness * (quarter_index - start - ramp * QUARTERS_PER_YEAR)))
    at_start = 1 / (1 + np.exp(TEN_TO_NINETY))
    return np.maximum(ratio(reached - at_start, 1 - at_start), 0)


def _frozen(adoption: Row, stop: Row, quarter_index: Row) -> Row:
    """Adoption up to ``stop``, and from then on as it was."""
    return np.where(quarter_index <= stop, adoption, value_at(adoption, stop))


@line(SHARE, rate, over=CHANNEL, annual="last")
def channel_reach(channel_start: Row, channel_ramp: Row, quarter_index: Row) -> Row:
    """Share of the addressable units that use the product where nothing stops it."""
    return logistic_adoption(quarter_index, channel_start, channel_ramp)


@line(SHARE, rate, over=CHANNEL, annual="last")
def channel_adoption(
    channel_reach: Row, quarter_index: Row, programme_stop: Row, programme_commits: Row
) -> Row:
    """Share of the addressable units that use the product; frozen where the programme
    stops, none without it."""
    return programme_commits * _frozen(channel_reach, programme_stop, quarter_index)


@line(USD_M, flow, over=CHANNEL)
def channel_potential(
    channel_addressable: Row,
    channel_value: Row,
    channel_value_growth: Row,
    channel_start: Row,
    channel_probability: Row,
    channel_cannibalised: Row,
    quarter_index: Row,
) -> Row:
    """Revenue if every addressable unit used the product: units x value per unit and year x
    probability that the product succeeds, less what it takes from advertising. Value per unit
    grows from the start on."""
    years = np.maximum(quarter_index - channel_start, 0) / ONE_YEAR
    kept = channel_probability * (1 - channel_cannibalised)
    first = channel_addressable * channel_value * kept / QUARTERS_IN_YEAR
    return first * (1 + channel_value_growth) ** years


@line(USD_M, flow, over=CHANNEL)
def channel_demand(channel_potential: Row, channel_adoption: Row) -> Row:
    """Revenue that users would bring at this world's adoption."""
    return channel_potential * channel_adoption


@line(USD_M, flow, over=CHANNEL)
def attributed_channel_revenue(
    channel_potential: Row,
    channel_reach: Row,
    in_programme: Row,
    programme_enabled: Row,
    history: Row,
) -> Row:
    """What reported other revenue owes to new products: on history their demand, by the
    formula that also projects it, so that nothing reported is counted twice."""
    return channel_potential * channel_reach * (in_programme * programme_enabled * history)


@line(H100E_PER_USD_M, rate, over=CHANNEL, annual="mean")
def channel_compute_per_revenue(
    channel_compute_intensity: Row,
    channel_efficiency_share: Row,
    inference_efficiency: Row,
    quarter_index: Row,
    last_reported: Row,
) -> Row:
    """Generative compute that a quarter's revenue takes; each year inference needs less of it
    for the same revenue, as far as the product is inference at all: compute that is sold stays
    as much as is sold."""
    years = np.maximum(quarter_index - last_reported, 0) / ONE_YEAR
    gained = channel_efficiency_share * inference_efficiency
    return channel_compute_intensity * (1 - gained) ** years


@line(H100E, flow, over=CHANNEL)
def channel_compute_need(channel_demand: Row, channel_compute_per_revenue: Row) -> Row:
    """Generative compute that serving the demand takes."""
    return channel_demand * channel_compute_per_revenue


@line(SHARE, rate, annual="last")
def channel_service_level(
    channel_compute_need: Family, generative_compute: Row, history: Row
) -> Row:
    """Share of demand that the generative compute in service can serve, at most 1; what was
    reported was served."""
    need = total(channel_compute_need)
    short = np.logical_and(need > 0, history < 1)
    return np.where(short, np.minimum(ratio(generative_compute, need), 1), 1)


@line(USD_M, flow, over=CHANNEL)
def channel_revenue(channel_demand: Row, channel_service_level: Row) -> Row:
    """Revenue of a new product, as far as compute serves its demand."""
    return channel_demand * channel_service_level


@line(USD_M, flow, over=CHANNEL)
def channel_cost(channel_revenue: Row, channel_margin: Row) -> Row:
    """Variable cost of a new product before infrastructure, which capex, energy and cloud
    already charge."""
    return channel_revenue * (1 - channel_margin)


@line(USD_M, flow, over=CHANNEL)
def channel_inference_cost(
    channel_compute_need: Row, channel_service_level: Row, cloud_price: Row
) -> Row:
    """Memo: inference per use at the market rent of the compute that serves it. Capex, energy
    and cloud already charge it, so that it enters no total."""
    served = channel_compute_need * channel_service_level
    return served * cloud_price * HOURS_IN_QUARTER * MILLION


@line(USD_M, flow, over=CHANNEL)
def channel_contribution(
    channel_revenue: Row, channel_cost: Row, channel_inference_cost: Row
) -> Row:
    """Memo: what a new product leaves after variable cost and inference at market rent."""
    return channel_revenue - channel_cost - channel_inference_cost


@line(SHARE, rate, over=SAVING, annual="last")
def saving_reach(
    saving_base_share: Row,
    saving_rate: Row,
    saving_start: Row,
    saving_ramp: Row,
    quarter_index: Row,
) -> Row:
    """Share of core cost saved where nothing stops it: part addressed x saving x adoption."""
    adopted = logistic_adoption(quarter_index, saving_start, saving_ramp)
    return saving_base_share * saving_rate * adopted


@line(SHARE, rate, over=SAVING, annual="last")
def saving_effect(
    saving_reach: Row, quarter_index: Row, programme_stop: Row, programme_commits: Row
) -> Row:
    """Share of core cost that the programme saves; frozen where it stops, none without it."""
    return programme_commits * _frozen(saving_reach, programme_stop, quarter_index)
