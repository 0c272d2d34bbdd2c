"""The command ``jcurve``: one verb for each job, a few lines around one Python call.

What the user typed enters, an :class:`~jcurve.commands.verb.Answer` leaves: lines for a reader or,
with ``--json``, data for a machine. A mistake is one line on standard error and an exit status by
class. Start reading at ``verb`` (what a verb is, how its options are read), then at
``question_verbs`` (one function a verb, its options above it); ``command_line`` finds the verb,
also in other packages (:mod:`jcurve.ground.extensions`), and says how it ended. Everything heavy is
imported inside the verb that needs it, so that ``jcurve --help`` answers at once:

    >>> main(["--version"])
    jcurve 0.1.0
    0
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        # Whoever changes his mind at once interrupts an import.
        from jcurve.commands.command_line import run

        return run(arguments)
    except KeyboardInterrupt as interrupt:
        print(f"jcurve: {str(interrupt) or 'interrupted'}", file=sys.stderr)
        return _INTERRUPTED
