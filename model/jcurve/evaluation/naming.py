"""What a reader's name for a number means (``npv.go_forward``), and how a figure is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jcurve.engine.model import SHARED, SYSTEM_INPUTS, VIEWS, WORLDS, Model, RowKey
from jcurve.engine.trace import short_number
from jcurve.ground.errors import UsageError

__all__ = [
    "DEFAULT_VIEW",
    "DEFAULT_WORLD",
    "MOVED_BY",
    "figure_label",
    "headline_text",
    "key_of",
    "members_of",
]

DEFAULT_VIEW = "programme"
DEFAULT_WORLD = "with"
MOVED_BY = ("NPV rises by", "NPV falls by")
"""How the sentence on what moved NPV begins, by which a mail finds it."""

_CAPITALS = ("npv", "irr", "ebitda", "sbc")
_RATES = {"share": "%", "per year": "% a year"}


def key_of(model: Model, name: str, tag: str | None = None) -> RowKey:
    """The row that ``name`` means.

    Args:
        model: the lines.
        name: ``line``, ``line.member``, either with ``@world`` or ``@view``, or with
            ``.view``; or an input.
        tag: a world or view; the name's own wins. None means the company with its
            programme, and for lines of a view the programme view.

    Raises:
        UsageError: no such line, world or view, or not together.
    """
    row, _, given = name.partition("@")
    if not given and row not in model.outputs:
        head, _, last = row.rpartition(".")
        if last in (*VIEWS, *WORLDS) and head:
            row, given = head, last
    wanted = given or tag
    known = {*model.outputs, *model.inputs, *SYSTEM_INPUTS}
    if row in model.families:
        members = ", ".join(model.families[row].values())
        raise UsageError("a family of lines, not one", received=row, allowed=members)
    if row not in known:
        raise UsageError.not_among("unknown line", row, (*known, *model.families), allowed="")
    if wanted is not None and wanted not in (*VIEWS, *WORLDS):
        raise UsageError.not_among("unknown world or view", wanted, (*WORLDS, *VIEWS))
    if row in model.viewed:
        if wanted in WORLDS:
            raise UsageError(
                f"{row} is a line of a view, not of a world",
                received=wanted,
                allowed=", ".join(VIEWS),
            )
        return row, wanted or DEFAULT_VIEW
    if row in model.worldly:
        return row, wanted or DEFAULT_WORLD
    # A row that no world changes is the same in each, and its difference in a view is zero.
    return row, wanted if wanted is not None and wanted in VIEWS else SHARED


def members_of(model: Model, names: Iterable[str]) -> list[str]:
    """``names`` with each family replaced by its members, in order, ``@world`` kept."""
    found: list[str] = []
    for name in names:
        row, at, tag = name.partition("@")
        rows = model.families[row].values() if row in model.families else (row,)
        found.extend(f"{each}{at}{tag}" for each in rows)
    return found


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
    words = [word.upper() if word in _CAPITALS else word for word in name.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])
