"""What can be typed after ``jcurve``, and help that shows an example of each."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from jcurve.ground.errors import UsageError
from jcurve.ground.sisters import COMMANDS, brought
from jcurve.question_options import add_question_verbs

__all__ = ["read_arguments"]

_EPILOG = """\
examples:
  jcurve report                          the base scenario as HTML and PDF
  jcurve report -s bear -s bull          two scenarios
  jcurve report --set capex.total.2027=200000
  jcurve show base --json                headline figures for a machine
  jcurve trace npv                       from a result down to reported facts
  jcurve check                           every scenario file
  jcurve app                             drag an assumption, see the curve move
  jcurve workbook base base.xlsx         Excel with live formulas; jcurve adopt reads it back

exit status: 0 done, 2 usage, 3 scenario, 4 facts, 5 model, 6 run, 7 write, 8 project,
9 no answer, 10 + n a batch in which n runs failed, 130 interrupted
"""


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The chosen command and its options; ``command`` names the verb, None for ``--version``.

    Raises:
        UsageError: anything that is no command, option or value of the right kind.
    """
    parser, verbs = _parser()
    chosen, unknown = parser.parse_known_args(arguments)
    if chosen.command is None:
        if unknown or not chosen.version:
            parser.error("the following arguments are required: COMMAND")
        return chosen
    if unknown:
        options = [
            option for action in verbs[chosen.command]._actions for option in action.option_strings
        ]
        raise UsageError.not_among(
            f"unknown argument of {chosen.command}",
            unknown[0],
            options,
            allowed=", ".join(sorted(options, key=lambda option: option.lstrip("-"))),
        )
    return chosen


class _Parser(argparse.ArgumentParser):
    """Argparse whose mistakes are ours: one line, with the nearest valid word."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, allowed=f"see '{self.prog} --help'")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            raise UsageError.not_among(
                f"unknown {(action.metavar or action.dest)!s}".lower(), value, choices
            )


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = _Parser(
        prog="jcurve",
        description="An open workbench for the J-curve of AI capital spending.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--project", metavar="FOLDER", help="project folder (else found upwards)")
    parser.add_argument("--version", action="store_true", help="which version this is")
    parser.add_argument(
        "--verbose", action="store_true", help="with --version: which evaluation runs, and why"
    )
    adder = parser.add_subparsers(metavar="COMMAND", dest="command")
    verbs: dict[str, argparse.ArgumentParser] = {}

    def verb(name: str, text: str, example: str) -> argparse.ArgumentParser:
        verbs[name] = made = adder.add_parser(
            name,
            help=text,
            description=f"{text[:1].upper()}{text[1:]}.",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        # Also accepted after the verb; SUPPRESS keeps it from wiping one given before.
        made.add_argument(
            "--project", metavar="FOLDER", default=argparse.SUPPRESS, help="project folder"
        )
        return made

    _show(verb("show", "headline figures of a scenario", "jcurve show base --json"))
    _check(verb("check", "validate scenario files", "jcurve check bear bull"))
    _trace(verb("trace", "trace a number to what it rests on", "jcurve trace npv --depth 3"))
    _facts(verb("facts", "re-check the reported facts", "jcurve facts verify"))
    _workbook(
        verb(
            "workbook",
            "write a scenario as an Excel workbook with live formulas",
            "jcurve workbook base base.xlsx --set returns.wacc=0.1",
        )
    )
    _adopt(
        verb(
            "adopt",
            "read the inputs of an edited workbook back as a scenario",
            "jcurve adopt base.xlsx --as my_case",
        )
    )
    starting = verb("init", "make a project of your own", "jcurve init my_project")
    starting.add_argument("folder", metavar="FOLDER", help="a new or an empty folder")
    _new(verb("new", "start a scenario file", "jcurve new my_case --extends base"))
    _migrate(
        verb(
            "migrate",
            "convert a scenario file or schedule of an earlier version",
            "jcurve migrate my_case --dry-run",
        )
    )
    _diff(verb("diff", "compare two scenarios, runs or editions", "jcurve diff base bear"))
    _serve(verb("lab", "open JupyterLab on the notebooks", "jcurve lab --port 8890"))
    _app(verb("app", "serve the workbench without code", "jcurve app --kernels 6"))
    add_question_verbs(verb, _set)
    for each in brought(COMMANDS):
        each.add_verbs(verb, _set, _seconds, _count)
    return parser, verbs


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", metavar="SCENARIO", help="such as base")
    _set(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--csv", action="store_true", help="print CSV")


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="default: all of them")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("line", metavar="LINE", help="such as npv, npv.go_forward, capex@without")
    parser.add_argument("--at", metavar="PERIOD", help="a quarter or year, such as 2027Q4")
    parser.add_argument("-s", "--scenario", default="base", metavar="SCENARIO")
    _set(parser)
    parser.add_argument("--depth", type=_count, metavar="N", help="levels to show (default: all)")
    parser.add_argument(
        "--size",
        type=_count,
        default=80,
        metavar="N",
        help="about how many numbers to show (default: 80)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _facts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=["verify", "refresh"],
        metavar="ACTION",
        help="verify: re-check every identity; refresh: compare with EDGAR",
    )
    parser.add_argument(
        "--company", default="META", metavar="NAME", help="whose facts to refresh (default META)"
    )
    parser.add_argument(
        "--write", action="store_true", help="add what is new, once every identity holds"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _workbook(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", metavar="SCENARIO", help="such as base")
    parser.add_argument("file", metavar="FILE.xlsx", help="replaced if it is there")
    _set(parser)


def _adopt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.xlsx", help="written by jcurve workbook, then edited")
    parser.add_argument(
        "--as",
        metavar="NAME",
        dest="name",
        help="of the new scenario (default: made from the file's name)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="of the new scenario, or notebook")
    parser.add_argument("--extends", default="base", metavar="SCENARIO", help="default: base")
    parser.add_argument(
        "--notebook", action="store_true", help="start a report of your own: notebooks/NAME.ipynb"
    )


def _migrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="FILE|SCENARIO", help="a scenario, its file, or reports/schedule.yml"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the diff, write nothing")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("one", metavar="A", help="a scenario, a run, or report/series")
    parser.add_argument("other", metavar="B", help="the same, to hold against A")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="sets",
        help="override an assumption of B, when it is a scenario",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _serve(parser: argparse.ArgumentParser, port: int = 8888) -> None:
    parser.add_argument(
        "--port",
        type=_count,
        default=port,
        metavar="N",
        help=f"the first port to try, on this machine alone (default: {port})",
    )
    parser.add_argument("--no-browser", action="store_true", help="open no browser")


def _app(parser: argparse.ArgumentParser) -> None:
    _serve(parser, port=8866)
    parser.add_argument(
        "--kernels",
        type=_count,
        default=4,
        metavar="N",
        help="panels open at once, one kept warm among them (default: 4)",
    )
    parser.add_argument(
        "--idle",
        type=_seconds,
        default=7200.0,
        metavar="SECONDS",
        help="end a panel that nobody touches for this long (default: 7200)",
    )


def _set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="sets",
        help="override an assumption; may be given several times",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"not a number of seconds above 0: {text!r}")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a whole number above 0: {text!r}")
    return int(text)
