"""The verbs of runs: report, batch, runs, tick, deliver, outbox, portal, prune."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, TextIO, get_args

from jcurve.commands.progress import Progress
from jcurve.commands.texts import attributes, values_by_name
from jcurve.commands.verb import Answer, Context, Count, Seconds, read_scenario, to_stderr, verb
from jcurve.ground.errors import JCurveError, RunError, UsageError

if TYPE_CHECKING:
    from jcurve_runs.ledger.attempts import Attempt
    from jcurve_runs.ledger.outbox import Entry
    from jcurve_runs.publishing.attempt import Done

__all__ = ["VERBS"]


@verb("jcurve report -s bear --set returns.wacc=0.1", overrides=True)
def report(
    context: Context,
    report: Annotated[str, "a notebook of notebooks/"] = "scenario_report",
    *,
    scenario: Annotated[
        list[str], "-s", "--scenario", "may be given several times (default: base)"
    ],
    view: Annotated[str, "programme or go_forward"] = "programme",
    parameter: Annotated[
        list[str], "-p", "--parameter", "a further one that the notebook declares", "NAME=VALUE"
    ],
    deadline: Annotated[Seconds, "stop a run after this long", "SECONDS"] = 600,
    force: Annotated[bool, "run even when the latest edition says the same"] = False,
    strict: Annotated[
        bool, "refuse a notebook of which anything would be left out; runs it in any case"
    ] = False,
    workbook: Annotated[bool, "publish the scenario's workbook beside the report"] = False,
    list_: Annotated[bool, "--list", "tell which reports there are and what each takes"] = False,
) -> Answer:
    """Render reports."""
    from jcurve_runs.ledger.store import now
    from jcurve_runs.plan.catalogue import catalogue
    from jcurve_runs.plan.request import Request, prepare
    from jcurve_runs.publishing.runs import raised, run_plan

    parameters = _parameters(parameter)
    if list_:
        entries = catalogue(context.project)
        lines = ["\n".join(entry.lines()) for entry in entries]
        return Answer([entry.to_json() for entry in entries], ["\n\n".join(lines)])
    if strict:
        os.environ["JCURVE_STRICT"] = "1"
    status, editions = 0, []
    for name in scenario or ["base"]:
        request = Request(
            report=report,
            scenario=name,
            overrides=context.overrides,
            view=view,
            parameters=parameters,
            workbook=workbook,
            force=force or strict,
            deadline=deadline,
        )
        try:
            with Progress(f"{report} {name}") as progress:
                plan = prepare(request, context.project, started=now(), resolve=read_scenario)
                done = run_plan(plan, progress=progress)
            if done.failed:
                raise raised(done)
        except JCurveError as error:  # one failure never stops the rest
            to_stderr(str(error))
            status = status or error.exit_status
            continue
        editions.append(_edition(done))
        if not context.json:
            print(_ended(done))
    return Answer(editions, (), status)


def _parameters(texts: list[str]) -> dict[str, Any]:
    pairs = []
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError("not a pair", where="--parameter", received=text, allowed="NAME=VALUE")
        pairs.append((name.strip(), value.strip()))
    return values_by_name(pairs, "--parameter")


def _ended(done: Done) -> str:
    """One run's end in words, with what there is to open."""
    title, edition = f"{done.report} {done.series}", done.edition
    if edition is None:
        return f"{title}: {_words(done.state)}: {done.message}"
    if done.state == "skipped_unchanged":
        title += f": unchanged, relies on edition {edition.id} (--force runs it again)"
    elif done.rendered_only:
        title += ": outputs unchanged, rendered anew"
    files = [edition.html, edition.pdf, *([edition.workbook] if edition.workbook.is_file() else [])]
    return "\n  ".join([title, *map(str, files)])


def _words(state: str) -> str:
    return state.replace("_", " ")


def _edition(done: Done) -> dict[str, Any]:
    edition = done.edition
    data = {"state": done.state, "edition": edition and edition.id, "report": done.report}
    data["series"] = done.series
    if edition is not None:
        data |= {name: str(getattr(edition, name)) for name in ("html", "pdf", "results")}
        if edition.workbook.is_file():
            data["workbook"] = str(edition.workbook)
    return data


