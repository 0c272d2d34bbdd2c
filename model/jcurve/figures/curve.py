"""The J-curve, and what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import NOTHING, Lens, lowered, money
from jcurve.figures.numbers import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from jcurve.case import Case

__all__ = ["cash_bridge", "jcurve"]

_TROUGH_WORDS = 11.0  # mm


def jcurve(
    case: Case,
    view: str = "programme",
    *,
    width: Literal["full", "half"] = "full",
    height: float = 68.0,
) -> Exhibit:
    """Cumulative incremental free cash flow with its trough and payback, nominal and in
    present values."""
    lens = Lens(case, view)
    nominal = [0.0, *lens.quarterly("cumulative_free_cash_flow", view)]
    present = [0.0, *lens.quarterly("cumulative_discounted_free_cash_flow", view)]
    x = [lens.start, *lens.quarter_ends]
    with style.house():
        figure, axes = style.plot(width=width, height=height)
        style.line(axes, x, present, "low", "Discounted")
        style.line(axes, x, nominal, view, "Nominal")
        _calendar(axes, lens, 2 if width == "full" else 4)
        # Words under the trough take the same height on paper whatever the chart's.
        style.room(axes, [*nominal, *present], below=_TROUGH_WORDS / height, above=0.14)
        style.numbers(axes.yaxis)
        style.zero_line(axes)
        if lens.start < lens.today < lens.horizon:
            style.forecast_from(
                axes, lens.today, words=("Estimated" if width == "full" else "", "Forecast")
            )
        _marks(axes, lens, nominal, x)
        style.label_ends(axes)
    return chart(
        figure,
        id="jcurve",
        title=_title(lens),
        subtitle=f"Cumulative incremental free cash flow after tax, {_against(lens)}, USD bn",
        source=lens.compared(),
        alt=_alt(lens, nominal),
        reading=_reading(lens, nominal, present),
        width=width,
    )


def _calendar(axes: Axes, lens: Lens, step: int) -> None:
    first = int(lens.start)
    axes.set_xticks(list(range(first, lens.horizon + 2, step)))
    axes.set_xlim(first - 0.2, lens.horizon + 1.2)
    style.numbers(axes.xaxis, "plain")


def _marks(axes: Axes, lens: Lens, nominal: list[float], x: list[float]) -> None:
    if lens.is_empty:
        return
    lowest = min(range(len(nominal)), key=nominal.__getitem__)
    never = lens.reason("payback").startswith("never")
    if nominal[lowest] < -NOTHING and not (never and x[lowest] > lens.horizon - 1):
        style.mark(
            axes,
            x[lowest],
            nominal[lowest],
            f"Trough: {money(nominal[lowest])}, {lens.label('trough_quarter')}",
            shift=(0, -6),
            colour=style.readable(style.series(lens.view).colour),
        )
    if lens.payback_at is not None:
        style.mark(
            axes,
            lens.payback_at,
            0.0,
            f"Payback: {lens.calendar(lens.payback_at)}",
            shift=(-4, 7),
        )
    elif never:
        style.mark(
            axes,
            x[-1],
            nominal[-1],
            f"Not recovered: {money(nominal[-1])}",
            shift=(-6, 8) if nominal[-1] > nominal[-_A_YEAR] else (-6, -8),  # off the curve
            colour=style.INK,
        )


def _against(lens: Lens) -> str:
    return (
        "difference between the company with and without its AI programme"
        if lens.view == "programme"
        else "difference between continuing and stopping now"
    )


def _title(lens: Lens) -> str:
    if lens.is_empty:
        return "There is nothing to recover: incremental cash flow is zero throughout"
    trough, payback = lens.figure("trough_amount") or 0.0, lens.payback_at
    if payback is not None:
        return (
            f"Cumulative cash falls to {money(trough)} and is paid back in {lens.calendar(payback)}"
        )
    if lens.reason("payback").startswith("never"):
        short = lens.figure("unrecovered_balance") or 0.0
        if short > -trough - NOTHING:
            return (
                f"Cumulative cash falls to {money(trough)} by {lens.horizon} and is still falling"
            )
        bottom = str(lens.label("trough_quarter"))[:4]
        return (
            f"Cumulative cash falls to {money(trough)} in {bottom} and is still "
            f"{money(-short)} in {lens.horizon}"
        )
    return "Cumulative cash flow never falls below zero"


def _alt(lens: Lens, nominal: list[float]) -> str:
    if lens.is_empty:
        return f"A flat line at zero to {lens.horizon}."
    parts = [f"Line chart of cumulative incremental free cash flow to {lens.horizon}"]
    if min(nominal) < -NOTHING:
        parts.append(
            f"it falls to {money(min(nominal))} in {lens.label('trough_quarter')}",
        )
    if lens.payback_at is not None:
        parts.append(f"crosses zero in {lens.calendar(lens.payback_at)}")
    parts.append(f"and ends at {money(nominal[-1])}")
    return f"{parts[0]}: {', '.join(parts[1:])}."


def _reading(lens: Lens, nominal: list[float], present: list[float]) -> str:
    if lens.is_empty:
        return (
            "Cash flows are the same in both cases in every quarter: there is no outlay, no "
            "payback and no rate of return."
        )
    under = lens.figure("quarters_under_water") or 0.0
    first = (
        f"Cumulative cash is below zero for {under / 4:.1f} years and {money(nominal[-1])} at the "
        f"end of {lens.horizon}."
        if under
        else f"Cumulative cash is never below zero and {money(nominal[-1])} at the end of "
        f"{lens.horizon}."
    )
    back = lens.figure("discounted_payback")
    second = (
        f"Discounted, it is paid back after {back:.1f} years."
        if back is not None
        else f"Discounted, it is {money(present[-1])}, because later cash counts for less; what "
        f"comes after {lens.horizon} is not in it."
    )
    return f"{first} {second}"


_A_YEAR = 4  # quarters
_PARTS = (
    "Better advertising",
    "AI products",
    "Compute leased out",
    "Cost savings",
    "Energy and data centres",
    "Rented compute and leases",
    "People and other costs",
    "Capital expenditure",
    "Cash tax",
    "Working capital and salvage",
)


def cash_parts(case: Case, view: str) -> dict[str, float]:
    """Incremental free cash flow of the whole horizon by cause, in USD bn; sums to the
    J-curve's end.

    Advertising and AI products are net of their variable cost; *people and other costs* is what
    the named parts leave of incremental EBITDA, share-based pay included where it is a cost.
    """
    lens = Lens(case, view)

    def sum_of(name: str) -> float:
        return sum(lens.bn(name, view, case.assembly.timeline.years[0]))

    uplift = sum_of("advertising") - sum_of("uplift_cost")
    products = sum_of("new_product_revenue") - sum_of("new_product_cost")
    leased = sum_of("leasing_revenue")
    savings = sum_of("cost_savings")
    power = -sum_of("energy_cost") - sum_of("operations_cost")
    rented = -sum_of("cloud_spending") - sum_of("lease_cost") + sum_of("sublet_income")
    capex = -sum_of("capex")
    tax = -sum_of("operating_cash_tax")
    earned = sum_of("ebitda")
    total = sum_of("incremental_free_cash_flow")
    added_back = sum_of("share_based_pay") * (1 - lens.number("returns_sbc_is_cost"))
    other = earned + added_back - uplift - products - leased - savings - power - rented
    rest = total - earned - added_back - capex - tax
    parts = (uplift, products, leased, savings, power, rented, other, capex, tax, rest)
    return dict(zip(_PARTS, parts, strict=True))


def cash_bridge(case: Case, view: str = "programme", *, height: float = 74.0) -> Exhibit:
    """What the programme brings and what it costs to the horizon, undiscounted."""
    lens = Lens(case, view)
    parts = cash_parts(case, view)
    total = sum(parts.values())
    names = [*parts, f"Balance in {lens.horizon}"]
    rank = list(range(len(names)))[::-1]
    with style.house():
        figure, axes = style.plot(height=height)
        at = 0.0
        edge = []
        for y, (name, amount) in zip(rank, [*parts.items(), (names[-1], total)], strict=True):
            is_total = name == names[-1]
            look = style.series("with" if is_total else "positive" if amount >= 0 else "negative")
            start = 0.0 if is_total else at
            style.rung(axes, y, start, amount, look)
            edge.append((y, max(start, start + amount), amount))
            at += 0.0 if is_total else amount
        style.rungs(axes, rank, names)
        reach = [place for _, right, amount in edge for place in (right, right - abs(amount))]
        style.room(axes, reach, below=0.02, above=0.12, along="x")
        for y, right, amount in edge:
            style.beside(axes, right, y, written(amount, decimals=0, sign=True))
        style.numbers(axes.xaxis)
    gains = {name: amount for name, amount in parts.items() if amount > NOTHING}
    costs = {name: amount for name, amount in parts.items() if amount < -NOTHING}
    return chart(
        figure,
        id="cash-bridge",
        title=_bridge_title(lens, parts),
        subtitle=f"Incremental free cash flow to {lens.horizon} by cause, undiscounted, "
        f"{_against(lens)}, USD bn",
        source=lens.compared(),
        alt="Waterfall: "
        + "; ".join(f"{name} {money(amount, sign=True)}" for name, amount in parts.items())
        + f"; balance {money(total)}.",
        reading=_bridge_reading(lens, gains, costs, total),
        notes=["Advertising and AI products are net of their variable cost; savings are gross."],
    )


def _bridge_title(lens: Lens, parts: dict[str, float]) -> str:
    earned = sum(amount for amount in parts.values() if amount > 0)
    if lens.is_empty:
        return "Nothing is spent and nothing is earned"
    spent = -sum(amount for amount in parts.values() if amount < 0)
    who = "AI" if lens.view == "programme" else "Continuing"
    return f"{who} costs {money(spent)} and returns {money(earned)} by {lens.horizon}"


def _bridge_reading(
    lens: Lens, gains: dict[str, float], costs: dict[str, float], total: float
) -> str:
    if not gains or not costs:
        return f"The parts sum to {money(total)}."
    best = max(gains, key=gains.__getitem__)
    worst = min(costs, key=costs.__getitem__)
    return (
        f"The largest gain is {lowered(best)}, {money(gains[best])}; the largest cost is "
        f"{lowered(worst)}, {money(-costs[worst])}."
    )
