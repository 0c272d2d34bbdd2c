"""The sheets of a workbook and the names that formulas use for inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from jcurve.engine.model import VIEWS, WORLDS
from jcurve.ground.errors import ModelError

__all__ = [
    "ABOUT",
    "CHECKS",
    "DATED",
    "DIFFERENCES",
    "HISTORY",
    "INPUTS",
    "LISTS",
    "MARKS",
    "NEVER",
    "RATES",
    "RETURNS",
    "SHARED_ROWS",
    "SHEETS",
    "SOURCES",
    "STATEMENTS",
    "SUMMARY",
    "TAG_HEADS",
    "TAG_TITLES",
    "WORKINGS",
    "WORLD_SHEETS",
    "input_names",
]

SUMMARY, INPUTS, DATED, HISTORY = "Summary", "Inputs", "Inputs by year", "History"
SHARED_ROWS, DIFFERENCES, WORKINGS = "Shared", "Differences", "Workings"
STATEMENTS, RETURNS, RATES, CHECKS = "Statements", "Returns", "Rates", "Checks"
SOURCES, ABOUT, LISTS, MARKS = "Sources", "About", "Lists", "Marks"
WORLD_SHEETS: Mapping[str, str] = MappingProxyType({world: world.capitalize() for world in WORLDS})
SHEETS = (
    SUMMARY, INPUTS, DATED, STATEMENTS, RETURNS, CHECKS, *WORLD_SHEETS.values(), DIFFERENCES,
    SHARED_ROWS, HISTORY, RATES, WORKINGS, SOURCES, ABOUT, LISTS, MARKS,
)  # fmt: skip
"""All sheets in the order of their tabs; the last two are hidden."""

TAG_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "with": "with the programme",
        "without": "without the programme",
        "stopped": "stopped at the valuation date",
        "programme": "programme (with less without)",
        "go_forward": "go-forward (with less stopped)",
        "": "same in every world",
    }
)
"""What each world and view is called for a reader."""

TAG_HEADS: Mapping[str, str] = MappingProxyType(
    {
        "with": "With",
        "without": "Without",
        "stopped": "Stopped",
        "programme": "Programme",
        "go_forward": "Go-forward",
        "": "All worlds",
    }
)
"""The same as heads of columns."""

NEVER = "never"
"""What a cell for a quarter holds when the quarter is after the horizon."""

_CELL = re.compile(r"[a-z]{1,3}[0-9]+|r[0-9]*c?[0-9]*|c[0-9]*", re.IGNORECASE)

if set(TAG_TITLES) - {""} != {*WORLDS, *VIEWS}:
    raise ModelError("a world or view has no title")


def input_names(keys: Iterable[str]) -> dict[str, str]:
    """The defined name of each assumption: its key with ``_`` for every dot.

    Raises:
        ModelError: two keys would share a name.
    """
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for key in keys:
        name = key.replace(".", "_")
        if _CELL.fullmatch(name):
            name += "_"  # it would read as a cell
        if name in taken:
            raise ModelError("two inputs share a name", received=f"{taken[name]} and {key}")
        taken[name] = key
        found[key] = name
    return found
