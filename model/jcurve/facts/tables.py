"""Reading one CSV table: strict, with the file and line in every complaint."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, find_project
from jcurve.ground.together import finish

__all__ = [
    "QUARTER",
    "YEAR",
    "Row",
    "data_folder",
    "read_table",
]

QUARTER = re.compile(r"(?:19|20)\d\dQ[1-4]")
YEAR = re.compile(r"(?:19|20)\d\d")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_DATE = re.compile(r"(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")


def data_folder(project: Project | str | Path | None = None) -> Path:
    """The ``data`` folder of a project that is given, named, or found.

    Everything that reads facts asks here first, so a change of several tables that was
    interrupted (:mod:`jcurve.ground.together`) is finished before any of them is read. A reader
    that asked before a change and reads on during it sees old or new tables: changes only add rows,
    and a fact whose source it has not read is refused, so it never mixes them in silence.

    Raises:
        WriteError: such a change cannot be finished.
    """
    data = (project if isinstance(project, Project) else find_project(project)).data
    finish(data)
    return data


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table, and where it stands."""

    file: str
    line: int
    cells: Mapping[str, str]

    def at(self, key: str) -> str:
        """File, line and column, for a message."""
        return f"{self.file}:{self.line}, {key}"

    def optional(self, key: str) -> str:
        """The cell's text, empty when the cell is."""
        return self.cells[key]

    def text(self, key: str) -> str:
        """The cell's text, which must not be empty."""
        value = self.cells[key]
        if not value:
            raise FactsError("empty cell", where=self.at(key), allowed="a value")
        return value

    def number(self, key: str) -> float:
        """A finite decimal number: digits, a point, no separators, no sign but minus."""
        value = self.text(key)
        if not _NUMBER.fullmatch(value):
            raise FactsError(
                "not a number",
                where=self.at(key),
                received=value,
                allowed="a finite decimal number such as 1234.5, without separators",
            )
        number = float(value)
        if number in (float("inf"), float("-inf")):
            raise FactsError("number too large", where=self.at(key), received=value)
        return number

    def optional_number(self, key: str) -> float | None:
        """A number, or None when the cell is empty."""
        return self.number(key) if self.cells[key] else None

    def choice(self, key: str, allowed: Collection[str], what: str) -> str:
        """A name from a closed list."""
        value = self.text(key)
        if value not in allowed:
            raise FactsError.not_among(
                f"unknown {what}",
                value,
                allowed,
                where=self.at(key),
                allowed=", ".join(sorted(allowed)) if len(allowed) <= 40 else f"a known {what}",
            )
        return value

    def period(self, key: str, form: re.Pattern[str]) -> str:
        """A quarter (``2026Q2``) or a year (``2026``)."""
        value = self.text(key)
        if not form.fullmatch(value):
            raise FactsError(
                "malformed period",
                where=self.at(key),
                received=value,
                allowed="a quarter such as 2026Q2" if form is QUARTER else "a year such as 2026",
            )
        return value

    def date(self, key: str) -> str:
        """An ISO date, month or year."""
        value = self.text(key)
        if not _DATE.fullmatch(value):
            raise FactsError(
                "malformed date",
                where=self.at(key),
                received=value,
                allowed="2026-07-29, 2026-07 or 2026",
            )
        return value


def read_table(data: Path, name: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of ``data/name``, whose header must be exactly ``columns``.

    Raises:
        FactsError: the file is missing or unreadable, its header differs, or a row has
            too few or too many cells.
    """
    path = data / name
    shown = f"data/{name}"
    try:
        with path.open(newline="", encoding="utf-8") as handle:
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
