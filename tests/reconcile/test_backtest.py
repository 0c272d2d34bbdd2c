"""Backtests: nothing later leaks in, misses add up, and every large one has a cause."""

from __future__ import annotations

import csv
import datetime
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from jcurve.analysis.forecasts import LINES as LINES_FORECAST
from jcurve.engine.evaluate import evaluate
from jcurve.facts import company, reported, sources
from jcurve.facts.calendar import DAYS_TO_REPORT, known, releases
from jcurve.facts.forecast_records import forecast_records
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.project import Project, find_project
from jcurve.ground.quarters import Quarter
from jcurve_studies.backtesting.as_known import Frozen, frozen
from jcurve_studies.backtesting.backtest import (
    ADVERTISING,
    FIRST_ORIGIN,
    FIRST_RESPONSE,
    SUBJECTS,
    backtest,
    causes,
    mean_error,
)
from jcurve_studies.backtesting.quarterly import FIRST, kept, quarterly, sizes
from jcurve_studies.comparisons.response import ELASTICITIES
from jcurve_studies.exhibits.backtests import TOLERANCE
from tests.conftest import RecordFigure
from tests.counts import count
from tests.support.one_at_a_time import one_at_a_time
from tests.support.quarters_back import COMING, LAST, known_since

LAST_YEAR = company("META").last_year
ORIGINS = range(FIRST_ORIGIN, LAST_YEAR)
RESPONSE_ORIGINS = range(FIRST_RESPONSE, LAST_YEAR)


def _from_2025(*values: object) -> ParameterSet:
    """A case on forecasts made after 2024: there are none before 2025 is reported."""
    return pytest.param(*values, marks=known_since("2025Q4"))


