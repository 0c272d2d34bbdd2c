"""What was worked out before and follows from files alone: kept beside the user's other caches.

A name says everything that the content rests on, so that nothing here is ever out of date. What
is missing, damaged or cannot be written is worked out anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jcurve.ground.errors import WriteError
from jcurve.ground.files import digest, make_folder, write_file

__all__ = ["cache_folder", "homes", "keep", "kept", "sources", "unchanged"]

_STARTED = time.time()
_MOST = 64
"""Files in the cache."""


def cache_folder() -> Path:
    """Where things are kept: ``JCURVE_CACHE``, else in the user's folder for caches."""
    chosen, base = os.environ.get("JCURVE_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return Path(chosen) if chosen else Path(base or Path.home() / ".cache") / "jcurve"


def kept(key: str) -> bytes | None:
    """What was kept under a key; None if nothing whole was."""
    try:
        mark, _, content = _path(key).read_bytes().partition(b"\n")
    except OSError:
        return None
    return content if sha256(content).hexdigest().encode() == mark else None


def keep(key: str, content: bytes) -> str:
    """Keep something, the oldest making room; returns what was in the way, in words."""
    path = _path(key)
    mark = sha256(content).hexdigest().encode()
    try:
        make_folder(path.parent)
        write_file(path, mark + b"\n" + content, durable=False)
        old = sorted(path.parent.glob("*.kept"), key=lambda each: each.stat().st_mtime)
        for each in old[:-_MOST]:
            each.unlink(missing_ok=True)
    except (WriteError, OSError) as error:
        return str(error)
    return ""


def homes(functions: Iterable[Callable[..., Any]]) -> frozenset[Path]:
    """The folders of the modules in which functions are written, of the engine and of units."""
    files = {function.__code__.co_filename for function in functions}
    beneath = {Path(__file__).parent, Path(__file__).parents[1] / "engine"}
    return frozenset({*beneath, *(Path(file).parent for file in files)})


def sources(folders: Iterable[Path]) -> str:
    """The digest of every module in some folders."""
    return _sources(tuple(sorted(folders)))


def unchanged(folders: Iterable[Path]) -> bool:
    """Whether the modules on disk are still those that this process runs."""
    return all(path.stat().st_mtime < _STARTED for folder in folders for path in _written(folder))


@lru_cache(maxsize=32)
def _sources(folders: tuple[Path, ...]) -> str:
    total = sha256()
    for folder in folders:
        for path in _written(folder):
            total.update(f"{path.name} {digest(path)}\n".encode())
    return total.hexdigest()


def _written(folder: Path) -> list[Path]:
    """The modules of a folder and the tables that stand beside them."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".py", ".csv"))


def _path(key: str) -> Path:
    return cache_folder() / f"{sha256(key.encode()).hexdigest()[:32]}.kept"
