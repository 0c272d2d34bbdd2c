"""Random valid scenarios, for tests of laws and for measurements."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import Assumption, Path, Scenario, batch, valid_mask
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.ground.errors import ScenarioError

__all__ = ["sample_uniform"]

Array: TypeAlias = NDArray[np.float64]

_ROUNDS = 200


def sample_uniform(base: Scenario, size: int, generator: np.random.Generator) -> dict[str, Array]:
    """Draws of every ranged assumption, even between low and high, of valid scenarios only.

    Args:
        base: the scenario whose ranges are drawn from.
        size: how many.
        generator: source of randomness; the same one gives the same draws.

    Returns:
        (size,) by key, for :func:`batch`. Dates and switches are whole numbers.

    Raises:
        ScenarioError: hardly any draw validates.
    """
    ranged = [item for item in base.items if item.has_range and not item.derived]
    if not ranged or size == 0:
        return {}
    kept: list[dict[str, Array]] = []
    found = 0
    for _ in range(_ROUNDS):
        drawn = {item.key: _uniform(item, size, generator) for item in ranged}
        valid = valid_mask(base, batch(base, drawn))
        kept.append({key: values[valid] for key, values in drawn.items()})
        found += int(valid.sum())
        if found >= size:
            return {
                item.key: np.concatenate([part[item.key] for part in kept])[:size]
                for item in ranged
            }
    raise ScenarioError(
        "the ranges hardly ever make a valid scenario",
        where=base.name,
        received=f"{found} valid of {_ROUNDS * size} drawn",
    )


def _uniform(item: Assumption, size: int, generator: np.random.Generator) -> Array:
    if isinstance(item.value, Path):
        return generator.uniform(-1.0, 1.0, size)
    low, high = float(item.lows()[0]), float(item.highs()[0])
    if item.unit in (DATE, SWITCH, CHOICE):
        return generator.integers(round(low), round(high) + 1, size).astype(np.float64)
    return generator.uniform(low, high, size)
