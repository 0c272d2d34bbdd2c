"""Values and ranges as written: of any shape, inside the bounds, of a believable size.

A bare number that is 1,000 times off what the key has had so far is refused, since it is a
mistake of unit more often than a forecast. A range is checked where it is written and made to fit
where it is inherited.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.fields import Fields, Quantity, number_text, read_number
from jcurve.assumptions.nodes import Node, Place, Table
from jcurve.assumptions.paths import (
    CHOICE,
    DATE,
    SWITCH,
    Between,
    Change,
    Path,
    Period,
    Value,
    combine,
)
from jcurve.assumptions.spellings import change_of, spelling
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import FIRST_YEAR, LAST_YEAR, Quarter
from jcurve.ground.units import UNITS, Unit

CHANGE_SLOTS = 8
"""Slots for changes of a life; scenarios with fewer are padded with changes that never come. One
is left for the next one, where it is drawn."""

_THOUSAND = 1000.0
_HUNDRED = 100.0
_USUAL = 3.0
_TIME = frozenset({"year^1", "quarter^1", "hour^1", DATE})
_SIGNS = ("+", "-", "\N{MINUS SIGN}")
_NO_BOUNDS = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class _Factor:
    """A low or high given as a factor on the whole value."""

    factor: float


@dataclass(frozen=True, slots=True)
class Values:
    """Reads the values of one assumption; every method raises ScenarioError."""

    unit: Unit  # of the key
    bounds: tuple[float, float] = _NO_BOUNDS  # what is accepted
    choices: tuple[str, ...] = ()  # the names of a choice
    parent: Assumption | None = None  # what is being changed; tells the usual size of a bare number
    insist: bool = False  # take a bare number as it is, however unusual
    is_changes: bool = False  # the values are changes of a life

    def value(self, node: Node, between: Between | None, place: Place) -> Value:
        """A value of whatever shape is written; ``between`` is the rule between dates. What is
        written as a change (``+10%``) changes a path as a whole."""
        if self.is_changes:
            return self._changes(node, place)
        own = self.parent.value if self.parent is not None else None
        if isinstance(own, Path) and (change := self._change(node, place)) is not None:
            points = ((at, self._checked(change(v), node, place)) for at, v in own.points)
            return Path(own.by, own.between, tuple(points))
        if isinstance(node, Table):
            return self._path(node, between, place)
        return self.number(node, place)

    def number(self, node: Node, place: Place, period: int | None = None) -> float:
        """One number, inside the bounds and of a believable size (in ``period``)."""
        if (change := self._change(node, place)) is not None:
            return self._checked(change(self._own(period, place)), node, place)
        found = read_number(node, self.unit, self.choices, place)
        self._inside(found, place)
        self._believable(found, place, period)
        return found.value

    def limit(self, node: Node, between: Between | None, place: Place) -> float | Path | _Factor:
        """A low or high: a number, a path, or ``{factor: 0.9}``."""
        if isinstance(node, Table) and [entry.key for entry in node.entries] == ["factor"]:
            return _Factor(read_number(node.entries[0].value, UNITS["x"], (), place).value)
        if self.is_changes:
            return self.number(node, place)
        found = self.value(node, between, place)
        assert not isinstance(found, tuple)
        return found

    def in_order(self, changes: Iterable[Change], place: Place) -> tuple[Change, ...]:
        """Changes by their dates, no more than a model has room for."""
        found = sorted(changes, key=lambda change: change.date)
        if len(found) >= CHANGE_SLOTS:
            raise place.error("too many changes", len(found), f"{CHANGE_SLOTS - 1} at most")
        return tuple(found)

    def written(self, value: float) -> str:
        """A value as it may be written in a file."""
        if self.unit.name == DATE:
            return number_text(value, DATE)
        return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"

    def _path(self, table: Table, between: Between | None, place: Place) -> Path:
        """A table of periods, all years or all quarters, in any order."""
        if between is None:
            what = "a value by date needs a rule for the time between"
            raise place.error(what, None, "between: linear, geometric or hold")
        if not table.entries:
            raise place.error("no value", None, "such as {2026: 137500}")
        by: Period = "quarter" if "Q" in table.entries[0].key else "year"
        points: dict[int, float] = {}
        for here, label, node in _by_date(table, place):
            period = period_of(label, by, here)
            own = self.parent.value if self.parent is not None else None
            known = by == "year" or (isinstance(own, Path) and own.by == by)
            points[period] = self.number(node, here, period if known else None)
        least = min(points.values())
        if between == "geometric" and least <= 0:
            what = "a geometric path passes through values above 0 only"
            raise place.error(what, least, "between: linear")
        return Path(by, between, tuple(sorted(points.items())))

    def _changes(self, node: Node, place: Place) -> tuple[Change, ...]:
        """A table of life changes: lives by the quarter in which they come into force."""
        if not isinstance(node, Table):
            more = f"{place.key or 'KEY'}.2027Q1 for one more"
            what = "changes of a life are a table of dates and lives"
            raise place.error(what, None, f"{{2022Q4: 5, 2025Q1: 5.5}}, or {more}")
        found = (
            Change(period_of(label, "quarter", here), self.number(life, here))
            for here, label, life in _by_date(node, place)
        )
        return self.in_order(found, place)

    def _change(self, node: Node, place: Place) -> Callable[[float], float] | None:
        """What a text such as ``+10%`` does to the value that stands."""
        text = node.strip() if isinstance(node, str) else ""
        given = spelling(text) if text.startswith(_SIGNS) else None
        if given is None or self.unit.name in (DATE, SWITCH, CHOICE):
            return None
        try:
            return change_of(given, self.unit)
        except ValueError:
            what = "a plus before per cent of a rate can be read two ways"
            allowed = f"{text[1:]} for the rate itself, +50 bp or +0.5 points to add to it"
            raise place.error(what, text, allowed) from None

    def _own(self, period: int | None, place: Place) -> float:
        """The value that stands, in a period where it is dated."""
        own = self.parent.value if self.parent is not None else None
        if isinstance(own, Path) and period is not None:
            return own.at(period)
        if not isinstance(own, float):
            raise place.error("a change of a value that is not there", None, "the value itself")
        return own

    def _checked(self, value: float, node: Node, place: Place) -> float:
        """A value that a change makes, to a dozen digits, inside the bounds."""
        made, (floor, ceiling) = float(f"{value:.12g}"), self.bounds
        if not floor <= made <= ceiling:
            received = f"{node}: {self.written(made)}"
            raise place.error("out of bounds", received, self._accepted())
        return made

    def _accepted(self) -> str:
        floor, ceiling = map(self.written, self.bounds)
        unit = "" if self.unit.name in (DATE, SWITCH, CHOICE) else self.unit.name
        return f"{floor} to {ceiling} {unit}".rstrip()

    def _inside(self, found: Quantity, place: Place) -> None:
        floor, ceiling = self.bounds
        if floor <= found.value <= ceiling:
            return
        what, suggestion = "out of bounds", None
        is_decimal = self.unit.group in ("share", "rate") and self.unit.is_plain
        if found.bare and is_decimal and floor <= found.value / _HUNDRED <= ceiling:
            suggestion = f"{found.text} percent"
        else:
            for factor, word in ((1 / _THOUSAND, "large"), (_THOUSAND, "small")):
                meant = found.value * factor
                if self._has_thousands and floor <= meant <= ceiling and self._usual(meant):
                    what = f"out of bounds, 1,000 times too {word}"
                    suggestion = self.written(found.value * factor)
        raise place.error(what, found.text, self._accepted(), suggestion)

    def _believable(self, found: Quantity, place: Place, period: int | None) -> None:
        """Refuse a bare number that is far from the usual size and at it times or by 1,000."""
        if self.insist or not found.bare or self.parent is None or not self._has_thousands:
            return
        sizes = _sizes(self.parent, period)
        if not sizes or self._usual(found.value, period):
            return
        for factor, word in ((_THOUSAND, "small"), (1 / _THOUSAND, "large")):
            if self._usual(found.value * factor, period):
                raise place.error(
                    f"a bare number 1,000 times too {word} for {self.unit.name}",
                    found.text,
                    f"about {self.written(sizes[0])}; if it is meant, "
                    f"write '{found.text} {self.unit.name}'",
                    self.written(found.value * factor),
                )

    def _usual(self, value: float, period: int | None = None) -> bool:
        """Whether a value is of the size of those that the key has had, if any are known."""
        sizes = [] if self.parent is None else _sizes(self.parent, period)
        return not sizes or min(sizes) / _USUAL <= abs(value) <= max(sizes) * _USUAL

    @property
    def _has_thousands(self) -> bool:
        return bool(self.unit.dims) and self.unit.group not in _TIME


def values_of(parent: Assumption, *, insist: bool = False) -> Values:
    """The reader of new values for ``parent``."""
    bounds = parent.bounds or _NO_BOUNDS
    is_changes = parent.shape == "changes"
    return Values(parent.measure, bounds, parent.choices, parent, insist, is_changes)


def _by_date(table: Table, place: Place) -> Iterator[tuple[Place, str, Node]]:
    """Where each entry of a table by date stands, its date and its value."""
    for entry in table.entries:
        here = place.at(entry.line, f"{place.key}.{entry.key}") if entry.line else place
        yield here, entry.key, entry.value


def _sizes(parent: Assumption, period: int | None) -> list[float]:
    """The sizes that values other than 0 have had so far, in a year or over all time."""
    if isinstance(parent.value, tuple):
        return []
    rows = [parent.row(), parent.lows(), parent.highs()]
    if isinstance(parent.value, Path) and parent.value.by == "year" and period is not None:
        at = period - FIRST_YEAR
        rows = [row[at : at + 1] for row in rows]
    return [abs(float(value)) for row in rows for value in row if value]


def period_of(label: str, by: Period, place: Place) -> int:
    """A year or a quarter's index from its label."""
    if by == "year":
        if not (len(label) == 4 and label.isascii() and label.isdecimal()):
            raise place.error("not a year", label, "such as 2027")
        if not FIRST_YEAR <= int(label) <= LAST_YEAR:
            raise place.error("year outside the horizon", label, f"{FIRST_YEAR} to {LAST_YEAR}")
        return int(label)
    try:
        Quarter(label)
    except UsageError:
        raise place.error("not a quarter", label, "such as 2027Q1") from None
    return int(read_number(label, UNITS[DATE], (), place).value)


