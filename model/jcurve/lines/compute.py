"""Compute in H100-equivalents: what it costs to own, what is in service, what the frontier has,
and the power that it draws.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import Row, lag, ratio, running_sum, value_at
from jcurve.ground.units import H100E, MW, MWH, SHARE, USD_M, USD_PER_H100E
from jcurve.lines.constants import (
    HALF_SPAN,
    HOURS_IN_QUARTER,
    HOURS_IN_YEAR,
    MILLION,
    ONE_QUARTER,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)
from jcurve.lines.spending_plan import USD_M_PER_MW, surviving
from jcurve.lines.vintages import in_service, placed

# Price and rent


@line(SHARE, rate, annual="mean")
def tightness_premium(sector_spending, sector_supply, sector_price_elasticity) -> Row:
    """Scarcity premium on accelerators: rises with the sector's spending over what suppliers
    can deliver at trend prices; none where supply is ample."""
    return np.maximum(ratio(sector_spending, sector_supply) ** sector_price_elasticity - 1, 0)


@line(USD_PER_H100E, rate, annual="mean")
def compute_price(
    compute_list_price, tightness_premium, compute_price_shock, compute_own_silicon_share,
    compute_own_silicon_saving,
) -> Row:  # fmt: skip
    """Price of a server per H100-equivalent at the time of order: the trend price, dearer when
    the sector bids for scarce supply or components, cheaper by own silicon's share."""
    scarcity = (1 + tightness_premium) * (1 + compute_price_shock)
    own_silicon = 1 - compute_own_silicon_share * compute_own_silicon_saving
    return compute_list_price * scarcity * own_silicon


@line(SHARE, rate, annual="mean")
def price_fall(compute_list_price, sector_price_fall) -> Row:
    """By how much the trend price of compute fell over the year, between nothing and twice the
    frontier's long-run rate."""
    fall = 1 - ratio(compute_list_price, lag(compute_list_price, ONE_YEAR))
    return np.minimum(np.maximum(fall, 0), 2 * sector_price_fall)


def recovery(rate, life, fall) -> Row:
    """First year's rent of a dollar of capital, whose rent falls at an even rate: the present
    value of all rents, each in the middle of its year, is the dollar.

    Args:
        rate: cost of capital a year, above -``fall``.
        life: in quarters.
        fall: of the rent a year.
    """
    kept = (1 - fall) / (1 + rate)
    half = (1 + rate) ** (1 / 2)
    return half * (1 - kept) / (1 - kept ** (life / ONE_YEAR))


@line(USD_PER_H100E, rate, annual="mean", refer={"life": "life_physical.accelerators"})
def owners_cost(
    machine_price, machine_power, shell_price, price_fall, life, life_shell, returns_wacc,
    power_utilisation, power_price, operations_cost_per_power,
) -> Row:  # fmt: skip
    """What a unit bought in the quarter costs its owner in its first year: capital recovery on
    the machine, whose rent falls with the price of compute, on its shell, level over the
    shell's life, and energy and operations."""
    machine = machine_price * recovery(returns_wacc, life * QUARTERS_PER_YEAR, price_fall)
    level = recovery(returns_wacc, life_shell * QUARTERS_PER_YEAR, 0)
    energy = power_utilisation * HOURS_IN_YEAR * power_price * MILLION
    running = machine_power * (shell_price * level + energy + operations_cost_per_power)
    return (machine + running) / MILLION


@line(USD_PER_H100E, rate, annual="mean")
def rent(owners_cost, rent_over_cost) -> Row:
    """Market rent of a unit for a year: the owner's cost times what the market pays beyond it."""
    return owners_cost * rent_over_cost


@line(USD_M_PER_MW, rate, annual="mean", refer={"life": "life_physical.accelerators"})
def level_rent_per_power(
    rent, owners_cost, machine_price, machine_power, price_fall, life, returns_wacc
) -> Row:
    """Memo: the level rent for a megawatt and year over a machine's life that is worth as much
    as the falling one, to be held beside contracts."""
    quarters = life * QUARTERS_PER_YEAR
    falling = recovery(returns_wacc, quarters, price_fall)
    earlier = machine_price * (falling - recovery(returns_wacc, quarters, 0))
    level = owners_cost * MILLION - earlier
    return level * ratio(rent, owners_cost) / machine_power


# The frontier


