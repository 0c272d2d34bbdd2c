"""Work that is killed before a step or at a moment, and what whoever comes next finds.

``python -m tests.support.killed WORK FOLDER [MORE ...]`` lays a folder out once and then takes
orders, a line each: ``whole``, ``before 7`` (its seventh step), ``after 0.25`` (seconds). For
each the work is done in a child on a fresh copy; then the next start is made as a user would
make it, and one line of JSON says whether the child lived and what is there. Steps are everything
that changes the disk, every statement that changes the store, every line to and from the mail
server: between two of them nothing happens.

In a test, ``killing`` starts such a process and ``struck`` gives its orders.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import smtplib
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from tests.counts import count, is_full
from tests.support.waiting import GENEROUS

__all__ = ["Ask", "Work", "in_child", "killing", "struck"]

Ask = Callable[[str], dict[str, Any]]

_WRITES = os.O_WRONLY | os.O_RDWR
_CHANGES = ("os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir")
_WHERE = {
    "together": "files",
    "refresh": "files",
    "save": "files",
    "simulate": "files",
    "batch": "runs",
    "tick": "runs",
    "deliver": "runs",
    "outbox": "runs",
    "prune": "runs",
}
"""Which module of ``tests.support.killed_*`` has the work."""


class Work(Protocol):
    """What is killed."""

    def lay_out(self, home: Path) -> None:
        """Make the folder in which it begins."""

    def do(self, home: Path) -> None:
        """Do it."""

    def found(self, home: Path) -> dict[str, Any]:
        """Make the next start and tell what is there."""


def in_child(work: Callable[[], object], under: Path | None = None, order: str = "whole") -> bool:
    """Do ``work`` in a child to which an order applies; whether it lived to the end."""
    how, _, value = order.partition(" ")
    child = os.fork()
    if not child:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - what the work prints is no answer
        try:
            steps = None if under is None else _count(under, int(value) if how == "before" else 0)
            work()
            if under is not None:
                under.with_name("steps").write_text(str(steps and steps()))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if how == "after":
        time.sleep(float(value))
        os.kill(child, signal.SIGKILL)  # not yet waited for: the number is still its own
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status:
        raise SystemExit(f"a child ended with {status} on '{order}'")
    return True


def _count(under: Path, last: int) -> Callable[[], int]:
    """Count this process's steps from now on, and kill it before the one with number ``last``."""
    from jcurve_runs.ledger.store import Store

    done, lock = 0, threading.Lock()

    def step() -> None:
        nonlocal done
        with lock:
            done += 1
            if done == last:
                os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if not int(arguments[2] or 0) & _WRITES:
                return
        elif event not in _CHANGES:
            return
        path = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes | Path) else ""
        of_a_tree = event in ("os.remove", "os.rmdir") and not os.path.isabs(path)
        if of_a_tree or path.startswith(str(under)):
            step()

    def counted(kind: type, name: str) -> None:
        real = getattr(kind, name)

        def method(self: Any, *given: Any, **named: Any) -> Any:
            step()
            return real(self, *given, **named)

        setattr(kind, name, method)

    for name in ("write", "insert", "_end"):
        counted(Store, name)
    for name in ("putcmd", "getreply"):
        counted(smtplib.SMTP, name)
    sys.addaudithook(hook)
    return lambda: done


def serve(work: Work, root: Path) -> None:
    """Answer orders until standard input ends."""
    pristine, home = root / "pristine", root / "home"
    work.lay_out(home)  # where it will lie: paths are the same each time
    home.rename(pristine)
    print("ready", flush=True)
    for line in sys.stdin:
        shutil.copytree(pristine, home, symlinks=True)
        began = time.monotonic()
        lived = in_child(lambda: work.do(home), home, line.strip())
        told = {"lived": lived, "seconds": time.monotonic() - began}
        if lived:
            told["steps"] = int((root / "steps").read_text())
        print(json.dumps(told | work.found(home)), flush=True)
        shutil.rmtree(home)


@contextmanager
def killing(*what: str) -> Iterator[Ask]:
    """A process that takes orders to do some work and kill it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.killed", *what],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        orders, answers = process.stdin, process.stdout

        def ask(order: str) -> dict[str, Any]:
            print(order, file=orders, flush=True)
            answer = answers.readline()
            assert answer, f"the process ended on '{order}'"
            return {"order": order, **json.loads(answer)}

        assert answers.readline() == "ready\n"
        yield ask
        orders.close()
        assert process.wait(GENEROUS) == 0


def struck(ask: Ask, chance: random.Random) -> Iterator[dict[str, Any]]:
    """The work whole, then killed before its steps (each one, at full count) and at random."""
    whole = ask("whole")
    yield whole
    steps = range(1, whole["steps"] + 1)
    full = is_full("moments_of_kills")
    for step in steps if full else chance.sample(steps, min(count("aimed_kills"), len(steps))):
        yield ask(f"before {step}")
    for _ in range(count("moments_of_kills")):
        yield ask(f"after {chance.uniform(0.0, whole['seconds']):.4f}")


if __name__ == "__main__":
    name = sys.argv[1]
    module = import_module(f"tests.support.killed_{_WHERE[name]}")
    serve(getattr(module, name.title())(*sys.argv[3:]), Path(sys.argv[2]))
