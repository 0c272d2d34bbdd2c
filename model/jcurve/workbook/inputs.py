"""The sheets of assumptions: which cell holds what, and what may be typed into it.

An assumption with one value has a cell on *Inputs*. One with dates has a row on *Inputs by
year*: the stated years are inputs, the years between are formulas of them, as the scenario
file has it; a number typed over such a formula is one more stated year. A list of life
changes has two cells a change. What is left of a mix is a formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.fields import number_text
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.assumptions.relations import Mix
from jcurve.assumptions.rows import slot_keys
from jcurve.company import Assembly
from jcurve.ground.quarters import FIRST_QUARTER, Quarter
from jcurve.workbook.grid import FIRST_ROW, Cell, Grid, Name, Row, column
from jcurve.workbook.names import DATED, INPUTS, NEVER, input_names

__all__ = ["KEY_COLUMN", "USED_COLUMN", "VALUE_COLUMN", "WHY_COLUMN", "Dated", "Entry", "Layout"]

LABEL_COLUMN, KEY_COLUMN, UNIT_COLUMN, VALUE_COLUMN, USED_COLUMN = range(5)
WHY_COLUMN = 5
"""Columns of *Inputs*; the last is for the reader's own reason."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of *Inputs*.

    Attributes:
        key: as a row of the scenario, such as ``returns.wacc`` or ``life.change.date.1``.
        item: the assumption.
        row: on the sheet, from 0.
        form: ``number``, ``date``, ``choice``, ``switch``, ``dated``, or ``computed``.
        value: what the input cell holds.
        used: the number that the model reads.
        formula: of a computed cell.
        first, last: the least and greatest accepted value, as numbers; for a date as quarters
            of the timeline.
    """

    key: str
    item: Assumption
    row: int
    form: str
    value: float | str
    used: float
    formula: str = ""
    first: float = 0.0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Dated:
    """A row of *Inputs by year*.

    Attributes:
        item: the assumption, whose value is a path.
        row: on the sheet.
        formulas: of each period; None where the cell is an input.
        values: of each period, years or quarters.
    """

    item: Assumption
    row: int
    formulas: tuple[str | None, ...]
    values: tuple[float, ...]

    @property
    def path(self) -> Path:
        """The value."""
        assert isinstance(self.item.value, Path)
        return self.item.value


class Layout:
    """Where every assumption of a scenario stands."""

    def __init__(self, scenario: Scenario, assembly: Assembly, grid: Grid) -> None:
        self.scenario, self.grid = scenario, grid
        self.quarters = grid.quarters
        self.entries: list[Entry] = []
        self.headings: list[tuple[int, str]] = []
        self.dated: dict[str, Dated] = {}
        self._remainders = {mix.remainder: mix for mix in scenario.mixes}
        self._shift = Quarter(grid.labels[0]) - FIRST_QUARTER
        keys = [
            key
            for item in scenario.items
            for key in _keys(item, assembly.names)
            if not isinstance(item.value, Path)
        ]
        self.names: Mapping[str, str] = input_names(keys)
        self._place_dated()
        self._place_entries(assembly)

    def locate(self, key: str) -> Row | Name:
        """Where formulas find the assumption ``key``."""
        dated = self.dated.get(key)
        return Name(self.names[key]) if dated is None else Row(DATED, dated.row)

    def cell_of_name(self, entry: Entry) -> Cell:
        """The cell that the entry's name stands for."""
        uses = entry.form in ("date", "choice")
        return Cell(INPUTS, entry.row, USED_COLUMN if uses else VALUE_COLUMN)

    def _place_dated(self) -> None:
        paths = [item for item in self.scenario.items if isinstance(item.value, Path)]
        rows = {item.key: FIRST_ROW + at for at, item in enumerate(paths)}
        for item in paths:
            path = item.value
            assert isinstance(path, Path)
            years = [int(label) for label in self.grid.year_labels]
            by_year = path.by == "year"
            periods = years if by_year else range(self._shift, self._shift + self.quarters)
            mix = self._remainders.get(item.key)
            if mix is not None:
                texts: list[str | None] = [
                    self._left(mix, rows, column(self.grid.year(at))) for at in range(len(years))
                ]
            else:
                texts = self._between(path, list(periods), rows[item.key])
            values = tuple(float(v) for v in path.over(periods))
            self.dated[item.key] = Dated(item, rows[item.key], tuple(texts), values)

    def _between(self, path: Path, periods: list[int], row: int) -> list[str | None]:
        first = self.grid.first_year if path.by == "year" else self.grid.first_quarter
        place = {period: f"${column(first + at)}{row + 1}" for at, period in enumerate(periods)}
        points = [period for period in path.periods if period in place]
        if not points:  # all of them outside: the nearest end holds
            points = [periods[0]]
        texts: list[str | None] = []
        for period in periods:
            if period in points:
                texts.append(None)
                continue
            before = max((p for p in points if p < period), default=None)
            after = min((p for p in points if p > period), default=None)
            if before is None or after is None or path.between == "hold":
                held = before if before is not None else after
                assert held is not None
                texts.append(f"={place[held]}")
                continue
            low, high = place[before], place[after]
            part = f"{period - before}/{after - before}"
            if path.between == "geometric":
                texts.append(f"={low}*({high}/{low})^({part})")
            else:
                texts.append(f"={low}+({high}-{low})*{part}")
        return texts

    def _left(self, mix: Mix, rows: Mapping[str, int], letters: str) -> str:
        parts = [
            f"{letters}{rows[key] + 1}" if key in rows else self.names[key] for key in mix.others
        ]
        return f"=MIN(MAX(ROUND(1-({'+'.join(parts)}),12),0),1)"

    def _place_entries(self, assembly: Assembly) -> None:
        row = FIRST_ROW
        heading = ""
        families = list(dict.fromkeys(map(_family, self.scenario.items)))
        for item in sorted(self.scenario.items, key=lambda each: families.index(_family(each))):
            family = _family(item)
            if family != heading:
                heading = family
                self.headings.append((row, family.replace("_", " ").capitalize()))
                row += 1
            for key in _keys(item, assembly.names):
                self.entries.append(self._entry(item, key, row))
                row += 1

    def _entry(self, item: Assumption, key: str, row: int) -> Entry:
        low, high = item.bounds or (0.0, float(len(item.choices) - 1))
        value = item.value
        if isinstance(value, Path):
            return Entry(key, item, row, "dated", "by year" if value.by == "year" else "by quarter",
                         0.0, first=low, last=high)  # fmt: skip
        if isinstance(value, tuple):
            at = int(key.rpartition(".")[2]) - 1
            change = value[at] if at < len(value) else None
            if ".life." in key:
                life = change.life if change else (value[-1].life if value else 1.0)
                return Entry(key, item, row, "number", life, life, first=low, last=high)
            index = float(self.quarters)
            if change is not None:
                index = max(float(change.date - self._shift), 0.0)
            return self._date(item, key, row, index, 0.0, float(self.quarters))
        if item.derived:
            mix = self._remainders[item.key]
            text = self._left(mix, {}, "")
            return Entry(key, item, row, "computed", value, value, text, low, high)
        if item.unit == DATE:
            edge = float(self.quarters - 1)
            first, last = (min(max(bound - self._shift, 0.0), edge) for bound in (low, high))
            return self._date(item, key, row, value - self._shift, first, last)
        if item.unit == CHOICE:
            return Entry(key, item, row, "choice", item.choices[round(value)], value,
                         first=low, last=high)  # fmt: skip
        form = "switch" if item.unit == SWITCH else "number"
        return Entry(key, item, row, form, value, value, first=low, last=high)

    def _date(
        self, item: Assumption, key: str, row: int, index: float, first: float, last: float
    ) -> Entry:
        never = index >= self.quarters
        label = NEVER if never else self.grid.labels[int(index)]
        return Entry(key, item, row, "date", label, index, first=first, last=last)


def _family(item: Assumption) -> str:
    return item.key.partition(".")[0]


def _keys(item: Assumption, names: Mapping[str, str]) -> list[str]:
    """The rows of an assumption: one, or two for each change that the model has room for."""
    if item.shape != "changes":
        return [item.key]
    return [key for pair in slot_keys(item.key) for key in pair if key in names]


def bound_text(item: Assumption, value: float) -> str:
    """A bound of a date as its quarter."""
    return number_text(value, DATE) if item.unit == DATE else f"{value:g}"
