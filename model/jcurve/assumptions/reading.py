"""From a text to a number in the key's unit, or one clear refusal.

A number is digits with a decimal point, an exponent if need be (``1e3``) and ``_``
between digits (``137_500``). A comma is refused, since it is a thousands mark for some
and a decimal mark for others. A value may carry its unit (``200 USD bn``, ``9 %``) and is
converted once; a bare number is in the key's unit. Quarters are labels (``2026Q3``),
switches 0 or 1 (or false, true, off, on, no, yes), choices one of the listed names.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from jcurve.assumptions.document import Listing, Node, Place, Text
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.ground.errors import ScenarioError, UsageError, nearest
from jcurve.ground.quarters import FIRST_QUARTER, HORIZON, QUARTER_COUNT, Quarter
from jcurve.ground.units import ALIASES, ASSUMPTION_UNITS, UNITS, Unit, convert, convertible

__all__ = ["Quantity", "number_text", "read_number", "read_text", "read_texts"]

_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:(?:0|[1-9][0-9]*(?:_[0-9]+)*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"(?P<unit>.*)",
    re.ASCII | re.DOTALL,
)
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?\.?(nan|inf|infinity)\b", re.IGNORECASE)
_SWITCHES = {"0": 0.0, "false": 0.0, "off": 0.0, "no": 0.0} | {
    "1": 1.0, "true": 1.0, "on": 1.0, "yes": 1.0
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as read.

    Attributes:
        value: in the key's unit.
        bare: it carried no unit.
        text: as written.
    """

    value: float
    bare: bool
    text: str


def read_text(node: Node, place: Place, what: str) -> str:
    """A non-empty text, as one line.

    Raises:
        ScenarioError: it is empty, a table or a list.
    """
    text = " ".join(node.text.split()) if isinstance(node, Text) and node.text else ""
    if not text:
        raise ScenarioError(f"{what} is missing", where=str(place), allowed="a text")
    return text


def read_texts(node: Node, place: Place, what: str) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        ScenarioError: it is none.
    """
    if not isinstance(node, Listing):
        raise ScenarioError(
            f"{what} is not a list", where=str(place), allowed="a list such as [CAPEX_2025]"
        )
    return tuple(read_text(item, place, f"an entry of {what}") for item in node.items)


def read_number(node: Node, unit: Unit, choices: tuple[str, ...], place: Place) -> Quantity:
    """A number of ``unit``.

    Args:
        node: as written.
        unit: of the key.
        choices: the names to choose from, for a choice.
        place: for errors.

    Raises:
        ScenarioError: no number, not finite, another unit, a quarter outside the horizon.
    """
    if not isinstance(node, Text):
        raise ScenarioError("not one value", where=str(place), allowed=_example(unit, choices))
    if node.text is None:
        raise ScenarioError("no value", where=str(place), allowed=_example(unit, choices))
    text = node.text.strip()
    match unit.name:
        case "date":
            return Quantity(_quarter(text, place), False, text)
        case "switch":
            return Quantity(_named(text.lower(), text, _SWITCHES, "0 or 1", place), False, text)
        case "choice":
            positions = {name: float(i) for i, name in enumerate(choices)}
            return Quantity(_named(text, text, positions, ", ".join(choices), place), False, text)
    return _amount(text, unit, place)


def _amount(text: str, unit: Unit, place: Place) -> Quantity:
    if _NOT_FINITE.match(text):
        raise ScenarioError(
            "not a finite number", where=str(place), received=text, allowed=_example(unit, ())
        )
    found = _NUMBER.fullmatch(text)
    if found is None or _COMMA.match(text) or found["unit"][:1].isdigit():
        raise ScenarioError(
            "a comma in a number is ambiguous" if _COMMA.match(text) else "not a number",
            where=str(place),
            received=text,
            allowed=_example(unit, ()),
        )
    value = float(found["number"])
    if not math.isfinite(value):
        raise ScenarioError(
            "not a finite number", where=str(place), received=text, allowed=_example(unit, ())
        )
    given = found["unit"].strip()
    if not given:
        return Quantity(value, True, text)
    given = ALIASES.get(given, given)
    allowed = convertible(unit)
    if not given[0].isalpha():
        raise ScenarioError(
            "not a number", where=str(place), received=text, allowed=_example(unit, ())
        )
    if given not in allowed:
        raise ScenarioError(
            "wrong unit" if given in ASSUMPTION_UNITS else "unknown unit",
            where=str(place),
            received=text,
            allowed=", ".join(allowed),
            suggestion=nearest(given, allowed),
        )
    return Quantity(convert(value, UNITS[given], unit), False, text)


def _quarter(text: str, place: Place) -> float:
    try:
        index = Quarter(text) - FIRST_QUARTER
    except UsageError:
        raise ScenarioError(
            "not a quarter", where=str(place), received=text, allowed="a quarter such as 2026Q3"
        ) from None
    if not 0 <= index < QUARTER_COUNT:
        raise ScenarioError(
            "quarter outside the horizon", where=str(place), received=text, allowed=HORIZON
        )
    return float(index)


def _named(word: str, text: str, values: dict[str, float], allowed: str, place: Place) -> float:
    if word not in values:
        raise ScenarioError(
            "not one of the choices",
            where=str(place),
            received=text,
            allowed=allowed,
            suggestion=nearest(word, values),
        )
    return values[word]


def _example(unit: Unit, choices: tuple[str, ...]) -> str:
    match unit.name:
        case "date":
            return "a quarter such as 2026Q3"
        case "switch":
            return "0 or 1"
        case "choice":
            return ", ".join(choices)
    # The first other one for plain numbers (percent), the largest for amounts (USD bn).
    others = [UNITS[name] for name in convertible(unit) if name != unit.name]
    if not others:
        return f"a number ({unit.name})"
    other = max(others, key=lambda each: each.scale) if unit.dims else others[0]
    return f"a number ({unit.name}), or with its unit such as '1.5 {other.name}'"


def number_text(value: float, unit: str = "", choices: tuple[str, ...] = ()) -> str:
    """A value for a reader: a quarter's label, a choice's name, digits in groups of three."""
    if unit == DATE:
        return Quarter.at(value)
    if unit == CHOICE and choices:
        return choices[round(value)]
    if unit == SWITCH:
        return "on" if value else "off"
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    shown = f"{value:,.6g}"
    return shown if "e" not in shown else f"{value:.6g}"
