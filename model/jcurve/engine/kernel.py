"""A compiled model: machine code kept, loaded, and at work, where the same rows in give the same
rows out as :func:`evaluate`.

Needs llvmlite (the extra ``jcurve[fast]``). What machine code cannot say (which row has no answer,
which input has a wrong shape) it leaves unsaid: the answer is None, and NumPy is asked, which
names what is wrong. Nothing here knows how code is made, so that whoever only runs it need not
import that.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.engine.line import Kind
from jcurve.engine.model import Model, RowKey
from jcurve.engine.primitives import Array

Whole: TypeAlias = NDArray[np.int64]

LANES = 8  # Scenarios computed side by side

_DOUBLE = 8  # Bytes of a double

_FLAGS = {"x86_64": 1 | 4 | 8, "AMD64": 1 | 4 | 8, "aarch64": 1 | 2 | 4, "arm64": 1 | 2 | 4}
"""fenv.h's invalid, divide by zero and overflow."""


RUN = ctypes.CFUNCTYPE(
    ctypes.c_int32, *(ctypes.c_void_p,) * 3, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p,
    ctypes.c_int64, ctypes.c_int32,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled model."""

    machine: bytes  # an object file
    about: Mapping[str, Any]  # where everything is, as plain data


def processor() -> str:
    """For what is compiled here: the compiler, the processor and its instructions."""
    import llvmlite
    from llvmlite import binding

    return f"{llvmlite.__version__} {binding.get_host_cpu_name()} {features()}"


def load(code: Code) -> tuple[Any, dict[str, int]]:
    """Make machine code ready to run: what keeps it alive, and the address of each function."""
    from llvmlite import binding

    module = binding.parse_assembly("")
    engine = binding.create_mcjit_compiler(module, target(binding))
    engine.add_object_file(binding.ObjectFileRef.from_data(code.machine))
    engine.finalize_object()
    names = ["run", *(f"step{at}" for at in range(len(code.about["after"])))]
    return engine, {name: engine.get_function_address(name) for name in names}


def features() -> str:
    """The instructions of this processor that code may use."""
    from llvmlite import binding

    return str(binding.get_host_cpu_features().flatten())


def target(binding: Any) -> Any:
    """What code is compiled for: this processor."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=features(),
        opt=2,
        reloc="pic",
        # Code and constants may lie gigabytes apart; an address that did not fit into 32 bits would
        # end the process.
        codemodel="large",
        jit=True,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row is found: at a double of the memory of all scenarios, or of each; a value a
    quarter or one. ``step`` is -1 for a constant, whose value ``at`` is, and for an input, whose
    name it is."""

    wide: bool
    high: bool
    at: Any
    step: int


@dataclass(frozen=True, slots=True)
class _Program:
    """What makes some rows."""

    # the wanted differences between worlds, as two rows
    pairs: tuple[tuple[RowKey, RowKey, RowKey], ...]
    shared: Whole  # the driver's programs for all scenarios, and for each
    wide: Whole
    steps: tuple[int, int]  # how many steps each has
    # the rows copied out, how many quarters each has, and where in ``wide`` its address belongs
    copied: tuple[tuple[RowKey, int, int], ...]
    views: tuple[tuple[RowKey, slice], ...]  # rows in the memory of all scenarios, and where
    given: tuple[tuple[RowKey, float | str], ...]  # rows that are an input or a constant, and which
    # those among all of them that have one value, which is that of every quarter
    lines: tuple[RowKey, ...]


class Kernel:
    """A compiled model, loaded.

    Args:
        model: whose rows these are.
        code: from :func:`jcurve.engine.compile.compile_model` of that model.
    """

    def __init__(self, model: Model, code: Code) -> None:
        about: Mapping[str, Any] = code.about
        self.model = model
        self._about = about
        self._quarters = int(about["quarters"])
        self._engine, self._address = load(code)
        self._run = RUN(self._address["run"])
        self._flags = _FLAGS[platform.machine()]
        self._places = {(name, tag): _Place(*place) for name, tag, *place in about["rows"]}
        self._narrow = [(name, bool(high)) for name, wide, high in about["inputs"] if not wide]
        self._wide = [(name, bool(high)) for name, wide, high in about["inputs"] if wide]
        self._programs: dict[tuple[RowKey, ...], _Program] = {}
        self._spare: list[Array] = []

    def evaluate(
        self, inputs: Mapping[str, Array], wanted: Sequence[RowKey] | None = None
    ) -> dict[RowKey, Array] | None:
        """Rows as :func:`jcurve.engine.evaluate.evaluate` gives them, one wide where no input
        that may differ reaches them; None to leave it to that.

        Args:
            inputs: by input name; (quarter or 1, scenario or 1).
            wanted: row keys, every row when None.
        """
        keys = self.model.order if wanted is None else tuple(wanted)
        program = self._programs.get(keys) or self._program(keys)
        memory = self._memory(inputs)
        if program is None or memory is None:
            return None
        if self._call((memory, None, None), (0, 1), program.shared, program.steps[0]):
            return None
        found = self._each(inputs, memory, program) if program.copied else {}
        if found is None:
            return None
        memory.flags.writeable = False
        column = memory[:, None]
        found.update({row: column[place] for row, place in program.views})
        for row, source in program.given:
            found[row] = inputs[source] if isinstance(source, str) else np.full((1, 1), source)
        for row in program.lines:
            made = found[row]
            if made.shape[0] == 1:
                tall = (self._quarters, made.shape[1])
                found[row] = np.ndarray(tall, np.float64, made, 0, (0, made.strides[1]))
        if not program.pairs:
            return found
        for key, plus, minus in program.pairs:
            found[key] = found[plus] - found[minus]
        return {key: found[key] for key in keys}

    def _call(
        self,
        arrays: tuple[NDArray[Any] | None, ...],
        blocks: tuple[int, int],
        program: Whole,
        steps: int,
    ) -> int:
        """Run a program over blocks of scenarios; the flags it raised."""
        given = [0 if each is None else _address(each) for each in arrays]
        return int(self._run(*given, *blocks, _address(program), steps, self._flags))

    def _memory(self, inputs: Mapping[str, Array]) -> Array | None:
        """Memory for all scenarios, with the inputs that cannot differ in place."""
        rows = self._rows_of(inputs, self._narrow, width=1)
        if rows is None:
            return None
        memory = np.empty(self._about["sizes"][0])
        if rows:
            size = sum(row.shape[0] for row in rows)
            np.concatenate(rows, out=memory[:size, None])
        for start, count, height, zeros in self._about["zeros"]:
            memory[start : start + count * height].reshape(count, height)[:, :zeros] = 0.0
        return memory

    def _rows_of(
        self, inputs: Mapping[str, Array], names: Sequence[tuple[str, bool]], width: int
    ) -> list[Array] | None:
        """Inputs of the height that the code expects; None where one cannot have it."""
        rows: list[Array] = []
        for name, high in names:
            row = inputs.get(name)
            if row is None or row.ndim != 2:
                return None
            height, own = row.shape
            if own not in (1, width) or height not in (1, self._quarters if high else 1):
                return None
            if high and height == 1:
                row = np.repeat(row, self._quarters, axis=0)
            rows.append(row)
        return rows

    def _each(
        self, inputs: Mapping[str, Array], memory: Array, program: _Program
    ) -> dict[RowKey, Array] | None:
        """The rows that may differ, (quarter or 1, scenario)."""
        given = [inputs[name] for name, _ in self._wide if name in inputs]
        width = max((row.shape[-1] for row in given), default=1)
        rows = self._rows_of(inputs, self._wide, width)
        if rows is None:
            return None
        padded = -(-width // LANES) * LANES
        code, found = program.wide.copy(), {}
        for row, height, at in program.copied:
            found[row] = np.empty((height, padded))
            code[at], code[at + 2] = _address(found[row]), padded
        space = self._spare.pop() if self._spare else np.zeros(self._about["sizes"][1])
        full, raised = width // LANES, 0
        for first, stop in ((0, full), (full, padded // LANES)):
            if first < stop:
                table, kept = _table(rows, width, tail=first == full)
                arrays = (memory, space, table)
                raised |= self._call(arrays, (first, stop), code, program.steps[1])
                del kept
        self._spare.append(space)
        return None if raised else {row: made[:, :width] for row, made in found.items()}

    def _program(self, keys: tuple[RowKey, ...]) -> _Program | None:
        """The program of some rows, remembered; None where there is no such row."""
        parts = {key: self.model.parts(key) for key in keys}
        rows = list(dict.fromkeys(row for key in keys for row in parts[key] or (key,)))
        names = {name for name, _ in (*self._narrow, *self._wide)}
        places = {row: self._places.get(row) for row in rows}
        if any(place is None and row[0] not in names for row, place in places.items()):
            return None
        steps: set[int] = set()
        copies: dict[int, list[RowKey]] = {}
        views, given, lines = [], [], []
        for row, place in places.items():
            output = self.model.outputs.get(row[0])
            high = place is not None and place.high
            if output is not None and output.kind is not Kind.RESULT and not high:
                lines.append(row)
            if place is None or place.step < 0:
                given.append((row, row[0] if place is None else place.at))
                continue
            steps.update(self._about["after"][place.step])
            if place.wide:
                copies.setdefault(place.step, []).append(row)
            else:
                views.append((row, slice(place.at, place.at + (self._quarters if high else 1))))
        words: tuple[list[int], list[int]] = ([], [])
        copied = []
        for step in sorted(steps):
            own = copies.get(step, [])
            mine = words[self._about["wide"][step]]
            mine += [self._address[f"step{step}"], len(own)]
            for row in own:
                height = self._quarters if places[row].high else 1  # type: ignore[union-attr]
                copied.append((row, height, len(mine) + 1))
                mine += [places[row].at, 0, height, 0]  # type: ignore[union-attr]
        wide = sum(self._about["wide"][step] for step in steps)
        made = self._programs[keys] = _Program(
            pairs=tuple((key, *pair) for key, pair in parts.items() if pair is not None),
            shared=np.array(words[0], dtype=np.int64),
            wide=np.array(words[1], dtype=np.int64),
            steps=(len(steps) - wide, wide),
            copied=tuple(copied),
            views=tuple(views),
            given=tuple(given),
            lines=tuple(lines),
        )
        return made


def _table(rows: Sequence[Array], width: int, *, tail: bool) -> tuple[Whole, list[Array]]:
    """Where inputs stand: address, bytes to the next quarter, bytes to the next scenarios.

    An input that does not differ is copied into every lane. The last scenarios, fewer than
    lanes, are copied with the last of them in the lanes that are left.

    Returns:
        The table, and the arrays to which it points.
    """
    line = LANES * _DOUBLE
    done = width // LANES * LANES
    copied = [row for row in rows if tail or row.shape[1] == 1]
    lanes = np.empty((sum(row.shape[0] for row in copied), LANES))
    table = np.zeros((len(rows), 3), dtype=np.int64)
    kept, start, address = [lanes], 0, _address(lanes)
    for at, row in enumerate(rows):
        height, own = row.shape
        if own == 1 or tail:
            here = lanes[start : start + height]
            here[:, : width - done] = row if own == 1 else row[:, done:]
            here[:, width - done :] = row[:, -1:]
            table[at] = address + start * line, line if height > 1 else 0, 0
            start += height
        else:
            row = np.ascontiguousarray(row, dtype=np.float64)
            kept.append(row)
            table[at] = _address(row), width * _DOUBLE if height > 1 else 0, line
    return table, kept


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])
