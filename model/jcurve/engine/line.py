"""What a line is: a labelled pure function of whole rows.

The decorators here only label. ``@line(USD_M, flow)`` marks a function whose arguments
are its precedents and whose docstring is its definition; ``@lines`` marks one that
returns several named rows at once (tax, financing and cash are one scan).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from jcurve.ground.units import SWITCH, Unit


class Kind(Enum):
    """How a line's year follows from its quarters."""

    FLOW = "flow"
    STOCK = "stock"
    RATE = "rate"
    RESULT = "result"


flow, stock, rate, result = Kind.FLOW, Kind.STOCK, Kind.RATE, Kind.RESULT


@dataclass(frozen=True, slots=True)
class Set:
    """The name of a set of members (regions, asset classes); the members are company data."""

    name: str


@dataclass(frozen=True, slots=True)
class Output:
    """One named row that a line's function returns; ``status_of`` is the result whose lack of a
    number it explains, by code."""

    name: str
    unit: Unit
    kind: Kind
    definition: str
    status_of: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled function."""

    function: Callable[..., Any]  # pure, of whole rows
    outputs: tuple[Output, ...]  # one, or several in the order the function returns them
    over: Set | None = None  # the set of which each member has its own row, or None
    # argument name to ``line``, ``line@world`` or ``line.*`` (the whole family)
    refer: Mapping[str, str] = field(default_factory=dict)
    view: bool = False  # evaluated per view, on differences between worlds, rather than per world
    # how a rate's year follows: by the same formula on annual rows, or the year's mean or last
    # quarter where the formula carries time inside
    annual: str = "formula"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.function, _LABEL)  # a line is kept as what it labels

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def arguments(self) -> tuple[str, ...]:
        code = self.function.__code__
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @property
    def module(self) -> str:
        return self.function.__module__.rpartition(".")[2]


F = TypeVar("F", bound=Callable[..., Any])
_LABEL = "__jcurve_line__"


def line(
    unit: Unit,
    kind: Kind,
    *,
    over: Set | None = None,
    refer: Mapping[str, str] | None = None,
    view: bool = False,
    annual: str = "formula",
    status: str = "",
) -> Callable[[F], F]:
    """Label a function as a line; its name is the row's name.

    With ``status`` the function returns a second row as well: a code that is 0 where the result
    has a number and else says why not, defined by this text.
    """

    def label(function: F) -> F:
        name, definition = function.__name__, inspect.cleandoc(function.__doc__ or "")
        outputs = [Output(name, unit, kind, definition)]
        if status:
            outputs.append(Output(f"{name}_status", SWITCH, result, status, status_of=name))
        return _labelled(function, Line(function, tuple(outputs), over, refer or {}, view, annual))

    return label


def lines(
    *,
    over: Set | None = None,
    refer: Mapping[str, str] | None = None,
    annual: str = "formula",
    **outputs: tuple[Unit, Kind, str],
) -> Callable[[F], F]:
    """Label a function that returns several rows, named and defined by the keywords."""

    def label(function: F) -> F:
        named = tuple(
            Output(name, unit, kind, definition)
            for name, (unit, kind, definition) in outputs.items()
        )
        return _labelled(function, Line(function, named, over, refer or {}, annual=annual))

    return label


def lines_of(module: object) -> tuple[Line, ...]:
    """The lines that a module defines itself, in source order."""
    name = getattr(module, "__name__", "")
    found = [
        getattr(value, _LABEL)
        for value in vars(module).values()
        if hasattr(value, _LABEL) and value.__module__ == name
    ]
    return tuple(found)


def _labelled(function: F, label: Line) -> F:
    setattr(function, _LABEL, label)
    return function
