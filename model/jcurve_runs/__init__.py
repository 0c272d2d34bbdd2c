"""Runs that nobody watches: a report notebook is executed, judged, published, told.

``run`` takes one report to a published edition, ``batch`` many at once; ``jcurve tick`` does so
by a schedule. Names are imported when first used, so that papermill, which loads its engines at
each start, pays nothing for ours.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcurve_runs.ledger.attempts import Ledger, now
    from jcurve_runs.plan.request import Plan, prepare, reports_of
    from jcurve_runs.publishing.attempt import Done, raised
    from jcurve_runs.publishing.run import run, run_plan
    from jcurve_runs.verdict.judge import EXHIBIT_KEY, FailedRun, Verdict

__all__ = [
    "EXHIBIT_KEY",
    "Done",
    "FailedRun",
    "Ledger",
    "Plan",
    "Verdict",
    "now",
    "prepare",
    "raised",
    "reports_of",
    "run",
    "run_plan",
]

_HOMES = {
    "ledger.attempts": ("Ledger", "now"),
    "plan.request": ("Plan", "prepare", "reports_of"),
    "publishing.attempt": ("Done", "raised"),
    "publishing.run": ("run", "run_plan"),
    "verdict.judge": ("EXHIBIT_KEY", "FailedRun", "Verdict"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"jcurve_runs.{home}"), name)
    raise AttributeError(f"module 'jcurve_runs' has no attribute {name!r}")
