"""What a verb is: a function whose parameters are what can be typed, and that gives an answer.

::

    @verb("jcurve solve returns.wacc --for irr=wacc", overrides=True)
    def solve(
        context: Context,
        key: Annotated[str, "the assumption, such as capex.total.2027"],
        *,
        target: Annotated[str, "--for", "npv=0, irr=wacc, payback=2032Q4"] = "npv=0",
        verbose: Annotated[bool, "say more"] = False,
    ) -> Answer:
        \"\"\"What must be true.\"\"\"

Parameters before the star are words by their place, those after it options; type and default say
what may be given. Of the texts beside the type, those with a dash are the option's names, the first
other one is its help, and a second stands for its value. A function there reads the value. The
docstring is the verb's help.
"""

from __future__ import annotations

import argparse
import builtins
import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NoReturn,
    TypeAlias,
    get_args,
    get_origin,
    get_type_hints,
)

from jcurve.commands.progress import Progress
from jcurve.commands.texts import once_each
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project, find_project

if TYPE_CHECKING:
    from jcurve.assumptions import Scenario
    from jcurve.case import Case


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb has to say."""

    data: Any  # a result for a machine, with ``--json``
    lines: Sequence[str] = ()  # for a reader
    status: int = 0  # the exit status; 9 where there is no answer of the kind asked for

    def print(self, as_json: bool) -> None:
        """Print the data or the lines."""
        if not as_json:
            print("".join(f"{line}\n" for line in self.lines), end="")
            return
        from jcurve.analysis.question import as_data

        print(json.dumps(as_data(self.data), indent=2, ensure_ascii=False, allow_nan=False))


@dataclass(frozen=True)
class Context:
    """What every verb is given beside its own parameters."""

    folder: str | None  # of ``--project``
    sets: Sequence[str] = ()  # the texts of ``--set``
    json: bool = False  # whether the answer is for a machine
    scheduler: str | None = None  # address of a Dask cluster that answers instead of this machine

    @cached_property
    def project(self) -> Project:
        """The project that was named, or found from here upwards."""
        return find_project(self.folder)

    @cached_property
    def overrides(self) -> Mapping[str, str]:
        """The overrides by key, as texts: the assumption's own unit decides how each is read."""
        if not self.sets:
            return {}
        from jcurve.assumptions import parse_override

        return once_each(map(parse_override, self.sets), "--set")

    def scenario(self, name: str) -> Scenario:
        """A scenario with the overrides."""
        project = self.project  # first: without one nothing else is worth saying
        return read_scenario(name, self.overrides, project)

    def spread(self) -> AbstractContextManager[None]:
        """A block in which many scenarios are answered by the cluster, where one is named."""
        from jcurve.analysis.cluster import answered_on

        return answered_on(self.scheduler, self.project, to_stderr)

    def case(self, name: str) -> Case:
        """The evaluated model of a scenario with the overrides."""
        from jcurve import evaluate

        wanted = self.scenario(name)
        with Progress(f"evaluating {name}"):
            return evaluate(wanted, project=self.project)


def read_scenario(name: str, overrides: Mapping[str, str], project: Project) -> Scenario:
    """A scenario with overrides; what there is to note goes to standard error."""
    from jcurve.assumptions import scenario

    found = scenario(name, overrides, project=project, origin="--set")
    for text in found.notes.values():
        to_stderr(f"note: {text}")
    return found


def to_stderr(text: str) -> None:
    """One line on standard error."""
    print(f"jcurve: {text}", file=sys.stderr)


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


def _port(text: str) -> int:
    if (port := _count(text)) > 65_535:
        raise argparse.ArgumentTypeError(f"not a port, which is 65535 at most: {text!r}")
    return port


Seconds: TypeAlias = Annotated[float, _seconds]  # a time above 0

Count: TypeAlias = Annotated[int, _count]  # a whole number above 0
Port: TypeAlias = Annotated[int, _port]

NOT_WITH_JSON = object()  # beside the type of an option that cannot go with ``--json``


Action: TypeAlias = Callable[..., Answer | int | None]
"""Gives an answer to print, or the exit status of what it has printed itself; None is 0."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the command."""

    name: str  # what is typed
    action: Action  # the function; where it gives an answer, ``--json`` is among the options
    example: str  # a call that works
    overrides: bool  # whether ``--set`` is among the options
    # whether ``--scheduler`` is; what is left to a cluster then: the answers of the model, or the
    # work that the verb itself hands over
    cluster: Literal["answers", "work"] | None = None

    @property
    def help(self) -> str:
        """The docstring of the function."""
        return inspect.getdoc(self.action) or ""


def verb(
    example: str, *, overrides: bool = False, cluster: Literal["answers", "work"] | None = None
) -> Callable[[Action], Verb]:
    """Make a verb of a function."""
    return lambda action: Verb(action.__name__, action, example, overrides, cluster)


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


