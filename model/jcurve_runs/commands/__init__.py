"""The verbs of runs, which the command finds by their entry point.

``options`` says what can be typed, ``verbs`` carries it out, ``bars`` shows a batch on a terminal.
"""

from __future__ import annotations

from jcurve.ground.sisters import Asked
from jcurve_runs.commands.options import add_verbs

__all__ = ["VERBS", "add_verbs", "run"]

VERBS = ("report", "batch", "runs", "tick", "deliver", "outbox", "portal", "prune")


def run(asked: Asked) -> int:
    """Carry out the verb that was chosen; the exit status."""
    from jcurve_runs.commands.verbs import COMMANDS

    return COMMANDS[asked.chosen.command](asked)
