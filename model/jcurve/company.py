"""The model of a company: its lines, bound to its sets, reported history and assumptions.

Everything that no scenario changes is put together once: the checked model, the timeline,
the rows of reported history, the tax tables. A scenario then brings only its own rows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import BASE, Scenario, rows_of, scenario
from jcurve.assumptions.paths import DATE
from jcurve.assumptions.rows import slot_keys
from jcurve.engine.build import build
from jcurve.engine.evaluate import system_rows
from jcurve.engine.line import Kind, Line, lines_of
from jcurve.engine.model import Input, Model
from jcurve.facts import Company, Constant, HistoryRow, constants, history
from jcurve.facts import company as company_facts
from jcurve.facts.tables import home_of
from jcurve.ground.cache import remembered, rooms
from jcurve.ground.errors import FactsError, ModelError, ScenarioError
from jcurve.ground.files import combined
from jcurve.ground.project import Project, Where, find_project
from jcurve.ground.quarters import LAST_QUARTER, Timeline
from jcurve.ground.units import SHARE, Unit, unit_named

Array = NDArray[np.float64]
_Made = TypeVar("_Made")

DEFAULT_COMPANY = "META"
_CHANGE = re.compile(r"\.(?:date|life)\.(\d+)\Z")
_KINDS: Mapping[str, Kind | None] = MappingProxyType(
    {"flow": Kind.FLOW, "stock": Kind.STOCK, "trailing": Kind.STOCK}
)
"""How a year follows from a metric's nature; any other is averaged."""


@dataclass(frozen=True, eq=False)
class Assembly:
    """A company's model and all that no scenario changes."""

    company: Company  # names, sets, how far the data reach
    model: Model  # the lines
    timeline: Timeline  # its quarters
    # every row of reported history; each is an input, read by a line or not
    history: Mapping[str, HistoryRow]
    given: Mapping[str, Array]  # rows of the calendar, of history and of constants, by input name
    names: Mapping[str, str]  # assumption key to the input's name, for the keys that a line reads
    constants: Mapping[str, Constant] = field(default_factory=dict)  # by input name

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
    tables: Mapping[str, Constant],
    units: Mapping[str, Unit],
) -> Assembly:
    """Build the model of a company from its parts.

    Args:
        lines: all lines.
        company: gives the sets.
        rows: reported history, on the company's timeline.
        tables: constants by key.
        units: of every assumption, by key.

    Raises:
        ModelError: see :func:`jcurve.engine.build.build`.
        ScenarioError: an assumption of a family speaks of no member of its set.
    """
    every = tuple(lines)
    timeline = Timeline(company.first_quarter)
    names = input_names(units, every)
    _refuse_strangers(names, company)
    inputs = {name: Input(name, units[key], key) for key, name in names.items()}
    given = system_rows(timeline, company.data_through)
    for name, row in rows.items():
        inputs[name] = Input(name, unit_named(row.unit), name, _KINDS.get(row.nature))
        given[name] = row.values[:, None]
    fixed = {name: tables[key] for key, name in input_names(tables, every).items()}
    for name, each in fixed.items():
        inputs[name] = Input(name, SHARE, each.key)
        given[name] = np.full((1, 1), each.value)
    try:
        made = build(every, company.sets, inputs)
    except ModelError as error:
        raise _half_done(names, company) or error from error
    return Assembly(
        company=company,
        model=made,
        timeline=timeline,
        history=MappingProxyType(dict(rows)),
        given=MappingProxyType(given),
        names=MappingProxyType(names),
        constants=MappingProxyType(fixed),
    )


def _refuse_strangers(names: Mapping[str, str], company: Company) -> None:
    """Refuse an assumption of something that the company does not have: no line reads it.

    Raises:
        ScenarioError: such as a channel that ``company.yml`` does not list.
    """
    for family, members in _families(names).items():
        known = max(company.sets.items(), key=lambda each: len({*members} & {*each[1]}))
        strange = [member for member in members if member not in known[1]]
        if strange and len(strange) < len(members):
            raise ScenarioError.not_among(
                f"no such {known[0].replace('_', ' ')}: no line of the model reads this",
                strange[0],
                known[1],
                where=f"data/scenarios/{BASE}.yml, {family}.{strange[0]}",
                allowed=f"{', '.join(known[1])}, as data/companies/{company.folder}/company.yml "
                "lists them",
            )


def _families(names: Mapping[str, str]) -> dict[str, list[str]]:
    """The members that have an assumption of their own, by the first part of their keys."""
    families: dict[str, list[str]] = {}
    for key, name in names.items():
        if "." in name:  # read as a member of a family, not by its own name
            family, _, member = key.rpartition(".")
            families.setdefault(family, []).append(member)
    return families


def _half_done(names: Mapping[str, str], company: Company) -> ScenarioError | None:
    """What a member lacks that all others of its set have, such as a channel that was added."""
    families = _families(names)
    for kind, members in company.sets.items():
        for member in members:
            lacking = [
                f"{family}.{member}"
                for family, given in families.items()
                if len(members) > 2 and {*members} - {*given} == {member}
            ]
            if lacking:
                return ScenarioError(
                    f"a {kind.replace('_', ' ')} that is half done",
                    where=f"data/scenarios/{BASE}.yml",
                    received=member,
                    allowed=f"also {', '.join(lacking)}; or take it out of "
                    f"data/companies/{company.folder}/company.yml",
                )
    return None


