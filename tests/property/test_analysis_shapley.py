"""Shapley values: sums, symmetry, dummies, orders; pairs; sampled orders beside exact ones."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from jcurve.analysis import shapley
from jcurve.analysis.question import Mask
from tests.counts import count


def game(members: int, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).normal(0.0, 1e5, 1 << members)


def by_orders(values: np.ndarray, members: int) -> np.ndarray:  # type: ignore[type-arg]
    """The definition: the mean over every order of what each adds at its turn."""
    total = np.zeros(members)
    for order in itertools.permutations(range(members)):
        have = 0
        for member in order:
            total[member] += values[have | 1 << member] - values[have]
            have |= 1 << member
    return total / math.factorial(members)


class TestExact:
    @pytest.mark.parametrize("members", [1, 2, 3, 5, 6])
    def test_is_the_mean_over_every_order(self, members: int) -> None:
        values = game(members, members)
        assert shapley.exact(values, members) == pytest.approx(by_orders(values, members), abs=1e-8)

    @pytest.mark.parametrize("members", [1, 4, 12])
    def test_sums_to_the_whole(self, members: int) -> None:
        values = game(members, members)
        total = math.fsum(shapley.exact(values, members))
        assert total == pytest.approx(values[-1] - values[0], abs=1e-9)

    def test_who_adds_nothing_gets_nothing_and_equals_get_the_same(self) -> None:
        masks = shapley.subsets(4).astype(float)
        values = 3.0 * masks[:, 0] * masks[:, 1] + masks[:, 2]
        assert shapley.exact(values, 4) == pytest.approx([1.5, 1.5, 1.0, 0.0], abs=1e-14)

    def test_pairs_and_each_alone_sum_to_the_whole(self) -> None:
        values = game(6, 3)
        alone = values[1 << np.arange(6)] - values[0]
        total = math.fsum(alone) + math.fsum(shapley.interactions(values, 6).ravel())
        assert total == pytest.approx(values[-1] - values[0], abs=1e-8)

    def test_a_pair_that_only_works_together(self) -> None:
        masks = shapley.subsets(3).astype(float)
        pairs = shapley.interactions(5.0 * masks[:, 0] * masks[:, 2], 3)
        assert pairs[0, 2] == pytest.approx(5.0)
        assert abs(pairs).sum() == pytest.approx(5.0)


class TestSampled:
    def worth(self, masks: Mask) -> np.ndarray:  # type: ignore[type-arg]
        x = masks.astype(float) * (1.0 + np.arange(masks.shape[1]))
        whole = x.sum(axis=1)
        # An order and its reverse give a game of pairs exactly: three must meet for an error.
        return np.asarray(whole + 0.05 * whole**2 + 0.01 * whole**3 + x[:, 0] * x[:, 1])

    def test_sums_to_the_whole_whatever_the_orders(self) -> None:
        found = shapley.sampled(self.worth, 15, 4, seed=1)
        ends = self.worth(np.array([[False] * 15, [True] * 15]))
        assert math.fsum(found.amounts) == pytest.approx(ends[1] - ends[0], abs=1e-9)

    def test_error_bars_cover_the_exact_values_as_often_as_stated(self) -> None:
        exact = shapley.exact(self.worth(shapley.subsets(8)), 8)
        runs = count("error_bar_runs")
        inside = [
            np.abs(each.amounts - exact) <= each.errors + 1e-9
            for each in (shapley.sampled(self.worth, 8, 64, seed) for seed in range(runs))
        ]
        # Errors within one run hang together, so the band is that of the runs alone.
        band = 4.0 * math.sqrt(0.05 * 0.95 / runs)
        assert np.mean(inside) == pytest.approx(0.95, abs=band)
