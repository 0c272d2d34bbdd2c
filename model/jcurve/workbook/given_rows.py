"""Rows that are given to the model: the calendar, reported history, constants of the law; and the
numbers that formulas read by name.

They are rows of a workbook before any line is. A formula holds no number but 0, 1, 2 and -1. The
others stand on the sheet of constants, each under the name that it has among the constants of the
lines, with what it stands for and who uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from jcurve.assumptions import Scenario
from jcurve.case import Case
from jcurve.engine.evaluate import needed
from jcurve.engine.line import Kind
from jcurve.engine.model import CONSTANTS, SHARED, SYSTEM_INPUTS, RowKey
from jcurve.engine.primitives import Array
from jcurve.facts import HistoryRow
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Timeline
from jcurve.ground.units import Quantity
from jcurve.lines import constants
from jcurve.workbook.cell_styles import Line, Sheet, Value, number_format
from jcurve.workbook.excel_forms import NO_ANSWER
from jcurve.workbook.formula_graph import HORIZON as BEYOND
from jcurve.workbook.formula_graph import Graph
from jcurve.workbook.grid import FIRST_ROW, TABLES, Cell, Grid, Name, Piece, Range, Ref, Row, Tab
from jcurve.workbook.input_cells import Entry, Layout
from jcurve.workbook.step_names import words

HORIZON, YEAR, FIRST_YEAR = "horizon", "quarters_in_year", "first_year"
LAST_REPORTED = "last_reported_quarter"

_KNOWN: Mapping[tuple[float, str], str] = {
    (float(value), value.label): name.lower()
    for name, value in vars(constants).items()
    if isinstance(value, Quantity)
}

BEHIND: RowKey = ("quarters_to_last", SHARED)
CALCULATED = "calculated"


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


class GivenRows:
    """The sheets of a case, with the rows that no line makes; ``others`` can be chosen in its
    place."""

    def __init__(self, case: Case, others: Sequence[Scenario]) -> None:
        self.case = case
        self.model = case.assembly.model
        self.grid = Grid(case.assembly.timeline)
        self.layout = Layout(case.scenario, others, case.assembly, self.grid)
        self.sheets = {name: Sheet(name, title) for name, title in TABLES["titles"].items()}
        self.rows: dict[RowKey, Row] = {}
        self.fixed: dict[RowKey, Cell] = {}
        self.numbers = NamedNumbers(
            case.assembly.timeline, case.data_through, self.layout.names.values()
        )
        scalars = {
            (name, SHARED)
            for name in (*self.model.inputs, *SYSTEM_INPUTS)
            if case.inputs[name].shape[0] == 1
        }
        self.graph = Graph(
            self.quarterly,
            lambda key: case.year(key[0], key[1] or None)[:, None],
            scalars | set(CONSTANTS),
        )
        self._calendar()
        self._history()

        others_values = [self.layout.values_of(each) for each in others]
        keys = [e.key for e in self.layout.entries] if others else []
        self.scenario_values = {key: [each[key] for each in others_values] for key in keys}
        """The numbers of each scenario that can be chosen, by key."""
        self.base_values = self.layout.values_of(case.scenario.base or case.scenario)
        own = self.layout.values_of(case.scenario)
        self.changed = {key for key, base in self.base_values.items() if base != own.get(key)}
        """Inputs that are not the base scenario's."""
        self._entries = {entry.key: entry for entry in self.layout.entries}
        single = [key for key in keys if key not in self.layout.dated]
        self.scenario_rows = {key: FIRST_ROW + at for at, key in enumerate(single)}
        """The row on *Scenarios*, or the first on *Scenarios by year*, by key."""
        for at, key in enumerate(self.layout.dated):
            self.scenario_rows[key] = FIRST_ROW + len(others) * at

    def entry(self, key: str) -> Entry:
        """The line of an assumption."""
        return self._entries[key]

    # Values

    def value(self, key: RowKey) -> Value:
        """A result, or the word for none."""
        return shown(self.case.values[key][0], NO_ANSWER)[0]

    def quarterly(self, key: RowKey) -> Array:
        """The values of a row over the quarters, or its one value."""
        if key == BEHIND:
            return self.grid.quarters - 1.0 - self.case.values["quarter_index", SHARED]
        found = self.case.values.get(key)
        if found is not None:
            return found
        return self.case.row(key[0], key[1] or None)[:, None]

    # Calendar and history

    def _calendar(self) -> None:
        sheet = self.sheets[Tab.SHARED_ROWS]
        sheet.heading("Calendar")
        rows = {name: sheet.take() for name in (*SYSTEM_INPUTS, BEHIND[0])}
        self.rows |= {(name, SHARED): row for name, row in rows.items()}
        index, year = Ref(rows["quarter_index"]), Name(YEAR)
        forms: dict[str, tuple[tuple[Piece, ...], str, str]] = {
            "quarter_index": (
                (Ref(rows["quarter_index"], -1), "+1"),
                "quarters",
                "Quarters since the first of the timeline; dates among the inputs count so",
            ),
            "quarter_of_year": (("MOD(", index, ",", year, ")+1"), "quarter", "1 to 4"),
            "calendar_year": ((Name(FIRST_YEAR), "+INT(", index, "/", year, ")"), "year", "Year"),
            "history": (
                ("IF(", index, "<=", Name(LAST_REPORTED), ",1,0)"),
                "switch",
                "1 while results are reported, 0 in forecasts: where facts join the forecast",
            ),
            BEHIND[0]: (
                (Name(HORIZON), "-1-", index), "quarters", "Quarters to the last one",
            ),
        }  # fmt: skip
        for name, (pieces, unit, definition) in forms.items():
            values = self.quarterly((name, SHARED))[:, 0]
            line = Line(rows[name], name, words(name), unit, definition, CALCULATED, "plain")
            line.quarters, line.quarter_values = pieces, values.tolist()
            line.years = self.by_year(rows[name], Kind.STOCK)
            line.year_values = values[3::4].tolist()
            if name == "quarter_index":
                line.opening, line.opening_value = ("-1",), -1.0
            sheet.lines.append(line)

    def _history(self) -> None:
        sheet, facts = self.sheets[Tab.HISTORY], self.case.assembly.history
        sheet.heading("Reported, derived or estimated; blank where nothing is reported")
        used = needed(self.model, self.model.order)
        names = [name for name in self.model.inputs if (name, SHARED) in used]
        for name in (name for name in names if name in facts):
            row = self.rows[name, SHARED] = sheet.take()
            values, unit = self.case.inputs[name][:, 0], self.model.unit(name).name
            if np.isnan(values).any():
                self.graph.lacking.add((name, SHARED))
            style = number_format(unit, values)
            sources = ", ".join(source_keys(facts[name]))
            line = Line(row, name, words(name), unit, facts[name].definition, sources, style)
            line.quarter_values = shown(values, "")
            line.years = self.by_year(row, self.model.inputs[name].kind, known=False)
            line.year_values = shown(self.case.year(name), "")
            sheet.lines.append(line)
        sheet = self.sheets[Tab.CONSTANTS]
        constants = [n for n in names if n not in facts and n not in self.case.assembly.keys]
        if constants:
            sheet.heading("Of the law")
        for name in constants:
            value = float(self.case.inputs[name][0, 0])
            unit, leaf = self.model.unit(name).name, self.case.trace(name).leaf
            said, source = (leaf.label, leaf.source) if leaf else (words(name), CALCULATED)
            source = source or "definition of the company"
            style = number_format(unit, [value])
            self.fix(sheet, (name, SHARED), value, unit, said, source, style)
        sheet.heading("Of the timeline and of formulas")

    def by_year(self, row: Row, kind: Kind | None, known: bool = True) -> tuple[Piece, ...]:
        """A flow's sum, a stock's last quarter, else the mean; of facts, where all are known."""
        whole, last = Range(row, "year"), Range(row, "last")
        word = "SUM" if kind is Kind.FLOW else "AVERAGE"
        pieces: tuple[Piece, ...] = (f"{word}(", whole, ")")
        if kind is Kind.STOCK:
            pieces = (last,) if known else ("IF(ISNUMBER(", last, "),", last, ',"")')
        elif not known:
            pieces = ("IF(COUNT(", whole, ")=", Name(YEAR), f",{word}(", whole, '),"")')
        return pieces

    def fix(
        self, sheet: Sheet, key: RowKey, value: float, unit: str, said: str, source: str, style: str
    ) -> None:
        row, name = sheet.take(), key[0]
        self.fixed[key] = Cell(row)
        line = Line(row, name, words(name), unit or "number", said, source, style)
        line.single_value = value
        sheet.lines.append(line)


def source_keys(row: HistoryRow) -> list[str]:
    """The sources that the cells of a row of history name, each once."""
    parts = (part.strip() for _, cell in row.filled() for part in cell.source.split(";"))
    return list(dict.fromkeys(filter(None, parts)))


def shown(values: Iterable[float], missing: str) -> list[Value]:
    """What cells show of values; a text where there is none."""
    return [missing if np.isnan(value) else float(value) for value in values]
