"""Scenario files: which there are, how likely they are, how one is read with its parents."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.entries import Author, define
from jcurve.assumptions.fields import Fields
from jcurve.assumptions.nodes import Entry, Place, Table, content_of, read
from jcurve.assumptions.relations import read_mixes, remainder
from jcurve.assumptions.retired import SCHEMA
from jcurve.assumptions.scenario import OVERRIDE, Scenario, changed, resolved
from jcurve.facts.tables import home_of, with_rows
from jcurve.ground.cache import remembered, rooms
from jcurve.ground.errors import FactsError, ScenarioError, UsageError
from jcurve.ground.project import Project, Where, find_project

BASE = "base"
_NAME = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_NO_FILE = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")  # What Windows lets no file be called
_SUFFIX = ".yml"
_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", re.ASCII)
_ROOT_FIELDS = ("schema", "name", "title", "story", "company", "shipped", "mixes", "assumptions")
_CHILD_FIELDS = ("schema", "name", "title", "story", "extends", "as_of", "assumptions")
_LONGEST_TITLE = 80
_MAX_CHAIN = 16
_TABLE = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_SLACK = 1e-9

WEIGHTS = "weights"
"""The table of weights that comes with J-Curve; a user's own is a table of another name."""


def available(project: Where = None) -> tuple[str, ...]:
    """The names of all scenarios, a user's own included, the base first."""
    folder = find_project(project).scenarios
    names = {path.stem for path in folder.glob(f"*{_SUFFIX}") if _NAME.fullmatch(path.stem)}
    return tuple(sorted(names, key=lambda name: (name != BASE, name)))


def shipped(project: Where = None) -> tuple[str, ...]:
    """The names of the scenarios that come with J-Curve, the base first.

    The base scenario's file lists them; any other file beside it is a user's own. Reports on
    other scenarios, generated pages, pictures and recorded numbers know the shipped ones alone, so
    that a draft neither breaks them nor is published by them.

    Raises:
        ScenarioError: the base scenario does not validate.
        ProjectError: no project is found.

    >>> import jcurve
    >>> jcurve.assumptions.shipped()[:3]
    ('base', 'as_the_articles_say', 'bear')
    """
    home = find_project(project)
    _, listed = _read_base(home)
    return tuple(name for name in available(home) if name == BASE or name in listed)


def shipped_or(names: str, project: Where = None, where: str = "scenarios") -> tuple[str, ...]:
    """The scenarios in ``names``, with spaces or commas between them; the shipped ones for none.

    Args:
        names: as a report's parameter has them.
        project: whose scenarios are meant.
        where: for errors, such as ``parameter against``.

    Raises:
        ScenarioError: a name is no scenario of the project.
    """
    home = find_project(project)
    given = tuple(dict.fromkeys(names.replace(",", " ").split()))
    for name in given:
        _refuse_unknown(name, home, Place(where))
    return given or shipped(home)


def scenario(
    name: str = BASE,
    overrides: Mapping[str, object] | None = None,
    *,
    project: Where = None,
    origin: str = OVERRIDE,
    insist: bool = False,
) -> Scenario:
    """A scenario by name, with overrides; see :meth:`Scenario.with_overrides` for the rest.

    Raises:
        ScenarioError: there is no such scenario, or a file or override does not validate.
        ProjectError: no project is found.
    """
    found = load(name, project)
    return found.with_overrides(overrides or {}, origin=origin, insist=insist)


def load(name: str, project: Where = None) -> Scenario:
    """The scenario ``name`` of a project, with everything that it inherits.

    Raises:
        ScenarioError: there is no such scenario, or a file of its chain does not validate.
        ProjectError: no project is found.
    """
    home = find_project(project)
    _refuse_unknown(name, home, Place(""))
    return _load(name, home, ())


def read_scenario(name: str, content: str, project: Where = None) -> Scenario:
    """The scenario ``name`` as it would be if its file held ``content``; nothing is written."""
    home = find_project(project)
    place = Place(f"data/scenarios/{scenario_name(name)}{_SUFFIX}")
    return _parsed(name, content.encode(), place, home, ())


