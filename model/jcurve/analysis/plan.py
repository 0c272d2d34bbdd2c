"""What a simulation is: which assumptions are drawn, how, and with which points.

Scrambled Sobol points fill the space of the draws more evenly than random ones, so an
estimate of a mean needs far fewer. Each scramble is an independent randomisation of the same
points, and the scatter between scrambles is the error of the estimate.

Points come in units, each a stretch of one scramble that is the same whatever evaluates it:
every draw is a function of the seed, the scramble and its number alone.

Source: A. B. Owen, "Scrambled net variance for integrals of smooth functions" (1997).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from jcurve.analysis.correlation import Copula, Correlations, Pairing, achieved, copula
from jcurve.analysis.distributions import Distribution, distribution_of, year_distribution
from jcurve.analysis.question import Array, Question
from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.nodes import Place
from jcurve.assumptions.scenario import find
from jcurve.ground.errors import UsageError

__all__ = [
    "FIRST",
    "SCRAMBLES",
    "UNIT",
    "Plan",
    "Points",
    "Sampler",
    "Unit",
    "level_for",
    "units",
    "varied",
]

Points: TypeAlias = Literal["sobol", "random"]

SCRAMBLES = 8
"""Independent randomisations: enough for an error bar."""
UNIT = 2048
"""Most draws in a unit: what is stored, resumed and sent to a process at a time."""
FIRST = 128
"""Draws in the first unit of a scramble, from which units double."""
_MOST_DRAWS = 1 << 30
_ACHIEVED_AT = 1 << 14


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of draws: numbers ``start`` to ``start + count - 1`` of one scramble."""

    scramble: int
    start: int
    count: int


@dataclass(frozen=True)
class Plan:
    """A simulation, complete: two equal plans give the same bytes.

    Attributes:
        question: the scenario whose assumptions are drawn, and the outputs kept.
        level: each scramble has ``2 ** level`` points.
        scrambles: how many.
        seed: of everything random.
        keys: the drawn assumptions, in the scenario's order.
        correlations: wanted rank correlations, ((key, key), value); none where it is empty.
        persistent: one draw moves a path for all its years. Otherwise each year is drawn by
            itself, which understates risk where doubts last.
        points: ``sobol`` or ``random``.
    """

    question: Question
    level: int
    scrambles: int = SCRAMBLES
    seed: int = 0
    keys: tuple[str, ...] = ()
    correlations: tuple[tuple[tuple[str, str], float], ...] = ()
    persistent: bool = True
    points: Points = "sobol"

    def __post_init__(self) -> None:
        if self.scrambles < 1 or self.level < 0:
            raise UsageError("a plan without points", received=(self.scrambles, self.level))
        if self.seed < 0:
            raise UsageError("a seed is 0 or more", received=self.seed)
        if self.points not in ("sobol", "random"):
            raise UsageError("unknown points", received=self.points, allowed="sobol, random")
        if not self.keys:
            raise UsageError("nothing varies in this simulation", received=self.scenario.name)

    @property
    def scenario(self) -> Scenario:
        """The scenario around which the draws lie."""
        return self.question.scenario

    @property
    def draws(self) -> int:
        """How many scenarios."""
        return self.scrambles << self.level

    def at_level(self, level: int) -> Plan:
        """The same points, of which another power of two is used."""
        return replace(self, level=level)

    def units(self, above: int | None = None) -> Iterator[Unit]:
        """The units of the plan, scrambles taking turns, so that a part is balanced.

        Args:
            above: leave out those of the plan at this lower level.
        """
        return units(self.level, self.scrambles, above)

    def identity(self) -> dict[str, Any]:
        """What decides every draw and answer, apart from how many there are."""
        return {
            "scenario": self.scenario.name,
            "hash": self.scenario.hash,
            "outputs": list(self.question.outputs),
            "company": self.question.company,
            "seed": self.seed,
            "scrambles": self.scrambles,
            "keys": list(self.keys),
            "correlations": [[*pair, value] for pair, value in self.correlations],
            "persistent": self.persistent,
            "points": self.points,
        }


def units(level: int, scrambles: int, above: int | None = None) -> Iterator[Unit]:
    """The units of so many scrambles of ``2 ** level`` points; see :meth:`Plan.units`.

    They double up to a full unit, so that each lower level ends where a unit ends.
    """
    at, stop = 0, 1 << level
    start = 0 if above is None else 1 << above
    while at < stop:
        count = min(stop - at, UNIT, max(at, FIRST))
        if at >= start:
            for scramble in range(scrambles):
                yield Unit(scramble, at, count)
        at += count


