"""Leases signed and not yet started: they start by a schedule, then enter cost, lease
liability and compute.

Principal on finance leases is inside capex, as the company counts it, so that only the
operating share is charged here: nothing counts twice.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, stock
from jcurve.engine.primitives import Row, lag, running_sum, scan, splice, year_sum
from jcurve.engine.units import H100E, USD_M, Quantity
from jcurve.lines.constants import (
    HOURS_IN_QUARTER,
    MILLION,
    ONE_QUARTER,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)

__all__: list[str] = []


@line(USD_M, flow)
def lease_starts(lease_yearly_starts: Row, history: Row, programme_commits: Row) -> Row:
    """Undiscounted payments of signed leases that start in the quarter: the year's schedule,
    spread over its quarters still to come."""
    open_quarters = 1 - history
    share = open_quarters / np.maximum(year_sum(open_quarters), 1)
    return lease_yearly_starts * share * programme_commits


@line(USD_M, flow)
def lease_signings(lease_yearly_signings: Row, history: Row, programme_spends: Row) -> Row:
    """Undiscounted payments of leases newly signed in the quarter."""
    return lease_yearly_signings / QUARTERS_IN_YEAR * (1 - history) * programme_spends


@line(USD_M, stock)
def leases_not_commenced(
    reported_leases_not_commenced: Row, lease_signings: Row, lease_starts: Row
) -> Row:
    """Memo: leases signed and not started: opening, plus signed, less started."""
    opening = splice(reported_leases_not_commenced, 0)

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        (balance,) = before
        reported, signed, started = now
        return (np.where(reported > 0, reported, balance + signed - started),)

    (balance,) = scan(step, (Quantity(0, USD_M),), (opening, lease_signings, lease_starts))
    return balance


@line(USD_M, flow)
def lease_payments(lease_starts: Row, lease_term: Row) -> Row:
    """Level payments of started leases over their term."""
    term = lease_term * QUARTERS_PER_YEAR
    to_date = running_sum(lease_starts)
    return (to_date - lag(to_date, term)) / (term / ONE_QUARTER)


@line(USD_M, flow)
def lease_cost(lease_payments: Row, lease_operating_share: Row) -> Row:
    """Operating-lease cost of started leases."""
    return lease_payments * lease_operating_share


@line(H100E, stock)
def compute_leased(lease_payments: Row, lease_compute_share: Row, cloud_price: Row) -> Row:
    """Compute that comes with started leases, at the market rent per accelerator-hour; the
    rest of the leases is space and power."""
    return lease_payments * lease_compute_share / (MILLION * cloud_price * HOURS_IN_QUARTER)


@lines(
    annual="last",
    operating_lease_liability=(
        USD_M,
        stock,
        "Present value of operating-lease payments still to come, the right-of-use asset's "
        "equal; leases of before are taken to be renewed at their level.",
    ),
    lease_liability_added=(USD_M, flow, "Present value of operating leases that start."),
    lease_interest=(USD_M, flow, "Unwinding of the lease liability."),
)
def operating_leases(
    lease_starts: Row,
    lease_operating_share: Row,
    lease_cost: Row,
    lease_term: Row,
    lease_discount_rate: Row,
    reported_operating_lease_liabilities: Row,
    history: Row,
) -> tuple[Row, Row, Row]:
    """Opening, plus new leases at present value, less payments at the beginning of the quarter,
    plus interest on what is left."""
    quarterly = (1 + lease_discount_rate) ** (1 / QUARTERS_IN_YEAR) - 1
    term = lease_term * QUARTERS_PER_YEAR / ONE_QUARTER
    annuity = (1 - (1 + quarterly) ** (-term)) / quarterly * (1 + quarterly)
    started = lease_starts * lease_operating_share / term * annuity

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        new, earlier = before
        added, paid, rate, reported, known = now
        earlier = np.where(known > 0, reported, earlier)
        interest = (new + added - paid) * rate
        new = new + added - paid + interest
        return new, earlier, new + earlier, interest

    nothing = Quantity(0, USD_M)
    _, _, liability, interest = scan(
        step,
        (nothing, nothing),
        (
            started,
            lease_cost,
            quarterly,
            splice(reported_operating_lease_liabilities, 0),
            history,
        ),
    )
    return liability, started, interest


@line(USD_M, stock)
def check_leases(
    leases_not_commenced: Row, lease_signings: Row, lease_starts: Row, history: Row
) -> Row:
    """Change of leases not commenced, less signed and plus started, on the forecast: 0."""
    moved = leases_not_commenced - lag(leases_not_commenced, ONE_QUARTER)
    return (1 - history) * (moved - lease_signings + lease_starts)


@line(USD_M, stock)
def check_lease_liability(
    operating_lease_liability: Row,
    lease_liability_added: Row,
    lease_interest: Row,
    lease_cost: Row,
    history: Row,
) -> Row:
    """Change of the lease liability, less new leases and interest, plus payments, on the
    forecast: 0."""
    moved = operating_lease_liability - lag(operating_lease_liability, ONE_QUARTER)
    return (1 - history) * (moved - lease_liability_added - lease_interest + lease_cost)
