"""Says what is going on, once something has taken more than two seconds."""

from __future__ import annotations

import sys
import threading
import time

_PATIENCE = 2.0  # seconds of silence that need no explanation
_SILENCE = 30.0  # after which a log gets a line although nothing new began


class Progress:
    """Shows the latest message on standard error while a block runs.

    On a terminal one line is rewritten and wiped at the end; in a log each new kind of
    message gets a line of its own, and then one every half minute, so that it is not filled.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._stream = sys.stderr
        self._rewrites = self._stream.isatty()
        self._message = ""
        self._width = 0
        self._last_kind = ""
        self._last_line = 0.0
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._timer = threading.Timer(_PATIENCE, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Progress:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._rewrites and self._width:
                self._stream.write("\r" + " " * self._width + "\r")
                self._stream.flush()
                self._width = 0

    def __call__(self, message: str) -> None:
        """Take note of ``message``; show it if the block already takes long."""
        self._message = message
        if time.monotonic() - self._started >= _PATIENCE:
            self._show()

    def _show(self) -> None:
        kind = self._message.split(" ")[0]  # "cell 3 of 14" and "cell 4 of 14" are one kind
        with self._lock:
            text = f"{self._title}: {self._message}" if self._message else f"{self._title} …"
            if self._rewrites:
                self._stream.write("\r" + text.ljust(self._width))
                self._width = len(text)
            elif kind != self._last_kind or time.monotonic() - self._last_line >= _SILENCE:
                self._last_kind, self._last_line = kind, time.monotonic()
                self._stream.write(text + "\n")
            self._stream.flush()
