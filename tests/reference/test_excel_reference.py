"""The reference case *excel-roundtrip*: a workbook recalculated by an independent engine."""

from __future__ import annotations

import json
from pathlib import Path

import formualizer

import jcurve
from tests.support.recalculate import formualized
from tests.support.workbooks import (
    RELATIVE,
    base_book,
    compare,
    poisoned,
    sheets_of,
)

CASES = json.loads(Path(__file__).with_name("reference_cases.json").read_text())["cases"]
CASE = next(case for case in CASES if case["id"] == "excel-roundtrip")


def test_excel_roundtrip(tmp_path: Path) -> None:
    """The base scenario with live formulas; every exported cell after formualizer's own
    calculation, whose engine shares no code with the model."""
    assert CASE["tolerance"] == {"rel": RELATIVE}
    assert CASE["expected"] == "all cells equal"
    assert formualizer.__name__ in CASE["inputs"]["rule"]
    case = jcurve.evaluate("base")
    book, file = base_book()
    found = compare(book, case, formualized(poisoned(file, tmp_path), sheets_of(book)))
    lines = {key for key in book.rows if key[0] in book.model.outputs}
    assert lines >= set(book.model.order) - set(book.results)
    assert set(book.results) | lines >= set(book.model.order)
    assert found.cells == len(lines) * (book.grid.quarters + book.grid.years) + len(book.results)
    assert found.wrong == []
