"""What ``jcurve sensitivity`` says of whole worlds: stresses, weighted scenarios, reviews."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from jcurve.analysis.plain import plain
from jcurve.assumptions import Scenario
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.progress import Progress
from jcurve.ground.project import Project
from jcurve.replies import Read, Reply, amount, number

__all__ = ["reviewed", "stressed", "weighed_scenarios"]

_UNIT = "USD m"
_CUT = "cut"
"""The action whose curve is shown where the best plan is to go on."""


def stressed(chosen: argparse.Namespace, read: Read, scenario: Scenario, project: Project) -> Reply:
    """``jcurve sensitivity --stresses``."""
    from jcurve.analysis.results_days import results_days
    from jcurve.analysis.stress import PREFIX, position_losses, stresses
    from jcurve.assumptions import available, shipped

    ours, stressed = shipped(project), []
    for name in (each for each in available(project) if each.startswith(PREFIX)):
        try:
            stressed.append(read(name))
        except ScenarioError as error:
            if name in ours:
                raise
            print(f"jcurve: left out: {error}", file=sys.stderr)  # a user's draft
    found = stresses(scenario, stressed, project=project)
    if chosen.exposure is not None:
        exposure = amount(chosen.exposure, "--exposure")
        losses = position_losses(exposure, results_days(project), found)
        rows = [("what", "name", "move", "loss", "source")]
        rows += [
            (each.kind, each.name, f"{each.move:+.1%}", f"{each.loss:,.1f} USD m", each.source)
            for each in losses
        ]
        heading = f"exposure {exposure:,.1f} USD m: arithmetic, no advice"
        return Reply(plain(losses), (heading,), tuple(rows))
    table: list[tuple[str, ...]] = [
        ("stress", "assumptions", "npv", "change", "go forward", "change", "")
    ]
    table += [
        (
            each.name,
            str(each.moved),
            *(
                number(part[name], "USD m")
                for name in ("npv", "npv.go_forward")
                for part in (each.values, each.changes)
            ),
            "raises NPV" if each.raises else "",
        )
        for each in found
    ]
    return Reply(plain(found), (f"stresses of {scenario.name}",), tuple(table))


def weighed_scenarios(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    """``jcurve sensitivity --weighted``."""
    from jcurve.analysis.weighing import weighed
    from jcurve.assumptions.scenario_files import weights

    table = weights(project)
    own = _own_weights(chosen.weight)
    used = own or {each.scenario: each.weight for each in table}
    found = weighed([read(name) for name in used], used, project=project)
    rows = [("scenario", "weight", *(each.output for each in found.expectations), "payback")]
    rows += [
        (
            name,
            f"{weight:.0%}",
            *(number(each.values[name], _UNIT) for each in found.expectations),
            number(found.payback[name], "years"),
        )
        for name, weight in found.weights.items()
    ]
    rows.append(("expected", "", *(number(each.mean, _UNIT) for each in found.expectations), ""))
    rows.append(("spread", "", *(number(each.sd, _UNIT) for each in found.expectations), ""))
    notes = [f"paid back within the horizon: {found.paid_back:.0%} of the weight"]
    notes += [f"{each.scenario}: {each.rationale}" for each in table if not own]
    kind = "your weights" if own else ", ".join(sorted({each.kind for each in table}))
    return Reply(
        plain(found) | {"kind": kind}, (f"scenarios by weight ({kind})",), tuple(rows), tuple(notes)
    )


def _own_weights(texts: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in texts:
        name, _, share = text.partition("=")
        try:
            value = float(share)
        except ValueError:
            value = float("nan")
        if value != value or not name.strip() or name.strip() in found:
            raise UsageError(
                "not a weight, or one given twice",
                where="--weight",
                received=text,
                allowed="NAME=SHARE, such as bear=0.3",
            )
        found[name.strip()] = value
    return found


def reviewed(chosen: argparse.Namespace, scenario: Scenario, project: Project) -> Reply:
    """``jcurve sensitivity --reviews``."""
    from jcurve.analysis.consequences import consequences
    from jcurve.analysis.staged import actions_for, staged_programme

    points = chosen.points_per_scramble
    if points < 1 or points & (points - 1):
        raise UsageError(
            "not a power of two", where="--points-per-scramble", received=points, allowed="64, 128"
        )
    with Progress(f"reviews of {scenario.name}"):
        found = staged_programme(
            scenario, chosen.reviews, level=points.bit_length() - 1, project=project
        )
    rows: list[tuple[str, ...]] = [("rule", "npv.go_forward", "±", "")]
    rows += [
        _row(label, each)
        for label, each in (
            ("go on whatever happens", found.committed),
            (f"best plan without looking: {found.fixed[0]}", found.fixed[1]),
            (f"trigger on advertising: {found.trigger[0]}", found.trigger[1]),
            ("best expected at each review", found.least_squares),
            ("worth of reviewing", found.option_value),
            ("of it owed to looking", found.beyond_fixed),
        )
    ]
    rows += [
        _row(
            f"always {each.action} at {each.date}", each.always, f"taken in {each.share.value:.0%}"
        )
        for each in found.taken
    ]
    notes = [f"{found.draws:,} draws, {found.evaluated:,} scenarios"]
    data: dict[str, Any] = plain(found)
    name, date = found.fixed_plan or (_CUT, found.dates[0])
    action = next(each for each in actions_for() if each.name == name)
    because = consequences(scenario, action, date, project=project)
    data["consequences"] = plain(because)
    notes.append(f"{name} at {date}, as assumed, changes npv.go_forward by:")
    notes += [f"  {item.name}: {number(item.total, _UNIT)}" for item in because.items]
    lasts = f"for {action.quarters} quarters" if action.quarters else "for good"
    notes.append(
        f"change of npv.go_forward by the part of the plan that is spent after it, {lasts}:"
    )
    notes += [f"  {part:.0%}: {number(worth, _UNIT)}" for part, worth in because.curve]
    return Reply(data, (f"reviews of {scenario.name}",), tuple(rows), tuple(notes))


def _row(label: str, found: Any, more: str = "") -> tuple[str, ...]:
    return label, number(found.value, _UNIT), number(found.error, _UNIT), more
