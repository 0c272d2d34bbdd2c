"""Run a report notebook, judge it, publish it.

``run`` is the one way to an edition; a report notebook itself uses ``notebook_errors``,
``check_parameters``, ``determinants``, ``earlier`` and ``record_case``.
"""

from jcurve.reports.drive import Done, raised
from jcurve.reports.earlier import earlier
from jcurve.reports.editions import Edition, editions, latest
from jcurve.reports.ledger import Ledger, now
from jcurve.reports.parameters import Parameters, check_parameters, notebook_errors
from jcurve.reports.plan import Plan, prepare, reports_of
from jcurve.reports.provenance import Determinants, determinants
from jcurve.reports.results import Results, record, record_case
from jcurve.reports.run import run, run_plan
from jcurve.reports.verdict import EXHIBIT_KEY, FailedRun, NothingToReport, Verdict

__all__ = [
    "EXHIBIT_KEY",
    "Determinants",
    "Done",
    "Edition",
    "FailedRun",
    "Ledger",
    "NothingToReport",
    "Parameters",
    "Plan",
    "Results",
    "Verdict",
    "check_parameters",
    "determinants",
    "earlier",
    "editions",
    "latest",
    "notebook_errors",
    "now",
    "prepare",
    "raised",
    "record",
    "record_case",
    "reports_of",
    "run",
    "run_plan",
]
