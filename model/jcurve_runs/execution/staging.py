"""A staged run: its own folder under ``reports/.staging``, out of any reader's sight."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from jcurve.ground.errors import WriteError
from jcurve.ground.files import make_folder, write_json
from jcurve_runs.plan.request import Plan

__all__ = ["Outcome", "Staged", "attempt_name", "of_runs", "stage"]

_FURTHER = ".attempt-"


@dataclass(frozen=True, slots=True)
class Staged:
    """A run's own folder, out of any reader's sight."""

    folder: Path

    @property
    def notebook(self) -> Path:
        """The prepared notebook."""
        return self.folder / "notebook.ipynb"

    @property
    def executed(self) -> Path:
        """The executed notebook; after a failure, what there is of it."""
        return self.folder / "executed.ipynb"

    @property
    def work(self) -> Path:
        """The kernel's working folder, where the notebook records its results."""
        return self.folder / "work"

    @property
    def runtime(self) -> Path:
        """Connection files and the interpreter's settings, for this run only."""
        return self.folder / "runtime"

    @property
    def parameters(self) -> Path:
        """What the notebook is given, already validated, as JSON."""
        return self.folder / "parameters.json"

    @property
    def outcome(self) -> Path:
        """What the child says."""
        return self.folder / "outcome.json"

    @property
    def edition(self) -> Path:
        """The edition while it is assembled."""
        return self.folder / "edition"


class Outcome(BaseModel):
    """How papermill left: a hint at the reason of a failure, never proof of success."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ended: Literal[
        "completed", "cell_error", "dead_kernel", "kernel_start", "too_much_output", "child_error"
    ]
    message: str = ""


def attempt_name(run: str, attempt: int) -> str:
    """What an attempt's folder is called, staged or kept: the first by the run's name alone."""
    return run if attempt == 1 else f"{run}{_FURTHER}{attempt}"


def of_runs(folder: Path) -> tuple[str, ...]:
    """The runs to one of which an attempt's folder belongs."""
    return folder.name, folder.name.rpartition(_FURTHER)[0]


def stage(plan: Plan, attempt: int = 1, under: Path | None = None) -> Staged:
    """Make the attempt's folder, by default under ``reports/.staging``, with all that the child
    needs.

    Raises:
        WriteError: it cannot be made; nothing is left behind.
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
