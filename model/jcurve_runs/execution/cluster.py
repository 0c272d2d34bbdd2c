"""Executes and renders on the workers of a Dask cluster; judged and published where it was asked.

A run goes to one worker as its plan and comes back as a bundle: how the process ended and what it
left, each file with its hash. The same verdict is given on it and the same edition made of it as
of a run here. Whoever dies takes with it only the attempts that it had; they count as killed.
What a worker has begun when the batch is called off it finishes, to no effect.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from jcurve.analysis.cluster import Cluster, Told, check_same, silent
from jcurve.briefing.results import FILE_NAME
from jcurve.ground.errors import JCurveError, RunError
from jcurve.ground.files import make_folder, write_file
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Cancelled, Executor, Progress, RendererKilled
from jcurve_runs.execution.fingerprint import circumstance
from jcurve_runs.execution.redaction import find_secret, secret_values
from jcurve_runs.execution.staging import Staged, stage
from jcurve_runs.execution.warm_executor import Warm
from jcurve_runs.plan.request import Plan

_TICK = 0.25
_MOST = 256 * 1024 * 1024
_HTML, _PDF = "report.html", "report.pdf"


class _WorkerGone(Exception):
    """The worker that had the work is no longer there."""


@dataclass(frozen=True, slots=True)
class _Bundle:
    """What came of work on a worker: files by name, each with the hash it left with."""

    files: Mapping[str, bytes]  # their bytes; of a file that was not made nothing
    digests: Mapping[str, str]  # SHA-256 in hex
    finished: Finished | None = None  # how the process ended; None for a rendering

    @classmethod
    def of(cls, paths: Mapping[str, Path], finished: Finished | None = None) -> _Bundle:
        """Packed up, on the worker."""
        files = {name: path.read_bytes() for name, path in paths.items() if path.is_file()}
        return cls(files, _digests(files), finished)

    def unpack(self, places: Mapping[str, Path]) -> None:
        """Write the files to where they belong; nothing if anything is not as it left."""
        sound = _digests(self.files) == self.digests
        if not sound or not self.files.keys() <= places.keys():
            raise RunError("what a worker sent is not what it made")
        if sum(map(len, self.files.values())) > _MOST:
            raise RunError("what a worker sent is too large", allowed=f"{_MOST // 1024**2} MB")
        for name, content in self.files.items():
            make_folder(places[name].parent)
            write_file(places[name], content, durable=False)


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sha256(content).hexdigest() for name, content in files.items()}


class OnCluster(Executor):
    """An executor whose work is done on a cluster, for several threads; close it when done."""

    project: Project

    def __init__(self, address: str, project: Project, refused: Told) -> None:
        """Connect, and look at the workers; see :class:`jcurve.analysis.cluster.Cluster`."""
        super().__init__(project=project)
        self._cluster = Cluster(address, project, refused, circumstance)
        self.threads = sum(self._cluster.workers().values())

    def execute(self, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        """Execute the staged notebook on a worker; what it leaves lies where it would here."""
        started = time.monotonic()
        try:
            bundle = self._asked(_execute, plan, progress=progress)
        except _WorkerGone as gone:
            seconds = time.monotonic() - started
            return Finished(-signal.SIGKILL, False, seconds, "", f"{gone} is gone")
        bundle.unpack(_left(staged))
        assert bundle.finished is not None
        return bundle.finished

    def render(self, notebook: Path, html: Path, pdf: Path) -> None:
        """Render on a worker."""
        try:
            bundle = self._asked(_render, self.project, notebook.read_bytes())
        except _WorkerGone as gone:
            raise RendererKilled(f"{gone}, which rendered, is gone") from None
        bundle.unpack({_HTML: html, _PDF: pdf})

    def close(self) -> None:
        """Let go of the cluster; harmless twice."""
        self._cluster.close()

    def _asked(
        self,
        work: Callable[..., _Bundle],
        *given: object,
        progress: Progress = silent,
    ) -> _Bundle:
        with self._cluster.one() as worker:
            progress(f"on {worker}")
            # On this worker and no other: its death is to be one attempt, seen and entered.
            future = self._cluster.client.submit(
                work, self._cluster.wanted, *given, workers=[worker], pure=False
            )
            try:
                while not future.done():
                    if self.stop.wait(_TICK):
                        raise Cancelled
                    if worker not in self._cluster.workers():
                        raise _WorkerGone(f"worker {worker}")
                made: _Bundle = future.result()
                return made
            except (JCurveError, _WorkerGone):
                raise
            except (Exception, asyncio.CancelledError) as error:
                # Whatever the worker, its scheduler or the way to them came to.
                if self.stop.is_set():
                    raise Cancelled from None
                raise RunError(f"worker {worker}: {type(error).__name__}: {error}") from error
            finally:
                future.release()


def _left(staged: Staged) -> dict[str, Path]:
    """What is to be judged of a run, by name."""
    results = staged.work / FILE_NAME
    return {each.name: each for each in (staged.executed, staged.outcome, results)}


def _execute(wanted: Mapping[str, str], plan: Plan) -> _Bundle:
    """On a worker: execute a plan in a folder of its own."""
    check_same(wanted, circumstance(plan.project))
    with tempfile.TemporaryDirectory(prefix="jcurve-") as folder:
        staged = stage(plan, under=Path(folder))
        finished = _warm(plan.project).execute(plan, staged, progress=silent)
        # Its own secrets are known to this worker alone: what holds one never leaves it.
        if (found := find_secret(staged.folder, secret_values())) is not None:
            raise RunError(f"{found[0]} holds the value of a worker's {found[1]}")
        return _Bundle.of(_left(staged), finished)


def _render(wanted: Mapping[str, str], project: Project, notebook: bytes) -> _Bundle:
    """On a worker: render an executed notebook."""
    check_same(wanted, circumstance(project))
    with tempfile.TemporaryDirectory(prefix="jcurve-") as folder:
        source = Path(folder) / "notebook.ipynb"  # its name stands in the page
        write_file(source, notebook, durable=False)
        made = {name: Path(folder) / name for name in (_HTML, _PDF)}
        _warm(project).render(source, *made.values())
        return _Bundle.of(made)


@cache
def _warm(project: Project) -> Warm:
    """On a worker: its warm process for a project, from run to run."""
    return Warm(project, "exhibits")
