"""What a small change of each assumption does to a number: all of it from one way back.

found = case.gradient("npv")
found["returns.wacc"].effect      # of half a point more, in USD m
found.ranked()[:5]                # what matters most here, by the effect of a natural step
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import Assumption, Path
from jcurve.assumptions.periods import QUARTERS_IN_YEAR
from jcurve.assumptions.rows import slot_keys
from jcurve.assumptions.units import CHOICE, DATE, SWITCH
from jcurve.engine.derivative import Gradient as Derivatives
from jcurve.engine.derivative import gradient as derivatives
from jcurve.engine.model import RowKey
from jcurve.errors import AnswerError, UsageError, nearest
from jcurve.evaluation import graph_of

if TYPE_CHECKING:
    from jcurve.case import Case

__all__ = ["Gradient", "Slope", "gradient", "natural_step"]

Array: TypeAlias = NDArray[np.float64]

_NONE: Mapping[str, str] = {
    DATE: "a date moves by whole quarters",
    SWITCH: "a switch is on or off",
    CHOICE: "a choice has no values in between",
}
_THRESHOLDS = "a small change does nothing: it acts through thresholds, if at all"
_POINT, _BILLION, _PER_CENT = 0.01, 1e9, 0.01
_STEPS: Mapping[str, tuple[float, str]] = {
    "share": (_POINT, "1 point"),
    "per year": (_POINT, "1 point"),
    "years": (1.0, "1 year"),
    "quarters": (1.0, "1 quarter"),
}


@dataclass(frozen=True, slots=True)
class Slope:
    """What a small change of one assumption does.

    Attributes:
        key, label, unit: the assumption.
        slope: change of the number per unit of the assumption, of a path per unit in all its
            periods at once; None where there is no derivative.
        periods: the same for each year (or quarter) of a path alone, by its label.
        step: a natural step in words: a point, a year, 1 bn, else 1 % of the value.
        effect: what that step does, as far as the slope reaches; None without a slope.
        reason: why there is no slope.
    """

    key: str
    label: str
    unit: str
    slope: float | None
    periods: Mapping[str, float]
    step: str
    effect: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Gradient:
    """The slopes of a number in every assumption.

    Attributes:
        output, unit: the number.
        value: as it is.
        slopes: by key, in the scenario's order.
    """

    output: str
    unit: str
    value: float
    slopes: Mapping[str, Slope]

    def __getitem__(self, key: str) -> Slope:
        """The slope in one assumption.

        Raises:
            UsageError: there is no such assumption.
        """
        if key not in self.slopes:
            raise UsageError(
                "unknown assumption", received=key, suggestion=nearest(key, self.slopes)
            )
        return self.slopes[key]

    def ranked(self) -> tuple[Slope, ...]:
        """Those with a slope, the largest effect of a natural step first."""
        known = [each for each in self.slopes.values() if each.effect is not None]
        return tuple(sorted(known, key=lambda each: -abs(each.effect or 0.0)))


def gradient(case: Case, output: str, key: RowKey, at: int) -> Gradient:
    """The slopes of a result, or of a line in a quarter.

    Args:
        case: of which scenario.
        output: the number's name.
        key: its row.
        at: the quarter's index, 0 for a result.

    Raises:
        AnswerError: the number has no answer.
    """
    made, names = case.assembly.model, case.assembly.names
    graph = graph_of(case.assembly, case.inputs)
    free, quarters = frozenset(names.values()), len(case.assembly.timeline)
    parts = made.parts(key) or (key,)
    found = [
        derivatives(graph, case.inputs, free, graph.rows[part], quarters, at)
        for part in parts
        if part in graph.rows
    ]
    total = _difference(found)
    if not np.isfinite(total.value):
        raise AnswerError("no answer here, so nothing changes it", received=output)
    slopes: dict[str, Slope] = {}
    for item in case.scenario.items:
        for each in _slopes(case, item, total):
            slopes[each.key] = each
    return Gradient(output, made.unit(key[0]).name, total.value, slopes)


def natural_step(item: Assumption) -> tuple[float | None, str]:
    """A step that a reader thinks in, in the assumption's unit and in words; None: in per cent of
    the value."""
    if item.unit in _STEPS:
        return _STEPS[item.unit]
    if item.measure.dims == (("usd", 1),):
        return _BILLION / item.measure.scale, "1 bn"
    return None, "1 %"


def _difference(found: list[Derivatives]) -> Derivatives:
    """The first less the second, if there is one."""
    if len(found) == 1:
        return found[0]
    if not found:
        return Derivatives(0.0, {}, frozenset())
    plus, minus = found
    slopes = {
        name: np.asarray(plus.slopes.get(name, 0.0) - minus.slopes.get(name, 0.0))
        for name in (*plus.slopes, *minus.slopes)
    }
    return Derivatives(plus.value - minus.value, slopes, plus.steps | minus.steps)


def _slopes(case: Case, item: Assumption, total: Derivatives) -> list[Slope]:
    if item.derived:
        mix = next(m for m in case.scenario.mixes if m.remainder == item.key)
        return [_none(item, item.key, f"what the other members of {mix.name} leave")]
    if item.unit in _NONE:
        return [_none(item, item.key, _NONE[item.unit])]
    if isinstance(item.value, tuple):
        found = []
        for date, life in slot_keys(item.key)[: len(item.value)]:
            found += [_none(item, date, _NONE[DATE]), _slope(case, item, life, total)]
        return found
    return [_slope(case, item, item.key, total)]


def _none(item: Assumption, key: str, reason: str) -> Slope:
    return Slope(key, item.label, item.unit, None, {}, "", None, reason)


def _slope(case: Case, item: Assumption, key: str, total: Derivatives) -> Slope:
    name = case.assembly.names.get(key)
    if name is None:
        return _none(item, key, "no line reads it")
    rows = case.assumption_rows
    own = total.slopes.get(name, np.zeros(rows[key].shape))
    for mix in case.scenario.mixes:
        left = total.slopes.get(case.assembly.names.get(mix.remainder, ""))
        if key in mix.others and left is not None:  # what is added here leaves the remainder
            own = own - (left.sum(axis=0, keepdims=True) if len(own) == 1 else left)
    if not own.any() and name in total.steps:
        return _none(item, key, _THRESHOLDS)
    step, words = natural_step(item)
    value = np.broadcast_to(rows[key], own.shape) if len(own) > 1 else rows[key]
    moves = _PER_CENT * np.abs(value) if step is None else np.full_like(value, step)
    return Slope(
        key,
        item.label,
        item.unit,
        float(own.sum()),
        _by_period(case, item, own),
        words,
        float((own * moves).sum()),
    )


def _by_period(case: Case, item: Assumption, own: Array) -> dict[str, float]:
    if not isinstance(item.value, Path) or len(own) == 1:
        return {}
    timeline = case.assembly.timeline
    if item.value.by == "quarter":
        return dict(zip(timeline.labels, map(float, own[:, 0]), strict=True))
    years = own[:, 0].reshape(-1, QUARTERS_IN_YEAR).sum(axis=1)
    return dict(zip(map(str, timeline.years), map(float, years), strict=True))
