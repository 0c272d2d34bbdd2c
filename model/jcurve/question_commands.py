"""The verbs that ask the model: each reads its options, asks once and says the answer.

A command gives a :class:`~jcurve.replies.Reply`; the command line prints it as a table or as JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jcurve.analysis.plain import plain
from jcurve.errors import AnswerError, UsageError
from jcurve.project import Project
from jcurve.replies import Read, Reply, draw, number
from jcurve.risk_commands import sensitivity, simulate_draws

__all__ = ["COMMANDS"]


def _solve(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.market import implied
    from jcurve.analysis.solving import frontier, solve

    scenario = read(chosen.scenario)
    if chosen.move is not None:
        found = implied(scenario, chosen.key, chosen.move, project=project)
        heading = (
            f"a move of {chosen.move:+.1%} is {number(found.change, 'USD m')} of market value; "
            f"{found.output} would have to go from {number(found.before, 'USD m')} to "
            f"{number(found.after, 'USD m')} (arithmetic, no advice)",
        )
        status = AnswerError.exit_status if found.solution.value is None else 0
        return Reply(plain(found), (*heading, *_solution(found.solution)), status=status)
    if chosen.against is not None:
        edge = frontier(scenario, chosen.key, chosen.against, chosen.target, project=project)
        other = scenario[edge.across]
        rows = [(edge.across, edge.down, "")]
        for x, y, text, words in zip(
            edge.xs,
            edge.ys,
            edge.texts,
            (
                standing or reason
                for standing, reason in zip(edge.standings, edge.reasons, strict=True)
            ),
            strict=True,
        ):
            shown = text if ";" not in text else f"{y:+.3g} of the way"
            rows.append((draw(other, x), shown, words))
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


def _bridge(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.bridging import bridge

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
            number(each.amount, unit) + ("" if found.exact else f" ± {each.error:,.0f}"),
            number(each.alone, unit),
            number(each.last, unit),
            str(len(each.keys)),
        )
        for each in sorted(found.shares, key=lambda each: -abs(each.amount))
    ]
    rows.append(("difference", number(found.difference, unit), "", "", ""))
    pairs = sorted(found.pairs, key=lambda pair: -abs(pair.amount))
    return Reply(
        plain(found) | {"difference": found.difference},
        (
            f"{found.output}: {found.start} {number(found.before, unit)}, "
            f"{found.end} {number(found.after, unit)}",
        ),
        tuple(rows),
        (
            f"{'every combination' if found.exact else 'sampled orders'}, "
            f"{found.evaluated:,} scenarios",
            *(f"{pair.one} with {pair.other}: {number(pair.amount, unit)}" for pair in pairs),
        ),
    )


COMMANDS: Mapping[str, Callable[[argparse.Namespace, Read, Project], Reply]] = {
    "solve": _solve,
    "bridge": _bridge,
    "sensitivity": sensitivity,
    "simulate": simulate_draws,
}
