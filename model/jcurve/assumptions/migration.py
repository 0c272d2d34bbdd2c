"""Files of an earlier schema in the present one, exactly or not at all.

Exact mappings are made; what has no exact successor is kept as a comment with the reason; the rest
stays as it was written, comments included.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from jcurve.assumptions.nodes import Entry, Place, Table, content_of, read
from jcurve.assumptions.retired import SCHEMA, Retired, exactly, refusal, rest_of_one, retired
from jcurve.assumptions.scenario_files import available, read_scenario
from jcurve.ground.errors import UsageError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project, find_project
from jcurve.ground.quarters import LAST_QUARTER

_GEOMETRIC, _LINEAR = ("compute.list_price", "power.per_compute"), "between: linear"
"""Paths that the base scenario carries on geometrically now; a table of schema 1 was linear."""

_GROWTH, _GUIDED = "costs.core_growth", "costs.guided_through"
"""A path that counted to the horizon and now ends where guidance does, unless that is moved."""

_REGIONS = "advertising.volume_growth."  # Keys that only shift growth between regions now


@dataclass
class Conversion:
    """A file of an earlier schema, and what replaces some of its lines in the present one."""

    lines: list[str]
    origin: str
    moved: list[tuple[str, str]] = field(default_factory=list)  # key, what it became, exact
    # key, successor and reason of what stands as a comment now
    dropped: list[tuple[str, str]] = field(default_factory=list)
    # key, what to look at of what is read otherwise than it was
    noted: list[tuple[str, str]] = field(default_factory=list)
    # by the first line: the end and the new lines
    replaced: dict[int, tuple[int, list[str]]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The file in the present schema."""
        out: list[str] = []
        at = 0
        while at < len(self.lines):
            at, lines = self.replaced.get(at, (at + 1, [self.lines[at]]))
            out += lines
        return "\n".join(out)


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of a file."""

    file: FilePath
    conversion: Conversion  # what was converted
    diff: str  # from the file as it was, as ``diff -u`` writes it; empty where nothing changes
    written: bool  # whether the file holds the result now


def migrate(
    what: str, project: Project | str | FilePath | None = None, *, dry_run: bool = False
) -> Migrated:
    """Convert a scenario file, or the schedule, to the present keys.

    Args:
        what: the name of a scenario of the project, or a file.
        project: whose scenarios are meant; found from here when None.
        dry_run: write nothing.

    Raises:
        UsageError: there is no such file, or it is of another kind.
        ScenarioError: it cannot be converted, or the result does not validate; nothing is
            written.
        WriteError: it cannot be written.
    """
    home = find_project(project)
    path = home.scenarios / f"{what}.yml" if what in available(home) else FilePath(what)
    if path.is_dir() or path.suffix == ".xlsx":
        raise UsageError(
            "a workbook is converted as it is read back"
            if path.suffix == ".xlsx"
            else "an edition keeps what it printed",
            received=what,
            allowed="'jcurve adopt FILE.xlsx' for a workbook, 'jcurve diff' for an edition",
        )
    if not path.is_file():
        names = available(home)
        raise UsageError.not_among("neither a scenario nor a file", what, names)
    origin = path.name if path.parent != home.scenarios else f"data/scenarios/{path.name}"
    content = content_of(path, origin)
    is_schedule = read(content, origin).get("schedules") is not None
    before = content.decode("utf-8-sig").replace("\r\n", "\n")
    made = (convert_overrides if is_schedule else convert)(before, origin)
    converted = made.text
    if converted != before and not is_schedule:
        read_scenario(path.stem, converted, home)
    old, new = (text.splitlines(keepends=True) for text in (before, converted))
    diff = "".join(difflib.unified_diff(old, new, origin, f"{origin} (schema {SCHEMA})"))
    if diff and not dry_run:
        if path.parent == home.scenarios:
            home.own()
        write_file(path, converted)
    return Migrated(path, made, diff, bool(diff) and not dry_run)


def convert(text: str, origin: str) -> Conversion:
    """A scenario file of schema 1, or of none stated, in the present schema."""
    root = read(text.encode(), origin)
    if root.get("extends") is None:
        allowed = "the base scenario of this version, and yours as one that extends it"
        raise Place(origin).error("a base scenario is not converted", None, allowed)
    edits = Conversion(text.split("\n"), origin)
    older = _set_schema(root, edits)
    table = root.get("assumptions")
    entries = table.value.entries if table is not None and isinstance(table.value, Table) else ()
    for entry, span in _spans(entries, edits):
        if retired(entry.key) is not None:
            _convert_entry(entry, span, edits)
        elif older:
            _note(entry, span, edits)
    return edits


def _set_schema(root: Table, edits: Conversion) -> bool:
    """State the present schema; whether it was another, or none."""
    stated = root.get("schema")
    if stated is None or stated.line is None:
        edits.replaced[0] = (1, [f"schema: {SCHEMA}", edits.lines[0]])
        return True
    value = stated.value if isinstance(stated.value, str) else None
    if value not in ("1", str(SCHEMA)):
        place = Place(edits.origin, stated.line)
        raise place.error("unknown schema", value, f"1 or {SCHEMA}")
    if value == str(SCHEMA):
        return False
    at = stated.line - 1
    edits.replaced[at] = (at + 1, [re.sub(r"\b1\b", str(SCHEMA), edits.lines[at], count=1)])
    return True


def _spans(entries: Sequence[Entry], edits: Conversion) -> Iterator[tuple[Entry, tuple[int, int]]]:
    """Each entry with its lines, counted from 0; what follows it as a comment is not its own."""
    starts = [entry.line - 1 for entry in entries if entry.line is not None]
    for entry, first, after in zip(entries, starts, [*starts, len(edits.lines)][1:], strict=True):
        if first == after:
            place = Place(edits.origin, first + 1, entry.key)
            raise place.error("two entries on one line", None, "each key on a line of its own")
        last = after
        while last > first + 1 and re.fullmatch(r"\s*(#.*)?", edits.lines[last - 1]):
            last -= 1
        yield entry, (first, last)


def _convert_entry(entry: Entry, span: tuple[int, int], edits: Conversion) -> None:
    first, last = span
    lines = edits.lines[first:last]
    margin = _margin(lines[0])
    found = retired(entry.key)
    assert found is not None
    fields = {each.key: each for each in getattr(entry.value, "entries", ())}
    value = fields["value"].value if "value" in fields else None
    exact = exactly(found, entry.key, value)
    others = _other_fields(fields, found)
    if exact is None or others is None:
        reason = f"{found.why}; {f'see {found.successor}' if found.successor else 'no successor'}"
        edits.dropped.append((entry.key, reason))
        kept = [f"{margin}# {line.removeprefix(margin)}".rstrip() for line in lines]
        edits.replaced[first] = (last, [f"{margin}# gone: {reason}", *kept])
        return
    edits.moved.append((entry.key, ", ".join(f"{key}: {text}" for key, text in exact)))
    made = [line for line in lines if line.lstrip().startswith("#")]
    for key, text in exact:
        made += [f"{margin}{key}:", f"{margin}  value: {text}"]
        made += [f"{margin}  {line}" for line in others]
    edits.replaced[first] = (last, made)


def _other_fields(fields: Mapping[str, Entry], found: Retired) -> list[str] | None:
    """The fields beside the value as lines, the ends of a range turned round with it; None where
    one does not go over."""
    swapped = {"low": "high", "high": "low"} if found.exact is rest_of_one else {}
    lines = []
    for name, entry in fields.items():
        node = entry.value
        if name == "value":
            continue
        factor = isinstance(node, Table) and node.get("factor") is not None
        if name in swapped and not factor and (turned := rest_of_one(node)) is not None:
            lines.append(f"{swapped[name]}: {turned[0][1]}")
        elif name not in _SAME:
            return None
        elif isinstance(node, tuple):
            texts = (item or "" for item in node if item is None or isinstance(item, str))
            lines.append(f"{name}: [{', '.join(texts)}]")
        elif not isinstance(node, Table):
            lines.append(f"{name}: {_quoted(node or '')}")
    return lines


_SAME = ("why", "kind", "source", "as_of", "between")
"""Fields that do not depend on how a value is stated."""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if not re.fullmatch(r"[\w.-]+", text) else text


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _note(entry: Entry, span: tuple[int, int], edits: Conversion) -> None:
    """An entry that stays, and is read otherwise than it was."""
    first, last = span
    lines = edits.lines[first:last]
    names = [each.key for each in getattr(entry.value, "entries", ())]
    if entry.key in _GEOMETRIC and "value" in names and "between" not in names:
        if last == first + 1:  # written in one line
            lines = [re.sub(r"\}\s*$", f", {_LINEAR}}}", lines[0])]
        else:
            lines = [*lines, f"{_margin(lines[1])}{_LINEAR}"]
        edits.moved.append((entry.key, _LINEAR))
    elif entry.key.startswith(_GROWTH):
        if any(key == _GUIDED for key, _ in edits.moved):
            return
        margin = _margin(lines[0])
        whole = f'{{value: {LAST_QUARTER}, why: "Growth of core cost is stated for every year."}}'
        lines = [f"{margin}{_GUIDED}: {whole}", *lines]
        edits.moved.append((_GUIDED, LAST_QUARTER))
    elif entry.key.startswith(_REGIONS):
        note = "only differences between regions count now; the total follows market.growth"
        lines = [f"{_margin(lines[0])}# {note}", *lines]
        edits.noted.append((entry.key, note))
    else:
        return
    edits.replaced[first] = (last, lines)


def convert_overrides(text: str, origin: str) -> Conversion:
    """A schedule with the overrides of its entries in the present keys."""
    edits = Conversion(text.split("\n"), origin)
    schedules = read(text.encode(), origin).get("schedules")
    for schedule in getattr(schedules.value if schedules else None, "entries", ()):
        given = schedule.value.get("overrides") if isinstance(schedule.value, Table) else None
        for entry in getattr(given.value if given else None, "entries", ()):
            _convert_override(entry, edits)
    return edits


def _convert_override(entry: Entry, edits: Conversion) -> None:
    found = retired(entry.key)
    if found is None:
        return
    exact = exactly(found, entry.key, entry.value)
    if exact is None or len(exact) != 1 or entry.line is None:
        error = refusal(entry.key, entry.value, Place(edits.origin, entry.line))
        assert error is not None
        raise error
    at = entry.line - 1
    _, lines = edits.replaced.get(at, (at + 1, [edits.lines[at]]))
    (key, value), old = exact[0], re.escape(entry.key)
    written = re.escape(entry.value) if isinstance(entry.value, str) else ""
    pattern = rf"([\"']?){old}\1\s*:\s*([\"']?){written}\2"
    edits.replaced[at] = (at + 1, [re.sub(pattern, f"{key}: {value}", lines[0], count=1)])
    edits.moved.append((entry.key, f"{key}: {value}"))
