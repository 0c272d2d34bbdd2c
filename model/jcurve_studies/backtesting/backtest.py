"""Runs on what was known at the end of a year, beside what was reported after.

Each miss is taken apart: depreciation by what the company spent, the changes of useful life it
announced later and what the fit has learned since; free cash flow by line; advertising by its
market, by compute relative to the frontier's, and by the growth that neither explains. The parts
sum to the miss. Advertising is forecast once for each elasticity that somebody believes. Why a
forecast missed is on file, cause by cause (``causes``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from jcurve.case import Case, evaluate
from jcurve.facts import Facts, reported
from jcurve.facts.registers import ELASTICITY
from jcurve.facts.sources import Cited, sources
from jcurve.facts.tables import Column, Year, home_of, with_rows
from jcurve.ground.project import Project, Where, find_project
from jcurve_studies.backtesting.as_known import Frozen, frozen
from jcurve_studies.comparisons.response import ELASTICITIES
from jcurve_studies.fits.lives import CHANGES

FIRST_ORIGIN, FIRST_RESPONSE = 2022, 2023
"""Years after which forecasts begin, of advertising the second: compute bought before it had hardly
reached ads. Every later year follows, to the one before the last that is reported."""

DEPRECIATION, CASH_FLOW, ADVERTISING = "depreciation", "free cash flow", "advertising"
SUBJECTS: Mapping[str, str] = {
    DEPRECIATION: "Depreciation of property, reported in the annual report",
    CASH_FLOW: "Free cash flow as the company defines it",
    ADVERTISING: "Advertising revenue, at the base case's elasticity to ranking compute",
}


@dataclass(frozen=True, slots=True)
class Miss:
    """A forecast beside the actual figure."""

    subject: str  # one of ``SUBJECTS``
    origin: int  # the last year known
    year: int  # the year forecast
    forecast: float  # USD m
    actual: float
    # by cause, what it added to the forecast; they sum to forecast less actual
    parts: tuple[tuple[str, float], ...]
    elasticity: float = float("nan")  # with which advertising was forecast; NaN for other subjects

    @property
    def miss(self) -> float:
        """Forecast less actual, USD m."""
        return self.forecast - self.actual

    @property
    def error(self) -> float:
        """Forecast over actual, less 1."""
        return self.forecast / self.actual - 1.0


@dataclass(frozen=True, eq=False)
class Backtest:
    """Every frozen run and every miss."""

    runs: tuple[Frozen, ...]  # by origin
    # those with advertising's response, at the base case's elasticity
    response_runs: tuple[Frozen, ...]
    misses: tuple[Miss, ...]  # of every subject, of advertising at the base case's elasticity
    # of advertising at every elasticity, by origin, year and elasticity
    by_elasticity: tuple[Miss, ...]

    def of(self, subject: str) -> tuple[Miss, ...]:
        """The misses of one subject, by origin and year."""
        return tuple(each for each in self.misses if each.subject == subject)


def mean_error(misses: tuple[Miss, ...]) -> float:
    """Mean of the absolute errors."""
    return float(np.mean([abs(each.error) for each in misses]))


def backtest(project: Where = None) -> Backtest:
    """Every subject from every origin. Computed once for a project in a process."""
    where = find_project(project)
    return _backtest(where)


@lru_cache(maxsize=1)
def _backtest(project: Project) -> Backtest:
    today = evaluate(project=project)
    facts = reported(today.assembly.company.name, project)
    runs, misses = [], []
    last = facts.company.last_year
    for origin in range(FIRST_ORIGIN, last):
        run = frozen(origin, project=project)
        runs.append(run)
        for year in range(origin + 1, last + 1):
            misses.append(_depreciation(run, today, facts, year))
            misses.append(_cash_flow(run, facts, year))
    believed = float(today.scenario[ELASTICITY].row()[0])
    responses, tried = [], []
    for origin in range(FIRST_RESPONSE, last):
        run = frozen(origin, elasticity=believed, project=project)
        responses.append(run)
        for elasticity in sorted({*ELASTICITIES, believed}):
            tried += _advertising(run, today, elasticity, last)
    tried.sort(key=lambda each: (each.origin, each.year, each.elasticity))
    misses += [each for each in tried if each.elasticity == believed]
    order = list(SUBJECTS)
    misses.sort(key=lambda each: (order.index(each.subject), each.origin, each.year))
    return Backtest(tuple(runs), tuple(responses), tuple(misses), tuple(tried))


def _year(case: Case, line: str, year: int) -> float:
    at = case.assembly.timeline.years.index(year)
    return float(case.year(line, "with")[at])


def _depreciation(run: Frozen, today: Case, facts: Facts, year: int) -> Miss:
    """Replaces one thing after another by what is known today."""
    line = "property_depreciation"
    actual = facts.value("depreciation_expense_ppe", str(year)).value
    then, now = run.case.assumption_rows, today.assumption_rows
    lives = {key: row for key, row in now.items() if key.startswith(f"{CHANGES}.")}
    spent = Case(today.scenario, today.assembly, then)
    changed = Case(today.scenario, today.assembly, {**then, **lives})
    ladder = [_year(case, line, year) for case in (run.case, spent, changed, today)] + [actual]
    names = (
        "capital expenditure other than planned",
        "changes of useful life announced later",
        "parameters fitted to fewer years",
        "what today's model still misses",
    )
    steps = -np.diff(np.array(ladder))
    return Miss(
        DEPRECIATION, run.origin, year, ladder[0], actual,
        tuple(zip(names, map(float, steps), strict=True)),
    )  # fmt: skip


def _cash_flow(run: Frozen, facts: Facts, year: int) -> Miss:
    """Line by line, forecast less reported; what the named lines leave is the last part."""

    def fact(metric: str) -> float:
        return facts.value(metric, str(year)).value

    def model(line: str) -> float:
        return _year(run.case, line, year)

    cash_costs = model("total_costs") - model("depreciation_and_amortisation")
    cash_costs -= model("share_based_compensation")
    reported_costs = fact("total_costs_and_expenses") - fact("depreciation_and_amortization")
    reported_costs -= fact("share_based_compensation")
    forecast, actual = model("free_cash_flow"), fact("free_cash_flow")
    parts = [
        ("revenue", model("revenue") - fact("revenue_total")),
        ("costs paid in cash", reported_costs - cash_costs),
        ("capital expenditure", fact("capex_incl_finance_leases") - model("capex")),
    ]
    paid = facts.get("cash_taxes_paid", str(year))
    if paid is not None:
        parts.append(("tax paid", paid.value - model("cash_taxes")))
    left = forecast - actual - sum(amount for _, amount in parts)
    rest = "interest, working capital and other"
    parts.append((rest if paid is not None else f"tax paid, {rest}", left))
    return Miss(CASH_FLOW, run.origin, year, forecast, actual, tuple(parts))


def _advertising(run: Frozen, today: Case, elasticity: float, through: int) -> list[Miss]:
    """Advertising of each year after the origin, ``through`` one; the market, then relative
    compute, are replaced by the actual figures, growth on the year by growth on the year."""
    timeline, then = today.assembly.timeline, run.case
    # Nothing else that was known depends on the elasticity; cost growth does, and moves no compute.
    rows = {**then.assumption_rows, ELASTICITY: np.array([[elasticity]])}
    case = Case(then.scenario, then.assembly, rows)
    first = timeline.index(f"{run.origin + 1}Q1")
    last = timeline.index(f"{through}Q4") + 1
    came = today.row("reported_advertising")
    sold = today.row("reported_market_advertising")
    forecast = case.row("advertising", "with")
    grown = np.log(forecast[first:last] / forecast[first - 4 : last - 4])
    market = np.log(sold[first:last] / sold[first - 4 : last - 4])
    market -= np.log1p(case.row("market_growth_on_year")[first:last])
    relative = elasticity * (_relative(today, first, last) - _relative(case, first, last))
    ladder = [forecast]
    for growth in (grown + market, grown + market + relative):
        made = came.copy()
        for at in range(first, last):
            made[at] = made[at - 4] * np.exp(growth[at - first])
        ladder.append(made)
    ladder.append(came)
    names = (
        "market other than its last growth",
        "compute relative to the frontier's",
        "growth beyond market and compute",
    )
    found = []
    for year in range(run.origin + 1, through + 1):
        quarters = slice(timeline.index(f"{year}Q1"), timeline.index(f"{year}Q4") + 1)
        steps = [float(row[quarters].sum()) for row in ladder]
        parts = zip(names, map(float, -np.diff(steps)), strict=True)
        found.append(
            Miss(ADVERTISING, run.origin, year, steps[0], steps[-1], tuple(parts), elasticity)
        )
    return found


def _relative(case: Case, first: int, last: int) -> NDArray[np.float64]:
    """Growth on the year of ranking compute over the frontier's, both as their gains arrive."""
    over = case.row("arrived_compute", "with") / case.row("arrived_frontier")
    return np.asarray(np.log(over[first:last] / over[first - 4 : last - 4]))


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one forecast missed.

    ``kind`` says whether the cause is in reported figures, follows from the model's own, or is
    judgement.
    """

    subject: str
    origin: Year
    year: Year
    kind: Annotated[Literal["reported", "estimate", "judgement"], Column(what="kind of cause")]
    cause: str
    source: Cited


def causes(project: Where = None) -> Mapping[tuple[str, int, int], Cause]:
    """Causes by subject, last year known and year forecast."""
    home = home_of(project)
    found: dict[tuple[str, int, int], Cause] = {}
    table = "evidence/discrepancies.csv"
    for each, row in with_rows(home.data, table, Cause, {"source": sources(home)}):
        key = (each.subject, each.origin, each.year)
        if key in found:
            raise row.error("subject", "forecast listed twice", key)
        found[key] = each
    return MappingProxyType(found)
