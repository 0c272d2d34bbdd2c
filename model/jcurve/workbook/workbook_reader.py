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
from posixpath import join, normpath
from typing import Any, TypeAlias

from lxml import etree

from jcurve.ground.errors import ScenarioError
from jcurve.workbook.fingerprints import Marker, Record, RowMarks, mark_facts, read_record
from jcurve.workbook.grid import HEADER_ROW, VALUE, Tab, column

__all__ = ["DatedCell", "InputCell", "Reading", "edited_elsewhere", "read_inputs"]

_MOST_BYTES = 1_000_000_000
_OURS = "a workbook written by jcurve workbook"
_SHEET = "a sheet is missing or its heads were changed"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]+)")
_FORMULA = re.compile(
    r'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3})([0-9]+)"[^>]*>\s*'
    r"<(?:\w+:)?f\b([^>]*?)(?:/>|>([^<]*)</)"
)
_FIXED = r'<(?:\w+:)?c\s(?:[^>]*?\s)?r="{letters}([0-9]+)"[^>]*>\s*<(?:\w+:)?v>([-+.0-9eE]+)</'
_SHARED = re.compile(r'\bsi="([0-9]+)"')
_MOVING = re.compile(r"(?<![A-Za-z0-9_.$])(\$?)([A-Z]{1,3})(\$?)([0-9]+)(?![A-Za-z0-9_(.!])")
_DECIMAL_COMMA = re.compile(r"([-+]?(?:[0-9]{1,3}(?:[.\s'’][0-9]{3})+|[0-9]+)),([0-9]+)\s*(%?)")
_PER_CENT = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?)\s*%")


@dataclass(frozen=True, slots=True)
class InputCell:
    """What an input cell holds: a number or a text, where, and the reason given."""

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


@dataclass(frozen=True, slots=True)
class _Found:
    """A cell: the text of its formula, if it has one, and its value."""

    formula: str | None
    value: float | str | bool | None


_Rows: TypeAlias = dict[int, dict[int, _Found]]
_NOTHING = _Found(None, None)


