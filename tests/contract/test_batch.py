"""A batch: every run on its own, one manifest, a status that counts, warm equal to plain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jcurve.briefing import latest
from jcurve.briefing.results import ReportedScenario
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.processes import Finished, run_process
from jcurve.ground.project import Project
from jcurve_runs.execution import warm_executor
from jcurve_runs.execution.fingerprint import loaded_files
from jcurve_runs.execution.staging import in_lines
from jcurve_runs.execution.warm_executor import Warm, needed
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import ONCE, Request, Retry
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch import Batch, batch, default_jobs, every
from jcurve_runs.publishing.batch_progress import Watch
from jcurve_runs.publishing.runs import carry_out
from tests.support.drives import plan_of
from tests.support.notebooks import (
    PARAMETERS,
    RECORD,
    SHOW,
    StandIn,
    make_project,
    make_real_project,
    render_plainly,
    write_notebook,
)
from tests.support.waiting import GENEROUS, gone, living_children, read_when_there

CHART = """\
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
plt.figure(figsize=(3, 2))
plt.plot(np.cumsum(np.random.default_rng(7).normal(size=50)))
plt.show()
print("drawn", np.dot(np.arange(1e4), np.sqrt(np.arange(1e4))))
display(pd.DataFrame({"quarter": ["2026Q1", "2026Q2"], "value": [1.5, 2.5]}))
"""
LATE = 12.0
"""A deadline, in seconds, that no other run here has."""
WARM_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")


def stand_in(name: str, overrides: Mapping[str, Any], project: Project) -> ReportedScenario:
    """Any name is a scenario, but for one."""
    if name == "broken":
        raise ScenarioError("does not validate", where="data/scenarios/broken.yml")
    return StandIn(name)


def run_batch(project: Project, *scenarios: str, **options: Any) -> Batch:
    """A batch of the project's ``fixture`` with stand-in scenarios, patient but not slow."""
    like = Request(
        retry=options.pop("retry", ONCE),
        deadline=options.pop("deadline", GENEROUS),
        force=options.pop("force", False),
    )
    return batch(
        every(options.pop("reports", ["fixture"]), scenarios, like),
        project,
        resolve=stand_in,
        jobs=options.pop("jobs", 2),
        **options,
    )


def states(made: Batch) -> list[tuple[str, str, str | None]]:
    """Scenario, state and reason of each run."""
    return [(run.request.scenario, run.state, run.reason) for run in made.runs]


@pytest.fixture
def no_children() -> Callable[[], bool]:
    """Whether nothing that the test has started still lives."""
    before = living_children()
    return lambda: living_children() <= before


class Heard(Watch):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.total = 0
        self.messages: list[str] = []
        self.done: list[Done] = []

    def begins(self, total: int) -> None:
        self.total = total

    def tells(self, title: str, message: str) -> None:
        self.messages.append(message)

    def ends(self, done: Done) -> None:
        self.done.append(done)


@WARM_ONLY
def test_warm_and_plain_are_the_same_bytes(tmp_path: Path, no_children: Callable[[], bool]) -> None:
    """A chart, a table, text, random numbers and sums: notebook, results, HTML and PDF."""
    cells = [PARAMETERS, CHART, SHOW, RECORD]
    made = {
        engine: run_batch(make_project(tmp_path / engine, cells), "base", "bear", engine=engine)
        for engine in ("warm", "plain")
    }
    assert made["warm"].fallback is None
    assert [run.state for one in made.values() for run in one.runs] == ["succeeded"] * 4
    for warm, plain in zip(made["warm"].runs, made["plain"].runs, strict=True):
        assert warm.edition is not None
        assert plain.edition is not None
        for name in ("notebook.ipynb", "results.json", "report.html", "report.pdf"):
            one, other = (each.edition.folder / name for each in (warm, plain) if each.edition)
            assert one.read_bytes() == other.read_bytes(), (warm.request.scenario, name)
        assert b"image/png" in warm.edition.notebook.read_bytes()
    assert no_children()


