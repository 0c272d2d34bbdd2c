"""The registers beside the reported series: evidence, drivers, claims, outside parameters and
tax depreciation tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jcurve.facts.sources import GRADES, Source, is_secondary, sources
from jcurve.facts.tables import Row, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project
from jcurve.ground.units import FACT_UNITS

__all__ = [
    "Article",
    "Citation",
    "Claim",
    "Driver",
    "Evidence",
    "Parameter",
    "articles",
    "citations",
    "claims",
    "drivers",
    "evidence",
    "external",
    "macrs",
]

_CONFIDENCES = ("high", "medium", "low", "judgement")
_VERDICTS = ("confirmed", "opinion", "superseded", "unsupported", "wrong date or attribution")
_CONVENTIONS = ("half-year", "mid-quarter", "mid-month")
_PER_CENT = 100.0


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
    measure: str
    as_of: str
    published: str
    source_title: str
    url: str
    confidence: str
    grade: str
    independence: str
    driver: str
    note: str

    @property
    def is_secondary(self) -> bool:
        """Whether an exhibit that rests on it must say so."""
        return is_secondary(self.grade)


@dataclass(frozen=True, slots=True)
class Driver:
    """A mechanism that the source articles name, and how a model can represent it."""

    key: str
    driver: str
    articles: tuple[str, ...]
    article_says: str
    formula: str
    parameters: str
    unit: str
    plausible_range: str
    range_basis: str
    evidence: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Article:
    """A source article."""

    key: str
    title: str
    publisher: str
    date: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A checkable claim of an article against the record."""

    key: str
    article: str
    claim: str
    claimed_value: str
    unit: str
    record: str
    verdict: str
    correction: str
    url: str
    confidence: str
    contradicts_record: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the outside world; ``value`` is None where it is words (``text``)."""

    key: str
    value: float | None
    text: str
    low: float | None
    high: float | None
    unit: str
    as_of: str
    source: Source
    note: str


@dataclass(frozen=True, slots=True)
class Citation:
    """What a source key stands for: a statement of the evidence, a source, or an outside figure.

    Attributes:
        key: as assumptions and facts cite it.
        title, publisher, date, url: of what was read; of a statement, the date that it is as of.
        says: the statement, or the note of an outside figure; empty for a source alone.
        how_verified: how far it was checked.
        grade: how it was read (``GRADES``).
        is_statement: whether it is a statement of the evidence.
    """

    key: str
    title: str
    publisher: str
    says: str
    date: str
    how_verified: str
    grade: str
    url: str
    is_statement: bool = False

    @property
    def is_secondary(self) -> bool:
        """Whether an exhibit that rests on it must say so."""
        return is_secondary(self.grade)


def _fresh(row: Row, key: str, seen: Mapping[str, object], what: str) -> str:
    name = row.text(key)
    if name in seen:
        raise FactsError(f"{what} listed twice", where=row.at(key), received=name)
    return name


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def evidence(project: Project | str | Path | None = None) -> Mapping[str, Evidence]:
    """Dated statements and figures by key."""
    columns = (
        "key", "statement", "value", "low", "high", "unit", "measure", "as_of", "published",
        "source_title", "url", "confidence", "grade", "independence", "driver", "note",
    )  # fmt: skip
    found: dict[str, Evidence] = {}
    for row in read_table(data_folder(project), "evidence/evidence.csv", columns):
        key = _fresh(row, "key", found, "evidence")
        found[key] = Evidence(
            key=key,
            statement=row.text("statement"),
            value=row.optional_number("value"),
            low=row.optional_number("low"),
            high=row.optional_number("high"),
            unit=row.choice("unit", FACT_UNITS, "unit"),
            measure=row.optional("measure"),
            as_of=row.text("as_of"),
            published=row.date("published") if row.optional("published") else "",
            source_title=row.text("source_title"),
            url=row.optional("url"),
            confidence=row.choice("confidence", _CONFIDENCES, "confidence"),
            grade=row.choice("grade", GRADES, "grade"),
            independence=row.text("independence"),
            driver=row.optional("driver"),
            note=row.optional("note"),
        )
    return MappingProxyType(found)


def drivers(project: Project | str | Path | None = None) -> Mapping[str, Driver]:
    """The mechanisms that the articles name, by key."""
    columns = (
        "key", "driver", "articles", "article_says", "formula", "parameters", "unit",
        "plausible_range", "range_basis", "evidence", "url",
    )  # fmt: skip
    found: dict[str, Driver] = {}
    for row in read_table(data_folder(project), "evidence/drivers.csv", columns):
        key = _fresh(row, "key", found, "driver")
        found[key] = Driver(
            key=key,
            driver=row.text("driver"),
            articles=_split(row.optional("articles")),
            article_says=row.optional("article_says"),
            formula=row.optional("formula"),
            parameters=row.optional("parameters"),
            unit=row.optional("unit"),
            plausible_range=row.optional("plausible_range"),
            range_basis=row.optional("range_basis"),
            evidence=_split(row.optional("evidence")),
            url=row.optional("url"),
        )
    return MappingProxyType(found)


def articles(project: Project | str | Path | None = None) -> Mapping[str, Article]:
    """The source articles by key."""
    found: dict[str, Article] = {}
    columns = ("key", "title", "publisher", "date")
    for row in read_table(data_folder(project), "evidence/articles.csv", columns):
        key = _fresh(row, "key", found, "article")
        found[key] = Article(
            key, row.text("title"), row.optional("publisher"), row.optional("date")
        )
    return MappingProxyType(found)


def claims(project: Project | str | Path | None = None) -> Mapping[str, Claim]:
    """The articles' claims against the record, by key."""
    columns = (
        "key", "article", "claim", "claimed_value", "unit", "record", "verdict", "correction",
        "url", "confidence", "contradicts_record",
    )  # fmt: skip
    data = data_folder(project)
    known = articles(Project(data.parent))
    found: dict[str, Claim] = {}
    for row in read_table(data, "evidence/claims.csv", columns):
        key = _fresh(row, "key", found, "claim")
        found[key] = Claim(
            key=key,
            article=row.choice("article", known, "article"),
            claim=row.text("claim"),
            claimed_value=row.optional("claimed_value"),
            unit=row.optional("unit"),
            record=row.text("record"),
            verdict=row.choice("verdict", _VERDICTS, "verdict"),
            correction=row.optional("correction"),
            url=row.optional("url"),
            confidence=row.choice("confidence", _CONFIDENCES, "confidence"),
            contradicts_record=row.choice("contradicts_record", ("yes", "no"), "answer") == "yes",
        )
    return MappingProxyType(found)


