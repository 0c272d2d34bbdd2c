"""The questions of size and belief: the curve and its peak, the margin, the map, a price, drivers.

Amounts are USD m unless a test says otherwise.
"""

from __future__ import annotations

import doctest
import json
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

import jcurve
from jcurve.analysis import belief_pairs, marginal, market_implied, scale, sensitivity
from jcurve.analysis.question import Question
from jcurve.commands import main
from jcurve.ground.errors import AnswerError, UsageError
from tests.conftest import RecordFigure
from tests.support.draws import sample_uniform
from tests.support.quarters_back import LAST

CASES = ("base", "bear", "bull")
MOST = 1.5  # times the plan
GO = "npv.go_forward"
ELASTICITY = "advertising.compute_elasticity"
SIZE = "programme.scale"
SCALES = tuple(float(round(0.25 * step, 2)) for step in range(7))
NO_PROGRAMME = ("stop_now", "no_programme")


@cache
def scenario(name: str) -> jcurve.Scenario:
    return jcurve.scenario(name)


@cache
def study(name: str) -> scale.ScaleStudy:
    return scale.scale_study(scenario(name), SCALES)


@cache
def returns(name: str) -> marginal.Marginal:
    return marginal.marginal_returns(scenario(name))


def valley(values: Sequence[float]) -> float:
    """How far a curve falls below both of two peaks at its deepest; 0 where it has one peak."""
    row = np.array(values)
    left = np.maximum.accumulate(row)
    right = np.maximum.accumulate(row[::-1])[::-1]
    return float((np.minimum(left, right) - row).max())


def best_sizes(scenario: jcurve.Scenario, found: belief_pairs.BeliefMap) -> NDArray[np.float64]:
    """The best size of the plan over a map of beliefs, (rows, columns), from 0 to ``MOST``."""
    sizes = np.linspace(0.0, MOST, 16)
    size, factor, response = np.meshgrid(sizes, found.factors, found.elasticities, indexing="ij")
    draws = {"programme.scale": size.ravel(), belief_pairs.ELASTICITY: response.ravel()}
    draws |= belief_pairs.demand_draws(scenario, factor.ravel())
    values = Question.of(scenario, GO)(draws)[GO]
    best, _ = scale.vertex(*(rows.reshape(sizes.size, -1).T for rows in (size, values)))
    return best.reshape(factor.shape[1:])


@cache
def the_map(name: str) -> belief_pairs.BeliefMap:
    return belief_pairs.belief_map(scenario(name))


def ask(name: str, output: str, draws: dict[str, np.ndarray]) -> np.ndarray:  # type: ignore[type-arg]
    return Question.of(scenario(name), output)(draws)[output]


def test_the_call_with_which_the_room_begins_runs() -> None:
    assert doctest.testmod(jcurve.analysis).failed == 0


