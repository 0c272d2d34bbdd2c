"""What a cell costs, by machine code and by NumPy: the real model, on one core, in one run.

Run ``python benchmarks/engine_cells.py [SCENARIOS]`` (504 by default) from the project. Every
assumption with a range varies evenly over it, as in a simulation. A cell is one quarter of one
scenario of a row that the asked results rest on, whether it varies or not. Times are of the
processor, the best of several; on a machine with other work the ratios count, not the times.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from jcurve.assumptions.batch import batch
from jcurve.case import batch_inputs, evaluate
from jcurve.engine import kernel as kernels
from jcurve.engine.compile import compile_model
from jcurve.engine.evaluate import evaluate as by_numpy
from jcurve.engine.evaluate import keep_pages, needed
from jcurve.engine.kernel import Kernel
from jcurve.engine.line import Kind
from jcurve.engine.model import RowKey

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.draws import sample_uniform

_SCENARIOS = 504
_WANTED = ("npv", "payback", "irr", "trough_amount")


def main(scenarios: int) -> None:
    """Print one line a measurement."""
    keep_pages()
    case = evaluate("base")
    model, timeline = case.assembly.model, case.assembly.timeline
    quarters, inputs = len(timeline), case.inputs
    wanted: list[RowKey] = [
        (name, view)
        for name in _WANTED
        if name in model.outputs
        for view in ("programme", "go_forward")
    ]
    results = [row for row in model.order if model.outputs[row[0]].kind is Kind.RESULT]
    high = {name for name, row in inputs.items() if row.shape[0] > 1}
    draws = sample_uniform(case.scenario, scenarios, np.random.default_rng(20260729))
    own = case.assumption_rows
    wide = batch_inputs(case, batch(case.scenario, draws, timeline, own))
    varied = {name for name, row in wide.items() if row.shape[1] > 1}
    fixed = {name: row for name, row in inputs.items() if name not in varied}

    def kernel(free: set[str], given: dict[str, np.ndarray] | None = None) -> Kernel:
        start = time.process_time()
        rows = None if given is None else wanted
        made = Kernel(model, compile_model(model, quarters, high, free, [results], given, rows))
        took = time.process_time() - start
        print(f"compiled in {took:.1f} s, {len(free)} inputs of {len(inputs)} free")
        return made

    print(f"load of the machine {os.getloadavg()[0]:.1f}; {kernels.processor().split()[1]}")
    print(f"{len(model.order):,} rows, {quarters} quarters, {len(case.assembly.names)} assumptions")
    one, many = kernel(set()), kernel(set(case.assembly.keys))
    folded = kernel(varied, fixed)
    narrow = _without_avx512(lambda: kernel(varied, fixed))

    print("\none scenario (ms)                  NumPy  compiled   ratio")
    for what, rows in (("every row", None), ("headline results", results)):
        slow = _best(lambda rows=rows: by_numpy(model, inputs, timeline, rows), 5)  # type: ignore[misc]
        fast = _best(lambda rows=rows: one.evaluate(inputs, rows), 50)  # type: ignore[misc]
        print(f"  {what:30}{slow * 1e3:8.2f}{fast * 1e3:10.2f}{slow / fast:8.0f}")

    rows = [key for key in needed(model, wanted) if key[0] in model.maker]
    cells = len(rows) * quarters * scenarios
    slow = _best(lambda: by_numpy(model, wide, timeline, wanted), 3)
    print(f"\n{scenarios} scenarios, {len(rows)} rows, {len(varied)} inputs varied")
    print("                                   ns a cell  us a scenario   NumPy is slower by")
    print(f"  {'NumPy':30}{slow / cells * 1e9:12.2f}{slow / scenarios * 1e6:15.1f}")
    for what, each in (
        ("every assumption free", many),
        ("of this set of draws", folded),
        ("the same without AVX-512", narrow),
    ):
        fast = _best(lambda each=each: each.evaluate(wide, wanted), 9)  # type: ignore[misc]
        cell, scenario = fast / cells * 1e9, fast / scenarios * 1e6
        print(f"  {what:30}{cell:12.2f}{scenario:15.1f}{slow / fast:12.1f}")

    found = case.gradient("npv")
    took = _best(lambda: case.gradient("npv"), 5)
    plain = _best(lambda: by_numpy(model, inputs, timeline, [("npv", "programme")]), 5)
    print(
        f"\ngradient of npv in {len(found.slopes)} assumptions: {took * 1e3:.1f} ms, "
        f"{took / plain:.1f} evaluations of npv by NumPy"
    )


def _without_avx512(make: Callable[[], Kernel]) -> Kernel:
    """Compiled as for a processor whose vectors are half as wide."""
    kept = kernels.features
    words = [word for word in kept().split(",") if "avx512" not in word]
    kernels.features = lambda: ",".join([*words, "-avx512f"])
    try:
        return make()
    finally:
        kernels.features = kept


def _best(call: Callable[[], object], times: int) -> float:
    call()
    found = []
    for _ in range(times):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _SCENARIOS)
