"""Scenarios as the engine reads them: shapes, years in quarters, slots, draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jcurve.assumptions import batch, position, rows_of, valid_mask
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import Timeline
from jcurve.ground.units import UNITS, convert, convertible
from tests.contract.fixtures.scenario_files import child, small_base
from tests.support.draws import sample_uniform

_QUARTERS = 116


class TestRows:
    """One row per assumption."""

    def test_shapes(self) -> None:
        """One value for all time, or one per quarter; width 1 for one scenario."""
        made = rows_of(small_base())
        assert made["returns.wacc"].shape == (1, 1)
        assert made["capex.total"].shape == (_QUARTERS, 1)
        assert made["power.capacity"].shape == (_QUARTERS, 1)

    def test_a_year_stands_in_each_of_its_quarters(self) -> None:
        """137,500 in all of 2026, and the mean of its neighbours in 2029."""
        row = rows_of(small_base())["capex.total"][:, 0]
        assert row[56:60].tolist() == [137_500] * 4
        assert row[68:72].tolist() == [205_000] * 4

    def test_a_quarter_stands_for_itself(self) -> None:
        """2,000 MW until 2025Q4, 4,000 from 2026Q1."""
        row = rows_of(small_base())["power.capacity"][:, 0]
        assert row[54:58].tolist() == [2000, 2000, 4000, 4000]

    def test_changes_fill_slots(self) -> None:
        """Two are used; the others come after the end and repeat the last life."""
        made = rows_of(small_base())
        dates = [made[f"life.change.date.{i}"][0, 0] for i in range(1, 9)]
        lives = [made[f"life.change.life.{i}"][0, 0] for i in range(1, 9)]
        assert dates == [41, 43, *[_QUARTERS] * 6]
        assert lives == [4.5, *[5] * 7]
        assert "life.change" not in made

    def test_a_later_timeline_shifts_dates(self) -> None:
        """Indices count from its first quarter; a change from before is in force at once."""
        made = rows_of(small_base(), Timeline("2022Q1", "2030Q4"))
        assert made["programme.start"][0, 0] == 4
        assert made["life.change.date.1"][0, 0] == 1
        assert made["life.change.date.2"][0, 0] == 3
        assert made["capex.total"].shape == (36, 1)
        assert rows_of(small_base(), Timeline("2023Q1"))["life.change.date.1"][0, 0] == 0

    @pytest.mark.parametrize("ends", [("2011Q1", "2040Q4"), ("2012Q1", "2041Q4"), ("x", "2040Q4")])
    def test_a_timeline_lies_inside_the_horizon(self, ends: tuple[str, str]) -> None:
        """Nothing is known outside it."""
        with pytest.raises(UsageError):
            rows_of(small_base(), Timeline(*ends))

    def test_scenarios_side_by_side(self, tmp_path: Path) -> None:
        """Width 1 where they agree; lists of changes of different length do not differ in rows."""
        base = small_base()
        other = child(
            tmp_path,
            "  returns.wacc: {value: 0.1, why: a}\n"
            "  life.change: {value: {}, why: No extension.}\n"
            "  advertising.shock: {value: {2026: 0, 2027: 0.1}, between: hold, why: a}\n",
        )
        made = rows_of([base, other])
        assert made["returns.wacc"].tolist() == [[0.095, 0.1]]
        assert made["capex.total"].shape == (_QUARTERS, 1)
        assert made["life.change.date.1"].tolist() == [[41, _QUARTERS]]
        assert made["advertising.shock"].shape == (_QUARTERS, 2)
        assert made["advertising.shock"][60].tolist() == [0, 0.1]


class TestBatch:
    """One scenario with drawn values."""

    def test_a_plain_draw_is_the_value(self) -> None:
        """In the key's unit, one column a scenario."""
        made = batch(small_base(), {"returns.wacc": np.array([0.08, 0.1])})
        assert made["returns.wacc"].tolist() == [[0.08, 0.1]]

    def test_a_path_moves_as_one(self) -> None:
        """-1 is the low path, 0 the value, 1 the high path, even in between."""
        made = batch(small_base(), {"capex.total": np.array([-1.0, -0.5, 0.0, 1.0])})
        assert made["capex.total"][56].tolist() == [130_000, 133_750, 137_500, 145_000]
        assert made["capex.total"][60].tolist() == [165_000, 176_500, 188_000, 202_000]

    def test_beyond_the_range_a_path_stops_at_its_bounds(self) -> None:
        """A share does not pass 1."""
        item = small_base()["capex.mix.accelerators"]
        assert position(item, np.array([100.0])).max() == 1.0

    def test_one_year_may_be_drawn_on_top(self) -> None:
        """After the path has moved, whatever the order of the draws."""
        draws = {"capex.total.2027": np.array([1.0, 2.0]), "capex.total": np.array([-1.0, 1.0])}
        made = batch(small_base(), draws)["capex.total"]
        assert made[56].tolist() == [130_000, 145_000]
        assert made[60:64].tolist() == [[1.0, 2.0]] * 4
        assert made[64].tolist() == [165_000, 235_000]

    def test_remainders_follow_each_draw(self) -> None:
        """Every mix sums to 1 in every scenario; a mix above 1 is not valid."""
        base = small_base()
        made = batch(base, {"capex.mix.servers": np.array([0.1, 0.3, 0.9])})
        total = sum(made[f"capex.mix.{m}"] for m in ("accelerators", "servers", "buildings"))
        assert np.allclose(total, 1.0, atol=1e-12)
        assert valid_mask(base, made).tolist() == [True, True, False]

    def test_rules_sift_a_batch(self) -> None:
        """WACC above growth, dates in order, changes in order, lives inside their bounds."""
        base = small_base()
        draws = {
            "returns.wacc": np.array([0.09, 0.03, 0.09, 0.09, 0.09]),
            "programme.start": np.array([44.0, 44.0, 59.0, 44.0, 44.0]),
            "life.change.date.2": np.array([43.0, 43.0, 43.0, 40.0, 43.0]),
            "life.change.life.1": np.array([4.5, 4.5, 4.5, 4.5, 1.0]),
        }
        assert valid_mask(base, batch(base, draws)).tolist() == [True, False, False, False, False]

    @pytest.mark.parametrize(
        ("draws", "message"),
        [
            ({"return.wacc": [0.1]}, "unknown assumption; received 'return.wacc'; did you mean"),
            ({"capex.mix.buildings": [0.1]}, "the remainder of a mix is computed, never drawn"),
            ({"life.change": [1.0]}, "a list of changes is drawn slot by slot"),
            ({"returns.wacc": [float("nan")]}, "a draw is not finite; received 'returns.wacc'"),
            ({"returns.wacc": [[0.1]]}, "draws are one-dimensional and of one length"),
            (
                {"returns.wacc": [0.1, 0.1], "returns.terminal_growth": [0.0] * 3},
                "draws are one-dimensional and of one length",
            ),
            ({"capex.total.2050": [1.0]}, "year outside the timeline"),
        ],
    )
    def test_draws_that_mean_nothing_are_refused(
        self, draws: dict[str, list[float]], message: str
    ) -> None:
        """One line each."""
        with pytest.raises(UsageError, match=message):
            batch(small_base(), {key: np.array(value) for key, value in draws.items()})

    def test_random_scenarios_are_valid_and_repeatable(self) -> None:
        """The same generator gives the same draws; every ranged assumption varies."""
        base = small_base()
        one = sample_uniform(base, 200, np.random.default_rng(7))
        other = sample_uniform(base, 200, np.random.default_rng(7))
        assert one.keys() == {item.key for item in base.items if item.has_range}
        assert all(np.array_equal(one[key], other[key]) for key in one)
        assert all(len(np.unique(values)) > 5 for values in one.values())
        assert valid_mask(base, batch(base, one)).all()


