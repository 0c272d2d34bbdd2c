"""Simulation: the same bytes whatever runs it, known distributions, honest error bars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pytest

from jcurve.analysis import sampling
from jcurve.analysis.correlation import factor
from jcurve.analysis.draw_stores import MemoryStore
from jcurve.analysis.risk_measures import (
    CashRisk,
    estimate,
    expected_shortfall,
    risk,
    value_at_risk,
)
from jcurve.analysis.sampling import DrawRange, Plan, Sampler, level_for, units
from jcurve.analysis.simulation import plan_for, simulate
from jcurve.case import scenario
from tests.counts import count
from tests.support.analysis_cases import Array, assumption, columns_of, in_chunks, toy_plan

Rows = Mapping[str, Array]
Z = 1.6448536269514722


def drawn(plan: Plan, store: MemoryStore, name: str = "npv") -> list[Array]:
    return [store.column(name, each, 1 << plan.level) for each in range(plan.scrambles)]


def of_first(rows: Rows) -> Array:
    return np.asarray(rows["a"][0])


class TestUnits:
    @pytest.mark.parametrize("level", [0, 3, 7, 11, 12, 14])
    def test_make_up_every_scramble_once(self, level: int) -> None:
        for scramble in range(3):
            mine = [unit for unit in units(level, 3) if unit.scramble == scramble]
            assert [unit.start for unit in mine] == [
                sum(unit.count for unit in mine[:at]) for at in range(len(mine))
            ]
            assert sum(unit.count for unit in mine) == 1 << level

    def test_a_higher_level_adds_units_to_those_of_a_lower(self) -> None:
        lower = set(units(9, 2))
        assert lower | set(units(13, 2, above=9)) == set(units(13, 2))
        assert lower.isdisjoint(units(13, 2, above=9))

    @pytest.mark.parametrize(
        ("draws", "scrambles", "level"), [(1, 8, 0), (8, 8, 0), (9, 8, 1), (1_000_000, 8, 17)]
    )
    def test_draws_are_rounded_up(self, draws: int, scrambles: int, level: int) -> None:
        assert level_for(draws, scrambles) == level


class TestDraws:
    def test_are_a_function_of_seed_scramble_and_number_alone(self) -> None:
        items = [assumption(key, 0.0, 1.0, 3.0) for key in "abc"]
        plan = toy_plan(of_first, *items, level=12)
        forward = Sampler(plan)
        straight = {unit: forward.draws(unit) for unit in units(plan.level, plan.scrambles)}
        backward = Sampler(plan)
        for unit in reversed(list(units(plan.level, plan.scrambles))):
            again = backward.draws(unit)
            assert all(np.array_equal(again[key], straight[unit][key]) for key in "abc")

    def test_another_seed_or_scramble_is_another_draw(self) -> None:
        item = assumption("a", 0.0, 1.0, 3.0)
        one = Sampler(toy_plan(of_first, item, seed=1))
        two = Sampler(toy_plan(of_first, item, seed=2))
        unit = DrawRange(0, 0, 128)
        assert not np.array_equal(one.draws(unit)["a"], two.draws(unit)["a"])
        other = one.draws(DrawRange(1, 0, 128))["a"]
        assert not np.array_equal(one.draws(unit)["a"], other)

    def test_rank_correlation_is_what_was_asked_for_and_marginals_stay(self) -> None:
        items = [
            assumption("a", 0.0, 1.0, 3.0),
            assumption("b", 1.0, 2.0, 9.0, distribution="lognormal"),
            assumption("c", 0.0, 1.0, 2.0, distribution="uniform"),
        ]
        wanted = ((("a", "b"), 0.7), (("b", "c"), -0.4))
        plan = toy_plan(of_first, *items, level=13, correlations=wanted)
        for pair in Sampler(plan).achieved():
            assert pair.achieved == pytest.approx(pair.wanted, abs=0.02)
        free = toy_plan(of_first, *items, level=13)
        for key in "abc":
            one, two = (
                np.sort(
                    np.concatenate([Sampler(p).draws(u)[key] for u in units(p.level, p.scrambles)])
                )
                for p in (plan, free)
            )
            assert np.quantile(one, (0.1, 0.5, 0.9)) == pytest.approx(
                np.quantile(two, (0.1, 0.5, 0.9)), rel=5e-3
            )

    def test_perfect_correlation_is_one_draw(self) -> None:
        items = [assumption(key, 0.0, 1.0, 3.0) for key in "ab"]
        plan = toy_plan(of_first, *items, correlations=((("a", "b"), 1.0),))
        made = Sampler(plan).draws(DrawRange(0, 0, 128))
        assert made["a"] == pytest.approx(made["b"], rel=1e-9)

    def test_factor_of_a_singular_matrix(self) -> None:
        matrix = np.array([[1.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.5, 0.5, 1.0]])
        root = factor(matrix)
        assert root @ root.T == pytest.approx(matrix, abs=1e-12)


class TestSameBytes:
    @pytest.mark.parametrize("chunk", [1, 37, 768])
    def test_whatever_the_chunk(self, chunk: int) -> None:
        assert self.digest(chunk) == self.digest(2048)

    def test_the_model_itself_whatever_the_chunk(self) -> None:
        made = set()
        for chunk in (37, 768, 2048):
            plan = in_chunks(plan_for(scenario("base"), 256, seed=3, scrambles=1), chunk)
            store = MemoryStore()
            simulate(plan, store)
            total = sha256()
            for name in columns_of(plan):
                total.update(store.column(name, 0, 256).tobytes())
            made.add(total.hexdigest())
        assert len(made) == 1

    def digest(self, chunk: int) -> str:
        items = [assumption(key, 0.5, 1.0, 3.0) for key in "ab"]
        plan = toy_plan(lambda rows: np.exp(rows["a"][0]) / rows["b"][0], *items, chunk=chunk)
        store = MemoryStore()
        simulate(plan, store)
        return sha256(b"".join(part.tobytes() for part in drawn(plan, store))).hexdigest()


class TestKnownAnswers:
    def test_quantiles_of_a_lognormal_value_less_its_cost(self) -> None:
        """NPV is a log-normal present value less 100: its quantiles are known."""
        item = assumption("a", 50.0, 100.0, 200.0, distribution="lognormal", bounds=(0.0, 1e9))
        plan = toy_plan(lambda rows: rows["a"][0] - 100.0, item, level=11)
        store = MemoryStore()
        simulate(plan, store)
        (spread,) = risk(store, plan).spreads
        sd = math.log(4.0) / (2.0 * Z)
        mean = 100.0 * math.exp(sd * sd / 2.0) - 100.0
        assert spread.mean.value == pytest.approx(mean, abs=0.05)
        for at, expected in ((0, -50.0), (3, 0.0), (6, 100.0)):
            found = spread.quantiles[at]
            assert found.value == pytest.approx(expected, abs=0.5)
        assert spread.below_zero.value == pytest.approx(0.5, abs=1e-3)
        # No bin holds values of both signs, so the picture agrees with the share.
        below = spread.shares[spread.edges[1:] <= 0].sum()
        assert below == pytest.approx(spread.below_zero.value, rel=1e-12)
        assert spread.shares.sum() == pytest.approx(1.0, rel=1e-12)
        (losses,) = risk(store, plan).losses
        assert losses.value_at_risk.value == pytest.approx(50.0, abs=0.5)
        from scipy.special import ndtr

        tail = 100.0 * math.exp(sd * sd / 2.0) * float(ndtr(-Z - sd)) / 0.05
        assert losses.expected_shortfall.value == pytest.approx(100.0 - tail, rel=0.01)

    def test_moments_of_a_pert(self) -> None:
        item = assumption("a", 2.0, 3.0, 10.0)
        plan = toy_plan(of_first, item, level=11)
        store = MemoryStore()
        simulate(plan, store)
        (spread,) = risk(store, plan).spreads
        assert spread.mean.value == pytest.approx(4.0, abs=1e-4)
        assert spread.sd.value == pytest.approx(math.sqrt(12.0 / 7.0), rel=1e-3)

    def test_more_of_a_good_is_never_worse(self) -> None:
        low = assumption("a", 0.0, 1.0, 2.0)
        high = assumption("a", 1.0, 2.0, 3.0)
        found = []
        for item in (low, high):
            plan = toy_plan(of_first, item, seed=4)
            store = MemoryStore()
            simulate(plan, store)
            found.append(risk(store, plan).spreads[0])
        assert all(
            a.value < b.value for a, b in zip(found[0].quantiles, found[1].quantiles, strict=True)
        )

    def test_no_doubt_left_is_no_risk(self) -> None:
        item = assumption("a", 1.0 - 1e-9, 1.0, 1.0 + 1e-9)
        plan = toy_plan(of_first, item)
        store = MemoryStore()
        simulate(plan, store)
        (spread,) = risk(store, plan).spreads
        assert spread.sd.value < 1e-9
        assert spread.mean.value == pytest.approx(1.0, abs=1e-9)


class TestErrorBars:
    def test_cover_the_truth_as_often_as_stated(self) -> None:
        items = [assumption(key, 0.0, 1.0, 4.0) for key in "abcd"]
        truth = 4.0 * (0.0 + 4.0 + 4.0) / 6.0
        runs = count("error_bar_runs")

        def total(rows: Rows) -> Array:
            return np.asarray(sum(rows[key][0] for key in "abcd"))

        inside = 0
        for seed in range(runs):
            plan = toy_plan(total, *items, level=4, seed=seed)
            store = MemoryStore()
            simulate(plan, store)
            mean = estimate([float(part.mean()) for part in drawn(plan, store)])
            assert mean.error is not None
            inside += abs(mean.value - truth) <= mean.error
        band = 4.0 * math.sqrt(0.05 * 0.95 / runs)
        assert inside / runs == pytest.approx(0.95, abs=band)

    def test_sobol_points_need_fewer_draws_than_random_ones(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        items = [assumption(key, 0.0, 1.0, 4.0) for key in "abcd"]
        errors = {}

        def random(width: int, seed: int, scramble: int) -> SimpleNamespace:
            made = np.random.default_rng([seed, scramble])
            return SimpleNamespace(random=lambda count: made.random((count, width)))

        for points in ("sobol", "random"):
            if points == "random":
                monkeypatch.setattr(sampling, "sobol", random)
            plan = toy_plan(
                lambda rows: sum(rows[key][0] for key in "abcd"),  # type: ignore[arg-type]
                *items, level=9,
            )  # fmt: skip
            store = MemoryStore()
            simulate(plan, store)
            errors[points] = estimate([float(part.mean()) for part in drawn(plan, store)]).error
        assert errors["sobol"] * 5.0 < errors["random"]

    def test_one_scramble_has_none(self) -> None:
        assert estimate([3.0]).error is None


class TestStopRule:
    def test_ends_when_the_mean_is_known_and_its_draws_are_those_of_a_plain_run(self) -> None:
        item = assumption("a", 0.0, 1.0, 4.0)
        plan = toy_plan(of_first, item, level=14)
        store = MemoryStore()
        run = simulate(plan, store, until=1e-3)
        assert run.stopped == "precise"
        assert run.note.startswith(f"{run.plan.draws:,} of {plan.draws:,} draws were precise")
        assert run.plan.level < 14
        assert run.precision is not None
        assert run.precision.error is not None
        assert run.precision.error <= 1e-3
        plain = MemoryStore()
        simulate(run.plan, plain)
        for one, two in zip(drawn(run.plan, store), drawn(run.plan, plain), strict=True):
            assert np.array_equal(one, two)

    def test_out_of_reach_uses_every_draw(self) -> None:
        plan = toy_plan(of_first, assumption("a", 0.0, 1.0, 4.0), level=8)
        assert simulate(plan, MemoryStore(), until=1e-15).stopped == "draws"


class TestResume:
    def test_goes_on_after_an_interrupt_and_gives_the_same_bytes(self) -> None:
        plan = toy_plan(of_first, assumption("a", 0.0, 1.0, 4.0), level=12)
        whole, broken = MemoryStore(), MemoryStore()
        simulate(plan, whole)

        def stop(message: str) -> None:
            if message.startswith("draw 8,192"):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            simulate(plan, broken, progress=stop)
        run = simulate(plan, broken, resume=True)
        assert run.reused == 8192
        for one, two in zip(drawn(plan, whole), drawn(plan, broken), strict=True):
            assert np.array_equal(one, two)


class TestLosses:
    def test_tail_of_whole_and_part_draws(self) -> None:
        values = np.arange(1.0, 101.0)
        assert value_at_risk(values, 0.95) == pytest.approx(-5.95)
        assert expected_shortfall(values, 0.95) == pytest.approx(-3.0)
        assert expected_shortfall(values, 0.955) == pytest.approx(-(10.0 + 0.5 * 5.0) / 4.5)

    def test_cash_beyond_a_limit(self) -> None:
        item = assumption("a", -4.0, 0.0, 4.0, distribution="uniform")
        plan = toy_plan(of_first, item, level=10, outputs=("net_cash:lowest",))
        store = MemoryStore()
        simulate(plan, store)
        cash = risk(store, plan, net_debt_limit=2.0).cash
        assert isinstance(cash, CashRisk)
        assert cash.passed.value == pytest.approx(0.25, abs=2e-3)
        assert cash.shortfall.value == pytest.approx(0.25, abs=2e-3)
        assert cash.worst.value == pytest.approx(1.8, abs=1e-2)
