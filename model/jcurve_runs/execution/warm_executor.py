"""Executes runs in forks of a warm process, or plainly where that cannot be.

One warm process serves one run at a time; a batch has as many as it has runs at once.
"""

from __future__ import annotations

import ast
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jcurve.ground.errors import RunError
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Cancelled, Plain, Progress, RendererKilled, environment
from jcurve_runs.execution.fingerprint import loaded_files
from jcurve_runs.execution.staging import Staged
from jcurve_runs.execution.worker import NoAnswer, Worker
from jcurve_runs.plan.request import Plan

__all__ = ["Warm", "imported_by"]

_START = 120.0
_RENDER = 300.0
# Nothing that is loaded may start a thread: neither BLAS nor the allocator in pyarrow.
_SINGLE = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
# These set themselves up for the shell that loads them.
_IN_KERNEL_ONLY = ("matplotlib.pyplot", "matplotlib.pylab", "matplotlib.backends")
_PRELOADED = ("jcurve", "numpy", "pandas", "matplotlib", "IPython", "scipy")


class Warm:
    """An executor with a warm process behind it; close it when done.

    Attributes:
        fallback: why runs are executed plainly, None while they are not.
    """

    comparable = True

    def __init__(
        self,
        project: Project,
        modules: tuple[str, ...] = (),
        stop: threading.Event | None = None,
    ) -> None:
        """Start the warm process later, when it is first needed.

        Args:
            project: whose reports are run.
            modules: what to load beforehand, as ``imported_by`` finds it.
            stop: once it is set and ``close`` called, ``Cancelled`` is raised.
        """
        self.fallback: str | None = None
        if not sys.platform.startswith("linux"):
            self.fallback = "forking is safe on Linux only"  # elsewhere libraries have threads
        self._project = project
        self._modules = modules
        self._loaded = ""
        self._stop = stop or threading.Event()
        self._plain = Plain(stop=self._stop)
        self._worker: Worker | None = None
        self._ready = False
        self._progress: Progress = lambda _: None

    def start(self) -> None:
        """Start the warm process without waiting for it."""
        if self._worker is None and self.fallback is None:
            self._loaded = self._files()
            try:
                self._worker = Worker(
                    lambda answers: [
                        *(sys.executable, "-m", "jcurve_runs.execution.warm_server", str(answers)),
                        *(str(self._project.root), *self._modules),
                    ],
                    env={**os.environ, **_SINGLE},
                    on_line=lambda line: self._progress(line),
                )
            except OSError as error:
                self.fallback = f"no warm process could be started ({error.strerror})"
            self._ready = False

    def execute(self, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        """Execute the staged notebook in a fork of the warm process."""
        if self._worker is not None and self._loaded != self._files():
            self.close()  # data or code have changed since it was loaded
        worker = self._warm()
        if worker is None:
            return self._plain.execute(plan, staged, progress=progress)
        request = {
            "do": "execute",
            "request": str(staged.request),
            "outcome": str(staged.outcome),
            "cwd": str(staged.work),
            "env": environment(plan.project, staged),
        }
        worker.tails()
        self._progress = progress
        started = time.monotonic()
        try:
            status = worker.ask(request, within=plan.request.deadline)["status"]
            timed_out = False
        except NoAnswer as no_answer:
            self._called_off()
            # Its group goes with it: nothing of the run survives.
            status, timed_out = no_answer.exit_status, no_answer.exit_status is None
            if status is None or status >= 0:
                status = -signal.SIGKILL
            tails = worker.tails()
            self.close()
        except BaseException:
            self.close()
            raise
        else:
            tails = worker.tails()
        finally:
            self._progress = lambda _: None
        return Finished(status, timed_out, time.monotonic() - started, *tails)

    def render(self, notebook: Path, html: Path, pdf: Path) -> None:
        """Render in a fork of the warm process.

        Raises:
            RunError: it cannot be rendered.
        """
        worker = self._warm()
        if worker is None:
            self._plain.render(notebook, html, pdf)
            return
        paths = {"notebook": str(notebook), "html": str(html), "pdf": str(pdf)}
        try:
            answer = worker.ask({"do": "render", **paths}, within=_RENDER)
        except NoAnswer:
            self._called_off()
            self.close()
            raise RendererKilled("the renderer ended without an answer") from None
        except BaseException:
            self.close()
            raise
        if answer["status"] < 0:
            raise RendererKilled(f"the renderer was killed by signal {-answer['status']}")
        if answer["status"] != 0:
            _, errors = worker.tails()
            last = errors.strip().splitlines()[-1:] or ["it gave no reason"]
            raise RunError(answer["error"] or f"the renderer failed: {last[0]}")

    def check(self) -> None:
        """Raise ``Cancelled`` once everything is called off."""
        self._plain.check()

    def close(self) -> None:
        """End the warm process; a later run starts a new one."""
        worker, self._worker, self._ready = self._worker, None, False
        if worker is not None:
            worker.close()

    def _called_off(self) -> None:
        if self._stop.is_set():
            self.close()
            raise Cancelled

    def _files(self) -> str:
        """A hash of everything that the warm process has loaded."""
        return loaded_files(self._project)

    def _warm(self) -> Worker | None:
        """The warm process, loaded; None where runs are executed plainly."""
        self.start()
        if self._worker is None or self._ready:
            return self._worker
        try:
            answer = self._worker.ask(None, within=_START)
        except NoAnswer:
            self._called_off()
            _, errors = self._worker.tails()
            last = errors.strip().splitlines()[-1:] or ["it gave no reason"]
            answer = {"unsafe": f"the warm process did not start: {last[0]}"}
        except BaseException:
            self.close()
            raise
        if answer["unsafe"] is not None:
            self.fallback = str(answer["unsafe"])
            self.close()
            return None
        self._ready = True
        return self._worker


def imported_by(notebook: Mapping[str, Any]) -> tuple[str, ...]:
    """The modules that a notebook's cells import, as far as they are ours or usual ones.

    Nothing is executed to find them; a cell that is no plain Python is passed over.
    """
    found: set[str] = set()
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        with suppress(SyntaxError, ValueError):
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                if isinstance(node, ast.Import):
                    found |= {name.name for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module)
                    found |= {f"{node.module}.{name.name}" for name in node.names}
    return tuple(
        sorted(
            name
            for name in found
            if name.split(".")[0] in _PRELOADED and not name.startswith(_IN_KERNEL_ONLY)
        )
    )