@line(H100E, flow)
def frontier_orders(
    sector_fleet, sector_sourced_through, sector_spending_growth, sector_price_fall, sector_life,
    quarter_index,
) -> Row:  # fmt: skip
    """Compute that the frontier's other companies place in the quarter: as far as their fleet is
    sourced, its growth and what replaces machines one life older; then spending grows at its
    own rate and buys more every year."""
    grown = sector_fleet - lag(sector_fleet, ONE_QUARTER)
    placed_so_far = grown + lag(grown, sector_life * QUARTERS_PER_YEAR)
    to_date = running_sum(placed_so_far)
    last_year = value_at(to_date - lag(to_date, ONE_YEAR), sector_sourced_through)
    # The last year's orders stand at its middle, a year and a half quarter before this one.
    middle = sector_sourced_through - HALF_SPAN
    years = np.maximum(quarter_index - middle, 0) / ONE_YEAR
    cheaper = (1 + sector_spending_growth) / (1 - sector_price_fall)
    ahead = last_year / QUARTERS_IN_YEAR * cheaper**years
    return np.where(quarter_index > sector_sourced_through, ahead, placed_so_far)


@line(H100E, stock)
def frontier_fleet(
    sector_fleet, frontier_orders, sector_sourced_through, sector_life, quarter_index
) -> Row:
    """Compute of the frontier's other companies, which nothing that this company does moves: as
    sourced, then what is placed and not retired."""
    built = surviving(frontier_orders, sector_life * QUARTERS_PER_YEAR)
    since = built - value_at(built, sector_sourced_through)
    known = value_at(sector_fleet, sector_sourced_through)
    return np.where(quarter_index > sector_sourced_through, known + since, sector_fleet)


# Fleets


def _running(bought, mean_lag, delay, delayed_share, life, retired_share, age) -> Row:
    """What was bought, is placed and not retired; life and age of retirement in years."""
    ready = placed(bought, mean_lag, delay, delayed_share)
    return in_service(ready, life * QUARTERS_PER_YEAR, retired_share, age * QUARTERS_PER_YEAR)


def _fleet(spent, price, mean_lag, delay, delayed_share, life, retired_share, age, legacy) -> Row:
    """Compute from accelerators bought at ``price``, plus the fleet of before."""
    bought = spent / (MILLION * price)
    return _running(bought, mean_lag, delay, delayed_share, life, retired_share, age) + legacy


_OF_ACCELERATORS = {
    "lag_of_accelerators": "placement_lag.accelerators",
    "life_of_accelerators": "life_physical.accelerators",
    "retired_share": "life_early_retirement_share.accelerators",
    "retirement_age": "life_early_retirement_age.accelerators",
}


@line(H100E, stock, refer={"accelerators": "additions.accelerators", **_OF_ACCELERATORS})
def compute_fleet(
    accelerators, compute_price, lag_of_accelerators, placement_delay, placement_delayed_share,
    life_of_accelerators, retired_share, retirement_age, compute_legacy,
) -> Row:  # fmt: skip
    """Owned compute that is ready to run: accelerators placed within their physical life and
    not retired early, in H100-equivalents at the price when ordered, plus the fleet of
    before."""
    return _fleet(
        accelerators, compute_price, lag_of_accelerators, placement_delay, placement_delayed_share,
        life_of_accelerators, retired_share, retirement_age, compute_legacy,
    )  # fmt: skip


def _bought(spent, unpaid_share) -> Row:
    """Property bought: paid for in the quarter, plus the change in what is unpaid."""
    unpaid = spent * unpaid_share
    return spent + unpaid - lag(unpaid, ONE_QUARTER)


@line(H100E, stock, refer=_OF_ACCELERATORS)
def reported_fleet(
    reported_accelerator_capex, unpaid_share, compute_price, lag_of_accelerators, placement_delay,
    placement_delayed_share, life_of_accelerators, retired_share, retirement_age, compute_legacy,
) -> Row:  # fmt: skip
    """Owned compute that reported capex alone has bought, by the formula of each world's:
    attribution on history rests on it and needs no world and no plan."""
    return _fleet(
        _bought(reported_accelerator_capex, unpaid_share), compute_price, lag_of_accelerators,
        placement_delay, placement_delayed_share, life_of_accelerators, retired_share,
        retirement_age, compute_legacy,
    )  # fmt: skip


@line(H100E, stock, refer=_OF_ACCELERATORS)
def planned_fleet(
    reported_accelerator_capex, planned_orders, history, unpaid_share, compute_price,
    lag_of_accelerators, placement_delay, placement_delayed_share, life_of_accelerators,
    retired_share, retirement_age, compute_legacy,
) -> Row:  # fmt: skip
    """Owned compute of the plan at full scale, by the formula of each world's."""
    planned = planned_orders * compute_price * MILLION
    spent = np.where(history > 0, reported_accelerator_capex, planned)
    return _fleet(
        _bought(spent, unpaid_share), compute_price, lag_of_accelerators, placement_delay,
        placement_delayed_share, life_of_accelerators, retired_share, retirement_age,
        compute_legacy,
    )  # fmt: skip


@line(H100E, stock)
def compute_owned(compute_fleet, power_service_level) -> Row:
    """Owned compute in service: the part of the fleet for which there is power."""
    return compute_fleet * power_service_level


@line(H100E, stock)
def compute_waiting(compute_fleet, compute_owned) -> Row:
    """Owned compute that waits for power; it is paid for and depreciated meanwhile."""
    return compute_fleet - compute_owned


