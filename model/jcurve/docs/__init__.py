"""The generated pages of ``docs/``.

To add a page, write a function that takes the :class:`~jcurve.ground.project.Project` and returns
the page's text (the same bytes for the same files: no date, no machine, no random order), and
add one line to ``PAGES``: ``"page.md": "module:function"``. Tables come from
``jcurve.ground.markdown``, the evaluated scenarios from ``jcurve.docs.cases``. ``make docs`` then
writes the page, and a test fails when what is on disk is not what the function returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

from jcurve.ground.errors import UsageError, nearest
from jcurve.ground.files import write_file
from jcurve.ground.project import Project

__all__ = ["PAGES", "page", "write"]

PAGES: Mapping[str, str] = MappingProxyType(
    {
        "facts.md": "jcurve.docs.facts:page",
        "lines.md": "jcurve.docs.lines:page",
        "assumptions.md": "jcurve.docs.assumptions:page",
        "scenarios.md": "jcurve.docs.scenarios:page",
        "sources.md": "jcurve.docs.sources:page",
        "j-curve.svg": "jcurve.docs.picture:page",
        "npv-and-size.svg": "jcurve.docs.picture:sizes",
        "calibration.md": "jcurve.docs.calibration:page",
        "drivers.md": "jcurve.docs.drivers:page",
        "discrepancies.md": "jcurve.docs.discrepancies:page",
        "life-changes.md": "jcurve.docs.life_changes:page",
        "peers.md": "jcurve.docs.peers:page",
        "published-models.md": "jcurve.docs.published:page",
        "claims.md": "jcurve.docs.claims:page",
        "../README.md": "jcurve.docs.readme:page",
        "cross-check.md": "jcurve.docs.cross_check:page",
        "response.md": "jcurve.docs.response:page",
    }
)
"""Page, relative to ``docs/``, to the function that writes it."""


def page(name: str, project: Project) -> str:
    """The text of one page.

    Raises:
        UsageError: there is no such page.
    """
    if name not in PAGES:
        raise UsageError(
            "unknown page",
            received=name,
            allowed=", ".join(PAGES),
            suggestion=nearest(name, PAGES),
        )
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
