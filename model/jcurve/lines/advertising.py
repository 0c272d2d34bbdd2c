"""Advertising: one response curve attributes on history and projects on the forecast.

Compute earns an uplift on impressions and on price, lever by lever. What reported
advertising would have been without it is the base that all worlds share; every world's
advertising is that base times the factor that its own compute earns.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import Family, Row, grow, lag, ratio, total, value_at
from jcurve.engine.units import H100E, SHARE, TIMES, USD_M, unit_named
from jcurve.lines.constants import ONE_QUARTER, ONE_YEAR, QUARTERS_PER_YEAR
from jcurve.lines.sets import LEVER, REGION
from jcurve.lines.vintages import spread

__all__: list[str] = []

INDEX = unit_named("index")


def _gross(doublings: Row, gain: Row, ceiling: Row) -> Row:
    """Log-linear gain per doubling of compute, saturating at a ceiling."""
    return ceiling * (1 - np.exp(-gain * doublings / ceiling))


def _realised(gross: Row, adoption_lag: Row, eroded_share: Row, erosion_lag: Row) -> Row:
    """Increments of the gross gain arrive late and are partly copied by rivals later."""
    arrived = spread(gross, adoption_lag * QUARTERS_PER_YEAR)
    return arrived - eroded_share * spread(arrived, erosion_lag * QUARTERS_PER_YEAR)


def _part(realised: Family, pass_through: Family, on_impressions: Family, kind: Row) -> Row:
    """Revenue effect of the levers on impressions (``kind`` 1) or on price (``kind`` 0)."""
    effects = {
        lever: gain * pass_through[lever] * np.where(np.equal(on_impressions[lever], kind), 1, 0)
        for lever, gain in realised.items()
    }
    return total(effects)


def _factor(impressions: Row, price: Row, elasticity: Row) -> Row:
    """Advertising over its base: more impressions lower the price of each."""
    return (1 + impressions) ** (1 - elasticity) * (1 + price)


@line(H100E, stock)
def starting_ads_compute(reported_ads_compute: Row, programme_start: Row) -> Row:
    """Ads-serving compute in the quarter before the programme starts, alike in all worlds."""
    return value_at(lag(reported_ads_compute, ONE_QUARTER), programme_start)


@line(TIMES, stock)
def doublings_of_ads_compute(ads_compute: Row, starting_ads_compute: Row, in_programme: Row) -> Row:
    """Doublings of this world's ads-serving compute since the programme's start."""
    return np.log2(np.maximum(ratio(ads_compute, starting_ads_compute), 1)) * in_programme


@line(SHARE, rate, over=LEVER, annual="last")
def gain_per_doubling(
    lever_gain_per_doubling: Row,
    lever_flywheel: Row,
    quarter_index: Row,
    programme_start: Row,
) -> Row:
    """Gain per doubling of compute; a data flywheel raises it by a share a year as use brings
    better data (none in the base case: no measurement exists)."""
    years = np.maximum(quarter_index - programme_start, 0) / ONE_YEAR
    return lever_gain_per_doubling * (1 + lever_flywheel * years)


@line(SHARE, stock, over=LEVER)
def gross_uplift(doublings_of_ads_compute: Row, gain_per_doubling: Row, lever_ceiling: Row) -> Row:
    """What the lever's gain would be if it arrived at once: gain per doubling of compute,
    saturating at the lever's ceiling."""
    return _gross(doublings_of_ads_compute, gain_per_doubling, lever_ceiling)


@line(SHARE, stock, over=LEVER)
def realised_uplift(
    gross_uplift: Row,
    lever_adoption_lag: Row,
    lever_eroded_share: Row,
    lever_erosion_lag: Row,
) -> Row:
    """The lever's gain after adoption, less what rivals have copied."""
    return _realised(gross_uplift, lever_adoption_lag, lever_eroded_share, lever_erosion_lag)


@line(SHARE, stock)
def impressions_uplift(
    realised_uplift: Family, lever_pass_through: Family, lever_on_impressions: Family
) -> Row:
    """Impressions over their base."""
    return _part(realised_uplift, lever_pass_through, lever_on_impressions, 1)


@line(SHARE, stock)
def price_uplift(
    realised_uplift: Family, lever_pass_through: Family, lever_on_impressions: Family
) -> Row:
    """Price per ad over its base at unchanged supply: advertisers keep the rest of the gain."""
    return _part(realised_uplift, lever_pass_through, lever_on_impressions, 0)


@line(TIMES, stock)
def advertising_factor(
    impressions_uplift: Row, price_uplift: Row, advertising_supply_elasticity: Row
) -> Row:
    """Advertising over its base: uplift on price and on impressions, whose greater supply
    lowers the price of each by the supply elasticity."""
    return _factor(impressions_uplift, price_uplift, advertising_supply_elasticity)


