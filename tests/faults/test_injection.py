"""Hostile names and values: inert text or refused, by every way in and every way out."""

from __future__ import annotations

import email
import email.policy
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

import jcurve
from jcurve.briefing.editions import check_name, diff
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.figures import Column, table
from jcurve.figures.display import MIME
from jcurve.ground.errors import JCurveError, ScenarioError, UsageError
from jcurve.ground.project import Project
from jcurve_runs.commands import operating_verbs
from jcurve_runs.delivery.message import compose
from jcurve_runs.execution.redaction import one_line
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.outbox import Message
from jcurve_runs.plan.request import Request, prepare
from jcurve_runs.portal.site import refresh
from jcurve_runs.publishing.batch import batch, manifest_path
from jcurve_runs.schedule.schedules import read_schedules
from tests.contract.test_portal import Links, pages, publish
from tests.support import pdfcheck
from tests.support.drives import NoProcess, plan_of, sound_runs
from tests.support.hostile import HOSTILE
from tests.support.notebooks import (
    MOMENT,
    PARAMETERS,
    RECORD,
    SHOW,
    StandIn,
    make_project,
    run_fixture,
)
from tests.support.pdfcheck import pdf

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NoProcess]:
    return sound_runs(tmp_path_factory.mktemp("sound"))


def test_the_corpus_is_what_it_says() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_of_a_report_run_batch_or_schedule(tmp_path: Path, text: str) -> None:
    """None of them becomes a path; nothing is written."""
    if text in ("NaN", "null"):  # words like any other where a name is wanted
        assert check_name(text, "x") == text
        return
    project = make_project(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    def attempt(**changes: Any) -> None:
        given = {"report": "fixture", "scenario": "base", "run_id": "run-1"} | changes
        prepare(
            Request(report=given["report"], scenario=given["scenario"]),
            project,
            run_id=given["run_id"],
            started=MOMENT,
            resolve=lambda name, overrides, project: StandIn(name),
        )

    for key in ("report", "scenario", "run_id"):
        with pytest.raises(UsageError) as caught:
            attempt(**{key: text})
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError):
        batch([Request(report=text)], project)
    with pytest.raises(UsageError):
        manifest_path(project, text)
    with pytest.raises(UsageError):
        run_fixture(project, parameters={text: 1})
    with pytest.raises(UsageError):
        run_fixture(project, view=text)
    assert sorted(tmp_path.rglob("*")) == before


def test_no_name_of_a_scenario_or_assumption() -> None:
    project = Project(ROOT)
    base = jcurve.scenario("base", project=project)
    for text in HOSTILE:
        with pytest.raises(ScenarioError) as caught:
            jcurve.scenario(text, project=project)
        assert "\n" not in str(caught.value)
        with pytest.raises(ScenarioError):
            base.with_overrides({text: 1})
        with pytest.raises(ScenarioError):
            base.with_overrides({"returns.wacc": text})


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_of_a_run_to_compare(tmp_path: Path, text: str) -> None:
    project = make_project(tmp_path)
    with pytest.raises(UsageError, match="neither a scenario nor a run or edition"):
        diff(text, "base", project=project)


def test_values_reach_a_notebook_as_they_are(tmp_path: Path) -> None:
    """All of them in one run: papermill writes them as literals, the kernel gets the same."""
    parameters = PARAMETERS + 'texts = []\nname = ""\n'
    copy = "import json, pathlib\npathlib.Path('got.json').write_text(json.dumps([texts, name]))\n"
    check = f"from tests.support.hostile import HOSTILE\nassert texts == list(HOSTILE), {'texts'!r}"
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    project = make_project(tmp_path, [parameters, copy + path + check, SHOW, RECORD])

    edition = run_fixture(project, parameters={"texts": list(HOSTILE), "name": HOSTILE[0]})

    assert edition.folder.is_dir()
    assert not list(tmp_path.rglob("pwned"))


