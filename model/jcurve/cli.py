"""The command line: one verb per job, each a few lines around one Python call.

Everything heavy is imported inside the command that needs it, so that ``jcurve --help``
answers at once. A mistake gives one line on standard error and an exit status by class.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jcurve.ground.errors import AnswerError, FactsError, JCurveError, UsageError, WriteError
from jcurve.ground.extras import not_installed
from jcurve.ground.progress import Progress
from jcurve.ground.project import Project, find_project, start_project
from jcurve.ground.sisters import COMMANDS, Asked, brought
from jcurve.options import read_arguments

if TYPE_CHECKING:
    from jcurve.assumptions import Scenario
    from jcurve.case import Case

__all__ = ["main"]

_INTERRUPTED = 130
_BROKEN_PIPE = 141
_MOST_LISTED = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    _open_streams()
    try:
        chosen = read_arguments(arguments)
        command = _COMMANDS.get(chosen.command, _of_a_sister) if chosen.command else _version
        status = command(chosen)
        sys.stdout.flush()
        return status
    except JCurveError as error:
        print(f"jcurve: {error}", file=sys.stderr)
        return error.exit_status
    except ModuleNotFoundError as error:
        lacking = not_installed(error)
        if lacking is None:
            raise
        print(f"jcurve: {lacking}", file=sys.stderr)
        return lacking.exit_status
    except KeyboardInterrupt as interrupt:
        print(f"jcurve: {str(interrupt) or 'interrupted'}", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough. Python flushes standard output once more on its way
        # out; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EFBIG):
            raise
        # Standard output is a file on a full disk; what was asked for has been done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"jcurve: standard output cannot be written ({error.strerror})", file=sys.stderr)
        return WriteError.exit_status


def _open_streams() -> None:
    """Let every character be written, also where a stream is closed or is not UTF-8."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _version(chosen: argparse.Namespace) -> int:
    from jcurve import __version__

    print(f"jcurve {__version__}")
    if chosen.verbose:
        from jcurve.evaluation.evaluator import state

        for name, value in state(_case("base", chosen).assembly).items():
            print(f"{name}: {value}")
    return 0


def _show(chosen: argparse.Namespace) -> int:
    case = _case(chosen.scenario, chosen)
    headlines = case.headlines()
    size, said = _best_size(case, find_project(chosen.project))
    headlines["go_forward"]["best_size"] = size
    rates = [
        f"{name}: {' '.join(output.definition.split())}"
        for name, output in case.assembly.model.outputs.items()
        if name in _RATES
    ]
    if chosen.json:
        _print_json(
            {
                "scenario": case.scenario.name,
                "hash": case.scenario.hash,
                "valuation_date": case.valuation_date,
                "data_through": case.data_through,
                "views": headlines,
                "rates": rates,
            }
        )
    elif chosen.csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["scenario", "view", "name", "value", "unit", "reason"])
        for view, figures in headlines.items():
            for name, figure in figures.items():
                writer.writerow(
                    [
                        case.scenario.name,
                        view,
                        name,
                        *("" if figure.get(part) is None else figure[part] for part in _PARTS),
                    ]
                )
    else:
        print(f"{case.scenario.title} ({case.scenario.name}, {case.scenario.hash[:12]})")
        print(f"data through {case.data_through}, valued at the end of {case.valuation_date}\n")
        from jcurve.evaluation.naming import headline_text

        names = list(dict.fromkeys(name for view in headlines.values() for name in view))
        rows = [["", *headlines]]
        rows += [
            [name, *(headline_text(figures.get(name)) for figures in headlines.values())]
            for name in names
        ]
        _print_table(rows)
        print("", *rates, *said, sep="\n")
    return 0


_PARTS = ("value", "unit", "reason")
_RATES = ("irr", "irr_with_terminal_value")


def _best_size(case: Case, project: Project) -> tuple[dict[str, Any], list[str]]:
    """The best size as a figure with its range over the evidence, and what is said of it."""
    from jcurve.analysis.scale import best_size

    try:
        with Progress(f"best size of {case.scenario.name}"):
            best = best_size(case.scenario, project=project)
    except AnswerError as error:
        return {"value": None, "reason": error.what}, []
    said = f"best_size: times the plan; {best.low:.2f} to {best.high:.2f} over the evidence"
    notes = [said, *([best.at_end] if best.at_end else [])]
    return {"value": best.value, "unit": "x", "low": best.low, "high": best.high}, notes


