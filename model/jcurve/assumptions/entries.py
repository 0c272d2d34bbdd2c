"""From an entry of a scenario file to an assumption: first defined, then changed."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from jcurve.assumptions.assumption import SHAPES, Assumption, shape_of
from jcurve.assumptions.document import Entry, Node, Place, Text
from jcurve.assumptions.fields import (
    known_fields,
    one_of,
    read_between,
    read_bounds,
    read_choices,
    read_field,
    read_standing,
    read_unit,
    table_of,
)
from jcurve.assumptions.grounds import Author, about_of
from jcurve.assumptions.numbers import Numbers, numbers_of, period_of
from jcurve.assumptions.paths import CHOICE, Between, Change, Path, Value
from jcurve.assumptions.ranges import range_of
from jcurve.assumptions.reading import read_text
from jcurve.ground.errors import ScenarioError

__all__ = ["change", "change_period", "define", "with_period", "with_value"]

_DEFINED = (
    "label", "unit", "shape", "value", "between", "low", "high", "bounds", "distribution",
    "outcomes", "choices", "kind", "source", "as_of", "rationale", "level", "name", "group",
    "why_detail", "next",
)  # fmt: skip
_CHANGED = (
    "value", "low", "high", "between", "distribution", "outcomes", "kind", "source", "as_of",
    "why",
)  # fmt: skip
_CHANGED_PERIOD = ("value", "kind", "source", "as_of", "why")
_VALUES = ("value", "low", "high", "distribution", "outcomes")


def define(
    node: Node, place: Place, author: Author, remainder: float | Path | None = None
) -> Assumption:
    """An assumption from its full definition.

    Args:
        node: the entry's value.
        place: of the entry, with the key.
        author: the scenario.
        remainder: the computed value, for the remainder of a mix.

    Raises:
        ScenarioError: a field is unknown, missing, malformed or at odds with another.
    """
    fields = known_fields(table_of(node, place), _DEFINED, place)
    required = ["label", "unit", "distribution", "kind", "source", "as_of", "rationale"]
    if remainder is None:
        required.append("value")
    for name in required:
        if name not in fields:
            raise ScenarioError(f"{name} is missing", where=str(place))
    unit = read_unit(fields["unit"], place)
    choices = read_choices(fields.get("choices"), unit, place)
    is_changes = "shape" in fields and one_of(fields["shape"], SHAPES, place) == "changes"
    bounds = read_bounds(fields.get("bounds"), unit, choices, place)
    numbers = Numbers(unit, bounds, choices, is_changes=is_changes)
    between = read_between(fields, place)
    if remainder is None:
        value = numbers.value(*_at(fields["value"], between, place))
    else:
        value = remainder
        _refuse_remainder(fields, place)
    _check_shape(fields, value, place)
    made: dict[str, Any] = {
        "key": place.key,
        "unit": unit.name,
        "shape": shape_of(value),
        "value": value,
        "bounds": None if unit.name == CHOICE else numbers.bounds,
        "choices": choices,
        "derived": remainder is not None,
        "label": read_field(fields, "label", place),
        "rationale": read_field(fields, "rationale", place),
        "set_by": author.name,
    }
    made |= range_of(value, fields, numbers, between, None, place)
    made |= _next(fields, made, place)
    made |= about_of(fields, None, author, place)
    made |= read_standing(fields, place)
    return _made(made, place)


def change(parent: Assumption, node: Node, place: Place, author: Author) -> Assumption:
    """``parent`` as a scenario changes it; what the scenario does not give is inherited.

    An inherited range is widened to hold the new value and cut at the bounds; one given as
    factors moves with it. A changed value without kind and source is a judgement.

    Raises:
        ScenarioError: a field is unknown or malformed, nothing changes, or no reason is given.
    """
    fields = known_fields(table_of(node, place), _CHANGED, place)
    if "why" not in fields:
        raise ScenarioError(
            "why is missing", where=str(place), allowed="the reason for the change, in words"
        )
    if not any(name in fields for name in _VALUES):
        raise ScenarioError(
            "nothing is changed", where=str(place), allowed=f"one of {', '.join(_VALUES)}"
        )
    numbers = numbers_of(parent)
    between = read_between(fields, place) or _between_of(parent)
    value: Value = parent.value
    if "value" in fields:
        value = numbers.value(*_at(fields["value"], between, place))
        _check_replaces(parent, value, place.at(fields["value"].line))
    elif "between" in fields and isinstance(value, Path):
        value = Path(value.by, between or value.between, value.points)
    made: dict[str, Any] = {
        "shape": shape_of(value),
        "value": value,
        "why": read_field(fields, "why", place),
        "set_by": author.name,
        "stated": None if "low" in fields or "high" in fields else parent.book,
    }
    made |= range_of(value, fields, numbers, between, parent, place)
    made |= about_of(fields, parent, author, place)
    return _made({**dict(parent), **made}, place)


def change_period(
    parent: Assumption, period: str, node: Node, place: Place, author: Author
) -> Assumption:
    """``parent`` as a scenario changes it in one year or quarter, whose entry is ``node``.

    The other periods still rest on the sources that they had; new ones are added.

    Raises:
        ScenarioError: a field is unknown, missing or malformed.
    """
    fields = known_fields(table_of(node, place), _CHANGED_PERIOD, place)
    for name in ("value", "why"):
        if name not in fields:
            raise ScenarioError(f"{name} is missing", where=str(place))
    here = place.at(fields["value"].line)
    why = f"{period}: {read_field(fields, 'why', place)}"
    if parent.set_by == author.name:
        why = f"{parent.why} {why}"
    made = with_period(parent, period, fields["value"].value, why, author.name, here)
    about = about_of(fields, parent, author, place)
    about["source"] = tuple(dict.fromkeys((*parent.source, *about.get("source", ()))))
    return _made({**dict(made), **about}, place)


def with_value(
    parent: Assumption,
    value: Value,
    why: str,
    set_by: str,
    place: Place,
    source: tuple[str, ...] = (),
) -> Assumption:
    """``parent`` with another value, a judgement; its range follows as in a file.

    Raises:
        ScenarioError: the value has another shape than the assumption.
    """
    _check_replaces(parent, value, place)
    made: dict[str, Any] = {
        "shape": shape_of(value),
        "value": value,
        "why": why,
        "set_by": set_by,
        "kind": "judgement",
        "source": source,
        "stated": parent.book,
    }
    made |= range_of(value, {}, numbers_of(parent), _between_of(parent), parent, place)
    return _made({**dict(parent), **made}, place)


def with_period(
    parent: Assumption,
    period: str,
    node: Node,
    why: str,
    set_by: str,
    place: Place,
    *,
    insist: bool = False,
) -> Assumption:
    """``parent`` with another value in one year or quarter and every other one as it was; of a
    list of changes, with the change of one quarter on top of the others.

    Raises:
        ScenarioError: the assumption is not by date, or the period or value does not validate.
    """
    path = parent.value
    numbers = numbers_of(parent, insist=insist)
    if isinstance(path, tuple):
        at = period_of(period, "quarter", place)
        kept = [each for each in path if each.date != at]
        changes = numbers.in_order([*kept, Change(at, numbers.number(node, place))], place)
        return with_value(parent, changes, why, set_by, place, parent.source)
    if not isinstance(path, Path):
        raise ScenarioError("this assumption has one value for all dates", where=str(place))
    at = period_of(period, path.by, place)
    number = numbers.number(node, place, at if path.by == "year" else None)
    return with_value(parent, path.with_point(at, number), why, set_by, place, parent.source)


def _check_replaces(parent: Assumption, value: Value, place: Place) -> None:
    """Refuse a value whose shape or reach would change years that nobody meant.

    Raises:
        ScenarioError: see the messages.
    """
    if (parent.shape == "changes") != isinstance(value, tuple):
        allowed = "a table of dates and lives" if parent.shape == "changes" else "a number"
        raise ScenarioError("a value of another shape", where=str(place), allowed=allowed)
    old = parent.value
    if isinstance(old, Path) and not isinstance(value, Path):
        raise ScenarioError(
            "one number for a value by date",
            where=str(place),
            allowed=f"a table such as {{{old.label(old.periods[0])}: …}}, "
            f"or {parent.key}.{old.label(old.periods[-1])} for one {old.by}",
        )
    if not isinstance(value, Path):
        return
    if isinstance(old, float) and value.periods[0] != value.first and value.points[0][1] != old:
        raise ScenarioError(
            "the first value would hold for all time before it",
            where=str(place),
            received=parent.text(value),
            allowed=f"begin with {parent.text()}, which it replaces, "
            f"or in {value.label(value.first)}",
        )
    if isinstance(old, Path) and old.by == value.by:
        reach = (old.periods[0], old.periods[-1])
        if value.periods[0] > reach[0] or value.periods[-1] < reach[1]:
            first, last = (old.label(period) for period in reach)
            raise ScenarioError(
                "a table by date replaces the whole path",
                where=str(place),
                received=parent.text(value),
                allowed=f"values from {first} to {last} at least, or {parent.key}.{last} for "
                f"one {old.by}",
            )


def _at(entry: Entry, between: Between | None, place: Place) -> tuple[Node, Between | None, Place]:
    return entry.value, between, place.at(entry.line)


def _between_of(parent: Assumption) -> Between | None:
    return parent.value.between if isinstance(parent.value, Path) else None


def _check_shape(fields: dict[str, Entry], value: Value, place: Place) -> None:
    entry = fields.get("shape")
    if entry is not None and one_of(entry, SHAPES, place) != shape_of(value):
        raise ScenarioError(
            "the value is not of this shape",
            where=str(place.at(entry.line)),
            received=entry.value.text if isinstance(entry.value, Text) else None,
            allowed=shape_of(value),
        )


def _next(fields: dict[str, Entry], made: dict[str, Any], place: Place) -> dict[str, Any]:
    """The date of the next change, which a range of lives needs and nothing else has."""
    wanted = made["shape"] == "changes" and made["low"] is not None
    if wanted != ("next" in fields):
        raise ScenarioError(
            "next and a range of lives go together",
            where=str(place),
            allowed="next: 2027Q1, low: 4, high: 6, together and for changes of a life only",
        )
    if not wanted:
        return {}
    here = place.at(fields["next"].line)
    return {"next": period_of(read_text(fields["next"].value, here, "next"), "quarter", here)}


def _refuse_remainder(fields: dict[str, Entry], place: Place) -> None:
    for name in ("value", "low", "high"):
        if name in fields:
            raise ScenarioError(
                "the remainder of a mix is computed, never set",
                where=str(place.at(fields[name].line)),
                allowed="the other members",
            )


def _made(fields: dict[str, Any], place: Place) -> Assumption:
    try:
        return Assumption(**{**fields, "where": str(place).partition(",")[0]})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        message = first["msg"].removeprefix("Value error, ")
        raise ScenarioError(message, where=str(place)) from error
