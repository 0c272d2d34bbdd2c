"""What a verb that asks the model answers with, and how its numbers are spelt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from jcurve.assumptions import Assumption, Scenario
from jcurve.assumptions.fields import read_number
from jcurve.assumptions.nodes import Place, Text
from jcurve.evaluation.naming import headline_text
from jcurve.ground.units import UNITS

__all__ = ["Read", "Reply", "amount", "draw", "number", "quantity"]

Read: TypeAlias = Callable[[str], Scenario]
"""A scenario by name, overrides included."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        data: for a machine.
        heading: lines above the table.
        rows: the table, its first row the heads; empty for none.
        notes: lines below it.
        status: exit status; 9 where there is no answer of the kind asked for.
    """

    data: Any
    heading: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    status: int = 0


def number(value: float | None, unit: str) -> str:
    """A number in its unit for a reader; ``none`` for None and NaN."""
    if value is None or value != value:
        return "none"
    return headline_text({"value": value, "unit": unit})


def draw(item: Assumption, at: float) -> str:
    """A draw of an assumption for a reader: its value, or how far a path has moved."""
    if item.shape in ("by_year", "by_quarter"):
        return f"{at:+.3g} of the way"
    return str(item.text(float(f"{at:.5g}") if item.unit not in ("date", "switch") else at))


def amount(text: str, where: str) -> float:
    """An amount of money in USD m, such as ``2 USD bn``; ``where`` names the option."""
    return quantity(text, "USD m", where)


def quantity(text: str, unit: str, where: str) -> float:
    """A number in ``unit``, which the text may name; ``where`` names the option."""
    return read_number(Text(text), UNITS[unit], (), Place(where)).value
