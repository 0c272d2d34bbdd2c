"""The verb sensitivity: what the ranges of assumptions do, and whole scenarios side by side.

Without a flag each assumption goes to its own low and high; each flag asks another question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from jcurve.commands.progress import Progress
from jcurve.commands.simulate_verb import correlations
from jcurve.commands.texts import attributes, draw, money, number, numbers_by_name, quantity, table
from jcurve.commands.verb import Answer, Context, to_stderr, verb
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.numbers import amount, percent

if TYPE_CHECKING:
    from jcurve.analysis import Question
    from jcurve.assumptions import Scenario


@verb("jcurve sensitivity --of npv.go_forward", overrides=True, cluster="answers")
def sensitivity(
    context: Context,
    *,
    of: Annotated[str, "npv.go_forward, payback, net_cash:2030, …", "OUTPUT"] = "npv",
    top: Annotated[int, "rows", "N"] = 20,
    grid: Annotated[tuple[str, str] | None, "two assumptions at once instead", "KEY"] = None,
    points: Annotated[int, "of each side of a grid", "N"] = 7,
    local: Annotated[
        bool, "instead: what a small change of each assumption does, from exact derivatives"
    ] = False,
    whole: Annotated[
        bool, "--global", "instead: where the variance comes from, over the whole of every range"
    ] = False,
    method: Annotated[str | None, "of --global: sobol or shapley (default: what fits)"] = None,
    correlate: Annotated[
        list[str], "a wanted rank correlation beside those on file, repeatable", "KEY,KEY=VALUE"
    ],
    independent: Annotated[bool, "without the correlations on file"] = False,
    stresses: Annotated[bool, "instead: every stress beside the scenario"] = False,
    exposure: Annotated[
        str | None,
        "with --stresses: what a position loses, such as '100 USD m'; no advice",
        "AMOUNT",
    ] = None,
    weighted: Annotated[
        bool, "instead: what is to be expected over the scenarios of data/scenarios/weights.csv"
    ] = False,
    weight: Annotated[
        list[str], "with --weighted: your own weights instead, which sum to 1", "NAME=SHARE"
    ],
    reviews: Annotated[
        tuple[str, ...] | None,
        "instead: what the right to stop, cut, pause or redeploy then is worth",
        "QUARTER",
    ] = None,
    points_per_scramble: Annotated[
        int, "of --reviews, a power of two; each is evaluated for every action and date", "N"
    ] = 128,
    scenario: Annotated[str, "-s", "--scenario"] = "base",
) -> Answer:
    """What each assumption's range does."""
    from jcurve.analysis import Question

    if weight and not weighted:
        raise UsageError("weights go with weighted scenarios", allowed="with --weighted")
    if weighted:
        return _weighted(context, weight)
    read = context.scenario(scenario)
    if reviews:
        return _reviews(context, read, reviews, points_per_scramble)
    if local:
        return _local(context, read, of, top)
    question = Question.of(read, of, context.project)
    unit = question.unit(of)
    if grid:
        return _grid(question, read, of, grid, points)
    if stresses:
        return _stresses(context, read, exposure)
    if whole:
        wanted = correlations(correlate, independent, read, context.project)
        return _variance(context, read, of, unit, method, wanted)
    if correlate or method or independent:
        option = "--correlate" if correlate else "--method" if method else "--independent"
        raise UsageError(
            "one at a time there is nothing to correlate", received=option, allowed="with --global"
        )
    if top < 1:
        raise UsageError("not a number of rows", received=top, allowed="1 or more")
    return _tornado(question, read, of, top)


def _tornado(question: Question, scenario: Scenario, of: str, top: int) -> Answer:
    """Each assumption at its low and high, the largest swing first."""
    from jcurve.analysis import ranged, ranked, tornado

    unit = question.unit(of)
    swings = ranked(tornado(question, ranged(scenario), question.valid), of)
    base = swings[0].base[of] if swings else float("nan")
    rows = [["assumption", "low", "high", f"{of} at low", "at high"]]
    for each in swings[:top]:
        worth = (number(each.at_low[of], unit), number(each.at_high[of], unit))
        rows.append([each.key, each.low, each.high, *worth])
    lines = [
        f"{of} of {scenario.name}: {number(base, unit)}",
        *table(_short(rows)),
        f"{len(swings)} assumptions with a range, each at its own low and high",
    ]
    data: dict[str, Any] = {
        "scenario": scenario.name,
        "hash": scenario.hash,
        "output": of,
        "unit": unit,
    }
    data |= {"base": base, "swings": [
        attributes(each, "key label unit low high kind broken")
        | {"at_low": each.at_low[of], "at_high": each.at_high[of], "spread": each.spread(of)}
        for each in swings
    ]}  # fmt: skip
    return Answer(data, lines)