class _Archive:
    """The sheets of an ``.xlsx`` file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = set(archive.namelist())
        related = self._tree("xl/_rels/workbook.xml.rels")
        targets = {each.get("Id"): each.get("Target", "") for each in related}
        self._parts: dict[str, str] = {}
        for sheet in self._tree("xl/workbook.xml").iter("{*}sheet"):
            target = targets.get(sheet.get(_RELATION), "")
            part = target[1:] if target.startswith("/") else normpath(join("xl", target))
            if part in names:
                self._parts[str(sheet.get("name"))] = part
        self._texts: list[str] = []
        if "xl/sharedStrings.xml" in names:
            strings = self._tree("xl/sharedStrings.xml").iter("{*}si")
            self._texts = [_text_of(each) for each in strings]

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def _tree(self, part: str) -> Any:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        return etree.fromstring(self._archive.read(part), parser)

    def rows(self, name: str) -> _Rows:
        """Every cell of a sheet that holds something, by row and column from 0."""
        found: _Rows = {}
        shared: dict[str, tuple[int, int, str]] = {}
        row = -1
        for line in self._tree(self._parts[name]).iter("{*}row"):
            row = int(line.get("r") or row + 2) - 1
            at = -1
            for cell in line.iterchildren("{*}c"):
                place = _PLACE.fullmatch(cell.get("r") or "")
                at = _number(place[1]) if place else at + 1
                each = self._cell(cell, row, at, shared)
                if each.value is not None or each.formula is not None:
                    found.setdefault(row, {})[at] = each
        return found

    def _cell(
        self, cell: Any, row: int, at: int, shared: dict[str, tuple[int, int, str]]
    ) -> _Found:
        kind, value, formula = cell.get("t", "n"), cell.find("{*}v"), cell.find("{*}f")
        text: str | None = None
        if formula is not None:
            text = formula.text or ""
            if (number := formula.get("si")) is not None:
                if text:
                    shared[number] = (row, at, text)
                elif number in shared:
                    text = _moved(shared[number], row, at)
            text = "=" + text
        if kind == "inlineStr":
            inline = cell.find("{*}is")
            return _Found(text, None if inline is None else _text_of(inline))
        raw = None if value is None else value.text
        if raw is None:
            return _Found(text, None)
        if kind == "s":
            return _Found(text, self._texts[int(raw)])
        if kind == "b":
            return _Found(text, raw.strip() in ("1", "true"))
        return _Found(text, raw if kind in ("str", "e", "d") else float(raw))

    def numbers(self, name: str, at: int) -> _Rows:
        """The fixed numbers of one column of a large sheet."""
        text = self._archive.read(self._parts[name]).decode("utf-8")
        pattern = _FIXED.format(letters=column(at))
        return {
            int(row) - 1: {at: _Found(None, float(value))}
            for row, value in re.findall(pattern, text)
        }

    def formulas(self, name: str) -> dict[int, dict[int, str | tuple[int, int, str]]]:
        """The formulas of a large sheet: texts, and of one that is shared from another row or
        column the row, column and text that it is moved from."""
        text = self._archive.read(self._parts[name]).decode("utf-8")
        found: dict[int, dict[int, str | tuple[int, int, str]]] = {}
        shared: dict[str, tuple[int, int, str]] = {}
        numbers: dict[str, int] = {}
        for letters, digits, kind, formula in _FORMULA.findall(text):
            at = numbers.get(letters)
            if at is None:
                at = numbers[letters] = _number(letters)
            row = int(digits) - 1
            own: str | tuple[int, int, str] = unescape(formula) if "&" in formula else formula
            if "si=" in kind and (match := _SHARED.search(kind)):
                if formula:
                    shared[match[1]] = (row, at, str(own))
                elif match[1] in shared:
                    own = shared[match[1]]
            found.setdefault(row, {})[at] = own
        return found


def _text_of(element: Any) -> str:
    """The text of a string, without its phonetic hints."""
    return "".join(
        each.text or ""
        for each in element.iter("{*}t")
        if etree.QName(each.getparent()).localname != "rPh"
    )


def _number(letters: str) -> int:
    found = 0
    for letter in letters.upper():
        found = found * 26 + ord(letter) - 64
    return found - 1


def _moved(origin: tuple[int, int, str], row: int, at: int) -> str:
    """A formula as it is in another cell."""
    down, right = row - origin[0], at - origin[1]

    def spell(match: re.Match[str]) -> str:
        fixed, letters, fixed_row, digits = match.groups()
        letters = letters if fixed else column(_number(letters) + right)
        return f"{fixed}{letters}{fixed_row}{digits if fixed_row else int(digits) + down}"

    return _MOVING.sub(spell, origin[2])


def read_inputs(path: FilePath) -> Reading:
    """The inputs of the workbook ``path``.

    Raises:
        ScenarioError: it is no workbook of ours, damaged, from a newer program, or an input
            cell holds nothing that can be read.
    """
    _refuse_bombs(path)
    with _opened(path) as book:
        if Tab.MARKS not in book:
            raise ScenarioError(
                "this is no workbook of J-Curve, or its hidden sheet was removed", where=path.name
            )
        lines = [row.get(0, _NOTHING).value for _, row in sorted(book.rows(Tab.MARKS).items())]
        record = read_record([line for line in lines if isinstance(line, str)], path.name)
        reader = _Reader(path, book, record)
        inputs, dated = reader.inputs(), reader.dated()
        return Reading(path.name, record, inputs, dated, frozenset(reader.free))


@contextmanager
def _opened(path: FilePath) -> Iterator[_Archive]:
    """A workbook to read; whatever a damaged file makes of the reader is one clear error."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Archive(archive)
    except ScenarioError:
        raise
    except Exception as error:  # zip, zlib and the parser of XML: no list is whole
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
    """Reads the sheets of inputs, and collects the places of their cells."""

    def __init__(self, path: FilePath, book: _Archive, record: Record) -> None:
        self.path, self.book, self.record = path, book, record
        self.free: set[tuple[str, int, int]] = set()

    def inputs(self) -> dict[str, InputCell]:
        """What *Drivers* and *Inputs* hold, by key."""
        known = self.record.values
        found: dict[str, InputCell] = {}
        for sheet in (Tab.DRIVERS, Tab.INPUTS):
            heads, rows = self._rows(sheet, {"Key", "Value", "Your reason"}, known)
            for at, key, row in rows:
                value, cell = self._value(sheet, at, heads["Value"], row, known[key])
                why = row.get(heads["Your reason"], _NOTHING).value
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
                text, want = row.get(n, _NOTHING).formula, marker.expected(marks, n)
                where[label] = _spelled(Tab.DATED, at, n)
                self.free.add((Tab.DATED, at, n))
                if text is None or marker.mark(text, Tab.DATED, n) != want:
                    stated[label], _ = self._value(Tab.DATED, at, n, row, 0.0)
            found[key] = DatedCell(stated, where)
        self._refuse_missing(found, known)
        return found

    def _rows(
        self, name: str, needs: set[str], known: Mapping[str, object]
    ) -> tuple[dict[str, int], list[tuple[int, str, dict[int, _Found]]]]:
        """The columns of a sheet by head, and (row, key, cells) of each row whose key is known."""
        if name not in self.book:
            raise ScenarioError(_SHEET, where=self.path.name, received=name)
        rows = self.book.rows(name)
        heads = {_head(each.value): at for at, each in rows.get(HEADER_ROW, {}).items()}
        if not needs <= heads.keys():
            raise ScenarioError(_SHEET, where=self.path.name, received=name)
        keyed = [(at, row.get(heads["Key"], _NOTHING).value, row) for at, row in rows.items()]
        return heads, [
            (at, key, row)
            for at, key, row in keyed
            if at > HEADER_ROW and isinstance(key, str) and key in known
        ]

    def _refuse_missing(self, found: Mapping[str, object], known: Mapping[str, object]) -> None:
        for key in known:
            if key not in found:
                raise ScenarioError("an input's row is missing", where=self.path.name, received=key)

    def _value(
        self, sheet: str, at: int, n: int, row: Mapping[int, _Found], before: float | str
    ) -> tuple[float | str, str]:
        """The number or text of an input cell, of a formula typed into it its last result; and
        the cell. TRUE and FALSE are 1 and 0 where a number was."""
        each, cell = row.get(n, _NOTHING), _spelled(sheet, at, n)
        self.free.add((sheet, at, n))
        where = f"{self.path.name}, {cell}"
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
            if name not in book:
                found.append(f"{name} (the whole sheet)")
                continue
            found += _edited(book.formulas(name), name, rows, marker, reading.free)
            if any("f" in marks for marks in rows.values()):
                found += _other_facts(book.rows(name), name, rows, marker)
            elif any("s" in marks for marks in rows.values()):
                found += _other_facts(book.numbers(name, VALUE), name, rows, marker)
    return tuple(found)


