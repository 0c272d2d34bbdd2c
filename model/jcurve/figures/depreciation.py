"""The depreciation wave: what each vintage of assets charges, year by year."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.model import RowKey
from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import MILLIONS, NOTHING, Lens, lowered, money, percent
from jcurve.figures.table import Column, Row, TableExhibit, table
from jcurve.ground.quarters import QUARTERS_IN_YEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from jcurve.case import Case

__all__ = ["by_vintage", "rebuilt", "wave"]

Array = NDArray[np.float64]

_REPORTED = "reported_property_depreciation"
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


def wave(case: Case, view: str = "programme") -> Exhibit:
    """Depreciation of property by vintage, against what was reported and the other case's."""
    lens = Lens(case, view)
    first, last = lens.first_forecast_year - _HISTORY, lens.horizon
    years = lens.years(first, last)
    vintages, charge = by_vintage(case)
    yearly = charge.reshape(len(vintages), QUARTERS_IN_YEAR, -1).sum(axis=1) / MILLIONS
    window = slice(vintages.index(first), vintages.index(last) + 1)
    groups = _groups(lens, last)
    layers = {
        name: [
            float(value)
            for value in yearly[window, [vintages.index(year) for year in members]].sum(axis=1)
        ]
        for name, members in groups.items()
    }
    totals = lens.bn("property_depreciation", "with", first, last)
    others = lens.bn("property_depreciation", lens.other, first, last)
    known = [year for year in years if year < lens.first_forecast_year]
    reported = lens.bn(_REPORTED, None, first, known[-1])
    with style.house():
        figure, axes = style.plot(height=78)
        style.stack(axes, years, layers, looks=style.ramp(len(layers)))
        style.line(axes, years, others, "without")
        style.dots(axes, known, reported, "reported", label="As reported")
        style.years(axes, first, last, 2)
        axes.set_ylim(0, 1.12 * max(*totals, *others))
        style.numbers(axes.yaxis)
        style.forecast_from(axes, lens.first_forecast_year - 0.5)
        _mark_lives(axes, lens, years, totals)
        style.key(axes, columns=len(layers) + 1)
    peak = max(range(len(years)), key=totals.__getitem__)
    return chart(
        figure,
        id="depreciation",
        title=_wave_title(lens, years, totals, peak),
        subtitle="Depreciation of property by year in which it was placed in service, USD bn; "
        f"dashed: {lowered(lens.other_name)}",
        source=lens.compared(),
        alt=f"Stacked bars of depreciation by vintage, {money(totals[0])} in {first}, at most "
        f"{money(totals[peak])} in {years[peak]} and {money(totals[-1])} in {last}; "
        f"{lowered(lens.other_name)} {years[peak]} would be {money(others[peak])}.",
        reading=_wave_reading(lens, years, totals, others, reported),
        notes=lens.resting("life.book.accelerators", "life.changes_share.accelerators"),
    )


def _lives(lens: Lens) -> dict[int, float]:
    """By year the useful life, in years, that a change inside the horizon left in force."""
    from jcurve.assumptions.paths import Change

    start = lens.case.assembly.timeline.years[0]
    value = lens.case.scenario["life.change"].value
    changes = value if isinstance(value, tuple) else ()
    return {
        start + int(change.date) // QUARTERS_IN_YEAR: change.life
        for change in changes
        if isinstance(change, Change) and change.date < len(lens.case.assembly.timeline)
    }


def _mark_lives(axes: Axes, lens: Lens, years: list[int], totals: list[float]) -> None:
    for year, life in _lives(lens).items():
        if year in years:
            style.note(axes, year, totals[years.index(year)], f"life {life:g} years", shift=14.0)


def _wave_title(lens: Lens, years: list[int], totals: list[float], peak: int) -> str:
    base = years.index(lens.first_forecast_year - 1)
    reported = lens.bn(_REPORTED, None, years[base], years[base])[0] or totals[base]
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
    who = "AI" if lens.view == "programme" else "continuing"
    extra = sum(totals) - sum(others)
    first = (
        f"Rebuilt from reported capex, depreciation is within {percent(worst)} of what was "
        f"reported in each of the last five full years."
    )
    if caught > NOTHING:
        return f"{first} A shortened life expenses {money(caught)} of old vintages at once."
    return (
        f"{first} From {years[0]} to {years[-1]} {who} adds {money(extra)} "
        f"to what would be charged otherwise."
    )


def rebuilt(case: Case) -> TableExhibit:
    """Depreciation that the model rebuilds from reported capex against what was reported."""
    lens = Lens(case)
    last = lens.first_forecast_year - 1
    years = lens.years(last - 4, last)
    model = lens.bn("property_depreciation", "with", years[0], last)
    fact = lens.bn(_REPORTED, None, years[0], last)
    errors = [one / other - 1 for one, other in zip(model, fact, strict=True)]
    mean = float(np.mean(np.abs(errors)))
    return table(
        [
            Column(label="USD bn", style="text"),
            *(Column(label=str(year), decimals=2) for year in years),
        ],
        [
            ("Reported", *fact),
            ("Rebuilt from capex and useful lives", *model),
            Row(cells=("Difference", *errors), style="percent", decimals=1),
        ],
        id="depreciation-check",
        title=f"Depreciation is rebuilt within {percent(max(map(abs, errors)))} in every year",
        subtitle="Depreciation of property and equipment",
        source=lens.source(),
        notes=lens.resting("capex.mix.buildings", "life.book.buildings"),
        reading=f"The mean absolute difference is {percent(mean)}. No year has a multiplier of "
        f"its own: mix, lags and lives are constants or straight paths.",
    )
