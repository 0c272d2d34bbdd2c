"""Runs on what was known at the end of a year, beside what was reported after.

Each miss is taken apart: depreciation by what the company spent, the changes of useful life it
announced later and what the fit has learned since; free cash flow by line; the uplift of
advertising by the compute behind it. The parts sum to the miss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jcurve.analysis.as_known import Frozen, frozen
from jcurve.analysis.lives import CHANGES
from jcurve.case import Case, evaluate
from jcurve.company import DEFAULT_COMPANY
from jcurve.facts import Facts, reported
from jcurve.project import Project, find_project

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "CASH_FLOW",
    "DEPRECIATION",
    "ORIGINS",
    "SUBJECTS",
    "UPLIFT",
    "UPLIFT_FROM",
    "Backtest",
    "Miss",
    "backtest",
    "mean_error",
]

ORIGINS = (2022, 2023, 2024)
LAST_YEAR = 2025
UPLIFT_FROM = 2024
"""The first year whose uplift is forecast; compute bought before had hardly reached ads."""

DEPRECIATION, CASH_FLOW, UPLIFT = "depreciation", "free cash flow", "uplift of advertising"
SUBJECTS: Mapping[str, str] = {
    DEPRECIATION: "Depreciation of property, reported in the annual report",
    CASH_FLOW: "Free cash flow as the company defines it",
    UPLIFT: "Advertising above its base, as today's curve attributes it to compute bought",
}


@dataclass(frozen=True, slots=True)
class Miss:
    """A forecast beside what came.

    Attributes:
        subject: one of ``SUBJECTS``.
        origin: the last year known.
        year: the year forecast.
        forecast, actual: USD m.
        parts: by cause, what it added to the forecast; they sum to forecast less actual.
    """

    subject: str
    origin: int
    year: int
    forecast: float
    actual: float
    parts: tuple[tuple[str, float], ...]

    @property
    def miss(self) -> float:
        """Forecast less actual, USD m."""
        return self.forecast - self.actual

    @property
    def error(self) -> float:
        """Forecast over actual, less 1."""
        return self.forecast / self.actual - 1.0

    @property
    def ahead(self) -> int:
        """Years between origin and forecast."""
        return self.year - self.origin


@dataclass(frozen=True, eq=False)
class Backtest:
    """Every frozen run and every miss."""

    runs: tuple[Frozen, ...]
    misses: tuple[Miss, ...]

    def of(self, subject: str) -> tuple[Miss, ...]:
        """The misses of one subject, by origin and year."""
        return tuple(each for each in self.misses if each.subject == subject)


def mean_error(misses: tuple[Miss, ...]) -> float:
    """Mean of the absolute errors."""
    return float(np.mean([abs(each.error) for each in misses]))


def backtest(project: Project | str | Path | None = None) -> Backtest:
    """Every subject from every origin. Computed once for a project in a process."""
    where = project if isinstance(project, Project) else find_project(project)
    return _backtest(where)


@lru_cache(maxsize=1)
def _backtest(project: Project) -> Backtest:
    today = evaluate(project=project)
    facts = reported(DEFAULT_COMPANY, project)
    runs, misses = [], []
    for origin in ORIGINS:
        run = frozen(origin, project=project)
        with_curve = frozen(origin, uplift=True, project=project)
        runs.append(run)
        for year in range(origin + 1, LAST_YEAR + 1):
            misses.append(_depreciation(run, today, facts, year))
            misses.append(_cash_flow(run, facts, year))
            if year >= UPLIFT_FROM:
                misses.append(_uplift(with_curve, today, year))
    order = list(SUBJECTS)
    misses.sort(key=lambda each: (order.index(each.subject), each.origin, each.year))
    return Backtest(tuple(runs), tuple(misses))


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


def _uplift(run: Frozen, today: Case, year: int) -> Miss:
    """Dollars above the base, through the factor earned and the base it multiplies."""
    at = slice(*_quarters(today, year))
    base, factor = _base(run.case)[at], run.case.row("advertising_factor", "with")[at]
    base_now, factor_now = _base(today)[at], today.row("attributed_factor")[at]
    forecast = float((base * (factor - 1.0)).sum())
    actual = float((base_now * (factor_now - 1.0)).sum())
    compute = float((base_now * (factor - factor_now)).sum())
    parts = (
        ("compute in service", compute),
        ("advertising without the uplift", forecast - actual - compute),
    )
    return Miss(UPLIFT, run.origin, year, forecast, actual, parts)


def _quarters(case: Case, year: int) -> tuple[int, int]:
    first = case.assembly.timeline.index(f"{year}Q1")
    return first, first + 4


def _base(case: Case) -> NDArray[np.float64]:
    regions = case.assembly.company.sets["region"]
    total: NDArray[np.float64] = np.sum(
        [case.row(f"base_advertising.{region}") for region in regions], axis=0
    )
    return total
