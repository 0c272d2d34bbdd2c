"""Machine code at rest and at work: what is kept of a compiled model, and how it is loaded.

Needs llvmlite (the extra ``jcurve[fast]``). Nothing here knows how code is made, so that whoever
only runs it need not import that.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LANES", "RUN", "Code", "features", "flags", "initialise", "load", "processor", "target"]

LANES = 8
"""Scenarios computed side by side."""

_FLAGS = {"x86_64": 1 | 4 | 8, "AMD64": 1 | 4 | 8, "aarch64": 1 | 2 | 4, "arm64": 1 | 2 | 4}
"""fenv.h's invalid, divide by zero and overflow."""


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled model.

    Attributes:
        machine: an object file.
        about: where everything is, as plain data.
    """

    machine: bytes
    about: Mapping[str, Any]


def processor() -> str:
    """For what is compiled here: the compiler, the processor and its instructions."""
    import llvmlite
    from llvmlite import binding

    return f"{llvmlite.__version__} {binding.get_host_cpu_name()} {features()}"


def load(code: Code) -> tuple[Any, dict[str, int]]:
    """Make machine code ready to run: what keeps it alive, and the address of each function."""
    from llvmlite import binding

    initialise(binding)
    module = binding.parse_assembly("")
    engine = binding.create_mcjit_compiler(module, target(binding))
    engine.add_object_file(binding.ObjectFileRef.from_data(code.machine))
    engine.finalize_object()
    names = ["run", *(f"step{at}" for at in range(len(code.about["after"])))]
    return engine, {name: engine.get_function_address(name) for name in names}


def flags() -> int:
    """The processor's flags of arithmetic without an answer, as fenv.h numbers them here."""
    return _FLAGS[platform.machine()]


RUN = ctypes.CFUNCTYPE(
    ctypes.c_int32, *(ctypes.c_void_p,) * 3, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p,
    ctypes.c_int64, ctypes.c_int32,
)  # fmt: skip


def initialise(binding: Any) -> None:
    """Ready the compiler."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()


def features() -> str:
    """The instructions of this processor that code may use."""
    from llvmlite import binding

    return str(binding.get_host_cpu_features().flatten())


def target(binding: Any) -> Any:
    """What code is compiled for: this processor."""
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=features(),
        opt=2,
        reloc="pic",
        codemodel="small",
        jit=True,
    )
