"""The note of a results evening: two sound pages, numbers that are the analysis' own, its words."""

from __future__ import annotations

import datetime
import json
import math
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import jcurve
from jcurve.analysis.earlier import CAPEX, CORE_GROWTH, taken_back
from jcurve.analysis.forecasts import keep, standing
from jcurve.analysis.revisions import revision
from jcurve.analysis.snapshots import stated_inputs
from jcurve.assumptions import Scenario, rows_of
from jcurve.briefing import editions
from jcurve.briefing.editions import Edition
from jcurve.briefing.parameters import check_parameters
from jcurve.briefing.reading import read
from jcurve.briefing.results import record_case
from jcurve.case import Case
from jcurve.commands import main
from jcurve.facts import reported
from jcurve.figures import Lens, brief, guided, results_day, revised
from jcurve.ground.numbers import MILLIONS, money
from jcurve.ground.project import Project, find_project
from jcurve_studies.backtesting.quarterly import quarterly
from tests.counts import count
from tests.support import pdfcheck
from tests.support.pdfcheck import pdf
from tests.support.quarters_back import BEFORE, COMING, LAST, case_after, known_since
from tests.support.reading_truth import held
from tests.support.report_cells import real_project, sentences

SHOWN = {"missed", "npv-moved", "figures-moved", "guided", "watch"}
EVENING = datetime.date(2026, 7, 29)


@pytest.fixture(scope="module")
def now() -> Case:
    return jcurve.evaluate()


@cache
def evening(quarter: str) -> results_day.ResultsDay:
    lens = Lens(case_after(quarter), "programme", find_project())
    return results_day.ResultsDay(lens, quarterly().before(quarter))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(real_project(tmp_path_factory.mktemp("project"), {}))


@pytest.fixture(scope="module")
def before_it() -> Case:
    """The base case as its file would have been a quarter ago."""
    then, year = case_after(BEFORE), LAST.year
    at = then.assembly.timeline.index(LAST)
    stated = {"valuation.date": str(BEFORE)} | {
        f"{key}.{year}": float(then.assumption_rows[key][at, 0]) for key in (CAPEX, CORE_GROWTH)
    }
    scenario = jcurve.scenario("base", stated)
    case = Case(scenario, then.assembly, rows_of(scenario, then.assembly.timeline))
    assert case["npv"] == pytest.approx(then["npv"], rel=1e-12)
    return case


def published(project: Project, case: Case, name: str, report: str = "executive_brief") -> Edition:
    """An edition of what a case says, as a run would have published it."""
    folder = project.reports / report / "base" / name
    folder.mkdir(parents=True)
    record_case(folder, report=report, case=case, view="programme")
    provenance = {
        "assumptions": stated_inputs(case.scenario),
        "determinants": {
            "inputs": {}, "package": "0", "source": "0", "commit": None, "seed": None,
            "python": "3", "libraries": {},
        },
    }  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(provenance))
    (folder.parent / "latest.json").write_text(json.dumps({"edition": name}))
    return Edition(name, report, "base", folder)


