"""How AI spending becomes machines and shells: plain functions of rows that lines call.

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

from jcurve.engine.primitives import Row, lag, running_sum, scan
from jcurve.ground.units import H100E, MW, USD_M, Quantity
from jcurve.lines.constants import HALF_SPAN, ONE_YEAR, QUARTERS_IN_YEAR

__all__ = ["Orders", "Plan", "Terms", "orders", "surviving"]


class Terms(NamedTuple):
    """What every order is made on.

    Attributes:
        price: of a machine, USD m per H100e.
        power: of a machine at the meter, MW per H100e.
        shell_price: USD m per MW.
        leased: megawatts of leased shell, a stock.
        life: physical life of machines, in quarters.
        shell_life: in quarters.
        reported: 1 where the orders are those of the reports.
        reported_orders: H100e.
        settling: 1 at the last report, falling to 0: how far the split of the last reports
            still holds.
        machine_share: machines in a dollar of AI capex in the last reports.
    """

    price: Row
    power: Row
    shell_price: Row
    leased: Row
    life: Row
    shell_life: Row
    reported: Row
    reported_orders: Row
    settling: Row
    machine_share: Row


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
    back = terms.life - HALF_SPAN

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
        dollars,
        *plan,
        terms.price,
        terms.power,
        terms.shell_price,
        terms.leased,
        terms.reported,
        terms.reported_orders,
        terms.settling,
        terms.machine_share,
    )
    late, later = back, back + ONE_YEAR
    # The balances looked back at stand first: machines and their power summed twice, and shell.
    recalls = ((0, late), (0, later), (1, late), (1, later), (2, terms.shell_life))
    start = (units, power, power, units, power)
    *_, new, spent, standing, in_use = scan(step, start, rows, recalls)
    return Orders(new / terms.power, spent, new * (terms.price / terms.power), standing, in_use)
