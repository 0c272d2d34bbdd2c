"""Delivery against a real local SMTP server: up, down, slow, refusing; and no secrets."""

from __future__ import annotations

import base64
import json
import os
import smtplib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from jcurve.commands import main
from jcurve.ground.errors import UsageError
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs.delivery.deliver import MailServer, deliver, mail_server
from jcurve_runs.delivery.message import MOST_ATTACHED, portal_address
from jcurve_runs.execution.redaction import (
    cleaned,
    find_secret,
    one_line,
    redact,
    secret_values,
    without_mail_settings,
)
from jcurve_runs.execution.staging import Staged
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.locks import locked
from jcurve_runs.ledger.outbox import Answer, Entry, Outbox
from jcurve_runs.ledger.store import state_folder
from jcurve_runs.plan.request import Origin, Request
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.runs import carry_out
from jcurve_runs.schedule.tick import facts_of
from tests.support.drives import NoProcess, plan_of, sound_runs
from tests.support.inbox import Inbox, serving
from tests.support.notebooks import make_project
from tests.support.waiting import GENEROUS, nobody_listens

MOMENT = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)
SECRET = 'corr"ect horse+bat/tery<staple>'


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[MailServer]:
    with serving(inbox) as (_, port):
        yield MailServer("127.0.0.1", port, "none", "jcurve@example.org", timeout=30.0)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NoProcess]:
    return sound_runs(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


MORNING = Origin(
    "daily",
    "2026-07-30T09:00:00.000+00:00",
    ("cfo@example.org", "board@example.org"),
    ("ops@example.org",),
)


def run(
    project: Project, executor: NoProcess, name: str = "run-1", origin: Origin | None = MORNING
) -> Done:
    """A run that a schedule asked for; it publishes what a sound one left."""
    with Ledger(project) as ledger:
        plan = plan_of(project, name, force=True, origin=origin)
        return carry_out(plan, ledger=ledger, executor=executor)


def notice(project: Project, kind: str = "failure", message: str = "1 / 0") -> None:
    """Owe a notice."""
    facts = [("Report", "fixture base"), ("Message", message)]
    with Ledger(project, read_only=True) as ledger:
        ledger.outbox.tell(
            kind,  # type: ignore[arg-type]
            f"a {kind}",
            ["ops@example.org"],
            {"what": "daily", "facts": facts},
            schedule="daily",
        )


def owed(project: Project) -> list[Entry]:
    """The outbox, recipient by recipient."""
    with Ledger(project, read_only=True) as ledger:
        return ledger.outbox.entries()


def states(project: Project) -> dict[str, tuple[str, str]]:
    """State and problem by recipient."""
    return {each.address: (each.state, each.problem) for each in owed(project)}


def unreachable(
    server: MailServer, mail: EmailMessage, recipients: Sequence[str]
) -> dict[str, Answer]:
    """A server that is down."""
    return dict.fromkeys(recipients, Answer("waiting", "down"))


NOWHERE = MailServer("127.0.0.1", 1, "none", "a@b")


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """Its plain text and its HTML."""
    plain, page = mail.get_body(["plain"]), mail.get_body(["html"])
    assert plain is not None
    text = plain.get_content().replace("\r\n", "\n")
    return text, page.get_content() if page is not None else ""


def change(done: Done, **changes: Any) -> None:
    """Change what an edition recorded."""
    assert done.edition is not None
    recorded = json.loads(done.edition.results.read_text())
    for name, value in changes.items():
        recorded[name] |= value
    done.edition.results.write_text(json.dumps(recorded))


def show(done: Done, **exhibit: Any) -> None:
    """Put an exhibit among the outputs of an edition's last cell."""
    assert done.edition is not None
    notebook = json.loads(done.edition.notebook.read_text())
    output = {"data": {"application/vnd.jcurve.exhibit+json": exhibit}, "metadata": {}}
    notebook["cells"][-1]["outputs"] += [output]
    done.edition.notebook.write_text(json.dumps(notebook))


@pytest.mark.usefixtures("no_portal")
class TestMail:
    """A mail says what the PDF says."""

    @pytest.fixture
    def no_portal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("JCURVE_PORTAL", raising=False)

    @pytest.fixture
    def sent(
        self, project: Project, server: MailServer, inbox: Inbox
    ) -> Callable[[], EmailMessage]:
        """Sends what is owed and gives the one mail."""

        def send() -> EmailMessage:
            deliver(project, server=server)
            (mail,) = inbox.mails
            return mail

        return send

    def test_an_edition(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        sent: Callable[[], EmailMessage],
    ) -> None:
        done = run(project, sound())
        mail = sent()
        assert mail["Subject"] == "J-Curve: Stand-in: NPV $1.5m"
        assert mail["To"] == "cfo@example.org, board@example.org"
        assert mail["From"] == "jcurve@example.org"
        text, page = bodies(mail)
        assert "Net present value: $1.5m (whole programme)" in text
        assert "This is the first edition." in text
        assert "Data through 2026 Q2" in text
        assert "In full: reports/fixture/base/run-1/report.html" in text
        assert "<td>Net present value</td>" in page
        (pdf,) = mail.iter_attachments()
        assert pdf.get_filename() == "fixture-base.pdf"
        assert "Attached: fixture-base.pdf (1 kB)." in text
        assert done.edition is not None
        assert pdf.get_content() == done.edition.pdf.read_bytes()

    def test_values_changed_for_the_run_and_both_views(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        sent: Callable[[], EmailMessage],
    ) -> None:
        """In the subject, by name, with before and after; a scenario's own values are not."""
        done = run(project, sound())
        one = {
            "key": "capex.total.2027",
            "label": "Capital expenditure, 2027",
            "unit": "USD m",
            "before": "188,000",
            "after": "200,000",
            "what": "value",
            "why": "",
            "kind": "",
            "source": [],
            "set_by": "override",
        }
        other = {**one, "key": "x", "label": "Other", "set_by": "bear"}
        change(
            done,
            scenario={"differences": [one, other]},
            headlines={"go_forward": {"npv": {"value": -63_800.0, "unit": "USD m"}}},
        )
        mail = sent()
        assert mail["Subject"] == "J-Curve: Stand-in (1 value changed): NPV $1.5m"
        for text in bodies(mail):
            assert "Values changed for this run" in text
            assert "Capital expenditure, 2027: $188bn → $200bn" in text
            assert "Other" not in text
            assert "−$63.8bn" in text
            assert "from today" in text

    def test_data_that_are_out_of_date(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        sent: Callable[[], EmailMessage],
    ) -> None:
        done = run(project, sound())
        told = "Data are out of date: results for 2026Q3 were expected on 28 October 2026."
        show(done, kind="cover", title="Deep & long", stale=told)
        text, page = bodies(sent())
        assert f"Deep & long\n{told}\n" in text
        assert f"<b>{told}</b>" in page
        assert "Deep &amp; long" in page

    def test_what_changed_since_the_last_edition(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        server: MailServer,
        inbox: Inbox,
    ) -> None:
        first = run(project, sound(), "run-1", origin=None)
        change(first, headlines={"programme": {"npv": {"value": 3.0, "unit": "USD m"}}})
        run(project, sound(), "run-2")
        run(project, sound(), "run-3", origin=Origin("daily", "later", ("cfo@example.org",)))
        deliver(project, server=server)
        texts = [bodies(mail)[0] for mail in inbox.mails]
        moved = "Net present value (whole programme): $3m → $1.5m (−$1.5m, −50.0%)"
        assert moved in texts[0]
        assert "No headline figure has changed since the last edition." in texts[1]

    def test_what_moved_the_answer_is_said_as_the_report_says_it(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        sent: Callable[[], EmailMessage],
    ) -> None:
        said = "NPV rises by $7.60bn: what was reported adds $13.1bn <mostly> advertising."
        show(
            run(project, sound()), kind="prose", paragraphs=[[{"text": "Before."}, {"text": said}]]
        )
        text, page = bodies(sent())
        assert said in " ".join(text.split())
        assert "adds $13.1bn &lt;mostly&gt; advertising" in page

    def test_a_chart_is_shown_inside_the_mail_with_its_alt_text(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        sent: Callable[[], EmailMessage],
    ) -> None:
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">'
            '<rect width="40" height="20" fill="#204060"/></svg>'
        )
        show(run(project, sound()), kind="chart", svg=svg, alt='Falls "then" rises <b>')
        mail = sent()
        (image,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
        assert image["Content-ID"] == "<chart1@jcurve>"
        assert image["Content-Disposition"].content_disposition == "inline"
        assert image.get_payload(decode=True)[:8] == b"\x89PNG\r\n\x1a\n"  # type: ignore[index]
        page = bodies(mail)[1]
        assert "cid:chart1@jcurve" in page
        assert "Falls &#34;then&#34; rises &lt;b&gt;" in page

    def test_the_house_style_signs_it(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        sent: Callable[[], EmailMessage],
    ) -> None:
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><path d="M0 0h4v2z"/></svg>'
        )
        run(project, sound())
        (project.reports / "logo.svg").write_text(svg)
        (project.reports / "house_style.yml").write_text(
            'company: A <b> & Co\nfooter: For professionals.\ncolour: "#7a1f2b"\nlogo: logo.svg\n'
        )
        mail = sent()
        text, page = bodies(mail)
        assert "A <b> & Co · For professionals." in text
        assert '<p style="color: #7a1f2b"><b><img src="cid:logo@jcurve"' in page
        assert "A &lt;b&gt; &amp; Co</b></p>" in page
        images = [part for part in mail.walk() if part.get_content_type() == "image/png"]
        assert images[0]["Content-ID"] == "<logo@jcurve>"

    def test_the_portals_address_makes_links_that_open(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        sent: Callable[[], EmailMessage],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("JCURVE_PORTAL", "https://reports.example.org/jcurve/")
        done = run(project, sound())
        assert done.edition is not None
        done.edition.pdf.write_bytes(b"%PDF" + b"x" * MOST_ATTACHED)
        mail = sent()
        text, page = bodies(mail)
        address = "https://reports.example.org/jcurve"
        assert f'<a href="{address}/portal/fixture/base/run-1.html">' in page
        assert list(mail.iter_attachments()) == []
        assert (
            f"The PDF is too large for a mail (8.4 MB): {address}/fixture/base/run-1/report.pdf"
            in text
        )

    @pytest.mark.parametrize("text", ["reports.example.org", "javascript:x", "https://a\nb"])
    def test_an_address_that_is_none(self, text: str) -> None:
        with pytest.raises(UsageError, match="JCURVE_PORTAL: not an address"):
            portal_address({"JCURVE_PORTAL": text})

    def test_a_pack_is_one_mail(
        self,
        project: Project,
        sound: Callable[[], NoProcess],
        sent: Callable[[], EmailMessage],
    ) -> None:
        """Every edition of a moment, each with its figures and its PDF."""
        run(project, sound(), "run-1")
        run(project, sound(), "run-2")
        mail = sent()
        assert mail["Subject"] == "J-Curve: daily: 2 reports: Stand-in"
        assert len(list(mail.iter_attachments())) == 2
        text = bodies(mail)[0]
        assert "run-1/report.html" in text
        assert "run-2/report.html" in text

    @pytest.mark.parametrize(
        ("kind", "subject"),
        [
            ("failure", "J-Curve: daily failed"),
            ("alarm", "J-Curve: daily did not arrive by its deadline"),
            ("mistake", "J-Curve: schedule daily cannot run"),
        ],
    )
    def test_a_notice(
        self, project: Project, sent: Callable[[], EmailMessage], kind: str, subject: str
    ) -> None:
        for _ in range(2):  # told once
            notice(project, kind)
        mail = sent()
        assert (mail["To"], mail["Subject"]) == ("ops@example.org", subject)
        assert "Report: fixture base\nMessage: 1 / 0\n" in bodies(mail)[0]


class TestOutbox:
    """Each recipient at least once, under one name."""

    @pytest.fixture
    def waiting(self, project: Project, sound: Callable[[], NoProcess]) -> Project:
        """A project with one mail owed to two."""
        run(project, sound())
        return project

    def test_a_run_by_hand_is_no_news(
        self, project: Project, sound: Callable[[], NoProcess]
    ) -> None:
        run(project, sound(), origin=None)
        assert owed(project) == []

    def test_a_second_round_sends_nothing(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        for _ in range(3):
            assert deliver(waiting, server=server).sent == 2
        assert len(inbox.mails) == 1

    def test_an_edition_that_is_settled_after_sending_makes_another_mail(
        self, waiting: Project, sound: Callable[[], NoProcess], server: MailServer, inbox: Inbox
    ) -> None:
        deliver(waiting, server=server)
        run(waiting, sound(), "run-2")
        run(waiting, sound(), "run-3")
        deliver(waiting, server=server)
        first, second = (bodies(mail)[0] for mail in inbox.mails)
        assert "run-2" not in first
        assert "run-2/report" in second
        assert "run-3/report" in second
        assert len({mail["Message-ID"] for mail in inbox.mails}) == 2

    def test_a_pack_waits_until_its_moment_has_ended(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        def moment(state: str) -> None:
            with Ledger(waiting, read_only=True) as ledger:
                ledger.store.write(
                    "INSERT OR REPLACE INTO occurrences (schedule, occurrence, state, decided)"
                    " VALUES (?, ?, ?, '')",
                    (MORNING.schedule, MORNING.occurrence, state),
                )

        for state in ("queued", "claimed"):
            moment(state)
            deliver(waiting, server=server)
            assert [each.held_back for each in owed(waiting)] == [True, True]
        assert inbox.mails == []
        moment("failed")
        deliver(waiting, server=server)
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

            patch.setattr(Outbox, "answered", crash)
            with pytest.raises(KeyboardInterrupt):
                deliver(waiting, server=server)
        assert deliver(waiting, server=server).sent == 2
        names = [mail["Message-ID"] for mail in inbox.mails]
        assert len(names) == 2
        assert names[0] == names[1] == f"<{owed(waiting)[0].message}@jcurve.invalid>"

    def test_a_server_that_is_down(self, waiting: Project) -> None:
        """It is tried again, later each time, and arrives once the server is back."""
        clock = [MOMENT + timedelta(days=365)]
        waits = []
        with nobody_listens() as port:
            down = MailServer("127.0.0.1", port, "none", "jcurve@example.org", timeout=GENEROUS)
            for _ in range(4):
                made = deliver(waiting, clock=lambda: clock[0], server=down)
                assert (made.sent, made.waiting) == (0, 2)
                following = owed(waiting)[0].next
                assert following is not None
                waits.append(datetime.fromisoformat(following) - clock[0])
                clock[0] = datetime.fromisoformat(following)
        assert waits == [timedelta(minutes=minutes) for minutes in (1, 3, 9, 27)]
        assert "refused" in owed(waiting)[0].problem.lower()

    def test_not_before_it_is_due(self, waiting: Project) -> None:
        calls = []

        def count(*given: Any) -> dict[str, Answer]:
            calls.append(given)
            return unreachable(*given)

        moment = MOMENT + timedelta(days=365)
        for _ in range(3):
            deliver(waiting, clock=lambda: moment, server=NOWHERE, transport=count)
        assert len(calls) == 1
        deliver(waiting, clock=lambda: moment, server=NOWHERE, transport=count, again=True)
        assert len(calls) == 2

    def test_a_slow_server_is_given_up_for_now(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        inbox.slow = True
        impatient = MailServer(server.host, server.port, "none", server.sender, timeout=1.0)
        assert deliver(waiting, server=impatient).waiting == 2
        inbox.slow = False
        inbox.delay.set()
        assert deliver(waiting, server=server, again=True).sent == 2

    @pytest.mark.parametrize(
        ("answer", "state"),
        [("554 no thanks", "refused"), ("451 come again", "waiting")],
    )
    def test_a_server_that_refuses_what_a_mail_holds(
        self, waiting: Project, server: MailServer, inbox: Inbox, answer: str, state: str
    ) -> None:
        inbox.answer = answer
        deliver(waiting, server=server)
        told = states(waiting)
        assert told["cfo@example.org"] == told["board@example.org"] == (state, answer)

    @pytest.mark.parametrize(("code", "state"), [("550", "refused"), ("450", "waiting")])
    def test_one_of_two_recipients(
        self, waiting: Project, server: MailServer, inbox: Inbox, code: str, state: str
    ) -> None:
        """Each has a state of its own; only the one that was put off is tried again."""
        inbox.refused = {"board@example.org": f"{code} not now"}
        made = deliver(waiting, server=server)
        assert made.sent == 1
        assert states(waiting)["cfo@example.org"] == ("sent", "")
        assert states(waiting)["board@example.org"] == (state, f"{code} not now")
        inbox.refused = {}
        later = lambda: datetime.now(UTC) + timedelta(hours=1)  # noqa: E731
        deliver(waiting, clock=later, server=server)
        assert len(inbox.taken["cfo@example.org"]) == 1
        assert len(inbox.taken.get("board@example.org", [])) == (1 if state == "waiting" else 0)

    def test_a_refusal_is_told_to_whom_failures_are_told(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        """Once; and a refused notice is not told to itself."""
        inbox.refused = {"board@example.org": "550 unknown", "ops@example.org": "550 unknown"}
        for _ in range(3):
            deliver(waiting, server=server)
        assert states(waiting)["ops@example.org"] == ("refused", "550 unknown")
        assert len(owed(waiting)) == 3
        inbox.refused = {}
        deliver(waiting, server=server, again=True)
        notices = [mail for mail in inbox.mails if mail["To"] == "ops@example.org"]
        assert [mail["Subject"] for mail in notices] == [
            "J-Curve: a mail to board@example.org was refused"
        ]
        assert "Reason: 550 unknown\nEditions: fixture/base/run-1\n" in bodies(notices[0])[0]

    def test_a_refused_account_waits(
        self, waiting: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A password may have expired: it is mended, and the mail goes out."""

        def refuse(*_: object) -> None:
            raise smtplib.SMTPAuthenticationError(535, b"authentication failed")

        monkeypatch.setattr("jcurve_runs.delivery.deliver._connected", refuse)
        assert deliver(waiting, server=NOWHERE).waiting == 2
        assert states(waiting)["cfo@example.org"] == ("waiting", "535 authentication failed")

    def test_a_server_without_encryption_is_not_trusted(
        self, waiting: Project, server: MailServer
    ) -> None:
        strict = MailServer(server.host, server.port, "starttls", server.sender, timeout=30)
        assert deliver(waiting, server=strict).waiting == 2
        assert "STARTTLS" in states(waiting)["cfo@example.org"][1]

    def test_an_edition_that_is_gone(self, waiting: Project, server: MailServer) -> None:
        (waiting.reports / "fixture/base/run-1/results.json").unlink()
        assert deliver(waiting, server=server).refused == 2

    def test_no_server_is_said_and_loses_nothing(
        self, waiting: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("JCURVE_SMTP_HOST", raising=False)
        made = deliver(waiting)
        told = "mails are owed, but JCURVE_SMTP_HOST names no mail server"
        assert (made.waiting, made.problem) == (2, told)
        monkeypatch.setenv("JCURVE_SMTP_HOST", "mail.example.org")
        monkeypatch.setenv("JCURVE_SMTP_SECURITY", "none")
        assert "unencrypted" in deliver(waiting).problem
        assert deliver(waiting).waiting == 2

    def test_two_at_once_send_once(
        self, waiting: Project, server: MailServer, inbox: Inbox
    ) -> None:
        with locked(state_folder(waiting) / "deliver.lock") as held:
            assert held
            made = deliver(waiting, server=server)
        assert (made.waiting, made.problem) == (2, "another delivery is under way")
        assert inbox.mails == []

    def test_it_is_given_up_in_the_end_and_told(self, waiting: Project) -> None:
        moment = MOMENT + timedelta(days=365)
        moments = iter([moment + timedelta(hours=7 * n) for n in range(2_000)])
        for _ in range(31):
            deliver(waiting, clock=lambda: next(moments), server=NOWHERE, transport=unreachable)
        found = {each.address: each for each in owed(waiting)}
        assert (found["cfo@example.org"].state, found["cfo@example.org"].tries) == ("refused", 30)
        assert found["cfo@example.org"].problem == "given up after 30 tries: down"
        assert found["ops@example.org"].kind == "refusal"

    def test_from_the_command_line(
        self,
        waiting: Project,
        server: MailServer,
        inbox: Inbox,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """What is owed, why, and when it is tried again; and a message sent once more."""
        monkeypatch.chdir(waiting.root)
        inbox.refused = {"board@example.org": "450 come\x07 again"}
        deliver(waiting, server=server)
        (first, second) = owed(waiting)
        assert main(["outbox"]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"{first.message}  success fixture/base/run-1\n")
        assert "  board@example.org: waiting, 1 tries next try 20" in shown
        assert shown.rstrip().endswith("Z: 450 come again")
        assert "cfo@" not in shown
        assert main(["outbox", "--resend", "x"]) == 2
        assert "no such message in the outbox" in capsys.readouterr().err
        assert main(["outbox", "--resend", first.message, "--json"]) == 0
        assert {each["state"] for each in json.loads(capsys.readouterr().out)} == {"waiting"}
        inbox.refused = {}
        deliver(waiting, server=server)
        assert main(["outbox"]) == 0
        assert capsys.readouterr().out == "nothing is owed\n"
        assert len(inbox.taken["cfo@example.org"]) == 2
        assert second.message == first.message


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

    @pytest.mark.parametrize("raw", [b"\xe9cole secr\xe8te", b"\xff\xfe\x00x"[:2] + b"12345678"])
    def test_whatever_its_bytes(self, tmp_path: Path, raw: bytes) -> None:
        value = os.fsdecode(raw)
        secrets = {"MY_TOKEN": value}
        shown = [
            *(raw, value.encode(errors="surrogatepass"), value.encode(errors="replace")),
            *(json.dumps(value).encode(), repr(value).encode(), repr(raw).encode()),
            *(raw.decode("latin-1").encode(), base64.b64encode(raw)),
        ]
        for number, written in enumerate(shown):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / "notebook.ipynb").write_bytes(b"before " + written + b" after")
            assert find_secret(folder, secrets) == ("notebook.ipynb", "MY_TOKEN"), written
            redact(folder, secrets)
            assert find_secret(folder, secrets) is None
        for text in (value, value.encode(errors="surrogateescape").decode(errors="replace")):
            assert cleaned(f"a {text} b", secrets) == "a [MY_TOKEN] b"

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
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("DB_PASSWORD", SECRET)
        done = Done(Request(report="fixture"), "failed", message=f"no {SECRET}")
        assert ("Message", "no [DB_PASSWORD]") in facts_of(done)

    def test_what_a_server_says_is_cleaned(
        self,
        project: Project,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("JCURVE_SMTP_PASSWORD", SECRET)
        notice(project)

        def refuse(
            server: MailServer, mail: EmailMessage, recipients: Sequence[str]
        ) -> dict[str, Answer]:
            return dict.fromkeys(recipients, Answer("waiting", f"535 bad password {SECRET}"))

        deliver(project, server=NOWHERE, transport=refuse)
        assert owed(project)[0].problem == "535 bad password [JCURVE_SMTP_PASSWORD]"


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
