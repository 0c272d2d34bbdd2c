"""What a small change of each assumption does to a number: all of it from one way back.

found = case.gradient("npv")
found["returns.wacc"].effect      # of half a point more, in USD m
found.ranked()[:5]                # what matters most here, by the effect of a natural step
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.assumptions.rows import slot_keys
from jcurve.company import Assembly
from jcurve.engine.derivative import Gradient as Derivatives
from jcurve.engine.line import Kind
from jcurve.evaluation.evaluator import gradient as derivatives
from jcurve.evaluation.evaluator import graph_of
from jcurve.evaluation.naming import key_of
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.quarters import QUARTERS_IN_YEAR

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
    """What a small change of one assumption does."""

    key: str  # the assumption
    label: str
    unit: str
    # change of the number per unit of the assumption, of a path per unit in all its periods at
    # once; None where there is no derivative
    slope: float | None
    # the same for each year (or quarter) of a path alone, by its label
    periods: Mapping[str, float]
    step: str  # a natural step in words: a point, a year, 1 bn, else 1 % of the value
    effect: float | None  # what that step does, as far as the slope reaches; None without a slope
    reason: str = ""  # why there is no slope


@dataclass(frozen=True, slots=True)
class Gradient:
    """The slopes of a number in every assumption."""

    output: str  # the number
    unit: str
    value: float  # as it is
    slopes: Mapping[str, Slope]  # by key, in the scenario's order

    def __getitem__(self, key: str) -> Slope:
        """The slope in one assumption.

        Raises:
            UsageError: there is no such assumption.
        """
        if key not in self.slopes:
            raise UsageError.not_among("unknown assumption", key, self.slopes, allowed="")
        return self.slopes[key]

    def ranked(self) -> tuple[Slope, ...]:
        """Those with a slope, the largest effect of a natural step first."""
        known = [each for each in self.slopes.values() if each.effect is not None]
        return tuple(sorted(known, key=lambda each: -abs(each.effect or 0.0)))


def gradient(
    scenario: Scenario,
    assembly: Assembly,
    inputs: Mapping[str, Array],
    output: str,
    at: str | None = None,
) -> Gradient:
    """The slopes of a result, or of a line in a quarter.

    Args:
        scenario: whose assumptions.
        assembly: the model.
        inputs: of the scenario, by input name.
        output: a result, or a line in a world or view.
        at: the quarter, of a line.

    Raises:
        UsageError: an unknown name, a line without a quarter.
        AnswerError: the number has no answer.
    """
    made, key = assembly.model, key_of(assembly.model, output)
    line = made.outputs.get(key[0])
    if (line is not None and line.kind is Kind.RESULT) != (at is None):
        raise UsageError(
            "a result has one value, a line one a quarter",
            received=f"{output}, {at}",
            allowed='gradient("npv"), gradient("capex", at="2027Q4")',
        )
    quarter = 0 if at is None else assembly.timeline.index(at)
    graph = graph_of(assembly, inputs)
    parts = made.parts(key) or (key,)
    found = [derivatives(assembly, inputs, part, quarter) for part in parts if part in graph.rows]
    total = _difference(found)
    if not np.isfinite(total.value):
        raise AnswerError("no answer here, so nothing changes it", received=output)
    reader = _Reader(scenario, assembly, inputs, total)
    slopes = {each.key: each for item in scenario.items for each in reader.slopes(item)}
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


@dataclass(frozen=True, slots=True)
class _Reader:
    """Derivatives in inputs, as slopes in assumptions."""

    scenario: Scenario
    assembly: Assembly
    inputs: Mapping[str, Array]
    total: Derivatives

    def slopes(self, item: Assumption) -> list[Slope]:
        """One, or a date and a life for each change of a list."""
        if item.derived:
            mix = next(m for m in self.scenario.mixes if m.remainder == item.key)
            return [_none(item, item.key, f"what the other members of {mix.name} leave")]
        if item.unit in _NONE:
            return [_none(item, item.key, _NONE[item.unit])]
        if isinstance(item.value, tuple):
            used = slot_keys(item.key)[: len(item.value)]
            dates = [_none(item, date, _NONE[DATE]) for date, _ in used]
            return [*dates, *(self._slope(item, life) for _, life in used)]
        return [self._slope(item, item.key)]

    def _slope(self, item: Assumption, key: str) -> Slope:
        names, total = self.assembly.names, self.total
        if key not in names:
            return _none(item, key, "no line reads it")
        row = self.inputs[names[key]]
        own = total.slopes.get(names[key], np.zeros(row.shape))
        for mix in self.scenario.mixes:
            left = total.slopes.get(names.get(mix.remainder, ""))
            if key in mix.others and left is not None:  # what is added here leaves the remainder
                own = own - (left.sum(axis=0, keepdims=True) if len(own) == 1 else left)
        if not own.any() and names[key] in total.steps:
            return _none(item, key, _THRESHOLDS)
        step, words = natural_step(item)
        moves = _PER_CENT * np.abs(row) if step is None else np.full_like(row, step)
        effect = float((own * moves).sum())
        periods = self._by_period(item, own)
        return Slope(key, item.label, item.unit, float(own.sum()), periods, words, effect)

    def _by_period(self, item: Assumption, own: Array) -> dict[str, float]:
        if not isinstance(item.value, Path) or len(own) == 1:
            return {}
        timeline, column = self.assembly.timeline, own[:, 0]
        if item.value.by == "quarter":
            return dict(zip(timeline.labels, column.tolist(), strict=True))
        years = column.reshape(-1, QUARTERS_IN_YEAR).sum(axis=1)
        return dict(zip(map(str, timeline.years), years.tolist(), strict=True))


def _none(item: Assumption, key: str, reason: str) -> Slope:
    return Slope(key, item.label, item.unit, None, {}, "", None, reason)
