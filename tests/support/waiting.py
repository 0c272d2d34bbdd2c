"""Waiting for what another process does: for its sign, not for so many seconds."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

__all__ = [
    "GENEROUS",
    "gone",
    "late_once",
    "living_children",
    "nobody_listens",
    "read_when_there",
    "until",
]

GENEROUS = 120.0
"""Seconds that a busy machine may take for what takes two on a quiet one."""


def until(true: Callable[[], bool], within: float = GENEROUS) -> bool:
    """Whether something becomes true, given generous time."""
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def gone(pid: int) -> bool:
    """Whether a process ends before long; one that has ended and is not reaped yet is gone too."""

    def ended() -> bool:
        try:
            return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    return until(ended)


def read_when_there(path: Path) -> str:
    """A file's text once it has some."""
    assert until(lambda: path.is_file() and bool(path.read_text())), path
    return path.read_text()


def living_children() -> set[psutil.Process]:
    """What this process has started, and what that has, as far as it has not ended."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                found.add(child)
    return found


@contextmanager
def nobody_listens() -> Iterator[int]:
    """A port of this machine that refuses connections, and that nobody else can take."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def late_once(monkeypatch: pytest.MonkeyPatch, true: Callable[[], bool]) -> None:
    """For ``run_process`` no time passes until something is true; then every deadline is past."""
    end = time.monotonic() + GENEROUS

    def clock() -> float:
        return 1e6 if true() or time.monotonic() > end else 0.0

    monkeypatch.setattr("jcurve.ground.processes.time", SimpleNamespace(monotonic=clock))