@verb("jcurve batch -s bear -s bull", overrides=True)
def batch(
    context: Context,
    reports: Annotated[list[str], "notebooks of notebooks/ (default: scenario_report)", "REPORT"],
    *,
    scenario: Annotated[list[str], "-s", "--scenario", "repeatable (default: all of them)"],
    view: Annotated[str, "programme or go_forward"] = "programme",
    jobs: Annotated[Count | None, "-j", "--jobs", "at once (default: one a processor)", "N"] = None,
    plain: Annotated[bool, "a fresh process for each run, not forks of a warm one"] = False,
    deadline: Annotated[Seconds, "stop a run after this long", "SECONDS"] = 600,
    attempts: Annotated[Count, "for failures that may pass by themselves", "N"] = 3,
    force: Annotated[bool, "run what is unchanged as well"] = False,
    workbook: Annotated[bool, "publish each scenario's workbook beside its report"] = False,
) -> Answer:
    """Run scenarios × reports in parallel."""
    from jcurve.assumptions import available
    from jcurve_runs.commands.batch_progress import BatchProgress
    from jcurve_runs.plan.request import Request, Retry
    from jcurve_runs.publishing.batch import batch, every

    like = Request(
        overrides=context.overrides,
        view=view,
        workbook=workbook,
        force=force,
        deadline=deadline,
        retry=Retry(attempts=attempts),
    )
    scenarios = scenario or available(context.project)
    with BatchProgress() as watch:
        made = batch(
            every(reports or ["scenario_report"], scenarios, like),
            context.project,
            jobs=jobs,
            engine="plain" if plain else "warm",
            resolve=read_scenario,
            watch=watch,
        )
    if made.fallback:
        to_stderr(f"each run had a process of its own: {made.fallback}")
    lines = []
    for run in made.runs:
        line = f"{run.report} {run.series or run.scenario}: {_words(run.state)}"
        if run.failed:
            to_stderr(f"{run.report} {run.scenario}: {run.error or run.message or run.state}")
        if run.state == "skipped_unchanged":
            line += f", {run.message}"
        elif run.edition is not None:
            line += f", edition {run.edition.id}"
        lines.append(line)
    lines.append(f"{len(made.runs)} runs, {made.failed} failed; {made.manifest}")
    return Answer(json.loads(made.manifest.read_bytes()), lines, made.exit_status)


@verb("jcurve runs --state failed")
def runs(
    context: Context,
    run: Annotated[str | None, "one run, with all that happened to it"] = None,
    *,
    report: Annotated[str | None, "of this report only"] = None,
    state: Annotated[str | None, "in this state only, such as failed"] = None,
    batch: Annotated[str | None, "of this batch only"] = None,
    last: Annotated[Count, "-n", "--last", "how many", "N"] = 20,
) -> Answer:
    """What has run, the newest first."""
    from jcurve_runs.execution.redaction import one_line
    from jcurve_runs.ledger.attempts import Ledger, RunState
    from jcurve_runs.publishing.runs import recover

    states: dict[str, RunState] = {each: each for each in get_args(RunState)}
    if state is not None and state not in states:
        raise UsageError.not_among("unknown state", state, states, where="--state")
    data, lines = [], []
    with Ledger(context.project) as ledger:
        recover(ledger)
        found = ledger.attempts(
            run=run, report=report, state=states.get(state or ""), batch=batch, limit=last
        )
        if run is not None and not found:
            raise UsageError("no such run in the ledger", received=run)
        for each in found:
            events = ledger.events(each.id) if run else []
            data.append(attributes(each) | ({"events": events} if run else {}))
            lines.append(_line(each))
            for event in events:
                detail = one_line(event.detail, 600)
                lines.append(f"  {event.at}  {event.state:18} {detail}".rstrip())
    return Answer(data, lines)


def _line(attempt: Attempt) -> str:
    from jcurve_runs.execution.redaction import one_line

    again = f" attempt {attempt.attempt}" if attempt.attempt > 1 else ""
    text = one_line(attempt.reason or attempt.message, 300)
    why = f": {text}" if text else ""
    return (
        f"{attempt.queued[:19]}Z  {attempt.run}{again}  {attempt.report} {attempt.series}  "
        f"{attempt.state}{why}"
    )


@verb("jcurve tick --watch")
def tick(
    context: Context,
    *,
    watch: Annotated[bool, "stay, and look again whenever something is due"] = False,
    check: Annotated[bool, "only say what is wrong with schedules and mail"] = False,
    now: Annotated[str | None, "run this schedule as well, whatever the time", "SCHEDULE"] = None,
    no_deliver: Annotated[bool, "leave mails in the outbox for jcurve deliver"] = False,
) -> Answer | int:
    """Run what is due by reports/schedule.yml."""
    from jcurve_runs.schedule.tick import watch_clock

    if check:
        return _check(context)

    def once() -> int:
        return _tick_once(context, now, mail=not no_deliver)

    if not watch:
        return once()
    watch_clock(context.project, once, troubled=lambda error: _log(str(error)))
    return 0


def _check(context: Context) -> Answer:
    from jcurve_runs.schedule.tick import check

    found = check(context.project)
    if not found:
        return Answer([], ["every schedule can run, and mail can be sent"])
    for each in () if context.json else found:
        to_stderr(f"{each.name}: {each.error}")
    data = [{"schedule": each.name, "mistake": str(each.error)} for each in found]
    return Answer(data, (), found[0].error.exit_status)


