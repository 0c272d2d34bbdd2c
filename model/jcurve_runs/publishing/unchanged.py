"""Whether an edition still says what a new run would say.

Two keys decide. ``content`` covers what determines the outputs of the cells: the scenario,
the parameters, the code cells, the package, the data and the installed libraries. ``look``
covers what is made of them: the renderer and the text between the cells. Where only the
look differs, the executed notebook of the edition is rendered anew and nothing is run.

Only the latest edition of a series counts. An older one with the same key would be right,
and yet a reader who follows ``latest.json`` would be shown another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jcurve.assumptions.house_style import read_house_style
from jcurve.briefing.editions import Edition, latest_or_none
from jcurve.ground.files import digest
from jcurve.ground.provenance import inputs
from jcurve_runs.execution.fingerprint import environment, hashed, package, renderer
from jcurve_runs.plan.request import Plan

__all__ = ["Keys", "Standing", "intact", "keys", "relook", "standing"]


@dataclass(frozen=True, slots=True)
class Keys:
    """What an edition depends on, as two hashes in hex."""

    content: str
    look: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The latest edition of a series, held against a new run."""

    edition: Edition  # that edition
    # whether the new run would say the same (``content``), or also look the same and hold all that
    # is asked for (``all``)
    same: Literal["content", "all"]


def keys(plan: Plan) -> Keys:
    """The keys of what ``plan`` would produce."""
    code, text = _cells(plan.notebook)
    content = {
        "report": plan.edition.report,
        "scenario": plan.scenario.hash,
        "named": [plan.scenario.name, plan.scenario.title],
        "parameters": dict(plan.parameters),
        "code": code,
        "package": package(),
        "data": inputs(plan.project),
        "environment": environment(),
    }
    house = read_house_style(plan.project.reports)
    look = {"text": text, "renderer": renderer(), "house": repr(house)}
    return Keys(hashed(content), hashed(look))


def standing(plan: Plan, wanted: Keys) -> Standing | None:
    """The latest edition if it says what ``plan`` would say, whole and unharmed."""
    # Where the pointer is damaged a new run mends it.
    edition = latest_or_none(plan.project, plan.edition.report, plan.edition.series)
    if edition is None:
        return None
    recorded = _provenance(edition).get("keys")
    if not isinstance(recorded, dict) or recorded.get("content") != wanted.content:
        return None
    if not intact(edition):
        return None
    complete = recorded.get("look") == wanted.look and (
        not plan.request.workbook or edition.workbook.is_file()
    )
    return Standing(edition, "all" if complete else "content")


def intact(edition: Edition) -> bool:
    """Whether every file of an edition is there, with the bytes its provenance states."""
    recorded = _provenance(edition).get("files")
    if not isinstance(recorded, dict) or not recorded:
        return False
    try:
        return all(digest(edition.folder / name) == told for name, told in recorded.items())
    except OSError:
        return False


def relook(executed: Mapping[str, Any], notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The executed notebook of an edition with the text cells of today's ``notebook``.

    Both have the same code cells in the same order: their keys agree.
    """
    ran = iter([cell for cell in executed["cells"] if cell["cell_type"] == "code"])
    cells: list[Any] = []
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            cells.append(cell)
            continue
        cells.append(next(ran))
        if "parameters" in cell["metadata"].get("tags", ()):
            cells.append(next(ran))  # papermill's cell of the values given
    return {**executed, "cells": cells}


def _cells(notebook: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    code: list[Any] = []
    text: list[Any] = []
    for cell in notebook["cells"]:
        said = ["".join(cell["source"]), cell.get("metadata", {})]
        if cell["cell_type"] == "code":
            code.append(said)
            text.append(None)  # where the code stands between the texts
        else:
            text.append([cell["cell_type"], *said])
    return code, text


def _provenance(edition: Edition) -> dict[str, Any]:
    try:
        found = json.loads(edition.provenance.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
