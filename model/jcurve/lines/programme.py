"""When a world lives with the programme and how far it spends on it; and how reported history
and the modelled forecast join.

On history the world with the programme is as reported, and another world differs from it by
its modelled operations alone. From the first forecast quarter on a balance moves as modelled,
from where the last report left it, so that no balance has a step.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, result
from jcurve.engine.primitives import Family, Row, grow, splice, sum_to_date, total, value_at
from jcurve.ground.units import QUARTERS, SHARE, SWITCH, USD_M
from jcurve.lines.constants import ONE_QUARTER, RUN_OFF


def carried(reported, last_reported, history) -> Row:
    """A reported balance, then its last value; zero before it was first reported.

    Args:
        reported: (quarter, 1), NaN outside the reported quarters.
        last_reported: index of the last reported quarter.
        history: 1 on reported quarters.
    """
    return splice(reported, (1 - history) * value_at(reported, last_reported))


def joined(reported, own, modelled, last_reported, history) -> Row:
    """A balance of a world: reported, with this world's difference; then as it moves.

    Args:
        reported: the balance as reported, NaN outside the reported quarters.
        own: this world's modelled balance, of which only differences count.
        modelled: the same of the world with the programme.
        last_reported: index of the last reported quarter.
        history: 1 on reported quarters.
    """
    since = history * modelled + (1 - history) * value_at(modelled, last_reported)
    return carried(reported, last_reported, history) + own - since


@line(QUARTERS, result)
def last_reported(history) -> Row:
    """Index of the last reported quarter."""
    return (sum_to_date(history) - 1) * ONE_QUARTER


@line(SWITCH, rate, annual="last")
def in_programme(quarter_index, programme_start) -> Row:
    """1 from the quarter in which the programme starts."""
    return np.where(quarter_index >= programme_start, 1, 0)


@line(SWITCH, rate, annual="last")
def without_programme(in_programme, programme_enabled, has_programme, history) -> Row:
    """1 in the quarters in which this world lives without the programme: from its start, in the
    world that never began it; before it all worlds are one. Where there is no programme at all,
    every world is as reported and then lives without it."""
    never_begun = programme_enabled * (1 - has_programme)
    return in_programme * (never_begun + (1 - programme_enabled) * (1 - history))


@line(QUARTERS, result)
def planned_stop(programme_last_spending, returns_terminal_treatment, returns_run_off_from) -> Row:
    """Last quarter of new programme spending where nothing stops it: as assumed; under the
    terminal treatment *run_off* the quarter from which assets only live on, if that is
    earlier."""
    run_off = np.minimum(programme_last_spending, returns_run_off_from)
    runs_off = np.equal(returns_terminal_treatment, RUN_OFF)
    return np.where(runs_off, run_off, programme_last_spending)


@line(QUARTERS, result)
def programme_stop(planned_stop, valuation_date, keeps_spending) -> Row:
    """Last quarter of new programme spending: as planned; in the stopped world the valuation
    date at the latest."""
    stopped = np.minimum(planned_stop, valuation_date)
    return keeps_spending * planned_stop + (1 - keeps_spending) * stopped


@line(SWITCH, rate, annual="last")
def programme_spends(without_programme, quarter_index, programme_stop) -> Row:
    """1 while this world spends on the programme beyond what it is committed to."""
    return (1 - without_programme) * np.where(quarter_index > programme_stop, 0, 1)


@line(SWITCH, rate, annual="last")
def follows_report(history, without_programme, programme_spends) -> Row:
    """1 where this world did what was reported: on history, until it parts from the company."""
    return history * (1 - without_programme) * programme_spends


@line(SHARE, rate, annual="last")
def spending_scale(programme_spends, programme_scale, quarter_index, valuation_date) -> Row:
    """The decision: which part of planned spending beyond maintenance and commitments is spent
    after the valuation date; 1 is the plan, 0 none of it."""
    return programme_spends * np.where(quarter_index > valuation_date, programme_scale, 1)


@line(USD_M, flow)
def base_other_revenue(
    reported_other_revenue, reported_reality_labs_revenue, attributed_channel_revenue: Family,
    base_other_revenue_growth,
) -> Row:  # fmt: skip
    """Revenue outside advertising that exists in every world: other Family of Apps revenue
    and Reality Labs hardware as reported, less what new AI products brought of it, then grown
    without them."""
    reported = reported_other_revenue + reported_reality_labs_revenue
    return grow(reported - total(attributed_channel_revenue), base_other_revenue_growth)


@line(USD_M, flow)
def revenue_keeping_pace(
    reported_advertising_by_region: Family, keeping_pace_growth, base_other_revenue
) -> Row:
    """Revenue of a company whose compute keeps pace with the frontier, without new AI products:
    as reported, then advertising grows with its market and the excess. The same in every world,
    so that general capex and maintenance, which rest on it, do not loop."""
    advertising = grow(total(reported_advertising_by_region), keeping_pace_growth)
    return advertising + base_other_revenue
