"""Runs, deliveries and removals, to be killed: see ``tests.support.killed``.

Their reports are those that a sound run left; everything from there on is real, mails included.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jcurve.briefing import all_editions, latest
from jcurve.commands import main
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs.delivery.deliver import MailServer, deliver
from jcurve_runs.execution.executor import Executor, Progress
from jcurve_runs.execution.staging import Staged
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.outbox import Answer
from jcurve_runs.plan.request import Origin, Plan, Request
from jcurve_runs.publishing import batch as batches
from jcurve_runs.publishing import publish
from jcurve_runs.publishing.batch import Batch as Ran
from jcurve_runs.publishing.batch import every
from jcurve_runs.publishing.publish import intact
from jcurve_runs.publishing.runs import recover
from jcurve_runs.schedule.occurrences import Occurrence, Occurrences
from jcurve_runs.schedule.schedules import Schedule
from jcurve_runs.schedule.tick import tick
from tests.support.killed import in_child
from tests.support.notebooks import StandIn, make_project, render_plainly
from tests.support.waiting import until

__all__ = ["Batch", "Deliver", "Outbox", "Prune", "Tick"]

SCENARIOS = ("base", "bear")
START = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
DUE = START + timedelta(minutes=31)
RECIPIENTS = ("cfo@example.org", "board@example.org")
SENDER = "jcurve@example.org"


class Replay(Executor):
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


def replay(recorded: str) -> None:
    """Let every run leave what a sound one left."""
    Replay.recorded = Staged(Path(recorded))
    batches.Executor = Replay  # type: ignore[misc]
    for name in ("package", "renderer", "environment"):
        setattr(publish, name, lambda: "as it is")


def run_all(
    project: Project,
    moment: datetime,
    origin: Origin | None = None,
    name: str | None = None,
    **more: Any,
) -> Ran:
    """Both scenarios, one after the other: the same steps in the same order each time."""
    return batches.batch(
        every(["fixture"], SCENARIOS, Request(origin=origin, **more)),
        project,
        jobs=1,
        batch_id=name,
        clock=lambda: moment,
        render=render_plainly,
        resolve=lambda name, overrides, project: StandIn(name),
    )


class Tick:
    """A look at the clock at which a schedule has just fallen due, deliveries included."""

    def __init__(self, recorded: str, port: str) -> None:
        replay(recorded)
        self.server = MailServer("127.0.0.1", int(port), "none", SENDER, timeout=30.0)

    def lay_out(self, home: Path) -> None:
        project = make_project(home)
        project.reports.mkdir()
        (project.reports / "schedule.yml").write_text(
            "schedules:\n  hourly:\n    report: fixture\n    scenarios: [base, bear]\n"
            "    cron: '0 13 2 mar *'\n    success: [cfo@example.org, board@example.org]\n"
            "    failure: [ops@example.org]\n"
        )
        in_child(lambda: look(project, self.server, START))

    def do(self, home: Path) -> None:
        look(Project(home), self.server, DUE)

    def found(self, home: Path) -> dict[str, Any]:
        project = Project(home)
        for moment in later(DUE):
            in_child(lambda: look(project, self.server, moment))  # noqa: B023
            found = told(project)
            if moment > DUE + timedelta(minutes=1) and not waiting(found):
                break
        return found


class Batch:
    """Two scenarios by hand, over an edition that is there already."""

    def __init__(self, recorded: str) -> None:
        replay(recorded)

    def lay_out(self, home: Path) -> None:
        run_all(make_project(home), START, force=True)

    def do(self, home: Path) -> None:
        run_all(Project(home), DUE, force=True)

    def found(self, home: Path) -> dict[str, Any]:
        project = Project(home)

        def settled() -> bool:
            with Ledger(project) as ledger:
                recover(ledger)
                return all(each.ended for each in ledger.attempts())

        # What the killed process was just starting holds its lock until it runs by itself.
        assert until(settled)
        return told(project)


class Deliver:
    """Four mails that are owed to two recipients each: three of editions, one of a failure."""

    since = DUE

    def __init__(self, recorded: str, port: str) -> None:
        replay(recorded)
        self.server = MailServer("127.0.0.1", int(port), "none", SENDER, timeout=30.0)

    def lay_out(self, home: Path) -> None:
        project = make_project(home)
        for hour in range(3):
            at = START - timedelta(hours=hour + 1)
            run_all(project, at, Origin("hourly", at.isoformat(), RECIPIENTS), force=True)
        with Ledger(project, clock=lambda: START, read_only=True) as ledger:
            facts = {"what": "a failure", "facts": [["Reason", "none"]]}
            ledger.outbox.tell("failure", "topic", RECIPIENTS, facts, schedule="hourly")

    def do(self, home: Path) -> None:
        deliver(Project(home), clock=lambda: DUE, server=self.server)

    def found(self, home: Path) -> dict[str, Any]:
        project = Project(home)
        for moment in later(self.since):
            deliver(project, clock=lambda: moment, server=self.server)  # noqa: B023
            found = told(project)
            if not waiting(found):
                break
        return found


class Outbox(Deliver):
    """Two of these, once they are sent, put back: at once, by the clock of the command."""

    since = datetime.now(UTC) + timedelta(days=1)

    def lay_out(self, home: Path) -> None:
        super().lay_out(home)
        with Ledger(Project(home), clock=lambda: DUE, read_only=True) as ledger:
            for message in ledger.outbox.take_due():
                sent = dict.fromkeys(message.waiting, Answer("sent", ""))
                ledger.outbox.answered(message, sent)
            self.chosen = [entry.message for entry in ledger.outbox.entries()][::4]

    def do(self, home: Path) -> None:
        resend = [word for each in self.chosen for word in ("--resend", each)]
        assert main(["--project", str(home), "outbox", *resend]) == 0

    def found(self, home: Path) -> dict[str, Any]:
        before = waiting(told(Project(home)))
        return {"before": before, "chosen": self.chosen, **super().found(home)}


class Prune(Batch):
    """All but the latest edition of two series, and what a failed run left long ago."""

    def lay_out(self, home: Path) -> None:
        project = make_project(home)
        for days in range(4):
            run_all(project, START + timedelta(days=days), force=True)
        (project.reports / ".failed" / "run-x").mkdir(parents=True)

    def do(self, home: Path) -> None:
        rule = ("--last", "1", "--days", "1", "--no-monthly")
        assert main(["--project", str(home), "prune", *rule]) == 0

    def found(self, home: Path) -> dict[str, Any]:
        page = home / "reports" / "index.html"
        whole = not page.exists() or page.read_text().endswith("</html>\n")
        return {"page": whole, **super().found(home)}


def later(moment: datetime) -> Sequence[datetime]:
    """When to look again: a mail that was put off is tried later each time."""
    return [
        moment + timedelta(minutes=number) + timedelta(hours=7) * (number > 2) * number
        for number in range(1, 60)
    ]


def waiting(found: dict[str, Any]) -> list[str]:
    """The messages that are not yet with everybody."""
    return sorted({message for message, _, state, _ in found["owed"] if state != "sent"})


def look(project: Project, server: MailServer, moment: datetime) -> None:
    """One tick, deliveries included."""

    def run(schedule: Schedule, occurrence: Occurrence, name: str) -> Ran:
        origin = Origin(schedule.name, occurrence.occurrence, schedule.success, schedule.failure)
        return run_all(project, moment, origin, name)

    tick(
        project,
        clock=lambda: moment,
        runner=run,
        deliver=lambda: deliver(project, clock=lambda: moment, server=server),
        resolve=lambda name, overrides, project: StandIn(name),
    )


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
