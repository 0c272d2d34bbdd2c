"""Sobol indices and Shapley effects beside their closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from jcurve.analysis.distributions import normal, uniform
from jcurve.analysis.variance import importance
from jcurve.ground.errors import AnswerError, UsageError
from tests.counts import count
from tests.support.analysis_cases import Array

Draws = Mapping[str, Array]
NORMALS = [(name, normal(0.0, 1.0)) for name in "abc"]
ISHIGAMI = [(name, uniform(-math.pi, math.pi)) for name in "abc"]
UNITS = [(name, uniform(0.0, 1.0)) for name in "abcd"]


def asked(function: Callable[[Draws], Array]) -> Callable[[Draws], dict[str, Array]]:
    return lambda draws: {"y": np.asarray(function(draws))}


def ishigami(x: Draws) -> Array:
    return np.asarray(np.sin(x["a"]) * (1.0 + 0.1 * x["c"] ** 4) + 7.0 * np.sin(x["b"]) ** 2)


def g_function(x: Draws) -> Array:
    made = np.ones(1)
    for name, a in zip("abcd", (0.0, 1.0, 4.5, 9.0), strict=True):
        made = made * (np.abs(4.0 * x[name] - 2.0) + a) / (1.0 + a)
    return made


def linear(x: Draws) -> Array:
    return np.asarray(3.0 * x["a"] + 2.0 * x["b"] + x["c"])


def shares_of_two_correlated(rho: float) -> list[float]:
    """Shapley effects of :func:`linear` where a and b have the normal correlation ``rho`` and c
    stands by itself: Owen and Prieur (2017), section 4."""
    b1, b2 = 3.0, 2.0
    variance = b1 * b1 + b2 * b2 + 2.0 * rho * b1 * b2 + 1.0
    both = rho * rho / 2.0
    one = (b1 * b1 * (1.0 - both) + rho * b1 * b2 + b2 * b2 * both) / variance
    two = (b2 * b2 * (1.0 - both) + rho * b1 * b2 + b1 * b1 * both) / variance
    return [one, two, 1.0 / variance]


class TestSobol:
    def test_ishigami(self) -> None:
        found = importance("sobol", asked(ishigami), "y", ISHIGAMI, level=11)
        first = [part.first.value for part in found.parts if part.first]
        total = [part.total.value for part in found.parts if part.total]
        assert first == pytest.approx([0.313905, 0.442411, 0.0], abs=0.01)
        assert total == pytest.approx([0.557589, 0.442411, 0.243684], abs=0.01)
        assert found.sd.value == pytest.approx(math.sqrt(13.844587940719256), rel=0.01)

    def test_g_function(self) -> None:
        v = [1.0 / 3.0 / (1.0 + a) ** 2 for a in (0.0, 1.0, 4.5, 9.0)]
        whole = math.prod(1.0 + each for each in v) - 1.0
        found = importance("sobol", asked(g_function), "y", UNITS, level=11)
        for part, own in zip(found.parts, v, strict=True):
            assert part.first is not None
            assert part.total is not None
            rest = (whole + 1.0) / (1.0 + own)
            assert part.first.value == pytest.approx(own / whole, abs=0.01)
            assert part.total.value == pytest.approx(own * rest / whole, abs=0.01)

    def test_groups_of_an_additive_function_add_up(self) -> None:
        groups = {"ab": ["a", "b"], "c": ["c"]}
        found = importance("sobol", asked(linear), "y", NORMALS, groups, level=10)
        for part, share in zip(found.parts, (13.0 / 14.0, 1.0 / 14.0), strict=True):
            assert part.first is not None
            assert part.total is not None
            assert part.first.value == pytest.approx(share, abs=0.01)
            assert part.total.value == pytest.approx(share, abs=0.01)

    def test_error_bars_cover_the_truth_as_often_as_stated(self) -> None:
        runs = count("error_bar_runs")
        truth = (9.0 / 14.0, 4.0 / 14.0, 1.0 / 14.0)
        inside = []
        for seed in range(runs):
            found = importance("sobol", asked(linear), "y", NORMALS, level=7, seed=seed)
            inside += [
                abs(part.total.value - share) <= (part.total.error or 0.0)
                for part, share in zip(found.parts, truth, strict=True)
                if part.total
            ]
        assert np.mean(inside) > 0.95 - 4.0 * math.sqrt(0.05 * 0.95 / runs)

    @pytest.mark.parametrize("rho", [-0.8, 0.5])
    def test_inputs_may_be_correlated_inside_a_group(self, rho: float) -> None:
        spearman = 6.0 / math.pi * math.asin(rho / 2.0)
        both = 13.0 + 12.0 * rho
        found = importance(
            "sobol",
            asked(linear),
            "y",
            NORMALS,
            {"ab": ["a", "b"], "c": ["c"]},
            correlations={("a", "b"): spearman},
            level=11,
        )
        for part, share in zip(found.parts, (both, 1.0), strict=True):
            assert part.first is not None
            assert part.total is not None
            assert part.first.value == pytest.approx(share / (both + 1.0), abs=0.01)
            assert part.total.value == pytest.approx(share / (both + 1.0), abs=0.01)
        assert found.sd.value == pytest.approx(math.sqrt(both + 1.0), rel=0.01)

    def test_correlated_groups_are_refused_with_the_reason(self) -> None:
        with pytest.raises(UsageError, match=r"independent groups.*overlaps.*Shapley effects"):
            importance("sobol", asked(linear), "y", NORMALS, correlations={("a", "b"): 0.5})


class TestShapley:
    def test_linear_independent_is_the_variance_shares(self) -> None:
        found = importance("shapley", asked(linear), "y", NORMALS, level=11)
        effects = [part.effect.value for part in found.parts if part.effect]
        assert effects == pytest.approx([9.0 / 14.0, 4.0 / 14.0, 1.0 / 14.0], abs=0.01)

    @pytest.mark.parametrize("rho", [-0.8, 0.5, 0.95])
    def test_linear_with_two_correlated_inputs(self, rho: float) -> None:
        spearman = 6.0 / math.pi * math.asin(rho / 2.0)
        found = importance(
            "shapley", asked(linear), "y", NORMALS, correlations={("a", "b"): spearman}, level=12
        )
        effects = [part.effect.value for part in found.parts if part.effect]
        assert effects == pytest.approx(shares_of_two_correlated(rho), abs=0.015)
        assert math.fsum(effects) == pytest.approx(1.0, abs=1e-9)

    @pytest.mark.parametrize("rho", [0.0, 0.7])
    def test_error_bars_cover_the_truth_as_often_as_stated(self, rho: float) -> None:
        runs = count("error_bar_runs")
        wanted = {("a", "b"): 6.0 / math.pi * math.asin(rho / 2.0)} if rho else None
        truth = shares_of_two_correlated(rho)
        inside = []
        for seed in range(runs):
            found = importance(
                "shapley", asked(linear), "y", NORMALS, correlations=wanted, level=6, seed=seed
            )
            inside.append(
                [
                    abs(part.effect.value - share) <= (part.effect.error or 0.0)
                    for part, share in zip(found.parts, truth, strict=True)
                    if part.effect
                ]
            )
        band = 4.0 * math.sqrt(0.05 * 0.95 / runs)
        assert np.mean(inside, axis=0) == pytest.approx([0.95] * 3, abs=band)

    def test_an_input_that_another_fixes_has_its_share(self) -> None:
        found = importance(
            "shapley",
            asked(lambda x: x["a"] + 0.0 * x["b"]),
            "y",
            NORMALS[:2],
            correlations={("a", "b"): 1.0},
            level=10,
        )
        effects = [part.effect.value for part in found.parts if part.effect]
        assert effects == pytest.approx([0.5, 0.5], abs=0.01)

    def test_too_many_groups_are_refused(self) -> None:
        many = [(f"x{at}", normal(0.0, 1.0)) for at in range(9)]
        with pytest.raises(UsageError, match="8 at most"):
            importance("shapley", asked(linear), "y", many)


class TestRefusals:
    def test_an_output_without_an_answer(self) -> None:
        with pytest.raises(AnswerError, match=r"no answer in 50\.\d%"):
            importance(
                "sobol", asked(lambda x: np.where(x["a"] > 0.0, x["a"], np.nan)), "y", NORMALS
            )

    def test_an_output_that_does_not_vary(self) -> None:
        with pytest.raises(AnswerError, match="does not vary"):
            importance("sobol", asked(lambda x: 0.0 * x["a"] + 1.0), "y", NORMALS)
