"""The model as it would have run on an earlier day, on what was known then.

Facts are those whose period had been reported, guidance and changes of useful life those
announced by then, depreciation is fitted to the years until then. What the future would bring
is the guidance of the time where it is on file, otherwise a stated naive rule; each such rule
is a record with its reason. Assumptions that stay today's say how taxes, interest or working
capital are computed, not how fast anything grows; a test lists every one that moves a run.

Advertising is run twice. Growth of the time stands for all of it where depreciation and cash are
asked about. Where its response to compute is, the market goes on as it last grew, the excess
beyond it is that of the eight quarters to the day, and compute is what the capex guided then
buys at today's estimates of its price and split. Elsewhere that split is not taken for known: all
capex has the mix that was fitted to the years until then.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.earlier import assembly_over, facts_after
from jcurve.assumptions import BASE, Change, Scenario, rows_of, scenario
from jcurve.assumptions.rows import assumption_rows
from jcurve.case import Case
from jcurve.company import model, modelled_company
from jcurve.facts import Facts, capex_guidance, life_changes, reported
from jcurve.ground.project import Where
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter, Timeline
from jcurve_studies.backtesting.as_stated import (
    Stated,
    cost_growth,
    growth_of_the_time,
    of_the_quarter,
    of_the_time,
    response,
    rows_of_stated,
)
from jcurve_studies.fits.depreciation import fit, overrides
from jcurve_studies.fits.lives import CHANGES, changes_of

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frozen:
    """A run on what was known on a day."""

    origin: int  # the last fiscal year reported then
    as_of: datetime.date  # the day: of its annual report, or of a later quarter's results
    facts: Facts  # what was known
    stated: tuple[Stated, ...]  # the assumptions of the time
    case: Case  # the run


def frozen(
    origin: int | str,
    *,
    elasticity: float | None = None,
    project: Where = None,
) -> Frozen:
    """The model as of the annual report for fiscal year ``origin``, or as of the results of a
    quarter.

    Args:
        origin: the last year known, or the last quarter.
        elasticity: of advertising to ranking compute, with which advertising follows market,
            excess and relative compute; None for growth of the time in place of all three.
        project: where its data are.
    """
    quarter = Quarter(origin) if isinstance(origin, str) else None
    year = int(origin) if quarter is None else quarter.year - (quarter.number < QUARTERS_IN_YEAR)
    company = modelled_company(project)
    last = reported(company, project).company.quarters(str(year))[-1]
    as_of, facts = facts_after(quarter or last, company, project)
    chosen = scenario(BASE, project=project)
    assembly = assembly_over(model(project=project), facts, project)
    changes = _known_changes(chosen, as_of, company, project)
    guidance = capex_guidance(company, project)
    rows = dict(_fitted(chosen, year, changes, assembly.timeline, project))
    stated = list(of_the_time(year, facts, guidance, as_of, assembly.timeline))
    if elasticity is not None:
        stated += response(year, elasticity, assembly, rows)
    else:
        stated += growth_of_the_time(facts, year)
    if quarter is not None:
        stated += of_the_quarter(quarter, facts, assembly.timeline)
    for each in stated:
        rows |= rows_of_stated(each, rows, assembly.timeline)
    if elasticity is None:
        rows |= _mix_stands_still(Case(chosen, assembly, rows))
        stated.append(
            Stated(
                "Buildings in capital expenditure", ("capex.general_mix.buildings",),
                float(rows["capex.general_mix.buildings"][-1, 0]),
                f"the mix fitted to the years to {year} stands still, for AI and all else alike",
            )
        )  # fmt: skip
    costs = cost_growth(year, facts, guidance, as_of, Case(chosen, assembly, rows))
    stated.append(costs)
    rows |= rows_of_stated(costs, rows, assembly.timeline)
    return Frozen(year, as_of, facts, tuple(stated), Case(chosen, assembly, rows))


def _mix_stands_still(case: Case) -> dict[str, Array]:
    """The rows with which all capex after the day has the mix of the years until then: all of it
    counts as general, at the net property per revenue that takes so much."""
    forecast = case.row("history")[:, None] < 1
    given = case.assumption_rows
    planned, general = (case.row(name)[:, None] for name in ("guided_capex", "general_capex"))
    per_revenue = given["capex.property_per_revenue"]
    part = np.divide(planned, general, out=np.ones_like(planned), where=general > 0.0)
    mixes = {
        key.replace(".mix.", ".general_mix."): row
        for key, row in given.items()
        if key.startswith("capex.mix.")
    }
    return {
        "capex.property_per_revenue": np.where(forecast, per_revenue * part, per_revenue),
        "capex.maintenance": np.array([[0.0]]),
        **{key: np.broadcast_to(row, planned.shape) for key, row in mixes.items()},
    }


def _known_changes(
    chosen: Scenario, as_of: datetime.date, company: str, project: Where
) -> tuple[Change, ...]:
    """The changes of useful life that had been announced."""
    announced = {
        each.effective_date[:7]
        for each in life_changes(company, project)
        if each.type == "change" and each.source.date[:10] <= as_of.isoformat()
    }
    months = {Quarter.on(month) for month in announced}
    return tuple(each for each in changes_of(chosen) if Quarter.at(each.date) in months)


def _fitted(
    chosen: Scenario,
    origin: int,
    changes: tuple[Change, ...],
    timeline: Timeline,
    project: Where,
) -> dict[str, Array]:
    """The base scenario's rows with depreciation fitted to the years known, and the changes of
    useful life announced by then."""
    found = fit(origin, project=project)
    given = overrides(found.parameters, found.values, chosen, origin)
    rows = rows_of(chosen.with_overrides(given), timeline)
    item = replace(chosen[CHANGES], value=changes)
    return rows | assumption_rows(item, timeline)
