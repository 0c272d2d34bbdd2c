"""One round of deliveries: everything in the outbox that is due goes to the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from jcurve.ground.errors import JCurveError
from jcurve.ground.project import Project
from jcurve_runs.delivery.message import compose, portal_address
from jcurve_runs.delivery.smtp import MailServer, mail_server, send
from jcurve_runs.execution.redaction import cleaned, secret_values
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.locks import locked
from jcurve_runs.ledger.outbox import Answer, Message, Outbox
from jcurve_runs.ledger.store import now
from jcurve_runs.plan.request import Clock

Send = Callable[[MailServer, EmailMessage, Sequence[str]], Mapping[str, Answer]]
"""Hands a mail to a server for some recipients; what it says of each."""

_NO_SERVER = "mails are owed, but JCURVE_SMTP_HOST names no mail server"


@dataclass(frozen=True, slots=True)
class Delivered:
    """How the outbox stands after a round, counted in recipients."""

    sent: int  # how many a server has taken, in all
    waiting: int  # how many will be tried again
    refused: int  # how many never will
    problem: str = ""  # why nothing was tried, in words; empty otherwise


def mail_problem() -> str:
    """What is wrong with the mail settings of the environment, in words; empty when nothing."""
    try:
        portal_address()
        return _NO_SERVER.replace("owed", "asked for") if mail_server() is None else ""
    except JCurveError as error:
        return str(error)


def deliver(
    project: Project,
    *,
    clock: Clock = now,
    server: MailServer | None = None,
    transport: Send = send,
    again: bool = False,
) -> Delivered:
    """Try everything in the outbox that is due.

    Two at once are harmless: the second leaves the round to the first. A recipient counts as
    served once the server has taken the mail for it; a crash right then sends it again under
    the same id.
    """
    problem, target = "", server
    try:
        portal_address()
        target = server or mail_server()
    except JCurveError as error:  # a setting is malformed: mails wait until it is mended
        problem, target = str(error), None
    with (
        Ledger(project, clock=clock, read_only=True) as ledger,
        locked(ledger.store.folder / "deliver.lock") as alone,
    ):
        outbox = ledger.outbox
        if not alone:
            return _counted(outbox, "another delivery is under way")
        if again:
            outbox.resend()
        if target is None:
            waits = any(each.state == "waiting" for each in outbox.entries())
            return _counted(outbox, problem or (_NO_SERVER if waits else ""))
        secrets = secret_values()
        for message in outbox.take_due():
            answers = _sent(message, project, target, transport, clock)
            told = {
                to: Answer(it.state, cleaned(it.problem, secrets)) for to, it in answers.items()
            }
            outbox.answered(message, told)
        return _counted(outbox, "")


def _sent(
    message: Message, project: Project, server: MailServer, transport: Send, clock: Clock
) -> Mapping[str, Answer]:
    try:
        mail = compose(message, project, sender=server.sender, moment=clock())
        return transport(server, mail, message.waiting)
    except (JCurveError, OSError, ValueError) as error:
        # The edition is damaged or gone: no later try would find it whole.
        return dict.fromkeys(message.waiting, Answer("refused", str(error)))


def _counted(outbox: Outbox, problem: str) -> Delivered:
    states = [entry.state for entry in outbox.entries()]
    return Delivered(
        sent=states.count("sent"),
        waiting=states.count("waiting"),
        refused=states.count("refused"),
        problem=problem,
    )