def range_of(
    value: Value, fields: Fields | None, reader: Values, between: Between | None, place: Place
) -> dict[str, Any]:
    """Low and high with their factors: as given in ``fields``, else inherited and made to fit."""
    given = {
        name: reader.limit(fields[name].value, between, fields.at(name))
        for name in ("low", "high")
        if fields is not None and name in fields
    }
    limits, parent = dict(given), reader.parent
    if parent is not None and parent.low is not None and parent.high is not None:
        low = parent.low if parent.low_factor is None else _Factor(parent.low_factor)
        high = parent.high if parent.high_factor is None else _Factor(parent.high_factor)
        limits = {"low": low, "high": high, **given}
    if isinstance(value, tuple):
        # A range is one of lives, about that in force at the end.
        value = value[-1].life if value else 0.0
        limits = limits if value else {}
    if not limits:
        return {"low": None, "high": None, "low_factor": None, "high_factor": None}
    if len(limits) != 2:
        raise place.error("low and high are given both or neither", ", ".join(limits))
    made: dict[str, Any] = {
        f"{name}_factor": limit.factor if isinstance(limit, _Factor) else None
        for name, limit in limits.items()
    }
    if any(isinstance(limit, Path) for limit in limits.values()) and not isinstance(value, Path):
        raise place.error("a range by date for one value")
    for name, limit in _resolved(value, limits["low"], limits["high"]).items():
        made[name] = fitted = _fitted(name, limit, value, reader.bounds)
        if fields is not None and name in given:
            _refuse_moved(name, limit, fitted, reader, fields.at(name))
    return made


