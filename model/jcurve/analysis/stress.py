"""Stresses, weighted scenarios, and what a position loses: coherent worlds, not single knobs.

Each stress is a scenario file that moves every assumption its story implies. A stress may
raise NPV, since it can cut spending that earned less than it cost; that is said, not hidden.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.question import Question
from jcurve.assumptions import Scenario, compare, rows_of
from jcurve.facts import evidence
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.project import Project

OUTPUTS = ("npv", "npv.go_forward", "payback", "trough_amount", "value_per_share")
PREFIX = "stress_"  # How names of stress scenarios begin
_VALUE, _PAYBACK = "value_per_share", "payback"
_EXPECTED = ("npv", "npv.go_forward", "trough_amount")
_RESULTS_DAY = re.compile(r"RX_(\d{4})(\d{2})(\d{2})", re.ASCII)
"""Keys of evidence: a move of the share on the day after results."""
_PER_CENT = 100.0


@dataclass(frozen=True, slots=True)
class Stress:
    """A scenario beside the one it stresses."""

    name: str  # name, title, story: of the scenario
    title: str
    story: str
    moved: int  # assumptions whose value differs
    values: Mapping[str, float]  # each output, NaN where it has no answer
    changes: Mapping[str, float]  # each less that of the stressed scenario
    raises: tuple[str, ...]  # outputs among the NPVs that the stress raises


@dataclass(frozen=True, slots=True)
class Expectation:
    """A mean over scenarios by their weights."""

    output: str
    mean: float  # weighted mean
    sd: float  # weighted standard deviation
    values: Mapping[str, float]  # by scenario


@dataclass(frozen=True, slots=True)
class Move:
    """A past one-day move of the share after results."""

    date: str
    move: float  # a decimal share
    source: str  # the key of its evidence
    grade: str  # how far that can be trusted


@dataclass(frozen=True, slots=True)
class PositionLoss:
    """What a position loses: arithmetic, no advice."""

    kind: str  # ``results day`` or ``stress``
    name: str  # date of the results, or name of the stress
    # of the share; for a stress that of the model's value per share, since it moves the whole
    # company and not only its programme
    move: float
    loss: float  # of the exposure, in its unit; a gain is negative
    source: str  # source, grade: of a past move; of a stress, its scenario and ``model``
    grade: str


def stresses(
    base: Scenario,
    stressed: Sequence[Scenario],
    outputs: Sequence[str] = OUTPUTS,
    *,
    project: Project | None = None,
) -> tuple[Stress, ...]:
    """Scenarios beside a base, all in one batch.

    Args:
        base: what they are compared with.
        stressed: of the same base scenario.
        outputs: single values.
    """
    question = Question.of(base, outputs, project)
    made = rows_of([base, *stressed], question.case.assembly.timeline)
    answers = question.answers(made)
    wide = {name: np.broadcast_to(row, (len(stressed) + 1,)) for name, row in answers.items()}
    found: list[Stress] = []
    for at, scenario in enumerate(stressed, start=1):
        values = {name: float(row[at]) for name, row in wide.items()}
        changes = {name: float(row[at] - row[0]) for name, row in wide.items()}
        found.append(
            Stress(
                name=scenario.name,
                title=scenario.title,
                story=scenario.story,
                moved=sum(each.what == "value" for each in compare(base, scenario)),
                values=values,
                changes=changes,
                raises=tuple(
                    name
                    for name, change in changes.items()
                    if name.partition(".")[0] == "npv" and change > 0.0
                ),
            )
        )
    return tuple(found)


def struck(
    scenario: Scenario,
    stressed: Sequence[Scenario],
    output: str = OUTPUTS[0],
    *,
    project: Project | None = None,
) -> dict[str, float]:
    """What each stress changes an output by, by title, where it strikes any scenario: the rows that
    it moves from its own base are moved in that scenario.

    Args:
        scenario: which is struck.
        stressed: each of a base scenario.
        output: a single value.
    """
    question = Question.of(scenario, output, project)
    timeline = question.case.assembly.timeline
    own = question.rows({})
    before = float(question.answers(own)[output][-1])
    found = {}
    for each in stressed:
        base, moved = (rows_of(one, timeline) for one in (each.base or each, each))
        made = own | {
            key: row
            for key, row in moved.items()
            if key in own and not np.array_equal(row, base[key])
        }
        found[each.title] = float(question.answers(made)[output][-1]) - before
    return found


def expectation(
    output: str, values: Mapping[str, float], weights: Mapping[str, float]
) -> Expectation:
    """The weighted mean of an output over scenarios.

    Args:
        output: its name.
        values, weights: by scenario; weights are 0 or more, summing to 1.

    Raises:
        UsageError: weights of scenarios that are not there, below 0, or of another sum.
        AnswerError: a scenario with weight has no answer, so there is no mean.
    """
    for name, weight in weights.items():
        if name not in values:
            raise UsageError.not_among(
                "a weight of a scenario that is not there", name, values, allowed=""
            )
        if not weight >= 0.0:
            raise UsageError(f"a weight below 0 for {name}", received=weight)
    total = math.fsum(weights.values())
    if abs(total - 1.0) > 1e-9:
        raise UsageError(
            "weights do not sum to 1",
            where="weights of scenarios",
            received=float(f"{total:.6g}"),
            allowed="weights of all scenarios counted, 1 together",
        )
    used = {name: weight for name, weight in weights.items() if weight > 0.0}
    for name in used:
        if not math.isfinite(values[name]):
            raise AnswerError(
                f"{output} has no answer in {name}, so it has no mean",
                allowed="an output that has one in every scenario with weight, such as npv",
            )
    mean = math.fsum(weight * values[name] for name, weight in used.items())
    spread = math.fsum(weight * (values[name] - mean) ** 2 for name, weight in used.items())
    return Expectation(output, mean, math.sqrt(spread), dict(values))


def position_losses(
    exposure: float, moves: Sequence[Move], stressed: Sequence[Stress]
) -> tuple[PositionLoss, ...]:
    """The loss of an exposure in each past results-day move and in each stress.

    Args:
        exposure: amount held, below 0 when sold short; in any unit of money.
        moves: past moves.
        stressed: from :func:`stresses`, with ``value_per_share`` among its outputs.

    Raises:
        UsageError: an exposure that is not finite.
        AnswerError: the company has no value above 0 without the stress.
    """
    if not math.isfinite(exposure):
        raise UsageError("not an exposure", received=exposure, allowed="an amount of money")
    found = [
        PositionLoss(
            "results day", each.date, each.move, -exposure * each.move, each.source, each.grade
        )
        for each in moves
    ]
    for stress in stressed:
        before = stress.values[_VALUE] - stress.changes[_VALUE]
        if not before > 0.0:
            raise AnswerError("the company has no value above 0 before the stress")
        move = stress.changes[_VALUE] / before
        found.append(
            PositionLoss("stress", stress.name, move, -exposure * move, stress.name, "model")
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Scenarios by weight."""

    weights: Mapping[str, float]  # by scenario, summing to 1
    # mean and spread of each output that has an answer everywhere
    expectations: tuple[Expectation, ...]
    paid_back: float  # weight of the scenarios that pay back within the horizon
    payback: Mapping[str, float]  # years to payback by scenario, NaN for never


def weighed(
    scenarios: Sequence[Scenario], weights: Mapping[str, float], *, project: Project | None = None
) -> Weighed:
    """The expectation over scenarios, all evaluated in one batch.

    Args:
        scenarios: of one base scenario.
        weights: by name; 0 or more, summing to 1.
    """
    found = stresses(scenarios[0], scenarios, (*_EXPECTED, _PAYBACK), project=project)
    values = {
        output: {each.name: each.values[output] for each in found}
        for output in (*_EXPECTED, _PAYBACK)
    }
    expected = tuple(expectation(output, values[output], weights) for output in _EXPECTED)
    payback = values[_PAYBACK]
    return Weighed(
        dict(weights),
        expected,
        math.fsum(weight for name, weight in weights.items() if not math.isnan(payback[name])),
        payback,
    )


def results_days(project: Project | None = None) -> tuple[Move, ...]:
    """Every one-day move on record, oldest first."""
    found = [
        Move("-".join(key.groups()), each.value / _PER_CENT, each.key, each.grade)
        for each in evidence(project).values()
        if (key := _RESULTS_DAY.fullmatch(each.key)) is not None
        and each.value is not None
        and each.unit == "percent"
    ]
    return tuple(sorted(found, key=lambda each: each.date))
