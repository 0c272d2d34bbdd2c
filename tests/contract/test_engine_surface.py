"""The package's door: cheap to import, complete, and units that the engine knows."""

from __future__ import annotations

import doctest
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest

import jcurve
from jcurve.company import model, slots_used
from jcurve.engine.evaluate import evaluate, keep_pages
from jcurve.ground.units import FACT_UNITS, unit_named


def test_import_brings_nothing_heavy() -> None:
    heavy = ("numpy", "pandas", "pydantic", "matplotlib", "yaml")
    program = f"import sys, jcurve; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("room", ["jcurve.engine", "jcurve.lines", "jcurve.engine.trace"])
def test_the_example_of_a_room_works(room: str) -> None:
    tried = doctest.testmod(import_module(room))
    assert tried.attempted > 0
    assert tried.failed == 0


def test_every_public_name_is_there() -> None:
    for name in jcurve.__all__:
        assert getattr(jcurve, name) is not None
    assert jcurve.facts.__name__ == "jcurve.facts"
    with pytest.raises(AttributeError, match="has no attribute 'evalute'"):
        _ = jcurve.evalute


def test_every_unit_of_a_fact_is_known() -> None:
    for name in sorted(FACT_UNITS - {"text"}):
        assert unit_named(name).name == name


def test_the_hint_on_memory_is_harmless() -> None:
    keep_pages()


class TestSlots:
    def test_count_what_any_scenario_uses(self) -> None:
        rows = {
            "life.change.date.1": np.array([[41.0]]),
            "life.change.date.2": np.array([[116.0, 60.0]]),
            "life.change.date.3": np.array([[116.0, 116.0]]),
        }
        assert slots_used(rows, 116) == 2
        assert slots_used({}, 116) == 1

    def test_left_out_change_nothing(self) -> None:
        case = jcurve.evaluate("base")
        rows = dict(case.assumption_rows)
        whole = model(rows={**rows, "life.change.date.8": np.array([[100.0]])})
        assert len(whole.names) > len(case.assembly.names)
        alone = evaluate(case.assembly.model, case.inputs, whole.timeline)
        for key, row in evaluate(whole.model, whole.inputs(rows), whole.timeline).items():
            np.testing.assert_array_equal(row, alone[key], err_msg=str(key))

    def test_a_batch_may_use_more_than_its_base(self) -> None:
        used = slots_used(jcurve.evaluate("base").assumption_rows, 116) + 1
        rows = {
            f"life.change.date.{used}": np.array([[116.0, 62.0]]),
            f"life.change.life.{used}": np.array([[5.5, 3.0]]),
        }
        found = jcurve.evaluate_batch(rows, ["npv"])["npv"]
        assert found[0] == jcurve.evaluate("base")["npv"]
