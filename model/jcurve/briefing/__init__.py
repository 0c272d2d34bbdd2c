"""Briefings: an executed notebook as one HTML file and as an accessible, archivable PDF.

``render`` is what a run calls. The nbconvert exporters, for ``jupyter nbconvert --to
briefing`` and JupyterLab's export menu, are loaded on first use: nbconvert is dear, and
``render`` does without it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jcurve.briefing.exporters import BriefingExporter, BriefingHTMLExporter

__all__ = ["BriefingExporter", "BriefingHTMLExporter", "render"]


def render(
    notebook: Path, html: Path, pdf: Path, *, paper: Literal["a4", "us-letter"] = "a4"
) -> None:
    """Write an executed notebook as HTML and as PDF.

    Call it only in a process that will not fork afterwards.

    Args:
        notebook: the executed notebook.
        html: the HTML file to write.
        pdf: the PDF file to write.
        paper: size of the PDF's pages.

    Raises:
        RunError: an exhibit without alt text, an unknown cross-reference, content that
            is not valid; names the exhibit. Nothing has been written then.
        WriteError: a file cannot be written.
    """
    from jcurve.briefing.page import html as page
    from jcurve.briefing.reading import read
    from jcurve.briefing.typeset import pdf as typeset
    from jcurve.files import write_file

    document = read(json.loads(notebook.read_bytes()), notebook.stem)
    written, typeset_bytes = page(document), typeset(document, paper=paper)
    write_file(html, written)
    write_file(pdf, typeset_bytes)


def __getattr__(name: str) -> Any:
    if name in ("BriefingExporter", "BriefingHTMLExporter"):
        from jcurve.briefing import exporters

        return getattr(exporters, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
