"""Scenarios as the rows that the engine reads.

One assumption gives one row of shape (quarter, scenario), or width or height 1 where
nothing varies; a list of life changes gives a date and a life for each of its slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.paths import DATE, Array, Path
from jcurve.assumptions.values import CHANGE_SLOTS
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import Timeline

WHOLE = Timeline()  # The horizon, quarter by quarter


def slot_keys(key: str) -> tuple[tuple[str, str], ...]:
    """The names of the date and the life of each slot of a list of changes."""
    return tuple((f"{key}.date.{i}", f"{key}.life.{i}") for i in range(1, CHANGE_SLOTS + 1))


def assumption_rows(item: Assumption, timeline: Timeline) -> dict[str, Array]:
    """The rows of one assumption: (1, 1) or (quarter, 1), by the name the engine reads.

    Dates are quarter indices from the first quarter of ``timeline``. A list of changes gives
    ``key.date.1``, ``key.life.1`` and so on; those that are not used come one quarter after its end
    and repeat the last life.
    """
    value, span = item.value, timeline.span
    if isinstance(value, Path):
        return {item.key: value.quarters()[span, None]}
    if isinstance(value, tuple):
        # A change from before the timeline is in force at its start.
        dates = [max(float(change.date - span.start), 0.0) for change in value]
        lives = [change.life for change in value]
        spare = CHANGE_SLOTS - len(value)
        dates += [float(span.stop - span.start)] * spare
        lives += [lives[-1] if lives else 1.0] * spare
        named = zip(slot_keys(item.key), dates, lives, strict=True)
        found: dict[str, Array] = {}
        for (date_key, life_key), date, life in named:
            found[date_key], found[life_key] = np.array([[date]]), np.array([[life]])
        return found
    shift = span.start if item.unit == DATE else 0
    return {item.key: np.array([[value - shift]])}


def stacked(batch: Sequence[Iterable[Assumption]], timeline: Timeline) -> dict[str, Array]:
    """The rows of scenarios side by side, width 1 where all agree."""
    columns = [{item.key: item for item in items} for items in batch]
    if not columns:
        raise UsageError("no scenario given")
    first, *others = columns
    for other in others:
        if other.keys() != first.keys():
            odd = sorted(other.keys() ^ first.keys())[0]
            raise UsageError("scenarios of different bases do not mix", received=odd)
    found: dict[str, Array] = {}
    for key, item in first.items():
        if not others or all(each[key].value == item.value for each in others):
            found |= assumption_rows(item, timeline)
            continue
        parts = [assumption_rows(each[key], timeline) for each in columns]
        for name in parts[0]:
            height = max(part[name].shape[0] for part in parts)
            cells = [np.broadcast_to(part[name], (height, 1)) for part in parts]
            found[name] = np.concatenate(cells, axis=1)
    return found
