"""Runs a batch of a project, to be killed from outside.

``python -m tests.support.batch_runner PROJECT REPORT SERIES,SERIES [RECORDED]``: the report
``fixture`` has stand-ins for scenarios; any other is a real one. With a folder that a real
run left, nothing is executed and the batch consists of staging and publishing alone.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jcurve.briefing.results import ReportedScenario
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Executor, Progress
from jcurve_runs.execution.staging import Staged
from jcurve_runs.plan.request import Plan, Request, Retry, resolve_scenario
from jcurve_runs.publishing.batch import batch, every
from tests.support.notebooks import StandIn, render_plainly


def resolve(name: str, overrides: Mapping[str, Any], project: Project) -> ReportedScenario:
    """Any name is a scenario."""
    return StandIn(name)


def replay(recorded: Staged) -> None:
    """Let every run leave what a sound one left."""

    def execute(self: Executor, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        shutil.copy(recorded.executed, staged.executed)
        shutil.copy(recorded.outcome, staged.outcome)
        shutil.copytree(recorded.work, staged.work, dirs_exist_ok=True)
        return Finished(0, False, 1.0, "", "")

    Executor.execute = execute  # type: ignore[method-assign]


if __name__ == "__main__":
    folder, report, series, *recorded = sys.argv[1:]
    if recorded:
        replay(Staged(Path(recorded[0])))
    print("begins", flush=True)
    made = batch(
        every(
            [report],
            series.split(","),
            Request(force=True, retry=Retry(attempts=3, first=0.05)),
        ),
        Project(Path(folder)),
        jobs=2,
        engine="plain" if recorded else "warm",
        render=render_plainly if recorded else None,
        resolve=resolve if report == "fixture" else resolve_scenario,
    )
    sys.exit(made.exit_status)
