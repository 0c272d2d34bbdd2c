"""The plan of AI spending: in dollars while it is guided, then as a fleet; and what spending buys.

A dollar of AI capex buys machines (servers and the network between them) and the shell that
houses and powers them. A shell is a stock of megawatts with a life of its own, so that it is
bought only beyond the megawatts that stand, own and leased. Machines retire over the year
about their physical life. Both need a balance of all orders before the quarter, which one scan
carries: cumulative orders, their running sum (whose difference over four quarters, one life
back, is what has retired), and cumulative shell.
"""

from __future__ import annotations

from typing import NamedTuple

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
from jcurve.engine.scan import scan
from jcurve.ground.units import H100E, MW, SHARE, USD_M, Quantity, unit_named
from jcurve.lines.constants import (
    HALF_SPAN,
    MILLION,
    ONE_QUARTER,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)
from jcurve.lines.vintages import spread, trailing_year


class Terms(NamedTuple):
    """What every order is made on."""

    price: Row  # of a machine, USD m per H100e
    power: Row  # of a machine at the meter, MW per H100e
    shell_price: Row  # USD m per MW
    leased: Row  # megawatts of leased shell, a stock
    life: Row  # physical life of machines, in years
    shell_life: Row  # in years
    reported: Row  # 1 where the orders are those of the reports
    reported_orders: Row  # H100e
    # 1 at the last report, falling to 0: how far the split of the last reports still holds
    settling: Row
    machine_share: Row  # machines in a dollar of AI capex in the last reports


class Plan(NamedTuple):
    """When spending follows from a fleet: ``rules`` is 1 there; ``wanted`` what should have been
    ordered and not retired, H100e; ``least`` is spent in any case, USD m a quarter."""

    rules: Row
    wanted: Row
    least: Row


class Orders(NamedTuple):
    """Machines ordered in H100e, AI capex and its part for machines in USD m a quarter, the stock
    of own shell and the power of the machines in MW."""

    machines: Row
    spending: Row
    on_machines: Row
    shell: Row
    in_use: Row


NO_PLAN = Plan(0, Quantity(0, H100E), Quantity(0, USD_M))


def surviving(ordered, life) -> Row:
    """What has been ordered and not retired: retirement spreads evenly over the year about the
    life.

    Args:
        ordered: flow, (quarter, scenario).
        life: in quarters, at least 3.
    """
    to_date = running_sum(ordered)
    twice = running_sum(to_date)
    back = life - HALF_SPAN
    return to_date - (lag(twice, back) - lag(twice, back + ONE_YEAR)) / QUARTERS_IN_YEAR


def orders(dollars, terms: Terms, plan: Plan = NO_PLAN) -> Orders:
    """What a path of AI spending buys.

    Machines that fit the room that stands need no shell; each one beyond it needs a shell as
    well, so that a dollar buys fewer of them.

    Args:
        dollars: AI capex, USD m a quarter; not read where ``terms.reported`` or ``plan.rules``.
        terms: prices, lives and what was reported.
        plan: a fleet that is kept up; nothing lacks without one.
    """
    units, power = Quantity(0, H100E), Quantity(0, MW)
    back = terms.life * QUARTERS_PER_YEAR - HALF_SPAN

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        owned_twice, twice, shell, owned, ordered = before
        (
            spent, rules, wanted, least, price, watts, shell_price, leased, reported,
            reported_new, settling, share, owned_late, owned_later, late, later, gone,
        ) = now  # fmt: skip
        in_use = ordered - (late - later) / QUARTERS_IN_YEAR
        room = np.maximum(leased + shell - gone - in_use, 0)
        lacking = np.maximum(wanted - owned + (owned_late - owned_later) / QUARTERS_IN_YEAR, 0)
        shell_lacking = np.maximum(lacking * watts - room, 0)
        needed = lacking * price + shell_lacking * shell_price
        spent = np.where(rules > 0, np.maximum(needed, least), spent)
        per_megawatt = price / watts
        machines_alone = spent / per_megawatt
        with_shell = (spent + shell_price * room) / (per_megawatt + shell_price)
        by_rule = np.minimum(machines_alone, with_shell)
        settled = settling * share * machines_alone + (1 - settling) * by_rule
        new = np.where(reported > 0, reported_new * watts, settled)
        left = np.maximum(spent - new * per_megawatt, 0) / shell_price
        bought = np.where(reported > 0, np.maximum(new - room, 0), left)
        units, total = owned + new / watts, ordered + new
        standing = shell + bought - gone
        state = (owned_twice + units, twice + total, shell + bought, units, total)
        return (*state, new, spent, standing, in_use + new)

    rows = (
        dollars, *plan, terms.price, terms.power, terms.shell_price, terms.leased, terms.reported,
        terms.reported_orders, terms.settling, terms.machine_share,
    )  # fmt: skip
    late, later = back, back + ONE_YEAR
    # The balances looked back at stand first: machines and their power summed twice, and shell.
    recalls = (
        (0, late),
        (0, later),
        (1, late),
        (1, later),
        (2, terms.shell_life * QUARTERS_PER_YEAR),
    )
    start = (units, power, power, units, power)
    *_, new, spent, standing, in_use = scan(step, start, rows, recalls)
    return Orders(new / terms.power, spent, new * (terms.price / terms.power), standing, in_use)


