"""From an entry of a scenario file to an assumption: first defined, then changed.

What an entry does not give is inherited where that is honest: a range moves with a value that was
given as a factor and is widened to hold any other, while kind and source of a value that is set
anew are those of a judgement unless the entry says what it rests on.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from jcurve.assumptions.assumption import DISTRIBUTIONS, KINDS, LEVELS, SHAPES, Assumption, shape_of
from jcurve.assumptions.fields import Fields, read_number
from jcurve.assumptions.moves import new_value
from jcurve.assumptions.nodes import Node, Place, Table
from jcurve.assumptions.paths import CHOICE, SWITCH, Between, Change, Path, Value
from jcurve.assumptions.values import Values, period_of, range_of, values_of
from jcurve.ground.units import UNITS, Unit

_DEFINED = (
    "label", "unit", "shape", "value", "between", "low", "high", "bounds", "distribution",
    "outcomes", "choices", "kind", "source", "as_of", "rationale", "level", "name", "group",
    "why_detail", "next",
)  # fmt: skip
_REQUIRED = ("label", "unit", "distribution", "kind", "source", "as_of", "rationale", "value")
_CHANGED = (
    "value", "low", "high", "between", "distribution", "outcomes", "kind", "source", "as_of",
    "why",
)  # fmt: skip
_CHANGED_PERIOD = ("value", "kind", "source", "as_of", "why")
_VALUES = ("value", "low", "high", "distribution", "outcomes")
_COMPUTED = ("value", "low", "high")
_NEED_SOURCE = ("reported", "guided", "evidence")
_STANDING = {
    "detail": ("name", "why_detail"), "driver": ("name", "group"), "decision": ("name",)
}  # fmt: skip
_LONGEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Author:
    """Who sets values: a scenario's name, and the date of its knowledge if it gives one."""

    name: str
    as_of: datetime.date | None = None
    is_override: bool = False  # no file: no reasons are given
    insist: bool = False  # bare numbers are taken as they are, however unusual


def define(
    node: Node, place: Place, author: Author, remainder: float | Path | None = None
) -> Assumption:
    """An assumption from its full definition.

    Args:
        node: the entry's value.
        place: of the entry, with the key.
        author: the scenario.
        remainder: the computed value, for the remainder of a mix.
    """
    fields = _fields(node, _DEFINED, place)
    for name in _REQUIRED if remainder is None else _REQUIRED[:-1]:
        _ = fields[name]
    unit = fields.unit()
    choices = _choices(fields, unit)
    stated = fields.word("shape", SHAPES) if "shape" in fields else ""
    is_changes = stated == "changes"
    reader = Values(unit, _bounds(fields, unit, choices), choices, is_changes=is_changes)
    between = fields.between()
    if remainder is None:
        value = reader.value(fields["value"].value, between, fields.at("value"))
    else:
        value = remainder
        for name in _COMPUTED:
            if name in fields:
                what = "the remainder of a mix is computed, never set"
                raise fields.at(name).error(what, None, "the other members")
    if stated not in ("", shape := shape_of(value)):
        raise fields.at("shape").error("the value is not of this shape", stated, shape)
    made: dict[str, Any] = {
        "key": place.key,
        "unit": unit.name,
        "value": value,
        "bounds": None if unit.name == CHOICE else reader.bounds,
        "choices": choices,
        "derived": remainder is not None,
        "label": fields.text("label"),
        "rationale": fields.text("rationale"),
        "set_by": author.name,
    }
    made |= range_of(value, fields, reader, between, place)
    made |= _next_change(fields, is_changes and made["low"] is not None)
    made |= _basis(fields, None, author)
    made |= _standing(fields)
    return _made(made, place)


def change(parent: Assumption, node: Node, place: Place, author: Author) -> Assumption:
    """``parent`` as a scenario changes it; what the scenario does not give is inherited."""
    fields = _fields(node, _CHANGED, place)
    if "why" not in fields and not author.is_override:
        raise place.error("why is missing", None, "the reason for the change, in words")
    if not any(name in fields for name in _VALUES):
        raise place.error("nothing is changed", None, f"one of {', '.join(_VALUES)}")
    between = fields.between() or _between_of(parent)
    value: Value = parent.value
    if "value" in fields:
        here = fields.at("value")
        value = new_value(parent, fields["value"].value, between, here, insist=author.insist)
        _check_replaces(parent, value, here)
    elif "between" in fields and isinstance(value, Path):
        value = Path(value.by, between or value.between, value.points)
    made: dict[str, Any] = {
        "value": value,
        "set_by": author.name,
        "why": _reason(fields, author),
        "stated": None if "low" in fields or "high" in fields else parent.book,
    }
    made |= range_of(value, fields, values_of(parent), between, place)
    made |= _basis(fields, parent, author)
    return _made({**vars(parent), **made}, place)


