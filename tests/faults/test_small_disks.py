"""Each verb that writes, on a real file system that is full, out of inodes or read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jcurve.briefing import all_editions, latest
from jcurve.ground.errors import JCurveError
from jcurve.ground.project import Project
from jcurve_runs import Ledger
from jcurve_runs.delivery.deliver import deliver
from jcurve_runs.delivery.smtp import MailServer
from jcurve_runs.plan.request import Origin
from jcurve_runs.portal.site import refresh
from jcurve_runs.publishing.retention import Rule, prune
from jcurve_runs.publishing.runs import carry_out, recover
from jcurve_runs.publishing.unchanged import intact
from jcurve_runs.schedule.tick import tick
from tests.support.drives import NoProcess, plan_of, sound_runs
from tests.support.notebooks import MOMENT, StandIn, make_project


def can_mount() -> bool:
    """Whether this process may mount a file system."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return done.returncode == 0


pytestmark = pytest.mark.skipif(not can_mount(), reason="mounting needs root on Linux")

ORIGIN = Origin("daily", "2026-07-30T09:00:00.000+00:00", ("cfo@example.org",))
SIZES = ["size=40k", "size=100k", "size=200k", "size=400k", "nr_inodes=12", "nr_inodes=40"]


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """A tmpfs of its own at ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change what is mounted there."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NoProcess]:
    return sound_runs(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def publish(project: Project, sound: Callable[[], NoProcess], name: str) -> str:
    """A run that a schedule asked for; how it ended."""
    with Ledger(project) as ledger:
        plan = plan_of(project, name, force=True, origin=ORIGIN)
        return carry_out(plan, ledger=ledger, executor=sound()).state


def whole(project: Project) -> set[str]:
    """The published editions, every one whole."""
    found = all_editions(project, "fixture", "base")
    assert [each.id for each in found if not intact(each)] == []
    return {each.id for each in found}


@pytest.mark.parametrize("option", SIZES)
def test_publishing_on_a_small_disk(
    project: Project, sound: Callable[[], NoProcess], option: str
) -> None:
    """Whatever fits is whole, entered and owed; with room again the next start settles the rest."""
    with mounted(project.reports, option):
        for number in range(40):
            try:
                publish(project, sound, f"run-{number}")
            except JCurveError:  # not even the ledger could be written
                break
            whole(project)
        remount(project.reports, "size=20m,nr_inodes=5000")
        with Ledger(project) as ledger:
            recover(ledger)
        assert publish(project, sound, "last") == "succeeded"
        published = whole(project)
        with Ledger(project, read_only=True) as ledger:
            attempts = ledger.attempts()
            owed = [each.about.split(", ") for each in ledger.outbox.entries()]
        assert {each.run for each in attempts if each.state == "succeeded"} == published
        assert {name.rpartition("/")[2] for names in owed for name in names} == published
        assert not any(each.ended is None for each in attempts)
        assert not any((project.reports / ".staging").iterdir())
        pointed = latest(project, "fixture", "base")
        assert pointed is not None
        assert pointed.id == "last"


def test_every_verb_on_a_disk_that_became_read_only(
    project: Project, sound: Callable[[], NoProcess]
) -> None:
    """One clear error each; nothing changes, and all of them work once it can be written again."""
    server = MailServer("127.0.0.1", 1, "none", "a@b", timeout=5.0)
    verbs: dict[str, Callable[[], object]] = {
        "report": lambda: publish(project, sound, "run-1"),
        "tick": lambda: tick(project, resolve=lambda name, *_: StandIn(name)),
        "deliver": lambda: deliver(project, server=server),
        "prune": lambda: prune(project, Rule(0, 0, False), MOMENT),
        "portal": lambda: refresh(project),
        "outbox": lambda: resend(project),
    }
    with mounted(project.reports, "size=20m"):
        publish(project, sound, "run-0")
        (project.reports / "schedule.yml").write_text(
            "schedules:\n  daily:\n    report: fixture\n    scenarios: [base]\n"
            "    cron: '0 9 * * *'\n"
        )
        shutil.rmtree(project.reports / "portal")
        before = sorted(path for path in project.reports.rglob("*"))
        remount(project.reports, "ro")
        for name, verb in verbs.items():
            if name == "prune":
                assert verb() == []  # the latest edition always stays
                continue
            with pytest.raises(JCurveError) as caught:
                verb()
            assert "\n" not in str(caught.value), name
        assert [path for path in before if not path.exists()] == []
        remount(project.reports, "rw")
        for verb in verbs.values():
            verb()
        assert whole(project) == {"run-0", "run-1"}


def resend(project: Project) -> None:
    """Put everything into the outbox again."""
    with Ledger(project, read_only=True) as ledger:
        ledger.outbox.resend()