def test_one_failure_never_stops_the_rest(tmp_path: Path, no_children: Callable[[], bool]) -> None:
    """And the status says how many failed; manifest, ledger and record agree."""
    cells = [PARAMETERS, "if scenario == 'bad': 1 / 0", SHOW, RECORD]
    project = make_project(tmp_path, cells)
    heard = Heard()

    made = run_batch(project, "bad", "base", "broken", "bull", "base", watch=heard, batch_id="n-1")

    assert states(made) == [
        ("bad", "failed", "cell_error"),
        ("base", "succeeded", None),
        ("broken", "failed", "refused"),
        ("bull", "succeeded", None),
    ]
    assert (made.failed, made.exit_status) == (2, 12)
    manifest = json.loads(made.manifest.read_text())
    assert manifest["batch"] == "n-1"
    assert manifest["counts"] == {"failed": 2, "succeeded": 2}
    assert manifest["failed"] == 2
    assert manifest["ended"] is not None
    assert [(run["scenario"], run["state"]) for run in manifest["runs"]] == [
        (run.request.scenario, run.state) for run in made.runs
    ]
    assert "data/scenarios/broken.yml" in manifest["runs"][2]["message"]
    for run in manifest["runs"]:
        if run["state"] == "succeeded":
            assert (project.reports / run["edition"] / "report.html").is_file()
    with Ledger(project, read_only=True) as ledger:
        entered = {each.scenario: each.state for each in ledger.attempts(batch="n-1")}
    assert entered == {"bad": "failed", "base": "succeeded", "bull": "succeeded"}
    assert (heard.total, len(heard.done)) == (4, 4)
    assert any(message.startswith("cell ") for message in heard.messages)
    assert no_children()


def test_the_status_of_many_failures_has_a_limit(tmp_path: Path) -> None:
    failed = Done(Request(report="fixture"), "failed")
    for count, status in [(0, 0), (1, 11), (99, 109), (100, 110), (5_000, 110)]:
        made = Batch("x", (failed,) * count, tmp_path, "plain")
        assert made.exit_status == status


def test_what_is_unchanged_is_skipped_unless_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jcurve_runs.publishing.publish.package", lambda: "as it is")
    project = make_project(tmp_path)
    first = run_batch(project, "base")
    again = run_batch(project, "base")
    assert [run.state for run in (*first.runs, *again.runs)] == ["succeeded", "skipped_unchanged"]
    assert again.runs[0].edition == first.runs[0].edition
    assert (again.failed, again.exit_status) == (0, 0)
    forced = run_batch(project, "base", force=True)
    assert forced.runs[0].state == "succeeded"
    assert latest(project, "fixture", "base") == forced.runs[0].edition


