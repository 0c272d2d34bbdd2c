"""A scenario file as written: texts, tables and lists, each with its line.

YAML here is only a way to write nested texts. What a text means is decided by the
assumption it is for and never by YAML, so ``on``, ``1:30``, ``017`` or ``2026-07-29``
cannot turn into something else unseen. Anchors, tags, merge keys and several documents
in a file are refused: a scenario says what it says where it says it.
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from jcurve.ground.errors import ScenarioError

__all__ = [
    "Entry",
    "Listing",
    "Node",
    "Place",
    "Table",
    "Text",
    "content_of",
    "from_python",
    "read",
    "read_value",
]

_MAX_BYTES = 2_000_000
_MAX_DEPTH = 12
_MAX_INTEGER = 10**300
_HARMLESS = 1_500  # levels that any thread's stack has room for
_INDENT = re.compile(r"^[ \t?:-]+", re.MULTILINE)
_SPECIAL = re.compile(r"[&*!]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written, for errors: a file and line, or an override.

    Attributes:
        origin: the file as seen from the project, or what was given (``--set``).
        line: counted from 1; None outside files.
        key: the assumption key, as far as known.
    """

    origin: str
    line: int | None = None
    key: str = ""

    def __str__(self) -> str:
        if self.line is None:
            return f"{self.origin} {self.key}".rstrip()
        return f"{self.origin}:{self.line}" + (f", {self.key}" if self.key else "")

    def at(self, line: int | None, key: str | None = None) -> Place:
        """The same origin at another line, and key when one is given."""
        return Place(self.origin, line, self.key if key is None else key)


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as written, None for an empty one; ``line`` as in :class:`Place`."""

    text: str | None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value`` of a table and the line of its key."""

    key: str
    value: Node
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping in the order written; no key occurs twice."""

    entries: tuple[Entry, ...]
    line: int | None = None

    def get(self, key: str) -> Entry | None:
        """The entry of ``key``."""
        return next((entry for entry in self.entries if entry.key == key), None)


@dataclass(frozen=True, slots=True)
class Listing:
    """A sequence."""

    items: tuple[Node, ...]
    line: int | None = None


Node: TypeAlias = Text | Table | Listing


def content_of(path: Path, origin: str) -> bytes:
    """What a file holds.

    Raises:
        ScenarioError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScenarioError(
            f"cannot read the scenario file: {error.strerror}", where=origin
        ) from error


