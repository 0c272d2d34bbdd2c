"""Internal rates of return on a sheet of their own.

Excel's own IRR returns one rate, whichever it meets first. Here the present value is looked at over
the rates at which the engine looks, and every change of its sign is closed in on by halving.
Between two rates at which it has one sign it may still touch zero twice: where it comes nearer to
zero from both sides and its tangents meet beyond, the turning point is closed in on, and a value
of the other sign there means a pair of rates. One rate is the answer only where it is the only one.

Rates below zero are seen from the last quarter: of the same sign, and finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np

from jcurve.engine.intrinsics import POINTS
from jcurve.engine.primitives import Array
from jcurve.workbook.cell_styles import Item
from jcurve.workbook.excel_forms import NO_ANSWER
from jcurve.workbook.grid import TABLES, Cell, Row, Tab, column

MOST, PAIRS = 6, 2
"""How many changes of sign, and how many pairs, are closed in on; a series of flows with more
shows their number all the same."""

HALVINGS = 50
WIDTH = 13
_FARTHEST, _NEAR_ZERO = (float(TABLES["named"][name][0]) for name in ("farthest", "near_zero"))
_NUMBER_ROW, _FOUND_ROW, _ASCENDING_ROW, _GRID_ROW = 5, 6, 7, 11
_GRID = tuple((turned, float(log if turned else -log)) for turned, logs in POINTS for log in logs)
_LAST = _GRID_ROW + len(_GRID) - 1
_TALL = HALVINGS + 5


_Found: TypeAlias = "tuple[str, float | str]"
"""The cell in which a search ends, ln(1 + rate), and what it holds."""


class _Ends(NamedTuple):
    """Between what a search looks: whether it does at all, low, high and the sign at the low
    end, as formulas and as they are now."""

    has: str
    formulas: tuple[str, str, str]
    looks: bool
    low: float
    high: float
    side: float


class Block:
    """The search for the rates of one row of flows; ``at`` blocks stand before it."""

    def __init__(self, at: int, flows: Row, values: Array, title: str) -> None:
        self.title, self.values, self.flows = title, values, flows
        self.name = f"flows_{at + 1}"
        self._left = at * WIDTH
        self._letters = [column(self._left + n) for n in range(WIDTH)]
        self.count = self._cell(3)
        """How many rates there are."""
        self.only = self._cell(4)
        """The rate where it is the only one."""
        table = [[self._value(log, turned, slope) for slope in (False, True)]
                 for turned, log in _GRID]  # fmt: skip
        self._table: Array = np.array(table)
        signs = np.sign(self._table[:, 0])
        for n in range(1, len(signs)):  # a value of zero has the sign of the one before
            signs[n] = signs[n] or signs[n - 1]
        self._signs = signs
        self._changes = np.append(0, np.cumsum(signs[1:] * signs[:-1] < 0)).astype(float)

    def _cell(self, row: int, at: int = 1) -> Cell:
        return Cell(Row(Tab.RATES, row), self._left + at)

    def found(self, at: int) -> Cell:
        """The ``at``-th rate a quarter in ascending order, from 0."""
        return self._cell(_ASCENDING_ROW, at + 1)

    def cells(self) -> Iterator[Item]:
        """Every cell of the block."""
        left, letters = self._left, self._letters
        self._next = _LAST + 3
        yield Item(1, left, "", self.title, "heading")
        yield from self._points()
        rates: list[_Found] = []
        crossed: list[str] = []
        number = float(self._changes[-1])
        for at in range(MOST):
            items, found = self._search(f"Change of sign {at + 1}", self._changing(at))
            yield from items
            rates.append(found)
        for at in range(PAIRS):
            turn = self._touching(at)
            items, (place, log) = self._search(f"Turning point {at + 1}", turn, slope=True)
            yield from items
            flag = f"${letters[4]}${items[0].row + 1}"
            middle = log if isinstance(log, float) else 0.0
            crosses = turn.looks and self._value(middle, middle < 0) * turn.side > 0
            yield Item(items[0].row, left + 3, "", "Crosses zero", "text")
            yield Item(items[0].row, left + 4, self._crossing(place), float(crosses), "plain")
            crossed.append(flag)
            number += 2.0 * crosses
            low, high, side = turn.formulas
            for name, forms, ends in (
                ("lower", (low, place, f"-({side})"), (turn.low, middle, -turn.side)),
                ("higher", (place, high, side), (middle, turn.high, turn.side)),
            ):
                pair = _Ends(f"{flag}=1", forms, bool(crosses), *ends)
                items, found = self._search(f"Pair {at + 1}, {name}", pair)
                yield from items
                rates.append(found)
        yield from self._answers(rates, crossed, number)
        for at, head in enumerate(TABLES["rates"]["grid"]):
            yield Item(_GRID_ROW - 2, left + at, "", head, "head")

    def _crossing(self, place: str) -> str:
        """1 where the value at a turning point has the sign that its slope came from, else 0."""
        _, _, middle, weight, far, side = self._letters[:6]
        n = place.rpartition("$")[2]
        behind, ahead = (self._sum(turned, f"{weight}{n}", f"{far}{n}") for turned in (True, False))
        value = f"IF({middle}{n}<0,{behind},{ahead})"
        return f"=IF(ISNUMBER({place}),IF({side}{n}*{value}>0,1,0),0)"

    def _answers(self, rates: list[_Found], crossed: list[str], number: float) -> Iterator[Item]:
        """How many rates, the only one, and all of them in order."""
        left, letters = self._left, self._letters
        rows = ("Rates found", "The only rate, a quarter", "Number", "Each as found, a quarter",
                "In ascending order, a quarter")  # fmt: skip
        for row, text in enumerate(rows, 3):
            yield Item(row, left, "", text, "text")
        shown = [float(np.expm1(log)) if isinstance(log, float) else log for _, log in rates]
        known = sorted(rate for rate in shown if isinstance(rate, float))
        last = len(rates)
        listed = f"${letters[1]}${_FOUND_ROW + 1}:${letters[last]}${_FOUND_ROW + 1}"
        pairs = "+".join(f"2*{flag}" for flag in crossed)
        yield Item(3, left + 1, f"={letters[8]}{_LAST + 1}+{pairs}", number, "plain")
        lone: float | str = known[0] if number == 1 else NO_ANSWER
        first = f"{letters[1]}{_ASCENDING_ROW + 1}"
        form = f'=IF({letters[1]}4=1,{first},"{NO_ANSWER}")'
        yield Item(4, left + 1, form, lone, "fine_percent")
        for at, (place, _) in enumerate(rates):
            letter = letters[at + 1]
            yield Item(_NUMBER_ROW, left + at + 1, "", float(at + 1), "plain")
            form = f'=IF(ISNUMBER({place}),EXP({place})-1,"{NO_ANSWER}")'
            yield Item(_FOUND_ROW, left + at + 1, form, shown[at], "fine_percent")
            rank = f"{letter}{_NUMBER_ROW + 1}"
            form = f'=IF({rank}<=COUNT({listed}),SMALL({listed},{rank}),"{NO_ANSWER}")'
            value = known[at] if at < len(known) else NO_ANSWER
            yield Item(_ASCENDING_ROW, left + at + 1, form, value, "fine_percent")

    def _value(self, log: float, turned: bool, slope: bool = False) -> float:
        """The present value at ln(1 + rate), or its slope there."""
        ahead = np.arange(len(self.values), dtype=np.float64)
        periods = ahead[::-1] if turned else ahead
        moved = (periods if turned else -periods) if slope else 1.0
        return float((self.values * np.exp(-abs(log) * periods) * moved).sum())

    def _sum(self, turned: bool, weight: str, farthest: str, slope: bool = False) -> str:
        """The same as a formula: weights that are too small are left out."""
        periods = "behind" if turned else "ahead"
        near = f"({periods}<={farthest})"
        moved = f"*{periods}" if slope else ""
        sign = "-" if slope and not turned else ""
        return f"{sign}SUMPRODUCT({self.name}*{near}{moved},{weight}^({periods}*{near}))"

    def _points(self) -> Iterator[Item]:
        """The present value at each rate of the grid, its changes of sign, and where it may touch
        zero since the rate before."""
        _, log, end, weight, far, value, slope, sign, change, meet, touch, touches = self._letters[
            :12
        ]
        values, slopes = self._table[:, 0], self._table[:, 1]
        tangents, self._touches = self._tangents()
        for at, (turned, here) in enumerate(_GRID):
            row, b, n = _GRID_ROW + at, _GRID_ROW + at, _GRID_ROW + at + 1  # rows as in cells
            meeting = f"({value}{n}-{value}{b}+{slope}{b}*{log}{b}-{slope}{n}*{log}{n})"
            far_from = f"{meeting}/({slope}{b}-{slope}{n})-{log}{b}"
            turns = f"{value}{b}*{value}{n}>0,{value}{b}*{slope}{b}<0,{value}{n}*{slope}{n}>0"
            w, f = f"{weight}{n}", f"{far}{n}"
            cells: tuple[tuple[str, float, str], ...] = (
                (f"=EXP({log}{n})-1", np.expm1(here), "fine_percent"),
                ("", here, "four"),
                ("", float(turned), "plain"),
                (f"=EXP(-ABS({log}{n}))", np.exp(-abs(here)), "four"),
                (f"=farthest/(ABS({log}{n})+near_zero)", _farthest(here), "one"),
                (f"={self._sum(turned, w, f)}", values[at], "whole"),
                (f"={self._sum(turned, w, f, True)}", slopes[at], "whole"),
                (f"=IF({value}{n}=0,{sign}{b},SIGN({value}{n}))", self._signs[at], "plain"),
                (f"={change}{b}+IF({sign}{b}*{sign}{n}<0,1,0)", self._changes[at], "plain"),
                (f"=IF({slope}{b}={slope}{n},0,{value}{b}+{slope}{b}*({far_from}))", tangents[at],
                 "whole"),
                (f"=IF(AND({end}{b}={end}{n},{turns},{value}{b}*{meet}{n}<0),1,0)",
                 self._touches[at], "plain"),
                (f"={touches}{b}+{touch}{n}", float(self._touches[: at + 1].sum()), "plain"),
            )  # fmt: skip
            for to, (formula, shown, style) in enumerate(cells):
                yield Item(row, self._left + to, formula, float(shown), style)

    def _tangents(self) -> tuple[Array, Array]:
        """At each rate of the grid, where the tangents at it and at the rate before meet, and
        whether the value may touch zero between the two."""
        turned, logs = np.array(_GRID).T
        value, slope = self._table[:-1].T
        end_value, end_slope = self._table[1:].T
        bend = slope - end_slope
        gap = end_value - value + slope * logs[:-1] - end_slope * logs[1:]
        meets = np.divide(gap, bend, out=np.zeros_like(bend), where=bend != 0.0)
        tangent = np.where(bend != 0.0, value + slope * (meets - logs[:-1]), 0.0)
        comes = (value * end_value > 0) & (value * slope < 0) & (end_value * end_slope > 0)
        touches = (turned[:-1] == turned[1:]) & comes & (value * tangent < 0)
        return np.append(0.0, tangent), np.append(0.0, touches)

    def _of_grid(self, at: int) -> str:
        letters = self._letters[at]
        return f"${letters}${_GRID_ROW + 1}:${letters}${_LAST + 1}"

    def _interval(self, at: int, counted: int, total: float, ordered: Array) -> _Ends:
        """The interval of the grid in which a count first reaches a number, low end to high."""
        number = f"{self._letters[at + 1]}${_NUMBER_ROW + 1}"
        where = f"MATCH({number},{self._of_grid(counted)},0)"
        logs, signs = self._of_grid(1), self._of_grid(7)
        forms = (f"INDEX({logs},{where}-1)", f"INDEX({logs},{where})", f"INDEX({signs},{where}-1)")
        has = f"${self._letters[counted]}${_LAST + 1}>={number}"
        if at >= total:
            return _Ends(has, forms, False, 0.0, 0.0, 0.0)
        end = int(np.flatnonzero(ordered)[at])
        return _Ends(has, forms, True, _GRID[end - 1][1], _GRID[end][1], self._signs[end - 1])

    def _changing(self, at: int) -> _Ends:
        changed = np.diff(self._changes, prepend=0)
        return self._interval(at, 8, self._changes[-1], changed)

    def _touching(self, at: int) -> _Ends:
        """Where the slope is looked at: at the low end it leads to zero, so that it has the other
        sign than the value."""
        found = self._interval(at, 11, self._touches.sum(), self._touches)
        low, high, sign = found.formulas
        return found._replace(formulas=(low, high, f"-{sign}"), side=-found.side)

    def _search(self, title: str, ends: _Ends, slope: bool = False) -> tuple[list[Item], _Found]:
        """Halving between two ends; the cell with the last middle, and what it is."""
        top, left, letters = self._next, self._left, self._letters
        self._next += _TALL
        first = top + 2
        low, high, middle, weight, far, side, seen, sign = letters[:8]
        items = [Item(top, left, "", title, "strong")]
        items += [
            Item(top + 1, left + n, "", head, "head")
            for n, head in enumerate(TABLES["rates"]["search"])
        ]
        a, b = ends.low, ends.high
        for step in range(HALVINGS):
            row, n = first + step, first + step + 1
            mid = (a + b) / 2
            present = self._value(mid, mid < 0, slope)
            now = float(np.sign(present))
            same = f"{sign}{n - 1}*{side}{n - 1}>0"
            begin = ends.formulas if step == 0 else (
                f"IF({same},{middle}{n - 1},{low}{n - 1})",
                f"IF({same},{high}{n - 1},{middle}{n - 1})", f"{side}{n - 1}",
            )  # fmt: skip
            here = [
                self._sum(turned, f"{weight}{n}", f"{far}{n}", slope) for turned in (True, False)
            ]
            forms = (
                (begin[0], a, "four"), (begin[1], b, "four"),
                (f"({low}{n}+{high}{n})/2", mid, "four"),
                (f"EXP(-ABS({middle}{n}))", float(np.exp(-abs(mid))), "four"),
                (f"farthest/(ABS({middle}{n})+near_zero)", _farthest(mid), "one"),
                (begin[2], ends.side, "plain"),
                (f"IF({middle}{n}<0,{here[0]},{here[1]})", present, "whole"),
                (f"SIGN({seen}{n})", now, "plain"),
            )  # fmt: skip
            has = ends.has if step == 0 else f"ISNUMBER({low}{n - 1})"
            for to, (form, value, style) in enumerate(forms):
                guard = has if to in (0, 1, 5) else f"ISNUMBER({low}{n})"
                shown: float | str = float(value) if ends.looks else NO_ANSWER
                form = f'=IF({guard},{form},"{NO_ANSWER}")'
                items.append(Item(row, left + to, form, shown, style))
            a, b = (mid, b) if now * ends.side > 0 else (a, mid)
        last = f"${middle}${first + HALVINGS}"
        return items, (last, mid if ends.looks else NO_ANSWER)


def _farthest(log: float) -> float:
    return _FARTHEST / (abs(log) + _NEAR_ZERO)
