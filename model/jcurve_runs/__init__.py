"""Runs that nobody watches: a report notebook is executed, judged, published, told.

``run`` takes one request to a published edition, ``batch`` many at once; ``jcurve tick`` does so
by a schedule. The rooms, in the order of the story: ``plan``, ``execution``, ``verdict``,
``ledger``, ``portal``, ``publishing``, ``delivery``, ``schedule``, ``commands``. Names are
imported when first used: papermill, which loads its engines at each start, pays nothing for ours.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcurve_runs.ledger.attempts import Ledger
    from jcurve_runs.plan.request import Request, prepare
    from jcurve_runs.publishing.batch import batch
    from jcurve_runs.publishing.runs import publish_report, run
    from jcurve_runs.verdict.judge import FailedRun

__all__ = ["FailedRun", "Ledger", "Request", "batch", "prepare", "publish_report", "run"]

_HOMES = {
    "ledger.attempts": ("Ledger",),
    "plan.request": ("Request", "prepare"),
    "publishing.batch": ("batch",),
    "publishing.runs": ("publish_report", "run"),
    "verdict.judge": ("FailedRun",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"jcurve_runs.{home}"), name)
    raise AttributeError(f"module 'jcurve_runs' has no attribute {name!r}")
