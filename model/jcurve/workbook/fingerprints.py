"""What a workbook knows of itself: scenario, inputs as written, fingerprints of its formulas.

The idea: an edited formula must be found when a workbook comes back, also from a program that
spells formulas its own way, and 260,000 formulas must not be stored twice. So a formula is first
brought to a form that does not change when it is copied along its row and that other programs
leave as it is: columns relative to the period, no spaces, one spelling of numbers and sheets.
The short hash of that form is its mark. The formulas of a row are one formula moved along its
quarters and one along its years, so that a few marks stand for the row:

- ``q`` all quarters; ``y`` all years; ``c3`` the one column 3;
- ``p3`` cells side by side from column 3 of a sheet that is not made of rows over time, whose
  formulas do not move: as they are spelled, without spaces and quotes;
- ``f`` the facts of a row and ``s`` its single fixed value, which are hashes of numbers.

The record is lines of JSON on a hidden sheet, closed by a check sum, so that a workbook can be
read back without the program that wrote it.

>>> marker = Marker(first_year=4, years=3, first_quarter=16, quarters=12)
>>> marker.normal("=With!T5+S6", "Shared", 19), marker.normal("=With!U5 + T6", "Shared", 20)
('WITH!Q+0.5+SHARED!Q-1.6', 'WITH!Q+0.5+SHARED!Q-1.6')
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Any, Final

from jcurve import __version__
from jcurve.ground.errors import ScenarioError
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.workbook.grid import Columns, column_at
from jcurve.workbook.input_cells import Layout

FORMAT = 2  # The form of the record; a workbook with a higher one is from a newer program

_MISSING = "this is no workbook of J-Curve, or its hidden sheet is damaged"
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?:(?P<sheet>'(?:[^']|'')+'|[A-Za-z_][A-Za-z0-9_]*)!)?"""
    r"""(?P<fixed>\$?)(?P<column>[A-Za-z]{1,3})\$?(?P<row>[0-9]+)(?![A-Za-z0-9_(.])"""
    r"""|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z_])"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)"""
    r"""|(?P<space>\s+)"""
)
_BYTES: Final = 4
_LETTERS: Final = 6  # Of a mark of one cell among several side by side
_UNSPELLED: Final = str.maketrans("", "", " '$")

RowMarks = dict[str, str]  # Marks of one row by the places that they stand for


def mark_facts(values: Iterable[float | str | None]) -> str:
    """A mark of fixed numbers, to a dozen digits; texts and empty cells are alike."""
    return _hash(",".join(f"{v:.12g}" if isinstance(v, int | float) else "" for v in values))


def mark_cells(formulas: Mapping[int, str]) -> RowMarks:
    """Marks of the formulas of a row, by column, on a sheet that is not made of rows over time."""
    found: RowMarks = {}
    first = last = -2
    for at, formula in sorted(formulas.items()):
        first = first if at == last + 1 else at
        found[f"p{first}"] = found.get(f"p{first}", "") + mark_cell(formula)
        last = at
    return found


def mark_cell(formula: str) -> str:
    """A mark of a formula that stands still, with or without the sign that it begins with."""
    return _hash(formula.removeprefix("=").translate(_UNSPELLED).upper())[:_LETTERS]


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=_BYTES).hexdigest()


