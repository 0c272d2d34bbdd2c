"""The one way to start a process: deadline, tails, and no survivors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jcurve.ground.processes import run_process
from tests.support.waiting import GENEROUS, gone, late_once, read_when_there

FAMILY = """
import os, pathlib, subprocess, sys, time
inside = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
outside = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
)
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {inside.pid} {outside.pid}")
time.sleep(600)
"""

PARENT = """
import sys
from jcurve.ground.processes import run_process
run_process([sys.executable, "-c", sys.argv[1], sys.argv[2]], deadline=600, lifeline=True)
"""

CHILD = """
import os, pathlib, sys, time
from jcurve.ground.processes import hold_lifeline
hold_lifeline()
assert sys.stdin.read() == ""  # nobody else waits on the lifeline
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(600)
"""


def python(code: str, *arguments: str) -> list[str]:
    """Command line that runs ``code``."""
    return [sys.executable, "-c", code, *arguments]


def test_status_and_both_tails() -> None:
    finished = run_process(
        python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"),
        deadline=GENEROUS,
    )
    assert (finished.exit_status, finished.timed_out) == (3, False)
    assert (finished.out_tail, finished.err_tail) == ("out\n", "err\n")


def test_a_signal_is_a_negative_status() -> None:
    finished = run_process(python("import os; os.kill(os.getpid(), 9)"), deadline=120)
    assert finished.exit_status == -signal.SIGKILL


def test_endless_output_keeps_its_end_only() -> None:
    code = "for n in range(400_000): print(n, 'x' * 40)"
    finished = run_process(python(code), deadline=300, tail=1_000)
    assert len(finished.out_tail) == 1_000
    assert finished.out_tail.endswith("399999 " + "x" * 40 + "\n")


def test_lines_arrive_while_it_runs() -> None:
    lines: list[str] = []
    code = "print('cell 1 of 2'); print('cell 2 of 2')"
    run_process(python(code), deadline=120, on_line=lines.append)
    assert lines == ["cell 1 of 2", "cell 2 of 2"]


def test_the_deadline_ends_every_descendant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in the group, one that had left it as a kernel does."""
    pids = tmp_path / "pids"
    late_once(monkeypatch, lambda: pids.is_file() and len(pids.read_text().split()) == 3)
    finished = run_process(python(FAMILY, str(pids)), deadline=GENEROUS)
    assert finished.timed_out
    assert finished.exit_status == -signal.SIGKILL
    for pid in pids.read_text().split():
        assert gone(int(pid))


def test_an_interrupted_caller_leaves_nothing_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    def interrupt(_: float) -> None:
        if pids.is_file() and len(pids.read_text().split()) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_process(python(FAMILY, str(pids)), deadline=300, on_tick=interrupt)
    for pid in pids.read_text().split():
        assert gone(int(pid))


def test_a_child_on_a_lifeline_dies_with_its_parent(tmp_path: Path) -> None:
    """Even when the parent is killed and can no longer do anything about it."""
    note = tmp_path / "pid"
    with subprocess.Popen(python(PARENT, CHILD, str(note))) as parent:
        child = int(read_when_there(note))
        os.kill(parent.pid, signal.SIGKILL)
    assert gone(child)


def test_a_missing_program_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        run_process(["no-such-program-anywhere"], deadline=60)
