"""The closed list of units in which facts, assumptions and lines are stated.

A unit is a product of powers of base dimensions and a scale to them, so that adding dollars to
megawatts is an error when a model is built. Rates and shares are dimensionless. A flow is stated
per quarter without saying so (``USD m`` spent during the quarter), as on an analyst's sheet;
years and quarters of duration keep their dimension, so that a life in years cannot be used as
one in quarters: a life in years given for one in quarters is a mistake more often than a wish.

Values convert between units of one ``group``. Plain numbers of different meaning (a share, a
multiple, a switch) are of different groups and never convert.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from jcurve.ground.errors import ModelError


@dataclass(frozen=True, slots=True)
class Unit:
    """A named unit."""

    name: str  # as written in files
    # (dimension, power) pairs in alphabetical order; none for a plain number
    dims: tuple[tuple[str, int], ...] = ()
    scale: float = 1.0  # how many base units one of it is (``USD m``: 1e6 of ``usd``)
    group: str = field(default="", compare=False)  # units of one group convert
    # further groups into which it converts (per cent is a share or a rate)
    also: tuple[str, ...] = field(default=(), compare=False)
    meaning: str = field(default="", compare=False)  # in words, for the data dictionary

    def agrees(self, other: Unit) -> bool:
        """Whether values in the two units may be added."""
        return self.dims == other.dims and abs(self.scale / other.scale - 1.0) < 1e-9

    def times(self, other: Unit, power: int = 1) -> Unit:
        """The unit of a product (``power`` 1) or of a quotient (``power`` -1)."""
        powers = dict(self.dims)
        for dim, exponent in other.dims:
            powers[dim] = powers.get(dim, 0) + power * exponent
        dims = tuple(sorted((d, p) for d, p in powers.items() if p))
        scale = self.scale * other.scale**power
        return Unit(_spell(dims, scale), dims, scale)

    @property
    def is_plain(self) -> bool:
        """Whether this is a plain number: no dimension, scale 1."""
        return not self.dims and abs(self.scale - 1.0) < 1e-9


def _spell(dims: tuple[tuple[str, int], ...], scale: float) -> str:
    if not dims:
        return "1" if abs(scale - 1.0) < 1e-9 else f"{scale:g}"
    powers = " ".join(d if p == 1 else f"{d}^{p}" for d, p in dims)
    return powers if abs(scale - 1.0) < 1e-9 else f"{scale:g} {powers}"


with Path(__file__).with_name("units.csv").open(encoding="utf-8", newline="") as _table:
    _ROWS = {row["unit"]: row for row in csv.DictReader(_table)}


def _made(row: Mapping[str, str]) -> Unit:
    powers = (part.partition("^") for part in row["dimensions"].split())
    dims = tuple((name, int(power or 1)) for name, _, power in powers)
    group = row["group"] or " ".join(f"{name}^{power}" for name, power in dims)
    scale, also = float(row["scale"] or 1), tuple(row["also"].split())
    return Unit(row["unit"], dims, scale, group, also, row["meaning"])


UNITS: Mapping[str, Unit] = {name: _made(row) for name, row in _ROWS.items()}
"""Every unit by name, from the table beside this module."""

ASSUMPTION_UNITS: Mapping[str, Unit] = {
    name: UNITS[name] for name, row in _ROWS.items() if "assumptions" in row["stated_in"]
}
"""In which assumptions are stated, in the order of the data dictionary.

A date is computed with as its index from the first quarter of the horizon, a choice as its
position from 0 among the names that the assumption lists.
"""

FACT_UNITS = frozenset(
    {"text", *(name for name, row in _ROWS.items() if "facts" in row["stated_in"])}
)
"""In which facts are stated; ``text`` is for evidence in words."""

ALIASES: Mapping[str, str] = {"%": "percent", "% per year": "percent per year"}
"""Other spellings that a value may carry."""

DIMENSIONLESS = UNITS["1"]
SHARE = UNITS["share"]
TIMES = UNITS["x"]
SWITCH = UNITS["switch"]
USD_M = UNITS["USD m"]
YEARS = UNITS["years"]
QUARTERS = UNITS["quarters"]
HOURS = UNITS["hours"]
H100E = UNITS["H100e"]
MW = UNITS["MW"]
MWH = UNITS["MWh"]
USD_PER_H100E = UNITS["USD per H100e"]
USD_PER_SHARE = UNITS["USD per share"]
MILLION_SHARES = UNITS["million shares"]


def unit_named(name: str) -> Unit:
    """The unit written ``name`` in a data file.

    Raises:
        ModelError: there is no such unit.
    """
    try:
        return UNITS[name]
    except KeyError:
        raise ModelError.not_among("unknown unit", name, sorted(UNITS)) from None


def convertible(unit: Unit) -> tuple[str, ...]:
    """The names of the units whose values can be given for a key in ``unit``, itself first."""
    others = (
        u.name for u in ASSUMPTION_UNITS.values() if _converts(u, unit) and u.name != unit.name
    )
    return (unit.name, *others)


def _converts(source: Unit, target: Unit) -> bool:
    return target.group == source.group or target.group in source.also


def convert(value: float, source: Unit, target: Unit) -> float:
    """``value`` of ``source`` in ``target``.

    Special cases: the same unit gives the value back unchanged, to the last bit.

    Raises:
        ValueError: the two do not convert.
    """
    if not _converts(source, target):
        raise ValueError(f"{source.name} does not convert to {target.name}")
    if source.scale >= target.scale:
        return value * (source.scale / target.scale)
    return value / (target.scale / source.scale)


class Quantity(float):
    """A constant that knows its unit: a plain float when evaluated, a unit when traced.

    Products, quotients and sums of quantities keep the unit, products and quotients with a
    bare number too; whatever else is done with one gives a plain float.
    """

    __slots__ = ("label", "unit")

    unit: Unit
    label: str

    def __new__(cls, value: float, unit: Unit, label: str = "") -> Self:
        self = super().__new__(cls, value)
        self.unit = unit
        self.label = label
        return self

    def __mul__(self, other: object) -> Any:
        if isinstance(other, Quantity):
            return Quantity(float(self) * float(other), self.unit.times(other.unit))
        if isinstance(other, int | float):
            return Quantity(float(self) * other, self.unit)
        return NotImplemented

    __rmul__ = __mul__

    def __add__(self, other: object) -> Any:
        if isinstance(other, Quantity) and other.unit.agrees(self.unit):
            return Quantity(float(self) + float(other), self.unit)
        return float(self) + other if isinstance(other, int | float) else NotImplemented

    def __truediv__(self, other: object) -> Any:
        if isinstance(other, Quantity):
            return Quantity(float(self) / float(other), self.unit.times(other.unit, -1))
        if isinstance(other, int | float):
            return Quantity(float(self) / other, self.unit)
        return NotImplemented

    def __rtruediv__(self, other: object) -> Any:
        if isinstance(other, int | float):
            return Quantity(other / float(self), DIMENSIONLESS.times(self.unit, -1))
        return NotImplemented
