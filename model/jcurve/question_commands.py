"""The verbs that ask the model: each reads its options, asks once and says the answer.

A command gives a :class:`Reply`; the command line prints it as a table or as JSON.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jcurve.analysis.plain import plain
from jcurve.assumptions import UNITS, Scenario
from jcurve.assumptions.document import Place, Text
from jcurve.assumptions.reading import read_number
from jcurve.errors import AnswerError, UsageError
from jcurve.headlines import headline_text
from jcurve.progress import Progress
from jcurve.project import Project

__all__ = ["COMMANDS", "Reply"]

Read = Callable[[str], Scenario]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        data: for a machine.
        heading: lines above the table.
        rows: the table, its first row the heads; empty for none.
        notes: lines below it.
        status: exit status; 9 where there is no answer of the kind asked for.
    """

    data: Any
    heading: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    status: int = 0


def _number(value: float | None, unit: str) -> str:
    if value is None or value != value:
        return "none"
    return headline_text({"value": value, "unit": unit})


def _solve(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.implied import implied
    from jcurve.analysis.solve import frontier, solve

    scenario = read(chosen.scenario)
    if chosen.move is not None:
        found = implied(scenario, chosen.key, chosen.move, project=project)
        heading = (
            f"a move of {chosen.move:+.1%} is {_number(found.change, 'USD m')} of market value; "
            f"{found.output} would have to go from {_number(found.before, 'USD m')} to "
            f"{_number(found.after, 'USD m')} (arithmetic, no advice)",
        )
        status = AnswerError.exit_status if found.solution.value is None else 0
        return Reply(plain(found), (*heading, *_solution(found.solution)), status=status)
    if chosen.against is not None:
        edge = frontier(scenario, chosen.key, chosen.against, chosen.target, project=project)
        other, item = scenario[edge.across], scenario[chosen.key.partition(".20")[0]]
        rows = [(edge.across, edge.down, "")]
        for x, y, standing, reason in zip(
            edge.xs, edge.ys, edge.standings, edge.reasons, strict=True
        ):
            words = reason if y != y else standing
            rows.append((_draw(other, x), "" if y != y else _draw(item, y), words))
        status = 0 if any(edge.standings) else AnswerError.exit_status
        return Reply(plain(edge), (f"{edge.goal}: pairs that do it",), tuple(rows), status=status)
    one = solve(scenario, chosen.key, chosen.target, project=project)
    status = AnswerError.exit_status if one.value is None else 0
    return Reply(plain(one), _solution(one), status=status)


def _solution(found: Any) -> tuple[str, ...]:
    lines = [f"{found.key}: {found.label} ({found.unit})", f"for {found.goal}"]
    if found.value is None:
        lines.append(found.reason)
        if found.nearest:
            lines.append(f"nearest at {found.nearest}")
    else:
        lines.append(f"must be {found.text} ({found.direction} it the target is passed)")
        if found.jumps:
            lines.append("the output leaps over the target there")
    lines.append(f"now {found.present}")
    if found.low:
        lines.append(f"evidence ({found.kind}): {found.low} to {found.high}")
    if found.standing:
        lines.append(f"the answer is {found.standing}")
    if found.others:
        lines.append("also: " + ", ".join(f"{value:.6g}" for value in found.others))
    return tuple(lines)


def _draw(item: Any, at: float) -> str:
    if item.shape in ("by_year", "by_quarter"):
        return f"{at:+.3g} of the way"
    return str(item.text(float(f"{at:.5g}") if item.unit not in ("date", "switch") else at))


def _bridge(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.bridge import bridge

    groups: dict[str, Sequence[str]] = {}
    for text in chosen.group:
        name, sign, keys = text.partition("=")
        if not sign or not name.strip() or not keys.strip():
            raise UsageError("not a group", where="--group", received=text, allowed="NAME=KEY,KEY")
        groups[name.strip()] = [key.strip() for key in keys.split(",")]
    found = bridge(
        read(chosen.start),
        read(chosen.end),
        chosen.of,
        groups=groups,
        interactions=chosen.interactions,
        project=project,
    )
    unit = found.unit
    rows = [("group", "share", "alone", "last", "assumptions")]
    rows += [
        (
            each.group,
            _number(each.amount, unit) + ("" if found.exact else f" ± {each.error:,.0f}"),
            _number(each.alone, unit),
            _number(each.last, unit),
            str(len(each.keys)),
        )
        for each in sorted(found.shares, key=lambda each: -abs(each.amount))
    ]
    rows.append(("difference", _number(found.difference, unit), "", "", ""))
    pairs = sorted(found.pairs, key=lambda pair: -abs(pair.amount))
    return Reply(
        plain(found) | {"difference": found.difference},
        (
            f"{found.output}: {found.start} {_number(found.before, unit)}, "
            f"{found.end} {_number(found.after, unit)}",
        ),
        tuple(rows),
        (
            f"{'every combination' if found.exact else 'sampled orders'}, "
            f"{found.evaluated:,} scenarios",
            *(f"{pair.one} with {pair.other}: {_number(pair.amount, unit)}" for pair in pairs),
        ),
    )


def _sensitivity(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    import numpy as np

    from jcurve.analysis.question import Question
    from jcurve.analysis.sensitivity import ends, grid, ranged, ranked, tornado

    scenario = read(chosen.scenario)
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
        rows = [(f"{down.key} \\ {across.key}", *(_draw(across, x) for x in xs))]
        rows += [
            (_draw(down, y), *(_number(float(value), unit) for value in row))
            for y, row in zip(ys, found.values[chosen.of], strict=True)
        ]
        return Reply(plain(found), (f"{chosen.of} of {scenario.name}",), tuple(rows))
    if chosen.whole:
        return _variance(chosen, scenario, unit, project)
    if chosen.correlate or chosen.method:
        raise UsageError(
            "one at a time there is nothing to correlate",
            received="--correlate" if chosen.correlate else "--method",
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
            _number(swing.at_low[chosen.of], unit),
            _number(swing.at_high[chosen.of], unit),
        )
        for swing in swings[: chosen.top]
    ]
    return Reply(
        {
            "scenario": scenario.name,
            "hash": scenario.hash,
            "output": chosen.of,
            "unit": unit,
            "base": plain(base),
            "swings": [_swing(swing, chosen.of) for swing in swings],
        },
        (f"{chosen.of} of {scenario.name}: {_number(base, unit)}",),
        tuple(tuple(_short(cell) for cell in row) for row in table),
        (f"{len(swings)} assumptions with a range, each at its own low and high",),
    )


def _variance(chosen: argparse.Namespace, scenario: Scenario, unit: str, project: Project) -> Reply:
    from jcurve.analysis.variance import split_variance

    with Progress(f"variance of {chosen.of}"):
        found = split_variance(
            scenario,
            chosen.of,
            method=chosen.method,
            correlations=_correlations(chosen.correlate),
            project=project,
        )
    rows = [
        ("group", "assumptions", *(("first", "total") if found.method == "sobol" else ("effect",)))
    ]
    for part in found.parts:
        shown = (part.first, part.total) if found.method == "sobol" else (part.effect,)
        cells = (f"{each.value:.1%} ± {each.error:.1%}" for each in shown if each is not None)
        rows.append((part.group, str(len(part.keys)), *cells))
    heading = f"{chosen.of} of {scenario.name}: standard deviation {_number(found.sd.value, unit)}"
    note = f"{found.method}, {found.evaluated:,} scenarios"
    return Reply(plain(found), (heading,), tuple(rows), (note,))


def _swing(swing: Any, output: str) -> dict[str, Any]:
    found: dict[str, Any] = plain(swing)
    return {
        **{key: found[key] for key in ("key", "label", "unit", "low", "high", "kind", "broken")},
        "at_low": found["at_low"][output],
        "at_high": found["at_high"][output],
        "spread": plain(swing.spread(output)),
    }


def _short(text: str) -> str:
    return text if len(text) <= 32 else text[:31] + "…"


def _simulate(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.risk import risk
    from jcurve.analysis.runners import cluster, processes
    from jcurve.analysis.simulate import plan_for, simulate
    from jcurve.reports.simulations import FolderStore, folder_for

    scenario = read(chosen.scenario)
    until = None if chosen.until is None else _amount(chosen.until, "--until")
    limit = _amount(chosen.limit, "--limit")
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
        correlations=_correlations(chosen.correlate),
        persistent=not chosen.by_year,
        chunk=chosen.chunk,
        project=project,
    )
    if chosen.scheduler is not None:
        runner = cluster(chosen.scheduler)
    else:
        runner = processes(os.cpu_count() or 1 if chosen.processes is None else chosen.processes)
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
            found = risk(store, run.plan, confidence=chosen.confidence, net_debt_limit=limit)
            data = {
                "scenario": scenario.name,
                "hash": scenario.hash,
                "seed": plan.seed,
                "draws": run.plan.draws,
                "note": run.note,
                "stopped": run.stopped,
                "precision": plain(run.precision),
                "reused": run.reused,
                "correlations": plain(run.correlations),
                "varied": list(plan.keys),
                "risk": plain(found),
                "file": str(store.draws),
            }
            store.finish(run.plan.level, run.plan.scrambles, data)
    except KeyboardInterrupt:
        raise Interrupted(store.kept, str(store.folder)) from None
    return Reply(data, (run.note,), *_risk_table(found, question=plan.question, file=store.draws))


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
                _number(each.mean.value, unit),
                _number(each.mean.error, unit),
                _number(low, unit),
                _number(middle, unit),
                _number(high, unit),
                f"{each.below_zero.value:.1%}",
            )
        )
    notes = [
        f"{each.output}: value at risk {_number(each.value_at_risk.value, 'USD m')}, expected "
        f"shortfall {_number(each.expected_shortfall.value, 'USD m')} at {each.confidence:.0%}"
        for each in found.losses
    ]
    if found.cash is not None:
        notes.append(
            f"net debt passes {_number(found.cash.limit, 'USD m')} in "
            f"{found.cash.passed.value:.1%} of draws; expected shortfall of cash "
            f"{_number(found.cash.shortfall.value, 'USD m')}"
        )
    if found.payback_by:
        last = max(found.payback_by)
        notes.append(f"paid back by the end of {last}: {found.payback_by[last].value:.1%} of draws")
    notes.append(f"left out, since they break a rule: {found.left_out:.2%} of draws")
    notes.append(str(file))
    return tuple(rows), tuple(notes)


def _amount(text: str, where: str) -> float:
    return read_number(Text(text), UNITS["USD m"], (), Place(where)).value


def _correlations(texts: Sequence[str]) -> dict[tuple[str, str], float]:
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


COMMANDS: Mapping[str, Callable[[argparse.Namespace, Read, Project], Reply]] = {
    "solve": _solve,
    "bridge": _bridge,
    "sensitivity": _sensitivity,
    "simulate": _simulate,
}
