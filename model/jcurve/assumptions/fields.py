"""The fields of a table in a file, and the texts in them: words, dates, numbers with a unit.

A number is digits with a decimal point, an exponent if need be (``1e3``) and ``_`` or commas
between groups of digits (``137_500``, ``137,500``); any other comma is refused, since it is a
decimal mark for some. A value may carry its unit (``200 USD bn``, ``$200bn``, ``9 %``: see
``spellings``) and is converted once; a bare number is in the key's unit. Quarters are labels
(``2026Q3``), switches 0 or 1 (or false, true, off, on, no, yes), choices one of the listed names.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jcurve.assumptions.nodes import Entry, Node, Place, Table
from jcurve.assumptions.paths import BETWEEN, CHOICE, DATE, SWITCH, Between
from jcurve.assumptions.spellings import in_unit, spelling
from jcurve.ground.errors import UsageError, nearest
from jcurve.ground.quarters import FIRST_QUARTER, HORIZON, QUARTER_COUNT, Quarter
from jcurve.ground.units import ASSUMPTION_UNITS, UNITS, Unit, convert, convertible

_Word = TypeVar("_Word", bound=str)
_CURRENCY = re.compile(r"(?!USD)[A-Z]{3}\b", re.ASCII)
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?\.?(nan|inf|infinity)\b", re.IGNORECASE)
_SWITCHES = {"0": 0.0, "false": 0.0, "off": 0.0, "no": 0.0} | {
    "1": 1.0, "true": 1.0, "on": 1.0, "yes": 1.0
}  # fmt: skip


class Fields(Mapping[str, Entry]):
    """The fields of a table by name; each is read with errors that tell its own line.

    Args:
        table: as written.
        allowed: the names that a field may have.
        place: of the table: what is missing is missing here.

    Raises:
        ScenarioError: a field has another name.
    """

    def __init__(self, table: Table, allowed: Sequence[str], place: Place) -> None:
        self.place = place
        self._entries = {entry.key: entry for entry in table.entries}
        for entry in table.entries:
            if entry.key not in allowed:
                raise self.at(entry.key).unknown("unknown field", entry.key, allowed)

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            raise self.place.error(f"{name} is missing")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def at(self, name: str) -> Place:
        """Where a field stands; where the table stands when there is no such field."""
        return self.place.at(self._entries[name].line) if name in self else self.place

    def text(self, name: str) -> str:
        """The text of a field, as one line."""
        return read_text(self[name].value, self.at(name), name)

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list; none where the field is missing."""
        return read_texts(self[name].value, self.at(name), name) if name in self else ()

    def word(self, name: str, known: Sequence[_Word]) -> _Word:
        """The word of a field that takes one of a few."""
        value = self[name].value
        text = value if isinstance(value, str) else None
        for word in known:
            if text == word:
                return word
        raise self.at(name).unknown(f"unknown {name}", text, known)

    def date(self, name: str) -> datetime.date:
        """An ISO date."""
        text = read_text(self[name].value, self.at(name), "the date")
        try:
            return datetime.date.fromisoformat(text if len(text) == 10 else "")
        except ValueError:
            raise self.at(name).error("not a date", text, "a date such as 2026-07-29") from None

    def unit(self) -> Unit:
        """The unit that the field ``unit`` names."""
        return UNITS[self.word("unit", tuple(ASSUMPTION_UNITS))]

    def between(self) -> Between | None:
        """The rule between dates, None when none is given."""
        return self.word("between", BETWEEN) if "between" in self else None


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as read: its value in the key's unit, whether it carried no unit, and its text."""

    value: float
    bare: bool
    text: str


def read_text(node: Node, place: Place, what: str) -> str:
    """A non-empty text, as one line."""
    text = " ".join(node.split()) if isinstance(node, str) else ""
    if not text:
        raise place.error(f"{what} is missing", None, "a text")
    return text


def read_texts(node: Node, place: Place, what: str) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(node, tuple):
        raise place.error(f"{what} is not a list", None, "a list such as [CAPEX_2025]")
    return tuple(read_text(item, place, f"an entry of {what}") for item in node)


def read_number(node: Node, unit: Unit, choices: tuple[str, ...], place: Place) -> Quantity:
    """A number of ``unit``.

    Args:
        node: as written.
        unit: of the key.
        choices: the names to choose from, for a choice.
        place: for errors.
    """
    if not isinstance(node, str):
        what = "no value" if node is None else "not one value"
        raise place.error(what, None, _example(unit, choices))
    text = node.strip()
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
    found = spelling(text)
    value, given = (math.nan, "") if found is None else in_unit(found, unit)
    wrong = ""
    if _NOT_FINITE.match(text):
        wrong = "not a finite number"
    elif (found is None or given[:1] == ",") and _COMMA.match(text):
        wrong = "a comma in a number is ambiguous"
    elif found is None or (given and not given[0].isalpha()):
        wrong = "not a number"
    elif not math.isfinite(value):
        wrong = "not a finite number"
    if wrong:
        raise place.error(wrong, text, _example(unit, ()))
    if not given:
        return Quantity(value, True, text)
    allowed = convertible(unit)
    if given not in allowed:
        what = "wrong unit" if given in ASSUMPTION_UNITS else "unknown unit"
        if given not in ASSUMPTION_UNITS and _CURRENCY.match(given) and "usd" in dict(unit.dims):
            what = "another currency than that of the accounts: nothing is converted here"
        raise place.error(what, text, ", ".join(allowed), nearest(given, allowed))
    return Quantity(convert(value, UNITS[given], unit), False, text)


def _quarter(text: str, place: Place) -> float:
    try:
        index = Quarter(text) - FIRST_QUARTER
    except UsageError:
        raise place.error("not a quarter", text, "a quarter such as 2026Q3") from None
    if not 0 <= index < QUARTER_COUNT:
        raise place.error("quarter outside the horizon", text, HORIZON)
    return float(index)


def _named(word: str, text: str, values: dict[str, float], allowed: str, place: Place) -> float:
    if word not in values:
        raise place.error("not one of the choices", text, allowed, nearest(word, values))
    return values[word]


def _example(unit: Unit, choices: tuple[str, ...]) -> str:
    fixed = {DATE: "a quarter such as 2026Q3", SWITCH: "0 or 1", CHOICE: ", ".join(choices)}
    if unit.name in fixed:
        return fixed[unit.name]
    # Per cent for plain numbers, the largest for amounts (USD bn).
    others = [UNITS[name] for name in convertible(unit) if name != unit.name]
    if not others:
        return f"a number ({unit.name})"
    other = max(others, key=lambda each: each.scale if unit.dims else -abs(each.scale - 0.01))
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
