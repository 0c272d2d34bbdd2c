"""The model: named rows, each one small pure function of whole rows."""

from __future__ import annotations

from types import ModuleType

from jcurve.lines import (
    advertising,
    allocation,
    assets,
    balance_sheet,
    beyond,
    capex,
    cash,
    cash_flow,
    channels,
    compute,
    costs,
    financing,
    income,
    leases,
    market,
    obligations,
    outlay,
    own_or_rent,
    plan,
    power,
    programme,
    returns,
    shares,
    tax,
)

__all__ = ["MODULES", "OUTLAYS_ALONE"]

MODULES: tuple[ModuleType, ...] = (
    programme,
    capex,
    plan,
    assets,
    compute,
    power,
    leases,
    allocation,
    advertising,
    channels,
    costs,
    tax,
    cash,
    financing,
    income,
    shares,
    cash_flow,
    balance_sheet,
    obligations,
    own_or_rent,
    market,
    beyond,
    returns,
)
"""In the order in which a reader meets them."""

OUTLAYS_ALONE: tuple[ModuleType, ...] = (outlay,)
"""What stands in for capex and leases where a company has no advertising data set."""
