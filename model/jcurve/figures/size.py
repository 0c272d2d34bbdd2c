"""Size: what each size of the plan is worth, and what its last dollars return."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from jcurve.analysis.marginal import Return
from jcurve.analysis.question import Array
from jcurve.analysis.scale import Point, ScaleStudy
from jcurve.figures import plotting, style
from jcurve.figures.display import Prose
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import Lens, nothing_to_decide
from jcurve.figures.recipes import Scale, draw_years
from jcurve.ground.numbers import (
    MILLIONS,
    highest,
    joined,
    lowered,
    lowest,
    money,
    percent,
    written,
)

_NEAR = 0.05  # A best size within this of the plan is the plan's
_PLAN = 1.0
_LITTLE = 1.0  # USD bn


def best_size(found: ScaleStudy) -> str:
    """The finding about size in one sentence without its full stop; a best size at an end of
    those looked at says so."""
    best, plan = found.best, found.plan.npv_go_forward / MILLIONS
    least, most = float(found.scales[0]), float(found.scales[-1])
    worth = best.npv_go_forward / MILLIONS
    if best.value <= least:
        size = f"{percent(least, 0)} of the plan" if least else "commitments alone"
        if worth <= 0 and not _pays_with_staff_scaled(found):
            return f"The plan costs more than it returns at any size; the least is lost with {size}"
        return f"The smallest size shown, {size}, is worth the most"
    if best.value >= most:
        return f"Value still rises at {percent(most, 0)} of the plan, the largest size shown"
    size = f"{percent(best.value, 0)} of the plan"
    if abs(best.value - _PLAN) <= _NEAR:
        return f"The plan is about the right size: the best is {size}"
    if best.value > _PLAN:
        return f"A larger plan would be worth more: the best size is {size}"
    if plan >= 0:
        return f"The plan earns its cost, but a smaller one would be worth more: the best is {size}"
    if _pays_with_staff_scaled(found):
        share = f"{percent(found.best_talent_scaled, 0)} of it, with AI staff in proportion"
        return f"The plan costs more than it returns; {share}, would not"
    if worth > 0:
        return f"The plan costs more than it returns; a smaller one would not: the best is {size}"
    return f"The plan costs more than it returns at any size; the least is lost at {size}"


def _pays_with_staff_scaled(found: ScaleStudy) -> bool:
    """Whether a plan that loses at every size pays at one where people go with it."""
    return found.best.npv_go_forward <= 0 < _most(found.talent_scaled) - _LITTLE


def _most(sizes: Sequence[Point]) -> float:
    return max(size.npv_go_forward for size in sizes) / MILLIONS


def against_scale(
    lens: Lens, *, width: Literal["full", "third"] = "full", height: float = 70.0
) -> Exhibit | Prose:
    """Value from today over the size of the plan: the plan and the best size shown, the band of
    the evidence, and the same with people in proportion."""
    if not lens.is_open:
        return nothing_to_decide()
    found = lens.scale_study
    x, is_wide = 100 * found.scales, width == "full"
    own = [size.npv_go_forward / MILLIONS for size in found.points]
    talent = [size.npv_go_forward / MILLIONS for size in found.talent_scaled]
    low, high = found.low / MILLIONS, found.high / MILLIONS
    plan, best = found.plan.npv_go_forward / MILLIONS, found.best.npv_go_forward / MILLIONS
    with style.house():
        figure, axes = style.plot(width=width, height=height)
        plotting.band(axes, x, low, high, "programme", "Evidence")
        plotting.line(axes, x, talent, "without", "staff scaled" if is_wide else "_Staff scaled")
        plotting.line(axes, x, own, "programme", "staff fixed" if is_wide else "_Staff fixed")
        style.zero_line(axes)
        axes.axvline(100, color=style.MUTED, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1)
        style.room(axes, [*low, *high], below=0.04, above=0.16)
        axes.set_xlim(float(x[0]), float(x[-1]))
        if is_wide:
            axes.set_xlabel("% of the plan")
        plotting.point(axes, 100.0, plan, f"Plan: {money(plan)}", shift=(-5, -8))
        if _pays_with_staff_scaled(found):  # the title is of it
            at = 100 * found.best_talent_scaled
            plotting.point(axes, at, float(np.interp(at, x, talent)), "")
        if abs(found.best.value - _PLAN) > _NEAR:
            words = f"Best: {percent(found.best.value, 0)}, {money(best)}"
            shift = (3, style.points(axes, max(0.0, *high) - best) + 4)
            colour = style.readable(style.series("positive").colour)
            place = (100 * found.best.value, best)
            plotting.point(axes, *place, words, shift=shift, colour=colour, over=not is_wide)
        style.numbers(axes.yaxis)
        plotting.label_ends(axes)
    return chart(
        figure,
        id="against-scale",
        title=best_size(found) if is_wide else last_tenth(found),
        subtitle="NPV from today against stopping, USD bn, by size of the plan (AI spending beyond "
        "commitments and maintenance); band: one driver at a time over its evidence"
        if is_wide
        else "NPV from today, USD bn, by size of the plan in %; dashed: AI staff in proportion",
        source=lens.modelled(),
        alt=f"Line of value over size: {money(own[0])} at {percent(found.scales[0], 0)} of the "
        f"plan, a peak of {money(best)} at {percent(found.best.value, 0)}, {money(plan)} at "
        f"the plan and {money(own[-1])} at {percent(found.scales[-1], 0)}. The band of the "
        f"evidence at the plan runs from {money(_at(found, found.low))} to "
        f"{money(_at(found, found.high))}.",
        reading=_scale_reading(found) if is_wide else (),
        notes=["Above 100% the plan exceeds what the assumed demand for AI products can use."]
        * is_wide,
        width=width,
    )


def _at(found: ScaleStudy, values: Array, scale: float = _PLAN) -> float:
    """A row of the study in USD bn at a scale."""
    return float(np.interp(scale, found.scales, values)) / MILLIONS


def last_tenth(found: ScaleStudy) -> str:
    """What the last tenth of the plan is worth, in one sentence without its full stop."""
    own = np.array([size.npv_go_forward for size in found.points])
    step = _at(found, own) - _at(found, own, _PLAN - 0.1)
    return f"The last tenth of the plan {'adds' if step > 0 else 'loses'} {money(abs(step))} of NPV"


def _scale_reading(found: ScaleStudy) -> str:
    best = found.best
    more = " or more" if best.high >= float(found.scales[-1]) else ""
    worth, share = _most(found.talent_scaled), percent(found.best_talent_scaled, 0)
    scaled = f"the best would be {share} of the plan, worth {money(worth)}."
    if worth < _LITTLE:
        scaled = "no size would be worth more than stopping."
    return (
        f"Over the evidence the best size runs from {percent(best.low, 0)} of the plan "
        f"({_said(best.low_from)}) to {percent(best.high, 0)}{more} ({_said(best.high_from)}). "
        f"{last_tenth(found)}. AI staff are the same at every size; in proportion to size, {scaled}"
    )


def _said(evidence: str) -> str:
    """What a best size rests on, in brackets: ``history at most, 0.16``."""
    return lowered(evidence).replace(" (", ", ").removesuffix(")")


def sizes(lens: Lens) -> tuple[Exhibit | Prose, ...]:
    """Value over size, and what the last dollars return; one line where nothing is open."""
    if not lens.is_open:
        return (nothing_to_decide(),)
    return against_scale(lens), last_dollars(lens)


def last_dollars(lens: Lens) -> Exhibit | Prose:
    """What the last 10 bn of each year of the plan return, beside all of the year's."""
    if not lens.is_open or not lens.marginal.years:
        return nothing_to_decide()
    found, first = lens.marginal, lens.marginal.years[0]
    years = [each.year for each in found.years]
    last = [100 * each.last.npv_per_dollar for each in found.years]
    average = [100 * each.average.npv_per_dollar for each in found.years]
    amount = money(max(each.last.amount for each in found.years) / MILLIONS, brief=True)
    wide = 0.36
    with style.house():
        figure, axes = style.plot(height=62)
        for side, values, role, label in (
            (-1, last, "programme", f"The last {amount}"),
            (1, average, "low", "All of the year"),
        ):
            x = [year + side * wide / 2 for year in years]
            plotting.bars(axes, x, values, style.series(role), width=wide, label=label)
        hold = [*last, *average]
        draw_years(axes, years, Scale(below=0.06, above=0.06, hold=hold, zero=True))
        style.numbers(axes.yaxis, sign=True)
        plotting.key(axes)
    low, high = lowest(last), highest(last)
    return chart(
        figure,
        id="last-dollars",
        title=_last_title(years, last, amount),
        subtitle="NPV per dollar of capex in present value, cents, by year of the plan; zero earns "
        f"the cost of capital of {percent(found.wacc)}",
        source=lens.modelled(),
        alt=f"Pairs of bars by year, {years[0]} to {years[-1]}: NPV of the last {amount} runs "
        f"from {written(last[low])} cents on the dollar in {years[low]} to "
        f"{written(last[high])} in {years[high]}; of all of a year, from {written(min(average))} "
        f"to {written(max(average))}.",
        reading=f"In {first.year} the last {money(first.last.amount / MILLIONS, brief=True)} "
        f"{_rate(first.last)}; all spending of the year beyond commitments "
        f"{_rate(first.average)}. The whole plan from today {_rate(found.whole)}, value beyond the "
        "horizon included.",
        notes=[found.covers],
    )


def _last_title(years: Sequence[int], last: Sequence[float], amount: str) -> str:
    earns = [year for year, value in zip(years, last, strict=True) if value > 0]
    if len(earns) == len(years):
        return "The last dollars of every year of the plan earn their cost of capital"
    if not earns:
        lost = f"{written(-max(last))} to {written(-min(last))} cents on the dollar"
        return f"The last {amount} of a year loses {lost}"
    span = f"from {earns[0]} on" if earns[-1] == years[-1] else f"in {joined(map(str, earns))}"
    return f"The last dollars of the plan earn their cost of capital only {span}"


def _rate(found: Return) -> str:
    if math.isfinite(found.rate):
        return f"returns {percent(found.rate)} a year"
    cents = 100 * found.npv_per_dollar
    return f"{'gains' if cents > 0 else 'loses'} {written(abs(cents))} cents on the dollar"
