"""``jcurve lines``: any line of the model, printed or as a file, equal to the case's own rows."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

import jcurve
from jcurve.commands import main

NAMES = ["capex", "free_cash_flow"]


@pytest.fixture(scope="module")
def case() -> jcurve.Case:
    return jcurve.evaluate("bear")


def frame(case: jcurve.Case) -> pd.DataFrame:
    return case.frame(NAMES, by="year", world="without")


def call(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["lines", *NAMES, "-s", "bear", "--by", "year", "--world", "without", *words]) == 0
    return capsys.readouterr().out


def test_years_are_numbers(case: jcurve.Case) -> None:
    made = frame(case)
    assert made.loc[2027:2028].shape == (2, 2)
    assert made.index.is_monotonic_increasing


def test_printed(case: jcurve.Case, capsys: pytest.CaptureFixture[str]) -> None:
    head, *rows = call(capsys).splitlines()
    assert head.split("  ")[0] == "year"
    assert "capex (USD m)" in head
    year, capex, *_ = next(row for row in rows if row.startswith("2027")).split()
    assert year == "2027"
    assert float(capex.replace(",", "")) == pytest.approx(frame(case).capex[2027], rel=1e-5)


def test_csv_and_json(case: jcurve.Case, capsys: pytest.CaptureFixture[str]) -> None:
    """Digit for digit."""
    right = frame(case)
    table = pd.read_csv(io.StringIO(call(capsys, "--csv")), index_col=0)
    assert list(table.columns) == [f"{name} (USD m)" for name in NAMES]
    assert (table.to_numpy() == right.to_numpy()).all()
    answer = json.loads(call(capsys, "--json"))
    assert answer["units"] == dict.fromkeys(NAMES, "USD m")
    assert answer["year"] == list(right.index)
    assert answer["lines"]["capex"] == list(right.capex)


def test_files(case: jcurve.Case, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    right = frame(case).to_numpy()
    told = call(capsys, "--xlsx", str(tmp_path / "a.xlsx"), "--parquet", str(tmp_path / "a.pq"))
    assert told.splitlines() == [str(tmp_path / "a.xlsx"), str(tmp_path / "a.pq")]
    assert (pd.read_parquet(tmp_path / "a.pq").to_numpy() == right).all()
    book = pd.read_excel(tmp_path / "a.xlsx", index_col=0)
    assert book.to_numpy() == pytest.approx(right, rel=1e-14)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pq", "a.xlsx"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no line is named"),
        (["cpex"], "did you mean 'capex'"),
        (["npv"], "a result has one value, not a row"),
        (["capex", "--world", "wiht"], "did you mean 'with'"),
        (["capex", "--by", "month"], "quarter"),
        (["capex", "--xlsx", "nowhere/a.xlsx"], "nowhere"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lines", *words]) in (2, 7)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
