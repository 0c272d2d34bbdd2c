"""``reports/status.json``: what ran last, what runs next, what is late, what is still owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from jcurve.ground.files import make_folder, write_json
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.ledger.store import stamp
from jcurve_runs.schedule.occurrences import Occurrence, Occurrences
from jcurve_runs.schedule.schedules import Schedules

_MOST_SHOWN = 20


def write_status(
    ledger: Ledger,
    file: Schedules,
    ahead: Mapping[str, datetime | None],
    mistakes: Mapping[str, str],
    problems: Sequence[str],
    delivering: bool,
) -> tuple[str, ...]:
    """Write ``reports/status.json``; what somebody should look at, in words."""
    reports = ledger.project.reports
    make_folder(reports)
    # Read and written while nobody else can write: another tick at the same moment would
    # otherwise put what it read before over what is so by now.
    with ledger.store.transaction():
        moment = ledger.clock()
        occurrences = Occurrences(ledger)
        late = occurrences.late(moment)
        shown: dict[str, Any] = {}
        for schedule in file.sound:
            recent = occurrences.of(schedule.name, limit=10)
            following = ahead.get(schedule.name)
            shown[schedule.name] = {
                "report": ", ".join(schedule.reports),
                "enabled": schedule.enabled,
                "mistake": mistakes.get(schedule.name),
                "next": None if following is None else stamp(following),
                "last": next((_entry(each) for each in recent if each.state != "skipped"), None),
                "recent": [_entry(each) for each in recent],
                "late": [each.occurrence for each in late if each.schedule == schedule.name],
            }
        for mistake in file.mistakes:
            shown[mistake.name] = {"mistake": mistakes[mistake.name], "late": []}
        owed = [each for each in ledger.outbox.entries() if each.state != "sent"]
        told = list(problems)
        told += [
            f"{name}: {late_one} did not arrive by its deadline"
            for name, each in shown.items()
            for late_one in each["late"]
        ]
        told += [
            f"mail to {each.address} ({each.about}) "
            f"{'was refused' if each.state == 'refused' else 'waits'}: {each.problem}"
            for each in owed
            if each.problem and (delivering or each.state == "refused")
        ]
        status = {
            "written": stamp(moment),
            # Whoever reads this later than here should ask why nobody has looked since.
            "stale_after": stamp(moment + timedelta(hours=25)),
            "late": sum(len(each["late"]) for each in shown.values()),
            "problems": told,
            "outbox": {
                "waiting": sum(each.state == "waiting" for each in owed),
                "refused": sum(each.state == "refused" for each in owed),
                "recipients": [asdict(each) for each in owed[:_MOST_SHOWN]],
            },
            "schedules": shown,
        }
        write_json(reports / "status.json", status)
    return tuple(told)


def _entry(occurrence: Occurrence) -> dict[str, Any]:
    entry = asdict(occurrence)
    return {key: entry[key] for key in ("occurrence", "state", "detail", "batch", "deadline")}
