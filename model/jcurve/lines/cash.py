"""Unlevered cash flow: what returns are measured on."""

from __future__ import annotations

from jcurve.engine.line import flow, line
from jcurve.engine.primitives import Row, lag
from jcurve.ground.units import USD_M
from jcurve.lines.constants import ONE_QUARTER

__all__: list[str] = []


@line(USD_M, flow)
def share_based_pay(talent_cost, talent_share_based) -> Row:
    """Share-based pay of the programme's people, part of talent cost."""
    return talent_cost * talent_share_based


@line(USD_M, flow)
def unlevered_free_cash_flow(
    ebitda, operating_cash_tax, capex, finance_lease_interest, working_capital, salvage_proceeds,
    startup_stakes, stake_recoveries, share_based_pay, returns_sbc_is_cost,
) -> Row:  # fmt: skip
    """Cash from operations after tax on operating income and after capex and stakes, before
    financing. Finance leases count in full as they are paid, as operating leases do: principal
    in capex, and interest. Share-based pay is a cost unless the switch adds it back."""
    added_back = share_based_pay * (1 - returns_sbc_is_cost)
    moved = working_capital - lag(working_capital, ONE_QUARTER)
    paid = operating_cash_tax + capex + finance_lease_interest + moved + startup_stakes
    return ebitda - paid + salvage_proceeds + stake_recoveries + added_back


@line(USD_M, flow)
def unlevered_free_cash_flow_sbc_added_back(
    unlevered_free_cash_flow, share_based_pay, returns_sbc_is_cost
) -> Row:
    """The same with share-based pay added back, whatever the switch says."""
    return unlevered_free_cash_flow + share_based_pay * returns_sbc_is_cost
