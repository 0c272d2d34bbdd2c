"""Schedules: what is due when, each occurrence once, whatever clocks and runners do."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from jcurve.commands import main
from jcurve.facts import company
from jcurve.ground.errors import FactsError, JCurveError, RunError, ScenarioError, UsageError
from jcurve.ground.project import Project
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Request
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.batch import Batch
from jcurve_runs.publishing.retention import Rule
from jcurve_runs.schedule import schedules
from jcurve_runs.schedule.check import parameters_for
from jcurve_runs.schedule.occurrences import Occurrence, Occurrences
from jcurve_runs.schedule.schedules import (
    Schedule,
    Schedules,
    moments,
    next_moment,
    read_schedules,
)
from jcurve_runs.schedule.tick import Tick, tick, watch_clock
from jcurve_runs.schedule.when import Calendars, Cron, Day, instant
from tests.support.notebooks import (
    PARAMETERS,
    RECORD,
    SHOW,
    StandIn,
    make_project,
    write_notebook,
)

ROOT = Path(__file__).parents[2]
NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday

HOLIDAYS = "calendar,day,name,basis\n"


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def write(project: Project, text: str) -> None:
    """Write the schedule file; each line is one of ``schedules``."""
    project.reports.mkdir(exist_ok=True)
    body = "\n".join(f"  {line}" for line in text.strip("\n").splitlines())
    (project.reports / "schedule.yml").write_text(f"schedules:\n{body}\n")


def one(project: Project, **changes: str) -> Schedule:
    """A daily schedule with some keys changed; None leaves one out."""
    keys = {"report": "fixture", "scenarios": "[base]", "cron": '"0 9 * * *"', "zone": "UTC"}
    keys |= changes
    write(project, "daily:\n" + "\n".join(f"  {k}: {v}" for k, v in keys.items() if v != "-"))
    return only(project)


def only(project: Project) -> Schedule:
    """The one schedule of the file; its mistake is raised."""
    file = read_schedules(project)
    for mistake in file.mistakes:
        raise mistake.error
    (made,) = file.sound
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("JCURVE_SMTP_HOST", "localhost")
    monkeypatch.setenv("JCURVE_SMTP_FROM", "jcurve@example.org")
    return make_project(tmp_path)


def days_of(text: str, first: str, last: str) -> list[str]:
    """The days of a cron line from one to another."""
    shown = Cron.parse(text, "x").within(date.fromisoformat(first), date.fromisoformat(last))
    return list(dict.fromkeys(each.date().isoformat() for each in shown))


class TestCron:
    """Weekdays have names, and mean what they say."""

    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("0 9 * * mon", ["2026-03-02", "2026-03-09"]),
            ("0 9 * * sun", ["2026-03-01", "2026-03-08"]),
            ("0 9 * * sat-sun", ["2026-03-01", "2026-03-07", "2026-03-08"]),
            ("0 9 1 * *", ["2026-03-01"]),
            ("0 9 * feb *", []),
            ("0 9 */5 mar *", ["2026-03-01", "2026-03-06"]),
        ],
    )
    def test_the_days_it_meets(self, text: str, days: list[str]) -> None:
        assert days_of(text, "2026-03-01", "2026-03-10") == days

    def test_monday_is_monday(self) -> None:
        """A library read ``1`` as Tuesday; so there are no numbers here."""
        met = days_of("0 9 * * mon", "2026-03-02", "2026-03-29")
        assert met == ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]
        whole_week = days_of("0 9 * * mon-sun", "2026-03-02", "2026-03-08")
        assert len(whole_week) == 7

    def test_the_last_day_of_a_month(self) -> None:
        assert days_of("0 9 L * *", "2028-02-01", "2028-03-31") == ["2028-02-29", "2028-03-31"]

    def test_times(self) -> None:
        day = date(2026, 3, 2)
        shown = [each.time() for each in Cron.parse("*/20 9-10 * * *", "x").within(day, day)]
        assert shown == [time(hour, minute) for hour in (9, 10) for minute in (0, 20, 40)]
        shown = [each.time() for each in Cron.parse("5,50 0 * * *", "x").within(day, day)]
        assert shown == [time(0, 5), time(0, 50)]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("0 9 * * 1", "not a weekday; received '1'; allowed: mon, tue, wed, thu, fri, sat"),
            ("0 9 * * monday", "not a weekday; received 'monday'.*did you mean 'mon'"),
            ("60 9 * * *", "not a minute; received '60'; allowed: 0 to 59"),
            ("0 24 * * *", "not an hour"),
            ("0 9 0 * *", "not a day"),
            ("0 9 * 13 *", "not a month"),
            ("0 9 * *", "not a cron line"),
            ("@daily", "not a cron line"),
            ("0 9 1 * mon", "days of the month and weekdays are both restricted"),
            ("0 9 * * fri-mon", "a weekday range that runs backwards"),
            ("0 9 * * ٣", "not a cron line"),
            ("0 7 * * */2", "a step is not allowed for weekdays.*the days by name"),
            ("0 7 30 feb *", "a day that no calendar has"),
            ("0 7 30-31 feb *", "a day that no calendar has"),
            ("0 7 31 apr,jun *", "a day that no calendar has"),
            ("*/0 9 * * *", "not a minute"),
            ("-1 9 * * *", "not a minute"),
        ],
    )
    def test_what_is_refused(self, text: str, words: str) -> None:
        with pytest.raises(UsageError, match=words):
            Cron.parse(text, "x")


class TestClocks:
    """Daylight saving: a time that is left out or repeated runs once."""

    def test_a_time_that_the_clock_leaves_out_comes_as_much_later(self) -> None:
        made = instant(datetime(2026, 3, 8, 2, 30), NEW_YORK)
        assert made == at("2026-03-08 07:30")
        assert made.astimezone(NEW_YORK).time() == time(3, 30)

    def test_a_time_that_the_clock_shows_twice_is_the_first(self) -> None:
        assert instant(datetime(2026, 11, 1, 1, 30), NEW_YORK) == at("2026-11-01 05:30")

    @pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
    @pytest.mark.parametrize("hour", [0, 1, 2, 3, 12])
    def test_a_daily_time_occurs_once_on_each_day(
        self, project: Project, day: str, hour: int
    ) -> None:
        schedule = one(project, cron=f'"30 {hour} * * *"', zone="America/New_York")
        begin = at(f"{day} 00:00") - timedelta(days=2)
        found = moments(schedule, begin, begin + timedelta(days=5), Calendars(project))
        days = Counter(moment.astimezone(NEW_YORK).date() for moment in found)
        assert days[date.fromisoformat(day)] == 1
        assert set(days.values()) == {1}

    @pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 24)])
    def test_each_hour_never_runs_twice_at_one_moment(
        self, project: Project, day: str, hours: int
    ) -> None:
        """The hour left out falls together with the next, the repeated one runs once."""
        schedule = one(project, cron='"0 * * * *"', zone="America/New_York")
        start = instant(datetime.fromisoformat(day), NEW_YORK)
        end = instant(datetime.fromisoformat(day) + timedelta(days=1), NEW_YORK)
        found = moments(schedule, start - timedelta(seconds=1), end - timedelta(seconds=1),
                        Calendars(project))  # fmt: skip
        assert len(found) == len(set(found)) == hours
        shown = [moment.astimezone(NEW_YORK).strftime("%H:%M %z") for moment in found]
        assert len({text[:5] for text in shown}) == hours

    def test_no_moment_is_found_twice_in_windows_side_by_side(self, project: Project) -> None:
        """Over both changes of a year, cut into windows of any length."""
        schedule = one(project, cron='"*/15 * * * *"', zone="Europe/London")
        calendars = Calendars(project)
        begin, end = at("2026-03-28 00:00"), at("2026-03-30 00:00")
        whole = moments(schedule, begin, end, calendars)
        cut: list[datetime] = []
        step = timedelta(minutes=7, seconds=13)
        while begin < end:
            cut += moments(schedule, begin, min(begin + step, end), calendars)
            begin += step
        assert cut == whole
        assert len(whole) == len(set(whole))


class TestCalendars:
    """First business days, days of results."""

    CALENDARS = Calendars(Project(ROOT))

    @pytest.mark.parametrize(
        ("kind", "day"),
        [
            ("first", "2026-01-02"),  # New Year's Day is a Thursday
            ("first", "2026-02-02"),  # the first is a Sunday
            ("first", "2026-12-01"),
            ("last", "2026-05-29"),
            ("last", "2027-12-31"),
            ("results", "2025-10-29"),
            ("after", "2025-10-30"),
            ("results", str(company("META").next_results)),  # expected
        ],
    )
    def test_the_day(self, kind: str, day: str) -> None:
        rule = Day(kind, "META" if kind in ("results", "after") else "NYSE")
        chosen = date.fromisoformat(day)
        named = datetime.combine(chosen, time(7))
        assert list(self.CALENDARS.within(rule, time(7), chosen, chosen)) == [named]
        if kind in ("first", "last"):
            first, last = chosen.replace(day=1), chosen + timedelta(days=5)
            assert list(self.CALENDARS.within(rule, time(7), first, last)) == [named]

    def test_holidays_follow_the_rules_of_the_exchange(self) -> None:
        """Against pandas' rules, year by year; the day of mourning was announced."""
        from pandas.tseries.holiday import (
            AbstractHolidayCalendar,
            GoodFriday,
            Holiday,
            USLaborDay,
            USMartinLutherKingJr,
            USMemorialDay,
            USPresidentsDay,
            USThanksgivingDay,
            nearest_workday,
            sunday_to_monday,
        )

        class Exchange(AbstractHolidayCalendar):
            rules = [  # noqa: RUF012
                Holiday("New Year", month=1, day=1, observance=sunday_to_monday),
                USMartinLutherKingJr,
                USPresidentsDay,
                GoodFriday,
                USMemorialDay,
                Holiday("Juneteenth", month=6, day=19, observance=nearest_workday),
                Holiday("Independence Day", month=7, day=4, observance=nearest_workday),
                USLaborDay,
                USThanksgivingDay,
                Holiday("Christmas", month=12, day=25, observance=nearest_workday),
            ]

        ruled = {day.date() for day in Exchange().holidays("2025-01-01", "2030-12-31")}
        ruled = {day for day in ruled if day.weekday() < 5}
        listed = self.CALENDARS.holidays("NYSE")
        assert listed - ruled == {date(2025, 1, 9)}
        assert ruled - listed == set()

    def test_a_reported_day_replaces_the_expected_one(self, tmp_path: Path) -> None:
        import shutil

        shutil.copytree(ROOT / "data", tmp_path / "data")
        folder = tmp_path / "data" / "calendars"
        (folder / "expected_results.csv").write_text(
            "company,period,day,basis\nMETA,2025Q3,2025-11-05,guess\nMETA,2029Q3,2029-10-24,guess\n"
        )
        days = Calendars(Project(tmp_path)).results("META")
        assert date(2025, 11, 5) not in days
        assert {date(2025, 10, 29), date(2029, 10, 24)} <= set(days)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (
                f"{HOLIDAYS}NYSE,2026-02-30,a,b\n",
                "holidays.csv:2, day: not a day; received '2026-02-30'",
            ),
            ("calendar\nNYSE\n", "unexpected columns; received 'calendar'"),
            (f"{HOLIDAYS}NYSE\n", "a row of 1 cells under 4 columns"),
        ],
    )
    def test_a_malformed_calendar(self, project: Project, text: str, words: str) -> None:
        (project.data / "calendars").mkdir()
        (project.data / "calendars" / "holidays.csv").write_text(text)
        with pytest.raises(FactsError, match=words):
            Calendars(project).holidays("NYSE")

    def test_an_unknown_calendar_or_rule(self) -> None:
        with pytest.raises(UsageError, match="did you mean 'NYSE'"):
            self.CALENDARS.holidays("NYSEE")
        with pytest.raises(UsageError, match="did you mean 'first business day'"):
            Day.parse("first busines day", "NYSE", "x")


