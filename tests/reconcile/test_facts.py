"""The facts on file against the accounting, the filings and one another."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from jcurve import facts
from jcurve.facts.history_rules import RULES
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter
from jcurve_studies.pages.dictionary import WITHOUT, property_years
from tests.support.quarters_back import COMING, LAST, known_since

ROOT = Path(__file__).resolve().parents[2]
HOME = Project(ROOT)
LIST = ("META", "GOOGL", "MSFT", "AMZN", "ORCL")
ROWS = facts.history("META", project=HOME)


def test_everything_on_file_verifies() -> None:
    report = facts.verify(None, HOME)
    assert report.ok, "\n".join(failure.message for failure in report.failures)
    assert report.count >= 4_000
    assert report.lines(filled=False)[-1].endswith("checks, all hold")


@pytest.mark.parametrize("name", LIST)
def test_each_company_verifies_by_itself(name: str) -> None:
    report = facts.verify(name, HOME)
    assert report.ok
    assert {check.company for check in report.checks} == {name}
    made = {check.name for check in report.checks}
    assert {"quarters sum to year", "net property", "data through"} <= made


def test_the_checks_on_meta_cover_its_accounting() -> None:
    made = {check.name: check.count for check in facts.verify("META", HOME).checks}
    assert made["quarters sum to year"] >= 20 * (facts.company("META", HOME).last_year - 2012)
    assert made["price times volume"] >= 60
    seconds = ROOT / "data/companies/meta/crosscheck.csv"
    assert made["second source"] == len(seconds.read_text(encoding="utf-8").splitlines()) - 1
    assert made["balance sheet"] >= 30
    assert made["free cash flow"] >= LAST - Quarter("2018Q4")
    assert made["advertising by region"] >= 15
    assert made["operating income by segment"] >= 19


def test_a_wrong_figure_fails_and_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    path = tmp_path / "data/companies/meta/quarterly.csv"
    text = path.read_text(encoding="utf-8")
    old = "META,2024Q3,operating_income_rl,-4428,"
    assert old in text
    path.write_text(text.replace(old, "META,2024Q3,operating_income_rl,-4482,"), encoding="utf-8")
    cross = tmp_path / "data/companies/meta/crosscheck.csv"
    cross.unlink()
    report = facts.verify("META", Project(tmp_path))
    named = {failure.check for failure in report.failures}
    assert named == {"operating income by segment", "quarters sum to year"}
    assert any("operating_income 2024Q3: 17,350 on file" in line for line in report.lines())
    plain = report.to_json()
    assert plain["ok"] is False
    assert plain["failed"] == len(report.failures) == 2


def test_a_tolerance_that_nothing_needs_fails(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    path = tmp_path / "data/companies/tolerances.csv"
    extra = "META,net income,net_income,2024,9,old\n"
    path.write_text(path.read_text(encoding="utf-8") + extra, encoding="utf-8")
    failures = facts.verify(None, Project(tmp_path)).failures
    assert [failure.check for failure in failures] == ["tolerances"]


# Picked by hand from what the filings and releases print: a slip in a table shows here.
FILED = [
    pytest.param("META", "revenue_total", "2025", 200_966, marks=known_since("2025Q4")),
    ("META", "revenue_total", "2024", 164_501),
    ("META", "net_income", "2024", 62_360),
    ("META", "depreciation_and_amortization", "2024", 15_498),
    ("META", "purchases_of_ppe", "2024", 37_256),
    ("META", "finance_lease_principal_payments", "2024", 1_969),
    ("META", "ppe_net", "2024", 121_346),
    ("META", "total_assets", "2024", 276_054),
    ("META", "operating_income_rl", "2023", -16_120),
    ("META", "revenue_advertising", "2013", 6_986),
    ("META", "free_cash_flow", "2023", 43_010),
    ("META", "eps_diluted", "2022", 8.59),
    ("GOOGL", "purchases_of_ppe", "2025", 91_447),
    ("MSFT", "revenue_total", "2026", 331_839),
    ("AMZN", "purchases_of_ppe", "2025", 131_819),
]


@pytest.mark.parametrize(("company", "metric", "period", "value"), FILED)
def test_a_filed_figure(company: str, metric: str, period: str, value: float) -> None:
    assert facts.reported(company, HOME).value(metric, period).value == value


def test_every_fact_knows_its_source_and_standing() -> None:
    for name in LIST:
        for fact in facts.reported(name, HOME):
            assert fact.source.title
            assert fact.kind in ("reported", "derived", "rounded", "secondary")


def test_microsoft_years_are_fiscal() -> None:
    microsoft = facts.company("MSFT", HOME)
    assert microsoft.quarters("2026") == ("2025Q3", "2025Q4", "2026Q1", "2026Q2")
    assert facts.company("META", HOME).quarters("2025")[0] == "2025Q1"


def test_rows_of_history_are_complete_and_nothing_else() -> None:
    for row in ROWS.values():
        for quarter, value, cell in zip(row.quarters, row.values, row.cells, strict=True):
            inside = row.first <= quarter <= row.last
            assert math.isfinite(value) == inside, (row.name, quarter)
            assert bool(cell and cell.status) == inside


def test_every_estimate_says_how_it_was_made() -> None:
    for row in ROWS.values():
        assert "" not in row.estimates(), row.name


def test_a_reported_quarter_is_the_fact_itself() -> None:
    meta = facts.reported("META", HOME)
    row = ROWS["reported_depreciation"]
    for period, fact in meta.series("depreciation_and_amortization").items():
        assert row.at(period) == fact.value
        assert dict(row.filled())[period].source == fact.source.source_id


def test_every_rule_is_used() -> None:
    path = ROOT / "data/companies/meta/history_rules.csv"
    used = {line.split(",")[1] for line in path.read_text(encoding="utf-8").splitlines()[1:]}
    assert used == set(RULES)


def test_capex_is_purchases_plus_lease_principal() -> None:
    parts = ("reported_purchases_of_property", "reported_finance_lease_principal")
    for quarter in ROWS["reported_capex"].quarters:
        if quarter <= LAST:
            total = sum(ROWS[part].at(quarter) for part in parts)
            assert ROWS["reported_capex"].at(quarter) == total


def test_regions_sum_to_advertising_exactly() -> None:
    members = [r for r in ROWS.values() if r.prefix == "reported_advertising_by_region"]
    assert len(members) == 4
    for quarter in (q for q in members[0].quarters if "2022Q1" <= q <= LAST):
        total = sum(row.at(quarter) for row in members)
        assert total == pytest.approx(ROWS["reported_advertising"].at(quarter), rel=1e-12)


def test_classes_sum_to_gross_property() -> None:
    members = [r for r in ROWS.values() if r.prefix == "reported_property_by_class"]
    assert len(members) == 7
    for quarter in (q for q in members[0].quarters if "2018Q4" <= q <= LAST):
        assert all(row.at(quarter) >= 0 for row in members)
        gross = ROWS["reported_property_gross"].at(quarter)
        assert sum(row.at(quarter) for row in members) == pytest.approx(gross, abs=1.0)


@pytest.mark.parametrize(
    ("name", "metric", "within"),
    [
        ("reported_interest_expense", "interest_expense", 1e-6),
        ("reported_dividends", "dividends_paid", 20.0),
        ("reported_reality_labs_revenue", "revenue_reality_labs", 1.0),
        ("reported_property_depreciation", "depreciation_expense_ppe", 10.0),
        ("reported_revenue", "revenue_total", 1.0),
        ("reported_advertising", "revenue_advertising", 1.0),
    ],
)
def test_a_split_year_keeps_its_total(name: str, metric: str, within: float) -> None:
    row = ROWS[name]
    company = facts.company("META", HOME)
    for year, fact in facts.reported("META", HOME).series(metric, "year").items():
        quarters = company.quarters(year)
        if row.first <= quarters[0] and quarters[-1] <= row.last:
            total = sum(row.at(quarter) for quarter in quarters)
            assert total == pytest.approx(fact.value, abs=within), year


def test_the_index_of_impressions_is_chained_from_growth() -> None:
    index, growth = ROWS["reported_impressions_index"], ROWS["reported_impressions_growth"]
    assert [index.at(f"2022Q{q}") for q in (1, 2, 3, 4)] == [1.0] * 4
    assert index.at("2024Q3") == pytest.approx(
        (1 + growth.at("2023Q3")) * (1 + growth.at("2024Q3")), rel=1e-15
    )


def test_opening_property_is_the_balance_at_the_end_of_2011() -> None:
    gross = ROWS["reported_opening_property_gross"].at("2012Q1")
    old = ROWS["reported_opening_accumulated_depreciation"].at("2012Q1")
    assert (gross, old) == (1925.0, 450.0)
    assert ROWS["reported_opening_property_net"].at("2012Q1") == gross - old


def test_the_last_quarter_balances() -> None:
    left = ROWS["reported_total_liabilities"].at(LAST) + ROWS["reported_equity"].at(LAST)
    assert ROWS["reported_total_assets"].at(LAST) == left
    net = ROWS["reported_property_gross"].at(LAST)
    net -= ROWS["reported_accumulated_depreciation"].at(LAST)
    assert net == pytest.approx(ROWS["reported_property_net"].at(LAST))


def test_disclosed_life_changes_are_on_file() -> None:
    effects = {
        (change.effective_date, change.effect_window): change.effect
        for change in facts.life_changes("META", HOME)
        if change.effect is not None
    }
    assert effects["2022-10-01", "2022"] == -860
    assert effects["2025-01-01", "2025"] == -2920
    assert effects["2025-01-01", "2025Q1"] == -826


def test_tax_tables_sum_to_cost() -> None:
    assert facts.macrs(5, project=HOME) == (0.2, 0.32, 0.192, 0.1152, 0.1152, 0.0576)
    for month in range(1, 13):
        assert sum(facts.macrs(39, "mid-month", month, HOME)) == pytest.approx(1.0, abs=1e-9)


def test_registers_have_all_their_entries() -> None:
    assert len(facts.evidence(HOME)) >= 335
    assert len(facts.drivers(HOME)) == 49
    assert len(facts.claims(HOME)) == 74
    assert len(facts.articles(HOME)) == 5
    assert len(facts.external(HOME)) >= 459


def test_no_source_is_without_a_way_back() -> None:
    assert all(source.is_resolvable for source in facts.sources(HOME).values())


def test_frames_are_labelled() -> None:
    frame = facts.reported("META", HOME).frame(["revenue_total", "ppe_net"], "year")
    assert frame.index.name == "year"
    assert frame.loc["2024", "revenue_total"] == 164_501
    assert list(frame.columns) == ["revenue_total", "ppe_net"]


def test_every_line_of_a_row_of_evidence_says_how_it_was_read_and_who_speaks() -> None:
    """One vocabulary of grades; what was read through a copy no longer passes for the document."""
    for each in facts.evidence(HOME).values():
        assert each.grade in facts.GRADES
        assert each.independence
        if "via" in each.source_title or "public repo" in each.source_title:
            assert each.grade not in ("filing", "release"), each.key


def test_what_a_company_without_a_programme_spends_is_worked_out_from_facts() -> None:
    """The rows that assumptions cite are the mean, lowest and highest of the yearly facts."""
    years = property_years(HOME)
    known = facts.evidence(HOME)
    checked = 0
    for entity in WITHOUT:
        for tag in ("net_property", "depreciation", "capex"):
            row = known.get(f"CF_{entity}_{tag.upper()}")
            if row is None:
                continue
            first, last = row.as_of.split("-")
            found = [
                100 * ratio
                for each in years
                if each.entity == entity and first <= each.year <= last
                if (ratio := getattr(each, tag)) is not None
            ]
            assert row.value == pytest.approx(sum(found) / len(found), abs=0.051)
            assert (row.low, row.high) == pytest.approx((min(found), max(found)), abs=0.051)
            checked += 1
    assert checked == 14


def test_the_market_is_google_as_its_own_facts_have_it() -> None:
    google, amazon = facts.reported("GOOGL", HOME), facts.reported("AMZN", HOME)
    for name, peer in (
        ("reported_market_advertising", google),
        ("reported_amazon_advertising", amazon),
    ):
        row = ROWS[name]
        on_file = peer.series("revenue_advertising")
        assert (row.first, row.last) == (min(on_file), LAST)
        known = {quarter: fact.value for quarter, fact in on_file.items() if quarter <= LAST}
        assert {quarter: row.at(quarter) for quarter in known} == known
        assert math.isnan(row.at(COMING))


def test_sellers_of_advertising_that_were_found_for_one_quarter() -> None:
    """Google and Amazon are 97 % of what is on file for 2025Q1 with Snap and Pinterest."""
    loose = facts.others(HOME)
    two = sum(
        facts.reported(name, HOME).value("revenue_advertising", "2025Q1").value
        for name in ("GOOGL", "AMZN")
    )
    small = sum(loose[name]["revenue_total", "2025Q1"].value for name in ("SNAP", "PINS"))
    assert two / (two + small) == pytest.approx(0.97, abs=0.005)


def test_a_market_that_has_not_reported_yet_keeps_its_growth(tmp_path: Path) -> None:
    """Google may report after the company: its quarter is an estimate until it is on file."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    path = tmp_path / "data/companies/alphabet/quarterly.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    gone = tuple(f",{quarter},revenue_advertising," for quarter in LAST.through(LAST.plus(9)))
    kept = [line for line in lines if not any(each in line for each in gone)]
    path.write_text("".join(kept), encoding="utf-8")
    row = facts.history("META", project=Project(tmp_path))["reported_market_advertising"]
    growth = row.at(LAST.plus(-1)) / row.at(LAST.plus(-5))
    assert row.at(LAST) == pytest.approx(row.at(LAST.plus(-4)) * growth, rel=1e-15)
    assert [*row.estimates().values()] == [[LAST]]
