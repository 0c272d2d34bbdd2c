"""Who is alive: a locked file per process, which the system unlocks when the process dies.

Neither a process's number (it is used again) nor a time of the last sign of life (clocks
jump, laptops sleep) tells whether a runner still works. A lock does, however it ended.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from jcurve.briefing.editions import check_name
from jcurve.errors import WriteError
from jcurve.files import make_folder

__all__ = ["Owner", "locked", "take_over"]


class Owner:
    """This process's own sign of life, until ``close`` or its death."""

    def __init__(self, folder: Path) -> None:
        """Make and lock a file in ``folder``.

        Raises:
            WriteError: it cannot be made.
        """
        make_folder(folder)
        self.token = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._path = folder / f"{self.token}.alive"
        try:
            self._stream = self._path.open("xb")
        except OSError as error:
            raise WriteError(f"cannot be written ({error.strerror})", where=str(folder)) from error
        _lock(self._stream)

    def close(self) -> None:
        """Take the sign away; harmless twice."""
        self._path.unlink(missing_ok=True)
        self._stream.close()


def take_over(folder: Path, token: str) -> IO[bytes] | None:
    """The locked file of an owner that is dead, or None while it lives.

    Whoever holds the file deals with what the dead left; two at once are impossible. Close
    it when done. A file that is gone was taken away by an orderly end: an empty one is
    made in its place, so that the rule holds for it too.
    """
    path = folder / f"{check_name(token, 'the owner')}.alive"
    try:
        stream = path.open("a+b")
    except OSError:
        return None
    if _lock(stream):
        return stream
    stream.close()
    return None


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """A block that one process at a time is in; yields whether it is this one.

    Raises:
        WriteError: the lock's file cannot be made.
    """
    try:
        stream = path.open("a+b")
    except OSError as error:
        raise WriteError(f"cannot be written ({error.strerror})", where=str(path)) from error
    with stream:
        yield _lock(stream)


def _lock(stream: IO[bytes]) -> bool:
    """Lock a file unless somebody else has."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        # Unlike POSIX record locks these belong to the open file, not to the process: a
        # second ledger in one process is told the truth as well.
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
