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
from jcurve.workbook.cells import Item
from jcurve.workbook.grid import Cell, Grid, Range, Row, column
from jcurve.workbook.names import RATES
from jcurve.workbook.translate import NO_ANSWER

__all__ = ["HALVINGS", "MOST", "Block"]

Array: TypeAlias = NDArray[np.float64]

MOST = 6
"""How many rates are closed in on; a series of flows with more shows their number all the same."""

HALVINGS = 50
_GRID_ROW = 8
_WIDTH = 9
_FAR = 690
"""exp(-690) is about 1e-300."""

_RATE, _LOG, _VALUE, _SIGN, _CHANGES = range(5)


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
        self._flows, self._ahead, self._behind = (
            grid.single((Range(row),), RATES)[1:] for row in (flows, ahead, behind)
        )
        self._last = _GRID_ROW + len(RATE_GRID) - 1
        self._roots_row = self._last + 4

    @property
    def count(self) -> Cell:
        """How many rates there are."""
        return Cell(RATES, 3, self._left + 1)

    @property
    def only(self) -> Cell:
        """The rate where it is the only one."""
        return Cell(RATES, 4, self._left + 1)

    def found(self, at: int) -> Cell:
        """The ``at``-th rate a quarter, from 0."""
        return Cell(RATES, self._roots_row + 1 + (HALVINGS + 4) * at, self._left + 1)

    def cells(self) -> Iterator[Item]:
        """Every cell of the block."""
        left = self._left
        yield Item(1, left, "", self.title, "heading")
        scan = self._scan()
        yield from scan
        changes = [cell for cell in scan if cell.column == left + _CHANGES][-1].value
        roots = [each for at in range(MOST) for each in self._closing(at)]
        yield from roots
        place = self.found(0)
        first = next(c for c in roots if (c.row, c.column) == (place.row, place.column))
        last = f"{column(left + _CHANGES)}{self._last + 1}"
        yield Item(3, left, "", "Rates found", "text")
        yield Item(3, left + 1, f"={last}", changes, "plain")
        yield Item(4, left, "", "The only rate, a quarter", "text")
        count = f"{column(self.count.column)}{self.count.row + 1}"
        only = f"{column(self.found(0).column)}{self.found(0).row + 1}"
        yield Item(
            4,
            left + 1,
            f'=IF({count}=1,{only},"{NO_ANSWER}")',
            first.value if changes == 1 else NO_ANSWER,
            "fine_percent",
        )
        heads = ("Rate a quarter", "ln(1 + rate)", "Present value", "Sign", "Changes so far")
        for at, head in enumerate(heads):
            yield Item(_GRID_ROW - 1, left + at, "", head, "head")

    def _present(self, log: str, sign: int) -> str:
        """Sign-true present value. Flows so far away that their weight would be below what a
        number can hold are left out, since a program may call that an error."""
        above = self._weighed(log, "-", self._ahead)
        below = self._weighed(log, "", self._behind)
        if sign:
            return above if sign > 0 else below
        return f"IF({log}>=0,{above},{below})"

    def _weighed(self, log: str, minus: str, periods: str) -> str:
        near = f"({periods}<={_FAR}/(ABS({log})+0.001))"
        return f"SUMPRODUCT({self._flows}*{near},EXP({minus}{log})^({periods}*{near}))"

    def _scan(self) -> list[Item]:
        left, cells = self._left, []
        flows = self.values[:, None]
        values = present_value(flows, RATE_GRID[:, None])[:, 0]
        sign = changes = 0.0
        letters = [column(left + at) for at in range(5)]
        for at, (log, value) in enumerate(zip(RATE_GRID, values, strict=True)):
            row = _GRID_ROW + at
            number = row + 1
            before = sign
            sign = float(np.sign(value)) or sign
            changes += before * sign < 0
            carried = "0" if at == 0 else f"{letters[_SIGN]}{number - 1}"
            last = "0" if at == 0 else f"{letters[_CHANGES]}{number - 1}"
            present = self._present(f"{letters[_LOG]}{number}", 1 if log >= 0 else -1)
            cells += [
                Item(row, left + _RATE, f"=EXP({letters[_LOG]}{number})-1", np.expm1(log),
                        "fine_percent"),
                Item(row, left + _LOG, "", float(log), "four"),
                Item(row, left + _VALUE, f"={present}", float(value), "whole"),
                Item(
                    row,
                    left + _SIGN,
                    f"=IF({letters[_VALUE]}{number}=0,{carried},SIGN({letters[_VALUE]}{number}))",
                    sign,
                    "plain",
                ),
                Item(
                    row,
                    left + _CHANGES,
                    f"={last}+IF({carried}*{letters[_SIGN]}{number}<0,1,0)",
                    changes,
                    "plain",
                ),
            ]  # fmt: skip
        return cells

    def _closing(self, at: int) -> list[Item]:
        """Halving towards the ``at``-th change of sign."""
        left = self._left
        low, high, sign = (column(left + n) for n in (0, 1, 2))
        top = self.found(at).row
        first = top + 3
        span = [f"${column(left + n)}${_GRID_ROW + 1}:${column(left + n)}${self._last + 1}"
                for n in (_LOG, _SIGN, _CHANGES)]  # fmt: skip
        logs, signs, changes = span
        count = f"${column(self.count.column)}${self.count.row + 1}"
        where = f"MATCH({at + 1},{changes},0)"
        found = self._bracket(at)
        lows, highs, sign_value = self._halved(found) if found else ([], [], 0.0)
        none: float | str = NO_ANSWER
        end = f"{low}{first + HALVINGS + 1},{high}{first + HALVINGS + 1}"
        root = float(np.expm1((lows[-1] + highs[-1]) / 2)) if found else none
        cells = [
            Item(top, left, "", f"Rate {at + 1}, a quarter", "text"),
            Item(
                top,
                left + 1,
                f'=IF({count}>={at + 1},EXP(SUM({end})/2)-1,"{NO_ANSWER}")',
                root,
                "fine_percent",
            ),
            Item(first - 1, left, "", "Low, ln(1 + rate)", "head"),
            Item(first - 1, left + 1, "", "High", "head"),
            Item(first - 1, left + 2, "", "Sign at low", "head"),
        ]
        has = f"{count}>={at + 1}"
        begin = (
            (f'=IF({has},INDEX({logs},{where}-1),"{NO_ANSWER}")', lows[0] if found else none),
            (f'=IF({has},INDEX({logs},{where}),"{NO_ANSWER}")', highs[0] if found else none),
            (f'=IF({has},INDEX({signs},{where}-1),"{NO_ANSWER}")', sign_value if found else none),
        )
        cells += [
            Item(first, left + n, formula, value, "four")
            for n, (formula, value) in enumerate(begin)
        ]
        for step in range(1, HALVINGS + 1):
            row = first + step
            number = row
            middle = f"({low}{number}+{high}{number})/2"
            # The sign at the middle stands beside, so that each half is looked at once.
            cells += [
                Item(
                    row,
                    left + 3,
                    f'=IF({has},SIGN({self._present(middle, 0)}),"{NO_ANSWER}")',
                    _sign_at(self.values, lows, highs, step) if found else none,
                    "plain",
                ),
                Item(
                    row,
                    left,
                    f"=IF({has},IF({column(left + 3)}{row + 1}*{sign}${first + 1}>0,{middle},"
                    f'{low}{number}),"{NO_ANSWER}")',
                    lows[step] if found else none,
                    "four",
                ),
                Item(
                    row,
                    left + 1,
                    f"=IF({has},IF({column(left + 3)}{row + 1}*{sign}${first + 1}>0,"
                    f'{high}{number},{middle}),"{NO_ANSWER}")',
                    highs[step] if found else none,
                    "four",
                ),
            ]
        return cells

    def _bracket(self, at: int) -> tuple[float, float] | None:
        values = present_value(self.values[:, None], RATE_GRID[:, None])[:, 0]
        signs = np.sign(values)
        for n in range(1, len(signs)):
            if signs[n] == 0.0:
                signs[n] = signs[n - 1]
        found = np.flatnonzero(signs[1:] * signs[:-1] < 0)
        if at >= len(found):
            return None
        return float(RATE_GRID[found[at]]), float(RATE_GRID[found[at] + 1])

    def _halved(self, bracket: tuple[float, float]) -> tuple[list[float], list[float], float]:
        low, high = bracket
        sign = float(np.sign(_value_at(self.values, low)))
        lows, highs = [low], [high]
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if np.sign(_value_at(self.values, middle)) * sign > 0:
                low = middle
            else:
                high = middle
            lows.append(low)
            highs.append(high)
        return lows, highs, sign


def _value_at(flows: Array, log: float) -> float:
    return float(present_value(flows[:, None], np.array([[log]]))[0, 0])


def _sign_at(flows: Array, lows: list[float], highs: list[float], step: int) -> float:
    return float(np.sign(_value_at(flows, (lows[step - 1] + highs[step - 1]) / 2)))
