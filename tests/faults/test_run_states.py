"""Every end of a run, with real kernels: the right state, and nothing half-published."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jcurve.briefing import all_editions, latest
from jcurve.ground import files
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import RendererKilled
from jcurve_runs.execution.staging import Staged
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Retry
from jcurve_runs.portal.site import FOLDER
from jcurve_runs.publishing.runs import recover
from tests.support.drives import NoProcess, drive, plan_of, sound_runs
from tests.support.notebooks import PARAMETERS, RECORD, SHOW, make_project
from tests.support.waiting import GENEROUS, gone, read_when_there


def published(project: Project) -> list[str]:
    """What a reader could see of the reports: editions and pointers."""
    return [
        path.relative_to(project.reports).as_posix()
        for path in sorted(project.reports.glob("*/*/*"))
        if not path.relative_to(project.reports).parts[0].startswith((".", FOLDER))
    ]


def nothing_left(project: Project) -> bool:
    """Neither an edition nor work in progress."""
    return published(project) == [] and not any((project.reports / ".staging").iterdir())


@pytest.mark.parametrize(
    ("cells", "state", "reason"),
    [
        pytest.param(
            [PARAMETERS, SHOW, "import os; os._exit(0)", RECORD],
            "failed",
            "dead_kernel",
            id="middle",
        ),
        pytest.param(
            [PARAMETERS, SHOW, RECORD + "\nimport os, signal; os.kill(os.getpid(), 9)"],
            "failed",
            "dead_kernel",
            id="sigkill-last",
        ),
        pytest.param(
            [PARAMETERS, "import no_such_package_anywhere", RECORD],
            "failed",
            "cell_error",
            id="missing-package",
        ),
        pytest.param(
            [PARAMETERS, "while True: print('x' * 9_999)", SHOW, RECORD],
            "failed",
            "too_much_output",
            id="endless",
        ),
        pytest.param(
            [
                PARAMETERS,
                "from IPython.display import display\n"
                "for _ in range(300): display({'image/png': 'eA=='}, raw=True)",
                SHOW,
                RECORD,
            ],
            "failed",
            "too_much_output",
            id="figures",
        ),
        pytest.param(
            [
                PARAMETERS,
                "from jcurve.briefing import NothingToReport\n"
                "raise NothingToReport('no new facts')",
                "1 / 0",
            ],
            "nothing_to_report",
            None,
            id="nothing",
        ),
        pytest.param([PARAMETERS, SHOW, RECORD], "succeeded", None, id="sound"),
    ],
)
def test_each_end_is_entered(
    tmp_path: Path, cells: list[str], state: str, reason: str | None
) -> None:
    project = make_project(tmp_path, cells)

    done, (attempt,) = drive(project)

    assert (done.state, done.reason) == (state, reason)
    assert (attempt.state, attempt.reason) == (state, reason)
    assert attempt.ended is not None
    if state == "succeeded":
        assert published(project) == ["fixture/base/latest.json", "fixture/base/run-1"]
        assert not any((project.reports / ".staging").iterdir())
        return
    assert nothing_left(project)
    if state == "failed":
        kept = project.reports / ".failed" / "run-1"
        executed = json.loads((kept / "executed.ipynb").read_text())
        assert executed["metadata"]["jcurve"] == {"partial": True, "reason": reason}
        assert (kept / "executed.ipynb").stat().st_size < 40 * 1024**2


def test_too_much_output_keeps_what_there_was_up_to_the_cap(tmp_path: Path) -> None:
    cells = [
        PARAMETERS,
        "print('first', flush=True); [print('x' * 99_999) for _ in range(500)]",
        RECORD,
    ]
    project = make_project(tmp_path, cells)
    done, _ = drive(project)
    assert done.message == "more than 32 MB of output"
    executed = json.loads((project.reports / ".failed/run-1/executed.ipynb").read_text())
    output = "".join(
        "".join(output.get("text", ()))
        for cell in executed["cells"]
        for output in cell.get("outputs", ())
    )
    assert output.startswith("first")


def test_a_late_run_has_timed_out_and_is_not_tried_again(tmp_path: Path) -> None:
    project = make_project(tmp_path, [PARAMETERS, "import time; time.sleep(600)"])
    done, attempts = drive(project, deadline=8.0, retry=Retry(attempts=3))
    assert done.state == "timed_out"
    assert [(each.state, each.reason) for each in attempts] == [("timed_out", "timeout")]
    assert nothing_left(project)


def test_a_failure_that_may_pass_is_tried_again_and_counted_once(tmp_path: Path) -> None:
    """The kernel dies the first time and works the second: one edition, two rows."""
    died = tmp_path / "died"
    flaky = f"import os, pathlib\nmark = pathlib.Path({str(died)!r})\n" + (
        "if not mark.exists():\n    mark.touch()\n    os._exit(1)"
    )
    project = make_project(tmp_path / "project", [PARAMETERS, flaky, SHOW, RECORD])

    done, attempts = drive(project, retry=Retry(attempts=3))

    assert (done.state, done.attempts) == ("succeeded", 2)
    assert [(each.attempt, each.state, each.reason) for each in attempts] == [
        (1, "failed", "dead_kernel"),
        (2, "succeeded", None),
    ]
    assert published(project) == ["fixture/base/latest.json", "fixture/base/run-1"]
    assert json.loads((project.reports / "fixture/base/run-1/provenance.json").read_text())[
        "attempt"
    ] == (2)


def test_attempts_end_and_each_keeps_what_it_left(tmp_path: Path) -> None:
    project = make_project(tmp_path, [PARAMETERS, "import os; os._exit(1)"])
    done, attempts = drive(project, retry=Retry(attempts=2))
    assert (done.state, done.attempts, len(attempts)) == ("failed", 2, 2)
    kept = sorted(path.name for path in (project.reports / ".failed").iterdir())
    assert kept == ["run-1", "run-1.attempt-2"]
    with Ledger(project, read_only=True) as ledger:
        assert ledger.events(attempts[0].id)[-1].detail == "another attempt in 2 s"


def test_a_failure_that_would_come_again_is_not_tried_again(tmp_path: Path) -> None:
    cells = [PARAMETERS, "import sys; sys.exit(1)"]
    done, attempts = drive(make_project(tmp_path, cells), retry=Retry(attempts=3))
    assert (done.state, len(attempts)) == ("failed", 1)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NoProcess]:
    return sound_runs(tmp_path_factory.mktemp("sound"))


def test_a_kernel_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter without ipykernel: the child says so, and it is tried again."""
    broken = tmp_path / "broken"
    (broken / "ipykernel_launcher").mkdir(parents=True)
    (broken / "ipykernel_launcher" / "__init__.py").write_text("raise ImportError('no kernel')")
    (broken / "ipykernel_launcher" / "__main__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    project = make_project(tmp_path / "project")
    done, attempts = drive(project, retry=Retry(attempts=2))
    assert [(each.state, each.reason) for each in attempts] == [("failed", "kernel_start")] * 2
    assert done.reason == "kernel_start"
    assert nothing_left(project)


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    def act(staged: Staged) -> Finished:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "python")

    project = make_project(tmp_path)
    done, (attempt,) = drive(project, executor=NoProcess(act))
    assert (done.state, attempt.reason) == ("failed", "child_error")
    assert nothing_left(project)


