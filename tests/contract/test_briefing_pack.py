"""The brief and the comparison: their shape, their words, and what they refuse."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import jcurve
from jcurve.assumptions import shipped
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.briefing.typeset import pictures
from jcurve.commands import main
from jcurve.figures import brief, outlook, scenarios
from jcurve.figures.brief import Earlier
from jcurve.figures.lens import Lens
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.numbers import money, percent
from jcurve.ground.project import find_project
from jcurve_runs.plan.catalogue import catalogue
from jcurve_runs.plan.request import reports_of
from jcurve_studies.pages import pack
from jcurve_studies.pages.study import Study
from tests.counts import count
from tests.support import house_words, pdfcheck
from tests.support.demo_report import demo_notebook
from tests.support.notebooks import shipped_notebooks
from tests.support.pdfcheck import pdf
from tests.support.quarters_back import LAST, whole
from tests.support.reading_truth import held
from tests.support.report_cells import real_project

LEAST_FULL = 0.6
"""How far down its content reaches on every page of a report but the last."""

OWN = {
    "draft": "extends: base\nassumptions:\n  returns.wac: {value: 0.09, why: A typing mistake.}\n",
    "mine": "extends: base\ntitle: Nobody else's case\nstory: Ours.\nassumptions:\n"
    "  returns.wacc: {value: 0.09, why: Ours.}\n",
    "long": "extends: base\ntitle: A case whose title goes on and on, longer than a chart has room "
    "for at left\nstory: Ours.\nassumptions:\n"
    "  returns.wacc: {value: 0.09, why: Ours.}\n",
}
"""Scenarios of a user: one that does not validate, one that does, one with a long title."""

SETS: list[dict[str, Any]] = [
    {"capex.total.2027": 200_000, "capex.total.2028": 210_000, "returns.wacc": 0.09},
    {"advertising.compute_elasticity": 0.14, "demand.agents": 2, "life.change.2027Q1": 4},
    {
        "capex.total": whole("capex.total", {2026: 137_500, 2027: 150_000, 2030: 90_000}),
        "returns.wacc": 0.11,
    },
]
"""Values of a run: a little more spending, a case that gains, a small plan at a high cost."""


@pytest.fixture(scope="module")
def base() -> jcurve.Case:
    return jcurve.evaluate("base")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without editions, so that a brief is the first; with a user's own scenarios."""
    return real_project(tmp_path_factory.mktemp("project"), OWN)


def _paper(
    report: str, project: Path, tmp_path: Path, monkeypatch: Any, **parameters: Any
) -> bytes:
    monkeypatch.setenv("JCURVE_PROJECT", str(project))
    return pdf(read(held(report, tmp_path, **parameters)[0], report))


class TestBrief:
    @pytest.mark.parametrize(
        ("name", "view"), [("base", "programme"), ("no_programme", "go_forward")]
    )
    def test_has_two_sound_pages(
        self, name: str, view: str, project: Path, tmp_path: Path, monkeypatch: Any
    ) -> None:
        monkeypatch.setenv("JCURVE_PROJECT", str(project))
        notebook, _ = held("executive_brief", tmp_path, scenario=name, view=view)
        document = read(notebook, "executive_brief")
        for paper in ("a4", "us-letter"):
            made = pdf(document, paper=paper)
            texts = pdfcheck.page_texts(made)
            assert pdfcheck.complaints(made) == []
            assert len(texts) <= 2
            assert name != "base" or min(pdfcheck.fullness(made)) >= LEAST_FULL
            assert "This is the first edition" in " ".join(texts[-1].split())
            assert "Nobody else's case" not in " ".join(" ".join(texts).split())


class TestSetValues:
    @pytest.mark.parametrize("own", SETS[: count("override_sets")], ids=lambda own: "-".join(own))
    def test_words_and_titles_hold_for_a_run_of_ones_own(
        self, own: dict[str, Any], project: Path, tmp_path: Path, monkeypatch: Any
    ) -> None:
        monkeypatch.setenv("JCURVE_PROJECT", str(project))
        for report, given in (
            ("executive_brief", {"draws": 64}),
            ("comparison_report", {"against": "bear long"}),
            ("scenario_report", {"without": ("book",)}),
        ):
            document = read(held(report, tmp_path, overrides=own, **given)[0], report)
            assert "This run" in html(document)


