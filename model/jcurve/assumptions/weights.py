"""How likely scenarios are taken to be: ``data/scenarios/weights.csv``, judgement with reasons.

A user's own weights are a table of another name beside it, which a report is told.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from jcurve.assumptions.store import available
from jcurve.facts.tables import data_folder, read_table
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.project import Project

__all__ = ["WEIGHTS", "Weight", "weights"]

WEIGHTS = "weights"
"""The table that comes with J-Curve."""

_COLUMNS = ("scenario", "weight", "kind", "rationale")
_KINDS = ("estimate", "judgement")
_SLACK = 1e-9
_NAME = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Weight:
    """One scenario's weight.

    Attributes:
        scenario: its name.
        weight: its probability.
        kind: ``estimate`` or ``judgement``.
        rationale: why.
    """

    scenario: str
    weight: float
    kind: str
    rationale: str


def weights(project: Project | str | Path | None = None, name: str = WEIGHTS) -> tuple[Weight, ...]:
    """The weights of a project's scenarios, in the table's order; they sum to 1.

    Args:
        project: whose ``data/scenarios`` holds the table.
        name: of the table, without ``.csv``.

    Raises:
        UsageError: that is no name of a table.
        FactsError: the table is missing or malformed, names an unknown scenario or one twice,
            has a weight below 0, or does not sum to 1.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(
            "not a table of weights",
            where="parameter weights",
            received=name,
            allowed="the name of a table in data/scenarios, such as 'weights'",
        )
    known = available(project)
    found: dict[str, Weight] = {}
    file = f"scenarios/{name}.csv"
    where = f"data/{file}"
    for row in read_table(data_folder(project), file, _COLUMNS):
        name = row.choice("scenario", known, "scenario")
        if name in found:
            raise FactsError("a scenario twice", where=row.at("scenario"), received=name)
        if not (value := row.number("weight")) >= 0.0:
            raise FactsError(
                "a weight below 0", where=row.at("weight"), received=value, allowed="0 to 1"
            )
        kind = row.choice("kind", _KINDS, "kind")
        found[name] = Weight(name, value, kind, row.text("rationale"))
    total = math.fsum(each.weight for each in found.values())
    if abs(total - 1.0) > _SLACK:
        raise FactsError("weights do not sum to 1", where=where, received=float(f"{total:.6g}"))
    return tuple(found.values())
