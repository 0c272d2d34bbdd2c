"""What the base case is held against: published figures, and two readings of the uplift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jcurve.errors import FactsError, nearest
from jcurve.facts.registers import Evidence, evidence
from jcurve.facts.tables import Row, data_folder, read_table
from jcurve.project import Project

__all__ = ["Reference", "UpliftInput", "references", "uplift_inputs"]

_CROSS_CHECKS = "evidence/cross_check.csv"
_READINGS = "evidence/uplift_readings.csv"


@dataclass(frozen=True, slots=True)
class Reference:
    """A published figure beside a line of the model.

    Attributes:
        key: names it.
        label: for a reader.
        lines: lines of the model whose sum is compared.
        period: a year, or first and last quarter joined by a hyphen.
        reported: a reported row to which the references are added for the quarters of the
            period that are known, or empty.
        references: the evidence that is summed or averaged.
        combine: ``sum`` or ``mean``.
        test: ``share``: within a share of the reference; ``range``: inside the evidence's
            own low and high.
        explanation: why the two differ; empty where they agree.
    """

    key: str
    label: str
    lines: tuple[str, ...]
    period: str
    reported: str
    references: tuple[Evidence, ...]
    combine: str
    test: str
    explanation: str


@dataclass(frozen=True, slots=True)
class UpliftInput:
    """One number that a reading of the advertising uplift rests on."""

    key: str
    reading: str
    label: str
    value: float
    low: float
    high: float
    unit: str
    evidence: tuple[Evidence, ...]
    kind: str
    why: str


def references(project: Project | str | Path | None = None) -> tuple[Reference, ...]:
    """Published figures that the base case is compared with, in the table's order.

    Raises:
        FactsError: a row names unknown evidence, or is listed twice.
    """
    columns = (
        "key", "label", "lines", "period", "reported", "references", "combine", "test",
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
            lines=_names(row.text("lines")),
            period=row.text("period"),
            reported=row.optional("reported"),
            references=_evidence(row, "references", known),
            combine=row.choice("combine", ("sum", "mean"), "combination"),
            test=row.choice("test", ("share", "range"), "test"),
            explanation=row.optional("explanation"),
        )
    return tuple(found.values())


def uplift_inputs(project: Project | str | Path | None = None) -> Mapping[str, UpliftInput]:
    """The inputs of the bottom-up and top-down readings of the uplift, by name.

    Raises:
        FactsError: a row names unknown evidence, or its range does not hold its value.
    """
    columns = (
        "reading", "input", "label", "value", "low", "high", "unit", "evidence", "kind", "why",
    )  # fmt: skip
    data = data_folder(project)
    known = evidence(Project(data.parent))
    found: dict[str, UpliftInput] = {}
    for row in read_table(data, _READINGS, columns):
        key = row.text("input")
        value, low, high = (row.number(name) for name in ("value", "low", "high"))
        if not low <= value <= high:
            raise FactsError(
                "a value outside its own range",
                where=row.at("value"),
                received=value,
                allowed=f"{low} to {high}",
            )
        found[key] = UpliftInput(
            key=key,
            reading=row.choice("reading", ("bottom_up", "top_down"), "reading"),
            label=row.text("label"),
            value=value,
            low=low,
            high=high,
            unit=row.text("unit"),
            evidence=_evidence(row, "evidence", known),
            kind=row.choice("kind", ("evidence", "judgement"), "kind"),
            why=row.text("why"),
        )
    return MappingProxyType(found)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _evidence(row: Row, column: str, known: Mapping[str, Evidence]) -> tuple[Evidence, ...]:
    keys = _names(row.optional(column))
    for key in keys:
        if key not in known:
            raise FactsError(
                "unknown evidence",
                where=row.at(column),
                received=key,
                suggestion=nearest(key, known),
            )
    return tuple(known[key] for key in keys)
