"""The Excel form of every operation a line may use, on rows made to find its edges.

A small sheet of rows and formulas is translated as the model is, computed by formualizer, and
compared with NumPy. The searches (payback, lasting turn, rates of return) meet flows with no,
one and several answers.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from jcurve.engine import intrinsics, primitives
from jcurve.engine.model import RowKey
from jcurve.engine.scan import scan
from jcurve.engine.symbol import Symbol
from jcurve.ground.errors import ModelError
from jcurve.ground.quarters import Timeline
from jcurve.ground.units import DIMENSIONLESS, QUARTERS, Quantity
from jcurve.workbook.excel_forms import number_text
from jcurve.workbook.formula_graph import Graph, Node
from jcurve.workbook.grid import TABLES, At, Cell, Grid, Range, Row, Tab
from jcurve.workbook.return_search import HALVINGS, MOST, WIDTH, Block
from jcurve.workbook.translate import Translator
from tests.support.recalculate import formualized

Array = NDArray[np.float64]

TIMELINE = Timeline("2020Q1", "2024Q4")
HEIGHT = len(TIMELINE)
INDEX = np.arange(HEIGHT, dtype=np.float64)
CALENDAR = {
    "quarter_index": INDEX,
    "behind": HEIGHT - 1 - INDEX,
    "calendar_year": 2020 + INDEX // 4,
    "quarter_of_year": INDEX % 4 + 1,
}
SHEET = "Steps"


class Sheet:
    """Rows of numbers and formulas on one sheet, as the model's are laid out."""

    def __init__(self, rows: Mapping[str, Array | float]) -> None:
        self.grid = Grid(TIMELINE)
        self.values: dict[RowKey, Array] = {}
        self.places: dict[RowKey, Row | Cell] = {}
        self.next = 5
        self.blocks: dict[int, Block] = {}
        self.cells: list[tuple[int, int, str | float]] = []
        for name, value in {**CALENDAR, **rows}.items():
            row = self._take()
            key = (name, "")
            array = np.atleast_1d(np.asarray(value, dtype=np.float64))[:, None]
            self.values[key] = array
            if array.shape[0] == 1:
                self.places[key] = Cell(row)
                self.cells.append((row.row, At.VALUE, float(array[0, 0])))
            else:
                self.places[key] = row
                self.cells += [
                    (row.row, self.grid.quarter(at), float(v))
                    for at, v in enumerate(array[:, 0])
                    if not np.isnan(v)
                ]
        scalars = {key for key, value in self.values.items() if value.shape[0] == 1}
        self.graph = Graph(self.values.__getitem__, self.values.__getitem__, scalars)
        self.graph.lacking = {k for k, v in self.values.items() if np.isnan(v).any()}
        self.translator = Translator(
            self.graph, self.places.__getitem__, self._allot, self._answer,
            lambda node: number_text(node.data),
        )  # fmt: skip

    def _take(self) -> Row:
        self.next += 1
        return Row(SHEET, self.next - 1)

    def _allot(self, node: Node, annual: bool) -> Row | Cell:
        row = self._take()
        return Cell(row) if node.scalar else row

    def _answer(self, node: Node) -> Cell:
        flows = node.args[0]
        if flows.id not in self.blocks:
            place = self.places[flows.data]
            assert isinstance(place, Row)
            self.blocks[flows.id] = Block(
                len(self.blocks), place, self.values[flows.data][:, 0], "flows"
            )
        block = self.blocks[flows.id]
        return block.count if node.op == "count_roots" else block.only

    def add(self, formula: Any) -> Row:
        """Write the cells of a formula; returns their row."""
        (root,) = self.graph.roots([formula], {})
        row = self._take()
        where: Row | Cell = Cell(row) if root.scalar else row
        self._put(row, root, self.translator.formula(root, where))
        for node, at, _ in self.translator.steps():
            place = at.place if isinstance(at, Cell) else at
            self._put(place, node, self.translator.formula(node, at))
            if node.op == "opened":
                opening = self.grid.formula(self.translator.opening(node), SHEET)
                self.cells.append((place.row, self.grid.first_quarter - 1, opening))
        return row

    def _put(self, row: Row, node: Node, pieces: tuple[Any, ...]) -> None:
        if node.scalar:
            self.cells.append((row.row, At.VALUE, self.grid.formula(pieces, SHEET)))
            return
        for at, text in enumerate(self.grid.formulas(pieces, SHEET)):
            self.cells.append((row.row, self.grid.quarter(at), text))

    def computed(self, folder: Path) -> dict[str, list[list[float | str]]]:
        """The values after formualizer has computed them; every cached value is wrong."""
        import xlsxwriter

        stream = io.BytesIO()
        workbook = xlsxwriter.Workbook(stream)
        sheet, rates = workbook.add_worksheet(SHEET), workbook.add_worksheet(Tab.RATES)
        for row, at, value in self.cells:
            if isinstance(value, str):
                sheet.write_formula(row, at, value, None, -12345.5)
            else:
                sheet.write_number(row, at, value)
        last = 0
        if self.blocks:
            ahead, behind = (self.places[name, ""] for name in ("quarter_index", "behind"))
            assert isinstance(ahead, Row)
            assert isinstance(behind, Row)
            for name, row in (("ahead", ahead), ("behind", behind)):
                workbook.define_name(name, f"={self.grid.whole(row)}")
            for name in ("farthest", "near_zero"):
                workbook.define_name(name, f"={TABLES['named'][name][0]!r}")
        for block in self.blocks.values():
            workbook.define_name(block.name, f"={self.grid.whole(block.flows, '')}")
            for item in block.cells():
                last = max(last, item.row)
                if item.formula:
                    rates.write_formula(item.row, item.column, item.formula, None, -12345.5)
                elif isinstance(item.value, str):
                    rates.write_string(item.row, item.column, item.value)
                else:
                    rates.write_number(item.row, item.column, item.value)
        workbook.close()
        path = folder / "forms.xlsx"
        path.write_bytes(stream.getvalue())
        sizes = {SHEET: (self.next + 1, self.grid.last_column + 1)}
        if self.blocks:
            sizes[Tab.RATES] = (last + 1, WIDTH * len(self.blocks))
        return {
            name: [list(row) for row in rows] for name, rows in formualized(path, sizes).items()
        }