class TestUnits:
    """The closed list, and what converts."""

    @pytest.mark.parametrize(
        ("value", "source", "target", "expected"),
        [
            (200.0, "USD bn", "USD m", 200_000.0),
            (2_000_000.0, "USD", "USD m", 2.0),
            (1.5, "GW", "MW", 1500.0),
            (9.0, "percent", "per year", 0.09),
            (25.0, "percent", "share", 0.25),
            (50.0, "basis points", "per year", 0.005),
            (10.0, "USD m per MW", "USD bn per GW", 10.0),
            (3.2, "billion", "million", 3200.0),
        ],
    )
    def test_conversion(self, value: float, source: str, target: str, expected: float) -> None:
        """To the last bit but one."""
        assert convert(value, UNITS[source], UNITS[target]) == pytest.approx(expected, rel=1e-15)

    @pytest.mark.parametrize(
        ("source", "target"),
        [("years", "quarters"), ("USD m", "MW"), ("share", "x"), ("share", "per year"),
         ("date", "quarters"), ("switch", "share"), ("USD m per year", "USD m")],
    )  # fmt: skip
    def test_what_does_not_convert(self, source: str, target: str) -> None:
        """Plain numbers of different meaning are kept apart."""
        assert source not in convertible(UNITS[target])
        with pytest.raises(ValueError, match="does not convert"):
            convert(1.0, UNITS[source], UNITS[target])
