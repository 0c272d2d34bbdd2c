"""A case answers by name, labels what it returns, and says why there is no answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jcurve.case import batch_inputs
from jcurve.ground.errors import ModelError, UsageError
from tests.support.engine_cases import small_case
from tests.support.engine_models import TIMELINE

CASE = small_case()


class TestAnswers:
    def test_a_result_is_a_number(self) -> None:
        programme = CASE["income_to_date"]
        assert isinstance(programme, float)
        assert programme == CASE["income_to_date.programme"]
        assert programme == pytest.approx(CASE.row("income", "programme").sum())
        assert CASE["income_to_date.go_forward"] != programme

    def test_a_line_is_a_labelled_series(self) -> None:
        series = CASE["income@without"]
        assert isinstance(series, pd.Series)
        assert series.name == "income@without"
        assert list(series.index) == list(TIMELINE.labels)
        assert series["2026Q3"] == CASE.row("income", "without")[TIMELINE.index("2026Q3")]

    def test_an_input_is_a_row_too(self) -> None:
        assert np.isnan(CASE.row("reported_revenue")[-1])
        assert len(set(CASE.row("mix.big"))) == 1
        assert len(CASE.row("mix.big")) == len(TIMELINE)

    def test_rows_cannot_be_written_to(self) -> None:
        with pytest.raises(ValueError, match="read-only"):
            CASE.row("income")[0] = 0.0

    def test_a_shared_row_has_no_difference(self) -> None:
        assert not CASE.row("revenue", "programme").any()
        assert not CASE.year("revenue", "go_forward").any()


class TestFrames:
    def test_hold_lines_side_by_side_with_units(self) -> None:
        frame = CASE.frame(["income", "charge", "margin@without"], by="year")
        assert list(frame.columns) == ["income", "charge.big", "charge.small", "margin@without"]
        assert list(frame.index) == [2024, 2025, 2026, 2027]
        assert frame.attrs["units"]["charge.big"] == "USD m"
        assert frame.attrs["units"]["margin@without"] == "share"
        assert frame.loc[2026, "income"] == pytest.approx(CASE.row("income")[8:12].sum())

    def test_of_a_view_hold_differences(self) -> None:
        frame = CASE.frame(["income", "incremental_income", "revenue"], world="go_forward")
        expected = CASE.row("income", "with") - CASE.row("income", "stopped")
        assert frame["income"].tolist() == expected.tolist()
        assert frame["incremental_income"].tolist() == expected.tolist()
        assert not frame["revenue"].any()

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (
                {"lines": "income", "by": "month"},
                "unknown period; received 'month'; allowed: quarter, year",
            ),
            (
                {"lines": "income_to_date"},
                "a result has one value, not a row; received 'income_to_date'; "
                'allowed: jcurve show, case["income_to_date"]',
            ),
            ({"lines": ["incme"]}, "unknown line; received 'incme'; did you mean 'income'?"),
        ],
    )
    def test_refuse(self, call: dict[str, object], message: str) -> None:
        with pytest.raises(UsageError) as caught:
            CASE.frame(**call)  # type: ignore[arg-type]
        assert str(caught.value) == message


class TestChecks:
    def test_hold_in_every_world(self) -> None:
        checks = CASE.checks()
        assert [check.row for check in checks] == [
            "check_book_value@with", "check_book_value@without", "check_book_value@stopped",
        ]  # fmt: skip
        assert all(check.holds for check in checks)
        assert checks[0].scale > 1.0


class TestBatches:
    def test_take_the_rest_from_the_case(self) -> None:
        inputs = batch_inputs(CASE, {"plan": np.ones((1, 3))})
        assert inputs["plan"].shape == (1, 3)
        assert inputs["growth"] is CASE.inputs["growth"]

    def test_refuse_an_unknown_key(self) -> None:
        with pytest.raises(UsageError) as caught:
            batch_inputs(CASE, {"plam": np.ones((1, 3))})
        assert str(caught.value) == (
            "no such assumption in the model; received 'plam'; did you mean 'plan'?"
        )

    def test_refuse_rows_of_two_widths(self) -> None:
        with pytest.raises(UsageError) as caught:
            batch_inputs(CASE, {"plan": np.ones((1, 3)), "delay": np.ones((1, 2))})
        assert str(caught.value) == (
            "rows of a batch differ in width; received 'plan: 3, delay: 2'; "
            "allowed: one number of scenarios, or 1"
        )


class TestTrace:
    def test_starts_where_the_name_says(self) -> None:
        assert CASE.trace("income_to_date.go_forward").row == "income_to_date@go_forward"
        assert CASE.trace("income", at="2026Q1", world="without").row == "income@without"


def test_a_value_without_an_answer_in_the_model_is_an_error_of_the_model() -> None:
    case = small_case(delay=np.array([[-1.0]]))
    with pytest.raises(ModelError, match="a lag is negative"):
        case.row("income")
