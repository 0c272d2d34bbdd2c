"""The model as it would have run on an earlier day, on what was known then.

Facts are those whose period had been reported, guidance and changes of useful life those
announced by then, depreciation is fitted to the years until then. What the future would bring
is the guidance of the time where it is on file, otherwise a stated naive rule; each such rule
is a record with its reason. Assumptions that stay today's are listed too: they say how taxes,
interest or working capital are computed, not how fast anything grows.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.calibrate import fit, overrides
from jcurve.analysis.lives import CHANGES, changes_of
from jcurve.assumptions import BASE, Change, scenario
from jcurve.assumptions.periods import quarter_label
from jcurve.assumptions.rows import Window, assumption_rows
from jcurve.case import Case
from jcurve.company import DEFAULT_COMPANY, Assembly, model, rows_of
from jcurve.engine.evaluate import system_rows
from jcurve.errors import UsageError
from jcurve.facts import Facts, Guidance, capex_guidance, history, life_changes, reported
from jcurve.facts.calendar import known, releases

if TYPE_CHECKING:
    from jcurve.assumptions import Scenario
    from jcurve.engine.timeline import Timeline
    from jcurve.project import Project

__all__ = ["GROWTH_YEARS", "TODAYS", "Frozen", "Stated", "frozen"]

Array = NDArray[np.float64]

GROWTH_YEARS = 3
"""Years over which the naive rule averages growth."""

_MILLIONS_IN_BILLION = 1_000.0
_HORIZON_YEARS = 3
_RESEARCH_YEARS = 5.0
TODAYS: Mapping[str, str] = MappingProxyType(
    {
        "advertising.shock": "none",
        "advertising.tailwind": "none",
        "property.basis_years": "how property that the model does not know runs off",
        "costs.working_capital": "a share of revenue, judgement",
        "costs.amortisation_growth": "held level",
        "costs.legal": "inside total costs, which are as guided or a share of revenue",
        "talent.": "inside total costs",
        "cloud.": "inside total costs",
        "operations.": "inside total costs",
        "power.": "inside total costs",
        "compute.": "energy, inside total costs",
        "sector.": "price of compute, so energy, inside total costs",
        "ecosystem.": "inside total costs",
        "reality_labs.": "inside total costs",
        "advertising.variable_cost": "inside total costs",
        "tax.": "how the law computes tax: classes, limits, minimum tax",
        "financing.": "interest on opening balances, and policy on cash and debt",
        "balance.": "opening balances that no filing states",
        "lease.": "terms of leases, of which none start",
        "life.": "policy of the filings",
        "asset.": "which classes depreciate",
        "capex.opening_mix": "mix of property of before 2012",
        "capex.mix": "split of servers among themselves, and land",
        "programme.": "when the programme starts",
        "placement.lag.land": "land is not depreciated",
        "placement.delay": "of the share that waits for sites, which is none",
    }
)
"""Assumptions, or their beginnings, that stay today's and move a frozen run, and why they may:
they say how something is computed, not how fast anything grew after the day."""
_LAW_OF_THE_TIME = {2012: 0.5, 2017: 0.5, 2018: 1.0, 2022: 1.0, 2023: 0.8, 2024: 0.6, 2025: 0.4,
                    2026: 0.2, 2027: 0.0}  # fmt: skip
"""Bonus depreciation as the act of 2017 phased it out, until it was restored in July 2025."""


@dataclass(frozen=True, slots=True)
class Stated:
    """An assumption as of the time.

    Attributes:
        what: in words.
        keys: the assumptions that take it; a last ``*`` stands for every member.
        value: one number, or one by year, held from each year to the next.
        basis: guidance with its day, or the naive rule.
        guided: whether the company had said it.
    """

    what: str
    keys: tuple[str, ...]
    value: float | Mapping[int, float]
    basis: str
    guided: bool = False


@dataclass(frozen=True, eq=False)
class Frozen:
    """A run on what was known on a day.

    Attributes:
        origin: the last fiscal year reported then.
        as_of: the day of its annual report.
        facts: what was known.
        stated: the assumptions of the time.
        case: the run.
    """

    origin: int
    as_of: datetime.date
    facts: Facts
    stated: tuple[Stated, ...]
    case: Case


def frozen(
    origin: int,
    *,
    uplift: bool = False,
    company: str = DEFAULT_COMPANY,
    project: Project | str | Path | None = None,
) -> Frozen:
    """The model as of the annual report for fiscal year ``origin``.

    Args:
        origin: the last year known.
        uplift: with today's response curves of advertising to compute on top of baseline
            growth; else growth of the time stands for all advertising, and nothing that was
            learned later about the curves enters.
        company: its name.
        project: where its data are.

    Raises:
        UsageError: what the rules need was not known then.
    """
    calendar = releases(company, project)
    as_of = calendar.of(str(origin))
    facts = known(reported(company, project), as_of, calendar)
    chosen = scenario(BASE, project=project)
    today = model(company, project)
    assembly = _assembly(today, facts, company, project)
    changes = _known_changes(chosen, as_of, company, project)
    guidance = capex_guidance(company, project)
    stated = list(_stated(origin, facts, guidance, as_of, assembly.timeline, uplift))
    rows = dict(_fitted(chosen, origin, changes, assembly.timeline, company, project))
    for each in stated:
        rows |= _rows(each, rows, assembly.timeline)
    costs = _cost_growth(origin, facts, guidance, as_of, Case(chosen, assembly, rows))
    stated.append(costs)
    rows |= _rows(costs, rows, assembly.timeline)
    return Frozen(origin, as_of, facts, tuple(stated), Case(chosen, assembly, rows))


def _assembly(
    today: Assembly, facts: Facts, company: str, project: Project | str | Path | None
) -> Assembly:
    """Today's lines over the facts of the time."""
    timeline = today.timeline
    rows = history(company, timeline.first, timeline.last, project, facts)
    given = {
        **today.given,
        **system_rows(timeline, facts.company.data_through),
        **{name: row.values[:, None] for name, row in rows.items()},
    }
    return replace(
        today,
        company=facts.company,
        history=MappingProxyType(rows),
        given=MappingProxyType(given),
    )


