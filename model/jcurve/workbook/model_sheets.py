"""The content of a workbook: every row of every sheet, with its formulas and values.

Nothing here knows a line of the model by name. Lines are placed first, then each formula is
written with references to the rows of its precedents. A step that comes up gets a row above the
line that it serves; rows are numbered when all are known.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from jcurve.assumptions import Scenario, rows_of, scenario, shipped
from jcurve.case import Case
from jcurve.company import model
from jcurve.engine.line import Kind
from jcurve.engine.model import SHARED, VIEW_INPUTS, VIEWS, WORLD_INPUTS, WORLDS, RowKey, spell
from jcurve.ground.errors import JCurveError, ModelError
from jcurve.ground.project import Where
from jcurve.workbook.cell_styles import Line, Sheet, number_format, number_rows
from jcurve.workbook.excel_forms import NO_ANSWER
from jcurve.workbook.formula_graph import Node
from jcurve.workbook.given_rows import BEHIND, CALCULATED, GivenRows, shown
from jcurve.workbook.grid import FIRST_ROW, TAG_TITLES, WORLD_SHEETS, Cell, Name, Piece, Row, Tab
from jcurve.workbook.return_search import Block
from jcurve.workbook.step_names import definition_of, label_of, titled, words
from jcurve.workbook.translate import Translator

RESULT_COLUMN = 3  # The first column of values on *Returns*; one a view or world

_OF_WORLDS = "Steps of {} in all worlds"
_OF_RESULTS = "Steps of results: {}"


class Book(GivenRows):
    """A case as rows of formulas.

    Args:
        case: an evaluated scenario.
        project: whose shipped scenarios can be chosen in its place.

    Raises:
        ModelError: a line has no Excel form; the message names it and the reason.
    """

    def __init__(self, case: Case, project: Where = None) -> None:
        others = [scenario(name, project=project) for name in shipped(project)]
        super().__init__(_roomy(case, others, project), others)
        self.results: dict[RowKey, Cell] = {}
        self.result_formulas: dict[RowKey, tuple[Piece, ...]] = {}
        self.blocks: dict[int, Block] = {}
        self._owner: RowKey = ("", SHARED)
        self._tags: dict[int, frozenset[str]] = {}
        self.translator = Translator(
            self.graph, self.locate, self._allot, self._answer, self._constant
        )
        self._place_lines()
        roots = self._roots()
        for key, root in roots.items():
            try:
                self._write_line(key, root)
                self._write_steps()
            except JCurveError as error:
                raise self._no_form(key, error) from error
        self.sheets[Tab.CONSTANTS].lines += self.numbers.lines(self.sheets[Tab.CONSTANTS].take)
        number_rows(*(self.sheets[name] for name in WORLD_SHEETS.values()))
        for name, sheet in self.sheets.items():
            if name not in WORLD_SHEETS.values():
                number_rows(sheet)
            sheet.lines.sort(key=lambda line: line.where.row)

    # Places

    def locate(self, key: RowKey) -> Row | Cell | Name:
        """Where the cells of a row are."""
        found = self.rows.get(key)
        if found is not None:
            return Cell(found) if key in self.graph.scalars else found
        if at := self.results.get(key) or self.fixed.get(key):
            return at
        if assumption := self.case.assembly.keys.get(key[0]):
            return self.layout.locate(assumption)
        raise ModelError("a row stands on no sheet", received=spell(key))

    def _allot(self, node: Node, annual: bool) -> Row | Cell:
        """A row above the line that is being written. What no world changes stands once, among
        the shared rows; what a result needs over time is on the sheet of its worlds."""
        name, tag = self._owner
        served: Row | str
        if tag != SHARED and self._tags_of(node) <= {SHARED}:
            sheet, served = self.sheets[Tab.SHARED_ROWS], _OF_WORLDS.format(_lower(name))
        elif place := self.rows.get(self._owner):
            sheet, served = self.sheets[place.sheet], place
        else:
            home = Tab.DIFFERENCES if tag in VIEWS else WORLD_SHEETS.get(tag, Tab.SHARED_ROWS)
            sheet, served = self.sheets[home], _OF_RESULTS.format(TAG_TITLES[tag])
        row = sheet.step(served, 2 * node.id + annual)
        return Cell(row) if node.scalar else row

    def _tags_of(self, node: Node) -> frozenset[str]:
        """The worlds and views whose rows a node reads."""
        found = self._tags.get(node.id)
        if found is None:
            self._tags[node.id] = frozenset()  # a balance rests on itself, a quarter before
            read: tuple[Node, ...] = node.args
            if node.op in ("balance", "previous"):
                group, _ = node.data
                delays = tuple(delay for _, delay in group.recalls)
                read = (*group.start, *group.rows, *delays)
            own = {node.data[1]} if node.op == "row" else {SHARED}
            found = self._tags[node.id] = frozenset(own).union(*map(self._tags_of, read))
        return found

    def search_names(self) -> dict[str, str]:
        """Names of ranges that the searches for rates read."""
        rows = {"ahead": self.rows["quarter_index", SHARED], "behind": self.rows[BEHIND]}
        rows |= {block.name: block.flows for block in self.blocks.values()}
        return {name: self.grid.whole(row) for name, row in rows.items()}

    def _constant(self, node: Node) -> Name:
        return self.numbers.name(node.data, node.title, node.unit, self._owner[0])

    def _answer(self, node: Node) -> Cell:
        flows = node.args[0]
        block = self.blocks.get(flows.id)
        if block is None:
            row, values = self.translator.row_of(flows), self.graph.value(flows)[:, 0]
            title = words(flows.data[0]) if flows.op == "row" else label_of(flows)
            block = self.blocks[flows.id] = Block(len(self.blocks), row, values, title)
        return block.count if node.op == "count_roots" else block.only

    # Lines

    def _place_lines(self) -> None:
        for name, by_world in WORLD_INPUTS.items():
            for world, value in by_world.items():
                self._switch(self.sheets[WORLD_SHEETS[world]], (name, world), value)
        for heading, name in self._of_modules():
            if name in self.model.viewed:
                continue
            worldly = name in self.model.worldly
            for tag in WORLDS if worldly else (SHARED,):
                sheet = self.sheets[WORLD_SHEETS[tag] if worldly else Tab.SHARED_ROWS]
                sheet.heading(heading)
                self.rows[name, tag] = sheet.take()
        sheet = self.sheets[Tab.DIFFERENCES]
        for view in VIEWS:
            sheet.heading(f"View: {TAG_TITLES[view]}")
            for name, by_view in VIEW_INPUTS.items():
                self._switch(sheet, (name, view), by_view[view])
            for heading, name in self._of_modules():
                if self.model.differs(name):
                    sheet.heading(f"{heading} ({view.replace('_', '-')})")
                    self.rows[name, view] = sheet.take()
        self._place_results()

    def _of_modules(self) -> Iterable[tuple[str, str]]:
        """Every row that is no result, with the heading of its module."""
        for instance in self.model.instances:
            heading = instance.line.module.replace("_", " ").capitalize()
            for name in instance.rows:
                if self.model.outputs[name].kind is not Kind.RESULT:
                    yield heading, name

    def _switch(self, sheet: Sheet, key: RowKey, value: float) -> None:
        text = "1 in this world or view, else 0" if value else "0 in this world or view"
        self.fix(sheet, key, value, "switch", text, "definition of the world or view", "plain")

    def _place_results(self) -> None:
        """Results of a view side by side, then those of worlds."""
        found = [n for n, out in self.model.outputs.items() if out.kind is Kind.RESULT]
        at = FIRST_ROW
        for tags in (tuple(VIEWS), WORLDS, (SHARED,)):
            at += 1
            for name in (name for name in found if self.model.tags(name) == tags):
                for n, tag in enumerate(tags):
                    self.results[name, tag] = Cell(Row(Tab.RETURNS, at), RESULT_COLUMN + n)
                at += 1
            at += 2

    # Formulas

    def _roots(self) -> dict[RowKey, Node]:
        """The node of every line, each known to the translator where it stands."""
        roots: dict[RowKey, Node] = {}
        for key in self.model.order:
            if key in roots:
                continue
            try:
                symbols, titles = titled(partial(self.model.symbols, *key))
                made = self.graph.roots(symbols, titles)
            except JCurveError as error:
                raise self._no_form(key, error) from error
            for row, root in zip(self.model.maker[key[0]].rows, made, strict=True):
                self._register((row, key[1]), root)
                roots[row, key[1]] = root
        own = list(roots.items())
        for key, place in self.rows.items():
            parts = self.model.parts(key)
            if parts is not None:
                root = roots[key] = self.graph.make("subtract", *map(self.graph.row, parts))
                self._register(key, root)
                self.translator.place(root, place)
        for key, root in own:
            at = self.locate(key)
            if not isinstance(at, Name):
                self.translator.place(root, at)
        return roots

    def _register(self, key: RowKey, root: Node) -> None:
        if root.scalar:
            self.graph.scalars.add(key)
        is_result = self.model.outputs[key[0]].kind is Kind.RESULT
        missing = bool(np.isnan(self.quarterly(key)).any())
        if root.lacks and (is_result or missing):
            self.graph.lacking.add(key)
        if missing and not is_result:
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

    def _write_line(self, key: RowKey, root: Node) -> None:
        output, translate = self.model.outputs[key[0]], self.translator
        self._owner = key
        if output.kind is Kind.RESULT:
            self.result_formulas[key] = translate.formula(root, self.results[key])
            return
        row, unit = self.rows[key], output.unit.name
        values = np.broadcast_to(self.quarterly(key)[:, 0], (self.grid.quarters,))
        source = f"{CALCULATED}: {self.model.maker[key[0]].line.module}, {key[0]}"
        style = number_format(unit, values)
        line = Line(row, key[0], words(key[0]), unit, output.definition, source, style)
        line.quarter_values = values.tolist()
        line.year_values = self.case.year(key[0], key[1] or None).tolist()
        if root.scalar:
            line.single, line.single_value = translate.formula(root, Cell(row)), float(values[0])
            line.quarters = (Cell(row),)
        else:
            line.quarters = translate.formula(root, row)
        rule = self.model.maker[key[0]].line.annual
        if self.model.parts(key) is not None or (output.kind is Kind.RATE and rule == "formula"):
            line.years = translate.formula(root, row, annual=True)
        elif output.kind is Kind.RATE:
            line.years = self.by_year(row, Kind.STOCK if rule == "last" else None)
        else:
            line.years = self.by_year(row, output.kind)
        self.sheets[row.sheet].lines.append(line)

    def _write_steps(self) -> None:
        source = f"{CALCULATED}: step of {_lower(self._owner[0])}"
        for node, where, annual in self.translator.steps():
            pieces = self.translator.formula(node, where, annual)
            found = shown(self.graph.value(node, annual)[:, 0], NO_ANSWER)
            label, told = label_of(node), definition_of(node)
            label = f"{label}, by year" if annual else label
            style = number_format(node.unit, [v for v in found if isinstance(v, float)])
            row = where.place if isinstance(where, Cell) else where
            unit = "switch" if node.is_truth else node.unit or "number"
            line = Line(row, "", label, unit, told, source, style)
            if isinstance(where, Cell):
                line.single, line.single_value = pieces, found[0]
            elif annual:
                line.years, line.year_values = pieces, found
            else:
                line.quarters, line.quarter_values = pieces, found
            if node.op == "opened":
                line.opening = self.translator.opening(node)
                group, place = node.args[0].data
                line.opening_value = float(self.graph.value(group.start[place])[0, 0])
            self.sheets[row.sheet].lines.append(line)


def _roomy(case: Case, others: Iterable[Scenario], project: Where) -> Case:
    """The same case in a model with room for the life changes of every scenario."""
    rows = dict(case.assumption_rows)
    for each in others:
        for key, row in rows_of(each, case.assembly.timeline).items():
            rows[key] = np.minimum(rows[key], row) if ".date." in key else rows.get(key, row)
    assembly = model(case.assembly.company.folder, project, rows)
    return Case(case.scenario, assembly, case.assumption_rows)


def _lower(name: str) -> str:
    return words(name)[:1].lower() + words(name)[1:]
