"""Whether the data of a company have been overtaken by results that it has since reported."""

from __future__ import annotations

import datetime

from jcurve.facts.calendar import DAYS_TO_REPORT
from jcurve.facts.company import Company
from jcurve.ground.quarters import Quarter

__all__ = ["next_results_day", "stale"]


def next_results_day(company: Company) -> datetime.date:
    """The day from which the company's data are overtaken: that of its next results where one
    is announced or expected, otherwise the last day on which it may report the quarter."""
    if company.next_results is not None:
        return datetime.date.fromisoformat(company.next_results)
    coming = Quarter(company.data_through).plus(1)
    return coming.last_day + datetime.timedelta(days=DAYS_TO_REPORT)


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
