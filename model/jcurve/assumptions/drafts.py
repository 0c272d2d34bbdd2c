"""Scenario files written for a user: a new one to begin with, a changed state to keep, and those
that are there brought up to date, renamed, copied, deleted.

What is written is validated first, whole, means what the caller has, and is a user's own: only the
scenarios that the base scenario's file lists are shipped, and those are never touched, nor is a
file that others rest on renamed or deleted under them.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.fields import number_text
from jcurve.assumptions.nodes import Place
from jcurve.assumptions.paths import DATE, Path, Value, changes_text
from jcurve.assumptions.retired import SCHEMA
from jcurve.assumptions.scenario import Scenario, find
from jcurve.assumptions.scenario_files import (
    BASE,
    available,
    load,
    new_path,
    parent_of,
    read_scenario,
    scenario_name,
    shipped,
)
from jcurve.ground.errors import ScenarioError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project, Where

_PLAIN = re.compile(r"[0-9A-Za-z.+-][0-9A-Za-z .+/%-]*", re.ASCII)
_WIDTH = 96
_ENTRY = re.compile(r"  (?P<key>[a-z][a-z0-9_.]*[0-9A-Za-z_])\s*:")
_NAME = re.compile(r"^name:.*$", re.MULTILINE)


def changed_scenario_text(
    name: str,
    parent: Scenario,
    changes: Mapping[str, str],
    reason: str,
    title: str = "",
    notes: Mapping[str, str] | None = None,
) -> str:
    """A scenario file that extends ``parent`` and makes ``changes``.

    Args:
        name: of the new scenario.
        parent: a scenario as its file has it.
        changes: text by key or ``key.2027``, as overrides are written.
        reason: why, as the story and for each change without a note of its own.
        title: for headings; made from the name when empty.
        notes: why, by the same keys as the changes.

    Raises:
        ScenarioError: the name is none, or a change has no reason.
    """
    heading = " ".join(title.split()) or _title_from(name)
    entries = _entry_lines(name, changes, dict.fromkeys(changes, reason) | dict(notes or {}))
    story = " ".join(reason.split()) or heading
    return "\n".join([*_head(name, _quoted(heading), parent, _quoted(story)), *entries]) + "\n"


def _entry_lines(name: str, changes: Mapping[str, str], reasons: Mapping[str, str]) -> list[str]:
    """The entries of a scenario file that make ``changes``, each with its reason."""
    lines: list[str] = []
    for key, text in changes.items():
        why = " ".join(reasons.get(key, "").split())
        if not why:
            allowed = "the reason for the changes, in words"
            raise ScenarioError("why is missing", where=name, allowed=allowed)
        # Tables, lists and plain words stand as they are, anything else in quotes.
        is_flow = text.lstrip().startswith(("{", "["))
        written = text.strip() if is_flow or _PLAIN.fullmatch(text) else _quoted(text)
        lines += [f"  {key}:", f"    value: {written}", f"    why: {_quoted(why)}"]
    return lines


def save(
    name: str,
    state: Scenario,
    parent: Scenario,
    changes: Mapping[str, str],
    reason: str,
    title: str = "",
    project: Where = None,
    *,
    notes: Mapping[str, str] | None = None,
) -> FilePath:
    """Write ``state``, which is ``parent`` with ``changes``, as the scenario ``name``.

    Returns:
        The file; loading it gives a scenario with the hash of ``state``.

    Raises:
        ScenarioError: the name is none or taken, nothing is changed, there is no reason, or
            the file would not validate or would mean something else; nothing is written.
        WriteError: it cannot be written, or another process has just written it.
    """
    path = _free_path(name, project)
    if not changes:
        raise ScenarioError("nothing is changed", received=name, allowed="at least one change")
    text = changed_scenario_text(name, parent, changes, reason, title, notes)
    _check_means(name, text, state, parent.name, project)
    write_file(path, text, fresh=True)
    return path


def _check_means(name: str, text: str, state: Scenario, opened: str, project: Where) -> None:
    """Refuse a text that means another state than that of the scenario opened and changed."""
    if read_scenario(name, text, project).hash != state.hash:
        allowed = f"{opened} as it was when it was opened; open it again"
        raise ScenarioError("the file would not hold this state", where=name, allowed=allowed)


def start(name: str, extends: str = BASE, project: Where = None) -> FilePath:
    """Write a new scenario file that validates as it is and holds the decision and the drivers
    to edit.

    Returns:
        The file.

    Raises:
        ScenarioError: the name is none, is taken, or the parent does not validate.
        WriteError: the file cannot be written.
    """
    parent = load(extends, project)
    path = _free_path(name, project)
    text = new_scenario_text(name, parent, [item.key for item in parent.drivers])
    write_file(path, text, fresh=True)
    return path


def new_scenario_text(name: str, parent: Scenario, keys: Sequence[str]) -> str:
    """A scenario file that extends ``parent`` and changes nothing yet.

    Each key stands as a comment with its meaning, unit, range and reason, and with its
    present value as the entry to change.

    Raises:
        ScenarioError: a key is no assumption or cannot be set.
    """
    title = _title_from(name)
    lines = [
        f"# {title}. Lists only what differs from {parent.name}, and why.",
        "# Take '# ' off a key and its two fields, change the value, give the reason.",
        "# A value may carry its unit ('200 USD bn'); key.2027 in place of key changes one year,",
        "# life.change.2027Q1 sets the useful life of servers from that quarter on.",
        *_head(name, title, parent, f"Starts as {parent.title}; what it changes is listed below."),
    ]
    for key in keys:
        item, _ = find(key, parent.assumptions, parent.mixes, Place("keys"))
        lines += ["", *_entry(item)]
    return "\n".join(lines) + "\n"


def _free_path(name: str, project: Where) -> FilePath:
    path = new_path(scenario_name(name), project)
    if path.exists():
        raise ScenarioError("a scenario of this name exists", received=name, allowed="another name")
    return path


def _title_from(name: str) -> str:
    return scenario_name(name).replace("_", " ").capitalize()


def _head(name: str, title: str, parent: Scenario, story: str) -> list[str]:
    return [
        f"schema: {SCHEMA}",
        f"name: {name}",
        f"title: {title}",
        f"extends: {parent.name}",
        f"story: {story}",
        "assumptions:",
    ]


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar; the escapes of JSON are those of YAML."""
    return json.dumps(text, ensure_ascii=False)


