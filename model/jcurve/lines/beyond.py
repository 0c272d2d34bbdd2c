"""Beyond the horizon: a steady state of each world, with its own fleet, instead of its last year.

Revenue and cost grow at one rate. The fleet grows faster, because the same dollars buy more
compute every year; what it takes to keep it up follows from its life and the price of compute,
general capex from its own formula, and tax depreciation from capex that grows evenly.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import line, result
from jcurve.engine.primitives import Family, Row, ratio, total, value_at
from jcurve.ground.units import QUARTERS, SHARE, USD_M
from jcurve.lines.constants import (
    ASSET_CLASS,
    HORIZON,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)
from jcurve.lines.vintages import trailing_year


def perpetuity(next_year, discount_factor, wacc, growth) -> Row:
    """Present value of a flow that begins in the year after the horizon and grows for ever.

    Args:
        next_year: the first year's flow.
        discount_factor: the timeline's.
        wacc: above ``growth``.
        growth: a year.
    """
    # The last quarter's factor stands at its middle, three eighths of a year after the
    # middle of the last four quarters.
    middle = value_at(discount_factor, HORIZON) * (1 + wacc) ** (
        (QUARTERS_IN_YEAR - 1) / (2 * QUARTERS_IN_YEAR)
    )
    return next_year / (wacc - growth) * middle


def even_purchases(growth, life) -> Row:
    """Purchases of a year per unit of a stock that has grown evenly and retires after a life:
    ``g / (1 - (1 + g)^-life)``, and 1 / life without growth.

    Args:
        growth: a year.
        life: in quarters.
    """
    years = life / ONE_YEAR
    gone = 1 - (1 + growth) ** (-years)
    still = np.equal(gone, 0)
    return np.where(still, 1 / years, ratio(growth, gone))


def year_to_horizon(row) -> Row:
    """Sum of the last four quarters of the timeline."""
    return value_at(trailing_year(row), HORIZON)


@line(QUARTERS, result)
def last_quarter(quarter_index) -> Row:
    """Index of the last quarter of the horizon."""
    return value_at(quarter_index, HORIZON)


@line(SHARE, result)
def steady_fleet_growth(returns_terminal_growth, price_fall) -> Row:
    """Growth of a fleet whose cost grows with everything else while its price falls."""
    return (1 + returns_terminal_growth) / (1 - value_at(price_fall, HORIZON)) - 1


@line(
    USD_M,
    result,
    refer={"life": "life_physical.accelerators", "placement_lag": "placement_lag.accelerators"},
)
def steady_machine_capex(
    compute_fleet, compute_legacy, steady_fleet_growth, machine_price, price_fall, life,
    placement_lag, placement_delay, placement_delayed_share,
) -> Row:  # fmt: skip
    """Capex on machines in the year after the horizon: what the fleet needs to grow evenly and
    to replace what retires, ordered ahead of its placement, at next year's price."""
    late = value_at(placement_delay * placement_delayed_share, HORIZON)
    ahead = (placement_lag + late) / ONE_YEAR
    fleet = value_at(compute_fleet - compute_legacy, HORIZON)
    bought = even_purchases(steady_fleet_growth, life * QUARTERS_PER_YEAR)
    price = value_at(machine_price * (1 - price_fall), HORIZON)
    return fleet * (1 + steady_fleet_growth) ** ahead * bought * price


@line(USD_M, result)
def steady_shell_capex(
    machine_power_ordered, leased_power, shell_price, returns_terminal_growth, life_shell
) -> Row:
    """Capex on shells in the year after the horizon: the megawatts beyond those leased, kept up
    and grown with everything else; leases are taken to be renewed at their cost."""
    own = np.maximum(value_at(machine_power_ordered - leased_power, HORIZON), 0)
    bought = even_purchases(returns_terminal_growth, life_shell * QUARTERS_PER_YEAR)
    return own * shell_price * bought * (1 + returns_terminal_growth)


