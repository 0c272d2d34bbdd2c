"""Which doubts the spread of an output comes from, over the whole of their ranges.

Sobol indices split the variance of an output when its inputs are independent: the first
order is what an input explains by itself, the total what would be left without knowing it.
When inputs are correlated those parts overlap and no longer sum to the whole; Shapley effects
share it out instead, and always sum to one.

Inputs are groups of assumptions; inside a group they may be correlated. Every estimate comes
with the half width of its 95 % interval from independent scrambles.

Sources: A. Saltelli et al., "Variance based sensitivity analysis of model output" (2010), for
the first order; M. Jansen (1999) for the total; E. Song, B. Nelson and J. Staum, "Shapley
effects for global sensitivity analysis" (2016), with A. Owen and C. Prieur (2017).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jcurve.analysis import shapley
from jcurve.analysis.correlation import Copula, Correlations, copula, factor
from jcurve.analysis.distributions import Distribution
from jcurve.analysis.question import Array, Ask
from jcurve.analysis.risk import Estimate, estimate
from jcurve.ground.errors import AnswerError, UsageError

__all__ = ["MOST_GROUPS", "Importance", "Part", "shapley_effects", "sobol_indices"]

Columns = Sequence[tuple[str, Distribution]]
Groups = Mapping[str, Sequence[str]]

MOST_GROUPS = 8
"""Shapley effects evaluate every one of 2^n combinations of groups."""
_SCRAMBLES = 8
_LEVEL = 7


@dataclass(frozen=True, slots=True)
class Part:
    """What one group explains of the variance, as shares of it.

    Attributes:
        group: its name.
        keys: its assumptions.
        first, total: Sobol indices; None for Shapley effects.
        effect: Shapley effect; None for Sobol indices.
    """

    group: str
    keys: tuple[str, ...]
    first: Estimate | None = None
    total: Estimate | None = None
    effect: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Importance:
    """Where the variance of an output comes from.

    Attributes:
        output: of what.
        method: ``sobol`` or ``shapley``.
        sd: of the output.
        parts: by group, in the order given.
        evaluated: scenarios.
    """

    output: str
    method: str
    sd: Estimate
    parts: tuple[Part, ...]
    evaluated: int


def sobol_indices(
    ask: Ask,
    output: str,
    columns: Columns,
    groups: Groups | None = None,
    *,
    correlations: Correlations | None = None,
    level: int = _LEVEL,
    scrambles: int = _SCRAMBLES,
    seed: int = 0,
) -> Importance:
    """First-order and total indices of independent groups of inputs.

    Args:
        ask: the question; must answer everywhere.
        output: a single value of it.
        columns: each input and its distribution.
        groups: inputs by name of a group; None for each by itself.
        correlations: rank correlations inside groups, by a Gaussian copula; none between two.
        level: each scramble has ``2 ** level`` points, evaluated once a group and twice more.
        scrambles: for the error, at least 2.
        seed: of the points.

    Raises:
        UsageError: inputs correlated between groups, or groups that are no partition of the
            inputs.
        AnswerError: the output has no answer somewhere, or does not vary.
    """
    members = _partition(columns, groups)
    names = [name for name, _ in columns]
    home = {names[at]: group for group, own in members.items() for at in own}
    for (one, other), value in (correlations or {}).items():
        if home.get(one) != home.get(other):
            raise UsageError(
                "Sobol indices need independent groups: what correlated ones explain overlaps",
                received=f"{one} with {other} {value:g}",
                allowed="Shapley effects, both in one group, or no correlations",
            )
    made = copula(correlations or {}, names)
    width = len(columns)
    spreads: list[float] = []
    firsts: list[Array] = []
    totals: list[Array] = []
    for u in _points(2 * width, level, scrambles, seed):
        # Groups are independent, so that those of one draw go with those of another.
        a, b = (_correlated(part, made, names) for part in (u[:, :width], u[:, width:]))
        f_a, f_b = (_values(ask, output, columns, part) for part in (a, b))
        middle = (f_a.mean() + f_b.mean()) / 2.0
        variance = _variance(np.concatenate([f_a, f_b]), output)
        first, total = np.empty(len(members)), np.empty(len(members))
        for at, own in enumerate(members.values()):
            mixed = a.copy()
            mixed[:, own] = b[:, own]
            f_mixed = _values(ask, output, columns, mixed)
            first[at] = np.mean((f_b - middle) * (f_mixed - f_a)) / variance
            total[at] = np.mean((f_a - f_mixed) ** 2) / (2.0 * variance)
        spreads.append(math.sqrt(variance))
        firsts.append(first)
        totals.append(total)
    shares = {"first": firsts, "total": totals}
    evaluated = (len(members) + 2) * (scrambles << level)
    return _importance(output, "sobol", spreads, columns, members, shares, evaluated)


def shapley_effects(
    ask: Ask,
    output: str,
    columns: Columns,
    groups: Groups | None = None,
    *,
    correlations: Correlations | None = None,
    level: int = _LEVEL,
    scrambles: int = _SCRAMBLES,
    seed: int = 0,
) -> Importance:
    """Shapley effects of groups of inputs, correlated or not; they sum to one.

    What a set of groups is worth is the variance of the output's expectation given them. It is
    the covariance of two answers that share those groups and are drawn anew, given them, in
    the rest.

    Args:
        ask, output, columns, groups, scrambles, seed: see :func:`sobol_indices`.
        correlations: rank correlations, by a Gaussian copula.
        level: each scramble has ``2 ** level`` points, evaluated once for each of the
            ``2 ** groups`` sets.

    Raises:
        UsageError: too many groups, or see :func:`sobol_indices`.
        AnswerError: the output has no answer somewhere, or does not vary.
    """
    members = _partition(columns, groups)
    count = len(members)
    if count > MOST_GROUPS:
        raise UsageError(
            "Shapley effects of more groups than are evaluated in full",
            received=f"{count} groups",
            allowed=f"{MOST_GROUPS} at most; name fewer groups",
        )
    names = [name for name, _ in columns]
    made = copula(correlations or {}, names)
    width = len(columns)
    effects: list[Array] = []
    spreads: list[float] = []
    for u in _points(2 * width, level, scrambles, seed):
        own, fresh = u[:, :width], u[:, width:]
        first = _correlated(own, made, names)
        f_first = _values(ask, output, columns, first)
        variance = _variance(f_first, output)
        worth = np.zeros(1 << count)
        worth[-1] = variance
        for mask in range(1, (1 << count) - 1):
            kept = np.zeros(width, dtype=bool)
            for at, inputs in enumerate(members.values()):
                kept[inputs] = bool(mask >> at & 1)
            second = _given(first, fresh, kept, made, names)
            f_second = _values(ask, output, columns, second)
            worth[mask] = _covariance(f_first, f_second)
        effects.append(shapley.exact(worth, count) / variance)
        spreads.append(math.sqrt(variance))
    shares = {"effect": effects}
    evaluated = ((1 << count) - 1) * (scrambles << level)
    return _importance(output, "shapley", spreads, columns, members, shares, evaluated)


def _importance(
    output: str,
    method: str,
    spreads: Sequence[float],
    columns: Columns,
    members: Mapping[str, Sequence[int]],
    shares: Mapping[str, Sequence[Array]],
    evaluated: int,
) -> Importance:
    """What the scrambles say together; ``shares`` by kind, of each scramble by group."""
    names = [name for name, _ in columns]
    parts = tuple(
        Part(
            group,
            tuple(names[i] for i in own),
            **{
                kind: estimate([float(each[at]) for each in found])
                for kind, found in shares.items()
            },
        )
        for at, (group, own) in enumerate(members.items())
    )
    return Importance(output, method, estimate(spreads), parts, evaluated)


def _partition(columns: Columns, groups: Groups | None) -> dict[str, list[int]]:
    place = {name: at for at, (name, _) in enumerate(columns)}
    if not place:
        raise UsageError("nothing varies")
    if groups is None:
        return {name: [at] for name, at in place.items()}
    seen: dict[str, str] = {}
    for group, keys in groups.items():
        for key in keys:
            if key not in place:
                raise UsageError("a group of what does not vary", received=f"{group}: {key}")
            if seen.setdefault(key, group) != group:
                raise UsageError("an input in two groups", received=key)
    missing = [name for name in place if name not in seen]
    if missing:
        raise UsageError("an input in no group", received=missing[0])
    return {group: [place[key] for key in keys] for group, keys in groups.items() if keys}


def _points(width: int, level: int, scrambles: int, seed: int) -> Iterator[Array]:
    """Scrambled Sobol points, (2 ** level, width), one set a scramble."""
    if scrambles < 2 or level < 1:
        raise UsageError(
            "two scrambles or more of two points or more are needed for an error bar",
            received=f"{scrambles} scrambles of {1 << max(level, 0)} points",
        )
    from scipy.stats import qmc

    for scramble in range(scrambles):
        random = np.random.default_rng(np.random.SeedSequence([seed, scramble]))
        yield qmc.Sobol(width, scramble=True, rng=random).random(1 << level) + 2.0**-31


def _values(ask: Ask, output: str, columns: Columns, u: Array) -> Array:
    draws = {
        name: each.quantile(np.ascontiguousarray(u[:, at]))
        for at, (name, each) in enumerate(columns)
    }
    found = np.broadcast_to(ask(draws)[output], (len(u),))
    if np.isnan(found).any():
        raise AnswerError(
            f"{output} has no answer in {np.mean(np.isnan(found)):.1%} of draws",
            allowed="an output that has one everywhere, such as npv",
        )
    return found


def _variance(values: Array, output: str) -> float:
    variance = float(np.var(values))
    if not variance > 0.0:
        raise AnswerError(f"{output} does not vary with these inputs")
    return variance


def _covariance(one: Array, other: Array) -> float:
    middle = (one.mean() + other.mean()) / 2.0
    return float(np.mean((one - middle) * (other - middle)))


def _correlated(u: Array, made: Copula | None, names: Sequence[str]) -> Array:
    if made is None:
        return u
    at = [names.index(key) for key in made.keys]
    whole = u.copy()
    whole[:, at] = made.correlate(u[:, at])
    return whole


def _given(
    first: Array,
    fresh: Array,
    kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    made: Copula | None,
    names: Sequence[str],
) -> Array:
    """Inputs as in ``first`` where kept, and drawn anew given those elsewhere."""
    second = np.where(kept, first, fresh)
    if made is None:
        return second
    from scipy.special import ndtr, ndtri

    at = np.array([names.index(key) for key in made.keys])
    known = kept[at]
    if known.all():
        return second
    inner, free = np.flatnonzero(known), np.flatnonzero(~known)
    cross = made.normal[np.ix_(free, inner)]
    # A pseudo-inverse: inputs that fix one another leave nothing to divide by.
    weight = cross @ np.linalg.pinv(made.normal[np.ix_(inner, inner)], rcond=1e-10)
    left = made.normal[np.ix_(free, free)] - weight @ cross.T
    z = ndtri(fresh[:, at[free]]) @ factor(left).T
    if len(inner):
        z = z + ndtri(first[:, at[inner]]) @ weight.T
    second[:, at[free]] = np.clip(ndtr(z), np.finfo(float).tiny, 1.0 - 2.0**-53)
    return second
