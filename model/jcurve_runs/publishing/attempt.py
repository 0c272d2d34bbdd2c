"""One attempt at a run: stage, execute, judge, assemble, publish; the ledger knows each step."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jcurve.analysis.snapshots import stated_inputs
from jcurve.briefing.editions import Edition
from jcurve.briefing.results import FILE_NAME, Results
from jcurve.ground.errors import JCurveError, RunError, WriteError
from jcurve.ground.files import move_folder, write_json
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve.ground.provenance import circumstances, determinants
from jcurve_runs.execution.executor import Executor, Progress, RendererKilled, check
from jcurve_runs.execution.redaction import cleaned, find_secret, one_line, redact, secret_values
from jcurve_runs.execution.staging import Staged, stage
from jcurve_runs.ledger.attempts import Ledger, RunState
from jcurve_runs.plan.request import Plan, Request
from jcurve_runs.portal.site import refresh
from jcurve_runs.publishing.publish import assemble, publish
from jcurve_runs.publishing.workbook import NoWorkbook, write_workbook
from jcurve_runs.verdict.judge import Verdict, judge

_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended."""

    request: Request  # what was asked for
    state: RunState  # one of the ends of the ledger
    plan: Plan | None = None  # what it became; None when it was refused before it began
    edition: Edition | None = None  # what it published, or the edition that a skipped run relies on
    error: JCurveError | None = None  # why it failed
    reason: str | None = None  # the class of the failure
    message: str = ""  # one line on why it ended so
    attempts: int = 1  # how many were made
    seconds: float = 0.0  # wall time in all

    @property
    def run(self) -> str:
        """Its identifier; empty when it never began."""
        return "" if self.plan is None else self.plan.edition.id

    @property
    def series(self) -> str:
        """Of its editions; empty when it never began."""
        return "" if self.plan is None else self.plan.edition.series

    @property
    def words(self) -> str:
        """Its state in words."""
        return self.state.replace("_", " ")

    @property
    def failed(self) -> bool:
        """Whether somebody should look at it."""
        return self.state in ("failed", "timed_out", "lost", "cancelled")