def change_period(
    parent: Assumption, period: str, node: Node, place: Place, author: Author
) -> Assumption:
    """``parent`` as a scenario changes it in one year or quarter, whose entry is ``node``; every
    other one stays as it was. Of a list of changes, the change of one quarter comes on top of the
    others.

    The other periods still rest on the sources that they had; new ones are added.
    """
    fields = _fields(node, _CHANGED_PERIOD, place)
    given, here, why = fields["value"].value, fields.at("value"), _reason(fields, author, period)
    path, reader = parent.value, values_of(parent, insist=author.insist)
    value: Value
    if isinstance(path, tuple):
        at = period_of(period, "quarter", here)
        kept = [each for each in path if each.date != at]
        value = reader.in_order([*kept, Change(at, reader.number(given, here))], here)
    elif isinstance(path, Path):
        at = period_of(period, path.by, here)
        value = path.with_point(at, reader.number(given, here, at))
    else:
        raise here.error("this assumption has one value for all dates")
    _check_replaces(parent, value, here)
    made: dict[str, Any] = {
        "value": value,
        "set_by": author.name,
        "why": f"{parent.why} {why}" if parent.set_by == author.name else why,
        "stated": parent.book,
    }
    made |= range_of(value, fields, reader, _between_of(parent), here)
    made |= _basis(fields, parent, author)
    made["source"] = tuple(dict.fromkeys((*parent.source, *made["source"])))
    return _made({**vars(parent), **made}, place)


def _reason(fields: Fields, author: Author, period: str = "") -> str:
    """Why a value is another now, in one period where it is one."""
    if author.is_override:
        return f"{period} set by an override." if period else "Set by an override."
    return f"{period}: {fields.text('why')}" if period else fields.text("why")


def _check_replaces(parent: Assumption, value: Value, place: Place) -> None:
    """Refuse a value whose shape or reach would change years that nobody meant."""
    if (parent.shape == "changes") != isinstance(value, tuple):
        allowed = "a table of dates and lives" if parent.shape == "changes" else "a number"
        raise place.error("a value of another shape", None, allowed)
    old = parent.value
    if isinstance(old, Path) and not isinstance(value, Path):
        first, last = old.label(old.periods[0]), old.label(old.periods[-1])
        allowed = f"a table such as {{{first}: …}}, or {parent.key}.{last} for one {old.by}"
        raise place.error("one number for a value by date", None, allowed)
    if not isinstance(value, Path):
        return
    if isinstance(old, float) and value.periods[0] != value.first and value.points[0][1] != old:
        allowed = f"begin with {parent.text()}, which it replaces, or in {value.label(value.first)}"
        what = "the first value would hold for all time before it"
        raise place.error(what, parent.text(value), allowed)
    if isinstance(old, Path) and old.by == value.by:
        reach = (old.periods[0], old.periods[-1])
        if value.periods[0] > reach[0] or value.periods[-1] < reach[1]:
            first, last = (old.label(period) for period in reach)
            one = f"{parent.key}.{last} for one {old.by}"
            allowed = f"values from {first} to {last} at least, or {one}"
            what = "a table by date replaces the whole path"
            raise place.error(what, parent.text(value), allowed)


def _fields(node: Node, allowed: tuple[str, ...], place: Place) -> Fields:
    return Fields(_table(node, place), allowed, place)


def _table(node: Node, place: Place) -> Table:
    if not isinstance(node, Table):
        raise place.error("an assumption is a table of fields", None, "{value: …, why: …}")
    return node


def _between_of(parent: Assumption) -> Between | None:
    return parent.value.between if isinstance(parent.value, Path) else None


def _choices(fields: Fields, unit: Unit) -> tuple[str, ...]:
    """The names that a choice picks from, none for other units."""
    if ("choices" in fields) != (unit.name == CHOICE):
        given = "choices" in fields
        what = "choices for a unit that has none" if given else "choices are missing"
        allowed = "choices: [one, another], together with unit: choice"
        raise fields.place.error(what, None, allowed)
    return fields.texts("choices")


