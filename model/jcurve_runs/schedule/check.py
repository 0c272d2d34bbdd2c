"""Holds a schedule against the project: does everything exist that it names?

What can be seen at once is not left for Monday at seven.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jcurve.briefing.parameters import check_names
from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.project import Project
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Resolve, check_report, declared_by, resolve_scenario
from jcurve_runs.schedule.schedules import FILE_NAME, Mistake, Schedule, Schedules, next_moment
from jcurve_runs.schedule.when import Calendars


def check_schedule(
    schedule: Schedule, project: Project, resolve: Resolve = resolve_scenario
) -> None:
    """Refuse a schedule that could not run."""
    where = f"reports/{FILE_NAME}, {schedule.name}"
    declared: dict[str, dict[str, Any]] = {}
    for report in schedule.reports:
        check_report(report, project)
        declared[report] = declared_by(report, project)
    known = {name for each in declared.values() for name in each}
    for name in schedule.request.parameters:
        if name not in known:
            raise UsageError.not_among(
                "no report of this schedule takes the parameter",
                name,
                known,
                where=f"{where}.parameters",
                allowed=", ".join(sorted(known)) or "none",
            )
    for report in schedule.reports:
        check_names(_own(schedule, report, declared[report]), declared[report], where)
    for name in schedule.scenarios or ("base",):
        resolve(name, schedule.request.overrides, project)


def parameters_for(schedule: Schedule, report: str, project: Project) -> dict[str, Any]:
    """Those of a schedule's parameters that a report declares, and what it holds on to."""
    return _own(schedule, report, declared_by(report, project))


def _own(schedule: Schedule, report: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    given = {**schedule.defaults.get(report, {}), **schedule.request.parameters}
    return {name: value for name, value in given.items() if name in declared}


def held_to_defaults(schedule: Schedule, ledger: Ledger) -> tuple[Schedule, list[str]]:
    """The schedule with the defaults that it began with, and in words what has moved since.

    Whoever works with a report's notebook may edit its parameters cell. What runs unattended
    goes on with what the cell said when the schedule was first seen, until ``parameters`` says.
    """
    store, name = ledger.store, schedule.name
    rows = store.read("SELECT * FROM defaults WHERE schedule = ?", (name,))
    began = {(row["report"], row["parameter"]): row["value"] for row in rows}
    moved: dict[str, dict[str, Any]] = {}
    told = []
    for report in schedule.reports:
        for parameter, default in declared_by(report, ledger.project).items():
            text = json.dumps(default, default=repr)
            kept = began.setdefault((report, parameter), text)
            if kept != text and parameter not in schedule.request.parameters:
                moved.setdefault(report, {})[parameter] = json.loads(kept)
                told.append(
                    f"{report}.ipynb now says {parameter} = {text}; this schedule goes on with "
                    f"{kept} until its parameters say which"
                )
    if len(began) > len(rows):
        with store.transaction():
            for key, text in began.items():
                store.write(
                    "INSERT OR IGNORE INTO defaults VALUES (?, ?, ?, ?)", (name, *key, text)
                )
    return replace(schedule, defaults=moved), told


def sorted_out(
    file: Schedules, ledger: Ledger, calendars: Calendars, resolve: Resolve = resolve_scenario
) -> tuple[list[Schedule], list[Mistake], list[tuple[str, str]]]:
    """The schedules that can run, every mistake in the others, and which defaults have moved: the
    schedule's name and what to say of it."""
    sound: list[Schedule] = []
    mistakes, moved = list(file.mistakes), []
    for schedule in file.sound:
        try:
            if next_moment(schedule, ledger.clock(), calendars) is None:
                where = f"reports/{FILE_NAME}"
                raise UsageError("no calendar knows its next day", where=where)
            check_schedule(schedule, ledger.project, resolve)
        except JCurveError as error:
            mistakes.append(Mistake(schedule.name, error, schedule.failure))
            continue
        held, told = held_to_defaults(schedule, ledger)
        sound.append(held)
        moved += [(schedule.name, each) for each in told]
    return sound, mistakes, moved