@dataclass(frozen=True, slots=True)
class Attempting:
    """One attempt at a run."""

    plan: Plan  # the checked run
    counted: int  # which attempt it is, from 1
    number: int  # its row in the ledger
    ledger: Ledger  # where every step is entered
    executor: Executor  # executes and renders
    tell: Progress  # told in words what is going on
    key: str | None  # of what it would produce; None when editions are not compared

    def to_end(self) -> Done:
        """Take it to an end, whatever happens.

        Raises:
            KeyboardInterrupt, Cancelled: as they came; the attempt is then entered as cancelled.
        """
        staged: Staged | None = None
        try:
            staged = stage(self.plan, self.counted)
            return self._execute(staged)
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

    def _execute(self, staged: Staged) -> Done:
        plan = self.plan
        self.ledger.move(self.number, "running")
        finished = self.executor.execute(plan, staged, progress=self.tell)
        self.ledger.move(self.number, "verifying")
        verdict = judge(
            finished,
            executed=staged.executed,
            outcome=staged.outcome,
            results=staged.work / FILE_NAME,
            expected={
                "report": plan.edition.report,
                "view": str(plan.parameters["view"]),
                "hash": plan.scenario.hash,
            },
        )
        if verdict.state == "nothing_to_report":
            message = one_line(cleaned(verdict.message, secret_values()), _LONGEST)
            self.ledger.move(self.number, "nothing_to_report", message=message)
            return self._done("nothing_to_report", message=message)
        if verdict.results is None:
            return self._judged(staged, verdict, finished)
        return self._publish(staged, verdict.results, finished)

    def _publish(self, staged: Staged, results: Results, finished: Finished) -> Done:
        plan, ledger = self.plan, self.ledger
        self.tell("rendering")
        try:
            self._assemble(staged, results, finished)
        except NoWorkbook as error:
            return self._judged(staged, Verdict("failed", "no_workbook", str(error)), finished)
        except RunError as error:
            killed = isinstance(error, RendererKilled)
            verdict = Verdict("failed", "child_killed" if killed else "not_rendered", str(error))
            return self._judged(staged, verdict, finished)
        found = find_secret(staged.edition, secret_values())
        if found is not None:
            told = f"{found[0]} holds the value of the environment's {found[1]}"
            return self._judged(staged, Verdict("failed", "secret_found", told), finished)
        self.tell("publishing")
        # One transaction: editions, pointer, ledger and outbox of a series keep one order, and
        # no other process settles this run meanwhile.
        with ledger.store.transaction():
            publish(plan.edition, staged.edition, results=results, published=ledger.clock())
            ledger.move(self.number, "succeeded", edition=plan.edition.id)
        show(ledger, plan.edition)
        return self._done("succeeded", edition=plan.edition)

    def _assemble(self, staged: Staged, results: Results, finished: Finished) -> None:
        plan = self.plan
        assemble(
            plan.edition,
            staged.edition,
            executed=staged.executed,
            results=results,
            render=self.executor.render,
            workbook=self._workbook if plan.request.workbook else None,
            provenance={
                "report": plan.edition.report,
                "parameters": dict(plan.parameters),
                "assumptions": stated_inputs(plan.scenario),
                "determinants": determinants(
                    plan.scenario.name, plan.scenario.hash, plan.project, seed=results.seed
                ),
                "circumstances": circumstances(),
                "attempt": self.counted,
                "started": plan.started.isoformat(timespec="seconds"),
                "seconds": round(finished.seconds, 2),
                "key": self.key,
            },
        )

    def _workbook(self, path: Path) -> None:
        self.tell("writing the workbook")
        write_workbook(self.plan, path, lambda: check(self.executor.stop))

    def _judged(self, staged: Staged, verdict: Verdict, finished: Finished) -> Done:
        plan, secrets = self.plan, secret_values()
        # What a notebook says ends up on terminals and in mails: no secret, no control marks.
        verdict = replace(verdict, message=one_line(cleaned(verdict.message, secrets), _LONGEST))
        redact(staged.folder, secrets)
        _mark_partial(staged.executed, verdict)
        about = {
            "state": verdict.state,
            "reason": verdict.reason,
            "message": verdict.message,
            "cell": verdict.cell,
            "exit_status": finished.exit_status,
            "seconds": round(finished.seconds, 2),
            "error_output": cleaned(finished.err_tail, secrets),
        }
        kept = keep(plan.project, staged, plan.edition, about)
        kept = kept.relative_to(plan.project.reports.parent)
        title = f"{plan.edition.report} {plan.edition.series}"
        error = verdict.error(title, kept.as_posix())
        state: RunState = "timed_out" if verdict.state == "timed_out" else "failed"
        reason, message = verdict.reason, verdict.message
        self.ledger.move(self.number, state, reason=reason, message=message)
        return self._done(state, error=error, reason=reason, message=message)

    def _done(self, state: RunState, **told: Any) -> Done:
        return Done(self.plan.request, state, self.plan, **told)

    def _failed(self, reason: str, error: JCurveError) -> Done:
        if not self.plan.edition.folder.exists():
            # Else the edition is out and only its pointer or row is missing: the attempt
            # stays open, and the next start settles it as it settles a killed one.
            with suppress(JCurveError):
                self.ledger.move(self.number, "failed", reason=reason, message=str(error))
        return self._done("failed", error=error, reason=reason, message=str(error))


def keep(project: Project, staged: Staged, edition: Edition, about: Mapping[str, object]) -> Path:
    """Move what a failed run left to ``reports/.failed``, marked as partial; the new folder."""
    shutil.rmtree(staged.runtime, ignore_errors=True)
    named = {"run": edition.id, "report": edition.report, "series": edition.series}
    write_json(staged.folder / "verdict.json", {**named, **about, "partial": True})
    kept = project.reports / ".failed" / staged.folder.name
    move_folder(staged.folder, kept)
    return kept


def show(ledger: Ledger, edition: Edition) -> None:
    """Bring the portal's pages of a series up to date; it never fails a run."""
    with suppress(JCurveError, OSError), ledger.store.transaction():
        # One writer at a time, or an older list could replace a newer one.
        refresh(ledger.project, edition.report, edition.series)


def _mark_partial(executed: Path, verdict: Verdict) -> None:
    try:
        notebook = json.loads(executed.read_bytes())
    except (OSError, ValueError):
        return  # nothing was executed, so there is nothing to mark
    notebook["metadata"]["jcurve"] = {"partial": True, "reason": verdict.reason}
    write_json(executed, notebook, durable=False)
