"""A scenario file to begin with: decision and drivers as comments, ready to be edited."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.book import drivers
from jcurve.assumptions.document import Place
from jcurve.assumptions.overrides import find
from jcurve.assumptions.paths import DATE, Path, Value, changes_text
from jcurve.assumptions.reading import number_text
from jcurve.assumptions.retired import SCHEMA
from jcurve.assumptions.scenario import Scenario
from jcurve.assumptions.store import BASE, load, new_path, scenario_name
from jcurve.ground.errors import ScenarioError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project

__all__ = ["new_scenario_text", "start"]

_WIDTH = 96


def start(
    name: str,
    extends: str = BASE,
    keys: Iterable[str] | None = None,
    project: Project | str | FilePath | None = None,
) -> FilePath:
    """Write a new scenario file that validates as it is and holds ``keys`` to edit, by default
    the decision and the drivers.

    Returns:
        The file.

    Raises:
        ScenarioError: the name is none, is taken, or the parent does not validate.
        WriteError: the file cannot be written.
    """
    parent = load(extends, project)
    path = new_path(scenario_name(name), project)
    if path.exists():
        raise ScenarioError("a scenario of this name exists", received=name, allowed="another name")
    wanted = [each.key for each in drivers(parent)] if keys is None else list(keys)
    text = new_scenario_text(name, parent, wanted)
    write_file(path, text, fresh=True)
    return path


def new_scenario_text(name: str, parent: Scenario, keys: Sequence[str]) -> str:
    """A scenario file that extends ``parent`` and changes nothing yet.

    Each key stands as a comment with its meaning, unit, range and reason, and with its
    present value as the entry to change.

    Raises:
        ScenarioError: a key is no assumption or cannot be set.
    """
    title = scenario_name(name).replace("_", " ").capitalize()
    lines = [
        f"# {title}. Lists only what differs from {parent.name}, and why.",
        "# Take '# ' off a key and its two fields, change the value, give the reason.",
        "# A value may carry its unit ('200 USD bn'); key.2027 in place of key changes one year,",
        "# life.change.2027Q1 sets the useful life of servers from that quarter on.",
        f"schema: {SCHEMA}",
        f"name: {name}",
        f"title: {title}",
        f"extends: {parent.name}",
        f"story: Starts as {parent.title}; what it changes is listed below.",
        "assumptions:",
    ]
    for key in keys:
        item, _ = find(key, parent.assumptions, parent.mixes, Place("keys"))
        lines += ["", *_entry(item)]
    return "\n".join(lines) + "\n"


def _entry(item: Assumption) -> list[str]:
    notes = [f"{item.label} ({item.unit})"]
    if item.low is not None and item.high is not None:
        notes.append(f"low {_written(item, item.low)}, high {_written(item, item.high)}")
    if item.bounds is not None:
        low, high = (_number(item, bound) for bound in item.bounds)
        notes.append(f"accepted: {low} to {high}")
    if item.choices:
        notes.append(f"accepted: {', '.join(item.choices)}")
    notes.append(f"{item.kind}, as of {item.as_of}: {item.rationale}")
    comments = [f"  ## {line}" for note in notes for line in textwrap.wrap(note, _WIDTH)]
    return [
        *comments,
        f"  # {item.key}:",
        f"  #   value: {_written(item, item.value)}",
        "  #   why: say why",
    ]


def _written(item: Assumption, value: Value) -> str:
    if isinstance(value, Path):
        points = ", ".join(f"{value.label(p)}: {_number(item, v)}" for p, v in value.points)
        return f"{{{points}}}"
    if isinstance(value, tuple):
        return changes_text(value)
    return _number(item, value)


def _number(item: Assumption, value: float) -> str:
    if item.unit == DATE or item.choices:
        return number_text(value, item.unit, item.choices)
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.12g}"