def test_an_interrupted_run_is_cancelled(tmp_path: Path) -> None:
    def act(staged: Staged) -> Finished:
        raise KeyboardInterrupt

    project = make_project(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        drive(project, executor=NoProcess(act))
    with Ledger(project, read_only=True) as ledger:
        assert [attempt.state for attempt in ledger.attempts()] == ["cancelled"]
    assert nothing_left(project)


def fail_writing(
    monkeypatch: pytest.MonkeyPatch, fits: Callable[[Path], bool], code: int, times: int = 99
) -> list[Path]:
    """Let the writing of files that fit fail ``times`` times; returns those that failed."""
    real = files.os.replace
    failed: list[Path] = []

    def replace(source: Any, target: Any) -> None:
        if fits(Path(target)) and len(failed) < times:
            failed.append(Path(target))
            raise OSError(code, os.strerror(code))
        real(source, target)

    monkeypatch.setattr(files.os, "replace", replace)
    return failed


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("name", ["parameters.json", "results.json", "provenance.json"])
def test_a_full_or_failing_disk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sound: Callable[[], NoProcess],
    code: int,
    name: str,
) -> None:
    """Wherever it strikes before the rename, nothing is published and it is tried again."""
    project = make_project(tmp_path)
    failed = fail_writing(monkeypatch, lambda path: path.name == name, code)
    done, attempts = drive(project, executor=sound(), retry=Retry(attempts=2))
    assert len(failed) == 2
    assert [(each.state, each.reason) for each in attempts] == [("failed", "not_written")] * 2
    assert done.error is not None
    assert done.error.exit_status == 7
    assert nothing_left(project)


def test_a_disk_that_has_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: Callable[[], NoProcess]
) -> None:
    project = make_project(tmp_path)
    fail_writing(monkeypatch, lambda path: path.name == "provenance.json", errno.ENOSPC, times=1)
    done, attempts = drive(project, executor=sound(), retry=Retry(attempts=2))
    assert [each.state for each in attempts] == ["failed", "succeeded"]
    assert done.edition == latest(project, "fixture", "base")


