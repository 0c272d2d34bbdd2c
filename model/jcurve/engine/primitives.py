"""What a line may do with time: lags, running sums, growth, splices and scans.

Rows are float64 arrays of shape (quarter, scenario); parameters that do not move with
time have shape (1, scenario); either may have width 1 and broadcasts. Every function here
returns a new array, and given :class:`~jcurve.engine.symbol.Symbol` rows returns a symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.symbol import Symbol, agreed, operand_unit
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.ground.units import DIMENSIONLESS, QUARTERS, Unit

Row: TypeAlias = Any
"""An array of shape (quarter or 1, scenario or 1), or the symbol that stands for one."""

Array: TypeAlias = NDArray[np.float64]

Family: TypeAlias = Mapping[str, Row]  # The rows of a family by member, in the set's order


class Span(NamedTuple):
    """Quarters from ``since`` to before ``until``, and the rows that :func:`in_spans` takes
    there. ``scale`` is the one without which nothing is left."""

    since: Row
    until: Row
    scale: Row
    rows: tuple[Row, ...]


def is_symbolic(values: Sequence[object]) -> bool:
    return any(isinstance(value, Symbol) for value in values)


def unit_of(value: object) -> Unit:
    return operand_unit(value) or DIMENSIONLESS


def _over_time(what: str, x: Row) -> Array:
    """``x`` as an array over the quarters.

    Raises:
        ModelError: ``x`` is a constant, to which a function of time would do nothing true.
    """
    if not isinstance(x, np.ndarray) or x.ndim != 2 or x.shape[0] < QUARTERS_IN_YEAR:
        raise ModelError(
            f"{what} needs a row over time", received=np.shape(x), allowed="(quarter, scenario)"
        )
    return x


def constant(what: str, value: Row) -> Array:
    """``value`` of shape (1, scenario), where a row must not move with time.

    Raises:
        ModelError: it moves with time.
    """
    if isinstance(value, np.ndarray) and value.shape == (1, 1):
        return value
    row: Array = np.atleast_2d(np.asarray(value, dtype=np.float64))
    if row.shape[0] == 1:
        return row
    first = row[:1]
    if row.strides[0] != 0 and not (row == first).all():
        raise ModelError(f"{what} moves with time", allowed="one value for all quarters")
    return first


def cut(x: Row, span: slice | None) -> Row:
    """The quarters of ``span`` of a row, all of them for None; a constant is left as it is."""
    return x if span is None or np.shape(x)[0] == 1 else x[span]


def _shift(x: Array, whole: int, start: int, stop: int) -> Array:
    """Quarters ``start`` to before ``stop`` of ``x`` delayed by a whole number of quarters, zero
    before its start."""
    if whole <= start:
        return x[start - whole : stop - whole]
    out = np.empty((stop - start, x.shape[1]))
    out[: whole - start] = 0.0
    if whole < stop:
        out[whole - start :] = x[: stop - whole]
    return out


def lag(x: Row, quarters: Row, span: slice | None = None) -> Row:
    """``x`` delayed by ``quarters`` >= 0, zero before its start.

    Args:
        x: (quarter, scenario).
        quarters: a constant or (1, scenario), whole or not; in between two quarters the
            value is interpolated linearly.
        span: only these quarters of the result, None for all.
    """
    if isinstance(x, Symbol) or isinstance(quarters, Symbol):
        unit = operand_unit(quarters)
        if unit is not None and not unit.agrees(QUARTERS):
            raise ModelError("a lag is not in quarters", received=unit.name, allowed="quarters")
        return Symbol("lag", (x, quarters), unit_of(x))
    x = _over_time("lag", x)
    start, stop, _ = (span or slice(None)).indices(x.shape[0])
    delay = constant("a lag", quarters)
    least = float(delay.min()) if delay.size > 1 else delay.item()
    if not least >= 0.0:
        raise ModelError("a lag is negative", received=least, allowed="0 or more")
    if delay.size > 1 and (x.shape[1] == 1 or (delay != least).any()):
        return _lag_by_scenario(x, np.minimum(delay, x.shape[0]), start, stop)
    amount = min(least, float(x.shape[0]))
    whole = int(amount)
    part = amount - whole
    near = _shift(x, whole, start, stop)
    if part == 0.0:
        return near
    return (1.0 - part) * near + part * _shift(x, whole + 1, start, stop)


def _lag_by_scenario(x: Array, delay: Array, start: int, stop: int) -> Array:
    """:func:`lag` where each scenario has its own delay: one gather from padded rows."""
    height, width = x.shape[0], delay.shape[1]
    whole = np.floor(delay)
    part = delay - whole
    pad = int(whole.max()) + 1
    if part.any():
        # Mixed with the quarter before while rows still lie side by side, then gathered once.
        padded = np.empty((pad + height, width))
        np.multiply(x, 1.0 - part, out=padded[pad:])
        padded[pad + 1 :] += x[:-1] * part
    else:
        padded = np.empty((pad + height, x.shape[1]))
        padded[pad:] = x
    padded[:pad] = 0.0
    columns = padded.shape[1]
    column = np.arange(width) if columns > 1 else 0
    first = (pad + start - whole.astype(np.intp)) * columns + column
    at = np.arange(stop - start)[:, None] * columns + first
    # In range already; "raise" would copy once more.
    made: Array = padded.reshape(-1).take(at, mode="clip")
    return made


_WIDE = 128  # Scenarios from which adding row to row is faster than NumPy's own cumulative sum


def _cumulated(x: Array) -> Array:
    """Running sums down the quarters, added in order at any width."""
    if x.shape[1] < _WIDE:
        return np.cumsum(x, axis=0)
    out = np.array(x, order="C")
    add = np.add
    for before, now in pairwise(out):
        add(before, now, now)
    return out


def running_sum(x: Row) -> Row:
    """The sum of ``x`` from the first quarter through each quarter."""
    if isinstance(x, Symbol):
        return Symbol("running_sum", (x,), x.unit)
    return _cumulated(_over_time("running_sum", x))


def sum_to_date(x: Row) -> Row:
    """The sum of ``x`` over the whole timeline, of shape (1, scenario)."""
    if isinstance(x, Symbol):
        return Symbol("sum_to_date", (x,), x.unit)
    x = _over_time("sum_to_date", x)
    # Quarter after quarter at any width: NumPy would add a lone column in pairs, and a
    # scenario's last digits must not depend on the batch it is in.
    if x.shape[1] > 1 and x.flags.c_contiguous:
        return x.sum(axis=0, keepdims=True)
    return _cumulated(x)[-1:]


def year_sum(x: Row) -> Row:
    """The calendar year's total of ``x``, repeated in each quarter of the year."""
    if isinstance(x, Symbol):
        return Symbol("year_sum", (x,), x.unit)
    first, second, third, fourth = _by_quarter(_over_time("year_sum", x))
    years = first + second + third + fourth
    return np.repeat(years, QUARTERS_IN_YEAR, axis=0)


