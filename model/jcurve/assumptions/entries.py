"""From an entry of a scenario file to an assumption: first defined, then changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from jcurve.assumptions.assumption import (
    DISTRIBUTIONS,
    KINDS,
    SHAPES,
    Assumption,
    Kind,
)
from jcurve.assumptions.document import Entry, Node, Place, Table, Text
from jcurve.assumptions.numbers import Factor, Numbers, numbers_of, period_of
from jcurve.assumptions.paths import Between, Path, Value, combine
from jcurve.assumptions.reading import number_text, read_number, read_text, read_texts
from jcurve.assumptions.units import CHOICE, SWITCH, UNITS, Unit
from jcurve.errors import ScenarioError, nearest

__all__ = [
    "Author",
    "change",
    "change_period",
    "define",
    "known_fields",
    "read_date",
    "with_period",
    "with_value",
]

_DEFINED = (
    "label", "unit", "shape", "value", "between", "low", "high", "bounds", "distribution",
    "outcomes", "choices", "kind", "source", "as_of", "rationale",
)  # fmt: skip
_CHANGED = (
    "value", "low", "high", "between", "distribution", "outcomes", "kind", "source", "as_of",
    "why",
)  # fmt: skip
_CHANGED_PERIOD = ("value", "kind", "source", "as_of", "why")
_VALUES = ("value", "low", "high", "distribution", "outcomes")
_NEED_SOURCE: tuple[Kind, ...] = ("reported", "guided", "evidence")
_BETWEEN: tuple[Between, ...] = ("linear", "hold")
_Word = TypeVar("_Word", bound=str)


@dataclass(frozen=True, slots=True)
class Author:
    """Who sets values: a scenario's name, and the date of its knowledge if it gives one."""

    name: str
    as_of: datetime.date | None = None


def known_fields(
    table: Table, allowed: Sequence[str], place: Place, what: str = "field"
) -> dict[str, Entry]:
    """The entries of a table by name.

    Raises:
        ScenarioError: one is not among ``allowed``.
    """
    for entry in table.entries:
        if entry.key not in allowed:
            raise ScenarioError(
                f"unknown {what}",
                where=str(place.at(entry.line)),
                received=entry.key,
                allowed=", ".join(allowed),
                suggestion=nearest(entry.key[:80], allowed),
            )
    return {entry.key: entry for entry in table.entries}


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
    fields = known_fields(_table(node, place), _DEFINED, place)
    required = ["label", "unit", "distribution", "kind", "source", "as_of", "rationale"]
    if remainder is None:
        required.append("value")
    for name in required:
        if name not in fields:
            raise ScenarioError(f"{name} is missing", where=str(place))
    unit = _unit(fields["unit"], place)
    choices = _choices(fields.get("choices"), unit, place)
    numbers = Numbers(unit, _bounds(fields.get("bounds"), unit, choices, place), choices)
    between = _between(fields, place)
    if remainder is None:
        value = numbers.value(*_at(fields["value"], between, place))
    else:
        value = remainder
        _refuse_remainder(fields, place)
    _check_shape(fields, value, place)
    made: dict[str, Any] = {
        "key": place.key,
        "unit": unit.name,
        "shape": _shape(value),
        "value": value,
        "bounds": None if unit.name == CHOICE else numbers.bounds,
        "choices": choices,
        "derived": remainder is not None,
        "label": _read(fields, "label", place),
        "rationale": _read(fields, "rationale", place),
        "set_by": author.name,
    }
    made |= _range(value, fields, numbers, between, None, place)
    made |= _about(fields, None, author, place)
    return _made(made, place)


