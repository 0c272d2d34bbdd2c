"""Straight-line depreciation, one vintage and one quarter at a time.

Conventions: a vintage is charged in full from the quarter in which it is placed; the
charge is cost over life in quarters; the last, partial quarter takes what is left. At the
start of a quarter in which the life changes, the remaining book value is spread over the
new life less the age; where the age has reached the new life it is written off in that
quarter. A share retired early is written off at the retirement age.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Charge", "depreciation_by_vintage"]

Charge = tuple[list[float], list[float]]
"""Scheduled depreciation and write-offs, by quarter."""


def depreciation_by_vintage(
    placements: Sequence[float],
    life: float,
    changes: Sequence[tuple[int, float]] = (),
    retired_share: float = 0.0,
    retirement_age: int = 10**6,
) -> Charge:
    """Depreciation and write-offs of every vintage, summed by quarter.

    Args:
        placements: cost placed in service in each quarter.
        life: first useful life, in quarters, whole or not.
        changes: (quarter, new life in quarters), in order.
        retired_share: share of each vintage written off at ``retirement_age``.
        retirement_age: a whole number of quarters.
    """
    quarters = len(placements)
    scheduled = [0.0] * quarters
    written_off = [0.0] * quarters
    for vintage, cost in enumerate(placements):
        for part, retires in ((cost * (1 - retired_share), False), (cost * retired_share, True)):
            _run(
                part,
                vintage,
                life,
                changes,
                retirement_age if retires else None,
                scheduled,
                written_off,
            )
    return scheduled, written_off


def _run(
    cost: float,
    vintage: int,
    first_life: float,
    changes: Sequence[tuple[int, float]],
    retirement_age: int | None,
    scheduled: list[float],
    written_off: list[float],
) -> None:
    # The life in force when the vintage is placed is the last one changed to by then.
    life = first_life
    for date, new in changes:
        if date <= vintage:
            life = new
    book, rate = cost, cost / life
    for quarter in range(vintage, len(scheduled)):
        age = quarter - vintage
        for date, new in changes:
            if date == quarter and date > vintage and book > 0:
                if age >= new:
                    written_off[quarter] += book
                    book = 0.0
                else:
                    rate = book / (new - age)
        if retirement_age is not None and age == retirement_age and book > 0:
            written_off[quarter] += book
            book = 0.0
        charge = min(rate, book)
        scheduled[quarter] += charge
        book -= charge
