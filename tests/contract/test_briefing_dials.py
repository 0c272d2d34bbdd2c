"""The what-if panel: every combination is the model's own, and the page runs only its script."""

from __future__ import annotations

import base64
import hashlib
import html as entities
import itertools
import json
import re

import pytest

import jcurve
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.figures.lens import Lens
from jcurve.figures.whatif import KEYS, WhatIf, what_if
from jcurve.ground.numbers import money
from tests.support import pdfcheck
from tests.support.demo_report import code, cover, demo_notebook, notebook
from tests.support.pdfcheck import pdf


@pytest.fixture(scope="module")
def panel() -> WhatIf:
    made = what_if(Lens(jcurve.evaluate("base")))
    assert isinstance(made, WhatIf)
    return made


@pytest.fixture(scope="module")
def page(panel: WhatIf) -> str:
    return html(read(notebook(code(cover(summary=())), code(panel)), "dials"))


def test_three_dials_of_nine_values(panel: WhatIf) -> None:
    assert [len(dial.values) for dial in panel.dials] == [9, 9, 9]
    assert [dial.at for dial in panel.dials] == [4, 4, 4]
    assert all(len(output.cells) == 9**3 for output in panel.outputs)


def _ends(key: str) -> dict[int, object]:
    """What a scenario file would say for the dial's first, own and last value."""
    item = jcurve.scenario("base")[key]
    texts: dict[int, object] = {}
    for at, value in ((0, item.low), (4, item.value), (8, item.high)):
        points = getattr(value, "points", None)
        texts[at] = value if points is None else dict(points)
    return texts


def test_each_combination_is_the_models_own(panel: WhatIf) -> None:
    choices = [_ends(key) for key in KEYS]
    for places in itertools.product((0, 4, 8), repeat=3):
        if sum(place == 4 for place in places) == 0:
            continue  # corners follow from the rest; each evaluation costs
        overrides = {
            key: choice[place]
            for key, choice, place in zip(KEYS, choices, places, strict=True)
            if place != 4
        }
        case = jcurve.evaluate(jcurve.scenario("base", overrides))
        index = places[0] * 81 + places[1] * 9 + places[2]
        assert panel.outputs[0].cells[index] == money(case["npv"] / 1000), places
        assert panel.outputs[2].cells[index] == money(case["trough_amount"] / 1000), places


def test_the_page_allows_its_own_script_alone(page: str) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == page.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert f"script-src 'sha256-{digest}';" in policy[1]
    assert "unsafe" not in policy[1]
    assert not re.search(r"\son\w+=", page)


def test_the_page_holds_every_value_as_data(page: str, panel: WhatIf) -> None:
    found = re.findall(r'data-cells="([^"]*)"', page)
    assert [tuple(json.loads(entities.unescape(text))) for text in found] == [
        output.cells for output in panel.outputs
    ]


def test_without_scripts_there_is_the_table(page: str, panel: WhatIf) -> None:
    before = page[: page.index("<script>")]
    assert re.search(r'<div class="whatif"[^>]* hidden>', before)
    table = before[before.index("<table>") :]
    for dial in panel.dials:
        assert all(entities.escape(value) in table for value in dial.values)


def test_a_page_without_dials_and_charts_runs_nothing(panel: WhatIf) -> None:
    page = html(read(notebook(code(cover(summary=()))), "demo"))
    assert "<script" not in page
    assert "script-src" not in page
    (script,) = re.findall(
        r"<script>(.*?)</script>", html(read(demo_notebook(), "demo")), re.DOTALL
    )
    assert "whatif" not in script


def test_on_paper_it_is_a_table(panel: WhatIf) -> None:
    paper = pdf(read(notebook(code(cover(summary=())), code(panel)), "dials"))
    assert pdfcheck.complaints(paper) == []
    assert panel.dials[0].values[0] in pdfcheck.page_texts(paper)[0]
