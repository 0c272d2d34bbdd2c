"""Symbolic rows: the same line functions, called with these, yield their formulas.

A :class:`Symbol` is a node of an expression with a unit. It takes part in arithmetic and
NumPy ufuncs, so a line needs no second version of itself: the unit check, the audit
trail and the live workbook all read the expression. Whatever a symbol cannot follow
(``if`` on data, in-place writes, unknown functions) is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from jcurve.ground.errors import ModelError
from jcurve.ground.units import DIMENSIONLESS, Quantity, Unit

_SAME_UNIT = {"add", "subtract", "maximum", "minimum"}
_COMPARE = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
_LOGICAL = {"logical_and", "logical_or"}
_PLAIN = {"exp", "log", "power"}
_KEEP = {"negative", "absolute", "positive", "floor", "ceil"}


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
        self, op: str, args: tuple[object, ...], unit: Unit, attrs: Mapping[str, Any] | None = None
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
        return formula_text(self)

    def __bool__(self) -> bool:
        raise ModelError(
            "a line branches on data", received=repr(self), allowed="where(condition, a, b)"
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
            return Symbol("where", args, agreed("where", args[1:]))
        raise ModelError(
            "a line uses a NumPy function that has no formula",
            received=getattr(func, "__name__", str(func)),
            allowed="elementwise ufuncs, where, and the engine's primitives",
        )


def agreed(op: str, operands: tuple[object, ...]) -> Unit:
    """The one unit of some operands.

    Raises:
        ModelError: they have several.
    """
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
                f"{op} needs a plain number", received=unit.name, allowed="a ratio of like units"
            )


def _unit_of(op: str, operands: tuple[object, ...]) -> Unit:
    if op in _SAME_UNIT:
        return agreed(op, operands)
    if op in _COMPARE:
        agreed(op, operands)
        return DIMENSIONLESS
    if op in _LOGICAL:
        return DIMENSIONLESS
    if op in _KEEP:
        return operand_unit(operands[0]) or DIMENSIONLESS
    if op in _PLAIN:
        _need_plain(op, operands)
        return DIMENSIONLESS
    if op in {"multiply", "divide"}:
        left = operand_unit(operands[0]) or DIMENSIONLESS
        right = operand_unit(operands[1]) or DIMENSIONLESS
        return left.times(right, 1 if op == "multiply" else -1)
    raise ModelError(
        "a line uses a function that has no formula",
        received=op,
        allowed="arithmetic, comparisons, exp, log, minimum, maximum, where",
    )


def nodes_of(roots: Iterable[object]) -> Iterator[Symbol]:
    """Every node under ``roots``, the formulas of a scan's step included, each once.

    Formulas share sub-expressions, so that walking one as a tree may never end.
    """
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if not isinstance(node, Symbol) or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        stack.extend(node.args)
        stack.extend(node.attrs.get("formulas", ()))


_INFIX = {
    "add": ("+", 1),
    "subtract": ("-", 1),
    "multiply": ("*", 2),
    "divide": ("/", 2),
    "power": ("^", 4),
    "less": ("<", 0),
    "less_equal": ("<=", 0),
    "greater": (">", 0),
    "greater_equal": (">=", 0),
    "equal": ("=", 0),
    "not_equal": ("<>", 0),
}
_NEGATION, _ATOM = 3, 9


def formula_text(formula: object) -> str:
    """A formula as an analyst would write it, cut at about 400 characters."""
    return _spell(formula, 400)[0]


def _spell(node: object, room: int) -> tuple[str, int]:
    """The text of a node and how strongly its outermost operation binds."""
    if not isinstance(node, Symbol):
        label = node.label if isinstance(node, Quantity) else ""
        return label or f"{node:g}" if isinstance(node, float) else str(node), _ATOM
    if node.op == "row":
        return str(node.args[0]), _ATOM
    if room <= 0:
        return "...", _ATOM
    if node.op in ("previous", "current", "recalled"):
        return f"{node.op}[{node.args[0]}]", _ATOM
    infix = _INFIX.get(node.op)
    parts: list[str] = []
    for place, operand in enumerate(node.args):
        text, binds = _spell(operand, room - sum(map(len, parts)) - 4)
        right = place == 1 and node.op in ("subtract", "divide", "power")
        if infix and (binds < infix[1] or (right and binds == infix[1])):
            text = f"({text})"
        if node.op == "negative" and binds < _NEGATION:
            text = f"({text})"
        parts.append(text)
    if infix:
        return f" {infix[0]} ".join(parts), infix[1]
    if node.op == "negative":
        return f"-{parts[0]}", _NEGATION
    return f"{node.op}({', '.join(parts)})", _ATOM
