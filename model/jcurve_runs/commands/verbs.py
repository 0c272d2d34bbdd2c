"""The verbs of runs: report, batch, runs, tick, deliver, portal, prune."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from jcurve.errors import JCurveError, RunError, UsageError, nearest
from jcurve.progress import Progress
from jcurve.project import Project
from jcurve.sisters import Asked
from jcurve_runs import Ledger
from jcurve_runs.execution.redaction import one_line
from jcurve_runs.ledger.attempts import Attempt, RunState
from jcurve_runs.publishing.attempt import Done, recover

if TYPE_CHECKING:
    from jcurve_runs.delivery.deliver import Delivered

__all__ = ["COMMANDS"]


def _report(asked: Asked) -> int:
    from jcurve_runs import now, prepare, raised, run_plan

    chosen, project = asked.chosen, asked.project
    if chosen.list:
        return _list_reports(project, chosen)
    status = 0
    done: list[Done] = []
    for scenario in chosen.scenario or ["base"]:
        try:
            with Progress(f"{chosen.report} {scenario}") as progress:
                plan = prepare(
                    chosen.report,
                    scenario,
                    asked.overrides,
                    view=chosen.view,
                    parameters=asked.parameters,
                    project=project,
                    run_id=None,
                    started=now(),
                    resolve=asked.resolve,
                    workbook=chosen.workbook,
                )
                ended = run_plan(
                    plan, deadline=chosen.deadline, progress=progress, force=chosen.force
                )
            if ended.failed:
                raise raised(ended)
        except JCurveError as error:  # one failure never stops the rest
            print(f"jcurve: {error}", file=sys.stderr)
            status = status or error.exit_status
            continue
        done.append(ended)
        if not chosen.json:
            print(_told_of(ended))
    if chosen.json:
        print(json.dumps([_edition(ended) for ended in done], indent=2, ensure_ascii=False))
    return status


def _told_of(ended: Done) -> str:
    """One run's end in words, with what there is to open."""
    title = f"{ended.report} {ended.series}"
    if ended.edition is None:
        return f"{title}: {ended.state.replace('_', ' ')}: {ended.message}"
    if ended.state == "skipped_unchanged":
        title += f": unchanged, relies on edition {ended.edition.id} (--force runs it again)"
    elif ended.rendered_only:
        title += ": outputs unchanged, rendered anew"
    edition = ended.edition
    files = [edition.html, edition.pdf, *([edition.workbook] if edition.workbook.is_file() else [])]
    return "\n  ".join([title, *map(str, files)])


def _list_reports(project: Project, chosen: argparse.Namespace) -> int:
    from jcurve_runs.plan.catalogue import catalogue

    entries = catalogue(project)
    if chosen.json:
        print(json.dumps([entry.to_json() for entry in entries], indent=2, ensure_ascii=False))
    else:
        print("\n\n".join("\n".join(entry.lines()) for entry in entries))
    return 0


_FILES = ("html", "pdf", "results")


def _edition(ended: Done) -> dict[str, Any]:
    edition = ended.edition
    files = {} if edition is None else {name: str(getattr(edition, name)) for name in _FILES}
    if edition is not None and edition.workbook.is_file():
        files["workbook"] = str(edition.workbook)
    return {
        "state": ended.state,
        "edition": None if edition is None else edition.id,
        "report": ended.report,
        "series": ended.series,
        **files,
    }


def _batch(asked: Asked) -> int:
    from jcurve.assumptions import available
    from jcurve_runs.commands.bars import Bars
    from jcurve_runs.publishing.batch import batch
    from jcurve_runs.publishing.retry import Retry

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


def _tick(asked: Asked) -> int:
    from jcurve_runs.schedule.tick import watch_clock

    if not asked.chosen.watch:
        return _tick_once(asked)
    watch_clock(
        asked.project,
        lambda: _tick_once(asked),
        troubled=lambda error: print(f"jcurve: {error}", file=sys.stderr),
    )
    return 0


def _tick_once(asked: Asked) -> int:
    from jcurve_runs.commands.bars import Bars
    from jcurve_runs.delivery.deliver import announce, deliver
    from jcurve_runs.schedule.tick import run_scheduled, tick

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
        _print_problem(deliver(project))
    if chosen.json:
        print((project.reports / "status.json").read_text(encoding="utf-8"), end="")
    return 10 + min(made.failed, 100) if made.failed else 0


def _deliver(asked: Asked) -> int:
    from jcurve_runs.delivery.deliver import deliver

    made = deliver(asked.project, again=asked.chosen.again)
    if asked.chosen.json:
        print(json.dumps(asdict(made), indent=2))
    else:
        print(f"{made.sent} sent, {made.waiting} waiting, {made.refused} refused")
    _print_problem(made)
    return RunError.exit_status if made.problem or made.refused else 0


def _portal(asked: Asked) -> int:
    from jcurve_runs.portal.site import refresh

    pages = refresh(asked.project)
    page = asked.project.reports / "index.html"
    print(json.dumps({"pages": pages, "index": str(page)}) if asked.chosen.json else page)
    return 0


def _prune(asked: Asked) -> int:
    from jcurve_runs.ledger.attempts import now
    from jcurve_runs.portal.site import refresh
    from jcurve_runs.publishing.retention import Rule, prune

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


def _print_problem(made: Delivered) -> None:
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
    "report": _report,
    "batch": _batch,
    "runs": _runs,
    "tick": _tick,
    "deliver": _deliver,
    "portal": _portal,
    "prune": _prune,
}
