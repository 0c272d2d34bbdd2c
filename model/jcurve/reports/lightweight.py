"""Keeps an import of 1.5 seconds, which no notebook needs, out of papermill and nbconvert.

``jsonschema`` tries to import ``rfc3987_syntax``, the grammar behind its optional check of
the format ``iri``, whenever it starts. A notebook's schema has no such format. Call
``lighten`` before the first import of papermill, nbformat or nbconvert: the module is then
reported as missing, which ``jsonschema`` is written for.
"""

from __future__ import annotations

import sys

__all__ = ["lighten"]

_OPTIONAL = "rfc3987_syntax"


def lighten() -> None:
    """Mask the optional import; harmless when it is already loaded or already masked."""
    if _OPTIONAL not in sys.modules and "jsonschema" not in sys.modules:
        # None is Python's own mark for a module that must not be found.
        sys.modules[_OPTIONAL] = None  # type: ignore[assignment]
