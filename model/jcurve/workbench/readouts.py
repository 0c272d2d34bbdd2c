"""Numbers in words: headlines with their change against base, differences, traces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from jcurve.assumptions import Assumption, Path, Scenario, compare
from jcurve.assumptions.fields import number_text
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.case import Case
from jcurve.engine.model import VIEWS
from jcurve.engine.trace import Node, short_number
from jcurve.ground.numbers import MILLIONS, MINUS, money, quarter
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter, Timeline
from jcurve.workbench.controls import said, scale_of
from jcurve.workbench.quantities import Quantity, quantity
from jcurve.workbench.session import owner_of


def cards(case: Case, base: Case, view: str, names: Iterable[str]) -> list[dict[str, Any]]:
    """Numbers on top of the panel, each with its change against base.

    Returns:
        ``name``, ``title``, ``line`` and ``year`` to trace, ``text``, ``note``, ``change`` in
        words, and ``trend``: 1 better than base, -1 worse, 0 neither.
    """
    model = case.assembly.model
    return [_card(quantity(name, model, view), case, base) for name in names]


def _card(what: Quantity, case: Case, base: Case) -> dict[str, Any]:
    if what.year or what.key[1] not in VIEWS:
        text, note = what.text(what.read(case)), what.beside
        here, there = what.read(case), what.read(base)
        change = what.change(here - there) if here is not None and there is not None else None
        told = (f"{change} vs base" if change else "as in base"), 0
    else:
        text, note = _in_words(what, case)
        told = _change(what, case, base)
    words = {"name": what.name, "title": what.title, "line": what.line, "year": what.year}
    return {**words, "text": text, "note": note, "change": told[0], "trend": told[1]}


def _in_words(what: Quantity, case: Case) -> tuple[str, str]:
    name, view = what.key
    figure, short = (case.headline(each, view) for each in (name, "unrecovered_balance"))
    value = figure["value"]
    if value is None:
        reason = str(figure["reason"])
        if not reason.startswith("never"):
            return "none", reason
        if name != "payback":
            return "never", "within the horizon"
        last = case.assembly.timeline.labels[-1][:4]
        return "never", f"{money(short['value'] / MILLIONS)} not recovered by {last}"
    note = ""
    if name.endswith("payback"):
        first = int(case.row("view_start", view)[0])
        start = case.assembly.timeline.years[0] + first / QUARTERS_IN_YEAR
        note = f"in {quarter(Quarter.in_time(start + value))}"
    elif name == "trough_amount" and (at := case.headline("trough_quarter", view)["value"]):
        note = f"in {quarter(at)}"
    return _text(what, value), note


def _change(what: Quantity, case: Case, base: Case) -> tuple[str, int]:
    name, view = what.key
    here, there = (each.headline(name, view)["value"] for each in (case, base))
    if here is None and there is None:
        if name == "payback":
            short = quantity("unrecovered_balance", case.assembly.model, view)
            told, trend = _change(replace(short, better=-1), case, base)
            return (f"shortfall {told}" if trend else told), trend
        return "as in base", 0
    if here is None:
        return f"base: {_text(what, there)}", -1 if what.better > 0 or "payback" in name else 1
    if there is None:
        reason = str(base.headline(name, view)["reason"])
        return f"base: {'never' if reason.startswith('never') else 'none'}", 1
    if isinstance(here, str):
        return (f"base: {_text(what, there)}" if here != there else "as in base"), 0
    change = what.change(here - there)
    if change is None:
        return "as in base", 0
    return f"{change} vs base", what.better * (1 if here > there else -1)


def _text(what: Quantity, value: float | str) -> str:
    return quarter(value) if isinstance(value, str) else what.text(value)


def differences(scenario: Scenario, base: Scenario, changed: Iterable[str]) -> list[dict[str, Any]]:
    """What differs from base, in the units that controls show; ``own`` where it was changed
    here and not in a file."""
    owners = {owner_of(key, base) for key in changed}
    made = []
    # States share the objects of what nobody changed: only the others are worth comparing.
    touched = tuple(item for item in scenario.items if item is not base.assumptions.get(item.key))
    for each in compare(base, replace(scenario, items=touched)):
        before, after = each.before, each.after
        if each.what == "value":
            one, other = base[each.key], scenario[each.key]
            before, after = shown(one, other), shown(other, one)
        own = each.key in owners
        texts = {"key": each.key, "label": each.label, "before": before, "after": after}
        made.append({**texts, "why": "" if own else each.why, "own": own})
    return made


def shown(item: Assumption, other: Assumption | None = None) -> str:
    """The value of an assumption in the unit of its control; of a path its points, beside another
    one only where they differ."""
    scale, path, against = scale_of(item), item.value, None if other is None else other.value
    if isinstance(path, tuple):
        return item.text()
    if not isinstance(path, Path):
        return scale.said(path)
    points: Iterable[tuple[int, float]] = path.points
    if isinstance(against, Path) and against.by == path.by:
        periods = sorted({*path.periods, *against.periods})
        both = zip(periods, path.over(periods), against.over(periods), strict=True)
        points = [(at, v) for at, v, w in both if f"{v:.12g}" != f"{w:.12g}"]
    return said(replace(path, points=tuple(points)), scale)


def trace(
    case: Case, line: str, at: str | None, side: str, *, depth: int = 3, size: int = 60
) -> dict[str, Any]:
    """What a number rests on, as a tree for the front end."""
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
