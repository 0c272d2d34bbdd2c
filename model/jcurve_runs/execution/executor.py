"""What executes a staged notebook and renders an executed one; and the plain way to do both."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from jcurve.ground.errors import RunError
from jcurve.ground.processes import Finished, run_process
from jcurve.ground.project import Project
from jcurve_runs.execution.redaction import without_mail_settings
from jcurve_runs.execution.staging import Staged
from jcurve_runs.plan.request import Plan

Progress = Callable[[str], None]  # told in words what is going on

Render = Callable[[Path, Path, Path], None]
"""Renders an executed notebook: notebook, HTML file to write, PDF file to write."""


class Cancelled(BaseException):
    """The run's caller has called everything off."""


class RendererKilled(RunError):
    """The process that rendered was killed: no fault of the report, and worth another try."""


def check(stop: threading.Event) -> None:
    """Raise ``Cancelled`` once everything is called off."""
    if stop.is_set():
        raise Cancelled


class Executor:
    """Executes staged notebooks and renders executed ones, for several threads at once.

    This one has a child process for each run: slow to start, and right on every machine.
    """

    fallback: str | None = None  # why runs are not executed as was asked for; None while they are

    def __init__(self, render: Render | None = None, project: Project | None = None) -> None:
        """Set up an executor; ``render`` makes HTML and PDF in place of ours, for tests."""
        # whether its editions may be held against earlier ones
        self.comparable = render is None
        self.project = project
        # once it is set, whatever runs is killed and ``Cancelled`` is raised
        self.stop = threading.Event()
        self._render = render
        self._loading: threading.Thread | None = None

    def execute(self, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        """Execute the staged notebook in processes of its own; none is left behind."""
        if self._render is None and self._loading is None:
            self._loading = threading.Thread(target=_load_renderer)
            self._loading.start()
        progress("starting")
        child = ["-m", "jcurve_runs.execution.child", str(staged.folder)]
        return run_process(
            [sys.executable, *child],
            deadline=plan.request.deadline,
            cwd=staged.work,
            env=environment(plan.project, staged),
            lifeline=True,
            on_line=progress,
            on_tick=lambda seconds: check(self.stop),
        )

    def close(self) -> None:
        """End what is kept from run to run."""

    def render(self, notebook: Path, html: Path, pdf: Path) -> None:
        """Make HTML and PDF of an executed notebook."""
        if self._render is not None:
            self._render(notebook, html, pdf)
            return
        if self._loading is not None:
            self._loading.join()
        from jcurve.briefing import render

        render(notebook, html, pdf, project=self.project)


def environment(project: Project, staged: Staged) -> dict[str, str]:
    """The environment of a run: this process's, with what must be the run's own."""
    return {
        **without_mail_settings(os.environ),
        "JCURVE_PROJECT": str(project.root),
        "JCURVE_REPORTS": str(project.reports),
        # Neither the user's IPython start-up files nor a shared folder for kernels.
        "IPYTHONDIR": str(staged.runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(staged.runtime),
        # Sums in one order on every machine, and no threads where a process forks.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _load_renderer() -> None:
    """Load what rendering needs while the child is busy: it saves the best part of a second."""
    from jcurve.briefing import page, reading, typeset
    from jcurve.figures.fonts import charset

    _ = page, reading, typeset, charset()