def _row(name: str) -> Any:
    return Symbol.row(name, DIMENSIONLESS)


RNG = np.random.default_rng(3)
A, B = RNG.normal(size=HEIGHT) * 100, RNG.normal(size=HEIGHT)
ZEROS = np.where(INDEX % 3 == 0, 0.0, A)
REPORTED = np.where(INDEX < 9, 50.0 + INDEX, np.nan)
LATE = np.where((INDEX > 1) & (INDEX < 9), 50.0 + INDEX, np.nan)


def _quarters(number: float) -> Quantity:
    return Quantity(number, QUARTERS)


def _straight(rows: Any) -> Any:
    """Says the same running sum twice, as lines do."""
    rate = rows["a"] / (rows["part"] / _quarters(1))
    again = rows["a"] / (rows["part"] / _quarters(1))
    return primitives.running_sum(rate) - primitives.lag(
        primitives.running_sum(again), rows["part"]
    )


def _scan(rows: Any) -> Any:
    def step(before: Any, now: Any) -> Any:
        paid = np.minimum(before[0] + now[0], 20)
        left = np.where(paid > 0, before[0] + now[0] - paid, before[0] * 2)
        other = before[1] + before[0]
        return left, other, paid

    left, other, paid = scan(step, (rows["start"], 1.0), (rows["a"],))
    return left + 2 * other - paid


