"""A batch of reports against what a user would run instead: papermill and nbconvert in a loop.

Run ``python benchmarks/batch.py [REPORTS]`` (20 by default) from the project. Every report is
the scenario report of another scenario, as HTML and PDF. Measured on the same machine in one
run, wall time: the plain loop, a command for each step and one report after the other, with
the same exporters, so that both make the same files (they are compared); the batch, which
also judges, enters and publishes each; and as its floor the cells alone, executed one report
after the other in a process that has everything loaded, with nothing saved or rendered.

The cost of capital moves the price of leased compute and with it every picture, so that no report
can take one from another.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jcurve.assumptions.retired import SCHEMA
from jcurve.ground.project import Project, find_project
from jcurve_runs.plan.request import Request
from jcurve_runs.publishing.batch import Batch, batch, default_jobs, every

_REPORTS = 20
_REPORT = "scenario_report"


def main(reports: int) -> None:
    """Print one line a measurement."""
    home = find_project()
    with tempfile.TemporaryDirectory() as folder:
        project, scenarios = _project(home, Path(folder), reports)
        with _Watch() as batched:
            made = batch(every([_REPORT], scenarios, Request()), project)
        if made.failed:
            raise SystemExit(f"{made.failed} runs failed: {made.manifest.read_text()}")
        how = f"{made.engine}, {default_jobs()} at once"
        print(f"jcurve batch ({how}): {batched.text(reports)}", flush=True)
        with _Watch() as plain:
            _plain(project, scenarios)
        print(f"papermill, nbconvert HTML, nbconvert PDF in a loop: {plain.text(reports)}")
        print(_same(made, project.root / "plain"), flush=True)
        # Last, since it loads into this process what the others start without.
        floor = _floor(project, scenarios)
        print(f"floor, cells alone in one warm process: {floor.text(reports)}")
        print(
            f"wall time: the batch is {plain.wall / batched.wall:.1f} times as fast as the loop "
            f"and takes {batched.wall / floor.wall:.2f} times its floor on one core"
        )
        print(
            f"processor: the batch needs 1/{plain.cpu / batched.cpu:.1f} of the loop "
            f"and {batched.cpu / floor.cpu:.2f} times its floor"
        )


class _Watch:
    """Wall time, and time of the processor with all descendants that have ended."""

    def __enter__(self) -> _Watch:
        self.wall, self.cpu = -time.monotonic(), -self._used()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.monotonic()
        self.cpu += self._used()

    @staticmethod
    def _used() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in used)

    def text(self, reports: int) -> str:
        """Both, for all reports and for one."""
        return (
            f"{self.wall:.1f} s for {reports} reports, {self.wall / reports:.2f} s each; "
            f"processor {self.cpu / reports:.2f} s each"
        )


def _project(home: Project, folder: Path, reports: int) -> tuple[Project, list[str]]:
    """The project with as many scenarios as there are reports: costs of capital, varied."""
    (folder / "notebooks").symlink_to(home.notebooks)
    data = folder / "data"
    data.mkdir()
    for entry in home.data.iterdir():
        if entry != home.scenarios:
            (data / entry.name).symlink_to(entry)
    shutil.copytree(home.scenarios, data / "scenarios")
    names = []
    for number in range(reports):
        name = f"wacc_{number:02}"
        names.append(name)
        (data / "scenarios" / f"{name}.yml").write_text(
            f"schema: {SCHEMA}\nname: {name}\ntitle: Cost of capital {number}\nextends: base\n"
            "story: The base case at another cost of capital.\n"
            "assumptions:\n  returns.wacc:\n"
            f"    value: {0.085 + 0.001 * number:.4f}\n"
            "    why: varied to measure how long a report takes\n"
        )
    return Project(folder), names


def _plain(project: Project, scenarios: list[str]) -> None:
    """What a user types, report after report."""
    out = project.root / "plain"
    out.mkdir()
    environment = {**os.environ, "JCURVE_PROJECT": str(project.root)}
    for name in scenarios:
        (out / name).mkdir()
        notebook = out / name / "notebook.ipynb"  # as in an edition: its name is in the page
        source = str(project.notebooks / f"{_REPORT}.ipynb")
        # As the batch hands them over: the page shows the cell that holds them.
        parameters = f"{{scenario: {name}, overrides: {{}}, view: programme, out: .}}"
        steps = [
            ["papermill", "--no-progress-bar", source, str(notebook), "-y", parameters],
            ["nbconvert", "--to", "briefinghtml", str(notebook)],
            ["nbconvert", "--to", "briefing", str(notebook)],
        ]
        for step in steps:
            subprocess.run(
                [sys.executable, "-m", *step],
                cwd=out,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )


def _same(made: Batch, plain: Path) -> str:
    """How many files of the two are the same bytes, in words."""
    counted = []
    for kind in ("html", "pdf"):
        same = sum(
            run.edition is not None
            and (run.edition.folder / f"report.{kind}").read_bytes()
            == (plain / run.request.scenario / f"notebook.{kind}").read_bytes()
            for run in made.runs
        )
        counted.append(f"{kind.upper()} {same} of {len(made.runs)}")
    return f"the same bytes from both: {', '.join(counted)}"


def _floor(project: Project, scenarios: list[str]) -> _Watch:
    """The cells of every report in this process, once it has run them before."""
    from IPython.core.interactiveshell import InteractiveShell

    os.environ["JCURVE_PROJECT"] = str(project.root)
    notebook = json.loads((project.notebooks / f"{_REPORT}.ipynb").read_bytes())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    work = project.root / "floor"
    work.mkdir()
    before = Path.cwd()
    os.chdir(work)
    shell = InteractiveShell.instance()
    try:
        _cells(shell, cells, scenarios[0])
        with _Watch() as floor:
            for name in scenarios:
                _cells(shell, cells, name)
        return floor
    finally:
        os.chdir(before)


def _cells(shell: object, cells: list[str], scenario: str) -> None:
    shown = io.StringIO()
    for number, cell in enumerate(cells):
        with contextlib.redirect_stdout(shown):
            ran = shell.run_cell(cell, store_history=False)  # type: ignore[attr-defined]
        ran.raise_error()
        if number == 0:
            shell.push({"scenario": scenario})  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _REPORTS)
