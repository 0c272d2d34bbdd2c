"""Charts of uncertainty: how NPV, the J-curve and payback spread over the draws of a simulation,
and where the spread comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from jcurve.analysis.overview import Simulated, npv_of
from jcurve.analysis.sensitivity import Grid, Swing, at_value
from jcurve.analysis.variance import Importance
from jcurve.assumptions import Assumption
from jcurve.evaluation.naming import area
from jcurve.figures import plotting, style
from jcurve.figures.display import Prose
from jcurve.figures.exhibit import Column, Exhibit, TableExhibit, chart, saying, table
from jcurve.figures.lens import Lens, nothing_to_show
from jcurve.figures.overrides import in_cell, last_stated
from jcurve.figures.recipes import ESTIMATED, Bars, bars_across, tiles
from jcurve.ground.numbers import (
    MILLIONS,
    NOTHING,
    billions,
    lowered,
    money,
    percent,
    points,
    spelt,
    written,
)

_REST = "Everything else"
_SLOPES = 12


def fan(lens: Lens, drawn: Simulated) -> Exhibit | Prose:
    """The J-curve with the spread that the assumptions' ranges give it."""
    if lens.is_empty:
        return nothing_to_show("Cumulative cash flow is zero in every draw.")
    years, quantiles = drawn.cash()
    rows = {at: row / MILLIONS for at, row in quantiles.items()}
    first, x = years[0], list(map(float, years))
    own = lens.bn("cumulative_free_cash_flow", lens.view, first)
    with style.house():
        figure, axes = style.plot(height=62)
        plotting.band(axes, x, rows[0.05], rows[0.95], "programme", "Nine draws in ten")
        plotting.band(axes, x, rows[0.25], rows[0.75], "programme", "Half of draws", 0.36)
        plotting.line(axes, x, rows[0.50], "programme", "Median")
        plotting.line(axes, x, own, "with", "Scenario")
        axes.set_xticks(list(range(first, lens.horizon + 1, 2)))
        axes.set_xlim(first - 0.2, lens.horizon + 1.6)
        style.numbers(axes.xaxis, "plain")
        style.room(axes, [float(v) for row in rows.values() for v in row], below=0.06)
        style.numbers(axes.yaxis)
        style.zero_line(axes)
        style.forecast_from(axes, lens.today, words=ESTIMATED)
        plotting.label_ends(axes)
    last = {p: money(float(row[-1])) for p, row in rows.items()}
    return chart(
        figure,
        id="fan",
        title=f"Nine draws in ten end between {last[0.05]} and {last[0.95]} in {lens.horizon}",
        subtitle="Cumulative incremental free cash flow: half of all draws (dark), nine in ten "
        "(light), median, and the scenario itself, USD bn",
        source=lens.modelled(),
        alt=f"Fan of cumulative cash that widens to {lens.horizon}: median {last[0.5]}, half of "
        f"all draws between {last[0.25]} and {last[0.75]}, nine in ten between {last[0.05]} and "
        f"{last[0.95]}.",
        reading=f"{drawn.run.note}. The median ends at {last[0.5]}, the scenario itself "
        f"at {money(own[-1])}: ranges are not symmetric, and effects multiply.",
    )


def distribution(lens: Lens, drawn: Simulated) -> Exhibit | Prose:
    """How NPV is spread over the draws."""
    if lens.is_empty:
        return nothing_to_show("The value is zero in every draw.")
    spread = drawn.spread(lens.view)
    middles = (spread.edges[1:] + spread.edges[:-1]) / 2.0 / MILLIONS
    width = 0.92 * float(spread.edges[1] - spread.edges[0]) / MILLIONS
    low, median, high = (spread.quantiles[at].value / MILLIONS for at in (0, 3, 6))
    with style.house():
        figure, axes = style.plot(height=52)
        for role, kept in (("negative", middles < 0), ("positive", middles >= 0)):
            if kept.any():
                look, shares = style.series(role), spread.shares[kept]
                plotting.bars(axes, middles[kept], shares, look, width=width, label="_Of draws")
        top = float(spread.shares.max())
        axes.set_ylim(0, top * 1.3)
        for value, name, shift in ((low, "5%", 3.0), (median, "Median", 13.0), (high, "95%", 3.0)):
            plotting.note(axes, value, top, f"{name}: {money(value)}", shift=shift)
        axes.set_xlabel("NPV, USD bn")
        style.numbers(axes.xaxis)
        style.numbers(axes.yaxis, "percent")
    below, mean = spread.below_zero, spread.mean
    return chart(
        figure,
        id="distribution",
        title=f"NPV is below zero in {percent(below.value, 0)} of draws",
        subtitle="Net present value over all draws, USD bn, share of draws in each bin",
        source=lens.modelled(),
        alt=f"Histogram of net present value, {percent(below.value, 0)} of it below zero: 5% of "
        f"draws below {money(low)}, half below "
        f"{money(median)}, 5% above {money(high)}.",
        reading=f"The mean is {money(mean.value / MILLIONS)}, ± "
        f"{money((mean.error or 0.0) / MILLIONS)}; the share below zero is known to ± "
        f"{points(below.error or 0.0)} (95% intervals).",
    )


