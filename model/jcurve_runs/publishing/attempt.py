"""Drives a run through its steps and keeps the ledger between them.

Every way to a run (a report asked for by hand, a batch, a schedule) comes through here.
What a killed runner leaves is settled at the next start: ``recover``.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from jcurve.analysis.comparison import stated_inputs
from jcurve.briefing.editions import Edition, latest
from jcurve.briefing.results import Results, read_results
from jcurve.errors import JCurveError, RunError, WriteError
from jcurve.files import move_folder, write_json
from jcurve.processes import Finished
from jcurve.project import Project
from jcurve.provenance import circumstances, determinants
from jcurve_runs.execution.executor import (
    DEADLINE,
    Executor,
    Progress,
    RendererKilled,
    keep_failed,
    verdict_on,
)
from jcurve_runs.execution.redaction import cleaned, find_secret, one_line, redact, secret_values
from jcurve_runs.execution.staging import Staged, attempt_name, of_runs, stage
from jcurve_runs.ledger.attempts import Attempt, Ledger, RunState
from jcurve_runs.plan.request import Plan
from jcurve_runs.portal.site import refresh
from jcurve_runs.publishing.publish import assemble, point, publish
from jcurve_runs.publishing.retry import Retry, worth_another
from jcurve_runs.publishing.unchanged import Keys, Standing, intact, keys, relook, standing
from jcurve_runs.publishing.workbook import NoWorkbook, write_workbook
from jcurve_runs.verdict.judge import FailedRun, Verdict

__all__ = ["Done", "beating", "carry_out", "raised", "recover"]

_BEAT = 5.0
_NOT_RUN = Finished(0, False, 0.0, "", "")


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended.

    Attributes:
        state: one of the ends of the ledger.
        run: its identifier.
        report, scenario, series: what it was about.
        edition: what it published, or the edition that a skipped run relies on.
        error: why it failed.
        reason: the class of the failure.
        attempts: how many were made.
        rendered_only: an executed notebook was rendered anew; nothing was run.
        seconds: wall time in all.
    """

    state: RunState
    run: str
    report: str
    scenario: str
    series: str
    edition: Edition | None = None
    error: JCurveError | None = None
    reason: str | None = None
    message: str = ""
    attempts: int = 1
    rendered_only: bool = False
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether somebody should look at it."""
        return self.state in ("failed", "timed_out", "lost", "cancelled")


def carry_out(
    plan: Plan,
    *,
    ledger: Ledger,
    executor: Executor,
    deadline: float = DEADLINE,
    retry: Retry | None = None,
    force: bool = False,
    cached: bool = True,
    batch: str | None = None,
    progress: Progress | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> Done:
    """Take a run to its end, by several attempts where a failure may pass.

    Args:
        plan: the checked run.
        ledger: where every step is entered.
        executor: executes and renders.
        deadline: seconds of wall time for each attempt's execution.
        retry: how often; once when None.
        force: run even when the latest edition says the same.
        cached: whether editions may be compared at all; False for a renderer of its own.
        batch: of the runs asked for together.
        progress: told in words what is going on.
        wait: waits some seconds between attempts.

    Raises:
        KeyboardInterrupt: as it came; the attempt is then entered as cancelled.
        WriteError, RunError: the ledger cannot be written, so nothing was begun.
    """
    tell: Progress = progress or (lambda _: None)
    patience = retry or Retry(attempts=1)
    began = time.monotonic()
    wanted = keys(plan) if cached else None
    for attempt in range(1, patience.attempts + 1):
        number = ledger.queue(plan, attempt=attempt, batch=batch)
        known = standing(plan, wanted) if wanted is not None and not force else None
        if known is not None and known.same == "all":
            message = f"relies on edition {known.edition.id}"
            ledger.move(number, "skipped_unchanged", message=message, edition=known.edition.id)
            return _done(plan, "skipped_unchanged", began, edition=known.edition, message=message)
        one = _Attempt(plan, number, attempt, ledger, executor, tell, wanted, known)
        done = replace(one.run(deadline), seconds=time.monotonic() - began, attempts=attempt)
        last = attempt == patience.attempts or not worth_another(done.reason)
        if done.state != "failed" or last or plan.edition.folder.exists():
            return done
        pause = patience.wait(attempt)
        tell(f"attempt {attempt} failed ({done.reason}); another in {pause:.0f} s")
        ledger.note(number, f"another attempt in {pause:.0f} s")
        wait(pause)
    raise AssertionError("a run has at least one attempt")


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt, from its row in the ledger to its end."""

    plan: Plan
    number: int
    attempt: int
    ledger: Ledger
    executor: Executor
    tell: Progress
    keys: Keys | None
    known: Standing | None

    def run(self, deadline: float) -> Done:
        """Take the attempt to an end, whatever happens."""
        staged: Staged | None = None
        try:
            staged = stage(self.plan, self.attempt)
            if self.known is not None:
                return self._render_again(staged, self.known)
            return self._execute(staged, deadline)
        except WriteError as error:
            return self._failed("not_written", error)
        except JCurveError as error:
            return self._failed("child_error", error)
        except OSError as error:  # no process can be started, a folder vanished
            return self._failed("child_error", RunError(str(error)))
        except BaseException:
            if not self.plan.edition.folder.exists():  # else it is settled as below
                with suppress(JCurveError):
                    self.ledger.move(self.number, "cancelled", message="interrupted")
            raise
        finally:
            if staged is not None:
                shutil.rmtree(staged.folder, ignore_errors=True)

    def _execute(self, staged: Staged, deadline: float) -> Done:
        plan, ledger = self.plan, self.ledger
        ledger.move(self.number, "running")
        finished = self.executor.execute(plan, staged, deadline=deadline, progress=self.tell)
        ledger.move(self.number, "verifying")
        verdict = verdict_on(plan, staged, finished)
        if verdict.state == "nothing_to_report":
            message = one_line(cleaned(verdict.message, secret_values()), 2_000)
            ledger.move(self.number, "nothing_to_report", message=message)
            return _done(plan, "nothing_to_report", message=message)
        results = verdict.results
        if results is None:
            return self._judged(staged, verdict, finished)
        self.tell("rendering")
        try:
            self._assemble(staged, results, finished)
        except NoWorkbook as error:
            return self._judged(staged, Verdict("failed", "no_workbook", str(error)), finished)
        except RunError as error:
            verdict = _not_rendered(error)
            return self._judged(staged, verdict, finished)
        return self._publish(staged, results, finished)

    def _render_again(self, staged: Staged, known: Standing) -> Done:
        """Render the outputs that a sound run left, with today's look."""
        self.ledger.move(self.number, "verifying", message="rendered from an earlier run")
        results = read_results(known.edition.results)
        executed = json.loads(known.edition.notebook.read_bytes())
        write_json(staged.executed, relook(executed, self.plan.notebook), durable=False)
        self.tell("rendering")
        try:
            self._assemble(staged, results, _NOT_RUN, of=known.edition)
        except NoWorkbook as error:
            return self._judged(staged, Verdict("failed", "no_workbook", str(error)), _NOT_RUN)
        except RunError as error:
            verdict = _not_rendered(error)
            return self._judged(staged, verdict, _NOT_RUN)
        return replace(self._publish(staged, results, _NOT_RUN), rendered_only=True)

    def _assemble(
        self, staged: Staged, results: Results, finished: Finished, of: Edition | None = None
    ) -> None:
        plan = self.plan
        assemble(
            plan.edition,
            staged.edition,
            executed=staged.executed,
            results=results,
            render=self.executor.render,
            workbook=self._workbook if plan.workbook else None,
            provenance={
                "report": plan.edition.report,
                "parameters": dict(plan.parameters),
                "assumptions": stated_inputs(plan.scenario),
                "determinants": determinants(
                    plan.scenario, plan.project, seed=results.seed
                ).to_json(),
                "circumstances": circumstances(),
                "attempt": self.attempt,
                "started": plan.started.isoformat(timespec="seconds"),
                "seconds": round(finished.seconds, 2),
                "executed_for": None if of is None else of.id,
                "keys": None if self.keys is None else self.keys.to_json(),
            },
        )

    def _workbook(self, path: Path) -> None:
        self.tell("writing the workbook")
        write_workbook(self.plan, path, self.executor.check)

    def _publish(self, staged: Staged, results: Results, finished: Finished) -> Done:
        plan, ledger = self.plan, self.ledger
        found = find_secret(staged.edition, secret_values())
        if found is not None:
            told = f"{found[0]} holds the value of the environment's {found[1]}"
            return self._judged(staged, Verdict("failed", "secret_found", told), finished)
        self.tell("publishing")
        # One transaction: editions, pointer and ledger of a series keep one order, and no
        # other process settles this run meanwhile.
        with ledger.store.transaction():
            publish(plan.edition, staged.edition, results=results, published=ledger.clock())
            ledger.move(self.number, "succeeded", edition=plan.edition.id)
        _show(ledger, plan.edition)
        return _done(plan, "succeeded", edition=plan.edition)

    def _judged(self, staged: Staged, verdict: Verdict, finished: Finished) -> Done:
        secrets = secret_values()
        # What a notebook says ends up on terminals and in mails: no secret, no control marks.
        verdict = replace(verdict, message=one_line(cleaned(verdict.message, secrets), 2_000))
        finished = replace(finished, err_tail=cleaned(finished.err_tail, secrets))
        redact(staged.folder, secrets)
        error = keep_failed(self.plan, staged, verdict, finished)
        state: RunState = "timed_out" if verdict.state == "timed_out" else "failed"
        self.ledger.move(self.number, state, reason=verdict.reason, message=verdict.message)
        return _done(self.plan, state, error=error, reason=verdict.reason, message=verdict.message)

    def _failed(self, reason: str, error: JCurveError) -> Done:
        if not self.plan.edition.folder.exists():
            # Else the edition is out and only its pointer or row is missing: the attempt
            # stays open, and the next start settles it as it settles a killed one.
            with suppress(JCurveError):
                self.ledger.move(self.number, "failed", reason=reason, message=str(error))
        return _done(self.plan, "failed", error=error, reason=reason, message=str(error))


