"""What must be true: a target of one output, as text, and how far from it an answer is.

``npv=0``, ``irr=wacc``, ``payback=2032Q4`` (by then), ``payback=10`` (years),
``free_cash_flow>0 by 2030`` (over four quarters, from that date on to the horizon).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.question import Answers, Array, Draws
from jcurve.assumptions import Scenario
from jcurve.assumptions.fields import read_number
from jcurve.assumptions.nodes import Place
from jcurve.case import Case
from jcurve.engine.intrinsics import NEVER, NO_OUTLAY
from jcurve.engine.line import Kind
from jcurve.engine.model import VIEWS
from jcurve.evaluation.naming import key_of
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.ground.units import UNITS

_POSITIVE = re.compile(r"(?P<line>\S+)\s*>\s*0\s+by\s+(?P<date>\d{4}(?:Q[1-4])?)", re.ASCII)
_DATE = re.compile(r"(?P<year>\d{4})(?:Q(?P<quarter>[1-4]))?", re.ASCII)
_ALLOWED = "npv=0, irr=wacc, payback=2032Q4, 'free_cash_flow>0 by 2030'"
_YEARS, _QUARTER_INDEX = "years", "date"

Measure = Callable[[Answers, Draws], Array]


@dataclass(frozen=True)
class Goal:
    """A target."""

    text: str  # as asked
    outputs: tuple[str, ...]  # what to ask of the model
    shown: str  # the output that the goal is about
    # (scenarios,) from answers and draws: 0 at the target, above 0 beyond it (more than a number,
    # sooner than a date); infinite where the output says that it comes never, or needs nothing;
    # NaN where it has no answer
    measure: Measure
    is_bound: bool  # every answer beyond the target will do too, as for a date


def parse_goal(text: str, case: Case) -> Goal:
    """Read a target.

    Args:
        text: see the module.
        case: gives the lines, the dates and the value of an assumption on the right.
    """
    positive = _POSITIVE.fullmatch(text.strip())
    if positive is not None:
        return _lasting(text.strip(), positive["line"], positive["date"], case)
    left, sign, right = (part.strip() for part in text.partition("="))
    if not sign or not left or not right:
        raise UsageError("not a target", received=text, allowed=_ALLOWED)
    name = left.partition(":")[0]
    made = case.assembly.model
    key = key_of(made, name)
    output = made.outputs.get(key[0])
    unit = made.unit(key[0]).name
    is_result = output is not None and output.kind is Kind.RESULT
    status = made.status(key[0]) if is_result else None
    status = f"{status}@{key[1]}" if status and key[1] in VIEWS else status
    outputs = (left, status) if status else (left,)
    date = _DATE.fullmatch(right)
    if is_result and unit == _YEARS and date:
        start = f"view_start@{key[1]}"
        by = _end(right, case)

        def until(answers: Answers, draws: Draws) -> Array:
            crossing = answers[start] + answers[left] * QUARTERS_IN_YEAR
            return _reasoned(by - crossing, answers, status)

        return Goal(f"{left} by {right}", (*outputs, start), left, until, is_bound=True)
    if is_result and unit == _QUARTER_INDEX:
        if not date:
            raise UsageError("not a date", received=right, allowed=f"{left}=2030Q4")
        last = _end(right, case) - 1.0

        def sooner(answers: Answers, draws: Draws) -> Array:
            return _reasoned(last - answers[left], answers, status)

        return Goal(f"{left} by {right}", outputs, left, sooner, is_bound=True)
    value = _right(right, unit, case)

    def beyond(answers: Answers, draws: Draws) -> Array:
        found = answers[left] - value(draws)
        return _reasoned(-found if unit == _YEARS else found, answers, status)

    return Goal(f"{left} = {right}", outputs, left, beyond, is_bound=unit == _YEARS)


def _reasoned(measure: Array, answers: Answers, status: str | None) -> Array:
    """What never comes is infinitely far; what needs no outlay is long since there."""
    if status is None:
        return measure
    code = answers[status]
    made = np.where(code == NEVER, -np.inf, measure)
    return np.asarray(np.where(code == NO_OUTLAY, np.inf, made))


def _lasting(text: str, line: str, date: str, case: Case) -> Goal:
    """Four quarters' sum above zero at a date and at every later one."""
    made = case.assembly.model
    key = key_of(made, line)
    output = made.outputs.get(key[0])
    if output is None or output.kind is not Kind.FLOW:
        raise UsageError("not a flow, so it has no yearly sum", received=line, allowed=_ALLOWED)
    first = int(_end(date, case)) - 1
    asked = f"{line}:quarter"

    def measure(answers: Answers, draws: Draws) -> Array:
        total = np.cumsum(answers[asked], axis=0)
        year = total[QUARTERS_IN_YEAR:] - total[:-QUARTERS_IN_YEAR]
        return np.asarray(year[first - QUARTERS_IN_YEAR :].min(axis=0))

    return Goal(text, (asked,), asked, measure, is_bound=True)


def _end(date: str, case: Case) -> float:
    """Quarters from the timeline's first to the end of a quarter or year."""
    label = date if "Q" in date else f"{date}Q4"
    at = case.assembly.timeline.index(label)
    if at < QUARTERS_IN_YEAR:
        raise UsageError("a date in the first year of the timeline", received=date)
    return float(at + 1)


def _right(text: str, unit: str, case: Case) -> Callable[[Draws], Array]:
    """A number in the output's unit, or the value of an assumption in each scenario."""
    scenario = case.scenario
    key = _assumption(text, scenario)
    if key is None:
        if text[:1].isalpha():
            raise UsageError.not_among(
                "neither a number nor an assumption", text, scenario.assumptions, allowed=""
            )
        number = read_number(text, UNITS[unit], (), Place("--for")).value
        return lambda draws: np.array([number])
    item = scenario[key]
    if item.shape != "scalar" or item.unit != unit:
        raise UsageError(
            "an assumption of another kind than the output",
            received=f"{key} in {item.unit}",
            allowed=f"one value in {unit}",
        )
    own = item.row()
    return lambda draws: np.asarray(draws.get(key, own), dtype=np.float64)


def _assumption(text: str, scenario: Scenario) -> str | None:
    """The key itself, or the only key with that last part."""
    if text in scenario:
        return text
    found = [key for key in scenario.assumptions if key.rpartition(".")[2] == text]
    return found[0] if len(found) == 1 else None
