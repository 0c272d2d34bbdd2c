"""``reports/schedule.yml``: which reports run when, and what happens when they do not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from jcurve.briefing.editions import check_name
from jcurve.errors import ScenarioError, UsageError, nearest
from jcurve.project import Project
from jcurve_runs.schedule.calendars import Calendars, Rule
from jcurve_runs.schedule.cron import Cron, instant

__all__ = ["FILE_NAME", "Schedule", "moments", "next_moment", "read_schedules"]

FILE_NAME = "schedule.yml"

_HORIZON = timedelta(days=400)
_KEYS = (
    *("report", "scenarios", "view", "overrides"),
    *("cron", "on", "at", "calendar", "zone"),
    *("missed", "overlap", "grace", "deadline"),
    *("workbook", "success", "failure"),
)
_SPAN = re.compile(r"(\d{1,4}) ?(min|minutes?|h|hours?|d|days?)", re.ASCII)
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What runs when.

    Attributes:
        name: of the schedule.
        report: a notebook.
        scenarios: names; empty for all there are.
        view: the view the report leads with.
        overrides: on top of each scenario, as given.
        when: cron's days and times, or a calendar's day and a time.
        at: the time of a calendar's day.
        zone: whose clocks are meant.
        missed: what happens to occurrences that nobody was there for: ``skip`` them, run
            the ``latest``, or ``all``.
        overlap: what happens while an earlier one still runs: ``skip``, or ``queue``.
        grace: how late an occurrence is before it counts as missed.
        deadline: how long after its moment the edition must be there; None for never.
        workbook: whether editions hold the scenario's workbook.
        success, failure: addresses.
    """

    name: str
    report: str
    scenarios: tuple[str, ...]
    view: str
    overrides: Mapping[str, str]
    when: Cron | Rule
    at: time
    zone: ZoneInfo
    missed: Literal["skip", "latest", "all"]
    overlap: Literal["skip", "queue"]
    grace: timedelta
    deadline: timedelta | None
    workbook: bool
    success: tuple[str, ...]
    failure: tuple[str, ...]


def read_schedules(project: Project) -> tuple[Schedule, ...]:
    """The schedules of a project; none when it has no file.

    Raises:
        UsageError: an entry does not validate; names file, line and key.
    """
    from jcurve.assumptions.document import Table, read

    path = project.reports / FILE_NAME
    origin = f"reports/{FILE_NAME}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=origin) from error
    try:
        root = read(content, origin)
    except ScenarioError as error:
        what = error.what.replace("a scenario file", "the schedule").replace("scenario ", "")
        raise UsageError(what, where=error.where, received=error.received) from error
    schedules = root.get("schedules")
    unknown = [entry for entry in root.entries if entry.key != "schedules"]
    if unknown or schedules is None or not isinstance(schedules.value, Table):
        raise UsageError(
            "not a table of schedules",
            where=f"{origin}:{unknown[0].line if unknown else 1}",
            received=unknown[0].key if unknown else None,
            allowed="'schedules:' with one table for each schedule",
        )
    return tuple(
        _Reader(entry.key, entry.value, f"{origin}:{entry.line}, {entry.key}").schedule()
        for entry in schedules.value.entries
    )


def moments(
    schedule: Schedule, after: datetime, until: datetime, calendars: Calendars
) -> list[datetime]:
    """Its occurrences in UTC, later than ``after`` and not later than ``until``, in order.

    Looks back over 400 days at most. Each moment occurs once, whatever clocks do.
    """
    after = max(after, until - _HORIZON)
    first = after.astimezone(schedule.zone).date() - timedelta(days=1)
    last = until.astimezone(schedule.zone).date() + timedelta(days=1)
    when = schedule.when
    if isinstance(when, Cron):
        meets, times = when.meets, when.times()
    else:
        meets, times = partial(calendars.meets, when), [schedule.at]
    found = set()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if meets(day):
            found |= {instant(day, at, schedule.zone) for at in times}
    return sorted(moment for moment in found if after < moment <= until)


def next_moment(schedule: Schedule, after: datetime, calendars: Calendars) -> datetime | None:
    """Its next occurrence, or None when none is known within 400 days."""
    for days in (2, 40, _HORIZON.days):
        found = moments(schedule, after, after + timedelta(days=days), calendars)
        if found:
            return found[0]
    return None