def _known_changes(
    chosen: Scenario, as_of: datetime.date, company: str, project: Project | str | Path | None
) -> tuple[Change, ...]:
    """The changes of useful life that had been announced."""
    announced = {
        each.effective_date[:7]
        for each in life_changes(company, project)
        if each.type == "change" and each.source.date[:10] <= as_of.isoformat()
    }
    months = {f"{month[:4]}Q{(int(month[5:]) + 2) // 3}" for month in announced}
    return tuple(each for each in changes_of(chosen) if quarter_label(each.date) in months)


def _fitted(
    chosen: Scenario,
    origin: int,
    changes: tuple[Change, ...],
    timeline: Timeline,
    company: str,
    project: Project | str | Path | None,
) -> dict[str, Array]:
    """The base scenario's rows with depreciation fitted to the years known, and the changes of
    useful life announced by then."""
    found = fit(origin, company, project)
    given = overrides(found.parameters, found.values, chosen, origin)
    rows = rows_of(chosen.with_overrides(given), timeline)
    item = chosen[CHANGES].model_copy(update={"value": changes})
    return rows | assumption_rows(item, Window(timeline.first, timeline.last))


def _stated(
    origin: int,
    facts: Facts,
    guidance: Iterable[Guidance],
    as_of: datetime.date,
    timeline: Timeline,
    uplift: bool,
) -> Iterable[Stated]:
    growth = _growth(facts, origin, "revenue_advertising")
    other = _growth(facts, origin, "revenue_total", "revenue_advertising")
    rule = f"average growth a year of {origin - GROWTH_YEARS} to {origin}"
    spent = _guided(guidance, "capex", origin + 1, as_of)
    revenue = facts.value("revenue_advertising", str(origin)).value * (1 + growth) + _value(
        facts, origin, "revenue_total", "revenue_advertising"
    ) * (1 + other)
    years = range(origin + 1, origin + 1 + _HORIZON_YEARS)
    yield Stated("Growth of advertising", ("advertising.price_growth.*",), growth, rule)
    yield Stated("Growth of its volume", ("advertising.volume_growth.*",), 0.0,
                 "the growth above is of both together")  # fmt: skip
    yield Stated("Growth of other revenue", ("base.other_revenue_growth",), other, rule)
    yield Stated("Growth of share-based pay", ("financing.sbc_growth",), growth, rule)
    yield Stated(
        "Capital expenditure",
        ("capex.total",),
        {year: spent.middle * ((1 + growth) ** (year - origin - 1)) for year in years},
        f"middle of the range of {spent.day}; later years keep its share of revenue",
        guided=True,
    )
    last = timeline.index(f"{origin + _HORIZON_YEARS}Q4")
    yield Stated("Last planned quarter", ("capex.planned_through",), float(last), "as above")
    yield Stated("Capital expenditure over revenue afterwards", ("capex.steady_state_intensity",),
                 spent.middle / revenue, "as above")  # fmt: skip
    for number, share in enumerate(_phasing(facts, origin), start=1):
        yield Stated(f"Share of quarter {number} in a year's capital expenditure",
                     (f"capex.phasing.{number}",), share,
                     f"average of {origin - GROWTH_YEARS + 1} to {origin}")  # fmt: skip
    yield Stated("Unpaid capital expenditure over that of the quarter", ("capex.unpaid_share",),
                 _unpaid(facts, origin), f"as at the end of {origin}")  # fmt: skip
    yield Stated("Tax rate", ("tax.rate",),
                 _value(facts, origin, "income_tax_provision")
                 / facts.value("pretax_income", str(origin)).value,
                 f"provision over pre-tax income of {origin}")  # fmt: skip
    yield Stated("Bonus depreciation", ("tax.bonus_depreciation",), dict(_LAW_OF_THE_TIME),
                 "the law in force then, the act of December 2017")  # fmt: skip
    yield Stated(
        "Research spread over years for tax",
        ("tax.research_capitalised",),
        {2012: 0.0, 2022: 1.0},
        "the law in force then (section 174 as amended in 2017), without end",
    )
    yield Stated(
        "Years over which research is spread",
        ("tax.research_life",),
        _RESEARCH_YEARS,
        "five years at home by that law; research abroad, fifteen, is not told apart",
    )
    yield Stated(
        "Research in total costs",
        ("tax.research_share",),
        _value(facts, origin, "research_and_development")
        / _value(facts, origin, "total_costs_and_expenses"),
        f"as in {origin}",
    )
    yield Stated("Valuation date", ("valuation.date",),
                 float(timeline.index(f"{origin}Q4")), "the last quarter known")  # fmt: skip
    zero = "nothing of it was known then"
    yield Stated("Signed leases", ("lease.yearly_starts", "lease.yearly_signings"), 0.0, zero)
    yield Stated("New products", ("channel.probability.*",), 0.0, zero)
    yield Stated("Savings", ("saving.rate.*",), 0.0, zero)
    yield Stated("Ordered changes of design", ("advertising.design_loss",), 0.0, zero)
    yield Stated("Stopping", ("programme.stopping_cost",), 0.0, "not stopped")
    if not uplift:
        yield Stated("Response of advertising to compute", ("lever.gain_per_doubling.*",), 0.0,
                     "growth of the time stands for all advertising")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Range:
    day: str
    middle: float


