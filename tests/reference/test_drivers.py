"""Each mechanism of the articles moves the lines that stand for it, in the right direction."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import jcurve
from jcurve.analysis.sensitivity import ends
from jcurve.assumptions.batch import batch
from jcurve.facts import drivers
from jcurve.ground.errors import FactsError
from jcurve_studies.pages.registers import Move, driver_moves

MOVES = driver_moves()
_ROUNDING = 1e-6


@cache
def _scenario(overrides: tuple[tuple[str, str], ...]) -> jcurve.Scenario:
    return jcurve.scenario("base", dict(overrides))


def _ends(move: Move, line: str) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """The values of a row with the assumption at low and at high."""
    low, high = _evaluated(move)
    return low[line], high[line]


@cache
def _evaluated(move: Move) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:  # type: ignore[type-arg]
    wanted = [*move.rises, *move.falls]
    if move.low:
        found = []
        for end in (move.low, move.high):
            scenario = _scenario((*move.also, (move.key, end)))
            made = jcurve.evaluate_batch({}, wanted, scenario)
            found.append({line: row[..., 0] for line, row in made.items()})
        return found[0], found[1]
    scenario = _scenario(move.also)
    draws = {move.key: np.array(ends(scenario.assumptions[move.key]))}
    made = jcurve.evaluate_batch(batch(scenario, draws), wanted, scenario)
    low, high = ({line: row[..., end] for line, row in made.items()} for end in (0, 1))
    return low, high


@cache
def _forecast() -> int:
    timeline = jcurve.evaluate("base").assembly.timeline
    return timeline.index(jcurve.evaluate("base").data_through) + 1


def _change(move: Move, line: str) -> float:
    """From low to high, relative to the row's size: of a result, or of a row's sum over the
    forecast."""
    low, high = _ends(move, line)
    assert np.isfinite(low).all(), line
    assert np.isfinite(high).all(), line
    if low.ndim:
        first = _forecast()
        low, high = low[first:].sum(), high[first:].sum()
    size = max(abs(float(low)), abs(float(high)), 1e-12)
    return float(high - low) / size


CASES = [
    pytest.param(move, line, sign, id=f"{move.driver}-{move.key}-{line}")
    for move in MOVES
    for sign, lines in ((1, move.rises), (-1, move.falls))
    for line in lines
]


@pytest.mark.parametrize(("move", "line", "sign"), CASES)
def test_a_move_from_low_to_high_moves_the_line(move: Move, line: str, sign: int) -> None:
    assert sign * _change(move, line) > _ROUNDING


def test_every_mechanism_is_represented() -> None:
    assert [move.driver for move in MOVES] == sorted(move.driver for move in MOVES)
    assert {move.driver for move in MOVES} == set(drivers())
    assert len(drivers()) == 49


def test_what_is_moved_is_an_assumption_with_a_reason() -> None:
    assumptions = jcurve.scenario("base").assumptions
    for move in MOVES:
        assert move.key in assumptions
        assert move.low or assumptions[move.key].has_range, move.key


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("D99,capex.total,,,,npv,,", "unknown driver"),
        ("D01,capex.total,1,,,npv,,", "one end of a range"),
        ("D01,capex.total,,,a,npv,,", "not KEY=VALUE"),
        ("D01,capex.total,,,,,,", "a move that names no line"),
    ],
)
def test_a_bad_record_is_refused(tmp_path: Path, cells: str, message: str) -> None:
    home = tmp_path / "data" / "evidence"
    home.mkdir(parents=True)
    here = Path(__file__).resolve().parents[2]
    source = here / "data" / "evidence" / "drivers.csv"
    (home / "drivers.csv").write_bytes(source.read_bytes())
    (home / "driver_map.csv").write_text(f"driver,key,low,high,also,rises,falls,note\n{cells}\n")
    (tmp_path / "data" / "scenarios").mkdir()
    (tmp_path / "data" / "scenarios" / "base.yml").touch()
    with pytest.raises(FactsError, match=message) as caught:
        driver_moves(tmp_path)
    assert "driver_map.csv:2" in str(caught.value)
