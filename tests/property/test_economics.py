"""The economics decide the answer, so signs, limits, the margin and the optimum are tests.

Figures are go-forward NPV in USD bn unless a test says otherwise.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

import jcurve
from jcurve.assumptions.batch import batch
from jcurve.lines.allocation import allocate
from tests.conftest import RecordFigure
from tests.counts import count
from tests.support.draws import sample_uniform

Array = NDArray[np.float64]

CASES = ("base", "bear", "bull")
SCALES = np.linspace(0.0, 1.5, 16)
GO = "npv.go_forward"
BN = 1e3
PAPERS, STATED, HISTORY = 0.03, 0.06, 0.16
"""Readings of the elasticity of advertising to ranking compute, beside the base's own."""


@cache
def scenario(name: str) -> jcurve.Scenario:
    return jcurve.scenario(name)


def evaluate(name: str, rows: dict[str, Array], wanted: str = GO) -> Array:
    """A result over the columns of ``rows``, in USD bn."""
    found = jcurve.evaluate_batch(rows, [wanted], scenario(name))[wanted]
    return np.asarray(found) / BN


def over(name: str, moved: dict[str, float]) -> Array:
    """Net present value against scale."""
    rows = {"programme.scale": SCALES[None, :]}
    rows |= {key: np.full((1, len(SCALES)), value) for key, value in moved.items()}
    return evaluate(name, rows)


def dip(curve: Array) -> float:
    """By how much a curve falls before its peak or rises after it."""
    top = int(curve.argmax())
    up, down = curve[: top + 1], curve[top:][::-1]
    falls = [np.maximum.accumulate(side) - side for side in (up, down)]
    return float(max(side.max() for side in falls))


def best(curve: Array) -> float:
    """The scale of the peak, refined by a parabola through its neighbours."""
    top = int(curve.argmax())
    if top in (0, len(curve) - 1):
        return float(SCALES[top])
    low, mid, high = curve[top - 1 : top + 2]
    return float(SCALES[top] + (SCALES[1] - SCALES[0]) * (low - high) / (low - 2 * mid + high) / 2)


@cache
def ends(name: str) -> dict[str, tuple[float, float, float]]:
    """Of each driver: at low, as it is, at high."""
    base = scenario(name)
    items = [item for item in base.items if item.has_range and not item.derived]
    position = {item.key: (-1.0, 0.0, 1.0) for item in items}
    for item in items:
        if np.size(item.row()) == 1:
            spots = (item.lows(), item.row(), item.highs())
            position[item.key] = tuple(float(np.ravel(spot)[0]) for spot in spots)
    width = 2 * len(items) + 1
    draws = {item.key: np.full(width, position[item.key][1]) for item in items}
    for at, item in enumerate(items):
        draws[item.key][2 * at], draws[item.key][2 * at + 1] = (
            position[item.key][0],
            position[item.key][2],
        )
    found = evaluate(name, batch(base, draws))
    middle = float(found[-1])
    return {
        item.key: (float(found[2 * at]), middle, float(found[2 * at + 1]))
        for at, item in enumerate(items)
    }


