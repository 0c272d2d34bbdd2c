"""``docs/facts.md``: the data dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve_studies.pages.dictionary import dictionary_markdown

if TYPE_CHECKING:
    from jcurve.ground.project import Project

__all__ = ["page"]


def page(project: Project) -> str:
    """The data dictionary, from the tables it describes."""
    return dictionary_markdown(project)
