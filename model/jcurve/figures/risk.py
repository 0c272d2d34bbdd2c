"""Charts of where uncertainty comes from: tornado, heat map, variance, waterfall."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from jcurve.analysis.overview import npv_of
from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import MILLIONS, NOTHING, Lens, lowered, money, percent, spelt
from jcurve.figures.numbers import written
from jcurve.figures.prose import Prose, callout, strong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jcurve.analysis.bridging import Bridge
    from jcurve.analysis.sensitivity import Grid, Swing
    from jcurve.analysis.variance import Importance
    from jcurve.assumptions import Scenario
    from jcurve.case import Case

__all__ = [
    "heat",
    "nothing",
    "tornado",
    "variance",
    "waterfall",
]


def nothing(what: str) -> Prose:
    """In place of an exhibit where the two cases are the same."""
    return callout([strong("Nothing to show. "), what])


_GROUPS = {
    "lever": "Split of the gain of advertising",
    "channel": "AI products",
    "market": "Advertising market",
    "sector": "The frontier's other companies",
    "fleet": "Long-run fleet",
    "demand": "Demand for AI products",
    "rent": "Rent of compute",
    "leasing": "Leasing out",
}
"""Families of assumptions whose name in a key says little to a reader."""


def _group(name: str) -> str:
    return _GROUPS.get(name, name[:1].upper() + name[1:].replace("_", " "))


def tornado(
    case: Case, swings: Sequence[Swing], view: str = "programme", count: int = 14
) -> Exhibit | Prose:
    """The assumptions whose own range moves NPV most, one at a time."""
    lens, output = Lens(case, view), npv_of(view)
    shown = [swing for swing in swings if not math.isnan(swing.spread(output))][:count]
    shown = [swing for swing in shown if swing.spread(output) > NOTHING * MILLIONS]
    if not shown:
        return nothing("No assumption moves the value, since the two cases are the same.")
    base = shown[0].base[output] / MILLIONS
    rank = list(range(len(shown)))[::-1]
    with style.house():
        figure, axes = style.plot(height=22 + 5.6 * len(shown))
        reach = [base]
        for y, swing in zip(rank, shown, strict=True):
            for value in (swing.at_low[output], swing.at_high[output]):
                if math.isnan(value):
                    continue
                at = value / MILLIONS
                role = "positive" if at >= base else "negative"
                style.rung(axes, y, base, at - base, style.series(role))
                reach.append(at)
        style.rungs(axes, rank, [lens.called(swing.key) for swing in shown])
        axes.axvline(base, color=style.INK, linewidth=0.7, zorder=3)
        style.room(axes, reach, below=0.16, above=0.1, along="x")
        for y, swing in zip(rank, shown, strict=True):
            known = [v / MILLIONS for v in (swing.at_low[output], swing.at_high[output])]
            known = [v for v in known if not math.isnan(v)]
            if (left := min(known)) < base - NOTHING:
                style.beside(axes, left, y, written(left, decimals=0), side=-1)
            if (right := max(known)) > base + NOTHING:
                style.beside(axes, right, y, written(right, decimals=0))
        style.numbers(axes.xaxis)
    first = shown[0]
    return chart(
        figure,
        id="tornado",
        title=f"{lens.called(first.key)} alone moves the value by "
        f"{money(first.spread(output) / MILLIONS)}",
        subtitle=f"NPV with one assumption at either end of its range, all others as they are "
        f"({money(base)}), USD bn; hatched: the worse end",
        source=lens.modelled(),
        alt="Tornado: "
        + "; ".join(f"{lens.called(swing.key)} {_ends(swing, output)}" for swing in shown[:8])
        + ".",
        reading=_tornado_reading(swings, shown, output, base),
    )


def _ends(swing: Swing, output: str) -> str:
    ends = (swing.at_low[output], swing.at_high[output])
    return " to ".join("none" if math.isnan(end) else money(end / MILLIONS) for end in ends)


def _tornado_reading(
    swings: Sequence[Swing], shown: Sequence[Swing], output: str, base: float
) -> str:
    turned = [
        swing
        for swing in swings
        if any(
            (end > 0) != (base > 0)
            for end in (swing.at_low[output], swing.at_high[output])
            if not math.isnan(end)
        )
    ]
    judged = sum(swing.kind == "judgement" for swing in shown)
    first = (
        f"{spelt(len(turned)).capitalize()} of {len(swings)} assumptions with a range can turn the "
        f"sign of NPV alone."
        if turned
        else f"None of the {len(swings)} assumptions with a range turns the sign of NPV alone."
    )
    verb = "rests" if judged == 1 else "rest"
    return f"{first} Of those shown, {spelt(judged)} {verb} on judgement."


def heat(case: Case, found: Grid, view: str = "programme") -> Exhibit | Prose:
    """NPV over the ranges of two assumptions at once."""
    from matplotlib.patches import Rectangle

    lens = Lens(case, view)
    values = found.values[npv_of(view)] / MILLIONS
    known = values[~np.isnan(values)]
    if lens.is_empty or not known.size:
        return nothing("No pair of assumptions moves the value, since the two cases are the same.")
    across, down = (case.scenario[key] for key in (found.across, found.down))
    most = float(np.abs(known).max()) or 1.0
    with style.house():
        figure, axes = style.plot(height=84)
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                share = 0.0 if math.isnan(value) else float(value) / most
                meaning = style.series("positive" if share >= 0 else "negative")
                colour = style.tint(meaning.colour, 0.08 + 0.52 * abs(share))
                axes.add_patch(
                    Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=colour, edgecolor="white")
                )
                axes.annotate(
                    "–" if math.isnan(value) else written(float(value), decimals=0),
                    (j, i),
                    ha="center",
                    va="center",
                    fontsize=style.SMALL,
                    color=style.INK,
                )
        axes.set_xlim(-0.5, len(found.xs) - 0.5)
        axes.set_ylim(-0.5, len(found.ys) - 0.5)
        axes.grid(visible=False)
        axes.set_xticks(
            range(len(found.xs)), [_draw(case.scenario, found.across, x) for x in found.xs]
        )
        axes.set_yticks(
            range(len(found.ys)), [_draw(case.scenario, found.down, y) for y in found.ys]
        )
        axes.set_xlabel(lens.called(across.key))
        axes.set_title(
            f"{lens.called(down.key)}, upwards",
            fontsize=style.BODY,
            fontweight="normal",
            color=style.MUTED,
        )
    above = float(np.mean(known > 0))
    return chart(
        figure,
        id="heat",
        title=f"NPV is positive for {percent(above, 0)} of the pairs"
        if above
        else "No pair of the two makes NPV positive",
        subtitle="Net present value over the ranges of the two assumptions that move it most, "
        "all others as they are, USD bn",
        source=lens.modelled(),
        alt=f"Heat map of {lens.called(across.key)} against {lens.called(down.key)}: from "
        f"{money(float(known.min()))} to {money(float(known.max()))}.",
        reading=f"Between their ends the two together move NPV from {money(float(known.min()))} to "
        f"{money(float(known.max()))}."
        + (
            " A path moves as a whole: −100% is its low, 100% its high."
            if any(item.shape.startswith("by_") for item in (across, down))
            else ""
        ),
    )


def _draw(scenario: Scenario, key: str, at: float) -> str:
    item = scenario[key]
    if item.shape in ("by_year", "by_quarter"):
        return percent(float(at), 0)
    if item.unit in ("share", "per year"):
        return f"{100 * at:.3g}%"
    return item.text(float(f"{at:.3g}"))


def variance(case: Case, found: Importance | None, view: str = "programme") -> Exhibit | Prose:
    """Where the variance of NPV comes from: by itself, and with all it interacts with."""
    lens = Lens(case, view)
    if found is None:
        return nothing("The value does not vary, since the two cases are the same.")
    parts = [part for part in found.parts if part.total is not None and part.first is not None]
    parts.sort(key=lambda part: part.total.value if part.total else 0.0)
    rank = list(range(len(parts)))
    with style.house():
        figure, axes = style.plot(height=20 + 8 * len(parts))
        for y, part in zip(rank, parts, strict=True):
            if part.total is None or part.first is None:
                continue
            own = min(max(part.first.value, 0.0), part.total.value)
            style.rung(axes, y, 0.0, own, style.series("high"))
            style.rung(axes, y, own, max(part.total.value - own, 0.0), style.series("low"))
            error = part.total.error or 0.0
            style.beside(
                axes,
                part.total.value,
                y,
                f"{percent(part.total.value, 0)} ± {written(error * 100, decimals=0)}",
            )
        style.rungs(axes, rank, [_group(part.group) for part in parts])
        style.room(axes, [part.total.value for part in parts if part.total], above=0.14, along="x")
        style.numbers(axes.xaxis, "percent")
    lead = parts[-1]
    share = lead.total.value if lead.total else 0.0
    return chart(
        figure,
        id="variance",
        title=f"{_group(lead.group)} and what it acts with explain {percent(share, 0)} of the "
        f"variance of NPV",
        subtitle=f"Total Sobol index of each family of assumptions, of it the first order (dark), "
        f"share of the variance of NPV; standard deviation {money(found.sd.value / MILLIONS)}",
        source=lens.modelled(),
        alt="Bars of total Sobol indices: "
        + "; ".join(
            f"{_group(part.group)} {percent(part.total.value, 0)}"
            for part in parts[::-1]
            if part.total
        )
        + ".",
        reading=f"Over the whole of every range at once, {found.evaluated:,} scenarios. The dark "
        f"part is what a family explains by itself, the light part what it does together with "
        f"others. Errors are half widths of 95% intervals.",
    )


def waterfall(case: Case, found: Bridge, count: int = 9) -> Exhibit | Prose:
    """The whole difference of NPV between two scenarios, by what differs."""
    lens = Lens(case)
    if not found.shares or abs(found.difference) < NOTHING * MILLIONS:
        return nothing("The two scenarios have the same value.")
    ordered = sorted(found.shares, key=lambda share: -abs(share.amount))
    parts = [(share.group, share.amount / MILLIONS) for share in ordered[:count]]
    rest = math.fsum(share.amount for share in ordered[count:]) / MILLIONS
    if abs(rest) > NOTHING:
        parts.append(("everything else", rest))
    before, after = found.before / MILLIONS, found.after / MILLIONS
    names = [found.start, *(name for name, _ in parts), found.end]
    rank = list(range(len(names)))[::-1]
    with style.house():
        figure, axes = style.plot(height=20 + 6 * len(names))
        style.rung(axes, rank[0], 0.0, before, style.series("with"))
        at, reach = before, [before, after]
        for y, (_, amount) in zip(rank[1:], parts, strict=False):
            look = style.series("positive" if amount >= 0 else "negative")
            style.rung(axes, y, at, amount, look)
            style.beside(axes, max(at, at + amount), y, written(amount, decimals=0, sign=True))
            at += amount
            reach.append(at)
        style.rung(axes, rank[-1], 0.0, after, style.series("with"))
        style.rungs(axes, rank, [_group(name) for name in names])
        style.room(axes, reach, below=0.04, above=0.14, along="x")
        for y, value in ((rank[0], before), (rank[-1], after)):
            style.beside(axes, max(value, 0.0), y, written(value, decimals=0))
        style.numbers(axes.xaxis)
    lead = ordered[0]
    name = _group(lead.group)
    return chart(
        figure,
        id="waterfall",
        title=f"From {found.start} to {found.end} NPV changes by "
        f"{money(found.difference / MILLIONS, sign=True)}; the largest part is {lowered(name)}, "
        f"{money(lead.amount / MILLIONS, sign=True)}",
        subtitle="Net present value of two scenarios and what differs between them, each at its "
        "mean over every order of change (Shapley value), USD bn",
        source=lens.modelled(),
        alt="Waterfall: "
        + "; ".join(f"{_group(part)} {money(amount, sign=True)}" for part, amount in parts)
        + f"; from {money(before)} to {money(after)}.",
        reading=f"The parts sum to the whole difference and depend on no order. "
        f"{found.evaluated:,} combinations of both scenarios were evaluated.",
    )
