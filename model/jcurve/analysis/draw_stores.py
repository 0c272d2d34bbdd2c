"""Where finished draws go: a store in memory, and one in a folder.

``reports/simulations/<scenario>-<id>/`` holds ``simulation.json`` (what the simulation is),
``part-*.parquet`` while it runs, then ``draws.parquet`` and ``summary.json``. A part is
written whole or not at all, so whatever ends a run, the parts that are there can be trusted.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jcurve.analysis.question import Array
from jcurve.analysis.sampling import DrawRange, Plan
from jcurve.ground.errors import UsageError
from jcurve.ground.files import make_folder, replacing, write_file, write_json
from jcurve.ground.project import Project
from jcurve.ground.provenance import inputs, model_source

if TYPE_CHECKING:
    import pyarrow as pa

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
        self._blocks: dict[DrawRange, Mapping[str, Array]] = {}

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> frozenset[DrawRange]:
        """Make ready; the units that are there already."""
        if not resume:
            self._blocks = {}
        return frozenset(self._blocks)

    def put(self, block: Block) -> None:
        """Keep a block."""
        self._blocks[block.unit] = block.columns

    def column(self, name: str, scramble: int, count: int) -> Array:
        """A column of the first ``count`` draws of one scramble."""
        return np.concatenate(
            [self._blocks[unit][name] for unit in ordered(self._blocks, scramble, count)]
        )


def ordered(units: Iterable[DrawRange], scramble: int, count: int) -> list[DrawRange]:
    """The units that make up the first ``count`` draws of a scramble, in order."""
    mine = (unit for unit in units if unit.scramble == scramble and unit.start < count)
    return sorted(mine, key=lambda unit: unit.start)


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
        self._cached: tuple[str, Array] | None = None

    @property
    def kept(self) -> int:
        """Draws that are finished."""
        return sum(unit.count for unit in self._parts)

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> frozenset[DrawRange]:
        """Make ready; the units that are there already."""
        # What it rests on beside its scenario: the model's source and the data.
        rests_on = {"model": model_source(), "data": inputs(self._project)}
        manifest = {"identity": dict(identity), "made_with": rests_on}
        path = self.folder / _MANIFEST
        same = path.is_file() and json.loads(path.read_text(encoding="utf-8")) == manifest
        if resume:
            if not same:
                what = "the model or its data have changed since this simulation began"
                raise UsageError(
                    what if path.is_file() else "no simulation to resume",
                    where=str(self.folder),
                    allowed="the same without --resume",
                )
            found = map(_PART.fullmatch, os.listdir(self.folder))
            self._parts = {
                DrawRange(*map(int, each.groups())): self.folder / each[0] for each in found if each
            }
            return frozenset(self._parts)
        make_folder(self.folder)
        # A finished file that would come out the same stays until the new one replaces it.
        finished = () if same else (self.draws, self.summary)
        for old in (*self.folder.glob("part-*.parquet"), *finished):
            old.unlink(missing_ok=True)
        write_json(path, manifest)
        return frozenset()

    def put(self, block: Block) -> None:
        import pyarrow.parquet as pq

        unit = block.unit
        path = self.folder / f"part-{unit.scramble:03d}-{unit.start:010d}-{unit.count}.parquet"
        buffer = io.BytesIO()
        pq.write_table(_block_table(block), buffer, compression="zstd")
        write_file(path, buffer.getvalue(), durable=False)
        self._parts[unit] = path

    def column(self, name: str, scramble: int, count: int) -> Array:
        if self._parts:
            units = ordered(self._parts, scramble, count)
            return np.concatenate([_column(self._parts[unit], name) for unit in units])
        if self._cached is None or self._cached[0] != name:
            self._cached = name, _column(self.draws, name)
        return self._cached[1][scramble * count : (scramble + 1) * count]

    def gather(self, level: int, scrambles: int) -> None:
        """Put the draws of all scrambles into one file, a scramble in memory at a time, and drop
        the parts."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pq.read_schema(next(iter(self._parts.values())))
        spread = [field.name for field in schema if pa.types.is_floating(field.type)]
        layout = {"compression": "zstd", "use_dictionary": False, "use_byte_stream_split": spread}
        with (
            replacing(self.draws) as temporary,
            pq.ParquetWriter(temporary, schema, **layout) as writer,
        ):
            for scramble in range(scrambles):
                units = ordered(self._parts, scramble, 1 << level)
                whole = pa.concat_tables([pq.read_table(self._parts[unit]) for unit in units])
                writer.write_table(whole, row_group_size=_ROW_GROUP)
        for part in self._parts.values():
            part.unlink(missing_ok=True)
        self._parts, self._cached = {}, None

    def summarise(self, summary: object) -> None:
        """Write what the draws say beside them."""
        write_json(self.summary, summary)


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


def _column(file: Path, name: str) -> Array:
    import pyarrow.parquet as pq

    found: Array = pq.read_table(file, columns=[name]).column(name).to_numpy().astype(np.float64)
    return found
