"""Every cell of a workbook, recalculated by engines that know nothing of the model.

LibreOffice Calc, and at full counts formualizer, compute all formulas anew; each line, quarter,
year and result must then be what NumPy says. The cached values play no part: they are poisoned
first. The reference case of the base scenario in formualizer is among the reference tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import jcurve
from jcurve.assumptions import shipped
from jcurve.assumptions.scenario import Scenario
from jcurve.case import Case
from jcurve.ground.errors import ScenarioError
from jcurve.workbook.grid import Tab
from jcurve.workbook.input_cells import VALUE_COLUMN, Entry
from jcurve.workbook.input_sheets import CHOICE_CELL
from jcurve.workbook.model_sheets import Book
from jcurve.workbook.writing import laid_out
from tests.conftest import RecordFigure
from tests.counts import count, is_full
from tests.support.recalculate import MISSING, Calc, Cells, formualized, missing
from tests.support.workbooks import base_book, compare, poisoned, sheets_of

FULL = is_full("workbook_edits")


@pytest.fixture(scope="module")
def calc() -> Iterator[Calc]:
    if missing():
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with Calc() as running:
        yield running


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Book, Path]:
    """The base scenario, its layout and its workbook."""
    case = jcurve.evaluate("base")
    book, file = base_book()
    return case, book, poisoned(file, tmp_path_factory.mktemp("base"))


@pytest.fixture
def opened(calc: Calc, base: tuple[Case, Book, Path]) -> Calc:
    """The workbook as written and recalculated; tests take back what they type."""
    if calc.path != base[2]:
        calc.load(base[2])
        calc.recalculate()
    return calc


def test_libreoffice_finds_every_line_and_result_and_follows_edits(
    base: tuple[Case, Book, Path], opened: Calc, record_figure: RecordFigure
) -> None:
    """As written, after random edits typed into input cells, and with the programme off."""
    case, book, _ = base
    calc = opened
    assert calc.errors() == []
    sheets = [*sheets_of(book), Tab.CHECKS]
    found = compare(book, case, calc.read(sheets))
    assert found.cells > 100_000
    assert found.wrong == []
    record_figure("workbook cells recalculated by LibreOffice: base", found.cells)
    random = np.random.default_rng(20_260_630)
    edited = worst = 0.0
    for _ in range(count("workbook_edits")):
        edits, overrides, changed = _valid_edits(book, case.scenario, random)
        cells = _typed(calc, edits, sheets)
        found = compare(book, jcurve.evaluate(changed), cells)
        assert found.wrong == [], overrides
        assert cells[Tab.CHECKS][3][0] == "All checks hold", overrides
        edited, worst = edited + 1, max(worst, found.worst)
    record_figure("workbook: random edits recalculated", edited)
    record_figure("workbook: worst difference after edits", worst, "relative")
    _nothing_to_recover(case, book, calc)


@pytest.mark.parametrize("name", shipped()[1:] if FULL else ("bear", "stress_useful_life_3y"))
def test_a_chosen_scenario_is_that_scenario(
    name: str, base: tuple[Case, Book, Path], opened: Calc
) -> None:
    """The workbook of the base scenario, with another chosen in its list of scenarios."""
    case, book, _ = base
    place = (CHOICE_CELL.sheet, CHOICE_CELL.row, CHOICE_CELL.column)
    edit: Edit = (*place, name, case.scenario.name)
    cells = _typed(opened, [edit], [*sheets_of(book), Tab.CHECKS, Tab.CHANGES])
    found = compare(book, jcurve.evaluate(name), cells)
    assert found.cells > 100_000
    assert found.wrong == []
    assert cells[Tab.CHECKS][3][0] == "All checks hold"
    assert cells[Tab.CHANGES][4][1] == ""  # nothing was typed


def _typed(calc: Calc, edits: list[Edit], sheets: list[str]) -> Cells:
    """The cells after edits, which are then taken back."""
    calc.type([(sheet, row, at, new) for sheet, row, at, new, _ in edits])
    try:
        calc.recalculate()
        assert calc.errors() == []
        return calc.read(sheets)
    finally:
        calc.type([(sheet, row, at, old) for sheet, row, at, _, old in edits])


def _nothing_to_recover(case: Case, book: Book, calc: Calc) -> None:
    """Without a programme there is no rate, no payback and no trough, each with its reason."""
    entry = next(e for e in book.layout.entries if e.key == "programme.enabled")
    edit: Edit = (entry.sheet, entry.row, VALUE_COLUMN, 0.0, 1.0)
    cells = _typed(calc, [edit], [*sheets_of(book), Tab.RETURNS])
    changed = jcurve.evaluate(case.scenario.with_overrides({"programme.enabled": 0}))
    assert compare(book, changed, cells).wrong == []
    figures = changed.headlines()
    assert figures["programme"]["irr"]["value"] is None
    for (name, view), cell in book.results.items():
        reason = figures.get(view, {}).get(name, {}).get("reason")
        if reason is not None:
            row = cells[Tab.RETURNS][cell.row]
            assert row[cell.column] == "none", name
            assert row[6 + (view == "go_forward")] == reason, name


@pytest.mark.skipif(not FULL, reason="every other scenario at full counts")
@pytest.mark.parametrize("name", shipped()[1:])
def test_every_scenario_in_both_programs(
    name: str, calc: Calc, tmp_path: Path, record_figure: RecordFigure
) -> None:
    case = jcurve.evaluate(name)
    book = Book(case)
    path = poisoned(laid_out(book), tmp_path)
    by_formualizer = compare(book, case, formualized(path, sheets_of(book)))
    assert by_formualizer.wrong == []
    calc.load(path)
    calc.recalculate()
    assert calc.errors() == []
    by_calc = compare(book, case, calc.read(sheets_of(book)))
    assert by_calc.wrong == []
    record_figure(f"workbook cells recalculated by both programs: {name}", by_calc.cells)
    worst = max(by_formualizer.worst, by_calc.worst)
    record_figure(f"workbook: worst difference of either program: {name}", worst, "relative")


Edit = tuple[str, int, int, float | str, float | str]


def _valid_edits(
    book: Book, base: Scenario, random: np.random.Generator
) -> tuple[list[Edit], dict[str, object], Scenario]:
    """A few random inputs with random accepted values, of a scenario that validates."""
    entries = [e for e in book.layout.entries if e.form != "computed" and not e.item.derived]
    for _ in range(200):
        picked = random.choice(len(entries), size=3, replace=False)
        edits: list[Edit] = []
        overrides: dict[str, object] = {}
        for at in picked:
            key, override, edit = _edit(book, entries[at], random)
            edits.append(edit)
            overrides[key] = override
        try:
            changed = base.with_overrides(overrides, insist=True)
            jcurve.evaluate(changed)
        except (ScenarioError, jcurve.JCurveError):
            continue
        return edits, overrides, changed
    raise AssertionError("no random edit validates")


def _edit(book: Book, entry: Entry, random: np.random.Generator) -> tuple[str, object, Edit]:
    item = entry.item
    if entry.form == "dated":
        dated = book.layout.dated[entry.key]
        stated = [at for at, text in enumerate(dated.formulas) if text is None]
        at = int(random.choice(stated))
        label = (book.grid.year_labels if dated.by == "year" else book.grid.labels)[at]
        value = _between(dated.values[at], entry, random)
        edit = (Tab.DATED, dated.row, dated.first + at, value, dated.values[at])
        # Neighbours follow a stated period, so the whole table is what is overridden.
        table = {dated.path.label(p): v for p, v in dated.path.points} | {label: value}
        return entry.key, table, edit
    place = (entry.sheet, entry.row, VALUE_COLUMN)
    if item.shape == "changes":
        return _life(book, entry, random)
    if entry.form == "date":
        value = book.grid.labels[int(random.integers(int(entry.first), int(entry.last) + 1))]
        return entry.key, value, (*place, value, entry.value)
    if entry.form == "choice":
        value = str(random.choice(item.choices))
        return entry.key, value, (*place, value, entry.value)
    if entry.form == "switch":
        return entry.key, 1.0 - entry.used, (*place, 1.0 - entry.used, entry.value)
    value = _between(entry.used, entry, random)
    return entry.key, value, (*place, value, entry.value)


def _life(book: Book, entry: Entry, random: np.random.Generator) -> tuple[str, object, Edit]:
    changes = [
        {"date": book.grid.labels[change.date], "life": change.life}
        for change in entry.item.value  # type: ignore[union-attr]
    ]
    slot = min(int(entry.key.rpartition(".")[2]), len(changes)) - 1
    entry = book.entry(f"{entry.key.rpartition('.')[0]}.{slot + 1}")
    value: float | str = float(random.integers(12, 32)) / 4
    if entry.form == "date":
        value = book.grid.labels[book.grid.labels.index(changes[slot]["date"]) + 1]
    changes[slot]["date" if entry.form == "date" else "life"] = value
    edit = (entry.sheet, entry.row, VALUE_COLUMN, value, entry.value)
    return entry.item.key, changes, edit


def _between(value: float, entry: Entry, random: np.random.Generator) -> float:
    """Near the value, inside what is accepted."""
    width = max(abs(value) * 0.3, 0.02 * min(entry.last - entry.first, 1.0))
    low, high = max(entry.first, value - width), min(entry.last, value + width)
    return float(f"{random.uniform(low, high):.6g}")
