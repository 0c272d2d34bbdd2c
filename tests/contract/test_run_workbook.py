"""The workbook of an edition: of the very scenario shown, optional, and never half there."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from jcurve import evaluate, scenario
from jcurve.briefing import latest
from jcurve.ground.errors import WriteError
from jcurve.ground.files import digest
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve.workbook import content
from jcurve_runs.execution.executor import Cancelled
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Plan, Request
from jcurve_runs.portal.site import FOLDER, refresh
from jcurve_runs.publishing import workbook as its_own
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch import batch, every
from jcurve_runs.publishing.publish import intact
from jcurve_runs.publishing.runs import carry_out, run
from tests.faults.test_run_together import TRUE_RECORD
from tests.support.drives import NoProcess, plan_of, sound_runs
from tests.support.notebooks import (
    PARAMETERS,
    SHOW,
    StandIn,
    make_project,
    make_real_project,
    render_plainly,
)

CHANGED = {"returns.wacc": 0.1}


def test_it_is_of_the_scenario_shown(tmp_path: Path) -> None:
    """Overrides and all, the same bytes on any day; named wherever the others are."""
    project = make_real_project(tmp_path, [PARAMETERS, SHOW, TRUE_RECORD])
    asked = Request(report="fixture", overrides=CHANGED, workbook=True, force=True)
    edition = run(asked, project=project, render=render_plainly)

    case = evaluate(scenario("base", CHANGED, project=project), project=project)
    assert edition.workbook.read_bytes() == content(case, project=project)
    files = json.loads(edition.provenance.read_text())["files"]
    assert files[edition.workbook.name] == digest(edition.workbook)
    assert intact(edition)
    pointer = json.loads((edition.folder.parent / "latest.json").read_text())
    assert pointer["workbook"] == f"{edition.id}/model.xlsx"
    refresh(project)
    page = project.reports / FOLDER / "fixture" / edition.series / f"{edition.id}.html"
    assert f"{edition.id}/model.xlsx" in page.read_text()
    edition.workbook.write_bytes(b"changed")
    assert not intact(edition)


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory) -> NoProcess:
    """Leaves what one real sound run left."""
    return sound_runs(tmp_path_factory.mktemp("sound"))()


def drive(
    project: Project, executor: NoProcess, name: str, *, workbook: bool = True, cached: bool = False
) -> Done:
    """A run that is to hold a workbook."""
    executor.comparable = cached
    with Ledger(project) as ledger:
        plan = plan_of(project, name, workbook=workbook)
        done = carry_out(plan, ledger=ledger, executor=executor)
        (attempt,) = ledger.attempts(run=name)
    assert (attempt.state, attempt.reason) == (done.state, done.reason)
    return done


@pytest.mark.parametrize(
    ("finished", "reason", "told"),
    [
        (Finished(5, False, 1.0, "", "x\nno Excel form\n"), "no_workbook", "no Excel form"),
        (Finished(0, False, 1.0, "", ""), "no_workbook", "it gave no reason"),
        (Finished(-9, True, 300.0, "", ""), "no_workbook", "not finished after 300 seconds"),
        (Finished(-9, False, 1.0, "", ""), "child_killed", "killed by signal 9"),
        (Finished(WriteError.exit_status, False, 1.0, "", "no space"), "not_written", "no space"),
    ],
)
def test_without_it_nothing_is_published(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    executor: NoProcess,
    finished: Finished,
    reason: str,
    told: str,
) -> None:
    monkeypatch.setattr(its_own, "run_process", lambda *_, **__: finished)
    project = make_project(tmp_path)
    done = drive(project, executor, "run-1")
    assert (done.state, done.reason) == ("failed", reason)
    assert told in done.message
    assert latest(project, "fixture", "base") is None
    assert not (project.reports / "fixture").exists()
    assert not any((project.reports / ".staging").iterdir())


def test_a_scenario_that_changed_meanwhile_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(its_own, "hold_lifeline", lambda: None)
    project = make_real_project(tmp_path)
    file = tmp_path / "model.xlsx"
    status = its_own.main([str(project.root), "base", "{}", "ab" * 32, str(file)])
    assert status == 6
    assert "has changed since the report was run" in capsys.readouterr().err
    assert not file.exists()


def test_calling_off_ends_it(tmp_path: Path, executor: NoProcess) -> None:
    """A real process, ended at the first look."""

    def check() -> None:
        raise Cancelled

    plan = plan_of(make_real_project(tmp_path))
    with pytest.raises(Cancelled):
        its_own.write_workbook(plan, tmp_path / "model.xlsx", check)
    assert not (tmp_path / "model.xlsx").exists()


def holding(text: str) -> object:
    """A maker of workbooks that hold ``text``, compressed as workbooks are."""

    def write(plan: Plan, path: Path, check: object) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("xl/sharedStrings.xml", text)

    return write


def has_one(done: Done) -> bool:
    """Whether the edition that a run made or relies on holds a workbook."""
    return done.edition is not None and done.edition.workbook.is_file()


def test_a_batch_makes_one_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jcurve_runs.publishing.attempt.write_workbook", holding("a"))
    project = make_project(tmp_path)
    made = batch(
        every(["fixture"], ["base", "bear"], Request(workbook=True)),
        project,
        resolve=lambda name, overrides, project: StandIn(name),
        render=render_plainly,
    )
    assert [has_one(done) for done in made.runs] == [True, True]
    manifest = json.loads(made.manifest.read_text())
    assert [each["workbook"] for each in manifest["runs"]] == [True, True]


def test_an_edition_without_one_does_not_serve_who_wants_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executor: NoProcess
) -> None:
    """And one with it serves who wants none."""
    monkeypatch.setattr("jcurve_runs.publishing.publish.package", lambda: "as it is")
    monkeypatch.setattr("jcurve_runs.publishing.attempt.write_workbook", holding("a"))
    project = make_project(tmp_path)
    told = [
        (done.state, has_one(done))
        for done in (
            drive(project, executor, "run-1", workbook=False, cached=True),
            drive(project, executor, "run-2", cached=True),
            drive(project, executor, "run-3", cached=True),
            drive(project, executor, "run-4", workbook=False, cached=True),
        )
    ]
    assert told == [
        ("succeeded", False),
        ("succeeded", True),
        ("skipped_unchanged", True),
        ("skipped_unchanged", True),
    ]


def test_a_secret_in_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executor: NoProcess
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "correct horse battery")
    monkeypatch.setattr(
        "jcurve_runs.publishing.attempt.write_workbook", holding("correct horse battery")
    )
    project = make_project(tmp_path)
    done = drive(project, executor, "run-1")
    assert (done.state, done.reason) == ("failed", "secret_found")
    assert "model.xlsx holds the value of the environment's SOME_API_KEY" in done.message
    assert not (project.reports / "fixture").exists()
    assert not list((project.reports / ".failed").rglob("model.xlsx"))