class TestScale:
    @pytest.mark.parametrize("name", CASES)
    def test_the_plan_is_the_case_itself(self, name: str) -> None:
        found, case = study(name), jcurve.evaluate(scenario(name))
        assert found.plan.npv_go_forward == pytest.approx(case["npv.go_forward"])
        assert found.plan.npv == pytest.approx(case["npv"])

    @pytest.mark.parametrize("name", CASES)
    def test_both_views_differ_by_what_no_size_moves(self, name: str) -> None:
        gaps = [point.npv - point.npv_go_forward for point in study(name).points]
        assert gaps == pytest.approx([gaps[0]] * len(gaps))

    @pytest.mark.parametrize("name", CASES)
    def test_the_best_size_is_that_of_a_fine_grid(
        self, name: str, record_figure: RecordFigure
    ) -> None:
        best = study(name).best
        fine = np.linspace(0.0, 1.5, 301)
        values = ask(name, GO, {SIZE: fine})
        assert best.value == pytest.approx(fine[values.argmax()], abs=0.006)
        assert best.npv_go_forward == pytest.approx(values.max(), abs=50.0)
        record_figure(f"best size, {name}", round(best.value, 3), "x the plan")
        record_figure(f"least best size over the evidence, {name}", round(best.low, 3))
        record_figure(f"greatest best size over the evidence, {name}", round(best.high, 3))

    def test_the_range_is_that_of_all_beliefs(self) -> None:
        found = study("base")
        every = [found.best.value, *(each.best for each in (*found.readings, *found.ends))]
        assert (found.best.low, found.best.high) == (min(every), max(every))
        alone = scale.best_size(scenario("base"))
        assert alone.value == pytest.approx(found.best.value, abs=0.002)
        assert (alone.low, alone.high) == (found.best.low, found.best.high)
        values = np.array([point.npv_go_forward for point in found.points])
        assert (found.low <= values).all()
        assert (values <= found.high).all()

    def test_a_belief_is_the_scenario_with_that_value(self) -> None:
        (low,) = [
            each for each in study("base").ends if (each.key, each.end) == ("fleet.share", "low")
        ]
        case = jcurve.evaluate(
            jcurve.scenario("base", {"fleet.share": scenario("base")["fleet.share"].low})
        )
        assert low.npv_go_forward[4] == pytest.approx(case["npv.go_forward"])

    @pytest.mark.parametrize("name", CASES)
    def test_the_best_size_rises_with_each_reading_of_the_response(self, name: str) -> None:
        sizes = [each.best for each in study(name).readings]
        assert len(sizes) >= 3
        assert sizes == sorted(sizes)
        assert sizes[-1] > sizes[0]

    def test_people_in_proportion_cost_nothing_where_nothing_is_spent(self) -> None:
        found = study("base")
        assert found.talent_scaled[0].npv_go_forward == pytest.approx(0.0, abs=1e-6)
        assert found.talent_scaled[4] == found.points[4]
        assert found.best_talent_scaled < found.best.value

    def test_an_end_is_said_first(self) -> None:
        assert study("bear").sentence.startswith("The best size lies at the lower end")
        rich = jcurve.scenario("base", dict.fromkeys(belief_pairs.DEMANDS, 15))
        found = scale.scale_study(rich, (0, 0.5, 1, 1.5))
        assert found.best.value == 1.5
        assert found.sentence.startswith("The best size lies at the upper end")
        assert "1.50 or more" in found.sentence

    def test_a_valley_is_measured(self) -> None:
        assert valley([0.0, 3.0, 1.0]) == 0.0
        assert valley([0.0, 3.0, 1.0, 2.5, 2.0]) == 1.5
        curves = [[point.npv_go_forward for point in study(name).points] for name in CASES]
        assert max(map(valley, curves)) < 1000.0

    @pytest.mark.parametrize("name", NO_PROGRAMME)
    def test_nothing_to_scale_is_said(self, name: str) -> None:
        for asked in (scale.scale_study, scale.best_size, marginal.marginal_returns):
            with pytest.raises(AnswerError, match=name):
                asked(scenario(name))

    @pytest.mark.parametrize("scales", [[1.0], [1.0, 0.5], [-0.5, 1.0], [0.0, 0.0, 1.0]])
    def test_a_list_that_is_none_is_refused(self, scales: list[float]) -> None:
        with pytest.raises(UsageError, match="not a list of scales"):
            scale.scale_study(scenario("base"), scales)


