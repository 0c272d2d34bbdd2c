"""Symbolic rows: the same line functions, called with these, yield their formulas.

A :class:`Symbol` is a node of an expression with a unit. It takes part in arithmetic and
NumPy ufuncs, so a line needs no second version of itself: the unit check, the audit
trail and the live workbook all read the expression. Whatever a symbol cannot follow
(``if`` on data, in-place writes, unknown functions) is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from jcurve.engine.units import DIMENSIONLESS, Quantity, Unit
from jcurve.errors import ModelError

__all__ = ["Operand", "Symbol", "operand_unit"]

Operand = "Symbol | float"

_SAME_UNIT = {"add", "subtract", "maximum", "minimum", "hypot"}
_COMPARE = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
_LOGICAL = {"logical_and", "logical_or", "logical_not"}
_PLAIN = {"exp", "expm1", "log", "log1p", "log2", "log10", "exp2"}
_KEEP = {"negative", "absolute", "positive"}
_ROUND = {"floor", "ceil", "rint"}


def operand_unit(value: object) -> Unit | None:
    """The unit of an operand; None for a bare 0, which agrees with every unit."""
    if isinstance(value, Symbol | Quantity):
        return value.unit
    if isinstance(value, bool | int | float | np.floating | np.integer):
        return None if float(value) == 0.0 else DIMENSIONLESS
    raise ModelError(
        "a line mixes rows with something that has no formula",
        received=type(value).__name__,
        allowed="rows, named constants, and the numbers 0, 1, -1 and 2",
    )


class Symbol(NDArrayOperatorsMixin):
    """One node: an operation on operands, or a reference to a row (``op == "row"``)."""

    __slots__ = ("args", "attrs", "op", "unit")

    def __init__(
        self,
        op: str,
        args: tuple[object, ...],
        unit: Unit,
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        self.op = op
        self.args = args
        self.unit = unit
        self.attrs: Mapping[str, Any] = attrs or {}

    @classmethod
    def row(cls, name: str, unit: Unit) -> Symbol:
        """A reference to the row called ``name``."""
        return cls("row", (name,), unit)

    def __repr__(self) -> str:
        if self.op == "row":
            return str(self.args[0])
        return f"{self.op}({', '.join(map(repr, self.args))})"

    def __bool__(self) -> bool:
        raise ModelError(
            "a line branches on data",
            received=repr(self),
            allowed="where(condition, a, b)",
        )

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **kwargs: object
    ) -> Symbol:
        if method != "__call__" or kwargs:
            raise ModelError(
                "a line uses NumPy in a way that has no formula",
                received=f"{ufunc.__name__}.{method}",
                allowed="elementwise functions without out= or where=",
            )
        return Symbol(ufunc.__name__, inputs, _unit_of(ufunc.__name__, inputs))

    def __array_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Symbol:
        if func is np.where and len(args) == 3 and not kwargs:
            return Symbol("where", args, _agreed("where", args[1:]))
        raise ModelError(
            "a line uses a NumPy function that has no formula",
            received=getattr(func, "__name__", str(func)),
            allowed="elementwise ufuncs, where, and the engine's primitives",
        )


def _agreed(op: str, operands: tuple[object, ...]) -> Unit:
    found: Unit | None = None
    for operand in operands:
        unit = operand_unit(operand)
        if unit is None:
            continue
        if found is not None and not found.agrees(unit):
            raise ModelError(
                f"unit clash in {op}",
                received=f"{found.name} with {unit.name}",
                allowed="operands of one unit",
            )
        found = found or unit
    return found or DIMENSIONLESS


def _need_plain(op: str, operands: tuple[object, ...]) -> None:
    for operand in operands:
        unit = operand_unit(operand)
        if unit is not None and not unit.is_plain:
            raise ModelError(
                f"{op} needs a plain number",
                received=unit.name,
                allowed="a ratio of like units",
            )


def _unit_of(op: str, operands: tuple[object, ...]) -> Unit:
    if op in _SAME_UNIT:
        return _agreed(op, operands)
    if op in _COMPARE:
        _agreed(op, operands)
        return DIMENSIONLESS
    if op in _LOGICAL:
        return DIMENSIONLESS
    if op in _KEEP or op in _ROUND:
        return operand_unit(operands[0]) or DIMENSIONLESS
    if op in _PLAIN:
        _need_plain(op, operands)
        return DIMENSIONLESS
    if op in {"multiply", "divide"}:
        left = operand_unit(operands[0]) or DIMENSIONLESS
        right = operand_unit(operands[1]) or DIMENSIONLESS
        return left.times(right, 1 if op == "multiply" else -1)
    if op == "power":
        _need_plain(op, operands)
        return DIMENSIONLESS
    raise ModelError(
        "a line uses a function that has no formula",
        received=op,
        allowed="arithmetic, comparisons, exp, log, minimum, maximum, where",
    )
