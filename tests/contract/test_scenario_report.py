"""The scenario report: one real run from the command's own door, and many in this process."""

from __future__ import annotations

import datetime
import io
import itertools
import json
import os
import random
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

import jcurve
from jcurve.assumptions import shipped
from jcurve.briefing import Edition
from jcurve.briefing.document import Document
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.commands import main
from jcurve.evaluation.naming import VIEW_WORDS, figure_label, headline_text
from jcurve.figures import Lens, answer, basis, statements
from jcurve.ground.numbers import lowered, written
from jcurve.ground.project import Project
from jcurve.workbook import content
from jcurve.workbook.step_names import words as title_of
from jcurve_runs.delivery.message import compose
from jcurve_runs.ledger.outbox import Message
from jcurve_runs.plan.request import Request
from jcurve_runs.publishing.runs import run
from tests.counts import count
from tests.support import pdfcheck
from tests.support.hostile import TWENTY, hostile_project
from tests.support.pdfcheck import pdf
from tests.support.reading_truth import held
from tests.support.report_cells import NOTEBOOKS, executed, real_project, sentences

SECTIONS = [
    "The answer",
    "Which size is best",
    "What must be believed, and what the price implies",
    "Where the cash comes from and goes",
    "Capex and depreciation",
    "The fleet and advertising",
    "Margin, free cash flow and earnings",
    "What the result rests on",
]
FOLDED = ["income-statement", "assumption-book", "sources", "checks"]
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_TELLING = [
    ("no_programme", "programme"),
    ("stop_now", "go_forward"),
    ("bull", "programme"),
    ("base", "go_forward"),
]
"""Pairs that a report can get wrong each in its own way; the rest follows in a full proof."""


def _pairs() -> list[tuple[str, str]]:
    every = [(name, view) for name in shipped() for view in ("programme", "go_forward")]
    rest = [pair for pair in every if pair not in _TELLING]
    return [*_TELLING, *rest][: count("report_scenarios")]


def _too_long(text: str) -> list[str]:
    """Numbers in ``text`` with more than four significant digits; a year is no number."""
    return [
        number
        for number in _NUMBER.findall(text)
        if not _YEAR.fullmatch(number) and _digits(number) > 4
    ]


def _digits(number: str) -> int:
    """Significant digits; zeros at the end of a whole number count for nothing."""
    plain = number.replace(",", "")
    plain = plain.replace(".", "") if "." in plain else plain.rstrip("0")
    return len(plain.lstrip("0"))


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    project = real_project(tmp_path_factory.mktemp("project"))
    return run(Request(force=True), project=project)


@pytest.fixture(scope="module")
def results(edition: Edition) -> dict[str, Any]:
    return json.loads(edition.results.read_text())


@pytest.fixture(scope="module")
def paper(edition: Edition) -> bytes:
    return edition.pdf.read_bytes()


