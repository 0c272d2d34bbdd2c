"""A plan: a run whose every name and value is checked while nothing is written yet."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jcurve.briefing.editions import Edition, check_name, series_name
from jcurve.briefing.parameters import (
    check_names,
    check_view,
    declared_parameters,
    read_overrides,
)
from jcurve.briefing.results import ReportedScenario
from jcurve.errors import UsageError, WriteError, nearest
from jcurve.project import Project

__all__ = ["Plan", "Resolve", "prepare", "reports_of"]

Resolve = Callable[[str, Mapping[str, Any], Project], ReportedScenario]
"""Reads a scenario by name, with overrides, from a project."""

_TAKEN = "portal"  # the folder of the portal's pages
_OWN = ("scenario", "overrides", "view", "out")


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that may start: every name and value is checked, nothing is written.

    Attributes:
        edition: what it becomes if it succeeds.
        notebook: the notebook as JSON, without anything of an earlier run.
        parameters: typed values by parameter name.
        scenario: the scenario with its overrides.
        started: when it was asked for.
        workbook: whether the edition is to hold the scenario's workbook as well.
    """

    project: Project
    edition: Edition
    notebook: Mapping[str, Any]
    parameters: Mapping[str, Any]
    scenario: ReportedScenario
    started: datetime
    workbook: bool = False


def prepare(
    report: str,
    scenario: str,
    overrides: Mapping[str, Any],
    *,
    view: str,
    parameters: Mapping[str, Any],
    project: Project,
    run_id: str | None,
    started: datetime,
    resolve: Resolve,
    workbook: bool = False,
) -> Plan:
    """Check everything that can be checked before a run; write nothing.

    Raises:
        UsageError, ScenarioError: a name or value is wrong.
        WriteError: an edition of this identifier exists.
    """
    known = reports_of(project)
    if report not in known:
        raise UsageError(
            "unknown report",
            received=report,
            allowed=", ".join(known) or "a notebook in notebooks/",
            suggestion=nearest(report, known),
        )
    path = project.notebooks / f"{report}.ipynb"
    where = path.relative_to(project.root).as_posix()
    notebook = _read_notebook(path, where)
    declared = declared_parameters(notebook, where)
    for name in parameters:
        if name in _OWN:
            raise UsageError(
                "parameter is set by the run itself",
                where=where,
                received=name,
                allowed="scenario, overrides and view by their own arguments",
            )
    given = {
        "scenario": scenario,
        "overrides": read_overrides(overrides),
        "view": check_view(view),
        "out": ".",  # the kernel works in the staged folder
        **parameters,
    }
    check_names(given, declared, where)
    _only_data(given, where)
    resolved = resolve(scenario, given["overrides"], project)
    identifier = check_name(
        run_id or f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", "the run's identifier"
    )
    series = series_name(resolved.name, resolved.hash, given["overrides"], view)
    folder = project.reports / report / series / identifier
    if os.path.lexists(folder):
        raise WriteError(
            "an edition is never overwritten", where=str(folder), allowed="a new identifier"
        )
    return Plan(
        project=project,
        edition=Edition(identifier, report, series, folder),
        notebook=_blank(notebook),
        parameters=given,
        scenario=resolved,
        started=started,
        workbook=workbook,
    )


def _only_data(given: Mapping[str, Any], where: str) -> None:
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(
            "a parameter's value is not plain data",
            where=where,
            received=str(error),
            allowed="finite numbers, text, true, false, null, lists and tables of these",
        ) from error


def reports_of(project: Project) -> list[str]:
    """Names of the project's report notebooks: those with a ``parameters`` cell."""
    names = []
    for path in sorted(project.notebooks.glob("*.ipynb")):
        if path.stem == _TAKEN:
            continue
        if b'"parameters"' in path.read_bytes():
            names.append(path.stem)
    return names


def _read_notebook(path: Path, where: str) -> dict[str, Any]:
    try:
        notebook = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError("the notebook cannot be read", where=where, received=str(error)) from error
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise UsageError("not a notebook of format 4", where=where)
    return notebook


def _blank(notebook: Mapping[str, Any]) -> dict[str, Any]:
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
