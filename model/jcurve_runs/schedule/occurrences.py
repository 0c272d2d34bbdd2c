"""Occurrences of schedules in the store: decided once, taken once, done, failed or skipped.

Two questions are kept apart. *What is due* is decided once: ``decide`` turns the moments since the
last look into rows and moves the date up to which all is decided, in one transaction, so that a
killed tick decides nothing twice and a clock that goes back decides nothing anew. *Who runs it* is
taken: ``take`` gives a queued row to one process; if that dies, another finds its lock open and
queues the row again, a few times. What is to be told of an occurrence enters the outbox in the
transaction of the step that it tells of.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.locks import buried
from jcurve_runs.ledger.store import stamp
from jcurve_runs.schedule.schedules import Schedule

Facts = Sequence[tuple[str, str]]  # pairs of label and text that a notice shows

CLOCK_WENT_BACK = timedelta(hours=1)
_MOST_TRIES = 3
_MOST_SKIPPED = 20
_LOST = "its runner ended without saying why"
_REMOVED = "its schedule is no longer in the file"
_SUPERSEDED = "superseded by a later one"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of a schedule."""

    schedule: str  # its name
    occurrence: str  # the moment in UTC, as text
    deadline: str | None  # by when its edition must be there; None for never
    state: str  # queued, claimed, done, failed or skipped
    detail: str  # why
    batch: str | None  # the batch that it became
    tries: int  # how often it was taken
    owner: str | None  # who took it
    decided: str  # times in UTC, both
    ended: str | None


