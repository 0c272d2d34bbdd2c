"""Capex: general and maintenance, and what each world spends of the plan and on what."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, rate, result, stock
from jcurve.engine.primitives import Family, Row, lag, ratio, splice, total, value_at, year_sum
from jcurve.ground.units import MW, SHARE, USD_M
from jcurve.lines.constants import ASSET_CLASS, ONE_QUARTER, ONE_YEAR, QUARTERS_PER_YEAR
from jcurve.lines.spending_plan import Terms, orders
from jcurve.lines.vintages import trailing_year

# General capex and maintenance


@line(USD_M, flow)
def general_capex(
    revenue_keeping_pace, capex_property_per_revenue, capex_property_depreciation
) -> Row:
    """Capex of the business without AI: what keeps net property at its multiple of revenue,
    as revenue grows and property is depreciated. An estimate on history, where the split of
    reported capex is not disclosed."""
    grown = ratio(revenue_keeping_pace, lag(revenue_keeping_pace, ONE_YEAR))
    share = capex_property_per_revenue * ratio(grown - 1 + capex_property_depreciation, grown)
    return np.maximum(share, 0) * revenue_keeping_pace


@line(USD_M, flow)
def maintenance_capex(revenue_keeping_pace, capex_maintenance) -> Row:
    """AI capex that a company in this business spends with no programme beyond it."""
    return capex_maintenance * revenue_keeping_pace


@line(USD_M, flow, refer={"accelerators": "capex_mix.accelerators"})
def reported_accelerator_capex(reported_capex, accelerators) -> Row:
    """Accelerators in reported capex, by the reported mix of property; nothing after the last
    report."""
    return splice(reported_capex, 0) * accelerators


@line(SHARE, result)
def starting_maintenance(
    reported_accelerator_capex, revenue_keeping_pace, capex_servers_share,
    advertising_reference_quarter,
) -> Row:  # fmt: skip
    """AI capex per dollar of revenue in the year before the programme: accelerators bought,
    over their share of AI capex."""
    bought = value_at(trailing_year(reported_accelerator_capex), advertising_reference_quarter)
    earned = value_at(trailing_year(revenue_keeping_pace), advertising_reference_quarter)
    return bought / capex_servers_share / earned


@line(USD_M, flow)
def capex_never_begun(
    starting_maintenance, capex_maintenance, capex_maintenance_years, revenue_keeping_pace,
    quarter_index, programme_start,
) -> Row:  # fmt: skip
    """AI capex of the world that never began the programme: from the share of revenue of the
    year before it, in a straight line to maintenance."""
    since = np.maximum(quarter_index - programme_start + ONE_QUARTER, 0)
    left = np.maximum(1 - since / (capex_maintenance_years * QUARTERS_PER_YEAR), 0)
    share = capex_maintenance + (starting_maintenance - capex_maintenance) * left
    return share * revenue_keeping_pace


# Worlds


@line(USD_M, flow)
def committed_capex(
    planned_ai_capex, maintenance_capex, programme_commitments_due, programme_committed_share,
    history,
) -> Row:  # fmt: skip
    """Planned AI capex beyond maintenance that cannot be cancelled: the hardware in what is due
    on commitments, spread over the quarters of the year still to come."""
    open_quarters = 1 - history
    due = programme_commitments_due * open_quarters / np.maximum(year_sum(open_quarters), 1)
    bound = np.maximum(programme_committed_share * due - maintenance_capex, 0)
    return np.minimum(np.maximum(planned_ai_capex - maintenance_capex, 0), bound)


@line(USD_M, flow)
def ai_capex(
    planned_ai_capex, maintenance_capex, committed_capex, capex_never_begun, spending_scale,
    without_programme,
) -> Row:  # fmt: skip
    """AI capex of this world: maintenance and commitments, and of the rest of the plan the part
    that is decided; the plan itself at a scale of 1. As estimated on history."""
    open_part = planned_ai_capex - maintenance_capex - committed_capex
    spent = planned_ai_capex + (spending_scale - 1) * open_part
    return np.where(without_programme > 0, capex_never_begun, spent)


@lines(
    capex_on_machines=(USD_M, flow, "AI capex for servers and the network between them."),
    own_shell=(MW, stock, "Own buildings and power for AI machines."),
    machine_power_ordered=(MW, stock, "Power of the machines ordered and not retired."),
    refer={"life": "life_physical.accelerators"},
    annual="last",
)
def build_out(
    ai_capex, machine_price, machine_power, shell_price, leased_power, life, life_shell,
    follows_report, reported_orders, split_still_reported, reported_machine_share,
) -> tuple[Row, Row, Row]:  # fmt: skip
    """What this world's AI capex buys: machines fill the shell that stands, own and leased;
    beyond it each comes with its shell."""
    terms = Terms(
        machine_price, machine_power, shell_price, leased_power, life, life_shell, follows_report,
        reported_orders, split_still_reported, reported_machine_share,
    )  # fmt: skip
    made = orders(ai_capex, terms)
    return made.on_machines, made.shell, made.in_use


@line(USD_M, flow, over=ASSET_CLASS)
def ai_capex_by_class(
    ai_capex, capex_on_machines, capex_machine_servers_share, asset_is_server, asset_is_network,
    asset_is_shell,
) -> Row:  # fmt: skip
    """AI capex by asset class: servers of machines are accelerators, what joins them is network,
    shells are buildings."""
    machines = asset_is_server * capex_machine_servers_share
    machines = machines + asset_is_network * (1 - capex_machine_servers_share)
    return capex_on_machines * machines + (ai_capex - capex_on_machines) * asset_is_shell


@line(USD_M, flow, over=ASSET_CLASS)
def capex_by_class(
    reported_capex, capex_mix, general_capex, capex_general_mix, ai_capex_by_class,
    leased_principal, follows_report,
) -> Row:  # fmt: skip
    """Capex of this world: as reported, by the reported mix of property; then general capex by
    its own mix, AI capex, and principal on finance leases that have started."""
    modelled = general_capex * capex_general_mix + ai_capex_by_class + leased_principal
    return np.where(follows_report > 0, splice(reported_capex, 0) * capex_mix, modelled)


@line(USD_M, flow)
def capex(capex_by_class: Family) -> Row:
    """Purchases of property and equipment plus principal on finance leases."""
    return total(capex_by_class)


@line(USD_M, flow, over=ASSET_CLASS)
def purchases_by_class(capex_by_class, leased_principal) -> Row:
    """Capex that buys property: without the principal on finance leases that have started,
    whose assets came when they started. Leases of before enter with their principal."""
    return capex_by_class - leased_principal


@line(SHARE, rate, annual="last")
def unpaid_share(reported_unpaid_capex, reported_capex, capex_unpaid_share) -> Row:
    """Property bought but not yet paid for, as a share of the quarter's capex."""
    return splice(ratio(reported_unpaid_capex, reported_capex), capex_unpaid_share)


@line(USD_M, stock, over=ASSET_CLASS)
def unpaid_capex(purchases_by_class, unpaid_share) -> Row:
    """Property and equipment in accounts payable at the quarter's end."""
    return purchases_by_class * unpaid_share


@line(USD_M, flow, over=ASSET_CLASS)
def bought_additions(purchases_by_class, unpaid_capex) -> Row:
    """Property bought: paid for in the quarter, plus the change in what is unpaid."""
    return purchases_by_class + unpaid_capex - lag(unpaid_capex, ONE_QUARTER)


@line(USD_M, flow, over=ASSET_CLASS)
def additions(bought_additions, leased_additions) -> Row:
    """Property acquired: bought, and by finance leases that start."""
    return bought_additions + leased_additions
