"""Run a report notebook, judge it, publish it.

``run`` is the one way to an edition; a report notebook itself uses ``notebook_errors``,
``check_parameters``, ``determinants`` and ``record_case``.
"""

from jcurve.reports.editions import Edition, editions, latest
from jcurve.reports.parameters import Parameters, check_parameters, notebook_errors
from jcurve.reports.plan import reports_of
from jcurve.reports.provenance import Determinants, determinants
from jcurve.reports.results import Results, record, record_case
from jcurve.reports.run import run
from jcurve.reports.verdict import EXHIBIT_KEY, FailedRun, Verdict

__all__ = [
    "EXHIBIT_KEY",
    "Determinants",
    "Edition",
    "FailedRun",
    "Parameters",
    "Results",
    "Verdict",
    "check_parameters",
    "determinants",
    "editions",
    "latest",
    "notebook_errors",
    "record",
    "record_case",
    "reports_of",
    "run",
]