def year_to_date(x: Row) -> Row:
    """The total of ``x`` from the calendar year's first quarter through each quarter."""
    if isinstance(x, Symbol):
        return Symbol("year_to_date", (x,), x.unit)
    out = np.array(_over_time("year_to_date", x))
    quarters = _by_quarter(out)
    for before, now in pairwise(quarters):
        now += before
    return out


def _by_quarter(x: Array) -> list[Array]:
    """Views of all first, second, third and fourth quarters."""
    return [x[quarter::QUARTERS_IN_YEAR] for quarter in range(QUARTERS_IN_YEAR)]


def _last_known(missing: NDArray[np.bool_], what: str) -> int:
    """The index of the last reported quarter, -1 when there is none.

    Raises:
        ModelError: a quarter inside history has no fact.
    """
    known = np.flatnonzero(~missing[:, 0])
    if known.size == 0:
        return -1
    last = int(known[-1])
    if last - int(known[0]) + 1 != known.size:
        gap = int(np.flatnonzero(missing[int(known[0]) :, 0])[0]) + int(known[0])
        raise ModelError(
            f"{what} meets a gap inside history",
            received=f"no fact at quarter index {gap}",
            allowed="facts without gaps; a data rule may fill one",
        )
    return last


def splice(reported: Row, computed: Row) -> Row:
    """A reported fact where there is one (not NaN), else the computed value."""
    if is_symbolic((reported, computed)):
        return Symbol("splice", (reported, computed), agreed("splice", (reported, computed)))
    missing = np.isnan(reported)
    _last_known(missing, "splice")
    return np.where(missing, computed, reported)


def grow(reported: Row, growth: Row) -> Row:
    """Reported facts, then the same quarter a year earlier times ``1 + growth``.

    The season of the last reported year is kept, and there is no step at the join.

    Args:
        reported: (quarter, scenario), NaN from the first forecast quarter on; at least
            four reported quarters. Zero before its first reported quarter.
        growth: per year, decimal, for each quarter against the same quarter a year before.
    """
    if is_symbolic((reported, growth)):
        return Symbol("grow", (reported, growth), unit_of(reported))
    reported = _over_time("grow", reported)
    missing = np.isnan(reported)
    start = _last_known(missing, "grow") + 1
    known = start - int(missing[:start, 0].sum())
    if known < QUARTERS_IN_YEAR:
        raise ModelError("growth needs four reported quarters", received=known)
    height = reported.shape[0]
    growth = np.atleast_2d(np.asarray(growth, dtype=np.float64))
    factor = 1.0 + np.broadcast_to(growth, (height, growth.shape[1]))[start:]
    out = np.empty((height, max(reported.shape[1], factor.shape[1])))
    out[:start] = np.where(missing[:start], 0.0, reported[:start])
    for year in range(start, height, QUARTERS_IN_YEAR):
        now = slice(year, min(year + QUARTERS_IN_YEAR, height))
        before = slice(year - QUARTERS_IN_YEAR, now.stop - QUARTERS_IN_YEAR)
        np.multiply(out[before], factor[year - start : now.stop - start], out=out[now])
    return out


