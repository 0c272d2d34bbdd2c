"""Read a workbook back: what its input cells hold now, and which other cells were changed."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from jcurve.ground.errors import ScenarioError
from jcurve.workbook.fingerprints import Marker, Record, RowMarks, mark_facts, read_record
from jcurve.workbook.grid import HEADER_ROW, VALUE, Tab, column

__all__ = ["DatedCell", "InputCell", "Reading", "edited_elsewhere", "read_inputs"]

_MOST_BYTES = 1_000_000_000
_OURS = "a workbook written by jcurve workbook"
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
        inputs, dated: by key.
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
    with _opened(path) as book:
        if Tab.MARKS not in book.sheetnames:
            raise ScenarioError(
                "this is no workbook of J-Curve, or its hidden sheet was removed", where=path.name
            )
        lines = [row[0] for row in book[Tab.MARKS].iter_rows(max_col=1, values_only=True)]
        record = read_record([line for line in lines if isinstance(line, str)], path.name)
        for name in (Tab.INPUTS, Tab.DATED):
            if name not in book.sheetnames:
                raise ScenarioError(_SHEET, where=path.name, received=name)
        reader = _Reader(path, book, record)
        inputs, dated = reader.inputs(), reader.dated()
        return Reading(path.name, record, inputs, dated, frozenset(reader.free))


@contextmanager
def _opened(path: FilePath, *, values: bool = False) -> Iterator[Any]:
    """A workbook to read; whatever a damaged file makes of the reader is one clear error."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of extensions that it leaves out
            book = openpyxl.load_workbook(path, read_only=True, data_only=values)
            try:
                yield book
            finally:
                book.close()
    except ScenarioError:
        raise
    except Exception as error:  # zip, zlib, two parsers of XML and openpyxl: no list is whole
        raise ScenarioError(
            "the workbook cannot be read; it is damaged or no .xlsx file",
            where=str(path),
            allowed=_OURS,
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
        raise ScenarioError("not an .xlsx file", where=str(path), allowed=_OURS) from error
    if size > _MOST_BYTES:
        raise ScenarioError(
            "the workbook is too large", where=str(path), received=size, allowed=f"{_MOST_BYTES:,}"
        )


class _Reader:
    """Reads the two sheets of inputs, and collects the places of their cells."""

    def __init__(self, path: FilePath, book: Any, record: Record) -> None:
        self.path, self.book, self.record = path, book, record
        self.free: set[tuple[str, int, int]] = set()
        self._results: dict[str, dict[tuple[int, int], Any]] = {}

    def inputs(self) -> dict[str, InputCell]:
        """What *Inputs* holds, by key."""
        known = self.record.values
        heads, rows = self._rows(Tab.INPUTS, {"Key", "Value", "Your reason"}, known)
        found: dict[str, InputCell] = {}
        for at, key, row in rows:
            value, cell = self._value(Tab.INPUTS, at, heads["Value"], row)
            why = _at(row, heads["Your reason"])
            found[key] = InputCell(value, cell, " ".join(str(why).split()) if why else "")
        self._refuse_missing(found, known)
        return found

    def dated(self) -> dict[str, DatedCell]:
        """What *Inputs by year* holds, by key."""
        record, known, marker = self.record, self.record.paths, self.record.marker
        years, quarters = record.head["years"], record.head["quarters"]
        heads, rows = self._rows(Tab.DATED, {"Key", *years, *quarters}, known)
        found: dict[str, DatedCell] = {}
        for at, key, row in rows:
            marks = record.marks.get((Tab.DATED, at), {})
            stated: dict[str, float | str] = {}
            where: dict[str, str] = {}
            for label in years if known[key]["by"] == "year" else quarters:
                n = heads[label]
                text, want = _formula(_at(row, n)), marker.expected(marks, n)
                where[label] = _spelled(Tab.DATED, at, n)
                self.free.add((Tab.DATED, at, n))
                if text is None or marker.mark(text, Tab.DATED, n) != want:
                    stated[label], _ = self._value(Tab.DATED, at, n, row)
            found[key] = DatedCell(stated, where)
        self._refuse_missing(found, known)
        return found

    def _rows(
        self, name: str, needs: set[str], known: Mapping[str, object]
    ) -> tuple[dict[str, int], list[tuple[int, str, Sequence[Any]]]]:
        """The columns of a sheet by head, and (row, key, cells) of each row whose key is known."""
        rows = list(self.book[name].iter_rows(values_only=True))
        line = rows[HEADER_ROW] if len(rows) > HEADER_ROW else ()
        heads = {str(text): at for at, text in enumerate(line) if text}
        if not needs <= heads.keys():
            raise ScenarioError(_SHEET, where=self.path.name, received=name)
        keyed = [(at, _at(row, heads["Key"]), row) for at, row in enumerate(rows)]
        return heads, [
            (at, key, row)
            for at, key, row in keyed
            if at > HEADER_ROW and isinstance(key, str) and key in known
        ]

    def _refuse_missing(self, found: Mapping[str, object], known: Mapping[str, object]) -> None:
        for key in known:
            if key not in found:
                raise ScenarioError("an input's row is missing", where=self.path.name, received=key)

    def _value(self, sheet: str, at: int, n: int, row: Sequence[Any]) -> tuple[float | str, str]:
        """The number or text of an input cell, of a formula typed into it its last result; and
        the cell."""
        value, cell = _at(row, n), _spelled(sheet, at, n)
        self.free.add((sheet, at, n))
        where = f"{self.path.name}, {cell}"
        if _formula(value) is not None:
            value = self._results_of(sheet).get((at, n))
            if value is None:
                raise ScenarioError(
                    "a formula that has no value yet",
                    where=where,
                    allowed="recalculate and save the file",
                )
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value), cell
        text = value if isinstance(value, bool) or value is None else str(value).strip()
        if not isinstance(text, str) or not text or text.startswith("#"):
            allowed = "a number, or a word of the list"
            raise ScenarioError("no value", where=where, received=text, allowed=allowed)
        return text, cell

    def _results_of(self, sheet: str) -> dict[tuple[int, int], Any]:
        """The last results of all formulas of a sheet, read once and only when one is asked for."""
        if sheet not in self._results:
            with _opened(self.path, values=True) as book:
                self._results[sheet] = {
                    (at, n): value
                    for at, row in enumerate(book[sheet].iter_rows(values_only=True))
                    for n, value in enumerate(row)
                    if value is not None
                }
        return self._results[sheet]


