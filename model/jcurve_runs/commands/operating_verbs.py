"""The verbs of an operation that nobody watches: tick, deliver, outbox, portal, prune."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, TextIO

from jcurve.commands.verb import Answer, Context, Count, to_stderr, verb
from jcurve.ground.errors import RunError, UsageError

if TYPE_CHECKING:
    from jcurve_runs.ledger.outbox import Entry


@verb("jcurve tick --watch")
def tick(
    context: Context,
    *,
    watch: Annotated[bool, "stay, and look again every half minute"] = False,
    check: Annotated[bool, "only say what is wrong with schedules and mail"] = False,
    now: Annotated[str | None, "run this schedule as well, whatever the time", "SCHEDULE"] = None,
) -> Answer | int:
    """Run what is due by reports/schedule.yml."""
    from jcurve_runs.schedule.tick import watch_clock

    if check:
        return _check(context)

    def once() -> int:
        return _tick_once(context, now)

    if not watch:
        return once()
    watch_clock(once, troubled=lambda error: _log(str(error)))
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


def _tick_once(context: Context, now: str | None) -> int:
    from jcurve_runs.delivery.deliver import deliver
    from jcurve_runs.publishing.batch import status_of
    from jcurve_runs.publishing.batch_progress import Watch
    from jcurve_runs.schedule.tick import tick

    project = context.project
    with Watch(sys.stderr) as watch:
        made = tick(
            project,
            deliver=lambda: deliver(project),
            run_now=now,
            watch=watch,
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
    owed = sent and (sent.waiting or sent.refused)
    if sent and owed:
        problem = f" ({sent.problem})" if sent.problem else ""
        _log(f"mail: {sent.waiting} waiting, {sent.refused} refused{problem}; see jcurve outbox")
    if context.json:
        print((project.reports / "status.json").read_text(encoding="utf-8"), end="")
    if made.failed:
        return status_of(made.failed)
    return RunError.exit_status if made.problems or made.alarms or owed else 0


def _log(text: str, stream: TextIO | None = None) -> None:
    """One line with the time, for a log that cron or systemd keeps; whatever a server said."""
    from jcurve_runs.execution.redaction import one_line
    from jcurve_runs.ledger.store import now

    shown = one_line(text, 1_000)
    print(f"{now():%Y-%m-%dT%H:%M:%SZ} jcurve: {shown}", file=stream or sys.stderr, flush=True)


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


VERBS = (tick, deliver, outbox, portal, prune)
