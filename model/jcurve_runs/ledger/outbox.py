"""The outbox: one row for each (run, channel), sent at least once under one message id."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from jcurve_runs.ledger.attempts import Ledger, stamp

__all__ = ["Kind", "Letter", "Outbox"]

Kind = Literal["success", "failure", "alarm"]

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_MOST_TRIES = 30


@dataclass(frozen=True, slots=True)
class Letter:
    """A row of the outbox.

    Attributes:
        run: what it is about.
        channel: how it is sent: ``mail``.
        kind: success, failure or alarm.
        content: what it says, as plain data; the text is made when it is sent.
        message_id: the same at every try, so that a reader's program may drop a second one.
        state: waiting, sent or refused.
        tries: how often sending was tried.
        problem: what went wrong last.
    """

    run: str
    channel: str
    kind: Kind
    content: Mapping[str, Any]
    message_id: str
    state: str
    tries: int
    due: str
    problem: str
    queued: str
    sent: str | None


_COLUMNS = "run, channel, kind, content, message_id, state, tries, due, problem, queued, sent"


class Outbox:
    """The outbox of a project."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._store = ledger.store

    def put(self, run: str, channel: str, kind: Kind, content: Mapping[str, Any]) -> bool:
        """Enter a letter; False when there is one for this run and channel already."""
        moment = stamp(self._ledger.clock())
        digest = sha256(f"{run}\0{channel}\0{kind}".encode()).hexdigest()[:32]
        try:
            with self._store.transaction():
                self._store.insert(
                    "outbox",
                    {
                        "run": run,
                        "channel": channel,
                        "kind": kind,
                        "content": json.dumps(content, ensure_ascii=False),
                        "message_id": f"<{digest}@jcurve.invalid>",
                        "state": "waiting",
                        "due": moment,
                        "queued": moment,
                    },
                )
        except sqlite3.IntegrityError:
            return False
        return True

    def due(self, moment: datetime) -> list[Letter]:
        """What is to be tried now, the oldest first."""
        return self._read("state = 'waiting' AND due <= ? ORDER BY queued, run", stamp(moment))

    def letters(self, state: str | None = None) -> list[Letter]:
        """All letters, the oldest first."""
        if state is None:
            return self._read("1 ORDER BY queued, run")
        return self._read("state = ? ORDER BY queued, run", state)

    def sent(self, letter: Letter, problem: str = "") -> None:
        """Note that a letter was taken by the server; ``problem`` names who was refused."""
        self._store.write(
            "UPDATE outbox SET state = 'sent', tries = tries + 1, sent = ?, problem = ?"
            " WHERE run = ? AND channel = ?",
            (stamp(self._ledger.clock()), problem, letter.run, letter.channel),
        )

    def failed(self, letter: Letter, problem: str, *, for_good: bool) -> None:
        """Note a try that failed; the next comes later each time."""
        tries = letter.tries + 1
        over = for_good or tries >= _MOST_TRIES
        state = "refused" if over else "waiting"
        wait = min(_FIRST_WAIT * 3 ** min(tries - 1, 12), _LONGEST_WAIT)
        due = stamp(self._ledger.clock() + wait)
        self._store.write(
            "UPDATE outbox SET state = ?, tries = ?, due = ?, problem = ?"
            " WHERE run = ? AND channel = ?",
            (state, tries, due, problem[:500], letter.run, letter.channel),
        )

    def again(self) -> int:
        """Try everything that waits or was refused at once; returns how many that are."""
        return self._store.write(
            "UPDATE outbox SET state = 'waiting', tries = 0, due = ? WHERE state <> 'sent'",
            (stamp(self._ledger.clock()),),
        )

    def _read(self, where: str, *values: str) -> list[Letter]:
        rows = self._store.read(f"SELECT {_COLUMNS} FROM outbox WHERE {where}", values)
        return [Letter(**{**dict(row), "content": json.loads(row["content"])}) for row in rows]
