"""Keeps imports that no notebook needs out of papermill, nbconvert and forked kernels.

``jsonschema`` spends 1.5 seconds on ``rfc3987_syntax``, the grammar behind its optional check
of the format ``iri``, whenever it starts. A notebook's schema has no such format. Call
``lighten`` before the first import of papermill, nbformat or nbconvert: the module is then
reported as missing, which ``jsonschema`` is written for.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress

_DEBUGGER = "debugpy"
_OPTIONAL = "rfc3987_syntax"


def lighten() -> None:
    """Mask the optional import; harmless when it is already loaded or already masked."""
    if _OPTIONAL not in sys.modules and "jsonschema" not in sys.modules:
        # None is Python's own mark for a module that must not be found.
        sys.modules[_OPTIONAL] = None  # type: ignore[assignment]


def without_debugger() -> None:
    """Load a kernel's own part of the debugger as if there were none to attach.

    Otherwise each forked kernel spends 0.1 seconds on loading one. A notebook that imports
    the debugger itself still gets it.
    """
    if _DEBUGGER in sys.modules:
        return
    sys.modules[_DEBUGGER] = None  # type: ignore[assignment]
    try:
        with suppress(ImportError):
            importlib.import_module("ipykernel.debugger")
    finally:
        del sys.modules[_DEBUGGER]
