"""The store of runs: one SQLite file in WAL mode, opened by whoever runs or delivers.

It lies in ``reports/.state`` unless ``JCURVE_STATE`` names another folder; WAL needs a
local disk, so name one when the reports lie on a share. The editions never depend on it:
without the store they lose their history, not a byte.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jcurve.ground.errors import RunError, WriteError
from jcurve.ground.files import make_folder
from jcurve.ground.project import Project

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_T = TypeVar("_T", bound="DataclassInstance")

FILE_NAME = "runs.sqlite"
_VERSION = 3
_SCRIPTS = {  # by the version that is found; 0 in a new file
    0: ("runs", "outbox", "defaults"),
    1: ("from_1", "outbox", "from_1_letters", "defaults"),
    2: ("defaults",),
}
_PATIENCE = 60.0  # seconds to wait for another process's transaction


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
        """Open the store in ``folder``, making both when they are not there."""
        make_folder(folder)
        self.folder = folder
        self.path = folder / FILE_NAME
        self._lock = threading.RLock()
        self._inside = False
        with self._as_run_error():
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
            with self._as_run_error():
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
        with self._as_run_error():
            if self._connection.in_transaction:  # a full disk ends one by itself
                self._connection.execute(how)

    def write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Execute one statement with values bound to it; returns how many rows it met."""
        with self._lock, self._as_run_error():
            return self._connection.execute(statement, tuple(values)).rowcount

    def insert(self, table: str, values: dict[str, Any]) -> int:
        """Insert one row; returns its number. Table and column names are the code's own."""
        columns = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
        with self._lock, self._as_run_error():
            return int(self._connection.execute(statement, tuple(values.values())).lastrowid or 0)

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock, self._as_run_error():
            return self._connection.execute(statement, tuple(values)).fetchall()

    def records(self, kind: type[_T], source: str, where: str, *values: object) -> list[_T]:
        """Rows as instances of a dataclass whose fields are columns of ``source``."""
        columns = ", ".join(field.name for field in fields(kind))
        rows = self.read(f"SELECT {columns} FROM {source} WHERE {where}", values)
        return [kind(**dict(row)) for row in rows]

    def _set_up(self) -> None:
        self._switch_to_wal()
        self._connection.execute("PRAGMA synchronous = FULL")  # what is told is on the disk
        self._connection.execute("PRAGMA foreign_keys = ON")
        with self.transaction():
            version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            scripts = _SCRIPTS.get(version, ())
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

    def _switch_to_wal(self) -> None:
        # The one statement for which SQLite does not wait by itself: it refuses at once while
        # another process opens the same new file or is the last to close it.
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > until:
                    raise
            time.sleep(0.01)

    @contextmanager
    def _as_run_error(self) -> Iterator[None]:
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


def _statements(name: str) -> Iterator[str]:
    """The statements of a script here; ``executescript`` would end the transaction."""
    gathered = ""
    script = Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
    for line in script.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
