"""What must be true: the value of one assumption at which an output meets its target.

"No value in its bounds does it" is an answer. Beside each answer stands the range that the
evidence gives that assumption: an answer inside it is *plausible*; up to as far again from
the value as the range's end is a *stretch*; anything further is *outside*. Range and verdict are
those of the assumption book: what a scenario or an override sets since moves neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jcurve.analysis.distributions import in_year
from jcurve.analysis.goal import Goal, parse_goal
from jcurve.analysis.question import Answers, Array, Question, by_halves
from jcurve.analysis.roots import Crossing, Lanes, crossings, scan_points
from jcurve.analysis.sensitivity import at_value, ends
from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.batch import position
from jcurve.assumptions.nodes import Place
from jcurve.assumptions.scenario import find
from jcurve.ground.errors import ModelError, UsageError
from jcurve.ground.project import Project

_WHOLE_UNITS = ("date", "switch")
_POINTS = 17  # Of a frontier, low and high among them
_STRETCH = 2.0
"""How far a stretch goes, in distances from the value to the end of its range: judgement."""
_FURTHEST = 10.0
"""How far a path is moved, in distances from its value to its low or high path: judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What one assumption must be."""

    key: str  # key, label, unit: the assumption
    label: str
    unit: str
    goal: str  # the target in words
    # what it must be: the value nearest to the present one, or the position of a path (1 is its
    # high path); None when no value does it, or every value does
    value: float | None = None
    text: str = ""  # the value for a reader, a path point by point
    # on which side of the value the target is passed: ``at or above``, ``at or below``
    direction: str = ""
    reason: str = ""  # why there is no value, in words
    # without a value, where in the bounds the output comes nearest to the target
    nearest: str = ""
    nearest_output: float = math.nan  # the output there; NaN where it has no answer
    present: str  # the present value for a reader
    others: tuple[float, ...] = ()  # further values that do it
    jumps: bool = False  # the output leaps over the target there instead of passing through it
    output: float = math.nan  # at the value
    # low, high: the range of the evidence in the assumption book for a reader, empty where none is
    # stated
    low: str
    high: str
    standing: str = ""  # ``plausible``, ``stretch``, ``outside``; empty without a value or a range
    kind: str  # kind, source: what that range rests on
    source: tuple[str, ...]
    failed: int  # scanned values at which the model has no answer at all


@dataclass(frozen=True, slots=True)
class Frontier:
    """Pairs of two assumptions that meet a target together."""

    goal: str
    across: str  # across, down: keys
    down: str
    xs: Array  # draws of ``across``, (points,)
    ys: Array  # what ``down`` must be at each, NaN where no value in its bounds does it
    # of each of ``ys``, empty without a value; ``xs`` lie inside their range
    standings: tuple[str, ...]
    reasons: tuple[str, ...]  # why there is no value, by point
    texts: tuple[str, ...]  # ``ys`` for a reader, a path point by point; empty without a value


def solve(
    scenario: Scenario, key: str, target: str = "npv=0", *, project: Project | None = None
) -> Solution:
    """What an assumption must be for an output to meet a target.

    Args:
        scenario: all else.
        key: the assumption; ``key.2027`` for one year of a path.
        target: see :mod:`jcurve.analysis.goal`.

    Raises:
        ScenarioError: there is no such assumption, or it is the remainder of a mix.
        UsageError: no such target, or an assumption that cannot be searched.
    """
    (found,) = _Search(scenario, key, target, project).run({}, 1)
    return found


def frontier(
    scenario: Scenario,
    key: str,
    against: str,
    target: str = "npv=0",
    *,
    project: Project | None = None,
) -> Frontier:
    """What one assumption must be for each value of another, over the other's range.

    Args:
        scenario, key, target, project: see :func:`solve`.
        against: the other assumption, which needs a range.

    Raises:
        UsageError: see :func:`solve`; or ``against`` has no range or is ``key``.
    """
    search = _Search(scenario, key, target, project)
    other = scenario[against]
    if other.key == search.item.key or not other.has_range:
        raise UsageError("a frontier is over a second assumption with a range", received=against)
    xs = np.linspace(*ends(other), _POINTS)
    solutions = search.run({other.key: xs}, _POINTS)
    return Frontier(
        goal=search.goal.text,
        across=other.key,
        down=search.name,
        xs=xs,
        ys=np.array([np.nan if each.value is None else each.value for each in solutions]),
        standings=tuple(each.standing for each in solutions),
        reasons=tuple(each.reason for each in solutions),
        texts=tuple(each.text for each in solutions),
    )


def standing(book: Assumption, value: Array) -> str:
    """Where values lie to the evidence's range of their assumption; empty where it has none.

    Args:
        book: the assumption as the assumption book has it (:attr:`Assumption.book`).
        value: (periods,), or (1,) for one value at all dates; the verdict is that of the period
            that lies furthest out.
    """
    if not book.has_range:
        return ""
    middle, low, high = book.row(), book.lows(), book.highs()
    # A path by year beside one by quarter: a year's value stands in each of its quarters.
    most = max(len(middle), len(value))
    middle, low, high, value = (
        np.repeat(row, most // len(row)) for row in (middle, low, high, value)
    )
    reach = np.where(value >= middle, high - middle, middle - low)
    away, slack = np.abs(value - middle), 1e-12 * np.maximum(1.0, np.abs(middle))
    if (away <= reach + slack).all():
        return "plausible"
    return "stretch" if (away <= _STRETCH * reach + slack).all() else "outside"


class _Search:
    """One assumption, the values it may take, and how far the output is from the target."""

    def __init__(self, scenario: Scenario, key: str, target: str, project: Project | None) -> None:
        found, period = find(key, scenario.assumptions, scenario.mixes, Place("solve"))
        self.name = f"{found.key}.{period}" if period else found.key
        case = Question.of(scenario, (), project).case
        self.goal: Goal = parse_goal(target, case)
        self.question = Question.of(scenario, self.goal.outputs, project)
        self.failed = 0
        years = case.assembly.timeline.years
        if period and not (period.isdecimal() and int(period) in years):
            raise UsageError(
                "a search moves a whole year",
                received=key,
                allowed=f"{found.key}.{years[0]} to {found.key}.{years[-1]}",
            )
        # One year of a path is searched as if it were an assumption of one value.
        self.item = _in_year(found, period) if period else found
        self.book = _in_year(found.book, period) if period else found.book
        self._is_whole = self.item.unit in _WHOLE_UNITS
        self.low, self.high = self._interval()

    def run(self, fixed: dict[str, Array], lanes: int) -> list[Solution]:
        """The solution in each lane of another assumption."""

        def measured(points: Array, lane: Lanes) -> Array:
            draws = {self.name: points} | {key: values[lane] for key, values in fixed.items()}
            # A member of a mix that leaves less than nothing is no value it can have.
            wrong = self.question.overfull(draws) | ~self.question.valid(draws)
            kept = ~np.broadcast_to(wrong, points.shape)
            measures = np.full(points.shape, np.nan)
            if kept.any():
                chosen = {key: values[kept] for key, values in draws.items()}
                answers = by_halves(self.question, chosen, self._refused)
                found = self.goal.measure(answers, chosen)
                measures[kept] = np.broadcast_to(found, (int(kept.sum()),))
            return measures

        points = self._scanned()
        found, values = crossings(measured, points, lanes, whole=self._is_whole)
        return [
            self._solution([each for each in found if each.lane == lane], points, values[:, lane])
            for lane in range(lanes)
        ]

    def _refused(self, at: int, error: ModelError) -> Answers:
        """At the far ends of the bounds some scenarios have no answer in the model."""
        self.failed += 1
        whole = len(self.question.case.assembly.timeline)
        return {
            name: np.full((whole, 1) if name.endswith(":quarter") else 1, np.nan)
            for name in self.question.outputs
        }

    def _solution(self, found: Sequence[Crossing], points: Array, values: Array) -> Solution:
        """The crossing nearest to the present value, or why there is none."""
        item, book, present = self.item, self.book, at_value(self.item)
        made = Solution(
            key=self.name,
            label=item.label,
            unit=item.unit,
            goal=self.goal.text,
            present=self._for_reader(present),
            low="" if book.low is None else item.text(book.low),
            high="" if book.high is None else item.text(book.high),
            kind=book.kind,
            source=book.source,
            failed=self.failed,
        )
        if found:
            best, *rest = sorted(found, key=lambda each: abs(each.at - present))
            return replace(
                made,
                value=best.at,
                text=self._for_reader(best.at),
                direction="at or above" if best.rises else "at or below",
                others=tuple(sorted({each.at for each in rest})),
                jumps=best.jumps,
                output=self._output(best.at),
                standing=standing(book, self._at_periods(best.at)),
            )
        known = values[~np.isnan(values)]
        if known.size == 0:
            return replace(made, reason="the output has no answer anywhere in its bounds")
        if (known == 0.0).all() or (self.goal.is_bound and (known >= 0.0).all()):
            return replace(made, reason="every value in its bounds does it")
        made = replace(made, reason="no value in its bounds does it")
        if np.isinf(known).all():
            return made
        at = float(points[np.argmin(np.where(np.isfinite(values), np.abs(values), np.inf))])
        return replace(made, nearest=self._for_reader(at), nearest_output=self._output(at))

    def _interval(self) -> tuple[float, float]:
        item = self.item
        if (item.shape == "changes" and not item.has_range) or item.bounds is None:
            raise UsageError(
                "no search over a list of changes without a range, or a choice", received=item.key
            )
        floor, ceiling = item.bounds
        if not isinstance(item.value, Path):
            return floor, ceiling
        if not item.has_range:
            raise UsageError(
                "a path without a range is not moved as one",
                received=item.key,
                allowed=f"one of its years, such as {item.key}.2027",
            )
        row, lows, highs = item.row(), item.lows(), item.highs()
        up = _furthest(ceiling - row, highs - row)
        return -_furthest(row - floor, row - lows), up

    def _scanned(self) -> Array:
        if self._is_whole:
            return np.arange(round(self.low), round(self.high) + 1, dtype=np.float64)
        near = ends(self.item) if self.item.has_range else None
        return np.union1d(scan_points(self.low, self.high, near), [at_value(self.item)])

    def _at_periods(self, at: float) -> Array:
        """The values that a draw stands for: one, or one a period of a path."""
        drawn = np.array([at])
        return position(self.item, drawn)[:, 0] if isinstance(self.item.value, Path) else drawn

    def _output(self, at: float) -> float:
        asked = Question.of(self.question.scenario, self.goal.shown, self.question.project)
        row = asked({self.name: np.array([at])})[self.goal.shown]
        if row.ndim > 1:
            return float(self.goal.measure({self.goal.shown: row}, {})[0])
        return float(row[0])

    def _for_reader(self, at: float) -> str:
        path = self.item.value
        if not isinstance(path, Path):
            return self.item.text(at)
        moved = self._at_periods(at)
        points = tuple((p, float(moved[p - path.first])) for p in path.periods)
        return self.item.text(Path(path.by, path.between, points))


def _in_year(item: Assumption, year: str) -> Assumption:
    """An assumption with its value and range of one year."""
    whole = {"value": item.value, "low": item.low, "high": item.high}
    changed: dict[str, Any] = {
        name: in_year(path, int(year)) for name, path in whole.items() if isinstance(path, Path)
    }
    return replace(item, **changed)


def _furthest(room: Array, step: Array) -> float:
    """How many steps until every period with a step has used up its room."""
    moves = step > 0.0
    if not moves.any():
        return 0.0
    return float(min(_FURTHEST, np.max(room[moves] / step[moves])))