def read_arguments(
    arguments: Sequence[str] | None, verbs: Mapping[str, Verb]
) -> argparse.Namespace:
    """The chosen verb and its options; ``command`` names it, None for ``--version``."""
    parser = _Parser(
        prog="jcurve",
        description="An open workbench for the J-curve of AI capital spending.",
        epilog=_EPILOG,
    )
    parser.add_argument("--project", metavar="FOLDER", help="project folder (else found upwards)")
    parser.add_argument("--version", action="store_true", help="which version this is")
    parser.add_argument(
        "--verbose", action="store_true", help="with --version: which evaluation runs, and why"
    )
    adder = parser.add_subparsers(metavar="COMMAND", dest="command")
    words = sys.argv[1:] if arguments is None else arguments
    for each in verbs.values():
        made = adder.add_parser(
            each.name,
            help=each.help.partition("\n")[0].removesuffix("."),
            description=each.help,
            epilog=f"example:\n  {each.example}",
        )
        if each.name in words:  # to read the parameters of all of them takes time at each start
            _add_parameters(made, each)
    chosen, unknown = parser.parse_known_args(words)
    if chosen.command is None:
        if unknown or not chosen.version:
            parser.error("the following arguments are required: COMMAND")
    elif unknown:
        actions = adder.choices[chosen.command]._actions
        options = [name for action in actions for name in action.option_strings]
        raise UsageError.not_among(
            f"unknown argument of {chosen.command}",
            unknown[0],
            options,
            allowed=", ".join(sorted(options, key=lambda option: option.lstrip("-"))),
        )
    return chosen


class _Parser(argparse.ArgumentParser):
    """Argparse whose mistakes are ours: one line, with the nearest valid word."""

    def __init__(self, **settings: Any) -> None:
        form = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=form, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        for kind, word in (("int", "whole number"), ("float", "number")):
            message = message.replace(f"invalid {kind} value", f"not a {word}")
        raise UsageError(message, allowed=f"see '{self.prog} --help'")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            raise UsageError.not_among(
                f"unknown {(action.metavar or action.dest)!s}".lower(), value, choices
            )


def _add_parameters(parser: argparse.ArgumentParser, made: Verb) -> None:
    """Let the parser of a verb know what can be typed after it."""
    # Also accepted after the verb; SUPPRESS keeps it from wiping one given before.
    parser.add_argument(
        "--project", metavar="FOLDER", default=argparse.SUPPRESS, help="project folder"
    )
    hints = get_type_hints(made.action, include_extras=True)
    has_json = Answer in (hints["return"], *get_args(hints["return"]))
    exclusive = parser.add_mutually_exclusive_group() if has_json else parser
    _, *parameters = inspect.signature(made.action).parameters.values()
    for parameter in parameters:
        kind, beside = _taken_apart(hints[parameter.name])
        names, settings = _in_words_of_argparse(parameter, kind, beside)
        (exclusive if NOT_WITH_JSON in beside else parser).add_argument(*names, **settings)
    if made.overrides:
        text = "override an assumption; may be given several times"
        parser.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", dest="sets", help=text
        )
    if made.cluster:
        text = "leave the work to the workers of a Dask cluster, tcp://…"
        parser.add_argument("--scheduler", metavar="ADDRESS", help=text)
    if has_json:
        exclusive.add_argument("--json", action="store_true", help="print JSON")


def _taken_apart(hint: Any) -> tuple[Any, list[Any]]:
    """A type without None, and what stands beside it."""
    beside: list[Any] = []
    while get_origin(hint) is Annotated or NoneType in get_args(hint):  # the one inside the other
        hint, *more = (each for each in get_args(hint) if each is not NoneType)
        beside += more
    return hint, beside


def _in_words_of_argparse(
    parameter: inspect.Parameter, kind: Any, beside: list[Any]
) -> tuple[list[str], dict[str, Any]]:
    """The names and keywords for :meth:`argparse.ArgumentParser.add_argument`."""
    name, by_place = parameter.name, parameter.kind is not parameter.KEYWORD_ONLY
    names = [each for each in beside if isinstance(each, str) and each.startswith("-")]
    texts = [each for each in beside if isinstance(each, str) and each not in names]
    needed = parameter.default is parameter.empty
    default = None if needed else parameter.default
    shown = f" (default: {default})" if default not in (None, False, "") else ""
    settings = {"help": "".join([*texts[:1], shown]).strip(), "default": default}
    if kind is bool:
        settings["action"] = "store_true"
    else:
        settings["metavar"] = texts[1] if texts[1:] else name.upper()
        settings["type"] = next(filter(callable, beside), None)
        match get_origin(kind), get_args(kind):
            case builtins.list, _:
                settings |= {"nargs": "*"} if by_place else {"action": "append", "default": []}
            case builtins.tuple, (_, *more):
                settings["nargs"] = "+" if Ellipsis in more else 1 + len(more)
            case (origin, choices) if origin is Literal:
                settings["choices"] = choices
            case _:
                settings["type"] = settings["type"] or kind
                settings["nargs"] = "?" if by_place and not needed else None
    if by_place:
        return [name], settings
    return names or [f"--{name.replace('_', '-')}"], settings | {"dest": name}
