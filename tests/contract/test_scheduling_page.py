"""The examples of ``docs/scheduling.md``, followed to the letter as far as a machine allows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from jcurve.ground.project import Project
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Origin, Request
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch import Batch
from jcurve_runs.publishing.runs import carry_out
from jcurve_runs.schedule.occurrences import Occurrence
from jcurve_runs.schedule.schedules import Schedule
from jcurve_runs.schedule.tick import tick
from tests.support.drives import plan_of, sound_runs
from tests.support.inbox import serving
from tests.support.notebooks import StandIn, make_project, make_real_project

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")


def example(language: str, number: int = 0) -> str:
    """A code block of the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number]  # type: ignore[no-any-return]


@pytest.mark.skipif(sys.platform == "win32", reason="cron")
def test_the_cron_line_runs_delivers_and_logs_with_times(tmp_path: Path) -> None:
    """By a shell with cron's own empty environment, at a mail server of this machine."""
    kept = tmp_path / "sound"
    executor = sound_runs(kept)()
    project: Project = make_real_project(tmp_path / "srv")
    (project.root / ".venv" / "bin").mkdir(parents=True)
    (project.root / ".venv" / "bin" / "jcurve").symlink_to(Path(sys.executable).parent / "jcurve")
    origin = Origin("weekly", "2026-07-27T11:00:00.000+00:00", ("cfo@example.org",))
    with Ledger(project) as ledger:
        plan = plan_of(project, "run-1", force=True, origin=origin)
        assert carry_out(plan, ledger=ledger, executor=executor).state == "succeeded"
    (project.reports / "schedule.yml").write_text(
        example("yaml").replace("scenario_report ", "fixture ")
    )
    fields, _, command = example("cron").strip().partition(" cd ")
    assert len(fields.split()) == 5
    with serving() as (inbox, port):
        settings = example("sh").replace("mail.example.org", "127.0.0.1")
        settings = re.sub("JCURVE_SMTP_(USER|PASSWORD)=.*\n", "", settings)
        environment = tmp_path / "jcurve.env"
        environment.write_text(f"{settings}JCURVE_SMTP_PORT={port}\nJCURVE_SMTP_SECURITY=none\n")
        line = f"cd {command}".replace("/srv/jcurve", str(project.root))
        line = line.replace("/etc/jcurve.env", str(environment))
        cron = {"HOME": str(tmp_path), "PATH": os.defpath, "SHELL": "/bin/sh"}
        done = subprocess.run(["/bin/sh", "-c", line], env=cron, check=False, capture_output=True)
    log = (project.reports / "tick.log").read_text()
    assert done.returncode == 0, log
    (mail,) = inbox.mails
    assert mail["To"] == "cfo@example.org"
    page = mail.get_body(["html"])
    assert page is not None
    assert "https://reports.example.org/portal/fixture/base/run-1.html" in page.get_content()
    for told in log.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", told), told


def test_what_goes_wrong_is_a_line_with_its_time(tmp_path: Path) -> None:
    project = make_real_project(tmp_path)
    project.reports.mkdir()
    (project.reports / "schedule.yml").write_text(example("yaml"))
    command = [
        sys.executable,
        "-c",
        "from jcurve.commands import main; raise SystemExit(main())",
    ]
    environment = {name: text for name, text in os.environ.items() if "JCURVE_" not in name}
    done = subprocess.run(
        [*command, "tick"],
        cwd=project.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    first, second, third = done.stderr.splitlines()
    at = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ jcurve: "
    assert re.match(f"{at}weekly: unknown report; received 'scenario_report'", first)
    assert re.match(f"{at}mails are asked for, but JCURVE_SMTP_HOST names no mail server", second)
    assert re.match(f"{at}mail: 1 waiting, 0 refused", third)  # the notice of the mistake


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_units_are_sound(tmp_path: Path) -> None:
    for number, name in enumerate(("jcurve.service", "jcurve.timer")):
        text = example("ini", number).replace("/srv/jcurve/.venv/bin/jcurve", sys.executable)
        text = text.replace("/srv/jcurve", str(tmp_path))
        (tmp_path / name).write_text(text.replace("User=jcurve\n", ""))
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            *(str(tmp_path / f"jcurve.{e}") for e in ("service", "timer")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if "jcurve." in line]
    assert told == []


def test_the_workflow_keeps_its_store_whatever_happens() -> None:
    """The state is restored before the tick and saved after it, also when it failed."""
    workflow = yaml.safe_load(example("yaml", 1))
    steps = workflow["jobs"]["tick"]["steps"]
    uses = [step.get("uses", step.get("run", "")) for step in steps]
    restore, tick, save = (
        next(at for at, name in enumerate(uses) if word in name)
        for word in ("cache/restore", "jcurve tick", "cache/save")
    )
    assert restore < tick < save
    assert steps[save]["if"] == "always()"
    assert steps[save]["with"]["path"] == steps[restore]["with"]["path"] == "reports"
    assert workflow["concurrency"]
    for name in steps[tick]["env"]:
        assert f"`{name}`" in PAGE or f"`{name}`, " in PAGE or f"{name}`" in PAGE
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^setup:", makefile, re.MULTILINE)
    assert "make setup" in uses
    assert ".venv/bin/jcurve tick" in uses


def test_what_the_workflow_keeps_is_enough(tmp_path: Path) -> None:
    """The next job, in a new checkout with the folder that was kept, runs no moment again."""
    begun = datetime(2026, 7, 27, 10, 50, tzinfo=UTC)  # a Monday
    ran: list[str] = []

    def fail(schedule: Schedule, occurrence: Occurrence, name: str) -> Batch:
        ran.append(occurrence.occurrence)
        return Batch(name, (Done(Request(report="fixture"), "failed"),), Path("x"), "plain")

    def job(number: int, moment: datetime) -> Project:
        project = make_project(tmp_path / f"job-{number}")
        (kept := tmp_path / f"job-{number - 1}" / "reports").mkdir(parents=True, exist_ok=True)
        shutil.copytree(kept, project.reports)
        text = example("yaml").replace("scenario_report ", "fixture ")
        (project.reports / "schedule.yml").write_text(text)
        tick(project, clock=lambda: moment, runner=fail, resolve=lambda *_: StandIn())
        return project

    for number in range(1, 5):
        job(number, begun + timedelta(minutes=30) * (number - 1))
    assert ran == ["2026-07-27T11:00:00.000+00:00"]


def test_the_log_that_is_rotated_is_the_one_that_is_written(tmp_path: Path) -> None:
    """And logrotate itself takes the lines, where it is installed."""
    block = re.search(r"```\n(\S+) \{\n(.*?)\n\}\n```", PAGE, re.DOTALL)
    assert block is not None
    folder = re.search(r" cd (\S+) ", example("cron"))
    log = re.search(r">>(\S+)", example("cron"))
    assert folder is not None
    assert log is not None
    assert block[1] == f"{folder[1]}/{log[1]}"
    assert "copytruncate" in block[2]  # a tick that runs goes on writing
    if shutil.which("logrotate") is not None:
        written = tmp_path / "tick.log"
        written.write_text("x\n")
        rules = tmp_path / "rules"
        rules.write_text(f"{written} {{\n{block[2]}\n}}\n")
        command = ["logrotate", "--force", "--state", str(tmp_path / "state"), str(rules)]
        subprocess.run(command, check=True, capture_output=True)
        assert (tmp_path / "tick.log.1.gz").exists()
