"""What the model is held against: published figures and models, causes of misses, moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jcurve.facts import Evidence, Source, drivers, evidence, sources
from jcurve.facts.tables import YEAR, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = [
    "Cause",
    "Move",
    "Printed",
    "PublishedModel",
    "Reference",
    "causes",
    "driver_moves",
    "published_models",
    "references",
]

_PUBLISHED = "evidence/published_models.csv"


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
    for row in read_table(data, "evidence/cross_check.csv", columns):
        key = row.text("key")
        if key in found:
            raise FactsError("comparison listed twice", where=row.at("key"), received=key)
        names = [name.strip() for name in row.optional("references").split(";") if name.strip()]
        for name in names:
            if name not in known:
                raise FactsError.not_among(
                    "unknown evidence", name, known, where=row.at("references"), allowed=""
                )
        found[key] = Reference(
            key=key,
            label=row.text("label"),
            line=row.text("line"),
            period=row.text("period"),
            reported=row.optional("reported"),
            references=tuple(known[name] for name in names),
            combine=row.choice("combine", ("sum", "mean"), "combination"),
            test=row.choice("test", ("share", "range", "guided"), "test"),
            explanation=row.optional("explanation"),
        )
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one forecast missed.

    ``kind`` says whether the cause is in reported figures, follows from the model's own, or is
    judgement.
    """

    subject: str
    origin: int
    year: int
    kind: str
    cause: str
    source: Source


def causes(
    project: Project | str | Path | None = None,
) -> Mapping[tuple[str, int, int], Cause]:
    """Causes by subject, last year known and year forecast.

    Raises:
        FactsError: a malformed table, or a forecast with two causes.
    """
    columns = ("subject", "origin", "year", "kind", "cause", "source_id")
    data = data_folder(project)
    known = sources(Project(data.parent))
    found: dict[tuple[str, int, int], Cause] = {}
    for row in read_table(data, "evidence/discrepancies.csv", columns):
        origin, year = int(row.period("origin", YEAR)), int(row.period("year", YEAR))
        key = (row.text("subject"), origin, year)
        if key in found:
            raise FactsError("forecast listed twice", where=row.at("subject"), received=key)
        found[key] = Cause(
            *key,
            kind=row.choice("kind", ("reported", "estimate", "judgement"), "kind of cause"),
            cause=row.text("cause"),
            source=known[row.choice("source_id", known, "source")],
        )
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class Move:
    """One assumption moved from low to high.

    Attributes:
        driver: key of the mechanism.
        key: the assumption.
        low, high: text of the values, both empty for the ends of the assumption's own range.
        also: other keys and the text of their values, set at both ends.
        rises, falls: rows by the name that a case takes.
        note: what a reader should know; may be empty.
    """

    driver: str
    key: str
    low: str
    high: str
    also: tuple[tuple[str, str], ...]
    rises: tuple[str, ...]
    falls: tuple[str, ...]
    note: str


def driver_moves(project: Project | str | Path | None = None) -> tuple[Move, ...]:
    """Every move, in the order of the file.

    Raises:
        FactsError: a mechanism is unknown, one end of a range is missing, or a move names no
            line.
    """
    columns = ("driver", "key", "low", "high", "also", "rises", "falls", "note")
    known = drivers(project)
    found: list[Move] = []
    for row in read_table(data_folder(project), "evidence/driver_map.csv", columns):
        driver = row.text("driver")
        if driver not in known:
            raise FactsError.not_among(
                "unknown driver", driver, known, where=row.at("driver"), allowed=""
            )
        low, high = row.optional("low"), row.optional("high")
        if bool(low) != bool(high):
            raise FactsError("one end of a range", where=row.at("low"), received=low or high)
        also: list[tuple[str, str]] = []
        for part in filter(None, row.optional("also").split(";")):
            key, equals, value = part.partition("=")
            if not equals or not value:
                raise FactsError("not KEY=VALUE", where=row.at("also"), received=part)
            also.append((key, value))
        rises, falls = (tuple(row.optional(side).split()) for side in ("rises", "falls"))
        if not rises and not falls:
            raise FactsError("a move that names no line", where=row.at("rises"))
        found.append(
            Move(driver, row.text("key"), low, high, tuple(also), rises, falls,
                 row.optional("note"))
        )  # fmt: skip
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Printed:
    """An answer that a model's author prints.

    Attributes:
        figure: in words.
        value: as printed.
        digits: after the point, as printed; below 0 where it is rounded to tens.
        unit: of the value.
        source: where it was read.
        note: why it cannot be worked out from what was read; empty where it can.
    """

    figure: str
    value: float
    digits: int
    unit: str
    source: Source
    note: str


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model: its inputs by name, its answers in the order of the table."""

    name: str
    inputs: Mapping[str, float]
    printed: tuple[Printed, ...]

    def given(self, name: str) -> float:
        """An input.

        Raises:
            FactsError: the table holds none of that name.
        """
        if name not in self.inputs:
            raise FactsError.not_among(
                f"no such input of {self.name}",
                name,
                self.inputs,
                where=f"data/{_PUBLISHED}",
                allowed="",
            )
        return self.inputs[name]

    def answer(self, figure: str) -> float:
        """A printed answer."""
        return next(each.value for each in self.printed if each.figure == figure)


def published_models(
    project: Project | str | Path | None = None,
) -> Mapping[str, PublishedModel]:
    """Every published model on file by its name, in the order of the table.

    Raises:
        FactsError: the table is missing or malformed, or has a figure twice.
    """
    columns = ("model", "part", "figure", "value", "digits", "unit", "source_id", "note")
    data = data_folder(project)
    known = sources(Project(data.parent))
    inputs: dict[str, dict[str, float]] = {}
    printed: dict[str, dict[str, Printed]] = {}
    for row in read_table(data, _PUBLISHED, columns):
        model, figure, value = row.text("model"), row.text("figure"), row.number("value")
        own, answers = inputs.setdefault(model, {}), printed.setdefault(model, {})
        if figure in own or figure in answers:
            raise FactsError("figure listed twice", where=row.at("figure"), received=figure)
        source = known[row.choice("source_id", known, "source")]
        if row.choice("part", ("input", "printed"), "part") == "input":
            own[figure] = value
        else:
            digits = int(row.number("digits"))
            answers[figure] = Printed(
                figure, value, digits, row.text("unit"), source, row.optional("note")
            )
    return MappingProxyType(
        {
            name: PublishedModel(name, MappingProxyType(inputs[name]), tuple(answers.values()))
            for name, answers in printed.items()
        }
    )
