"""Capex: general and AI, the plan in dollars and then as a fleet, and what each world spends."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, rate, result, stock
from jcurve.engine.primitives import (
    Family,
    Row,
    lag,
    ratio,
    running_sum,
    splice,
    total,
    value_at,
    year_sum,
)
from jcurve.engine.units import H100E, MW, SHARE, USD_M, unit_named
from jcurve.lines.build_out import Plan, Terms, orders, surviving
from jcurve.lines.constants import (
    MILLION,
    ONE_QUARTER,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)
from jcurve.lines.sets import ASSET_CLASS
from jcurve.lines.vintages import spread

__all__: list[str] = []

USD_M_PER_MW = unit_named("USD m per MW")
MW_PER_H100E = unit_named("MW per H100e")
USD_M_PER_H100E = unit_named("USD m per H100e")


def _last_year(row: Row) -> Row:
    """Sum of the last four quarters."""
    to_date = running_sum(row)
    return to_date - lag(to_date, ONE_YEAR)


# General capex and maintenance


@line(USD_M, flow)
def general_capex(
    revenue_keeping_pace: Row,
    capex_property_per_revenue: Row,
    capex_property_depreciation: Row,
) -> Row:
    """Capex of the business without AI: what keeps net property at its multiple of revenue,
    as revenue grows and property is depreciated. An estimate on history, where the split of
    reported capex is not disclosed."""
    grown = ratio(revenue_keeping_pace, lag(revenue_keeping_pace, ONE_YEAR))
    share = capex_property_per_revenue * ratio(grown - 1 + capex_property_depreciation, grown)
    return np.maximum(share, 0) * revenue_keeping_pace


@line(USD_M, flow)
def maintenance_capex(revenue_keeping_pace: Row, capex_maintenance: Row) -> Row:
    """AI capex that a company in this business spends with no programme beyond it."""
    return capex_maintenance * revenue_keeping_pace


@line(USD_M, flow, refer={"accelerators": "capex_mix.accelerators"})
def reported_accelerator_capex(reported_capex: Row, accelerators: Row) -> Row:
    """Accelerators in reported capex, by the reported mix of property; nothing after the last
    report."""
    return splice(reported_capex, 0) * accelerators


@line(SHARE, result)
def starting_maintenance(
    reported_accelerator_capex: Row,
    revenue_keeping_pace: Row,
    capex_servers_share: Row,
    advertising_reference_quarter: Row,
) -> Row:
    """AI capex per dollar of revenue in the year before the programme: accelerators bought,
    over their share of AI capex."""
    bought = value_at(_last_year(reported_accelerator_capex), advertising_reference_quarter)
    earned = value_at(_last_year(revenue_keeping_pace), advertising_reference_quarter)
    return bought / capex_servers_share / earned


@line(USD_M, flow)
def capex_never_begun(
    starting_maintenance: Row,
    capex_maintenance: Row,
    capex_maintenance_years: Row,
    revenue_keeping_pace: Row,
    quarter_index: Row,
    programme_start: Row,
) -> Row:
    """AI capex of the world that never began the programme: from the share of revenue of the
    year before it, in a straight line to maintenance."""
    since = np.maximum(quarter_index - programme_start + ONE_QUARTER, 0)
    left = np.maximum(1 - since / (capex_maintenance_years * QUARTERS_PER_YEAR), 0)
    share = capex_maintenance + (starting_maintenance - capex_maintenance) * left
    return share * revenue_keeping_pace


# Terms of orders


@line(MW_PER_H100E, rate, annual="mean")
def machine_power(power_per_compute: Row, power_usage_effectiveness: Row) -> Row:
    """Power at the meter of a machine when it is bought."""
    return power_per_compute * MILLION * power_usage_effectiveness


@line(USD_M_PER_H100E, rate, annual="mean")
def machine_price(compute_price: Row, capex_machine_servers_share: Row) -> Row:
    """Price of a machine: its server, with the network between servers."""
    return compute_price * MILLION / capex_machine_servers_share


@line(USD_M_PER_MW, result)
def shell_price(
    compute_list_price: Row,
    machine_power: Row,
    capex_servers_share: Row,
    capex_machine_servers_share: Row,
    last_reported: Row,
) -> Row:
    """Buildings, power and cooling for a megawatt: what servers and network leave of AI capex,
    per watt of a machine at the last report's prices."""
    price = value_at(compute_list_price, last_reported) * MILLION
    per_machine = (1 / capex_servers_share - 1 / capex_machine_servers_share) * price
    return per_machine / value_at(machine_power, last_reported)