def _short(rows: list[list[str]]) -> list[list[str]]:
    return [[cell if len(cell) <= 32 else cell[:31] + "…" for cell in row] for row in rows]


def _grid(
    question: Question, scenario: Scenario, of: str, keys: tuple[str, str], points: int
) -> Answer:
    """Every pair of values of two assumptions."""
    import numpy as np

    from jcurve.analysis import grid
    from jcurve.analysis.sensitivity import ends

    across, down = (scenario[key] for key in keys)
    for item in (across, down):
        if not item.has_range or points < 2:
            raise UsageError(
                "a grid needs two points or more and assumptions with a range",
                received=f"{item.key}, {points} points",
            )
    xs, ys = (np.linspace(*ends(item), points) for item in (across, down))
    found = grid(question, (across.key, xs), (down.key, ys), question.valid)
    rows = [[f"{down.key} \\ {across.key}", *(draw(across, x) for x in xs)]]
    for y, values in zip(ys, found.values[of], strict=True):
        rows.append([draw(down, y), *(number(value, question.unit(of)) for value in values)])
    return Answer(found, [f"{of} of {scenario.name}", *table(rows)])


def _local(context: Context, scenario: Scenario, of: str, top: int) -> Answer:
    """What a small change of each assumption does, the largest first."""
    from jcurve import evaluate

    output, _, at = of.partition(":")
    found = evaluate(scenario, project=context.project).gradient(output, at or None)
    largest = found.ranked()
    rows = [["assumption", "step", f"{of} changes by", "per unit of the assumption"]]
    for each in largest[:top]:
        effect = number(each.effect or 0.0, found.unit)
        rows.append([each.key, each.step, effect, f"{each.slope:.6g}"])
    without = sum(bool(each.reason) for each in found.slopes.values())
    lines = [
        f"{of} of {scenario.name}: {number(found.value, found.unit)}",
        *table(_short(rows)),
        f"{len(largest)} assumptions by the effect of a natural step, as far as the slope "
        f"reaches; {without} have none (--json says why)",
    ]
    return Answer({"scenario": scenario.name, "hash": scenario.hash, **attributes(found)}, lines)


def _variance(
    context: Context, scenario: Scenario, of: str, unit: str, method: Any, wanted: Any
) -> Answer:
    """Where the variance comes from, group by group."""
    from jcurve.analysis import split_variance

    with Progress(f"variance of {of}"):
        found = split_variance(
            scenario, of, method=method, correlations=wanted, project=context.project
        )
    sobol = found.method == "sobol"
    rows = [["group", "assumptions", *(("first", "total") if sobol else ("effect",))]]
    for each in found.parts:
        shares = (each.first, each.total) if sobol else (each.effect,)
        cells = (f"{share.value:.1%} ± {share.error:.1%}" for share in shares if share is not None)
        rows.append([each.group, str(len(each.keys)), *cells])
    lines = [
        f"{of} of {scenario.name}: standard deviation {number(found.sd.value, unit)}",
        *table(rows),
        f"{found.method}, {found.evaluated:,} scenarios",
    ]
    return Answer(found, lines)


