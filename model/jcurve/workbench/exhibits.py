"""Exhibits of the report in the panel: drawn by matplotlib when the state has come to rest."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from jcurve.case import Case
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

__all__ = ["EXHIBITS", "exhibit"]

EXHIBITS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "report:size": ("NPV against the size of the plan", "size", "against_scale"),
        "report:last": ("What the last dollars return", "size", "last_dollars"),
        "report:beliefs": ("What must be believed", "beliefs", "beliefs"),
        "report:price": ("What the price implies", "beliefs", "implied"),
        "report:jcurve": ("J-curve, nominal and discounted", "curve", "jcurve"),
        "report:bridge": ("Cash by cause", "curve", "cash_bridge"),
        "report:capex": ("Capex, with guidance", "spending", "capex"),
        "report:fleet": ("Fleet against the frontier's", "fleet", "against_frontier"),
        "report:use": ("What the fleet does", "fleet", "use"),
        "report:wave": ("Depreciation by vintage", "depreciation", "wave"),
        "report:uplift": ("Advertising with and without AI", "uplift", "uplift"),
        "report:channels": ("AI products", "products", "channels"),
        "report:margin": ("Margin with and without AI", "drag", "margin"),
        "report:free_cash_flow": ("Free cash flow with and without AI", "drag", "free_cash_flow"),
    }
)
"""What can be drawn: its name in the choice, and the module and function that draw it."""

_DECIDED = ("size", "beliefs")
"""Modules whose functions take the decision in place of a case and a view."""


def exhibit(name: str, case: Case, view: str, project: Project) -> dict[str, Any]:
    """An exhibit of the report for a case, in a view.

    Returns:
        ``title``, ``subtitle``, ``svg``, ``alt``, ``reading`` and ``source`` as texts, and the
        ``hash`` of the scenario that it shows; without a drawing where there is nothing to show.

    Raises:
        UsageError: there is no such exhibit.
    """
    from jcurve.figures.decision import Decision
    from jcurve.figures.prose import Prose, words

    if name not in EXHIBITS:
        raise UsageError.not_among("unknown exhibit", name, EXHIBITS, allowed="")
    title, module, function = EXHIBITS[name]
    asked = (Decision(case, project),) if module in _DECIDED else (case, view)
    made = getattr(import_module(f"jcurve.figures.{module}"), function)(*asked)
    told = {"hash": case.scenario.hash, "view": view}
    if isinstance(made, Prose):
        empty = dict.fromkeys(("subtitle", "svg", "alt", "source"), "")
        return {"title": title, "reading": made.plain(), **empty, **told}
    return {
        "title": made.title,
        "subtitle": made.subtitle,
        "svg": made.svg,
        "alt": made.alt,
        "reading": words(made.reading),
        "source": made.source,
        **told,
    }
