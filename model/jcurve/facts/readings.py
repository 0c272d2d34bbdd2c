"""Labelled readings of the two beliefs that decide the answer: how advertising responds to
compute, and what AI products will earn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jcurve.facts.registers import Evidence, evidence
from jcurve.facts.tables import YEAR, Row, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = ["ELASTICITY", "PRODUCT_REVENUE", "BeliefReading", "belief_readings"]

ELASTICITY, PRODUCT_REVENUE = "advertising.compute_elasticity", "product_revenue"
_FILE = "evidence/belief_readings.csv"
_KINDS = ("evidence", "judgement")
_MILLIONS = {"USD bn": 1000.0, "USD m": 1.0}


@dataclass(frozen=True, slots=True)
class BeliefReading:
    """What somebody says of a belief.

    Attributes:
        about: ``advertising.compute_elasticity`` or ``product_revenue``.
        label: who says it, for a reader.
        value, low, high: an elasticity, or revenue of AI products of ``year`` in USD m; ``low``
            and ``high`` are the value where no range is stated.
        year: of a revenue, None for an elasticity.
        evidence: what it rests on.
        kind: ``evidence`` or ``judgement``.
        why: what it covers and what speaks against it.
    """

    about: str
    label: str
    value: float
    low: float
    high: float
    year: int | None
    evidence: tuple[Evidence, ...]
    kind: str
    why: str


def belief_readings(project: Project | str | Path | None = None) -> tuple[BeliefReading, ...]:
    """The readings of ``data/evidence/belief_readings.csv``, in its order.

    A row without a value takes value, range and unit from its one piece of evidence.

    Raises:
        FactsError: unknown evidence, no value, or a range that does not hold the value.
    """
    columns = ("about", "label", "value", "low", "high", "period", "evidence", "kind", "why")
    data = data_folder(project)
    known = evidence(Project(data.parent))
    return tuple(_reading(row, known) for row in read_table(data, _FILE, columns))


def _reading(row: Row, known: Mapping[str, Evidence]) -> BeliefReading:
    about = row.choice("about", (ELASTICITY, PRODUCT_REVENUE), "belief")
    keys = [key.strip() for key in row.optional("evidence").split(";") if key.strip()]
    rests = tuple(_known(row, key, known) for key in keys)
    numbers = [row.optional_number(name) for name in ("value", "low", "high")]
    if numbers[0] is None and len(rests) == 1 and rests[0].unit in _MILLIONS:
        million = _MILLIONS[rests[0].unit]
        stated = (rests[0].value, rests[0].low, rests[0].high)
        numbers = [None if part is None else part * million for part in stated]
    if (value := numbers[0]) is None:
        raise FactsError(
            "no value, and not one amount of evidence to take it from",
            where=row.at("value"),
            allowed="a number, or one row of evidence in USD bn or USD m",
        )
    low, high = (value if part is None else part for part in numbers[1:])
    if not 0 < low <= value <= high:
        raise FactsError(
            "a value outside its own range",
            where=row.at("value"),
            received=value,
            allowed=f"above 0, {low} to {high}",
        )
    is_revenue = about == PRODUCT_REVENUE
    return BeliefReading(
        about=about,
        label=row.text("label"),
        value=value,
        low=low,
        high=high,
        year=int(row.period("period", YEAR)) if is_revenue else None,
        evidence=rests,
        kind=row.choice("kind", _KINDS, "kind"),
        why=row.text("why"),
    )


def _known(row: Row, key: str, known: Mapping[str, Evidence]) -> Evidence:
    if key not in known:
        raise FactsError.not_among(
            "unknown evidence", key, known, where=row.at("evidence"), allowed=""
        )
    return known[key]
