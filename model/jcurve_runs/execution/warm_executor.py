"""Executes runs in forks of a warm process, or plainly where that cannot be.

One warm process serves all runs of a batch, as many at once as are asked for: each is a fork of it
with pipes of its own. Its request, and the pipes with it, go over a socket that nothing else holds.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Literal, TypeAlias

from jcurve.ground.errors import RunError
from jcurve.ground.processes import Finished, Tail, kill_tree
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Executor, Progress, RendererKilled, check, environment
from jcurve_runs.execution.fingerprint import loaded_files
from jcurve_runs.execution.staging import Staged
from jcurve_runs.plan.request import Plan

Need: TypeAlias = Literal["nothing", "model", "exhibits"]

_MANY = 5  # runs for which it pays to draw first what they have in common
_START = 120.0
_RENDER = 300.0
_END = 10.0  # for a run that is called off
_TICK = 0.1
_TAIL = 16_384
# Nothing that is loaded may start a thread: neither BLAS nor the allocator in pyarrow. Memory is in
# large pages, where the system has them: fewer are looked up and copied.
_OWN = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
_SILENT: Progress = lambda _: None  # noqa: E731


@dataclass
class _Process:
    """A warm process and the door to it; ``loaded`` is a hash of what it has read."""

    process: subprocess.Popen[bytes]
    door: socket.socket
    loaded: str
    sending: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._tails = [
            Tail(each, _TAIL, None) for each in (self.process.stdout, self.process.stderr)
        ]

    @classmethod
    def start(cls, project: Project, need: Need, loaded: str) -> _Process:
        """Start one, in a process group of its own, without waiting for it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server = ("-m", "jcurve_runs.execution.warm_server", str(theirs.fileno()))
        with theirs:
            process = subprocess.Popen(
                [sys.executable, *server, str(project.root), need],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **_OWN},
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        return cls(process, ours, loaded)

    def refusal(self) -> str | None:
        """Once it has loaded everything: why nothing may be forked from it; None when it may."""
        self.door.settimeout(_START)
        with suppress(OSError, ValueError):
            answer = json.loads(self.door.recv(65_536))
            return None if answer["unsafe"] is None else str(answer["unsafe"])
        lines = self._tails[1].take().strip().splitlines()
        last = lines[-1] if lines else "it gave no reason"
        return f"the warm process did not start: {last}"

    def send(self, request: Mapping[str, Any], pipes: list[int]) -> None:
        """Hand a request over, and the ends of the pipes that are its own."""
        with self.sending, suppress(OSError):  # one that is gone gives no answer
            socket.send_fds(self.door, [json.dumps(request).encode()], pipes)

    def close(self) -> None:
        """End it and all that was forked from it; harmless twice."""
        if self.process.poll() is None:
            kill_tree(self.process)
        self.process.wait()
        self.door.close()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


