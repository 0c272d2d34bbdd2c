"""Briefings as nbconvert formats: ``--to briefing``, ``--to briefinghtml``, and in JupyterLab."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from jcurve.briefing.lightweight import lighten
from jcurve.briefing.panels import with_panels

lighten()  # before nbconvert, which imports jsonschema

from nbconvert.exporters import Exporter  # noqa: E402
from nbformat import NotebookNode  # noqa: E402
from traitlets import Bool, Enum, default  # noqa: E402

from jcurve.assumptions.house_style import HouseStyle, read_house_style  # noqa: E402
from jcurve.briefing import tell  # noqa: E402
from jcurve.briefing.document import Document, Loss  # noqa: E402
from jcurve.briefing.page import html  # noqa: E402
from jcurve.briefing.reading import read  # noqa: E402
from jcurve.briefing.typeset import typeset  # noqa: E402
from jcurve.ground.errors import JCurveError, ProjectError  # noqa: E402
from jcurve.ground.project import find_project, project_above  # noqa: E402


class _Briefing(Exporter):
    """What both formats share."""

    strict = Bool(
        False, help="Refuse a notebook of which anything would be left out, or changed."
    ).tag(config=True)

    def from_notebook_node(
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Read an executed notebook, lay it out, and tell what is lost of it."""
        copy, found = super().from_notebook_node(nb, resources, **kw)
        folder = _folder(found)
        options = self.config.get("TemplateExporter", {})
        with _in_one_line(self):
            document = read(
                with_panels(copy, folder),
                str(found.get("metadata", {}).get("name") or "Notebook"),
                folder=folder,
                excluded=frozenset(str(name) for name, value in options.items() if value is True),
            )
            made, losses = self._laid_out(document, _house(found))
            tell(document.losses + losses, strict=self.strict)
        return made, found

    @abstractmethod
    def _laid_out(
        self, document: Document, house: HouseStyle
    ) -> tuple[bytes | str, tuple[Loss, ...]]:
        """The document in the format, and what of it the format does not show."""


@contextmanager
def _in_one_line(exporter: Exporter) -> Iterator[None]:
    """On the command line an error of ours is a line and an exit status, not a traceback."""
    try:
        yield
    except JCurveError as error:
        from nbconvert.nbconvertapp import NbConvertApp

        if not NbConvertApp.initialized():
            raise
        exporter.log.error("%s", error)
        NbConvertApp.instance().exit(error.exit_status)


def _folder(resources: dict[str, Any]) -> Path | None:
    path = resources.get("metadata", {}).get("path")
    return Path(path or ".") if path is not None else None


def _house(resources: dict[str, Any]) -> HouseStyle:
    """The style of the project that the notebook lies in, else of the one that we are in."""
    folder = _folder(resources)
    project = project_above(folder) if folder is not None else None
    if project is None:
        with suppress(ProjectError):
            project = find_project()
    return read_house_style(project.reports) if project is not None else HouseStyle()


def _take_strict() -> None:
    """``--strict`` for the command line, which has read its flags before it meets a format."""
    app = sys.modules.get("nbconvert.nbconvertapp")
    flags = getattr(app, "nbconvert_flags", None)
    if flags is not None:
        formats = (BriefingExporter, BriefingHTMLExporter)
        strict = {each.__name__: {"strict": True} for each in formats}
        flags.setdefault("strict", (strict, str(_Briefing.strict.help)))


class BriefingExporter(_Briefing):
    """A notebook as PDF: PDF/A-2a and PDF/UA-1, without a browser and without TeX."""

    export_from_notebook = "Briefing (PDF)"
    output_mimetype = "application/pdf"

    paper = Enum(
        ("a4", "us-letter", ""), "", help="Size of the paper: a4 or us-letter; else the house's."
    ).tag(config=True)

    @default("file_extension")
    def _extension(self) -> str:
        return ".pdf"

    def _laid_out(self, document: Document, house: HouseStyle) -> tuple[bytes, tuple[Loss, ...]]:
        paper: Any = self.paper or house.paper
        made = typeset(document, replace(house, paper=paper))
        return made.pdf, made.losses


class BriefingHTMLExporter(_Briefing):
    """A notebook as one HTML file that loads nothing."""

    export_from_notebook = "Briefing (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _extension(self) -> str:
        return ".html"

    def _laid_out(self, document: Document, house: HouseStyle) -> tuple[str, tuple[Loss, ...]]:
        return html(document, house), ()


_take_strict()