class TestARealRun:
    def test_no_word_or_number_is_broken(self, paper: bytes, edition: Edition) -> None:
        """A search finds what a reader sees: no invisible break; each source is on the page."""
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages)
        assert not set("\N{ZERO WIDTH SPACE}\N{SOFT HYPHEN}\N{WORD JOINER}") & set(text)
        cited = {each.key for each in basis.cited_sources(jcurve.scenario("base"))}
        page = edition.html.read_text()
        assert len(cited) > 100
        assert {key for key in cited if key not in page} == set()

    def test_nothing_is_wrong_with_the_pages(self, paper: bytes) -> None:
        assert pdfcheck.complaints(paper) == []

    def test_the_sections_stand_in_their_order(self, paper: bytes, edition: Edition) -> None:
        text = "\n".join(pdfcheck.page_texts(paper)[:12])
        page = edition.html.read_text()
        places = [page.index(f">{section}</h2>") for section in SECTIONS]
        assert places == sorted(places)
        assert all(section in text for section in SECTIONS)

    def test_ten_pages_hold_it_and_none_is_a_void(self, paper: bytes) -> None:
        assert 8 <= len(pdfcheck.page_texts(paper)) <= 10
        assert min(pdfcheck.fullness(paper)[:-1]) >= 0.6

    def test_tables_of_reference_are_on_the_page_behind_a_fold_alone(
        self, paper: bytes, edition: Edition
    ) -> None:
        """The whole book, statements and sources: in HTML, and in the workbook, not in print."""
        page, text = edition.html.read_text(), "\n".join(pdfcheck.page_texts(paper))
        for name in FOLDED:
            before = page[: page.index(f'id="exhibit-{name}"')]
            assert before.rfind('<details class="fold">') > before.rfind("</details>")
        assert "accelerator capex per H100-equivalent" in page
        assert "accelerator capex per H100-equivalent" not in text
        assert "Appendix" not in text

    def test_a_short_name_has_its_clause_beside_it(self, edition: Edition) -> None:
        """Of each line and each assumption, at most four words; a family shares a row."""
        page, case = unescape(edition.html.read_text()), jcurve.evaluate("base")
        for item in (*statements.INCOME, *statements.CASH_FLOW, *statements.BALANCE_SHEET):
            assert len(item.label.split()) <= 4, item.label
        for label, name in answer.ROWS:
            assert len(label.partition(",")[0].split()) <= 4, label
            assert f'title="{Lens(case).clause(name)}"' in page, name
        assert page.count('title="Cost of the business outside infrastructure') == 1
        for item in case.scenario.items:
            assert len(item.called.split()) <= 4, item.called
            assert len(item.label.split()) > 1, item.key
            if item.level == "driver" and item.has_range:
                assert f": {lowered(item.label)}</th>" in page, item.key
        assert "Capex of guided years: company capex by year, finance-lease principal" in page

    def test_no_line_has_a_name_of_five_words(self) -> None:
        model = jcurve.evaluate("base").assembly.model
        members = {row: name for name, rows in model.families.items() for row in rows.values()}
        for row, output in model.outputs.items():
            name = members.get(row, row)
            assert len(title_of(name).split()) <= 4, name
            assert output.definition.strip(), row

    def test_headings_skip_no_level(self, paper: bytes) -> None:
        levels = pdfcheck.headings(paper)
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))

    def test_every_figure_has_alt_text_and_is_in_the_results(
        self, paper: bytes, results: dict[str, Any]
    ) -> None:
        alts = pdfcheck.alts(paper)
        charts = [each for each in results["exhibits"] if each["kind"] == "chart"]
        assert len(alts) == len(charts) > 6
        assert all(len(alt) > 40 for alt in alts)

    def test_every_page_says_that_it_is_no_advice(self, paper: bytes) -> None:
        texts = pdfcheck.page_texts(paper)
        assert all("not investment advice" in text for text in texts)
        assert f"Page {len(texts)} of {len(texts)}" in texts[-1]

    def test_the_cover_says_what_it_is_about(self, paper: bytes, results: dict[str, Any]) -> None:
        first = pdfcheck.page_texts(paper)[0].replace("\N{NO-BREAK SPACE}", " ")
        assert results["data_through"].replace("Q", " Q") in first
        assert "Valuation date" in first
        assert "View" in first
        assert results["scenario"]["hash"][:12] in first

    def test_the_first_sentence_is_the_answer(
        self, edition: Edition, results: dict[str, Any]
    ) -> None:
        payback = results["headlines"]["programme"]["payback"]
        page = edition.html.read_text()
        summary = re.search(r'<p class="summary">(.*?)\.', page)
        assert summary is not None
        said = summary[1].replace("\N{NO-BREAK SPACE}", " ")
        assert ("does not pay back" in said) == (payback["value"] is None)
        assert ("pays back in" in said) == (payback["value"] is not None)

    def test_nothing_is_said_on_the_side(self, edition: Edition) -> None:
        cells = json.loads(edition.notebook.read_text())["cells"]
        kinds = {out["output_type"] for cell in cells for out in cell.get("outputs", ())}
        assert kinds == {"display_data"}

    def test_the_notebook_is_stripped_and_its_parameters_are_explained(self) -> None:
        cells = json.loads((NOTEBOOKS / "scenario_report.ipynb").read_text())["cells"]
        coded = [cell for cell in cells if cell["cell_type"] == "code"]
        assert all(not cell["outputs"] and cell["execution_count"] is None for cell in coded)
        assert coded[0]["metadata"]["tags"] == ["parameters"]
        assert all(" # " in line or "  #" in line for line in coded[0]["source"] if line.strip())

    def test_the_notebook_computes_nothing(self) -> None:
        cells = json.loads((NOTEBOOKS / "scenario_report.ipynb").read_text())["cells"]
        for cell in cells[3:]:
            if cell["cell_type"] == "code":
                source = "".join(cell["source"]).replace("(*", "(")  # an unpacked row of exhibits
                assert not re.search(r"[-+*/%]|\d", source), source
                assert source.count("show(") + source.count("record_case(") == 1


