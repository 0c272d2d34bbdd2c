"""Shapley values: what each member of a game is worth, whatever the order.

Source: L. S. Shapley, "A Value for n-Person Games" (1953). Interactions of pairs:
M. Sundararajan, K. Dhamdhere and A. Agarwal, "The Shapley Taylor Interaction Index" (2020),
of order 2: each member alone and each pair together, which sum to the whole as well.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.question import Array, Mask

Worth: TypeAlias = Callable[[Mask], Array]
"""Which members take part, (coalitions, members), to what they are worth, (coalitions,)."""

_NORMAL_95 = 1.959963984540054


class ShapleyValues(NamedTuple):
    """Shapley values of a game."""

    amounts: Array  # (members,); they sum to the worth of all less that of none
    errors: Array  # half the width of each 95 % interval
    alone: Array  # what each adds first
    evaluated: int  # how many coalitions were asked for


def exact(values: Array, count: int) -> Array:
    """Exact Shapley values.

    Args:
        values: of every subset, (2^count,), the subset in the bits of the place.
        count: members.

    Returns:
        (count,); they sum to ``values[-1] - values[0]``.
    """
    subset = np.arange(1 << count)
    size = _sizes(subset, count)
    weight = np.array([1.0 / (count * math.comb(count - 1, s)) for s in range(count)])
    found = np.empty(count)
    for member in range(count):
        without = subset[(subset >> member) & 1 == 0]
        steps = (values[without | (1 << member)] - values[without]) * weight[size[without]]
        found[member] = math.fsum(steps)
    return found


def interactions(values: Array, count: int) -> Array:
    """The Shapley–Taylor indices of order 2: pairs, (count, count), upper triangle.

    With what each member does alone they sum to ``values[-1] - values[0]``.
    """
    subset = np.arange(1 << count)
    size = _sizes(subset, count)
    found = np.zeros((count, count))
    for i, j in itertools.combinations(range(count), 2):
        without = subset[((subset >> i) & 1 == 0) & ((subset >> j) & 1 == 0)]
        a, b = 1 << i, 1 << j
        steps = values[without | a | b] - values[without | a] - values[without | b]
        steps = steps + values[without]
        weight = np.array([2.0 / (count * math.comb(count - 1, s)) for s in range(count)])
        found[i, j] = math.fsum(steps * weight[size[without]])
    return found


def in_full(worth: Worth, count: int) -> tuple[ShapleyValues, Array]:
    """Shapley values without error, and the interactions of pairs, from every coalition."""
    values = worth(subsets(count))
    alone = values[1 << np.arange(count)] - values[0]
    found = ShapleyValues(exact(values, count), np.zeros(count), alone, len(values))
    return found, interactions(values, count)


def sampled(worth: Worth, count: int, orders: int, seed: int) -> ShapleyValues:
    """Shapley values from random orders, each with its reverse, and their 95 % error.

    The steps of one order sum to the whole, so any mean of orders does.

    Args:
        worth: of coalitions.
        count: members.
        orders: how many, at least 2.
        seed: of the orders.
    """
    random = np.random.default_rng(seed)
    rank = np.argsort(random.random((orders, count)), axis=1).argsort(axis=1)
    rank = np.concatenate([rank, count - 1 - rank])
    stage = np.arange(count + 1)[None, :, None]
    masks = rank[:, None, :] < stage
    values = worth(masks.reshape(-1, count)).reshape(2 * orders, count + 1)
    steps = np.take_along_axis(np.diff(values, axis=1), rank, axis=1)
    pairs = (steps[:orders] + steps[orders:]) / 2.0
    alone = worth(np.eye(count, dtype=bool)) - values[0, 0]
    error = _NORMAL_95 * pairs.std(axis=0, ddof=1) / math.sqrt(orders)
    mean = np.array([math.fsum(column) / orders for column in pairs.T])
    return ShapleyValues(mean, error, alone, masks.shape[0] * (count + 1) + count)


def subsets(count: int) -> Mask:
    """Every subset of members, (2^count, count); its place holds it in bits."""
    return ((np.arange(1 << count)[:, None] >> np.arange(count)) & 1).astype(bool)


def _sizes(subset: NDArray[np.int_], count: int) -> NDArray[np.int_]:
    return np.asarray(((subset[:, None] >> np.arange(count)) & 1).sum(axis=1))
