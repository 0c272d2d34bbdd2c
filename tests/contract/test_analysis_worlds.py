"""Stresses, weights, positions and reviews: whole worlds beside one another."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from jcurve.analysis import staged, variance
from jcurve.analysis.consequences import consequences
from jcurve.analysis.correlation import among, copula, correlations_on_file
from jcurve.analysis.question import Question
from jcurve.analysis.sampling import varied
from jcurve.analysis.simulation import plan_for
from jcurve.analysis.staged import ACTIONS, Action, acted, staged_programme
from jcurve.analysis.stress import (
    PREFIX,
    Move,
    Stress,
    expectation,
    position_losses,
    results_days,
    stresses,
    weighed,
)
from jcurve.analysis.variance import MOST_GROUPS, REST, leading_groups, split_variance
from jcurve.assumptions import shipped
from jcurve.assumptions.scenario_files import Weight, weights
from jcurve.case import evaluate, scenario
from jcurve.commands import main
from jcurve.ground.errors import AnswerError, FactsError, UsageError
from jcurve.ground.project import find_project

BASE = scenario("base")
ROOM = "jcurve.assumptions"
NAMES = [name for name in shipped(find_project()) if name.startswith(PREFIX)]


class TestStresses:
    def test_each_is_its_own_scenario(self) -> None:
        found = stresses(BASE, [scenario(name) for name in NAMES])
        base = evaluate("base")["npv"]
        for stress in found:
            alone = evaluate(stress.name)["npv"]
            assert stress.values["npv"] == pytest.approx(alone, rel=1e-12)
            assert stress.changes["npv"] == pytest.approx(alone - base, rel=1e-9)
            assert ("npv" in stress.raises) == (alone > base)
            assert stress.moved > 0

    def test_of_nothing_is_nothing(self) -> None:
        (same,) = stresses(BASE, [BASE])
        assert same.moved == 0
        assert all(change == 0.0 or math.isnan(change) for change in same.changes.values())

    def test_as_json_and_as_a_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sensitivity", "--stresses", "--json"]) == 0
        told = [each["name"] for each in json.loads(capsys.readouterr().out)]
        assert [name for name in told if name in NAMES] == NAMES
        assert main(["sensitivity", "--stresses", "--exposure", "100 USD m"]) == 0
        assert "no advice" in capsys.readouterr().out


VALUES = {"bear": -100.0, "base": 0.0, "bull": 300.0}


class TestExpectation:
    def test_mean_and_spread(self) -> None:
        found = expectation("npv", VALUES, {"bear": 0.25, "base": 0.5, "bull": 0.25})
        assert found.mean == pytest.approx(50.0)
        assert found.sd == pytest.approx(math.sqrt(0.25 * 150**2 + 0.5 * 50**2 + 0.25 * 250**2))

    @pytest.mark.parametrize(
        ("weights", "words"),
        [
            ({"beer": 1.0}, "did you mean 'bear'"),
            ({"bear": 0.5, "bull": 0.4}, "do not sum to 1"),
            ({"bear": -0.5, "bull": 1.5}, "below 0"),
            ({"bear": float("nan"), "bull": 1.0}, "below 0"),
        ],
    )
    def test_weights_that_are_none(self, weights: dict[str, float], words: str) -> None:
        with pytest.raises(UsageError, match=words):
            expectation("npv", VALUES, weights)

    def test_no_mean_of_what_has_no_answer(self) -> None:
        values = {"bear": float("nan"), "bull": 10.0}
        assert expectation("payback", values, {"bear": 0.0, "bull": 1.0}).mean == 10.0
        with pytest.raises(AnswerError, match="no answer in bear"):
            expectation("payback", values, {"bear": 0.5, "bull": 0.5})


class TestPositions:
    STRESS = Stress("s", "", "", 1, {"value_per_share": 90.0}, {"value_per_share": -10.0}, ())

    def test_a_fall_is_a_loss_for_a_holder_and_a_gain_for_a_seller(self) -> None:
        moves = [Move("2025-10-29", -0.1, "K", "direct")]
        long = position_losses(200.0, moves, [self.STRESS])
        short = position_losses(-200.0, moves, [self.STRESS])
        assert [each.loss for each in long] == pytest.approx([20.0, 20.0])
        assert [each.loss for each in short] == pytest.approx([-20.0, -20.0])
        assert [each.kind for each in long] == ["results day", "stress"]

    def test_no_exposure_loses_nothing(self) -> None:
        moves = results_days()
        assert len(moves) > 10
        assert all(each.loss == 0.0 for each in position_losses(0.0, moves, [self.STRESS]))

    def test_refusals(self) -> None:
        with pytest.raises(UsageError, match="not an exposure"):
            position_losses(float("inf"), [], [])

    def test_moves_are_those_of_the_register(self) -> None:
        found = {each.source: each for each in results_days()}
        assert found["RX_20251029"].move == pytest.approx(-0.1133)
        assert found["RX_20251029"].date == "2025-10-29"


class TestReviews:
    def test_values_are_those_of_the_actions_and_rules_lie_between(self) -> None:
        found = staged_programme(BASE, ("2027Q4", "2029Q4"), level=2)
        assert found.evaluated == 32 * 7
        assert found.committed.value <= found.fixed[1].value
        assert found.option_value.value == pytest.approx(
            found.least_squares.value - found.committed.value
        )
        assert {each.action for each in found.taken} == {"stop", "cut", "pause"}
        for date in found.dates:
            assert sum(each.share.value for each in found.taken if each.date == date) <= 1.0

    def test_an_action_that_does_nothing_is_worth_going_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(staged, "ACTIONS", (Action("nothing", ""),))
        found = staged_programme(BASE, ("2028Q4",), level=0)
        assert found.taken[0].always.value == found.committed.value
        assert found.option_value.value == pytest.approx(0.0, abs=1e-6)

    @pytest.mark.parametrize("date", ["2027Q4", "2029Q4", "2032Q4"])
    def test_actions_scale_what_is_open_for_as_long_as_they_say(self, date: str) -> None:
        parts = ("planned_ai_capex", "maintenance_capex", "committed_capex", "ai_capex@with")
        question = Question.of(BASE, [f"{part}:quarter" for part in parts])
        rows = question.rows({})
        planned, kept, bound, before = question.answers(rows).values()
        at = question.case.assembly.timeline.index(date)
        quarter = np.arange(len(planned))[:, None]
        for action in ACTIONS:
            after = question.answers(acted(question, rows, action, at))["ai_capex@with:quarter"]
            last = at + (action.quarters or len(planned))
            factor = 0.0 if action.stops else action.scale
            moved = (quarter > at) & (quarter <= last)
            expected = before + moved * (factor - 1.0) * (planned - kept - bound)
            np.testing.assert_allclose(after, expected, rtol=1e-12, atol=1e-6)

    def test_to_stop_also_ends_the_programmes_people(self) -> None:
        question = Question.of(BASE, "talent_cost@with:quarter")
        at = question.case.assembly.timeline.index("2029Q4")
        stop = next(each for each in ACTIONS if each.stops)
        (paid,) = question.answers(acted(question, question.rows({}), stop, at)).values()
        assert (paid[at] > 0).all()
        assert not paid[at + 1 :].any()

    @pytest.mark.parametrize("dates", [(), ("2020Q1",), ("2029Q4", "2027Q4")])
    def test_dates_that_are_none(self, dates: tuple[str, ...]) -> None:
        with pytest.raises(UsageError, match="after the valuation date"):
            staged_programme(BASE, dates)


class TestVariance:
    def test_leading_families_and_the_rest_hold_everything_once(self) -> None:
        groups = leading_groups(Question.of(BASE, "npv"), "npv")
        keys = [key for group in groups.values() for key in group]
        assert len(groups) == MOST_GROUPS
        assert list(groups)[-1] == REST
        assert len(keys) == len(set(keys))
        assert set(keys) == {item.key for item in varied(BASE)}

    def test_method_follows_the_correlations_and_the_wrong_one_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(variance, "MOST_GROUPS", 4)
        wanted = {("capex.total", "returns.wacc"): 0.6}
        found = split_variance(BASE, correlations=wanted, level=2)
        assert found.method == "shapley"
        total = math.fsum(part.effect.value for part in found.parts if part.effect)
        assert total == pytest.approx(1.0, abs=1e-9)
        assert split_variance(BASE, level=2).method == "sobol"
        with pytest.raises(UsageError, match="independent"):
            split_variance(BASE, correlations=wanted, method="sobol")
        assert main(["sensitivity", "--method", "sobol"]) == 2


class TestCorrelationsOnFile:
    def test_every_pair_is_drawn_and_all_hold_together(self) -> None:
        pairs = correlations_on_file()
        keys = [item.key for item in varied(BASE)]
        assert {key for each in pairs for key in (each.one, each.other)} <= set(keys)
        assert copula(among(pairs, keys), keys)[0]
        assert all(each.rationale for each in pairs)

    def test_draws_have_them_unless_told_otherwise(self) -> None:
        plan = plan_for(BASE, 64, vary=("capex.total", "fleet.share", "returns.wacc"))
        assert dict(plan.correlations) == {("capex.total", "fleet.share"): 0.5}
        assert plan_for(BASE, 64, correlations={}).correlations == ()
        by_year = plan_for(BASE, 64, vary=("capex.total", "fleet.share"), persistent=False)
        assert by_year.correlations == ()

    def test_their_groups_stay_together_where_variance_is_split(self) -> None:
        groups = leading_groups(Question.of(BASE, "npv"), "npv")
        home = {key: group for group, keys in groups.items() for key in keys}
        for each in correlations_on_file():
            assert home[each.one] == home[each.other]

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            (["g,a,a,0.5,judgement,x"], "not a correlation"),
            (["g,a,b,1.5,judgement,x"], "not a correlation"),
            (["g,a,b,0.5,judgement,x", "g,b,a,0.5,judgement,x"], "a pair twice"),
            (["g,a,b,0.5,judgement,x", "h,a,c,0.5,judgement,x"], "in two groups"),
            (["g,a,b,0.5,guess,x"], "unknown kind"),
            (["g,a,b,0.5,judgement,"], "empty cell"),
        ],
    )
    def test_a_table_that_is_none(
        self, lines: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "scenarios").mkdir()
        text = "\n".join(["group,one,other,correlation,kind,rationale", *lines])
        (tmp_path / "scenarios" / "correlations.csv").write_text(text + "\n", encoding="utf-8")
        monkeypatch.setattr(
            "jcurve.analysis.correlation.home_of", lambda project: SimpleNamespace(data=tmp_path)
        )
        with pytest.raises(FactsError, match=words):
            correlations_on_file()


class TestConsequences:
    @pytest.mark.parametrize("name", ["stop", "cut", "pause"])
    def test_parts_are_the_whole_change(self, name: str) -> None:
        action = next(each for each in ACTIONS if each.name == name)
        found = consequences(BASE, action, "2027Q4")
        assert math.fsum(item.total for item in found.items) == pytest.approx(found.change, abs=1.0)
        question = Question.of(BASE, "npv.go_forward")
        rows = question.rows({})
        at = question.case.assembly.timeline.index("2027Q4")
        after = question.answers(acted(question, rows, action, at))
        change = after["npv.go_forward"] - question.answers(rows)["npv.go_forward"]
        assert found.change == pytest.approx(float(change[0]), rel=1e-12)

    def test_an_action_is_a_point_of_the_curve_beside_it(self) -> None:
        half = Action("halve", "", scale=0.5)
        found = consequences(BASE, half, "2028Q2")
        curve = dict(found.curve)
        assert curve[1.0] == pytest.approx(0.0, abs=1e-3)
        assert curve[0.5] == pytest.approx(found.change, abs=1e-3)
        assert len({round(worth) for worth in curve.values()}) == len(curve)

    def test_what_new_products_may_lose_leaves_nothing(self) -> None:
        cut = next(each for each in ACTIONS if each.name == "cut")
        found = consequences(BASE, cut, "2027Q4")
        assert found.bearable is not None
        question = Question.of(BASE, "npv.go_forward")
        rows = question.rows({})
        at = question.case.assembly.timeline.index("2027Q4")
        made = acted(question, rows, cut, at)
        later = np.arange(len(question.case.assembly.timeline))[:, None] > at
        for key in ("demand.agents", "demand.assistant", "demand.other"):
            made[key] = np.where(later, 1.0 - found.bearable, 1.0) * made[key]
        before, after = question.answers(rows), question.answers(made)
        left = after["npv.go_forward"] - before["npv.go_forward"]
        assert abs(left[0]) < 0.01 * found.change


class TestWeighed:
    def test_the_table_is_a_judgement_that_sums_to_one(self) -> None:
        table = weights()
        assert math.fsum(each.weight for each in table) == pytest.approx(1.0)
        assert {each.kind for each in table} <= {"judgement", "estimate"}
        found = weighed([scenario(each.scenario) for each in table], shares_of(table))
        for each in found.expectations:
            expected = math.fsum(row.weight * each.values[row.scenario] for row in table)
            assert each.mean == pytest.approx(expected)
            for name, value in each.values.items():
                assert value == pytest.approx(evaluate(name)[each.output], rel=1e-12)
        paid = (row.weight for row in table if evaluate(row.scenario)["payback"] is not None)
        assert found.paid_back == pytest.approx(math.fsum(paid))

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            (["beer,1.0,judgement,x"], "unknown scenario"),
            (["base,0.5,judgement,x"], "do not sum to 1"),
            (["base,0.5,judgement,x", "base,0.5,judgement,x"], "a scenario twice"),
            (["base,-1,judgement,x", "bear,2,judgement,x"], "a weight below 0"),
            (["base,1,guess,x"], "unknown kind"),
            (["base,1,judgement,"], "empty cell"),
        ],
    )
    def test_a_table_that_is_none(
        self, lines: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "scenarios").mkdir()
        text = "\n".join(["scenario,weight,kind,rationale", *lines])
        (tmp_path / "scenarios" / "weights.csv").write_text(text + "\n", encoding="utf-8")
        monkeypatch.setattr(
            f"{ROOM}.scenario_files.home_of", lambda project: SimpleNamespace(data=tmp_path)
        )
        with pytest.raises(FactsError, match=words):
            weights()


class TestVerbsOfWorlds:
    def test_weighted(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sensitivity", "--weighted", "--json"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert data["weights"] == shares_of(weights())
        own = ["--weight", "base=0.5", "--weight", "stop_now=0.5"]
        assert main(["sensitivity", "--weighted", *own]) == 0
        assert "your weights" in capsys.readouterr().out

    def test_reviews(self, capsys: pytest.CaptureFixture[str]) -> None:
        asked = ["sensitivity", "--reviews", "2028Q4", "--points-per-scramble", "2", "--json"]
        assert main(asked) == 0
        data = json.loads(capsys.readouterr().out)
        assert data["dates"] == ["2028Q4"]
        assert data["draws"] == 16

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--weight", "base=1"), "with --weighted"),
            (("--weighted", "--weight", "base"), "NAME=SHARE"),
            (("--weighted", "--weight", "base=0.4"), "do not sum to 1"),
            (("--weighted", "--weight", "beer=1"), "did you mean 'bear'"),
            (("--reviews", "2020Q1"), "after the valuation date"),
            (("--reviews", "2028Q4", "--points-per-scramble", "3"), "power of two"),
        ],
    )
    def test_mistakes(
        self, arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["sensitivity", *arguments]) in (2, 3)
        assert words in capsys.readouterr().err


def shares_of(table: Sequence[Weight]) -> dict[str, float]:
    return {each.scenario: each.weight for each in table}
