"""The verdict on a run, from evidence alone.

A run *succeeded* when the child left with status 0, every code cell got its reply from
the kernel, in order and without error output, and ``results.json`` is valid, finite,
with every identity holding and every declared exhibit shown with alt text. Papermill's
own metadata is no evidence: after the death of a kernel it says ``completed``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from jcurve.briefing.results import NothingToReport, Results, read_results
from jcurve.ground import errors
from jcurve.ground.errors import JCurveError, RunError
from jcurve.ground.processes import Finished
from jcurve_runs.execution.staging import Outcome

EXHIBIT_KEY = "jcurve"
"""Key of a cell output's metadata that names the exhibit: ``{"exhibit": id, "alt": text}``."""

Cells: TypeAlias = list[dict[str, Any]]  # the code cells of a notebook that hold code

State = Literal["succeeded", "failed", "timed_out", "nothing_to_report"]
Reason = Literal[
    "cell_error",  # a cell raised
    "early_exit",  # a cell called exit: papermill counts that as success
    "dead_kernel",  # the kernel died while a cell ran
    "kernel_start",  # the kernel did not start
    "child_killed",  # a signal ended the child process
    "child_error",  # the child process failed by itself
    "no_notebook",  # the child left no executed notebook, or half of one
    "missing_reply",  # a cell was never answered
    "out_of_order",  # cells were answered in another order
    "too_much_output",  # beyond the cap on the size of outputs or the number of figures
    "no_results",
    "bad_results",  # results.json breaks its schema, or is about something else
    "identity_broken",
    "missing_exhibit",
    "missing_alt",
    "not_rendered",  # sound, but it could not be made into HTML and PDF
    "no_workbook",  # sound, but its workbook could not be made
    "secret_found",  # an artefact holds the value of a secret of the environment
    "not_written",  # a file could not be written: a full disk, a share that is away
    "timeout",
]