class _Reader:
    """Reads one entry of the file."""

    def __init__(self, name: str, node: object, where: str) -> None:
        from jcurve.assumptions.document import Table

        if not isinstance(node, Table):
            raise UsageError("not a table", where=where, allowed=", ".join(_KEYS))
        for entry in node.entries:
            if entry.key not in _KEYS:
                raise UsageError(
                    "unknown key",
                    where=f"reports/{FILE_NAME}:{entry.line}, {name}",
                    received=entry.key,
                    allowed=", ".join(_KEYS),
                    suggestion=nearest(entry.key, _KEYS),
                )
        self._name = name
        self._node = node
        self._where = where

    def schedule(self) -> Schedule:
        """The schedule."""
        when = self._when()
        return Schedule(
            name=check_name(self._name, "the schedule"),
            report=check_name(self._text("report"), "the report"),
            scenarios=self._scenarios(),
            view=self._choice("view", ("programme", "go_forward")),
            overrides=self._table("overrides"),
            when=when,
            at=self._time() if isinstance(when, Rule) else time(),
            zone=self._zone(),
            missed=self._choice("missed", ("latest", "skip", "all")),  # type: ignore[arg-type]
            overlap=self._choice("overlap", ("skip", "queue")),  # type: ignore[arg-type]
            grace=self._span("grace", "15 minutes") or timedelta(0),
            deadline=self._span("deadline", "none"),
            workbook=self._choice("workbook", ("false", "true")) == "true",
            success=self._addresses("success"),
            failure=self._addresses("failure"),
        )

    def _when(self) -> Cron | Rule:
        cron, on = self._node.get("cron"), self._node.get("on")
        if (cron is None) == (on is None):
            raise UsageError(
                "needs either cron or on", where=self._where, allowed="exactly one of them"
            )
        if cron is not None:
            for key in ("at", "calendar"):
                if self._node.get(key) is not None:
                    raise UsageError(f"{key} has no meaning beside cron", where=self._at(key))
            return Cron.parse(self._text("cron"), self._at("cron"))
        return Rule.parse(self._text("on"), self._text("calendar"), self._at("on"))

    def _at(self, key: str) -> str:
        entry = self._node.get(key)
        if entry is None:
            return f"{self._where}.{key}"
        return f"reports/{FILE_NAME}:{entry.line}, {self._name}.{key}"

    def _text(self, key: str, default: str | None = None) -> str:
        from jcurve.assumptions.document import Text

        entry = self._node.get(key)
        if entry is None:
            if default is not None:
                return default
            raise UsageError(f"{key} is missing", where=self._where)
        if not isinstance(entry.value, Text) or entry.value.text is None:
            raise UsageError(f"{key} is not a text", where=self._at(key))
        return entry.value.text

    def _texts(self, key: str) -> Iterator[str]:
        from jcurve.assumptions.document import Listing, Text

        entry = self._node.get(key)
        if entry is None:
            return
        value = entry.value
        for item in value.items if isinstance(value, Listing) else (value,):
            if not isinstance(item, Text) or item.text is None:
                raise UsageError(f"{key} is not a list of texts", where=self._at(key))
            yield item.text

    def _table(self, key: str) -> dict[str, str]:
        from jcurve.assumptions.document import Table, Text

        entry = self._node.get(key)
        if entry is None:
            return {}
        if not isinstance(entry.value, Table):
            raise UsageError(f"{key} is not a table", where=self._at(key))
        made = {}
        for each in entry.value.entries:
            if not isinstance(each.value, Text) or each.value.text is None:
                raise UsageError(f"{key}.{each.key} is not a text", where=self._at(key))
            made[each.key] = each.value.text
        return made

    def _scenarios(self) -> tuple[str, ...]:
        names = tuple(self._texts("scenarios"))
        if not names:
            raise UsageError(
                "scenarios are missing", where=self._where, allowed="a list of names, or all"
            )
        return () if names == ("all",) else tuple(check_name(n, "the scenario") for n in names)

    def _choice(self, key: str, choices: tuple[str, ...]) -> str:
        text = self._text(key, choices[0])
        if text not in choices:
            raise UsageError(
                f"unknown {key}",
                where=self._at(key),
                received=text,
                allowed=", ".join(choices),
                suggestion=nearest(text, choices),
            )
        return text

    def _zone(self) -> ZoneInfo:
        name = self._text("zone", "UTC")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(
                "unknown time zone",
                where=self._at("zone"),
                received=name,
                allowed="an IANA name such as America/New_York",
                suggestion=nearest(name, available_timezones()),
            ) from None

    def _time(self) -> time:
        text = self._text("at")
        if re.fullmatch(r"\d{2}:\d{2}", text, re.ASCII):
            hour, minute = int(text[:2]), int(text[3:])
            if hour < 24 and minute < 60:
                return time(hour, minute)
        raise UsageError("not a time", where=self._at("at"), received=text, allowed="such as 07:00")

    def _span(self, key: str, default: str) -> timedelta | None:
        text = self._text(key, default)
        if text == "none":
            return None
        found = _SPAN.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{key} is not a span of time",
                where=self._at(key),
                received=text,
                allowed="such as 90 minutes, 2 hours, 1 day, or none",
            )
        unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2][0]]
        return timedelta(**{unit: int(found[1])})

    def _addresses(self, key: str) -> tuple[str, ...]:
        found = tuple(self._texts(key))
        for address in found:
            if not _MAIL.fullmatch(address):
                raise UsageError(
                    "not a mail address",
                    where=self._at(key),
                    received=address,
                    allowed="name@host.domain, nothing else",
                )
        return found
