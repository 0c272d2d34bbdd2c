"""A batch: many scenarios × reports in parallel, each run on its own, one manifest.

One failure never stops the rest. What is published, entered and retried is what a single
run publishes, enters and retries; a batch adds who works when.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any, Literal

from jcurve.briefing.editions import check_name
from jcurve.errors import JCurveError, UsageError, WriteError, nearest
from jcurve.files import make_folder
from jcurve.project import Project
from jcurve_runs.execution.executor import DEADLINE, Cancelled, Executor, Plain
from jcurve_runs.execution.warm_executor import Warm, imported_by
from jcurve_runs.ledger.attempts import Clock, Ledger, now
from jcurve_runs.plan.request import Resolve, prepare, reports_of
from jcurve_runs.publishing.attempt import Done, beating, carry_out, recover
from jcurve_runs.publishing.manifest import Batch, Engine, manifest_path, write_manifest
from jcurve_runs.publishing.publish import Render
from jcurve_runs.publishing.retry import Retry
from jcurve_runs.publishing.run import resolve_scenario

__all__ = ["MOST_JOBS", "Watch", "batch", "default_jobs"]

MOST_JOBS = 8
"""At once by default; each takes about 300 MB."""


class Watch:
    """Told what goes on in a batch, from several threads; this one says nothing."""

    def begins(self, total: int, slots: int) -> None:
        """The batch begins."""

    def tells(self, slot: int, title: str, message: str) -> None:
        """A run says what it is doing."""

    def ends(self, slot: int, done: Done) -> None:
        """A run has ended."""


def batch(
    reports: Sequence[str],
    scenarios: Sequence[str],
    overrides: Mapping[str, Any] | None = None,
    *,
    project: Project,
    view: str = "programme",
    parameters: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    engine: Engine = "warm",
    deadline: float = DEADLINE,
    retry: Retry | None = None,
    force: bool = False,
    workbook: bool = False,
    batch_id: str | None = None,
    clock: Clock = now,
    watch: Watch | None = None,
    render: Render | None = None,
    resolve: Resolve = resolve_scenario,
    on_ledger: Callable[[Ledger], None] | None = None,
) -> Batch:
    """Run every scenario through every report.

    Args:
        reports: names of notebooks.
        scenarios: names of scenarios; one that does not validate is a failed run.
        overrides: assumption key → value, on top of each scenario.
        project: whose reports.
        view: the view the reports lead with.
        parameters: further parameters that the notebooks declare.
        jobs: how many run at once; as many as there are processors when None.
        engine: ``warm`` forks each run from a process that has everything loaded, where
            that is safe; ``plain`` starts a process for each.
        deadline: seconds of wall time for each attempt.
        retry: how often a run is attempted; three times when None.
        force: run what is unchanged as well.
        workbook: publish each scenario's workbook of live formulas beside its report.
        batch_id: made from the clock when None.
        clock: gives the present time.
        watch: told what goes on.
        render: renders in this process; for tests. The editions are then not compared.
        resolve: reads a scenario.
        on_ledger: called with the open ledger before the first run.

    Raises:
        UsageError: a report is unknown, or nothing was asked for.
        WriteError, RunError: the ledger or the manifest cannot be written.
        KeyboardInterrupt: as it came, after every run was stopped and the manifest written.
    """
    known = reports_of(project)
    for report in reports:
        if report not in known:
            raise UsageError(
                "unknown report",
                received=report,
                allowed=", ".join(known) or "a notebook in notebooks/",
                suggestion=nearest(report, known),
            )
    asked = list(dict.fromkeys(product(reports, scenarios)))
    if not asked:
        raise UsageError("nothing to run", allowed="at least one report and one scenario")
    started = clock()
    name = check_name(
        batch_id or f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", "the batch's identifier"
    )
    slots = min(jobs or default_jobs(), len(asked))
    with Ledger(project, clock=clock) as ledger, beating(ledger):
        recover(ledger)
        if on_ledger is not None:
            on_ledger(ledger)
        executors, stop = _executors(project, reports, slots, engine, render)
        work = _Work(
            ledger=ledger,
            name=name,
            asked=asked,
            executors=executors,
            stop=stop,
            options={
                "overrides": dict(overrides or {}),
                "view": view,
                "parameters": dict(parameters or {}),
                "workbook": workbook,
            },
            resolve=resolve,
            deadline=deadline,
            retry=retry or Retry(),
            force=force,
            cached=render is None,
            watch=watch or Watch(),
            started=started,
            engine=engine,
        )
        return work.run()


def default_jobs() -> int:
    """As many as there are processors for this process, up to a limit."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        usable = os.cpu_count() or 1
    return max(1, min(usable, MOST_JOBS))


