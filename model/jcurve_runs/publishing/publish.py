"""From a run that succeeded to an edition: assemble, rename once, then point to it; and whether an
edition still says what a new run would say.

One key decides on that. It covers all that an edition rests on: the scenario, the parameters, the
notebook, the package, the data, the house style and the installed libraries. Only the latest
edition of a series counts. An older one with the same key would be right, and yet a reader who
follows ``latest.json`` would be shown another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jcurve.assumptions.house_style import read_house_style
from jcurve.briefing.editions import LATEST, Edition, latest_or_none
from jcurve.briefing.results import Results
from jcurve.ground.files import digest, make_folder, publish_folder, write_file, write_json
from jcurve.ground.provenance import inputs
from jcurve_runs.execution.executor import Render
from jcurve_runs.execution.fingerprint import environment, hashed, package
from jcurve_runs.execution.staging import in_lines
from jcurve_runs.plan.request import Plan


def assemble(
    edition: Edition,
    folder: Path,
    *,
    executed: Path,
    results: Results,
    render: Render,
    provenance: Mapping[str, object],
    workbook: Callable[[Path], None] | None = None,
) -> None:
    """Fill the staged ``folder`` with everything the edition will hold."""
    make_folder(folder, fresh=True)
    staged = Edition(edition.id, edition.report, edition.series, folder)
    notebook = json.loads(executed.read_bytes())
    seconds = [_seconds(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    write_file(staged.notebook, in_lines(tidy(notebook)))
    write_file(staged.results, results.model_dump_json(indent=2) + "\n")
    render(staged.notebook, staged.html, staged.pdf)
    files = [staged.html, staged.pdf, staged.notebook, staged.results]
    if workbook is not None:
        workbook(staged.workbook)
        files.append(staged.workbook)
    write_json(
        staged.provenance,
        {
            "edition": edition.id,
            **provenance,
            "cell_seconds": seconds,
            "files": {path.name: digest(path) for path in files},
        },
    )


def publish(edition: Edition, folder: Path, *, results: Results, published: datetime) -> None:
    """Make the assembled ``folder`` the edition, then let ``latest.json`` name it.

    A reader who follows ``latest.json`` finds a whole edition at any moment.
    """
    publish_folder(folder, edition.folder)
    point(edition, results=results, published=published)


def point(edition: Edition, *, results: Results, published: datetime) -> None:
    """Let ``latest.json`` name a published edition."""
    workbook = f"{edition.id}/{edition.workbook.name}" if edition.workbook.is_file() else None
    write_json(
        edition.folder.parent / LATEST,
        {
            "edition": edition.id,
            "report": edition.report,
            "scenario": results.scenario.name,
            "hash": results.scenario.hash,
            "view": results.view,
            "data_through": results.data_through,
            "published": published.isoformat(timespec="seconds"),
            "html": f"{edition.id}/{edition.html.name}",
            "pdf": f"{edition.id}/{edition.pdf.name}",
            **({} if workbook is None else {"workbook": workbook}),
        },
    )


def tidy(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """An executed notebook without clock times, paths or papermill's bookkeeping.

    Two runs of one thing are then the same bytes; the times are in the provenance.
    """
    cells = []
    for number, cell in enumerate(notebook["cells"], start=1):
        metadata = {
            key: value
            for key, value in cell["metadata"].items()
            if key not in ("execution", "papermill") and value != []
        }
        tidied = {**cell, "metadata": metadata}
        if "injected-parameters" in metadata.get("tags", ()):
            tidied["id"] = f"parameters-{number}"  # papermill draws one at random
        cells.append(tidied)
    metadata = {key: value for key, value in notebook["metadata"].items() if key != "papermill"}
    return {**notebook, "cells": cells, "metadata": metadata}


def _seconds(cell: Mapping[str, Any]) -> float | None:
    times = cell["metadata"].get("execution", {})
    start, end = times.get("iopub.execute_input"), times.get("shell.execute_reply")
    if not start or not end:
        return None
    gone = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return round(gone.total_seconds(), 3)


def key(plan: Plan) -> str:
    """The key of what ``plan`` would produce, a hash in hex."""
    cells = [
        [
            cell["cell_type"],
            "".join(cell["source"]),
            cell.get("metadata", {}),
            cell.get("attachments", {}),
        ]
        for cell in plan.notebook["cells"]
    ]
    own = plan.notebook["metadata"]
    rests_on = {
        "report": plan.edition.report,
        "scenario": plan.scenario.hash,
        "named": [plan.scenario.name, plan.scenario.title],
        "parameters": dict(plan.parameters),
        "cells": cells,
        "head": {name: own[name] for name in ("title", "authors", "date", "lang") if name in own},
        "package": package(),
        "data": inputs(plan.project),
        "environment": environment(),
        "house": repr(read_house_style(plan.project.reports)),
    }
    return hashed(rests_on)


def standing(plan: Plan, wanted: str) -> Edition | None:
    """The latest edition if it holds what ``plan`` would say, whole and unharmed."""
    # Where the pointer is damaged a new run mends it.
    edition = latest_or_none(plan.project, plan.edition.report, plan.edition.series)
    if edition is None or _provenance(edition).get("key") != wanted or not intact(edition):
        return None
    return edition if edition.workbook.is_file() or not plan.request.workbook else None


def intact(edition: Edition) -> bool:
    """Whether every file of an edition is there, with the bytes its provenance states."""
    recorded = _provenance(edition).get("files")
    if not isinstance(recorded, dict) or not recorded:
        return False
    try:
        return all(digest(edition.folder / name) == told for name, told in recorded.items())
    except OSError:
        return False


def _provenance(edition: Edition) -> dict[str, Any]:
    try:
        found = json.loads(edition.provenance.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