USD_M_PER_MW = unit_named("USD m per MW")
MW_PER_H100E = unit_named("MW per H100e")
USD_M_PER_H100E = unit_named("USD m per H100e")


# Terms of orders


@line(MW_PER_H100E, rate, annual="mean")
def machine_power(power_per_compute, power_usage_effectiveness) -> Row:
    """Power at the meter of a machine when it is bought."""
    return power_per_compute * MILLION * power_usage_effectiveness


@line(USD_M_PER_H100E, rate, annual="mean")
def machine_price(compute_price, capex_machine_servers_share) -> Row:
    """Price of a machine: its server, with the network between servers."""
    return compute_price * MILLION / capex_machine_servers_share


@line(USD_M_PER_MW, result)
def shell_price(
    compute_list_price, machine_power, capex_servers_share, capex_machine_servers_share,
    last_reported,
) -> Row:  # fmt: skip
    """Buildings, power and cooling for a megawatt: what servers and network leave of AI capex,
    per watt of a machine at the last report's prices."""
    price = value_at(compute_list_price, last_reported) * MILLION
    per_machine = (1 / capex_servers_share - 1 / capex_machine_servers_share) * price
    return per_machine / value_at(machine_power, last_reported)


@line(MW, stock)
def leased_power(lease_payments, lease_shell_cost) -> Row:
    """Megawatts of shell that come with started leases, at their yearly cost."""
    return lease_payments * QUARTERS_IN_YEAR / lease_shell_cost


@line(H100E, flow)
def reported_orders(reported_accelerator_capex, compute_price) -> Row:
    """Machines in reported capex, at the price of the quarter."""
    return reported_accelerator_capex / (compute_price * MILLION)


@line(USD_M, flow)
def reported_ai_capex(reported_capex, general_capex, history) -> Row:
    """AI capex in reported capex: what general capex leaves of it. An estimate."""
    return history * (splice(reported_capex, 0) - general_capex)


@line(SHARE, result)
def reported_machine_share(
    reported_accelerator_capex, reported_ai_capex, capex_machine_servers_share, last_reported
) -> Row:
    """Machines in a dollar of AI capex over the last four reported quarters, at most all."""
    machines = trailing_year(reported_accelerator_capex) / capex_machine_servers_share
    spent = np.maximum(value_at(trailing_year(reported_ai_capex), last_reported), 0)
    return np.minimum(ratio(value_at(machines, last_reported), spent), 1)


@line(SHARE, rate, annual="mean")
def split_still_reported(quarter_index, last_reported) -> Row:
    """How far the split of AI capex is still that of the last reports: fades within a year."""
    since = (quarter_index - last_reported) / ONE_YEAR
    return np.where(since > 0, np.maximum(1 - since, 0), 0)


# The plan


@line(SHARE, rate, annual="mean")
def capex_phase(capex_phasing: Family, quarter_of_year) -> Row:
    """Share of a planned year's capex that falls in the quarter."""
    phase, number = 0 * quarter_of_year, 1
    for share in capex_phasing.values():
        phase = phase + np.where(np.equal(quarter_of_year, number), share, 0)
        number = number + 1
    return phase


@line(SHARE, rate, annual="mean")
def capex_response(advertising_shortfall, capex_response_share, capex_response_lag, history) -> Row:
    """Share of planned capex that management cuts some quarters after advertising falls short,
    as in 2023; none in the base case."""
    return (1 - history) * capex_response_share * lag(advertising_shortfall, capex_response_lag)


