"""What has changed since the last edition, and what differs in another scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jcurve.analysis.snapshots import Comparison, compare, snapshot_of_case, stated_inputs
from jcurve.evaluation.naming import VIEW_WORDS, figure_label, headline_text
from jcurve.figures.display import Part, Prose, prose
from jcurve.figures.exhibit import Exhibit, TableExhibit, chart, table
from jcurve.figures.lens import Lens
from jcurve.figures.overrides import between
from jcurve.figures.recipes import bridge
from jcurve.ground.errors import JCurveError
from jcurve.ground.numbers import MILLIONS, NOTHING, change, lowered, money, spelt

if TYPE_CHECKING:
    from jcurve.assumptions import Assumption

_MOVED = 0.005
"""A headline that moved by less than this share of itself is as it was."""
_NAMED = 3
_DRAWN = 3
_REST = 0.05  # USD bn


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier edition said.

    Attributes:
        data_through, valuation_date: its quarters.
        scenario_hash: of its scenario.
        headlines: name → ``{value, unit}`` or ``{value: None, reason}``, of the same view.
        inputs: key → label, unit, text and digest of every assumption; empty where not on record.
        published: its day in words.
    """

    data_through: str
    valuation_date: str
    scenario_hash: str
    headlines: Mapping[str, Mapping[str, Any]]
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    published: str = ""


def since(lens: Lens, earlier: Earlier | None) -> list[tuple[str, list[Part]]]:
    """What has changed since the last edition, with its heading, in one line of a first page;
    nothing before the first edition and where nothing has changed."""
    if earlier is None:
        return []
    steps, said = _steps(lens, earlier), _new_data(lens, earlier)
    parts = [f"{each.text}: {money(each.amount, sign=True)}" for each in steps if each.text]
    left = len(parts) - _NAMED
    if left > 0:
        parts = [*parts[:_NAMED], f"{spelt(left)} more in the bridge"]
    moved = _moved(lens, earlier, "npv", "Net present value")
    if not parts and not moved and not said:
        return []
    texts = [" ".join(said), f"{'; '.join(parts)}." if parts else "", moved]
    day = f" since {earlier.published}" if earlier.published else " since the last edition"
    return [(f"What has changed{day}", [" ".join(filter(None, texts))])]


def changes(lens: Lens, earlier: Earlier | None) -> Exhibit | Prose:
    """The bridge from the last edition of the same report and series; in words where there is
    none, or where its values are not on record.

    Args:
        lens: a case in a view.
        earlier: what that edition said; None for the first.
    """
    if earlier is None:
        return prose("This is the first edition: there is nothing to compare with.")
    steps = _steps(lens, earlier)
    if not steps:
        return prose(_in_words(lens, earlier))
    before, now = _npv(earlier), lens.npv
    assert before is not None
    named = [(each.text or each.name, each.amount) for each in steps[:_DRAWN]]
    rest = sum(each.amount for each in steps[_DRAWN:])
    named += [("All others", rest)] * (len(steps) > _DRAWN)
    first = max(steps, key=lambda each: abs(each.amount))
    return chart(
        bridge(None, named, ("Change", now - before), height=10 + 4.2 * (len(named) + 1)),
        id="edition-bridge",
        title=f"Net present value moves from {money(before)} to {money(now)}; the largest part is "
        f"{lowered(first.name)}, {money(first.amount, sign=True)}",
        subtitle="Change of net present value since the last edition, USD bn; each step at its "
        "mean over every order (Shapley value)",
        source=lens.modelled("record of the last edition"),
        alt=f"Waterfall of the change from {money(before)} to {money(now)}: "
        + "; ".join(f"{name} {money(amount, sign=True)}" for name, amount in named)
        + ".",
        reading=" ".join(_new_data(lens, earlier)),
    )


@dataclass(frozen=True)
class _Step:
    """A part of the bridge between two editions: its name, its values in words, USD bn."""

    name: str
    text: str
    amount: float


def _steps(lens: Lens, earlier: Earlier) -> list[_Step]:
    """What moved NPV since an edition: each assumption that was changed, the largest first, then
    data and model; empty where the value did not move or the edition's values are not on record."""
    from jcurve.analysis.bridging import bridge as attributed

    before, now = _npv(earlier), lens.case.scenario
    if before is None or abs(lens.npv - before) < NOTHING:
        return []
    stated = {each.key: each for each in now.items if each.key in stated_inputs(now)}
    own = stated_inputs(now)
    given = {
        key: _given(stated[key], was["text"])
        for key, was in earlier.inputs.items()
        if key in own and was["text"] != own[key]["text"]
    }
    if not earlier.inputs:
        return []
    try:
        then = now.with_overrides(given, insist=True)
        output = f"npv.{lens.view}"
        found = attributed(then, now, output, project=lens.home).shares
    except JCurveError:
        return []
    steps = []
    for share in found:
        key = share.keys[0]
        alone = len(share.keys) == 1
        name = lens.called(key) if alone else f"{lens.called(key)} and {len(share.keys) - 1} more"
        text = f"{name} {' → '.join(between(then[key], now[key]))}" if alone else name
        steps.append(_Step(name, text, share.amount / MILLIONS))
    steps.sort(key=lambda each: -abs(each.amount))
    rest = lens.npv - before - sum(each.amount for each in steps)
    if abs(rest) > _REST:
        steps.append(_Step("Data and model", "", rest))
    return steps


def _given(item: Assumption, text: str) -> object:
    """A value as a record has it, as an override takes it."""
    if ": " not in text:
        return text.replace(",", "")
    points = dict(point.split(": ") for point in text.split("; "))
    return {
        int(at) if at.isdecimal() else at: float(value.replace(",", ""))
        for at, value in points.items()
    }


def _npv(earlier: Earlier) -> float | None:
    value = earlier.headlines.get("npv", {}).get("value")
    return value / MILLIONS if isinstance(value, int | float) else None


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
    results = [
        _moved(lens, earlier, "npv", "Net present value"),
        _moved(lens, earlier, "trough_amount", "The trough"),
        _payback_moved(lens, earlier),
    ]
    results = [text for text in results if text]
    if not inputs and not results:
        return "Nothing has changed since the last edition: same data, same assumptions."
    return " ".join([*inputs, *(results or ["The headline figures are as they were."])])


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
    found = compare(
        *(snapshot_of_case(each.case, each.case.scenario.title) for each in (one, other))
    )
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
                "–" if move.change is None else change(move.change, move.unit or ""),
            )
            for move in moves
        ],
        id=id,
        title=f"From {one.name} to {other.name} {spelt(count)} headline "
        f"figure{' changes' if count == 1 else 's change'}",
        subtitle=VIEW_WORDS[view].capitalize(),
        source=f"J-Curve model, scenarios {one.hash[:12]} and {other.hash[:12]}",
        reading=(),
    )
