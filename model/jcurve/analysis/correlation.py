"""Rank correlation of draws by a Gaussian copula.

A wanted Spearman correlation s of two continuous draws needs the normal correlation
``2 sin(pi s / 6)`` (Pearson 1907). The normal numbers are correlated, each is turned into a
probability, and the probability into a draw of its own distribution, so every distribution
stays exactly what it is. What is achieved is measured on the draws and reported.

What is wanted where nothing else is asked for stands in ``data/scenarios/correlations.csv``, pair
by pair with its reason. Pairs stand in groups: within one, doubts hang together; between two they
do not, so that groups are independent.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

import numpy as np

from jcurve.analysis.question import Array
from jcurve.facts.tables import Column, home_of, with_rows
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

Correlations: TypeAlias = Mapping[tuple[str, str], float]
"""Wanted rank correlation by pair of keys; pairs that are not named have none."""

_SLACK = 1e-10


@dataclass(frozen=True, slots=True)
class OnFile:
    """A pair of the table."""

    group: str  # what it belongs to, in words
    one: str  # one, other: keys
    other: str
    value: Annotated[float, Column("correlation")]  # the rank correlation
    kind: Literal["evidence", "estimate", "judgement"]
    rationale: str  # why


def correlations_on_file(project: Project | None = None) -> tuple[OnFile, ...]:
    """The pairs of ``data/scenarios/correlations.csv``, in its order."""
    seen: set[frozenset[str]] = set()
    home: dict[str, str] = {}
    found = with_rows(home_of(project).data, "scenarios/correlations.csv", OnFile)
    for each, row in found:
        pair = frozenset((each.one, each.other))
        if len(pair) < 2 or not -1.0 <= each.value <= 1.0:
            received = f"{each.one} with {each.other} {each.value:g}"
            what = "not a correlation of two assumptions"
            raise row.error("correlation", what, received, "-1 to 1")
        if pair in seen:
            raise row.error("one", "a pair twice", f"{each.one} and {each.other}")
        seen.add(pair)
        for key in (each.one, each.other):
            if home.setdefault(key, each.group) != each.group:
                raise row.error("group", "an assumption in two groups", key, home[key])
    return tuple(each for each, _ in found)


def among(pairs: Sequence[OnFile], keys: Collection[str]) -> Correlations:
    """The correlations of the pairs whose keys are both drawn."""
    return {
        (each.one, each.other): each.value
        for each in pairs
        if each.one in keys and each.other in keys
    }


def groups_on_file(pairs: Sequence[OnFile]) -> Mapping[str, str]:
    """The group of each correlated key."""
    return MappingProxyType({key: each.group for each in pairs for key in (each.one, each.other)})


def correlate(normal: Array, u: Array) -> Array:
    """Independent probabilities, (scenarios, keys), as those whose normal numbers have the
    correlations of a copula."""
    from scipy.special import ndtr, ndtri

    root = factor(normal)
    z = ndtri(u)
    # Column by column in a fixed order: a matrix product may sum in an order that depends
    # on how many scenarios there are, and the bytes of a draw must not.
    made = np.empty_like(z)
    for row in range(len(root)):
        total = np.zeros(len(z))
        for column in range(row + 1):
            if root[row, column] != 0.0:
                total += root[row, column] * z[:, column]
        made[:, row] = total
    return np.asarray(np.clip(ndtr(made), np.finfo(float).tiny, 1.0 - 2.0**-53))


@dataclass(frozen=True, slots=True)
class Pairing:
    """A wanted rank correlation and what the draws have."""

    one: str
    other: str
    wanted: float
    achieved: float


def copula(correlations: Correlations, keys: Sequence[str]) -> tuple[tuple[str, ...], Array]:
    """The keys that wanted rank correlations involve, in order, and the correlations of the normal
    numbers behind them.

    Args:
        correlations: by pair; the order in a pair does not matter.
        keys: everything that is drawn.
    """
    order = {key: at for at, key in enumerate(keys)}
    for (one, other), value in correlations.items():
        for key in (one, other):
            if key not in order:
                raise UsageError.not_among(
                    "a correlation of an assumption that is not drawn", key, order, allowed=""
                )
        if one == other:
            raise UsageError("a correlation of an assumption with itself", received=one)
        if not (math.isfinite(value) and -1.0 <= value <= 1.0):
            raise UsageError(
                f"not a correlation of {one} and {other}", received=value, allowed="-1 to 1"
            )
        if correlations.get((other, one), value) != value:
            raise UsageError("two correlations of one pair", received=f"{one} and {other}")
    involved = {key for pair in correlations for key in pair}
    named = tuple(key for key in keys if key in involved)
    place = {key: at for at, key in enumerate(named)}
    wanted = np.eye(len(named))
    for (one, other), value in correlations.items():
        wanted[place[one], place[other]] = wanted[place[other], place[one]] = value
    normal = 2.0 * np.sin(np.pi * wanted / 6.0)
    np.fill_diagonal(normal, 1.0)
    for matrix, what in (
        (wanted, "rank correlations that cannot hold together"),
        (normal, "rank correlations that no Gaussian copula has together"),
    ):
        if named and np.linalg.eigvalsh(matrix)[0] < -_SLACK:
            pairs = "; ".join(
                f"{named[i]} with {named[j]} {wanted[i, j]:g}"
                for i, j in itertools.combinations(_smallest_impossible(matrix), 2)
            )
            raise UsageError(f"{what}: {pairs}", allowed="a positive semi-definite matrix")
    return named, normal


def achieved(correlations: Correlations, draws: Mapping[str, Array]) -> tuple[Pairing, ...]:
    """The rank correlation of each named pair as the draws have it."""
    from scipy.stats import spearmanr

    return tuple(
        Pairing(one, other, value, float(spearmanr(draws[one], draws[other]).statistic))
        for (one, other), value in correlations.items()
    )


def factor(matrix: Array) -> Array:
    """A lower triangle whose product with its transpose is a positive semi-definite matrix;
    columns of what others fix completely are zero."""
    size = len(matrix)
    root = np.zeros((size, size))
    for j in range(size):
        left = matrix[j, j] - root[j, :j] @ root[j, :j]
        if left <= _SLACK:
            continue
        root[j, j] = math.sqrt(left)
        for i in range(j + 1, size):
            root[i, j] = (matrix[i, j] - root[i, :j] @ root[j, :j]) / root[j, j]
    return root


def _smallest_impossible(matrix: Array) -> list[int]:
    """Members left when each is dropped whose absence still leaves an impossible matrix."""
    kept = list(range(len(matrix)))
    for member in range(len(matrix)):
        rest = [each for each in kept if each != member]
        if len(rest) > 1 and np.linalg.eigvalsh(matrix[np.ix_(rest, rest)])[0] < -_SLACK:
            kept = rest
    return kept
