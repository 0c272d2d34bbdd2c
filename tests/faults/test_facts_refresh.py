"""``facts refresh`` against a local server that answers as EDGAR does, faults included."""

from __future__ import annotations

import datetime
import errno
import json
import os
import random
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jcurve.commands import main
from jcurve.facts import reported, verify
from jcurve.facts.edgar import AGENT, Edgar
from jcurve.facts.refresh import refresh
from jcurve.ground.errors import FactsError, UsageError, WriteError
from jcurve.ground.files import digest
from jcurve.ground.project import Project, find_project
from jcurve.ground.quarters import Quarter
from jcurve.ground.transaction import JOURNAL, replace_all
from tests.conftest import RecordFigure
from tests.counts import is_full
from tests.support.killed import killing, struck
from tests.support.waiting import GENEROUS, nobody_listens

CIK = "0001326801"
ACCESSION = "0001326801-26-000099"
USD = 1_000_000

NEW = {
    "RevenueFromContractWithCustomerExcludingAssessedTax": 62_000,
    "PaymentsToAcquirePropertyPlantAndEquipment": 36_000,
    "NetCashProvidedByUsedInOperatingActivities": 33_000,
}
"""The quarter after the last on file, made up, in USD m."""

LAST = Quarter(reported("META").company.data_through)
COMING = LAST.plus(1)
FILED = (COMING.last_day + datetime.timedelta(days=29)).isoformat()
EARLIER = (LAST.last_day + datetime.timedelta(days=30)).isoformat()


def _days(quarter: Quarter) -> tuple[str, str]:
    """Its first and last day."""
    return (
        quarter.plus(-1).last_day + datetime.timedelta(days=1)
    ).isoformat(), quarter.last_day.isoformat()


def _to_date(quarter: Quarter) -> tuple[str, str]:
    """The year's first day, and the quarter's last."""
    return f"{quarter.year}-01-01", quarter.last_day.isoformat()


Answer = tuple[int, bytes, dict[str, str]]
Script = Callable[[str, int], Answer]


def _entry(start: str | None, end: str, value: float, **more: str) -> dict[str, Any]:
    entry = {"end": end, "val": value * USD, "form": "10-Q", "filed": FILED}
    entry |= {"accn": ACCESSION} | more
    return entry if start is None else {"start": start, **entry}


def _companyfacts() -> dict[str, Any]:
    facts = reported("META")

    def on_file(metric: str, period: str) -> float:
        return facts.value(metric, period).value

    old = {"filed": EARLIER, "accn": "0001326801-26-000050"}

    def so_far(metric: str, quarter: Quarter) -> float:
        known = Quarter.of(quarter.year, 1).through(min(quarter, LAST))
        return sum(on_file(metric, each) for each in known)

    revenue, capex, cash = NEW.values()
    tags = {
        "RevenueFromContractWithCustomerExcludingAssessedTax": [
            _entry(*_days(LAST), on_file("revenue_total", LAST), **old),
            _entry(*_days(COMING), revenue),
        ],
        "PaymentsToAcquirePropertyPlantAndEquipment": [
            _entry(*_to_date(LAST), so_far("purchases_of_ppe", LAST), **old),
            _entry(*_to_date(COMING), so_far("purchases_of_ppe", COMING) + capex),
        ],
        "NetCashProvidedByUsedInOperatingActivities": [
            _entry(*_to_date(LAST), so_far("operating_cash_flow", LAST), **old),
            _entry(*_to_date(COMING), so_far("operating_cash_flow", COMING) + cash),
        ],
    }
    # What the table lists beside these is there, with nothing new.
    rows = (find_project().data / "companies/edgar_tags.csv").read_text(encoding="utf-8")
    for line in rows.splitlines()[1:]:
        name, metric, _, tag, *_ = line.split(",")
        if name == "META" and tag not in tags:
            latest = Quarter(max(facts.series(metric)))
            value = on_file(metric, latest)
            start, end = _days(latest)
            stock = facts.metrics[metric].nature == "stock"
            tags[tag] = [_entry(None if stock else start, end, value, **old)]
    return {
        "cik": int(CIK),
        "entityName": "Meta Platforms, Inc.",
        "facts": {"us-gaap": {tag: {"units": {"USD": each}} for tag, each in tags.items()}},
    }


