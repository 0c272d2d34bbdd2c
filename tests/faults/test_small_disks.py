"""Each verb that writes, on a real file system that is full, out of inodes or read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import jcurve
from jcurve.assumptions.drafts import save
from jcurve.briefing import all_editions, latest
from jcurve.commands import main
from jcurve.commands.command_line import known_verbs
from jcurve.facts import reported as facts_of
from jcurve.ground.errors import JCurveError, WriteError
from jcurve.ground.files import digest
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter
from jcurve.ground.transaction import replace_all
from jcurve.workbook import adopting, writing
from jcurve.workbook.adopting import Adoption
from jcurve_runs.delivery.deliver import MailServer, deliver
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Origin, Request
from jcurve_runs.publishing.batch import batch
from jcurve_runs.publishing.publish import intact
from jcurve_runs.publishing.runs import carry_out, raised, recover
from jcurve_runs.schedule.tick import tick
from tests.counts import is_full
from tests.support.drives import NoProcess, plan_of, sound_runs
from tests.support.notebooks import (
    PARAMETERS,
    RECORD,
    SHOW,
    StandIn,
    make_project,
    render_plainly,
    write_notebook,
)

ROOT = Path(__file__).parents[2]
ROOM = "size=20m,nr_inodes=5000"
AHEAD = str(Quarter(facts_of("META").company.data_through).plus(1))


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


@dataclass(frozen=True)
class Place:
    """A project on a file system of its own, with two editions, and who runs its reports."""

    project: Project
    sound: Callable[[], NoProcess]

    def call(self, *words: str) -> int:
        """The command as it is typed."""
        return main(["--project", str(self.project.root), *words])

    def seen(self) -> dict[str, str]:
        """Every file that a reader knows, with what it holds, but for what any run writes anew:
        pages, the status, and the parts of a simulation that ``--resume`` goes on with."""
        made = ("index.html", "status.json", "simulation.json")
        return {
            str(path.relative_to(self.project.root)): digest(path)
            for path in sorted(self.project.root.rglob("*"))
            if path.is_file()
            and path.name not in made
            and not any(part.startswith(".") or part == "portal" for part in path.parts[-6:])
        }


def saved(place: Place) -> None:
    """As the panel saves a case."""
    base = jcurve.scenario("base", project=place.project)
    state = jcurve.scenario("base", {"returns.wacc": "0.1"}, project=place.project)
    save("mine", state, base, {"returns.wacc": "0.1"}, "A test.", project=place.project)


def adopted(place: Place) -> None:
    """A workbook that has been read: reading it writes nothing."""
    base = jcurve.scenario("base", project=place.project)
    state = jcurve.scenario("base", {"returns.wacc": "0.1"}, project=place.project)
    read = Adoption("x.xlsx", base, state, {"returns.wacc": "0.1"}, (), frozenset(), (), ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adopting, "state_of", lambda *_, **__: read)
        adopting.adopt("x.xlsx", "adopted", project=place.project)


def written_as_workbook(place: Place) -> int:
    """What it holds takes long and writes nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "content", lambda *_, **__: b"x" * 300_000)
        return place.call("workbook", "base", str(place.project.root / "base.xlsx"))


def migrated(place: Place) -> int:
    """A file of an earlier version lies there already."""
    return place.call("migrate", "old")


def refreshed_facts(place: Place) -> None:
    """Two files change together."""
    tables = {name: f"{name}\n" * 30_000 for name in ("one.csv", "two.csv")}
    replace_all(place.project.data, tables)


