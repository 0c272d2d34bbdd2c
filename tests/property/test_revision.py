"""What a quarter's results did to the answer: a state taken back, forecasts, an exact bridge."""

from __future__ import annotations

import datetime
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import jcurve
from jcurve.analysis.earlier import CAPEX, CORE_GROWTH, guided, taken_back
from jcurve.analysis.forecasts import LINES, came, forecast, keep, misses, rank
from jcurve.analysis.revisions import Revision, revision
from jcurve.assumptions import rows_of
from jcurve.case import Case
from jcurve.facts import capex_guidance, reported
from jcurve.facts.forecast_records import forecast_records, stood
from jcurve.ground.errors import FactsError, ProjectError, UsageError
from jcurve.ground.project import SHIPPED, Project, find_project
from tests.counts import count
from tests.support.quarters_back import BEFORE, COMING, LAST, case_after, known_since

QUARTERS = tuple(str(LAST.plus(-back)) for back in (1, 2, 3))
"""Taken back to each in turn."""


@pytest.fixture(scope="module")
def now() -> Case:
    return jcurve.evaluate()


def whole(found: Revision) -> None:
    for change in found.changes:
        assert not change.reason, (change.view, change.name, change.reason)
        parts = math.fsum(part.amount for part in change.parts)
        size = max(abs(change.amount), 1e-3)
        assert abs(parts - change.amount) <= 1e-9 * max(size, abs(change.after)), change


class TestTakenBack:
    def test_to_the_last_quarter_is_the_case_of_today(self, now: Case) -> None:
        back = taken_back(now.data_through)
        assert back["npv"] == now["npv"]
        assert back.headlines() == now.headlines()

    @pytest.mark.parametrize("quarter", QUARTERS)
    def test_knows_nothing_later_and_ties(self, quarter: str) -> None:
        then = case_after(quarter)
        timeline = then.assembly.timeline
        after = timeline.index(quarter) + 1
        assert then.data_through == then.valuation_date == quarter
        assert all(np.isnan(row.values[after:]).all() for row in then.assembly.history.values())
        assert all(check.holds for check in then.checks())
        facts = reported("META")
        spent = facts.value("capex_incl_finance_leases", quarter).value
        assert then.row("capex", "with")[after - 1] == pytest.approx(spent, abs=0.5)

    @known_since("2026Q2")
    def test_guidance_is_that_of_the_day(self) -> None:
        then, now = case_after("2026Q1"), case_after("2026Q2")
        year = slice(then.assembly.timeline.index("2026Q1"), then.assembly.timeline.index("2026Q4"))
        assert (
            then.assumption_rows[CAPEX][year].tolist() == [[135_000.0]] * 3
        )  # 125 to 145 in April
        assert now.assumption_rows[CAPEX][year].tolist() == [[137_500.0]] * 3
        # Expenses: 162 to 169 then, 165 to 169 in July, so the costs of the year are 1.5 lower.
        was, later = (float(case.assumption_rows[CORE_GROWTH][year][0, 0]) for case in (then, now))
        assert was < later
        today = jcurve.evaluate().assumption_rows[CORE_GROWTH]
        rows = {**then.assumption_rows, CORE_GROWTH: today}
        as_assumed_now = Case(then.scenario, then.assembly, rows)
        at = then.assembly.timeline.years.index(2026)
        costs = [case.year("total_costs", "with")[at] for case in (then, as_assumed_now)]
        last = guided(capex_guidance(), "total_expenses", 2026, datetime.date.max)
        assert last is not None
        if LAST < "2026Q4":  # still open: as far from what is assumed as guidance has moved
            assert costs[1] - costs[0] == pytest.approx(last.middle - 165_500.0, rel=1e-6)
        else:
            assert costs[0] == pytest.approx(165_500.0, rel=1e-6)

    def test_a_scenario_that_stops_at_the_valuation_date_still_does(self) -> None:
        back = taken_back(BEFORE, "stop_now")
        end = back.assembly.timeline.index(BEFORE)
        assert back.assumption_rows["programme.last_spending"].tolist() == [[end]]
        assert back["npv.go_forward"] == 0.0

    @pytest.mark.parametrize("quarter", [str(COMING), "2031Q1"])
    def test_not_to_a_quarter_that_is_not_on_file(self, quarter: str) -> None:
        with pytest.raises(UsageError, match="no results of that quarter are on file"):
            taken_back(quarter)

    def test_what_no_rule_fills_then_is_an_estimate(self) -> None:
        """Interest of early 2025 is known by year only: then it keeps its ratio to cash."""
        rows = case_after("2025Q3").assembly.history
        at = rows["reported_interest_income"].quarters.index("2025Q3")
        row = rows["reported_interest_income"]
        assert (cell := row.cells[at]) is not None
        assert cell.status == "estimate"
        cash = rows["reported_cash_and_securities"].values
        assert row.values[at] / cash[at] == pytest.approx(row.values[at - 1] / cash[at - 1])


