"""Briefings: an executed notebook as one HTML file and as an accessible, archivable PDF.

``render`` is what a run calls. The nbconvert exporters, for ``jupyter nbconvert --to
briefing`` and JupyterLab's export menu, are loaded on first use: nbconvert is dear, and
``render`` does without it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jcurve.briefing.document import Loss
    from jcurve.briefing.exporters import BriefingExporter, BriefingHTMLExporter

__all__ = ["BriefingExporter", "BriefingHTMLExporter", "render", "tell"]


def render(
    notebook: Path, html: Path, pdf: Path, *, paper: Literal["a4", "us-letter"] | None = None
) -> tuple[Loss, ...]:
    """Write an executed notebook as HTML and as PDF; what neither could show comes back.

    House style and pictures are those of the project that the notebook lies in. What is lost
    is also logged as a warning; with ``JCURVE_STRICT`` in the environment it is an error.

    Call it only in a process that will not fork afterwards.

    Args:
        notebook: the executed notebook.
        html: the HTML file to write.
        pdf: the PDF file to write.
        paper: size of the PDF's pages; None: the house style's.

    Raises:
        RunError: an exhibit without alt text, an unknown cross-reference, content that
            is not valid; names the exhibit. Nothing has been written then.
        UsageError: the house style is not valid.
        WriteError: a file cannot be written.
    """
    from jcurve.briefing.page import html as page
    from jcurve.briefing.reading import read
    from jcurve.briefing.typeset import typeset
    from jcurve.files import write_file
    from jcurve.house_style import project_above, read_house_style

    project = project_above(notebook.parent)
    house = read_house_style(project.reports) if project is not None else None
    folder = project.notebooks if project is not None else notebook.parent
    document = read(json.loads(notebook.read_bytes()), notebook.stem, folder=folder)
    written, made = page(document, house), typeset(document, paper=paper, house=house)
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
        from jcurve.errors import RunError

        raise RunError(f"not all of the notebook can be shown: {'; '.join(listed)}")
    if listed:
        lines = "\n".join(f"  {line}" for line in listed)
        logging.getLogger("jcurve").warning("The briefing does not show all of it:\n%s", lines)


def __getattr__(name: str) -> Any:
    if name in ("BriefingExporter", "BriefingHTMLExporter"):
        from jcurve.briefing import exporters

        return getattr(exporters, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
