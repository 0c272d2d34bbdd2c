"""Many cases: named sets of overrides, from a table or from steps along an assumption.

A table is CSV: a row each with ``name``, ``scenario`` (which may be left out) and a column for each
assumption that is set, headed by its key; an empty cell sets nothing. Steps are
``returns.wacc=0.07:0.12:11``, eleven values from the first to the second; anything may stand around
them: ``capex.total=x 0.8:1.2:5 from 2027``. What a value means is what it means after ``--set``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from jcurve.assumptions.scenario import parse_override
from jcurve.assumptions.scenario_files import BASE
from jcurve.ground.errors import UsageError

_MOST = 100_000
_LONGEST = 200
_STEPS = re.compile(
    r"(?P<first>[+-]?\d+(?:\.\d+)?):(?P<last>[+-]?\d+(?:\.\d+)?):(?P<count>\d{1,5})", re.ASCII
)
_NAME, _SCENARIO = "name", "scenario"


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario with overrides under a name."""

    name: str  # what a reader calls it
    scenario: str = BASE  # the scenario that it changes
    overrides: dict[str, str] = field(default_factory=dict)  # value as written by key
    where: str = "--set"  # the file and line that say so, for errors


def read_cases(path: str | Path, scenarios: Sequence[str] = (BASE,)) -> list[Case]:
    """The cases of a table.

    Args:
        path: the CSV file.
        scenarios: those that a row without one stands for.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = (
            error.strerror.lower() if isinstance(error, OSError) and error.strerror else "not text"
        )
        raise UsageError(f"the table of cases cannot be read ({why})", where=str(path)) from error
    head = text.partition("\n")[0]
    is_continental = ";" in head and "," not in head
    rows = csv.reader(text.splitlines(), delimiter=";" if is_continental else ",")
    columns = [each.strip() for each in next(rows, [])]
    where = f"{file.name}:1"
    if _NAME not in columns:
        raise UsageError(
            "a table of cases without names",
            where=where,
            received=", ".join(columns),
            allowed=f"columns {_NAME}, {_SCENARIO} and keys such as returns.wacc",
        )
    if "" in columns or len({*columns}) < len(columns):
        raise UsageError("a column without a head, or one given twice", where=where)
    found: list[Case] = []
    for row in rows:
        where = f"{file.name}:{rows.line_num}"
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != len(columns):
            received = f"{len(cells)} cells"
            raise UsageError(
                "a row of another length",
                where=where,
                received=received,
                allowed=f"{len(columns)}, as in the first line; a value with a comma in quotes",
            )
        given = {key: cell for key, cell in zip(columns, cells, strict=True) if cell}
        name, own = given.pop(_NAME, ""), given.pop(_SCENARIO, "")
        if not name or len(name) > _LONGEST or not name.isprintable():
            raise UsageError("a case without a name", where=where, received=name[:_LONGEST])
        for each in [own] if own else scenarios:
            title = name if own or len(scenarios) == 1 else f"{name}, {each}"
            found.append(Case(title, each, given, where))
    return _checked(found, file.name)


def sweeps(texts: Iterable[str], scenarios: Sequence[str] = (BASE,)) -> list[Case]:
    """A case for each step; of several assumptions, for each combination."""
    axes: list[list[tuple[str, str]]] = []
    for text in texts:
        key, value = parse_override(text)
        steps = _STEPS.search(value)
        if steps is None or int(steps["count"]) < 2:
            raise UsageError(
                "no steps",
                where="--sweep",
                received=text,
                allowed="KEY=FIRST:LAST:COUNT, such as returns.wacc=0.07:0.12:11",
            )
        first, last = float(steps["first"]), float(steps["last"])
        count = int(steps["count"])
        values = (first + (last - first) * at / (count - 1) for at in range(count))
        before = value[: steps.start()]
        after = value[steps.end() :]
        axes.append([(key, f"{before}{each:.12g}{after}") for each in values])
    keys = [axis[0][0] for axis in axes]
    if len({*keys}) < len(keys):
        raise UsageError("given twice", where="--sweep", received=", ".join(keys))
    size = len(scenarios)
    for axis in axes:
        size *= len(axis)
    if size > _MOST:
        raise UsageError("too many cases", where="--sweep", received=size, allowed=f"up to {_MOST}")
    found = []
    for scenario, point in product(scenarios, product(*axes)):
        named = ", ".join(f"{key}={value}" for key, value in point)
        title = named if len(scenarios) == 1 else f"{scenario}, {named}"
        found.append(Case(title, scenario, dict(point), "--sweep"))
    return found


def _checked(found: list[Case], file: str) -> list[Case]:
    if not found or len(found) > _MOST:
        what = "too many cases" if found else "no cases"
        raise UsageError(what, where=file, received=len(found), allowed=f"1 to {_MOST}")
    known: dict[object, Case] = {}
    for each in found:
        for key, what in (
            (each.name, "two cases of one name"),
            ((each.scenario, *sorted(each.overrides.items())), "two cases that say the same"),
        ):
            before = known.setdefault(key, each)
            if before is not each:
                received = f"{before.name} ({before.where}), {each.name}"
                raise UsageError(what, where=each.where, received=received)
    return found
