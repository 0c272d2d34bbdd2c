"""The one way to start a process: its own group, a deadline, bounded tails, no orphans.

Output is drained all the while and only its end is kept, so that a process may print
without limit. At the deadline, or when the caller is interrupted, the whole process
group is killed and so is every descendant that had left the group (a Jupyter kernel
always does).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LIFELINE = "JCURVE_LIFELINE"
"""Set in the environment of a process whose standard input is its lifeline."""

_TICK = 0.05
_DRAIN = 2.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended."""

    exit_status: int  # its status; minus the signal's number when a signal ended it
    timed_out: bool  # it ran past the deadline and was killed for that
    seconds: float  # wall time
    out_tail: str  # the end of its standard output, as text
    err_tail: str  # the end of its standard error, as text

    @property
    def last_word(self) -> str:
        """The last line of its standard error; empty where there is none."""
        lines = self.err_tail.strip().splitlines()
        return lines[-1].strip() if lines else ""


def run_process(
    arguments: Sequence[str],
    *,
    deadline: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    tail: int = 16_384,
    lifeline: bool = False,
    on_line: Callable[[str], None] | None = None,
    on_tick: Callable[[float], None] | None = None,
) -> Finished:
    """Run a process to its end or to the deadline.

    Args:
        arguments: program and arguments; no shell takes part.
        deadline: seconds of wall time after which the whole group is killed.
        env: its whole environment; None inherits this one's.
        lifeline: hold its standard input open, so that ``hold_lifeline`` in it notices when
            this process dies, however it dies.
        on_line: called in a reader thread with each line of standard output.
        on_tick: called about twenty times a second with the seconds gone by.

    Raises:
        OSError: the program cannot be started.
    """
    started = time.monotonic()
    environment = dict(os.environ if env is None else env)
    if lifeline:
        environment[LIFELINE] = "1"
    with subprocess.Popen(
        list(arguments),
        stdin=subprocess.PIPE if lifeline else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=environment,
        start_new_session=True,
    ) as process:
        out = Tail(process.stdout, tail, on_line)
        err = Tail(process.stderr, tail, None)
        timed_out = False
        try:
            while process.poll() is None:
                gone = time.monotonic() - started
                if gone >= deadline:
                    timed_out = True
                    break
                if on_tick is not None:
                    on_tick(gone)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(min(_TICK, deadline - gone), 0.001))
        finally:
            if process.poll() is None:  # late, interrupted, or a callback failed
                kill_tree(process)
        return Finished(
            exit_status=process.wait(),
            timed_out=timed_out,
            seconds=time.monotonic() - started,
            out_tail=out.text(),
            err_tail=err.text(),
        )


def hold_lifeline() -> None:
    """In a child started with ``lifeline``: die with the parent, group and all.

    Reads standard input in a thread; it ends only when the parent has gone. Standard
    input is then taken away from everybody else in this process.
    """
    if os.environ.pop(LIFELINE, None) is None:
        return
    line = os.dup(sys.stdin.fileno())
    os.set_inheritable(line, False)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, sys.stdin.fileno())
    os.close(null)

    def watch() -> None:
        while os.read(line, 1024):
            pass
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


class Tail:
    """Drains a stream in a thread and keeps its last bytes."""

    def __init__(
        self, stream: IO[bytes] | None, size: int, on_line: Callable[[str], None] | None
    ) -> None:
        if stream is None:
            raise ValueError("the stream is not a pipe")
        # The thread owns a descriptor of its own: it may outlive the pipe's other user.
        self._descriptor = os.dup(stream.fileno())
        self._size = size
        self._on_line = on_line
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        rest = b""
        try:
            while block := os.read(self._descriptor, 65_536):
                self._kept += block
                del self._kept[: -self._size]
                if self._on_line is not None:
                    *lines, rest = (rest + block).split(b"\n")
                    rest = rest[-self._size :]
                    for line in lines:
                        self._on_line(line.decode(errors="replace"))
        finally:
            os.close(self._descriptor)

    def take(self) -> str:
        """What it holds of a stream that is still open; it then holds nothing."""
        kept, self._kept = self._kept, bytearray()
        return bytes(kept).decode(errors="replace")

    def text(self) -> str:
        """What it holds once the stream has ended."""
        # A process that left the group may still hold the pipe: do not wait for it.
        self._thread.join(_DRAIN)
        return bytes(self._kept).decode(errors="replace")


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill the group, and every descendant outside it, before any can be re-parented."""
    import psutil

    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    with suppress(AttributeError, ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # not on Windows; gone, or (macOS) all zombies
    process.kill()
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
