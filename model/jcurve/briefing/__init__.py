"""What a report notebook calls, and what its published editions are.

A report's second cell checks its parameters (``check_parameters``), its last writes what it
found as ``results.json`` (``record_case``). ``previous_edition`` tells what the edition before
said; ``all_editions`` and ``latest`` find what was published. Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcurve.briefing.editions import Edition, all_editions, latest, previous_edition
    from jcurve.briefing.parameters import Parameters, check_parameters, notebook_errors
    from jcurve.briefing.results import NothingToReport, Results, record, record_case

__all__ = [
    "Edition",
    "NothingToReport",
    "Parameters",
    "Results",
    "all_editions",
    "check_parameters",
    "latest",
    "notebook_errors",
    "previous_edition",
    "record",
    "record_case",
]

_HOMES = {
    "editions": ("Edition", "all_editions", "previous_edition", "latest"),
    "parameters": ("Parameters", "check_parameters", "notebook_errors"),
    "results": ("NothingToReport", "Results", "record", "record_case"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"jcurve.briefing.{home}"), name)
    raise AttributeError(f"module 'jcurve.briefing' has no attribute {name!r}")
