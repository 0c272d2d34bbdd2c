"""What the engine's functions of time promise, for any rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from jcurve.engine import primitives as p
from jcurve.engine.scan import scan
from jcurve.engine.symbol import Symbol
from jcurve.ground.errors import ModelError
from jcurve.ground.units import DIMENSIONLESS, QUARTERS, USD_M, YEARS, Quantity
from tests.counts import count

QUARTER_COUNT = 16
EXAMPLES = settings(max_examples=count("property_examples"), deadline=None)

amounts = st.floats(-1e6, 1e6, allow_subnormal=False)


def rows(width: int | None = None) -> st.SearchStrategy[np.ndarray]:
    widths = st.integers(1, 5) if width is None else st.just(width)
    return widths.flatmap(lambda w: arrays.arrays(np.float64, (QUARTER_COUNT, w), elements=amounts))


class TestLag:
    @EXAMPLES
    @given(rows(), st.floats(0, QUARTER_COUNT / 2))
    def test_conserves_what_arrives_inside_the_horizon(self, x: np.ndarray, delay: float) -> None:
        x = x.copy()
        x[QUARTER_COUNT - int(np.ceil(delay)) :] = 0.0
        np.testing.assert_allclose(p.lag(x, delay).sum(axis=0), x.sum(axis=0), atol=1e-6 * 1e6)

    @EXAMPLES
    @given(rows(), st.floats(0, QUARTER_COUNT + 3))
    def test_a_fraction_lies_between_its_neighbours(self, x: np.ndarray, delay: float) -> None:
        near, far = p.lag(x, np.floor(delay)), p.lag(x, np.ceil(delay))
        found = p.lag(x, delay)
        slack = 1e-9 * (1 + np.abs(near) + np.abs(far))
        assert (found >= np.minimum(near, far) - slack).all()
        assert (found <= np.maximum(near, far) + slack).all()

    @EXAMPLES
    @given(
        rows(5),
        arrays.arrays(np.float64, (1, 5), elements=st.floats(0, QUARTER_COUNT + 3)),
    )
    def test_each_scenario_has_its_own_delay(self, x: np.ndarray, delays: np.ndarray) -> None:
        together = p.lag(x, delays)
        for column in range(5):
            alone = p.lag(x[:, column : column + 1], delays[:, column : column + 1])
            assert np.array_equal(together[:, column], alone[:, 0])

    @EXAMPLES
    @given(
        rows(1),
        arrays.arrays(np.float64, (1, 4), elements=st.floats(0, QUARTER_COUNT + 3)),
    )
    def test_one_row_under_many_delays(self, x: np.ndarray, delays: np.ndarray) -> None:
        together = p.lag(x, delays)
        for column in range(4):
            alone = p.lag(x, delays[:, column : column + 1])
            assert np.array_equal(together[:, column], alone[:, 0])

    def test_nothing_comes_before_the_first_quarter(self) -> None:
        x = np.ones((QUARTER_COUNT, 1))
        assert p.lag(x, 3.0)[:3].sum() == 0.0
        assert p.lag(x, 1e9).sum() == 0.0

    def test_a_row_that_does_not_move_may_be_the_delay(self) -> None:
        x = np.arange(float(QUARTER_COUNT))[:, None]
        constant = np.broadcast_to(np.array([[2.0]]), x.shape)
        assert np.array_equal(p.lag(x, constant), p.lag(x, 2.0))
        assert np.array_equal(p.lag(x, constant.copy()), p.lag(x, 2.0))

    @pytest.mark.parametrize(
        ("x", "delay", "message"),
        [
            (np.ones((QUARTER_COUNT, 1)), -0.5, "a lag is negative; received -0.5"),
            (np.ones((1, 1)), 1.0, "lag needs a row over time; received (1, 1)"),
            (
                np.ones((QUARTER_COUNT, 1)),
                np.arange(float(QUARTER_COUNT))[:, None],
                "a lag moves with time",
            ),
        ],
    )
    def test_refuses(self, x: np.ndarray, delay: object, message: str) -> None:
        with pytest.raises(ModelError) as caught:
            p.lag(x, delay)
        assert str(caught.value).startswith(message)


class TestSums:
    @EXAMPLES
    @given(rows(3))
    def test_do_not_depend_on_the_batch(self, x: np.ndarray) -> None:
        for function in (p.sum_to_date, p.year_sum, p.year_to_date, p.running_sum):
            together = function(x)
            for column in range(3):
                alone = function(np.ascontiguousarray(x[:, column : column + 1]))
                assert np.array_equal(together[:, column], alone[:, 0])

    @EXAMPLES
    @given(rows())
    def test_agree_with_one_another(self, x: np.ndarray) -> None:
        to_date = p.running_sum(x)
        assert np.array_equal(to_date[-1:], p.sum_to_date(x))
        year = p.year_sum(x)
        assert np.array_equal(year[3::4], p.year_to_date(x)[3::4])
        assert np.array_equal(year[0::4], year[3::4])
        np.testing.assert_allclose(year[3::4].sum(axis=0), x.sum(axis=0), atol=1e-6)

    def test_a_broadcast_row_sums_like_its_copy(self) -> None:
        flat = np.broadcast_to(np.array([[0.1, 0.3]]), (QUARTER_COUNT, 2))
        assert np.array_equal(p.sum_to_date(flat), p.sum_to_date(flat.copy()))

    @EXAMPLES
    @given(rows(2), rows(2), rows(2))
    def test_total_leaves_its_members_alone(
        self, a: np.ndarray, b: np.ndarray, c: np.ndarray
    ) -> None:
        before = [m.copy() for m in (a, b, c)]
        assert np.array_equal(p.total({"a": a, "b": b, "c": c}), a + b + c)
        assert all(np.array_equal(m, n) for m, n in zip((a, b, c), before, strict=True))


class TestHistory:
    def test_a_fact_wins_over_what_is_computed(self) -> None:
        reported = np.full((8, 1), np.nan)
        reported[:3, 0] = (5.0, 6.0, 7.0)
        computed = np.ones((8, 2))
        assert p.splice(reported, computed)[:4, 1].tolist() == [5.0, 6.0, 7.0, 1.0]

    def test_a_gap_inside_history_is_refused(self) -> None:
        reported = np.full((8, 1), np.nan)
        reported[[1, 2, 4], 0] = 1.0
        with pytest.raises(ModelError) as caught:
            p.splice(reported, np.zeros((8, 1)))
        assert str(caught.value) == (
            "splice meets a gap inside history; received 'no fact at quarter index 3'; "
            "allowed: facts without gaps; a data rule may fill one"
        )

    @EXAMPLES
    @given(
        st.integers(4, QUARTER_COUNT - 1),
        arrays.arrays(np.float64, (QUARTER_COUNT, 2), elements=st.floats(-0.9, 2.0)),
    )
    def test_growth_is_on_the_same_quarter_a_year_before(
        self, known: int, growth: np.ndarray
    ) -> None:
        reported = np.full((QUARTER_COUNT, 1), np.nan)
        reported[:known, 0] = 100.0 + np.arange(known)
        path = p.grow(reported, growth)
        assert np.array_equal(path[:known, 0], reported[:known, 0])
        for quarter in range(known, QUARTER_COUNT):
            expected = path[quarter - 4] * (1.0 + growth[quarter])
            assert np.array_equal(path[quarter], expected)

    def test_no_growth_is_no_step(self) -> None:
        reported = np.full((QUARTER_COUNT, 1), np.nan)
        reported[2:7] = 50.0
        path = p.grow(reported, np.zeros((1, 3)))
        assert path[:2].sum() == 0.0
        assert (path[2:] == 50.0).all()

    def test_growth_needs_a_year(self) -> None:
        reported = np.full((QUARTER_COUNT, 1), np.nan)
        reported[2:5] = 50.0
        with pytest.raises(ModelError, match="growth needs four reported quarters"):
            p.grow(reported, np.zeros((1, 1)))


class TestRatio:
    @EXAMPLES
    @given(rows(2), rows(2))
    def test_is_zero_over_zero_and_division_elsewhere(self, x: np.ndarray, y: np.ndarray) -> None:
        y = np.where(np.abs(y) < 1e-3, 1.0, y)
        y[::3] = 0.0
        found = p.ratio(x, y)
        assert (found[::3] == 0.0).all()
        expected = [a / b for a, b in zip(x.flat, y.flat, strict=True) if b]
        assert found[y != 0.0].tolist() == expected


class TestValueAt:
    def test_takes_the_nearest_end_outside_the_timeline(self) -> None:
        x = np.arange(8.0)[:, None]
        dates = np.array([[-5.0, 0.0, 3.0, 99.0]])
        assert p.value_at(x, dates).tolist() == [[0.0, 0.0, 3.0, 7.0]]
        assert p.value_at(x, 99.0).tolist() == [[7.0]]


def _balance(before: tuple[np.ndarray, ...], now: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    (balance,), (flow, cap) = before, now
    closing = np.minimum(balance * 0.9 + flow, cap)
    return closing, closing - balance


class TestScan:
    @EXAMPLES
    @given(rows(3), arrays.arrays(np.float64, (1, 3), elements=amounts))
    def test_equals_a_loop(self, flow: np.ndarray, start: np.ndarray) -> None:
        cap = np.full((1, 1), 1e5)
        balances, changes = scan(_balance, (start,), (flow, cap))
        state = start[0]
        for quarter in range(QUARTER_COUNT):
            closing = np.minimum(state * 0.9 + flow[quarter], 1e5)
            assert np.array_equal(balances[quarter], closing)
            assert np.array_equal(changes[quarter], closing - state)
            state = closing

    @EXAMPLES
    @given(rows(3), arrays.arrays(np.float64, (1, 3), elements=amounts))
    def test_does_not_depend_on_the_batch(self, flow: np.ndarray, start: np.ndarray) -> None:
        cap = np.full((1, 1), 1e5)
        together = scan(_balance, (start,), (flow, cap))[0]
        for column in range(3):
            here = slice(column, column + 1)
            alone = scan(_balance, (start[:, here],), (flow[:, here], cap))[0]
            assert np.array_equal(together[:, here], alone)


class TestSymbols:
    ROW = Symbol.row("amount", USD_M)

    @pytest.mark.parametrize(
        ("formula", "unit"),
        [
            (p.lag(ROW, Quantity(1.0, QUARTERS)), "USD m"),
            (p.running_sum(ROW), "USD m"),
            (p.sum_to_date(ROW), "USD m"),
            (p.year_sum(ROW), "USD m"),
            (p.year_to_date(ROW), "USD m"),
            (p.grow(ROW, 0.1), "USD m"),
            (p.splice(ROW, ROW), "USD m"),
            (p.ratio(ROW, ROW), "1"),
            (p.value_at(ROW, 3 * Quantity(1.0, QUARTERS)), "USD m"),
            (p.total({"a": ROW, "b": ROW}), "USD m"),
        ],
    )
    def test_carry_the_unit(self, formula: Symbol, unit: str) -> None:
        assert formula.unit.name == unit

    def test_refuse_a_lag_in_years(self) -> None:
        with pytest.raises(ModelError, match="a lag is not in quarters"):
            p.lag(self.ROW, Quantity(1.0, YEARS))

    def test_a_constant_keeps_its_unit_through_products(self) -> None:
        two = 2 * Quantity(1.0, QUARTERS)
        assert (two, two.unit) == (2.0, QUARTERS)
        assert (two / two).unit.agrees(DIMENSIONLESS)
        assert (1 / two).unit.agrees(DIMENSIONLESS.times(QUARTERS, -1))
