"""A user's own scenarios and weights: known by name where they are asked for, and nowhere else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import jcurve
from jcurve.analysis.overview import Asked
from jcurve.assumptions import available, shipped, start
from jcurve.commands import main
from jcurve.figures import Lens, scenarios
from jcurve.ground.errors import ProjectError, ScenarioError, UsageError
from jcurve.ground.project import Project, find_project
from jcurve_studies.pages import page
from tests.headlines import computed, recorded
from tests.support.report_cells import real_project

MISSPELT = "extends: base\nassumptions:\n  returns.wac: {value: 0.09, why: A typing mistake.}\n"
FINISHED = """\
extends: bear
title: Nobody else's case
story: Ours alone.
assumptions:
  returns.wacc: {value: 0.09, why: Ours.}
"""
OWN = {"draft": MISSPELT, "stress_draft": MISSPELT, "mine": FINISHED, "stress_mine": FINISHED}
TOLD = "data/scenarios/draft.yml:3: unknown assumption; received 'returns.wac'"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The repository's scenarios with drafts and finished scenarios of a user beside them."""
    made = Project(real_project(tmp_path_factory.mktemp("project"), OWN))
    table = "scenario,weight,kind,rationale\nmine,0.5,judgement,ours\nbase,0.5,judgement,ours\n"
    (made.scenarios / "my_weights.csv").write_text(table)
    return made


@pytest.fixture(scope="module")
def base(project: Project) -> jcurve.Case:
    return jcurve.evaluate(project=project)


def test_what_the_base_scenario_lists_is_shipped(project: Project, tmp_path: Path) -> None:
    """Every name has its file; one that a user took away is not missed; a new one is a user's."""
    assert shipped(project) == shipped() == tuple(recorded())
    assert {*available(project)} == {*shipped(project), *OWN}
    copy = Project(tmp_path)
    copy.scenarios.mkdir(parents=True)
    shutil.copy(project.scenarios / "base.yml", copy.scenarios)
    assert shipped(copy) == ("base",)
    start("my_case", project=copy)
    assert available(copy) == ("base", "my_case")
    assert shipped(copy) == ("base",)


def test_a_project_inside_the_package_knows_what_is_shipped(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be written there; it is read as any other."""
    before = shipped(project)
    monkeypatch.setattr("jcurve.ground.project.SHIPPED", project.root)
    assert shipped(project) == before
    with pytest.raises(ProjectError, match="read-only"):
        start("my_case", project=project)


def test_no_record_and_no_generated_page_knows_them(project: Project) -> None:
    assert computed(project).keys() == recorded().keys()
    text = (find_project().root / "docs" / "scenarios.md").read_text(encoding="utf-8")
    assert page("scenarios.md", project) == text


def test_a_report_on_another_scenario_knows_those_it_is_told_of(
    project: Project, base: jcurve.Case
) -> None:
    lens = Lens(base, project=project)
    compared = scenarios.family(lens)
    assert {each.case.scenario.name for each in compared} <= {*shipped()}
    told = scenarios.family(lens, "mine, bull base mine")
    assert [each.case.scenario.name for each in told] == ["base", "mine", "bull"]
    with pytest.raises(ScenarioError) as caught:
        scenarios.family(lens, "draft")
    assert str(caught.value).startswith(TOLD)
    with pytest.raises(ScenarioError, match=r"^parameter against: unknown scenario; received 'min"):
        scenarios.family(lens, "min")


def test_a_report_on_ones_own_scenario_compares_it_with_the_shipped(project: Project) -> None:
    case = jcurve.evaluate("mine", project=project)
    first, *others = scenarios.family(Lens(case, project=project))
    assert first.case is case
    assert {other.case.scenario.name for other in others} <= {*shipped()}


def test_a_risk_report_knows_its_own_stresses_and_weights(
    project: Project, base: jcurve.Case
) -> None:
    """Unless a parameter names others."""
    asked = Asked(base.scenario, "programme", project)
    names = [each.name for each in asked.stresses()]
    assert names == [name for name in shipped() if name.startswith("stress_")]
    assert [each.name for each in asked.stresses("mine")] == ["mine"]
    assert {each.scenario for each in asked.weighed()[1]} <= {*shipped()}
    assert [each.scenario for each in asked.weighed("my_weights")[1]] == ["mine", "base"]
    with pytest.raises(UsageError, match="not a table of weights"):
        asked.weighed("../weights")


def test_the_command_line_tells_of_both(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A draft's mistake by name; the others as ever."""
    assert main(["check", "--project", str(project.root)]) == 3
    said = capsys.readouterr()
    assert TOLD in said.err
    valid = {line.partition(":")[0] for line in said.out.splitlines() if ": valid" in line}
    assert valid == {*available(project)} - {"draft", "stress_draft"}
    assert main(["sensitivity", "--stresses", "--project", str(project.root)]) == 0
    said = capsys.readouterr()
    assert "jcurve: left out: data/scenarios/stress_draft.yml:3: unknown assumption" in said.err
    assert "stress_mine" in said.out
