"""One look at the clock: decide what is due, run it, raise alarms, deliver, say how things stand.

Cron, a systemd timer, a CI job or ``--watch`` may call it, as often as they like and two at
once: a unique row for each (schedule, occurrence) decides who runs what.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256

from jcurve.assumptions import available
from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.project import Project
from jcurve_runs.delivery.deliver import Delivered, mail_problem
from jcurve_runs.execution.redaction import cleaned, one_line, secret_values
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.store import now
from jcurve_runs.plan.request import Clock, Origin, Resolve, resolve_scenario
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch import Batch, batch, every
from jcurve_runs.publishing.batch_progress import Watch
from jcurve_runs.publishing.retention import prune
from jcurve_runs.publishing.runs import recover
from jcurve_runs.schedule.check import parameters_for, sorted_out
from jcurve_runs.schedule.occurrences import CLOCK_WENT_BACK, Facts, Occurrence, Occurrences
from jcurve_runs.schedule.schedules import (
    Mistake,
    Schedule,
    Schedules,
    moments,
    next_moment,
    read_schedules,
)
from jcurve_runs.schedule.status import write_status
from jcurve_runs.schedule.when import Calendars


@dataclass(frozen=True, slots=True)
class Ran:
    """An occurrence that this tick ran, and what came of it."""

    schedule: Schedule  # whose
    occurrence: Occurrence  # which
    batch: Batch | None  # what came of its runs; None when they could not begin

    @property
    def failed(self) -> int:
        """How many of its runs failed; 1 when they could not begin."""
        return 1 if self.batch is None else self.batch.failed


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did."""

    ran: tuple[Ran, ...]  # the occurrences it ran, in order
    alarms: tuple[Occurrence, ...]  # the occurrences for which it gave the alarm
    # what somebody should look at, in words: schedules, mail, lateness
    problems: tuple[str, ...]
    # what became of the mails; None when they were left in the outbox
    delivered: Delivered | None = None

    @property
    def failed(self) -> int:
        """How many runs failed or could not begin."""
        return sum(each.failed for each in self.ran)


Runner = Callable[[Schedule, Occurrence, str], Batch]
"""Runs a schedule's reports for an occurrence, under a batch's identifier."""
Deliver = Callable[[], Delivered]  # sends what is due in the outbox


def tick(
    project: Project,
    *,
    clock: Clock = now,
    runner: Runner | None = None,
    deliver: Deliver | None = None,
    run_now: str | None = None,
    resolve: Resolve = resolve_scenario,
    watch: Watch | None = None,
) -> Tick:
    """Run what is due.

    Args:
        runner: runs a schedule's reports; a batch when None.
        deliver: sends what is owed; it stays in the outbox when None.
        run_now: a schedule to run at this moment whatever its clock says.
    """
    file = read_schedules(project)
    with Ledger(project, clock=clock) as ledger:
        recover(ledger)
        run: Runner = runner or partial(run_scheduled, project, clock=clock, watch=watch)
        look = _Look(ledger, file, run, resolve)
        look.begin(run_now)
        look.run()
        return look.end(None if deliver is None else deliver())


class _Look:
    """A tick while it goes on."""

    def __init__(self, ledger: Ledger, file: Schedules, runner: Runner, resolve: Resolve) -> None:
        self._project = ledger.project
        self._ledger = ledger
        self._file = file
        self._calendars = Calendars(ledger.project)
        self._runner = runner
        self._occurrences = Occurrences(ledger)
        sound, mistakes, moved = sorted_out(file, ledger, self._calendars, resolve)
        self._moved = [f"{name}: {told}" for name, told in moved]
        self._sound = {each.name: each for each in sound}
        self._mistakes = {each.name: each for each in mistakes}
        self._clocks: list[str] = []
        self._ran: list[Ran] = []
        self._alarms: list[Occurrence] = []

    def begin(self, run_now: str | None) -> None:
        """Settle what others left, decide what is due, tell of mistakes."""
        self._occurrences.release({each.name: each.failure for each in self._file.sound})
        self._occurrences.drop(self._file.names)
        for mistake in self._mistakes.values():
            _tell_mistake(self._ledger, mistake)
        self._decide()
        if run_now is not None:
            self._occurrences.add(self._named(run_now), self._ledger.clock())
        self._alarm()
        self._write(None)

    def run(self) -> None:
        """Run what is queued, one occurrence after the other."""
        while (taken := self._occurrences.take(list(self._sound))) is not None:
            schedule = self._sound[taken.schedule]
            one = _run(taken, schedule, self._runner)
            # While the row still says that it runs: what fell due meanwhile did overlap.
            self._decide()
            runs = () if one.batch is None else one.batch.runs
            failures = [facts_of(done) for done in runs if done.failed]
            self._occurrences.end(one.occurrence, schedule, failures)
            self._ran.append(one)
            series = {(done.request.report, done.series) for done in runs if done.series}
            if schedule.keep is not None and series:
                prune(self._project, schedule.keep, self._ledger.clock(), only=series)
            self._alarm()
            self._write(None)

    def end(self, delivered: Delivered | None) -> Tick:
        """Say how things stand."""
        problems = self._write(delivered)
        return Tick(tuple(self._ran), tuple(self._alarms), problems, delivered)

    def _named(self, name: str) -> Schedule:
        if name in self._mistakes:
            raise self._mistakes[name].error
        if name not in self._sound:
            raise UsageError.not_among(
                "no such schedule",
                name,
                self._sound,
                allowed=", ".join(self._sound) or "a schedule of reports/schedule.yml",
            )
        return self._sound[name]

    def _decide(self) -> None:
        """Decide on everything that is due; schedules that do not run by themselves apart."""
        self._clocks = []
        for schedule in self._sound.values():
            with self._ledger.store.transaction():
                moment = self._ledger.clock()
                known = self._occurrences.considered(schedule.name)
                if known is not None and known - moment > CLOCK_WENT_BACK:
                    told = f"{schedule.name}: the clock went back; counting from now on"
                    self._clocks.append(told)
                    self._occurrences.decide(schedule, [], moment)
                    continue
                # A schedule that is seen for the first time has missed nothing.
                due = []
                if known is not None and schedule.enabled:
                    due = moments(schedule, known, moment, self._calendars)
                if known is None or known < moment:
                    self._occurrences.decide(schedule, due, moment)

    def _alarm(self) -> None:
        """Give the alarm for what did not arrive by its deadline, once for each."""
        failure = {each.name: each.failure for each in self._file.sound}
        for late in self._occurrences.unannounced(self._ledger.clock()):
            if late.schedule in failure and self._occurrences.alarm(late, failure[late.schedule]):
                self._alarms.append(late)

    def _write(self, delivered: Delivered | None) -> tuple[str, ...]:
        moment = self._ledger.clock()
        problems = [f"{each.name}: {each.error}" for each in self._mistakes.values()]
        problems += [*self._clocks, *self._moved]
        problems += _mail_problems(self._file)
        ahead = {
            each.name: next_moment(each, moment, self._calendars) if each.enabled else None
            for each in self._sound.values()
        }
        told = {each.name: str(each.error) for each in self._mistakes.values()}
        return write_status(self._ledger, self._file, ahead, told, problems, delivered is not None)


