"""Returns on incremental unlevered free cash flow after tax, in both views.

A view subtracts another world from the one with the programme: ``programme`` the company
that never began it, ``go_forward`` the one that stops at the valuation date. Values are
stated at the valuation date; earlier flows are compounded at the WACC.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jcurve.engine.intrinsics import (
    ANSWERED,
    NEVER,
    NO_OUTLAY,
    NONE,
    NOT_POSITIVE,
    SEVERAL,
    first_lasting,
    last_upward_crossing,
    lowest,
    lowest_at,
    never_below,
    rates,
)
from jcurve.engine.line import flow, line, rate, result, stock
from jcurve.engine.primitives import Row, lag, ratio, running_sum, sum_to_date, value_at
from jcurve.ground.units import (
    DIMENSIONLESS,
    QUARTERS,
    SHARE,
    TIMES,
    USD_M,
    USD_PER_SHARE,
    YEARS,
    unit_named,
)
from jcurve.lines.beyond import perpetuity, year_to_horizon
from jcurve.lines.constants import (
    HALF_A_QUARTER,
    HORIZON,
    NO_DATE,
    NO_NUMBER,
    ONE_QUARTER,
    ONE_YEAR,
    PERPETUITY,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)
from jcurve.lines.vintages import trailing_year

PER_YEAR = unit_named("per year")
DATE = unit_named("date")

REASONS: Mapping[int, str] = {
    int(NEVER): "never within the horizon",
    int(NO_OUTLAY): "no outlay to recover",
    int(NONE): "no rate makes the present value zero",
    int(SEVERAL): "several rates make the present value zero",
    int(NOT_POSITIVE): "net present value is not positive",
}
"""Why a result has no number, by the code of its status."""


@line(DATE, result, view=True)
def view_start(programme_start, valuation_date, is_go_forward) -> Row:
    """First quarter of the view: the programme's start, or the quarter after the valuation
    date."""
    return (1 - is_go_forward) * programme_start + is_go_forward * (valuation_date + ONE_QUARTER)


@line(SHARE, rate, annual="mean")
def discount_factor(quarter_index, valuation_date, returns_wacc) -> Row:
    """Value at the valuation date of a dollar in the middle of the quarter, at the WACC;
    above 1 for quarters before."""
    since = quarter_index - valuation_date - HALF_A_QUARTER
    return (1 + returns_wacc) ** (-since / ONE_YEAR)


@line(USD_M, flow, view=True)
def incremental_free_cash_flow(unlevered_free_cash_flow) -> Row:
    """Unlevered free cash flow of the world with the programme, less that of the other."""
    return unlevered_free_cash_flow


@line(USD_M, stock, view=True)
def cumulative_free_cash_flow(incremental_free_cash_flow) -> Row:
    """The J-curve: incremental free cash flow since the view's start."""
    return running_sum(incremental_free_cash_flow)


@line(USD_M, flow, view=True)
def discounted_free_cash_flow(incremental_free_cash_flow, discount_factor) -> Row:
    """Incremental free cash flow at its value at the valuation date."""
    return incremental_free_cash_flow * discount_factor


@line(USD_M, stock, view=True)
def cumulative_discounted_free_cash_flow(discounted_free_cash_flow) -> Row:
    """The J-curve in present values."""
    return running_sum(discounted_free_cash_flow)


@line(USD_M, result, view=True)
def npv_within_horizon(discounted_free_cash_flow) -> Row:
    """Present value of incremental free cash flow to the end of the horizon."""
    return sum_to_date(discounted_free_cash_flow)


@line(USD_M, result, view=True)
def terminal_value(value_beyond_horizon, returns_terminal_treatment) -> Row:
    """Present value beyond the horizon. Under *perpetuity* each world's steady state, grown for
    ever; 0 under *none*, and under *run_off*, where spending stops in a chosen quarter and
    assets live on inside the horizon."""
    forever = np.equal(returns_terminal_treatment, PERPETUITY)
    return np.where(forever, value_beyond_horizon, 0)


@line(USD_M, result, view=True)
def npv(npv_within_horizon, terminal_value) -> Row:
    """Net present value of incremental free cash flow at the valuation date."""
    return npv_within_horizon + terminal_value


@line(USD_M, result, view=True)
def value_of_share_based_pay(
    share_based_pay, discount_factor, returns_wacc, returns_terminal_growth,
    returns_terminal_treatment,
) -> Row:  # fmt: skip
    """Present value of the programme's share-based pay, beyond the horizon included. Its tax
    deduction stays in both treatments of it."""
    ever = perpetuity(
        year_to_horizon(share_based_pay) * (1 + returns_terminal_growth), discount_factor,
        returns_wacc, returns_terminal_growth,
    )  # fmt: skip
    beyond = np.where(np.equal(returns_terminal_treatment, PERPETUITY), ever, 0)
    return sum_to_date(share_based_pay * discount_factor) + beyond


