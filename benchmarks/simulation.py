"""What a draw of a simulation costs on one core, and where the time goes.

Run ``python benchmarks/simulation.py [UNITS]`` (4 units of 2,048 draws by default) from the
project. Processor time of this process alone; a busy machine still counts through its caches,
so the fastest unit is shown beside the mean. A cell is one quarter of one draw of one row that
rests on a drawn assumption; some of those rows come out the same in every draw all the same,
and the last figure leaves them out.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

from jcurve.analysis.plan import Sampler, Unit
from jcurve.analysis.simulation import evaluate_unit, plan_for
from jcurve.assumptions import scenario, valid_mask
from jcurve.case import batch_inputs
from jcurve.engine.evaluate import evaluate, needed
from jcurve.naming import key_of

_UNITS, _DRAWS = 4, 2048


def main(units: int) -> None:
    """Print one line a measurement."""
    plan = plan_for(scenario("base"), 8 * _DRAWS)
    question = plan.question
    evaluate_unit(plan, Unit(0, 0, 128))
    times = [
        _timed(lambda at=at: evaluate_unit(plan, Unit(at % plan.scrambles, 0, _DRAWS)))  # type: ignore[misc]
        for at in range(units)
    ]
    mean, best = sum(times) / units, min(times)

    sampler = Sampler(plan)
    drawing = _timed(lambda: sampler.draws(Unit(0, 0, _DRAWS)))
    drawn = Sampler(plan).draws(Unit(0, 0, _DRAWS))
    cut = {key: values[: question.chunk] for key, values in drawn.items()}
    rows = question.rows(cut)
    chunks = _DRAWS / question.chunk
    making = _timed(lambda: question.rows(cut)) * chunks
    checking = _timed(lambda: valid_mask(plan.scenario, rows)) * chunks

    made, timeline = question.case.assembly.model, question.case.assembly.timeline
    names = question.case.assembly.names
    wanted = [key_of(made, name.partition(":")[0]) for name in question.outputs]
    wanted = [part for key in wanted for part in made.parts(key) or (key,)]
    keys = [key for key in needed(made, wanted) if key[0] in made.maker]
    moved = {(names[key], "") for key in plan.keys if key in names}
    rest = [key for key in keys if not moved.isdisjoint(needed(made, [key]))]
    values = evaluate(made, batch_inputs(question.case, rows), timeline, keys)
    differ = sum(row.shape[1] > 1 for row in values.values())
    quarters = len(timeline) * _DRAWS
    print(
        f"{len(plan.keys)} assumptions drawn; {len(keys)} rows needed, {len(rest)} rest on what "
        f"is drawn, {differ} differ between draws; {len(timeline)} quarters; chunks of "
        f"{question.chunk}"
    )
    print(
        f"a unit of {_DRAWS:,} draws: {mean:.2f} s, the fastest {best:.2f} s, "
        f"{_DRAWS / best:,.0f} draws a second on a core"
    )
    print(f"  of it drawing {drawing:.3f} s, rows {making:.3f} s, rules {checking:.3f} s")
    for count, what in ((len(rest), "that rests on what is drawn"), (differ, "that differs")):
        cells = count * quarters / 1e9
        print(f"{mean / cells:.1f} ns a cell of a row {what}; the fastest {best / cells:.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process {peak:,.0f} MiB")


def _timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _UNITS)
