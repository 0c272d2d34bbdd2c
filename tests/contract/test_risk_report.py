"""The risk report: every exhibit, also where there is nothing to doubt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jcurve.analysis import overview
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.case import scenario
from jcurve.ground.errors import UsageError
from jcurve.ground.project import find_project
from tests.support import pdfcheck
from tests.support.pdfcheck import pdf
from tests.support.reading_truth import held
from tests.support.report_cells import executed, sentences

CHARTS = ["distribution", "fan", "tornado", "heat", "variance"]
TABLES = [
    "measures", "must-be", "stresses", "positions", "slopes", "weighed", "reviews", "rests-on",
]  # fmt: skip


@pytest.fixture(autouse=True)
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is asked, with few draws."""
    monkeypatch.setattr(overview, "_VARIANCE_LEVEL", 2)
    monkeypatch.setattr(overview, "_REVIEW_LEVEL", 2)
    monkeypatch.setattr(overview, "_SOLVED", 2)


def made(out: Path, **parameters: object) -> tuple[list[dict[str, str]], str]:
    notebook, shown = held("risk_report", out, draws=64, **parameters)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    text = "\n".join(line for item in shown for line in sentences(item))
    assert "nan" not in text.lower().split()
    document = read(notebook, "risk_report")
    assert html(document)
    paper = pdf(document)
    assert pdfcheck.complaints(paper) == []
    assert len(pdfcheck.page_texts(paper)) <= 5
    assert min([1.0, *pdfcheck.fullness(paper)[:-1]]) >= 0.6
    return results["exhibits"], text


class TestExhibits:
    def test_all_are_there_with_their_texts(self, tmp_path: Path) -> None:
        exhibits, text = made(tmp_path)
        assert {each["id"] for each in exhibits} == {*CHARTS, *TABLES}
        assert all(len(each["alt"]) > 30 for each in exhibits if each["kind"] == "chart")
        assert "not advice" in text

    def test_from_now_on(self, tmp_path: Path) -> None:
        exhibits, _ = made(tmp_path, scenario="bull", view="go_forward")
        assert {*CHARTS, *TABLES} >= {each["id"] for each in exhibits}
        assert "tornado" in {each["id"] for each in exhibits}

    def test_nothing_to_doubt_is_said(self, tmp_path: Path) -> None:
        exhibits, text = made(tmp_path, scenario="no_programme")
        assert "tornado" not in {each["id"] for each in exhibits}
        assert "the two cases are the same" in text


class TestParameters:
    @pytest.mark.parametrize(
        ("parameters", "words"),
        [
            ({"seed": "seven"}, "seed is not a whole number"),
            ({"seed": -1}, "a seed is 0 or more"),
            ({"draws": 0}, "not a number of draws"),
            ({"draws": 2.5}, "draws is not a whole number"),
        ],
    )
    def test_mistakes(self, parameters: dict[str, object], words: str, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=words):
            executed("risk_report", tmp_path, **{"draws": 16, **parameters})

    def test_an_exposure_that_is_none(self) -> None:
        asked = overview.Asked(scenario("base"), "programme", find_project())
        with pytest.raises(UsageError, match="not an exposure"):
            asked.positions([], float("nan"))
