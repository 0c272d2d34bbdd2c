"""Read a workbook back: what its input cells hold now, and which other cells were changed."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from jcurve.ground.errors import ScenarioError
from jcurve.workbook.fingerprints import Marker, Record, RowMarks, mark_facts, read_record
from jcurve.workbook.grid import DATED, HEADER_ROW, INPUTS, MARKS, VALUE, column

__all__ = ["DatedCell", "InputCell", "Reading", "edited_elsewhere", "read_inputs"]

_MOST_BYTES = 1_000_000_000
_SHEET = "a sheet is missing or its heads were changed"


@dataclass(frozen=True, slots=True)
class InputCell:
    """What an input cell of *Inputs* holds: a number or a text, where, and the reason given."""

    value: float | str
    where: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class DatedCell:
    """What the cells of a row of *Inputs by year* hold.

    Attributes:
        stated: numbers by label of the period, where the cell is not the formula it was.
        where: cell by label.
    """

    stated: Mapping[str, float | str]
    where: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A workbook as it came back.

    Attributes:
        file: its name.
        record: what was written.
        inputs: by key.
        dated: by key.
        free: places of input cells, which may hold anything.
    """

    file: str
    record: Record
    inputs: Mapping[str, InputCell]
    dated: Mapping[str, DatedCell]
    free: frozenset[tuple[str, int, int]]


def read_inputs(path: FilePath) -> Reading:
    """The inputs of the workbook ``path``.

    Raises:
        ScenarioError: it is no workbook of ours, damaged, from a newer program, or an input
            cell holds nothing that can be read.
    """
    _refuse_bombs(path)
    with _damage(path):
        return _Reader(path).read()


def edited_elsewhere(path: FilePath, reading: Reading) -> tuple[str, ...]:
    """Cells outside the inputs whose formula or fact is not what was written.

    Raises:
        ScenarioError: a sheet cannot be read.
    """
    with _damage(path):
        return tuple(_edited(path, reading.record, reading.free))


