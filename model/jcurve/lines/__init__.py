"""The model: named rows, each one small pure function of whole rows.

A chapter is a module; a line is a function in it, labelled with its unit and kind. Its arguments
are its precedents, by name, its docstring is its definition. An argument without a type is a
``Row``; one of type ``Family`` is the rows of a set by member. The engine binds the names, checks
units and order, and evaluates. Start with ``programme``, then ``returns``.

>>> from jcurve.lines import MODULES
>>> MODULES[0].programme_stop.__code__.co_varnames[:3]
('planned_stop', 'valuation_date', 'keeps_spending')
"""

from __future__ import annotations

from types import ModuleType

from jcurve.lines import (
    advertising,
    allocation,
    assets,
    balance_sheet,
    beyond,
    capex,
    cash_flow,
    channels,
    compute,
    costs,
    financing,
    income,
    leases,
    memo,
    outlay,
    programme,
    returns,
    spending_plan,
    tax,
)

__all__ = ["MODULES", "OUTLAYS_ALONE"]

MODULES: tuple[ModuleType, ...] = (
    programme, capex, spending_plan, assets, compute, leases, allocation, advertising, channels,
    costs, tax, financing, income, cash_flow, balance_sheet, memo, beyond, returns,
)  # fmt: skip
"""In the order in which a reader meets them."""

OUTLAYS_ALONE: tuple[ModuleType, ...] = (outlay,)
"""What stands in for capex and leases where a company has no advertising data set."""
