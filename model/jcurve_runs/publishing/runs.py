"""One run: prepared, attempted as often as may help, settled after whatever killed its runner.

Every way to a run (a report asked for by hand, a batch, a schedule) comes through ``carry_out``.
What a killed runner leaves is settled at the next start: ``recover``.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

from jcurve.briefing.editions import Edition, latest_or_none
from jcurve.briefing.results import read_results
from jcurve.ground.errors import JCurveError, WriteError
from jcurve.ground.project import Project, find_project
from jcurve_runs.execution.executor import Executor, Progress, Render
from jcurve_runs.execution.staging import Staged, attempt_name, of_runs
from jcurve_runs.ledger.attempts import Attempt, Ledger
from jcurve_runs.ledger.store import now
from jcurve_runs.plan.request import Clock, Plan, Request, Resolve, prepare, resolve_scenario
from jcurve_runs.publishing.attempt import Attempting, Done, keep, show
from jcurve_runs.publishing.publish import intact, key, point, standing
from jcurve_runs.verdict.judge import FailedRun

GONE = "gone-"  # begins the name of a folder under ``reports/.staging`` that is being deleted

_BEAT = 5.0
_NO_WORD = "its runner ended without saying why"
_PASSING = frozenset(
    {
        "kernel_start",  # a busy machine, a port taken
        "dead_kernel",  # out of memory, killed from outside
        "missing_reply",  # the same, noticed in the last cell
        "child_killed",
        "no_notebook",
        "not_written",  # a full disk or a share that is away
    }
)


def run(
    request: Request,
    *,
    project: str | Path | Project | None = None,
    progress: Progress | None = None,
    clock: Clock = now,
    run_id: str | None = None,
    render: Render | None = None,
    resolve: Resolve = resolve_scenario,
) -> Edition:
    """Run a report to a published edition, in a single process, while somebody waits.

    Raises:
        UsageError: unknown report, view or parameter.
        ScenarioError: the scenario or an override does not validate.
        WriteError: the reports folder cannot be written; nothing is left in it.
        RunError: the run did not succeed; its folder is kept under ``reports/.failed``.
        JCurveError: the class that a cell raised, when it raised one of ours.
    """
    home = find_project(project)
    plan = prepare(request, home, started=clock(), run_id=run_id, resolve=resolve)
    done = run_plan(plan, clock=clock, render=render, progress=progress)
    if done.edition is None:
        raise raised(done)
    return done.edition


def run_plan(
    plan: Plan,
    *,
    clock: Clock = now,
    render: Render | None = None,
    progress: Progress | None = None,
) -> Done:
    """Take a prepared run to its end by itself."""
    with Ledger(plan.project, clock=clock) as ledger, beating(ledger):
        recover(ledger)
        executor = Executor(render, plan.project)
        return carry_out(plan, ledger=ledger, executor=executor, progress=progress)


def carry_out(
    plan: Plan,
    *,
    ledger: Ledger,
    executor: Executor,
    batch: str | None = None,
    progress: Progress | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> Done:
    """Take a run to its end, by several attempts where a failure may pass.

    Raises:
        KeyboardInterrupt: as it came; the attempt is then entered as cancelled.
        WriteError, RunError: the ledger cannot be written, so nothing was begun.
    """
    tell: Progress = progress or (lambda _: None)
    request, retry = plan.request, plan.request.retry
    began = time.monotonic()
    wanted = key(plan) if executor.comparable else None
    for counted in range(1, retry.attempts + 1):
        number = ledger.queue(plan, attempt=counted, batch=batch)
        known = standing(plan, wanted) if wanted is not None and not request.force else None
        if known is not None:
            message = f"relies on edition {known.id}"
            ledger.move(number, "skipped_unchanged", message=message, edition=known.id)
            done = Done(request, "skipped_unchanged", plan, known, message=message)
        else:
            done = Attempting(plan, counted, number, ledger, executor, tell, wanted).to_end()
        done = replace(done, seconds=time.monotonic() - began, attempts=counted)
        last = counted == retry.attempts or not worth_another(done.reason)
        if done.state != "failed" or last or plan.edition.folder.exists():
            return done
        pause = retry.wait(counted)
        tell(f"attempt {counted} failed ({done.reason}); another in {pause:.0f} s")
        ledger.note(number, f"another attempt in {pause:.0f} s")
        wait(pause)
    raise AssertionError("a run has at least one attempt")


def worth_another(reason: str | None) -> bool:
    """Whether a failure of this class may pass by itself.

    A cell's error, a broken identity or a timeout would only come again.
    """
    return reason in _PASSING


def raised(done: Done) -> JCurveError:
    """The error of a run that failed."""
    return done.error or FailedRun(done.message or done.state, reason=done.reason or "")


@contextmanager
def beating(ledger: Ledger) -> Iterator[None]:
    """While the block runs, note signs of life for the attempts it has open."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT):
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
        edition = Edition.of(ledger.project, orphan.report, orphan.series, orphan.run)
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
                show(ledger, edition)
                return  # what is left of its folder is swept below
            ledger.move(orphan.id, "lost", message=_NO_WORD)
        _keep_lost(ledger.project, orphan)

    settled = ledger.orphans(settle)
    _sweep(ledger)
    return settled


def _sweep(ledger: Ledger) -> None:
    """Take away staged folders of attempts that have ended: their runners died before they did.

    What is worth keeping has left the folder before an attempt ends. What was on its way out
    when its process died goes as well.
    """
    staging = ledger.project.reports / ".staging"
    for folder in staging.glob("*"):
        if folder.name.startswith(GONE):
            shutil.rmtree(folder, ignore_errors=True)
            continue
        for each in chain.from_iterable(ledger.attempts(run=run) for run in of_runs(folder)):
            its_own = attempt_name(each.run, each.attempt) == folder.name
            if its_own and each.ended is not None:
                shutil.rmtree(folder, ignore_errors=True)


def _newer(ledger: Ledger, orphan: Attempt, edition: Edition) -> bool:
    """Whether the pointer of its series should name the edition of ``orphan``."""
    pointed = latest_or_none(ledger.project, edition.report, edition.series)
    if pointed is None:
        return True
    known = ledger.attempts(run=pointed.id, state="succeeded")
    return not known or known[0].id < orphan.id


def _keep_lost(project: Project, orphan: Attempt) -> None:
    staged = Staged(project.reports / ".staging" / attempt_name(orphan.run, orphan.attempt))
    if not staged.folder.is_dir():
        return
    edition = Edition.of(project, orphan.report, orphan.series, orphan.run)
    try:
        keep(project, staged, edition, {"state": "lost", "reason": None, "message": _NO_WORD})
    except WriteError:
        shutil.rmtree(staged.folder, ignore_errors=True)
