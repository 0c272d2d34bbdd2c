"""What the questions refuse, in one line each, and what counts as an answer."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jcurve.analysis.bridging import bridge
from jcurve.analysis.correlation import copula
from jcurve.analysis.distributions import distribution_of
from jcurve.analysis.draw_stores import MemoryStore
from jcurve.analysis.market_implied import implied
from jcurve.analysis.question import Question
from jcurve.analysis.runners import cluster, processes
from jcurve.analysis.sampling import level_for, varied
from jcurve.analysis.sensitivity import ranged, ranked, tornado
from jcurve.analysis.simulation import plan_for, simulate
from jcurve.analysis.solving import frontier, solve, standing
from jcurve.assumptions.paths import Path as Dated
from jcurve.case import evaluate, scenario
from jcurve.commands import main
from jcurve.ground.errors import AnswerError, JCurveError, ScenarioError, UsageError
from jcurve.ground.project import find_project
from tests.support.analysis_cases import Array, assumption, toy_plan

BASE = scenario("base")


def of_first(rows: dict[str, Array]) -> Array:
    return rows["a"][0]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(arguments)
    error = capsys.readouterr().err.strip()
    return status, error.splitlines()[-1] if error else ""


class TestQuestion:
    @pytest.mark.parametrize(
        ("output", "words"),
        [
            ("nvp", "did you mean 'npv'"),
            ("npv:2030", "at no date"),
            ("capex", "capex:2030"),
            ("capex:2050", "outside the horizon"),
        ],
    )
    def test_outputs_that_are_none(self, output: str, words: str) -> None:
        with pytest.raises(UsageError, match=words):
            Question.of(BASE, output)

    def test_says_what_a_case_says(self) -> None:
        case = evaluate("base")
        names = ("npv", "npv.go_forward", "capex@without:2027", "net_cash:2030Q4")
        found = Question.of(BASE, names)({})
        assert found["npv"][0] == case["npv"]
        assert found["npv.go_forward"][0] == case["npv.go_forward"]
        assert (
            found["capex@without:2027"][0]
            == case.frame("capex@without", by="year").loc[2027].item()
        )
        assert found["net_cash:2030Q4"][0] == case["net_cash"]["2030Q4"]

    def test_the_lowest_is_of_the_quarters_after_the_valuation_date(self) -> None:
        case = evaluate("base")
        row = case["net_cash"]
        ahead = row[row.index > case.valuation_date]
        assert Question.of(BASE, "net_cash:lowest")({})["net_cash:lowest"][0] == ahead.min()

    def test_a_mix_that_is_more_than_whole_is_scaled_to_one(self) -> None:
        question = Question.of(BASE, "npv")
        mix = BASE.mixes[0]
        rows = question.rows({key: [1.0] for key in mix.others if BASE[key].shape == "scalar"})
        total = sum(rows[key] for key in mix.others) + rows[mix.remainder]
        assert total == pytest.approx(1.0, abs=1e-12)
        assert rows[mix.remainder].min() >= 0.0


class TestSensitivity:
    def test_each_end_is_the_scenario_with_that_value(self) -> None:
        item = BASE["returns.wacc"]
        question = Question.of(BASE, "npv")
        (swing,) = tornado(question, [item], question.valid)
        for value, found in ((item.low, swing.at_low), (item.high, swing.at_high)):
            alone = evaluate(BASE.with_overrides({item.key: value}))["npv"]
            assert found["npv"] == pytest.approx(alone, rel=1e-12)
        assert swing.base["npv"] == evaluate("base")["npv"]

    def test_the_widest_comes_first_and_every_range_is_there(self) -> None:
        question = Question.of(BASE, "npv")
        swings = ranked(tornado(question, ranged(BASE), question.valid), "npv")
        spreads = [swing.spread("npv") for swing in swings]
        assert spreads == sorted(spreads, reverse=True)
        assert {swing.key for swing in swings} == {
            item.key for item in BASE.items if item.has_range and not item.derived
        }


class TestSolve:
    def test_the_answer_makes_it_true(self) -> None:
        wanted = evaluate(BASE.with_overrides({"returns.wacc": 0.1}))["npv"]
        found = solve(BASE, "returns.wacc", f"npv={wanted!r}")
        assert found.value == pytest.approx(0.1, rel=1e-9)
        assert found.standing == "plausible"
        assert found.output == pytest.approx(wanted, rel=1e-9)

    def test_no_value_does_it_is_an_answer_with_the_nearest(self) -> None:
        found = solve(BASE, "returns.wacc", "npv=1e9")
        assert found.value is None
        assert found.reason == "no value in its bounds does it"
        assert found.nearest
        assert math.isfinite(found.nearest_output)

    def test_every_value_does_it_is_an_answer(self) -> None:
        found = solve(BASE, "returns.wacc", "ebitda>0 by 2020")
        assert found.value is None
        assert found.reason == "every value in its bounds does it"

    def test_a_member_of_a_mix_leaves_the_remainder_at_least_nothing(self) -> None:
        mix = next(mix for mix in BASE.mixes if all(BASE[k].shape == "scalar" for k in mix.others))
        key = mix.others[0]
        room = 1.0 - sum(float(BASE[other].value) for other in mix.others[1:])
        question = Question.of(BASE, "npv")
        assert not question.overfull({key: [room - 1e-6]})[0]
        assert question.overfull({key: [room + 1e-6]})[0]
        found = solve(BASE, key, "npv=0")
        if found.value is not None:
            assert found.value <= room + 1e-9

    def test_a_path_moves_as_one(self) -> None:
        wanted = float(Question.of(BASE, "npv")({"capex.total": [0.5]})["npv"][0])
        found = solve(BASE, "capex.total", f"npv={wanted!r}")
        assert found.value == pytest.approx(0.5, abs=1e-9)
        assert "2027" in found.text

    def test_a_date_by_which(self) -> None:
        found = solve(BASE, "capex.total", "free_cash_flow>0 by 2030")
        assert found.direction == "at or below"
        if found.value is not None:
            row = Question.of(BASE, "free_cash_flow:2030")({"capex.total": [found.value]})
            assert row["free_cash_flow:2030"][0] >= -1e-3

    @pytest.mark.parametrize(
        ("key", "target", "words"),
        [
            ("returns.waac", "npv=0", "unknown assumption"),
            ("returns.terminal_treatment", "npv=0", "or a choice"),
            ("returns.wacc", "npv", "not a target"),
            ("returns.wacc", "nvp=0", "did you mean 'npv'"),
            ("returns.wacc", "irr=capex.total", "another kind"),
            ("returns.wacc", "npv=much", "neither a number nor an assumption"),
            ("returns.wacc", "npv>0 by 2030", "not a flow"),
            ("returns.wacc", "trough_quarter=soon", "not a date"),
            ("life.change.2027Q1", "npv=0", "moves a whole year"),
        ],
    )
    def test_refusals(self, key: str, target: str, words: str) -> None:
        with pytest.raises(JCurveError, match=words):
            solve(BASE, key, target)

    def test_where_an_answer_stands(self) -> None:
        item = assumption("a", 1.0, 2.0, 4.0)
        found = [standing(item, np.array([at])) for at in (1.0, 4.0, 5.9, 6.1, 0.5, -0.1)]
        assert found == ["plausible", "plausible", "stretch", "outside", "stretch", "outside"]

    def test_range_and_verdict_are_the_books_whatever_is_set(self) -> None:
        wanted = evaluate(BASE.with_overrides({"returns.wacc": 0.15}))["npv"]
        first = solve(BASE, "returns.wacc", f"npv={wanted!r}")
        again = solve(
            BASE.with_overrides({"returns.wacc": first.value}), "returns.wacc", f"npv={wanted!r}"
        )
        assert first.standing == again.standing == "outside"
        assert (first.low, first.high) == (again.low, again.high) == ("0.085", "0.11")
        plan = BASE["capex.total"].value
        assert isinstance(plan, Dated)
        first = min(plan.periods)
        path = BASE.with_overrides({"capex.total": {first: plan.at(first), 2030: 500_000}})
        wanted = float(evaluate(path)["npv"])
        assert solve(path, "capex.total", f"npv={wanted!r}").standing == "outside"

    def test_a_year_of_a_path_by_quarter(self) -> None:
        raised = BASE.with_overrides({f"compute.list_price.2030Q{n}": 12_000 for n in range(1, 5)})
        wanted = evaluate(raised)["npv"]
        found = solve(BASE, "compute.list_price.2030", f"npv={wanted!r}")
        assert min(abs(at / 12_000 - 1) for at in (found.value, *found.others)) < 1e-6
        assert 8_000 < float(found.present.replace(",", "")) < 11_000
        for key in ("compute.list_price.2030Q2", "capex.total.2050"):
            with pytest.raises(UsageError, match="a whole year"):
                solve(BASE, key)

    def test_a_frontier_holds_pairs_that_solve(self) -> None:
        wanted = evaluate("base")["npv"]
        edge = frontier(BASE, "returns.wacc", "capex.total", f"npv={wanted!r}")
        assert edge.ys[8] == pytest.approx(BASE["returns.wacc"].value, rel=1e-8)
        with pytest.raises(UsageError, match="second assumption"):
            frontier(BASE, "returns.wacc", "returns.wacc")

    def test_what_a_move_implies_moves_npv_by_as_much(self) -> None:
        found = implied(BASE, "returns.wacc", -0.01)
        assert found.change == pytest.approx(-0.01 * found.market_value)
        if found.solution.value is not None:
            assert found.solution.output - found.before == pytest.approx(found.change, rel=1e-6)
        with pytest.raises(UsageError, match="not the move"):
            implied(BASE, "returns.wacc", -11.3)


class TestBridge:
    @pytest.mark.parametrize("other", ["bear", "bull", "stress_eu_regulatory"])
    def test_sums_to_the_difference(self, other: str) -> None:
        found = bridge(BASE, scenario(other))
        total = math.fsum(share.amount for share in found.shares)
        assert total == pytest.approx(found.difference, abs=1e-9)
        assert found.before == evaluate("base")["npv"]
        assert found.after == evaluate(other)["npv"]

    def test_of_a_scenario_with_itself_is_empty(self) -> None:
        found = bridge(BASE, BASE)
        assert found.shares == ()
        assert found.difference == 0.0

    def test_back_is_the_same_with_the_sign_changed(self) -> None:
        other = scenario("bear")
        there = {share.group: share.amount for share in bridge(BASE, other).shares}
        back = {share.group: share.amount for share in bridge(other, BASE).shares}
        assert back == pytest.approx({name: -amount for name, amount in there.items()}, abs=1e-6)

    def test_named_groups_and_pairs(self) -> None:
        found = bridge(BASE, scenario("bear"), groups={"spending": ["capex"]}, interactions=True)
        assert "spending" in {share.group for share in found.shares}
        total = math.fsum(share.alone for share in found.shares)
        total += math.fsum(pair.amount for pair in found.pairs)
        assert total == pytest.approx(found.difference, abs=1e-6)

    def test_refusals(self) -> None:
        bear = scenario("bear")
        with pytest.raises(UsageError, match="nothing of group x"):
            bridge(BASE, bear, groups={"x": ["nothing"]})
        with pytest.raises(UsageError, match="in two groups"):
            bridge(BASE, bear, groups={"x": ["capex"], "y": ["capex"]})
        with pytest.raises(AnswerError, match="has no answer in a combination"):
            bridge(BASE, bear, "payback")


class TestDraws:
    @pytest.mark.parametrize(
        ("low", "value", "high", "distribution", "words"),
        [
            (None, 1.0, None, "pert", "low and high are equal"),
            (1.0, 1.0, 1.0, "triangular", "low and high are equal"),
            (0.0, 1.0, 2.0, "fixed", "its distribution is fixed"),
            (-1.0, 1.0, 2.0, "lognormal", "above 0"),
        ],
    )
    def test_a_degenerate_distribution(
        self, low: float, value: float, high: float, distribution: str, words: str
    ) -> None:
        with pytest.raises(ScenarioError, match=words):
            distribution_of(assumption("a", low, value, high, distribution=distribution))

    def test_one_outcome_is_degenerate(self) -> None:
        item = assumption(
            "a", None, 1.0, None, distribution="discrete", outcomes=((1.0, 1.0), (2.0, 0.0))
        )
        with pytest.raises(ScenarioError, match="one outcome has all the weight"):
            distribution_of(item)

    def test_outcomes_of_a_path(self) -> None:
        path = Dated("year", "hold", ((2026, 1.0),))
        item = assumption(
            "a", None, path, None, distribution="empirical", outcomes=((1.0, 0.5), (2.0, 0.5))
        )
        with pytest.raises(ScenarioError, match="a path has one for each date"):
            distribution_of(item)

    @pytest.mark.parametrize("draws", [0, -5, 1 << 40])
    def test_a_number_of_draws_that_is_none(self, draws: int) -> None:
        with pytest.raises(UsageError, match="not a number of draws"):
            level_for(draws)

    def test_nothing_of_that_name_varies(self) -> None:
        with pytest.raises(ScenarioError, match="unknown assumption"):
            varied(BASE, ["returns.waac"])
        with pytest.raises(ScenarioError, match="its distribution is fixed"):
            varied(BASE, ["programme.start"])


class TestCorrelations:
    def test_an_impossible_matrix_names_the_fewest_pairs(self) -> None:
        wanted = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9, ("c", "d"): 0.1}
        with pytest.raises(UsageError, match="cannot hold together") as refused:
            copula(wanted, "abcd")
        text = str(refused.value)
        assert all(pair in text for pair in ("a with b 0.9", "a with c -0.9", "b with c 0.9"))
        assert "d" not in text.partition("together:")[2].partition(";  allowed")[0].split()

    @pytest.mark.parametrize(
        ("wanted", "words"),
        [
            ({("a", "x"): 0.5}, "not drawn"),
            ({("a", "a"): 0.5}, "with itself"),
            ({("a", "b"): 1.5}, "not a correlation"),
            ({("a", "b"): float("nan")}, "not a correlation"),
            ({("a", "b"): 0.5, ("b", "a"): 0.4}, "two correlations of one pair"),
        ],
    )
    def test_refusals(self, wanted: dict[tuple[str, str], float], words: str) -> None:
        with pytest.raises(UsageError, match=words):
            copula(wanted, "abc")


class TestSimulation:
    def test_refusals(self) -> None:
        plan = toy_plan(of_first, assumption("a", 0.0, 1.0, 2.0), scrambles=1)
        with pytest.raises(UsageError, match="two scrambles"):
            simulate(plan, MemoryStore(), until=1.0)
        with pytest.raises(UsageError, match="processes"):
            processes(0)
        with pytest.raises(UsageError, match="unknown line"):
            plan_for(BASE, 8, outputs=("nvp",))

    @pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "tcp://127.0.0.1:99999"])
    def test_a_scheduler_that_does_not_answer(self, address: str) -> None:
        with pytest.raises(UsageError, match="does not answer"):
            cluster(address, find_project())

    def test_draws_that_break_a_rule_are_counted_and_too_many_are_refused(self) -> None:
        growth = assumption(
            "returns.terminal_growth", 0.0, 0.05, 0.1, distribution="uniform", unit="per year"
        )
        wacc = assumption("returns.wacc", 0.06, 0.07, 0.08, unit="per year")
        plan = toy_plan(lambda rows: rows["returns.wacc"][0], wacc, growth)
        with pytest.raises(ScenarioError, match="break a rule"):
            simulate(plan, MemoryStore())
        mild = replace(growth, high=0.075, value=0.02)
        run = simulate(toy_plan(lambda rows: rows["returns.wacc"][0], wacc, mild), MemoryStore())
        assert 0.0 < run.left_out < 0.1


class TestVerbs:
    @pytest.mark.parametrize("verb", ["solve", "bridge", "sensitivity", "simulate"])
    def test_help_shows_an_example(self, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            main([verb, "--help"])
        assert f"jcurve {verb}" in capsys.readouterr().out.partition("example:")[2]

    @pytest.mark.parametrize(
        ("arguments", "status", "words"),
        [
            (("solve", "returns.waac"), 3, "unknown assumption"),
            (("solve", "returns.wacc", "--for", "npv"), 2, "not a target"),
            (("solve", "returns.wacc", "--move", "-11.3"), 2, "not the move"),
            (("bridge", "base", "beer"), 3, "bear"),
            (("bridge", "base", "bear", "--group", "x"), 2, "NAME=KEY,KEY"),
            (("sensitivity", "--of", "nvp"), 2, "npv"),
            (("sensitivity", "--top", "0"), 2, "rows"),
            (("simulate", "--draws", "0"), 2, "not a number of draws"),
            (("simulate", "--draws", "8", "--correlate", "a"), 2, "KEY,KEY=0.5"),
            (("simulate", "--draws", "8", "--processes", "0"), 2, "processes"),
            (("simulate", "--draws", "8", "--limit", "3 cows"), 3, "limit"),
            (("simulate", "--draws", "8", "--confidence", "2"), 2, "confidence"),
            (("simulate", "--draws", "8", "--scheduler", "tcp://127.0.0.1:9"), 2, "answer"),
            (("simulate", "--draws", "8", "--seed", "987654", "--resume"), 2, "to resume"),
        ],
    )
    def test_mistakes_are_one_line(
        self,
        arguments: tuple[str, ...],
        status: int,
        words: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        found, error = said(capsys, *arguments)
        assert found == status
        assert error.startswith("jcurve: ")
        assert words in error

    def test_no_answer_has_its_own_status(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["solve", "returns.wacc", "--for", "npv=1e9", "--json"]) == 9
        data = json.loads(capsys.readouterr().out)
        assert data["value"] is None
        assert data["reason"] == "no value in its bounds does it"

    def test_answers_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["bridge", "base", "bear", "--json"]) == 0
        data = json.loads(capsys.readouterr().out)
        total = math.fsum(share["amount"] for share in data["shares"])
        assert total == pytest.approx(data["difference"], abs=1e-9)
        assert main(["sensitivity", "--json"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert data["base"] == pytest.approx(evaluate("base")["npv"], rel=1e-12)
        assert main(["sensitivity", "--grid", "returns.wacc", "capex.total", "--points", "2"]) == 0

    def test_a_simulation_says_what_it_made_and_where(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from jcurve.analysis import draw_stores
        from jcurve.ground.project import find_project

        monkeypatch.setattr(draw_stores, "folder_for", lambda project, identity: tmp_path / "one")
        assert find_project().root.is_dir()
        status = main(
            ["simulate", "--draws", "30", "--scrambles", "2", "--processes", "1", "--json"]
        )
        assert status == 0
        data = json.loads(capsys.readouterr().out)
        assert data["draws"] == 32
        assert "30 draws rounded up to 32" in data["note"]
        assert Path(data["file"]).is_file()
        assert {each["output"] for each in data["risk"]["spreads"]} >= {"npv", "irr", "payback"}
