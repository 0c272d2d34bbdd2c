"""Calendar quarters: labels, order, days and fiscal years."""

from __future__ import annotations

import datetime
import pickle

import pytest

from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import FIRST_QUARTER, LAST_QUARTER, QUARTER_COUNT, Quarter


@pytest.mark.parametrize("label", ["", "2026", "2026Q0", "2026Q5", "Q3 2026", "2026Q3 ", "２026Q3"])
def test_another_form_is_refused(label: str) -> None:
    with pytest.raises(UsageError, match="not a quarter; received"):
        Quarter(label)


def test_the_horizon_is_whole_years() -> None:
    assert (FIRST_QUARTER, LAST_QUARTER) == ("2012Q1", "2040Q4")
    assert len(FIRST_QUARTER.through(LAST_QUARTER)) == QUARTER_COUNT == 116
    assert LAST_QUARTER.through(FIRST_QUARTER) == ()


@pytest.mark.parametrize("steps", range(-9, 10))
def test_steps_and_distances_are_inverse(steps: int) -> None:
    then = Quarter("2026Q3").plus(steps)
    assert then - "2026Q3" == steps
    assert Quarter.at(then - FIRST_QUARTER + 0.4) == then
    assert (then > "2026Q3") == (steps > 0)
    assert then.year + then.number / 4 == then.end


def test_days_and_times() -> None:
    assert Quarter("2024Q1").last_day == datetime.date(2024, 3, 31)
    assert Quarter("2025Q4").last_day == datetime.date(2025, 12, 31)
    assert {Quarter.on(f"2026-{month:02d}") for month in (7, 8, 9)} == {"2026Q3"}
    assert Quarter.in_time(2026.74) == Quarter.on("2026-07-01") == "2026Q3"


def test_a_fiscal_year_is_named_for_the_year_it_ends_in() -> None:
    assert Quarter.of_fiscal_year("2026") == Quarter("2026Q1").through("2026Q4")
    assert Quarter.of_fiscal_year("2026", 6) == Quarter("2025Q3").through("2026Q2")


def test_it_is_its_label() -> None:
    quarter = Quarter("2026Q3")
    assert {"2026Q3": 1}[quarter] == 1
    assert pickle.loads(pickle.dumps(quarter)) == quarter
