"""Which cell holds which assumption, and what may be typed into it.

An assumption with one value has a cell on *Drivers* or on *Inputs*. One with dates has two rows on
*Inputs by year*: in the first the stated years are inputs and the years between are formulas of
them, as the scenario file has it (a number typed over such a formula is one more stated year);
the second holds what is in use. A list of life changes has two cells a change. What is left of
a mix is a formula.

In use is what this workbook says or, while another scenario is chosen, what that one says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.assumptions.relations import Mix
from jcurve.assumptions.rows import assumption_rows, slot_keys
from jcurve.company import Assembly
from jcurve.workbook.grid import FIRST_ROW, NEVER, Cell, Grid, Name, Row, Tab, column, input_names
from jcurve.workbook.step_names import words

VALUE_COLUMN, USED_COLUMN, WHY_COLUMN = 3, 4, 5
"""Columns of *Drivers* and *Inputs*; the last is for the reader's own reason."""

CHOSEN = "scenario_number"
"""The name of the cell with the number of the scenario in use: 1 is this workbook's own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of *Drivers* or *Inputs*: its key as a row of the scenario, such as ``returns.wacc``
    or ``life.change.date.1``; the form of its cell (``number``, ``date``, ``choice``, ``switch``,
    ``dated``, ``computed``); what the cell holds and the number that the model reads; the least and
    the greatest accepted value, of a date as quarters of the timeline; the formula of a computed
    cell."""

    key: str
    item: Assumption
    place: Row
    form: str
    value: float | str
    used: float
    first: float
    last: float
    formula: str = ""

    @property
    def row(self) -> int:
        """Its row, from 0."""
        return self.place.row

    @property
    def sheet(self) -> str:
        """Its sheet."""
        return self.place.sheet

    @property
    def label(self) -> str:
        """What it is called."""
        if self.item.shape != "changes":
            return self.item.label
        what = "first quarter" if ".date." in self.key else "new life"
        return f"Change {self.key.rpartition('.')[2]} of useful life: {what}"

    @property
    def own(self) -> Cell:
        """The cell that is typed into."""
        return Cell(self.place, VALUE_COLUMN)

    @property
    def cell(self) -> Cell:
        """The cell that the entry's name stands for: the number in use."""
        return Cell(self.place, USED_COLUMN)


@dataclass(frozen=True, slots=True)
class Dated:
    """Two rows of *Inputs by year*: the assumption; its path, None where it is one number here and
    moves in another scenario; year or quarter; the row that holds what is in use, under the one
    with the inputs; the column of the first period; the formula of each period, None where its cell
    is an input; and the values."""

    item: Assumption
    path: Path | None
    by: str
    place: Row
    first: int
    formulas: tuple[str | None, ...]
    values: tuple[float, ...]

    @property
    def row(self) -> int:
        """The row of its inputs, from 0."""
        return self.place.row - 1

    @property
    def cells(self) -> str:
        """All its cells, such as ``E5:R5``."""
        last = self.first + len(self.values) - 1
        return f"{column(self.first)}{self.row + 1}:{column(last)}{self.row + 1}"


