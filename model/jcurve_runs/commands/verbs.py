"""The verbs of runs: report, batch, runs, tick, deliver, outbox, portal, prune."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TextIO, get_args

from jcurve.ground.errors import JCurveError, RunError, UsageError
from jcurve.ground.progress import Progress
from jcurve.ground.project import Project
from jcurve.ground.sisters import Asked
from jcurve_runs import Ledger
from jcurve_runs.execution.redaction import one_line
from jcurve_runs.ledger.attempts import Attempt, RunState
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.runs import recover

__all__ = ["COMMANDS"]


def _report(asked: Asked) -> int:
    from jcurve_runs.ledger.store import now
    from jcurve_runs.plan.request import Request, prepare
    from jcurve_runs.publishing.runs import raised, run_plan

    chosen, project = asked.chosen, asked.project
    if chosen.list:
        return _list_reports(project, chosen)
    if chosen.strict:
        os.environ["JCURVE_STRICT"] = "1"
    status = 0
    done: list[Done] = []
    for scenario in chosen.scenario or ["base"]:
        request = Request(
            report=chosen.report,
            scenario=scenario,
            overrides=asked.overrides,
            view=chosen.view,
            parameters=asked.parameters,
            workbook=chosen.workbook,
            force=chosen.force or chosen.strict,
            deadline=chosen.deadline,
        )
        try:
            with Progress(f"{chosen.report} {scenario}") as progress:
                plan = prepare(request, project, started=now(), resolve=asked.resolve)
                ended = run_plan(plan, progress=progress)
            if ended.failed:
                raise raised(ended)
        except JCurveError as error:  # one failure never stops the rest
            print(f"jcurve: {error}", file=sys.stderr)
            status = status or error.exit_status
            continue
        done.append(ended)
        if not chosen.json:
            print(_ended(ended))
    if chosen.json:
        _print_json([_edition(ended) for ended in done])
    return status


def _ended(ended: Done) -> str:
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
        _print_json([entry.to_json() for entry in entries])
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
    from jcurve_runs.plan.request import Request, Retry
    from jcurve_runs.publishing.batch import batch, every

    chosen = asked.chosen
    like = Request(
        overrides=asked.overrides,
        view=chosen.view,
        parameters=asked.parameters,
        workbook=chosen.workbook,
        force=chosen.force,
        deadline=chosen.deadline,
        retry=Retry(attempts=chosen.attempts),
    )
    reports = chosen.reports or ["scenario_report"]
    with Bars() as bars:
        made = batch(
            every(reports, chosen.scenario or available(asked.project), like),
            asked.project,
            jobs=chosen.jobs,
            engine="plain" if chosen.plain else "warm",
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
        raise UsageError.not_among("unknown state", chosen.state, states, where="--state")
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
        _print_json(shown)
        return 0
    for each in found:
        print(_line(each))
        for event in events.get(each.id, []):
            print(f"  {event.at}  {event.state:18} {one_line(event.detail, 600)}".rstrip())
    return 0


def _tick(asked: Asked) -> int:
    from jcurve_runs.schedule.tick import watch_clock

    if asked.chosen.check:
        return _check(asked)
    if not asked.chosen.watch:
        return _tick_once(asked)
    watch_clock(asked.project, lambda: _tick_once(asked), troubled=lambda error: _log(str(error)))
    return 0


def _check(asked: Asked) -> int:
    from jcurve_runs.schedule.tick import check

    found = check(asked.project)
    if asked.chosen.json:
        _print_json([{"schedule": each.name, "mistake": str(each.error)} for each in found])
        return found[0].error.exit_status if found else 0
    for each in found:
        print(f"jcurve: {each.name}: {each.error}", file=sys.stderr)
    if not found:
        print("every schedule can run, and mail can be sent")
    return found[0].error.exit_status if found else 0


def _tick_once(asked: Asked) -> int:
    from jcurve_runs.commands.bars import Bars
    from jcurve_runs.delivery.deliver import deliver
    from jcurve_runs.schedule.tick import run_scheduled, tick

    chosen, project = asked.chosen, asked.project
    with Bars() as bars:
        made = tick(
            project,
            runner=lambda *what: run_scheduled(project, *what, watch=bars),
            deliver=None if chosen.no_deliver else lambda: deliver(project),
            run_now=chosen.now,
        )
    for ran in made.ran:
        detail = f": {ran.occurrence.detail}" if ran.occurrence.detail else ""
        told = f"{ran.schedule.name} {ran.occurrence.occurrence}: {ran.occurrence.state}{detail}"
        _log(told, sys.stderr if chosen.json else sys.stdout)
    for late in made.alarms:
        _log(f"{late.schedule} {late.occurrence}: did not arrive by {late.deadline}")
    for problem in made.problems:
        _log(problem)
    sent = made.delivered
    if sent is not None and (sent.waiting or sent.refused):
        problem = f" ({sent.problem})" if sent.problem else ""
        _log(f"mail: {sent.waiting} waiting, {sent.refused} refused{problem}; see jcurve outbox")
    if chosen.json:
        print((project.reports / "status.json").read_text(encoding="utf-8"), end="")
    if made.failed:
        return 10 + min(made.failed, 100)
    owed = sent is not None and (sent.waiting or sent.refused)
    return RunError.exit_status if made.problems or made.alarms or owed else 0


def _log(text: str, stream: TextIO | None = None) -> None:
    """One line with the time, for a log that cron or systemd keeps."""
    from jcurve_runs.ledger.store import now

    print(f"{now():%Y-%m-%dT%H:%M:%SZ} jcurve: {text}", file=stream or sys.stderr, flush=True)


def _deliver(asked: Asked) -> int:
    from jcurve_runs.delivery.deliver import deliver

    made = deliver(asked.project, again=asked.chosen.again)
    if asked.chosen.json:
        _print_json(asdict(made))
    else:
        print(f"{made.sent} sent, {made.waiting} waiting, {made.refused} refused")
    if made.problem:
        print(f"jcurve: {made.problem}", file=sys.stderr)
    return RunError.exit_status if made.problem or made.waiting or made.refused else 0


def _outbox(asked: Asked) -> int:
    chosen = asked.chosen
    with Ledger(asked.project, read_only=True) as ledger:
        known = {entry.message for entry in ledger.outbox.entries()}
        for message in chosen.resend or ():
            if message not in known:
                raise UsageError.not_among(
                    "no such message in the outbox",
                    message,
                    known,
                    allowed="an identifier that jcurve outbox --all shows",
                )
        if chosen.resend:
            ledger.outbox.resend(chosen.resend)
        found = [each for each in ledger.outbox.entries() if chosen.all or each.state != "sent"]
    if chosen.json:
        _print_json([asdict(each) for each in found])
        return 0
    for each in found:
        when = each.sent if each.state == "sent" else each.next
        at = f" {'at' if each.state == 'sent' else 'next try'} {when[:19]}Z" if when else ""
        held = ", held back until its occurrence has ended" if each.held_back else ""
        why = f": {one_line(each.problem, 300)}" if each.problem else ""
        print(
            f"{each.message}  {each.kind} {one_line(each.about, 100)}\n"
            f"  {each.address}: {each.state}{held}, {each.tries} tries{at}{why}"
        )
    if not found:
        print("nothing is owed")
    return 0


def _portal(asked: Asked) -> int:
    from jcurve_runs.portal.site import refresh

    pages = refresh(asked.project)
    page = asked.project.reports / "index.html"
    print(json.dumps({"pages": pages, "index": str(page)}) if asked.chosen.json else page)
    return 0


def _prune(asked: Asked) -> int:
    from jcurve_runs.ledger.store import now
    from jcurve_runs.portal.site import refresh
    from jcurve_runs.publishing.retention import Rule, prune

    chosen = asked.chosen
    rule = Rule(chosen.last, chosen.days, not chosen.no_monthly)
    gone = prune(asked.project, rule, now(), dry=chosen.dry_run)
    if gone and not chosen.dry_run:
        refresh(asked.project)
    names = [f"{each.report}/{each.series}/{each.id}" for each in gone]
    if chosen.json:
        _print_json(names)
    else:
        print(*names, f"{len(names)} {'would go' if chosen.dry_run else 'gone'}", sep="\n")
    return 0


def _line(attempt: Attempt) -> str:
    again = f" attempt {attempt.attempt}" if attempt.attempt > 1 else ""
    told = one_line(attempt.reason or attempt.message, 300)
    why = f": {told}" if told else ""
    return (
        f"{attempt.queued[:19]}Z  {attempt.run}{again}  {attempt.report} {attempt.series}  "
        f"{attempt.state}{why}"
    )


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


COMMANDS: Mapping[str, Callable[[Asked], int]] = {
    "report": _report,
    "batch": _batch,
    "runs": _runs,
    "tick": _tick,
    "deliver": _deliver,
    "outbox": _outbox,
    "portal": _portal,
    "prune": _prune,
}
