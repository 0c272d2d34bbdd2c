"""Published and closed-form statistics: PERT, rank correlation, persistence, Sobol indices."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import betaincinv, ndtri

from jcurve.analysis.correlation import achieved
from jcurve.analysis.distributions import (
    beta_quantile,
    lognormal,
    normal,
    pert,
    pert_shapes,
    triangular,
    uniform,
)
from jcurve.analysis.draw_stores import MemoryStore
from jcurve.analysis.simulation import simulate
from jcurve.analysis.variance import Importance, importance
from jcurve.assumptions.paths import Path as Dated
from tests.support.analysis_cases import Array, assumption, toy_plan

POINTS = (np.arange(1 << 18) + 0.5) / (1 << 18)


@cache
def cases() -> dict[str, dict[str, Any]]:
    text = (Path(__file__).parent / "reference_cases.json").read_text(encoding="utf-8")
    return {case["id"]: case for case in json.loads(text)["cases"]}


def iman_conover(columns: Array, target: Array) -> Array:
    """Columns reordered to about the wanted rank correlations, each with its own values.

    The textbook method, for comparison; the simulation uses a copula, which keeps Sobol
    points even.

    Args:
        columns: (scenarios, columns).
        target: rank correlations, (columns, columns), positive definite.

    Source: Iman and Conover (1982), with van der Waerden scores.
    """
    count, width = columns.shape
    scores = ndtri(np.arange(1, count + 1) / (count + 1))
    scores = scores / math.sqrt(float(np.mean(scores**2)))
    order = np.argsort(columns, axis=0, kind="stable")
    ranks = np.argsort(order, axis=0, kind="stable")
    made = scores[ranks]
    own = made.T @ made / count
    made = made @ np.linalg.inv(np.linalg.cholesky(own)).T @ np.linalg.cholesky(target).T
    wanted = np.argsort(np.argsort(made, axis=0, kind="stable"), axis=0, kind="stable")
    return np.take_along_axis(np.sort(columns, axis=0), wanted, axis=0)[:, :width]


def moments(low: float, mode: float, high: float) -> tuple[float, float]:
    """Mean and variance: (low + 4 mode + high) / 6 and (mean - low)(high - mean) / 7.

    Source: Malcolm et al. (1959), with the exact beta variance.
    """
    mean = (low + 4.0 * mode + high) / 6.0
    return mean, (mean - low) * (high - mean) / 7.0


class TestPert:
    def test_published_moments(self) -> None:
        case = cases()["pert-moments"]
        given, expected = case["inputs"], case["expected"]
        ends = given["min"], given["mode"], given["max"]
        assert moments(*ends) == pytest.approx((expected["mean"], expected["variance"]), abs=1e-12)
        assert pert_shapes(*ends) == pytest.approx((expected["alpha"], expected["beta"]), abs=1e-12)

    @pytest.mark.parametrize("ends", [(2.0, 3.0, 10.0), (-1.0, 0.0, 1.0), (0.0, 0.0, 4.0)])
    def test_quantiles_have_those_moments(self, ends: tuple[float, float, float]) -> None:
        drawn = pert(*ends)(POINTS)
        mean, variance = moments(*ends)
        assert drawn.mean() == pytest.approx(mean, rel=1e-6, abs=1e-6)
        assert drawn.var() == pytest.approx(variance, rel=1e-4)
        assert ends[0] <= drawn.min()
        assert drawn.max() <= ends[2]


class TestQuantiles:
    def test_triangular_median_and_mean(self) -> None:
        drawn = triangular(0.0, 1.0, 3.0)(POINTS)
        assert drawn.mean() == pytest.approx(4.0 / 3.0, rel=1e-6)
        assert np.median(drawn) == pytest.approx(3.0 - math.sqrt(3.0), rel=1e-5)

    def test_uniform(self) -> None:
        assert uniform(2.0, 4.0)(np.array([0.25])) == pytest.approx(2.5)

    def test_normal_cut_at_a_bound_has_no_heap_there(self) -> None:
        drawn = normal(0.0, 1.0, floor=0.0)(POINTS)
        assert drawn.min() > 0.0
        assert drawn.mean() == pytest.approx(math.sqrt(2.0 / math.pi), rel=1e-4)

    def test_lognormal_quantiles(self) -> None:
        made = lognormal(1.0, 0.5)(np.array([0.05, 0.5, 0.95]))
        z = 1.6448536269514722
        expected = np.exp(1.0 + 0.5 * np.array([-z, 0.0, z]))
        assert made == pytest.approx(expected, rel=1e-12)


class TestImanConover:
    def test_small_case(self) -> None:
        case = cases()["iman-conover-small"]
        given, expected = case["inputs"], case["expected"]
        second = np.sort(given["x2"])[given["column2_permutation"]]
        columns = np.column_stack([np.sort(given["x1"]), second])
        made = iman_conover(columns, np.array([[1.0, given["target"]], [given["target"], 1.0]]))
        made = made[np.argsort(made[:, 0])]
        assert made[:, 0] == pytest.approx(expected["x1_sorted"], abs=0)
        assert made[:, 1] == pytest.approx(expected["x2_reordered"], abs=0)
        pair = achieved({("a", "b"): 0.8}, {"a": made[:, 0], "b": made[:, 1]})[0]
        assert pair.achieved == pytest.approx(expected["spearman"], abs=1e-9)

    def test_large_case_keeps_marginals_and_reaches_the_target(self) -> None:
        case = cases()["iman-conover-large"]
        random = np.random.default_rng(5)
        n = case["inputs"]["n"]
        columns = np.column_stack(
            [
                random.lognormal(0.0, 1.0, n),
                random.random(n),
                triangular(0.0, 1.0, 3.0)(random.random(n)),
            ]
        )
        target = np.array(case["inputs"]["target"])
        made = iman_conover(columns, target)
        assert np.array_equal(np.sort(made, axis=0), np.sort(columns, axis=0))
        for i, j in ((0, 1), (0, 2), (1, 2)):
            pair = achieved({("a", "b"): target[i, j]}, {"a": made[:, i], "b": made[:, j]})[0]
            assert abs(pair.achieved - target[i, j]) <= case["expected"]["spearman_abs_error_max"]


def test_a_doubt_that_lasts_weighs_more_than_one_drawn_anew_each_year() -> None:
    """Ten years of 1 %: one draw for all has √10 times the spread of ten draws."""
    z = 1.6448536269514722

    def path(at: float) -> Dated:
        points = ((2020, 1.0), *((year, at) for year in range(2021, 2031)), (2031, 1.0))
        return Dated("year", "hold", points)

    item = assumption(
        "error", path(1.0 - 0.01 * z), path(1.0), path(1.0 + 0.01 * z), distribution="normal"
    )

    def total(rows: dict[str, Array]) -> Array:
        years = rows["error"][::4]
        return np.asarray(years[9:19].sum(axis=0))

    spread = {}
    for persistent in (True, False):
        plan = toy_plan(total, item, level=11, persistent=persistent)
        store = MemoryStore()
        simulate(plan, store)
        drawn = np.concatenate([store.column("npv", each, 2048) for each in range(8)])
        spread[persistent] = float(drawn.std())
    case = cases()["mc-persistence"]
    assert spread[True] / spread[False] == pytest.approx(
        case["expected"]["ratio_sd_of_sum_b_over_a"], rel=case["tolerance"]["rel"]
    )
    assert spread[True] == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize("a", [1.0, 1.0001, 1.5, 3.0, 4.9, 5.0])
def test_beta_quantiles_are_those_of_a_search(a: float) -> None:
    ends = np.array([2.0**-31, 1.0 - 2.0**-31, 1e-6, 1.0 - 1e-6])
    u = np.concatenate([POINTS[::64], ends])
    assert beta_quantile(a, 6.0 - a, u) == pytest.approx(betaincinv(a, 6.0 - a, u), abs=2e-11)


class TestSobolIndices:
    def test_ishigami_at_the_stated_number_of_points(self) -> None:
        case = cases()["sobol-ishigami-estimate"]
        columns = [(name, uniform(-math.pi, math.pi)) for name in "abc"]

        def ishigami(x: Mapping[str, Array]) -> dict[str, Array]:
            y = np.sin(x["a"]) * (1.0 + 0.1 * x["c"] ** 4) + 7.0 * np.sin(x["b"]) ** 2
            return {"y": np.asarray(y)}

        level = int(math.log2(case["inputs"]["n"] // 2))
        found = importance("sobol", ishigami, "y", columns, level=level, scrambles=2)
        self.agrees(found, case)

    def test_linear(self) -> None:
        case = cases()["sobol-linear"]
        columns = [(name, normal(0.0, 1.0)) for name in "abc"]
        level = int(math.log2(case["inputs"]["n"] // 2))
        found = importance(
            "sobol",
            lambda x: {"y": 3.0 * x["a"] + 2.0 * x["b"] + x["c"]},
            "y",
            columns,
            level=level,
            scrambles=2,
        )
        self.agrees(found, case)

    def agrees(self, found: Importance, case: dict[str, Any]) -> None:
        tolerance = case["tolerance"]["abs"]
        for at, part in enumerate(found.parts):
            assert part.first is not None
            assert part.total is not None
            assert part.first.value == pytest.approx(case["expected"]["S1"][at], abs=tolerance)
            assert part.total.value == pytest.approx(case["expected"]["ST"][at], abs=tolerance)
