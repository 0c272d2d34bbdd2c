"""Machine code gives what NumPy gives: every row, every scenario, every operation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pytest

import jcurve
from jcurve.assumptions import shipped
from jcurve.assumptions.batch import batch
from jcurve.case import Case, batch_inputs
from jcurve.engine import emit, intrinsics, operations, primitives, timed
from jcurve.engine import kernel as kernels
from jcurve.engine.compile import compile_model
from jcurve.engine.evaluate import evaluate as by_numpy
from jcurve.engine.graph import Graph
from jcurve.engine.kernel import LANES, Kernel
from jcurve.engine.model import Model
from jcurve.engine.symbol import Symbol
from jcurve.evaluation import evaluator
from jcurve.ground import cache
from jcurve.ground.errors import ModelError
from jcurve.ground.units import DIMENSIONLESS, QUARTERS, Quantity
from tests.counts import count
from tests.support.draws import sample_uniform
from tests.support.engine_models import TIMELINE, inputs, small_model
from tests.support.engine_models import batch as small_batch
from tests.support.operations import OPERATIONS, T, model_of, rows_for
from tests.support.waiting import until

pytest.importorskip("llvmlite")

FAULTY = {**emit.ELEMENTWISE, "maximum": emit.Writer.least_of}
ONE = Quantity(1.0, QUARTERS)
YEAR = Quantity(4.0, QUARTERS)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """To the last bit; a zero may have lost its sign to a factor that folded away."""
    return np.array_equal(np.broadcast_to(a, b.shape), b, equal_nan=True)


class Compiled:
    """The kernels of the base model."""

    def __init__(self) -> None:
        self.case: Case = jcurve.evaluate("base")
        self.model = self.case.assembly.model
        self.quarters = len(self.case.assembly.timeline)
        self.high = {n for n, row in self.case.inputs.items() if row.shape[0] > 1}
        self.free = set(self.case.assembly.keys)
        self.alone = self.kernel(set())
        self.many = self.kernel(self.free)

    def kernel(self, wide: set[str], own: dict[str, np.ndarray] | None = None) -> Kernel:
        return Kernel(
            self.model, compile_model(self.model, self.quarters, self.high, wide, (), own)
        )

    def draws(self, width: int, seed: int) -> dict[str, np.ndarray]:
        drawn = sample_uniform(self.case.scenario, width, np.random.default_rng(seed))
        return batch_inputs(self.case, batch(self.case.scenario, drawn))

    def numpy(self, rows: Mapping[str, np.ndarray]) -> dict[tuple[str, str], np.ndarray]:
        return by_numpy(self.model, rows, self.case.assembly.timeline)


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return Compiled()


class TestModel:
    def test_every_row_of_every_shipped_scenario(self, compiled: Compiled) -> None:
        """Those of the base scenario's shape; one that has a path where that has a number, or
        more changes of life, has machine code of its own."""
        tried = 0
        for name in shipped():
            case = jcurve.evaluate(name)
            high = {n for n, row in case.inputs.items() if row.shape[0] > 1}
            if case.assembly.model is not compiled.model or high != compiled.high:
                continue
            tried += 1
            found, right = compiled.alone.evaluate(case.inputs), compiled.numpy(case.inputs)
            assert found is not None
            assert evaluator.departs(compiled.model, found, right) == "", name
            for key, row in right.items():
                assert found[key].shape == row.shape, key
        assert tried > 2

    def test_every_row_of_random_scenarios(self, compiled: Compiled) -> None:
        left = count("compiled_scenarios")
        for seed in range(-(-left // 48)):
            rows = compiled.draws(min(48, left - 48 * seed) + 3, seed)
            found, right = compiled.many.evaluate(rows), compiled.numpy(rows)
            assert found is not None
            assert evaluator.departs(compiled.model, found, right) == ""
            for (name, tag), row in right.items():
                if name.endswith(("_status", "_quarter")):
                    assert same(row, found[name, tag]), name

    def test_the_same_bits_alone_in_a_batch_and_folded(self, compiled: Compiled) -> None:
        rows = compiled.draws(2 * LANES + 3, 99)
        together = compiled.many.evaluate(rows)
        wide = {name for name, row in rows.items() if row.shape[1] > 1}
        own = {name: row for name, row in rows.items() if name not in wide}
        folded = compiled.kernel(wide, own).evaluate(rows)
        assert together is not None
        assert folded is not None
        for key, row in together.items():
            assert same(folded[key], row), key
        for at in (0, LANES, 2 * LANES + 2):
            one = {n: r[:, at : at + 1] if r.shape[1] > 1 else r for n, r in rows.items()}
            alone = compiled.alone.evaluate(one)
            assert alone is not None
            for key, row in together.items():
                column = row[:, at : at + 1] if row.shape[1] > 1 else row
                assert same(alone[key], column), key

    def test_some_rows_are_those_of_all(self, compiled: Compiled) -> None:
        rows = compiled.draws(5, 7)
        whole = compiled.many.evaluate(rows)
        keys = [("npv", "programme"), ("capex", "go_forward"), ("returns_wacc", "")]
        keys += [("net_income", "without"), ("quarter_index", "")]
        some = compiled.many.evaluate(rows, keys)
        right = by_numpy(compiled.model, rows, compiled.case.assembly.timeline, keys)
        assert whole is not None
        assert some is not None
        assert list(some) == keys
        assert evaluator.departs(compiled.model, some, right) == ""
        assert same(some[keys[0]], whole[keys[0]])


FREE = {"growth", "plan", "mix.big", "mix.small", "delay", "opening_cash"}


def kernel_for(model: Model, rows: dict[str, np.ndarray], wide: Collection[str]) -> Kernel:
    high = {name for name, row in rows.items() if row.shape[0] > 1}
    height = max(row.shape[0] for row in rows.values())
    return Kernel(model, compile_model(model, height, high, wide))


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return kernel_for(small_model(), inputs(), FREE)


class TestRefusals:
    def test_a_small_model(self, kernel: Kernel) -> None:
        for width in (1, 2, LANES, LANES + 1):
            rows = small_batch(width, width)
            found, right = kernel.evaluate(rows), by_numpy(kernel.model, rows, TIMELINE)
            assert found is not None
            assert evaluator.departs(kernel.model, found, right) == ""

    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("delay", np.array([[1.0, -1.0]])),
            ("plan", np.array([[1e308, 1.0]])),
            ("plan", np.full((3, 2), 1.0)),
            ("history", np.ones((16, 2))),
        ],
    )
    def test_what_has_no_answer_is_left_to_numpy(
        self, kernel: Kernel, name: str, row: np.ndarray
    ) -> None:
        rows = small_batch(2, 3)
        rows["mix.big"] = np.full((1, 2), 1e308) if name == "plan" else rows["mix.big"]
        rows[name] = row
        assert kernel.evaluate(rows) is None

    def test_an_unknown_row_is_left_to_numpy(self, kernel: Kernel) -> None:
        assert kernel.evaluate(small_batch(1), [("incme", "with")]) is None


@pytest.mark.parametrize("op", OPERATIONS)
def test_each_operation(op: str) -> None:
    """As NumPy, alone and side by side, on rows over three powers of ten."""
    width = 2 * LANES + 1
    model, whole = model_of(op), rows_for(op, width)
    right = by_numpy(model, whole, T)["tried", ""]
    kernels = [kernel_for(model, whole, wide) for wide in (set("xyabq"), set())]
    assert op in {*Graph.of(model, {"x", "y"}).op, "power"}
    found = kernels[0].evaluate(whole)
    assert found is not None
    near = 1e-14 if op == "power" else 4e-15
    np.testing.assert_allclose(found["tried", ""], right, rtol=near, atol=1e-13)
    for at in (0, width - 1):
        one = {n: row[:, at : at + 1] if row.shape[1] > 1 else row for n, row in whole.items()}
        alone = kernels[1].evaluate(one)
        assert alone is not None
        assert same(alone["tried", ""], found["tried", ""][:, at : at + 1])


def test_no_operation_lacks_numpy_machine_code_or_a_derivative() -> None:
    """Whatever a symbol accepts, and whatever a primitive or an intrinsic makes of one."""
    row = Symbol.row("row", DIMENSIONLESS)
    ops = set()
    for name in dir(np):
        function = getattr(np, name)
        if isinstance(function, np.ufunc):
            try:
                made = function(*[row] * function.nin)
            except (ModelError, TypeError):
                continue
            ops.add(made.op)
    for module in (primitives, intrinsics):
        for name in (name for name in dir(module) if not name.startswith("_")):
            for many in (1, 2):
                try:
                    made = getattr(module, name)(*[row] * many)
                except Exception:
                    continue
                if isinstance(made, Symbol):
                    ops.add(made.op)
    ops |= {"lag", "value_at", "last_upward_crossing", "first_lasting", "where"}
    ops -= {"positive", "row"}
    assert len(ops) >= 38
    assert ops - set(operations.OPERATIONS) == set()
    assert ops - set(emit.ELEMENTWISE) - set(timed.TIMED) == set()


@pytest.fixture
def fresh(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache."""
    monkeypatch.setenv("JCURVE_CACHE", str(tmp_path))


