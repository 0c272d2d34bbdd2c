"""A look at the clock that kills itself before a step, then one that lives; many times over.

``python -m tests.support.killed_tick ROOT RECORDED PORT``: each line of standard input is the
number of a step. A fresh copy of a project, whose schedule has just fallen due, is ticked in a
child that kills itself before that step; then by children that live. The answer is a line of JSON:
whether the first child lived, what is published, entered and owed. Steps are everything that
changes the disk, every statement that changes the store, every line sent to the mail server.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import smtplib
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jcurve.briefing import all_editions, latest
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs import Ledger, Request
from jcurve_runs.delivery.deliver import deliver
from jcurve_runs.delivery.smtp import MailServer
from jcurve_runs.execution.executor import Plain, Progress
from jcurve_runs.execution.staging import Staged
from jcurve_runs.ledger.store import Store
from jcurve_runs.plan.request import Origin, Plan
from jcurve_runs.publishing import batch as batches
from jcurve_runs.publishing import unchanged
from jcurve_runs.publishing.batch import Batch, every
from jcurve_runs.publishing.unchanged import intact
from jcurve_runs.schedule.occurrences import Occurrence, Occurrences
from jcurve_runs.schedule.schedules import Schedule
from jcurve_runs.schedule.tick import tick
from tests.support.killed import changes_something
from tests.support.notebooks import StandIn, make_project, render_plainly

SCENARIOS = ("base", "bear")
START = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
DUE = START + timedelta(minutes=31)


class Replay(Plain):
    """Leaves what a sound run left; its editions are compared as any are."""

    recorded: Staged

    def __init__(self, render: object = None, stop: threading.Event | None = None) -> None:
        super().__init__(render_plainly, stop)
        self.comparable = True

    def execute(self, plan: Plan, staged: Staged, *, progress: Progress) -> Finished:
        for name in ("executed", "outcome"):
            shutil.copy(getattr(self.recorded, name), getattr(staged, name))
        shutil.copytree(self.recorded.work, staged.work, dirs_exist_ok=True)
        return Finished(0, False, 1.0, "", "")


def look(project: Project, server: MailServer, moment: datetime) -> None:
    """One tick, deliveries included."""

    def run(schedule: Schedule, occurrence: Occurrence, name: str) -> Batch:
        origin = Origin(schedule.name, occurrence.occurrence, schedule.success, schedule.failure)
        return batches.batch(
            every(schedule.reports, SCENARIOS, Request(origin=origin)),
            project,
            jobs=1,  # the same steps in the same order each time
            batch_id=name,
            clock=lambda: moment,
            render=render_plainly,
            resolve=lambda name, overrides, project: StandIn(name),
        )

    tick(
        project,
        clock=lambda: moment,
        runner=run,
        deliver=lambda: deliver(project, clock=lambda: moment, server=server),
        resolve=lambda name, overrides, project: StandIn(name),
    )


def in_child(
    work: Callable[[], object], step: int | None = None, under: Path | None = None
) -> bool:
    """Do ``work`` in a child that kills itself before a step; whether it lived to the end."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if status and not killed:
            raise SystemExit(f"a child ended with {status} at step {step}")
        return not killed
    if step is not None and under is not None:
        kill_before(step, under)
    work()
    os._exit(0)


def kill_before(step: int, under: Path) -> None:
    """Count steps, and end this process before one."""
    left, lock = step, threading.Lock()

    def count() -> None:
        nonlocal left
        with lock:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if changes_something(event, arguments) and str(arguments[0]).startswith(str(under)):
            count()

    def counted(kind: type, name: str) -> None:
        real = getattr(kind, name)

        def method(self: Any, *given: Any, **named: Any) -> Any:
            count()
            return real(self, *given, **named)

        setattr(kind, name, method)

    for name in ("write", "insert", "_end"):
        counted(Store, name)
    for name in ("putcmd", "getreply"):
        counted(smtplib.SMTP, name)
    sys.addaudithook(hook)


def told(project: Project) -> dict[str, Any]:
    """What is there."""
    with Ledger(project, read_only=True) as ledger:
        attempts = ledger.attempts()
        occurrences = Occurrences(ledger).of("hourly")
        owed = ledger.outbox.entries()
    return {
        "published": [
            f"fixture/{series}/{edition.id}"
            for series in SCENARIOS
            for edition in all_editions(project, "fixture", series)
        ],
        "torn": [
            edition.id
            for series in SCENARIOS
            for edition in all_editions(project, "fixture", series)
            if not intact(edition)
        ],
        "latest": [
            found.id
            for series in SCENARIOS
            if (found := latest(project, "fixture", series)) is not None
        ],
        "succeeded": [
            f"{each.report}/{each.series}/{each.run}"
            for each in attempts
            if each.state == "succeeded"
        ],
        "open": [each.run for each in attempts if each.ended is None],
        "occurrences": [(each.occurrence, each.state) for each in occurrences],
        "owed": [(each.message, each.address, each.state, each.about) for each in owed],
        "staging": [path.name for path in (project.reports / ".staging").glob("*")],
    }


def main(root: Path, recorded: Staged, port: int) -> None:
    """Serve until standard input ends."""
    Replay.recorded = recorded
    batches.Plain = Replay  # type: ignore[misc]
    for name in ("package", "renderer", "environment"):
        setattr(unchanged, name, lambda: "as it is")
    server = MailServer("127.0.0.1", port, "none", "jcurve@example.org", timeout=30.0)
    template = make_project(root / "template")
    template.reports.mkdir()
    (template.reports / "schedule.yml").write_text(
        "schedules:\n  hourly:\n    report: fixture\n    scenarios: [base, bear]\n"
        "    cron: '0 13 2 mar *'\n    success: [cfo@example.org, board@example.org]\n"
        "    failure: [ops@example.org]\n"
    )
    in_child(lambda: look(template, server, START))
    print("ready", flush=True)
    for number, line in enumerate(sys.stdin):
        home = root / f"p{number}"
        shutil.copytree(template.root, home)
        project = Project(home)
        lived = in_child(lambda: look(project, server, DUE), int(line), home)  # noqa: B023
        for later in range(1, 60):  # a mail that was put off is tried again, later each time
            moment = DUE + timedelta(minutes=later) + timedelta(hours=7) * (later > 2) * later
            in_child(lambda: look(project, server, moment))  # noqa: B023
            found = told(project)
            if later > 1 and all(state == "sent" for _, _, state, _ in found["owed"]):
                break
        print(json.dumps({"lived": lived, **found}), flush=True)
        shutil.rmtree(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Staged(Path(sys.argv[2])), int(sys.argv[3]))
