"""What a written workbook is: its sheets, names, bounds, set-up, and that texts stay texts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

import jcurve
from jcurve.assumptions.scenario import Scenario
from jcurve.case import Case
from jcurve.ground.errors import UsageError, WriteError
from jcurve.workbook import write
from jcurve.workbook.cell_styles import number_format, width_of
from jcurve.workbook.excel_forms import NO_ANSWER
from jcurve.workbook.fingerprints import Marker
from jcurve.workbook.grid import SHEETS, Tab, column, input_names
from jcurve.workbook.model_sheets import Book
from jcurve.workbook.writing import laid_out
from tests.support.workbooks import written_cells

DANGEROUS = ('=HYPERLINK("x")', "+1+1", "-2+3", "@SUM(1)", "\t=1")


def hostile() -> Case:
    """The base scenario with texts that would be formulas if typed."""
    plain = jcurve.scenario("base")
    return jcurve.evaluate(
        Scenario(
            name=plain.name,
            title=DANGEROUS[0],
            story=DANGEROUS[1],
            extends=None,
            items=tuple(
                replace(item, rationale=DANGEROUS[at % 5], label=DANGEROUS[at % 5])
                for at, item in enumerate(plain.items)
            ),
            mixes=plain.mixes,
        )
    )


@pytest.fixture(scope="module")
def case() -> Case:
    return hostile()


@pytest.fixture(scope="module")
def book(case: Case) -> Book:
    return Book(case)


@pytest.fixture(scope="module")
def data(book: Book) -> bytes:
    return laid_out(book)


@pytest.fixture(scope="module")
def parts(data: bytes) -> Mapping[str, str]:
    import io

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info).decode() for info in archive.infolist()
                if info.filename.endswith((".xml", ".rels"))}  # fmt: skip


def _sheet(parts: Mapping[str, str], name: str) -> str:
    return parts[f"xl/worksheets/sheet{SHEETS.index(name) + 1}.xml"]


def test_the_sheets_are_there_in_order_and_the_record_is_hidden(parts: Mapping[str, str]) -> None:
    found = re.findall(
        r'<sheet name="([^"]*)" sheetId="\d+"(?: state="(\w+)")?', parts["xl/workbook.xml"]
    )
    assert [name for name, _ in found] == list(SHEETS)
    assert {name: state for name, state in found if state} == {
        Tab.LISTS: "hidden",
        Tab.MARKS: "veryHidden",
    }
    assert "fullCalcOnLoad" in parts["xl/workbook.xml"]


def test_there_are_no_macros_and_no_links_to_other_files(
    data: bytes, parts: Mapping[str, str]
) -> None:
    assert b"vbaProject" not in data
    assert not [name for name in parts if "externalLink" in name]
    assert not any('TargetMode="External"' in text for text in parts.values())
    assert "<hyperlink " not in "".join(parts.values())


def test_texts_never_become_formulas(case: Case, parts: Mapping[str, str]) -> None:
    formulas = "".join(
        "".join(re.findall(r"<f>(.*?)</f>", text))
        for name, text in parts.items()
        if name.startswith("xl/worksheets")
    )
    assert "HYPERLINK" not in formulas
    for text in ("+1+1", "-2+3", "@SUM"):
        assert f"<f>{text[1:]}" not in formulas
    # A cell whose text looks like a formula bears the mark by which Excel keeps it a text.
    styles = re.findall(r"<xf [^>]*?>", parts["xl/styles.xml"].partition("<cellXfs")[2])
    quoted = {at for at, style in enumerate(styles) if 'quotePrefix="1"' in style}
    shared = re.findall(r"<si>(.*?)</si>", parts["xl/sharedStrings.xml"], re.DOTALL)
    dangerous = {
        str(at) for at, text in enumerate(shared) if re.match(r"\s*<t[^>]*>(?:[=+@\t]|-)", text)
    }
    seen = 0
    for name in (Tab.SUMMARY, Tab.DRIVERS, Tab.INPUTS, Tab.DATED):
        for style, value in re.findall(r'<c r="\w+" s="(\d+)" t="s"><v>(\d+)</v>',
                                       _sheet(parts, name)):  # fmt: skip
            if value in dangerous:
                seen += 1
                assert int(style) in quoted, (name, shared[int(value)])
    assert seen > len(case.scenario.items)


def test_every_input_has_a_name_and_a_rule_of_what_may_be_typed(
    book: Book, parts: Mapping[str, str]
) -> None:
    names = set(re.findall(r'<definedName name="(\w+)">', parts["xl/workbook.xml"]))
    ruled = {
        name: set(re.findall(r'<dataValidation [^>]*sqref="([A-Z]+[0-9]+)"', _sheet(parts, name)))
        for name in (Tab.DRIVERS, Tab.INPUTS)
    }
    for entry in book.layout.entries:
        if entry.form == "dated":
            continue
        assert book.layout.names[entry.key] in names, entry.key
        if entry.form != "computed":
            assert f"D{entry.row + 1}" in ruled[entry.sheet], entry.key
    rows = re.findall(r'<dataValidation [^>]*sqref="[A-Z]+([0-9]+):[A-Z]+[0-9]+"',
                      _sheet(parts, Tab.DATED))  # fmt: skip
    stated = {d.row + 1 for d in book.layout.dated.values() if d.path and not d.item.derived}
    assert stated == {int(row) for row in rows}


def test_sheets_are_set_up_for_reading_and_paper(parts: Mapping[str, str]) -> None:
    for name in SHEETS[:-2]:
        text = _sheet(parts, name)
        assert 'fitToPage="1"' in text, name
        assert "<pageSetup " in text, name
        assert f"&apos;{name}&apos;" in parts["xl/workbook.xml"] or name in parts["xl/workbook.xml"]
    for name in (
        Tab.INPUTS,
        Tab.DATED,
        Tab.RETURNS,
        Tab.STATEMENTS,
        Tab.CHECKS,
        "With",
        "Differences",
        "Shared",
    ):
        assert 'state="frozen"' in _sheet(parts, name), name
    for name in (Tab.FRONT, Tab.SUMMARY, Tab.STATEMENTS, Tab.RETURNS):
        assert '<pageSetup paperSize="9"' in _sheet(parts, name), f"{name} is not for A4"
    areas = re.findall(r'name="_xlnm.Print_Area"', parts["xl/workbook.xml"])
    assert len(areas) == len(SHEETS) - 1  # all but the record
    assert len([name for name in parts if name.startswith("xl/charts/chart")]) == 6


def test_no_cell_holds_an_error_and_every_formula_has_a_value(parts: Mapping[str, str]) -> None:
    for name in SHEETS:
        text = _sheet(parts, name)
        assert ' t="e"' not in text, name
        assert not re.search(r"</f></c>|<f [^>]*/></c>", text), name
        # A library moves a shared formula by where its cell says that it stands.
        assert not re.search(r'<c(?! r=)[^>]*><f t="shared"', text), name
    assert f"<v>{NO_ANSWER}</v>" in _sheet(parts, Tab.RETURNS)


def test_calculated_cells_are_formulas_on_every_sheet_of_rows(
    book: Book, parts: Mapping[str, str]
) -> None:
    """Numbers typed on a sheet of lines are the switches of its world and nothing else."""
    for name in ("With", "Without", "Stopped", "Shared", "Differences"):
        fixed = [
            (column(at), row + 1)
            for row, at, cell in written_cells(_sheet(parts, name))
            if (cell["held"] or "").startswith("<v>") and 't="s"' not in cell[0]
        ]
        known = {("E", cell.row + 1) for cell in book.fixed.values() if cell.sheet == name}
        assert set(fixed) == known, name


def test_equal_content_gives_equal_bytes_in_another_process(data: bytes) -> None:
    """Whatever the seed of Python's hashes."""
    code = (
        "import hashlib; from jcurve.workbook import content; "
        "from tests.reconcile.test_workbook_file import hostile; "
        "print(hashlib.sha256(content(hostile())).hexdigest())"
    )
    made = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert made.stdout.strip() == sha256(data).hexdigest()


