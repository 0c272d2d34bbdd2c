"""What a draw of a simulation costs on one core, and where the time goes.

Run ``python benchmarks/simulation.py [UNITS]`` (4 units of 2,048 draws by default) from the
project. Processor time of this process alone, so that a busy machine does not count; a cell is
one quarter of one draw of one row that varies.
"""

from __future__ import annotations

import resource
import sys
import time

from jcurve.analysis.plan import Sampler, Unit
from jcurve.analysis.simulation import evaluate_unit, plan_for
from jcurve.assumptions import scenario, valid_mask
from jcurve.engine.evaluate import evaluate, needed
from jcurve.naming import key_of

_UNITS, _DRAWS = 4, 2048


def main(units: int) -> None:
    """Print one line a measurement."""
    plan = plan_for(scenario("base"), 8 * _DRAWS)
    question = plan.question
    evaluate_unit(plan, Unit(0, 0, 128))
    start = time.process_time()
    for at in range(units):
        evaluate_unit(plan, Unit(at % plan.scrambles, 0, _DRAWS))
    took = (time.process_time() - start) / units

    sampler = Sampler(plan)
    start = time.process_time()
    drawn = sampler.draws(Unit(0, 0, _DRAWS))
    drawing = time.process_time() - start
    cut = {key: values[: question.chunk] for key, values in drawn.items()}
    start = time.process_time()
    rows = question.rows(cut)
    making = (time.process_time() - start) * _DRAWS / question.chunk
    start = time.process_time()
    valid_mask(plan.scenario, rows)
    checking = (time.process_time() - start) * _DRAWS / question.chunk

    made, timeline = question.case.assembly.model, question.case.assembly.timeline
    wanted = [key_of(made, name.partition(":")[0]) for name in question.outputs]
    wanted = [part for key in wanted for part in made.parts(key) or (key,)]
    keys = [key for key in needed(made, wanted) if key[0] in made.maker]
    values = evaluate(made, question.case.inputs | _named(question, rows), timeline, keys)
    varying = sum(row.shape[1] > 1 for row in values.values())
    cells = varying * len(timeline) * _DRAWS
    print(
        f"{len(plan.keys)} assumptions drawn; {len(keys)} rows needed, {varying} vary, over "
        f"{len(timeline)} quarters; chunks of {question.chunk}"
    )
    print(
        f"a unit of {_DRAWS:,} draws: {took:.2f} s, {_DRAWS / took:,.0f} draws a second on a core"
    )
    print(f"  of it drawing {drawing:.2f} s, rows {making:.2f} s, rules {checking:.2f} s")
    print(f"{took * 1e9 / cells:.1f} ns a cell that varies, all of it counted")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process {peak:,.0f} MiB")


def _named(question, rows):  # type: ignore[no-untyped-def]
    names = question.case.assembly.names
    return {names[key]: row for key, row in rows.items() if key in names}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _UNITS)
