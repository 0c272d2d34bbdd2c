"""Beside the statements: obligations beside debt and what the outlay means for suppliers; own or
rent; what the whole company is worth in the model, and what a results day implies.

Own or rent holds one H100-equivalent bought at the valuation date against the same rented, per
unit and over its physical life, discounted at the WACC to the date of purchase. The value of the
company is a check on the model, beside the share price; the rest is arithmetic on past moves.
None of it is advice or part of any return.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, result, stock
from jcurve.engine.primitives import Family, Row, ratio, sum_to_date, total, value_at
from jcurve.ground.units import (
    SHARE,
    TIMES,
    USD_M,
    USD_PER_H100E,
    USD_PER_SHARE,
    Quantity,
    unit_named,
)
from jcurve.lines.constants import (
    BILLION_IN_MILLIONS,
    HOURS_IN_QUARTER,
    MILLION,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
    SUPPLY,
)

# Obligations


@line(USD_M, stock)
def venture_debt(venture_outstanding, venture_on_balance, without_programme) -> Row:
    """Debt of off-balance-sheet data-centre ventures, brought on balance by the switch; their
    property is its equal."""
    return venture_outstanding * venture_on_balance * (1 - without_programme)


@line(USD_M, stock)
def adjusted_debt(
    debt, operating_lease_liability, finance_lease_liability, venture_debt, leases_not_commenced,
    obligations_lease_share, obligations_residual_guarantee, obligations_guarantee_probability,
    without_programme,
) -> Row:  # fmt: skip
    """Debt with operating and finance leases, ventures on balance, a share of leases signed and not
    started, and the expected call on residual value guarantees."""
    guarantee = obligations_residual_guarantee * obligations_guarantee_probability
    signed = leases_not_commenced * obligations_lease_share
    leased = operating_lease_liability + finance_lease_liability
    return debt + leased + venture_debt + signed + guarantee * (1 - without_programme)


@line(TIMES, rate, annual="last")
def adjusted_debt_to_ebitda(adjusted_debt, cash_and_securities, trailing_ebitda) -> Row:
    """Adjusted debt beyond cash, per dollar of the last four quarters' EBITDA."""
    return ratio(np.maximum(adjusted_debt - cash_and_securities, 0), trailing_ebitda)


@line(
    USD_M, flow, over=SUPPLY,
    refer={
        "accelerators": "capex_by_class.accelerators", "servers": "capex_by_class.servers",
        "network": "capex_by_class.network", "buildings": "capex_by_class.buildings",
        "land": "capex_by_class.land",
    },
)  # fmt: skip
def spending_by_supply(
    accelerators, servers, network, buildings, land, energy_cost, cloud_spending,
    supply_of_accelerators, supply_of_servers, supply_of_network, supply_of_buildings,
    supply_of_land, supply_of_energy, supply_of_cloud,
) -> Row:  # fmt: skip
    """Where the money goes: capex, energy and cloud by what they buy, the demand that the
    outlay means for suppliers."""
    servers = accelerators * supply_of_accelerators + servers * supply_of_servers
    sites = servers + network * supply_of_network + buildings * supply_of_buildings
    running = sites + land * supply_of_land + energy_cost * supply_of_energy
    return running + cloud_spending * supply_of_cloud


@line(USD_M, flow)
def check_supply(spending_by_supply: Family, capex, energy_cost, cloud_spending) -> Row:
    """Spending by what it buys, less capex, energy and cloud: 0."""
    return total(spending_by_supply) - capex - energy_cost - cloud_spending


@line(TIMES, rate, annual="mean")
def capital_intensity(capex, revenue) -> Row:
    """Capex per dollar of revenue."""
    return ratio(capex, revenue)


# Own or rent


USD_PER_HOUR = unit_named("USD per H100e-hour")
NOTHING = Quantity(0, USD_PER_H100E)


@line(TIMES, rate, annual="mean", refer={"life": "life_physical.accelerators"})
def life_weight(quarter_index, valuation_date, life, returns_wacc) -> Row:
    """Discount factor of a quarter within the physical life of what is bought at the
    valuation date, 0 outside."""
    age = quarter_index - valuation_date
    inside = np.logical_and(age > 0, age <= life * QUARTERS_PER_YEAR)
    return np.where(inside, (1 + returns_wacc) ** (-age / ONE_YEAR), 0)