def test_a_mistake_in_what_is_asked_for_starts_nothing(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    with pytest.raises(UsageError, match=r"unknown report; received 'fixtrue'.*'fixture'"):
        run_batch(project, "base", reports=["fixture", "fixtrue"])
    with pytest.raises(UsageError, match="nothing to run"):
        run_batch(project)
    with pytest.raises(UsageError, match="the batch's identifier"):
        run_batch(project, "base", batch_id="../x")
    assert not project.reports.exists()


def test_reports_and_scenarios_are_multiplied(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    other = RECORD.replace('report="fixture"', 'report="other"')
    write_notebook(project.notebooks / "other.ipynb", [PARAMETERS, SHOW, other])
    made = run_batch(project, "base", "broken", reports=["fixture", "other"], render=render_plainly)
    assert [(run.request.report, run.request.scenario, run.state) for run in made.runs] == [
        ("fixture", "base", "succeeded"),
        ("fixture", "broken", "failed"),
        ("other", "base", "succeeded"),
        ("other", "broken", "failed"),
    ]


FAULTS = {
    "exits": ("import os; os._exit(3)", "failed", "dead_kernel"),
    "kills": ("import os; os.kill(os.getppid(), 9); input()", "failed", "child_killed"),
    "prints": ("print('x' * 50_000_000)", "failed", "too_much_output"),
    "leaves": ("import sys; sys.exit(0)", "failed", "early_exit"),
    "rests": (
        "from jcurve.briefing import NothingToReport; raise NothingToReport('no news')",
        "nothing_to_report",
        None,
    ),
    "base": ("pass", "succeeded", None),
}


@WARM_ONLY
def test_faults_in_warm_forks(tmp_path: Path, no_children: Callable[[], bool]) -> None:
    """Each has its reason, and the processes that were forked serve the next run."""
    cell = "".join(f"if scenario == {name!r}:\n    {does[0]}\n" for name, does in FAULTS.items())
    made = run_batch(make_project(tmp_path, [PARAMETERS, cell, SHOW, RECORD]), *FAULTS)
    assert made.fallback is None
    assert states(made) == [(name, *expected[1:]) for name, expected in FAULTS.items()]
    assert no_children()


@WARM_ONLY
def test_a_killed_warm_process_costs_one_attempt(
    tmp_path: Path, no_children: Callable[[], bool]
) -> None:
    """It takes its run with it; the next attempt has a new one, and nothing survives."""
    died = tmp_path / "died"
    kill = (
        "import os, pathlib, psutil, time\n"
        f"mark = pathlib.Path({str(died)!r})\n"
        "if not mark.exists():\n"
        "    mark.write_text(str(os.getpid()))\n"
        "    os.kill(psutil.Process(os.getppid()).ppid(), 9)\n"
        "    time.sleep(600)"
    )
    project = make_project(tmp_path / "project", [PARAMETERS, kill, SHOW, RECORD])
    made = run_batch(project, "base", retry=Retry(attempts=2, first=0.0))
    assert states(made) == [("base", "succeeded", None)]
    assert made.runs[0].attempts == 2
    assert gone(int(died.read_text()))
    with Ledger(project, read_only=True) as ledger:
        assert [each.reason for each in ledger.attempts()] == [None, "child_killed"]
    assert no_children()


@WARM_ONLY
def test_a_late_run_is_stopped_and_nothing_else_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_children: Callable[[], bool]
) -> None:
    note = tmp_path / "kernel"
    hang = (
        f"import os, pathlib, time\nnote = pathlib.Path({str(note)!r})\n"
        "if view == 'go_forward':\n    half = note.with_name('half')\n"
        "    half.write_text(str(os.getpid()))\n    half.rename(note)\n    time.sleep(600)"
    )
    project = make_project(tmp_path / "project", [PARAMETERS, hang, SHOW, RECORD])
    warm = Warm(project)
    slow = plan_of(project, "slow", deadline=LATE)
    slow = replace(slow, parameters={**slow.parameters, "view": "go_forward"})
    read = warm_executor._read

    def late_in_the_cell(answer: Any, within: float, *rest: Any) -> dict[str, Any] | None:
        """Time is up once the cell has begun."""
        if within != LATE:
            return read(answer, within, *rest)
        while not note.is_file():
            with suppress(TimeoutError):
                return read(answer, 0.1, *rest)
        raise TimeoutError

    monkeypatch.setattr(warm_executor, "_read", late_in_the_cell)
    try:
        with Ledger(project) as ledger:
            late = carry_out(slow, ledger=ledger, executor=warm)
            assert gone(int(note.read_text()))
            soon = plan_of(project, "next", deadline=GENEROUS)
            done = carry_out(soon, ledger=ledger, executor=warm)
    finally:
        warm.close()
    assert (late.state, late.reason, done.state) == ("timed_out", "timeout", "succeeded")
    assert len(warm._started) == 0
    assert no_children()


@WARM_ONLY
def test_forked_kernels_do_not_share_random_numbers(tmp_path: Path) -> None:
    """Nor do they see what another has done to a module."""
    draw = (
        "import pathlib, random, jcurve.ground.errors\nimport numpy as np\n"
        "assert not hasattr(jcurve.ground.errors, 'touched'); jcurve.ground.errors.touched = True\n"
        f"pathlib.Path({str(tmp_path)!r}, scenario).write_text(f'{{np.random.rand()}} ' "
        "f'{random.random()}')"
    )
    project = make_project(tmp_path / "project", [PARAMETERS, draw, SHOW, RECORD])
    made = run_batch(project, "base", "bear", jobs=1)
    assert [run.state for run in made.runs] == ["succeeded"] * 2
    one, other = ((tmp_path / name).read_text().split() for name in ("base", "bear"))
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_where_forking_is_not_safe_each_run_has_its_own_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jcurve_runs.execution.warm_executor.sys.platform", "darwin")
    made = run_batch(make_project(tmp_path), "base")
    assert (made.engine, made.fallback) == ("plain", "forking is safe on Linux only")
    assert states(made) == [("base", "succeeded", None)]
    assert json.loads(made.manifest.read_text())["fallback"] == made.fallback


def test_what_a_warm_process_loads_is_what_the_reports_need(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    write_notebook(project.notebooks / "own.ipynb", ["from jcurve import evaluate\nevaluate()"])
    write_notebook(project.notebooks / "shown.ipynb", ["from jcurve.figures import Lens"])
    assert needed(["fixture"] * 9, project) == "nothing"
    assert needed(["fixture", "own"], project) == "model"
    assert needed(["shown", "own", "own", "own", "own"], project) == "model"
    assert needed(["own", *["shown"] * 5], project) == "exhibits"
    assert needed(["gone"], project) == "nothing"


@WARM_ONLY
@pytest.mark.parametrize(
    ("module", "told"),
    [
        (
            "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()",
            "2 th",
        ),
        ("import os\nos._exit(1)", "the warm process did not start"),
        ("import matplotlib.pyplot", "sets itself up for the shell"),
    ],
)
def test_a_warm_process_that_may_not_fork_is_not_forked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    told: str,
    no_children: Callable[[], bool],
) -> None:
    """A module that starts a thread when it is loaded, one that ends the process."""
    (tmp_path / "sitecustomize.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    warm = Warm(make_project(tmp_path / "project"))
    try:
        assert warm._warm() is None
    finally:
        warm.close()
    assert warm.fallback is not None
    assert told in warm.fallback
    assert no_children()


@WARM_ONLY
def test_changed_data_are_not_answered_from_memory(tmp_path: Path) -> None:
    """A warm process is replaced when anything it may have loaded has changed."""
    project = make_project(tmp_path)
    warm = Warm(project)
    try:
        first = warm._warm()
        assert first is not None
        assert first.loaded == loaded_files(project)
        (project.data / "facts.csv").write_text("quarter,value\n")
        assert first.loaded != loaded_files(project)
        with Ledger(project) as ledger:
            done = carry_out(plan_of(project), ledger=ledger, executor=warm)
        assert done.state == "succeeded"
        assert warm._process is not first
    finally:
        warm.close()


def test_plain_papermill_takes_the_engine_by_name(tmp_path: Path) -> None:
    """``papermill --engine jcurve`` works outside any batch."""
    project = make_project(tmp_path / "project")
    (tmp_path / "work").mkdir()
    finished = run_process(
        [
            *(sys.executable, "-m", "papermill", "--no-progress-bar", "--engine", "jcurve"),
            *(str(project.notebooks / "fixture.ipynb"), str(tmp_path / "out.ipynb")),
            *("-p", "scenario", "bear"),
        ],
        deadline=GENEROUS,
        cwd=tmp_path / "work",
    )
    assert finished.exit_status == 0, finished.err_tail
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert all(cell["execution_count"] for cell in cells)
    results = json.loads((tmp_path / "work" / "results.json").read_text())
    assert results["scenario"]["name"] == "bear"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kernelspec": {}}, None),
        ({"kernelspec": {"name": "no_such_kernel", "language": "python"}}, None),
        (
            {"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R"}},
            "the notebook: is written in R; runs are Python",
        ),
    ],
)
def test_papermills_own_door(tmp_path: Path, change: dict[str, Any], told: str | None) -> None:
    """A notebook without a kernel runs; one in another language does not, nor does any cell."""
    mark = tmp_path / "ran"
    project = make_project(tmp_path / "project", [PARAMETERS, f"open({str(mark)!r}, 'w')"])
    path = project.notebooks / "fixture.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"] = change
    path.write_text(json.dumps(notebook))
    finished = papermill(path, tmp_path / "out.ipynb")
    assert (finished.exit_status == 0) == (told is None), finished.err_tail
    assert mark.exists() == (told is None)
    assert told is None or told in finished.err_tail
    if told is not None:
        with pytest.raises(UsageError, match=r"notebooks/fixture.ipynb: is written in R"):
            plan_of(project)


