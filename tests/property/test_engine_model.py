"""The assembled model, line by line: whatever lines it has, these hold for each."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import jcurve
from jcurve.case import Case, batch_inputs
from jcurve.engine.evaluate import annual, evaluate
from jcurve.engine.line import Kind
from jcurve.engine.model import (
    SHARED,
    SYSTEM_INPUTS,
    VIEW_INPUTS,
    VIEWS,
    WORLD_INPUTS,
    Instance,
    RowKey,
    spell,
)
from jcurve.engine.symbol import Symbol, nodes_of

_WIDTH = 5
_FIXED_UNITS = ("date", "switch", "choice")
_MIXES = ("mix", "phasing")


@pytest.fixture(scope="module")
def case() -> Case:
    return jcurve.evaluate("base")


@pytest.fixture(scope="module")
def varied(case: Case) -> dict[str, np.ndarray]:
    """Every continuous assumption within a per mille of its value."""
    random = np.random.default_rng(1)
    model = case.assembly.model
    return {
        key: row * random.uniform(0.999, 1.001, (1, _WIDTH))
        for key, row in case.assumption_rows.items()
        if key in case.assembly.names
        and model.unit(case.assembly.names[key]).name not in _FIXED_UNITS
        and not any(part in _MIXES or part.endswith("_mix") for part in key.split("."))
    }


def results(case: Case) -> list[RowKey]:
    model = case.assembly.model
    found = [name for name, output in model.outputs.items() if output.kind is Kind.RESULT]
    return [(name, tag) for name in found for tag in model.tags(name)]


def names_in(formulas: tuple[Symbol | float, ...]) -> set[str]:
    return {str(node.args[0]).partition("@")[0] for node in nodes_of(formulas) if node.op == "row"}


class TestLines:
    def test_every_argument_takes_part_in_the_formula(self, case: Case) -> None:
        model = case.assembly.model
        unused: list[str] = []
        for instance in model.instances:
            row = instance.rows[0]
            read = names_in(model.symbols(row, model.tags(row)[0]))
            unused += [
                f"{row}({argument})"
                for argument, binding in instance.bindings.items()
                if read.isdisjoint(binding.rows.values())
            ]
        assert unused == []

    def test_every_line_says_what_it_is(self, case: Case) -> None:
        for name, output in case.assembly.model.outputs.items():
            assert output.definition.endswith((".", "?")), name

    def test_every_formula_holds_in_every_world(self, case: Case) -> None:
        model = case.assembly.model
        for row in model.outputs:
            for tag in model.tags(row):
                formula = model.formula(row, tag)
                assert isinstance(formula, Symbol), spell((row, tag))

    def test_every_rate_has_a_year(self, case: Case) -> None:
        model = case.assembly.model
        memo: dict[RowKey, np.ndarray] = {}
        for row, tag in model.order:
            year = annual(model, case.values, (row, tag), memo)
            quarters = case.values[row, tag]
            if not np.isnan(quarters).any():
                assert np.isfinite(year).all(), spell((row, tag))

    def test_lines_are_defined_in_the_module_that_lists_them(self, case: Case) -> None:
        def home(instance: Instance) -> str:
            return str(inspect.getmodule(instance.line.function).__name__)  # type: ignore[union-attr]

        assert all(home(i).startswith("jcurve.lines.") for i in case.assembly.model.instances)


class TestBatches:
    def test_a_scenario_is_the_same_alone_and_in_a_batch(
        self, case: Case, varied: dict[str, np.ndarray]
    ) -> None:
        model, timeline = case.assembly.model, case.assembly.timeline
        together = evaluate(model, batch_inputs(case, varied), timeline)
        for at in range(_WIDTH):
            column = {key: row[:, at : at + 1] for key, row in varied.items()}
            alone = evaluate(model, batch_inputs(case, column), timeline)
            for key, row in alone.items():
                found = together[key]
                found = found[:, at : at + 1] if found.shape[1] > 1 else found
                assert np.array_equal(found, row, equal_nan=True), spell(key)

    def test_pruning_to_the_results_equals_the_whole(
        self, case: Case, varied: dict[str, np.ndarray]
    ) -> None:
        model, timeline = case.assembly.model, case.assembly.timeline
        inputs = batch_inputs(case, varied)
        whole = evaluate(model, inputs, timeline)
        for key, row in evaluate(model, inputs, timeline, results(case)).items():
            assert np.array_equal(row, whole[key], equal_nan=True), spell(key)

    def test_what_no_assumption_moves_stays_one_wide(self, case: Case) -> None:
        model, timeline = case.assembly.model, case.assembly.timeline
        key = "returns.wacc"
        same = np.repeat(case.assumption_rows[key], _WIDTH, axis=1)
        made = evaluate(model, batch_inputs(case, {key: same}), timeline)
        assert made["npv", "programme"].shape[1] == 1
        wide = same * np.linspace(0.9, 1.1, _WIDTH)
        made = evaluate(model, batch_inputs(case, {key: wide}), timeline)
        assert made["reported_accelerator_capex", ""].shape[1] == 1
        assert made["npv", "programme"].shape[1] == _WIDTH

    def test_asked_by_name(self, case: Case, varied: dict[str, np.ndarray]) -> None:
        found = jcurve.evaluate_batch(varied, ["npv", "npv.go_forward", "capex@without"])
        assert found["npv"].shape == (_WIDTH,)
        assert found["capex@without"].shape == (len(case.assembly.timeline), _WIDTH)


class TestViews:
    def test_no_programme_leaves_every_difference_exactly_zero(self) -> None:
        case = jcurve.evaluate(jcurve.scenario("base", {"programme.enabled": 0}))
        model = case.assembly.model
        # Rates and dates may still say what a world would do; what happens is flow and stock.
        for name in model.worldly:
            if model.outputs[name].kind in (Kind.FLOW, Kind.STOCK):
                assert not case.row(name, "programme").any(), name
        assert case["npv"] == 0.0

    def test_a_difference_of_identical_worlds_is_zero_in_every_frame(self, case: Case) -> None:
        before = case.assembly.timeline.index(case.valuation_date)
        for name in ("capex", "advertising", "operating_income"):
            assert not case.row(name, "go_forward")[: before + 1].any(), name


class TestTraces:
    def test_reach_leaves_that_say_where_they_come_from(self, case: Case) -> None:
        model = case.assembly.model
        unnamed: set[str] = set()
        for node in case.trace("npv").walk():
            name, _, _ = node.row.partition("@")
            if name in model.outputs:
                assert node.children or node.elsewhere, node.row
                continue
            assert name in {*model.inputs, *SYSTEM_INPUTS, *WORLD_INPUTS, *VIEW_INPUTS}
            if name in model.inputs and (node.leaf is None or not node.leaf.kind):
                unnamed.add(name)
        assert unnamed == set()

    def test_of_a_quarter_sum_up_to_what_the_case_says(self, case: Case) -> None:
        node = case.trace("capex", at="2027Q4", world="without")
        at = case.assembly.timeline.index("2027Q4")
        assert node.value == case.row("capex", "without")[at]


class TestHeadlines:
    def test_have_a_unit_or_a_reason(self, case: Case) -> None:
        for view, figures in case.headlines().items():
            assert {
                "npv", "irr", "payback", "discounted_payback", "trough_amount",
                "trough_quarter", "terminal_share_of_npv",
            } <= set(figures), view  # fmt: skip
            for name, figure in figures.items():
                key = "reason" if figure["value"] is None else "unit"
                assert figure[key], (view, name)

    def test_agree_with_the_case(self, case: Case) -> None:
        for view, figures in case.headlines().items():
            assert figures["npv"]["value"] == case[f"npv.{view}"]

    def test_every_identity_holds(self, case: Case) -> None:
        failing = [check for check in case.checks() if not check.holds]
        assert failing == []


def test_shared_rows_have_one_tag(case: Case) -> None:
    model = case.assembly.model
    for row in model.outputs:
        tags = model.tags(row)
        assert tags == (SHARED,) or len(tags) == len(set(tags)) >= len(VIEWS)
