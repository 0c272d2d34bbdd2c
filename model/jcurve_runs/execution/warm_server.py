"""The warm process of a batch: everything loaded once, a fork for each run and rendering.

Started as ``python -m jcurve_runs.execution.warm_server DOOR PROJECT DRAWN``. Requests come
as messages of JSON over the socket DOOR, each with four pipes: where the answer goes, the
lifeline whose end calls the run off, and standard output and error of the copy that does it.
It has one thread and never opens a socket, calls typst or runs an event loop: what is forked from
it is clean.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import re
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from jcurve import figures
from jcurve.briefing.lightweight import lighten, without_debugger
from jcurve.engine.evaluate import keep_pages
from jcurve.ground.errors import JCurveError
from jcurve.ground.project import Project

_ALWAYS = (
    "papermill.execute",
    "papermill.iorw",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.ipkernel",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "psutil",
    "jinja2.ext",
    "mistune.plugins",
    "jupyter_client.provisioning.local_provisioner",
    "contourpy",
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
    "matplotlib.backends.backend_agg",
    "jcurve_runs.execution.child",
    "jcurve_runs.execution.client",
    "jcurve_runs.execution.warm_kernel",
    "jcurve.briefing.page",
    "jcurve.briefing.reading",
    "jcurve.briefing.typeset",
)
_SHELLS = ("matplotlib.pyplot", "matplotlib_inline.backend_inline")
_MODEL = (
    "pandas",
    "scipy.optimize.elementwise",
    "jcurve.analysis.belief_pairs",
    "jcurve.analysis.marginal",
    "jcurve.analysis.market_implied",
    "jcurve.analysis.scale",
    "jcurve.analysis.sensitivity",
    "jcurve.analysis.solving",
)
"""What the questions that reports ask of the model are answered with."""
_SHOWING, _EXHIBIT = "scenario_report.ipynb", re.compile(r"\b(\w+)\.(\w+)\(lens\)")
"""The report whose exhibits are drawn, and how it calls for those that need a case alone."""
_KEPT = 128 * 1024 * 1024  # of freed memory, in each run and rendering
_OBJECTS = 200_000  # new ones before the collector looks at them: more than a report makes
_MESSAGE = 1024 * 1024
_LONGEST = 10_000
_SMALLEST = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
_INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel sets when it starts


def main(arguments: list[str]) -> int:
    """Serve until the door is closed and all that was begun has ended."""
    door, project = socket.socket(fileno=int(arguments[0])), Path(arguments[1])
    door.set_inheritable(False)
    need = arguments[2]
    here = os.getcwd()
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)]
    keep_pages(_KEPT)
    preload(_ALWAYS)
    wear_in()
    if need != "nothing":
        preload(_MODEL)
        preload(module.name for module in iter_modules(figures.__path__, f"{figures.__name__}."))
        rehearse(project, exhibits=need == "exhibits")
    gc.collect()
    gc.freeze()  # the collector would otherwise write to every shared page
    gc.set_threshold(_OBJECTS, 50)  # charts are made of objects that point at each other
    door.send(json.dumps({"unsafe": unsafe()}).encode())
    _serve(door, Project(project))
    return 0


def preload(modules: Iterable[str]) -> None:
    """Import what runs and renderings need; what is missing is left to the notebook."""
    lighten()
    os.environ.setdefault("MPLBACKEND", _INLINE)
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def wear_in() -> None:
    """Do once what every run would do first.

    That is to compile the schema of notebooks, to learn the addresses of this machine and to
    find that no debugger is needed.
    """
    from jupyter_client.localinterfaces import localhost
    from nbformat import NO_CONVERT, reads
    from nbformat.v4 import new_output

    reads(json.dumps(_SMALLEST), NO_CONVERT)
    new_output("display_data", {"text/plain": "a"})
    localhost()
    without_debugger()


def rehearse(project: Path, *, exhibits: bool) -> None:
    """Evaluate the base scenario, so that the model is built and the facts are read.

    For many runs draw what the report on it shows as well: fonts and templates are then read,
    machine code is loaded and the usual texts are measured. Whoever forks checks before each run
    that neither data nor package has changed since.
    """
    from jcurve import evaluate
    from jcurve.figures import Lens
    from jcurve.figures.style import make_ready

    found = Project(project)
    with contextlib.suppress(JCurveError, OSError):  # the notebook will say it where it belongs
        lens = Lens(evaluate(project=project), project=found)
        text = (found.notebooks / _SHOWING).read_text(encoding="utf-8") if exhibits else ""
        for module, name in _EXHIBIT.findall(text):
            with contextlib.suppress(Exception):  # and so will this one
                draw = getattr(importlib.import_module(f"{figures.__name__}.{module}"), name)
                shown = draw(lens)
                for each in shown if isinstance(shown, tuple) else (shown,):
                    each._repr_mimebundle_()
        make_ready()


def unsafe() -> str | None:
    """Why this process must not fork, or None when it may."""
    for name in _SHELLS:
        if name in sys.modules:
            return f"{name} sets itself up for the shell that loads it"
    if not hasattr(os, "pidfd_open"):  # conda's Python is built for kernels older than them
        return "this Python knows no process descriptors"
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        return f"{threads} threads after loading"
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError as error:
        return f"this kernel knows no process descriptors ({error.strerror})"
    return None


@dataclass(slots=True)
class _Copy:
    """A copy at work, with what is heard of it and what is held for it."""

    pid: int
    answer: int
    lifeline: int | None

    def call_off(self) -> None:
        """End it and its group; called when its lifeline has ended."""
        if self.lifeline is not None:
            os.close(self.lifeline)
            self.lifeline = None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # its number is not free before it is waited for

    def end(self) -> None:
        """See its group to its end and tell how it went."""
        self.call_off()
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
            _tell(self.answer, {"status": status})
        os.close(self.answer)


def _tell(answer: int, what: dict[str, Any]) -> None:
    line = json.dumps(what) + "\n"
    os.write(answer, line.encode())


def _serve(door: socket.socket, project: Project) -> None:
    """Begin what is asked for and see it to its end, several at once."""
    copies: dict[int, _Copy] = {}  # by the descriptor of the process
    is_open = True
    while is_open or copies:
        held = {each.lifeline: each for each in copies.values() if each.lifeline is not None}
        heard = [door.fileno()] if is_open else []
        ready, _, _ = select.select([*heard, *copies, *held], [], [])
        for descriptor in ready:
            if descriptor in heard:
                content, pipes, _, _ = socket.recv_fds(door, _MESSAGE, 4)
                is_open = bool(content)
                if content:
                    made = _begin(json.loads(content), pipes, door, project)
                    copies[os.pidfd_open(made.pid)] = made
            elif descriptor in copies:
                copies.pop(descriptor).end()
                os.close(descriptor)
            elif (called_off := held[descriptor]) in copies.values():
                called_off.call_off()


def _begin(
    request: dict[str, Any], pipes: list[int], door: socket.socket, project: Project
) -> _Copy:
    """Fork, and let the copy do the work."""
    answer, lifeline, *printed = pipes
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        door.close()
        for at, descriptor in enumerate(printed, start=1):
            os.dup2(descriptor, at)
        _work(request, project, lifeline, answer)
    for descriptor in printed:
        os.close(descriptor)
    return _Copy(pid, answer, lifeline)


def _work(request: dict[str, Any], project: Project, lifeline: int, answer: int) -> None:
    """The copy's whole life; never returns."""
    status = 70
    try:
        if request["do"] == "execute":
            status = _execute(request, lifeline)
        else:
            _die_with(lifeline)
            status = _render(request, project)
    except JCurveError as error:
        _tell(answer, {"error": str(error)[:_LONGEST]})
        status = error.exit_status
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _execute(request: dict[str, Any], lifeline: int) -> int:
    from jcurve_runs.execution.child import serve
    from jcurve_runs.execution.staging import Staged
    from jcurve_runs.execution.warm_kernel import ForkedKernels, SpareKernel

    os.environ.clear()
    os.environ.update(request["env"])
    staged = Staged(Path(request["folder"]))
    os.chdir(staged.work)
    ForkedKernels.spare = SpareKernel()
    _die_with(lifeline)
    return serve(staged, ForkedKernels)


def _render(request: dict[str, Any], project: Project) -> int:
    from jcurve.briefing import render

    notebook, html, pdf = (Path(request[name]) for name in ("notebook", "html", "pdf"))
    render(notebook, html, pdf, project=project)
    return 0


def _die_with(lifeline: int) -> None:
    """End this whole group when whoever asked is gone, and the warm process with it."""

    def watch() -> None:
        while os.read(lifeline, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