def _entry(item: Assumption) -> list[str]:
    notes = [f"{item.label} ({item.unit})"]
    if item.low is not None and item.high is not None:
        notes.append(f"low {_written(item, item.low)}, high {_written(item, item.high)}")
    if item.bounds is not None:
        low, high = (_written(item, bound) for bound in item.bounds)
        notes.append(f"accepted: {low} to {high}")
    if item.choices:
        notes.append(f"accepted: {', '.join(item.choices)}")
    notes.append(f"{item.kind}, as of {item.as_of}: {item.rationale}")
    return [
        *(f"  ## {line}" for note in notes for line in textwrap.wrap(note, _WIDTH)),
        f"  # {item.key}:",
        f"  #   value: {_written(item, item.value)}",
        "  #   why: say why",
    ]


def _written(item: Assumption, value: Value) -> str:
    if isinstance(value, Path):
        points = ", ".join(f"{value.label(p)}: {_written(item, v)}" for p, v in value.points)
        return f"{{{points}}}"
    if isinstance(value, tuple):
        return changes_text(value)
    if item.unit == DATE or item.choices:
        return number_text(value, item.unit, item.choices)
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.12g}"


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
    text = "\n".join([*kept, *_entry_lines(name, changes, reasons)]) + "\n"
    _check_means(name, text, state, name, project)
    write_file(path, text)
    return path


def copy_scenario(name: str, new: str, project: Project) -> FilePath:
    """Write a scenario of the user's own that is ``name`` under another name."""
    found, path = load(name, project), _free_path(new, project)
    if name == BASE:
        text = "\n".join(_head(new, _title_from(new), found, f'"As {found.title}."')) + "\n"
    else:
        filed = new_path(name, project).read_text(encoding="utf-8")
        text = _NAME.sub(f"name: {new}", filed, count=1)
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
    path = _free_path(name, project)
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
            if other != name and parent_of(other, project) == name:
                what = "another scenario extends this one"
                raise ScenarioError(what, received=other, allowed=f"delete {other} first")
        word = re.compile(rf"^\s*\"?{re.escape(name)}\"?\s*,", re.MULTILINE)
        for table in sorted(project.scenarios.glob("*.csv")):
            if word.search(table.read_text(encoding="utf-8")):
                what = "a table of weights names this scenario"
                raise ScenarioError(what, received=table.name, allowed="take it out of the table")
    return new_path(name, project)
