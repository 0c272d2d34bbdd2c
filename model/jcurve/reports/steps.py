"""The steps of a run between staging and publishing: execute, judge, keep what failed.

Each takes and returns frozen records, so that whoever drives a run can write a ledger
between them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from jcurve.errors import JCurveError, RunError
from jcurve.files import move_folder, write_json
from jcurve.processes import Finished, run_process
from jcurve.project import Project
from jcurve.reports.plan import Plan
from jcurve.reports.publish import Render
from jcurve.reports.results import FILE_NAME
from jcurve.reports.secrets import without_mail_settings
from jcurve.reports.staged import Staged
from jcurve.reports.verdict import Verdict, judge

__all__ = [
    "DEADLINE",
    "Cancelled",
    "Executor",
    "Plain",
    "Progress",
    "RendererKilled",
    "environment",
    "keep_failed",
    "verdict_on",
]

DEADLINE = 600.0
"""Seconds of wall time for the execution of one report."""

Progress = Callable[[str], None]


class Cancelled(BaseException):
    """The run's caller has called everything off."""


class RendererKilled(RunError):
    """The process that rendered was killed: no fault of the report, and worth another try."""


class Executor(Protocol):
    """Executes staged notebooks and renders executed ones, one at a time."""

    def execute(
        self, plan: Plan, staged: Staged, *, deadline: float, progress: Progress
    ) -> Finished:
        """Execute the staged notebook in processes of its own; none is left behind."""

    def render(self, notebook: Path, html: Path, pdf: Path) -> None:
        """Make HTML and PDF of an executed notebook.

        Raises:
            RunError: it cannot be rendered.
        """

    def check(self) -> None:
        """Raise ``Cancelled`` once everything is called off."""

    def close(self) -> None:
        """End what is kept from run to run."""


class Plain:
    """A child process for each run: slow to start, and right on every machine."""

    def __init__(self, render: Render | None = None, stop: threading.Event | None = None) -> None:
        """Set up an executor.

        Args:
            render: renders; as a briefing when None.
            stop: once it is set, whatever runs is killed and ``Cancelled`` is raised.
        """
        self._render = render
        self._stop = stop or threading.Event()
        self._loading: threading.Thread | None = None

    def execute(
        self, plan: Plan, staged: Staged, *, deadline: float, progress: Progress
    ) -> Finished:
        """Execute the staged notebook in a child process of its own group."""
        if self._render is None and self._loading is None:
            self._loading = threading.Thread(target=_load_renderer)
            self._loading.start()
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
            env=environment(plan.project, staged),
            lifeline=True,
            on_line=progress,
            on_tick=lambda seconds: self.check(),
        )

    def close(self) -> None:
        """Nothing is kept from run to run."""

    def check(self) -> None:
        """Raise ``Cancelled`` once everything is called off."""
        if self._stop.is_set():
            raise Cancelled

    def render(self, notebook: Path, html: Path, pdf: Path) -> None:
        """Render in this process."""
        if self._render is not None:
            self._render(notebook, html, pdf)
            return
        if self._loading is not None:
            self._loading.join()
        from jcurve.briefing import render

        render(notebook, html, pdf)


def environment(project: Project, staged: Staged) -> dict[str, str]:
    """The environment of a run: this process's, with what must be the run's own."""
    return {
        **without_mail_settings(os.environ),
        "JCURVE_PROJECT": str(project.root),
        # Neither the user's IPython start-up files nor a shared folder for kernels.
        "IPYTHONDIR": str(staged.runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(staged.runtime),
        # Sums in one order on every machine, and no threads where a process forks.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


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
    kept = plan.project.reports / ".failed" / staged.folder.name
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


def _load_renderer() -> None:
    """Load what rendering needs while the child is busy: it saves the best part of a second."""
    from jcurve.briefing import page, reading, typeset
    from jcurve.figures.fonts import charset

    _ = page, reading, typeset, charset()
