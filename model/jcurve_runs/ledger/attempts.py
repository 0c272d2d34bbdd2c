"""The ledger: one row per attempt at a run, and every step of it as an event.

``queued → running → verifying →`` one of the ends. An end never changes, events are only
appended, and a run succeeds once at most: the database refuses anything else.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, get_args

from jcurve.ground.errors import RunError
from jcurve.ground.project import Project
from jcurve_runs.ledger.locks import Owner, buried
from jcurve_runs.ledger.outbox import Outbox
from jcurve_runs.ledger.store import Store, now, stamp, state_folder
from jcurve_runs.plan.request import Clock, Origin, Plan

RunState = Literal[
    "queued",
    "running",
    "verifying",
    "succeeded",
    "failed",
    "timed_out",
    "lost",
    "cancelled",
    "skipped_unchanged",
    "nothing_to_report",
]

_OPEN: tuple[RunState, ...] = ("queued", "running", "verifying")
ENDED: tuple[RunState, ...] = tuple(state for state in get_args(RunState) if state not in _OPEN)
"""The states that no attempt leaves."""

_BEFORE: Mapping[RunState, tuple[RunState, ...]] = {
    "running": ("queued",),
    "verifying": ("running",),
    "succeeded": ("verifying",),
    "failed": _OPEN,
    "timed_out": ("running", "verifying"),
    "lost": _OPEN,
    "cancelled": _OPEN,
    "skipped_unchanged": ("queued",),
    "nothing_to_report": ("verifying",),
}
_LONGEST = 1_000
_LONG_AGO = 86_400.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a run, as the ledger has it."""

    id: int  # in the order in which attempts were queued, whatever the clock said
    run: str  # the run's identifier, and its edition's if it succeeds
    attempt: int  # counted from 1
    report: str  # what was to be reported, down to the hash
    scenario: str
    series: str
    view: str
    hash: str
    batch: str | None  # of the runs that were asked for together, None for a single one
    origin: str | None  # the schedule's moment that asked for it, as JSON
    state: RunState  # where it is
    reason: str | None  # why it is there; the message says it in words
    message: str
    edition: str | None  # the edition it became, or the one that a skipped run relies on
    owner: str  # who runs it, on which host and as which process
    host: str
    pid: int
    queued: str  # this and what follows are times in UTC
    started: str | None
    heard: str  # the last sign of life
    ended: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an attempt."""

    at: str
    state: str
    detail: str


class Ledger:
    """The ledger of a project, as one process sees and writes it."""

    def __init__(self, project: Project, *, clock: Clock = now, read_only: bool = False) -> None:
        """Open it, making it when there is none.

        Args:
            read_only: promise to queue nothing: no sign of life is left then.
        """
        self.project = project
        self.clock = clock
        folder = state_folder(project)
        self.owners = folder / "owners"
        self._owner = None if read_only else Owner(self.owners)
        try:
            self.store = Store(folder)
            self.outbox = Outbox(self.store, clock)
        except BaseException:
            if self._owner is not None:
                self._owner.close()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; what is still open in it counts as lost at the next start."""
        self.store.close()
        if self._owner is not None:
            self._owner.close()

    @property
    def owner(self) -> str:
        """What marks this process's rows."""
        if self._owner is None:
            raise RunError("the ledger was opened for reading")
        return self._owner.token

    def queue(self, plan: Plan, *, attempt: int = 1, batch: str | None = None) -> int:
        """Enter an attempt at ``plan``; returns its number."""
        moment = stamp(self.clock())
        values = {
            "run": plan.edition.id,
            "attempt": attempt,
            "report": plan.edition.report,
            "scenario": plan.scenario.name,
            "series": plan.edition.series,
            "view": str(plan.parameters["view"]),
            "hash": plan.scenario.hash,
            "batch": batch,
            "origin": None if plan.request.origin is None else plan.request.origin.to_json(),
            "state": "queued",
            "owner": self.owner,
            "host": platform.node(),
            "pid": os.getpid(),
            "queued": moment,
            "heard": moment,
        }
        try:
            with self.store.transaction():
                number = self.store.insert("attempts", values)
                self._event(number, moment, "queued", "")
        except sqlite3.IntegrityError as error:
            raise RunError(
                "the ledger has this attempt already",
                received=f"{plan.edition.id}, attempt {attempt}",
                allowed="a new identifier",
            ) from error
        return number

    def move(
        self,
        number: int,
        state: RunState,
        *,
        reason: str | None = None,
        message: str = "",
        edition: str | None = None,
    ) -> None:
        """Take an attempt to its next state.

        A success that a schedule asked for enters the outbox in the same transaction: once the
        ledger says that an edition is out, somebody will hear of it.

        Raises:
            RunError: no way leads there from where it is, or its run has succeeded already.
            WriteError: the ledger cannot be written.
        """
        moment = stamp(self.clock())
        before = _BEFORE[state]
        ended = moment if state in ENDED else None
        started = moment if state == "running" else None
        told = (state, reason, message[:_LONGEST], moment, ended, edition, started)
        detail = f"{reason}: {message}" if reason and message else reason or message
        try:
            with self.store.transaction():
                met = self.store.write(
                    "UPDATE attempts SET state = ?, reason = ?, message = ?, heard = ?, ended = ?,"
                    " edition = coalesce(?, edition), started = coalesce(started, ?)"
                    f" WHERE id = ? AND state IN ({', '.join('?' for _ in before)})",
                    (*told, number, *before),
                )
                if not met:
                    raise RunError(
                        f"an attempt cannot become {state}",
                        received=f"attempt {number}",
                        allowed=f"from {', '.join(before)}",
                    )
                self._event(number, moment, state, detail)
                if state == "succeeded":
                    self._announce(number)
        except sqlite3.IntegrityError as error:
            raise RunError("its run has succeeded already", received=f"attempt {number}") from error

    def _announce(self, number: int) -> None:
        (done,) = self._found("id = ?", number)
        if done.origin is None:
            return
        folder = f"{done.report}/{done.series}/"
        same = self.attempts(report=done.report, series=done.series, state="succeeded", limit=2)
        earlier = [folder + each.run for each in same if each.run != done.run]
        before = earlier[0] if earlier else None
        origin = Origin.from_json(done.origin)
        self.outbox.add_edition(origin, done.run, folder + done.run, before)

    def note(self, number: int, detail: str) -> None:
        """Append an event that changes no state."""
        moment = stamp(self.clock())
        with self.store.transaction():
            (row,) = self.store.read("SELECT state FROM attempts WHERE id = ?", (number,))
            self._event(number, moment, row["state"], detail)

    def heard(self) -> None:
        """Note a sign of life for every attempt that this process has open."""
        self.store.write(
            f"UPDATE attempts SET heard = ? WHERE owner = ? AND state IN {_OPEN}",
            (stamp(self.clock()), self.owner),
        )

    def attempts(
        self,
        *,
        report: str | None = None,
        series: str | None = None,
        run: str | None = None,
        batch: str | None = None,
        state: RunState | None = None,
        limit: int | None = None,
    ) -> list[Attempt]:
        """Attempts that fit, the newest first."""
        wanted = {"report": report, "series": series, "run": run, "batch": batch, "state": state}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given) or "1"
        most = -1 if limit is None else limit
        return self._found(f"{where} ORDER BY id DESC LIMIT ?", *given.values(), most)

    def _found(self, where: str, *values: object) -> list[Attempt]:
        return self.store.records(Attempt, "attempts", where, *values)

    def events(self, number: int) -> list[Event]:
        """What happened to an attempt, in order."""
        return self.store.records(Event, "events", "attempt = ? ORDER BY id", number)

    def orphans(self, settle: Callable[[Attempt], None]) -> int:
        """Call ``settle`` for each open attempt whose runner is dead; returns their number.

        While it is called nobody else deals with that runner's attempts. ``settle`` moves
        the attempt to an end; one that it leaves open counts as lost.
        """
        count = 0
        self._forget_the_dead()
        where = f"state IN {_OPEN}"
        for row in self.store.read(f"SELECT DISTINCT owner FROM attempts WHERE {where}"):
            with buried(self.owners, row["owner"]) as dead:
                found = self._found(f"owner = ? AND {where} ORDER BY id", row["owner"])
                for orphan in found if dead else ():
                    settle(orphan)
                    with suppress(RunError):  # it has its end
                        self.move(orphan.id, "lost", message="its runner ended without a word")
                    count += 1
        return count

    def _forget_the_dead(self) -> None:
        """Take away signs of life of processes that died long ago and left nothing open."""
        busy = {
            row["owner"]
            for table in ("attempts", "occurrences")
            for row in self.store.read(f"SELECT DISTINCT owner FROM {table} WHERE ended IS NULL")
        }
        # One that was just made may not be locked yet.
        oldest = self.clock().timestamp() - _LONG_AGO
        for path in self.owners.glob("*.alive"):
            with suppress(OSError):
                if path.stem not in busy and path.stat().st_mtime <= oldest:
                    with buried(self.owners, path.stem):
                        pass

    def _event(self, number: int, moment: str, state: str, detail: str) -> None:
        self.store.insert(
            "events",
            {"attempt": number, "at": moment, "state": state, "detail": detail[:_LONGEST]},
        )
