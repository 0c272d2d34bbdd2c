"""The panel on a company that is not Meta, and on scenarios of a user's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from jcurve.analysis.earlier import taken_back
from jcurve.analysis.forecasts import standing
from jcurve.assumptions import scenario
from jcurve.case import evaluate
from jcurve.company import model
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, find_project
from jcurve.workbench.conversation import Conversation
from jcurve.workbench.session import Session

HOME = Path(__file__).resolve().parents[2]
OWN = """schema: 2
name: acme_slow
title: Acme slows
story: Acme builds its fleet more slowly.
extends: base
as_of: 2026-08-15
assumptions:
  fleet.years:
    value: 12
    why: Permits take longer.
"""


@pytest.fixture
def acme(tmp_path: Path) -> Project:
    """A project of a made-up company with tables as complete as Meta's, some figures its own."""
    shutil.copytree(HOME / "data", tmp_path / "data")
    companies = tmp_path / "data" / "companies"
    shutil.copytree(companies / "meta", companies / "acme")
    for table in (companies / "acme").glob("*.csv"):
        table.write_text(table.read_text().replace("META,", "ACME,"))
    about = companies / "acme" / "company.yml"
    named = about.read_text().replace("name: META", "name: ACME", 1)
    about.write_text(named.replace("Meta Platforms, Inc.", "Acme Example, Inc."))
    folder = tmp_path / "data" / "scenarios"
    base = folder / "base.yml"
    base.write_text(base.read_text().replace("\nstory:", "\ncompany: ACME\nstory:", 1))
    (folder / "acme_slow.yml").write_text(OWN)
    return find_project(tmp_path)


def _told(talk: Conversation, **message: Any) -> Any:
    reply = talk.hear(message)
    assert reply["ok"], reply
    return reply["result"]


def test_the_panel_stands_on_the_company_of_the_project(acme: Project) -> None:
    """Changes, pictures, every answer and a saved scenario; another project's hash is another."""
    talk = Conversation(Session("acme_slow", project=acme))
    assert talk.schema()["company"] == "Acme Example, Inc."
    assert {"base", "acme_slow"} <= {*talk.state()["scenarios"]}
    _told(talk, do="set", key="returns.wacc", text="9")
    case = talk.session.case
    assert case.assembly.company.name == "ACME"
    assert case["npv"] == pytest.approx(evaluate(talk.session.scenario, project=acme)["npv"])
    assert len(_told(talk, do="tornado", of="npv")["rows"]) > 10
    worth = _told(talk, do="worth", of="npv", against="scenario:base")
    assert {key for row in worth["rows"] for key in row["keys"]} == {"returns.wacc", "fleet.years"}
    drawn = _told(talk, do="exhibit", name="report:wave")
    assert drawn["svg"].lstrip().startswith("<svg")
    assert "Acme Example, Inc., filings through" in drawn["source"]
    _told(talk, do="band", pictures=[["jcurve", "programme"]])
    assert _told(talk, do="exhibit", name="report:size")["svg"]
    _told(talk, do="solve", key="returns.wacc", target="npv=0")
    _told(talk, do="compare", names=["scenario:base"], cards=["npv"])
    _told(talk, do="save", name="acme_cheap", reason="Cheaper money.")
    again = evaluate("acme_cheap", project=acme)
    assert again.assembly.company.name == "ACME"
    assert again["npv"] == pytest.approx(case["npv"], rel=1e-12)
    assert scenario("base", project=acme).hash != scenario("base", project=HOME).hash


@pytest.mark.parametrize("company", ["MSFT", "GOOGL", "AMZN"])
def test_a_company_of_which_spending_alone_is_on_file_is_refused_in_words(company: str) -> None:
    with pytest.raises(FactsError, match="tables of its spending alone") as told:
        evaluate("base", company=company, project=HOME)
    for words in ("no sets channel, lever, region", "company.yml", "docs/add-a-company.md"):
        assert words in str(told.value)


def test_what_was_forecast_is_held_against_the_companys_own_results(acme: Project) -> None:
    """Another company's facts would give other misses; taken back, dates and facts are its own."""
    table = acme.data / "companies" / "acme" / "quarterly.csv"
    quarter = model(project=acme).data_through
    text = table.read_text()
    line = next(x for x in text.splitlines() if x.startswith(f"ACME,{quarter},purchases_of_ppe,"))
    cells = line.split(",")
    cells[3] = str(float(cells[3]) + 100)
    table.write_text(text.replace(line, ",".join(cells)))
    releases = acme.data / "calendars" / "releases.csv"
    with releases.open("a") as stream:
        stream.writelines(
            line.replace("META,", "ACME,") + "\n"
            for line in releases.read_text().splitlines()
            if line.startswith("META,")
        )
    assert taken_back(quarter, project=acme).assembly.company.name == "ACME"
    own, other = (
        {each.line.name: each for each in standing(quarter, project=where).misses}
        for where in (acme, None)
    )
    assert own["capex"].came == pytest.approx(other["capex"].came + 100)


def test_a_company_that_is_none_is_told_with_its_place(acme: Project) -> None:
    base = acme.data / "scenarios" / "base.yml"
    base.write_text(base.read_text().replace("company: ACME", "company: ACNE"))
    with pytest.raises(FactsError, match=r"data/scenarios/base.yml, company: .*did you mean .ACME"):
        evaluate(project=acme)


def test_one_model_is_built_of_one_company(acme: Project) -> None:
    assert model("acme", acme) is model("ACME", acme) is model(project=acme)