@line(TIMES, stock)
def attributed_doublings(
    reported_ads_compute: Row, starting_ads_compute: Row, in_programme: Row
) -> Row:
    """Doublings of the compute that reported capex bought, since the programme's start."""
    return np.log2(np.maximum(ratio(reported_ads_compute, starting_ads_compute), 1)) * in_programme


@line(SHARE, stock, over=LEVER)
def attributed_uplift(
    attributed_doublings: Row,
    gain_per_doubling: Row,
    lever_ceiling: Row,
    lever_adoption_lag: Row,
    lever_eroded_share: Row,
    lever_erosion_lag: Row,
) -> Row:
    """The lever's realised gain on history, by the curve that also projects it."""
    gross = _gross(attributed_doublings, gain_per_doubling, lever_ceiling)
    return _realised(gross, lever_adoption_lag, lever_eroded_share, lever_erosion_lag)


@line(SHARE, stock)
def attributed_impressions(
    attributed_uplift: Family, lever_pass_through: Family, lever_on_impressions: Family
) -> Row:
    """Reported impressions over what they would have been without any uplift."""
    return _part(attributed_uplift, lever_pass_through, lever_on_impressions, 1)


@line(TIMES, stock)
def attributed_factor(
    attributed_uplift: Family,
    attributed_impressions: Row,
    lever_pass_through: Family,
    lever_on_impressions: Family,
    advertising_supply_elasticity: Row,
) -> Row:
    """Reported advertising over what it would have been without any uplift."""
    price = _part(attributed_uplift, lever_pass_through, lever_on_impressions, 0)
    return _factor(attributed_impressions, price, advertising_supply_elasticity)


@line(SHARE, rate, over=REGION, annual="mean")
def base_advertising_growth(
    advertising_volume_growth: Row,
    advertising_price_growth: Row,
    advertising_tailwind: Row,
) -> Row:
    """Growth of advertising on the year without any uplift: volume, price, and a market
    tailwind."""
    return (
        (1 + advertising_volume_growth) * (1 + advertising_price_growth) - 1 + advertising_tailwind
    )


@line(USD_M, flow, over=REGION)
def undisturbed_advertising(
    reported_advertising_by_region: Row,
    attributed_factor: Row,
    base_advertising_growth: Row,
) -> Row:
    """Advertising without any uplift since the programme's start and without shocks: reported
    advertising over the attributed factor, then grown from the same quarter a year before."""
    return grow(reported_advertising_by_region / attributed_factor, base_advertising_growth)


@line(USD_M, flow, over=REGION)
def base_advertising(
    undisturbed_advertising: Row,
    advertising_shock: Row,
    advertising_design_loss: Row,
    history: Row,
) -> Row:
    """Advertising without any uplift since the programme's start, shared by all worlds. On the
    forecast a shock is a factor on a region in a period, and ordered changes of design cost a
    share everywhere."""
    kept = (1 - advertising_shock) * (1 - advertising_design_loss)
    return undisturbed_advertising * (history + (1 - history) * kept)


@line(SHARE, rate, annual="mean")
def advertising_shortfall(base_advertising: Family, undisturbed_advertising: Family) -> Row:
    """Share of base advertising that shocks take."""
    return 1 - ratio(total(base_advertising), total(undisturbed_advertising))


@line(USD_M, flow, over=REGION)
def advertising_by_region(base_advertising: Row, advertising_factor: Row) -> Row:
    """Advertising of this world."""
    return base_advertising * advertising_factor


@line(USD_M, flow)
def advertising(advertising_by_region: Family) -> Row:
    """Advertising revenue of this world."""
    return total(advertising_by_region)


@line(INDEX, rate, over=REGION, annual="mean")
def base_impressions(
    reported_impressions_index_by_region: Row,
    attributed_impressions: Row,
    advertising_volume_growth: Row,
) -> Row:
    """Ads shown without any uplift since the programme's start, shared by all worlds: the
    index chained from published growth (each quarter of 2022 is 1, so that quarters of one
    year do not compare), then grown from the same quarter a year before."""
    index = reported_impressions_index_by_region / (1 + attributed_impressions)
    return grow(index, advertising_volume_growth)


@line(INDEX, rate, over=REGION, annual="mean")
def impressions(base_impressions: Row, impressions_uplift: Row) -> Row:
    """Memo: ads shown in this world, as an index."""
    return base_impressions * (1 + impressions_uplift)


@line(USD_M, rate, over=REGION, annual="mean")
def price_of_impressions(advertising_by_region: Row, impressions: Row) -> Row:
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
