"""Delivery against a real local SMTP server: up, down, slow, refusing; and no secrets."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from jcurve.errors import UsageError
from jcurve.processes import Finished
from jcurve.project import Project
from jcurve_runs import Ledger
from jcurve_runs.delivery.deliver import announce, deliver
from jcurve_runs.delivery.message import MOST_ATTACHED, one_line
from jcurve_runs.delivery.smtp import MailServer, Refused, Unreachable, mail_server
from jcurve_runs.execution.redaction import (
    cleaned,
    find_secret,
    redact,
    secret_values,
    without_mail_settings,
)
from jcurve_runs.execution.staging import Staged
from jcurve_runs.ledger.locks import locked
from jcurve_runs.ledger.outbox import Letter, Outbox
from jcurve_runs.ledger.store import state_folder
from jcurve_runs.publishing.attempt import Done, carry_out
from jcurve_runs.publishing.manifest import Batch
from jcurve_runs.schedule.occurrences import Occurrence
from jcurve_runs.schedule.schedules import Schedule, read_schedules
from jcurve_runs.schedule.tick import Ran
from tests.support.drives import NoProcess, plan_of, sound_runs
from tests.support.notebooks import make_project
from tests.support.waiting import GENEROUS, nobody_listens

MOMENT = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)
SECRET = 'corr"ect horse+bat/tery<staple>'


class Inbox:
    """An SMTP server's handler that keeps what it takes, or answers as told."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 taken"
        self.refused: dict[str, str] = {}
        self.delay = threading.Event()
        self.slow = False

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.slow:
            import asyncio

            while not self.delay.is_set():
                await asyncio.sleep(0.02)
        if self.answer.startswith("250"):
            parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
        return self.answer


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[MailServer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port, ready_timeout=GENEROUS)
    controller.start()
    yield MailServer("127.0.0.1", port, "none", "jcurve@example.org", timeout=GENEROUS)
    inbox.delay.set()
    controller.stop()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NoProcess]:
    return sound_runs(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_project(tmp_path)
    made.reports.mkdir()
    (made.reports / "schedule.yml").write_text(
        "schedules:\n  daily:\n    report: fixture\n    scenarios: [base]\n"
        "    cron: '0 9 * * *'\n    success: [cfo@example.org, board@example.org]\n"
        "    failure: [ops@example.org]\n"
    )
    return made


def schedule_of(project: Project) -> Schedule:
    """The project's one schedule."""
    (made,) = read_schedules(project)
    return made


def run(project: Project, executor: NoProcess, name: str = "run-1") -> Done:
    """A run that publishes what a sound one left."""
    with Ledger(project) as ledger:
        return carry_out(plan_of(project, name), ledger=ledger, executor=executor, force=True)


def tell(project: Project, *runs: Done, state: str = "done") -> Occurrence:
    """Announce an occurrence of the schedule with these runs."""
    occurrence = Occurrence(
        *("daily", "2026-07-30T09:00:00.000+00:00", None, state, "", "b-1", 1, None),
        *("2026-07-30T09:00:00.000+00:00", None, None),
    )
    batch = Batch("b-1", runs, project.reports, "plain")
    with Ledger(project) as ledger:
        announce(ledger, Ran(schedule_of(project), occurrence, batch), schedule_of(project))
    return occurrence


def letters(project: Project) -> list[Letter]:
    """The outbox."""
    with Ledger(project, read_only=True) as ledger:
        return Outbox(ledger).letters()


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """Its plain text and its HTML."""
    plain, page = mail.get_body(["plain"]), mail.get_body(["html"])
    assert plain is not None
    text = plain.get_content().replace("\r\n", "\n")
    return text, page.get_content() if page is not None else ""


class TestMail:
    """What arrives."""

    def test_an_edition(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        server: MailServer,
        inbox: Inbox,
    ) -> None:
        done = run(project, sound())
        tell(project, done)

        assert deliver(project, server=server).sent == 1

        (mail,) = inbox.mails
        assert mail["Subject"] == "J-Curve: Stand-in: NPV 0.0015 USD bn"
        assert mail["To"] == "cfo@example.org, board@example.org"
        assert mail["From"] == "jcurve@example.org"
        text, page = bodies(mail)
        assert "npv: 0.0015 USD bn" in text
        assert "This is the first edition." in text
        assert "Data through 2026Q2" in text
        assert "reports/fixture/base/run-1/report.html" in text
        assert "<td>npv</td>" in page
        (pdf,) = mail.iter_attachments()
        assert pdf.get_filename() == "fixture-base.pdf"
        assert done.edition is not None
        assert pdf.get_content() == done.edition.pdf.read_bytes()

    def test_what_changed_since_the_last_edition(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        server: MailServer,
        inbox: Inbox,
    ) -> None:
        run(project, sound(), "run-1")
        first = project.reports / "fixture/base/run-1/results.json"
        changed = json.loads(first.read_text())
        changed["headlines"]["programme"]["npv"]["value"] = 3.0
        first.write_text(json.dumps(changed))
        tell(project, run(project, sound(), "run-2"))
        tell(project, run(project, sound(), "run-3"))
        deliver(project, server=server)
        texts = [bodies(mail)[0] for mail in inbox.mails]
        assert "npv: 0.003 USD bn → 0.0015 USD bn (-0.0015 USD bn, -50.0%)" in texts[0]
        assert "No headline figure has changed since the last edition." in texts[1]

    def test_a_chart_is_shown_as_png_with_its_alt_text(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        server: MailServer,
        inbox: Inbox,
    ) -> None:
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">'
            '<rect width="40" height="20" fill="#204060"/></svg>'
        )
        exhibit = {"kind": "chart", "svg": svg, "alt": 'Falls "then" rises <b>'}
        done = run(project, sound())
        assert done.edition is not None
        notebook = json.loads(done.edition.notebook.read_text())
        notebook["cells"][-1]["outputs"] = [
            {"data": {"application/vnd.jcurve.exhibit+json": exhibit}, "metadata": {}}
        ]
        done.edition.notebook.write_text(json.dumps(notebook))
        tell(project, done)
        deliver(project, server=server)
        (mail,) = inbox.mails
        (image,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
        assert image["Content-ID"] == "<chart@jcurve>"
        assert image.get_payload(decode=True)[:8] == b"\x89PNG\r\n\x1a\n"  # type: ignore[index]
        page = bodies(mail)[1]
        assert "cid:chart@jcurve" in page
        assert "Falls &quot;then&quot; rises &lt;b&gt;" in page

    def test_a_large_pdf_stays_at_home(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        server: MailServer,
        inbox: Inbox,
    ) -> None:
        done = run(project, sound())
        assert done.edition is not None
        done.edition.pdf.write_bytes(b"%PDF" + b"x" * MOST_ATTACHED)
        tell(project, done)
        deliver(project, server=server)
        (mail,) = inbox.mails
        assert list(mail.iter_attachments()) == []
        assert "too large for a mail" in bodies(mail)[0]

    def test_a_failure_goes_to_others(
        self, project: Project, server: MailServer, inbox: Inbox
    ) -> None:
        failed = Done(
            "failed", "run-9", "fixture", "base", "base", reason="cell_error", message="1 / 0"
        )
        tell(project, failed, state="failed")
        deliver(project, server=server)
        (mail,) = inbox.mails
        assert (mail["To"], mail["Subject"]) == ("ops@example.org", "J-Curve: fixture base failed")
        assert "Reason: cell_error\nMessage: 1 / 0\n" in bodies(mail)[0]

    def test_an_alarm(self, project: Project, server: MailServer, inbox: Inbox) -> None:
        late = Occurrence(
            *("daily", "2026-07-30T09:00:00.000+00:00", "2026-07-30T11:00:00.000+00:00"),
            *("skipped", "missed", None, 0, None, "x", None, None),
        )
        for _ in range(2):
            with Ledger(project) as ledger:
                announce(ledger, late, schedule_of(project))
        deliver(project, server=server)
        (mail,) = inbox.mails
        assert mail["Subject"] == "J-Curve: daily did not arrive by its deadline"
        assert mail["To"] == "ops@example.org"

    @pytest.mark.parametrize("state", ["skipped_unchanged", "nothing_to_report"])
    def test_no_news_is_no_mail(self, project: Project, state: str) -> None:
        tell(project, Done(state, "run-9", "fixture", "base", "base"))  # type: ignore[arg-type]
        assert letters(project) == []


class TestOutbox:
    """Sent at least once, under one name."""

    @pytest.fixture
    def waiting(self, project: Project, sound: Callable[[], NoProcess]) -> Project:
        """A project with one letter waiting."""
        tell(project, run(project, sound()))
        return project

    def test_a_run_is_announced_once(self, waiting: Project) -> None:
        (before,) = letters(waiting)
        tell(waiting, Done("succeeded", "run-1", "fixture", "base", "base",
                           edition=plan_of(waiting, "run-2").edition))  # fmt: skip
        (after,) = letters(waiting)
        assert after == before

    def test_a_second_round_sends_nothing(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        for _ in range(3):
            assert deliver(waiting, server=server).sent == 1
        assert len(inbox.mails) == 1

    def test_a_crash_after_sending_sends_again_under_the_same_name(
        self,
        waiting: Project,
        server: MailServer,
        inbox: Inbox,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with monkeypatch.context() as patch:

            def crash(*_: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(Outbox, "sent", crash)
            with pytest.raises(KeyboardInterrupt):
                deliver(waiting, server=server)
        assert deliver(waiting, server=server).sent == 1
        names = [mail["Message-ID"] for mail in inbox.mails]
        assert len(names) == 2
        assert names[0] == names[1] == letters(waiting)[0].message_id

    def test_a_server_that_is_down(self, waiting: Project) -> None:
        """It is tried again, later each time, and arrives once the server is back."""
        clock = [MOMENT + timedelta(days=365)]
        waits = []
        with nobody_listens() as port:
            down = MailServer("127.0.0.1", port, "none", "jcurve@example.org")
            for _ in range(4):
                made = deliver(waiting, clock=lambda: clock[0], server=down)
                assert (made.sent, made.waiting) == (0, 1)
                (letter,) = letters(waiting)
                waits.append(datetime.fromisoformat(letter.due) - clock[0])
                clock[0] = datetime.fromisoformat(letter.due)
        assert waits == [timedelta(minutes=minutes) for minutes in (1, 3, 9, 27)]
        assert "refused" in letters(waiting)[0].problem.lower()

    def test_not_before_it_is_due(self, waiting: Project) -> None:
        calls = []

        def unreachable(server: MailServer, mail: EmailMessage) -> str:
            calls.append(mail)
            raise Unreachable("down")

        target = MailServer("127.0.0.1", 1, "none", "a@b")
        moment = MOMENT + timedelta(days=365)
        for _ in range(3):
            deliver(waiting, clock=lambda: moment, server=target, transport=unreachable)
        assert len(calls) == 1
        deliver(waiting, clock=lambda: moment, server=target, transport=unreachable, again=True)
        assert len(calls) == 2

    def test_a_slow_server_is_given_up_for_now(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        inbox.slow = True
        impatient = MailServer(server.host, server.port, "none", server.sender, timeout=1.0)
        assert deliver(waiting, server=impatient).waiting == 1
        inbox.slow = False
        inbox.delay.set()
        assert deliver(waiting, server=server, again=True).sent == 1

    @pytest.mark.parametrize(
        ("answer", "state"),
        [("554 no thanks", "refused"), ("451 come again", "waiting")],
    )
    def test_a_server_that_refuses(
        self, waiting: Project, server: MailServer, inbox: Inbox, answer: str, state: str
    ) -> None:
        inbox.answer = answer
        deliver(waiting, server=server)
        (letter,) = letters(waiting)
        assert (letter.state, letter.problem) == (state, answer)

    def test_one_of_two_recipients_is_refused(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        inbox.refused = {"board@example.org": "550 unknown"}
        assert deliver(waiting, server=server).sent == 1
        assert letters(waiting)[0].problem == "refused for board@example.org (550 unknown)"

    @pytest.mark.parametrize(("code", "state"), [("550", "refused"), ("450", "waiting")])
    def test_every_recipient_is_refused(
        self, waiting: Project, server: MailServer, inbox: Inbox, code: str, state: str
    ) -> None:
        inbox.refused = dict.fromkeys(("board@example.org", "cfo@example.org"), f"{code} no")
        deliver(waiting, server=server)
        assert letters(waiting)[0].state == state

    def test_a_server_without_encryption_is_not_trusted(
        self, waiting: Project, server: MailServer
    ) -> None:
        strict = MailServer(server.host, server.port, "starttls", server.sender, timeout=GENEROUS)
        deliver(waiting, server=strict)
        assert letters(waiting)[0].state == "refused"
        assert "STARTTLS" in letters(waiting)[0].problem

    def test_an_edition_that_is_gone(self, waiting: Project, server: MailServer) -> None:
        (waiting.reports / "fixture/base/run-1/results.json").unlink()
        assert deliver(waiting, server=server).refused == 1

    def test_no_server_is_said_and_loses_nothing(
        self, waiting: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("JCURVE_SMTP_HOST", raising=False)
        made = deliver(waiting)
        assert (made.waiting, made.problem) == (1, "JCURVE_SMTP_HOST names no mail server")

    def test_two_at_once_send_once(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        with locked(state_folder(waiting) / "deliver.lock") as held:
            assert held
            made = deliver(waiting, server=server)
        assert (made.waiting, made.problem) == (1, "another delivery is under way")
        assert inbox.mails == []

    def test_it_is_given_up_in_the_end(self, waiting: Project) -> None:
        def unreachable(server: MailServer, mail: EmailMessage) -> str:
            raise Unreachable("down")

        target = MailServer("127.0.0.1", 1, "none", "a@b")
        moment = MOMENT + timedelta(days=365)
        moments = iter([moment + timedelta(hours=7 * n) for n in range(2_000)])
        for _ in range(40):
            deliver(waiting, clock=lambda: next(moments), server=target, transport=unreachable)
        assert (letters(waiting)[0].state, letters(waiting)[0].tries) == ("refused", 30)


class TestSettings:
    """Everything from the environment."""

    GOOD = {"JCURVE_SMTP_HOST": "mail.example.org", "JCURVE_SMTP_FROM": "a@example.org"}  # noqa: RUF012

    def test_the_least(self) -> None:
        made = mail_server(self.GOOD)
        assert made is not None
        assert (made.port, made.security, made.user) == (587, "starttls", "")
        assert mail_server({}) is None

    def test_the_password_is_not_shown(self) -> None:
        made = mail_server({**self.GOOD, "JCURVE_SMTP_PASSWORD": SECRET})
        assert made is not None
        assert made.password == SECRET
        assert SECRET not in repr(made)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"SECURITY": "none"}, "mail would leave this machine unencrypted"),
            ({"SECURITY": "ssl"}, "unknown security"),
            ({"PORT": "0"}, "not a port"),
            ({"PORT": "x"}, "not a port"),
            ({"FROM": ""}, "not a mail address"),
            ({"FROM": "a@b\r\nBcc: c@d"}, "not a mail address"),
            ({"FROM": "=?utf-8?q?a=0ABcc:_b@c?="}, "not a mail address"),
            ({"TIMEOUT": "nan"}, "not a number of seconds"),
        ],
    )
    def test_what_is_refused(self, changes: dict[str, str], words: str) -> None:
        given = self.GOOD | {f"JCURVE_SMTP_{name}": value for name, value in changes.items()}
        with pytest.raises(UsageError, match=words):
            mail_server(given)

    def test_none_is_for_this_machine(self) -> None:
        for host in ("localhost", "127.0.0.1", "::1"):
            given = {**self.GOOD, "JCURVE_SMTP_HOST": host, "JCURVE_SMTP_SECURITY": "none"}
            assert mail_server(given) is not None


class TestSecrets:
    """A secret is in no artefact, however it is written."""

    @pytest.mark.parametrize(
        "written",
        [
            SECRET,
            json.dumps(SECRET),
            "corr&quot;ect horse+bat/tery&lt;staple&gt;",
            "corr%22ect%20horse%2Bbat%2Ftery%3Cstaple%3E",
            "corr%22ect+horse%2Bbat%2Ftery%3Cstaple%3E",
            base64.b64encode(SECRET.encode()).decode(),
            base64.b64encode(b"x" + SECRET.encode() + b"yz").decode(),
            base64.b64encode(b"xy" + SECRET.encode() + b"yz").decode(),
        ],
    )
    def test_it_is_found_and_taken_out(self, tmp_path: Path, written: str) -> None:
        secrets = {"DB_PASSWORD": SECRET}
        (tmp_path / "notebook.ipynb").write_text(f"before {written} after")
        assert find_secret(tmp_path, secrets) == ("notebook.ipynb", "DB_PASSWORD")
        redact(tmp_path, secrets)
        assert find_secret(tmp_path, secrets) is None
        assert (tmp_path / "notebook.ipynb").read_text().startswith("before ")

    def test_in_a_compressed_pdf_stream(self, tmp_path: Path) -> None:
        import zlib

        stream = zlib.compress(f"({SECRET}) Tj".encode())
        (tmp_path / "report.pdf").write_bytes(b"%PDF\nstream\n" + stream + b"\nendstream\n")
        assert find_secret(tmp_path, {"TOKEN": SECRET}) == ("report.pdf", "TOKEN")
        redact(tmp_path, {"TOKEN": SECRET})
        assert list(tmp_path.iterdir()) == []

    def test_which_variables_are_secret(self) -> None:
        found = secret_values(
            {
                "JCURVE_SMTP_PASSWORD": "short",
                "GITHUB_TOKEN": "0123456789",
                "MY_API_KEY": "0123456789",
                "OTHER_SECRET": "short",
                "HOME": "/home/somebody",
                "EMPTY_TOKEN": "",
            }
        )
        assert set(found) == {"JCURVE_SMTP_PASSWORD", "GITHUB_TOKEN", "MY_API_KEY"}
        assert cleaned("x short y", {"A": "short"}) == "x [A] y"
        assert without_mail_settings({"JCURVE_SMTP_HOST": "x", "A": "b"}) == {"A": "b"}

    @pytest.mark.parametrize("where", ["output", "error"])
    def test_a_run_that_shows_one_is_not_published(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        monkeypatch: pytest.MonkeyPatch,
        where: str,
    ) -> None:
        monkeypatch.setenv("DB_PASSWORD", SECRET)
        executor = sound()
        act = executor._act

        def leak(staged: Staged) -> Finished:
            finished = act(staged)
            notebook = json.loads(staged.executed.read_text())
            if where == "output":
                output = {"output_type": "stream", "name": "stdout", "text": f"it is {SECRET}"}
            else:
                output = {"output_type": "error", "ename": "E", "evalue": SECRET, "traceback": []}
            notebook["cells"][-1]["outputs"] = [output]
            staged.executed.write_text(json.dumps(notebook))
            return finished

        done = run(project, NoProcess(leak))

        assert done.state == "failed"
        assert done.reason == ("secret_found" if where == "output" else "cell_error")
        assert not (project.reports / "fixture").exists()
        assert (project.reports / ".failed/run-1/executed.ipynb").is_file()
        assert find_secret(project.reports, secret_values()) is None
        with Ledger(project, read_only=True) as ledger:
            (attempt,) = ledger.attempts()
        assert SECRET not in attempt.message
        assert SECRET not in str(done.error)

    def test_a_mail_about_a_failure_holds_none(
        self,
        project: Project,
        server: MailServer,
        inbox: Inbox,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("DB_PASSWORD", SECRET)
        tell(project, Done("failed", "run-9", "fixture", "base", "base", message=f"no {SECRET}"))
        deliver(project, server=server)
        assert "Message: no [DB_PASSWORD]" in bodies(inbox.mails[0])[0]

    def test_what_a_server_says_is_cleaned(
        self,
        project: Project,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("JCURVE_SMTP_PASSWORD", SECRET)
        tell(project, Done("failed", "run-9", "fixture", "base", "base"))

        def refuse(server: MailServer, mail: EmailMessage) -> str:
            raise Refused(f"535 bad password {SECRET}")

        deliver(project, server=MailServer("x", 1, "none", "a@b"), transport=refuse)
        assert letters(project)[0].problem == "535 bad password [JCURVE_SMTP_PASSWORD]"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nBcc: b@c", "a Bcc: b@c"),
        ("a\u2028b\u0000c", "a b c"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("ze\u200bro", "zero"),
        ("x" * 200, "x" * 159 + "…"),
        ("Grüße 中文", "Grüße 中文"),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line
