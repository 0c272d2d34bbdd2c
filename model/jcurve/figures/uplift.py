"""Advertising with and without the programme: what compute adds, by which response, and how the
company and the counterfactual grow against their market."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from jcurve.figures import style
from jcurve.figures.decision import closed
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import NOTHING, Lens, joined, lowered, money, percent, points
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.figures.prose import Prose
    from jcurve.ground.project import Project

__all__ = ["growth", "responses", "trails", "uplift"]

_BEFORE, _AHEAD, _STEP = 3, 5, 5
_RESPONSE = "advertising.compute_elasticity"
_HALF_POINT = 0.0005


def uplift(case: Case, view: str = "programme") -> Exhibit:
    """Advertising in both cases and their difference."""
    lens = Lens(case, view)
    years = lens.years()
    last = lens.horizon
    ours, theirs = lens.bn("advertising", "with"), lens.bn("advertising", lens.other)
    gain = lens.bn("advertising", view)
    now = lens.first_forecast_year
    with style.house():
        figure, (left, right) = style.panels(1, 2, height=66, gap=0.55)
        style.line(left, years, theirs, "without", lens.other_name)
        style.line(left, years, ours, "with", lens.with_name)
        style.years(left, years[0], last, 4)
        style.room(left, [*ours, *theirs])
        style.numbers(left.yaxis)
        style.forecast_from(left, now - 0.5)
        left.set_title("Advertising")
        style.label_ends(left)
        style.bars(right, years, gain, style.series("programme"))
        style.years(right, years[0], last, 4)
        style.numbers(right.yaxis)
        style.room(right, gain)
        style.zero_line(right)
        style.forecast_from(right, now - 0.5, words=("Estimated", "Forecast"))
        right.set_title("Difference")
    return chart(
        figure,
        id="uplift",
        title=_title(lens, years, gain, ours),
        subtitle=f"Advertising revenue {lowered(lens.with_name)} and {lowered(lens.other_name)}, "
        "USD bn",
        source=lens.compared(),
        alt=f"Left, two lines from {years[0]} to {last}: advertising reaches {money(ours[-1])} "
        f"{lowered(lens.with_name)} and {money(theirs[-1])} {lowered(lens.other_name)}. Right, "
        f"bars of the difference, from {money(gain[years.index(now) - 1])} in {now - 1} to "
        f"{money(gain[-1])} in {last}.",
        reading=_reading(lens, gain),
        notes=lens.resting(_RESPONSE, "advertising.contribution"),
    )


def _title(lens: Lens, years: list[int], gain: list[float], ours: list[float]) -> str:
    if max(map(abs, gain)) < NOTHING:
        return "Advertising is the same in both cases"
    known, last = years.index(lens.first_forecast_year) - 1, years[-1]
    if lens.view == "programme":
        said = f"AI explains {percent(gain[known] / ours[known])} of advertising in {years[known]}"
        if gain[-1] < 0:
            return f"{said}; in {last} advertising is {money(-gain[-1])} lower than without AI"
        return f"{said} and {percent(gain[-1] / ours[-1])} in {last}"
    what = "costs" if gain[-1] > 0 else "saves"
    return f"Stopping now {what} {money(abs(gain[-1]))} of advertising in {last}"


def _reading(lens: Lens, gain: list[float]) -> str:
    if max(map(abs, gain)) < NOTHING:
        return "No compute is bought in one case that the other lacks."
    elasticity = lens.number("advertising_compute_elasticity")
    shares = {
        label: lens.number(f"lever_share.{name}") for name, label in lens.members("lever").items()
    }
    most = sorted(shares, key=lambda label: -shares[label])[:3]
    parts = joined(f"{lowered(label)} {percent(shares[label], 0)}" for label in most)
    return (
        f"One elasticity, {elasticity:g}, gives the gain on history and on the forecast: each "
        f"doubling of ranking compute adds {percent(2**elasticity - 1)}. How it comes about is "
        f"only a split of it: {parts}."
    )


def responses(case: Case, project: Project) -> TableExhibit | Prose:
    """What is known of the response, and what each reading makes of history and of the plan."""
    from jcurve.assumptions import scenario as read_scenario
    from jcurve.case import evaluate
    from jcurve.facts.readings import ELASTICITY, belief_readings

    lens = Lens(case)
    if Lens(case, "go_forward").is_empty:
        return closed()
    known = [each for each in belief_readings(project) if each.about == ELASTICITY]
    told = [(each.label, each.value, each.low, each.high, each.why) for each in known]
    item = case.scenario[_RESPONSE]
    own = lens.number("advertising_compute_elasticity")
    ends = (float(item.lows()[0]), float(item.highs()[0])) if item.has_range else (own, own)
    told.append(("This scenario", own, *ends, "A belief between the readings, not a measurement"))
    rows, worth = [], []
    for label, value, low, high, why in told:
        given = dict(case.scenario.overrides) | {_RESPONSE: value}
        made = evaluate(read_scenario(case.scenario.name, given, project=project), project=project)
        there = Lens(made, "go_forward")
        year = lens.first_forecast_year - 1
        part = Lens(made).bn("advertising", "programme", year, year)[0]
        whole = there.bn("advertising", "with", year, year)[0]
        worth.append(there.figure("npv") or 0.0)
        span = f" ({low:g} to {high:g})" if low < high else ""
        rows.append(
            Row(
                cells=(
                    label, f"{value:g}{span}", percent(2**value - 1), percent(part / whole),
                    worth[-1], why,
                ),
                role="total" if label == told[-1][0] else "normal",
            )
        )  # fmt: skip
    return table(
        [
            Column(label="", style="text", weight=1.6),
            Column(label="Elasticity", style="text"),
            Column(label="Twice the compute adds", style="text", figures=True),
            Column(label=f"AI in advertising of {lens.first_forecast_year - 1}", style="text",
                   figures=True),
            Column(label="Plan's value from today", unit="USD bn"),
            Column(label="What it covers", style="text", weight=2.6),
        ],
        rows,
        id="responses",
        title=_responses_title(worth),
        subtitle="Elasticity of advertising to ranking compute: readings, and what each implies, "
        "all else as it is",
        source=lens.modelled("papers, statements of the company and reported growth"),
        reading="Papers cover one model each and stated gains come from the company; history "
        "cannot tell compute from growth that the market shares. No reading measures the response.",
        dense=True,
    )  # fmt: skip


def _responses_title(worth: list[float]) -> str:
    low, high = min(worth), max(worth)
    if low < 0 < high:
        return "The response of advertising decides the sign of the plan's value"
    side = "negative" if high <= 0 else "positive"
    return (
        f"The plan's value is {side} at every reading of the response, {money(low)} to "
        f"{money(high)}"
    )


def growth(case: Case, view: str = "programme") -> TableExhibit:
    """Growth of the market, the company and the counterfactual on history and to the horizon,
    what exceeds the market and why, margins, and the fleet."""
    lens = Lens(case, view)
    now, last = lens.first_forecast_year, lens.horizon
    first = now - _BEFORE
    every = list(range(first, last + 1))
    shown = [year for year in every if year <= now + _AHEAD or (last - year) % _STEP == 0]
    at = [year - first for year in shown]
    market = lens.values("market_growth_on_year", None, first)
    ours, theirs = (_grown(lens.bn("advertising", tag, first - 1)) for tag in ("with", lens.other))
    beyond = [
        lens.values(name, None, first) for name in ("excess_growth", "reported_excess_growth")
    ]
    excess = [
        (1 + size) * (math.exp(forecast if year >= now else known) - 1)
        for year, size, forecast, known in zip(every, market, *beyond, strict=True)
    ]
    above = [one - other for one, other in zip(ours, market, strict=True)]
    behind = [one - other for one, other in zip(theirs, market, strict=True)]
    margins = {
        tag: [
            income / revenue
            for income, revenue in zip(
                lens.bn("operating_income", tag, first), lens.bn("revenue", tag, first), strict=True
            )
        ]
        for tag in ("with", lens.other)
    }
    fleet = {tag: lens.values("fleet_over_frontier", tag, first) for tag in ("with", lens.other)}

    def row(label: str, values: list[float], *, share: bool = True) -> Row:
        picked = [values[i] if share else 100 * values[i] for i in at]
        return Row(cells=(label, *picked), indent=1, style="percent" if share else None)

    relative = [all_ - part for all_, part in zip(above, excess, strict=True)]
    return table(
        [Column(label="", style="text"), *lens.columns(shown, past="History")],
        [
            Row(cells=("Growth of advertising on the year",), role="heading"),
            row("Market, published and assumed", market),
            row(f"{lens.with_name} (actual to {now - 1})", ours),
            row(lens.other_name, theirs),
            Row(cells=("Growth beyond the market, points",), role="heading"),
            row(lens.with_name, above, share=False),
            row("of it unexplained, fading by assumption", excess, share=False),
            row("of it compute against the frontier's", relative, share=False),
            row(lens.other_name, behind, share=False),
            Row(cells=("Operating margin",), role="heading"),
            row(lens.with_name, margins["with"]),
            row(lens.other_name, margins[lens.other]),
            Row(cells=("Fleet over the frontier's other companies'",), role="heading"),
            row(lens.with_name, fleet["with"]),
            row(lens.other_name, fleet[lens.other]),
        ],
        id="growth",
        title=_growth_title(every, ours, theirs, market, lens),
        subtitle="Growth of advertising against its market, margin, and fleet by year",
        source=lens.compared("growth of the market as published"),
        notes=lens.resting("market.growth_far", "advertising.excess_years", "fleet.share"),
        reading=_growth_reading(lens, every, above, fleet["with"], excess),
        dense=True,
    )


def _grown(values: list[float]) -> list[float]:
    return [after / before - 1 for before, after in itertools.pairwise(values)]


def trails(lens: Lens) -> int | None:
    """The first year after the plan in which advertising grows slower than its market while the
    fleet's share of the frontier falls; None where there is none."""
    first = lens.plan_end
    years = lens.years(first + 1)
    market = lens.values("market_growth_on_year", None, first + 1)
    ours = _grown(lens.bn("advertising", "with", first))
    fleet = lens.values("fleet_over_frontier", "with", first)
    above = [one - other for one, other in zip(ours, market, strict=True)]
    losing = _losing(lens, years, above)
    return losing[0] if losing and fleet[-1] < max(fleet) else None


