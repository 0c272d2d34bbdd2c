"""What a cell costs: the real model for one scenario and for a batch, on one core.

Run ``python benchmarks/engine_cells.py [SCENARIOS]`` (2,048 by default) from the project.
Every assumption with a range varies evenly over it, as in a simulation; those without one are
definitions, facts and choices, which no simulation moves. Times are of the processor, so that
other work on the machine does not count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from jcurve.assumptions.batch import batch, sample_uniform
from jcurve.case import batch_inputs, evaluate
from jcurve.engine.evaluate import evaluate as evaluate_rows
from jcurve.engine.evaluate import needed
from jcurve.engine.memory import keep_pages
from jcurve.engine.model import RowKey

_SCENARIOS = 2048
_REPEATS = 5
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

    draws = sample_uniform(case.scenario, scenarios, np.random.default_rng(20260729))
    wide = batch_inputs(case, batch(case.scenario, draws))
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
        f"batch of {scenarios:,}, {len(draws)} assumptions varied: {took:.2f} s, "
        f"{len(rows):,} rows, {took * 1e9 / cells:.1f} ns a cell, "
        f"{scenarios / took:,.0f} scenarios a second"
    )


def _best(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(_REPEATS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _SCENARIOS)
