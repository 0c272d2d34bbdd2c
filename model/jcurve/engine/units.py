"""Units with dimension and scale, so that adding dollars to megawatts is a build error.

A unit is a product of powers of base dimensions and a scale. Rates and shares are
dimensionless. A flow is stated per quarter without saying so (``USD m`` spent during the
quarter), as on an analyst's sheet; years and quarters of duration keep their dimension,
so that a life in years cannot be used as one in quarters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from jcurve.ground.errors import ModelError

__all__ = [
    "BN_PEOPLE",
    "DIMENSIONLESS",
    "GW",
    "H100E",
    "HOURS",
    "MILLION_SHARES",
    "MILLION_UNITS",
    "MW",
    "MWH",
    "QUARTERS",
    "SHARE",
    "SWITCH",
    "TIMES",
    "USD",
    "USD_M",
    "USD_PER_H100E",
    "USD_PER_MWH",
    "USD_PER_SHARE",
    "USD_PER_UNIT",
    "WATTS_PER_H100E",
    "YEARS",
    "Quantity",
    "Unit",
    "unit_named",
]

_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Unit:
    """A named unit: ``dims`` are (dimension, power) pairs in order, ``scale`` to base units."""

    name: str
    dims: tuple[tuple[str, int], ...] = ()
    scale: float = 1.0

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


def _unit(name: str, scale: float = 1.0, **dims: int) -> Unit:
    return Unit(name, tuple(sorted(dims.items())), scale)


DIMENSIONLESS = _unit("1")
SHARE = _unit("share")
TIMES = _unit("x")
SWITCH = _unit("switch")
USD = _unit("USD", usd=1)
USD_M = _unit("USD m", _MILLION, usd=1)
YEARS = _unit("years", year=1)
QUARTERS = _unit("quarters", quarter=1)
HOURS = _unit("hours", hour=1)
H100E = _unit("H100e", h100e=1)
MW = _unit("MW", mw=1)
GW = _unit("GW", 1e3, mw=1)
MWH = _unit("MWh", hour=1, mw=1)
USD_PER_MWH = _unit("USD per MWh", usd=1, mw=-1, hour=-1)
USD_PER_H100E = _unit("USD per H100e", usd=1, h100e=-1)
WATTS_PER_H100E = _unit("W per H100e", 1e-6, mw=1, h100e=-1)
MILLION_UNITS = _unit("million", _MILLION, unit=1)
BN_PEOPLE = _unit("billion", 1e9, unit=1)
USD_PER_UNIT = _unit("USD per unit", usd=1, unit=-1)

USD_PER_SHARE = _unit("USD per share", usd=1, share_count=-1)
MILLION_SHARES = _unit("million shares", _MILLION, share_count=1)

_NAMED: Mapping[str, Unit] = {
    unit.name: unit
    for unit in (
        DIMENSIONLESS, SHARE, TIMES, SWITCH, USD, USD_M, YEARS, QUARTERS, HOURS, H100E, MW, GW,
        MWH, USD_PER_MWH, USD_PER_H100E, WATTS_PER_H100E, MILLION_UNITS, BN_PEOPLE, USD_PER_UNIT,
        _unit("per year"),
        _unit("index"),
        _unit("elasticity"),
        _unit("none"),
        _unit("choice"),
        _unit("year"),
        _unit("percent", 1e-2),
        _unit("percent of capex", 1e-2),
        _unit("percent per year", 1e-2),
        _unit("basis points", 1e-4),
        _unit("USD bn", 1e9, usd=1),
        _unit("EUR bn", 1e9, eur=1),
        _unit("date", quarter=1),
        _unit("W", 1e-6, mw=1),
        _unit("kW", 1e-3, mw=1),
        _unit("GWh", 1e3, hour=1, mw=1),
        _unit("TFLOPS", tflops=1),
        _unit("GPUs", gpu=1),
        _unit("count", unit=1),
        _unit("people", unit=1),
        _unit("thousand", 1e3, unit=1),
        _unit("H100e per USD m", 1e-6, h100e=1, usd=-1),
        _unit("USD bn per GW", 1e6, usd=1, mw=-1),
        _unit("USD m per MW per year", _MILLION, usd=1, mw=-1, year=-1),
        _unit("USD m per GW per year", 1e3, usd=1, mw=-1, year=-1),
        _unit("USD m per person", _MILLION, usd=1, unit=-1),
        _unit("USD m per rack", _MILLION, usd=1, rack=-1),
        _unit("USD m per year", _MILLION, usd=1, year=-1),
        _unit("USD per year", usd=1, year=-1),
        _unit("USD per month", usd=1, month=-1),
        _unit("USD per person", usd=1, unit=-1),
        _unit("USD per GPU", usd=1, gpu=-1),
        _unit("USD per GPU-hour", usd=1, gpu=-1, hour=-1),
        _unit("USD per million tokens", 1e-6, usd=1, token=-1),
        _unit("USD m per MW", _MILLION, usd=1, mw=-1),
        _unit("USD m per GW", 1e3, usd=1, mw=-1),
        _unit("USD m per H100e", _MILLION, usd=1, h100e=-1),
        _unit("MW per H100e", mw=1, h100e=-1),
        _unit("USD per hour", usd=1, hour=-1),
        _unit("USD per H100e-hour", usd=1, h100e=-1, hour=-1),
        USD_PER_SHARE,
        MILLION_SHARES,
    )
}  # fmt: skip


def unit_named(name: str) -> Unit:
    """The unit written ``name`` in a data file.

    Raises:
        ModelError: the engine knows no such unit.
    """
    try:
        return _NAMED[name]
    except KeyError:
        raise ModelError("unknown unit", received=name, allowed=", ".join(sorted(_NAMED))) from None


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