@line(USD_M, flow)
def cloud_planned_spending(cloud_yearly_spending) -> Row:
    """Third-party cloud that the programme rents, as planned."""
    return cloud_yearly_spending / QUARTERS_IN_YEAR


@line(H100E, stock)
def planned_rented(cloud_yearly_spending, rent, programme_enabled) -> Row:
    """Third-party cloud capacity of the plan, from its cost and the market rent."""
    return programme_enabled * cloud_yearly_spending / (MILLION * rent)


@line(USD_M, flow)
def cloud_spending(
    cloud_planned_spending, without_programme, spending_scale, cloud_commitment
) -> Row:
    """Third-party cloud cost: the programme's plan, at the scale that was decided when today's
    contracts were signed; they run on for the committed years."""
    signed = lag(spending_scale, cloud_commitment * QUARTERS_PER_YEAR)
    return cloud_planned_spending * (1 - without_programme) * signed


@line(H100E, stock)
def compute_rented(cloud_spending, rent) -> Row:
    """Third-party cloud capacity, from its cost and the market rent."""
    return cloud_spending * QUARTERS_IN_YEAR / (MILLION * rent)


@line(H100E, stock)
def compute_in_service(compute_owned, compute_rented) -> Row:
    """Compute that runs: owned and rented. Signed leases are shells, not compute."""
    return compute_owned + compute_rented


@line(SHARE, rate, annual="last")
def fleet_over_frontier(compute_in_service, frontier_fleet) -> Row:
    """Memo: fleet over that of the frontier's other companies."""
    return ratio(compute_in_service, frontier_fleet)


@line(SHARE, rate, annual="last")
def fleet_over_plan(compute_fleet, compute_rented, planned_fleet, planned_rented) -> Row:
    """Fleet of this world over the plan's at full scale, before any lack of power."""
    return ratio(compute_fleet + compute_rented, planned_fleet + planned_rented)


# Training


@line(SHARE, rate, annual="last")
def training_share(compute_training_share, fleet_over_plan, without_programme) -> Row:
    """Share of compute that trains and does research, in worlds with AI products: less in
    proportion to the root of the fleet where it is below the plan's."""
    held = np.minimum(fleet_over_plan, 1) ** (1 / 2)
    return compute_training_share * held * (1 - without_programme)


@line(H100E, stock)
def training_compute(compute_in_service, training_share) -> Row:
    """Compute that trains and does research."""
    return compute_in_service * training_share


@line(SHARE, rate, annual="last")
def training_over_plan(fleet_over_plan) -> Row:
    """Training compute over the plan's at full scale."""
    return fleet_over_plan * np.minimum(fleet_over_plan, 1) ** (1 / 2)


@line(H100E, stock)
def serving_compute(compute_in_service, training_compute) -> Row:
    """Compute left for ranking, AI products and leasing."""
    return compute_in_service - training_compute


# Power


@line(MW, stock, refer={"accelerators": "additions.accelerators", **_OF_ACCELERATORS})
def power_wanted(
    accelerators, compute_price, power_per_compute, lag_of_accelerators, placement_delay,
    placement_delayed_share, life_of_accelerators, retired_share, retirement_age, compute_legacy,
    power_usage_effectiveness,
) -> Row:  # fmt: skip
    """Power that owned accelerators would draw at the meter: watts per unit when bought,
    times the power usage effectiveness."""
    bought = accelerators / (MILLION * compute_price) * power_per_compute
    running = _running(
        bought, lag_of_accelerators, placement_delay, placement_delayed_share,
        life_of_accelerators, retired_share, retirement_age,
    )  # fmt: skip
    return (running + compute_legacy * power_per_compute) * MILLION * power_usage_effectiveness


@line(SHARE, rate, annual="last")
def power_service_level(power_wanted, power_ceiling, history) -> Row:
    """Share of owned accelerators for which there is power, at most 1: below it compute
    waits. On history what was placed ran."""
    held = np.where(power_wanted > power_ceiling, ratio(power_ceiling, power_wanted), 1)
    return np.where(history > 0, 1, held)


@line(MW, stock)
def power(power_wanted, power_service_level) -> Row:
    """Power drawn at the meter by owned accelerators."""
    return power_wanted * power_service_level


@line(MWH, flow)
def electricity(power, power_utilisation) -> Row:
    """Electricity used by owned accelerators."""
    return power * power_utilisation * HOURS_IN_QUARTER


@line(USD_M, flow)
def energy_cost(electricity, power_price) -> Row:
    """Electricity of owned accelerators at the delivered price."""
    return electricity * power_price * MILLION


@line(USD_M, flow)
def operations_cost(power, operations_cost_per_power) -> Row:
    """Running data centres besides energy: staff, maintenance, spares, connectivity."""
    return power * operations_cost_per_power / QUARTERS_IN_YEAR
