"""What a model reviewer checks before any number: the formulas of the written file, as texts.

Every row says what it is, no number hides in a formula, formulas are short and the same along a
row, none looks ahead in time unseen, every input is read, every check is counted.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import pairwise

import numpy as np
import pytest
from openpyxl.formula import Tokenizer

from jcurve.facts import citations
from jcurve.workbench.controls import groups
from jcurve.workbook.cell_styles import Line
from jcurve.workbook.grid import OPENING, SHEETS, WORLD_SHEETS, Row, Tab, column, column_at
from jcurve.workbook.model_sheets import Book
from tests.conftest import RecordFigure
from tests.support.workbooks import base_book, written_cells

MOST, NINETY_FIVE = 190, 120
"""Letters of the longest formula, and of the one that 95 of 100 do not reach."""

LITERALS = {"0", "1", "2"}
Cells = Mapping[tuple[int, str], tuple[str, int]]
_FORMULA = re.compile(r"<f([^>]*)>([^<]*)</f>")
_REFERENCE = re.compile(r"(?<![A-Za-z0-9_.])(\$?)([A-Z]{1,3})(\$?)([0-9]+)(?![A-Za-z0-9_(.])")


@pytest.fixture(scope="module")
def book() -> Book:
    return base_book()[0]


@pytest.fixture(scope="module")
def formulas(book: Book) -> dict[str, dict[tuple[int, str], tuple[str, int]]]:
    """By sheet, by (row, column): the formula and how many cells have it, shared along the row."""
    with zipfile.ZipFile(io.BytesIO(base_book()[1])) as archive:
        found: dict[str, dict[tuple[int, str], tuple[str, int]]] = {}
        for at, name in enumerate(SHEETS, 1):
            text = archive.read(f"xl/worksheets/sheet{at}.xml").decode()
            found[name] = own = {}
            for row, at, cell in written_cells(text):
                found_one = _FORMULA.match(cell["held"] or "")
                if found_one and found_one[2]:
                    ends = re.search(r'ref="[A-Z]+[0-9]+:([A-Z]+)', found_one[1])
                    many = column_at(ends[1]) - at + 1 if ends else 1
                    own[row + 1, column(at)] = unescape(found_one[2]), many
    return found


def _lines(book: Book) -> Iterator[tuple[str, Line]]:
    for name, sheet in book.sheets.items():
        for line in sheet.lines:
            yield name, line


def test_every_row_says_what_it_is(book: Book, record_figure: RecordFigure) -> None:
    steps = 0
    for name, line in _lines(book):
        where = f"{name}!{line.where.row + 1} {line.name or line.label}"
        assert re.match(r"[\w(−…]", line.label), where
        assert not re.match(r"step \d", line.label.lower()), where
        assert line.unit, where
        assert line.definition.strip(), where
        assert line.source.strip(), where
        steps += not line.name
    record_figure("workbook: rows", sum(1 for _ in _lines(book)))
    record_figure("workbook: of them steps, named in words", steps)


def test_a_step_stands_above_the_line_that_it_serves(book: Book) -> None:
    """Nothing but headings and steps lies between a step and its line; a line is in one row of
    all three worlds."""
    for name, sheet in book.sheets.items():
        served = {line.where.row: line for line in sheet.lines if line.name}
        headings = {row for row, _ in sheet.headings}
        for place, steps in sheet.steps.items():
            rows = sorted(row.row for _, row in steps)
            assert rows == list(range(rows[0], rows[-1] + 1)), name
            if isinstance(place, str):
                assert rows[0] - 1 in headings, place
            else:
                assert rows[-1] + 1 == place.row, served[place.row].name
    for name in {name for name, tag in book.rows if tag in WORLD_SHEETS}:
        assert len({book.rows[name, world].row for world in WORLD_SHEETS}) == 1, name


def test_no_number_hides_in_a_formula(
    formulas: Mapping[str, Cells], record_figure: RecordFigure
) -> None:
    found: Counter[str] = Counter()
    seen: set[str] = set()
    for name, cells in formulas.items():
        for (row, letters), (text, _) in cells.items():
            bare = re.sub(r'"[^"]*"', "", text)
            alike = _REFERENCE.sub(r"#\4", bare)  # a row's formulas differ in their columns alone
            if alike in seen or not re.search(r"(?<![A-Za-z0-9_$.#])[0-9]", alike):
                continue
            seen.add(alike)
            for token in Tokenizer("=" + text).items:
                is_number = token.type == token.OPERAND and token.subtype == token.NUMBER
                if is_number and token.value not in LITERALS:
                    found[f"{token.value} in {name}!{letters}{row}: {text}"] += 1
    assert not found, found.most_common(5)
    assert len(seen) > 1_000
    record_figure("workbook: literals in formulas but 0, 1, 2 and -1", len(found))


def test_formulas_are_short(formulas: Mapping[str, Cells], record_figure: RecordFigure) -> None:
    lengths: list[int] = []
    for cells in formulas.values():
        for text, many in cells.values():
            lengths += [len(text) + 1] * many
    assert len(lengths) > 400_000
    high = float(np.percentile(lengths, 95))
    longest = max(
        ((len(text), name, row, text) for name, cells in formulas.items()
         for (row, _), (text, _) in cells.items())
    )  # fmt: skip
    assert high < NINETY_FIVE
    assert longest[0] < MOST, longest
    record_figure("workbook: formulas", len(lengths))
    record_figure("workbook: letters of a formula, 95 of 100 have fewer", high)
    record_figure("workbook: letters of the longest formula", longest[0])


def test_a_row_has_one_formula(
    book: Book, formulas: Mapping[str, Cells], record_figure: RecordFigure
) -> None:
    """Every cell of the file has the formula of the first quarter moved along, or of the first
    year, whose quarters move by four; one that is shared is the first one's by itself."""
    grid, rows, cells = book.grid, 0, 0
    for name, line in _lines(book):
        for pieces, first, many in (
            (line.quarters, grid.first_quarter, grid.quarters),
            (line.years, grid.first_year, grid.years),
        ):
            if pieces is None:
                continue
            held = [
                formulas[name].get((line.where.row + 1, column(first + n))) for n in range(many)
            ]
            own = [each for each in held if each is not None]
            assert sum(shared for _, shared in own) == many, line.label
            relative = {
                _relative(text, n, first == grid.first_year and 4, grid.first_quarter - OPENING)
                for n, (text, _) in enumerate(own)
            }
            assert len(relative) == 1, (name, line.label, relative)
            rows += 1
            cells += many
    record_figure("workbook: rows with one formula", rows)
    record_figure("workbook: cells in them", cells)


