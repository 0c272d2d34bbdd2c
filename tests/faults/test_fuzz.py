"""Files and texts altered at random: refused in one line or read, never anything else."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import jcurve
from jcurve.assumptions import parse_override
from jcurve.ground.errors import JCurveError
from jcurve.ground.project import Project
from jcurve_runs.schedule.calendars import Calendars
from jcurve_runs.schedule.schedules import moments, next_moment, read_schedules
from tests.conftest import RecordFigure
from tests.counts import count
from tests.support.hostile import HOSTILE
from tests.support.notebooks import make_project

ROOT = Path(__file__).parents[2]
SCHEDULES = (ROOT / "reports" / "schedule.yml").read_text(encoding="utf-8")
SCENARIO = (ROOT / "data" / "scenarios" / "bear.yml").read_text(encoding="utf-8")
PIECES = (
    *("[", "]", "{", "}", ":", "- ", "? ", "&a ", "*a", "!!str ", "<<: ", "|\n", ">-\n", "\t"),
    *("'", '"', "#", "---\n", "...\n", "\ufeff", "\0", "\u202e", "\u2028", "1e999", "-0", "NaN"),
    *("2026Q5", "9999Q4", "0001Q1", "٣", "null", "~", "true", "on", "0x1F", "1_000", "12:30"),
    *("999999999999999999999999", "-1", "0", "1e-400", "USD bn", "%", "..", "../x", "a.b.c.d"),
)


def altered(text: str, chance: random.Random) -> str:
    """``text`` with a few pieces cut, doubled, swapped or put in."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        upto = min(len(text), at + chance.choice([0, 1, 2, 8, 40]))
        piece = chance.choice([*PIECES, chance.choice(HOSTILE), text[at:upto] * 2])
        if chance.random() < 0.05:
            piece *= chance.choice([100, 3_000])
        text = text[:at] + piece + text[upto if chance.random() < 0.7 else at :]
    return text


def one_line(error: JCurveError) -> None:
    """An error is one line that a terminal can show."""
    assert "\n" not in str(error)
    assert str(error).encode(errors="replace")


def content(text: str, chance: random.Random) -> bytes:
    """As the file holds it, sometimes in an encoding of its own."""
    encoding = chance.choice(["utf-8"] * 8 + ["utf-16", "latin-1"])
    return text.encode(encoding, errors="replace")


def test_schedules(tmp_path: Path, record_figure: RecordFigure) -> None:
    """And every schedule that is read has moments that can be asked for."""
    chance = random.Random(20_261_101)
    project: Project = make_project(tmp_path)
    (project.data / "calendars").symlink_to(ROOT / "data" / "calendars")
    project.reports.mkdir()
    now = datetime(2026, 3, 28, 12, tzinfo=UTC)
    calendars, sound, wrong = Calendars(project), 0, 0
    for _ in range(count("fuzzed_schedules")):
        text = altered(SCHEDULES, chance)
        (project.reports / "schedule.yml").write_bytes(content(text, chance))
        try:
            file = read_schedules(project)
        except JCurveError as error:
            one_line(error)
            wrong += 1
            continue
        for mistake in file.mistakes:
            one_line(mistake.error)
        for schedule in file.sound:
            sound += 1
            try:
                following = next_moment(schedule, now, calendars)
                past = moments(schedule, now - timedelta(days=2), now, calendars)
            except JCurveError as error:
                one_line(error)
                continue
            assert following is None or following > now
            assert past == sorted(set(past))
    assert sound
    assert wrong
    record_figure("schedule files altered at random", count("fuzzed_schedules"))
    record_figure("schedule files altered at random: schedules that were still read", sound)


def test_scenario_files(tmp_path: Path, record_figure: RecordFigure) -> None:
    chance = random.Random(20_261_102)
    (tmp_path / "data" / "scenarios").mkdir(parents=True)
    for path in (ROOT / "data").iterdir():
        if path.name != "scenarios":
            (tmp_path / "data" / path.name).symlink_to(path)
    base = tmp_path / "data" / "scenarios" / "base.yml"
    base.symlink_to(ROOT / "data" / "scenarios" / "base.yml")
    project, sound = Project(tmp_path), 0
    for _ in range(count("fuzzed_scenarios")):
        text = altered(SCENARIO, chance)
        (tmp_path / "data" / "scenarios" / "bear.yml").write_bytes(content(text, chance))
        try:
            jcurve.scenario("bear", project=project)
            sound += 1
        except JCurveError as error:
            one_line(error)
    record_figure("scenario files altered at random", count("fuzzed_scenarios"))
    record_figure("scenario files altered at random: still valid", sound)


def test_overrides(record_figure: RecordFigure) -> None:
    chance = random.Random(20_261_103)
    keys = [item.key for item in jcurve.scenario("base", project=ROOT).items]
    values = ["0.1", "200 USD bn", "{2026: 1, 2027: 2}", "[1, 2]", "2027Q1", "8 %", "true"]
    sound = 0
    for _ in range(count("fuzzed_overrides")):
        text = f"{chance.choice(keys)}={chance.choice(values)}"
        if chance.random() < 0.7:
            text = altered(text, chance)
        try:
            key, value = parse_override(text)
            jcurve.scenario("base", {key: value}, project=ROOT)
            sound += 1
        except JCurveError as error:
            one_line(error)
    assert sound
    record_figure("overrides altered at random", count("fuzzed_overrides"))
    record_figure("overrides altered at random: still valid", sound)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_alters_alike(seed: int) -> None:
    one, other = (altered(SCENARIO, random.Random(seed)) for _ in range(2))
    assert one == other
