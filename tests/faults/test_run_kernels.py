"""Real kernels that fail in the ways papermill does not notice, and one that does not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jcurve.briefing import latest
from jcurve.ground.errors import JCurveError, RunError, ScenarioError
from jcurve.ground.processes import run_process
from jcurve.ground.project import Project
from jcurve_runs.verdict.judge import FailedRun
from tests.support.notebooks import (
    MOMENT,
    PARAMETERS,
    RECORD,
    SHOW,
    make_project,
    run_fixture,
)
from tests.support.waiting import GENEROUS, gone, late_once

NOTE_PID = "import os, pathlib\npathlib.Path('../../kernel.pid').write_text(str(os.getpid()))\n"


def kept(project: Project, run_id: str = "run-1") -> dict[str, object]:
    """The verdict kept with a failed run."""
    text = (project.reports / ".failed" / run_id / "verdict.json").read_text()
    verdict = json.loads(text)
    assert isinstance(verdict, dict)
    return verdict


def nothing_published(project: Project) -> bool:
    """No edition, no pointer, no staging left."""
    shown = [path for path in project.reports.iterdir() if not path.name.startswith(".")]
    return not shown and not list((project.reports / ".staging").iterdir())


def test_a_good_run_becomes_an_edition(tmp_path: Path) -> None:
    """Braces and blanks in the path are data, though papermill formats paths."""
    project = make_project(tmp_path / "a {project} of mine")

    edition = run_fixture(project, overrides={"capex.total.2027": 1.5})

    assert {path.name for path in edition.folder.iterdir()} == {
        "notebook.ipynb",
        "provenance.json",
        "report.html",
        "report.pdf",
        "results.json",
    }
    assert edition.series == "base+abababab"  # a what-if never replaces the scenario itself
    assert latest(project, "fixture", edition.series) == edition
    assert list((project.reports / ".staging").iterdir()) == []
    text = edition.notebook.read_text()
    assert '\\"capex.total.2027\\": 1.5' in text
    assert str(tmp_path) not in text  # the same bytes wherever the project lies
    assert "execute_reply" not in text
    provenance = json.loads(edition.provenance.read_text())
    assert provenance["started"] == MOMENT.isoformat()
    assert len(provenance["cell_seconds"]) == 4  # papermill's cell of parameters among them


@pytest.mark.parametrize(
    ("cells", "reason", "cell"),
    [
        pytest.param(
            ["import os; os._exit(0)", PARAMETERS, SHOW, RECORD], "dead_kernel", 1, id="first"
        ),
        pytest.param(
            [PARAMETERS, SHOW, "import os; os._exit(0)", RECORD], "dead_kernel", 4, id="middle"
        ),
        pytest.param(
            [PARAMETERS, SHOW, RECORD + "\nimport os; os._exit(0)"], "dead_kernel", 4, id="last"
        ),
        pytest.param(
            [PARAMETERS, SHOW, RECORD, "import sys; sys.exit(0)"], "early_exit", 5, id="exit-0"
        ),
        pytest.param([PARAMETERS, SHOW, "1 / 0", RECORD], "cell_error", 4, id="cell-error"),
        pytest.param([PARAMETERS, SHOW], "no_results", None, id="no-results"),
    ],
)
def test_each_fault_has_its_reason(
    tmp_path: Path, cells: list[str], reason: str, cell: int | None
) -> None:
    """``cell`` counts as the kernel does; papermill's cell of parameters is the second."""
    project = make_project(tmp_path, cells)

    with pytest.raises(FailedRun) as caught:
        run_fixture(project)

    assert caught.value.reason == reason
    assert caught.value.exit_status == 6
    assert "\n" not in str(caught.value)
    assert nothing_published(project)
    verdict = kept(project)
    assert (verdict["state"], verdict["reason"], verdict["cell"]) == ("failed", reason, cell)
    executed = json.loads((project.reports / ".failed/run-1/executed.ipynb").read_text())
    assert executed["metadata"]["jcurve"] == {"partial": True, "reason": reason}


def test_a_report_that_cannot_be_rendered_is_kept_not_published(tmp_path: Path) -> None:
    def render(notebook: Path, html: Path, pdf: Path) -> None:
        html.write_text("half")
        raise RunError("a table is too wide for the page")

    project = make_project(tmp_path)

    with pytest.raises(FailedRun, match=r"too wide for the page \[not_rendered\]"):
        run_fixture(project, render=render)

    assert nothing_published(project)
    assert kept(project)["reason"] == "not_rendered"


