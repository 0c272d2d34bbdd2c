"""Internal rates of return on a sheet of their own.

Excel's own IRR returns one rate, whichever it meets first. Here the present value is looked
at over the rates at which the engine looks, every change of its sign is counted, and each is
closed in on by halving: none, one or several rates are all seen, and one is the answer only
where it is the only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.intrinsics import RATE_GRID, present_value
from jcurve.workbook.cell_styles import Item
from jcurve.workbook.excel_forms import NO_ANSWER
from jcurve.workbook.grid import Cell, Grid, Row, Tab, column

__all__ = ["HALVINGS", "MOST", "Block"]

Array: TypeAlias = NDArray[np.float64]
_Halving: TypeAlias = tuple[float | str, float | str, float | str]

MOST = 6
"""How many rates are closed in on; a series of flows with more shows their number all the same."""

HALVINGS = 50
_GRID_ROW = 8
_WIDTH = 9
_FAR = 690
"""exp(-690) is about 1e-300."""

_LAST = _GRID_ROW + len(RATE_GRID) - 1
_ROOTS_ROW = _LAST + 4


class Block:
    """The search for the rates of one row of flows.

    Args:
        at: how many blocks stand before it.
        flows: where the flows are.
        values: (quarter,).
        title: what the flows are.
        ahead, behind: rows with each quarter's index, and its distance from the last.
    """

    def __init__(
        self,
        at: int,
        flows: Row,
        values: Array,
        title: str,
        grid: Grid,
        ahead: Row,
        behind: Row,
    ) -> None:
        self.title, self.values = title, values
        self._left = at * _WIDTH
        self._letters = [column(self._left + n) for n in range(5)]
        self._grid, self._rows = grid, (flows, ahead, behind)
        self.count = Cell(Row(Tab.RATES, 3), self._left + 1)
        """How many rates there are."""
        self.only = Cell(Row(Tab.RATES, 4), self._left + 1)
        """The rate where it is the only one."""
        found = present_value(values[:, None], RATE_GRID[:, None])[:, 0]
        self._present_values = found
        signs = np.sign(found)
        for n in range(1, len(signs)):  # a value of zero has the sign of the one before
            signs[n] = signs[n] or signs[n - 1]
        self._signs = signs
        self._changes = np.append(0, np.cumsum(signs[1:] * signs[:-1] < 0)).astype(float)

    def found(self, at: int) -> Cell:
        """The ``at``-th rate a quarter, from 0."""
        return Cell(Row(Tab.RATES, _ROOTS_ROW + 1 + (HALVINGS + 4) * at), self._left + 1)

    def cells(self) -> Iterator[Item]:
        """Every cell of the block, once rows are numbered."""
        self._flows, self._ahead, self._behind = (
            self._grid.whole(row, Tab.RATES) for row in self._rows
        )
        left = self._left
        yield Item(1, left, "", self.title, "heading")
        yield from self._scan()
        roots = [item for at in range(MOST) for item in self._closing(at)]
        yield from roots
        first = self.found(0)
        value = next(i.value for i in roots if (i.row, i.column) == (first.row, first.column))
        count, only = self.count.seen_from(Tab.RATES), first.seen_from(Tab.RATES)
        yield Item(3, left, "", "Rates found", "text")
        yield Item(3, left + 1, f"={self._letters[4]}{_LAST + 1}", self._changes[-1], "plain")
        yield Item(4, left, "", "The only rate, a quarter", "text")
        formula = f'=IF({count}=1,{only},"{NO_ANSWER}")'
        answer = value if self._changes[-1] == 1 else NO_ANSWER
        yield Item(4, left + 1, formula, answer, "fine_percent")
        heads = ("Rate a quarter", "ln(1 + rate)", "Present value", "Sign", "Changes so far")
        for at, head in enumerate(heads):
            yield Item(_GRID_ROW - 1, left + at, "", head, "head")

    def _weighed(self, log: str, minus: str, periods: str) -> str:
        """Flows so far away that their weight would be below what a number can hold are left
        out, since a program may call that an error."""
        near = f"({periods}<={_FAR}/(ABS({log})+0.001))"
        return f"SUMPRODUCT({self._flows}*{near},EXP({minus}{log})^({periods}*{near}))"

    def _above(self, log: str) -> str:
        """Present value, seen from the first quarter."""
        return self._weighed(log, "-", self._ahead)

    def _below(self, log: str) -> str:
        """The same for rates below zero, seen from the last: of the same sign, and finite."""
        return self._weighed(log, "", self._behind)

    def _scan(self) -> Iterator[Item]:
        """The present value at each rate of the engine's grid, and where it changes sign."""
        _, logs, value, sign, changes = self._letters
        for at, log in enumerate(RATE_GRID):
            row, number = _GRID_ROW + at, _GRID_ROW + at + 1
            carried, last = (
                ("0", "0") if at == 0 else (f"{sign}{number - 1}", f"{changes}{number - 1}")
            )
            cell = f"{logs}{number}"
            cells: tuple[tuple[str, float, str], ...] = (
                (f"=EXP({cell})-1", np.expm1(log), "fine_percent"),
                ("", float(log), "four"),
                (
                    f"={self._above(cell) if log >= 0 else self._below(cell)}",
                    float(self._present_values[at]),
                    "whole",
                ),
                (
                    f"=IF({value}{number}=0,{carried},SIGN({value}{number}))",
                    float(self._signs[at]),
                    "plain",
                ),
                (
                    f"={last}+IF({carried}*{sign}{number}<0,1,0)",
                    float(self._changes[at]),
                    "plain",
                ),
            )
            for n, (formula, shown, style) in enumerate(cells):
                yield Item(row, self._left + n, formula, shown, style)

    def _closing(self, at: int) -> Iterator[Item]:
        """Halving towards the ``at``-th change of sign."""
        left, top = self._left, self.found(at).row
        low, high, sign, middle_sign, _ = self._letters
        first = top + 3
        logs, signs, changes = (
            f"${letters}${_GRID_ROW + 1}:${letters}${_LAST + 1}"
            for letters in (self._letters[n] for n in (1, 3, 4))
        )
        has = f"${column(self.count.column)}${self.count.row + 1}>={at + 1}"
        where = f"MATCH({at + 1},{changes},0)"
        steps = self._halved(at)

        def guarded(row: int, n: int, form: str, value: float | str, style: str = "four") -> Item:
            return Item(row, left + n, f'=IF({has},{form},"{NO_ANSWER}")', value, style)

        lowest, highest, _ = steps[-1]
        root: float | str = NO_ANSWER
        if isinstance(lowest, float) and isinstance(highest, float):
            root = float(np.expm1((lowest + highest) / 2))
        end = f"{low}{first + HALVINGS + 1},{high}{first + HALVINGS + 1}"
        yield Item(top, left, "", f"Rate {at + 1}, a quarter", "text")
        yield guarded(top, 1, f"EXP(SUM({end})/2)-1", root, "fine_percent")
        for n, head in enumerate(("Low, ln(1 + rate)", "High", "Sign at low")):
            yield Item(first - 1, left + n, "", head, "head")
        begin = (f"INDEX({logs},{where}-1)", f"INDEX({logs},{where})", f"INDEX({signs},{where}-1)")
        for n, form in enumerate(begin):
            yield guarded(first, n, form, steps[0][n])
        for step in range(1, HALVINGS + 1):
            row = number = first + step  # ``number`` is the row above, counted from 1
            middle = f"({low}{number}+{high}{number})/2"
            # The sign at the middle stands beside, so that each half is looked at once.
            present = f"IF({middle}>=0,{self._above(middle)},{self._below(middle)})"
            same = f"{middle_sign}{row + 1}*{sign}${first + 1}>0"
            yield guarded(row, 3, f"SIGN({present})", steps[step][2], "plain")
            yield guarded(row, 0, f"IF({same},{middle},{low}{number})", steps[step][0])
            yield guarded(row, 1, f"IF({same},{high}{number},{middle})", steps[step][1])

    def _halved(self, at: int) -> list[_Halving]:
        """Low, high, and the sign at the low end, then at each middle; ``none`` where the sign
        changes less often."""
        found = np.flatnonzero(np.diff(self._changes))
        if at >= len(found):
            return [(NO_ANSWER, NO_ANSWER, NO_ANSWER)] * (HALVINGS + 1)
        low, high = float(RATE_GRID[found[at]]), float(RATE_GRID[found[at] + 1])
        begin = self._sign(low)
        steps: list[_Halving] = [(low, high, begin)]
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            sign = self._sign(middle)
            low, high = (middle, high) if sign * begin > 0 else (low, middle)
            steps.append((low, high, sign))
        return steps

    def _sign(self, log: float) -> float:
        return float(np.sign(present_value(self.values[:, None], np.array([[log]]))[0, 0]))
