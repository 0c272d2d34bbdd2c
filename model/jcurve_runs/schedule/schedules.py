"""``reports/schedule.yml``: which reports run when, and what happens when they do not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from jcurve.assumptions.nodes import Entry, Node, Table, read
from jcurve.briefing.editions import check_name
from jcurve.ground.errors import JCurveError, ScenarioError, UsageError
from jcurve.ground.project import Project
from jcurve_runs.plan.request import Request, Retry, plain_value
from jcurve_runs.publishing.retention import Rule
from jcurve_runs.schedule.when import Calendars, Cron, Day, instant

Names: TypeAlias = tuple[str, ...]
FILE_NAME = "schedule.yml"

_HORIZON = timedelta(days=400)
_KEYS = (
    *("report", "scenarios", "view", "overrides", "parameters", "workbook", "retries"),
    *("cron", "on", "at", "calendar", "zone", "enabled"),
    *("missed", "overlap", "grace", "deadline", "keep"),
    *("success", "failure"),
)
_KEEP = ("last", "days", "monthly")
_SPAN = re.compile(r"(\d{1,4}) ?(min|minutes?|h|hours?|d|days?)", re.ASCII)
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}", re.ASCII)
_MOST = 9_999


@dataclass(frozen=True, slots=True)
class Schedule:
    """What runs when."""

    name: str  # of the schedule
    reports: Names  # notebooks; several make a pack, which is one mail
    scenarios: Names  # names; empty for all there are
    # what is asked of each run; of the parameters a report takes those it declares
    request: Request
    when: Cron | Day  # cron's days and times, or a calendar's day and a time
    at: time  # the time of a calendar's day
    zone: ZoneInfo  # whose clocks are meant
    enabled: bool  # whether it runs by itself; if not, only when it is asked to
    # what happens to occurrences that nobody was there for: ``skip`` them, run the ``latest``, or
    # ``all``
    missed: Literal["skip", "latest", "all"]
    # what happens while an earlier one still runs: ``skip``, or ``queue``
    overlap: Literal["skip", "queue"]
    grace: timedelta  # how late an occurrence is before it counts as missed
    # how long after its moment the edition must be there; None for never
    deadline: timedelta | None
    keep: Rule | None  # which editions of its series stay after a run; None for all
    success: Names  # addresses
    failure: Names
    # by report, the parameters that its notebook has since given another default; the schedule goes
    # on with what it began with
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A schedule that does not validate: the error, and who is to hear of it."""

    name: str
    error: JCurveError
    failure: Names = ()