@line(USD_M, result, view=True)
def npv_sbc_added_back(npv, value_of_share_based_pay, returns_sbc_is_cost) -> Row:
    """Net present value with the programme's share-based pay added back, whatever the switch
    says."""
    return npv + value_of_share_based_pay * returns_sbc_is_cost


@line(USD_M, result, view=True)
def npv_sbc_as_cost(npv, value_of_share_based_pay, returns_sbc_is_cost) -> Row:
    """Net present value with the programme's share-based pay as a cost, whatever the switch
    says."""
    return npv - value_of_share_based_pay * (1 - returns_sbc_is_cost)


@line(SHARE, result, view=True, status="Why there is no terminal share, by code.")
def terminal_share_of_npv(terminal_value, npv) -> tuple[Row, Row]:
    """Part of NPV that lies beyond the horizon; no number where NPV is not positive."""
    share = np.where(npv > 0, ratio(terminal_value, npv), NO_NUMBER)
    return share, np.where(npv > 0, ANSWERED, NOT_POSITIVE)


@line(USD_M, flow, view=True)
def valued_free_cash_flow(
    incremental_free_cash_flow, terminal_value, discount_factor, quarter_index, last_quarter
) -> Row:
    """The flows that net present value adds up: incremental free cash flow, with what lies
    beyond the horizon as one receipt in its last quarter."""
    received = terminal_value / value_at(discount_factor, HORIZON)
    return incremental_free_cash_flow + np.where(np.equal(quarter_index, last_quarter), received, 0)


def _yearly_rate(flows) -> tuple[Row, Row]:
    roots, quarterly = rates(flows)
    none = np.where(roots > 1, SEVERAL, np.where(roots < 1, NONE, ANSWERED))
    return (1 + quarterly) ** QUARTERS_IN_YEAR - 1, none


@line(
    PER_YEAR,
    result,
    view=True,
    status="Why there is no single internal rate of return on these flows, by code.",
)
def irr_with_terminal_value(valued_free_cash_flow) -> tuple[Row, Row]:
    """Internal rate of return a year on the flows of net present value, what lies beyond the
    horizon included: above the WACC where NPV is positive and one rate answers."""
    return _yearly_rate(valued_free_cash_flow)


@line(
    PER_YEAR, result, view=True, status="Why there is no single internal rate of return, by code."
)
def irr(incremental_free_cash_flow) -> tuple[Row, Row]:
    """Internal rate of return a year, from quarterly flows inside the horizon; no number where
    no rate, or more than one, makes their present value zero."""
    return _yearly_rate(incremental_free_cash_flow)


def _payback(balance, start) -> tuple[Row, Row]:
    years = last_upward_crossing(balance, start) / QUARTERS_PER_YEAR
    last = value_at(balance, HORIZON)
    none = np.where(never_below(balance) > 0, NO_OUTLAY, np.where(last < 0, NEVER, ANSWERED))
    return years, none


@line(YEARS, result, view=True, status="Why there is no payback, by code.")
def payback(cumulative_free_cash_flow, view_start) -> tuple[Row, Row]:
    """Years from the view's start to the last upward crossing of zero by the J-curve inside
    the horizon, interpolated in the quarter; never through terminal value."""
    return _payback(cumulative_free_cash_flow, view_start)


@line(YEARS, result, view=True, status="Why there is no discounted payback, by code.")
def discounted_payback(cumulative_discounted_free_cash_flow, view_start) -> tuple[Row, Row]:
    """Payback of present values."""
    return _payback(cumulative_discounted_free_cash_flow, view_start)


def _rises(balance) -> Row:
    """1 in each quarter in which a balance comes up through zero."""
    before = lag(balance, ONE_QUARTER)
    return np.where(np.logical_and(before < 0, balance >= 0), 1, 0)


@line(DIMENSIONLESS, result, view=True)
def payback_crossings(cumulative_free_cash_flow) -> Row:
    """How often the J-curve comes up through zero: more than once where it falls below again."""
    return sum_to_date(_rises(cumulative_free_cash_flow))


@line(YEARS, flow, view=True)
def payback_crossing(cumulative_free_cash_flow, quarter_index, view_start) -> Row:
    """Years from the view's start to each upward crossing of zero, in the quarter in which it
    comes; 0 in all other quarters. The last of them is the payback if the J-curve ends above
    zero."""
    before = lag(cumulative_free_cash_flow, ONE_QUARTER)
    inside = ratio(-before, cumulative_free_cash_flow - before) * ONE_QUARTER
    since = (quarter_index + inside - view_start) / QUARTERS_PER_YEAR
    return _rises(cumulative_free_cash_flow) * since


