"""Editions: published runs, each a folder that never changes again.

``reports/<report>/<scenario>/<edition>/`` holds the report as HTML and PDF, the executed
notebook, the results, the provenance and, where it was asked for, the workbook;
``latest.json`` beside the editions names the newest. Names of folders are checked here, so
that no name from outside becomes a path. ``jcurve diff`` finds here what it is to compare.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jcurve.analysis.earlier import assembly_over, facts_after
from jcurve.analysis.revisions import Figures, revision
from jcurve.analysis.snapshots import (
    Comparison,
    Input,
    Snapshot,
    compare,
    snapshot_of_case,
    stated_rows,
)
from jcurve.assumptions import BASE, available
from jcurve.briefing.results import read_results
from jcurve.case import Case, evaluate, scenario
from jcurve.company import model
from jcurve.ground.errors import JCurveError, RunError, UsageError
from jcurve.ground.numbers import written_date
from jcurve.ground.project import Project

if TYPE_CHECKING:
    from jcurve.briefing.parameters import Parameters
    from jcurve.figures.brief import Earlier

LATEST = "latest.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", re.ASCII)


class _File:
    """A file of an edition by its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, edition: Edition, _: object) -> Path:
        return edition.folder / self._name


@dataclass(frozen=True, slots=True)
class Edition:
    """A published run.

    A series holds the editions that replace one another: a scenario's, with its overrides and view
    where they are not the usual ones.
    """

    id: str
    report: str
    series: str
    folder: Path

    @classmethod
    def of(cls, project: Project, report: str, series: str, name: str) -> Edition:
        """One of a project's, where it lies or will lie."""
        return cls(name, report, series, project.reports / report / series / name)

    html = _File("report.html")  # the report as one HTML file
    pdf = _File("report.pdf")
    workbook = _File("model.xlsx")  # the scenario as live formulas; not every edition has one
    notebook = _File("notebook.ipynb")  # executed
    results = _File("results.json")  # as data
    provenance = _File("provenance.json")  # what was run, where, when, and every file's hash


def check_name(name: str, what: str) -> str:
    """``name`` when it may stand in a path.

    Raises:
        UsageError: it holds anything but letters, digits and ``._+-``, or starts with
            one of the signs.
    """
    if _NAME.fullmatch(name):
        return name
    raise UsageError(
        f"{what} cannot be a folder's name",
        received=name,
        allowed="up to 100 letters, digits and . _ + -, a letter or digit first",
    )


def series_name(
    scenario: str, scenario_hash: str, overrides: Mapping[str, object], view: str
) -> str:
    """The folder for a scenario's editions; what-ifs and the other view stand apart.

    So the latest edition of ``base`` is always the scenario file itself.
    """
    name = scenario
    if overrides:
        name += f"+{scenario_hash[:8]}"
    if view != "programme":
        name += f".{view}"
    return check_name(name, "the scenario")


def all_editions(project: Project, report: str, series: str) -> list[Edition]:
    """All editions of a series, oldest first."""
    folder = project.reports / check_name(report, "the report") / check_name(series, "the series")
    if not folder.is_dir():
        return []
    return [
        Edition(entry.name, report, series, entry)
        for entry in sorted(folder.iterdir())
        if entry.is_dir() and _NAME.fullmatch(entry.name)
    ]


