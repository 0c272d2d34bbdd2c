"""An edited workbook as a scenario: what differs, why, and what could not be taken over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

import jcurve
from jcurve.assumptions import Difference, Path, Scenario, compare, save, scenario
from jcurve.assumptions.nodes import Place, read_value
from jcurve.assumptions.paths import BETWEEN, Between, Period, Value
from jcurve.assumptions.retired import exactly, retired
from jcurve.assumptions.scenario_files import new_path, scenario_name
from jcurve.ground.errors import ScenarioError
from jcurve.ground.project import Where
from jcurve.ground.quarters import FIRST_QUARTER, Quarter
from jcurve.workbook.grid import NEVER
from jcurve.workbook.workbook_reader import (
    DatedCell,
    Reading,
    edited_elsewhere,
    opened,
    read_inputs,
)

_CHANGE = re.compile(r"(?P<key>.+)\.(?P<part>date|life)\.(?P<slot>[0-9]+)\Z")
_CLOSE, _NOTHING = 1e-12, 1e-15
_THOUSAND = "a bare number 1,000 times"


@dataclass(frozen=True, slots=True)
class Adoption:
    """What became of a workbook: the scenario that it was written from, as it is now, and the same
    with the workbook's inputs; those by key, as overrides are written, and as differences; the keys
    whose cells were edited after it was written, and the cells edited elsewhere, which are not
    adopted; what else a reader should know; and the scenario's file, None when nothing was
    written."""

    file: str
    parent: Scenario
    state: Scenario
    changes: Mapping[str, str]
    differences: tuple[Difference, ...]
    edited: frozenset[str]
    formulas: tuple[str, ...]
    notes: tuple[str, ...]
    path: FilePath | None = None

    def as_data(self) -> dict[str, object]:
        """The same for a machine."""
        shown = ("key", "before", "after", "unit")
        return {
            "workbook": self.file,
            "extends": self.parent.name,
            "file": None if self.path is None else str(self.path),
            "hash": self.state.hash,
            "changes": [
                {name: getattr(each, name) for name in shown} | {"edited": each.key in self.edited}
                for each in self.differences
            ],
            "edited_elsewhere": list(self.formulas),
            "notes": list(self.notes),
        }


def adopt(file: str | FilePath, name: str | None = None, *, project: Where = None) -> Adoption:
    """Write the inputs of a workbook as a scenario that extends the one it was written from.

    Args:
        file: a workbook written by :func:`jcurve.workbook.write`, edited or not.
        name: of the new scenario; made from the file's name when None.
        project: where scenarios are.

    Returns:
        What was adopted. Nothing is written when no input differs from the scenario's.

    Raises:
        ScenarioError: the workbook is damaged or from a newer program, an input does not
            validate, or the name is taken.
        WriteError: the scenario's file cannot be written.
    """
    source = FilePath(file)
    chosen = scenario_name(name if name is not None else _slug(source.stem))
    if new_path(chosen, project).exists():
        raise ScenarioError(
            "a scenario of this name exists", received=chosen, allowed="another one with --as NAME"
        )
    found = state_of(source, project=project)
    if not found.changes:
        return found
    own = [note.removeprefix(_WHY) for note in found.notes if note.startswith(_WHY)]
    reasons = " ".join([f"Inputs of the workbook {found.file}.", *own])
    path = save(
        chosen, found.state, found.parent, found.changes, reasons,
        title=f"{found.parent.title}, from {source.name}", project=project,
    )  # fmt: skip
    return replace(found, path=path)


def state_of(file: str | FilePath, *, project: Where = None) -> Adoption:
    """The inputs of a workbook against the scenario that it was written from; nothing is
    written. See :func:`adopt`."""
    source = FilePath(file)
    with opened(source) as book:
        reading = read_inputs(book, source.name)
    parent = scenario(str(reading.record.head.get("scenario", "")), project=project)
    taken = _Taken(reading, parent)
    changes = taken.changes()
    state = taken.apply(changes)
    with opened(source) as book:
        formulas = edited_elsewhere(book, reading)
    return Adoption(
        file=reading.file,
        parent=parent,
        state=state,
        changes=changes,
        differences=compare(parent, state),
        edited=frozenset(taken.edited),
        formulas=formulas,
        notes=tuple(taken.notes),
    )


def _slug(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:64] or "adopted"


_WHY = "reason: "


class _Taken:
    """The inputs of a workbook, compared with what was written and with the scenario now."""

    def __init__(self, reading: Reading, parent: Scenario) -> None:
        self.reading, self.parent = reading, parent
        self.edited: set[str] = set()
        self.notes: list[str] = []
        self._cells: dict[str, str] = {}
        head = reading.record.head
        if head.get("version") != jcurve.__version__:
            self.notes.append(f"written by version {head.get('version')}")
        if head.get("hash") != parent.hash:
            self.notes.append(
                f"{parent.name} has other values now than when the workbook was written, or "
                "overrides were set; the workbook's values are kept"
            )

    def changes(self) -> dict[str, str]:
        """Each key whose value in the workbook is not the scenario's, as an override."""
        known: set[str] = set()
        texts: dict[str, str] = {}
        gone: dict[str, list[str]] = {}
        for written, text in (*self._single().items(), *self._paths()):
            key, text, successor = self._present(written, text)
            known.add(key)
            item = self.parent.assumptions.get(key)
            if item is None:
                gone.setdefault(successor, []).append(key)
            elif item.derived:
                self.notes.append(f"{key} is now what a mix leaves; its value is dropped")
            else:
                texts[key] = text
        for successor, keys in gone.items():
            then = f"; see {successor}" if successor else ""
            self.notes.append(f"gone, their values are dropped{then}: {', '.join(keys)}")
        for key, item in self.parent.assumptions.items():
            if key not in known and not item.derived:
                self.notes.append(f"{key} is new since the workbook was written")
        state, now = self.apply(texts, insist=True), self.parent
        return {
            key: self._unusual(key, text)
            for key, text in texts.items()
            if not _alike(state[key].value, now[key].value)
        }

    def _present(self, key: str, text: str) -> tuple[str, str, str]:
        """An input under its present key: key, value, and for one that is gone its successor.

        Raises:
            ScenarioError: it was edited and nothing says exactly the same now.
        """
        if key in self.parent or (found := retired(key)) is None:
            return key, text, ""
        node = read_value(text, Place(self.reading.file, None, key))
        if exact := exactly(found, key, node):
            (present, value), *_ = exact
            self.edited |= {present} if key in self.edited else set()
            self._cells[present] = self._cells[key]
            return present, value, ""
        if key in self.edited:
            raise ScenarioError(
                f"an edited input that is gone: {found.why}",
                where=f"{self.reading.file}, {self._cells[key]}",
                received=key,
                allowed=found.successor or "its value as the workbook was written",
            )
        return key, text, found.successor

    def apply(self, changes: Mapping[str, str], insist: bool = False) -> Scenario:
        """The scenario with the workbook's inputs; of any size if they ``insist``.

        Raises:
            ScenarioError: they do not validate; the error names the cell.
        """
        try:
            return self.parent.with_overrides(changes, origin=self.reading.file, insist=insist)
        except ScenarioError as error:
            cell = next(
                (c for key, c in self._cells.items() if error.where and key in error.where.split()),
                None,
            )
            if cell is None:
                raise
            raise ScenarioError(
                error.what,
                where=f"{self.reading.file}, {cell}",
                received=error.received,
                allowed=error.allowed,
                suggestion=error.suggestion,
            ) from error

    def _single(self) -> dict[str, str]:
        """What the cells of *Drivers* and *Inputs* hold; two of them are one change of a list."""
        texts: dict[str, str] = {}
        lists: dict[str, dict[int, dict[str, float | str]]] = {}
        for written, before in self.reading.record.values.items():
            cell, found = self.reading.inputs[written], _CHANGE.match(written)
            key = found["key"] if found else written
            self._cells.setdefault(key, cell.where)
            self._edit(key, before, cell.value)
            if cell.why:
                self.notes.append(f"{_WHY}{written}: {cell.why}")
            texts[key] = _text(cell.value)
            if found:
                slots = lists.setdefault(key, {})
                slots.setdefault(int(found["slot"]), {})[found["part"]] = cell.value
        for key, slots in lists.items():
            changes = [slots[slot] for slot in sorted(slots) if slots[slot]["date"] != NEVER]
            inner = (f"{_text(each['date'])}: {_text(each['life'])}" for each in changes)
            texts[key] = f"{{{', '.join(inner)}}}"
        return texts

    def _paths(self) -> Iterator[tuple[str, str]]:
        for key, path in self.reading.record.paths.items():
            cells = self.reading.dated[key]
            self._cells[key] = next(iter(cells.where.values()))
            yield key, self._path(key, path, cells)

    def _path(self, key: str, path: Mapping[str, Any], cells: DatedCell) -> str:
        stated: dict[str, float] = {}
        for label, value in cells.stated.items():
            if not isinstance(value, float):
                raise ScenarioError(
                    "not a number",
                    where=f"{self.reading.file}, {cells.where[label]}",
                    received=value,
                    allowed="a number in the unit of the row",
                )
            stated[label] = value
        points = {str(label): float(value) for label, value in path["points"]}
        kept = {label: stated.get(label, value) for label, value in points.items()}
        for label, value in kept.items():
            self._edit(key, points[label], value, cells.where.get(label))
        by: Period = "year" if path["by"] == "year" else "quarter"
        between: Between = path["between"] if path["between"] in BETWEEN else "linear"
        made = Path(by, between, tuple(sorted((_period(n, by), v) for n, v in kept.items())))
        now = self.parent.assumptions.get(key)
        if now is not None and isinstance(now.value, Path) and now.value.between != between:
            self.notes.append(f"{key} is now {now.value.between} between its dates")
        for label, value in stated.items():
            # A cell of a whole row stands for its first quarter at the timeline's start.
            if label not in kept and not _close(made.at(_period(label, by)), value):
                self._edit(key, None, value, cells.where[label])
                made = made.with_point(_period(label, by), value)
        inner = ", ".join(f"{made.label(period)}: {_text(value)}" for period, value in made.points)
        return f"{{{inner}}}"

    def _edit(
        self, key: str, before: float | str | None, after: float | str, cell: str | None = None
    ) -> None:
        if not _alike(before, after):
            self.edited.add(key)
            if cell is not None:
                self._cells[key] = cell

    def _unusual(self, key: str, text: str) -> str:
        """A number of an unbelievable size is taken as meant, and told."""
        try:
            self.parent.with_overrides({key: text}, origin=self.reading.file)
        except ScenarioError as error:
            if not error.what.startswith(_THOUSAND):
                return text  # told with all changes together
            unit = self.parent[key].unit
            self.notes.append(f"{key}: {error.what}; taken as it is")
            return re.sub(r"(?<=: )[^,{}\[\]]+|\A[^{\[].*\Z", lambda m: f"{m[0]} {unit}", text)
        return text


def _alike(one: Value | str | None, other: Value | str) -> bool:
    """Whether two values are the same but for what a program rounds."""
    if isinstance(one, Path) and isinstance(other, Path):
        pairs = zip(one.over().tolist(), other.over().tolist(), strict=True)
        return one.by == other.by and all(_close(a, b) for a, b in pairs)
    if isinstance(one, float) and isinstance(other, float):
        return _close(one, other)
    return one == other


def _period(label: str, by: str) -> int:
    return int(label) if by == "year" else Quarter(label) - FIRST_QUARTER


def _text(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= _CLOSE * max(abs(one), abs(other)) + _NOTHING
