"""The verbs around scenarios: what they say, what they rest on, a user's own, and the panel."""

from __future__ import annotations

import csv as csv_files
import datetime
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

from jcurve.commands.progress import Progress
from jcurve.commands.texts import attributes, table, write_frame
from jcurve.commands.verb import (
    NOT_WITH_JSON,
    Answer,
    Context,
    Count,
    Port,
    Seconds,
    to_stderr,
    verb,
)
from jcurve.ground.errors import AnswerError, JCurveError, UsageError
from jcurve.ground.project import start_project

if TYPE_CHECKING:
    from jcurve.case import Case

_RATES = ("irr", "irr_with_terminal_value")
_MOST_LISTED = 40


@verb("jcurve show base --json", overrides=True)
def show(
    context: Context,
    scenario: Annotated[str, "such as base"],
    *,
    csv: Annotated[bool, "print CSV", NOT_WITH_JSON] = False,
) -> Answer | None:
    """Headline figures of a scenario."""
    from jcurve.evaluation.naming import headline_text

    case = context.case(scenario)
    views = case.headlines()
    views["go_forward"]["best_size"], notes = _best_size(case, context)
    if csv:
        _print_csv(case.scenario.name, views)
        return None
    rates = [
        f"{name}: {' '.join(output.definition.split())}"
        for name, output in case.assembly.model.outputs.items()
        if name in _RATES
    ]
    names = dict.fromkeys(name for figures in views.values() for name in figures)
    rows = [(name, *(headline_text(each.get(name)) for each in views.values())) for name in names]
    lines = [
        f"{case.scenario.title} ({case.scenario.name}, {case.scenario.hash[:12]})",
        f"data through {case.data_through}, valued at the end of {case.valuation_date}",
        "",
        *table([("", *views), *rows]),
        "",
        *rates,
        *notes,
    ]
    data = {
        "scenario": case.scenario.name,
        "hash": case.scenario.hash,
        **attributes(case, "valuation_date data_through"),
        "views": views,
        "rates": rates,
    }
    return Answer(data, lines)


def _best_size(case: Case, context: Context) -> tuple[dict[str, Any], list[str]]:
    """The best size as a figure with its range over the evidence, and notes on it."""
    from jcurve.analysis import best_size

    try:
        with Progress(f"best size of {case.scenario.name}"):
            best = best_size(case.scenario, project=context.project)
    except AnswerError as error:
        return {"value": None, "reason": error.what}, []
    span = f"best_size: times the plan; {best.low:.2f} to {best.high:.2f} over the evidence"
    figure = {"value": best.value, "unit": "x", "low": best.low, "high": best.high}
    return figure, [span, *([best.at_end] if best.at_end else [])]


def _print_csv(scenario: str, views: dict[str, dict[str, Any]]) -> None:
    writer = csv_files.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["scenario", "view", "name", "value", "unit", "reason"])
    for view, figures in views.items():
        for name, figure in figures.items():
            cells = (figure.get(each) for each in ("value", "unit", "reason"))
            writer.writerow([scenario, view, name, *cells])  # None is written as nothing


@verb("jcurve check bear bull")
def check(
    context: Context, scenarios: Annotated[list[str], "default: all of them", "SCENARIO"]
) -> Answer:
    """Validate scenario files."""
    from jcurve.assumptions import available, scenario
    from jcurve.company import model

    status = 0
    with Progress("building the model"):
        model(project=context.project)
    found: list[dict[str, Any]] = []
    for name in scenarios or available(context.project):
        try:
            with Progress(f"checking {name}"):
                valid = scenario(name, project=context.project)
        except JCurveError as error:  # report every file, not only the first bad one
            status = status or error.exit_status
            found.append({"scenario": name, "valid": False, "error": str(error)})
            to_stderr(str(error))
            continue
        notes = list(valid.notes.values())
        found.append({"scenario": name, "valid": True, "hash": valid.hash, "notes": notes})
        if not context.json:  # one after the other, since each takes its time
            print(f"{name}: valid, hash {valid.hash[:12]}")
            for text in notes:
                print(f"  note: {text}")
    return Answer(found, (), status)


