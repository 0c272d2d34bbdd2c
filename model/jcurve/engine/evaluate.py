"""Evaluate a model for a batch of scenarios: arrays in, arrays out.

Only the rows asked for and what they rest on are computed. A row that depends on nothing
that varies in the batch stays one column wide, and one that comes out the same in all
scenarios becomes so; rows are freed after their last use unless asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.line import Kind
from jcurve.engine.model import (
    SHARED,
    SYSTEM_INPUTS,
    VIEW_INPUTS,
    VIEWS,
    WORLD_INPUTS,
    WORLDS,
    Instance,
    Model,
    RowKey,
    spell,
)
from jcurve.engine.timeline import Timeline
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR

__all__ = ["evaluate", "needed", "system_rows"]

Array = NDArray[np.float64]

_CONSTANTS: tuple[tuple[RowKey, float], ...] = tuple(
    ((name, tag), value)
    for group in (WORLD_INPUTS, VIEW_INPUTS)
    for name, by_tag in group.items()
    for tag, value in by_tag.items()
)


def system_rows(timeline: Timeline, data_through: str) -> dict[str, Array]:
    """The rows that the calendar gives (see ``SYSTEM_INPUTS``), each (quarter, 1)."""
    index = np.arange(len(timeline), dtype=np.float64)[:, None]
    last = timeline.index(data_through)
    return {
        "quarter_index": index,
        "quarter_of_year": index % QUARTERS_IN_YEAR + 1.0,
        "calendar_year": index // QUARTERS_IN_YEAR + timeline.years[0],
        "history": (index <= last).astype(np.float64),
    }


@dataclass(frozen=True, slots=True)
class _Argument:
    """Where an argument's value comes from; ``members`` is None outside a family."""

    keys: tuple[RowKey, ...]
    members: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class _Step:
    """One call of a line's function, or the difference of two rows (no instance)."""

    keys: tuple[RowKey, ...]
    instance: Instance | None
    arguments: tuple[_Argument, ...]
    is_result: tuple[bool, ...]
    frees: tuple[RowKey, ...]


def evaluate(
    model: Model,
    inputs: Mapping[str, Array],
    timeline: Timeline,
    wanted: Iterable[RowKey] | None = None,
) -> dict[RowKey, Array]:
    """Compute rows.

    Args:
        model: from :func:`jcurve.engine.build.build`.
        inputs: by input name; (quarter or 1, scenario or 1). System rows included.
        timeline: gives the number of quarters.
        wanted: row keys to return, differences between worlds under a view's tag among
            them; every row of every world and view when None.

    Returns:
        Each wanted row, of shape (quarter, scenario or 1); results are (1, scenario or 1).

    Raises:
        ModelError: an input is missing or of a wrong shape, a row that is wanted does not
            exist, a line divides by zero or returns a wrong shape.
    """
    keys = model.order if wanted is None else tuple(dict.fromkeys(wanted))
    height = len(timeline)
    values: dict[RowKey, Array] = {}
    for name in (*model.inputs, *SYSTEM_INPUTS):
        row = inputs.get(name)
        if row is None:
            raise ModelError("an input is missing", received=name)
        if row.ndim != 2 or row.shape[0] not in (1, height):
            raise ModelError(
                f"input {name} has a wrong shape",
                received=row.shape,
                allowed=f"({height} or 1, scenarios or 1)",
            )
        values[name, SHARED] = row
    for key, value in _CONSTANTS:
        values[key] = np.full((1, 1), value)
    with np.errstate(divide="raise", invalid="raise", over="raise", under="ignore"):
        for step in _plan(model, keys):
            _run(step, values, height)
    return {key: values[key] for key in keys}


def _run(step: _Step, values: dict[RowKey, Array], height: int) -> None:
    if step.instance is None:
        plus, minus = step.arguments[0].keys
        values[step.keys[0]] = values[plus] - values[minus]
    else:
        _call(step, step.instance, values, height)
    for key in step.frees:
        del values[key]