class Marker(Columns):
    """Marks formulas of sheets with one scheme of columns."""

    def normal(self, formula: str, sheet: str, column: int) -> str:
        """The form of a formula that moving it along its row leaves as it is."""
        own, period = self.place(column)
        year = period // QUARTERS_IN_YEAR if own == "Q" else period
        quarter = period if own == "Q" else period * QUARTERS_IN_YEAR

        def spell(match: re.Match[str]) -> str:
            kind = match.lastgroup
            if kind == "text":
                return match[0]
            if kind == "space":
                return ""
            if kind == "number":
                return f"{float(match[0]):.12g}"  # other programs keep 15 digits
            if kind == "word":
                return match[0].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
            where = (match["sheet"] or sheet).strip("'").replace("''", "'").upper()
            letters = match["column"].upper()
            if match["fixed"]:
                return f"{where}!{letters}${match['row']}"
            to, at = self.place(column_at(letters))
            if own and to:
                letters = f"{to}{at - (quarter if to == 'Q' else year):+}"
            return f"{where}!{letters}.{match['row']}"

        return _TOKEN.sub(spell, formula.removeprefix("="))

    def mark(self, formula: str, sheet: str, column: int) -> str:
        """A short mark of a formula's form."""
        return _hash(self.normal(formula, sheet, column))

    def runs(self, marks: Mapping[str, str]) -> list[tuple[range, str]]:
        """Columns of a row that hold one formula, moved along, and its mark, from left to
        right."""
        found: list[tuple[range, str]] = []
        for name, mark in marks.items():
            first, many = self.first_quarter, self.quarters
            if name == "y":
                first, many = self.first_year, self.years
            elif name[0] in "cp":
                first, many = int(name[1:]), 1
            if name[0] == "p":
                own = [mark[at : at + _LETTERS] for at in range(0, len(mark), _LETTERS)]
                found += [(range(first + at, first + at + 1), each) for at, each in enumerate(own)]
            elif name not in ("f", "s"):
                found.append((range(first, first + many), mark))
        return sorted(found, key=lambda run: run[0].start)

    def is_marked(self, formula: str, sheet: str, column: int, mark: str) -> bool:
        """Whether a formula has a mark."""
        if len(mark) == _LETTERS:
            return mark_cell(formula) == mark
        return self.mark(formula, sheet, column) == mark


@dataclass(frozen=True, slots=True)
class Record:
    """What was written: scenario, hash, version and columns; by key what an input cell held, or how
    and where a dated one was stated; and the marks of every row, by sheet and row from 0."""

    head: Mapping[str, Any]
    values: Mapping[str, float | str]
    paths: Mapping[str, Mapping[str, Any]]
    marks: Mapping[tuple[str, int], RowMarks]

    @property
    def marker(self) -> Marker:
        """What marks formulas in the columns of this workbook."""
        return Marker(*(int(value) for value in self.head["columns"]))


def record_lines(
    layout: Layout, company: str, marks: Mapping[tuple[str, int], RowMarks]
) -> Iterator[str]:
    """The lines of the hidden sheet."""
    scenario, grid = layout.scenario, layout.grid
    parts: list[dict[str, object]] = [
        {
            "format": FORMAT,
            "version": __version__,
            "scenario": scenario.name,
            "hash": scenario.hash,
            "company": company,
            "columns": [grid.first_year, grid.years, grid.first_quarter, grid.quarters],
            "years": list(grid.year_labels),
            "quarters": list(grid.labels),
        }
    ]
    for entry in layout.entries:
        if entry.form not in ("dated", "computed"):
            parts.append({"input": entry.key, "form": entry.form, "value": entry.value})
    for key, dated in layout.dated.items():
        path = dated.path
        if path is not None and not dated.item.derived:
            points = [[path.label(period), value] for period, value in path.points]
            parts.append({"path": key, "by": path.by, "between": path.between, "points": points})
    parts += [{"row": [sheet, row], "marks": own} for (sheet, row), own in sorted(marks.items())]
    lines = [json.dumps(part, allow_nan=False, separators=(",", ":")) for part in parts]
    yield from lines
    yield _sum(lines)


def read_record(lines: Iterable[str], where: str) -> Record:
    """The record in the lines of a hidden sheet of ``where``.

    Raises:
        ScenarioError: it is incomplete, altered, or from a newer program.
    """
    texts = [line for line in lines if line]
    try:
        parts = json.loads(f"[{','.join(texts[:-1])}]")
        head = dict(parts[0])
        newer = head.get("format", 0)
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise ScenarioError(_MISSING, where=where) from error
    version = str(head.get("version", ""))
    if (isinstance(newer, int) and newer > FORMAT) or _numbers(version) > _numbers(__version__):
        raise ScenarioError(
            "the workbook is from a newer version",
            where=where,
            received=version[:40],
            allowed=f"one written by J-Curve {__version__} or older",
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


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]{1,9}", version)[:3])