def model(
    company: str = "",
    project: Where = None,
    rows: Mapping[str, Array] | None = None,
) -> Assembly:
    """The model of a company, built once in a process until its data change on disk.

    Args:
        company: its name; when empty that in the base scenario's file, else ``META``.
        project: where its data are.
        rows: what will be evaluated, by assumption key. A list of changes has more slots than
            the base scenario uses; those that neither it nor ``rows`` use are left out of the
            model, since each costs as much as one in use.

    Raises:
        FactsError: the company or its data do not load.
        ModelError: its lines do not form a model.
    """
    where = find_project(project)
    stamp = data_stamp(where)
    name = _name(company, where.root, stamp)
    parts = _parts(name, where.root, stamp)
    slots = slots_used(rows or {}, len(parts.own.timeline))
    if slots <= parts.slots:
        return parts.own
    return _assembled(name, where.root, stamp, slots)


def modelled_company(project: Where = None) -> str:
    """The name of the company that the base scenario is of.

    Raises:
        FactsError: there is none of that name; the message says where it is written.
    """
    where = find_project(project)
    return _name("", where.root, data_stamp(where))


def slots_used(rows: Mapping[str, Array], quarters: int) -> int:
    """How many slots of a list of changes any scenario of ``rows`` uses, at least 1.

    A slot is not used when its date is after the timeline's ``quarters``.
    """
    dates = {key: _CHANGE.search(key) for key in rows if ".date." in key}
    used = (
        int(slot[1])
        for key, slot in dates.items()
        if slot is not None and np.min(rows[key]) < quarters
    )
    return max(used, default=1)


def data_stamp(project: Project) -> Stamp:
    """What tells a changed data folder: sizes and times of the files that a model rests on."""
    found = [str(project.scenarios / f"{BASE}.yml")]
    for top in ("companies", "external"):
        for folder, _, names in os.walk(project.data / top):
            found += [os.path.join(folder, name) for name in sorted(names)]
    told = ((path, os.stat(path)) for path in found if os.path.exists(path))
    return tuple((path, about.st_size, about.st_mtime_ns) for path, about in told)


def data_digest(project: Project) -> str:
    """Of every table of a project and its base scenario."""
    paths = (path for path in project.data.rglob("*.*") if path.parent != project.scenarios)
    return combined(project.root, (*paths, project.scenarios / f"{BASE}.yml"))


@dataclass(frozen=True, eq=False)
class _Parts:
    """What the model of a company is built from, and the model of its base scenario."""

    units: Mapping[str, Unit]
    slots: int
    own: Assembly


Stamp = tuple[tuple[str, int, int], ...]


@lru_cache(maxsize=8)
def _name(asked: str, root: Path, stamp: Stamp) -> str:
    """A company's own name, however it was spelt, so that one model is built of one company."""
    del stamp  # part of the cache's key only
    project = Project(root)
    stated = asked or scenario(BASE, project=project).company
    if stated in ("", DEFAULT_COMPANY):
        return DEFAULT_COMPANY
    try:
        return company_facts(stated, project).name
    except FactsError as error:
        if asked:
            raise
        raise error.at(f"data/scenarios/{BASE}.yml, company") from error


@lru_cache(maxsize=2)
def _parts(name: str, root: Path, stamp: Stamp) -> _Parts:
    del stamp  # part of the cache's key only
    project = Project(root)
    home_of(project)  # a change of tables that was interrupted is finished before they count
    return _remembered("model", name, project, lambda: _parts_of(name, project))


def _parts_of(name: str, project: Project) -> _Parts:
    base = scenario(BASE, project=project)
    company = company_facts(name, project)
    timeline = Timeline(company.first_quarter)
    units, slots = _units(base), slots_used(rows_of(base, timeline), len(timeline))
    lines = _lines()
    lacking = {each.over.name for each in lines if each.over is not None} - {*company.sets}
    if lacking:
        raise FactsError(
            f"{company.display_name} has tables of its spending alone, too few for a scenario",
            where=f"data/companies/{company.folder}/company.yml",
            received=f"no sets {', '.join(sorted(lacking))}",
            allowed="the sets and rows of history of data/companies/meta; "
            "docs/add-a-company.md says what spending alone answers",
        )
    made = assemble(
        lines,
        company,
        history(company.name, company.first_quarter, LAST_QUARTER, project),
        constants(company, project),
        _up_to(slots, units),
    )
    return _Parts(units, slots, made)


@lru_cache(maxsize=8)
def _assembled(name: str, root: Path, stamp: Stamp, slots: int) -> Assembly:
    parts = _parts(name, root, stamp)
    own, tables = parts.own, {each.key: each for each in parts.own.constants.values()}

    def made() -> Assembly:
        return assemble(_lines(), own.company, own.history, tables, _up_to(slots, parts.units))

    return _remembered(f"model with {slots} slots", name, Project(root), made)


def _remembered(what: str, name: str, project: Project, make: Callable[[], _Made]) -> _Made:
    own = rooms(".", "ground", "facts", "assumptions", "engine", "lines")
    return remembered(f"{what} of {name}\n{data_digest(project)}", own, make)


def _lines() -> tuple[Line, ...]:
    from jcurve.lines import MODULES

    return tuple(line for module in MODULES for line in lines_of(module))


def _up_to(slots: int, units: Mapping[str, Unit]) -> dict[str, Unit]:
    """The units of all but the later slots of lists of changes."""
    return {
        key: unit
        for key, unit in units.items()
        if (slot := _CHANGE.search(key)) is None or int(slot[1]) <= slots
    }


def _units(base: Scenario) -> dict[str, Unit]:
    """The unit of each row that :func:`rows_of` gives, as the engine checks it."""
    found: dict[str, Unit] = {}
    for item in base.items:
        own = item.measure
        if isinstance(item.value, tuple):
            for date, life in slot_keys(item.key):
                found[date], found[life] = unit_named(DATE), own
        else:
            found[item.key] = own
    return found
