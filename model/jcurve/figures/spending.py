"""What is spent: capex by class against guidance, what the money buys, own or rent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import NOTHING, Lens, dollars, money, percent
from jcurve.figures.table import Column, Row, TableExhibit, table
from jcurve.project import Project

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.facts import Guidance

__all__ = ["capex", "own_or_rent", "supply"]

_HISTORY = 4  # reported years before the first forecast year
_AHEAD = 8  # years shown from the first forecast year
_BILLION = "USD bn"


def capex(
    case: Case, view: str = "programme", project: Project | str | Path | None = None
) -> Exhibit:
    """The company's capex by asset class, against each year's first and last guided range and
    against the other world's total."""
    lens = Lens(case, view)
    first = lens.first_forecast_year - _HISTORY
    last = min(lens.first_forecast_year + _AHEAD, lens.horizon)
    years = lens.years(first, last)
    classes = lens.members("asset_class")
    layers = {
        label: lens.bn(f"capex_by_class.{name}", "with", first, last)
        for name, label in classes.items()
    }
    totals = lens.bn("capex", "with", first, last)
    others = lens.bn("capex", lens.other, first, last)
    guided = _guided(lens, years, project)
    with style.house():
        figure, axes = style.plot(height=76)
        style.stack(axes, years, layers)
        style.line(axes, years, others, "without", lens.other_name)
        for year, (earliest, latest) in guided.items():
            style.span(axes, year - 0.2, earliest.low, earliest.high, "judgement")
            style.span(axes, year + 0.2, latest.low, latest.high, "guided")
        style.years(axes, first, last)
        axes.set_ylim(0, 1.12 * max(*totals, *(each.high for _, each in guided.values()), 1.0))
        style.numbers(axes.yaxis)
        style.forecast_from(axes, lens.first_forecast_year - 0.5)
        style.label_stack(axes)
    peak = max(range(len(years)), key=totals.__getitem__)
    return chart(
        figure,
        id="capex",
        title=_capex_title(lens, years, totals, peak),
        subtitle="Capital expenditure by asset class, finance-lease principal included, "
        f"{_BILLION}; bars of two ends: guided ranges, first (left) and last (right)",
        source=lens.source(*_guidance_sources(guided)),
        alt="Stacked bars of capital expenditure by asset class: "
        + "; ".join(
            f"{year} {money(total)}"
            for year, total in zip(years, totals, strict=True)
            if year % 2 == 0
        )
        + f". The dashed line, {lens.other_name.lower()}, ends at {money(others[-1])}.",
        reading=_capex_reading(lens, years, totals, others, guided),
        notes=[
            f"{lens.first_forecast_year}: reported to {lens.quarter(case.data_through)}, "
            f"planned after it."
        ]
        * lens.has_mixed_year
        + lens.resting("capex.total", "capex.baseline_intensity", "capex.mix.accelerators"),
    )


def _guided(
    lens: Lens, years: list[int], project: Project | str | Path | None
) -> Mapping[int, tuple[Guidance, Guidance]]:
    """By year the first and the last guided range for capex, as known at the data date."""
    from jcurve.facts import capex_guidance

    found: dict[int, tuple[Guidance, Guidance]] = {}
    ranges = [
        each
        for each in capex_guidance(lens.case.assembly.company.name, project)
        if each.metric == "capex" and each.unit == _BILLION and int(each.fiscal_year) in years
    ]
    for each in sorted(ranges, key=lambda each: each.as_of):
        year = int(each.fiscal_year)
        found[year] = (found[year][0] if year in found else each, each)
    return dict(sorted(found.items()))


def _guidance_sources(guided: Mapping[int, tuple[Guidance, Guidance]]) -> list[str]:
    if not guided:
        return []
    last = max(each.as_of for pair in guided.values() for each in pair)
    secondary = any(each.source.is_secondary for pair in guided.values() for each in pair)
    return [f"guidance to {last}" + (" (some from secondary sources)" if secondary else "")]


def _capex_title(lens: Lens, years: list[int], totals: list[float], peak: int) -> str:
    before = years.index(lens.first_forecast_year) - 1
    if totals[peak] > totals[before]:
        return (
            f"Capex goes from {money(totals[before])} in {years[before]} "
            f"to {money(totals[peak])} in {years[peak]}"
        )
    return (
        f"Capex falls from {money(totals[before])} in {years[before]} "
        f"to {money(totals[-1])} in {years[-1]}"
    )


