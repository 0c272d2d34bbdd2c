"""Leases signed and not yet started: they start by a schedule, then enter cost and lease
liability and house machines. They are shells: space and power, not compute.

The operating share is charged as cost. The finance share is an asset from the start on; its
principal is capex, as the company counts it, and its interest is interest: each dollar paid
lands once. Both liabilities are present values of payments still to come.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, stock
from jcurve.engine.primitives import Row, lag, ratio, running_sum, splice, year_sum
from jcurve.engine.scan import scan
from jcurve.ground.units import USD_M, Quantity
from jcurve.lines.constants import ASSET_CLASS, ONE_QUARTER, QUARTERS_IN_YEAR, QUARTERS_PER_YEAR
from jcurve.lines.programme import carried


@line(USD_M, flow)
def lease_signings(lease_yearly_signings, history, spending_scale) -> Row:
    """Undiscounted payments of leases newly signed in the quarter, at the scale decided."""
    return lease_yearly_signings / QUARTERS_IN_YEAR * (1 - history) * spending_scale


@line(USD_M, flow)
def lease_starts(
    lease_yearly_starts, lease_signings, lease_start_delay, history, without_programme
) -> Row:
    """Undiscounted payments of signed leases that start in the quarter: the year's schedule of
    what was signed by the last report, spread over its quarters still to come, and what is
    newly signed after a delay."""
    open_quarters = 1 - history
    share = open_quarters / np.maximum(year_sum(open_quarters), 1)
    later = lag(lease_signings, lease_start_delay * QUARTERS_PER_YEAR)
    return lease_yearly_starts * share * (1 - without_programme) + later


@line(USD_M, stock)
def leases_not_commenced(reported_leases_not_commenced, lease_signings, lease_starts) -> Row:
    """Memo: leases signed and not started: opening, plus signed, less started."""
    opening = splice(reported_leases_not_commenced, 0)

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        (balance,) = before
        reported, signed, started = now
        return (np.where(reported > 0, reported, balance + signed - started),)

    (balance,) = scan(step, (Quantity(0, USD_M),), (opening, lease_signings, lease_starts))
    return balance


@line(USD_M, flow)
def lease_payments(lease_starts, lease_term) -> Row:
    """Level payments of started leases over their term."""
    term = lease_term * QUARTERS_PER_YEAR
    to_date = running_sum(lease_starts)
    return (to_date - lag(to_date, term)) / (term / ONE_QUARTER)


@line(USD_M, flow)
def lease_cost(lease_payments, lease_operating_share) -> Row:
    """Operating-lease cost of started leases."""
    return lease_payments * lease_operating_share


@line(USD_M, flow)
def finance_lease_payments(lease_payments, lease_cost) -> Row:
    """Payments of started finance leases, principal and interest."""
    return lease_payments - lease_cost


@line(USD_M, flow)
def sublet_income(
    lease_payments, leased_power, own_shell, machine_power_ordered, lease_sublet_share, history
) -> Row:
    """What leased shell brings that no machine fills: a share of its cost, in every world by the
    same rule."""
    idle = np.maximum(leased_power + own_shell - machine_power_ordered, 0)
    unused = np.minimum(ratio(idle, leased_power), 1)
    return (1 - history) * lease_sublet_share * unused * lease_payments


def _present_value(payments, term, quarterly) -> Row:
    """Value at the start of level payments at the beginning of each quarter."""
    annuity = (1 - (1 + quarterly) ** (-term)) / quarterly * (1 + quarterly)
    return payments / term * annuity


@lines(
    annual="last",
    operating_lease_liability=(
        USD_M,
        stock,
        "Present value of operating-lease payments still to come; leases of before are taken "
        "to be renewed at their level.",
    ),
    finance_lease_liability=(
        USD_M,
        stock,
        "Present value of finance-lease payments still to come; leases of before are taken to "
        "be renewed at their level.",
    ),
    lease_liability_added=(USD_M, flow, "Present value of operating leases that start."),
    finance_leases_started=(USD_M, flow, "Present value of finance leases that start."),
    lease_interest=(USD_M, flow, "Unwinding of the operating-lease liability."),
    finance_lease_interest=(USD_M, flow, "Interest on finance leases that have started."),
    finance_lease_principal=(
        USD_M,
        flow,
        "Principal paid on finance leases that have started, part of capex.",
    ),
)
def lease_liabilities(
    lease_starts, lease_operating_share, lease_cost, finance_lease_payments, lease_term,
    lease_discount_rate, reported_operating_lease_liabilities, reported_finance_lease_liabilities,
    last_reported, history,
) -> tuple[Row, ...]:  # fmt: skip
    """Opening, plus new leases at present value, less payments at the beginning of the quarter,
    plus interest on what is left."""
    quarterly = (1 + lease_discount_rate) ** (1 / QUARTERS_IN_YEAR) - 1
    term = lease_term * QUARTERS_PER_YEAR / ONE_QUARTER
    operating = _present_value(lease_starts * lease_operating_share, term, quarterly)
    financed = _present_value(lease_starts * (1 - lease_operating_share), term, quarterly)

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        rented, owed = before
        rented_new, rent, owed_new, paid, rate = now
        unwound = (rented + rented_new - rent) * rate
        interest = (owed + owed_new - paid) * rate
        return (
            rented + rented_new - rent + unwound, owed + owed_new - paid + interest, unwound,
            interest,
        )  # fmt: skip

    nothing = Quantity(0, USD_M)
    rented, owed, unwound, interest = scan(
        step,
        (nothing, nothing),
        (operating, lease_cost, financed, finance_lease_payments, quarterly),
    )
    return (
        rented + carried(reported_operating_lease_liabilities, last_reported, history),
        owed + carried(reported_finance_lease_liabilities, last_reported, history), operating,
        financed, unwound, interest, finance_lease_payments - interest,
    )  # fmt: skip


@line(USD_M, flow, over=ASSET_CLASS)
def leased_additions(finance_leases_started, lease_finance_mix) -> Row:
    """Assets of finance leases that start, by class."""
    return finance_leases_started * lease_finance_mix


@line(USD_M, flow, over=ASSET_CLASS)
def leased_principal(finance_lease_principal, lease_finance_mix) -> Row:
    """Principal on started finance leases, by class of the asset."""
    return finance_lease_principal * lease_finance_mix


@line(USD_M, stock)
def check_leases(leases_not_commenced, lease_signings, lease_starts, history) -> Row:
    """Change of leases not commenced, less signed and plus started, on the forecast: 0."""
    moved = leases_not_commenced - lag(leases_not_commenced, ONE_QUARTER)
    return (1 - history) * (moved - lease_signings + lease_starts)


@line(USD_M, stock)
def check_lease_liability(
    operating_lease_liability, lease_liability_added, lease_interest, lease_cost, history
) -> Row:
    """Change of the lease liability, less new leases and interest, plus payments, on the
    forecast: 0."""
    moved = operating_lease_liability - lag(operating_lease_liability, ONE_QUARTER)
    return (1 - history) * (moved - lease_liability_added - lease_interest + lease_cost)


@line(USD_M, stock)
def check_finance_leases(
    finance_lease_liability, finance_leases_started, finance_lease_principal, history
) -> Row:
    """Change of the finance-lease liability, less leases started, plus principal, on the
    forecast: 0."""
    moved = finance_lease_liability - lag(finance_lease_liability, ONE_QUARTER)
    return (1 - history) * (moved - finance_leases_started + finance_lease_principal)