@line(MW, stock)
def leased_power(lease_payments: Row, lease_shell_cost: Row) -> Row:
    """Megawatts of shell that come with started leases, at their yearly cost."""
    return lease_payments * QUARTERS_IN_YEAR / lease_shell_cost


@line(H100E, flow)
def reported_orders(reported_accelerator_capex: Row, compute_price: Row) -> Row:
    """Machines in reported capex, at the price of the quarter."""
    return reported_accelerator_capex / (compute_price * MILLION)


@line(USD_M, flow)
def reported_ai_capex(reported_capex: Row, general_capex: Row, history: Row) -> Row:
    """AI capex in reported capex: what general capex leaves of it. An estimate."""
    return history * (splice(reported_capex, 0) - general_capex)


@line(SHARE, result)
def reported_machine_share(
    reported_accelerator_capex: Row,
    reported_ai_capex: Row,
    capex_machine_servers_share: Row,
    last_reported: Row,
) -> Row:
    """Machines in a dollar of AI capex over the last four reported quarters, at most all."""
    machines = _last_year(reported_accelerator_capex) / capex_machine_servers_share
    spent = np.maximum(value_at(_last_year(reported_ai_capex), last_reported), 0)
    return np.minimum(ratio(value_at(machines, last_reported), spent), 1)


@line(SHARE, rate, annual="mean")
def split_still_reported(quarter_index: Row, last_reported: Row) -> Row:
    """How far the split of AI capex is still that of the last reports: fades within a year."""
    since = (quarter_index - last_reported) / ONE_YEAR
    return np.where(since > 0, np.maximum(1 - since, 0), 0)


# The plan


@line(SHARE, rate, annual="mean")
def capex_phase(capex_phasing: Family, quarter_of_year: Row) -> Row:
    """Share of a planned year's capex that falls in the quarter."""
    phase, number = 0 * quarter_of_year, 1
    for share in capex_phasing.values():
        phase = phase + np.where(np.equal(quarter_of_year, number), share, 0)
        number = number + 1
    return phase


@line(SHARE, rate, annual="mean")
def capex_response(
    advertising_shortfall: Row, capex_response_share: Row, capex_response_lag: Row, history: Row
) -> Row:
    """Share of planned capex that management cuts some quarters after advertising falls short,
    as in 2023; none in the base case."""
    return (1 - history) * capex_response_share * lag(advertising_shortfall, capex_response_lag)


@line(USD_M, flow)
def guided_capex(
    reported_capex: Row, capex_total: Row, capex_phase: Row, capex_response: Row, history: Row
) -> Row:
    """Company capex while the plan is in dollars: as reported; after that what the reported
    quarters leave of the year's planned total, spread over its other quarters by phase.
    Includes finance-lease principal, as the company's own definition does."""
    left = np.maximum(capex_total - year_sum(splice(reported_capex, 0)), 0)
    open_phase = capex_phase * (1 - history)
    planned = left * ratio(open_phase, year_sum(open_phase)) * (1 - capex_response)
    return splice(reported_capex, planned)


@line(USD_M, flow, refer={"principal": "leased_principal@with"})
def guided_ai_capex(
    guided_capex: Row, general_capex: Row, principal: Family, maintenance_capex: Row, history: Row
) -> Row:
    """AI capex while the plan is in dollars: the total less general capex and the principal on
    finance leases, and no less than maintenance after the last report."""
    left = guided_capex - general_capex - total(principal)
    return np.where(history > 0, left, np.maximum(left, maintenance_capex))


