"""Holds a schedule against the project: does everything exist that it names?

What can be seen at once is not left for Monday at seven. A check reads the scenarios that are
named, so what was found is kept in the store and looked at again only when something changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import jcurve
from jcurve.briefing.parameters import check_names
from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.project import Project
from jcurve_runs.execution.fingerprint import files_below
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Resolve, check_report, declared_by, resolve_scenario
from jcurve_runs.schedule.calendars import Calendars
from jcurve_runs.schedule.schedules import FILE_NAME, Schedule, next_moment

__all__ = ["check_schedule", "held_to_defaults", "mistake_in", "parameters_for"]


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
        check_names(parameters_for(schedule, report, project), declared[report], where)
    for name in schedule.scenarios or ("base",):
        resolve(name, schedule.request.overrides, project)


def parameters_for(schedule: Schedule, report: str, project: Project) -> dict[str, Any]:
    """Those of a schedule's parameters that a report declares, and what it holds on to."""
    declared = declared_by(report, project)
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


def mistake_in(
    schedule: Schedule, ledger: Ledger, calendars: Calendars, resolve: Resolve = resolve_scenario
) -> JCurveError | None:
    """What is wrong with a schedule; None when it can run.

    The store keeps what was found until the schedule, the project's data or notebooks, or the
    package change. Whether a calendar knows the next day depends on the day, and is always asked.
    """
    project = ledger.project
    try:
        ahead = next_moment(schedule, ledger.clock(), calendars)
    except JCurveError as error:
        return error
    if ahead is None:
        return UsageError("no calendar knows its next day", where=f"reports/{FILE_NAME}")
    what = sha256(repr([schedule, *_state(project)]).encode()).hexdigest()
    kept = ledger.store.read(
        "SELECT mistake FROM checks WHERE schedule = ? AND what = ?", (schedule.name, what)
    )
    if kept:
        mistake = str(kept[0]["mistake"])
        return UsageError(mistake) if mistake else None
    found: JCurveError | None = None
    try:
        check_schedule(schedule, project, resolve)
    except JCurveError as error:
        found = error
    ledger.store.write(
        "INSERT OR REPLACE INTO checks (schedule, what, mistake) VALUES (?, ?, ?)",
        (schedule.name, what, "" if found is None else str(found)),
    )
    return found


def _state(project: Project) -> Iterator[tuple[str, int, int]]:
    """Every file that a check rests on, with size and time of change."""
    for root in (project.data, project.notebooks, Path(jcurve.__file__).parent):
        for path in sorted(files_below(root)):
            with suppress(OSError):
                stat = path.stat()
                yield str(path), stat.st_size, stat.st_mtime_ns
