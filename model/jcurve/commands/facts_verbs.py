"""The verbs around reported facts: re-checked, compared with EDGAR, a new quarter, its misses."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from jcurve.commands.progress import Progress
from jcurve.commands.texts import attributes, number, table
from jcurve.commands.verb import Answer, Context, verb
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.files import write_file

if TYPE_CHECKING:
    from jcurve.facts.refresh import Refresh
    from jcurve.ground.project import Project

_Name = Annotated[str, "whose facts; by default those of the base scenario's", "NAME"]


@verb("jcurve facts verify")
def facts(
    context: Context,
    action: Annotated[
        Literal["verify", "refresh"], "verify: re-check every table; refresh: compare with EDGAR"
    ],
    *,
    company: _Name = "",
    write: Annotated[bool, "add new figures of periods on file, once every check holds"] = False,
) -> Answer:
    """Re-check the reported facts."""
    from jcurve.company import modelled_company
    from jcurve.facts import verify

    if action == "refresh":
        found = _refreshed(context, company or modelled_company(context.project), write)
        return Answer(found, found.lines())
    if company or write:
        raise UsageError("--company and --write go with refresh", allowed="jcurve facts verify")
    with Progress("facts"):
        report = verify(project=context.project)
    return Answer(
        report.to_json(), list(report.lines()), 0 if report.ok else FactsError.exit_status
    )


def _refreshed(context: Context, company: str, write: bool = False) -> Refresh:
    from jcurve.facts.edgar import ADDRESS, Edgar
    from jcurve.facts.refresh import refresh

    edgar = Edgar(os.environ.get("JCURVE_EDGAR", ADDRESS))
    with Progress(f"EDGAR {company}"):
        return refresh(company, context.project, edgar=edgar, write=write)


@verb("jcurve quarter 2026Q3 results.csv --dry-run")
def quarter(
    context: Context,
    quarter: Annotated[str, "the one after the last on file, such as 2026Q3"],
    file: Annotated[str, "the form: written with --template, then filled and read", "FILE.csv"],
    *,
    template: Annotated[bool, "write the form to fill"] = False,
    edgar: Annotated[bool, "with --template: fill in what EDGAR has"] = False,
    dry_run: Annotated[bool, "check everything and print the diff, write nothing"] = False,
    company: _Name = "",
) -> Answer:
    """Take a reported quarter into the data.

    Figures, sources, guidance, calendar, valuation date and the dates of the shipped scenarios
    change together, once every check holds, or not at all. The forecast of the base case is kept
    before and after, and what it missed is told.
    """
    from jcurve import evaluate
    from jcurve.analysis.forecasts import keep
    from jcurve.assumptions import available, scenario, shipped
    from jcurve.company import modelled_company
    from jcurve.facts import company as facts_of
    from jcurve.facts.new_quarter import bring_forward, quarter_form

    if edgar and not template:
        raise UsageError("--edgar fills a form", allowed="--template --edgar, then the form alone")
    project = context.project
    base = modelled_company(project)
    owner = facts_of(company or base, project)
    company, modelled = owner.name, owner.name == base
    if template:
        fetched = _refreshed(context, company).form_figures(owner, quarter) if edgar else {}
        text = quarter_form(quarter, company, project, fetched)
        write_file(Path(file), text, fresh=True)
        return Answer({"file": file}, [file])
    today = datetime.date.today()
    stood = evaluate("base", project=project) if modelled and not dry_run else None

    def holds(copy: Project) -> None:
        """Every scenario of a changed copy is valid, and the model runs on it; only then, and
        before anything changes, is the forecast that stood kept."""
        for name in available(copy):
            scenario(name, project=copy)
        evaluate("base", project=copy)
        if stood is not None:
            keep(stood, today, project)

    with Progress(f"{company} {quarter}"):
        found = bring_forward(
            file, quarter, company, project,
            scenarios=shipped(project) if modelled else (), check=holds, write=not dry_run,
        )  # fmt: skip
    shown = found.diff.splitlines() if dry_run else []
    status = FactsError.exit_status if found.problems else 0
    if stood is None or not found.written:
        return Answer(found, [*shown, *found.lines()], status)
    keep(evaluate("base", project=project), today, project)
    missed = _missed(context, quarter)
    lines = [*found.lines(), "", *missed.lines, "", "the note: jcurve report results_note"]
    return Answer(attributes(found) | {"misses": missed.data}, lines)


@verb("jcurve misses")
def misses(
    context: Context,
    quarter: Annotated[str | None, "by default the last that is reported", "QUARTER"] = None,
) -> Answer:
    """A quarter's forecasts beside the actual figures, line by line."""
    return _missed(context, quarter)


def _missed(context: Context, quarter: str | None) -> Answer:
    from jcurve.analysis.forecasts import standing
    from jcurve.company import model

    asked = quarter or model(project=context.project).data_through
    with Progress(f"forecasts of {asked}"):
        found = standing(asked, project=context.project)
    rows = [["", "forecast", "came", "miss", "", "a quarter of it or more"]]
    for each in found.misses:
        if each.empty:
            continue
        line = each.line
        forecast = number(each.forecast, line.unit)
        came = "not on file" if each.came is None else number(each.came, line.unit)
        amount = number(each.amount, line.unit) if each.size and line.unit != "share" else ""
        over = " of revenue" if each.size and line.over_revenue else ""
        rows.append([line.label, forecast, came, amount, each.size + over, each.explained])
    return Answer(attributes(found), [f"{asked}: {found.how}", *table(rows)])


VERBS = (facts, quarter, misses)
