"""When each period became known, facts as they stood on a day, and whether they are out of date.

A fact is known from the day its period was first reported, whatever later copy it was read
from: ``data/calendars/releases.csv`` lists the days on file. Where none is listed, a fiscal
year is known with its last quarter, and a quarter 45 days after its end, the time that a
large company has for its quarterly report.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated

from jcurve.facts.companies import Company, companies, company
from jcurve.facts.reported import Facts
from jcurve.facts.sources import Cited, Source, sources
from jcurve.facts.tables import QUARTER, YEAR, Column, Period, Row, home_of, records, with_rows
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Where
from jcurve.ground.quarters import Quarter

DAYS_TO_REPORT = 45
EXPECTED, RELEASED = "calendars/expected_results.csv", "calendars/releases.csv"
HOLIDAYS = "calendars/holidays.csv"


@dataclass(frozen=True, slots=True)
class Releases:
    """When a company's periods were first reported."""

    company: Company  # whose
    days: Mapping[str, datetime.date]  # the listed days, by period
    source: Mapping[str, Source]  # of each listed day

    def of(self, period: str) -> datetime.date:
        """The day on which a quarter (``2026Q2``) or fiscal year (``2025``) became known."""
        listed = self.days.get(period)
        if listed is not None:
            return listed
        if YEAR.fullmatch(period):
            return self.of(self.company.quarters(period)[-1])
        if not QUARTER.fullmatch(period):
            raise UsageError("not a period", received=period, allowed="2026Q2 or 2025")
        return self.company.last_day(period) + datetime.timedelta(days=DAYS_TO_REPORT)


def _day(row: Row, key: str) -> datetime.date:
    text = row.date(key)
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise row.error(key, "not a day", text, "2026-07-29") from None


@dataclass(frozen=True, slots=True)
class _Release:
    company: str
    period: Period
    released: Annotated[datetime.date, Column(read=_day)]
    source: Cited


def releases(name: str = "META", project: Where = None) -> Releases:
    """The days on which a company reported."""
    home = home_of(project)
    owner = company(name, home)
    found: dict[str, _Release] = {}
    names = {
        "company": tuple(company(folder, home).name for folder in companies(home)),
        "source": sources(home),
    }
    for each, row in with_rows(home.data, RELEASED, _Release, names):
        period = each.period
        if each.company != owner.name:
            continue
        if period in found:
            raise row.error("period", "period listed twice", period)
        if each.released <= owner.last_day(owner.last_quarter(period)):
            raise row.error("released", "reported before its end", f"{period}: {each.released}")
        found[period] = each
    return Releases(
        owner,
        MappingProxyType({period: each.released for period, each in found.items()}),
        MappingProxyType({period: each.source for period, each in found.items()}),
    )


@dataclass(frozen=True, slots=True)
class _Expected:
    company: str
    period: Quarter
    day: Annotated[datetime.date, Column(read=_day)]
    basis: str


def expected(name: str, project: Where = None) -> Mapping[str, datetime.date]:
    """The days on which a company is expected to report, by quarter; none without the table."""
    home = home_of(project)
    if not (home.data / EXPECTED).is_file():
        return {}
    rows = records(home.data, EXPECTED, _Expected)
    return {each.period: each.day for each in rows if each.company == name}


@dataclass(frozen=True, slots=True)
class _Holiday:
    calendar: str
    day: Annotated[datetime.date, Column(read=_day)]
    name: str
    basis: str


def holidays(project: Where = None) -> Mapping[str, frozenset[datetime.date]]:
    """The weekdays on which markets are closed, by calendar."""
    found: dict[str, set[datetime.date]] = {}
    for each in records(home_of(project).data, HOLIDAYS, _Holiday):
        found.setdefault(each.calendar, set()).add(each.day)
    return {name: frozenset(days) for name, days in found.items()}


def known(facts: Facts, as_of: datetime.date, calendar: Releases) -> Facts:
    """The facts that were known on a day, the company's data reaching as far as they do.

    Raises:
        UsageError: no quarter of revenue or cash flow was known then.
    """
    kept = {(fact.metric, fact.period): fact for fact in facts if calendar.of(fact.period) <= as_of}
    quarters = [period for _, period in kept if QUARTER.fullmatch(period)]
    if not quarters:
        raise UsageError("nothing was known on that day", received=as_of.isoformat())
    owner = replace(
        facts.company,
        data_through=max(quarters),
        last_results=as_of.isoformat(),
        next_results=None,
        next_results_status="unknown",
    )
    return Facts(owner, facts.metrics, MappingProxyType(kept))


def next_results_day(company: Company) -> datetime.date:
    """The day from which the company's data are overtaken: that of its next results where one
    is announced or expected, otherwise the last day on which it may report the quarter."""
    if company.next_results is not None:
        return datetime.date.fromisoformat(company.next_results)
    coming = Quarter(company.data_through).plus(1)
    return company.last_day(coming) + datetime.timedelta(days=DAYS_TO_REPORT)


def stale(company: Company, today: datetime.date) -> str:
    """A sentence for a report's first page where its data are overtaken; empty where not."""
    day = next_results_day(company)
    if today <= day:
        return ""
    coming = Quarter(company.data_through).plus(1)
    how = {"announced": "were announced for", "expected": "were expected on"}.get(
        company.next_results_status, "had to be reported by"
    )
    return (
        f"Data are out of date: they end with {Quarter(company.data_through).words}, "
        f"and results for {coming.words} {how} {day.day} {day:%B %Y}."
    )
