"""What is spent: capex against guidance, and what the money buys."""

from __future__ import annotations

from collections.abc import Mapping

from jcurve.facts import Guidance, capex_guidance
from jcurve.figures import plotting, style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import NOTHING, highest, lowered, money, percent, span, written_date

_HISTORY = 4  # reported years before the first forecast year
_AHEAD = 8  # years shown from the first forecast year
_BILLION = "USD bn"
_AI = "AI machines and sites"


def capex(lens: Lens) -> Exhibit:
    """The company's capex, general and for AI, against each year's first and last guided range
    and against the other case's total. History is not split: no filing does."""
    now = lens.first_forecast_year
    first, last = now - _HISTORY, min(now + _AHEAD, lens.horizon)
    years = lens.years(first, last)
    totals = lens.bn("capex", "with", first, last)
    others = lens.bn("capex", lens.other, first, last)
    parts = layers(lens, years, totals)
    guided = _guided(lens, years)
    with style.house():
        figure, axes = style.plot(height=76)
        plotting.stack(axes, years, parts)
        plotting.line(axes, years, others, "without", lens.other_name)
        for year, (earliest, latest) in guided.items():
            for shift, each, role, name in (
                (-0.2, earliest, "judgement", "Guided first"),
                (0.2, latest, "guided", "Guided last"),
            ):
                plotting.bracket(axes, year + shift, each.low, each.high, role, name)
        style.years(axes, first, last)
        axes.set_ylim(0, 1.12 * max(*totals, *(each.high for _, each in guided.values()), 1.0))
        style.numbers(axes.yaxis)
        style.forecast_from(axes, lens.forecast_from)
        plotting.label_stack(axes)
    peak = highest(totals)
    return chart(
        figure,
        id="capex",
        title=_capex_title(lens, years, totals),
        subtitle="Capital expenditure, finance-lease principal included, "
        f"{_BILLION}; brackets: guidance, first (left) and latest (right)",
        source=lens.compared(*_guidance_sources(guided)),
        alt=f"Stacked bars of capex: {money(totals[0])} in {first}, a peak of "
        f"{money(totals[peak])} in {years[peak]} and {money(totals[-1])} in {last}; from {now} on "
        f"AI is {percent(sum(parts[_AI][now - first :]) / sum(totals[now - first :]), 0)} of it. "
        f"The dashed line, {lowered(lens.other_name)}, ends at {money(others[-1])}.",
        reading=_capex_reading(lens, years, totals, others, guided),
        notes=[
            f"{now}: actual to {lens.quarter(lens.case.data_through)}, planned after it. How capex "
            f"splits is not disclosed; from {now} on the split is an estimate."
        ]
        * lens.has_mixed_year
        + lens.resting("capex.total", "capex.property_per_revenue", "fleet.share"),
    )


def layers(lens: Lens, years: list[int], totals: list[float]) -> dict[str, list[float]]:
    """Capex as reported, then general capex, AI capex and what principal on leases is left."""
    first, last, now = years[0], years[-1], lens.first_forecast_year
    made: dict[str, list[float]] = {"_actual": [], "Other property": [], _AI: []}
    rest = []
    for year, total, general, ai in zip(
        years,
        totals,
        lens.bn("general_capex", None, first, last),
        lens.bn("ai_capex", "with", first, last),
        strict=True,
    ):
        parts = (total, 0.0, 0.0) if year < now else (0.0, general, ai)
        for row, part in zip(made.values(), parts, strict=True):
            row.append(part)
        rest.append(total - sum(parts))
    return made | ({"Finance leases": rest} if max(map(abs, rest)) > NOTHING else {})


def _guided(lens: Lens, years: list[int]) -> Mapping[int, tuple[Guidance, Guidance]]:
    """By year the first and the last guided range for capex, as known at the data date."""
    found: dict[int, tuple[Guidance, Guidance]] = {}
    ranges = capex_guidance(lens.case.assembly.company.name, lens.project)
    for each in sorted(ranges, key=lambda each: each.as_of):
        year = int(each.fiscal_year)
        if each.metric == "capex" and each.unit == _BILLION and year in years:
            found[year] = (found[year][0] if year in found else each, each)
    return dict(sorted(found.items()))


def _guidance_sources(guided: Mapping[int, tuple[Guidance, Guidance]]) -> list[str]:
    if not guided:
        return []
    every = [each for pair in guided.values() for each in pair]
    secondary = any(each.source.is_secondary for each in every)
    last = max(each.as_of for each in every)
    return [
        f"guidance to {written_date(last)}"
        + (" (some from secondary sources)" if secondary else "")
    ]


def _capex_title(lens: Lens, years: list[int], totals: list[float]) -> str:
    before, peak = years.index(lens.first_forecast_year) - 1, highest(totals)
    up = f"Capex goes from {money(totals[before])} in {years[before]} to {money(totals[peak])}"
    if totals[peak] <= totals[before]:
        return f"Capex falls from {money(totals[before])} to {money(totals[-1])} in {years[-1]}"
    if totals[-1] < 0.9 * totals[peak]:
        return f"{up} by {years[peak]}, then falls to {money(totals[-1])} in {years[-1]}"
    return f"{up} in {years[peak]}"


def _capex_reading(
    lens: Lens,
    years: list[int],
    totals: list[float],
    others: list[float],
    guided: Mapping[int, tuple[Guidance, Guidance]],
) -> str:
    at = years.index(lens.first_forecast_year)
    year, planned = years[at], totals[at]
    first = f"Capex is {money(planned)} in {year}; the company guides no range."
    if year in guided:
        low, high = guided[year][1].low, guided[year][1].high
        where = "above" if planned > high else "below" if planned < low else "inside"
        guide = span(money(low), money(high))
        first = f"Capex of {money(planned)} in {year} is {where} the guided {guide}."
    beyond = sum(totals[at:]) - sum(others[at:])
    part = f"{money(beyond)} more than" if beyond > NOTHING else "no more than"
    return (
        f"{first} From {year} to {years[-1]} it sums to {money(sum(totals[at:]))}, {part} "
        f"{'without AI' if lens.view == 'programme' else 'if spending stopped now'}."
    )
