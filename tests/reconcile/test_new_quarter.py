"""A results day: the data taken back, and brought forward again by one command from a form."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import jcurve
from jcurve.assumptions import Path as Path_
from jcurve.assumptions import shipped
from jcurve.commands import main
from jcurve.facts import capex_guidance, company, reported, verify
from jcurve.facts.calendar import stale
from jcurve.facts.forecast_records import forecast_records
from jcurve.facts.history import NEEDED
from jcurve.facts.new_quarter import bring_forward, quarter_form
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.numbers import written_date
from jcurve.ground.project import Project, find_project
from jcurve.ground.quarters import Quarter
from tests.counts import count
from tests.support.quarters_back import COMING, GROWN, LAST, filled, made_up, taken_back

WAITING = {"programme.commitments_due"}
if "2026Q1" <= LAST <= "2026Q2":  # the evidence on leases and unpaid purchases is of then
    WAITING |= {"lease.yearly_starts", "capex.unpaid_share"}
"""Assumptions that rest on figures of the last quarter, or of the ones before."""
SURE = dict.fromkeys(
    [
        "acquisitions", "cash_and_cash_equivalents", "contractual_commitments",
        "effective_tax_rate_pct", "eps_diluted", "free_cash_flow", "general_and_administrative",
        "income_tax_provision", "interest_and_other_income_net", "leases_not_yet_commenced",
        "net_income", "share_repurchases_cash",
    ],
    "as the release prints it",
)  # fmt: skip
"""Figures of the last three quarters that jump against their year, and are so."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return _copied(tmp_path / "now")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """For tests that write nothing."""
    return _copied(tmp_path_factory.mktemp("untouched"))


@cache
def _made_up(project: Project | None = None) -> str:
    return made_up(quarter_form(COMING, "META", project), COMING)


def _copied(root: Path) -> Project:
    shutil.copytree(find_project().data, root / "data")
    return Project(root)


def _files(project: Project) -> dict[str, bytes]:
    found = (path for path in sorted(project.data.rglob("*")) if path.is_file())
    return {str(path.relative_to(project.data)): path.read_bytes() for path in found}


def _form(
    project: Project,
    change: Callable[[dict[str, str]], object] = lambda row: None,
    data: Project | None = None,
) -> Path:
    """A form for the coming quarter, made up, with every row changed; on the data that came with
    the package, or other ones."""
    rows = list(csv.DictReader(io.StringIO(_made_up(data))))
    for row in rows:
        change(row)
    path = project.root / "form.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


@pytest.mark.parametrize("back", range(1, count("quarters_back") + 1))
def test_taken_back_and_brought_forward_the_data_are_the_same_to_the_byte(
    back: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command, from its own form, filled with what is on file today."""
    then, after = _copied(tmp_path / "then"), _copied(tmp_path / "after")
    taken_back(then, LAST.plus(-back))
    if back > 1:
        taken_back(after, LAST.plus(1 - back))
    quarter, form = LAST.plus(1 - back), tmp_path / "form.csv"
    root = str(then.root)
    assert main(["--project", root, "quarter", quarter, str(form), "--template"]) == 0
    form.write_text(
        filled(form.read_text(encoding="utf-8"), find_project(), then, SURE), encoding="utf-8"
    )
    before = _files(then)
    assert main(["--project", root, "quarter", quarter, str(form), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert f"+data_through: {quarter}" in told
    assert f"+META,{quarter},revenue_total," in told
    assert _files(then) == before
    assert main(["--project", root, "quarter", quarter, str(form)]) == 0
    kept = "forecasts/meta.csv"
    assert {**_files(then), kept: b""} == {**_files(after), kept: b""}
    assert verify(project=then).ok
    records = forecast_records(project=then)
    assert [each.quarter for each in records] == [quarter, quarter.plus(1)]
    assert [each.data_through for each in records] == [quarter.plus(-1), quarter]
    told = capsys.readouterr().out
    assert f"{quarter}: forecast kept on {written_date(records[0].made)}" in told
    assert "Capital expenditure" in told
    assert told.endswith("the note: jcurve report results_note\n")


def test_the_form_says_what_each_figure_is_and_what_stands_without_it(untouched: Project) -> None:
    text = quarter_form(COMING, "META", untouched)
    rows = {(row["part"], row["item"]): row for row in csv.DictReader(io.StringIO(text))}
    revenue = rows["figure", "revenue_total"]
    facts = reported("META", untouched)
    assert revenue["if_empty"] == NEEDED
    assert revenue["unit"] == "USD m"
    assert "statements of income" in revenue["where"]
    assert float(revenue["quarter_before"]) == facts.value("revenue_total", LAST).value
    assert float(revenue["year_before"]) == facts.value("revenue_total", COMING.plus(-4)).value
    assert rows["figure", "headcount"]["if_empty"] == "not on file; the last known stands"
    labels = {row["label"] for (part, _), row in rows.items() if part == "figure"}
    assert {"Income from operations", "Purchases of property and equipment, net"} <= labels
    assert ("next", COMING.plus(1)) in rows
    assert [item for part, item in rows if part == "guidance"]


def test_a_quarter_that_is_made_up_moves_everything_together(project: Project) -> None:
    found = bring_forward(_form(project), COMING, "META", project, scenarios=("base", "stop_now"))
    assert found.problems == ()
    assert found.written
    owner = company("META", project)
    assert owner.data_through == COMING
    assert stale(owner, COMING.plus(1).last_day) == ""
    base = jcurve.evaluate("base", project=project)
    assert base.valuation_date == base.data_through == COMING
    stop = jcurve.scenario("stop_now", project=project)
    at = stop["programme.last_spending"].value
    assert base.assembly.timeline.labels[int(at)] == COMING
    listed = (project.data / "calendars/expected_results.csv").read_text(encoding="utf-8")
    assert f"META,{COMING}," not in listed
    assert f"META,{COMING.plus(1)}," in listed
    bought = base.row("capex")[base.assembly.timeline.index(COMING)]
    was = reported("META", project).value("capex_incl_finance_leases", LAST).value
    assert bought == pytest.approx(GROWN * was, abs=2.0)


def test_what_the_form_calls_needed_is_enough(untouched: Project) -> None:
    def bare(row: dict[str, str]) -> None:
        if row["part"] == "figure" and row["if_empty"] != NEEDED:
            row["value"] = ""

    found = bring_forward(_form(untouched, bare), COMING, "META", untouched, write=False)
    assert found.problems == ()


def test_everything_that_is_needed_is_named_at_once_and_nothing_written(untouched: Project) -> None:
    before = _files(untouched)
    path = _form(untouched, lambda row: row.update(value="") if row["part"] == "figure" else None)
    found = bring_forward(path, COMING, "META", untouched)
    (one,) = found.problems
    for metric in ("revenue_total", "net_income", "marketing_and_sales", "ppe_net", "dap_billion"):
        assert metric in one
    assert "headcount" not in one
    assert not found.written
    status = main(["--project", str(untouched.root), "quarter", COMING, str(path)])
    assert status == FactsError.exit_status
    assert _files(untouched) == before  # nor is a forecast kept


def _set(part: str, item: str, /, **cells: str) -> Callable[[dict[str, str]], object]:
    return lambda row: row.update(cells) if (row["part"], row["item"]) == (part, item) else None


def _was(metric: str, times: float = 1.0) -> str:
    """A figure of the year before, so many times."""
    return f"{times * reported('META').value(metric, COMING.plus(-4)).value:.3f}"


YEAR = COMING.year
WRONG = {
    "a thousand times off": (
        _set("figure", "revenue_total", value=_was("revenue_total", 1e-3), sure=""),
        "another unit",
    ),
    "a minus": (
        _set("figure", "purchases_of_ppe", value="-20000", sure=""),
        "below 0, as it never was",
    ),
    "ten times off": (_set("figure", "headcount", value="800000", sure=""), "times the"),
    "no number": (_set("figure", "net_income", value="12,000"), "not a number"),
    "no metric": (_set("figure", "net_income", item="net_incom"), "did you mean 'net_income'"),
    "another unit": (_set("figure", "net_income", unit="USD bn"), "another unit"),
    "no kind": (_set("figure", "net_income", kind="sure"), "unknown kind"),
    "no source": (_set("figure", "net_income", source="memory"), "no such source"),
    "an identity": (_set("figure", "operating_income", value=_was("operating_income")), "implied"),
    "no day": (_set("release", COMING, value="28/10/2026"), "not a day, or too early"),
    "a day too early": (_set("release", COMING, value=LAST.last_day.isoformat()), "too early"),
    "no release": (_set("release", COMING, value=""), "the day of the results is needed"),
    "no status": (_set("next", COMING.plus(1), kind="guessed"), "unknown kind"),
    "half a range": (_set("guidance", f"capex {YEAR} low", value="120"), "has two ends"),
    "no range": (
        _set("guidance", f"capex {YEAR} low", item="capex low", value="1"),
        "guided range",
    ),
    "no field": (
        _set("source", f"meta_er_{COMING.lower()} title", item="x titel"),
        "no such field",
    ),
    "no grade": (_set("source", f"meta_er_{COMING.lower()} grade", value="best"), "a grade"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_row_is_told_with_its_line_and_nothing_written(
    what: str, untouched: Project
) -> None:
    change, words = WRONG[what]
    before = _files(untouched)
    found = bring_forward(_form(untouched, change), COMING, "META", untouched)
    assert any(words in each for each in found.problems), found.problems
    assert not found.written
    assert _files(untouched) == before
    assert found.lines()[-1].endswith("nothing is written")


def test_guidance_is_taken_with_both_ends_and_its_move_is_noted(untouched: Project) -> None:
    def guided(row: dict[str, str]) -> None:
        if row["part"] == "guidance" and row["item"].startswith(f"total_expenses {YEAR}"):
            row["value"] = "170" if row["item"].endswith("low") else "175"
        if row["item"] == f"capex {YEAR} low":
            row["value"] = "1"
        if row["item"] == f"capex {YEAR} high":
            row["value"] = "2"

    found = bring_forward(_form(untouched, guided), COMING, "META", untouched, write=False)
    assert any("hard to believe: the last low end was" in each for each in found.problems)
    found = bring_forward(
        _form(untouched, lambda row: guided(row) if "total" in row["item"] else None),
        COMING, "META", untouched, write=False,
    )  # fmt: skip
    assert found.problems == ()
    assert any(each.startswith(f"guided total_expenses {YEAR}: 170 to 175") for each in found.notes)
    assert f",{YEAR},total_expenses,170,175,USD bn," in found.diff


def test_a_planned_outlay_in_the_middle_of_the_guided_range_goes_with_it(project: Project) -> None:
    scenarios = project.data / "scenarios"
    told_before = (scenarios / "base.yml").read_text(encoding="utf-8")
    base = jcurve.scenario("base", project=project)["capex.total"]
    was = [each for each in capex_guidance("META", project) if each.metric == "capex"][-1]
    year = int(was.fiscal_year)
    low, high = was.low + 2, was.high + 4  # USD bn

    def guided(row: dict[str, str]) -> None:
        if row["item"] in (f"capex {year} low", f"capex {year} high"):
            row["value"] = str(low if row["item"].endswith("low") else high)

    shipped_ones = shipped(project)
    found = bring_forward(_form(project, guided), COMING, "META", project, scenarios=shipped_ones)
    assert found.written, found.problems
    now = jcurve.scenario("base", project=project)["capex.total"]
    assert isinstance(base.value, Path_)
    assert isinstance(now.value, Path_)
    assert base.value.at(year) == (was.low + was.high) / 2 * 1000
    assert now.value.at(year) == (low + high) / 2 * 1000
    assert now.value.at(year + 1) == base.value.at(year + 1)
    text = (scenarios / "base.yml").read_text(encoding="utf-8")
    assert f"    low: {{{year}: {low * 1000:g}," in text
    assert f"    high: {{{year}: {high * 1000:g}," in text
    if f"the guided {was.low:g}-{was.high:g} bn" in told_before:
        assert f"the guided {low:g}-{high:g} bn" in text
    if f"    source: [{was.source.source_id}, MS_CAPEX_27" in told_before:
        assert f"    source: [meta_er_{COMING.lower()}, MS_CAPEX_27" in text
    assert LAST < "2026Q1" or f"the guided {low:g}-{high:g} bn" in text
    winter = (scenarios / "stress_ai_winter.yml").read_text(encoding="utf-8")
    assert f"{{{year}: {(low + high) * 500:g}," in winter
    told = [each for each in found.notes if each.startswith("your judgement: ")]
    plan = jcurve.scenario("as_the_articles_say", project=project)["capex.total"].value
    assert isinstance(plan, Path_)
    said = f"as_the_articles_say has capex.total.{year} {plan.at(year):,.0f}"
    outside = not low * 1000 <= plan.at(year) <= high * 1000
    assert any(said in each for each in told) == outside
    (kept,) = [each for each in told if "rests on figures before" in each]
    names = kept.rpartition(": ")[2].split(", ")
    assert set(names) >= WAITING
    assert "capex.total" not in names
    begun = [each for each in told if "begin in" in each]
    assert any("channel.start.assistant" in each for each in begun) == (COMING == "2026Q3")


def test_without_new_guidance_the_plan_stands_and_what_waits_is_named(untouched: Project) -> None:
    found = bring_forward(
        _form(untouched), COMING, "META", untouched, scenarios=shipped(untouched), write=False
    )
    assert "-  value" not in found.diff
    assert "capex.total" not in found.diff
    (kept,) = [each for each in found.notes if "rests on figures before" in each]
    assert all(each in kept for each in WAITING)


def test_what_is_sure_enters_with_its_reason(project: Project) -> None:
    """A figure out of size is refused, then taken, and verify holds from then on."""
    change = _set("figure", "acquisitions", value="90000", sure="")
    with (project.data / "companies/meta/quarterly.csv").open("a", encoding="utf-8") as stream:
        stream.write(f"META,{LAST.plus(-1)},acquisitions,100,USD m,derived_calc,derived,\n")
        stream.write(f"META,{LAST},acquisitions,100,USD m,derived_calc,derived,\n")

    def sure(row: dict[str, str]) -> None:
        change(row)
        if row["item"] == "acquisitions":
            row["sure"] = "a company was bought"

    refused = bring_forward(_form(project, change, project), COMING, "META", project)
    assert "times the" in refused.problems[0]
    assert bring_forward(_form(project, sure, project), COMING, "META", project).written
    listed = (project.data / "companies/tolerances.csv").read_text(encoding="utf-8")
    assert f"META,size beside neighbours,acquisitions,{COMING}," in listed
    assert "a company was bought" in listed
    assert verify(project=project).ok


def test_a_scenario_of_ones_own_keeps_its_dates_and_is_named(project: Project) -> None:
    text = (project.data / "scenarios/stop_now.yml").read_text(encoding="utf-8")
    own = project.data / "scenarios/mine.yml"
    own.write_text(text.replace("name: stop_now", "name: mine"), encoding="utf-8")
    before = own.read_bytes()
    found = bring_forward(
        _form(project), COMING, "META", project, scenarios=("base", "stop_now"), write=False
    )
    assert any(each.startswith("mine, a scenario of your own") for each in found.notes)
    assert own.read_bytes() == before


def test_what_the_model_refuses_is_not_written(untouched: Project) -> None:
    def refuses(copy: Project) -> None:
        assert company("META", copy).data_through == COMING
        raise FactsError("the model says no")

    before = _files(untouched)
    found = bring_forward(_form(untouched), COMING, "META", untouched, check=refuses)
    assert found.problems == ("the model says no",)
    assert _files(untouched) == before


@pytest.mark.parametrize("quarter", [LAST, COMING.plus(1)])
def test_another_quarter_than_the_next_is_refused(quarter: Quarter, untouched: Project) -> None:
    with pytest.raises(UsageError, match=f"the data of META end with {LAST}.*allowed: {COMING}"):
        quarter_form(quarter, "META", untouched)


def test_a_company_seen_through_its_outlays_has_a_form_too(project: Project) -> None:
    owner = company("MSFT", project)
    coming = Quarter(owner.data_through).plus(1)
    text = made_up(quarter_form(coming, "MSFT", project), coming)
    path = project.root / "msft.csv"
    path.write_text(text, encoding="utf-8")
    found = bring_forward(path, coming, "MSFT", project)
    assert found.problems == ()
    assert company("MSFT", project).data_through == coming
    assert not [file for file in found.files if file.startswith("scenarios")]


def test_a_form_is_not_written_over_another(
    untouched: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    path = untouched.root / "form.csv"
    path.write_text("mine", encoding="utf-8")
    root = str(untouched.root)
    assert main(["--project", root, "quarter", COMING, str(path), "--template"]) != 0
    assert path.read_text(encoding="utf-8") == "mine"
    assert main(["--project", root, "quarter", COMING, str(path), "--edgar"]) != 0
    assert "--template --edgar" in capsys.readouterr().err