def _executors(
    project: Project, reports: Sequence[str], slots: int, engine: Engine, render: Render | None
) -> tuple[list[Executor], threading.Event]:
    stop = threading.Event()
    if engine == "plain" or render is not None:
        return [Plain(render, stop) for _ in range(slots)], stop
    modules: set[str] = set()
    for report in dict.fromkeys(reports):
        with suppress(OSError, ValueError, KeyError, TypeError):  # the run itself will say it
            notebook = json.loads((project.notebooks / f"{report}.ipynb").read_bytes())
            modules |= set(imported_by(notebook))
    return [Warm(project, tuple(sorted(modules)), stop) for _ in range(slots)], stop


@dataclass
class _Work:
    """A batch while it runs."""

    ledger: Ledger
    name: str
    asked: list[tuple[str, str]]
    executors: list[Executor]
    stop: threading.Event
    options: Mapping[str, Any]
    resolve: Resolve
    deadline: float
    retry: Retry
    force: bool
    cached: bool
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
        self.watch.begins(len(self.asked), len(self.executors))
        pool = ThreadPoolExecutor(len(self.executors), thread_name_prefix="run")
        try:
            futures = [pool.submit(self._one, number) for number in range(len(self.asked))]
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
            runs=tuple(self.done[number] for number in range(len(self.asked))),
            manifest=path,
            engine="plain" if fallback else self.engine,
            fallback=fallback,
        )

    def _one(self, number: int) -> None:
        if self.stop.is_set():
            return
        report, scenario = self.asked[number]
        with self.lock:
            slot = self.free.pop(0)
        try:
            done = self._carry_out(slot, report, scenario)
        finally:
            with self.lock:
                self.free.append(slot)
        with self.lock:
            self.done[number] = done
            with suppress(WriteError):  # written again when the next ends, and at the end
                self._write_manifest()
        self.watch.ends(slot, done)

    def _carry_out(self, slot: int, report: str, scenario: str) -> Done:
        title = f"{report} {scenario}"
        try:
            with self.reading:  # else the first runs would each read the base scenario
                plan = prepare(
                    report,
                    scenario,
                    self.options["overrides"],
                    view=self.options["view"],
                    parameters=self.options["parameters"],
                    workbook=self.options["workbook"],
                    project=self.ledger.project,
                    run_id=None,
                    started=self.ledger.clock(),
                    resolve=self.resolve,
                )
            return carry_out(
                plan,
                ledger=self.ledger,
                executor=self.executors[slot],
                deadline=self.deadline,
                retry=self.retry,
                force=self.force,
                cached=self.cached,
                batch=self.name,
                progress=lambda message: self.watch.tells(slot, title, message),
                wait=self._wait,
            )
        except JCurveError as error:
            # Refused before it began, or the ledger is out of reach.
            return _not_run(report, scenario, "failed", "refused", error)
        except Cancelled:
            return _not_run(report, scenario, "cancelled", None, None)

    def _wait(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Cancelled

    def _fallback(self) -> str | None:
        return next((e.fallback for e in self.executors if isinstance(e, Warm)), None)

    def _write_manifest(self, *, ended: bool = False) -> None:
        write_manifest(
            manifest_path(self.ledger.project, self.name),
            self.ledger.project,
            {
                "batch": self.name,
                "started": self.started.isoformat(timespec="seconds"),
                "ended": self.ledger.clock().isoformat(timespec="seconds") if ended else None,
                **self.options,
                "engine": self.engine,
                "fallback": self._fallback(),
                "jobs": len(self.executors),
            },
            [(asked, self.done.get(number)) for number, asked in enumerate(self.asked)],
            waiting="cancelled" if self.stop.is_set() else "queued",
        )


def _not_run(
    report: str,
    scenario: str,
    state: Literal["failed", "cancelled"],
    reason: str | None,
    error: JCurveError | None,
) -> Done:
    return Done(
        state=state,
        run="",
        report=report,
        scenario=scenario,
        series="",
        error=error,
        reason=reason,
        message="" if error is None else str(error),
        attempts=0,
    )
