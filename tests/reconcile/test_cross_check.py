"""The base case beside guidance, consensus and the readings of the response to compute."""

from __future__ import annotations

from dataclasses import replace

import pytest

import jcurve
from jcurve.facts import reported
from jcurve.ground.errors import FactsError
from jcurve.ground.quarters import Quarter
from jcurve_studies.comparisons.cross_check import Comparison, compare, references
from jcurve_studies.comparisons.response import ELASTICITIES
from tests.support.quarters_back import LAST

STATEMENTS = ("costs", "income", "assets", "capex", "cash_flow", "balance_sheet")
"""Modules whose lines are lines of the statements, or their notes."""
NO_MONEY = {"compute_in_service", "power"}
PARTS = {"property_depreciation", "basis_depreciation", "other_amortisation"}
"""Rows that a line of the statements sums."""


@pytest.fixture(scope="module")
def comparisons() -> dict[str, Comparison]:
    return {each.about.key: each for each in compare(jcurve.evaluate(), references())}


class TestPublishedFigures:
    def test_lines_are_those_of_the_statements(self) -> None:
        made = jcurve.evaluate().assembly.model
        for each in references():
            if each.line not in NO_MONEY:
                assert made.maker[each.line].line.module in STATEMENTS, each.key
                assert each.line not in PARTS, each.key

    @pytest.mark.skipif(LAST != "2026Q2", reason="explanations on file are of 2026 Q2")
    def test_what_differs_is_explained_and_what_agrees_is_not(
        self, comparisons: dict[str, Comparison]
    ) -> None:
        unexplained = [
            key for key, each in comparisons.items() if not (each.agrees or each.about.explanation)
        ]
        idle = [key for key, each in comparisons.items() if each.agrees and each.about.explanation]
        assert unexplained == []
        assert idle == []

    def test_what_the_company_guides_is_held_against_its_range(
        self, comparisons: dict[str, Comparison]
    ) -> None:
        guided = [each for each in comparisons.values() if each.about.test == "guided"]
        assert {each.about.key for each in guided} == {
            "revenue_q3_2026", "expenses_2026", "capex_2026",
        }  # fmt: skip
        for each in guided:
            assert {evidence.independence for evidence in each.about.references} == {"company"}

    def test_outside_the_guided_range_is_said_whatever_the_tolerance(
        self, comparisons: dict[str, Comparison]
    ) -> None:
        guided = comparisons["capex_2026"]
        inside = replace(guided, model=(guided.low + guided.high) / 2)  # type: ignore[operator]
        assert inside.verdict == "inside the guided range"
        outside = replace(inside, model=inside.high * 1.001)  # type: ignore[operator]
        assert abs(outside.difference) > 0.05
        near = replace(outside, reference=outside.model)
        assert near.difference == 0.0
        for each in (outside, near):
            assert not each.agrees
            assert each.verdict == "outside the guided range"

    def test_a_range_needs_both_its_ends(self) -> None:
        bare = replace(next(each for each in references() if each.test == "share"), test="guided")
        with pytest.raises(FactsError, match="no range"):
            compare(jcurve.evaluate(), [bare])

    def test_a_half_year_sums_its_quarters(self, comparisons: dict[str, Comparison]) -> None:
        case = jcurve.evaluate()
        quarters = case.frame("revenue").loc[["2027Q1", "2027Q2"], "revenue"]
        assert comparisons["revenue_h1_2027"].model == pytest.approx(
            quarters.sum() / 1e3, rel=1e-12
        )

    def test_reported_quarters_complete_a_year_of_consensus(
        self, comparisons: dict[str, Comparison]
    ) -> None:
        facts, expected = reported("META"), {"2026Q3": 34.7, "2026Q4": 43.7}
        known = [
            expected.get(quarter, fact.value / 1000 if fact else 0.0)
            for quarter in Quarter.of(2026, 1).through("2026Q4")
            for fact in [facts.get("operating_cash_flow", quarter)]
        ]
        assert comparisons["operating_cash_flow_2026"].reference == pytest.approx(
            sum(known), abs=1e-9
        )


class TestReadings:
    def test_the_range_of_the_belief_holds_every_value(self) -> None:
        item = jcurve.scenario("base")["advertising.compute_elasticity"]
        assert (item.low, item.high) == (min(ELASTICITIES), max(ELASTICITIES))
        assert item.value in ELASTICITIES
