"""Where the project's folders are: given, from the environment, or found upwards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from jcurve.ground.errors import ProjectError

__all__ = ["Project", "find_project"]

_MARK = Path("data") / "scenarios" / "base.yml"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with ``data/``, ``notebooks/`` and ``reports/``."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def scenarios(self) -> Path:
        return self.data / "scenarios"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def reports(self) -> Path:
        return self.root / "reports"


def find_project(given: str | Path | None = None) -> Project:
    """The project: ``given``, else ``JCURVE_PROJECT``, else found upwards from here.

    Raises:
        ProjectError: the named folder is no project, or none lies above this one.
    """
    named = given if given is not None else os.environ.get("JCURVE_PROJECT")
    if named:
        try:
            root = Path(named).expanduser().resolve()
            there = (root / _MARK).is_file()
        except (OSError, RuntimeError, ValueError):  # no such user, too long a name
            there = False
        if not there:
            raise ProjectError(
                "not a J-Curve project",
                received=str(named),
                allowed=f"a folder that holds {_MARK.as_posix()}",
            )
        return Project(root)
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / _MARK).is_file():
            return Project(folder)
    raise ProjectError(
        "no J-Curve project here or above",
        received=str(here),
        allowed=f"run inside a folder that holds {_MARK.as_posix()}, or name one with --project",
    )