@pytest.mark.parametrize("quarter", [str(LAST), "2025Q3"], ids=["now", "with regions"])
def test_the_note_has_two_sound_pages(
    quarter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a quarter of which every region is on file."""

    def then(scenario: Scenario, project: Project) -> Case:
        return taken_back(quarter, scenario, project=project)

    monkeypatch.setattr(jcurve, "evaluate", then)
    notebook, shown = held("results_note", tmp_path)
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert {each["id"] for each in results["exhibits"]} == SHOWN
    assert results["data_through"] == quarter
    text = "\n".join(line for item in shown for line in sentences(item))
    assert "nan" not in text.lower().split()
    for paper in ("a4", "us-letter")[: 2 if quarter == LAST else 1]:
        made = pdf(read(notebook, "results_note"), paper=paper)
        assert pdfcheck.complaints(made) == []
        assert len(pdfcheck.page_texts(made)) == 2, paper


@pytest.mark.parametrize("back", range(count("evenings")))
def test_the_evening_of_each_quarter(back: int) -> None:
    quarter = LAST.plus(-back)
    day = evening(quarter)
    lens = day.lens
    cover = results_day.cover(day, today=EVENING)
    assert len(cover.figures) == 5
    words = lens.quarter(quarter).replace("\N{NO-BREAK SPACE}", " ")
    assert cover.title.startswith(f"Results of {words}: revenue ")
    assert money(lens.npv) in cover.title
    table = results_day.missed(day)
    own = standing(quarter)
    rows = {row.cells[0]: row.cells for row in table.rows}
    for miss in own.misses:
        told = miss.line.name != "share_based_compensation" and not miss.empty
        assert (miss.line.label in rows) == (told and miss.came is not None)
    change = day.revision.change("npv")
    assert change is not None
    parts = math.fsum(part.amount for part in change.parts)
    assert parts == pytest.approx(change.amount, rel=1e-9)
    for shown in (table, revised.steps(lens, day.revision), revised.by_figure(lens, day.revision),
                  guided.guidance(lens, day.quarter), results_day.watch(day)):  # fmt: skip
        assert "nan" not in shown.plain().lower().split()


class TestWords:
    @known_since("2026Q2")
    def test_a_miss_is_explained_by_what_makes_it_up(self) -> None:
        day = evening("2026Q2")
        rows = {row.cells[0]: row.cells for row in results_day.missed(day).rows}
        assert "legal charges and severance $2.83bn" in str(rows["Total costs"][-1])
        sizes = [abs(m.share) for m in day.past if m.line.name == "total_costs" and m.share]
        larger = sum(size > abs(day.miss("total_costs").share or 0.0) for size in sizes)
        assert rows["Total costs"][-2] == f"{larger + 1} of 14"
        notes = " ".join(results_day.missed(day).notes)
        assert "advertising by region" in notes

    def test_a_single_charge_of_tax_is_named(self) -> None:
        lens = evening("2025Q3").lens
        rows = {r.cells[0]: r.cells for r in results_day.missed(results_day.ResultsDay(lens)).rows}
        assert rows["Net income"][-1] == "single items of tax $15.9bn"
        assert rows["Net income"][-2] is None  # no past is given

    @known_since("2026Q2")
    def test_guidance_of_a_year_before_and_now(self) -> None:
        day = evening("2026Q2")
        said = guided.moved(day.lens, day.quarter)
        assert said == (
            "Now guided: capital expenditure of 2026 $130bn to $145bn, previously $125bn to "
            "$145bn; total expenses of 2026 $165bn to $169bn, previously $162bn to $169bn."
        )
        first = evening("2025Q4")
        assert "for the first time" in guided.moved(first.lens, first.quarter)

    def test_a_kept_forecast_is_what_counts(self, tmp_path: Path) -> None:
        shutil.copytree(find_project().data, tmp_path / "data")
        project = Project(tmp_path)
        record = keep(case_after(BEFORE), EVENING, project)
        found = standing(LAST, project=project)
        assert found.kept == EVENING.isoformat()
        assert {m.line.name: m.forecast for m in found.misses} == dict(record.values)
        assert standing("2025Q3").kept == ""
        assert "none was kept at the time" in standing("2025Q3").how


class TestSinceAnEdition:
    @pytest.fixture
    def before(self, before_it: Case, project: Project) -> Iterator[Edition]:
        yield published(project, before_it, "run-before")
        shutil.rmtree(project.reports, ignore_errors=True)

    def test_an_edition_is_rebuilt_from_what_it_states(
        self, before: Edition, before_it: Case, project: Project
    ) -> None:
        case, printed = editions.rebuilt(before, project)
        assert case.data_through == case.valuation_date == BEFORE
        for view, figures in before_it.headlines().items():
            for name, figure in figures.items():
                assert case.headline(name, view).get("value") == pytest.approx(figure["value"])
                assert printed[view][name]["value"] == pytest.approx(figure["value"])

    def test_an_edition_without_its_numbers_is_rebuilt_with_those_of_today(
        self, before: Edition, project: Project, now: Case
    ) -> None:
        """What an edition of an earlier version does not hold counts as the model's part."""
        told = json.loads(before.provenance.read_text())
        for each in told["assumptions"].values():
            del each["value"]
        before.provenance.write_text(json.dumps(told))
        case, printed = editions.rebuilt(before, project)
        assert case.valuation_date == LAST
        change = revision(case, now, printed_before=printed).change("npv")
        assert change is not None
        assert change.of("model") != 0.0
        assert math.fsum(p.amount for p in change.parts) == pytest.approx(change.amount, rel=1e-9)

    def test_the_note_starts_from_the_last_edition_that_knew_less(
        self, before: Edition, project: Project, now: Case, tmp_path: Path
    ) -> None:
        given = check_parameters("base", {}, "programme", tmp_path, project.root)
        found = editions.edition_before(given, now.data_through)
        assert found is not None
        assert editions.edition_before(given, BEFORE) is None
        day = results_day.ResultsDay(Lens(now, "programme", project), before=found)
        change = day.revision.change("npv")
        assert change is not None
        assert change.before == pytest.approx(case_after(BEFORE)["npv"])
        assert abs(change.of("model")) < 1e-6 * abs(change.before)
        assert math.fsum(p.amount for p in change.parts) == pytest.approx(change.amount, rel=1e-9)

    def test_the_brief_says_what_moved_it(
        self, before: Edition, project: Project, now: Case, tmp_path: Path
    ) -> None:
        given = check_parameters("base", {}, "programme", tmp_path, project.root)
        earlier = editions.previous_edition(given, "executive_brief")
        lens = Lens(now, "programme", project)
        change = revision(case_after(BEFORE), now).change("npv")
        assert change is not None
        most = max(change.parts, key=lambda part: abs(part.amount)).name
        most = most.partition(",")[0]  # a title leaves out what follows
        assert f"{most[0].lower()}{most[1:]} moves it most" in brief.changes(lens, earlier).plain()
        ((_, parts),) = brief.since(lens, earlier)
        said = "".join(str(part) for part in parts)
        assert "Data now reach" in said
        assert re.search("what was reported (adds|takes)", said)
        assert money(abs(now["npv"] - case_after(BEFORE)["npv"]) / MILLIONS) in said

    def test_diff_attributes_it(
        self, before: Edition, project: Project, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        monkeypatch.chdir(project.root)
        assert main(["diff", "executive_brief/base", "base"]) == 0
        said = capsys.readouterr().out
        assert "what moved programme.npv" in said
        assert "  Advertising: " in said


class TestVerb:
    def test_misses_of_the_last_quarter(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["misses"]) == 0
        said = capsys.readouterr().out
        stood = standing(LAST)
        assert said.startswith(f"{LAST}: {stood.how}\n")
        made_since = f"forecast of today's base case taken back to {BEFORE.words}"
        assert stood.kept or stood.how.startswith(made_since)
        assert "Capital expenditure" in said
        assert main(["misses", LAST, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        named = {each["line"]["name"]: each for each in told["misses"]}
        assert named["revenue"]["came"] == reported("META").value("revenue_total", LAST).value

    @known_since("2026Q2")
    def test_what_explains_them(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["misses", "2026Q2"]) == 0
        said = capsys.readouterr().out
        assert "legal charges and severance $2.83bn" in said  # by its label, as in the note
        assert "not on file" in said  # of regions

    @pytest.mark.parametrize("quarter", [str(COMING), "2019Q1"])
    def test_of_no_other(self, quarter: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["misses", quarter]) == 2
        assert f"2023Q2 to {LAST}" in capsys.readouterr().err