def tornado(lens: Lens, swings: Sequence[Swing], count: int = 10) -> Exhibit | Prose:
    """The assumptions whose own range moves NPV most, one at a time."""
    output = npv_of(lens.view)
    shown = [swing for swing in swings if not math.isnan(swing.spread(output))][:count]
    shown = [swing for swing in shown if swing.spread(output) > NOTHING * MILLIONS]
    if not shown:
        return nothing_to_show("The two cases are the same, so no assumption moves NPV.")
    base = shown[0].base[output] / MILLIONS
    rows = []
    for swing in shown:
        ends = [end for end in _ends(swing, output) if end is not None]
        pieces = [(base, end - base, "positive" if end >= base else "negative") for end in ends]
        low, high = min(ends), max(ends)
        labels = [(low, written(low), -1)] * (low < base - NOTHING)
        labels += [(high, written(high), 1)] * (high > base + NOTHING)
        rows.append(Bars(lens.called(swing.key), pieces, labels))
    first, height = shown[0], 22 + 5.6 * len(shown)
    items = [lens.case.scenario[swing.key] for swing in shown]
    spans = [
        " to ".join("none" if end is None else money(end) for end in _ends(swing, output))
        for swing in shown[:8]
    ]
    named = zip((row.name for row in rows), spans, strict=False)
    return chart(
        bars_across(rows, height=height, below=0.16, above=0.1, base=base),
        id="tornado",
        title=f"{lens.called(first.key)} alone moves NPV by "
        f"{money(first.spread(output) / MILLIONS)}",
        subtitle=f"NPV with one assumption at either end of its range, all others unchanged "
        f"({money(base)}), USD bn; hatched: the worse end",
        source=lens.modelled(),
        alt=f"Tornado: {'; '.join(f'{name} {span}' for name, span in named)}.",
        notes=["; ".join(f"{item.called}: {lowered(item.label)}" for item in items) + "."],
        reading=_tornado_reading(swings, shown, output, base),
    )


def _ends(swing: Swing, output: str) -> tuple[float | None, float | None]:
    """The output at both ends of a range in USD bn; None where an end breaks a rule."""
    return billions(swing.at_low[output]), billions(swing.at_high[output])


def _tornado_reading(
    swings: Sequence[Swing], shown: Sequence[Swing], output: str, base: float
) -> str:
    turned = sum(
        any((end > 0) != (base > 0) for end in _ends(swing, output) if end is not None)
        for swing in swings
    )
    judged = sum(swing.kind == "judgement" for swing in shown)
    first = (
        f"Of {len(swings)} assumptions with a range, {spelt(turned)} can change the sign of NPV "
        f"alone."
        if turned
        else f"None of the {len(swings)} assumptions with a range changes the sign of NPV alone."
    )
    verb = "rests" if judged == 1 else "rest"
    return f"{first} Of those shown, {spelt(judged)} {verb} on judgement."


def slopes(lens: Lens) -> TableExhibit | Prose:
    """What a small step of each assumption does to NPV at this very case, the largest first."""
    if lens.is_empty:
        return nothing_to_show("No assumption moves a value that is zero.")
    found = lens.case.gradient(npv_of(lens.view)).ranked()[:_SLOPES]
    effects = [(each.effect or 0.0) / MILLIONS for each in found]
    scenario = lens.case.scenario
    rows = [
        saying(
            scenario[each.key].label,
            lens.called(each.key),
            last_stated(scenario[each.key].text(), each.unit),
            each.step,
            effect,
        )
        for each, effect in zip(found, effects, strict=True)
    ]
    first = lens.called(found[0].key)
    return table(
        [
            ("Assumption", 2.2),
            ("Value", 1.4),
            ("Step", 1.0),
            Column(label="NPV changes by", unit="USD bn", sign=True, decimals=1),
        ],
        rows,
        id="slopes",
        title=f"{first} has the steepest slope: {money(effects[0], sign=True)} for a step",
        subtitle="What a small step of each assumption does to NPV, all others as they are",
        source=lens.modelled(),
        reading="A step is drawn along the slope: it says what matters at these values, not what a "
        "whole range is worth. Dates, switches and choices move in whole steps and have no slope.",
        dense=True,
    )


