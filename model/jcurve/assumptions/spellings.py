"""Numbers as finance writes them: ``200bn``, ``$200bn``, ``200,000``, ``9.5 % a year``, ``+10%``.

Commas and spaces stand between groups of three digits and nowhere else, a number in parentheses
is below zero, a dollar sign alone says nothing that the key does not. A sign before per cent of
an amount, and before points or basis points of a rate, means a change of the value that stands:
``+10%`` of 200 is 220, ``-50bp`` of 9.5 % is 9 %. A sign before per cent of a rate could mean
either, so that a plus is refused; a minus is a rate below zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from jcurve.ground.units import ALIASES, UNITS, Unit, convertible

_NUMBER = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[+-]?)\s*(?P<money>US\$|\$|USD(?=\s))?\s*(?P<after>[+-]?)"
    r"(?P<number>(?:[1-9][0-9]{0,2}(?P<mark>[, ])[0-9]{3}(?:(?P=mark)[0-9]{3})*(?![0-9])"
    r"|0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]*)?|\.[0-9]+)(?P<power>[eE][+-]?[0-9]+)?"
    r"(?P<unit>[^()]*)(?P<close>\))?",
    re.ASCII | re.DOTALL,
)
_SPACES = str.maketrans({"\N{MINUS SIGN}": "-", "\xa0": " ", "\u2009": " ", "\u202f": " "})
_SIZE_NAMES = {
    1e3: ("k", "thousand"),
    1e6: ("m", "mn", "mm", "million"),
    1e9: ("b", "bn", "billion"),
    1e12: ("tn", "trillion"),
}
_SIZES = {name: size for size, names in _SIZE_NAMES.items() for name in names}
_SIZED = re.compile(rf"(?P<size>{'|'.join(_SIZES)})\b\s*(?P<rest>.*)")
_YEARLY = re.compile(r"(?P<head>.*?)\s*\b(?:a|per) (?:year|yr|annum)|(?P<short>.*?)\s*p\.? ?a\.?")
_WORDS = {
    word: name
    for name, words in {
        "percent": "% percent pct per_cent",
        "basis points": "bp bps basis_points",
        "points": "pp pt pts point points percentage_points",
        "years": "y yr yrs year years",
        "quarters": "q qtr qtrs quarter quarters",
        "x": "x \N{MULTIPLICATION SIGN} times",
    }.items()
    for word in words.replace("_", "\0").split()
    for word in [word.replace("\0", " ")]
}
_DOLLARS = re.compile(r"\s*\b(?:us ?)?(?:usd|dollars)\b|\s*(?:us)?\$")
_COUNTED: dict[tuple[tuple[str, int], ...], str] = {
    (("unit", 1),): "",
    (("share_count", 1),): "shares",
    (("h100e", 1),): "h100e",
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """A number as written."""

    number: float  # with its sign
    signed: bool  # whether a sign was written, not parentheses
    unit: str  # what follows it, without spaces around
    dollars: bool = False  # whether a dollar sign precedes it


def spelling(text: str) -> Spelling | None:
    """The number and unit of a text, None where it is no number."""
    found = _NUMBER.fullmatch(text.translate(_SPACES).strip())
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    signs = found["sign"] + found["after"]
    if len(signs) + bool(found["open"]) > 1:
        return None
    number = float(re.sub("[, _]", "", found["number"]) + (found["power"] or ""))
    number = -number if signs == "-" or found["open"] else number
    return Spelling(number, bool(signs), found["unit"].strip(), found["money"] is not None)


def in_unit(given: Spelling, unit: Unit) -> tuple[float, str]:
    """The number with the name of the unit that it is in: one that converts to ``unit``, empty
    for a bare number, and as written where nothing is known of it."""
    if given.dollars and not unit.name.startswith("USD"):
        return given.number, "USD"
    if (known := ALIASES.get(given.unit, given.unit)) in convertible(unit):
        return given.number, known
    words = " ".join(given.unit.lower().replace("/", " per ").split())
    if (size := _size(words, unit)) is not None:
        return given.number * size, unit.name if _DOLLARS.sub("", words) else ""
    return given.number, _name(words) or given.unit


def change_of(given: Spelling, unit: Unit) -> Callable[[float], float] | None:
    """What a signed number does to the value that stands, None where it is a value itself."""
    name = _name(given.unit.lower()).removesuffix(" per year")
    is_rate = unit.group in ("share", "rate")
    if is_rate and name in ("points", "basis points") and given.signed:
        by = given.number * (UNITS["basis points"].scale if name[0] == "b" else 1e-2) / unit.scale
        return lambda value: value + by
    if name != "percent" or not given.signed:
        return None
    if is_rate and given.number > 0:
        raise ValueError(given.unit)
    factor = 1 + given.number / 100
    return None if is_rate else lambda value: value * factor


def _name(words: str) -> str:
    """The unit that words mean, empty where none does."""
    found = _YEARLY.fullmatch(words)
    head = words if found is None else (found["head"] or found["short"] or "")
    name = _WORDS.get(head.strip(), "")
    return f"{name} per year" if found is not None and name == "percent" else name


def _size(words: str, unit: Unit) -> float | None:
    """What a size such as ``bn`` makes of a number in ``unit``, None where it does not fit."""
    is_money = unit.name.startswith("USD")
    counted = _COUNTED.get(unit.dims)
    if not is_money and counted is None:
        return None
    said = _DOLLARS.sub("", words).strip() if is_money else words
    found = _SIZED.fullmatch(said)
    own, per, what = unit.name.lower().partition(" per ")
    if (found["rest"] if found else said) not in ("", counted, f"per {what}" if per else ""):
        return None
    if found is None:
        return 1.0 if is_money else None
    stands = _SIZES.get(own.removeprefix("usd").strip(), 1.0) if is_money else unit.scale
    return _SIZES[found["size"]] / stands
