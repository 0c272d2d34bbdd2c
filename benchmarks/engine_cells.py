"""What a cell costs: the real model for one scenario and for a batch, on one core.

Run ``python benchmarks/engine_cells.py [SCENARIOS]`` (2,048 by default) from the project.
Every assumption with a range varies within a per cent of its value, except dates, switches
and shares of a mix, so that the batch is as wide as a simulation's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from jcurve.case import batch_inputs, evaluate
from jcurve.engine.evaluate import evaluate as evaluate_rows
from jcurve.engine.evaluate import needed
from jcurve.engine.memory import keep_pages
from jcurve.engine.model import RowKey

_SCENARIOS = 2048
_REPEATS = 5
_FIXED_UNITS = ("date", "switch", "choice", "quarter")
_WANTED = ("npv", "payback", "irr", "trough_amount")


def main(scenarios: int) -> None:
    """Print one line a measurement."""
    pages = keep_pages()
    case = evaluate("base")
    assembly = case.assembly
    model, timeline = assembly.model, assembly.timeline
    print(
        f"model: {len(model.order):,} rows over {len(timeline)} quarters, "
        f"{len(assembly.names)} assumptions; freed pages kept: {pages}"
    )

    inputs = case.inputs
    once = _best(lambda: evaluate_rows(model, inputs, timeline))
    print(
        f"one scenario, every row: {once * 1e3:.1f} ms, "
        f"{once * 1e6 / len(model.order):.1f} us a row"
    )

    random = np.random.default_rng(20260729)
    varied = {
        key: row * random.uniform(0.99, 1.01, (1, scenarios))
        for key, row in case.assumption_rows.items()
        if key in assembly.names
        and model.unit(assembly.names[key]).name not in _FIXED_UNITS
        and ".mix." not in key
    }
    wide = batch_inputs(case, varied)
    wanted: list[RowKey] = [
        (name, view)
        for name in _WANTED
        if name in model.outputs
        for view in ("programme", "go_forward")
    ]
    rows = [key for key in needed(model, wanted) if key[0] in model.maker]
    took = _best(lambda: evaluate_rows(model, wide, timeline, wanted))
    cells = len(rows) * len(timeline) * scenarios
    print(
        f"batch of {scenarios:,}, {len(varied)} assumptions varied: {took:.2f} s, "
        f"{len(rows):,} rows, {took * 1e9 / cells:.1f} ns a cell, "
        f"{scenarios / took:,.0f} scenarios a second"
    )


def _best(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _SCENARIOS)