def external(project: Project | str | Path | None = None) -> Mapping[str, Parameter]:
    """Parameters of the outside world by key: tax law, rates, prices, power."""
    columns = ("key", "value", "low", "high", "unit", "as_of", "source_id", "note")
    data = data_folder(project)
    known = sources(Project(data.parent))
    found: dict[str, Parameter] = {}
    for row in read_table(data, "external/parameters.csv", columns):
        key = _fresh(row, "key", found, "parameter")
        unit = row.choice("unit", FACT_UNITS, "unit")
        words = unit == "text"
        found[key] = Parameter(
            key=key,
            value=None if words else row.number("value"),
            text=row.text("value") if words else "",
            low=row.optional_number("low"),
            high=row.optional_number("high"),
            unit=unit,
            as_of=row.optional("as_of"),
            source=known[row.choice("source_id", known, "source")],
            note=row.optional("note"),
        )
    return MappingProxyType(found)


def citations(
    keys: Iterable[str], project: Project | str | Path | None = None
) -> tuple[Citation, ...]:
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
    project: Project | str | Path | None = None,
) -> tuple[float, ...]:
    """Tax depreciation by tax year as shares of cost (IRS Publication 946).

    ``placed_in`` is the month (mid-month) or the quarter (mid-quarter) of placement in
    service; half-year takes none.

    Raises:
        FactsError: no such table is on file.
    """
    columns = ("recovery_class_years", "convention", "placed_in", "year", "percent", "source_id")
    tables: dict[tuple[int, str, int | None], dict[int, float]] = {}
    data = data_folder(project)
    known = sources(Project(data.parent))
    for row in read_table(data, "external/macrs.csv", columns):
        placed = row.optional_number("placed_in")
        key = (
            int(row.number("recovery_class_years")),
            row.choice("convention", _CONVENTIONS, "convention"),
            None if placed is None else int(placed),
        )
        year = int(row.number("year"))
        row.choice("source_id", known, "source")
        if year in tables.setdefault(key, {}):
            raise FactsError("tax year listed twice", where=row.at("year"), received=year)
        tables[key][year] = row.number("percent") / _PER_CENT
    wanted = (recovery_class, convention, placed_in)
    if wanted not in tables:
        raise FactsError(
            "no such tax depreciation table",
            where="data/external/macrs.csv",
            received=wanted,
            allowed="; ".join(
                sorted({f"{c} years, {name}" for c, name, _ in tables}, key=_leading_number)
            ),
        )
    table = tables[wanted]
    if sorted(table) != list(range(1, len(table) + 1)):
        raise FactsError(
            "tax years with a gap", where="data/external/macrs.csv", received=sorted(table)
        )
    return tuple(table[year] for year in sorted(table))


def _leading_number(text: str) -> tuple[int, str]:
    return int(text.split(maxsplit=1)[0]), text
