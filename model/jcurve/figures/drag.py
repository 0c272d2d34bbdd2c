"""What the programme takes from margin, cash flow and earnings, year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import NOTHING, Lens, joined, lowered, money, percent, points
from jcurve.figures.numbers import written
from jcurve.figures.prose import Prose, callout, strong
from jcurve.figures.statements import INCOME
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.case import Case

__all__ = ["drag", "free_cash_flow", "margin", "margin_bridge", "margin_steps"]

_HUNDREDTH_POINT = 0.0001


def _names(lens: Lens) -> tuple[str, str]:
    return ("With AI", "Without AI") if lens.view == "programme" else ("Continued", "Stopped")


def _margins(lens: Lens, tag: str) -> list[float]:
    """Operating income over revenue, by year."""
    return [
        income / revenue
        for income, revenue in zip(
            lens.bn("operating_income", tag), lens.bn("revenue", tag), strict=True
        )
    ]


def margin(case: Case, view: str = "programme") -> Exhibit:
    """Operating margin in both worlds; half a column wide."""
    lens = Lens(case, view)
    years = lens.years()
    ours, theirs = _margins(lens, "with"), _margins(lens, lens.other)
    gap = [one - other for one, other in zip(ours, theirs, strict=True)]
    worst = min(range(len(years)), key=gap.__getitem__)
    with style.house():
        figure, axes = style.plot(width="half", height=54)
        style.line(axes, years, theirs, "without", _names(lens)[1])
        style.line(axes, years, ours, "with", _names(lens)[0])
        style.years(axes, years[0], years[-1], 4)
        style.room(axes, [*ours, *theirs], above=0.18)
        style.numbers(axes.yaxis, "percent")
        style.forecast_from(axes, lens.first_forecast_year - 0.5)
        style.label_ends(axes)
    moved = max(map(abs, gap)) > NOTHING
    return chart(
        figure,
        id="margin",
        title=f"Margin is {points(-gap[worst])} lower in {years[worst]}"
        if gap[worst] < -NOTHING
        else "Operating margin is never lower",
        subtitle=f"Operating income, per cent of revenue; dashed: {lowered(lens.other_name)}",
        source=lens.compared(),
        alt=f"Two lines from {years[0]} to {years[-1]}: operating margin ends at "
        f"{percent(ours[-1])} with AI and {percent(theirs[-1])} {lowered(lens.other_name)}; the "
        f"widest gap is {points(gap[worst])} in {years[worst]}.",
        reading=_margin_reading(lens, years, ours, gap)
        if moved
        else "The margin is the same in both cases in every year.",
        width="half",
    )


def _margin_reading(lens: Lens, years: list[int], ours: list[float], gap: list[float]) -> str:
    now = years.index(lens.first_forecast_year)
    low = min(range(now, len(years)), key=ours.__getitem__)
    return (
        f"Operating margin was {percent(ours[now - 1])} in {years[now - 1]}; its lowest forecast "
        f"is {percent(ours[low])}, in {years[low]}. In {years[-1]} it stands "
        f"{points(abs(gap[-1]))} {'above' if gap[-1] > 0 else 'below'} the margin "
        f"{lowered(lens.other_name)}."
    )


def free_cash_flow(case: Case, view: str = "programme") -> Exhibit:
    """Free cash flow as the company defines it, in both worlds; half a column wide."""
    lens = Lens(case, view)
    years = lens.years()
    ours, theirs = lens.bn("free_cash_flow", "with"), lens.bn("free_cash_flow", lens.other)
    gap = [one - other for one, other in zip(ours, theirs, strict=True)]
    worst = min(range(len(years)), key=gap.__getitem__)
    low = min(range(years.index(lens.first_forecast_year), len(years)), key=ours.__getitem__)
    with style.house():
        figure, axes = style.plot(width="half", height=54)
        style.line(axes, years, theirs, "without", _names(lens)[1])
        style.line(axes, years, ours, "with", _names(lens)[0])
        style.years(axes, years[0], years[-1], 4)
        style.room(axes, [*ours, *theirs], below=0.04, above=0.18)
        style.numbers(axes.yaxis)
        style.zero_line(axes)
        style.forecast_from(axes, lens.first_forecast_year - 0.5)
        style.label_ends(axes)
    moved = max(map(abs, gap)) > NOTHING
    return chart(
        figure,
        id="free-cash-flow",
        title=f"Free cash flow is {money(-gap[worst])} lower in {years[worst]}"
        if gap[worst] < -NOTHING
        else "Free cash flow is never lower",
        subtitle=f"As the company defines it, USD bn; dashed: {lowered(lens.other_name)}",
        source=lens.compared(),
        alt=f"Two lines from {years[0]} to {years[-1]}: free cash flow is lowest at "
        f"{money(ours[low])} in {years[low]} and ends at {money(ours[-1])}, against "
        f"{money(theirs[-1])} {lowered(lens.other_name)}.",
        reading=f"The lowest forecast is {money(ours[low])}, in {years[low]}. "
        f"It includes interest and tax as paid, which the J-curve leaves to the discount rate."
        if moved
        else "Free cash flow is the same in both cases in every year.",
        width="half",
    )


def margin_steps(case: Case, year: int, view: str = "programme") -> dict[str, float]:
    """What takes the operating margin of ``year`` without the programme to the margin with it,
    as shares of revenue: first the other case's costs spread over more revenue, then each line
    of cost that differs, over the revenue with the programme.

    The steps sum to the difference of the two margins.
    """
    lens = Lens(case, view)
    tags = case.assembly.model.tags

    def of(name: str, tag: str) -> float:
        return lens.bn(name, tag if tag in tags(name) else None, year, year)[0]

    lines = [item.line for item in INCOME]
    until = lines.index("operating_income")
    costs = [item for item in INCOME[:until] if item.sign < 0]
    ours, theirs = of("revenue", "with"), of("revenue", lens.other)
    spent = sum(of(item.line, lens.other) for item in costs)
    steps = {"Added revenue": spent / theirs - spent / ours}
    for item in costs:
        more = of(item.line, "with") - of(item.line, lens.other)
        steps[item.label] = -more / ours
    return steps


def margin_bridge(case: Case, view: str = "programme") -> Exhibit | Prose:
    """From the margin without the programme to the margin with it, in the year it costs most."""
    lens = Lens(case, view)
    years = lens.years(lens.first_forecast_year)
    ours, theirs = (
        dict(zip(lens.years(), _margins(lens, tag), strict=True)) for tag in ("with", lens.other)
    )
    year = min(years, key=lambda each: ours[each] - theirs[each])
    gap = ours[year] - theirs[year]
    if gap > -_HUNDREDTH_POINT:
        return callout(
            [strong("No bridge of margin. "), "AI lowers the margin in no forecast year."]
        )
    shown = {
        name: amount
        for name, amount in margin_steps(case, year, view).items()
        if abs(amount) >= _HUNDREDTH_POINT
    }
    names = [_names(lens)[1], *shown, _names(lens)[0]]
    rank = list(range(len(names)))[::-1]
    with style.house():
        figure, axes = style.plot(height=18 + 5.4 * len(names))
        at, reach = theirs[year], [theirs[year]]
        style.rung(axes, rank[0], 0.0, theirs[year], style.series("without"))
        style.beside(axes, theirs[year], rank[0], percent(theirs[year]))
        for y, amount in zip(rank[1:-1], shown.values(), strict=True):
            look = style.series("positive" if amount >= 0 else "negative")
            style.rung(axes, y, at, amount, look)
            right = max(at, at + amount)
            style.beside(axes, right, y, written(amount * 100, decimals=1, sign=True))
            at += amount
            reach += [at, right]
        style.rung(axes, rank[-1], 0.0, ours[year], style.series("with"))
        style.beside(axes, max(ours[year], 0.0), rank[-1], percent(ours[year]))
        style.rungs(axes, rank, names)
        style.room(axes, [*reach, ours[year]], below=0.02, above=0.1, along="x")
        style.numbers(axes.xaxis, "percent")
    worst = min(shown, key=shown.__getitem__)
    gains = sum(amount for amount in shown.values() if amount > 0)
    return chart(
        figure,
        id="margin-bridge",
        title=f"{worst} takes {points(-shown[worst])} of margin in {year}",
        subtitle=f"Operating margin of {year}, forecast: {lowered(_names(lens)[1])} and "
        f"{lowered(_names(lens)[0])}, and the steps between in points of revenue",
        source=lens.modelled(),
        alt=f"Waterfall from {percent(theirs[year])} to {percent(ours[year])}: "
        + "; ".join(f"{name} {points(amount, sign=True)}" for name, amount in shown.items())
        + ".",
        reading=f"The steps sum to {points(gap, sign=True)}, the widest gap of any forecast year. "
        + (
            f"Revenue and savings give back {points(gains)}."
            if gains > _HUNDREDTH_POINT
            else "Nothing gives any of it back."
        ),
    )


def drag(case: Case, view: str = "programme") -> TableExhibit:
    """Margin, earnings per share, free cash flow and return on capital by year: the company
    with its programme, and what the programme does to it."""
    lens = Lens(case, view)
    years = lens.years()
    shown = [year for year in years if year <= lens.first_forecast_year + 4]
    shown += [year for year in years if year > shown[-1] and (lens.horizon - year) % 5 == 0]
    at = [years.index(year) for year in shown]
    ours, theirs = _margins(lens, "with"), _margins(lens, lens.other)

    def pick(values: list[float]) -> list[float]:
        return [values[i] for i in at]

    def since(values: list[float]) -> list[float | None]:
        """None in years before the view begins, in which nothing is compared."""
        begun = int(lens.start)
        return [values[i] if years[i] >= begun else None for i in at]

    gap = [(one - other) * 100 for one, other in zip(ours, theirs, strict=True)]
    shares = lens.values("earnings_per_share", view)
    return table(
        [Column(label="", style="text"), *lens.columns(shown, past="History")],
        [
            Row(cells=(f"{lens.with_name} (history: actual)",), role="heading"),
            Row(cells=("Operating margin", *pick(ours)), indent=1, style="percent"),
            Row(
                cells=("EPS, USD", *pick(lens.values("earnings_per_share", "with"))),
                indent=1,
                decimals=2,
            ),
            Row(
                cells=("Free cash flow, USD bn", *pick(lens.bn("free_cash_flow", "with"))), indent=1
            ),
            Row(
                cells=(f"Change from {lowered(lens.other_name)} (history: estimated)",),
                role="heading",
            ),
            Row(cells=("Margin, points", *since(gap)), indent=1),
            Row(cells=("EPS, USD", *since(shares)), indent=1, decimals=2),
            Row(
                cells=("Free cash flow, USD bn", *since(lens.bn("free_cash_flow", view))), indent=1
            ),
            Row(cells=("Revenue, USD bn", *since(lens.bn("revenue", view))), indent=1),
            Row(
                cells=("Depreciation, USD bn", *since(lens.bn("property_depreciation", view))),
                indent=1,
            ),
            Row(
                cells=(
                    "Return on capital added",
                    *since(lens.values("return_on_invested_capital", view)),
                ),
                role="subtotal",
                style="percent",
            ),
            Row(
                cells=("Spread over the WACC", *since(lens.values("spread_over_wacc", view))),
                style="percent",
            ),
        ],
        id="drag",
        title=_drag_title(lens, years, shares),
        subtitle=f"The company {lowered(lens.with_name)}, and the difference from the company "
        f"{lowered(lens.other_name)}",
        source=lens.compared(),
        reading=_drag_reading(lens, years),
    )


def _drag_title(lens: Lens, years: list[int], shares: list[float]) -> str:
    """What the programme costs of earnings per share next year, at its worst and at the end."""
    worst = min(range(len(years)), key=shares.__getitem__)
    if shares[worst] > -NOTHING:
        return "Earnings per share are never lower"
    following = min(years.index(lens.first_forecast_year) + 1, len(years) - 1)
    told = sorted({following, worst} if worst > following else {worst})
    costs = [f"${abs(shares[at]):.2f} of EPS in {years[at]}" for at in told if shares[at] < 0]
    end = f" and still ${-shares[-1]:.2f}" if shares[-1] < 0 else f", and adds ${shares[-1]:.2f}"
    last = f"{end} in {years[-1]}" if worst != len(years) - 1 else ""
    return f"{'AI' if lens.view == 'programme' else 'Continuing'} costs {joined(costs)}{last}"


def _drag_reading(lens: Lens, years: list[int]) -> str:
    earned = lens.values("return_on_invested_capital", lens.view)
    spread = lens.values("spread_over_wacc", lens.view)
    now = years.index(lens.first_forecast_year)
    above = [year for year, value in zip(years[now:], spread[now:], strict=True) if value > 0]
    if lens.is_empty:
        return "The two cases are the same: there is no incremental capital to earn on."
    if abs(earned[-1]) > 1:
        return (
            f"By {years[-1]} so little incremental capital is left that a return on it says little."
        )
    first = (
        f"Incremental capital earns {percent(earned[-1])} a year before interest and after tax "
        f"in {years[-1]}."
    )
    if above:
        return f"{first} The first forecast year above the cost of capital is {above[0]}."
    return f"{first} In no forecast year does it earn its cost of capital."