def edited_elsewhere(path: FilePath, reading: Reading) -> tuple[str, ...]:
    """Cells outside the inputs whose formula or fact is not what was written.

    Raises:
        ScenarioError: a sheet cannot be read.
    """
    by_sheet: dict[str, dict[int, RowMarks]] = {}
    for (name, row), marks in reading.record.marks.items():
        by_sheet.setdefault(name, {})[row] = marks
    found: list[str] = []
    marker = reading.record.marker
    with _opened(path) as book:
        for name, rows in by_sheet.items():
            if name in book.sheetnames:
                found += _edited(book[name], name, rows, marker, reading.free)
            else:
                found.append(f"{name} (the whole sheet)")
    return tuple(found)


def _edited(
    sheet: Any,
    name: str,
    rows: Mapping[int, RowMarks],
    marker: Marker,
    free: frozenset[tuple[str, int, int]],
) -> Iterator[str]:
    seen = set()
    first, quarters = marker.first_quarter, marker.quarters
    for at, row in enumerate(sheet.iter_rows(values_only=True)):
        if at not in rows:
            continue
        seen.add(at)
        marks = rows[at]
        for n in marker.columns(marks):
            if (name, at, n) not in free:
                text = _formula(_at(row, n))
                if text is None or marker.next_mark(text, name, n) != marker.expected(marks, n):
                    yield _spelled(name, at, n)
        if "f" in marks:
            values = [_at(row, first + n) for n in range(quarters)]
            if mark_facts(values) != marks["f"]:
                last = column(first + quarters - 1)
                yield f"{_spelled(name, at, first)}:{last}{at + 1} (facts)"
        if "s" in marks and mark_facts([_at(row, VALUE)]) != marks["s"]:
            yield f"{_spelled(name, at, VALUE)} (a constant)"
    yield from (f"{name}!{at + 1}:{at + 1}" for at in sorted(rows.keys() - seen))


def _spelled(sheet: str, row: int, at: int) -> str:
    return f"{sheet}!{column(at)}{row + 1}"


def _at(row: Sequence[Any], at: int) -> Any:
    return row[at] if at < len(row) else None


def _formula(value: Any) -> str | None:
    """The text of a formula, None for anything else."""
    text = getattr(value, "text", value)  # an array formula is an object with its text
    return text if isinstance(text, str) and text.startswith("=") else None
