"""What new facts, time, guidance and assumptions did to the answer since an earlier state."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jcurve.analysis.revisions import Change, Kind, Part, Revision
from jcurve.evaluation.naming import MOVED_BY, figure_label, headline_text
from jcurve.figures.display import Prose
from jcurve.figures.exhibit import Exhibit, TableExhibit, chart, figures, saying, table
from jcurve.figures.lens import VIEW_NAMES, Lens, nothing_to_show
from jcurve.figures.recipes import bridge
from jcurve.ground.numbers import MILLIONS, NOTHING, joined, lowered, money, spelt, written
from jcurve.ground.quarters import Quarter

KINDS: Mapping[Kind, str] = {
    "time": "Time",
    "facts": "Facts",
    "guidance": "Guidance",
    "assumptions": "Assumptions",
    "model": "Model",
}
_IN_WORDS: Mapping[Kind, str] = {
    "time": "the passage of time",
    "facts": "what was reported",
    "guidance": "moved guidance",
    "assumptions": "a change of assumptions",
    "model": "a changed model or corrected figures",
}
_SHOWN = (
    *("terminal_value", "irr", "irr_with_terminal_value", "payback", "discounted_payback"),
    *("trough_amount", "trough_quarter", "ebitda_turns_positive"),
    "operating_income_turns_positive",
)
_SMALL = 0.05  # Of less than this, USD bn, several parts are drawn as one
_READING = (
    "Time passes first, with the new quarter as it was forecast; then actual figures replace the "
    "forecast. Each part is the mean of its step over every order (Shapley value), and the "
    "parts sum to the whole."
)


def sentence(change: Change) -> str:
    """What moved an amount of money, kind by kind, in one sentence."""
    amount = change.amount / MILLIONS
    if abs(amount) < NOTHING:
        return f"{figure_label(change.name)} is as it was."
    whole = MOVED_BY[amount <= 0].replace("NPV", figure_label(change.name))
    told = []
    for kind, words in _IN_WORDS.items():
        own = change.of(kind) / MILLIONS
        if abs(own) > NOTHING:
            parts = [part for part in change.parts if part.kind == kind]
            first = max(parts, key=lambda part: abs(part.amount))
            most = f" (mostly {lowered(_name(first))})" if len(parts) > 1 else ""
            told.append(f"{words} {_ADDS[own > 0]} {money(abs(own))}{most}")
    because = joined(told) or change.reason
    return f"{whole} {money(abs(amount))}{': ' + because if because else ''}."


_ADDS = {True: "adds", False: "takes"}


def _name(part: Part) -> str:
    return part.name.removeprefix("Assumption: ")


def steps(lens: Lens, found: Revision, *, most: int = 20) -> Exhibit | Prose:
    """The change of NPV part by part, as a waterfall; the smallest together from ``most`` on."""
    change = found.change("npv", lens.view)
    if change is None or abs(change.amount) / MILLIONS < NOTHING or not change.parts:
        return nothing_to_show("Net present value is as it was.")
    parts = [(_name(part), part.amount / MILLIONS) for part in change.parts]
    sizes = sorted((abs(amount) for _, amount in parts), reverse=True)
    least = max(_SMALL, sizes[most - 1] if len(sizes) > most else 0.0)
    small = [amount for _, amount in parts if abs(amount) < least]
    if len(small) > 1:
        parts = [(name, amount) for name, amount in parts if abs(amount) >= least]
        parts.append((f"{spelt(len(small)).capitalize()} smaller parts", math.fsum(small)))
    before, after = (money(each / MILLIONS) for each in (change.before, change.after))
    whole = change.amount / MILLIONS
    largest = max(change.parts, key=lambda part: abs(part.amount))
    lead = _IN_WORDS["time"] if largest.kind == "time" else _name(largest)
    figure = bridge(
        None,
        parts,
        (f"Together, from {before} to {after}", whole),
        height=10 + 5.0 * (len(parts) + 1),
        write=lambda amount: written(amount, decimals=1, sign=True),
        write_total=lambda amount: written(amount, decimals=1, sign=True),
        below=0.06,
        above=0.12,
    )
    return chart(
        figure,
        id="npv-moved",
        title=f"NPV goes from {before} to {after}; {lowered(lead)} moves it most",
        subtitle=f"Change of net present value, {VIEW_NAMES[lens.view].lower()}, from data through "
        f"{Quarter(found.start).words} to {Quarter(found.end).words}, USD bn",
        source=lens.modelled(),
        alt="Waterfall: "
        + "; ".join(f"{name} {money(amount, sign=True)}" for name, amount in parts)
        + f"; all together {money(whole, sign=True)}, from {before} to {after}.",
        reading=_READING,
    )


def by_figure(lens: Lens, found: Revision) -> TableExhibit | Prose:
    """Every headline figure before and after, and what each kind of thing added."""
    other = "go_forward" if lens.view == "programme" else "programme"
    wanted = [("npv", lens.view), ("npv", other), *((name, lens.view) for name in _SHOWN)]
    changes = [each for one in wanted if (each := found.change(*one)) is not None and each.moved]
    if not changes:
        return nothing_to_show("The headline figures are as they were.")
    kinds = [kind for kind in KINDS if any(each.of(kind) for each in changes)]
    rows = [
        saying(
            lens.clause(each.name),
            figure_label(each.name)
            + ("" if each.name != "npv" else f", {VIEW_NAMES[each.view].lower()}"),
            _figure(lens, each, each.before),
            *(_step(each, kind) for kind in kinds),
            _figure(lens, each, each.after),
        )
        for each in changes
    ]
    before, after = (lens.quarter(each) for each in (found.start, found.end))
    return table(
        [
            ("", 1.4),
            *figures(before, *(KINDS[kind] for kind in kinds), after),
        ],
        rows,
        id="figures-moved",
        title=f"{spelt(len(changes)).capitalize()} headline figures moved since {before}",
        subtitle=f"{VIEW_NAMES[lens.view]}, except the second NPV; amounts in USD bn",
        source=lens.modelled(),
    )


def _figure(lens: Lens, change: Change, value: float) -> str:
    if change.unit == "quarters":
        return lens.quarter(lens.case.assembly.timeline.labels[int(value)])
    return _amount(value, change.unit)


def _step(change: Change, kind: Kind) -> str:
    if change.reason:
        return "–"
    amount = change.of(kind)
    return _amount(amount, change.unit, sign=True) if amount else "0"


def _amount(value: float, unit: str, *, sign: bool = False) -> str:
    if unit == "USD m":
        return written(value / MILLIONS, decimals=1, sign=sign)
    if unit in ("quarters", "years"):
        return written(value, decimals=1, sign=sign)
    if unit == "x":
        return written(value, decimals=3, sign=sign)
    text = headline_text({"value": value, "unit": unit})
    return f"+{text}" if sign and value > 0 else text
