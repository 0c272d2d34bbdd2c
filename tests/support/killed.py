"""A change of several files, killed before each of its steps in turn.

``python -m tests.support.killed together FOLDER`` replaces files of a folder by made-up ones;
``python -m tests.support.killed refresh ROOT FACTS.json`` adds EDGAR's figures to a copy of the
data, ``python -m tests.support.killed prune ROOT`` takes old editions of a project away. Each
runs in a child that kills itself before its first step under the folder, then in one that does
before its second, until one lives to the end. After each the folder is read as any reader reads
it, and one line of JSON says what was found.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jcurve.ground.transaction import JOURNAL, recover, replace_all

TEXTS = {"a.csv": "new a\n", "deep/b.csv": "new b\n", "deep/c.yml": "new c\n", "d.csv": "d\n"}
_WRITES = os.O_WRONLY | os.O_RDWR


def changes_something(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether what is about to happen changes a folder; between two such steps nothing does."""
    if event == "open":
        return bool(int(arguments[2] or 0) & _WRITES)
    return event in ("os.rename", "os.remove", "os.link")


def content(folder: Path) -> dict[str, str]:
    """Every file that a reader knows, by name; no journal and nothing staged or temporary."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def killed_at(step: int, folder: Path, work: Callable[[], object]) -> bool:
    """Run ``work`` in a child that kills itself before a step; whether it lived to the end."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed and status:
            raise SystemExit(f"the child ended with {status} at step {step}")
        return not killed
    left = step

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if not changes_something(event, arguments):
            return
        relative = event == "os.remove" and not os.path.isabs(arguments[0])  # a tree is deleted
        if not relative and not str(arguments[0]).startswith(str(folder)):
            return
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    work()
    os._exit(0)


def together(folder: Path) -> None:
    """See the module."""
    for step in range(1, 1_000):
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "deep").mkdir(parents=True)
        for name in list(TEXTS)[:3]:
            (folder / name).write_text("old\n", encoding="utf-8")
        old = content(folder)
        lived = killed_at(step, folder, lambda: replace_all(folder, TEXTS))
        journal = (folder / JOURNAL).exists()
        raw = content(folder)
        # A reader that is killed as well, at each of its own steps, then one that lives.
        again = 1
        while not killed_at(again, folder, lambda: recover(folder)):
            again += 1
        seen = content(folder)
        recover(folder)
        told = {
            "step": step,
            "lived": lived,
            "journal": journal,
            "half": raw not in (old, TEXTS),
            "seen": "old" if seen == old else "new" if seen == TEXTS else "half",
            "left": [path.name for path in folder.rglob(JOURNAL)],
        }
        print(json.dumps(told))
        if lived:
            return


def refreshed(root: Path, answer: Path) -> None:
    """See the module."""
    from jcurve.facts import refresh as changing
    from jcurve.facts import verify
    from jcurve.ground.project import Project

    # Each state that is met is checked below; that a refresh checks before it writes, elsewhere.
    report = verify(project=Project(root))
    changing.verify = lambda *_, **__: report  # type: ignore[attr-defined]
    given = json.loads(answer.read_text(encoding="utf-8"))

    class Reader:
        def filings(self, cik: str) -> list[tuple[str, ...]]:
            return [tuple(each) for each in given["filings"]]

        def facts(self, cik: str) -> Any:
            return given["facts"]

    data = root / "data"
    pristine = root / "pristine"
    shutil.copytree(data, pristine)
    old = content(data)
    sound: dict[str, bool] = {}
    for step in range(1, 1_000):
        shutil.rmtree(data)
        shutil.copytree(pristine, data)
        lived = killed_at(
            step,
            data,
            lambda: changing.refresh("META", Project(root), edgar=Reader(), write=True),  # type: ignore[arg-type]
        )
        raw = content(data)
        recover(data)  # as every reader does first
        seen = content(data)
        state = json.dumps(seen)
        if state not in sound:  # a state that was met before is as sound as then
            sound[state] = verify(project=Project(root)).ok
        changed = sorted(name for name in seen if seen[name] != old.get(name))
        told = {
            "step": step,
            "lived": lived,
            "half": raw not in (old, seen),
            "ok": sound[state],
            "changed": changed,
        }
        print(json.dumps(told))
        if lived:
            return


def pruned(root: Path) -> None:
    """See the module."""
    from datetime import UTC, datetime

    from jcurve.briefing import all_editions, latest
    from jcurve.ground.project import Project
    from jcurve_runs import Ledger
    from jcurve_runs.publishing.retention import Rule, prune
    from jcurve_runs.publishing.runs import recover
    from jcurve_runs.publishing.unchanged import intact

    pristine, home = root / "pristine", root / "project"
    shutil.copytree(home, pristine)
    project, later = Project(home), datetime(2030, 1, 1, tzinfo=UTC)
    for step in range(1, 1_000):
        shutil.rmtree(home)
        shutil.copytree(pristine, home)
        lived = killed_at(step, home, lambda: prune(project, Rule(1, 0, False), later))
        seen = all_editions(project, "fixture", "base")
        torn = [each.id for each in seen if not intact(each)]
        with Ledger(project) as ledger:
            recover(ledger)
        newest = latest(project, "fixture", "base")
        told = {
            "step": step,
            "lived": lived,
            "seen": [each.id for each in seen],
            "torn": torn,
            "latest": None if newest is None else newest.id,
            "left": [path.name for path in (project.reports / ".staging").glob("*")],
        }
        print(json.dumps(told))
        if lived:
            return


if __name__ == "__main__":
    if sys.argv[1] == "together":
        together(Path(sys.argv[2]))
    elif sys.argv[1] == "prune":
        pruned(Path(sys.argv[2]))
    else:
        refreshed(Path(sys.argv[2]), Path(sys.argv[3]))
