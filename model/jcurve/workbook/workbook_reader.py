"""Read a workbook back: its record, what its input cells hold, and which other cells were changed.

Other programs write the same cells in other ways: texts in place or in a list of all, a range of
used cells that is wrong, a shared formula or each for itself, TRUE for a switch, a decimal comma in
a text. So cells are read as they stand, whatever the sheet says of its size.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path as FilePath

from jcurve.ground.errors import ScenarioError
from jcurve.workbook.fingerprints import Record, mark_facts, read_record
from jcurve.workbook.grid import HEADER_ROW, At, Tab, column
from jcurve.workbook.xlsx_archive import NOTHING, Archive, Found

_MOST_BYTES = 1_000_000_000
_OURS = "a workbook written by jcurve workbook"
_SHEET = "a sheet is missing or its heads were changed"
_DECIMAL_COMMA = re.compile(r"([-+]?(?:[0-9]{1,3}(?:[.\s'’][0-9]{3})+|[0-9]+)),([0-9]+)\s*(%?)")
_FORMULA = re.compile(r"<f\b([^>]*>[^<]*)")
_SHARED = re.compile(r'\bsi="[0-9]+"')
_PER_CENT = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?)\s*%")


@dataclass(frozen=True, slots=True)
class InputCell:
    """What an input cell holds: a number or a text, where, and the reason given."""

    value: float | str
    where: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class DatedCell:
    """A row of *Inputs by year*: numbers by label of the period, where a cell is not the formula
    that it was, and where each cell is."""

    stated: Mapping[str, float | str]
    where: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A workbook as it came back: its name, what was written, its inputs by key, and the places of
    input cells, which may hold anything."""

    file: str
    record: Record
    inputs: Mapping[str, InputCell]
    dated: Mapping[str, DatedCell]
    free: frozenset[tuple[str, int, int]]


def read_inputs(book: Archive, file: str) -> Reading:
    """The inputs of a workbook.

    Raises:
        ScenarioError: it is no workbook of ours, damaged, from a newer program, or an input
            cell holds nothing that can be read.
    """
    if Tab.MARKS not in book:
        raise ScenarioError(
            "this is no workbook of J-Curve, or its hidden sheet was removed", where=file
        )
    lines = [row.get(0, NOTHING).value for _, row in sorted(book.rows(Tab.MARKS).items())]
    record = read_record([line for line in lines if isinstance(line, str)], file)
    reader = _Reader(file, book, record)
    inputs, dated = reader.inputs(), reader.dated()
    return Reading(file, record, inputs, dated, frozenset(reader.free))


@contextmanager
def opened(path: FilePath) -> Iterator[Archive]:
    """A workbook to read; whatever a damaged file makes of the reader is one clear error."""
    where = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
            if size > _MOST_BYTES:
                most = f"{_MOST_BYTES:,} bytes"
                raise ScenarioError(
                    "too large a workbook", where=where, received=size, allowed=most
                )
            yield Archive(archive)
    except ScenarioError:
        raise
    except OSError as error:
        what = f"the workbook cannot be opened: {error.strerror or error}"
        raise ScenarioError(what, where=where) from error
    except Exception as error:  # zip, zlib and the parser of XML: no list is whole
        what = "the workbook cannot be read; it is damaged or no .xlsx file"
        raise ScenarioError(what, where=where, allowed=_OURS) from error


class _Reader:
    """Reads the sheets of inputs, and collects the places of their cells."""

    def __init__(self, file: str, book: Archive, record: Record) -> None:
        self.file, self.book, self.record = file, book, record
        self.free: set[tuple[str, int, int]] = set()

    def inputs(self) -> dict[str, InputCell]:
        """What *Drivers* and *Inputs* hold, by key."""
        known = self.record.values
        found: dict[str, InputCell] = {}
        for sheet in (Tab.DRIVERS, Tab.INPUTS):
            heads, rows = self._rows(sheet, {"Key", "Value", "Your reason"}, known)
            for at, key, row in rows:
                value, cell = self._value(sheet, at, heads["Value"], row, known[key])
                told = row.get(heads["Your reason"], NOTHING)
                why = told.formula if told.value is None else told.value
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
            marks = {
                run[0]: want for run, want in marker.runs(record.marks.get((Tab.DATED, at), {}))
            }
            stated: dict[str, float | str] = {}
            where: dict[str, str] = {}
            for label in years if known[key]["by"] == "year" else quarters:
                n = heads[label]
                text = row.get(n, NOTHING).formula
                where[label] = _spelled(Tab.DATED, at, n)
                self.free.add((Tab.DATED, at, n))
                if text is None or not marker.is_marked(text, Tab.DATED, n, marks.get(n, "")):
                    stated[label], _ = self._value(Tab.DATED, at, n, row, 0.0)
            found[key] = DatedCell(stated, where)
        self._refuse_missing(found, known)
        return found

    def _rows(
        self, name: str, needs: set[str], known: Mapping[str, object]
    ) -> tuple[dict[str, int], list[tuple[int, str, dict[int, Found]]]]:
        """The columns of a sheet by head, and (row, key, cells) of each row whose key is known."""
        if name not in self.book:
            raise ScenarioError(_SHEET, where=self.file, received=name)
        rows = self.book.rows(name)
        heads = {_head(each.value): at for at, each in rows.get(HEADER_ROW, {}).items()}
        if not needs <= heads.keys():
            raise ScenarioError(_SHEET, where=self.file, received=name)
        keyed = [(at, row.get(heads["Key"], NOTHING).value, row) for at, row in rows.items()]
        return heads, [
            (at, key, row)
            for at, key, row in keyed
            if at > HEADER_ROW and isinstance(key, str) and key in known
        ]

    def _refuse_missing(self, found: Mapping[str, object], known: Mapping[str, object]) -> None:
        for key in known:
            if key not in found:
                raise ScenarioError("an input's row is missing", where=self.file, received=key)

    def _value(
        self, sheet: str, at: int, n: int, row: Mapping[int, Found], before: float | str
    ) -> tuple[float | str, str]:
        """The number or text of an input cell, of a formula typed into it its last result; and
        the cell. TRUE and FALSE are 1 and 0 where a number was."""
        each, cell = row.get(n, NOTHING), _spelled(sheet, at, n)
        self.free.add((sheet, at, n))
        where = f"{self.file}, {cell}"
        if each.formula is not None and each.value is None:
            raise ScenarioError(
                "a formula that has no value yet",
                where=where,
                allowed="recalculate and save the file",
            )
        value = each.value
        if isinstance(value, bool) and before in (0.0, 1.0):
            return float(value), cell
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value), cell
        text = value if isinstance(value, bool) or value is None else str(value).strip()
        if not isinstance(text, str) or not text or text.startswith("#"):
            allowed = "a number, or a word of the list"
            raise ScenarioError("no value", where=where, received=text, allowed=allowed)
        if not isinstance(before, str):
            return _local_number(text, where), cell
        return text, cell