SUBMISSIONS = {
    "cik": CIK,
    "filings": {
        "recent": {
            "accessionNumber": ["0001326801-26-000101", ACCESSION],
            "form": ["8-K", "10-Q"],
            "filingDate": ["2099-11-02", FILED],
        }
    },
}


class Server:
    """Answers by a script: path and how often it was asked for, to an answer."""

    def __init__(self) -> None:
        self.script: Script = self.usual
        self.seen: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that the library calls
                times = sum(path == self.path for path, _ in outer.seen)
                outer.seen.append((self.path, self.headers.get("User-Agent", "")))
                status, body, headers = outer.script(self.path, times)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.facts = _companyfacts()

    def usual(self, path: str, times: int) -> Answer:
        found = SUBMISSIONS if "submissions" in path else self.facts
        return 200, json.dumps(found).encode(), {}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(find_project().data, tmp_path / "data")
    return Project(tmp_path)


@pytest.fixture
def waits() -> list[float]:
    return []


def _reader(server: Server, waits: list[float], agent: str = "Test test@example.org") -> Edgar:
    return Edgar(server.address, agent, waits.append, deadline=GENEROUS)


def _state(project: Project) -> dict[str, str]:
    return {
        str(path.relative_to(project.data)): digest(path)
        for path in sorted(project.data.rglob("*"))
        if path.is_file()
    }


def test_a_new_quarter_is_shown_and_nothing_is_written(
    server: Server, project: Project, waits: list[float]
) -> None:
    before = _state(project)
    found = refresh("META", project, edgar=_reader(server, waits))
    values = {each.metric: each.filed for each in found.new if each.period == COMING}
    assert values["revenue_total"] == 62_000
    assert values["purchases_of_ppe"] == pytest.approx(36_000)
    assert values["operating_cash_flow"] == pytest.approx(33_000)
    # Cash flows are filed to date only: the quarter is a difference and says so.
    derived = {"purchases_of_ppe", "operating_cash_flow"} if COMING.number > 1 else set()
    assert {each.metric for each in found.new if each.derived} == derived
    assert {each.period for each in found.new} <= {COMING, str(COMING.year)}
    assert found.data_through == LAST
    assert found.newest == (ACCESSION, "10-Q", FILED)
    assert any("jcurve quarter" in line for line in found.lines())
    assert not found.written
    assert _state(project) == before
    assert {agent for _, agent in server.seen} == {"Test test@example.org"}
    assert waits, "two requests without a pause between them"


def test_a_quarter_after_the_last_comes_in_through_its_form_alone(
    server: Server, project: Project, waits: list[float]
) -> None:
    before = _state(project)
    found = refresh("META", project, edgar=_reader(server, waits), write=True)
    assert found.new
    assert not found.written
    assert _state(project) == before


def test_a_figure_that_breaks_an_identity_is_not_written(
    server: Server, project: Project, waits: list[float]
) -> None:
    """Gross property that is not net property and depreciation."""
    _one_new_figure(server, project, too_much=6_000)
    tags = server.facts["facts"]["us-gaap"]
    name = "PropertyPlantAndEquipmentAndFinanceLeaseRightOfUseAssetAccumulated"
    less = tags[f"{name}DepreciationAndAmortization"]["units"]["USD"]
    less.append(_entry(None, LAST.last_day.isoformat(), _written_off()))
    before = _state(project)
    with pytest.raises(FactsError, match="do not fit, and nothing is written: ppe_net"):
        refresh("META", project, edgar=_reader(server, waits), write=True)
    assert _state(project) == before


def _written_off() -> float:
    """Accumulated depreciation of the last quarter: on file, or made up."""
    known = reported("META").series("accumulated_depreciation").get(LAST)
    return known.value if known else 66_000.0


def _one_new_figure(server: Server, project: Project, too_much: float = 0) -> float:
    """EDGAR has gross property of the last quarter, which is not on file; net of it."""
    for table in ("quarterly.csv", "annual.csv", "crosscheck.csv"):
        path = project.data / "companies/meta" / table
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        gone = [f",{LAST},ppe_gross,"] + [f",{LAST.year},ppe_gross,"] * (LAST.number == 4)
        path.write_text(
            "".join(x for x in lines if not any(y in x for y in gone)), encoding="utf-8"
        )
    tags = server.facts["facts"]["us-gaap"]
    for tag in NEW:
        tags[tag]["units"]["USD"].pop()
    name = "PropertyPlantAndEquipmentAndFinanceLeaseRightOfUseAssetBeforeAccumulated"
    gross = tags[f"{name}DepreciationAndAmortization"]["units"]["USD"]
    net = reported("META").value("ppe_net", LAST).value
    gross.append(_entry(None, LAST.last_day.isoformat(), net + _written_off() + too_much))
    return net


