"""Cash-flow statement of each world: derived indirectly, and checked against the direct way.

On history the world with the programme shows what was reported; another world differs from
it by its modelled operations alone.
"""

from __future__ import annotations

from jcurve.engine.line import flow, line
from jcurve.engine.primitives import Row, lag, splice
from jcurve.ground.units import USD_M
from jcurve.lines.constants import ONE_QUARTER


@line(
    USD_M, flow,
    refer={
        "cash_with": "operating_cash_before_tax@with", "tax_with": "operating_cash_tax@with",
        "capex_with": "capex@with", "salvage_with": "salvage_proceeds@with",
    },
)  # fmt: skip
def operating_cash_flow(
    reported_operating_cash_flow, operating_cash_before_tax, operating_cash_tax, capex,
    salvage_proceeds, cash_with, tax_with, capex_with, salvage_with, interest_income,
    interest_expense, finance_lease_interest, cash_taxes,
) -> Row:  # fmt: skip
    """Net cash from operating activities: as reported (with this world's difference), then
    EBITDA and share-based compensation less working capital, net interest and cash taxes."""
    before_tax = operating_cash_before_tax + capex - salvage_proceeds
    kept = (before_tax - operating_cash_tax) - (cash_with + capex_with - salvage_with - tax_with)
    paid = interest_expense + finance_lease_interest + cash_taxes
    return splice(reported_operating_cash_flow + kept, before_tax + interest_income - paid)


@line(
    USD_M,
    flow,
    refer={"tax_with": "operating_cash_tax@with", "book_with": "operating_book_tax@with"},
)
def deferred_tax_expense(
    reported_deferred_tax_expense, operating_book_tax, operating_cash_tax, book_with, tax_with,
    tax_provision, cash_taxes, history,
) -> Row:  # fmt: skip
    """Tax provided and not paid: as reported where it is on file, with this world's
    difference, then the provision less tax paid."""
    differs = (operating_book_tax - operating_cash_tax) - (book_with - tax_with)
    reported = splice(reported_deferred_tax_expense, 0) + differs
    return history * reported + (1 - history) * (tax_provision - cash_taxes)


@line(USD_M, flow)
def working_capital_released(net_working_capital, balance_known) -> Row:
    """Cash from a change in receivables, prepaid expenses, payables and accruals, once two
    balance sheets are known; an outflow is negative."""
    before = lag(net_working_capital, ONE_QUARTER)
    return (before - net_working_capital) * lag(balance_known, ONE_QUARTER)


@line(USD_M, flow)
def other_operating_cash_flow(
    operating_cash_flow, net_income, depreciation_and_amortisation, share_based_compensation,
    deferred_tax_expense, working_capital_released, stake_gains, history,
) -> Row:  # fmt: skip
    """Other items between net income and operating cash flow: on history what the named ones
    leave; then gains on stakes, whose cash is an investing flow."""
    named = net_income + depreciation_and_amortisation + share_based_compensation
    left = operating_cash_flow - named - deferred_tax_expense - working_capital_released
    return history * left - (1 - history) * stake_gains


@line(USD_M, flow)
def operating_cash_flow_from_income(
    net_income, depreciation_and_amortisation, share_based_compensation, deferred_tax_expense,
    working_capital_released, other_operating_cash_flow,
) -> Row:  # fmt: skip
    """Operating cash flow the indirect way: net income, what it holds that is not cash, and
    the change in working capital."""
    not_cash = depreciation_and_amortisation + share_based_compensation + deferred_tax_expense
    return net_income + not_cash + working_capital_released + other_operating_cash_flow


@line(USD_M, flow)
def check_operating_cash_flow(operating_cash_flow, operating_cash_flow_from_income) -> Row:
    """Operating cash flow the direct way less the indirect way: 0."""
    return operating_cash_flow - operating_cash_flow_from_income


@line(USD_M, flow)
def free_cash_flow(operating_cash_flow, capex, salvage_proceeds) -> Row:
    """Free cash flow as the company defines it: operating cash flow less capex, principal on
    finance leases included, net of proceeds of property sold."""
    return operating_cash_flow - capex + salvage_proceeds


@line(USD_M, flow)
def acquisitions_and_stakes(reported_acquisitions, startup_stakes) -> Row:
    """Cash paid for businesses and stakes: as reported where it is on file, then as planned."""
    return splice(reported_acquisitions, startup_stakes)


@line(USD_M, flow, refer={"cash": "cash_and_securities@with", "free": "free_cash_flow@with"})
def other_cash_flow(
    cash, free, acquisitions_and_stakes, dividends, settlement_taxes, repurchases,
    reported_long_term_debt, history,
) -> Row:  # fmt: skip
    """Other investing and financing flows: on history what the named ones leave of the change
    in cash and securities (stakes, currency, gains on securities); none after it."""
    owed = splice(reported_long_term_debt, 0)
    named = free - acquisitions_and_stakes - dividends - settlement_taxes - repurchases
    left = (cash - lag(cash, ONE_QUARTER)) - named - (owed - lag(owed, ONE_QUARTER))
    return history * left


@line(USD_M, flow)
def change_in_cash(
    free_cash_flow, acquisitions_and_stakes, stake_recoveries, dividends, settlement_taxes,
    repurchases, debt_change, other_cash_flow,
) -> Row:  # fmt: skip
    """Change in cash and securities: free cash flow, stakes, what holders are paid, debt."""
    invested = acquisitions_and_stakes - stake_recoveries
    paid_out = dividends + settlement_taxes + repurchases
    return free_cash_flow - invested - paid_out + debt_change + other_cash_flow


@line(USD_M, flow)
def check_cash(cash_and_securities, change_in_cash) -> Row:
    """Change of cash and securities less the flows that make it: 0."""
    return cash_and_securities - lag(cash_and_securities, ONE_QUARTER) - change_in_cash
