"""What a workbook knows of itself: its scenario, its inputs as written, marks of its formulas.

Kept as lines of JSON on a hidden sheet, closed by a check sum, so that a workbook can be read
back without the program that wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jcurve
from jcurve.ground.errors import ScenarioError
from jcurve.workbook.book import Book
from jcurve.workbook.marks import RowMarks

__all__ = ["FORMAT", "Record", "read_record", "record_lines"]

FORMAT = 1
"""The form of the record; a workbook with a higher one is from a newer program."""

_MISSING = "this is no workbook of J-Curve, or its hidden sheet is damaged"


@dataclass(frozen=True, slots=True)
class Record:
    """What was written.

    Attributes:
        head: scenario, hash, version and the scheme of columns.
        values: key to what its input cell held.
        paths: key to by, between, and the stated points, for dated inputs.
        marks: of every row with formulas, by sheet and row from 0.
    """

    head: Mapping[str, Any]
    values: Mapping[str, float | str]
    paths: Mapping[str, Mapping[str, Any]]
    marks: Mapping[tuple[str, int], RowMarks]


def record_lines(book: Book, marks: Mapping[tuple[str, int], RowMarks]) -> Iterator[str]:
    """The lines of the hidden sheet."""
    made = list(_lines(book, marks))
    yield from made
    yield _sum(made)


def _lines(book: Book, marks: Mapping[tuple[str, int], RowMarks]) -> Iterator[str]:
    scenario, grid = book.case.scenario, book.grid
    yield _json(
        {
            "format": FORMAT,
            "version": jcurve.__version__,
            "scenario": scenario.name,
            "hash": scenario.hash,
            "company": book.case.assembly.company.name,
            "columns": [grid.first_year, grid.years, grid.first_quarter, grid.quarters],
            "years": list(grid.year_labels),
            "quarters": list(grid.labels),
        }
    )
    for entry in book.layout.entries:
        if entry.form not in ("dated", "computed"):
            yield _json({"input": entry.key, "form": entry.form, "value": entry.value})
    for key, dated in book.layout.dated.items():
        if not dated.item.derived:
            path = dated.path
            points = [[path.label(period), value] for period, value in path.points]
            yield _json({"path": key, "by": path.by, "between": path.between, "points": points})
    for (sheet, row), found in sorted(marks.items()):
        yield _json({"row": [sheet, row], "marks": found})


def read_record(lines: Iterable[str], where: str) -> Record:
    """The record in the lines of a hidden sheet.

    Args:
        lines: texts of its first column.
        where: the file, for errors.

    Raises:
        ScenarioError: it is incomplete, altered, or from a newer program.
    """
    texts = [line for line in lines if line]
    try:
        parts = [json.loads(text) for text in texts[:-1]]
        head = dict(parts[0])
        newer = head.get("format", 0)
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise ScenarioError(_MISSING, where=where) from error
    if isinstance(newer, int) and newer > FORMAT:
        raise ScenarioError(
            "the workbook is from a newer version",
            where=where,
            received=str(head.get("version", ""))[:40],
            allowed=f"one written by J-Curve {jcurve.__version__} or older",
        )
    if newer != FORMAT or texts[-1] != _sum(texts[:-1]):
        raise ScenarioError(_MISSING, where=where)
    return Record(
        head,
        {part["input"]: part["value"] for part in parts if "input" in part},
        {part["path"]: part for part in parts if "path" in part},
        {(part["row"][0], part["row"][1]): part["marks"] for part in parts if "row" in part},
    )


def _sum(lines: Iterable[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
