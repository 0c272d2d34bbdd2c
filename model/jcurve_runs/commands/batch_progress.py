"""Shows a batch on the terminal: a bar for it and one for each run under way.

In a log there are no bars, and each run that ends gets a line.
"""

from __future__ import annotations

import re
import sys
import threading
from typing import Any, TextIO

from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch import Watch

__all__ = ["BatchProgress"]

_CELL = re.compile(r"cell (\d+) of (\d+)", re.ASCII)


class BatchProgress(Watch):
    """Draws on standard error while its block runs."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._lock = threading.Lock()
        self._whole: Any = None
        self._slots: list[Any] = []
        self._total = 0
        self._ended = 0

    def __enter__(self) -> BatchProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        for bar in (*self._slots, self._whole):
            if bar is not None:
                bar.close()
        self._slots, self._whole = [], None

    def notes(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"jcurve: {text}\n")

    def begins(self, total: int, slots: int) -> None:
        """Draw the bars; those of a batch before this one go."""
        self._close()
        self._total, self._ended = total, 0
        if not self._terminal:
            return
        from tqdm import tqdm

        def bar(position: int, total: int, **look: str) -> Any:
            return tqdm(total=total, file=self._stream, position=position, leave=False, **look)

        self._whole = bar(0, total, desc="batch", unit="run")
        self._slots = [bar(slot + 1, 1, bar_format="  {desc} {bar:20}") for slot in range(slots)]

    def tells(self, slot: int, title: str, message: str) -> None:
        """Move the bar of a run; what its notebook prints is no message of ours."""
        if not self._terminal:
            return
        cell = _CELL.fullmatch(message)
        with self._lock:
            bar = self._slots[slot]
            if cell is not None:
                bar.total, bar.n = int(cell[2]), int(cell[1])
            bar.set_description_str(f"{title[:40]:40} {message.splitlines()[0][:24]:24}")

    def ends(self, slot: int, done: Done) -> None:
        """Count a run, or write its line."""
        with self._lock:
            self._ended += 1
            if self._terminal:
                self._whole.update(1)
                return
            reason = f" ({done.reason})" if done.reason else ""
            self._stream.write(
                f"[{self._ended}/{self._total}] {done.request.title}: "
                f"{done.state.replace('_', ' ')}{reason}, {done.seconds:.1f} s\n"
            )
            self._stream.flush()
