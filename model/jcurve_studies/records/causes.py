"""Why forecasts made on what was known then missed what came: causes, by forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from jcurve.facts.sources import Cited, sources
from jcurve.facts.tables import Column, Row, Year, home_of, records
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, Where


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one forecast missed.

    ``kind`` says whether the cause is in reported figures, follows from the model's own, or is
    judgement.
    """

    subject: str
    origin: Year
    year: Year
    kind: Annotated[Literal["reported", "estimate", "judgement"], Column(what="kind of cause")]
    cause: str
    source: Cited


def causes(
    project: Where = None,
) -> Mapping[tuple[str, int, int], Cause]:
    """Causes by subject, last year known and year forecast."""
    data = home_of(project).data
    found: dict[tuple[str, int, int], Cause] = {}

    def add(each: Cause, row: Row) -> None:
        key = (each.subject, each.origin, each.year)
        if key in found:
            raise FactsError("forecast listed twice", where=row.at("subject"), received=key)
        found[key] = each

    known = {"source": sources(Project(data.parent))}
    list(records(data, "evidence/discrepancies.csv", Cause, known, add))
    return MappingProxyType(found)
