"""Leases signed and not yet started: they start by a schedule, then enter cost, lease
liability and compute.

Principal on finance leases is inside capex, as the company counts it, so that only the
operating share is charged here: nothing counts twice.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, stock
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


@line(USD_M, stock)
def operating_lease_liability(
    lease_starts: Row,
    lease_operating_share: Row,
    lease_cost: Row,
    lease_term: Row,
    lease_discount_rate: Row,
    reported_operating_lease_liabilities: Row,
    history: Row,
) -> Row:
    """Present value of operating-lease payments still to come: opening, plus new leases at
    present value, plus interest, less payments. Leases of before are taken to be renewed at
    their level. The right-of-use asset is its equal."""
    quarterly = (1 + lease_discount_rate) ** (1 / QUARTERS_IN_YEAR) - 1
    term = lease_term * QUARTERS_PER_YEAR / ONE_QUARTER
    annuity = (1 - (1 + quarterly) ** (-term)) / quarterly
    new = lease_starts * lease_operating_share / term * annuity * (1 + quarterly)
    earlier = splice(reported_operating_lease_liabilities, 0)

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        added, kept = before
        start, paid, interest, reported, known = now
        kept = np.where(known > 0, reported, kept)
        added = np.maximum((added + start - paid) * (1 + interest), 0)
        return added, kept, added + kept

    _, _, liability = scan(
        step,
        (Quantity(0, USD_M), Quantity(0, USD_M)),
        (new / (1 + quarterly), lease_cost, quarterly, earlier, history),
    )
    return liability
