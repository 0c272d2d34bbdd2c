"""A user's own scenario files after they are written: brought up to date, renamed, copied, deleted.

Scenarios that come with J-Curve are never touched, nor is a file that others rest on renamed or
deleted under them. What is written is validated first, whole, and means what the caller has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath

from jcurve.assumptions.drafts import entry_lines, free_path, head
from jcurve.assumptions.scenario import Scenario
from jcurve.assumptions.scenario_files import (
    BASE,
    available,
    load,
    new_path,
    read_scenario,
    shipped,
)
from jcurve.ground.errors import ScenarioError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project

_ENTRY = re.compile(r"  (?P<key>[a-z][a-z0-9_.]*[0-9A-Za-z_])\s*:")
_NAME = re.compile(r"^name:.*$", re.MULTILINE)


def update(
    name: str,
    state: Scenario,
    changes: Mapping[str, str],
    reasons: Mapping[str, str],
    project: Project,
) -> FilePath:
    """Write what was changed since the scenario ``name`` was opened into its own file.

    Everything else in the file stays as it stands: ranges, sources, reasons and comments.

    Args:
        name: the scenario that was opened.
        state: it with ``changes``.
        changes: text by key or ``key.2027``, as overrides are written.
        reasons: why, by the same keys.
    """
    path = _own(name, project)
    if not changes:
        raise ScenarioError("nothing is changed", received=name, allowed="at least one change")
    kept: list[str] = []
    dropped = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if (entry := _ENTRY.match(line)) is not None:
            key = entry["key"]
            dropped = key in changes or any(
                key.startswith(f"{each}.") and key[len(each) + 1 :][:1].isdigit()
                for each in changes
            )
        elif line and not line.startswith((" ", "#")):
            dropped = False
        if not dropped:
            kept.append(line)
    text = "\n".join([*kept, *entry_lines(name, changes, reasons)]) + "\n"
    if read_scenario(name, text, project).hash != state.hash:
        allowed = f"{name} as it was when it was opened; open it again"
        raise ScenarioError("the file would not hold this state", where=name, allowed=allowed)
    write_file(path, text)
    return path


def copy_scenario(name: str, new: str, project: Project) -> FilePath:
    """Write a scenario of the user's own that is ``name`` under another name."""
    found, path = load(name, project), free_path(new, project)
    if name == BASE:
        title = new.replace("_", " ").capitalize()
        text = "\n".join(head(new, title, found, f'"As {found.title}."')) + "\n"
    else:
        text = _renamed(new_path(name, project).read_text(encoding="utf-8"), new)
    if read_scenario(new, text, project).hash != found.hash:
        raise ScenarioError("the copy would not be the same scenario", where=name)
    write_file(path, text, fresh=True)
    return path


def rename_scenario(name: str, new: str, project: Project) -> FilePath:
    """Give a scenario of the user's own another name."""
    path = _own(name, project, alone=True)
    made = copy_scenario(name, new, project)
    path.unlink()
    return made


def delete_scenario(name: str, project: Project) -> str:
    """Delete a scenario of the user's own.

    Returns:
        What its file held, for :func:`restore_scenario`.
    """
    path = _own(name, project, alone=True)
    text = path.read_text(encoding="utf-8")
    path.unlink()
    return text


def restore_scenario(name: str, text: str, project: Project) -> FilePath:
    """Write back what :func:`delete_scenario` has deleted."""
    path = free_path(name, project)
    read_scenario(name, text, project)
    write_file(path, text, fresh=True)
    return path


def _own(name: str, project: Project, *, alone: bool = False) -> FilePath:
    """The file of a scenario of the user's own; ``alone`` where no other may rest on it."""
    if name not in available(project):
        raise ScenarioError.not_among("unknown scenario", name, available(project))
    if name in shipped(project):
        what = "a scenario that comes with J-Curve is not changed"
        raise ScenarioError(what, received=name, allowed="a copy of it under another name")
    if alone:
        for other in available(project):
            if other not in (BASE, name) and load(other, project).extends == name:
                what = "another scenario extends this one"
                raise ScenarioError(what, received=other, allowed=f"delete {other} first")
        word = re.compile(rf"^\s*\"?{re.escape(name)}\"?\s*,", re.MULTILINE)
        for table in sorted(project.scenarios.glob("*.csv")):
            if word.search(table.read_text(encoding="utf-8")):
                what = "a table of weights names this scenario"
                raise ScenarioError(what, received=table.name, allowed="take it out of the table")
    return new_path(name, project)


def _renamed(text: str, new: str) -> str:
    """A file's text with another name in it, where it has one."""
    return _NAME.sub(f"name: {new}", text, count=1)
