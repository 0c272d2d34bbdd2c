"""What other packages add to the model: verbs for the command, reports for the panel.

The model imports none of them. They say what they add as entry points of the distribution
(``pyproject.toml``), and it is loaded here when somebody asks for it.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from jcurve.ground.errors import UsageError

__all__ = ["COMMANDS", "REPORTS", "extensions"]

COMMANDS = "jcurve.commands"  # Modules whose ``VERBS`` are verbs of the command

REPORTS = "jcurve.reports"  # ``run`` takes a report to a published edition


def extensions(group: str, name: str | None = None) -> list[Any]:
    """What is added to a group, in the order of the names.

    Raises:
        UsageError: nothing is added under ``name``: a package is not installed.
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
