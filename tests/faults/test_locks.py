"""Signs of life and locks, on a file system without ``flock`` too."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jcurve.ground.project import Project
from jcurve_runs.delivery.deliver import MailServer, deliver
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.locks import Owner, locked, take_over
from jcurve_runs.publishing.runs import recover
from tests.support.drives import plan_of
from tests.support.notebooks import make_project
from tests.support.waiting import GENEROUS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")

ROOT = Path(__file__).parents[2]
WITHOUT = """
import errno, fcntl, os
def flock(*_): raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
fcntl.flock = flock
"""
OWNS = """
import sys, time
from pathlib import Path
from jcurve_runs.ledger.locks import Owner
print(Owner(Path(sys.argv[1])).token, flush=True)
time.sleep(600)
"""


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system such as some network shares: every lock is refused."""

    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", flock)


@pytest.mark.usefixtures("without_locks")
class TestWithout:
    """The locks are those of the store of runs."""

    def test_an_owner_is_alive_until_it_lets_go(self, tmp_path: Path) -> None:
        owner = Owner(tmp_path)
        assert take_over(tmp_path, owner.token) is None
        owner.close()
        owner.close()
        held = take_over(tmp_path, owner.token)
        assert held is not None
        assert take_over(tmp_path, owner.token) is None  # two at once are impossible
        held.close()

    def test_of_another_process(self, tmp_path: Path) -> None:
        """Alive while it lives; taken over, by one of many, once it is dead."""
        process = subprocess.Popen(
            [sys.executable, "-c", WITHOUT + OWNS, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "model")},
        )
        with process:
            assert process.stdout is not None
            token = process.stdout.readline().strip()
            assert take_over(tmp_path, token) is None
            process.kill()
            process.wait(GENEROUS)
        taken: list[sqlite3.Connection | None] = []
        start = threading.Barrier(8)

        def take() -> None:
            start.wait()
            taken.append(take_over(tmp_path, token))

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (lock,) = (each for each in taken if each is not None)
        lock.close()

    def test_a_block_for_one_at_a_time(self, tmp_path: Path) -> None:
        with locked(tmp_path / "x.lock") as first, locked(tmp_path / "x.lock") as second:
            assert (first, second) == (True, False)
        with locked(tmp_path / "x.lock") as again:
            assert again

    def test_what_a_dead_runner_left_is_settled(self, tmp_path: Path) -> None:
        project = make_project(tmp_path)
        dead = Ledger(project)
        dead.move(dead.queue(plan_of(project)), "running")
        with Ledger(project) as ledger:
            assert recover(ledger) == 0
            dead.close()
            assert recover(ledger) == 1

    def test_mails_go_out(self, tmp_path: Path) -> None:
        project = make_project(tmp_path)
        server = MailServer("127.0.0.1", 1, "none", "a@b")
        for _ in range(2):
            assert deliver(project, server=server).problem == ""


def test_what_a_killed_removal_left_goes_at_the_next_start(tmp_path: Path) -> None:
    project: Project = make_project(tmp_path)
    left = project.reports / ".staging" / "gone-0123456789ab"
    left.mkdir(parents=True)
    (left / "report.html").write_text("half")
    with Ledger(project) as ledger:
        recover(ledger)
    assert not left.exists()
