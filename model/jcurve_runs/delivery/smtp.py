"""Sends mail over SMTP; every setting and secret comes from the environment."""

from __future__ import annotations

import ipaddress
import os
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage

from jcurve.ground.errors import UsageError
from jcurve_runs.ledger.outbox import Answer

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