def test_a_parameters_name_is_not_run(tmp_path: Path) -> None:
    """``papermill --engine jcurve -f`` with code for a name; by itself papermill runs it."""
    project = make_project(tmp_path / "project")
    mark = tmp_path / "ran"
    (tmp_path / "evil.yml").write_text(json.dumps({f"x = 1\nopen({str(mark)!r}, 'w')\ny": 1}))
    finished = papermill(
        project.notebooks / "fixture.ipynb",
        *(tmp_path / "out.ipynb", "-f", tmp_path / "evil.yml"),
    )
    assert finished.exit_status != 0
    assert "a parameter's name is no name" in finished.err_tail
    assert not mark.exists()


def papermill(notebook: Path, *further: object) -> Finished:
    """papermill's own command with our engine."""
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", "--engine", "jcurve"]
    return run_process(
        [*command, str(notebook), *map(str, further)], deadline=GENEROUS, cwd=notebook.parent
    )


def test_from_the_command_line(tmp_path: Path) -> None:
    """Two scenarios, one of them unknown: a line each, the manifest, the status."""
    make_real_project(tmp_path, [PARAMETERS, SHOW, RECORD])
    command = [
        sys.executable,
        "-c",
        "from jcurve.commands import main; raise SystemExit(main())",
    ]
    finished = subprocess.run(
        [*command, "batch", "fixture", "-s", "base", "-s", "bse", "--attempts", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=GENEROUS,
    )
    # The stand-in record is about another hash than the true scenario: a failed run.
    assert finished.returncode == 12
    assert "fixture base: failed\nfixture bse: failed\n2 runs, 2 failed; " in finished.stdout
    assert "did you mean 'base'?" in finished.stderr
    assert "[2/2] fixture " in finished.stderr
    listed = subprocess.run(
        [*command, "runs", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    (run,) = json.loads(listed.stdout)
    assert (run["scenario"], run["state"], run["reason"]) == ("base", "failed", "bad_results")
    shown = subprocess.run(
        [*command, "runs", run["run"]], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "verifying" in shown.stdout
    unknown = subprocess.run(
        [*command, "runs", "--state", "faild"], cwd=tmp_path, capture_output=True, text=True
    )
    assert unknown.returncode == 2
    assert "did you mean 'failed'?" in unknown.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("engine", ["warm", "plain"])
def test_interrupted(tmp_path: Path, engine: str) -> None:
    """Ctrl-C: every run is stopped and entered as cancelled, and the manifest says so."""
    note = tmp_path / "kernel"
    hang = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    )
    project = make_real_project(tmp_path / "project", [PARAMETERS, hang])
    code = "from jcurve.commands import main; raise SystemExit(main())"
    options = ["--plain"] if engine == "plain" else []
    with subprocess.Popen(
        [sys.executable, "-c", code, "batch", "fixture", "-s", "base", "-s", "bear", *options],
        cwd=project.root,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        kernel = int(read_when_there(note))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=GENEROUS)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "jcurve: interrupted"
    assert gone(kernel)
    (manifest,) = (project.reports / ".batches").iterdir()
    runs = json.loads(manifest.read_text())["runs"]
    assert [run["state"] for run in runs] == ["cancelled"] * 2
    with Ledger(project, read_only=True) as ledger:
        assert {each.state for each in ledger.attempts()} == {"cancelled"}
    assert not any((project.reports / ".staging").iterdir())


def test_one_more_at_once_than_there_are_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert default_jobs() == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert default_jobs() == 2


def test_a_notebook_has_a_cell_a_line() -> None:
    notebook = {"cells": [{"source": "a\nb"}, {"source": "\u20ac"}], "metadata": {}, "nbformat": 4}
    text = in_lines(notebook, {1: '{"source": "kept"}'})
    kept = {**notebook, "cells": [{"source": "a\nb"}, {"source": "kept"}]}
    assert json.loads(text) == kept
    assert json.loads(in_lines(notebook)) == notebook
    assert text.splitlines()[2] == '{"source": "kept"}'


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere kernels have ports")
def test_no_kernel_needs_a_port(tmp_path: Path) -> None:
    """One that is free when it is chosen may be taken before the kernel has it."""
    project = make_project(tmp_path)
    asked = (
        "import json\n"
        "from ipykernel.connect import get_connection_file\n"
        "with open(get_connection_file()) as file:\n"
        "    assert json.load(file)['transport'] == 'ipc'\n"
        "import os\n"
        "assert get_connection_file().startswith(os.environ['JUPYTER_RUNTIME_DIR'])\n"
    )
    write_notebook(project.notebooks / "fixture.ipynb", [PARAMETERS, SHOW, asked, RECORD])
    assert states(run_batch(project, "base", render=render_plainly)) == [
        ("base", "succeeded", None)
    ]
