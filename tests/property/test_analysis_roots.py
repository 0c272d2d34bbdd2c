"""Crossings: every change of sign, to the last digits, jumps and gaps told apart."""

from __future__ import annotations

import numpy as np
import pytest

from jcurve.analysis.roots import crossings, scan_points


def found(function, low: float, high: float, **more):  # type: ignore[no-untyped-def]
    return crossings(lambda x, lane: function(x), scan_points(low, high), **more)[0]


class TestCrossings:
    def test_one_root_to_the_last_digits(self) -> None:
        (one,) = found(lambda x: x**3 - 2.0, 0.0, 10.0)
        assert one.at == pytest.approx(2.0 ** (1.0 / 3.0), rel=1e-14)
        assert one.rises
        assert not one.jumps
        assert one.measure >= 0.0

    def test_every_root_in_order(self) -> None:
        roots = found(lambda x: (x - 1.0) * (x - 4.0) * (x - 9.0), 0.0, 10.0)
        assert [each.at for each in roots] == pytest.approx([1.0, 4.0, 9.0], rel=1e-13)
        assert [each.rises for each in roots] == [True, False, True]

    def test_a_small_root_in_a_wide_interval(self) -> None:
        (one,) = found(lambda x: x - 0.5, 0.0, 1e6)
        assert one.at == pytest.approx(0.5, rel=1e-9)

    def test_none(self) -> None:
        assert found(lambda x: x * x + 1.0, -5.0, 5.0) == []

    def test_a_leap_is_told_and_stands_on_the_met_side(self) -> None:
        (one,) = found(lambda x: np.where(x < 3.3, -1.0, 2.0), 0.0, 10.0)
        assert one.jumps
        assert one.at == pytest.approx(3.3, rel=1e-13)
        assert one.measure == 2.0

    def test_infinity_is_beyond_any_number(self) -> None:
        (one,) = found(lambda x: np.where(x < 2.0, -np.inf, x - 5.0), 0.0, 10.0)
        assert one.at == pytest.approx(5.0, rel=1e-13)

    def test_nothing_changes_across_a_gap(self) -> None:
        gap = lambda x: np.where((x > 2.0) & (x < 4.0), np.nan, np.where(x <= 2.0, -1.0, 1.0))  # noqa: E731
        assert found(gap, 0.0, 10.0) == []

    def test_many_lanes_at_once(self) -> None:
        targets = np.array([1.0, 2.5, 7.0])
        made, _ = crossings(lambda x, lane: x - targets[lane], scan_points(0.0, 5.0), 3)
        assert [(each.lane, each.at) for each in made] == [
            (0, pytest.approx(1.0)),
            (1, pytest.approx(2.5)),
        ]

    def test_whole_points_only(self) -> None:
        (one,), _ = crossings(lambda x, lane: x - 3.5, np.arange(10.0), whole=True)
        assert one.at == 4.0
