"""Which evaluation answers: machine code, or NumPy.

NumPy is the definition of right. Machine code is compiled from the same lines when a model is
first evaluated (about two seconds), held against NumPy on the scenario at hand, and kept on disk;
from then on it answers every call, so that a scenario has the same digits alone and in any batch.
After :func:`prepare`, as a panel calls it, it is compiled in the background, and NumPy answers
meanwhile. Without llvmlite, with ``JCURVE_ENGINE=numpy``, or after anything that went wrong,
NumPy answers, and :func:`state` says why.
"""

from __future__ import annotations

import importlib.util
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.company import Assembly
from jcurve.engine.evaluate import evaluate as by_numpy
from jcurve.engine.line import Kind
from jcurve.engine.model import Model, RowKey, spell
from jcurve.ground.cache import cache_folder, homes, keep, kept, sources, unchanged

if TYPE_CHECKING:
    from jcurve.engine.derivative import Gradient, WayBack
    from jcurve.engine.graph import Graph
    from jcurve.engine.kernel import Kernel

Array: TypeAlias = NDArray[np.float64]

_ONE, _MANY, _ONE_SET = "one scenario", "many scenarios", "one set of draws"
_ALONE = ("npv", "programme"), ("npv", "go_forward"), ("value_per_share", "with")
"""What most questions ask for: computed without any other result."""
_SETS = 4
"""Sets of draws that have machine code of their own in a process, each two seconds to compile."""
_OFTEN = 20  # Gradients of a number in a process after which it has machine code of its own
_RELATIVE, _PLAIN, _AMOUNT = 1e-9, 1e-9, 1e-6
"""How far rounding may go: of a row's largest value, and where that is next to nothing, of plain
numbers and of amounts (a millionth of a million dollars, of one H100e)."""


def evaluate(
    assembly: Assembly,
    inputs: Mapping[str, Array],
    wanted: Iterable[RowKey] | None = None,
    *,
    many: bool = False,
) -> dict[RowKey, Array]:
    """Rows of a model for a batch of scenarios; see :func:`jcurve.engine.evaluate.evaluate`.

    Args:
        assembly: the model.
        inputs: by input name.
        wanted: row keys, every row when None.
        many: a great many scenarios are to come that differ in the inputs in which these do:
            worth machine code of their own.

    Raises:
        ModelError: an input is missing, a scenario has no answer.
    """
    rows = None if wanted is None else tuple(wanted)
    kernel = _kernels(assembly).pick(inputs, rows if many else None)
    found = None if kernel is None else kernel.evaluate(inputs, rows)
    return by_numpy(assembly.model, inputs, assembly.timeline, rows) if found is None else found


def prepare(assembly: Assembly, inputs: Mapping[str, Array]) -> None:
    """Make machine code ready in the background, for whoever moves a slider next."""
    _kernels(assembly).prepare(inputs)


def graph_of(assembly: Assembly, inputs: Mapping[str, Array]) -> Graph:
    """The model as a graph of operations, for inputs of these heights; made once."""
    from jcurve.engine.graph import Graph

    high = _high(inputs)
    memo = assembly.model.memo
    if (Graph, high) not in memo:
        memo[Graph, high] = Graph.of(assembly.model, high)
    found: Graph = memo[Graph, high]
    return found


def gradient(assembly: Assembly, inputs: Mapping[str, Array], row: RowKey, at: int = 0) -> Gradient:
    """The derivatives of a result, or of a line in a quarter, to every value of an assumption."""
    from jcurve.engine.derivative import WayBack, without_facts
    from jcurve.engine.numerics import rows_by_numpy

    graph, quarters = graph_of(assembly, inputs), len(assembly.timeline)
    gaps = without_facts(inputs)
    known = WayBack, row, at, gaps
    if known not in graph.memo:
        free = frozenset(assembly.names.values())
        graph.memo[known] = WayBack.of(graph, graph.rows[row], free, gaps, quarters, at)
    way: WayBack = graph.memo[known]
    kernel = _kernels(assembly).backward(inputs, f"gradient of {spell(row)} {at}", way)
    found = None if kernel is None else kernel.evaluate(inputs, tuple(way.graph.rows))
    rows = rows_by_numpy(way.graph, inputs, quarters) if found is None else found
    return way.gradient(rows, quarters)


def state(assembly: Assembly) -> dict[str, str]:
    """Which evaluation runs and why, by the kind of call."""
    if why := refusal():
        return {"evaluation": why}
    from jcurve.engine.kernel import processor

    compiler, name, _ = processor().split(" ", 2)
    said = {"evaluation": f"compiled by llvmlite {compiler} for {name}"}
    return said | {"cache": str(cache_folder())} | _kernels(assembly).notes


