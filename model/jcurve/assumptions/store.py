"""Scenario files: which there are, and how one is read with the chain that it extends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.document import Entry, Place, Table, content_of, read
from jcurve.assumptions.entries import change, change_period, define
from jcurve.assumptions.fields import known_fields, read_date
from jcurve.assumptions.grounds import Author
from jcurve.assumptions.mixes import read_mixes, remainder
from jcurve.assumptions.overrides import OVERRIDE, find
from jcurve.assumptions.reading import read_text, read_texts
from jcurve.assumptions.retired import SCHEMA
from jcurve.assumptions.scenario import Scenario, resolved
from jcurve.ground.errors import ScenarioError
from jcurve.ground.project import Project, find_project

__all__ = [
    "BASE",
    "available",
    "load",
    "new_path",
    "read_scenario",
    "scenario",
    "scenario_name",
    "shipped",
    "shipped_or",
]

BASE = "base"
_NAME = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_SUFFIX = ".yml"
_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", re.ASCII)
_ROOT_FIELDS = ("schema", "name", "title", "story", "shipped", "mixes", "assumptions")
_CHILD_FIELDS = ("schema", "name", "title", "story", "extends", "as_of", "assumptions")
_MAX_CHAIN = 16


def available(project: Project | str | Path | None = None) -> tuple[str, ...]:
    """The names of all scenarios, a user's own included, the base first."""
    folder = _project(project).scenarios
    names = {path.stem for path in folder.glob(f"*{_SUFFIX}") if _NAME.fullmatch(path.stem)}
    return tuple(sorted(names, key=lambda name: (name != BASE, name)))


def shipped(project: Project | str | Path | None = None) -> tuple[str, ...]:
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
    home = _project(project)
    path = new_path(BASE, home)
    origin = path.relative_to(home.root).as_posix()
    listed = _base(content_of(path, origin), origin).shipped
    return tuple(name for name in available(home) if name == BASE or name in listed)


def shipped_or(
    names: str, project: Project | str | Path | None = None, where: str | None = None
) -> tuple[str, ...]:
    """The scenarios in ``names``, with spaces or commas between them; the shipped ones for none.

    Args:
        names: as a report's parameter has them.
        project: whose scenarios are meant.
        where: for errors, such as ``parameter against``.

    Raises:
        ScenarioError: a name is no scenario of the project.
    """
    home = _project(project)
    given = tuple(dict.fromkeys(names.replace(",", " ").split()))
    for name in given:
        if name not in available(home):
            raise _unknown(name, home, where, "unknown scenario")
    return given or shipped(home)


