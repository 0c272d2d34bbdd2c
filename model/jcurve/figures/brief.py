"""What a reader in a hurry asks: what must be true, what can go wrong, what has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jcurve.assumptions.paths import Path as Dated
from jcurve.figures.grounds import range_text
from jcurve.figures.lens import MILLIONS, NOTHING, Lens, money
from jcurve.figures.prose import Part, Prose, bullets, prose, strong
from jcurve.figures.table import Column, TableExhibit, table
from jcurve.project import Project

if TYPE_CHECKING:
    from jcurve.analysis.sensitivity import Swing
    from jcurve.analysis.solving import Solution
    from jcurve.assumptions import Assumption
    from jcurve.case import Case

__all__ = ["Earlier", "changes", "must_be_true", "risks"]

_STANDING: Mapping[str, str] = {
    "plausible": "inside the range",
    "stretch": "a stretch",
    "outside": "far outside",
}
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


def must_be_true(
    case: Case,
    moves: Sequence[Swing],
    view: str = "programme",
    project: Project | str | Path | None = None,
    count: int = 4,
) -> TableExhibit | Prose:
    """What each of the assumptions that matter most would have to be, alone, for a net present
    value of zero, beside the range of its evidence.

    Args:
        case: an evaluated scenario.
        moves: assumptions by what they matter, most first.
        view: of the value.
        project: where the model's data are.
        count: how many assumptions are asked about.
    """
    from jcurve.analysis.solving import solve
    from jcurve.project import find_project

    lens, scenario = Lens(case, view), case.scenario
    if lens.is_empty:
        return prose("Nothing is spent beyond the other world, so nothing has to be true.")
    home = project if isinstance(project, Project) else find_project(project)
    found = [solve(scenario, move.key, f"npv.{view}=0", project=home) for move in moves[:count]]
    inside = [each for each in found if each.standing == "plausible"]
    good = (lens.figure("npv") or 0.0) > 0
    return table(
        [
            Column(label="Assumption", style="text", weight=3),
            Column(label="Here", style="text", weight=1),
            Column(label="For a value of zero", style="text", weight=1.6),
            Column(label="Range of the evidence", style="text", weight=1.6),
            Column(label="Which is", style="text", weight=1.2),
        ],
        [
            (
                each.label,
                _here(scenario[each.key]),
                _needed(each),
                _span(scenario[each.key]),
                _STANDING.get(each.standing, "–"),
            )
            for each in found
        ],
        id="must-be-true",
        title=_must_title(len(inside), len(found), good=good),
        subtitle="Each alone, all others as they are; the assumptions that move the value most",
        source=lens.modelled(),
        reading=_must_reading(inside, good=good),
        dense=True,
    )


def _here(item: Assumption) -> str:
    """The scenario's own value in few letters."""
    return "its path" if isinstance(item.value, Dated) else _said(item.text(), item.unit)


def _span(item: Assumption) -> str:
    """The range in few letters."""
    item = item.book
    if isinstance(item.value, Dated) or item.low is None or item.high is None:
        return range_text(item)
    return f"{_said(item.text(item.low), item.unit)} to {_said(item.text(item.high), item.unit)}"


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


def _needed(found: Solution) -> str:
    if found.value is None:
        return "no value does it"
    if ";" in found.text:
        end = "low" if found.value < 0 else "high"
        return f"{abs(found.value):.1f} times as far as its {end} path"
    return f"{found.direction} {_said(found.text, found.unit)}"


def _must_title(inside: int, count: int, *, good: bool) -> str:
    if good:
        return (
            f"{inside} of the {count} assumptions could undo the value within their own range"
            if inside
            else "None of them alone undoes the value within its range"
        )
    return (
        f"{inside} of the {count} assumptions could earn the cost within their own range"
        if inside
        else "None of them alone earns the cost within its range"
    )


def _must_reading(inside: Sequence[Solution], *, good: bool) -> str:
    if inside:
        return (
            f"The nearest is “{inside[0].label}”. Where several move together less is needed of "
            f"each."
        )
    return (
        "It would take several moving together against the case."
        if good
        else "It would take several moving together in its favour."
    )


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
        return prose("Both worlds are the same, so no assumption puts value at risk.")
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
            strong(f"{move.label}. "),
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
    words = {"npv": "Net present value", "trough_amount": "The deepest point"}
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
