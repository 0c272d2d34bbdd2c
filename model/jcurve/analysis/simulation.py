"""Monte Carlo: the model over draws of its assumptions, on any number of processes.

A unit of draws is the same function of the plan wherever it runs, so the bytes that come
out do not depend on the chunk, the processes, the order in which they finish, or the
machines of a cluster. Finished units go to a store that is passed in; nothing else is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from jcurve.analysis.correlation import Correlations, Pairing, among, correlations_on_file
from jcurve.analysis.draw_stores import Store, by_scramble
from jcurve.analysis.question import MANY, Question
from jcurve.analysis.risk_measures import Estimate, estimate, kept_outputs
from jcurve.analysis.runners import Runner, local
from jcurve.analysis.sampling import SCRAMBLES, Plan, Sampler, level_for, units, varied
from jcurve.assumptions import Path, Scenario
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.project import Project

_STOP_FROM = 7
_MOST_LEFT_OUT = 0.2
"""More draws than this that break a rule, and the ranges do not describe one world: judgement."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished simulation."""

    plan: Plan  # as it ended; its level is lower than asked for where the stop rule ended it
    asked: int
    note: str  # how the number of draws came about, in words
    stopped: Literal["draws", "precise"]  # the stop rule ended it: ``precise``, else ``draws``
    precision: Estimate | None  # of the mean of the first output, where there was a stop rule
    correlations: tuple[Pairing, ...]  # as wanted and as achieved
    left_out: float  # share of draws that break a rule between assumptions
    reused: int  # draws that were there already


def plan_for(
    scenario: Scenario,
    draws: int,
    *,
    outputs: tuple[str, ...] | None = None,
    seed: int = 0,
    scrambles: int = SCRAMBLES,
    vary: tuple[str, ...] | None = None,
    correlations: Correlations | None = None,
    persistent: bool = True,
    project: Project | None = None,
) -> Plan:
    """The plan of a simulation.

    Args:
        scenario: around which the draws lie.
        draws: rounded up to scrambles times a power of two.
        outputs: what is kept of each draw, None for :func:`kept_outputs`; the stop rule looks
            at the first.
        seed: 0 or more.
        scrambles: independent randomisations.
        vary: keys, or beginnings of keys; None for all that vary.
        correlations: wanted rank correlations by pair of keys; None for those on file, of
            dated values only where a path is drawn as one.
        persistent: see :class:`~jcurve.analysis.sampling.Plan`.

    Raises:
        UsageError: no draws, an unknown output, impossible correlations.
        ScenarioError: an assumption from which nothing can be drawn.
    """
    level = level_for(draws, scrambles)
    question = Question.of(scenario, outputs or kept_outputs(), project)
    items = varied(scenario, vary)
    keys = tuple(item.key for item in items)
    if scrambles << level >= MANY:
        question = replace(question, many=True)
    if correlations is None:
        whole = {item.key for item in items if persistent or not isinstance(item.value, Path)}
        correlations = among(correlations_on_file(project), whole)
    pairs = tuple(sorted(correlations.items()))
    plan = Plan(question, level, scrambles, seed, keys, pairs, persistent)
    _ = Sampler(plan)  # an impossible matrix is refused before anything runs
    return plan


def simulate(
    plan: Plan,
    store: Store,
    *,
    runner: Runner | None = None,
    resume: bool = False,
    until: float | None = None,
    asked: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Run:
    """Evaluate every draw of a plan into a store.

    Args:
        plan: see :func:`plan_for`.
        store: takes the blocks; what is there already is not evaluated again.
        runner: where units run; None for this process.
        resume: go on with what the store holds of the same plan.
        until: stop as soon as the 95 % interval of the mean of the first output is at most
            this far to either side, in its unit; looked at whenever the draws have doubled.
        asked: draws asked for, for the note.
        progress: called with what is done.

    Raises:
        UsageError: the store holds another simulation; a stop rule without error bars.
        ModelError: a draw has no answer in the model; it is named.
        ScenarioError: too many draws break a rule between assumptions.
    """
    if until is not None and (plan.scrambles < 2 or not until > 0.0):
        raise UsageError(
            "a stop rule needs two scrambles or more and a distance above 0",
            received=f"{plan.scrambles} scrambles, {until:g}",
        )
    run = runner or local
    done = store.begin(plan.identity(), resume=resume)
    reached: Plan = plan if until is None else replace(plan, level=min(_STOP_FROM, plan.level))
    below: int | None = None
    precision: Estimate | None = None
    reused = fresh = 0
    while True:
        wanted = list(units(reached.level, reached.scrambles, below))
        reused += sum(unit.count for unit in wanted if unit in done)
        for block in run(plan, [unit for unit in wanted if unit not in done]):
            store.put(block)
            fresh += block.unit.count
            if progress is not None:
                count = reused + fresh
                progress(f"draw {count:,} of {plan.draws:,} ({count / plan.draws:.0%})")
        if until is not None:
            watched = by_scramble(store, reached, plan.question.outputs[0])
            precision = estimate([float(np.nanmean(part)) for part in watched])
            if precision.error is not None and precision.error <= until:
                break
        if reached.level >= plan.level:
            break
        below, reached = reached.level, replace(reached, level=reached.level + 1)
    left_out = 1.0 - float(np.mean(np.concatenate(by_scramble(store, reached, "valid"))))
    if left_out > _MOST_LEFT_OUT:
        raise ScenarioError(
            "the ranges often make scenarios that break a rule between assumptions",
            where=plan.scenario.name,
            received=f"{left_out:.0%} of draws",
            allowed=f"{_MOST_LEFT_OUT:.0%} at most",
        )
    return Run(
        plan=reached,
        asked=asked or plan.draws,
        note=_note(plan, reached, asked or plan.draws),
        stopped="precise" if reached.level < plan.level else "draws",
        precision=precision,
        correlations=Sampler(reached).achieved(),
        left_out=left_out,
        reused=reused,
    )


def _note(plan: Plan, reached: Plan, asked: int) -> str:
    shape = f"{plan.scrambles} random shifts of a Sobol sequence of {1 << reached.level:,} points"
    if reached.level < plan.level:
        return f"{reached.draws:,} of {plan.draws:,} draws were precise enough: {shape}"
    if asked == plan.draws:
        return f"{plan.draws:,} draws: {shape}"
    return f"{asked:,} draws rounded up to {plan.draws:,}: {shape}"