def _tick_once(context: Context, now: str | None, *, mail: bool) -> int:
    from jcurve_runs.commands.batch_progress import BatchProgress
    from jcurve_runs.delivery.deliver import deliver
    from jcurve_runs.schedule.tick import run_scheduled, tick

    project = context.project
    with BatchProgress() as watch:
        made = tick(
            project,
            runner=lambda *what: run_scheduled(project, *what, watch=watch),
            deliver=(lambda: deliver(project)) if mail else None,
            run_now=now,
        )
    for ran in made.ran:
        found = ran.occurrence
        detail = f": {found.detail}" if found.detail else ""
        text = f"{ran.schedule.name} {found.occurrence}: {found.state}{detail}"
        _log(text, sys.stderr if context.json else sys.stdout)
    for late in made.alarms:
        _log(f"{late.schedule} {late.occurrence}: did not arrive by {late.deadline}")
    for problem in made.problems:
        _log(problem)
    sent = made.delivered
    owed = sent is not None and (sent.waiting or sent.refused)
    if sent is not None and owed:
        problem = f" ({sent.problem})" if sent.problem else ""
        _log(f"mail: {sent.waiting} waiting, {sent.refused} refused{problem}; see jcurve outbox")
    if context.json:
        print((project.reports / "status.json").read_text(encoding="utf-8"), end="")
    if made.failed:
        return 10 + min(made.failed, 100)
    return RunError.exit_status if made.problems or made.alarms or owed else 0


def _log(text: str, stream: TextIO | None = None) -> None:
    """One line with the time, for a log that cron or systemd keeps."""
    from jcurve_runs.ledger.store import now

    print(f"{now():%Y-%m-%dT%H:%M:%SZ} jcurve: {text}", file=stream or sys.stderr, flush=True)


@verb("jcurve deliver")
def deliver(
    context: Context, *, again: Annotated[bool, "also what was refused, and at once"] = False
) -> Answer:
    """Send what waits in the outbox."""
    from jcurve_runs.delivery.deliver import deliver

    made = deliver(context.project, again=again)
    line = f"{made.sent} sent, {made.waiting} waiting, {made.refused} refused"
    if made.problem:
        to_stderr(made.problem)
    failed = made.problem or made.waiting or made.refused
    return Answer(made, [line], RunError.exit_status if failed else 0)


@verb("jcurve outbox")
def outbox(
    context: Context,
    *,
    all_: Annotated[bool, "--all", "also what was sent"] = False,
    resend: Annotated[
        list[str], "send a message again to all its recipients; then jcurve deliver", "MESSAGE"
    ],
) -> Answer:
    """Mails that are owed, recipient by recipient."""
    from jcurve_runs.ledger.attempts import Ledger

    with Ledger(context.project, read_only=True) as ledger:
        known = {entry.message for entry in ledger.outbox.entries()}
        for message in resend:
            if message not in known:
                raise UsageError.not_among(
                    "no such message in the outbox",
                    message,
                    known,
                    allowed="an identifier that jcurve outbox --all shows",
                )
        if resend:
            ledger.outbox.resend(resend)
        found = [each for each in ledger.outbox.entries() if all_ or each.state != "sent"]
    return Answer(found, [*map(_mail, found)] or ["nothing is owed"])


def _mail(entry: Entry) -> str:
    from jcurve_runs.execution.redaction import one_line

    when = entry.sent if entry.state == "sent" else entry.next
    at = f" {'at' if entry.state == 'sent' else 'next try'} {when[:19]}Z" if when else ""
    held = ", held back until its occurrence has ended" if entry.held_back else ""
    why = f": {one_line(entry.problem, 300)}" if entry.problem else ""
    return (
        f"{entry.message}  {entry.kind} {one_line(entry.about, 100)}\n"
        f"  {entry.address}: {entry.state}{held}, {entry.tries} tries{at}{why}"
    )


@verb("jcurve portal")
def portal(context: Context) -> Answer:
    """Write the static site of all reports."""
    from jcurve_runs.portal.site import refresh

    pages, page = refresh(context.project), str(context.project.reports / "index.html")
    return Answer({"pages": pages, "index": page}, [page])


@verb("jcurve prune --last 10 --days 90 --dry-run")
def prune(
    context: Context,
    *,
    last: Annotated[Count, "keep the newest N", "N"] = 10,
    days: Annotated[Count, "keep what is younger", "N"] = 90,
    no_monthly: Annotated[bool, "do not keep the last edition of each month"] = False,
    dry_run: Annotated[bool, "only say what would go"] = False,
) -> Answer:
    """Take old editions away."""
    from jcurve_runs.ledger.store import now
    from jcurve_runs.portal.site import refresh
    from jcurve_runs.publishing.retention import Rule, prune

    gone = prune(context.project, Rule(last, days, not no_monthly), now(), dry=dry_run)
    if gone and not dry_run:
        refresh(context.project)
    names = [f"{each.report}/{each.series}/{each.id}" for each in gone]
    return Answer(names, [*names, f"{len(names)} {'would go' if dry_run else 'gone'}"])


VERBS = (report, batch, runs, tick, deliver, outbox, portal, prune)