FORMS: dict[str, Any] = {
    "arithmetic": lambda r: (r["a"] + r["b"]) * (r["a"] - r["b"]) / (2 + r["b"] * r["b"]),
    "minus and power": lambda r: -(((2 + np.absolute(r["b"])) ** (r["k"] - 1)) ** 2),
    "power of a negative exponent": lambda r: (2 + np.absolute(r["b"])) ** (-r["k"]),
    "nested differences": lambda r: r["a"] - (r["b"] - (r["a"] - r["k"])),
    "nested quotients": lambda r: r["a"] / (r["k"] / (2 + r["k"])),
    "negated sum": lambda r: -(r["a"] + r["b"]) - -r["a"],
    "functions": lambda r: np.exp(r["b"]) + np.log(1 + r["b"] * r["b"]),
    "rounding": lambda r: np.floor(np.absolute(r["a"])) + np.ceil(np.absolute(r["a"])),
    "where": lambda r: np.where(r["a"] > r["b"], r["a"], np.where(r["b"] <= 0, 1, r["k"])),
    "conditions as numbers": lambda r: (r["a"] > 0) * r["b"] + (r["a"] <= 0) * 2,
    "and, or": lambda r: np.where(
        np.logical_or(np.logical_and(r["a"] > 0, r["b"] > 0), np.equal(r["zeros"], 0)), 1, 2
    ),
    "switch as condition": lambda r: np.where(r["zeros"], r["a"], r["b"]),
    "ratio": lambda r: primitives.ratio(r["a"], r["zeros"]),
    "ratio of sums": lambda r: primitives.ratio(r["a"] - r["b"], r["zeros"] - r["zeros"]),
    "running sum": lambda r: primitives.running_sum(r["a"] * r["b"]),
    "fixed lag": lambda r: primitives.lag(r["a"], _quarters(4)),
    "fixed part lag": lambda r: primitives.lag(r["a"], _quarters(2.25)) + r["b"],
    "lag by a life": lambda r: primitives.lag(r["a"] + r["b"], r["life"]),
    "lag by a part life": lambda r: primitives.lag(r["a"], r["part"]),
    "no lag": lambda r: primitives.lag(r["a"], r["none"]),
    "lag beyond the end": lambda r: primitives.lag(r["a"], r["long"]),
    "straight line": lambda r: _straight(r),
    "sum": lambda r: primitives.sum_to_date(r["a"] * r["b"]) + r["a"],
    "year sum": lambda r: r["a"] / primitives.year_sum(r["b"] * r["b"]),
    "year to date": lambda r: primitives.year_to_date(r["a"]),
    "splice": lambda r: primitives.splice(r["reported"], r["a"]),
    "splice of a formula": lambda r: primitives.splice(r["reported"] / r["k"], r["a"]),
    "grow": lambda r: primitives.grow(r["reported"], r["b"] / 100),
    "grow from a late start": lambda r: primitives.grow(r["late"], r["k"]),
    "value at": lambda r: primitives.value_at(r["a"], r["life"]) + r["a"],
    "value at the horizon": lambda r: primitives.value_at(r["a"], _quarters(1e6)),
    "value before the start": lambda r: primitives.value_at(r["a"], r["none"] - _quarters(3)),
    "scan": _scan,
    "lowest": lambda r: intrinsics.lowest(r["a"]) + intrinsics.lowest_at(r["a"]) / _quarters(1),
    "never below": lambda r: (
        intrinsics.never_below(r["a"]) + 10 * intrinsics.never_below(r["a"] * r["a"])
    ),
}
ROWS: dict[str, Array | float] = {
    "a": A, "b": B, "zeros": ZEROS, "reported": REPORTED, "late": LATE,
    "k": 3.0, "life": 5.0, "part": 6.625, "none": 0.0, "long": 400.0, "start": 7.0,
}  # fmt: skip
_DATES = frozenset({"life", "part", "none", "long"})


def _symbols() -> dict[str, Any]:
    return {name: Symbol.row(name, QUARTERS if name in _DATES else DIMENSIONLESS) for name in ROWS}


