"""A staged run: its own folder under ``reports/.staging``, out of any reader's sight."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from jcurve.ground.errors import WriteError
from jcurve.ground.files import make_folder, write_json
from jcurve_runs.plan.request import Plan

_FURTHER = ".attempt-"


class Staged:
    """A run's own folder, out of any reader's sight."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notebook = folder / "notebook.ipynb"  # the prepared notebook
        # what the notebook is given, already validated, as JSON
        self.parameters = folder / "parameters.json"
        # the executed notebook; after a failure, what there is of it
        self.executed = folder / "executed.ipynb"
        self.outcome = folder / "outcome.json"  # what the child says
        # the kernel's working folder, where the notebook records its results
        self.work = folder / "work"
        # connection files and the interpreter's settings, for this run only
        self.runtime = folder / "runtime"
        self.edition = folder / "edition"  # the edition while it is assembled


class Outcome(BaseModel):
    """How papermill left: a hint at the reason of a failure, never proof of success."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ended: Literal[
        "completed", "cell_error", "dead_kernel", "kernel_start", "too_much_output", "child_error"
    ]
    message: str = ""


def in_lines(notebook: Mapping[str, Any], known: Mapping[int, str] = MappingProxyType({})) -> str:
    """A notebook as JSON, a cell a line: indented as nbformat does it costs ten times as much.

    Args:
        known: by number the lines of cells that are at hand.
    """
    cells = (known.get(at) or in_line(cell) for at, cell in enumerate(notebook["cells"]))
    rest = in_line({name: value for name, value in notebook.items() if name != "cells"})
    return "".join(['{"cells": [\n', ",\n".join(cells), "\n], ", rest[1:], "\n"])


def in_line(part: Mapping[str, Any]) -> str:
    """A part of a notebook as JSON."""
    return json.dumps(part, ensure_ascii=False, sort_keys=True)


def attempt_name(run: str, attempt: int) -> str:
    """What an attempt's folder is called, staged or kept: the first by the run's name alone."""
    return run if attempt == 1 else f"{run}{_FURTHER}{attempt}"


def of_runs(folder: Path) -> tuple[str, ...]:
    """The runs to one of which an attempt's folder belongs."""
    return folder.name, folder.name.rpartition(_FURTHER)[0]


def stage(plan: Plan, attempt: int = 1, under: Path | None = None) -> Staged:
    """Make the attempt's folder, by default under ``reports/.staging``, with all that the child
    needs.
    """
    home = under or plan.project.reports / ".staging"
    staged = Staged(home / attempt_name(plan.edition.id, attempt))
    make_folder(staged.folder, fresh=True)
    try:
        make_folder(staged.work)
        make_folder(staged.runtime)
        write_json(staged.notebook, plan.notebook, durable=False)
        write_json(staged.parameters, dict(plan.parameters), durable=False)
    except WriteError:
        shutil.rmtree(staged.folder, ignore_errors=True)
        raise
    return staged
