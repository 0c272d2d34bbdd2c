"""One run of a report, asked for by hand: prepare, then drive it to its end.

Nothing is written before every name and value has been checked, and nothing a reader
could mistake for an edition appears before the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jcurve.briefing.editions import Edition
from jcurve.briefing.results import ReportedScenario
from jcurve.project import Project, find_project
from jcurve_runs.execution.executor import DEADLINE, Plain, Progress
from jcurve_runs.ledger.attempts import Clock, Ledger, now
from jcurve_runs.plan.request import Plan, Resolve, prepare
from jcurve_runs.publishing.attempt import Done, beating, carry_out, raised, recover
from jcurve_runs.publishing.publish import Render
from jcurve_runs.publishing.retry import ONCE

__all__ = ["resolve_scenario", "run", "run_plan"]


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
    force: bool = True,
    workbook: bool = False,
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
        force: run in any case; else the latest edition is returned when a new one would
            say the same.
        workbook: publish the scenario's workbook of live formulas beside it.

    Raises:
        UsageError: unknown report, view or parameter.
        ScenarioError: the scenario or an override does not validate.
        WriteError: the reports folder cannot be written; nothing is left in it.
        RunError: the run did not succeed; its folder is kept under ``reports/.failed``.
        JCurveError: the class that a cell raised, when it raised one of ours.
    """
    time = clock or now
    plan = prepare(
        report,
        scenario,
        overrides or {},
        view=view,
        parameters=parameters or {},
        project=project if isinstance(project, Project) else find_project(project),
        run_id=run_id,
        started=time(),
        resolve=resolve or resolve_scenario,
        workbook=workbook,
    )
    done = run_plan(
        plan, clock=time, deadline=deadline, render=render, progress=progress, force=force
    )
    if done.edition is None:
        raise raised(done)
    return done.edition


def run_plan(
    plan: Plan,
    *,
    clock: Clock = now,
    deadline: float = DEADLINE,
    render: Render | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> Done:
    """Take a prepared run to its end by itself, in a single attempt.

    Raises:
        WriteError, RunError: the ledger cannot be written.
    """
    with Ledger(plan.project, clock=clock) as ledger, beating(ledger):
        recover(ledger)
        return carry_out(
            plan,
            ledger=ledger,
            executor=Plain(render),
            deadline=deadline,
            retry=ONCE,
            force=force,
            cached=render is None,
            progress=progress,
        )


def resolve_scenario(name: str, overrides: Mapping[str, Any], project: Project) -> ReportedScenario:
    """Read a scenario with the assumptions' own reader."""
    from jcurve.assumptions import scenario

    return scenario(name, overrides, project=project)
