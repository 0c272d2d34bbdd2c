"""A request for a run, and the plan it becomes once every name and value is checked."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from jcurve.assumptions import scenario
from jcurve.briefing.editions import Edition, check_name, series_name
from jcurve.briefing.parameters import check_names, check_view, declared_parameters, read_overrides
from jcurve.briefing.results import ReportedScenario
from jcurve.ground.errors import UsageError, WriteError
from jcurve.ground.project import Project

Values: TypeAlias = Mapping[str, Any]  # plain data by name

Clock = Callable[[], datetime]  # gives the present time, with a zone

Resolve = Callable[[str, Values, Project], ReportedScenario]
"""Reads a scenario by name, with overrides, from a project."""

DEADLINE = 600.0  # seconds of wall time for the execution of one report

_TAKEN = "portal"  # the folder of the portal's pages
_OWN = ("scenario", "overrides", "view", "out")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently a run is attempted."""

    attempts: int = 3  # the most there may be
    first: float = 2.0  # seconds before the second attempt
    factor: float = 4.0  # by which each wait is longer than the one before
    longest: float = 300.0  # seconds no wait exceeds

    def wait(self, attempt: int) -> float:
        """Seconds to wait after attempt number ``attempt`` (from 1) has failed."""
        return min(self.first * self.factor ** (attempt - 1), self.longest)


ONCE = Retry(attempts=1)  # a single attempt, for whoever sits in front of it


@dataclass(frozen=True, slots=True)
class Origin:
    """The moment of a schedule that asked for a run, and who hears what came of it."""

    schedule: str  # its name
    occurrence: str  # the moment in UTC, as the ledger writes it
    success: tuple[str, ...] = ()  # addresses that get the edition
    failure: tuple[str, ...] = ()  # addresses that hear when a mail cannot be delivered

    def to_json(self) -> str:
        """As the ledger keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Origin:
        """As the ledger kept it."""
        kept = json.loads(text)
        lists = {name: tuple(kept[name]) for name in ("success", "failure")}
        return cls(kept["schedule"], kept["occurrence"], **lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for: a report on a scenario, and how the run is made."""

    report: str = "scenario_report"  # name of a notebook in ``notebooks/``
    scenario: str = "base"  # name of a scenario
    case: str = ""  # what a table of cases calls it; empty for a scenario of its own name
    # assumption key → value, on top of the scenario
    overrides: Values = field(default_factory=dict)
    view: str = "programme"  # the view the report leads with
    # further parameters that the notebook declares
    parameters: Values = field(default_factory=dict)
    workbook: bool = False  # publish the scenario's workbook of live formulas beside the report
    force: bool = False  # run even when the latest edition says the same
    deadline: float = DEADLINE  # seconds of wall time for each attempt
    retry: Retry = ONCE  # how often it is attempted
    origin: Origin | None = None  # the schedule's moment that asked; None for a person

    @property
    def title(self) -> str:
        """Report and case in words."""
        return f"{self.report} {self.case or self.scenario}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that may start: every name and value is checked, nothing is written."""

    request: Request  # what was asked for
    project: Project
    edition: Edition  # what it becomes if it succeeds
    notebook: Values  # the notebook as JSON, without anything of an earlier run
    parameters: Values  # typed values by parameter name
    scenario: ReportedScenario  # the scenario with its overrides
    started: datetime  # when it was asked for


def resolve_scenario(name: str, overrides: Values, project: Project) -> ReportedScenario:
    """Read a scenario with the assumptions' own reader."""
    return scenario(name, overrides, project=project)


