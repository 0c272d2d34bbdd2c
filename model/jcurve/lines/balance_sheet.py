"""Balance sheet of each world, and the identities that tie it.

On history the world with the programme shows what was reported; another world differs from
it by its modelled operations alone. From the last report on each balance rolls. What is not
modelled stays in other assets and other liabilities, so that reported totals tie.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import Family, Row, lag, ratio, running_sum, splice, total
from jcurve.ground.units import SWITCH, TIMES, USD_M
from jcurve.lines.constants import ONE_QUARTER
from jcurve.lines.programme import carried, joined


@line(SWITCH, rate, annual="last")
def balance_known(reported_equity, history) -> Row:
    """1 where the balance sheet is reported or forecast."""
    return splice(ratio(reported_equity, reported_equity), 1 - history)


@line(USD_M, stock, refer={"revenue_with": "revenue@with"})
def receivables(
    reported_receivables_and_prepaid, revenue, revenue_with, balance_receivables_share,
    last_reported, history,
) -> Row:  # fmt: skip
    """Receivables, prepaid expenses and other current assets: as reported, then moving with
    the quarter's revenue."""
    return joined(
        reported_receivables_and_prepaid, revenue * balance_receivables_share,
        revenue_with * balance_receivables_share, last_reported, history,
    )  # fmt: skip


@line(USD_M, stock, refer={"modelled": "working_capital@with"})
def net_working_capital(
    reported_receivables_and_prepaid, reported_payables_and_accrued, working_capital, modelled,
    last_reported, history,
) -> Row:  # fmt: skip
    """Receivables and prepaid expenses less payables and accruals, unpaid property apart: as
    reported, then as working capital moves."""
    reported = reported_receivables_and_prepaid - reported_payables_and_accrued
    return joined(reported, working_capital, modelled, last_reported, history)


@line(USD_M, stock)
def payables(receivables, net_working_capital) -> Row:
    """Payables, accrued expenses and other current liabilities, without unpaid property and
    operating leases."""
    return receivables - net_working_capital


@line(USD_M, stock, refer={"liability_with": "operating_lease_liability@with"})
def operating_lease_assets(
    reported_operating_lease_assets, operating_lease_liability, liability_with, last_reported,
    history,
) -> Row:  # fmt: skip
    """Right of use of operating leases: as reported, then moving with the liability."""
    return joined(
        reported_operating_lease_assets, operating_lease_liability, liability_with, last_reported,
        history,
    )  # fmt: skip


@line(USD_M, stock)
def startup_stakes_held(startup_stakes, financing_stake_holding) -> Row:
    """Stakes bought since the last reported quarter and not yet sold, at cost; earlier ones
    are in other assets."""
    return running_sum(startup_stakes - lag(startup_stakes, financing_stake_holding))


@line(
    USD_M, stock,
    refer={
        "cash": "cash_and_securities@with", "due": "receivables@with",
        "property_with": "property_net@with", "leased": "operating_lease_assets@with",
    },
)  # fmt: skip
def other_assets(
    reported_total_assets, cash, due, property_with, leased, last_reported, other_amortisation,
    history,
) -> Row:  # fmt: skip
    """Goodwill, intangible assets, earlier stakes and the rest: what reported total assets
    leave; from the last report on reduced by amortisation alone."""
    left = reported_total_assets - (cash + due + property_with + leased)
    amortised = running_sum((1 - history) * other_amortisation)
    return carried(left, last_reported, history) - amortised


@line(USD_M, stock)
def total_assets(
    cash_and_securities, receivables, property_net, operating_lease_assets, startup_stakes_held,
    venture_debt, other_assets, balance_known,
) -> Row:  # fmt: skip
    """Total assets, once the balance sheet is known. Property of ventures that the switch
    brings on balance equals their debt."""
    current = cash_and_securities + receivables
    fixed = property_net + operating_lease_assets + startup_stakes_held + venture_debt
    return (current + fixed + other_assets) * balance_known


@line(USD_M, stock)
def unpaid_property(unpaid_capex: Family) -> Row:
    """Property in accounts payable, all classes."""
    return total(unpaid_capex)


@line(
    USD_M,
    stock,
    refer={"tax_with": "operating_cash_tax@with", "book_with": "operating_book_tax@with"},
)
def deferred_tax_liability(
    balance_opening_deferred_tax, operating_book_tax, operating_cash_tax, tax_with, book_with,
    tax_provision, cash_taxes, history,
) -> Row:  # fmt: skip
    """Net deferred and accrued tax: the opening estimate, what this world has deferred more on
    history, then the provision less tax paid."""
    earlier = (operating_book_tax - operating_cash_tax) - (book_with - tax_with)
    later = tax_provision - cash_taxes
    return balance_opening_deferred_tax + running_sum(np.where(history > 0, earlier, later))


@line(
    USD_M, stock,
    refer={
        "owed_with": "payables@with", "unpaid_with": "unpaid_property@with",
        "leased_with": "operating_lease_liability@with",
        "financed_with": "finance_lease_liability@with", "debt_with": "debt@with",
        "deferred_with": "deferred_tax_liability@with",
    },
)  # fmt: skip
def other_liabilities(
    reported_total_liabilities, owed_with, unpaid_with, leased_with, financed_with, debt_with,
    deferred_with, last_reported, history,
) -> Row:  # fmt: skip
    """Other liabilities: what reported total liabilities leave; level from the last report on.
    Deferred tax is an estimate, of which this line takes the error."""
    named = owed_with + unpaid_with + leased_with + financed_with + debt_with + deferred_with
    return carried(reported_total_liabilities - named, last_reported, history)