class TestScale:
    """Net present value against the scale of the decision."""

    @pytest.mark.parametrize("name", CASES)
    def test_is_single_peaked_to_a_billion(self, name: str, record_figure: RecordFigure):
        for elasticity in (PAPERS, STATED, 0.08, HISTORY):
            curve = over(name, {"advertising.compute_elasticity": elasticity})
            assert dip(curve) <= 1.0
            record_figure(
                f"best size, {name}, elasticity {elasticity:g}", round(best(curve), 2), "x the plan"
            )

    @pytest.mark.parametrize("name", CASES)
    def test_is_continuous(self, name: str):
        curve = over(name, {})
        finer = np.linspace(0.0, 1.5, 61)
        fine = evaluate(name, {"programme.scale": finer[None, :]})
        steps = np.abs(np.diff(fine)).max()
        assert steps < np.abs(np.diff(curve)).max()

    def test_is_single_peaked_in_nine_of_ten_random_worlds(self):
        size = count("random_curves")
        base = scenario("base")
        drawn = sample_uniform(base, size, np.random.default_rng(20261130))
        rows = {
            key: np.repeat(row, len(SCALES), axis=1) if row.shape[1] > 1 else row
            for key, row in batch(base, drawn).items()
        }
        rows["programme.scale"] = np.tile(SCALES, size)[None, :]
        curves = evaluate("base", rows).reshape(size, len(SCALES))
        single = np.array([dip(curve) <= 1.0 for curve in curves])
        assert single.mean() >= 0.9

    @pytest.mark.parametrize("name", CASES)
    def test_best_size_rises_with_what_compute_earns(self, name: str):
        by_elasticity = [
            best(over(name, {"advertising.compute_elasticity": value}))
            for value in (0.02, 0.06, 0.1, 0.16, 0.24)
        ]
        products = ("demand.agents", "demand.assistant", "demand.other")
        by_demand = [best(over(name, dict.fromkeys(products, value))) for value in (0.5, 1, 2, 4)]
        assert by_elasticity == sorted(by_elasticity)
        assert by_demand == sorted(by_demand)
        assert by_elasticity[-1] > by_elasticity[0]
        assert by_demand[-1] > by_demand[0]

    def test_best_size_rises_with_training_where_it_is_near_the_plan(self):
        products = dict.fromkeys(("demand.agents", "demand.assistant", "demand.other"), 4.0)
        sizes = [
            best(over("base", products | {"products.training_elasticity": value}))
            for value in (0.3, 0.5, 0.7)
        ]
        assert 0.7 < sizes[1] < 1.5
        assert sizes == sorted(sizes)

    @pytest.mark.parametrize("name", CASES)
    def test_none_of_the_plan_is_the_stopped_world_but_for_people(self, name: str):
        case = jcurve.evaluate(jcurve.scenario(name, {"programme.scale": 0}))
        for line in (
            "revenue",
            "capex",
            "compute_in_service",
            "ebitda",
            "depreciation_and_amortisation",
        ):
            with_, stopped = case.row(line, "with"), case.row(line, "stopped")
            people = case.row("talent_cost", "with") - case.row("talent_cost", "stopped")
            gap = with_ - stopped + (people if line == "ebitda" else 0)
            assert np.abs(gap).max() <= 1e-9 * np.abs(with_).max()
        assert (case.row("talent_cost", "with") >= case.row("talent_cost", "stopped")).all()


class TestSigns:
    """What each driver does to the decision, at both ends of its range."""

    PLUS = (
        "advertising.compute_elasticity", "advertising.excess_kept", "market.growth",
        "market.growth_far", "advertising.contribution", "demand.agents", "demand.assistant",
        "demand.other", "products.training_elasticity", "rent.over_cost",
        "leasing.depth_share", "capex.servers_share",
    )  # fmt: skip

    @pytest.mark.parametrize("name", CASES)
    def test_what_compute_earns_or_buys_raises_value(self, name: str):
        for key in self.PLUS:
            low, middle, high = ends(name)[key]
            assert low <= middle <= high, key

    @pytest.mark.parametrize("name", CASES)
    def test_people_lower_value(self, name: str):
        low, middle, high = ends(name)["talent.yearly_cost"]
        assert low >= middle >= high

    @pytest.mark.parametrize("name", CASES)
    def test_less_compute_to_serve_a_dollar_raises_value(self, name: str):
        """A cheaper start and a lower floor leave more of product revenue; a faster fall too."""
        for key in ("products.compute_cost", "products.compute_cost_floor"):
            low, middle, high = ends(name)[key]
            assert low >= middle >= high, key
        low, middle, high = ends(name)["products.compute_cost_fall"]
        assert low <= middle <= high

    @pytest.mark.parametrize("name", CASES)
    def test_money_has_the_sign_of_what_it_discounts(self, name: str):
        """A lower cost of capital and more growth beyond the horizon enlarge what lies beyond it:
        worth more where that is positive, and less where it is not."""
        case = jcurve.evaluate(scenario(name))
        beyond = case["terminal_value.go_forward"]
        low, middle, high = ends(name)["returns.terminal_growth"]
        assert np.sign(high - middle) == np.sign(beyond) == np.sign(middle - low)

    @pytest.mark.parametrize("name", CASES)
    def test_the_size_of_the_plan_follows_the_margin(self, name: str):
        """More of what earns less than it costs at the margin lowers value, and the reverse."""
        curve = over(name, {})
        marginal = curve[11] - curve[9]  # about a scale of 1
        low, _, high = ends(name)["capex.total"]
        assert np.sign(high - low) == np.sign(marginal)

    def test_every_driver_moves_value(self):
        """By 5 bn between its ends; the accounting life moves earnings instead."""
        name = "base"
        drivers = (
            *self.PLUS, "capex.total", "fleet.share", "fleet.years", "compute.list_price",
            "life.physical.accelerators", "capex.property_per_revenue",
            "capex.property_depreciation", "capex.maintenance", "advertising.excess_years",
            "compute.training_share", "demand.growth_far", "products.compute_cost_fall",
            "talent.yearly_cost", "programme.committed_share", "sector.spending_growth",
            "returns.wacc", "returns.terminal_growth", "capex.machine_servers_share",
        )  # fmt: skip
        for key in drivers:
            assert max(ends(name)[key]) - min(ends(name)[key]) >= 5.0, key