def test_a_pointer_that_cannot_be_replaced_is_mended_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: Callable[[], NoProcess]
) -> None:
    """The edition is out: it is neither made a second time nor lost."""
    project = make_project(tmp_path)
    drive(project, run="run-0", executor=sound())
    with monkeypatch.context() as patch:
        fail_writing(patch, lambda path: path.name == "latest.json", errno.ENOSPC)
        done, attempts = drive(project, executor=sound(), retry=Retry(attempts=3))
    assert (done.state, len(attempts)) == ("failed", 1)
    pointed = latest(project, "fixture", "base")
    assert pointed is not None
    assert pointed.id == "run-0"

    with Ledger(project) as ledger:
        assert recover(ledger) == 1
        (settled,) = ledger.attempts(run="run-1")
    assert settled.state == "succeeded"
    pointed = latest(project, "fixture", "base")
    assert pointed is not None
    assert pointed.id == "run-1"


def test_a_killed_renderer_is_no_fault_of_the_report(
    tmp_path: Path, sound: Callable[[], NoProcess]
) -> None:
    project = make_project(tmp_path)
    executor = sound()
    whole = executor.render
    killed: list[Path] = []

    def render(notebook: Path, page: Path, pdf: Path) -> None:
        if not killed:
            killed.append(notebook)
            raise RendererKilled("the renderer was killed by signal 9")
        whole(notebook, page, pdf)

    executor.render = render  # type: ignore[method-assign]
    done, attempts = drive(project, executor=executor, retry=Retry(attempts=2))
    assert done.state == "succeeded"
    assert [each.reason for each in attempts] == ["child_killed", None]


def test_an_interruption_right_after_the_rename_loses_no_edition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: Callable[[], NoProcess]
) -> None:
    """It is out: the next start enters it as the success it is."""
    project = make_project(tmp_path)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("jcurve_runs.publishing.publish.point", interrupt)
        with pytest.raises(KeyboardInterrupt):
            drive(project, executor=sound())
    with Ledger(project) as ledger:
        assert recover(ledger) == 1
        assert [attempt.state for attempt in ledger.attempts()] == ["succeeded"]
    assert [edition.id for edition in all_editions(project, "fixture", "base")] == ["run-1"]


def test_what_a_runner_left_staged_after_its_end_is_swept(
    tmp_path: Path, sound: Callable[[], NoProcess]
) -> None:
    """Killed between the ledger's word and the broom; whoever still runs is left alone."""
    project = make_project(tmp_path)
    drive(project, run="run-1", executor=sound())
    staging = project.reports / ".staging"
    for name in ("run-1", "run-1.attempt-2", "nobody-knows"):
        (staging / name / "work").mkdir(parents=True)
    with Ledger(project) as alive:
        alive.queue(plan_of(project, "run-2"))
        (staging / "run-2").mkdir()
        with Ledger(project) as ledger:
            assert recover(ledger) == 0
    left = {path.name for path in staging.iterdir()}
    assert left == {"run-1.attempt-2", "run-2", "nobody-knows"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("target", ["kernel", "child", "parent"])
def test_a_kill_from_outside(tmp_path: Path, target: str) -> None:
    """Whoever is killed, nobody survives for long and the ledger tells the truth."""
    note = tmp_path / "kernel"
    wait = f"import os, pathlib, time\npathlib.Path({str(note)!r}).write_text(str(os.getpid()))"
    project = make_project(tmp_path / "project", [PARAMETERS, wait + "\ntime.sleep(600)", RECORD])
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.runner", str(project.root)],
        cwd=Path(__file__).parents[2],
    ) as parent:
        kernel = int(read_when_there(note))
        child = parent_of(kernel)
        os.kill({"kernel": kernel, "child": child, "parent": parent.pid}[target], signal.SIGKILL)
        status = parent.wait(GENEROUS)
    assert (status == -signal.SIGKILL) == (target == "parent")
    for pid in (kernel, child):
        assert gone(pid)
    with Ledger(project) as ledger:
        recover(ledger)
        (attempt,) = ledger.attempts()
    expected = {
        "kernel": ("failed", "dead_kernel"),
        "child": ("failed", "child_killed"),
        "parent": ("lost", None),
    }
    assert (attempt.state, attempt.reason) == expected[target]
    assert all_editions(project, "fixture", "base") == []
    assert list((project.reports / ".staging").iterdir()) == []
    kept = json.loads((project.reports / ".failed/run-1/verdict.json").read_text())
    assert (kept["state"], kept["partial"]) == (expected[target][0], True)


def parent_of(pid: int) -> int:
    """The process that started ``pid``."""
    import psutil

    return int(psutil.Process(pid).ppid())