@line(USD_M, flow)
def guided_capex(reported_capex, capex_total, capex_phase, capex_response, history) -> Row:
    """Company capex while the plan is in dollars: as reported; after that what the reported
    quarters leave of the year's planned total, spread over its other quarters by phase.
    Includes finance-lease principal, as the company's own definition does."""
    left = np.maximum(capex_total - year_sum(splice(reported_capex, 0)), 0)
    open_phase = capex_phase * (1 - history)
    planned = left * ratio(open_phase, year_sum(open_phase)) * (1 - capex_response)
    return splice(reported_capex, planned)


@line(USD_M, flow, refer={"principal": "leased_principal@with"})
def guided_ai_capex(
    guided_capex, general_capex, principal: Family, maintenance_capex, history
) -> Row:
    """AI capex while the plan is in dollars: the total less general capex and the principal on
    finance leases, and no less than maintenance after the last report."""
    left = guided_capex - general_capex - total(principal)
    return np.where(history > 0, left, np.maximum(left, maintenance_capex))


@line(
    H100E, stock, refer={"life": "life_physical.accelerators", "leased_power": "leased_power@with"}
)
def fleet_in_dollar_plan(
    guided_ai_capex, machine_price, machine_power, shell_price, leased_power, life, life_shell,
    history, reported_orders, split_still_reported, reported_machine_share,
) -> Row:  # fmt: skip
    """Own machines ordered and not retired while the plan is in dollars: what the fleet after
    it starts from."""
    terms = Terms(
        machine_price, machine_power, shell_price, leased_power, life, life_shell, history,
        reported_orders, split_still_reported, reported_machine_share,
    )  # fmt: skip
    return surviving(orders(guided_ai_capex, terms).machines, life * QUARTERS_PER_YEAR)


@line(H100E, stock, refer={"placement_lag": "placement_lag.accelerators"})
def frontier_when_placed(
    frontier_fleet, placement_lag, placement_delay, placement_delayed_share
) -> Row:
    """The frontier's fleet when what is ordered in the quarter is placed, at its growth of the
    quarter."""
    ahead = (placement_lag + placement_delay * placement_delayed_share) / ONE_QUARTER
    return frontier_fleet * ratio(frontier_fleet, lag(frontier_fleet, ONE_QUARTER)) ** ahead


@line(SHARE, result)
def fleet_share_reached(
    fleet_in_dollar_plan, compute_legacy, planned_rented, frontier_when_placed,
    capex_planned_through,
) -> Row:  # fmt: skip
    """Fleet over the frontier's that the plan in dollars has ordered when it ends, owned and
    rented together, once it is placed."""
    fleet = fleet_in_dollar_plan + compute_legacy + planned_rented
    return value_at(ratio(fleet, frontier_when_placed), capex_planned_through)


@line(SHARE, rate, annual="last")
def fleet_share_planned(
    fleet_share_reached, fleet_share, fleet_years, quarter_index, capex_planned_through
) -> Row:
    """Fleet over the frontier's after the plan in dollars: from the share reached to the long
    run, at an even rate over the stated years, which sets in and ends over two years."""
    since = np.maximum(quarter_index - capex_planned_through, 0)
    way = np.minimum(since / (fleet_years * QUARTERS_PER_YEAR), 1)
    smooth = spread(way, ONE_YEAR)
    return fleet_share_reached * ratio(fleet_share, fleet_share_reached) ** smooth


@line(H100E, stock)
def fleet_wanted(fleet_share_planned, frontier_when_placed, planned_rented, compute_legacy) -> Row:
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
    guided_ai_capex, fleet_wanted, maintenance_capex, machine_price, machine_power, shell_price,
    leased_power, life, life_shell, history, reported_orders, split_still_reported,
    reported_machine_share, quarter_index, capex_planned_through,
) -> tuple[Row, Row]:  # fmt: skip
    """The plan's spending and orders at full scale, the same in every world."""
    terms = Terms(
        machine_price, machine_power, shell_price, leased_power, life, life_shell, history,
        reported_orders, split_still_reported, reported_machine_share,
    )  # fmt: skip
    rules = np.where(quarter_index > capex_planned_through, 1, 0)
    made = orders(guided_ai_capex, terms, Plan(rules, fleet_wanted, maintenance_capex))
    return made.spending, made.machines