def _guided(guidance: Iterable[Guidance], metric: str, year: int, as_of: datetime.date) -> _Range:
    """The last range that was known for a year, in USD m.

    Raises:
        UsageError: none was known.
    """
    found = _last_guided(guidance, metric, year, as_of)
    if found is None:
        raise UsageError(
            f"no guidance of {metric} for {year} was known", received=as_of.isoformat()
        )
    return found


def _last_guided(
    guidance: Iterable[Guidance], metric: str, year: int, as_of: datetime.date
) -> _Range | None:
    known_then = sorted(
        (each.as_of, each.low, each.high)
        for each in guidance
        if each.metric == metric
        and each.fiscal_year == str(year)
        and each.as_of <= as_of.isoformat()
    )
    if not known_then:
        return None
    day, low, high = known_then[-1]
    return _Range(day, (low + high) / 2.0 * _MILLIONS_IN_BILLION)


def _value(facts: Facts, year: int, metric: str, less: str = "") -> float:
    value = facts.value(metric, str(year)).value
    return value - facts.value(less, str(year)).value if less else value


def _growth(facts: Facts, year: int, metric: str, less: str = "") -> float:
    start, end = (_value(facts, each, metric, less) for each in (year - GROWTH_YEARS, year))
    return float((end / start) ** (1.0 / GROWTH_YEARS) - 1.0)


