"""What must hold between assumptions: mixes that sum to 1, and rules.

Mixes are families of shares, one of which is computed as what the others leave. A rule is asked of
rows, so the same few lines refuse a file and sift random draws; it is left out where a scenario
lacks one of its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.fields import Fields, read_text
from jcurve.assumptions.nodes import Place, Table
from jcurve.assumptions.paths import Array, Mask, Path

Rows: TypeAlias = Mapping[str, Array]
Items: TypeAlias = Mapping[str, Assumption]

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares that sum to 1."""

    name: str  # the family, such as ``capex.mix``
    others: tuple[str, ...]  # keys of the members that are set
    remainder: str  # key of the member that is computed
    place: Place  # of its definition


def read_mixes(table: Table, keys: Iterable[str], place: Place) -> tuple[Mix, ...]:
    """The ``mixes`` section of the base scenario, whose members are among ``keys``."""
    known = set(keys)
    found: list[Mix] = []
    for entry in table.entries:
        here = place.at(entry.line, "mixes")
        if not isinstance(entry.value, Table):
            raise here.error("a mix is a table", None, "{members: […], remainder: …}")
        fields = Fields(entry.value, ("members", "remainder"), here)
        members = fields.texts("members")
        left = read_text(
            fields["remainder"].value if "remainder" in fields else None, here, "remainder"
        )
        for key in (f"{entry.key}.{member}" for member in members):
            if key not in known:
                raise here.unknown("a member of a mix is no assumption", key, known, allowed="")
        if left not in members or len(set(members)) != len(members) or len(members) == 1:
            what = "the remainder is one of two or more different members"
            raise here.error(what, left, ", ".join(members))
        others = tuple(f"{entry.key}.{member}" for member in members if member != left)
        found.append(Mix(entry.key, others, f"{entry.key}.{left}", place.at(entry.line, "")))
    return tuple(found)


def remainder(mix: Mix, items: Items, place: Place) -> float | Path:
    """What the other members leave: one number, or a path by year when one of them is."""
    values: list[float | Path] = []
    for key in mix.others:
        value = items[key].value
        if isinstance(value, tuple) or (isinstance(value, Path) and value.by == "quarter"):
            raise place.error(f"a member of {mix.name} is not one number or by year", key)
        values.append(value)
    paths = [value for value in values if isinstance(value, Path)]
    if not paths:
        return _share_left(mix, 1 - sum(v for v in values if isinstance(v, float)), "", place)
    first = min(path.periods[0] for path in paths)
    last = max(path.periods[-1] for path in paths)
    # Every year is a point, so members with different rules between years still sum to 1.
    years = range(first, last + 1)
    left = np.ones(len(years))
    for value in values:
        left = left - (value.over(years) if isinstance(value, Path) else value)
    points = tuple(
        (year, _share_left(mix, share, f" in {year}", place))
        for year, share in zip(years, left.tolist(), strict=True)
    )
    return Path("year", "linear", points)


def _share_left(mix: Mix, left: float, at: str, place: Place) -> float:
    if left < -_SLACK:
        what = f"the members of {mix.name} beside its remainder sum to more than 1{at}"
        raise place.error(what, float(f"{1 - left:.6g}"), "1 at most")
    # A dozen digits: what the subtraction of decimals leaves behind is not meant.
    return min(max(round(left, 12), 0.0), 1.0)


def remainder_row(mix: Mix, rows: Rows) -> Array:
    """The remainder over a batch, below 0 where the others sum to more than 1."""
    left: Array = 1.0 - rows[mix.others[0]]
    for key in mix.others[1:]:
        left = left - rows[key]
    return left


def settle(
    items: Items, mixes: Iterable[Mix], changed: Mapping[str, Place], set_by: str
) -> dict[str, Assumption]:
    """``items`` with the remainder of every mix of which a member changed computed again."""
    settled = dict(items)
    for mix in mixes:
        touched = [changed[key] for key in mix.others if key in changed]
        if touched:
            value = remainder(mix, settled, touched[-1])
            why = f"What the other members of {mix.name} leave."
            settled[mix.remainder] = replace(
                settled[mix.remainder], value=value, why=why, set_by=set_by
            )
    return settled


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold between assumptions."""

    name: str  # short and unique
    keys: tuple[str, str]  # the assumptions it speaks of; errors name the first that was set
    what: str  # the mistake in words
    allowed: str  # what would be accepted, in words
    # from the rows of ``keys``, each (quarter, scenario), to where it holds
    test: Callable[[Array, Array], Mask]

    def holds(self, rows: Rows) -> Mask:
        """The scenarios in which the rule holds at all times: (scenarios,)."""
        one, other = (rows[key] for key in self.keys)
        return np.asarray(self.test(one, other).all(axis=0))


def rules_for(keys: Collection[str]) -> tuple[Rule, ...]:
    """The rules that speak only of ``keys``."""
    known = set(keys)
    return tuple(rule for rule in (*_PAIRS, *_tax_classes(known)) if known.issuperset(rule.keys))


_PAIRS: tuple[Rule, ...] = (
    Rule(
        "wacc_above_growth",
        ("returns.wacc", "returns.terminal_growth"),
        "the WACC is not above terminal growth, so a perpetuity has no value",
        "returns.wacc above returns.terminal_growth",
        lambda wacc, growth: growth < wacc,
    ),
    Rule(
        "start_before_valuation",
        ("programme.start", "valuation.date"),
        "the programme starts after the valuation date",
        "programme.start at valuation.date or before",
        lambda start, valued: start <= valued,
    ),
    Rule(
        "start_before_last_spending",
        ("programme.last_spending", "programme.start"),
        "the programme's last spending comes before its start",
        "programme.last_spending at programme.start or after",
        lambda last, start: start <= last,
    ),
)


def _tax_classes(keys: Collection[str]) -> Iterator[Rule]:
    """Per asset class: the shares in the tax classes are parts of one whole."""
    head, other = "tax.five_year_share.", "tax.fifteen_year_share."
    for member in sorted(key.removeprefix(head) for key in keys if key.startswith(head)):
        yield Rule(
            f"tax_shares_of_{member}",
            (head + member, other + member),
            "the shares in the tax classes sum to more than 1",
            f"{head + member} and {other + member} summing to 1 at most",
            lambda five, fifteen: five + fifteen <= 1 + _SLACK,
        )
