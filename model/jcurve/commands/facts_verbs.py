"""The verbs around reported facts: re-checked, compared with EDGAR, and a new quarter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from jcurve.commands.progress import Progress
from jcurve.commands.verb import Answer, Context, verb
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.files import write_file

if TYPE_CHECKING:
    from jcurve.facts.refresh import Refresh
    from jcurve.ground.project import Project

__all__ = ["VERBS"]

_Name = Annotated[str, "whose facts", "NAME"]


@verb("jcurve facts verify")
def facts(
    context: Context,
    action: Annotated[
        Literal["verify", "refresh"], "verify: re-check every table; refresh: compare with EDGAR"
    ],
    *,
    company: _Name = "META",
    write: Annotated[bool, "add new figures of periods on file, once every check holds"] = False,
) -> Answer:
    """Re-check the reported facts."""
    from jcurve.facts import verify

    if action == "refresh":
        found = _refreshed(context, company, write)
        return Answer(found, found.lines())
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
    company: _Name = "META",
) -> Answer:
    """Take a reported quarter into the data.

    Figures, sources, guidance, calendar, valuation date and the dates of the shipped scenarios
    change together, once every check holds, or not at all.
    """
    from jcurve.assumptions import shipped
    from jcurve.company import DEFAULT_COMPANY
    from jcurve.facts import company as facts_of
    from jcurve.facts.new_quarter import bring_forward, quarter_form

    if edgar and not template:
        raise UsageError("--edgar fills a form", allowed="--template --edgar, then the form alone")
    if template:
        owner = facts_of(company, context.project)
        fetched = _refreshed(context, company).form_figures(owner, quarter) if edgar else {}
        text = quarter_form(quarter, company, context.project, fetched)
        write_file(Path(file), text, fresh=True)
        return Answer({"file": file}, [file])
    modelled = shipped(context.project) if company == DEFAULT_COMPANY else ()
    with Progress(f"{company} {quarter}"):
        found = bring_forward(
            file, quarter, company, context.project,
            scenarios=modelled, check=_scenarios_hold, write=not dry_run,
        )  # fmt: skip
    shown = found.diff.splitlines() if dry_run else []
    status = FactsError.exit_status if found.problems else 0
    return Answer(found, [*shown, *found.lines()], status)


def _scenarios_hold(project: Project) -> None:
    """Every scenario of a changed copy is valid, and the model runs on it."""
    from jcurve import evaluate
    from jcurve.assumptions import available, scenario

    for name in available(project):
        scenario(name, project=project)
    evaluate("base", project=project)


VERBS = (facts, quarter)
