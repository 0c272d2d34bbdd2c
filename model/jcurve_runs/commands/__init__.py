"""The verbs of runs, which the command finds by the entry point of this package.

``verbs`` has a function for each: report, batch and runs; tick, deliver, outbox, portal and prune.
Its parameters are what can be typed, its docstring is the help (:mod:`jcurve.commands.verb`), what
it returns is printed. ``batch_progress`` shows a batch on a terminal:

    >>> [each.name for each in VERBS][:3]
    ['report', 'batch', 'runs']
"""

from jcurve_runs.commands.verbs import VERBS

__all__ = ["VERBS"]
