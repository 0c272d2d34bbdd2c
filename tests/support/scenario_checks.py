"""What is wrong or odd in scenario files, all of it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from jcurve.assumptions import Scenario, available, load
from jcurve.ground.errors import ScenarioError
from jcurve.ground.project import Project, find_project

__all__ = ["Level", "Problem", "check", "check_scenario"]

Level: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding.

    Attributes:
        scenario: whose file it is about.
        level: ``error`` when the scenario must not be used, ``warning`` when it is odd.
        text: one line, with file and line.
    """

    scenario: str
    level: Level
    text: str


def check(
    names: Iterable[str] | None = None,
    project: Project | str | Path | None = None,
    known_sources: Collection[str] | None = None,
) -> tuple[Problem, ...]:
    """The findings about some scenarios, by default all of a project.

    Args:
        names: of scenarios.
        project: found from the working directory when None.
        known_sources: keys that a source may have; None leaves sources unchecked.

    Raises:
        ProjectError: no project is found.
    """
    home = find_project(project)
    found: list[Problem] = []
    for name in available(home) if names is None else names:
        try:
            scenario = load(name, home)
        except ScenarioError as error:
            found.append(Problem(name, "error", str(error)))
            continue
        found += check_scenario(scenario, known_sources)
    return tuple(found)


def check_scenario(
    scenario: Scenario, known_sources: Collection[str] | None = None
) -> tuple[Problem, ...]:
    """The findings about one scenario that validates; only what its own file sets."""
    found: list[Problem] = []
    base = scenario.base.assumptions if scenario.base is not None else {}
    for item in scenario.items:
        if item.set_by != scenario.name:
            continue
        where = f"{item.where}, {item.key}"
        for source in item.source:
            if known_sources is not None and source not in known_sources:
                error = ScenarioError.not_among(
                    "unknown source", source, known_sources, where=where, allowed=""
                )
                found.append(Problem(scenario.name, "error", str(error)))
        own = base.get(item.key)
        if own is None or item.derived:
            continue
        same = (own.value, own.low, own.high, own.distribution, own.outcomes)
        if same == (item.value, item.low, item.high, item.distribution, item.outcomes):
            text = f"{where}: is as in {scenario.base.name if scenario.base else ''}"
            found.append(Problem(scenario.name, "warning", text))
    own_keys = {item.key for item in scenario.items if item.set_by == scenario.name}
    found += [
        Problem(scenario.name, "warning", f"{scenario[key].where}: {text}")
        for key, text in scenario.notes.items()
        if key in own_keys
    ]
    return tuple(found)