TODAYS = {
    "advertising.shock": "none",
    "advertising.regional_lead": "which region leads; the total follows the market",
    "property.basis_years": "how property that the model does not know runs off",
    "costs.working_capital": "a share of revenue, judgement",
    "costs.amortisation_growth": "held level",
    "costs.legal": "inside total costs, which are as guided or a share of revenue",
    "talent.": "inside total costs",
    "cloud.": "inside total costs",
    "operations.": "inside total costs",
    "power.": "inside total costs",
    "compute.": "price of compute and its use, so what a dollar of the plan buys, and energy",
    "sector.": "price of compute, as above; the frontier's fleet as estimated today",
    "rent.": "price of compute",
    "reality_labs.": "inside total costs",
    "advertising.arrival_lag": "how the response is computed",
    "advertising.excess_years": "over which excess growth fades",
    "capex.property": "how general capex is told from AI capex, by property of 2015 to 2021",
    "capex.maintenance": "the least of AI capex",
    "capex.servers_share": "what AI capex buys",
    "capex.machine_servers_share": "what AI capex buys",
    "capex.general_mix": "mix of property without AI, as before it",
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
"""Assumptions, or their beginnings, that stay today's and move a frozen run, and why they may:
they say how something is computed, not how fast anything grew after the day."""


@cache
def run_of(origin: int | str, elasticity: float | None = None) -> Frozen:
    if elasticity is not None:
        return frozen(origin, elasticity=elasticity)
    if isinstance(origin, int):
        return next(run for run in backtest().runs if run.origin == origin)
    return next(run for run in quarterly().runs if run.case.data_through == origin)


KEPT = [("2026Q3", "2026-11-30", "49d8cfa4fc23f3e9")]
"""Forecasts on file when this was written: never changed, never fewer."""

LINES = (
    "advertising",
    "property_depreciation",
    "free_cash_flow",
    "revenue",
    "total_costs",
    "capex",
)


def test_every_forecast_that_can_be_checked_is() -> None:
    found = backtest()
    wanted = {
        (subject, origin, year)
        for subject in SUBJECTS
        for origin in ORIGINS
        for year in range(origin + 1, LAST_YEAR + 1)
        if subject != ADVERTISING or origin in RESPONSE_ORIGINS
    }
    assert {(each.subject, each.origin, each.year) for each in found.misses} == wanted


def test_parts_of_a_miss_sum_to_it() -> None:
    for each in (*backtest().misses, *backtest().by_elasticity):
        total = sum(amount for _, amount in each.parts)
        assert total == pytest.approx(each.miss, abs=1e-6 * abs(each.actual)), each


def test_actual_figures_are_those_of_the_filings() -> None:
    facts = reported("META")
    metric = {
        "depreciation": "depreciation_expense_ppe",
        "free cash flow": "free_cash_flow",
        "advertising": "revenue_advertising",
    }
    for each in (*backtest().misses, *backtest().by_elasticity):
        actual = facts.value(metric[each.subject], str(each.year)).value
        assert each.actual == pytest.approx(actual, abs=2.0)


def test_depreciation_is_within_12_per_cent_and_5_where_the_mix_was_known() -> None:
    for each in backtest().of("depreciation"):
        assert abs(each.error) < (0.05 if each.origin >= 2024 else 0.12), each


@known_since("2025Q4")
@pytest.mark.parametrize(("origin", "error"), [(2022, 0.061), (2023, 0.095), (2024, 0.028)])
def test_depreciation_is_no_worse_than_it_was(origin: int, error: float) -> None:
    """The mean error of the years to 2025."""
    own = (each for each in backtest().of("depreciation") if each.origin == origin)
    misses = tuple(each for each in own if each.year <= 2025)
    assert mean_error(misses) < error + 0.0005


def test_advertising_is_forecast_at_every_elasticity(record_figure: RecordFigure) -> None:
    found = backtest().by_elasticity
    assert {(each.origin, each.year, each.elasticity) for each in found} == {
        (origin, year, elasticity)
        for origin in RESPONSE_ORIGINS
        for year in range(origin + 1, LAST_YEAR + 1)
        for elasticity in ELASTICITIES
    }
    for each in found:
        record_figure(
            f"advertising of {each.year} as known at the end of {each.origin}, elasticity "
            f"{each.elasticity:g}: error",
            100.0 * each.error,
            "%",
        )
        _, compute, left = (amount for _, amount in each.parts)
        assert abs(compute) < abs(left), "what is not foreseen is growth beyond compute"
    assert set(backtest().of(ADVERTISING)) <= set(found)


@pytest.mark.parametrize("origin", RESPONSE_ORIGINS)
def test_what_was_known_of_the_excess_is_the_mean_of_eight_quarters(origin: int) -> None:
    """Worked out anew: reported growth less Google's and less what relative compute earns."""
    case = run_of(origin, 0.08).case
    timeline, facts = case.assembly.timeline, case.assembly.history
    end = timeline.index(f"{origin}Q4") + 1
    own, google = (
        facts[name].values for name in ("reported_advertising", "reported_market_advertising")
    )
    over = case.row("reported_ranking_compute") / case.row("frontier_fleet")
    excess = []
    for at in range(end - 8, end):
        first = at - at % 4
        market = google[first : first + 4].sum() / google[first - 4 : first].sum()
        relative = 0.08 * np.log(over[at] / over[at - 4])
        excess.append(np.log(own[at] / own[at - 4]) - np.log(market) - relative)
    assert case["excess_growth_lately"] == pytest.approx(np.mean(excess), abs=1e-9)


def test_every_large_miss_has_a_cause_and_every_cause_a_forecast() -> None:
    why = causes()
    forecasts = {(each.subject, each.origin, each.year): each for each in backtest().misses}
    assert {key for key in why if key[2] <= LAST_YEAR} <= set(forecasts)
    for key, each in forecasts.items():
        if abs(each.error) > TOLERANCE[each.subject]:
            assert key in why, f"{key} missed by {each.error:+.1%} and no cause is on file"


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_years_known_are_as_reported(origin: int) -> None:
    run = run_of(origin)
    at = run.case.assembly.timeline.years.index(origin)
    facts = reported("META")
    for line, metric in (
        ("revenue", "revenue_total"),
        ("total_costs", "total_costs_and_expenses"),
        ("capex", "capex_incl_finance_leases"),
        ("free_cash_flow", "free_cash_flow"),
    ):
        own = run.case.year(line, "with")[at]
        assert own == pytest.approx(facts.value(metric, str(origin)).value, abs=2.5), line
    assert run.case.data_through == f"{origin}Q4"
    assert run.as_of.year == origin + 1


@pytest.mark.parametrize(
    ("origin", "capex", "costs"),
    [(2022, 31_500, 92_000), (2023, 33_500, 96_500), _from_2025(2024, 62_500, None)],
)
def test_guidance_of_the_time_is_the_last_that_was_given(
    origin: int, capex: float, costs: float | None
) -> None:
    run = run_of(origin)
    at = run.case.assembly.timeline.years.index(origin + 1)
    assert run.case.year("capex", "with")[at] == pytest.approx(capex, rel=1e-9)
    if costs is not None:
        assert run.case.year("total_costs", "with")[at] == pytest.approx(costs, rel=1e-9)


def test_a_change_of_life_is_known_from_its_filing() -> None:
    lives = {
        origin: {
            float(run_of(origin).case.assumption_rows[f"life.change.life.{slot}"][0, 0])
            for slot in range(1, 4)
        }
        for origin in ORIGINS
    }
    assert 5.5 not in lives[2022] | lives[2023]
    assert all(5.5 in lives[origin] for origin in ORIGINS if origin >= 2024)


# No look-ahead


def _later(as_of: datetime.date, project: Project) -> dict[str, Callable[[dict[str, str]], bool]]:
    """By table, whether a row became known after a day; another company's quarter is known when
    this one's is."""
    calendar = releases("META", project)
    dates = {key: source.date for key, source in sources(project).items()}

    def fact(row: dict[str, str]) -> bool:
        return calendar.of(row["period"]) > as_of

    return {
        "alphabet/quarterly.csv": fact,
        "quarterly.csv": fact,
        "annual.csv": fact,
        "capex_guidance.csv": lambda row: row["as_of"] > as_of.isoformat(),
        "useful_lives.csv": lambda row: dates[row["source_id"]][:10] > as_of.isoformat(),
    }


@pytest.mark.parametrize(
    ("origin", "elasticity"),
    [
        ("2025Q1", None),
        *[(2023, 0.08), (2022, None), _from_2025(2024, None)][: count("leaks")],
    ],
)
def test_nothing_later_leaks_in(
    origin: int | str, elasticity: float | None, tmp_path: Path
) -> None:
    """Every later figure, guidance and disclosed effect is changed; no forecast moves."""
    here = find_project()
    before = run_of(origin, elasticity)
    shutil.copytree(here.data, tmp_path / "data")
    project = Project(tmp_path)
    touched = 0
    for table, is_later in _later(before.as_of, here).items():
        home = project.data / "companies"
        path = home / table if "/" in table else home / "meta" / table
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            header, rows = reader.fieldnames or [], list(reader)
        for row in rows:
            if not is_later(row):
                continue
            for column in ("value", "low", "high", "effect_usd_m"):
                if row.get(column):
                    row[column] = f"{float(row[column]) * 1.5:.6f}"
                    touched += 1
        with path.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    assert touched > 100
    after = frozen(origin, elasticity=elasticity, project=project)
    assert after.stated == before.stated
    for line in LINES:
        first, last = 40, before.case.assembly.timeline.index(f"{LAST_YEAR}Q4") + 1
        np.testing.assert_array_equal(
            after.case.row(line, "with")[first:last],
            before.case.row(line, "with")[first:last],
            err_msg=line,
        )


def test_only_declared_assumptions_of_today_move_a_frozen_run() -> None:
    """What is neither of the time nor declared as today's moves no forecast."""
    run = run_of(2022)
    case, timeline = run.case, run.case.assembly.timeline
    until = timeline.index(f"{LAST_YEAR}Q4") + 1
    wanted = [(line, "with") for line in LINES]

    of_the_time = {
        key
        for stated in run.stated
        for pattern in stated.keys
        for key in case.assumption_rows
        if key == pattern or (pattern.endswith("*") and key.startswith(pattern[:-1]))
    }
    fitted = ("capex.mix.buildings", "placement.lag.", "life.book.buildings", "life.change")
    keys = [
        key
        for key in case.assumption_rows
        if key in case.assembly.names and key not in of_the_time and not key.startswith(fitted)
    ]
    rows = one_at_a_time(case, keys, 1.01, 0.001)
    made = evaluate(case.assembly.model, case.assembly.inputs(rows), timeline, wanted)
    moved = set()
    for line in wanted:
        row = np.broadcast_to(made[line], (len(timeline), len(keys) + 1))[:until]
        moved |= {key for at, key in enumerate(keys) if not np.array_equal(row[:, at], row[:, -1])}
    assert {"costs.working_capital", "financing.cash_yield"} <= moved, "the test sees nothing"
    undeclared = {key for key in moved if not key.startswith(tuple(TODAYS))}
    assert not undeclared, sorted(undeclared)


# By quarter


def test_every_quarter_is_forecast_for_a_year_ahead_and_scored() -> None:
    found = quarterly()
    origins = Quarter(FIRST).through(Quarter(reported("META").company.data_through).plus(-1))
    assert [run.case.data_through for run in found.runs] == list(origins)
    steps = {(each.origin, each.ahead) for each in found.misses}
    last = origins[-1].plus(1)
    assert steps == {
        (origin, ahead) for origin in origins for ahead in range(1, 5) if origin.plus(ahead) <= last
    }
    for name in ("revenue", "total_costs", "depreciation", "capex", "free_cash_flow"):
        assert [each.quarter for each in found.of(name)] == [each.plus(1) for each in origins]
    assert {each.line.name for each in found.before("2025Q1")} <= set(LINES_FORECAST)
    assert len([m for m in found.before("2025Q1") if m.line.name == "capex"]) == 8


def test_a_quarter_is_told_what_was_reported_guided_and_grown_by_then() -> None:
    run = run_of("2025Q1")
    facts = reported("META")
    lately = sum(facts.value("revenue_advertising", q).value for q in
                 ("2024Q2", "2024Q3", "2024Q4", "2025Q1"))  # fmt: skip
    before = sum(facts.value("revenue_advertising", q).value for q in
                 ("2023Q2", "2023Q3", "2023Q4", "2024Q1"))  # fmt: skip
    told = {key: each for each in run.stated for key in each.keys}
    assert told["market.growth"].value == pytest.approx(lately / before - 1.0, rel=1e-12)
    assert run.case.valuation_date == run.case.data_through == "2025Q1"
    at = run.case.assembly.timeline.years.index(2025)
    assert run.case.year("capex", "with")[at] == pytest.approx(68_000)  # 64 to 72, 30 April 2025
    assert run.case.year("total_costs", "with")[at] == pytest.approx(115_500)  # 113 to 118
    advertising = run.case.row("advertising", "with")
    first = run.case.assembly.timeline.index("2025Q2")
    grown = advertising[first] / advertising[first - 4]
    assert grown == pytest.approx(lately / before, rel=1e-9)


@known_since("2026Q2")
def test_a_single_item_of_tax_is_no_rate_of_tax() -> None:
    """2025 was charged 15.9bn once: a run that took it for the rate would tax every year by it."""
    told = {key: each for each in run_of("2026Q1").stated for key in each.keys}
    assert told["tax.rate"].value == pytest.approx(0.11, abs=0.02)
    assert "single item" in told["tax.rate"].basis
    assert (
        "single item" not in {k: e for e in run_of(2024).stated for k in e.keys}["tax.rate"].basis
    )


@known_since("2026Q2")
def test_forecasts_by_quarter_are_no_worse_than_they_were(record_figure: RecordFigure) -> None:
    """Of the quarters that were on file when this was written."""
    found = quarterly()
    for name, mean in (("revenue", 0.065), ("total_costs", 0.075), ("depreciation", 0.105),
                       ("capex", 0.105)):  # fmt: skip
        size = float(
            np.abs(sizes(each for each in found.of(name) if each.quarter <= "2026Q2")).mean()
        )
        record_figure(f"mean miss of next-quarter {LINES_FORECAST[name].label.lower()}",
                      100 * size, "%")  # fmt: skip
        assert size < mean, name


def test_kept_forecasts_are_those_that_were_kept() -> None:
    """The file of forecasts only grows: what this version came with stands in every later one."""
    records = forecast_records()
    then = [each for each in KEPT if each[0] <= COMING]
    assert [(each.quarter, each.made, each.seal) for each in records[: len(then)]] == then
    assert [each.record.quarter for each in kept()] == sorted({each.quarter for each in records})
    for each in kept():
        assert bool(each.misses) == (each.record.quarter <= reported("META").company.data_through)


# The calendar


def test_a_period_is_known_from_its_release() -> None:
    calendar = releases("META")
    assert calendar.of(LAST) == calendar.days[LAST]
    assert calendar.of("2025Q3") == datetime.date(2025, 10, 29)
    assert calendar.of("2022") == datetime.date(2023, 2, 2)
    assert calendar.of("2022Q4") == datetime.date(2023, 2, 1)
    # None is listed: 45 days after the quarter's end, and a year with its last quarter.
    late = datetime.date(2012, 12, 31) + datetime.timedelta(days=DAYS_TO_REPORT)
    assert calendar.of("2012Q4") == calendar.of("2012") == late
    for period in ("2026Q5", "202", "", "Q1"):
        with pytest.raises(UsageError):
            calendar.of(period)


def test_days_are_in_order_and_after_the_quarter() -> None:
    calendar = releases("META")
    quarters = sorted(period for period in calendar.days if "Q" in period)
    days = [calendar.of(quarter) for quarter in quarters]
    assert days == sorted(days)
    for quarter, day in zip(quarters, days, strict=True):
        assert 14 <= (day - Quarter(quarter).last_day).days <= 60, quarter


def test_figures_that_the_runs_read_are_first_prints() -> None:
    """Whatever copy a figure was read from, every other print of it on file is the same but for
    rounding, and capital expenditure is what the annual reports of the time stated."""
    path = find_project().data / "companies" / "meta" / "crosscheck.csv"
    with path.open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if "2021" <= row["period"][:4] <= "2025"]
    assert len(rows) > 300
    for row in rows:
        main, other = float(row["value_main"]), float(row["value_alt"])
        assert abs(main - other) <= max(1.5, 0.002 * abs(main)), row
    facts = reported("META")
    for year in ("2023", "2024"):
        paid = facts.value("purchases_of_ppe", year).value
        paid += facts.value("finance_lease_principal_payments", year).value
        stated = facts.value("capex_incl_finance_leases_stated_rounded", year)
        assert stated.source.source_id == f"k10_fy{year}"  # the report of that very year
        assert abs(paid - stated.value) <= 5.0, year


