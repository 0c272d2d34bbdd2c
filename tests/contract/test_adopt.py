"""A workbook and back: what is adopted, what is listed, what is refused and how it is told."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest

import jcurve
from jcurve.assumptions import Path as Planned
from jcurve.assumptions import scenario
from jcurve.assumptions.retired import RETIRED, Retired
from jcurve.commands import main
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.workbook import adopt, state_of
from jcurve.workbook.fingerprints import FORMAT
from jcurve.workbook.grid import SHEETS, Tab, column
from jcurve.workbook.input_cells import VALUE_COLUMN, WHY_COLUMN
from jcurve.workbook.model_sheets import Book
from tests.counts import is_full
from tests.support.recalculate import MISSING, Calc, missing
from tests.support.workbooks import base_book, edited, replaced

HOME = Path(__file__).parents[2]
FULL = is_full("workbook_edits")


@dataclass(frozen=True)
class Written:
    """A workbook of the base scenario, and where its cells are."""

    path: Path
    book: Book

    def cell(self, key: str) -> tuple[str, int, int]:
        """The input cell of an assumption with one value."""
        entry = next(e for e in self.book.layout.entries if e.key == key)
        return entry.sheet, entry.row, VALUE_COLUMN

    def why(self, key: str) -> tuple[str, int, int]:
        """The cell for the reason."""
        return *self.cell(key)[:2], WHY_COLUMN

    def year(self, key: str, year: str) -> tuple[str, int, int]:
        """The cell of a year of a dated assumption."""
        grid = self.book.grid
        return Tab.DATED, self.book.layout.dated[key].row, grid.year(grid.year_labels.index(year))

    def line(self, name: str, quarter: str) -> tuple[str, int, int]:
        """The cell of a line of the world with the programme."""
        place = self.book.rows[name, "with"]
        return place.sheet, place.row, self.book.grid.quarter(self.book.grid.labels.index(quarter))


def _spelled(cell: tuple[str, int, int]) -> str:
    return f"{cell[0]}!{column(cell[2])}{cell[1] + 1}"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """With all its formulas."""
    book, file = base_book()
    path = tmp_path_factory.mktemp("adopt") / "base.xlsx"
    path.write_bytes(file)
    return Written(path, book)


@pytest.fixture(scope="module")
def written(whole: Written, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Its inputs alone: the other sheets are empty, so that it is read and altered in no time."""
    path = tmp_path_factory.mktemp("inputs") / "base.xlsx"
    kept = (Tab.DRIVERS, Tab.INPUTS, Tab.DATED, Tab.MARKS)
    emptied = {
        f"xl/worksheets/sheet{at}.xml" for at, name in enumerate(SHEETS, 1) if name not in kept
    }
    with zipfile.ZipFile(whole.path) as archive, zipfile.ZipFile(path, "w") as copy:
        for info in archive.infolist():
            content = archive.read(info)
            if info.filename in emptied:
                content = re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData/>", content)
            copy.writestr(info.filename, content)
    return Written(path, whole.book)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, in which scenarios may be written."""
    root = tmp_path / "project"
    shutil.copytree(HOME / "data", root / "data")
    monkeypatch.setenv("JCURVE_PROJECT", str(root))
    return root


@pytest.fixture
def inputs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the search for edited formulas, which two tests make and takes seconds."""
    monkeypatch.setattr("jcurve.workbook.adopting.edited_elsewhere", lambda *_: ())