class FailedRun(RunError):
    """A run without the verdict *succeeded*; ``reason`` is one of a closed list."""

    def __init__(self, what: str, *, reason: str = "", **details: Any) -> None:
        super().__init__(what, **details)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence says."""

    state: State  # succeeded, failed, timed_out or nothing_to_report
    reason: Reason | None = None  # why not, from a closed list; None when succeeded
    message: str = ""  # one line for a reader
    cell: int | None = None  # number of the code cell concerned, counted from 1
    raised: str | None = None  # name of the ``JCurveError`` that a cell raised, if it was one
    results: Results | None = None  # the results when succeeded

    def error(self, where: str, kept: str) -> JCurveError:
        """The error to raise for a verdict other than succeeded.

        A mistake that the notebook itself reported in one line keeps its class, and so
        its exit status.
        """
        if self.raised is not None:
            kind: type[JCurveError] = getattr(errors, self.raised)
            return kind(self.message)
        cell = f", cell {self.cell}" if self.cell is not None else ""
        return FailedRun(
            f"{self.message} [{self.reason}]; what it left is in {kept}",
            where=f"{where}{cell}",
            reason=self.reason or "",
        )


class _Failure(Exception):
    def __init__(
        self, reason: Reason, message: str, cell: int | None = None, raised: str | None = None
    ) -> None:
        super().__init__(reason, message)
        self.verdict = Verdict("failed", reason, message, cell, raised)


def judge(
    finished: Finished,
    *,
    executed: Path,
    outcome: Path,
    results: Path,
    expected: Mapping[str, str],
) -> Verdict:
    """Judge a run by what it left behind."""
    if finished.timed_out:
        cell = None
        with suppress(_Failure):
            cell = _first_unanswered(_code_cells(executed, finished))
        told = f"not finished after {finished.seconds:.0f} seconds; stopped"
        return Verdict("timed_out", "timeout", told, cell)
    try:
        cells = _code_cells(executed, finished)
        for number, name, value in _errors(cells):
            if name == NothingToReport.__name__:
                return Verdict("nothing_to_report", message=value or "nothing to report")
            raise _cell_error(number, name, value)
        _left_well(finished, outcome, cells)
        _all_replied(cells)
        record = _sound_results(results, expected)
        _exhibits_shown(record, cells)
    except _Failure as failure:
        return failure.verdict
    return Verdict("succeeded", results=record)


def _code_cells(executed: Path, finished: Finished) -> Cells:
    """The code cells that hold code; an unreadable notebook is a failure of its own."""
    try:
        notebook = json.loads(executed.read_bytes())
        return [
            cell
            for cell in notebook["cells"]
            if cell["cell_type"] == "code" and "".join(cell["source"]).strip()
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        if finished.exit_status < 0:
            raise _killed(finished) from error
        tail = f": {finished.last_word}" if finished.last_word else ""
        raise _Failure("no_notebook", f"no executed notebook was left{tail}") from error


def _errors(cells: Cells) -> Iterator[tuple[int, str, str]]:
    """Cell, name and text of each error among the outputs; the text on one line."""
    for number, cell in enumerate(cells, start=1):
        for output in cell.get("outputs", ()):
            if output.get("output_type") == "error":
                name, value = str(output.get("ename", "")), str(output.get("evalue", ""))
                yield number, name, " ".join(value.split())


def _cell_error(number: int, name: str, value: str) -> _Failure:
    if name == "SystemExit":
        return _Failure("early_exit", "a cell ended the run by calling exit", number)
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.JCurveError):
        return _Failure("cell_error", value, number, name)
    return _Failure("cell_error", f"{name}: {value}".strip(), number)


def _left_well(finished: Finished, outcome: Path, cells: Cells) -> None:
    if finished.exit_status < 0:
        raise _killed(finished)
    if finished.exit_status == 0:
        return
    unanswered = _first_unanswered(cells)
    try:
        hint = Outcome.model_validate_json(outcome.read_bytes())
    except (OSError, ValueError):
        tail = f": {finished.last_word}" if finished.last_word else ""
        raise _Failure("child_error", f"the child process failed{tail}") from None
    match hint.ended:
        case "dead_kernel":
            raise _Failure("dead_kernel", "the kernel died", unanswered)
        case "kernel_start":
            raise _Failure("kernel_start", f"the kernel did not start: {hint.message}")
        case "too_much_output":
            raise _Failure("too_much_output", hint.message, unanswered)
        case _:
            raise _Failure("child_error", hint.message or "the child process failed", unanswered)


def _killed(finished: Finished) -> _Failure:
    return _Failure("child_killed", f"the run was killed by signal {-finished.exit_status}")


def _all_replied(cells: Cells) -> None:
    unanswered = _first_unanswered(cells)
    if unanswered is not None:
        raise _Failure("missing_reply", "the kernel never answered", unanswered)
    last = ""
    for number, cell in enumerate(cells, start=1):
        replied = str(cell["metadata"]["execution"]["shell.execute_reply"])
        if cell["execution_count"] != number or replied < last:
            raise _Failure("out_of_order", "the cells were not run in order", number)
        last = replied


def _first_unanswered(cells: Cells) -> int | None:
    for number, cell in enumerate(cells, start=1):
        times = cell.get("metadata", {}).get("execution", {})
        answered = times.get("shell.execute_reply") and times.get("iopub.status.idle")
        if not answered or not isinstance(cell.get("execution_count"), int):
            return number
    return None


def _sound_results(path: Path, expected: Mapping[str, str]) -> Results:
    if not path.is_file():
        raise _Failure(
            "no_results",
            f"the notebook recorded no {path.name}: end it with record_case(given.out, "
            "report=…, case=case, view=given.view)",
        )
    try:
        record = read_results(path)
    except RunError as error:
        raise _Failure("bad_results", str(error)) from None
    about = {"report": record.report, "view": record.view, "hash": record.scenario.hash}
    for name, value in expected.items():
        if about[name] != value:
            raise _Failure(
                "bad_results",
                f"{path.name} is about {name} {about[name]!r}, the run about {value!r}",
            )
    broken = [check for check in record.checks if not check.ok]
    if broken:
        listed = ", ".join(
            f"{check.name} ({check.value:.3g}, allowed {check.tolerance:.3g})" for check in broken
        )
        raise _Failure("identity_broken", f"does not hold: {listed}")
    return record


def _exhibits_shown(record: Results, cells: Cells) -> None:
    shown = dict(_shown(cells))
    for exhibit in record.exhibits:
        if exhibit.id not in shown:
            raise _Failure("missing_exhibit", f"declared but not shown: {exhibit.id}")
        if not exhibit.alt.strip() or not shown[exhibit.id].strip():
            raise _Failure("missing_alt", f"shown without alt text: {exhibit.id}")


def _shown(cells: Cells) -> Iterator[tuple[str, str]]:
    """Identifier and alt text of every exhibit among the outputs."""
    for cell in cells:
        for output in cell.get("outputs", ()):
            mark = output.get("metadata", {}).get(EXHIBIT_KEY)
            if isinstance(mark, dict) and output.get("data"):
                yield str(mark.get("exhibit", "")), str(mark.get("alt", ""))
