"""The scenarios that come with a project, each evaluated once however many pages ask."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from jcurve.assumptions import shipped
from jcurve.case import evaluate

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.ground.project import Project

__all__ = ["base_case", "cases"]


@lru_cache(maxsize=1)
def cases(project: Project) -> tuple[Case, ...]:
    """Every shipped scenario of the project, the base first, then by name."""
    return tuple(evaluate(name, project=project) for name in shipped(project))


@lru_cache(maxsize=1)
def base_case(project: Project) -> Case:
    """The base scenario, evaluated."""
    return evaluate(project=project)
