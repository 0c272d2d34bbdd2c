"""The numbers that formulas read by name: constants of lines, and of the timeline.

A formula holds no number but 0, 1, 2 and -1. The others stand on the sheet of constants, each
under the name that it has among the constants of the lines, with what it stands for and who uses
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jcurve.engine.timeline import Timeline
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.ground.units import Quantity
from jcurve.lines import constants
from jcurve.workbook.cell_styles import Line, number_format
from jcurve.workbook.formula_graph import HORIZON as BEYOND
from jcurve.workbook.grid import TABLES, Cell, Name, Row
from jcurve.workbook.step_names import words

HORIZON, YEAR, FIRST_YEAR = "horizon", "quarters_in_year", "first_year"
LAST_REPORTED = "last_reported_quarter"

_KNOWN: Mapping[tuple[float, str], str] = {
    (float(value), value.label): name.lower()
    for name, value in vars(constants).items()
    if isinstance(value, Quantity)
}


@dataclass(slots=True)
class _Number:
    """A named number: its value and unit, what it is, and the lines that read it."""

    value: float
    unit: str
    definition: str
    users: dict[str, None] = field(default_factory=dict)
    place: Row | None = None


class NamedNumbers:
    """The named numbers of one workbook: of its timeline, reported ``through`` a quarter, and of
    formulas; none has a name that is ``taken``."""

    def __init__(self, timeline: Timeline, through: str, taken: Iterable[str]) -> None:
        self._taken = frozenset(taken)
        self._all: dict[str, _Number] = {}
        for name, value, unit, definition in (
            (YEAR, QUARTERS_IN_YEAR, "quarters", "Quarters in a year"),
            (FIRST_YEAR, timeline.years[0], "year", "The first year"),
            (HORIZON, len(timeline), "quarters",
             "Quarters of the timeline; a date of so many never comes"),
            (LAST_REPORTED, timeline.index(through), "quarters",
             f"Index of the last reported quarter, {through}"),
            *((name, *each) for name, each in TABLES["named"].items()),
        ):  # fmt: skip
            self._all[name] = _Number(float(value), unit, definition)

    def name(self, value: float, title: str, unit: str, user: str) -> Name:
        """The name of a number that the line ``user`` reads; ``title`` is what the lines call it.

        Raises:
            ModelError: an input has the name.
        """
        label = title
        name = HORIZON if title == BEYOND else _KNOWN.get((value, title), "")
        if not name:
            unknown = f"number_{value:g}", f"the number {value:g}"
            name, label = TABLES["numbers"].get(repr(value), unknown)
            name = "".join(c if c.isalnum() else "_" for c in name)
        if name in self._taken:
            raise ModelError("a constant and an input share a name", received=name)
        made = self._all.get(name)
        if made is None:
            unit = "number" if unit in ("", "1") else unit
            made = self._all[name] = _Number(value, unit, words(label))
        made.users[user] = None
        return Name(name)

    def lines(self, take: Callable[[], Row]) -> Iterator[Line]:
        """A row of each number; ``take`` gives its place."""
        for name, each in self._all.items():
            each.place = take()
            users = [words(user).lower() for user in each.users]
            more = f" and {len(users) - 3} more" if len(users) > 3 else ""
            used = f". Read by {', '.join(users[:3])}{more}" if users else ""
            style = "plain" if each.value == int(each.value) else number_format("", [each.value])
            told, unit = each.definition + used, each.unit
            line = Line(each.place, name, words(name), unit, told, "definition", style)
            line.single_value = each.value
            yield line

    def named(self) -> Iterator[tuple[str, Cell, str, str]]:
        """Every number: name, cell, unit and what it is, once rows are numbered."""
        for name, each in self._all.items():
            assert each.place is not None
            yield name, Cell(each.place), each.unit, each.definition
