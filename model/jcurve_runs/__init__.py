"""Runs that nobody watches: a report notebook is executed, judged, published, told.

``publishing.runs.run`` takes one request to a published edition, ``publishing.batch.batch`` many
at once; ``jcurve tick`` does so by a schedule. The rooms, in the order of the story: ``plan``,
``execution``, ``verdict``, ``ledger``, ``portal``, ``publishing``, ``delivery``, ``schedule``,
``commands``. Papermill loads its engines at each start: this imports nothing before it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcurve.briefing.editions import Edition
    from jcurve.ground.project import Where

__all__ = ["publish_report"]


def publish_report(
    report: str,
    scenario: str = "base",
    overrides: Mapping[str, Any] | None = None,
    *,
    view: str = "programme",
    project: Where = None,
    progress: Callable[[str], None] | None = None,
) -> Edition:
    """A run for the model's panel and pages, which know no ``Request``; it always runs."""
    from jcurve_runs.plan.request import Request
    from jcurve_runs.publishing.runs import run

    asked = Request(
        report=report, scenario=scenario, overrides=overrides or {}, view=view, force=True
    )
    return run(asked, project=project, progress=progress)
