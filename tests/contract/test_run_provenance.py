"""What determines the numbers: the same for the same inputs, different for any other."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from jcurve.ground.project import Project
from jcurve.ground.provenance import determinants
from tests.support.notebooks import make_project


def git(folder: Path, *arguments: str) -> None:
    """Run git with an identity of its own, whatever the machine's settings."""
    settings = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_project(tmp_path / "project")
    (made.data / "sources.csv").write_text("source_id\n")
    return made


def test_outside_git_there_is_no_commit(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.root.parent))
    assert determinants("base", "ab" * 32, project)["commit"] is None


def test_without_git_on_the_machine_there_is_no_commit(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert determinants("base", "ab" * 32, project)["commit"] is None


def test_the_commit_and_whether_files_differ_from_it(project: Project) -> None:
    git(project.root, "init", "-q")
    git(project.root, "add", ".")
    git(project.root, "commit", "-q", "-m", "Start")
    clean = determinants("base", "ab" * 32, project)["commit"]
    assert isinstance(clean, dict)
    assert clean["dirty"] is False
    (project.data / "sources.csv").write_text("source_id\nX\n")
    dirty = determinants("base", "ab" * 32, project)["commit"]
    assert dirty == {"id": clean["id"], "dirty": True}


def test_the_commit_of_an_enclosing_repository_is_not_the_projects(project: Project) -> None:
    outer = project.root.parent
    git(outer, "init", "-q")
    git(outer, "commit", "-q", "--allow-empty", "-m", "Something else")
    assert determinants("base", "ab" * 32, project)["commit"] is None


def test_any_change_of_the_data_shows(project: Project) -> None:
    before = determinants("base", "ab" * 32, project)
    assert determinants("base", "ab" * 32, project) == before
    (project.data / "sources.csv").write_text("source_id\nX\n")
    after = determinants("base", "ab" * 32, project)
    named = before["inputs"]
    assert isinstance(named, dict)
    assert set(named) == {"data/sources.csv"}  # a scenario has its own hash
    assert after["inputs"] != named


def test_seed_and_scenario_are_shown(project: Project) -> None:
    found = determinants("base", "ab" * 32, project, seed=7)
    assert (found["seed"], found["scenario"]) == (7, "base")
    assert json.loads(json.dumps(found))["scenario_hash"] == "ab" * 32
