"""What a reader in a hurry asks: what can go wrong, and what has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jcurve.figures.lens import MILLIONS, NOTHING, Lens, money
from jcurve.figures.prose import Part, Prose, bullets, prose, strong

if TYPE_CHECKING:
    from jcurve.analysis.sensitivity import Swing
    from jcurve.case import Case

__all__ = ["Earlier", "changes", "risks"]

_MOVED = 0.005
"""A headline that moved by less than this share of itself is as it was."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier edition said.

    Attributes:
        data_through, valuation_date: its quarters.
        scenario_hash: of its scenario.
        headlines: name → ``{value, unit}`` or ``{value: None, reason}``, of the same view.
    """

    data_through: str
    valuation_date: str
    scenario_hash: str
    headlines: Mapping[str, Mapping[str, Any]]


def _said(text: str, unit: str) -> str:
    """A value as the model writes it, with at most three digits and its unit."""
    try:
        value = float(f"{float(text.replace(',', '')):.3g}")
    except ValueError:
        return text  # a quarter, a choice, a path
    if unit in ("share", "per year"):
        return f"{value * 100:.3g}%"
    if unit == "USD m":
        return money(value / MILLIONS)
    plain = f"{value:,}".removesuffix(".0")
    return plain if unit in _SILENT else f"{plain} {unit}"


_SILENT = ("x", "switch", "million")


def risks(case: Case, moves: Sequence[Swing], view: str = "programme", count: int = 4) -> Prose:
    """The ends of ranges that cost the most, in words.

    Args:
        case: an evaluated scenario.
        moves: assumptions with what their ranges do to ``npv`` of the view.
        view: of the value.
        count: how many are named.
    """
    lens = Lens(case, view)
    if lens.is_empty:
        return prose("The two cases are the same, so no assumption puts value at risk.")
    output = f"npv.{view}"
    here = lens.figure("npv") or 0.0
    losses = []
    for move in moves:
        worst, end, text = min(
            (move.at_low[output], "low", move.low), (move.at_high[output], "high", move.high)
        )
        if worst == worst and worst / MILLIONS < here - NOTHING:  # NaN where the end is no world
            losses.append((worst / MILLIONS, end, text, move))
    losses.sort(key=lambda each: each[0])
    items: list[list[Part]] = [
        [
            strong(f"{lens.called(move.key)}. "),
            f"At {_end(end, text, move.unit)} the value falls by {money(here - worst)} "
            f"to {money(worst)} ({move.kind}).",
        ]
        for worst, end, text, move in losses[:count]
    ]
    return bullets(*items)


def _end(end: str, text: str, unit: str) -> str:
    return f"its {end} path" if ";" in text else _said(text, unit)


def changes(case: Case, earlier: Earlier | None, view: str = "programme") -> Prose:
    """What has changed since the last edition of the same report and series.

    Args:
        case: an evaluated scenario.
        earlier: what that edition said; None for the first.
        view: of the headline figures.
    """
    lens = Lens(case, view)
    if earlier is None:
        return prose("This is the first edition: there is nothing to compare with.")
    parts = []
    if earlier.data_through != case.data_through:
        parts.append(
            f"Data now reach {lens.quarter(case.data_through)}, "
            f"before {lens.quarter(earlier.data_through)}."
        )
    if earlier.scenario_hash != case.scenario.hash:
        parts.append("Assumptions have changed.")
    moved = [text for name in ("npv", "trough_amount") if (text := _moved(lens, earlier, name))]
    back = _payback_moved(lens, earlier)
    said = [*moved, *([back] if back else [])]
    if said:
        parts += said
    elif not parts:
        return prose("Nothing has changed since the last edition: same data, same assumptions.")
    else:
        parts.append("The headline figures are as they were.")
    return prose(" ".join(parts))


def _moved(lens: Lens, earlier: Earlier, name: str) -> str:
    words = {"npv": "Net present value", "trough_amount": "The trough"}
    before = earlier.headlines.get(name, {}).get("value")
    now = lens.figure(name)
    if not isinstance(before, int | float) or now is None:
        return ""
    was = float(before) / MILLIONS
    if abs(now - was) <= _MOVED * max(abs(was), NOTHING):
        return ""
    return f"{words[name]} moved from {money(was)} to {money(now)}."


def _payback_moved(lens: Lens, earlier: Earlier) -> str:
    before, now = earlier.headlines.get("payback", {}).get("value"), lens.figure("payback")
    if before is None and now is None:
        return ""
    if before is None:
        return f"It now pays back, after {now:.1f} years; before it did not."
    if now is None:
        return f"It no longer pays back; before it did after {float(before):.1f} years."
    if abs(now - float(before)) <= _MOVED * abs(float(before)):
        return ""
    return f"Payback moved from {float(before):.1f} to {now:.1f} years."
