"""Cells of a row of history: a value, how it stands, where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "Blank",
    "Cell",
    "Cells",
    "Rule",
    "View",
    "arithmetic",
    "blank",
    "estimate",
    "filled",
    "joined",
]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of one quarter; ``why`` is the rule that filled it, empty when on file."""

    value: float
    status: str
    source: str
    why: str = ""


Cells = Sequence[Cell | None]


class View(Protocol):
    """What a rule may look at."""

    quarters: tuple[str, ...]
    first: int
    why: str
    where: str

    def cells(self, name: str) -> Cells:
        """A row by its name, or a metric's quarters."""

    def fact(self, metric: str, period: str) -> Cell | None:
        """One reported value."""

    def peer(self, company: str, metric: str) -> Cells:
        """Another company's quarters of a metric."""

    def year_of(self, index: int) -> str:
        """The fiscal year of a quarter."""


Rule = Callable[[View, tuple[str, ...], Cells], Cells]
Blank = list[Cell | None]


def blank(view: View) -> Blank:
    """A row with nothing in it."""
    return [None] * len(view.quarters)


def joined(*cells: Cell) -> str:
    """The sources of several cells."""
    parts = {part for cell in cells for part in cell.source.split(";") if part}
    return ";".join(sorted(parts))


def arithmetic(view: View, value: float, *cells: Cell) -> Cell:
    """A value worked from others: an estimate only if one of them is."""
    status = "estimate" if any(c.status == "estimate" for c in cells) else "derived"
    return Cell(value, status, joined(*cells), view.why)


def estimate(view: View, value: float, *cells: Cell) -> Cell:
    """A value that a rule made up for one that is not on file."""
    return Cell(value, "estimate", joined(*cells), view.why)


def filled(cells: Cells) -> list[tuple[int, Cell]]:
    """The filled cells with their indices."""
    return [(i, c) for i, c in enumerate(cells) if c is not None]
