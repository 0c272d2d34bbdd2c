"""Where compute goes: to the use that earns most at the margin.

Three uses compete for what training leaves. Ranking earns ever less from more; AI products
earn a level amount up to what demand needs; leasing out earns a price that falls with the
quantity offered, so that its marginal revenue is ``c (1 - L / D)``. At the optimum no use
could gain from another's compute. The balance of ranking and leasing has no closed form; a
fixed number of Newton steps in logarithms finds it, the same for any machine that computes it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jcurve.engine.line import flow, line, lines, rate, stock
from jcurve.engine.primitives import Family, Row, ratio, total
from jcurve.ground.units import H100E, SHARE, USD_M, unit_named
from jcurve.lines.constants import MILLION, NEWTON_STEPS, QUARTERS_IN_YEAR, TINY, TWO_YEARS

USD_M_PER_H100E = unit_named("USD m per H100e")


class Uses(NamedTuple):
    """Compute by use, in the unit of what is allocated."""

    ranking: Row
    products: Row
    leased: Row


def _shared(amount, marginal, price, depth, elasticity) -> Row:
    """What ranking takes of an amount that it shares with leasing.

    Solves ``marginal R^(elasticity - 1) = price (1 - (amount - R) / depth)`` for R. Written for
    ``x = ln R`` where the offer is deeper than the amount and for ``x = ln(R - amount + depth)``
    elsewhere, the equation is ``p x + r ln(W + exp x) = q``, convex and increasing, so that
    Newton's steps from the lesser of its two asymptotes converge from one side.
    """
    amount = np.maximum(amount, TINY)
    wide = depth >= amount
    rest = np.maximum(np.absolute(depth - amount), TINY)
    p, r = np.where(wide, 1 - elasticity, 1), np.where(wide, 1, 1 - elasticity)
    q = np.log(marginal) + np.log(depth) - np.log(price)
    x = np.minimum(q / (p + r), (q - r * np.log(rest)) / p)
    for _ in range(int(NEWTON_STEPS)):
        grown = np.exp(x)
        x = x - (p * x + r * np.log(rest + grown) - q) / (p + r * grown / (rest + grown))
    found = np.minimum(amount, np.exp(x) + np.where(wide, 0, amount - depth))
    nothing_to_gain = marginal * amount ** (elasticity - 1) >= price
    return np.where(np.logical_or(nothing_to_gain, depth <= 2 * TINY), amount, found)


def allocate(amount, marginal, elasticity, product_value, product_need, price, depth) -> Uses:
    """Share compute among ranking, products and leasing by what each earns at the margin.

    All amounts are plain numbers in one unit of compute, all values in one unit of money.

    Args:
        amount: to be shared.
        marginal: what ranking earns of one more unit at an amount of 1.
        elasticity: of what ranking earns to its compute, below 1.
        product_value: what products earn of a unit.
        product_need: the most that they use.
        price: of a leased unit where nearly none is offered.
        depth: offer at which leasing's marginal revenue is nothing.
    """
    offered = np.maximum(amount, TINY)
    marginal, price = np.maximum(marginal, TINY), np.maximum(price, TINY)
    value, depth = np.maximum(product_value, TINY), np.maximum(depth, TINY)
    at_value = np.exp(np.log(marginal / value) / (1 - elasticity))
    let_at_value = depth * np.maximum(1 - value / price, 0)
    products = np.minimum(product_need, np.maximum(offered - at_value - let_at_value, 0))
    without = _shared(offered, marginal, price, depth, elasticity)
    beyond = _shared(offered - product_need, marginal, price, depth, elasticity)
    filled = np.where(products >= product_need, beyond, at_value)
    ranking = np.minimum(np.where(products <= 0, without, filled), np.maximum(amount - products, 0))
    return Uses(ranking, products, np.maximum(amount - ranking - products, 0))


@line(H100E, stock)
def product_compute_need(channel_compute_need: Family) -> Row:
    """Compute that serving all demand for AI products takes."""
    return total(channel_compute_need)


@line(USD_M_PER_H100E, rate, annual="mean")
def product_value_of_compute(
    channel_demand: Family, channel_margin: Family, product_compute_need
) -> Row:
    """What AI products leave of a quarter's revenue for a unit of compute that serves them,
    before that compute's cost."""
    left = {name: demand * channel_margin[name] for name, demand in channel_demand.items()}
    return ratio(total(left), product_compute_need)


