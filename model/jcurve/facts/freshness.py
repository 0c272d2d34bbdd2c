"""Whether the data of a company have been overtaken by results that it has since reported."""

from __future__ import annotations

import datetime

from jcurve.facts.calendar import DAYS_TO_REPORT, quarter_end
from jcurve.facts.company import Company
from jcurve.facts.tables import quarter_after

__all__ = ["next_results_day", "stale"]


def next_results_day(company: Company) -> datetime.date:
    """The day from which the company's data are overtaken: that of its next results where one
    is announced or expected, otherwise the last day on which it may report the quarter."""
    if company.next_results is not None:
        return datetime.date.fromisoformat(company.next_results)
    coming = quarter_after(company.data_through)
    return quarter_end(coming) + datetime.timedelta(days=DAYS_TO_REPORT)


def stale(company: Company, today: datetime.date) -> str:
    """A sentence for a report's first page where its data are overtaken; empty where not."""
    day = next_results_day(company)
    if today <= day:
        return ""
    coming = quarter_after(company.data_through)
    how = {"announced": "were announced for", "expected": "were expected on"}.get(
        company.next_results_status, "had to be reported by"
    )
    return (
        f"Data are out of date: they end with {_words(company.data_through)}, and results for "
        f"{_words(coming)} {how} {day.day} {day:%B %Y}."
    )


def _words(quarter: str) -> str:
    return f"Q{quarter[5]} {quarter[:4]}"