def change(parent: Assumption, node: Node, place: Place, author: Author) -> Assumption:
    """``parent`` as a scenario changes it; what the scenario does not give is inherited.

    An inherited range is widened to hold the new value and cut at the bounds; one given as
    factors moves with it. A changed value without kind and source is a judgement.

    Raises:
        ScenarioError: a field is unknown or malformed, nothing changes, or no reason is given.
    """
    fields = known_fields(_table(node, place), _CHANGED, place)
    if "why" not in fields:
        raise ScenarioError(
            "why is missing", where=str(place), allowed="the reason for the change, in words"
        )
    if not any(name in fields for name in _VALUES):
        raise ScenarioError(
            "nothing is changed", where=str(place), allowed=f"one of {', '.join(_VALUES)}"
        )
    numbers = numbers_of(parent)
    between = _between(fields, place) or _between_of(parent)
    value: Value = parent.value
    if "value" in fields:
        value = numbers.value(*_at(fields["value"], between, place))
        check_replaces(parent, value, place.at(fields["value"].line))
    elif "between" in fields and isinstance(value, Path):
        value = Path(value.by, between or value.between, value.points)
    made: dict[str, Any] = {
        "shape": _shape(value),
        "value": value,
        "why": _read(fields, "why", place),
        "set_by": author.name,
    }
    made |= _range(value, fields, numbers, between, parent, place)
    made |= _about(fields, parent, author, place)
    return _made({**dict(parent), **made}, place)


def change_period(
    parent: Assumption, period: str, node: Node, place: Place, author: Author
) -> Assumption:
    """``parent`` as a scenario changes it in one year or quarter, whose entry is ``node``.

    The other periods still rest on the sources that they had; new ones are added.

    Raises:
        ScenarioError: a field is unknown, missing or malformed.
    """
    fields = known_fields(_table(node, place), _CHANGED_PERIOD, place)
    for name in ("value", "why"):
        if name not in fields:
            raise ScenarioError(f"{name} is missing", where=str(place))
    here = place.at(fields["value"].line)
    why = f"{period}: {_read(fields, 'why', place)}"
    if parent.set_by == author.name:
        why = f"{parent.why} {why}"
    made = with_period(parent, period, fields["value"].value, why, author.name, here)
    about = _about(fields, parent, author, place)
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
    check_replaces(parent, value, place)
    made: dict[str, Any] = {
        "shape": _shape(value),
        "value": value,
        "why": why,
        "set_by": set_by,
        "kind": "judgement",
        "source": source,
    }
    made |= _range(value, {}, numbers_of(parent), _between_of(parent), parent, place)
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
    """``parent`` with another value in one year or quarter and every other one as it was.

    Raises:
        ScenarioError: the assumption is not by date, or the period or value does not validate.
    """
    path = parent.value
    if not isinstance(path, Path):
        raise ScenarioError("this assumption has one value for all dates", where=str(place))
    at = period_of(period, path.by, place)
    number = numbers_of(parent, insist=insist).number(
        node, place, at if path.by == "year" else None
    )
    return with_value(parent, path.with_point(at, number), why, set_by, place, parent.source)


def check_replaces(parent: Assumption, value: Value, place: Place) -> None:
    """Refuse a value whose shape or reach would change years that nobody meant.

    Raises:
        ScenarioError: see the messages.
    """
    if (parent.shape == "changes") != isinstance(value, tuple):
        allowed = "a list of {date, life}" if parent.shape == "changes" else "a number"
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


def _table(node: Node, place: Place) -> Table:
    if not isinstance(node, Table):
        raise ScenarioError(
            "an assumption is a table of fields", where=str(place), allowed="{value: …, why: …}"
        )
    return node


def _at(entry: Entry, between: Between | None, place: Place) -> tuple[Node, Between | None, Place]:
    return entry.value, between, place.at(entry.line)


def _read(fields: dict[str, Entry], name: str, place: Place) -> str:
    return read_text(fields[name].value, place.at(fields[name].line), name)


def _one_of(entry: Entry, allowed: Sequence[_Word], place: Place) -> _Word:
    text = entry.value.text if isinstance(entry.value, Text) else None
    for word in allowed:
        if text == word:
            return word
    raise ScenarioError(
        f"unknown {entry.key}",
        where=str(place.at(entry.line)),
        received=text,
        allowed=", ".join(allowed),
        suggestion=nearest((text or "")[:80], allowed),
    )


def _unit(entry: Entry, place: Place) -> Unit:
    return UNITS[_one_of(entry, tuple(UNITS), place)]


def _choices(entry: Entry | None, unit: Unit, place: Place) -> tuple[str, ...]:
    if (entry is None) == (unit.name == CHOICE):
        raise ScenarioError(
            "choices are missing" if entry is None else "choices for a unit that has none",
            where=str(place),
            allowed="choices: [one, another], together with unit: choice",
        )
    return () if entry is None else read_texts(entry.value, place.at(entry.line), "choices")


