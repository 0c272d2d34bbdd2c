"""The example notebooks that installed packages ship: no word that a browser shows is lost."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup

from jcurve.briefing.own_note import __file__ as own_note
from jcurve.briefing.reading import read
from jcurve.briefing.typeset import typeset
from tests.support import pdfcheck

_SHIPPED = [Path(str(each.locate())) for each in distribution("papermill").files or ()
            if each.suffix == ".ipynb"]  # fmt: skip
_NOTEBOOKS = sorted([*_SHIPPED, Path(own_note).with_name("own_note.ipynb")])
_ASIDE = (  # prompts and standard error are not shown, code stands at the end of the page alone
    ".jp-InputPrompt, .jp-OutputPrompt, .anchor-link, .jp-InputArea-editor, script, style, "
    "[data-mime-type='application/vnd.jupyter.stderr']"
)


@cache
def _exporter() -> Any:
    from nbconvert.exporters import HTMLExporter

    return HTMLExporter(exclude_input=True)  # type: ignore[no-untyped-call]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))


def test_there_are_examples() -> None:
    assert len(_NOTEBOOKS) >= 25


@pytest.mark.filterwarnings("ignore:Your element")  # of an output without data
@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.stem)
def test_no_word_is_lost(path: Path) -> None:
    notebook: Any = nbformat.read(path, 4)  # type: ignore[no-untyped-call]
    page = BeautifulSoup(_exporter().from_notebook_node(notebook)[0], "lxml")
    main = page.find("main") or page
    for aside in main.select(_ASIDE):
        aside.decompose()
    wanted = re.sub(r"\$.*?\$", " ", main.get_text(" "), flags=re.DOTALL)  # a formula is no words
    made = typeset(read(notebook, path.stem, folder=path.parent)).pdf
    assert pdfcheck.complaints(made) == []
    letters = "".join(_joined(text) for text in pdfcheck.page_texts(made))
    assert [word for word in sorted(_words(wanted)) if word not in letters] == []


def _joined(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