class TestForecasts:
    def test_of_a_reported_quarter_is_what_was_reported(self, now: Case) -> None:
        said, was = forecast(now, "2025Q2"), came(now.assembly, "2025Q2")
        assert set(was) == set(LINES)  # regions are on file then
        for name, value in was.items():
            printed = LINES[name].unit == "share"  # to a whole per cent
            assert said[name] == pytest.approx(value, abs=0.006 if printed else 0.5), name

    def test_of_a_quarter_to_come_nothing_was(self, now: Case) -> None:
        assert came(now.assembly, COMING) == {}

    @known_since("2026Q2")
    def test_an_estimate_is_no_report(self, now: Case) -> None:
        was = came(now.assembly, "2026Q2")
        assert "advertising.europe" not in was  # its share of the year before
        assert was["revenue"] == 60_801.0
        unscored = misses(forecast(case_after("2026Q1"), "2026Q2"), was)
        regions = [each for each in unscored if each.line.name.startswith("advertising.")]
        assert regions
        assert all(each.came is each.amount is each.share is None for each in regions)

    def test_parts_make_up_a_miss(self, now: Case) -> None:
        found = {
            each.line.name: each
            for each in misses(forecast(case_after("2025Q2"), "2025Q3"),
                               came(now.assembly, "2025Q3"))
        }  # fmt: skip
        sums = [name for name, line in LINES.items() if line.parts]
        assert set(sums) <= set(found)
        for name in sums:
            parts, amount = found[name].parts, found[name].amount
            assert parts
            assert amount is not None
            assert math.fsum(part for _, part in parts) == pytest.approx(amount, abs=0.6), name

    def test_a_rank_counts_larger_misses_of_its_line(self, now: Case) -> None:
        said, was = forecast(now, "2025Q1"), came(now.assembly, "2025Q1")
        made = [
            next(m for m in misses({**said, "capex": was["capex"] * by}, was)
                 if m.line.name == "capex")
            for by in (1.0, 1.1, 0.8, 1.05)
        ]  # fmt: skip
        assert rank(made[1], [made[0], made[2], made[3]]) == (2, 4)
        assert rank(made[2], [made[0]]) == (1, 2)
        assert rank(made[0], []) is None


class TestRecords:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Project:
        shutil.copytree(find_project().data, tmp_path / "data")
        shutil.rmtree(tmp_path / "data" / "forecasts", ignore_errors=True)
        return Project(tmp_path)

    def test_grow_and_are_never_kept_twice(self, project: Project, now: Case) -> None:
        assert forecast_records(project=project) == ()
        assert stood(COMING, project=project) is None
        first = keep(case_after(BEFORE), datetime.date(2026, 7, 28), project)
        text = (project.data / "forecasts/meta.csv").read_text(encoding="utf-8")
        again = keep(case_after(BEFORE), datetime.date(2026, 7, 29), project)
        assert again == first
        assert (project.data / "forecasts/meta.csv").read_text(encoding="utf-8") == text
        second = keep(now, datetime.date(2026, 7, 30), project)
        grown = (project.data / "forecasts/meta.csv").read_text(encoding="utf-8")
        assert grown.startswith(text)
        assert grown != text
        assert forecast_records(project=project) == (first, second)
        assert stood(LAST, project=project) == first
        assert set(first.values) == set(LINES)
        said = forecast(case_after(BEFORE), LAST)
        assert first.values == pytest.approx(said, rel=1e-11)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda lines: [*lines[:3], lines[3].replace("advertising", "capex"), *lines[4:]],
            lambda lines: [*lines[:3], *lines[4:]],
            lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
            lambda lines: [*lines, lines[-1]],
        ],
        ids=["changed", "missing", "moved", "repeated"],
    )
    def test_a_row_that_is_not_as_written_is_refused(
        self, spoil: object, project: Project, now: Case
    ) -> None:
        keep(now, datetime.date(2026, 7, 30), project)
        path = project.data / "forecasts/meta.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(spoil(lines)), encoding="utf-8")  # type: ignore[operator]
        with pytest.raises(FactsError, match=r"is not as it was written") as refused:
            forecast_records(project=project)
        assert "forecasts/meta.csv:" in str(refused.value)

    def test_the_project_that_came_with_the_package_keeps_none(self, now: Case) -> None:
        with pytest.raises(ProjectError):
            keep(now, datetime.date(2026, 7, 30), Project(SHIPPED))


@pytest.fixture(scope="module")
def usual(now: Case) -> Revision:
    """Since the quarter before."""
    return revision(case_after(QUARTERS[0]), now)