def _arrays() -> dict[str, Any]:
    return {
        name: np.atleast_1d(np.asarray(value, dtype=np.float64))[:, None]
        for name, value in ROWS.items()
    }


def test_every_operation_is_what_numpy_says(tmp_path: Path) -> None:
    sheet = Sheet(ROWS)
    symbols = _symbols()
    arrays = _arrays()
    places = {name: sheet.add(form(symbols)) for name, form in FORMS.items()}
    cells = sheet.computed(tmp_path)[SHEET]
    for name, form in FORMS.items():
        want = np.atleast_2d(np.asarray(form(arrays), dtype=np.float64))[:, 0]
        row = cells[places[name].row]
        first = sheet.grid.first_quarter
        got = [row[At.VALUE]] if len(want) == 1 else row[first : first + HEIGHT]
        np.testing.assert_allclose(
            np.array(got, dtype=np.float64), want, rtol=1e-11, atol=1e-11, err_msg=name
        )


def test_equal_parts_of_formulas_are_written_once() -> None:
    sheet = Sheet(ROWS)
    before = len({row for row, _, _ in sheet.cells})
    sheet.add(_straight(_symbols()))
    rows = {row for row, _, _ in sheet.cells}
    # the formula, one running sum (not two), whole and part of the lag, places of two quarters
    assert len(rows) - before == 6


@pytest.mark.parametrize(
    ("balance", "want"),
    [
        ([-5.0, -10.0, -4.0, 6.0, 8.0], 3.4),
        ([-5.0, 3.0, -4.0, 4.0, 8.0], 3.5),
        ([-5.0, -1.0, -1.0, -2.0, -3.0], None),
        ([5.0, 6.0, 7.0, 8.0, 9.0], None),
        ([-5.0, 3.0, 4.0, 5.0, -1.0], None),
        ([-5.0, 0.0, 0.0, 0.0, 0.0], 2.0),
    ],
)
def test_payback_is_the_last_crossing_or_none(
    balance: list[float], want: float | None, tmp_path: Path
) -> None:
    row = np.array([*balance, *([balance[-1]] * (HEIGHT - 5))])
    sheet = Sheet({"balance": row, "start": 0.0})
    place = sheet.add(intrinsics.last_upward_crossing(_row("balance"), _row("start")))
    numpy = intrinsics.last_upward_crossing(row[:, None], np.zeros((1, 1)))[0, 0]
    got = sheet.computed(tmp_path)[SHEET][place.row][At.VALUE]
    assert (got == "none") == bool(np.isnan(numpy)) == (want is None)
    if want is not None:
        assert got == pytest.approx(want, rel=1e-12)
        assert numpy == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("last", [3.0, -1.0])
def test_a_lasting_turn_or_none(last: float, tmp_path: Path) -> None:
    row = np.array([1.0, -2.0, 3.0, *([2.0] * (HEIGHT - 4)), last])
    sheet = Sheet({"x": row, "start": 1.0})
    place = sheet.add(intrinsics.first_lasting(_row("x"), _row("start")))
    numpy = intrinsics.first_lasting(row[:, None], np.ones((1, 1)))[0, 0]
    got = sheet.computed(tmp_path)[SHEET][place.row][At.VALUE]
    assert got == ("none" if np.isnan(numpy) else numpy)


FLOWS: dict[str, list[float]] = {
    "one": [-100.0, 20.0, 30.0, 40.0, 50.0],
    "one, huge": [-100e12, 20e12, 30e12, 40e12, 50e12],
    "one, deep loss": [-100.0, 1.0, 0.5, 0.1],
    "one, very high": [-1.0, 900.0],
    "one, close to zero": [-100.0, 50.0, 50.000001],
    "none": [-100.0, 0.0, -5.0],
    "nothing": [0.0],
    "two": [-100.0, 230.0, -132.0],
    "three": [-1000.0, 3600.0, -4310.0, 1716.0],
    # In one interval of the grid: 2 and 3 % a quarter; the same and 20 %; the same below zero.
    "two, close": [-1.0, 2.05, -1.0506],
    "two close and one": [-1.0, 3.25, -3.5106, 1.26072],
    "two, close, losses": [-1.0, 1.95, -0.9506],
    "nearly two": [-1.0, 2.05, -1.0507],
    "two pairs": [-1.0, 4.15, -6.45681, 4.463441, -1.156710555],
}


