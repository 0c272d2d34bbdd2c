"""Many cases: from a table, from steps, and their headline results as one table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

import jcurve
from jcurve.analysis.case_table import case_table
from jcurve.assumptions.cases import Case, read_cases, sweeps
from jcurve.commands import main
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.project import find_project
from jcurve_runs.plan.request import Request
from jcurve_runs.publishing.batch import every
from tests.conftest import RecordFigure
from tests.counts import count

PROJECT = find_project()
TABLE = """\
name,scenario,returns.wacc,capex.total
cheap money,,8 percent,
late,bear,,1 year later
"plan, less a tenth",,,-10 percent from 2027
"""


def table(tmp_path: Path, text: str = TABLE) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(text, encoding="utf-8")
    return path


class TestTable:
    def test_a_row_each(self, tmp_path: Path) -> None:
        cheap, late, less = read_cases(table(tmp_path))
        assert cheap == Case("cheap money", "base", {"returns.wacc": "8 percent"}, "cases.csv:2")
        assert (late.scenario, late.overrides) == ("bear", {"capex.total": "1 year later"})
        assert less.name == "plan, less a tenth"

    def test_as_spreadsheets_save_it(self, tmp_path: Path) -> None:
        """With a mark before the first letter, semicolons, an empty line at the end."""
        path = tmp_path / "cases.csv"
        path.write_bytes("\ufeffname;returns.wacc\r\na;0.08\r\n;\r\n".encode())
        assert [(each.name, each.overrides) for each in read_cases(path)] == [
            ("a", {"returns.wacc": "0.08"})
        ]

    def test_on_several_scenarios(self, tmp_path: Path) -> None:
        found = read_cases(table(tmp_path), ["base", "bull"])
        assert [(each.name, each.scenario) for each in found] == [
            ("cheap money, base", "base"),
            ("cheap money, bull", "bull"),
            ("late", "bear"),
            ("plan, less a tenth, base", "base"),
            ("plan, less a tenth, bull", "bull"),
        ]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("nam,returns.wacc\na,0.08\n", "without names.*columns name, scenario"),
            ("name,returns.wacc\n", "no cases"),
            ("name,returns.wacc,returns.wacc\na,1,2\n", "given twice"),
            ("name,returns.wacc\na,8,5\n", "cases.csv:2: a row of another length"),
            ("name,returns.wacc\n,0.08\n", "cases.csv:2: a case without a name"),
            ("name,returns.wacc\na,0.08\na,0.09\n", r"cases.csv:3: two cases of one name"),
            (
                "name,returns.wacc\na,0.08\nb,0.08\n",
                r"say the same; received 'a \(cases.csv:2\), b",
            ),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, text: str, told: str) -> None:
        with pytest.raises(UsageError, match=told):
            read_cases(table(tmp_path, text))
        with pytest.raises(UsageError, match=r"cannot be read \(no such file or directory\)"):
            read_cases(tmp_path / "none.csv")


class TestSteps:
    def test_from_first_to_last(self) -> None:
        found = sweeps(["returns.wacc=0.07:0.12:11"])
        assert [each.overrides["returns.wacc"] for each in found][:3] == ["0.07", "0.075", "0.08"]
        assert (len(found), found[-1].name) == (11, "returns.wacc=0.12")

    def test_anything_around_them_and_every_combination(self) -> None:
        found = sweeps(
            ["capex.total=x 0.8:1.2:3 from 2027", "returns.wacc=8:9:2 percent"], ["base", "bear"]
        )
        assert len(found) == 12
        assert found[-1].overrides == {
            "capex.total": "x 1.2 from 2027",
            "returns.wacc": "9 percent",
        }
        assert found[-1].name == "bear, capex.total=x 1.2 from 2027, returns.wacc=9 percent"

    @pytest.mark.parametrize(
        ("text", "error", "told"),
        [
            ("returns.wacc=0.07", UsageError, "no steps.*KEY=FIRST:LAST:COUNT"),
            ("returns.wacc=0.07:0.12:1", UsageError, "no steps"),
            ("returns.wacc", ScenarioError, "KEY=VALUE"),
            ("returns.wacc=0:1:99999", UsageError, "too many cases"),
        ],
    )
    def test_what_is_refused(self, text: str, error: type[Exception], told: str) -> None:
        with pytest.raises(error, match=told):
            sweeps([text], ["base", "bear"])


class TestResults:
    def test_are_those_of_each_scenario_alone(self, record_figure: RecordFigure) -> None:
        """To the last digit, and with the same hash."""
        size = count("table_cases")
        cases = sweeps([f"returns.wacc=0.07:0.12:{size}", "capex.total=x 0.8:1.2:2 from 2027"])
        found = case_table(cases, PROJECT)
        assert len(found["case"]) == 2 * size
        for at in (0, size, 2 * size - 1):
            alone = jcurve.evaluate(jcurve.scenario("base", cases[at].overrides))
            figures = alone.headlines()
            assert found["hash"][at] == alone.scenario.short_hash
            assert found["npv (USD m)"][at] == figures["programme"]["npv"]["value"]
            assert found["irr.go_forward (per year)"][at] == figures["go_forward"]["irr"]["value"]
            assert (
                found["trough_quarter (date)"][at]
                == figures["programme"]["trough_quarter"]["value"]
            )
        record_figure("cases whose results are those of each alone", 2 * size)

    def test_one_that_is_refused_fails_alone(self, tmp_path: Path) -> None:
        text = "name,scenario,returns.wacc\ngood,,0.08\nodd,,80\nnone,bearish,\n"
        found = case_table(read_cases(table(tmp_path, text)), PROJECT)
        assert found["problem"][0] == ""
        assert "cases.csv:3 returns.wacc: out of bounds" in found["problem"][1]
        assert "unknown scenario" in found["problem"][2]
        assert [each is None for each in found["npv (USD m)"]] == [False, True, True]

    def test_from_the_command_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = str(table(tmp_path))
        for kind in ("csv", "parquet"):
            made = tmp_path / f"found.{kind}"
            assert main(["batch", "--cases", path, "--table", str(made)]) == 0
            assert capsys.readouterr().out == f"{made}: 3 cases\n"
        rows = list(csv.DictReader(io.StringIO((tmp_path / "found.csv").read_text())))
        frame = pd.read_parquet(tmp_path / "found.parquet")
        assert [row["case"] for row in rows] == frame["case"].tolist()
        assert float(rows[1]["npv (USD m)"]) == frame["npv (USD m)"][1]
        assert main(["batch", "--cases", path, "--table", "found.txt"]) == 2
        assert main(["batch", "--cases", path, "--sweep", "returns.wacc=0:1:2"]) == 2
        assert "either a table of cases or steps" in capsys.readouterr().err
        assert main(["batch", "--sweep", "returns.wacc=0.08:0.09:2", "--table",
                     str(tmp_path / "x.csv"), "--json"]) == 0  # fmt: skip
        assert json.loads(capsys.readouterr().out)["cases"] == 2
        one_of_two = [
            "batch",
            "--sweep",
            "returns.wacc=0.4:0.5:2",
            "--table",
            str(tmp_path / "x.csv"),
        ]
        assert main(one_of_two) == 11
        assert "out of bounds" in capsys.readouterr().err


def test_a_request_for_each_report_and_case() -> None:
    """What all share stands under what a case sets; a case keeps its name."""
    like = Request(overrides={"returns.wacc": 0.1, "demand.agents": 2})
    (one, two) = every(["a", "b"], [Case("x", "bear", {"returns.wacc": "0.08"})], like)
    assert (one.title, one.scenario, two.report) == ("a x", "bear", "b")
    assert one.overrides == {"returns.wacc": "0.08", "demand.agents": 2}
    assert len(every(["a"], ["base", "base"], like)) == 1
