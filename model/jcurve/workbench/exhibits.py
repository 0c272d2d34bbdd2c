"""Exhibits of the report in the panel: drawn by matplotlib when the state has come to rest."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from jcurve.case import Case
from jcurve.errors import UsageError, nearest

__all__ = ["EXHIBITS", "exhibit"]

EXHIBITS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "report:jcurve": ("J-curve, nominal and present", "curve", "jcurve"),
        "report:bridge": ("Cash by cause", "curve", "cash_bridge"),
        "report:capex": ("Capex by class, with guidance", "spending", "capex"),
        "report:wave": ("Depreciation by vintage", "depreciation", "wave"),
        "report:uplift": ("Advertising uplift", "uplift", "uplift"),
        "report:channels": ("New products", "products", "channels"),
        "report:margin": ("Margin drag", "drag", "margin"),
        "report:free_cash_flow": ("Free cash flow drag", "drag", "free_cash_flow"),
    }
)
"""What can be drawn: its name in the choice, and the module and function that draw it."""


def exhibit(name: str, case: Case, view: str) -> dict[str, Any]:
    """An exhibit of the report for a case, in a view.

    Returns:
        ``title``, ``subtitle``, ``svg``, ``alt``, ``reading`` and ``source`` as texts, and the
        ``hash`` of the scenario that it shows.

    Raises:
        UsageError: there is no such exhibit.
    """
    from jcurve.figures.prose import words

    if name not in EXHIBITS:
        raise UsageError("unknown exhibit", received=name, suggestion=nearest(name, EXHIBITS))
    _, module, function = EXHIBITS[name]
    made = getattr(import_module(f"jcurve.figures.{module}"), function)(case, view)
    return {
        "title": made.title,
        "subtitle": made.subtitle,
        "svg": made.svg,
        "alt": made.alt,
        "reading": words(made.reading),
        "source": made.source,
        "hash": case.scenario.hash,
        "view": view,
    }
