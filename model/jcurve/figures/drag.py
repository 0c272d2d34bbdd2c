"""What the programme takes from margin, cash flow and earnings, year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jcurve.figures.display import Prose, callout, strong
from jcurve.figures.exhibit import Exhibit, Row, TableExhibit, chart, heading, saying, table
from jcurve.figures.lens import Lens
from jcurve.figures.recipes import Scale, bridge, by_size, by_year
from jcurve.figures.statements import INCOME
from jcurve.ground.numbers import (
    NOTHING,
    dollars,
    gaps,
    joined,
    lowered,
    lowest,
    money,
    percent,
    points,
    written,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HUNDREDTH_POINT = 0.0001
_DIFFERENCES = (
    ("Free cash flow", "free_cash_flow"),
    ("Revenue", "revenue"),
    ("Depreciation", "property_depreciation"),
)


def _margins(lens: Lens, first: int | None = None) -> tuple[list[float], list[float]]:
    """Operating income over revenue by year, in the world with the programme and the other."""
    name = "operating_income"
    return lens.ratio(name, first=first), lens.ratio(name, tag=lens.other, first=first)


def _half(lens: Lens, scale: Scale, ours: list[float], theirs: list[float]) -> Figure:
    """Both worlds by year, in half a column."""
    lines = lens.two_lines(ours, theirs)
    return by_year(lens.years(), scale, lines=lines, width="half", height=54)


def margin(lens: Lens) -> Exhibit:
    """Operating margin in both worlds; half a column wide."""
    years = lens.years()
    ours, theirs = _margins(lens)
    gap = gaps(ours, theirs)
    worst = lowest(gap)
    scale = Scale(4, lens.forecast_from, style="percent", above=0.18)
    return chart(
        _half(lens, scale, ours, theirs),
        id="margin",
        title=f"{lens.doing} lowers operating margin by {points(-gap[worst])} in {years[worst]}"
        if gap[worst] < -NOTHING
        else f"{lens.doing} never lowers operating margin",
        subtitle=f"Operating income, per cent of revenue; dashed: {lowered(lens.other_name)}",
        source=lens.compared(),
        alt=f"Two lines from {years[0]} to {years[-1]}: operating margin ends at "
        f"{percent(ours[-1])} {lowered(lens.with_name)} and {percent(theirs[-1])} "
        f"{lowered(lens.other_name)}; the "
        f"widest gap is {points(gap[worst])} in {years[worst]}.",
        reading=_margin_reading(lens, years, ours, gap)
        if max(map(abs, gap)) > NOTHING
        else "The margin is the same in both cases in every year.",
        width="half",
    )


def _margin_reading(lens: Lens, years: list[int], ours: list[float], gap: list[float]) -> str:
    now = years.index(lens.first_forecast_year)
    low = now + lowest(ours[now:])
    return (
        f"Operating margin was {percent(ours[now - 1])} in {years[now - 1]}; its lowest forecast "
        f"is {percent(ours[low])}, in {years[low]}. In {years[-1]} it stands "
        f"{points(abs(gap[-1]))} {'above' if gap[-1] > 0 else 'below'} the margin "
        f"{lowered(lens.other_name)}."
    )


def free_cash_flow(lens: Lens) -> Exhibit:
    """Free cash flow as the company defines it, in both worlds; half a column wide."""
    years = lens.years()
    ours, theirs = lens.both("free_cash_flow")
    gap = gaps(ours, theirs)
    worst, now = lowest(gap), years.index(lens.first_forecast_year)
    low = now + lowest(ours[now:])
    scale = Scale(4, lens.forecast_from, below=0.04, above=0.18, zero=True)
    return chart(
        _half(lens, scale, ours, theirs),
        id="free-cash-flow",
        title=f"{lens.doing} lowers free cash flow by {money(-gap[worst])} in {years[worst]}"
        if gap[worst] < -NOTHING
        else f"{lens.doing} never lowers free cash flow",
        subtitle=f"As the company defines it, USD bn; dashed: {lowered(lens.other_name)}",
        source=lens.compared(),
        alt=f"Two lines from {years[0]} to {years[-1]}: free cash flow is lowest at "
        f"{money(ours[low])} in {years[low]} and ends at {money(ours[-1])}, against "
        f"{money(theirs[-1])} {lowered(lens.other_name)}.",
        reading=f"The lowest forecast is {money(ours[low])}, in {years[low]}. "
        f"It includes interest and tax as paid, which the J-curve leaves to the discount rate."
        if max(map(abs, gap)) > NOTHING
        else "Free cash flow is the same in both cases in every year.",
        width="half",
    )


def margin_steps(lens: Lens, year: int) -> dict[str, float]:
    """What takes the operating margin of ``year`` without the programme to the margin with it,
    as shares of revenue: first the other case's costs spread over more revenue, then each line
    of cost that differs, over the revenue with the programme.

    The steps sum to the difference of the two margins.
    """
    tags = lens.case.assembly.model.tags

    def of(name: str, tag: str) -> float:
        return lens.bn(name, tag if tag in tags(name) else None, year, year)[0]

    until = [item.line for item in INCOME].index("operating_income")
    costs = [item for item in INCOME[:until] if item.sign < 0]
    ours, theirs = of("revenue", "with"), of("revenue", lens.other)
    spent = sum(of(item.line, lens.other) for item in costs)
    steps = {"Added revenue": spent / theirs - spent / ours}
    for item in costs:
        steps[item.label] = (of(item.line, lens.other) - of(item.line, "with")) / ours
    return steps


def margin_bridge(lens: Lens) -> Exhibit | Prose:
    """From the margin without the programme to the margin with it, in the year it costs most."""
    every = _margins(lens, lens.first_forecast_year)
    at = lowest(gaps(*every))
    year, ours, theirs = lens.first_forecast_year + at, every[0][at], every[1][at]
    if ours - theirs > -_HUNDREDTH_POINT:
        return callout(
            [strong("No bridge of margin. "), "AI lowers the margin in no forecast year."]
        )
    every_step = by_size(margin_steps(lens, year))
    steps = [(name, amount) for name, amount in every_step if abs(amount) >= _HUNDREDTH_POINT]
    name, other = lens.with_name, lens.other_name
    worst, most = min(steps, key=lambda step: step[1])
    gains = sum(amount for _, amount in steps if amount > 0)
    figure = bridge(
        (other, theirs),
        steps,
        (name, ours),
        height=18 + 5.4 * (len(steps) + 2),
        write=lambda amount: written(amount * 100, decimals=1, sign=True),
        write_total=percent,
        start_role="without",
        number_style="percent",
        above=0.1,
    )
    return chart(
        figure,
        id="margin-bridge",
        title=f"{worst} takes {points(-most)} of margin in {year}",
        subtitle=f"Operating margin of {year}, forecast: {lowered(other)} and {lowered(name)}, and "
        "the steps between in points of revenue",
        source=lens.modelled(),
        alt=f"Waterfall from {percent(theirs)} to {percent(ours)}: "
        + "; ".join(f"{step} {points(amount, sign=True)}" for step, amount in steps)
        + ".",
        reading=f"The steps sum to {points(ours - theirs, sign=True)}, the widest gap of any "
        "forecast year. "
        + (
            f"Revenue and savings add {points(gains)}."
            if gains > _HUNDREDTH_POINT
            else "Nothing offsets it."
        ),
    )


def drag(lens: Lens) -> TableExhibit:
    """Margin, earnings per share, free cash flow and return on capital by year: the company
    with its programme, and what the programme does to it."""
    years = lens.years()
    shown = [year for year in years if year <= lens.first_forecast_year + 4]
    shown += [year for year in years if year > shown[-1] and (lens.horizon - year) % 5 == 0]
    ours, theirs = _margins(lens)
    lost = gaps(ours, theirs)
    eps = "earnings_per_share"
    shares = lens.values(eps, lens.view)
    begun = int(lens.start)  # before it nothing is compared

    def row(label: str, line: str, values: list[float], since: int = 0, **look: Any) -> Row:
        cells = (values[years.index(year)] if year >= since else None for year in shown)
        return saying(lens.clause(line), label, *cells, **{"indent": 1, **look})

    telling = _telling(lens)
    spread, gained = (
        row(label, line, lens.values(line, lens.view), telling, style="percent", indent=0)
        for label, line in (
            ("Spread over the WACC", "spread_over_wacc"),
            ("Return on capital added", "return_on_invested_capital"),
        )
    )
    return table(
        ["", *lens.columns(shown, past="History")],
        [
            heading(f"{lens.with_name} (history: actual)"),
            row("Operating margin", "operating_margin", ours, style="percent"),
            row("EPS, USD", eps, lens.values(eps, "with"), decimals=2),
            row("Free cash flow, USD bn", "free_cash_flow", lens.bn("free_cash_flow", "with")),
            heading(f"Change from {lowered(lens.other_name)} (history: estimated)"),
            row("Margin, points", "operating_margin", [100 * each for each in lost], begun),
            row("EPS, USD", eps, shares, begun, decimals=2),
            *(
                row(f"{label}, USD bn", name, lens.bn(name, lens.view), begun)
                for label, name in _DIFFERENCES
            ),
            gained.model_copy(update={"role": "subtotal"}),
            spread,
        ],
        id="drag",
        title=_drag_title(lens, shown, [shares[years.index(year)] for year in shown]),
        subtitle=f"The company's figures {lowered(lens.with_name)}, and their difference from "
        f"those {lowered(lens.other_name)}",
        source=lens.compared(),
        notes=[
            f"Return on capital added is shown from {telling}: before, that capital is less than a "
            "tenth of its highest, and a return on it says little."
        ]
        * (begun < telling <= lens.horizon),
        reading=_drag_reading(lens, years),
    )


def _telling(lens: Lens) -> int:
    """The first year whose return is on more than a tenth of the most capital that is added; the
    year after the last, where none is."""
    parts = (lens.bn(name, lens.view) for name in ("property_net", "working_capital"))
    capital = list(map(sum, zip(*parts, strict=True)))
    after = zip(lens.years()[1:], capital, strict=False)
    return next((year for year, own in after if own > max(capital) / 10), lens.horizon + 1)


def _drag_title(lens: Lens, years: list[int], shares: list[float]) -> str:
    """What the programme costs of earnings per share next year, at its worst and at the end."""
    worst = lowest(shares)
    if shares[worst] > -NOTHING:
        return f"{lens.doing} never lowers earnings per share"
    following = min(years.index(lens.first_forecast_year) + 1, len(years) - 1)
    named = [following, worst] if worst > following else [worst]
    lost = [at for at in named if shares[at] < 0]
    costs = joined(f"{dollars(-shares[at])} of EPS in {years[at]}" for at in lost)
    still = f", and still {dollars(-shares[-1])}"
    end = still if shares[-1] < 0 else f", and adds {dollars(shares[-1])}"
    last = f"{end} in {years[-1]}" if worst != len(years) - 1 else ""
    return f"{lens.doing} costs {costs}{last}"


def _drag_reading(lens: Lens, years: list[int]) -> str:
    if lens.is_empty:
        return "The two cases are the same: there is no incremental capital to earn on."
    earned = lens.values("return_on_invested_capital", lens.view)[-1]
    if abs(earned) > 1:
        return (
            f"By {years[-1]} so little incremental capital is left that a return on it says little."
        )
    spread = dict(zip(years, lens.values("spread_over_wacc", lens.view), strict=True))
    above = [year for year in years if year >= lens.first_forecast_year and spread[year] > 0]
    last = (
        f"The first forecast year above the cost of capital is {above[0]}."
        if above
        else "It earns its cost of capital in no forecast year."
    )
    return (
        f"Incremental capital earns {percent(earned)} a year before interest and after tax in "
        f"{years[-1]}. {last}"
    )
