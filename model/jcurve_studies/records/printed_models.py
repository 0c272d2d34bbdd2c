"""Other people's models of AI spending: what they print, as inputs and as answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from jcurve.facts.sources import Cited, Source, sources
from jcurve.facts.tables import Row, Text, home_of, records
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, Where

_TABLE = "evidence/published_models.csv"


@dataclass(frozen=True, slots=True)
class Printed:
    """An answer that a model's author prints."""

    figure: str  # in words
    value: float  # as printed
    digits: int  # after the point, as printed; below 0 where it is rounded to tens
    unit: str  # of the value
    source: Source  # where it was read
    note: str  # why it cannot be worked out from what was read; empty where it can


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model: its inputs by name, its answers in the order of the table."""

    name: str
    inputs: Mapping[str, float]
    printed: tuple[Printed, ...]

    def given(self, name: str) -> float:
        """An input."""
        if name not in self.inputs:
            raise FactsError.not_among(
                f"no such input of {self.name}",
                name,
                self.inputs,
                where=f"data/{_TABLE}",
                allowed="",
            )
        return self.inputs[name]

    def answer(self, figure: str) -> float:
        """A printed answer."""
        return next(each.value for each in self.printed if each.figure == figure)


@dataclass(frozen=True, slots=True)
class _Line:
    """An input of a model, or an answer that its author prints, to so many digits."""

    model: str
    part: Literal["input", "printed"]
    figure: str
    value: float
    digits: int | None
    unit: Text
    source: Cited
    note: Text


def published_models(
    project: Where = None,
) -> Mapping[str, PublishedModel]:
    """Every published model on file by its name, in the order of the table."""
    data = home_of(project).data
    inputs: dict[str, dict[str, float]] = {}
    printed: dict[str, dict[str, Printed]] = {}

    def add(each: _Line, row: Row) -> None:
        own, answers = inputs.setdefault(each.model, {}), printed.setdefault(each.model, {})
        if each.figure in own or each.figure in answers:
            raise FactsError("figure listed twice", where=row.at("figure"), received=each.figure)
        if each.part == "input":
            own[each.figure] = each.value
            return
        digits, unit = int(row.number("digits")), row.text("unit")
        answers[each.figure] = Printed(
            each.figure, each.value, digits, unit, each.source, each.note
        )

    list(records(data, _TABLE, _Line, {"source": sources(Project(data.parent))}, add))
    return MappingProxyType(
        {
            name: PublishedModel(name, MappingProxyType(inputs[name]), tuple(answers.values()))
            for name, answers in printed.items()
        }
    )
