"""A process that answers requests one after another, for work that is slow to start.

Requests go to its standard input, which is also its lifeline; answers come over a pipe of
their own, so that nothing it prints can be taken for one.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jcurve.ground.processes import Tail, kill_tree

__all__ = ["NoAnswer", "Worker"]

_TAIL = 16_384


class NoAnswer(Exception):
    """A worker gave no answer: it ended (``exit_status``) or was too slow (None)."""

    def __init__(self, exit_status: int | None) -> None:
        super().__init__(exit_status)
        self.exit_status = exit_status


class Worker:
    """A running worker; the caller closes it."""

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        """Start it, in a process group of its own.

        Args:
            command: gives program and arguments for the number of the pipe to answer on.
            cwd: its working folder.
            env: its whole environment; None inherits this one's.
            on_line: called in a reader thread with each line of its standard output.

        Raises:
            OSError: it cannot be started.
        """
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                list(command(writing)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=None if env is None else dict(env),
                pass_fds=(writing,),
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._out = Tail(self._process.stdout, _TAIL, on_line)
        self._err = Tail(self._process.stderr, _TAIL, None)
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(reading,), daemon=True)
        self._reader.start()

    def ask(self, request: Mapping[str, Any] | None, *, within: float) -> dict[str, Any]:
        """Send a request, unless it is None, and wait for the next answer.

        Args:
            request: what to do, as plain data.
            within: seconds to wait.

        Raises:
            NoAnswer: it ended, or did not answer in time. Close it then.
        """
        if request is not None:
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
            except OSError:
                raise NoAnswer(self._status()) from None
        try:
            answer = self._answers.get(timeout=max(within, 0.001))
        except queue.Empty:
            raise NoAnswer(None) from None
        if answer is None:
            raise NoAnswer(self._status())
        made: dict[str, Any] = json.loads(answer)
        return made

    def tails(self) -> tuple[str, str]:
        """The ends of its standard output and standard error so far; forgets both."""
        return self._out.take(), self._err.take()

    def close(self) -> None:
        """End it and everything it started; harmless twice."""
        if self._process.poll() is None:
            kill_tree(self._process)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # a request that it never read
                    continue

    def _status(self) -> int:
        end = time.monotonic() + 5.0  # it closed its pipe: its end is near
        while self._process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        return -9 if self._process.returncode is None else self._process.returncode

    def _read(self, descriptor: int) -> None:
        rest = b""
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            while block := stream.read(65_536):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    self._answers.put(line)
        self._answers.put(None)