@line(USD_M, stock)
def total_liabilities(
    payables, unpaid_property, operating_lease_liability, finance_lease_liability, debt,
    venture_debt, deferred_tax_liability, other_liabilities, balance_known,
) -> Row:  # fmt: skip
    """Total liabilities, once the balance sheet is known."""
    current = payables + unpaid_property
    owed = operating_lease_liability + finance_lease_liability + debt + venture_debt
    return (current + owed + deferred_tax_liability + other_liabilities) * balance_known


@line(
    USD_M,
    stock,
    refer={"nopat_with": "net_operating_profit@with", "pay_with": "share_based_compensation@with"},
)
def equity(
    reported_equity, net_operating_profit, nopat_with, share_based_compensation, pay_with,
    net_income, dividends, settlement_taxes, repurchases, last_reported, history,
) -> Row:  # fmt: skip
    """Total equity: as reported with this world's difference, then net income and share-based
    compensation less what is paid out."""
    earlier = (net_operating_profit - nopat_with) + (share_based_compensation - pay_with)
    later = net_income + share_based_compensation - dividends - settlement_taxes - repurchases
    moved = running_sum(np.where(history > 0, earlier, later))
    return carried(reported_equity, last_reported, history) + moved


@line(USD_M, stock)
def net_cash(cash_and_securities, debt) -> Row:
    """Cash and securities less debt."""
    return cash_and_securities - debt


@line(TIMES, rate, annual="last")
def net_debt_to_ebitda(net_cash, trailing_ebitda) -> Row:
    """Debt beyond cash, per dollar of the last four quarters' EBITDA; 0 with net cash."""
    return ratio(np.maximum(-net_cash, 0), trailing_ebitda)


@line(TIMES, rate, annual="last")
def debt_to_ebitda(debt, trailing_ebitda) -> Row:
    """Debt per dollar of the last four quarters' EBITDA."""
    return ratio(debt, trailing_ebitda)


@line(USD_M, stock)
def debt_beyond_limit(net_cash, trailing_ebitda, financing_leverage_limit) -> Row:
    """Net debt beyond the limit that net debt to EBITDA is meant to keep: what would have to be
    cut, deferred or paid for by new equity."""
    return np.maximum(-net_cash - financing_leverage_limit * trailing_ebitda, 0)


@line(TIMES, rate, annual="mean")
def interest_cover(ebitda, interest_expense) -> Row:
    """EBITDA per dollar of interest; 0 where none is charged."""
    return ratio(ebitda, interest_expense)


@line(USD_M, stock)
def check_balance_sheet(total_assets, total_liabilities, equity, balance_known) -> Row:
    """Assets less liabilities and equity, where the balance sheet is known or forecast: 0."""
    return total_assets - total_liabilities - equity * balance_known


@line(USD_M, flow)
def check_property(
    modelled_property_net, additions: Family, opening_placements: Family, property_depreciation,
    salvage_proceeds,
) -> Row:  # fmt: skip
    """Change of modelled property less additions, depreciation and salvage: 0."""
    bought = total(additions) + total(opening_placements)
    moved = modelled_property_net - lag(modelled_property_net, ONE_QUARTER)
    return moved - bought + property_depreciation + salvage_proceeds


@line(USD_M, flow)
def check_property_paid(
    property_net, unpaid_property, finance_lease_liability, capex, depreciation_and_amortisation,
    other_amortisation, salvage_proceeds, history,
) -> Row:  # fmt: skip
    """Change of net property less capex, what is newly unpaid and owed on leases, plus
    depreciation and salvage, on the forecast: 0."""
    owned = property_net - unpaid_property - finance_lease_liability
    moved = owned - lag(owned, ONE_QUARTER)
    charged = depreciation_and_amortisation - other_amortisation + salvage_proceeds
    return (1 - history) * (moved - capex + charged)


@line(USD_M, flow)
def check_debt(debt, debt_change) -> Row:
    """Change of debt less what is drawn and repaid: 0."""
    return debt - lag(debt, ONE_QUARTER) - debt_change


@line(USD_M, flow)
def check_equity(
    equity, net_income, share_based_compensation, dividends, settlement_taxes, repurchases, history
) -> Row:
    """Change of equity less net income and share-based compensation, plus what is paid out, on
    the forecast: 0."""
    moved = equity - lag(equity, ONE_QUARTER) - net_income - share_based_compensation
    return (1 - history) * (moved + dividends + settlement_taxes + repurchases)


@line(USD_M, flow)
def check_deferred_tax(deferred_tax_liability, tax_provision, cash_taxes, history) -> Row:
    """Change of deferred tax less the provision, plus tax paid, on the forecast: 0."""
    moved = deferred_tax_liability - lag(deferred_tax_liability, ONE_QUARTER)
    return (1 - history) * (moved - tax_provision + cash_taxes)
