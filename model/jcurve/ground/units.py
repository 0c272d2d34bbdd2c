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

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from jcurve.ground.errors import ModelError

__all__ = [
    "ALIASES",
    "ASSUMPTION_UNITS",
    "DIMENSIONLESS",
    "FACT_UNITS",
    "H100E",
    "HOURS",
    "MILLION_SHARES",
    "MW",
    "MWH",
    "QUARTERS",
    "SHARE",
    "SWITCH",
    "TIMES",
    "UNITS",
    "USD_M",
    "USD_PER_H100E",
    "USD_PER_SHARE",
    "YEARS",
    "Quantity",
    "Unit",
    "convert",
    "convertible",
    "unit_named",
]

_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Unit:
    """A named unit.

    Attributes:
        name: as written in files.
        dims: (dimension, power) pairs in alphabetical order; none for a plain number.
        scale: how many base units one of it is (``USD m``: 1e6 of ``usd``).
        group: units of one group convert.
        also: further groups into which it converts (per cent is a share or a rate).
        meaning: in words, for the data dictionary.
    """

    name: str
    dims: tuple[tuple[str, int], ...] = ()
    scale: float = 1.0
    group: str = field(default="", compare=False)
    also: tuple[str, ...] = field(default=(), compare=False)
    meaning: str = field(default="", compare=False)

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


def _unit(name: str, meaning: str = "", scale: float = 1.0, **dims: int) -> Unit:
    pairs = tuple(sorted(dims.items()))
    return Unit(name, pairs, scale, " ".join(f"{d}^{p}" for d, p in pairs), (), meaning)


def _plain(
    name: str, group: str, meaning: str, scale: float = 1.0, also: tuple[str, ...] = ()
) -> Unit:
    return Unit(name, (), scale, group, also, meaning)


_OF_ASSUMPTIONS = (
    _unit("USD", "US dollars", usd=1),
    _unit("USD m", "millions of US dollars", _MILLION, usd=1),
    _unit("USD bn", "billions of US dollars", 1e9, usd=1),
    _unit("USD per year", "US dollars a year", usd=1, year=-1),
    _unit("USD m per year", "millions of US dollars a year", _MILLION, usd=1, year=-1),
    _unit("USD per month", "US dollars a month", usd=1, month=-1),
    _unit("USD per hour", "US dollars an hour", usd=1, hour=-1),
    _unit("USD per share", "US dollars for one share of stock", usd=1, share_count=-1),
    _unit("USD per unit", "US dollars for one customer, account or device", usd=1, unit=-1),
    _unit("USD per H100e", "US dollars for the compute of one H100", usd=1, h100e=-1),
    _unit(
        "USD per H100e-hour",
        "US dollars for an hour of the compute of one H100",
        usd=1, h100e=-1, hour=-1,
    ),
    _unit("USD per MWh", "US dollars for a megawatt-hour", usd=1, mw=-1, hour=-1),
    _unit("USD m per MW", "millions of US dollars for a megawatt", _MILLION, usd=1, mw=-1),
    _unit("USD bn per GW", "billions of US dollars for a gigawatt", _MILLION, usd=1, mw=-1),
    _unit(
        "USD m per MW per year",
        "millions of US dollars a year for a megawatt",
        _MILLION, usd=1, mw=-1, year=-1,
    ),
    _unit("H100e", "compute, in H100 equivalents", h100e=1),
    _unit(
        "H100e per USD m",
        "compute, in H100 equivalents, for each million US dollars",
        1e-6, h100e=1, usd=-1,
    ),
    _unit("W per H100e", "watts for the compute of one H100", 1e-6, mw=1, h100e=-1),
    _unit("kW", "kilowatts", 1e-3, mw=1),
    _unit("MW", "megawatts", mw=1),
    _unit("GW", "gigawatts", 1e3, mw=1),
    _unit("MWh", "megawatt-hours", mw=1, hour=1),
    _unit("GWh", "gigawatt-hours", 1e3, mw=1, hour=1),
    _unit("hours", "hours", hour=1),
    _unit("quarters", "a length of time in calendar quarters", quarter=1),
    _unit("years", "a length of time in years", year=1),
    _unit("count", "customers, accounts or devices", unit=1),
    _unit("thousand", "thousands of customers, accounts or devices", 1e3, unit=1),
    _unit("million", "millions of customers, accounts or devices", _MILLION, unit=1),
    _unit("billion", "billions of customers, accounts or devices", 1e9, unit=1),
    _unit("million shares", "millions of shares of stock", _MILLION, share_count=1),
    _plain("share", "share", "a part of a whole, as a decimal"),
    _plain("per year", "rate", "a rate of change or return a year, as a decimal"),
    _plain("percent", "share", "hundredths of a whole", 1e-2, ("rate",)),
    _plain("percent per year", "rate", "hundredths a year", 1e-2),
    _plain("basis points", "share", "hundredths of a per cent", 1e-4, ("rate",)),
    _plain("x", "multiple", "a multiple of something else"),
    _plain("index", "index", "a level relative to a stated base"),
    Unit("date", (("quarter", 1),), 1.0, "date", (), "a calendar quarter such as 2026Q3"),
    _plain("switch", "switch", "0 for off, 1 for on"),
    _plain("choice", "choice", "one of the listed names"),
)  # fmt: skip

