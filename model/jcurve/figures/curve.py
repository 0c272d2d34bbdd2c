"""The J-curve, and what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve.figures import plotting, style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import Lens
from jcurve.figures.recipes import ESTIMATED, bridge, by_size
from jcurve.ground.numbers import NOTHING, lasting, lowered, lowest, money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TALL, _TROUGH_WORDS = 68.0, 11.0  # mm
_A_YEAR = 4  # quarters
_NEAR = 8  # years between two labels that would meet


def jcurve(lens: Lens) -> Exhibit:
    """Cumulative incremental free cash flow with its trough and payback, nominal and in
    present values."""
    nominal = [0.0, *lens.quarterly("cumulative_free_cash_flow", lens.view)]
    present = [0.0, *lens.quarterly("cumulative_discounted_free_cash_flow", lens.view)]
    x = [lens.start, *lens.quarter_ends]
    with style.house():
        figure, axes = style.plot(height=_TALL)
        plotting.line(axes, x, present, "low", "Discounted")
        plotting.line(axes, x, nominal, lens.view, "Nominal")
        style.years_of_quarters(axes, int(lens.start), lens.horizon, 2)
        style.room(axes, [*nominal, *present], below=_TROUGH_WORDS / _TALL, above=0.14)
        style.numbers(axes.yaxis)
        style.zero_line(axes)
        if lens.start < lens.today < lens.horizon:
            style.forecast_from(axes, lens.today, words=ESTIMATED)
        _turning_points(axes, lens, nominal, x)
        plotting.label_ends(axes)
    return chart(
        figure,
        id="jcurve",
        title=_title(lens),
        subtitle=f"Cumulative incremental free cash flow after tax, {_against(lens)}, USD bn",
        source=lens.compared(),
        alt=_alt(lens, nominal),
        reading=_reading(lens, nominal, present),
    )


def _turning_points(axes: Axes, lens: Lens, nominal: list[float], x: list[float]) -> None:
    if lens.is_empty:
        return
    at = lowest(nominal)
    named = nominal[at] < -NOTHING and not (lens.never_pays_back and x[at] > lens.horizon - 1)
    if named:
        words = f"Trough: {money(nominal[at])}, {lens.label('trough_quarter')}"
        colour = style.readable(style.series(lens.view).colour)
        plotting.point(axes, x[at], nominal[at], words, shift=(0, -6), colour=colour)
    if lens.payback_at is not None:
        words = f"Payback: {lens.calendar(lens.payback_at)}"
        plotting.point(axes, lens.payback_at, 0.0, words, shift=(-4, 7))
    elif lens.never_pays_back:
        words = f"Not recovered: {money(nominal[-1])}"
        above, below = plotting.clear(axes, x[-1], nominal[-1], words)
        meets = named and x[-1] - x[at] < _NEAR  # the words under the trough
        shift = above + 8 if meets or above < below else -below - 8
        plotting.point(axes, x[-1], nominal[-1], words, shift=(-6, shift))


def _against(lens: Lens) -> str:
    return (
        "difference between the company with and without its AI programme"
        if lens.view == "programme"
        else "difference between continuing and stopping now"
    )


def _title(lens: Lens) -> str:
    if lens.is_empty:
        return "There is nothing to recover: incremental cash flow is zero throughout"
    falls = f"Cumulative cash falls to {money(lens.trough)}"
    if lens.payback_at is not None:
        return f"{falls} and is paid back in {lens.calendar(lens.payback_at)}"
    if not lens.never_pays_back:
        return "Cumulative cash flow never falls below zero"
    if lens.shortfall > -lens.trough - NOTHING:
        return f"{falls} by {lens.horizon} and is still falling"
    bottom = str(lens.label("trough_quarter"))[:4]
    return f"{falls} in {bottom} and is still {money(-lens.shortfall)} in {lens.horizon}"


def _alt(lens: Lens, nominal: list[float]) -> str:
    if lens.is_empty:
        return f"A flat line at zero to {lens.horizon}."
    parts = []
    if min(nominal) < -NOTHING:
        parts.append(f"it falls to {money(min(nominal))} in {lens.label('trough_quarter')}")
    if lens.payback_at is not None:
        parts.append(f"crosses zero in {lens.calendar(lens.payback_at)}")
    parts.append(f"and ends at {money(nominal[-1])}")
    return f"Line of cumulative incremental free cash flow to {lens.horizon}: {', '.join(parts)}."


def _reading(lens: Lens, nominal: list[float], present: list[float]) -> str:
    if lens.is_empty:
        return (
            "Cash flows are the same in both cases in every quarter: there is no cost, no "
            "payback and no rate of return."
        )
    under = lens.figure("quarters_under_water") or 0.0
    below = f"below zero for {lasting(under / _A_YEAR)}" if under else "never below zero"
    back = lens.figure("discounted_payback")
    second = (
        f"Discounted, it is paid back after {lasting(back)}."
        if back is not None
        else f"Discounted, it is {money(present[-1])}, because later cash counts for less; no "
        f"value after {lens.horizon} is included."
    )
    return (
        f"Cumulative cash is {below}, and {money(nominal[-1])} at the end of {lens.horizon}. "
        f"{second}"
    )


def cash_parts(lens: Lens) -> dict[str, float]:
    """Incremental free cash flow of the whole horizon by cause, in USD bn; sums to the
    J-curve's end.

    Advertising and AI products are net of their variable cost; *people and other costs* is what
    the named parts leave of incremental EBITDA, share-based pay included where it is a cost.
    """

    def sum_of(name: str) -> float:
        return sum(lens.bn(name, lens.view, lens.case.assembly.timeline.years[0]))

    earned = {
        "Better advertising": sum_of("advertising") - sum_of("uplift_cost"),
        "AI products": sum_of("new_product_revenue") - sum_of("new_product_cost"),
        "Compute leased out": sum_of("leasing_revenue"),
        "Cost savings": sum_of("cost_savings"),
        "Energy and data centres": -sum_of("energy_cost") - sum_of("operations_cost"),
        "Rented compute and leases": sum_of("sublet_income")
        - sum_of("cloud_spending")
        - sum_of("lease_cost"),
    }
    added_back = sum_of("share_based_pay") * (1 - lens.number("returns_sbc_is_cost"))
    before_capex = sum_of("ebitda") + added_back
    capex, tax = -sum_of("capex"), -sum_of("operating_cash_tax")
    return earned | {
        "People and other costs": before_capex - sum(earned.values()),
        "Capital expenditure": capex,
        "Cash tax": tax,
        "Working capital and salvage": sum_of("incremental_free_cash_flow")
        - before_capex
        - capex
        - tax,
    }


def cash_bridge(lens: Lens) -> Exhibit:
    """What the programme brings and what it costs to the horizon, undiscounted."""
    parts = cash_parts(lens)
    total = sum(parts.values())
    return chart(
        bridge(None, by_size(parts), (f"Balance in {lens.horizon}", total), height=74),
        id="cash-bridge",
        title=_bridge_title(lens, parts),
        subtitle=f"Incremental free cash flow to {lens.horizon} by cause, undiscounted, "
        f"{_against(lens)}, USD bn",
        source=lens.compared(),
        alt="Waterfall: "
        + "; ".join(f"{name} {money(amount, sign=True)}" for name, amount in parts.items())
        + f"; balance {money(total)}.",
        reading=_bridge_reading(parts, total),
        notes=["Advertising and AI products are net of their variable cost; savings are gross."],
    )


def _bridge_title(lens: Lens, parts: dict[str, float]) -> str:
    if lens.is_empty:
        return "Nothing is spent and nothing is earned"
    earned = sum(amount for amount in parts.values() if amount > 0)
    spent = -sum(amount for amount in parts.values() if amount < 0)
    return f"{lens.doing} costs {money(spent)} and returns {money(earned)} by {lens.horizon}"


def _bridge_reading(parts: dict[str, float], total: float) -> str:
    best, worst = max(parts, key=parts.__getitem__), min(parts, key=parts.__getitem__)
    if parts[best] <= NOTHING or parts[worst] >= -NOTHING:
        return f"The parts sum to {money(total)}."
    return (
        f"The largest gain is {lowered(best)}, {money(parts[best])}; the largest cost is "
        f"{lowered(worst)}, {money(-parts[worst])}."
    )
