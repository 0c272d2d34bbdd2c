"""Annual values: what a row's year is, given its quarters.

A flow is the sum of its quarters, a stock its last quarter, an assumption the year's value.
A rate is its own formula on annual rows, so that a margin of a year is the year's income
over the year's revenue; a rate whose formula carries time inside declares its rule instead.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.line import Kind
from jcurve.engine.model import (
    VIEW_INPUTS,
    WORLD_INPUTS,
    Instance,
    Model,
    RowKey,
    spell,
)
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR

__all__ = ["annual", "needs"]

Array = NDArray[np.float64]


def needs(model: Model, key: RowKey) -> frozenset[RowKey]:
    """The quarterly rows that the annual values of ``key`` rest on."""
    found: set[RowKey] = set()
    stack, seen = [key], {key}
    while stack:
        each = stack.pop()
        if model.parts(each) is not None or _by_formula(model, each):
            fresh = [source for source in model.sources(each) if source not in seen]
            seen.update(fresh)
            stack.extend(fresh)
        elif each[0] not in WORLD_INPUTS and each[0] not in VIEW_INPUTS:
            found.add(each)
    return frozenset(found)


def annual(
    model: Model,
    values: Mapping[RowKey, Array],
    key: RowKey,
    memo: dict[RowKey, Array] | None = None,
) -> Array:
    """The annual values of a row.

    Args:
        model: the lines.
        values: at least the quarterly rows that :func:`needs` names.
        key: the row; a worldly row under a view's tag is a difference of annual rows.
        memo: annual rows already made, added to; share one between calls.

    Returns:
        (year, scenario); a result is returned as it is, (1, scenario).

    Raises:
        ModelError: a rate divides by zero in a year.
    """
    made = {} if memo is None else memo
    if key not in made:
        made[key] = _annual(model, values, key, made)
    return made[key]


def _by_formula(model: Model, key: RowKey) -> bool:
    instance = model.maker.get(key[0])
    return (
        instance is not None
        and model.outputs[key[0]].kind is Kind.RATE
        and instance.line.annual == "formula"
    )


def _annual(
    model: Model,
    values: Mapping[RowKey, Array],
    key: RowKey,
    memo: dict[RowKey, Array],
) -> Array:
    name, tag = key
    parts = model.parts(key)
    if parts is not None:
        plus, minus = (annual(model, values, part, memo) for part in parts)
        return plus - minus
    for constants in (WORLD_INPUTS, VIEW_INPUTS):
        if name in constants:
            return np.full((1, 1), constants[name][tag])
    instance = model.maker.get(name)
    if instance is None:
        given = model.inputs.get(name)
        if given is None:
            return _last(values[key])
        return _by_kind(values[key], given.kind)
    if _by_formula(model, key):
        return _formula(model, values, key, instance, memo)
    kind: Kind | None = model.outputs[name].kind
    if kind is Kind.RATE:
        kind = Kind.STOCK if instance.line.annual == "last" else None
    return _by_kind(values[key], kind)


def _formula(
    model: Model,
    values: Mapping[RowKey, Array],
    key: RowKey,
    instance: Instance,
    memo: dict[RowKey, Array],
) -> Array:
    arguments: list[Array | dict[str, Array]] = []
    for binding in instance.bindings.values():
        cells = {
            member: annual(model, values, model.resolve(n, binding.world, key[1]), memo)
            for member, n in binding.rows.items()
        }
        arguments.append(cells if binding.is_family else next(iter(cells.values())))
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise", under="ignore"):
            made = instance.line.function(*arguments)
    except FloatingPointError as error:
        raise ModelError(f"annual {spell(key)}: {error}") from error
    rows = made if isinstance(made, tuple) else (made,)
    for name, row in zip(instance.rows, rows, strict=True):
        if model.outputs[name].kind is not Kind.RATE:
            continue
        memo[name, key[1]] = np.atleast_2d(np.asarray(row, dtype=np.float64))
    return memo[key]


def _by_kind(row: Array, kind: Kind | None) -> Array:
    """The year of a row: sum, last quarter, or (None) mean, exact when all are equal."""
    if row.shape[0] == 1 or kind is Kind.RESULT:
        return row
    if kind is Kind.STOCK:
        return _last(row)
    first, second, third, fourth = (
        row[quarter::QUARTERS_IN_YEAR] for quarter in range(QUARTERS_IN_YEAR)
    )
    if kind is Kind.FLOW:
        flow: Array = first + second + third + fourth
        return flow
    drift = (second - first) + (third - first) + (fourth - first)
    mean: Array = first + drift / QUARTERS_IN_YEAR
    return mean


def _last(row: Array) -> Array:
    return row if row.shape[0] == 1 else row[QUARTERS_IN_YEAR - 1 :: QUARTERS_IN_YEAR]