def _edited(
    cells: Mapping[int, Mapping[int, str | tuple[int, int, str]]],
    name: str,
    rows: Mapping[int, RowMarks],
    marker: Marker,
    free: frozenset[tuple[str, int, int]],
) -> Iterator[str]:
    for at, marks in rows.items():
        own = cells.get(at, {})
        for columns, want in marker.runs(marks):
            moved: Mapping[int, str] = {}
            for n in columns:
                text = own.get(n)
                if text is None:
                    if (name, at, n) not in free:
                        yield _spelled(name, at, n)
                    continue
                if isinstance(text, tuple):
                    if text[0] == at and text[1] in columns:
                        continue  # the same formula, moved along its row
                    text = _moved(text, at, n)
                if text == moved.get(n):
                    continue
                if marker.mark(text, name, n) == want:
                    if not moved and len(columns) > 1:
                        moved = marker.along(text, n, columns)
                elif (name, at, n) not in free:
                    yield _spelled(name, at, n)


def _other_facts(
    cells: _Rows, name: str, rows: Mapping[int, RowMarks], marker: Marker
) -> Iterator[str]:
    first, quarters = marker.first_quarter, marker.quarters
    for at, marks in rows.items():
        row = cells.get(at, {})
        if "f" in marks and mark_facts(_plain(row, range(first, first + quarters))) != marks["f"]:
            last = column(first + quarters - 1)
            yield f"{_spelled(name, at, first)}:{last}{at + 1} (facts)"
        if "s" in marks and mark_facts(_plain(row, (VALUE,))) != marks["s"]:
            yield f"{_spelled(name, at, VALUE)} (a constant)"


def _plain(row: Mapping[int, _Found], columns: Sequence[int]) -> list[float | str | None]:
    return [row.get(n, _NOTHING).value for n in columns]


def _spelled(sheet: str, row: int, at: int) -> str:
    return f"{sheet}!{column(at)}{row + 1}"
