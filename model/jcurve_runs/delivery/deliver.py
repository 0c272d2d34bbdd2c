"""One round of deliveries: everything in the outbox that is due goes to the server, over SMTP.

Every setting and secret of the server comes from the environment.
"""

from __future__ import annotations

import ipaddress
import os
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage

from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.project import Project
from jcurve_runs.delivery.message import compose, portal_address
from jcurve_runs.execution.redaction import cleaned, secret_values
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.locks import locked
from jcurve_runs.ledger.outbox import Answer, Message, Outbox
from jcurve_runs.ledger.store import now
from jcurve_runs.plan.request import Clock

_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}", re.ASCII)

_FOR_GOOD = 500  # and above: the server will never take it
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over."""

    host: str  # the server
    port: int
    security: str  # ``starttls``, ``tls``, or ``none`` for a server on this machine
    sender: str  # the address that mail comes from
    user: str = ""  # of the account; empty where the server asks for none
    password: str = field(default="", repr=False)
    timeout: float = 30.0  # seconds to wait for each answer


def mail_server(environment: Mapping[str, str] | None = None) -> MailServer | None:
    """The server that the environment names; None when it names none.

    ``JCURVE_SMTP_HOST``, ``_FROM``, and as needed ``_PORT``, ``_SECURITY``, ``_USER``,
    ``_PASSWORD``, ``_TIMEOUT``.
    """
    given = os.environ if environment is None else environment

    def read(name: str, default: str = "") -> str:
        return given.get(f"JCURVE_SMTP_{name}", default).strip()

    def wrong(name: str, what: str, received: str, allowed: str) -> UsageError:
        where = f"JCURVE_SMTP_{name}"
        return UsageError(what, where=where, received=received, allowed=allowed)

    host = read("HOST")
    if not host:
        return None
    security = read("SECURITY", "starttls").lower()
    if security not in _PORTS:
        raise wrong("SECURITY", "unknown security", security, ", ".join(_PORTS))
    if security == "none" and not _is_local(host):
        allowed = "starttls or tls; none for a server on this machine"
        raise wrong("SECURITY", "mail would leave this machine unencrypted", host, allowed)
    port = read("PORT", str(_PORTS[security]))
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise wrong("PORT", "not a port", port, "1 to 65535")
    sender = read("FROM")
    if not _ADDRESS.fullmatch(sender):
        raise wrong("FROM", "not a mail address", sender, "name@host")
    try:
        timeout = float(read("TIMEOUT", "30"))
    except ValueError:
        timeout = 0.0
    if not 0 < timeout <= 600:
        raise wrong("TIMEOUT", "not a number of seconds", read("TIMEOUT"), "up to 600")
    password = given.get("JCURVE_SMTP_PASSWORD", "")
    return MailServer(host, int(port), security, sender, read("USER"), password, timeout)


def send(server: MailServer, mail: EmailMessage, recipients: Sequence[str]) -> dict[str, Answer]:
    """Hand a mail over; what the server says of each recipient.

    A server that is down, slow or busy, an account that it refuses (a password may have
    expired), a sender that it does not know, a certificate that is not valid: the settings may
    be mended, so the mail waits. Refused are a recipient, and a mail for what it holds.
    """
    try:
        with _connected(server) as connection:
            refused = connection.send_message(mail, to_addrs=list(recipients))
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        code = error.smtp_code if isinstance(error, smtplib.SMTPDataError) else 0  # of the mail
        answer = _answer(code, f"{error.smtp_code} {_text(error.smtp_error)}")
        return dict.fromkeys(recipients, answer)
    except ssl.SSLCertVerificationError as error:
        told = f"its certificate is not valid: {error.verify_message}"
        return dict.fromkeys(recipients, Answer("waiting", told))
    except (smtplib.SMTPException, OSError) as error:
        return dict.fromkeys(recipients, Answer("waiting", f"{type(error).__name__}: {error}"))
    answers = dict.fromkeys(recipients, Answer("sent"))
    return answers | {
        address: _answer(code, f"{code} {_text(said)}") for address, (code, said) in refused.items()
    }


def _answer(code: int, problem: str) -> Answer:
    return Answer("refused" if code >= _FOR_GOOD else "waiting", problem)


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.security == "tls":
        connection = smtplib.SMTP_SSL(
            server.host, server.port, timeout=server.timeout, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        if server.security == "starttls":
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said


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
