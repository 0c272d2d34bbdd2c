"""The verdict on evidence made by hand: one flaw at a time in a sound run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jcurve.figures import display
from jcurve.ground.errors import ScenarioError
from jcurve.ground.processes import Finished
from jcurve_runs.verdict.judge import EXHIBIT_KEY, FailedRun, Verdict, judge

SCENARIO = {"name": "base", "title": "Base case", "hash": "ab" * 32, "differences": []}


def cell(number: int) -> dict[str, Any]:
    """An executed cell as nbclient leaves it; the second shows the exhibit."""
    outputs: list[dict[str, Any]] = []
    if number == 2:
        mark = {"exhibit": "curve", "alt": "Falls, then rises."}
        outputs = [
            {
                "output_type": "display_data",
                "data": {"text/plain": "chart"},
                "metadata": {"jcurve": mark},
            }
        ]
    return {
        "cell_type": "code",
        "source": "pass",
        "execution_count": number,
        "metadata": {
            "execution": {
                "shell.execute_reply": f"2026-07-30T09:00:0{number}.5Z",
                "iopub.status.idle": f"2026-07-30T09:00:0{number}.6Z",
            },
            "papermill": {"status": "completed"},  # whatever happens, it says so
        },
        "outputs": outputs,
    }


@dataclass
class Evidence:
    """What a run left, ready to be spoilt."""

    folder: Path
    cells: list[dict[str, Any]] = field(default_factory=lambda: [cell(n) for n in (1, 2, 3)])
    results: dict[str, Any] = field(
        default_factory=lambda: {
            "report": "fixture",
            "scenario": dict(SCENARIO),
            "view": "programme",
            "valuation_date": "2026Q2",
            "data_through": "2026Q2",
            "headlines": {"programme": {"npv": {"value": 1.5, "unit": "USD m"}}},
            "checks": [{"name": "ties", "value": 0.0, "tolerance": 1e-6, "ok": True}],
            "exhibits": [{"id": "curve", "kind": "chart", "title": "Curve", "alt": "Falls."}],
        }
    )
    exit_status: int = 0
    outcome: dict[str, str] | None = None
    torn: bool = False

    def judged(self) -> Verdict:
        """Write the evidence down and judge it."""
        notebook = json.dumps({"cells": self.cells, "metadata": {}})
        executed = self.folder / "executed.ipynb"
        executed.write_text(notebook[:-20] if self.torn else notebook)
        if self.results:
            (self.folder / "results.json").write_text(json.dumps(self.results))
        if self.outcome:
            (self.folder / "outcome.json").write_text(json.dumps(self.outcome))
        return judge(
            Finished(self.exit_status, False, 1.0, "", "Traceback\nOSError: disk gone"),
            executed=executed,
            outcome=self.folder / "outcome.json",
            results=self.folder / "results.json",
            expected={"report": "fixture", "view": "programme", "hash": "ab" * 32},
        )


def no_reply(evidence: Evidence) -> None:
    """A kernel that dies in the last cell leaves only this."""
    del evidence.cells[-1]["metadata"]["execution"]["shell.execute_reply"]


def no_idle(evidence: Evidence) -> None:
    del evidence.cells[-1]["metadata"]["execution"]["iopub.status.idle"]


def never_run(evidence: Evidence) -> None:
    evidence.cells[1] |= {"execution_count": None, "metadata": {}}


def swapped(evidence: Evidence) -> None:
    evidence.cells[0]["execution_count"], evidence.cells[1]["execution_count"] = 2, 1


def replies_swapped(evidence: Evidence) -> None:
    first, second = (evidence.cells[n]["metadata"]["execution"] for n in (0, 1))
    key = "shell.execute_reply"
    first[key], second[key] = second[key], first[key]


def error_output(evidence: Evidence) -> None:
    """Also with every other sign of success."""
    evidence.cells[1]["outputs"].append(
        {"output_type": "error", "ename": "ValueError", "evalue": "no\nluck", "traceback": []}
    )


def torn(evidence: Evidence) -> None:
    evidence.torn = True


def crashed(evidence: Evidence) -> None:
    evidence.exit_status = 1


def killed(evidence: Evidence) -> None:
    evidence.exit_status = -9


def kernel_missing(evidence: Evidence) -> None:
    evidence.exit_status = 1
    evidence.outcome = {"ended": "kernel_start", "message": "Kernel died before replying"}


def not_finite(evidence: Evidence) -> None:
    evidence.results["headlines"]["programme"]["npv"]["value"] = float("nan")


def infinite(evidence: Evidence) -> None:
    evidence.results["headlines"]["programme"]["npv"]["value"] = float("inf")


def null_without_reason(evidence: Evidence) -> None:
    evidence.results["headlines"]["programme"]["npv"] = {"value": None}


def no_unit(evidence: Evidence) -> None:
    del evidence.results["headlines"]["programme"]["npv"]["unit"]


def other_scenario(evidence: Evidence) -> None:
    evidence.results["scenario"]["hash"] = "cd" * 32


def unknown_field(evidence: Evidence) -> None:
    evidence.results["score"] = 1


def no_checks(evidence: Evidence) -> None:
    """A report that checks nothing proves nothing."""
    evidence.results["checks"] = []


def broken_identity(evidence: Evidence) -> None:
    evidence.results["checks"][0] |= {"value": 0.5, "ok": False}


def broken_yet_marked_ok(evidence: Evidence) -> None:
    evidence.results["checks"][0]["value"] = -0.5


def not_shown(evidence: Evidence) -> None:
    evidence.cells[1]["outputs"] = []


def no_alt(evidence: Evidence) -> None:
    evidence.cells[1]["outputs"][0]["metadata"]["jcurve"]["alt"] = " "


def no_alt_declared(evidence: Evidence) -> None:
    evidence.results["exhibits"][0]["alt"] = ""


def test_a_sound_run_succeeds(tmp_path: Path) -> None:
    verdict = Evidence(tmp_path).judged()
    assert (verdict.state, verdict.reason, verdict.message) == ("succeeded", None, "")
    assert verdict.results is not None
    assert verdict.results.headlines["programme"]["npv"].value == 1.5


@pytest.mark.parametrize(
    ("spoil", "reason", "words"),
    [
        (no_reply, "missing_reply", "never answered"),
        (no_idle, "missing_reply", "never answered"),
        (never_run, "missing_reply", "never answered"),
        (swapped, "out_of_order", "not run in order"),
        (replies_swapped, "out_of_order", "not run in order"),
        (error_output, "cell_error", "ValueError: no luck"),
        (torn, "no_notebook", "OSError: disk gone"),
        (crashed, "child_error", "OSError: disk gone"),
        (killed, "child_killed", "signal 9"),
        (kernel_missing, "kernel_start", "Kernel died before replying"),
        (not_finite, "bad_results", "finite"),
        (infinite, "bad_results", "finite"),
        (null_without_reason, "bad_results", "needs a reason"),
        (no_unit, "bad_results", "needs a unit"),
        (other_scenario, "bad_results", "is about hash"),
        (unknown_field, "bad_results", "score"),
        (no_checks, "bad_results", "checks"),
        (broken_identity, "identity_broken", "ties (0.5, allowed 1e-06)"),
        (broken_yet_marked_ok, "bad_results", "beyond the tolerance"),
        (not_shown, "missing_exhibit", "curve"),
        (no_alt, "missing_alt", "curve"),
        (no_alt_declared, "missing_alt", "curve"),
    ],
)
def test_one_flaw_is_enough(
    tmp_path: Path, spoil: Callable[[Evidence], None], reason: str, words: str
) -> None:
    evidence = Evidence(tmp_path)
    spoil(evidence)
    verdict = evidence.judged()
    assert (verdict.state, verdict.reason) == ("failed", reason)
    assert words in verdict.message
    assert verdict.results is None


def test_results_may_be_missing_altogether(tmp_path: Path) -> None:
    verdict = Evidence(tmp_path, results={}).judged()
    assert verdict.reason == "no_results"


def test_the_errors_of_a_verdict_cross_process_borders() -> None:
    """Batches run in worker processes; the reason must arrive with the message."""
    error = Verdict("failed", "dead_kernel", "the kernel died", 3).error("fixture base", "x")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, FailedRun)
    assert (str(copy), copy.reason) == (str(error), "dead_kernel")


def test_a_cell_that_raised_our_error_gives_that_error() -> None:
    error = Verdict("failed", "cell_error", "no such key", 3, raised="ScenarioError").error(
        "x", "y"
    )
    assert type(error) is ScenarioError
    assert str(error) == "no such key"


def test_exhibits_are_marked_as_the_verdict_looks_for_them() -> None:
    """The figures write the mark, the verdict reads it: one key."""
    assert EXHIBIT_KEY == display.KEY
