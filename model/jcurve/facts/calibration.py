"""Which assumptions are fitted to filings, and the range that evidence allows each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jcurve.errors import FactsError
from jcurve.facts.company import company
from jcurve.facts.sources import Source, sources
from jcurve.facts.tables import data_folder, read_table
from jcurve.project import Project

__all__ = ["Calibrated", "calibrated"]

_COLUMNS = ("parameter", "keys", "years", "low", "high", "digits", "source_id", "basis")


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A fitted parameter: one number, in one assumption or alike in several.

    Attributes:
        name: in words.
        keys: the assumptions that take it.
        years: the points of their paths that take it; empty where they are constant.
        low, high: what evidence allows, in the assumption's unit.
        digits: after the point, to which the fitted value is rounded.
        source: of the range.
        basis: how the range follows from it.
    """

    name: str
    keys: tuple[str, ...]
    years: tuple[int, ...]
    low: float
    high: float
    digits: int
    source: Source
    basis: str


def calibrated(
    name: str = "META", project: Project | str | Path | None = None
) -> tuple[Calibrated, ...]:
    """The fitted parameters of a company, in the order of its table.

    Raises:
        FactsError: the table is missing or malformed, or a range is empty.
    """
    data = data_folder(project)
    owner = company(name, Project(data.parent))
    known = sources(Project(data.parent))
    found = []
    for row in read_table(data, f"companies/{owner.folder}/calibration.csv", _COLUMNS):
        low, high = row.number("low"), row.number("high")
        if not low < high:
            raise FactsError("an empty range", where=row.at("low"), received=f"{low} to {high}")
        found.append(
            Calibrated(
                name=row.text("parameter"),
                keys=tuple(row.text("keys").split()),
                years=tuple(int(year) for year in row.optional("years").split()),
                low=low,
                high=high,
                digits=int(row.number("digits")),
                source=known[row.choice("source_id", known, "source")],
                basis=row.text("basis"),
            )
        )
    return tuple(found)
