"""A changed scenario as a file of its own: validated first, written whole, never over another."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path as FilePath

from jcurve.assumptions.retired import SCHEMA
from jcurve.assumptions.scenario import Scenario
from jcurve.assumptions.store import new_path, read_scenario, scenario_name
from jcurve.ground.errors import ScenarioError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project

__all__ = ["changed_scenario_text", "save"]

_PLAIN = re.compile(r"[0-9A-Za-z.+-][0-9A-Za-z .+/%-]*", re.ASCII)


def changed_scenario_text(
    name: str, parent: Scenario, changes: Mapping[str, str], reason: str, title: str = ""
) -> str:
    """A scenario file that extends ``parent`` and makes ``changes``.

    Args:
        name: of the new scenario.
        parent: a scenario as its file has it.
        changes: text by key or ``key.2027``, as overrides are written.
        reason: why, for each change and as the story.
        title: for headings; made from the name when empty.

    Raises:
        ScenarioError: the name is none, or there is no reason.
    """
    heading = " ".join(title.split()) or scenario_name(name).replace("_", " ").capitalize()
    why = " ".join(reason.split())
    if not why:
        raise ScenarioError(
            "why is missing", where=name, allowed="the reason for the changes, in words"
        )
    lines = [
        f"schema: {SCHEMA}",
        f"name: {scenario_name(name)}",
        f"title: {_quoted(heading)}",
        f"extends: {parent.name}",
        f"story: {_quoted(why)}",
        "assumptions:",
    ]
    for key, text in changes.items():
        lines += [f"  {key}:", f"    value: {_written(text)}", f"    why: {_quoted(why)}"]
    return "\n".join(lines) + "\n"


def save(
    name: str,
    state: Scenario,
    parent: Scenario,
    changes: Mapping[str, str],
    reason: str,
    title: str = "",
    project: Project | str | FilePath | None = None,
) -> FilePath:
    """Write ``state``, which is ``parent`` with ``changes``, as the scenario ``name``.

    Returns:
        The file; loading it gives a scenario with the hash of ``state``.

    Raises:
        ScenarioError: the name is none or taken, nothing is changed, there is no reason, or
            the file would not validate or would mean something else; nothing is written.
        WriteError: it cannot be written, or another process has just written it.
    """
    path = new_path(scenario_name(name), project)
    if path.exists():
        raise ScenarioError("a scenario of this name exists", received=name, allowed="another name")
    if not changes:
        raise ScenarioError("nothing is changed", received=name, allowed="at least one change")
    text = changed_scenario_text(name, parent, changes, reason, title)
    if read_scenario(name, text, project).hash != state.hash:
        raise ScenarioError(
            "the file would not hold this state",
            where=name,
            allowed=f"{parent.name} as it was when it was opened; open it again",
        )
    write_file(path, text, fresh=True)
    return path


def _written(text: str) -> str:
    """A value in YAML: tables, lists and plain words as they are, anything else quoted."""
    is_flow = text.lstrip().startswith(("{", "["))
    return text.strip() if is_flow or _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar; the escapes of JSON are those of YAML."""
    return json.dumps(text, ensure_ascii=False)