@line(USD_M, result)
def steady_general_capex(
    revenue_keeping_pace, returns_terminal_growth, capex_property_per_revenue,
    capex_property_depreciation,
) -> Row:  # fmt: skip
    """General capex in the year after the horizon: net property kept at its multiple of revenue
    at the growth of the steady state."""
    kept = value_at(capex_property_per_revenue, HORIZON)
    share = kept * (returns_terminal_growth + capex_property_depreciation)
    return share * year_to_horizon(revenue_keeping_pace)


@line(USD_M, result, over=ASSET_CLASS)
def steady_capex_by_class(
    steady_machine_capex, steady_shell_capex, steady_general_capex, capex_machine_servers_share,
    asset_is_server, asset_is_network, asset_is_shell, capex_general_mix,
) -> Row:  # fmt: skip
    """Capex in the year after the horizon by asset class, principal on leases apart."""
    machines = asset_is_server * capex_machine_servers_share
    machines = machines + asset_is_network * (1 - capex_machine_servers_share)
    ai = steady_machine_capex * machines + steady_shell_capex * asset_is_shell
    return ai + steady_general_capex * value_at(capex_general_mix, HORIZON)


@line(SHARE, result, over=ASSET_CLASS)
def steady_deduction(
    tax_bonus_eligible, bonus_rate, tax_five_year_share, tax_fifteen_year_share, asset_depreciable,
    macrs_5: Family, macrs_15: Family, tax_building_life, returns_terminal_growth,
) -> Row:  # fmt: skip
    """Tax depreciation a year per dollar of capex of the class that has grown evenly: bonus at
    once, the rest of earlier years' capex by recovery class."""

    def of_table(percentages: Family) -> Row:
        since, deducted = 1 + 0 * returns_terminal_growth, 0 * returns_terminal_growth
        for percent in percentages.values():
            deducted = deducted + percent * since
            since = since / (1 + returns_terminal_growth)
        return deducted

    life = tax_building_life * QUARTERS_PER_YEAR
    # A level charge over a life, of purchases that grow evenly: the stock per purchase, over it.
    evenly = 1 / (even_purchases(returns_terminal_growth, life) * (life / ONE_YEAR))
    five, fifteen = tax_five_year_share, tax_fifteen_year_share
    late = five * of_table(macrs_5) + fifteen * of_table(macrs_15) + (1 - five - fifteen) * evenly
    bonus = tax_bonus_eligible * value_at(bonus_rate, HORIZON)
    return asset_depreciable * (bonus + (1 - bonus) * late)


@line(USD_M, result)
def steady_free_cash_flow(
    ebitda, working_capital, finance_lease_principal, finance_lease_interest, startup_stakes,
    stake_recoveries, share_based_pay, returns_sbc_is_cost, steady_capex_by_class: Family,
    steady_deduction: Family, tax_rate, returns_terminal_growth,
) -> Row:  # fmt: skip
    """Unlevered free cash flow in the year after the horizon: the last year's operations, grown,
    less the capex of the steady state and tax on what its deductions leave."""
    up = 1 + returns_terminal_growth
    deducted = {name: row * steady_deduction[name] for name, row in steady_capex_by_class.items()}
    earned = year_to_horizon(ebitda) * up
    leases = year_to_horizon(finance_lease_principal + finance_lease_interest) * up
    taxed = value_at(tax_rate, HORIZON) * (earned - total(deducted) - leases)
    invested = total(steady_capex_by_class) + leases
    moved = value_at(working_capital, HORIZON) * returns_terminal_growth
    stakes = year_to_horizon(startup_stakes - stake_recoveries) * up
    added_back = year_to_horizon(share_based_pay) * (1 - returns_sbc_is_cost) * up
    return earned - taxed - invested - moved - stakes + added_back


@line(USD_M, result)
def value_beyond_horizon(
    steady_free_cash_flow, discount_factor, returns_wacc, returns_terminal_growth
) -> Row:
    """Present value of this world's steady state after the horizon."""
    return perpetuity(steady_free_cash_flow, discount_factor, returns_wacc, returns_terminal_growth)
