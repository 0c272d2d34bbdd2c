"""Mixes: families whose members sum to 1, one of them computed as what the others leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions.assumption import Assumption, shape_of
from jcurve.assumptions.document import Listing, Place, Table, Text
from jcurve.assumptions.fields import known_fields
from jcurve.assumptions.paths import Path
from jcurve.assumptions.reading import read_text, read_texts
from jcurve.ground.errors import ScenarioError

__all__ = ["Mix", "read_mixes", "remainder", "remainder_row", "settle"]

Array: TypeAlias = NDArray[np.float64]

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares that sum to 1.

    Attributes:
        name: the family, such as ``capex.mix``.
        others: keys of the members that are set.
        remainder: key of the member that is computed.
        where: file and line of the definition.
    """

    name: str
    others: tuple[str, ...]
    remainder: str
    where: str


def read_mixes(table: Table, keys: Iterable[str], place: Place) -> tuple[Mix, ...]:
    """The ``mixes`` section of the base scenario.

    Raises:
        ScenarioError: it is malformed, or a member is no assumption.
    """
    known = set(keys)
    found: list[Mix] = []
    for entry in table.entries:
        here = place.at(entry.line, "mixes")
        if not isinstance(entry.value, Table):
            raise ScenarioError(
                "a mix is a table", where=str(here), allowed="{members: […], remainder: …}"
            )
        fields = known_fields(entry.value, ("members", "remainder"), here)
        listing = fields["members"].value if "members" in fields else Listing(())
        last = fields["remainder"].value if "remainder" in fields else Text(None)
        members = read_texts(listing, here, "members")
        left = read_text(last, here, "remainder")
        for member in members:
            key = f"{entry.key}.{member}"
            if key not in known:
                raise ScenarioError.not_among(
                    "a member of a mix is no assumption", key, known, where=str(here), allowed=""
                )
        if left not in members or len(set(members)) != len(members) or len(members) == 1:
            raise ScenarioError(
                "the remainder is one of two or more different members",
                where=str(here),
                received=left,
                allowed=", ".join(members),
            )
        others = tuple(f"{entry.key}.{member}" for member in members if member != left)
        found.append(Mix(entry.key, others, f"{entry.key}.{left}", str(place.at(entry.line, ""))))
    return tuple(found)


def remainder(mix: Mix, items: Mapping[str, Assumption], where: str) -> float | Path:
    """What the other members leave: one number, or a path by year when one of them is.

    Raises:
        ScenarioError: a member is by quarter or a list, or they sum to more than 1.
    """
    values: list[float | Path] = []
    for key in mix.others:
        value = items[key].value
        if isinstance(value, tuple) or (isinstance(value, Path) and value.by == "quarter"):
            raise ScenarioError(
                f"a member of {mix.name} is not one number or by year", where=where, received=key
            )
        values.append(value)
    paths = [value for value in values if isinstance(value, Path)]
    if not paths:
        return _inside(mix, 1 - sum(v for v in values if isinstance(v, float)), "", where)
    first = min(path.periods[0] for path in paths)
    last = max(path.periods[-1] for path in paths)
    # Every year is a point, so members with different rules between years still sum to 1.
    years = range(first, last + 1)
    left = np.ones(len(years))
    for value in values:
        left = left - (value.over(years) if isinstance(value, Path) else value)
    points = tuple(
        (year, _inside(mix, share, f" in {year}", where))
        for year, share in zip(years, left.tolist(), strict=True)
    )
    return Path("year", "linear", points)


def _inside(mix: Mix, left: float, at: str, where: str) -> float:
    if left < -_SLACK:
        raise ScenarioError(
            f"the members of {mix.name} beside its remainder sum to more than 1{at}",
            where=where,
            received=float(f"{1 - left:.6g}"),
            allowed="1 at most",
        )
    # A dozen digits: what the subtraction of decimals leaves behind is not meant.
    return min(max(round(left, 12), 0.0), 1.0)


def remainder_row(mix: Mix, rows: Mapping[str, Array]) -> Array:
    """The remainder over a batch, below 0 where the others sum to more than 1."""
    left: Array = 1.0 - rows[mix.others[0]]
    for key in mix.others[1:]:
        left = left - rows[key]
    return left


def settle(
    items: Mapping[str, Assumption],
    mixes: Iterable[Mix],
    changed: Mapping[str, Place],
    set_by: str,
) -> dict[str, Assumption]:
    """``items`` with the remainder of every mix of which a member changed computed again.

    Raises:
        ScenarioError: see :func:`remainder`.
    """
    settled = dict(items)
    for mix in mixes:
        touched = [changed[key] for key in mix.others if key in changed]
        if not touched:
            continue
        value = remainder(mix, settled, str(touched[-1]))
        settled[mix.remainder] = settled[mix.remainder].model_copy(
            update={
                "value": value,
                "shape": shape_of(value),
                "why": f"What the other members of {mix.name} leave.",
                "set_by": set_by,
            }
        )
    return settled