class TestMarginal:
    def test_a_year_moves_its_capex_and_nothing_else(self) -> None:
        """The columns that a year's figure compares, asked of the model again."""
        found = returns("base")
        assert [each.year for each in found.years] == list(range(LAST.year + 1, 2034))
        assert all(each.last.amount == pytest.approx(10_000.0) for each in found.years)
        case = jcurve.evaluate(scenario("base"))
        quarters = [case.assembly.timeline.index(f"2028Q{quarter}") for quarter in range(1, 5)]
        open_capex = case.row("planned_ai_capex") - case.row("maintenance_capex")
        open_capex = (open_capex - case.row("committed_capex"))[quarters].sum()
        row = np.ones((len(case.assembly.timeline), 1))
        row[quarters] = 1 - 10_000 / open_capex
        lines = ("capex", "talent_cost", "committed_capex", "capex@stopped")
        moved = jcurve.evaluate_batch({SIZE: row}, lines, scenario("base"))
        for line in lines:
            change = moved[line][:, 0] - case.row(line)
            assert change[quarters].sum() == pytest.approx(-10_000 if line == "capex" else 0)
            assert np.delete(change, quarters) == pytest.approx(0, abs=1e-6)
        (year,) = [each for each in found.years if each.year == 2028]
        assert year.average.amount == pytest.approx(open_capex)

    @pytest.mark.parametrize("name", CASES)
    def test_a_rate_never_contradicts_its_value(
        self, name: str, record_figure: RecordFigure
    ) -> None:
        found = returns(name)
        every = [each for year in found.years for each in (year.last, year.average)]
        for each in (*every, found.whole):
            assert each.npv_per_dollar > -1.0 or each is found.whole
            assert (each.rate == each.rate) == (not each.reason)
            if not each.reason:
                assert (each.rate > found.wacc) == (each.npv > 0)
        last = found.years[0].last
        record_figure(f"rate of return of the last 10 bn of 2027, {name}", round(last.rate, 3))

    def test_returns_rise_with_demand_and_response(self) -> None:
        better = [
            jcurve.scenario("base", {ELASTICITY: 0.16}),
            jcurve.scenario("base", dict.fromkeys(belief_pairs.DEMANDS, 2.5)),
        ]
        for each in better:
            for own, now in zip(
                returns("base").years, marginal.marginal_returns(each).years, strict=True
            ):
                assert now.last.npv > own.last.npv

    def test_twice_the_amount_is_worth_less_than_twice_as_much_or_nearly(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A small move and a smaller one agree: the figure is the slope at the plan."""
        whole = returns("base")
        monkeypatch.setattr(marginal, "_AMOUNT", 1_000.0)
        small = marginal.marginal_returns(scenario("base"))
        for one, ten in zip(small.years, whole.years, strict=True):
            assert one.last.npv_per_dollar == pytest.approx(ten.last.npv_per_dollar, abs=0.05)

    def test_a_year_with_less_than_the_amount_is_moved_whole(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(marginal, "_AMOUNT", 1e9)
        found = marginal.marginal_returns(scenario("base"))
        for each in found.years:
            assert each.last.npv == pytest.approx(each.average.npv)

    @pytest.mark.parametrize("name", CASES)
    def test_the_use_of_the_fleet_adds_up_and_letting_is_explained(self, name: str) -> None:
        case = jcurve.evaluate(scenario(name))
        for each in marginal.fleet_use(case, range(2026, 2041)):
            shares = (each.training, each.ranking, each.products, each.leased_out)
            assert sum(shares) == pytest.approx(1.0)
            assert ("More than a fifth is let" in each.sentence) == (each.leased_out > 0.2)
            assert each.ranking_pays < each.fleet_costs

    def test_rates_on_the_flows_of_value_agree_with_value_in_random_cases(self) -> None:
        base = scenario("base")
        draws = sample_uniform(base, 256, np.random.default_rng(20261130))
        draws |= {key: 4 * draws[key] for key in belief_pairs.DEMANDS}
        rate = "irr_with_terminal_value.go_forward"
        found = Question.of(base, (rate, GO))(draws)
        answered = np.isfinite(found[rate])
        assert answered.mean() > 0.3
        above = found[rate] > draws["returns.wacc"]
        assert (above == (found[GO] > 0))[answered].all()


class TestMap:
    @pytest.mark.parametrize("name", CASES)
    def test_value_and_best_size_rise_with_both_beliefs(self, name: str) -> None:
        """Within the ranges of the evidence; far beyond them the fleet is full, and the company
        that stops gains from demand as well."""
        found = the_map(name)
        inside = found.revenues <= 1.05 * found.revenue_range[1]
        assert inside.sum() >= 4
        best = best_sizes(scenario(name), found)
        for values, slack in ((found.value[inside], 1.0), (best[inside], 0.005)):
            assert (np.diff(values, axis=0) >= -slack).all()
            assert (np.diff(values, axis=1) >= -slack).all()
        assert best.min() >= 0.0
        assert best.max() <= MOST

    @pytest.mark.parametrize("name", CASES)
    def test_the_line_on_which_the_plan_is_right_falls(self, name: str) -> None:
        found = the_map(name)
        for line in (found.right_size, found.break_even):
            assert (np.diff(line) < 0).all()

    def test_on_the_lines_the_plan_is_best_and_worth_as_much_as_stopping(self) -> None:
        found = the_map("base")
        per_factor = found.revenues[0] / found.factors[0]
        for at in (0, 2, 4):
            for line, wanted in ((found.right_size, "best"), (found.break_even, "zero")):
                factor = np.array([line[at] / per_factor])
                draws = {
                    ELASTICITY: found.elasticities[[at]],
                    **belief_pairs.demand_draws(scenario("base"), factor),
                }
                fine = np.linspace(0.6, 1.4, 81)
                values = ask("base", GO, {SIZE: fine, **draws})
                if wanted == "best":
                    assert values[40] >= values.max() - 2_500.0
                else:
                    assert values[40] == pytest.approx(0.0, abs=1000.0)

    def test_cells_are_the_scenario_with_those_beliefs(self) -> None:
        found = the_map("base")
        column, row = 1, 4
        factor = found.factors[row]
        moved = {key: scenario("base")[key].row()[0] * factor for key in belief_pairs.DEMANDS}
        case = jcurve.evaluate(
            jcurve.scenario("base", {ELASTICITY: found.elasticities[column], **moved})
        )
        assert found.value[row, column] == pytest.approx(case["npv.go_forward"], rel=1e-6)
        members = case.assembly.model.families["channel_demand"].values()
        at = case.assembly.timeline.year_index("2030")
        assert found.revenues[row] == pytest.approx(
            sum(case.year(name, "with")[at] for name in members), rel=1e-6
        )

    def test_readings_of_another_year_are_read_at_the_cases_growth(self) -> None:
        found = the_map("base")
        (plan,) = [each for each in found.readings if each.axis == "revenue"]
        factor = np.array([plan.low / found.case[1]])
        draws = belief_pairs.demand_draws(scenario("base"), factor)
        assert belief_pairs.product_revenue(scenario("base"), 2035, draws) == pytest.approx(
            460_000.0
        )
        assert "2035" in plan.says
        low, high = found.elasticity_range
        readings = [each for each in found.readings if each.axis == "elasticity"]
        assert all(low <= each.low <= each.value <= each.high <= high for each in readings)

    def test_no_demand_is_refused(self) -> None:
        with pytest.raises(UsageError, match="no demand for AI products"):
            belief_pairs.belief_map(scenario("no_programme"))


class TestPrice:
    @pytest.mark.parametrize("name", CASES)
    def test_each_pair_makes_a_share_worth_its_price(self, name: str) -> None:
        lines = market_implied.price_implied(scenario(name))
        assert len(lines) == 2
        assert lines[0].date > lines[1].date
        for line in lines:
            there = np.isfinite(line.factors)
            assert there.tolist() == [not note for note in line.notes]
            if there.any():
                draws = {
                    ELASTICITY: line.elasticities[there],
                    **belief_pairs.demand_draws(scenario(name), line.factors[there]),
                }
                worth = ask(name, "value_per_share@with", draws)
                assert worth == pytest.approx(line.price, abs=0.01)

    def test_a_higher_price_and_a_higher_wacc_ask_for_more_demand(self) -> None:
        prices = [market_implied.Price(price) for price in (620.0, 700.0, 800.0)]
        lines = market_implied.price_implied(scenario("base"), prices)
        stacked = np.array([line.revenues for line in lines])
        assert (np.diff(stacked, axis=0) > 0).all()
        for line in lines:
            needed = np.isfinite(line.at_lower_wacc)  # elsewhere it is worth its price without any
            assert (line.at_lower_wacc < line.revenues)[needed].all()
            assert needed[1:].all()
            assert (line.revenues < line.at_higher_wacc).all()
        assert lines[0].half_a_point[0] > 0 > lines[0].half_a_point[1]

    @pytest.mark.parametrize("name", CASES)
    def test_the_line_falls_exactly_where_the_response_makes_a_share_worth_more(
        self, name: str
    ) -> None:
        """A response that is greater also costs more where the fleet falls behind the frontier's,
        so that the line may rise; its slope is that of the two values along it."""
        line = market_implied.price_implied(scenario(name), [market_implied.Price(900.0)])[0]
        there = np.isfinite(line.factors[:-1]) & np.isfinite(line.factors[1:])
        step = np.diff(line.elasticities)
        draws = {
            ELASTICITY: line.elasticities[:-1] + step / 2,
            **belief_pairs.demand_draws(
                scenario(name), np.nan_to_num((line.factors[:-1] + line.factors[1:]) / 2)
            ),
        }
        more = ask(name, "value_per_share@with", {**draws, ELASTICITY: draws[ELASTICITY] + 1e-4})
        less = ask(name, "value_per_share@with", {**draws, ELASTICITY: draws[ELASTICITY] - 1e-4})
        clear = there & (np.abs(more - less) > 0.02)
        assert (np.sign(np.diff(line.factors)) == -np.sign(more - less))[clear].all()

    def test_no_pair_has_its_reason(self) -> None:
        low, high = market_implied.price_implied(
            scenario("base"), [market_implied.Price(50.0), market_implied.Price(50_000.0)]
        )
        assert set(low.notes) == {"a share is worth more than the price without any AI product"}
        assert set(high.notes) == {"no demand shown for AI products is enough"}

    @pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
    def test_what_is_no_price_is_refused(self, price: float) -> None:
        with pytest.raises(UsageError, match="not a share price"):
            market_implied.price_implied(scenario("base"), [market_implied.Price(price)])


class TestDrivers:
    def test_are_at_most_thirty_families_and_each_matters(self) -> None:
        found = sensitivity.drivers(scenario("base"))
        assert 20 <= len({each.group for each in found}) <= 30
        assert [each.swing for each in found] == sorted(
            (each.swing for each in found), reverse=True
        )
        for each in found:
            assert 1 <= len(each.short_name.split()) <= 4
            three = (each.npv_at_low, each.npv_at_low - each.effect_at_low, each.npv_at_high)
            earnings = max(abs(each.earnings_at_low), abs(each.earnings_at_high))
            assert max(three) - min(three) >= 5_000 or earnings >= 0.25, each.key

    def test_an_accounting_life_moves_earnings_and_no_cash(self) -> None:
        (life,) = [
            each for each in sensitivity.drivers(scenario("base")) if each.key == "life.change"
        ]
        assert life.effect_at_low == life.effect_at_high == 0.0
        assert life.earnings_at_low < -0.25 < 0.25 < life.earnings_at_high

    def test_an_end_is_the_scenario_with_that_value(self) -> None:
        base = scenario("base")
        own = jcurve.evaluate(base)["npv.go_forward"]
        for each in sensitivity.drivers(base)[:3]:
            case = jcurve.evaluate(jcurve.scenario("base", {each.key: each.high_number}))
            assert each.effect_at_high == pytest.approx(case["npv.go_forward"] - own)


class TestVerbs:
    """Exactly what a machine reads."""

    def ask(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> object:
        assert main([*arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    def test_scale(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = self.ask(capsys, "scale", "base")
        assert isinstance(found, dict)
        assert [set(point) for point in found["points"]] == [
            {"scale", "npv", "npv_go_forward"}
        ] * len(scale.SCALES)
        best = found["best"]
        assert best["low"] <= best["value"] <= best["high"]
        assert [each["year"] for each in found["marginal"]] == list(range(LAST.year + 1, 2034))
        assert all(isinstance(each["return"], float) for each in found["marginal"])
        assert found["marginal"][0]["average"]["amount"] > 10_000

    def test_drivers(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = self.ask(capsys, "drivers")
        assert isinstance(found, list)
        assert {
            "key", "short_name", "value", "low", "high", "effect_at_low", "effect_at_high"
        } <= set(found[0])  # fmt: skip

    def test_implied(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = self.ask(capsys, "implied", "bear", "--price", "600 USD per share")
        assert isinstance(found, list)
        assert [line["price"] for line in found] == [600]
        assert len(found[0]["elasticities"]) == len(found[0]["revenues"])

    def test_show_has_the_best_size_and_says_what_a_rate_covers(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = self.ask(capsys, "show", "base")
        assert isinstance(found, dict)
        best = found["views"]["go_forward"]["best_size"]
        assert best["low"] <= best["value"] <= best["high"]
        assert [text.partition(":")[0] for text in found["rates"]] == [
            "irr_with_terminal_value",
            "irr",
        ]
        assert "irr_with_terminal_value" in found["views"]["programme"]
        stopped = self.ask(capsys, "show", "stop_now")
        assert isinstance(stopped, dict)
        assert stopped["views"]["go_forward"]["best_size"]["reason"].startswith("no size is best")

    @pytest.mark.parametrize(
        ("arguments", "status", "said"),
        [
            (("scale", "stop_now"), 9, "the scale moves nothing"),
            (("implied", "--price", "cheap"), 3, "--price"),
            (("implied", "--price", "-3"), 2, "not a share price"),
            (("drivers", "bse"), 3, "did you mean 'base'"),
        ],
    )
    def test_a_mistake_is_one_line(
        self,
        arguments: tuple[str, ...],
        status: int,
        said: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert main([*arguments]) == status
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        assert said in message

    def test_a_table_says_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["implied", "--price", "700"]) == 0
        said = capsys.readouterr().out
        assert said.startswith("pairs of beliefs")
        assert "no advice" in said
