"""Tiny report notebooks and a project to run them in, without the model.

A notebook is a list of cell sources; a fault is one cell put in its place. The kernels
that run them are real.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jcurve.briefing import Edition
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Render
from jcurve_runs.plan.request import Request
from jcurve_runs.publishing.runs import run

__all__ = [
    "MOMENT",
    "PARAMETERS",
    "RECORD",
    "SHOW",
    "StandIn",
    "make_project",
    "make_real_project",
    "render_plainly",
    "run_fixture",
    "shipped_notebooks",
    "write_notebook",
]

MOMENT = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)

PARAMETERS = """\
scenario = "base"  # scenario name
overrides = {}     # assumption key: value
view = "programme"
out = "."
"""

SHOW = """\
from IPython.display import display
display(
    {"text/html": "<p>A chart</p>", "text/plain": "A chart"},
    raw=True,
    metadata={"jcurve": {"exhibit": "curve", "alt": "Falls, then rises."}},
)
"""

RECORD = """\
from types import SimpleNamespace
from jcurve.briefing import record
content = dict(
    report="fixture",
    scenario=SimpleNamespace(name=scenario, title="Stand-in", hash="ab" * 32, differences=()),
    view=view,
    valuation_date="2026Q2",
    data_through="2026Q2",
    headlines={view: {"npv": {"value": 1.5, "unit": "USD m"}}},
    checks=[{"name": "ties", "value": 0.0, "tolerance": 1e-6, "ok": True}],
    exhibits=[{"id": "curve", "kind": "chart", "title": "Curve", "alt": "Falls, then rises."}],
)
record(out, **content)
"""


@dataclass(frozen=True)
class StandIn:
    """A scenario as far as a run needs one."""

    name: str = "base"
    title: str = "Stand-in"
    hash: str = "ab" * 32
    differences: tuple[Any, ...] = ()


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write a notebook whose parameters are in the cell ``PARAMETERS``, else in the first."""
    tagged = list(cells).index(PARAMETERS) if PARAMETERS in cells else 0
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {"tags": ["parameters"]} if number == tagged else {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
    }
    path.write_text(json.dumps(content))


def make_project(root: Path, cells: Sequence[str] = (PARAMETERS, SHOW, RECORD)) -> Project:
    """A project folder with one report notebook, ``fixture``."""
    (root / "data" / "scenarios").mkdir(parents=True)
    (root / "data" / "scenarios" / "base.yml").write_text("schema: 2\nname: base\n")
    (root / "notebooks").mkdir()
    write_notebook(root / "notebooks" / "fixture.ipynb", cells)
    return Project(root)


def make_real_project(root: Path, cells: Sequence[str] = (PARAMETERS, SHOW, RECORD)) -> Project:
    """A project on the repository's own data, with one report notebook, ``fixture``."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "data").symlink_to(Path(__file__).parents[2] / "data")
    (root / "notebooks").mkdir()
    write_notebook(root / "notebooks" / "fixture.ipynb", cells)
    return Project(root)


def render_plainly(notebook: Path, html: Path, pdf: Path) -> None:
    """Stands in for the exporters."""
    html.write_text(f"<p>{len(notebook.read_bytes())} bytes</p>")
    pdf.write_bytes(b"%PDF-1.7\n")


def run_fixture(
    project: Project,
    *,
    run_id: str = "run-1",
    deadline: float = 300.0,
    render: Render = render_plainly,
    **asked: Any,
) -> Edition:
    """Run the project's ``fixture`` notebook with a stand-in scenario and renderer."""
    return run(
        Request(report="fixture", deadline=deadline, force=True, **asked),
        project=project,
        run_id=run_id,
        clock=lambda: MOMENT,
        render=render,
        resolve=lambda name, overrides, project: StandIn(name),
    )


def shipped_notebooks() -> list[Path]:
    """The notebooks of this checkout that git tracks; a user's own are a user's."""
    home = Path(__file__).resolve().parents[2]
    found = subprocess.run(
        ["git", "-C", str(home), "ls-files", "notebooks/*.ipynb"],
        capture_output=True,
        text=True,
        check=False,
    )
    names = found.stdout.split()
    return [home / name for name in names] or sorted((home / "notebooks").glob("*.ipynb"))
