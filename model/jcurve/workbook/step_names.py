"""What a step of a formula is called: by the line's own source, and by what it does, in words.

A line gives names to its parts: ``late = bought * delayed_share``. They are gone once the function
has returned, so they are taken while it runs. What has no name is said from its operation.

>>> words("placed_in_service.buildings")
'Placed in service: buildings'
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

from jcurve.engine.symbol import Symbol
from jcurve.evaluation.naming import LINE_NAMES
from jcurve.workbook.formula_graph import HORIZON, Node
from jcurve.workbook.grid import TABLES

T = TypeVar("T")
_LINES = "jcurve.lines."
_ACRONYMS = frozenset({"npv", "irr", "ebitda", "sbc", "h100e", "ai", "eu", "us", "wacc"})
_LONGEST, _DEFINITION = 78, 300

_MARKED = re.compile(r"(?<![\w*`])(\*{1,2}|`{1,2})(\w[^*`]*)\1(?!\w)")
_LOOSE = frozenset({"add", "subtract", "multiply", "divide", "ratio", "power", "negative"})
"""Operations that stand in brackets inside another of them."""


def words(name: str) -> str:
    """The name of a row or a variable in words."""
    if name in LINE_NAMES:
        return LINE_NAMES[name]
    parts = name.lstrip("_").replace(".", ": ").split("_")
    text = " ".join(part.upper() if part in _ACRONYMS else part for part in parts)
    return text[:1].upper() + text[1:]


def plain(text: str) -> str:
    """A definition on one line, without the marks of emphasis of the documentation."""
    return _MARKED.sub(r"\2", " ".join(text.split()))


def titled(call: Callable[[], T]) -> tuple[T, dict[int, str]]:
    """What a call of a line returns, and by the identity of each symbol what the source of the
    lines calls it: a variable, or else the function that returned it."""
    names: dict[int, str] = {}
    returned: dict[int, str] = {}
    held: list[Symbol] = []  # a symbol that is gone would leave its identity to another

    def watch(frame: FrameType, event: str, made: Any) -> None:
        if event == "return" and frame.f_globals.get("__name__", "").startswith(_LINES):
            for name, value in frame.f_locals.items():
                if isinstance(value, Symbol) and value.op != "row":
                    held.append(value)
                    names.setdefault(id(value), words(name).lower())
            if isinstance(made, Symbol):
                held.append(made)
                returned.setdefault(id(made), words(frame.f_code.co_name).lower())

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        made = call()
    finally:
        sys.setprofile(before if callable(before) else None)  # a C profiler cannot be put back
    return made, returned | names


def label_of(node: Node) -> str:
    """A short label of a step, such as ``To date: placed over life, summed to date``."""
    told = said(node, 2)
    text = f"{node.title}: {told}" if node.title and node.title != told else told
    return _clipped(text, _LONGEST)


def definition_of(node: Node) -> str:
    """The same at length."""
    return _clipped(said(node, 5), _DEFINITION)


def _clipped(text: str, most: int) -> str:
    text = text[:1].upper() + text[1:]
    return text if len(text) <= most else text[: most - 1].rpartition(" ")[0] + " …"


def said(node: Node, depth: int, inside: str = "") -> str:
    """What a step holds, in words; parts that lie deeper than ``depth`` by their names."""
    if node.op == "row":
        return words(node.data[0]).lower()
    if node.op == "number":
        return node.title or f"{node.data:g}"
    if inside and node.title:
        return node.title
    if node.op in ("balance", "previous"):
        group, place = node.data
        own = node.title or group.outputs[place].title or "the balance"
        return str(TABLES["said"][node.op]).format(own)
    capped = node.op == "minimum" and node.args[1].title == HORIZON
    if capped or node.op in ("positive", "along"):
        return said(node.args[0], depth, inside)
    if depth < 0:
        return "…"
    parts = [said(arg, depth - 1, node.op) for arg in node.args]
    form = TABLES["said"].get(node.op)
    text: str = form.format(*parts) if form else f"{words(node.op).lower()} of {', '.join(parts)}"
    if node.is_truth and not inside:
        return f"1 where {text}"
    loose = inside in _LOOSE and (node.op in _LOOSE or node.op == "where")
    return f"({text})" if loose else text