def scenario_name(name: str) -> str:
    """``name`` when a scenario may be called so."""
    if not _NAME.fullmatch(name) or _NO_FILE.fullmatch(name):
        allowed = "up to 64 small letters, digits and _, and no name that Windows keeps to itself"
        raise ScenarioError("not a name for a scenario", received=name, allowed=allowed)
    return name


def new_path(name: str, project: Where = None) -> Path:
    """Where the file of the scenario ``name`` is or would be."""
    return find_project(project).own().scenarios / f"{name}{_SUFFIX}"


def _refuse_unknown(
    name: object, project: Project, place: Place, what: str = "unknown scenario"
) -> None:
    names = available(project)
    if isinstance(name, str) and name in names:
        return
    listed = ", ".join(names) or "none: the folder data/scenarios is empty"
    raise place.unknown(what, name, names, listed)


def _load(name: str, project: Project, heirs: tuple[str, ...]) -> Scenario:
    if name == BASE:
        return _read_base(project)[0]
    place = Place(f"data/scenarios/{name}{_SUFFIX}")
    content = content_of(project.scenarios / f"{name}{_SUFFIX}", place.origin)
    return _parsed(name, content, place, project, heirs)


def _parsed(
    name: str, content: bytes, place: Place, project: Project, heirs: tuple[str, ...]
) -> Scenario:
    table = read(content, place.origin)
    if table.get("extends") is None:
        allowed = f"extends: {BASE}; only {BASE} stands alone"
        raise place.at(1).error("extends is missing", None, allowed)
    fields = Fields(table, _CHILD_FIELDS, place.at(1))
    _check_head(fields, name)
    here, parent_name = fields.at("extends"), fields.text("extends")
    chain = (*heirs, name)
    if parent_name in chain:
        circle = " > ".join((*chain[chain.index(parent_name) :], parent_name))
        raise here.error("a scenario that extends itself", circle, "another parent")
    _refuse_unknown(parent_name, project, here, "the parent is missing")
    if len(chain) >= _MAX_CHAIN:
        raise here.error("too many parents", len(chain), f"below {_MAX_CHAIN}")
    return _child(name, fields, _load(parent_name, project, chain))


def parent_of(name: str, project: Project) -> str:
    """The scenario that a file says it extends, also where the rest of it does not hold; empty
    where it says none or is no table."""
    path = project.scenarios / f"{name}{_SUFFIX}"
    try:
        found = read(content_of(path, path.name), path.name).get("extends")
    except ScenarioError:
        return ""
    return found.value if found is not None and isinstance(found.value, str) else ""


def _check_head(fields: Fields, name: str) -> None:
    if "schema" in fields and (text := fields.text("schema")) != str(SCHEMA):
        older = text.isdecimal() and 0 < int(text) < SCHEMA
        what = "a scenario file of an older version" if older else "unknown schema"
        converts = f"; 'jcurve migrate {name}' converts it" if older else ""
        raise fields.at("schema").error(what, text, f"{SCHEMA}{converts}")
    if "name" in fields and (text := fields.text("name")) != name:
        raise fields.at("name").error("the name is not the file's", text, name)
    _ = fields["assumptions"]


def _entries(fields: Fields, name: str) -> tuple[Entry, ...]:
    entry = fields.get(name)
    if entry is None or entry.value is None:
        return ()  # all of it commented out
    if not isinstance(entry.value, Table):
        raise fields.at(name).error(f"{name} is not a table")
    return entry.value.entries


def _read_base(project: Project) -> tuple[Scenario, frozenset[str]]:
    """The base scenario, and the scenarios that its file says it comes with."""
    path = project.scenarios / f"{BASE}{_SUFFIX}"
    origin = path.relative_to(project.root).as_posix()
    return _base(content_of(path, origin), origin)


