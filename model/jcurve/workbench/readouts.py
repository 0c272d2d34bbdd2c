"""Numbers in words: headlines with their change against base, differences, traces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from jcurve.assumptions import Assumption, Path, Scenario, compare
from jcurve.assumptions.fields import number_text
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.case import Case
from jcurve.engine.model import Model, RowKey
from jcurve.engine.timeline import Timeline
from jcurve.engine.trace import Node, short_number
from jcurve.ground.numbers import MINUS, money, written
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve.workbench.controls import scale_of

__all__ = ["HEADLINES", "comparison", "differences", "headlines", "trace", "watched"]

_MILLIONS = 1000.0
_TENS = 10.0


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
        "irr": Headline("Rate of return to the horizon"),
        "irr_with_terminal_value": Headline("Rate of return, value beyond included"),
        "trough_amount": Headline("Trough of the J-curve"),
    }
)


_BESIDE = ("unrecovered_balance", "trough_quarter")
"""Results told beside a headline."""


def headlines(case: Case, base: Case, view: str) -> list[dict[str, Any]]:
    """The headline numbers of a case in a view, each with its change against base.

    Returns:
        ``name``, ``title``, ``text``, ``note``, ``change`` in words, and ``trend``: 1 better
        than base, -1 worse, 0 neither.
    """
    own, others = _figures(case, view), _figures(base, view)
    made = []
    for name, headline in HEADLINES.items():
        text, note = _in_words(name, case, own, view)
        change, trend = _change(name, headline, own, others)
        texts = {"name": name, "title": headline.title, "text": text, "note": note}
        made.append({**texts, "change": change, "trend": trend})
    return made


@lru_cache(maxsize=8)
def _figures(case: Case, view: str) -> Mapping[str, Mapping[str, Any]]:
    """What the headlines need of a case; kept, since base and pins are told with every state."""
    return {name: case.headline(name, view) for name in (*HEADLINES, *_BESIDE)}


def watched(model: Model, view: str) -> list[RowKey]:
    """The rows that the headlines of a view are read from."""
    names = [*HEADLINES, *_BESIDE, "view_start"]
    names = [name for name in names if name in model.outputs]
    names += [status for name in names if (status := model.status(name))]
    return [(name, view) for name in names]


def _in_words(
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
        first = int(case.row("view_start", view)[0])
        start = case.assembly.timeline.years[0] + first / QUARTERS_IN_YEAR
        return text, f"in {Quarter.in_time(start + value).replace('Q', ' Q')}"
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
    return f"{text} vs base", headline.better * (1 if change > 0 else -1)


def _difference(change: float, unit: str) -> str | None:
    """A change with its sign; None where it is not seen in the digits shown."""
    sign = MINUS if change < 0 else "+"
    if unit == "USD m":
        return None if abs(change) < 0.5 else money(change / _MILLIONS, sign=True)
    if unit == "per year":
        size = abs(change) * 100
        points = written(size, decimals=2 if size < _TENS else 1)
        return None if float(points) == 0 else f"{sign}{points} points"
    if unit == "years":
        years = f"{abs(change):.1f}"
        return None if float(years) == 0 else f"{sign}{years} years"
    times = f"{abs(change):.2f}"
    return None if float(times) == 0 else f"{sign}{times}x"


def differences(scenario: Scenario, base: Scenario, changed: Iterable[str]) -> list[dict[str, Any]]:
    """What differs from base, in the units that controls show; ``own`` where it was changed
    here and not in a file."""
    owners = {_owner(key) for key in changed} | set(changed)
    made = []
    # States share the objects of what nobody changed: only the others are worth comparing.
    touched = tuple(item for item in scenario.items if item is not base.assumptions.get(item.key))
    for each in compare(base, replace(scenario, items=touched)):
        before, after = each.before, each.after
        if each.what == "value":
            before, after = (_shown(items[each.key]) for items in (base, scenario))
        own = each.key in owners
        texts = {"key": each.key, "label": each.label, "before": before, "after": after}
        made.append({**texts, "why": "" if own else each.why, "own": own})
    return made


def _shown(item: Assumption) -> str:
    scale = scale_of(item)
    if isinstance(item.value, tuple):
        return item.text()
    if isinstance(item.value, Path):
        points = (f"{item.value.label(p)}: {scale.text(v)}" for p, v in item.value.points)
        return f"{'; '.join(points)} {scale.label}".strip()
    return f"{scale.text(item.value)} {scale.label}".strip()


def _owner(key: str) -> str:
    head, _, last = key.rpartition(".")
    return head if last[:1].isdigit() else key


def comparison(cases: Iterable[tuple[str, Case]], view: str) -> list[dict[str, Any]]:
    """Headlines of several cases side by side: one row a case."""
    made = []
    for name, case in cases:
        own = _figures(case, view)
        cells = [" ".join(filter(None, _in_words(each, case, own, view))) for each in HEADLINES]
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
    return _node(found, timeline, case.scenario)


def _node(node: Node, timeline: Timeline, scenario: Scenario) -> dict[str, Any]:
    unit = "" if node.unit in (DATE, SWITCH, CHOICE) else node.unit
    value = short_number(node.value, node.unit, timeline)
    if node.value is not None and node.value < 0:
        value = value.replace("-", MINUS, 1)
    if node.leaf is not None and node.value is not None and node.unit in (SWITCH, CHOICE):
        choices = scenario[node.leaf.key].choices if node.leaf.key in scenario else ()
        value = number_text(node.value, node.unit, choices)
    names = ("row", "at", "kind", "definition", "formula", "omitted", "elsewhere")
    made: dict[str, Any] = {name: getattr(node, name) for name in names}
    made |= {"value": value, "unit": unit, "through": list(node.through)}
    made["children"] = [_node(child, timeline, scenario) for child in node.children]
    if node.leaf is not None:
        of_leaf = ("key", "kind", "source", "as_of", "rationale")
        made["leaf"] = {name: getattr(node.leaf, name) for name in of_leaf}
    return made
