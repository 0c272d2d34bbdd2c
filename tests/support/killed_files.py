"""What changes files of data and results, to be killed: see ``tests.support.killed``."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import jcurve
from jcurve.analysis.draw_stores import FolderStore, folder_for
from jcurve.analysis.simulation import plan_for, simulate
from jcurve.assumptions import BASE
from jcurve.assumptions.drafts import (
    copy_scenario,
    delete_scenario,
    rename_scenario,
    restore_scenario,
    save,
    start,
    update,
)
from jcurve.facts import refresh as changing
from jcurve.facts import verify
from jcurve.ground.project import Project
from jcurve.ground.transaction import JOURNAL, recover, replace_all
from tests.support.analysis_cases import in_chunks
from tests.support.killed import in_child

__all__ = ["TEXTS", "Refresh", "Save", "Simulate", "Together"]

ROOT = Path(__file__).parents[2]
TEXTS = {"a.csv": "new a\n", "deep/b.csv": "new b\n", "deep/c.yml": "new c\n", "d.csv": "d\n"}


def content(folder: Path) -> dict[str, str]:
    """Every file that a reader knows, by name; no journal and nothing staged or temporary."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


class Together:
    """Four files in two folders, one of them new; readers that mend are killed as well."""

    def lay_out(self, home: Path) -> None:
        (home / "deep").mkdir(parents=True)
        for name in list(TEXTS)[:3]:
            (home / name).write_text("old\n", encoding="utf-8")
        self.old = content(home)

    def do(self, home: Path) -> None:
        replace_all(home, TEXTS)

    def found(self, home: Path) -> dict[str, Any]:
        journal = (home / JOURNAL).exists()
        raw, again = content(home), 1
        while not in_child(lambda: recover(home), home, f"before {again}"):
            again += 1
        seen = content(home)
        recover(home)
        return {
            "journal": journal,
            "half": raw not in (self.old, TEXTS),
            "seen": "old" if seen == self.old else "new" if seen == TEXTS else "half",
            "left": [path.name for path in home.rglob(JOURNAL)],
            "readers": again - 1,
        }


class Refresh:
    """EDGAR's figures added to a copy of the data."""

    def __init__(self, data: str, answer: str) -> None:
        self.data = Path(data)
        given = json.loads(Path(answer).read_text(encoding="utf-8"))

        class Reader:
            def filings(self, cik: str) -> list[tuple[str, ...]]:
                return [tuple(each) for each in given["filings"]]

            def facts(self, cik: str) -> Any:
                return given["facts"]

        self.reader = Reader()
        self.sound: dict[str, bool] = {}

    def lay_out(self, home: Path) -> None:
        shutil.copytree(self.data, home / "data")
        self.old = content(home / "data")
        # Each state that is met is checked below; that a refresh checks first, elsewhere.
        report = verify(project=Project(home))
        changing.verify = lambda *_, **__: report  # type: ignore[attr-defined]

    def do(self, home: Path) -> None:
        changing.refresh("META", Project(home), edgar=self.reader, write=True)  # type: ignore[arg-type]

    def found(self, home: Path) -> dict[str, Any]:
        raw = content(home / "data")
        recover(home / "data")  # as every reader does first
        seen = content(home / "data")
        state = json.dumps(seen)
        if state not in self.sound:  # a state that was met before is as sound as then
            self.sound[state] = verify(project=Project(home)).ok
        return {
            "half": raw not in (self.old, seen),
            "ok": self.sound[state],
            "changed": sorted(name for name in seen if seen[name] != self.old.get(name)),
        }


class Save:
    """Scenarios of a user's own: saved, begun, changed, copied, renamed, deleted, restored."""

    def lay_out(self, home: Path) -> None:
        shutil.copytree(ROOT / "data", home / "data")
        states = [content(home)]
        for each in self._acts(Project(home)):
            each()
            states.append(content(home))
        self.states = states
        shutil.rmtree(home)
        shutil.copytree(ROOT / "data", home / "data")

    def _acts(self, project: Project) -> list[Callable[[], object]]:
        key, reason = "returns.wacc", "A test."
        deleted: list[str] = []

        def saved() -> None:
            state = jcurve.scenario(BASE, {key: "0.1"}, project=project)
            base = jcurve.scenario(BASE, project=project)
            save("mine", state, base, {key: "0.1"}, reason, project=project)

        def changed() -> None:
            state = jcurve.scenario("mine", {key: "0.11"}, project=project)
            update("mine", state, {key: "0.11"}, {key: reason}, project)

        return [
            saved,
            lambda: start("other", project=project),
            changed,
            lambda: copy_scenario("mine", "second", project),
            lambda: rename_scenario("second", "third", project),
            lambda: deleted.append(delete_scenario("third", project)),
            lambda: restore_scenario("third", deleted[0], project),
        ]

    def do(self, home: Path) -> None:
        for each in self._acts(Project(home)):
            each()

    def found(self, home: Path) -> dict[str, Any]:
        seen = content(home)
        known: dict[str, set[str]] = {}
        for state in self.states:
            for name, text in state.items():
                known.setdefault(name, set()).add(text)
        own = [name for name in seen if name not in self.states[0]]
        project = Project(home)
        for name in own:
            jcurve.scenario(Path(name).stem, project=project)  # every one can be read
        # Renaming is two steps: between them both names are there, never neither.
        states = [*self.states, self.states[4] | self.states[5]]
        return {
            "torn": [name for name, text in seen.items() if text not in known.get(name, ())],
            "lost": [name for name in self.states[0] if name not in seen],
            "between": seen not in states,
            "own": len(own),
        }


class Simulate:
    """A simulation, in the place of a finished one of an older model, that is gone on with."""

    def _run(self, home: Path, *, resume: bool) -> str:
        project = Project(home)
        base = jcurve.scenario(BASE, project=project)
        made = in_chunks(plan_for(base, 2_048, seed=7, scrambles=2, project=project), 64)
        store = FolderStore(folder_for(project, made.identity()), project)
        run = simulate(made, store, resume=resume)
        store.gather(run.plan.level, run.plan.scrambles)
        store.summarise({"draws": run.plan.draws})
        self.draws = store.draws
        return sha256(store.draws.read_bytes()).hexdigest()

    def lay_out(self, home: Path) -> None:
        home.mkdir()
        (home / "data").symlink_to(ROOT / "data")
        self.right = self._run(home, resume=False)
        manifest = self.draws.with_name("simulation.json")
        held = json.loads(manifest.read_text(encoding="utf-8"))
        manifest.write_text(json.dumps(held | {"made_with": "older"}), encoding="utf-8")
        self.draws.write_bytes(b"older")

    def do(self, home: Path) -> None:
        self._run(home, resume=False)

    def found(self, home: Path) -> dict[str, Any]:
        folder, text = self.draws.parent, b""
        if self.draws.exists():
            text = self.draws.read_bytes()
        seen = {b"": "none", b"older": "older"}.get(text, sha256(text).hexdigest())
        parts = list(folder.glob("part-*.parquet"))
        for part in parts:
            pq.read_table(part)  # whole
        held = json.loads((folder / "simulation.json").read_text(encoding="utf-8"))
        again = self._run(home, resume=held["made_with"] != "older")
        left = sorted(each for each in os.listdir(folder) if not each.startswith("."))
        return {
            "seen": "right" if seen == self.right else seen,
            "again": again == self.right,
            "parts": len(parts),
            "left": left,
        }
