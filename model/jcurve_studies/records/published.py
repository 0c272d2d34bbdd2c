"""Other people's models of AI spending: what they print, as inputs and as answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jcurve.facts.sources import Source, sources
from jcurve.facts.tables import data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = ["Printed", "PublishedModel", "published_models"]

_TABLE = "evidence/published_models.csv"
_COLUMNS = ("model", "part", "figure", "value", "digits", "unit", "source_id", "note")
_PARTS = ("input", "printed")


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
                where=f"data/{_TABLE}",
                allowed="",
            )
        return self.inputs[name]


def published_models(
    project: Project | str | Path | None = None,
) -> Mapping[str, PublishedModel]:
    """Every published model on file by its name, in the order of the table.

    Raises:
        FactsError: the table is missing or malformed, or has a figure twice.
    """
    data = data_folder(project)
    known = sources(Project(data.parent))
    inputs: dict[str, dict[str, float]] = {}
    printed: dict[str, dict[str, Printed]] = {}
    for row in read_table(data, _TABLE, _COLUMNS):
        model, figure, value = row.text("model"), row.text("figure"), row.number("value")
        own, answers = inputs.setdefault(model, {}), printed.setdefault(model, {})
        if figure in own or figure in answers:
            raise FactsError("figure listed twice", where=row.at("figure"), received=figure)
        source = known[row.choice("source_id", known, "source")]
        if row.choice("part", _PARTS, "part") == "input":
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
