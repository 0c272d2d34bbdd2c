"""Evaluate a model for a batch of scenarios: arrays in, arrays out.

Only the rows asked for and what they rest on are computed. A row that depends on nothing
that varies in the batch stays one column wide, so history costs nothing; rows are freed
after their last use unless asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.build import (
    SHARED,
    SYSTEM_INPUTS,
    VIEW_INPUTS,
    WORLD_INPUTS,
    Binding,
    Instance,
    Model,
    RowKey,
)
from jcurve.engine.line import Kind
from jcurve.engine.timeline import QUARTERS_IN_YEAR, Timeline
from jcurve.errors import ModelError

__all__ = ["evaluate", "system_rows"]

Array = NDArray[np.float64]


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
class _Step:
    instance: Instance
    tag: str
    arguments: tuple[tuple[Binding, tuple[Any, ...]], ...]
    keys: tuple[RowKey, ...]
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
        wanted: row keys to return; all of them when None.

    Returns:
        Each wanted row, of shape (quarter, scenario or 1); results are (1, scenario or 1).

    Raises:
        ModelError: an input is missing or of a wrong shape.
    """
    keys = model.order if wanted is None else tuple(dict.fromkeys(wanted))
    height = len(timeline)
    for name in (*model.inputs, *SYSTEM_INPUTS):
        if name not in inputs:
            raise ModelError("an input is missing", received=name)
        if inputs[name].ndim != 2 or inputs[name].shape[0] not in (1, height):
            raise ModelError(
                f"input {name} has a wrong shape",
                received=inputs[name].shape,
                allowed=f"({height} or 1, scenarios or 1)",
            )
    values: dict[RowKey, Array] = {(name, SHARED): row for name, row in inputs.items()}
    for constants in (WORLD_INPUTS, VIEW_INPUTS):
        for name, by_tag in constants.items():
            for tag, value in by_tag.items():
                values[name, tag] = np.full((1, 1), value)
    with np.errstate(divide="raise", invalid="raise", over="raise", under="ignore"):
        for step in _plan(model, keys):
            _run(step, values, height)
    return {key: values[key] for key in keys}


def _run(step: _Step, values: dict[RowKey, Array], height: int) -> None:
    arguments: list[Any] = []
    for binding, found in step.arguments:
        cells = [
            values[key]
            if len(key) == 2 and isinstance(key[0], str)
            else values[key[0]] - values[key[1]]
            for key in found
        ]
        arguments.append(
            dict(zip(binding.rows, cells, strict=True))
            if binding.is_family
            else cells[0]
        )
    try:
        made = step.instance.line.function(*arguments)
    except FloatingPointError as error:
        raise ModelError(f"{step.keys[0][0]}@{step.tag}: {error}") from error
    rows = made if isinstance(made, tuple) else (made,)
    for key, row, output in zip(
        step.keys, rows, step.instance.line.outputs, strict=True
    ):
        array = np.atleast_2d(np.asarray(row, dtype=np.float64))
        if output.kind is not Kind.RESULT and array.shape[0] != height:
            array = np.broadcast_to(array, (height, array.shape[1]))
        values[key] = array
    for key in step.frees:
        values.pop(key, None)


def _plan(model: Model, keys: tuple[RowKey, ...]) -> tuple[_Step, ...]:
    """The steps that make ``keys``; remembered on the model, whose lines never change."""
    plan: tuple[_Step, ...] | None = model.plans.get(keys)
    if plan is None:
        plan = model.plans[keys] = _make_plan(model, keys)
    return plan


def _make_plan(model: Model, keys: tuple[RowKey, ...]) -> tuple[_Step, ...]:
    needed = _needed(model, keys)
    done: set[RowKey] = set()
    chosen: list[tuple[Instance, str]] = []
    for row, tag in model.order:
        if (row, tag) in needed and (row, tag) not in done:
            instance = model.maker[row]
            done.update((name, tag) for name in instance.rows)
            chosen.append((instance, tag))
    last_use: dict[RowKey, int] = {}
    found = [_arguments(model, instance, tag) for instance, tag in chosen]
    for at, ((instance, tag), arguments) in enumerate(zip(chosen, found, strict=True)):
        for _, uses in arguments:
            for use in uses:
                for key in use if isinstance(use[0], tuple) else (use,):
                    last_use[key] = at
        for row in instance.rows:
            last_use.setdefault((row, tag), at)
    kept = set(keys)
    frees: dict[int, list[RowKey]] = {}
    for key, at in last_use.items():
        if key not in kept and key[0] in model.maker:
            frees.setdefault(at, []).append(key)
    return tuple(
        _Step(
            instance,
            tag,
            arguments,
            tuple((row, tag) for row in instance.rows),
            tuple(frees.get(at, ())),
        )
        for at, ((instance, tag), arguments) in enumerate(
            zip(chosen, found, strict=True)
        )
    )


def _arguments(
    model: Model, instance: Instance, tag: str
) -> tuple[tuple[Binding, tuple[Any, ...]], ...]:
    return tuple(
        (
            binding,
            tuple(
                model.resolve(name, binding.world, tag)
                for name in binding.rows.values()
            ),
        )
        for binding in instance.bindings.values()
    )


def _needed(model: Model, keys: Iterable[RowKey]) -> set[RowKey]:
    needed: set[RowKey] = set()
    stack = list(keys)
    while stack:
        key = stack.pop()
        if key in needed or key[0] not in model.maker:
            continue
        needed.add(key)
        for _, found in model.precedents(*key):
            stack.extend(found if isinstance(found[0], tuple) else (found,))  # type: ignore[arg-type]
    return needed