@line(USD_M, result, view=True)
def unrecovered_balance(cumulative_free_cash_flow) -> Row:
    """How far the J-curve is below zero at the end of the horizon; 0 once it is recovered."""
    return np.maximum(-value_at(cumulative_free_cash_flow, HORIZON), 0)


@line(USD_M, result, view=True)
def trough_amount(cumulative_free_cash_flow) -> Row:
    """The J-curve at its lowest, 0 if it never falls below."""
    return np.minimum(lowest(cumulative_free_cash_flow), 0)


@line(DATE, result, view=True, status="Why there is no trough, by code.")
def trough_quarter(cumulative_free_cash_flow) -> tuple[Row, Row]:
    """Quarter in which the J-curve is at its lowest; no number without an outlay."""
    under = lowest(cumulative_free_cash_flow)
    at = np.where(under < 0, lowest_at(cumulative_free_cash_flow), NO_DATE)
    return at, np.where(under < 0, ANSWERED, NO_OUTLAY)


@line(QUARTERS, result, view=True)
def quarters_under_water(cumulative_free_cash_flow) -> Row:
    """Number of quarters in which the J-curve is below zero."""
    return sum_to_date(np.where(cumulative_free_cash_flow < 0, 1, 0)) * ONE_QUARTER


def _turns_positive(flow, start) -> tuple[Row, Row]:
    earned = trailing_year(flow)
    return first_lasting(earned, start), np.where(value_at(earned, HORIZON) > 0, ANSWERED, NEVER)


@line(
    DATE,
    result,
    view=True,
    status="Why incremental operating income does not turn positive, by code.",
)
def operating_income_turns_positive(operating_income, view_start) -> tuple[Row, Row]:
    """First quarter from which incremental operating income of four quarters stays above zero
    to the horizon."""
    return _turns_positive(operating_income, view_start)


@line(DATE, result, view=True, status="Why incremental EBITDA does not turn positive, by code.")
def ebitda_turns_positive(ebitda, view_start) -> tuple[Row, Row]:
    """First quarter from which incremental EBITDA of four quarters stays above zero to the
    horizon."""
    return _turns_positive(ebitda, view_start)


@line(TIMES, result, view=True, status="Why there is no multiple, by code.")
def multiple_on_invested_capital(incremental_free_cash_flow) -> tuple[Row, Row]:
    """Sum of the positive quarterly flows per dollar of the negative ones, undiscounted."""
    inflows = sum_to_date(np.maximum(incremental_free_cash_flow, 0))
    outflows = sum_to_date(np.maximum(-incremental_free_cash_flow, 0))
    multiple = np.where(outflows > 0, ratio(inflows, outflows), NO_NUMBER)
    return multiple, np.where(outflows > 0, ANSWERED, NO_OUTLAY)


@line(TIMES, result, view=True, status="Why there is no profitability index, by code.")
def profitability_index(npv, capex, discount_factor) -> tuple[Row, Row]:
    """Present value of what the capex brings, per dollar of the present value of incremental
    capex: 1 + NPV / PV of capex."""
    invested = sum_to_date(capex * discount_factor)
    index = np.where(invested > 0, 1 + ratio(npv, invested), NO_NUMBER)
    return index, np.where(invested > 0, ANSWERED, NO_OUTLAY)


@line(SHARE, rate, view=True, annual="last")
def return_on_invested_capital(net_operating_profit, property_net, working_capital) -> Row:
    """Incremental NOPAT of the last four quarters, per dollar of incremental property and
    working capital a year before; 0 where there is none."""
    capital = lag(property_net + working_capital, ONE_YEAR)
    earned = trailing_year(net_operating_profit)
    return np.where(capital > 0, ratio(earned, capital), 0)


@line(SHARE, rate, view=True, annual="last")
def spread_over_wacc(return_on_invested_capital, returns_wacc) -> Row:
    """Return on incremental invested capital less the WACC."""
    return return_on_invested_capital - returns_wacc


@line(SHARE, rate, view=True)
def margin_drag(operating_margin) -> Row:
    """Operating margin that the programme takes; negative where it adds."""
    return -operating_margin


@line(USD_PER_SHARE, rate, view=True)
def earnings_per_share_drag(earnings_per_share) -> Row:
    """Diluted earnings per share that the programme takes, financing included; negative where
    it adds."""
    return -earnings_per_share


@line(USD_M, flow, view=True)
def free_cash_flow_drag(free_cash_flow) -> Row:
    """Free cash flow, by the company's definition, that the programme takes; negative where it
    adds."""
    return -free_cash_flow
