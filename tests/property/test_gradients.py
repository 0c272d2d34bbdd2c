"""Derivatives against differences: of every operation, and of the model in every assumption."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import jcurve
from jcurve.assumptions import Path
from jcurve.case import Case, batch_inputs
from jcurve.commands import main
from jcurve.engine.derivative import VALUE, WayBack, without_facts
from jcurve.engine.evaluate import evaluate as by_numpy
from jcurve.engine.graph import Graph
from jcurve.engine.model import Model
from jcurve.engine.numerics import rows_by_numpy
from jcurve.evaluation.evaluator import evaluate as evaluate_rows
from jcurve.evaluation.evaluator import graph_of
from jcurve.evaluation.gradients import natural_step
from jcurve.ground.errors import AnswerError, ModelError, UsageError
from tests.support.operations import OPERATIONS, T, model_of, rows_for

FREE = frozenset("xyabq")


@pytest.mark.parametrize("op", OPERATIONS)
def test_each_operation(op: str) -> None:
    """A weighted sum of the line's quarters moves with each input value as its slope says."""
    model, rows = model_of(op), rows_for(op, 1)
    graph = Graph.of(model, {name for name, row in rows.items() if len(row) > 1})
    node = graph.rows["tried", ""]
    height = len(T) if graph.high[node] else 1

    def value(given: dict[str, np.ndarray], at: int) -> float:
        return float(by_numpy(model, given, T)["tried", ""][at, 0])

    for at in sorted({0, height // 2, height - 1}):
        way = WayBack.of(graph, node, FREE, without_facts(rows), len(T), at)
        found = way.gradient(rows_by_numpy(way.graph, rows, len(T)), len(T))
        compiled_alike(model, way, rows, len(T))
        assert found.value == pytest.approx(value(rows, at), rel=1e-12, nan_ok=True)
        if np.isnan(found.value):
            continue
        for name in FREE & set(found.slopes):
            for place in np.ndindex(rows[name].shape):
                if np.isnan(rows[name][place]):
                    continue
                h = 1e-6 * max(abs(rows[name][place]), 1e-2)
                ends = []
                for step in (h, -h):
                    moved = rows[name].copy()
                    moved[place] += step
                    ends.append(value({**rows, name: moved}, at))
                difference = (ends[0] - ends[1]) / (2.0 * h)
                assert found.slopes[name][place] == pytest.approx(
                    difference, rel=2e-5, abs=1e-6 * max(1.0, abs(found.value))
                ), (name, place, at)


def compiled_alike(model: Model, way: WayBack, rows: dict[str, np.ndarray], height: int) -> None:
    """Machine code of a way back gives the same derivatives."""
    if importlib.util.find_spec("llvmlite") is None:
        return
    from jcurve.engine.compile import compile_graph
    from jcurve.engine.kernel import Kernel

    keys = tuple(way.graph.rows)
    made = Kernel(model, compile_graph(way.graph, height)).evaluate(rows, keys)
    right = rows_by_numpy(way.graph, rows, height)
    assert made is not None or not np.isfinite(right[VALUE]).all()
    if made is not None and np.isfinite(right[VALUE]).all():
        for key in keys:
            size = max(1.0, float(np.abs(right[key]).max()))
            np.testing.assert_allclose(made[key], right[key], rtol=1e-9, atol=1e-9 * size)


def test_machine_code_of_the_models_derivatives() -> None:
    case = jcurve.evaluate("base")
    graph, height = graph_of(case.assembly, case.inputs), len(case.assembly.timeline)
    free, gaps = frozenset(case.assembly.names.values()), without_facts(case.inputs)
    way = WayBack.of(graph, graph.rows["npv", "programme"], free, gaps, height)
    compiled_alike(case.assembly.model, way, dict(case.inputs), height)


def one_sided(case: Case, output: tuple[str, str], key: str) -> tuple[float, float, float]:
    """Slopes up and down, and what rounding may add, of a whole row moved at once."""
    row = case.assumption_rows[key]
    h = 1e-5 * max(1e-3, float(np.abs(row).max()))

    def value(step: float) -> float:
        moved = {key: row + step}
        for mix in case.scenario.mixes:
            if key in mix.others:
                moved[mix.remainder] = case.assumption_rows[mix.remainder] - step
        rows = batch_inputs(case, moved)
        return float(evaluate_rows(case.assembly, rows, [output])[output][0, 0])

    here, rounding = value(0.0), 1e-13 * abs(value(0.0)) / h
    up = (value(h) - here) / h
    try:
        down = (here - value(-h)) / h
    except ModelError:  # a lag of nothing cannot be shorter
        down = up
    return up, down, rounding


@pytest.mark.parametrize("name", ["base", "bear", "bull"])
def test_every_assumption_of_a_scenario(name: str) -> None:
    case = jcurve.evaluate(name)
    found = case.gradient("npv")
    assert found.value == pytest.approx(case["npv"], rel=1e-12)
    tried = 0
    for slope in found.slopes.values():
        if slope.reason:
            assert slope.slope is None
            continue
        tried += 1
        up, down, rounding = one_sided(case, ("npv", "programme"), slope.key)
        low, high = min(up, down), max(up, down)
        assert slope.slope is not None
        slack = rounding + 5e-3 * max(abs(up), abs(slope.slope))
        assert low - slack <= slope.slope <= high + slack, slope.key
    assert tried > 100


def test_what_no_small_change_moves_says_why() -> None:
    case = jcurve.evaluate("base")
    found = case.gradient("npv")
    for item in case.scenario.items:
        if item.shape == "changes":
            continue
        slope = found[item.key]
        assert (slope.slope is None) == bool(slope.reason)
        if item.unit in ("date", "switch", "choice") or item.derived:
            assert slope.reason
        if isinstance(item.value, Path) and slope.slope is not None:
            assert sum(slope.periods.values()) == pytest.approx(slope.slope, rel=1e-9, abs=1e-9)
    assert found["valuation.date"].reason == "a date moves by whole quarters"


def test_a_year_of_a_path() -> None:
    case = jcurve.evaluate("base")
    found = case.gradient("npv")
    path = next(
        item
        for item in case.scenario.items
        if isinstance(item.value, Path) and item.value.by == "year" and found[item.key].slope
    )
    years = found[path.key].periods
    year = max(years, key=lambda each: abs(years[each]))
    at = 4 * case.assembly.timeline.year_index(year)
    row = np.repeat(case.assumption_rows[path.key], 2, axis=1)
    h = 1e-5 * float(np.abs(row).max())
    row[at : at + 4] += np.array([h, -h])
    up, down = jcurve.evaluate_batch({path.key: row}, ["npv"])["npv"]
    assert years[year] == pytest.approx((up - down) / (2.0 * h), rel=1e-3)


def test_other_numbers() -> None:
    case = jcurve.evaluate("base")
    go_forward = case.gradient("npv.go_forward")
    assert go_forward.value == pytest.approx(case["npv.go_forward"], rel=1e-12)
    line = case.gradient("capex@programme", at="2028Q2")
    assert line.value == pytest.approx(float(case["capex@programme"]["2028Q2"]), rel=1e-9)
    parts = [case.gradient(f"capex@{world}", at="2028Q2") for world in ("with", "without")]
    for key, slope in line.slopes.items():
        if slope.slope is not None:
            one, other = (part[key].slope or 0.0 for part in parts)
            assert slope.slope == pytest.approx(one - other, rel=1e-9, abs=1e-9), key


def test_natural_steps() -> None:
    case = jcurve.evaluate("base")
    assert natural_step(case.scenario["returns.wacc"]) == (0.01, "1 point")
    found = case.gradient("npv")["returns.wacc"]
    assert found.step == "1 point"
    assert found.effect == pytest.approx(0.01 * (found.slope or 0.0))
    largest = case.gradient("npv").ranked()
    sizes = [abs(each.effect or 0.0) for each in largest]
    assert sizes == sorted(sizes, reverse=True)


def test_refusals() -> None:
    case = jcurve.evaluate("base")
    with pytest.raises(UsageError, match="a result has one value"):
        case.gradient("capex")
    with pytest.raises(UsageError, match="a result has one value"):
        case.gradient("npv", at="2028Q2")
    with pytest.raises(UsageError, match=r"did you mean 'returns\.wacc'"):
        case.gradient("npv")["returns.wac"]
    if case["payback"] is None:
        with pytest.raises(AnswerError, match="no answer here"):
            case.gradient("payback")


def test_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", "--local", "--of", "npv.go_forward", "--top", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert "npv.go_forward changes by" in lines[1]
    assert main(["sensitivity", "--local", "--of", "capex"]) == 2
    assert "a line one a quarter" in capsys.readouterr().err
