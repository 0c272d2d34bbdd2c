"""Many scenarios at once: rows of several, and of one with drawn values.

A draw of a plain assumption is its value. A dated one varies as one: a draw is a position,
-1 at its low path, 0 at its value, 1 at its high path and even in between, beyond them in
the same direction and cut at the bounds. ``key.2027`` draws the value of one year. A
list of changes is drawn as the life that its next change brings, ``key.life.2`` is that of one
change. Remainders of mixes are computed in each scenario.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.paths import DATE, Array, Mask, Path
from jcurve.assumptions.relations import remainder_row, rules_for
from jcurve.assumptions.rows import WHOLE, slot_keys, stacked
from jcurve.assumptions.scenario import Scenario
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import FIRST_YEAR, QUARTERS_IN_YEAR, Timeline

_SLACK = 1e-9


def rows_of(
    scenarios: Scenario | Sequence[Scenario], timeline: Timeline = WHOLE
) -> dict[str, Array]:
    """Every assumption of a scenario, or of several side by side, as a row for the engine, by key.

    Returns:
        (1 or quarter, 1 or scenario); a year's value stands in each of its quarters. For dates and
        lists of changes see :func:`jcurve.assumptions.rows.assumption_rows`.

    Raises:
        UsageError: no scenario, or scenarios of different bases.
    """
    several = [scenarios] if isinstance(scenarios, Scenario) else scenarios
    return stacked([each.items for each in several], timeline)


def batch(
    base: Scenario,
    draws: Mapping[str, Array],
    timeline: Timeline = WHOLE,
    own: Mapping[str, Array] | None = None,
) -> dict[str, Array]:
    """The rows of ``base`` with drawn values in place of its own.

    Args:
        base: gives everything that is not drawn.
        draws: (scenarios,) by key; values in the key's unit, or positions of dated values. Dates
            are indices from 2012Q1, as in :class:`Assumption`.
        timeline: of the model.
        own: the rows of ``base`` as it is, where they are at hand.

    Raises:
        UsageError: an unknown key, a remainder, a path without a range, or draws of
            different lengths or not finite.
    """
    span = timeline.span
    made = rows_of(base, timeline) if own is None else dict(own)
    width = _width(draws)
    years: list[tuple[Assumption, str, Array]] = []
    for key, drawn in draws.items():
        values = np.asarray(drawn, dtype=np.float64)[None, :]
        item = base.assumptions.get(key)
        if item is None:
            head, _, last = key.rpartition(".")
            dated = base.assumptions.get(head)
            if key in made:  # a slot of a list of changes
                made[key] = values
            elif dated is not None and isinstance(dated.value, Path) and last.isdecimal():
                years.append((dated, last, values))
            else:
                raise UsageError.not_among("unknown assumption", key, made, allowed="")
        elif item.derived:
            raise UsageError("the remainder of a mix is computed, never drawn", received=key)
        elif isinstance(item.value, Path):
            made[key] = _path_at(item, item.value, values)[span]
        elif item.shape == "changes":
            made |= _next_change(item, values, span.start)
        else:
            made[key] = values - (span.start if item.unit == DATE else 0)
    for item, year, values in years:
        start = (int(year[:4]) - FIRST_YEAR) * QUARTERS_IN_YEAR - span.start
        if len(year) != 4 or not 0 <= start < len(timeline):
            raise UsageError("year outside the timeline", received=f"{item.key}.{year}")
        row = np.array(np.broadcast_to(made[item.key], (len(timeline), width)))
        row[start : start + QUARTERS_IN_YEAR] = values
        made[item.key] = row
    for mix in base.mixes:
        made[mix.remainder] = remainder_row(mix, made)
    return made


def position(item: Assumption, at: Array) -> Array:
    """The values of an assumption at positions between its low (-1) and its high (1).

    Args:
        item: with or without a range.
        at: (scenarios,).

    Returns:
        (periods, scenarios): 1 for a single value, else years or quarters of the horizon.
    """
    value, low, high = (row[:, None] for row in (item.row(), item.lows(), item.highs()))
    step = np.maximum(at, 0.0) * (high - value) + np.minimum(at, 0.0) * (value - low)
    moved = np.asarray(value + step)
    if item.bounds is not None:
        moved = np.clip(moved, *item.bounds)
    return moved


def valid_mask(
    base: Scenario, made: Mapping[str, Array], own: Mapping[str, Array] | None = None
) -> Mask:
    """Which scenarios of a batch validate: bounds, mixes, changes in order, rules.

    Args:
        base: the scenario of :func:`batch`.
        made: its result over the whole horizon.
        own: what it was given as such: a row that is still the scenario's own is in bounds.

    Returns:
        (scenarios,).
    """
    width = max(row.shape[1] for row in made.values())
    valid = np.ones(width, dtype=bool)
    for item in base.items:
        if item.shape == "changes":
            valid &= _in_order(item, made)
        elif item.bounds is not None:
            floor, ceiling = item.bounds
            row, slack = made[item.key], _SLACK * max(1.0, ceiling - floor)
            if own is not None and row is own[item.key]:
                continue
            if row.min() >= floor and row.max() <= ceiling:
                continue
            valid &= ((row >= floor - slack) & (row <= ceiling + slack)).all(axis=0)
    for rule in rules_for(made):
        valid &= rule.holds(made)
    return valid


def _width(draws: Mapping[str, Array]) -> int:
    width = 1
    for key, drawn in draws.items():
        shape = np.shape(drawn)
        if len(shape) != 1 or (width != 1 and shape[0] not in (1, width)):
            what = "draws are one-dimensional and of one length"
            raise UsageError(what, received=f"{key}: {shape}")
        if not np.isfinite(drawn).all():
            raise UsageError("a draw is not finite", received=key)
        width = max(width, shape[0])
    return width


def _path_at(item: Assumption, path: Path, values: Array) -> Array:
    if not item.has_range:
        raise UsageError("an assumption without a range is not drawn", received=item.key)
    moved = position(item, values[0])
    return moved if path.by == "quarter" else np.repeat(moved, QUARTERS_IN_YEAR, axis=0)


def _next_change(item: Assumption, lives: Array, start: int) -> dict[str, Array]:
    """The slot of the next change with drawn lives: a further one, or the last that the
    scenario makes where that comes no earlier than the next would."""
    if not item.has_range:
        what, allowed = "a list of changes is drawn slot by slot", ", ".join(slot_keys(item.key)[0])
        raise UsageError(what, received=item.key, allowed=allowed)
    assert isinstance(item.value, tuple)
    assert item.next is not None
    last = item.value[-1]
    slot = len(item.value) - (last.date >= item.next)
    date, life = slot_keys(item.key)[slot]
    dated = max(last.date, item.next) - start
    return {date: np.array([[float(dated)]]), life: lives}


def _in_order(item: Assumption, made: Mapping[str, Array]) -> Mask:
    """Dates of the changes that are used rise, and lives are inside the bounds."""
    changes = item.value if isinstance(item.value, tuple) else ()
    used = slot_keys(item.key)[: len(changes)]
    valid: Mask = np.ones(1, dtype=bool)
    for (earlier, _), (later, _) in itertools.pairwise(used):
        valid = valid & (made[earlier] < made[later])[0]
    if item.bounds is not None:
        floor, ceiling = item.bounds
        for _, life in used:
            valid = valid & ((made[life] >= floor) & (made[life] <= ceiling))[0]
    return valid
