"""A trace as text and as plain data; numbers with at most four significant digits."""

from __future__ import annotations

from jcurve.engine.timeline import Timeline
from jcurve.engine.trace import Leaf, Node

__all__ = ["as_data", "as_text", "short_number"]

_DIGITS = 4
_SMALLEST, _LARGEST = 1e-4, 1e15
_NAME_WIDTH = 64


def short_number(value: float | None, unit: str = "", timeline: Timeline | None = None) -> str:
    """A number with four significant digits, or a date's quarter.

    >>> short_number(137512.3)
    '137,500'
    >>> short_number(0.08461)
    '0.08461'
    >>> short_number(None)
    '-'
    """
    if value is None:
        return "-"
    if unit == "date" and timeline is not None:
        at = round(value)
        if 0 <= at < len(timeline):
            return timeline.labels[at]
        return "after the horizon" if at > 0 else "before the timeline"
    size = abs(value)
    if value == 0.0:
        return "0"
    if not _SMALLEST <= size < _LARGEST:
        return f"{value:.{_DIGITS - 1}e}"
    rounded = float(f"{value:.{_DIGITS}g}")
    decimals = max(0, _DIGITS - 1 - _exponent(rounded))
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def as_text(node: Node, timeline: Timeline | None = None) -> str:
    """The tree, one number a line: indented name, value, unit, date, then what it is."""
    lines: list[tuple[str, str, str, str, str]] = []
    _add(node, 0, timeline, lines, set())
    name = min(max(len(line[0]) for line in lines), _NAME_WIDTH)
    value = max(len(line[1]) for line in lines)
    unit = max(len(line[2]) for line in lines)
    date = max(len(line[3]) for line in lines)
    return "\n".join(
        f"{a:<{name}}  {b:>{value}} {c:<{unit}}  {d:<{date}}  {e}".rstrip()
        for a, b, c, d, e in lines
    )


def _add(
    node: Node,
    level: int,
    timeline: Timeline | None,
    lines: list[tuple[str, str, str, str, str]],
    told: set[str],
) -> None:
    lines.append(
        (
            "  " * level + node.row,
            short_number(node.value, node.unit, timeline),
            "" if node.unit in ("1", "date") else node.unit,
            node.at,
            _remark(node, timeline, told),
        )
    )
    for child in node.children:
        _add(child, level + 1, timeline, lines, told)


def _remark(node: Node, timeline: Timeline | None, told: set[str]) -> str:
    if node.leaf is not None:
        if node.row in told:  # range and source once are enough
            return node.leaf.label
        told.add(node.row)
        return _leaf_text(node.leaf, node.unit, timeline)
    if node.elsewhere:
        return "(opened elsewhere)"
    parts = [node.definition.replace("\n", " ")] if node.definition else []
    if node.through:
        parts.append(f"[through {', '.join(node.through)}]")
    if node.omitted:
        parts.append(f"({node.omitted} precedents not shown)")
    return " ".join(parts)


def _leaf_text(leaf: Leaf, unit: str, timeline: Timeline | None) -> str:
    parts = [leaf.label] if leaf.label else []
    if leaf.low is not None and leaf.high is not None:
        low, high = (short_number(v, unit, timeline) for v in (leaf.low, leaf.high))
        parts.append(f"range {low} to {high}")
    parts.append(leaf.kind)
    if leaf.source:
        parts.append(leaf.source)
    if leaf.as_of:
        parts.append(f"as of {leaf.as_of}")
    return "; ".join(parts).replace("\n", " ")


def as_data(node: Node) -> dict[str, object]:
    """The tree as plain data for JSON, with full precision; empty parts left out."""
    data: dict[str, object] = {
        "row": node.row,
        "kind": node.kind,
        "unit": node.unit,
        "value": node.value,
    }
    optional: dict[str, object] = {
        "at": node.at,
        "definition": node.definition,
        "formula": node.formula,
        "through": list(node.through),
        "omitted": node.omitted,
        "elsewhere": node.elsewhere,
    }
    data.update({key: value for key, value in optional.items() if value})
    if node.leaf is not None:
        leaf = node.leaf
        known: dict[str, object] = {
            "key": leaf.key,
            "label": leaf.label,
            "kind": leaf.kind,
            "source": leaf.source,
            "as_of": leaf.as_of,
            "low": leaf.low,
            "high": leaf.high,
            "rationale": leaf.rationale,
        }
        data["leaf"] = {key: value for key, value in known.items() if value not in ("", None)}
    if node.children:
        data["precedents"] = [as_data(child) for child in node.children]
    return data
