"""The rows of a CSV table, cell by cell: file, line and column in every complaint.

What was read of a table is kept in this process until the file changes.
"""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from jcurve.ground.errors import FactsError

QUARTER = re.compile(r"(?:19|20)\d\dQ[1-4]")
YEAR = re.compile(r"(?:19|20)\d\d")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_DATE = re.compile(r"(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_MOST_LISTED = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, and where it stands."""

    file: str
    line: int
    cells: Mapping[str, str]

    def at(self, key: str) -> str:
        """File, line and column, for a message."""
        return f"{self.file}:{self.line}, {key}"

    def error(
        self, key: str, what: str, received: object = None, allowed: str | None = None
    ) -> FactsError:
        """A mistake in a cell, to be raised."""
        return FactsError(what, where=self.at(key), received=received, allowed=allowed)

    def optional(self, key: str) -> str:
        """The cell's text, empty when the cell is."""
        return self.cells[key]

    def text(self, key: str) -> str:
        """The cell's text, which must not be empty."""
        value = self.cells[key]
        if not value:
            raise self.error(key, "empty cell", allowed="a value")
        return value

    def number(self, key: str) -> float:
        """A finite decimal number: digits, a point, no separators, no sign but minus."""
        value = self.text(key)
        if not _NUMBER.fullmatch(value):
            raise self.error(
                key,
                "not a number",
                value,
                "a finite decimal number such as 1234.5, without separators",
            )
        number = float(value)
        if number in (float("inf"), float("-inf")):
            raise self.error(key, "number too large", value)
        return number

    def choice(self, key: str, allowed: Collection[str], what: str) -> str:
        """A name from a closed list."""
        value = self.text(key)
        if value not in allowed:
            listed = ", ".join(sorted(allowed)) if len(allowed) <= _MOST_LISTED else ""
            raise FactsError.not_among(
                f"unknown {what}",
                value,
                allowed,
                where=self.at(key),
                allowed=listed or f"a known {what}",
            )
        return value

    def period(self, key: str, form: re.Pattern[str]) -> str:
        """A quarter (``2026Q2``) or a year (``2026``)."""
        value = self.text(key)
        if not form.fullmatch(value):
            raise self.error(
                key,
                "malformed period",
                value,
                "a quarter such as 2026Q2" if form is QUARTER else "a year such as 2026",
            )
        return value

    def date(self, key: str) -> str:
        """An ISO date, month or year."""
        value = self.text(key)
        if not _DATE.fullmatch(value):
            raise self.error(key, "malformed date", value, "2026-07-29, 2026-07 or 2026")
        return value


def read_table(data: Path, name: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of ``data/name``, whose header must be exactly ``columns``.

    A name with its whole path is that file, wherever it lies.

    Raises:
        FactsError: the file is missing or unreadable, its header differs, or a row has
            too few or too many cells.
    """
    path = data / name
    shown = name if Path(name).is_absolute() else f"data/{name}"
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.reader(handle, strict=True)
            header = tuple(next(reader, ()))
            if header != columns:
                raise FactsError(
                    "unexpected columns",
                    where=f"{shown}:1",
                    received=",".join(header),
                    allowed=",".join(columns),
                )
            for cells in reader:
                if len(cells) != len(columns):
                    raise FactsError(
                        f"a row of {len(cells)} cells under {len(columns)} columns",
                        where=f"{shown}:{reader.line_num}",
                        received=",".join(cells),
                    )
                yield Row(shown, reader.line_num, dict(zip(columns, cells, strict=True)))
    except FileNotFoundError:
        raise FactsError("no such table", where=shown) from None
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise FactsError(f"unreadable table: {problem}", where=shown) from None


# ---- what was read --------------------------------------------------------------------------


_TICK = 100_000_000  # nanoseconds


_Read = TypeVar("_Read")


def kept(
    read: Callable[..., _Read],
    data: Path,
    name: str,
    kind: Hashable,
    known: Mapping[str, Collection[str]],
) -> _Read:
    """What ``read`` makes of a table; anew when the file or the names known are others, or the
    file may change again in the same tick of its file system's clock."""
    try:
        about = (data / name).stat()
    except OSError:
        return read(data, name, kind, known)
    if time.time_ns() - about.st_mtime_ns < _TICK:
        return read(data, name, kind, known)
    names = tuple((field, _Same(names)) for field, names in known.items())
    stamp = about.st_ino, about.st_size, about.st_mtime_ns
    found: _Read = _kept(read, data, name, kind, names, stamp)
    return found


@lru_cache(maxsize=256)
def _kept(
    read: Callable[..., Any],
    data: Path,
    name: str,
    kind: Hashable,
    known: tuple[tuple[str, _Same], ...],
    stamp: Hashable,
) -> Any:
    del stamp  # part of the cache's key only
    return read(data, name, kind, {field: same.names for field, same in known})


class _Same:
    """Names that are known, alike where they are the same object, or equal ones that cannot
    change."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names
        self.own: object = names if isinstance(names, tuple | frozenset) else id(names)

    def __hash__(self) -> int:
        return hash(self.own)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.own == other.own