def _check(chosen: argparse.Namespace) -> int:
    from jcurve.assumptions import available, scenario
    from jcurve.company import model

    project = find_project(chosen.project)
    names = chosen.scenarios or available(project)
    status = 0
    with Progress("building the model"):
        model(project=project)
    found: list[dict[str, Any]] = []
    for name in names:
        try:
            with Progress(f"checking {name}"):
                valid = scenario(name, project=project)
        except JCurveError as error:  # report every file, not only the first bad one
            status = status or error.exit_status
            found.append({"scenario": name, "valid": False, "error": str(error)})
            print(f"jcurve: {error}", file=sys.stderr)
            continue
        notes = list(valid.notes.values())
        found.append({"scenario": name, "valid": True, "hash": valid.hash, "notes": notes})
        if not chosen.json:
            print(f"{name}: valid, hash {valid.hash[:12]}")
            for text in notes:
                print(f"  note: {text}")
    if chosen.json:
        _print_json(found)
    return status


def _trace(chosen: argparse.Namespace) -> int:
    from jcurve.engine.trace import as_data, as_text

    case = _case(chosen.scenario, chosen)
    node = case.trace(chosen.line, at=chosen.at, depth=chosen.depth, size=chosen.size)
    if chosen.json:
        _print_json(as_data(node))
    else:
        print(as_text(node, case.assembly.timeline))
    return 0


def _facts(chosen: argparse.Namespace) -> int:
    if chosen.action == "refresh":
        return _refresh(chosen)
    from jcurve.facts import verify

    with Progress("facts"):
        report = verify(project=find_project(chosen.project))
    if chosen.json:
        _print_json(report.to_json())
    else:
        print(*report.lines(), sep="\n")
    return 0 if report.ok else FactsError.exit_status


def _refresh(chosen: argparse.Namespace) -> int:
    from dataclasses import asdict

    from jcurve.facts.edgar import ADDRESS, Edgar
    from jcurve.facts.refresh import refresh

    reader = Edgar(os.environ.get("JCURVE_EDGAR", ADDRESS))
    with Progress(f"EDGAR {chosen.company}"):
        found = refresh(
            chosen.company, find_project(chosen.project), edgar=reader, write=chosen.write
        )
    if chosen.json:
        _print_json(asdict(found))
    else:
        print(*found.lines(), sep="\n")
    return 0


def _workbook(chosen: argparse.Namespace) -> int:
    import datetime

    from jcurve.workbook import write

    case = _case(chosen.scenario, chosen)
    project = find_project(chosen.project)
    with Progress(f"workbook of {chosen.scenario}"):
        path = write(case, chosen.file, today=datetime.date.today(), project=project)
    print(path)
    return 0


def _adopt(chosen: argparse.Namespace) -> int:
    from jcurve.workbook import adopt, told

    with Progress(f"reading {chosen.file}"):
        found = adopt(chosen.file, chosen.name, project=find_project(chosen.project))
    if chosen.json:
        _print_json(told(found))
        return 0
    print(found.path or f"no input differs from {found.parent.name}; nothing is written")
    for change in found.differences:
        mark = "" if change.key in found.edited else " (as in the workbook)"
        print(f"  {change.key}: {change.before} -> {change.after} {change.unit}{mark}")
    for note in found.notes:
        print(f"note: {note}")
    if found.formulas:
        print(f"edited elsewhere and not adopted: {', '.join(found.formulas[:_MOST_LISTED])}")
        if len(found.formulas) > _MOST_LISTED:
            print(f"  and {len(found.formulas) - _MOST_LISTED} more cells")
    return 0


def _init(chosen: argparse.Namespace) -> int:
    made = start_project(chosen.folder)
    print(f"{made.root}: data, scenarios, notebooks and a schedule; now: cd {chosen.folder}")
    return 0


def _new(chosen: argparse.Namespace) -> int:
    project = find_project(chosen.project)
    if chosen.notebook:
        from jcurve.briefing.own_note import start_note

        print(start_note(chosen.name, project))
        return 0
    from jcurve.assumptions import start

    path = start(chosen.name, extends=chosen.extends, project=project)
    print(path)
    return 0


def _migrate(chosen: argparse.Namespace) -> int:
    from jcurve.assumptions import migrate

    project = find_project(chosen.project)
    found = migrate(chosen.what, project, dry_run=chosen.dry_run)
    made = found.conversion
    if chosen.json:
        lists = {"moved": dict(made.moved), "dropped": dict(made.dropped)}
        told = {"file": str(found.file), "written": found.written, "diff": found.diff}
        _print_json({**told, **lists, "noted": dict(made.noted)})
        return 0
    print(found.diff or f"{found.file}: nothing to convert", end="\n" if not found.diff else "")
    for key, became in made.moved:
        print(f"{key} -> {became}")
    for reason in dict.fromkeys(why for _, why in made.dropped):
        keys = ", ".join(key for key, why in made.dropped if why == reason)
        print(f"now a comment: {keys}: {reason}")
    for key, note in made.noted:
        print(f"{key}: {note}")
    return 0


