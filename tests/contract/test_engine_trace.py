"""A trace walks from a number to its leaves and says each thing once."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jcurve.engine.evaluate import evaluate
from jcurve.engine.model import RowKey
from jcurve.engine.trace import Leaf, Node, as_data, as_text, short_number, trace
from jcurve.ground.errors import UsageError
from tests.support.engine_models import TIMELINE, batch, small_model

MODEL = small_model()


def describe(name: str, at: str | None) -> Leaf:
    return Leaf(name, f"The {name}", "judgement", "SOURCE", low=1.0, high=2.0)


def traced(key: RowKey, at: str | None = None, **limits: int) -> Node:
    rows = batch(1)
    values = evaluate(MODEL, rows, TIMELINE)
    values.update({(name, ""): row for name, row in rows.items()})
    constants = {"has_programme": (1, 0, 1), "keeps_spending": (1, 0, 0)}
    for name, by_world in constants.items():
        for world, value in zip(("with", "without", "stopped"), by_world, strict=True):
            values[name, world] = np.full((1, 1), float(value))
    for view, value in (("programme", 0.0), ("go_forward", 1.0)):
        values["is_go_forward", view] = np.full((1, 1), value)
    return trace(MODEL, values, TIMELINE, key, at, describe=describe, **limits)


class TestTree:
    def test_reaches_every_leaf_that_the_row_rests_on(self) -> None:
        found = {node.row for node in traced(("income_to_date", "programme")).walk()}
        assert {"reported_revenue", "growth", "plan", "mix.big", "delay"} <= found
        assert "opening_cash" not in found

    def test_opens_a_row_once(self) -> None:
        nodes = traced(("cash", "with"), "2026Q1").walk()
        opened = [node.row for node in nodes if node.children]
        assert len(opened) == len(set(opened))
        for node in nodes:
            if node.elsewhere:
                assert node.row in opened
                assert not node.children

    def test_values_are_those_of_the_date(self) -> None:
        quarter = traced(("income", "with"), "2026Q3")
        rows = batch(1)
        made = evaluate(MODEL, rows, TIMELINE)
        at = TIMELINE.index("2026Q3")
        assert quarter.value == made["income", "with"][at, 0]
        year = traced(("income", "with"), "2026")
        assert year.value == pytest.approx(made["income", "with"][8:12, 0].sum())
        assert {node.at for node in year.walk()} == {"2026", ""}

    def test_a_fact_not_yet_reported_has_no_value(self) -> None:
        (fact,) = [
            node
            for node in traced(("revenue", ""), "2027Q1").walk()
            if node.row == "reported_revenue"
        ]
        assert fact.value is None

    def test_a_whole_timeline_says_what_its_value_is(self) -> None:
        root = traced(("income_to_date", "programme"))
        (child,) = root.children
        assert root.at == ""
        assert child.at == "sum 2024Q1 to 2027Q4"
        assert child.value == pytest.approx(root.value)

    def test_a_difference_shows_both_worlds(self) -> None:
        root = traced(("income", "programme"), "2026Q1")
        assert root.formula == "income@with - income@without"
        assert [child.row for child in root.children] == ["income@with", "income@without"]
        first, second = (child.value for child in root.children)
        assert first is not None
        assert second is not None
        assert root.value == first - second

    def test_time_inside_a_formula_is_marked(self) -> None:
        assert traced(("charge.big", "with"), "2026Q1").through == ("lag",)
        assert traced(("cash", "with"), "2026Q1").through == ("scan",)

    def test_limits_say_what_they_leave_out(self) -> None:
        root = traced(("income", "with"), "2026Q1", depth=1)
        assert max(len(child.children) for child in root.children) == 0
        assert all(child.omitted for child in root.children)
        assert len(traced(("cash", "with"), "2026Q1", size=12).walk()) <= 12

    def test_outside_the_horizon(self) -> None:
        with pytest.raises(UsageError) as caught:
            traced(("income", "with"), "2031")
        assert str(caught.value) == (
            "year outside the horizon; received '2031'; allowed: 2024 to 2027"
        )


class TestText:
    def test_is_aligned_and_says_what_each_number_is(self) -> None:
        lines = as_text(traced(("margin", "with"), "2026Q1", depth=1)).splitlines()
        assert lines[0].startswith("margin@with")
        assert lines[0].endswith("Income per dollar of revenue.")
        assert lines[1].startswith("  income@with")
        assert len({line.index("2026Q1") for line in lines}) == 1
        assert "precedents not shown" in lines[1]

    def test_a_leaf_shows_range_kind_and_source(self) -> None:
        text = as_text(traced(("revenue", ""), "2026Q1"))
        assert "The growth; range 1 to 2; judgement; SOURCE" in text

    def test_data_is_json(self) -> None:
        data = as_data(traced(("margin", "with"), "2026Q1"))
        assert json.loads(json.dumps(data, allow_nan=False)) == data
        assert data["formula"] == "ratio(income@with, revenue)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (137_512.3, "137,500"),
        (-137_512.3, "-137,500"),
        (0.084614, "0.08461"),
        (12.3456, "12.35"),
        (999.96, "1,000"),
        (0.1, "0.1"),
        (1.5e-7, "1.500e-07"),
    ],
)
def test_four_significant_digits(value: float | None, text: str) -> None:
    assert short_number(value) == text


def test_dates_are_quarters() -> None:
    assert short_number(9.0, "date", TIMELINE) == "2026Q2"
    assert short_number(99.0, "date", TIMELINE) == "after the horizon"
    assert short_number(-1.0, "date", TIMELINE) == "before the timeline"
