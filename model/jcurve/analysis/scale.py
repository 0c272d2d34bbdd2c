"""NPV against scale: what the plan, less of it and more of it are worth, and which size is best.

The scale is the decision: 1 is the plan, 0 spends only what is committed and maintenance. It
scales planned AI capex after the valuation date, and the rented cloud signed then; people stay
unless ``programme.scales_talent`` says otherwise. Above 1 demand for AI products is beyond what
its data presume.

    study = scale_study(jcurve.scenario("base"))
    study.best.value, study.best.low, study.best.high
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import NamedTuple

import numpy as np

from jcurve.analysis.question import Array, Question
from jcurve.analysis.sensitivity import GO_FORWARD, at_value, driver_items, ends
from jcurve.assumptions import Scenario
from jcurve.company import data_digest
from jcurve.evaluation.evaluator import refusal
from jcurve.facts.registers import ELASTICITY, belief_readings
from jcurve.ground.cache import remembered, rooms
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.numbers import money
from jcurve.ground.project import Project, find_project

SCALES: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(31))
"""Where the curve is drawn: 0 to 1.5 times the plan."""

_SCALE, _TALENT, _NPV = "programme.scale", "programme.scales_talent", "npv"
_ROUNDS, _PARTS, _FEW = 2, 8, 7
_BN = 1000.0


@dataclass(frozen=True, slots=True)
class Point:
    """A size of the plan: scale, NPV of the programme and go-forward NPV in USD m."""

    scale: float
    npv: float
    npv_go_forward: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Go-forward NPV over the scales under another belief."""

    label: str  # the belief, for a reader
    key: str  # the assumption that is moved
    end: str  # ``low``, ``high``, or ``reading``
    value: str  # of the assumption, for a reader
    npv_go_forward: Array  # (scales,), USD m
    best: float  # the scale at which it is largest


@dataclass(frozen=True, slots=True)
class Best:
    """The best size, and its range over the evidence."""

    value: float  # the scale at which go-forward NPV is largest
    npv_go_forward: float  # there, USD m
    # low, high: smallest and largest best size with each driver at either end of its range and at
    # each labelled reading of the response, one at a time
    low: float
    high: float
    low_from: str  # low_from, high_from: what gives them, in words
    high_from: str
    at_end: str  # a sentence where the value lies at an end of the scales looked at, else empty


@dataclass(frozen=True, slots=True)
class ScaleStudy:
    """NPV against scale."""

    scenario: str  # scenario, title: which case
    title: str
    scales: Array  # (scales,), ascending
    points: tuple[Point, ...]  # with people as planned, whatever the scale
    talent_scaled: tuple[Point, ...]  # with the programme's people in proportion
    plan: Point  # the point at a scale of 1
    best: Best  # with people as planned
    best_talent_scaled: float  # the best size with people in proportion
    readings: tuple[Curve, ...]  # under each labelled reading of the response of advertising
    ends: tuple[Curve, ...]  # with each driver at each end of its range
    low: Array  # low, high: (scales,), the least and the most of all these curves, USD m
    high: Array
    sentence: str  # what a first page says of it


class _Belief(NamedTuple):
    """One assumption moved, for one curve: the first four are those of :class:`Curve`."""

    label: str
    key: str
    end: str
    value: str
    at: float


_OWN = _Belief("as assumed", _TALENT, "", "", 0.0)
_SCALED = _OWN._replace(at=1.0)


