"""Calendars from ``data/calendars``: days on which markets are open, days of results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from jcurve.facts.calendar import expected, holidays, releases
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

_RULES = {
    "first business day": "first",
    "last business day": "last",
    "the day of results": "results",
    "the day after results": "after",
}


@dataclass(frozen=True, slots=True)
class Day:
    """A day that a calendar names."""

    kind: str  # first or last business day of the month, or the day of or after results
    calendar: str  # which holidays count, or whose results

    @classmethod
    def parse(cls, text: str, calendar: str, where: str) -> Day:
        """Read a rule's words."""
        kind = _RULES.get(" ".join(text.lower().split()))
        if kind is None:
            raise UsageError.not_among("unknown calendar rule", text, _RULES, where=where)
        return cls(kind, calendar)


class Calendars:
    """The calendars of a project, read when they are first asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._holidays: Mapping[str, frozenset[date]] = {}
        self._results: dict[str, tuple[date, ...]] = {}

    def within(self, rule: Day, at: time, first: date, last: date) -> Iterator[datetime]:
        """The days from ``first`` to ``last`` that ``rule`` names, each at a time."""
        known = self.ends(rule)
        last = last if known is None else min(last, known)
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if self.meets(rule, day):
                yield datetime.combine(day, at)

    def meets(self, rule: Day, day: date) -> bool:
        """Whether ``day`` is the day that ``rule`` names."""
        match rule.kind:
            case "first":
                return self.is_business_day(rule.calendar, day) and not any(
                    self.is_business_day(rule.calendar, day.replace(day=each))
                    for each in range(1, day.day)
                )
            case "last":
                later = day + timedelta(days=1)
                while later.month == day.month and not self.is_business_day(rule.calendar, later):
                    later += timedelta(days=1)
                return self.is_business_day(rule.calendar, day) and later.month != day.month
            case "results":
                return day in self.results(rule.calendar)
            case _:
                return day - timedelta(days=1) in self.results(rule.calendar)

    def ends(self, rule: Day) -> date | None:
        """The last day that a rule's calendar knows anything of; None when it knows no day."""
        if rule.kind in ("results", "after"):
            days = self.results(rule.calendar)
            return max(days) + timedelta(days=1) if days else None
        last = max(self.holidays(rule.calendar))
        return date(last.year, 12, 31)

    def is_business_day(self, calendar: str, day: date) -> bool:
        """Whether markets are open: no weekend, no holiday."""
        return day.weekday() < 5 and day not in self.holidays(calendar)

    def holidays(self, calendar: str) -> frozenset[date]:
        """The weekdays on which the markets of a calendar are closed."""
        if not self._holidays:
            self._holidays = holidays(self._project)
        if calendar not in self._holidays:
            raise UsageError.not_among(
                "unknown calendar",
                calendar,
                self._holidays,
                allowed=", ".join(sorted(self._holidays)) or "one of data/calendars/holidays.csv",
            )
        return self._holidays[calendar]

    def results(self, company: str) -> tuple[date, ...]:
        """The days of a company's quarterly results, reported and expected.

        Once a day is reported, the one that was expected for that quarter does not count.
        """
        if company not in self._results:
            reported = {
                period: day
                for period, day in releases(company, self._project).days.items()
                if "Q" in period
            }
            days = {**expected(company, self._project), **reported}
            self._results[company] = tuple(sorted(set(days.values())))
        return self._results[company]
