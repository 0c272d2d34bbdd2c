"""Own or rent: one H100-equivalent bought at the valuation date against the same rented.

Per unit and over its physical life, discounted at the WACC to the date of purchase.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import line, rate, result
from jcurve.engine.primitives import Row, ratio, sum_to_date, value_at
from jcurve.ground.units import SHARE, TIMES, USD_PER_H100E, Quantity, unit_named
from jcurve.lines.constants import (
    HOURS_IN_QUARTER,
    MILLION,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)

__all__: list[str] = []

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
