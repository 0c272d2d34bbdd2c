"""Everything that ages: conservation, and the closed form against a vintage-by-vintage sum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcurve.engine.primitives import Span, cut, in_spans, lag
from jcurve.lines.vintages import in_service, spread, straight_line
from tests.counts import count
from tests.oracle.depreciation import depreciation_by_vintage

QUARTERS = 60
INDEX = np.arange(QUARTERS, dtype=np.float64)[:, None]
costs = st.lists(st.floats(0.0, 1e5), min_size=QUARTERS, max_size=QUARTERS)
# To a millionth of a quarter: where a change leaves a vintage less life than that, the rate of
# the rest exceeds what the closed form can take back without losing digits.
lives = st.floats(4.0, 24.0).map(lambda life: round(life, 6))
ORACLE = settings(max_examples=count("depreciation_oracle"), deadline=None)


def _charge(
    placed: list[float],
    life: float,
    changes: list[tuple[int, float]],
    share: float = 0.0,
    age: int = 40,
) -> tuple[np.ndarray, np.ndarray]:
    slots = {str(i): np.array([[float(date)]]) for i, (date, _) in enumerate(changes)}
    new = {str(i): np.array([[value]]) for i, (_, value) in enumerate(changes)}
    made = straight_line(
        np.array(placed)[:, None], np.array([[life]]), slots, new, INDEX,
        np.array([[share]]), np.array([[float(age)]]),
    )  # fmt: skip
    return made.depreciation[:, 0], (made.catch_up + made.write_off)[:, 0]


@ORACLE
@given(costs, lives)
def test_one_life_equals_the_sum_over_vintages(placed: list[float], life: float) -> None:
    scheduled, written_off = _charge(placed, life, [])
    slow, _ = depreciation_by_vintage(placed, life)
    np.testing.assert_allclose(scheduled, slow, rtol=1e-9, atol=1e-6)
    assert not written_off.any()


@ORACLE
@given(
    costs,
    lives,
    st.lists(st.tuples(st.integers(4, QUARTERS - 4), lives), min_size=1, max_size=4).map(sorted),
)
def test_changes_of_life_equal_the_sum_over_vintages(
    placed: list[float], life: float, changes: list[tuple[int, float]]
) -> None:
    dates = [date for date, _ in changes]
    if len(set(dates)) < len(dates):
        changes = [changes[0]]
    scheduled, written_off = _charge(placed, life, changes)
    slow, slow_off = depreciation_by_vintage(placed, life, changes)
    scale = max(1.0, max(placed))
    np.testing.assert_allclose(scheduled, slow, rtol=1e-9, atol=1e-9 * scale * QUARTERS)
    np.testing.assert_allclose(written_off, slow_off, rtol=1e-9, atol=1e-9 * scale * QUARTERS)


@ORACLE
@given(costs, st.integers(4, 24), st.floats(0.0, 1.0), st.integers(1, 20))
def test_early_retirement_equals_the_sum_over_vintages(
    placed: list[float], life: int, share: float, age: int
) -> None:
    scheduled, written_off = _charge(placed, float(life), [], share, age)
    slow, slow_off = depreciation_by_vintage(placed, life, (), share, age)
    np.testing.assert_allclose(scheduled, slow, rtol=1e-9, atol=1e-5)
    np.testing.assert_allclose(written_off, slow_off, rtol=1e-9, atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [[], [(20, 18.0), (22, 20.0), (30, 22.0)], [(25, 8.0)], [(10, 24.0), (40, 6.0)]],
    ids=["none", "as Meta lengthened", "shortened", "there and back"],
)
def test_total_depreciation_equals_cost_and_book_value_is_never_negative(
    changes: list[tuple[int, float]],
) -> None:
    placed = [100.0 * (1 + quarter % 5) for quarter in range(24)] + [0.0] * (QUARTERS - 24)
    scheduled, written_off = _charge(placed, 16.0, changes)
    book = np.cumsum(np.array(placed) - scheduled - written_off)
    assert book.min() >= -1e-6
    assert abs(book[-1]) < 1e-6


def test_a_shortened_life_has_its_catch_up_in_its_first_quarter() -> None:
    placed = [100.0] + [0.0] * (QUARTERS - 1)
    scheduled, written_off = _charge(placed, 20.0, [(12, 10.0)])
    assert written_off[12] == pytest.approx(40.0)
    assert scheduled[12:].sum() == 0.0


def test_several_scenarios_at_once_equal_each_alone() -> None:
    placed = np.linspace(10.0, 200.0, QUARTERS)[:, None]
    life = np.array([[16.0, 18.5, 22.0]])
    dates = {"1": np.array([[20.0, 24.0, 9999.0]])}
    new = {"1": np.array([[22.0, 12.0, 22.0]])}
    share, age = np.array([[0.0, 0.1, 0.2]]), np.array([[12.0, 12.0, 8.0]])
    together = straight_line(placed, life, dates, new, INDEX, share, age)
    for column in range(3):
        alone = straight_line(
            placed, life[:, [column]], {"1": dates["1"][:, [column]]},
            {"1": new["1"][:, [column]]}, INDEX, share[:, [column]], age[:, [column]],
        )  # fmt: skip
        np.testing.assert_allclose(together.depreciation[:, column], alone.depreciation[:, 0])
        np.testing.assert_allclose(together.write_off[:, column], alone.write_off[:, 0])


@ORACLE
@given(costs, st.floats(0.0, 12.0))
def test_spreading_conserves_and_never_comes_early(placed: list[float], mean_lag: float) -> None:
    amount = np.array(placed)[:, None]
    amount[QUARTERS // 2 :] = 0.0
    felt = spread(amount, np.array([[mean_lag]]))
    assert felt.sum() == pytest.approx(amount.sum(), rel=1e-9, abs=1e-6)
    scale = max(1.0, amount.sum())
    assert (np.cumsum(felt) <= np.cumsum(amount) + 1e-9 * scale).all()


def test_spread_has_the_mean_lag_asked_for() -> None:
    amount = np.zeros((QUARTERS, 1))
    amount[3] = 1.0
    felt = spread(amount, np.array([[6.0]]))[:, 0]
    assert (felt * (np.arange(QUARTERS) - 3)).sum() == pytest.approx(6.0)


def test_what_is_retired_is_gone() -> None:
    placed = np.zeros((QUARTERS, 1))
    placed[5] = 10.0
    life, none, age = np.array([[20.0]]), np.array([[0.0]]), np.array([[8.0]])
    running = in_service(placed, life, none, age)[:, 0]
    assert running[4] == 0.0
    # Evenly over the year about the life of twenty quarters, which it serves in all.
    assert running[5] == running[22] == 10.0
    assert running[23:27].tolist() == [8.75, 6.25, 3.75, 1.25]
    assert running[27] == 0.0
    assert running.sum() == 200.0
    early = in_service(placed, life, np.array([[0.3]]), age)[:, 0]
    assert early[5] == early[12] == 10.0
    assert early[13] == early[22] == 7.0
    assert early[27] == 0.0
    late = in_service(placed, life, np.array([[0.3]]), np.array([[30.0]]))[:, 0]
    assert (late == running).all()


@given(
    costs,
    st.lists(
        st.tuples(st.integers(4, QUARTERS - 4), lives, st.floats(0, 1)), min_size=2, max_size=4
    ),
)
@settings(max_examples=count("property_examples"), deadline=None)
def test_scenarios_with_their_own_dates_equal_each_alone(
    placed: list[float], several: list[tuple[int, float, float]]
) -> None:
    """Dates that differ take another way through the calculation, to the same digits."""
    cost = np.array(placed)[:, None]
    dates, new, shares = (
        np.array([list(each)], dtype=np.float64) for each in zip(*several, strict=True)
    )
    age = np.array([[9.0]])
    together = straight_line(
        np.broadcast_to(cost, (QUARTERS, len(several))).copy(), np.array([[16.0]]),
        {"1": dates}, {"1": new}, INDEX, shares, age,
    )  # fmt: skip
    for at in range(len(several)):
        one = slice(at, at + 1)
        alone = straight_line(
            cost, np.array([[16.0]]), {"1": dates[:, one]}, {"1": new[:, one]}, INDEX,
            shares[:, one], age,
        )  # fmt: skip
        for whole, single in zip(together, alone, strict=True):
            wide = np.broadcast_to(whole, (QUARTERS, len(several)))
            np.testing.assert_array_equal(wide[:, one], single)


Array = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class TestSpans:
    ROW = np.arange(1.0, 13.0)[:, None]
    INDEX = np.arange(12.0)[:, None]

    def among(self, *dates: tuple[object, object], scale: object = 1.0) -> Array:
        spans = [
            Span(np.atleast_2d(since), np.atleast_2d(until), np.atleast_2d(scale), (self.ROW,))
            for since, until in dates
        ]
        (found,) = in_spans(self.compute, spans, self.INDEX, outputs=1)
        return np.asarray(found)

    def compute(self, scale: Array, row: Array, span: slice | None) -> tuple[Array]:
        self.seen = len(row)
        return (scale * cut(np.cumsum(row, axis=0), span),)

    def test_is_zero_outside_and_blind_to_what_comes_later(self) -> None:
        found = self.among((5, 8))
        assert self.seen == 8
        expected = np.cumsum(self.ROW, axis=0)
        expected[:5] = 0
        expected[8:] = 0
        np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize(("since", "until"), [(7, 3), (5, 5), (20, 30), (-9, -2)])
    def test_of_an_empty_span_is_nothing(self, since: int, until: int) -> None:
        assert not self.among((since, until)).any()

    def test_adds_where_spans_meet(self) -> None:
        one, two = self.among((2, 8)), self.among((5, 11))
        np.testing.assert_array_equal(self.among((2, 8), (5, 11)), one + two)

    def test_is_not_asked_where_nothing_is_left(self) -> None:
        self.seen = 0
        assert not self.among((5, 8), scale=0.0).any()
        assert self.seen == 0

    def test_takes_each_scenario_by_its_own_dates(self) -> None:
        since, until = np.array([[0.0, 3.0]]), np.array([[2.0, 99.0]])
        found = self.among((since, until))
        for at in (0, 1):
            one = slice(at, at + 1)
            np.testing.assert_array_equal(found[:, one], self.among((since[:, one], until[:, one])))


@pytest.mark.parametrize("delay", [0.0, 2.0, 2.5, 7.0, 30.0])
@pytest.mark.parametrize("span", [slice(0, 12), slice(3, 9), slice(8, 9)])
def test_a_lag_of_some_quarters_is_those_of_the_whole(delay: float, span: slice) -> None:
    row = np.random.default_rng(7).random((12, 3))
    for quarters in (np.array([[delay]]), np.array([[delay, 1.0, 4.25]])):
        np.testing.assert_array_equal(lag(row, quarters, span), lag(row, quarters)[span])