@contextmanager
def _damage(path: FilePath) -> Iterator[None]:
    """Whatever a damaged file makes of the reader is one clear error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of extensions that it leaves out
            yield
    except ScenarioError:
        raise
    except (  # both parsers of XML raise a kind of SyntaxError
        AttributeError, ArithmeticError, AssertionError, EOFError, LookupError, OSError,
        RecursionError, SyntaxError, TypeError, UnicodeError, ValueError, NotImplementedError,
        zipfile.BadZipFile, zipfile.LargeZipFile,
    ) as error:  # fmt: skip
        raise ScenarioError(
            "the workbook cannot be read; it is damaged or no .xlsx file",
            where=str(path),
            allowed="a workbook written by jcurve workbook",
        ) from error


def _refuse_bombs(path: FilePath) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except OSError as error:
        raise ScenarioError(
            f"the workbook cannot be opened: {error.strerror or error}", where=str(path)
        ) from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ScenarioError(
            "not an .xlsx file", where=str(path), allowed="a workbook written by jcurve workbook"
        ) from error
    if size > _MOST_BYTES:
        raise ScenarioError(
            "the workbook is too large", where=str(path), received=size, allowed=f"{_MOST_BYTES:,}"
        )


class _Reader:
    def __init__(self, path: FilePath) -> None:
        self.path = path
        self.file = path.name
        self._values: dict[str, dict[tuple[int, int], Any]] = {}

    def read(self) -> Reading:
        import openpyxl

        book = openpyxl.load_workbook(self.path, read_only=True)
        try:
            if MARKS not in book.sheetnames:
                raise ScenarioError(
                    "this is no workbook of J-Curve, or its hidden sheet was removed",
                    where=self.file,
                )
            lines = [row[0] for row in book[MARKS].iter_rows(max_col=1, values_only=True)]
            record = read_record([line for line in lines if isinstance(line, str)], self.file)
            for name in (INPUTS, DATED):
                if name not in book.sheetnames:
                    raise ScenarioError(_SHEET, where=self.file, received=name)
            inputs_row, inputs = self._inputs(book[INPUTS], record)
            dated_row, dated = self._dated(book[DATED], record)
            return Reading(self.file, record, inputs, dated, frozenset(inputs_row | dated_row))
        finally:
            book.close()

    def _fail(self, what: str, cell: str, received: object, allowed: str) -> ScenarioError:
        return ScenarioError(what, where=f"{self.file}, {cell}", received=received, allowed=allowed)

    # Inputs

    def _inputs(
        self, sheet: Any, record: Record
    ) -> tuple[set[tuple[str, int, int]], dict[str, InputCell]]:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        heads = {text: at for at, text in enumerate(_row(rows, HEADER_ROW)) if text}
        if not {"Key", "Value", "Your reason"} <= heads.keys():
            raise ScenarioError(_SHEET, where=self.file, received=INPUTS)
        found: dict[str, InputCell] = {}
        free: set[tuple[str, int, int]] = set()
        for at, row in enumerate(rows):
            key = _at(row, heads["Key"])
            if at <= HEADER_ROW or not isinstance(key, str) or key not in record.values:
                continue
            cell = f"{INPUTS}!{column(heads['Value'])}{at + 1}"
            value = self._value(INPUTS, at, heads["Value"], _at(row, heads["Value"]), cell)
            why = _at(row, heads["Your reason"])
            found[key] = InputCell(value, cell, " ".join(str(why).split()) if why else "")
            free.add((INPUTS, at, heads["Value"]))
        for key in record.values:
            if key not in found:
                raise ScenarioError("an input's row is missing", where=self.file, received=key)
        return free, found

    def _value(self, sheet: str, row: int, at: int, value: Any, cell: str) -> float | str:
        """The number or text of an input cell; of a formula typed into it, its last result.

        Raises:
            ScenarioError: it is empty, or holds what is no number.
        """
        if _formula(value) is not None:
            value = self._cached(sheet).get((row, at))
            if value is None:
                raise self._fail(
                    "a formula that has no value yet", cell, None, "recalculate and save the file"
                )
        if isinstance(value, bool) or value is None:
            raise self._fail("no value", cell, value, "a number, or a word of the list")
        if isinstance(value, int | float):
            return float(value)
        text = str(value).strip()
        if not text or text.startswith("#"):
            raise self._fail("no value", cell, text, "a number, or a word of the list")
        return text

    def _cached(self, sheet: str) -> dict[tuple[int, int], Any]:
        if sheet not in self._values:
            import openpyxl

            book = openpyxl.load_workbook(self.path, read_only=True, data_only=True)
            try:
                self._values[sheet] = {
                    (at, n): value
                    for at, row in enumerate(book[sheet].iter_rows(values_only=True))
                    for n, value in enumerate(row)
                    if value is not None
                }
            finally:
                book.close()
        return self._values[sheet]

    def _dated(
        self, sheet: Any, record: Record
    ) -> tuple[set[tuple[str, int, int]], dict[str, DatedCell]]:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        heads = _row(rows, HEADER_ROW)
        places = {str(text): at for at, text in enumerate(heads) if text}
        if "Key" not in places or not {*record.head["years"], *record.head["quarters"]} <= {
            *places
        }:
            raise ScenarioError(_SHEET, where=self.file, received=DATED)
        marker = _marker(record)
        found: dict[str, DatedCell] = {}
        free: set[tuple[str, int, int]] = set()
        for at, row in enumerate(rows):
            key = _at(row, places["Key"])
            if at <= HEADER_ROW or not isinstance(key, str) or key not in record.paths:
                continue
            path = record.paths[key]
            labels = record.head["years" if path["by"] == "year" else "quarters"]
            marks = record.marks.get((DATED, at), {})
            stated: dict[str, float | str] = {}
            where: dict[str, str] = {}
            for label in labels:
                n = places[label]
                value, cell = _at(row, n), f"{DATED}!{column(n)}{at + 1}"
                where[label] = cell
                free.add((DATED, at, n))
                text = _formula(value)
                if text is not None and marker.mark(text, DATED, n) == marker.expected(marks, n):
                    continue
                stated[label] = self._value(DATED, at, n, value, cell)
            found[key] = DatedCell(stated, where)
        for key in record.paths:
            if key not in found:
                raise ScenarioError("an input's row is missing", where=self.file, received=key)
        return free, found


def _edited(path: FilePath, record: Record, free: frozenset[tuple[str, int, int]]) -> Iterator[str]:
    import openpyxl

    marker = _marker(record)
    by_sheet: dict[str, dict[int, RowMarks]] = {}
    for (sheet, row), marks in record.marks.items():
        by_sheet.setdefault(sheet, {})[row] = marks
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        for name, rows in by_sheet.items():
            if name in book.sheetnames:
                yield from _edited_sheet(book[name], name, rows, marker, free)
            else:
                yield f"{name} (the whole sheet)"
    finally:
        book.close()


def _edited_sheet(
    sheet: Any,
    name: str,
    rows: Mapping[int, RowMarks],
    marker: Marker,
    free: frozenset[tuple[str, int, int]],
) -> Iterator[str]:
    seen = set()
    for at, row in enumerate(sheet.iter_rows(values_only=True)):
        if at not in rows:
            continue
        marks = rows[at]
        seen.add(at)
        for n in marker.columns(marks):
            if (name, at, n) in free:
                continue
            text = _formula(_at(row, n))
            if text is None or marker.next_mark(text, name, n) != marker.expected(marks, n):
                yield f"{name}!{column(n)}{at + 1}"
        yield from _changed_facts(name, at, row, marks, marker)
    for at in sorted(rows.keys() - seen):
        yield f"{name}!{at + 1}:{at + 1}"


def _changed_facts(
    name: str, at: int, row: tuple[Any, ...], marks: RowMarks, marker: Marker
) -> Iterator[str]:
    first, last = marker.first_quarter, marker.first_quarter + marker.quarters
    if "f" in marks:
        values = [*row[first:last], *([None] * max(last - len(row), 0))]
        if mark_facts(values[: marker.quarters]) != marks["f"]:
            yield f"{name}!{column(first)}{at + 1}:{column(last - 1)}{at + 1} (facts)"
    if "s" in marks and mark_facts([_at(list(row), VALUE)]) != marks["s"]:
        yield f"{name}!{column(VALUE)}{at + 1} (a constant)"


def _marker(record: Record) -> Marker:
    return Marker(*(int(value) for value in record.head["columns"]))


def _row(rows: list[list[Any]], at: int) -> list[Any]:
    return rows[at] if at < len(rows) else []


def _at(row: Any, at: int) -> Any:
    return row[at] if at < len(row) else None


def _formula(value: Any) -> str | None:
    """The text of a formula, None for anything else."""
    text = getattr(value, "text", value)  # an array formula is an object with its text
    return text if isinstance(text, str) and text.startswith("=") else None
