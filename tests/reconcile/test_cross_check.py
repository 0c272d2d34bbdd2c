"""The base case beside guidance, consensus and the evidence on uplift."""

from __future__ import annotations

import pytest

import jcurve
from jcurve.analysis.cross_check import Comparison, compare
from jcurve.analysis.uplift import UpliftReadings, uplift_readings
from jcurve.facts import references, uplift_inputs

EXPECTED_2026 = (
    "revenue_2026",
    "expenses_2026",
    "operating_income_2026",
    "depreciation_2026",
    "capex_2026",
    "operating_cash_flow_2026",
)


@pytest.fixture(scope="module")
def comparisons() -> dict[str, Comparison]:
    return {each.key: each for each in compare(jcurve.evaluate(), references())}


@pytest.fixture(scope="module")
def readings() -> UpliftReadings:
    return uplift_readings(jcurve.evaluate(), uplift_inputs())


class TestPublishedFigures:
    @pytest.mark.parametrize("key", EXPECTED_2026)
    def test_the_year_under_way_agrees_within_a_twentieth(
        self, comparisons: dict[str, Comparison], key: str
    ) -> None:
        found = comparisons[key]
        assert found.agrees, f"{found.label}: {found.model:.1f} against {found.reference:.1f}"

    def test_free_cash_flow_lies_inside_what_was_published(
        self, comparisons: dict[str, Comparison]
    ) -> None:
        found = comparisons["free_cash_flow_2026"]
        assert found.test == "range"
        assert found.agrees

    def test_what_differs_is_explained_and_what_agrees_is_not(
        self, comparisons: dict[str, Comparison]
    ) -> None:
        unexplained = [
            key for key, each in comparisons.items() if not (each.agrees or each.explanation)
        ]
        idle = [key for key, each in comparisons.items() if each.agrees and each.explanation]
        assert unexplained == []
        assert idle == []

    def test_a_half_year_sums_its_quarters(self, comparisons: dict[str, Comparison]) -> None:
        case = jcurve.evaluate()
        quarters = case.frame("revenue").loc[["2027Q1", "2027Q2"], "revenue"]
        assert comparisons["revenue_h1_2027"].model == pytest.approx(
            quarters.sum() / 1e3, rel=1e-12
        )

    def test_reported_quarters_complete_a_year_of_consensus(
        self, comparisons: dict[str, Comparison]
    ) -> None:
        reported = 32.226 + 31.862  # operating cash flow of the first half, as released
        assert comparisons["operating_cash_flow_2026"].reference == pytest.approx(
            reported + 34.7 + 43.7, abs=1e-9
        )


class TestUplift:
    def test_bottom_up_is_the_product_of_its_inputs(self, readings: UpliftReadings) -> None:
        gain = (0.5 * 11 + 0.5 * 10) / 100
        assert readings.bottom_up.value == pytest.approx(gain * 0.65 * 0.35, rel=1e-12)

    def test_top_down_is_reported_price_growth_less_what_needs_no_better_ads(
        self, readings: UpliftReadings
    ) -> None:
        growth = (10 + 6 + 12 + 12) / 4 / 100  # published, third quarter of 2025 to mid 2026
        assert readings.price_growth == pytest.approx(growth, abs=1e-12)
        assert readings.top_down.value == pytest.approx(growth - 0.03, abs=1e-12)

    @pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
    def test_the_base_case_stands_between_the_readings(
        self, readings: UpliftReadings, year: int
    ) -> None:
        assert readings.bottom_up.value < readings.top_down.value
        assert readings.lies_between(year)

    def test_growth_splits_into_counterfactual_and_programme(
        self, readings: UpliftReadings
    ) -> None:
        for year, growth in readings.reported_growth.items():
            if year in readings.programme:
                both = (1 + readings.programme[year]) * (1 + readings.counterfactual_growth[year])
                assert 1 + growth == pytest.approx(both, rel=1e-9)
