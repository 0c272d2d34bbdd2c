"""The registers beside the reported series: evidence, drivers, claims, outside parameters, tax
depreciation tables, and readings of the two beliefs that decide the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import starmap
from math import isnan, nan
from types import MappingProxyType
from typing import Annotated, Literal

from jcurve.facts.disclosures import IN_MILLIONS
from jcurve.facts.sources import GRADES, Cited, is_secondary, sources
from jcurve.facts.tables import YEAR, Column, Listed, Row, Text, Words, by_key, home_of, with_rows
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where
from jcurve.ground.units import FACT_UNITS

VERDICTS: Mapping[str, str] = {
    "wrong date or attribution": "the figure or event belongs to another time or actor",
    "unsupported": "nothing on record bears it out",
    "superseded": "true then, overtaken since",
    "opinion": "a judgement that no record settles",
    "confirmed": "the record bears it out",
}
"""What each verdict means, the ones a reader must know first."""

_PER_CENT = 100.0
_MACRS = "external/macrs.csv"
_SAID = "evidence/belief_readings.csv"
ELASTICITY, PRODUCT_REVENUE = "advertising.compute_elasticity", "product_revenue"
"""The two beliefs that decide the answer: how advertising responds to compute, and what AI products
will earn."""
Confidence = Literal["high", "medium", "low", "judgement"]


def _date(row: Row, key: str) -> str:
    return row.date(key) if row.cells[key] else ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A dated statement or figure.

    ``measure`` says what the unit counts, ``grade`` how it was read (``GRADES``) and
    ``independence`` who speaks: the company, an analyst, a market.
    """

    key: str
    statement: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    measure: Text
    as_of: str
    published: Annotated[str, Column(read=_date)]
    source_title: str
    url: Text
    confidence: Confidence
    grade: str
    independence: str
    driver: Text
    note: Text


@dataclass(frozen=True, slots=True)
class Driver:
    """A mechanism that the source articles name, and how a model can represent it."""

    key: str
    driver: str
    articles: Listed
    article_says: Text
    formula: Text
    parameters: Text
    unit: Text
    plausible_range: Text
    range_basis: Text
    evidence: Listed
    url: Text


@dataclass(frozen=True, slots=True)
class Article:
    """A source article."""

    key: str
    title: str
    publisher: Text
    date: Text


@dataclass(frozen=True, slots=True)
class Claim:
    """A checkable claim of an article against the record."""

    key: str
    article: str
    claim: str
    claimed_value: Text
    unit: Text
    record: str
    verdict: str
    correction: Text
    url: Text
    confidence: Confidence
    contradicts_record: bool


@dataclass(frozen=True, slots=True)
class Touch:
    """The beginnings of the assumptions that a claim speaks of."""

    claim: str
    keys: Words


def _number_or_words(row: Row, key: str) -> float | None:
    return None if row.cells["unit"] == "text" else row.number(key)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the outside world; ``value`` is None where it is words (``text``)."""

    key: str
    value: Annotated[float | None, Column(read=_number_or_words)]
    text: Annotated[str, Column("value", read=Row.text)]
    low: float | None
    high: float | None
    unit: str
    as_of: Text
    source: Cited
    note: Text


@dataclass(frozen=True, slots=True)
class _TaxYear:
    recovery_class_years: int
    convention: Literal["half-year", "mid-quarter", "mid-month"]
    placed_in: int | None
    year: int
    percent: float
    source: Cited


@dataclass(frozen=True, slots=True)
class Citation:
    """What a source key stands for: a statement of the evidence, a source, or an outside figure."""

    key: str  # as assumptions and facts cite it
    title: str  # title, publisher, date, url: of what was read
    publisher: str
    says: str  # the statement, or the note of an outside figure; empty for a source alone
    date: str  # of a statement, the date that it is as of
    how_verified: str  # how far it was checked
    grade: str  # how it was read (``GRADES``)
    url: str
    is_statement: bool = False  # whether it is a statement of the evidence

    @property
    def is_secondary(self) -> bool:
        """Whether an exhibit that rests on it must say so."""
        return is_secondary(self.grade)


def evidence(project: Where = None) -> Mapping[str, Evidence]:
    """Dated statements and figures by key."""
    known = {"unit": FACT_UNITS, "grade": GRADES}
    return by_key(home_of(project).data, "evidence/evidence.csv", Evidence, known)


def drivers(project: Where = None) -> Mapping[str, Driver]:
    """The mechanisms that the articles name, by key."""
    return by_key(home_of(project).data, "evidence/drivers.csv", Driver)


def articles(project: Where = None) -> Mapping[str, Article]:
    """The source articles by key."""
    return by_key(home_of(project).data, "evidence/articles.csv", Article)


def claims(project: Where = None) -> Mapping[str, Claim]:
    """The articles' claims against the record, by key."""
    known = {"article": articles(project), "verdict": VERDICTS}
    return by_key(home_of(project).data, "evidence/claims.csv", Claim, known)


