"""The fields of an entry in a scenario file, one by one."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TypeVar

from jcurve.assumptions.assumption import LEVELS
from jcurve.assumptions.document import Entry, Node, Place, Table, Text
from jcurve.assumptions.paths import BETWEEN, CHOICE, SWITCH, Between
from jcurve.assumptions.reading import read_number, read_text, read_texts
from jcurve.ground.errors import ScenarioError
from jcurve.ground.units import ASSUMPTION_UNITS, Unit

__all__ = [
    "known_fields",
    "one_of",
    "read_between",
    "read_bounds",
    "read_choices",
    "read_date",
    "read_field",
    "read_standing",
    "read_unit",
    "table_of",
]

_LONGEST_NAME = 4
_Word = TypeVar("_Word", bound=str)


def known_fields(
    table: Table, allowed: Sequence[str], place: Place, what: str = "field"
) -> dict[str, Entry]:
    """The entries of a table by name.

    Raises:
        ScenarioError: one is not among ``allowed``.
    """
    for entry in table.entries:
        if entry.key not in allowed:
            raise ScenarioError.not_among(
                f"unknown {what}", entry.key, allowed, where=str(place.at(entry.line))
            )
    return {entry.key: entry for entry in table.entries}


def table_of(node: Node, place: Place) -> Table:
    """The fields of an assumption.

    Raises:
        ScenarioError: the entry is no table.
    """
    if not isinstance(node, Table):
        raise ScenarioError(
            "an assumption is a table of fields", where=str(place), allowed="{value: …, why: …}"
        )
    return node


def read_field(fields: dict[str, Entry], name: str, place: Place) -> str:
    """The text of a field that is there.

    Raises:
        ScenarioError: it is empty, a table or a list.
    """
    return read_text(fields[name].value, place.at(fields[name].line), name)


def one_of(entry: Entry, allowed: Sequence[_Word], place: Place) -> _Word:
    """The word of a field that takes one of a few.

    Raises:
        ScenarioError: it is another.
    """
    text = entry.value.text if isinstance(entry.value, Text) else None
    for word in allowed:
        if text == word:
            return word
    raise ScenarioError.not_among(
        f"unknown {entry.key}", text, allowed, where=str(place.at(entry.line))
    )


def read_date(node: Node, place: Place) -> datetime.date:
    """An ISO date.

    Raises:
        ScenarioError: it is none.
    """
    text = read_text(node, place, "the date")
    try:
        return datetime.date.fromisoformat(text if len(text) == 10 else "")
    except ValueError:
        raise ScenarioError(
            "not a date", where=str(place), received=text, allowed="a date such as 2026-07-29"
        ) from None


def read_unit(entry: Entry, place: Place) -> Unit:
    """The unit named by a field.

    Raises:
        ScenarioError: there is no such unit.
    """
    return ASSUMPTION_UNITS[one_of(entry, tuple(ASSUMPTION_UNITS), place)]


def read_choices(entry: Entry | None, unit: Unit, place: Place) -> tuple[str, ...]:
    """The names that a choice picks from, none for other units.

    Raises:
        ScenarioError: they are missing, or given for another unit.
    """
    if (entry is None) == (unit.name == CHOICE):
        raise ScenarioError(
            "choices are missing" if entry is None else "choices for a unit that has none",
            where=str(place),
            allowed="choices: [one, another], together with unit: choice",
        )
    return () if entry is None else read_texts(entry.value, place.at(entry.line), "choices")


def read_bounds(
    entry: Entry | None, unit: Unit, choices: tuple[str, ...], place: Place
) -> tuple[float, float]:
    """What values are accepted at all; 0 and 1 for a switch.

    Raises:
        ScenarioError: they are missing, malformed or not in order.
    """
    if unit.name == CHOICE:
        return 0.0, float(len(choices) - 1)
    if entry is None:
        if unit.name == SWITCH:
            return 0.0, 1.0
        raise ScenarioError("bounds is missing", where=str(place), allowed="bounds: [0, 1]")
    here = place.at(entry.line)
    items = getattr(entry.value, "items", ())
    if len(items) != 2:
        raise ScenarioError("bounds are two values", where=str(here), allowed="bounds: [0, 1]")
    floor, ceiling = (read_number(item, unit, (), here).value for item in items)
    if not floor <= ceiling:
        raise ScenarioError("bounds are not in order", where=str(here), allowed="[low, high]")
    return floor, ceiling


def read_standing(fields: dict[str, Entry], place: Place) -> dict[str, str]:
    """Level, short name, group and the reason why a detail is no driver.

    Raises:
        ScenarioError: a field does not go with the level, or a name is too long.
    """
    level = one_of(fields["level"], LEVELS, place) if "level" in fields else "detail"
    found: dict[str, str] = {"level": level}
    meant = {"detail": ("why_detail",), "driver": ("name", "group"), "decision": ("name",)}[level]
    for field in ("name", "group", "why_detail"):
        if field not in fields:
            continue
        here = place.at(fields[field].line)
        if field not in meant:
            raise ScenarioError(f"{field} of a {level}", where=str(here), allowed=", ".join(meant))
        found[field] = read_text(fields[field].value, here, field)
    if level != "detail":
        words = found.get("name", "").split()
        if not 0 < len(words) <= _LONGEST_NAME:
            raise ScenarioError(
                f"a {level} has a name of at most {_LONGEST_NAME} words",
                where=str(place),
                received=found.get("name"),
            )
    return found


def read_between(fields: dict[str, Entry], place: Place) -> Between | None:
    """The rule between dates, None when none is given.

    Raises:
        ScenarioError: there is no such rule.
    """
    return one_of(fields["between"], BETWEEN, place) if "between" in fields else None
