"""Values that can change nothing are refused or said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jcurve.assumptions import load, scenario
from jcurve.commands import main
from jcurve.company import model
from jcurve.ground.errors import ScenarioError
from jcurve.ground.project import Project
from tests.support.quarters_back import whole
from tests.support.scenario_checks import check

HOME = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (
            {"capex.total.2035": 200_000},
            "--set capex.total.2035: a value after the end of capex.total, where the fleet rule "
            "(fleet.share, fleet.years) holds; received '2035'; allowed: up to 2030Q4, or a later "
            "capex.planned_through beside it",
        ),
        (
            {"capex.total": whole("capex.total", {2026: 140_000, 2032: 250_000})},
            "--set capex.total: a value after the end of capex.total, where the fleet rule "
            "(fleet.share, fleet.years) holds; received '2032'; allowed: up to 2030Q4, or a later "
            "capex.planned_through beside it",
        ),
        (
            {"market.growth.2031": 0.09},
            "--set market.growth.2031: a value after the end of market.growth, where "
            "market.growth_far holds; received '2031'; allowed: up to 2030Q4, or a later "
            "market.near_through beside it",
        ),
        (
            {"costs.core_growth.2028": 0.09},
            "--set costs.core_growth.2028: a value after the end of costs.core_growth, where "
            "costs.core_elasticity holds; received '2028'; allowed: up to 2027Q4, or a later "
            "costs.guided_through beside it",
        ),
    ],
)
def test_a_year_after_the_end_of_its_path_is_refused(
    overrides: dict[str, object], told: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario("base", overrides, origin="--set")
    assert str(caught.value) == told


@pytest.mark.parametrize(
    "overrides",
    [
        {"capex.total.2030": 230_000},
        {"capex.total.2033": 230_000, "capex.planned_through": "2033Q4"},
        {"capex.planned_through": "2029Q4"},
        {"capex.total": whole("capex.total", {2026: 140_000, 2030: 230_000})},
    ],
)
def test_a_year_that_counts_is_taken(overrides: dict[str, object]) -> None:
    assert not scenario("base", overrides).notes


@pytest.mark.parametrize(
    ("overrides", "key", "told"),
    [
        (
            {"life.book.servers": 6},
            "life.book.servers",
            "life.book.servers is overridden by the change of useful life in 2025Q1: it moves past "
            "depreciation only; set life.change.2027Q1 for a life to come",
        ),
        (
            {"life.change.2024Q1": 6},
            "life.change",
            "life.change.2024Q1 is overridden by the change of 2025Q1: it moves depreciation until "
            "then only",
        ),
        (
            {"life.change": {"2022Q4": 5, "2027Q1": 6}},
            "life.change",
            "life.change replaces all changes and leaves out 2022Q2, 2025Q1",
        ),
        (
            {"life.salvage_share.servers": 0.3},
            "life.salvage_share.servers",
            "life.salvage_share.servers changes nothing while "
            "life.early_retirement_share.servers is 0",
        ),
        (
            {"returns.run_off_from": "2034Q4"},
            "returns.run_off_from",
            "returns.run_off_from changes nothing unless returns.terminal_treatment is run_off",
        ),
        (
            {"programme.scales_talent": 1},
            "programme.scales_talent",
            "programme.scales_talent changes nothing while programme.scale is 1",
        ),
    ],
)
def test_a_value_that_another_makes_idle_is_said(
    overrides: dict[str, object], key: str, told: str
) -> None:
    assert dict(scenario("base", overrides).notes) == {key: told}


@pytest.mark.parametrize(
    "overrides",
    [
        {"life.book.buildings": 15},
        {"life.book.servers": 6, "life.change": {}},
        {"life.change.2027Q1": 6},
        {"life.salvage_share.servers": 0.3, "life.early_retirement_share.servers": 0.1},
        {"programme.scales_talent": 1, "programme.scale": 0.5},
    ],
)
def test_a_value_that_counts_is_not_said(overrides: dict[str, object]) -> None:
    told = scenario("base", overrides).notes
    assert set(told) <= {"life.change"}


def test_no_shipped_scenario_sets_what_changes_nothing() -> None:
    assert check() == ()


def test_the_command_line_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "base", "--json", "--set", "life.book.servers=6"]) == 0
    err = capsys.readouterr().err
    assert "jcurve: note: life.book.servers is overridden" in err


def test_a_channel_that_the_company_does_not_have_is_refused(tmp_path: Path) -> None:
    """No line would read it, so that its demand would count for nothing."""
    shutil.copytree(HOME / "data", tmp_path / "data")
    project = Project(tmp_path)
    path = project.scenarios / "base.yml"
    text = path.read_text(encoding="utf-8")
    start = text.index("  channel.margin.payments:")
    entry = text[start : text.index("\n  ", text.index("    rationale:", start)) + 1]
    robots = entry.replace("channel.margin.payments", "channel.margin.robots")
    path.write_text(text.replace(entry, entry + robots), encoding="utf-8")
    assert "channel.margin.robots" in load("base", project)
    with pytest.raises(ScenarioError) as caught:
        model(project=project)
    told = str(caught.value)
    assert "channel.margin.robots: no such channel: no line of the model reads this" in told
    assert "data/companies/meta/company.yml" in told
    assert main(["--project", str(tmp_path), "check", "bear"]) == 3
