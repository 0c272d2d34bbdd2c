"""A scan of one scenario without NumPy's cost per operation.

Carrying balances through a hundred quarters costs NumPy about a microsecond an operation at
any width, so that for a single scenario the recurrences take most of an evaluation. Here the
step is called once with recording cells, and its operations are replayed on plain floats,
which are the same IEEE numbers to the last bit. What cannot be recorded, or ends in a value
that is not finite, is left to NumPy and its error handling.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

__all__ = ["COMPARED", "COMPUTED", "Cell", "float_ratio", "recorded_ratio", "replay"]

Array = NDArray[np.float64]
Operation = Callable[[float, float], float]


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def float_ratio(a: float, b: float) -> float:
    return a / b if b != 0.0 else 0.0


COMPARED: Mapping[str, Operation] = MappingProxyType(
    {
        "less": operator.lt,
        "less_equal": operator.le,
        "greater": operator.gt,
        "greater_equal": operator.ge,
        "equal": operator.eq,
        "not_equal": operator.ne,
    }
)
COMPUTED: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "divide": operator.truediv,
        "maximum": _maximum,
        "minimum": _minimum,
        "negative": lambda a, _=0.0: -a,
        "absolute": lambda a, _=0.0: abs(a),
    }
)
"""NumPy's functions of the same names, on plain floats."""


class _UnrecordedError(Exception):
    """The step does something that has no place on a tape."""


class _Tape:
    """Places for values, and the operations between them in order."""

    def __init__(self) -> None:
        self.start: list[float] = []
        self.steps: list[tuple[Operation | None, int, int, int, int]] = []

    def place(self, value: float = 0.0) -> int:
        self.start.append(value)
        return len(self.start) - 1

    def place_of(self, operand: object) -> int:
        if isinstance(operand, Cell):
            return operand.place
        if np.size(operand) != 1:  # type: ignore[arg-type]
            raise _UnrecordedError
        return self.place(float(np.asarray(operand, dtype=np.float64).reshape(-1)[0]))

    def add(self, operation: Operation | None, *operands: object, truth: bool = False) -> Cell:
        places = [self.place_of(operand) for operand in operands]
        places += [0] * (3 - len(places))
        out = self.place()
        self.steps.append((operation, out, places[0], places[1], places[2]))
        return Cell(self, out, truth)


class Cell(NDArrayOperatorsMixin):
    """One quarter's value while a step is recorded."""

    __slots__ = ("place", "tape", "truth")

    def __init__(self, tape: _Tape, place: int, truth: bool = False) -> None:
        self.tape, self.place, self.truth = tape, place, truth

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **kwargs: object
    ) -> Cell:
        name = ufunc.__name__
        if method != "__call__" or kwargs:
            raise _UnrecordedError
        if name in COMPARED:
            return self.tape.add(COMPARED[name], *inputs, truth=True)
        if all(isinstance(each, Cell) and each.truth for each in inputs):
            raise _UnrecordedError  # NumPy's arithmetic on truth values is not that of floats
        operation = COMPUTED.get(name)
        if operation is None:
            raise _UnrecordedError
        return self.tape.add(operation, *inputs)

    def __array_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Cell:
        if func is not np.where or len(args) != 3 or kwargs:
            raise _UnrecordedError
        return self.tape.add(None, *args)

    def __bool__(self) -> bool:
        raise _UnrecordedError


def recorded_ratio(numerator: object, denominator: object) -> Cell | None:
    """The ratio as a recorded operation, when either operand is a cell."""
    for operand in (numerator, denominator):
        if isinstance(operand, Cell):
            return operand.tape.add(float_ratio, numerator, denominator)
    return None


Step = Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Any, ...]]


def replay(
    step: Step,
    opening: Sequence[float],
    rows: Sequence[Array],
    recalls: Sequence[tuple[int, float]] = (),
) -> list[Array] | None:
    """The outputs of a scan of one scenario, each (quarter, 1); None: leave it to NumPy.

    Args:
        step: as in :func:`jcurve.engine.primitives.scan`.
        opening: balances before the first quarter.
        rows: of one scenario, (quarter or 1, 1).
        recalls: place of a balance and how many quarters back it is looked at.
    """
    tape = _Tape()
    balances = [tape.place(value) for value in opening]
    read = [tape.place() for _ in rows]
    seen = [tape.place() for _ in recalls]
    try:
        made = step(
            tuple(Cell(tape, place) for place in balances),
            tuple(Cell(tape, place) for place in (*read, *seen)),
        )
        written = [tape.place_of(value) for value in made]
    except _UnrecordedError:
        return None
    height = max(row.shape[0] for row in rows)
    given = [
        row[:, 0].tolist() if row.shape[0] == height else [float(row[0, 0])] * height
        for row in rows
    ]
    try:
        quarters = list(zip(*given, strict=True))
        outputs = _run(
            tape, balances, read, written, quarters, list(zip(seen, recalls, strict=True))
        )
    except (ZeroDivisionError, OverflowError):
        return None
    if not all(math.isfinite(value) for quarter in outputs for value in quarter):
        return None
    table = np.array(outputs, dtype=np.float64)
    return [table[:, at : at + 1].copy() for at in range(len(written))]


def _run(
    tape: _Tape,
    balances: Sequence[int],
    read: Sequence[int],
    written: Sequence[int],
    quarters: Sequence[tuple[float, ...]],
    recalls: Sequence[tuple[int, tuple[int, float]]],
) -> list[list[float]]:
    values = list(tape.start)
    back = [(at, place, int(delay), delay - int(delay)) for at, (place, delay) in recalls]
    steps = tape.steps
    outputs: list[list[float]] = []
    for quarter in quarters:
        for place, value in zip(read, quarter, strict=True):
            values[place] = value
        for at, balance, whole, part in back:
            first = len(outputs) - whole
            near = outputs[first][balance] if first >= 0 else 0.0
            if part != 0.0:
                far = outputs[first - 1][balance] if first >= 1 else 0.0
                near = (1.0 - part) * near + part * far
            values[at] = near
        for operation, out, a, b, c in steps:
            if operation is None:
                values[out] = values[b] if values[a] else values[c]
            else:
                values[out] = operation(values[a], values[b])
        made = [values[place] for place in written]
        outputs.append(made)
        for place, value in zip(balances, made, strict=False):
            values[place] = value
    return outputs
