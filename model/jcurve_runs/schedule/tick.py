"""One look at the clock: decide what is due, run it, raise alarms, say how things stand.

Cron, a systemd timer, a CI job or ``--watch`` may call it, as often as they like and two at
once: a unique row for each (schedule, occurrence) decides who runs what.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from jcurve.errors import JCurveError
from jcurve.files import make_folder, write_json
from jcurve.project import Project
from jcurve_runs.ledger.attempts import Clock, Ledger, now, stamp
from jcurve_runs.publishing.attempt import recover
from jcurve_runs.publishing.batch import Watch, batch
from jcurve_runs.publishing.manifest import Batch, Engine
from jcurve_runs.schedule.calendars import Calendars
from jcurve_runs.schedule.occurrences import Occurrence, Occurrences
from jcurve_runs.schedule.schedules import Schedule, moments, next_moment, read_schedules

__all__ = ["Ran", "Runner", "Tick", "run_scheduled", "tick", "watch_clock"]


@dataclass(frozen=True, slots=True)
class Ran:
    """An occurrence that this tick ran, and what came of it.

    Attributes:
        schedule: whose.
        occurrence: which.
        batch: what came of its runs; None when they could not begin.
    """

    schedule: Schedule
    occurrence: Occurrence
    batch: Batch | None

    @property
    def failed(self) -> int:
        """How many of its runs failed; 1 when they could not begin."""
        return 1 if self.batch is None else self.batch.failed


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did.

    Attributes:
        ran: the occurrences it ran, in order.
        alarms: the occurrences for which it gave the alarm.
        problems: what is wrong with schedules, in words.
    """

    ran: tuple[Ran, ...]
    alarms: tuple[Occurrence, ...]
    problems: tuple[str, ...]

    @property
    def failed(self) -> int:
        """How many runs failed or could not begin."""
        return sum(each.failed for each in self.ran)


Runner = Callable[[Schedule, str], Batch]
"""Runs a schedule's reports under a batch's identifier."""
Announce = Callable[[Ledger, "Ran | Occurrence", Schedule], None]
"""Told of each occurrence that was run and of each alarm; called once for each."""


def tick(
    project: Project,
    *,
    clock: Clock = now,
    runner: Runner | None = None,
    announce: Announce | None = None,
) -> Tick:
    """Run what is due.

    Args:
        project: whose schedules.
        clock: gives the present time.
        runner: runs a schedule's reports; a batch when None.
        announce: told what happened, to deliver it.

    Raises:
        UsageError: the schedule file does not validate.
        WriteError, RunError: the store cannot be written.
    """
    schedules = read_schedules(project)
    by_name = {schedule.name: schedule for schedule in schedules}
    calendars = Calendars(project)
    run = runner or (lambda schedule, name: run_scheduled(project, schedule, name, clock=clock))
    tell = announce or (lambda ledger, what, schedule: None)
    ran: list[Ran] = []
    with Ledger(project, clock=clock) as ledger:
        recover(ledger)
        occurrences = Occurrences(ledger)
        occurrences.release()
        problems = _decide_all(occurrences, ledger, schedules, calendars)
        alarms = _alarms(occurrences, ledger, by_name, tell)
        write_status(project, ledger, schedules, calendars, problems)
        while (taken := occurrences.take(list(by_name))) is not None:
            one = _run(taken, by_name[taken.schedule], run)
            # While the row still says that it runs: what fell due meanwhile did overlap.
            problems = _decide_all(occurrences, ledger, schedules, calendars)
            occurrences.end(one.occurrence)
            ran.append(one)
            tell(ledger, one, one.schedule)
            alarms += _alarms(occurrences, ledger, by_name, tell)
            write_status(project, ledger, schedules, calendars, problems)
    return Tick(tuple(ran), tuple(alarms), tuple(problems))


def watch_clock(
    project: Project,
    each: Callable[[], object],
    *,
    clock: Clock = now,
    stop: threading.Event | None = None,
    longest: float = 30.0,
    troubled: Callable[[JCurveError], object] = lambda error: None,
) -> None:
    """Call ``each`` whenever something falls due, and every ``longest`` seconds.

    A mistake at the first look is raised. Later ones (a schedule file half edited, a full
    disk) are told once each and looked at again: whoever watches must not stop for them.

    Raises:
        UsageError: the schedule file does not validate at the first look.
        WriteError, RunError: the store is out of reach at the first look.
    """
    over = stop or threading.Event()
    told: str | None = None
    first = True
    while not over.is_set():
        wait = longest
        try:
            each()
            wait = min([longest, *_waits(project, clock)])
            told = None
        except JCurveError as error:
            if first:
                raise
            if told != str(error):
                told = str(error)
                troubled(error)
        first = False
        over.wait(max(0.0, wait))


