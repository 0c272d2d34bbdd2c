"""What a step of a formula is called: what the line's own source calls it, and what it does in words.

A line gives names to its parts: ``late = bought * delayed_share``. They are gone once the function
has returned, so they are taken while it runs. What has no name is said from its operation.

>>> words("placed_in_service.buildings")
'Placed in service: buildings'
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, TypeVar

from jcurve.engine.symbol import Symbol
from jcurve.workbook.formula_graph import Node

__all__ = ["label_of", "said", "titled", "unit_of", "words"]

T = TypeVar("T")
_LINES = "jcurve.lines."
_ACRONYMS = frozenset({"npv", "irr", "ebitda", "sbc", "h100e", "ai", "eu", "us", "wacc"})
_LONGEST = 78

_SAID: Mapping[str, str] = {
    "add": "{0} plus {1}",
    "subtract": "{0} less {1}",
    "multiply": "{0} times {1}",
    "divide": "{0} over {1}",
    "ratio": "{0} over {1}",
    "power": "{0} to the power of {1}",
    "negative": "minus {0}",
    "exp": "exponential of {0}",
    "log": "logarithm of {0}",
    "minimum": "the lesser of {0} and {1}",
    "maximum": "the greater of {0} and {1}",
    "less": "1 where {0} is below {1}",
    "less_equal": "1 where {0} is at most {1}",
    "greater": "1 where {0} is above {1}",
    "greater_equal": "1 where {0} is at least {1}",
    "equal": "1 where {0} is {1}",
    "not_equal": "1 where {0} is not {1}",
    "logical_and": "1 where both: {0}; {1}",
    "logical_or": "1 where either: {0}; {1}",
    "logical_not": "1 where not: {0}",
    "where": "{1} where {0}, else {2}",
    "lag": "{0}, {1} earlier",
    "recalled": "{0}, {1} earlier",
    "running_sum": "{0}, summed to date",
    "year_sum": "{0}, of the calendar year",
    "year_to_date": "{0}, of the year to date",
    "sum_to_date": "{0}, of all quarters",
    "value_at": "{0} at {1}",
    "splice": "{0}, then {1}",
    "grow": "{0}, then growing by {1}",
    "balance": "{0} at the quarter's end",
    "opened": "{0} at the quarter's end, and as it opens",
    "previous": "{0} at the quarter's beginning",
    "crossing": "when {0} rises through zero, else -1",
    "not_above": "quarter after one in which {0} is not above zero, else 0",
    "whole": "whole quarters of {0}",
    "part": "part of a quarter of {0}",
    "constant": "{0}, the same in every quarter",
    "along": "{0}, in every quarter",
}  # fmt: skip


def words(name: str) -> str:
    """The name of a row or a variable in words."""
    parts = name.lstrip("_").replace(".", ": ").split("_")
    text = " ".join(part.upper() if part in _ACRONYMS else part for part in parts)
    return text[:1].upper() + text[1:]


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
        sys.setprofile(before)
    return made, returned | names


def label_of(node: Node) -> str:
    """A short label of a step, such as ``To date: placed over life, summed to date``."""
    told = said(node, 2)
    text = f"{node.title}: {told}" if node.title and node.title != told else told
    text = text[:1].upper() + text[1:]
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rpartition(" ")[0] + " …"


def said(node: Node, depth: int) -> str:
    """What a step holds, in words; parts that lie deeper than ``depth`` by their names."""
    if node.op == "row":
        return words(node.data[0]).lower()
    if node.op == "number":
        return node.title or f"{node.data:g}"
    if node.op in ("balance", "previous"):
        group, place = node.data
        own = node.title or group.outputs[place].title or "the balance"
        return _SAID[node.op].format(own)
    if node.op in ("opened", "positive", "along"):
        return said(node.args[0], depth)
    form = _SAID.get(node.op)
    parts = [_part(arg, depth - 1) for arg in node.args]
    return form.format(*parts) if form else f"{words(node.op).lower()} of {', '.join(parts)}"


def _part(node: Node, depth: int) -> str:
    if node.title and node.op != "number":
        return node.title
    if depth < 0:
        return "what is computed before"
    text = said(node, depth)
    return f"({text})" if node.args and node.op not in ("lag", "running_sum", "value_at") else text


def unit_of(node: Node) -> str:
    """The unit of a step, in words."""
    if node.is_truth:
        return "switch"
    return {"": "number", "1": "number"}.get(node.unit, node.unit)
