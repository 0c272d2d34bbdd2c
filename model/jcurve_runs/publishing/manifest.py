"""What came of a batch, as a record and as the manifest that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jcurve.briefing.editions import check_name
from jcurve.files import write_json
from jcurve.project import Project
from jcurve_runs.publishing.attempt import Done

__all__ = ["Batch", "Engine", "manifest_path", "write_manifest"]

Engine = Literal["warm", "plain"]

_MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of a batch.

    Attributes:
        id: its identifier.
        runs: how each ended, in the order in which they were asked for.
        manifest: the file that says so.
        engine: what executed the runs.
        fallback: why they were executed plainly although warm was asked for.
    """

    id: str
    runs: tuple[Done, ...]
    manifest: Path
    engine: Engine
    fallback: str | None = None

    @property
    def failed(self) -> int:
        """How many runs somebody should look at."""
        return sum(run.failed for run in self.runs)

    @property
    def exit_status(self) -> int:
        """0 when none failed, else 10 more than how many did, up to 110."""
        return 10 + min(self.failed, _MOST_TOLD) if self.failed else 0


def manifest_path(project: Project, name: str) -> Path:
    """Where the manifest of a batch lies."""
    return project.reports / ".batches" / f"{check_name(name, 'the batch')}.json"


def write_manifest(
    path: Path,
    project: Project,
    head: Mapping[str, object],
    runs: Sequence[tuple[tuple[str, str], Done | None]],
    *,
    waiting: str,
) -> None:
    """Write the manifest of a batch as far as it has come.

    Args:
        path: where.
        project: whose reports.
        head: what is said of the batch as a whole.
        runs: report and scenario asked for, and how that ended; None when it has not.
        waiting: the state of those that have not.

    Raises:
        WriteError: it cannot be written.
    """
    entries = [_entry(project, asked, done, waiting) for asked, done in runs]
    counts = Counter(str(entry["state"]) for entry in entries)
    failed = sum(done.failed for _, done in runs if done is not None)
    write_json(path, {**head, "counts": dict(counts), "failed": failed, "runs": entries})


def _entry(
    project: Project, asked: tuple[str, str], done: Done | None, waiting: str
) -> dict[str, object]:
    report, scenario = asked
    if done is None:
        return {"report": report, "scenario": scenario, "state": waiting}
    edition = done.edition
    folder = None if edition is None else edition.folder.relative_to(project.reports).as_posix()
    return {
        "report": report,
        "scenario": scenario,
        "state": done.state,
        "reason": done.reason,
        "message": done.message,
        "run": done.run or None,
        "series": done.series or None,
        "edition": folder,
        "attempts": done.attempts,
        "rendered_only": done.rendered_only,
        "seconds": round(done.seconds, 2),
    }
