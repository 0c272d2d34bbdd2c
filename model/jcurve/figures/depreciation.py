"""The depreciation wave: what each vintage of assets charges, year by year."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions.paths import Change
from jcurve.engine.model import RowKey
from jcurve.facts import reported as reported_facts
from jcurve.figures import plotting, style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import MILLIONS, NOTHING, highest, lowered, money, percent
from jcurve.ground.quarters import QUARTERS_IN_YEAR

if TYPE_CHECKING:
    from jcurve.case import Case

Array = NDArray[np.float64]

_REPORTED = "depreciation_expense_ppe"
_HISTORY = 7


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
    instance = made.maker[row]
    arguments: list[Array | dict[str, Array]] = []
    for binding in instance.bindings.values():
        keys = {m: made.resolve(name, binding.world, world) for m, name in binding.rows.items()}
        cells = {
            m: replaced[key] if key in replaced else case.values[key] for m, key in keys.items()
        }
        arguments.append(cells if binding.is_family else next(iter(cells.values())))
    found = instance.line.function(*arguments)
    rows = found if isinstance(found, tuple) else (found,)
    return {(name, world): value for name, value in zip(instance.rows, rows, strict=True)}


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
    first, last = lens.first_forecast_year - _HISTORY, lens.horizon
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
        plotting.line(axes, years, others, "without", f"_{lens.other_name}")
        plotting.dots(axes, known, reported, "reported", label="As reported")
        style.years(axes, first, last, 2)
        axes.set_ylim(0, 1.12 * max(*totals, *others))
        style.numbers(axes.yaxis)
        style.forecast_from(axes, lens.forecast_from)
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