def _relative(text: str, moved: int, by: int, quarters: int) -> str:
    """A formula with its columns as they were before it moved; those of quarters by ``by``."""

    def back(match: re.Match[str]) -> str:
        fixed, letters, rest, row = match.groups()
        at = column_at(letters)
        step = moved * (by or 1) if at >= quarters else moved * bool(by)
        return match[0] if fixed else f"#{at - step}{rest}{row}"

    return _REFERENCE.sub(back, text)


def test_none_looks_ahead_in_time_unless_it_reads_a_whole_row(
    book: Book, record_figure: RecordFigure
) -> None:
    """A reference that moves reads its own quarter or earlier ones; one with $ before both of its
    columns is a whole row, or one cell."""
    grid, whole = book.grid, 0
    first = grid.first_quarter
    for name, line in _lines(book):
        if line.quarters is None:
            continue
        text = grid.formula(line.quarters, name)
        for fixed, letters, _, _ in _REFERENCE.findall(re.sub(r'"[^"]*"', "", text)):
            at = column_at(letters)
            if not fixed:
                assert first - OPENING <= at <= first, (name, line.label, text)
        whole += f"${column(grid.last_column)}$" in text
    record_figure("workbook: rows that read a whole row", whole)


def test_at_most_thirty_drivers_stand_on_one_sheet(book: Book, record_figure: RecordFigure) -> None:
    """All others on the next, a mix and the changes of a life as tables with a heading."""
    drivers = {entry.item.key for entry in book.layout.on(Tab.DRIVERS)}
    known = {item.key for item in book.case.scenario.drivers}
    assert len(drivers) == 30
    assert drivers < known
    (first, *_) = groups(book.case.scenario)  # of the panel
    assert drivers == {*first["keys"]}
    rows = {entry.key: entry for entry in book.layout.entries}
    for mix in book.case.scenario.mixes:
        parts = sorted(rows[key].row for key in (*mix.others, mix.remainder))
        assert parts == list(range(parts[0], parts[0] + len(parts))), mix.name
        assert any(at == parts[0] - 1 for sheet, at, _ in book.layout.headings), mix.name
    record_figure("workbook: drivers on one sheet", len(drivers))