def _diff(chosen: argparse.Namespace) -> int:
    from jcurve.briefing.editions import diff

    project, overrides = find_project(chosen.project), _overrides(chosen.sets)
    with Progress("comparing"):
        found = diff(chosen.one, chosen.other, project=project, overrides=overrides)
    if chosen.json:
        _print_json(found.to_json())
    else:
        print(*found.lines(), sep="\n")
    return 0


def _of_a_sister(chosen: argparse.Namespace) -> int:
    asked = Asked(
        chosen,
        find_project(chosen.project),
        _overrides(getattr(chosen, "sets", ())),
        _parameters(getattr(chosen, "parameter", ())),
        _scenario,
    )
    (sister,) = (each for each in brought(COMMANDS) if chosen.command in each.VERBS)
    return int(sister.run(asked))


def _ask(chosen: argparse.Namespace) -> int:
    from jcurve.question_commands import COMMANDS

    project = find_project(chosen.project)
    overrides = _overrides(getattr(chosen, "sets", ()))
    reply = COMMANDS[chosen.command](
        chosen, lambda name: _scenario(name, overrides, project), project
    )
    if chosen.json:
        _print_json(reply.data)
    else:
        print(*reply.heading, sep="\n")
        if reply.rows:
            _print_table(reply.rows)
        for note in reply.notes:
            print(note)
    return reply.status


def _lab(chosen: argparse.Namespace) -> int:
    from jcurve.workbench.serve import lab

    lab(find_project(chosen.project), port=chosen.port, browser=not chosen.no_browser)
    return 0


def _app(chosen: argparse.Namespace) -> int:
    from jcurve.workbench.serve import app

    app(
        find_project(chosen.project),
        port=chosen.port,
        browser=not chosen.no_browser,
        kernels=chosen.kernels,
        idle=chosen.idle,
    )
    return 0


def _case(name: str, chosen: argparse.Namespace) -> Case:
    from jcurve import evaluate

    project = find_project(chosen.project)
    wanted = _scenario(name, _overrides(getattr(chosen, "sets", ())), project)
    with Progress(f"evaluating {name}"):
        return evaluate(wanted, project=project)


def _scenario(name: str, overrides: Mapping[str, Any], project: Project) -> Scenario:
    from jcurve.assumptions import scenario

    found = scenario(name, overrides, project=project, origin="--set")
    for text in found.notes.values():
        print(f"jcurve: note: {text}", file=sys.stderr)
    return found


def _overrides(texts: Sequence[str]) -> dict[str, Any]:
    """``--set KEY=VALUE`` texts; the assumption's own unit decides how a text is read."""
    if not texts:
        return {}
    from jcurve.assumptions import parse_override

    return _gathered((parse_override(text) for text in texts), "--set")


def _parameters(texts: Sequence[str]) -> dict[str, Any]:
    """``--parameter NAME=VALUE`` texts."""
    pairs = [text.partition("=") for text in texts]
    for text, (name, sign, _) in zip(texts, pairs, strict=True):
        if not sign or not name.strip():
            raise UsageError("not a pair", where="--parameter", received=text, allowed="NAME=VALUE")
    return _gathered(((name.strip(), value.strip()) for name, _, value in pairs), "--parameter")


def _gathered(pairs: Iterable[tuple[str, str]], option: str) -> dict[str, Any]:
    gathered: dict[str, Any] = {}
    for key, text in pairs:
        if key in gathered:
            raise UsageError("given twice", where=option, received=key)
        gathered[key] = _value(text)
    return gathered


def _value(text: str) -> Any:
    """A number, flag, list or table written as JSON; any other text stays what it is."""
    import json

    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):  # the reader of assumptions counts nesting itself
        return text


def _print_json(value: object) -> None:
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "show": _show,
    "check": _check,
    "trace": _trace,
    "facts": _facts,
    "workbook": _workbook,
    "adopt": _adopt,
    "init": _init,
    "new": _new,
    "migrate": _migrate,
    "diff": _diff,
    "lab": _lab,
    "app": _app,
    "scale": _ask,
    "drivers": _ask,
    "implied": _ask,
    "solve": _ask,
    "bridge": _ask,
    "sensitivity": _ask,
    "simulate": _ask,
}
