"""A headline figure in words, the same on the command line and in the generated pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jcurve.engine.trace import short_number

__all__ = ["figure_label", "headline_text"]

_SHORT = ("npv", "irr", "ebitda", "sbc")
_RATES = {"share": "%", "per year": "% a year"}


def headline_text(figure: Mapping[str, Any] | None) -> str:
    """``-371 USD bn``, ``2034Q3``, ``none: never within the horizon``; empty for None.

    Args:
        figure: as :meth:`jcurve.case.Case.headlines` gives it: value and unit, or reason.
    """
    if figure is None:
        return ""
    value, unit = figure["value"], figure.get("unit", "")
    if value is None:
        return f"none: {figure['reason']}"
    if isinstance(value, str):
        return value
    if unit == "USD m":
        value, unit = value / 1000.0, "USD bn"
    elif unit in _RATES:
        value, unit = value * 100.0, _RATES[unit]
    return f"{short_number(value)} {unit}"


def figure_label(name: str) -> str:
    """A headline figure's name as a reader writes it: ``npv_sbc_as_cost``: NPV SBC as cost."""
    words = [word.upper() if word in _SHORT else word for word in name.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])
