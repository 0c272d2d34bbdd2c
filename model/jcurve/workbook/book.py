"""The content of a workbook: every row of every sheet, with its formulas and values.

Nothing here knows a line of the model by name. Lines are placed first, then each formula is
written with references to where its precedents stand, then the workings that came up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.case import Case
from jcurve.engine.evaluate import needed
from jcurve.engine.line import Kind
from jcurve.engine.model import (
    CONSTANTS,
    SHARED,
    SYSTEM_INPUTS,
    VIEW_INPUTS,
    VIEWS,
    WORLD_INPUTS,
    WORLDS,
    RowKey,
    spell,
)
from jcurve.ground.errors import JCurveError, ModelError
from jcurve.workbook.graph import Graph, Node
from jcurve.workbook.grid import FIRST_ROW, Cell, Grid, Name, Piece, Range, Ref, Row
from jcurve.workbook.inputs import Layout
from jcurve.workbook.names import (
    DIFFERENCES,
    HISTORY,
    RETURNS,
    SHARED_ROWS,
    TAG_TITLES,
    WORKINGS,
    WORLD_SHEETS,
)
from jcurve.workbook.rates import Block
from jcurve.workbook.style import number_format
from jcurve.workbook.translate import NO_ANSWER, Translator

__all__ = ["Book", "Line", "Sheet"]

Array: TypeAlias = NDArray[np.float64]
Value: TypeAlias = "float | str"

_STEPS: Mapping[str, str] = {
    "lag": "an earlier quarter",
    "running_sum": "running sum",
    "balance": "balance at the quarter's end",
    "grow": "facts, then growth",
    "crossing": "when the balance rises through zero, else -1",
    "not_above": "quarter after one that is not above zero, else 0",
    "whole": "whole quarters of a lag",
    "part": "part of a quarter of a lag",
    "constant": "a value that does not move with time",
}


@dataclass(slots=True)
class Line:
    """One row of a sheet.

    Attributes:
        where: its place.
        name, unit, definition: for the reader.
        style: number format of its cells.
        single, single_value: the one value, formula or None for a fixed number.
        quarters, quarter_values: formulas of the quarters (None: the values are facts).
        years, year_values: of the years.
        lead: first quarters whose formulas differ from the rest.
    """

    where: Row
    name: str
    unit: str
    definition: str
    style: str
    single: str | None = None
    single_value: Value | None = None
    quarters: Sequence[str] | None = None
    quarter_values: Sequence[Value] = ()
    years: Sequence[str] | None = None
    year_values: Sequence[Value] = ()
    lead: int = 0


@dataclass(slots=True)
class Sheet:
    """Rows of one sheet, in order, with the headings between them."""

    name: str
    title: str
    lines: list[Line] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    next_row: int = FIRST_ROW

    def heading(self, text: str) -> None:
        """Begin a section."""
        self.headings.append((self.next_row, text))
        self.next_row += 1

    def take(self) -> Row:
        """The next free row."""
        row = Row(self.name, self.next_row)
        self.next_row += 1
        return row


class Book:
    """A case as rows of formulas.

    Args:
        case: an evaluated scenario.

    Raises:
        ModelError: a line has no Excel form; the message names it and the reason.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.model, self.timeline = case.assembly.model, case.assembly.timeline
        self.grid = Grid(self.timeline)
        self.layout = Layout(case.scenario, case.assembly, self.grid)
        self.sheets = {
            SHARED_ROWS: Sheet(SHARED_ROWS, "Rows that are the same in every world"),
            **{
                name: Sheet(name, f"The company {TAG_TITLES[world]}")
                for world, name in WORLD_SHEETS.items()
            },
            DIFFERENCES: Sheet(DIFFERENCES, "Differences between worlds"),
            HISTORY: Sheet(HISTORY, "Reported history and constants of the law"),
            WORKINGS: Sheet(WORKINGS, "Steps of formulas that need cells of their own"),
        }
        self.rows: dict[RowKey, Row] = {}
        self.results: dict[RowKey, Cell] = {}
        self.result_formulas: dict[RowKey, str] = {}
        self.fixed: dict[RowKey, Cell] = {}
        self.blocks: dict[int, Block] = {}
        self.master_text = ""
        self._owner: RowKey | None = None
        self._used = needed(self.model, self.model.order)
        scalars = {
            (name, SHARED)
            for name in (*self.model.inputs, *SYSTEM_INPUTS)
            if case.inputs[name].shape[0] == 1
        }
        self.graph = Graph(self._quarterly, self._annual, scalars | set(CONSTANTS))
        self.translator = Translator(
            self.graph, self.locate, self._allot, self._answer, self.grid.quarters
        )
        self._calendar()
        self._history()
        self._place_lines()
        self._write_lines(self._roots())

    # Values

    def value(self, key: RowKey) -> Value:
        """A result, or the word for none."""
        found = float(self.case.values[key][0, 0])
        return NO_ANSWER if np.isnan(found) else found

    def _quarterly(self, key: RowKey) -> Array:
        if key == _BEHIND:
            return self.grid.quarters - 1.0 - self.case.values["quarter_index", SHARED]
        found = self.case.values.get(key)
        if found is not None:
            return found
        return self.case.row(key[0], key[1] or None)[:, None]

    def _annual(self, key: RowKey) -> Array:
        return self.case.year(key[0], key[1] or None)[:, None]

    # Places

    def locate(self, key: RowKey) -> Row | Cell | Name:
        """Where the cells of a row are.

        Raises:
            ModelError: nothing on any sheet stands for it.
        """
        found = self.rows.get(key)
        if found is not None:
            single = key in self.graph.scalars
            return Cell(found.sheet, found.row) if single else found
        at = self.results.get(key) or self.fixed.get(key)
        if at is not None:
            return at
        assumption = self.case.assembly.keys.get(key[0])
        if assumption is None:
            raise ModelError("a row stands on no sheet", received=spell(key))
        return self.layout.locate(assumption)

    def _allot(self, node: Node, annual: bool) -> Row | Cell:
        sheet = self.sheets[WORKINGS]
        if self._owner is not None:
            sheet.heading(f"For {spell(self._owner)}")
            self._owner = None
        row = sheet.take()
        return Cell(row.sheet, row.row) if node.scalar else row

    def _answer(self, node: Node) -> Cell:
        flows = node.args[0]
        block = self.blocks.get(flows.id)
        if block is None:
            row = self.translator._row(flows)
            values = self.graph.value(flows)[:, 0]
            title = spell(flows.data) if flows.op == "row" else "a row of workings"
            block = self.blocks[flows.id] = Block(
                len(self.blocks),
                row,
                values,
                title,
                self.grid,
                self.rows["quarter_index", SHARED],
                self.rows[_BEHIND],
            )
        return block.count if node.op == "count_roots" else block.only

    # Calendar and history

    def _calendar(self) -> None:
        sheet = self.sheets[SHARED_ROWS]
        sheet.heading("Calendar")
        rows = {name: sheet.take() for name in (*SYSTEM_INPUTS, _BEHIND[0])}
        for name, row in rows.items():
            self.rows[name, SHARED] = row
        index = Ref(rows["quarter_index"])
        last = self.timeline.index(self.case.data_through)
        forms: dict[str, tuple[tuple[Piece, ...], str]] = {
            "quarter_index": (
                (Ref(rows["quarter_index"], -1, "-1"), "+1"),
                "Quarters since the first of the timeline; dates among the inputs count so",
            ),
            "quarter_of_year": (("MOD(", index, ",4)+1"), "1 to 4"),
            "calendar_year": ((f"{self.timeline.years[0]}+INT(", index, "/4)"), "Year"),
            "history": (
                ("IF(", index, f"<={last},1,0)"),
                f"1 while results are reported, which is through {self.case.data_through}",
            ),
            _BEHIND[0]: ((f"{self.grid.quarters - 1}-", index), "Quarters to the last one"),
        }
        for name, (pieces, definition) in forms.items():
            row = rows[name]
            values = self._quarterly((name, SHARED))[:, 0]
            sheet.lines.append(
                Line(
                    row,
                    name,
                    "quarters" if "quarter" in name and "of" not in name else "",
                    definition,
                    "plain",
                    lead=self.grid.lead(pieces),
                    quarters=self.grid.formulas(pieces, SHARED_ROWS),
                    quarter_values=values.tolist(),
                    years=self._by_year(row, Kind.STOCK),
                    year_values=values[3::4].tolist(),
                )
            )

    def _history(self) -> None:
        sheet = self.sheets[HISTORY]
        sheet.heading("Reported, derived or estimated; blank where nothing is reported")
        facts = self.case.assembly.history
        names = [name for name in self.model.inputs if (name, SHARED) in self._used]
        for name in (name for name in names if name in facts):
            row = sheet.take()
            self.rows[name, SHARED] = row
            values = self.case.inputs[name][:, 0]
            if np.isnan(values).any():
                self.graph.lacking.add((name, SHARED))
            kind = self.model.inputs[name].kind
            annual = self.case.year(name)
            sheet.lines.append(
                Line(
                    row,
                    name,
                    self.model.unit(name).name,
                    facts[name].definition,
                    number_format(self.model.unit(name).name, values),
                    quarter_values=_plain(values, ""),
                    years=self._known_year(row, kind),
                    year_values=_plain(annual, ""),
                )
            )
        keys = self.case.assembly.keys
        tables = [name for name in names if name not in facts and name not in keys]
        if tables:
            sheet.heading("Constants")
        for name in tables:
            row = sheet.take()
            self.fixed[name, SHARED] = Cell(HISTORY, row.row)
            value = float(self.case.inputs[name][0, 0])
            unit = self.model.unit(name).name
            leaf = self.case.trace(name).leaf
            definition = f"{leaf.label}: {leaf.source}" if leaf else ""
            sheet.lines.append(
                Line(row, name, unit, definition, number_format(unit, [value]), single_value=value)
            )

    def _by_year(self, row: Row, kind: Kind | None) -> list[str]:
        span = Range(row, "last" if kind is Kind.STOCK else "year")
        if kind is Kind.STOCK:
            return self.grid.annual_formulas((span,), row.sheet)
        word = "SUM(" if kind is Kind.FLOW else "AVERAGE("
        return self.grid.annual_formulas((word, span, ")"), row.sheet)

    def _known_year(self, row: Row, kind: Kind | None) -> list[str]:
        whole, last = Range(row, "year"), Range(row, "last")
        if kind is Kind.STOCK:
            pieces: tuple[Piece, ...] = ("IF(ISNUMBER(", last, "),", last, ',"")')
        else:
            word = "SUM" if kind is Kind.FLOW else "AVERAGE"
            pieces = ("IF(COUNT(", whole, f")=4,{word}(", whole, '),"")')
        return self.grid.annual_formulas(pieces, row.sheet)

    # Lines

    def _place_lines(self) -> None:
        outputs = self.model.outputs
        for name, tags in WORLD_INPUTS.items():
            for world in tags:
                sheet = self.sheets[WORLD_SHEETS[world]]
                self._place_constant(sheet, (name, world), tags[world])
        for instance in self.model.instances:
            heading = _title(instance.line.module)
            for name in instance.rows:
                if outputs[name].kind is Kind.RESULT or name in self.model.viewed:
                    continue
                worldly = name in self.model.worldly
                for tag in WORLDS if worldly else (SHARED,):
                    sheet = self.sheets[WORLD_SHEETS[tag] if worldly else SHARED_ROWS]
                    self._place(sheet, (name, tag), heading)
        for view in VIEWS:
            sheet = self.sheets[DIFFERENCES]
            sheet.heading(f"View: {TAG_TITLES[view]}")
            for name, by_view in VIEW_INPUTS.items():
                self._place_constant(sheet, (name, view), by_view[view])
            for instance in self.model.instances:
                heading = f"{_title(instance.line.module)} ({view.replace('_', '-')})"
                for name in instance.rows:
                    if outputs[name].kind is not Kind.RESULT and self.model.differs(name):
                        self._place(sheet, (name, view), heading)
        self._place_results()

    def _place(self, sheet: Sheet, key: RowKey, heading: str) -> None:
        if not sheet.headings or sheet.headings[-1][1] != heading:
            sheet.heading(heading)
        self.rows[key] = sheet.take()

    def _place_constant(self, sheet: Sheet, key: RowKey, value: float) -> None:
        row = sheet.take()
        self.fixed[key] = Cell(row.sheet, row.row)
        text = "1 in this world or view, else 0" if value else "0 in this world or view"
        sheet.lines.append(Line(row, key[0], "switch", text, "plain", single_value=value))

    def _place_results(self) -> None:
        """Results of a view side by side, then those of worlds."""
        tags_of = self.model.tags
        found = [n for n, out in self.model.outputs.items() if out.kind is Kind.RESULT]
        at = FIRST_ROW
        for tags in (tuple(VIEWS), WORLDS, (SHARED,)):
            at += 1
            for name in (name for name in found if tags_of(name) == tags):
                for n, tag in enumerate(tags):
                    self.results[name, tag] = Cell(RETURNS, at, RESULT_COLUMN + n)
                at += 1
            at += 2

    def _roots(self) -> dict[RowKey, Node]:
        roots: dict[RowKey, Node] = {}
        for key in self.model.order:
            if key in roots:
                continue
            name, tag = key
            instance = self.model.maker[name]
            try:
                formulas = self.model.symbols(name, tag)
                made = [self.graph.root(formula) for formula in formulas]
            except JCurveError as error:
                raise self._no_form(key, error) from error
            for row, root in zip(instance.rows, made, strict=True):
                self._register((row, tag), root)
                roots[row, tag] = root
        for key, place in self.rows.items():
            parts = self.model.parts(key)
            if parts is not None:
                root = self.graph.make("subtract", *map(self.graph.row, parts))
                self._register(key, root)
                roots[key] = root
                self.translator.place(root, place)
        for key, root in roots.items():
            if self.model.parts(key) is None:
                at = self.locate(key)
                if not isinstance(at, Name):
                    self.translator.place(root, at)
        return roots

    def _register(self, key: RowKey, root: Node) -> None:
        if root.scalar:
            self.graph.scalars.add(key)
        is_result = self.model.outputs[key[0]].kind is Kind.RESULT
        values = self._quarterly(key)
        if root.lacks and (is_result or np.isnan(values).any()):
            self.graph.lacking.add(key)
        if not is_result and np.isnan(values).any():
            raise ModelError(
                "a line has quarters without a value", where=spell(key), allowed="a number in each"
            )

    def _no_form(self, key: RowKey, error: JCurveError) -> ModelError:
        return ModelError(
            f"{spell(key)} has no Excel form: {error.what}",
            where=self.model.maker[key[0]].line.module,
            received=error.received,
            allowed=error.allowed,
        )

    def _write_lines(self, roots: Mapping[RowKey, Node]) -> None:
        for key, root in roots.items():
            self._owner = key
            try:
                self._write_line(key, root)
                self._write_workings()
            except JCurveError as error:
                raise self._no_form(key, error) from error
        for sheet in self.sheets.values():
            sheet.lines.sort(key=lambda line: line.where.row)

    def _write_line(self, key: RowKey, root: Node) -> None:
        output = self.model.outputs[key[0]]
        translate, grid = self.translator, self.grid
        if output.kind is Kind.RESULT:
            cell = self.results[key]
            pieces = translate.formula(root, cell)
            self.result_formulas[key] = grid.single(pieces, RETURNS)
            return
        row = self.rows[key]
        values = np.broadcast_to(self._quarterly(key)[:, 0], (grid.quarters,))
        line = Line(
            row,
            key[0],
            output.unit.name,
            output.definition,
            number_format(output.unit.name, values),
            quarter_values=values.tolist(),
            year_values=self.case.year(key[0], key[1] or None).tolist(),
        )
        if root.scalar:
            cell = Cell(row.sheet, row.row)
            line.single = grid.single(translate.formula(root, cell), row.sheet)
            line.single_value = float(values[0])
            line.quarters = grid.formulas((cell,), row.sheet)
        else:
            pieces = translate.formula(root, row)
            line.quarters = grid.formulas(pieces, row.sheet)
            line.lead = grid.lead(pieces)
        line.years = self._years(key, root, row)
        self.sheets[row.sheet].lines.append(line)

    def _years(self, key: RowKey, root: Node, row: Row) -> list[str]:
        output = self.model.outputs[key[0]]
        if self.model.parts(key) is not None:
            return self.grid.annual_formulas(self.translator.formula(root, row, True), row.sheet)
        if output.kind is not Kind.RATE:
            return self._by_year(row, output.kind)
        rule = self.model.maker[key[0]].line.annual
        if rule != "formula":
            return self._by_year(row, Kind.STOCK if rule == "last" else None)
        pieces = self.translator.formula(root, row, annual=True)
        return self.grid.annual_formulas(pieces, row.sheet)

    def _write_workings(self) -> None:
        sheet = self.sheets[WORKINGS]
        for node, where, annual in self.translator.workings():
            pieces = self.translator.formula(node, where, annual)
            values = self.graph.value(node, annual)[:, 0]
            row = Row(where.sheet, where.row)
            line = Line(
                row,
                f"step {where.row + 1}",
                "",
                _STEPS.get(node.op, "part of a formula") + (", by year" if annual else ""),
                number_format("", values),
            )
            if isinstance(where, Cell):
                line.single = self.grid.single(pieces, WORKINGS)
                line.single_value = _plain(values, NO_ANSWER)[0]
            elif annual:
                line.years = self.grid.annual_formulas(pieces, WORKINGS)
                line.year_values = _plain(values, NO_ANSWER)
            else:
                line.quarters = self.grid.formulas(pieces, WORKINGS)
                line.lead = self.grid.lead(pieces)
                line.quarter_values = _plain(values, NO_ANSWER)
            sheet.lines.append(line)


RESULT_COLUMN = 3
"""The first column of values on *Returns*; one a view or world."""

_BEHIND: RowKey = ("quarters_to_last", SHARED)


def _title(module: str) -> str:
    return module.replace("_", " ").capitalize()


def _plain(values: Iterable[float], missing: str) -> list[Value]:
    return [missing if np.isnan(value) else float(value) for value in values]