def refusal() -> str:
    """Why NumPy answers every call; empty where machine code may."""
    if os.environ.get("JCURVE_ENGINE") == "numpy":
        return "NumPy, by JCURVE_ENGINE=numpy"
    return (
        "" if _has_compiler() else "NumPy: llvmlite is not installed (pip install 'jcurve[fast]')"
    )


def departs(model: Model, found: Mapping[RowKey, Array], right: Mapping[RowKey, Array]) -> str:
    """The first row in which one evaluation differs from the other by more than rounding, in
    words; empty where none does."""
    for key, one in right.items():
        other = found[key]
        floor = _AMOUNT if model.unit(key[0]).dims else _PLAIN
        with np.errstate(invalid="ignore"):
            size = np.nan_to_num(np.abs(one)).max(axis=0, initial=0.0)
            near = np.abs(one - other) <= np.maximum(_RELATIVE * size, floor)
        if not (near | (np.isnan(one) & np.isnan(other)) | (one == other)).all():
            return f"{key[0]} {key[1]}".rstrip()
    return ""


@dataclass(frozen=True, eq=False)
class _Target:
    """What machine code is made for."""

    kind: str  # of call
    high: frozenset[str]  # inputs that differ by quarter
    wide: frozenset[str] = frozenset()  # inputs that may differ by scenario
    # for one set of draws, the inputs that do not, settled when it is compiled
    own: Mapping[str, Array] | None = None
    rows: frozenset[RowKey] | None = None  # all that it computes; None: every row
    way: WayBack | None = None  # computes a number's derivatives instead of the model's rows

    @cached_property
    def name(self) -> str:
        """Tells it from every other for inputs of these heights."""
        if self.own is None:
            return self.kind
        return f"{self.kind} {_digest(self.own)} {sorted(self.rows or ())}"


