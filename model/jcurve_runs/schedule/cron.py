"""Days and times of a schedule: cron with named weekdays, and moments in a time zone.

Weekdays have names only: programs disagree on whether 1 is Monday. Days of the month and
weekdays may not both be restricted: cron takes either, most readers take both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from jcurve.errors import UsageError, nearest

__all__ = ["Cron", "instant"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIELDS = ("minute", "hour", "day", "month", "weekday")


@dataclass(frozen=True, slots=True)
class Cron:
    """``minute hour day month weekday``, each a set of allowed values.

    Attributes:
        minutes, hours, days, months: numbers.
        weekdays: 0 for Monday, as ``date.weekday`` counts.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str, where: str) -> Cron:
        """Read cron's five fields.

        Raises:
            UsageError: a field is malformed, out of bounds, or a numbered weekday.
        """
        parts = text.lower().split()
        if len(parts) != len(_FIELDS):
            raise UsageError(
                "not a cron line",
                where=where,
                received=text,
                allowed="five fields: minute hour day month weekday, such as '0 7 * * mon'",
            )
        if parts[2] != "*" and parts[4] != "*":
            raise UsageError(
                "days of the month and weekdays are both restricted",
                where=where,
                received=text,
                allowed="* for one of them",
            )
        return cls(
            minutes=_field(parts[0], 0, 59, (), where, "minute"),
            hours=_field(parts[1], 0, 23, (), where, "hour"),
            days=_field(parts[2], 1, 31, (), where, "day"),
            months=_field(parts[3], 1, 12, _MONTHS, where, "month"),
            weekdays=_field(parts[4], 0, 6, _WEEKDAYS, where, "weekday"),
        )

    def meets(self, day: date) -> bool:
        """Whether it runs on a day."""
        return day.day in self.days and day.month in self.months and day.weekday() in self.weekdays

    def times(self) -> list[time]:
        """The times of such a day."""
        return [
            time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)
        ]


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The one moment in UTC at which a clock of ``zone`` shows ``at`` on ``day``.

    A time that the clock shows twice means the first; one that it leaves out means as much
    later as the clock was put forward (2:30 becomes 3:30).
    """
    return datetime.combine(day, at, tzinfo=zone).replace(fold=0).astimezone(UTC)


def _field(
    text: str, low: int, high: int, names: tuple[str, ...], where: str, field: str
) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        base, slash, step_text = part.partition("/")
        step = _number(step_text, 1, high, (), where, field) if slash else 1
        if base == "*":
            first, last = low, high
        else:
            start, dash, end = base.partition("-")
            first = _number(start, low, high, names, where, field)
            last = _number(end, low, high, names, where, field) if dash else first
            if slash and not dash:
                last = high
        if first > last:
            raise UsageError(f"a {field} range that runs backwards", where=where, received=part)
        found |= set(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, low: int, high: int, names: tuple[str, ...], where: str, field: str) -> int:
    if text in names:
        return names.index(text) + low
    if text.isascii() and text.isdecimal() and field != "weekday" and low <= int(text) <= high:
        return int(text)
    allowed = ", ".join(names) if names else f"{low} to {high}"
    if names and field != "weekday":
        allowed += f", or {low} to {high}"
    raise UsageError(
        f"not a {field}",
        where=where,
        received=text,
        allowed=allowed,
        suggestion=nearest(text[:3], names),
    )
