"""A batch: many requests in parallel, each run on its own, one manifest.

One failure never stops the rest. What is published, entered and retried is what a single
run publishes, enters and retries; a batch adds who works when.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Literal

from jcurve.assumptions.cases import Case
from jcurve.briefing.editions import check_name
from jcurve.ground.errors import JCurveError, UsageError, WriteError
from jcurve.ground.files import make_folder, write_json
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Cancelled, Executor, Render
from jcurve_runs.execution.warm_executor import Warm, needed
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.store import now
from jcurve_runs.plan.request import (
    Clock,
    Request,
    Resolve,
    check_report,
    new_identifier,
    prepare,
    resolve_scenario,
)
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch_progress import Watch
from jcurve_runs.publishing.runs import beating, carry_out, recover

Engine = Literal["warm", "plain", "cluster"]
"""``warm`` forks each run from a process that has everything loaded, where that is safe;
``plain`` starts a process for each; ``cluster`` leaves them to the workers of a Dask cluster."""

MOST_JOBS = 8  # at once by default; each takes about 300 MB

_MOST_TOLD = 100
_ASKED = ("report", "scenario", "case", "overrides", "view", "parameters", "workbook")
_TOLD = ("state", "reason", "message", "run", "series", "attempts")
"""What the manifest says of each run: as asked for, and as it ended."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of a batch."""

    id: str  # its identifier
    runs: tuple[Done, ...]  # how each ended, in the order in which they were asked for
    manifest: Path  # the file that says so
    engine: Engine  # what executed the runs
    fallback: str | None = None  # why they were executed plainly although warm was asked for

    @property
    def failed(self) -> int:
        """How many runs somebody should look at."""
        return sum(run.failed for run in self.runs)

    @property
    def exit_status(self) -> int:
        """As :func:`status_of`."""
        return status_of(self.failed)


def status_of(failed: int) -> int:
    """The exit status: 0 when nothing failed, else 10 more than how many did, up to 110."""
    return 10 + min(failed, _MOST_TOLD) if failed else 0


def every(reports: Sequence[str], cases: Sequence[str | Case], like: Request) -> list[Request]:
    """A request for each report on each case, otherwise ``like`` this one; none twice."""
    found = []
    for report, case in product(reports, cases):
        if isinstance(case, str):
            found.append(replace(like, report=report, scenario=case))
            continue
        overrides = {**like.overrides, **case.overrides}
        named = replace(like, report=report, scenario=case.scenario, case=case.name)
        found.append(replace(named, overrides=overrides))
    by_title = {(each.report, each.title): each for each in found}
    return list(by_title.values())


def batch(
    requests: Sequence[Request],
    project: Project,
    *,
    jobs: int | None = None,
    engine: Engine = "warm",
    scheduler: str | None = None,
    batch_id: str | None = None,
    clock: Clock = now,
    watch: Watch | None = None,
    render: Render | None = None,
    resolve: Resolve = resolve_scenario,
) -> Batch:
    """Carry out every request; one whose scenario does not validate is a failed run.

    Args:
        requests: what is asked for.
        jobs: how many run at once; one more than there are processors when None, on a cluster
            as its workers have threads.
        engine: what executes the runs.
        scheduler: address of a Dask cluster whose workers execute them instead.
        batch_id: made from the clock when None.
        render: renders in this process; for tests. The editions are then not compared.

    Raises:
        UsageError: a report is unknown, nothing was asked for, or the cluster is no help.
        WriteError, RunError: the ledger or the manifest cannot be written.
        KeyboardInterrupt: as it came, after every run was stopped and the manifest written.
    """
    for report in dict.fromkeys(request.report for request in requests):
        check_report(report, project)
    if not requests:
        raise UsageError("nothing to run", allowed="at least one report and one scenario")
    started, watch = clock(), watch or Watch()
    name = check_name(batch_id or new_identifier(started), "the batch's identifier")
    with ExitStack() as held:
        executor: Executor
        if scheduler is not None:
            from jcurve_runs.execution.cluster import OnCluster

            executor = made = OnCluster(scheduler, project, watch.notes)
            jobs, engine = jobs or made.threads, "cluster"
        elif engine == "plain" or render is not None:
            executor = Executor(render, project)
        else:
            executor = Warm(project, needed((each.report for each in requests), project))
        held.callback(executor.close)
        ledger = held.enter_context(Ledger(project, clock=clock))
        held.enter_context(beating(ledger))
        recover(ledger)
        work = _Work(ledger, name, requests, executor, resolve, watch, started, engine)
        return work.run(min(jobs or default_jobs(), len(requests)))