_FAR_APART = """
import mmap, itertools
import jcurve
from jcurve.engine import kernel
loaded, codes = kernel.load, []
kernel.load = lambda code: codes.append(code) or loaded(code)
jcurve.evaluate("base")["npv"]
held, engines = [], []
empty = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0x4000)
sizes = itertools.cycle([1 << 16, 1 << 32, 1 << 20, 1 << 31])
for at, size in enumerate(itertools.islice(sizes, 80)):
    held.append(mmap.mmap(-1, size, flags=empty, prot=mmap.PROT_READ))
    if at % 3 == 2:
        held.pop(at // 3).close()
        engines.pop(0)
    engines.append(loaded(codes[0]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="maps memory as Linux does")
def test_code_is_loaded_wherever_memory_is_free() -> None:
    """With gigabytes between its sections, where an address of 32 bits would end the process."""
    made = subprocess.run(
        [sys.executable, "-c", _FAR_APART], cwd=Path(__file__).parents[2], capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr


class TestFaults:
    def found(self, width: int = 16) -> tuple[dict[str, str], str]:
        from tests.support.engine_cases import small_case

        case = small_case()
        rows = {**case.inputs, **small_batch(width, 5)}
        made = evaluator.evaluate(case.assembly, rows)
        right = by_numpy(case.assembly.model, rows, TIMELINE)
        assert evaluator.departs(case.assembly.model, made, right) == ""
        return evaluator.state(case.assembly), str(evaluator.cache_folder())

    def test_compiled_and_then_from_the_cache(self, fresh: object) -> None:
        first, _ = self.found()
        second, _ = self.found()
        assert first["evaluation"].startswith("compiled by llvmlite")
        assert first["many scenarios"] == "compiled"
        assert second["many scenarios"] == "compiled, from the cache"

    @pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
    def test_a_damaged_cache_is_rebuilt(self, fresh: object, damage: str) -> None:
        self.found()
        (path,) = evaluator.cache_folder().glob("*.kept")
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 255
        cut = {"cut": whole[: len(whole) // 3], "flipped": whole, "empty": b""}[damage]
        path.write_bytes(bytes(cut))
        again, _ = self.found()
        assert again["many scenarios"] == "compiled"

    def test_a_source_newer_than_the_process_keeps_the_cache_out(
        self, fresh: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.found()
        monkeypatch.setattr(cache, "_STARTED", 0.0)
        state, _ = self.found()
        assert state["many scenarios"] == "compiled"
        assert state["not kept"] == "a source file is newer than this process"

    def test_a_fault_in_an_operation_is_caught(
        self, fresh: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(timed, "ELEMENTWISE", FAULTY)
        state, _ = self.found()
        assert state["many scenarios"].startswith("NumPy: machine code differs in ")

    def test_an_operation_without_code(
        self, fresh: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without = {op: each for op, each in emit.ELEMENTWISE.items() if op != "maximum"}
        monkeypatch.setattr(timed, "ELEMENTWISE", without)
        state, _ = self.found()
        assert state["many scenarios"] == (
            "NumPy: an operation has no machine code; received 'maximum'"
        )

    def test_a_cache_that_cannot_be_written(
        self, tmp_path: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        blocked = tmp_path / "file"  # type: ignore[operator]
        blocked.write_text("no folder")
        monkeypatch.setenv("JCURVE_CACHE", str(blocked / "below"))
        state, _ = self.found()
        assert state["many scenarios"] == "compiled"
        assert "cannot be written" in state["not kept"]

    @pytest.mark.parametrize("without", ["llvmlite", "choice"])
    def test_without_machine_code(
        self, fresh: object, monkeypatch: pytest.MonkeyPatch, without: str
    ) -> None:
        if without == "choice":
            monkeypatch.setenv("JCURVE_ENGINE", "numpy")
        else:
            monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        state, _ = self.found()
        assert state["evaluation"].startswith("NumPy")
        assert list(evaluator.cache_folder().glob("*")) == []

    def test_in_the_background(self, fresh: object) -> None:
        from tests.support.engine_cases import small_case

        case = small_case()
        evaluator.prepare(case.assembly, case.inputs)
        right = by_numpy(case.assembly.model, case.inputs, TIMELINE)

        def compiled() -> bool:
            made = evaluator.evaluate(case.assembly, case.inputs)
            assert evaluator.departs(case.assembly.model, made, right) == ""
            return "one scenario" in evaluator.state(case.assembly)

        assert until(compiled), evaluator.state(case.assembly)

    def test_an_error_is_numpys(self, fresh: object) -> None:
        from tests.support.engine_cases import small_case

        case = small_case()
        rows = {**case.inputs, **small_batch(16, 5)}
        rows["delay"] = np.full((1, 16), 2.0)
        rows["delay"][0, 9] = -1.0
        with pytest.raises(ModelError, match=r"a lag is negative; received -1\.0"):
            evaluator.evaluate(case.assembly, rows)


def test_a_simulations_own_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """One set of draws, and only the rows it keeps; what differs otherwise goes elsewhere."""
    case = jcurve.evaluate("base")
    scenario = case.scenario
    keys = [("npv", "programme"), ("capex", "go_forward"), ("payback_status", "programme")]

    def rows(seed: int, width: int) -> dict[str, np.ndarray]:
        drawn = sample_uniform(scenario, width, np.random.default_rng(seed))
        few = dict(list(drawn.items())[:40])
        return batch_inputs(case, batch(scenario, few))

    plain = [evaluator.evaluate(case.assembly, rows(seed, 24), keys) for seed in (1, 2)]
    for seed, right in zip((1, 2), plain, strict=True):
        found = evaluator.evaluate(case.assembly, rows(seed, 24), keys, many=True)
        for key, row in right.items():
            assert same(found[key], row), key
    assert "one set of draws" in evaluator.state(case.assembly)
    other = {**rows(1, 24), "returns_wacc": np.linspace(0.07, 0.1, 24)[None, :]}
    found = evaluator.evaluate(case.assembly, other, keys[:1], many=True)
    assert same(found[keys[0]], evaluator.evaluate(case.assembly, other, keys[:1])[keys[0]])


def test_the_same_bits_without_avx512(compiled: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [word for word in kernels.features().split(",") if "avx512" not in word]
    monkeypatch.setattr(kernels, "features", lambda: ",".join([*words, "-avx512f"]))
    narrow = compiled.kernel(compiled.free)
    rows = compiled.draws(LANES + 3, 5)
    found, right = narrow.evaluate(rows), compiled.many.evaluate(rows)
    assert found is not None
    assert right is not None
    for key, row in right.items():
        assert same(found[key], row), key
