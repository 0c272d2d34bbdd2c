"""Past moves of the share on results days, from the register of evidence."""

from __future__ import annotations

import re

from jcurve.analysis.stress import Move
from jcurve.facts import evidence
from jcurve.ground.project import Project

__all__ = ["results_days"]

_KEY = re.compile(r"RX_(\d{4})(\d{2})(\d{2})", re.ASCII)
_PER_CENT = 100.0


def results_days(project: Project | None = None) -> tuple[Move, ...]:
    """Every one-day move on record, oldest first."""
    found = [
        Move("-".join(key.groups()), each.value / _PER_CENT, each.key, each.grade)
        for each in evidence(project).values()
        if (key := _KEY.fullmatch(each.key)) is not None
        and each.value is not None
        and each.unit == "percent"
    ]
    return tuple(sorted(found, key=lambda each: each.date))
