"""The verbs that run reports and tell of it: report, batch, runs."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, get_args

from jcurve.commands.progress import Progress
from jcurve.commands.texts import attributes, kind_of, once_each, write_frame
from jcurve.commands.verb import Answer, Context, Count, Seconds, read_scenario, to_stderr, verb
from jcurve.ground.errors import JCurveError, UsageError

if TYPE_CHECKING:
    from jcurve.assumptions.cases import Case
    from jcurve_runs.ledger.attempts import Attempt
    from jcurve_runs.publishing.attempt import Done

_MOST_LISTED = 20


@verb("jcurve report -s bear --set returns.wacc=0.1", overrides=True)
def report(
    context: Context,
    report: Annotated[str, "a notebook of notebooks/"] = "scenario_report",
    *,
    scenario: Annotated[
        list[str], "-s", "--scenario", "may be given several times (default: base)"
    ],
    view: Annotated[str, "programme or go_forward"] = "programme",
    parameter: Annotated[
        list[str], "-p", "--parameter", "a further one that the notebook declares", "NAME=VALUE"
    ],
    deadline: Annotated[Seconds, "stop a run after this long", "SECONDS"] = 600,
    force: Annotated[bool, "run even when the latest edition says the same"] = False,
    strict: Annotated[
        bool, "refuse a notebook of which anything would be left out; runs it in any case"
    ] = False,
    workbook: Annotated[bool, "publish the scenario's workbook beside the report"] = False,
    list_: Annotated[bool, "--list", "tell which reports there are and what each takes"] = False,
) -> Answer:
    """Render reports."""
    from jcurve_runs.ledger.store import now
    from jcurve_runs.plan.catalogue import catalogue
    from jcurve_runs.plan.request import Request, prepare
    from jcurve_runs.publishing.runs import raised, run_plan

    parameters = _parameters(parameter)
    if list_:
        entries = catalogue(context.project)
        lines = ["\n".join(entry.lines()) for entry in entries]
        return Answer(entries, ["\n\n".join(lines)])
    if strict:
        os.environ["JCURVE_STRICT"] = "1"
    status, editions = 0, []
    for name in scenario or ["base"]:
        request = Request(
            report=report,
            scenario=name,
            overrides=context.overrides,
            view=view,
            parameters=parameters,
            workbook=workbook,
            force=force or strict,
            deadline=deadline,
        )
        try:
            with Progress(f"{report} {name}") as progress:
                plan = prepare(request, context.project, started=now(), resolve=read_scenario)
                done = run_plan(plan, progress=progress)
            if done.failed:
                raise raised(done)
        except JCurveError as error:  # one failure never stops the rest
            to_stderr(str(error))
            status = status or error.exit_status
            continue
        editions.append(_edition(done))
        if not context.json:
            print(_ended(done))
    return Answer(editions, (), status)


def _parameters(texts: list[str]) -> dict[str, Any]:
    from jcurve_runs.plan.request import plain_value

    pairs = []
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError("not a pair", where="--parameter", received=text, allowed="NAME=VALUE")
        pairs.append((name.strip(), value.strip()))
    return {name: plain_value(text) for name, text in once_each(pairs, "--parameter").items()}


def _ended(done: Done) -> str:
    """One run's end in words, with what there is to open."""
    title, edition = f"{done.request.report} {done.series}", done.edition
    if edition is None:
        return f"{title}: {done.words}: {done.message}"
    if done.state == "skipped_unchanged":
        title += f": unchanged, relies on edition {edition.id} (--force runs it again)"
    files = [edition.html, edition.pdf]
    if edition.workbook.is_file():
        files.append(edition.workbook)
    return "\n  ".join([title, *map(str, files)])


def _edition(done: Done) -> dict[str, Any]:
    edition = done.edition
    named = edition and edition.id
    data = {"state": done.state, "edition": named, "report": done.request.report}
    data["series"] = done.series
    if edition is not None:
        data |= {name: str(getattr(edition, name)) for name in ("html", "pdf", "results")}
        if edition.workbook.is_file():
            data["workbook"] = str(edition.workbook)
    return data


