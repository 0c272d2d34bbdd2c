"""Kills at random moments of a batch: nothing torn, nothing lost, nothing counted twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from jcurve.briefing import Edition, latest
from jcurve.ground.project import Project
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.store import state_folder
from jcurve_runs.publishing.publish import intact
from jcurve_runs.publishing.runs import recover
from tests.conftest import RecordFigure
from tests.counts import count
from tests.support.drives import sound_runs
from tests.support.notebooks import PARAMETERS, RECORD, SHOW, make_project
from tests.support.waiting import GENEROUS, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

ROOT = Path(__file__).parents[2]
MARK = "JCURVE_TEST_BATCH"
PARTS = ("the batch", "a warm process", "a run's child or renderer", "a kernel")
AT_ONCE = 3  # at most so many moments in one batch: faults of which one follows on another


@dataclass(frozen=True)
class Asked:
    """What each batch is asked for."""

    report: str = "fixture"
    series: tuple[str, ...] = ("s0", "s1", "s2", "s3")
    recorded: tuple[str, ...] = ()

    def editions(self, project: Project) -> list[Edition]:
        """Every folder of an edition, whole or not."""
        return [
            Edition(folder.name, self.report, folder.parent.name, folder)
            for folder in project.reports.glob(f"{self.report}/*/*")
            if folder.is_dir()
        ]


class Reader(threading.Thread):
    """Follows the published files all the while; keeps what it sees that is not whole."""

    def __init__(self, project: Project, asked: Asked) -> None:
        super().__init__(daemon=True)
        self.project, self.asked = project, asked
        self.over = threading.Event()
        self.faults: list[str] = []
        self.read = 0

    def run(self) -> None:
        while not self.over.is_set():
            for series in self.asked.series:
                edition = latest(self.project, self.asked.report, series)
                if edition is None:
                    continue
                self.read += 1
                if not intact(edition):
                    self.faults.append(str(edition.folder))
            page = self.project.reports / "index.html"
            if page.is_file() and not page.read_text().endswith("</html>\n"):
                self.faults.append("index.html")
            time.sleep(0.005)  # not so often that it takes the batch's processor


@contextmanager
def reading(project: Project, asked: Asked) -> Iterator[Reader]:
    """A reader at work."""
    reader = Reader(project, asked)
    reader.start()
    try:
        yield reader
    finally:
        reader.over.set()
        reader.join(GENEROUS)


def start(project: Project, mark: str, asked: Asked) -> subprocess.Popen[bytes]:
    """A batch in a process of its own that has just begun; every descendant bears ``mark``."""
    made = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.support.batch_runner", str(project.root)),
            *(asked.report, ",".join(asked.series), *asked.recorded),
        ],
        cwd=ROOT,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert made.stdout is not None
    assert made.stdout.readline() == b"begins\n"
    return made


def victim(parent: subprocess.Popen[bytes], chance: random.Random) -> tuple[int, str]:
    """The batch itself, or one of the processes it has started: its number and its part."""
    family = {parent.pid: 0}
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(parent.pid).children(recursive=True):  # parents come first
            with suppress(psutil.NoSuchProcess):
                family[child.pid] = family.get(child.ppid(), 0) + 1
    pid = parent.pid if chance.random() < 0.4 else chance.choice(list(family))
    return pid, PARTS[min(family[pid], len(PARTS) - 1)]


def phase(project: Project, asked: Asked) -> str:
    """How far the most advanced of the open runs is; looking waits for no writer."""
    staging = project.reports / ".staging"
    store = state_folder(project) / "runs.sqlite"
    runs: dict[str, str] = {}
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as opened,
    ):
        runs = dict(opened.execute("SELECT run, state FROM attempts WHERE ended IS NULL"))
    verifying = [run for run, state in runs.items() if state == "verifying"]
    out = {edition.id for edition in asked.editions(project)}
    reached = {
        "between rename and ledger": any(run in out for run in verifying),
        "before the rename": any(staging.glob("*/edition/provenance.json")),
        "rendering": any(staging.glob("*/edition")),
        "judging": bool(verifying),
        "in the cells": any(staging.glob("*/executed.ipynb")),
        "starting": bool(runs),
    }
    return next((name for name, there in reached.items() if there), "with no run open")


def strike(
    project: Project,
    parent: subprocess.Popen[bytes],
    chance: random.Random,
    span: tuple[float, float],
    most: int,
    asked: Asked,
) -> Iterator[tuple[str, str]]:
    """Kill something at random moments of a batch, at most until the batch itself is killed.

    Args:
        project: whose batch.
        parent: the batch.
        chance: decides.
        span: seconds since now between which the moments lie.
        most: how many moments.
        asked: for what.

    Yields:
        The part and the phase, for each process that was alive when it was killed.
    """
    began = time.monotonic()
    for moment in sorted(chance.uniform(*span) for _ in range(most)):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        pid, part = victim(parent, chance)
        when = phase(project, asked)
        if parent.poll() is not None:
            return
        with suppress(ProcessLookupError, psutil.Error):
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                continue
            os.kill(pid, signal.SIGKILL)
            yield part, when
        if pid == parent.pid:
            return


def survivors(mark: str) -> list[int]:
    """Processes that still bear ``mark``."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                found.append(process.pid)
    return found