@pytest.fixture(scope="module", params=_pairs(), ids=lambda pair: "-".join(pair))
def shown(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Its sentences are the house's, its titles and readings true, and found where made false;
    the first one with its long tables."""
    name, view = request.param
    out = tmp_path_factory.mktemp("out")
    without = () if request.param == _TELLING[0] else ("book",)
    notebook, items = held("scenario_report", out, without, scenario=name, view=view)
    return name, view, notebook, items


@pytest.fixture(scope="module")
def case() -> jcurve.Case:
    return jcurve.evaluate("base")


@pytest.fixture(scope="module")
def sheets(case: jcurve.Case) -> Any:
    book = openpyxl.load_workbook(io.BytesIO(content(case)), data_only=True, read_only=True)
    found = {name: list(book[name].values) for name in ("Statements", "Summary")}
    book.close()
    return found


class TestThirtyNumbers:
    """Drawn at random with a seed, each the same wherever a reader may meet it."""

    def test_of_the_statements(self, case: jcurve.Case, edition: Edition, sheets: Any) -> None:
        """HTML, where the statements stand behind a fold, workbook and trace."""
        lens, draw = Lens(case), random.Random(7)
        grid = sheets["Statements"]
        heads = next(row for row in grid if "2030" in map(str, row))
        held = {(str(row[0]), str(year)): row[at] for row in grid for at, year in enumerate(heads)}
        page = edition.html.read_text()
        items = (*statements.INCOME, *statements.CASH_FLOW, *statements.BALANCE_SHEET)
        known = [
            each
            for each in items
            if (title_of(each.line), "2030") in held
            and not each.style
            and (
                each.role != "normal" or each.line in statements.filed(lens)
            )  # the others carry a note
        ]
        for _ in range(20):
            item, year = draw.choice(known), draw.choice((2024, 2025, 2026, 2027, 2030, 2035, 2040))
            value = statements.values(lens, item, year)[0]
            shown = written(value, decimals=1)
            where = f"{item.label} in {year}"
            rows = re.findall(
                rf"<tr[^>]*><th[^>]*>{re.escape(item.label)}</th>.*?</tr>", page, re.S
            )
            assert any(f">{shown}<" in row for row in rows), where
            in_sheet = held[title_of(item.line), str(year)]
            assert item.sign * in_sheet / 1000 == pytest.approx(value, rel=1e-9), where
            traced = case.trace(item.line, str(year), depth=1).value
            assert item.sign * (traced or 0.0) / 1000 == pytest.approx(value, rel=1e-9), where

    def test_of_the_headlines(
        self, case: jcurve.Case, edition: Edition, paper: bytes, sheets: Any, capsys: Any
    ) -> None:
        """PDF, HTML, workbook, mail and ``show``."""
        assert main(["show", "base"]) == 0
        told = capsys.readouterr().out
        project = Project(edition.folder.parents[3])
        name = "/".join(edition.folder.parts[-3:])
        message = Message("1", "success", "s", "o", {}, ((name, None),), ("a@b.c",), ("a@b.c",))
        moment = datetime.datetime(2026, 7, 30, tzinfo=datetime.UTC)
        mail = compose(message, project, sender="a@b.c", moment=moment).get_body(("plain",))
        assert mail is not None
        body = mail.get_content()
        page, printed = edition.html.read_text(), _printed(paper)
        summary = {row[0]: row[1:] for row in sheets["Summary"]}
        both = [(view, name) for view in case.headlines() for name in ("npv", "trough_amount",
                "payback", "irr", "trough_quarter", "discounted_payback")]  # fmt: skip
        for view, name in random.Random(7).sample(both, 10):
            figure = case.headlines()[view][name]
            text = headline_text(figure)
            row = next(line for line in told.splitlines() if line.split()[:1] == [name])
            assert text in row, (view, name)
            assert f"{figure_label(name)}: " in body
            assert f"{text} ({VIEW_WORDS[view]})" in body, (view, name)
            column = list(case.headlines()).index(view)
            shown = Lens(case, view).shown(name).replace("\N{NO-BREAK SPACE}", " ")
            label = next(label for label, key in answer.ROWS if key == name)
            assert _solid(shown) in printed[_solid(label), str(column)], (view, name)
            assert shown in page.replace("\N{NO-BREAK SPACE}", " "), (view, name)
            sheet = summary[figure_label(name)][3 * column]
            if figure.get("unit") == "USD m":
                assert sheet == pytest.approx(figure["value"] / 1000, rel=1e-9)


def _printed(paper: bytes) -> dict[tuple[str, str], set[str]]:
    """What the PDF prints by the row's name and, where it has one, the column's year; else the
    column's place."""
    found: dict[tuple[str, str], set[str]] = {}
    for cells in pdfcheck.tables(paper):
        heads = {cell.column: cell.text for cell in cells if cell.scope == "Column"}
        names = {cell.row: cell.text for cell in cells if cell.column == 0}
        for cell in cells:
            year = re.search(r"20\d\d$", heads.get(cell.column, ""))
            at = year[0] if year else str(cell.column - 1)
            key = _solid(names.get(cell.row, "")), at
            found.setdefault(key, set()).add(_solid(cell.text))
    return found


def _solid(text: str) -> str:
    """``text`` without blanks: where a line ends in a cell, there is none."""
    return "".join(text.split())


class TestEveryScenario:
    def test_its_pages_are_sound(self, shown: Any) -> None:
        notebook = shown[2]
        assert pdfcheck.complaints(pdf(read(notebook, "scenario_report"))) == []

    def test_its_prose_has_few_digits(self, shown: Any) -> None:
        items = shown[3]
        found = {text: _too_long(text) for item in items for text in sentences(item)}
        assert {text: digits for text, digits in found.items() if digits} == {}

    def test_its_exhibits_have_a_takeaway_a_reading_and_a_source(self, shown: Any) -> None:
        items = shown[3]
        for item in items:
            mark = item.mark()
            if not mark:
                continue
            assert mark["alt"].strip()
            assert item.source.strip()
            assert not item.title.endswith(".")
            read_as = "".join(run.text for run in item.reading)
            if item.id != "assumption-book":
                assert read_as.endswith("."), f"exhibit {item.id} has no reading in full sentences"

    def test_its_answer_agrees_with_the_model(self, shown: Any) -> None:
        name, view, _, items = shown
        case = jcurve.evaluate(name)
        found = case.headlines()[view]["payback"]
        sentence = answer.headline(Lens(case, view))
        assert items[0].title == sentence
        if found["value"] is not None:
            assert "pays back in" in sentence
        elif found["reason"].startswith("never"):
            assert "does not pay back" in sentence
        else:
            assert "pay" in sentence or "never needs" in sentence


def test_numbers_with_too_many_digits_are_found() -> None:
    assert _too_long("NPV is 371.25 and 12,345 in 2034; 35,400 and 1,200 are fine") == [
        "371.25",
        "12,345",
    ]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Title, story, reasons, sources, the company's name and its members' are hostile."""
    project = hostile_project(tmp_path_factory.mktemp("hostile"))
    (project / "notebooks").symlink_to(NOTEBOOKS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JCURVE_PROJECT", str(project))
        out = tmp_path_factory.mktemp("out")
        notebook, _ = executed("scenario_report", out, scenario="hostile")
    return read(notebook, "hostile")


class TestHostileText:
    def test_is_text_on_the_page(self, hostile: Document) -> None:
        page = html(hostile)
        links = re.findall(r"""(?:href|src|action)=["']?\s*([^"'>\s]*)""", page)
        assert not [each for each in links if each.startswith(("javascript", "file:", "mailto"))]
        text = unescape(page)
        for each in TWENTY:
            assert each in text, each
        for tag in ("<script>alert", "<img src=x", "<svg onload", "<iframe src='file", "<h1>x"):
            assert tag not in page, tag

    def test_is_text_in_the_pdf(self, hostile: Document) -> None:
        paper = pdf(hostile)
        text = "".join("".join(pdfcheck.page_texts(paper)).replace("\u200b", "").split())
        for each in ("<script>alert(1)</script>", "#panic()", "{{7*7}}", "<%=7*7%>${7*7}"):
            assert each in text, each
        assert "root:x:0" not in text
        links = [
            str(each)
            for page in PdfReader(io.BytesIO(paper)).pages
            for each in page.annotations or ()
        ]
        assert not re.search(r"javascript|file:|mailto|Launch", " ".join(links))
        assert pdfcheck.complaints(paper) == []
        assert "/JavaScript" not in PdfReader(io.BytesIO(paper)).trailer["/Root"]


def test_a_wrong_value_fails_in_the_second_cell_with_one_line(tmp_path: Path) -> None:
    target = tmp_path / "out.ipynb"
    done = subprocess.run(
        [
            sys.executable, "-m", "papermill", str(NOTEBOOKS / "scenario_report.ipynb"),
            str(target), "-p", "view", "sideways", "--no-progress-bar",
        ],
        cwd=tmp_path,
        env={**os.environ, "JCURVE_PROJECT": str(NOTEBOOKS.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode != 0
    cells = json.loads(target.read_text())["cells"]
    failed = [
        (cell["id"], output)
        for cell in cells
        for output in cell.get("outputs", ())
        if output["output_type"] == "error"
    ]
    assert [name for name, _ in failed] == ["check"]
    error = failed[0][1]
    assert error["ename"] == "UsageError"
    assert len(error["traceback"]) == 1
    assert "sideways" in error["evalue"]
    assert "programme" in error["evalue"]