class Layout:
    """Where every assumption of a scenario stands; ``others`` can be chosen in its place, in
    order."""

    def __init__(
        self, scenario: Scenario, others: Sequence[Scenario], assembly: Assembly, grid: Grid
    ) -> None:
        self.scenario, self.others, self.grid = scenario, tuple(others), grid
        self.entries: list[Entry] = []
        self.headings: list[tuple[str, int, str]] = []
        self.dated: dict[str, Dated] = {}
        self._remainders = {mix.remainder: mix for mix in scenario.mixes}
        self._timeline = assembly.timeline
        self.shift = self._timeline.span.start
        self._rows_of = {item.key: _keys(item, assembly.names) for item in scenario.items}
        paths: dict[str, Path] = {}
        for each in (scenario, *self.others):
            paths |= {i.key: i.value for i in each.items if isinstance(i.value, Path)}
        moving = [item for item in scenario.items if item.key in paths]
        self._dated_rows = {item.key: FIRST_ROW + 2 * at for at, item in enumerate(moving)}
        own = [
            key
            for item in scenario.items
            if not isinstance(item.value, Path)
            for key in self._rows_of[item.key]
        ]
        self.names: Mapping[str, str] = input_names(own)
        self._place_entries()
        for item in moving:
            own_path = item.value if isinstance(item.value, Path) else paths[item.key]
            self.dated[item.key] = self._dated(item, own_path.by)

    def locate(self, key: str) -> Row | Name:
        """Where formulas find the assumption ``key``."""
        dated = self.dated.get(key)
        return Name(self.names[key]) if dated is None else dated.place

    def on(self, sheet: str) -> list[Entry]:
        """The entries of *Drivers* or of *Inputs*, in order."""
        return [entry for entry in self.entries if entry.sheet == sheet]

    def values_of(self, scenario: Scenario) -> dict[str, tuple[float, ...]]:
        """The numbers of a scenario by key: one, or one a period of a dated assumption."""
        found: dict[str, tuple[float, ...]] = {}
        for item in scenario.items:
            dated = self.dated.get(item.key)
            if dated is None:
                rows = assumption_rows(item, self._timeline)
                found |= {key: (float(row[0, 0]),) for key, row in rows.items()}
            elif isinstance(item.value, Path):
                found[item.key] = tuple(float(v) for v in item.value.over(self._periods(dated.by)))
            else:
                found[item.key] = (float(item.value),) * len(dated.values)  # type: ignore[arg-type]
        return found

    def _periods(self, by: str) -> list[int]:
        quarters = range(self.shift, self.shift + self.grid.quarters)
        return [int(year) for year in self.grid.year_labels] if by == "year" else list(quarters)

    def _dated(self, item: Assumption, by: str) -> Dated:
        row = self._dated_rows[item.key]
        first = self.grid.first_year if by == "year" else self.grid.first_quarter
        periods, mix, path = self._periods(by), self._remainders.get(item.key), item.value
        letters = [column(first + at) for at in range(len(periods))]
        texts: list[str | None]
        if not isinstance(path, Path):
            entry = next(entry for entry in self.entries if entry.key == item.key)
            texts = [f"={self.grid.spelled(entry.own, Tab.DATED)}"] * len(periods)
            values = (entry.used,) * len(periods)
            return Dated(item, None, by, Row(Tab.DATED, row + 1), first, tuple(texts), values)
        if mix is not None:
            texts = [self._remainder(mix, each, Tab.DATED) for each in letters]
        else:
            columns = dict(zip(periods, letters, strict=True))
            texts = _between(path, columns, row + 1, _PERIOD_ROW + 1)
        values = tuple(float(v) for v in path.over(periods))
        return Dated(item, path, by, Row(Tab.DATED, row + 1), first, tuple(texts), values)

    def _remainder(self, mix: Mix, letters: str, host: str) -> str:
        own = {entry.key: entry.own for entry in self.entries}
        parts = [
            f"{letters}{self._dated_rows[key] + 1}"
            if key in self._dated_rows
            else self.grid.spelled(own[key], host)
            for key in mix.others
        ]
        return f"=MIN(MAX(ROUND(1-({'+'.join(parts)}),share_digits),0),1)"

    def _place_entries(self) -> None:
        """Drivers on a sheet of their own; the others in the order of families, each under a
        heading of its own, as a mix and the changes of a life have too."""
        drivers = {item.key for item in self.scenario.first_drivers}
        families: dict[tuple[str, str], list[Assumption]] = {}
        of_mix = {
            key: f"{words(mix.name)} (its parts sum to 1)"
            for mix in self.scenario.mixes
            for key in (*mix.others, mix.remainder)
        }
        for item in self.scenario.items:
            sheet = Tab.DRIVERS if item.key in drivers else Tab.INPUTS
            family = of_mix.get(item.key) or words(item.key.partition(".")[0])
            if item.shape == "changes":
                family = "Changes of useful life, in order of time"
            families.setdefault((sheet, family), []).append(item)
        rows = dict.fromkeys((Tab.DRIVERS, Tab.INPUTS), FIRST_ROW)
        left: list[tuple[Assumption, str, Row]] = []
        for (sheet, family), items in families.items():
            self.headings.append((sheet, rows[sheet], family))
            rows[sheet] += 1
            for item in items:
                for key in self._rows_of[item.key]:
                    left.append((item, key, Row(sheet, rows[sheet])))
                    rows[sheet] += 1
        # What a mix leaves is written once its other parts have their cells.
        for item, key, place in sorted(left, key=lambda each: each[0].derived):
            self.entries.append(self._entry(item, key, place))
        self.entries.sort(key=lambda entry: (entry.sheet, entry.row))

    def _entry(self, item: Assumption, key: str, row: Row) -> Entry:
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
            index = max(float(change.date - self.shift), 0.0) if change else never
            return self._date(item, key, row, index, 0.0, never)
        if item.derived:
            text = self._remainder(self._remainders[item.key], "", row.sheet)
            return Entry(key, item, row, "computed", value, value, low, high, text)
        if item.unit == DATE:
            edge = float(self.grid.quarters - 1)
            first, last = (min(max(bound - self.shift, 0.0), edge) for bound in (low, high))
            return self._date(item, key, row, value - self.shift, first, last)
        if item.unit == CHOICE:
            return Entry(key, item, row, "choice", item.choices[round(value)], value, low, high)
        form = "switch" if item.unit == SWITCH else "number"
        low, high = (0.0, 1.0) if form == "switch" else (low, high)
        return Entry(key, item, row, form, value, value, low, high)

    def _date(
        self, item: Assumption, key: str, row: Row, index: float, first: float, last: float
    ) -> Entry:
        label = (*self.grid.labels, NEVER)[min(int(index), self.grid.quarters)]
        return Entry(key, item, row, "date", label, index, first, last)


_PERIOD_ROW = 2  # The row of *Inputs by year* with the number of each period, over its heads


def _between(path: Path, letters: Mapping[int, str], row: int, head: int) -> list[str | None]:
    """Each period of a path as a formula of the stated ones beside it, None where it is stated, in
    the columns ``letters`` of a row; the numbers of periods stand in the row ``head``."""
    points = [period for period in path.periods if period in letters]
    if not points:  # all of them outside: the nearest end holds
        points = [next(iter(letters))]
    texts: list[str | None] = []
    for period, here in letters.items():
        before = max((p for p in points if p < period), default=None)
        after = min((p for p in points if p > period), default=None)
        if period in points:
            texts.append(None)
        elif before is None or after is None or path.between == "hold":
            held = before if before is not None else after
            assert held is not None
            texts.append(f"=${letters[held]}{row}")
        else:
            a, b = letters[before], letters[after]
            low, high = f"${a}{row}", f"${b}{row}"
            part = f"({here}${head}-${a}${head})/(${b}${head}-${a}${head})"
            geometric = path.between == "geometric"
            grown = f"*({high}/{low})^({part})" if geometric else f"+({high}-{low})*{part}"
            texts.append(f"={low}{grown}")
    return texts


def _keys(item: Assumption, names: Mapping[str, str]) -> list[str]:
    """The rows of an assumption: one, or two for each change that the model has room for."""
    if item.shape != "changes":
        return [item.key]
    return [key for pair in slot_keys(item.key) for key in pair if key in names]
