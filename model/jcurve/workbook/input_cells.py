"""Which cell holds which assumption, and what may be typed into it.

An assumption with one value has a cell on *Inputs*. One with dates has a row on *Inputs by
year*: the stated years are inputs, the years between are formulas of them, as the scenario
file has it; a number typed over such a formula is one more stated year. A list of life
changes has two cells a change. What is left of a mix is a formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.assumptions.relations import Mix
from jcurve.assumptions.rows import slot_keys
from jcurve.company import Assembly
from jcurve.ground.quarters import FIRST_QUARTER, Quarter
from jcurve.workbook.grid import FIRST_ROW, NEVER, Cell, Grid, Name, Row, Tab, column, input_names

__all__ = ["USED_COLUMN", "VALUE_COLUMN", "WHY_COLUMN", "Dated", "Entry", "Layout"]

VALUE_COLUMN, USED_COLUMN, WHY_COLUMN = 3, 4, 5
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
        first, last: the least and greatest accepted value, as numbers; for a date as quarters
            of the timeline.
        formula: of a computed cell.
    """

    key: str
    item: Assumption
    row: int
    form: str
    value: float | str
    used: float
    first: float
    last: float
    formula: str = ""

    @property
    def cell(self) -> Cell:
        """The cell that the entry's name stands for: of a word, the number that it means."""
        uses = self.form in ("date", "choice")
        return Cell(Row(Tab.INPUTS, self.row), USED_COLUMN if uses else VALUE_COLUMN)


@dataclass(frozen=True, slots=True)
class Dated:
    """A row of *Inputs by year*.

    Attributes:
        item, path: the assumption, and its value.
        place: its row.
        first: the column of its first period.
        formulas: of each period; None where the cell is an input.
        values: of each period, years or quarters.
    """

    item: Assumption
    path: Path
    place: Row
    first: int
    formulas: tuple[str | None, ...]
    values: tuple[float, ...]

    @property
    def row(self) -> int:
        """Its row, from 0."""
        return self.place.row

    @property
    def cells(self) -> str:
        """All its cells, such as ``E5:R5``."""
        last = self.first + len(self.values) - 1
        return f"{column(self.first)}{self.row + 1}:{column(last)}{self.row + 1}"


