"""The warm process of a batch: everything loaded once, a fork for each run and rendering.

Started as ``python -m jcurve_runs.execution.warm_server ANSWERS PROJECT MODULE…``. Requests
come as lines of JSON on standard input, answers go to the descriptor ANSWERS. It has one thread
and never
opens a socket, calls typst or runs an event loop: what is forked from it is clean.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jcurve.briefing.lightweight import lighten, without_debugger
from jcurve.engine.evaluate import keep_pages
from jcurve.ground.errors import JCurveError

__all__ = ["main", "unsafe"]

_ALWAYS = (
    "papermill.execute",
    "papermill.iorw",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.ipkernel",
    "IPython.core.completerlib",
    "psutil",
    "jupyter_client.provisioning.local_provisioner",
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
_MODEL = "jcurve.evaluate"
_KEPT = 128 * 1024 * 1024  # of freed memory, in each run and rendering
_SMALLEST = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
_INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel sets when it starts


def main(arguments: list[str]) -> int:
    """Serve until standard input ends."""
    answers, project, modules = int(arguments[0]), Path(arguments[1]), arguments[2:]
    os.set_inheritable(answers, False)
    here = os.getcwd()
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)]
    keep_pages(_KEPT)
    preload(modules)
    wear_in()
    if _MODEL in modules:
        rehearse(project)
    gc.collect()
    gc.freeze()  # the collector would otherwise write to every shared page
    _say(answers, {"ready": True, "unsafe": unsafe()})
    for request in _requests():
        _say(answers, _answer(request, answers))
    return 0


def preload(modules: list[str]) -> None:
    """Import what runs and renderings need; what is missing is left to the notebook."""
    lighten()
    os.environ.setdefault("MPLBACKEND", _INLINE)
    for name in (*_ALWAYS, *modules):
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

    reads(json.dumps(_SMALLEST), NO_CONVERT)  # type: ignore[no-untyped-call]
    new_output("display_data", {"text/plain": "a"})  # type: ignore[no-untyped-call]
    localhost()
    without_debugger()


def rehearse(project: Path) -> None:
    """Evaluate the base scenario, so that the model is built and the facts are read.

    Whoever forks checks before each run that neither data nor package has changed since.
    """
    from jcurve import evaluate

    with contextlib.suppress(JCurveError):  # the notebook will say it where it belongs
        evaluate(project=project)


def unsafe() -> str | None:
    """Why this process must not fork, or None when it may."""
    for name in _SHELLS:
        if name in sys.modules:
            return f"{name} sets itself up for the shell that loads it"
    if not hasattr(os, "pidfd_open"):
        return "this Python knows no process descriptors"
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        return f"{threads} threads after loading"
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError as error:
        return f"this kernel knows no process descriptors ({error.strerror})"
    return None


def _requests() -> Iterator[dict[str, Any]]:
    rest = b""
    while block := os.read(0, 65_536):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield json.loads(line)


def _answer(request: dict[str, Any], answers: int) -> dict[str, Any]:
    """Fork, let the copy do the work, and see it and its group to their end."""
    lifeline, held = os.pipe()
    told, tell = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for descriptor in (answers, held, told):
            os.close(descriptor)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        _work(request, lifeline, tell)
    os.close(lifeline)
    os.close(tell)
    try:
        status = _end_of(pid)
        with os.fdopen(told, "rb") as pipe:
            error = pipe.read(65_536)
    finally:
        os.close(held)
    return {"status": status, "error": error.decode(errors="replace")}


def _end_of(pid: int) -> int:
    """Wait for a copy to end, kill what is left of its group; returns its exit status."""
    watched = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([watched, 0], [], [])
        if watched not in ready:
            # Standard input has something while work is going on: nobody asks twice, so the
            # other end is gone. The lifeline ends the copy.
            os._exit(1)
    finally:
        os.close(watched)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # its number is not free before it is waited for
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _work(request: dict[str, Any], lifeline: int, tell: int) -> None:
    """The copy's whole life; never returns."""
    status = 70
    try:
        if request["do"] == "execute":
            status = _execute(request, lifeline, tell)
        else:
            _die_with(lifeline)
            status = _render(request)
    except JCurveError as error:
        with os.fdopen(tell, "wb", closefd=False) as pipe:
            pipe.write(str(error).encode()[:60_000])
        status = error.exit_status
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _execute(request: dict[str, Any], lifeline: int, tell: int) -> int:
    from jcurve_runs.execution.child import serve
    from jcurve_runs.execution.warm_kernel import ForkedKernels, SpareKernel

    os.close(tell)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    ForkedKernels.spare = SpareKernel()
    _die_with(lifeline)
    return serve(Path(request["request"]), Path(request["outcome"]), ForkedKernels)


def _render(request: dict[str, Any]) -> int:
    from jcurve.briefing import render

    render(Path(request["notebook"]), Path(request["html"]), Path(request["pdf"]))
    return 0


def _die_with(lifeline: int) -> None:
    """End this whole group when the warm process is gone, however it went."""

    def watch() -> None:
        while os.read(lifeline, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def _say(answers: int, answer: dict[str, Any]) -> None:
    text = json.dumps(answer).encode() + b"\n"
    while text:
        text = text[os.write(answers, text) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
