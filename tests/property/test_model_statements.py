"""Statements of every world tie, history is what was reported, and the forecast joins it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

import jcurve
from jcurve.ground.quarters import Quarter
from tests.support.quarters_back import COMING, LAST

WORLDS = ("with", "without", "stopped")
VIEWS = ("programme", "go_forward")


@lru_cache(maxsize=1)
def base() -> jcurve.Case:
    return jcurve.evaluate("base")


REPORTED = {
    "revenue": "reported_revenue",
    "advertising": "reported_advertising",
    "total_costs": "reported_total_costs",
    "depreciation_and_amortisation": "reported_depreciation",
    "operating_income": "reported_operating_income",
    "interest_and_other": "reported_interest_and_other",
    "pretax_income": "reported_pretax_income",
    "tax_provision": "reported_tax_provision",
    "net_income": "reported_net_income",
    "diluted_shares": "reported_diluted_shares",
    "share_based_compensation": "reported_share_based_compensation",
    "operating_cash_flow": "reported_operating_cash_flow",
    "capex": "reported_capex",
    "free_cash_flow": "reported_free_cash_flow",
    "dividends": "reported_dividends",
    "repurchases": "reported_repurchases",
    "settlement_taxes": "reported_net_share_settlement_taxes",
    "cash_and_securities": "reported_cash_and_securities",
    "receivables": "reported_receivables_and_prepaid",
    "property_net": "reported_property_net",
    "operating_lease_assets": "reported_operating_lease_assets",
    "total_assets": "reported_total_assets",
    "payables": "reported_payables_and_accrued",
    "unpaid_property": "reported_unpaid_capex",
    "operating_lease_liability": "reported_operating_lease_liabilities",
    "debt": "reported_long_term_debt",
    "total_liabilities": "reported_total_liabilities",
    "equity": "reported_equity",
}


@pytest.mark.parametrize(("line", "fact"), REPORTED.items())
def test_history_is_what_was_reported(line: str, fact: str) -> None:
    """From the balance sheet of 2022Q1 on, when regions are known too. Totals that a filing
    prints may miss their own parts by one million."""
    case = base()
    start, end = case.assembly.timeline.index("2022Q1"), case.assembly.timeline.index(LAST)
    shown = case.row(line, "with")[start : end + 1]
    facts = case.row(fact)[start : end + 1]
    known = ~np.isnan(facts)
    assert known.sum() >= LAST - Quarter("2022Q4")
    np.testing.assert_allclose(shown[known], facts[known], atol=2.0, rtol=1e-9)


MUST_STEP = {
    "capex": "guidance for 2026 leaves more for the second half than was spent in the first",
    "free_cash_flow": "follows capex",
    "change_in_cash": "no notes are issued in the quarter, capex is higher",
    "cash_and_securities": "the same; the last quarter held the proceeds of 25 USD bn of notes",
    "debt_change": "25 USD bn of notes were issued in the last reported quarter",
    "debt": "the same",
    "repurchases": "3 USD bn were bought a year before and none since",
    "acquisitions_and_stakes": "nothing is on file for 2026; stakes are planned again",
    "other_cash_flow": "what history leaves unexplained has no forecast",
    "other_operating_cash_flow": "the same; the tax charge of 2025Q3 was not cash",
    "deferred_tax_expense": "not on file after 2024; bonus depreciation defers tax",
    "tax_provision": "the charge of 15.93 USD bn in 2025Q3 and the benefit of 8.03 in 2026Q1 "
    "come once",
    "net_income": "follows the provision",
    "earnings_per_share": "follows the provision",
    "effective_tax_rate": "follows the provision",
    "one_off_and_grants": "legal charges and severance of 3.58 USD bn in 2026Q2 are not repeated",
    "total_costs": "the same, and core cost that slows as guided for the year",
    "core_cost_after_savings": "guided total expenses of the year leave slower growth",
    "operating_income": "follows costs",
    "ebitda": "follows costs",
    "pretax_income": "follows costs",
    "operating_margin": "follows costs",
    "total_assets": "follows cash",
    "total_liabilities": "follows debt",
    "working_capital_released": "the accruals of history moved against season",
}
"""Lines of the statements that step at the join, each with its reason."""

_TOLERANCE = 0.03


@pytest.mark.skipif(LAST != "2026Q2", reason="the steps that must be are those of 2026 Q2")
def test_the_forecast_starts_without_a_step() -> None:
    """Against season and trend: a flow is expected at the same quarter of the year before plus
    the growth of the last reported quarter on its year before; a balance moves on as in the
    last quarter. Off by more than 3 % of revenue or of total assets it is a step."""
    case = base()
    at = case.assembly.timeline.index(COMING)
    revenue = case.row("revenue", "with")[at]
    assets = case.row("total_assets", "with")[at]
    model = case.assembly.model
    steps = []
    for line, instance in model.maker.items():
        output = model.outputs[line]
        of_statements = instance.line.module in ("income", "cash_flow", "balance_sheet")
        if line.startswith("check_") or (
            not of_statements and line not in REPORTED and line != "ebitda"
        ):
            continue
        row = case.row(line, "with" if line in model.worldly else None)
        kind = output.kind.name
        if kind == "STOCK":
            expected, scale = 2 * row[at - 1] - row[at - 2], assets
        else:
            expected = row[at - 4] + row[at - 1] - row[at - 5]
            scale = revenue if kind == "FLOW" else max(abs(expected), 1e-9)
        if abs(row[at] - expected) > _TOLERANCE * scale:
            steps.append(line)
    unexplained = sorted(set(steps) - set(MUST_STEP) - _RATIOS)
    assert not unexplained


_RATIOS = {"net_debt_to_ebitda", "debt_to_ebitda", "interest_cover", "free_cash_flow_per_share"}
"""Ratios of lines above."""


@pytest.mark.parametrize("world", WORLDS)
def test_years_are_sums_of_quarters_and_tie_themselves(world: str) -> None:
    case = base()
    flows = ("net_income", "operating_cash_flow", "capex", "change_in_cash", "total_costs")
    for line in flows:
        np.testing.assert_allclose(
            case.year(line, world), case.row(line, world).reshape(-1, 4).sum(axis=1), rtol=1e-12
        )
    for line in ("total_assets", "debt", "equity"):
        np.testing.assert_allclose(case.year(line, world), case.row(line, world)[3::4])
    tie = (
        case.year("total_assets", world)
        - case.year("total_liabilities", world)
        - case.year("equity", world) * case.year("balance_known", world)
    )
    np.testing.assert_allclose(tie, 0, atol=1e-3)
    rolled = np.diff(case.year("cash_and_securities", world))
    np.testing.assert_allclose(rolled, case.year("change_in_cash", world)[1:], atol=1e-3)
    shares = case.row("diluted_shares", world).reshape(-1, 4).mean(axis=1)
    np.testing.assert_allclose(case.year("diluted_shares", world), shares)
    earned = case.year("net_income", world)[8:] / shares[8:]
    np.testing.assert_allclose(case.year("earnings_per_share", world)[8:], earned)


@pytest.mark.parametrize("view", VIEWS)
def test_differences_between_worlds_tie_too(view: str) -> None:
    case = base()
    other = {"programme": "without", "go_forward": "stopped"}[view]
    model = case.assembly.model
    for line in sorted(model.worldly - model.viewed):
        output = model.outputs[line]
        if output.kind.name == "RESULT":
            continue
        found = case.row(line, view)
        np.testing.assert_array_equal(found, case.row(line, "with") - case.row(line, other))
    tie = case.row("total_assets", view) - case.row("total_liabilities", view)
    np.testing.assert_allclose(tie, case.row("equity", view), atol=1e-3)


def test_ventures_on_balance_raise_both_sides_alike() -> None:
    case = jcurve.evaluate(jcurve.scenario("base", {"venture.on_balance": 1}))
    more = case.row("total_assets", "with") - base().row("total_assets", "with")
    owed = case.row("total_liabilities", "with") - base().row("total_liabilities", "with")
    np.testing.assert_allclose(more, owed, atol=1e-6)
    assert more[-1] == pytest.approx(case.row("venture_outstanding")[-1])
    assert case["npv"] == base()["npv"]
    assert case.row("equity", "with")[-1] == base().row("equity", "with")[-1]


def test_net_debt_beyond_its_limit_is_shown_and_stops_repurchases() -> None:
    tight = jcurve.evaluate(jcurve.scenario("base", {"financing.leverage_limit": 0.05}))
    beyond = tight.row("debt_beyond_limit", "with")
    levered = tight.row("net_debt_to_ebitda", "with")
    at = tight.assembly.timeline.index(COMING)
    assert ((beyond > 0) == (levered > 0.05)).all()
    bought = tight.row("repurchases", "with")
    assert not bought[at:][levered[at - 1 : -1] > 0.06].any()
    assert tight["npv"] == base()["npv"]


def test_shares_stay_above_zero_however_much_is_bought() -> None:
    case = jcurve.evaluate(
        jcurve.scenario(
            "bull",
            {"financing.repurchase_share": {2026: 1.0, 2034: 1.0}, "shares.price_growth": 0.0},
        )
    )
    shares = case.row("diluted_shares", "with")
    assert (shares[-60:] > 0).all()
    assert shares[-1] < base().row("diluted_shares", "with")[-1]
    assert case.row("earnings_per_share", "with")[-1] > 0


def test_a_run_off_stops_spending_and_lets_assets_live_on() -> None:
    case = jcurve.evaluate(
        jcurve.scenario(
            "base", {"returns.terminal_treatment": "run_off", "returns.run_off_from": "2033Q4"}
        )
    )
    stop = case.assembly.timeline.index("2033Q4")
    assert (case.row("programme_spends", "with")[: stop + 1] == base().row(
        "programme_spends", "with")[: stop + 1]).all()  # fmt: skip
    assert not case.row("programme_spends", "with")[stop + 1 :].any()
    # Only leases that are signed are still paid for beyond general capex and maintenance.
    kept = case.row("general_capex") + case.row("maintenance_capex")
    np.testing.assert_allclose(
        (case.row("capex", "with") - kept)[stop + 1 :],
        case.row("finance_lease_principal", "with")[stop + 1 :],
        atol=1e-6,
    )
    assert case["terminal_value"] == 0.0
    assert case.row("book_depreciation.accelerators", "programme")[stop + 4] > 0
    early = case.row("ranking_compute", "programme")[stop + 1]
    assert case.row("ranking_compute", "programme")[stop + 1 :].min() < early


def test_research_that_is_spread_defers_a_deduction_and_no_more() -> None:
    spread = jcurve.evaluate(
        jcurve.scenario("base", {"tax.research_capitalised": 0.15, "tax.research_life": 5})
    )
    taxed = spread.row("cash_taxes", "with") - base().row("cash_taxes", "with")
    at = spread.assembly.timeline.index(COMING.plus(1))
    assert taxed[at] > 0
    assert (spread.row("net_operating_profit", "with") == base().row(
        "net_operating_profit", "with")).all()  # fmt: skip
    assert spread["npv"] < base()["npv"]


def test_both_treatments_of_share_based_pay_are_shown_whatever_the_switch_says() -> None:
    added = jcurve.evaluate(jcurve.scenario("base", {"returns.sbc_is_cost": 0}))
    for view in VIEWS:
        cost, back = f"npv_sbc_as_cost.{view}", f"npv_sbc_added_back.{view}"
        assert base()[cost] == base()[f"npv.{view}"]
        assert added[back] == added[f"npv.{view}"]
        assert base()[back] == pytest.approx(added[back], rel=1e-9)
        assert base()[cost] == pytest.approx(added[cost], rel=1e-9)
        assert base()[cost] < base()[back]


def test_drags_are_the_other_way_round() -> None:
    case = base()
    for drag, line in (
        ("margin_drag", "operating_margin"),
        ("earnings_per_share_drag", "earnings_per_share"),
        ("free_cash_flow_drag", "free_cash_flow"),
    ):
        for view in VIEWS:
            np.testing.assert_allclose(case.year(drag, view), -case.year(line, view), rtol=1e-9)


def test_each_crossing_of_payback_is_listed() -> None:
    case = jcurve.evaluate("bull")
    crossings = case.row("payback_crossing", "programme")
    assert np.count_nonzero(crossings) == case["payback_crossings"] >= 1
    assert crossings.max() == pytest.approx(case["payback"])
    # The base case comes up through zero while the programme is small, and ends below it.
    assert base()["payback"] is None
    assert base().row("cumulative_free_cash_flow", "programme")[-1] < 0
