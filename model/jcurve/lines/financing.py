"""Interest, tax, debt and cash: one path through the quarters.

On history the world with the programme is as reported; another world's balances differ
from it by what its operations have brought in or saved since the programme's start. From
the first forecast quarter on, balances roll: interest on opening balances (so that
nothing loops), cash tax, dividends, repurchases as a policy on free cash flow, and debt
drawn when cash would fall below its minimum.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, stock
from jcurve.engine.primitives import Row, grow, lag, ratio, running_sum, splice
from jcurve.engine.scan import scan
from jcurve.ground.units import USD_M, Quantity
from jcurve.lines.constants import ONE_QUARTER, QUARTERS_IN_YEAR


@line(USD_M, flow, refer={"programme_part": "share_based_pay@with"})
def core_share_based_compensation(
    reported_share_based_compensation, programme_part, financing_sbc_growth
) -> Row:
    """Share-based compensation outside the programme: reported less the programme's, then
    grown."""
    return grow(reported_share_based_compensation - programme_part, financing_sbc_growth)


@line(USD_M, flow)
def share_based_compensation(core_share_based_compensation, share_based_pay) -> Row:
    """Share-based compensation of this world."""
    return core_share_based_compensation + share_based_pay


@line(USD_M, flow)
def operating_book_tax(operating_income, tax_rate) -> Row:
    """Tax on operating income at the book rate."""
    return operating_income * tax_rate


@line(USD_M, flow)
def operating_cash_before_tax(
    ebitda, share_based_compensation, working_capital, capex, salvage_proceeds
) -> Row:
    """Cash that operations leave after capex, before tax and financing; proceeds of stranded
    assets included."""
    moved = working_capital - lag(working_capital, ONE_QUARTER)
    return ebitda + share_based_compensation - moved - capex + salvage_proceeds


@line(
    USD_M,
    stock,
    refer={"cash_with": "operating_cash_before_tax@with", "tax_with": "operating_cash_tax@with"},
)
def cash_before_forecast(
    reported_cash_and_securities, operating_cash_before_tax, operating_cash_tax, cash_with,
    tax_with, history,
) -> Row:  # fmt: skip
    """Cash and securities on history: reported, and what this world's operations have kept
    beyond the world with the programme."""
    kept = (operating_cash_before_tax - operating_cash_tax) - (cash_with - tax_with)
    return splice(reported_cash_and_securities, 0) + running_sum(kept * history)


@line(USD_M, flow)
def startup_stakes(financing_stakes, spending_scale, history) -> Row:
    """Cash paid for minority stakes and acquisitions of the programme after the reported
    quarters."""
    return financing_stakes / QUARTERS_IN_YEAR * spending_scale * (1 - history)


@line(USD_M, flow)
def stake_recoveries(startup_stakes, financing_stake_recovery, financing_stake_holding) -> Row:
    """Cash from stakes sold after the holding period, as a multiple of their cost."""
    return lag(startup_stakes, financing_stake_holding) * financing_stake_recovery


@line(USD_M, flow)
def trailing_ebitda(ebitda) -> Row:
    """EBITDA of the last four quarters, at least nothing."""
    to_date = running_sum(ebitda)
    return np.maximum(to_date - lag(to_date, QUARTERS_IN_YEAR * ONE_QUARTER), 0)


@line(USD_M, flow)
def stake_gains(stake_recoveries, startup_stakes, financing_stake_holding) -> Row:
    """Gain (a loss is negative) on stakes sold, in other income."""
    return stake_recoveries - lag(startup_stakes, financing_stake_holding)


@line(USD_M, flow)
def dividends(financing_dividend_yearly, reported_dividends) -> Row:
    """Dividends paid, as reported and then at the yearly rate."""
    return splice(reported_dividends, financing_dividend_yearly / QUARTERS_IN_YEAR)


@line(USD_M, flow)
def settlement_taxes(
    reported_net_share_settlement_taxes, share_based_compensation, financing_settlement_share
) -> Row:
    """Taxes paid when shares vest: as reported, then a share of share-based compensation."""
    return splice(
        reported_net_share_settlement_taxes, financing_settlement_share * share_based_compensation
    )


@lines(
    annual="last",
    cash_and_securities=(USD_M, stock, "Cash, cash equivalents and marketable securities."),
    debt=(USD_M, stock, "Long-term debt."),
    tax_losses=(USD_M, stock, "Tax losses carried forward, after interest."),
    tax_credit=(USD_M, stock, "Minimum-tax credit not used yet, after interest."),
    interest_income=(
        USD_M,
        flow,
        "Interest income: as reported, then the yield on opening cash and securities.",
    ),
    interest_expense=(
        USD_M,
        flow,
        "Interest expense: as reported, then on opening debt at a base rate and a spread that "
        "widens with net debt to EBITDA up to a limit.",
    ),
    cash_taxes=(
        USD_M,
        flow,
        "Tax paid from the forecast on: the higher of regular and minimum tax on taxable "
        "income, after carried losses and credit.",
    ),
    repurchases=(
        USD_M,
        flow,
        "Shares bought back: as reported, then a share of the free cash flow that dividends, taxes "
        "on vesting shares and stakes leave, while net debt to EBITDA is below its limit; never "
        "paid for with debt.",
    ),
    debt_change=(USD_M, flow, "Debt drawn, less repaid."),
)
def financing(
    operating_income, operating_cash_before_tax, stake_gains, startup_stakes, stake_recoveries,
    dividends, settlement_taxes, tax_timing, finance_lease_interest, trailing_ebitda,
    cash_before_forecast, reported_long_term_debt, reported_interest_income,
    reported_interest_expense, reported_repurchases, history, tax_rate, tax_minimum_rate,
    tax_loss_limit, financing_cash_yield, financing_base_rate, financing_spread_per_turn,
    financing_minimum_cash, financing_repurchase_share, financing_permanent_debt,
    financing_leverage_limit, financing_spread_limit,
) -> tuple[Row, ...]:  # fmt: skip
    """One quarter: interest on what was there, tax, repurchases; then debt fills what minimum
    cash lacks, and cash above it repays debt down to the permanent level."""
    outside = stake_recoveries - startup_stakes - dividends - settlement_taxes

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        cash, debt, losses, credit = before
        (
            income, cash_before_tax, other_flow, timing, scale, reported_cash, reported_debt,
            known_earned, known_charged, known_bought,
            known, tax_share, minimum_share, limit, cash_yield, base_rate, per_turn, least,
            share_bought, permanent, most, widest,
        ) = now  # fmt: skip
        on = 1 - known
        owed = np.maximum(debt - cash, 0)
        wider = np.minimum(per_turn * ratio(owed, scale), widest)
        spread = np.where(owed > 0, np.where(scale > 0, wider, widest), wider)
        earned = on * cash * cash_yield / QUARTERS_IN_YEAR
        charged = on * debt * (base_rate + spread) / QUARTERS_IN_YEAR
        taxable = on * (income + earned - charged + timing)
        positive = np.maximum(taxable, 0)
        used = np.minimum(losses, limit * positive)
        regular = tax_share * (positive - used)
        minimum = minimum_share * positive
        credited = np.minimum(credit, np.maximum(regular - minimum, 0))
        tax = np.maximum(regular, minimum) - credited
        free = cash_before_tax + earned - charged - tax
        allowed = np.where(owed <= most * scale, on * share_bought, 0)
        bought = allowed * np.maximum(free + other_flow, 0)
        ready = cash + free + other_flow - bought
        drawn = np.maximum(least - ready, 0)
        repaid = np.minimum(np.maximum(ready - least, 0), np.maximum(debt - permanent, 0))
        change = on * (drawn - repaid)
        return (
            np.where(known > 0, reported_cash, ready + change),
            np.where(known > 0, reported_debt, debt + change),
            losses - used + np.maximum(-taxable, 0),
            credit - credited + np.maximum(minimum - regular, 0),
            earned + known_earned, charged + known_charged, tax, bought + known_bought,
            np.where(known > 0, reported_debt - debt, change),
        )  # fmt: skip

    nothing = Quantity(0, USD_M)
    return scan(
        step,
        (nothing, nothing, nothing, nothing),
        (
            operating_income + stake_gains - finance_lease_interest,
            operating_cash_before_tax - finance_lease_interest, outside,
            tax_timing, trailing_ebitda, cash_before_forecast,
            splice(reported_long_term_debt, 0), splice(reported_interest_income, 0),
            splice(reported_interest_expense, 0), splice(reported_repurchases, 0),
            history, tax_rate, tax_minimum_rate,
            tax_loss_limit, financing_cash_yield, financing_base_rate,
            financing_spread_per_turn, financing_minimum_cash, financing_repurchase_share,
            financing_permanent_debt, financing_leverage_limit, financing_spread_limit,
        ),
    )  # fmt: skip
