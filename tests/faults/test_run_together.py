"""Several processes at the same moment on one folder: each occurrence and each run counts once."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jcurve.briefing import all_editions, latest
from jcurve.ground.project import Project
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.store import now, stamp, state_folder
from jcurve_runs.publishing.runs import recover
from jcurve_runs.schedule.occurrences import Occurrences
from tests.conftest import RecordFigure
from tests.counts import count
from tests.faults.test_kills import Asked, reading, settled, start
from tests.support.notebooks import PARAMETERS, SHOW, make_project, make_real_project
from tests.support.waiting import GENEROUS, until

PROCESSES = 4
SCHEDULES = ("hourly", "skipping", "queueing")
START = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]

TRUE_RECORD = """\
from jcurve.briefing import check_parameters, record
given = check_parameters(scenario, overrides, view, out)
record(
    given.out,
    report="fixture",
    scenario=given.scenario,
    view=view,
    valuation_date="2026Q2",
    data_through="2026Q2",
    headlines={view: {"npv": {"value": 1.5, "unit": "USD m"}}},
    checks=[{"name": "ties", "value": 0.0, "tolerance": 1e-6, "ok": True}],
    exhibits=[{"id": "curve", "kind": "chart", "title": "Curve", "alt": "Falls, then rises."}],
)
"""


def write_schedules(project: Project, minutes: str, **overlap: str) -> None:
    """One schedule by name, each at the given minutes of every hour."""
    project.reports.mkdir(exist_ok=True)
    entries = "".join(
        f'  {name}:\n    report: fixture\n    scenarios: [base]\n    cron: "{minutes} * * * *"\n'
        f"    overlap: {how}\n    deadline: 2 hours\n"
        for name, how in overlap.items()
    )
    (project.reports / "schedule.yml").write_text(f"schedules:\n{entries}")


@contextmanager
def tickers(project: Project, ran: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that wait for a moment to tick at."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(
                subprocess.Popen(
                    [
                        *(sys.executable, "-m", "tests.support.tick_runner"),
                        *(str(project.root), str(ran)),
                    ],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(PROCESSES)
        ]
        for each in made:
            assert said(each) == "ready"
        yield made
        for each in made:
            assert each.stdin is not None
            each.stdin.close()
            assert each.wait(GENEROUS) == 0


def said(process: subprocess.Popen[str]) -> str:
    """The next line of a process."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def all_at(processes: list[subprocess.Popen[str]], moment: datetime) -> list[str]:
    """Let all tick at one moment; the schedules that they say they ran, together."""
    for each in processes:
        assert each.stdin is not None
        each.stdin.write(moment.isoformat() + "\n")
    for each in processes:
        assert each.stdin is not None
        each.stdin.flush()
    told = [json.loads(said(each)) for each in processes]
    assert [each["problems"] for each in told] == [[]] * len(processes)
    return [name for each in told for name in each["ran"]]


def test_ticks_of_several_processes_run_each_occurrence_once(
    tmp_path: Path, record_figure: RecordFigure
) -> None:
    """Every hour three schedules fall due and four processes look at the same moment."""
    project = make_project(tmp_path)
    write_schedules(project, "0", hourly="skip", skipping="skip", queueing="queue")
    ran = tmp_path / "ran"
    rounds = count("ticks_at_once")
    with tickers(project, ran) as processes:
        assert all_at(processes, START) == []
        for number in range(1, rounds + 1):
            moment = START + timedelta(hours=number)
            assert sorted(all_at(processes, moment)) == sorted(SCHEDULES)
            status = json.loads((project.reports / "status.json").read_text())
            assert (status["late"], status["problems"]) == (0, [])
            assert {each["last"]["state"] for each in status["schedules"].values()} == {"done"}
    lines = [line.split() for line in ran.read_text().splitlines()]
    sharers = {process for _, process in lines}
    expected = {
        f"{name}.{START.replace(minute=0) + timedelta(hours=number):%Y%m%dT%H%M%SZ}"
        for name in SCHEDULES
        for number in range(1, rounds + 1)
    }
    assert Counter(name for name, _ in lines) == dict.fromkeys(expected, 1)
    assert len(sharers) > 1, "one process did everything: nothing was tried"
    with Ledger(project, read_only=True) as ledger:
        for name in SCHEDULES:
            kept = Occurrences(ledger).of(name, limit=rounds + 1)
            assert [(each.state, each.tries) for each in kept] == [("done", 1)] * rounds
    record_figure("ticks of four processes: moments", rounds)
    record_figure("ticks of four processes: occurrences, each run once", len(lines))