class TestLimits:
    """What must hold whatever the values."""

    @pytest.mark.parametrize("name", CASES)
    def test_longer_lives_and_earlier_gains_never_cost(self, name: str):
        """A longer physical life never lowers what the company with its plan is worth, nor the
        decision's value up to the base life; beyond it the world that stops, short of compute,
        may gain more from old machines than the plan does. Gains that arrive sooner never lower
        the decision's value by more than half a billion, or a hundredth of it."""
        lives = np.array([4.0, 4.75, 5.5, 6.25, 7.0])
        rows = {"life.physical.accelerators": lives[None, :]}
        company = evaluate(name, rows, "enterprise_value@with")
        decision = evaluate(name, rows)
        assert (np.diff(company) > 0).all()
        assert (np.diff(decision[:3]) > 0).all()
        stopped = evaluate(name, rows, "enterprise_value@stopped")
        assert (np.diff(decision) >= -np.diff(stopped)).all()
        lags = np.array([1.0, 0.75, 0.5, 0.25])
        sooner = evaluate(name, {"advertising.arrival_lag": lags[None, :]})
        assert (np.diff(sooner) >= -max(0.5, 0.01 * abs(sooner[0]))).all()

    @pytest.mark.parametrize("name", CASES)
    def test_cheaper_compute_for_the_same_machines_never_costs(self, name: str):
        """Guided years, frontier and fleet held in units: only their price falls."""
        case = jcurve.evaluate(scenario(name))
        machines = case.year("capex_on_machines", "with")
        timeline = case.assembly.timeline
        ahead = np.arange(len(timeline)) > timeline.index(case.data_through)
        found = []
        for factor in (1.0, 0.9, 0.8):
            price = np.where(ahead, factor, 1.0)[:, None] * case.inputs["compute_list_price"]
            open_part = (case.row("capex_on_machines", "with") * ahead).reshape(-1, 4).sum(1)
            total = np.ravel(case.inputs["capex_total"]).copy()
            total -= np.repeat((1 - factor) * open_part, 4)
            rows = {"compute.list_price": price, "capex.total": total[:, None]}
            found.append(float(evaluate(name, rows)[0]))
        assert machines[-1] > 0
        assert found == sorted(found)

    def test_the_start_of_the_programme_does_not_move_the_decision(self):
        starts = np.arange(40, 53, dtype=np.float64)[None, :]  # 2022Q1 to 2025Q1
        for name in CASES:
            found = evaluate(name, {"programme.start": starts})
            assert found.max() - found.min() < 10.0

    def test_compute_cost_keeps_its_floor_and_its_ceiling(self):
        base = scenario("base")
        keys = (
            "products.compute_cost",
            "products.compute_cost_fall",
            "products.compute_cost_floor",
        )
        corners = np.array(np.meshgrid(*([0, 1],) * 3)).reshape(3, -1)
        items = [base[key] for key in keys]
        sides = [np.array([item.lows()[0], item.highs()[0]]).ravel() for item in items]
        rows = {
            key: side[corner][None, :]
            for key, side, corner in zip(keys, sides, corners, strict=True)
        }
        path = jcurve.evaluate_batch(rows, ["compute_cost_share"], base)["compute_cost_share"]
        assert (path >= rows["products.compute_cost_floor"] - 1e-12).all()
        assert path.max() <= 0.65 + 1e-12

    def test_a_capacity_is_a_stock(self):
        case = jcurve.evaluate("base")
        for line in (
            "ranking_compute",
            "channel_compute_need.assistant",
            "compute_fleet",
            "own_shell",
        ):
            assert np.array_equal(case.year(line, "with"), case.row(line, "with")[3::4])

    @pytest.mark.parametrize("name", CASES)
    def test_spending_on_accelerators_never_collapses_and_capex_has_no_hump(self, name: str):
        base = scenario(name)
        items = [item for item in base.items if item.has_range and not item.derived]
        lines = ["capex_by_class.accelerators@with", "capex@with", "revenue@with"]
        keys = ("fleet.share", "fleet.years", "capex.total", "compute.list_price",
                "life.physical.accelerators", "sector.spending_growth", "capex.servers_share",
                "capex.maintenance")  # fmt: skip
        chosen = [item for item in items if item.key in keys]
        width = 2 * len(chosen) + 1
        draws = {}
        for at, item in enumerate(chosen):
            single = np.size(item.row()) == 1
            middle = float(np.ravel(item.row())[0]) if single else 0.0
            low = float(np.ravel(item.lows())[0]) if single else -1.0
            high = float(np.ravel(item.highs())[0]) if single else 1.0
            draws[item.key] = np.full(width, middle)
            draws[item.key][2 * at], draws[item.key][2 * at + 1] = low, high
        found = jcurve.evaluate_batch(batch(base, draws), lines, base)
        accelerators, capex, revenue = (
            found[line].reshape(-1, 4, width).sum(1)[15:] for line in lines
        )
        falls = accelerators[1:] / accelerators[:-1]
        worst = int(np.unravel_index(falls.argmin(), falls.shape)[1])
        # The bull case spends most while its plan is in dollars: where the frontier then grows
        # least, the fleet's share falls from .42 and spending on machines by up to 38 %.
        least = 0.6 if name == "bull" else 2 / 3
        assert falls.min() >= least, chosen[min(worst // 2, len(chosen) - 1)].key
        share = (capex / revenue)[4:, -1]  # from 2031 on, as the case has it
        for at in range(1, len(share) - 1):
            before, after = share[:at].min(), share[at + 1 :].min()
            assert share[at] <= 1.1 * max(before, after)


class TestAllocation:
    """Compute goes where it earns most at the margin."""

    @staticmethod
    def _draws(size: int) -> dict[str, Array]:
        random = np.random.default_rng(7)

        def spread(low: float, high: float) -> Array:
            return np.exp(random.uniform(np.log(low), np.log(high), size))

        made = {
            "amount": spread(1e-3, 1e4),
            "marginal": spread(1e-4, 1e4),
            "elasticity": random.uniform(0.005, 0.5, size),
            "product_value": spread(1e-3, 1e2),
            "product_need": spread(1e-4, 1e4),
            "price": np.ones(size),
            "depth": spread(1e-4, 1e5),
        }
        made["depth"][::11] = 0.0
        made["product_need"][::7] = 0.0
        return made

    def test_uses_sum_to_what_there_is_and_none_is_negative(self):
        drawn = self._draws(count("allocations"))
        uses = allocate(**drawn)
        assert np.allclose(sum(uses), drawn["amount"], rtol=1e-12)
        assert min(use.min() for use in uses) >= 0.0
        assert (uses.products <= drawn["product_need"] * (1 + 1e-12)).all()

    def test_ranking_and_leasing_earn_the_same_at_the_margin(self):
        drawn = self._draws(count("allocations"))
        uses = allocate(**drawn)
        both = (uses.ranking > 1e-6 * drawn["amount"]) & (uses.leased > 1e-6 * drawn["amount"])
        ranking = drawn["marginal"] * uses.ranking ** (drawn["elasticity"] - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            leasing = drawn["price"] * (1 - uses.leased / drawn["depth"])
        assert both.sum() > 1_000
        worst = np.abs(ranking - leasing)[both] / drawn["price"][both]
        assert worst.max() < 1e-6

    def test_no_move_of_a_hundredth_earns_more(self):
        drawn = self._draws(count("allocations"))
        uses = allocate(**drawn)
        # What is left after rounding is no offer where none is possible.
        uses = uses._replace(leased=np.where(drawn["depth"] > 0, uses.leased, 0.0))

        def earned(ranking: Array, products: Array, leased: Array) -> Array:
            grown = drawn["marginal"] / drawn["elasticity"] * ranking ** drawn["elasticity"]
            depth = np.maximum(drawn["depth"], 1e-30)
            let = drawn["price"] * leased * (1 - leased / (2 * depth))
            return grown + drawn["product_value"] * products + let

        now = earned(*uses)
        step = 0.01 * drawn["amount"]
        for giver, taker in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)):
            moved = [use.copy() for use in uses]
            amount = np.minimum(step, moved[giver])
            if taker == 1:
                amount = np.minimum(amount, drawn["product_need"] - moved[1])
            if taker == 2:
                amount = np.minimum(amount, np.maximum(drawn["depth"] - moved[2], 0))
            amount = np.maximum(amount, 0)
            moved[giver] -= amount
            moved[taker] += amount
            gain = earned(*moved) - now
            assert (gain <= 1e-4 * np.abs(now) + 1e-12).all(), (giver, taker)

    def test_more_compute_takes_from_no_use(self):
        drawn = self._draws(2_000)
        amounts = np.sort(np.exp(np.random.default_rng(3).uniform(-6, 9, (60, 1))), axis=0)
        uses = allocate(**{**drawn, "amount": amounts + 0 * drawn["price"]})
        for use in uses:
            assert (np.diff(use, axis=0) >= -1e-9 * amounts[1:]).all()

    @pytest.mark.parametrize("name", CASES)
    def test_holds_in_every_world_of_the_model(self, name: str):
        case = jcurve.evaluate(scenario(name))
        ahead = np.arange(len(case.assembly.timeline)) > case.assembly.timeline.index("2028Q4")
        for world in ("with", "stopped", "without"):
            ranking = case.row("ranking_compute", world)[ahead]
            let = case.row("leased_out_compute", world)[ahead]
            depth = case.row("leasing_depth")[ahead]
            price = case.row("leasing_price")[ahead]
            elasticity = case.row("advertising_compute_elasticity")[ahead]
            start = case.row("starting_ranking_compute")
            value = case.row("ranking_value_of_compute")[ahead]
            margin = value * (ranking / start) ** (elasticity - 1)
            lets = let > 0.001 * ranking
            leasing = (price * (1 - let / depth))[lets]
            assert np.allclose(margin[lets], leasing, rtol=1e-6)
            assert (margin[~lets] >= price[~lets] * (1 - 1e-3)).all()


class TestWorlds:
    """What the worlds beside the plan may and may not do."""

    @pytest.mark.parametrize("name", CASES)
    def test_the_world_that_never_began_ends_below_the_one_that_stopped(self, name: str):
        case = jcurve.evaluate(scenario(name))
        never, stopped = (case.year("revenue", world) for world in ("without", "stopped"))
        assert (never[-1] <= stopped[-1]).all()

    @pytest.mark.parametrize("name", CASES)
    def test_growth_and_margin_have_a_reason(self, name: str, record_figure: RecordFigure):
        """No world grows faster than its market and the excess, but for relative compute; none
        earns more of its revenue than the best year on record by more than a tenth."""
        case = jcurve.evaluate(scenario(name))
        for world in ("with", "stopped", "without"):
            margin = case.year("operating_income", world) / case.year("revenue", world)
            record_figure(f"margin in 2040, {name}, {world}", round(100 * float(margin[-1])), "%")
            assert margin[14:].max() <= 0.56
        keeping = case.year("keeping_pace_growth")
        grown = case.year("advertising", "stopped")
        growth = grown[20:] / grown[19:-1] - 1
        assert (growth <= keeping[20:] + 0.02).all()

    def test_the_market_pays_what_contracts_do(self, record_figure: RecordFigure):
        """The level rent of a megawatt and year lies by the contracts on file, 8.5 to 11 m USD."""
        case = jcurve.evaluate("base")
        level = case.year("level_rent_per_power")[14]
        record_figure("level rent of a megawatt and year in 2026", round(float(level), 1), "USD m")
        assert 8.0 <= level <= 11.0
