"""The generated pages of ``docs/``.

A page is the same bytes for the same files: no date, no machine, no random order. One that shows
exhibits is data (``contents``: title, introduction, sections with a sentence and exhibits); one
that prints a register is a function of a ``Study``. To add either, write it and add one line to
``PAGES``. ``make docs`` writes every page, and a test fails when what is on disk is not that.

>>> PAGES["validation.md"]
'contents:validation_page'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

from jcurve.ground.errors import UsageError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project

__all__ = ["PAGES", "page", "write"]

PAGES: Mapping[str, str] = MappingProxyType(
    {
        "facts.md": "registers:facts",
        "lines.md": "line_book:lines",
        "assumptions.md": "registers:assumptions",
        "scenarios.md": "registers:scenarios",
        "sources.md": "registers:sources",
        "articles.md": "registers:articles",
        "validation.md": "contents:validation_page",
        "peers.md": "contents:peers_page",
        "response.md": "contents:response_page",
        "../README.md": "contents:readme",
        "j-curve.svg": "drawings:curves",
        "npv-and-size.svg": "drawings:sizes",
    }
)
"""Page, relative to ``docs/``, to the function of a ``Study`` that gives its text."""


def page(name: str, project: Project) -> str:
    """The text of one page.

    Raises:
        UsageError: there is no such page.
    """
    from jcurve_studies.pages.study import study_of

    if name not in PAGES:
        raise UsageError.not_among("unknown page", name, PAGES)
    module, _, function = PAGES[name].partition(":")
    text: str = getattr(import_module(f"{__name__}.{module}"), function)(study_of(project))
    return text


def write(project: Project, names: Iterable[str] = PAGES) -> list[str]:
    """Write pages under ``docs/``; the names of those that changed.

    Raises:
        UsageError: there is no such page; none is written then.
        WriteError: a page cannot be written.
    """
    made = {name: page(name, project) for name in names}
    changed = []
    for name, text in made.items():
        path = project.root / "docs" / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_file(path, text)
            changed.append(name)
    return changed
