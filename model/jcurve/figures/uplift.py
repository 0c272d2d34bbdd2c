"""Advertising with and without the uplift, and the growth that the uplift leaves."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import NOTHING, Lens, money, percent, points
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.case import Case

__all__ = ["growth", "uplift"]

_AHEAD = 6
_KEYS = (
    "lever.gain_per_doubling.targeting",
    "lever.pass_through.targeting",
    "lever.ceiling.targeting",
)


def uplift(case: Case, view: str = "programme") -> Exhibit:
    """Advertising in both worlds and the difference: attributed on history, projected after."""
    lens = Lens(case, view)
    years = lens.years()
    last = lens.horizon
    ours, theirs = lens.bn("advertising", "with"), lens.bn("advertising", lens.other)
    gain = lens.bn("advertising", view)
    now = lens.first_forecast_year
    with style.house():
        figure, (left, right) = style.panels(1, 2, height=66, gap=0.42)
        style.line(left, years, theirs, "without", "Without" if view == "programme" else "Stopped")
        style.line(left, years, ours, "with", "With" if view == "programme" else "Carried on")
        style.years(left, years[0], last, 4)
        style.room(left, [*ours, *theirs])
        style.numbers(left.yaxis)
        style.forecast_from(left, now - 0.5)
        left.set_title("Advertising")
        style.label_ends(left)
        known = [year for year in years if year < now]
        ahead = [year for year in years if year >= now]
        style.bars(right, known, gain[: len(known)], style.series("reported"))
        style.bars(right, ahead, gain[len(known) :], style.series("programme"))
        style.years(right, years[0], last, 4)
        style.numbers(right.yaxis)
        style.room(right, gain)
        style.zero_line(right)
        style.forecast_from(right, now - 0.5, words=("Attributed", "Projected"))
        right.set_title("Difference")
    return chart(
        figure,
        id="uplift",
        title=_title(lens, years, gain, theirs),
        subtitle="Advertising revenue of both worlds and their difference, USD bn",
        source=lens.source("no company reports a counterfactual"),
        alt=_alt(lens, years, ours, theirs, gain),
        reading=_reading(lens, years, gain, theirs),
        notes=lens.resting(*_KEYS),
    )


def _title(lens: Lens, years: list[int], gain: list[float], theirs: list[float]) -> str:
    if max(map(abs, gain)) < NOTHING:
        return "The two worlds earn the same from advertising"
    known, last = years.index(lens.first_forecast_year) - 1, len(years) - 1
    if lens.view == "programme" and gain[known] > NOTHING:
        return (
            f"Compute is credited with {money(gain[known])} of advertising in {years[known]} "
            f"and {money(gain[last])} in {years[last]}"
        )
    more = "more" if gain[last] >= 0 else "less"
    return f"Carrying on earns {money(abs(gain[last]))} {more} from advertising in {years[last]}"


def _alt(
    lens: Lens, years: list[int], ours: list[float], theirs: list[float], gain: list[float]
) -> str:
    return (
        f"Left, two lines from {years[0]} to {years[-1]}: advertising reaches {money(ours[-1])} "
        f"with and {money(theirs[-1])} without. Right, bars of the difference: "
        + "; ".join(
            f"{year} {money(value)}"
            for year, value in zip(years, gain, strict=True)
            if (year - years[0]) % 3 == 0
        )
        + "."
    )


def _reading(lens: Lens, years: list[int], gain: list[float], theirs: list[float]) -> str:
    if max(map(abs, gain)) < NOTHING:
        return (
            "No compute is bought in one world that the other lacks. One curve attributes on "
            "history and projects on the forecast, and here both give zero."
        )
    most = max(range(len(years)), key=lambda at: gain[at] / theirs[at])
    return (
        f"The difference is largest against the other world in {years[most]}, at "
        f"{percent(gain[most] / theirs[most])} of its advertising. One curve attributes on "
        f"history and projects on the forecast, so there is no step where they join."
    )


def growth(case: Case, view: str = "programme") -> TableExhibit:
    """Growth of advertising by year with and without the uplift: what the counterfactual is
    left with."""
    lens = Lens(case, view)
    first = lens.first_shown
    last = min(lens.first_forecast_year + _AHEAD, lens.horizon)
    ours = lens.bn("advertising", "with", first, last)
    theirs = lens.bn("advertising", lens.other, first, last)
    years = lens.years(first + 1, last)
    grown = [after / before - 1 for before, after in itertools.pairwise(ours)]
    left = [after / before - 1 for before, after in itertools.pairwise(theirs)]
    share = [one / other - 1 for one, other in zip(ours[1:], theirs[1:], strict=True)]
    now = lens.first_forecast_year
    columns = [Column(label="", style="text")]
    columns += [
        Column(
            label=str(year),
            decimals=1,
            group="Reported" if year < now else "Forecast",
            forecast=year >= now,
        )
        for year in years
    ]
    with_name = lens.with_name
    return table(
        columns,
        [
            Row(cells=("Advertising, USD bn",), role="heading"),
            Row(cells=(with_name, *ours[1:]), indent=1),
            Row(cells=(lens.other_name, *theirs[1:]), indent=1),
            Row(cells=("Growth on the year",), role="heading"),
            Row(cells=(with_name, *grown), indent=1, style="percent"),
            Row(cells=(lens.other_name, *left), indent=1, style="percent"),
            Row(
                cells=("Uplift over the other world", *share),
                role="subtotal",
                style="percent",
            ),
        ],
        id="uplift-growth",
        title=_growth_title(lens, years, left),
        subtitle="What the counterfactual is left with, year by year",
        source=lens.source(),
        notes=lens.resting(
            "advertising.volume_growth.us_canada", "advertising.price_growth.us_canada"
        ),
        reading=_growth_reading(lens, years, grown, left),
    )


def _growth_title(lens: Lens, years: list[int], left: list[float]) -> str:
    who = "Without the uplift" if lens.view == "programme" else "Stopped now"
    lowest = min(range(len(years)), key=left.__getitem__)
    if lens.is_empty:
        return f"Advertising grows by {percent(left[lowest])} to {percent(max(left))} a year"
    if left[lowest] > 0:
        return f"{who}, advertising would still grow by at least {percent(left[lowest])} a year"
    return f"{who}, advertising would shrink by {percent(-left[lowest])} in {years[lowest]}"


def _growth_reading(lens: Lens, years: list[int], grown: list[float], left: list[float]) -> str:
    if lens.is_empty:
        return "Both worlds grow alike. There is no uplift to judge by what it leaves."
    first = years.index(lens.first_forecast_year)
    # The year that asks most of the counterfactual, among those judged by what was reported.
    shown = range(first + 1) if lens.view == "programme" else range(first + 1, len(years))
    at = max(shown, key=left.__getitem__)
    taken = grown[at] - left[at]
    return (
        f"The most is asked of it in {years[at]}: the uplift stands for {points(taken)} of "
        f"{percent(grown[at])} growth and leaves {percent(left[at])} without it. "
        f"If that is not plausible, the uplift is too low."
    )
