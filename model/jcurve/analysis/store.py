"""Where finished draws go: the protocol of a store, and one that holds them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from jcurve.analysis.plan import Unit
from jcurve.analysis.question import Array
from jcurve.ground.errors import UsageError

__all__ = ["Block", "MemoryStore", "Store", "ordered"]


@dataclass(frozen=True, slots=True)
class Block:
    """The finished draws of a unit.

    Attributes:
        unit: which draws.
        columns: (count,) by name: each output, a line by year as one column a year
            (``net_cash:2030``), and ``valid``, 1 where the draw keeps the rules between
            assumptions. Outputs of other draws are NaN.
    """

    unit: Unit
    columns: Mapping[str, Array]


class Store(Protocol):
    """Takes finished blocks in any order and gives columns back in the order of the draws."""

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> frozenset[Unit]:
        """Make ready; the units that are there already.

        Raises:
            UsageError: ``resume`` of another simulation, or of none.
        """

    def put(self, block: Block) -> None:
        """Keep a block."""

    def names(self) -> tuple[str, ...]:
        """The columns."""

    def column(self, name: str, scramble: int, count: int) -> Array:
        """A column of the first ``count`` draws of one scramble."""


class MemoryStore:
    """Blocks in memory: for small simulations and for tests."""

    def __init__(self) -> None:
        self._identity: Mapping[str, Any] | None = None
        self._blocks: dict[Unit, Mapping[str, Array]] = {}

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> frozenset[Unit]:
        """See :class:`Store`."""
        if not resume:
            self._blocks = {}
        elif self._identity != identity:
            raise UsageError("another simulation is held here", allowed="the same, or a new store")
        self._identity = identity
        return frozenset(self._blocks)

    def put(self, block: Block) -> None:
        """See :class:`Store`."""
        self._blocks[block.unit] = block.columns

    def names(self) -> tuple[str, ...]:
        """See :class:`Store`."""
        return tuple(next(iter(self._blocks.values()), {}))

    def column(self, name: str, scramble: int, count: int) -> Array:
        """See :class:`Store`."""
        return np.concatenate(
            [self._blocks[unit][name] for unit in ordered(self._blocks, scramble, count)]
        )


def ordered(units: Iterable[Unit], scramble: int, count: int, *, since: int = 0) -> list[Unit]:
    """The units that make up draws ``since`` to ``count`` of a scramble, in order.

    Raises:
        UsageError: some are missing.
    """
    mine = {(unit.start, unit.count): unit for unit in units if unit.scramble == scramble}
    chain: list[Unit] = []
    at = since
    while at < count:
        # A shorter run leaves a first unit that a longer one has again, only longer.
        fitting = [size for start, size in mine if start == at and start + size <= count]
        if not fitting:
            raise UsageError(
                "a simulation that is not finished", received=f"{at:,} of {count:,} draws"
            )
        chain.append(mine[at, max(fitting)])
        at += max(fitting)
    return chain
