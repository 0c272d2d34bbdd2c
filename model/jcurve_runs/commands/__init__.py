"""The verbs of runs, which the command finds by the entry point of this package.

``verbs`` has a function for report, batch and runs, ``operating_verbs`` for tick, deliver, outbox,
portal and prune. Its parameters are what can be typed, its docstring is the help
(:mod:`jcurve.commands.verb`), what it returns is printed:

    >>> [each.name for each in VERBS][:3]
    ['report', 'batch', 'runs']
"""

from jcurve_runs.commands import operating_verbs, verbs

VERBS = (*verbs.VERBS, *operating_verbs.VERBS)

__all__ = ["VERBS"]
