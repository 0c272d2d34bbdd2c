"""When each period became known, and facts as they stood on a day.

A fact is known from the day its period was first reported, whatever later copy it was read
from: ``data/calendars/releases.csv`` lists the days on file. Where none is listed, a fiscal
year is known with its last quarter, and a quarter 45 days after its end, the time that a
large company has for its quarterly report.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from jcurve.facts.company import Company, companies, company
from jcurve.facts.reported import Facts
from jcurve.facts.sources import Source, sources
from jcurve.facts.tables import QUARTER, YEAR, data_folder, read_table
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

__all__ = ["DAYS_TO_REPORT", "Releases", "known", "releases"]

DAYS_TO_REPORT = 45
_COLUMNS = ("company", "period", "released", "source_id")


@dataclass(frozen=True, slots=True)
class Releases:
    """When a company's periods were first reported.

    Attributes:
        company: whose.
        days: the listed days, by period.
        source: of each listed day.
    """

    company: Company
    days: Mapping[str, datetime.date]
    source: Mapping[str, Source]

    def of(self, period: str) -> datetime.date:
        """The day on which a quarter (``2026Q2``) or fiscal year (``2025``) became known.

        Raises:
            UsageError: it is no period.
        """
        listed = self.days.get(period)
        if listed is not None:
            return listed
        if YEAR.fullmatch(period):
            return self.of(self.company.quarters(period)[-1])
        if not QUARTER.fullmatch(period):
            raise UsageError("not a period", received=period, allowed="2026Q2 or 2025")
        return Quarter(period).last_day + datetime.timedelta(days=DAYS_TO_REPORT)


def releases(name: str = "META", project: Project | str | Path | None = None) -> Releases:
    """The days on which a company reported.

    Raises:
        FactsError: a malformed table, a period listed twice, or a day before the period's end.
    """
    data = data_folder(project)
    home = Project(data.parent)
    owner = company(name, home)
    known_sources = sources(home)
    names = [company(folder, home).name for folder in companies(home)]
    days: dict[str, datetime.date] = {}
    origin: dict[str, Source] = {}
    for row in read_table(data, "calendars/releases.csv", _COLUMNS):
        if row.choice("company", names, "company") != owner.name:
            continue
        text = row.text("period")
        period = row.period("period", QUARTER if "Q" in text else YEAR)
        last = period if "Q" in period else Quarter.of_fiscal_year(
            period, owner.fiscal_year_ends_in_month
        )[-1]  # fmt: skip
        day = _day(row.date("released"), row.at("released"))
        if period in days:
            raise FactsError("period listed twice", where=row.at("period"), received=period)
        if day <= Quarter(last).last_day:
            raise FactsError(
                "reported before its end", where=row.at("released"), received=f"{period}: {day}"
            )
        days[period] = day
        origin[period] = known_sources[row.choice("source_id", known_sources, "source")]
    return Releases(owner, MappingProxyType(days), MappingProxyType(origin))


def _day(text: str, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise FactsError("not a day", where=where, received=text, allowed="2026-07-29") from None


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
