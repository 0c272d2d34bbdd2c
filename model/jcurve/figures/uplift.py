"""Advertising with and without the programme: what compute adds, by which response, and how the
company and the counterfactual grow against their market."""

from __future__ import annotations

import itertools
import math

from jcurve.assumptions import scenario as read_scenario
from jcurve.case import evaluate
from jcurve.facts.registers import ELASTICITY, belief_readings
from jcurve.figures import plotting, style
from jcurve.figures.display import Prose
from jcurve.figures.exhibit import (
    Column,
    Exhibit,
    Row,
    TableExhibit,
    chart,
    figures,
    heading,
    saying,
    table,
)
from jcurve.figures.lens import Lens, nothing_to_decide
from jcurve.figures.recipes import ESTIMATED, Scale, draw_years
from jcurve.ground.numbers import (
    NOTHING,
    amount,
    gaps,
    highest,
    joined,
    lowered,
    money,
    percent,
    points,
    span,
)

_BEFORE, _AHEAD, _STEP = 3, 5, 5
_RESPONSE = "advertising.compute_elasticity"
_HALF_POINT = 0.0005


def uplift(lens: Lens) -> Exhibit:
    """Advertising in both cases and their difference."""
    years, last, now = lens.years(), lens.horizon, lens.first_forecast_year
    ours, theirs = lens.both("advertising")
    gain = lens.bn("advertising", lens.view)
    with style.house():
        figure, (left, right) = style.panels(1, 2, height=66, gap=0.55)
        scale = Scale(step=4, forecast=lens.forecast_from)
        draw_years(left, years, scale, lines=lens.two_lines(ours, theirs))
        left.set_title("Advertising")
        plotting.bars(right, years, gain, style.series("programme"), label="_Difference")
        scale = Scale(4, lens.forecast_from, ESTIMATED, hold=gain, zero=True)
        draw_years(right, years, scale)
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
        reading=_reading(lens)
        if max(map(abs, gain)) >= NOTHING
        else "Both cases buy the same compute.",
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


def _reading(lens: Lens) -> str:
    elasticity = lens.number("advertising_compute_elasticity")
    shares = {
        label: lens.number(f"lever_share.{name}") for name, label in lens.members("lever").items()
    }
    most = sorted(shares, key=lambda label: -shares[label])[:3]
    parts = joined(f"{lowered(label)} {percent(shares[label], 0)}" for label in most)
    return (
        f"One elasticity, {amount(elasticity)}, gives the gain on history and on the forecast: "
        f"each doubling of ranking compute adds {percent(2**elasticity - 1)}. The largest parts of "
        f"that gain are {parts}."
    )


def responses(lens: Lens) -> TableExhibit | Prose:
    """What is known of the response, and what each reading makes of history and of the plan."""
    if not lens.is_open:
        return nothing_to_decide()
    given, year = lens.case.scenario, lens.first_forecast_year - 1
    item, own = given[_RESPONSE], lens.number("advertising_compute_elasticity")
    ends = (float(item.lows()[0]), float(item.highs()[0])) if item.has_range else (own, own)
    known = [each for each in belief_readings(lens.project) if each.about == ELASTICITY]
    readings = [(each.label, each.value, each.low, each.high, each.why) for each in known]
    belief = "A judgement between the readings, not a measurement"
    rows, worth = [], []
    for label, value, low, high, why in (*readings, ("This scenario", own, *ends, belief)):
        overrides = dict(given.overrides) | {_RESPONSE: value}
        moved = read_scenario(given.name, overrides, project=lens.project)
        there = Lens(evaluate(moved, project=lens.project))
        part = there.bn("advertising", "programme", year, year)[0]
        whole = there.bn("advertising", "with", year, year)[0]
        worth.append(there.forward.npv)
        stated = f"{amount(value)} ({span(amount(low), amount(high))})"
        told = stated if low < high else amount(value)
        cells = (label, told, percent(2**value - 1), percent(part / whole), worth[-1], why)
        rows.append(Row.of(*cells, role="total" if why is belief else "normal"))
    return table(
        [
            ("", 1.6),
            "Elasticity",
            *figures("Twice the compute adds", f"AI in advertising of {year}"),
            Column(label="Plan's value from today", unit="USD bn"),
            ("What it covers", 2.6),
        ],
        rows,
        id="responses",
        title=_responses_title(worth),
        subtitle="Elasticity of advertising to ranking compute: readings, and what each implies, "
        "all else unchanged",
        source=lens.modelled("papers, statements of the company and reported growth"),
        reading="Papers cover one model each and stated gains come from the company; history "
        "cannot tell compute from growth that the market shares. No reading measures the response.",
        dense=True,
    )


def _responses_title(worth: list[float]) -> str:
    low, high = min(worth), max(worth)
    if low < 0 < high:
        return "The response of advertising decides the sign of the plan's value"
    side = "negative" if high <= 0 else "positive"
    return (
        f"The plan's value is {side} at every reading of the response, {money(low)} to "
        f"{money(high)}"
    )


