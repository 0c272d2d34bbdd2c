"""What the base case is held against: published figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jcurve.facts.registers import Evidence, evidence
from jcurve.facts.tables import Row, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = ["Reference", "references"]

_CROSS_CHECKS = "evidence/cross_check.csv"


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
    reported: str
    references: tuple[Evidence, ...]
    combine: str
    test: str
    explanation: str


def references(project: Project | str | Path | None = None) -> tuple[Reference, ...]:
    """Published figures that the base case is compared with, in the table's order.

    Raises:
        FactsError: a row names unknown evidence, or is listed twice.
    """
    columns = (
        "key", "label", "line", "period", "reported", "references", "combine", "test",
        "explanation",
    )  # fmt: skip
    data = data_folder(project)
    known = evidence(Project(data.parent))
    found: dict[str, Reference] = {}
    for row in read_table(data, _CROSS_CHECKS, columns):
        key = row.text("key")
        if key in found:
            raise FactsError("comparison listed twice", where=row.at("key"), received=key)
        found[key] = Reference(
            key=key,
            label=row.text("label"),
            line=row.text("line"),
            period=row.text("period"),
            reported=row.optional("reported"),
            references=_evidence(row, "references", known),
            combine=row.choice("combine", ("sum", "mean"), "combination"),
            test=row.choice("test", ("share", "range", "guided"), "test"),
            explanation=row.optional("explanation"),
        )
    return tuple(found.values())


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _evidence(row: Row, column: str, known: Mapping[str, Evidence]) -> tuple[Evidence, ...]:
    keys = _names(row.optional(column))
    for key in keys:
        if key not in known:
            raise FactsError.not_among(
                "unknown evidence", key, known, where=row.at(column), allowed=""
            )
    return tuple(known[key] for key in keys)