@verb("jcurve batch --cases cases.csv", overrides=True, cluster="work")
def batch(
    context: Context,
    reports: Annotated[list[str], "notebooks of notebooks/ (default: scenario_report)", "REPORT"],
    *,
    scenario: Annotated[list[str], "-s", "--scenario", "repeatable (default: all of them)"],
    cases: Annotated[
        str | None, "a CSV table: name, scenario if not base, a column for each key", "FILE"
    ] = None,
    sweep: Annotated[
        list[str], "steps of an assumption, such as returns.wacc=0.07:0.12:11", "KEY=A:B:N"
    ],
    table: Annotated[
        str | None,
        "write the headline results to FILE.csv, .parquet or .xlsx; without REPORT that is all",
        "FILE",
    ] = None,
    view: Annotated[str, "programme or go_forward"] = "programme",
    parameter: Annotated[
        list[str], "-p", "--parameter", "a further one that the notebooks declare", "NAME=VALUE"
    ],
    jobs: Annotated[Count | None, "-j", "--jobs", "at once (default: processors + 1)", "N"] = None,
    plain: Annotated[bool, "a fresh process for each run, not forks of a warm one"] = False,
    deadline: Annotated[Seconds, "stop a run after this long", "SECONDS"] = 600,
    attempts: Annotated[Count, "for failures that may pass by themselves", "N"] = 3,
    force: Annotated[bool, "run what is unchanged as well"] = False,
    workbook: Annotated[bool, "publish each scenario's workbook beside its report"] = False,
) -> Answer:
    """Run scenarios or cases × reports in parallel."""
    from jcurve_runs.plan.request import Request, Retry
    from jcurve_runs.publishing.batch import batch, every, status_of
    from jcurve_runs.publishing.batch_progress import Watch

    wanted = _cases(context, scenario, cases, sweep)
    written, without = _table(context, wanted, table) if table else ([], 0)
    if written and not reports:
        data = {"cases": len(wanted), "without_results": without, "table": table}
        return Answer(data, written, status_of(without))
    like = Request(
        overrides=context.overrides,
        view=view,
        parameters=_parameters(parameter),
        workbook=workbook,
        force=force,
        deadline=deadline,
        retry=Retry(attempts=attempts),
    )
    with Watch(sys.stderr) as watch:
        made = batch(
            every(reports or ["scenario_report"], wanted, like),
            context.project,
            jobs=jobs,
            engine="plain" if plain else "warm",
            scheduler=context.scheduler,
            resolve=read_scenario,
            watch=watch,
        )
    if made.fallback:
        to_stderr(f"each run had a process of its own: {made.fallback}")
    lines = []
    for run in made.runs:
        line = f"{run.request.title}: {run.words}"
        if run.failed:
            to_stderr(f"{run.request.title}: {run.error or run.message or run.state}")
        if run.state == "skipped_unchanged":
            line += f", {run.message}"
        elif run.edition is not None:
            line += f", edition {run.series}/{run.edition.id}"
        lines.append(line)
    lines += [*written, f"{len(made.runs)} runs, {made.failed} failed; {made.manifest}"]
    return Answer(json.loads(made.manifest.read_bytes()), lines, made.exit_status)


def _cases(
    context: Context, scenarios: list[str], file: str | None, sweep: list[str]
) -> list[Case]:
    """What is to be run: the cases of a table, steps, or whole scenarios."""
    from jcurve.assumptions import BASE, available
    from jcurve.assumptions.cases import Case, read_cases, sweeps

    if file is not None and sweep:
        raise UsageError("either a table of cases or steps", received="--cases and --sweep")
    if file is not None:
        return read_cases(file, scenarios or [BASE])
    if sweep:
        return sweeps(sweep, scenarios or [BASE])
    return [Case(name, name) for name in scenarios or available(context.project)]


def _table(context: Context, cases: list[Case], path: str) -> tuple[list[str], int]:
    """Write the table of results; where it is, and how many cases have none."""
    import pandas as pd

    from jcurve.analysis.case_table import PROBLEM, case_table

    kind = kind_of(path, "--table")
    with Progress(f"{len(cases):,} cases") as progress:
        found = case_table(cases, context.project, overrides=context.overrides, progress=progress)
        write_frame(pd.DataFrame(found), path, kind, index=False)
    problems = [each for each in found[PROBLEM] if each]
    for each in problems[:_MOST_LISTED]:
        to_stderr(each)
    without = f", {len(problems)} without results (column {PROBLEM})" if problems else ""
    return [f"{path}: {len(cases):,} cases{without}"], len(problems)


@verb("jcurve runs --state failed")
def runs(
    context: Context,
    run: Annotated[str | None, "one run, with all that happened to it"] = None,
    *,
    report: Annotated[str | None, "of this report only"] = None,
    state: Annotated[str | None, "in this state only, such as failed"] = None,
    batch: Annotated[str | None, "of this batch only"] = None,
    last: Annotated[Count, "-n", "--last", "how many", "N"] = 20,
) -> Answer:
    """What has run, the newest first."""
    from jcurve_runs.execution.redaction import one_line
    from jcurve_runs.ledger.attempts import Ledger, RunState
    from jcurve_runs.publishing.runs import recover

    states: dict[str, RunState] = {each: each for each in get_args(RunState)}
    if state is not None and state not in states:
        raise UsageError.not_among("unknown state", state, states, where="--state")
    data, lines = [], []
    with Ledger(context.project) as ledger:
        recover(ledger)
        found = ledger.attempts(
            run=run, report=report, state=states.get(state or ""), batch=batch, limit=last
        )
        if run is not None and not found:
            raise UsageError("no such run in the ledger", received=run)
        for each in found:
            events = ledger.events(each.id) if run else []
            data.append(attributes(each) | ({"events": events} if run else {}))
            lines.append(_line(each))
            for event in events:
                detail = one_line(event.detail, 600)
                lines.append(f"  {event.at}  {event.state:18} {detail}".rstrip())
    return Answer(data, lines)


def _line(attempt: Attempt) -> str:
    from jcurve_runs.execution.redaction import one_line

    again = f" attempt {attempt.attempt}" if attempt.attempt > 1 else ""
    text = one_line(attempt.reason or attempt.message, 300)
    why = f": {text}" if text else ""
    return (
        f"{attempt.queued[:19]}Z  {attempt.run}{again}  {attempt.report} {attempt.series}  "
        f"{attempt.state}{why}"
    )


VERBS = (report, batch, runs)
