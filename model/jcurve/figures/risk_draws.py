"""Charts of a simulation: the fan, the distribution of NPV, payback by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve.analysis.overview import npv_of
from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import MILLIONS, Lens, money, percent, points
from jcurve.figures.risk import nothing

if TYPE_CHECKING:
    from jcurve.analysis.overview import Simulated
    from jcurve.case import Case
    from jcurve.figures.prose import Prose

__all__ = ["distribution", "fan", "payback"]


def fan(case: Case, drawn: Simulated, view: str = "programme") -> Exhibit | Prose:
    """The J-curve with the spread that the assumptions' ranges give it."""
    lens = Lens(case, view)
    found = next(each for each in drawn.risk.fans if each.line.startswith("cumulative"))
    if lens.is_empty:
        return nothing("Cumulative cash flow is zero in every draw.")
    rows = dict(zip(found.probabilities, found.quantiles / MILLIONS, strict=True))
    x = [float(year) for year in found.years]
    own = lens.bn("cumulative_free_cash_flow", view, found.years[0])
    with style.house():
        figure, axes = style.plot(height=78)
        look = style.series("programme")
        for low, high, strength in ((0.05, 0.95, 0.16), (0.25, 0.75, 0.26)):
            axes.fill_between(
                x, rows[low], rows[high], color=look.colour, alpha=strength, linewidth=0, zorder=2
            )
        style.line(axes, x, [float(v) for v in rows[0.50]], "programme", "Median")
        style.line(axes, x, own, "with", "As assumed")
        axes.set_xticks(list(range(found.years[0], lens.horizon + 1, 2)))
        axes.set_xlim(found.years[0] - 0.2, lens.horizon + 1.6)
        style.numbers(axes.xaxis, "plain")
        style.room(axes, [float(v) for row in rows.values() for v in row], below=0.06)
        style.numbers(axes.yaxis)
        style.zero_line(axes)
        style.forecast_from(axes, lens.today, words=("Estimated", "Forecast"))
        style.label_ends(axes)
    last = {p: float(row[-1]) for p, row in rows.items()}
    return chart(
        figure,
        id="fan",
        title=f"Nine draws in ten end between {money(last[0.05])} and {money(last[0.95])} "
        f"in {lens.horizon}",
        subtitle="Cumulative incremental free cash flow: half of all draws (dark), nine in ten "
        "(light), median, and the scenario itself, USD bn",
        source=lens.modelled(),
        alt=f"Fan chart to {lens.horizon}: median {money(last[0.5])}, half of all draws between "
        f"{money(last[0.25])} and {money(last[0.75])}.",
        reading=f"{drawn.run.note}. The median ends at {money(last[0.5])}, the scenario as "
        f"assumed at {money(own[-1])}: ranges are not symmetric, and effects multiply.",
    )


def distribution(case: Case, drawn: Simulated, view: str = "programme") -> Exhibit | Prose:
    """How NPV is spread over the draws."""
    lens, output = Lens(case, view), npv_of(view)
    spread = next(each for each in drawn.risk.spreads if each.output == output)
    if lens.is_empty:
        return nothing("The value is zero in every draw.")
    middles = (spread.edges[1:] + spread.edges[:-1]) / 2.0 / MILLIONS
    width = float(spread.edges[1] - spread.edges[0]) / MILLIONS
    low, median, high = (spread.quantiles[at].value / MILLIONS for at in (0, 3, 6))
    with style.house():
        figure, axes = style.plot(height=62)
        for role, kept in (("negative", middles < 0), ("positive", middles >= 0)):
            if kept.any():
                style.bars(
                    axes,
                    [float(v) for v in middles[kept]],
                    [float(v) for v in spread.shares[kept]],
                    style.series(role),
                    width=width * 0.92,
                )
        top = float(spread.shares.max())
        axes.set_ylim(0, top * 1.25)
        for value, name in ((low, "5%"), (median, "Median"), (high, "95%")):
            style.note(axes, value, top, f"{name}: {money(value)}", shift=4.0)
        style.numbers(axes.xaxis)
        style.numbers(axes.yaxis, "percent")
    below, error = spread.below_zero.value, spread.below_zero.error or 0.0
    return chart(
        figure,
        id="distribution",
        title=f"NPV is below zero in {percent(below, 0)} of draws",
        subtitle="Net present value over all draws, USD bn, share of draws in each bin",
        source=lens.modelled(),
        alt=f"Histogram of net present value: 5% of draws below {money(low)}, half below "
        f"{money(median)}, 5% above {money(high)}.",
        reading=f"The mean is {money(spread.mean.value / MILLIONS)}, ± "
        f"{money((spread.mean.error or 0.0) / MILLIONS)}; the share below zero is known to ± "
        f"{points(error)} (95% intervals).",
    )


def payback(case: Case, drawn: Simulated, view: str = "programme") -> Exhibit | Prose:
    """How likely the programme is to have paid back by the end of each year."""
    lens, found = Lens(case, view), drawn.risk.payback_by
    if lens.is_empty or not found:
        return nothing("There is no outlay to pay back.")
    years = [year for year in found if year >= lens.first_forecast_year]
    shares = [found[year].value for year in years]
    with style.house():
        figure, axes = style.plot(height=52)
        style.bars(axes, [float(year) for year in years], shares, style.series("programme"))
        style.years(axes, years[0], years[-1], 2)
        axes.set_ylim(0, max(1.0, *shares) if max(shares) > 0.5 else max(0.05, max(shares) * 1.2))
        style.numbers(axes.yaxis, "percent")
        style.beside(axes, years[-1] + 0.3, shares[-1], percent(shares[-1]))
    half = next((year for year, share in zip(years, shares, strict=True) if share >= 0.5), None)
    return chart(
        figure,
        id="payback-probability",
        title=f"By {lens.horizon} the programme has paid back in {percent(shares[-1], 0)} of draws",
        subtitle="Share of draws whose cumulative incremental cash flow has returned to zero by "
        "the end of the year",
        source=lens.modelled(),
        alt=f"Bars by year of the share of draws that have paid back, rising from "
        f"{percent(shares[0])} by {years[0]} to {percent(shares[-1])} by {years[-1]}.",
        reading=(
            f"In more than half of the draws the programme has paid back by {half}."
            if half
            else f"In no year to {lens.horizon} is payback more likely than not."
        )
        + " Payback is never counted through a terminal value.",
    )
