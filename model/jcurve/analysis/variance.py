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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from jcurve.analysis import shapley
from jcurve.analysis.correlation import (
    Correlations,
    among,
    correlations_on_file,
    factor,
    groups_on_file,
)
from jcurve.analysis.distributions import distribution_of
from jcurve.analysis.question import MANY, Answers, Array, Ask, Draws, Mask, Question
from jcurve.analysis.risk_measures import Estimate, estimate
from jcurve.analysis.sampling import MIDDLE, Columns, Joint, sobol, varied
from jcurve.analysis.sensitivity import tornado
from jcurve.assumptions import Scenario
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.project import Project

Method: TypeAlias = Literal["sobol", "shapley"]
Groups = Mapping[str, Sequence[str]]

MOST_GROUPS = 8  # Shapley effects evaluate every one of 2^n combinations of groups
REST = "everything else"  # The group of what does not lead
_SCRAMBLES = 8
_LEVEL = 7


@dataclass(frozen=True, slots=True)
class Part:
    """What one group explains of the variance, as shares of it, by the method that was used."""

    group: str
    keys: tuple[str, ...]
    first: Estimate | None = None
    total: Estimate | None = None
    effect: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Importance:
    """Where the variance of an output comes from."""

    output: str
    method: str  # ``sobol`` or ``shapley``
    sd: Estimate  # of the output
    parts: tuple[Part, ...]  # by group, in the order given
    evaluated: int  # scenarios


