"""What the panel hands over as files: the report of this very state, and its workbook."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeAlias

from jcurve.case import Case
from jcurve.ground.extensions import REPORTS, extensions
from jcurve.ground.project import Project
from jcurve.workbench.desk import Position

__all__ = ["REPORT", "File", "can_report", "can_write_workbook", "report", "workbook"]

REPORT = "scenario_report"

File: TypeAlias = tuple[str, str, bytes]
"""Name, media type and content."""

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def can_report(project: Project) -> bool:
    """Whether the project has the report of a scenario."""
    return (project.notebooks / f"{REPORT}.ipynb").is_file() and bool(extensions(REPORTS))


def can_write_workbook() -> bool:
    """Whether this installation can write a workbook."""
    return find_spec("jcurve.workbook") is not None


def report(
    position: Position, view: str, project: Project, progress: Callable[[str], None]
) -> tuple[str, tuple[File, File]]:
    """Run the report of a desk's position, as the scheduler would.

    Returns:
        The edition's name, and its page and PDF.

    Raises:
        JCurveError: see :func:`jcurve_runs.run`.
    """
    (run,) = extensions(REPORTS, "run")
    edition = run(
        REPORT,
        position.start,
        dict(position.overrides),
        view=view,
        project=project,
        progress=progress,
    )
    page, pdf = edition.html.read_bytes(), edition.pdf.read_bytes()
    return edition.id, (
        (edition.html.name, "text/html", page),
        (edition.pdf.name, "application/pdf", pdf),
    )


def workbook(case: Case, project: Project) -> File:
    """The Excel workbook of a case.

    Raises:
        JCurveError: see :func:`jcurve.workbook.write`.
    """
    from jcurve.workbook import content

    name = f"{case.scenario.name}-{case.scenario.short_hash}.xlsx"
    return name, _XLSX, content(case, project=project)