def _losing(lens: Lens, years: list[int], above: list[float]) -> list[int]:
    """Years after the plan in which the company grows slower than its market."""
    end = lens.plan_end
    return [
        year for year, gap in zip(years, above, strict=True) if year > end and gap < -_HALF_POINT
    ]


def _growth_title(
    years: list[int], ours: list[float], theirs: list[float], market: list[float], lens: Lens
) -> str:
    above = [one - other for one, other in zip(ours, market, strict=True)]
    losing = _losing(lens, years, above)
    ahead = [value for year, value in zip(years, theirs, strict=True) if year >= years[_BEFORE]]
    other = "Without AI" if lens.view == "programme" else "Stopped now"
    grows = (
        f"{other}, advertising would grow {percent(ahead[0], 0)} in {years[_BEFORE]} and "
        f"{percent(ahead[-1], 0)} in {years[-1]}"
    )
    if lens.is_empty or not losing:
        return grows
    return f"{grows}; with AI it trails its market from {losing[0]}"


def _growth_reading(
    lens: Lens, years: list[int], above: list[float], fleet: list[float], excess: list[float]
) -> str:
    now = years.index(lens.first_forecast_year)
    first = (
        f"Of the {points(above[now])} by which advertising outgrows its market in {years[now]}, "
        f"{points(excess[now])} are unexplained and fade by assumption."
    )
    losing = _losing(lens, years, above)
    if not losing:
        return f"{first} After that the company never grows slower than its market."
    most = -min(above[years.index(year)] for year in losing)
    top = max(range(len(years)), key=fleet.__getitem__)
    if fleet[-1] < fleet[top]:
        return (
            f"{first} From {losing[0]} it grows slower than its market, by up to {points(most)}: "
            f"the fleet falls from {percent(fleet[top], 0)} of the frontier's in {years[top]} to "
            f"{percent(fleet[-1], 0)} in {years[-1]}. That is share loss by assumption, not a "
            f"finding."
        )
    return f"{first} From {losing[0]} it grows slower than its market, by up to {points(most)}."
