"""The variance of a model's output, split among groups of its assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from jcurve.analysis.correlation import (
    Correlations,
    among,
    correlations_on_file,
    groups_on_file,
)
from jcurve.analysis.distributions import distribution_of
from jcurve.analysis.importance import MOST_GROUPS, Importance, shapley_effects, sobol_indices
from jcurve.analysis.plan import varied
from jcurve.analysis.question import MANY, Answers, Draws, Question
from jcurve.analysis.sensitivity import tornado
from jcurve.assumptions import Scenario
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.project import Project

__all__ = ["REST", "Method", "leading_groups", "split_variance"]

Method: TypeAlias = Literal["sobol", "shapley"]

REST = "everything else"
"""The group of what does not lead."""


def split_variance(
    scenario: Scenario,
    output: str = "npv",
    *,
    method: Method | None = None,
    correlations: Correlations | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    vary: Sequence[str] | None = None,
    level: int = 7,
    scrambles: int = 8,
    seed: int = 0,
    project: Project | None = None,
) -> Importance:
    """Where the variance of an output comes from.

    Args:
        scenario: around which its assumptions vary.
        output: a single value that has an answer everywhere.
        method: ``sobol`` for independent groups, ``shapley`` for correlated ones; None for
            whichever fits.
        correlations: rank correlations by pair of keys; None for those on file.
        groups: keys by name of a group; None for those that lead (:func:`leading_groups`).
        vary, level, scrambles, seed, project: as in a simulation.

    Raises:
        UsageError: a method that does not fit, or see :mod:`jcurve.analysis.importance`.
        AnswerError: the output has no answer somewhere, or a draw breaks a rule.
    """
    question = Question.of(scenario, output, project)
    items = varied(scenario, vary)
    columns = [(item.key, distribution_of(item)) for item in items]
    if correlations is None:
        correlations = among(correlations_on_file(project), {item.key for item in items})
    if method is not None and method not in ("sobol", "shapley"):
        raise UsageError("unknown method", received=method, allowed="sobol, shapley")
    named = groups
    if named is None:
        named = leading_groups(question, output, vary=vary, count=MOST_GROUPS)
    home = {key: group for group, keys in named.items() for key in keys}
    apart = any(home.get(one) != home.get(other) for one, other in correlations)
    chosen = method or ("shapley" if apart else "sobol")
    find = sobol_indices if chosen == "sobol" else shapley_effects
    sets = 1 << len(named) if chosen == "shapley" else len(named) + 2
    if (scrambles << level) * sets >= MANY:
        question = replace(question, many=True)

    def ask(draws: Draws) -> Answers:
        if not np.all(question.valid(draws)):
            raise AnswerError(
                "a draw breaks a rule between assumptions",
                where=scenario.name,
                allowed="ranges that keep the rules",
            )
        return question(draws)

    return find(
        ask,
        output,
        columns,
        named,
        correlations=correlations,
        level=level,
        scrambles=scrambles,
        seed=seed,
    )


def leading_groups(
    question: Question,
    output: str,
    *,
    vary: Sequence[str] | None = None,
    count: int = MOST_GROUPS,
) -> dict[str, tuple[str, ...]]:
    """Assumptions by group of the correlations on file, the others by the first part of their
    keys: the ``count - 1`` with the largest sum of squared swings, and the rest together."""
    items = varied(question.scenario, vary)
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
    if len(ranked) <= count:
        return {family: tuple(families[family]) for family in ranked}
    lead = {family: tuple(families[family]) for family in ranked[: count - 1]}
    rest = tuple(key for family in ranked[count - 1 :] for key in families[family])
    return {**lead, REST: rest}