def touches(project: Where = None) -> Mapping[str, tuple[str, ...]]:
    """By claim, the beginnings of the assumptions that it speaks of."""
    known = {"claim": claims(project)}
    found = by_key(home_of(project).data, "evidence/claims_touch.csv", Touch, known)
    return MappingProxyType({claim: touch.keys for claim, touch in found.items()})


def external(project: Where = None) -> Mapping[str, Parameter]:
    """Parameters of the outside world by key: tax law, rates, prices, power."""
    home = home_of(project)
    known = {"unit": FACT_UNITS, "source": sources(home)}
    found = by_key(home.data, "external/parameters.csv", Parameter, known)
    return MappingProxyType(
        {k: each if each.value is None else replace(each, text="") for k, each in found.items()}
    )


def citations(keys: Iterable[str], project: Where = None) -> tuple[Citation, ...]:
    """What source keys stand for, in their order.

    Raises:
        KeyError: no register holds a key.
    """
    stated, papers, outside = evidence(project), sources(project), external(project)
    found = []
    for key in keys:
        said, parameter = stated.get(key), outside.get(key)
        if said is not None:
            made = Citation(
                key,
                title=said.source_title,
                publisher="",
                says=said.statement,
                date=said.as_of,
                how_verified=f"{said.confidence} confidence, {said.grade}",
                grade=said.grade,
                url=said.url,
                is_statement=True,
            )
        else:
            paper = papers[key] if parameter is None else parameter.source
            made = Citation(
                key,
                title=paper.title,
                publisher=paper.publisher,
                says=parameter.note if parameter else "",
                date=paper.date,
                how_verified=paper.how_verified,
                grade=paper.grade,
                url=paper.url,
            )
        found.append(made)
    return tuple(found)


def macrs(
    recovery_class: int,
    convention: str = "half-year",
    placed_in: int | None = None,
    project: Where = None,
) -> tuple[float, ...]:
    """Tax depreciation by tax year as shares of cost (IRS Publication 946).

    ``placed_in`` is the month (mid-month) or the quarter (mid-quarter) of placement in
    service; half-year takes none.
    """
    home = home_of(project)
    tables: dict[tuple[int, str, int | None], dict[int, float]] = {}
    for each, row in with_rows(home.data, _MACRS, _TaxYear, {"source": sources(home)}):
        table = tables.setdefault((each.recovery_class_years, each.convention, each.placed_in), {})
        if each.year in table:
            raise row.error("year", "tax year listed twice", each.year)
        table[each.year] = each.percent / _PER_CENT
    wanted = (recovery_class, convention, placed_in)
    if wanted not in tables:
        raise FactsError(
            "no such tax depreciation table",
            where=f"data/{_MACRS}",
            received=wanted,
            allowed="; ".join(
                f"{years} years, {name}" for years, name in sorted({key[:2] for key in tables})
            ),
        )
    years = sorted(tables[wanted])
    if years != list(range(1, len(years) + 1)):
        raise FactsError("tax years with a gap", where=f"data/{_MACRS}", received=years)
    return tuple(tables[wanted][year] for year in years)


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
    known = {"evidence": evidence(home)}
    return tuple(starmap(_whole, with_rows(home.data, _SAID, BeliefReading, known)))


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
