"""What the base case is held against: published figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jcurve.facts.registers import Evidence, evidence
from jcurve.facts.tables import Text, by_key, home_of
from jcurve.ground.project import Project, Where


@dataclass(frozen=True, slots=True)
class Reference:
    """A published figure beside a line of the model."""

    key: str  # names it
    label: str  # for a reader
    line: str  # line of the model that is compared, as the statements have it
    period: str  # a year, a quarter, or first and last quarter joined by a hyphen
    # a reported row to which the references are added for the quarters of the period that are
    # known, or empty
    reported: Text
    references: tuple[Evidence, ...]  # the evidence that is summed or averaged
    combine: Literal["sum", "mean"]  # ``sum`` or ``mean``
    # ``share``: within a share of the reference; ``range``: inside the evidence's own low and high;
    # ``guided``: inside the range that the company has guided
    test: Literal["share", "range", "guided"]
    explanation: Text  # why the two differ; empty where they agree


def references(project: Where = None) -> tuple[Reference, ...]:
    """Published figures that the base case is compared with, in the table's order."""
    data = home_of(project).data
    known = {"references": evidence(Project(data.parent))}
    return tuple(by_key(data, "evidence/cross_check.csv", Reference, known).values())