@lru_cache(maxsize=4)
def _base(content: bytes, origin: str) -> tuple[Scenario, frozenset[str]]:
    """The scenario that stands alone; kept, since every other one begins with it."""
    what = f"base scenario\n{origin} {sha256(content).hexdigest()}"
    return remembered(what, rooms("ground", "assumptions"), lambda: _base_of(content, origin))


def _base_of(content: bytes, origin: str) -> tuple[Scenario, frozenset[str]]:
    place = Place(origin)
    fields = Fields(read(content, origin), _ROOT_FIELDS, place.at(1))
    _check_head(fields, BASE)
    entries = _entries(fields, "assumptions")
    keys = [entry.key for entry in entries]
    mixes = read_mixes(Table(_entries(fields, "mixes")), keys, place)
    author = Author(BASE)
    left_over = {mix.remainder: mix for mix in mixes}
    items: dict[str, Assumption] = {}
    places = {entry.key: place.at(entry.line, entry.key) for entry in entries}
    for entry in entries:
        if not _KEY.fullmatch(entry.key):
            allowed = "words of small letters, digits and _ with dots between"
            raise place.at(entry.line).error("not a key", entry.key, allowed)
        if entry.key not in left_over:
            items[entry.key] = define(entry.value, places[entry.key], author)
    for entry in entries:
        mix = left_over.get(entry.key)
        if mix is not None:
            value = remainder(mix, items, mix.place)
            items[entry.key] = define(entry.value, places[entry.key], author, value)
    made = Scenario(
        name=BASE,
        title=_stated_title(fields),
        story=fields.text("story"),
        extends=None,
        items=tuple(items[key] for key in keys),
        mixes=mixes,
        company=fields.text("company") if "company" in fields else "",
    )
    return resolved(made, places, BASE), frozenset(fields.texts("shipped"))


def _stated_title(fields: Fields) -> str:
    title = fields.text("title")
    if len(title) > _LONGEST_TITLE:  # it heads columns and names lines in charts
        raise fields.at("title").error(
            "too long", f"{len(title)} letters", f"at most {_LONGEST_TITLE}; the story tells more"
        )
    return title


def _child(name: str, fields: Fields, parent: Scenario) -> Scenario:
    author = Author(name, fields.date("as_of") if "as_of" in fields else None)
    entries = _entries(fields, "assumptions")
    items, places = changed(parent.assumptions, parent.mixes, entries, fields.place, author)
    made = replace(
        parent,
        name=name,
        title=_stated_title(fields) if "title" in fields else name.replace("_", " ").capitalize(),
        story=fields.text("story"),
        extends=parent.name,
        items=tuple(items.values()),
        base=parent.base or parent,
    )
    return resolved(made, places, name, parent)


@dataclass(frozen=True, slots=True)
class Weight:
    """One scenario's weight."""

    scenario: str  # its name
    weight: float  # its probability
    kind: Literal["estimate", "judgement"]
    rationale: str  # why


def weights(project: Where = None, name: str = WEIGHTS) -> tuple[Weight, ...]:
    """The weights of a project's scenarios, in the table's order; they sum to 1.

    Args:
        project: whose ``data/scenarios`` holds the table.
        name: of the table, without ``.csv``.
    """
    if not isinstance(name, str) or not _TABLE.fullmatch(name):
        raise UsageError(
            "not a table of weights",
            where="parameter weights",
            received=name,
            allowed="the name of a table in data/scenarios, such as 'weights'",
        )
    seen: set[str] = set()
    known, file = {"scenario": available(project)}, f"scenarios/{name}.csv"
    found = with_rows(home_of(project).data, file, Weight, known)
    for each, row in found:
        if each.scenario in seen:
            raise row.error("scenario", "a scenario twice", each.scenario)
        if not each.weight >= 0.0:
            raise row.error("weight", "a weight below 0", each.weight, "0 to 1")
        seen.add(each.scenario)
    total = math.fsum(each.weight for each, _ in found)
    if abs(total - 1.0) > _SLACK:
        where, received = f"data/{file}", float(f"{total:.6g}")
        raise FactsError("weights do not sum to 1", where=where, received=received)
    return tuple(each for each, _ in found)
