"""From a run that succeeded to an edition: assemble, rename once, then point to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jcurve.briefing.editions import LATEST, Edition
from jcurve.briefing.results import Results
from jcurve.ground.files import digest, make_folder, publish_folder, write_file, write_json
from jcurve_runs.execution.executor import Render
from jcurve_runs.execution.staging import in_lines


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