_OF_FACTS_AND_LINES = (
    _unit("1"),
    _unit("elasticity"),
    _unit("none"),
    _unit("year"),
    _unit("percent of capex", scale=1e-2),
    _unit("EUR bn", scale=1e9, eur=1),
    _unit("W", scale=1e-6, mw=1),
    _unit("TFLOPS", tflops=1),
    _unit("GPUs", gpu=1),
    _unit("people", unit=1),
    _unit("MW per H100e", mw=1, h100e=-1),
    _unit("USD m per GW", scale=1e3, usd=1, mw=-1),
    _unit("USD m per GW per year", scale=1e3, usd=1, mw=-1, year=-1),
    _unit("USD m per H100e", scale=_MILLION, usd=1, h100e=-1),
    _unit("USD m per person", scale=_MILLION, usd=1, unit=-1),
    _unit("USD m per rack", scale=_MILLION, usd=1, rack=-1),
    _unit("USD per person", usd=1, unit=-1),
    _unit("USD per GPU", usd=1, gpu=-1),
    _unit("USD per MW", usd=1, mw=-1),
    _unit("quarters per year", quarter=1, year=-1),
    _unit("USD per GPU-hour", usd=1, gpu=-1, hour=-1),
    _unit("USD per million tokens", scale=1e-6, usd=1, token=-1),
)

ASSUMPTION_UNITS: Mapping[str, Unit] = MappingProxyType({u.name: u for u in _OF_ASSUMPTIONS})
"""In which assumptions are stated, in the order of the data dictionary.

A date is computed with as its index from the first quarter of the horizon, a choice as its
position from 0 among the names that the assumption lists.
"""

UNITS: Mapping[str, Unit] = MappingProxyType(
    {**ASSUMPTION_UNITS, **{u.name: u for u in _OF_FACTS_AND_LINES}}
)
"""Every unit by name."""

FACT_UNITS = frozenset(
    """
    EUR bn | GPUs | GW | GWh | H100e | MW | TFLOPS | USD | USD bn | USD bn per GW | USD m |
    USD m per GW | USD m per GW per year | USD m per MW | USD m per MW per year |
    USD m per person | USD m per rack | USD per GPU | USD per GPU-hour | USD per MWh |
    USD per million tokens | USD per month | USD per person | USD per share | W | basis points |
    billion | count | elasticity | index | kW | million | million shares | none | people |
    percent | percent of capex | percent per year | share | text | thousand | x | year | years
    """.replace("\n    ", " ").strip().split(" | ")
)  # fmt: skip
"""In which facts are stated; ``text`` is for evidence in words."""

ALIASES: Mapping[str, str] = MappingProxyType({"%": "percent", "% per year": "percent per year"})
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
        raise ModelError("unknown unit", received=name, allowed=", ".join(sorted(UNITS))) from None


def convertible(unit: Unit) -> tuple[str, ...]:
    """The names of the units whose values can be given for a key in ``unit``, itself first."""
    others = (u.name for u in _OF_ASSUMPTIONS if _converts(u, unit) and u.name != unit.name)
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