def settled(project: Project, known: set[str], asked: Asked, *, in_turn: bool = True) -> None:
    """After the next start: editions, pointers and ledger agree, and all is whole.

    Args:
        project: whose.
        known: editions that have been looked at; those that are new are added.
        asked: for what.
        in_turn: the runs of a series came one after the other, so the last one is the latest.
    """
    with Ledger(project) as ledger:
        recover(ledger)
        attempts = ledger.attempts()
    assert [each for each in attempts if each.ended is None] == []
    counted = [each.run for each in attempts if each.state == "succeeded"]
    assert len(counted) == len(set(counted)), "a run was counted twice"
    published = {edition.id: edition for edition in asked.editions(project)}
    assert set(counted) == set(published), "an edition was lost, or is not in the ledger"
    for name in set(published) - known:
        edition = published[name]
        assert intact(edition), f"a torn edition: {edition.folder}"
        assert len(list(edition.folder.iterdir())) == 5
    known |= set(published)
    order = {each.run: each.id for each in attempts if each.state == "succeeded"}
    for series in asked.series:
        of_series = [run for run in order if published[run].series == series]
        pointed = latest(project, asked.report, series)
        assert (pointed is None) == (not of_series)
        if pointed is not None:
            assert pointed.id in of_series
            assert not in_turn or pointed.id == max(of_series, key=order.__getitem__)
    staging = project.reports / ".staging"
    assert not staging.is_dir() or not any(staging.iterdir())


def kill_often(
    project: Project, kills: int, seed: int, record: RecordFigure, about: str, asked: Asked
) -> None:
    """Start batches and kill something in each at random moments, with a reader all the while."""
    chance = random.Random(seed)
    with start(project, f"{seed}-first", asked) as whole:
        began = time.monotonic()
        executed = project.reports / ".staging"
        while whole.poll() is None and not any(executed.glob("*/executed.ipynb")):
            time.sleep(0.005)
        starts = time.monotonic() - began
        assert whole.wait(GENEROUS * 2) == 0
        lasts = time.monotonic() - began
    known: set[str] = set()
    settled(project, known, asked)
    parts: Counter[str] = Counter()
    phases: Counter[str] = Counter()
    batches = 0
    with reading(project, asked) as reader:
        while parts.total() < kills:
            mark = f"{seed}-{batches}"
            batches += 1
            with start(project, mark, asked) as parent:
                most = min(AT_ONCE, kills - parts.total())
                # Loading takes half of a batch's time: two in three batches are spared in it.
                span = (starts if chance.random() < 2 / 3 else 0.0, lasts)
                struck = list(strike(project, parent, chance, span, most, asked))
                parent.wait(GENEROUS * 2)
            parts.update(part for part, _ in struck)
            phases.update(when for _, when in struck)
            # The machine may become less busy, or more: about one batch in six outruns its kills.
            pace = 1.05 if struck else 0.8
            starts, lasts = starts * pace, lasts * pace
            assert until(lambda mark=mark: not survivors(mark)), survivors(mark)
            settled(project, known, asked)
            assert reader.is_alive(), "the reader itself has failed"
    assert reader.faults == []
    assert reader.read >= batches
    for edition in asked.editions(project):
        assert intact(edition), edition.folder
    record(f"kills of batches {about}", parts.total())
    record(f"kills of batches {about}: batches started", batches)
    for name, found in (*sorted(parts.items()), *sorted(phases.items())):
        record(f"kills of batches {about}: {name}", found)
    record(f"kills of batches {about}: editions, all whole", len(known))
    record(f"kills of batches {about}: editions read meanwhile, all whole", reader.read)


def test_kills_while_notebooks_run(tmp_path: Path, record_figure: RecordFigure) -> None:
    """Real kernels in forks of warm processes; the victim is any process of the batch."""
    project = make_project(tmp_path, [PARAMETERS, SHOW, RECORD])
    kill_often(project, count("kills"), 20_260_730, record_figure, "running", Asked())


def test_kills_while_editions_are_published(tmp_path: Path, record_figure: RecordFigure) -> None:
    """Nothing is executed, so that most moments fall between staging and ledger."""
    kept = tmp_path / "sound"
    sound_runs(kept)
    project = make_project(tmp_path / "project")
    asked = Asked(recorded=(str(kept / "staged"),))
    kill_often(project, count("publishing_kills"), 7, record_figure, "publishing", asked)


@pytest.mark.skipif(not count("report_kills"), reason="each costs a report: at full count only")
def test_kills_while_full_reports_run(tmp_path: Path, record_figure: RecordFigure) -> None:
    """The product's own report on its own data, with its kernels and renderers."""
    for name in ("data", "notebooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    asked = Asked("scenario_report", ("base", "bear"))
    kills = count("report_kills")
    kill_often(Project(tmp_path), kills, 20_261_130, record_figure, "of full reports", asked)