def level_for(draws: int, scrambles: int = SCRAMBLES) -> int:
    """The level whose points times scrambles are at least ``draws``.

    Raises:
        UsageError: no draws, no scrambles, or more than a thousand million draws.
    """
    if not 1 <= draws <= _MOST_DRAWS:
        raise UsageError("not a number of draws", received=draws, allowed=f"1 to {_MOST_DRAWS:,}")
    if scrambles < 1:
        raise UsageError("not a number of scrambles", received=scrambles, allowed="1 or more")
    return math.ceil(math.log2(max(1.0, draws / scrambles)))


def varied(scenario: Scenario, vary: Sequence[str] | None = None) -> tuple[Assumption, ...]:
    """The assumptions that are drawn: those named, else all with a range that are not fixed.

    Args:
        scenario: of which.
        vary: keys, or beginnings of keys.

    Raises:
        ScenarioError: a name that is no assumption, or one from which nothing can be drawn.
    """
    if vary is None:
        return tuple(
            item
            for item in scenario.items
            if not item.derived
            and item.distribution != "fixed"
            and (item.has_range or item.outcomes)
        )
    wanted: set[str] = set()
    for part in vary:
        below = [item.key for item in scenario.items if item.key.startswith(f"{part}.")]
        if below and part not in scenario:
            open_ones = [
                key
                for key in below
                if scenario[key].distribution != "fixed" and not scenario[key].derived
            ]
            wanted.update(open_ones or below)
        else:
            found, _ = find(part, scenario.assumptions, scenario.mixes, Place("vary"))
            wanted.add(found.key)
    chosen = tuple(item for item in scenario.items if item.key in wanted)
    for item in chosen:
        distribution_of(item)
    return chosen


class Sampler:
    """The draws of a plan, by unit."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._engines: dict[int, tuple[Any, int]] = {}

    @cached_property
    def columns(self) -> tuple[tuple[str, Distribution], ...]:
        """What is drawn: name and distribution of each dimension."""
        found: list[tuple[str, Distribution]] = []
        for key in self.plan.keys:
            item = self.plan.scenario[key]
            if self.plan.persistent or not isinstance(item.value, Path):
                found.append((key, distribution_of(item)))
                continue
            for year in self.plan.question.years:
                own = year_distribution(item, year)
                if own is not None:
                    found.append((f"{key}.{year}", own))
        return tuple(found)

    @cached_property
    def copula(self) -> Copula | None:
        """How the draws hang together; None when they do not."""
        return copula(self.correlations, [name for name, _ in self.columns])

    @property
    def correlations(self) -> Correlations:
        """Wanted rank correlations by pair."""
        return dict(self.plan.correlations)

    def draws(self, unit: Unit) -> dict[str, Array]:
        """The draws of a unit by name, each (count,)."""
        u = self.probabilities(unit)
        names = [name for name, _ in self.columns]
        if self.copula is not None:
            at = [names.index(key) for key in self.copula.keys]
            u[:, at] = self.copula.correlate(u[:, at])
        return {
            name: each.quantile(np.ascontiguousarray(u[:, at]))
            for at, (name, each) in enumerate(self.columns)
        }

    def achieved(self) -> tuple[Pairing, ...]:
        """The rank correlations that the draws of the first scramble have."""
        count = min(1 << self.plan.level, _ACHIEVED_AT)
        if count < 2 or not self.plan.correlations:
            return ()
        keys = {key for pair, _ in self.plan.correlations for key in pair}
        parts = [
            {key: drawn for key, drawn in self.draws(unit).items() if key in keys}
            for unit in self.plan.at_level(int(math.log2(count))).units()
            if unit.scramble == 0
        ]
        whole = {key: np.concatenate([part[key] for part in parts]) for key in keys}
        return achieved(self.correlations, whole)

    def probabilities(self, unit: Unit) -> Array:
        """Independent numbers inside 0 and 1, (count, dimensions)."""
        width = len(self.columns)
        if self.plan.points == "random":
            seed = np.random.SeedSequence([self.plan.seed, unit.scramble, unit.start])
            return np.random.Generator(np.random.Philox(seed)).random((unit.count, width)) + 2**-54
        from scipy.stats import qmc

        engine, at = self._engines.pop(unit.scramble, (None, 0))
        if engine is None or at > unit.start:
            seed = np.random.SeedSequence([self.plan.seed, unit.scramble])
            engine, at = qmc.Sobol(width, scramble=True, rng=np.random.default_rng(seed)), 0
        if at < unit.start:
            engine.fast_forward(unit.start - at)
        made = engine.random(unit.count)
        self._engines[unit.scramble] = engine, unit.start + unit.count
        # Points stand on a grid of 2^-30; the middle of a cell is never 0 or 1.
        return np.asarray(made + 2.0**-31)
