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
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from jcurve.analysis.correlation import Correlations, Pairing, achieved, copula, correlate
from jcurve.analysis.distributions import Distribution, distribution_of, year_distribution
from jcurve.analysis.question import Array, Question
from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.nodes import Place
from jcurve.assumptions.scenario import find
from jcurve.ground.errors import UsageError

Columns: TypeAlias = Sequence[tuple[str, Distribution]]

SCRAMBLES = 8  # Independent randomisations: enough for an error bar
UNIT = 2048  # Most draws in a unit: what is stored, resumed and sent to a process at a time
FIRST = 128  # Draws in the first unit of a scramble, from which units double
MIDDLE = 2.0**-31  # Sobol points stand on a grid of 2^-30; the middle of a cell is never 0 or 1
_MOST_DRAWS = 1 << 30
_ACHIEVED_AT = 1 << 14


@dataclass(frozen=True, slots=True)
class DrawRange:
    """A stretch of draws: numbers ``start`` to ``start + count - 1`` of one scramble."""

    scramble: int
    start: int
    count: int


@dataclass(frozen=True)
class Plan:
    """A simulation, complete: two equal plans give the same bytes."""

    question: Question  # the scenario whose assumptions are drawn, and the outputs kept
    level: int  # each scramble has ``2 ** level`` points
    scrambles: int = SCRAMBLES  # how many
    seed: int = 0  # of everything random
    keys: tuple[str, ...] = ()  # the drawn assumptions, in the scenario's order
    # wanted rank correlations, ((key, key), value); none where it is empty
    correlations: tuple[tuple[tuple[str, str], float], ...] = ()
    # one draw moves a path for all its years; otherwise each year is drawn by itself, which
    # understates risk where doubts last
    persistent: bool = True

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError("a seed is 0 or more", received=self.seed)
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

    def identity(self) -> dict[str, Any]:
        """What decides every draw and answer."""
        return {
            "draws": self.draws,
            "scenario": self.scenario.name,
            "hash": self.scenario.hash,
            "outputs": list(self.question.outputs),
            "seed": self.seed,
            "scrambles": self.scrambles,
            "keys": list(self.keys),
            "correlations": [[*pair, value] for pair, value in self.correlations],
            "persistent": self.persistent,
        }


def units(level: int, scrambles: int, above: int | None = None) -> Iterator[DrawRange]:
    """The units of so many scrambles of ``2 ** level`` points, scrambles taking turns, so that a
    part is balanced; ``above`` leaves out those of a lower level.

    They double up to a full unit, so that each lower level ends where a unit ends.
    """
    at, stop = 0, 1 << level
    start = 0 if above is None else 1 << above
    while at < stop:
        count = min(stop - at, UNIT, max(at, FIRST))
        if at >= start:
            for scramble in range(scrambles):
                yield DrawRange(scramble, at, count)
        at += count


def level_for(draws: int, scrambles: int = SCRAMBLES) -> int:
    """The level whose points times scrambles are at least ``draws``."""
    if not 1 <= draws <= _MOST_DRAWS:
        raise UsageError("not a number of draws", received=draws, allowed=f"1 to {_MOST_DRAWS:,}")
    if scrambles < 1:
        raise UsageError("not a number of scrambles", received=scrambles, allowed="1 or more")
    return math.ceil(math.log2(max(1.0, draws / scrambles)))


def varied(scenario: Scenario, vary: Sequence[str] | None = None) -> tuple[Assumption, ...]:
    """The assumptions that are drawn: those named, else all with a range that are not fixed.

    Args:
        vary: keys, or beginnings of keys.
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


class Joint:
    """Inputs that are drawn at once: each has its distribution, and some are correlated."""

    def __init__(self, columns: Columns, correlations: Correlations) -> None:
        self._dimensions = columns
        # of the inputs, in the order of their columns
        self.names = tuple(name for name, _ in columns)
        # which of them are correlated, and how their normal numbers are
        keys, self.normal = copula(correlations, self.names)
        self.at = np.array([self.names.index(key) for key in keys], dtype=np.intp)

    def correlated(self, u: Array) -> Array:
        """Independent probabilities, (scenarios, inputs), as correlated ones."""
        if not len(self.at):
            return u
        whole = u.copy()
        whole[:, self.at] = correlate(self.normal, u[:, self.at])
        return whole

    def draws(self, u: Array) -> dict[str, Array]:
        """Probabilities as draws, each (scenarios,), by input."""
        return {
            name: each(np.ascontiguousarray(u[:, at]))
            for at, (name, each) in enumerate(self._dimensions)
        }


def sobol(width: int, seed: int, scramble: int) -> Any:
    """The points of one scramble, in whose order every unit has its place."""
    from scipy.stats import qmc

    random = np.random.default_rng(np.random.SeedSequence([seed, scramble]))
    return qmc.Sobol(width, scramble=True, rng=random)


class Sampler:
    """The draws of a plan, by unit."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.joint = Joint(_dimensions(plan), dict(plan.correlations))
        self._engines: dict[int, tuple[Any, int]] = {}

    def draws(self, unit: DrawRange) -> dict[str, Array]:
        """The draws of a unit by name, each (count,)."""
        return self.joint.draws(self.joint.correlated(self.probabilities(unit)))

    def achieved(self) -> tuple[Pairing, ...]:
        """The rank correlations that the draws of the first scramble have."""
        count = min(1 << self.plan.level, _ACHIEVED_AT)
        if count < 2 or not self.plan.correlations:
            return ()
        drawn = [self.draws(unit) for unit in units(int(math.log2(count)), 1)]
        keys = {key for pair, _ in self.plan.correlations for key in pair}
        whole = {key: np.concatenate([part[key] for part in drawn]) for key in keys}
        return achieved(dict(self.plan.correlations), whole)

    def probabilities(self, unit: DrawRange) -> Array:
        """Independent numbers inside 0 and 1, (count, dimensions)."""
        width = len(self.joint.names)
        engine, at = self._engines.pop(unit.scramble, (None, 0))
        if engine is None or at > unit.start:
            engine, at = sobol(width, self.plan.seed, unit.scramble), 0
        if at < unit.start:
            engine.fast_forward(unit.start - at)
        made = engine.random(unit.count)
        self._engines[unit.scramble] = engine, unit.start + unit.count
        return np.asarray(made + MIDDLE)


def _dimensions(plan: Plan) -> Columns:
    """What is drawn: name and distribution of each dimension."""
    found: list[tuple[str, Distribution]] = []
    for item in (plan.scenario[key] for key in plan.keys):
        if plan.persistent or not isinstance(item.value, Path):
            found.append((item.key, distribution_of(item)))
            continue
        for year in plan.question.years:
            if (own := year_distribution(item, year)) is not None:
                found.append((f"{item.key}.{year}", own))
    return found
