"""From the graph of formulas to the text of cells.

The idea. A line of the model is one expression; a sheet has cells, each with one formula that a
person should be able to read. An operation is therefore written in place, as part of the formula
around it, unless it needs cells of its own. It does in three cases: something looks at it in
other quarters (a lag, a sum over a row), it is needed twice and is not short, or the formula
would become too long to read. Such a part gets a row of its own, a step,
and whoever needs it refers to that row.

A formula is written as pieces: texts, and references that are spelled only when it is known in
which quarter and row they stand. ``lag(capex, 1)`` is one reference, offset by a quarter: the cell
to the left, which is blank ahead of the first quarter. A number but 0, 1, 2 and -1 is a named cell.
How strongly the outermost
operation of a text binds decides whether it needs brackets where it is put into another.

A result without an answer (no payback, no rate of return) is the word ``none``: a number would be
wrong and an error value would spread. Whatever reads such a cell checks for it first, so that no
cell ever holds an error.

>>> from jcurve.workbook.formula_graph import Graph
>>> from jcurve.workbook.grid import Row
>>> graph = Graph(lambda key: None, lambda key: None, set())
>>> rows = {(name, ""): Row("With", at) for at, name in enumerate(("capex", "revenue"), 4)}
>>> translator = Translator(graph, rows.__getitem__, lambda *_: None, lambda _: None, str)
>>> capex, revenue = map(graph.row, rows)
>>> share = graph.make("ratio", graph.make("lag", capex, graph.number(1)), revenue)
>>> [piece if isinstance(piece, str) else piece.offset for piece in
...     translator.formula(share, Row("With", 6))]
['IF(', 0, '=0,0,', -1, '/', 0, ')']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.workbook.excel_forms import (
    LOOK_BACK,
    NO_ANSWER,
    POWER,
    PRODUCT,
    SUM,
    Text,
    call,
    wrapped,
)
from jcurve.workbook.formula_graph import HORIZON, Node
from jcurve.workbook.grid import Cell, Piece, Range, Ref, Row
from jcurve.workbook.operands import Operands

__all__ = ["Translator"]


class Translator(Operands):
    """Writes formulas, operations that look along a row among them."""

    def _special(self, node: Node, where: Row | Cell | None) -> Text:
        write = _WRITTEN.get(node.op)
        return write(self, node, where) if write else super()._special(node, where)

    def _ratio(self, node: Node, where: Row | Cell | None) -> Text:
        top, below = self._arithmetic(node.args[0]), node.args[1]
        if below.op == "number" and below.data:
            return self._infix("divide", node.args)
        top, bottom = self._fitted(
            (node.args[0], below), (top, self._arithmetic(below, twice=True))
        )
        texts = (wrapped(bottom, SUM), wrapped(top, PRODUCT), wrapped(bottom, POWER))
        return call("IF({0}=0,0,{1}/{2})", *texts)

    def _grow(self, node: Node, where: Row | Cell | None) -> Text:
        reported = self._refer(node.args[0])
        own = Text((Ref(self._own_row(node, where), -QUARTERS_IN_YEAR),))
        growth = wrapped(self._arithmetic(node.args[1]), SUM)
        return call("IF(ISNUMBER({0}),{0},{1}*(1+{2}))", reported, own, growth)

    def _running_sum(self, node: Node, where: Row | Cell | None) -> Text:
        own = Ref(self._own_row(node, where), -1)
        now = wrapped(self._arithmetic(node.args[0]), PRODUCT)
        return Text((own, "+", *now.pieces), SUM)

    def _balance(self, node: Node, where: Row | Cell | None) -> Text:
        group, place = node.data
        return self._text(group.outputs[place])

    def _previous(self, node: Node, where: Row | Cell | None) -> Text:
        """The balance a quarter before. One that opens with a value has a row that holds it."""
        group, place = node.data
        start, balance = group.start[place], self.graph.balance(group, place)
        opens = start.op != "number" or start.data != 0
        held = self.graph.make("opened", balance) if opens else balance
        return Text((Ref(self.row_of(held), -1),))

    def opening(self, node: Node) -> tuple[Piece, ...]:
        """The formula of the value with which a balance opens, ahead of the first quarter."""
        group, place = node.args[0].data
        return self._arithmetic(self._single(group.start[place])).pieces

    def _single(self, node: Node) -> Node:
        return node if node.scalar else self.graph.make("constant", node)

    def _lag(self, node: Node, where: Row | Cell | None) -> Text:
        source, delay = node.args
        if delay.op != "number":
            return self._look_back(delay, Range(self.row_of(source), "opened"))
        row = self.row_of(source)
        whole = int(delay.data)
        part = delay.data - whole
        near, far = (Text((Ref(row, -quarters),)) for quarters in (whole, whole + 1))
        if part == 0.0:
            return near
        shares = [self._number(self.graph.number(share)) for share in (1 - part, part)]
        return call("({1}*{0}+{3}*{2})", near, shares[0], far, shares[1])

    def _recalled(self, node: Node, where: Row | Cell | None) -> Text:
        """A balance of the formula's own scan: only the cells before this quarter's, so that no
        cell rests on itself."""
        balance, delay = node.args
        return self._look_back(delay, Range(self.row_of(balance), "before"))

    def _look_back(self, delay: Node, cells: Range) -> Text:
        """Between two whole quarters, in proportion; nothing ahead of the first quarter."""
        make = self.graph.make
        capped = make("minimum", self._single(delay), self.graph.horizon)
        whole = make("whole", capped)
        part = make("part", capped, whole)
        index = self.graph.row(("quarter_index", ""))
        near, far = (make(op, index, whole) for op in ("near", "far"))
        text = call(LOOK_BACK, *map(self._refer, (near, far, part)), Text((cells,)))
        return replace(text, binds=SUM)

    def _whole_quarters(self, node: Node, where: Row | Cell | None) -> Text:
        delay = self._arithmetic(node.args[0], twice=True)
        return call("IF({0}<0,NA(),INT({1}))", wrapped(delay, SUM), delay)

    def _part_of_quarter(self, node: Node, where: Row | Cell | None) -> Text:
        delay, whole = (self._arithmetic(arg) for arg in node.args)
        return Text((*delay.pieces, "-", *whole.pieces), SUM)

    def _value_at(self, node: Node, where: Row | Cell | None) -> Text:
        source, when = node.args
        if source.scalar:
            return self._arithmetic(source)
        row = self._all_of(source)
        if when.title == HORIZON:
            return call("INDEX({0},{1})", row, self._number(self.graph.horizon))
        place = self.graph.make("place", self._single(when), self.graph.horizon)
        return call("INDEX({0},{1})", row, self._refer(place))

    def _last_upward_crossing(self, node: Node, where: Row | Cell | None) -> Text:
        balance, start = node.args
        at = self._all_of(self.graph.make("crossing", balance))
        row = self._all_of(balance)
        begin = wrapped(self._arithmetic(self._single(start)), PRODUCT)
        form = f'IF(AND(MAX({{0}})>=0,INDEX({{1}},{{3}})>=0),MAX({{0}})-{{2}},"{NO_ANSWER}")'
        return call(form, at, row, begin, self._number(self.graph.horizon))

    def _first_lasting(self, node: Node, where: Row | Cell | None) -> Text:
        source, start = node.args
        after = self._all_of(self.graph.make("not_above", source))
        row = self._all_of(source)
        begin = self._arithmetic(self._single(start))
        form = f'IF(INDEX({{0}},{{3}})>0,MAX({{1}},{{2}}),"{NO_ANSWER}")'
        return call(form, row, after, begin, self._number(self.graph.horizon))


_WRITTEN: Mapping[str, Callable[[Translator, Node, Row | Cell | None], Text]] = {
    "ratio": Translator._ratio,
    "grow": Translator._grow,
    "running_sum": Translator._running_sum,
    "balance": Translator._balance,
    "previous": Translator._previous,
    "recalled": Translator._recalled,
    "lag": Translator._lag,
    "whole": Translator._whole_quarters,
    "part": Translator._part_of_quarter,
    "value_at": Translator._value_at,
    "last_upward_crossing": Translator._last_upward_crossing,
    "first_lasting": Translator._first_lasting,
}
"""Operations whose form depends on what they read."""
