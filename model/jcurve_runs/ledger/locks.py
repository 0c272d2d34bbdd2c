"""Who is alive: a locked file per process, which the system unlocks when the process dies.

Neither a process's number (it is used again) nor a time of the last sign of life (clocks
jump, laptops sleep) tells whether a runner still works. A lock does, however it ended.

Some network file systems know no such locks. There a second file beside the first stands for the
lock; it names machine, process and the time at which the process began. Whoever finds it asks
this machine whether that process lives. Of another machine nothing is known: its runner counts as
alive, so nothing runs twice, and what it left is not taken over (``supported`` tells, ``tick``
says so).
"""

from __future__ import annotations

import errno
import glob
import os
import platform
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from jcurve.briefing.editions import check_name
from jcurve.ground.errors import WriteError
from jcurve.ground.files import make_folder

_SOMEBODY_ELSE = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


class Lock:
    """A file that this process has locked, until ``close`` or its death."""

    def __init__(self, stream: IO[bytes], stands_for_it: Path | None) -> None:
        self._stream = stream
        self._stands_for_it = stands_for_it

    def close(self) -> None:
        """Let go of it; harmless twice."""
        if self._stands_for_it is not None:
            self._stands_for_it.unlink(missing_ok=True)
        self._stream.close()


class Owner:
    """This process's own sign of life, until ``close`` or its death."""

    def __init__(self, folder: Path) -> None:
        """Make and lock a file in ``folder``."""
        make_folder(folder)
        self.token = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._path = folder / f"{self.token}.alive"
        lock = _lock(_opened(self._path, "xb"), self._path)
        assert lock is not None, "nobody else knows this name"
        self._lock = lock

    def close(self) -> None:
        """Take the sign of life away; harmless twice."""
        self._path.unlink(missing_ok=True)
        self._lock.close()


def take_over(folder: Path, token: str) -> Lock | None:
    """The lock of an owner that is dead, or None while it lives.

    Whoever holds it deals with what the dead left; two at once are impossible. Close it when
    done. A file that is gone was taken away by an orderly end: an empty one is made in its
    place, so that the rule holds for it too.
    """
    path = folder / f"{check_name(token, 'the owner')}.alive"
    try:
        stream = path.open("a+b")
    except OSError:
        return None
    return _lock(stream, path)


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
    lock = _lock(_opened(path, "a+b"), path)
    if lock is None:
        yield False
        return
    with closing(lock):
        yield True


def supported(folder: Path) -> bool:
    """Whether the file system of ``folder`` knows locks that end with their process."""
    path = folder / f".locks-{secrets.token_hex(4)}"
    try:
        with _opened(path, "xb") as stream:
            return _flock(stream) is not None
    finally:
        path.unlink(missing_ok=True)


def _opened(path: Path, mode: str) -> IO[bytes]:
    try:
        stream: IO[bytes] = path.open(mode)
    except OSError as error:
        raise WriteError(f"cannot be written ({error.strerror})", where=str(path)) from error
    return stream


def _lock(stream: IO[bytes], path: Path) -> Lock | None:
    """Lock an open file unless somebody else has; it is then closed."""
    got = _flock(stream)
    instead = None
    if got is None:
        instead = _claim(path.with_name(f"{path.name}.held"))
        got = instead is not None
    if got:
        return Lock(stream, instead)
    stream.close()
    return None


def _flock(stream: IO[bytes]) -> bool | None:
    """Whether the lock was free; None where there are no locks."""
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
    except OSError as error:
        return False if error.errno in _SOMEBODY_ELSE else None
    return True


def _claim(path: Path) -> Path | None:
    """A numbered file that stands for a lock, or None while a living process has one.

    Nobody replaces another's file: between looking and replacing it may have become a living
    one's. Whoever finds only dead processes' files makes the next number, which one can, and
    looks again: of two that both did so, after a slow look, at least one steps back.
    """
    claims = _claims(path)
    if any(_lives(each) for each in claims.values()):
        return None
    own = path.with_name(f"{path.name}.{max(claims, default=0) + 1}")
    try:
        with own.open("xb") as stream:  # empty for a moment, which counts as alive
            stream.write(_identity(os.getpid()).encode())
    except FileExistsError:
        return None
    except OSError as error:
        raise WriteError(f"cannot be written ({error.strerror})", where=str(own)) from error
    for number, each in _claims(path).items():
        other = path.with_name(f"{path.name}.{number}")
        if other == own:
            continue
        if _lives(each):
            own.unlink(missing_ok=True)
            return None
        other.unlink(missing_ok=True)
    return own


def _claims(path: Path) -> dict[int, str]:
    """The text of each numbered file beside ``path``."""
    found = {}
    for each in path.parent.glob(f"{glob.escape(path.name)}.*"):
        number = each.name.removeprefix(f"{path.name}.")
        if number.isdecimal():
            with suppress(FileNotFoundError):  # let go of in this moment
                found[int(number)] = each.read_text(encoding="utf-8", errors="replace")
    return found


def _identity(pid: int) -> str:
    """Machine, process, and when it began, in one line; empty for one that is gone."""
    import psutil  # type: ignore[import-untyped]

    try:
        began = psutil.Process(pid).create_time()
    except psutil.Error:
        return ""
    return f"{platform.node()} {pid} {began:.2f}"


def _lives(identity: str) -> bool:
    """Whether the process that wrote ``identity`` may still live."""
    machine, _, rest = identity.partition(" ")
    pid = rest.partition(" ")[0]
    if machine != platform.node() or not pid.isdecimal():
        # Another machine's, or half written by a process that is at it: nothing is known.
        return True
    return _identity(int(pid)) == identity
