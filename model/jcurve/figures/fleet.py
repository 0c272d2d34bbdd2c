"""The fleet: what it costs beside what ranking alone pays, what it is used for, what AI products
earn with it, how it stands against the frontier's, and the share of revenue that capex takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from jcurve.facts import Company, companies, company, history, reported
from jcurve.figures import plotting, style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import Lens
from jcurve.figures.recipes import ESTIMATED, Scale, by_year, draw_years
from jcurve.ground.numbers import (
    MILLIONS,
    compact,
    highest,
    joined,
    lowered,
    money,
    percent,
)

if TYPE_CHECKING:
    from jcurve.analysis.marginal import FleetUse
    from jcurve.ground.project import Project

_BEFORE = 3
_MUCH = 0.2  # A share of the fleet leased out above which the reader is told what that means
_MILLION = 1e6
_RIVALS = ("guided", "positive", "judgement", "consensus")
_CHARGE, _REVENUE = "depreciation_expense_ppe", "revenue_total"


def _uses(lens: Lens) -> tuple[FleetUse, ...]:
    from jcurve.analysis.marginal import fleet_use

    return fleet_use(lens.case, lens.years(lens.first_forecast_year))


def pays(lens: Lens) -> Exhibit:
    """What ranking pays a year at the margin of its compute, beside the fleet's yearly cost;
    half a column wide."""
    found = _uses(lens)
    years = [each.year for each in found]
    gain = [each.ranking_pays / MILLIONS for each in found]
    cost = [each.fleet_costs / MILLIONS for each in found]
    at = highest([spent - earned for spent, earned in zip(cost, gain, strict=True)])
    lines = {"Fleet costs": ("negative", cost), "Ranking pays": ("with", gain)}
    return chart(
        by_year(years, Scale(step=4), lines=lines, width="half", height=58),
        id="ranking-pays",
        title=f"In {years[at]} ranking alone pays {money(gain[at])} of the {money(cost[at])} that "
        "the fleet costs"
        if gain[at] < cost[at]
        else "Ranking alone pays for the whole fleet in every year",
        subtitle="USD bn a year, forecast",
        source=lens.modelled(),
        alt=f"Two lines from {years[0]} to {years[-1]}: the yearly cost of the fleet goes from "
        f"{money(cost[0])} to {money(cost[-1])}, what ranking pays from {money(gain[0])} to "
        f"{money(gain[-1])}.",
        reading="What ranking pays is advertising times its response to compute times "
        "contribution; "
        "the cost of the fleet is an owner's yearly cost of all units in service. AI products and "
        "leased compute must pay for the rest.",
        width="half",
    )


def use(lens: Lens) -> Exhibit:
    """How much of the fleet trains, ranks, serves AI products and is leased out, by year; half
    a column wide."""
    found = _uses(lens)
    layers = {
        "Ranking": [100 * each.ranking for each in found],
        "Training": [100 * each.training for each in found],
        "AI products": [100 * each.products for each in found],
        "Leased out": [100 * each.leased_out for each in found],
    }
    scale = Scale(step=4, top=100)
    first, last = found[0], found[-1]
    return chart(
        by_year([each.year for each in found], scale, layers=layers, width="half", height=58),
        id="fleet-use",
        title=_use_title(found),
        subtitle="Share of compute in service, %, forecast",
        source=lens.modelled(),
        alt=f"Stacked bars of shares: ranking falls from {percent(first.ranking, 0)} in "
        f"{first.year} to {percent(last.ranking, 0)} in {last.year}, AI products go from "
        f"{percent(first.products, 0)} to {percent(last.products, 0)}, and what is leased out "
        f"peaks at {percent(max(each.leased_out for each in found), 0)}.",
        reading=_use_reading(found),
        notes=lens.resting("compute.training_share", "leasing.depth_share"),
        width="half",
    )


def _use_title(found: tuple[FleetUse, ...]) -> str:
    most, first, last = max(found, key=lambda each: each.leased_out), found[0], found[-1]
    if most.leased_out > _MUCH:
        return f"Up to {percent(most.leased_out, 0)} of the fleet is leased out, in {most.year}"
    return (
        f"Ranking uses {percent(first.ranking, 0)} of the fleet in {first.year} and "
        f"{percent(last.ranking, 0)} in {last.year}"
    )


def _use_reading(found: tuple[FleetUse, ...]) -> str:
    much = [each.year for each in found if each.leased_out > _MUCH]
    first = "Compute goes to the use that earns most at the margin."
    if not much:
        return f"{first} No more than a fifth is leased out in any year."
    span = f"In {much[0]}" if len(much) == 1 else f"From {much[0]} to {much[-1]}"
    return (
        f"{first} {span} over a fifth is leased out: ranking and AI products have no better use "
        f"for it, and the company competes with firms whose business is renting out compute."
    )


def against_frontier(lens: Lens) -> Exhibit:
    """Compute in service beside the frontier's other companies', and their ratio."""
    first = lens.first_forecast_year - _BEFORE
    years = lens.years(first)
    units = [value / _MILLION for value in lens.values("compute_in_service", "with", first)]
    other = [value / _MILLION for value in lens.values("compute_in_service", lens.other, first)]
    frontier = [value / _MILLION for value in lens.values("frontier_fleet", None, first)]
    ours, theirs = (lens.values("fleet_over_frontier", tag, first) for tag in ("with", lens.other))
    with style.house():
        figure, (left, right) = style.panels(1, 2, height=62, gap=0.62)
        left.set_yscale("log")
        plotting.line(left, years, frontier, "reported", "Frontier")
        plotting.line(left, years, other, "without", lens.other_name)
        plotting.line(left, years, units, "with", lens.with_name)
        style.years(left, first, years[-1], 4)
        style.powers(left.yaxis)
        left.set_title("Million H100 equivalents, logarithmic scale")
        right.set_title("Over the frontier's other companies'")
        style.forecast_from(left, lens.forecast_from, words=ESTIMATED)
        plotting.label_ends(left)
        scale = Scale(step=4, style="percent", forecast=lens.forecast_from, words=ESTIMATED)
        draw_years(right, years, scale, lines=lens.two_lines(ours, theirs))
    top = highest(ours)
    return chart(
        figure,
        id="against-frontier",
        title=_frontier_title(years, ours, top),
        subtitle=f"Compute in service at the year's end; dashed: {lowered(lens.other_name)}",
        source=lens.modelled("fleets estimated from capex and prices, no company reports them"),
        alt=f"Left, three rising lines on a logarithmic scale: the company's fleet goes from "
        f"{compact(units[0])} million H100 equivalents in {first} to "
        f"{compact(units[-1])} million in {years[-1]}. Right, its ratio to the frontier's "
        f"other companies': {percent(ours[0], 0)}, a peak of {percent(ours[top], 0)} in "
        f"{years[top]}, {percent(ours[-1], 0)} in {years[-1]}.",
        reading=_frontier_reading(lens, dict(zip(years, units, strict=True))),
        notes=lens.resting("fleet.share", "fleet.years", "sector.spending_growth"),
    )


def _frontier_title(years: list[int], ours: list[float], top: int) -> str:
    if top == len(years) - 1:
        return (
            f"The fleet grows from {percent(ours[0], 0)} to {percent(ours[-1], 0)} of the "
            f"frontier's by {years[-1]}"
        )
    return (
        f"The fleet grows to {percent(ours[top], 0)} of the frontier's by {years[top]}, then falls "
        f"to {percent(ours[-1], 0)}"
    )


def _frontier_reading(lens: Lens, units: Mapping[int, float]) -> str:
    shown = (lens.first_forecast_year, lens.plan_end, lens.horizon)
    fleets = joined(f"{compact(units[year])} million in {year}" for year in shown if year in units)
    return (
        f"The fleet is {fleets}. To {lens.plan_end} it follows from planned dollars; after that it "
        f"goes to {percent(lens.number('fleet_share'), 0)} of the frontier's, which is a judgement."
    )


def intensity(lens: Lens) -> Exhibit:
    """Capex over revenue: the company's history and forecast, and rivals as reported; half a
    column wide."""
    return _over_revenue(
        lens,
        "capex",
        id="capex-over-revenue",
        name="Capex",
        rivals=lambda rival, first: _reported_intensity(rival, first, lens.home),
        subtitle="Capex over revenue; rivals as reported by fiscal year",
        reading=f"After {lens.plan_end} the share is an outcome: the fleet is set, and its cost "
        "follows from price and life.",
    )


def depreciation_share(lens: Lens) -> Exhibit:
    """Depreciation and amortisation over revenue: the company's history and forecast, and rivals'
    depreciation of property as reported; half a column wide."""

    def shares(rival: Company, first: int) -> dict[int, float]:
        facts = reported(rival.name, lens.home)
        charged, earned = (facts.series(name, "year") for name in (_CHARGE, _REVENUE))
        return {
            int(year): fact.value / earned[year].value
            for year, fact in charged.items()
            if year in earned and int(year) >= first
        }

    return _over_revenue(
        lens,
        "depreciation_and_amortisation",
        id="depreciation-over-revenue",
        name="Depreciation",
        rivals=shares,
        subtitle="Depreciation and amortisation over revenue; rivals: of property, as reported",
        reading="Depreciation trails capex: it keeps rising after spending has stopped rising.",
    )


def _over_revenue(
    lens: Lens,
    line: str,
    *,
    id: str,
    name: str,
    rivals: Callable[[Company, int], dict[int, float]],
    subtitle: str,
    reading: str,
) -> Exhibit:
    """A line over revenue in both cases, and rivals' as reported."""
    first = lens.first_forecast_year - 2 * _BEFORE + 1
    years = lens.years(first)
    ours, theirs = (lens.ratio(line, tag=tag, first=first) for tag in ("with", lens.other))
    own = lens.case.assembly.company.display_name
    known = {
        each.display_name.split()[0].strip(","): rivals(each, first)
        for each in (company(folder, lens.home) for folder in companies(lens.home))
        if each.display_name != own
    }
    scale = Scale(step=4, style="percent", forecast=lens.forecast_from, words=("", "Forecast"))
    with style.house():
        figure, axes = style.plot(width="half", height=58)
        for role, (rival, shares) in zip(_RIVALS, known.items(), strict=False):
            plotting.line(axes, list(shares), list(shares.values()), role, rival)
        plotting.key(axes, columns=3)
        for drawn in axes.get_lines():
            drawn.set_label(f"_{drawn.get_label()}")  # named in the key, not at its end
        draw_years(axes, years, scale, lines=lens.two_lines(ours, theirs))
    top = highest(ours)
    latest = {rival: list(shares.values())[-1] for rival, shares in known.items() if shares}
    others = joined(f"{rival} {percent(share, 0)}" for rival, share in latest.items())
    return chart(
        figure,
        id=id,
        title=f"{name} takes {percent(ours[top], 0)} of revenue in {years[top]} and "
        f"{percent(ours[-1], 0)} in {years[-1]}",
        subtitle=subtitle,
        source=lens.compared("filings of rivals"),
        alt=f"Lines of the share of revenue: the company's goes from {percent(ours[0], 0)} in "
        f"{first} to {percent(ours[top], 0)} in {years[top]} and ends at {percent(ours[-1], 0)}; "
        f"{lowered(lens.other_name)} it ends at {percent(theirs[-1], 0)}. Rivals' last years: "
        f"{others}.",
        reading=reading,
        width="half",
    )


def _reported_intensity(rival: Company, first: int, project: Project) -> dict[int, float]:
    """Property bought and leased over revenue, by fiscal year whose every quarter is reported."""
    through = rival.data_through
    rows = history(rival.name, rival.first_quarter, through, project)

    def flow(name: str, quarters: tuple[str, ...]) -> float:
        row = rows.get(name)
        return float(sum(np.nan_to_num(row.at(each)) for each in quarters)) if row else 0.0

    found = {}
    for year in range(first, int(through[:4]) + 2):
        quarters = rival.quarters(str(year))
        if quarters[-1] <= through:
            spent = flow("reported_capex", quarters)
            spent += flow("reported_finance_lease_additions", quarters)
            found[year] = spent / flow("reported_revenue", quarters)
    return found