def _waits(project: Project, clock: Clock) -> list[float]:
    """Seconds until the next moment of each schedule that has one."""
    calendars = Calendars(project)
    ahead = [next_moment(one, clock(), calendars) for one in read_schedules(project)]
    return [(moment - clock()).total_seconds() for moment in ahead if moment is not None]


def run_scheduled(
    project: Project,
    schedule: Schedule,
    name: str,
    *,
    clock: Clock = now,
    engine: Engine = "warm",
    watch: Watch | None = None,
) -> Batch:
    """Run a schedule's report over its scenarios."""
    from jcurve.assumptions import available

    return batch(
        [schedule.report],
        schedule.scenarios or available(project),
        schedule.overrides,
        project=project,
        view=schedule.view,
        workbook=schedule.workbook,
        engine=engine,
        batch_id=name,
        clock=clock,
        watch=watch,
    )


def _decide_all(
    occurrences: Occurrences,
    ledger: Ledger,
    schedules: tuple[Schedule, ...],
    calendars: Calendars,
) -> list[str]:
    """Decide on everything that is due; returns what is wrong, in words."""
    problems = []
    for schedule in schedules:
        try:
            with ledger.store.transaction():
                moment = ledger.clock()
                if occurrences.clock_went_back(schedule.name, moment):
                    problems.append(f"{schedule.name}: the clock went back; counting from now on")
                    occurrences.decide(schedule, [], moment)
                    continue
                known = occurrences.considered(schedule.name)
                # A schedule that is seen for the first time has missed nothing.
                due = [] if known is None else moments(schedule, known, moment, calendars)
                if known is None or known < moment:
                    occurrences.decide(schedule, due, moment)
        except JCurveError as error:  # one broken calendar never stops the rest
            problems.append(f"{schedule.name}: {error}")
    return problems


def _run(taken: Occurrence, schedule: Schedule, run: Runner) -> Ran:
    moment = datetime.fromisoformat(taken.occurrence)
    again = f".{taken.tries + 1}" if taken.tries else ""
    name = f"{schedule.name}.{moment:%Y%m%dT%H%M%SZ}{again}"
    try:
        made = run(schedule, name)
    except JCurveError as error:
        return Ran(schedule, replace(taken, state="failed", detail=str(error)), None)
    state = "failed" if made.failed else "done"
    detail = f"{made.failed} of {len(made.runs)} runs failed" if made.failed else ""
    return Ran(schedule, replace(taken, state=state, detail=detail, batch=made.id), made)


def _alarms(
    occurrences: Occurrences, ledger: Ledger, schedules: Mapping[str, Schedule], tell: Announce
) -> list[Occurrence]:
    """Give the alarm for what did not arrive by its deadline, once for each."""
    given = []
    for late in occurrences.unannounced(ledger.clock()):
        if late.schedule in schedules and occurrences.alarm(late):
            tell(ledger, late, schedules[late.schedule])
            given.append(late)
    return given


def write_status(
    project: Project,
    ledger: Ledger,
    schedules: tuple[Schedule, ...],
    calendars: Calendars,
    problems: list[str],
) -> None:
    """Write ``reports/status.json``: what ran last, what runs next, what is late.

    Raises:
        WriteError: it cannot be written.
    """
    make_folder(project.reports)
    # Read and written while nobody else can write: another tick at the same moment would
    # otherwise put what it read before over what is so by now.
    with ledger.store.transaction():
        status = _status(ledger, schedules, calendars, problems)
        write_json(project.reports / "status.json", status)


def _status(
    ledger: Ledger, schedules: tuple[Schedule, ...], calendars: Calendars, problems: list[str]
) -> dict[str, Any]:
    occurrences = Occurrences(ledger)
    moment = ledger.clock()
    late = occurrences.late(moment)
    told = list(problems)
    shown: dict[str, Any] = {}
    for schedule in schedules:
        try:
            ahead = next_moment(schedule, moment, calendars)
        except JCurveError:
            ahead = None
        if ahead is None and not any(text.startswith(f"{schedule.name}:") for text in told):
            told.append(f"{schedule.name}: no calendar knows its next day")
        recent = occurrences.of(schedule.name, limit=10)
        shown[schedule.name] = {
            "report": schedule.report,
            "next": None if ahead is None else stamp(ahead),
            "last": next((_entry(each) for each in recent if each.state != "skipped"), None),
            "recent": [_entry(each) for each in recent],
            "late": [each.occurrence for each in late if each.schedule == schedule.name],
        }
    return {
        "written": stamp(moment),
        # Whoever reads this later than here should ask why nobody has looked since.
        "stale_after": stamp(moment + timedelta(hours=25)),
        "late": sum(len(each["late"]) for each in shown.values()),
        "problems": told,
        "schedules": shown,
    }


def _entry(occurrence: Occurrence) -> dict[str, Any]:
    entry = asdict(occurrence)
    return {key: entry[key] for key in ("occurrence", "state", "detail", "batch", "deadline")}
