"""Why forecasts made on what was known then missed what came: causes, by forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jcurve.facts.sources import Source, sources
from jcurve.facts.tables import YEAR, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = ["KINDS_OF_CAUSE", "Cause", "causes"]

KINDS_OF_CAUSE = ("reported", "estimate", "judgement")
_COLUMNS = ("subject", "origin", "year", "kind", "cause", "source_id")


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
    data = data_folder(project)
    known = sources(Project(data.parent))
    found: dict[tuple[str, int, int], Cause] = {}
    for row in read_table(data, "evidence/discrepancies.csv", _COLUMNS):
        origin, year = int(row.period("origin", YEAR)), int(row.period("year", YEAR))
        key = (row.text("subject"), origin, year)
        if key in found:
            raise FactsError("forecast listed twice", where=row.at("subject"), received=key)
        found[key] = Cause(
            *key,
            kind=row.choice("kind", KINDS_OF_CAUSE, "kind of cause"),
            cause=row.text("cause"),
            source=known[row.choice("source_id", known, "source")],
        )
    return MappingProxyType(found)
