"""Simulations on disk: finished units while one runs, one Parquet file when it is done.

``reports/simulations/<scenario>-<id>/`` holds ``simulation.json`` (what the simulation is),
``part-*.parquet`` while it runs, then ``draws.parquet`` and ``summary.json``. A part is
written whole or not at all, so whatever ends a run, the parts that are there can be trusted.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.plan import FIRST, Unit, units
from jcurve.analysis.store import Block, ordered
from jcurve.ground.errors import UsageError
from jcurve.ground.files import make_folder, replacing, write_file, write_json
from jcurve.ground.project import Project
from jcurve.ground.provenance import inputs, model_source

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FolderStore", "folder_for"]

Array = NDArray[np.float64]

_SCHEMA = 1
_MANIFEST, _DRAWS, _SUMMARY = "simulation.json", "draws.parquet", "summary.json"
_PART = re.compile(r"part-(\d+)-(\d+)-(\d+)\.parquet")
_ROW_GROUP = 1 << 15


def folder_for(project: Project, identity: Mapping[str, Any]) -> Path:
    """Where a simulation of a project lies: one folder for each that differs in anything."""
    text = json.dumps(identity, sort_keys=True, ensure_ascii=False)
    name = f"{identity['scenario']}-{sha256(text.encode()).hexdigest()[:12]}"
    return project.reports / "simulations" / name


class FolderStore:
    """A store in a folder; see :class:`jcurve.analysis.store.Store`.

    Results are kept to the last bit, lines by year as 32-bit numbers.
    """

    def __init__(self, folder: Path, project: Project) -> None:
        self.folder = folder
        self._project = project
        self._parts: dict[Unit, Path] = {}
        self._level: int | None = None
        self._cached: tuple[str, Array] | None = None

    @property
    def draws(self) -> Path:
        """The finished file."""
        return self.folder / _DRAWS

    @property
    def summary(self) -> Path:
        """The summary beside it."""
        return self.folder / _SUMMARY

    @property
    def kept(self) -> int:
        """Draws that are finished."""
        return sum(unit.count for unit in self._parts)

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> frozenset[Unit]:
        """See :class:`~jcurve.analysis.store.Store`.

        Raises:
            UsageError: ``resume`` of a simulation that is not there, or of another one, or of
                one whose model or data have changed since.
        """
        manifest = {"schema": _SCHEMA, "identity": dict(identity), "made_with": self._made_with()}
        path = self.folder / _MANIFEST
        if not resume:
            make_folder(self.folder)
            for old in (*self.folder.glob("part-*.parquet"), self.draws, self.summary):
                old.unlink(missing_ok=True)
            self._parts, self._level = {}, None
            write_json(path, manifest)
            return frozenset()
        self._check(path, manifest)
        self._parts = {
            Unit(*(int(part) for part in found.groups())): file
            for file in self.folder.glob("part-*.parquet")
            if (found := _PART.fullmatch(file.name)) is not None
        }
        finished = json.loads(path.read_text(encoding="utf-8")).get("level")
        if finished is None or not self.draws.is_file():
            return frozenset(self._parts)
        self._level = int(finished)
        return frozenset(self._parts) | frozenset(units(self._level, int(identity["scrambles"])))

    def put(self, block: Block) -> None:
        """See :class:`~jcurve.analysis.store.Store`."""
        import pyarrow.parquet as pq

        unit = block.unit
        path = self.folder / f"part-{unit.scramble:03d}-{unit.start:010d}-{unit.count}.parquet"
        buffer = io.BytesIO()
        pq.write_table(_table(block), buffer, compression="zstd")
        write_file(path, buffer.getvalue(), durable=False)
        self._parts[unit] = path

    def names(self) -> tuple[str, ...]:
        """See :class:`~jcurve.analysis.store.Store`."""
        import pyarrow.parquet as pq

        file = self.draws if self._level is not None else next(iter(self._parts.values()), None)
        if file is None:
            return ()
        names = pq.read_schema(file).names
        return tuple(name for name in names if name not in ("scramble", "number"))

    def column(self, name: str, scramble: int, count: int) -> Array:
        """See :class:`~jcurve.analysis.store.Store`."""
        import pyarrow.parquet as pq

        parts: list[Array] = []
        level, have = self._level, self._finished(count)
        if level is not None and have:
            if self._cached is None or self._cached[0] != name:
                whole = pq.read_table(self.draws, columns=[name]).column(name)
                self._cached = name, whole.to_numpy().astype(np.float64)
            at = scramble << level
            parts.append(self._cached[1][at : at + have])
        if have < count:
            rest = [unit for unit in self._parts if unit.start >= have]
            parts += [
                pq.read_table(self._parts[unit], columns=[name])
                .column(name)
                .to_numpy()
                .astype(np.float64)
                for unit in ordered(rest, scramble, count, since=have)
            ]
        return np.concatenate(parts)

    def gather(self, level: int, scrambles: int) -> None:
        """Put the draws of all scrambles into one file and drop the parts.

        Raises:
            WriteError: the folder cannot be written; the parts are then still there.
        """
        if level != self._level:
            self._merge(level, scrambles)
        path = self.folder / _MANIFEST
        manifest = json.loads(path.read_text(encoding="utf-8"))
        write_json(path, {**manifest, "level": level})
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

    def _merge(self, level: int, scrambles: int) -> None:
        import pyarrow.parquet as pq

        count = 1 << level
        older = None if self._level is None else pq.read_table(self.draws)
        schema = older.schema if older is not None else None
        with replacing(self.draws) as temporary:
            writer: pq.ParquetWriter | None = None
            waiting: list[pa.Table] = []
            try:
                for scramble in range(scrambles):
                    for table in self._tables(scramble, count, older):
                        schema = schema or table.schema
                        writer = writer or _writer(temporary, schema)
                        waiting.append(table)
                        waiting = _flush(writer, waiting, whole=False)
                if writer is not None:
                    _flush(writer, waiting, whole=True)
            finally:
                if writer is not None:
                    writer.close()

    def _tables(self, scramble: int, count: int, older: pa.Table | None) -> list[pa.Table]:
        import pyarrow.parquet as pq

        tables: list[pa.Table] = []
        have = self._finished(count)
        if older is not None and self._level is not None and have:
            tables.append(older.slice(scramble << self._level, have))
        rest = [unit for unit in self._parts if unit.start >= have]
        tables += [
            pq.read_table(self._parts[unit]) for unit in ordered(rest, scramble, count, since=have)
        ]
        return tables

    def _made_with(self) -> dict[str, Any]:
        """What a simulation rests on beside its scenario: the model's source and the data."""
        return {"model": model_source(), "data": inputs(self._project)}

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


def _table(block: Block) -> pa.Table:
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


def _writer(path: Path, schema: pa.Schema) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    spread = [field.name for field in schema if pa.types.is_floating(field.type)]
    return pq.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=False, use_byte_stream_split=spread
    )


def _flush(writer: Any, waiting: list[pa.Table], *, whole: bool) -> list[pa.Table]:
    """Write full row groups; what is left waits for more unless it is the end."""
    import pyarrow as pa

    rows = sum(table.num_rows for table in waiting)
    if rows == 0 or (rows < _ROW_GROUP and not whole):
        return waiting
    joined = pa.concat_tables(waiting)
    stop = rows if whole else rows - rows % _ROW_GROUP
    writer.write_table(joined.slice(0, stop), row_group_size=_ROW_GROUP)
    return [joined.slice(stop)] if stop < rows else []
