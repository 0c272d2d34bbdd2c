"""What has changed since the last edition, and what differs in another scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jcurve.analysis.revisions import Figures, Revision, revision
from jcurve.analysis.snapshots import Comparison, compare, snapshot_of_case
from jcurve.case import Case
from jcurve.evaluation.naming import VIEW_WORDS, figure_label, headline_text
from jcurve.figures import revised
from jcurve.figures.display import Part, Prose, prose
from jcurve.figures.exhibit import Exhibit, TableExhibit, saying, table
from jcurve.figures.lens import Lens
from jcurve.ground.errors import JCurveError
from jcurve.ground.numbers import MILLIONS, NOTHING, change, money, spelt

_MOVED = 0.005  # NPV that moved by less than this share of itself is as it was
_DRAWN = 3


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier edition said."""

    data_through: str  # data_through, valuation_date: its quarters
    valuation_date: str
    scenario_hash: str  # of its scenario
    # name → ``{value, unit}`` or ``{value: None, reason}``, of the same view
    headlines: Mapping[str, Mapping[str, Any]]
    published: str = ""  # its day in words
    # puts together what it rested on, and all figures that it printed
    rebuilt: Callable[[], tuple[Case, Figures]] | None = None
    _memo: dict[str, Revision | None] = field(default_factory=dict, repr=False, compare=False)

    def until(self, lens: Lens) -> Revision | None:
        """What moved the answer since, where NPV moved and the edition can be rebuilt."""
        value, known = self.headlines.get("npv", {}).get("value"), lens.case.scenario.hash
        if self.rebuilt is None or not isinstance(value, int | float):
            return None
        if abs(lens.npv - value / MILLIONS) < NOTHING:
            return None
        if known not in self._memo:
            try:
                before, printed = self.rebuilt()
                found = revision(before, lens.case, printed_before=printed)
            except JCurveError:  # it cannot be put together, or it knew more
                found = None
            self._memo[known] = found
        return self._memo[known]


def since(lens: Lens, earlier: Earlier | None) -> list[tuple[str, list[Part]]]:
    """What has changed since the last edition, with its heading, in one line of a first page;
    nothing before the first edition and where nothing has changed."""
    if earlier is None:
        return []
    found, parts = earlier.until(lens), list[Part](_new_data(lens, earlier))
    moved = None if found is None else found.change("npv", lens.view)
    told = _moved(lens, earlier)
    if moved is not None and moved.moved:
        told = revised.sentence(moved)
    parts += [" " if parts and told else "", told]
    day = f" since {earlier.published}" if earlier.published else " since the last edition"
    return [(f"What has changed{day}", [part for part in parts if part])] if any(parts) else []


def changes(lens: Lens, earlier: Earlier | None) -> Exhibit | Prose:
    """The bridge from the last edition of the same report and series; in words where there is
    none, or where what it rested on is not on record.

    Args:
        earlier: what that edition said; None for the first.
    """
    if earlier is None:
        return prose("This is the first edition: there is nothing to compare with.")
    found = earlier.until(lens)
    moved = None if found is None else found.change("npv", lens.view)
    if found is None or moved is None or not moved.moved:
        return prose(_in_words(lens, earlier))
    return revised.steps(lens, found, most=_DRAWN)


def _new_data(lens: Lens, earlier: Earlier) -> list[str]:
    if earlier.data_through == lens.case.data_through:
        return []
    return [
        f"Data now reach {lens.quarter(lens.case.data_through)}, "
        f"before {lens.quarter(earlier.data_through)}."
    ]


def _in_words(lens: Lens, earlier: Earlier) -> str:
    inputs = _new_data(lens, earlier)
    if earlier.scenario_hash != lens.case.scenario.hash:
        inputs.append("Assumptions have changed.")
    told = _moved(lens, earlier)
    if not inputs and not told:
        return "Nothing has changed since the last edition: same data, same assumptions."
    return " ".join([*inputs, told or "Net present value is as it was."])


def _moved(lens: Lens, earlier: Earlier) -> str:
    before = earlier.headlines.get("npv", {}).get("value")
    if not isinstance(before, int | float):
        return ""
    was = float(before) / MILLIONS
    if abs(lens.npv - was) <= _MOVED * max(abs(was), NOTHING):
        return ""
    return f"Net present value moved from {money(was)} to {money(lens.npv)}."


def compared(one: Lens, other: Lens) -> tuple[TableExhibit, ...]:
    """Headline figures that moved from ``one`` to ``other`` and the inputs that differ.

    A table without rows is left out.
    """
    found = compare(
        *(snapshot_of_case(each.case, each.case.scenario.title) for each in (one, other))
    )
    name = other.case.scenario.name.replace("_", "-").lower()
    tables = (
        what_moved(found, one.view, id=f"moved-{name}", clause=one.clause),
        what_differs(found, id=f"differs-{name}"),
    )
    return tuple(each for each in tables if each is not None)


def what_differs(comparison: Comparison, id: str = "what-differs") -> TableExhibit | None:
    """The inputs that differ, or None when none does."""
    if not comparison.inputs:
        return None
    count, one, other = len(comparison.inputs), comparison.one, comparison.other
    return table(
        [("Assumption", 3), (one.name, 2), (other.name, 2)],
        [
            (
                each.label + (" (range)" if each.what == "range" else ""),
                *each.shown(),
            )
            for each in comparison.inputs
        ],
        id=id,
        title=f"{other.name} changes {spelt(count)} assumption{'' if count == 1 else 's'} of "
        f"{one.name}",
        source=f"scenarios {one.hash[:12]} and {other.hash[:12]}",
    )


def what_moved(
    comparison: Comparison,
    view: str = "programme",
    id: str = "what-moved",
    clause: Callable[[str], str] = lambda _: "",
) -> TableExhibit | None:
    """The headline figures of a view that moved, or None when none did; ``clause`` says what each
    is."""
    moves = [move for move in comparison.moves if move.view == view]
    if not moves:
        return None
    count, one, other = len(moves), comparison.one, comparison.other
    return table(
        [("Figure", 2), (one.name, 2), (other.name, 2), ("Change", 2)],
        [
            saying(
                clause(move.name),
                figure_label(move.name),
                headline_text(move.before) or "not given",
                headline_text(move.after) or "not given",
                "–" if move.change is None else change(move.change, move.unit or ""),
            )
            for move in moves
        ],
        id=id,
        title=f"From {one.name} to {other.name}, {spelt(count)} headline "
        f"figure{' changes' if count == 1 else 's change'}",
        subtitle=VIEW_WORDS[view].capitalize(),
        source=f"J-Curve model, scenarios {one.hash[:12]} and {other.hash[:12]}",
    )
