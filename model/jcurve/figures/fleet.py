"""The fleet: what it costs beside what ranking alone pays, what it is used for, how it stands
against the frontier's, and what share of revenue capex takes, beside history and rivals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from jcurve.facts import companies, company
from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import MILLIONS, Lens, joined, lowered, money, percent
from jcurve.figures.numbers import compact

if TYPE_CHECKING:
    from jcurve.analysis.marginal import FleetUse
    from jcurve.case import Case
    from jcurve.facts import Company
    from jcurve.ground.project import Project

__all__ = ["against_frontier", "intensity", "pays", "use"]

_BEFORE = 3
_MUCH = 0.2
"""A share of the fleet leased out above which the reader is told what that means."""
_MILLION = 1e6
_RIVALS = ("guided", "positive", "judgement", "consensus")


def _years(case: Case) -> list[int]:
    lens = Lens(case)
    return lens.years(lens.first_forecast_year)


def pays(case: Case) -> Exhibit:
    """What ranking pays a year at the margin of its compute, beside the fleet's yearly cost;
    half a column wide."""
    from jcurve.analysis.marginal import fleet_use

    lens, found = Lens(case), fleet_use(case, _years(case))
    years = [each.year for each in found]
    gain = [each.ranking_pays / MILLIONS for each in found]
    cost = [each.fleet_costs / MILLIONS for each in found]
    widest = max(range(len(years)), key=lambda at: cost[at] - gain[at])
    with style.house():
        figure, axes = style.plot(width="half", height=58)
        style.line(axes, years, cost, "negative", "Fleet costs")
        style.line(axes, years, gain, "with", "Ranking pays")
        style.years(axes, years[0], years[-1], 4)
        style.room(axes, [*gain, *cost])
        style.numbers(axes.yaxis)
        style.label_ends(axes)
    return chart(
        figure,
        id="ranking-pays",
        title=f"In {years[widest]} ranking alone pays {money(gain[widest])} of the "
        f"{money(cost[widest])} that the fleet costs"
        if gain[widest] < cost[widest]
        else "Ranking alone pays for the whole fleet in every year",
        subtitle="USD bn a year, forecast",
        source=lens.modelled(),
        alt=f"Two lines from {years[0]} to {years[-1]}: the yearly cost of the fleet goes from "
        f"{money(cost[0])} to {money(cost[-1])}, what ranking pays from {money(gain[0])} to "
        f"{money(gain[-1])}.",
        reading="Ranking pays elasticity × contribution × advertising; the fleet costs what an "
        "owner pays a year for each unit in service. What ranking leaves must come from AI "
        "products and from compute that is leased out.",
        width="half",
    )


def use(case: Case) -> Exhibit:
    """How much of the fleet trains, ranks, serves AI products and is leased out, by year; half
    a column wide."""
    from jcurve.analysis.marginal import fleet_use

    lens, found = Lens(case), fleet_use(case, _years(case))
    years = [each.year for each in found]
    layers = {
        "Ranking": [100 * each.ranking for each in found],
        "Training": [100 * each.training for each in found],
        "AI products": [100 * each.products for each in found],
        "Leased out": [100 * each.leased_out for each in found],
    }
    with style.house():
        figure, axes = style.plot(width="half", height=58)
        style.stack(axes, years, layers)
        style.years(axes, years[0], years[-1], 4)
        axes.set_ylim(0, 100)
        style.numbers(axes.yaxis)
        style.label_stack(axes)
    first, last = found[0], found[-1]
    return chart(
        figure,
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
    most = max(found, key=lambda each: each.leased_out)
    if most.leased_out > _MUCH:
        return f"Up to {percent(most.leased_out, 0)} of the fleet is leased out, in {most.year}"
    return (
        f"Ranking uses {percent(found[0].ranking, 0)} of the fleet in {found[0].year} and "
        f"{percent(found[-1].ranking, 0)} in {found[-1].year}"
    )


def _use_reading(found: tuple[FleetUse, ...]) -> str:
    much = [each.year for each in found if each.leased_out > _MUCH]
    first = "Compute goes where it earns most at the margin."
    if not much:
        return f"{first} No more than a fifth is leased out in any year."
    span = f"In {much[0]}" if len(much) == 1 else f"From {much[0]} to {much[-1]}"
    return (
        f"{first} {span} over a fifth is leased out: ranking and AI products have no better use "
        f"for it, and the company competes with those who let compute for a living."
    )


def against_frontier(case: Case, view: str = "programme") -> Exhibit:
    """Compute in service beside the frontier's other companies', and their ratio."""
    lens = Lens(case, view)
    first = lens.first_forecast_year - _BEFORE
    years = lens.years(first)
    fleets = {
        "Frontier": ("reported", lens.values("frontier_fleet", None, first)),
        lens.other_name: ("without", lens.values("compute_in_service", lens.other, first)),
        lens.with_name: ("with", lens.values("compute_in_service", "with", first)),
    }
    share = {tag: lens.values("fleet_over_frontier", tag, first) for tag in ("with", lens.other)}
    with style.house():
        figure, (left, right) = style.panels(1, 2, height=62, gap=0.62)
        left.set_yscale("log")
        for name, (role, values) in fleets.items():
            style.line(left, years, [value / _MILLION for value in values], role, name)
        style.years(left, first, years[-1], 4)
        style.powers(left.yaxis)
        left.set_title("Million H100 equivalents, logarithmic scale")
        style.line(right, years, share[lens.other], "without", lens.other_name)
        style.line(right, years, share["with"], "with", lens.with_name)
        style.years(right, first, years[-1], 4)
        style.room(right, [*share["with"], *share[lens.other]])
        style.numbers(right.yaxis, "percent")
        right.set_title("Over the frontier's other companies'")
        for axes in (left, right):
            style.forecast_from(
                axes, lens.first_forecast_year - 0.5, words=("Estimated", "Forecast")
            )
            style.label_ends(axes)
    ours = share["with"]
    top = max(range(len(years)), key=ours.__getitem__)
    units = {
        year: value / _MILLION for year, value in zip(years, fleets[lens.with_name][1], strict=True)
    }
    return chart(
        figure,
        id="against-frontier",
        title=_frontier_title(years, ours, top),
        subtitle=f"Compute in service at the year's end; dashed: {lowered(lens.other_name)}",
        source=lens.modelled("fleets estimated from capex and prices, no company reports them"),
        alt=f"Left, three rising lines on a logarithmic scale: the company's fleet goes from "
        f"{compact(units[first])} million H100 equivalents in {first} to "
        f"{compact(units[years[-1]])} million in {years[-1]}. Right, its ratio to the frontier's "
        f"other companies': {percent(ours[0], 0)}, a peak of {percent(ours[top], 0)} in "
        f"{years[top]}, {percent(ours[-1], 0)} in {years[-1]}.",
        reading=_frontier_reading(lens, years, ours, top, units),
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


def _frontier_reading(
    lens: Lens, years: list[int], ours: list[float], top: int, units: Mapping[int, float]
) -> str:
    shown = [year for year in (lens.first_forecast_year, lens.plan_end, years[-1]) if year in units]
    told = joined(f"{compact(units[year])} million in {year}" for year in shown)
    long_run = lens.number("fleet_share")
    return (
        f"The fleet is {told}. To {lens.plan_end} it follows from planned dollars; after that it "
        f"goes to {percent(long_run, 0)} of the frontier's, which is a judgement."
    )


def intensity(case: Case, project: Project, view: str = "programme") -> Exhibit:
    """Capex over revenue: the company's history and forecast, and rivals as reported."""
    lens = Lens(case, view)
    first = lens.first_forecast_year - 2 * _BEFORE + 1
    years = lens.years(first)
    rows = {tag: _over_revenue(lens, tag, first) for tag in ("with", lens.other)}
    own = case.assembly.company.display_name
    rivals = {
        each.display_name.split()[0].strip(","): _reported_intensity(each, first, project)
        for each in (company(folder, project) for folder in companies(project))
        if each.display_name != own
    }
    with style.house():
        figure, axes = style.plot(height=66)
        for role, (name, shares) in zip(_RIVALS, rivals.items(), strict=False):
            style.line(axes, list(shares), list(shares.values()), role, name)
        style.key(axes)
        for drawn in axes.get_lines():
            drawn.set_label("_rival")  # named in the key, not at its end
        style.line(axes, years, rows[lens.other], "without", lens.other_name)
        style.line(axes, years, rows["with"], "with", lens.with_name)
        style.years(axes, first, years[-1], 2)
        style.room(axes, [*rows["with"], *rows[lens.other]])
        style.numbers(axes.yaxis, "percent")
        style.forecast_from(axes, lens.first_forecast_year - 0.5)
        style.label_ends(axes)
    ours = rows["with"]
    top = max(range(len(years)), key=ours.__getitem__)
    latest = {name: list(shares.values())[-1] for name, shares in rivals.items()}
    most = max(latest, key=latest.__getitem__)
    return chart(
        figure,
        id="capex-over-revenue",
        title=f"Capex takes {percent(ours[top], 0)} of revenue in {years[top]} and "
        f"{percent(ours[-1], 0)} in {years[-1]}",
        subtitle="Capex over revenue, %; rivals: property bought and leased over revenue, fiscal "
        "years, as reported",
        source=lens.compared("filings of rivals"),
        alt=f"Lines of capex over revenue: the company's rises from {percent(ours[0], 0)} in "
        f"{first} to {percent(ours[top], 0)} in {years[top]} and ends at "
        f"{percent(ours[-1], 0)}; {lowered(lens.other_name)} it ends at "
        f"{percent(rows[lens.other][-1], 0)}. Rivals' last years: "
        + joined(f"{name} {percent(share, 0)}" for name, share in latest.items())
        + ".",
        reading=f"The highest rival, {most}, stood at {percent(latest[most], 0)} in its last "
        f"fiscal year. After {lens.plan_end} the share is an outcome: the fleet is set, and its "
        f"cost follows from price and life.",
    )


def _reported_intensity(rival: Company, first: int, project: Project) -> dict[int, float]:
    """Property bought and leased over revenue, by fiscal year whose every quarter is reported."""
    from jcurve.facts import history

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


def _over_revenue(lens: Lens, tag: str, first: int) -> list[float]:
    spent, earned = lens.bn("capex", tag, first), lens.bn("revenue", tag, first)
    return [one / other for one, other in zip(spent, earned, strict=True)]