def scale_study(
    scenario: Scenario, scales: Sequence[float] = SCALES, *, project: Project | None = None
) -> ScaleStudy:
    """NPV against scale, with its peak and its band over the evidence, in a few batches.

    Args:
        scenario: holds everything but the scale.
        scales: two or more, ascending, from 0 up.

    Raises:
        UsageError: the scales are not such a list.
        AnswerError: the scale moves nothing in this scenario.
    """
    grid = np.asarray(scales, dtype=np.float64)
    if grid.size < 2 or grid[0] < 0 or not (np.diff(grid) > 0).all():
        raise UsageError(
            "not a list of scales",
            received=str(list(scales)),
            allowed="two or more, ascending, from 0 up",
        )
    both = Question.of(scenario, (_NPV, GO_FORWARD), project)
    question = replace(both, outputs=(GO_FORWARD,), known=both.case)
    plans = _over(both, [_OWN], np.array([1.0]))
    mains = _over(both, [_OWN, _SCALED], grid)
    best, best_scaled, found = _searched(question, [_OWN, _SCALED], grid, mains[GO_FORWARD])
    values = _over(question, list(found), grid)[GO_FORWARD]
    curves = [
        Curve(*belief[:4], row, size)
        for (belief, size), row in zip(found.items(), values, strict=True)
    ]
    points, talent = (
        tuple(map(Point, grid.tolist(), npv.tolist(), forward.tolist()))
        for npv, forward in zip(mains[_NPV], mains[GO_FORWARD], strict=True)
    )
    plan = Point(1.0, plans[_NPV].item(), plans[GO_FORWARD].item())
    band = np.vstack([mains[GO_FORWARD][:1], values])
    return ScaleStudy(
        scenario=scenario.name,
        title=scenario.title,
        scales=grid,
        points=points,
        talent_scaled=talent,
        plan=plan,
        best=best,
        best_talent_scaled=best_scaled,
        readings=tuple(each for each in curves if each.end == "reading"),
        ends=tuple(each for each in curves if each.end != "reading"),
        low=band.min(axis=0),
        high=band.max(axis=0),
        sentence=_sentence(best, plan, points),
    )


def best_size(scenario: Scenario, *, project: Project | None = None) -> Best:
    """The best size with its range over the evidence, without the curves: as in
    :func:`scale_study`.

    Raises:
        AnswerError: the scale moves nothing in this scenario.
    """
    project = project or find_project()

    def searched() -> Best:
        grid, question = np.array(SCALES), Question.of(scenario, GO_FORWARD, project)
        values = _over(question, [_OWN], grid)[GO_FORWARD]
        return _searched(question, [_OWN], grid, values)[0]

    what = [scenario.hash, repr(driver_items(scenario)), data_digest(project), refusal()]
    own = rooms(".", "ground", "facts", "assumptions", "engine", "lines", "evaluation", "analysis")
    return remembered("\n".join(["best size", *what]), own, searched)


def _searched(
    question: Question, plans: Sequence[_Belief], grid: Array, values: Array
) -> tuple[Best, float, dict[_Belief, float]]:
    """The best size of the first of ``plans``, whose values on the grid must differ, that of the
    last, and that under every other belief; the search for so many begins on a few scales from end
    to end."""
    if np.ptp(values[0]) == 0:
        raise AnswerError(
            "no size is best: the scale moves nothing",
            where=question.scenario.name,
            allowed="a scenario whose programme spends after the valuation date",
        )
    sizes, heights = _peaks(question, plans, grid, values)
    beliefs, few = _beliefs(question), np.linspace(grid[0], grid[-1], _FEW)
    others, _ = _peaks(question, beliefs, few, _over(question, beliefs, few)[GO_FORWARD])
    found = dict(zip(beliefs, others.tolist(), strict=True))
    value = float(sizes[0])
    every = {plans[0]: value} | found
    low, high = min(every, key=every.__getitem__), max(every, key=every.__getitem__)
    best = Best(
        value=value,
        npv_go_forward=float(heights[0]),
        low=every[low],
        high=every[high],
        low_from=low.label,
        high_from=high.label,
        at_end=_at_end(value, grid),
    )
    return best, float(sizes[-1]), found


def _beliefs(question: Question) -> list[_Belief]:
    """Labelled readings of the response, both ends of one that is stated as a range; then each
    driver at each end of its range, but for ends that break a rule between assumptions."""
    scenario = question.scenario
    item = scenario[ELASTICITY]
    readings = [
        _Belief(f"{each.label} ({item.text(at)})", ELASTICITY, "reading", item.text(at), at)
        for each in belief_readings(question.project)
        if each.about == ELASTICITY
        for at in dict.fromkeys((each.low, each.high))
    ]
    moved = [
        _Belief(f"{item.name}: {end}", item.key, end, item.text(bound), at)
        for item in driver_items(scenario)
        for end, bound, at in zip(("low", "high"), (item.low, item.high), ends(item), strict=True)
    ]
    kept = question.valid(_draws(scenario, moved, np.array([1.0])))
    return [*readings, *compress(moved, kept)]


