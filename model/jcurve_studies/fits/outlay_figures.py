"""Reported figures that a company's outlays are fitted to, and the model's like of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.model import SHARED, RowKey
from jcurve.facts import reported
from jcurve.ground.errors import FactsError
from jcurve.ground.quarters import Quarter
from jcurve_studies.fits.companies import Peer, about_servers
from jcurve_studies.fits.lives import charged, disclosed_effects
from jcurve_studies.records.calibration import (
    EFFECT,
    EFFECT_IN_SERVICE,
    OutlayTarget,
    outlay_targets,
)

__all__ = ["Figure", "figures_of", "modelled", "rows_wanted"]

Array = NDArray[np.float64]

_STOCKS: Mapping[str, str] = MappingProxyType(
    {"ppe_construction_in_progress": "construction_in_progress"}
)
_FLOWS: Mapping[str, str] = MappingProxyType({"depreciation_expense_ppe": "book_depreciation"})
"""Reported metrics to the family of lines whose sum is the model's like."""
_EFFECTS = (EFFECT, EFFECT_IN_SERVICE)
_DATE, _LIFE = "life.change.date.", "life.change.life."


@dataclass(frozen=True, slots=True)
class Figure:
    """A reported figure, and where in the model its like is found.

    Attributes:
        line: a family of lines, or the quarter of the change that a disclosed effect is of.
        in_service: of a disclosed effect: the last quarter of placements that count.
        first, last: quarters by their place on the timeline; a stock has one.
    """

    what: str
    year: str
    reported: float
    weight: float
    source_id: str
    line: str
    in_service: str | None
    first: int
    last: int


def rows_wanted(found: Peer) -> list[RowKey]:
    """The rows of an evaluation that :func:`modelled` needs."""
    families = (*_FLOWS.values(), *_STOCKS.values(), "placed_in_service")
    members = found.assembly.company.sets["asset_class"]
    return [(f"{line}.{each}", SHARED) for line in families for each in members]


def modelled(
    found: Peer,
    figures: tuple[Figure, ...],
    values: Mapping[RowKey, Array],
    rows: Mapping[str, Array],
) -> Array:
    """The model's like of each figure, (figure, point).

    Args:
        found: the company.
        figures: reported.
        values: inputs and the rows that :func:`rows_wanted` names, (quarter, point).
        rows: of the assumptions that gave them, by key.
    """
    members = found.assembly.company.sets["asset_class"]
    lines = (*_FLOWS.values(), *_STOCKS.values())
    out = []
    for each in figures:
        if each.line in lines:
            parts = [values[f"{each.line}.{member}", SHARED] for member in members]
            row = np.sum(np.broadcast_arrays(*parts), axis=0)
        else:
            row = _effect(found, values, rows, each)
        out.append(row[each.first : each.last + 1].sum(axis=0))
    return np.stack(np.broadcast_arrays(*out))


def figures_of(found: Peer) -> tuple[Figure, ...]:
    """Every reported figure that the company's table of targets names."""
    name, project = found.assembly.company.name, found.project
    figures: list[Figure] = []
    for each in outlay_targets(name, project):
        made = _effects(found, each) if each.metric in _EFFECTS else _reported(found, each)
        if not made:
            raise FactsError(
                "a target without a figure on file",
                where=f"data/companies/{found.assembly.company.folder}/outlay_targets.csv",
                received=f"{each.metric} {each.first}",
            )
        figures += made
    return tuple(figures)


def _reported(found: Peer, target: OutlayTarget) -> list[Figure]:
    line = _FLOWS.get(target.metric) or _STOCKS.get(target.metric)
    if line is None:
        raise FactsError(
            "the model has no like of this metric",
            received=target.metric,
            allowed=", ".join((*_FLOWS, *_STOCKS, *_EFFECTS)),
        )
    timeline, owner = found.assembly.timeline, found.assembly.company
    figures = []
    series = reported(owner.name, found.project).series(target.metric, "year")
    for year, fact in series.items():
        if target.covers(year):
            quarters = owner.quarters(year)
            last = timeline.index(quarters[-1])
            first = last if target.metric in _STOCKS else timeline.index(quarters[0])
            figures.append(
                Figure(target.figure, year, fact.value, target.weight, fact.source.source_id,
                        line, None, first, last)
            )  # fmt: skip
    return figures


def _effects(found: Peer, target: OutlayTarget) -> list[Figure]:
    timeline, owner = found.assembly.timeline, found.assembly.company
    dated = {timeline.labels[int(row[0, 0])] for row in _slots(found.rows).values()}
    figures = []
    for each in disclosed_effects(owner.name, found.project, owner.fiscal_year_ends_in_month):
        day = each.change.effective_date
        quarter = Quarter.on(day)
        counts = about_servers(each.change) and not each.expected
        if not counts or quarter not in dated or not target.covers(each.year):
            continue
        then = quarter.plus(-1) if target.metric == EFFECT_IN_SERVICE else None
        figures.append(
            Figure(target.figure, each.year, each.amount, target.weight,
                    each.change.source.source_id, quarter, then,
                    timeline.index(each.quarters[0]), timeline.index(each.quarters[-1]))
        )  # fmt: skip
    return figures


def _slots(rows: Mapping[str, Array]) -> dict[str, Array]:
    """Dates of the changes of life by slot."""
    return {key.removeprefix(_DATE): row for key, row in rows.items() if key.startswith(_DATE)}


def _effect(
    found: Peer, values: Mapping[RowKey, Array], rows: Mapping[str, Array], figure: Figure
) -> Array:
    """What the changes of one quarter moved in depreciation: (quarter, point)."""
    slots = _slots(rows)
    day = float(found.assembly.timeline.index(figure.line))
    kept = [slot for slot, date in slots.items() if float(date[0, 0]) != day]
    parts = []
    for chosen in (list(slots), kept):
        dates = {str(slot): slots[each] for slot, each in enumerate(chosen, start=1)}
        lives = {str(slot): rows[f"{_LIFE}{each}"] for slot, each in enumerate(chosen, start=1)}
        if not chosen:  # one that never comes
            dates, lives = (
                {"1": np.full((1, 1), float(len(found.assembly.timeline)))},
                {"1": np.ones((1, 1))},
            )
        parts.append(charged(found.assembly, values, dates, lives, figure.in_service))
    return np.asarray(parts[0] - parts[1])
