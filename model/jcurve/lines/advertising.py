"""Advertising: what it earns depends on compute relative to the frontier's.

Advertising is a base that all worlds share times the ranking compute of the world at hand to
the power of one elasticity. A company that keeps pace with the frontier grows with its market
and an excess; one that falls behind loses the elasticity times the gap. The same factor
attributes on history and projects on the forecast, so that the join has no step.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, result, stock
from jcurve.engine.primitives import Family, Row, grow, lag, ratio, running_sum, total, value_at
from jcurve.ground.units import H100E, SHARE, TIMES, USD_M, unit_named
from jcurve.lines.constants import (
    LEVER,
    ONE_H100E,
    ONE_QUARTER,
    ONE_YEAR,
    QUARTERS_PER_YEAR,
    REGION,
    TWO_YEARS,
)
from jcurve.lines.vintages import spread

INDEX = unit_named("index")


def _on_year(row) -> Row:
    """Change on the year of the logarithm of a row that is never below one unit."""
    return np.log(np.maximum(row, ONE_H100E) / np.maximum(lag(row, ONE_YEAR), ONE_H100E))


def _arrived(compute, arrival_lag) -> Row:
    """Compute whose gains have arrived, at least one unit."""
    return spread(np.maximum(compute, ONE_H100E), arrival_lag * QUARTERS_PER_YEAR)


# Ranking compute


@line(H100E, stock)
def reported_ranking_compute(
    reported_fleet, planned_rented, compute_training_share, attributed_channel_need: Family
) -> Row:
    """Ranking compute that reported capex bought: on history the fleet less training and less
    what reported demand for AI products took. By the formula of each world's, so that the base
    that all worlds share needs no world."""
    serving = (reported_fleet + planned_rented) * (1 - compute_training_share)
    return serving - np.minimum(total(attributed_channel_need), serving)


@line(H100E, stock)
def reported_arrived_compute(reported_ranking_compute, advertising_arrival_lag) -> Row:
    """Reported ranking compute whose gains have arrived."""
    return _arrived(reported_ranking_compute, advertising_arrival_lag)


@line(H100E, result)
def starting_ranking_compute(reported_arrived_compute, advertising_reference_quarter) -> Row:
    """Ranking compute of the reference quarter, to which every world's is held."""
    return value_at(reported_arrived_compute, advertising_reference_quarter)


@line(H100E, stock)
def arrived_compute(ranking_compute, advertising_arrival_lag) -> Row:
    """Ranking compute of this world whose gains have arrived: they take time to reach ads and
    advertisers."""
    return _arrived(ranking_compute, advertising_arrival_lag)


@line(H100E, stock)
def arrived_frontier(frontier_fleet, advertising_arrival_lag) -> Row:
    """The frontier's fleet under the same lag."""
    return _arrived(frontier_fleet, advertising_arrival_lag)


@line(TIMES, stock)
def attributed_factor(
    reported_arrived_compute, starting_ranking_compute, advertising_compute_elasticity
) -> Row:
    """Reported advertising over what the ranking compute of the reference quarter would earn."""
    grown = reported_arrived_compute / starting_ranking_compute
    return grown**advertising_compute_elasticity


@line(TIMES, stock)
def advertising_factor(
    arrived_compute, starting_ranking_compute, advertising_compute_elasticity
) -> Row:
    """Advertising of this world over what the ranking compute of the reference quarter would
    earn: relative compute to the power of the elasticity."""
    return (arrived_compute / starting_ranking_compute) ** advertising_compute_elasticity


# Growth


@line(SHARE, rate, annual="mean")
def market_growth_on_year(
    market_growth, market_growth_far, quarter_index, market_near_through
) -> Row:
    """Growth of the advertising market on the year: as published and forecast, then in the long
    run."""
    return np.where(quarter_index > market_near_through, market_growth_far, market_growth)


@line(SHARE, rate, annual="mean")
def reported_excess_growth(
    reported_advertising, market_growth_on_year, reported_ranking_compute, frontier_fleet,
    advertising_compute_elasticity, history,
) -> Row:  # fmt: skip
    """Growth of reported advertising on the year, in logarithms, beyond its market and beyond
    what relative compute earns: unexplained. 0 where there is no report. Compute counts when it
    is in service, so that the lag of its gains does not change what is called unexplained."""
    known = np.where(history > 0, reported_advertising, 0)
    grown = np.maximum(ratio(known, lag(known, ONE_YEAR)), 0)
    own = np.where(grown > 0, np.log(np.where(grown > 0, grown, 1)), 0)
    relative = _on_year(reported_ranking_compute) - _on_year(frontier_fleet)
    explained = np.log(1 + market_growth_on_year) + advertising_compute_elasticity * relative
    return np.where(grown > 0, own - explained, 0)


@line(SHARE, result)
def excess_growth_lately(reported_excess_growth, last_reported) -> Row:
    """Mean excess growth of the last eight reported quarters."""
    to_date = running_sum(reported_excess_growth)
    mean = (to_date - lag(to_date, TWO_YEARS)) / (TWO_YEARS / ONE_QUARTER)
    return value_at(mean, last_reported)


@line(SHARE, rate, annual="mean")
def excess_growth(
    excess_growth_lately, advertising_excess_kept, advertising_excess_years, quarter_index,
    last_reported,
) -> Row:  # fmt: skip
    """Growth of advertising beyond market and relative compute, in logarithms a year: what the
    last eight quarters had of it, as far as it is taken to last, fading in a straight line."""
    since = np.maximum(quarter_index - last_reported, 0)
    left = np.maximum(1 - since / (advertising_excess_years * QUARTERS_PER_YEAR), 0)
    return excess_growth_lately * advertising_excess_kept * left