EVERY = [
    *(("bear", "go_forward", {}), ("stress_rate_shock", "go_forward", {})),
    *((name, view, {}) for name in shipped() for view in ("programme", "go_forward")),
    *(("base", view, own) for own in SETS for view in ("programme", "go_forward")),
]
"""Whatever a report can be about: every shipped scenario, both views, values of a run."""


@pytest.mark.parametrize(
    ("name", "view", "own"), EVERY[: count("report_sentences")], ids=lambda part: str(part)[:20]
)
def test_every_sentence_of_the_shorter_reports(
    name: str, view: str, own: dict[str, Any], project: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("JCURVE_PROJECT", str(project))
    given = {"scenario": name, "view": view, "overrides": own}
    beside = " ".join(each for each in ("bull", "stress_ai_winter") if each != name)
    held("executive_brief", tmp_path, draws=64, **given)
    held("dashboard", tmp_path, draws=64, **given)
    held("comparison_report", tmp_path, against=beside, **given)
    held("results_note", tmp_path, **given)


def test_headings_and_paragraphs_of_notebooks_are_the_house_s() -> None:
    assert house_words.in_notebooks() == []


class TestChanges:
    def _earlier(self, case: jcurve.Case, **changed: Any) -> Earlier:
        known = {
            "data_through": case.data_through,
            "valuation_date": case.valuation_date,
            "scenario_hash": case.scenario.hash,
            "headlines": case.headlines()["programme"],
        }
        return Earlier(**{**known, **changed})

    def test_none_before_the_first(self, base: jcurve.Case) -> None:
        assert "first edition" in brief.changes(Lens(base), None).plain()

    def test_nothing(self, base: jcurve.Case) -> None:
        assert "Nothing has changed" in brief.changes(Lens(base), self._earlier(base)).plain()

    def test_assumptions_without_effect(self, base: jcurve.Case) -> None:
        said = brief.changes(Lens(base), self._earlier(base, scenario_hash="0" * 64)).plain()
        assert "Assumptions have changed." in said
        assert "as it was" in said

    def test_a_value_that_moved_and_new_data(self, base: jcurve.Case) -> None:
        headlines = {"npv": {"value": 12_000.0, "unit": "USD m"}}
        said = brief.changes(
            Lens(base), self._earlier(base, headlines=headlines, data_through=LAST.plus(-1))
        ).plain()
        assert "from $12.0bn to" in said
        assert "Data now reach" in said


class TestComparison:
    def test_pages_are_sound(self, project: Path, tmp_path: Path, monkeypatch: Any) -> None:
        paper = _paper(
            "comparison_report", project, tmp_path, monkeypatch, against="bear, bull stop_now"
        )
        assert pdfcheck.complaints(paper) == []
        assert all(pdfcheck.alts(paper))

    def test_two_scenarios_beside_the_base_take_two_pages(
        self, project: Path, tmp_path: Path, monkeypatch: Any
    ) -> None:
        paper = _paper("comparison_report", project, tmp_path, monkeypatch)
        assert len(pdfcheck.page_texts(paper)) == 2
        assert min(pdfcheck.fullness(paper)) >= LEAST_FULL

    def test_a_bridge_goes_all_the_way(self, base: jcurve.Case) -> None:
        bull = jcurve.evaluate("bull")
        shown = scenarios.steps(Lens(base), Lens(bull))
        gap = (bull["npv"] - base["npv"]) / 1000
        assert money(gap, sign=True) in "".join(run.text for run in shown.reading)
        assert money(bull["npv"] / 1000) in shown.alt

    def test_years_stand_under_the_lowest_of_many_curves_alone(self, base: jcurve.Case) -> None:
        """Else they would run into the heads of the row below."""
        shown = scenarios.curves([Lens(base)] * 8)
        assert shown.svg.count(">2030<") == 3

    def test_a_bridge_shortens_long_titles_and_calls_a_run_so(self, project: Path) -> None:
        own = jcurve.evaluate(jcurve.scenario("base", {"returns.wacc": 0.1}))
        other = jcurve.evaluate("long", project=project)
        shown = scenarios.steps(Lens(own), Lens(other))
        assert other.scenario.title not in shown.svg + shown.title
        assert f"{other.scenario.title[:45].rstrip()}…" in shown.svg
        assert ">This run<" in shown.svg

    @pytest.mark.parametrize(
        "against",
        [
            "",
            "bear bear",
            "base",
            " ".join(f"scenario_{number}" for number in range(13)),
        ],
    )
    def test_lists_that_make_no_comparison(self, base: jcurve.Case, against: str) -> None:
        with pytest.raises(UsageError, match="parameter against"):
            scenarios.chosen(Lens(base), against)

    def test_an_unknown_scenario(self, base: jcurve.Case) -> None:
        with pytest.raises(ScenarioError, match="did you mean"):
            scenarios.chosen(Lens(base), "baer")


class TestDashboard:
    @pytest.mark.parametrize(("name", "view"), [("base", "programme"), ("bull", "go_forward")])
    def test_is_one_page(
        self, name: str, view: str, project: Path, tmp_path: Path, monkeypatch: Any
    ) -> None:
        paper = _paper(
            "dashboard", project, tmp_path, monkeypatch, scenario=name, view=view, draws=64
        )
        assert pdfcheck.complaints(paper) == []
        assert len(pdfcheck.page_texts(paper)) == 1
        assert len(pdfcheck.alts(paper)) == 6

    def test_titles_hold_what_their_rows_say(self, base: jcurve.Case) -> None:
        lens = Lens(base)
        years = base.assembly.timeline.years
        net = dict(zip(years, base.year("net_cash") / 1000, strict=True))
        low = min((year for year in net if year >= 2022), key=net.__getitem__)
        assert outlook.cash(lens).title == f"Net debt peaks at {money(-net[low])} in {low}"
        free = dict(zip(years, base.year("free_cash_flow"), strict=True))
        title = outlook.lines(lens).title
        below = [year for year in (*range(2024, 2032), 2040) if free[year] < 0]
        assert all(str(year) in title for year in below) == bool(below)
        for shown, line in (
            (outlook.charge(lens), "depreciation_and_amortisation"),
            (outlook.profit(lens), "operating_income"),
        ):
            ours, theirs = (
                base.year(line, t) / base.year("revenue", t) for t in ("with", "without")
            )
            gaps = {y: abs(a - b) for y, a, b in zip(years, ours, theirs, strict=True) if y >= 2026}
            widest = max(gaps, key=gaps.__getitem__)
            at = years.index(widest)
            assert (
                f"{percent(ours[at], 0)} of revenue in {widest}, {percent(theirs[at], 0)} "
                "without AI" in shown.title
            )


class TestPictures:
    def test_show_every_report(self) -> None:
        """All that come with J-Curve."""
        shipped = {path.stem for path in shipped_notebooks()} & set(reports_of(find_project()))
        assert sorted(pack.PAGES) == sorted(shipped), "name a new report in PAGES of pages/pack.py"

    def test_show_the_numbers_of_the_present_model(self) -> None:
        """Pages are drawn rarely; what they show is on record beside them."""
        behind = pack.outdated(Study(find_project()))
        if behind:
            told = "; ".join(behind)
            pytest.fail(f"pictures are behind ({told}): run `make pictures`", pytrace=False)

    def test_are_small(self) -> None:
        docs = find_project().root / "docs"
        assert sum((docs / name).stat().st_size for name in ("pack.png", "brief.png")) < 300_000

    def test_are_the_pages_of_the_pdf(self) -> None:
        document = read(demo_notebook(), "demo")
        pages = pictures(document, dots=40)
        assert len(pages) == len(pdfcheck.page_texts(pdf(document)))
        sizes = {Image.open(io.BytesIO(page)).size for page in pages}
        assert len(sizes) == 1
        whole = Image.open(io.BytesIO(pack.sheet(pages, 2, 100)))
        assert whole.width == 2 * (100 + 14) + 14


class TestCatalogue:
    def test_every_report_says_what_it_tells_and_takes(self) -> None:
        home = find_project()
        entries = catalogue(home)
        assert [entry.name for entry in entries] == reports_of(home)
        shipped = {path.stem for path in shipped_notebooks()}
        for entry in entries:
            if entry.name not in shipped:
                continue
            assert entry.about.endswith("."), entry.name
            assert all(each.meaning for each in entry.parameters), entry.name
            assert "out" not in [each.name for each in entry.parameters]

    def test_the_command_prints_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", "--list"]) == 0
        told = capsys.readouterr().out
        assert "executive_brief: Two pages on one scenario" in told
        assert "-p against=VALUE" in told

    def test_the_command_prints_it_for_a_machine(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", "--list", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert {"name", "title", "about", "parameters"} == set(told[0])
