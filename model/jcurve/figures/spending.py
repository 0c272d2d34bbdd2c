"""What is spent: capex against guidance, and what it buys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import NOTHING, Lens, lowered, money, percent
from jcurve.figures.table import Column, Row, TableExhibit, table
from jcurve.ground.project import Project

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.facts import Guidance

__all__ = ["capex", "layers", "supply"]

_HISTORY = 4  # reported years before the first forecast year
_AHEAD = 8  # years shown from the first forecast year
_BILLION = "USD bn"


def capex(
    case: Case, view: str = "programme", project: Project | str | Path | None = None
) -> Exhibit:
    """The company's capex, general and for AI, against each year's first and last guided range
    and against the other case's total. History is not split: no filing does."""
    lens = Lens(case, view)
    now = lens.first_forecast_year
    first = now - _HISTORY
    last = min(now + _AHEAD, lens.horizon)
    years = lens.years(first, last)
    totals = lens.bn("capex", "with", first, last)
    others = lens.bn("capex", lens.other, first, last)
    parts = layers(lens, years, totals)
    guided = _guided(lens, years, project)
    with style.house():
        figure, axes = style.plot(height=76)
        style.stack(axes, years, parts)
        style.line(axes, years, others, "without", lens.other_name)
        for year, (earliest, latest) in guided.items():
            style.span(axes, year - 0.2, earliest.low, earliest.high, "judgement")
            style.span(axes, year + 0.2, latest.low, latest.high, "guided")
        style.years(axes, first, last)
        axes.set_ylim(0, 1.12 * max(*totals, *(each.high for _, each in guided.values()), 1.0))
        style.numbers(axes.yaxis)
        style.forecast_from(axes, now - 0.5)
        style.label_stack(axes)
    peak = max(range(len(years)), key=totals.__getitem__)
    return chart(
        figure,
        id="capex",
        title=_capex_title(lens, years, totals, peak),
        subtitle="Capital expenditure, finance-lease principal included, "
        f"{_BILLION}; brackets: guidance, first (left) and latest (right)",
        source=lens.compared(*_guidance_sources(guided)),
        alt=f"Stacked bars of capex: {money(totals[0])} in {first}, a peak of "
        f"{money(totals[peak])} in {years[peak]} and {money(totals[-1])} in {last}; from {now} on "
        f"AI is {percent(sum(parts[_AI][now - first :]) / sum(totals[now - first :]), 0)} of it. "
        f"The dashed line, {lowered(lens.other_name)}, ends at {money(others[-1])}.",
        reading=_capex_reading(lens, years, totals, others, guided),
        notes=[
            f"{now}: actual to {lens.quarter(case.data_through)}, planned after it. How capex "
            f"splits is not disclosed; from {now} on the split is an estimate."
        ]
        * lens.has_mixed_year
        + lens.resting("capex.total", "capex.property_per_revenue", "fleet.share"),
    )


_AI = "AI machines and sites"


def layers(lens: Lens, years: list[int], totals: list[float]) -> dict[str, list[float]]:
    """Capex as reported, then general capex, AI capex and what principal on leases is left."""
    first, last, now = years[0], years[-1], lens.first_forecast_year
    known = [float(year < now) for year in years]
    ai = [v * (1 - k) for v, k in zip(lens.bn("ai_capex", "with", first, last), known, strict=True)]
    general = [
        value * (1 - k)
        for value, k in zip(lens.bn("general_capex", None, first, last), known, strict=True)
    ]
    whole = [total * k for total, k in zip(totals, known, strict=True)]
    rest = [total - sum(parts) for total, *parts in zip(totals, whole, general, ai, strict=True)]
    made = {"_actual": whole, "Other property": general, _AI: ai}
    return made | ({"Finance leases": rest} if max(map(abs, rest)) > NOTHING else {})


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
    up = f"Capex goes from {money(totals[before])} in {years[before]}"
    if totals[peak] <= totals[before]:
        return f"Capex falls from {money(totals[before])} to {money(totals[-1])} in {years[-1]}"
    if totals[-1] < 0.9 * totals[peak]:
        return (
            f"{up} to {money(totals[peak])} by {years[peak]}, then falls to {money(totals[-1])} "
            f"in {years[-1]}"
        )
    return f"{up} to {money(totals[peak])} in {years[peak]}"


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
            f"Capex of {money(planned)} in {year} is {where} the guided "
            f"{money(low)} to {money(high)}."
        )
    else:
        first = f"Capex is {money(planned)} in {year}; no range is guided."
    beyond = sum(totals[at:]) - sum(others[at:])
    part = f"{money(beyond)} more than" if beyond > NOTHING else "no more than"
    return (
        f"{first} From {year} to {years[-1]} it sums to {money(sum(totals[at:]))}, {part} "
        f"{'without AI' if lens.view == 'programme' else 'if spending stopped now'}."
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
            *lens.columns(shown, past="Estimated"),
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
