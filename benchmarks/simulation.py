"""What a draw of a simulation costs on one core, by machine code and by NumPy.

Run ``python benchmarks/simulation.py [UNITS]`` (4 units of 2,048 draws by default) from the
project. Processor time of this process alone; a busy machine still counts through its caches, so
the fastest unit is shown. ``python benchmarks/simulation.py whole DRAWS`` runs so many draws on
two processes into a folder that is removed again, by the clock.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jcurve.analysis.draw_stores import FolderStore
from jcurve.analysis.runners import evaluate_unit, processes
from jcurve.analysis.sampling import DrawRange, Plan, Sampler
from jcurve.analysis.simulation import plan_for, simulate
from jcurve.assumptions import scenario
from jcurve.ground.project import find_project

_UNITS, _DRAWS = 4, 2048


def main(units: int) -> None:
    """Print one line a measurement."""
    plan = plan_for(scenario("base"), 1 << 20)
    question = plan.question
    fast = _fastest(plan, units)
    drawing = _timed(lambda: Sampler(plan).draws(DrawRange(0, 0, _DRAWS)))
    drawn = Sampler(plan).draws(DrawRange(0, 0, _DRAWS))
    cut = {key: values[: question.chunk] for key, values in drawn.items()}
    rows = question.rows(cut)
    chunks = _DRAWS / question.chunk
    making = _timed(lambda: question.rows(cut)) * chunks
    checking = _timed(lambda: question.valid_rows(rows)) * chunks
    answering = _timed(lambda: question.answers(rows)) * chunks
    os.environ["JCURVE_ENGINE"] = "numpy"
    slow = _fastest(plan, max(1, units // 2))
    print(f"load of the machine {os.getloadavg()[0]:.1f}; {len(plan.keys)} assumptions drawn")
    print(f"a draw: {fast / _DRAWS * 1e6:.0f} us compiled, {slow / _DRAWS * 1e6:.0f} us by NumPy, ")
    print(f"  {slow / fast:.1f} times; chunks of {question.chunk}")
    parts = (("drawing", drawing), ("rows", making), ("rules", checking), ("answers", answering))
    for what, took in parts:
        print(f"  {what:10}{took / _DRAWS * 1e6:6.0f} us a draw")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process {peak:,.0f} MiB")


def whole(draws: int) -> None:
    """A simulation from the first draw to the last stored block."""
    plan = plan_for(scenario("base"), draws)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = simulate(
            plan, FolderStore(Path(folder) / "store", find_project()), runner=processes(2)
        )
        took = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = used.ru_utime + used.ru_stime
    print(
        f"{run.plan.draws:,} draws drawn, checked, evaluated and stored in {took:.0f} s on two "
        f"processes, which worked {worked:.0f} s together, {worked / run.plan.draws * 1e6:.0f} us "
        f"a draw; at most {used.ru_maxrss / 1024:,.0f} MiB a process; load of the machine "
        f"{os.getloadavg()[0]:.1f}"
    )


def _fastest(plan: Plan, units: int) -> float:
    evaluate_unit(plan, DrawRange(0, 0, 128))
    return min(
        _timed(lambda at=at: evaluate_unit(plan, DrawRange(at % plan.scrambles, 0, _DRAWS)))  # type: ignore[misc]
        for at in range(units)
    )


def _timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    if sys.argv[1:2] == ["whole"]:
        whole(int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else _UNITS)
