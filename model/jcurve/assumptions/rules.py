"""Rules between assumptions, each written once for one scenario and for a batch alike.

A rule is asked of rows, so the same few lines refuse a file and sift random draws. It is
left out where a scenario lacks one of its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rule", "rules_for"]

Array: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = Mapping[str, Array]

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold between assumptions.

    Attributes:
        name: short and unique.
        keys: the assumptions it speaks of; the first is the one told off.
        what: the mistake in words.
        allowed: what would be accepted, in words.
        holds: rows by key to (scenarios,), true where the rule holds.
    """

    name: str
    keys: tuple[str, ...]
    what: str
    allowed: str
    holds: Callable[[Rows], Mask]


def rules_for(keys: Collection[str]) -> tuple[Rule, ...]:
    """The rules that speak only of ``keys``."""
    known = set(keys)
    return tuple(rule for rule in (*_PAIRS, *_tax_classes(known)) if known.issuperset(rule.keys))


def _below(low: str, high: str) -> Callable[[Rows], Mask]:
    def holds(rows: Rows) -> Mask:
        """Everywhere below."""
        return np.asarray((rows[low] < rows[high]).all(axis=0))

    return holds


def _not_after(early: str, late: str) -> Callable[[Rows], Mask]:
    def holds(rows: Rows) -> Mask:
        """Nowhere after."""
        return np.asarray((rows[early] <= rows[late]).all(axis=0))

    return holds


def _at_most_one(keys: tuple[str, ...]) -> Callable[[Rows], Mask]:
    def holds(rows: Rows) -> Mask:
        """The sum is a part of a whole."""
        total = rows[keys[0]]
        for key in keys[1:]:
            total = total + rows[key]
        return np.asarray((total <= 1 + _SLACK).all(axis=0))

    return holds


_PAIRS: tuple[Rule, ...] = (
    Rule(
        "wacc_above_growth",
        ("returns.wacc", "returns.terminal_growth"),
        "the WACC is not above terminal growth, so a perpetuity has no value",
        "returns.wacc above returns.terminal_growth",
        _below("returns.terminal_growth", "returns.wacc"),
    ),
    Rule(
        "start_before_valuation",
        ("programme.start", "valuation.date"),
        "the programme starts after the valuation date",
        "programme.start at valuation.date or before",
        _not_after("programme.start", "valuation.date"),
    ),
    Rule(
        "start_before_last_spending",
        ("programme.last_spending", "programme.start"),
        "the programme's last spending comes before its start",
        "programme.last_spending at programme.start or after",
        _not_after("programme.start", "programme.last_spending"),
    ),
)


def _tax_classes(keys: Collection[str]) -> tuple[Rule, ...]:
    """Per asset class: the shares in the tax classes are parts of one whole."""
    head, other = "tax.five_year_share.", "tax.fifteen_year_share."
    members = sorted(key.removeprefix(head) for key in keys if key.startswith(head))
    return tuple(
        Rule(
            f"tax_shares_of_{member}",
            (head + member, other + member),
            "the shares in the tax classes sum to more than 1",
            f"{head + member} and {other + member} summing to 1 at most",
            _at_most_one((head + member, other + member)),
        )
        for member in members
    )
