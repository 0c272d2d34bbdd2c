"""What a wheel brings where there is no clone: a project to read, and one of one's own."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from hatchling.builders.wheel import WheelBuilder

from jcurve.ground.errors import ProjectError
from jcurve.ground.project import SHIPPED, Project, find_project, start_project
from jcurve_runs.execution.engine import Engine

HOME = Path(__file__).resolve().parents[2]
WITHOUT = "import sys; sys.modules |= dict.fromkeys(sys.argv[1].split(','))"
MAIN = "from jcurve.commands import main; raise SystemExit(main(sys.argv[2:]))"

Call = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of a wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    (wheel,) = WheelBuilder(str(HOME)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


@pytest.fixture
def call(unpacked: Path, tmp_path: Path) -> Call:
    """The command as installed from the wheel, in an empty folder."""

    def called(*words: str, without: str = "") -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if key != "JCURVE_PROJECT"}
        return subprocess.run(
            [sys.executable, "-c", f"{WITHOUT}; {MAIN}", without, *words],
            cwd=tmp_path,
            env={**kept, "PYTHONPATH": str(unpacked)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return called


def test_a_wheel_holds_what_git_holds(unpacked: Path) -> None:
    """Data, scenarios and notebooks, one's own among them, and nothing that git ignores."""
    tracked = subprocess.run(
        [
            *("git", "-C", str(HOME), "ls-files", "--cached", "--others", "--exclude-standard"),
            *("data", "notebooks", "reports/schedule.yml"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    shipped = unpacked / "jcurve" / "shipped"
    found = {path.relative_to(shipped).as_posix() for path in shipped.rglob("*") if path.is_file()}
    assert found == set(tracked.stdout.split())


def test_in_an_empty_folder_the_shipped_project_answers_and_is_not_changed(
    call: Call, unpacked: Path, tmp_path: Path
) -> None:
    checked = call("check", "base")
    assert checked.returncode == 0, checked.stderr
    assert "base: valid" in checked.stdout
    assert call("new", "mine").stderr.startswith(
        "jcurve: the project that came with jcurve is read-only"
    )
    for words in (["new", "note", "--notebook"], ["lab"]):
        assert call(*words).returncode == ProjectError.exit_status
    assert not (unpacked / "jcurve" / "shipped" / "data" / "scenarios" / "mine.yml").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_project_of_ones_own(call: Call, tmp_path: Path) -> None:
    """Made whole, found from within, refused over anything that is there."""
    assert call("init", "own").returncode == 0
    made = tmp_path / "own"
    assert sorted(path.name for path in made.iterdir()) == ["data", "notebooks", "reports"]
    assert call("--project", "own", "new", "mine").returncode == 0
    assert call("check", "mine", "--project", "own").returncode == 0
    again = call("init", "own")
    assert again.returncode == ProjectError.exit_status
    assert "the folder is not empty" in again.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


@pytest.mark.parametrize(
    ("words", "lacking", "extra"),
    [
        (["workbook", "base", "x.xlsx"], "xlsxwriter", "excel"),
        (["simulate", "--draws", "8"], "pyarrow", "simulate"),
        (["--project", "own", "lab"], "jupyterlab", "lab"),
    ],
)
def test_what_is_not_installed_is_named(
    call: Call, words: list[str], lacking: str, extra: str
) -> None:
    if "own" in words:
        assert call("init", "own").returncode == 0
    found = call(*words, without=lacking)
    assert found.returncode == 2
    last = found.stderr.splitlines()[-1]
    assert last == (
        "jcurve: this needs a package that is not installed; "
        f"received '{lacking}'; allowed: pip install 'jcurve[{extra}]'"
    )


def test_a_clone_has_no_shipped_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never looked for beside the installed code except as what a wheel brings."""
    monkeypatch.delenv("JCURVE_PROJECT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert not SHIPPED.exists()
    with pytest.raises(ProjectError, match="no J-Curve project here or above"):
        find_project()


def test_reports_go_where_the_setting_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JCURVE_REPORTS", str(tmp_path))
    assert find_project(HOME).reports == tmp_path
    monkeypatch.delenv("JCURVE_REPORTS")
    assert find_project(HOME) == Project(HOME)


def test_a_full_disk_leaves_no_half_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(HOME)
    monkeypatch.setattr("jcurve.ground.project.shutil.copy2", full)
    with pytest.raises(Exception, match="cannot be written"):
        start_project(tmp_path / "own")
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_is_run_in_the_project_that_it_lies_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other in one process, and nothing is left behind."""
    monkeypatch.delenv("JCURVE_PROJECT", raising=False)
    named: list[str | None] = []
    monkeypatch.setattr(
        "jcurve_runs.execution.client.execute_notebook",
        lambda *_, **__: named.append(os.environ.get("JCURVE_PROJECT")),
    )
    for folder in ("one", "two", "none"):
        home = tmp_path / folder
        (home / "notebooks").mkdir(parents=True)
        if folder != "none":
            (home / "data" / "scenarios").mkdir(parents=True)
            (home / "data" / "scenarios" / "base.yml").touch()
        note = nbformat.v4.new_notebook()
        note.metadata["papermill"] = {"input_path": str(home / "notebooks" / "x.ipynb")}
        Engine.execute_notebook(note, "python3")
    assert named == [str(tmp_path / "one"), str(tmp_path / "two"), None]
    assert "JCURVE_PROJECT" not in os.environ


def test_papermill_may_be_given_a_notebook_as_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text then stands where a path would, however long."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JCURVE_PROJECT", raising=False)
    seen: list[str | None] = []
    monkeypatch.setattr(
        "jcurve_runs.execution.client.execute_notebook",
        lambda nb, kernel, **_: seen.append(os.environ.get("JCURVE_PROJECT")),
    )
    note = nbformat.v4.new_notebook()
    note.metadata["papermill"] = {"input_path": str({"cells": ["x/" * 5_000]})}
    Engine.execute_notebook(note, "python3")
    assert seen == [None]