def _head(value: object) -> str:
    """A head as it was written; some programs make a number of a year."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _local_number(text: str, where: str) -> float | str:
    """A number that a program left as a text: with a decimal comma or per cent. Whatever else it
    is is left as it is, for the scenario to read or to refuse.

    Raises:
        ScenarioError: ``1,234`` may be one and a bit, or more than a thousand.
    """
    if comma := _DECIMAL_COMMA.fullmatch(text):
        whole = re.sub(r"[.\s'’]", "", comma[1])
        if len(comma[2]) == 3 and whole == comma[1] and len(whole.lstrip("-+")) <= 3:
            raise ScenarioError(
                "a number that can be read in two ways",
                where=where,
                received=text,
                allowed="a number, not a text",
            )
        return float(f"{whole}.{comma[2]}") / (100 if comma[3] else 1)
    if share := _PER_CENT.fullmatch(text):
        return float(share[1]) / 100
    return text


def edited_elsewhere(book: Archive, reading: Reading) -> tuple[str, ...]:
    """Cells outside the inputs whose formula or fact is not what was written.

    Most rows are as they were: their formulas, one after the other as texts, are one formula moved
    along. Only a sheet with another row is read cell by cell.
    """
    by_sheet: dict[str, list[int]] = {}
    for name, row in reading.record.marks:
        by_sheet.setdefault(name, []).append(row)
    found: list[str] = []
    for name, rows in by_sheet.items():
        if name not in book:
            found.append(f"{name} (the whole sheet)")
            continue
        texts = book.row_texts(name)
        record = reading.record
        others = [at for at in rows if not _as_written(texts.get(at, ""), name, at, record)]
        cells = book.rows(name) if others else {}
        for at in others:
            found += _edited(cells.get(at, {}), name, at, reading)
    return tuple(found)


def _as_written(text: str, name: str, at: int, record: Record) -> bool:
    """Whether a row, as text of XML, has the formulas and the fixed number that it should have."""
    marks, marker = record.marks[name, at], record.marker
    formulas = _FORMULA.findall(text)
    runs = marker.runs(marks)
    if "f" in marks or len(formulas) != sum(len(columns) for columns, _ in runs):
        return False
    begin = 0
    for columns, want in runs:
        kind, _, first = formulas[begin].partition(">")
        own = formulas[begin : begin + len(columns)]
        begin += len(columns)
        if not marker.is_marked(unescape(first), name, columns[0], want):
            return False
        if len(own) > 1 and (shared := _SHARED.search(kind)):
            others = set(own[1:])
            if len(others) > 1 or not own[1].endswith(">") or shared[0] not in own[1]:
                return False
        elif len(own) > 1:
            along = marker.along(first, columns[0], columns)
            if own != [f"{kind}>{each}" for each in along]:
                return False
    if "s" not in marks:
        return True
    fixed = re.search(rf'r="{column(At.VALUE)}{at + 1}"[^>]*>\s*<v>([-+.0-9eE]+)<', text)
    return fixed is not None and mark_facts([float(fixed[1])]) == marks["s"]


def _edited(row: Mapping[int, Found], name: str, at: int, reading: Reading) -> Iterator[str]:
    marks, marker = reading.record.marks[name, at], reading.record.marker
    for columns, want in marker.runs(marks):
        for n in columns:
            text = row.get(n, NOTHING).formula
            marked = text is not None and marker.is_marked(text, name, n, want)
            if not marked and (name, at, n) not in reading.free:
                yield _spelled(name, at, n)
    first = marker.first_quarter
    quarters = range(first, first + marker.quarters)
    if "f" in marks and mark_facts(_plain(row, quarters)) != marks["f"]:
        yield f"{_spelled(name, at, first)}:{column(quarters[-1])}{at + 1} (facts)"
    if "s" in marks and mark_facts(_plain(row, (At.VALUE,))) != marks["s"]:
        yield f"{_spelled(name, at, At.VALUE)} (a constant)"


def _plain(row: Mapping[int, Found], columns: Sequence[int]) -> list[float | str | bool | None]:
    return [row.get(n, NOTHING).value for n in columns]


def _spelled(sheet: str, row: int, at: int) -> str:
    return f"{sheet}!{column(at)}{row + 1}"