def read(content: bytes, origin: str) -> Table:
    """The table that a file's content is.

    Args:
        content: UTF-8 text.
        origin: how errors name the file.

    Raises:
        ScenarioError: it is no YAML table, or uses a refused feature.
    """
    if len(content) > _MAX_BYTES:
        raise ScenarioError(
            "the scenario file is too large",
            where=origin,
            received=len(content),
            allowed=f"{_MAX_BYTES:,} bytes",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError("not UTF-8 text", where=f"{origin}:{line}") from error
    try:
        _guard(text, Place(origin))
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _as_scenario_error(error, origin) from error
    if not isinstance(root, yaml.MappingNode):
        raise ScenarioError(
            "a scenario file is a table", where=f"{origin}:1", allowed="lines such as 'name: base'"
        )
    return _table(root, Place(origin), set(), 0)


def read_value(text: str, place: Place) -> Node:
    """An override's text: a table or list in YAML's flow form, or the text itself.

    Raises:
        ScenarioError: it begins as a table or list and is none.
    """
    if not text.lstrip().startswith(("{", "[")):
        return Text(text)
    try:
        _guard(text, place)
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise ScenarioError(
            "not a table or list",
            where=str(place),
            received=text,
            allowed="such as {2026: 137500, 2027: 188000}",
        ) from error
    return Text(text) if root is None else _without_lines(_node(root, place, set(), 0))


def _guard(text: str, place: Place) -> None:
    """Refuse what is nested too deeply, and what this file does not use, before it is composed.

    The composer recurses in C: some 25,000 brackets would end the process without a word. Events
    come one after the other, so they can be counted. Most files can be seen to be harmless without
    that: their opening brackets and the widest indent bound the depth, and they hold no character
    that begins an anchor, an alias or a tag.

    Raises:
        ScenarioError: nested too deeply; an anchor, an alias or a tag, on a key as well.
    """
    widest = max(map(len, _INDENT.findall(text)), default=0)
    if text.count("[") + text.count("{") + widest < _HARMLESS and not _SPECIAL.search(text):
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        mark = event.start_mark
        here = str(place if mark is None else _at(place, mark.line + 1))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH + 2:  # the exact limit is told with its key, further on
                raise ScenarioError("nested too deeply", where=here)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if getattr(event, "anchor", None):
            raise ScenarioError(
                "anchors and aliases are not used in scenario files",
                where=here,
                allowed="the value itself",
            )
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            raise ScenarioError(
                "tags are not used in scenario files",
                where=here,
                received=tag,
                allowed="plain texts, tables and lists",
            )


def _without_lines(node: Node) -> Node:
    match node:
        case Text(text):
            return Text(text)
        case Listing(items):
            return Listing(tuple(_without_lines(item) for item in items))
        case Table(entries):
            return Table(tuple(Entry(e.key, _without_lines(e.value)) for e in entries))


def _as_scenario_error(error: yaml.YAMLError, origin: str) -> ScenarioError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "malformed"
    line = f":{mark.line + 1}" if mark is not None else ""
    return ScenarioError(f"not valid YAML ({problem})", where=f"{origin}{line}")


def _node(node: yaml.Node, place: Place, seen: set[int], depth: int) -> Node:
    line: int = node.start_mark.line + 1
    here = _at(place, line)
    # An alias gives the same node object a second time.
    if id(node) in seen:
        raise ScenarioError(
            "anchors and aliases are not used in scenario files",
            where=str(here),
            allowed="the value itself",
        )
    seen.add(id(node))
    if node.tag not in _TAGS:
        raise ScenarioError(
            "tags are not used in scenario files",
            where=str(here),
            received=node.tag,
            allowed="plain texts, tables and lists",
        )
    if depth > _MAX_DEPTH:
        raise ScenarioError("nested too deeply", where=str(here))
    if isinstance(node, yaml.MappingNode):
        return _table(node, place, seen, depth)
    if isinstance(node, yaml.SequenceNode):
        return Listing(tuple(_node(item, place, seen, depth + 1) for item in node.value), line)
    # Only a plain scalar can be empty; the two parsers spell its style differently.
    is_null = not getattr(node, "style", None) and node.value in _NULLS
    return Text(None if is_null else str(node.value), line)


def _at(place: Place, line: int) -> Place:
    """An override has no lines worth telling."""
    return place.at(line) if not place.key else place


def _table(node: yaml.MappingNode, place: Place, seen: set[int], depth: int) -> Table:
    entries: list[Entry] = []
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line: int = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise ScenarioError("a key is not a word", where=str(_at(place, line)))
        key = str(key_node.value)
        if key in lines:
            raise ScenarioError(
                "a key is given twice",
                where=str(_at(place, line)),
                received=key,
                allowed=f"once; first given on line {lines[key]}",
            )
        lines[key] = line
        entries.append(Entry(key, _node(value_node, place, seen, depth + 1), line))
    return Table(tuple(entries), node.start_mark.line + 1)


def from_python(value: object, place: Place, depth: int = 0) -> Node:
    """A Python value (number, text, bool, None, mapping, sequence) as a node without lines.

    Raises:
        ScenarioError: another type, or nested too deeply.
    """
    if depth > _MAX_DEPTH:
        raise ScenarioError("nested too deeply", where=str(place))
    if value is None or isinstance(value, str):
        return Text(value)
    if isinstance(value, bool):
        return Text("true" if value else "false")
    if isinstance(value, numbers.Integral):
        # Python refuses to spell out integers of thousands of digits.
        return Text(str(int(value)) if abs(int(value)) < _MAX_INTEGER else "inf")
    if isinstance(value, numbers.Real):
        return Text(repr(float(value)))
    if isinstance(value, Mapping):
        return _python_table(value, place, depth)
    if isinstance(value, list | tuple):
        return Listing(tuple(from_python(item, place, depth + 1) for item in value))
    raise ScenarioError(
        "not a value of an assumption",
        where=str(place),
        received=type(value).__name__,
        allowed="a number, text, a table by year or a list",
    )


def _python_table(value: Mapping[object, object], place: Place, depth: int) -> Table:
    entries: dict[str, Entry] = {}
    for key, item in value.items():
        name = str(key)
        if name in entries:
            raise ScenarioError("a key is given twice", where=str(place), received=name)
        entries[name] = Entry(name, from_python(item, place, depth + 1))
    return Table(tuple(entries.values()))