def _not_rendered(error: RunError) -> Verdict:
    killed = isinstance(error, RendererKilled)
    return Verdict("failed", "child_killed" if killed else "not_rendered", str(error))


def _done(
    plan: Plan,
    state: RunState,
    began: float | None = None,
    *,
    edition: Edition | None = None,
    error: JCurveError | None = None,
    reason: str | None = None,
    message: str = "",
) -> Done:
    return Done(
        state=state,
        run=plan.edition.id,
        report=plan.edition.report,
        scenario=plan.scenario.name,
        series=plan.edition.series,
        edition=edition,
        error=error,
        reason=reason,
        message=message,
        seconds=0.0 if began is None else time.monotonic() - began,
    )


@contextmanager
def beating(ledger: Ledger, every: float = _BEAT) -> Iterator[None]:
    """While the block runs, note signs of life for the attempts it has open."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every):
            with suppress(JCurveError):  # a full disk is told by the next step itself
                ledger.heard()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def recover(ledger: Ledger) -> int:
    """Settle what dead runners left; returns how many attempts that were.

    An attempt whose edition is out has succeeded: the rename is what counts, not the word
    that was to follow it. Any other is lost, and what it left is kept as partial.
    """

    def settle(orphan: Attempt) -> None:
        edition = Edition(
            orphan.run,
            orphan.report,
            orphan.series,
            ledger.project.reports / orphan.report / orphan.series / orphan.run,
        )
        with ledger.store.transaction():
            if orphan.state == "verifying" and intact(edition):
                if _newer(ledger, orphan, edition):
                    point(edition, results=read_results(edition.results), published=ledger.clock())
                ledger.move(
                    orphan.id,
                    "succeeded",
                    message="its runner ended right after publishing",
                    edition=edition.id,
                )
                _show(ledger, edition)
                return  # what is left of its folder is swept below
            ledger.move(orphan.id, "lost", message="its runner ended without a word")
        _keep_lost(ledger.project, orphan)

    settled = ledger.orphans(settle)
    _sweep(ledger)
    return settled


def _sweep(ledger: Ledger) -> None:
    """Take away staged folders of attempts that have ended: their runners died before they did.

    What is worth keeping has left the folder before an attempt ends.
    """
    for folder in (ledger.project.reports / ".staging").glob("*"):
        for attempt in chain.from_iterable(ledger.attempts(run=run) for run in of_runs(folder)):
            its_own = attempt_name(attempt.run, attempt.attempt) == folder.name
            if its_own and attempt.ended is not None:
                shutil.rmtree(folder, ignore_errors=True)


def _show(ledger: Ledger, edition: Edition) -> None:
    """Bring the portal's pages of a series up to date; it never fails a run."""
    with suppress(JCurveError, OSError), ledger.store.transaction():
        # One writer at a time, or an older list could replace a newer one.
        refresh(ledger.project, edition.report, edition.series)


def _newer(ledger: Ledger, orphan: Attempt, edition: Edition) -> bool:
    """Whether the pointer of its series should name the edition of ``orphan``."""
    try:
        pointed = latest(ledger.project, edition.report, edition.series)
    except JCurveError:
        return True
    if pointed is None:
        return True
    known = ledger.attempts(run=pointed.id, state="succeeded")
    return not known or known[0].id < orphan.id


def _keep_lost(project: Project, orphan: Attempt) -> None:
    name = attempt_name(orphan.run, orphan.attempt)
    left = project.reports / ".staging" / name
    if not left.is_dir():
        return
    try:
        shutil.rmtree(left / "runtime", ignore_errors=True)
        write_json(
            left / "verdict.json",
            {
                "run": orphan.run,
                "report": orphan.report,
                "series": orphan.series,
                "state": "lost",
                "reason": None,
                "message": "its runner ended without a word",
                "partial": True,
            },
        )
        move_folder(left, project.reports / ".failed" / name)
    except WriteError:
        shutil.rmtree(left, ignore_errors=True)


def raised(done: Done) -> JCurveError:
    """The error of a run that failed."""
    return done.error or FailedRun(done.message or done.state, reason=done.reason or "")
