"""The one way to write a file or publish a folder: whole or not at all.

A file is written under a temporary name beside its target, flushed to the disk and
renamed over it; a folder is flushed and renamed once. A reader therefore sees the
old content or the new, never a part, also after a power cut.
"""

from __future__ import annotations

import errno
import glob
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from jcurve.ground.errors import FactsError, WriteError

_BLOCK = 1 << 20
_ABANDONED = 3_600.0  # seconds after which nobody is still writing a file


def write_file(
    path: Path, content: bytes | str, *, durable: bool = True, fresh: bool = False
) -> None:
    """Replace ``path`` by ``content`` in one step; text is written as UTF-8.

    Args:
        durable: flush to the disk before and after the rename. False for files that may be
            lost in a power cut, such as work in progress.
        fresh: refuse a file that is there already, also one that another process has just
            written.

    Raises:
        WriteError: the target cannot be written; it is then unchanged.
    """
    with replacing(path, durable=durable, fresh=fresh) as temporary, temporary.open("xb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path, *, durable: bool = True, fresh: bool = False) -> Iterator[Path]:
    """A temporary file to fill that then replaces ``path`` in one step, for content too large
    to be held at once; ``durable`` and ``fresh`` as for ``write_file``.

    Raises:
        WriteError: the target cannot be written; it is then unchanged.
    """
    if durable:
        clear_abandoned(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with _as_write_error(path):
        try:
            yield temporary
            if durable:
                _flush_file(temporary)
            if fresh:
                _claim(temporary, path)
            else:
                os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if durable:
            flush_folder(path.parent)


def clear_abandoned(path: Path, ending: str = ".tmp") -> None:
    """Take away what processes wrote to replace ``path``, an hour ago or more, and did not live
    to rename."""
    for old in path.parent.glob(f".{glob.escape(path.name)}.*{ending}"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > _ABANDONED:
                old.unlink()


def write_json(path: Path, value: object, *, durable: bool = True) -> None:
    """Write ``value`` as indented JSON with a final newline; NaN is refused."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_file(path, text + "\n", durable=durable)


def make_folder(path: Path, *, fresh: bool = False) -> None:
    """Create ``path`` and its parents.

    Args:
        fresh: refuse a folder that is there already.

    Raises:
        WriteError: it cannot be created, or it exists and ``fresh`` is set.
    """
    with _as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=not fresh)


def publish_folder(staged: Path, final: Path) -> None:
    """Make the finished folder ``staged`` appear as ``final`` in one rename.

    Every file is flushed to the disk first. Both must lie on one file system.

    Raises:
        WriteError: ``final`` exists (an edition is never overwritten) or cannot be made.
    """
    with _as_write_error(final):
        for folder, _, names in os.walk(staged):
            for name in names:
                _flush_file(Path(folder) / name)
            flush_folder(Path(folder))
        final.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, "it exists already")
        # POSIX renames over an empty folder only; an edition is never empty, so of two
        # runs that race past the check above the second still fails.
        os.rename(staged, final)
        flush_folder(final.parent)
        flush_folder(final.parent.parent)


def move_folder(source: Path, target: Path) -> None:
    """Rename a folder without flushing its content: for what may be lost.

    Raises:
        WriteError: ``target`` exists or cannot be made.
    """
    with _as_write_error(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(source, target)


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    total = sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


def combined(root: Path, files: Iterable[Path]) -> str:
    """One hash of the names and contents of ``files``, hidden ones apart.

    Raises:
        FactsError: one cannot be read.
    """
    total = sha256()
    for parts, path in sorted((path.relative_to(root).parts, path) for path in files):
        if any(part.startswith(".") for part in parts) or not path.is_file():
            continue
        try:
            content = digest(path)
        except OSError as error:
            raise FactsError(f"cannot be read ({error.strerror})", where=str(path)) from error
        total.update(f"{'/'.join(parts)}\0{content}\n".encode())
    return total.hexdigest()


def _claim(temporary: Path, path: Path) -> None:
    """Rename over nothing: a link fails where a rename would replace."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "it exists already") from None
        os.replace(temporary, path)
    else:
        temporary.unlink()


def _flush_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(path: Path) -> None:
    """Flush the names in a folder to the disk, so that its renames outlive a power cut."""
    if os.name == "nt":  # Windows cannot open a folder; its renames are journalled.
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems refuse to flush a folder; the rename holds anyway.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _as_write_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise WriteError(
            f"cannot be written ({reason[:1].lower()}{reason[1:]})",
            where=str(path),
            allowed="a folder that you may write to, with space on its disk",
        ) from error
