"""Evaluate a model for a batch of scenarios: arrays in, arrays out, by quarter and by year.

Only the rows asked for and what they rest on are computed. A row that depends on nothing
that varies in the batch stays one column wide, and one that comes out the same in all
scenarios becomes so; rows are freed after their last use unless asked for.

A year of a flow is the sum of its quarters, of a stock its last quarter, of an assumption the
year's value. A rate is its own formula on annual rows, so that a margin of a year is the year's
income over the year's revenue; one whose formula carries time inside declares its rule instead.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jcurve.engine.line import Kind
from jcurve.engine.model import CONSTANTS, SHARED, SYSTEM_INPUTS, Model, RowKey, spell
from jcurve.engine.primitives import Array
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Timeline


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
    """One call of a line's function, or the difference of two rows (of which none is a result)."""

    keys: tuple[RowKey, ...]
    reads: tuple[RowKey, ...]
    is_result: tuple[bool, ...] | None
    frees: tuple[RowKey, ...] = ()


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
        ModelError: an input is missing or of a wrong shape, a line divides by zero or returns a
            wrong shape.
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
    values.update({key: np.full((1, 1), value) for key, value in CONSTANTS.items()})
    with np.errstate(divide="raise", invalid="raise", over="raise", under="ignore"):
        for step in _plan(model, keys):
            _run(model, step, values, height)
    return {key: values[key] for key in keys}


def _run(model: Model, step: _Step, values: dict[RowKey, Array], height: int) -> None:
    if step.is_result is None:
        plus, minus = step.reads
        values[step.keys[0]] = values[plus] - values[minus]
    else:
        made = _called(model, step.keys[0], values)
        for key, row, is_result in zip(step.keys, made, step.is_result, strict=True):
            values[key] = _shaped(key, row, 1 if is_result else height)
    for key in step.frees:
        del values[key]


def _called(model: Model, key: RowKey, values: Mapping[RowKey, Array]) -> tuple[Any, ...]:
    """What a line's function returns; its errors name the row."""
    try:
        return model.call(*key, values.__getitem__)
    except FloatingPointError as error:
        raise ModelError(f"{spell(key)}: {error}") from error
    except ModelError as error:
        raise ModelError(
            f"{spell(key)}: {error.what}", received=error.received, allowed=error.allowed
        ) from error


def _shaped(key: RowKey, row: Any, height: int) -> Array:
    """A row as it is kept: of so many quarters, and as narrow as it can be."""
    array: Array = row
    if not isinstance(row, np.ndarray) or row.ndim != 2 or row.dtype != np.float64:
        array = np.atleast_2d(np.asarray(row, dtype=np.float64))
    if array.shape[0] != height:
        if array.shape[0] != 1:
            raise ModelError(
                f"{spell(key)} has a wrong shape",
                received=array.shape,
                allowed=f"({height}, scenarios)",
            )
        array = np.broadcast_to(array, (height, array.shape[1]))
    return _narrowed(array)


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
    drafts = _drafts(model, needed(model, keys))
    last_use: dict[RowKey, int] = {}
    for at, draft in enumerate(drafts):
        last_use.update(dict.fromkeys(draft.reads, at))
        for key in draft.keys:
            last_use.setdefault(key, at)
    kept = set(keys)
    frees: dict[int, list[RowKey]] = {}
    for key, at in last_use.items():
        if key not in kept and key[0] in model.maker:
            frees.setdefault(at, []).append(key)
    return tuple(replace(draft, frees=tuple(frees.get(at, ()))) for at, draft in enumerate(drafts))


def _drafts(model: Model, wanted: frozenset[RowKey]) -> list[_Step]:
    """The calls in dependency order, each difference just before its first reader."""
    done: set[RowKey] = set()
    drafts: list[_Step] = []
    for key in model.order:
        if key not in wanted or key in done:
            continue
        instance, reads = model.maker[key[0]], tuple(model.sources(key))
        for read in reads:
            _add_difference(model, read, done, drafts)
        keys = tuple((row, key[1]) for row in instance.rows)
        done.update(keys)
        results = tuple(out.kind is Kind.RESULT for out in instance.line.outputs)
        drafts.append(_Step(keys, reads, results))
    for key in sorted(wanted):
        _add_difference(model, key, done, drafts)
    return drafts


def _add_difference(model: Model, key: RowKey, done: set[RowKey], drafts: list[_Step]) -> None:
    parts = model.parts(key)
    if parts is not None and key not in done:
        done.add(key)
        drafts.append(_Step((key,), parts, None))


# Years


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
        elif each not in CONSTANTS:
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
    memo = {} if memo is None else memo
    if key in memo:
        return memo[key]
    parts, name = model.parts(key), key[0]
    if parts is not None:
        plus, minus = (annual(model, values, part, memo) for part in parts)
        memo[key] = plus - minus
    elif key in CONSTANTS:
        memo[key] = np.full((1, 1), CONSTANTS[key])
    elif _by_formula(model, key):
        _apply_formula(model, values, key, memo)
    elif name in model.maker:
        kind: Kind | None = model.outputs[name].kind
        if kind is Kind.RATE:
            kind = Kind.STOCK if model.maker[name].line.annual == "last" else None
        memo[key] = _by_kind(values[key], kind)
    else:
        given = model.inputs.get(name)
        memo[key] = _by_kind(values[key], given.kind if given else Kind.STOCK)
    return memo[key]


def _by_formula(model: Model, key: RowKey) -> bool:
    instance = model.maker.get(key[0])
    if instance is None or model.outputs[key[0]].kind is not Kind.RATE:
        return False
    return instance.line.annual == "formula"


def _apply_formula(
    model: Model, values: Mapping[RowKey, Array], key: RowKey, memo: dict[RowKey, Array]
) -> None:
    """Remember the annual values of every rate that the function of ``key`` returns."""
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise", under="ignore"):
            made = model.call(*key, lambda read: annual(model, values, read, memo))
    except FloatingPointError as error:
        raise ModelError(f"annual {spell(key)}: {error}") from error
    for name, row in zip(model.maker[key[0]].rows, made, strict=True):
        if model.outputs[name].kind is Kind.RATE:
            memo[name, key[1]] = np.atleast_2d(np.asarray(row, dtype=np.float64))


def _by_kind(row: Array, kind: Kind | None) -> Array:
    """The year of a row: sum, last quarter, or (None) mean, exact when all are equal."""
    if row.shape[0] == 1 or kind is Kind.RESULT:
        return row
    first, second, third, last = (row[at::QUARTERS_IN_YEAR] for at in range(QUARTERS_IN_YEAR))
    if kind is Kind.STOCK:
        return last
    if kind is Kind.FLOW:
        return np.asarray(first + second + third + last)
    drift = (second - first) + (third - first) + (last - first)
    return np.asarray(first + drift / QUARTERS_IN_YEAR)


# Memory

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_MMAP_THRESHOLD = 32 * 1024 * 1024


def keep_pages(bytes_kept: int = 1 << 30) -> None:
    """Let this process reuse the memory of temporary rows without new page faults.

    A batch makes and frees thousands of arrays of a megabyte or two; by default glibc maps
    and unmaps each, and zeroing fresh pages costs as much as the arithmetic. Worth calling
    once in a process that evaluates batches; harmless elsewhere.

    Args:
        bytes_kept: freed memory that the process may hold on to.
    """
    with suppress(AttributeError, OSError, TypeError):  # a system without glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, bytes_kept)
