"""The store of runs: one SQLite file in WAL mode, opened by whoever runs or delivers.

It lies in ``reports/.state`` unless ``JCURVE_STATE`` names another folder; WAL needs a
local disk, so name one when the reports lie on a share. The editions never depend on it:
without the store they lose their history, not a byte.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from jcurve.errors import RunError, WriteError
from jcurve.files import make_folder
from jcurve.project import Project

__all__ = ["Store", "now", "stamp", "state_folder"]

FILE_NAME = "runs.sqlite"
_VERSION = 2
_PATIENCE = 60.0  # seconds to wait for another process's transaction

_SCHEMA = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    report TEXT NOT NULL,
    scenario TEXT NOT NULL,
    series TEXT NOT NULL,
    view TEXT NOT NULL,
    hash TEXT NOT NULL,
    batch TEXT,
    origin TEXT,  -- the schedule's moment that asked for it and whom to tell, as JSON
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'running', 'verifying', 'succeeded', 'failed', 'timed_out', 'lost',
        'cancelled', 'skipped_unchanged', 'nothing_to_report')),
    reason TEXT,
    message TEXT NOT NULL DEFAULT '',
    edition TEXT,
    owner TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    queued TEXT NOT NULL,
    started TEXT,
    heard TEXT NOT NULL,
    ended TEXT,
    UNIQUE (run, attempt)
);
CREATE INDEX attempts_of_series ON attempts (report, series, id);
CREATE INDEX attempts_of_batch ON attempts (batch, id);
CREATE INDEX attempts_by_state ON attempts (state);
-- A run is counted once, however many attempts it took.
CREATE UNIQUE INDEX one_success ON attempts (run) WHERE state = 'succeeded';
CREATE TRIGGER ended_is_ended BEFORE UPDATE ON attempts WHEN OLD.ended IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an attempt that has ended never changes'); END;
CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
    BEGIN SELECT RAISE(ABORT, 'attempts are never deleted'); END;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    at TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX events_of_attempt ON events (attempt, id);
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END;

CREATE TABLE occurrences (
    schedule TEXT NOT NULL,
    occurrence TEXT NOT NULL,  -- its moment in UTC: whoever inserts the row has decided
    deadline TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'done', 'failed', 'skipped')),
    detail TEXT NOT NULL DEFAULT '',
    batch TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    decided TEXT NOT NULL,
    ended TEXT,
    alarmed TEXT,
    PRIMARY KEY (schedule, occurrence)
);
CREATE TABLE schedules (
    schedule TEXT PRIMARY KEY,
    considered TEXT NOT NULL  -- every occurrence up to this moment has been decided on
);
"""

_OUTBOX = """
CREATE TABLE messages (
    id TEXT PRIMARY KEY,         -- the same at every try, also as the mail's Message-ID
    topic TEXT NOT NULL UNIQUE,  -- what it is about; nothing is told twice
    kind TEXT NOT NULL CHECK (kind IN ('success', 'failure', 'alarm', 'mistake', 'refusal')),
    schedule TEXT NOT NULL,
    occurrence TEXT NOT NULL,    -- the schedule's moment; empty where it is about none
    content TEXT NOT NULL,       -- facts as JSON
    begun INTEGER NOT NULL DEFAULT 0,  -- whether sending was tried: nothing is added after that
    queued TEXT NOT NULL
);
CREATE TABLE message_editions (
    run TEXT PRIMARY KEY,  -- an edition is announced in one message
    message TEXT NOT NULL REFERENCES messages (id),
    edition TEXT NOT NULL, -- report/series/edition
    before TEXT            -- the one before it in its series
);
CREATE TABLE recipients (
    message TEXT NOT NULL REFERENCES messages (id),
    address TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused')),
    tries INTEGER NOT NULL DEFAULT 0,
    due TEXT NOT NULL,
    problem TEXT NOT NULL DEFAULT '',
    sent TEXT,
    PRIMARY KEY (message, address)
);
CREATE TABLE checks (
    schedule TEXT PRIMARY KEY,
    what TEXT NOT NULL,   -- hash of what was checked
    mistake TEXT NOT NULL -- what was found, empty when nothing
);
"""