@pytest.fixture(scope="module")
def document() -> Any:
    """A report whose titles, cells and markdown hold the whole corpus."""
    shown = table(
        [Column(label="Text", style="text", weight=3), Column(label="Twice", style="text")],
        [(text[:90] or "-", text[:40]) for text in HOSTILE],
        id="corpus",
        title="<script>alert(1)</script> #panic() {{7*7}}",
        source='\'><svg onload=alert(1)> #read("/etc/passwd")',
        reading="$(touch pwned) \u202egnp.exe",
    )
    output = {
        "output_type": "display_data",
        "data": {MIME: shown.model_dump(mode="json"), "text/plain": shown.plain()},
        "metadata": {"jcurve": shown.mark()},
    }
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Corpus"},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "",
            "outputs": [output],
        },
    ]
    return read({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, "corpus")


def test_html_shows_it_and_does_nothing(document: Any) -> None:
    page = html(document)
    found = Links(page)
    assert set(found.active) <= {"link"}
    assert found.frames == []
    assert all(not link.startswith(("javascript:", "data:", "file:")) for link in found.links)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_typst_shows_it_and_does_nothing(document: Any) -> None:
    made = pdf(document)
    assert pdfcheck.complaints(made) == []
    text = " ".join(pdfcheck.page_texts(made))
    # Typst may break a line at a mark of no width that the typesetter sets for it.
    squeezed = "".join(text.replace("\u200b", "").split())
    assert "#read(" in squeezed
    assert "{{7*7}}" in squeezed
    assert "<script>alert(1)</script>" in squeezed
    assert "root:" not in text


def test_the_portal_shows_titles_as_text(tmp_path: Path, sound: Callable[[], NoProcess]) -> None:
    project = make_project(tmp_path)
    publish(project, sound, "run-1")
    publish(project, sound, "run-2")
    path = project.reports / "fixture/base/run-2/results.json"
    results = json.loads(path.read_text())
    for text in HOSTILE:
        results["scenario"]["title"] = text.strip() or "x"
        results["headlines"]["programme"]["npv"] = {"value": text, "unit": "x"}
        path.write_text(json.dumps(results))
        refresh(project)
        for page in pages(project):
            found = Links(page.read_text())
            assert found.active == []
            assert len(found.frames) == (page.name in ("run-1.html", "run-2.html"))
            assert not any(link.startswith(("javascript:", "data:")) for link in found.links)
            assert invisible(page.read_text()) == set()
    (project.reports / "status.json").write_text(json.dumps({"problems": HOSTILE, "schedules": {}}))
    refresh(project)
    index = (project.reports / "index.html").read_text()
    assert Links(index).active == []
    assert invisible(index) == set()
    assert not list(tmp_path.rglob("pwned"))


def test_mail_headers_stay_what_they_are(tmp_path: Path, sound: Callable[[], NoProcess]) -> None:
    """Neither a further header nor a further recipient, whatever title, reason or message."""
    project = make_project(tmp_path)
    publish(project, sound, "run-1")
    path = project.reports / "fixture/base/run-1/results.json"
    results = json.loads(path.read_text())
    plain: set[str] | None = None
    for text in ("Harmless", *HOSTILE):
        results["scenario"]["title"] = text.strip() or "x"
        path.write_text(json.dumps(results))
        for kind, content in (
            ("success", {}),
            ("failure", {"what": text, "facts": [["Message", text], ["Reason", text]]}),
            ("alarm", {"what": text, "facts": [["Due", text]]}),
            ("mistake", {"what": text, "facts": [["Mistake", text]]}),
        ):
            message = Message(
                *("id", kind, "daily", "", content),  # type: ignore[arg-type]
                editions=(("fixture/base/run-1", None),) if kind == "success" else (),
                everyone=("cfo@example.org",),
                waiting=("cfo@example.org",),
            )
            made = compose(message, project, sender="jcurve@example.org", moment=datetime.now(UTC))
            mail = email.message_from_bytes(bytes(made), policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            headers = {name.lower() for name in mail}
            plain = plain or headers | {"content-transfer-encoding"}
            assert headers <= plain
            assert mail["To"] == "cfo@example.org"
            assert mail["Bcc"] is None
            assert mail["Message-ID"] == "<id@jcurve.invalid>"
            assert invisible(str(mail["Subject"])) == set()
            page = mail.get_body(["html"])
            if page is not None:
                assert set(Links(page.get_content()).active) <= {"img"}


@pytest.mark.parametrize(
    "key", ["report", "scenarios", "cron", "zone", "missed", "deadline", "success", "view"]
)
def test_the_schedule_refuses_or_keeps_text(tmp_path: Path, key: str) -> None:
    project = make_project(tmp_path)
    project.reports.mkdir()
    given = {"report": "fixture", "scenarios": "base", "cron": "0 9 * * *"}
    for text in HOSTILE:
        content = {"schedules": {"daily": {**given, key: text}}}
        (project.reports / "schedule.yml").write_text(json.dumps(content))
        if text in ("NaN", "null") and key in ("report", "scenarios"):
            read_schedules(project)  # names like any other
            continue
        with pytest.raises(UsageError) as caught:
            only(project)
        assert "\n" not in str(caught.value)


def only(project: Project) -> None:
    """Raise the mistake of the one schedule, or of the file."""
    for mistake in read_schedules(project).mistakes:
        raise mistake.error


def test_the_ledger_keeps_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bound to its statements, and shown on a terminal without control marks."""
    from jcurve.commands import main

    project = make_project(tmp_path)
    with Ledger(project) as ledger:
        for number, text in enumerate(HOSTILE):
            plan = replace(plan_of(project, f"run-{number}"), scenario=StandIn(text))
            attempt = ledger.queue(plan, batch=text)
            ledger.move(attempt, "failed", message=text)
            (found,) = ledger.attempts(run=f"run-{number}")
            assert (found.scenario, found.batch, found.message) == (text, text, text[:1_000])
            assert len(ledger.attempts(batch=text)) == 1
        assert len(ledger.attempts()) == len(HOSTILE)
    assert main(["--project", str(tmp_path), "runs", "-n", "500"]) == 0
    shown = capsys.readouterr().out
    assert invisible(shown.replace("\n", "")) == set()
    assert len(shown.splitlines()) == len(HOSTILE)


def test_a_cells_message_is_a_line_of_plain_text(tmp_path: Path) -> None:
    raising = f"raise ValueError({HOSTILE[0] + chr(27) + '[2J' + chr(0x202E)!r})"
    project = make_project(tmp_path, [PARAMETERS, raising])
    with pytest.raises(JCurveError) as caught:
        run_fixture(project)
    assert invisible(str(caught.value)) == set()


def invisible(text: str) -> set[str]:
    """Marks in a text that are not seen, turn it around or move a cursor."""
    return {
        mark for mark in text if unicodedata.category(mark) in ("Cc", "Cf", "Cs") and mark != "\n"
    }


def test_a_line_of_the_log_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What a mail server, a schedule or a path says goes into tick.log."""
    for text in HOSTILE:
        operating_verbs._log(f"mail: {text}")
    shown = capsys.readouterr().err
    assert invisible(shown) == set()
    lines = shown.splitlines()
    assert len(lines) == len(HOSTILE)
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ jcurve: mail:", line) for line in lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_one_line_is_one_line(text: str) -> None:
    made = one_line(text)
    assert invisible(made) == set()
    assert len(made.splitlines()) <= 1
    assert len(made) <= 160
