"""What every test may use."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from xdist.scheduler import LoadGroupScheduling

__all__ = ["FIGURE", "RecordFigure"]

# Whoever starts the tests in the background may have Ctrl-C ignored, and every process started
# here would inherit that: those that tests interrupt would never stop.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Hundreds of processes start here: what one has compiled the others load.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Machine code that tests compile is kept between runs, but not among the user's own.
os.environ.setdefault("JCURVE_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "kernels"))

LONGEST = (
    "tests/browser/test_workbench",
    "tests/reconcile/test_workbook",
    "tests/contract/test_scenario_report",
    "tests/browser",
    "tests/contract/test_adopt",
    "tests/faults/test_run_states",
    "tests/contract/test_batch",
)
"""What takes longest, which begins first: at the end no process is busy alone."""

FIGURE = "figure:"
"""Begins the name of a test property that holds a figure for ``docs/proof.md``."""


class ByFile(LoadGroupScheduling):
    """A file's tests go to one process, which makes what they share once; so does a named group."""

    def _split_scope(self, nodeid: str) -> str:
        return super()._split_scope(nodeid).partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Files and groups in the order of their tests, not by how many tests they have."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; the order is otherwise that of the files."""

    def place(item: pytest.Item) -> int:
        found = (at for at, begins in enumerate(LONGEST) if item.nodeid.startswith(begins))
        return next(found, len(LONGEST))

    items.sort(key=place)


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
