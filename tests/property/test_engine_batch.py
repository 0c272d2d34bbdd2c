"""A batch is its scenarios, pruning changes nothing, and worlds differ by what differs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcurve.engine.evaluate import annual, evaluate, needed, needs
from jcurve.engine.model import VIEWS, WORLDS, RowKey
from jcurve.ground.errors import ModelError
from tests.counts import count
from tests.support.engine_models import TIMELINE, batch, inputs, small_model

EXAMPLES = settings(max_examples=count("property_examples"), deadline=None)
MODEL = small_model()
ASSUMPTIONS = ("growth", "plan", "mix.big", "mix.small", "delay", "opening_cash")


def column(rows: dict[str, np.ndarray], at: int) -> dict[str, np.ndarray]:
    return {n: r[:, at : at + 1] if r.shape[1] > 1 else r for n, r in rows.items()}


class TestBatch:
    @EXAMPLES
    @given(st.integers(0, 10_000), st.integers(2, 5))
    def test_equals_its_scenarios_one_by_one(self, seed: int, width: int) -> None:
        rows = batch(width, seed)
        together = evaluate(MODEL, rows, TIMELINE)
        for at in range(width):
            alone = evaluate(MODEL, column(rows, at), TIMELINE)
            for key, row in alone.items():
                found = together[key]
                found = found[:, at : at + 1] if found.shape[1] > 1 else found
                assert np.array_equal(found, row), key

    @EXAMPLES
    @given(st.integers(0, 10_000), st.sets(st.sampled_from(MODEL.order), min_size=1))
    def test_pruning_equals_the_whole(self, seed: int, keys: set[RowKey]) -> None:
        rows = batch(3, seed)
        whole = evaluate(MODEL, rows, TIMELINE)
        pruned = evaluate(MODEL, rows, TIMELINE, sorted(keys))
        assert set(pruned) == keys
        assert all(np.array_equal(pruned[key], whole[key]) for key in keys)

    def test_a_row_that_does_not_vary_is_one_wide(self) -> None:
        rows = inputs(7, varied=("plan",))
        made = evaluate(MODEL, rows, TIMELINE)
        alone = [evaluate(MODEL, column(rows, at), TIMELINE) for at in range(7)]
        widths = set()
        for key, row in made.items():
            varies = any(not np.array_equal(each[key], alone[0][key]) for each in alone)
            widths.add((("plan", "") in needed(MODEL, [key]), varies))
            assert row.shape[1] == (7 if varies else 1), key
        assert (False, True) not in widths
        assert {(True, True), (False, False)} <= widths

    def test_a_result_is_one_high_and_a_line_as_high_as_the_timeline(self) -> None:
        for key, row in evaluate(MODEL, batch(2), TIMELINE).items():
            is_result = MODEL.outputs[key[0]].kind.value == "result"
            assert row.shape[0] == (1 if is_result else len(TIMELINE)), key

    def test_inputs_are_left_alone(self) -> None:
        rows = batch(3)
        for row in rows.values():
            row.flags.writeable = False
        evaluate(MODEL, rows, TIMELINE)

    def test_rows_are_freed_after_their_last_use(self) -> None:
        wanted = [("income_to_date", "programme")]
        evaluate(MODEL, batch(2), TIMELINE, wanted)
        (plan,) = [steps for keys, steps in MODEL.memo.items() if keys == tuple(wanted)]
        freed = [key for step in plan for key in step.frees]
        made = {key for step in plan for key in step.keys}
        assert set(freed) == made - set(wanted)
        assert len(freed) == len(set(freed))


class TestWorlds:
    def test_no_difference_is_exactly_none(self) -> None:
        rows = batch(4)
        rows["plan"] = np.zeros((1, 1))
        keys = [(name, view) for name in sorted(MODEL.worldly) for view in VIEWS]
        viewed = [(n, v) for n in ("incremental_income", "income_to_date") for v in VIEWS]
        for key, row in evaluate(MODEL, rows, TIMELINE, [*keys, *viewed]).items():
            assert not row.any(), key

    def test_a_difference_is_with_less_the_other_world(self) -> None:
        rows = batch(4)
        made = evaluate(MODEL, rows, TIMELINE)
        for view, world in VIEWS.items():
            ((key, row),) = evaluate(MODEL, rows, TIMELINE, [("income", view)]).items()
            expected = made["income", "with"] - made["income", world]
            assert np.array_equal(row, expected)
            assert np.array_equal(row, made["incremental_income", view]), key

    def test_rows_that_no_world_changes_are_shared(self) -> None:
        assert MODEL.tags("revenue") == ("",)
        assert MODEL.tags("income") == WORLDS
        assert MODEL.tags("incremental_income") == tuple(VIEWS)

    def test_a_reference_reads_the_world_it_names(self) -> None:
        made = evaluate(MODEL, batch(2), TIMELINE)
        expected = made["margin", "without"] - made["margin", "stopped"]
        assert np.array_equal(made["margin_lost", "stopped"], expected)

    def test_base_is_the_world_that_a_view_subtracts(self) -> None:
        made = evaluate(MODEL, batch(2), TIMELINE)
        for view, world in VIEWS.items():
            expected = made["income", world].sum(axis=0)
            np.testing.assert_allclose(made["base_income_to_date", view][0], expected)


class TestAnnual:
    def test_follows_from_the_kind(self) -> None:
        made = {**evaluate(MODEL, batch(2), TIMELINE)}
        made.update({(n, ""): row for n, row in batch(2).items()})
        years = len(TIMELINE.years)
        income = made["income", "with"].reshape(years, 4, 2)
        revenue = made["revenue", ""].reshape(years, 4, 2)
        cash = made["cash", "with"].reshape(years, 4, 2)
        late = made["late_margin", "with"].reshape(years, 4, 2)

        def year(name: str, tag: str) -> np.ndarray:
            return annual(MODEL, made, (name, tag))

        np.testing.assert_allclose(year("income", "with"), income.sum(axis=1))
        np.testing.assert_array_equal(year("cash", "with"), cash[:, -1])
        np.testing.assert_allclose(year("margin", "with"), income.sum(axis=1) / revenue.sum(axis=1))
        np.testing.assert_allclose(year("late_margin", "with"), late.mean(axis=1))
        np.testing.assert_array_equal(year("forecast", ""), [[0], [1], [1], [1]])
        np.testing.assert_array_equal(
            year("margin", "programme"), year("margin", "with") - year("margin", "without")
        )
        np.testing.assert_array_equal(
            year("income_to_date", "programme"), made["income_to_date", "programme"]
        )

    def test_a_flow_partly_reported_has_no_reported_year(self) -> None:
        made = {**evaluate(MODEL, batch(1), TIMELINE)}
        made.update({(n, ""): row for n, row in batch(1).items()})
        reported = annual(MODEL, made, ("reported_revenue", ""))[:, 0]
        assert reported[0] == 406.0
        assert np.isnan(reported[1:]).all()

    def test_an_assumption_is_its_years_value_to_the_last_digit(self) -> None:
        rows = batch(1)
        rows["plan"] = np.repeat(np.array([[0.1], [0.7], [1e9 / 3], [0.0]]), 4, axis=0)
        values = {(n, ""): row for n, row in rows.items()}
        found = annual(MODEL, values, ("plan", ""))
        assert np.array_equal(found, rows["plan"][::4])

    @pytest.mark.parametrize("name", ["margin", "margin_lost", "late_margin", "cash"])
    def test_needs_names_what_must_be_there(self, name: str) -> None:
        wanted = needs(MODEL, (name, "with"))
        rows = batch(2)
        made = evaluate(MODEL, rows, TIMELINE, sorted(wanted))
        whole = evaluate(MODEL, rows, TIMELINE)
        assert np.array_equal(
            annual(MODEL, made, (name, "with")), annual(MODEL, whole, (name, "with"))
        )


class TestErrors:
    def refused(self, rows: dict[str, np.ndarray], *wanted: RowKey) -> str:
        with pytest.raises(ModelError) as caught:
            evaluate(MODEL, rows, TIMELINE, wanted or None)
        return str(caught.value)

    def test_a_missing_input(self) -> None:
        rows = batch(1)
        del rows["plan"]
        assert self.refused(rows) == "an input is missing; received 'plan'"

    def test_a_wrong_shape(self) -> None:
        rows = batch(1)
        rows["plan"] = np.zeros((3, 1))
        assert self.refused(rows) == (
            "input plan has a wrong shape; received (3, 1); allowed: (16 or 1, scenarios or 1)"
        )

    def test_a_mistake_inside_a_line_names_the_row(self) -> None:
        rows = batch(1)
        rows["delay"] = np.array([[-1.0]])
        assert self.refused(rows, ("charge.big", "with")) == (
            "charge.big@with: a lag is negative; received -1.0; allowed: 0 or more"
        )

    def test_arithmetic_that_has_no_answer_names_the_row(self) -> None:
        rows = batch(1)
        rows["plan"] = np.full((1, 1), 1e308)
        rows["mix.big"] = np.full((1, 1), 1e308)
        assert self.refused(rows, ("spending.big", "with")) == (
            "spending.big@with: overflow encountered in multiply"
        )