@verb("jcurve trace npv --depth 3", overrides=True)
def trace(
    context: Context,
    line: Annotated[str, "such as npv, npv.go_forward, capex@without"],
    *,
    at: Annotated[str | None, "a quarter or year, such as 2027Q4", "PERIOD"] = None,
    scenario: Annotated[str, "-s", "--scenario"] = "base",
    depth: Annotated[Count | None, "levels to show (default: all)", "N"] = None,
    size: Annotated[Count, "about how many numbers to show", "N"] = 80,
) -> Answer:
    """Trace a number to what it rests on."""
    from jcurve.engine.trace import as_data, as_text

    case = context.case(scenario)
    node = case.trace(line, at=at, depth=depth, size=size)
    return Answer(as_data(node), [as_text(node, case.assembly.timeline)])


@verb("jcurve lines capex book_depreciation --by year --xlsx capex.xlsx", overrides=True)
def lines(
    context: Context,
    names: Annotated[list[str], "such as capex, book_depreciation, revenue@without", "LINE"],
    *,
    scenario: Annotated[str, "-s", "--scenario"] = "base",
    by: Annotated[Literal["quarter", "year"], "a row each", "PERIOD"] = "quarter",
    world: Annotated[
        str | None, "with, without or stopped; programme or go_forward for the difference", "WORLD"
    ] = None,
    csv: Annotated[bool, "print CSV", NOT_WITH_JSON] = False,
    xlsx: Annotated[str | None, "write an Excel workbook", "FILE"] = None,
    parquet: Annotated[str | None, "write a Parquet file", "FILE"] = None,
) -> Answer | None:
    """Any line of the model by quarter or year.

    Names of all lines are in docs/lines.md.
    """
    if not names:
        raise UsageError("no line is named", allowed="names of docs/lines.md, such as capex")
    frame = context.case(scenario).frame(names, by, world)
    units = frame.attrs["units"]
    frame.columns = [f"{name} ({units[name]})" for name in frame.columns]
    for path, kind in ((xlsx, ".xlsx"), (parquet, ".parquet")):
        if path is not None:
            write_frame(frame, path, kind)
    if csv:
        print(frame.to_csv(lineterminator="\n"), end="")
        return None
    if xlsx or parquet:
        made = [path for path in (xlsx, parquet) if path is not None]
        return Answer({"files": made}, made)
    rows = [(str(at), *map("{:,.6g}".format, row)) for at, row in frame.iterrows()]
    columns = dict(zip(units, frame.T.to_numpy().tolist(), strict=True))
    data = {"units": units, by: frame.index.tolist(), "lines": columns}
    return Answer(data, table([(by, *frame.columns), *rows]))


@verb("jcurve diff base bear", overrides=True)
def diff(
    context: Context,
    one: Annotated[str, "a scenario, a run, or report/series", "A"],
    other: Annotated[str, "the same, to hold against A; overrides are its own", "B"],
) -> Answer:
    """Compare two scenarios, runs or editions."""
    from jcurve.briefing.editions import diff

    with Progress("comparing"):
        found = diff(one, other, project=context.project, overrides=context.overrides)
    return Answer(found.to_json(), list(found.lines()))


@verb("jcurve workbook base base.xlsx --set returns.wacc=0.1", overrides=True)
def workbook(
    context: Context,
    scenario: Annotated[str, "such as base"],
    file: Annotated[str, "replaced if it is there", "FILE.xlsx"],
) -> None:
    """Write a scenario as an Excel workbook with live formulas."""
    from jcurve.workbook import write

    case = context.case(scenario)
    with Progress(f"workbook of {scenario}"):
        print(write(case, file, today=datetime.date.today(), project=context.project))


