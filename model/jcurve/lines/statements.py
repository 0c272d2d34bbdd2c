"""Three statements of each world, and the identities that tie them.

On history the world with the programme shows what was reported; another world differs from
it by its modelled operations alone.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import (
    Family,
    Row,
    lag,
    ratio,
    running_sum,
    splice,
    total,
    value_at,
)
from jcurve.engine.units import MILLION_SHARES, TIMES, USD_M, USD_PER_SHARE
from jcurve.lines.constants import ONE_QUARTER, ONE_YEAR, QUARTERS_IN_YEAR

__all__: list[str] = []


@line(USD_M, flow)
def interest_and_other(
    reported_interest_and_other: Row,
    interest_income: Row,
    interest_expense: Row,
    finance_lease_interest: Row,
    stake_gains: Row,
) -> Row:
    """Interest and other income, net: as reported, then interest earned less charged, on debt
    and on finance leases, and gains on stakes."""
    charged = interest_expense + finance_lease_interest
    return splice(reported_interest_and_other, interest_income - charged + stake_gains)


@line(USD_M, flow)
def pretax_income(operating_income: Row, interest_and_other: Row) -> Row:
    """Income before tax."""
    return operating_income + interest_and_other


@line(USD_M, flow, refer={"book_tax_with": "operating_book_tax@with"})
def tax_provision(
    reported_tax_provision: Row,
    operating_book_tax: Row,
    book_tax_with: Row,
    pretax_income: Row,
    tax_rate: Row,
) -> Row:
    """Provision for income taxes: as reported (with this world's difference in operating
    income), then pre-tax income at the tax rate."""
    return splice(
        reported_tax_provision + operating_book_tax - book_tax_with,
        pretax_income * tax_rate,
    )


@line(USD_M, flow)
def net_income(pretax_income: Row, tax_provision: Row) -> Row:
    """Pre-tax income less the tax provision."""
    return pretax_income - tax_provision


@line(MILLION_SHARES, stock)
def diluted_shares(
    reported_diluted_shares: Row,
    shares_net_issuance: Row,
    repurchases: Row,
    share_price: Row,
    last_reported: Row,
    history: Row,
) -> Row:
    """Weighted diluted shares: as reported, then grown by net issuance to employees and
    reduced by repurchases at the share price."""
    known = value_at(reported_diluted_shares, last_reported)
    issued = known * shares_net_issuance / QUARTERS_IN_YEAR
    moved = (1 - history) * (issued - repurchases / share_price)
    return splice(reported_diluted_shares, known + running_sum(moved))


@line(USD_PER_SHARE, rate, annual="mean")
def share_price(
    shares_reference_price: Row,
    shares_price_growth: Row,
    quarter_index: Row,
    last_reported: Row,
) -> Row:
    """Price at which shares are bought back: the reference price, grown."""
    years = np.maximum(quarter_index - last_reported, 0) / ONE_YEAR
    return shares_reference_price * (1 + shares_price_growth) ** years


@line(USD_PER_SHARE, rate)
def earnings_per_share(net_income: Row, diluted_shares: Row) -> Row:
    """Net income per diluted share."""
    return ratio(net_income, diluted_shares)


@line(USD_PER_SHARE, rate)
def free_cash_flow_per_share(free_cash_flow: Row, diluted_shares: Row) -> Row:
    """Free cash flow per diluted share."""
    return ratio(free_cash_flow, diluted_shares)


@line(
    USD_M,
    flow,
    refer={
        "cash_with": "operating_cash_before_tax@with",
        "tax_with": "operating_cash_tax@with",
        "capex_with": "capex@with",
    },
)
def operating_cash_flow(
    reported_operating_cash_flow: Row,
    operating_cash_before_tax: Row,
    operating_cash_tax: Row,
    capex: Row,
    cash_with: Row,
    tax_with: Row,
    capex_with: Row,
    interest_income: Row,
    interest_expense: Row,
    finance_lease_interest: Row,
    cash_taxes: Row,
) -> Row:
    """Net cash from operating activities: as reported (with this world's difference), then
    EBITDA and share-based compensation less working capital, net interest and cash taxes."""
    kept = (operating_cash_before_tax - operating_cash_tax + capex) - (
        cash_with - tax_with + capex_with
    )
    paid = interest_expense + finance_lease_interest + cash_taxes
    computed = operating_cash_before_tax + capex + interest_income - paid
    return splice(reported_operating_cash_flow + kept, computed)


@line(USD_M, flow)
def free_cash_flow(operating_cash_flow: Row, capex: Row) -> Row:
    """Free cash flow as the company defines it: operating cash flow less capex, principal on
    finance leases included."""
    return operating_cash_flow - capex


@line(
    USD_M,
    stock,
    refer={
        "tax_with": "operating_cash_tax@with",
        "book_with": "operating_book_tax@with",
    },
)
def deferred_tax_liability(
    balance_opening_deferred_tax: Row,
    operating_book_tax: Row,
    operating_cash_tax: Row,
    tax_with: Row,
    book_with: Row,
    tax_provision: Row,
    cash_taxes: Row,
    history: Row,
) -> Row:
    """Net deferred and accrued tax: the opening estimate, what this world has deferred more on
    history, then the provision less tax paid."""
    earlier = (operating_book_tax - operating_cash_tax) - (book_with - tax_with)
    later = tax_provision - cash_taxes
    return balance_opening_deferred_tax + running_sum(np.where(history > 0, earlier, later))


@line(
    USD_M,
    stock,
    refer={
        "nopat_with": "net_operating_profit@with",
        "pay_with": "share_based_compensation@with",
    },
)
def equity(
    reported_equity: Row,
    net_operating_profit: Row,
    nopat_with: Row,
    share_based_compensation: Row,
    pay_with: Row,
    net_income: Row,
    dividends: Row,
    settlement_taxes: Row,
    repurchases: Row,
    last_reported: Row,
    history: Row,
) -> Row:
    """Total equity: as reported with this world's difference, then net income and share-based
    compensation less what is paid out."""
    earlier = (net_operating_profit - nopat_with) + (share_based_compensation - pay_with)
    later = net_income + share_based_compensation - dividends - settlement_taxes - repurchases
    reported = splice(reported_equity, (1 - history) * value_at(reported_equity, last_reported))
    return reported + running_sum(np.where(history > 0, earlier, later))


@line(USD_M, stock)
def unpaid_property(unpaid_capex: Family) -> Row:
    """Property in accounts payable, all classes."""
    return total(unpaid_capex)


@line(USD_M, stock)
def startup_stakes_held(startup_stakes: Row, financing_stake_holding: Row) -> Row:
    """Stakes bought since the last reported quarter and not yet sold, at cost."""
    return running_sum(startup_stakes - lag(startup_stakes, financing_stake_holding))


@line(
    USD_M,
    stock,
    refer={
        "cash": "cash_and_securities@with",
        "moving": "working_capital@with",
        "property_with": "property_net@with",
        "owed": "debt@with",
        "leased": "finance_lease_liability@with",
        "unpaid": "unpaid_property@with",
        "deferred": "deferred_tax_liability@with",
    },
)
def other_net_assets(
    reported_equity: Row,
    cash: Row,
    moving: Row,
    property_with: Row,
    owed: Row,
    leased: Row,
    unpaid: Row,
    deferred: Row,
    last_reported: Row,
    other_amortisation: Row,
    history: Row,
) -> Row:
    """All other assets less liabilities: what makes reported equity tie on history; from the
    last reported quarter on reduced by amortisation alone. Goodwill, stakes, leases, accruals,
    and the difference between modelled and reported property."""
    left = reported_equity - (cash + moving + property_with - owed - leased - unpaid - deferred)
    amortised = running_sum((1 - history) * other_amortisation)
    return splice(left, value_at(left, last_reported) - amortised)


@line(USD_M, stock)
def total_net_assets(
    cash_and_securities: Row,
    working_capital: Row,
    property_net: Row,
    startup_stakes_held: Row,
    other_net_assets: Row,
    debt: Row,
    finance_lease_liability: Row,
    unpaid_property: Row,
    deferred_tax_liability: Row,
) -> Row:
    """Assets less liabilities: cash, working capital, property, stakes and other net assets,
    less debt, finance leases, unpaid property and deferred tax. Operating-lease assets and
    liabilities are equal and left out."""
    assets = cash_and_securities + working_capital + property_net + startup_stakes_held
    owed = debt + finance_lease_liability + unpaid_property + deferred_tax_liability
    return assets + other_net_assets - owed


@line(USD_M, stock)
def net_cash(cash_and_securities: Row, debt: Row) -> Row:
    """Cash and securities less debt."""
    return cash_and_securities - debt


@line(TIMES, rate, annual="last")
def net_debt_to_ebitda(net_cash: Row, trailing_ebitda: Row) -> Row:
    """Debt beyond cash, per dollar of the last four quarters' EBITDA; 0 with net cash."""
    return ratio(np.maximum(-net_cash, 0), trailing_ebitda)


@line(TIMES, rate, annual="mean")
def interest_cover(ebitda: Row, interest_expense: Row) -> Row:
    """EBITDA per dollar of interest; 0 where none is charged."""
    return ratio(ebitda, interest_expense)


@line(USD_M, stock)
def check_balance_sheet(
    total_net_assets: Row, equity: Row, reported_equity: Row, history: Row
) -> Row:
    """Assets less liabilities and equity, where the balance sheet is known or forecast: 0."""
    known = splice(ratio(reported_equity, reported_equity), 1 - history)
    return (total_net_assets - equity) * known


@line(USD_M, flow)
def check_cash(
    cash_and_securities: Row,
    free_cash_flow: Row,
    startup_stakes: Row,
    stake_recoveries: Row,
    dividends: Row,
    settlement_taxes: Row,
    repurchases: Row,
    debt_change: Row,
    history: Row,
) -> Row:
    """Change of cash less the flows that make it, on the forecast: 0."""
    flows = free_cash_flow - startup_stakes + stake_recoveries - dividends - settlement_taxes
    moved = cash_and_securities - lag(cash_and_securities, ONE_QUARTER)
    return (1 - history) * (moved - flows + repurchases - debt_change)


@line(USD_M, flow)
def check_property(
    property_net: Row,
    additions: Family,
    opening_placements: Family,
    property_depreciation: Row,
    salvage_proceeds: Row,
) -> Row:
    """Change of net property less additions, depreciation and salvage: 0."""
    bought = total(additions) + total(opening_placements)
    moved = property_net - lag(property_net, ONE_QUARTER)
    return moved - bought + property_depreciation + salvage_proceeds


@line(USD_M, stock)
def check_debt(debt: Row, debt_change: Row, history: Row) -> Row:
    """Change of debt less what is drawn and repaid, on the forecast: 0."""
    return (1 - history) * (debt - lag(debt, ONE_QUARTER) - debt_change)


@line(USD_M, stock)
def check_equity(
    equity: Row,
    net_income: Row,
    share_based_compensation: Row,
    dividends: Row,
    settlement_taxes: Row,
    repurchases: Row,
    history: Row,
) -> Row:
    """Change of equity less net income and share-based compensation, plus what is paid out, on
    the forecast: 0."""
    moved = equity - lag(equity, ONE_QUARTER) - net_income - share_based_compensation
    return (1 - history) * (moved + dividends + settlement_taxes + repurchases)


@line(USD_M, stock)
def check_deferred_tax(
    deferred_tax_liability: Row, tax_provision: Row, cash_taxes: Row, history: Row
) -> Row:
    """Change of deferred tax less the provision, plus tax paid, on the forecast: 0."""
    moved = deferred_tax_liability - lag(deferred_tax_liability, ONE_QUARTER)
    return (1 - history) * (moved - tax_provision + cash_taxes)