def growth(lens: Lens) -> TableExhibit:
    """Growth of the market, the company and the counterfactual on history and to the horizon,
    what exceeds the market and why, margins, and the fleet."""
    now, last = lens.first_forecast_year, lens.horizon
    first = now - _BEFORE
    years = list(range(first, last + 1))
    market = lens.values("market_growth_on_year", None, first)
    ours, theirs = (_grown(row) for row in lens.both("advertising", first - 1))
    above, behind = gaps(ours, market), gaps(theirs, market)
    losing = _losing(lens, years, above)
    shown = [
        year
        for year in years
        if year <= now + _AHEAD or (last - year) % _STEP == 0 or year in losing[:1]
    ]
    unexplained = zip(
        years,
        market,
        lens.values("excess_growth", None, first),
        lens.values("reported_excess_growth", None, first),
        strict=True,
    )
    excess = [
        (1 + size) * (math.exp(forecast if year >= now else known) - 1)
        for year, size, forecast, known in unexplained
    ]
    names = {"with": lens.with_name, lens.other: lens.other_name}

    def row(label: str, says: str, values: list[float], share: bool = True) -> Row:
        picked = [values[year - first] * (1 if share else 100) for year in shown]
        return saying(says, label, *picked, indent=1, style="percent" if share else None)

    sold, excessive, earned, fleet = map(
        lens.clause, ("advertising", "excess_growth", "operating_margin", "fleet_over_frontier")
    )
    response = "Growth that a fleet growing faster or slower than the frontier's brings"

    return table(
        ["", *lens.columns(shown, past="History")],
        [
            heading("Growth of advertising on the year"),
            row("Market, published and assumed", lens.clause("market_growth_on_year"), market),
            row(f"{lens.with_name} (actual to {now - 1})", sold, ours),
            row(lens.other_name, sold, theirs),
            heading("Growth beyond the market, points"),
            row(lens.with_name, sold, above, False),
            row("of which unexplained, fading by assumption", excessive, excess, False),
            row("of which compute against the frontier's", response, gaps(above, excess), False),
            row(lens.other_name, sold, behind, False),
            heading("Operating margin"),
            *(
                row(name, earned, lens.ratio("operating_income", tag=tag, first=first))
                for tag, name in names.items()
            ),
            heading("Fleet over the frontier's other companies'"),
            *(
                row(name, fleet, lens.values("fleet_over_frontier", tag, first))
                for tag, name in names.items()
            ),
        ],
        id="growth",
        title=_growth_title(lens, years, theirs, above),
        subtitle="Growth of advertising against its market, margin, and fleet by year",
        source=lens.compared("growth of the market as published"),
        notes=lens.resting("market.growth_far", "advertising.excess_years", "fleet.share"),
        reading=_growth_reading(lens, years, above, excess),
        dense=True,
    )


def _grown(values: list[float]) -> list[float]:
    return [after / before - 1 for before, after in itertools.pairwise(values)]


def _losing(lens: Lens, years: list[int], above: list[float]) -> list[int]:
    """Years after the plan in which the company grows slower than its market."""
    gaps = zip(years, above, strict=True)
    return [year for year, gap in gaps if year > lens.plan_end and gap < -_HALF_POINT]


def _growth_title(lens: Lens, years: list[int], theirs: list[float], above: list[float]) -> str:
    losing = _losing(lens, years, above)
    grows = (
        f"{lens.other_name}, advertising would grow {percent(theirs[_BEFORE], 0)} in "
        f"{years[_BEFORE]} and {percent(theirs[-1], 0)} in {years[-1]}"
    )
    if lens.is_empty or not losing:
        return grows
    return f"{grows}; {lowered(lens.with_name)} it trails its market from {losing[0]}"


def _growth_reading(lens: Lens, years: list[int], above: list[float], excess: list[float]) -> str:
    now = years.index(lens.first_forecast_year)
    first = (
        f"Of the {points(above[now])} by which advertising outgrows its market in {years[now]}, "
        f"{points(excess[now])} are unexplained and fade by assumption."
    )
    losing = _losing(lens, years, above)
    if not losing:
        return f"{first} After that the company never grows slower than its market."
    most = points(-min(above[years.index(year)] for year in losing))
    slower = f"{first} From {losing[0]} it grows slower than its market, by up to {most}"
    fleet = lens.values("fleet_over_frontier", "with", years[0])
    top = highest(fleet)
    if fleet[-1] >= fleet[top]:
        return f"{slower}."
    return (
        f"{slower}: the fleet falls from {percent(fleet[top], 0)} of the frontier's in "
        f"{years[top]} to {percent(fleet[-1], 0)} in {years[-1]}. That share loss is "
        f"an assumption, not a finding."
    )
