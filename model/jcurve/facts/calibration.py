"""Which assumptions are fitted to filings, to what, and the range that evidence allows each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jcurve.facts.companies import company
from jcurve.facts.reported import metrics
from jcurve.facts.sources import Cited, sources
from jcurve.facts.tables import YEAR, Column, Row, Words, home_of, records
from jcurve.ground.project import Where

__all__ = [
    "EFFECT",
    "EFFECT_IN_SERVICE",
    "Calibrated",
    "OutlayTarget",
    "calibrated",
    "has_outlay_targets",
    "outlay_targets",
]

_TARGETS_FILE = "outlay_targets.csv"

EFFECT, EFFECT_IN_SERVICE = "life_change_effect", "life_change_effect_in_service"
"""Metrics of a target that are disclosed effects of changes of useful life: of all assets, or of
those in service when the change was made."""


def _years(row: Row, key: str) -> tuple[int, ...]:
    return tuple(int(year) for year in row.optional(key).split())


def _fiscal_year(row: Row, key: str) -> str:
    return row.period(key, YEAR) if row.cells[key] or key == "first" else ""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A fitted parameter: one number, in one assumption or alike in several."""

    name: Annotated[str, Column("parameter")]  # in words
    keys: Words  # the assumptions that take it
    # the points of their paths that take it; empty where they are constant
    years: Annotated[tuple[int, ...], Column(read=_years)]
    low: float  # what evidence allows, in the assumption's unit
    high: float
    digits: int  # after the point, to which the fitted value is rounded
    source: Cited  # of the range
    basis: str  # how the range follows from it


def calibrated(name: str = "META", project: Where = None) -> tuple[Calibrated, ...]:
    """The fitted parameters of a company, in the order of its table."""
    home = home_of(project)
    folder = company(name, home).folder
    known = {"source": sources(home)}

    def ordered(each: Calibrated, row: Row) -> None:
        if not each.low < each.high:
            stated = f"{each.low} to {each.high}"
            raise row.error("low", "an empty range", stated)

    table = f"companies/{folder}/calibration.csv"
    return tuple(records(home.data, table, Calibrated, known, ordered))


def has_outlay_targets(name: str, project: Where = None) -> bool:
    """Whether the outlays of a company are fitted: its folder says to what."""
    home = home_of(project)
    folder = company(name, home).folder
    return (home.data / "companies" / folder / _TARGETS_FILE).is_file()


@dataclass(frozen=True, slots=True)
class OutlayTarget:
    """Reported figures that the fit of a company's outlays is held against."""

    figure: str  # in words
    metric: str  # a reported metric, :data:`EFFECT` or :data:`EFFECT_IN_SERVICE`
    # fiscal years; an empty last is the last on file
    first: Annotated[str, Column(read=_fiscal_year)]
    last: Annotated[str, Column(read=_fiscal_year)]
    weight: float  # how near the model should come, as a share of the reported figure
    basis: str  # why so near

    def covers(self, year: str) -> bool:
        """Whether a fiscal year is one of them."""
        return self.first <= year and (not self.last or year <= self.last)


def outlay_targets(name: str, project: Where = None) -> tuple[OutlayTarget, ...]:
    """What the outlays of a company are fitted to, in the order of its table."""
    home = home_of(project)
    folder = company(name, home).folder
    known = {"metric": {*metrics(home), EFFECT, EFFECT_IN_SERVICE}}

    def above_zero(each: OutlayTarget, row: Row) -> None:
        if each.weight <= 0.0:
            raise row.error("weight", "a weight not above 0", each.weight)

    table = f"companies/{folder}/{_TARGETS_FILE}"
    return tuple(records(home.data, table, OutlayTarget, known, above_zero))
