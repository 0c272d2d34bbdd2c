"""Editions: published runs, each a folder that never changes again.

``reports/<report>/<scenario>/<edition>/`` holds the report as HTML and PDF, the executed
notebook, the results, the provenance and, where it was asked for, the workbook;
``latest.json`` beside the editions names the newest. Names of folders are checked here, so
that no name from outside becomes a path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jcurve.errors import RunError, UsageError
from jcurve.project import Project

__all__ = ["Edition", "check_name", "editions", "latest", "series_name"]

LATEST = "latest.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Edition:
    """A published run.

    Attributes:
        id: the run's identifier, and the folder's name.
        report: the report's name.
        series: the folder of editions that replace one another: a scenario, with its
            overrides and view where they are not the usual ones.
        folder: where it lies.
    """

    id: str
    report: str
    series: str
    folder: Path

    @property
    def html(self) -> Path:
        """The report as one HTML file."""
        return self.folder / "report.html"

    @property
    def pdf(self) -> Path:
        """The report as PDF."""
        return self.folder / "report.pdf"

    @property
    def workbook(self) -> Path:
        """The scenario as a workbook of live formulas; not every edition has one."""
        return self.folder / "model.xlsx"

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.folder / "notebook.ipynb"

    @property
    def results(self) -> Path:
        """The results as data."""
        return self.folder / "results.json"

    @property
    def provenance(self) -> Path:
        """What was run, where, when, and the hash of every file."""
        return self.folder / "provenance.json"


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


def editions(project: Project, report: str, series: str) -> list[Edition]:
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
