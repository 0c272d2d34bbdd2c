"""From the graph of formulas to the text of cells.

The idea. A line of the model is one expression; a sheet has cells, each with one formula that a
person should be able to read. An operation is therefore written in place, as part of the formula
around it, unless it needs cells of its own. It does in three cases: something looks at it in
other quarters (a lag, a sum over a row), it is needed twice and is not short, or the formula
would become too long to read. Such a part gets a row of its own, a step, and whoever needs it
refers to that row.

A formula is written as pieces: texts, and references that are spelled only when it is known in
which quarter and row they stand. ``lag(capex, 1)`` is one reference, offset by a quarter: the cell
to the left, which is blank ahead of the first quarter. A number but 0, 1, 2 and -1 is a named cell.
How strongly the outermost operation of a text binds decides whether it needs brackets where it is
put into another.

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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from jcurve.engine.model import RowKey
from jcurve.engine.operations import COMPARED
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.workbook.excel_forms import (
    ATOM,
    BINDS,
    FORMS,
    INFIX,
    LOGICAL,
    LOOK_BACK,
    NO_ANSWER,
    POWER,
    PRODUCT,
    SUM,
    Text,
    call,
    infix,
    number_text,
    places,
    wrapped,
)
from jcurve.workbook.formula_graph import ANSWERS, HORIZON, Graph, Node
from jcurve.workbook.grid import At, Cell, Name, Piece, Range, Ref, Row

_OWN_ROW = frozenset(
    {"running_sum", "year_to_date", "grow", "balance", "opened", "recalled", "crossing",
     "not_above", "whole", "part", "constant", "last_upward_crossing", "first_lasting"}
)  # fmt: skip
"""Operations that are never written inside another formula."""

_SEARCHES = frozenset({"internal_rate", "count_roots"})
"""Operations that have a block of cells of their own on the sheet of rates."""

_OPERANDS = {"a": 0, "b": 1, "c": 2, "twice": 0, "condition": 0}
"""Which operand a name in a form stands for."""

_TURNS = frozenset({"last_upward_crossing", "first_lasting"})
"""Operations that look for a quarter, and write ``none`` where there is none."""

_OWN_ANSWER = frozenset({"row", "number", "where", "value_at", "internal_rate", *_TURNS})
"""Operations that say themselves whether they have an answer."""

_COMPARES_NOTHING = "a comparison reads a value that may have no answer"
_SHARED, _LONG = 36, 110
_LITERALS = frozenset({0.0, 1.0, 2.0, -1.0})


@dataclass(eq=False)
class Translator:
    """Writes formulas."""

    graph: Graph  # all of them
    locate: Callable[[RowKey], Row | Cell | Name]  # where the cells of a row of the model are
    # makes a row for a step, or one cell if it is single; the flag is for the years alone
    allot: Callable[[Node, bool], Row | Cell]
    answer: Callable[[Node], Cell]  # where the answer of a search stands, by node
    constant: Callable[[Node], Piece]  # the named cell of a number
    placed: dict[tuple[int, bool], Row | Cell] = field(default_factory=dict)
    waiting: list[tuple[Node, Row | Cell, bool]] = field(default_factory=list)
    annual: bool = False
    host: str = ""

    def place(self, node: Node, where: Row | Cell) -> None:
        """Say that ``where`` holds ``node``, so that other formulas refer to it."""
        if node.op not in ("row", "number"):
            self.placed.setdefault((node.id, False), where)

    def formula(self, node: Node, where: Row | Cell, annual: bool = False) -> tuple[Piece, ...]:
        """The formula of the cells at ``where``, for the years rather than the quarters if
        ``annual``; a running sum refers to itself."""
        self.annual, self.host = annual, where.sheet
        text = self._whole(node, where)
        return (call("IF({0},1,0)", text) if text.truth else text).pieces

    def steps(self) -> Iterator[tuple[Node, Row | Cell, bool]]:
        """Steps that still need their formulas, as they come up."""
        while self.waiting:
            yield self.waiting.pop(0)

    # What may have no answer

    def _lacks(self, node: Node) -> bool:
        """Whether a value may be missing: of a single value by nature, of a row as found."""
        if not node.lacks:
            return False
        return node.scalar or bool(np.isnan(self.graph.value(node, self.annual)).any())

    def _whole(self, node: Node, where: Row | Cell | None = None) -> Text:
        """The formula of a cell, ``none`` where it has no answer."""
        if not self._lacks(node) or node.op in _TURNS:
            return self._text(node, where)
        if node.op == "number":
            return Text((f'"{NO_ANSWER}"',))
        if node.op == "where":
            condition, yes, no = node.args
            texts = (self._part(condition), self._whole(yes), self._whole(no))
            return call("IF({0},{1},{2})", *texts)
        if node.op in ("row", "internal_rate") and node.scalar:
            return self._text(node, where)
        if node.op == "value_at":
            return call(f'IF(ISNUMBER({{0}}),{{0}},"{NO_ANSWER}")', self._text(node, where))
        lacking = list(dict.fromkeys(self._lacking(node)))
        tests = ",".join(f"ISNUMBER({{{at}}})" for at in range(1, len(lacking) + 1))
        tests = f"AND({tests})" if len(lacking) > 1 else tests
        form = f'IF({tests},{{0}},"{NO_ANSWER}")'
        parts = [self._refer(each) for each in lacking]
        return call(form, self._text(node, where), *parts)

    def _lacking(self, node: Node) -> Iterator[Node]:
        """The cells on whose answer a formula rests."""
        if node.is_truth:
            raise ModelError(_COMPARES_NOTHING, received=node.op)
        if node.op in _OWN_ANSWER:
            yield node
        elif node.op in ANSWERS:
            raise ModelError("a formula looks along quarters that have no fact", received=node.op)
        else:
            for arg in node.args:
                if self._lacks(arg):
                    yield from self._lacking(arg)

    # Text

    def _refer(self, node: Node) -> Text:
        """A reference to cells that hold a node; they are made if need be."""
        where = self._where(node)
        return Text((Ref(where) if isinstance(where, Row) else where,))

    def _where(self, node: Node) -> Row | Cell | Name:
        if node.op == "row":
            return self.locate(node.data)
        if node.op in _SEARCHES:
            return self.answer(node)
        key = (node.id, self.annual)
        if key not in self.placed:
            self.placed[key] = self.allot(node, self.annual)
            self.waiting.append((node, self.placed[key], self.annual))
        return self.placed[key]

    def row_of(self, node: Node) -> Row:
        """The row of cells that hold a node quarter by quarter."""
        if node.scalar and node.op != "row":
            node = self.graph.make("along", node)
        where = self._where(node)
        if isinstance(where, Cell) and where.column == At.VALUE:
            where = where.place  # a line of one value repeats it in each quarter
        if not isinstance(where, Row):
            raise ModelError("a function of time reads a single value", received=str(where))
        return where

    def _part(self, node: Node, *, twice: bool = False) -> Text:
        """An operand: in place, or a reference where that is better."""
        if node.op == "row":
            return self._refer(node)
        if node.op == "number":
            return self._number(node)
        own_cells = node.op in _OWN_ROW or (node.op in ("where", "value_at") and self._lacks(node))
        if own_cells or (node.id, self.annual) in self.placed:
            return self._refer(node)
        text = self._text(node)
        shared = twice or node.uses > 1
        size = text.size(self.host)
        if (shared and size > _SHARED) or size > _LONG:
            return self._refer(node)
        return text

    def _number(self, node: Node) -> Text:
        """A number as it is, or the named cell that holds it."""
        value = node.data
        if value != value or value in _LITERALS:
            return Text((number_text(value),), SUM if value < 0 else ATOM)
        return Text((self.constant(node),))

    def _fitted(self, nodes: Sequence[Node], texts: Sequence[Text]) -> list[Text]:
        """Operands that are short enough together: the longest are referred to."""
        fit, sizes = list(texts), [text.size(self.host) for text in texts]
        while sum(sizes) > _LONG:
            long = [at for at, text in enumerate(fit) if len(text.pieces) > 1 and sizes[at]]
            if not long:
                break
            at = max(long, key=sizes.__getitem__)
            fit[at] = self._refer(nodes[at])
            sizes[at] = 0
        return fit

    def _arithmetic(self, node: Node, *, twice: bool = False) -> Text:
        text = self._part(node, twice=twice)
        return call("IF({0},1,0)", text) if text.truth else text

    def _text(self, node: Node, where: Row | Cell | None = None) -> Text:
        """The formula of a node, written out."""
        op, args = node.op, node.args
        if op == "row" or op in _SEARCHES:
            return self._refer(node)
        if op == "number":
            return self._number(node)
        if op in INFIX:
            return self._infix(op, args)
        if op == "negative":
            # Excel takes the minus before a power: whatever it stands before is in brackets.
            text = wrapped(self._arithmetic(args[0]), ATOM)
            return Text(("-", *text.pieces), SUM)
        if op.startswith("logical_"):
            return call(LOGICAL[op], *self._fitted(args, [*map(self._part, args)]), truth=True)
        if op in ("positive", "along"):
            return self._arithmetic(args[0])
        if op in FORMS:
            form = FORMS[op]
            texts = {name: self._named(name, node, where) for name in places(form)}
            own = {name: args[_OPERANDS[name]] for name in texts if name in _OPERANDS}
            fit = self._fitted([*own.values()], [texts[name] for name in own])
            texts |= zip(own, fit, strict=True)
            return replace(call(form, truth=False, **texts), binds=BINDS.get(op, ATOM))
        write: Callable[..., Text] | None = getattr(self, f"_write_{op}", None)
        if write is None:
            raise ModelError("an operation has no Excel form", received=op)
        return write(node, where)

    def _named(self, name: str, node: Node, where: Row | Cell | None) -> Text:
        """What a name in a form stands for."""
        args = node.args
        match name:
            case "a" | "b" | "c":
                return self._arithmetic(args[_OPERANDS[name]])
            case "twice":
                return self._arithmetic(args[0], twice=True)
            case "condition":
                return self._part(args[0])
            case "cell":
                return self._refer(args[0])
            case "quarter_index" | "calendar_year" | "quarter_of_year":
                return self._refer(self.graph.row((name, "")))
            case "calendar":
                return self._all_of(self.graph.row(("calendar_year", "")))
            case "own":
                return Text((Ref(self._own_row(node, where), -1),))
            case "now" | "before":
                return Text((Ref(self.row_of(args[0]), -1 if name == "before" else 0),))
        return self._all_of(args[0])

    def _all_of(self, node: Node) -> Text:
        return Text((Range(self.row_of(node)),))

    def _infix(self, op: str, args: tuple[Node, ...]) -> Text:
        if op in COMPARED and any(arg.scalar and self._lacks(arg) for arg in args):
            raise ModelError(_COMPARES_NOTHING, received=op)
        return infix(op, *self._fitted(args, [*map(self._arithmetic, args)]))

    def _own_row(self, node: Node, where: Row | Cell | None) -> Row:
        """The row in which a formula that reads its own earlier quarters stands."""
        return where if isinstance(where, Row) else self.row_of(node)

    # Operations whose form depends on what they read

    def _write_ratio(self, node: Node, where: Row | Cell | None) -> Text:
        top, below = self._arithmetic(node.args[0]), node.args[1]
        if below.op == "number" and below.data:
            return self._infix("divide", node.args)
        top, bottom = self._fitted(
            (node.args[0], below), (top, self._arithmetic(below, twice=True))
        )
        texts = (wrapped(bottom, SUM), wrapped(top, PRODUCT), wrapped(bottom, POWER))
        return call("IF({0}=0,0,{1}/{2})", *texts)

    def _write_grow(self, node: Node, where: Row | Cell | None) -> Text:
        reported = self._refer(node.args[0])
        own = Text((Ref(self._own_row(node, where), -QUARTERS_IN_YEAR),))
        growth = wrapped(self._arithmetic(node.args[1]), SUM)
        return call("IF(ISNUMBER({0}),{0},{1}*(1+{2}))", reported, own, growth)

    def _write_running_sum(self, node: Node, where: Row | Cell | None) -> Text:
        own = Ref(self._own_row(node, where), -1)
        now = wrapped(self._arithmetic(node.args[0]), PRODUCT)
        return Text((own, "+", *now.pieces), SUM)

    def _write_balance(self, node: Node, where: Row | Cell | None) -> Text:
        group, place = node.data
        return self._text(group.outputs[place])

    def _write_previous(self, node: Node, where: Row | Cell | None) -> Text:
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

    def _write_lag(self, node: Node, where: Row | Cell | None) -> Text:
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

    def _write_recalled(self, node: Node, where: Row | Cell | None) -> Text:
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

    def _write_value_at(self, node: Node, where: Row | Cell | None) -> Text:
        source, when = node.args
        if source.scalar:
            return self._arithmetic(source)
        row = self._all_of(source)
        if when.title == HORIZON:
            return call("INDEX({0},{1})", row, self._number(self.graph.horizon))
        place = self.graph.make("place", self._single(when), self.graph.horizon)
        return call("INDEX({0},{1})", row, self._refer(place))

    def _write_last_upward_crossing(self, node: Node, where: Row | Cell | None) -> Text:
        balance, start = node.args
        at = self._all_of(self.graph.make("crossing", balance))
        row = self._all_of(balance)
        begin = wrapped(self._arithmetic(self._single(start)), PRODUCT)
        form = f'IF(AND(MAX({{0}})>=0,INDEX({{1}},{{3}})>=0),MAX({{0}})-{{2}},"{NO_ANSWER}")'
        return call(form, at, row, begin, self._number(self.graph.horizon))

    def _write_first_lasting(self, node: Node, where: Row | Cell | None) -> Text:
        source, start = node.args
        after = self._all_of(self.graph.make("not_above", source))
        row = self._all_of(source)
        begin = self._arithmetic(self._single(start))
        form = f'IF(INDEX({{0}},{{3}})>0,MAX({{1}},{{2}}),"{NO_ANSWER}")'
        return call(form, row, after, begin, self._number(self.graph.horizon))
