"""Compute in H100-equivalents: ordered at a price, placed with a lag, retired with age."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import Row, lag, ratio, splice
from jcurve.engine.units import H100E, SHARE, USD_M, USD_PER_H100E
from jcurve.lines.constants import (
    HOURS_IN_QUARTER,
    MILLION,
    ONE_QUARTER,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)
from jcurve.lines.vintages import in_service, placed

__all__: list[str] = []


def _fleet(
    additions: Row,
    price: Row,
    placement_lag: Row,
    delay: Row,
    delayed_share: Row,
    physical_life: Row,
    retired_share: Row,
    retirement_age: Row,
    legacy: Row,
) -> Row:
    """Compute placed from accelerators bought at ``price`` and not retired, plus the legacy
    fleet."""
    ready = placed(additions / (MILLION * price), placement_lag, delay, delayed_share)
    life, age = physical_life * QUARTERS_PER_YEAR, retirement_age * QUARTERS_PER_YEAR
    return in_service(ready, life, retired_share, age) + legacy


@line(SHARE, rate, annual="mean")
def tightness_premium(
    sector_spending: Row, sector_supply: Row, sector_price_elasticity: Row
) -> Row:
    """Scarcity premium on accelerators: rises with the sector's spending over what suppliers
    can deliver at trend prices; none where supply is ample."""
    return np.maximum(ratio(sector_spending, sector_supply) ** sector_price_elasticity - 1, 0)


@line(USD_PER_H100E, rate, annual="mean")
def compute_price(
    compute_list_price: Row,
    tightness_premium: Row,
    compute_price_shock: Row,
    compute_own_silicon_share: Row,
    compute_own_silicon_saving: Row,
    ecosystem_supplier_saving: Row,
) -> Row:
    """Accelerator capex per H100-equivalent at the time of order: the trend price, dearer
    when the sector bids for scarce supply or components, cheaper by own silicon's share and
    by what an open ecosystem saves."""
    scarcity = (1 + tightness_premium) * (1 + compute_price_shock)
    own_silicon = 1 - compute_own_silicon_share * compute_own_silicon_saving
    return compute_list_price * scarcity * own_silicon * (1 - ecosystem_supplier_saving)


@line(
    H100E,
    stock,
    refer={
        "accelerators": "additions.accelerators",
        "lag_of_accelerators": "placement_lag.accelerators",
        "life_of_accelerators": "life_physical.accelerators",
        "retired_share": "life_early_retirement_share.accelerators",
        "retirement_age": "life_early_retirement_age.accelerators",
    },
)
def compute_fleet(
    accelerators: Row,
    compute_price: Row,
    lag_of_accelerators: Row,
    placement_delay: Row,
    placement_delayed_share: Row,
    life_of_accelerators: Row,
    retired_share: Row,
    retirement_age: Row,
    compute_legacy: Row,
) -> Row:
    """Owned compute that is ready to run: accelerators placed within their physical life and
    not retired early, in H100-equivalents at the price when ordered, plus the fleet of
    before."""
    return _fleet(
        accelerators,
        compute_price,
        lag_of_accelerators,
        placement_delay,
        placement_delayed_share,
        life_of_accelerators,
        retired_share,
        retirement_age,
        compute_legacy,
    )


@line(H100E, stock)
def compute_owned(compute_fleet: Row, power_service_level: Row) -> Row:
    """Owned compute in service: the part of the fleet for which there is power."""
    return compute_fleet * power_service_level


@line(H100E, stock)
def compute_waiting(compute_fleet: Row, compute_owned: Row) -> Row:
    """Owned compute that waits for power; it is paid for and depreciated meanwhile."""
    return compute_fleet - compute_owned


@line(H100E, stock)
def compute_rented(cloud_spending: Row, cloud_price: Row) -> Row:
    """Third-party cloud capacity, from its cost and the market rent per accelerator-hour."""
    return cloud_spending / (MILLION * cloud_price * HOURS_IN_QUARTER)


@line(H100E, stock)
def compute_in_service(compute_owned: Row, compute_rented: Row, compute_leased: Row) -> Row:
    """Compute that runs: owned, rented and leased."""
    return compute_owned + compute_rented + compute_leased


@line(SHARE, rate, annual="last")
def ads_share_of_compute(
    compute_ads_share: Row, compute_baseline_ads_share: Row, programme_commits: Row
) -> Row:
    """Share of compute that serves advertising and its ranking; the programme gives a growing
    part of its compute to generative products."""
    own = programme_commits * compute_ads_share
    return own + (1 - programme_commits) * compute_baseline_ads_share


@line(H100E, stock, refer={"counterfactual": "compute_in_service@without"})
def ads_compute(
    compute_in_service: Row,
    ads_share_of_compute: Row,
    counterfactual: Row,
    compute_baseline_ads_share: Row,
    programme_commits: Row,
    programme_spends: Row,
) -> Row:
    """Compute that serves advertising. Once the programme no longer spends, advertising gets
    back what it would have had without it, as far as there is that much compute."""
    served = compute_in_service * ads_share_of_compute
    least = np.minimum(compute_in_service, counterfactual) * compute_baseline_ads_share
    ended = programme_commits * (1 - programme_spends)
    return np.where(ended > 0, np.maximum(served, least), served)


@line(H100E, stock)
def generative_compute(compute_in_service: Row, ads_compute: Row) -> Row:
    """Compute that serves generative products and research."""
    return compute_in_service - ads_compute


@line(
    H100E,
    stock,
    refer={
        "accelerators_mix": "capex_mix.accelerators",
        "lag_of_accelerators": "placement_lag.accelerators",
        "life_of_accelerators": "life_physical.accelerators",
        "retired_share": "life_early_retirement_share.accelerators",
        "retirement_age": "life_early_retirement_age.accelerators",
    },
)
def reported_ads_compute(
    reported_capex: Row,
    unpaid_share: Row,
    accelerators_mix: Row,
    compute_price: Row,
    lag_of_accelerators: Row,
    placement_delay: Row,
    placement_delayed_share: Row,
    life_of_accelerators: Row,
    retired_share: Row,
    retirement_age: Row,
    compute_legacy: Row,
    cloud_planned_spending: Row,
    cloud_price: Row,
    compute_ads_share: Row,
    compute_baseline_ads_share: Row,
    in_programme: Row,
    programme_enabled: Row,
    history: Row,
) -> Row:
    """Ads-serving compute from reported capex alone: what attribution on history rests on.
    The same formula as each world's, without the forecast, so that the base shared by all
    worlds needs no world."""
    bought = splice(reported_capex, 0) * accelerators_mix
    unpaid = bought * unpaid_share
    owned = _fleet(
        bought + unpaid - lag(unpaid, ONE_QUARTER),
        compute_price,
        lag_of_accelerators,
        placement_delay,
        placement_delayed_share,
        life_of_accelerators,
        retired_share,
        retirement_age,
        compute_legacy,
    )
    on = in_programme * programme_enabled
    rented = on * cloud_planned_spending / (MILLION * cloud_price * HOURS_IN_QUARTER)
    share = on * compute_ads_share + (1 - on) * compute_baseline_ads_share
    return np.where(history > 0, (owned + rented) * share, 0)


@line(USD_M, flow)
def cloud_planned_spending(cloud_yearly_spending: Row) -> Row:
    """Third-party cloud that the programme rents, as planned."""
    return cloud_yearly_spending / QUARTERS_IN_YEAR


@line(USD_M, flow)
def cloud_spending(
    cloud_planned_spending: Row,
    programme_commits: Row,
    programme_stop: Row,
    quarter_index: Row,
    cloud_commitment: Row,
) -> Row:
    """Third-party cloud cost: the programme's plan; once the programme stops, contracts run
    on for the committed years and then end."""
    last = programme_stop + cloud_commitment * QUARTERS_PER_YEAR
    return cloud_planned_spending * programme_commits * np.where(quarter_index > last, 0, 1)