@pytest.mark.parametrize("name", FLOWS)
def test_rates_of_return_are_all_found(name: str, tmp_path: Path) -> None:
    """One rate is the answer, none and several have none, and each rate is listed."""
    flows = np.array([*FLOWS[name], *([0.0] * (HEIGHT - len(FLOWS[name])))])
    sheet = Sheet({"flows": flows})
    rate = sheet.add(intrinsics.internal_rate(_row("flows")) * 1.0)
    number = sheet.add(intrinsics.count_roots(_row("flows")))
    cells = sheet.computed(tmp_path)
    want = intrinsics.internal_rate(flows[:, None])[0, 0]
    roots = intrinsics.real_roots(flows)
    count = int(intrinsics.count_roots(flows[:, None])[0, 0])
    assert cells[SHEET][number.row][At.VALUE] == count == len(roots)
    got = cells[SHEET][rate.row][At.VALUE]
    if count == 1:
        assert got == pytest.approx(want, rel=1e-9)
        assert got == pytest.approx(roots[0], rel=1e-9)
    else:
        assert got == "none"
    block = next(iter(sheet.blocks.values()))
    listed = [cells[Tab.RATES][block.found(at).row][block.found(at).column] for at in range(MOST)]
    assert listed[:count] == pytest.approx(roots, rel=1e-9)
    assert listed[count:] == ["none"] * (MOST - count)
    assert HALVINGS >= 50


def test_the_values_shown_before_a_recalculation_are_those_of_the_search(tmp_path: Path) -> None:
    flows = np.array([-1000.0, 3600.0, -4310.0, 1716.0, *([0.0] * (HEIGHT - 4))])
    sheet = Sheet({"flows": flows})
    sheet.add(intrinsics.count_roots(_row("flows")))
    cells = sheet.computed(tmp_path)[Tab.RATES]
    for item in next(iter(sheet.blocks.values())).cells():
        got = cells[item.row][item.column]
        if isinstance(item.value, float) and item.row != 0:
            searched = item.row > 112 and item.column in (6, 7)
            if searched or item.column == 9:
                continue  # what is left of a difference near a root, where a value is noise
            assert got == pytest.approx(item.value, rel=1e-7, abs=1e-9), item
        else:
            assert got == item.value


def test_what_has_no_form_is_refused_with_the_reason() -> None:
    sheet = Sheet(ROWS)
    unknown = Symbol("arctan", (_row("a"),), DIMENSIONLESS)
    with pytest.raises(ModelError, match=r"no Excel form.*arctan"):
        sheet.add(unknown)


def test_a_comparison_of_what_may_be_missing_is_refused() -> None:
    sheet = Sheet({"balance": A, "start": 0.0})
    payback = intrinsics.last_upward_crossing(_row("balance"), _row("start"))
    with pytest.raises(ModelError, match="may have no answer"):
        sheet.add(np.where(payback > _quarters(2), 1, 0))


def test_arithmetic_on_a_missing_answer_is_none_too(tmp_path: Path) -> None:
    sheet = Sheet({"balance": -np.ones(HEIGHT), "start": 0.0})
    payback = intrinsics.last_upward_crossing(_row("balance"), _row("start"))
    place = sheet.add((payback + _quarters(1)) * 2)
    assert sheet.computed(tmp_path)[SHEET][place.row][At.VALUE] == "none"


def test_ranges_are_fixed_and_references_move() -> None:
    grid = Grid(TIMELINE)
    place = Row("With", 9)
    assert grid.formulas((Range(place),), "With")[0] == grid.formulas((Range(place),), "With")[7]
