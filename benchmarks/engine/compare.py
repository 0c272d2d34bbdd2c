"""The engine against what a user would run instead, on one reduced model, in one run.

Run ``python benchmarks/engine/compare.py [SCENARIOS]`` (4,096 by default) from the project;
``pip install "jcurve[benchmark]"`` and LibreOffice give all rows of the
table. What is not installed is said. Every contender's NPVs agree with the engine's to 1e-9
before its time counts; wall time, the best of five, on one core. The last lines set the
engine's time beside that of moving once what its lines read and write.
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from contenders import ModelxArrays, ModelxScalars, on_frames, pure_python
from reduced import TIMELINE, Array, draw, reduced_model, system
from sheets import recalculated

from jcurve.engine.compile import compile_model
from jcurve.engine.evaluate import evaluate, keep_pages, needed
from jcurve.engine.intrinsics import internal_rate
from jcurve.engine.kernel import Kernel
from jcurve.engine.model import Model

_SCENARIOS, _FEW, _SHEETS = 4096, 64, 40
_CHUNK = 504
_REPEATS = 5
_TOLERANCE = 1e-9
_CLOSE = 5.0
_PACKAGES = ("numpy", "pandas", "modelx", "pyxirr", "numpy-financial")


def main(scenarios: int) -> None:
    """Print the table."""
    keep_pages()
    model, calendar = reduced_model(), system()
    draws = draw(scenarios)
    few = [{name: float(values[at]) for name, values in draws.items()} for at in range(_FEW)]
    rows = [key for key in needed(model, [("npv", "")]) if key[0] in model.maker]
    cells = len(rows) * len(TIMELINE)

    many, alone = _kernel(model, set(draws)), _kernel(model, set())

    def ours(given: dict[str, Array], wanted: str = "npv", kernel: Kernel | None = None) -> Array:
        width = len(next(iter(given.values())))
        parts = []
        step = width if kernel else _CHUNK  # machine code goes eight by eight anyway
        for at in range(0, width, step):
            cut = {name: values[None, at : at + step] for name, values in given.items()}
            rows, keys = {**calendar, **cut}, [(wanted, "")]
            found = kernel.evaluate(rows, keys) if kernel else None
            found = found or evaluate(model, rows, TIMELINE, keys)
            parts.append(found[wanted, ""])
        return np.concatenate(parts, axis=1)

    print(_versions())
    print(
        f"reduced model: {len(rows)} rows, {len(TIMELINE)} quarters, {cells:,} cells a scenario\n"
    )
    expected = ours(draws)[0]
    first = expected[:_FEW].tolist()
    table: list[tuple[str, int, float, str]] = []

    def add(
        name: str, count: int, call: Callable[[], object], against: object, note: str = ""
    ) -> None:
        worst = float(np.max(np.abs(np.asarray(call()) / np.asarray(against) - 1.0)))
        if not worst <= _TOLERANCE:
            raise SystemExit(f"{name} does not agree: {worst:.1e}")
        table.append((name, count, _best(call), note))

    note = f"chunks of {_CHUNK}"
    add("jcurve, compiled", scenarios, lambda: ours(draws, kernel=many)[0], expected)
    add("jcurve, NumPy", scenarios, lambda: ours(draws)[0], expected, note)
    one = {name: values[:1] for name, values in draws.items()}
    add("pandas, whole frames", scenarios, lambda: on_frames(draws), expected)
    add("pure Python", _FEW, lambda: [pure_python(each) for each in few], first)
    if _has("modelx"):
        arrays, scalars = ModelxArrays(draws), ModelxScalars(few[0])
        add("modelx, arrays", scenarios, lambda: arrays(draws), expected, "built once before")
        pieces = ModelxArrays({name: values[:_CHUNK] for name, values in draws.items()})
        add(
            "modelx, arrays in chunks",
            scenarios,
            lambda: _in_chunks(pieces, draws),
            expected,
            f"of {_CHUNK}, as jcurve",
        )
        add("modelx, one by one", _FEW, lambda: scalars(few), first, "built once before")
        for space in (arrays, pieces, scalars):
            space.close()
    else:
        print("modelx is not installed")
    with tempfile.TemporaryDirectory() as folder:
        try:
            values, took = recalculated(few[:_SHEETS], Path(folder))
        except (FileNotFoundError, ImportError) as error:
            print(f"no spreadsheet: {error} is not installed")
        else:
            worst = float(np.max(np.abs(np.array(values) / first[:_SHEETS] - 1.0)))
            if not worst <= _TOLERANCE:
                raise SystemExit(f"LibreOffice does not agree: {worst:.1e}")
            note = f"agrees to {worst:.0e}; less an empty book"
            table.append(("LibreOffice, a sheet a scenario", _SHEETS, took, note))
    _print(table)
    _said(table)

    single, slow = _best(lambda: ours(one, kernel=alone)), _best(lambda: ours(one))
    plain = _best(lambda: pure_python(few[0]))
    print(
        f"\none scenario alone: jcurve {single * 1e6:,.0f} us compiled, {slow * 1e6:,.0f} us by "
        f"NumPy, pure Python {plain * 1e6:,.0f} us"
    )
    _rates(ours(draws, "cash_flow"))
    shared = {name: values[None] for name, values in draws.items()}
    _bound(model, {**calendar, **shared}, scenarios, table[1][2])


def _kernel(model: Model, free: set[str]) -> Kernel:
    return Kernel(model, compile_model(model, len(TIMELINE), set(system()), free))


def _rates(flows: Array) -> None:
    """Internal rates of return of the same flows."""
    few = np.ascontiguousarray(flows.T[:_FEW])
    took = _best(lambda: internal_rate(flows)) / flows.shape[1]
    rates = internal_rate(flows)[0, :_FEW]
    known = ~np.isnan(rates)
    print(f"\nIRR of {len(flows)} flows: jcurve {took * 1e6:,.1f} us each, all roots counted")
    if _has("pyxirr"):
        mine = _best(lambda: [_pyxirr(row) for row in few]) / _FEW
        print(f"  pyxirr {_beside(mine, took)}; {_agrees([_pyxirr(r) for r in few], rates, known)}")
    if _has("numpy-financial"):
        import numpy_financial

        mine = _best(lambda: [numpy_financial.irr(row) for row in few]) / _FEW
        other = [numpy_financial.irr(row) for row in few]
        print(f"  numpy-financial {_beside(mine, took)}; {_agrees(other, rates, known)}")


def _beside(mine: float, ours: float) -> str:
    return f"{mine * 1e6:,.1f} us ({'faster' if mine < ours else 'slower'}, {mine / ours:.1f} x)"


def _pyxirr(flows: Array) -> float | None:
    """None where it raises, as for flows of one sign."""
    import pyxirr

    try:
        return pyxirr.irr(flows)
    except pyxirr.InvalidPaymentsError:
        return None


def _agrees(found: list[float | None], rates: Array, known: np.ndarray) -> str:
    other = np.array([np.nan if rate is None else rate for rate in found], dtype=float)
    both = known & ~np.isnan(other)
    worst = np.max(np.abs(other[both] - rates[both])) if both.any() else float("nan")
    return (
        f"{int(known.sum())} of {len(rates)} flows have one rate; it finds "
        f"{int((~np.isnan(other)).sum())}, where both answer they differ by {worst:.0e} at most"
    )


def _bound(model: Model, given: dict[str, Array], scenarios: int, took: float) -> None:
    """The engine's time beside that of moving its rows: what each line must read and write.

    Bytes are counted, not assumed: for each call of a line, the rows that it reads and those
    that it writes, at the widths that they have; what it needs in between is not counted. The
    bandwidth is that of adding two rows of a chunk's size into a third, so in the same level of
    cache as the engine's own rows, measured here and now. Main memory is shown beside it.
    """
    keys = [key for key in needed(model, [("npv", "")]) if key[0] in model.maker]
    chunk = {name: row[:, :_CHUNK] for name, row in given.items()}
    values = evaluate(model, chunk, TIMELINE, keys)
    sizes = {(name, ""): row.nbytes for name, row in chunk.items()}
    sizes |= {key: row.nbytes for key, row in values.items()}
    calls = {id(model.maker[key[0]]): key for key in keys}
    read = sum(sizes[source] for key in calls.values() for source in model.sources(key))
    moved = read + sum(sizes[key] for key in keys)
    each = moved / _CHUNK
    near, far = _bandwidth((len(TIMELINE), _CHUNK)), _bandwidth((1 << 22,))
    ours = took / scenarios
    print(
        f"\njcurve, NumPy: {ours * 1e6:.2f} us a scenario. Its lines read and write "
        f"{each / 1e3:.1f} kB for one; rows of {len(TIMELINE)} by {_CHUNK} move at "
        f"{near / 1e9:.1f} GB/s, main memory at {far / 1e9:.1f} GB/s"
    )
    print(
        f"share of the bound of moving each row once: {each / near / ours:.0%} "
        f"({each / near * 1e6:.2f} us a scenario); by main memory {each / far / ours:.0%}"
    )


def _bandwidth(shape: tuple[int, ...]) -> float:
    """Bytes a second of reading two arrays and writing a third."""
    a, b, c = np.ones(shape), np.ones(shape), np.empty(shape)
    calls = max(1, (1 << 24) // a.size)

    def run() -> None:
        for _ in range(calls):
            np.add(a, b, out=c)

    return calls * 3 * a.nbytes / _best(run)


def _print(table: list[tuple[str, int, float, str]]) -> None:
    best = table[0][1] / table[0][2]
    print(f"{'':32}{'scenarios':>10}{'seconds':>10}{'per second':>12}{'slower by':>12}")
    for name, count, took, note in table:
        speed = count / took
        print(f"{name:32}{count:>10,}{took:>10.3f}{speed:>12,.0f}{best / speed:>10,.1f} x  {note}")


def _said(table: list[tuple[str, int, float, str]]) -> None:
    """Which rivals are close or faster, in words."""
    best = table[0][1] / table[0][2]
    for name, count, took, _ in table[1:]:
        ratio = best / (count / took)
        if ratio < _CLOSE:
            print(f"{name}: {'faster' if ratio < 1.0 else 'close'}, {ratio:.1f} x")


def _in_chunks(call: Callable[[dict[str, Array]], Array], draws: dict[str, Array]) -> Array:
    width = len(next(iter(draws.values())))
    return np.concatenate(
        [
            call({name: values[at : at + _CHUNK] for name, values in draws.items()})
            for at in range(0, width, _CHUNK)
        ]
    )


def _best(call: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _has(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _versions() -> str:
    found = [f"{name} {version(name)}" for name in _PACKAGES if _has(name)]
    return f"Python {platform.python_version()}, {', '.join(found)}; {platform.machine()}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _SCENARIOS)
