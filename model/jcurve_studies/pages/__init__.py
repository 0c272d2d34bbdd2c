"""The generated pages of ``docs/``.

To add a page, write a function that takes the :class:`~jcurve.ground.project.Project` and returns
the page's text (the same bytes for the same files: no date, no machine, no random order), and
add one line to ``PAGES``: ``"page.md": "module:function"``. Tables come from
``jcurve.ground.markdown``, the evaluated scenarios from ``jcurve_studies.pages.cases``. ``make
docs`` then writes the page, and a test fails when what is on disk is not what the function returns.
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
        "facts.md": "jcurve_studies.pages.facts:page",
        "lines.md": "jcurve_studies.pages.lines:page",
        "assumptions.md": "jcurve_studies.pages.assumptions:page",
        "scenarios.md": "jcurve_studies.pages.scenarios:page",
        "sources.md": "jcurve_studies.pages.sources:page",
        "j-curve.svg": "jcurve_studies.pages.picture:page",
        "npv-and-size.svg": "jcurve_studies.pages.picture:sizes",
        "calibration.md": "jcurve_studies.pages.calibration:page",
        "drivers.md": "jcurve_studies.pages.drivers:page",
        "discrepancies.md": "jcurve_studies.pages.discrepancies:page",
        "life-changes.md": "jcurve_studies.pages.life_changes:page",
        "peers.md": "jcurve_studies.pages.peers:page",
        "published-models.md": "jcurve_studies.pages.published:page",
        "claims.md": "jcurve_studies.pages.claims:page",
        "../README.md": "jcurve_studies.pages.readme:page",
        "cross-check.md": "jcurve_studies.pages.cross_check:page",
        "response.md": "jcurve_studies.pages.response:page",
    }
)
"""Page, relative to ``docs/``, to the function that writes it."""


def page(name: str, project: Project) -> str:
    """The text of one page.

    Raises:
        UsageError: there is no such page.
    """
    if name not in PAGES:
        raise UsageError.not_among("unknown page", name, PAGES)
    module, _, function = PAGES[name].partition(":")
    made: str = getattr(import_module(module), function)(project)
    return made


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
