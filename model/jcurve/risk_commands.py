"""The verbs about doubt: sensitivity and simulate."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from jcurve.analysis.question import as_data
from jcurve.analysis.sampling import UNIT, Plan
from jcurve.assumptions import Path, Scenario
from jcurve.ground.errors import UsageError
from jcurve.ground.progress import Progress
from jcurve.ground.project import Project
from jcurve.replies import Read, Reply, amount, draw, number
from jcurve.world_commands import reviewed, stressed, weighed_scenarios

__all__ = ["Interrupted", "sensitivity", "simulate_draws"]


def sensitivity(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    """``jcurve sensitivity``."""
    import numpy as np

    from jcurve.analysis.question import Question
    from jcurve.analysis.sensitivity import ends, grid, ranged, ranked, tornado

    if chosen.weight and not chosen.weighted:
        raise UsageError("weights go with weighted scenarios", allowed="with --weighted")
    if chosen.weighted:
        return weighed_scenarios(chosen, read, project)
    scenario = read(chosen.scenario)
    if chosen.reviews:
        return reviewed(chosen, scenario, project)
    if chosen.local:
        return _local(chosen, scenario, project)
    question = Question.of(scenario, chosen.of, project)
    unit = question.unit(chosen.of)
    if chosen.grid:
        across, down = (scenario[key] for key in chosen.grid)
        for item in (across, down):
            if not item.has_range or chosen.points < 2:
                raise UsageError(
                    "a grid needs two points or more and assumptions with a range",
                    received=f"{item.key}, {chosen.points} points",
                )
        xs, ys = (np.linspace(*ends(item), chosen.points) for item in (across, down))
        found = grid(question, (across.key, xs), (down.key, ys), question.valid)
        rows = [(f"{down.key} \\ {across.key}", *(draw(across, x) for x in xs))]
        rows += [
            (draw(down, y), *(number(float(value), unit) for value in row))
            for y, row in zip(ys, found.values[chosen.of], strict=True)
        ]
        return Reply(as_data(found), (f"{chosen.of} of {scenario.name}",), tuple(rows))
    if chosen.stresses:
        return stressed(chosen, read, scenario, project)
    if chosen.whole:
        return _variance(chosen, scenario, unit, project)
    if chosen.correlate or chosen.method or chosen.independent:
        given = (
            "--correlate" if chosen.correlate else "--method" if chosen.method else "--independent"
        )
        raise UsageError(
            "one at a time there is nothing to correlate",
            received=given,
            allowed="with --global",
        )
    if chosen.top < 1:
        raise UsageError("not a number of rows", received=chosen.top, allowed="1 or more")
    swings = ranked(tornado(question, ranged(scenario), question.valid), chosen.of)
    base = swings[0].base[chosen.of] if swings else float("nan")
    table = [("assumption", "low", "high", f"{chosen.of} at low", "at high")]
    table += [
        (
            swing.key,
            swing.low,
            swing.high,
            number(swing.at_low[chosen.of], unit),
            number(swing.at_high[chosen.of], unit),
        )
        for swing in swings[: chosen.top]
    ]
    return Reply(
        {
            "scenario": scenario.name,
            "hash": scenario.hash,
            "output": chosen.of,
            "unit": unit,
            "base": as_data(base),
            "swings": [_swing(swing, chosen.of) for swing in swings],
        },
        (f"{chosen.of} of {scenario.name}: {number(base, unit)}",),
        tuple(tuple(_short(cell) for cell in row) for row in table),
        (f"{len(swings)} assumptions with a range, each at its own low and high",),
    )


def _local(chosen: argparse.Namespace, scenario: Scenario, project: Project) -> Reply:
    """What a small change of each assumption does, the largest first."""
    from jcurve.case import evaluate

    output, _, at = chosen.of.partition(":")
    found = evaluate(scenario, project=project).gradient(output, at or None)
    largest = found.ranked()
    table = [("assumption", "step", f"{chosen.of} changes by", "per unit of the assumption")]
    table += [
        (each.key, each.step, number(each.effect or 0.0, found.unit), f"{each.slope:.6g}")
        for each in largest[: chosen.top]
    ]
    without = sum(bool(each.reason) for each in found.slopes.values())
    return Reply(
        {"scenario": scenario.name, "hash": scenario.hash, **as_data(found)},
        (f"{chosen.of} of {scenario.name}: {number(found.value, found.unit)}",),
        tuple(tuple(_short(cell) for cell in row) for row in table),
        (
            f"{len(largest)} assumptions by the effect of a natural step, as far as the slope "
            f"reaches; {without} have none (--json says why)",
        ),
    )


def _variance(chosen: argparse.Namespace, scenario: Scenario, unit: str, project: Project) -> Reply:
    from jcurve.analysis.variance import split_variance

    with Progress(f"variance of {chosen.of}"):
        found = split_variance(
            scenario,
            chosen.of,
            method=chosen.method,
            correlations=_correlations(chosen, scenario, project),
            project=project,
        )
    rows = [
        ("group", "assumptions", *(("first", "total") if found.method == "sobol" else ("effect",)))
    ]
    for part in found.parts:
        shown = (part.first, part.total) if found.method == "sobol" else (part.effect,)
        cells = (f"{each.value:.1%} ± {each.error:.1%}" for each in shown if each is not None)
        rows.append((part.group, str(len(part.keys)), *cells))
    heading = f"{chosen.of} of {scenario.name}: standard deviation {number(found.sd.value, unit)}"
    note = f"{found.method}, {found.evaluated:,} scenarios"
    return Reply(as_data(found), (heading,), tuple(rows), (note,))


def _swing(swing: Any, output: str) -> dict[str, Any]:
    found: dict[str, Any] = as_data(swing)
    return {
        **{key: found[key] for key in ("key", "label", "unit", "low", "high", "kind", "broken")},
        "at_low": found["at_low"][output],
        "at_high": found["at_high"][output],
        "spread": as_data(swing.spread(output)),
    }


def _tell(text: str) -> None:
    print(f"jcurve: {text}", file=sys.stderr)


def _short(text: str) -> str:
    return text if len(text) <= 32 else text[:31] + "…"


def simulate_draws(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    """``jcurve simulate``."""
    from jcurve.analysis.draw_stores import FolderStore, folder_for
    from jcurve.analysis.risk_measures import risk
    from jcurve.analysis.runners import cluster, processes
    from jcurve.analysis.simulation import plan_for, simulate

    scenario = read(chosen.scenario)
    until = None if chosen.until is None else amount(chosen.until, "--until")
    limit = amount(chosen.limit, "--limit")
    if not 0.5 <= chosen.confidence < 1.0:
        raise UsageError(
            "not a confidence level",
            where="--confidence",
            received=chosen.confidence,
            allowed="0.5 to below 1",
        )
    plan = plan_for(
        scenario,
        chosen.draws,
        seed=chosen.seed,
        scrambles=chosen.scrambles,
        vary=None if chosen.vary is None else tuple(chosen.vary),
        correlations=_correlations(
            chosen, scenario, project, vary=chosen.vary, persistent=not chosen.by_year
        ),
        persistent=not chosen.by_year,
        chunk=chosen.chunk,
        project=project,
    )
    if chosen.scheduler is not None:
        runner = cluster(chosen.scheduler, project, _tell)
    else:
        runner = processes(_own_processes(plan) if chosen.processes is None else chosen.processes)
    store = FolderStore(folder_for(project, plan.identity()), project)
    try:
        with Progress(f"simulating {scenario.name}") as progress:
            run = simulate(
                plan,
                store,
                runner=runner,
                resume=chosen.resume,
                until=until,
                asked=chosen.draws,
                progress=progress,
            )
            progress("gathering")
            store.gather(run.plan.level, run.plan.scrambles)
            found = risk(store, run.plan, confidence=chosen.confidence, net_debt_limit=limit)
            data = {
                "scenario": scenario.name,
                "hash": scenario.hash,
                "seed": plan.seed,
                "draws": run.plan.draws,
                "note": run.note,
                "stopped": run.stopped,
                "precision": as_data(run.precision),
                "reused": run.reused,
                "correlations": as_data(run.correlations),
                "varied": list(plan.keys),
                "risk": as_data(found),
                "file": str(store.draws),
            }
            store.summarise(data)
    except KeyboardInterrupt:
        raise Interrupted(store.kept, str(store.folder)) from None
    return Reply(data, (run.note,), *_risk_table(found, question=plan.question, file=store.draws))


def _own_processes(plan: Plan) -> int:
    """One a processor, as far as each has a whole unit to do: starting one takes seconds."""
    return max(1, min(os.cpu_count() or 1, plan.draws // UNIT))


class Interrupted(KeyboardInterrupt):
    """A simulation was interrupted; what is finished is kept."""

    def __init__(self, kept: int, folder: str) -> None:
        super().__init__(f"interrupted; {kept:,} draws are kept in {folder}: go on with --resume")


def _risk_table(found: Any, question: Any, file: Any) -> tuple[Any, tuple[str, ...]]:
    rows = [("output", "answered", "mean", "±", "P5", "P50", "P95", "below 0")]
    for each in found.spreads:
        unit = question.unit(each.output)
        low, middle, high = (each.quantiles[at].value for at in (0, 3, 6))
        rows.append(
            (
                each.output,
                f"{each.answered.value:.1%}",
                number(each.mean.value, unit),
                number(each.mean.error, unit),
                number(low, unit),
                number(middle, unit),
                number(high, unit),
                f"{each.below_zero.value:.1%}",
            )
        )
    notes = [
        f"{each.output}: value at risk {number(each.value_at_risk.value, 'USD m')}, expected "
        f"shortfall {number(each.expected_shortfall.value, 'USD m')} at {each.confidence:.0%}"
        for each in found.losses
    ]
    if found.cash is not None:
        notes.append(
            f"net debt passes {number(found.cash.limit, 'USD m')} in "
            f"{found.cash.passed.value:.1%} of draws; expected shortfall of cash "
            f"{number(found.cash.shortfall.value, 'USD m')}"
        )
    if found.payback_by:
        last = max(found.payback_by)
        notes.append(f"paid back by the end of {last}: {found.payback_by[last].value:.1%} of draws")
    notes.append(f"left out, since they break a rule: {found.left_out:.2%} of draws")
    notes.append(str(file))
    return tuple(rows), tuple(notes)


def _correlations(
    chosen: argparse.Namespace,
    scenario: Scenario,
    project: Project,
    *,
    vary: Sequence[str] | None = None,
    persistent: bool = True,
) -> dict[tuple[str, str], float] | None:
    """Those on file, with those given in their place or beside them; None for those on file."""
    given = _given(chosen.correlate)
    if chosen.independent:
        return given
    if not given:
        return None
    from jcurve.analysis.correlation import among, correlations_on_file
    from jcurve.analysis.sampling import varied

    items = varied(scenario, vary)
    keys = {item.key for item in items if persistent or not isinstance(item.value, Path)}
    known = among(correlations_on_file(project), keys)
    return {pair: v for pair, v in known.items() if pair[::-1] not in given} | given


def _given(texts: Sequence[str]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for text in texts:
        pair, _, number = text.partition("=")
        keys = [key.strip() for key in pair.split(",")]
        try:
            value = float(number)
        except ValueError:
            value = float("nan")
        if len(keys) != 2 or value != value or (keys[0], keys[1]) in found:
            raise UsageError(
                "not a correlation, or one given twice",
                where="--correlate",
                received=text,
                allowed="KEY,KEY=0.5",
            )
        found[keys[0], keys[1]] = value
    return found
