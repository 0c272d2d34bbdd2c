"""Who is alive: a locked file per process, which the system unlocks when the process dies.

Neither a process's number (it is used again) nor a time of the last sign of life (clocks
jump, laptops sleep) tells whether a runner still works. A lock does, however it ended. The locks
are SQLite's: wherever the store of runs can be, they are, and they work as its own do.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from jcurve.briefing.editions import check_name
from jcurve.ground.errors import WriteError
from jcurve.ground.files import make_folder


class Owner:
    """This process's own sign of life, until ``close`` or its death."""

    def __init__(self, folder: Path) -> None:
        """Make and lock a file in ``folder``."""
        make_folder(folder)
        self.token = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._path = folder / f"{self.token}.alive"
        lock = _lock(self._path)
        assert lock is not None, "nobody else knows this name"
        self._lock = lock

    def close(self) -> None:
        """Take the sign of life away; harmless twice."""
        self._path.unlink(missing_ok=True)
        self._lock.close()


def take_over(folder: Path, token: str) -> sqlite3.Connection | None:
    """The lock of an owner that is dead, or None while it lives.

    Whoever holds it deals with what the dead left; two at once are impossible. Close it when
    done. A file that is gone was taken away by an orderly end: an empty one is made in its
    place, so that the rule holds for it too.
    """
    path = folder / f"{check_name(token, 'the owner')}.alive"
    with suppress(WriteError):
        return _lock(path)
    return None


@contextmanager
def buried(folder: Path, token: str) -> Iterator[bool]:
    """A block in which the work of a dead owner is this process's; yields whether it is dead.

    Its sign of life is taken away at the end of the block.
    """
    dead = take_over(folder, token)
    if dead is None:
        yield False
        return
    with closing(dead):
        yield True
        with suppress(OSError):
            (folder / f"{token}.alive").unlink()


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """A block that one process at a time is in; yields whether it is this one."""
    lock = _lock(path)
    if lock is None:
        yield False
        return
    with closing(lock):
        yield True


def _lock(path: Path) -> sqlite3.Connection | None:
    """A file that this process has locked, until it is closed or the process dies; None where
    somebody else has."""
    try:
        lock = sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
        try:
            lock.execute("PRAGMA journal_mode = OFF")  # nothing is written, so no file beside it
            lock.execute("BEGIN EXCLUSIVE")
        except BaseException:
            lock.close()
            raise
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return None
        raise WriteError(f"cannot be written ({error})", where=str(path)) from error
    return lock