def test_our_own_error_in_a_cell_keeps_its_words_and_class(tmp_path: Path) -> None:
    """As when the notebook's parameter check refuses a scenario; the output is one line."""
    cells = [
        PARAMETERS,
        "from jcurve.briefing import notebook_errors\nnotebook_errors()",
        "from jcurve.ground.errors import ScenarioError\n"
        "raise ScenarioError('no such scenario', received='bare', suggestion='base')",
    ]
    project = make_project(tmp_path, cells)

    with pytest.raises(ScenarioError) as caught:
        run_fixture(project)

    assert str(caught.value) == "no such scenario; received 'bare'; did you mean 'base'?"
    executed = json.loads((project.reports / ".failed/run-1/executed.ipynb").read_text())
    output = executed["cells"][-1]["outputs"][-1]
    assert output["traceback"] == [f"ScenarioError: {caught.value}"]


def test_a_late_run_is_stopped_kernel_and_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, [PARAMETERS, NOTE_PID + "import time; time.sleep(600)"])
    note = project.reports / ".staging/kernel.pid"
    late_once(monkeypatch, lambda: note.is_file() and bool(note.read_text()))

    with pytest.raises(FailedRun) as caught:
        run_fixture(project)

    assert caught.value.reason == "timeout"
    assert kept(project)["state"] == "timed_out"
    assert gone(int(note.read_text()))


def test_a_killed_child_is_a_failure_and_leaves_no_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    kill = "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(600)"
    project = make_project(tmp_path, [PARAMETERS, SHOW, NOTE_PID + kill])

    with pytest.raises(FailedRun) as caught:
        run_fixture(project)

    assert caught.value.reason == "child_killed"
    assert "signal 9" in str(caught.value)
    assert gone(int((project.reports / ".staging/kernel.pid").read_text()))
    # The keys to a kernel lie in the run's own folder, which is gone.
    assert list(temporary.glob("**/*.json")) == []


def test_two_runs_of_one_thing_are_the_same_bytes(tmp_path: Path) -> None:
    """Apart from the provenance, which says when and how long."""
    cells = [PARAMETERS, SHOW, RECORD]
    editions = [run_fixture(make_project(tmp_path / name, cells)) for name in ("one", "two")]

    for name in ("notebook.ipynb", "results.json", "report.html", "report.pdf"):
        one, two = (edition.folder / name for edition in editions)
        assert one.read_bytes() == two.read_bytes(), name


@pytest.fixture
def refuse(tmp_path: Path) -> Callable[..., JCurveError]:
    """Runs with the given arguments; returns the error once it is sure nothing was written."""

    def attempt(**arguments: object) -> JCurveError:
        project = make_project(tmp_path)
        with pytest.raises(JCurveError) as caught:
            run_fixture(project, **arguments)  # type: ignore[arg-type]
        assert not project.reports.exists()
        return caught.value

    return attempt


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"parameters": {"x = 1\nimport os\nos.abort()\ny": 1}},
            "notebooks/fixture.ipynb: unknown parameter; "
            "received 'x = 1\\nimport os\\nos.abort()\\ny'; "
            "allowed: none of its own; scenario, overrides and view by their own arguments",
        ),
        (
            {"parameters": {"vieww": "programme"}},
            "notebooks/fixture.ipynb: unknown parameter; received 'vieww'; "
            "allowed: none of its own; scenario, overrides and view by their own arguments; "
            "did you mean 'view'?",
        ),
        (
            {"parameters": {"out": "/"}},
            "notebooks/fixture.ipynb: parameter is set by the run itself; received 'out'; "
            "allowed: none of its own; scenario, overrides and view by their own arguments",
        ),
        (
            {"view": "forward"},
            "parameter view: unknown view; received 'forward'; "
            "allowed: programme or go_forward; did you mean 'go_forward'?",
        ),
        (
            {"run_id": "../../escape"},
            "the run's identifier cannot be a folder's name; received '../../escape'; "
            "allowed: up to 100 letters, digits and . _ + -, a letter or digit first",
        ),
    ],
)
def test_refused_before_it_starts(
    refuse: Callable[..., JCurveError], arguments: dict[str, object], words: str
) -> None:
    assert str(refuse(**arguments)) == words


def test_plain_papermill_fails_too_and_shows_one_line(tmp_path: Path) -> None:
    """``notebook_errors`` must not turn a refusal into a success."""
    cells = [
        PARAMETERS,
        "from jcurve.briefing import notebook_errors\nnotebook_errors()",
        "from jcurve.briefing.parameters import check_view\ncheck_view(view)",
    ]
    project = make_project(tmp_path, cells)
    output = tmp_path / "out.ipynb"

    finished = run_process(
        [
            *(sys.executable, "-m", "papermill", "--no-progress-bar"),
            *(str(project.notebooks / "fixture.ipynb"), str(output), "-p", "view", "forward"),
        ],
        deadline=GENEROUS,
        cwd=tmp_path,
    )

    assert finished.exit_status == 1
    outputs = json.loads(output.read_text())["cells"][-1]["outputs"]
    assert [output["traceback"] for output in outputs] == [
        [
            "UsageError: parameter view: unknown view; received 'forward'; "
            "allowed: programme or go_forward; did you mean 'go_forward'?"
        ]
    ]
