"""A section that a report can include: what moved against another scenario, and why.

``show(*compared(base, bear, view))`` in a notebook shows both tables.
"""

from __future__ import annotations

from jcurve.analysis.snapshots import Comparison, compare, snapshot_of_case
from jcurve.case import Case
from jcurve.evaluation.naming import figure_label, headline_text
from jcurve.figures import Column, TableExhibit, table

__all__ = ["compared", "what_differs", "what_moved"]

_VIEWS = {"programme": "whole programme", "go_forward": "from today on"}


def compared(one: Case, other: Case, view: str = "programme") -> tuple[TableExhibit, ...]:
    """Headline figures that moved from ``one`` to ``other`` and the inputs that differ.

    A table without rows is left out.
    """
    found = compare(snapshot_of_case(one), snapshot_of_case(other))
    name = other.scenario.name.replace("_", "-").lower()
    tables = (
        what_moved(found, view, id=f"moved-{name}"),
        what_differs(found, id=f"differs-{name}"),
    )
    return tuple(each for each in tables if each is not None)


def what_differs(comparison: Comparison, id: str = "what-differs") -> TableExhibit | None:
    """The inputs that differ, or None when none does."""
    if not comparison.inputs:
        return None
    count = len(comparison.inputs)
    return table(
        [
            Column(label="Assumption", style="text", weight=3),
            Column(label=comparison.one.name, style="text", weight=2),
            Column(label=comparison.other.name, style="text", weight=2),
            Column(label="Unit", style="text"),
        ],
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
        f"differ{'s' if count == 1 else ''} from {comparison.one.name}",
        source=f"Scenarios {comparison.one.hash[:12]} and {comparison.other.hash[:12]}.",
    )


def what_moved(
    comparison: Comparison, view: str = "programme", id: str = "what-moved"
) -> TableExhibit | None:
    """The headline figures of a view that moved, or None when none did."""
    moves = [move for move in comparison.moves if move.view == view]
    if not moves:
        return None
    count = len(moves)
    return table(
        [
            Column(label="Figure", style="text", weight=2),
            Column(label=comparison.one.name, style="text", weight=2),
            Column(label=comparison.other.name, style="text", weight=2),
            Column(label="Change", style="text", weight=2),
        ],
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
        f"from {comparison.one.name} to {comparison.other.name}",
        subtitle=f"View: {_VIEWS.get(view, view)}",
        source=f"Scenarios {comparison.one.hash[:12]} and {comparison.other.hash[:12]}, evaluated.",
    )
