"""Runs a batch of a project's fixture notebook, to be killed from outside.

``python -m tests.support.batch_runner PROJECT COUNT [RECORDED]``: with a folder that a real
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
from jcurve_runs.execution.executor import Plain, Progress
from jcurve_runs.execution.staging import Staged
from jcurve_runs.plan.request import Plan, Request, Retry
from jcurve_runs.publishing.batch import batch, every
from tests.support.notebooks import StandIn, render_plainly


def resolve(name: str, overrides: Mapping[str, Any], project: Project) -> ReportedScenario:
    """Any name is a scenario."""
    return StandIn(name)


def replay(recorded: Staged) -> None:
    """Let every run leave what a sound one left."""

    def execute(self: Plain, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        shutil.copy(recorded.executed, staged.executed)
        shutil.copy(recorded.outcome, staged.outcome)
        shutil.copytree(recorded.work, staged.work, dirs_exist_ok=True)
        return Finished(0, False, 1.0, "", "")

    Plain.execute = execute  # type: ignore[method-assign]


if __name__ == "__main__":
    if len(sys.argv) > 3:
        replay(Staged(Path(sys.argv[3])))
    print("begins", flush=True)
    like = Request(report="fixture", force=True, retry=Retry(attempts=3, first=0.05))
    made = batch(
        every(["fixture"], [f"s{number}" for number in range(int(sys.argv[2]))], like),
        Project(Path(sys.argv[1])),
        jobs=2,
        engine="plain" if len(sys.argv) > 3 else "warm",
        render=render_plainly if len(sys.argv) > 3 else None,
        resolve=resolve,
    )
    sys.exit(made.exit_status)