def default_jobs() -> int:
    """One more than there are processors for this process, up to a limit: a run waits at times,
    for its kernel and for the disk."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        usable = os.cpu_count() or 1
    return min(usable + 1, MOST_JOBS)


def manifest_path(project: Project, name: str) -> Path:
    """Where the manifest of a batch lies."""
    return project.reports / ".batches" / f"{check_name(name, 'the batch')}.json"


@dataclass
class _Work:
    """A batch while it runs."""

    ledger: Ledger
    name: str
    requests: Sequence[Request]
    executor: Executor
    resolve: Resolve
    watch: Watch
    started: datetime
    engine: Engine
    done: dict[int, Done] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    reading: threading.Lock = field(default_factory=threading.Lock)

    def run(self, slots: int) -> Batch:
        """Run everything, so many at once; write the manifest as it goes."""
        self.jobs = slots
        path = manifest_path(self.ledger.project, self.name)
        make_folder(path.parent)
        self._write_manifest()
        self.watch.begins(len(self.requests))
        pool = ThreadPoolExecutor(slots, thread_name_prefix="run")
        try:
            futures = [pool.submit(self._one, number) for number in range(len(self.requests))]
            for future in futures:
                future.result()
        except BaseException:
            self.executor.stop.set()
            raise
        finally:
            if self.executor.stop.is_set():
                self.executor.close()
            pool.shutdown(wait=True, cancel_futures=True)
            self._write_manifest(ended=True)
        fallback = self.executor.fallback
        runs = tuple(self.done[number] for number in range(len(self.requests)))
        return Batch(self.name, runs, path, "plain" if fallback else self.engine, fallback)

    def _one(self, number: int) -> None:
        if self.executor.stop.is_set():
            return
        done = self._carry_out(self.requests[number])
        with self.lock:
            self.done[number] = done
            with suppress(WriteError):  # written again when the next ends, and at the end
                self._write_manifest()
            self.watch.ends(done)

    def _carry_out(self, request: Request) -> Done:
        try:
            with self.reading:  # else the first runs would each read the base scenario
                started = self.ledger.clock()
                plan = prepare(request, self.ledger.project, started=started, resolve=self.resolve)
            return carry_out(
                plan,
                ledger=self.ledger,
                executor=self.executor,
                batch=self.name,
                progress=lambda message: self.watch.tells(request.title, message),
                wait=self._wait,
            )
        except JCurveError as error:
            # Refused before it began, or the ledger is out of reach.
            refused = Done(request, "failed", error=error, reason="refused", attempts=0)
            return replace(refused, message=str(error))
        except Cancelled:
            return Done(request, "cancelled", attempts=0)

    def _wait(self, seconds: float) -> None:
        if self.executor.stop.wait(seconds):
            raise Cancelled

    def _write_manifest(self, *, ended: bool = False) -> None:
        """Write the manifest of the batch as far as it has come."""
        entries = [self._entry(number) for number in range(len(self.requests))]
        manifest = {
            "batch": self.name,
            "started": self.started.isoformat(timespec="seconds"),
            "ended": self.ledger.clock().isoformat(timespec="seconds") if ended else None,
            "engine": self.engine,
            "fallback": self.executor.fallback,
            "jobs": self.jobs,
            "counts": dict(Counter(str(entry["state"]) for entry in entries)),
            "failed": sum(done.failed for done in self.done.values()),
            "runs": entries,
        }
        write_json(manifest_path(self.ledger.project, self.name), manifest)

    def _entry(self, number: int) -> dict[str, object]:
        request, done = self.requests[number], self.done.get(number)
        head = {name: getattr(request, name) for name in _ASKED}
        if done is None:
            return {**head, "state": "cancelled" if self.executor.stop.is_set() else "queued"}
        edition, reports = done.edition, self.ledger.project.reports
        return {
            **head,
            **{name: getattr(done, name) for name in _TOLD},
            "edition": None if edition is None else edition.folder.relative_to(reports).as_posix(),
            "seconds": round(done.seconds, 2),
        }