def _resolved(
    value: float | Path, low: float | Path | _Factor, high: float | Path | _Factor
) -> dict[str, float | Path]:
    """Low and high as values. Two factors on a value below 0 change places."""
    made = [
        combine(lambda a, f: a * f, value, limit.factor) if isinstance(limit, _Factor) else limit
        for limit in (low, high)
    ]
    if isinstance(low, _Factor) and isinstance(high, _Factor):
        made = [combine(min, *made), combine(max, *made)]
    if isinstance(value, Path):
        made = [combine(lambda _, b: b, value, limit) for limit in made]
    return {"low": made[0], "high": made[1]}


def _fitted(
    name: str, limit: float | Path, value: float | Path, bounds: tuple[float, float]
) -> float | Path:
    """The limit on the right side of the value and inside the bounds."""
    floor, ceiling = bounds
    fitted = combine(min if name == "low" else max, limit, value)
    return combine(lambda a, _: min(max(a, floor), ceiling), fitted, fitted)


def _refuse_moved(
    name: str, limit: float | Path, fitted: float | Path, reader: Values, place: Place
) -> None:
    """Refuse a limit that is given where it could not stand."""
    floor, ceiling = reader.bounds
    for period, was, now in _pairs(limit, fitted):
        if abs(was - now) <= 1e-12 * max(1.0, abs(was)):
            continue
        at = f" in {period}" if period else ""
        received = number_text(was, reader.unit.name, reader.choices)
        if not floor <= was <= ceiling:
            allowed = f"{reader.written(floor)} to {reader.written(ceiling)}"
            raise place.error(f"{name} is out of bounds{at}", received, allowed)
        side, least = ("above", "at most") if name == "low" else ("below", "at least")
        allowed = f"{least} {number_text(now, reader.unit.name, reader.choices)}"
        raise place.error(f"{name} is {side} the value{at}", received, allowed)


def _pairs(one: float | Path, other: float | Path) -> Iterator[tuple[str, float, float]]:
    if isinstance(one, Path) and isinstance(other, Path):
        periods = other.periods
        for period, a, b in zip(periods, one.over(periods), other.over(periods), strict=True):
            yield one.label(period), float(a), float(b)
    elif not isinstance(one, Path) and not isinstance(other, Path):
        yield "", one, other