def _capex_reading(
    lens: Lens,
    years: list[int],
    totals: list[float],
    others: list[float],
    guided: Mapping[int, tuple[Guidance, Guidance]],
) -> str:
    at = years.index(lens.first_forecast_year)
    year, planned = years[at], totals[at]
    if year in guided:
        low, high = guided[year][1].low, guided[year][1].high
        where = "above" if planned > high else "below" if planned < low else "inside"
        first = (
            f"The scenario's {money(planned)} for {year} is {where} the guided "
            f"{money(low)} to {money(high)}."
        )
    else:
        first = f"The scenario spends {money(planned)} in {year}; no range is guided."
    beyond = sum(totals[at:]) - sum(others[at:])
    part = money(beyond) if abs(beyond) > NOTHING else "none"
    return (
        f"{first} From {year} to {years[-1]} it spends {money(sum(totals[at:]))}, "
        f"{part} of it beyond what the company would spend otherwise."
    )


def supply(case: Case, view: str = "programme") -> TableExhibit:
    """Where the money goes: capex, energy and cloud by what they buy."""
    lens = Lens(case, view)
    start = lens.first_forecast_year
    shown = [
        year
        for year in (start - 2, start - 1, start, start + 1, start + 2, start + 4, start + 9)
        if year <= lens.horizon
    ]
    window = (min(shown), lens.horizon)
    at = [year - window[0] for year in shown]
    lines = {
        label: lens.bn(f"spending_by_supply.{name}", "with", *window)
        for name, label in lens.members("supply").items()
    }
    total = [sum(year) for year in zip(*lines.values(), strict=True)]
    ahead = {label: sum(row[start - window[0] :]) for label, row in lines.items()}
    everything = sum(ahead.values())
    rows = [
        Row(cells=(label, *(row[i] for i in at), ahead[label], _share(ahead[label], everything)))
        for label, row in lines.items()
    ]
    rows.append(
        Row(
            cells=("Total", *(total[i] for i in at), everything, _share(everything, everything)),
            role="total",
        )
    )
    most = sorted(ahead, key=ahead.__getitem__, reverse=True)[:2]
    return table(
        [
            Column(label="What is bought", style="text"),
            *(
                Column(
                    label=str(year),
                    decimals=1,
                    group="Reported" if year < start else "Forecast",
                    forecast=year >= start,
                )
                for year in shown
            ),
            Column(label=f"{start}–{lens.horizon}", group="Sum", decimals=0, forecast=True),
            Column(label="Share", group="Sum", style="percent", decimals=0, forecast=True),
        ],
        rows,
        id="supply",
        title=f"{most[0]} and {most[1].lower()} take "
        f"{percent(sum(ahead[each] for each in most) / max(everything, NOTHING), 0)} of the money",
        subtitle="Capex, energy and third-party cloud by what they buy, the whole company, "
        f"{_BILLION}",
        source=lens.modelled("split by bill of materials"),
        notes=lens.resting(
            "supply.of_accelerators.accelerators", "supply.of_buildings.construction"
        ),
        reading=f"From {start} to {lens.horizon} the company spends {money(everything)} on these. "
        f"The split follows a bill of materials, so it says what suppliers may see as demand and "
        f"not what any one of them will sell.",
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > NOTHING else None


def own_or_rent(case: Case) -> TableExhibit:
    """One H100-equivalent bought at the valuation date against the same rented."""
    lens = Lens(case)
    own, rented = lens.number("own_cost_of_unit"), lens.number("rented_value_of_unit")
    gain = lens.number("rent_over_own")
    hours, rent = lens.number("break_even_utilisation"), lens.number("break_even_rent")
    used = float(
        case.row("power_utilisation")[lens.case.assembly.timeline.index(case.valuation_date)]
    )
    owning = gain > 0
    return table(
        [
            Column(label="Per H100-equivalent, over its life", style="text", weight=3),
            Column(label="Value", style="text"),
            Column(label="Unit", style="text"),
        ],
        [
            ("Cost of owning: unit, site, energy, operations", dollars(own), "present value"),
            (
                "of which energy and operations",
                dollars(lens.number("running_cost_of_unit")),
                "present value",
            ),
            ("Cost of renting every hour", dollars(rented), "present value"),
            ("Hours used, as assumed", percent(used, 0), "of all hours"),
            ("Renting the hours used less owning", dollars(gain), "present value"),
            ("Break-even utilisation", percent(hours, 0), "of all hours"),
            ("Break-even rent", dollars(rent), "per used hour"),
        ],
        id="own-or-rent",
        title=f"{'Owning' if owning else 'Renting'} is cheaper by {dollars(abs(gain))} a unit "
        f"at {percent(used, 0)} use",
        subtitle=f"Bought at the end of {lens.quarter(case.valuation_date)}, "
        f"discounted at the WACC",
        source=lens.modelled("market rents and prices as the assumptions cite them"),
        notes=lens.resting("power.utilisation", "own.site_cost"),
        reading=f"Owning costs what renting does when {percent(hours, 0)} of the hours are used, "
        f"or at a rent of {dollars(rent)} an hour. "
        f"{'Below' if owning else 'Above'} either the answer turns.",
    )