def test_commands_at_the_same_moment_publish_one_edition(tmp_path: Path) -> None:
    """``jcurve tick`` four times with real kernels; the schedule became due a minute ago."""
    project = make_real_project(tmp_path, [PARAMETERS, SHOW, TRUE_RECORD])
    write_schedules(project, "*", minutely="skip")
    assert command(project, "tick").wait(GENEROUS) == 0
    due_a_minute_ago(project)
    # Those that look after the next minute has begun may find another moment due.
    processes = [command(project, "tick") for _ in range(PROCESSES)]
    assert [each.wait(GENEROUS) for each in processes] == [0] * PROCESSES
    with Ledger(project, read_only=True) as ledger:
        occurrences = [each for each in Occurrences(ledger).of("minutely") if each.batch]
        attempts = ledger.attempts()
    assert {each.state for each in occurrences} == {"done"}
    assert [each.batch for each in attempts] == [each.batch for each in occurrences]
    assert len({each.batch for each in occurrences}) == len(occurrences)
    assert attempts[-1].state == "succeeded"
    assert {each.state for each in attempts[:-1]} <= {"skipped_unchanged"}
    (edition,) = all_editions(project, "fixture", "base")
    assert latest(project, "fixture", "base") == edition
    assert not any((project.reports / ".staging").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_watching_runs_what_is_due_until_it_is_interrupted(tmp_path: Path) -> None:
    """``jcurve tick --watch`` in a process of its own."""
    project = make_real_project(tmp_path, [PARAMETERS, SHOW, TRUE_RECORD])
    write_schedules(project, "*", minutely="skip")
    assert command(project, "tick").wait(GENEROUS) == 0
    due_a_minute_ago(project)
    watcher = command(project, "tick", "--watch")
    try:
        assert until(lambda: bool(all_editions(project, "fixture", "base")))
        status = project.reports / "status.json"
        assert until(lambda: '"state": "done"' in status.read_text())
        assert watcher.poll() is None, "it goes on"
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(GENEROUS) == 130
    finally:
        watcher.kill()
        watcher.wait(GENEROUS)
    with Ledger(project) as ledger:
        recover(ledger)
        assert {each.state for each in ledger.attempts()} <= {
            *("succeeded", "skipped_unchanged", "cancelled")
        }
    assert len(all_editions(project, "fixture", "base")) == 1


def due_a_minute_ago(project: Project) -> None:
    """Let the schedules have been looked at more than a minute ago for the last time."""
    before = stamp(now() - timedelta(seconds=70))
    with closing(sqlite3.connect(state_folder(project) / "runs.sqlite")) as store, store:
        store.execute("UPDATE schedules SET considered = ?", (before,))


def command(project: Project, *words: str) -> subprocess.Popen[bytes]:
    """``jcurve`` in a process of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from jcurve.commands import main; raise SystemExit(main())",
            *words,
        ],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="the readers of test_kills")
def test_two_batches_and_a_report_at_once(tmp_path: Path) -> None:
    """They publish into the same series: all is whole, in one order, and counted once."""
    project, asked = make_project(tmp_path), Asked()
    with reading(project, asked) as reader, ExitStack() as stack:
        batches = [stack.enter_context(start(project, f"{number}", asked)) for number in range(2)]
        report = subprocess.Popen(
            [sys.executable, "-m", "tests.support.runner", str(project.root)], cwd=ROOT
        )
        assert [each.wait(GENEROUS * 2) for each in (*batches, report)] == [0, 0, 0]
    assert reader.faults == []
    assert reader.read > 0
    settled(project, set(), asked, in_turn=False)
    with Ledger(project, read_only=True) as ledger:
        attempts = ledger.attempts()
    assert Counter(each.state for each in attempts) == {"succeeded": 2 * len(asked.series) + 1}
    assert len({each.batch for each in attempts if each.batch}) == 2
    for series in asked.series:
        made = {each.run for each in attempts if each.series == series}
        assert {each.id for each in all_editions(project, "fixture", series)} == made
        assert len(made) == 2
    page = (project.reports / "index.html").read_text()
    assert all(series in page for series in asked.series)
