"""Files and editions appear whole or not at all, whatever interrupts the writer."""

from __future__ import annotations

import errno
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jcurve.briefing import Edition, Results, all_editions, latest
from jcurve.ground import files
from jcurve.ground.errors import RunError, UsageError, WriteError
from jcurve.ground.files import digest, make_folder, publish_folder, write_file, write_json
from jcurve.ground.transaction import replace_all
from jcurve_runs.publishing.publish import assemble, publish
from tests.support.drives import drive, sound_runs
from tests.support.notebooks import MOMENT, make_project, render_plainly, run_fixture

POSIX = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of POSIX")
_NOBODY = 65_534

RESULTS = Results.model_validate_json(
    json.dumps(
        {
            "report": "fixture",
            "scenario": {"name": "base", "title": "Base case", "hash": "ab" * 32},
            "view": "programme",
            "valuation_date": "2026Q2",
            "data_through": "2026Q2",
            "headlines": {"programme": {"npv": {"value": None, "reason": "no programme"}}},
            "checks": [{"name": "ties", "value": 0.0, "tolerance": 1e-6, "ok": True}],
        }
    )
)


def publish_one(root: Path, identifier: str) -> Edition:
    """Assemble and publish an edition without a kernel."""
    executed = root / "executed.ipynb"
    executed.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4}))
    folder = root / "reports" / "fixture" / "base" / identifier
    edition = Edition(identifier, "fixture", "base", folder)
    staged = root / "reports" / ".staging" / identifier
    assemble(
        edition,
        staged,
        executed=executed,
        results=RESULTS,
        render=render_plainly,
        provenance={"report": "fixture"},
    )
    publish(edition, staged, results=RESULTS, published=MOMENT)
    return edition


def test_a_reader_only_ever_sees_whole_editions(tmp_path: Path) -> None:
    """It follows ``latest.json`` all the while, checks every hash, never goes back."""
    project = make_project(tmp_path)
    publish_one(tmp_path, "0000")
    done = threading.Event()
    seen: list[str] = []
    faults: list[str] = []

    def read() -> None:
        while not done.is_set():
            edition = latest(project, "fixture", "base")
            if edition is None:
                faults.append("no latest")
                return
            provenance = json.loads(edition.provenance.read_text())
            for name, expected in provenance["files"].items():
                if digest(edition.folder / name) != expected:
                    faults.append(f"{edition.id}/{name}")
            if seen and edition.id < seen[-1]:
                faults.append(f"{edition.id} after {seen[-1]}")
            seen.append(edition.id)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 40):
            publish_one(tmp_path, f"{number:04}")
    finally:
        done.set()
        reader.join()

    assert faults == []
    assert len(set(seen)) > 1
    assert [edition.id for edition in all_editions(project, "fixture", "base")] == [
        f"{number:04}" for number in range(40)
    ]


def test_latest_is_replaced_only_after_the_edition_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure between the two leaves the old pointer and a whole, listed new edition."""
    project = make_project(tmp_path)
    publish_one(tmp_path, "one")

    def full(path: Path, value: object) -> None:
        assert (path.parent / "two" / "provenance.json").is_file()
        raise WriteError("cannot be written (no space left on device)", where=str(path))

    monkeypatch.setattr("jcurve_runs.publishing.publish.write_json", full)
    with pytest.raises(WriteError):
        publish_by_hand(tmp_path, "two")

    pointed = latest(project, "fixture", "base")
    assert pointed is not None
    assert pointed.id == "one"
    assert [edition.id for edition in all_editions(project, "fixture", "base")] == ["one", "two"]


def publish_by_hand(root: Path, identifier: str) -> None:
    """Publish a folder put together by hand."""
    staged = root / "reports" / ".staging" / identifier
    staged.mkdir(parents=True)
    (staged / "provenance.json").write_text("{}")
    edition = Edition(identifier, "fixture", "base", root / "reports/fixture/base" / identifier)
    publish(edition, staged, results=RESULTS, published=MOMENT)


def test_an_edition_is_never_overwritten(tmp_path: Path) -> None:
    first = publish_one(tmp_path, "one")
    before = first.provenance.read_bytes()
    with pytest.raises(WriteError, match="exists already"):
        publish_one(tmp_path, "one")
    assert first.provenance.read_bytes() == before


def test_an_edition_of_the_same_run_is_refused_before_it_starts(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    publish_one(tmp_path, "run-1")
    with pytest.raises(WriteError, match="never overwritten"):
        run_fixture(project, run_id="run-1")


def test_a_reports_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """One line that names the folder; no kernel is started for it."""
    project = make_project(tmp_path)
    project.reports.write_text("a file where the folder should be")
    with pytest.raises(WriteError) as caught:
        run_fixture(project)
    assert caught.value.exit_status == 7
    assert str(caught.value) == (
        f"{project.reports}/.state/owners: cannot be written (not a directory); "
        "allowed: a folder that you may write to, with space on its disk"
    )
    assert project.reports.read_text() == "a file where the folder should be"


@contextmanager
def unprivileged() -> Iterator[None]:
    """The block as a user whom permissions bind: root takes another's place meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may write to; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        for each in (folder, *folder.rglob("*")):  # else nobody could take it away
            if each.is_dir():
                each.chmod(0o700)