def _bounds(fields: Fields, unit: Unit, choices: tuple[str, ...]) -> tuple[float, float]:
    """What values are accepted at all; 0 and 1 for a switch."""
    if unit.name == CHOICE:
        return 0.0, float(len(choices) - 1)
    here, example = fields.at("bounds"), "bounds: [0, 1]"
    if "bounds" not in fields:
        if unit.name == SWITCH:
            return 0.0, 1.0
        raise here.error("bounds is missing", None, example)
    items = fields["bounds"].value
    if not isinstance(items, tuple) or len(items) != 2:
        raise here.error("bounds are two values", None, example)
    floor, ceiling = (read_number(item, unit, (), here).value for item in items)
    if not floor <= ceiling:
        raise here.error("bounds are not in order", None, "[low, high]")
    return floor, ceiling


def _next_change(fields: Fields, wanted: bool) -> dict[str, int]:
    """The date of the next change, which a range of lives needs and nothing else has."""
    if wanted != ("next" in fields):
        raise fields.place.error(
            "next and a range of lives go together",
            None,
            "next: 2027Q1, low: 4, high: 6, together and for changes of a life only",
        )
    return {"next": period_of(fields.text("next"), "quarter", fields.at("next"))} if wanted else {}


def _standing(fields: Fields) -> dict[str, str]:
    """Level, short name, group and the reason why a detail is no driver."""
    level = fields.word("level", LEVELS) if "level" in fields else "detail"
    found: dict[str, str] = {"level": level}
    meant = _STANDING[level]
    for field in ("name", "group", "why_detail"):
        if field in fields and field not in meant:
            raise fields.at(field).error(f"{field} of a {level}", None, ", ".join(meant))
        if field in fields:
            found[field] = fields.text(field)
    name, least = found.get("name"), 0 if level == "detail" else 1
    if not least <= len((name or "").split()) <= _LONGEST_NAME:
        what = f"a {level} has a name of at most {_LONGEST_NAME} words"
        raise fields.place.error(what, name)
    return found


def _basis(fields: Fields, parent: Assumption | None, author: Author) -> dict[str, Any]:
    """Distribution, kind, source and date: as given, else inherited where that is honest."""
    revalued = parent is not None and "value" in fields
    made: dict[str, Any] = {"kind": "judgement", "source": ()} if revalued else {}
    if "distribution" in fields:
        made["distribution"] = fields.word("distribution", DISTRIBUTIONS)
    if "kind" in fields:
        made["kind"] = fields.word("kind", KINDS)
    if "source" in fields:
        made["source"] = fields.texts("source")
    if "as_of" in fields:
        made["as_of"] = fields.date("as_of")
    elif author.as_of is not None:
        made["as_of"] = author.as_of
    if "outcomes" in fields:
        made["outcomes"] = _outcomes(fields, parent)
    inherited = {} if parent is None else vars(parent)
    found = {"outcomes": (), "source": (), **inherited, **made}
    if found["kind"] in _NEED_SOURCE and not found["source"]:
        raise fields.at("kind").error(
            f"kind {found['kind']} needs a source",
            None,
            "source: [KEY], or kind: estimate or judgement",
        )
    if (found["distribution"] in ("discrete", "empirical")) != bool(found["outcomes"]):
        raise fields.place.error(
            "a discrete or empirical distribution and outcomes go together",
            None,
            "distribution: discrete with outcomes: {0: 0.3, 1: 0.7}",
        )
    return made


def _outcomes(fields: Fields, parent: Assumption | None) -> tuple[tuple[float, float], ...]:
    here = fields.at("outcomes")
    unit = parent.measure if parent else fields.unit()
    choices = parent.choices if parent else _choices(fields, unit)
    pairs: list[tuple[float, float]] = []
    for one in _table(fields["outcomes"].value, here).entries:
        value = read_number(one.key, unit, choices, here).value
        pairs.append((value, read_number(one.value, UNITS["share"], (), here).value))
    shares = [share for _, share in pairs]
    if not pairs or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        allowed = "weights of 0 or more that sum to 1"
        raise here.error("weights of outcomes do not sum to 1", shares, allowed)
    return tuple(pairs)


def _made(fields: dict[str, Any], place: Place) -> Assumption:
    try:
        return Assumption(**{**fields, "where": str(place).partition(",")[0]}).holding()
    except ValueError as error:
        raise place.error(str(error)) from error
