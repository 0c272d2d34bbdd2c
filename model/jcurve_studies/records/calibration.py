"""Which assumptions are fitted to filings, to what, and the range that evidence allows each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jcurve.facts.company import company
from jcurve.facts.reported import metrics
from jcurve.facts.sources import Source, sources
from jcurve.facts.tables import YEAR, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = [
    "EFFECT",
    "EFFECT_IN_SERVICE",
    "Calibrated",
    "OutlayTarget",
    "calibrated",
    "has_outlay_targets",
    "outlay_targets",
]

_COLUMNS = ("parameter", "keys", "years", "low", "high", "digits", "source_id", "basis")
_TARGETS_FILE = "outlay_targets.csv"
_TARGETS = ("figure", "metric", "first", "last", "weight", "basis")

EFFECT, EFFECT_IN_SERVICE = "life_change_effect", "life_change_effect_in_service"
"""Metrics of a target that are disclosed effects of changes of useful life: of all assets, or of
those in service when the change was made."""


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


def has_outlay_targets(name: str, project: Project | str | Path | None = None) -> bool:
    """Whether the outlays of a company are fitted: its folder says to what."""
    data = data_folder(project)
    folder = company(name, Project(data.parent)).folder
    return (data / "companies" / folder / _TARGETS_FILE).is_file()


@dataclass(frozen=True, slots=True)
class OutlayTarget:
    """Reported figures that the fit of a company's outlays is held against.

    Attributes:
        figure: in words.
        metric: a reported metric, :data:`EFFECT` or :data:`EFFECT_IN_SERVICE`.
        first, last: fiscal years; an empty last is the last on file.
        weight: how near the model should come, as a share of the reported figure.
        basis: why so near.
    """

    figure: str
    metric: str
    first: str
    last: str
    weight: float
    basis: str

    def covers(self, year: str) -> bool:
        """Whether a fiscal year is one of them."""
        return self.first <= year and (not self.last or year <= self.last)


def outlay_targets(
    name: str, project: Project | str | Path | None = None
) -> tuple[OutlayTarget, ...]:
    """What the outlays of a company are fitted to, in the order of its table.

    Raises:
        FactsError: the table is missing or malformed, a metric is unknown, or a weight is not
            above 0.
    """
    data = data_folder(project)
    home = Project(data.parent)
    folder = company(name, home).folder
    known = {*metrics(home), EFFECT, EFFECT_IN_SERVICE}
    found = []
    for row in read_table(data, f"companies/{folder}/{_TARGETS_FILE}", _TARGETS):
        weight = row.number("weight")
        if weight <= 0.0:
            raise FactsError("a weight not above 0", where=row.at("weight"), received=weight)
        found.append(
            OutlayTarget(
                figure=row.text("figure"),
                metric=row.choice("metric", known, "metric"),
                first=row.period("first", YEAR),
                last=row.period("last", YEAR) if row.optional("last") else "",
                weight=weight,
                basis=row.text("basis"),
            )
        )
    return tuple(found)
