"""``facts verify`` reads everything that a company rests on: what is missing, and what is off."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jcurve.commands import main
from jcurve.facts import companies, company, reported, verify
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, find_project

FOLDERS = companies()
TABLES = [
    "history.csv", "history_rules.csv", "useful_lives.csv", "capex_guidance.csv", "traits.csv",
    "outlay.csv", "calibration.csv",
]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(find_project().data, tmp_path / "data")
    return Project(tmp_path)


def _edit(project: Project, file: str, old: str, new: str) -> None:
    path = project.data / "companies" / file
    text = path.read_text(encoding="utf-8")
    made = re.sub(old, new, text, count=1, flags=re.MULTILINE)
    assert made != text
    path.write_text(made, encoding="utf-8")


def _told(project: Project, folder: str) -> list[str]:
    try:
        report = verify(folder, project)
    except FactsError as refused:  # a table names another value, and nothing can be checked
        return [str(refused)]
    assert not report.ok
    return [f"{each.check}: {each.message}" for each in report.failures]


def test_everything_holds() -> None:
    report = verify()
    assert report.ok
    assert {check.company for check in report.checks if check.name == "tables"} == {
        company(folder).name for folder in FOLDERS
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_table_that_is_missing_is_named(folder: str, project: Project) -> None:
    for table in TABLES[:-1]:
        path = project.data / "companies" / folder / table
        kept = path.read_bytes()
        path.unlink()
        told = _told(project, folder)
        assert any(table in each and "no such table" in each for each in told), table
        path.write_bytes(kept)
    assert verify(folder, project).ok


def test_a_table_that_others_need_is_missing(project: Project) -> None:
    (project.data / "companies/microsoft/calibration.csv").unlink()
    assert any("calibration.csv" in each for each in _told(project, "microsoft"))


@pytest.mark.parametrize("times", [10.0, 0.1])
@pytest.mark.parametrize("folder", FOLDERS)
def test_depreciation_ten_times_off(folder: str, times: float, project: Project) -> None:
    facts = reported(folder, project)
    year, charge = list(facts.series("depreciation_expense_ppe", "year").items())[-1]
    row = rf"^({facts.company.name},{year},depreciation_expense_ppe),[^,]*,"
    _edit(project, f"{folder}/annual.csv", row, rf"\1,{charge.value * times:.6f},")
    words = ("of net property", "size beside", "another value of depreciation_expense_ppe")
    assert any(word in each for each in _told(project, folder) for word in words)


@pytest.mark.parametrize("metric", ["revenue_total", "purchases_of_ppe", "operating_cash_flow"])
@pytest.mark.parametrize("times", [1000.0, 0.001, 12.0])
def test_a_quarter_many_times_off(metric: str, times: float, project: Project) -> None:
    """The last quarter on file, which no year binds yet."""
    facts = reported("GOOGL", project)
    last = facts.company.data_through
    fact = facts.value(metric, last)
    row = rf"^(GOOGL,{last},{metric}),[^,]*,"
    _edit(project, "alphabet/quarterly.csv", row, rf"\1,{fact.value * times:.6f},")
    assert any(f"{metric} {last}" in each for each in _told(project, "alphabet"))


_SERVERS = r"^(capex.opening_mix.servers,share),rest,"
WRONG = {
    "mixes over 1": ("outlay.csv", _SERVERS, r"\1,0.83,", "sum to 1"),
    "a mix below 0": ("outlay.csv", r"^(capex.mix.buildings,share),[^,]*,", r"\1,0.99,", "below 0"),
    "a fitted key": ("calibration.csv", r"lag\.buildings", "lag.building", "did you mean"),
    "an empty range": ("calibration.csv", r",4,10,2,", ",10,4,2,", "empty range"),
    "a target": ("outlay_targets.csv", "depreciation_expense_ppe", "headcount", "without a figure"),
    "a trait": ("traits.csv", "accelerators servers network buildings", "roofs", "no such member"),
    "a rule": ("history_rules.csv", "year_split", "year_spilt", "did you mean 'year_split'"),
    "a gap": ("history_rules.csv", r"^reported_capex,constant.*\n", "", "no value and no rule"),
    "a row": ("history.csv", r"^reported_capex,.*\n", "", "reported_capex"),
    "a life": ("useful_lives.csv", r",3,4,-2700,", ",three,4,-2700,", "not a life"),
    "guidance": ("capex_guidance.csv", r",capex,", ",capx,", "did you mean 'capex'"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_table_that_does_not_hold(what: str, project: Project) -> None:
    file, old, new, words = WRONG[what]
    _edit(project, f"microsoft/{file}", old, new)
    assert any(re.search(words, each) for each in _told(project, "microsoft"))


def test_the_command_fails_with_the_company_and_table(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.data / "companies/amazon/outlay.csv").unlink()
    assert main(["--project", str(project.root), "facts", "verify"]) == FactsError.exit_status
    told = capsys.readouterr().out
    assert "data/companies/amazon/outlay.csv: no such table" in told
    assert told.splitlines()[-1].endswith("2 FAILED")  # and what is fitted in it
