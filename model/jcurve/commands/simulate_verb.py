"""The verb simulate: Monte Carlo over every range, resumable, on this machine or a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from jcurve.commands.progress import Progress
from jcurve.commands.texts import attributes, money, number, numbers_by_name, quantity, table
from jcurve.commands.verb import Answer, Context, to_stderr, verb
from jcurve.ground.errors import UsageError

if TYPE_CHECKING:
    from jcurve.analysis import Question
    from jcurve.analysis.risk_measures import Risk
    from jcurve.assumptions import Scenario
    from jcurve.ground.project import Project


@verb("jcurve simulate --draws 16384 --seed 7", overrides=True, cluster="work")
def simulate(
    context: Context,
    *,
    draws: Annotated[int, "rounded up to scrambles times a power of two", "N"] = 16_384,
    seed: Annotated[int, "", "S"] = 0,
    scrambles: Annotated[int, "for error bars", "N"] = 8,
    vary: Annotated[
        list[str], "only this assumption, or all below a first part; repeatable", "KEY"
    ],
    correlate: Annotated[
        list[str], "a wanted rank correlation beside those on file, repeatable", "KEY,KEY=VALUE"
    ],
    independent: Annotated[bool, "without the correlations on file"] = False,
    by_year: Annotated[
        bool, "draw each year of a path by itself instead of the path as one; understates risk"
    ] = False,
    until: Annotated[
        str | None, "stop once the mean NPV is known to within this, such as '2 USD bn'", "AMOUNT"
    ] = None,
    limit: Annotated[
        str, "of net debt, for the risk of passing it; judgement", "AMOUNT"
    ] = "300 USD bn",
    confidence: Annotated[float, "of losses", "P"] = 0.95,
    processes: Annotated[
        int | None, "on this machine (default: one a processor, fewer for few draws)", "N"
    ] = None,
    resume: Annotated[bool, "go on with what is finished"] = False,
    scenario: Annotated[str, "-s", "--scenario"] = "base",
) -> Answer:
    """Monte Carlo."""
    from jcurve.analysis import plan_for, runners, simulate
    from jcurve.analysis.draw_stores import FolderStore, folder_for
    from jcurve.analysis.question import as_data
    from jcurve.analysis.risk_measures import risk
    from jcurve.analysis.sampling import UNIT

    read, project = context.scenario(scenario), context.project
    precision = None if until is None else quantity(until, "--until")
    most_debt = quantity(limit, "--limit")
    if not 0.5 <= confidence < 1.0:
        raise UsageError(
            "not a confidence level",
            where="--confidence",
            received=confidence,
            allowed="0.5 to below 1",
        )
    varied = tuple(vary) or None
    plan = plan_for(
        read,
        draws,
        seed=seed,
        scrambles=scrambles,
        vary=varied,
        correlations=correlations(correlate, independent, read, project, varied, not by_year),
        persistent=not by_year,
        project=project,
    )
    if context.scheduler is not None:
        runner = runners.cluster(context.scheduler, project, to_stderr)
    else:
        # One a processor, as far as each has a whole unit to do: starting one takes seconds.
        enough = max(1, min(os.cpu_count() or 1, plan.draws // UNIT))
        runner = runners.processes(enough if processes is None else processes)
    store = FolderStore(folder_for(project, plan.identity()), project)
    try:
        with Progress(f"simulating {read.name}") as progress:
            run = simulate(
                plan,
                store,
                runner=runner,
                resume=resume,
                until=precision,
                asked=draws,
                progress=progress,
            )
            progress("gathering")
            store.gather(run.plan.level, run.plan.scrambles)
            found = risk(store, run.plan, confidence=confidence, net_debt_limit=most_debt)
            data = {
                "scenario": read.name,
                "hash": read.hash,
                "seed": plan.seed,
                "draws": run.plan.draws,
                **attributes(run, "note stopped precision reused correlations"),
                "varied": list(plan.keys),
                "risk": found,
                "file": str(store.draws),
            }
            store.summarise(as_data(data))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; {store.kept:,} draws are kept in {store.folder}: go on with --resume"
        ) from None
    return Answer(data, [run.note, *_risk_lines(found, plan.question), str(store.draws)])


def _risk_lines(found: Risk, question: Question) -> list[str]:
    rows = [["output", "answered", "mean", "±", "P5", "P50", "P95", "below 0"]]
    for each in found.spreads:
        low, middle, high = (each.quantiles[place].value for place in (0, 3, 6))
        values = (each.mean.value, each.mean.error, low, middle, high)
        shown = (number(value, question.unit(each.output)) for value in values)
        below = f"{each.below_zero.value:.1%}"
        rows.append([each.output, f"{each.answered.value:.1%}", *shown, below])
    lines = table(rows)
    for loss in found.losses:
        at_risk, shortfall = money(loss.value_at_risk.value, loss.expected_shortfall.value)
        lines.append(
            f"{loss.output}: value at risk {at_risk}, expected shortfall {shortfall} at "
            f"{loss.confidence:.0%}"
        )
    if found.cash is not None:
        limit, shortfall = money(found.cash.limit, found.cash.shortfall.value)
        lines.append(
            f"net debt passes {limit} in {found.cash.passed.value:.1%} of draws; expected "
            f"shortfall of cash {shortfall}"
        )
    if found.payback_by:
        last = max(found.payback_by)
        lines.append(f"paid back by the end of {last}: {found.payback_by[last].value:.1%} of draws")
    return [*lines, f"left out, since they break a rule: {found.left_out:.2%} of draws"]


def correlations(
    texts: Sequence[str],
    independent: bool,
    scenario: Scenario,
    project: Project,
    vary: Sequence[str] | None = None,
    persistent: bool = True,
) -> dict[tuple[str, str], float] | None:
    """Those on file, with those given in their place or beside them; None for those on file."""
    from jcurve.analysis.correlation import among, correlations_on_file
    from jcurve.analysis.sampling import varied
    from jcurve.assumptions import Path

    found = numbers_by_name(texts, "--correlate", "correlation", "KEY,KEY=0.5", names=2)
    given = {(one, other): value for (one, other), value in found.items()}
    if independent or not given:
        return given if independent else None
    items = varied(scenario, vary)
    keys = {item.key for item in items if persistent or not isinstance(item.value, Path)}
    known = among(correlations_on_file(project), keys)
    return {pair: v for pair, v in known.items() if pair[::-1] not in given} | given


VERBS = (simulate,)