class _Kernels:
    """The machine code of a model in this process."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._found: dict[object, Kernel | None] = {}
        self._sets: list[tuple[_Target, Kernel | None]] = []
        self._lock = threading.RLock()
        self._worker: threading.Thread | None = None
        self._asked: dict[object, int] = {}
        self._free = frozenset(assembly.keys)
        self._homes = homes(each.line.function for each in assembly.model.instances)
        self.notes: dict[str, str] = {}

    def pick(self, inputs: Mapping[str, Array], many: tuple[RowKey, ...] | None) -> Kernel | None:
        """The machine code for a call, ``many`` the rows of a great many; None for NumPy."""
        if refusal():
            return None
        width = max((row.shape[-1] for row in inputs.values()), default=1)
        high = _high(inputs)
        if many and width > 1 and (kernel := self._of_one_set(inputs, high, many)) is not None:
            return kernel
        target = self._shapes(high)[width > 1]
        is_compiling = self._worker is not None and self._worker.is_alive()
        if is_compiling and (target.name, high) not in self._found:
            return None
        return self._kernel(target, inputs)

    def backward(self, inputs: Mapping[str, Array], kind: str, way: WayBack) -> Kernel | None:
        """The machine code of a number's derivatives; None for NumPy, which answers until it was
        asked for often enough: it takes five seconds to compile, in the background."""
        if refusal() or max(row.shape[-1] for row in inputs.values()) > 1:
            return None
        target = _Target(kind, _high(inputs), way=way)
        known = target.name, target.high
        if known in self._found or kept(self._key(target)) is not None:
            return self._kernel(target, inputs)
        self._asked[known] = self._asked.get(known, 0) + 1
        if self._asked[known] == _OFTEN:
            threading.Thread(target=self._kernel, args=(target, inputs), name="compiling").start()
        return None

    def prepare(self, inputs: Mapping[str, Array]) -> None:
        """Both kinds for one scenario's shape: from the cache at once, else in the background."""
        if refusal() or self._worker is not None:
            return
        targets = self._shapes(_high(inputs))
        are_kept = all(kept(self._key(target)) is not None for target in targets)

        def work() -> None:
            for target in targets:
                self._kernel(target, inputs)

        self._worker = threading.Thread(target=work, name="compiling")
        self._worker.start()
        if are_kept:
            self._worker.join()

    def _shapes(self, high: frozenset[str]) -> tuple[_Target, _Target]:
        """One scenario, and many."""
        return _Target(_ONE, high), _Target(_MANY, high, self._free)

    def _key(self, target: _Target) -> str:
        """Everything that machine code rests on."""
        from jcurve.engine.kernel import processor

        model, name, quarters = self._assembly.model, target.name, len(self._assembly.timeline)
        return "\n".join([
            sources(self._homes), processor(), name, str(quarters), *sorted(target.high), "",
            *sorted(target.wide), "", *model.inputs, *map(str, model.sets.items()),
        ])  # fmt: skip

    def _of_one_set(
        self, inputs: Mapping[str, Array], high: frozenset[str], asked: tuple[RowKey, ...]
    ) -> Kernel | None:
        """Machine code of these rows alone, in which all that does not differ here is settled."""
        model = self._assembly.model
        rows = frozenset(part for key in asked for part in model.parts(key) or (key,))
        differs = frozenset(name for name, row in inputs.items() if row.shape[1] > 1)
        for target, kernel in self._sets:
            settled = (target.own or {}).items()
            if (
                differs <= target.wide
                and rows <= (target.rows or rows)
                and all(
                    row is inputs[name] or np.array_equal(row, inputs[name], equal_nan=True)
                    for name, row in settled
                )
            ):
                return kernel
        if len(self._sets) == _SETS or not differs <= self._free:
            return None
        own = {name: row for name, row in inputs.items() if name not in differs}
        target = _Target(_ONE_SET, high, differs, own, rows)
        kernel = self._kernel(target, inputs)
        self._sets.append((target, kernel))
        return kernel

    def _kernel(self, target: _Target, inputs: Mapping[str, Array]) -> Kernel | None:
        known = target.name, target.high
        if known in self._found:  # at once, whatever is compiled meanwhile
            return self._found[known]
        with self._lock:
            if known not in self._found:
                try:
                    made = self._made(target, inputs)
                except Exception as error:  # whatever it was: NumPy answers, the note says why
                    made, self.notes[target.kind] = None, f"NumPy: {error}"
                self._found[known] = made
        return self._found[known]

    def _made(self, target: _Target, inputs: Mapping[str, Array]) -> Kernel | None:
        """Machine code from the disk, or compiled, that answers as NumPy does."""
        from jcurve.engine.kernel import Code, Kernel

        model, timeline = self._assembly.model, self._assembly.timeline
        key, current = self._key(target), unchanged(self._homes)
        content = kept(key) if current else None
        if content is not None:
            about, _, machine = content.partition(b"\n")
            self.notes[target.kind] = "compiled, from the cache"
            return Kernel(model, Code(machine, json.loads(about)))
        from jcurve.engine.compile import compile_graph, compile_model

        one = {name: row[:, :1] for name, row in inputs.items()}
        asked: tuple[RowKey, ...] | None = None if target.rows is None else tuple(target.rows)
        right: Callable[[], Mapping[RowKey, Array]]
        if target.way is not None:
            from jcurve.engine.numerics import rows_by_numpy

            graph = target.way.graph
            code, asked = compile_graph(graph, len(timeline)), tuple(graph.rows)
            right = partial(rows_by_numpy, graph, one, len(timeline))
        else:
            results = [row for row in model.order if model.outputs[row[0]].kind is Kind.RESULT]
            sets = [*([row] for row in results if row in _ALONE), results]
            code = compile_model(
                model, len(timeline), target.high, target.wide, sets, target.own, target.rows
            )
            right = partial(by_numpy, model, one, timeline, asked)
        kernel = Kernel(model, code)
        found = kernel.evaluate(one, asked)
        wrong = "" if found is None else departs(model, found, right())
        if wrong:
            self.notes[target.kind] = f"NumPy: machine code differs in {wrong}"
            return None
        self.notes[target.kind] = "compiled"
        about = json.dumps(code.about, separators=(",", ":")).encode()
        unkept = "a source file is newer than this process"
        if current:
            unkept = keep(key, about + b"\n" + code.machine)
        if unkept:
            self.notes["not kept"] = unkept
        return kernel


def _kernels(assembly: Assembly) -> _Kernels:
    memo = assembly.model.memo
    found = memo.get(_Kernels)
    if not isinstance(found, _Kernels):
        found = memo[_Kernels] = _Kernels(assembly)
    return found


def _high(inputs: Mapping[str, Array]) -> frozenset[str]:
    """The inputs that differ by quarter."""
    return frozenset(name for name, row in inputs.items() if row.shape[0] > 1)


def _has_compiler() -> bool:
    try:
        return importlib.util.find_spec("llvmlite") is not None
    except (ImportError, ValueError):
        return False


def _digest(inputs: Mapping[str, Array]) -> str:
    """Of inputs and their values."""
    total = sha256()
    for name in sorted(inputs):
        total.update(f"{name} {inputs[name].shape} ".encode())
        total.update(np.ascontiguousarray(inputs[name]).tobytes())
    return total.hexdigest()[:32]
