"""What a run on an earlier day is told: guidance of the time, else a stated naive rule.

Each assumption of the time is a record with its reason. The rules know facts up to the day and
nothing later.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.earlier import CAPEX, CORE_GROWTH, core_growth, guided
from jcurve.case import Case
from jcurve.company import Assembly
from jcurve.facts import Facts, Guidance
from jcurve.facts.registers import ELASTICITY
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter, Timeline

Array = NDArray[np.float64]

GROWTH_YEARS = 3  # Years over which the naive rule averages growth

_HORIZON_YEARS = 3
_PER_CENT, _NO_PRICE = 100.0, 1e12
_RESEARCH_YEARS = 5.0
_LAW_OF_THE_TIME = {2012: 0.5, 2017: 0.5, 2018: 1.0, 2022: 1.0, 2023: 0.8, 2024: 0.6, 2025: 0.4,
                    2026: 0.2, 2027: 0.0}  # fmt: skip
"""Bonus depreciation as the act of 2017 phased it out, until it was restored in July 2025."""

_UNKNOWN = {
    "Signed leases": "lease.yearly_starts lease.yearly_signings",
    "AI products": "channel.probability.*",
    "Third-party cloud": "cloud.yearly_spending",
    "Compute leased out": "leasing.depth_share",
    "Savings": "saving.rate.*",
    "Ordered changes of design": "advertising.design_loss",
}
"""What nothing was known of, by the assumptions that are 0 for it."""


@dataclass(frozen=True, slots=True)
class Stated:
    """An assumption as of the time."""

    what: str  # in words
    keys: tuple[str, ...]  # the assumptions that take it; a last ``*`` stands for every member
    # one number; one by year, held from each year to the next; or one by quarter, at an even rate
    # from each to the next and level outside them
    value: float | Mapping[int, float] | Mapping[str, float]
    basis: str  # guidance with its day, or the naive rule


def of_the_time(
    origin: int,
    facts: Facts,
    guidance: Iterable[Guidance],
    as_of: datetime.date,
    timeline: Timeline,
) -> Iterable[Stated]:
    growth = _growth(facts, origin, "revenue_advertising")
    other = _growth(facts, origin, "revenue_total", "revenue_advertising")
    rule = f"average growth a year of {origin - GROWTH_YEARS} to {origin}"
    spent = guided(guidance, "capex", origin + 1, as_of)
    if spent is None:
        raise UsageError(
            f"no guidance of capex for {origin + 1} was known", received=as_of.isoformat()
        )
    years = range(origin + 1, origin + 1 + _HORIZON_YEARS)
    then, day = f"as in {origin}", f"as at the end of {origin}"
    year_end = float(timeline.index(f"{origin + _HORIZON_YEARS}Q4"))
    single = [facts.get("one_time_income_tax_item", f"{origin}Q{q}") for q in range(1, 5)]
    once = sum(each.value for each in single if each is not None)
    charged = _value(facts, origin, "income_tax_provision") - once
    tax = charged / _value(facts, origin, "pretax_income")
    owed = _value(facts, origin, "ppe_in_accounts_payable")
    owed /= facts.value("capex_incl_finance_leases", f"{origin}Q4").value
    costs = _value(facts, origin, "total_costs_and_expenses")
    research = _value(facts, origin, "research_and_development") / costs
    phasing = f"average of {origin - GROWTH_YEARS + 1} to {origin}"
    planned = {year: spent.middle * ((1 + growth) ** (year - origin - 1)) for year in years}
    guidance_of = f"middle of the range of {spent.as_of}; later years keep its share of revenue"
    rules: list[tuple[str, str, float | Mapping[int, float], str]] = [
        ("Growth of other revenue", "base.other_revenue_growth", other, rule),
        ("Growth of share-based pay", "financing.sbc_growth", growth, rule),
        ("Capital expenditure", CAPEX, planned, guidance_of),
        ("Last planned quarter", "capex.planned_through costs.guided_through", year_end,
         "as above"),
        *((f"Share of quarter {number} in a year's capital expenditure",
           f"capex.phasing.{number}", share, phasing)
          for number, share in enumerate(_phasing(facts, origin), start=1)),
        ("Unpaid capital expenditure over that of the quarter", "capex.unpaid_share",
         owed, day),
        ("Tax rate", "tax.rate", tax,
         f"provision over pre-tax income of {origin}" + (", less a single item" * bool(once))),
        ("Bonus depreciation", "tax.bonus_depreciation", dict(_LAW_OF_THE_TIME),
         "the law in force then, the act of December 2017"),
        ("Research spread over years for tax", "tax.research_capitalised", {2012: 0.0, 2022: 1.0},
         "the law in force then (section 174 as amended in 2017), without end"),
        ("Years over which research is spread", "tax.research_life", _RESEARCH_YEARS,
         "five years at home by that law; research abroad, fifteen, is not told apart"),
        ("Research in total costs", "tax.research_share", research, then),
        ("Valuation date", "valuation.date", float(timeline.index(f"{origin}Q4")),
         "the last quarter known"),
        *((what, keys, 0.0, "nothing of it was known then") for what, keys in _UNKNOWN.items()),
    ]  # fmt: skip
    for what, keys, value, basis in rules:
        yield Stated(what, tuple(keys.split()), value, basis)


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


def cost_growth(
    origin: int, facts: Facts, guidance: Iterable[Guidance], as_of: datetime.date, case: Case
) -> Stated:
    """Growth of core cost at which total costs are as guided, then keep their share of revenue."""
    first = case.assembly.timeline.years.index(origin + 1)
    years = range(origin + 1, origin + 1 + _HORIZON_YEARS)
    total, core, revenue = (
        case.year(name, "with") for name in ("total_costs", "core_cost", "revenue")
    )
    said = guided(guidance, "total_expenses", origin + 1, as_of)
    if said is None:
        share = facts.value("total_costs_and_expenses", str(origin)).value
        share /= facts.value("revenue_total", str(origin)).value
        basis = f"no range was on file: total costs keep their share of revenue of {origin}"
    else:
        share = said.middle / revenue[first]
        basis = (
            f"total costs at the middle of the range of {said.as_of}, then at its share of revenue"
        )
    before = core[first - 1]
    found: dict[int, float] = {}
    for step, year in enumerate(years):
        other = total[first + step] - core[first + step]
        wanted = share * revenue[first + step] - other
        # Quarters of the first year may be reported: they do not grow.
        grown = wanted / before - 1.0
        found[year] = float(grown) if step else core_growth(case, year, share * revenue[first])
        before = wanted
    return Stated("Growth of core cost", (CORE_GROWTH,), found, basis)


def growth_of_the_time(facts: Facts, origin: int) -> Iterable[Stated]:
    """Advertising grows as it did; nothing that was learned later of its response enters."""
    growth = _growth(facts, origin, "revenue_advertising")
    rule = f"average growth a year of {origin - GROWTH_YEARS} to {origin}"
    stands = "growth of the time stands for all advertising"
    yield Stated("Growth of advertising", ("market.growth", "market.growth_far"), growth, rule)
    yield Stated("Growth beyond its market", ("advertising.excess_kept",), 0.0, stands)
    yield Stated("Response of advertising to compute", (ELASTICITY,), 0.0, stands)


def response(
    origin: int, elasticity: float, assembly: Assembly, rows: Mapping[str, Array]
) -> Iterable[Stated]:
    """Advertising follows its market, an excess and relative compute, all as seen then."""
    years = assembly.timeline.years
    sold = assembly.history["reported_market_advertising"].values.reshape(len(years), -1)
    market = {
        year: float(sold[at].sum() / sold[at - 1].sum() - 1.0)
        for at, year in enumerate(years)
        if at and year <= origin and np.isfinite(sold[at - 1 : at + 1]).all()
    }
    yield Stated(
        "Growth of the advertising market",
        ("market.growth", "market.growth_far"),
        market,
        f"Google's, as reported to the end of {origin}, which then goes on as in that year",
    )
    yield Stated(
        "Excess growth that lasts", ("advertising.excess_kept",), 1.0,
        f"the mean of the eight quarters to the end of {origin}, beyond that market and relative "
        "compute; it fades in a straight line",
    )  # fmt: skip
    fleet = rows["sector.fleet"][:, 0]
    ends = {year: assembly.timeline.index(f"{year}Q4") for year in years if year <= origin}
    grown = float(fleet[ends[origin]] / fleet[ends[origin - 1]])
    known_then = {f"{year}Q4": float(fleet[at]) for year, at in ends.items()}
    ahead = {
        f"{origin + n}Q4": known_then[f"{origin}Q4"] * grown**n
        for n in range(1, _HORIZON_YEARS + 1)
    }
    yield Stated(
        "Compute of the frontier's other companies", ("sector.fleet",), known_then | ahead,
        f"today's estimate to the end of {origin}, then at the growth of that year",
    )  # fmt: skip
    yield Stated("Response of advertising to compute", (ELASTICITY,), elasticity,
                 "a belief: each reading of it is tried")  # fmt: skip


def of_the_quarter(quarter: Quarter, facts: Facts, timeline: Timeline) -> Iterable[Stated]:
    """What the last quarter says better than the last year: growth of what is reported each
    quarter, in place of the rules of the year."""
    year = tuple(quarter.plus(-step) for step in range(QUARTERS_IN_YEAR))
    lately = f"the four quarters to {quarter} over the four before"
    on_year = f"{quarter} over the same quarter of the year before"

    def grown(metric: str, less: str = "", over: tuple[Quarter, ...] = year) -> float:
        def total(quarters: Iterable[Quarter]) -> float:
            return sum(
                facts.value(metric, each).value - (facts.value(less, each).value if less else 0.0)
                for each in quarters
            )

        return total(over) / total(each.plus(-QUARTERS_IN_YEAR) for each in over) - 1.0

    advertising = grown("revenue_advertising")
    counted = facts.get("shares_diluted", quarter) is not None
    shares = grown("shares_diluted") if counted else 0.0
    rules: list[tuple[str, str, float, str]] = [
        ("Valuation date", "valuation.date", float(timeline.index(quarter)),
         "the last quarter known"),
        ("Growth of advertising", "market.growth market.growth_far", advertising, lately),
        ("Growth of share-based pay", "financing.sbc_growth", advertising, "as advertising"),
        ("Growth of other revenue", "base.other_revenue_growth",
         grown("revenue_total", "revenue_advertising"), lately),
        ("Growth of ads shown", "advertising.volume_growth.*",
         facts.value("ad_impressions_yoy_pct", quarter).value / _PER_CENT, on_year),
        ("Growth of the costs of Reality Labs", "reality_labs.cost_growth",
         grown("revenue_reality_labs", "operating_income_rl", (quarter,)), on_year),
        ("Change of diluted shares", "shares.net_issuance", shares,
         lately if counted else "not on file: held"),
        ("Price of a share bought back", "shares.reference_price", _NO_PRICE,
         "no price of the time is on file, and the change of shares holds repurchases: so high a "
         "price that none is counted twice"),
    ]  # fmt: skip
    for what, keys, value, basis in rules:
        yield Stated(what, tuple(keys.split()), value, basis)


def rows_of_stated(
    stated: Stated, rows: Mapping[str, Array], timeline: Timeline
) -> dict[str, Array]:
    """The rows of a stated assumption."""
    if isinstance(stated.value, Mapping) and isinstance(next(iter(stated.value)), str):
        places = [timeline.index(str(quarter)) for quarter in stated.value]
        between = np.interp(range(len(timeline)), places, np.log([*stated.value.values()]))
        row = np.exp(between)[:, None]
    elif isinstance(stated.value, Mapping):
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
