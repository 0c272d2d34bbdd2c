"""Power that compute draws, what limits it, and what it costs."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import Row, ratio
from jcurve.ground.units import MW, MWH, SHARE, USD_M
from jcurve.lines.constants import HOURS_IN_QUARTER, MILLION, QUARTERS_IN_YEAR, QUARTERS_PER_YEAR
from jcurve.lines.vintages import in_service, placed

__all__: list[str] = []


@line(
    MW,
    stock,
    refer={
        "accelerators": "additions.accelerators",
        "lag_of_accelerators": "placement_lag.accelerators",
        "life_of_accelerators": "life_physical.accelerators",
        "retired_share": "life_early_retirement_share.accelerators",
        "retirement_age": "life_early_retirement_age.accelerators",
    },
)
def power_wanted(
    accelerators, compute_price, power_per_compute, lag_of_accelerators, placement_delay,
    placement_delayed_share, life_of_accelerators, retired_share, retirement_age, compute_legacy,
    power_usage_effectiveness,
) -> Row:  # fmt: skip
    """Power that owned accelerators would draw at the meter: watts per unit when bought,
    times the power usage effectiveness."""
    bought = accelerators / (MILLION * compute_price) * power_per_compute
    running = in_service(
        placed(bought, lag_of_accelerators, placement_delay, placement_delayed_share),
        life_of_accelerators * QUARTERS_PER_YEAR,
        retired_share,
        retirement_age * QUARTERS_PER_YEAR,
    )
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
