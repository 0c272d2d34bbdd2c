"""From the graph of formulas to the text of cells.

An operation is written in place unless it needs cells of its own: what is looked at in other
quarters, what is needed twice, what would make a formula too long to read. Those parts get a
row on the sheet of workings. A result without an answer is the word ``none``; whatever reads
such a cell checks for it, so no cell holds an error value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from jcurve.engine.model import RowKey
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.workbook.graph import ANSWERS, Graph, Node
from jcurve.workbook.grid import VALUE, Cell, Name, Piece, Range, Ref, Row

__all__ = ["NO_ANSWER", "Text", "Translator"]

NO_ANSWER = "none"
"""What a cell holds whose value does not exist; its status says why."""

_COMPARISON, _SUM, _PRODUCT, _POWER, _ATOM = range(5)
_INFIX: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "add": ("+", _SUM),
        "subtract": ("-", _SUM),
        "multiply": ("*", _PRODUCT),
        "divide": ("/", _PRODUCT),
        "power": ("^", _POWER),
        "less": ("<", _COMPARISON),
        "less_equal": ("<=", _COMPARISON),
        "greater": (">", _COMPARISON),
        "greater_equal": (">=", _COMPARISON),
        "equal": ("=", _COMPARISON),
        "not_equal": ("<>", _COMPARISON),
    }
)
_CALLS: Mapping[str, str] = MappingProxyType(
    {
        "minimum": "MIN({0},{1})",
        "maximum": "MAX({0},{1})",
        "absolute": "ABS({0})",
        "exp": "EXP({0})",
        "exp2": "(2^({0}))",
        "expm1": "(2*EXP(({0})/2)*SINH(({0})/2))",
        "log": "LN({0})",
        "log2": "LOG({0},2)",
        "log10": "LOG10({0})",
        "log1p": "(2*ATANH(({0})/(2+({0}))))",
        "floor": "FLOOR({0},1)",
        "ceil": "CEILING({0},1)",
        "hypot": "SQRT(SUMSQ({0},{1}))",
        "logical_and": "AND({0},{1})",
        "logical_or": "OR({0},{1})",
        "logical_not": "NOT({0})",
    }
)
_COMPARES_NOTHING = "a comparison reads a value that may have no answer"
_TWICE = frozenset({"expm1", "log1p"})
_SHARED, _LONG, _DEEP = 48, 220, 24


@dataclass(frozen=True, slots=True)
class Text:
    """A part of a formula.

    Attributes:
        pieces: its parts.
        binds: how strongly its outermost operation binds.
        truth: whether it is a condition.
        depth: of nested calls.
    """

    pieces: tuple[Piece, ...]
    binds: int = _ATOM
    truth: bool = False
    depth: int = 0

    @property
    def size(self) -> int:
        """About how many characters it takes."""
        return sum(len(piece) if isinstance(piece, str) else 14 for piece in self.pieces)


class Translator:
    """Writes formulas.

    Args:
        graph: all of them.
        locate: where the cells of a row of the model are.
        allot: makes a row on the sheet of workings for a node, or one cell if it is single;
            ``annual`` for the years alone.
        answer: where the answer of a search stands (internal rates of return), by node.
        quarters: how many.
    """

    def __init__(
        self,
        graph: Graph,
        locate: Callable[[RowKey], Row | Cell | Name],
        allot: Callable[[Node, bool], Row | Cell],
        answer: Callable[[Node], Cell],
        quarters: int,
    ) -> None:
        self.graph, self.locate, self.allot = graph, locate, allot
        self.answer, self.quarters = answer, quarters
        self.placed: dict[tuple[int, bool], Row | Cell] = {}
        self.waiting: list[tuple[Node, Row | Cell, bool]] = []
        self.annual = False

    def place(self, node: Node, where: Row | Cell) -> None:
        """Say that ``where`` holds ``node``, so that other formulas refer to it."""
        if node.op not in ("row", "number"):
            self.placed.setdefault((node.id, False), where)

    def formula(
        self, node: Node, where: Row | Cell, annual: bool = False, strict: bool = True
    ) -> tuple[Piece, ...]:
        """The formula of the cells at ``where``.

        Args:
            node: what they hold.
            where: a row or a cell; a running sum refers to itself.
            annual: for the years rather than the quarters.
            strict: guard against parts that have no answer.
        """
        self.annual = annual
        text = self._whole(node, where) if strict else self._text(node, where)
        if text.truth:
            text = _call("IF({0},1,0)", text)
        return text.pieces

    def workings(self) -> Iterator[tuple[Node, Row | Cell, bool]]:
        """Rows of workings that still need their formulas, as they come up."""
        while self.waiting:
            yield self.waiting.pop(0)

    # What may have no answer

    def _lacks(self, node: Node) -> bool:
        """Whether a value may be missing: of a single value by nature, of a row as found."""
        if not node.lacks:
            return False
        return node.scalar or bool(np.isnan(self.graph.value(node, self.annual)).any())

    def _whole(self, node: Node, where: Row | Cell | None) -> Text:
        """The formula of a cell, ``none`` where it has no answer."""
        if not self._lacks(node) or node.op in ("last_upward_crossing", "first_lasting"):
            return self._text(node, where)
        if node.op == "number":
            return Text((f'"{NO_ANSWER}"',))
        if node.op == "where":
            condition, yes, no = node.args
            return _call(
                "IF({0},{1},{2})",
                self._condition(condition),
                self._whole(yes, None),
                self._whole(no, None),
            )
        if node.op in ("row", "internal_rate") and node.scalar:
            return self._text(node, where)
        if node.op == "value_at":
            return _call(f'IF(ISNUMBER({{0}}),{{0}},"{NO_ANSWER}")', self._text(node, where))
        lacking = list(dict.fromkeys(self._lacking(node)))
        tests = ",".join(f"{{{i + 1}}}" for i in range(len(lacking)))
        parts = [self._refer(each) for each in lacking]
        return _call(
            f'IF(COUNT({tests})={len(lacking)},{{0}},"{NO_ANSWER}")',
            self._text(node, where),
            *parts,
        )

    def _lacking(self, node: Node) -> Iterator[Node]:
        """The cells on whose answer a formula rests.

        Raises:
            ModelError: it compares or looks along cells that may have no answer.
        """
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

    def _row(self, node: Node) -> Row:
        """The row of cells that hold a node quarter by quarter.

        Raises:
            ModelError: it has one value, not one a quarter.
        """
        if node.scalar and node.op != "row":
            node = self.graph.make("along", node)
        where = self._where(node)
        if isinstance(where, Cell) and where.column == VALUE:
            where = Row(where.sheet, where.row)  # a line of one value repeats it in each quarter
        if not isinstance(where, Row):
            raise ModelError("a function of time reads a single value", received=str(where))
        return where

    def _part(self, node: Node, *, twice: bool = False) -> Text:
        """An operand: in place, or a reference where that is better."""
        if node.op == "row":
            return self._refer(node)
        if node.op == "number":
            return _number(node.data)
        if (node.id, self.annual) in self.placed or node.op in _OWN_ROW or self._needs_cell(node):
            return self._refer(node)
        text = self._text(node, None)
        shared = twice or node.uses > 1
        if (shared and text.size > _SHARED) or text.size > _LONG or text.depth > _DEEP:
            return self._refer(node)
        return text

    def _needs_cell(self, node: Node) -> bool:
        return node.op in ("where", "value_at") and self._lacks(node)

    def _arithmetic(self, node: Node, *, twice: bool = False) -> Text:
        text = self._part(node, twice=twice)
        return _call("IF({0},1,0)", text) if text.truth else text

    def _condition(self, node: Node) -> Text:
        return self._part(node)

    def _text(self, node: Node, where: Row | Cell | None) -> Text:
        """The formula of a node, written out."""
        op, args = node.op, node.args
        if op == "row":
            return self._refer(node)
        if op == "number":
            return _number(node.data)
        if op in _INFIX:
            return self._infix(op, args)
        if op == "negative":
            # Excel takes the minus before a power: whatever it stands before is in brackets.
            text = _wrapped(self._arithmetic(args[0]), _ATOM)
            return Text(("-", *text.pieces), _SUM, depth=text.depth)
        if op == "positive":
            return self._arithmetic(args[0])
        if op == "where":
            condition = self._condition(args[0])
            return _call(
                "IF({0},{1},{2})", condition, self._arithmetic(args[1]), self._arithmetic(args[2])
            )
        if op.startswith("logical_"):
            return _call(_CALLS[op], *map(self._condition, args), truth=True)
        if op in _CALLS:
            twice = op in _TWICE
            return _call(_CALLS[op], *(self._arithmetic(arg, twice=twice) for arg in args))
        form = _FORMS.get(op)
        if form is None:
            raise ModelError("an operation has no Excel form", received=op)
        return form(self, node, where)

    def _infix(self, op: str, args: tuple[Node, ...]) -> Text:
        sign, binds = _INFIX[op]
        if binds == _COMPARISON and any(arg.scalar and self._lacks(arg) for arg in args):
            raise ModelError(_COMPARES_NOTHING, received=op)
        left, right = self._arithmetic(args[0]), self._arithmetic(args[1])
        # Excel takes a minus before a power and powers from the left: always in brackets.
        left = _wrapped(left, binds + (op == "power"))
        right = _wrapped(right, binds + 1)
        return Text(
            (*left.pieces, sign, *right.pieces),
            binds,
            truth=binds == _COMPARISON,
            depth=max(left.depth, right.depth),
        )

    # Operations that look along a row

    def _self(self, node: Node, where: Row | Cell | None) -> Row:
        if isinstance(where, Row):
            return where
        return self._row(node)

    def _ratio(self, node: Node, where: Row | Cell | None) -> Text:
        top = self._arithmetic(node.args[0])
        below = node.args[1]
        if below.op == "number" and below.data:
            return self._infix("divide", node.args)
        bottom = self._arithmetic(node.args[1], twice=True)
        return _call(
            "IF({0}=0,0,{1}/{2})",
            _wrapped(bottom, _SUM),
            _wrapped(top, _PRODUCT),
            _wrapped(bottom, _POWER),
        )

    def _splice(self, node: Node, where: Row | Cell | None) -> Text:
        reported = self._refer(node.args[0])
        return _call("IF(ISNUMBER({0}),{0},{1})", reported, self._arithmetic(node.args[1]))

    def _grow(self, node: Node, where: Row | Cell | None) -> Text:
        reported = self._refer(node.args[0])
        own = Text((Ref(self._self(node, where), -QUARTERS_IN_YEAR),))
        growth = _wrapped(self._arithmetic(node.args[1]), _SUM)
        return _call("IF(ISNUMBER({0}),{0},{1}*(1+{2}))", reported, own, growth)

    def _running_sum(self, node: Node, where: Row | Cell | None) -> Text:
        own = Ref(self._self(node, where), -1)
        now = _wrapped(self._arithmetic(node.args[0]), _PRODUCT)
        return Text((own, "+", *now.pieces), _SUM, depth=now.depth)

    def _balance(self, node: Node, where: Row | Cell | None) -> Text:
        group, place = node.data
        return self._text(group.outputs[place], None)

    def _previous(self, node: Node, where: Row | Cell | None) -> Text:
        group, place = node.data
        start = group.start[place]
        before: Piece = _plain(start.data) if start.op == "number" else self._fixed(start)
        balance = self.graph.balance(group, place)
        return Text((Ref(self._row(balance), -1, before),))

    def _fixed(self, node: Node) -> Cell | Name:
        """The one cell that holds a single value."""
        where = self._where(self._single(node))
        if isinstance(where, Row):
            raise ModelError("a single value stands in a row", received=str(where))
        return where

    def _along(self, node: Node, where: Row | Cell | None) -> Text:
        return self._arithmetic(node.args[0])

    def _lag(self, node: Node, where: Row | Cell | None) -> Text:
        source, delay = node.args
        if delay.op == "number":
            return self._fixed_lag(source, delay.data)
        return self._look_back(delay, Text((Range(self._row(source)),)))

    def _recalled(self, node: Node, where: Row | Cell | None) -> Text:
        """A balance of the formula's own scan: only the cells before this quarter's, so that no
        cell rests on itself."""
        balance, delay = node.args
        return self._look_back(delay, Text((Range(self._row(balance), "before"),)))

    def _look_back(self, delay: Node, cells: Text) -> Text:
        make = self.graph.make
        capped = make("minimum", self._single(delay), self.graph.number(self.quarters))
        whole = make("whole", capped)
        part = make("part", capped, whole)
        index = self._refer(self.graph.row(("quarter_index", "")))
        return _call(
            "IF({0}<{1},0,(1-{2})*INDEX({3},{0}-{1}+1)+IF({0}<{1}+1,0,{2}*INDEX({3},{0}-{1})))",
            index,
            self._refer(whole),
            self._refer(part),
            cells,
        )

    def _fixed_lag(self, source: Node, delay: float) -> Text:
        row = self._row(source)
        whole = int(delay)
        part = delay - whole
        near = Text((Ref(row, -whole),))
        if part == 0.0:
            return near
        far = Text((Ref(row, -whole - 1),))
        return _call("({1}*{0}+{3}*{2})", near, _number(1 - part), far, _number(part))

    def _single(self, node: Node) -> Node:
        """A value that must not move with time; the sheet says so if it does."""
        return node if node.scalar else self.graph.make("constant", node)

    def _constant(self, node: Node, where: Row | Cell | None) -> Text:
        row = Text((Range(self._row(node.args[0])),))
        return _call("IF(MAX({0})=MIN({0}),INDEX({0},1),NA())", row)

    def _whole_part(self, node: Node, where: Row | Cell | None) -> Text:
        delay = self._arithmetic(node.args[0], twice=True)
        return _call("IF({0}<0,NA(),INT({1}))", _wrapped(delay, _SUM), delay)

    def _rest_part(self, node: Node, where: Row | Cell | None) -> Text:
        delay, whole = (self._arithmetic(arg) for arg in node.args)
        return Text((*delay.pieces, "-", *whole.pieces), _SUM, depth=delay.depth)

    def _sum_to_date(self, node: Node, where: Row | Cell | None) -> Text:
        return _call("SUM({0})", Text((Range(self._row(node.args[0])),)))

    def _year_sum(self, node: Node, where: Row | Cell | None) -> Text:
        return _call("SUM({0})", Text((Range(self._row(node.args[0]), "year"),)))

    def _year_to_date(self, node: Node, where: Row | Cell | None) -> Text:
        return _call("SUM({0})", Text((Range(self._row(node.args[0]), "to_date"),)))

    def _value_at(self, node: Node, where: Row | Cell | None) -> Text:
        source, when = node.args
        if source.scalar:
            return self._arithmetic(source)
        row = Text((Range(self._row(source)),))
        if when.op == "number":
            at = int(min(max(when.data, 0.0), self.quarters - 1))
            return _call(f"INDEX({{0}},{at + 1})", row)
        date = self._arithmetic(self._single(when))
        last = self.quarters - 1
        return _call(f"INDEX({{0}},1+MIN(MAX(INT({{1}}),0),{last}))", row, date)

    # Searches

    def _lowest(self, node: Node, where: Row | Cell | None) -> Text:
        return _call("MIN({0})", Text((Range(self._row(node.args[0])),)))

    def _lowest_at(self, node: Node, where: Row | Cell | None) -> Text:
        row = Text((Range(self._row(node.args[0])),))
        return Text(_call("MATCH(MIN({0}),{0},0)-1", row).pieces, _SUM, depth=2)

    def _never_below(self, node: Node, where: Row | Cell | None) -> Text:
        return _call("IF(MIN({0})<0,0,1)", Text((Range(self._row(node.args[0])),)))

    def _crossing(self, node: Node, where: Row | Cell | None) -> Text:
        row = self._row(node.args[0])
        before, now = Text((Ref(row, -1),)), Text((Ref(row),))
        index = self._refer(self.graph.row(("quarter_index", "")))
        return _call("IF(AND({0}<0,{1}>=0),{2}-{0}/({1}-{0}),-1)", before, now, index)

    def _not_above(self, node: Node, where: Row | Cell | None) -> Text:
        index = self._refer(self.graph.row(("quarter_index", "")))
        return _call("IF({0}<=0,{1}+1,0)", self._refer(node.args[0]), index)

    def _last_upward_crossing(self, node: Node, where: Row | Cell | None) -> Text:
        balance, start = node.args
        at = Text((Range(self._row(self.graph.make("crossing", balance))),))
        row = Text((Range(self._row(balance)),))
        begin = _wrapped(self._arithmetic(self._single(start)), _PRODUCT)
        return _call(
            f'IF(AND(MAX({{0}})>=0,INDEX({{1}},{self.quarters})>=0),MAX({{0}})-{{2}},"{NO_ANSWER}")',
            at,
            row,
            begin,
        )

    def _first_lasting(self, node: Node, where: Row | Cell | None) -> Text:
        source, start = node.args
        after = Text((Range(self._row(self.graph.make("not_above", source))),))
        row = Text((Range(self._row(source)),))
        begin = self._arithmetic(self._single(start))
        return _call(
            f'IF(INDEX({{0}},{self.quarters})>0,MAX({{1}},{{2}}),"{NO_ANSWER}")', row, after, begin
        )

    def _search(self, node: Node, where: Row | Cell | None) -> Text:
        return Text((self.answer(node),))


def _call(form: str, *texts: Text, truth: bool = False) -> Text:
    """A form with texts in its numbered places."""
    pieces: list[Piece] = []
    rest = form
    while rest:
        head, brace, tail = rest.partition("{")
        if head:
            pieces.append(head)
        if not brace:
            break
        number, _, rest = tail.partition("}")
        pieces.extend(texts[int(number)].pieces)
    depth = 1 + max((text.depth for text in texts), default=0)
    return Text(_joined(pieces), truth=truth, depth=depth)


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    made: list[Piece] = []
    for piece in pieces:
        if made and isinstance(piece, str) and isinstance(made[-1], str):
            made[-1] += piece
        else:
            made.append(piece)
    return tuple(made)


def _wrapped(text: Text, binds: int) -> Text:
    """``text`` in brackets unless it binds at least so strongly."""
    if text.binds >= binds:
        return text
    return Text(_joined(["(", *text.pieces, ")"]), depth=text.depth)


def _number(value: float) -> Text:
    spelled = _plain(value)
    return Text((spelled,), _SUM if spelled.startswith("-") else _ATOM)


def _plain(value: float) -> str:
    if value != value:
        return "NA()"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value).upper()


_OWN_ROW = frozenset(
    {"running_sum", "grow", "balance", "recalled", "crossing", "not_above", "whole",
     "part", "constant", "last_upward_crossing", "first_lasting"}
)  # fmt: skip
"""Operations that are never written inside another formula."""

_OWN_ANSWER = frozenset(
    {"row", "number", "where", "value_at", "internal_rate", "last_upward_crossing",
     "first_lasting"}
)  # fmt: skip
"""Operations that say themselves whether they have an answer."""

_SEARCHES = frozenset({"internal_rate", "count_roots"})
"""Operations that have a block of cells of their own on the sheet of rates."""

_FORMS: Mapping[str, Callable[[Translator, Node, Row | Cell | None], Text]] = MappingProxyType(
    {
        "ratio": Translator._ratio,
        "splice": Translator._splice,
        "grow": Translator._grow,
        "running_sum": Translator._running_sum,
        "balance": Translator._balance,
        "previous": Translator._previous,
        "recalled": Translator._recalled,
        "lag": Translator._lag,
        "along": Translator._along,
        "constant": Translator._constant,
        "whole": Translator._whole_part,
        "part": Translator._rest_part,
        "sum_to_date": Translator._sum_to_date,
        "year_sum": Translator._year_sum,
        "year_to_date": Translator._year_to_date,
        "value_at": Translator._value_at,
        "lowest": Translator._lowest,
        "lowest_at": Translator._lowest_at,
        "never_below": Translator._never_below,
        "crossing": Translator._crossing,
        "not_above": Translator._not_above,
        "last_upward_crossing": Translator._last_upward_crossing,
        "first_lasting": Translator._first_lasting,
        "internal_rate": Translator._search,
        "count_roots": Translator._search,
    }
)
