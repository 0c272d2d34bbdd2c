"""A state becomes a scenario file: the same values and ranges, whole, and never over another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jcurve.assumptions import changed_scenario_text, load, save, scenario
from jcurve.ground.errors import ScenarioError, WriteError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project
from tests.support.quarters_back import whole
from tests.support.scenario_checks import check

HOME = Path(__file__).resolve().parents[2]
PLAN = whole("capex.total", {2026: 141_250, 2027: 195_000, 2028: 220_000, 2030: 222_500})
CHANGES = {
    "capex.total": "{" + ", ".join(f"{year}: {each:g} USD m" for year, each in PLAN.items()) + "}",
    "capex.total.2029": "210 USD bn",
    "life.change.2025Q1": "5.5",
    "programme.start": "2023Q3",
    "returns.terminal_treatment": "none",
    "returns.wacc": "9.9 percent per year",
    "programme.enabled": "on",
}
HOSTILE = (
    "Why: #1 \"quoted\" 'single' {brace} [x] & *a !t % @ ` \\ "
    "\N{PILE OF POO} \u2028 \x07 new\nline: - ?"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(HOME / "data" / "scenarios", tmp_path / "data" / "scenarios")
    return Project(tmp_path)


@pytest.mark.parametrize("parent", ["base", "bull"])
def test_a_saved_state_is_that_state(project: Project, parent: str) -> None:
    """The file passes the check and loads to the same hash: one definition of a scenario."""
    start = load(parent, project)
    state = start.with_overrides(CHANGES)
    path = save("mine", state, start, CHANGES, HOSTILE, project=project)
    found = load("mine", project)
    assert found.hash == state.hash
    assert found.extends == parent
    assert [problem for problem in check(["mine"], project) if problem.level == "error"] == []
    assert found["returns.wacc"].why == " ".join(HOSTILE.split())
    assert path == project.scenarios / "mine.yml"


def test_the_text_is_what_an_analyst_would_write() -> None:
    """Values keep the unit that they were given in."""
    text = changed_scenario_text(
        "dear_capital", scenario("base"), {"returns.wacc": "11 percent per year"}, "Rates stay up."
    )
    assert text.splitlines() == [
        "schema: 2",
        "name: dear_capital",
        'title: "Dear capital"',
        "extends: base",
        'story: "Rates stay up."',
        "assumptions:",
        "  returns.wacc:",
        "    value: 11 percent per year",
        '    why: "Rates stay up."',
    ]


@pytest.mark.parametrize(
    ("name", "changes", "reason", "what"),
    [
        ("bear", {"returns.wacc": "0.1"}, "x", "a scenario of this name exists"),
        ("Mine", {"returns.wacc": "0.1"}, "x", "not a name for a scenario"),
        ("../mine", {"returns.wacc": "0.1"}, "x", "not a name for a scenario"),
        ("mine", {}, "x", "nothing is changed"),
        ("mine", {"returns.wacc": "0.1"}, " \n", "why is missing"),
        ("mine", {"returns.wacc": "0.2"}, "x", "the file would not hold this state"),
        ("mine", {"returns.wacc": "0.1"}, "delete \x7f", "characters are not allowed"),
    ],
)
def test_refusals_write_nothing(
    project: Project, name: str, changes: dict[str, str], reason: str, what: str
) -> None:
    before = sorted(project.scenarios.iterdir())
    start = load("base", project)
    with pytest.raises(ScenarioError) as caught:
        save(name, start.with_overrides({"returns.wacc": 0.1}), start, changes, reason, "", project)
    assert what in str(caught.value)
    assert sorted(project.scenarios.iterdir()) == before


def test_of_two_that_save_at_once_the_second_fails(tmp_path: Path) -> None:
    """Also where the look for an older file came before the other wrote its own."""
    path = tmp_path / "mine.yml"
    write_file(path, "first", fresh=True)
    with pytest.raises(WriteError, match="file exists"):
        write_file(path, "second", fresh=True)
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_no_links_on_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stick or share without hard links still refuses to overwrite."""

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    path = tmp_path / "mine.yml"
    write_file(path, "first", fresh=True)
    with pytest.raises(WriteError, match="exists already"):
        write_file(path, "second", fresh=True)
    assert path.read_text() == "first"
