"""An immutable set of rows in dependency order: what a build makes and the rest reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jcurve.engine.line import Kind, Line, Output
from jcurve.engine.symbol import Symbol
from jcurve.ground.units import DIMENSIONLESS, QUARTERS, SWITCH, Unit

SHARED = ""
WORLDS = ("with", "without", "stopped")
VIEWS: Mapping[str, str] = {"programme": "without", "go_forward": "stopped"}
"""Each view with the world that it subtracts from ``with``."""

SYSTEM_INPUTS: Mapping[str, Unit] = {
    "quarter_index": QUARTERS,
    "quarter_of_year": DIMENSIONLESS,
    "calendar_year": DIMENSIONLESS,
    "history": SWITCH,
}
"""Rows that the timeline gives: index, quarter of the year 1-4, year, 1 while reported."""

WORLD_INPUTS: Mapping[str, Mapping[str, float]] = {
    "has_programme": {"with": 1.0, "without": 0.0, "stopped": 1.0},
    "keeps_spending": {"with": 1.0, "without": 0.0, "stopped": 0.0},
}
VIEW_INPUTS: Mapping[str, Mapping[str, float]] = {
    "is_go_forward": {"programme": 0.0, "go_forward": 1.0}
}

CONSTANTS: Mapping[tuple[str, str], float] = {
    (name, tag): value
    for name, by_tag in (*WORLD_INPUTS.items(), *VIEW_INPUTS.items())
    for tag, value in by_tag.items()
}
"""The same by row key."""

RowKey = tuple[str, str]
"""A row's name (``line`` or ``line.member``) and its tag: a world, a view, or shared.

A line evaluated per world, under the tag of a view, means ``with`` less the view's other
world.
"""


def spell(key: RowKey) -> str:
    """``line.member@tag``, or the bare name of a shared row."""
    return f"{key[0]}@{key[1]}" if key[1] else key[0]


@dataclass(frozen=True, slots=True)
class Input:
    """What comes from outside: an assumption, a reported row or a table value."""

    name: str  # as a line's argument spells it
    unit: Unit  # its unit
    key: str  # as its own file spells it
    # how a year follows from quarters; None means the year's value (its mean)
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """What an argument stands for: one row or input, or a family of them by member."""

    rows: Mapping[str, str]
    is_family: bool
    world: str | None = None

    @property
    def only(self) -> str:
        """The first, and outside a family the only, row."""
        return next(iter(self.rows.values()))


@dataclass(frozen=True, slots=True)
class Instance:
    """A line for one member: its row names and what its arguments stand for."""

    line: Line
    member: str | None
    rows: tuple[str, ...]
    bindings: Mapping[str, Binding]


@dataclass(frozen=True, slots=True)
class Argument:
    """The rows that an argument stands for in a world or view; a family's with their members."""

    keys: tuple[RowKey, ...]
    members: tuple[str, ...] | None

    def given(self, value: Callable[[RowKey], Any]) -> Any:
        """What a line's function is called with."""
        if self.members is None:
            return value(self.keys[0])
        return dict(zip(self.members, map(value, self.keys), strict=True))


@dataclass(frozen=True, eq=False)
class Model:
    """Lines in dependency order, with their inputs. Immutable."""

    inputs: Mapping[str, Input]  # by name
    instances: tuple[Instance, ...]  # each line for each of its members
    outputs: Mapping[str, Output]  # every row's unit, kind and definition
    maker: Mapping[str, Instance]  # every row's instance
    worldly: frozenset[str]  # rows that differ between worlds
    viewed: frozenset[str]  # rows that are evaluated per view
    families: Mapping[str, Mapping[str, str]]  # member to row name, by family name
    sets: Mapping[str, tuple[str, ...]]  # each set's members
    order: tuple[RowKey, ...] = field(repr=False)  # every row key, precedents first
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)
    """Plans of evaluation by what they return, and arguments by row: they follow from the lines."""

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "memo": {}}

    def tags(self, row: str) -> tuple[str, ...]:
        """The tags under which a row exists: worlds, views, or shared alone."""
        if row in self.viewed:
            return tuple(VIEWS)
        return WORLDS if row in self.worldly else (SHARED,)

    def status(self, row: str) -> str | None:
        """The row that says, by code, why a result has no number; None where it always has one."""
        outputs = self.maker[row].line.outputs if row in self.maker else ()
        return next((each.name for each in outputs if each.status_of == row), None)

    def differs(self, row: str) -> bool:
        """Whether a row has values of its own in a view: its difference is not zero by nature."""
        return row in self.viewed or row in self.worldly

    def arguments(self, row: str, tag: str) -> tuple[Argument, ...]:
        """What each argument of ``row``'s function stands for at ``tag``."""
        found: tuple[Argument, ...] | None = self.memo.get((row, tag))
        if found is None:
            found = self.memo[row, tag] = tuple(
                Argument(
                    tuple(self.resolve(name, binding.world, tag) for name in binding.rows.values()),
                    tuple(binding.rows) if binding.is_family else None,
                )
                for binding in self.maker[row].bindings.values()
            )
        return found

    def sources(self, key: RowKey) -> Iterator[RowKey]:
        """The rows that ``key`` is made of: its precedents, or the two rows it compares."""
        parts = self.parts(key)
        if parts is not None:
            yield from parts
        elif key[0] in self.maker:
            for argument in self.arguments(*key):
                yield from argument.keys

    def parts(self, key: RowKey) -> tuple[RowKey, RowKey] | None:
        """The two rows whose difference ``key`` is, when it is one."""
        name, tag = key
        if tag in VIEWS and name in self.worldly:
            return (name, "with"), (name, VIEWS[tag])
        return None

    def resolve(self, name: str, world: str | None, tag: str) -> RowKey:
        """The row that ``name`` means to a reader at ``tag``.

        Args:
            name: a row or input.
            world: the world that the reader refers to, None for its own, ``base`` for the
                one that its view subtracts.
            tag: the reader's own tag.
        """
        if name in WORLD_INPUTS or name in VIEW_INPUTS or name in self.viewed:
            return name, tag
        if name not in self.worldly:
            return name, SHARED
        if world == "base":
            return name, VIEWS[tag]
        return name, world or tag

    def unit(self, name: str) -> Unit:
        """The unit of a row or input."""
        if name in self.outputs:
            return self.outputs[name].unit
        if name in self.inputs:
            return self.inputs[name].unit
        return SYSTEM_INPUTS.get(name, SWITCH)

    def symbols(self, row: str, tag: str) -> tuple[Symbol | float, ...]:
        """The formulas of all the rows that ``row``'s function returns, at ``tag``."""
        return self.call(row, tag, self._symbol)

    def call(self, row: str, tag: str, value: Callable[[RowKey], Any]) -> tuple[Any, ...]:
        """What ``row``'s function returns at ``tag``, given the value of whatever it reads."""
        arguments = [each.given(value) for each in self.arguments(row, tag)]
        made = self.maker[row].line.function(*arguments)
        return made if isinstance(made, tuple) else (made,)

    def formula(self, row: str, tag: str) -> Symbol | float:
        """The formula of one row at ``tag``."""
        return self.symbols(row, tag)[self.maker[row].rows.index(row)]

    def _symbol(self, key: RowKey) -> Symbol:
        unit = self.unit(key[0])
        parts = self.parts(key)
        if parts is None:
            return Symbol.row(spell(key), unit)
        plus, minus = (Symbol.row(spell(part), unit) for part in parts)
        return Symbol("subtract", (plus, minus), unit)
