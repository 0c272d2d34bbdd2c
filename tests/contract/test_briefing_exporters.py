"""The exporters as nbconvert and JupyterLab see them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import get_exporter

from jcurve.briefing import BriefingExporter, BriefingHTMLExporter
from tests.support.demo_report import code, cumulative_chart, demo_notebook, notebook


@pytest.fixture(scope="module")
def demo() -> Any:
    return nbformat.from_dict(demo_notebook())  # type: ignore[no-untyped-call]


def test_their_names_are_one_word() -> None:
    assert get_exporter("briefing") is BriefingExporter
    assert get_exporter("briefinghtml") is BriefingHTMLExporter


def test_jupyterlab_offers_them() -> None:
    assert BriefingExporter().export_from_notebook == "Briefing (PDF)"
    assert BriefingHTMLExporter().export_from_notebook == "Briefing (HTML)"


def test_pdf(demo: Any) -> None:
    made, resources = BriefingExporter(paper="us-letter").from_notebook_node(demo)
    assert made.startswith(b"%PDF-1.7")
    assert resources["output_extension"] == ".pdf"
    assert BriefingExporter().output_mimetype == "application/pdf"


def test_html(demo: Any) -> None:
    made, resources = BriefingHTMLExporter().from_notebook_node(demo)
    assert made.startswith("<!DOCTYPE html>")
    assert resources["output_extension"] == ".html"


def test_the_files_name_is_the_title_of_a_notebook_without_one() -> None:
    node = nbformat.from_dict(notebook(code(cumulative_chart())))  # type: ignore[no-untyped-call]
    made, _ = BriefingHTMLExporter().from_notebook_node(
        node, resources={"metadata": {"name": "My notes"}}
    )
    assert "<h1>My notes</h1>" in made


def test_rendering_needs_neither_nbconvert_nor_the_dear_grammar() -> None:
    program = (
        "import sys\n"
        "from jcurve.briefing import page, reading, typeset\n"
        "print('nbconvert' in sys.modules, 'rfc3987_syntax' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_jsonschema_works_without_the_dear_grammar() -> None:
    program = (
        "from jcurve.briefing.lightweight import lighten\n"
        "lighten(); lighten()\n"
        "import nbformat, jsonschema, sys\n"
        "nbformat.validate(nbformat.v4.new_notebook())\n"
        "assert sys.modules['rfc3987_syntax'] is None\n"
        "print('fine')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "fine"


def test_strict_on_the_command_line_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "note.ipynb"
    lost = {"cell_type": "markdown", "metadata": {}, "source": "![one](https://example.com/a.png)"}
    path.write_text(json.dumps(notebook(lost)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "briefing", "--strict", str(path)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 6
    assert "not all of the notebook can be shown: cell 1: picture one" in done.stderr
    assert "Traceback" not in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["note.ipynb"]