@POSIX
def test_a_read_only_reports_folder(open_folder: Path) -> None:
    """Refused before anything begins, and nothing is in it."""
    project = make_project(open_folder)
    project.reports.mkdir()
    project.reports.chmod(0o555)
    with unprivileged(), pytest.raises(WriteError, match="permission denied"):
        run_fixture(project)
    assert list(project.reports.iterdir()) == []


@POSIX
@pytest.mark.parametrize("level", ["fixture", "fixture/base"])
def test_a_folder_of_editions_that_became_read_only(open_folder: Path, level: str) -> None:
    """It runs, cannot be published and has failed; the earlier edition stands as it was."""
    project = make_project(open_folder / "project")
    sound = sound_runs(open_folder / "sound")
    drive(project, run="run-0", executor=sound())
    shared = project.reports / level
    before = {path: path.read_bytes() for path in shared.rglob("*") if path.is_file()}
    for each in (open_folder, *open_folder.rglob("*")):
        each.chmod(0o777 if each.is_dir() else 0o666)
    for each in (shared, *shared.rglob("*")):
        if each.is_dir():
            each.chmod(0o555)

    with unprivileged():
        done, attempts = drive(project, executor=sound())

    assert (done.state, done.reason) == ("failed", "not_written")
    assert [(each.state, each.reason) for each in attempts] == [("failed", "not_written")]
    assert done.error is not None
    assert "permission denied" in str(done.error)
    assert {path: path.read_bytes() for path in shared.rglob("*") if path.is_file()} == before
    pointed = latest(project, "fixture", "base")
    assert pointed is not None
    assert pointed.id == "run-0"
    assert list((project.reports / ".staging").iterdir()) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    target = tmp_path / "latest.json"
    write_json(target, {"edition": "one"})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, step, full)
    with pytest.raises(WriteError, match="no space left on device"):
        write_json(target, {"edition": "two"})
    assert json.loads(target.read_text()) == {"edition": "one"}
    assert [path.name for path in tmp_path.iterdir()] == ["latest.json"]


def test_nan_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"npv": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_published_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_folder(tmp_path / name)
        write_file(tmp_path / name / "x", name)
    publish_folder(tmp_path / "one", tmp_path / "final")
    with pytest.raises(WriteError, match="exists already"):
        publish_folder(tmp_path / "two", tmp_path / "final")
    assert (tmp_path / "final" / "x").read_text() == "one"


def test_latest_tells_a_damaged_pointer_from_none(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    assert latest(project, "fixture", "base") is None
    folder = tmp_path / "reports" / "fixture" / "base"
    folder.mkdir(parents=True)
    (folder / "latest.json").write_text('{"edition": ')
    with pytest.raises(RunError, match="is damaged"):
        latest(project, "fixture", "base")
    (folder / "latest.json").write_text('{"edition": "lost"}')
    with pytest.raises(RunError, match="gone; received 'lost'"):
        latest(project, "fixture", "base")
    (folder / "latest.json").write_text('{"edition": "../../../etc"}')
    with pytest.raises(UsageError, match="cannot be a folder's name"):
        latest(project, "fixture", "base")


def test_what_killed_writers_left_goes_an_hour_later(tmp_path: Path) -> None:
    """Of this file alone, and nothing that somebody may still be writing."""
    fresh = (".a.csv.0.tmp", ".a.csv.0.staged")
    others = (".b.csv.0.tmp", ".a.csv.tmp", "a.csv.0.tmp")
    left = (".a.csv.1.tmp", ".a.csv.1.staged", "..a.csv.1.staged.2.tmp")
    for name in (*fresh, *others, *left):
        (tmp_path / name).write_text("half")
        if name not in fresh:
            os.utime(tmp_path / name, (0, 0))
    write_file(tmp_path / "a.csv", "one")
    seen = {path.name for path in tmp_path.iterdir()}
    assert seen == {"a.csv", *fresh, *others, *left[1:]}
    replace_all(tmp_path, {"a.csv": "two"})
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", *fresh, *others}