class Warm(Executor):
    """An executor with a warm process behind it, for several threads; close it when done."""

    project: Project

    def __init__(self, project: Project, need: Need = "nothing") -> None:
        """Start the warm process later, when it is first needed.

        Args:
            need: what it loads before runs are forked from it.
        """
        super().__init__(project=project)
        if not sys.platform.startswith("linux"):
            self.fallback = "forking is safe on Linux only"  # elsewhere libraries have threads
        self._need = need
        self._starting = threading.Lock()
        self._process: _Process | None = None
        self._started: list[_Process] = []

    def execute(self, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        """Execute the staged notebook in a fork of the warm process."""
        warm = self._warm(fresh=True)
        if warm is None:
            return super().execute(plan, staged, progress=progress)
        own = environment(plan.project, staged)
        request = {"do": "execute", "folder": str(staged.folder), "env": own}
        return self._asked(warm, request, plan.request.deadline, progress)[0]

    def render(self, notebook: Path, html: Path, pdf: Path) -> None:
        """Render in a fork of the warm process."""
        warm = self._warm()
        if warm is None:
            super().render(notebook, html, pdf)
            return
        paths = {"notebook": str(notebook), "html": str(html), "pdf": str(pdf)}
        finished, error = self._asked(warm, {"do": "render", **paths}, _RENDER)
        if finished.timed_out:
            raise RendererKilled("the renderer ended without an answer")
        if finished.exit_status < 0:
            raise RendererKilled(f"the renderer was killed by signal {-finished.exit_status}")
        if finished.exit_status != 0:
            last = finished.last_word or "it gave no reason"
            raise RunError(error or f"the renderer failed: {last}")

    def close(self) -> None:
        """End the warm process; a later run starts a new one."""
        for each in self._started:
            each.close()
        self._process, self._started = None, []

    def _asked(
        self, warm: _Process, request: Mapping[str, Any], within: float, told: Progress = _SILENT
    ) -> tuple[Finished, str]:
        """How a fork for a request ended, and the error that it told.

        It dies when its lifeline is let go of: here, or by the death of this process.
        """
        started = time.monotonic()
        with ExitStack() as opened:
            answer, says = _pipe(opened)
            held, lifeline = _pipe(opened)
            out, prints = _pipe(opened)
            err, warns = _pipe(opened)
            tails = [Tail(out, _TAIL, told), Tail(err, _TAIL, None)]
            theirs = (says, held, prints, warns)
            warm.send(request, [each.fileno() for each in theirs])
            for each in theirs:
                each.close()
            found, timed_out = None, False
            try:
                found = _read(answer, within, warm.process, self.stop)
            except TimeoutError:
                timed_out = True
            if found is None:
                check(self.stop)
                lifeline.close()
                with suppress(TimeoutError):
                    _read(answer, _END, warm.process, self.stop)  # until its group is gone
            seconds = time.monotonic() - started
            status = -signal.SIGKILL if found is None else int(found["status"])
            texts = [tail.text() for tail in tails]
        error = "" if found is None else str(found["error"])
        return Finished(status, timed_out, seconds, *texts), error

    def _warm(self, *, fresh: bool = False) -> _Process | None:
        """The warm process, loaded; None where runs are executed plainly.

        ``fresh``: one that has loaded what is now on the disk.
        """
        with self._starting:
            if self.fallback is not None:
                return None
            now = self._process
            if now is not None and now.process.poll() is not None:
                now = None  # it was killed
            loaded = loaded_files(self.project) if fresh or now is None else ""
            if now is not None and not (fresh and now.loaded != loaded):
                return now
            # Where data or code have changed, what runs in the one before goes on.
            try:
                made = _Process.start(self.project, self._need, loaded)
            except OSError as error:
                self.fallback = f"no warm process could be started ({error.strerror})"
                return None
            self._started.append(made)
            refusal = made.refusal()
            check(self.stop)
            if refusal is not None:
                self.fallback = refusal
                self.close()
                return None
            self._process = made
            return made


def _pipe(opened: ExitStack) -> tuple[FileIO, FileIO]:
    """Both ends of a pipe; closed with the block, if not before."""
    reading, writing = os.pipe()
    return (
        opened.enter_context(FileIO(reading, "rb")),
        opened.enter_context(FileIO(writing, "wb")),
    )


def _read(
    answer: FileIO, within: float, process: subprocess.Popen[bytes], stop: threading.Event
) -> dict[str, Any] | None:
    """What comes over a pipe; None when the process that would tell is gone."""
    end = time.monotonic() + within
    gathered = b""
    found: dict[str, Any] = {"error": ""}
    while (left := end - time.monotonic()) > 0:
        check(stop)
        if select.select([answer], [], [], min(_TICK, left))[0]:
            block = answer.read(65_536)
            if not block:
                return None
            *lines, gathered = (gathered + block).split(b"\n")
            for line in lines:
                found |= json.loads(line)
            if "status" in found:
                return found
        elif process.poll() is not None:
            return None
    raise TimeoutError


def needed(reports: Iterable[str], project: Project) -> Need:
    """What runs of these reports have in common, as far as their texts tell: the model where one
    evaluates it, exhibits where enough show them."""
    counts, showing, evaluating = Counter(reports), 0, False
    for report, runs in counts.items():
        with suppress(OSError):  # a run itself will say what is wrong with it
            text = (project.notebooks / f"{report}.ipynb").read_bytes()
            shows = b"jcurve.figures" in text
            showing += runs * shows
            evaluating = evaluating or shows or b"evaluate(" in text
    if showing >= _MANY:
        return "exhibits"
    return "model" if evaluating else "nothing"
