"""Where finished draws go: a store in memory, and one in a folder.

``reports/simulations/<scenario>-<id>/`` holds ``simulation.json`` (what the simulation is),
``part-*.parquet`` while it runs, then ``draws.parquet`` and ``summary.json``. A part is
written whole or not at all, so whatever ends a run, the parts that are there can be trusted.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jcurve.analysis.question import Array
from jcurve.analysis.sampling import FIRST, DrawRange, Plan, units
from jcurve.ground.errors import UsageError
from jcurve.ground.files import make_folder, replacing, write_file, write_json
from jcurve.ground.project import Project
from jcurve.ground.provenance import inputs, model_source

if TYPE_CHECKING:
    import pyarrow as pa

_SCHEMA = 1
_MANIFEST, _DRAWS, _SUMMARY = "simulation.json", "draws.parquet", "summary.json"
_PART = re.compile(r"part-(\d+)-(\d+)-(\d+)\.parquet")
_ROW_GROUP = 1 << 15


@dataclass(frozen=True, slots=True)
class Block:
    """The finished draws of a unit."""

    unit: DrawRange  # which draws
    # (count,) by name: each output, a line by year as one column a year (``net_cash:2030``), and
    # ``valid``, 1 where the draw keeps the rules between assumptions. Outputs of other draws are
    # NaN.
    columns: Mapping[str, Array]


def by_scramble(store: Store, plan: Plan, name: str) -> list[Array]:
    """A column of a finished simulation, one part a scramble."""
    return [store.column(name, each, 1 << plan.level) for each in range(plan.scrambles)]


class MemoryStore:
    """Blocks in memory: for small simulations and for tests. Takes finished blocks in any order and
    gives columns back in the order of the draws."""

    def __init__(self) -> None:
        self._identity: Mapping[str, Any] | None = None
        self._blocks: dict[DrawRange, Mapping[str, Array]] = {}

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> frozenset[DrawRange]:
        """Make ready; the units that are there already."""
        if not resume:
            self._blocks = {}
        elif self._identity != identity:
            raise UsageError("another simulation is held here", allowed="the same, or a new store")
        self._identity = identity
        return frozenset(self._blocks)

    def put(self, block: Block) -> None:
        """Keep a block."""
        self._blocks[block.unit] = block.columns

    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(next(iter(self._blocks.values()), {}))

    def column(self, name: str, scramble: int, count: int) -> Array:
        """A column of the first ``count`` draws of one scramble."""
        return np.concatenate(
            [self._blocks[unit][name] for unit in ordered(self._blocks, scramble, count)]
        )


def ordered(
    units: Iterable[DrawRange], scramble: int, count: int, *, since: int = 0
) -> list[DrawRange]:
    """The units that make up draws ``since`` to ``count`` of a scramble, in order."""
    mine = {(unit.start, unit.count): unit for unit in units if unit.scramble == scramble}
    chain: list[DrawRange] = []
    at = since
    while at < count:
        # A shorter run leaves a first unit that a longer one has again, only longer.
        fitting = [size for start, size in mine if start == at and start + size <= count]
        if not fitting:
            raise UsageError(
                "a simulation that is not finished", received=f"{at:,} of {count:,} draws"
            )
        chain.append(mine[at, max(fitting)])
        at += max(fitting)
    return chain


def folder_for(project: Project, identity: Mapping[str, Any]) -> Path:
    """Where a simulation of a project lies: one folder for each that differs in anything."""
    text = json.dumps(identity, sort_keys=True, ensure_ascii=False)
    name = f"{identity['scenario']}-{sha256(text.encode()).hexdigest()[:12]}"
    return project.reports / "simulations" / name


class FolderStore:
    """The same in a folder. Results are kept to the last bit, lines by year as 32-bit numbers."""

    def __init__(self, folder: Path, project: Project) -> None:
        self.folder = folder
        self.draws, self.summary = folder / _DRAWS, folder / _SUMMARY  # the finished files
        self._project = project
        self._parts: dict[DrawRange, Path] = {}
        self._level: int | None = None
        self._cached: tuple[str, Array] | None = None

    @property
    def kept(self) -> int:
        """Draws that are finished."""
        return sum(unit.count for unit in self._parts)

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> frozenset[DrawRange]:
        """Make ready; the units that are there already."""
        # What it rests on beside its scenario: the model's source and the data.
        rests_on = {"model": model_source(), "data": inputs(self._project)}
        manifest = {"schema": _SCHEMA, "identity": dict(identity), "made_with": rests_on}
        path = self.folder / _MANIFEST
        if not resume:
            make_folder(self.folder)
            same = path.is_file() and json.loads(path.read_text(encoding="utf-8")) == manifest
            # A finished file that would come out the same stays until the new one replaces it.
            finished = () if same else (self.draws, self.summary)
            for old in (*self.folder.glob("part-*.parquet"), *finished):
                old.unlink(missing_ok=True)
            self._parts, self._level = {}, None
            write_json(path, manifest)
            return frozenset()
        self._check(path, manifest)
        self._parts = {
            DrawRange(*(int(part) for part in found.groups())): file
            for file in self.folder.glob("part-*.parquet")
            if (found := _PART.fullmatch(file.name)) is not None
        }
        if not self.draws.is_file():
            return frozenset(self._parts)
        scrambles = int(identity["scrambles"])
        self._level = _level(self.draws, scrambles)
        return frozenset(self._parts) | frozenset(units(self._level, scrambles))

    def put(self, block: Block) -> None:
        import pyarrow.parquet as pq

        unit = block.unit
        path = self.folder / f"part-{unit.scramble:03d}-{unit.start:010d}-{unit.count}.parquet"
        buffer = io.BytesIO()
        pq.write_table(_block_table(block), buffer, compression="zstd")
        write_file(path, buffer.getvalue(), durable=False)
        self._parts[unit] = path

    def names(self) -> tuple[str, ...]:
        import pyarrow.parquet as pq

        file = self.draws if self._level is not None else next(iter(self._parts.values()), None)
        if file is None:
            return ()
        names = pq.read_schema(file).names
        return tuple(name for name in names if name not in ("scramble", "number"))

    def column(self, name: str, scramble: int, count: int) -> Array:
        parts: list[Array] = []
        level, have = self._level, self._finished(count)
        if level is not None and have:
            if self._cached is None or self._cached[0] != name:
                self._cached = name, _column(self.draws, name)
            at = scramble << level
            parts.append(self._cached[1][at : at + have])
        parts += [_column(part, name) for part in self._beyond(have, scramble, count)]
        return np.concatenate(parts)

    def gather(self, level: int, scrambles: int) -> None:
        """Put the draws of all scrambles into one file and drop the parts."""
        if level != self._level:
            with replacing(self.draws) as temporary:
                _write(temporary, self._tables(1 << level, scrambles))
        for part in self._parts.values():
            part.unlink(missing_ok=True)
        self._parts, self._level, self._cached = {}, level, None

    def summarise(self, summary: object) -> None:
        """Write what the draws say beside them."""
        write_json(self.summary, summary)

    def _finished(self, count: int) -> int:
        """How many of the first ``count`` draws of a scramble the finished file gives.

        One with less than a first unit is only good for itself: a longer simulation has that
        unit again.
        """
        if self._level is None or (1 << self._level) < min(count, FIRST):
            return 0
        return min(count, 1 << self._level)

    def _beyond(self, have: int, scramble: int, count: int) -> list[Path]:
        """The parts with the draws of a scramble that the finished file does not give."""
        if have >= count:
            return []
        rest = [unit for unit in self._parts if unit.start >= have]
        return [self._parts[unit] for unit in ordered(rest, scramble, count, since=have)]

    def _tables(self, count: int, scrambles: int) -> Iterator[pa.Table]:
        """The first ``count`` draws of each scramble, one scramble after another."""
        import pyarrow.parquet as pq

        have = self._finished(count)
        older = pq.read_table(self.draws) if have else None
        for scramble in range(scrambles):
            if older is not None and self._level is not None:
                yield older.slice(scramble << self._level, have)
            for part in self._beyond(have, scramble, count):
                yield pq.read_table(part)

    def _check(self, path: Path, manifest: Mapping[str, Any]) -> None:
        if not path.is_file():
            raise UsageError(
                "no simulation to resume",
                where=str(self.folder),
                allowed="the same without --resume",
            )
        held = json.loads(path.read_text(encoding="utf-8"))
        for part, what in (
            ("identity", "another simulation is here"),
            ("made_with", "the model or its data have changed since this simulation began"),
        ):
            if held.get(part) != manifest[part]:
                raise UsageError(what, where=str(self.folder), allowed="the same without --resume")


Store: TypeAlias = MemoryStore | FolderStore


def _block_table(block: Block) -> pa.Table:
    import pyarrow as pa

    unit = block.unit
    columns: dict[str, Any] = {
        "scramble": np.full(unit.count, unit.scramble, dtype=np.int16),
        "number": np.arange(unit.start, unit.start + unit.count, dtype=np.int32),
    }
    for name, values in block.columns.items():
        by_year = name.rpartition(":")[2].isdecimal()
        columns[name] = values.astype(np.float32) if by_year else values
    return pa.table(columns)


def _level(file: Path, scrambles: int) -> int:
    """How far a finished file goes, by its own rows: nothing beside it can be older or newer."""
    import pyarrow.parquet as pq

    rows: int = pq.read_metadata(file).num_rows
    return (rows // scrambles).bit_length() - 1


def _column(file: Path, name: str) -> Array:
    import pyarrow.parquet as pq

    found: Array = pq.read_table(file, columns=[name]).column(name).to_numpy().astype(np.float64)
    return found


def _write(path: Path, tables: Iterator[pa.Table]) -> None:
    """Tables as one file of even row groups, a few of them in memory at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    waiting = [next(tables)]
    schema = waiting[0].schema
    spread = [field.name for field in schema if pa.types.is_floating(field.type)]
    layout = {"compression": "zstd", "use_dictionary": False, "use_byte_stream_split": spread}
    with pq.ParquetWriter(path, schema, **layout) as writer:
        for table in tables:
            waiting.append(table)
            if sum(each.num_rows for each in waiting) >= _ROW_GROUP:
                joined = pa.concat_tables(waiting)
                whole = joined.num_rows - joined.num_rows % _ROW_GROUP
                writer.write_table(joined.slice(0, whole), row_group_size=_ROW_GROUP)
                waiting = [joined.slice(whole)]
        if (rest := pa.concat_tables(waiting)).num_rows:
            writer.write_table(rest, row_group_size=_ROW_GROUP)