def _bounds(
    entry: Entry | None, unit: Unit, choices: tuple[str, ...], place: Place
) -> tuple[float, float]:
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


def _between(fields: dict[str, Entry], place: Place) -> Between | None:
    return _one_of(fields["between"], _BETWEEN, place) if "between" in fields else None


def _between_of(parent: Assumption) -> Between | None:
    return parent.value.between if isinstance(parent.value, Path) else None


def _shape(value: Value) -> str:
    if isinstance(value, Path):
        return "by_year" if value.by == "year" else "by_quarter"
    return "changes" if isinstance(value, tuple) else "scalar"


def _check_shape(fields: dict[str, Entry], value: Value, place: Place) -> None:
    entry = fields.get("shape")
    if entry is not None and _one_of(entry, SHAPES, place) != _shape(value):
        raise ScenarioError(
            "the value is not of this shape",
            where=str(place.at(entry.line)),
            received=entry.value.text if isinstance(entry.value, Text) else None,
            allowed=_shape(value),
        )


def _refuse_remainder(fields: dict[str, Entry], place: Place) -> None:
    for name in ("value", "low", "high"):
        if name in fields:
            raise ScenarioError(
                "the remainder of a mix is computed, never set",
                where=str(place.at(fields[name].line)),
                allowed="the other members",
            )


def _about(
    fields: dict[str, Entry], parent: Assumption | None, author: Author, place: Place
) -> dict[str, Any]:
    """Distribution, kind, source and date: as given, else inherited where that is honest."""
    revalued = parent is not None and "value" in fields
    made: dict[str, Any] = {}
    if "distribution" in fields:
        made["distribution"] = _one_of(fields["distribution"], DISTRIBUTIONS, place)
    if "kind" in fields:
        made["kind"] = _one_of(fields["kind"], KINDS, place)
    elif revalued:
        made["kind"] = "judgement"
    if "source" in fields:
        entry = fields["source"]
        made["source"] = read_texts(entry.value, place.at(entry.line), "source")
    elif revalued:
        made["source"] = ()
    if "as_of" in fields:
        made["as_of"] = read_date(fields["as_of"].value, place.at(fields["as_of"].line))
    elif author.as_of is not None:
        made["as_of"] = author.as_of
    if "outcomes" in fields:
        made["outcomes"] = _outcomes(fields["outcomes"], parent, fields, place)
    kind = made.get("kind", parent.kind if parent else None)
    source = made.get("source", parent.source if parent else ())
    if kind in _NEED_SOURCE and not source:
        raise ScenarioError(
            f"kind {kind} needs a source",
            where=str(place.at(fields["kind"].line if "kind" in fields else place.line)),
            allowed="source: [KEY], or kind: estimate or judgement",
        )
    distribution = made.get("distribution", parent.distribution if parent else None)
    outcomes = made.get("outcomes", parent.outcomes if parent else ())
    if (distribution == "discrete") != bool(outcomes):
        raise ScenarioError(
            "a discrete distribution and outcomes go together",
            where=str(place),
            allowed="distribution: discrete with outcomes: {0: 0.3, 1: 0.7}",
        )
    return made


def _outcomes(
    entry: Entry, parent: Assumption | None, fields: dict[str, Entry], place: Place
) -> tuple[tuple[float, float], ...]:
    here = place.at(entry.line)
    unit = parent.measure if parent else _unit(fields["unit"], place)
    choices = parent.choices if parent else _choices(fields.get("choices"), unit, place)
    pairs: list[tuple[float, float]] = []
    for one in _table(entry.value, here).entries:
        value = read_number(Text(one.key, one.line), unit, choices, here).value
        weight = read_number(one.value, UNITS["share"], (), here).value
        pairs.append((value, weight))
    if not pairs or min(w for _, w in pairs) < 0 or abs(sum(w for _, w in pairs) - 1) > 1e-9:
        raise ScenarioError(
            "weights of outcomes do not sum to 1",
            where=str(here),
            received=[weight for _, weight in pairs],
            allowed="weights of 0 or more that sum to 1",
        )
    return tuple(pairs)