@verb("jcurve adopt base.xlsx --as my_case")
def adopt(
    context: Context,
    file: Annotated[str, "written by jcurve workbook, then edited", "FILE.xlsx"],
    *,
    name: Annotated[
        str | None, "--as", "of the new scenario (default: made from the file's name)"
    ] = None,
) -> Answer:
    """Read the inputs of an edited workbook back as a scenario."""
    from jcurve.workbook import adopt

    with Progress(f"reading {file}"):
        found = adopt(file, name, project=context.project)
    lines = [str(found.path or f"no input differs from {found.parent.name}; nothing is written")]
    for change in found.differences:
        mark = "" if change.key in found.edited else " (as in the workbook)"
        lines.append(f"  {change.key}: {change.before} -> {change.after} {change.unit}{mark}")
    lines += [f"note: {note}" for note in found.notes]
    if found.formulas:
        listed = ", ".join(found.formulas[:_MOST_LISTED])
        lines.append(f"edited elsewhere and not adopted: {listed}")
    if len(found.formulas) > _MOST_LISTED:
        lines.append(f"  and {len(found.formulas) - _MOST_LISTED} more cells")
    return Answer(found.as_data(), lines)


@verb("jcurve init my_project")
def init(context: Context, folder: Annotated[str, "a new or an empty folder"]) -> None:
    """Make a project of your own."""
    made = start_project(folder)
    print(f"{made.root}: data, scenarios, notebooks and a schedule; now: cd {folder}")


@verb("jcurve new my_case --extends base")
def new(
    context: Context,
    name: Annotated[str, "of the new scenario, or notebook"],
    *,
    extends: Annotated[str, "", "SCENARIO"] = "base",
    notebook: Annotated[bool, "start a report of your own: notebooks/NAME.ipynb"] = False,
) -> None:
    """Start a scenario file."""
    if notebook:
        from jcurve.briefing.own_note import start_note

        print(start_note(name, context.project))
        return
    from jcurve.assumptions import start

    print(start(name, extends=extends, project=context.project))


@verb("jcurve migrate my_case --dry-run")
def migrate(
    context: Context,
    what: Annotated[str, "a scenario, its file, or reports/schedule.yml", "FILE|SCENARIO"],
    *,
    dry_run: Annotated[bool, "print the diff, write nothing"] = False,
) -> Answer:
    """Convert a scenario file or schedule of an earlier version."""
    from jcurve.assumptions import migrate

    found = migrate(what, context.project, dry_run=dry_run)
    made = found.conversion
    lines = [found.diff.removesuffix("\n") or f"{found.file}: nothing to convert"]
    lines += [f"{key} -> {became}" for key, became in made.moved]
    for reason in dict.fromkeys(why for _, why in made.dropped):
        keys = ", ".join(key for key, why in made.dropped if why == reason)
        lines.append(f"now a comment: {keys}: {reason}")
    lines += [f"{key}: {note}" for key, note in made.noted]
    lists = {name: dict(pairs) for name, pairs in attributes(made, "moved dropped noted").items()}
    return Answer({"file": str(found.file), **attributes(found, "written diff"), **lists}, lines)


@verb("jcurve lab --port 8890")
def lab(
    context: Context,
    *,
    port: Annotated[Port, "the first port to try, on this machine alone", "N"] = 8888,
    no_browser: Annotated[bool, "open no browser"] = False,
) -> None:
    """Open JupyterLab on the notebooks."""
    from jcurve.workbench.serve import lab

    lab(context.project, port=port, browser=not no_browser)


@verb("jcurve app --kernels 6")
def app(
    context: Context,
    *,
    port: Annotated[Port, "the first port to try, on this machine alone", "N"] = 8866,
    no_browser: Annotated[bool, "open no browser"] = False,
    kernels: Annotated[Count, "panels open at once, one kept warm among them", "N"] = 4,
    idle: Annotated[Seconds, "end a panel that nobody touches for this long", "SECONDS"] = 7200,
) -> None:
    """Serve the workbench without code."""
    from jcurve.workbench.serve import app

    app(context.project, port=port, browser=not no_browser, kernels=kernels, idle=idle)


VERBS = (show, check, trace, lines, workbook, adopt, init, new, migrate, diff, lab, app)
