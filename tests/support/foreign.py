"""Notebooks of other people, in small: each cell shows one thing that a briefing must not lose."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from jcurve.briefing.document import Document
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.briefing.typeset import Typeset, typeset
from tests.support import pdfcheck

__all__ = [
    "Briefing",
    "briefing",
    "case",
    "cell",
    "display",
    "note",
    "of",
    "picture",
    "printed",
    "shown",
]

_CASES = Path(__file__).with_name("cases")


def case(name: str) -> dict[str, Any]:
    """A notebook that stands for a kind of fault, by the start of its name."""
    (path,) = _CASES.glob(f"{name}_*.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def note(source: str, **more: Any) -> dict[str, Any]:
    """A markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def cell(*outputs: dict[str, Any], tags: tuple[str, ...] = (), **metadata: Any) -> dict[str, Any]:
    """A code cell with outputs."""
    return {
        "cell_type": "code",
        "metadata": {**metadata, "tags": list(tags)},
        "source": "show()",
        "execution_count": 1,
        "outputs": list(outputs),
    }


def display(metadata: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """Something displayed; kinds are written ``text_html`` or ``image_png``."""
    kinds = {name.replace("_", "/", 1): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": metadata or {}, "data": kinds}


def shown(markup: str) -> dict[str, Any]:
    """A cell that displayed this HTML."""
    return cell(display(text_html=markup, text_plain="<IPython.core.display.HTML object>"))


def printed(text: str) -> dict[str, Any]:
    """Text on standard output."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def picture(kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (80, 40)) -> str:
    """A small picture in base64."""
    image = Image.new(mode, size)
    ImageDraw.Draw(image).line((0, 0, *size), fill=1)
    written = io.BytesIO()
    image.save(written, kind)
    return base64.b64encode(written.getvalue()).decode()


@dataclass(frozen=True)
class Briefing:
    """A notebook read; typeset and laid out as a page when that is asked for."""

    document: Document

    @cached_property
    def made(self) -> Typeset:
        """The PDF, its pages held against every check of pages."""
        found = typeset(self.document)
        assert pdfcheck.complaints(found.pdf) == []
        return found

    @cached_property
    def page(self) -> str:
        """The HTML."""
        return html(self.document)

    @property
    def pdf(self) -> bytes:
        return self.made.pdf

    @cached_property
    def text(self) -> str:
        """The words of the PDF, blanks and line ends made single blanks."""
        return " ".join(" ".join(pdfcheck.page_texts(self.pdf)).split())

    @property
    def losses(self) -> list[str]:
        return [str(loss) for loss in (*self.document.losses, *self.made.losses)]

    def table(self, number: int = 0) -> dict[tuple[int, int], str]:
        """Row, column and text of a table's cells, as the PDF's structure has them."""
        return {(it.row, it.column): it.text for it in pdfcheck.tables(self.pdf)[number]}


def briefing(*cells: dict[str, Any], folder: Path | None = None, **metadata: Any) -> Briefing:
    """A notebook of these cells."""
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}
    return of(notebook, folder)


def of(notebook: dict[str, Any], folder: Path | None = None) -> Briefing:
    """``briefing`` of a whole notebook."""
    return Briefing(read(notebook, "notebook", folder=folder))
