"""Files and texts altered at random: refused in one line or read, within limits, and no more."""

from __future__ import annotations

import ast
import faulthandler
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from papermill.parameterize import parameterize_notebook
from papermill.utils import find_first_tagged_cell_index

import jcurve
from jcurve.commands.verb import Context
from jcurve.ground.errors import JCurveError
from jcurve.ground.project import Project
from jcurve_runs.plan.request import Request, prepare
from jcurve_runs.schedule.schedules import moments, next_moment, read_schedules
from jcurve_runs.schedule.when import Calendars
from tests.conftest import RecordFigure
from tests.support.fuzzing import PIECES, _limited, altered, content, fuzz, one_line
from tests.support.hostile import HOSTILE
from tests.support.notebooks import MOMENT, PARAMETERS, StandIn, make_project

ROOT = Path(__file__).parents[2]
SCHEDULES = (ROOT / "reports" / "schedule.yml").read_text(encoding="utf-8")
SCENARIO = (ROOT / "data" / "scenarios" / "bear.yml").read_text(encoding="utf-8")


def test_schedules(tmp_path: Path, record_figure: RecordFigure) -> None:
    """And every schedule that is read has moments that can be asked for."""
    chance = random.Random(20_261_101)
    project: Project = make_project(tmp_path)
    (project.data / "calendars").symlink_to(ROOT / "data" / "calendars")
    project.reports.mkdir()
    now = datetime(2026, 3, 28, 12, tzinfo=UTC)
    calendars = Calendars(project)

    def tried() -> None:
        text = altered(SCHEDULES, chance)
        (project.reports / "schedule.yml").write_bytes(content(text, chance))
        file = read_schedules(project)
        for mistake in file.mistakes:
            one_line(mistake.error)
        for schedule in file.sound:
            try:
                following = next_moment(schedule, now, calendars)
                past = moments(schedule, now - timedelta(days=2), now, calendars)
            except JCurveError as error:
                one_line(error)
                continue
            assert following is None or following > now
            assert past == sorted(set(past))

    found = fuzz("schedule files", "fuzzed_schedules", tried, record_figure)
    assert found.sound
    assert found.refused


def test_scenario_files(tmp_path: Path, record_figure: RecordFigure) -> None:
    chance = random.Random(20_261_102)
    (tmp_path / "data" / "scenarios").mkdir(parents=True)
    for path in (ROOT / "data").iterdir():
        if path.name != "scenarios":
            (tmp_path / "data" / path.name).symlink_to(path)
    base = tmp_path / "data" / "scenarios" / "base.yml"
    base.symlink_to(ROOT / "data" / "scenarios" / "base.yml")
    project = Project(tmp_path)

    def tried() -> None:
        text = altered(SCENARIO, chance)
        (tmp_path / "data" / "scenarios" / "bear.yml").write_bytes(content(text, chance))
        jcurve.scenario("bear", project=project)

    fuzz("scenario files", "fuzzed_scenarios", tried, record_figure)


def test_overrides(record_figure: RecordFigure, capsys: pytest.CaptureFixture[str]) -> None:
    """As the command reads ``--set``."""
    chance = random.Random(20_261_103)
    keys = [item.key for item in jcurve.scenario("base", project=ROOT).items]
    values = ["0.1", "200 USD bn", "{2026: 1, 2027: 2}", "[1, 2]", "2027Q1", "8 %", "true"]

    def tried() -> None:
        text = f"{chance.choice(keys)}={chance.choice(values)}"
        if chance.random() < 0.7:
            text = altered(text, chance)
        Context(str(ROOT), (text,)).scenario("base")

    assert fuzz("overrides", "fuzzed_overrides", tried, record_figure).sound


def test_parameters_of_papermill(tmp_path: Path, record_figure: RecordFigure) -> None:
    """What is taken is the same value in the code that papermill writes into the notebook."""
    import nbformat

    chance = random.Random(20_261_104)
    declared = 'texts = []\nname = ""\nnumber = 1.5\ntable = {}\n'
    project = make_project(tmp_path, [PARAMETERS + declared])
    names = ("texts", "name", "number", "table", "scenario", "overrides", "view", "out")
    leaves = (*HOSTILE, *PIECES, None, True, 0, -1, 10**30, 1e308, 5e-324, float("nan"), "\ud800")

    def value(depth: int) -> Any:
        kind = chance.random()
        if depth and kind < 0.2:
            return [value(depth - 1) for _ in range(chance.randint(0, 4))]
        if depth and kind < 0.4:
            return {chance.choice(HOSTILE): value(depth - 1) for _ in range(chance.randint(0, 4))}
        if kind < 0.41:
            return chance.choice([object(), b"x", {1, 2}, {1: 2}, float("inf"), nested(2_000)])
        leaf = chance.choice(leaves)
        return altered(leaf, chance) if isinstance(leaf, str) and kind < 0.6 else leaf

    def tried() -> None:
        given = {}
        for _ in range(chance.randint(1, 3)):
            name = chance.choice(names) if chance.random() < 0.8 else chance.choice(HOSTILE)
            given[name] = value(3)
        request = Request(report="fixture", parameters=given)
        plan = prepare(request, project, started=MOMENT, resolve=lambda *_: StandIn())
        read = nbformat.from_dict(json.loads(json.dumps(plan.notebook)))
        read.metadata["papermill"] = nbformat.from_dict({"parameters": {}})
        made = parameterize_notebook(read, dict(plan.parameters))
        cell = made.cells[find_first_tagged_cell_index(made, "injected-parameters")]
        written = {
            statement.targets[0].id: ast.literal_eval(statement.value)  # type: ignore[attr-defined]
            for statement in ast.parse(cell.source).body
        }
        assert written == plan.parameters

    found = fuzz("parameters of reports", "fuzzed_parameters", tried, record_figure)
    assert found.sound
    assert found.refused


def nested(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_alters_alike(seed: int) -> None:
    one, other = (altered(SCENARIO, random.Random(seed)) for _ in range(2))
    assert one == other


def hang() -> None:
    while True:
        pass


def grow() -> None:
    held = [bytearray(1 << 28)]
    while True:
        held.append(bytearray(1 << 28))


def crash() -> None:
    faulthandler.disable()  # a crash on purpose, which nobody should read of
    signal.raise_signal(signal.SIGSEGV)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process")
@pytest.mark.parametrize(
    ("act", "said"),
    [
        (hang, "more than 0.1 s of processor"),
        (grow, "MemoryError"),
        (crash, "SIGSEGV"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: os._exit(3), "no answer"),
    ],
    ids=["hang", "memory", "signal", "traceback", "exit"],
)
def test_a_case_beyond_the_limits_is_found(
    act: Callable[[], object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third of five, and the others count."""
    monkeypatch.setattr("tests.support.fuzzing.SECONDS", 0.1 if act is hang else 10.0)
    left = iter([lambda: None, lambda: None, act, lambda: None, lambda: None])
    found = _limited(5, lambda: next(left)())
    assert found.fault.startswith("case 2: ")
    assert said in found.fault
    assert not _limited(5, lambda: None).fault