# The outbox of version 1 had a row for each run, with all its recipients in one state.
_FROM_1 = """
ALTER TABLE attempts ADD COLUMN origin TEXT;
"""
_LETTERS = """
INSERT INTO messages (id, topic, kind, schedule, occurrence, content, begun, queued)
    SELECT substr(message_id, 2, 32), 'version 1/' || run || '/' || channel, kind, '', '', content,
        CASE WHEN kind = 'success' THEN tries > 0 ELSE 1 END, queued FROM outbox;
INSERT INTO message_editions (run, message, edition, before)
    SELECT run, substr(message_id, 2, 32), json_extract(content, '$.edition'),
        json_extract(content, '$.before') FROM outbox WHERE kind = 'success';
UPDATE message_editions SET before = (SELECT json_extract(content, '$.before') FROM outbox
    WHERE outbox.run = message_editions.run AND kind = 'success');
INSERT INTO recipients (message, address, state, tries, due, problem, sent)
    SELECT substr(message_id, 2, 32), each.value, state, tries, due, problem, sent
    FROM outbox, json_each(content, '$.to') AS each;
DROP TABLE outbox;
"""


def now() -> datetime:
    """The system's time in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as the ledger writes it: UTC, to the millisecond, in an order of its own text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def state_folder(project: Project) -> Path:
    """Where the store of a project lies."""
    named = os.environ.get("JCURVE_STATE")
    return Path(named).expanduser() if named else project.reports / ".state"


class Store:
    """An open store; usable from several threads, one statement group at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the store in ``folder``, making both when they are not there.

        Raises:
            WriteError: the folder or file cannot be written.
            RunError: the file is damaged or of a newer version.
        """
        make_folder(folder)
        self.folder = folder
        self.path = folder / FILE_NAME
        self._lock = threading.RLock()
        self._inside = False
        with self._told():
            self._connection = sqlite3.connect(
                self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            try:
                self._set_up()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file; harmless twice."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A block that happens whole or not at all; no other process writes meanwhile.

        A block inside another is a part of it.
        """
        with self._lock:
            if self._inside:
                yield
                return
            with self._told():
                self._connection.execute("BEGIN IMMEDIATE")
            self._inside = True
            try:
                yield
            except BaseException:
                self._end("ROLLBACK")
                raise
            self._end("COMMIT")

    def _end(self, how: str) -> None:
        self._inside = False
        with self._told():
            if self._connection.in_transaction:  # a full disk ends one by itself
                self._connection.execute(how)

    def write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Execute one statement with values bound to it; returns how many rows it met."""
        with self._lock, self._told():
            return self._connection.execute(statement, tuple(values)).rowcount

    def insert(self, table: str, values: dict[str, Any]) -> int:
        """Insert one row; returns its number. Table and column names are the code's own."""
        columns = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
        with self._lock, self._told():
            return int(self._connection.execute(statement, tuple(values.values())).lastrowid or 0)

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock, self._told():
            return self._connection.execute(statement, tuple(values)).fetchall()

    def _set_up(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # what is told is on the disk
        self._connection.execute("PRAGMA foreign_keys = ON")
        with self.transaction():
            version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            scripts = {0: (_SCHEMA, _OUTBOX), 1: (_FROM_1, _OUTBOX, _LETTERS)}.get(version, ())
            for statement in chain.from_iterable(map(_statements, scripts)):
                self._connection.execute(statement)
            if scripts:
                self._connection.execute(f"PRAGMA user_version = {_VERSION}")
            elif version > _VERSION:
                raise RunError(
                    "was written by a newer version of jcurve",
                    where=str(self.path),
                    received=f"version {version}",
                    allowed=f"up to version {_VERSION}",
                )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's own errors as ours; a broken rule of the schema stays what it is."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            raise WriteError(
                f"cannot be written ({error})",
                where=str(self.path),
                allowed="a local folder that you may write to, with space on its disk; "
                "JCURVE_STATE names another",
            ) from error
        except sqlite3.DatabaseError as error:
            raise RunError(
                f"is damaged ({error})",
                where=str(self.path),
                allowed="move the file away: the editions do not depend on it",
            ) from error


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; ``executescript`` would end the transaction."""
    gathered = ""
    for line in script.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
