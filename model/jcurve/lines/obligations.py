"""Obligations beside debt, and what the outlay means for suppliers: memo lines."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import Family, Row, ratio, total
from jcurve.ground.units import TIMES, USD_M
from jcurve.lines.sets import SUPPLY

__all__: list[str] = []


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
    USD_M,
    flow,
    over=SUPPLY,
    refer={
        "accelerators": "capex_by_class.accelerators",
        "servers": "capex_by_class.servers",
        "network": "capex_by_class.network",
        "buildings": "capex_by_class.buildings",
        "land": "capex_by_class.land",
    },
)
def spending_by_supply(
    accelerators, servers, network, buildings, land, energy_cost, cloud_spending,
    supply_of_accelerators, supply_of_servers, supply_of_network, supply_of_buildings,
    supply_of_land, supply_of_energy, supply_of_cloud,
) -> Row:  # fmt: skip
    """Where the money goes: capex, energy and cloud by what they buy, the demand that the
    outlay means for suppliers."""
    return (
        accelerators * supply_of_accelerators
        + servers * supply_of_servers
        + network * supply_of_network
        + buildings * supply_of_buildings
        + land * supply_of_land
        + energy_cost * supply_of_energy
        + cloud_spending * supply_of_cloud
    )


@line(USD_M, flow)
def check_supply(spending_by_supply: Family, capex, energy_cost, cloud_spending) -> Row:
    """Spending by what it buys, less capex, energy and cloud: 0."""
    return total(spending_by_supply) - capex - energy_cost - cloud_spending


@line(TIMES, rate, annual="mean")
def capital_intensity(capex, revenue) -> Row:
    """Capex per dollar of revenue."""
    return ratio(capex, revenue)