class TestFile:
    """One clear error with file, line and key."""

    def test_the_projects_own_file(self) -> None:
        schedules = read_schedules(Project(ROOT)).sound
        assert {schedule.name for schedule in schedules} == {
            *("weekly", "month_start", "after_results")
        }
        calendars = Calendars(Project(ROOT))
        for schedule in schedules:
            assert next_moment(schedule, at("2026-12-15 00:00"), calendars) is not None

    def test_no_file_is_no_schedule(self, project: Project) -> None:
        assert read_schedules(project) == Schedules()

    def test_what_is_read(self, project: Project) -> None:
        made = one(
            project,
            scenarios="all",
            overrides="{returns.wacc: 0.1}",
            missed="all",
            overlap="queue",
            grace="1 hour",
            deadline="2h",
            workbook="true",
            success="[a@example.org]",
            failure="b@example.org",
            report="[fixture, other]",
            parameters="{draws: 512, against: [bear, bull], text: a b, flag: true}",
            retries="4",
            enabled="false",
            keep="{last: 3, days: 30, monthly: false}",
        )
        assert made.reports == ("fixture", "other")
        assert made.request.parameters == {
            "draws": 512,
            "against": ["bear", "bull"],
            "text": "a b",
            "flag": True,
        }
        assert (made.request.retry.attempts, made.enabled) == (5, False)
        assert made.keep == Rule(3, 30, False)
        assert made.scenarios == ()
        assert dict(made.request.overrides) == {"returns.wacc": "0.1"}
        assert (made.missed, made.overlap) == ("all", "queue")
        assert made.request.workbook
        assert (made.grace, made.deadline) == (timedelta(hours=1), timedelta(hours=2))
        assert (made.success, made.failure) == (("a@example.org",), ("b@example.org",))

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"crn": "x"}, "schedule.yml:7, daily: unknown key; received 'crn'.*'cron'"),
            ({"report": "-"}, "daily: report is missing"),
            ({"report": "../x"}, "the report cannot be a folder's name"),
            ({"scenarios": "-"}, "scenarios is missing; allowed: a list of names, or all"),
            ({"scenarios": '["a b"]'}, "the scenario cannot be a folder's name"),
            ({"zone": "America/NewYork"}, r"schedule.yml:6, daily.zone: unknown time zone"),
            ({"zone": "../../etc/passwd"}, "unknown time zone"),
            ({"cron": "-"}, "needs either cron or on"),
            ({"on": "first business day"}, "needs either cron or on"),
            ({"at": '"07:00"'}, "at has no meaning beside cron"),
            ({"missed": "some"}, "unknown missed; received 'some'; allowed: latest, skip, all"),
            ({"overlap": "quee"}, "did you mean 'queue'"),
            ({"workbook": "maybe"}, "unknown workbook; received 'maybe'; allowed: false, true"),
            ({"deadline": "soon"}, "deadline is not a span of time"),
            ({"view": "sideways"}, "unknown view"),
            ({"success": "[nobody]"}, "not a mail address; received 'nobody'"),
            ({"failure": '"a@example.org\\nBcc: b@example.org"'}, "not a mail address"),
            ({"overrides": "[x]"}, "overrides is not a table"),
            ({"parameters": "5"}, "parameters is not a table"),
            ({"retries": "many"}, "daily.retries: retries is not a count; received 'many'"),
            ({"enabled": "on"}, "unknown enabled; received 'on'; allowed: true, false"),
            ({"keep": "{lst: 3}"}, "unknown key; received 'lst'.*'last'"),
            ({"keep": "{days: -1}"}, "days is not a count"),
            ({"keep": "10"}, "daily.keep: not a table"),
            ({"report": "[]"}, "report is missing"),
        ],
    )
    def test_what_is_refused(self, project: Project, changes: dict[str, str], words: str) -> None:
        with pytest.raises(UsageError, match=words) as caught:
            one(project, **changes)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("schedules: 5", "not a table of schedules"),
            ("schedule:\n  a: {}", "schedule.yml:1: not a table of schedules; received 'schedule'"),
            ("[1]", "the schedule is a table"),
            ("schedules:\n  a: {report: x}\n  a: {report: y}", "twice"),
            ("schedules:\n  a: 5", "schedule.yml:2, a: not a table"),
            ("schedules:\n  ../a: {report: x, scenarios: all, cron: '0 9 * * *'}", "folder's name"),
            ("{", "not valid YAML"),
        ],
    )
    def test_a_malformed_file(self, project: Project, text: str, words: str) -> None:
        project.reports.mkdir()
        (project.reports / "schedule.yml").write_text(text)
        with pytest.raises(UsageError, match=words):
            only(project)

    def test_a_calendars_day(self, project: Project) -> None:
        made = one(project, cron="-", on="the day after results", calendar="META", at='"06:30"')
        assert made.when == Day("after", "META")
        assert made.at == time(6, 30)
        with pytest.raises(UsageError, match="not a time"):
            one(project, cron="-", on="the day after results", calendar="META", at='"6:30"')


