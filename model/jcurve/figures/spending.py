"""What is spent and what it charges: capex against guidance, and depreciation by vintage."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions.paths import Change
from jcurve.case import Case
from jcurve.engine.model import RowKey
from jcurve.facts import Guidance, capex_guidance
from jcurve.facts import reported as reported_facts
from jcurve.figures import plotting, style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import Lens
from jcurve.figures.recipes import Scale, draw_years
from jcurve.ground.numbers import (
    MILLIONS,
    NOTHING,
    highest,
    lowered,
    money,
    percent,
    span,
    written_date,
)
from jcurve.ground.quarters import QUARTERS_IN_YEAR

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
        most = max(*totals, *(each.high for _, each in guided.values()), 1.0)
        scale = Scale(forecast=lens.forecast_from, top=1.12 * most)
        other = {lens.other_name: ("without", others)}
        draw_years(axes, years, scale, lines=other, layers=parts)
        for year, (earliest, latest) in guided.items():
            for shift, each, role, name in (
                (-0.2, earliest, "judgement", "Guided first"),
                (0.2, latest, "guided", "Guided last"),
            ):
                plotting.bracket(axes, year + shift, each.low, each.high, role, name)
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


Array = NDArray[np.float64]

_REPORTED = "depreciation_expense_ppe"
_BEFORE_NOW = 7


def by_vintage(case: Case, world: str = "with") -> tuple[tuple[int, ...], Array]:
    """Book depreciation of all classes by the year in which assets were placed in service.

    The model's own lines are asked again with the placements of one year at a time, all
    vintages side by side as a batch: a charge is linear in what is placed.

    Returns:
        Vintage years, and USD m (quarter, vintage). Over vintages it sums to the line
        ``property_depreciation``. The first vintage holds the property on the books when
        the timeline starts.
    """
    timeline = case.assembly.timeline
    mask = np.repeat(np.eye(len(timeline.years)), QUARTERS_IN_YEAR, axis=0)
    total = np.zeros_like(mask)
    for name in case.assembly.model.sets["asset_class"]:
        key = (f"placed_in_service.{name}", world)
        replaced: dict[RowKey, Array] = {key: case.values[key] * mask}
        for line in ("scheduled_depreciation", "salvage", "book_depreciation"):
            replaced |= _again(case, f"{line}.{name}", world, replaced)
        total = total + replaced[f"book_depreciation.{name}", world]
    return timeline.years, total


def _again(
    case: Case, row: str, world: str, replaced: Mapping[RowKey, Array]
) -> dict[RowKey, Array]:
    """The rows of a line, computed anew from ``replaced`` precedents and the case's others."""
    made = case.assembly.model
    found = made.call(
        row, world, lambda key: replaced[key] if key in replaced else case.values[key]
    )
    return {(n, world): value for n, value in zip(made.maker[row].rows, found, strict=True)}


def _groups(lens: Lens, last: int) -> dict[str, range]:
    """Vintages as a reader tells them apart: old ones together, then two or more years."""
    start, now = lens.first_shown + 1, lens.first_forecast_year
    cuts = [start, now - 1, now, now + 2, now + 5, now + 9, last + 1]
    cuts = sorted({min(max(cut, start), last + 1) for cut in cuts})
    groups = {f"to {start - 1}": range(lens.case.assembly.timeline.years[0], start)}
    for low, high in itertools.pairwise(cuts):
        groups[str(low) if high - low == 1 else f"{low}–{(high - 1) % 100:02d}"] = range(low, high)
    return groups