def test_a_workbook_is_written_whole_or_not_at_all(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jcurve.workbook.writing.content", lambda *_, **__: b"x")
    with pytest.raises(UsageError, match=r"FILE\.xlsx"):
        write(case, tmp_path / "book.xls")
    with pytest.raises(WriteError):
        write(case, tmp_path / "nowhere" / "book.xlsx")
    assert list(tmp_path.iterdir()) == []
    assert write(case, tmp_path / "Book.XLSX").read_bytes() == b"x"


def test_names_of_inputs_are_names_that_excel_takes() -> None:
    found = input_names(["returns.wacc", "a.1", "r.c", "tax.rate"])
    assert found == {
        "returns.wacc": "returns_wacc", "a.1": "a_1", "r.c": "r_c", "tax.rate": "tax_rate",
    }  # fmt: skip
    assert input_names(["ab12", "rc"]) == {"ab12": "ab12_", "rc": "rc_"}
    with pytest.raises(jcurve.JCurveError, match="share a name"):
        input_names(["a.b_c", "a_b.c"])


@pytest.mark.parametrize(
    ("unit", "values", "style", "width"),
    [
        ("USD m", [137_500.0, -2.0], "whole", 8),
        ("USD m", [0.4], "two", 4),
        ("share", [0.0812], "percent", 4),
        ("share", [0.0005], "fine_percent", 5),
        ("years", [5.5], "two", 4),
        ("x", [1e-6], "tiny", 8),
        ("H100e", [1_234_567.0], "whole", 9),
        ("date", [57.0], "plain", 2),
    ],
)
def test_numbers_are_shown_with_the_digits_that_they_deserve(
    unit: str, values: list[float], style: str, width: int
) -> None:
    assert number_format(unit, values) == style
    assert width_of(style, values) == width


MARKER = Marker(first_year=4, years=3, first_quarter=16, quarters=12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("=With!T5+S6", 19), ("=With!U5+T6", 20)),
        (("=SUM('Inputs by year'!$Q$5:$AB$5)", 19), ("=sum( 'Inputs by year'!$Q5:$AB5 )", 20)),
        (("=IF(T5<0,0.5,1E-3)", 19), ("=IF(U5<0,.50,0.001)", 20)),
        (("=Q5+Q6", 16), ("='Here'!R5+Here!R6", 17)),
        (("=P5+Q6", 16), ("=Q5+R6", 17)),  # the cell ahead of the first quarter
        (("=SUM(Q5:T5)", 4), ("=SUM(U5:X5)", 5)),
        (('="a b"&T5', 19), ('="a b"&U5', 20)),
        (("=0.98780487804878053", 19), ("=0.987804878048781", 19)),
    ],
)
def test_a_mark_does_not_depend_on_spelling_or_column(
    one: tuple[str, int], other: tuple[str, int]
) -> None:
    assert MARKER.mark(one[0], "Here", one[1]) == MARKER.mark(other[0], "Here", other[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("=T5+S6", "=T5+T6"),
        ("=T5+S6", "=T5-S6"),
        ("=T5", "=With!T5"),
        ("=T5", "=$T5"),
        ("=T5*2", "=T5*2.1"),
        ('="a b"', '="a  b"'),
        ("=returns_wacc", "=returns_wac"),
    ],
)
def test_a_mark_tells_another_formula(one: str, other: str) -> None:
    assert MARKER.mark(one, "Here", 19) != MARKER.mark(other, "Here", 19)
