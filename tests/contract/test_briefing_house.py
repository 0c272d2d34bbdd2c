"""The house style of a project: company, logo, colour, footer and paper, in every form."""

from __future__ import annotations

import base64
import io
import shutil
from pathlib import Path
from typing import Any

import nbformat
import openpyxl
import pytest
import xlsxwriter
from pypdf import PdfReader

from jcurve.assumptions.house_style import HouseStyle, luminance, read_house_style
from jcurve.briefing import BriefingExporter, BriefingHTMLExporter
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.ground.errors import RunError, UsageError
from jcurve.workbook.writing import add_footers, add_masthead
from tests.support import pdfcheck
from tests.support.demo_report import demo_notebook
from tests.support.foreign import cell, display, note, picture
from tests.support.pdfcheck import pdf

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="9" height="9"/></svg>'
)
WRITTEN = """\
company: Example Research & Co
colour: "#7A1F2B"
accent: "#006644"
footer: For professional investors only.
paper: us-letter
logo: logo.svg
author: A. Writer
contact: desk@example.org
date: 2026-12-01
"""


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "logo.svg").write_text(SVG, encoding="utf-8")
    (folder / "logo.png").write_bytes(base64.b64decode(picture()))
    (folder / "house_style.yml").write_text(WRITTEN, encoding="utf-8")
    return folder


def test_what_a_file_says(reports: Path) -> None:
    found = read_house_style(reports)
    assert (found.company, found.colour, found.paper) == (
        "Example Research & Co", "#7a1f2b", "us-letter",
    )  # fmt: skip
    assert found.logo is not None
    assert found.logo.mime == "image/svg+xml"


