"""Whether an edition still says what a new run would say.

One key decides. It covers all that an edition rests on: the scenario, the parameters, the
notebook, the package, the data, the house style and the installed libraries.

Only the latest edition of a series counts. An older one with the same key would be right,
and yet a reader who follows ``latest.json`` would be shown another.
"""

from __future__ import annotations

import json
from typing import Any

from jcurve.assumptions.house_style import read_house_style
from jcurve.briefing.editions import Edition, latest_or_none
from jcurve.ground.files import digest
from jcurve.ground.provenance import inputs
from jcurve_runs.execution.fingerprint import environment, hashed, package
from jcurve_runs.plan.request import Plan


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
