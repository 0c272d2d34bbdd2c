"""A scenario file as written: texts, tables and lists, each with its line.

YAML here is only a way to write nested texts. What a text means is decided by the
assumption it is for and never by YAML, so ``on``, ``1:30``, ``017`` or ``2026-07-29``
cannot turn into something else unseen. Anchors, tags, merge keys and several documents
in a file are refused: a scenario says what it says where it says it.
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from jcurve.ground.errors import ScenarioError

if TYPE_CHECKING:
    import yaml

_MAX_BYTES = 2_000_000
_MAX_DEPTH = 12
_MAX_INTEGER = 10**300
_HARMLESS = 1_500  # levels that any thread's stack has room for
_INDENT = re.compile(r"^[ \t?:-]+", re.MULTILINE)
_SPECIAL = re.compile(r"[&*!]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written, for errors: a file and line, or an override."""

    origin: str  # the file as seen from the project, or what was given (``--set``)
    line: int | None = None  # counted from 1; None outside files
    key: str = ""  # the assumption key, as far as known

    def __str__(self) -> str:
        if self.line is None:
            return f"{self.origin} {self.key}".rstrip()
        return f"{self.origin}:{self.line}" + (f", {self.key}" if self.key else "")

    def at(self, line: int | None, key: str | None = None) -> Place:
        """The same origin at another line, and key when one is given."""
        return Place(self.origin, line, self.key if key is None else key)

    def error(
        self,
        what: str,
        received: object = None,
        allowed: str | None = None,
        suggestion: str | None = None,
    ) -> ScenarioError:
        """A refusal of what stands here, to be raised."""
        return ScenarioError(
            what, where=str(self), received=received, allowed=allowed, suggestion=suggestion
        )

    def unknown(
        self, what: str, word: object, known: Iterable[str], allowed: str | None = None
    ) -> ScenarioError:
        """The refusal of a word that is none of those known, as ``not_among`` says it."""
        return ScenarioError.not_among(what, word, known, where=str(self), allowed=allowed)


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value`` of a table and the line of its key, as in :class:`Place`."""

    key: str
    value: Node
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping in the order written; no key occurs twice."""

    entries: tuple[Entry, ...]

    def get(self, key: str) -> Entry | None:
        """The entry of ``key``."""
        return next((entry for entry in self.entries if entry.key == key), None)


Node: TypeAlias = "str | Table | tuple[Node, ...] | None"
"""A text as written, None for an empty one; a table; a list."""


def content_of(path: Path, origin: str) -> bytes:
    """What a file holds; a ScenarioError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        what = f"cannot read the scenario file: {error.strerror}"
        raise Place(origin).error(what) from error


def read(content: bytes, origin: str) -> Table:
    """The table that a file's content is.

    Args:
        content: UTF-8 text.
        origin: how errors name the file.
    """
    import yaml

    place = Place(origin)
    if len(content) > _MAX_BYTES:
        allowed = f"{_MAX_BYTES:,} bytes"
        raise place.error("the scenario file is too large", len(content), allowed)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise place.at(line).error("not UTF-8 text") from error
    try:
        _guard(text, place)
        root = yaml.compose(text, Loader=_loader())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "malformed"
        raise place.at(_line(place, mark)).error(f"not valid YAML ({problem})") from error
    if not isinstance(root, yaml.MappingNode):
        raise place.at(1).error("a scenario file is a table", None, "lines such as 'name: base'")
    return _table(root, place, 0)


def read_value(text: str, place: Place) -> Node:
    """An override's text: a table, a list or a quoted text as YAML writes them, or itself."""
    if not text.lstrip().startswith(("{", "[", '"', "'")):
        return text
    import yaml

    try:
        _guard(text, place)
        root = yaml.compose(text, Loader=_loader())
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        example = "such as {2026: 137500, 2027: 188000}"
        raise place.error("not a table or list", text, example) from error
    return text if root is None else _node(root, place, 0)


def _loader() -> type[yaml.SafeLoader]:
    import yaml

    found: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return found


def _guard(text: str, place: Place) -> None:
    """Refuse deep nesting, anchors, aliases and tags, on keys as well, before it is composed.

    The composer recurses in C: some 25,000 brackets would end the process without a word. Events
    come one after the other, so they can be counted. Most files can be seen to be harmless without
    that: their opening brackets and the widest indent bound the depth, and they hold no character
    that begins an anchor, an alias or a tag.
    """
    import yaml

    widest = max(map(len, _INDENT.findall(text)), default=0)
    if text.count("[") + text.count("{") + widest < _HARMLESS and not _SPECIAL.search(text):
        return
    depth = 0
    for event in yaml.parse(text, Loader=_loader()):
        here = place.at(_line(place, event.start_mark))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH + 2:  # the exact limit is told with its key, further on
                raise here.error("nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if getattr(event, "anchor", None):
            what = "anchors and aliases are not used in scenario files"
            raise here.error(what, None, "the value itself")
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            what = "tags are not used in scenario files"
            raise here.error(what, tag, "plain texts, tables and lists")


def _line(place: Place, mark: Any) -> int | None:
    """The line of a mark in a file; an override, whose place has a key, has no lines to tell."""
    return None if mark is None or place.key else mark.line + 1


def _node(node: yaml.Node, place: Place, depth: int) -> Node:
    import yaml

    if depth > _MAX_DEPTH:
        raise place.at(_line(place, node.start_mark)).error("nested too deeply")
    if isinstance(node, yaml.MappingNode):
        return _table(node, place, depth)
    if isinstance(node, yaml.SequenceNode):
        return tuple(_node(item, place, depth + 1) for item in node.value)
    # Only a plain scalar can be empty; the two parsers spell its style differently.
    is_null = not getattr(node, "style", None) and node.value in _NULLS
    return None if is_null else str(node.value)


def _table(node: yaml.MappingNode, place: Place, depth: int) -> Table:
    import yaml

    entries: list[Entry] = []
    first: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = _line(place, key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            raise place.at(line).error("a key is not a word")
        key = str(key_node.value)
        if key in first:
            allowed = f"once; first given on line {first[key]}"
            raise place.at(line).error("a key is given twice", key, allowed)
        first[key] = key_node.start_mark.line + 1
        entries.append(Entry(key, _node(value_node, place, depth + 1), line))
    return Table(tuple(entries))


def from_python(value: object, place: Place, depth: int = 0) -> Node:
    """A Python value (number, text, bool, None, mapping, sequence) as a node without lines."""
    if depth > _MAX_DEPTH:
        raise place.error("nested too deeply")
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        # Python refuses to spell out integers of thousands of digits.
        return str(int(value)) if abs(int(value)) < _MAX_INTEGER else "inf"
    if isinstance(value, numbers.Real):
        return repr(float(value))
    if isinstance(value, Mapping):
        entries: dict[str, Entry] = {}
        for key, item in value.items():
            name = str(key)
            if name in entries:
                raise place.error("a key is given twice", name)
            entries[name] = Entry(name, from_python(item, place, depth + 1))
        return Table(tuple(entries.values()))
    if isinstance(value, list | tuple):
        return tuple(from_python(item, place, depth + 1) for item in value)
    allowed = "a number, text, a table by year or a list"
    raise place.error("not a value of an assumption", type(value).__name__, allowed)