@line(SHARE, rate, annual="mean")
def keeping_pace_growth(market_growth_on_year, excess_growth) -> Row:
    """Growth of advertising on the year where compute keeps pace with the frontier."""
    return np.exp(np.log(1 + market_growth_on_year) + excess_growth) - 1


@line(SHARE, rate, annual="mean")
def base_advertising_growth(
    market_growth_on_year, excess_growth, arrived_frontier, advertising_compute_elasticity
) -> Row:
    """Growth on the year of what the ranking compute of the reference quarter would earn: as of
    a company that keeps pace, less what the frontier's growing compute takes."""
    lost = advertising_compute_elasticity * _on_year(arrived_frontier)
    return np.exp(np.log(1 + market_growth_on_year) + excess_growth - lost) - 1


@line(USD_M, flow)
def undisturbed_total(
    reported_advertising_by_region: Family, attributed_factor, base_advertising_growth
) -> Row:
    """Advertising at the ranking compute of the reference quarter, without shocks: reported
    advertising over the attributed factor, then grown from the same quarter a year before."""
    return grow(total(reported_advertising_by_region) / attributed_factor, base_advertising_growth)


@line(USD_M, flow, over=REGION)
def regional_weight(
    reported_advertising_by_region, attributed_factor, advertising_regional_lead
) -> Row:
    """A region's advertising grown by what it leads or lags the others: only its share counts."""
    return grow(reported_advertising_by_region / attributed_factor, advertising_regional_lead)


@line(USD_M, flow, over=REGION, refer={"all_weights": "regional_weight.*"})
def undisturbed_advertising(undisturbed_total, regional_weight, all_weights: Family) -> Row:
    """The region's part of advertising at the ranking compute of the reference quarter."""
    return undisturbed_total * ratio(regional_weight, total(all_weights))


# What the reader sees of one elasticity


@line(SHARE, rate)
def impressions_part(lever_share: Family, lever_on_impressions: Family) -> Row:
    """Part of the gain, in logarithms, that shows as more impressions."""
    parts = {lever: share * lever_on_impressions[lever] for lever, share in lever_share.items()}
    return total(parts)


def _impressions(factor, part, supply_elasticity) -> Row:
    """Impressions over those of the reference quarter: their part of the gain, before more of
    them lower the price of each."""
    return factor ** (part / (1 - supply_elasticity))


@line(TIMES, stock)
def attributed_impressions(
    attributed_factor, impressions_part, advertising_supply_elasticity
) -> Row:
    """Reported impressions over what the ranking compute of the reference quarter would show."""
    return _impressions(attributed_factor, impressions_part, advertising_supply_elasticity)


@line(TIMES, stock)
def impressions_factor(advertising_factor, impressions_part, advertising_supply_elasticity) -> Row:
    """Impressions of this world over what the ranking compute of the reference quarter would
    show."""
    return _impressions(advertising_factor, impressions_part, advertising_supply_elasticity)


@line(USD_M, flow, over=LEVER)
def gain_by_lever(advertising, base_advertising: Family, lever_share) -> Row:
    """Memo: advertising beyond that of the reference quarter's ranking compute, split by how the
    gain comes about."""
    return (advertising - total(base_advertising)) * lever_share


@line(USD_M, flow, over=REGION)
def base_advertising(
    undisturbed_advertising, advertising_shock, advertising_design_loss, history
) -> Row:
    """Advertising at the ranking compute of the reference quarter, shared by all worlds. On the
    forecast a shock is a factor on a region in a period, and ordered changes of design cost a
    share everywhere."""
    kept = (1 - advertising_shock) * (1 - advertising_design_loss)
    return undisturbed_advertising * (history + (1 - history) * kept)


@line(SHARE, rate, annual="mean")
def advertising_shortfall(base_advertising: Family, undisturbed_advertising: Family) -> Row:
    """Share of base advertising that shocks take."""
    return 1 - ratio(total(base_advertising), total(undisturbed_advertising))


@line(USD_M, flow, over=REGION)
def advertising_by_region(base_advertising, advertising_factor) -> Row:
    """Advertising of this world."""
    return base_advertising * advertising_factor


@line(USD_M, flow)
def advertising(advertising_by_region: Family) -> Row:
    """Advertising revenue of this world."""
    return total(advertising_by_region)


@line(INDEX, rate, over=REGION, annual="mean")
def base_impressions(
    reported_impressions_index_by_region, attributed_impressions, advertising_volume_growth
) -> Row:
    """Ads shown at the ranking compute of the reference quarter, shared by all worlds: the
    index chained from published growth (each quarter of 2022 is 1, so that quarters of one
    year do not compare), then grown from the same quarter a year before."""
    index = reported_impressions_index_by_region / attributed_impressions
    return grow(index, advertising_volume_growth)


@line(INDEX, rate, over=REGION, annual="mean")
def impressions(base_impressions, impressions_factor) -> Row:
    """Memo: ads shown in this world, as an index."""
    return base_impressions * impressions_factor


@line(USD_M, rate, over=REGION, annual="mean")
def price_of_impressions(advertising_by_region, impressions) -> Row:
    """Memo: advertising per unit of the impressions index: price per ad, so that volume times
    price is advertising exactly; its growth on the year is what the company publishes."""
    return ratio(advertising_by_region, impressions)


@line(USD_M, flow)
def check_volume_times_price(
    advertising_by_region: Family,
    impressions: Family,
    price_of_impressions: Family,
    base_impressions: Family,
) -> Row:
    """Advertising less impressions times their price, where impressions are known: 0."""
    left = {
        region: np.where(
            base_impressions[region] > 0,
            amount - impressions[region] * price_of_impressions[region],
            0,
        )
        for region, amount in advertising_by_region.items()
    }
    return total(left)