def _range(
    value: Value,
    fields: dict[str, Entry],
    numbers: Numbers,
    between: Between | None,
    parent: Assumption | None,
    place: Place,
) -> dict[str, Any]:
    given = {
        name: numbers.limit(fields[name].value, between, place.at(fields[name].line))
        for name in ("low", "high")
        if name in fields
    }
    limits = dict(given)
    if parent is not None and parent.low is not None and parent.high is not None:
        low = parent.low if parent.low_factor is None else Factor(parent.low_factor)
        high = parent.high if parent.high_factor is None else Factor(parent.high_factor)
        limits = {"low": low, "high": high, **given}
    if not limits:
        return {"low": None, "high": None, "low_factor": None, "high_factor": None}
    if len(limits) != 2 or isinstance(value, tuple):
        raise ScenarioError(
            "low and high are given both or neither, and not for a list",
            where=str(place),
            received=", ".join(limits),
        )
    factors = {
        f"{name}_factor": limit.factor if isinstance(limit, Factor) else None
        for name, limit in limits.items()
    }
    if any(isinstance(limit, Path) for limit in limits.values()) and not isinstance(value, Path):
        raise ScenarioError("a range by date for one value", where=str(place))
    resolved = _resolved(value, limits["low"], limits["high"])
    for name, strict in (("low", "low" in given), ("high", "high" in given)):
        where = place.at(fields[name].line) if strict else place
        resolved[name] = _fitted(name, resolved[name], value, numbers, strict, where)
    return {**resolved, **factors}


def _resolved(
    value: float | Path, low: float | Path | Factor, high: float | Path | Factor
) -> dict[str, float | Path]:
    """Low and high as values. Two factors on a value below 0 change places."""
    made = [
        combine(lambda a, f: a * f, value, limit.factor) if isinstance(limit, Factor) else limit
        for limit in (low, high)
    ]
    if isinstance(low, Factor) and isinstance(high, Factor):
        made = [combine(min, *made), combine(max, *made)]
    if isinstance(value, Path):
        made = [combine(lambda _, b: b, value, limit) for limit in made]
    return {"low": made[0], "high": made[1]}


def _fitted(
    name: str,
    limit: float | Path,
    value: float | Path,
    numbers: Numbers,
    strict: bool,
    place: Place,
) -> float | Path:
    """The limit on the right side of the value and inside the bounds.

    Raises:
        ScenarioError: ``strict``, and it is not.
    """
    floor, ceiling = numbers.bounds
    choose = min if name == "low" else max
    fitted = combine(choose, limit, value)
    fitted = combine(lambda a, _: min(max(a, floor), ceiling), fitted, fitted)
    if not strict:
        return fitted
    for period, was, now in _pairs(limit, fitted):
        if abs(was - now) > 1e-12 * max(1.0, abs(was)):
            at = f" in {period}" if period else ""
            inside = floor <= was <= ceiling
            side = "above" if name == "low" else "below"
            raise ScenarioError(
                f"{name} is {side} the value{at}" if inside else f"{name} is out of bounds{at}",
                where=str(place),
                received=number_text(was, numbers.unit.name, numbers.choices),
                allowed=f"{'at most' if name == 'low' else 'at least'} "
                f"{number_text(now, numbers.unit.name, numbers.choices)}"
                if inside
                else f"{numbers.plain(floor)} to {numbers.plain(ceiling)}",
            )
    return fitted


def _pairs(one: float | Path, other: float | Path) -> Iterable[tuple[str, float, float]]:
    if isinstance(one, Path) and isinstance(other, Path):
        periods = other.periods
        for period, a, b in zip(periods, one.over(periods), other.over(periods), strict=True):
            yield one.label(period), float(a), float(b)
    elif not isinstance(one, Path) and not isinstance(other, Path):
        yield "", one, other


def _made(fields: dict[str, Any], place: Place) -> Assumption:
    try:
        return Assumption(**{**fields, "where": str(place).partition(",")[0]})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        message = first["msg"].removeprefix("Value error, ")
        raise ScenarioError(message, where=str(place)) from error
