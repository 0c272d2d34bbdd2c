"""Beliefs: what must hold for the plan to earn its cost, and what a share price asks for."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from jcurve.figures import plotting, style
from jcurve.figures.display import Prose, callout, strong
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import Lens, nothing_to_decide
from jcurve.figures.overrides import the
from jcurve.figures.recipes import level_map
from jcurve.ground.numbers import (
    MILLIONS,
    compact,
    dollars,
    money,
    percent,
    spelt,
    written,
    written_date,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from jcurve.analysis.belief_pairs import BeliefMap
    from jcurve.analysis.market_implied import PriceLine
    from jcurve.analysis.question import Array

_LEVELS = (-2000, -1000, -750, -500, -250, 0, 250, 500, 1000, 2000, 4000, 8000)


def believed(lens: Lens, found: BeliefMap) -> str:
    """What must be believed for the plan to be worth its cost, at the case's response and at the
    highest that the evidence allows, in one sentence without its full stop."""
    response, high = found.case[0], found.elasticity_range[1]
    against = f"against {_bn(found.case[1])} in {the(lens.title)}"
    needed = _over(found, found.break_even, response)
    at_high = _over(found, found.break_even, high)
    if lens.forward.npv >= 0:
        if needed is None:
            return (
                f"At the response of {the(lens.title)} the plan earns its cost at every "
                f"demand shown"
            )
        return (
            f"The plan earns its cost as long as AI products bring {money(needed)} in "
            f"{found.year}, {against}"
        )
    if needed is not None:
        bring = f"{money(needed)} in {found.year}"
        if at_high is not None and high > response:
            bring += f", or {money(at_high)} at the highest response"
    elif at_high is not None:
        bring = f"{money(at_high)} in {found.year} at a response of {high:g}"
    else:
        return (
            f"No demand shown, up to {_bn(found.revenues.max())} in {found.year}, lets the "
            f"plan earn its cost"
        )
    return f"To earn its cost the plan needs AI products to bring {bring}, {against}"


def beliefs(lens: Lens) -> Exhibit | Prose:
    """The plan's value over both beliefs, with the lines on which it earns its cost and is the
    right size, and the ranges of the evidence."""
    if not lens.is_open:
        return nothing_to_decide()
    found, worth = lens.belief_map, lens.forward.npv
    x, y = found.elasticities, found.revenues / MILLIONS
    here = (found.case[0], found.case[1] / MILLIONS)
    with style.house():
        figure, axes = style.plot(height=70)
        axes.set_yscale("log")
        axes.set_xlim(float(x[0]), float(x[-1]))
        axes.set_ylim(float(y[0]), float(y[-1]))
        beliefs_of = [f"Response: {each:.2g}" for each in x]
        revenues = [f"AI products: {money(each)}" for each in y]
        level_map(axes, x, y, found.value / MILLIONS, _LEVELS, (beliefs_of, revenues))
        _evidence(axes, found)
        for row, role, label in (
            (found.right_size, "positive", "The right size"),
            (found.break_even, "with", "Earns its cost"),
        ):
            shown = np.isfinite(row)
            if shown.any():
                plotting.line(axes, x[shown], row[shown] / MILLIONS, role, label)
        shift = (6, 0) if here[0] < (x[0] + x[-1]) / 2 else (-6, 0)
        plotting.point(axes, *here, f"{lens.title}: {money(worth)}", shift=shift, over=True)
        _response_axis(axes, x)
        style.powers(axes.yaxis)
        plotting.label_ends(axes)
    return chart(
        figure,
        id="beliefs",
        title=believed(lens, found),
        subtitle="Value of the plan from today, USD bn, by response of advertising (across) and "
        f"revenue of AI products in {found.year} (upwards, USD bn, logarithmic); box: evidence",
        source=lens.modelled("ranges and readings as the assumptions cite them"),
        alt=f"Map of the plan's value. It rises with both beliefs, from {_bn(found.value.min())} "
        f"to {_bn(found.value.max())}; the scenario stands at a response of {here[0]:g} and "
        f"{money(here[1])}, worth {money(worth)}. {_alt_line(found)}",
        reading=right_size(found),
        notes=[
            f"{each.label}: {each.says.rstrip('.')}."
            for each in found.readings
            if each.says and each.kind != "case"
        ],
    )


def _response_axis(axes: Axes, x: Array) -> None:
    """The axis of responses, with ticks two hundredths apart."""
    ticks = (tick / 100 for tick in range(2, 100, 2))
    axes.set_xticks([tick for tick in ticks if x[0] <= tick <= x[-1]])
    style.numbers(axes.xaxis, decimals=2)
    axes.set_xlabel("Response (elasticity of advertising)")


def _evidence(axes: Axes, found: BeliefMap) -> None:
    """The box that the ranges of both beliefs make, and what else is said of either."""
    from matplotlib.patches import Rectangle

    (left, right), (low, high) = found.elasticity_range, found.revenue_range
    size = (right - left, (high - low) / MILLIONS)
    axes.add_patch(
        Rectangle(
            (left, low / MILLIONS), *size, fill=False, edgecolor=style.INK, linewidth=0.9,
            linestyle=(0, (4, 2)), zorder=3,
        )
    )  # fmt: skip
    said = [each for each in found.readings if each.kind != "case"]
    across = sorted((each for each in said if each.axis == "elasticity"), key=lambda e: e.value)
    for at, each in enumerate(across):
        plotting.name_range(axes, each.low, each.high, each.label, lift=at % 2)
    for each in said:
        if each.axis != "elasticity" and found.revenues[0] < each.value < found.revenues[-1]:
            plotting.name_level(axes, each.value / MILLIONS, each.label)


def _over(found: BeliefMap, row: Array, elasticity: float) -> float | None:
    """A line of the map in USD bn at an elasticity; None where it is not on the map."""
    shown = np.isfinite(row)
    at = found.elasticities[shown]
    if not at.size or not at[0] <= elasticity <= at[-1]:
        return None
    return float(np.exp(np.interp(elasticity, at, np.log(row[shown])))) / MILLIONS


def _alt_line(found: BeliefMap) -> str:
    shown = np.isfinite(found.right_size)
    if not shown.any():
        return "No line of the right size crosses the map."
    at, row = found.elasticities[shown], found.right_size[shown]
    return (
        f"The line of beliefs at which the plan is the right size falls from {_bn(row[0])} at "
        f"{at[0]:g} to "
        f"{_bn(row[-1])} at {at[-1]:g}."
    )


def right_size(found: BeliefMap) -> str:
    """For which beliefs the plan is the right size, in sentences."""
    low, high = found.elasticity_range
    sizes = []
    for response in dict.fromkeys((found.case[0], high)):
        needed = _over(found, found.right_size, response)
        if needed is not None:
            times = compact(needed * MILLIONS / found.case[1], 2)
            sizes.append(
                f"{money(needed)} ({times} times this scenario) at a response of {response:g}"
            )
    if not sizes:
        return "The plan is the right size at no demand shown."
    responses = [each for each in found.elasticities if low <= each <= high]
    rows = [_over(found, found.right_size, each) for each in responses]
    top = found.revenue_range[1] / MILLIONS
    inside = any(row is not None and row <= top for row in rows)
    return (
        f"The plan is the right size if AI products bring {' or '.join(sizes)}. "
        f"{'Some such pairs lie inside' if inside else 'All such pairs lie outside'} the "
        f"evidence."
    )


def _bn(millions: float) -> str:
    return money(float(millions) / MILLIONS)


def asked(lines: Sequence[PriceLine]) -> str:
    """What the newest price asks for, as a pair of ends and never one number, in one sentence
    without its full stop."""
    line = lines[0]
    shown = np.isfinite(line.revenues)
    price = f"A price of {dollars(line.price)}"
    if not shown.any():
        reasons = [note for note in line.notes if note]
        most = max(dict.fromkeys(reasons), key=reasons.count) if reasons else "no pair was found"
        return f"{price} matches no pair shown: {most}"
    at, revenue = line.elasticities[shown], line.revenues[shown]
    said = (
        f"{price} implies AI revenue of {_bn(revenue[0])} in {line.year} at a response of {at[0]:g}"
    )
    if at.size == 1 or math.isclose(at[0], at[-1]):
        return said
    return f"{said}, or {_bn(revenue[-1])} at {at[-1]:g}"


def implied(lens: Lens) -> Exhibit | Prose:
    """Pairs of response and AI revenue at which a share is worth its price, with the band of half
    a point of the cost of capital, at each date of a price."""
    if not lens.is_open:
        return nothing_to_decide()
    lines, title = lens.prices, asked(lens.prices)
    drawn = [line for line in lines if np.isfinite(line.revenues).sum() > 1]
    if not drawn:
        return callout([strong("What the price implies. "), f"{title}."])
    year = lines[0].year
    response = lens.number("advertising_compute_elasticity")
    revenue = lens.bn("new_product_revenue", "with", year, year)[0]
    with style.house():
        figure, axes = style.plot(height=66)
        for line, role in zip(drawn, ("programme", "with"), strict=False):
            at, low, high = line.elasticities, line.at_lower_wacc, line.at_higher_wacc
            both = np.isfinite(low) & np.isfinite(high)
            shown = np.isfinite(line.revenues)
            plotting.band(
                axes, at[both], low[both] / MILLIONS, high[both] / MILLIONS, role, "_Range"
            )
            plotting.line(axes, at[shown], line.revenues[shown] / MILLIONS, role, _dated(line))
        plotting.point(axes, response, revenue, lens.title, shift=(6, 0))
        reach = np.concatenate(
            [row for line in drawn for row in (line.revenues, line.at_higher_wacc)]
        )
        style.room(axes, [revenue, *(reach[np.isfinite(reach)] / MILLIONS)])
        _response_axis(axes, lines[0].elasticities)
        style.numbers(axes.yaxis)
        plotting.label_ends(axes)
    return chart(
        figure,
        id="price-implied",
        title=title,
        subtitle=f"Pairs of response and AI product revenue in {year} (USD bn) at which a "
        "share is worth its price; band: cost of capital half a point lower and higher",
        source=lens.modelled(
            *(f"share price of {written_date(each.date)}" for each in lines if each.date)
        ),
        alt=f"{spelt(len(drawn)).capitalize()} line{'' if len(drawn) == 1 else 's'} of AI revenue "
        f"over "
        f"response, with bands. {title}. The scenario stands at {response:g} and {money(revenue)}.",
        reading=_implied_reading(lines[0]),
    )


def _dated(line: PriceLine) -> str:
    """``$752, Sep 2026``; the price alone where it has no date."""
    if not line.date:
        return dollars(line.price)
    return f"{dollars(line.price)}, {datetime.date.fromisoformat(line.date):%b %Y}"


def _implied_reading(line: PriceLine) -> str:
    less, more = sorted(abs(each) for each in line.half_a_point)
    missing = [note for note in dict.fromkeys(line.notes) if note]
    why = f" Where a line ends, {missing[0]}." if missing else ""
    known = line.revenues[np.isfinite(line.revenues)]
    if known[-1] > known[0]:
        why = (
            " A higher response needs more: compute then explains more of past growth, and less of "
            f"that growth continues unaided.{why}"
        )
    return (
        f"In this scenario a share is worth {dollars(line.value_per_share)} at a "
        f"cost of capital of {percent(line.wacc)}; half a point of it moves that by "
        f"${written(less)} to ${written(more)}, so that a price implies a line of pairs, not one "
        f"number.{why}"
    )
