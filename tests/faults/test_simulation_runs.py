"""Simulations on processes, clusters and disks: the same bytes, and nothing lost."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jcurve
from jcurve.analysis.cluster import difference
from jcurve.analysis.draw_stores import Block, FolderStore, folder_for
from jcurve.analysis.runners import cluster, local, processes
from jcurve.analysis.sampling import DrawRange, Plan
from jcurve.analysis.simulation import plan_for, simulate
from jcurve.case import scenario
from jcurve.ground.errors import RunError, UsageError, WriteError
from jcurve.ground.project import find_project
from tests.support.analysis_cases import columns_of, in_chunks
from tests.support.waiting import GENEROUS

DRAWS = 256
PROJECT = find_project()


def plan(chunk: int = 768, draws: int = DRAWS, seed: int = 5) -> Plan:
    return in_chunks(plan_for(scenario("base"), draws, seed=seed, scrambles=2), chunk)


def finished(folder: Path, made: Plan, **more: object) -> str:
    store = FolderStore(folder, PROJECT)
    run = simulate(made, store, **more)  # type: ignore[arg-type]
    store.gather(run.plan.level, run.plan.scrambles)
    store.summarise({"note": run.note})
    return sha256(store.draws.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    return finished(tmp_path_factory.mktemp("one"), plan())


class TestSameFile:
    @pytest.mark.parametrize("chunk", [37, 2048])
    def test_whatever_the_chunk(self, chunk: int, expected: str, tmp_path: Path) -> None:
        assert finished(tmp_path, plan(chunk)) == expected

    def test_on_two_processes(self, expected: str, tmp_path: Path) -> None:
        assert finished(tmp_path, plan(), runner=processes(2)) == expected

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_on_a_cluster_of_two_workers(self, expected: str, tmp_path: Path) -> None:
        distributed = pytest.importorskip("distributed")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as made:
            runner = cluster(made.scheduler_address, PROJECT)
            assert finished(tmp_path, plan(37), runner=runner) == expected

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_a_worker_with_another_model_takes_no_part(
        self, expected: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Three workers, one altered: it is refused by name, the rest finish, bytes as here."""
        distributed = pytest.importorskip("distributed")
        altered = altered_model(tmp_path / "altered")
        refused: list[str] = []
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as made:
            stranger = subprocess.Popen(
                [
                    *(sys.executable, "-m", "distributed.cli.dask_worker", made.scheduler_address),
                    *("--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", "stranger"),
                ],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(altered), "JCURVE_PROJECT": str(PROJECT.root)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                with distributed.Client(made.scheduler_address, set_as_default=False) as client:
                    client.wait_for_workers(3, timeout=GENEROUS)
                runner = cluster(made.scheduler_address, PROJECT, refused.append)
                assert finished(tmp_path / "run", plan(37), runner=runner) == expected
            finally:
                stranger.kill()
                stranger.wait(GENEROUS)
        (told,) = refused
        assert told.startswith("worker tcp://")
        assert "takes no part: model " in told
        capfd.readouterr()

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_no_worker_that_is_as_this_machine(self, tmp_path: Path) -> None:
        ours = {"model": "ab", "numpy": "2.4"}
        assert difference({"model": "ab", "numpy": "2.3"}, ours) == "numpy 2.3 instead of 2.4"
        assert "it cannot say what it is (AttributeError" in difference(AttributeError("x"), ours)
        distributed = pytest.importorskip("distributed")
        with (
            distributed.LocalCluster(
                n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=50
            ) as made,
            pytest.raises(UsageError, match="no worker at all"),
        ):
            finished(tmp_path, plan(), runner=cluster(made.scheduler_address, PROJECT))

    def test_in_whatever_order_units_finish(self, expected: str, tmp_path: Path) -> None:
        def backwards(made: Plan, units: list[DrawRange]) -> Iterator[Block]:
            yield from local(made, list(reversed(units)))

        assert finished(tmp_path, plan(), runner=backwards) == expected

    def test_another_seed_is_another_file(self, expected: str, tmp_path: Path) -> None:
        assert finished(tmp_path, plan(seed=6)) != expected


def altered_model(folder: Path) -> Path:
    """A copy of the package in which one line of one formula is another."""
    shutil.copytree(Path(jcurve.__file__).parent, folder / "jcurve")
    for file in sorted((folder / "jcurve" / "lines").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        if "def unlevered_free_cash_flow" in text:
            head, line, tail = text.partition("def unlevered_free_cash_flow")
            changed = tail.replace("return ebitda", "return ebitda * 1.01", 1)
            assert changed != tail
            file.write_text(head + line + changed, encoding="utf-8")
            return folder
    raise AssertionError("no such line")


class TestInterrupt:
    def test_keeps_what_is_finished_and_goes_on(self, expected: str, tmp_path: Path) -> None:
        def stop(message: str) -> None:
            if message.startswith("draw 128 "):
                raise KeyboardInterrupt

        store = FolderStore(tmp_path, PROJECT)
        with pytest.raises(KeyboardInterrupt):
            simulate(plan(), store, progress=stop)
        assert store.kept == 128
        assert not store.draws.exists()
        again = FolderStore(tmp_path, PROJECT)
        run = simulate(plan(), again, resume=True)
        assert run.reused == 128
        again.gather(run.plan.level, 2)
        again.summarise({"note": run.note})
        assert sha256(again.draws.read_bytes()).hexdigest() == expected
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "draws.parquet",
            "simulation.json",
            "summary.json",
        ]

    def test_processes_too(self, expected: str, tmp_path: Path) -> None:
        def stop(message: str) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            simulate(plan(), FolderStore(tmp_path, PROJECT), progress=stop, runner=processes(2))
        assert finished(tmp_path, plan(), resume=True) == expected

    @pytest.mark.skipif(sys.platform == "win32", reason="signals")
    @pytest.mark.parametrize("torn", [False, True], ids=["before-its-answer", "in-its-answer"])
    def test_a_process_that_dies_is_one_clear_error(
        self, torn: bool, expected: str, tmp_path: Path
    ) -> None:
        def deadly(made: Plan, units: list[DrawRange]) -> Iterator[Block]:
            return processes(2)(made, [*units, Deadly(torn)])  # type: ignore[list-item]

        with pytest.raises(RunError, match=r"ended abruptly.*--resume"):
            simulate(plan(), FolderStore(tmp_path, PROJECT), runner=deadly)
        assert finished(tmp_path, plan(), resume=True) == expected


class Deadly:
    """A unit that kills the process that takes it up."""

    def __init__(self, torn: bool) -> None:
        self.torn = torn

    def __reduce__(self) -> tuple[Any, ...]:
        return die, (self.torn,)


def die(torn: bool) -> None:
    """Be killed, as when memory runs out; ``torn``: when a part of the answer is sent."""
    if torn:
        for pipe in [each for each in gc.get_objects() if isinstance(each, Connection)]:
            if pipe.writable:
                os.write(pipe.fileno(), struct.pack("!i", 1_000) + b"the beginning")
    signal.raise_signal(signal.SIGKILL)


class TestStore:
    def test_what_is_read_back_is_what_was_drawn(self, tmp_path: Path) -> None:
        made = plan()
        store = FolderStore(tmp_path, PROJECT)
        simulate(made, store)
        before = {name: store.column(name, 1, 128) for name in columns_of(made)}
        store.gather(made.level, made.scrambles)
        for name, values in before.items():
            assert np.array_equal(store.column(name, 1, 128), values, equal_nan=True)

    def test_none_is_not_resumed(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no simulation to resume"):
            simulate(plan(), FolderStore(tmp_path, PROJECT), resume=True)

    def test_a_changed_model_is_not_mixed_with_the_old_one(self, tmp_path: Path) -> None:
        store = FolderStore(tmp_path, PROJECT)
        store.begin(plan().identity(), resume=False)
        manifest = tmp_path / "simulation.json"
        held = json.loads(manifest.read_text(encoding="utf-8"))
        held["made_with"]["model"] = "older"
        manifest.write_text(json.dumps(held), encoding="utf-8")
        with pytest.raises(UsageError, match="have changed since"):
            FolderStore(tmp_path, PROJECT).begin(plan().identity(), resume=True)

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way", encoding="utf-8")
        store = FolderStore(tmp_path / "file" / "below", PROJECT)
        with pytest.raises(WriteError, match="cannot be written"):
            store.begin(plan().identity(), resume=False)

    def test_each_simulation_has_its_own_folder(self) -> None:
        one, two = (folder_for(PROJECT, plan(seed=seed).identity()) for seed in (1, 2))
        assert len({one, two, folder_for(PROJECT, plan(draws=9, seed=1).identity())}) == 3
        assert one == folder_for(PROJECT, plan(chunk=37, draws=DRAWS - 1, seed=1).identity())
        assert one.name.startswith("base-")