def latest(project: Project, report: str, series: str) -> Edition | None:
    """The newest edition of a series, or None before the first.

    Raises:
        RunError: ``latest.json`` is damaged or names an edition that is gone.
    """
    folder = project.reports / check_name(report, "the report") / check_name(series, "the series")
    pointer = folder / LATEST
    try:
        named = json.loads(pointer.read_bytes())["edition"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise RunError("is damaged", where=str(pointer)) from error
    edition = Edition(str(named), report, series, folder / check_name(str(named), "the edition"))
    if not edition.folder.is_dir():
        raise RunError("names an edition that is gone", where=str(pointer), received=edition.id)
    return edition


def latest_or_none(project: Project, report: str, series: str) -> Edition | None:
    """The newest edition of a series; None also where its pointer is damaged."""
    try:
        return latest(project, report, series)
    except JCurveError:
        return None


def previous_edition(given: Parameters, report: str) -> Earlier | None:
    """The last published edition of ``report`` in the series of ``given``; None before the
    first.

    Raises:
        RunError: it cannot be read.
    """
    from jcurve.figures.brief import Earlier

    project = given.project
    found = latest(project, report, _series_of(given))
    if found is None:
        return None
    results = read_results(found.results)
    shown = results.headlines[results.view]
    return Earlier(
        data_through=results.data_through,
        valuation_date=results.valuation_date,
        scenario_hash=results.scenario.hash,
        headlines={name: headline.model_dump() for name, headline in shown.items()},
        published=_day(found.id),
        rebuilt=lambda: rebuilt(found, project),
    )


def _series_of(given: Parameters) -> str:
    scenario = given.scenario
    return series_name(scenario.name, scenario.hash, dict(scenario.overrides), given.view)


def _day(name: str) -> str:
    """The day that an edition's name begins with, in words; empty where it begins otherwise."""
    try:
        return written_date(datetime.strptime(name[:8], "%Y%m%d").date())
    except ValueError:
        return ""


_TOLD_OF = ("results_note", "executive_brief")
"""Reports whose last edition before a quarter's results tells where the answer stood."""


def edition_before(given: Parameters, data_through: str) -> tuple[Case, Figures] | None:
    """What the last edition that knew less rested on, rebuilt, and the figures that it printed;
    None where neither report has one in the series of ``given``."""
    project, series = given.project, _series_of(given)
    found = [
        (each.id, each)
        for report in _TOLD_OF
        for each in all_editions(project, report, series)
        if read_results(each.results).data_through < data_through
    ]
    return rebuilt(max(found)[1], project) if found else None


def diff(
    one: str, other: str, *, project: Project, overrides: Mapping[str, Any] | None = None
) -> Comparison:
    """Compare two things by name.

    Args:
        one, other: a scenario (``bear``), a run's or edition's identifier, a series
            (``scenario_report/bear``: its latest edition), or ``report/series/edition``.
        project: where they lie.
        overrides: on top of the second, when it is a scenario.

    Raises:
        UsageError: there is no such thing.
        ScenarioError, RunError: it cannot be read.
    """
    first, state_one = _snapshot(one, project, {})
    second, state_other = _snapshot(other, project, overrides or {})
    found = compare(first, second)
    if found.same or "edition" not in (first.kind, second.kind):
        return found
    before, printed_before = state_one()
    after, printed_after = state_other()
    if before.data_through > after.data_through:
        return found
    moved = revision(before, after, printed_before=printed_before, printed_after=printed_after)
    return replace(found, revision=moved)


def rebuilt(edition: Edition, project: Project) -> tuple[Case, Figures]:
    """What an edition rested on, under today's model: the facts reported by its last quarter and
    the assumptions that it states; and the figures as it printed them.

    Raises:
        RunError: its files are missing or damaged.
        FactsError, UsageError: facts of that time cannot be put together.
    """
    stated, results = snapshot_of_edition(edition), read_results(edition.results)
    names = available(project)
    name = results.scenario.name if results.scenario.name in names else BASE
    chosen = scenario(name, project=project)
    rows = stated_rows(stated.inputs, chosen, model(project=project).timeline)
    today = model(project=project, rows=rows)
    _, facts = facts_after(results.data_through, today.company.name, project)
    same = results.data_through == today.data_through
    assembly = today if same else assembly_over(today, facts, project)
    return Case(chosen, assembly, rows), stated.headlines


def snapshot_of_edition(edition: Edition) -> Snapshot:
    """A published edition as a comparison takes it, from its own files.

    Raises:
        RunError: they are missing or damaged.
    """
    results = read_results(edition.results)
    try:
        provenance = json.loads(edition.provenance.read_bytes())
        inputs = {key: Input(**stated) for key, stated in provenance["assumptions"].items()}
        others = _others(provenance["determinants"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError("is missing or damaged", where=str(edition.provenance)) from error
    return Snapshot(
        name=f"{edition.report}/{edition.series}/{edition.id}",
        kind="edition",
        hash=results.scenario.hash,
        inputs=inputs,
        headlines={
            view: {
                name: {"value": figure.value} | figure.model_dump(exclude_none=True)
                for name, figure in figures.items()
            }
            for view, figures in results.headlines.items()
        },
        others=others | {"data through": results.data_through, "valued at": results.valuation_date},
    )


_State = Callable[[], tuple[Case, Figures]]


def _snapshot(name: str, project: Project, overrides: Mapping[str, Any]) -> tuple[Snapshot, _State]:
    """What a name means, and what puts its inputs and figures together."""
    scenarios = available(project)
    if name in scenarios:
        told = name if not overrides else f"{name} with overrides"
        case = evaluate(scenario(name, overrides, project=project), project=project)
        return snapshot_of_case(case, told), lambda: (case, case.headlines())
    edition = _edition(name, project)
    if edition is None:
        raise UsageError.not_among(
            "neither a scenario nor a run or edition",
            name,
            [*scenarios, *_series(project)],
            allowed=f"{', '.join(scenarios)}, a run's identifier, or report/series",
        )
    return snapshot_of_edition(edition), lambda: rebuilt(edition, project)


def _edition(name: str, project: Project) -> Edition | None:
    parts = name.strip("/").split("/")
    if any(part.startswith(".") or not part for part in parts) or "\\" in name:
        return None  # no name from outside becomes a path out of the reports
    if len(parts) == 2:
        return latest(project, *parts) if "/".join(parts) in _series(project) else None
    whole = project.reports.joinpath(*parts)
    found = next((each for each in _folders(project) if each == whole or each.name == name), None)
    if found is None:
        return None
    return Edition(found.name, found.parents[1].name, found.parent.name, found)


def _others(determinants: Mapping[str, Any]) -> dict[str, str]:
    """What determines the numbers besides the scenario, one text for each."""
    commit = determinants["commit"]
    told = "" if commit is None else commit["id"][:12] + (" (changed)" if commit["dirty"] else "")
    return {
        **{name: hashed[:12] for name, hashed in determinants["inputs"].items()},
        "package": f"{determinants['package']}, {determinants['source'][:12]}",
        "commit": told or "not under git",
        "seed": str(determinants["seed"]),
        "Python": determinants["python"],
        **determinants["libraries"],
    }


def _series(project: Project) -> list[str]:
    return sorted({f"{each.parents[1].name}/{each.parent.name}" for each in _folders(project)})


def _folders(project: Project) -> list[Path]:
    """The folders of all editions."""
    return [
        folder
        for folder in sorted(project.reports.glob("*/*/*"))
        if (folder / "provenance.json").is_file()
        and not folder.relative_to(project.reports).parts[0].startswith(".")
    ]
