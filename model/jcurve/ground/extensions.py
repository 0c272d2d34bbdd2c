"""What other packages add to the model: verbs for the command, reports for the panel; and which
packages only some of the verbs need.

The model imports none of those that add to it. They say what they add as entry points of the
distribution (``pyproject.toml``), and it is loaded here when somebody asks for it.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from jcurve.ground.errors import UsageError

COMMANDS = "jcurve.commands"  # Modules whose ``VERBS`` are verbs of the command

REPORTS = "jcurve.reports"  # ``run`` takes a report to a published edition

_EXTRA = {
    "anywidget": "lab",
    "jupyterlab": "lab",
    "voila": "lab",
    "xlsxwriter": "excel",
    "pyarrow": "simulate",
    "distributed": "cluster",
}


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


def not_installed(error: ModuleNotFoundError) -> UsageError | None:
    """The error for a user who lacks an extra; None if something else is missing.

    >>> print(not_installed(ModuleNotFoundError(name="xlsxwriter.worksheet")))
    this needs a package that is not installed; received 'xlsxwriter'; \
allowed: pip install 'jcurve[excel]'
    """
    name = (error.name or "").partition(".")[0]
    if name not in _EXTRA:
        return None
    return UsageError(
        "this needs a package that is not installed",
        received=name,
        allowed=f"pip install 'jcurve[{_EXTRA[name]}]'",
    )
