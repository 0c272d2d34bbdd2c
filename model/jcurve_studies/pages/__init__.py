"""The generated pages of ``docs/``.

A page is the same bytes for the same files: no date, no machine, no random order. It is a file of
``templates``: Markdown in which ``{{ peers.rebuilt(s.peers) }}`` stands for an exhibit; to add a
page, add a template. ``make docs`` writes every page, and a test fails when what is on disk is not
that.

>>> "validation.md" in PAGES
True
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from jcurve.ground.errors import UsageError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project

__all__ = ["PAGES", "page", "write"]

_FUNCTIONS = {
    "../README.md": "contents:readme",
    "economics.md": "contents:economics",
    "j-curve.svg": "drawings:curves",
    "npv-and-size.svg": "drawings:sizes",
}
PAGES: tuple[str, ...] = (
    *sorted(path.name for path in Path(__file__).with_name("templates").glob("*.md")),
    *_FUNCTIONS,
)
"""Pages, relative to ``docs/``: from a template, or from a function of a ``Study``."""


def page(name: str, project: Project) -> str:
    """The text of one page."""
    from jcurve_studies.pages.study import study_of

    if name not in PAGES:
        raise UsageError.not_among("unknown page", name, PAGES)
    module, _, function = _FUNCTIONS.get(name, "contents:text").partition(":")
    make = getattr(import_module(f"{__name__}.{module}"), function)
    arguments = (study_of(project),) if name in _FUNCTIONS else (name, study_of(project))
    text: str = make(*arguments)
    return text


def write(project: Project, names: Iterable[str] = PAGES) -> list[str]:
    """Write pages under ``docs/``; the names of those that changed."""
    made = {name: page(name, project) for name in names}
    changed = []
    for name, text in made.items():
        path = project.root / "docs" / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_file(path, text)
            changed.append(name)
    return changed
