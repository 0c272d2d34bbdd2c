"""Balances carried from quarter to quarter, for what no closed form gives.

A step is a function of one quarter: called with arrays it is run through the timeline, called with
symbols it yields its formulas, from which the graph and the workbook make theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np

from jcurve.engine.primitives import Array, Row, constant, is_symbolic, unit_of
from jcurve.engine.symbol import Symbol, agreed, operand_unit
from jcurve.ground.errors import ModelError
from jcurve.ground.units import QUARTERS

Step: TypeAlias = Callable[[tuple[Row, ...], tuple[Row, ...]], tuple[Row, ...]]


def scan(
    step: Step, start: Sequence[Row], rows: Sequence[Row], recalls: Sequence[tuple[int, Row]] = ()
) -> tuple[Row, ...]:
    """Carry balances from quarter to quarter.

    Args:
        step: from (balances before the quarter, the quarter's values of ``rows`` and then of
            ``recalls``) to the quarter's outputs, of which the first ``len(start)`` are the new
            balances. It is called with one quarter's values of shape (scenario,), or with
            symbols.
        start: balances before the first quarter, each a constant or (1, scenario).
        rows: what the step reads in each quarter.
        recalls: balances looked back at, each as (place of the balance, quarters back); a
            constant or (1, scenario) of at least 1, whole or not, as in :func:`lag`.

    Returns:
        One row per output of ``step``.

    Raises:
        ModelError: a recall looks back less than one quarter.
    """
    if is_symbolic((*start, *rows, *(delay for _, delay in recalls))):
        return _scan_symbol(step, start, rows, recalls)
    arrays = [np.atleast_2d(np.asarray(row, dtype=np.float64)) for row in rows]
    opening = [np.atleast_2d(np.asarray(value, dtype=np.float64)) for value in start]
    delays = [constant("a recall", delay) for _, delay in recalls]
    for delay in delays:
        if not float(delay.min()) >= 1.0:
            raise ModelError("a recall is too short", received=float(delay.min()), allowed=">= 1")
    height = max(array.shape[0] for array in arrays)
    width = max(array.shape[1] for array in (*arrays, *opening, *delays))
    places = [place for place, _ in recalls]
    state: tuple[Any, ...] = tuple(value[0] for value in opening)
    quarters: list[Iterable[Array]] = [
        array if array.shape[0] == height else repeat(array[0]) for array in arrays
    ]
    looks = [_Recall(place, delay, width) for place, delay in zip(places, delays, strict=True)]
    outputs: list[Array] = []
    for now, values in enumerate(zip(*quarters, strict=False)):
        seen = tuple(look.at(outputs, now) for look in looks)
        made = step(state, values + seen)
        if not outputs:
            outputs = [np.empty((height, width)) for _ in made]
        for output, value in zip(outputs, made, strict=True):
            output[now] = value
        state = made[: len(state)]
    return tuple(outputs)


class _Recall:
    """A balance of earlier quarters, interpolated, zero before the first."""

    def __init__(self, place: int, delay: Array, width: int) -> None:
        self.place = place
        even = delay.size == 1 or bool((delay == delay[0, 0]).all())
        delay = delay[:, :1] if even else np.broadcast_to(delay, (1, width))
        self.whole = np.floor(delay[0]).astype(np.intp)
        self.part = delay[0] - self.whole
        self.column = None if even else np.arange(width)

    def at(self, outputs: Sequence[Array], now: int) -> Array:
        """The value that quarter ``now`` sees, of shape (scenario,) or (1,)."""
        if now < int(self.whole.min()):
            return np.zeros(1)
        balance, first = outputs[self.place], now - self.whole
        if self.column is None:
            at = int(first[0])
            value: Array = balance[at]
            if self.part[0] != 0.0:
                value = (1.0 - self.part) * value + self.part * (balance[at - 1] if at else 0.0)
            return value
        near = np.where(first >= 0, balance[np.maximum(first, 0), self.column], 0.0)
        far = np.where(first >= 1, balance[np.maximum(first - 1, 0), self.column], 0.0)
        return np.where(self.part == 0.0, near, (1.0 - self.part) * near + self.part * far)


def _scan_symbol(
    step: Step, start: Sequence[Row], rows: Sequence[Row], recalls: Sequence[tuple[int, Row]]
) -> tuple[Symbol, ...]:
    before = tuple(
        Symbol("previous", (index,), unit_of(value)) for index, value in enumerate(start)
    )
    now = tuple(Symbol("current", (index,), unit_of(value)) for index, value in enumerate(rows))
    for _, delay in recalls:
        unit = operand_unit(delay)
        if unit is not None and not unit.agrees(QUARTERS):
            raise ModelError("a recall is not in quarters", received=unit.name, allowed="quarters")
    seen = tuple(
        Symbol("recalled", (index,), unit_of(start[place]))
        for index, (place, _) in enumerate(recalls)
    )
    formulas = step(before, now + seen)
    for index, (value, formula) in enumerate(zip(start, formulas, strict=False)):
        agreed(f"scan balance {index}", (value, formula))
    attrs = {"step": step, "formulas": formulas, "balances": len(start), "rows": len(rows)}
    attrs["recalls"] = tuple(place for place, _ in recalls)
    operands = (*start, *rows, *(delay for _, delay in recalls))
    return tuple(
        Symbol("scan", operands, unit_of(formula), {"index": index, **attrs})
        for index, formula in enumerate(formulas)
    )