def wave(lens: Lens) -> Exhibit:
    """Depreciation of property by vintage, against what was reported and the other case's."""
    first, last = lens.first_forecast_year - _BEFORE_NOW, lens.horizon
    years = lens.years(first, last)
    vintages, charge = by_vintage(lens.case)
    yearly = charge.reshape(len(vintages), QUARTERS_IN_YEAR, -1).sum(axis=1) / MILLIONS
    yearly = yearly[vintages.index(first) : vintages.index(last) + 1]
    layers = {
        name: [
            float(value) for value in yearly[:, [vintages.index(y) for y in members]].sum(axis=1)
        ]
        for name, members in _groups(lens, last).items()
    }
    totals, others = lens.both("property_depreciation", first)
    known = [year for year in years if year < lens.first_forecast_year]
    reported = _filed(lens, known)
    with style.house():
        figure, axes = style.plot(height=78)
        plotting.stack(axes, years, layers, looks=style.ramp(len(layers)))
        scale = Scale(2, lens.forecast_from, top=1.12 * max(*totals, *others))
        draw_years(axes, years, scale, lines={f"_{lens.other_name}": ("without", others)})
        plotting.dots(axes, known, reported, "reported", label="As reported")
        for year, life in _lives(lens).items():
            if year in years:
                words = f"life {life:g} years"
                plotting.note(axes, year, totals[years.index(year)], words, shift=14.0)
        plotting.key(axes, columns=len(layers) + 1)
    peak = highest(totals)
    return chart(
        figure,
        id="depreciation",
        title=_wave_title(lens, years, totals),
        subtitle="Depreciation of property by year in which it was placed in service, USD bn; "
        f"dashed: {lowered(lens.other_name)}",
        source=lens.compared(),
        alt=f"Stacked bars of depreciation by vintage, {money(totals[0])} in {first}, at most "
        f"{money(totals[peak])} in {years[peak]} and {money(totals[-1])} in {last}; "
        f"in {years[peak]} it would be {money(others[peak])} {lowered(lens.other_name)}.",
        reading=_wave_reading(lens, years, totals, others, reported),
        notes=lens.resting("life.book.accelerators", "life.changes_share.accelerators"),
    )


def _filed(lens: Lens, years: list[int]) -> list[float]:
    """Depreciation of property by year in USD bn, as annual reports print it; 0 where none does.
    Sums of the quarters differ from it by rounding."""
    facts = reported_facts(lens.case.assembly.company.name, lens.project)
    found = facts.series(_REPORTED, "year")
    return [found[str(year)].value / MILLIONS if str(year) in found else 0.0 for year in years]


def _lives(lens: Lens) -> dict[int, float]:
    """By year the useful life, in years, that a change inside the horizon left in force."""
    timeline = lens.case.assembly.timeline
    value = lens.case.scenario["life.change"].value
    return {
        timeline.years[0] + int(change.date) // QUARTERS_IN_YEAR: change.life
        for change in (value if isinstance(value, tuple) else ())
        if isinstance(change, Change) and change.date < len(timeline)
    }


def _wave_title(lens: Lens, years: list[int], totals: list[float]) -> str:
    base, peak = years.index(lens.first_forecast_year - 1), highest(totals)
    reported = _filed(lens, [years[base]])[0] or totals[base]
    times = totals[peak] / max(reported, NOTHING)
    if peak > base and times > 1.15:
        return (
            f"Depreciation rises from {money(reported)} in {years[base]} "
            f"to {money(totals[peak])} in {years[peak]}, {times:.1f} times as much"
        )
    return f"Depreciation stays near {money(reported)} a year"


def _wave_reading(
    lens: Lens, years: list[int], totals: list[float], others: list[float], reported: list[float]
) -> str:
    known = [(model, fact) for model, fact in zip(totals, reported, strict=False) if fact]
    worst = max(abs(model / fact - 1) for model, fact in known[-5:])
    caught = sum(
        sum(lens.bn(f"catch_up.{name}", "with", lens.first_forecast_year))
        for name in lens.members("asset_class")
    )
    first = (
        f"Rebuilt from reported capex, depreciation is within {percent(worst)} of what was "
        f"reported in each of the last five full years."
    )
    if caught > NOTHING:
        return f"{first} A shorter life expenses {money(caught)} of old vintages at once."
    return (
        f"{first} From {years[0]} to {years[-1]} {lowered(lens.doing)} adds "
        f"{money(sum(totals) - sum(others))} of depreciation."
    )
