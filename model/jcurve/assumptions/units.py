"""The closed list of units in which assumptions are stated, and how they convert.

A unit is a product of powers of base dimensions and a scale to them, so that the engine
can check lines without reading its name. Two units convert when they are of one
``group``; plain numbers of different meaning (a share, a multiple, a switch) are of
different groups and never convert. Years and quarters are kept apart: a life in years
given for one in quarters is a mistake more often than a wish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["ALIASES", "CHOICE", "DATE", "SWITCH", "UNITS", "Unit", "convert", "convertible"]

SWITCH = "switch"
"""Off or on: 0 or 1."""

CHOICE = "choice"
"""One of the names that the assumption lists; computed with as its position from 0."""

DATE = "date"
"""A calendar quarter; computed with as its index from the first quarter of the horizon."""

_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as written in files.

    Attributes:
        name: as written.
        dims: (dimension, power) pairs in alphabetical order; none for a plain number.
        scale: how many base units one of it is (``USD m``: 1e6 of ``usd``).
        group: units of one group convert.
        also: further groups into which it converts (per cent is a share or a rate).
        meaning: in words, for the data dictionary.
    """

    name: str
    dims: tuple[tuple[str, int], ...]
    scale: float
    group: str
    also: tuple[str, ...]
    meaning: str

    @property
    def dimension(self) -> str:
        """The dimensions in words, such as ``usd per h100e``, or ``number``."""
        over = [_power(d, p) for d, p in self.dims if p > 0]
        under = [_power(d, -p) for d, p in self.dims if p < 0]
        return " per ".join([" ".join(over) or "number", *under])


def _power(dimension: str, power: int) -> str:
    return dimension if power == 1 else f"{dimension}^{power}"


def _unit(name: str, meaning: str, scale: float = 1.0, **dims: int) -> Unit:
    pairs = tuple(sorted(dims.items()))
    return Unit(name, pairs, scale, " ".join(f"{d}^{p}" for d, p in pairs), (), meaning)


def _plain(
    name: str, group: str, meaning: str, scale: float = 1.0, also: tuple[str, ...] = ()
) -> Unit:
    return Unit(name, (), scale, group, also, meaning)


_ALL = (
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
        1 / _MILLION, h100e=1, usd=-1,
    ),
    _unit("W per H100e", "watts for the compute of one H100", 1 / _MILLION, mw=1, h100e=-1),
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
    Unit(DATE, (("quarter", 1),), 1.0, DATE, (), "a calendar quarter such as 2026Q3"),
    _plain(SWITCH, SWITCH, "0 for off, 1 for on"),
    _plain(CHOICE, CHOICE, "one of the listed names"),
)  # fmt: skip

UNITS: Mapping[str, Unit] = MappingProxyType({unit.name: unit for unit in _ALL})
"""Every unit by name, in the order of the data dictionary."""

ALIASES: Mapping[str, str] = MappingProxyType({"%": "percent", "% per year": "percent per year"})
"""Other spellings that a value may carry."""


def convertible(unit: Unit) -> tuple[str, ...]:
    """The names of the units whose values can be given for a key in ``unit``, itself first."""
    others = (u.name for u in UNITS.values() if _converts(u, unit) and u.name != unit.name)
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
