"""A scenario as it would have stood after an earlier quarter: facts, guidance and dates of then.

What the company had reported and guided by the day of that quarter's results is taken; judgement
stays today's, for nobody wrote down what it would have been. ``assembly_over`` puts today's lines
over any facts and is what a study with assumptions of the time starts from.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from jcurve.analysis.question import Array
from jcurve.assumptions import BASE, Scenario, rows_of, scenario
from jcurve.case import Case
from jcurve.company import Assembly, model
from jcurve.engine.evaluate import system_rows
from jcurve.facts import Facts, Guidance, capex_guidance, history, reported
from jcurve.facts.calendar import known, releases
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Where, find_project
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter, Timeline

CAPEX, CORE_GROWTH = "capex.total", "costs.core_growth"
"""The assumptions that guidance of capital expenditure and of total expenses moves."""
DATED = ("valuation.date", "programme.last_spending")
"""Dates that move with the data where they stand at their end."""


def guided(
    guidance: Iterable[Guidance], metric: str, year: int, as_of: datetime.date
) -> Guidance | None:
    """The last range that was known for a year, in USD m; None where none was."""
    found = [
        each.in_millions
        for each in guidance
        if (each.metric, each.fiscal_year) == (metric, str(year))
        and each.as_of <= as_of.isoformat()
    ]
    return sorted(found, key=lambda each: each.as_of)[-1] if found else None


def facts_after(quarter: str, company: str, project: Where = None) -> tuple[datetime.date, Facts]:
    """The day on which a quarter had been reported, a year's last with its annual report, and the
    facts known on it.
    """
    calendar, now = releases(company, project), reported(company, project)
    on_file = now.company.data_through
    if not Quarter(quarter) <= on_file:
        raise UsageError("no results of that quarter are on file", received=quarter,
                         allowed=f"{on_file} or earlier")  # fmt: skip
    day = calendar.of(quarter)
    if ended := now.company.year_ended(Quarter(quarter)):
        day = max(day, calendar.of(ended))
    return day, known(now, day, calendar)


def assembly_over(today: Assembly, facts: Facts, project: Where = None) -> Assembly:
    """Today's lines over other facts of the company."""
    timeline = today.timeline
    rows = history(facts.company.name, timeline.first, timeline.last, project, facts)
    given = {
        **today.given,
        **system_rows(timeline, facts.company.data_through),
        **{name: row.values[:, None] for name, row in rows.items()},
    }
    return replace(
        today, company=facts.company, history=MappingProxyType(rows), given=MappingProxyType(given)
    )


def taken_back(quarter: str, what: Scenario | str = BASE, *, project: Where = None) -> Case:
    """A scenario after an earlier quarter's results.

    Dates at the end of the data move with it. Capital expenditure of a guided year is the middle of
    the range guided by then; growth of core cost differs from today's by what the middle of guided
    expenses has moved since, and is that of the guidance alone in a year that is reported today. A
    year that was not guided yet, and all judgement, stay as they are today.

    Raises:
        UsageError: the quarter is not on file.
        FactsError: rows of history cannot be made from so few facts.
    """
    where = find_project(project)
    chosen = scenario(what, project=where) if isinstance(what, str) else what
    timeline = model(project=where).timeline
    rows = rows_of(chosen, timeline)
    today = model(project=where, rows=rows)
    company = today.company.name
    day, facts = facts_after(quarter, company, where)
    assembly = assembly_over(today, facts, where)
    end = float(timeline.index(today.data_through))
    for key in DATED:
        if rows[key].flat[0] == end:
            rows[key] = np.full((1, 1), float(timeline.index(quarter)))
    ranges = capex_guidance(company, where)
    coming = Quarter(quarter).plus(1).year
    for year in (coming, coming + 1):
        spent = guided(ranges, "capex", year, day)
        if spent is not None:
            rows[CAPEX] = _in_year(rows[CAPEX], _quarters(timeline, year), spent.middle)
    for year in (coming, coming + 1):
        charged = guided(ranges, "total_expenses", year, day)
        last = guided(ranges, "total_expenses", year, datetime.date.max)
        if charged is None or last is None:
            continue
        case, at = Case(chosen, assembly, rows), _quarters(timeline, year)
        growth = core_growth(case, year, charged.middle)
        if at.stop > end + 1:  # assumed today too: it moves by what the guidance has moved
            assumed = float(rows[CORE_GROWTH][at.start, 0])
            growth = assumed + growth - core_growth(case, year, last.middle)
        rows[CORE_GROWTH] = _in_year(rows[CORE_GROWTH], at, growth)
    return Case(chosen, assembly, rows)


def core_growth(case: Case, year: int, total: float) -> float:
    """Growth of core cost in a year's quarters still to come at which its total costs are
    ``total`` (USD m)."""
    at = _quarters(case.assembly.timeline, year)
    core, costs = case.row("core_cost", "with"), case.row("total_costs", "with")
    still = np.array([i for i in range(at.start, at.stop) if case.row("history")[i] < 1])
    kept = 1.0 - float(case.row("cost_savings", "with")[still].sum() / core[still].sum())
    wanted = core[still].sum() + (total - costs[at].sum()) / kept
    return float(wanted / core[still - QUARTERS_IN_YEAR].sum() - 1.0)


def _quarters(timeline: Timeline, year: int) -> slice:
    first = timeline.index(f"{year}Q1")
    return slice(first, first + QUARTERS_IN_YEAR)


def _in_year(row: Array, quarters: slice, value: float) -> Array:
    found = np.array(row, dtype=np.float64)
    found[quarters] = value
    return found
