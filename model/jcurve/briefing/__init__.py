"""Briefings: what a report notebook calls, its editions, and its pages as HTML and PDF.

A report's second cell checks its parameters (``check_parameters``), its last writes what it
found as ``results.json`` (``record_case``). ``previous_edition`` tells what the edition before
said; ``all_editions`` and ``latest`` find what was published. ``render`` makes an executed
notebook one HTML file and an accessible, archivable PDF: start with ``reading``, which makes a
``document`` of it, then ``page`` (HTML) and ``typeset`` (PDF). Digits of J-Curve's own tables are
written by ``jcurve.figures.exhibit``. Names are imported when first used: nbconvert is dear.

>>> from jcurve.briefing.reading import read
>>> read({"cells": [{"cell_type": "markdown", "metadata": {}, "source": "# Capex"}]}, "note").title
'Capex'
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcurve.briefing.document import Loss
    from jcurve.briefing.editions import (
        Edition,
        all_editions,
        edition_before,
        latest,
        previous_edition,
    )
    from jcurve.briefing.exporters import BriefingExporter, BriefingHTMLExporter
    from jcurve.briefing.parameters import Parameters, check_parameters, notebook_errors
    from jcurve.briefing.results import NothingToReport, Results, record, record_case
    from jcurve.ground.project import Project

__all__ = [
    "BriefingExporter",
    "BriefingHTMLExporter",
    "Edition",
    "NothingToReport",
    "Parameters",
    "Results",
    "all_editions",
    "check_parameters",
    "edition_before",
    "latest",
    "notebook_errors",
    "previous_edition",
    "record",
    "record_case",
    "render",
    "tell",
]

_HOMES = {
    "editions": ("Edition", "all_editions", "edition_before", "previous_edition", "latest"),
    "exporters": ("BriefingExporter", "BriefingHTMLExporter"),
    "parameters": ("Parameters", "check_parameters", "notebook_errors"),
    "results": ("NothingToReport", "Results", "record", "record_case"),
}


def render(
    notebook: Path, html: Path, pdf: Path, *, project: Project | None = None
) -> tuple[Loss, ...]:
    """Write an executed notebook as HTML and as PDF; what neither could show comes back.

    What is lost is also logged as a warning; with ``JCURVE_STRICT`` in the environment it is an
    error.

    Call it only in a process that will not fork afterwards. House style, paper and pictures are
    the project's, else those of the project that the notebook lies in.

    Raises:
        RunError: an exhibit without alt text, an unknown cross-reference, content that
            is not valid; names the exhibit. Nothing has been written then.
        UsageError: the house style is not valid.
        WriteError: a file cannot be written.
    """
    from jcurve.assumptions.house_style import read_house_style
    from jcurve.briefing.page import html as page
    from jcurve.briefing.reading import read
    from jcurve.briefing.typeset import typeset
    from jcurve.ground.files import write_file
    from jcurve.ground.project import project_above

    project = project or project_above(notebook.parent)
    house = read_house_style(project.reports) if project is not None else None
    folder = project.notebooks if project is not None else notebook.parent
    document = read(json.loads(notebook.read_bytes()), notebook.stem, folder=folder)
    written, made = page(document, house), typeset(document, house)
    losses = document.losses + made.losses
    tell(losses, strict=bool(os.environ.get("JCURVE_STRICT")))
    write_file(html, written)
    write_file(pdf, made.pdf)
    return losses


def tell(losses: Iterable[Loss], *, strict: bool) -> None:
    """Log what was lost of a notebook, cell by cell.

    Raises:
        RunError: something was, and that is not wanted.
    """
    listed = [str(loss) for loss in losses]
    if listed and strict:
        from jcurve.ground.errors import RunError

        raise RunError(f"not all of the notebook can be shown: {'; '.join(listed)}")
    if listed:
        lines = "\n".join(f"  {line}" for line in listed)
        logging.getLogger("jcurve").warning("The briefing does not show all of it:\n%s", lines)


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"jcurve.briefing.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
