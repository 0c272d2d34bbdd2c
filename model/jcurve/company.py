"""The model of a company: its lines, bound to its sets, reported history and assumptions.

Everything that no scenario changes is put together once: the checked model, the timeline,
the rows of reported history, the tax tables. A scenario then brings only its own rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.build import Input, Model, build
from jcurve.engine.evaluate import system_rows
from jcurve.engine.line import Kind, Line, lines_of
from jcurve.engine.timeline import Timeline
from jcurve.engine.units import SHARE, Unit, unit_named
from jcurve.facts import Company, HistoryRow, history, macrs
from jcurve.facts import company as company_facts
from jcurve.project import Project, find_project

if TYPE_CHECKING:
    from jcurve.assumptions import Scenario

__all__ = ["DEFAULT_COMPANY", "Assembly", "assemble", "input_names", "model", "rows_of"]

Array = NDArray[np.float64]

DEFAULT_COMPANY = "META"
_LAST_QUARTER = "2040Q4"
_TAX_CLASSES = (5, 7, 15)
_KINDS: Mapping[str, Kind | None] = MappingProxyType(
    {"flow": Kind.FLOW, "stock": Kind.STOCK, "trailing": Kind.STOCK}
)
"""How a year follows from a metric's nature; any other is averaged."""


@dataclass(frozen=True, eq=False)
class Assembly:
    """A company's model and all that no scenario changes.

    Attributes:
        company: names, sets, how far the data reach.
        model: the lines.
        timeline: its quarters.
        history: every row of reported history; each is an input, read by a line or not.
        given: rows of the calendar, of history and of tables, by input name.
        names: assumption key to the input's name, for the keys that a line reads.
    """

    company: Company
    model: Model
    timeline: Timeline
    history: Mapping[str, HistoryRow]
    given: Mapping[str, Array]
    names: Mapping[str, str]

    @property
    def data_through(self) -> str:
        """The last quarter with reported results."""
        return self.company.data_through

    @property
    def keys(self) -> Mapping[str, str]:
        """Input name to assumption key, the inverse of ``names``."""
        return {name: key for key, name in self.names.items()}

    def inputs(self, assumptions: Mapping[str, Array]) -> dict[str, Array]:
        """All inputs of an evaluation: what is given, and a scenario's own rows by key."""
        own = {name: assumptions[key] for key, name in self.names.items() if key in assumptions}
        return {**self.given, **own}


def input_names(keys: Iterable[str], lines: Iterable[Line]) -> dict[str, str]:
    """What each assumption key is called by the lines that read it.

    ``a.b.c`` is the argument ``a_b_c``, or the member ``c`` of the family ``a_b``, or the
    slot ``c`` of the family that member ``b`` of ``a`` has; whichever a line asks for. Keys
    that no line reads are left out.
    """
    asked: set[str] = set()
    for each in lines:
        for argument in each.arguments:
            target = each.refer.get(argument, argument).partition("@")[0]
            target = target.removesuffix(".*")
            asked.update((target, target.partition(".")[0]))
    found: dict[str, str] = {}
    for key in keys:
        parts = key.split(".")
        for own in range(min(3, len(parts))):
            family = "_".join(parts[: len(parts) - own])
            if family in asked:
                found[key] = ".".join((family, *parts[len(parts) - own :]))
                break
    return found


def assemble(
    lines: Iterable[Line],
    company: Company,
    rows: Mapping[str, HistoryRow],
    tables: Mapping[str, float],
    units: Mapping[str, Unit],
) -> Assembly:
    """Build the model of a company from its parts.

    Args:
        lines: all lines.
        company: gives the sets.
        rows: reported history, on the company's timeline.
        tables: constants of the law by name, decimal shares.
        units: of every assumption, by key.

    Raises:
        ModelError: see :func:`jcurve.engine.build.build`.
    """
    every = tuple(lines)
    timeline = Timeline(company.first_quarter, _LAST_QUARTER)
    names = input_names(units, every)
    inputs = {name: Input(name, units[key], key) for key, name in names.items()}
    given = system_rows(timeline, company.data_through)
    for name, row in rows.items():
        inputs[name] = Input(name, unit_named(row.unit), name, _KINDS.get(row.nature))
        given[name] = row.values[:, None]
    for name in input_names(tables, every):
        inputs[name] = Input(name, SHARE, name)
        given[name] = np.full((1, 1), tables[name])
    made = build(every, company.sets, inputs)
    return Assembly(
        company,
        made,
        timeline,
        MappingProxyType(dict(rows)),
        MappingProxyType(given),
        MappingProxyType(names),
    )


def model(
    company: str = DEFAULT_COMPANY, project: Project | str | Path | None = None
) -> Assembly:
    """The model of a company, built once in a process until its data change on disk.

    Raises:
        FactsError: the company or its data do not load.
        ModelError: its lines do not form a model.
    """
    where = project if isinstance(project, Project) else find_project(project)
    return _model(company, where.root, _stamp(where))


def _stamp(project: Project) -> tuple[tuple[str, int, int], ...]:
    """What tells a changed data folder: sizes and times of the files that a model rests on."""
    files = (
        *sorted((project.data / "companies").glob("**/*")),
        *sorted((project.data / "external").glob("*")),
        project.scenarios / "base.yml",
    )
    return tuple(
        (str(path), path.stat().st_size, path.stat().st_mtime_ns)
        for path in files
        if path.is_file()
    )


@lru_cache(maxsize=4)
def _model(name: str, root: Path, stamp: tuple[tuple[str, int, int], ...]) -> Assembly:
    from jcurve.assumptions import scenario
    from jcurve.lines import MODULES

    del stamp  # part of the cache's key only
    project = Project(root)
    company = company_facts(name, project)
    rows = history(name, company.first_quarter, _LAST_QUARTER, project)
    tables = {
        f"macrs_{years}.{year}": share
        for years in _TAX_CLASSES
        for year, share in enumerate(macrs(years, project=project), start=1)
    }
    base = scenario("base", project=project)
    lines = tuple(line for module in MODULES for line in lines_of(module))
    return assemble(lines, company, rows, tables, _units(base))


def rows_of(scenario: Scenario, timeline: Timeline) -> dict[str, Array]:
    """A scenario's rows by assumption key, each (1, 1) or (quarter, 1)."""
    raise AttributeError(scenario, timeline)


def _units(base: Scenario) -> dict[str, Unit]:
    raise AttributeError(base)
