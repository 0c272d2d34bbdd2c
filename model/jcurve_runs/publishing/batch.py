"""A batch: many requests in parallel, each run on its own, one manifest.

One failure never stops the rest. What is published, entered and retried is what a single
run publishes, enters and retries; a batch adds who works when.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Literal

from jcurve.briefing.editions import check_name
from jcurve.ground.errors import JCurveError, UsageError, WriteError
from jcurve.ground.files import make_folder, write_json
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Cancelled, Executor, Plain, Render
from jcurve_runs.execution.warm_executor import Warm, imported_by
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.store import now
from jcurve_runs.plan.request import (
    Clock,
    Request,
    Resolve,
    check_report,
    prepare,
    resolve_scenario,
)
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.runs import beating, carry_out, recover

__all__ = [
    "MOST_JOBS",
    "Batch",
    "Engine",
    "Watch",
    "batch",
    "default_jobs",
    "every",
    "manifest_path",
]

Engine = Literal["warm", "plain"]
"""``warm`` forks each run from a process that has everything loaded, where that is safe;
``plain`` starts a process for each."""

MOST_JOBS = 8
"""At once by default; each takes about 300 MB."""

_MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of a batch.

    Attributes:
        id: its identifier.
        runs: how each ended, in the order in which they were asked for.
        manifest: the file that says so.
        engine: what executed the runs.
        fallback: why they were executed plainly although warm was asked for.
    """

    id: str
    runs: tuple[Done, ...]
    manifest: Path
    engine: Engine
    fallback: str | None = None

    @property
    def failed(self) -> int:
        """How many runs somebody should look at."""
        return sum(run.failed for run in self.runs)

    @property
    def exit_status(self) -> int:
        """0 when none failed, else 10 more than how many did, up to 110."""
        return 10 + min(self.failed, _MOST_TOLD) if self.failed else 0


class Watch:
    """Told what goes on in a batch, from several threads; this one says nothing."""

    def begins(self, total: int, slots: int) -> None:
        """The batch begins."""

    def tells(self, slot: int, title: str, message: str) -> None:
        """A run says what it is doing."""

    def ends(self, slot: int, done: Done) -> None:
        """A run has ended."""


def every(reports: Sequence[str], scenarios: Sequence[str], like: Request) -> list[Request]:
    """A request for each report on each scenario, otherwise ``like`` this one; none twice."""
    return [
        replace(like, report=report, scenario=scenario)
        for report, scenario in dict.fromkeys(product(reports, scenarios))
    ]


def batch(
    requests: Sequence[Request],
    project: Project,
    *,
    jobs: int | None = None,
    engine: Engine = "warm",
    batch_id: str | None = None,
    clock: Clock = now,
    watch: Watch | None = None,
    render: Render | None = None,
    resolve: Resolve = resolve_scenario,
) -> Batch:
    """Carry out every request; one whose scenario does not validate is a failed run.

    Args:
        requests: what is asked for.
        project: whose reports.
        jobs: how many run at once; as many as there are processors when None.
        engine: what executes the runs.
        batch_id: made from the clock when None.
        clock: gives the present time.
        watch: told what goes on.
        render: renders in this process; for tests. The editions are then not compared.
        resolve: reads a scenario.

    Raises:
        UsageError: a report is unknown, or nothing was asked for.
        WriteError, RunError: the ledger or the manifest cannot be written.
        KeyboardInterrupt: as it came, after every run was stopped and the manifest written.
    """
    for report in dict.fromkeys(request.report for request in requests):
        check_report(report, project)
    if not requests:
        raise UsageError("nothing to run", allowed="at least one report and one scenario")
    started = clock()
    name = check_name(
        batch_id or f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", "the batch's identifier"
    )
    slots = min(jobs or default_jobs(), len(requests))
    with Ledger(project, clock=clock) as ledger, beating(ledger):
        recover(ledger)
        executors, stop = _executors(project, requests, slots, engine, render)
        return _Work(
            ledger,
            name,
            list(requests),
            executors,
            stop,
            resolve,
            watch or Watch(),
            started,
            engine,
        ).run()


