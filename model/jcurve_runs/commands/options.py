"""What can be typed after the verbs for unattended runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["add_verbs"]

Verb = Callable[[str, str, str], argparse.ArgumentParser]


def add_verbs(
    verb: Verb,
    add_set: Callable[[argparse.ArgumentParser], None],
    seconds: Callable[[str], float],
    count: Callable[[str], int],
) -> None:
    """Add the verbs to a parser.

    Args:
        verb: adds one, given its name, what it does and an example.
        add_set: adds ``--set``.
        seconds, count: read an option's value.
    """
    made = verb("report", "render reports", "jcurve report -s bear --set returns.wacc=0.1")
    made.add_argument(
        "report",
        nargs="?",
        default="scenario_report",
        metavar="REPORT",
        help="a notebook of notebooks/ (default: scenario_report)",
    )
    made.add_argument(
        "-s",
        "--scenario",
        action="append",
        metavar="SCENARIO",
        help="scenario; may be given several times (default: base)",
    )
    add_set(made)
    made.add_argument(
        "--view",
        default="programme",
        metavar="VIEW",
        help="programme or go_forward (default: programme)",
    )
    made.add_argument(
        "-p",
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a further parameter that the notebook declares",
    )
    made.add_argument(
        "--deadline",
        type=seconds,
        default=600.0,
        metavar="SECONDS",
        help="stop a run after this long (default: 600)",
    )
    made.add_argument(
        "--force", action="store_true", help="run even when the latest edition says the same"
    )
    made.add_argument(
        "--strict",
        action="store_true",
        help="refuse a notebook of which anything would be left out; runs it in any case",
    )
    made.add_argument(
        "--workbook", action="store_true", help="publish the scenario's workbook beside the report"
    )
    made.add_argument(
        "--list", action="store_true", help="tell which reports there are and what each takes"
    )
    made.add_argument("--json", action="store_true", help="print the editions as JSON")

    made = verb("batch", "run scenarios × reports in parallel", "jcurve batch -s bear -s bull")
    made.add_argument(
        "reports",
        nargs="*",
        metavar="REPORT",
        help="notebooks of notebooks/ (default: scenario_report)",
    )
    made.add_argument(
        "-s",
        "--scenario",
        action="append",
        metavar="SCENARIO",
        help="scenario; may be given several times (default: all of them)",
    )
    add_set(made)
    made.add_argument("--view", default="programme", metavar="VIEW", help="programme or go_forward")
    made.add_argument(
        "-j", "--jobs", type=count, metavar="N", help="at once (default: one a processor)"
    )
    made.add_argument(
        "--plain",
        action="store_true",
        help="a fresh process for each run, instead of forks of a warm one",
    )
    made.add_argument(
        "--deadline",
        type=seconds,
        default=600.0,
        metavar="SECONDS",
        help="stop a run after this long (default: 600)",
    )
    made.add_argument(
        "--attempts",
        type=count,
        default=3,
        metavar="N",
        help="for failures that may pass by themselves (default: 3)",
    )
    made.add_argument("--force", action="store_true", help="run what is unchanged as well")
    made.add_argument(
        "--workbook", action="store_true", help="publish each scenario's workbook beside its report"
    )
    made.add_argument("--json", action="store_true", help="print the manifest")

    made = verb("runs", "what has run, the newest first", "jcurve runs --state failed")
    made.add_argument("run", nargs="?", metavar="RUN", help="one run, with all that happened to it")
    made.add_argument("--report", metavar="REPORT", help="of this report only")
    made.add_argument("--state", metavar="STATE", help="in this state only, such as failed")
    made.add_argument("--batch", metavar="BATCH", help="of this batch only")
    made.add_argument(
        "-n", "--last", type=count, default=20, metavar="N", help="how many (default: 20)"
    )
    made.add_argument("--json", action="store_true", help="print JSON")

    made = verb("tick", "run what is due by reports/schedule.yml", "jcurve tick --watch")
    made.add_argument(
        "--watch", action="store_true", help="stay, and look again whenever something is due"
    )
    made.add_argument(
        "--check", action="store_true", help="only say what is wrong with schedules and mail"
    )
    made.add_argument(
        "--now", metavar="SCHEDULE", help="run this schedule as well, whatever its clock says"
    )
    made.add_argument(
        "--no-deliver", action="store_true", help="leave mails in the outbox for jcurve deliver"
    )
    made.add_argument("--json", action="store_true", help="print status.json")

    made = verb("deliver", "send what waits in the outbox", "jcurve deliver")
    made.add_argument("--again", action="store_true", help="also what was refused, and at once")
    made.add_argument("--json", action="store_true", help="print JSON")

    made = verb("outbox", "mails that are owed, recipient by recipient", "jcurve outbox")
    made.add_argument("--all", action="store_true", help="also what was sent")
    made.add_argument(
        "--resend",
        action="append",
        metavar="MESSAGE",
        help="put a message into the outbox again, for all its recipients; then jcurve deliver",
    )
    made.add_argument("--json", action="store_true", help="print JSON")

    made = verb("portal", "write the static site of all reports", "jcurve portal")
    made.add_argument("--json", action="store_true", help="print JSON")

    made = verb("prune", "take old editions away", "jcurve prune --last 10 --days 90 --dry-run")
    made.add_argument(
        "--last", type=count, default=10, metavar="N", help="keep the newest N (default: 10)"
    )
    made.add_argument(
        "--days", type=count, default=90, metavar="N", help="keep what is younger (default: 90)"
    )
    made.add_argument(
        "--no-monthly", action="store_true", help="do not keep the last edition of each month"
    )
    made.add_argument("--dry-run", action="store_true", help="only say what would go")
    made.add_argument("--json", action="store_true", help="print JSON")
