"""What was read of a table, kept in this process until the file changes."""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["Kept", "kept_of"]

_TICK = 100_000_000  # nanoseconds


@dataclass(slots=True, eq=False)
class Kept:
    """What was read of a table, for as long as the file and the names known stay the same."""

    pairs: list[tuple[Any, Any]] | None = None
    by_key: Mapping[str, Any] | None = None


def kept_of(path: Path, kind: Hashable, known: Mapping[str, Collection[str]]) -> Kept:
    """Where the records of a table are kept; a new place for a file that may change again in the
    same tick of its file system's clock."""
    try:
        about = path.stat()
    except OSError:
        return Kept()
    if time.time_ns() - about.st_mtime_ns < _TICK:
        return Kept()
    names = tuple((field, _Same(names)) for field, names in known.items())
    return _place(path, kind, names, (about.st_ino, about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=256)
def _place(*_: Hashable) -> Kept:
    return Kept()


class _Same:
    """Names that are known, alike where they are the same object, or equal ones that cannot
    change."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names
        self.own: object = names if isinstance(names, tuple | frozenset) else id(names)

    def __hash__(self) -> int:
        return hash(self.own)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.own == other.own