def _stresses(context: Context, scenario: Scenario, exposure: str | None) -> Answer:
    """Every stress beside the scenario, or what a position loses in each."""
    from jcurve.analysis import position_losses, stresses
    from jcurve.analysis.stress import PREFIX, results_days
    from jcurve.assumptions import available, shipped

    project, stressed = context.project, []
    for name in (each for each in available(project) if each.startswith(PREFIX)):
        try:
            stressed.append(context.scenario(name))
        except ScenarioError as error:
            if name in shipped(project):
                raise
            to_stderr(f"left out: {error}")  # a user's draft
    found = stresses(scenario, stressed, project=project)
    if exposure is not None:
        position = quantity(exposure, "--exposure")
        losses = position_losses(position, results_days(project), found)
        lost = [["what", "name", "move", "loss", "source"]]
        for each in losses:
            move, loss = percent(each.move, sign=True), amount(each.loss, "USD m")
            lost.append([each.kind, each.name, move, loss, each.source])
        heading = f"exposure {amount(position, 'USD m')}: arithmetic, no advice"
        return Answer(losses, [heading, *table(lost)])
    rows = [["stress", "assumptions", "npv", "change", "go forward", "change", ""]]
    for stress in found:
        values, changes = stress.values, stress.changes
        programme = money(values["npv"], changes["npv"])
        forward = money(values["npv.go_forward"], changes["npv.go_forward"])
        mark = "raises NPV" if stress.raises else ""
        rows.append([stress.name, str(stress.moved), *programme, *forward, mark])
    return Answer(found, [f"stresses of {scenario.name}", *table(rows)])


def _weighted(context: Context, texts: list[str]) -> Answer:
    """What is to be expected over several scenarios."""
    from jcurve.analysis.stress import weighed
    from jcurve.assumptions.scenario_files import weights

    on_file = weights(context.project)
    allowed = "NAME=SHARE, such as bear=0.3"
    own = {n: v for (n,), v in numbers_by_name(texts, "--weight", "weight", allowed).items()}
    used = own or {each.scenario: each.weight for each in on_file}
    found = weighed([context.scenario(name) for name in used], used, project=context.project)
    outputs = found.expectations
    rows = [["scenario", "weight", *(each.output for each in outputs), "payback"]]
    for name, weight in found.weights.items():
        values = money(*(each.values[name] for each in outputs))
        rows.append([name, f"{weight:.0%}", *values, number(found.payback[name], "years")])
    rows.append(["expected", "", *money(*(each.mean for each in outputs)), ""])
    rows.append(["spread", "", *money(*(each.sd for each in outputs)), ""])
    kind = "your weights" if own else ", ".join(sorted({each.kind for each in on_file}))
    lines = [
        f"scenarios by weight ({kind})",
        *table(rows),
        f"paid back within the horizon: {found.paid_back:.0%} of the weight",
        *(f"{each.scenario}: {each.rationale}" for each in on_file if not own),
    ]
    return Answer(attributes(found) | {"kind": kind}, lines)


def _reviews(context: Context, scenario: Scenario, dates: tuple[str, ...], points: int) -> Answer:
    """What the right to stop, cut, pause or redeploy at some dates is worth."""
    from jcurve.analysis import staged_programme
    from jcurve.analysis.consequences import of_best_plan

    project = context.project
    if points < 1 or points & (points - 1):
        raise UsageError(
            "not a power of two", where="--points-per-scramble", received=points, allowed="64, 128"
        )
    with Progress(f"reviews of {scenario.name}"):
        found = staged_programme(scenario, dates, level=points.bit_length() - 1, project=project)
    worth = {
        "go on whatever happens": found.committed,
        f"best plan without looking: {found.fixed[0]}": found.fixed[1],
        f"trigger on advertising: {found.trigger[0]}": found.trigger[1],
        "best expected at each review": found.least_squares,
        "worth of reviewing": found.option_value,
        "of it owed to looking": found.beyond_fixed,
    }
    rows = [["rule", "npv.go_forward", "±", ""]]
    rows += [[label, *money(each.value, each.error), ""] for label, each in worth.items()]
    for each in found.taken:
        label, often = f"always {each.action} at {each.date}", f"taken in {each.share.value:.0%}"
        rows.append([label, *money(each.always.value, each.always.error), often])
    because = of_best_plan(scenario, found, project=project)
    action = because.action
    lasts = f"for {action.quarters} quarters" if action.quarters else "for good"
    lines = [
        f"reviews of {scenario.name}",
        *table(rows),
        f"{found.draws:,} draws, {found.evaluated:,} scenarios",
        f"{action.name} at {because.date}, as assumed, changes npv.go_forward by:",
        *(f"  {item.name}: {number(item.total)}" for item in because.items),
        f"change of npv.go_forward by the part of the plan that is spent after it, {lasts}:",
        *(f"  {spent:.0%}: {number(change)}" for spent, change in because.curve),
    ]
    return Answer(attributes(found) | {"consequences": because}, lines)


VERBS = (sensitivity,)
