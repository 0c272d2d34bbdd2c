"""What a reader in a hurry asks: what can go wrong, and what has changed since the last edition
or differs in another scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jcurve.analysis.snapshots import Comparison, compare, snapshot_of_case
from jcurve.evaluation.naming import figure_label, headline_text
from jcurve.figures import revised
from jcurve.figures.display import Part, Prose, bullets, prose, strong
from jcurve.figures.exhibit import TableExhibit, table
from jcurve.figures.lens import Lens
from jcurve.figures.numbers import MILLIONS, NOTHING, money

if TYPE_CHECKING:
    from jcurve.analysis.revisions import Figures
    from jcurve.analysis.sensitivity import Swing
    from jcurve.case import Case

_MOVED = 0.005
"""A headline that moved by less than this share of itself is as it was."""
_UNITS_UNSAID = ("x", "switch", "million")


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier edition said.

    Attributes:
        data_through, valuation_date: its quarters.
        scenario_hash: of its scenario.
        headlines: name → ``{value, unit}`` or ``{value: None, reason}``, of the same view.
        rebuilt: puts together what it rested on, and all figures that it printed.
    """

    data_through: str
    valuation_date: str
    scenario_hash: str
    headlines: Mapping[str, Mapping[str, Any]]
    rebuilt: Callable[[], tuple[Case, Figures]] | None = None


def risks(lens: Lens, swings: Sequence[Swing], count: int = 4) -> Prose:
    """The ends of ranges that cost the most, in words.

    Args:
        lens: a case in a view.
        swings: assumptions with what their ranges do to ``npv`` of the view.
        count: how many are named.
    """
    if lens.is_empty:
        return prose("The two cases are the same, so no assumption puts value at risk.")
    output = f"npv.{lens.view}"
    losses = []
    for swing in swings:
        worst, end, text = min(
            (swing.at_low[output], "low", swing.low), (swing.at_high[output], "high", swing.high)
        )
        # NaN, where the end is no world, is below nothing.
        if worst / MILLIONS < lens.npv - NOTHING:
            losses.append((worst / MILLIONS, end, text, swing))
    losses.sort(key=lambda each: each[0])
    items: list[list[Part]] = [
        [
            strong(f"{lens.called(swing.key)}. "),
            f"At {_end(end, text, swing.unit)} the value falls by {money(lens.npv - worst)} "
            f"to {money(worst)} ({swing.kind}).",
        ]
        for worst, end, text, swing in losses[:count]
    ]
    return bullets(*items)


def _end(end: str, text: str, unit: str) -> str:
    """An end of a range as the model writes it, with at most three digits and its unit."""
    if ";" in text:
        return f"its {end} path"
    try:
        value = float(f"{float(text.replace(',', '')):.3g}")
    except ValueError:
        return text  # a quarter, a choice
    if unit in ("share", "per year"):
        return f"{value * 100:.3g}%"
    if unit == "USD m":
        return money(value / MILLIONS)
    plain = f"{value:,}".removesuffix(".0")
    return plain if unit in _UNITS_UNSAID else f"{plain} {unit}"


def changes(lens: Lens, earlier: Earlier | None) -> Prose:
    """What has changed since the last edition of the same report and series.

    Args:
        lens: a case in a view.
        earlier: what that edition said; None for the first.
    """
    if earlier is None:
        return prose("This is the first edition: there is nothing to compare with.")
    inputs = []
    if earlier.data_through != lens.case.data_through:
        inputs.append(
            f"Data now reach {lens.quarter(lens.case.data_through)}, "
            f"before {lens.quarter(earlier.data_through)}."
        )
    if earlier.scenario_hash != lens.case.scenario.hash:
        inputs.append("Assumptions have changed.")
    results = [
        _moved(lens, earlier, "npv", "Net present value"),
        _moved(lens, earlier, "trough_amount", "The trough"),
        _payback_moved(lens, earlier),
    ]
    results = [text for text in results if text]
    if not inputs and not results:
        return prose("Nothing has changed since the last edition: same data, same assumptions.")
    said = [" ".join([*inputs, *(results or ["The headline figures are as they were."])])]
    found = revised.since(lens, earlier.rebuilt) if results and earlier.rebuilt else None
    change = None if found is None else found.change("npv", lens.view)
    if change is not None and change.moved:
        said.append(revised.sentence(change))
    return prose(*said)


def _moved(lens: Lens, earlier: Earlier, name: str, words: str) -> str:
    before, now = earlier.headlines.get(name, {}).get("value"), lens.figure(name)
    if not isinstance(before, int | float) or now is None:
        return ""
    was = float(before) / MILLIONS
    if abs(now - was) <= _MOVED * max(abs(was), NOTHING):
        return ""
    return f"{words} moved from {money(was)} to {money(now)}."


def _payback_moved(lens: Lens, earlier: Earlier) -> str:
    before, now = earlier.headlines.get("payback", {}).get("value"), lens.figure("payback")
    if before is None:
        return "" if now is None else f"It now pays back, after {now:.1f} years; before it did not."
    was = float(before)
    if now is None:
        return f"It no longer pays back; before it did after {was:.1f} years."
    if abs(now - was) <= _MOVED * abs(was):
        return ""
    return f"Payback moved from {was:.1f} to {now:.1f} years."


def compared(one: Lens, other: Lens) -> tuple[TableExhibit, ...]:
    """Headline figures that moved from ``one`` to ``other`` and the inputs that differ.

    A table without rows is left out.
    """
    found = compare(snapshot_of_case(one.case), snapshot_of_case(other.case))
    name = other.case.scenario.name.replace("_", "-").lower()
    tables = (
        what_moved(found, one.view, id=f"moved-{name}"),
        what_differs(found, id=f"differs-{name}"),
    )
    return tuple(each for each in tables if each is not None)


def what_differs(comparison: Comparison, id: str = "what-differs") -> TableExhibit | None:
    """The inputs that differ, or None when none does."""
    if not comparison.inputs:
        return None
    count, one, other = len(comparison.inputs), comparison.one, comparison.other
    return table(
        [("Assumption", 3), (one.name, 2), (other.name, 2), "Unit"],
        [
            (
                each.label + (" (range)" if each.what == "range" else ""),
                each.before or "not stated",
                each.after or "not stated",
                each.unit,
            )
            for each in comparison.inputs
        ],
        id=id,
        title=f"{count} assumption{'' if count == 1 else 's'} "
        f"differ{'s' if count == 1 else ''} from {one.name}",
        source=f"Scenarios {one.hash[:12]} and {other.hash[:12]}.",
        reading=(),
    )


def what_moved(
    comparison: Comparison, view: str = "programme", id: str = "what-moved"
) -> TableExhibit | None:
    """The headline figures of a view that moved, or None when none did."""
    moves = [move for move in comparison.moves if move.view == view]
    if not moves:
        return None
    count, one, other = len(moves), comparison.one, comparison.other
    return table(
        [("Figure", 2), (one.name, 2), (other.name, 2), ("Change", 2)],
        [
            (
                figure_label(move.name),
                headline_text(move.before) or "not given",
                headline_text(move.after) or "not given",
                "–"
                if move.change is None
                else headline_text({"value": move.change, "unit": move.unit}),
            )
            for move in moves
        ],
        id=id,
        title=f"{count} headline figure{'' if count == 1 else 's'} moved "
        f"from {one.name} to {other.name}",
        subtitle=f"View: {'whole programme' if view == 'programme' else 'from today on'}",
        source=f"Scenarios {one.hash[:12]} and {other.hash[:12]}, evaluated.",
        reading=(),
    )
