"""Which evaluation answers: machine code where there is some, NumPy everywhere else.

NumPy is the definition of right. Machine code is compiled from the same lines when it is first
worth it and kept on disk; each process holds its first answer against NumPy's before it trusts
one. What decides is the kind of call alone, never how far a compiler is, so that a report has the
same digits whenever it runs:

- many scenarios at once: machine code, compiled at once if need be (about two seconds, once);
- one scenario: NumPy, and machine code from the ninth on in a process;
- after :func:`prepare`, as a panel calls it, both in the background: NumPy until they are there.

Without llvmlite, with ``JCURVE_ENGINE=numpy``, or after anything that went wrong: NumPy.
"""

from __future__ import annotations

import importlib.util
import json
import os
import threading
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.company import Assembly
from jcurve.engine.evaluate import evaluate as by_numpy
from jcurve.engine.line import Kind
from jcurve.engine.model import Model, RowKey
from jcurve.engine.units import USD_M
from jcurve.errors import JCurveError, WriteError
from jcurve.files import digest, make_folder, write_file

if TYPE_CHECKING:
    from jcurve.engine.compile import Code
    from jcurve.engine.kernel import Kernel

__all__ = ["cache_folder", "departs", "evaluate", "prepare", "state"]

Array: TypeAlias = NDArray[np.float64]

_SEVERAL = 8
"""Scenarios one by one, or at once, from which machine code is worth its loading."""
_ONE, _MANY, _ONE_SET = "one scenario", "many scenarios", "one set of draws"
_KEPT = 64
"""Files in the cache."""
_RELATIVE, _MONEY, _OTHER = 1e-9, 1e-6, 1e-9


def evaluate(
    assembly: Assembly,
    inputs: Mapping[str, Array],
    wanted: Iterable[RowKey] | None = None,
    *,
    vary: Collection[str] | None = None,
) -> dict[RowKey, Array]:
    """Rows of a model for a batch of scenarios; see :func:`jcurve.engine.evaluate.evaluate`.

    Args:
        assembly: the model.
        inputs: by input name.
        wanted: row keys, every row when None.
        vary: the only inputs that will differ in a great many scenarios to come, all others
            staying as they are: worth machine code of their own.

    Raises:
        ModelError: an input is missing, a row does not exist, a scenario has no answer.
    """
    rows = None if wanted is None else tuple(wanted)
    kernel = _kernels(assembly).pick(inputs, vary)
    found = None if kernel is None else kernel.evaluate(inputs, rows)
    return by_numpy(assembly.model, inputs, assembly.timeline, rows) if found is None else found


def prepare(assembly: Assembly, inputs: Mapping[str, Array]) -> None:
    """Make machine code ready in the background, for whoever moves a slider next."""
    _kernels(assembly).prepare(inputs)


def state(assembly: Assembly) -> dict[str, str]:
    """Which evaluation runs and why, by the kind of call."""
    kernels = _kernels(assembly)
    said = {"evaluation": kernels.refusal or "compiled"}
    return said | {"cache": str(cache_folder())} | kernels.notes


def departs(model: Model, found: Mapping[RowKey, Array], right: Mapping[RowKey, Array]) -> str:
    """The first row in which one evaluation differs from the other by more than rounding, in
    words; empty where none does."""
    for key, one in right.items():
        other = found[key]
        floor = _MONEY if model.unit(key[0]).agrees(USD_M) else _OTHER
        with np.errstate(invalid="ignore"):
            size = np.nan_to_num(np.abs(one)).max(axis=0, initial=0.0)
            near = np.abs(one - other) <= np.maximum(_RELATIVE * size, floor)
        if not (near | (np.isnan(one) & np.isnan(other)) | (one == other)).all():
            return f"{key[0]} {key[1]}".rstrip()
    return ""


