"""What every test may use."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from xdist.scheduler import LoadScopeScheduling

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

TOGETHER: tuple[tuple[str, ...], ...] = (
    ("tests/browser/test_workbench.py::test_in_jupyterlab",),  # it has a server of its own
    ("tests/browser/test_workbench",),
    (
        "tests/reconcile/test_workbook.py",
        "tests/contract/test_adopt.py",
        "tests/reconcile/test_workbook_review.py",
        "tests/reference/test_excel_reference.py",
    ),
    (
        "tests/reconcile/test_backtest.py",
        "tests/contract/test_results_note.py",
        "tests/property/test_revision.py",
        "tests/contract/test_docs.py",
    ),
    ("tests/browser/test_report_page.py",),
    ("tests/contract/test_batch.py",),
    ("tests/contract/test_scenario_report.py",),
    ("tests/property/test_compiled.py", "tests/property/test_gradients.py"),
    ("tests/contract/test_briefing_pack.py",),
    ("tests/faults/test_run_states.py",),
    ("tests/contract/test_analysis_worlds.py",),
    ("tests/faults/test_simulation_runs.py",),
    ("tests/faults/test_run_together.py",),
    ("tests/reconcile/test_new_quarter.py",),
    ("tests/faults/test_verb_kills.py",),
    ("tests/faults/test_fuzz_readers.py",),
)
"""Beginnings of tests that go to one process, which makes what they share once, the longest first:
so at the end no process is busy alone. Every other file is such a unit by itself."""

FIGURE = "figure:"
"""Begins the name of a test property that holds a figure for ``docs/proof.md``."""


def _unit(nodeid: str) -> tuple[int, str]:
    """The place and name of the unit to which a test belongs."""
    for at, begins in enumerate(TOGETHER):
        if nodeid.startswith(begins):
            return at, begins[0]
    return len(TOGETHER), nodeid.partition("::")[0]


class ByUnit(LoadScopeScheduling):
    """A unit's tests go to one process, one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return _unit(nodeid)[1]


@pytest.hookimpl(optionalhook=True)  # pytest -p no:xdist runs without it
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByUnit:
    """Units in their order, not by how many tests they have; xdist's own groups, which are made
    by name, do nothing with pytest 9."""
    config.option.loadscopereorder = False
    return ByUnit(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _unit(item.nodeid)[0])


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
