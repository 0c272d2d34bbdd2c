"""Delivery: what became of scheduled runs goes into the outbox, and from there by mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage

from jcurve.errors import JCurveError
from jcurve.files import make_folder
from jcurve.project import Project
from jcurve_runs.delivery.message import compose
from jcurve_runs.delivery.smtp import MailServer, Refused, Unreachable, mail_server, send
from jcurve_runs.execution.redaction import cleaned, secret_values
from jcurve_runs.ledger.attempts import Clock, Ledger, now
from jcurve_runs.ledger.locks import locked
from jcurve_runs.ledger.outbox import Outbox
from jcurve_runs.ledger.store import state_folder
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.schedule.occurrences import Occurrence
from jcurve_runs.schedule.schedules import Schedule
from jcurve_runs.schedule.tick import Ran

__all__ = ["Delivered", "announce", "deliver"]

_MAIL = "mail"
Send = Callable[[MailServer, EmailMessage], str]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round of deliveries did.

    Attributes:
        sent: how many were taken by the server.
        waiting: how many will be tried again.
        refused: how many never will.
        problem: why nothing was tried, in words; empty otherwise.
    """

    sent: int
    waiting: int
    refused: int
    problem: str = ""


def announce(ledger: Ledger, what: Ran | Occurrence, schedule: Schedule) -> None:
    """Put letters about an occurrence into the outbox, for whoever the schedule names.

    An edition that is unchanged, or had nothing to report, is no news.
    """
    outbox = Outbox(ledger)
    if isinstance(what, Occurrence):
        if schedule.failure:
            facts = [
                ("Due", what.occurrence),
                ("Deadline", what.deadline or ""),
                ("State", what.state),
                ("Detail", what.detail or "none"),
            ]
            told = {"to": list(schedule.failure), "what": schedule.name, "facts": facts}
            outbox.put(f"{what.schedule}@{what.occurrence}", _MAIL, "alarm", told)
        return
    if what.batch is None:
        _failure(outbox, schedule, what.occurrence, None)
        return
    for done in what.batch.runs:
        if done.failed:
            _failure(outbox, schedule, what.occurrence, done)
        elif done.state == "succeeded" and done.edition is not None and schedule.success:
            before = _before(ledger, done)
            folder = f"{done.report}/{done.series}/"
            content = {
                "to": list(schedule.success),
                "edition": folder + done.edition.id,
                "before": None if before is None else folder + before,
            }
            outbox.put(done.run, _MAIL, "success", content)


def deliver(
    project: Project,
    *,
    clock: Clock = now,
    server: MailServer | None = None,
    transport: Send = send,
    again: bool = False,
) -> Delivered:
    """Try everything in the outbox that is due.

    Two at once are harmless: the second leaves the round to the first. A letter counts as
    sent once the server has taken it; a crash right then sends it again under the same id.

    Args:
        project: whose outbox.
        clock: gives the present time.
        server: where mail goes; from the environment when None.
        transport: hands a mail over.
        again: try what waits or was refused at once.

    Raises:
        UsageError: the environment's settings are malformed.
        WriteError, RunError: the store cannot be read or written.
    """
    target = server or mail_server()
    with Ledger(project, clock=clock, read_only=True) as ledger, _alone(project) as alone:
        outbox = Outbox(ledger)
        if not alone:
            return _counted(outbox, "another delivery is under way")
        if again:
            outbox.again()
        letters = outbox.due(clock())
        if target is None:
            told = "JCURVE_SMTP_HOST names no mail server" if letters else ""
            return _counted(outbox, told)
        secrets = secret_values()
        for letter in letters:
            try:
                mail = compose(letter, project, sender=target.sender, moment=clock())
                problem = transport(target, mail)
            except Unreachable as error:
                outbox.failed(letter, cleaned(str(error), secrets), for_good=False)
            except Refused as error:
                outbox.failed(letter, cleaned(str(error), secrets), for_good=True)
            except (JCurveError, OSError, ValueError) as error:
                # The edition is damaged or gone: no later try would find it whole.
                outbox.failed(letter, cleaned(str(error), secrets), for_good=True)
            else:
                outbox.sent(letter, cleaned(problem, secrets))
        return _counted(outbox, "")


def _counted(outbox: Outbox, problem: str) -> Delivered:
    states = [letter.state for letter in outbox.letters()]
    return Delivered(
        sent=states.count("sent"),
        waiting=states.count("waiting"),
        refused=states.count("refused"),
        problem=problem,
    )


def _failure(outbox: Outbox, schedule: Schedule, occurrence: Occurrence, done: Done | None) -> None:
    if not schedule.failure:
        return
    if done is None:
        what, run = schedule.name, f"{schedule.name}@{occurrence.occurrence}.{occurrence.tries}"
        facts = [("Due", occurrence.occurrence), ("Reason", occurrence.detail)]
    else:
        what = f"{done.report} {done.scenario}"
        run = done.run or f"{occurrence.batch}/{done.report}/{done.scenario}"
        facts = [
            ("Schedule", schedule.name),
            ("Due", occurrence.occurrence),
            ("State", done.state),
            ("Reason", done.reason or "none"),
            ("Message", done.message),
            ("Attempts", str(done.attempts)),
        ]
    secrets = secret_values()
    content = {
        "to": list(schedule.failure),
        "what": what,
        "facts": [(label, cleaned(text, secrets)) for label, text in facts],
    }
    outbox.put(run, _MAIL, "failure", content)


def _before(ledger: Ledger, done: Done) -> str | None:
    """The edition of the series that was published before."""
    for attempt in ledger.attempts(report=done.report, series=done.series, state="succeeded"):
        if attempt.run != done.run and attempt.edition is not None:
            return attempt.edition
    return None


@contextmanager
def _alone(project: Project) -> Iterator[bool]:
    folder = state_folder(project)
    make_folder(folder)
    with locked(folder / "deliver.lock") as held:
        yield held
