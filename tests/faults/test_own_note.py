"""A notebook of one's own as a report: started, run, published; what is lost is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jcurve.briefing.own_note import start_note
from jcurve.commands import main
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

HOME = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("JCURVE_STRICT", "")
    (tmp_path / "data").symlink_to(HOME / "data")
    (tmp_path / "notebooks").mkdir()
    return Project(tmp_path)


def _report(project: Project, *words: str) -> int:
    return main(["--project", str(project.root), "report", "own_note", *words])


def _pdfs(project: Project) -> list[Path]:
    return sorted((project.reports / "own_note").rglob("*.pdf"))


def test_it_is_started_run_and_published_as_it_is(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--project", str(project.root), "new", "own_note", "--notebook"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == project.notebooks / "own_note.ipynb"
    assert _report(project, "--strict") == 0
    assert "base" in capsys.readouterr().out
    (pdf,) = _pdfs(project)
    page = pdf.with_suffix(".html").read_text(encoding="utf-8")
    assert "<h1>Own note</h1>" in page
    assert "Scenario by year, USD m" in page
    assert "<munder>" in page


def test_what_is_lost_is_told_and_refused_when_strict(
    project: Project, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = start_note("own_note", project)
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][3]["source"] = "## Answer\n\n![one](https://example.com/a.png)"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert _report(project) == 0
    assert "cell 5: picture one: it would have to be fetched" in caplog.text
    assert len(_pdfs(project)) == 1
    assert _report(project, "--strict") != 0
    assert "not all of the notebook can be shown: cell 5: picture one" in capsys.readouterr().err
    assert len(_pdfs(project)) == 1


def test_without_results_one_line_says_what_to_add(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    path = start_note("own_note", project)
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    del notebook["cells"][-1]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert _report(project) != 0
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "end it with record_case(given.out, report=" in said


@pytest.mark.parametrize("name", ["Own", "../x", "1st", "a b", "own_note"])
def test_a_name_that_cannot_be(project: Project, name: str) -> None:
    start_note("own_note", project)
    with pytest.raises(UsageError):
        start_note(name, project)
