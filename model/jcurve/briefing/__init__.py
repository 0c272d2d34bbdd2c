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
    from jcurve.briefing.document import Loss
    from jcurve.briefing.exporters import BriefingExporter, BriefingHTMLExporter
    from jcurve.house_style import HouseStyle

__all__ = ["BriefingExporter", "BriefingHTMLExporter", "render"]


def render(
    notebook: Path,
    html: Path,
    pdf: Path,
    *,
    paper: Literal["a4", "us-letter"] | None = None,
    house: HouseStyle | None = None,
    folder: Path | None = None,
) -> tuple[Loss, ...]:
    """Write an executed notebook as HTML and as PDF; what neither could show comes back.

    Call it only in a process that will not fork afterwards.

    Args:
        notebook: the executed notebook.
        html: the HTML file to write.
        pdf: the PDF file to write.
        paper: size of the PDF's pages; None: the house style's.
        house: whose report it is.
        folder: where the pictures lie that it names; None: where it lies itself.

    Raises:
        RunError: an exhibit without alt text, an unknown cross-reference, content that
            is not valid; names the exhibit. Nothing has been written then.
        WriteError: a file cannot be written.
    """
    from jcurve.briefing.page import html as page
    from jcurve.briefing.reading import read
    from jcurve.briefing.typeset import typeset
    from jcurve.files import write_file

    document = read(
        json.loads(notebook.read_bytes()), notebook.stem, folder=folder or notebook.parent
    )
    written, made = page(document, house), typeset(document, paper=paper, house=house)
    write_file(html, written)
    write_file(pdf, made.pdf)
    return document.losses + made.losses


def __getattr__(name: str) -> Any:
    if name in ("BriefingExporter", "BriefingHTMLExporter"):
        from jcurve.briefing import exporters

        return getattr(exporters, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
