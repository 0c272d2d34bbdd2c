"""Each mistake in a table of facts is refused once, with file and line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jcurve import facts
from jcurve.facts.registers import belief_readings
from jcurve.ground.errors import FactsError, JCurveError, UsageError
from jcurve.ground.project import Project

LAST = facts.company("META").data_through
ROOT = Path(__file__).resolve().parents[2]
QUARTERLY = "companies/meta/quarterly.csv"
ROW = "META,2025Q3,revenue_total,{value},USD m,er_2025q3,reported,"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the data, to spoil."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return Project(tmp_path)


def edit(project: Project, file: str, old: str, new: str) -> int:
    """Replace one line of a table, return its line number."""
    path = project.data / file
    lines = path.read_text(encoding="utf-8").splitlines()
    at = lines.index(old)
    lines[at] = new
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return at + 1


def append(project: Project, file: str, line: str) -> int:
    path = project.data / file
    text = path.read_text(encoding="utf-8") + line + "\n"
    path.write_text(text, encoding="utf-8")
    return text.count("\n")


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(FactsError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    return message


def spoil_revenue(project: Project, new: str) -> tuple[int, str]:
    line = edit(project, QUARTERLY, ROW.format(value="51242"), new)
    return line, refusal(lambda: facts.reported("META", project))


@pytest.mark.parametrize(
    "value", ["nan", "NaN", "inf", "-inf", "51,242", "51242 ", "1_000", "0x10"]
)
def test_a_value_that_is_no_finite_number_is_refused(project: Project, value: str) -> None:
    quoted = f'"{value}"' if "," in value else value
    line, message = spoil_revenue(project, ROW.format(value=quoted))
    assert message.startswith(f"data/{QUARTERLY}:{line}, value: not a number")
    assert repr(value) in message


def test_an_empty_value_is_refused(project: Project) -> None:
    line, message = spoil_revenue(project, ROW.format(value=""))
    assert message.startswith(f"data/{QUARTERLY}:{line}, value: empty cell")


def test_an_overflowing_value_is_refused(project: Project) -> None:
    _, message = spoil_revenue(project, ROW.format(value="1e999"))
    assert "number too large" in message


@pytest.mark.parametrize("period", ["2026Q5", "2026", "2026-06-30", "26Q2", "2026q2", "2026Q2 "])
def test_a_malformed_quarter_is_refused(project: Project, period: str) -> None:
    line, message = spoil_revenue(project, ROW.format(value="1").replace("2025Q3", period))
    assert message.startswith(f"data/{QUARTERLY}:{line}, period: malformed period")
    assert "a quarter such as 2026Q2" in message


def test_a_quarter_in_the_annual_table_is_refused(project: Project) -> None:
    line = append(
        project,
        "companies/meta/annual.csv",
        "META,2025Q3,revenue_total,1,USD m,er_2025q3,reported,",
    )
    message = refusal(lambda: facts.reported("META", project))
    assert f"annual.csv:{line}, period: malformed period" in message
    assert "a year such as 2026" in message


def test_a_second_value_is_refused_even_if_equal(project: Project) -> None:
    line = append(project, QUARTERLY, ROW.format(value="51242"))
    message = refusal(lambda: facts.reported("META", project))
    assert f"quarterly.csv:{line}, value: revenue_total has a second value for 2025Q3" in message


@pytest.mark.parametrize(
    ("column", "old", "new", "suggestion"),
    [
        ("unit", "USD m", "USD_m", "USD m"),
        ("metric", "revenue_total", "revenue_totl", "revenue_total"),
        ("source_id", "er_2025q3", "er_2025q3x", "er_2025q3"),
        ("kind", "reported,", "reportd,", "reported"),
        ("entity", "META", "META1", "META"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(
    project: Project, column: str, old: str, new: str, suggestion: str
) -> None:
    line, message = spoil_revenue(project, ROW.format(value="51242").replace(old, new, 1))
    assert message.startswith(f"data/{QUARTERLY}:{line}, {column}: unknown")
    assert f"did you mean {suggestion!r}?" in message


def test_a_known_unit_of_another_metric_is_refused(project: Project) -> None:
    _, message = spoil_revenue(project, ROW.format(value="51242").replace("USD m", "USD bn"))
    assert "wrong unit for revenue_total; received 'USD bn'; allowed: USD m" in message


def test_a_row_with_a_cell_too_many_is_refused(project: Project) -> None:
    line, message = spoil_revenue(project, ROW.format(value="51242") + ",more")
    assert f"quarterly.csv:{line}: a row of 9 cells under 8 columns" in message


def test_another_header_is_refused(project: Project) -> None:
    path = project.data / QUARTERLY
    path.write_text("entity,period\nMETA,2026Q2\n", encoding="utf-8")
    assert "unexpected columns" in refusal(lambda: facts.reported("META", project))


def test_a_missing_table_is_named(project: Project) -> None:
    (project.data / QUARTERLY).unlink()
    assert f"data/{QUARTERLY}: no such table" in refusal(lambda: facts.reported("META", project))


def test_a_table_that_is_not_text_is_refused(project: Project) -> None:
    (project.data / QUARTERLY).write_bytes(b"\xff\xfe\x00broken")
    assert "unreadable table" in refusal(lambda: facts.reported("META", project))


def test_a_source_listed_twice_is_refused(project: Project) -> None:
    last = (project.data / "sources.csv").read_text(encoding="utf-8").splitlines()[-1]
    append(project, "sources.csv", last)
    assert "source listed twice" in refusal(lambda: facts.sources(project))


def test_an_unknown_grade_is_refused(project: Project) -> None:
    append(project, "sources.csv", "x,Title,,,,,read,hearsay")
    assert "unknown grade; received 'hearsay'" in refusal(lambda: facts.sources(project))


@pytest.mark.parametrize(
    ("file", "load"),
    [
        ("evidence/evidence.csv", facts.evidence),
        ("evidence/drivers.csv", facts.drivers),
        ("evidence/claims.csv", facts.claims),
        ("evidence/articles.csv", facts.articles),
        ("external/parameters.csv", facts.external),
        ("companies/others.csv", facts.others),
    ],
)
def test_a_key_listed_twice_in_a_register_is_refused(
    project: Project, file: str, load: Callable[[Project], object]
) -> None:
    last = (project.data / file).read_text(encoding="utf-8").splitlines()[-1]
    append(project, file, last)
    assert re.search("listed twice|second value", refusal(lambda: load(project)))


def test_an_unknown_company_lists_the_known(project: Project) -> None:
    message = refusal(lambda: facts.company("METAA", project))
    assert "no such company" in message
    assert "did you mean 'META'?" in message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("currency: USD", "curency: USD", "did you mean 'currency'?"),
        (f"data_through: {LAST}", "data_through: 2026Q9", "a quarter such as 2026Q2"),
        ("next_results_status: expected", "next_results_status: unknown", "no date needs unknown"),
        ("fiscal_year_ends_in_month: 12", "fiscal_year_ends_in_month: 13", "1 to 12"),
        ("    europe: Europe", "    Europe: Europe", "not a name"),
        ("sets:", "sets: [", "unreadable company file"),
    ],
)
def test_a_malformed_company_file_is_refused(
    project: Project, old: str, new: str, words: str
) -> None:
    edit(project, "companies/meta/company.yml", old, new)
    message = refusal(lambda: facts.company("META", project))
    assert "data/companies/meta/company.yml" in message
    assert words in message


RULES = "companies/meta/history_rules.csv"
HISTORY = "companies/meta/history.csv"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("reported_revenue,quarter,revenue_total,,,", "did you mean 'quarters'?"),
        ("reported_revenu,quarters,revenue_total,,,", "did you mean 'reported_revenue'?"),
        ("reported_revenue,quarters,revenue_totl,,,", "did you mean 'revenue_total'?"),
        ("reported_revenue,quotient,revenue_total,,,why", "takes 2 inputs"),
        ("reported_revenue,sum,revenue_total,,,why", "takes 2 or more inputs"),
        ("reported_revenue,constant,lots,,,why", "not a number"),
        ("reported_revenue,peer,GOOGLE revenue_total,,,why", "did you mean 'GOOGL'?"),
        ("reported_revenue,peer,GOOGL revenue_totl,,,why", "did you mean 'revenue_total'?"),
        ("reported_revenue,hold,,,,", "why: empty cell"),
        ("reported_revenue,hold,,2026,,why", "from: malformed period"),
    ],
)
def test_a_malformed_rule_of_history_is_refused(project: Project, line: str, words: str) -> None:
    append(project, RULES, line)
    message = refusal(lambda: facts.history("META", project=project))
    assert "history_rules.csv" in message
    assert words in message


def test_a_gap_without_a_rule_is_refused_with_its_quarters(project: Project) -> None:
    edit(project, QUARTERLY, "META,2025Q2,revenue_total,47516,USD m,er_2025q2,reported,", "")
    path = project.data / QUARTERLY
    path.write_text(path.read_text(encoding="utf-8").replace("\n\n", "\n"), encoding="utf-8")
    message = refusal(lambda: facts.history("META", project=project))
    assert "reported_revenue has no value and no rule for 1 quarters; received '2025Q2'" in message


def test_rows_that_need_one_another_are_refused(project: Project) -> None:
    append(project, HISTORY, "reported_a,USD m,flow,2020Q1,,A.")
    append(project, HISTORY, "reported_b,USD m,flow,2020Q1,,B.")
    append(project, RULES, "reported_a,same,reported_b,,,why")
    append(project, RULES, "reported_b,same,reported_a,,,why")
    message = refusal(lambda: facts.history("META", project=project))
    assert "reported_a > reported_b > reported_a" in message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("revenue,USD m,flow,2020Q1,,R.", "not the name of a row of history"),
        ("reported_revenue,USD m,flow,2020Q1,,R.", "row listed twice"),
        ("reported_x,USD m,flow,2020Q1,2030Q1,X.", "outside the data"),
        ("reported_x,USD,stuff,2020Q1,,X.", "unknown nature"),
    ],
)
def test_a_malformed_row_of_history_is_refused(project: Project, line: str, words: str) -> None:
    append(project, HISTORY, line)
    assert words in refusal(lambda: facts.history("META", project=project))


def test_asking_for_what_is_not_there_names_what_is() -> None:
    meta = facts.reported("META", Project(ROOT))
    with pytest.raises(FactsError, match="did you mean 'net_income'"):
        meta.value("net_incom", "2025")
    with pytest.raises(FactsError, match="no value in that period; received '2027'"):
        meta.value("revenue_total", "2027")
    with pytest.raises(UsageError, match="quarter, year"):
        meta.series("revenue_total", "month")  # type: ignore[arg-type]
    with pytest.raises(FactsError, match="no such tax depreciation table"):
        facts.macrs(20, project=Project(ROOT))


def test_facts_cannot_be_changed() -> None:
    meta = facts.reported("META", Project(ROOT))
    with pytest.raises(AttributeError):
        meta.value("revenue_total", "2024").value = 1.0  # type: ignore[misc]
    rows = facts.history("META", project=Project(ROOT))
    with pytest.raises(ValueError, match="read-only"):
        rows["reported_revenue"].values[0] = 1.0


def test_every_refusal_is_an_error_of_ours() -> None:
    assert issubclass(FactsError, JCurveError)
    assert FactsError("x").exit_status == 4


READINGS = "evidence/belief_readings.csv"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "advertising.compute_elasticity,Somebody,0.05,,,,R_HSTU_EPZ,evidence,why",
            "evidence: unknown evidence; received 'R_HSTU_EPZ'; did you mean 'R_HSTU_EPS'?",
        ),
        (
            "advertising.compute_elasticity,Somebody,0.05,0.06,0.07,,,judgement,why",
            "value: a value outside its own range; received 0.05; allowed: above 0, 0.06 to 0.07",
        ),
        (
            "advertising.compute_elasticity,Somebody,,,,,R_HSTU_EPS,evidence,why",
            "value: no value, and not one amount of evidence to take it from",
        ),
        (
            "product_revenue,Somebody,5000,,,,,judgement,why",
            "period: empty cell",
        ),
        ("elasticity,Somebody,0.05,,,,,judgement,why", "about: unknown belief"),
    ],
)
def test_a_reading_of_a_belief_that_says_nothing_is_refused(
    project: Project, line: str, said: str
) -> None:
    at = append(project, READINGS, line)
    message = refusal(lambda: belief_readings(project))
    assert message.startswith(f"data/{READINGS}:{at}, {said}")