def test_write_edit_adopt_show(
    whole: Written, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way: every kind of input edited, formulas and facts edited elsewhere."""
    at, year = whole.cell, whole.year
    line, other = whole.line("capex", "2030Q1"), whole.line("revenue", "2031Q2")
    fact = next(
        n for n in whole.book.sheets[Tab.HISTORY].lines if n.name.startswith("reported_revenue")
        or n.name.startswith("reported_")
    )  # fmt: skip
    fact_cell = (
        Tab.HISTORY,
        fact.where.row,
        whole.book.grid.quarter(whole.book.grid.labels.index("2024Q1")),
    )
    file = edited(
        whole.path,
        tmp_path / "My case (2).xlsx",
        {
            at("returns.wacc"): 0.11,
            whole.why("returns.wacc"): "=1+1 is not a reason, @dear",
            at("programme.start"): "2023Q3",
            at("returns.terminal_treatment"): "none",
            at("returns.sbc_is_cost"): 0.0,
            at("life.change.life.2"): 5.25,
            year("capex.total", "2027"): 200_000.0,  # a stated year
            year("talent.yearly_cost", "2029"): 15_500.0,  # a year that followed
            line: "=1+1",
            other: 12.0,
            fact_cell: 1.0,
        },
    )
    found = adopt(file)
    assert found.path == project / "data" / "scenarios" / "my_case_2.yml"
    planned = scenario("base")["capex.total"].value
    assert isinstance(planned, Planned)
    overrides = {
        "returns.wacc": 0.11,
        "programme.start": "2023Q3",
        "returns.terminal_treatment": "none",
        "returns.sbc_is_cost": 0,
        "life.change.2022Q4": 5.25,
        "capex.total": {**dict(planned.points), 2027: 200_000},
        "talent.yearly_cost.2029": 15_500,
    }
    want = scenario("base", overrides)
    made = scenario("my_case_2")
    assert made.extends == "base"
    assert made.hash == want.hash == found.state.hash
    stems = {re.sub(r"\.20\d\d(Q\d)?$", "", key) for key in overrides}
    assert set(found.changes) == found.edited == stems
    assert "=1+1 is not a reason, @dear" in made["returns.wacc"].why
    assert "My case (2).xlsx" in made.story
    wide = f"{Tab.HISTORY}!{column(whole.book.grid.first_quarter)}{fact.where.row + 1}"
    assert [each.partition(":")[0] for each in found.formulas] == [
        wide, *sorted(map(_spelled, (line, other)))
    ]  # fmt: skip
    assert main(["show", "my_case_2", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    case = jcurve.evaluate(want)
    assert shown["hash"] == want.hash
    assert shown["views"]["programme"]["npv"]["value"] == case["npv"]
    assert shown["views"]["go_forward"]["npv"]["value"] == case["npv.go_forward"]


@pytest.mark.parametrize("by_way_of", ["xlsx", "ods"] if FULL else ["xlsx"])
def test_a_workbook_saved_by_another_program_is_the_same(
    by_way_of: str, whole: Written, project: Path, tmp_path: Path
) -> None:
    """LibreOffice spells formulas, sheets and numbers its own way; nothing counts as edited."""
    if missing():
        pytest.skip(MISSING)
    entry = whole.cell("returns.wacc")
    cell = whole.line("capex", "2030Q1")
    with Calc() as calc:
        calc.load(whole.path)
        calc.type([(*entry, 0.0875)])
        calc.enter([(*cell, "=SUM(AU5:AU6)")])
        calc.recalculate()
        if by_way_of == "ods":
            calc.save(tmp_path / "saved.ods", "calc8")
            calc.load(tmp_path / "saved.ods")
        calc.save(tmp_path / "saved.xlsx")
    found = state_of(tmp_path / "saved.xlsx")
    assert dict(found.changes) == {"returns.wacc": "0.0875"}
    assert found.formulas == (_spelled(cell),)
    assert found.notes == ()


def test_a_workbook_saved_by_a_library_is_the_same(
    whole: Written, written: Written, project: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """openpyxl leaves no value beside a formula, and none of the sheets' own records; at full
    counts all formulas are written anew."""
    if not FULL:
        request.getfixturevalue("inputs_only")
    sheet, row, at = written.cell("returns.wacc")
    book = openpyxl.load_workbook((whole if FULL else written).path)
    book[sheet].cell(row + 1, at + 1).value = 0.0875
    book.save(tmp_path / "saved.xlsx")
    found = state_of(tmp_path / "saved.xlsx")
    assert dict(found.changes) == {"returns.wacc": "0.0875"}
    assert found.edited == {"returns.wacc"}
    assert found.notes == ()
    assert found.formulas == ()


@pytest.mark.parametrize(
    ("key", "cell", "told"),
    [
        ("returns.wacc", "><v>0.0875</v></c>", "0.0875"),
        ("returns.wacc", ' t="str"><f>0.08+0.0075</f><v>0.0875</v></c>', "0.0875"),
        ("returns.wacc", ' t="inlineStr"><is><t>8,75 %</t></is></c>', "0.0875"),
        ("returns.wacc", ' t="inlineStr"><is><t>0,0875</t></is></c>', "0.0875"),
        ("returns.sbc_is_cost", ' t="b"><v>0</v></c>', "0"),
    ],
)
def test_cells_as_other_programs_write_them(
    key: str, cell: str, told: str, written: Written, project: Path, inputs_only: None,
    tmp_path: Path,
) -> None:  # fmt: skip
    """In a sheet whose range of used cells is said to be its first."""
    file = _as_another_program(written, tmp_path / "other.xlsx", key, cell)
    assert dict(state_of(file).changes) == {key: told}


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (' t="inlineStr"><is><t>1,234</t></is></c>', "can be read in two ways"),
        (' t="b"><v>1</v></c>', "no value"),
        ("/>", "no value"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_its_cell(
    cell: str, told: str, written: Written, project: Path, inputs_only: None, tmp_path: Path
) -> None:
    key = "returns.wacc"
    file = _as_another_program(written, tmp_path / "other.xlsx", key, cell)
    with pytest.raises(ScenarioError, match=told) as caught:
        state_of(file)
    assert _spelled(written.cell(key)) in str(caught.value)


def _as_another_program(written: Written, target: Path, key: str, cell: str) -> Path:
    """A copy with one input cell as text of XML, and a wrong ``<dimension>`` of its sheet."""
    sheet, row, at = written.cell(key)
    part = f"xl/worksheets/sheet{SHEETS.index(sheet) + 1}.xml"
    with zipfile.ZipFile(written.path) as archive, zipfile.ZipFile(target, "w") as copy:
        for info in archive.infolist():
            content = archive.read(info)
            if info.filename == part:
                text = content.decode()
                text = re.sub(r'<dimension ref="[^"]*"/>', '<dimension ref="A1"/>', text)
                text = replaced(text, row, at, cell)
                content = text.encode()
            copy.writestr(info.filename, content)
    return target


def test_an_untouched_workbook_writes_nothing(
    written: Written, project: Path, inputs_only: None, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted((project / "data" / "scenarios").iterdir())
    assert main(["adopt", str(written.path), "--as", "same"]) == 0
    out = capsys.readouterr().out
    assert out == "no input differs from base; nothing is written\n"
    assert sorted((project / "data" / "scenarios").iterdir()) == before


REFUSED: dict[str, tuple[Callable[[Written], tuple[str, int, int]], float | str, str]] = {
    "out of bounds": (lambda w: w.cell("returns.wacc"), 7.5, "out of bounds"),
    "a word for a number": (lambda w: w.cell("returns.wacc"), "high", "not a number"),
    "a number for a quarter": (lambda w: w.cell("programme.start"), 2023.0, "not a quarter"),
    "a quarter out of bounds": (lambda w: w.cell("programme.start"), "2012Q1", "out of bounds"),
    "an unknown choice": (
        lambda w: w.cell("returns.terminal_treatment"), "perpetuty", "perpetuity",
    ),
    "an error value": (lambda w: w.cell("returns.wacc"), "#DIV/0!", "no value"),
    "an empty text": (lambda w: w.cell("returns.wacc"), " ", "no value"),
    "a formula without a value": (lambda w: w.cell("returns.wacc"), "=0.1+0.01", "recalculate"),
    "two changes at once": (lambda w: w.cell("life.change.date.1"), "2022Q4", "given twice"),
    "a year out of bounds": (lambda w: w.year("capex.total", "2027"), -5.0, "out of bounds"),
    "a word for a year": (lambda w: w.year("capex.total", "2027"), "much", "not a number"),
    "rules between inputs": (lambda w: w.cell("returns.terminal_growth"), 0.07, "WACC"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_input_that_does_not_validate_is_refused_with_its_cell(
    name: str, written: Written, project: Path, tmp_path: Path
) -> None:
    where, value, told = REFUSED[name]
    cell = where(written)
    changed = {cell: value}
    if name == "rules between inputs":
        changed[written.cell("returns.wacc")] = 0.06
    file = edited(written.path, tmp_path / "bad.xlsx", changed)
    before = sorted((project / "data" / "scenarios").iterdir())
    with pytest.raises(ScenarioError, match=re.escape(told)) as caught:
        adopt(file)
    assert "bad.xlsx" in str(caught.value)
    if name not in ("changes out of order", "rules between inputs"):
        assert _spelled(cell) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted((project / "data" / "scenarios").iterdir()) == before


def test_an_unusual_size_is_taken_as_meant_and_told(
    written: Written, project: Path, inputs_only: None, tmp_path: Path
) -> None:
    """A thousand times too small is often a slip of the unit: the workbook showed its effect."""
    cell = written.cell("financing.minimum_cash")
    found = adopt(edited(written.path, tmp_path / "small.xlsx", {cell: 45.0}))
    assert found.state["financing.minimum_cash"].value == 45.0
    assert scenario("small").hash == found.state.hash
    assert any("1,000 times too small" in note for note in found.notes)


def _rewritten(source: Path, target: Path, change: Callable[[list[str]], list[str]]) -> Path:
    """A copy with other lines on the hidden sheet, and a right check sum."""
    with zipfile.ZipFile(source) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    names = re.findall(r'<sheet name="([^"]*)"', parts["xl/workbook.xml"].decode())
    part = f"xl/worksheets/sheet{names.index(Tab.MARKS) + 1}.xml"
    book = openpyxl.load_workbook(source, read_only=True)
    lines = [str(row[0]) for row in book[Tab.MARKS].iter_rows(max_col=1, values_only=True)]
    book.close()
    changed = change(lines[:-1])
    changed.append(sha256("\n".join(changed).encode()).hexdigest())
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{_escaped(text)}</t></is></c></row>'
        for n, text in enumerate(changed, 1)
    )
    text = parts[part].decode()
    text = re.sub(r"<sheetData>.*</sheetData>", lambda _: f"<sheetData>{rows}</sheetData>", text,
                  flags=re.DOTALL)  # fmt: skip
    parts[part] = text.encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _head(lines: list[str], **changes: object) -> list[str]:
    return [json.dumps({**json.loads(lines[0]), **changes}), *lines[1:]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": "99.0.0"}, "from a newer version; received '99.0.0'"),
        ({"format": FORMAT + 1, "version": "0.2"}, "from a newer version; received '0.2'"),
        ({"format": "x"}, "hidden sheet is damaged"),
        ({"scenario": "nowhere"}, "unknown scenario"),
    ],
)
def test_a_newer_or_foreign_workbook_is_refused(
    change: dict[str, object], told: str, written: Written, project: Path, tmp_path: Path
) -> None:
    file = _rewritten(written.path, tmp_path / "other.xlsx", lambda lines: _head(lines, **change))
    with pytest.raises(ScenarioError, match=re.escape(told)):
        adopt(file)


def _since(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    """One key renamed and one taken out of the base scenario since the workbook was written."""
    base = project / "data" / "scenarios" / "base.yml"
    text = base.read_text().replace("  capex.maintenance_years:", "  capex.upkeep_years:")
    base.write_text(text.replace("  compute.legacy:", "  compute.old_fleet:"))
    added = (
        Retired(
            "capex.maintenance_years", "capex.upkeep_years", "it is named so",
            lambda node: (("capex.upkeep_years", str(node)),),
        ),
        Retired("compute.legacy", "compute.old_fleet", "it is counted otherwise"),
    )  # fmt: skip
    monkeypatch.setattr("jcurve.assumptions.retired.RETIRED", (*RETIRED, *added))


def test_an_older_workbook_is_adopted_with_a_note_of_what_changed(
    written: Written,
    project: Path,
    inputs_only: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The workbook's numbers are kept, under the keys of today where that is exact; what came or
    went, and values that moved, are told."""
    base = project / "data" / "scenarios" / "base.yml"
    text = base.read_text()
    was = scenario("base")["returns.wacc"].text()
    end = text.index("value:", text.index("  returns.wacc:"))
    base.write_text(text[:end] + "value: 0.0913" + text[text.index("\n", end) :])
    _since(monkeypatch, project)
    cell = written.cell("capex.maintenance_years")
    file = _rewritten(
        edited(written.path, tmp_path / "e.xlsx", {cell: 6.0}),
        tmp_path / "older.xlsx",
        lambda lines: _head(lines, version="0.0.9"),
    )
    found = state_of(file)
    assert "capex.upkeep_years" in found.edited
    assert set(found.changes) == {"capex.upkeep_years", "returns.wacc"}
    assert found.state["capex.upkeep_years"].text() == "6"
    assert found.state["returns.wacc"].text() == was
    notes = "\n".join(found.notes)
    assert "written by version 0.0.9" in notes
    assert "base has other values now" in notes
    assert "gone, their values are dropped; see compute.old_fleet: compute.legacy" in notes
    assert "compute.old_fleet is new since the workbook was written" in notes


def test_an_edit_of_a_key_that_is_gone_is_refused_with_its_successor(
    written: Written,
    project: Path,
    inputs_only: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """An edit that nothing carries over would be lost in silence."""
    _since(monkeypatch, project)
    cell = written.cell("compute.legacy")
    file = edited(written.path, tmp_path / "e.xlsx", {cell: 60_000.0})
    with pytest.raises(ScenarioError) as caught:
        state_of(file)
    told = str(caught.value)
    assert "an edited input that is gone: it is counted otherwise" in told
    assert "received 'compute.legacy'; allowed: compute.old_fleet" in told


def test_overrides_of_the_written_case_are_kept(
    written: Written, project: Path, inputs_only: None, tmp_path: Path
) -> None:
    """As a workbook of the base scenario with an override has it on its hidden sheet."""
    case = jcurve.evaluate(scenario("base", {"returns.wacc": 0.1}))
    cell = written.cell("returns.wacc")
    file = _rewritten(
        edited(written.path, tmp_path / "e.xlsx", {cell: 0.1}),
        tmp_path / "overridden.xlsx",
        lambda lines: [
            re.sub(r'("input":"returns.wacc".*"value":)[^}]*', r"\g<1>0.1", line)
            for line in _head(lines, hash=case.scenario.hash)
        ],
    )
    found = adopt(file)
    assert dict(found.changes) == {"returns.wacc": "0.1"}
    assert found.edited == frozenset()
    assert scenario("overridden").hash == case.scenario.hash


def test_what_is_no_workbook_of_ours_is_refused(
    written: Written, project: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.xlsx"
    text.write_text("=cmd|' /C calc'!A0")
    other = tmp_path / "zip.xlsx"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "nothing")
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(written.path.read_bytes()[:100_000])
    foreign = tmp_path / "foreign.xlsx"
    openpyxl.Workbook().save(foreign)
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(written.path) as archive, zipfile.ZipFile(broken, "w") as copy:
        for info in archive.infolist():
            content = archive.read(info)
            if info.filename == "xl/workbook.xml":
                content = content[: len(content) // 2]
            copy.writestr(info.filename, content)
    for file in (text, other, cut, foreign, broken, tmp_path / "missing.xlsx", tmp_path):
        with pytest.raises(ScenarioError) as caught:
            adopt(file, "anything")
        assert file.name in str(caught.value)
        assert "Traceback" not in str(caught.value)


def test_a_removed_row_or_head_is_refused(written: Written, project: Path, tmp_path: Path) -> None:
    sheet, row, _ = written.cell("returns.wacc")
    file = edited(written.path, tmp_path / "a.xlsx", {(sheet, row, 1): "another.key"})
    with pytest.raises(ScenarioError, match=r"row is missing; received 'returns\.wacc'"):
        adopt(file)
    file = edited(written.path, tmp_path / "b.xlsx", {(Tab.INPUTS, 3, 3): "Worth"})
    with pytest.raises(ScenarioError, match="heads were changed"):
        adopt(file)


def test_names_of_scenarios(written: Written, project: Path, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"a scenario of this name exists.*--as NAME"):
        adopt(written.path)  # base.xlsx would be base
    with pytest.raises(ScenarioError, match="not a name for a scenario"):
        adopt(written.path, "Not A Name")


def test_the_command_line(
    written: Written,
    project: Path,
    inputs_only: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["workbook", "base", str(tmp_path / "x.txt")]) == UsageError.exit_status
    assert "FILE.xlsx" in capsys.readouterr().err
    assert main(["adopt", str(tmp_path / "missing.xlsx")]) == ScenarioError.exit_status
    assert "missing.xlsx" in capsys.readouterr().err
    file = edited(written.path, tmp_path / "y.xlsx", {written.cell("returns.wacc"): 0.12})
    assert main(["adopt", str(file), "--as", "dear_money", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["extends"] == "base"
    assert [change["key"] for change in told["changes"]] == ["returns.wacc"]
    assert told["file"].endswith("dear_money.yml")
    assert told["edited_elsewhere"] == []
