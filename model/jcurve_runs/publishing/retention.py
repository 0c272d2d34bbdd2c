"""Retention: which editions stay. The latest of a series always does."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from jcurve.briefing.editions import Edition, all_editions, latest_or_none
from jcurve.ground.files import move_folder
from jcurve.ground.project import Project
from jcurve_runs.portal.site import series_of
from jcurve_runs.publishing.runs import GONE


@dataclass(frozen=True, slots=True)
class Rule:
    """An edition stays if any of these holds, or if it is the latest of its series."""

    last: int = 10  # it is among so many of the newest
    days: int = 90  # it is not older than so many days
    monthly: bool = True  # it is the last of a month


def outdated(
    dated: Sequence[tuple[Edition, datetime]], newest: str, rule: Rule, moment: datetime
) -> list[Edition]:
    """The editions of a series that may go."""
    ordered = sorted(dated, key=lambda each: each[1])
    stays = {newest}
    last = ordered[-rule.last :] if rule.last else []
    oldest = moment - timedelta(days=rule.days)
    young = [each for each in ordered if each[1] >= oldest]
    stays |= {edition.id for edition, _ in (*last, *young)}
    if rule.monthly:
        months = {(at.year, at.month): edition.id for edition, at in ordered}
        stays |= set(months.values())
    return [edition for edition, _ in ordered if edition.id not in stays]


def prune(
    project: Project,
    rule: Rule,
    moment: datetime,
    *,
    dry: bool = False,
    only: Collection[tuple[str, str]] | None = None,
) -> list[Edition]:
    """Take away what a rule does not keep; returns those editions.

    An edition vanishes in one step. What cannot be read is not touched, nor is a series
    whose pointer is damaged. What failed runs left goes by age alone.

    Args:
        rule: what stays.
        dry: only tell.
        only: of these series (report and name), and nothing of failed runs; None for all.
    """
    gone: list[Edition] = []
    for report, series in series_of(project):
        if only is not None and (report, series) not in only:
            continue
        newest = latest_or_none(project, report, series)
        if newest is None:
            continue
        every = all_editions(project, report, series)
        dated = [(each, at) for each in every if (at := _started(each)) is not None]
        gone += outdated(dated, newest.id, rule, moment)
    if dry:
        return gone
    for edition in gone:
        _remove(project, edition.folder)
    failed = project.reports / ".failed"
    if failed.is_dir() and only is None:
        oldest = (moment - timedelta(days=rule.days)).timestamp()
        for folder in failed.iterdir():
            if folder.is_dir() and folder.stat().st_mtime < oldest:
                _remove(project, folder)
    return gone


def _started(edition: Edition) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(edition.provenance.read_bytes())["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remove(project: Project, folder: Path) -> None:
    away = project.reports / ".staging" / f"{GONE}{secrets.token_hex(6)}"
    move_folder(folder, away)
    shutil.rmtree(away, ignore_errors=True)