def cache_folder() -> Path:
    """Where machine code is kept."""
    chosen, base = os.environ.get("JCURVE_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return Path(chosen) if chosen else Path(base or Path.home() / ".cache") / "jcurve"


class _Kernels:
    """The machine code of a model in this process."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._found: dict[object, Kernel | None] = {}
        self._asked: dict[object, int] = {}
        self._lock = threading.RLock()
        self._worker: threading.Thread | None = None
        self.refusal = _refusal()
        self.notes: dict[str, str] = {}

    def pick(self, inputs: Mapping[str, Array], vary: Collection[str] | None) -> Kernel | None:
        """The machine code for a call; None for NumPy."""
        if self.refusal:
            return None
        width = max((row.shape[-1] for row in inputs.values()), default=1)
        high = frozenset(name for name, row in inputs.items() if row.shape[0] > 1)
        if vary is not None:
            return self._kernel(_ONE_SET, inputs, high, vary)
        call = _ONE if width == 1 else _MANY, high
        if call in self._found:
            return self._found[call]
        asked = self._asked[call] = self._asked.get(call, 0) + width
        busy = self._worker is not None and self._worker.is_alive()
        return None if busy or asked <= _SEVERAL else self._kernel(call[0], inputs, high)

    def prepare(self, inputs: Mapping[str, Array]) -> None:
        """Both kinds for one scenario's shape, in the background."""
        high = frozenset(name for name, row in inputs.items() if row.shape[0] > 1)

        def work() -> None:
            for kind in (_ONE, _MANY):
                self._kernel(kind, inputs, high)

        if not self.refusal and self._worker is None:
            self._worker = threading.Thread(target=work, name="compiling")
            self._worker.start()

    def _kernel(
        self,
        kind: str,
        inputs: Mapping[str, Array],
        high: frozenset[str],
        vary: Collection[str] = (),
    ) -> Kernel | None:
        wide = set(self._assembly.keys) & set(vary)
        own = None
        if kind == _MANY:
            wide = set(self._assembly.keys)
        elif kind == _ONE_SET:
            own = {name: row for name, row in inputs.items() if name not in wide}
        name = kind if own is None else f"{kind} {_digest(own)}"
        with self._lock:
            if (name, high) not in self._found:
                try:
                    made = self._made(name, inputs, high, wide, own)
                except (JCurveError, OSError, RuntimeError, ValueError, KeyError) as error:
                    made, self.notes[kind] = None, f"NumPy: {error}"
                self._found[name, high] = made
        return self._found[name, high]

    def _made(
        self,
        name: str,
        inputs: Mapping[str, Array],
        high: Collection[str],
        wide: Collection[str],
        own: Mapping[str, Array] | None,
    ) -> Kernel | None:
        """Machine code from the disk, or compiled, that answers as NumPy does."""
        from jcurve.engine.compile import compile_model, processor
        from jcurve.engine.kernel import Kernel

        kind = _ONE_SET if name.startswith(_ONE_SET) else name
        assembly, model = self._assembly, self._assembly.model
        quarters = len(assembly.timeline)
        key = "\n".join([
            _sources(model), processor(), name, str(quarters), *sorted(high), "", *sorted(wide),
            "", *model.inputs, *map(str, model.sets.items()),
        ])  # fmt: skip
        path = cache_folder() / f"{sha256(key.encode()).hexdigest()[:32]}.kernel"
        one = {n: row[:, :1] for n, row in inputs.items()}
        right = by_numpy(model, one, assembly.timeline)
        wrong = ""
        for kept in (_read(path), None):
            if kept is None:
                results = [r for r in model.order if model.outputs[r[0]].kind is Kind.RESULT]
                code = compile_model(model, quarters, high, wide, results, own)
                unkept = _write(path, code)
                if unkept:
                    self.notes["not kept"] = unkept
            else:
                code = kept
            kernel = Kernel(model, code)
            found = kernel.evaluate(one)
            wrong = "" if found is None else departs(model, found, right)
            if not wrong:
                self.notes[kind] = "compiled" if kept is None else "compiled, from the cache"
                return kernel
        self.notes[kind] = f"NumPy: machine code differs in {wrong}"
        return None


def _kernels(assembly: Assembly) -> _Kernels:
    memo = assembly.model.memo
    found = memo.get(_Kernels)
    if not isinstance(found, _Kernels):
        found = memo[_Kernels] = _Kernels(assembly)
    return found


def _refusal() -> str:
    """Why NumPy answers; empty where machine code may."""
    if os.environ.get("JCURVE_ENGINE") == "numpy":
        return "NumPy, by JCURVE_ENGINE=numpy"
    try:
        missing = importlib.util.find_spec("llvmlite") is None
    except (ImportError, ValueError):
        missing = True
    return "NumPy: llvmlite is not installed (pip install 'jcurve[fast]')" if missing else ""


def _digest(inputs: Mapping[str, Array]) -> str:
    """Of inputs and their values."""
    total = sha256()
    for name in sorted(inputs):
        total.update(f"{name} {inputs[name].shape} ".encode())
        total.update(np.ascontiguousarray(inputs[name]).tobytes())
    return total.hexdigest()[:32]


def _sources(model: Model) -> str:
    """Of the engine and of every module beside a line of the model."""
    folders = {Path(each.line.function.__code__.co_filename).parent for each in model.instances}
    return _digest_of_sources(tuple(sorted({Path(__file__).with_name("engine"), *folders})))


@cache
def _digest_of_sources(folders: tuple[Path, ...]) -> str:
    total = sha256()
    for folder in folders:
        for path in sorted(folder.glob("*.py")):
            total.update(f"{path.name}\n{digest(path)}\n".encode())
    return total.hexdigest()


def _read(path: Path) -> Code | None:
    """Machine code in the cache; None where there is none, or it is damaged."""
    from jcurve.engine.compile import Code

    try:
        mark, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if sha256(content).hexdigest().encode() != mark:
        return None
    about, _, machine = content.partition(b"\n")
    return Code(machine, json.loads(about))


def _write(path: Path, code: Code) -> str:
    """Keep machine code, the oldest making room; what was in the way, in words."""
    content = json.dumps(code.about, separators=(",", ":")).encode() + b"\n" + code.machine
    mark = sha256(content).hexdigest().encode()
    try:
        make_folder(path.parent)
        write_file(path, mark + b"\n" + content, durable=False)
        old = sorted(path.parent.glob("*.kernel"), key=lambda each: each.stat().st_mtime)
        for each in old[:-_KEPT]:
            each.unlink(missing_ok=True)
    except (WriteError, OSError) as error:
        return str(error)
    return ""