def prepare(
    request: Request,
    project: Project,
    *,
    started: datetime,
    run_id: str | None = None,
    resolve: Resolve = resolve_scenario,
) -> Plan:
    """Check everything that can be checked before a run; write nothing."""
    try:
        str(project.root).encode()
    except UnicodeEncodeError as error:  # a name that JSON and notebooks cannot hold
        raise UsageError(
            "the project's folder has a name that is not UTF-8",
            where=repr(os.fsencode(project.root)),
            allowed="rename the folder",
        ) from error
    check_report(request.report, project)
    notebook, where = _read_notebook(request.report, project)
    declared = declared_parameters(notebook, where)
    others = ", ".join(name for name in declared if name not in _OWN) or "none of its own"
    for name in request.parameters:
        allowed = f"{others}; scenario, overrides and view by their own arguments"
        if name in _OWN:
            what = "parameter is set by the run itself"
            raise UsageError(what, where=where, received=name, allowed=allowed)
        if name not in declared:
            raise UsageError.not_among(
                "unknown parameter", name, declared, where=where, allowed=allowed
            )
    given = {
        "scenario": request.scenario,
        "overrides": read_overrides(dict(request.overrides)),
        "view": check_view(request.view),
        "out": ".",  # the kernel works in the staged folder
        **request.parameters,
    }
    check_names(given, declared, where)
    _only_data(given, where)
    resolved = resolve(request.scenario, given["overrides"], project)
    identifier = check_name(run_id or new_identifier(started), "the run's identifier")
    series = series_name(resolved.name, resolved.hash, given["overrides"], request.view)
    edition = Edition.of(project, request.report, series, identifier)
    if os.path.lexists(edition.folder):
        what, where = "an edition is never overwritten", str(edition.folder)
        raise WriteError(what, where=where, allowed="a new identifier")
    return Plan(
        request=request,
        project=project,
        edition=edition,
        notebook=_blank(notebook),
        parameters=given,
        scenario=resolved,
        started=started,
    )


def new_identifier(moment: datetime) -> str:
    """For a run or a batch: its moment, and what tells it from another of that moment."""
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def check_report(report: str, project: Project) -> None:
    """Refuse a report that the project does not have."""
    known = reports_of(project)
    if report not in known:
        raise UsageError.not_among(
            "unknown report", report, known, allowed=", ".join(known) or "a notebook in notebooks/"
        )


def declared_by(report: str, project: Project) -> dict[str, Any]:
    """A report's own parameters with their defaults, those that a run sets left out."""
    declared = declared_parameters(*_read_notebook(report, project))
    return {name: default for name, default in declared.items() if name not in _OWN}


def _only_data(given: Values, where: str) -> None:
    try:
        if json.loads(json.dumps(given, allow_nan=False)) != given:
            raise ValueError("a key that is no text, or a tuple")
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            "a parameter's value is not plain data",
            where=where,
            received=str(error),
            allowed="finite numbers, text, true, false, null, lists and tables of these by text",
        ) from error


def plain_value(text: str) -> Any:
    """A number, flag, list or table as JSON has it; other text as it is."""
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text


def reports_of(project: Project) -> list[str]:
    """Names of the project's report notebooks: those with a ``parameters`` cell."""
    paths = (path for path in sorted(project.notebooks.glob("*.ipynb")) if path.stem != _TAKEN)
    return [path.stem for path in paths if b'"parameters"' in path.read_bytes()]


def _read_notebook(report: str, project: Project) -> tuple[dict[str, Any], str]:
    """The notebook as JSON, and its name for errors."""
    path = project.notebooks / f"{report}.ipynb"
    where = path.relative_to(project.root).as_posix()
    try:
        notebook = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("the notebook cannot be read", where=where, received=str(error)) from error
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise UsageError("not a notebook of format 4", where=where)
    check_language(notebook.get("metadata", {}), where)
    return notebook, where


def check_language(metadata: Values, where: str) -> None:
    """Refuse a notebook in another language than Python; one that names none is taken."""
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        named = metadata.get(part, {}).get(key)
        if named and str(named).lower() not in ("python", "ipython"):
            raise UsageError(f"is written in {named}; runs are Python", where=where)


def _blank(notebook: Values) -> dict[str, Any]:
    """The notebook without outputs, times or parameters of an earlier run."""
    cells = []
    for cell in notebook["cells"]:
        metadata = {
            key: value
            for key, value in cell.get("metadata", {}).items()
            if key not in ("execution", "papermill")
        }
        if "injected-parameters" in metadata.get("tags", ()):
            continue
        fresh = {**cell, "metadata": metadata}
        if cell["cell_type"] == "code":
            fresh |= {"outputs": [], "execution_count": None}
        cells.append(fresh)
    kept = {key: value for key, value in notebook["metadata"].items() if key != "papermill"}
    return {**notebook, "cells": cells, "metadata": kept}
