"""Where the project's folders are: given, from the environment, found upwards, or shipped.

A project is a folder of a person's own: data, scenarios, notebooks, reports. One travels inside
the installed package, so that ``jcurve report`` works in an empty folder; it is read-only, and
what it makes is published under the current folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from jcurve.ground.errors import ProjectError, WriteError
from jcurve.ground.files import make_folder, publish_folder

_MARK = Path("data") / "scenarios" / "base.yml"

SHIPPED = Path(__file__).parents[1] / "shipped"
"""The project inside the installed package; in a clone there is none."""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with ``data/`` and ``notebooks/``, and one for what is published."""

    root: Path  # the project
    published: Path | None = None  # where reports go, if not into ``reports/`` of the project

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
        return self.published or self.root / "reports"

    @property
    def shipped(self) -> bool:
        """Whether it is the one inside the installed package, which nobody changes."""
        return self.root == SHIPPED

    def own(self) -> Project:
        """This project, to write scenarios, notebooks or data into.

        Raises:
            ProjectError: it is the shipped one.
        """
        if self.shipped:
            raise ProjectError(
                "the project that came with jcurve is read-only",
                received=str(Path.cwd()),
                allowed="a project of your own; jcurve init FOLDER makes one",
            )
        return self


Where: TypeAlias = Project | str | Path | None
"""A project that is given, named, or found from where one stands."""


def find_project(given: Where = None) -> Project:
    """The project: ``given``, else ``JCURVE_PROJECT``, else found upwards, else the shipped one.

    Reports are published in its ``reports/``, or where ``JCURVE_REPORTS`` says; those of the
    shipped project in ``reports/`` of the current folder.

    Raises:
        ProjectError: the named folder is no project, or none lies above this one and none came
            with the package.
    """
    if isinstance(given, Project):
        return given
    named = given if given is not None else os.environ.get("JCURVE_PROJECT")
    published = os.environ.get("JCURVE_REPORTS")
    reports = Path(published).expanduser().absolute() if published else None
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
        return _project(root, reports)
    here = Path.cwd().resolve()
    found = project_above(here)
    if found is not None:
        return _project(found.root, reports)
    if (SHIPPED / _MARK).is_file():
        return _project(SHIPPED, reports)
    raise ProjectError(
        "no J-Curve project here or above",
        received=str(here),
        allowed=f"run inside a folder that holds {_MARK.as_posix()}, or name one with --project",
    )


def _project(root: Path, reports: Path | None) -> Project:
    if reports is None and root == SHIPPED:
        reports = Path.cwd().resolve() / "reports"
    return Project(root, reports)


def project_above(folder: Path) -> Project | None:
    """The project that ``folder`` lies in, if it lies in one."""
    home = folder.resolve()
    for place in (home, *home.parents):
        if (place / _MARK).is_file():
            return Project(place)
    return None


_COPIED = ("data", "notebooks", "reports/schedule.yml")


def start_project(folder: str | Path) -> Project:
    """A project of one's own: data, scenarios, notebooks and an empty schedule, copied.

    Args:
        folder: where; it must not exist, or be empty.

    Raises:
        ProjectError: the folder holds something, or there is nothing to copy.
        WriteError: it cannot be written.
    """
    target = Path(folder).expanduser().absolute()
    source = find_project().root
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ProjectError(
            "the folder is not empty", received=str(folder), allowed="a new or an empty folder"
        )
    staged = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        for name in _COPIED:
            copy = shutil.copytree if (source / name).is_dir() else _copy
            copy(source / name, staged / name, ignore=_ignored)
        if target.exists():
            target.rmdir()  # empty: seen above
        publish_folder(staged, target)
    except (OSError, shutil.Error) as error:
        raise WriteError("cannot be written", where=str(folder)) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Project(target)


_ignored = shutil.ignore_patterns(".*", "__pycache__", "results.json")


def _copy(source: Path, target: Path, ignore: object) -> None:
    make_folder(target.parent)
    shutil.copy2(source, target)
