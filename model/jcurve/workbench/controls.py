"""Controls, generated from the assumptions of a scenario: one each, in groups.

What is here is plain data for the panel's front end; nothing in it is computed with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH, changes_text
from jcurve.ground.quarters import Quarter
from jcurve.workbench.quantities import Scale, scale_of, slider

__all__ = ["control", "groups", "kind_of", "reading", "readings"]

_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "programme": "Programme and valuation",
        "valuation": "Programme and valuation",
        "returns": "Programme and valuation",
        "capex": "Capital expenditure",
        "fleet": "Capital expenditure",
        "placement": "Capital expenditure",
        "property": "Capital expenditure",
        "life": "Lives, retirement and salvage",
        "compute": "Compute",
        "sector": "Compute",
        "rent": "Compute",
        "leasing": "Compute",
        "cloud": "Cloud and leases",
        "lease": "Cloud and leases",
        "venture": "Cloud and leases",
        "obligations": "Cloud and leases",
        "power": "Power",
        "operations": "Operating cost",
        "costs": "Operating cost",
        "talent": "Operating cost",
        "reality_labs": "Operating cost",
        "base": "Advertising",
        "advertising": "Advertising",
        "lever": "Advertising",
        "demand": "New products",
        "products": "New products",
        "channel": "New products",
        "saving": "Cost savings",
        "tax": "Tax",
        "financing": "Financing and shares",
        "shares": "Financing and shares",
        "balance": "Financing and shares",
        "market": "Market",
    }
)
"""Families of keys that stand together; a family that is not here is a group of its own."""

_FIRST = "Decision and drivers"


def groups(scenario: Scenario) -> list[dict[str, Any]]:
    """Every assumption's control, by group, in the order of the base scenario's file.

    Returns:
        ``{title, keys}``; the decision and the drivers come first and stand in their own group
        too.
    """
    found: dict[str, list[str]] = {}
    for item in scenario.items:
        family = item.key.partition(".")[0]
        title = _GROUPS.get(family, family.replace("_", " ").capitalize())
        found.setdefault(title, []).append(item.key)
    first = {_FIRST: [each.key for each in scenario.drivers]}
    return [{"title": title, "keys": keys} for title, keys in (first | found).items()]


def kind_of(item: Assumption) -> str:
    """How an assumption is set: ``number``, ``date``, ``switch``, ``choice``, ``path``,
    ``changes``, or ``derived`` where it cannot be."""
    if item.derived:
        return "derived"
    if item.shape == "changes":
        return "changes"
    if isinstance(item.value, Path):
        return "path"
    return {DATE: "date", SWITCH: "switch", CHOICE: "choice"}.get(item.unit, "number")


def control(item: Assumption, years: Iterable[int]) -> dict[str, Any]:
    """What the front end must know of an assumption to draw its control.

    Args:
        item: as the panel's own scenario has it.
        years: the forecast's years, for values by year.
    """
    scale = scale_of(item)
    made: dict[str, Any] = {
        "key": item.key,
        "label": item.label,
        "unit": scale.label,
        "kind": kind_of(item),
        "basis": item.kind,
        "source": list(item.source),
        "as_of": item.as_of.isoformat(),
        "rationale": item.rationale,
        "why": item.why,
        "distribution": item.distribution,
    }
    if item.bounds is not None and item.shape != "changes":
        made["bounds"] = [scale.text(bound) for bound in item.bounds]
    low, high = item.book.low, item.book.high
    if low is not None and high is not None:
        made["low"], made["high"] = _end(low, scale), _end(high, scale)
    if item.choices:
        made["choices"] = list(item.choices)
    if (ends := slider(item, scale)) is not None:
        made["slider"] = ends
    if item.next is not None:
        made["period"] = Quarter.at(item.next)
    if isinstance(item.value, Path):
        made["by"] = item.value.by
        made["between"] = item.value.between
        made["has_position"] = item.has_range and not item.derived
        made["periods"] = _periods(item.value, years)
    return made | reading(item, scale)


def reading(item: Assumption, scale: Scale | None = None) -> dict[str, Any]:
    """The value of an assumption as its control shows it.

    Returns:
        ``text``, for a number or date also ``number``; ``rows`` by period and the ``points``
        that are set for a path.
    """
    unit = scale or scale_of(item)
    value = item.value
    if isinstance(value, tuple):
        return {"text": changes_text(value), "number": value[-1].life if value else None}
    if isinstance(value, Path):
        periods = range(value.first, value.last + 1)
        rows = zip(periods, value.over().tolist(), strict=True)
        return {
            "text": item.text(),
            "rows": {value.label(period): unit.text(row) for period, row in rows},
            "points": [value.label(period) for period in value.periods],
        }
    return {"text": unit.text(value), "number": unit.shown(value)}


def readings(scenario: Scenario, start: Scenario) -> dict[str, Any]:
    """The values that differ from those of ``start``, as controls show them, by key; ``note``
    says why one changes nothing."""
    before, notes = start.assumptions, scenario.notes
    return {
        item.key: reading(item, scale_of(before[item.key]))
        | ({"note": notes[item.key]} if item.key in notes else {})
        for item in scenario.items
        if item.value is not before[item.key].value and item.value != before[item.key].value
    }


def _end(bound: float | Path, scale: Scale) -> str:
    """An end of a range in the shown unit; of a path, its points."""
    if isinstance(bound, Path):
        return "; ".join(f"{bound.label(at)}: {scale.text(v)}" for at, v in bound.points)
    return scale.text(bound)


def _periods(path: Path, years: Iterable[int]) -> list[str]:
    """The periods that a table shows: the forecast's, and every point before it."""
    if path.by == "quarter":
        return [path.label(period) for period in path.periods]
    return [str(year) for year in sorted({*years, *path.periods})]
