"""Capex: what the company spends, what it would have spent, and the programme between them."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, rate, stock
from jcurve.engine.primitives import (
    Family,
    Row,
    lag,
    ratio,
    splice,
    total,
    value_at,
    year_sum,
)
from jcurve.engine.units import SHARE, USD_M
from jcurve.lines.constants import ONE_QUARTER, QUARTERS_PER_YEAR
from jcurve.lines.sets import ASSET_CLASS

__all__: list[str] = []


@line(SHARE, rate, annual="mean")
def capex_phase(capex_phasing: Family, quarter_of_year: Row) -> Row:
    """Share of a planned year's capex that falls in the quarter."""
    phase, number = 0 * quarter_of_year, 1
    for share in capex_phasing.values():
        phase = phase + np.where(np.equal(quarter_of_year, number), share, 0)
        number = number + 1
    return phase


@line(USD_M, flow)
def guided_capex(reported_capex: Row, capex_total: Row, capex_phase: Row, history: Row) -> Row:
    """Capex as reported; after that what the reported quarters leave of the year's planned
    total, spread over its other quarters by phase. Includes finance-lease principal, as the
    company's own definition does."""
    left = np.maximum(capex_total - year_sum(splice(reported_capex, 0)), 0)
    open_phase = capex_phase * (1 - history)
    return splice(reported_capex, left * ratio(open_phase, year_sum(open_phase)))


@line(SHARE, rate, annual="mean")
def faded_capital_intensity(
    guided_capex: Row,
    base_revenue: Row,
    capex_planned_through: Row,
    capex_fade_years: Row,
    capex_steady_state_intensity: Row,
    quarter_index: Row,
) -> Row:
    """Capex per dollar of base revenue after the planned years: from the last planned year's
    to the steady state, in a straight line over the fade."""
    last = ratio(
        value_at(year_sum(guided_capex), capex_planned_through),
        value_at(year_sum(base_revenue), capex_planned_through),
    )
    since = np.maximum(quarter_index - capex_planned_through, 0)
    fade = np.maximum(capex_fade_years * QUARTERS_PER_YEAR, ONE_QUARTER)
    remaining = np.maximum(1 - since / fade, 0)
    return remaining * last + (1 - remaining) * capex_steady_state_intensity


@line(SHARE, rate, annual="mean")
def capex_response(
    advertising_shortfall: Row, capex_response_share: Row, capex_response_lag: Row, history: Row
) -> Row:
    """Share of planned capex that management cuts some quarters after advertising falls short,
    as in 2023; none in the base case."""
    return (1 - history) * capex_response_share * lag(advertising_shortfall, capex_response_lag)


@line(USD_M, flow)
def planned_capex(
    guided_capex: Row,
    faded_capital_intensity: Row,
    base_revenue: Row,
    capex_response: Row,
    capex_planned_through: Row,
    quarter_index: Row,
) -> Row:
    """The company's capex with its programme: reported, guided and planned, less what
    management cuts; then faded to a steady-state share of base revenue."""
    return np.where(
        quarter_index <= capex_planned_through,
        guided_capex * (1 - capex_response),
        faded_capital_intensity * base_revenue,
    )


@line(USD_M, flow, over=ASSET_CLASS)
def planned_capex_by_class(planned_capex: Row, capex_mix: Row) -> Row:
    """The company's capex by asset class."""
    return planned_capex * capex_mix


@line(USD_M, flow, over=ASSET_CLASS)
def baseline_capex(
    base_revenue: Row, capex_baseline_intensity: Row, capex_baseline_mix: Row
) -> Row:
    """Capex of the counterfactual: baseline capital intensity times base revenue, by the mix
    of a company without the programme (judgement)."""
    return base_revenue * capex_baseline_intensity * capex_baseline_mix


@line(SHARE, rate, annual="mean")
def baseline_held(planned_capex: Row, base_revenue: Row, capex_baseline_intensity: Row) -> Row:
    """Part of the counterfactual's capex that the plan covers: below 1 the counterfactual would
    spend more than the company does, and is held to its plan, so that programme capex is never
    below zero."""
    wanted = base_revenue * capex_baseline_intensity
    return np.where(wanted > planned_capex, ratio(planned_capex, wanted), 1)


@line(USD_M, flow, over=ASSET_CLASS)
def programme_capex(
    planned_capex_by_class: Row,
    baseline_capex: Row,
    baseline_held: Row,
    in_programme: Row,
    programme_enabled: Row,
) -> Row:
    """What the company spends beyond the counterfactual: never below zero in all, negative in a
    class of which the counterfactual buys more."""
    beyond = planned_capex_by_class - baseline_capex * baseline_held
    return beyond * in_programme * programme_enabled


@line(USD_M, flow, over=ASSET_CLASS)
def capex_by_class(
    planned_capex_by_class: Row,
    baseline_capex: Row,
    baseline_held: Row,
    programme_capex: Row,
    programme_enabled: Row,
    programme_spends: Row,
    in_programme: Row,
    leased_principal: Row,
    history: Row,
) -> Row:
    """Capex of this world: the plan, less the programme's part where this world does not
    spend it; principal on finance leases that have started is inside the plan and still due
    where it stops. A disabled programme leaves reported capex as it was and cuts the forecast
    to the counterfactual's."""
    never = (1 - history) * (1 - programme_enabled) * in_programme
    beyond = planned_capex_by_class - baseline_capex * baseline_held
    spent = planned_capex_by_class - never * beyond
    stopped = (programme_capex - leased_principal) * (1 - programme_spends)
    return np.maximum(spent - stopped, leased_principal)


@line(USD_M, flow)
def capex(capex_by_class: Family) -> Row:
    """Purchases of property and equipment plus principal on finance leases."""
    return total(capex_by_class)


@line(USD_M, flow, over=ASSET_CLASS)
def purchases_by_class(capex_by_class: Row, leased_principal: Row) -> Row:
    """Capex that buys property: without the principal on finance leases that have started,
    whose assets came when they started. Leases of before enter with their principal."""
    return capex_by_class - leased_principal


@line(SHARE, rate, annual="last")
def unpaid_share(reported_unpaid_capex: Row, reported_capex: Row, capex_unpaid_share: Row) -> Row:
    """Property bought but not yet paid for, as a share of the quarter's capex."""
    return splice(ratio(reported_unpaid_capex, reported_capex), capex_unpaid_share)


@line(USD_M, stock, over=ASSET_CLASS)
def unpaid_capex(purchases_by_class: Row, unpaid_share: Row) -> Row:
    """Property and equipment in accounts payable at the quarter's end."""
    return purchases_by_class * unpaid_share


@line(USD_M, flow, over=ASSET_CLASS)
def bought_additions(purchases_by_class: Row, unpaid_capex: Row) -> Row:
    """Property bought: paid for in the quarter, plus the change in what is unpaid."""
    return purchases_by_class + unpaid_capex - lag(unpaid_capex, ONE_QUARTER)


@line(USD_M, flow, over=ASSET_CLASS)
def additions(bought_additions: Row, leased_additions: Row) -> Row:
    """Property acquired: bought, and by finance leases that start."""
    return bought_additions + leased_additions