def heat(lens: Lens, found: Grid) -> Exhibit | Prose:
    """NPV over the ranges of two assumptions at once."""
    values = found.values[npv_of(lens.view)] / MILLIONS
    known = values[~np.isnan(values)]
    if lens.is_empty or not known.size:
        return nothing_to_show("The two cases are the same, so no pair of assumptions moves NPV.")
    across, down = (lens.case.scenario[key] for key in (found.across, found.down))
    names = (lens.called(across.key), lens.called(down.key))
    low, high = money(float(known.min())), money(float(known.max()))
    with style.house():
        figure, axes = style.plot(height=66)
        ticks = [_draw(across, x) for x in found.xs], [_draw(down, y) for y in found.ys]
        tiles(axes, values, *ticks, _own(lens, found))
        axes.set_xlabel(names[0])
        axes.set_title(
            f"{names[1]}, upwards", fontsize=style.BODY, fontweight="normal", color=style.MUTED
        )
    above = float(np.mean(known > 0))
    moves_whole = any(item.shape.startswith("by_") for item in (across, down))
    return chart(
        figure,
        id="heat",
        title=f"NPV is positive for {percent(above, 0)} of the pairs shown"
        if above
        else "NPV stays negative for every pair of the two",
        subtitle="Net present value over the ranges of the two assumptions that move it most, "
        "all others unchanged, USD bn; framed: the scenario",
        source=lens.modelled(),
        alt=f"Heat map of {lowered(names[0])} against {lowered(names[1])}: from {low} to {high}.",
        reading=f"Across both ranges NPV runs from {low} to {high}."
        + " A yearly path moves as a whole: −100% is its low end, 100% its high end." * moves_whole,
    )


def _own(lens: Lens, found: Grid) -> tuple[int, int]:
    """Row and column of the case itself."""
    pairs = ((found.down, found.ys), (found.across, found.xs))
    row, column = (
        int(np.argmin(abs(draws - at_value(lens.case.scenario[key])))) for key, draws in pairs
    )
    return row, column


def _draw(item: Assumption, at: float) -> str:
    if item.shape in ("by_year", "by_quarter"):
        return percent(float(at), 0)
    return in_cell(item, float(f"{at:.3g}"))


def variance(lens: Lens, found: Importance | None) -> Exhibit | Prose:
    """Where the variance of NPV comes from: by itself, and with all it interacts with."""
    if found is None:
        return nothing_to_show("The two cases are the same, so NPV does not vary.")
    parts = [
        (area(part.group), part.first.value, part.total)
        for part in found.parts
        if part.total is not None and part.first is not None
    ]
    parts.sort(key=lambda part: -part[2].value)
    rows = []
    for name, first, total in parts:
        own = min(max(first, 0.0), total.value)
        pieces = [(0.0, own, "high"), (own, max(total.value - own, 0.0), "low")]
        label = f"{percent(total.value, 0)} ± {written((total.error or 0.0) * 100)}"
        rows.append(Bars(name, pieces, [(total.value, label, 1)]))
    lead, _, most = next((part for part in parts if part[0] != _REST), parts[0])
    share = percent(most.value, 0) if most.value < 1.0 else "nearly all"  # an estimate may pass 1
    return chart(
        bars_across(rows, height=14 + 5.2 * len(rows), above=0.14, number_style="percent"),
        id="variance",
        title=f"{lead} and its interactions explain {share} of the variance of NPV",
        subtitle=f"Share of the variance of NPV by family of assumptions, alone (dark) and with "
        f"interactions (total Sobol index); standard deviation {money(found.sd.value / MILLIONS)}",
        source=lens.modelled(),
        alt="Bars of total Sobol indices: "
        + "; ".join(f"{name} {percent(total.value, 0)}" for name, _, total in parts)
        + ".",
        reading=f"All ranges vary at once, over {found.evaluated:,} scenarios. The dark "
        f"part is what a family explains alone, the light part what it explains together with "
        f"others. Errors are half widths of 95% intervals.",
    )
