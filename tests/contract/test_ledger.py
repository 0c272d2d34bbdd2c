"""The ledger: one row per attempt, ends that stay, events only ever appended."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jcurve.ground.errors import RunError, WriteError
from jcurve.ground.project import Project
from jcurve_runs.ledger import store
from jcurve_runs.ledger.attempts import ENDED, Attempt, Ledger, RunState
from jcurve_runs.ledger.locks import Owner, take_over
from jcurve_runs.ledger.store import Store, state_folder
from jcurve_runs.plan.request import ONCE, Retry
from jcurve_runs.publishing.runs import worth_another
from tests.counts import count
from tests.support.drives import plan_of
from tests.support.notebooks import MOMENT, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


@pytest.fixture
def ledger(project: Project) -> Iterator[Ledger]:
    with Ledger(project, clock=lambda: MOMENT) as made:
        yield made


def only(ledger: Ledger) -> Attempt:
    """The one attempt there is."""
    (attempt,) = ledger.attempts()
    return attempt


def test_a_run_from_queue_to_success(project: Project, ledger: Ledger) -> None:
    number = ledger.queue(plan_of(project), batch="night")
    queued = only(ledger)
    assert (queued.state, queued.run, queued.attempt, queued.batch) == (
        *("queued", "run-1"),
        *(1, "night"),
    )
    assert queued.queued == "2026-07-30T09:00:00.000+00:00"
    assert (queued.started, queued.ended, queued.edition) == (None, None, None)

    ledger.move(number, "running")
    ledger.note(number, "cell 3 of 14")
    ledger.move(number, "verifying")
    ledger.move(number, "succeeded", edition="run-1")

    done = only(ledger)
    assert (done.state, done.edition) == ("succeeded", "run-1")
    assert done.ended == done.started == queued.queued
    assert [(event.state, event.detail) for event in ledger.events(number)] == [
        ("queued", ""),
        ("running", ""),
        ("running", "cell 3 of 14"),
        ("verifying", ""),
        ("succeeded", ""),
    ]


def test_a_failure_keeps_its_reason(project: Project, ledger: Ledger) -> None:
    number = ledger.queue(plan_of(project))
    ledger.move(number, "running")
    ledger.move(number, "failed", reason="dead_kernel", message="the kernel died")
    assert (only(ledger).reason, only(ledger).message) == ("dead_kernel", "the kernel died")
    assert ledger.events(number)[-1].detail == "dead_kernel: the kernel died"


@pytest.mark.parametrize("end", ENDED)
def test_an_end_never_changes(project: Project, ledger: Ledger, end: RunState) -> None:
    number = ledger.queue(plan_of(project))
    with ledger.store.transaction():  # straight to the end, by hand
        ledger.store.write(
            "UPDATE attempts SET state = ?, ended = ? WHERE id = ?", (end, "then", number)
        )
    for state in ("running", "verifying", *ENDED):
        with pytest.raises(RunError, match=f"an attempt cannot become {state}"):
            ledger.move(number, state)
    with pytest.raises(sqlite3.IntegrityError, match="has ended never changes"):
        ledger.store.write("UPDATE attempts SET message = 'x' WHERE id = ?", (number,))
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        ledger.store.write("DELETE FROM attempts")
    assert only(ledger).state == end


@pytest.mark.parametrize("statement", ["UPDATE events SET detail = 'x'", "DELETE FROM events"])
def test_events_are_only_appended(project: Project, ledger: Ledger, statement: str) -> None:
    number = ledger.queue(plan_of(project))
    with pytest.raises(sqlite3.IntegrityError, match="only ever appended"):
        ledger.store.write(statement)
    assert [event.detail for event in ledger.events(number)] == [""]


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ([], "succeeded"),
        (["running"], "succeeded"),  # never without a verdict
        (["running"], "skipped_unchanged"),
        (["running"], "nothing_to_report"),
        ([], "verifying"),
        (["running", "verifying"], "running"),
        ([], "timed_out"),
    ],
)
def test_no_step_is_left_out(
    project: Project, ledger: Ledger, steps: list[RunState], refused: RunState
) -> None:
    number = ledger.queue(plan_of(project))
    for step in steps:
        ledger.move(number, step)
    with pytest.raises(RunError, match=f"cannot become {refused}"):
        ledger.move(number, refused)


def test_a_run_succeeds_once_whatever_the_attempts(project: Project, ledger: Ledger) -> None:
    plan = plan_of(project)
    numbers = [ledger.queue(plan, attempt=attempt) for attempt in (1, 2)]
    for number in numbers:
        ledger.move(number, "running")
        ledger.move(number, "verifying")
    ledger.move(numbers[1], "succeeded")
    with pytest.raises(RunError, match="its run has succeeded already"):
        ledger.move(numbers[0], "succeeded")
    ledger.move(numbers[0], "failed", reason="dead_kernel")
    assert [attempt.state for attempt in ledger.attempts(run="run-1")] == ["succeeded", "failed"]


def test_an_attempt_is_entered_once(project: Project, ledger: Ledger) -> None:
    ledger.queue(plan_of(project))
    with pytest.raises(RunError, match="the ledger has this attempt already"):
        ledger.queue(plan_of(project))


def test_a_clock_that_jumps_back_changes_no_order(project: Project) -> None:
    moment = [MOMENT]
    with Ledger(project, clock=lambda: moment[0]) as ledger:
        first = ledger.queue(plan_of(project, "run-1"))
        moment[0] -= timedelta(days=400)
        second = ledger.queue(plan_of(project, "run-2"))
        ledger.move(first, "running")
        assert [attempt.id for attempt in ledger.attempts()] == [second, first]
        assert ledger.events(first)[-1].state == "running"
        assert ledger.orphans(lambda orphan: None) == 0  # alive, whatever the times say


def test_signs_of_life_are_for_open_attempts_of_this_process(project: Project) -> None:
    moment = [MOMENT]
    clock = lambda: moment[0]  # noqa: E731
    with Ledger(project, clock=clock) as one, Ledger(project, clock=clock) as other:
        mine, ended = one.queue(plan_of(project, "a")), one.queue(plan_of(project, "b"))
        theirs = other.queue(plan_of(project, "c"))
        one.move(ended, "failed", reason="cell_error")
        moment[0] += timedelta(seconds=5)
        one.heard()
        heard = {attempt.id: attempt.heard for attempt in one.attempts()}
    assert heard[mine] == "2026-07-30T09:00:05.000+00:00"
    assert heard[ended] == heard[theirs] == "2026-07-30T09:00:00.000+00:00"


def test_what_a_dead_runner_left_is_settled_once(project: Project) -> None:
    dead = Ledger(project)
    number = dead.queue(plan_of(project))
    dead.move(number, "running")
    seen: list[int] = []
    with Ledger(project) as ledger:
        assert ledger.orphans(lambda orphan: seen.append(orphan.id)) == 0  # it still lives
        dead.close()
        assert ledger.orphans(lambda orphan: seen.append(orphan.id)) == 1
        assert ledger.orphans(lambda orphan: seen.append(orphan.id)) == 0
        assert only(ledger).state == "lost"
    assert seen == [number]


def test_two_that_settle_at_once_do_not_settle_twice(project: Project) -> None:
    dead = Ledger(project)
    for run in range(20):
        dead.move(dead.queue(plan_of(project, f"run-{run}")), "running")
    dead.close()
    seen: list[int] = []
    start = threading.Barrier(4)

    def settle() -> None:
        with Ledger(project) as ledger:
            start.wait()
            ledger.orphans(lambda orphan: seen.append(orphan.id))

    threads = [threading.Thread(target=settle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 21))


def test_an_owner_is_alive_until_it_lets_go(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    assert take_over(tmp_path, owner.token) is None
    owner.close()
    held = take_over(tmp_path, owner.token)
    assert held is not None
    assert take_over(tmp_path, owner.token) is None  # two at once are impossible
    held.close()


def test_signs_of_life_of_the_dead_are_taken_away_a_day_later(project: Project) -> None:
    """Not earlier: a process may have made its file and not locked it yet."""
    moment = [datetime.now(UTC)]
    with Ledger(project, clock=lambda: moment[0]) as ledger:
        (ledger.owners / "1-dead.alive").touch()
        ledger.orphans(lambda orphan: None)
        assert (ledger.owners / "1-dead.alive").exists()
        moment[0] += timedelta(days=2)
        ledger.orphans(lambda orphan: None)
        assert [path.stem for path in ledger.owners.iterdir()] == [ledger.owner]


def test_writers_wait_for_one_another(project: Project) -> None:
    """Four threads with a connection each, many small transactions, nothing lost."""

    def write(name: str) -> None:
        with Ledger(project) as ledger:
            for run in range(25):
                ledger.move(ledger.queue(plan_of(project, f"{name}-{run}")), "running")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Ledger(project, read_only=True) as ledger:
        assert len(ledger.attempts()) == 100
        assert len(ledger.attempts(limit=7)) == 7


def test_many_open_a_new_store_at_once(tmp_path: Path) -> None:
    """SQLite itself waits for nobody while a new file changes to its write-ahead log."""

    def opened(folder: Path, start: threading.Barrier, found: list[int]) -> None:
        start.wait()
        with closing(Store(folder)) as made:
            found.append(len(made.read("SELECT id FROM attempts")))

    for number in range(count("stores_opened")):
        start, found = threading.Barrier(8), list[int]()
        given = (tmp_path / str(number), start, found)
        threads = [threading.Thread(target=opened, args=given) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [0] * 8


def test_a_group_of_statements_happens_whole_or_not_at_all(
    project: Project, ledger: Ledger
) -> None:
    number = ledger.queue(plan_of(project))
    with suppress(KeyboardInterrupt), ledger.store.transaction():
        ledger.move(number, "running")
        raise KeyboardInterrupt
    assert only(ledger).state == "queued"
    assert [event.state for event in ledger.events(number)] == ["queued"]


def test_a_ledger_for_reading_queues_nothing(project: Project) -> None:
    with Ledger(project, read_only=True) as ledger:
        assert list((state_folder(project)).glob("owners/*")) == []
        with pytest.raises(RunError, match="opened for reading"):
            ledger.queue(plan_of(project))


def test_a_damaged_or_newer_file_is_one_clear_error(project: Project) -> None:
    path = state_folder(project) / "runs.sqlite"
    with Ledger(project) as ledger:
        ledger.store.write("PRAGMA user_version = 99")
    with pytest.raises(RunError, match="written by a newer version"):
        Ledger(project)
    for left in path.parent.glob("runs.sqlite*"):
        left.unlink()
    path.write_bytes(b"this is no database, " * 100)
    with pytest.raises(RunError, match=r"is damaged \(.*\); allowed: move the file"):
        Ledger(project)


def test_a_folder_that_cannot_hold_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="cannot be written"):
        Store(tmp_path / "file")


def test_the_store_may_lie_elsewhere(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JCURVE_STATE", str(tmp_path / "local disk"))
    with Ledger(project):
        assert (tmp_path / "local disk" / "runs.sqlite").is_file()
    assert not project.reports.exists()


@pytest.mark.parametrize(
    ("reason", "again"),
    [
        ("kernel_start", True),
        ("dead_kernel", True),
        ("missing_reply", True),
        ("child_killed", True),
        ("not_written", True),
        ("cell_error", False),
        ("early_exit", False),
        ("timeout", False),
        ("bad_results", False),
        ("identity_broken", False),
        ("too_much_output", False),
        (None, False),
    ],
)
def test_what_may_pass_by_itself(reason: str | None, again: bool) -> None:
    assert worth_another(reason) is again


def test_each_wait_is_longer_up_to_a_limit() -> None:
    patience = Retry(attempts=5, first=2.0, factor=4.0, longest=60.0)
    assert [patience.wait(attempt) for attempt in (1, 2, 3, 4)] == [2.0, 8.0, 32.0, 60.0]
    assert ONCE.attempts == 1
    assert replace(patience, first=1.0).wait(1) == 1.0


def test_times_are_utc_and_sort_as_text(project: Project) -> None:
    local = datetime.fromisoformat("2026-07-30T23:30:00+05:30")
    with Ledger(project, clock=lambda: local) as ledger:
        ledger.queue(plan_of(project))
        assert only(ledger).queued == "2026-07-30T18:00:00.000+00:00"


OLD_OUTBOX = """
CREATE TABLE outbox (
    run TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due TEXT NOT NULL,
    problem TEXT NOT NULL DEFAULT '',
    queued TEXT NOT NULL,
    sent TEXT,
    PRIMARY KEY (run, channel)
);
"""


def test_a_store_of_the_first_version_keeps_what_it_owes(project: Project) -> None:
    """Runs, and letters with all their recipients in one state."""
    folder = state_folder(project)
    folder.mkdir(parents=True)
    script = Path(store.__file__).with_name("runs.sql").read_text(encoding="utf-8")
    old = "\n".join(line for line in script.splitlines() if not line.startswith("    origin "))
    with closing(sqlite3.connect(folder / "runs.sqlite")) as made:
        made.executescript(old + OLD_OUTBOX)
        made.execute("PRAGMA user_version = 1")
        made.execute(
            "INSERT INTO attempts (run, attempt, report, scenario, series, view, hash, state,"
            " owner, host, pid, queued, heard, ended) VALUES ('run-0', 1, 'fixture', 'base',"
            " 'base', 'programme', 'ab', 'succeeded', 'o', 'h', 1, 'x', 'x', 'x')"
        )
        for run, kind, state, content in (
            ("run-0", "success", "waiting", {"edition": "fixture/base/run-0", "before": None}),
            ("run-9", "failure", "sent", {"what": "fixture", "facts": [["Reason", "x"]]}),
        ):
            told = json.dumps({"to": ["a@example.org", "b@example.org"], **content})
            made.execute(
                "INSERT INTO outbox VALUES (?, 'mail', ?, ?, ?, ?, 2, 'due', 'p', 'q', NULL)",
                (run, kind, told, f"<{run:0>32}@jcurve.invalid>", state),
            )
        made.commit()
    with Ledger(project) as ledger:
        assert only(ledger).origin is None
        owed = ledger.outbox.entries()
        assert [(each.address, each.state, each.tries) for each in owed] == [
            ("a@example.org", "waiting", 2),
            ("b@example.org", "waiting", 2),
            ("a@example.org", "sent", 2),
            ("b@example.org", "sent", 2),
        ]
        assert owed[0].about == "fixture/base/run-0"
        assert owed[0].message == f"{'run-0':0>32}"
        ledger.outbox.resend()
        (due,) = ledger.outbox.take_due()
        assert due.editions == (("fixture/base/run-0", None),)
        ledger.queue(plan_of(project))
    with closing(sqlite3.connect(folder / "runs.sqlite")) as made:  # as of the second version
        made.execute("DROP TABLE defaults")
        made.execute("PRAGMA user_version = 2")
    for _ in range(2):
        with Ledger(project) as ledger:
            assert ledger.store.read("SELECT * FROM defaults") == []
