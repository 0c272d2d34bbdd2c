"""What was worked out before and follows from files alone: kept beside the user's other caches.

A name says everything that the content rests on, so that nothing here is ever out of date. What
is missing, damaged or cannot be written is worked out anew.
"""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from jcurve.ground.errors import WriteError
from jcurve.ground.files import combined, make_folder, write_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_Made = TypeVar("_Made")

_STARTED = time.time()
_MOST = 64  # Files in the cache


def cache_folder() -> Path:
    """Where things are kept: ``JCURVE_CACHE``, else in the user's folder for caches."""
    chosen, base = os.environ.get("JCURVE_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return Path(chosen) if chosen else Path(base or Path.home() / ".cache") / "jcurve"


def kept(key: str) -> bytes | None:
    """What was kept under a key; None if nothing whole was."""
    path = _path(key)
    try:
        mark, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if sha256(content).hexdigest().encode() != mark:
        return None
    with suppress(OSError):
        os.utime(path)  # what is in use is not the oldest
    return content


def remembered(what: str, folders: Iterable[Path], make: Callable[[], _Made]) -> _Made:
    """What ``make`` gives, kept from one process to the next.

    Args:
        what: all that it rests on beside the modules of ``folders``.
        folders: of the modules that make it.
        make: makes it; its arrays are read-only when they come from the cache.
    """
    modules = frozenset(folders)
    if not unchanged(modules):
        return make()
    import numpy as np

    key = "\n".join([what, sources(modules), sys.version, np.__version__])
    content = kept(key)
    if content is not None:
        with suppress(Exception):  # whatever is wrong with it, it can be made anew
            found: _Made = pickle.loads(content)
            return found
    made, buffer = make(), io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=5)
    pickler.dispatch_table = copyreg.dispatch_table | {
        MappingProxyType: lambda each: (_frozen, (dict(each),)),
        np.ndarray: lambda row: (_array, (row.tobytes(), row.dtype.str, row.shape)),
    }
    pickler.dump(made)
    keep(key, buffer.getvalue())
    return made


def _frozen(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)


def _array(content: bytes, kind: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    import numpy as np

    return np.frombuffer(content, kind).reshape(shape)


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


def rooms(*names: str) -> frozenset[Path]:
    """The folders of rooms of the model, ``.`` the modules beside them."""
    return frozenset((Path(__file__).parents[1] / name).resolve() for name in names)


def sources(folders: Iterable[Path]) -> str:
    """The digest of every module in some folders."""
    return "\n".join(map(_sources, sorted(folders)))


def unchanged(folders: Iterable[Path]) -> bool:
    """Whether the modules on disk are still those that this process runs."""
    return all(path.stat().st_mtime < _STARTED for folder in folders for path in _written(folder))


@lru_cache(maxsize=32)
def _sources(folder: Path) -> str:
    return combined(folder, _written(folder))


def _written(folder: Path) -> list[Path]:
    """The modules of a folder and the tables that stand beside them."""
    return [path for path in folder.iterdir() if path.suffix in (".py", ".csv")]


def _path(key: str) -> Path:
    return cache_folder() / f"{sha256(key.encode()).hexdigest()[:32]}.kept"
