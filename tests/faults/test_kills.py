"""Kills at random moments of a batch: nothing torn, nothing lost, nothing counted twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from jcurve.project import Project
from jcurve.reports import Edition, Ledger, latest
from jcurve.reports.cache import intact
from jcurve.reports.drive import recover
from tests.counts import count
from tests.support.drives import GENEROUS, sound_runs
from tests.support.notebooks import PARAMETERS, RECORD, SHOW, make_project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

MARK = "JCURVE_TEST_BATCH"
SCENARIOS = 4


class Reader(threading.Thread):
    """Follows the published files all the while; keeps what it sees that is not whole."""

    def __init__(self, project: Project) -> None:
        super().__init__(daemon=True)
        self.project = project
        self.over = threading.Event()
        self.faults: list[str] = []
        self.read = 0

    def run(self) -> None:
        while not self.over.is_set():
            for number in range(SCENARIOS):
                edition = latest(self.project, "fixture", f"s{number}")
                if edition is None:
                    continue
                self.read += 1
                if not intact(edition):
                    self.faults.append(str(edition.folder))
            page = self.project.reports / "index.html"
            if page.is_file() and not page.read_text().endswith("</html>\n"):
                self.faults.append("index.html")
            time.sleep(0.001)


@contextmanager
def reading(project: Project) -> Iterator[Reader]:
    """A reader at work."""
    reader = Reader(project)
    reader.start()
    try:
        yield reader
    finally:
        reader.over.set()
        reader.join(GENEROUS)


def start(project: Project, mark: str, *recorded: str) -> subprocess.Popen[bytes]:
    """A batch in a process of its own, whose every descendant bears ``mark``."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.support.batch_runner", str(project.root)),
            *(str(SCENARIOS), *recorded),
        ],
        cwd=Path(__file__).parents[2],
        env={**os.environ, MARK: mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def victim(parent: subprocess.Popen[bytes], chance: random.Random) -> int:
    """The batch itself, or one of the processes it has started."""
    family = [parent.pid]
    with suppress(psutil.NoSuchProcess):
        family += [child.pid for child in psutil.Process(parent.pid).children(recursive=True)]
    return parent.pid if chance.random() < 0.4 else chance.choice(family)


def survivors(mark: str) -> list[int]:
    """Processes that still bear ``mark``."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                found.append(process.pid)
    return found


def nobody_survives(mark: str) -> bool:
    """Whether all of a batch's processes end, given generous time."""
    end = time.monotonic() + GENEROUS
    while time.monotonic() < end:
        if not survivors(mark):
            return True
        time.sleep(0.1)
    return False


def settled(project: Project, known: set[str]) -> None:
    """After the next start: editions, pointers and ledger agree, and all is whole."""
    with Ledger(project) as ledger:
        recover(ledger)
        attempts = ledger.attempts()
    assert [each for each in attempts if each.ended is None] == []
    counted = [each.run for each in attempts if each.state == "succeeded"]
    assert len(counted) == len(set(counted)), "a run was counted twice"
    published = {path.parent.name: path.parent for path in folders(project)}
    assert set(counted) == set(published), "an edition was lost, or is not in the ledger"
    for name in set(published) - known:
        folder = published[name]
        edition = Edition(name, "fixture", folder.parent.name, folder)
        assert intact(edition), f"a torn edition: {folder}"
        assert len(list(folder.iterdir())) == 5
    known |= set(published)
    order = {each.run: each.id for each in attempts if each.state == "succeeded"}
    for number in range(SCENARIOS):
        of_series = [run for run in order if published[run].parent.name == f"s{number}"]
        pointed = latest(project, "fixture", f"s{number}")
        assert (pointed is None) == (not of_series)
        if pointed is not None:
            assert pointed.id in of_series
    staging = project.reports / ".staging"
    assert not staging.is_dir() or not any(staging.iterdir())


def folders(project: Project) -> list[Path]:
    """The provenance of every edition, whole or not."""
    return [
        folder / "provenance.json"
        for folder in project.reports.glob("fixture/*/*")
        if folder.is_dir()
    ]


def kill_often(project: Project, kills: int, seed: int, *recorded: str) -> Reader:
    """Start batches and kill something in each at a random moment."""
    chance = random.Random(seed)
    began = time.monotonic()
    with start(project, f"{seed}-first", *recorded) as whole:
        assert whole.wait(GENEROUS * 2) == 0
    lasts = time.monotonic() - began
    known: set[str] = set()
    settled(project, known)
    with reading(project) as reader:
        for number in range(kills):
            mark = f"{seed}-{number}"
            with start(project, mark, *recorded) as parent:
                time.sleep(chance.uniform(0.0, lasts))
                with suppress(ProcessLookupError):
                    os.kill(victim(parent, chance), signal.SIGKILL)
                parent.wait(GENEROUS * 2)
            assert nobody_survives(mark), survivors(mark)
            settled(project, known)
    return reader


def test_kills_while_notebooks_run(tmp_path: Path) -> None:
    """Real kernels in forks of warm processes; the victim is any process of the batch."""
    project = make_project(tmp_path, [PARAMETERS, SHOW, RECORD])
    reader = kill_often(project, count("kills"), 20_260_730)
    assert reader.faults == []
    assert reader.read > 0


def test_kills_while_editions_are_published(tmp_path: Path) -> None:
    """Nothing is executed, so that most moments fall between staging and ledger."""
    kept = tmp_path / "sound"
    sound_runs(kept)
    project = make_project(tmp_path / "project")
    reader = kill_often(project, count("publishing_kills"), 7, str(kept / "staged"))
    assert reader.faults == []
    assert reader.read > 0