def batched(place: Place) -> None:
    """A batch with a process for each of its runs, which are known already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jcurve_runs.publishing.batch.Executor", lambda *_, **__: place.sound())
        made = batch(
            [Request(report="fixture", force=True)],
            place.project,
            engine="plain",
            render=render_plainly,
            resolve=lambda *_: StandIn(),
        )
    for done in made.runs:
        if done.failed:
            raise raised(done)


def reported(place: Place) -> None:
    name = f"run-{len(list((place.project.reports / 'fixture' / 'base').iterdir()))}"
    with Ledger(place.project) as ledger:
        plan = plan_of(place.project, name, force=True, origin=ORIGIN)
        done = carry_out(plan, ledger=ledger, executor=place.sound())
    if done.failed:
        raise raised(done)


def resent(place: Place) -> None:
    with Ledger(place.project, read_only=True) as ledger:
        ledger.outbox.resend()


SERVER = MailServer("127.0.0.1", 1, "none", "a@b", timeout=5.0)
SMALL = ("--draws", "64", "--scrambles", "2", "--processes", "1", "--limit", "9000 USD bn")
WRITING: dict[str, Callable[[Place], object]] = {
    "adopt": adopted,
    "app": saved,
    "batch": batched,
    "deliver": lambda place: deliver(place.project, server=SERVER),
    "facts": refreshed_facts,
    "init": lambda place: place.call("init", str(place.project.root / "mine")),
    "lines": lambda place: place.call(
        "lines", "capex", "--parquet", str(place.project.root / "capex.parquet")
    ),
    "migrate": migrated,
    "new": lambda place: place.call("new", "begun") or place.call("new", "own", "--notebook"),
    "outbox": resent,
    "portal": lambda place: place.call("portal"),
    "prune": lambda place: place.call("prune", "--last", "1", "--days", "1", "--no-monthly"),
    "quarter": lambda place: place.call(
        "quarter", AHEAD, str(place.project.root / "form.csv"), "--template"
    ),
    "report": reported,
    "runs": lambda place: place.call("runs"),  # it opens the store, which writes beside it
    "simulate": lambda place: place.call("simulate", *SMALL),
    "tick": lambda place: tick(place.project, resolve=lambda *_: StandIn()),
    "workbook": written_as_workbook,
}
"""Every verb that writes, with what is written."""

READING = {"show", "check", "trace", "diff", "misses", "scale", "drivers", "implied", "solve"}
READING |= {"bridge", "sensitivity", "lab"}
"""Verbs that write nothing; ``lab`` hands over to JupyterLab."""

FAILING = ("full", "no-inodes", "read-only", "nearly-full")
FINE_ANYWAY = {"prune", "runs", "portal", "outbox", "deliver"}  # a rename, a page, a row: no space


def test_every_verb_is_one_that_writes_or_reads() -> None:
    assert set(known_verbs()) == set(WRITING) | READING
    assert not READING & set(WRITING)


@pytest.fixture
def place(tmp_path: Path, sound: Callable[[], NoProcess]) -> Iterator[Place]:
    """Mounted, laid out, and taken away again."""
    root = tmp_path / "disk"
    with mounted(root, ROOM):
        shutil.copytree(ROOT / "data", root / "data")
        (root / "notebooks").mkdir()
        write_notebook(root / "notebooks" / "fixture.ipynb", [PARAMETERS, SHOW, RECORD])
        old = "schema: 1\nname: old\nextends: base\nstory: s\nassumptions:\n"
        entry = "  advertising.variable_cost: {value: 0.05, why: a}\n"
        (root / "data" / "scenarios" / "old.yml").write_text(old + entry)
        project = Project(root)
        for name in ("run-0", "run-1"):
            assert publish(project, sound, name) == "succeeded"
        (project.reports / "schedule.yml").write_text(
            "schedules:\n  daily:\n    report: fixture\n    scenarios: [base]\n"
            "    cron: '0 9 * * *'\n"
        )
        yield Place(project, sound)


def spoil(root: Path, how: str) -> None:
    """Let nothing more, or hardly anything, be written there."""
    if how == "read-only":
        remount(root, "ro")
    elif how == "no-inodes":
        remount(root, f"nr_inodes={os.statvfs(root).f_files - os.statvfs(root).f_ffree}")
    else:
        left = os.statvfs(root).f_bavail * os.statvfs(root).f_frsize
        (root / ".filler").write_bytes(b"\0" * (left - (8_192 if how == "nearly-full" else 0)))


def mend(root: Path) -> None:
    remount(root, f"rw,{ROOM}")
    (root / ".filler").unlink(missing_ok=True)


def carried_out(verb: str, place: Place, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit status of a verb and what it says of a failure."""
    try:
        status = WRITING[verb](place)
    except JCurveError as error:
        return error.exit_status, str(error)
    return (status if isinstance(status, int) else 0), capsys.readouterr().err


@pytest.mark.parametrize("verb", sorted(WRITING))
def test_a_verb_without_space_inodes_or_leave(
    verb: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear error each time, nothing half written; and it works once there is room again."""
    root, before = place.project.root, place.seen()
    slow = verb == "simulate" and not is_full("aimed_kills")
    for how in FAILING[-1:] if slow else FAILING:
        spoil(root, how)
        capsys.readouterr()
        status, told = carried_out(verb, place, capsys)
        mend(root)
        for page in root.rglob("*.html"):
            assert page.read_bytes().endswith((b"</html>\n", b"</p>")), page  # a report's stand-in
        assert verb != "simulate" or not list(root.rglob("draws.parquet"))
        if not status:
            assert verb in FINE_ANYWAY or how == "nearly-full"  # it was small enough
            continue
        assert status == WriteError.exit_status, told
        (said,) = [line for line in told.splitlines() if not line.endswith("…")]
        assert "cannot be written" in said
        assert place.seen() == before, how
    if status:
        status, told = carried_out(verb, place, capsys)
    assert status == 0, told
    assert (place.seen() == before) == (verb in {"outbox", "deliver", "portal", "tick", "runs"})
    assert not list(root.rglob("gone-*"))
    with Ledger(place.project) as ledger:
        recover(ledger)
        assert not any(each.ended is None for each in ledger.attempts())
    assert not any((place.project.reports / ".staging").glob("*"))