def test_new_figures_of_an_old_quarter_are_added(
    server: Server, project: Project, waits: list[float]
) -> None:
    net = _one_new_figure(server, project)
    found = refresh("META", project, edgar=_reader(server, waits), write=True)
    assert {each.metric for each in found.new} == {"ppe_gross"}
    periods = {LAST} | ({str(LAST.year)} if LAST.number == 4 else set())
    assert {each.period for each in found.new} == periods
    assert found.written
    assert found.data_through == LAST
    fact = reported("META", project).value("ppe_gross", LAST)
    assert fact.value == pytest.approx(net + _written_off())
    assert fact.source.accession == ACCESSION
    assert fact.source.grade == "filing"
    assert verify(project=project).ok
    again = refresh("META", project, edgar=_reader(server, waits), write=True)
    assert not again.new
    assert not again.written


def test_a_file_that_changed_meanwhile_is_not_overwritten(
    server: Server, project: Project, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody adds a row by hand while the copy is verified."""
    _one_new_figure(server, project)
    path = project.data / "companies/meta/quarterly.csv"

    def meanwhile(*arguments: Any, **more: Any) -> Any:
        path.write_text(path.read_text(encoding="utf-8") + "by hand\n", encoding="utf-8")
        return verify(*arguments, **more)

    monkeypatch.setattr("jcurve.facts.refresh.verify", meanwhile)
    with pytest.raises(FactsError, match="changed meanwhile"):
        refresh("META", project, edgar=_reader(server, waits), write=True)
    assert path.read_text(encoding="utf-8").endswith("by hand\n")
    assert not [found for found in project.data.rglob(".*") if found.is_file()]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_killed_before_any_step_all_files_are_old_or_all_are_new(
    server: Server, project: Project, tmp_path: Path, record_figure: RecordFigure
) -> None:
    """SIGKILL before a step that changes the folder, or at random: whoever reads next finds
    every file old, or every file new, and every identity holds."""
    _one_new_figure(server, project)
    answer = tmp_path / "answer.json"
    filings = [[ACCESSION, "10-Q", FILED]]
    answer.write_text(json.dumps({"filings": filings, "facts": server.facts["facts"]}))
    tables = ["annual", "quarterly"] if LAST.number == 4 else ["quarterly"]
    whole = [*(f"companies/meta/{table}.csv" for table in tables), "sources.csv"]
    with killing("refresh", str(tmp_path / "killed"), str(project.data), str(answer)) as ask:
        found = list(struck(ask, random.Random(20_261_130)))
    assert all(each["ok"] for each in found)
    assert all(each["changed"] in ([], whole) for each in found)
    assert found[0]["changed"] == whole
    assert not is_full("moments_of_kills") or any(each["half"] for each in found)
    record_figure("kills of a refresh", sum(not each["lived"] for each in found))


def test_without_space_nothing_is_changed_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("old\n", encoding="utf-8")
    flush, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="space"):
        replace_all(tmp_path, {"a.csv": "new\n", "b.csv": "new\n"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.csv": "old\n", "b.csv": "old\n",
    }  # fmt: skip


def test_a_journal_that_cannot_be_finished_is_one_error(project: Project) -> None:
    """Neither staged nor replaced: nothing is renamed, and every reader says so."""
    before = _state(project)
    staged = project.data / ".sources.csv.00000000.staged"
    staged.write_text("new\n", encoding="utf-8")
    step = {"staged": staged.name, "target": "sources.csv", "digest": digest(staged)}
    lost = {"staged": ".lost.staged", "target": "companies/metrics.csv", "digest": "0" * 64}
    journal = project.data / JOURNAL
    journal.write_text(json.dumps([step, lost]), encoding="utf-8")
    with pytest.raises(WriteError, match="neither as it was meant to be nor staged"):
        reported("META", project)
    journal.write_text("[{", encoding="utf-8")
    with pytest.raises(WriteError, match="not a journal"):
        reported("META", project)
    journal.unlink()
    staged.unlink()
    assert _state(project) == before
    assert reported("META", project).get("revenue_total", LAST) is not None


def test_a_value_on_file_is_never_replaced(
    server: Server, project: Project, waits: list[float]
) -> None:
    tags = server.facts["facts"]["us-gaap"]
    revenue = tags["RevenueFromContractWithCustomerExcludingAssessedTax"]["units"]["USD"]
    revenue[0]["val"] += 500 * USD
    found = refresh("META", project, edgar=_reader(server, waits))
    (different,) = [each for each in found.differences if each.what == "differs"]
    kept = reported("META").value("revenue_total", LAST).value
    assert (different.on_file, different.filed) == (kept, kept + 500)
    assert "kept" in different.line()
    assert reported("META", project).value("revenue_total", LAST).value == kept


def test_a_restatement_is_shown_beside_the_first_print(
    server: Server, project: Project, waits: list[float]
) -> None:
    tags = server.facts["facts"]["us-gaap"]
    revenue = tags["RevenueFromContractWithCustomerExcludingAssessedTax"]["units"]["USD"]
    revenue.append({**revenue[0], "val": revenue[0]["val"] - 300 * USD, "filed": FILED})
    found = refresh("META", project, edgar=_reader(server, waits))
    (again,) = [each for each in found.differences if each.what == "restated"]
    assert again.period == LAST
    assert again.on_file - again.filed == pytest.approx(300)


def test_a_tag_that_vanished_is_said(server: Server, project: Project, waits: list[float]) -> None:
    del server.facts["facts"]["us-gaap"]["CostsAndExpenses"]
    found = refresh("META", project, edgar=_reader(server, waits))
    gone = [each for each in found.differences if each.what == "vanished"]
    assert [each.metric for each in gone] == ["total_costs_and_expenses"]
    assert "CostsAndExpenses" in gone[0].line()


def test_a_tag_that_changed_its_meaning_feeds_two_metrics(
    server: Server, project: Project, waits: list[float]
) -> None:
    """Alphabet's gross property leaves out assets not in service from the end of 2024 on."""
    alphabet = reported("GOOGL")
    after = Quarter(alphabet.company.data_through).plus(1)
    gross = [
        _entry(None, "2024-09-30", alphabet.value("ppe_gross", "2024Q3").value),
        _entry(None, alphabet.company.last_day(after).isoformat(), 300_000),
    ]
    server.facts = {
        "cik": 1652044,
        "facts": {"us-gaap": {"PropertyPlantAndEquipmentGross": {"units": {"USD": gross}}}},
    }
    server.script = lambda path, times: (
        (200, json.dumps({**SUBMISSIONS, "cik": "1652044"}).encode(), {})
        if "submissions" in path
        else server.usual(path, times)
    )
    found = refresh("GOOGL", project, edgar=_reader(server, waits))
    new = {(each.metric, each.period) for each in found.new}
    assert ("ppe_gross_in_service", after) in new
    assert not {metric for metric, _ in new} & {"ppe_gross"}


# Faults


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_waited_out(
    status: int, server: Server, project: Project, waits: list[float]
) -> None:
    server.script = lambda path, times: (
        (status, b"busy", {"Retry-After": "7"}) if times < 2 else server.usual(path, times)
    )
    assert refresh("META", project, edgar=_reader(server, waits)).new
    assert waits.count(7.0) == 4  # two faults on each of two requests, as long as told


@pytest.mark.parametrize("status", [429, 500])
def test_a_lasting_fault_ends_with_one_error(
    status: int, server: Server, project: Project, waits: list[float]
) -> None:
    server.script = lambda path, times: (status, b"", {"Retry-After": "100000"})
    with pytest.raises(FactsError, match=f"no answer in 4 tries: {status}"):
        refresh("META", project, edgar=_reader(server, waits))
    assert len(server.seen) == 4
    assert max(waits) <= 60.0, "a server cannot make it wait for ever"


def test_a_refusal_is_not_repeated(server: Server, project: Project, waits: list[float]) -> None:
    server.script = lambda path, times: (403, b"", {})
    with pytest.raises(FactsError, match="403"):
        refresh("META", project, edgar=_reader(server, waits))
    assert len(server.seen) == 1


def _cut(body: bytes) -> Answer:
    return 200, body[: len(body) // 2], {}


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "truncated": (lambda facts: json.dumps(facts)[:-200], "no whole JSON"),
    "a list": (lambda facts: "[]", "another form"),
    "no facts": (lambda facts: json.dumps({"cik": int(CIK)}), "no facts"),
    "facts a list": (
        lambda facts: json.dumps({"cik": int(CIK), "facts": {"us-gaap": []}}),
        "facts",
    ),
    "another company": (lambda facts: json.dumps({**facts, "cik": 789019}), "another company"),
    "no company": (lambda facts: json.dumps({"facts": facts["facts"]}), "another company"),
    "no tag": (lambda facts: json.dumps({**facts, "facts": {"us-gaap": {}}}), "none of the"),
    "no units": (
        lambda facts: json.dumps(
            {**facts, "facts": {"us-gaap": {"CostsAndExpenses": {"values": []}}}}
        ),
        "no units",
    ),
    "another unit": (
        lambda facts: json.dumps(
            {**facts, "facts": {"us-gaap": {"CostsAndExpenses": {"units": {"EUR": []}}}}}
        ),
        "no figure in that unit",
    ),
    "a figure of another form": (
        lambda facts: json.dumps(
            {**facts, "facts": {"us-gaap": {"CostsAndExpenses": {"units": {"USD": [{"v": 1}]}}}}}
        ),
        "another form",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_an_answer_of_another_form_is_refused(
    fault: str, server: Server, project: Project, waits: list[float]
) -> None:
    made, message = BROKEN[fault]
    before = _state(project)
    server.script = lambda path, times: (
        server.usual(path, times)
        if "submissions" in path
        else (200, made(server.facts).encode(), {})
    )
    with pytest.raises(FactsError, match=message):
        refresh("META", project, edgar=_reader(server, waits), write=True)
    assert _state(project) == before


def test_a_body_cut_short_is_tried_again(
    server: Server, project: Project, waits: list[float]
) -> None:
    def script(path: str, times: int) -> Answer:
        status, body, _ = server.usual(path, times)
        if times == 0:  # fewer bytes than promised
            return status, body[:40], {"Content-Length": str(len(body)), "Connection": "close"}
        return status, body, {}

    server.script = script
    assert refresh("META", project, edgar=_reader(server, waits)).new


def test_no_server(project: Project, waits: list[float]) -> None:
    with nobody_listens() as port:
        reader = Edgar(f"http://127.0.0.1:{port}", "Test test@example.org", waits.append)
        with pytest.raises(FactsError, match="no answer"):
            refresh("META", project, edgar=reader)


def test_without_a_name_nothing_is_asked(
    server: Server, project: Project, waits: list[float]
) -> None:
    with pytest.raises(UsageError, match=AGENT):
        refresh("META", project, edgar=_reader(server, waits, agent=" "))
    assert not server.seen


def test_the_command(
    server: Server,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("JCURVE_EDGAR", server.address)
    monkeypatch.setenv(AGENT, "Test test@example.org")
    root = str(project.root)
    assert main(["--project", root, "facts", "refresh"]) == 0
    told = capsys.readouterr().out
    assert f"new revenue_total {COMING}: 62,000" in told
    assert "not written" in told
    assert main(["--project", root, "facts", "refresh", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data_through"] == LAST
    form = project.root / "form.csv"
    called = ["--project", root, "quarter", COMING, str(form), "--template", "--edgar"]
    assert main(called) == 0
    lines = form.read_text(encoding="utf-8").splitlines()
    source = f"edgar_{ACCESSION.replace('-', '_')}"
    (revenue,) = [each for each in lines if each.startswith("figure,revenue_total,")]
    assert f",62000,{source},reported," in revenue
    assert sum(each.startswith(f"source,{source} ") for each in lines) == 7
    capsys.readouterr()
    assert main(called[:5]) == FactsError.exit_status
    told = capsys.readouterr().out
    assert "figures needed and left empty" in told
    assert "no such source" not in told
    monkeypatch.delenv(AGENT)
    assert main(["--project", root, "facts", "refresh"]) == UsageError.exit_status
    assert AGENT in capsys.readouterr().err