@line(USD_M_PER_H100E, rate, annual="mean")
def ranking_value_of_compute(
    base_advertising: Family, advertising_compute_elasticity, advertising_contribution,
    starting_ranking_compute,
) -> Row:  # fmt: skip
    """Contribution a quarter of one more unit of ranking compute where it is what it was in the
    reference quarter."""
    earned = advertising_compute_elasticity * advertising_contribution * total(base_advertising)
    return earned / starting_ranking_compute


@line(H100E, stock)
def leasing_depth(frontier_fleet, leasing_depth_share, quarter_index, last_reported) -> Row:
    """Offer of compute at which its marginal revenue is nothing: nothing on history, and it
    opens over two years."""
    opened = np.minimum(np.maximum((quarter_index - last_reported) / TWO_YEARS, 0), 1)
    return leasing_depth_share * frontier_fleet * opened


@line(USD_M_PER_H100E, rate, annual="mean")
def leasing_price(rent, leasing_yield) -> Row:
    """What a unit that is offered brings a quarter while few are: the market rent for the hours
    that are let."""
    return rent * leasing_yield * MILLION / QUARTERS_IN_YEAR


@lines(
    ranking_compute=(H100E, stock, "Compute that ranks advertising and content."),
    product_compute=(H100E, stock, "Compute that serves AI products."),
    leased_out_compute=(H100E, stock, "Compute leased out to others."),
    annual="last",
)
def allocation(
    serving_compute, ranking_value_of_compute, advertising_compute_elasticity,
    product_value_of_compute, product_compute_need, leasing_price, leasing_depth,
    starting_ranking_compute, history,
) -> tuple[Row, Row, Row]:  # fmt: skip
    """Compute beside training goes where it earns most at the margin, in every world alike. On
    history demand was served, and ranking had the rest."""
    unit = starting_ranking_compute
    uses = allocate(
        serving_compute / unit, ranking_value_of_compute / leasing_price,
        advertising_compute_elasticity, product_value_of_compute / leasing_price,
        product_compute_need / unit, 1, leasing_depth / unit,
    )  # fmt: skip
    served = np.minimum(product_compute_need, np.maximum(serving_compute, 0))
    reported = history > 0
    return (
        np.where(reported, serving_compute - served, uses.ranking * unit),
        np.where(reported, served, uses.products * unit),
        np.where(reported, 0 * unit, uses.leased * unit),
    )


@line(USD_M, flow)
def leasing_revenue(leased_out_compute, leasing_price, leasing_depth) -> Row:
    """Revenue of compute leased out, at a price that falls with the offer: half way to nothing
    where the offer reaches its depth."""
    taken = np.minimum(ratio(leased_out_compute, leasing_depth), 1)
    return leased_out_compute * leasing_price * (1 - taken / 2)


@line(SHARE, rate, annual="last")
def share_on_ranking(ranking_compute, compute_in_service) -> Row:
    """Memo: share of compute that ranks advertising and content."""
    return ratio(ranking_compute, compute_in_service)


@line(SHARE, rate, annual="last")
def share_on_products(product_compute, compute_in_service) -> Row:
    """Memo: share of compute that serves AI products."""
    return ratio(product_compute, compute_in_service)


@line(SHARE, rate, annual="last")
def share_leased_out(leased_out_compute, compute_in_service) -> Row:
    """Memo: share of compute that is leased out to others."""
    return ratio(leased_out_compute, compute_in_service)


@line(H100E, stock)
def check_allocation(
    compute_in_service, training_compute, ranking_compute, product_compute, leased_out_compute
) -> Row:
    """Compute in service less training, ranking, products and leasing: 0."""
    used = training_compute + ranking_compute + product_compute + leased_out_compute
    return compute_in_service - used
