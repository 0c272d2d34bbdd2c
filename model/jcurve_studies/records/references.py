"""What the base case is held against: published figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jcurve.facts.registers import Evidence, evidence
from jcurve.facts.tables import Text, by_key, home_of
from jcurve.ground.project import Project, Where


@dataclass(frozen=True, slots=True)
class Reference:
    """A published figure beside a line of the model.

    Attributes:
        key: names it.
        label: for a reader.
        line: line of the model that is compared, as the statements have it.
        period: a year, a quarter, or first and last quarter joined by a hyphen.
        reported: a reported row to which the references are added for the quarters of the
            period that are known, or empty.
        references: the evidence that is summed or averaged.
        combine: ``sum`` or ``mean``.
        test: ``share``: within a share of the reference; ``range``: inside the evidence's
            own low and high; ``guided``: inside the range that the company has guided.
        explanation: why the two differ; empty where they agree.
    """

    key: str
    label: str
    line: str
    period: str
    reported: Text
    references: tuple[Evidence, ...]
    combine: Literal["sum", "mean"]
    test: Literal["share", "range", "guided"]
    explanation: Text


def references(project: Where = None) -> tuple[Reference, ...]:
    """Published figures that the base case is compared with, in the table's order."""
    data = home_of(project).data
    known = {"references": evidence(Project(data.parent))}
    return tuple(by_key(data, "evidence/cross_check.csv", Reference, known).values())