def _draws(scenario: Scenario, beliefs: Sequence[_Belief], scales: Array) -> dict[str, Array]:
    """Every belief at every scale, scales innermost: (beliefs x scales,) by key. ``scales`` is
    one list for all, or (beliefs, scales)."""
    grid = np.broadcast_to(scales, (len(beliefs), np.shape(scales)[-1]))
    own = {each.key: at_value(scenario[each.key]) for each in beliefs} | {_TALENT: 0.0}
    columns = {
        key: np.array([each.at if each.key == key else value for each in beliefs])
        for key, value in own.items()
    }
    return {
        _SCALE: grid.ravel(),
        **{key: np.repeat(column, grid.shape[1]) for key, column in columns.items()},
    }


def _over(question: Question, beliefs: Sequence[_Belief], scales: Array) -> dict[str, Array]:
    """Each output, (beliefs, scales)."""
    answers = question(_draws(question.scenario, beliefs, scales))
    shape = (len(beliefs), np.shape(scales)[-1])
    return {name: row.reshape(shape) for name, row in answers.items()}


def _peaks(
    question: Question, beliefs: Sequence[_Belief], grid: Array, values: Array
) -> tuple[Array, Array]:
    """The best scale of each curve and its value: the highest point of the grid, then of finer
    grids between its neighbours, then of the parabola through the three last points."""
    at = np.broadcast_to(grid, values.shape)
    for _ in range(_ROUNDS):
        row, top = np.arange(len(values)), np.argmax(values, axis=1)
        low = at[row, np.maximum(top - 1, 0)]
        high = at[row, np.minimum(top + 1, values.shape[1] - 1)]
        at = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _PARTS + 1)
        values = _over(question, beliefs, at)[GO_FORWARD]
    return vertex(at, values)


def vertex(at: Array, values: Array) -> tuple[Array, Array]:
    """Place and height of each row's peak: the vertex of the parabola through the highest point
    and its neighbours, the end where the highest point is one."""
    row, top = np.arange(len(values)), np.argmax(values, axis=1)
    middle = np.clip(top, 1, values.shape[1] - 2)
    step = at[row, middle + 1] - at[row, middle]
    before, here, after = (values[row, middle + by] for by in (-1, 0, 1))
    bend, slope = before - 2 * here + after, (after - before) / 2
    inside = (top == middle) & (bend < 0)
    move = np.where(inside, -slope / np.where(bend < 0, bend, 1.0), 0.0)
    best = np.where(inside, at[row, middle] + move * step, at[row, top])
    height = np.where(inside, here + slope * move / 2, values[row, top])
    return best, height


def _at_end(value: float, grid: Array) -> str:
    least, most = float(grid[0]), float(grid[-1])
    if value <= least:
        return (
            "The best size lies at the lower end of what was looked at: nothing beyond "
            "commitments and maintenance."
            if least == 0
            else f"The best size lies at the lower end of what was looked at, {least:g}."
        )
    if value >= most:
        return (
            f"The best size lies at the upper end of what was looked at, {most:g} times the "
            "plan: value still rises there."
        )
    return ""


def _sentence(best: Best, plan: Point, points: Sequence[Point]) -> str:
    """What a first page says: an end first, then the size, its range and the plan's value."""
    more = " or more" if best.high >= points[-1].scale else ""
    said = f"{best.at_end} " if best.at_end else ""
    said += (
        f"Go-forward NPV is largest at {best.value:.2f} times the plan ({best.low:.2f} to "
        f"{best.high:.2f}{more} over the evidence): {_bn(best.npv_go_forward)} there, "
        f"{_bn(plan.npv_go_forward)} at the plan."
    )
    people = points[0].npv_go_forward
    if points[0].scale == 0 and people <= -_BN:
        said += f" People who stay whatever the size cost {_bn(-people)} of both."
    return said


def _bn(value: float) -> str:
    return money(value / _BN)