def test_without_a_file_all_is_as_usual(tmp_path: Path) -> None:
    assert read_house_style(tmp_path) == HouseStyle()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("colour: blue", "reports/house_style.yml:1, colour: not a colour; received 'blue'"),
        ('colour: "#ffff00"', "too light for text on white (a contrast of 1.1)"),
        ("paper: a5", "unknown paper; received 'a5'; allowed: a4, us-letter"),
        ("colr: x", "unknown key"), ("colr: x", "did you mean 'colour'?"),
        ("logo: ../x.svg", "not a logo"), ("logo: none.svg", "the logo cannot be read"),
        ("logo: a.txt", "allowed: an SVG, PNG or JPG beside this file"),
        ("date: soon", "reports/house_style.yml:1, date: not a date; received 'soon'"),
        ("company: [a]", "not a text"), ("company: a\ncompany: b", "house_style.yml:2"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(reports: Path, line: str, message: str) -> None:
    (reports / "house_style.yml").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_house_style(reports)
    assert message in str(caught.value)


@pytest.mark.parametrize("logo", ["logo.svg", "logo.png"])
@pytest.mark.parametrize("own", [True, False])
def test_it_stands_in_pdf_and_html(reports: Path, logo: str, own: bool) -> None:
    (reports / "house_style.yml").write_text(WRITTEN.replace("logo.svg", logo), encoding="utf-8")
    house = read_house_style(reports)
    foreign = {"metadata": {}, "cells": [note("# T\n\n" + "Text.\n\n" * 60)]}
    document = read(demo_notebook() if own else foreign, "x")
    made = pdf(document, house=house)
    assert pdfcheck.complaints(made) == []
    pages = pdfcheck.page_texts(made)
    assert all("For professional investors only." in page for page in pages)
    assert all("Example Research & Co" in page for page in pages)
    assert "Example Research & Co" in pdfcheck.alts(made)
    assert round(float(PdfReader(io.BytesIO(made)).pages[0].mediabox.width)) == 612
    page = html(document, house)
    assert "--navy:#7a1f2b" in page
    assert '<p class="masthead"><img alt="" src="data:image/' in page
    assert "For professional investors only." in page


def test_who_signs_and_when_stand_under_the_title(reports: Path) -> None:
    """Date, author and contact are the house's; without it the report's own date and maker."""
    house, document = read_house_style(reports), read(demo_notebook(), "x")
    made, page = pdf(document, house=house), html(document, house)
    assert pdfcheck.complaints(made) == []
    for text in (" ".join(pdfcheck.page_texts(made)[0].split()), page):
        assert "1 December 2026" in text
        assert "A. Writer, desk@example.org" in text
    about = PdfReader(io.BytesIO(made)).metadata
    assert about is not None
    assert about.author == "A. Writer"
    assert str(about["/CreationDate"]).startswith("D:20261201")
    assert "A. Writer" not in html(document)


def test_text_of_it_is_never_markup(reports: Path) -> None:
    hostile = "<script>x</script> #panic() \u202e"
    house = HouseStyle(company=hostile, footer=hostile)
    document = read({"metadata": {}, "cells": [note("# T")]}, "x")
    assert "<script>" not in html(document, house)
    made = pdf(document, house=house)
    assert pdfcheck.complaints(made) == []
    assert "#panic()" in "".join(pdfcheck.page_texts(made))


def test_lightness() -> None:
    assert luminance("#ffffff") == pytest.approx(1)
    assert luminance("#000000") == 0
    assert luminance("#ff0000") == pytest.approx(0.2126)


class TestExporters:
    @pytest.fixture
    def project(self, reports: Path) -> Path:
        scenarios = reports.parent / "data" / "scenarios"
        scenarios.mkdir(parents=True)
        shutil.copy("data/scenarios/base.yml", scenarios)
        return reports.parent

    def _resources(self, folder: Path) -> dict[str, Any]:
        return {"metadata": {"name": "mine", "path": str(folder)}}

    def _node(self, *cells: dict[str, Any]) -> Any:
        content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
        for number, one in enumerate(cells):
            one["id"] = f"cell-{number}"
        return nbformat.from_dict(content)  # type: ignore[no-untyped-call]

    def test_take_the_style_of_the_notebooks_project(self, project: Path) -> None:
        below = project / "notebooks" / "mine"
        below.mkdir(parents=True)
        made, _ = BriefingExporter().from_notebook_node(
            self._node(note("# T")), resources=self._resources(below)
        )
        assert "Example Research & Co" in "".join(pdfcheck.page_texts(made))

    def test_show_pictures_beside_the_notebook(self, project: Path) -> None:
        made, _ = BriefingHTMLExporter().from_notebook_node(
            self._node(note("![logo](reports/logo.png)")), resources=self._resources(project)
        )
        assert 'alt="logo"' in made

    def test_warn_of_what_is_lost(self, project: Path, caplog: pytest.LogCaptureFixture) -> None:
        node = self._node(
            note("# T"),
            cell(display(**{"application_vnd.plotly.v1+json": {}})),
            note("![x](https://example.com/x.png)"),
        )
        with caplog.at_level("WARNING"):
            BriefingExporter().from_notebook_node(node, resources=self._resources(project))
        assert "cell 2: Plotly chart" in caplog.text
        assert "cell 3: picture x: it would have to be fetched" in caplog.text
        with pytest.raises(RunError, match="cell 2: Plotly chart"):
            BriefingExporter(strict=True).from_notebook_node(
                node, resources=self._resources(project)
            )

    def test_leave_out_what_nbconvert_leaves_out(self, project: Path) -> None:
        from traitlets.config import Config

        node = self._node(note("Words."), cell(display(text_plain="shown")))
        for name, gone, kept in (
            ("exclude_input", "show()", "shown"), ("exclude_output", ">shown<", "show()"),
            ("exclude_markdown", "Words.", "shown"), ("exclude_code_cell", "show()", "Words."),
        ):  # fmt: skip
            config = Config({"TemplateExporter": {name: True}})
            page, _ = BriefingHTMLExporter(config=config).from_notebook_node(
                node, resources=self._resources(project)
            )
            assert gone not in page
            assert kept in page


def test_it_stands_in_the_workbook(reports: Path) -> None:
    written = WRITTEN.replace("logo.svg", "logo.png")
    (reports / "house_style.yml").write_text(written, encoding="utf-8")
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    sheets = {"Summary": workbook.add_worksheet("Summary")}
    house = read_house_style(reports)
    add_masthead(workbook, sheets["Summary"], house)
    add_footers(sheets, house)
    workbook.close()
    summary = openpyxl.load_workbook(io.BytesIO(stream.getvalue()))["Summary"]
    assert summary["G1"].value == "Example Research & Co"
    assert summary["G1"].font.color.rgb == "FF7A1F2B"
    assert "Example Research && Co" in summary.oddFooter.center.text
    assert len(summary._images) == 1