class Occurrences:
    """The occurrences of all schedules, as one process sees and writes them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._store = ledger.store

    def considered(self, schedule: str) -> datetime | None:
        """Up to when occurrences have been decided on; None before the first tick."""
        rows = self._store.read("SELECT considered FROM schedules WHERE schedule = ?", (schedule,))
        return datetime.fromisoformat(rows[0]["considered"]) if rows else None

    def decide(self, schedule: Schedule, due: Sequence[datetime], moment: datetime) -> None:
        """Enter what is due: queue what is to run, skip the rest. Call in a transaction."""
        busy = schedule.overlap == "skip" and bool(
            self._found("schedule = ? AND state IN ('queued', 'claimed')", schedule.name)
        )
        missed = [each for each in due if moment - each > schedule.grace]
        wanted = list(due)
        if schedule.missed == "skip":
            wanted = [each for each in due if each not in missed]
        elif schedule.missed == "latest":
            wanted = wanted[-1:]
        for each in due[-_MOST_SKIPPED:]:
            if each not in wanted:
                told = _SUPERSEDED if schedule.missed == "latest" else "missed"
                self._enter(schedule, each, moment, "skipped", told)
        state, told = ("skipped", "an earlier one still ran") if busy else ("queued", "")
        for each in wanted:
            self._enter(schedule, each, moment, state, told)
        self._store.write(
            "INSERT INTO schedules (schedule, considered) VALUES (?, ?)"
            " ON CONFLICT (schedule) DO UPDATE SET considered = excluded.considered",
            (schedule.name, stamp(moment)),
        )

    def take(self, names: Sequence[str]) -> Occurrence | None:
        """Take the earliest queued occurrence whose schedule has none under way.

        Whoever gets it runs it; nobody else gets it while this process lives.
        """
        with self._store.transaction():
            for found in self._found(
                "state = 'queued' AND NOT EXISTS (SELECT 1 FROM occurrences AS p"
                " WHERE p.schedule = o.schedule AND p.state = 'claimed')"
                " ORDER BY occurrence, schedule"
            ):
                if found.schedule not in names:
                    continue
                self._store.write(
                    "UPDATE occurrences SET state = 'claimed', owner = ?, tries = tries + 1"
                    " WHERE schedule = ? AND occurrence = ?",
                    (self._ledger.owner, found.schedule, found.occurrence),
                )
                return found
        return None

    def end(self, ended: Occurrence, schedule: Schedule, facts: Sequence[Facts] = ()) -> None:
        """Note how an occurrence that this process took has ended: done or failed."""
        with self._store.transaction():
            self._close(ended)
            if ended.state == "failed":
                self._tell_failure(ended, schedule.failure, facts)

    def add(self, schedule: Schedule, moment: datetime) -> None:
        """Queue an occurrence at this very moment, because somebody asked for it."""
        with self._store.transaction():
            self._enter(schedule, moment, moment, "queued", "asked for by hand")

    def drop(self, names: Collection[str]) -> None:
        """Skip what is queued of schedules that the file no longer names, and forget defaults."""
        kept = ", ".join("?" for _ in names)
        self._store.write(f"DELETE FROM defaults WHERE schedule NOT IN ({kept})", list(names))
        for left in self._found("state = 'queued'"):
            if left.schedule not in names:
                self._close(replace(left, state="skipped", detail=_REMOVED))

    def _close(self, ended: Occurrence) -> None:
        told = (ended.state, ended.detail, ended.batch)
        self._store.write(
            "UPDATE occurrences SET state = ?, detail = ?, batch = ?, ended = ?"
            " WHERE schedule = ? AND occurrence = ?",
            (*told, stamp(self._ledger.clock()), ended.schedule, ended.occurrence),
        )

    def _tell_failure(
        self, ended: Occurrence, failure: Sequence[str], facts: Sequence[Facts]
    ) -> None:
        head = [("Schedule", ended.schedule), ("Due", ended.occurrence)]
        told = [fact for each in facts for fact in each] or [("Reason", ended.detail)]
        self._ledger.outbox.tell(
            "failure",
            f"{ended.schedule}@{ended.occurrence}/failure/{ended.tries}",
            failure,
            {"what": ended.schedule, "facts": [*head, *told]},
            schedule=ended.schedule,
            occurrence=ended.occurrence,
        )

    def release(self, failure: Mapping[str, Sequence[str]]) -> int:
        """Queue again what dead processes had taken; returns how many that were.

        What was taken three times without an end has failed.
        """
        count = 0
        for left in self._found("state = 'claimed'"):
            with buried(self._ledger.owners, left.owner or "") as dead:
                if dead:
                    count += self._give_back(left, failure.get(left.schedule, ()))
        return count

    def _give_back(self, left: Occurrence, failure: Sequence[str]) -> int:
        again = left.tries < _MOST_TRIES
        state = "queued" if again else "failed"
        ended = None if again else stamp(self._ledger.clock())
        with self._store.transaction():
            met = self._store.write(
                "UPDATE occurrences SET state = ?, detail = ?, ended = ? WHERE schedule = ?"
                " AND occurrence = ? AND state = 'claimed' AND owner = ?",
                (state, _LOST, ended, left.schedule, left.occurrence, left.owner),
            )
            if met and not again:
                self._tell_failure(replace(left, state=state, detail=_LOST), failure, ())
        return met

    def unannounced(self, moment: datetime) -> list[Occurrence]:
        """Occurrences that did not arrive by their deadline, for which no alarm was given."""
        return self._overdue(moment, "alarmed IS NULL AND (state <> 'done' OR ended > deadline)")

    def late(self, moment: datetime) -> list[Occurrence]:
        """Occurrences whose deadline has passed, with no edition of them or after them."""
        return self._overdue(
            moment,
            "state <> 'done' AND NOT EXISTS (SELECT 1 FROM occurrences AS p WHERE"
            " p.schedule = o.schedule AND p.occurrence > o.occurrence AND p.state = 'done')",
        )

    def _overdue(self, moment: datetime, where: str) -> list[Occurrence]:
        where = f"deadline < ? AND {where} AND detail <> ? ORDER BY occurrence"
        return self._found(where, stamp(moment), _SUPERSEDED)

    def alarm(self, late: Occurrence, failure: Sequence[str]) -> bool:
        """Give the alarm for an occurrence; whether it was for the first time."""
        with self._store.transaction():
            first = self._store.write(
                "UPDATE occurrences SET alarmed = ? WHERE schedule = ? AND occurrence = ?"
                " AND alarmed IS NULL",
                (stamp(self._ledger.clock()), late.schedule, late.occurrence),
            )
            if first:
                facts = [
                    *(("Due", late.occurrence), ("Deadline", late.deadline or "")),
                    *(("State", late.state), ("Detail", late.detail or "none")),
                ]
                self._ledger.outbox.tell(
                    "alarm",
                    f"{late.schedule}@{late.occurrence}/alarm",
                    failure,
                    {"what": late.schedule, "facts": facts},
                    schedule=late.schedule,
                )
        return bool(first)

    def of(self, schedule: str, limit: int = 50) -> list[Occurrence]:
        """The occurrences of a schedule, the newest first."""
        return self._found("schedule = ? ORDER BY occurrence DESC LIMIT ?", schedule, limit)

    def _found(self, where: str, *values: object) -> list[Occurrence]:
        return self._store.records(Occurrence, "occurrences AS o", where, *values)

    def _enter(
        self, schedule: Schedule, each: datetime, moment: datetime, state: str, detail: str
    ) -> None:
        deadline = None if schedule.deadline is None else stamp(each + schedule.deadline)
        # A row that only says "skipped" gives way: it may stem from a clock that ran ahead.
        self._store.write(
            "INSERT INTO occurrences (schedule, occurrence, deadline, state, detail, decided)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (schedule, occurrence) DO UPDATE SET"
            " state = excluded.state, detail = excluded.detail, decided = excluded.decided"
            " WHERE occurrences.state = 'skipped' AND excluded.state = 'queued'",
            (schedule.name, stamp(each), deadline, state, detail, stamp(moment)),
        )