def default_jobs() -> int:
    """As many as there are processors for this process, up to a limit."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        usable = os.cpu_count() or 1
    return max(1, min(usable, MOST_JOBS))


def manifest_path(project: Project, name: str) -> Path:
    """Where the manifest of a batch lies."""
    return project.reports / ".batches" / f"{check_name(name, 'the batch')}.json"


def _executors(
    project: Project, requests: Sequence[Request], slots: int, engine: Engine, render: Render | None
) -> tuple[list[Executor], threading.Event]:
    stop = threading.Event()
    if engine == "plain" or render is not None:
        return [Plain(render, stop) for _ in range(slots)], stop
    modules: set[str] = set()
    for report in dict.fromkeys(request.report for request in requests):
        with suppress(OSError, ValueError, KeyError, TypeError):  # the run itself will say it
            notebook = json.loads((project.notebooks / f"{report}.ipynb").read_bytes())
            modules |= set(imported_by(notebook))
    return [Warm(project, tuple(sorted(modules)), stop) for _ in range(slots)], stop


@dataclass
class _Work:
    """A batch while it runs."""

    ledger: Ledger
    name: str
    requests: list[Request]
    executors: list[Executor]
    stop: threading.Event
    resolve: Resolve
    watch: Watch
    started: datetime
    engine: Engine
    done: dict[int, Done] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    reading: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.free = list(range(len(self.executors)))

    def run(self) -> Batch:
        """Run everything; write the manifest as it goes."""
        path = manifest_path(self.ledger.project, self.name)
        make_folder(path.parent)
        self._write_manifest()
        self.watch.begins(len(self.requests), len(self.executors))
        pool = ThreadPoolExecutor(len(self.executors), thread_name_prefix="run")
        try:
            futures = [pool.submit(self._one, number) for number in range(len(self.requests))]
            for future in futures:
                future.result()
        except BaseException:
            self.stop.set()
            for executor in self.executors:
                executor.close()
            pool.shutdown(wait=True, cancel_futures=True)
            self._write_manifest(ended=True)
            raise
        finally:
            pool.shutdown(wait=True)
            for executor in self.executors:
                executor.close()
        self._write_manifest(ended=True)
        fallback = self._fallback()
        return Batch(
            id=self.name,
            runs=tuple(self.done[number] for number in range(len(self.requests))),
            manifest=path,
            engine="plain" if fallback else self.engine,
            fallback=fallback,
        )

    def _one(self, number: int) -> None:
        if self.stop.is_set():
            return
        with self.lock:
            slot = self.free.pop(0)
        try:
            done = self._carry_out(slot, self.requests[number])
        finally:
            with self.lock:
                self.free.append(slot)
        with self.lock:
            self.done[number] = done
            with suppress(WriteError):  # written again when the next ends, and at the end
                self._write_manifest()
        self.watch.ends(slot, done)

    def _carry_out(self, slot: int, request: Request) -> Done:
        report, scenario = request.report, request.scenario
        title = f"{report} {scenario}"
        try:
            with self.reading:  # else the first runs would each read the base scenario
                plan = prepare(
                    request,
                    self.ledger.project,
                    started=self.ledger.clock(),
                    resolve=self.resolve,
                )
            return carry_out(
                plan,
                ledger=self.ledger,
                executor=self.executors[slot],
                batch=self.name,
                progress=lambda message: self.watch.tells(slot, title, message),
                wait=self._wait,
            )
        except JCurveError as error:
            # Refused before it began, or the ledger is out of reach.
            refused = Done("failed", "", report, scenario, "", error=error, reason="refused")
            return replace(refused, message=str(error), attempts=0)
        except Cancelled:
            return Done("cancelled", "", report, scenario, "", attempts=0)

    def _wait(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Cancelled

    def _fallback(self) -> str | None:
        return next((e.fallback for e in self.executors if isinstance(e, Warm)), None)

    def _write_manifest(self, *, ended: bool = False) -> None:
        """Write the manifest of the batch as far as it has come.

        Raises:
            WriteError: it cannot be written.
        """
        entries = [self._entry(number) for number in range(len(self.requests))]
        first = self.requests[0]
        manifest = {
            "batch": self.name,
            "started": self.started.isoformat(timespec="seconds"),
            "ended": self.ledger.clock().isoformat(timespec="seconds") if ended else None,
            "overrides": dict(first.overrides),
            "view": first.view,
            "parameters": dict(first.parameters),
            "workbook": first.workbook,
            "engine": self.engine,
            "fallback": self._fallback(),
            "jobs": len(self.executors),
            "counts": dict(Counter(str(entry["state"]) for entry in entries)),
            "failed": sum(done.failed for done in self.done.values()),
            "runs": entries,
        }
        write_json(manifest_path(self.ledger.project, self.name), manifest)

    def _entry(self, number: int) -> dict[str, object]:
        request, done = self.requests[number], self.done.get(number)
        head = {"report": request.report, "scenario": request.scenario}
        if done is None:
            return {**head, "state": "cancelled" if self.stop.is_set() else "queued"}
        reports = self.ledger.project.reports
        edition = done.edition
        return {
            **head,
            "state": done.state,
            "reason": done.reason,
            "message": done.message,
            "run": done.run or None,
            "series": done.series or None,
            "edition": None if edition is None else edition.folder.relative_to(reports).as_posix(),
            "attempts": done.attempts,
            "rendered_only": done.rendered_only,
            "seconds": round(done.seconds, 2),
        }