def _terms(
    machine_price: Row,
    machine_power: Row,
    shell_price: Row,
    leased: Row,
    life: Row,
    shell_life: Row,
    reported: Row,
    reported_orders: Row,
    settling: Row,
    machine_share: Row,
) -> Terms:
    """Terms with lives in quarters."""
    return Terms(
        machine_price,
        machine_power,
        shell_price,
        leased,
        life * QUARTERS_PER_YEAR,
        shell_life * QUARTERS_PER_YEAR,
        reported,
        reported_orders,
        settling,
        machine_share,
    )


@line(
    H100E,
    stock,
    refer={"life": "life_physical.accelerators", "leased_power": "leased_power@with"},
)
def fleet_in_dollar_plan(
    guided_ai_capex: Row,
    machine_price: Row,
    machine_power: Row,
    shell_price: Row,
    leased_power: Row,
    life: Row,
    life_shell: Row,
    history: Row,
    reported_orders: Row,
    split_still_reported: Row,
    reported_machine_share: Row,
) -> Row:
    """Own machines ordered and not retired while the plan is in dollars: what the fleet after
    it starts from."""
    terms = _terms(
        machine_price, machine_power, shell_price, leased_power, life, life_shell, history,
        reported_orders, split_still_reported, reported_machine_share,
    )  # fmt: skip
    return surviving(orders(guided_ai_capex, terms).machines, terms.life)


@line(H100E, stock, refer={"placement_lag": "placement_lag.accelerators"})
def frontier_when_placed(
    frontier_fleet: Row,
    placement_lag: Row,
    placement_delay: Row,
    placement_delayed_share: Row,
) -> Row:
    """The frontier's fleet when what is ordered in the quarter is placed, at its growth of the
    quarter."""
    ahead = (placement_lag + placement_delay * placement_delayed_share) / ONE_QUARTER
    return frontier_fleet * ratio(frontier_fleet, lag(frontier_fleet, ONE_QUARTER)) ** ahead


@line(SHARE, result)
def fleet_share_reached(
    fleet_in_dollar_plan: Row,
    compute_legacy: Row,
    planned_rented: Row,
    frontier_when_placed: Row,
    capex_planned_through: Row,
) -> Row:
    """Fleet over the frontier's that the plan in dollars has ordered when it ends, owned and
    rented together, once it is placed."""
    fleet = fleet_in_dollar_plan + compute_legacy + planned_rented
    return value_at(ratio(fleet, frontier_when_placed), capex_planned_through)


@line(SHARE, rate, annual="last")
def fleet_share_planned(
    fleet_share_reached: Row,
    fleet_share: Row,
    fleet_years: Row,
    quarter_index: Row,
    capex_planned_through: Row,
) -> Row:
    """Fleet over the frontier's after the plan in dollars: from the share reached to the long
    run, at an even rate over the stated years, which sets in and ends over two years."""
    since = np.maximum(quarter_index - capex_planned_through, 0)
    way = np.minimum(since / (fleet_years * QUARTERS_PER_YEAR), 1)
    smooth = spread(way, ONE_YEAR)
    return fleet_share_reached * ratio(fleet_share, fleet_share_reached) ** smooth


@line(H100E, stock)
def fleet_wanted(
    fleet_share_planned: Row,
    frontier_when_placed: Row,
    planned_rented: Row,
    compute_legacy: Row,
) -> Row:
    """Own machines that the plan wants ordered by the quarter, so that the fleet reaches its
    share of the frontier's once they are placed."""
    return fleet_share_planned * frontier_when_placed - planned_rented - compute_legacy