def importance(
    method: Method,
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
    """Sobol indices of independent groups of inputs, or Shapley effects of any.

    Args:
        method: ``sobol`` for the first order and the total, ``shapley`` for effects.
        ask: the question; must answer everywhere.
        output: a single value of it.
        columns: each input and its distribution.
        groups: inputs by name of a group; None for each by itself.
        correlations: rank correlations by a Gaussian copula; between groups for effects alone.
        level: each scramble has ``2 ** level`` points, evaluated once a group and twice more for
            indices, once for each of the ``2 ** groups`` sets for effects.
        scrambles: for the error, at least 2.
        seed: of the points.
    """
    place = {name: at for at, (name, _) in enumerate(columns)}
    if not place:
        raise UsageError("nothing varies")
    members = {
        group: [place[key] for key in keys]
        for group, keys in (groups or {name: [name] for name in place}).items()
    }
    count = len(members)
    home = {columns[at][0]: group for group, own in members.items() for at in own}
    if method == "sobol":
        for (one, other), value in (correlations or {}).items():
            if home.get(one) != home.get(other):
                raise UsageError(
                    "Sobol indices need independent groups: what correlated ones explain overlaps",
                    received=f"{one} with {other} {value:g}",
                    allowed="Shapley effects, both in one group, or no correlations",
                )
    elif count > MOST_GROUPS:
        raise UsageError(
            "Shapley effects of more groups than are evaluated in full",
            received=f"{count} groups",
            allowed=f"{MOST_GROUPS} at most; name fewer groups",
        )
    inputs = _Inputs(ask, output, Joint(columns, correlations or {}), members)
    measured = inputs.indices if method == "sobol" else inputs.effects
    width = len(columns)
    found = []
    for scramble in range(scrambles):
        u = sobol(2 * width, seed, scramble).random(1 << level) + MIDDLE
        found.append(measured(u[:, :width], u[:, width:]))
    parts = tuple(
        Part(
            group,
            tuple(columns[i][0] for i in own),
            **{
                kind: estimate([float(shares[kind][at]) for _, shares in found])
                for kind in found[0][1]
            },
        )
        for at, (group, own) in enumerate(members.items())
    )
    spread = estimate([math.sqrt(variance) for variance, _ in found])
    sets = count + 2 if method == "sobol" else (1 << count) - 1
    return Importance(output, method, spread, parts, sets * (scrambles << level))


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What varies, in groups, and the output that is asked for.

    Either measure takes two sets of independent points and gives the variance of the output and
    the shares of each group by kind.
    """

    ask: Ask
    output: str
    joint: Joint
    members: Mapping[str, list[int]]

    def indices(self, own: Array, fresh: Array) -> tuple[float, dict[str, Array]]:
        """First-order and total indices. Groups are independent, so that those of one draw go
        with those of another."""
        a, b = self.joint.correlated(own), self.joint.correlated(fresh)
        f_a, f_b = self.values(a), self.values(b)
        middle = (f_a.mean() + f_b.mean()) / 2.0
        variance = self.variance(np.concatenate([f_a, f_b]))
        first, total = np.empty(len(self.members)), np.empty(len(self.members))
        for at, group in enumerate(self.members.values()):
            mixed = a.copy()
            mixed[:, group] = b[:, group]
            f_mixed = self.values(mixed)
            first[at] = np.mean((f_b - middle) * (f_mixed - f_a)) / variance
            total[at] = np.mean((f_a - f_mixed) ** 2) / (2.0 * variance)
        return variance, {"first": first, "total": total}

    def effects(self, own: Array, fresh: Array) -> tuple[float, dict[str, Array]]:
        """Shapley effects. What a set of groups is worth is the variance of the output's
        expectation given them: the covariance of two answers that share those groups and are drawn
        anew, given them, in the rest."""
        first = self.joint.correlated(own)
        f_first = self.values(first)
        variance, count = self.variance(f_first), len(self.members)
        worth = np.zeros(1 << count)
        worth[-1] = variance
        for mask in range(1, (1 << count) - 1):
            kept = np.zeros(first.shape[1], dtype=bool)
            for at, group in enumerate(self.members.values()):
                kept[group] = bool(mask >> at & 1)
            f_second = self.values(self.given(first, fresh, kept))
            middle = (f_first.mean() + f_second.mean()) / 2.0
            worth[mask] = float(np.mean((f_first - middle) * (f_second - middle)))
        return variance, {"effect": shapley.exact(worth, count) / variance}

    def values(self, u: Array) -> Array:
        """The output at probabilities, (scenarios, inputs)."""
        found = np.broadcast_to(self.ask(self.joint.draws(u))[self.output], (len(u),))
        if np.isnan(found).any():
            raise AnswerError(
                f"{self.output} has no answer in {np.mean(np.isnan(found)):.1%} of draws",
                allowed="an output that has one everywhere, such as npv",
            )
        return found

    def variance(self, values: Array) -> float:
        """Of the output, which must vary."""
        variance = float(np.var(values))
        if not variance > 0.0:
            raise AnswerError(f"{self.output} does not vary with these inputs")
        return variance

    def given(self, first: Array, fresh: Array, kept: Mask) -> Array:
        """Inputs as in ``first`` where kept, and drawn anew given those elsewhere."""
        second = np.where(kept, first, fresh)
        at, normal = self.joint.at, self.joint.normal
        known = kept[at]
        if known.all():
            return second
        from scipy.special import ndtr, ndtri

        # Normal numbers given others are normal too: their mean is a regression on what is
        # given, their covariance what that regression leaves.
        inner, free = np.flatnonzero(known), np.flatnonzero(~known)
        cross = normal[np.ix_(free, inner)]
        # A pseudo-inverse: inputs that fix one another leave nothing to divide by.
        weight = cross @ np.linalg.pinv(normal[np.ix_(inner, inner)], rcond=1e-10)
        left = normal[np.ix_(free, free)] - weight @ cross.T
        drawn = at[free]
        z = ndtri(fresh[:, drawn]) @ factor(left).T
        if len(inner):
            z = z + ndtri(first[:, at[inner]]) @ weight.T
        second[:, drawn] = np.clip(ndtr(z), np.finfo(float).tiny, 1.0 - 2.0**-53)
        return second


def split_variance(
    scenario: Scenario,
    output: str = "npv",
    *,
    method: Method | None = None,
    correlations: Correlations | None = None,
    level: int = _LEVEL,
    seed: int = 0,
    project: Project | None = None,
) -> Importance:
    """Where the variance of an output comes from, by the groups that lead.

    Args:
        scenario: around which its assumptions vary.
        output: a single value that has an answer everywhere.
        method: ``sobol`` for independent groups, ``shapley`` for correlated ones; None for
            whichever fits.
        correlations: rank correlations by pair of keys; None for those on file.
        level, seed, project: as in a simulation.

    Raises:
        UsageError: a method that does not fit, or see :func:`importance`.
        AnswerError: the output has no answer somewhere, or a draw breaks a rule.
    """
    question = Question.of(scenario, output, project)
    items = varied(scenario)
    columns = [(item.key, distribution_of(item)) for item in items]
    if correlations is None:
        correlations = among(correlations_on_file(project), {item.key for item in items})
    if method is not None and method not in ("sobol", "shapley"):
        raise UsageError("unknown method", received=method, allowed="sobol, shapley")
    named = leading_groups(question, output)
    home = {key: group for group, keys in named.items() for key in keys}
    apart = any(home.get(one) != home.get(other) for one, other in correlations)
    chosen: Method = method or ("shapley" if apart else "sobol")
    sets = 1 << len(named) if chosen == "shapley" else len(named) + 2
    if (_SCRAMBLES << level) * sets >= MANY:
        question = replace(question, many=True)

    def ask(draws: Draws) -> Answers:
        if not np.all(question.valid(draws)):
            raise AnswerError(
                "a draw breaks a rule between assumptions",
                where=scenario.name,
                allowed="ranges that keep the rules",
            )
        return question(draws)

    return importance(
        chosen,
        ask,
        output,
        columns,
        named,
        correlations=correlations,
        level=level,
        seed=seed,
    )


def leading_groups(question: Question, output: str) -> dict[str, tuple[str, ...]]:
    """Assumptions by group of the correlations on file, the others by the first part of their
    keys: those with the largest sums of squared swings, and the rest together."""
    items = varied(question.scenario)
    home = groups_on_file(correlations_on_file(question.project))
    swings = tornado(question, items, question.valid)
    families: dict[str, list[str]] = {}
    weight: dict[str, float] = {}
    for item, swing in zip(items, swings, strict=True):
        family = home.get(item.key, item.key.partition(".")[0])
        families.setdefault(family, []).append(item.key)
        spread = swing.spread(output)
        weight[family] = weight.get(family, 0.0) + (0.0 if np.isnan(spread) else spread**2)
    ranked = sorted(families, key=lambda family: -weight[family])
    lead = ranked if len(ranked) <= MOST_GROUPS else ranked[: MOST_GROUPS - 1]
    rest = tuple(key for family in ranked[len(lead) :] for key in families[family])
    return {family: tuple(families[family]) for family in lead} | ({REST: rest} if rest else {})
