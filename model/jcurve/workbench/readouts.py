"""Numbers in words: headlines with their change against base, differences, traces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jcurve.assumptions import Difference
from jcurve.case import Case
from jcurve.engine.render import short_number
from jcurve.engine.trace import Node
from jcurve.figures.lens import money
from jcurve.figures.numbers import MINUS, written

__all__ = ["HEADLINES", "comparison", "differences", "headlines", "trace"]

_MILLIONS = 1000.0
_QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Headline:
    """A number on top of the panel.

    Attributes:
        title: in words.
        better: 1 where more is better, -1 where less is, 0 where neither.
    """

    title: str
    better: int = 1


HEADLINES: Mapping[str, Headline] = MappingProxyType(
    {
        "npv": Headline("Net present value"),
        "payback": Headline("Payback", -1),
        "discounted_payback": Headline("Discounted payback", -1),
        "irr": Headline("Internal rate of return"),
        "trough_amount": Headline("Trough of the J-curve"),
        "multiple_on_invested_capital": Headline("Multiple of capital"),
    }
)


def headlines(case: Case, base: Case, view: str) -> list[dict[str, Any]]:
    """The headline numbers of a case in a view, each with its change against base.

    Returns:
        ``name``, ``title``, ``text``, ``note``, ``change`` in words, and ``trend``: 1 better
        than base, -1 worse, 0 neither.
    """
    own, others = case.headlines()[view], base.headlines()[view]
    made = []
    for name, headline in HEADLINES.items():
        text, note = _told(name, case, own, view)
        change, trend = _change(name, headline, own, others)
        made.append(
            {
                "name": name,
                "title": headline.title,
                "text": text,
                "note": note,
                "change": change,
                "trend": trend,
            }
        )
    return made


def _told(
    name: str, case: Case, own: Mapping[str, Mapping[str, Any]], view: str
) -> tuple[str, str]:
    value, unit = own[name]["value"], own[name].get("unit", "")
    if value is None:
        reason = str(own[name]["reason"])
        word = "never" if reason.startswith("never") else "none"
        if name == "payback" and word == "never":
            short = own["unrecovered_balance"]["value"] / _MILLIONS
            last = case.assembly.timeline.labels[-1][:4]
            return word, f"{money(short)} not recovered by {last}"
        return word, "within the horizon" if word == "never" else reason
    text = _value(value, unit)
    if unit == "years":
        start = case.assembly.timeline.years[0] + int(case.row("view_start", view)[0]) / _QUARTERS
        at = start + value
        return text, f"in {int(at)} Q{int((at - int(at)) * _QUARTERS) + 1}"
    if name == "trough_amount" and own["trough_quarter"]["value"] is not None:
        return text, f"in {str(own['trough_quarter']['value']).replace('Q', ' Q')}"
    return text, ""


def _value(value: float, unit: str) -> str:
    if unit == "USD m":
        return money(value / _MILLIONS)
    if unit == "per year":
        return f"{written(value, 'percent', 1)} a year"
    if unit == "years":
        return f"{value:.1f} years"
    return written(value, "multiple", 2)


def _change(
    name: str,
    headline: Headline,
    own: Mapping[str, Mapping[str, Any]],
    base: Mapping[str, Mapping[str, Any]],
) -> tuple[str, int]:
    here, there = own[name]["value"], base[name]["value"]
    unit = own[name].get("unit") or base[name].get("unit", "")
    if here is None and there is None:
        if name == "payback":
            change, trend = _change("unrecovered_balance", Headline("", -1), own, base)
            return (f"shortfall {change}" if trend else change), trend
        return "as in base", 0
    if here is None:
        return f"base: {_value(there, unit)}", -headline.better * (
            name.endswith("payback") * -2 + 1
        )
    if there is None:
        reason = str(base[name]["reason"])
        return f"base: {'never' if reason.startswith('never') else 'none'}", 1
    change = here - there
    text = _difference(change, unit)
    if text is None:
        return "as in base", 0
    return f"{text} against base", headline.better * (1 if change > 0 else -1)


def _difference(change: float, unit: str) -> str | None:
    """A change with its sign; None where it is not seen in the digits shown."""
    sign = MINUS if change < 0 else "+"
    if unit == "USD m":
        return None if abs(change) < 0.5 else money(change / _MILLIONS, sign=True)
    if unit == "per year":
        points = written(abs(change) * 100, decimals=2)
        return None if float(points) == 0 else f"{sign}{points} points"
    if unit == "years":
        years = f"{abs(change):.1f}"
        return None if float(years) == 0 else f"{sign}{years} years"
    times = f"{abs(change):.2f}"
    return None if float(times) == 0 else f"{sign}{times}x"


def differences(found: Iterable[Difference], changed: Iterable[str]) -> list[dict[str, Any]]:
    """What differs from base, as the list shows it; ``own`` where it was changed here."""
    owners = {_owner(key) for key in changed} | set(changed)
    return [
        {
            "key": each.key,
            "label": each.label,
            "unit": each.unit,
            "before": each.before,
            "after": each.after,
            "why": "" if each.set_by == "override" else each.why,
            "own": each.key in owners,
        }
        for each in found
    ]


def _owner(key: str) -> str:
    head, _, last = key.rpartition(".")
    return head if last[:1].isdigit() else key


def comparison(cases: Iterable[tuple[str, Case]], view: str) -> list[dict[str, Any]]:
    """Headlines of several cases side by side: one row a case."""
    made = []
    for name, case in cases:
        own = case.headlines()[view]
        cells = [" ".join(filter(None, _told(each, case, own, view))) for each in HEADLINES]
        made.append({"name": name, "cells": cells})
    return made


def trace(
    case: Case, line: str, at: str | None, side: str, *, depth: int = 3, size: int = 60
) -> dict[str, Any]:
    """What a number rests on, as a tree for the front end.

    Raises:
        UsageError: an unknown line, world, view or period.
    """
    timeline = case.assembly.timeline
    model = case.assembly.model
    name = line.partition("@")[0]
    tagged = "@" in line or (name not in model.viewed and name not in model.worldly)
    found = case.trace(line, at, None if tagged else side, depth=depth, size=size)
    return _node(found, timeline)


def _node(node: Node, timeline: Any) -> dict[str, Any]:
    unit = "" if node.unit == "date" else node.unit
    made: dict[str, Any] = {
        "row": node.row,
        "at": node.at,
        "value": short_number(node.value, node.unit, timeline),
        "unit": unit,
        "kind": node.kind,
        "definition": node.definition,
        "formula": node.formula,
        "through": list(node.through),
        "omitted": node.omitted,
        "elsewhere": node.elsewhere,
        "children": [_node(child, timeline) for child in node.children],
    }
    if node.leaf is not None:
        made["leaf"] = {
            "key": node.leaf.key,
            "kind": node.leaf.kind,
            "source": node.leaf.source,
            "as_of": node.leaf.as_of,
            "rationale": node.leaf.rationale,
        }
    return made
