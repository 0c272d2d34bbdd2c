"""When a schedule runs: cron lines, and days that a calendar of ``data/calendars`` names.

Cron is read and walked by cronsim, with named weekdays, in a zone's own clock.
Weekdays have names only: programs disagree on whether 1 is Monday. Days of the month and
weekdays may not both be restricted: cron takes either, most readers take both. cronsim walks
the clock on the wall, without a zone; what a change of clocks means is decided here (``instant``),
so that each moment comes once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from jcurve.facts.calendar import expected, holidays, releases
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALLOWED = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day": "1 to 31, L for the last",
    "month": "jan to dec, or 1 to 12",
    "weekday": ", ".join(_WEEKDAYS),
}
_NAMES = {"minute": "minute", "hour": "hour", "day-of-month": "day", "month": "month"}


@dataclass(frozen=True, slots=True)
class Cron:
    """``minute hour day month weekday``."""

    line: str  # as cronsim reads it

    @classmethod
    def parse(cls, text: str, where: str) -> Cron:
        """Read cron's five fields."""
        parts = text.lower().split()
        if len(parts) != len(_ALLOWED) or not text.isascii():
            allowed = "five fields: minute hour day month weekday, such as '0 7 * * mon'"
            raise UsageError("not a cron line", where=where, received=text, allowed=allowed)
        if parts[2] != "*" and parts[4] != "*":
            what = "days of the month and weekdays are both restricted"
            raise UsageError(what, where=where, received=text, allowed="* for one of them")
        line = " ".join([*parts[:4], _numbered(parts[4], where)])
        if problem := _problem(line):
            raise _cron_error(problem, parts, where)
        return cls(line)

    def walk(self, after: datetime) -> Iterator[datetime]:
        """What the clock on the wall shows at each time later than ``after``, which has no zone."""
        return CronSim(self.line, after)

    def within(self, first: date, last: date) -> Iterator[datetime]:
        """Those from the beginning of ``first`` to the end of ``last``."""
        end = datetime.combine(last, time.max)
        for shown in self.walk(datetime.combine(first, time()) - timedelta(seconds=1)):
            if shown > end:
                return
            yield shown


def instant(shown: datetime, zone: ZoneInfo) -> datetime:
    """The one moment in UTC at which a clock of ``zone`` shows a day and time.

    A time that the clock shows twice means the first; one that it leaves out means as much
    later as the clock was put forward (2:30 becomes 3:30).
    """
    return shown.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _numbered(text: str, where: str) -> str:
    """Weekdays as cronsim counts them, Sunday last."""
    if text == "*":
        return text
    if "/" in text:
        what = "a step is not allowed for weekdays"
        allowed = "the days by name, such as mon,wed,fri"
        raise UsageError(what, where=where, received=text, allowed=allowed)
    for name in re.split("[,-]", text):
        if name not in _WEEKDAYS:
            raise UsageError.not_among(
                "not a weekday", name, _WEEKDAYS, where=where, allowed=_ALLOWED["weekday"]
            )
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if dash and _WEEKDAYS.index(first) > _WEEKDAYS.index(last):
            raise UsageError("a weekday range that runs backwards", where=where, received=part)
    return re.sub("[a-z]+", lambda found: str(_WEEKDAYS.index(found[0]) + 1), text)


def _cron_error(problem: str, parts: list[str], where: str) -> UsageError:
    field = _NAMES.get(problem.removeprefix("Bad "), "weekday")
    if field == "day" and not _problem(" ".join([*parts[:3], "*", "*"])):
        return UsageError(
            "a day that no calendar has",
            where=where,
            received=" ".join(parts),
            allowed=f"a day of {parts[3]}",
        )
    received = parts[list(_ALLOWED).index(field)]
    article = "an" if field == "hour" else "a"
    return UsageError(
        f"not {article} {field}", where=where, received=received, allowed=_ALLOWED[field]
    )


def _problem(line: str) -> str:
    """What cronsim says against a line; empty when nothing."""
    try:
        CronSim(line, datetime(2000, 1, 1))
    except CronSimError as error:
        return str(error)
    return ""


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
        for day in self._days(rule, first, last):
            if first <= day <= last:
                yield datetime.combine(day, at)

    def _days(self, rule: Day, first: date, last: date) -> Iterable[date]:
        """The days that ``rule`` names, those between two days among them."""
        if rule.kind in ("results", "after"):
            late = timedelta(days=rule.kind == "after")
            return [day + late for day in self.results(rule.calendar)]
        closed = self.holidays(rule.calendar)
        # Business days are known to the end of the last year that has a holiday on file.
        months: dict[tuple[int, int], list[date]] = {}
        day, end = first.replace(day=1), min(last + timedelta(31), date(max(closed).year, 12, 31))
        while day <= end:
            if day.weekday() < 5 and day not in closed:
                months.setdefault((day.year, day.month), []).append(day)
            day += timedelta(days=1)
        return [days[0 if rule.kind == "first" else -1] for days in months.values()]

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