def _phasing(facts: Facts, year: int) -> list[float]:
    years = range(year - GROWTH_YEARS + 1, year + 1)
    spent = np.array(
        [
            [facts.value("capex_incl_finance_leases", f"{y}Q{q}").value for q in range(1, 5)]
            for y in years
        ]
    )
    shares = (spent / spent.sum(axis=1, keepdims=True)).mean(axis=0)
    return [float(share) for share in shares]


def _unpaid(facts: Facts, year: int) -> float:
    owed = facts.value("ppe_in_accounts_payable", str(year)).value
    return owed / facts.value("capex_incl_finance_leases", f"{year}Q4").value


def _cost_growth(
    origin: int, facts: Facts, guidance: Iterable[Guidance], as_of: datetime.date, case: Case
) -> Stated:
    """Growth of core cost at which total costs are as guided, then keep their share of revenue."""
    first = case.assembly.timeline.years.index(origin + 1)
    years = range(origin + 1, origin + 1 + _HORIZON_YEARS)
    total, core, revenue = (
        case.year(name, "with") for name in ("total_costs", "core_cost", "revenue")
    )
    guided = _last_guided(guidance, "total_expenses", origin + 1, as_of)
    if guided is None:
        share = facts.value("total_costs_and_expenses", str(origin)).value
        share /= facts.value("revenue_total", str(origin)).value
        basis = f"no range was on file: total costs keep their share of revenue of {origin}"
    else:
        share = guided.middle / revenue[first]
        basis = (
            f"total costs at the middle of the range of {guided.day}, then at its share of revenue"
        )
    before = core[first - 1]
    found: dict[int, float] = {}
    for step, year in enumerate(years):
        other = total[first + step] - core[first + step]
        wanted = share * revenue[first + step] - other
        found[year] = float(wanted / before - 1.0)
        before = wanted
    return Stated(
        "Growth of core cost", ("costs.core_growth",), found, basis, guided=guided is not None
    )


def _rows(stated: Stated, rows: Mapping[str, Array], timeline: Timeline) -> dict[str, Array]:
    """The rows of a stated assumption."""
    if isinstance(stated.value, Mapping):
        years = np.array(timeline.years)
        points = np.array(sorted(stated.value))
        at = np.maximum(np.searchsorted(points, years, side="right") - 1, 0)
        held = np.array([stated.value[year] for year in points.tolist()])[at]
        row = np.repeat(held, len(timeline) // len(years))[:, None]
    else:
        row = np.array([[stated.value]])
    keys = [key for pattern in stated.keys for key in _keys(pattern, rows)]
    return dict.fromkeys(keys, row)


def _keys(pattern: str, rows: Mapping[str, Array]) -> list[str]:
    matches: Callable[[str], bool] = (
        (lambda key: key.startswith(pattern[:-1])) if pattern.endswith("*") else pattern.__eq__
    )
    found = [key for key in rows if matches(key)]
    if not found:
        raise UsageError("no such assumption", received=pattern)
    return found
