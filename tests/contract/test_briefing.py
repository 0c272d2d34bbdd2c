"""Briefings: structure of the PDF, one file of HTML, repeatable bytes, clear refusals."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import itertools
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from jcurve.briefing import render
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.briefing.widths import layout
from jcurve.figures import Column, Prose, callout, prose, ref, table
from jcurve.figures.display import MIME, Run
from jcurve.ground.errors import RunError
from tests.support import pdfcheck
from tests.support.demo_report import (
    book,
    code,
    cover,
    cumulative_chart,
    demo_notebook,
    markdown,
    notebook,
    statement,
)
from tests.support.pdfcheck import pdf

HOSTILE = (
    "<script>alert(1)</script> #panic() $x$ \\u{41} *a* _b_ `c` @d <img src=x onerror=y> & \"'"
    " \u202eevil\u202c \x00 // /* [x](y) {{7*7}} %s 中文"
)
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    return demo_notebook()


@pytest.fixture(scope="module")
def made(demo: dict[str, Any]) -> bytes:
    return pdf(read(demo, "demo"))


@pytest.fixture(scope="module")
def page(demo: dict[str, Any]) -> str:
    return html(read(demo, "demo"))


class TestPdf:
    def test_claims_both_standards(self, made: bytes) -> None:
        root = PdfReader(io.BytesIO(made)).trailer["/Root"]
        about = root["/Metadata"].get_object().get_data().decode()
        for claim in ("pdfaid:part>2<", "pdfaid:conformance>A<", "pdfuaid:part>1<"):
            assert claim in about

    def test_claims_no_archive_without_a_date(self) -> None:
        cell = markdown("Text.")
        about = PdfReader(io.BytesIO(pdf(read(notebook(cell), "x")))).trailer["/Root"]["/Metadata"]
        assert "pdfaid:part>" not in about.get_object().get_data().decode()
        cell["metadata"] = {"execution": {"iopub.execute_input": "2026-07-01T10:00:00Z"}}
        dated = PdfReader(io.BytesIO(pdf(read(notebook(cell), "x"))))
        assert dated.metadata is not None
        assert str(dated.metadata["/CreationDate"]).startswith("D:20260701")

    def test_title_language_and_date_come_from_the_cover(self, made: bytes) -> None:
        reader = PdfReader(io.BytesIO(made))
        root = reader.trailer["/Root"]
        assert root["/Lang"] == "en-GB"
        assert root["/MarkInfo"]["/Marked"]
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert reader.metadata is not None
        assert reader.metadata.title == cover().title
        assert reader.metadata.author == "J-Curve"
        assert str(reader.metadata["/CreationDate"]).startswith("D:20260630")

    def test_every_figure_has_its_alt_text(self, made: bytes) -> None:
        alts = pdfcheck.alts(made)
        assert len(alts) == 4
        assert all(alts)
        assert cumulative_chart().alt in alts

    def test_headings_start_at_one_and_skip_none(self, made: bytes) -> None:
        levels = pdfcheck.headings(made)
        assert levels == [1, 1, 2, 1, 1]

    def test_tables_have_header_cells(self, made: bytes) -> None:
        scopes = [element.scope for element in pdfcheck.structure(made) if element.tag == "TH"]
        # checks; statement with its groups, of columns and of rows; book
        assert scopes.count("Column") == 3 + 13 + 2 + 1 + 2 + 5
        named = [cell for cells in pdfcheck.tables(made) for cell in cells if cell.scope == "Row"]
        assert len(named) == scopes.count("Row") == len(scopes) - scopes.count("Column")
        assert {cell.column for cell in named} == {0}
        assert "Revenue" in [cell.text for cell in named]

    def test_every_page_says_which_of_how_many(self, made: bytes) -> None:
        pages = pdfcheck.page_texts(made)
        for number, text in enumerate(pages, start=1):
            assert f"Page {number} of {len(pages)}" in text
            assert "Analysis, not investment advice." in text

    def test_the_running_head_is_on_every_page_but_the_first(self, made: bytes) -> None:
        heads = [text.count("Example Platforms · Scenario report") for text in
                 pdfcheck.page_texts(made)]  # fmt: skip
        assert heads == [1] * len(heads), "once on the cover, then in the head"

    def test_exhibits_are_numbered_and_referred_to(self, made: bytes) -> None:
        text = "".join(pdfcheck.page_texts(made))
        for number in range(1, 7):
            assert f"Exhibit {number}" in text.replace("\N{NO-BREAK SPACE}", " ")

    def test_fonts_are_embedded(self, made: bytes) -> None:
        reader = PdfReader(io.BytesIO(made))
        names = set()
        for sheet in reader.pages:
            for font in sheet["/Resources"]["/Font"].values():  # type: ignore[index]
                below = font.get_object()["/DescendantFonts"][0].get_object()
                about = below["/FontDescriptor"].get_object()
                assert {"/FontFile2", "/FontFile3"} & set(about)
                names.add(str(about["/FontName"]).split("+")[1])
        assert names <= {
            "JCurveSans-Regular",
            "JCurveSans-SemiBold",
            "JCurveSans-Italic",
            "DejaVuSansMono",
            "NewCMMath-Book",
        }

    @pytest.mark.parametrize("paper", ["a4", "us-letter"])
    def test_nothing_to_complain_about(self, demo: dict[str, Any], paper: Any) -> None:
        made = pdf(read(demo, "demo"), paper=paper)
        assert pdfcheck.complaints(made) == []
        box = PdfReader(io.BytesIO(made)).pages[0].mediabox
        assert round(float(box.width)) == {"a4": 595, "us-letter": 612}[paper]

    def test_twice_gives_the_same_bytes(self, demo: dict[str, Any], made: bytes) -> None:
        assert pdf(read(copy.deepcopy(demo), "demo")) == made

    def test_a_title_stays_with_its_table(self) -> None:
        for lines in range(34, 44):
            filler = "\n\n".join(["Line."] * lines)
            made = pdf(read(notebook(markdown(filler), code(book(50))), "x"))
            for text in pdfcheck.page_texts(made):
                if "What the result rests on" in text:
                    assert "member_0" in text.replace("\N{ZERO WIDTH SPACE}", "")

    def test_a_long_table_repeats_its_header(self) -> None:
        made = pdf(read(notebook(code(book(150))), "x"))
        pages = pdfcheck.page_texts(made)
        assert len(pages) >= 3
        assert all("Rationale" in text for text in pages)
        assert pdfcheck.complaints(made) == []

    def test_a_wide_table_is_cut_into_parts(self) -> None:
        columns = [Column(label="Line", style="text")]
        columns += [
            Column(label=f"{year}", unit="USD bn", decimals=1) for year in range(2010, 2041)
        ]
        wide = table(
            columns,
            [["Revenue", *[1234.5] * 31], ["Costs", *[-234.5] * 31]],
            id="wide",
            title="Thirty-one years",
            source="Test data",
            reading=(),
        )
        plan = layout(wide)
        assert len(plan.parts) > 1
        assert sorted({index for part in plan.parts for index in part}) == list(range(32))
        assert all(part[0] == 0 for part in plan.parts)
        assert pdfcheck.complaints(pdf(read(notebook(code(wide)), "x"))) == []

    def test_contents_come_with_a_long_report(self) -> None:
        cells = [markdown(f"## Part {index}\n\nText.") for index in range(9)]
        text = pdfcheck.page_texts(pdf(read(notebook(*cells), "x")))[0]
        assert "Contents" in text
        assert "Contents" not in pdfcheck.page_texts(pdf(read(notebook(*cells[:3]), "x")))[0]

    def test_a_formula_is_text(self) -> None:
        text = pdfcheck.page_texts(pdf(read(notebook(markdown(r"$\alpha \times x_t$")), "x")))[0]
        assert "α × x" in unicodedata.normalize("NFKC", text)


class TestHtml:
    def test_loads_nothing_and_runs_its_own_script_alone(self, page: str) -> None:
        (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert page.count("<script") == 1
        assert f"script-src 'sha256-{digest}';" in page
        assert not re.search(r"\sstyle=", page)
        assert not re.search(r"(?:src|href)=\"(?!#|data:)", page)
        assert "url(http" not in page
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
        assert policy is not None
        assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy[1]

    def test_has_a_title_a_language_and_one_first_heading(self, page: str) -> None:
        assert '<html lang="en-GB">' in page
        assert page.count("<h1>") == 1
        levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", page)]
        assert all(now <= before + 1 for before, now in itertools.pairwise(levels))

    def test_every_link_within_leads_somewhere(self, page: str) -> None:
        ids = set(re.findall(r'\sid="([^"]+)"', page))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
        assert len(re.findall(r'\sid="', page)) == len(ids), "no id twice"

    def test_code_is_hidden_but_there(self, page: str) -> None:
        assert '<details class="code"><summary>' in page
        assert "name of the scenario" in page.partition("<details")[2]
        assert "name of the scenario" not in page.partition("<details")[0]

    def test_footnotes_lead_there_and_back(self, page: str) -> None:
        assert 'href="#note-1"' in page
        assert 'id="note-1"' in page
        assert 'href="#call-1"' in page

    def test_money_is_not_mathematics(self, page: str) -> None:
        assert "$200bn to $300bn" in page


@pytest.fixture(scope="module")
def hostile(demo: dict[str, Any]) -> dict[str, Any]:
    """The demonstration with every text replaced by a hostile one."""

    def spoilt(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: spoilt(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [spoilt(inner, key) for inner in value]
        kept = {
            "kind",
            "role",
            "id",
            "svg",
            "narrow",
            "place",
            "width",
            "style",
            "date",
            "language",
            "ref",
        }
        return f"{value} {HOSTILE}" if isinstance(value, str) and key not in kept else value

    spoilt_cells = []
    for cell in demo["cells"]:
        cell = copy.deepcopy(cell)
        for output in cell.get("outputs", ()):
            output["data"][MIME] = spoilt(output["data"][MIME])
        if cell["cell_type"] == "markdown":
            cell["source"] += f"\n\n{HOSTILE}\n"
        else:
            cell["source"] += HOSTILE
        spoilt_cells.append(cell)
    return demo | {"cells": spoilt_cells}


class TestHostileText:
    def test_stays_text_in_html(self, hostile: dict[str, Any]) -> None:
        page = html(read(hostile, HOSTILE))
        assert page.count("<script") == 1, "the page's own"
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "\u202e" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; #panic() $x$" in page
        assert "[U+202E]evil" in page

    def test_stays_text_in_pdf(self, hostile: dict[str, Any]) -> None:
        made = pdf(read(hostile, HOSTILE))
        text = " ".join("".join(pdfcheck.page_texts(made)).replace("\u200b", "").split())
        assert "#panic() $x$" in text
        assert "[U+202E]evil" in text
        assert "中文" in text
        assert pdfcheck.clipped(made) == []

    def test_as_the_name_of_a_notebook(self) -> None:
        document = read(notebook(markdown("Text.")), HOSTILE)
        assert "<script" not in html(document)
        assert pdf(document).startswith(b"%PDF")


class TestRefusals:
    def test_missing_alt_text_names_the_exhibit(self, demo: dict[str, Any]) -> None:
        changed = copy.deepcopy(demo)
        for cell in changed["cells"]:
            for output in cell.get("outputs", ()):
                if output["data"][MIME].get("id") == "capex":
                    output["data"][MIME]["alt"] = " "
        with pytest.raises(Exception, match="exhibit capex has no alt text"):
            read(changed, "demo")

    def test_absent_alt_text_names_the_exhibit(self, demo: dict[str, Any]) -> None:
        changed = copy.deepcopy(demo)
        for cell in changed["cells"]:
            for output in cell.get("outputs", ()):
                if output["data"][MIME].get("id") == "capex":
                    del output["data"][MIME]["alt"]
        with pytest.raises(RunError, match="exhibit capex is not valid"):
            read(changed, "demo")

    def test_a_bare_picture_in_a_report_needs_alt_text(self) -> None:
        picture = {"output_type": "display_data", "data": {"image/png": PIXEL}, "metadata": {}}
        cell = code(cumulative_chart())
        cell["outputs"].append(picture)
        with pytest.raises(RunError, match="cell 1: a picture without alt text"):
            read(notebook(cell), "x")
        picture["metadata"] = {"jcurve": {"alt": "A pixel."}}
        assert pdfcheck.alts(pdf(read(notebook(cell), "x"))) == [cumulative_chart().alt, "A pixel."]

    def test_an_exhibit_shown_twice(self) -> None:
        with pytest.raises(RunError, match="exhibit statement is shown twice"):
            read(notebook(code(statement(), statement())), "x")

    def test_a_reference_to_nothing_suggests_something(self) -> None:
        shown: tuple[Prose, ...] = (prose(["See ", ref("statment"), "."]),)
        with pytest.raises(RunError, match="did you mean 'statement'"):
            read(notebook(code(statement(), *shown)), "x")

    def test_two_covers(self) -> None:
        with pytest.raises(RunError, match="two covers"):
            read(notebook(code(cover(summary=()), cover(summary=()))), "x")

    def test_content_of_an_unknown_kind(self) -> None:
        cell = code(callout("x"))
        cell["outputs"][0]["data"][MIME]["kind"] = "film"
        with pytest.raises(RunError, match="unknown kind"):
            read(notebook(cell), "x")


@pytest.fixture(scope="module")
def foreign() -> dict[str, Any]:
    frame = (
        "<div><style scoped>.x{}</style><table border='1' class='dataframe'><thead><tr>"
        "<th></th><th>a</th><th>b</th></tr></thead><tbody><tr><th>0</th><td>1.5</td>"
        "<td>x &amp; y</td></tr></tbody></table></div>"
    )
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><script>1</script></svg>'
    cell = {
        "cell_type": "code",
        "metadata": {},
        "source": "print(1)",
        "execution_count": 1,
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["1\n", "\x1b[31mtwo\x1b[0m"]},
            {"output_type": "stream", "name": "stderr", "text": "a warning"},
            {"output_type": "execute_result", "metadata": {}, "data": {
                "text/html": frame, "text/plain": "   a b"}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": PIXEL}},
            {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": svg}},
            {"output_type": "display_data", "metadata": {}, "data": {
                "text/html": "<b onclick=x>bold</b><script>1</script>"}},
            {"output_type": "display_data", "metadata": {}, "data": {
                "text/markdown": "*md*", "text/plain": "md"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []},
        ],
    }  # fmt: skip
    return notebook(
        markdown("### Deep first\n\n<b>raw</b> <!-- gone -->text[^1]\n\n[^1]: A note.\n"),
        cell,
        markdown("# Then high\n\n##### Then deep\n\n```python\nx = 1\n```\n\n---\n\n![p](q.png)"),
        title="Any notebook",
    )


class TestAnyNotebook:
    """A notebook that knows nothing of us."""

    def test_as_pdf(self, foreign: dict[str, Any]) -> None:
        made = pdf(read(foreign, "x"))
        text = "".join(pdfcheck.page_texts(made))
        assert pdfcheck.headings(made) == [1, 1, 2]
        assert "two" in text
        assert "x & y" in text
        assert "ValueError: no" in text
        assert "a warning" not in text
        assert "gone" not in text
        assert pdfcheck.complaints(made) == []
        assert all("not described" in alt for alt in pdfcheck.alts(made))

    def test_as_html(self, foreign: dict[str, Any]) -> None:
        page = html(read(foreign, "x"))
        assert "<script" not in page
        assert "<strong>raw</strong> text" in page
        assert '<img src="data:image/png;base64,' in page
        assert '<img src="data:image/svg+xml;base64,' in page, "a picture, not a part of the page"
        assert '<th scope="row"' in page
        assert "bold" in page

    def test_an_empty_notebook(self) -> None:
        document = read(notebook(), "Empty")
        assert "<h1>Empty</h1>" in html(document)
        assert pdf(document).startswith(b"%PDF")


def test_render_writes_both(demo: dict[str, Any], made: bytes, page: str, tmp_path: Path) -> None:
    source = tmp_path / "demo.ipynb"
    source.write_text(json.dumps(demo), encoding="utf-8")
    render(source, tmp_path / "a.html", tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == made
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == page


def test_a_refusal_writes_nothing(tmp_path: Path) -> None:
    source = tmp_path / "x.ipynb"
    broken = notebook(code(prose(["x", ref("nothing"), Run(note="y")])))
    source.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(RunError):
        render(source, tmp_path / "a.html", tmp_path / "a.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["x.ipynb"]
