"""Shows a batch on standard error: a line for each run that ends, and what goes on below them."""

from __future__ import annotations

import threading
from typing import TextIO

from jcurve_runs.publishing.attempt import Done

_LONGEST = 78


class Watch:
    """Told what goes on in a batch, from several threads.

    It writes while its block runs; what goes on is shown on a terminal only, on one line.
    """

    _stream: TextIO | None = None  # nothing is written where there is none
    _total = _ended = 0

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def begins(self, total: int) -> None:
        """Count anew: the batch begins."""
        self._total, self._ended = total, 0

    def notes(self, text: str) -> None:
        """Write a line, such as of a worker that takes no part."""
        self._write("", f"jcurve: {text}\n")

    def tells(self, title: str, message: str) -> None:
        """Show what a run is doing; what its notebook prints is no message of ours."""
        self._write(f"[{self._ended}/{self._total}] {title}: {message.partition(chr(10))[0]}")

    def ends(self, done: Done) -> None:
        """Count a run and write its line."""
        self._ended += 1
        reason = f" ({done.reason})" if done.reason else ""
        self._write(
            "",
            f"[{self._ended}/{self._total}] {done.request.title}: "
            f"{done.words}{reason}, {done.seconds:.1f} s\n",
        )

    def _write(self, passing: str, lasting: str = "") -> None:
        if self._stream is None:
            return
        with self._lock:
            if self._stream.isatty():
                self._stream.write(f"\r\x1b[K{lasting}{passing[:_LONGEST]}")
            else:
                self._stream.write(lasting)
            self._stream.flush()
