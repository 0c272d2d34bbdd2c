"""Write a workbook: the content of a book through XlsxWriter, whole or not at all."""

from __future__ import annotations

import datetime
import io
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from jcurve.ground.errors import UsageError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project
from jcurve.workbook.book import Book

if TYPE_CHECKING:
    from jcurve.case import Case

__all__ = ["content", "write"]


def write(
    case: Case,
    path: str | FilePath,
    *,
    today: datetime.date | None = None,
    project: Project | str | FilePath | None = None,
) -> FilePath:
    """Write ``case`` as an Excel workbook with live formulas.

    Args:
        case: an evaluated scenario.
        path: the file, replaced if it is there.
        today: the date to print on *About*; without it the same case gives the same bytes on
            any day.
        project: where the sources are.

    Returns:
        The file.

    Raises:
        UsageError: the name does not end in ``.xlsx``.
        ModelError: a line has no Excel form.
        WriteError: the file cannot be written; it is then unchanged.
    """
    target = FilePath(path)
    if target.suffix.lower() != ".xlsx":
        raise UsageError("not the name of a workbook", received=str(path), allowed="FILE.xlsx")
    write_file(target, content(case, today=today, project=project))
    return target


def content(
    case: Case,
    *,
    today: datetime.date | None = None,
    project: Project | str | FilePath | None = None,
) -> bytes:
    """The bytes of the workbook; see :func:`write`."""
    from jcurve.workbook.pen import Pen

    stream = io.BytesIO()
    Pen(Book(case), stream, today, project).write()
    return stream.getvalue()
