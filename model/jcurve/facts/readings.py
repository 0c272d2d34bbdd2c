"""Labelled readings of the two beliefs that decide the answer: how advertising responds to
compute, and what AI products will earn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan
from typing import Annotated, Literal

from jcurve.facts.disclosures import IN_MILLIONS
from jcurve.facts.registers import Evidence, evidence
from jcurve.facts.tables import YEAR, Column, Row, home_of, records
from jcurve.ground.project import Where

ELASTICITY, PRODUCT_REVENUE = "advertising.compute_elasticity", "product_revenue"
_FILE = "evidence/belief_readings.csv"


def _amount(row: Row, key: str) -> float:
    return row.number(key) if row.cells[key] else nan


def _year(row: Row, key: str) -> int | None:
    return int(row.period(key, YEAR)) if row.cells["about"] == PRODUCT_REVENUE else None


@dataclass(frozen=True, slots=True)
class BeliefReading:
    """What somebody says of a belief."""

    about: Annotated[Literal["advertising.compute_elasticity", "product_revenue"],
                     Column(what="belief")]  # fmt: skip
    label: str  # who says it, for a reader
    # an elasticity, or revenue of AI products of ``year`` in USD m; ``low`` and ``high`` are the
    # value where no range is stated
    value: Annotated[float, Column(read=_amount)]
    low: Annotated[float, Column(read=_amount)]
    high: Annotated[float, Column(read=_amount)]
    year: Annotated[int | None, Column("period", read=_year)]  # None for an elasticity
    evidence: tuple[Evidence, ...]  # what it rests on
    kind: Literal["evidence", "judgement"]
    why: str  # what it covers and what speaks against it


def belief_readings(project: Where = None) -> tuple[BeliefReading, ...]:
    """The readings of ``data/evidence/belief_readings.csv``, in its order.

    A row without a value takes value, range and unit from its one piece of evidence.
    """
    home = home_of(project)
    found: list[BeliefReading] = []
    known = {"evidence": evidence(home)}
    list(records(home.data, _FILE, BeliefReading, known, lambda *each: found.append(_whole(*each))))
    return tuple(found)


def _whole(each: BeliefReading, row: Row) -> BeliefReading:
    """The same with value and range, which are the value where no range is stated."""
    value, low, high = each.value, each.low, each.high
    if isnan(value) and len(each.evidence) == 1 and each.evidence[0].unit in IN_MILLIONS:
        (one,) = each.evidence
        value, low, high = (
            nan if part is None else part * IN_MILLIONS[one.unit]
            for part in (one.value, one.low, one.high)
        )
    if isnan(value):
        raise row.error(
            "value",
            "no value, and not one amount of evidence to take it from",
            allowed="a number, or one row of evidence in USD bn or USD m",
        )
    low, high = value if isnan(low) else low, value if isnan(high) else high
    if not 0 < low <= value <= high:
        raise row.error(
            "value", "a value outside its own range", value, f"above 0, {low} to {high}"
        )
    return replace(each, value=value, low=low, high=high)