def test_every_input_is_read(book: Book, formulas: Mapping[str, Cells]) -> None:
    """By a line: by its name, or by its row of what is in use."""
    own = {Tab.DRIVERS, Tab.INPUTS, Tab.CHANGES, Tab.FRONT, Tab.CHECKS}
    read = " ".join(
        text for name, cells in formulas.items() if name not in own for text, _ in cells.values()
    )
    words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_.]*", read))
    rows = set(re.findall(r"'Inputs by year'!\$?[A-Z]+\$?([0-9]+)", read))
    mixes = {key for mix in book.case.scenario.mixes for key in mix.others}
    unread = []
    for entry in book.layout.entries:
        dated = book.layout.dated.get(entry.key)
        seen = str(dated.place.row + 1) in rows if dated else book.layout.names[entry.key] in words
        if not seen and entry.key not in mixes:
            unread.append(entry.key)
    known = {name for name, key in book.case.assembly.keys.items()}
    expected = {e.key for e in book.layout.entries if not (_spelled(e.key) & known)}
    assert set(unread) <= expected, sorted(set(unread) - expected)


def _spelled(key: str) -> set[str]:
    """The names under which a line may ask for a key."""
    parts = key.split(".")
    return {
        ".".join(("_".join(parts[: len(parts) - own]), *parts[len(parts) - own :]))
        for own in range(min(3, len(parts)))
    }


def test_every_check_reaches_the_one_cell(
    formulas: Mapping[str, Cells], record_figure: RecordFigure
) -> None:
    cells = formulas[Tab.CHECKS]
    rows = sorted(row for row, letters in cells if letters == "F" and row > 4)
    span = f"F{rows[0]}:F{rows[-1]}"
    assert rows == list(range(rows[0], rows[-1] + 1))
    assert cells[4, "F"][0] == f"IF(SUM({span})=ROWS({span}),1,0)"
    assert "F4=1" in cells[4, "A"][0]
    assert any("Checks!A4" in text for text, _ in formulas[Tab.FRONT].values())
    assert any("Checks!A4" in text for text, _ in formulas[Tab.SUMMARY].values())
    record_figure("workbook: checks behind one cell", len(rows))


WAYS = (
    ("discounted_free_cash_flow@programme", "incremental_free_cash_flow@programme",
     "unlevered_free_cash_flow@with", "capex@with", "capex_by_class.accelerators@with"),
    ("ai_capex@with", "planned_ai_capex", "guided_ai_capex", "guided_capex", "capex_total"),
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_number_is_followed_to_a_filing_and_to_an_input(way: tuple[str, ...], book: Book) -> None:
    """The way that the documentation describes: each row is a precedent of the one before, at
    most by way of its own steps."""
    for name, source in pairwise(way):
        key = (name.partition("@")[0], name.partition("@")[2])
        place = book.locate((source.partition("@")[0], source.partition("@")[2]))
        assert isinstance(place, Row)
        wanted = f"{place.row + 1}", place.sheet
        sheet = book.sheets[book.rows[key].sheet]
        own = {row.row for _, row in sheet.steps.get(book.rows[key], ())} | {book.rows[key].row}
        texts = [
            book.grid.formula(line.quarters, sheet.name)
            for line in sheet.lines
            if line.where.row in own and line.quarters is not None
        ]
        prefix = "" if place.sheet == sheet.name else place.sheet
        assert any(_reads(text, prefix, wanted[0]) for text in texts), (name, source, texts)


def _reads(text: str, sheet: str, row: str) -> bool:
    before = rf"'?{re.escape(sheet)}'?!" if sheet else r"(?<![!A-Z$])"
    return bool(re.search(rf"{before}\$?[A-Z]{{1,3}}\$?{row}(?![0-9])", text))


def test_the_sources_of_a_fact_and_of_an_input_stand_beside_it(book: Book) -> None:
    assert ("reported_capex", "") in set(
        book.model.sources(("capex_by_class.accelerators", "with"))
    )
    lines = {line.name: line for line in book.sheets[Tab.HISTORY].lines}
    assert set(lines["reported_capex"].source.split(", ")) <= {
        each.key for each in citations(sorted(lines["reported_capex"].source.split(", ")))
    }
    assert book.layout.dated["capex.total"].item.source