def _call(step: _Step, instance: Instance, values: dict[RowKey, Array], height: int) -> None:
    arguments = [
        values[argument.keys[0]]
        if argument.members is None
        else {
            member: values[key] for member, key in zip(argument.members, argument.keys, strict=True)
        }
        for argument in step.arguments
    ]
    try:
        made = instance.line.function(*arguments)
    except FloatingPointError as error:
        raise ModelError(f"{spell(step.keys[0])}: {error}") from error
    except ModelError as error:
        raise ModelError(
            f"{spell(step.keys[0])}: {error.what}",
            received=error.received,
            allowed=error.allowed,
        ) from error
    rows = made if isinstance(made, tuple) else (made,)
    for key, row, is_result in zip(step.keys, rows, step.is_result, strict=True):
        array = row
        if not isinstance(row, np.ndarray) or row.ndim != 2 or row.dtype != np.float64:
            array = np.atleast_2d(np.asarray(row, dtype=np.float64))
        if array.shape[0] != (1 if is_result else height):
            if is_result or array.shape[0] != 1:
                raise ModelError(
                    f"{spell(key)} has a wrong shape",
                    received=array.shape,
                    allowed=f"({1 if is_result else height}, scenarios)",
                )
            array = np.broadcast_to(array, (height, array.shape[1]))
        values[key] = _narrowed(array)


def _narrowed(row: Array) -> Array:
    """One column of a row that came out the same, to the last bit, in every scenario.

    Much of what rests on a drawn assumption does not vary with it: a channel that one world
    lacks, a write-off that never comes. What rests on such a row is then computed once.
    """
    if row.shape[1] == 1 or row[-1, 0] != row[-1, -1] or (row[:, 0] != row[:, -1]).any():
        return row
    bits = row.view(np.int64)
    return row[:, :1].copy() if (bits == bits[:, :1]).all() else row


def _plan(model: Model, keys: tuple[RowKey, ...]) -> tuple[_Step, ...]:
    """The steps that make ``keys``; remembered on the model, whose lines never change."""
    plan: tuple[_Step, ...] | None = model.memo.get(keys)
    if plan is None:
        plan = model.memo[keys] = _make_plan(model, keys)
    return plan


def needed(model: Model, keys: Iterable[RowKey]) -> frozenset[RowKey]:
    """``keys`` and every row, input and constant that they rest on."""
    found: set[RowKey] = set()
    stack = list(keys)
    while stack:
        key = stack.pop()
        if key not in found:
            found.add(key)
            stack.extend(model.sources(key))
    return frozenset(found)


def _make_plan(model: Model, keys: tuple[RowKey, ...]) -> tuple[_Step, ...]:
    for key in keys:
        _check_wanted(model, key)
    drafts = _drafts(model, needed(model, keys))
    last_use: dict[RowKey, int] = {}
    for at, draft in enumerate(drafts):
        for argument in draft.arguments:
            last_use.update(dict.fromkeys(argument.keys, at))
        for key in draft.keys:
            last_use.setdefault(key, at)
    kept = set(keys)
    frees: dict[int, list[RowKey]] = {}
    for key, at in last_use.items():
        if key not in kept and key[0] in model.maker:
            frees.setdefault(at, []).append(key)
    return tuple(
        _Step(d.keys, d.instance, d.arguments, d.is_result, tuple(frees.get(at, ())))
        for at, d in enumerate(drafts)
    )


def _check_wanted(model: Model, key: RowKey) -> None:
    name, tag = key
    if name not in model.maker:
        if name not in model.inputs and name not in SYSTEM_INPUTS:
            model.row_named(name)
        tags: tuple[str, ...] = (SHARED,)
    else:
        tags = model.tags(name)
        if tags == WORLDS:
            tags = (*tags, *VIEWS)
    if tag not in tags:
        raise ModelError(
            f"{name} does not exist under this tag",
            received=tag,
            allowed=", ".join(t or "no tag" for t in tags),
        )


def _drafts(model: Model, wanted: frozenset[RowKey]) -> list[_Step]:
    """The calls in dependency order, each difference just before its first reader."""
    done: set[RowKey] = set()
    drafts: list[_Step] = []
    for key in model.order:
        if key not in wanted or key in done:
            continue
        instance, tag = model.maker[key[0]], key[1]
        arguments = tuple(
            _Argument(
                tuple(model.resolve(n, binding.world, tag) for n in binding.rows.values()),
                tuple(binding.rows) if binding.is_family else None,
            )
            for binding in instance.bindings.values()
        )
        for argument in arguments:
            for read in argument.keys:
                _add_difference(model, read, done, drafts)
        keys = tuple((row, tag) for row in instance.rows)
        done.update(keys)
        results = tuple(out.kind is Kind.RESULT for out in instance.line.outputs)
        drafts.append(_Step(keys, instance, arguments, results, ()))
    for key in sorted(wanted):
        _add_difference(model, key, done, drafts)
    return drafts


def _add_difference(model: Model, key: RowKey, done: set[RowKey], drafts: list[_Step]) -> None:
    parts = model.parts(key)
    if parts is not None and key not in done:
        done.add(key)
        drafts.append(_Step((key,), None, (_Argument(parts, None),), (False,), ()))
