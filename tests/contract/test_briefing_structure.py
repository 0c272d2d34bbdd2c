"""The PDF's structure, walked by a reader of its own: what PDF/UA wants of any briefing."""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from typing import Any

import pandas as pd
import pikepdf
import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject

from jcurve.briefing.reading import read
from jcurve.briefing.tagging import with_row_heads
from jcurve.briefing.typeset import typeset
from tests.support import pdfcheck
from tests.support.demo_report import demo_notebook
from tests.support.foreign import briefing, cell, display, note, picture, shown


def _own() -> bytes:
    return typeset(read(demo_notebook(), "demo")).pdf


def _foreign() -> bytes:
    index = pd.MultiIndex.from_product([["Apps", "Labs"], ["Revenue", "Capex"]])
    frame = pd.DataFrame({"2026": range(4), "2027": range(4)}, index=index)
    return briefing(
        note(f"# T\n\n## A\n\n#### B $x_t$\n\n![p](data:image/png;base64,{picture()})\n\n"
             "- item\n  - inner\n\n> quote\n\n[link](https://example.com) and note[^1]\n\n[^1]: n"),
        cell(display(text_html=frame.to_html())),
        shown("<ul><li>In a list<table><tr><th>a</th><td>1</td></tr></table></li></ul>"
              "<div class='alert'><table><tr><td>2</td></tr></table></div>"),
        note("| a | b |\n|--|--|\n| c | 1 |"),
        note("## C\n\n<div class='alert'><h3>Warning</h3>\nText.</div>\n\n"
             "> #### Quoted\n\n- ##### Listed"),
    ).pdf  # fmt: skip


@pytest.fixture(scope="module", params=[_own, _foreign], ids=["own", "foreign"])
def made(request: pytest.FixtureRequest) -> bytes:
    found: bytes = request.param()
    return found


def _root(pdf: bytes) -> Any:
    return PdfReader(io.BytesIO(pdf)).trailer["/Root"]


def test_language_title_and_marks(made: bytes) -> None:
    root = _root(made)
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "pdfuaid:part>1<" in root["/Metadata"].get_object().get_data().decode()


def test_figures_and_formulas_have_alternative_text(made: bytes) -> None:
    for element in pdfcheck.structure(made):
        if element.tag in ("Figure", "Formula"):
            assert element.alt.strip()


def test_headings_begin_at_one_and_skip_none(made: bytes) -> None:
    levels = pdfcheck.headings(made)
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_tables_are_rows_of_cells_and_every_head_says_of_what(made: bytes) -> None:
    found = pdfcheck.tables(made)
    assert found
    for cells in found:
        assert {it.tag for it in cells} <= {"TH", "TD"}
        assert all(it.scope in ("Row", "Column") for it in cells if it.tag == "TH")
        taken: Counter[int] = Counter()
        for it in cells:
            for row in range(it.row, it.row + it.down):
                taken[row] += it.across
        assert len(set(taken.values())) == 1, "every row has as many columns"


def test_rows_have_heads(made: bytes) -> None:
    named = [it.text for cells in pdfcheck.tables(made) for it in cells if it.scope == "Row"]
    assert {"Revenue"} <= set(named)
    assert len(named) > 4


def test_a_cell_is_named_by_its_row_and_its_column() -> None:
    """By the rule of PDF: to the left and upwards, as no cell lists other heads."""
    pdf = _foreign()
    cells = pdfcheck.tables(pdf)[0]
    (one,) = [it for it in cells if it.row == 4 and it.column == 3]
    heads = {
        it.text
        for it in cells
        if (it.scope == "Row" and it.row <= one.row < it.row + it.down)
        or (it.scope == "Column" and it.column <= one.column < it.column + it.across)
    }
    assert (one.text, heads) == ("3", {"Labs", "Capex", "2027"})
    assert b"/O/Table/Headers[" not in pdf


def test_a_table_without_heads_is_named_by_its_first_column() -> None:
    made = briefing(shown("<table><tr><td>Capex</td><td>1</td></tr></table>")).pdf
    assert [(it.text, it.scope) for it in pdfcheck.tables(made)[0]] == [("Capex", "Row"), ("1", "")]


def test_links_say_where_they_lead(made: bytes) -> None:
    for page in PdfReader(io.BytesIO(made)).pages:
        for link in page.get("/Annots", ()):
            about = link.get_object()
            assert about["/Contents"]
            assert "/StructParent" in about


def test_all_content_is_marked(made: bytes) -> None:
    """Nothing is shown outside a marked piece of content or an artefact."""
    for page in PdfReader(io.BytesIO(made)).pages:
        depth = 0
        for _, operator in page.get_contents().operations:  # type: ignore[union-attr]
            if operator in (b"BDC", b"BMC"):
                depth += 1
            elif operator == b"EMC":
                depth -= 1
            elif operator in (b"Tj", b"TJ", b"Do", b"f", b"S"):
                assert depth > 0


def test_what_changed_keeps_its_place(made: bytes) -> None:
    """Not a byte is moved: the table of places that Typst wrote still holds."""
    assert len(re.findall(rb"%%EOF", made)) == 1
    reader = PdfReader(io.BytesIO(made), strict=True)
    assert isinstance(reader.trailer["/ID"], ArrayObject)
    assert len(pikepdf.open(io.BytesIO(made)).check_pdf_syntax()) == 0


def test_a_pdf_without_tables_is_left_alone() -> None:
    pdf = briefing(note("# T\n\nText.")).pdf
    assert with_row_heads(pdf, ()) is pdf
    assert pdf.count(b"%%EOF") == 1


def test_tables_and_counts_must_agree() -> None:
    pdf = _foreign()
    with pytest.raises(ValueError, match="shorter"):
        with_row_heads(pdf, (1,))
