"""The model: named rows, each one small pure function of whole rows."""

from __future__ import annotations

from types import ModuleType

from jcurve.lines import (
    advertising,
    assets,
    capex,
    cash,
    channels,
    compute,
    costs,
    programme,
    returns,
    tax,
)

__all__ = ["MODULES"]

MODULES: tuple[ModuleType, ...] = (
    programme,
    capex,
    assets,
    compute,
    advertising,
    channels,
    costs,
    tax,
    cash,
    returns,
)
"""In the order in which a reader meets them."""
