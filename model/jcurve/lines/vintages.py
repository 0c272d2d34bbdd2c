"""One idea for everything that ages: what is bought in a quarter and felt later.

Plain functions of rows that lines call; they compose the engine's primitives, so a trace
goes through them. Invariants, tested against a vintage-by-vintage calculation: nothing is
felt before its vintage, book value is never negative, total depreciation equals cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jcurve.engine.primitives import Family, Row, Span, cut, in_spans, lag, ratio, running_sum
from jcurve.lines.constants import HALF_SPAN, HORIZON, ONE_QUARTER, ONE_YEAR


def trailing_year(flow) -> Row:
    """The sum of a flow over the four quarters to each quarter."""
    to_date = running_sum(flow)
    return to_date - lag(to_date, ONE_YEAR)


def spread(amount, mean_lag) -> Row:
    """A flow felt evenly over the quarters from 0 to twice ``mean_lag`` after it.

    The total is conserved and nothing comes early: with ``S`` the running sum and a width
    of ``2 lag + 1`` quarters, ``(S(t) - S(t - width)) / width``, interpolated when the
    width is no whole number. A lag of 0 changes nothing.

    Args:
        amount: flow, (quarter, scenario).
        mean_lag: quarters >= 0, constant in time.
    """
    width = 2 * mean_lag + ONE_QUARTER
    to_date = running_sum(amount)
    return (to_date - lag(to_date, width)) / (width / ONE_QUARTER)


def placed(bought, mean_lag, delay, delayed_share) -> Row:
    """What was bought, when it is ready: after ``mean_lag``, a share of it ``delay`` later.

    A share that moves along a path moves the mean lag along one, vintage by vintage.

    Args:
        bought: flow, (quarter, scenario).
        mean_lag: quarters >= 0, constant in time.
        delay: further quarters >= 0, constant in time.
        delayed_share: of what is bought in the quarter, between 0 and 1.
    """
    late = bought * delayed_share
    return spread(bought - late, mean_lag) + spread(late, mean_lag + delay)


def in_service(placed, physical_life, retired_share, retirement_age) -> Row:
    """What was placed and still runs: a vintage retires evenly over the year about its
    ``physical_life``.

    Args:
        placed: flow, (quarter, scenario).
        physical_life: in quarters, at least 3.
        retired_share: share of each vintage that leaves early.
        retirement_age: in quarters; without effect beyond the physical life.
    """
    to_date = running_sum(placed)
    gone = spread(lag(to_date, physical_life - HALF_SPAN), HALF_SPAN)
    early = np.where(retirement_age < physical_life - HALF_SPAN, lag(to_date, retirement_age), gone)
    return to_date - gone - retired_share * (early - gone)


def level_charge(placed, life) -> Row:
    """Straight line over one life that never changes: ``A(t) - A(t - life)``.

    Args:
        placed: placed in service, flow (quarter, scenario).
        life: in quarters.
    """
    to_date = running_sum(placed / (life / ONE_QUARTER))
    return to_date - lag(to_date, life)


class Charge(NamedTuple):
    """What a quarter expenses.

    ``depreciation`` is scheduled; ``catch_up`` is the book value of vintages that a shortened
    life has overtaken; ``write_off`` that of assets retired early.
    """

    depreciation: Row
    catch_up: Row
    write_off: Row


def straight_line(
    placed, life, change_dates: Family, change_lives: Family, quarter_index, retired_share,
    retirement_age,
) -> Charge:  # fmt: skip
    """Straight-line depreciation with changes of useful life applied prospectively (ASC 250).

    A vintage is charged in full from the quarter in which it is placed. With ``A`` the
    running sum of quarterly rates, the charge is ``A(t) - A(t - life)``, interpolated when
    the life is no whole number of quarters. At a change the remaining book value of each
    vintage is spread over ``new life - age``: its rate is multiplied by
    ``(old life - age) / (new life - age)``; a vintage already older than the new life is
    written off in that quarter. Changes are taken in order; one dated beyond the horizon
    never comes. Early retirement writes off ``retired_share`` of each vintage at
    ``retirement_age``.

    Args:
        placed: placed in service, flow (quarter, scenario).
        life: first useful life, in quarters.
        change_dates: quarter index at which each change takes effect, by slot.
        change_lives: new life in quarters, by slot.
        quarter_index: the timeline.
        retired_share: share of each vintage retired early.
        retirement_age: in quarters.
    """
    # What a vintage is charged a quarter is its cost times a weight that no amount enters:
    # where dates and lives do not vary, a batch's wide rows are touched as little as can be.
    dates = (*change_dates.values(), HORIZON)
    since: Row = 0 * ONE_QUARTER
    weight = 1 / (life / ONE_QUARTER)
    lives = (life, *change_lives.values())
    spans: list[Span] = []
    stubs: list[Span] = []
    for at, date in enumerate(dates):
        old = lives[at]
        spans.append(Span(since, date, weight, (placed, old, retired_share, retirement_age)))
        if at + 1 == len(dates):
            break
        new = lives[at + 1]
        age = np.maximum(date - quarter_index, 0)
        left = np.maximum(old - age, 0)
        outlived = np.logical_and(age >= new, quarter_index < date)
        booked = np.where(outlived, weight * (left / ONE_QUARTER), 0)
        early = np.where(age >= retirement_age, 1, 0)
        stubs.append(Span(date, date + ONE_QUARTER, booked, (placed, early, retired_share)))
        rerated = weight * np.where(outlived, 0, ratio(left, new - age))
        weight = np.where(quarter_index < date, rerated, 1 / (new / ONE_QUARTER))
        since = date
    depreciation, retired = in_spans(_charge, spans, quarter_index, outputs=2)
    caught_up: Row = 0
    if stubs:
        (caught_up,) = in_spans(_stub, stubs, quarter_index, outputs=1)
    return Charge(depreciation, caught_up, retired)


def _stub(booked, placed, early, retired_share, span: slice | None) -> tuple[Row]:
    """Book value so far of vintages that a new life has overtaken, retired assets apart."""
    held = placed * booked
    kept, gone = (cut(running_sum(row), span) for row in (held, held * early))
    return (kept - cut(retired_share, span) * gone,)


def _charge(
    weight, placed, life, retired_share, retirement_age, span: slice | None
) -> tuple[Row, Row]:
    """The charge of vintages under one life: scheduled, and written off at retirement."""
    rate = placed * weight
    to_date = running_sum(rate)
    early = np.minimum(retirement_age, life)
    share = cut(retired_share, span)
    at_retirement = lag(to_date, early, span)
    scheduled = cut(to_date, span) - (1 - share) * lag(to_date, life, span) - share * at_retirement
    written_off = share * ((life - early) / ONE_QUARTER) * lag(rate, early, span)
    return scheduled, written_off