class Layout:
    """Where every assumption of a scenario stands."""

    def __init__(self, scenario: Scenario, assembly: Assembly, grid: Grid) -> None:
        self.scenario, self.grid = scenario, grid
        self.entries: list[Entry] = []
        self.headings: list[tuple[int, str]] = []
        self.dated: dict[str, Dated] = {}
        self._remainders = {mix.remainder: mix for mix in scenario.mixes}
        self._shift = Quarter(grid.labels[0]) - FIRST_QUARTER
        self._rows_of = {item.key: _keys(item, assembly.names) for item in scenario.items}
        paths = [(item, item.value) for item in scenario.items if isinstance(item.value, Path)]
        dated = {item.key: FIRST_ROW + at for at, (item, _) in enumerate(paths)}
        own = [key for name, keys in self._rows_of.items() if name not in dated for key in keys]
        self.names: Mapping[str, str] = input_names(own)
        for item, path in paths:
            self.dated[item.key] = self._dated(item, path, dated)
        self._place_entries()

    def locate(self, key: str) -> Row | Name:
        """Where formulas find the assumption ``key``."""
        dated = self.dated.get(key)
        return Name(self.names[key]) if dated is None else dated.place

    def _dated(self, item: Assumption, path: Path, rows: Mapping[str, int]) -> Dated:
        by_year = path.by == "year"
        first = self.grid.first_year if by_year else self.grid.first_quarter
        quarters = range(self._shift, self._shift + self.grid.quarters)
        periods = [int(year) for year in self.grid.year_labels] if by_year else list(quarters)
        mix = self._remainders.get(item.key)
        texts: list[str | None]
        if mix is not None:
            letters = [column(self.grid.year(at)) for at in range(self.grid.years)]
            texts = [self._remainder(mix, rows, each) for each in letters]
        else:
            cells = [f"${column(first + at)}{rows[item.key] + 1}" for at in range(len(periods))]
            texts = _between(path, dict(zip(periods, cells, strict=True)))
        values = tuple(float(v) for v in path.over(periods))
        return Dated(item, path, Row(Tab.DATED, rows[item.key]), first, tuple(texts), values)

    def _remainder(self, mix: Mix, rows: Mapping[str, int], letters: str) -> str:
        parts = [
            f"{letters}{rows[key] + 1}" if key in rows else self.names[key] for key in mix.others
        ]
        return f"=MIN(MAX(ROUND(1-({'+'.join(parts)}),12),0),1)"

    def _place_entries(self) -> None:
        """In the order of families, each under a heading of its own."""
        families: dict[str, list[Assumption]] = {}
        for item in self.scenario.items:
            families.setdefault(item.key.partition(".")[0], []).append(item)
        row = FIRST_ROW
        for family, items in families.items():
            self.headings.append((row, family.replace("_", " ").capitalize()))
            row += 1
            for item in items:
                for key in self._rows_of[item.key]:
                    self.entries.append(self._entry(item, key, row))
                    row += 1

    def _entry(self, item: Assumption, key: str, row: int) -> Entry:
        low, high = item.bounds or (0.0, float(len(item.choices) - 1))
        value = item.value
        if isinstance(value, Path):
            return Entry(key, item, row, "dated", f"by {value.by}", 0.0, low, high)
        if isinstance(value, tuple):
            at = int(key.rpartition(".")[2]) - 1
            change = value[at] if at < len(value) else None
            if ".life." in key:
                life = change.life if change else (value[-1].life if value else 1.0)
                return Entry(key, item, row, "number", life, life, low, high)
            never = float(self.grid.quarters)
            index = max(float(change.date - self._shift), 0.0) if change else never
            return self._date(item, key, row, index, 0.0, never)
        if item.derived:
            text = self._remainder(self._remainders[item.key], {}, "")
            return Entry(key, item, row, "computed", value, value, low, high, text)
        if item.unit == DATE:
            edge = float(self.grid.quarters - 1)
            first, last = (min(max(bound - self._shift, 0.0), edge) for bound in (low, high))
            return self._date(item, key, row, value - self._shift, first, last)
        if item.unit == CHOICE:
            return Entry(key, item, row, "choice", item.choices[round(value)], value, low, high)
        form = "switch" if item.unit == SWITCH else "number"
        return Entry(key, item, row, form, value, value, low, high)

    def _date(
        self, item: Assumption, key: str, row: int, index: float, first: float, last: float
    ) -> Entry:
        label = (*self.grid.labels, NEVER)[min(int(index), self.grid.quarters)]
        return Entry(key, item, row, "date", label, index, first, last)


def _between(path: Path, cells: Mapping[int, str]) -> list[str | None]:
    """Each period of a path as a formula of the stated ones beside it; None where it is stated."""
    points = [period for period in path.periods if period in cells]
    if not points:  # all of them outside: the nearest end holds
        points = [next(iter(cells))]
    texts: list[str | None] = []
    for period in cells:
        before = max((p for p in points if p < period), default=None)
        after = min((p for p in points if p > period), default=None)
        if period in points:
            texts.append(None)
        elif before is None or after is None or path.between == "hold":
            held = before if before is not None else after
            assert held is not None
            texts.append(f"={cells[held]}")
        else:
            low, high = cells[before], cells[after]
            part = f"{period - before}/{after - before}"
            geometric = path.between == "geometric"
            grown = f"*({high}/{low})^({part})" if geometric else f"+({high}-{low})*{part}"
            texts.append(f"={low}{grown}")
    return texts


def _keys(item: Assumption, names: Mapping[str, str]) -> list[str]:
    """The rows of an assumption: one, or two for each change that the model has room for."""
    if item.shape != "changes":
        return [item.key]
    return [key for pair in slot_keys(item.key) for key in pair if key in names]
