"""What the sister packages bring to the model: verbs for the command, reports for the panel.

The model imports neither of them. They say what they bring as entry points of the distribution
(``pyproject.toml``), and it is loaded here when somebody asks for it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

__all__ = ["COMMANDS", "REPORTS", "Asked", "brought"]

COMMANDS = "jcurve.commands"
"""Groups of verbs; each is a module with ``VERBS``, ``add_verbs`` and ``run``."""

REPORTS = "jcurve.reports"
"""``run`` takes a report to a published edition."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sister's verb is given by the command line.

    Attributes:
        chosen: the options.
        project: the project.
        overrides: of ``--set``.
        parameters: of ``--parameter``.
        resolve: reads a scenario by name, with overrides, from a project.
    """

    chosen: argparse.Namespace
    project: Project
    overrides: Mapping[str, Any]
    parameters: Mapping[str, Any]
    resolve: Callable[[str, Mapping[str, Any], Project], Any]


def brought(group: str, name: str | None = None) -> list[Any]:
    """What is brought to a group, in the order of the names.

    Raises:
        UsageError: nothing is brought under ``name``: a sister package is not installed.
    """
    found = sorted(entry_points(group=group), key=lambda each: each.name)
    if name is not None:
        found = [each for each in found if each.name == name]
        if not found:
            raise UsageError(
                "this installation cannot do that",
                where=f"{group}: {name}",
                allowed="install jcurve as a whole: pip install jcurve",
            )
    return [each.load() for each in found]
