"""The exhibits of the decision: size, last dollars, beliefs and price say what their data say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import jcurve
from jcurve.figures import answer, beliefs, size
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import dollars, money, percent


@pytest.fixture(scope="module")
def base() -> Lens:
    return Lens(jcurve.evaluate("base"))


def _moved(lens: Lens, **parts: Any) -> Lens:
    """The same case with other answers in place of some."""
    made = Lens(lens.case, lens.view, lens.project)
    made.__dict__.update(lens.__dict__)
    made.__dict__.update(parts)
    return made


class TestSize:
    def test_the_plan_is_the_case(self, base: Lens) -> None:
        shown = size.against_scale(base)
        plan = base.forward.figure("npv") or 0.0
        assert f"{money(plan)} at the plan" in shown.alt
        assert f"Plan: {money(plan)}" in shown.svg

    @pytest.mark.parametrize(
        ("scale", "worth", "plan", "staff", "says"),
        [
            (0.0, -90.0, -600.0, -90.0, "the least is lost with commitments alone"),
            (0.0, 90.0, -600.0, -90.0, "The smallest size shown, commitments alone,"),
            (1.5, 300.0, 200.0, 300.0, "still rises at 150%"),
            (1.02, 80.0, 79.0, 80.0, "about the right size"),
            (1.3, 80.0, 60.0, 80.0, "larger plan would be worth more"),
            (0.6, 80.0, 60.0, 80.0, "smaller one would be worth more"),
            (0.6, 80.0, -60.0, 80.0, "a smaller one would not"),
            (0.2, -50.0, -600.0, -40.0, "at any size; the least is lost at 20%"),
            (0.2, -50.0, -600.0, 70.0, "with AI staff in proportion, would not"),
        ],
    )
    def test_the_finding_follows_the_best_size(
        self, base: Lens, scale: float, worth: float, plan: float, staff: float, says: str
    ) -> None:
        """A best size at an end of those shown is said first."""
        found = base.scale_study
        most = replace(found.talent_scaled[0], npv_go_forward=1000 * staff)
        few = [replace(each, npv_go_forward=min(each.npv_go_forward, 1000 * staff))
               for each in found.talent_scaled[1:]]  # fmt: skip
        moved = replace(
            found,
            best=replace(found.best, value=scale, npv_go_forward=1000 * worth),
            plan=replace(found.plan, npv_go_forward=1000 * plan),
            talent_scaled=(most, *few),
        )
        assert says in size.best_size(moved)

    def test_a_cover_with_it_counts_the_best_size(self, base: Lens) -> None:
        cover = answer.cover(base, "Executive brief", shown=[size.against_scale(base)])
        assert {each.label for each in cover.figures} >= {"Best size", "Rate of return"}

    def test_last_dollars_read_below_zero_as_a_loss(self, base: Lens) -> None:
        every = [100 * each.last.npv_per_dollar for each in base.marginal.years]
        assert max(every) < 0
        shown = size.last_dollars(base)
        assert f"loses {-max(every):.0f} to {-min(every):.0f} cents" in shown.title
        assert shown.notes == (base.marginal.covers,)

    def test_one_year_that_earns_is_named(self, base: Lens) -> None:
        last, *rest = base.marginal.years[::-1]
        earns = replace(last, last=replace(last.last, npv_per_dollar=0.1))
        moved = replace(base.marginal, years=(*rest[::-1], earns))
        assert f"only from {last.year} on" in size.last_dollars(_moved(base, marginal=moved)).title


class TestBeliefs:
    def test_what_must_be_believed_makes_the_plan_earn_its_cost(self, base: Lens) -> None:
        """Demand moved by the factor that the sentence names leaves a value near zero."""
        found = base.belief_map
        response, revenue = found.case
        needed = float(np.exp(np.interp(response, found.elasticities, np.log(found.break_even))))
        assert f"{money(needed / 1000)} in {found.year}" in beliefs.believed(base, found)
        factor = needed / revenue
        moved = {
            key: float(base.case.scenario[key].row()[0]) * factor
            for key in ("demand.agents", "demand.assistant", "demand.other")
        }
        again = jcurve.evaluate(jcurve.scenario("base", moved))
        assert abs(again["npv.go_forward"]) < 0.02 * abs(base.case["npv.go_forward"])

    def test_a_demand_off_the_map_is_said(self, base: Lens) -> None:
        nowhere = np.full_like(base.belief_map.break_even, np.nan)
        found = replace(base.belief_map, break_even=nowhere, right_size=nowhere)
        assert "No demand shown" in beliefs.believed(base, found)
        assert "at no demand shown" in beliefs.right_size(found)
        assert beliefs.beliefs(_moved(base, belief_map=found)).svg

    def test_the_map_names_the_case_and_every_reading(self, base: Lens) -> None:
        shown = beliefs.beliefs(base)
        assert money(base.forward.figure("npv") or 0.0) in shown.svg
        for each in base.belief_map.readings:
            assert each.kind == "case" or each.label in shown.svg


class TestPrice:
    def test_a_price_is_a_pair_of_ends(self, base: Lens) -> None:
        line = base.prices[0]
        known = line.revenues[np.isfinite(line.revenues)]
        said = beliefs.asked(base.prices)
        assert dollars(line.price) in said
        assert money(known[0] / 1000) in said
        assert money(known[-1] / 1000) in said

    def test_no_pair_is_said(self, base: Lens) -> None:
        lines = tuple(
            replace(each, revenues=np.full_like(each.revenues, np.nan)) for each in base.prices
        )
        shown = beliefs.implied(_moved(base, prices=lines))
        assert "matches no pair shown" in shown.plain()


class TestNothingToDecide:
    @pytest.mark.parametrize("name", ["no_programme", "stop_now"])
    def test_is_said_once(self, name: str) -> None:
        lens = Lens(jcurve.evaluate(name))
        assert [each.plain() for each in size.sizes(lens)] == [
            "Nothing to decide. This scenario plans no spending that stopping would save."
        ]
        assert answer.cover(lens, "Executive brief").title == answer.headline(lens)


def test_rates_of_return_say_what_they_cover(base: Lens) -> None:
    lens = Lens(jcurve.evaluate("bull"))
    cover = answer.cover(lens, "Scenario report")
    rate = next(each for each in cover.figures if each.label == "Rate of return")
    assert rate.value == percent(lens.figure("irr_with_terminal_value") or 0.0)
    assert "to 2040 alone" in rate.note
    labels = [row.cells[0] for row in answer.returns(base).rows]
    assert sum(str(label).startswith("IRR ") for label in labels) == 2