@dataclass(frozen=True, slots=True)
class Schedules:
    """The file: the schedules that can run, and the mistakes in the others."""

    sound: tuple[Schedule, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every schedule that the file names."""
        sound = {each.name for each in self.sound}
        mistaken = {each.name for each in self.mistakes}
        return frozenset(sound | mistaken)


def read_schedules(project: Project) -> Schedules:
    """The schedules of a project; none when it has no file.

    Raises:
        UsageError: the file as a whole cannot be read; names file and line. A mistake within one
            schedule is no error: the others run.
    """
    path = project.reports / FILE_NAME
    origin = f"reports/{FILE_NAME}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Schedules()
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
    sound: list[Schedule] = []
    mistakes: list[Mistake] = []
    for entry in schedules.value.entries:
        try:
            sound.append(_Reader(entry, origin, entry.key).schedule())
        except JCurveError as error:
            mistakes.append(Mistake(entry.key, error, _whom_to_tell(entry)))
    return Schedules(tuple(sound), tuple(mistakes))


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
        shown = when.within(first, last)
    else:
        shown = calendars.within(when, schedule.at, first, last)
    found = {instant(each, schedule.zone) for each in shown}
    return sorted(moment for moment in found if after < moment <= until)


def next_moment(schedule: Schedule, after: datetime, calendars: Calendars) -> datetime | None:
    """Its next occurrence, or None when none is known within 400 days."""
    for days in (2, 40, _HORIZON.days):
        found = moments(schedule, after, after + timedelta(days=days), calendars)
        if found:
            return found[0]
    return None


def _whom_to_tell(entry: Entry) -> Names:
    """The ``failure`` addresses of a schedule that does not validate, as far as they do."""
    found = entry.value.get("failure") if isinstance(entry.value, Table) else None
    if found is None:
        return ()
    given = found.value if isinstance(found.value, tuple) else (found.value,)
    return tuple(each for each in given if isinstance(each, str) and _MAIL.fullmatch(each))


def _data(node: Node) -> Any:
    """What was written as plain data: numbers, flags, texts, lists and tables."""
    if isinstance(node, Table):
        return {entry.key: _data(entry.value) for entry in node.entries}
    if isinstance(node, tuple):
        return [_data(item) for item in node]
    return None if node is None else plain_value(node)


class _Reader:
    """Reads one entry of the file."""

    def __init__(self, entry: Entry, origin: str, name: str, allowed: Names = _KEYS) -> None:
        self._origin, self._name = origin, name
        self._where = f"{origin}:{entry.line}, {name}"
        if not isinstance(entry.value, Table):
            raise UsageError("not a table", where=self._where, allowed=", ".join(allowed))
        self._node = entry.value
        for each in self._node.entries:
            if each.key not in allowed:
                where = f"{origin}:{each.line}, {name}"
                raise UsageError.not_among("unknown key", each.key, allowed, where=where)

    def schedule(self) -> Schedule:
        """The schedule."""
        when = self._when()
        retries = self._count("retries", 2)
        request = Request(
            view=self._choice("view", ("programme", "go_forward")),
            overrides={each.key: self._word(each.value) for each in self._table("overrides")},
            parameters={each.key: _data(each.value) for each in self._table("parameters")},
            workbook=self._flag("workbook", "false"),
            retry=Retry(attempts=1 + retries),
        )
        return Schedule(
            name=check_name(self._name, "the schedule"),
            reports=self._names("report"),
            scenarios=() if self._texts("scenarios") == ("all",) else self._names("scenarios"),
            request=request,
            when=when,
            at=self._time() if isinstance(when, Day) else time(),
            zone=self._zone(),
            enabled=self._flag("enabled", "true"),
            missed=self._choice("missed", ("latest", "skip", "all")),  # type: ignore[arg-type]
            overlap=self._choice("overlap", ("skip", "queue")),  # type: ignore[arg-type]
            grace=self._span("grace", "15 minutes") or timedelta(0),
            deadline=self._span("deadline", "none"),
            keep=self._keep(),
            success=self._addresses("success"),
            failure=self._addresses("failure"),
        )

    def _wrong(self, key: str, what: str, received: object = None, allowed: str = "") -> UsageError:
        """The refusal of what stands under a key."""
        where = self._at(key)
        return UsageError(what, where=where, received=received, allowed=allowed or None)

    def _at(self, key: str) -> str:
        entry = self._node.get(key)
        line = self._where if entry is None else f"{self._origin}:{entry.line}, {self._name}"
        return f"{line}.{key}"

    def _when(self) -> Cron | Day:
        cron, on = self._node.get("cron"), self._node.get("on")
        if (cron is None) == (on is None):
            allowed = "exactly one of them"
            raise UsageError("needs either cron or on", where=self._where, allowed=allowed)
        if cron is None:
            return Day.parse(self._text("on"), self._text("calendar"), self._at("on"))
        for key in ("at", "calendar"):
            if self._node.get(key) is not None:
                raise self._wrong(key, f"{key} has no meaning beside cron")
        return Cron.parse(self._text("cron"), self._at("cron"))

    def _text(self, key: str, default: str | None = None) -> str:
        entry = self._node.get(key)
        if entry is not None:
            return self._word(entry.value, key)
        if default is None:
            raise UsageError(f"{key} is missing", where=self._where)
        return default

    def _word(self, node: Node, key: str = "overrides") -> str:
        if not isinstance(node, str):
            raise self._wrong(key, f"{key} is not a text")
        return node

    def _texts(self, key: str) -> Names:
        entry = self._node.get(key)
        if entry is None:
            return ()
        value = entry.value
        items = value if isinstance(value, tuple) else (value,)
        return tuple(self._word(item, key) for item in items)

    def _table(self, key: str) -> tuple[Entry, ...]:
        entry = self._node.get(key)
        if entry is None:
            return ()
        if not isinstance(entry.value, Table):
            raise self._wrong(key, f"{key} is not a table")
        return entry.value.entries

    def _names(self, key: str) -> Names:
        names = tuple(dict.fromkeys(self._texts(key)))
        if not names:
            allowed = "a list of names" + (", or all" if key == "scenarios" else "")
            raise UsageError(f"{key} is missing", where=self._where, allowed=allowed)
        return tuple(check_name(name, f"the {key.rstrip('s')}") for name in names)

    def _choice(self, key: str, choices: Names) -> str:
        text = self._text(key, choices[0])
        if text not in choices:
            raise UsageError.not_among(f"unknown {key}", text, choices, where=self._at(key))
        return text

    def _flag(self, key: str, default: str) -> bool:
        other = "false" if default == "true" else "true"
        return self._choice(key, (default, other)) == "true"

    def _count(self, key: str, default: int) -> int:
        text = self._text(key, str(default))
        if not re.fullmatch(r"\d{1,4}", text, re.ASCII):
            raise self._wrong(key, f"{key} is not a count", text, f"a whole number up to {_MOST}")
        return int(text)

    def _keep(self) -> Rule | None:
        entry = self._node.get("keep")
        if entry is None:
            return None
        inner = _Reader(entry, self._origin, f"{self._name}.keep", _KEEP)
        return Rule(
            last=inner._count("last", Rule().last),
            days=inner._count("days", Rule().days),
            monthly=inner._flag("monthly", "true"),
        )

    def _zone(self) -> ZoneInfo:
        name, allowed = self._text("zone", "UTC"), "an IANA name such as America/New_York"
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what, known = "unknown time zone", available_timezones()
            where = self._at("zone")
            raise UsageError.not_among(what, name, known, where=where, allowed=allowed) from None

    def _time(self) -> time:
        text = self._text("at")
        if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
            return time.fromisoformat(text)
        raise self._wrong("at", "not a time", text, "such as 07:00")

    def _span(self, key: str, default: str) -> timedelta | None:
        text = self._text(key, default)
        if text == "none":
            return None
        found = _SPAN.fullmatch(text)
        if found is None:
            allowed = "such as 90 minutes, 2 hours, 1 day, or none"
            raise self._wrong(key, f"{key} is not a span of time", text, allowed)
        unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2][0]]
        return timedelta(**{unit: int(found[1])})

    def _addresses(self, key: str) -> Names:
        found = self._texts(key)
        for address in found:
            if not _MAIL.fullmatch(address):
                allowed = "name@host.domain, nothing else"
                raise self._wrong(key, "not a mail address", address, allowed)
        return found