def check(project: Project, clock: Clock = now) -> list[Mistake]:
    """What is wrong with the schedules and the mail settings; changes nothing."""
    file = read_schedules(project)
    with Ledger(project, clock=clock, read_only=True) as ledger:
        _, found, moved = sorted_out(file, ledger, Calendars(project))
    found += [Mistake(name, UsageError(told)) for name, told in moved]
    return found + [Mistake("mail", UsageError(each)) for each in _mail_problems(file)]


def _mail_problems(file: Schedules) -> list[str]:
    wanted = any(each.success or each.failure for each in file.sound)
    problem = mail_problem() if wanted else ""
    return [problem] if problem else []


def watch_clock(
    each: Callable[[], object],
    *,
    stop: threading.Event | None = None,
    wait: float = 30.0,
    troubled: Callable[[JCurveError], object],
) -> None:
    """Call ``each`` every ``wait`` seconds.

    A mistake at the first look is raised. Later ones (a schedule file half edited, a full
    disk) are told once each and looked at again: whoever watches must not stop for them.
    """
    over = stop or threading.Event()
    each()
    told = ""
    while not over.wait(wait):
        try:
            each()
            told = ""
        except JCurveError as error:
            if told != str(error):
                told = str(error)
                troubled(error)


def run_scheduled(
    project: Project,
    schedule: Schedule,
    occurrence: Occurrence,
    name: str,
    clock: Clock,
    watch: Watch | None,
) -> Batch:
    """Run a schedule's reports over its scenarios, for an occurrence.

    Under ``name`` as the batch's identifier; otherwise, and what it raises, as ``batch``.
    """
    origin = Origin(schedule.name, occurrence.occurrence, schedule.success, schedule.failure)
    like = replace(schedule.request, origin=origin)
    requests = [
        replace(request, parameters=parameters_for(schedule, request.report, project))
        for request in every(schedule.reports, schedule.scenarios or available(project), like)
    ]
    return batch(requests, project, batch_id=name, clock=clock, watch=watch)


def _run(taken: Occurrence, schedule: Schedule, run: Runner) -> Ran:
    moment = datetime.fromisoformat(taken.occurrence)
    again = f".{taken.tries + 1}" if taken.tries else ""
    name = f"{schedule.name}.{moment:%Y%m%dT%H%M%SZ}{again}"
    try:
        made = run(schedule, taken, name)
    except JCurveError as error:
        return Ran(schedule, replace(taken, state="failed", detail=str(error)), None)
    state, detail = "done", ""
    if made.failed:
        state, detail = "failed", f"{made.failed} of {len(made.runs)} runs failed"
    ended = replace(taken, state=state, detail=detail, batch=made.id)
    return Ran(schedule, ended, made)


def facts_of(done: Done) -> Facts:
    """What a notice tells of a run that failed, without secrets."""
    secrets = secret_values()
    facts = [
        ("Report", done.request.title),
        ("State", done.words),
        ("Reason", done.reason or "none"),
        ("Message", done.message),
        ("Attempts", str(done.attempts)),
    ]
    return [(label, one_line(cleaned(text, secrets), 600)) for label, text in facts]


def _tell_mistake(ledger: Ledger, mistake: Mistake) -> None:
    """Owe a mail on a schedule's mistake, once a day while it lasts."""
    text = str(mistake.error)
    digest = sha256(text.encode()).hexdigest()[:12]
    ledger.outbox.tell(
        "mistake",
        f"{mistake.name}/mistake/{digest}/{ledger.clock():%Y-%m-%d}",
        mistake.failure,
        {"what": mistake.name, "facts": [("Schedule", mistake.name), ("Mistake", text)]},
        schedule=mistake.name,
    )