def scenario(
    name: str = BASE,
    overrides: Mapping[str, object] | None = None,
    *,
    project: Project | str | Path | None = None,
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


def load(name: str, project: Project | str | Path | None = None) -> Scenario:
    """The scenario ``name`` of a project, with everything that it inherits.

    Raises:
        ScenarioError: there is no such scenario, or a file of its chain does not validate.
        ProjectError: no project is found.
    """
    home = _project(project)
    if not isinstance(name, str) or name not in available(home):
        raise _unknown(name, home, None, "unknown scenario")
    return _load(name, home, ())


def read_scenario(name: str, content: str, project: Project | str | Path | None = None) -> Scenario:
    """The scenario ``name`` as it would be if its file held ``content``; nothing is written.

    Raises:
        ScenarioError: the content or a file of its chain does not validate.
    """
    home = _project(project)
    place = Place(f"data/scenarios/{scenario_name(name)}{_SUFFIX}")
    return _parsed(name, content.encode(), place, home, ())


def scenario_name(name: str) -> str:
    """``name`` when a scenario may be called so.

    Raises:
        ScenarioError: it may not.
    """
    if not _NAME.fullmatch(name):
        raise ScenarioError(
            "not a name for a scenario",
            received=name,
            allowed="up to 64 small letters, digits and _",
        )
    return name


def new_path(name: str, project: Project | str | Path | None = None) -> Path:
    """Where the file of the scenario ``name`` is or would be."""
    return _project(project).own().scenarios / f"{name}{_SUFFIX}"


def _project(given: Project | str | Path | None) -> Project:
    return given if isinstance(given, Project) else find_project(given)


def _unknown(name: object, project: Project, where: str | None, what: str) -> ScenarioError:
    names = available(project)
    return ScenarioError.not_among(
        what,
        name,
        names,
        where=where,
        allowed=", ".join(names) or "none: the folder data/scenarios is empty",
    )


def _load(name: str, project: Project, heirs: tuple[str, ...]) -> Scenario:
    path = project.scenarios / f"{name}{_SUFFIX}"
    place = Place(path.relative_to(project.root).as_posix())
    content = content_of(path, place.origin)
    if name == BASE:
        return _base(content, place.origin).scenario
    return _parsed(name, content, place, project, heirs)


def _parsed(
    name: str, content: bytes, place: Place, project: Project, heirs: tuple[str, ...]
) -> Scenario:
    table = read(content, place.origin)
    extends = table.get("extends")
    if extends is None:
        raise ScenarioError(
            "extends is missing",
            where=str(place.at(1)),
            allowed=f"extends: {BASE}; only {BASE} stands alone",
        )
    fields = known_fields(table, _CHILD_FIELDS, place.at(1))
    _check_head(fields, name, place)
    here = place.at(extends.line)
    parent_name = read_text(extends.value, here, "extends")
    chain = (*heirs, name)
    if parent_name in chain:
        raise ScenarioError(
            "a scenario that extends itself",
            where=str(here),
            received=" > ".join((*chain[chain.index(parent_name) :], parent_name)),
            allowed="another parent",
        )
    if parent_name not in available(project):
        raise _unknown(parent_name, project, str(here), "the parent is missing")
    if len(chain) >= _MAX_CHAIN:
        raise ScenarioError(
            "too many parents", where=str(here), received=len(chain), allowed=f"below {_MAX_CHAIN}"
        )
    return _child(name, fields, place, _load(parent_name, project, chain))


def _check_head(fields: Mapping[str, Entry], name: str, place: Place) -> None:
    schema = fields.get("schema")
    if schema is not None:
        here = place.at(schema.line)
        text = read_text(schema.value, here, "schema")
        if text != str(SCHEMA):
            older = text.isdecimal() and 0 < int(text) < SCHEMA
            raise ScenarioError(
                "a scenario file of an older version" if older else "unknown schema",
                where=str(here),
                received=text,
                allowed=f"{SCHEMA}; 'jcurve migrate {name}' converts it" if older else str(SCHEMA),
            )
    named = fields.get("name")
    if named is not None:
        here = place.at(named.line)
        text = read_text(named.value, here, "name")
        if text != name:
            raise ScenarioError(
                "the name is not the file's", where=str(here), received=text, allowed=name
            )
    if "assumptions" not in fields:
        raise ScenarioError("assumptions is missing", where=str(place.at(1)))


def _head(fields: Mapping[str, Entry], name: str, place: Place) -> str:
    if name not in fields:
        raise ScenarioError(f"{name} is missing", where=str(place.at(1)))
    return read_text(fields[name].value, place.at(fields[name].line), name)


def _entries(fields: Mapping[str, Entry], name: str, place: Place) -> tuple[Entry, ...]:
    entry = fields.get(name)
    if entry is None or getattr(entry.value, "text", "") is None:
        return ()  # all of it commented out
    if not isinstance(entry.value, Table):
        raise ScenarioError(f"{name} is not a table", where=str(place.at(entry.line)))
    return entry.value.entries


class _Base(NamedTuple):
    """The base scenario, and the scenarios that its file says it comes with."""

    scenario: Scenario
    shipped: frozenset[str]


@lru_cache(maxsize=4)
def _base(content: bytes, origin: str) -> _Base:
    """The scenario that stands alone; kept, since every other one begins with it."""
    place = Place(origin)
    fields = known_fields(read(content, origin), _ROOT_FIELDS, place.at(1))
    _check_head(fields, BASE, place)
    entries = _entries(fields, "assumptions", place)
    keys = [entry.key for entry in entries]
    mixes = read_mixes(Table(_entries(fields, "mixes", place)), keys, place)
    author = Author(BASE)
    left_over = {mix.remainder: mix for mix in mixes}
    items: dict[str, Assumption] = {}
    places = {entry.key: place.at(entry.line, entry.key) for entry in entries}
    for entry in entries:
        if not _KEY.fullmatch(entry.key):
            raise ScenarioError(
                "not a key",
                where=str(place.at(entry.line)),
                received=entry.key,
                allowed="words of small letters, digits and _ with dots between",
            )
        if entry.key not in left_over:
            items[entry.key] = define(entry.value, places[entry.key], author)
    for entry in entries:
        mix = left_over.get(entry.key)
        if mix is not None:
            value = remainder(mix, items, mix.where)
            items[entry.key] = define(entry.value, places[entry.key], author, value)
    made = Scenario(
        name=BASE,
        title=_head(fields, "title", place),
        story=_head(fields, "story", place),
        extends=None,
        items=tuple(items[key] for key in keys),
        mixes=mixes,
    )
    return _Base(resolved(made, places, BASE), frozenset(_shipped(fields, place)))


def _shipped(fields: Mapping[str, Entry], place: Place) -> tuple[str, ...]:
    if "shipped" not in fields:
        return ()
    entry = fields["shipped"]
    return read_texts(entry.value, place.at(entry.line), "shipped")


def _child(name: str, fields: Mapping[str, Entry], place: Place, parent: Scenario) -> Scenario:
    items = dict(parent.assumptions)
    dated = fields.get("as_of")
    as_of = None if dated is None else read_date(dated.value, place.at(dated.line))
    author = Author(name, as_of)
    places: dict[str, Place] = {}
    single: list[tuple[str, str, Entry, Place]] = []
    for entry in _entries(fields, "assumptions", place):
        given = entry.value.get("value") if isinstance(entry.value, Table) else None
        value = None if given is None else given.value
        found, period = find(entry.key, items, parent.mixes, place.at(entry.line, ""), value)
        here = place.at(entry.line, entry.key)
        places[found.key] = here
        if period:
            single.append((found.key, period, entry, here))
        else:
            items[found.key] = change(found, entry.value, here, author)
    # Whole values first, so that the order of a file's entries does not matter.
    for key, period, entry, here in single:
        items[key] = change_period(items[key], period, entry.value, here, author)
    made = replace(
        parent,
        name=name,
        title=_head(fields, "title", place) if "title" in fields else _title(name),
        story=_head(fields, "story", place),
        extends=parent.name,
        items=tuple(items.values()),
        base=parent.base or parent,
    )
    return resolved(made, places, name, parent)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
