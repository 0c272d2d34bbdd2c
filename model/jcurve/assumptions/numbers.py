"""Values as written, of any shape, checked against bounds and against the usual size."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.document import Node, Place, Table, Text
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH, Between, Change, Path, Period, Value
from jcurve.assumptions.reading import Quantity, number_text, read_number
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.quarters import FIRST_YEAR, LAST_YEAR, Quarter
from jcurve.ground.units import UNITS, Unit

__all__ = ["CHANGE_SLOTS", "MAX_CHANGES", "Factor", "Numbers", "numbers_of", "period_of"]

CHANGE_SLOTS = 8
"""Slots for changes of a life; scenarios with fewer are padded with changes that never come."""

MAX_CHANGES = CHANGE_SLOTS - 1
"""How many a scenario may make: one slot is left for the next one, where it is drawn."""

_THOUSAND = 1000.0
_HUNDRED = 100.0
_USUAL = 3.0
_TIME = frozenset({"year^1", "quarter^1", "hour^1", DATE})
_NO_BOUNDS = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Factor:
    """A low or high given as a factor on the whole value."""

    factor: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """Reads the values of one assumption.

    Attributes:
        unit: of the key.
        bounds: what is accepted.
        choices: the names of a choice.
        parent: what is being changed; tells the usual size of a bare number.
        insist: take a bare number as it is, however unusual.
        is_changes: the values are changes of a life.
    """

    unit: Unit
    bounds: tuple[float, float] = _NO_BOUNDS
    choices: tuple[str, ...] = ()
    parent: Assumption | None = None
    insist: bool = False
    is_changes: bool = False

    def value(self, node: Node, between: Between | None, place: Place) -> Value:
        """A value of whatever shape is written.

        Args:
            node: as written.
            between: the rule between dates, None when none was given.
            place: for errors.

        Raises:
            ScenarioError: it is malformed, out of bounds, or dated without a rule.
        """
        if self.is_changes:
            return self.changes(node, place)
        if isinstance(node, Table):
            return self.path(node, between, place)
        return self.number(node, place)

    def number(self, node: Node, place: Place, period: int | None = None) -> float:
        """One number, inside the bounds and of a believable size."""
        found = read_number(node, self.unit, self.choices, place)
        self._inside(found, place)
        self._believable(found, place, period)
        return found.value

    def path(self, table: Table, between: Between | None, place: Place) -> Path:
        """A table of periods, all years or all quarters, in any order."""
        if between is None:
            raise ScenarioError(
                "a value by date needs a rule for the time between",
                where=str(place),
                allowed="between: linear, geometric or hold",
            )
        if not table.entries:
            raise ScenarioError("no value", where=str(place), allowed="such as {2026: 137500}")
        by: Period = "quarter" if "Q" in table.entries[0].key else "year"
        points: dict[int, float] = {}
        for entry in table.entries:
            here = place.at(entry.line, f"{place.key}.{entry.key}") if entry.line else place
            period = period_of(entry.key, by, here)
            points[period] = self.number(entry.value, here, period if by == "year" else None)
        if between == "geometric" and min(points.values()) <= 0:
            raise ScenarioError(
                "a geometric path passes through values above 0 only",
                where=str(place),
                received=min(points.values()),
                allowed="between: linear",
            )
        return Path(by, between, tuple(sorted(points.items())))

    def changes(self, node: Node, place: Place) -> tuple[Change, ...]:
        """A table of life changes: lives by the quarter in which they come into force."""
        if not isinstance(node, Table):
            raise ScenarioError(
                "changes of a life are a table of dates and lives",
                where=str(place),
                allowed=f"{{2022Q4: 5, 2025Q1: 5.5}}, or {place.key or 'KEY'}.2027Q1 for one more",
            )
        found: list[Change] = []
        for entry in node.entries:
            here = place.at(entry.line, f"{place.key}.{entry.key}") if entry.line else place
            date = period_of(entry.key, "quarter", here)
            found.append(Change(date, self.number(entry.value, here)))
        return self.in_order(found, place)

    def in_order(self, changes: Iterable[Change], place: Place) -> tuple[Change, ...]:
        """Changes by their dates, no more than a model has room for."""
        found = sorted(changes, key=lambda change: change.date)
        if len(found) > MAX_CHANGES:
            raise ScenarioError(
                "too many changes",
                where=str(place),
                received=len(found),
                allowed=f"{MAX_CHANGES} at most",
            )
        return tuple(found)

    def limit(self, node: Node, between: Between | None, place: Place) -> float | Path | Factor:
        """A low or high: a number, a path, or ``{factor: 0.9}``."""
        if isinstance(node, Table) and [entry.key for entry in node.entries] == ["factor"]:
            return Factor(read_number(node.entries[0].value, UNITS["x"], (), place).value)
        if self.is_changes:
            return self.number(node, place)
        found = self.value(node, between, place)
        assert not isinstance(found, tuple)
        return found

    def _inside(self, found: Quantity, place: Place) -> None:
        floor, ceiling = self.bounds
        if floor <= found.value <= ceiling:
            return
        suggestion = None
        what = "out of bounds"
        if found.bare and floor <= found.value / _HUNDRED <= ceiling and self._is_decimal:
            suggestion = f"{found.text} percent"
        else:
            for factor, word in ((1 / _THOUSAND, "large"), (_THOUSAND, "small")):
                if self._has_thousands and floor <= found.value * factor <= ceiling:
                    what = f"out of bounds, 1,000 times too {word}"
                    suggestion = self.plain(found.value * factor)
        raise ScenarioError(
            what,
            where=str(place),
            received=found.text,
            allowed=f"{self.plain(floor)} to {self.plain(ceiling)} {self._unit_word}".rstrip(),
            suggestion=suggestion,
        )

    def _believable(self, found: Quantity, place: Place, period: int | None) -> None:
        """Refuse a bare number that is far from the usual size and at it times or by 1,000."""
        if self.insist or not found.bare or self.parent is None or not self._has_thousands:
            return
        usual = _usual(self.parent, period)
        if usual is None or usual.low <= abs(found.value) <= usual.high:
            return
        for factor, word in ((_THOUSAND, "small"), (1 / _THOUSAND, "large")):
            if usual.low <= abs(found.value * factor) <= usual.high:
                raise ScenarioError(
                    f"a bare number 1,000 times too {word} for {self.unit.name}",
                    where=str(place),
                    received=found.text,
                    allowed=(
                        f"about {self.plain(usual.typical)}; if it is meant, "
                        f"write '{found.text} {self.unit.name}'"
                    ),
                    suggestion=self.plain(found.value * factor),
                )

    @property
    def _is_decimal(self) -> bool:
        return self.unit.group in ("share", "rate")

    @property
    def _has_thousands(self) -> bool:
        return bool(self.unit.dims) and self.unit.group not in _TIME

    @property
    def _unit_word(self) -> str:
        return "" if self.unit.name in (DATE, SWITCH, CHOICE) else self.unit.name

    def plain(self, value: float) -> str:
        """A value as it may be written in a file."""
        if self.unit.name == DATE:
            return number_text(value, DATE)
        return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"


def numbers_of(parent: Assumption, *, insist: bool = False) -> Numbers:
    """The reader of new values for ``parent``."""
    bounds = parent.bounds or _NO_BOUNDS
    is_changes = parent.shape == "changes"
    return Numbers(parent.measure, bounds, parent.choices, parent, insist, is_changes)


class _Usual(NamedTuple):
    """Sizes that a value has had so far: the range widened threefold, and one of them."""

    low: float
    high: float
    typical: float


def _usual(parent: Assumption, period: int | None) -> _Usual | None:
    """The usual sizes in a year, or over all time; None where every value is 0."""
    if isinstance(parent.value, tuple):
        return None
    rows = [parent.row(), parent.lows(), parent.highs()]
    if isinstance(parent.value, Path) and parent.value.by == "year" and period is not None:
        at = period - FIRST_YEAR
        rows = [row[at : at + 1] for row in rows]
    sizes = [abs(float(value)) for row in rows for value in row if value]
    return _Usual(min(sizes) / _USUAL, max(sizes) * _USUAL, sizes[0]) if sizes else None


def period_of(label: str, by: Literal["year", "quarter"], place: Place) -> int:
    """A year or a quarter's index from its label.

    Raises:
        ScenarioError: it is neither, of the other kind, or outside the horizon.
    """
    example = "2027" if by == "year" else "2027Q1"
    if by == "year":
        if not (len(label) == 4 and label.isascii() and label.isdecimal()):
            raise ScenarioError(
                "not a year", where=str(place), received=label, allowed=f"such as {example}"
            )
        if not FIRST_YEAR <= int(label) <= LAST_YEAR:
            raise ScenarioError(
                "year outside the horizon",
                where=str(place),
                received=label,
                allowed=f"{FIRST_YEAR} to {LAST_YEAR}",
            )
        return int(label)
    try:
        Quarter(label)
    except UsageError:
        raise ScenarioError(
            "not a quarter", where=str(place), received=label, allowed=f"such as {example}"
        ) from None
    return int(read_number(Text(label), UNITS[DATE], (), place).value)
