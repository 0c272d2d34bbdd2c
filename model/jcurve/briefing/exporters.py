"""Briefings as nbconvert formats: ``--to briefing``, ``--to briefinghtml``, and in JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from jcurve.lightweight import lighten

lighten()  # before nbconvert, which imports jsonschema

from nbconvert.exporters import Exporter  # noqa: E402
from traitlets import Enum, default  # noqa: E402

from jcurve.briefing.page import html  # noqa: E402
from jcurve.briefing.reading import read  # noqa: E402
from jcurve.briefing.typeset import pdf  # noqa: E402

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["BriefingExporter", "BriefingHTMLExporter"]


class _Briefing(Exporter):
    """What both formats share."""

    def _name(self, resources: dict[str, Any]) -> str:
        return str(resources.get("metadata", {}).get("name") or "Notebook")


class BriefingExporter(_Briefing):
    """A notebook as PDF: PDF/A-2a and PDF/UA-1, without a browser and without TeX."""

    export_from_notebook = "Briefing (PDF)"
    output_mimetype = "application/pdf"

    paper = Enum(("a4", "us-letter"), "a4", help="Size of the paper: a4 or us-letter.").tag(
        config=True
    )
    contents = Enum(
        ("auto", "yes", "no"), "auto", help="Table of contents; auto: in long reports."
    ).tag(config=True)

    @default("file_extension")
    def _extension(self) -> str:
        return ".pdf"

    def from_notebook_node(
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Typeset an executed notebook."""
        copy, found = super().from_notebook_node(nb, resources, **kw)
        contents = {"auto": None, "yes": True, "no": False}[self.contents]
        paper: Literal["a4", "us-letter"] = "a4" if self.paper == "a4" else "us-letter"
        return pdf(read(copy, self._name(found)), paper=paper, contents=contents), found


class BriefingHTMLExporter(_Briefing):
    """A notebook as one HTML file that loads nothing."""

    export_from_notebook = "Briefing (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _extension(self) -> str:
        return ".html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Lay out an executed notebook as a page."""
        copy, found = super().from_notebook_node(nb, resources, **kw)
        return html(read(copy, self._name(found))), found
