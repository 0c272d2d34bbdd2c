"""When the programme spends, in which world, and the base that all worlds share."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, result
from jcurve.engine.primitives import Family, Row, grow, sum_to_date, total
from jcurve.engine.units import QUARTERS, SWITCH, USD_M
from jcurve.lines.constants import ONE_QUARTER, RUN_OFF

__all__: list[str] = []


@line(SWITCH, rate, annual="last")
def in_programme(quarter_index: Row, programme_start: Row) -> Row:
    """1 from the quarter in which the programme starts."""
    return np.where(quarter_index >= programme_start, 1, 0)


@line(SWITCH, rate, annual="last")
def programme_commits(in_programme: Row, programme_enabled: Row, has_programme: Row) -> Row:
    """1 from the programme's start in worlds in which it was begun: what it has bought and
    signed lives on, even where new spending stops."""
    return in_programme * programme_enabled * has_programme


@line(QUARTERS, result)
def planned_stop(
    programme_last_spending: Row, returns_terminal_treatment: Row, returns_run_off_from: Row
) -> Row:
    """Last quarter of new programme spending where nothing stops it: as assumed; under the
    terminal treatment *run_off* the quarter from which assets only live on, if that is
    earlier."""
    run_off = np.minimum(programme_last_spending, returns_run_off_from)
    runs_off = np.equal(returns_terminal_treatment, RUN_OFF)
    return np.where(runs_off, run_off, programme_last_spending)


@line(QUARTERS, result)
def programme_stop(planned_stop: Row, valuation_date: Row, keeps_spending: Row) -> Row:
    """Last quarter of new programme spending: as planned; in the stopped world the valuation
    date at the latest."""
    stopped = np.minimum(planned_stop, valuation_date)
    return keeps_spending * planned_stop + (1 - keeps_spending) * stopped


@line(SWITCH, rate, annual="last")
def programme_spends(programme_commits: Row, quarter_index: Row, programme_stop: Row) -> Row:
    """1 while this world spends on the programme: from its start through its last quarter of
    new spending."""
    return programme_commits * np.where(quarter_index > programme_stop, 0, 1)


@line(USD_M, flow)
def base_other_revenue(
    reported_other_revenue: Row,
    reported_reality_labs_revenue: Row,
    attributed_channel_revenue: Family,
    base_other_revenue_growth: Row,
) -> Row:
    """Revenue outside advertising that exists in every world: other Family of Apps revenue
    and Reality Labs hardware as reported, less what new AI products brought of it, then grown
    without them."""
    reported = reported_other_revenue + reported_reality_labs_revenue
    return grow(reported - total(attributed_channel_revenue), base_other_revenue_growth)


@line(USD_M, flow)
def base_revenue(base_advertising: Row, base_other_revenue: Row) -> Row:
    """Revenue that every world shares: advertising without any uplift since the programme's
    start, and other revenue without new AI products. Capital intensity rests on it, so that
    nothing loops."""
    return total(base_advertising) + base_other_revenue


@line(QUARTERS, result)
def last_reported(history: Row) -> Row:
    """Index of the last reported quarter."""
    return (sum_to_date(history) - 1) * ONE_QUARTER
