"""One run of a report: prepare, stage, execute, judge, render, publish.

Each step is a function of its own that takes and returns a frozen record, so that a
batch or a schedule can drive the same steps and write a ledger between them. Nothing is
written before every name and value has been checked, and nothing a reader could mistake
for an edition appears before the verdict.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jcurve.errors import JCurveError, RunError
from jcurve.files import move_folder, write_json
from jcurve.processes import Finished, run_process
from jcurve.project import Project, find_project
from jcurve.reports.editions import Edition
from jcurve.reports.plan import Plan, Resolve, prepare
from jcurve.reports.provenance import circumstances, determinants
from jcurve.reports.publish import Render, assemble, publish
from jcurve.reports.results import FILE_NAME, ReportedScenario
from jcurve.reports.staged import Staged, stage
from jcurve.reports.verdict import Verdict, judge

__all__ = ["DEADLINE", "execute", "keep_failed", "run", "verdict_on"]

DEADLINE = 600.0
"""Seconds of wall time for the execution of one report."""

Clock = Callable[[], datetime]
Progress = Callable[[str], None]


def run(
    report: str = "scenario_report",
    scenario: str = "base",
    overrides: Mapping[str, Any] | None = None,
    *,
    view: str = "programme",
    parameters: Mapping[str, Any] | None = None,
    project: str | Path | Project | None = None,
    run_id: str | None = None,
    clock: Clock | None = None,
    deadline: float = DEADLINE,
    render: Render | None = None,
    resolve: Resolve | None = None,
    progress: Progress | None = None,
) -> Edition:
    """Run a report to a published edition.

    Args:
        report: name of a notebook in ``notebooks/``.
        scenario: name of a scenario.
        overrides: assumption key → value, on top of the scenario.
        view: the view the report leads with.
        parameters: further parameters that the notebook declares.
        project: the project or its folder; found from here when None.
        run_id: the edition's identifier; made from the clock when None.
        clock: gives the present time; the system's when None.
        deadline: seconds after which the run is stopped.
        render: makes HTML and PDF; the briefing when None.
        resolve: reads a scenario; the assumptions' own reader when None.
        progress: told in words what is going on.

    Raises:
        UsageError: unknown report, view or parameter.
        ScenarioError: the scenario or an override does not validate.
        WriteError: the reports folder cannot be written; nothing is left in it.
        RunError: the run did not succeed; its folder is kept under ``reports/.failed``.
        JCurveError: the class that a cell raised, when it raised one of ours.
    """
    tell: Progress = progress or (lambda _: None)
    now = clock or _now
    plan = prepare(
        report,
        scenario,
        overrides or {},
        view=view,
        parameters=parameters or {},
        project=project if isinstance(project, Project) else find_project(project),
        run_id=run_id,
        started=now(),
        resolve=resolve or _resolve,
    )
    staged = stage(plan)
    loading = threading.Thread(target=_load_renderer)
    if render is None:
        loading.start()
    try:
        finished = execute(plan, staged, deadline=deadline, progress=tell)
        verdict = verdict_on(plan, staged, finished)
        results = verdict.results
        if results is None:
            raise keep_failed(plan, staged, verdict, finished)
        tell("rendering")
        if render is None:
            loading.join()
        provenance = {
            "report": plan.edition.report,
            "parameters": dict(plan.parameters),
            "determinants": determinants(plan.scenario, plan.project, seed=results.seed).to_json(),
            "circumstances": circumstances(),
            "started": plan.started.isoformat(timespec="seconds"),
            "seconds": round(finished.seconds, 2),
        }
        try:
            assemble(
                plan.edition,
                staged.edition,
                executed=staged.executed,
                results=results,
                render=render or _render,
                provenance=provenance,
            )
        except RunError as error:
            verdict = Verdict("failed", "not_rendered", str(error))
            raise keep_failed(plan, staged, verdict, finished) from error
        tell("publishing")
        publish(plan.edition, staged.edition, results=results, published=now())
        return plan.edition
    finally:
        shutil.rmtree(staged.folder, ignore_errors=True)


def execute(plan: Plan, staged: Staged, *, deadline: float, progress: Progress) -> Finished:
    """Execute the staged notebook in a child process of its own group."""
    environment = {
        **os.environ,
        "JCURVE_PROJECT": str(plan.project.root),
        # Neither the user's IPython start-up files nor a shared folder for kernels.
        "IPYTHONDIR": str(staged.runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(staged.runtime),
    }
    progress("starting")
    return run_process(
        [
            sys.executable,
            "-m",
            "jcurve.reports.child",
            str(staged.request),
            str(staged.outcome),
        ],
        deadline=deadline,
        cwd=staged.work,
        env=environment,
        lifeline=True,
        on_line=progress,
    )


def verdict_on(plan: Plan, staged: Staged, finished: Finished) -> Verdict:
    """The verdict on an executed run."""
    return judge(
        finished,
        executed=staged.executed,
        outcome=staged.outcome,
        results=staged.work / FILE_NAME,
        expected={
            "report": plan.edition.report,
            "view": str(plan.parameters["view"]),
            "hash": plan.scenario.hash,
        },
    )


def keep_failed(plan: Plan, staged: Staged, verdict: Verdict, finished: Finished) -> JCurveError:
    """Move what a failed run left to ``reports/.failed``, marked as partial.

    Returns:
        The error to raise for the verdict.

    Raises:
        WriteError: it cannot be kept.
    """
    shutil.rmtree(staged.runtime, ignore_errors=True)
    _mark_partial(staged.executed, verdict)
    write_json(
        staged.folder / "verdict.json",
        {
            "run": plan.edition.id,
            "report": plan.edition.report,
            "series": plan.edition.series,
            "state": verdict.state,
            "reason": verdict.reason,
            "message": verdict.message,
            "cell": verdict.cell,
            "partial": True,
            "exit_status": finished.exit_status,
            "seconds": round(finished.seconds, 2),
            "error_output": finished.err_tail,
        },
    )
    kept = plan.project.reports / ".failed" / plan.edition.id
    move_folder(staged.folder, kept)
    return verdict.error(
        f"{plan.edition.report} {plan.edition.series}",
        kept.relative_to(plan.project.root).as_posix(),
    )


def _mark_partial(executed: Path, verdict: Verdict) -> None:
    try:
        notebook = json.loads(executed.read_bytes())
    except (OSError, ValueError):
        return  # nothing was executed, so there is nothing to mark
    notebook["metadata"]["jcurve"] = {"partial": True, "reason": verdict.reason}
    write_json(executed, notebook, durable=False)


def _now() -> datetime:
    return datetime.now(UTC)


def _resolve(name: str, overrides: Mapping[str, Any], project: Project) -> ReportedScenario:
    from jcurve.assumptions import scenario

    return scenario(name, overrides, project=project)


def _load_renderer() -> None:
    """Load what rendering needs while the child is busy: it saves the best part of a second."""
    from jcurve.figures.fonts import charset
    from jcurve.reports.briefing import page, reading, typeset

    _ = page, reading, typeset, charset()


def _render(notebook: Path, html: Path, pdf: Path) -> None:
    from jcurve.reports.briefing import render

    render(notebook, html, pdf)