@lines(
    planned_ai_capex=(
        USD_M,
        flow,
        "AI capex of the plan: in dollars while it is guided, then whatever keeps up the wanted "
        "fleet and the shell that houses it, and no less than maintenance.",
    ),
    planned_orders=(H100E, flow, "Machines that the plan orders."),
    refer={"life": "life_physical.accelerators", "leased_power": "leased_power@with"},
)
def plan(
    guided_ai_capex: Row,
    fleet_wanted: Row,
    maintenance_capex: Row,
    machine_price: Row,
    machine_power: Row,
    shell_price: Row,
    leased_power: Row,
    life: Row,
    life_shell: Row,
    history: Row,
    reported_orders: Row,
    split_still_reported: Row,
    reported_machine_share: Row,
    quarter_index: Row,
    capex_planned_through: Row,
) -> tuple[Row, Row]:
    """The plan's spending and orders at full scale, the same in every world."""
    terms = _terms(
        machine_price, machine_power, shell_price, leased_power, life, life_shell, history,
        reported_orders, split_still_reported, reported_machine_share,
    )  # fmt: skip
    rules = np.where(quarter_index > capex_planned_through, 1, 0)
    made = orders(guided_ai_capex, terms, Plan(rules, fleet_wanted, maintenance_capex))
    return made.spending, made.machines


# Worlds


@line(USD_M, flow)
def committed_capex(
    planned_ai_capex: Row,
    maintenance_capex: Row,
    programme_commitments_due: Row,
    programme_committed_share: Row,
    history: Row,
) -> Row:
    """Planned AI capex beyond maintenance that cannot be cancelled: the hardware in what is due
    on commitments, spread over the quarters of the year still to come."""
    open_quarters = 1 - history
    due = programme_commitments_due * open_quarters / np.maximum(year_sum(open_quarters), 1)
    bound = np.maximum(programme_committed_share * due - maintenance_capex, 0)
    return np.minimum(np.maximum(planned_ai_capex - maintenance_capex, 0), bound)


@line(USD_M, flow)
def ai_capex(
    planned_ai_capex: Row,
    maintenance_capex: Row,
    committed_capex: Row,
    capex_never_begun: Row,
    spending_scale: Row,
    without_programme: Row,
) -> Row:
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
    ai_capex: Row,
    machine_price: Row,
    machine_power: Row,
    shell_price: Row,
    leased_power: Row,
    life: Row,
    life_shell: Row,
    follows_report: Row,
    reported_orders: Row,
    split_still_reported: Row,
    reported_machine_share: Row,
) -> tuple[Row, Row, Row]:
    """What this world's AI capex buys: machines fill the shell that stands, own and leased;
    beyond it each comes with its shell."""
    terms = _terms(
        machine_price, machine_power, shell_price, leased_power, life, life_shell, follows_report,
        reported_orders, split_still_reported, reported_machine_share,
    )  # fmt: skip
    made = orders(ai_capex, terms)
    return made.on_machines, made.shell, made.in_use


@line(USD_M, flow, over=ASSET_CLASS)
def ai_capex_by_class(
    ai_capex: Row,
    capex_on_machines: Row,
    capex_machine_servers_share: Row,
    asset_is_server: Row,
    asset_is_network: Row,
    asset_is_shell: Row,
) -> Row:
    """AI capex by asset class: servers of machines are accelerators, what joins them is network,
    shells are buildings."""
    machines = asset_is_server * capex_machine_servers_share
    machines = machines + asset_is_network * (1 - capex_machine_servers_share)
    return capex_on_machines * machines + (ai_capex - capex_on_machines) * asset_is_shell


@line(USD_M, flow, over=ASSET_CLASS)
def capex_by_class(
    reported_capex: Row,
    capex_mix: Row,
    general_capex: Row,
    capex_general_mix: Row,
    ai_capex_by_class: Row,
    leased_principal: Row,
    follows_report: Row,
) -> Row:
    """Capex of this world: as reported, by the reported mix of property; then general capex by
    its own mix, AI capex, and principal on finance leases that have started."""
    modelled = general_capex * capex_general_mix + ai_capex_by_class + leased_principal
    return np.where(follows_report > 0, splice(reported_capex, 0) * capex_mix, modelled)


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
