"""Labelled readings of the two beliefs that decide the answer: how advertising responds to
compute, and what AI products will earn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from jcurve.facts.registers import Evidence, evidence
from jcurve.facts.tables import YEAR, Column, Row, home_of, records
from jcurve.ground.project import Where

__all__ = ["ELASTICITY", "PRODUCT_REVENUE", "BeliefReading", "belief_readings"]

ELASTICITY, PRODUCT_REVENUE = "advertising.compute_elasticity", "product_revenue"
_FILE = "evidence/belief_readings.csv"
_MILLIONS = {"USD bn": 1000.0, "USD m": 1.0}


@dataclass(frozen=True, slots=True)
class BeliefReading:
    """What somebody says of a belief."""

    about: str  # ``advertising.compute_elasticity`` or ``product_revenue``
    label: str  # who says it, for a reader
    # an elasticity, or revenue of AI products of ``year`` in USD m; ``low`` and ``high`` are the
    # value where no range is stated
    value: float
    low: float
    high: float
    year: int | None  # of a revenue, None for an elasticity
    evidence: tuple[Evidence, ...]  # what it rests on
    kind: str  # ``evidence`` or ``judgement``
    why: str  # what it covers and what speaks against it


def _year(row: Row, key: str) -> int | None:
    return int(row.period(key, YEAR)) if row.cells["about"] == PRODUCT_REVENUE else None


@dataclass(frozen=True, slots=True)
class _Reading:
    """A line of the table, which may leave its value to the evidence."""

    about: Annotated[Literal["advertising.compute_elasticity", "product_revenue"],
                     Column(what="belief")]  # fmt: skip
    label: str
    value: float | None
    low: float | None
    high: float | None
    period: Annotated[int | None, Column(read=_year)]
    evidence: tuple[Evidence, ...]
    kind: Literal["evidence", "judgement"]
    why: str


def belief_readings(project: Where = None) -> tuple[BeliefReading, ...]:
    """The readings of ``data/evidence/belief_readings.csv``, in its order.

    A row without a value takes value, range and unit from its one piece of evidence.
    """
    home = home_of(project)
    found: list[BeliefReading] = []

    def add(each: _Reading, row: Row) -> None:
        value, low, high = _amounts(each, row)
        found.append(
            BeliefReading(each.about, each.label, value, low, high, each.period, each.evidence,
                          each.kind, each.why)
        )  # fmt: skip

    list(records(home.data, _FILE, _Reading, {"evidence": evidence(home)}, add))
    return tuple(found)


def _amounts(each: _Reading, row: Row) -> tuple[float, float, float]:
    """Value, low and high, which are the value where no range is stated."""
    value, low, high = each.value, each.low, each.high
    if value is None and len(each.evidence) == 1 and each.evidence[0].unit in _MILLIONS:
        (one,) = each.evidence
        million = _MILLIONS[one.unit]
        value, low, high = (
            None if part is None else part * million for part in (one.value, one.low, one.high)
        )
    if value is None:
        raise row.error(
            "value",
            "no value, and not one amount of evidence to take it from",
            allowed="a number, or one row of evidence in USD bn or USD m",
        )
    low, high = value if low is None else low, value if high is None else high
    if not 0 < low <= value <= high:
        raise row.error(
            "value", "a value outside its own range", value, f"above 0, {low} to {high}"
        )
    return value, low, high
