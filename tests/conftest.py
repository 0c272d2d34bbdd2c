"""What every test may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

__all__ = ["FIGURE", "RecordFigure"]

# Whoever starts the tests in the background may have Ctrl-C ignored, and every process started
# here would inherit that: those that tests interrupt would never stop.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Machine code that tests compile is kept between runs, but not among the user's own.
os.environ.setdefault("JCURVE_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "kernels"))

FIGURE = "figure:"
"""Begins the name of a test property that holds a figure for ``docs/proof.md``."""


class RecordFigure(Protocol):
    """Keeps a figure that a test found."""

    def __call__(self, name: str, value: float | str, unit: str = "") -> None:
        """Show ``name``, ``value`` and ``unit`` beside the test in ``docs/proof.md``."""


@pytest.fixture
def record_figure(record_property: Callable[[str, object], None]) -> RecordFigure:
    """Records figures that a test found: a worst error, a number of cases.

    ``make prove`` writes them to ``docs/proof.md``; ``make test`` drops them. A figure is
    what was found, not what was asked for: assert as well.
    """

    def record(name: str, value: float | str, unit: str = "") -> None:
        # A plain number: NumPy's own do not travel between worker processes.
        plain = value if isinstance(value, str) else float(value)
        record_property(f"{FIGURE}{name}", [plain, unit])

    return record
