"""Drives the fixture notebook through a ledger, with a kernel or with what one left."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Executor, Progress
from jcurve_runs.execution.staging import Staged
from jcurve_runs.ledger.attempts import Attempt, Ledger
from jcurve_runs.plan.request import Plan, Request, prepare
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.runs import carry_out
from tests.support.notebooks import MOMENT, StandIn, make_project, render_plainly
from tests.support.waiting import GENEROUS

__all__ = ["NoProcess", "drive", "plan_of", "sound_runs"]


def plan_of(project: Project, run: str = "run-1", **asked: Any) -> Plan:
    """The plan of a run of the project's ``fixture`` notebook; ``asked`` as in a request."""
    return prepare(
        Request(report="fixture", **asked),
        project,
        run_id=run,
        started=MOMENT,
        resolve=lambda name, overrides, project: StandIn(name),
    )


def drive(
    project: Project,
    *,
    run: str = "run-1",
    executor: Executor | None = None,
    cached: bool = False,
    **asked: Any,
) -> tuple[Done, list[Attempt]]:
    """Run the fixture to its end; what came of it, and its attempts in order."""
    chosen = executor or Executor(render_plainly)
    chosen.comparable = cached
    with Ledger(project) as ledger:
        done = carry_out(
            plan_of(project, run, **{"deadline": GENEROUS, **asked}),
            ledger=ledger,
            executor=chosen,
            wait=lambda seconds: None,
        )
        return done, ledger.attempts(run=run)[::-1]


class Recorded(Executor):
    """An executor that also keeps what its run left."""

    def __init__(self, folder: Path) -> None:
        super().__init__(render_plainly)
        self._folder = folder

    def execute(self, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        finished = super().execute(plan, staged, progress=progress)
        shutil.copytree(staged.folder, self._folder)
        return finished


class NoProcess(Executor):
    """An executor whose runs end as told, without a process."""

    def __init__(self, act: Callable[[Staged], Finished]) -> None:
        super().__init__(render_plainly)
        self._act = act

    def execute(self, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        return self._act(staged)


def sound_runs(folder: Path) -> Callable[[], NoProcess]:
    """Makes executors that leave, without a process, what one real sound run left."""
    kept = folder / "staged"
    done, _ = drive(make_project(folder / "real"), executor=Recorded(kept))
    assert done.state == "succeeded"

    def act(staged: Staged) -> Finished:
        recorded = Staged(kept)
        shutil.copy(recorded.executed, staged.executed)
        shutil.copy(recorded.outcome, staged.outcome)
        shutil.copytree(recorded.work, staged.work, dirs_exist_ok=True)
        return Finished(0, False, 1.0, "", "")

    return lambda: NoProcess(act)
