"""The verbs for unattended runs: batch, runs, diff, tick, deliver, portal, prune."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, get_args

from jcurve.errors import RunError, UsageError, nearest
from jcurve.project import Project
from jcurve.reports import Ledger
from jcurve.reports.drive import recover
from jcurve.reports.ledger import Attempt, RunState
from jcurve.reports.letter import one_line
from jcurve.reports.plan import Resolve

if TYPE_CHECKING:
    from jcurve.reports.deliver import Delivered

__all__ = ["COMMANDS", "Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every command of this kind needs of the command line.

    Attributes:
        chosen: the options.
        project: the project.
        overrides: of ``--set``.
        resolve: reads a scenario.
    """

    chosen: argparse.Namespace
    project: Project
    overrides: Mapping[str, Any]
    resolve: Resolve


def _batch(asked: Asked) -> int:
    from jcurve.assumptions import available
    from jcurve.bars import Bars
    from jcurve.reports.batch import batch
    from jcurve.reports.retry import Retry

    chosen = asked.chosen
    with Bars() as bars:
        made = batch(
            chosen.reports or ["scenario_report"],
            chosen.scenario or available(asked.project),
            asked.overrides,
            project=asked.project,
            view=chosen.view,
            jobs=chosen.jobs,
            engine="plain" if chosen.plain else "warm",
            deadline=chosen.deadline,
            retry=Retry(attempts=chosen.attempts),
            force=chosen.force,
            workbook=chosen.workbook,
            resolve=asked.resolve,
            watch=bars,
        )
    if made.fallback:
        print(f"jcurve: each run had a process of its own: {made.fallback}", file=sys.stderr)
    for run in made.runs:
        if run.failed:
            said = run.error or run.message or run.state
            print(f"jcurve: {run.report} {run.scenario}: {said}", file=sys.stderr)
    if chosen.json:
        print(made.manifest.read_text(encoding="utf-8"), end="")
        return made.exit_status
    for run in made.runs:
        line = f"{run.report} {run.series or run.scenario}: {run.state.replace('_', ' ')}"
        if run.state == "skipped_unchanged":
            line += f", {run.message}"
        elif run.edition is not None:
            line += f", edition {run.edition.id}"
        print(line)
    print(f"{len(made.runs)} runs, {made.failed} failed; {made.manifest}")
    return made.exit_status


def _runs(asked: Asked) -> int:
    chosen = asked.chosen
    states = get_args(RunState)
    if chosen.state is not None and chosen.state not in states:
        raise UsageError(
            "unknown state",
            where="--state",
            received=chosen.state,
            allowed=", ".join(states),
            suggestion=nearest(chosen.state, states),
        )
    with Ledger(asked.project) as ledger:
        recover(ledger)
        found = ledger.attempts(
            run=chosen.run,
            report=chosen.report,
            state=chosen.state,
            batch=chosen.batch,
            limit=chosen.last,
        )
        if chosen.run is not None and not found:
            raise UsageError("no such run in the ledger", received=chosen.run)
        events = {each.id: ledger.events(each.id) for each in found} if chosen.run else {}
    if chosen.json:
        shown = [
            asdict(each) | {"events": [asdict(event) for event in events.get(each.id, [])]}
            if chosen.run
            else asdict(each)
            for each in found
        ]
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return 0
    for each in found:
        print(_line(each))
        for event in events.get(each.id, []):
            print(f"  {event.at}  {event.state:18} {one_line(event.detail, 600)}".rstrip())
    return 0


def _diff(asked: Asked) -> int:
    from jcurve.progress import Progress
    from jcurve.reports.sides import diff

    chosen = asked.chosen
    with Progress("comparing"):
        found = diff(chosen.one, chosen.other, project=asked.project, overrides=asked.overrides)
    if chosen.json:
        print(json.dumps(found.to_json(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(*found.lines(), sep="\n")
    return 0


def _tick(asked: Asked) -> int:
    from jcurve.reports.tick import watch_clock

    if not asked.chosen.watch:
        return _tick_once(asked)
    watch_clock(
        asked.project,
        lambda: _tick_once(asked),
        troubled=lambda error: print(f"jcurve: {error}", file=sys.stderr),
    )
    return 0


def _tick_once(asked: Asked) -> int:
    from jcurve.bars import Bars
    from jcurve.reports.deliver import announce, deliver
    from jcurve.reports.tick import run_scheduled, tick

    chosen, project = asked.chosen, asked.project
    with Bars() as bars:
        made = tick(
            project,
            runner=lambda schedule, name: run_scheduled(project, schedule, name, watch=bars),
            announce=announce,
        )
    for ran in made.ran:
        detail = f": {ran.occurrence.detail}" if ran.occurrence.detail else ""
        told = f"{ran.schedule.name} {ran.occurrence.occurrence}: {ran.occurrence.state}{detail}"
        print(told, file=sys.stderr if chosen.json else sys.stdout)
    for late in made.alarms:
        print(
            f"jcurve: {late.schedule} {late.occurrence}: did not arrive by {late.deadline}",
            file=sys.stderr,
        )
    for problem in made.problems:
        print(f"jcurve: {problem}", file=sys.stderr)
    if not chosen.no_deliver:
        _told(deliver(project))
    if chosen.json:
        print((project.reports / "status.json").read_text(encoding="utf-8"), end="")
    return 10 + min(made.failed, 100) if made.failed else 0


def _deliver(asked: Asked) -> int:
    from jcurve.reports.deliver import deliver

    made = deliver(asked.project, again=asked.chosen.again)
    if asked.chosen.json:
        print(json.dumps(asdict(made), indent=2))
    else:
        print(f"{made.sent} sent, {made.waiting} waiting, {made.refused} refused")
    _told(made)
    return RunError.exit_status if made.problem or made.refused else 0


def _portal(asked: Asked) -> int:
    from jcurve.reports.portal import refresh

    pages = refresh(asked.project)
    page = asked.project.reports / "index.html"
    print(json.dumps({"pages": pages, "index": str(page)}) if asked.chosen.json else page)
    return 0


def _prune(asked: Asked) -> int:
    from jcurve.reports.ledger import now
    from jcurve.reports.portal import refresh
    from jcurve.reports.retention import Rule, prune

    chosen = asked.chosen
    rule = Rule(chosen.last, chosen.days, not chosen.no_monthly)
    gone = prune(asked.project, rule, now(), dry=chosen.dry_run)
    if gone and not chosen.dry_run:
        refresh(asked.project)
    names = [f"{each.report}/{each.series}/{each.id}" for each in gone]
    if chosen.json:
        print(json.dumps(names, indent=2))
    else:
        print(*names, f"{len(names)} {'would go' if chosen.dry_run else 'gone'}", sep="\n")
    return 0


def _told(made: Delivered) -> None:
    if made.problem:
        print(f"jcurve: {made.problem}; {made.waiting} letters wait", file=sys.stderr)


def _line(attempt: Attempt) -> str:
    again = f" attempt {attempt.attempt}" if attempt.attempt > 1 else ""
    told = one_line(attempt.reason or attempt.message, 300)
    why = f": {told}" if told else ""
    return (
        f"{attempt.queued[:19]}Z  {attempt.run}{again}  {attempt.report} {attempt.series}  "
        f"{attempt.state}{why}"
    )


COMMANDS: Mapping[str, Callable[[Asked], int]] = {
    "batch": _batch,
    "runs": _runs,
    "diff": _diff,
    "tick": _tick,
    "deliver": _deliver,
    "portal": _portal,
    "prune": _prune,
}