def test_facts_of_a_day() -> None:
    facts, calendar = reported("META"), releases("META")
    then = known(facts, datetime.date(2024, 2, 1), calendar)
    assert then.company.data_through == "2023Q4"
    assert then.get("revenue_total", "2023Q4") is not None
    assert then.get("depreciation_expense_ppe", "2023") is None  # the annual report came a day on
    assert then.get("revenue_total", "2024Q1") is None
    assert all(calendar.of(fact.period) <= datetime.date(2024, 2, 1) for fact in then)
    with pytest.raises(UsageError):
        known(facts, datetime.date(1990, 1, 1), calendar)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("META,2025Q3,2025-10-29,er_2025q3", "listed twice"),
        ("META,2027Q4,2027-12-31,er_2025q3", "before its end"),
        ("META,2027Q4,2028-13-40,er_2025q3", "date"),
        ("META,2027Q9,2028-01-30,er_2025q3", "period"),
        ("META,2027Q4,2028-01-30,nowhere", "source"),
        ("METTA,2027Q4,2028-01-30,er_2025q3", "company"),
    ],
)
def test_a_malformed_calendar_is_refused(line: str, what: str, tmp_path: Path) -> None:
    shutil.copytree(find_project().data, tmp_path / "data")
    with (tmp_path / "data/calendars/releases.csv").open("a", encoding="utf-8") as handle:
        handle.write(f"{line}\n")
    with pytest.raises(FactsError, match=what):
        releases("META", Project(tmp_path))
