"""A bridge: the difference between two scenarios, attributed to what differs between them.

Changing assumptions one after another gives each a share that depends on the order. Here
each group of assumptions gets its Shapley value: the mean, over every order, of what
changing it adds at its turn. No order is chosen, and the shares sum to the difference.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jcurve.analysis import shapley
from jcurve.analysis.question import Array, Mask, Question
from jcurve.analysis.shapley import Worth
from jcurve.assumptions import Scenario, compare, rows_of
from jcurve.assumptions.relations import remainder_row, rules_for
from jcurve.assumptions.rows import slot_keys
from jcurve.company import model
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.project import Project

EXACT = 12  # Groups up to which every one of their 2^n combinations is evaluated
_ORDERS = 256  # Beyond that, drawn at random; each is taken forwards and backwards


@dataclass(frozen=True, slots=True)
class Share:
    """What one group contributes."""

    group: str
    keys: tuple[str, ...]  # the assumptions in it
    amount: float  # its Shapley value, in the output's unit
    error: float  # half the width of its 95 % interval; 0 where exact
    alone: float  # what changing it alone does, from the first scenario


@dataclass(frozen=True, slots=True)
class Pair:
    """What two groups do together, beyond what each does alone."""

    one: str
    other: str
    amount: float


@dataclass(frozen=True, slots=True)
class Bridge:
    """A whole difference, attributed."""

    output: str  # output, unit: of what
    unit: str
    start: str  # start, end: names of the scenarios
    end: str
    before: float  # before, after: the output in each
    after: float
    # one a group, in the order of the assumptions; they sum to the difference
    shares: tuple[Share, ...]
    exact: bool  # every combination was evaluated; otherwise orders were sampled
    evaluated: int  # how many scenarios
    # interactions, if asked for; with every group alone they sum to the difference
    pairs: tuple[Pair, ...] = ()

    @property
    def difference(self) -> float:
        """The whole difference."""
        return self.after - self.before


def bridge(
    start: Scenario,
    end: Scenario,
    output: str = "npv",
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    interactions: bool = False,
    project: Project | None = None,
) -> Bridge:
    """Attribute the difference of an output between two scenarios.

    Args:
        start, end: both of one base scenario.
        output: a single value; see :class:`~jcurve.analysis.question.Question`.
        groups: keys, or beginnings of keys, by name of a group; what is in none of them is
            grouped as by default: each differing assumption by itself while those are at most
            ``EXACT``, else by the first part of the key. A mix stays in one group.
        interactions: also attribute to pairs; exact bridges only.

    Returns:
        No shares where nothing differs.

    Raises:
        UsageError: a group without a differing assumption, or an assumption in two groups.
        AnswerError: the output has no answer in one of the combinations, or a combination
            breaks a rule between assumptions.
    """
    changed = _changed(start, end)
    named = _groups(changed, groups, end)
    question = Question.of(start, output, project)
    worth = _worth(start, end, named, question)
    count = len(named)
    ends = worth(np.array([[False] * count, [True] * count]))
    if interactions and count > EXACT:
        raise UsageError(
            "interactions of more groups than are evaluated in full",
            received=f"{count} groups",
            allowed=f"{EXACT} at most; name fewer groups",
        )
    if count > EXACT:
        found, pairs = shapley.sampled(worth, count, _ORDERS, seed=0), np.zeros((count, count))
    else:
        found, pairs = shapley.in_full(worth, count)
    names = list(named)
    return Bridge(
        output=output,
        unit=question.unit(output),
        start=start.name,
        end=end.name,
        before=float(ends[0]),
        after=float(ends[1]),
        shares=tuple(
            Share(name, keys, *(float(row[at]) for row in found[:3]))
            for at, (name, keys) in enumerate(named.items())
        ),
        exact=count <= EXACT,
        evaluated=max(found.evaluated, len(ends)),
        pairs=tuple(
            Pair(names[i], names[j], float(pairs[i, j]))
            for i, j in itertools.combinations(range(count), 2)
        )
        if interactions
        else (),
    )


def _changed(start: Scenario, end: Scenario) -> tuple[str, ...]:
    if start.assumptions.keys() != end.assumptions.keys():
        odd = sorted(start.assumptions.keys() ^ end.assumptions.keys())
        raise UsageError("scenarios of different bases", received=odd[0])
    return tuple(each.key for each in compare(start, end) if each.what == "value")


def _groups(
    changed: Sequence[str], given: Mapping[str, Sequence[str]] | None, scenario: Scenario
) -> dict[str, tuple[str, ...]]:
    """Groups of differing keys; members of a mix are never apart."""
    home: dict[str, str] = {}
    for name, wanted in (given or {}).items():
        for part in wanted:
            found = [key for key in changed if key == part or key.startswith(f"{part}.")]
            if not found:
                raise UsageError.not_among(
                    f"nothing of group {name} differs between the scenarios", part, changed
                )
            for key in found:
                if home.setdefault(key, name) != name:
                    raise UsageError(
                        "an assumption in two groups", received=key, allowed=f"{home[key]}, {name}"
                    )
    mix_of = {key: mix.name for mix in scenario.mixes for key in mix.others}
    rest = [key for key in changed if key not in home]
    own = {key: mix_of.get(key, key) for key in rest}
    if len(set(own.values()) | set(home.values())) > EXACT:
        own = {key: key.partition(".")[0] for key in rest}
    home.update(own)
    for mix in scenario.mixes:
        homes = [home[key] for key in mix.others if key in home]
        if len(set(homes)) > 1:
            raise UsageError(
                f"the members of {mix.name} in different groups", received=", ".join(homes)
            )
    named: dict[str, list[str]] = {}
    for key in changed:
        named.setdefault(home[key], []).append(key)
    return {name: tuple(keys) for name, keys in named.items()}


def _worth(
    start: Scenario, end: Scenario, groups: Mapping[str, tuple[str, ...]], question: Question
) -> Worth:
    """The output by which groups are as in ``end``; a combination is asked once a batch."""
    timeline = model(project=question.project).timeline
    one, other = rows_of(start, timeline), rows_of(end, timeline)
    (output,) = question.outputs
    rules = rules_for(one)

    def chunk(masks: Mask) -> Array:
        rows: dict[str, Array] = {}
        for at, keys in enumerate(groups.values()):
            for key in keys:  # a list of changes has two rows a slot
                own = (key,) if key in one else itertools.chain(*slot_keys(key))
                rows |= {name: np.where(masks[:, at], other[name], one[name]) for name in own}
        for mix in start.mixes:
            if any(key in rows for key in mix.others):
                rows[mix.remainder] = np.maximum(remainder_row(mix, {**one, **rows}), 0.0)
        whole = {**one, **rows}
        for rule in rules:
            kept = np.broadcast_to(rule.holds(whole), (len(masks),))
            if not kept.all():
                raise AnswerError(
                    "a combination of both scenarios breaks a rule between assumptions: "
                    f"{rule.what}",
                    received=_names_of(masks[np.argmin(kept)], groups),
                    allowed=f"{', '.join(rule.keys)} in one group",
                )
        found = np.broadcast_to(question.answers(rows)[output], (len(masks),))
        if np.isnan(found).any():
            raise AnswerError(
                f"{output} has no answer in a combination of both scenarios",
                received=_names_of(masks[int(np.argmax(np.isnan(found)))], groups),
                allowed="an output that has one everywhere, such as npv",
            )
        return np.asarray(found)

    def worth(masks: Mask) -> Array:
        distinct, back = np.unique(masks, axis=0, return_inverse=True)
        parts = [
            chunk(distinct[at : at + question.chunk])
            for at in range(0, len(distinct), question.chunk)
        ]
        return np.concatenate(parts)[back.ravel()]

    return worth


def _names_of(mask: Mask, groups: Mapping[str, tuple[str, ...]]) -> str:
    names = [name for name, changed in zip(groups, mask, strict=True) if changed]
    return f"changed: {', '.join(names) or 'nothing'}"