def ratio(numerator: Row, denominator: Row) -> Row:
    """``numerator / denominator``, and 0 where the denominator is 0."""
    if is_symbolic((numerator, denominator)):
        return Symbol(
            "ratio", (numerator, denominator), unit_of(numerator).times(unit_of(denominator), -1)
        )
    numerator, denominator = np.asarray(numerator), np.asarray(denominator)
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.divide(numerator, denominator, out=np.zeros(shape), where=denominator != 0.0)


def value_at(x: Row, when: Row) -> Row:
    """The value of ``x`` in the quarter whose index is ``when``, of shape (1, scenario).

    ``when`` is a date: a constant or (1, scenario); outside the timeline the nearest end.
    """
    if is_symbolic((x, when)):
        unit = operand_unit(when)
        if unit is not None and not unit.agrees(QUARTERS):
            raise ModelError("not a date", received=unit.name, allowed="a quarter index")
        return Symbol("value_at", (x, when), unit_of(x))
    date = constant("a date", when)
    at = np.clip(date, 0, x.shape[0] - 1).astype(np.intp)
    if at.shape[1] == 1:
        return x[int(at[0, 0])][None, :].copy()
    wide = np.broadcast_to(x, (x.shape[0], at.shape[1]))
    return np.take_along_axis(wide, at, axis=0)


def total(members: Family) -> Row:
    """The sum over a family's members."""
    rows = list(members.values())
    if not rows:
        raise ModelError("a total over no members")
    if len(rows) == 1:
        return rows[0]
    out = rows[0] + rows[1]
    for row in rows[2:]:
        if isinstance(out, np.ndarray) and out.shape == np.shape(row):
            out += row
        else:
            out = out + row
    return out


def in_spans(
    compute: Callable[..., tuple[Row, ...]], spans: Sequence[Span], quarter_index: Row, outputs: int
) -> tuple[Row, ...]:
    """What ``compute`` makes of the rows of each span, in the quarters of that span and 0 in
    all others; the sum over the spans.

    ``compute`` must be causal: no quarter may rest on a later one. Where all scenarios share
    the dates of a span, it sees no quarter from ``until`` on, gives the quarters of the span
    alone, and is not called for a span that is empty or whose ``scale`` is 0 throughout.

    Args:
        compute: from ``scale``, ``rows`` and the quarters to give (a slice, None for all) to
            rows over those quarters; 0 wherever ``scale`` is 0 throughout.
        spans: each with its own rows; (quarter, scenario) or (1, scenario).
        quarter_index: the timeline.
        outputs: how many rows ``compute`` gives.
    """
    dates = [date for span in spans for date in (span.since, span.until)]
    rows = [row for span in spans for row in (span.scale, *span.rows)]
    if is_symbolic((*rows, *dates, quarter_index)):
        found: list[Row] = []
        for span in spans:
            inside = np.logical_and(quarter_index >= span.since, quarter_index < span.until)
            made = compute(span.scale, *span.rows, None)
            masked = [np.where(inside, row, 0) for row in made]
            found = [a + b for a, b in zip(found, masked, strict=True)] if found else masked
        return tuple(found)
    height = _over_time("a span", quarter_index).shape[0]
    totals = [np.zeros((height, 1)) for _ in range(outputs)]
    for span in spans:
        first, last = constant("a date", span.since), constant("a date", span.until)
        if not np.any(span.scale):
            continue
        if first.size > 1 or last.size > 1:
            inside = np.logical_and(quarter_index >= first, quarter_index < last)
            made = compute(span.scale, *span.rows, None)
            totals = [
                total + np.where(inside, row, 0.0) for total, row in zip(totals, made, strict=True)
            ]
            continue
        start = int(np.clip(np.ceil(first.item()), 0, height))
        stop = int(np.clip(np.ceil(last.item()), 0, height))
        if stop <= start:
            continue
        seen = max(stop, QUARTERS_IN_YEAR)
        given = (span.scale, *span.rows)
        known = (row[:seen] if np.shape(row)[:1] == (height,) else row for row in given)
        for at, row in enumerate(compute(*known, slice(start, stop))):
            if np.shape(row)[1] > totals[at].shape[1]:
                totals[at] = np.repeat(totals[at], np.shape(row)[1], axis=1)
            totals[at][start:stop] += row
    return tuple(totals)