def test_the_page_names_every_key_and_its_example_is_read(project: Project) -> None:
    """The example of ``docs/scheduling.md`` validates, and no key is left out of it."""
    page = (ROOT / "docs" / "scheduling.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    project.reports.mkdir()
    (project.reports / "schedule.yml").write_text(example)
    made = only(project)
    assert (made.name, made.deadline) == ("weekly", timedelta(hours=2))
    for key in schedule_keys():
        assert f"`{key}`" in page or f"    {key}: " in example


def schedule_keys() -> tuple[str, ...]:
    """The keys that an entry may have."""
    return schedules._KEYS


class Hand:
    """A clock set by hand and a runner that only notes what it was asked for."""

    def __init__(self, project: Project, moment: datetime = START) -> None:
        self.project = project
        self.moment = moment
        self.ran: list[str] = []
        self.failing = 0
        self.meanwhile: Callable[[], object] = lambda: None

    def clock(self) -> datetime:
        return self.moment

    def run(self, schedule: Schedule, occurrence: Occurrence, name: str) -> Batch:
        self.ran.append(name)
        self.meanwhile()
        state = "failed" if self.failing else "succeeded"
        plan = SimpleNamespace(edition=SimpleNamespace(id="r", series="base"))
        done = Done(Request(report="fixture"), state, plan)  # type: ignore[arg-type]
        return Batch(name, (done,), Path("manifest"), "plain")

    def tick(self, run_now: str | None = None, **later: float) -> Tick:
        """Let time pass, then tick."""
        self.moment += timedelta(**later)
        return tick(self.project, clock=self.clock, runner=self.run, resolve=known, run_now=run_now)

    def told(self) -> list[tuple[str, str, str]]:
        """Kind, recipient and schedule of each mail that is owed."""
        with Ledger(self.project, read_only=True) as ledger:
            owed = ledger.outbox.entries()
        return [(each.kind, each.address, each.schedule) for each in owed]

    def occurrences(self) -> list[tuple[str, str, str]]:
        """Moment, state and detail of each, in order."""
        with Ledger(self.project, read_only=True) as ledger:
            found = Occurrences(ledger).of("daily")
        return [(each.occurrence[:16], each.state, each.detail) for each in found][::-1]

    def status(self) -> dict[str, object]:
        """What ``status.json`` says."""
        read = json.loads((self.project.reports / "status.json").read_text())
        assert isinstance(read, dict)
        return read


def known(name: str, overrides: Mapping[str, object], project: Project) -> StandIn:
    """Any scenario but one; an assumption called ``returns.wac`` is a mistake."""
    if name == "bass":
        raise ScenarioError("no such scenario", received=name, suggestion="base")
    if "returns.wac" in overrides:
        raise ScenarioError("unknown assumption", received="returns.wac")
    return StandIn(name)


@pytest.fixture
def hand(project: Project) -> Hand:
    one(project, failure="ops@example.org")
    return Hand(project)


class TestTick:
    """What is due runs once."""

    def test_a_schedule_seen_first_has_missed_nothing(self, hand: Hand) -> None:
        assert hand.tick().ran == ()
        assert hand.occurrences() == []

    def test_it_runs_when_it_is_due_and_only_then(self, hand: Hand) -> None:
        hand.tick()
        assert hand.tick(hours=20).ran == ()
        (ran,) = hand.tick(hours=1, minutes=1).ran
        assert ran.occurrence.state == "done"
        assert hand.ran == ["daily.20260303T090000Z"]
        for _ in range(5):
            assert hand.tick(minutes=1).ran == ()
        assert hand.occurrences() == [("2026-03-03T09:00", "done", "")]

    def test_many_at_once_are_harmless(self, hand: Hand) -> None:
        hand.tick()
        hand.moment += timedelta(hours=21, minutes=5)
        start = threading.Barrier(6)

        def each() -> None:
            start.wait()
            tick(hand.project, clock=hand.clock, runner=hand.run, resolve=known)

        threads = [threading.Thread(target=each) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert hand.ran == ["daily.20260303T090000Z"]

    @pytest.mark.parametrize(
        ("missed", "ran", "skipped"),
        [
            ("skip", [], [("missed", 3)]),
            ("latest", ["daily.20260305T090000Z"], [("superseded by a later one", 2)]),
            (
                "all",
                [f"daily.2026030{day}T090000Z" for day in (3, 4, 5)],
                [],
            ),
        ],
    )
    def test_missed(
        self, hand: Hand, missed: str, ran: list[str], skipped: list[tuple[str, int]]
    ) -> None:
        one(hand.project, missed=missed)
        hand.tick()
        hand.tick(days=3)  # three mornings nobody was there for
        assert hand.ran == ran
        details = Counter(detail for _, state, detail in hand.occurrences() if state == "skipped")
        assert list(details.items()) == skipped

    def test_missed_skip_still_runs_what_is_on_time(self, hand: Hand) -> None:
        one(hand.project, missed="skip")
        hand.tick()
        hand.tick(days=2, hours=21, minutes=5)  # two were missed, the third is five minutes old
        assert hand.ran == ["daily.20260305T090000Z"]

    @pytest.mark.parametrize(("overlap", "second"), [("skip", "skipped"), ("queue", "done")])
    def test_overlap(self, hand: Hand, overlap: str, second: str) -> None:
        """While the first still runs, another tick comes by after the second fell due."""
        one(hand.project, overlap=overlap)
        hand.tick()

        def meanwhile() -> None:
            hand.meanwhile = lambda: None
            assert hand.tick(days=1).ran == ()

        hand.meanwhile = meanwhile
        hand.tick(hours=21, minutes=1)
        assert [state for _, state, _ in hand.occurrences()] == ["done", second]
        assert len(hand.ran) == (2 if second == "done" else 1)

    def test_overlap_is_noticed_without_another_tick(self, hand: Hand) -> None:
        hand.tick()

        def meanwhile() -> None:
            hand.moment += timedelta(days=1)

        hand.meanwhile = meanwhile
        hand.tick(hours=21, minutes=1)
        hand.meanwhile = lambda: None
        hand.tick(minutes=1)
        assert [(state, detail) for _, state, detail in hand.occurrences()] == [
            ("done", ""),
            ("skipped", "an earlier one still ran"),
        ]

    def test_a_clock_that_jumps_back_runs_nothing_twice(self, hand: Hand) -> None:
        hand.tick()
        hand.tick(hours=21, minutes=1)
        hand.tick(hours=-21)  # back before the occurrence
        hand.tick(hours=21)
        assert hand.ran == ["daily.20260303T090000Z"]

    def test_a_clock_that_ran_ahead_silences_nothing(self, hand: Hand) -> None:
        """For a moment it is next year; afterwards every day runs as if nothing had been."""
        hand.tick()
        hand.tick(days=300)
        first = list(hand.ran)
        assert len(first) == 1
        told = hand.tick(days=-300)
        assert told.problems == ("daily: the clock went back; counting from now on",)
        for _ in range(3):
            hand.tick(days=1)
        assert hand.ran[1:] == [f"daily.2026030{day}T090000Z" for day in (3, 4, 5)]

    def test_what_a_killed_tick_left_is_run_by_the_next(self, hand: Hand) -> None:
        hand.tick()

        def killed() -> None:
            raise KeyboardInterrupt

        hand.meanwhile = killed
        with pytest.raises(KeyboardInterrupt):
            hand.tick(hours=21, minutes=1)
        hand.meanwhile = lambda: None
        hand.tick(minutes=1)
        assert hand.ran == ["daily.20260303T090000Z", "daily.20260303T090000Z.2"]
        assert hand.occurrences() == [("2026-03-03T09:00", "done", "")]

    def test_what_kills_every_tick_is_given_up(self, hand: Hand) -> None:
        hand.tick()

        def killed() -> None:
            raise KeyboardInterrupt

        hand.meanwhile = killed
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                hand.tick(hours=21, minutes=1) if not hand.ran else hand.tick(minutes=1)
        assert hand.tick(minutes=1).ran == ()
        assert hand.occurrences()[0][1:] == ("failed", "its runner ended without saying why")

    def test_a_batch_that_cannot_begin_is_a_failure_of_its_own(self, hand: Hand) -> None:
        hand.tick()

        def broken() -> None:
            raise RunError("no such thing")

        hand.meanwhile = broken
        made = hand.tick(hours=21, minutes=1)
        assert made.failed == 1
        assert hand.occurrences() == [("2026-03-03T09:00", "failed", "no such thing")]

    def test_failed_runs_are_told(self, hand: Hand) -> None:
        hand.tick()
        hand.failing = 1
        assert hand.tick(hours=21, minutes=1).failed == 1
        assert hand.occurrences()[0][1:] == ("failed", "1 of 1 runs failed")

    def test_one_broken_calendar_does_not_stop_the_rest(self, hand: Hand) -> None:
        write(
            hand.project,
            """
odd:
  report: fixture
  scenarios: all
  on: first business day
  calendar: MARS
  at: "09:00"
daily:
  report: fixture
  scenarios: all
  cron: "0 9 * * *"
""",
        )
        assert hand.tick().ran == ()
        made = hand.tick(hours=21, minutes=1)
        assert [ran.schedule.name for ran in made.ran] == ["daily"]
        assert made.problems[0].startswith("odd: data/calendars/holidays.csv: no such table")
        assert hand.status()["problems"] == list(made.problems)


class TestMistakes:
    """One schedule's mistake stops that schedule alone, at once, and is told."""

    GOOD = 'good:\n  report: fixture\n  scenarios: [base]\n  cron: "0 9 * * *"\n'

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ('report: fixture\n  cron: "0 7 * * 1"', "not a weekday; received '1'"),
            ('report: fixtrue\n  cron: "0 7 * * mon"', "unknown report.*did you mean 'fixture'"),
            (
                'report: fixture\n  cron: "0 7 * * mon"\n  overrides: {returns.wac: 0.1}',
                "unknown assumption; received 'returns.wac'",
            ),
            (
                'report: fixture\n  cron: "0 7 * * mon"\n  parameters: {drws: 5}',
                "no report of this schedule takes the parameter; received 'drws'",
            ),
            ('report: fixture\n  cron: "0 7 * * mon"\n  zone: Mars/X', "unknown time zone"),
        ],
    )
    def test_it_is_seen_at_once_and_the_others_run(
        self, hand: Hand, lines: str, words: str
    ) -> None:
        bad = f"bad:\n  scenarios: [base]\n  failure: [ops@example.org]\n  {lines}\n"
        write(hand.project, self.GOOD + bad)
        first = hand.tick()
        assert len(first.problems) == 1
        assert re.search(words, first.problems[0])
        assert first.problems[0].startswith("bad: ")
        assert hand.told() == [("mistake", "ops@example.org", "bad")]
        (ran,) = hand.tick(hours=21, minutes=1).ran
        assert ran.schedule.name == "good"
        assert hand.told() == [("mistake", "ops@example.org", "bad")] * 2  # a day later again
        shown = hand.status()["schedules"]
        assert isinstance(shown, dict)
        assert re.search(words, shown["bad"]["mistake"])

    def test_an_unknown_scenario(self, hand: Hand) -> None:
        one(hand.project, scenarios="[base, bass]")
        assert hand.tick().problems == (
            "daily: no such scenario; received 'bass'; did you mean 'base'?",
        )

    def test_what_was_missed_meanwhile_is_decided_once_it_is_mended(self, hand: Hand) -> None:
        hand.tick()
        one(hand.project, report="fixtrue")
        assert hand.tick(days=2).ran == ()
        one(hand.project)
        hand.tick(minutes=1)
        assert hand.ran == ["daily.20260304T090000Z"]

    def test_check_says_it_and_changes_nothing(
        self,
        project: Project,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(project.root)
        write(project, self.GOOD + 'bad:\n  report: x\n  scenarios: all\n  cron: "0 9 * * *"\n')
        assert main(["tick", "--check"]) == 3  # the stub's base is no scenario
        told = capsys.readouterr().err.splitlines()
        assert told[0].startswith("jcurve: good: data/scenarios/base.yml")
        assert told[1] == "jcurve: bad: unknown report; received 'x'; allowed: fixture"
        assert not (project.reports / "status.json").exists()

    def test_recipients_without_a_mail_server(
        self, hand: Hand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("JCURVE_SMTP_HOST")
        told = "mails are asked for, but JCURVE_SMTP_HOST names no mail server"
        assert hand.tick().problems == (told,)
        one(hand.project)
        assert hand.tick().problems == ()


class TestDefaults:
    """What a report's parameters cell says is a schedule's default once: when it is first seen."""

    def edited(self, hand: Hand, draws: str) -> None:
        cells = [PARAMETERS + f"draws = {draws}\n", SHOW, RECORD]
        write_notebook(hand.project.notebooks / "fixture.ipynb", cells)

    def asked(self, hand: Hand) -> dict[str, object]:
        """The parameters of the next run."""
        seen: list[dict[str, object]] = []

        def run(schedule: Schedule, occurrence: Occurrence, name: str) -> Batch:
            seen.append(parameters_for(schedule, "fixture", hand.project))
            return hand.run(schedule, occurrence, name)

        hand.moment += timedelta(days=1)
        tick(hand.project, clock=hand.clock, runner=run, resolve=known)
        (found,) = seen
        return found

    def test_an_edit_is_told_and_does_not_run(self, hand: Hand) -> None:
        self.edited(hand, "4096")
        assert hand.tick().problems == ()
        assert self.asked(hand) == {}  # as the notebook has it
        self.edited(hand, "16")
        assert self.asked(hand) == {"draws": 4096}
        told = "daily: fixture.ipynb now says draws = 16; this schedule goes on with 4096 until"
        (problem,) = hand.tick().problems
        assert problem.startswith(told)
        assert hand.status()["problems"] == [problem]
        self.edited(hand, "4096")
        assert hand.tick().problems == ()
        assert self.asked(hand) == {}

    def test_the_schedule_says_which(self, hand: Hand) -> None:
        self.edited(hand, "4096")
        hand.tick()
        self.edited(hand, "16")
        one(hand.project, parameters="{draws: 64}")
        assert hand.tick().problems == ()
        assert self.asked(hand) == {"draws": 64}

    def test_a_schedule_that_is_gone_is_forgotten(self, hand: Hand) -> None:
        self.edited(hand, "4096")
        hand.tick()
        write(hand.project, TestMistakes.GOOD)
        hand.tick()
        self.edited(hand, "16")
        one(hand.project)
        assert hand.tick().problems == ()


class TestByHand:
    """A schedule can be run now, and be switched off."""

    def test_one_that_is_switched_off_runs_only_when_asked(self, hand: Hand) -> None:
        one(hand.project, enabled="false")
        hand.tick()
        assert hand.tick(days=2).ran == ()
        (ran,) = hand.tick(run_now="daily", minutes=1).ran
        assert ran.occurrence.state == "done"
        assert hand.occurrences() == [("2026-03-04T12:01", "done", "")]

    def test_an_unknown_one(self, hand: Hand) -> None:
        with pytest.raises(UsageError, match=r"no such schedule; received 'daly'.*'daily'"):
            hand.tick(run_now="daly")

    def test_one_that_left_the_file_is_not_waited_for(self, hand: Hand) -> None:
        hand.tick()

        def killed() -> None:
            raise KeyboardInterrupt

        hand.meanwhile = killed
        with pytest.raises(KeyboardInterrupt):
            hand.tick(hours=21, minutes=1)
        write(hand.project, TestMistakes.GOOD)
        hand.tick(minutes=1)
        assert hand.occurrences() == [
            ("2026-03-03T09:00", "skipped", "its schedule is no longer in the file")
        ]

    def test_old_editions_of_its_series_go_after_a_run(
        self, hand: Hand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pruned: list[tuple[Rule, object]] = []
        monkeypatch.setattr(
            "jcurve_runs.schedule.tick.prune",
            lambda project, rule, moment, only: pruned.append((rule, only)),
        )
        one(hand.project, keep="{last: 3}")
        hand.tick()
        hand.tick(days=1)
        assert pruned == [(Rule(last=3), {("fixture", "base")})]


class TestDeadline:
    """What did not arrive is an alarm of its own, once."""

    def test_nobody_ticked(self, hand: Hand) -> None:
        one(hand.project, missed="skip", deadline="2 hours", failure="ops@example.org")
        hand.tick()
        made = hand.tick(days=1)
        assert [late.occurrence[:16] for late in made.alarms] == ["2026-03-03T09:00"]
        assert hand.tick(minutes=1).alarms == ()
        assert hand.told() == [("alarm", "ops@example.org", "daily")]
        assert hand.status()["late"] == 1

    def test_it_failed(self, hand: Hand) -> None:
        one(hand.project, deadline="2 hours", failure="ops@example.org")
        hand.tick()
        hand.failing = 1
        assert hand.tick(hours=21, minutes=1).alarms == ()
        assert len(hand.tick(hours=3).alarms) == 1
        hand.failing = 0
        hand.tick(days=1)
        assert hand.status()["late"] == 0  # a later edition has arrived

    def test_it_still_runs(self, hand: Hand) -> None:
        one(hand.project, deadline="2 hours", failure="ops@example.org")
        hand.tick()

        def meanwhile() -> None:
            hand.meanwhile = lambda: None
            assert len(hand.tick(hours=3).alarms) == 1
            assert hand.status()["late"] == 1

        hand.meanwhile = meanwhile
        hand.tick(hours=21, minutes=1)
        assert [kind for kind, _, _ in hand.told()] == ["alarm"]
        assert hand.status()["late"] == 0

    def test_it_came_late(self, hand: Hand) -> None:
        """Without another tick meanwhile the alarm is given once it is there."""
        one(hand.project, deadline="2 hours", failure="ops@example.org")
        hand.tick()

        def meanwhile() -> None:
            hand.moment += timedelta(hours=3)

        hand.meanwhile = meanwhile
        assert len(hand.tick(hours=21, minutes=1).alarms) == 1

    def test_it_was_in_time(self, hand: Hand) -> None:
        one(hand.project, deadline="2 hours", failure="ops@example.org")
        hand.tick()
        hand.tick(hours=21, minutes=1)
        assert hand.tick(hours=5).alarms == ()

    def test_what_a_later_one_replaces_is_no_alarm(self, hand: Hand) -> None:
        one(hand.project, deadline="26 hours", missed="latest")
        hand.tick()
        assert hand.tick(days=3).alarms == ()


class TestStatus:
    """``status.json`` says what ran, what comes and what is wrong."""

    def test_it_names_the_next(self, hand: Hand) -> None:
        hand.tick()
        schedules = hand.status()["schedules"]
        assert isinstance(schedules, dict)
        assert schedules["daily"]["next"] == "2026-03-03T09:00:00.000+00:00"
        assert schedules["daily"]["last"] is None
        hand.tick(hours=21, minutes=1)
        schedules = hand.status()["schedules"]
        assert isinstance(schedules, dict)
        assert schedules["daily"]["last"]["state"] == "done"

    def test_a_calendar_that_has_ended_is_a_problem(self, hand: Hand) -> None:
        folder = hand.project.data / "calendars"
        folder.mkdir()
        (folder / "holidays.csv").write_text(f"{HOLIDAYS}NYSE,2019-12-25,Christmas,rule\n")
        one(hand.project, cron="-", on="first business day", calendar="NYSE", at='"09:00"')
        hand.tick()
        assert hand.status()["problems"] == [
            "daily: reports/schedule.yml: no calendar knows its next day"
        ]

    def test_watching_ticks_until_it_is_stopped(self, hand: Hand) -> None:
        stop, calls = threading.Event(), []

        def each() -> None:
            calls.append(hand.tick(hours=21, minutes=1))
            if len(calls) == 3:
                stop.set()

        watch_clock(each, stop=stop, wait=0.01, troubled=print)
        assert len(calls) == 3

    def test_whoever_watches_goes_on_after_a_mistake(self, hand: Hand) -> None:
        """Told once, not at each look; the schedule runs again once the file is whole."""
        file = hand.project.reports / "schedule.yml"
        whole, stop, told = file.read_text(), threading.Event(), []
        looks = 0

        def each() -> None:
            nonlocal looks
            looks += 1
            file.write_text("{" if looks in (2, 3, 4) else whole)
            hand.tick(hours=7 * looks)
            if looks == 5:
                stop.set()

        watch_clock(each, stop=stop, wait=0.01, troubled=told.append)
        assert looks == 5
        assert ["not valid YAML" in str(error) for error in told] == [True]
        assert len(hand.ran) == 1

        file.write_text("{")
        with pytest.raises(UsageError, match="not valid YAML"):
            watch_clock(hand.tick, troubled=told.append)
        assert len(told) == 1

    def test_errors_are_ours(self, hand: Hand) -> None:
        (hand.project.reports / "schedule.yml").write_text("{")
        with pytest.raises(JCurveError):
            hand.tick()