@line(USD_PER_H100E, result)
def running_cost_of_unit(
    life_weight, power_per_compute, power_usage_effectiveness, power_utilisation, power_price,
    operations_cost_per_power, valuation_date,
) -> Row:  # fmt: skip
    """Energy and operations of one owned unit over its life, discounted."""
    megawatts = value_at(power_per_compute, valuation_date) * MILLION * power_usage_effectiveness
    energy = power_utilisation * HOURS_IN_QUARTER * power_price
    operations = operations_cost_per_power / QUARTERS_IN_YEAR / MILLION
    return sum_to_date(megawatts * (energy + operations) * life_weight)


@line(USD_PER_H100E, result)
def own_cost_of_unit(
    compute_price, running_cost_of_unit, shell_price, machine_power, capex_machine_servers_share,
    valuation_date,
) -> Row:  # fmt: skip
    """What one owned unit costs over its life: server, network, shell, energy and operations,
    discounted."""
    machine = value_at(compute_price, valuation_date) / capex_machine_servers_share
    shell = value_at(machine_power, valuation_date) * shell_price / MILLION
    return machine + shell + running_cost_of_unit


@line(USD_PER_H100E, result)
def rented_value_of_unit(life_weight, rent) -> Row:
    """Rent of one unit for every hour of the same life, at the market rent of the day,
    discounted."""
    return sum_to_date(rent / QUARTERS_IN_YEAR * life_weight)


@line(USD_PER_H100E, result)
def rent_over_own(rented_value_of_unit, own_cost_of_unit, power_utilisation) -> Row:
    """NPV of renting the hours that are used, less NPV of owning: positive where owning is
    cheaper."""
    return rented_value_of_unit * power_utilisation - own_cost_of_unit


@line(SHARE, result)
def break_even_utilisation(rented_value_of_unit, own_cost_of_unit) -> Row:
    """Share of hours used at which owning costs what renting does; above 1 renting is always
    cheaper."""
    return ratio(own_cost_of_unit, rented_value_of_unit)


@line(USD_PER_HOUR, result)
def break_even_rent(own_cost_of_unit, power_utilisation, life_weight) -> Row:
    """Level rent per used hour at which owning costs what renting does."""
    return own_cost_of_unit / (power_utilisation * sum_to_date(life_weight) * HOURS_IN_QUARTER)


# Market


@line(USD_M, result)
def enterprise_value(
    unlevered_free_cash_flow, discount_factor, value_beyond_horizon, quarter_index, valuation_date
) -> Row:
    """Present value of this world's unlevered free cash flow after the valuation date, its
    steady state beyond the horizon included."""
    ahead = np.where(quarter_index > valuation_date, unlevered_free_cash_flow, 0)
    return sum_to_date(ahead * discount_factor) + value_beyond_horizon


@line(USD_PER_SHARE, result)
def value_per_share(enterprise_value, net_cash, diluted_shares, valuation_date) -> Row:
    """Enterprise value and net cash per diluted share at the valuation date, to be held beside
    the share price."""
    net = value_at(net_cash, valuation_date)
    return (enterprise_value + net) / value_at(diluted_shares, valuation_date)


@line(TIMES, result)
def price_over_value(shares_reference_price, value_per_share) -> Row:
    """Share price over the model's value of a share: above 1 the market expects more than the
    scenario gives. What would have to be true for 1 is a question to solve."""
    return ratio(shares_reference_price, value_per_share)


@line(SHARE, result)
def market_reaction(
    market_capex_surprise, market_reaction_to_capex, market_revenue_surprise,
    market_reaction_to_revenue,
) -> Row:  # fmt: skip
    """Move of the share on a results day: surprise in capex and in revenue guidance, each in
    billions of dollars, times the move that a billion has meant."""
    capex = market_capex_surprise / BILLION_IN_MILLIONS * market_reaction_to_capex
    return capex + market_revenue_surprise / BILLION_IN_MILLIONS * market_reaction_to_revenue


@line(USD_M, result, refer={"shares": "diluted_shares@with"})
def market_value_change(market_reaction, shares_reference_price, shares, last_reported) -> Row:
    """Change in market value that the move means, at the reference price."""
    return market_reaction * shares_reference_price * value_at(shares, last_reported)


@line(USD_M, result)
def position_loss(market_exposure, market_event_move) -> Row:
    """Loss of a given exposure in a given one-day move; a gain is negative."""
    return -market_exposure * market_event_move
