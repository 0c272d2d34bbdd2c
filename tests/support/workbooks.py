"""Compare the cells of a recalculated workbook with the model, and edit workbooks as files."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

import jcurve
from jcurve.case import Case
from jcurve.engine.model import RowKey
from jcurve.workbook.grid import Tab, column, column_at
from jcurve.workbook.model_sheets import Book
from jcurve.workbook.writing import laid_out
from tests.support.recalculate import Cells

__all__ = [
    "Comparison",
    "base_book",
    "compare",
    "edited",
    "poisoned",
    "replaced",
    "sheets_of",
    "written_cells",
]

Array = NDArray[np.float64]


RELATIVE = 1e-9
OF_THE_LARGEST = 1e-12
"""What is left of a subtraction is held to this part of the largest amount it is made from."""

LEAST = {"USD m": 1.0, "share": 1.0}
"""That amount is at least this: a million dollars, as in identities of the model, and the whole.
Where no compute is leased out NumPy may leave 1e-17 of it, which then is priced, or divided, in
another unit; LibreOffice makes 0 of a difference so small."""


@dataclass
class Comparison:
    """What was found: how many cells, the largest relative difference, and each mismatch."""

    cells: int = 0
    worst: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def number(self, name: str, want: float, got: object, largest: float) -> None:
        """Compare one cell; a missing number is the word none."""
        self.cells += 1
        if np.isnan(want):
            if got != "none":
                self.wrong.append(f"{name}: want none, got {got!r}")
            return
        if not isinstance(got, int | float):
            self.wrong.append(f"{name}: want {want!r}, got {got!r}")
            return
        apart = abs(got - want)
        if apart > RELATIVE * abs(want):
            if apart > OF_THE_LARGEST * largest:
                self.wrong.append(f"{name}: want {want!r}, got {got!r}")
        elif want:
            self.worst = max(self.worst, apart / abs(want))


@cache
def base_book() -> tuple[Book, bytes]:
    """The workbook of the base scenario, as it is laid out and as a file."""
    book = Book(jcurve.evaluate("base"))
    return book, laid_out(book)


def sheets_of(book: Book) -> dict[str, tuple[int, int]]:
    """Rows and columns to read of every sheet that holds model values."""
    sizes = {
        name: (max(line.where.row for line in sheet.lines) + 1, book.grid.last_column + 1)
        for name, sheet in book.sheets.items()
    }
    last = max(cell.row for cell in book.results.values())
    return {**sizes, Tab.RETURNS: (last + 1, 12)}


def compare(book: Book, case: Case, cells: Cells) -> Comparison:
    """Every line, quarter, year and result of ``case`` against the cells of a workbook.

    Args:
        book: the layout of the workbook.
        case: evaluated with the inputs that the workbook holds now.
        cells: read after a full recalculation.
    """
    found = Comparison()
    largest: dict[RowKey, float] = {}
    grid = book.grid
    for key, place in book.rows.items():
        if key[0] not in book.model.outputs:
            continue
        size = _largest(book, case, key, largest)
        row = cells[place.sheet][place.row]
        name = f"{place.sheet}!{place.row + 1} {key[0]}@{key[1]}"
        wants = np.broadcast_to(case.row(key[0], key[1] or None), (grid.quarters,))
        for at, want in enumerate(wants):
            got = row[grid.quarter(at)]
            found.number(f"{name} {grid.labels[at]}", float(want), got, size)
        for at, want in enumerate(case.year(key[0], key[1] or None)):
            got = row[grid.year(at)]
            found.number(f"{name} {grid.year_labels[at]}", float(want), got, 4 * size)
    for key, cell in book.results.items():
        got = cells[cell.sheet][cell.row][cell.column]
        want = float(case.values[key][0, 0])
        found.number(f"result {key[0]}@{key[1]}", want, got, _largest(book, case, key, largest))
    return found


def _largest(book: Book, case: Case, key: RowKey, done: dict[RowKey, float]) -> float:
    """The largest amount in a row's own unit among the rows that it is made from."""
    if key not in done:
        unit = book.model.unit(key[0])
        done[key] = least = LEAST.get(unit.name, 0.0)
        values = case.values.get(key)
        if values is None:
            values = case.row(key[0], key[1] or None)
        size = float(np.nanmax(np.abs(values), initial=least))
        for source in book.model.sources(key):
            if book.model.unit(source[0]).agrees(unit):
                size = max(size, _largest(book, case, source, done))
        done[key] = size
    return done[key]


def edited(source: Path, target: Path, cells: Mapping[tuple[str, int, int], float | str]) -> Path:
    """A copy of a workbook with cells set to numbers, texts, or formulas (``=…``), as another
    program would leave them: without a value for a new formula."""
    with zipfile.ZipFile(source) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    names = re.findall(r'<sheet name="([^"]*)"', parts["xl/workbook.xml"].decode())
    for (sheet, row, at), value in cells.items():
        part = f"xl/worksheets/sheet{names.index(sheet) + 1}.xml"
        if isinstance(value, str) and value.startswith("="):
            inner = f"><f>{escape(value[1:])}</f></c>"
        elif isinstance(value, str):
            inner = f' t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        else:
            inner = f"><v>{value!r}</v></c>"
        parts[part] = replaced(parts[part].decode(), row, at, inner).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def written_cells(text: str) -> Iterator[tuple[int, int, re.Match[str]]]:
    """Every cell of a sheet as XML: row and column from 0, and its text. One that does not say
    where it stands is right of the one before."""
    for line in re.finditer(r'<row r="([0-9]+)"', text):
        end, at = text.find("</row>", line.end()), -1
        for cell in _WRITTEN.finditer(text, line.end(), end if end >= 0 else len(text)):
            at = column_at(cell["place"]) if cell["place"] else at + 1
            yield int(line[1]) - 1, at, cell


_WRITTEN = re.compile(
    r'<c(?: r="(?P<place>[A-Z]+)[0-9]+")?(?P<style> s="\d+")?(?: t="\w+")?(?:/>|>(?P<held>.*?)</c>)'
)


def replaced(text: str, row: int, at: int, inner: str) -> str:
    """A sheet as XML with another cell, of the same place and style."""
    begin = text.index(f'<row r="{row + 1}"')
    end = text.index("</row>", begin)
    for _, found, cell in written_cells(text[begin:end]):
        if found == at:
            made = f'<c r="{column(at)}{row + 1}"{cell["style"] or ""}{inner}'
            return text[: begin + cell.start()] + made + text[begin + cell.end() :]
    raise AssertionError(f"no cell {column(at)}{row + 1}")


def poisoned(file: bytes, folder: Path) -> Path:
    """A workbook whose formulas hold a value that none of them has."""
    path = folder / "book.xlsx"
    with zipfile.ZipFile(BytesIO(file)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    replaced = 0
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            if name.startswith("xl/worksheets/sheet"):
                content, n = re.subn(
                    rb"(</f>|<f [^>]*/>)<v>[^<]*</v>", rb"\1<v>-123456.5</v>", content
                )
                replaced += n
            archive.writestr(name, content)
    assert replaced > 100_000
    return path