class TestRevision:
    @pytest.mark.parametrize("quarter", QUARTERS[: count("quarters_back")])
    def test_parts_sum_to_the_whole(self, quarter: str, now: Case, usual: Revision) -> None:
        before = case_after(quarter)
        found = usual if quarter == QUARTERS[0] else revision(before, now)
        assert (found.start, found.end) == (quarter, now.data_through)
        whole(found)
        change = found.change("npv")
        assert change is not None
        assert change.before == pytest.approx(before["npv"], rel=1e-12)
        assert change.after == pytest.approx(now["npv"], rel=1e-12)
        kinds = {part.kind for part in change.parts}
        assert {"time", "facts"} <= kinds
        assert "model" not in kinds

    def test_the_same_state_twice_is_no_news(self, now: Case) -> None:
        found = revision(now, now)
        assert all(change.amount == 0.0 and change.parts == () for change in found.changes)

    def test_a_line_that_came_as_forecast_is_no_news(self, now: Case, usual: Revision) -> None:
        """Advertising of the new quarter is what was forecast: it adds nothing, other lines do."""
        before = case_after(BEFORE)
        at = now.assembly.timeline.index(LAST)
        rows = {
            **{f"reported_advertising_by_region.{region}": f"advertising_by_region.{region}"
               for region in now.assembly.company.sets["region"]},
            **{f"reported_impressions_index_by_region.{region}": f"impressions.{region}"
               for region in now.assembly.company.sets["region"]},
            "reported_advertising": "advertising",
        }  # fmt: skip
        given = dict(now.assembly.given)
        for name, line in rows.items():
            given[name] = given[name].copy()
            given[name][at] = before.row(line, "with")[at]
        assembly = replace(now.assembly, given=given)
        as_said = Case(now.scenario, assembly, now.assumption_rows)
        change = revision(before, as_said).change("npv")
        assert change is not None
        assert "Advertising" not in {part.name for part in change.parts}
        assert "Operating costs" in {part.name for part in change.parts}
        told = usual.change("npv")
        assert told is not None
        assert "Advertising" in {part.name for part in told.parts}

    def test_a_changed_assumption_is_told_by_its_name(self, now: Case) -> None:
        other = jcurve.evaluate(jcurve.scenario("base", {"returns.wacc": 0.1, "fleet.share": 0.12}))
        found = revision(now, other)
        whole(found)
        change = found.change("npv")
        assert change is not None
        assert {part.kind for part in change.parts} == {"assumptions"}
        named = {part.name for part in change.parts}
        assert "Assumption: Long-run fleet share" in named
        assert len(named) == 2
        bridged = jcurve.analysis.bridge(now.scenario, other.scenario)
        assert sorted(part.amount for part in change.parts) == pytest.approx(
            sorted(share.amount for share in bridged.shares), rel=1e-9
        )

    def test_moved_guidance_is_told_apart(self, now: Case) -> None:
        other = jcurve.evaluate(jcurve.scenario("base", {"capex.total.2026": 145_000}))
        change = revision(now, other).change("npv")
        assert change is not None
        assert [(p.kind, p.name) for p in change.parts] == [
            ("guidance", "Guidance of capital expenditure")
        ]

    def test_what_was_printed_then_and_is_not_reproduced_is_the_model(self, now: Case) -> None:
        before = case_after(BEFORE)
        printed = before.headlines()
        printed["programme"]["npv"] = {"value": before["npv"] - 5_000.0, "unit": "USD m"}
        found = revision(before, now, printed_before=printed, printed_after=now.headlines())
        whole(found)
        change = found.change("npv")
        assert change is not None
        assert change.of("model") == pytest.approx(5_000.0, rel=1e-6)
        other = found.change("trough_amount")
        assert other is not None
        assert abs(other.of("model")) < 1e-3

    def test_a_change_of_life_that_one_state_lacks_stays_with_the_other(self) -> None:
        few = jcurve.evaluate("bull")
        more = jcurve.evaluate(jcurve.scenario("bull", {"life.change.2027Q1": 2.0}))
        assert len(more.assembly.names) > len(few.assembly.names)
        name = "operating_income_turns_positive"
        for one, two in ((few, more), (more, few)):
            change = revision(one, two).change(name)
            assert change is not None
            ends = [case.assembly.timeline.index(case.headline(name, "programme")["value"])
                    for case in (one, two)]  # fmt: skip
            assert [change.before, change.after] == ends
            assert change.moved
            npv = revision(one, two).change("npv")
            assert npv is not None
            assert not npv.moved  # books move no cash

    def test_many_assumptions_are_one_part(self, now: Case) -> None:
        bull = jcurve.evaluate("bull")
        found = revision(now, bull)
        change = found.change("npv")
        assert change is not None
        assert math.fsum(p.amount for p in change.parts) == pytest.approx(change.amount, rel=1e-9)

    def test_never_backwards(self, now: Case) -> None:
        with pytest.raises(UsageError, match="the later state knows less"):
            revision(now, case_after(BEFORE))


def test_rows_of_a_taken_back_case_are_those_of_its_scenario_but_for_dates_and_guidance() -> None:
    then = case_after(BEFORE)
    own = rows_of(then.scenario, then.assembly.timeline)
    moved = {key for key, row in own.items() if not np.array_equal(row, then.assumption_rows[key])}
    # Guidance of expenses does not move with every quarter.
    assert moved - {CORE_GROWTH} == {"valuation.date", CAPEX}
    assert then.valuation_date == BEFORE
