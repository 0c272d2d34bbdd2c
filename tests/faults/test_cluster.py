"""Runs and questions on a Dask cluster: the same editions and numbers, and nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

import jcurve
from jcurve.analysis import Question, ranged, tornado
from jcurve.analysis.cluster import answered_on
from jcurve.commands import main
from jcurve.ground.errors import RunError, UsageError
from jcurve.ground.project import Project, find_project
from jcurve_runs.execution.cluster import _Bundle
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Request, Retry
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch import Batch, batch, every
from jcurve_runs.publishing.batch_progress import Watch
from tests.conftest import RecordFigure
from tests.contract.test_batch import CHART, stand_in
from tests.counts import count, is_full
from tests.support.notebooks import PARAMETERS, RECORD, SHOW, make_project
from tests.support.waiting import GENEROUS

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
Cluster: TypeAlias = tuple[str, list[subprocess.Popen[bytes]]]
WORKERS = 3 if is_full("cluster_cases") else 2  # each loads everything anew: seconds
SECRET = "known-far-away-alone"
FILES = ("notebook.ipynb", "results.json", "report.html", "report.pdf")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A scheduler's address, and its workers as processes of their own."""
    with ExitStack() as held:
        made = held.enter_context(
            distributed.LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=50)
        )
        command = [sys.executable, "-m", "distributed.cli.dask_worker", made.scheduler_address]
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        quiet["env"] = {**os.environ, "FAR_TOKEN": SECRET}
        processes = [subprocess.Popen([*command, *options], **quiet) for _ in range(WORKERS)]
        held.callback(lambda: [(each.kill(), each.wait(GENEROUS)) for each in processes])
        with distributed.Client(made.scheduler_address, set_as_default=False) as client:
            client.wait_for_workers(WORKERS, timeout=GENEROUS)
        yield made.scheduler_address, processes


class Killer(Watch):
    """Kills a worker once so many runs have ended."""

    def __init__(self, worker: subprocess.Popen[bytes], after: int) -> None:
        self.worker, self.left = worker, after

    def ends(self, done: Done) -> None:
        self.left -= 1
        if self.left == 0:
            self.worker.send_signal(signal.SIGKILL)


def run(project: Project, scenarios: list[str], **options: Any) -> Batch:
    like = Request(retry=Retry(attempts=3, first=0.0), deadline=GENEROUS)
    return batch(every(["fixture"], scenarios, like), project, resolve=stand_in, **options)


def test_a_damaged_bundle_is_never_unpacked(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"as it left")
    sound = _Bundle.of({"report.pdf": tmp_path / "made", "none": tmp_path / "none"})
    places = {"report.pdf": tmp_path / "report.pdf"}
    for damaged in (
        replace(sound, files={"report.pdf": b"another"}),
        replace(sound, files={}),
        _Bundle.of({"../escape": tmp_path / "made"}),
    ):
        with pytest.raises(RunError, match="is not what it made"):
            damaged.unpack(places)
    assert [each.name for each in tmp_path.iterdir()] == ["made"]
    sound.unpack(places)
    assert places["report.pdf"].read_bytes() == b"as it left"


def test_questions_have_the_same_answers_there(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of hundreds of scenarios at once, to the last digit; ``scale`` too."""
    project = find_project()
    question = Question.of(jcurve.scenario("base"), ("npv", "net_cash:2030"), project)
    draws = {"returns.wacc": np.linspace(0.07, 0.12, 200), "demand.agents": np.ones(1)}
    here = question(draws)
    swings = tornado(question, ranged(question.scenario), question.valid)
    address, _ = cluster
    with answered_on(address, project):
        there = question(draws)
        assert tornado(question, ranged(question.scenario), question.valid) == swings
    for name in question.outputs:
        assert np.array_equal(here[name], there[name])
    assert main(["scale", "base", "--json"]) == 0
    alone = capsys.readouterr().out
    assert main(["scale", "base", "--json", "--scheduler", address]) == 0
    assert capsys.readouterr().out == alone
    with pytest.raises(UsageError, match="does not answer"), answered_on("127.0.0.1:9", project):
        pass


CELLS = [
    PARAMETERS,
    CHART,
    "import os, time\nif scenario == 'bad':\n    1 / 0\nif scenario == 'leak':\n"
    "    print(os.environ.get('FAR_TOKEN'))\ntime.sleep(0.3)",
    SHOW,
    RECORD,
]
NAMES = [f"s{number}" for number in range(count("cluster_cases"))]


@pytest.fixture(scope="module")
def far(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, dict[str, Done]]:
    """What came of a batch on several workers, one of which is killed in the middle."""
    project, (address, workers) = make_project(tmp_path_factory.mktemp("far"), CELLS), cluster
    scenarios = ["bad", "leak", *NAMES]
    made = run(project, scenarios, scheduler=address, watch=Killer(workers[0], 2))
    assert made.engine == "cluster"
    return project, dict(zip(scenarios, made.runs, strict=True))


def test_a_killed_worker_costs_one_attempt(
    far: tuple[Project, dict[str, Done]], tmp_path: Path, record_figure: RecordFigure
) -> None:
    """Every case has one edition, with the bytes of a run here; the death is in the ledger."""
    project, runs = far
    assert {runs[name].state for name in NAMES} == {"succeeded"}
    assert len([*(project.reports / "fixture").glob("*/*/report.html")]) == len(NAMES)
    with Ledger(project, read_only=True) as ledger:
        ended = Counter((each.state, each.reason) for each in ledger.attempts())
    assert ended["succeeded", None] == len(NAMES)
    assert ended["failed", "child_killed"] <= 1
    assert ended.total() <= len(NAMES) + 3
    compared = NAMES[: max(1, len(NAMES) // 6)]
    here = run(make_project(tmp_path / "near", CELLS), compared, engine="plain").runs
    for name, done in zip(compared, here, strict=True):
        near, there = done.edition, runs[name].edition
        assert near is not None
        assert there is not None
        for file in FILES:
            assert (there.folder / file).read_bytes() == (near.folder / file).read_bytes(), file
    record_figure("cases on three workers, one of which was killed", len(NAMES))


def test_a_run_that_fails_there_has_its_verdict(far: tuple[Project, dict[str, Done]]) -> None:
    """As here: the reason, and the notebook that it left."""
    project, runs = far
    bad = runs["bad"]
    assert (bad.state, bad.reason) == ("failed", "cell_error")
    assert "ZeroDivisionError" in bad.message
    kept = (project.reports / ".failed").glob(f"{bad.run}*/executed.ipynb")
    assert any(b"ZeroDivisionError" in each.read_bytes() for each in kept)


def test_a_workers_own_secret_never_leaves_it(far: tuple[Project, dict[str, Done]]) -> None:
    project, runs = far
    assert (runs["leak"].state, runs["leak"].edition) == ("failed", None)
    assert "executed.ipynb holds the value of a worker's FAR_TOKEN" in runs["leak"].message
    files = [each for each in project.root.rglob("*") if each.is_file()]
    assert not any(SECRET.encode() in each.read_bytes() for each in files)
